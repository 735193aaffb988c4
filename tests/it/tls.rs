//! A TLS server on a loopback address that answers every request alike.

use std::io::{Read as _, Write as _};
use std::net::{SocketAddr, TcpListener};
use std::path::PathBuf;
use std::sync::atomic::{AtomicUsize, Ordering};
use std::sync::{Arc, Mutex};
use std::thread;

use rustls::pki_types::pem::PemObject as _;
use rustls::pki_types::{CertificateDer, PrivateKeyDer};
use rustls::server::{ClientHello, ResolvesServerCert};
use rustls::sign::CertifiedKey;

fn data(name: &str) -> PathBuf {
    PathBuf::from(env!("CARGO_MANIFEST_DIR")).join("tests/data/tls").join(name)
}

/// The authority that signed the certificates.
pub(crate) fn authority() -> PathBuf {
    data("authority.pem")
}

pub(crate) struct Server {
    address: SocketAddr,
    offered: Arc<Mutex<Vec<Vec<u8>>>>,
    n_requests: Arc<AtomicUsize>,
}

/// Gives its one certificate to everybody and notes the protocols a client offers.
#[derive(Debug)]
struct Certificate {
    key: Arc<CertifiedKey>,
    offered: Arc<Mutex<Vec<Vec<u8>>>>,
}

impl ResolvesServerCert for Certificate {
    fn resolve(&self, hello: ClientHello<'_>) -> Option<Arc<CertifiedKey>> {
        let offered = hello.alpn().into_iter().flatten().map(<[u8]>::to_vec).collect();
        *self.offered.lock().expect("nothing panicked") = offered;
        Some(Arc::clone(&self.key))
    }
}

/// What a server with a certificate of `tests/data/tls` needs that speaks `protocols`; notes what clients offer.
pub(crate) fn config(
    certificate: &str,
    protocols: &[&[u8]],
    offered: &Arc<Mutex<Vec<Vec<u8>>>>,
) -> Arc<rustls::ServerConfig> {
    let provider = Arc::new(rustls::crypto::ring::default_provider());
    let chain = CertificateDer::from_pem_file(data(&format!("{certificate}.pem"))).expect("a certificate");
    let key = PrivateKeyDer::from_pem_file(data("key.pem")).expect("a key");
    let key = provider.key_provider.load_private_key(key).expect("a usable key");
    let resolver = Certificate { key: Arc::new(CertifiedKey::new(vec![chain], key)), offered: Arc::clone(offered) };
    let mut config = rustls::ServerConfig::builder_with_provider(provider)
        .with_safe_default_protocol_versions()
        .expect("usable versions")
        .with_no_client_auth()
        .with_cert_resolver(Arc::new(resolver));
    config.alpn_protocols = protocols.iter().map(|protocol| protocol.to_vec()).collect();
    Arc::new(config)
}

impl Server {
    /// Starts on a free port of `ip` with a certificate of `tests/data/tls`.
    pub(crate) fn start(ip: &str, certificate: &str, body: &[u8]) -> Self {
        let head = format!("HTTP/1.1 200 OK\r\nContent-Length: {}\r\nConnection: close\r\n\r\n", body.len());
        Self::answering(ip, certificate, [head.as_bytes(), body].concat())
    }

    /// Starts a server that sends everybody to `location` for good.
    pub(crate) fn redirecting(ip: &str, certificate: &str, location: &str) -> Self {
        let head = "HTTP/1.1 301 Moved Permanently\r\nContent-Length: 0\r\nConnection: close\r\n";
        Self::answering(ip, certificate, format!("{head}Location: {location}\r\n\r\n").into_bytes())
    }

    fn answering(ip: &str, certificate: &str, answer: Vec<u8>) -> Self {
        let offered = Arc::new(Mutex::new(Vec::new()));
        let config = config(certificate, &[], &offered);
        let n_requests = Arc::new(AtomicUsize::new(0));
        let count = Arc::clone(&n_requests);
        let listener = TcpListener::bind((ip, 0)).expect("a loopback port is free");
        let address = listener.local_addr().expect("the listener is bound");
        thread::spawn(move || {
            for mut stream in listener.incoming().flatten() {
                let Ok(mut connection) = rustls::ServerConnection::new(Arc::clone(&config)) else { continue };
                let mut tls = rustls::Stream::new(&mut connection, &mut stream);
                let mut request = Vec::new();
                let mut buffer = [0; 1024];
                while !request.windows(4).any(|end| end == b"\r\n\r\n") {
                    match tls.read(&mut buffer) {
                        Ok(n) if n > 0 => request.extend_from_slice(&buffer[..n]),
                        _ => break,
                    }
                }
                if !request.is_empty() {
                    count.fetch_add(1, Ordering::Relaxed);
                }
                // A client that refused the certificate is gone by now.
                drop(tls.write_all(&answer));
                connection.send_close_notify();
                drop(connection.complete_io(&mut stream));
            }
        });
        Self { address, offered, n_requests }
    }

    pub(crate) fn url(&self) -> String {
        format!("https://{}/feed", self.address)
    }

    /// Requests read; a client that refused the certificate made none.
    pub(crate) fn n_requests(&self) -> usize {
        self.n_requests.load(Ordering::Relaxed)
    }

    /// The protocols the last client offered.
    pub(crate) fn offered(&self) -> Vec<Vec<u8>> {
        self.offered.lock().expect("nothing panicked").clone()
    }
}
