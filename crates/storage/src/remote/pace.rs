//! How many requests go to a store at a time: fewer once it says that it is asked too much, and slowly more again.
//!
//! What is answered with 503 (`SlowDown`) or 429 is asked again by the store's client, after longer and longer pauses; here the next ones are held back, so
//! that those pauses are not filled by others.  The limit is halved and grows by one for each round of answers, as TCP does it (AIMD; RFC 5681).

use std::sync::{Arc, Mutex, MutexGuard, PoisonError};

use async_trait::async_trait;
use object_store::ClientOptions;
use object_store::client::{
    HttpClient, HttpConnector, HttpError, HttpRequest, HttpResponse, HttpService, ReqwestConnector,
};
use tokio::sync::Notify;

/// Makes clients of stores that keep one pace together.
#[derive(Debug)]
pub(super) struct Paced(pub(super) Arc<Pace>);

impl HttpConnector for Paced {
    fn connect(&self, options: &ClientOptions) -> object_store::Result<HttpClient> {
        let client = ReqwestConnector::default().connect(options)?;
        Ok(HttpClient::new(Client { client, pace: Arc::clone(&self.0) }))
    }
}

#[derive(Debug)]
struct Client {
    client: HttpClient,
    pace: Arc<Pace>,
}

#[async_trait]
impl HttpService for Client {
    async fn call(&self, request: HttpRequest) -> Result<HttpResponse, HttpError> {
        let place = self.pace.enter().await;
        let answer = self.client.execute(request).await;
        let too_much = answer.as_ref().is_ok_and(|answer| matches!(answer.status().as_u16(), 429 | 503));
        place.answered(too_much);
        answer
    }
}

/// The pace of one store.
#[derive(Debug)]
pub(super) struct Pace {
    state: Mutex<State>,
    freed: Notify,
    most: f64,
}

#[derive(Debug)]
struct State {
    inside: usize,
    /// At least 1.
    limit: f64,
    /// Answers to requests of before the limit was halved last: they say nothing new.
    old: usize,
}

impl Pace {
    /// A pace of at most so many requests at a time.
    pub(super) fn new(most: u32) -> Self {
        let most = f64::from(most.max(1));
        Self { state: Mutex::new(State { inside: 0, limit: most, old: 0 }), freed: Notify::new(), most }
    }

    fn state(&self) -> MutexGuard<'_, State> {
        self.state.lock().unwrap_or_else(PoisonError::into_inner)
    }

    /// Waits until one more may go.
    async fn enter(&self) -> Place<'_> {
        loop {
            let freed = self.freed.notified();
            {
                let mut state = self.state();
                // The limit is a few thousand at most.
                if (state.inside as f64) < state.limit.floor() {
                    state.inside += 1;
                    return Place(self);
                }
            }
            freed.await;
        }
    }
}

/// A request that is on its way.
struct Place<'p>(&'p Pace);

impl Place<'_> {
    fn answered(self, too_much: bool) {
        let mut state = self.0.state();
        if state.old > 0 {
            state.old -= 1;
        } else if too_much {
            state.limit = (state.limit / 2.0).max(1.0);
            state.old = state.inside.saturating_sub(1);
        } else {
            state.limit = (state.limit + 1.0 / state.limit).min(self.0.most);
        }
    }
}

impl Drop for Place<'_> {
    fn drop(&mut self) {
        self.0.state().inside -= 1;
        self.0.freed.notify_one();
    }
}

#[cfg(test)]
mod tests {
    use futures::FutureExt as _;

    use super::*;

    fn limit(pace: &Pace) -> f64 {
        pace.state().limit
    }

    #[tokio::test]
    async fn a_store_that_is_asked_too_much_is_asked_less_and_then_slowly_more() {
        let pace = Pace::new(8);
        // A round of eight that are all refused halves once.
        let mut round = Vec::new();
        for _ in 0..8 {
            round.push(pace.enter().await);
        }
        round.into_iter().for_each(|place| place.answered(true));
        assert_eq!((limit(&pace), pace.state().inside), (4.0, 0));
        for _ in 0..10 {
            pace.enter().await.answered(true);
        }
        assert_eq!(limit(&pace), 1.0);
        for _ in 0..1000 {
            pace.enter().await.answered(false);
        }
        assert_eq!(limit(&pace), 8.0);
    }

    #[tokio::test]
    async fn no_more_go_at_a_time_than_the_limit_says() {
        let pace = Pace::new(2);
        let (one, _two) = (pace.enter().await, pace.enter().await);
        assert!(pace.enter().now_or_never().is_none());
        drop(one);
        assert!(pace.enter().now_or_never().is_some());
    }
}
