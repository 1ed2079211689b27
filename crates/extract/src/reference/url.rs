//! Addresses as the reference joins and judges them.  Neither follows the URL Standard.

use std::borrow::Cow;

use unicode_normalization::UnicodeNormalization;

use super::python::is_space;

/// A page URL that the reference cannot split: it fails on the page.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) struct Unsplittable;

/// How an image's source becomes a URL.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) struct UrlRules {
    /// A source that begins so is a URL.
    pub(crate) absolute_prefix: String,
    /// Scheme before a source that begins with two slashes.
    pub(crate) network_path_scheme: String,
    /// Scheme before the page's host and any other source.
    pub(crate) path_scheme: String,
    /// Schemes of valid URLs.
    pub(crate) schemes: Vec<String>,
}

impl UrlRules {
    /// The URL of a source on a page.
    ///
    /// # Errors
    /// Where the page's URL is needed and cannot be split.
    pub(super) fn join(&self, page_url: &str, source: &str) -> Result<String, Unsplittable> {
        if source.starts_with(&self.absolute_prefix) {
            return Ok(source.to_owned());
        }
        if source.starts_with("//") {
            return Ok(format!("{}:{source}", self.network_path_scheme));
        }
        let path = without_dot_segments(source);
        let slash = if path.starts_with('/') { "" } else { "/" };
        Ok(format!("{}://{}{slash}{path}", self.path_scheme, host(page_url)?))
    }

    /// Whether a source becomes a URL with the page's host.
    pub(super) fn needs_host(&self, source: &str) -> bool {
        // Other schemes are taken for paths; nobody misses the bytes of a stand-in.
        !source.starts_with(&self.absolute_prefix) && !source.starts_with("//") && !source.starts_with("data:")
    }

    /// Whether a page's URL has no host to lend, as that of a file.
    pub(super) fn is_hostless(page_url: &str) -> bool {
        host(page_url).is_ok_and(|host| host.is_empty())
    }

    /// Whether a URL has a known scheme, a dotted host of ASCII letters, and a path without white space.
    pub(super) fn is_valid(&self, url: &str) -> bool {
        let Some((scheme, rest)) = url.split_once("://") else { return false };
        if !self.schemes.iter().any(|known| is_same_scheme(scheme, known)) {
            return false;
        }
        let end = rest.find(|c| !is_label(c) && c != '.').unwrap_or(rest.len());
        let (host, path) = rest.split_at(end);
        is_host(host) && is_path(path)
    }
}

/// Runs of full stops before a slash go, and the slash with them, wherever they stand.
fn without_dot_segments(source: &str) -> Cow<'_, str> {
    let mut pieces = source.split("./");
    let first = pieces.next().unwrap_or_default();
    if first.len() == source.len() {
        return Cow::Borrowed(source);
    }
    let mut path = String::with_capacity(source.len());
    let mut piece = first;
    for next in pieces {
        path.push_str(piece.trim_end_matches('.'));
        piece = next;
    }
    Cow::Owned(path + piece)
}

/// `urllib.parse.urlsplit(url).netloc`
fn host(url: &str) -> Result<Cow<'_, str>, Unsplittable> {
    let url = url.trim_start_matches(|c| c <= ' ');
    let url = if url.contains(['\t', '\r', '\n']) {
        Cow::Owned(url.replace(['\t', '\r', '\n'], ""))
    } else {
        Cow::Borrowed(url)
    };
    let is_scheme = |scheme: &str| {
        !scheme.is_empty() && scheme.bytes().all(|byte| byte.is_ascii_alphanumeric() || b"+-.".contains(&byte))
    };
    let start = url.find(':').filter(|&colon| is_scheme(&url[..colon])).map_or(0, |colon| colon + 1);
    let Some(rest) = url[start..].strip_prefix("//") else { return Ok(Cow::Borrowed("")) };
    let host = rest.split(['/', '?', '#']).next().unwrap_or_default();
    let brackets = host.contains('[') != host.contains(']');
    if brackets || (!host.is_ascii() && hides_delimiter(host)) {
        return Err(Unsplittable);
    }
    Ok(Cow::Owned(host.to_owned()))
}

/// Whether a host has a character that Unicode normalisation takes apart into a delimiter.
fn hides_delimiter(host: &str) -> bool {
    let plain = host.chars().filter(|c| !"@:#?".contains(*c));
    plain.nfkc().any(|c| "/?#@:".contains(c))
}

/// Equal but for case, and for the long s that folds to `s`.
fn is_same_scheme(scheme: &str, known: &str) -> bool {
    scheme.replace('ſ', "s").eq_ignore_ascii_case(known)
}

/// `[A-Z0-9-]` without regard to case: four characters beyond ASCII fold to a letter of it.
fn is_label(c: char) -> bool {
    is_alphanumeric(c) || c == '-'
}

fn is_alphanumeric(c: char) -> bool {
    c.is_ascii_alphanumeric() || matches!(c, 'İ' | 'ı' | 'ſ' | '\u{212a}')
}

/// Two labels or more; the last one is two characters or longer, and a full stop may follow it.
fn is_host(host: &str) -> bool {
    let host = host.strip_suffix('.').unwrap_or(host);
    let Some((labels, last)) = host.rsplit_once('.') else { return false };
    last.chars().nth(1).is_some() && labels.split('.').all(is_inner_label)
}

/// 1 to 63 characters, none of the outer ones a hyphen.
fn is_inner_label(label: &str) -> bool {
    !label.is_empty() && !label.starts_with('-') && !label.ends_with('-') && label.chars().nth(63).is_none()
}

/// Nothing, a slash, or a slash or question mark with characters that are no white space; a line end may follow.
fn is_path(path: &str) -> bool {
    let path = path.strip_suffix('\n').unwrap_or(path);
    match path.strip_prefix(['/', '?']) {
        Some(rest) => (!rest.is_empty() || path == "/") && !rest.contains(is_space),
        None => path.is_empty(),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn rules() -> UrlRules {
        UrlRules {
            absolute_prefix: "http".into(),
            network_path_scheme: "http".into(),
            path_scheme: "https".into(),
            schemes: ["http", "https", "ftp", "ftps"].map(str::to_owned).into(),
        }
    }

    #[test]
    fn sources_join_the_pages_host_whatever_its_path() {
        let join = |source| rules().join("http://a.example:8080/b/c?d", source).unwrap();
        assert_eq!(join("x.png"), "https://a.example:8080/x.png");
        assert_eq!(join("a/.././b.../x.png"), "https://a.example:8080/a/bx.png");
        assert_eq!(join("....//x.png"), "https://a.example:8080/x.png");
        assert_eq!(join("//b.example/x.png"), "http://b.example/x.png");
        assert_eq!(join("httpx.png"), "httpx.png");
        assert_eq!(rules().join("no url", "x").unwrap(), "https:///x");
        assert_eq!(rules().join("http://[::1/", "x"), Err(Unsplittable));
        assert_eq!(rules().join("http://\u{2100}.example/", "x"), Err(Unsplittable));
    }

    #[test]
    fn valid_urls_have_a_dotted_host() {
        let valid = |url: &str| rules().is_valid(url);
        for url in
            ["http://a.bc", "FTP://a.bc./", "https://a-b.c9/x", "http://a.b.cd?x", "http://a.bc/x\n", "httpſ://a.bc"]
        {
            assert!(valid(url), "{url:?}");
        }
        for url in [
            "http://localhost/x",
            "http://a.b/x",
            "http://-a.bc",
            "http://a..bc",
            "http://a.bc:80/",
            "http://u@a.bc/",
            "http://a.bc/x y",
            "http://a.bc?",
            "http://é.bc/",
            "http://a.bc#x",
            "data:x.yz",
        ] {
            assert!(!valid(url), "{url:?}");
        }
        assert!(valid(&format!("http://{}.bc", "a".repeat(63))));
        assert!(!valid(&format!("http://{}.bc", "a".repeat(64))));
    }
}
