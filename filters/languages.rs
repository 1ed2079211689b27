//! What each language has of its own: data with a source (`languages/README.md`).

macro_rules! languages {
    ($($code:literal)+) => {
        /// For each language its code (ISO 639-1) and the TOML text in which its values stand under the keys of a recipe; `default`
        /// is for all others.
        pub const LANGUAGES: &[(&str, &str)] = &[
            $(($code, include_str!(concat!("languages/", $code, ".toml"))),)+
            (DEFAULT, include_str!("languages/default.toml")),
        ];
    };
}

/// The code of what stands for all languages that have no values of their own.
pub const DEFAULT: &str = "default";

languages! { "ar" "bn" "ca" "en" "es" "eu" "fr" "hi" "id" "pt" "ur" "vi" "zh" }

#[cfg(test)]
#[allow(clippy::disallowed_methods, reason = "a test reads its data")]
mod tests {
    use std::collections::{BTreeMap, BTreeSet};

    use obelisc_filter::RuleSet;
    use obelisc_filter::options::{Resources, Source};
    use toml_edit::Item;

    use super::*;
    use crate::{EDITS, RULES, WordSplit};

    fn keys(item: &Item, path: &str, found: &mut BTreeMap<String, String>) {
        match item.as_table_like() {
            Some(table) => table.iter().for_each(|(key, item)| keys(item, &format!("{path}.{key}"), found)),
            None => {
                found.insert(path.trim_start_matches('.').to_owned(), item.to_string().trim().to_owned());
            }
        }
    }

    fn values(text: &str) -> BTreeMap<String, String> {
        let document = toml_edit::Document::parse(text.to_owned()).unwrap();
        let mut found = BTreeMap::new();
        keys(document.as_item(), "", &mut found);
        found
    }

    #[test]
    fn every_language_has_the_same_keys_and_its_lists_are_those_of_the_index() {
        let folder = std::path::Path::new(env!("CARGO_MANIFEST_DIR"));
        let index = std::fs::read_to_string(folder.join("lists/INDEX.toml")).unwrap();
        let index = toml_edit::Document::parse(index).unwrap();
        let own = |values: &BTreeMap<String, String>| {
            values.keys().filter(|key| !key.starts_with("lists.")).cloned().collect::<BTreeSet<_>>()
        };
        let expected = own(&values(LANGUAGES[0].1));
        for (code, text) in LANGUAGES {
            assert_eq!(own(&values(text)), expected, "{code}");
            let document = toml_edit::Document::parse((*text).to_owned()).unwrap();
            let lists = document.get("lists").and_then(Item::as_table);
            assert_eq!(lists.map_or(0, |lists| lists.len()), if *code == DEFAULT { 0 } else { 2 }, "{code}");
            for (file, sha256) in lists.into_iter().flatten() {
                assert_eq!(index[file]["sha256"].as_str(), sha256.as_str(), "{code}: {file}");
            }
        }
        let files = std::fs::read_dir(folder.join("languages")).unwrap();
        let files =
            files.filter_map(|file| file.unwrap().file_name().to_str()?.strip_suffix(".toml").map(str::to_owned));
        let codes = LANGUAGES.iter().map(|(code, _)| (*code).to_owned());
        assert_eq!(files.collect::<BTreeSet<_>>(), codes.collect());
    }

    /// Every value is one that its rule or edit takes, and each rule and edit named exists.
    #[test]
    fn every_value_of_every_language_is_allowed() {
        for (code, text) in LANGUAGES {
            let table = |prefix: &str| -> String {
                let document: toml_edit::DocumentMut = text.parse().unwrap();
                let mut kept = toml_edit::DocumentMut::new();
                kept.insert(prefix, document[prefix].clone());
                kept.to_string()
            };
            let recipe = ["words", "edits", "rules"].map(table).join("\n");
            let mut resources = Resources::default();
            // Models are known by these names, and not there.
            resources.add(&format!("kenlm_{code}"), None);
            resources.add(&format!("sentencepiece_{code}"), None);
            let source = Source::parse(code, &recipe, &[]).with_resources(resources);
            let mut root = source.root();
            let mut words = root.table("words");
            WordSplit::from_options(&mut words);
            words.finish();
            let set = RuleSet::from_options(RULES, root.table("rules")).with_edits(EDITS, root.table("edits"));
            root.finish();
            let problems: Vec<_> = source.finish().err().unwrap_or_default();
            // A model is no value of a language's own.
            let problems: Vec<_> = problems.iter().filter(|p| !p.message.contains("is missing: the name")).collect();
            assert!(problems.is_empty(), "{problems:#?}");
            assert_eq!((set.iter().count(), set.edits().len()), (14, 3), "{code}");
        }
    }
}
