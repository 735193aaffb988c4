//! A small HTTP server on a loopback address that answers from a closure and keeps every request it saw.

use std::io::{BufRead as _, BufReader, Read as _, Write as _};
use std::net::{SocketAddr, TcpListener, TcpStream};
use std::sync::atomic::{AtomicUsize, Ordering};
use std::sync::{Arc, Mutex};
use std::thread;

/// A request as it arrived; header names in lower case.
#[derive(Debug, Clone)]
pub(crate) struct SeenRequest {
    pub(crate) method: String,
    pub(crate) path: String,
    pub(crate) headers: Vec<(String, Vec<u8>)>,
    pub(crate) body: Vec<u8>,
    pub(crate) at: std::time::Instant,
}

impl SeenRequest {
    pub(crate) fn header(&self, name: &str) -> Option<&[u8]> {
        self.headers.iter().find(|(found, _)| found == name).map(|(_, value)| value.as_slice())
    }
}

/// What the server sends back.
#[derive(Debug, Clone)]
pub(crate) enum Reply {
    /// A status, header lines and a body with its length.
    Answer { status: u16, headers: Vec<(String, Vec<u8>)>, body: Vec<u8> },
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
}

/// An answer with `headers` and `body`.
pub(crate) fn reply(status: u16, headers: &[(&str, &str)], body: &[u8]) -> Reply {
    let headers = headers.iter().map(|(name, value)| ((*name).to_owned(), value.as_bytes().to_vec())).collect();
    Reply::Answer { status, headers, body: body.to_vec() }
}

/// The running server; its threads end with the test process.
pub(crate) struct Server {
    pub(crate) address: SocketAddr,
    log: Arc<Log>,
}

/// What the server saw.
#[derive(Default)]
struct Log {
    seen: Mutex<Vec<SeenRequest>>,
    n_connections: AtomicUsize,
    n_under_way: AtomicUsize,
    most_at_once: AtomicUsize,
}

impl Server {
    /// Starts on a free port of `ip`, any of 127.0.0.0/8.
    pub(crate) fn start(ip: &str, answer: impl Fn(&SeenRequest) -> Reply + Send + Sync + 'static) -> Self {
        let listener = TcpListener::bind((ip, 0)).expect("a loopback port is free");
        let address = listener.local_addr().expect("the listener is bound");
        let answer = Arc::new(answer);
        let log = Arc::new(Log::default());
        let server = Self { address, log: Arc::clone(&log) };
        thread::spawn(move || {
            for stream in listener.incoming().flatten() {
                let (answer, log) = (Arc::clone(&answer), Arc::clone(&log));
                log.n_connections.fetch_add(1, Ordering::Relaxed);
                thread::spawn(move || serve(stream, &*answer, &log));
            }
        });
        server
    }

    /// Starts a server that takes connections and never says a word.
    pub(crate) fn mute(ip: &str) -> Self {
        let listener = TcpListener::bind((ip, 0)).expect("a loopback port is free");
        let address = listener.local_addr().expect("the listener is bound");
        thread::spawn(move || {
            // Kept open until the test process ends.
            let _streams: Vec<TcpStream> = listener.incoming().flatten().collect();
        });
        Self { address, log: Arc::default() }
    }

    pub(crate) fn url(&self, path: &str) -> String {
        format!("http://{}{path}", self.address)
    }

    pub(crate) fn seen(&self) -> Vec<SeenRequest> {
        self.log.seen.lock().expect("no answer panicked").clone()
    }

    /// Connections taken.
    pub(crate) fn n_connections(&self) -> usize {
        self.log.n_connections.load(Ordering::Relaxed)
    }

    /// The most requests that were under way at the same time.
    pub(crate) fn most_at_once(&self) -> usize {
        self.log.most_at_once.load(Ordering::Relaxed)
    }
}

fn serve(stream: TcpStream, answer: &dyn Fn(&SeenRequest) -> Reply, log: &Log) {
    let mut reader = BufReader::new(stream);
    // A TLS handshake on this plain port is answered as plain servers do.
    if reader.fill_buf().is_ok_and(|bytes| bytes.first() == Some(&0x16)) {
        let _ = reader.get_mut().write_all(b"HTTP/1.1 400 Bad Request\r\nContent-Length: 0\r\n\r\n");
        return;
    }
    while let Some(request) = read_request(&mut reader) {
        let n_under_way = log.n_under_way.fetch_add(1, Ordering::Relaxed) + 1;
        log.most_at_once.fetch_max(n_under_way, Ordering::Relaxed);
        log.seen.lock().expect("no answer panicked").push(request.clone());
        let stream = reader.get_mut();
        let reply = answer(&request);
        log.n_under_way.fetch_sub(1, Ordering::Relaxed);
        match reply {
            Reply::HangUp => return,
            Reply::Silence => {
                let _ = stream.read(&mut [0_u8; 1]);
                return;
            }
            Reply::Drip => {
                let _ = stream.write_all(b"HTTP/1.1 200 OK\r\nContent-Length: 100000\r\n\r\n");
                let _ = stream.set_read_timeout(Some(std::time::Duration::from_millis(50)));
                // The pause between two bytes is a wait for the client to hang up.
                while stream.write_all(b"x").is_ok() {
                    if stream.read(&mut [0_u8; 1]).is_ok_and(|n| n == 0) {
                        break;
                    }
                }
                return;
            }
            Reply::Truncated => {
                let _ = stream.write_all(b"HTTP/1.1 200 OK\r\nContent-Length: 100\r\n\r\nshort");
                return;
            }
            Reply::Stall => {
                let _ = stream.write_all(b"HTTP/1.1 200 OK\r\nContent-Length: 100000\r\n\r\nslow");
                // Returns when the client hangs up: no sleeping.
                let _ = stream.read(&mut [0_u8; 1]);
                return;
            }
            Reply::Answer { status, headers, body } => {
                let mut head = format!("HTTP/1.1 {status} Status\r\n").into_bytes();
                for (name, value) in headers {
                    head.extend_from_slice(name.as_bytes());
                    head.extend_from_slice(b": ");
                    head.extend_from_slice(&value);
                    head.extend_from_slice(b"\r\n");
                }
                if status != 304 && status != 204 {
                    head.extend_from_slice(format!("Content-Length: {}\r\n", body.len()).as_bytes());
                }
                head.extend_from_slice(b"\r\n");
                if stream.write_all(&head).and_then(|()| stream.write_all(&body)).is_err() {
                    return;
                }
            }
        }
    }
}

fn read_request(reader: &mut BufReader<TcpStream>) -> Option<SeenRequest> {
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
    Some(SeenRequest { method, path, headers, body, at: std::time::Instant::now() })
}
