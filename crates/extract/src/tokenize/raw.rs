//! The text of elements that hold no elements: RCDATA, RAWTEXT and script data.
//!
//! Whatever state the standard's machine takes here, it gives out the text as it stands; all that has to be found is where the
//! text ends.

use html5ever::tokenizer::Token;
use html5ever::tokenizer::states::RawKind;
use memchr::{memchr, memchr2};

use super::{Content, Sink, Tokenizer, is_space};

impl<S: Sink> Tokenizer<'_, S> {
    /// RCDATA, RAWTEXT and script data states (13.2.5.2 to .4): the text, and the end tag.
    pub(super) fn raw(&mut self, kind: RawKind) {
        let start = self.at;
        let end = match kind {
            RawKind::Rcdata | RawKind::Rawtext => self.raw_text_end(start),
            RawKind::ScriptData | RawKind::ScriptDataEscaped(_) => self.script_end(start),
        };
        if start < end && self.keeps_text {
            let text = if kind == RawKind::Rcdata { self.decoded_text(start, end) } else { self.replaced(start, end) };
            self.emit(Token::CharacterTokens(text));
        }
        self.content = Content::Data;
        self.keeps_text = true;
        self.at = end;
        if end < self.bytes.len() {
            self.at += "</".len();
            self.end_tag();
        }
    }

    /// Where the next appropriate end tag begins, or the page ends (less-than sign, end tag open and end tag name states of
    /// RCDATA and RAWTEXT, 13.2.5.9 to .14).
    fn raw_text_end(&self, start: usize) -> usize {
        let mut at = start;
        while let Some(found) = memchr(b'<', &self.bytes[at..]) {
            at += found;
            if self.is_end_tag(at) {
                return at;
            }
            at += 1;
        }
        self.bytes.len()
    }

    /// The same of script data, where `<!--` starts an escape that `-->` ends, and `<script` within it another one that
    /// `</script` ends (13.2.5.15 to .31).
    fn script_end(&self, start: usize) -> usize {
        let mut at = start;
        while let Some(found) = memchr(b'<', &self.bytes[at..]) {
            at += found;
            if self.is_end_tag(at) {
                return at;
            }
            at += 1;
            if self.bytes[at..].starts_with(b"!--") {
                // The two dashes that start an escape may be those that end it.
                match self.escape_end(at + 1) {
                    Ok(text) => at = text,
                    Err(end) => return end,
                }
            }
        }
        self.bytes.len()
    }

    /// Script data escaped and double escaped states: where script data goes on, or `Err` with the script's end.  `dashes` is where
    /// the first dash stands that can be one of `-->`.
    fn escape_end(&self, dashes: usize) -> Result<usize, usize> {
        let (mut at, mut double) = (dashes, false);
        while let Some(found) = memchr2(b'<', b'>', &self.bytes[at..]) {
            at += found + 1;
            if self.bytes[at - 1] == b'>' {
                if self.bytes[dashes..at - 1].ends_with(b"--") {
                    return Ok(at);
                }
                continue;
            }
            if !double && self.is_end_tag(at - 1) {
                return Err(at - 1);
            }
            // Double escape start and double escape end states.
            let name = at + usize::from(double);
            if (!double || self.bytes.get(at) == Some(&b'/')) && self.is_name(name, b"script") {
                double = !double;
            }
        }
        Err(self.bytes.len())
    }

    /// Whether an appropriate end tag begins at `at`, where there is a `<`.
    fn is_end_tag(&self, at: usize) -> bool {
        let name = self.last_start_tag.as_bytes();
        self.bytes.get(at + 1) == Some(&b'/') && !name.is_empty() && self.is_name(at + 2, name)
    }

    /// Whether that name stands at `at`, whole.
    fn is_name(&self, at: usize, name: &[u8]) -> bool {
        let end = at + name.len();
        self.bytes.get(at..end).is_some_and(|found| found.eq_ignore_ascii_case(name))
            && self.bytes.get(end).is_some_and(|&byte| is_space(byte) || matches!(byte, b'/' | b'>'))
    }
}
