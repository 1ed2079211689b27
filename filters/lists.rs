//! Word lists: data with a source, a licence and a digest (`lists/INDEX.toml`).

use std::sync::{Arc, LazyLock};

use obelisc_filter::options::{Listed, Options, Resource};
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

/// The special characters of ROOTS: those of OBELICS and the no-break space.
pub static ROOTS_SPECIAL_CHARACTERS: LazyLock<SpecialCharacters> =
    LazyLock::new(|| SpecialCharacters::from_lines(ROOTS_SPECIAL_CHARACTERS_TEXT).unwrap_or_default());

/// Words of a page's URL that tell pornography.
pub static PAGE_URL_WORDS: &str = include_str!("lists/page_url_words.txt");

/// Words that stand for an alternative text and say nothing: `image`, `untitled`, `dsc`.
pub static ALT_PLACEHOLDERS: &str = include_str!("lists/alt_placeholders.txt");

/// The file behind [`ROOTS_SPECIAL_CHARACTERS`].
pub const ROOTS_SPECIAL_CHARACTERS_TEXT: &str = include_str!("lists/roots_special_characters.txt");

/// Lists of one kind: their names, the default first, with their files; and all texts that decide about a share of words, for the digests
/// of the rules that look words up.
pub(crate) struct Lists {
    pub(crate) named: &'static [(&'static str, &'static str)],
    pub(crate) texts: &'static [&'static str],
}

macro_rules! lists {
    ($kind:literal: $($name:literal)+) => {
        Lists {
            named: &[$(($name, include_str!(concat!("lists/", $name, ".", $kind, ".txt"))),)+],
            texts: &[SPECIAL_CHARACTERS_TEXT, $(include_str!(concat!("lists/", $name, ".", $kind, ".txt")),)+],
        }
    };
}

/// Words that every text of a language is full of, by language.
pub(crate) const STOPWORDS: Lists =
    lists!("stopwords": "en" "ar" "bn" "ca" "es" "eu" "fr" "hi" "id" "pt" "ur" "vi" "zh");

/// Words of pornography, by language; `en` is OBELICS's list, `en_roots` that of ROOTS.
pub(crate) const FLAGGED: Lists =
    lists!("flagged": "en" "en_roots" "ar" "bn" "ca" "es" "eu" "fr" "hi" "id" "pt" "ur" "vi" "zh");

/// Words of what stands around an article: buttons, notices, invitations.
pub(crate) const SPAM: Lists = lists!("spam": "en");

/// Lists of which there is none: words are written out, or stand in a file of their own.
pub(crate) const NONE: Lists = Lists { named: &[], texts: &[SPECIAL_CHARACTERS_TEXT] };

/// Whether a list has this name.
pub fn is_name(name: &str) -> bool {
    [STOPWORDS, FLAGGED, SPAM].iter().any(|lists| lists.named.iter().any(|(list, _)| *list == name))
}

/// The option `words`: the name of one of these lists, the first being the default, a file, or words.
pub(crate) fn words(options: &mut Options<'_>, lists: &Lists, meaning: &'static str) -> Arc<WordList> {
    let names: Vec<&'static str> = lists.named.iter().map(|(name, _)| *name).collect();
    match options.listed("words", &names, meaning) {
        Listed::Words(words) => Arc::new(WordList::from_words(words)),
        Listed::Name(name) => {
            let list = lists.named.iter().find(|(list, _)| *list == name);
            Arc::new(list.map(|(_, lines)| WordList::from_lines(lines)).unwrap_or_default())
        }
        Listed::File(file) => file_words(&file).unwrap_or_else(|problem| {
            options.problem("words", problem);
            Arc::default()
        }),
    }
}

/// The text of a list that lies in a file.
pub(crate) fn text(file: &[u8]) -> Result<&str, String> {
    std::str::from_utf8(file).map_err(|error| format!("the list is no UTF-8 from byte {} on", error.valid_up_to()))
}

/// The words of a file, one for each line.
fn file_words(file: &Resource) -> Result<Arc<WordList>, String> {
    file.open(|bytes| {
        let list = WordList::from_lines(text((*bytes).as_ref())?);
        if list.is_empty() { Err("the list is empty".to_owned()) } else { Ok(list) }
    })
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
        assert_eq!(ROOTS_SPECIAL_CHARACTERS.len(), 1599);
    }
}
