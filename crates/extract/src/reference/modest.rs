//! Where the reference's parser (Modest, of 2018) reads a page otherwise than the HTML Standard, as far as the page's text can be
//! mended so that a parser by the Standard builds the same tree.
//!
//! - `</>` is text.  (In a head it goes as white space would: before a `body` tag the page is left alone.)
//! - A start tag that the end of the page cuts off behind its name counts; one that is cut off in its name is text, without its `<`; a
//!   lone `<` at the end goes, and takes the text before it along.
//! - `search` is no block: the Standard made it one in 2023.

use memchr::memmem;

/// Rewrites a page for a parser by the Standard.
pub(super) fn mend(page: String) -> String {
    let page = with_last_tag(page);
    let page = with_empty_end_tags(page);
    without_block(page, "search")
}

/// The page with its last tag closed, or as text, if the page ends within one.
fn with_last_tag(mut page: String) -> String {
    let tail = page.rfind('>').map_or(0, |end| end + 1);
    let is_tag = |&at: &usize| page.as_bytes().get(at + 1).is_some_and(u8::is_ascii_alphabetic);
    let start = memchr::memchr_iter(b'<', &page.as_bytes()[tail..]).map(|at| tail + at).find(is_tag);
    let Some(start) = start else {
        if page.ends_with('<') {
            page.truncate(tail);
        }
        return page;
    };
    match page[start..].find([' ', '\t', '\n', '\r', '\u{c}', '/']) {
        None => {
            page.remove(start);
        }
        Some(name) if closes(&page[start + name..]) => page.push('>'),
        Some(_) => {}
    }
    page
}

/// Where in a tag's attributes a character stands (HTML Standard 13.2.5.32 to .40).
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Place {
    Between,
    /// Behind a slash that may close the tag.
    Slash,
    Name,
    BehindName,
    BeforeValue,
    Value,
    Quoted(char),
}

/// Whether a tag's attributes end neither in quotes nor with a slash between them.
fn closes(attributes: &str) -> bool {
    let place = attributes.chars().fold(Place::Between, |place, c| match (place, c) {
        (Place::Quoted(quote), _) if c == quote => Place::Between,
        (Place::Quoted(_), _) => place,
        (Place::BeforeValue, '"' | '\'') => Place::Quoted(c),
        (Place::BeforeValue | Place::BehindName, c) if c.is_ascii_whitespace() => place,
        (Place::Name, c) if c.is_ascii_whitespace() => Place::BehindName,
        (_, c) if c.is_ascii_whitespace() => Place::Between,
        (Place::BeforeValue | Place::Value, _) => Place::Value,
        (_, '/') => Place::Slash,
        (Place::Name | Place::BehindName, '=') => Place::BeforeValue,
        _ => Place::Name,
    });
    !matches!(place, Place::Slash | Place::Quoted(_))
}

/// `</>` as text, from the `body` tag on where there is one.
fn with_empty_end_tags(page: String) -> String {
    const EMPTY: &str = "</>";
    if !page.contains(EMPTY) {
        return page;
    }
    let is_body = |&at: &usize| page.as_bytes()[at..].get(..5).is_some_and(|tag| tag.eq_ignore_ascii_case(b"<body"));
    let body = memchr::memchr_iter(b'<', page.as_bytes()).find(is_body);
    let (head, body) = page.split_at(body.unwrap_or(0));
    format!("{head}{}", body.replace(EMPTY, "&lt;/>"))
}

/// The tags of that name under one that no standard knows.
fn without_block(page: String, name: &str) -> String {
    let mut renamed = String::new();
    let mut copied = 0;
    for at in memmem::find_iter(page.as_bytes(), name) {
        let (before, after) = (&page[..at], &page[at + name.len()..]);
        let is_tag = before.ends_with('<') || before.ends_with("</");
        if is_tag && after.starts_with([' ', '\t', '\n', '\r', '\u{c}', '/', '>']) {
            renamed.push_str(&page[copied..at]);
            renamed.push_str("x-");
            copied = at;
        }
    }
    if copied == 0 {
        return page;
    }
    renamed + &page[copied..]
}

#[cfg(test)]
mod tests {
    use super::mend;

    fn mended(page: &str) -> String {
        mend(page.to_owned())
    }

    #[test]
    fn a_last_tag_that_is_cut_off_behind_its_name_counts() {
        for attributes in [" ", " src", " src=", " src=x/", " src='x' alt=\"y\"", " src= 'x' alt ", " a = b"] {
            assert_eq!(mended(&format!("a<img{attributes}")), format!("a<img{attributes}>"));
        }
        for page in ["a<img/", "a<img src='x", "a<img src=x /", "a<img src=x alt=\"", "a</p", "a<!-- b", "a<1", "a<b>c"]
        {
            assert_eq!(mended(page), page);
        }
    }

    #[test]
    fn a_last_tag_that_is_cut_off_in_its_name_is_text() {
        assert_eq!(mended("<p>a<di"), "<p>adi");
        assert_eq!(mended("<p>a<<di<v"), "<p>a<di<v");
        assert_eq!(mended("<p>a<"), "<p>");
    }

    #[test]
    fn empty_end_tags_are_text_in_the_body() {
        assert_eq!(mended("</><Body>a</>b"), "</><Body>a&lt;/>b");
        assert_eq!(mended("a</>b"), "a&lt;/>b");
    }

    #[test]
    fn search_is_an_unknown_element() {
        assert_eq!(mended("<search><p>research</search>"), "<x-search><p>research</x-search>");
        assert_eq!(mended("<searches>/search>"), "<searches>/search>");
    }
}
