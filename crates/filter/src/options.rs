//! Checked options: TOML values to typed ones, all errors at once.
//!
//! Recipe, config and rules read their keys through [`Options`].  Each read declares the key, its default, what is
//! allowed and what it means; so one place gives the value, the error, the generated schema and the canonical form that
//! enters a stage's digest.  A bad value is noted in a [`Problem`] and the default goes on in its stead, so that every
//! mistake of a file is told in one go.

mod resource;
mod source;

use std::ops::RangeInclusive;

use serde_json::{Map, Value as Json};
use toml_edit::{Item, TableLike, Value};

pub use resource::{Named, Resource, Resources};
use source::LanguageValues;
pub use source::{Problem, Source, nearest};

/// What a key is: for schemas, manuals and the tests that hold them together.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Declared {
    /// Dotted key.
    pub key: String,
    /// `integer`, `number`, `text`, `list of text`, `true or false`.
    pub kind: &'static str,
    /// The default as TOML writes it.
    pub default: String,
    /// What is allowed, in words.
    pub allowed: String,
    /// What it means.
    pub meaning: &'static str,
}

/// One table of a [`Source`], being read.
pub struct Options<'a> {
    source: &'a Source,
    path: String,
    table: Option<&'a dyn TableLike>,
    /// Keys that were read, in the order in which they were read.
    declared: Vec<Declared>,
    values: Map<String, Json>,
    children: Vec<String>,
    language: Option<&'a LanguageValues>,
}

/// Words that a file takes from a list by its name, or writes out.
#[derive(Clone, Debug)]
pub enum Listed {
    /// The name of a list.
    Name(&'static str),
    /// A file of its own.
    File(Resource),
    /// The words.
    Words(Vec<String>),
}

/// What a table held, once it was read to its end.
#[derive(Clone, Debug, Default)]
pub struct Taken {
    /// The keys.
    pub declared: Vec<Declared>,
    /// All values, defaults too, in the order of the declarations: what enters a digest.
    pub canonical: Map<String, Json>,
}

/// The word that stands for a value that each language has of its own.
const BY_LANGUAGE: &str = "language";

impl<'a> Options<'a> {
    fn new(source: &'a Source, path: String, table: Option<&'a dyn TableLike>) -> Self {
        Self { source, path, table, declared: Vec::new(), values: Map::new(), children: Vec::new(), language: None }
    }

    /// The same table, in which the word `"language"` stands for the value that this language has under the same key (see
    /// [`Source::with_languages`]); so in all tables below it.
    #[must_use]
    pub fn in_language(mut self, code: &str) -> Self {
        self.language = self.source.language(code);
        self
    }

    fn full(&self, key: &str) -> String {
        if self.path.is_empty() { key.to_owned() } else { format!("{}.{key}", self.path) }
    }

    fn offset_of(&self, key: &str) -> Option<usize> {
        let (name, item) = self.table?.get_key_value(key)?;
        name.span().or_else(|| item.span()).map(|span| span.start)
    }

    /// Notes a mistake in the value of `key`.
    pub fn problem(&self, key: &str, message: impl Into<String>) {
        let offset = self.offset_of(key).or_else(|| self.table_offset());
        self.source.note(offset, &self.full(key), message.into());
    }

    fn table_offset(&self) -> Option<usize> {
        self.table?.iter().find_map(|(key, _)| self.offset_of(key))
    }

    /// Whether the file or an override gives this key.
    pub fn has(&self, key: &str) -> bool {
        self.table.is_some_and(|table| table.contains_key(key)) || {
            let full = self.full(key);
            let below = format!("{full}.");
            self.source.overrides.keys().any(|name| *name == full || name.starts_with(&below))
        }
    }

    /// A table below this one; an absent one reads as empty.
    pub fn table(&mut self, key: &'static str) -> Options<'a> {
        self.child(key)
    }

    fn child(&mut self, key: &str) -> Options<'a> {
        self.children.push(key.to_owned());
        let item = self.table.and_then(|table| table.get(key));
        let table = item.and_then(Item::as_table_like);
        if let (Some(item), None) = (item, table) {
            self.problem(key, format!("{} is given, a table is expected", item.type_name()));
        }
        Options { language: self.language, ..Options::new(self.source, self.full(key), table) }
    }

    /// All tables below this one, in the order of the file, whatever their names.
    pub fn tables(&mut self) -> Vec<(String, Options<'a>)> {
        let names: Vec<String> =
            self.table.map(|table| table.iter().map(|(key, _)| key.to_owned()).collect()).unwrap_or_default();
        names
            .into_iter()
            .map(|name| {
                let child = self.child(&name);
                (name, child)
            })
            .collect()
    }

    fn value(&self, key: &str) -> Option<&'a Value> {
        let value = self.written(key)?;
        match self.language {
            Some(language) if value.as_str() == Some(BY_LANGUAGE) => {
                let own = language.value(&self.full(key));
                if own.is_none() {
                    self.problem(key, format!("\"language\" is given, and {} has no value here", language.code));
                }
                own
            }
            _ => Some(value),
        }
    }

    /// What the file has, or the override.
    fn written(&self, key: &str) -> Option<&'a Value> {
        let full = self.full(key);
        if let Some(value) = self.source.overrides.get(&full) {
            self.source.used.borrow_mut().insert(full);
            return Some(value);
        }
        self.source.used.borrow_mut().insert(full);
        let item = self.table?.get(key)?;
        let value = item.as_value();
        if value.is_none() {
            self.problem(key, format!("{} is given, a value is expected", item.type_name()));
        }
        value
    }

    fn declare(&mut self, key: &str, kind: &'static str, default: String, allowed: String, meaning: &'static str) {
        self.declared.push(Declared { key: self.full(key), kind, default, allowed, meaning });
    }

    fn keep(&mut self, key: &str, value: impl Into<Json>) {
        self.values.insert(key.to_owned(), value.into());
    }

    fn wrong(&self, key: &str, value: &Value, allowed: &str) {
        let shown = value.clone().decorated("", "").to_string();
        let hint = match value.as_str() {
            Some(BY_LANGUAGE) => "; \"language\" needs a table [language] that names languages",
            _ => "",
        };
        self.problem(key, format!("{shown} is given, {allowed} is allowed{hint}"));
    }

    /// A whole number.
    pub fn integer(
        &mut self,
        key: &'static str,
        default: u64,
        range: RangeInclusive<u64>,
        meaning: &'static str,
    ) -> u64 {
        self.integer_or_off(key, Some(default), range, meaning, false).unwrap_or(default)
    }

    /// A whole number, or `"off"`.
    pub fn optional_integer(
        &mut self,
        key: &'static str,
        default: Option<u64>,
        range: RangeInclusive<u64>,
        meaning: &'static str,
    ) -> Option<u64> {
        self.integer_or_off(key, default, range, meaning, true)
    }

    fn integer_or_off(
        &mut self,
        key: &'static str,
        default: Option<u64>,
        range: RangeInclusive<u64>,
        meaning: &'static str,
        off: bool,
    ) -> Option<u64> {
        let allowed = format!("a whole number from {} to {}{}", range.start(), range.end(), or_off(off));
        let value = match self.value(key) {
            None => default,
            Some(value) if off && value.as_str() == Some("off") => None,
            Some(value) => {
                let number = value.as_integer().and_then(|n| u64::try_from(n).ok()).filter(|n| range.contains(n));
                if number.is_none() {
                    self.wrong(key, value, &allowed);
                }
                number.or(default)
            }
        };
        self.declare(key, "integer", default.map_or(off_text(), |n| n.to_string()), allowed, meaning);
        self.keep(key, value);
        value
    }

    /// A number.
    pub fn number(
        &mut self,
        key: &'static str,
        default: f64,
        range: RangeInclusive<f64>,
        meaning: &'static str,
    ) -> f64 {
        self.number_or_off(key, Some(default), range, meaning, false).unwrap_or(default)
    }

    /// A number, or `"off"`.
    pub fn optional_number(
        &mut self,
        key: &'static str,
        default: Option<f64>,
        range: RangeInclusive<f64>,
        meaning: &'static str,
    ) -> Option<f64> {
        self.number_or_off(key, default, range, meaning, true)
    }

    fn number_or_off(
        &mut self,
        key: &'static str,
        default: Option<f64>,
        range: RangeInclusive<f64>,
        meaning: &'static str,
        off: bool,
    ) -> Option<f64> {
        let allowed = format!("a number from {} to {}{}", range.start(), range.end(), or_off(off));
        let value = match self.value(key) {
            None => default,
            Some(value) if off && value.as_str() == Some("off") => None,
            Some(value) => {
                #[expect(clippy::cast_precision_loss, reason = "thresholds are far below 2^53")]
                let number = value.as_float().or_else(|| value.as_integer().map(|n| n as f64));
                let number = number.filter(|n| range.contains(n));
                if number.is_none() {
                    self.wrong(key, value, &allowed);
                }
                number.or(default)
            }
        };
        self.declare(key, "number", default.map_or(off_text(), |n| format!("{n:?}")), allowed, meaning);
        self.keep(key, value);
        value
    }

    /// `true` or `false`.
    pub fn flag(&mut self, key: &'static str, default: bool, meaning: &'static str) -> bool {
        let value = self.value(key).map_or(default, |value| {
            value.as_bool().unwrap_or_else(|| {
                self.wrong(key, value, "true or false");
                default
            })
        });
        self.declare(key, "true or false", default.to_string(), "true or false".to_owned(), meaning);
        self.keep(key, value);
        value
    }

    /// Any text.
    pub fn text(&mut self, key: &'static str, default: &str, meaning: &'static str) -> String {
        let value = self.value(key).map_or(default, |value| {
            value.as_str().unwrap_or_else(|| {
                self.wrong(key, value, "a text");
                default
            })
        });
        let value = value.to_owned();
        self.declare(key, "text", format!("{default:?}"), "any text".to_owned(), meaning);
        self.keep(key, value.clone());
        value
    }

    /// The texts of a list as the file or the override has them, before anything is said of them.
    pub fn texts_given(&self, key: &str) -> Vec<String> {
        let words = self.written(key).and_then(Value::as_array);
        words.into_iter().flatten().filter_map(Value::as_str).map(str::to_owned).collect()
    }

    /// One of the given words; the default is the first.
    pub fn choice(&mut self, key: &'static str, choices: &[&'static str], meaning: &'static str) -> &'static str {
        let default = choices.first().copied().unwrap_or_default();
        let value = match self.value(key) {
            None => default,
            Some(value) => {
                let chosen = value.as_str().and_then(|word| choices.iter().copied().find(|choice| *choice == word));
                chosen.unwrap_or_else(|| {
                    let hint = value.as_str().map(|word| nearest(word, choices.iter().copied())).unwrap_or_default();
                    self.wrong(key, value, &format!("one of {}{hint}", quoted(choices)));
                    default
                })
            }
        };
        self.declare(key, "text", format!("{default:?}"), format!("one of {}", quoted(choices)), meaning);
        self.keep(key, value);
        value
    }

    /// A list of texts; with `choices` not empty, of those words only.
    pub fn texts(
        &mut self,
        key: &'static str,
        default: &[&str],
        choices: &[&str],
        meaning: &'static str,
    ) -> Vec<String> {
        let allowed =
            if choices.is_empty() { "a list of texts".to_owned() } else { format!("a list of {}", quoted(choices)) };
        let given = self.value(key);
        let list = given.map(|value| {
            let words = value.as_array().map(|array| array.iter().map(Value::as_str).collect::<Option<Vec<_>>>());
            words.flatten().filter(|words| choices.is_empty() || words.iter().all(|word| choices.contains(word)))
        });
        let chosen: Vec<String> = match (given, list) {
            (_, Some(Some(words))) => words.into_iter().map(str::to_owned).collect(),
            (Some(value), Some(None)) => {
                self.wrong(key, value, &allowed);
                default.iter().map(|&word| word.to_owned()).collect()
            }
            _ => default.iter().map(|&word| word.to_owned()).collect(),
        };
        if !choices.is_empty() && (1..chosen.len()).any(|at| chosen[..at].contains(&chosen[at])) {
            self.problem(key, "a word stands in it twice");
        }
        self.declare(key, "list of text", format!("[{}]", quoted(default)), allowed, meaning);
        self.keep(key, chosen.clone());
        chosen
    }

    /// The name of one of the given lists, the first being the default, or a list of texts in its stead.
    pub fn listed(&mut self, key: &'static str, names: &[&'static str], meaning: &'static str) -> Listed {
        let default = names.first().copied().unwrap_or_default();
        let names_or = if names.is_empty() { String::new() } else { format!("one of {}, ", quoted(names)) };
        let allowed = format!("{names_or}the name of a table [resources.NAME], or a list of texts");
        let chosen = self.value(key).and_then(|value| {
            let name = value.as_str().and_then(|word| names.iter().copied().find(|name| *name == word));
            let file = value.as_str().and_then(|word| self.listed_resource(word));
            let words = value.as_array().and_then(|array| array.iter().map(Value::as_str).collect::<Option<Vec<_>>>());
            let words = words.map(|words| Listed::Words(words.into_iter().map(str::to_owned).collect()));
            let chosen = name.map(Listed::Name).or(file).or(words);
            if chosen.is_none() {
                let hint = value.as_str().map(|word| nearest(word, names.iter().copied())).unwrap_or_default();
                let shown = value.clone().decorated("", "").to_string();
                self.problem(key, format!("{shown} is given, {allowed} is allowed{hint}"));
            }
            chosen
        });
        let nothing = if names.is_empty() { Listed::Words(Vec::new()) } else { Listed::Name(default) };
        let chosen = chosen.unwrap_or(nothing);
        let default = if names.is_empty() { "[]".to_owned() } else { format!("{default:?}") };
        self.declare(key, "list of text", default, allowed, meaning);
        match &chosen {
            Listed::Name(name) => self.keep(key, *name),
            Listed::File(resource) => self.keep(key, resource.sha256()),
            Listed::Words(words) => self.keep(key, words.clone()),
        }
        chosen
    }

    /// A list of words out of many that are known, or `"off"`, which is the default.  A list of none is a mistake, and a
    /// word that is not known is told with its nearest; `words` says what they are, such as `names of colours`.
    pub fn optional_words(
        &mut self,
        key: &'static str,
        known: &[&str],
        words: &str,
        meaning: &'static str,
    ) -> Option<Vec<String>> {
        let allowed = format!("a list of {words}, or \"off\"");
        let given = self.value(key).filter(|value| value.as_str() != Some("off"));
        let chosen = given.and_then(|value| {
            let list = value.as_array().and_then(|array| array.iter().map(Value::as_str).collect::<Option<Vec<_>>>());
            let Some(list) = list.filter(|list| !list.is_empty()) else {
                self.wrong(key, value, &allowed);
                return None;
            };
            let unknown = list.iter().filter(|word| !known.contains(word));
            for word in unknown {
                let hint = nearest(word, known.iter().copied());
                self.problem(key, format!("{word:?} is given, {allowed} is allowed{hint}"));
            }
            Some(list.into_iter().map(str::to_owned).collect::<Vec<_>>())
        });
        self.declare(key, "list of text", off_text(), allowed, meaning);
        self.keep(key, chosen.clone());
        chosen
    }

    /// A list of whole numbers.
    pub fn integers(
        &mut self,
        key: &'static str,
        default: &[u64],
        range: RangeInclusive<u64>,
        meaning: &'static str,
    ) -> Vec<u64> {
        let allowed = format!("a list of whole numbers from {} to {}", range.start(), range.end());
        let given = self.value(key);
        let list = given.and_then(|value| {
            let number =
                |value: &Value| value.as_integer().and_then(|n| u64::try_from(n).ok()).filter(|n| range.contains(n));
            value.as_array()?.iter().map(number).collect::<Option<Vec<_>>>()
        });
        if let (Some(value), None) = (given, &list) {
            self.wrong(key, value, &allowed);
        }
        let chosen = list.unwrap_or_else(|| default.to_vec());
        self.declare(key, "list of integers", format!("{default:?}"), allowed, meaning);
        self.keep(key, chosen.clone());
        chosen
    }

    /// All keys of this table, whatever their names, each with a text.
    pub fn named_texts(&mut self) -> Vec<(String, String)> {
        let names: Vec<&'a str> =
            self.table.map(|table| table.iter().map(|(key, _)| key).collect()).unwrap_or_default();
        let mut texts = Vec::new();
        for name in names {
            let Some(value) = self.value(name) else { continue };
            match value.as_str() {
                Some(text) => texts.push((name.to_owned(), text.to_owned())),
                None => self.wrong(name, value, "a text"),
            }
            self.keep(name, value.as_str());
        }
        texts
    }

    /// Ends the reading of this table: what was not read is unknown.
    pub fn finish(self) -> Taken {
        let known: Vec<&str> =
            self.values.keys().map(String::as_str).chain(self.children.iter().map(String::as_str)).collect();
        if let Some(table) = self.table {
            for (key, _) in table.iter().filter(|(key, _)| !known.contains(key)) {
                let mut names = known.clone();
                names.sort_unstable();
                let hint = nearest(key, names.iter().copied());
                let allowed = if names.is_empty() { "none".to_owned() } else { names.join(", ") };
                self.problem(key, format!("unknown key{hint}; allowed here: {allowed}"));
            }
        }
        Taken { declared: self.declared, canonical: self.values }
    }
}

fn or_off(off: bool) -> &'static str {
    if off { ", or \"off\"" } else { "" }
}

fn off_text() -> String {
    "\"off\"".to_owned()
}

fn quoted(words: &[&str]) -> String {
    words.iter().map(|word| format!("{word:?}")).collect::<Vec<_>>().join(", ")
}

#[cfg(test)]
mod tests {
    use super::*;

    fn read(text: &str, overrides: &[&str]) -> (Vec<Problem>, u64, Option<f64>, Vec<String>) {
        let overrides: Vec<String> = overrides.iter().map(|&word| word.to_owned()).collect();
        let source = Source::parse("r.toml", text, &overrides);
        let mut root = source.root();
        let mut rules = root.table("rules");
        let words = rules.integer("min_words", 4, 0..=1000, "words");
        let ratio = rules.optional_number("max_ratio", Some(0.5), 0.0..=1.0, "ratio");
        let list = rules.texts("accepted", &["jpeg"], &["jpeg", "png"], "formats");
        rules.finish();
        root.finish();
        (source.finish().err().unwrap_or_default(), words, ratio, list)
    }

    #[test]
    fn all_mistakes_of_a_file_are_told_with_their_lines() {
        let (problems, words, ratio, list) =
            read("[rules]\nmin_wrods = 3\nmax_ratio = 1.5\naccepted = [\"jpg\"]\n", &[]);
        let shown: Vec<String> = problems.iter().map(ToString::to_string).collect();
        assert_eq!(shown.len(), 3, "{shown:?}");
        assert_eq!(
            shown[0],
            "r.toml:2: rules.min_wrods: unknown key; did you mean \"min_words\"?; allowed here: accepted, max_ratio, min_words"
        );
        assert_eq!(shown[1], "r.toml:3: rules.max_ratio: 1.5 is given, a number from 0 to 1, or \"off\" is allowed");
        assert_eq!(shown[2], "r.toml:4: rules.accepted: [\"jpg\"] is given, a list of \"jpeg\", \"png\" is allowed");
        assert_eq!((words, ratio, list), (4, Some(0.5), vec!["jpeg".to_owned()]));
    }

    #[test]
    fn a_bound_is_switched_off_by_the_word_off() {
        let (problems, _, ratio, _) = read("[rules]\nmax_ratio = \"off\"\n", &[]);
        assert!(problems.is_empty());
        assert_eq!(ratio, None);
    }

    #[test]
    fn an_override_wins_and_an_unknown_one_is_told() {
        let (problems, words, _, _) = read("[rules]\nmin_words = 3\n", &["rules.min_words=7"]);
        assert!(problems.is_empty());
        assert_eq!(words, 7);
        let (problems, _, _, _) = read("", &["rules.min_wordz=7", "nonsense"]);
        assert_eq!(problems.len(), 2);
        assert!(problems.iter().any(|p| p.to_string().contains("did you mean \"rules.min_words\"?")), "{problems:?}");
    }

    #[test]
    fn each_word_that_is_not_known_is_told_with_its_nearest() {
        let read = |text: &str| {
            let source = Source::parse("r.toml", text, &[]);
            let mut root = source.root();
            let words = root.optional_words("colours", &["grey", "red"], "names of colours", "colours");
            root.finish();
            let problems = source.finish().err().unwrap_or_default();
            (words, problems.iter().map(ToString::to_string).collect::<Vec<_>>())
        };
        assert_eq!(read("colours = [\"red\", \"grey\"]"), (Some(vec!["red".to_owned(), "grey".to_owned()]), vec![]));
        assert_eq!(read("colours = \"off\""), (None, vec![]));
        assert_eq!(read(""), (None, vec![]));
        let (_, problems) = read("colours = [\"gray\", \"red\"]");
        let expected = "r.toml:1: colours: \"gray\" is given, a list of names of colours, or \"off\" is allowed; did you mean \"grey\"?";
        assert_eq!(problems, [expected]);
        for wrong in ["[]", "\"red\"", "[1]"] {
            let (_, problems) = read(&format!("colours = {wrong}"));
            assert_eq!(problems.len(), 1);
            assert!(problems[0].contains(&format!("{wrong} is given, a list of names of colours")), "{problems:?}");
        }
    }

    #[test]
    fn a_list_is_taken_by_its_name_or_written_out() {
        let read = |text: &str| {
            let source = Source::parse("r.toml", text, &[]);
            let mut root = source.root();
            let words = root.listed("words", &["en", "fr"], "stop words");
            let canonical = root.finish().canonical;
            let problems = source.finish().err().unwrap_or_default();
            (words, canonical, problems.iter().map(ToString::to_string).collect::<Vec<_>>())
        };
        assert!(matches!(read("").0, Listed::Name("en")));
        let (words, canonical, _) = read("words = \"fr\"");
        assert!(matches!(words, Listed::Name("fr")) && canonical["words"] == *"fr");
        let (words, canonical, problems) = read("words = [\"a\"]");
        assert!(matches!(words, Listed::Words(words) if words == ["a"]) && canonical["words"] == Json::from(vec!["a"]));
        assert!(problems.is_empty());
        let expected = "r.toml:1: words: \"frr\" is given, one of \"en\", \"fr\", the name of a table [resources.NAME], or a list of texts is allowed; did you mean \"fr\"?";
        assert_eq!(read("words = \"frr\"").2, [expected]);
        assert_eq!(read("words = [1]").2.len(), 1);
    }

    #[test]
    fn text_that_is_no_toml_is_one_problem_with_its_line() {
        let (problems, ..) = read("[rules]\nmin_words = = 3\n", &[]);
        assert_eq!(problems.len(), 1);
        assert_eq!(problems[0].line, 2);
    }
}
