//! Finds the records of one file, and the next one after whatever is broken.

mod oversize;

use std::io;
use std::sync::Arc;

use obelisc_document::Reason;

use crate::fields::{Fields, block_end, lines, text};
use crate::header::{self, ArcLine, LOOK, Start};
use crate::limits::Limits;
use crate::location::Location;
use crate::record::{Failure, Item, Record, RecordType, Version, target_uri};
use crate::stream::{Mark, State, Stream};

/// Longest run of blank lines, in bytes, that counts to the record before it.
const MAX_BLANK: usize = 64 << 10;

/// Bytes of the stream in which a scan looks for a record at once.
const SCAN: usize = 64 << 10;

/// Said of a member whose end damage hides.
const LOST_END: &str = "the member does not end before the next one";

/// Where something begins.
#[derive(Clone, Copy)]
struct Begin {
    position: u64,
    mark: Mark,
    inner: u64,
}

/// What was found, in terms of the window.
enum Found {
    Record { location: Location, start: Start, header: usize, end: usize, truncated: bool },
    Failure(Failure),
}

/// Reads one file, or one archive inside a WACZ file.
pub(crate) struct Reader {
    stream: Stream,
    limits: Limits,
    entry: Option<Arc<str>>,
    /// Bytes of the window that the item given last took.
    pending: usize,
    /// Where the blank lines before the window began.
    blank_from: u64,
    /// The format of the file, known from its first record.
    format: Option<Start>,
    /// Nothing was given yet.
    first: bool,
    /// The member of the record given last, and how far the file had been read then.
    given: Option<(u64, u64)>,
    found: Option<Found>,
    /// The URL of the record that is being given up.
    url: Option<String>,
}

impl Reader {
    pub(crate) fn new(stream: Stream, limits: Limits, entry: Option<Arc<str>>) -> Self {
        let blank_from = stream.position();
        Self {
            stream,
            limits,
            entry,
            pending: 0,
            blank_from,
            format: None,
            first: true,
            given: None,
            found: None,
            url: None,
        }
    }

    /// Looks for the next record or failure; false at the end.
    pub(crate) fn ready(&mut self) -> io::Result<bool> {
        self.found = self.advance()?;
        let url = self.url.take();
        if let Some(Found::Failure(failure)) = &mut self.found {
            failure.url = url;
        }
        self.first &= self.found.is_none();
        Ok(self.found.is_some())
    }

    /// Gives what [`ready`](Self::ready) found.
    pub(crate) fn take(&mut self) -> Option<Item<'_>> {
        Some(match self.found.take()? {
            Found::Failure(failure) => Item::Failure(failure),
            Found::Record { location, start, header, end, truncated } => {
                let window = self.stream.window();
                Item::Record(record(location, start, &window[..header], &window[header..end], truncated))
            }
        })
    }

    fn advance(&mut self) -> io::Result<Option<Found>> {
        self.stream.consume(std::mem::take(&mut self.pending));
        while self.stream.fill(1)? {
            let blank = blank(self.stream.window());
            if blank == 0 {
                let begin = self.begin();
                return self.record(begin).map(Some);
            }
            self.stream.consume(blank);
        }
        self.ended()
    }

    /// Where the window begins.
    fn begin(&self) -> Begin {
        let position = self.stream.position();
        let mark = self.stream.member_at(position).unwrap_or(Mark { position, offset: position });
        let inner = if mark.position >= self.blank_from { 0 } else { position - mark.position };
        Begin { position, mark, inner }
    }

    /// The window is empty and stays so.
    fn ended(&mut self) -> io::Result<Option<Found>> {
        let end = self.stream.file_end();
        let mut begin = self.begin();
        match self.stream.state.clone() {
            State::Truncated => {
                if let Some(next) = self.member_after_cut(begin)? {
                    return self.damaged(begin, Some(next), LOST_END).map(Some);
                }
                // Where the member's records were all given, nothing is left of it but the fact.
                let given = self.given.is_some_and(|(offset, _)| offset == begin.mark.offset);
                let offset = if given { end } else { begin.mark.offset };
                self.stream.state = State::End;
                let location = self.location(offset, Some(end - offset), 0);
                Ok(Some(failure(Reason::TruncatedRecord, location, "the file ends inside a compressed member")))
            }
            State::Damaged(detail) => self.damaged(begin, None, &detail).map(Some),
            State::Foreign => {
                let offset = self.stream.source_offset();
                begin.mark.offset = offset;
                begin.inner = 0;
                self.damaged(begin, Some(offset + 1), "no compressed member begins here").map(Some)
            }
            _ if self.first => {
                let location = self.location(0, Some(end), 0);
                Ok(Some(failure(Reason::NotAnArchive, location, "no record")))
            }
            _ => Ok(None),
        }
    }

    /// Reads the record at the window's beginning, where something is.
    fn record(&mut self, begin: Begin) -> io::Result<Found> {
        self.stream.fill(LOOK)?;
        let start = header::start(self.stream.window());
        let (header, length) = match start {
            None => return self.fail(begin, 1, Reason::InvalidRecordHeader, "no record begins here"),
            Some(Start::Arc) => {
                let window = self.stream.window();
                let end = memchr::memchr(b'\n', window).map_or(window.len(), |at| at + 1);
                (end, ArcLine::parse(&window[..end]).map(|line| line.length))
            }
            Some(Start::Warc) => match self.warc_header(begin)? {
                Ok(header) => (header, header::content_length(&self.stream.window()[..header])),
                Err(failure) => return Ok(failure),
            },
        };
        let (Some(start), Some(length)) = (start, length) else {
            return self.fail(begin, 1, Reason::InvalidRecordHeader, "no valid Content-Length");
        };
        if length > self.limits.max_record_bytes {
            return self.oversize(begin, header, length);
        }
        self.block(begin, start, header, header + length as usize)
    }

    /// The length of the header block, or the failure that its absence is.
    fn warc_header(&mut self, begin: Begin) -> io::Result<Result<usize, Found>> {
        let mut seen = 0;
        loop {
            let window = self.stream.window();
            if let Some(end) = block_end(window, seen).filter(|&end| end <= self.limits.max_header_bytes) {
                return Ok(Ok(end));
            }
            seen = window.len().saturating_sub(2);
            if window.len() >= self.limits.max_header_bytes {
                return self.fail(begin, 1, Reason::HeaderTooLarge, "the header block does not end").map(Err);
            }
            let want = window.len() + 1;
            if !self.stream.fill(want)? {
                return self.fail(begin, 1, Reason::TruncatedRecord, "the file ends inside the header block").map(Err);
            }
        }
    }

    /// Reads the block, which ends at `end` of the window if its stated length is right.
    fn block(&mut self, begin: Begin, start: Start, header: usize, end: usize) -> io::Result<Found> {
        let mut checked = begin.position;
        loop {
            // A member inside the block that a record begins ends this one.
            while let Some(mark) = self.next_mark(checked, begin.position + end as u64) {
                checked = mark.position;
                let at = (mark.position - begin.position) as usize;
                self.stream.fill(at + LOOK)?;
                if self.starts(at) {
                    return self.fail(begin, header, Reason::WrongContentLength, "another record begins in the block");
                }
            }
            if self.stream.window().len() >= end {
                break;
            }
            if !self.stream.pull()? {
                return self.cut(begin, start, header);
            }
        }
        let next = self.blank_after(end)?;
        self.stream.fill(next + LOOK)?;
        let window = self.stream.window();
        let at_end = next == window.len();
        let member_ends = self.next_mark(begin.position + end as u64 - 1, begin.position + next as u64 + 1).is_some();
        let followed = !at_end && self.starts(next);
        if !member_ends && !followed {
            // The record's own member does not end as it should.
            match self.stream.state.clone() {
                State::Damaged(detail) => return self.damaged(begin, None, &detail),
                State::Truncated if let Some(next) = self.member_after_cut(begin)? => {
                    return self.damaged(begin, Some(next), LOST_END);
                }
                _ => {}
            }
        }
        let window = self.stream.window();
        let blank_line = window[end..].starts_with(b"\r\n\r\n") || window[end..].starts_with(b"\n\n");
        let right = at_end || member_ends || followed || (start == Start::Warc && blank_line);
        if !right {
            let detail = "neither a blank line nor a record follows the block";
            return self.fail(begin, header, Reason::WrongContentLength, detail);
        }
        Ok(self.give(begin, start, header, end, next, false))
    }

    /// The stream stops before the block ends.
    fn cut(&mut self, begin: Begin, start: Start, header: usize) -> io::Result<Found> {
        match self.stream.state.clone() {
            State::Damaged(detail) => self.damaged(begin, None, &detail),
            State::Foreign => self.fail(begin, header, Reason::WrongContentLength, "the member ends inside the block"),
            State::Truncated if let Some(next) = self.member_after_cut(begin)? => {
                self.damaged(begin, Some(next), LOST_END)
            }
            _ if self.find(header).is_some() => {
                self.fail(begin, header, Reason::WrongContentLength, "another record begins in the block")
            }
            _ => {
                // That the last member is cut is said with its record.
                self.stream.state = State::End;
                let end = self.stream.window().len();
                Ok(self.give(begin, start, header, end, end, true))
            }
        }
    }

    /// The record that takes `next` bytes of the window, blank lines after its block included.
    fn give(&mut self, begin: Begin, start: Start, header: usize, end: usize, next: usize, truncated: bool) -> Found {
        self.format = Some(start);
        self.pending = next;
        self.blank_from = begin.position + end as u64;
        self.given = Some((begin.mark.offset, self.stream.source_offset()));
        let location = self.spanning(begin, begin.position + end as u64, begin.position + next as u64);
        Found::Record { location, start, header, end, truncated }
    }

    /// Gives up what begins at `begin` and goes to the next record after the first `skip` bytes of the window.
    ///
    /// A damaged member in the way is the reason instead of `reason`.
    fn fail(&mut self, begin: Begin, skip: usize, reason: Reason, detail: &str) -> io::Result<Found> {
        self.fail_as(begin, skip, [reason, reason], detail)
    }

    /// [`fail`](Self::fail) with one reason for where another record is found and one for where the file ends before.
    fn fail_as(&mut self, begin: Begin, skip: usize, reasons: [Reason; 2], detail: &str) -> io::Result<Found> {
        self.note_url(begin);
        self.stream.consume(skip);
        let found = self.scan(begin.position)?;
        self.blank_from = self.stream.position();
        if !found {
            match self.stream.state.clone() {
                State::Damaged(detail) => return self.damaged(begin, None, &detail),
                State::Truncated => {
                    if let Some(next) = self.member_after_cut(begin)? {
                        return self.damaged(begin, Some(next), LOST_END);
                    }
                    // That the last member is cut is said with what it began.
                    self.stream.state = State::End;
                }
                _ => {}
            }
        }
        let reason = match reasons {
            [reason, _] if found => reason,
            [_, Reason::InvalidRecordHeader] if self.first => Reason::NotAnArchive,
            [_, reason] => reason,
        };
        let location = self.spanning(begin, begin.position, self.stream.position());
        Ok(failure(reason, location, detail))
    }

    /// Gives up the damaged member and all that it still held; the next one is looked for from `from` on.
    fn damaged(&mut self, begin: Begin, from: Option<u64>, detail: &str) -> io::Result<Found> {
        self.note_url(begin);
        let from = from.unwrap_or_else(|| self.search_from(begin));
        self.stream.next_member(from)?;
        self.blank_from = self.stream.position();
        let length = self.stream.source_offset() - begin.mark.offset;
        let location = self.location(begin.mark.offset, Some(length), begin.inner);
        Ok(failure(Reason::DamagedMember, location, detail))
    }

    /// Notes the URL of the record at `begin` before the window leaves it: a failure should be found by it.
    fn note_url(&mut self, begin: Begin) {
        let window = self.stream.window();
        if self.url.is_some() || self.stream.position() != begin.position {
            return;
        }
        let fields = match header::start(window) {
            Some(Start::Warc) => {
                let first = memchr::memchr(b'\n', window).map_or(window.len(), |at| at + 1);
                block_end(window, first).map(|end| Fields::parse(&window[first..end]))
            }
            Some(Start::Arc) => lines(window).next().and_then(ArcLine::parse).map(|line| line.fields()),
            None => None,
        };
        self.url = fields.as_ref().and_then(target_uri).map(str::to_owned);
    }

    /// Where to look for a member after the last one turned out to be damaged.
    fn search_from(&self, begin: Begin) -> u64 {
        let mark = self.stream.member_at(u64::MAX).unwrap_or(begin.mark);
        match self.given {
            // Up to here the member was sound; what looks like a member there is its content.
            Some((offset, read)) if offset == mark.offset => read,
            // The decoder may have run over the members that follow.
            _ => mark.offset.max(begin.mark.offset) + 1,
        }
    }

    /// A member that follows although the file seems to end inside the last one: damage made that one swallow the rest.
    fn member_after_cut(&mut self, begin: Begin) -> io::Result<Option<u64>> {
        let from = self.search_from(begin);
        self.stream.find_member(from)
    }

    /// Moves the window to the next record; false if there is none before the stream stops.
    fn scan(&mut self, after: u64) -> io::Result<bool> {
        loop {
            let more = self.stream.fill(SCAN)?;
            let held = self.stream.window().len();
            let usable = if more { held.saturating_sub(LOOK) } else { held };
            if let Some(at) = self.find_within(usable, after) {
                self.stream.consume(at);
                return Ok(true);
            }
            self.stream.consume(usable);
            if !more {
                return Ok(false);
            }
        }
    }

    /// The first record at the beginning of a line in the window after its first `from` bytes.
    fn find(&self, from: usize) -> Option<usize> {
        let window = self.stream.window();
        memchr::memchr_iter(b'\n', &window[from..]).map(|at| from + at + 1).find(|&at| self.starts_line(at))
    }

    /// The first record that begins a line or a member in the first `usable` bytes of the window.
    fn find_within(&self, usable: usize, after: u64) -> Option<usize> {
        let position = self.stream.position();
        let window = self.stream.window();
        let marks = self.stream.marks_after(after).filter_map(|mark| mark.position.checked_sub(position));
        let member = marks.map(|at| at as usize).find(|&at| at < usable && self.starts(at));
        let line = memchr::memchr_iter(b'\n', &window[..usable]).map(|at| at + 1).find(|&at| self.starts_line(at));
        member.into_iter().chain(line).min()
    }

    /// Whether a record of the file's format begins at `at` of the window, or after blank lines there.
    fn starts(&self, at: usize) -> bool {
        let blank = self.stream.window().get(at..).map_or(0, blank);
        self.starts_line(at + blank)
    }

    /// Whether a record of the file's format begins at `at` of the window.
    fn starts_line(&self, at: usize) -> bool {
        let start = self.stream.window().get(at..).and_then(header::start);
        start.is_some() && (self.format.is_none() || self.format == start)
    }

    /// The first member that begins after `after` and before `before`.
    fn next_mark(&self, after: u64, before: u64) -> Option<Mark> {
        self.stream.marks_after(after).find(|mark| mark.position < before)
    }

    /// Where the blank lines after `end` of the window stop.
    fn blank_after(&mut self, end: usize) -> io::Result<usize> {
        let mut next = end;
        loop {
            next += blank(&self.stream.window()[next..]);
            if next < self.stream.window().len() || next - end > MAX_BLANK || !self.stream.fill(next + 1)? {
                return Ok(next);
            }
        }
    }

    fn location(&self, offset: u64, length: Option<u64>, inner: u64) -> Location {
        Location { entry: self.entry.clone(), offset, length, inner }
    }

    /// The location of what begins at `begin` and ends at a position of the stream, or at `least` without the blank lines.
    fn spanning(&self, begin: Begin, least: u64, end: u64) -> Location {
        if self.stream.plain() {
            return self.location(begin.position, Some(end - begin.position), 0);
        }
        // A member that begins before that is one of those over which the record is spread.
        let ends = least..=end;
        let last = self.stream.marks_after(begin.position).rfind(|mark| ends.contains(&mark.position));
        let at_end = end == self.stream.window_end();
        let stop = match &self.stream.state {
            State::End if at_end => Some(self.stream.file_end()),
            // A member that was cut before its first byte is a failure of its own.
            State::Truncated if at_end && last.is_none() => Some(self.stream.file_end()),
            State::Foreign if at_end => Some(self.stream.source_offset()),
            _ => last.map(|mark| mark.offset),
        };
        self.location(begin.mark.offset, stop.map(|stop| stop - begin.mark.offset), begin.inner)
    }
}

/// How many bytes of line ends come first.
fn blank(bytes: &[u8]) -> usize {
    bytes.iter().take_while(|&&byte| byte == b'\r' || byte == b'\n').count()
}

fn failure(reason: Reason, location: Location, detail: &str) -> Found {
    Found::Failure(Failure { reason, location, url: None, detail: detail.to_owned() })
}

fn record<'a>(location: Location, start: Start, header: &'a [u8], block: &'a [u8], truncated: bool) -> Record<'a> {
    let line = lines(header).next().unwrap_or_default();
    let (version, fields, record_type) = match start {
        Start::Warc => {
            let rest = &header[memchr::memchr(b'\n', header).map_or(header.len(), |at| at + 1)..];
            let fields = Fields::parse(rest);
            let record_type = fields.get("WARC-Type").map_or(RecordType::Other, RecordType::from_name);
            let version = header::version(line).and_then(|version| std::str::from_utf8(version).ok());
            (Version::Warc(version.unwrap_or_default()), fields, record_type)
        }
        Start::Arc => {
            let fields = ArcLine::parse(line).map(|line| line.fields()).unwrap_or_default();
            let about_file = text(line).starts_with("filedesc:");
            (Version::Arc, fields, if about_file { RecordType::Warcinfo } else { RecordType::Response })
        }
    };
    Record { location, version, record_type, fields, block, truncated }
}
