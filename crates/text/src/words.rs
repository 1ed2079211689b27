//! Words as the OBELICS reference splits them.

use crate::SpecialCharacters;

const SEPARATORS: [char; 3] = [' ', '\n', '\t'];

/// The words of `text`: split at space, line feed and tab, lower-case, [special characters](SpecialCharacters)
/// stripped from both ends, what is then empty left out.
pub fn words<'a>(text: &'a str, special: &'a SpecialCharacters) -> impl Iterator<Item = String> + 'a {
    text.split(SEPARATORS).filter(|piece| !piece.is_empty()).filter_map(|piece| {
        let mut word = piece.to_lowercase();
        let kept = word.trim_end_matches(|c| special.contains(c)).len();
        word.truncate(kept);
        let stripped = word.trim_start_matches(|c| special.contains(c));
        match stripped.len() {
            0 => None,
            length if length == word.len() => Some(word),
            _ => Some(stripped.to_owned()),
        }
    })
}

/// How many [`words`] there are, without building them.
pub fn count_words(text: &str, special: &SpecialCharacters) -> usize {
    // Stripping leaves something exactly where one character of the lower-case form is not special.
    text.split(SEPARATORS)
        .filter(|piece| piece.chars().flat_map(char::to_lowercase).any(|c| !special.contains(c)))
        .count()
}

#[cfg(test)]
mod tests {
    use super::*;

    fn special() -> SpecialCharacters {
        SpecialCharacters::from_lines("!\n.\n,\n-\n1\n2\nU+00A0\nU+0307\n").unwrap()
    }

    fn check(text: &str, expected: &[&str]) {
        assert_eq!(words(text, &special()).collect::<Vec<_>>(), expected, "{text:?}");
        assert_eq!(count_words(text, &special()), expected.len(), "{text:?}");
    }

    #[test]
    fn special_characters_go_from_the_ends_only() {
        check("--Well-known!! 12 e.g.\tX2", &["well-known", "e.g", "x"]);
    }

    #[test]
    fn other_white_space_does_not_split() {
        check("a\u{a0}b c\rd\u{a0}", &["a\u{a0}b", "c\rd"]);
    }

    #[test]
    fn text_without_words_has_none() {
        check("", &[]);
        check(" \n\t ", &[]);
        check("1 2 -- !", &[]);
    }

    #[test]
    fn lower_case_comes_before_stripping() {
        check("\u{130}", &["i"]);
        check("ΟΔΟΣ", &["οδος"]);
    }

    #[test]
    fn nul_and_other_scripts_are_words() {
        check("\0 日本語 हिन्दी", &["\0", "日本語", "हिन्दी"]);
    }
}
