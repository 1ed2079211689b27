//! Files that options name: models and long word lists.

use std::any::Any;
use std::collections::BTreeMap;
use std::fmt;
use std::sync::{Arc, Mutex, PoisonError};

use obelisc_text::ModelBytes;
use serde_json::Value as Json;

use super::{Listed, Options, nearest};

/// A file that options name: a model, a long word list.
#[derive(Clone)]
pub struct Resource {
    bytes: ModelBytes,
    sha256: String,
    opened: Arc<Mutex<Vec<Arc<dyn Any + Send + Sync>>>>,
}

impl fmt::Debug for Resource {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "Resource({})", self.sha256)
    }
}

impl Resource {
    /// A file by its bytes; `sha256` is theirs, hexadecimal: what a digest takes in.
    pub fn new(bytes: ModelBytes, sha256: String) -> Self {
        Self { bytes, sha256, opened: Arc::default() }
    }

    /// The bytes.
    pub fn bytes(&self) -> ModelBytes {
        Arc::clone(&self.bytes)
    }

    /// sha256 of the bytes, hexadecimal.
    pub fn sha256(&self) -> &str {
        &self.sha256
    }

    /// What the file holds, read by the caller that asks first; all others of the same type get the same.
    ///
    /// # Errors
    /// That of `open`.
    pub fn open<T: Any + Send + Sync, E>(&self, open: impl FnOnce(ModelBytes) -> Result<T, E>) -> Result<Arc<T>, E> {
        let mut opened = self.opened.lock().unwrap_or_else(PoisonError::into_inner);
        if let Some(found) = opened.iter().find_map(|one| Arc::clone(one).downcast::<T>().ok()) {
            return Ok(found);
        }
        let made = Arc::new(open(self.bytes())?);
        opened.push(Arc::clone(&made) as Arc<dyn Any + Send + Sync>);
        Ok(made)
    }
}

/// A word, or a file that is named in its stead.
#[derive(Clone, Debug)]
pub enum Named {
    /// One of the words.
    Word(&'static str),
    /// A file.
    File(Resource),
    /// Neither, which is told elsewhere.
    Missing,
}

/// The files that options may name, by their names.
#[derive(Clone, Debug, Default)]
pub struct Resources(BTreeMap<String, Option<Resource>>);

impl Resources {
    /// Adds a file; `None` for one that is known and cannot be had now, of which somebody else tells why.
    pub fn add(&mut self, name: &str, resource: Option<Resource>) {
        self.0.insert(name.to_owned(), resource);
    }

    /// The names.
    pub fn names(&self) -> impl Iterator<Item = &str> {
        self.0.keys().map(String::as_str)
    }
}

impl Options<'_> {
    /// A file by its name; `None` where none is named, which is the default, or where it cannot be had.
    pub fn resource(&mut self, key: &'static str, meaning: &'static str) -> Option<Resource> {
        let given = self.value(key).filter(|value| value.as_str() != Some(""));
        let found = given.map(|value| {
            let known = value.as_str().and_then(|name| self.source.resources.0.get(name));
            if known.is_none() {
                self.wrong(key, value, &format!("the name of {}", self.known_resources(value.as_str())));
            }
            known.cloned().flatten()
        });
        let allowed = "the name of a table [resources.NAME]".to_owned();
        self.declare(key, "resource", "\"\"".to_owned(), allowed, meaning);
        let resource = found.clone().flatten();
        // A file that somebody else tells about is named, so that nobody misses the name as well.
        let digest = resource.as_ref().map(|resource| resource.sha256().to_owned());
        self.keep(key, digest.map_or_else(|| found.map_or(Json::Null, |_| "missing".into()), Json::from));
        resource
    }

    /// One of the given words, the first being the default, or a file by its name.
    pub fn word_or_resource(&mut self, key: &'static str, words: &[&'static str], meaning: &'static str) -> Named {
        let quoted = words.iter().map(|word| format!("{word:?}")).collect::<Vec<_>>().join(", ");
        let allowed = format!("one of {quoted}, or the name of a table [resources.NAME]");
        let default = words.first().copied().unwrap_or_default();
        let chosen = self.value(key).map_or(Named::Word(default), |value| {
            let name = value.as_str().unwrap_or_default();
            match (words.iter().copied().find(|word| *word == name), self.source.resources.0.get(name)) {
                (Some(word), _) => Named::Word(word),
                (None, Some(resource)) => resource.clone().map_or(Named::Missing, Named::File),
                (None, None) => {
                    let known = words.iter().copied().chain(self.source.resources.names());
                    self.wrong(key, value, &format!("{allowed}{}", nearest(name, known)));
                    Named::Missing
                }
            }
        });
        self.declare(key, "text", format!("{default:?}"), allowed, meaning);
        match &chosen {
            Named::Word(word) => self.keep(key, *word),
            Named::File(resource) => self.keep(key, resource.sha256()),
            Named::Missing => self.keep(key, Json::Null),
        }
        chosen
    }

    /// What can be named, in words.
    fn known_resources(&self, word: Option<&str>) -> String {
        let names: Vec<&str> = self.source.resources.names().collect();
        let hint = word.map(|word| nearest(word, names.iter().copied())).unwrap_or_default();
        if names.is_empty() {
            "a table [resources.NAME], of which there is none,".to_owned()
        } else {
            format!("a table [resources.NAME], of {}{hint},", names.join(", "))
        }
    }

    /// The file that a list is taken from, where its option names one.
    pub(super) fn listed_resource(&self, name: &str) -> Option<Listed> {
        let resource = self.source.resources.0.get(name)?;
        Some(resource.clone().map_or(Listed::Words(Vec::new()), Listed::File))
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::options::Source;

    fn resources() -> Resources {
        let mut resources = Resources::default();
        resources.add("model", Some(Resource::new(Arc::new(b"abc".to_vec()), "ba78".to_owned())));
        resources.add("lost", None);
        resources
    }

    #[test]
    fn a_file_is_found_by_its_name_and_enters_the_digest() {
        let source = Source::parse("r.toml", "model = \"model\"\n", &[]).with_resources(resources());
        let mut root = source.root();
        let found = root.resource("model", "the model").unwrap();
        assert_eq!(root.finish().canonical["model"], "ba78");
        assert_eq!((*found.bytes()).as_ref(), b"abc");
        let length = found.open(|bytes| Ok::<_, ()>((*bytes).as_ref().len())).unwrap();
        let again = found.open(|_| Err::<usize, ()>(())).unwrap();
        assert_eq!((*length, *again), (3, 3));
    }

    #[test]
    fn a_name_that_is_not_known_is_told_with_its_nearest() {
        let read = |text: &str| {
            let source = Source::parse("r.toml", text, &[]).with_resources(resources());
            let mut root = source.root();
            let found = root.resource("model", "the model");
            root.finish();
            let problems = source.finish().err().unwrap_or_default();
            (found.is_some(), problems.iter().map(ToString::to_string).collect::<Vec<_>>())
        };
        assert_eq!(read(""), (false, vec![]));
        assert_eq!(read("model = \"lost\""), (false, vec![]));
        let (_, problems) = read("model = \"modell\"");
        assert!(problems[0].starts_with("r.toml:1: model: \"modell\" is given"), "{problems:?}");
        assert!(problems[0].contains("did you mean \"model\"?"), "{problems:?}");
    }
}
