//! A table whose keys are asked for one by one.

use html5ever::LocalName;
use toml_edit::{Item, Table};

use super::ProfileError;

/// A table of a profile.  [`finish`](Self::finish) refuses the keys that nobody asked for.
pub(crate) struct Keys<'a> {
    path: &'a str,
    table: &'a Table,
    known: Vec<&'static str>,
}

impl<'a> Keys<'a> {
    pub(super) fn new(path: &'a str, table: &'a Table) -> Self {
        Self { path, table, known: Vec::new() }
    }

    fn error(&self, key: &str, what: &str) -> ProfileError {
        let dot = if self.path.is_empty() { "" } else { "." };
        ProfileError(format!("{}{dot}{key}: {what}", self.path))
    }

    pub(crate) fn get<T>(
        &mut self,
        key: &'static str,
        read: impl Fn(&'a Item) -> Option<T>,
    ) -> Result<T, ProfileError> {
        self.known.push(key);
        let item = self.table.get(key).ok_or_else(|| self.error(key, "is missing"))?;
        read(item).ok_or_else(|| self.error(key, &format!("has the wrong type, {}", item.type_name())))
    }

    pub(crate) fn table(&mut self, key: &'static str) -> Result<Keys<'a>, ProfileError> {
        self.get(key, Item::as_table).map(|table| Keys::new(key, table))
    }

    pub(crate) fn text(&mut self, key: &'static str) -> Result<String, ProfileError> {
        self.get(key, Item::as_str).map(str::to_owned)
    }

    /// A number of 0 or more.
    pub(crate) fn count(&mut self, key: &'static str) -> Result<usize, ProfileError> {
        let number = self.get(key, Item::as_integer)?;
        usize::try_from(number).map_err(|_| self.error(key, "expected 0 or more"))
    }

    /// A list of texts, as whatever collection is wanted.
    pub(crate) fn list<C: FromIterator<String>>(&mut self, key: &'static str) -> Result<C, ProfileError> {
        self.get(key, |item| item.as_array()?.iter().map(|value| value.as_str().map(str::to_owned)).collect())
    }

    /// A list of tags as a page spells them.
    pub(crate) fn tags(&mut self, key: &'static str) -> Result<Vec<String>, ProfileError> {
        let tags: Vec<String> = self.list(key)?;
        match tags.iter().find(|tag| !tag.starts_with('<')) {
            Some(tag) => Err(self.error(key, &format!("`{tag}` is no tag"))),
            None => Ok(tags),
        }
    }

    /// A list of names of elements or attributes, as whatever collection is wanted.
    pub(crate) fn names<C: FromIterator<LocalName>>(&mut self, key: &'static str) -> Result<C, ProfileError> {
        Ok(self.list::<Vec<_>>(key)?.into_iter().map(LocalName::from).collect())
    }

    pub(crate) fn finish(self) -> Result<(), ProfileError> {
        match self.table.iter().find(|(key, _)| !self.known.contains(key)) {
            Some((key, _)) => Err(self.error(key, &format!("is unknown; known are: {}", self.known.join(", ")))),
            None => Ok(()),
        }
    }
}
