//! Texts as runs of ASCII, which are fast to look at, and runs of what is not.

/// Bytes that are looked at together.
const BLOCK: usize = 16;

/// A text cut into runs of ASCII, each with the run of other characters behind it; either may be empty.
pub(crate) fn ascii_runs(text: &str) -> impl Iterator<Item = (&str, &str)> {
    let mut rest = text;
    std::iter::from_fn(move || {
        if rest.is_empty() {
            return None;
        }
        let (ascii, behind) = rest.split_at(ascii_length(rest.as_bytes()));
        let others = behind.bytes().position(|byte| byte.is_ascii()).unwrap_or(behind.len());
        let (others, next) = behind.split_at(others);
        rest = next;
        Some((ascii, others))
    })
}

/// How many bytes of ASCII stand at the beginning.
fn ascii_length(bytes: &[u8]) -> usize {
    let blocks = bytes.chunks_exact(BLOCK).take_while(|block| block.iter().fold(0, |all, byte| all | byte) < 128);
    let length = blocks.count() * BLOCK;
    length + bytes[length..].iter().take_while(|byte| byte.is_ascii()).count()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn runs_are_the_text() {
        for text in ["", "a", "é", "aé", "éa", "0123456789abcdefg湖é0123456789abcdefé0123456789abcde"] {
            let runs: Vec<_> = ascii_runs(text).collect();
            assert_eq!(runs.iter().map(|(ascii, others)| [*ascii, *others].concat()).collect::<String>(), text);
            assert!(runs.iter().all(|(ascii, others)| ascii.is_ascii() && !others.contains(|c: char| c.is_ascii())));
            assert!(runs.iter().skip(1).all(|(ascii, _)| !ascii.is_empty()), "{text}");
        }
    }
}
