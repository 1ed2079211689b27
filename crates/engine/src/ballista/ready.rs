//! Whether a cluster is there: its scheduler is asked, over HTTP, whether it has executors.

use std::time::{Duration, Instant};

use tokio::io::{AsyncReadExt as _, AsyncWriteExt as _};
use tokio::net::TcpStream;
use tokio::time::{sleep, timeout};

use crate::Error;

/// How long one answer is waited for.
const ANSWER: Duration = Duration::from_secs(10);
/// How long a cluster may be away, or without an executor.
const PATIENCE: Duration = Duration::from_secs(60);
/// How long one that was never seen may be away.
const FIRST_PATIENCE: Duration = Duration::from_secs(10);
/// Between two questions to one that is not ready.
pub(super) const PAUSE: Duration = Duration::from_millis(200);
/// Bytes of an answer that are read.
const LONGEST_ANSWER: u64 = 4096;

/// What a scheduler says of itself.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) enum State {
    /// Executors are there.
    Ready,
    /// None is.
    NoExecutor,
    /// No scheduler answers, and why.
    Away(String),
}

/// A cluster that is looked after while it is waited for.
pub(crate) struct Watch<'s> {
    scheduler: &'s str,
    /// When it was ready last, or when the watch began.
    seen: Instant,
    was_there: bool,
}

impl<'s> Watch<'s> {
    pub(crate) fn new(scheduler: &'s str) -> Self {
        Self { scheduler, seen: Instant::now(), was_there: false }
    }

    /// Waits until there is a cluster.
    pub(crate) async fn wait(&mut self) -> Result<(), Error> {
        loop {
            if self.look().await? == State::Ready {
                return Ok(());
            }
            sleep(PAUSE).await;
        }
    }

    /// Looks once; an error when there was nothing for too long.
    pub(crate) async fn look(&mut self) -> Result<State, Error> {
        let state = state(self.scheduler).await;
        self.was_there |= !matches!(state, State::Away(_));
        let patience = if self.was_there { PATIENCE } else { FIRST_PATIENCE };
        if state == State::Ready {
            self.seen = Instant::now();
        } else if self.seen.elapsed() >= patience {
            return Err(missing(self.scheduler, &state));
        }
        Ok(state)
    }
}

/// What is missing, in words.
pub(crate) fn missing(scheduler: &str, state: &State) -> Error {
    Error::Unreachable(match state {
        State::Away(why) => format!("no scheduler of Ballista answers at {scheduler}: {why}"),
        State::Ready | State::NoExecutor => {
            format!("the scheduler at {scheduler} has no executor: start some with `obelisc executor`")
        }
    })
}

/// Asks a scheduler.
pub(crate) async fn state(scheduler: &str) -> State {
    match timeout(ANSWER, ask(scheduler)).await {
        Ok(Ok(answer)) if answer.starts_with("HTTP/1.1 200 ") => State::Ready,
        Ok(Ok(answer)) if answer.starts_with("HTTP/1.1 503 ") => State::NoExecutor,
        Ok(Ok(answer)) => {
            State::Away(format!("what answers there is none, and says {:?}", answer.lines().next().unwrap_or_default()))
        }
        Ok(Err(error)) => State::Away(error.to_string()),
        Err(_) => State::Away(format!("no answer within {} seconds", ANSWER.as_secs())),
    }
}

async fn ask(scheduler: &str) -> std::io::Result<String> {
    let mut stream = TcpStream::connect(scheduler).await?;
    let request = format!("GET /readyz HTTP/1.1\r\nhost: {scheduler}\r\nconnection: close\r\n\r\n");
    stream.write_all(request.as_bytes()).await?;
    let mut answer = Vec::new();
    stream.take(LONGEST_ANSWER).read_to_end(&mut answer).await?;
    Ok(String::from_utf8_lossy(&answer).into_owned())
}
