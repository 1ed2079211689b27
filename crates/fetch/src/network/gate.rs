//! How many requests a host gets at a time, and how soon after each other.

use std::sync::{Mutex, PoisonError};
use std::time::Duration;

use obelisc_document::Reason;
use tokio::sync::Notify;
use tokio::time::{Instant, sleep_until};

use super::Failed;

/// Lets requests to one host through.  Where the host says that there are too many, half as many go at a time, and none before it says; each that goes well lets
/// more go again, up to the limit.
#[derive(Debug)]
pub(super) struct Gate {
    max: f64,
    interval: Duration,
    state: Mutex<State>,
    changed: Notify,
}

#[derive(Debug)]
struct State {
    inside: u32,
    limit: f64,
    next: Instant,
}

/// A request that is let in; another may come when it is dropped.
#[derive(Debug)]
pub(super) struct Pass<'g>(&'g Gate);

impl Pass<'_> {
    /// Whether the request may go now.  Where not, since another went or the host asked for time in the meantime, it
    /// gives back what it holds and [comes again](Gate::enter).
    pub(super) fn go(&self) -> bool {
        let mut state = self.0.state.lock().unwrap_or_else(PoisonError::into_inner);
        let now = Instant::now();
        let is_time = state.next <= now;
        if is_time {
            state.next = now + self.0.interval;
        }
        is_time
    }
}

impl Gate {
    pub(super) fn new(max: u32, interval: Duration) -> Self {
        let max = f64::from(max.max(1));
        let state = State { inside: 0, limit: max, next: Instant::now() };
        Self { max, interval, state: Mutex::new(state), changed: Notify::new() }
    }

    /// Waits until a request may come in.
    pub(super) async fn enter(&self) -> Pass<'_> {
        loop {
            let changed = self.changed.notified();
            let next = {
                let mut state = self.state.lock().unwrap_or_else(PoisonError::into_inner);
                let has_room = f64::from(state.inside + 1) <= state.limit.floor();
                if has_room && state.next <= Instant::now() {
                    state.inside += 1;
                    return Pass(self);
                }
                has_room.then_some(state.next)
            };
            match next {
                Some(next) => tokio::select! {
                    () = changed => {}
                    () = sleep_until(next) => {}
                },
                None => changed.await,
            }
        }
    }

    /// Heeds what came of a request: fewer go where the host asks for less, more where it answered; a failure that may pass says nothing of either.
    pub(super) fn heed(&self, failed: Option<&Failed>, max_wait: Duration) {
        match failed {
            Some(Failed { reason: Reason::RateLimited, again: Some(after), .. }) => {
                self.slow_down(after.unwrap_or(Duration::from_secs(1)).min(max_wait));
            }
            Some(Failed { reason: Reason::TlsFailed, .. } | Failed { again: Some(_), .. }) => {}
            _ => self.speed_up(),
        }
    }

    /// The host asks for less, and for none before that much time has passed.
    fn slow_down(&self, wait: Duration) {
        let mut state = self.state.lock().unwrap_or_else(PoisonError::into_inner);
        state.limit = (state.limit / 2.0).max(1.0);
        state.next = state.next.max(Instant::now() + wait);
    }

    /// A request went well.
    fn speed_up(&self) {
        let mut state = self.state.lock().unwrap_or_else(PoisonError::into_inner);
        state.limit = (state.limit + 1.0 / state.limit).min(self.max);
    }
}

impl Drop for Pass<'_> {
    fn drop(&mut self) {
        self.0.state.lock().unwrap_or_else(PoisonError::into_inner).inside -= 1;
        self.0.changed.notify_waiters();
    }
}

#[cfg(test)]
mod tests {
    use futures::FutureExt as _;

    use super::*;

    const HOUR: Duration = Duration::from_secs(3600);

    /// How many of ten requests go at once, where none ends.
    fn at_once(gate: &Gate) -> usize {
        let mut inside = Vec::new();
        while let Some(pass) = gate.enter().now_or_never() {
            assert!(pass.go());
            inside.push(pass);
            assert!(inside.len() <= 10);
        }
        inside.len()
    }

    fn with_clock(test: impl FnOnce()) {
        let runtime = tokio::runtime::Builder::new_current_thread().enable_time().build().unwrap();
        runtime.block_on(async { test() });
    }

    #[test]
    fn no_more_than_the_limit_go_at_a_time_and_another_when_one_is_done() {
        with_clock(|| {
            let gate = Gate::new(3, Duration::ZERO);
            let first = gate.enter().now_or_never().unwrap();
            let _others = [gate.enter().now_or_never().unwrap(), gate.enter().now_or_never().unwrap()];
            let mut waiting = std::pin::pin!(gate.enter());
            assert!(waiting.as_mut().now_or_never().is_none());
            drop(first);
            assert!(waiting.now_or_never().is_some());
        });
    }

    #[test]
    fn they_go_no_sooner_after_each_other_than_the_interval() {
        with_clock(|| {
            let gate = Gate::new(8, HOUR);
            // Two are let in before either goes; the other has to come again.
            let passes = [gate.enter().now_or_never().unwrap(), gate.enter().now_or_never().unwrap()];
            assert_eq!(passes.map(|pass| pass.go()), [true, false]);
            assert_eq!(at_once(&gate), 0);
        });
    }

    #[test]
    fn a_host_that_asks_for_less_gets_less_and_later_more_again() {
        with_clock(|| {
            let gate = Gate::new(8, Duration::ZERO);
            assert_eq!(at_once(&gate), 8);
            gate.slow_down(Duration::ZERO);
            assert_eq!(at_once(&gate), 4);
            (0..10).for_each(|_| gate.slow_down(Duration::ZERO));
            assert_eq!(at_once(&gate), 1);
            (0..3).for_each(|_| gate.speed_up());
            assert_eq!(at_once(&gate), 2);
            (0..100).for_each(|_| gate.speed_up());
            assert_eq!(at_once(&gate), 8);
            gate.slow_down(HOUR);
            assert_eq!(at_once(&gate), 0);
        });
    }

    #[test]
    fn an_answer_lets_more_go_and_a_failure_does_not() {
        with_clock(|| {
            let gate = Gate::new(8, Duration::ZERO);
            let heed = |failed: &Failed| gate.heed(Some(failed), Duration::ZERO);
            (0..10).for_each(|_| heed(&Failed::passing(Reason::RateLimited, "", Some(HOUR))));
            assert_eq!(at_once(&gate), 1);
            for reason in [Reason::FetchTimeout, Reason::ConnectionFailed, Reason::TruncatedBody, Reason::HttpStatus] {
                heed(&Failed::passing(reason, "", None));
            }
            heed(&Failed::new(Reason::TlsFailed, ""));
            assert_eq!(at_once(&gate), 1);
            gate.heed(None, Duration::ZERO);
            assert_eq!(at_once(&gate), 2);
            (0..2).for_each(|_| heed(&Failed::new(Reason::HttpStatus, "404")));
            assert_eq!(at_once(&gate), 2);
            heed(&Failed::new(Reason::NotAnImage, ""));
            assert_eq!(at_once(&gate), 3);
        });
    }
}
