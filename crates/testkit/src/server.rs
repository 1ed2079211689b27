//! A web server on loopback for tests of the fetch: it answers as it is told and counts.
#![allow(clippy::disallowed_types, reason = "development only: the one socket that is not the fetch's")]

use std::collections::BTreeMap;
use std::io::{BufRead, BufReader, Write};
use std::net::{SocketAddr, TcpListener, TcpStream};
use std::sync::{Arc, Mutex, PoisonError};

/// What the server answers.
#[derive(Clone, Debug)]
pub struct Reply {
    /// The status.
    pub status: u16,
    /// Header lines beside the length.
    pub headers: Vec<(String, String)>,
    /// The body.
    pub body: Vec<u8>,
    /// Bytes of the body that are sent before the connection is closed.
    pub cut: Option<usize>,
}

impl Reply {
    /// A body of this type, with status 200.
    #[must_use]
    pub fn new(content_type: &str, body: impl Into<Vec<u8>>) -> Self {
        let headers = vec![("Content-Type".to_owned(), content_type.to_owned())];
        Self { status: 200, headers, body: body.into(), cut: None }
    }

    /// A status without a body.
    #[must_use]
    pub const fn status(status: u16) -> Self {
        Self { status, headers: Vec::new(), body: Vec::new(), cut: None }
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

    /// With the connection closed behind so many bytes of the body.
    #[must_use]
    pub const fn cut(mut self, bytes: usize) -> Self {
        self.cut = Some(bytes);
        self
    }
}

/// What was asked.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Asked {
    /// The path with its query.
    pub path: String,
    /// The header lines, names in lower case.
    pub headers: BTreeMap<String, String>,
}

#[derive(Debug, Default)]
struct Log {
    asked: Vec<Asked>,
    inside: u32,
    peak: u32,
}

/// A server that runs until it is dropped.
#[derive(Debug)]
pub struct Server {
    address: SocketAddr,
    log: Arc<Mutex<Log>>,
}

type Answer = dyn Fn(&Asked, usize) -> Reply + Send + Sync;

impl Server {
    /// Starts one on a free port of loopback; `answer` is told what is asked, and how often that path was asked for before.
    ///
    /// # Panics
    /// Where no port is free.
    #[must_use]
    #[expect(clippy::expect_used, reason = "development only")]
    pub fn start(answer: impl Fn(&Asked, usize) -> Reply + Send + Sync + 'static) -> Self {
        let listener = TcpListener::bind(("127.0.0.1", 0)).expect("a free port");
        let address = listener.local_addr().expect("an address");
        let log = Arc::new(Mutex::new(Log::default()));
        let (answer, kept): (Arc<Answer>, _) = (Arc::new(answer), Arc::clone(&log));
        std::thread::spawn(move || {
            for stream in listener.incoming().flatten() {
                let (answer, log) = (Arc::clone(&answer), Arc::clone(&log));
                // A connection that breaks is the client's doing.
                std::thread::spawn(move || serve(&stream, &*answer, &log).ok());
            }
        });
        Self { address, log: kept }
    }

    /// The URL of a path.
    #[must_use]
    pub fn url(&self, path: &str) -> String {
        format!("http://{}{path}", self.address)
    }

    /// Its port.
    #[must_use]
    pub const fn port(&self) -> u16 {
        self.address.port()
    }

    /// What was asked so far, in order.
    #[must_use]
    pub fn asked(&self) -> Vec<Asked> {
        self.log.lock().unwrap_or_else(PoisonError::into_inner).asked.clone()
    }

    /// How often a path was asked for.
    #[must_use]
    pub fn count(&self, path: &str) -> usize {
        self.asked().iter().filter(|asked| asked.path == path).count()
    }

    /// Most requests that were in progress at a time.
    #[must_use]
    pub fn peak(&self) -> u32 {
        self.log.lock().unwrap_or_else(PoisonError::into_inner).peak
    }
}

/// Answers the requests of one connection, one after the other.
fn serve(stream: &TcpStream, answer: &Answer, log: &Mutex<Log>) -> std::io::Result<()> {
    let mut lines = BufReader::new(stream);
    let mut out = stream;
    loop {
        let mut line = String::new();
        if lines.read_line(&mut line)? == 0 {
            return Ok(());
        }
        let path = line.split(' ').nth(1).unwrap_or_default().to_owned();
        let mut headers = BTreeMap::new();
        loop {
            let mut line = String::new();
            if lines.read_line(&mut line)? == 0 {
                return Ok(());
            }
            match line.trim_end().split_once(':') {
                Some((name, value)) => headers.insert(name.to_ascii_lowercase(), value.trim().to_owned()),
                None => break,
            };
        }
        let asked = Asked { path, headers };
        let before = {
            let mut log = log.lock().unwrap_or_else(PoisonError::into_inner);
            let before = log.asked.iter().filter(|other| other.path == asked.path).count();
            log.asked.push(asked.clone());
            log.inside += 1;
            log.peak = log.peak.max(log.inside);
            before
        };
        let reply = answer(&asked, before);
        let sent = send(&mut out, &reply);
        log.lock().unwrap_or_else(PoisonError::into_inner).inside -= 1;
        sent?;
        if reply.cut.is_some() {
            return stream.shutdown(std::net::Shutdown::Both);
        }
    }
}

fn send(out: &mut impl Write, reply: &Reply) -> std::io::Result<()> {
    let mut head = format!("HTTP/1.1 {} Test\r\nContent-Length: {}\r\n", reply.status, reply.body.len());
    for (name, value) in &reply.headers {
        head.push_str(&format!("{name}: {value}\r\n"));
    }
    let body = &reply.body[..reply.cut.unwrap_or(reply.body.len()).min(reply.body.len())];
    out.write_all(&[head.as_bytes(), b"\r\n", body].concat())?;
    out.flush()
}
