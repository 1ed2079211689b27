//! What can be said of a page without building its tree: enough to pass over pages that nobody wants.

use memchr::{memchr, memchr3, memmem};

/// Elements that an image node can come from, one node from one start tag at most.  `image` is what the parser reads as
/// `img`.  A `source` stands in a `picture` or beside an `img`.
const IMAGE_ELEMENTS: [&[u8]; 7] = [b"img", b"image", b"amp-img", b"amp-anim", b"picture", b"figure", b"video"];

/// Elements whose content is no text that a reader sees.
const SILENT: [&[u8]; 9] =
    [b"script", b"style", b"noscript", b"iframe", b"textarea", b"noembed", b"noframes", b"xmp", b"title"];

/// Longest character reference that is looked for, in bytes.
const LONGEST_REFERENCE: usize = 12;

/// Counts the start tags from which a profile could make an image, up to `max`.  A page has at most so many image nodes:
/// those in comments and scripts count too, since nothing is parsed.
///
/// `body` is the page as received, in any encoding: NUL bytes are passed over, so that UTF-16 is read as it stands, and in
/// all other encodings of the Encoding Standard these bytes are ASCII.
pub fn count_image_tags(body: &[u8], max: u64) -> u64 {
    let mut count = 0;
    let mut rest = body;
    while count < max
        && let Some(at) = memchr(b'<', rest)
    {
        rest = &rest[at + 1..];
        count += u64::from(begins_image(rest));
    }
    count
}

fn begins_image(rest: &[u8]) -> bool {
    IMAGE_ELEMENTS.iter().any(|name| {
        let mut bytes = rest.iter().filter(|&&byte| byte != 0).map(u8::to_ascii_lowercase);
        bytes.by_ref().take(name.len()).eq(name.iter().copied())
            && bytes.next().is_none_or(|byte| matches!(byte, b'\t' | b'\n' | 0x0c | b'\r' | b' ' | b'/' | b'>'))
    })
}

/// The text of a page, up to `max_chars` characters: what stands between tags, each tag and white space a space.
///
/// Rough on purpose, for a look at the words: hidden parts and menus are in it, scripts and styles are not, and of
/// character references only numeric ones are read.
pub fn skim_text(html: &str, max_chars: usize) -> String {
    let mut text = String::new();
    let mut chars = 0;
    let mut rest = html;
    while chars < max_chars {
        let end = memchr(b'<', rest.as_bytes()).unwrap_or(rest.len());
        let (run, markup) = rest.split_at(end);
        chars = push_run(&mut text, chars, run, max_chars);
        if markup.is_empty() {
            break;
        }
        rest = behind_tag(markup);
        chars = push_run(&mut text, chars, " ", max_chars);
    }
    text
}

/// What follows the tag, comment or lone `<` that `markup` begins with.
fn behind_tag(markup: &str) -> &str {
    let bytes = markup.as_bytes();
    let end = if bytes.starts_with(b"<!--") {
        memmem::find(bytes, b"-->").map(|at| at + 3)
    } else {
        match bytes.get(1) {
            Some(b'!' | b'?' | b'/') => memchr(b'>', bytes).map(|at| at + 1),
            Some(byte) if byte.is_ascii_alphabetic() => end_of_start_tag(bytes).map(|end| behind_silent(bytes, end)),
            _ => Some(1),
        }
    };
    // All of these ends stand behind an ASCII character.
    end.and_then(|end| markup.get(end..)).unwrap_or_default()
}

/// Where a start tag ends: at a `>` that stands in no quoted value.
fn end_of_start_tag(bytes: &[u8]) -> Option<usize> {
    let mut at = 1;
    loop {
        at += memchr3(b'>', b'"', b'\'', &bytes[at..])?;
        let byte = bytes[at];
        at += 1;
        if byte == b'>' {
            return Some(at);
        }
        // A quote is one only where a value begins; elsewhere it is a letter like others.
        if bytes[..at - 1].trim_ascii_end().ends_with(b"=") {
            at += memchr(byte, &bytes[at..])? + 1;
        }
    }
}

/// The end of the element where its content is no text, else of its start tag.
fn behind_silent(bytes: &[u8], tag_end: usize) -> usize {
    let name = &bytes[1..tag_end];
    let name = &name[..name.iter().position(|byte| !byte.is_ascii_alphanumeric()).unwrap_or(name.len())];
    if !SILENT.iter().any(|silent| silent.eq_ignore_ascii_case(name)) {
        return tag_end;
    }
    let closes = |at: &usize| {
        let tag = &bytes[at + 2..];
        tag.len() >= name.len() && tag[..name.len()].eq_ignore_ascii_case(name)
    };
    let content = &bytes[tag_end..];
    memmem::find_iter(content, b"</").map(|at| tag_end + at).find(closes).unwrap_or(bytes.len())
}

/// Appends the characters of a run of text, white space as one space, until `text` has `max_chars`; gives how many it has.
fn push_run(text: &mut String, mut chars: usize, run: &str, max_chars: usize) -> usize {
    let mut rest = run;
    while chars < max_chars
        && let Some(c) = rest.chars().next()
    {
        rest = &rest[c.len_utf8()..];
        let c = match c {
            '&' => reference(&mut rest),
            c if c.is_whitespace() => ' ',
            c => c,
        };
        if c != ' ' || !text.ends_with(' ') {
            text.push(c);
            chars += 1;
        }
    }
    chars
}

/// What the character reference whose `&` stood before `rest` stands for; a space where it has a name or is none.
fn reference(rest: &mut &str) -> char {
    let Some(end) = rest.bytes().take(LONGEST_REFERENCE).position(|byte| byte == b';') else { return ' ' };
    let (reference, after) = rest.split_at(end);
    *rest = &after[1..];
    numeric(reference).unwrap_or(' ')
}

fn numeric(reference: &str) -> Option<char> {
    let digits = reference.strip_prefix('#')?;
    let hexadecimal = digits.strip_prefix(['x', 'X']);
    let code = hexadecimal.map_or_else(|| digits.parse().ok(), |digits| u32::from_str_radix(digits, 16).ok())?;
    char::from_u32(code)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn every_tag_that_can_hold_an_image_counts_in_any_case() {
        let page = b"<p><IMG src=a><Picture><source><img/></picture><amp-img\n src=b><figure>a</figure><video><image>";
        assert_eq!(count_image_tags(page, 100), 7);
        assert_eq!(count_image_tags(page, 2), 2);
        assert_eq!(count_image_tags(b"<images><imgs><p>img <figcaption></figure>< img><i mg>", 100), 0);
        assert_eq!(count_image_tags(b"", 1), 0);
    }

    #[test]
    fn tags_are_seen_in_utf_16() {
        for bytes in [u16::to_le_bytes, u16::to_be_bytes] {
            let utf_16 = |text: &str| text.encode_utf16().flat_map(bytes).collect::<Vec<u8>>();
            assert_eq!(count_image_tags(&utf_16("<p>\u{3c}<img src=a.png>"), 9), 1);
            assert_eq!(count_image_tags(&utf_16("<p>no tag"), 9), 0);
        }
    }

    #[test]
    fn the_text_between_tags_is_read_and_nothing_else() {
        let page =
            "<!doctype html><title>Title</title><style>p{}</style><!-- a > b --><p title='a > b' class=it's>Tea&#44; \n
            <b>gr&#xFC;n</b>&nbsp;&amp so <script>'</p>'</SCRIPT >on<br>1 < 2";
        assert_eq!(
            skim_text(page, 100).split_whitespace().collect::<Vec<_>>(),
            ["Tea,", "grün", "amp", "so", "on", "1", "2"]
        );
        assert_eq!(skim_text("<p>潮汐は月と太陽", 4), " 潮汐は");
        assert_eq!(skim_text(&"<b>a ".repeat(1000), 6), " a a a");
    }

    #[test]
    fn unfinished_markup_ends_the_text() {
        for page in ["a<", "a<p", "a<p b='", "a<!--", "a<script>b", "a</", "a<?", "a&", "a&#x110000;", "a<a b=\"é"] {
            assert_eq!(skim_text(page, 100).trim(), "a", "{page:?}");
        }
    }
}
