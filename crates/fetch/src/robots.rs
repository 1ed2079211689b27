//! robots.txt, as RFC 9309 reads it.

/// Bytes of a robots.txt that are read; what is behind is not (RFC 9309, section 2.5, asks for 500 KiB at least).
pub(crate) const MAX_BYTES: usize = 500 * 1024;

/// What a site's robots.txt says to one crawler.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub(crate) struct Robots {
    rules: Vec<Rule>,
}

#[derive(Clone, Debug, PartialEq, Eq)]
struct Rule {
    allows: bool,
    /// With `*` for anything, and perhaps `$` at the end.
    pattern: Vec<u8>,
}

impl Robots {
    /// Nothing may be asked for: of a site whose robots.txt cannot be had now (RFC 9309, section 2.3.1.4).
    pub(crate) fn nothing() -> Self {
        Self::only("/")
    }

    /// What a pattern matches may not be asked for, all else may.
    pub(crate) fn only(pattern: &str) -> Self {
        Self { rules: vec![Rule { allows: false, pattern: normal(pattern.as_bytes()) }] }
    }

    /// The rules for a crawler of this product token: those of all groups that name it, else of those for `*`.
    pub(crate) fn new(text: &[u8], product: &str) -> Self {
        let text = text.get(..MAX_BYTES).unwrap_or(text);
        let text = text.strip_prefix(b"\xEF\xBB\xBF").unwrap_or(text);
        let (mut own, mut any) = (Vec::new(), Vec::new());
        let (mut is_named, mut for_own, mut for_any, mut in_names) = (false, false, false, false);
        for line in text.split(|byte| matches!(byte, b'\n' | b'\r')) {
            let line = line.split(|byte| *byte == b'#').next().unwrap_or_default();
            let Some(colon) = line.iter().position(|byte| *byte == b':') else { continue };
            let (key, value) = (line[..colon].trim_ascii(), line[colon + 1..].trim_ascii());
            if key.eq_ignore_ascii_case(b"user-agent") {
                if !in_names {
                    (for_own, for_any, in_names) = (false, false, true);
                }
                let token: &[u8] = value.split(|byte| !is_token(*byte)).next().unwrap_or_default();
                for_any |= value == b"*";
                for_own |= !token.is_empty() && token.eq_ignore_ascii_case(product.as_bytes());
                is_named |= for_own;
                continue;
            }
            let allows = key.eq_ignore_ascii_case(b"allow");
            if !allows && !key.eq_ignore_ascii_case(b"disallow") {
                // Other records do not end a list of names (section 2.2.4).
                continue;
            }
            in_names = false;
            if value.is_empty() {
                continue;
            }
            let rule = Rule { allows, pattern: normal(value) };
            if for_own {
                own.push(rule.clone());
            }
            if for_any {
                any.push(rule);
            }
        }
        Self { rules: if is_named { own } else { any } }
    }

    /// Whether the path of a URL, with its query, may be asked for: the longest pattern that matches says so, and of equally long ones that which allows.
    pub(crate) fn allow(&self, path: &str) -> bool {
        let path = normal(path.as_bytes());
        if path == b"/robots.txt" {
            return true;
        }
        let matching = self.rules.iter().filter(|rule| matches(&rule.pattern, &path));
        matching.max_by_key(|rule| (rule.pattern.len(), rule.allows)).is_none_or(|rule| rule.allows)
    }
}

/// Characters of a product token (RFC 9309, section 2.2.1).
fn is_token(byte: u8) -> bool {
    byte.is_ascii_alphabetic() || matches!(byte, b'_' | b'-')
}

/// Percent-encoding as it is compared: what need not be encoded is not, all else is, in upper case (section 2.2.2).
fn normal(path: &[u8]) -> Vec<u8> {
    let mut normal = Vec::with_capacity(path.len());
    let mut rest = path;
    while let [byte, tail @ ..] = rest {
        rest = tail;
        let digits = tail.get(..2).and_then(|digits| std::str::from_utf8(digits).ok());
        let encoded = digits.filter(|_| *byte == b'%').and_then(|digits| u8::from_str_radix(digits, 16).ok());
        match encoded {
            Some(byte) if byte.is_ascii_alphanumeric() || matches!(byte, b'-' | b'.' | b'_' | b'~') => {
                normal.push(byte)
            }
            Some(byte) => normal.extend(format!("%{byte:02X}").bytes()),
            None if byte.is_ascii_graphic() => normal.push(*byte),
            None => normal.extend(format!("%{byte:02X}").bytes()),
        }
        if encoded.is_some() {
            rest = rest.get(2..).unwrap_or_default();
        }
    }
    normal
}

/// Whether a pattern matches the beginning of a path, or all of it where it ends with `$`.  Time is at most the product of both lengths.
fn matches(pattern: &[u8], path: &[u8]) -> bool {
    let (pattern, to_end) = match pattern.strip_suffix(b"$") {
        Some(pattern) => (pattern, true),
        None => (pattern, false),
    };
    let mut pieces = pattern.split(|byte| *byte == b'*');
    let Some(mut rest) = pieces.next().and_then(|first| path.strip_prefix(first)) else { return false };
    let pieces: Vec<&[u8]> = pieces.collect();
    let Some((last, between)) = pieces.split_last() else { return !to_end || rest.is_empty() };
    for piece in between {
        let Some(at) = find(rest, piece) else { return false };
        rest = &rest[at + piece.len()..];
    }
    if to_end { rest.ends_with(last) } else { find(rest, last).is_some() }
}

fn find(text: &[u8], piece: &[u8]) -> Option<usize> {
    if piece.is_empty() { Some(0) } else { text.windows(piece.len()).position(|window| window == piece) }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn allow(text: &str, path: &str) -> bool {
        Robots::new(text.as_bytes(), "obelisc").allow(path)
    }

    #[test]
    fn the_group_that_names_the_crawler_is_the_only_one_that_counts() {
        let text = "User-agent: *\nDisallow: /\n\nUSER-AGENT: other\nuser-agent: Obelisc/1.0 # us\nCrawl-delay: 3\n\
                    Disallow: /a\n\nUser-agent: obelisc\nDisallow: /b\n";
        for (path, expected) in [("/", true), ("/a", false), ("/abc/d", false), ("/b", false), ("/c", true)] {
            assert_eq!(allow(text, path), expected, "{path}");
        }
        assert!(!allow("User-agent: *\nDisallow: /\n", "/x") && allow("User-agent: *\nDisallow: /\n", "/robots.txt"));
        assert!(allow("User-agent: other\nDisallow: /\n", "/x") && allow("", "/x"));
        assert!(allow("User-agent: *\nDisallow: /\nUser-agent: obelisc\nDisallow:\n", "/x"));
        assert!(!allow("User-agent: a\nUser-agent: *\nDisallow: /\n", "/x"));
    }

    #[test]
    fn the_longest_pattern_decides_and_allow_wins_a_tie() {
        let text = "User-agent: *\r\nAllow: /example/page/\r\nDisallow: /example/page/disallowed.gif\r\nDisallow: /a\r\nAllow: /a\r\n";
        for (path, expected) in
            [("/example/page/1", true), ("/example/page/disallowed.gif", false), ("/a", true), ("/A", true)]
        {
            assert_eq!(allow(text, path), expected, "{path}");
        }
        assert!(!allow("User-agent: *\nAllow: /p\nDisallow: /*.gif$\n", "/p/x.gif"));
    }

    #[test]
    fn stars_and_the_end_are_read_as_such() {
        for (pattern, path, matching) in [
            ("/*.gif$", "/a/b.gif", true),
            ("/*.gif$", "/a/b.gif?x", false),
            ("/*.gif", "/a/b.gif?x", true),
            ("/a*b*c", "/axxbyyc/z", true),
            ("/a*b*c", "/axxcyyb", false),
            ("*", "/x", true),
            ("/a*$", "/abc", true),
            ("/$", "/", true),
            ("/$", "/a", false),
            ("/a*a$", "/a", false),
            ("/x%2fy", "/x%2Fy", true),
            ("/x/y", "/x%2Fy", false),
            ("/%7ejoe", "/~joe", true),
            ("/ü", "/%C3%BC", true),
            ("/%", "/%", true),
        ] {
            let text = format!("User-agent: *\nDisallow: {pattern}\n");
            assert_eq!(!allow(&text, path), matching, "{pattern} {path}");
        }
    }

    #[test]
    fn what_is_no_robots_txt_forbids_nothing_and_does_no_harm() {
        for text in ["<!doctype html><p>Not found: /", "Disallow: /", "\0\u{FFFD}:::", ":", "User-agent\nDisallow /"] {
            assert!(allow(text, "/x"), "{text}");
        }
        assert!(!allow("\u{FEFF}User-agent: *\nDisallow: /", "/x"));
        let long = format!("User-agent: *\nDisallow: /{}\n", "*a".repeat(5000));
        assert!(allow(&long, &format!("/{}", "a".repeat(4000))));
        assert!(!Robots::nothing().allow("/x"));
    }
}
