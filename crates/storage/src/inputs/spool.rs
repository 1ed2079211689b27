//! What comes through a pipe, as a file.

use std::fs::File;
use std::io::{self, Read, Seek, SeekFrom, Write};

/// Bytes read at once where a reader wants to go on beyond what has come.
const CHUNK: usize = 64 << 10;

/// Bytes that come once, such as those of a pipe, to be read like a file: each is kept in a temporary file, without a name,
/// as it is read.  Who reads forwards gets them as they come; asking for the end waits for it.
#[derive(Debug)]
pub struct Spool<R> {
    from: R,
    kept: File,
    /// Bytes that came so far.
    length: u64,
    /// Where the next read begins; may lie beyond what has come.
    position: u64,
}

impl<R: Read> Spool<R> {
    /// A file of what `from` gives.
    ///
    /// # Errors
    /// No temporary file can be made.
    pub fn new(from: R) -> io::Result<Self> {
        Ok(Self { from, kept: tempfile::tempfile()?, length: 0, position: 0 })
    }

    /// Reads the next bytes that come.
    fn advance(&mut self, out: &mut [u8]) -> io::Result<usize> {
        let count = self.from.read(out)?;
        self.kept.seek(SeekFrom::Start(self.length))?;
        self.kept.write_all(&out[..count])?;
        self.length += count as u64;
        Ok(count)
    }

    /// Reads on until this many bytes have come, or all.
    fn wait_for(&mut self, length: u64) -> io::Result<()> {
        let mut chunk = vec![0; CHUNK];
        while self.length < length {
            let want = (length - self.length).min(CHUNK as u64) as usize;
            match self.advance(&mut chunk[..want]) {
                Ok(0) => break,
                Err(error) if error.kind() != io::ErrorKind::Interrupted => return Err(error),
                _ => {}
            }
        }
        Ok(())
    }
}

impl<R: Read> Read for Spool<R> {
    fn read(&mut self, out: &mut [u8]) -> io::Result<usize> {
        if self.position > self.length {
            self.wait_for(self.position)?;
        }
        let count = if self.position == self.length {
            self.advance(out)?
        } else if self.position < self.length {
            let room = (self.length - self.position).min(out.len() as u64) as usize;
            self.kept.seek(SeekFrom::Start(self.position))?;
            self.kept.read(&mut out[..room])?
        } else {
            // All has come, and ends before.
            0
        };
        self.position += count as u64;
        Ok(count)
    }
}

impl<R: Read> Seek for Spool<R> {
    fn seek(&mut self, to: SeekFrom) -> io::Result<u64> {
        let position = match to {
            SeekFrom::Start(position) => Some(position),
            SeekFrom::Current(distance) => self.position.checked_add_signed(distance),
            SeekFrom::End(distance) => {
                self.wait_for(u64::MAX)?;
                self.length.checked_add_signed(distance)
            }
        };
        let before = || io::Error::new(io::ErrorKind::InvalidInput, "before the first byte");
        self.position = position.ok_or_else(before)?;
        Ok(self.position)
    }
}

#[cfg(test)]
mod tests {
    use std::cell::Cell;
    use std::rc::Rc;

    use super::*;

    /// Gives three bytes at a time, and counts them.
    struct Pipe(Vec<u8>, Rc<Cell<usize>>);

    impl Read for Pipe {
        fn read(&mut self, out: &mut [u8]) -> io::Result<usize> {
            let given = self.1.get();
            let count = out.len().min(3).min(self.0.len() - given);
            out[..count].copy_from_slice(&self.0[given..given + count]);
            self.1.set(given + count);
            Ok(count)
        }
    }

    fn pipe() -> (Vec<u8>, Rc<Cell<usize>>, Spool<Pipe>) {
        let bytes: Vec<u8> = (0..100).collect();
        let given = Rc::new(Cell::new(0));
        (bytes.clone(), Rc::clone(&given), Spool::new(Pipe(bytes, given)).unwrap())
    }

    fn read_at(spool: &mut Spool<Pipe>, at: u64, count: usize) -> Vec<u8> {
        spool.seek(SeekFrom::Start(at)).unwrap();
        let mut out = Vec::new();
        spool.take(count as u64).read_to_end(&mut out).unwrap();
        out
    }

    #[test]
    fn bytes_are_given_as_they_come_and_again() {
        let (bytes, given, mut spool) = pipe();
        assert_eq!(read_at(&mut spool, 0, 6), bytes[..6]);
        assert_eq!(given.get(), 6);
        assert_eq!(read_at(&mut spool, 2, 8), bytes[2..10]);
        assert_eq!(read_at(&mut spool, 50, 5), bytes[50..55]);
        assert_eq!(read_at(&mut spool, 1, 200), bytes[1..]);
        assert_eq!(read_at(&mut spool, 200, 1), [] as [u8; 0]);
        assert_eq!(read_at(&mut spool, 99, 2), [99]);
    }

    #[test]
    fn the_end_is_waited_for() {
        let (bytes, given, mut spool) = pipe();
        assert_eq!(spool.seek(SeekFrom::End(-10)).unwrap(), 90);
        assert_eq!(given.get(), 100);
        let mut rest = Vec::new();
        spool.read_to_end(&mut rest).unwrap();
        assert_eq!(rest, bytes[90..]);
        assert_eq!(spool.seek(SeekFrom::Current(-100)).unwrap(), 0);
        assert!(spool.seek(SeekFrom::Current(-1)).is_err());
        assert!(spool.seek(SeekFrom::End(-101)).is_err());
    }
}
