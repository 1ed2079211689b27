//! Tokens of a text as numbers, and hashes of runs of them.

use unicode_normalization::char::is_combining_mark;
use xxhash_rust::xxh3::xxh3_64;

/// What a token is.  Letters are compared in lower case, and what is neither letter, digit, combining mark nor white space never counts.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Tokenization {
    /// Words: runs of letters and digits; each character of a script that sets no spaces between words.
    Word,
    /// What stands between white space.
    Space,
    /// Characters.
    Character,
}

impl Tokenization {
    /// The tokens of texts that stand one behind the other, each as a number: equal tokens have equal ones.
    pub(super) fn tokens<'t>(self, texts: impl Iterator<Item = &'t str>) -> Vec<u64> {
        let (mut tokens, mut word) = (Vec::new(), String::new());
        let end = |word: &mut String, tokens: &mut Vec<u64>| {
            if !word.is_empty() {
                tokens.push(xxh3_64(word.as_bytes()));
                word.clear();
            }
        };
        for text in texts {
            for character in text.chars() {
                let counts = character.is_alphanumeric() || (!character.is_ascii() && is_combining_mark(character));
                match self {
                    Self::Character => {
                        if counts {
                            tokens.extend(character.to_lowercase().map(u64::from));
                        }
                    }
                    Self::Word if counts && stands_alone(character) => {
                        end(&mut word, &mut tokens);
                        word.push(character);
                        end(&mut word, &mut tokens);
                    }
                    Self::Word | Self::Space if counts => {
                        if character.is_ascii() {
                            word.push(character.to_ascii_lowercase());
                        } else {
                            word.extend(character.to_lowercase());
                        }
                    }
                    Self::Word => end(&mut word, &mut tokens),
                    Self::Space => {
                        if character.is_whitespace() {
                            end(&mut word, &mut tokens);
                        }
                    }
                }
            }
            end(&mut word, &mut tokens);
        }
        tokens
    }
}

/// Whether a character is of a script without spaces between words: Han, Kana, Thai, Lao, Burmese, Khmer.
const fn stands_alone(character: char) -> bool {
    matches!(character,
        '\u{0e00}'..='\u{0eff}' | '\u{1000}'..='\u{109f}' | '\u{1780}'..='\u{17ff}' | '\u{3040}'..='\u{30ff}'
        | '\u{3400}'..='\u{4dbf}' | '\u{4e00}'..='\u{9fff}' | '\u{f900}'..='\u{faff}' | '\u{20000}'..='\u{3ffff}')
}

/// The hashes of all runs of so many tokens; of fewer tokens the one of them all, of none nothing.
pub(super) fn shingles(tokens: &[u64], length: usize) -> impl Iterator<Item = u64> {
    let length = length.clamp(1, tokens.len().max(1));
    let mut bytes = vec![0; length * 8];
    tokens.windows(length).map(move |run| {
        for (place, token) in bytes.chunks_exact_mut(8).zip(run) {
            place.copy_from_slice(&token.to_le_bytes());
        }
        xxh3_64(&bytes)
    })
}

#[cfg(test)]
mod tests {
    use super::*;

    fn count(tokenization: Tokenization, text: &str) -> usize {
        tokenization.tokens([text].into_iter()).len()
    }

    #[test]
    fn tokens_are_words_pieces_or_characters() {
        for (text, words, pieces, characters) in [
            ("Don't stop!", 3, 2, 8),
            ("  a - b  ", 2, 2, 2),
            ("北京大学 x", 5, 2, 5),
            ("किताब पढ़ो", 2, 2, 9),
            ("", 0, 0, 0),
            ("...", 0, 0, 0),
        ] {
            assert_eq!(count(Tokenization::Word, text), words, "{text}");
            assert_eq!(count(Tokenization::Space, text), pieces, "{text}");
            assert_eq!(count(Tokenization::Character, text), characters, "{text}");
        }
    }

    #[test]
    fn case_marks_and_the_bounds_of_texts_make_no_difference() {
        for tokenization in [Tokenization::Word, Tokenization::Space, Tokenization::Character] {
            let one = tokenization.tokens(["A Boat, an OAR!", "Ärger"].into_iter());
            let other = tokenization.tokens(["a boat an oar ärger"].into_iter());
            assert_eq!(one, other);
        }
    }

    #[test]
    fn runs_are_as_many_as_there_is_room_for() {
        assert_eq!(shingles(&[1, 2, 3, 4], 3).count(), 2);
        assert_eq!(shingles(&[1, 2], 3).collect::<Vec<_>>(), shingles(&[1, 2], 2).collect::<Vec<_>>());
        assert_eq!(shingles(&[], 3).count(), 0);
        assert_ne!(shingles(&[1, 2], 2).next(), shingles(&[2, 1], 2).next());
    }
}
