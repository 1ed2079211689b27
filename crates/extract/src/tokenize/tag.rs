//! Tags and their attributes.

use html5ever::tendril::StrTendril;
use html5ever::tokenizer::{Tag, TagKind, Token};
use html5ever::{Attribute, LocalName, QualName, ns};
use memchr::{memchr, memchr3};

use super::wanted::{Keeps, element};
use super::{Content, Sink, Tokenizer};

/// What a byte ends.
const SPACE: u8 = 1;
const TAG_NAME: u8 = 2;
const ATTRIBUTE_NAME: u8 = 4;
const UNQUOTED_VALUE: u8 = 8;

const ENDS: [u8; 256] = {
    let mut ends = [0; 256];
    let spaces = [b'\t', b'\n', b'\x0c', b' '];
    let mut k = 0;
    while k < spaces.len() {
        ends[spaces[k] as usize] = SPACE | TAG_NAME | ATTRIBUTE_NAME | UNQUOTED_VALUE;
        k += 1;
    }
    ends[b'/' as usize] = TAG_NAME | ATTRIBUTE_NAME;
    ends[b'>' as usize] = TAG_NAME | ATTRIBUTE_NAME | UNQUOTED_VALUE;
    ends[b'=' as usize] = ATTRIBUTE_NAME;
    ends
};

/// The end of the page within a tag: the standard drops the tag.
struct Unfinished;

/// The attributes of a tag in the making.
struct Found {
    attributes: Vec<Attribute>,
    keeps: Keeps,
    has_duplicates: bool,
    self_closing: bool,
}

impl Found {
    /// Whether the tag has no attribute of that name yet: the first one counts.
    fn is_new(&mut self, name: &LocalName) -> bool {
        let is_new = self.attributes.iter().all(|attribute| attribute.name.local != *name);
        self.has_duplicates |= !is_new;
        is_new
    }
}

impl<S: Sink> Tokenizer<'_, S> {
    /// Tag open state (13.2.5.6), behind a `<` that opens something.
    pub(super) fn markup(&mut self) {
        match self.peek(0) {
            Some(b'!') => {
                self.at += 1;
                self.markup_declaration();
            }
            Some(b'/') => {
                self.at += 1;
                // End tag open state (13.2.5.7).
                match self.peek(0) {
                    Some(b'>') => self.at += 1,
                    Some(byte) if byte.is_ascii_alphabetic() => self.end_tag(),
                    _ => self.bogus_comment(),
                }
            }
            Some(b'?') => self.bogus_comment(),
            _ => self.start_tag(),
        }
    }

    /// A start tag, from its name on.
    fn start_tag(&mut self) {
        let name = self.tag_name();
        let mut found = Found {
            attributes: self.sink.spare(),
            keeps: self.wanted.attributes_of(&name),
            has_duplicates: false,
            self_closing: false,
        };
        if self.attributes(&mut found).is_err() {
            return self.drop_rest();
        }
        self.keeps_text = self.wanted.text_of(&name, &found.attributes);
        self.last_start_tag = name.clone();
        self.emit(Token::TagToken(Tag {
            kind: TagKind::StartTag,
            name,
            self_closing: found.self_closing,
            attrs: found.attributes,
            had_duplicate_attributes: found.has_duplicates,
        }));
    }

    /// An end tag, from its name on.  Its attributes mean nothing.
    pub(super) fn end_tag(&mut self) {
        let name = self.tag_name();
        let mut found =
            Found { attributes: Vec::new(), keeps: Keeps::None, has_duplicates: false, self_closing: false };
        if self.attributes(&mut found).is_err() {
            return self.drop_rest();
        }
        self.content = Content::Data;
        self.emit(Token::TagToken(Tag {
            kind: TagKind::EndTag,
            name,
            self_closing: found.self_closing,
            attrs: found.attributes,
            had_duplicate_attributes: false,
        }));
    }

    /// Tag name state (13.2.5.8).
    fn tag_name(&mut self) -> LocalName {
        let start = self.at;
        self.at = self.end_of(start, TAG_NAME);
        element(&self.text[start..self.at])
    }

    /// Where the first byte from `at` on stands that ends such a thing, or the page's end.
    fn end_of(&self, at: usize, what: u8) -> usize {
        let rest = &self.bytes[at..];
        at + rest.iter().position(|&byte| ENDS[usize::from(byte)] & what != 0).unwrap_or(rest.len())
    }

    fn skip_space(&mut self) {
        while self.peek(0).is_some_and(|byte| ENDS[usize::from(byte)] & SPACE != 0) {
            self.at += 1;
        }
    }

    /// Attribute states and self-closing start tag state (13.2.5.32 to .40), up to behind the tag's `>`.
    fn attributes(&mut self, found: &mut Found) -> Result<(), Unfinished> {
        loop {
            // Before attribute name state.
            self.skip_space();
            match self.peek(0).ok_or(Unfinished)? {
                b'>' => {
                    self.at += 1;
                    return Ok(());
                }
                b'/' => {
                    self.at += 1;
                    if self.peek(0).ok_or(Unfinished)? == b'>' {
                        self.at += 1;
                        found.self_closing = true;
                        return Ok(());
                    }
                }
                _ => self.attribute(found)?,
            }
        }
    }

    /// One attribute.
    fn attribute(&mut self, found: &mut Found) -> Result<(), Unfinished> {
        // Attribute name state; a name may begin with `=`.
        let name = self.at;
        let name_end = self.end_of(name + 1, ATTRIBUTE_NAME);
        self.at = name_end;
        let wanted = if found.attributes.len() < self.max_attributes {
            self.wanted.attribute(&self.text[name..name_end], found.keeps)
        } else {
            None
        };
        let local = wanted.filter(|local| found.is_new(local) || self.wanted.keeps_repeated());
        let keeps = local.is_some();
        // After attribute name state.
        self.skip_space();
        let mut value = StrTendril::new();
        if self.peek(0).ok_or(Unfinished)? == b'=' {
            // Before attribute value state.
            self.at += 1;
            self.skip_space();
            value = match self.peek(0).ok_or(Unfinished)? {
                quote @ (b'"' | b'\'') => self.quoted_value(quote, keeps)?,
                _ => self.unquoted_value(keeps),
            };
        }
        let Some(local) = local else { return Ok(()) };
        // The tree builder gives the attributes of foreign elements their namespaces.
        found.attributes.push(Attribute { name: QualName::new(None, ns!(), local), value });
        Ok(())
    }

    /// Attribute value states in quotes (13.2.5.36 and .37); empty unless it is kept.
    fn quoted_value(&mut self, quote: u8, keeps: bool) -> Result<StrTendril, Unfinished> {
        let start = self.at + 1;
        let rest = &self.bytes[start..];
        if keeps {
            // Most values have nothing to decode: they are found in one look.
            let found = memchr3(quote, b'&', 0, rest).ok_or(Unfinished)?;
            if rest[found] == quote {
                self.at = start + found + 1;
                return Ok(self.slice(start, start + found));
            }
        }
        let end = start + memchr(quote, rest).ok_or(Unfinished)?;
        self.at = end + 1;
        Ok(if keeps { self.decoded_value(start, end) } else { StrTendril::new() })
    }

    /// Attribute value state without quotes (13.2.5.38); empty unless it is kept.
    fn unquoted_value(&mut self, keeps: bool) -> StrTendril {
        let start = self.at;
        self.at = self.end_of(start, UNQUOTED_VALUE);
        if keeps { self.decoded_value(start, self.at) } else { StrTendril::new() }
    }
}
