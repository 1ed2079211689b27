//! The words of an image's file name, as the reference cleans them.

use super::python::strip;

/// The words of the last part of a URL; `None` where at most one character is left.
pub(super) fn words(url: &str) -> Option<String> {
    let name = url.rsplit('/').next()?;
    let name = name.split('.').next()?;
    if has_query(name) {
        return None;
    }
    // One step after the other, as each sees what the one before left.
    let name = name.replace(['_', '-'], " ");
    let name = without_encoded_spaces(&name);
    let name = without_dimensions(&name);
    let name = without_numbers(&name);
    let name = collapse_spaces(&name);
    let name = name.replace(['\n', '+'], " ").replace("%B", " ").replace('%', " ");
    let name = strip(&name);
    (name.chars().nth(1).is_some()).then(|| name.to_owned())
}

/// `?name=`
fn has_query(name: &str) -> bool {
    name.split('?').skip(1).any(|rest| {
        let key = rest.bytes().take_while(u8::is_ascii_alphanumeric).count();
        key > 0 && rest.as_bytes().get(key) == Some(&b'=')
    })
}

/// `%2`, and the zeros after it, become a space.
fn without_encoded_spaces(name: &str) -> String {
    let mut pieces = name.split("%2");
    let mut clean = pieces.next().unwrap_or_default().to_owned();
    for piece in pieces {
        clean.push(' ');
        clean.push_str(piece.trim_start_matches('0'));
    }
    clean
}

/// `640x480` goes.
fn without_dimensions(name: &str) -> String {
    let mut clean = String::with_capacity(name.len());
    let mut rest = name;
    while let Some(start) = rest.find(|c: char| c.is_ascii_digit()) {
        clean.push_str(&rest[..start]);
        let (width, after) = split_digits(&rest[start..]);
        match after.strip_prefix('x').map(split_digits) {
            Some((height, after)) if !height.is_empty() => rest = after,
            _ => {
                clean.push_str(width);
                rest = after;
            }
        }
    }
    clean + rest
}

/// Runs of digits become a space.
fn without_numbers(name: &str) -> String {
    let mut clean = String::with_capacity(name.len());
    let mut rest = name;
    while let Some(start) = rest.find(|c: char| c.is_ascii_digit()) {
        clean.push_str(&rest[..start]);
        clean.push(' ');
        rest = split_digits(&rest[start..]).1;
    }
    clean + rest
}

fn split_digits(text: &str) -> (&str, &str) {
    text.split_at(text.bytes().take_while(u8::is_ascii_digit).count())
}

/// Runs of spaces become one.
fn collapse_spaces(text: &str) -> String {
    let mut collapsed = String::with_capacity(text.len());
    for c in text.chars() {
        if c != ' ' || !collapsed.ends_with(' ') {
            collapsed.push(c);
        }
    }
    collapsed
}

#[cfg(test)]
mod tests {
    use super::words;

    #[test]
    fn separators_sizes_and_numbers_go() {
        let words = |url| words(url).unwrap_or_default();
        assert_eq!(words("https://a.example/x/Chocolate_Berry-Yogurt.min.png"), "Chocolate Berry Yogurt");
        assert_eq!(words("https://a.example/hearts%2Band%20home%Bbadge"), "hearts Band home badge");
        assert_eq!(words("https://a.example/a12x34x56b78.png"), "ax b");
        assert_eq!(words("https://a.example/it?ids=2019"), "");
        assert_eq!(words("https://a.example/it?=2019"), "it?=");
        assert_eq!(words("https://a.example/7a.png"), "");
        assert_eq!(words("https://a.example/é日.png"), "é日");
    }
}
