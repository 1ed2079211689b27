//! Doctypes.

use html5ever::tendril::StrTendril;
use html5ever::tokenizer::{Doctype, Token};
use memchr::{memchr, memchr2};

use super::{Sink, Tokenizer, is_space};

/// How a part of a doctype ended.
enum End {
    /// More may come.
    Open,
    /// At `>` or at the end of the page.
    Closed,
    /// In something that a doctype does not have.
    Bogus,
}

impl<S: Sink> Tokenizer<'_, S> {
    /// Doctype states (13.2.5.53 to .68), behind `<!doctype`.
    pub(super) fn doctype(&mut self) {
        let mut doctype = Doctype::default();
        if matches!(self.doctype_parts(&mut doctype), End::Bogus) {
            // Bogus doctype state.
            let rest = &self.bytes[self.at..];
            self.at += memchr(b'>', rest).unwrap_or(rest.len());
        }
        // Past the `>`, if there is one.
        self.at = (self.at + 1).min(self.bytes.len());
        self.emit(Token::DoctypeToken(doctype));
    }

    /// Reads up to the `>` or to what makes the doctype bogus.
    fn doctype_parts(&mut self, doctype: &mut Doctype) -> End {
        // Before doctype name and doctype name states.
        self.skip_spaces();
        let start = self.at;
        let is_name = |byte: &u8| !is_space(*byte) && *byte != b'>';
        self.at += self.bytes[start..].iter().take_while(|byte| is_name(byte)).count();
        if start < self.at {
            doctype.name = Some(StrTendril::from(self.replaced(start, self.at).to_ascii_lowercase()));
        }
        // After doctype name state.
        self.skip_spaces();
        match self.peek(0) {
            None => doctype.force_quirks = true,
            Some(b'>') => doctype.force_quirks = doctype.name.is_none(),
            Some(_) => {
                let word = self.bytes.get(self.at..self.at + "public".len()).unwrap_or_default();
                let (public, system) = (word.eq_ignore_ascii_case(b"public"), word.eq_ignore_ascii_case(b"system"));
                if !public && !system {
                    doctype.force_quirks = true;
                    return End::Bogus;
                }
                self.at += word.len();
                return self.doctype_identifiers(doctype, public);
            }
        }
        End::Closed
    }

    /// From behind the keyword `PUBLIC` or `SYSTEM`.
    fn doctype_identifiers(&mut self, doctype: &mut Doctype, public: bool) -> End {
        if public {
            let end = self.doctype_identifier(&mut doctype.public_id, &mut doctype.force_quirks, true);
            if !matches!(end, End::Open) {
                return end;
            }
        }
        let end = self.doctype_identifier(&mut doctype.system_id, &mut doctype.force_quirks, !public);
        if !matches!(end, End::Open) {
            return end;
        }
        // After doctype system identifier state: what is too much does not ask for quirks.
        self.skip_spaces();
        match self.peek(0) {
            None => {
                doctype.force_quirks = true;
                End::Closed
            }
            Some(b'>') => End::Closed,
            Some(_) => End::Bogus,
        }
    }

    /// A quoted identifier, with the spaces before it.
    fn doctype_identifier(&mut self, id: &mut Option<StrTendril>, force_quirks: &mut bool, is_required: bool) -> End {
        self.skip_spaces();
        let quote = match self.peek(0) {
            Some(quote @ (b'"' | b'\'')) => quote,
            Some(b'>') => {
                *force_quirks |= is_required;
                return End::Closed;
            }
            None => {
                *force_quirks = true;
                return End::Closed;
            }
            Some(_) => {
                *force_quirks = true;
                return End::Bogus;
            }
        };
        let start = self.at + 1;
        let found = memchr2(quote, b'>', &self.bytes[start..]);
        let end = found.map_or(self.bytes.len(), |found| start + found);
        *id = Some(self.replaced(start, end));
        if self.bytes.get(end) == Some(&quote) {
            self.at = end + 1;
            return End::Open;
        }
        self.at = end;
        *force_quirks = true;
        End::Closed
    }

    fn skip_spaces(&mut self) {
        self.at += self.bytes[self.at..].iter().take_while(|&&byte| is_space(byte)).count();
    }
}
