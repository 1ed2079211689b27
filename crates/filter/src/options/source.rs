//! A TOML file being read, and the mistakes found in it.

use std::cell::RefCell;
use std::collections::{BTreeMap, BTreeSet, HashSet};
use std::fmt;

use toml_edit::{Document, TableLike, Value};

use super::{Options, Resources};

/// A mistake in a recipe, config or flag.
#[derive(Clone, Debug, PartialEq, Eq, Hash, PartialOrd, Ord)]
pub struct Problem {
    /// File name, or the flag.
    pub file: String,
    /// Line, from 1; 0 where the mistake is of the whole or of a flag.
    pub line: usize,
    /// Dotted key.
    pub key: String,
    /// What is wrong: the value, and what is allowed.
    pub message: String,
}

impl fmt::Display for Problem {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&self.file)?;
        if self.line > 0 {
            write!(f, ":{}", self.line)?;
        }
        // A flag names its key itself.
        if !self.key.is_empty() && !self.file.ends_with(&self.key) {
            write!(f, ": {}", self.key)?;
        }
        write!(f, ": {}", self.message)
    }
}

/// A TOML file with overrides of single keys, and the mistakes found in it.
#[derive(Debug)]
pub struct Source {
    name: String,
    text: String,
    document: Option<Document<String>>,
    pub(super) overrides: BTreeMap<String, Value>,
    pub(super) used: RefCell<BTreeSet<String>>,
    problems: RefCell<Vec<Problem>>,
    languages: Vec<LanguageValues>,
    pub(super) resources: Resources,
}

/// What stands for `"language"` in a file, of one language.
#[derive(Debug)]
pub(super) struct LanguageValues {
    pub(super) code: String,
    document: Document<String>,
}

impl LanguageValues {
    /// The value under a dotted key.
    pub(super) fn value(&self, key: &str) -> Option<&Value> {
        // The last cleaning has the rules of any stage.
        let mut parts = key.strip_prefix("clean.").unwrap_or(key).split('.');
        let first = self.document.get(parts.next()?)?;
        parts.try_fold(first, |item, part| item.get(part))?.as_value()
    }
}

impl Source {
    /// Parses `text`, the content of the file `name`; `overrides` are `key=value` words whose value is TOML, or a bare
    /// word for a text.
    pub fn parse(name: &str, text: &str, overrides: &[String]) -> Self {
        let mut source = Self {
            name: name.to_owned(),
            text: text.to_owned(),
            document: None,
            overrides: BTreeMap::new(),
            used: RefCell::default(),
            problems: RefCell::default(),
            languages: Vec::new(),
            resources: Resources::default(),
        };
        match Document::parse(text.to_owned()) {
            Ok(document) => source.document = Some(document),
            Err(error) => {
                let offset = error.span().map(|span| span.start);
                source.note(offset, "", format!("not valid TOML: {}", error.message().replace('\n', ", ")));
            }
        }
        for word in overrides {
            match word.split_once('=') {
                Some((key, value)) if !key.trim().is_empty() => {
                    let value = value.trim();
                    let value = value.parse().unwrap_or_else(|_| Value::from(value));
                    source.overrides.insert(key.trim().to_owned(), value);
                }
                _ => source.note(None, "", format!("--set {word}: expected KEY=VALUE")),
            }
        }
        source
    }

    /// Adds what stands for the word `"language"` in the file: of each language its code and a TOML text that has the
    /// values under the same keys.  [`Options::in_language`] picks one.
    ///
    /// # Errors
    /// The code of the language whose text is no TOML.
    pub fn with_languages<'t>(mut self, texts: impl IntoIterator<Item = (&'t str, &'t str)>) -> Result<Self, String> {
        for (code, text) in texts {
            let document = Document::parse(text.to_owned()).map_err(|error| format!("{code}: {error}"))?;
            self.languages.push(LanguageValues { code: code.to_owned(), document });
        }
        Ok(self)
    }

    /// Adds the files that the file may name.
    #[must_use]
    pub fn with_resources(mut self, resources: Resources) -> Self {
        self.resources = resources;
        self
    }

    pub(super) fn language(&self, code: &str) -> Option<&LanguageValues> {
        self.languages.iter().find(|language| language.code == code)
    }

    /// The top level of the file.
    pub fn root(&self) -> Options<'_> {
        let table = self.document.as_ref().map(|document| document.as_table() as &dyn TableLike);
        Options::new(self, String::new(), table)
    }

    /// Notes a mistake that a reader found in a value at `offset` bytes of the text.
    pub(super) fn note(&self, offset: Option<usize>, key: &str, message: String) {
        let (file, line) = if self.overrides.contains_key(key) {
            (format!("--set {key}"), 0)
        } else {
            let line = offset.map_or(0, |offset| 1 + self.text.bytes().take(offset).filter(|&b| b == b'\n').count());
            (self.name.clone(), line)
        };
        self.problems.borrow_mut().push(Problem { file, line, key: key.to_owned(), message });
    }

    /// Ends the reading: overrides that no key took are mistakes as well.  All mistakes, in the order of the file.
    ///
    /// # Errors
    /// The mistakes, when there are any.
    pub fn finish(self) -> Result<(), Vec<Problem>> {
        let used = self.used.borrow();
        for key in self.overrides.keys().filter(|key| !used.contains(*key)) {
            let message = format!("unknown key{}", nearest(key, used.iter().map(String::as_str)));
            self.note(None, key, message);
        }
        // A table that is read once per language makes its mistakes once per language.
        let mut seen = HashSet::new();
        let mut problems = self.problems.borrow().clone();
        problems.retain(|problem| seen.insert(problem.clone()));
        problems.sort_by_key(|problem| (problem.line == 0, problem.line));
        if problems.is_empty() { Ok(()) } else { Err(problems) }
    }
}

/// `; did you mean …?` where one of the names is close, else nothing.
pub fn nearest<'a>(word: &str, names: impl Iterator<Item = &'a str>) -> String {
    let best = names.map(|name| (strsim::jaro_winkler(word, name), name)).max_by(|a, b| a.0.total_cmp(&b.0));
    match best {
        Some((score, name)) if score > 0.75 => format!("; did you mean {name:?}?"),
        _ => String::new(),
    }
}
