//! A small HTTP server on a loopback address that answers from a closure and keeps every request it saw.

mod http2;

use std::io::{BufRead as _, BufReader, Read as _, Write as _};
use std::net::{SocketAddr, TcpListener, TcpStream};
use std::sync::{Arc, Condvar, Mutex};
use std::thread;
use std::time::{Duration, Instant};

/// A request as it arrived; header names in lower case.
#[derive(Debug, Clone)]
pub(crate) struct SeenRequest {
    pub(crate) method: String,
    pub(crate) path: String,
    pub(crate) headers: Vec<(String, Vec<u8>)>,
    pub(crate) body: Vec<u8>,
    pub(crate) at: Instant,
    /// Which of the server's connections it came over, counted from 1.
    pub(crate) connection: usize,
}

impl SeenRequest {
    pub(crate) fn header(&self, name: &str) -> Option<&[u8]> {
        self.headers.iter().find(|(found, _)| found == name).map(|(_, value)| value.as_slice())
    }
}

/// How an answer ended.
#[derive(Debug, Clone)]
pub(crate) struct SentReply {
    pub(crate) path: String,
    /// Bytes of head and body that the connection took.
    pub(crate) n_bytes: usize,
    /// The client went away before the answer was whole.
    pub(crate) is_cut: bool,
    /// From the request to the end of the answer.
    pub(crate) took: Duration,
}

/// What the server sends back.
#[derive(Debug, Clone)]
pub(crate) enum Reply {
    /// A status, header lines and a body with its length.
    Answer { status: u16, headers: Vec<(String, Vec<u8>)>, body: Vec<u8> },
    /// A proper head with these lines and the start of a body, then the same bytes again and again for ever.
    Endless { headers: Vec<(String, Vec<u8>)>, start: Vec<u8>, again: Vec<u8> },
    /// A proper head, then nothing until the client gives up.
    Stall,
    /// A proper head, then a byte now and then for ever.
    Drip,
    /// Not even a head.
    Silence,
    /// A head that promises more than follows.
    Truncated,
    /// The connection is closed without an answer.
    HangUp,
    /// HTTP/2: the end of this stream for a reason, at once or after some megabytes of a body.
    Reset { after_body: bool, reason: h2::Reason },
    /// HTTP/2: the end of the whole connection for a reason.
    GoAway(h2::Reason),
}

/// An answer with `headers` and `body`.
pub(crate) fn reply(status: u16, headers: &[(&str, &str)], body: &[u8]) -> Reply {
    Reply::Answer { status, headers: owned(headers), body: body.to_vec() }
}

/// An answer without an end.
pub(crate) fn endless(headers: &[(&str, &str)], start: &[u8], again: &[u8]) -> Reply {
    Reply::Endless { headers: owned(headers), start: start.to_vec(), again: again.to_vec() }
}

fn owned(headers: &[(&str, &str)]) -> Vec<(String, Vec<u8>)> {
    headers.iter().map(|(name, value)| ((*name).to_owned(), value.as_bytes().to_vec())).collect()
}

/// The longest a test waits for something that must happen; only a failing test waits so long.
const PATIENCE: Duration = Duration::from_secs(60);

/// The running server; its threads end with the test process.
pub(crate) struct Server {
    pub(crate) address: SocketAddr,
    scheme: &'static str,
    log: Arc<Log>,
}

/// What the server saw.
#[derive(Default)]
struct Log {
    state: Mutex<State>,
    changed: Condvar,
}

#[derive(Default)]
struct State {
    seen: Vec<SeenRequest>,
    sent: Vec<SentReply>,
    n_connections: usize,
    n_closed: usize,
    n_under_way: usize,
    most_at_once: usize,
}

impl Log {
    /// A request has arrived.
    fn begin(&self, request: &SeenRequest) {
        self.note(|state| {
            state.n_under_way += 1;
            state.most_at_once = state.most_at_once.max(state.n_under_way);
            state.seen.push(request.clone());
        });
    }

    /// The answer to it has ended.
    fn end(&self, request: &SeenRequest, n_bytes: usize, is_cut: bool) {
        self.note(|state| {
            state.n_under_way -= 1;
            let (path, took) = (request.path.clone(), request.at.elapsed());
            state.sent.push(SentReply { path, n_bytes, is_cut, took });
        });
    }

    fn note<T>(&self, what: impl FnOnce(&mut State) -> T) -> T {
        let result = what(&mut self.state.lock().expect("no answer panicked"));
        self.changed.notify_all();
        result
    }

    /// Waits until `find` finds something.
    fn wait<T>(&self, what: &str, mut find: impl FnMut(&State) -> Option<T>) -> T {
        let mut state = self.state.lock().expect("no answer panicked");
        let started = Instant::now();
        loop {
            if let Some(found) = find(&state) {
                return found;
            }
            let left = PATIENCE.checked_sub(started.elapsed()).unwrap_or_else(|| panic!("{what} did not happen"));
            (state, _) = self.changed.wait_timeout(state, left).expect("no answer panicked");
        }
    }
}

impl Server {
    /// Starts on a free port of `ip`, any of 127.0.0.0/8.
    pub(crate) fn start(ip: &str, answer: impl Fn(&SeenRequest) -> Reply + Send + Sync + 'static) -> Self {
        Self::at(ip, 0, answer)
    }

    /// Starts on a port of `ip` that the test needs.
    pub(crate) fn at(ip: &str, port: u16, answer: impl Fn(&SeenRequest) -> Reply + Send + Sync + 'static) -> Self {
        Self::listening(ip, port, "http", move |stream, connection, log| serve(stream, connection, &answer, log))
    }

    /// Starts a server that takes connections and never says a word.
    pub(crate) fn mute(ip: &str) -> Self {
        Self::listening(ip, 0, "http", |mut stream, _, _| while stream.read(&mut [0_u8; 1024]).is_ok_and(|n| n > 0) {})
    }

    /// Starts a thread for each connection, which `serve` gets with its number.
    fn listening(
        ip: &str,
        port: u16,
        scheme: &'static str,
        serve: impl Fn(TcpStream, usize, &Arc<Log>) + Send + Sync + 'static,
    ) -> Self {
        let listener = TcpListener::bind((ip, port)).expect("the port is free");
        let address = listener.local_addr().expect("the listener is bound");
        let (log, serve) = (Arc::new(Log::default()), Arc::new(serve));
        let server = Self { address, scheme, log: Arc::clone(&log) };
        thread::spawn(move || {
            for stream in listener.incoming().flatten() {
                let (serve, log) = (Arc::clone(&serve), Arc::clone(&log));
                let connection = log.note(|state| {
                    state.n_connections += 1;
                    state.n_connections
                });
                thread::spawn(move || {
                    serve(stream, connection, &log);
                    log.note(|state| state.n_closed += 1);
                });
            }
        });
        server
    }

    pub(crate) fn url(&self, path: &str) -> String {
        format!("{}://{}{path}", self.scheme, self.address)
    }

    pub(crate) fn seen(&self) -> Vec<SeenRequest> {
        self.log.note(|state| state.seen.clone())
    }

    /// The paths asked for, in order.
    pub(crate) fn paths(&self) -> Vec<String> {
        self.seen().into_iter().map(|request| request.path).collect()
    }

    /// How often a path was asked for.
    pub(crate) fn n_of(&self, path: &str) -> usize {
        self.seen().iter().filter(|request| request.path == path).count()
    }

    /// Waits until a path is asked for.
    pub(crate) fn wait_for(&self, path: &str) {
        self.log.wait(path, |state| state.seen.iter().find(|request| request.path == path).map(|_| ()));
    }

    /// Waits for the end of the last answer to a path and tells how it was.
    pub(crate) fn sent(&self, path: &str) -> SentReply {
        self.log.wait(path, |state| {
            let n_asked = state.seen.iter().filter(|request| request.path == path).count();
            let sent: Vec<&SentReply> = state.sent.iter().filter(|reply| reply.path == path).collect();
            sent.last().filter(|_| sent.len() == n_asked).copied().cloned()
        })
    }

    /// Waits until the clients have closed every connection; returns how many there were.
    pub(crate) fn wait_until_closed(&self) -> usize {
        self.log.wait("the end of each connection", |state| {
            (state.n_closed == state.n_connections).then_some(state.n_connections)
        })
    }

    /// Connections taken.
    pub(crate) fn n_connections(&self) -> usize {
        self.log.note(|state| state.n_connections)
    }

    /// The most requests that were under way at the same time, from their arrival to the end of their answer.
    pub(crate) fn most_at_once(&self) -> usize {
        self.log.note(|state| state.most_at_once)
    }
}

fn serve(stream: TcpStream, connection: usize, answer: &dyn Fn(&SeenRequest) -> Reply, log: &Log) {
    let mut reader = BufReader::new(stream);
    // A TLS handshake on this plain port is answered as plain servers do.
    if reader.fill_buf().is_ok_and(|bytes| bytes.first() == Some(&0x16)) {
        let _ = reader.get_mut().write_all(b"HTTP/1.1 400 Bad Request\r\nContent-Length: 0\r\n\r\n");
        return;
    }
    while let Some(request) = read_request(&mut reader, connection) {
        log.begin(&request);
        let mut stream = Counted { stream: reader.get_mut(), n_bytes: 0 };
        let end = send(&mut stream, answer(&request));
        let n_bytes = stream.n_bytes;
        log.end(&request, n_bytes, end == End::Cut);
        if end != End::Whole {
            return;
        }
    }
}

/// How an answer ends.
#[derive(PartialEq, Eq)]
enum End {
    /// The connection can be used again.
    Whole,
    /// We closed it.
    Ours,
    /// The client closed it.
    Cut,
}

/// A connection that counts what it takes.
struct Counted<'a> {
    stream: &'a mut TcpStream,
    n_bytes: usize,
}

impl std::io::Write for Counted<'_> {
    fn write(&mut self, bytes: &[u8]) -> std::io::Result<usize> {
        let n_bytes = self.stream.write(bytes)?;
        self.n_bytes += n_bytes;
        Ok(n_bytes)
    }

    fn flush(&mut self) -> std::io::Result<()> {
        self.stream.flush()
    }
}

fn send(stream: &mut Counted<'_>, reply: Reply) -> End {
    match reply {
        // All that HTTP/1 has for these.
        Reply::HangUp | Reply::Reset { .. } | Reply::GoAway(_) => End::Ours,
        Reply::Silence => {
            // Returns when the client hangs up: no sleeping.
            let _ = stream.stream.read(&mut [0_u8; 1]);
            End::Cut
        }
        Reply::Stall => {
            let _ = stream.write_all(b"HTTP/1.1 200 OK\r\nContent-Length: 100000\r\n\r\nslow");
            let _ = stream.stream.read(&mut [0_u8; 1]);
            End::Cut
        }
        Reply::Drip => {
            let _ = stream.write_all(b"HTTP/1.1 200 OK\r\nContent-Length: 100000\r\n\r\n");
            let _ = stream.stream.set_read_timeout(Some(Duration::from_millis(50)));
            // The pause between two bytes is a wait for the client to hang up.
            while stream.write_all(b"x").is_ok() {
                if stream.stream.read(&mut [0_u8; 1]).is_ok_and(|n| n == 0) {
                    break;
                }
            }
            End::Cut
        }
        Reply::Truncated => {
            let _ = stream.write_all(b"HTTP/1.1 200 OK\r\nContent-Length: 100\r\n\r\nshort");
            End::Ours
        }
        Reply::Endless { headers, start, again } => {
            let mut sent =
                stream.write_all(&[head(200, &headers), b"Connection: close\r\n\r\n".to_vec(), start].concat());
            while sent.is_ok() {
                sent = stream.write_all(&again);
            }
            End::Cut
        }
        Reply::Answer { status, headers, body } => {
            let mut head = head(status, &headers);
            if status != 304 && status != 204 {
                head.extend_from_slice(format!("Content-Length: {}\r\n", body.len()).as_bytes());
            }
            head.extend_from_slice(b"\r\n");
            match stream.write_all(&head).and_then(|()| stream.write_all(&body)) {
                Ok(()) => End::Whole,
                Err(_) => End::Cut,
            }
        }
    }
}

fn head(status: u16, headers: &[(String, Vec<u8>)]) -> Vec<u8> {
    let mut head = format!("HTTP/1.1 {status} Status\r\n").into_bytes();
    for (name, value) in headers {
        head.extend_from_slice(name.as_bytes());
        head.extend_from_slice(b": ");
        head.extend_from_slice(value);
        head.extend_from_slice(b"\r\n");
    }
    head
}

fn read_request(reader: &mut BufReader<TcpStream>, connection: usize) -> Option<SeenRequest> {
    let mut lines = Vec::new();
    loop {
        let mut line = Vec::new();
        if reader.read_until(b'\n', &mut line).ok()? == 0 {
            return None;
        }
        while line.last().is_some_and(|byte| matches!(byte, b'\r' | b'\n')) {
            line.pop();
        }
        if line.is_empty() {
            break;
        }
        lines.push(line);
    }
    let (first, rest) = lines.split_first()?;
    let first = String::from_utf8_lossy(first);
    let (method, path) = (first.split(' ').next()?.to_owned(), first.split(' ').nth(1)?.to_owned());
    let headers: Vec<(String, Vec<u8>)> = rest
        .iter()
        .filter_map(|line| {
            let colon = line.iter().position(|byte| *byte == b':')?;
            let name = String::from_utf8_lossy(&line[..colon]).to_ascii_lowercase();
            Some((name, line[colon + 1..].trim_ascii_start().to_vec()))
        })
        .collect();
    let length = headers.iter().find(|(name, _)| name == "content-length");
    let n_bytes = length.and_then(|(_, value)| String::from_utf8_lossy(value).trim().parse().ok()).unwrap_or(0);
    let mut body = vec![0; n_bytes];
    reader.read_exact(&mut body).ok()?;
    Some(SeenRequest { method, path, headers, body, at: Instant::now(), connection })
}
