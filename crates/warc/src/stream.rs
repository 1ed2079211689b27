//! A file as one decompressed stream that remembers where its compressed members begin.

use std::collections::VecDeque;
use std::io;

use memchr::memmem::Finder;

use crate::capped::{Compression, Fault, MemberDecoder, Step, dictionary, dictionary_fits, probe};
use crate::header;
use crate::source::Source;

/// Room, in bytes, that a read gets.
const CHUNK: usize = 64 << 10;

/// Most bytes decompressed at once: they stay in the processor's cache until they are looked at.
const STEP: usize = 128 << 10;

/// Compressed bytes with which a would-be member is tried.
const TRIAL: usize = 32 << 10;

/// Bytes that may be read a second time in search of what damage hid, for the whole file.  It keeps a file made to
/// waste time from taking more than a bounded multiple of its size.
const REREAD: u64 = 1 << 30;

/// Where a member begins: in the decompressed stream and in the file.
#[derive(Clone, Copy, Debug)]
pub(crate) struct Mark {
    pub(crate) position: u64,
    pub(crate) offset: u64,
}

/// Why no more bytes come, or that they do.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) enum State {
    /// Inside a member.
    Inside,
    /// Between two members.
    Between,
    /// At the end of the file.
    End,
    /// The file ends inside a member.
    Truncated,
    /// The member does not decompress.
    Damaged(String),
    /// Where a member should begin is something else.
    Foreign,
}

/// The decompressed stream: a window of it, and how to move that window.
pub(crate) struct Stream {
    source: Source,
    compression: Compression,
    dictionary: Vec<u8>,
    decoder: MemberDecoder,
    buffer: Vec<u8>,
    start: usize,
    end: usize,
    /// Position in the decompressed stream of `buffer[start]`.
    position: u64,
    /// Members that begin in the window, and the one that it begins in.
    marks: VecDeque<Mark>,
    pub(crate) state: State,
    /// Bytes that may still be read again.
    reread: u64,
}

impl Stream {
    /// A stream of the members that begin at the source's offset.
    pub(crate) fn new(source: Source, compression: Compression) -> io::Result<Self> {
        let decoder = MemberDecoder::new(compression, &[])?;
        let offset = source.offset();
        let plain = compression == Compression::None;
        Ok(Self {
            source,
            compression,
            dictionary: Vec::new(),
            decoder,
            buffer: Vec::new(),
            start: 0,
            end: 0,
            // In a plain file, positions are offsets.
            position: if plain { offset } else { 0 },
            marks: VecDeque::new(),
            state: if plain { State::Inside } else { State::Between },
            reread: REREAD,
        })
    }

    /// Reads the dictionary that a zstd WARC file may begin with.  The error is what is wrong with it.
    pub(crate) fn load_dictionary(&mut self) -> io::Result<Result<(), String>> {
        let head = self.source.peek(8)?;
        let Some((b"\x5d\x2a\x4d\x18", size)) = head.get(..8).and_then(|head| head.split_first_chunk()) else {
            return Ok(Ok(()));
        };
        let size = size.iter().rev().fold(0, |size, &byte| size << 8 | u64::from(byte));
        if !dictionary_fits(size) {
            return Ok(Err("dictionary above the cap".into()));
        }
        let offset = self.source.offset();
        let size = size as usize;
        let frame = self.source.peek(8 + size)?;
        let Some(content) = frame.get(8..8 + size) else {
            return Ok(Err("dictionary cut short".into()));
        };
        match dictionary(content) {
            Ok(dictionary) => match MemberDecoder::new(self.compression, &dictionary) {
                Ok(decoder) => (self.decoder, self.dictionary) = (decoder, dictionary),
                Err(error) => return Ok(Err(error.to_string())),
            },
            Err(detail) => return Ok(Err(detail)),
        }
        self.source.seek_to(offset + 8 + size as u64)?;
        Ok(Ok(()))
    }

    /// Goes to a range of the file, before anything was read.
    pub(crate) fn restrict(&mut self, offset: u64, length: Option<u64>) -> io::Result<()> {
        self.source.seek_to(offset)?;
        if let Some(length) = length {
            self.source.set_limit(offset.saturating_add(length))?;
        }
        if self.plain() {
            self.position = self.source.offset();
        }
        Ok(())
    }

    /// Passes over bytes of the stream.
    pub(crate) fn skip(&mut self, bytes: u64) -> io::Result<()> {
        let target = self.position.saturating_add(bytes);
        while self.position < target && (self.end > self.start || self.pull()?) {
            self.consume((target - self.position).min(CHUNK as u64) as usize);
        }
        Ok(())
    }

    /// Whether the file is not compressed.
    pub(crate) fn plain(&self) -> bool {
        self.compression == Compression::None
    }

    /// The window: bytes of the stream from [`position`](Self::position) on.
    pub(crate) fn window(&self) -> &[u8] {
        &self.buffer[self.start..self.end]
    }

    /// Position of the window in the stream.
    pub(crate) fn position(&self) -> u64 {
        self.position
    }

    /// Position of the end of the window.
    pub(crate) fn window_end(&self) -> u64 {
        self.position + (self.end - self.start) as u64
    }

    /// Offset up to which the file is to be read.
    pub(crate) fn file_end(&self) -> u64 {
        self.source.limit()
    }

    /// Offset up to which the decoder has read.
    pub(crate) fn source_offset(&self) -> u64 {
        self.source.offset()
    }

    /// The member in which the byte at `position` lies.  Of several that begin there, the last: the others are empty.
    pub(crate) fn member_at(&self, position: u64) -> Option<Mark> {
        self.marks.iter().rev().find(|mark| mark.position <= position).copied()
    }

    /// The members that begin in the window after `position`.
    pub(crate) fn marks_after(&self, position: u64) -> impl DoubleEndedIterator<Item = Mark> {
        self.marks.iter().copied().filter(move |mark| mark.position > position)
    }

    /// Grows the window to `want` bytes, or until something ends it.  The caller has capped `want`.
    pub(crate) fn fill(&mut self, want: usize) -> io::Result<bool> {
        while self.end - self.start < want {
            if !self.pull()? {
                return Ok(false);
            }
        }
        Ok(true)
    }

    /// One step: some bytes more, or another member.  False where nothing more comes (see [`State`]).
    pub(crate) fn pull(&mut self) -> io::Result<bool> {
        match self.state {
            State::Between => self.begin_member(),
            State::Inside => {
                self.make_room();
                let room = self.buffer.len().min(self.end + STEP);
                let out = &mut self.buffer[self.end..room];
                self.state = match self.decoder.step(&mut self.source, out) {
                    Ok(Step::Data(count)) => {
                        self.end += count;
                        return Ok(true);
                    }
                    Ok(Step::End) if self.plain() => State::End,
                    Ok(Step::End) => State::Between,
                    Err(Fault::Io(error)) => return Err(error),
                    Err(Fault::Truncated) => State::Truncated,
                    Err(Fault::Damaged(detail)) => State::Damaged(detail),
                };
                Ok(self.state == State::Between)
            }
            _ => Ok(false),
        }
    }

    fn begin_member(&mut self) -> io::Result<bool> {
        let offset = self.source.offset();
        let head = self.source.peek(8)?;
        if head.is_empty() {
            self.state = State::End;
        } else if let Some(size) = skippable(self.compression, head) {
            // A frame that holds no data: its bytes count to the record before it.
            let end = offset.saturating_add(8 + size);
            self.marks.push_back(Mark { position: self.window_end(), offset });
            self.source.seek_to(end)?;
            self.state = if self.source.offset() < end { State::Truncated } else { State::Between };
        } else if head.starts_with(self.compression.magic()) {
            self.marks.push_back(Mark { position: self.window_end(), offset });
            self.decoder.begin()?;
            self.state = State::Inside;
        } else {
            self.state = State::Foreign;
        }
        // Empty members must not pile up.
        while self.marks.len() > 2 && self.marks[self.marks.len() - 3].position == self.window_end() {
            let last = self.marks.len() - 2;
            self.marks.remove(last);
        }
        Ok(matches!(self.state, State::Inside | State::Between))
    }

    fn make_room(&mut self) {
        let held = self.end - self.start;
        if self.start >= held.max(CHUNK) {
            self.buffer.copy_within(self.start..self.end, 0);
            (self.start, self.end) = (0, held);
        }
        if self.buffer.len() - self.end < CHUNK {
            let size = (self.end + CHUNK).max(self.buffer.len() * 2);
            self.buffer.resize(size, 0);
        }
    }

    /// Moves the window's beginning.
    pub(crate) fn consume(&mut self, count: usize) {
        let count = count.min(self.end - self.start);
        self.start += count;
        self.position += count as u64;
        while self.marks.get(1).is_some_and(|mark| mark.position <= self.position) {
            self.marks.pop_front();
        }
    }

    /// Goes to an offset of a plain file.
    pub(crate) fn seek_plain(&mut self, offset: u64) -> io::Result<()> {
        self.source.seek_to(offset)?;
        (self.start, self.end) = (0, 0);
        self.position = self.source.offset();
        self.state = State::Inside;
        Ok(())
    }

    /// Goes back to a position in the member of `mark`, decompressing it again.  False where too much was read again.
    pub(crate) fn rewind(&mut self, mark: Mark, position: u64) -> io::Result<bool> {
        let cost = self.position - mark.position + (self.source.offset() - mark.offset);
        let Some(reread) = self.reread.checked_sub(cost) else {
            return Ok(false);
        };
        self.reread = reread;
        self.source.seek_to(mark.offset)?;
        (self.start, self.end, self.position) = (0, 0, mark.position);
        self.marks.clear();
        self.state = State::Between;
        self.skip(position.saturating_sub(mark.position))?;
        Ok(true)
    }

    /// After damage: drops the window and goes on at the next member that a record begins, looked for from `from` on.
    pub(crate) fn next_member(&mut self, from: u64) -> io::Result<()> {
        self.position = self.window_end();
        (self.start, self.end) = (0, 0);
        self.marks.clear();
        self.state = if self.find_member(from)?.is_some() { State::Between } else { State::End };
        Ok(())
    }

    /// The offset of the next member that a record begins, looked for from `from` on.  Leaves the source there, or at
    /// the end, and the window as it is.
    pub(crate) fn find_member(&mut self, from: u64) -> io::Result<Option<u64>> {
        let back = self.source.offset().saturating_sub(from);
        if let Some(reread) = self.reread.checked_sub(back) {
            self.reread = reread;
            self.source.seek_to(from)?;
        }
        let finder = Finder::new(self.compression.magic());
        let mut scratch = [0; header::LOOK];
        loop {
            let have = self.source.peek(CHUNK)?;
            let Some(at) = finder.find(have) else {
                let held = have.len();
                let passed = held.saturating_sub(finder.needle().len() - 1);
                self.source.consume(if passed == 0 { held } else { passed });
                if passed == 0 {
                    return Ok(None);
                }
                continue;
            };
            self.source.consume(at);
            let have = self.source.peek(TRIAL)?;
            let whole = have.len() < TRIAL;
            let have = &have[..have.len().min(TRIAL)];
            let count = probe(self.compression, &self.dictionary, have, &mut scratch);
            // A block too large for the trial cannot be told apart yet; with four bytes of magic it is likely one.
            let unknown = count == Some(0) && !whole && finder.needle().len() == 4;
            if unknown || count.is_some_and(|count| header::start(trim(&scratch[..count])).is_some()) {
                return Ok(Some(self.source.offset()));
            }
            self.source.consume(1);
        }
    }
}

/// Without the blank lines that some writers put before records.
fn trim(bytes: &[u8]) -> &[u8] {
    let blank = bytes.iter().take_while(|&&byte| byte == b'\r' || byte == b'\n').count();
    &bytes[blank..]
}

/// The size of a skippable frame (RFC 8878, 3.1.2; the LZ4 frame format has the same), if one begins here.
fn skippable(compression: Compression, head: &[u8]) -> Option<u64> {
    if !matches!(compression, Compression::Lz4 | Compression::Zstd) {
        return None;
    }
    match head {
        [kind, b'\x2a', b'\x4d', b'\x18', a, b, c, d, ..] if kind & 0xf0 == 0x50 => {
            Some(u64::from(u32::from_le_bytes([*a, *b, *c, *d])))
        }
        _ => None,
    }
}
