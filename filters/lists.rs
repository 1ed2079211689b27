//! Word lists: data with a source, a licence and a digest (`lists/INDEX.toml`).

use std::sync::LazyLock;

use obelisc_filter::options::{Listed, Options};
use obelisc_text::{SpecialCharacters, WordList};

/// The special characters of the OBELICS reference: punctuation, digits, white space, symbols.
pub static SPECIAL_CHARACTERS: LazyLock<SpecialCharacters> = LazyLock::new(|| {
    // A test reads the list, so that it cannot come out empty here.
    SpecialCharacters::from_lines(SPECIAL_CHARACTERS_TEXT).unwrap_or_default()
});

/// The file behind [`SPECIAL_CHARACTERS`], which the digests of rules that count words take in.
pub const SPECIAL_CHARACTERS_TEXT: &str = include_str!("lists/special_characters.txt");

/// Words of an image's URL that tell decoration or pornography.
pub static URL_WORDS: &str = include_str!("lists/url_words.txt");

/// Words that every English text is full of.
pub const EN_STOPWORDS: &str = include_str!("lists/en.stopwords.txt");

/// English words of pornography.
pub const EN_FLAGGED: &str = include_str!("lists/en.flagged.txt");

/// English words of what stands around an article: buttons, notices, invitations.
pub const EN_SPAM: &str = include_str!("lists/en.spam.txt");

/// The option `words`: the name of one of these lists, the first being the default, or words.
pub(crate) fn words(
    options: &mut Options<'_>,
    lists: &[(&'static str, &'static str)],
    meaning: &'static str,
) -> WordList {
    let names: Vec<&'static str> = lists.iter().map(|(name, _)| *name).collect();
    match options.listed("words", &names, meaning) {
        Listed::Words(words) => WordList::from_words(words),
        Listed::Name(name) => {
            let list = lists.iter().find(|(list, _)| *list == name);
            list.map(|(_, lines)| WordList::from_lines(lines)).unwrap_or_default()
        }
    }
}

#[cfg(test)]
#[allow(clippy::disallowed_methods, reason = "a test reads its data")]
mod tests {
    use std::collections::BTreeSet;

    use sha2::{Digest as _, Sha256};

    use super::*;

    #[test]
    fn every_list_is_what_its_index_says() {
        let folder = std::path::Path::new(env!("CARGO_MANIFEST_DIR")).join("lists");
        let index = std::fs::read_to_string(folder.join("INDEX.toml")).unwrap();
        let index = toml_edit::Document::parse(index).unwrap();
        let mut listed = BTreeSet::from(["INDEX.toml".to_owned(), "NOTICE".to_owned()]);
        for (file, entry) in index.iter() {
            let bytes = std::fs::read(folder.join(file)).unwrap();
            let digest: String = Sha256::digest(&bytes).iter().map(|byte| format!("{byte:02x}")).collect();
            assert_eq!(entry["sha256"].as_str(), Some(digest.as_str()), "{file}");
            let lines = bytes.split(|&byte| byte == b'\n').filter(|line| !line.is_empty()).count();
            assert_eq!(entry["count"].as_integer(), i64::try_from(lines).ok(), "{file}");
            for key in ["source", "licence"] {
                assert!(entry[key].as_str().is_some_and(|text| !text.is_empty()), "{file}: {key}");
            }
            listed.insert(file.to_owned());
        }
        let files = std::fs::read_dir(folder).unwrap().map(|file| file.unwrap().file_name().into_string().unwrap());
        assert_eq!(files.collect::<BTreeSet<_>>(), listed);
    }

    #[test]
    fn the_special_characters_are_read() {
        assert_eq!(SPECIAL_CHARACTERS.len(), 1598);
        assert!(SPECIAL_CHARACTERS.contains('—') && !SPECIAL_CHARACTERS.contains('é'));
    }
}
