//! Stages call storage and wait; stores are asked by a runtime of our own, which all of them share.

use std::future::Future;
use std::io;
use std::sync::OnceLock;
use std::sync::mpsc;

use tokio::runtime::{Builder, Runtime};

use crate::{Error, Result};

/// Threads that move bytes: encryption is most of their work.
const THREADS: usize = 2;

fn runtime() -> Result<&'static Runtime> {
    static RUNTIME: OnceLock<io::Result<Runtime>> = OnceLock::new();
    let made = RUNTIME.get_or_init(|| {
        Builder::new_multi_thread().worker_threads(THREADS).thread_name("storage").enable_all().build()
    });
    made.as_ref().map_err(|error| stopped(error.to_string()))
}

fn stopped(detail: String) -> Error {
    Error::Io { operation: "reach", key: "object store".to_owned(), source: io::Error::other(detail) }
}

/// What a future gives, from whatever thread: unlike a runtime's own `block_on` it may be called inside of another one.
pub(super) fn wait<T: Send + 'static>(future: impl Future<Output = T> + Send + 'static) -> Result<T> {
    started(future)?.recv().map_err(|_| stopped("the request ended in a panic".to_owned()))
}

/// Starts a future; what it gives can be taken when it is needed.
pub(super) fn started<T: Send + 'static>(
    future: impl Future<Output = T> + Send + 'static,
) -> Result<mpsc::Receiver<T>> {
    let (sender, receiver) = mpsc::sync_channel(1);
    runtime()?.spawn(async move {
        // Who no longer wants it has dropped the other end.
        let _ = sender.send(future.await);
    });
    Ok(receiver)
}
