//! Words of languages that set no spaces between them.

use icu_segmenter::WordSegmenter;
use icu_segmenter::options::WordBreakInvariantOptions;

use crate::{SpecialCharacters, Words};

impl Words {
    /// The words of a text in any script, also of Chinese, Japanese, Thai, Khmer, Lao and Burmese, as Unicode (UAX 29) and ICU's dictionaries find them: in
    /// lower case, [special characters](SpecialCharacters) stripped from both ends, what is then empty left out.  What has no letter
    /// and no digit is no word, and a hyphen splits one.
    ///
    /// Of the models of ICU4X the dictionaries are taken, also where there is a neural one (Thai, Khmer, Lao, Burmese), for their speed: with them this
    /// reads about 10 MB of Thai a second on one core, with the neural model 0.16; Chinese and Japanese, which have dictionaries alone, 8 to 10.  They add 3.1 MB to
    /// a program, the neural models would 2.4.
    ///
    /// ```
    /// use obelisc_text::{SpecialCharacters, Words};
    ///
    /// let words = Words::segment("北京大学。ภาษาไทย", &SpecialCharacters::default());
    /// assert_eq!(words.iter().collect::<Vec<_>>(), ["北京", "大学", "ภาษา", "ไทย"]);
    /// ```
    pub fn segment(text: &str, special: &SpecialCharacters) -> Self {
        let segmenter = WordSegmenter::new_dictionary(WordBreakInvariantOptions::default());
        let mut begin = 0;
        let pieces = segmenter.segment_str(text).map(|end| {
            let piece = &text[begin..end];
            begin = end;
            piece
        });
        // What the segmenter itself says of its pieces is wrong of words that end in a combining mark, as many of India do.
        let pieces = pieces.filter(|piece| piece.contains(char::is_alphanumeric));
        Self::from_pieces(pieces, special)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn check(text: &str, expected: &[&str]) {
        let special = SpecialCharacters::from_lines("1\n2\n.\n-\n").unwrap();
        assert_eq!(Words::segment(text, &special).iter().collect::<Vec<_>>(), expected, "{text:?}");
    }

    #[test]
    fn words_of_scripts_without_spaces_are_told_apart() {
        check("我们在北京大学学习。", &["我们", "在", "北京", "大学", "学习"]);
        check("私は東京大学で勉強しています。", &["私", "は", "東京", "大学", "で", "勉強", "し", "てい", "ます"]);
        check("ประเทศไทยมีภาษาไทย", &["ประเทศไทย", "มี", "ภาษา", "ไทย"]);
        check("ភាសាខ្មែរ ពិភពលោក", &["ភាសាខ្មែរ", "ពិភពលោក"]);
        check("ພາສາລາວ ປະເທດ", &["ພາສາ", "ລາວ", "ປະເທດ"]);
        check("မြန်မာစာ ကမ္ဘာ", &["မြန်မာ", "စာ", "ကမ္ဘာ"]);
    }

    #[test]
    fn words_of_other_scripts_are_those_of_unicode() {
        check("Don't STOP, 12 Well-known 3.5 2x!", &["don't", "stop", "well", "known", "3.5", "x"]);
        check("Łódź मराठी 한국어 שלום", &["łódź", "मराठी", "한국어", "שלום"]);
        check("...!? — (", &[]);
        check("a\0b\u{fffd}\n\u{3000}C", &["a", "b", "c"]);
        check("", &[]);
    }

    #[test]
    fn words_of_a_long_text_are_those_of_its_sentences() {
        let special = SpecialCharacters::default();
        let sentence = "私は東京大学で勉強しています。ประเทศไทยมีภาษาไทย。";
        let parts = vec![Words::segment(sentence, &special); 200];
        assert_eq!(Words::segment(&sentence.repeat(200), &special), Words::joined(parts.iter()));
    }
}
