//! Comments, and what is read as one.

use html5ever::tokenizer::Token;
use memchr::{memchr, memmem};

use super::{Content, Sink, Tokenizer};

impl<S: Sink> Tokenizer<'_, S> {
    /// Markup declaration open state (13.2.5.42), behind `<!`.
    pub(super) fn markup_declaration(&mut self) {
        let rest = &self.bytes[self.at..];
        if rest.starts_with(b"--") {
            self.at += "--".len();
            self.comment();
        } else if rest.get(.."doctype".len()).is_some_and(|word| word.eq_ignore_ascii_case(b"doctype")) {
            self.at += "doctype".len();
            self.doctype();
        } else if rest.starts_with(b"[CDATA[") && self.sink.adjusted_current_node_present_but_not_in_html_namespace() {
            self.at += "[CDATA[".len();
            self.content = Content::CdataSection;
        } else {
            self.bogus_comment();
        }
    }

    /// Bogus comment state (13.2.5.41): up to the next `>`.
    pub(super) fn bogus_comment(&mut self) {
        let start = self.at;
        let found = memchr(b'>', &self.bytes[start..]);
        let end = found.map_or(self.bytes.len(), |found| start + found);
        self.at = if found.is_some() { end + 1 } else { end };
        self.emit(Token::CommentToken(self.replaced(start, end)));
    }

    /// Comment states (13.2.5.43 to .52), behind `<!--`.
    fn comment(&mut self) {
        let start = self.at;
        let (end, next) = self.comment_end(start);
        self.at = next;
        self.emit(Token::CommentToken(self.replaced(start, end)));
    }

    /// Where a comment's data ends, and what follows it begins.
    fn comment_end(&self, start: usize) -> (usize, usize) {
        // Comment start and comment start dash states.
        if self.bytes[start..].starts_with(b">") {
            return (start, start + 1);
        }
        if self.bytes[start..].starts_with(b"->") {
            return (start, start + 2);
        }
        let mut at = start;
        while let Some(found) = memmem::find(&self.bytes[at..], b"--") {
            let dashes = at + found;
            at = dashes + self.bytes[dashes..].iter().take_while(|&&byte| byte == b'-').count();
            // Comment end and comment end bang states: of many dashes the last two belong to the end.
            match (self.bytes.get(at), self.bytes.get(at + 1)) {
                (Some(b'>'), _) => return (at - 2, at + 1),
                (Some(b'!'), Some(b'>')) => return (at - 2, at + 2),
                (None, _) | (Some(b'!'), None) => return (at - 2, self.bytes.len()),
                _ => {}
            }
        }
        // Comment end dash state: a dash that the page ends with is not data.
        let end = self.bytes.len();
        (end - usize::from(self.bytes[start..].ends_with(b"-")), end)
    }
}
