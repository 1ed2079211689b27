//! Text outside of raw text: data, plaintext and CDATA sections.

use html5ever::tendril::StrTendril;
use html5ever::tokenizer::Token;

use super::reference::{Place, reference};
use super::{Content, Sink, Tokenizer};

impl<S: Sink> Tokenizer<'_, S> {
    /// Data state (13.2.5.1): text up to the next tag, comment, character reference or U+0000, and that.
    pub(super) fn data(&mut self) {
        let start = self.at;
        let mut at = start;
        while let Some(found) = memchr::memchr3(b'<', b'&', 0, &self.bytes[at..]) {
            at += found;
            match self.bytes[at] {
                b'<' if self.opens_markup(at + 1) => {
                    self.characters(start, at);
                    self.at = at + 1;
                    return self.markup();
                }
                b'&' => {
                    if let Some(found) = reference(&self.text[at..], Place::Text) {
                        self.characters(start, at);
                        self.at = at + found.bytes;
                        let mut text = StrTendril::new();
                        found.push_to(&mut text);
                        return self.emit(Token::CharacterTokens(text));
                    }
                }
                0 => {
                    self.characters(start, at);
                    self.at = at + 1;
                    return self.emit(Token::NullCharacterToken);
                }
                // A sign that opens nothing is text.
                _ => {}
            }
            at += 1;
        }
        self.at = self.bytes.len();
        self.characters(start, self.at);
    }

    /// Whether something other than text begins with `<` and what stands at `at` (13.2.5.6 and .7, tag open and end tag open states).
    fn opens_markup(&self, at: usize) -> bool {
        match self.bytes.get(at) {
            Some(b'!' | b'?') => true,
            Some(b'/') => at + 1 < self.bytes.len(),
            Some(byte) => byte.is_ascii_alphabetic(),
            None => false,
        }
    }

    /// Hands over a piece of the page as text, if there is any.
    pub(super) fn characters(&mut self, start: usize, end: usize) {
        if start < end {
            self.emit(Token::CharacterTokens(self.slice(start, end)));
        }
    }

    /// PLAINTEXT state (13.2.5.5): all the rest.
    pub(super) fn plaintext(&mut self) {
        let start = self.at;
        self.at = self.bytes.len();
        self.emit(Token::CharacterTokens(self.replaced(start, self.at)));
    }

    /// CDATA section states (13.2.5.69 to .71): text up to `]]>`.  U+0000 is left to the tree builder.
    pub(super) fn cdata_section(&mut self) {
        let start = self.at;
        let found = memchr::memmem::find(&self.bytes[start..], b"]]>");
        let end = found.map_or(self.bytes.len(), |found| start + found);
        let mut at = start;
        while let Some(found) = memchr::memchr(0, &self.bytes[at..end]) {
            self.characters(at, at + found);
            self.emit(Token::NullCharacterToken);
            at += found + 1;
        }
        self.characters(at, end);
        self.content = Content::Data;
        self.at = if found.is_some() { end + 3 } else { end };
    }
}
