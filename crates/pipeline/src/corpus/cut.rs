//! A stream of bytes, cut where nothing is torn apart.

use std::io::{self, Read};

use super::{MAX_LINE_BYTES, PIECE_BYTES};

/// Cuts what it reads into pieces.  Where they are cut depends on the bytes alone.
pub(super) struct Cutter<R> {
    from: R,
    /// Read and not yet given.
    held: Vec<u8>,
    ended: bool,
}

impl<R: Read> Cutter<R> {
    pub(super) fn new(from: R) -> Self {
        Self { from, held: Vec::new(), ended: false }
    }

    /// Reads until so many bytes are held, or all that come.
    fn hold(&mut self, bytes: usize) -> io::Result<()> {
        let missing = bytes.saturating_sub(self.held.len());
        if !self.ended && missing > 0 {
            let read = self.from.by_ref().take(missing as u64).read_to_end(&mut self.held)?;
            self.ended = read < missing;
        }
        Ok(())
    }

    /// The first byte that is no white space and no byte-order mark.
    pub(super) fn first(&mut self) -> io::Result<Option<u8>> {
        self.hold(PIECE_BYTES)?;
        let text = self.held.strip_prefix(b"\xef\xbb\xbf").unwrap_or(&self.held);
        Ok(text.iter().copied().find(|byte| !byte.is_ascii_whitespace()))
    }

    /// The next piece, which ends behind a byte that `ends`, or with the stream.  True where there is no such byte among
    /// [`MAX_LINE_BYTES`]: then it ends anywhere.
    pub(super) fn next(&mut self, ends: impl Fn(u8) -> bool) -> io::Result<Option<(Vec<u8>, bool)>> {
        let (mut want, mut searched) = (PIECE_BYTES, 0);
        loop {
            self.hold(want)?;
            if self.ended && self.held.len() <= want {
                let rest = std::mem::take(&mut self.held);
                return Ok((!rest.is_empty()).then_some((rest, false)));
            }
            if let Some(last) = self.held[searched..].iter().rposition(|byte| ends(*byte)) {
                let rest = self.held.split_off(searched + last + 1);
                return Ok(Some((std::mem::replace(&mut self.held, rest), false)));
            }
            if want >= MAX_LINE_BYTES {
                return Ok(Some((std::mem::take(&mut self.held), true)));
            }
            searched = self.held.len();
            want *= 2;
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn pieces(bytes: &[u8]) -> Vec<(Vec<u8>, bool)> {
        let mut cutter = Cutter::new(bytes);
        std::iter::from_fn(|| cutter.next(|byte| byte == b'\n').unwrap()).collect()
    }

    #[test]
    fn pieces_end_behind_a_line_and_are_the_whole_together() {
        let text: Vec<u8> = (0..100_000).flat_map(|number| format!("line {number}\n").into_bytes()).collect();
        let cut = pieces(&text);
        assert!(cut.len() > 3);
        let (last, others) = cut.split_last().unwrap();
        assert!(others.iter().all(|(piece, _)| piece.ends_with(b"\n") && piece.len() <= PIECE_BYTES));
        assert!(cut.iter().flat_map(|(piece, _)| piece).eq(&text) && !last.1);
        assert!(pieces(b"").is_empty());
        assert_eq!(pieces(b"no end"), [(b"no end".to_vec(), false)]);
    }

    #[test]
    fn a_long_line_is_one_piece_up_to_a_bound() {
        let text = [vec![b'a'; 3 * PIECE_BYTES], b"\nb\n".to_vec()].concat();
        let cut = pieces(&text);
        assert!(cut[0].0.len() > 3 * PIECE_BYTES && !cut[0].1);
        let cut = pieces(&vec![b'a'; MAX_LINE_BYTES + 1]);
        assert_eq!(
            cut.iter().map(|(piece, long)| (piece.len(), *long)).collect::<Vec<_>>(),
            [(MAX_LINE_BYTES, true), (1, false)]
        );
    }

    #[test]
    fn the_first_byte_is_looked_at_and_stays() {
        let mut cutter = Cutter::new(&b"\xef\xbb\xbf \n{}"[..]);
        assert_eq!(cutter.first().unwrap(), Some(b'{'));
        assert_eq!(cutter.next(|_| false).unwrap().unwrap().0.len(), 7);
        assert_eq!(Cutter::new(&b" "[..]).first().unwrap(), None);
    }
}
