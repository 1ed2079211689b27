//! What the address of an image says.

use std::borrow::Cow;

use url::Url;

use crate::Profile;

/// Resolves by the URL Standard; `None` for what is not http or https, or too long.
pub(crate) fn resolve(base: Option<&Url>, reference: &str, max_bytes: usize) -> Option<Url> {
    let reference = reference.trim();
    if reference.is_empty() || reference.len() > max_bytes {
        return None;
    }
    let mut url = match base {
        Some(base) => base.join(reference).ok()?,
        None => Url::parse(reference).ok()?,
    };
    if !matches!(url.scheme(), "http" | "https") || url.host_str().is_none_or(str::is_empty) {
        return None;
    }
    url.set_fragment(None);
    (url.as_str().len() <= max_bytes).then_some(url)
}

/// Last part of a path, without query and fragment.
fn file_name(reference: &str) -> &str {
    let path = &reference[..memchr::memchr2(b'?', b'#', reference.as_bytes()).unwrap_or(reference.len())];
    &path[memchr::memrchr(b'/', path.as_bytes()).map_or(0, |slash| slash + 1)..]
}

fn stem(file_name: &str) -> &str {
    file_name.rsplit_once('.').map_or(file_name, |(stem, _)| stem)
}

/// Whether the name of the file says that nothing is to be seen in it.
pub(crate) fn is_placeholder(reference: &str, profile: &Profile) -> bool {
    let stem = stem(file_name(reference)).to_ascii_lowercase();
    if stem.len() > 64 {
        return false;
    }
    let (mut named, mut tiny) = (false, false);
    for token in stem.split(['-', '_', '.', '+', ' ']).filter(|token| !token.is_empty()) {
        if token == "1x1" {
            tiny = true;
            continue;
        }
        for word in token.split(|c: char| c.is_ascii_digit()).filter(|word| !word.is_empty()) {
            if profile.placeholder_words.contains(word) {
                named = true;
            } else if !profile.placeholder_fillers.contains(word) {
                return false;
            }
        }
    }
    named || tiny
}

/// The format that the file's ending names, as Rust's and the web's names of it go; `None` without one that is known.
pub(crate) fn format(reference: &str) -> Option<&'static str> {
    let (_, suffix) = file_name(reference).rsplit_once('.')?;
    let known = [
        ("jpeg", "jpeg"),
        ("jpg", "jpeg"),
        ("jpe", "jpeg"),
        ("jfif", "jpeg"),
        ("pjpeg", "jpeg"),
        ("png", "png"),
        ("webp", "webp"),
        ("gif", "gif"),
        ("avif", "avif"),
        ("svg", "svg"),
        ("svgz", "svg"),
        ("bmp", "bmp"),
        ("ico", "ico"),
        ("tif", "tiff"),
        ("tiff", "tiff"),
        ("jxl", "jxl"),
        ("heic", "heic"),
    ];
    known.iter().find(|(name, _)| name.eq_ignore_ascii_case(suffix)).map(|&(_, format)| format)
}

/// Without the suffix by which a resized copy names its size (`-300x200`, `_300x`, `_640w`), where it has one.
pub(crate) fn without_size(url: &Url) -> Option<String> {
    let path = url.path();
    let name = file_name(path);
    let (bare, suffix) = bare_name(name)?;
    let folder = &path[..path.len() - name.len()];
    Some(format!("{}{folder}{bare}.{suffix}", url.origin().ascii_serialization()))
}

/// The name of a file, if it has a suffix that names a size, without that; and its ending.
fn bare_name(name: &str) -> Option<(&str, &str)> {
    let (stem, suffix) = name.rsplit_once('.')?;
    let (bare, size) = stem.rsplit_once(['-', '_'])?;
    let is_number = |text: &str| (2..=4).contains(&text.len()) && text.bytes().all(|byte| byte.is_ascii_digit());
    let is_size = match size.split_once('x') {
        Some((width, height)) => is_number(width) && (height.is_empty() || is_number(height)),
        None => size.strip_suffix('w').is_some_and(is_number),
    };
    (is_size && !bare.is_empty()).then_some((bare, suffix))
}

/// Host and path: the file, whatever the query asks of it.
pub(crate) fn file(url: &Url) -> String {
    format!("{}{}", url.origin().ascii_serialization(), url.path())
}

/// Width in pixels that the address asks for: by the suffix of its name, or in its query.
pub(crate) fn width(url: &Url) -> Option<u32> {
    let stem = stem(file_name(url.path()));
    let by_suffix = stem.rsplit_once(['-', '_']).and_then(|(_, size)| match size.split_once('x') {
        Some((width, "")) => width.parse().ok(),
        Some((width, height)) => height.parse::<u32>().ok().and_then(|_| width.parse().ok()),
        None => size.strip_suffix('w').and_then(|width| width.parse().ok()),
    });
    let by_query = || {
        let names = ["w", "width", "wid", "imwidth"];
        url.query_pairs().find(|(name, _)| names.contains(&&**name)).and_then(|(_, width)| width.parse().ok())
    };
    by_suffix.or_else(by_query).filter(|width| (16..=20_000).contains(width))
}

/// Whether two addresses are of one picture in two sizes: the same file but for the suffix and query that say so.
pub(crate) fn is_same_picture<'a>(one: &'a str, other: &'a str) -> bool {
    if one == other {
        return true;
    }
    // Most pictures in a row have names of their own.
    let name = |url: &'a str| {
        bare_name(file_name(url))
            .map_or(Cow::Borrowed(file_name(url)), |(bare, suffix)| format!("{bare}.{suffix}").into())
    };
    if name(one) != name(other) {
        return false;
    }
    let (Ok(one), Ok(other)) = (Url::parse(one), Url::parse(other)) else { return false };
    if one.host_str() != other.host_str() || !same_query(&one, &other) {
        return false;
    }
    let bare = |url: &Url| without_size(url).unwrap_or_else(|| file(url));
    bare(&one) == bare(&other)
}

/// Whether the queries differ in nothing but size and quality.
fn same_query(one: &Url, other: &Url) -> bool {
    let sizes = [
        "w", "h", "width", "height", "wid", "hei", "size", "s", "q", "quality", "dpr", "fit", "resize", "ssl", "auto",
        "imwidth", "strip",
    ];
    let query = |url: &Url| -> Vec<(String, String)> {
        let mut pairs: Vec<_> =
            url.query_pairs().map(|(name, value)| (name.into_owned(), value.into_owned())).collect();
        pairs.retain(|(name, _)| !sizes.contains(&name.as_str()));
        pairs
    };
    query(one) == query(other)
}

/// The words of the file's name, as the OBELICS release has them: up to the first dot, without separators, digits and sizes.
/// `None` where one character or less is left.
pub(crate) fn formatted_filename(url: &Url) -> Option<String> {
    if url.query().is_some_and(|query| query.starts_with("name=")) {
        return None;
    }
    let name = file_name(url.path());
    let name = percent_decoded(name.split('.').next().unwrap_or_default());
    let words = name.replace(['_', '-', '+', '%', '\n'], " ");
    let mut formatted = String::new();
    for word in words.split_whitespace() {
        for piece in word.split(|c: char| c.is_ascii_digit()) {
            // What stands between the two numbers of a size.
            let is_size = piece == "x" && word != "x";
            if piece.is_empty() || is_size {
                continue;
            }
            if !formatted.is_empty() {
                formatted.push(' ');
            }
            formatted.push_str(piece);
        }
    }
    (formatted.chars().count() > 1).then_some(formatted)
}

fn percent_decoded(text: &str) -> Cow<'_, str> {
    if !text.contains('%') {
        return Cow::Borrowed(text);
    }
    let bytes = text.as_bytes();
    let mut decoded = Vec::with_capacity(bytes.len());
    let mut at = 0;
    while at < bytes.len() {
        let hex = bytes.get(at + 1..at + 3).filter(|_| bytes[at] == b'%').and_then(|hex| std::str::from_utf8(hex).ok());
        match hex.and_then(|hex| u8::from_str_radix(hex, 16).ok()) {
            Some(byte) => {
                decoded.push(byte);
                at += 3;
            }
            None => {
                decoded.push(bytes[at]);
                at += 1;
            }
        }
    }
    String::from_utf8(decoded).map_or(Cow::Borrowed(text), Cow::Owned)
}

#[cfg(test)]
mod tests {
    use super::*;

    fn url(text: &str) -> Url {
        Url::parse(text).unwrap()
    }

    #[test]
    fn references_resolve_by_the_standard() {
        let base = url("https://example.org/a/b.html");
        let resolved = |reference: &str| resolve(Some(&base), reference, 100).map(String::from);
        assert_eq!(resolved(" ../c d.png#x ").as_deref(), Some("https://example.org/c%20d.png"));
        assert_eq!(resolved("//cdn.example/x").as_deref(), Some("https://cdn.example/x"));
        for refused in ["data:image/png;base64,AA", "javascript:0", "ftp://a/b", "", &"x".repeat(200)] {
            assert_eq!(resolved(refused), None, "{refused}");
        }
        assert_eq!(resolve(None, "b.png", 100), None);
    }

    #[test]
    fn names_of_placeholders_are_known_and_pictures_of_pixels_are_not() {
        let profile = Profile::named("default").unwrap();
        for name in
            ["/blank.gif", "a/spacer_2.png?x=1", "1x1.gif", "image-placeholder-300x200.svg", "lazy.png", "loading.gif"]
        {
            assert!(is_placeholder(name, &profile), "{name}");
        }
        for name in ["pixel-art-cat.png", "image.jpg", "2020.jpg", "loading-dock.jpg", "", "photo1x1.jpg"] {
            assert!(!is_placeholder(name, &profile), "{name}");
        }
    }

    #[test]
    fn sizes_in_names_are_read() {
        assert_eq!(without_size(&url("https://a/b/c-300x200.jpg?x")).as_deref(), Some("https://a/b/c.jpg"));
        assert_eq!(without_size(&url("https://a/c_640w.jpg")).as_deref(), Some("https://a/c.jpg"));
        assert_eq!(without_size(&url("https://a/c_300x.jpg")).as_deref(), Some("https://a/c.jpg"));
        assert_eq!(width(&url("https://a/c_300x.jpg")), Some(300));
        assert_eq!(without_size(&url("https://a/c-2020.jpg")), None);
        assert_eq!(width(&url("https://a/c-300x200.jpg")), Some(300));
        assert_eq!(width(&url("https://a/c.jpg?h=3&w=640")), Some(640));
        assert_eq!(width(&url("https://a/c-2020.jpg")), None);
        assert!(is_same_picture("https://a/c-300x200.jpg", "https://a/c.jpg?w=50"));
        assert!(!is_same_picture("https://a/c?id=1", "https://a/c?id=2"));
    }

    #[test]
    fn file_names_become_words() {
        let words = |text: &str| formatted_filename(&url(text));
        assert_eq!(words("https://a/My_red-car%20at%20home-300x200.jpg").as_deref(), Some("My red car at home"));
        assert_eq!(words("https://a/caf%C3%A9.thumb.jpg").as_deref(), Some("café"));
        assert_eq!(words("https://a/123.jpg"), None);
        assert_eq!(words("https://a/b?name=c.jpg"), None);
    }
}
