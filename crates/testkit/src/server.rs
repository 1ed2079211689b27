//! A web server on loopback for tests of the fetch: it answers as it is told and counts.
#![allow(clippy::disallowed_types, reason = "development only: the one socket that is not the fetch's")]

mod http1;
mod http2;

use std::collections::BTreeMap;
use std::io;
use std::net::{SocketAddr, TcpListener};
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};

use rustls::ServerConfig;
use tokio::net::TcpStream;
use tokio_rustls::TlsAcceptor;

use crate::certificates::Identity;

/// What the server answers.
#[derive(Clone, Debug)]
pub struct Reply {
    /// The status.
    pub status: u16,
    /// Header lines beside the length.
    pub headers: Vec<(String, String)>,
    /// The body.
    pub body: Vec<u8>,
    /// Where the body breaks off.
    pub cut: Option<Cut>,
    /// Whether its length is left open, over HTTP/1.1.
    pub is_chunked: bool,
}

/// How a body breaks off.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Cut {
    /// Bytes that are sent.
    pub bytes: usize,
    /// Whether the connection goes on (HTTP/2 alone: the stream is reset) or ends (HTTP/2: with a GOAWAY).
    pub goes_on: bool,
}

impl Reply {
    /// A body of this type, with status 200.
    #[must_use]
    pub fn new(content_type: &str, body: impl Into<Vec<u8>>) -> Self {
        let headers = vec![("Content-Type".to_owned(), content_type.to_owned())];
        Self { status: 200, headers, body: body.into(), cut: None, is_chunked: false }
    }

    /// A status without a body.
    #[must_use]
    pub const fn status(status: u16) -> Self {
        Self { status, headers: Vec::new(), body: Vec::new(), cut: None, is_chunked: false }
    }

    /// A redirect.
    #[must_use]
    pub fn redirect(to: &str) -> Self {
        Self::status(302).header("Location", to)
    }

    /// With one more header line.
    #[must_use]
    pub fn header(mut self, name: &str, value: &str) -> Self {
        self.headers.push((name.to_owned(), value.to_owned()));
        self
    }

    /// With a body whose length is told at its end.
    #[must_use]
    pub const fn chunked(mut self) -> Self {
        self.is_chunked = true;
        self
    }

    /// With the connection closed behind so many bytes of the body.
    #[must_use]
    pub const fn cut(mut self, bytes: usize) -> Self {
        self.cut = Some(Cut { bytes, goes_on: false });
        self
    }

    /// With the stream reset behind so many bytes of the body; in HTTP/1.1, which has no streams, the connection is closed.
    #[must_use]
    pub const fn reset(mut self, bytes: usize) -> Self {
        self.cut = Some(Cut { bytes, goes_on: true });
        self
    }

    /// The part of the body that is sent.
    fn sent(&self) -> &[u8] {
        &self.body[..self.cut.map_or(self.body.len(), |cut| cut.bytes.min(self.body.len()))]
    }
}

/// How a request came.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Protocol {
    /// One request after the other on a connection.
    Http1,
    /// Many beside each other.
    Http2,
}

impl Protocol {
    /// Both, as a server names them that speaks both.
    pub const BOTH: &[Self] = &[Self::Http2, Self::Http1];

    /// Its name where a connection is made (ALPN).
    const fn alpn(self) -> &'static [u8] {
        match self {
            Self::Http1 => b"http/1.1",
            Self::Http2 => b"h2",
        }
    }
}

/// What was asked.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Asked {
    /// The path with its query.
    pub path: String,
    /// The header lines, names in lower case.
    pub headers: BTreeMap<String, String>,
    /// The body, over HTTP/1.1 alone.
    pub body: Vec<u8>,
    /// How it came.
    pub protocol: Protocol,
}

#[derive(Debug, Default)]
struct Log {
    asked: Vec<Asked>,
    connections: u32,
    inside: u32,
    peak: u32,
}

/// A server that runs until the program ends.
#[derive(Debug)]
pub struct Server {
    address: SocketAddr,
    scheme: &'static str,
    log: Arc<Mutex<Log>>,
}

type Answer = dyn Fn(&Asked, usize) -> Reply + Send + Sync;

/// What the connections of a server share.
#[derive(Clone)]
struct Shared {
    answer: Arc<Answer>,
    log: Arc<Mutex<Log>>,
}

impl Server {
    /// Starts one on a free port of loopback, in the clear; `answer` is told what is asked, and how often that path was asked for before.
    ///
    /// # Panics
    /// Where no port is free.
    #[must_use]
    pub fn start(answer: impl Fn(&Asked, usize) -> Reply + Send + Sync + 'static) -> Self {
        Self::listen(None, Arc::new(answer))
    }

    /// Starts one behind TLS, which speaks the first of these protocols that the client speaks too.
    ///
    /// # Panics
    /// Where no port is free.
    #[must_use]
    #[expect(clippy::expect_used, reason = "development only")]
    pub fn start_tls(
        identity: Identity,
        protocols: &[Protocol],
        answer: impl Fn(&Asked, usize) -> Reply + Send + Sync + 'static,
    ) -> Self {
        let provider = Arc::new(rustls::crypto::ring::default_provider());
        let config = ServerConfig::builder_with_provider(provider).with_safe_default_protocol_versions();
        let config = config.expect("the versions of ring").with_no_client_auth();
        let mut config = config.with_single_cert(vec![identity.certificate], identity.key).expect("a key that fits");
        config.alpn_protocols = protocols.iter().map(|protocol| protocol.alpn().to_vec()).collect();
        Self::listen(Some(TlsAcceptor::from(Arc::new(config))), Arc::new(answer))
    }

    #[expect(clippy::expect_used, reason = "development only")]
    fn listen(tls: Option<TlsAcceptor>, answer: Arc<Answer>) -> Self {
        let listener = TcpListener::bind(("127.0.0.1", 0)).expect("a free port");
        let address = listener.local_addr().expect("an address");
        listener.set_nonblocking(true).expect("a socket that does not block");
        let scheme = if tls.is_some() { "https" } else { "http" };
        let shared = Shared { answer, log: Arc::default() };
        let log = Arc::clone(&shared.log);
        std::thread::spawn(move || {
            let runtime = tokio::runtime::Builder::new_current_thread().enable_io().build().expect("a runtime");
            runtime.block_on(async {
                let listener = tokio::net::TcpListener::from_std(listener).expect("a socket");
                while let Ok((stream, _)) = listener.accept().await {
                    shared.log().connections += 1;
                    // A connection that breaks is the client's doing.
                    tokio::spawn(serve(stream, tls.clone(), shared.clone()));
                }
            });
        });
        Self { address, scheme, log }
    }

    /// The URL of a path.
    #[must_use]
    pub fn url(&self, path: &str) -> String {
        format!("{}://{}{path}", self.scheme, self.address)
    }

    /// The URL of a path of a host by this name.
    #[must_use]
    pub fn url_of(&self, host: &str, path: &str) -> String {
        format!("{}://{host}:{}{path}", self.scheme, self.port())
    }

    /// Its port.
    #[must_use]
    pub const fn port(&self) -> u16 {
        self.address.port()
    }

    /// What was asked so far, in order.
    #[must_use]
    pub fn asked(&self) -> Vec<Asked> {
        self.log().asked.clone()
    }

    /// How often a path was asked for.
    #[must_use]
    pub fn count(&self, path: &str) -> usize {
        self.asked().iter().filter(|asked| asked.path == path).count()
    }

    /// Connections that were made.
    #[must_use]
    pub fn connections(&self) -> u32 {
        self.log().connections
    }

    /// Most requests that were in progress at a time.
    #[must_use]
    pub fn peak(&self) -> u32 {
        self.log().peak
    }

    fn log(&self) -> MutexGuard<'_, Log> {
        self.log.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

impl Shared {
    fn log(&self) -> MutexGuard<'_, Log> {
        self.log.lock().unwrap_or_else(PoisonError::into_inner)
    }

    /// What is answered; it is in progress until [`Self::done`].
    async fn reply(&self, asked: Asked) -> io::Result<Reply> {
        let before = {
            let mut log = self.log();
            let before = log.asked.iter().filter(|other| other.path == asked.path).count();
            log.asked.push(asked.clone());
            log.inside += 1;
            log.peak = log.peak.max(log.inside);
            before
        };
        // An answer may wait for others.
        let answer = Arc::clone(&self.answer);
        tokio::task::spawn_blocking(move || answer(&asked, before)).await.map_err(io::Error::other)
    }

    fn done(&self) {
        self.log().inside -= 1;
    }
}

/// Answers the requests of one connection.
async fn serve(stream: TcpStream, tls: Option<TlsAcceptor>, shared: Shared) -> io::Result<()> {
    let Some(tls) = tls else { return http1::serve(stream, &shared).await };
    let stream = tls.accept(stream).await?;
    if stream.get_ref().1.alpn_protocol() == Some(Protocol::Http2.alpn()) {
        http2::serve(stream, &shared).await.map_err(io::Error::other)
    } else {
        http1::serve(stream, &shared).await
    }
}
