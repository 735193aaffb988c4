//! The same server over TLS and HTTP/2: a reply is the same, it travels as a stream of one connection.

use std::future::poll_fn;
use std::io::{Read as _, Write as _};
use std::net::TcpStream;
use std::sync::{Arc, Mutex};
use std::time::{Duration, Instant};

use axum::body::Bytes;
use axum::http::{Request, Response};
use h2::server::SendResponse;
use h2::{Reason, RecvStream, SendStream};
use tokio::sync::mpsc;
use tokio::task::JoinSet;

use super::{Log, Reply, SeenRequest, Server};
use crate::tls;

/// What a stream wants of its connection.
enum Wish {
    /// No further stream; those under way are finished.
    Last,
    GoAway(Reason),
    HangUp,
}

type Answer = dyn Fn(&SeenRequest) -> Reply + Send + Sync;

impl Server {
    /// Starts a server that speaks HTTP/2 and nothing else on a free port of 127.20.0.1, for which there is a certificate.
    pub(crate) fn http2(answer: impl Fn(&SeenRequest) -> Reply + Send + Sync + 'static) -> Self {
        let config = tls::config("server", &[b"h2"], &Arc::new(Mutex::new(Vec::new())));
        let answer: Arc<Answer> = Arc::new(answer);
        Self::listening("127.20.0.1", 0, "https", move |stream, connection, log| {
            let runtime = tokio::runtime::Builder::new_current_thread().enable_all().build().expect("a runtime starts");
            let acceptor = tokio_rustls::TlsAcceptor::from(Arc::clone(&config));
            runtime.block_on(serve(stream, acceptor, connection, &answer, log));
            // An answer that still waits for its test does not hold up the end.
            runtime.shutdown_background();
        })
    }

    /// Starts a server that answers the first request of each connection with these frames and closes it: what no
    /// proper server sends, but for which one has died in the middle.
    pub(crate) fn http2_frames(frames: &'static [u8]) -> Self {
        let config = tls::config("server", &[b"h2"], &Arc::new(Mutex::new(Vec::new())));
        Self::listening("127.20.0.1", 0, "https", move |mut stream, connection, log| {
            let mut tls = rustls::ServerConnection::new(Arc::clone(&config)).expect("a usable configuration");
            let mut tls = rustls::Stream::new(&mut tls, &mut stream);
            let mut preface = [0; 24];
            // Our settings, all as by default, then the client's preface and its frames up to the first request.
            if tls.write_all(&[0, 0, 0, 4, 0, 0, 0, 0, 0]).and_then(|()| tls.read_exact(&mut preface)).is_err() {
                return;
            }
            loop {
                let mut head = [0; 9];
                if tls.read_exact(&mut head).is_err() {
                    return;
                }
                let length = u32::from_be_bytes([0, head[0], head[1], head[2]]);
                let mut payload = vec![0; length as usize];
                if tls.read_exact(&mut payload).is_err() {
                    return;
                }
                if head[3] == 1 {
                    break;
                }
            }
            let request = SeenRequest {
                method: "GET".to_owned(),
                path: "unread".to_owned(),
                headers: Vec::new(),
                body: Vec::new(),
                at: Instant::now(),
                connection,
            };
            log.begin(&request);
            let sent = tls.write_all(frames).and_then(|()| tls.flush());
            tls.conn.send_close_notify();
            let closed = tls.flush();
            log.end(&request, frames.len(), sent.and(closed).is_err());
        })
    }
}

async fn serve(
    stream: TcpStream,
    acceptor: tokio_rustls::TlsAcceptor,
    number: usize,
    answer: &Arc<Answer>,
    log: &Arc<Log>,
) {
    stream.set_nonblocking(true).expect("a socket");
    let stream = tokio::net::TcpStream::from_std(stream).expect("a socket");
    let Ok(stream) = acceptor.accept(stream).await else { return };
    let Ok(mut connection) = h2::server::handshake(stream).await else { return };
    let (wish, mut wishes) = mpsc::unbounded_channel();
    let mut streams = JoinSet::new();
    loop {
        tokio::select! {
            accepted = connection.accept() => match accepted {
                Some(Ok((request, respond))) => {
                    let (answer, log) = (Arc::clone(answer), Arc::clone(log));
                    streams.spawn(exchange(request, respond, number, answer, log, wish.clone()));
                }
                _ => return,
            },
            wished = wishes.recv() => match wished {
                Some(Wish::Last) => connection.graceful_shutdown(),
                Some(Wish::GoAway(reason)) => connection.abrupt_shutdown(reason),
                _ => return,
            },
        }
    }
}

async fn exchange(
    request: Request<RecvStream>,
    mut respond: SendResponse<Bytes>,
    connection: usize,
    answer: Arc<Answer>,
    log: Arc<Log>,
    wish: mpsc::UnboundedSender<Wish>,
) {
    let path = request.uri().path_and_query().map_or("", |path| path.as_str()).to_owned();
    let mut headers: Vec<(String, Vec<u8>)> = Vec::new();
    for (name, value) in request.headers() {
        headers.push((name.as_str().to_owned(), value.as_bytes().to_vec()));
    }
    let method = request.method().to_string();
    let seen = SeenRequest { method, path, headers, body: Vec::new(), at: Instant::now(), connection };
    log.begin(&seen);
    let for_answer = seen.clone();
    let reply = tokio::task::spawn_blocking(move || answer(&for_answer)).await.expect("no answer panicked");
    let mut n_bytes = 0;
    let is_cut = send(&mut respond, reply, &wish, &mut n_bytes).await.is_none();
    log.end(&seen, n_bytes, is_cut);
}

/// Sends a reply, counting the bytes of its body; nothing when the client ended the stream before the reply was whole.
async fn send(
    respond: &mut SendResponse<Bytes>,
    reply: Reply,
    wish: &mpsc::UnboundedSender<Wish>,
    n_bytes: &mut usize,
) -> Option<()> {
    let promise = |n: &str| vec![("content-length".to_owned(), n.as_bytes().to_vec())];
    match reply {
        Reply::Answer { status, mut headers, body } => {
            // HTTP/2 says it with a GOAWAY instead.
            let n_headers = headers.len();
            headers.retain(|(name, _)| !name.eq_ignore_ascii_case("connection"));
            if headers.len() < n_headers {
                wish.send(Wish::Last).ok()?;
            }
            if status != 304 && status != 204 {
                headers.extend(promise(&body.len().to_string()));
            }
            let mut stream = head(respond, status, &headers, body.is_empty())?;
            if body.is_empty() { Some(()) } else { data(&mut stream, &body, true, n_bytes).await }
        }
        Reply::Endless { headers, start, again } => {
            let mut stream = head(respond, 200, &headers, false)?;
            data(&mut stream, &start, false, n_bytes).await?;
            loop {
                data(&mut stream, &again, false, n_bytes).await?;
            }
        }
        Reply::Stall => {
            let mut stream = head(respond, 200, &promise("100000"), false)?;
            data(&mut stream, b"slow", false, n_bytes).await?;
            drop(poll_fn(|context| stream.poll_reset(context)).await);
            None
        }
        Reply::Drip => {
            let mut stream = head(respond, 200, &promise("100000"), false)?;
            // The pause between two bytes is a wait for the client to give up.
            let pause = Duration::from_millis(50);
            while tokio::time::timeout(pause, poll_fn(|context| stream.poll_reset(context))).await.is_err() {
                data(&mut stream, b"x", false, n_bytes).await?;
            }
            None
        }
        Reply::Silence => {
            drop(poll_fn(|context| respond.poll_reset(context)).await);
            None
        }
        Reply::Truncated => {
            let mut stream = head(respond, 200, &promise("100"), false)?;
            data(&mut stream, b"short", true, n_bytes).await
        }
        Reply::HangUp | Reply::GoAway(_) => {
            wish.send(if let Reply::GoAway(reason) = reply { Wish::GoAway(reason) } else { Wish::HangUp }).ok()?;
            // The stream must not end by itself before the connection does.
            drop(poll_fn(|context| respond.poll_reset(context)).await);
            Some(())
        }
        Reply::Reset { after_body, reason } => {
            if after_body {
                let mut stream = head(respond, 200, &[], false)?;
                // More than a client takes unread: it has got the most of it before the end comes.
                data(&mut stream, &vec![b' '; 4 << 20], false, n_bytes).await?;
                stream.send_reset(reason);
            } else {
                respond.send_reset(reason);
            }
            Some(())
        }
    }
}

fn head(
    respond: &mut SendResponse<Bytes>,
    status: u16,
    headers: &[(String, Vec<u8>)],
    is_all: bool,
) -> Option<SendStream<Bytes>> {
    let mut response = Response::builder().status(status);
    for (name, value) in headers {
        response = response.header(name.to_ascii_lowercase(), value.as_slice());
    }
    respond.send_response(response.body(()).expect("headers that HTTP allows"), is_all).ok()
}

/// Sends bytes as fast as the client takes them.
async fn data(stream: &mut SendStream<Bytes>, mut bytes: &[u8], is_end: bool, n_bytes: &mut usize) -> Option<()> {
    while !bytes.is_empty() {
        stream.reserve_capacity(bytes.len());
        let capacity = poll_fn(|context| stream.poll_capacity(context)).await?.ok()?;
        let (now, later) = bytes.split_at(capacity.min(bytes.len()));
        stream.send_data(Bytes::copy_from_slice(now), is_end && later.is_empty()).ok()?;
        *n_bytes += now.len();
        bytes = later;
    }
    Some(())
}
