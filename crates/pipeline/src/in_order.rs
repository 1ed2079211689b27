//! Work on several threads, its results in the order in which it came.

use std::collections::VecDeque;
use std::num::NonZeroUsize;
use std::sync::mpsc::{Receiver, SyncSender, sync_channel};
use std::sync::{Mutex, PoisonError};
use std::thread;

/// Jobs per thread that are taken in before the first of them is done.
pub const JOBS_PER_THREAD: usize = 4;

/// Does the jobs that `feed` gives, on so many threads beside the calling one, and gives their results to `take` in the
/// order of the jobs, each as soon as it is there.  At most `held` jobs for each thread are held, done or not, of small ones [`JOBS_PER_THREAD`].  With one
/// thread all is done on the calling one.
///
/// # Errors
/// The first error of `feed` or `take`.
pub fn in_order<J: Send, R: Send, E>(
    threads: NonZeroUsize,
    held: usize,
    feed: impl FnOnce(&mut dyn FnMut(J) -> Result<(), E>) -> Result<(), E>,
    work: impl Fn(J) -> R + Sync,
    mut take: impl FnMut(R) -> Result<(), E>,
) -> Result<(), E> {
    if threads == NonZeroUsize::MIN {
        return feed(&mut |job| take(work(job)));
    }
    let (jobs, queue) = sync_channel(threads.get());
    let queue = Mutex::new(queue);
    thread::scope(|scope| {
        // It goes with this closure, and then the threads end.
        let jobs = jobs;
        for _ in 0..threads.get() {
            scope.spawn(|| {
                while let Some((job, answer)) = next(&queue) {
                    // Nobody waits for it where an error ended the work.
                    let _ = answer.send(work(job));
                }
            });
        }
        let mut waiting: VecDeque<Receiver<R>> = VecDeque::new();
        feed(&mut |job| {
            let (answer, result) = sync_channel(1);
            waiting.push_back(result);
            // The threads are there as long as this one asks.
            let _ = jobs.send((job, answer));
            while let Some(first) = waiting.front() {
                let full = waiting.len() >= threads.get() * held;
                let result = if full { first.recv().ok() } else { first.try_recv().ok() };
                let Some(result) = result else { break };
                waiting.pop_front();
                take(result)?;
            }
            Ok(())
        })?;
        // A result that never comes is that of a thread that panicked, and so does the scope.
        waiting.into_iter().map_while(|result| result.recv().ok()).try_for_each(&mut take)
    })
}

type Job<J, R> = (J, SyncSender<R>);

fn next<J, R>(queue: &Mutex<Receiver<Job<J, R>>>) -> Option<Job<J, R>> {
    queue.lock().unwrap_or_else(PoisonError::into_inner).recv().ok()
}

#[cfg(test)]
mod tests {
    use super::*;

    fn squares(threads: usize, stop_at: u64) -> (Vec<u64>, Result<(), u64>) {
        let mut taken = Vec::new();
        let result = in_order(
            NonZeroUsize::new(threads).unwrap(),
            JOBS_PER_THREAD,
            |give| (0..1000).try_for_each(|number: u64| give(number)),
            |number| {
                // Later jobs are done sooner.
                assert!((0..(1000 - number) * 10).map(std::hint::black_box).sum::<u64>() < u64::MAX);
                number * number
            },
            |square| {
                taken.push(square);
                if square == stop_at { Err(square) } else { Ok(()) }
            },
        );
        (taken, result)
    }

    #[test]
    fn results_come_in_the_order_of_the_jobs() {
        for threads in [1, 2, 7] {
            let (taken, result) = squares(threads, u64::MAX);
            assert_eq!(result, Ok(()));
            assert!(taken.into_iter().eq((0..1000).map(|number| number * number)), "{threads} threads");
        }
    }

    #[test]
    fn the_first_error_ends_the_work() {
        for threads in [1, 3] {
            let (taken, result) = squares(threads, 100);
            assert_eq!((taken.len(), result), (11, Err(100)));
        }
    }
}
