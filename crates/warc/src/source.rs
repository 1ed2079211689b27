//! The file as stored: buffered, and always knowing its offset.

use std::io::{self, Read, Seek, SeekFrom};

/// What an archive is read from: a file, a range of one, bytes in memory.
pub trait Input: Read + Seek + Send {}

impl<T: Read + Seek + Send> Input for T {}

/// Bytes read at once.
const CHUNK: usize = 64 << 10;

/// A buffered [`Input`] with an offset.
pub(crate) struct Source {
    input: Box<dyn Input>,
    buffer: Vec<u8>,
    start: usize,
    end: usize,
    /// Offset in the file of `buffer[start]`.
    offset: u64,
    /// Offset at which reading ends: the input's end, once it was reached.
    limit: u64,
    /// A read found nothing more, since this was last set to false.
    pub(crate) at_end: bool,
    /// What the input failed with inside a decoder that hides errors.
    pub(crate) failed: Option<io::Error>,
}

impl Source {
    /// Reads `input` from `offset` up to `limit` (or its end, if that comes first).  It is not asked for its length: what
    /// comes through a pipe has none yet.
    pub(crate) fn new(mut input: Box<dyn Input>, offset: u64, limit: u64) -> io::Result<Self> {
        input.seek(SeekFrom::Start(offset))?;
        Ok(Self { input, buffer: Vec::new(), start: 0, end: 0, offset, limit, at_end: false, failed: None })
    }

    /// A source of nothing, to stand where another was taken out.
    pub(crate) fn empty() -> Self {
        Self {
            input: Box::new(io::empty()),
            buffer: Vec::new(),
            start: 0,
            end: 0,
            offset: 0,
            limit: 0,
            at_end: false,
            failed: None,
        }
    }

    /// Gives the input back.
    pub(crate) fn into_input(self) -> Box<dyn Input> {
        self.input
    }

    /// Reads no further than `limit`.
    pub(crate) fn set_limit(&mut self, limit: u64) -> io::Result<()> {
        self.limit = self.limit.min(limit);
        // What was read ahead may lie beyond it.
        self.input.seek(SeekFrom::Start(self.offset))?;
        (self.start, self.end) = (0, 0);
        Ok(())
    }

    /// Offset of the next byte.
    pub(crate) fn offset(&self) -> u64 {
        self.offset
    }

    /// Offset at which reading ends; not known before the end of the input was reached.
    pub(crate) fn limit(&self) -> u64 {
        self.limit
    }

    /// Offset of the input's end, or the limit that comes first.  Asks the input, which a pipe answers by reading on.
    pub(crate) fn end_of_input(&mut self) -> io::Result<u64> {
        self.limit = self.limit.min(self.input.seek(SeekFrom::End(0))?);
        let held = (self.end - self.start) as u64;
        self.input.seek(SeekFrom::Start(self.offset + held))?;
        Ok(self.limit)
    }

    /// The next bytes: `want` of them or more, fewer only at the end.
    pub(crate) fn peek(&mut self, want: usize) -> io::Result<&[u8]> {
        while self.end - self.start < want {
            if self.start > 0 {
                self.buffer.copy_within(self.start..self.end, 0);
                self.end -= self.start;
                self.start = 0;
            }
            if self.buffer.len() < want.max(CHUNK) {
                self.buffer.resize(want.max(CHUNK), 0);
            }
            let behind = self.offset + (self.end - self.start) as u64;
            let room = self.limit.saturating_sub(behind).min((self.buffer.len() - self.end) as u64) as usize;
            let read = read_some(&mut self.input, &mut self.buffer[self.end..self.end + room])?;
            if read == 0 {
                self.at_end = true;
                self.limit = behind;
                break;
            }
            self.end += read;
        }
        Ok(&self.buffer[self.start..self.end])
    }

    /// Passes `count` bytes that [`peek`](Self::peek) gave.
    pub(crate) fn consume(&mut self, count: usize) {
        let count = count.min(self.end - self.start);
        self.start += count;
        self.offset += count as u64;
    }

    /// Goes to an offset in the file.
    pub(crate) fn seek_to(&mut self, offset: u64) -> io::Result<()> {
        let ahead = offset.checked_sub(self.offset).filter(|&ahead| ahead <= (self.end - self.start) as u64);
        if let Some(ahead) = ahead {
            self.consume(ahead as usize);
        } else {
            let offset = if offset > self.offset { offset.min(self.end_of_input()?) } else { offset };
            self.input.seek(SeekFrom::Start(offset))?;
            (self.start, self.end, self.offset) = (0, 0, offset);
        }
        Ok(())
    }
}

impl Read for Source {
    fn read(&mut self, out: &mut [u8]) -> io::Result<usize> {
        if self.start == self.end && out.len() >= CHUNK {
            // Large reads of plain files go past the buffer.
            let room = self.limit.saturating_sub(self.offset).min(out.len() as u64) as usize;
            let read = read_some(&mut self.input, &mut out[..room])?;
            self.offset += read as u64;
            if read == 0 {
                self.at_end = true;
                self.limit = self.offset;
            }
            return Ok(read);
        }
        let have = self.peek(1)?;
        let count = have.len().min(out.len());
        out[..count].copy_from_slice(&have[..count]);
        self.consume(count);
        Ok(count)
    }
}

/// One read that is not interrupted.
fn read_some(input: &mut dyn Input, out: &mut [u8]) -> io::Result<usize> {
    loop {
        match input.read(out) {
            Err(error) if error.kind() == io::ErrorKind::Interrupted => {}
            other => return other,
        }
    }
}
