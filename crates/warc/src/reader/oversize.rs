//! Records above the cap: passed over without being kept.

use std::io;

use obelisc_document::Reason;

use super::{Begin, Found, LOOK, LOST_END, Reader, failure};
use crate::stream::State;

impl Reader {
    /// Passes over the record at the window's beginning, whose block is stated to have `length` bytes.
    pub(super) fn oversize(&mut self, begin: Begin, header: usize, length: u64) -> io::Result<Found> {
        self.note_url(begin);
        let detail = format!("content length {length}");
        let target = begin.position.saturating_add(header as u64).saturating_add(length);
        let plausible = if self.stream.plain() {
            target <= self.stream.file_end() && {
                self.stream.seek_plain(target)?;
                self.plausible_end()?
            }
        } else {
            match self.pass(begin, target)? {
                Passed::Reached => self.plausible_end()?,
                Passed::Record => {
                    self.blank_from = self.stream.position();
                    let location = self.spanning(begin, begin.position, self.stream.position());
                    return Ok(failure(Reason::WrongContentLength, location, &detail));
                }
                Passed::Stopped => {
                    if let State::Damaged(detail) = self.stream.state.clone() {
                        return self.damaged(begin, None, &detail);
                    }
                    false
                }
            }
        };
        if plausible {
            if self.stream.window().is_empty() && self.stream.state == State::Truncated {
                if let Some(next) = self.member_after_cut(begin)? {
                    return self.damaged(begin, Some(next), LOST_END);
                }
                self.stream.state = State::End;
            }
            self.blank_from = target;
            let location = self.spanning(begin, begin.position, self.stream.position());
            return Ok(failure(Reason::RecordTooLarge, location, &detail));
        }
        // The length is wrong, or the file is cut: look for records in what it claims.
        let back = begin.position + header as u64;
        if self.stream.plain() {
            self.stream.seek_plain(back)?;
        } else {
            self.stream.rewind(begin.mark, back)?;
        }
        self.fail_as(begin, 0, [Reason::WrongContentLength, Reason::RecordTooLarge], &detail)
    }

    /// Moves over a block without keeping it.
    fn pass(&mut self, begin: Begin, target: u64) -> io::Result<Passed> {
        let mut checked = begin.position;
        loop {
            let position = self.stream.position();
            if position >= target {
                return Ok(Passed::Reached);
            }
            if let Some(mark) = self.next_mark(checked.max(position.saturating_sub(1)), target) {
                self.stream.consume((mark.position - position) as usize);
                self.stream.fill(LOOK)?;
                if self.starts(0) {
                    return Ok(Passed::Record);
                }
                checked = mark.position;
                continue;
            }
            if self.stream.window().is_empty() && !self.stream.pull()? {
                return Ok(Passed::Stopped);
            }
            let left = target - self.stream.position();
            let count = left.min(self.stream.window().len() as u64) as usize;
            if self.next_mark(checked, target).is_none() {
                self.stream.consume(count);
            }
        }
    }

    /// Whether a record can have ended where the window begins; goes past the blank lines there.
    fn plausible_end(&mut self) -> io::Result<bool> {
        let next = self.blank_after(0)?;
        self.stream.fill(next + LOOK)?;
        let position = self.stream.position();
        let member_ends = self.next_mark(position.saturating_sub(1), position + next as u64 + 1).is_some();
        let ends = next == self.stream.window().len() || member_ends || self.starts(next);
        if ends {
            self.stream.consume(next);
        }
        Ok(ends)
    }
}

/// How passing over a block ended.
enum Passed {
    Reached,
    /// Another record begins before its end.
    Record,
    /// The stream stopped.
    Stopped,
}
