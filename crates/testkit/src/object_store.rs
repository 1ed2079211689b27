//! An object store on loopback that speaks as S3 does: `s3s-fs` over a folder, with failures in front of it when they are asked for.
//!
//! What holds of it: multipart uploads, ranges, `If-Match`, listing (version 2), copies, deletes of many, signatures.  Its conditional create looks first and writes
//! then; here one such request goes at a time, so that it has one creator as S3's has.
#![allow(clippy::disallowed_types, reason = "development only: a server on loopback")]

use std::net::{SocketAddr, TcpListener};
use std::path::Path;
use std::sync::Arc;
use std::sync::atomic::{AtomicBool, AtomicU64, Ordering};

use bytes::Bytes;
use http::{Method, Request, Response, StatusCode};
use http_body_util::{BodyExt as _, Full, combinators::UnsyncBoxBody};
use hyper::body::Incoming;
use hyper::service::service_fn;
use hyper_util::rt::{TokioExecutor, TokioIo};
use s3s::auth::SimpleAuth;
use s3s::service::{S3Service, S3ServiceBuilder};
use s3s_fs::FileSystem;

/// Name of the key that is let in.
pub const KEY: &str = "AKTEST";
/// The key.
pub const SECRET: &str = "secret of the test";

type Body = UnsyncBoxBody<Bytes, Box<dyn std::error::Error + Send + Sync>>;

/// A store that runs until the program ends.
#[derive(Debug)]
pub struct ObjectStoreServer {
    address: SocketAddr,
    state: Arc<State>,
}

#[derive(Debug, Default)]
struct State {
    requests: AtomicU64,
    refused: AtomicU64,
    inside: AtomicU64,
    peak: AtomicU64,
    /// Each so-manieth request fails; none where 0.
    fail_every: AtomicU64,
    /// Requests at a time beyond which the others are told to slow down; any number where 0.
    most: AtomicU64,
    is_down: AtomicBool,
}

impl ObjectStoreServer {
    /// A store over a folder, in which each folder is a bucket.
    ///
    /// # Panics
    /// Where the folder or a port cannot be had.
    #[must_use]
    #[expect(clippy::expect_used, reason = "a test that has no server has failed")]
    pub fn start(folder: &Path) -> Self {
        let files = FileSystem::new(folder).expect("a folder for the store");
        let mut builder = S3ServiceBuilder::new(files);
        builder.set_auth(SimpleAuth::from_single(KEY, SECRET));
        let service = builder.build();
        let listener = TcpListener::bind("127.0.0.1:0").expect("a port");
        let address = listener.local_addr().expect("an address");
        listener.set_nonblocking(true).expect("a port that is waited for");
        let state = Arc::new(State::default());
        let shared = Arc::clone(&state);
        std::thread::spawn(move || {
            let runtime = tokio::runtime::Builder::new_multi_thread().worker_threads(2).enable_all().build();
            runtime.expect("a runtime").block_on(serve(listener, service, shared));
        });
        Self { address, state }
    }

    /// The variables of the environment with which the store is reached.
    #[must_use]
    pub fn variables(&self) -> Vec<(String, String)> {
        let variables = [
            ("AWS_ENDPOINT_URL", format!("http://{}", self.address)),
            ("AWS_ACCESS_KEY_ID", KEY.to_owned()),
            ("AWS_SECRET_ACCESS_KEY", SECRET.to_owned()),
            ("AWS_REGION", "us-east-1".to_owned()),
        ];
        variables.into_iter().map(|(name, value)| (name.to_owned(), value)).collect()
    }

    /// Requests that came so far.
    #[must_use]
    pub fn requests(&self) -> u64 {
        self.state.requests.load(Ordering::SeqCst)
    }

    /// Requests that were answered with a failure on purpose.
    #[must_use]
    pub fn refused(&self) -> u64 {
        self.state.refused.load(Ordering::SeqCst)
    }

    /// Most requests that were there at a time.
    #[must_use]
    pub fn peak(&self) -> u64 {
        self.state.peak.load(Ordering::SeqCst)
    }

    /// Lets each so-manieth request fail: 503 `SlowDown`, 500, or a connection that breaks, in turns.  None with 0.
    pub fn fail_every(&self, requests: u64) {
        self.state.fail_every.store(requests, Ordering::SeqCst);
    }

    /// Tells those that come while so many are inside to slow down.  None with 0.
    pub fn slow_down_above(&self, requests: u64) {
        self.state.most.store(requests, Ordering::SeqCst);
    }

    /// Breaks every connection, until it is told otherwise.
    pub fn set_down(&self, is_down: bool) {
        self.state.is_down.store(is_down, Ordering::SeqCst);
    }
}

async fn serve(listener: TcpListener, service: S3Service, state: Arc<State>) {
    let Ok(listener) = tokio::net::TcpListener::from_std(listener) else { return };
    let creates = Arc::new(tokio::sync::Mutex::new(()));
    while let Ok((socket, _)) = listener.accept().await {
        // Else each answer waits for the acknowledgement of its own head.
        let _ = socket.set_nodelay(true);
        let (service, state, creates) = (service.clone(), Arc::clone(&state), Arc::clone(&creates));
        tokio::spawn(async move {
            let answer = service_fn(move |request: Request<Incoming>| {
                let (service, state, creates) = (service.clone(), Arc::clone(&state), Arc::clone(&creates));
                async move { answer(&service, &state, &creates, request).await }
            });
            let server = hyper_util::server::conn::auto::Builder::new(TokioExecutor::new());
            // A client that goes is none of ours.
            let _ = server.serve_connection(TokioIo::new(socket), answer).await;
        });
    }
}

/// A connection that is broken on purpose.
#[derive(Debug)]
struct Broken;

impl std::fmt::Display for Broken {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.write_str("broken on purpose")
    }
}

impl std::error::Error for Broken {}

async fn answer(
    service: &S3Service,
    state: &State,
    creates: &tokio::sync::Mutex<()>,
    request: Request<Incoming>,
) -> Result<Response<Body>, Broken> {
    let number = state.requests.fetch_add(1, Ordering::SeqCst) + 1;
    let inside = state.inside.fetch_add(1, Ordering::SeqCst) + 1;
    state.peak.fetch_max(inside, Ordering::SeqCst);
    let _leave = Leave(state);
    let (every, most) = (state.fail_every.load(Ordering::SeqCst), state.most.load(Ordering::SeqCst));
    let fails = every > 0 && number.is_multiple_of(every);
    if state.is_down.load(Ordering::SeqCst) || (fails && (number / every).is_multiple_of(3)) {
        state.refused.fetch_add(1, Ordering::SeqCst);
        return Err(Broken);
    }
    if fails || (most > 0 && inside > most) {
        state.refused.fetch_add(1, Ordering::SeqCst);
        let server_error = fails && (number / every) % 3 == 1;
        let status = if server_error { StatusCode::INTERNAL_SERVER_ERROR } else { StatusCode::SERVICE_UNAVAILABLE };
        let code = if server_error { "InternalError" } else { "SlowDown" };
        let text = format!("<?xml version=\"1.0\"?><Error><Code>{code}</Code><Message>on purpose</Message></Error>");
        let body = Full::new(Bytes::from(text)).map_err(|never| match never {}).boxed_unsync();
        let mut answer = Response::new(body);
        *answer.status_mut() = status;
        return Ok(answer);
    }
    let creates_alone = request.method() == Method::PUT && request.headers().contains_key("if-none-match");
    let _alone = if creates_alone { Some(creates.lock().await) } else { None };
    let answer = service.call(request.map(s3s::Body::from)).await.map_err(|_| Broken)?;
    Ok(answer.map(|body| body.map_err(|error| error.to_string().into()).boxed_unsync()))
}

struct Leave<'s>(&'s State);

impl Drop for Leave<'_> {
    fn drop(&mut self) {
        self.0.inside.fetch_sub(1, Ordering::SeqCst);
    }
}
