//! Things that wait for a store more than they compute, a few of them at a time.

/// Shares things among at most so many threads, and gives what came of each share, in their order; of one that panicked nothing did.
pub(crate) fn in_shares<T: Sync, R: Send>(things: &[T], most: usize, work: impl Fn(&[T]) -> R + Sync) -> Vec<R> {
    let share = things.len().div_ceil(most).max(1);
    let work = &work;
    std::thread::scope(|scope| {
        let threads: Vec<_> = things.chunks(share).map(|own| scope.spawn(move || work(own))).collect();
        threads.into_iter().filter_map(|thread| thread.join().ok()).collect()
    })
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn shares_come_back_in_their_order() {
        let things: Vec<u32> = (0..10).collect();
        assert_eq!(in_shares(&things, 4, <[u32]>::to_vec).concat(), things);
        assert_eq!(in_shares(&things, 4, <[u32]>::len), [3, 3, 3, 1]);
        assert!(in_shares(&[0_u8; 0], 4, <[u8]>::len).is_empty());
    }
}
