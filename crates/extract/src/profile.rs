//! Profiles: what counts as text, as an image, as a placeholder.  Data, not code.

use std::collections::{HashMap, HashSet};

use html5ever::LocalName;
use toml_edit::{DocumentMut, Item, Table};

/// What an element's name says of it.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Role {
    /// Adds nothing.
    Inline,
    /// A blank line before and after.
    Block,
    /// Dropped with all that is below it.
    Dropped,
}

/// One way to read pages.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Profile {
    /// Name.
    pub name: String,
    /// Semantic version: raised whenever any document of the profile changes.  Outputs are keyed by it.
    pub version: String,
    /// Whether a video's poster is an image of the document.
    pub video_poster: bool,
    /// Formats that are preferred where an image is offered in several: `jpeg`, `png`, `webp`, `gif`, `avif`, `svg`.
    pub accepted_formats: Vec<String>,
    elements: HashMap<LocalName, Role>,
    pub(crate) dropped_roles: HashSet<String>,
    unseen_classes: Vec<String>,
    pub(crate) opened_roles: HashSet<String>,
    pub(crate) opened_words: HashSet<String>,
    pub(crate) unopened_words: HashSet<String>,
    pub(crate) original_attributes: Vec<LocalName>,
    pub(crate) lazy_attributes: Vec<LocalName>,
    pub(crate) lazy_srcset_attributes: Vec<LocalName>,
    pub(crate) figure_attributes: Vec<LocalName>,
    pub(crate) placeholder_words: HashSet<String>,
    pub(crate) placeholder_fillers: HashSet<String>,
    pub(crate) min_repeats: usize,
}

/// A profile that cannot be read.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
#[error("profile: {0}")]
pub struct ProfileError(String);

impl Profile {
    /// Names of the profiles that are built in.
    pub const NAMES: &[&str] = &["default"];

    /// The built-in profile of that name.
    ///
    /// # Errors
    /// A name that is not in [`NAMES`](Self::NAMES).
    pub fn named(name: &str) -> Result<Self, ProfileError> {
        match name {
            "default" => Self::parse(include_str!("../profiles/default.toml")),
            _ => Err(ProfileError(format!("no profile is named `{name}`; there is: {}", Self::NAMES.join(", ")))),
        }
    }

    /// Reads a profile; `profiles/default.toml` shows every key.
    ///
    /// # Errors
    /// Text that is no TOML, a key that is missing, unknown or of another type.
    pub fn parse(text: &str) -> Result<Self, ProfileError> {
        let document: DocumentMut = text.parse().map_err(|error| ProfileError(format!("{error}")))?;
        let mut root = Keys::new("", document.as_table());
        let mut elements = root.table("elements")?;
        let mut images = root.table("images")?;
        let mut roles = HashMap::new();
        for (key, role) in [("block", Role::Block), ("dropped", Role::Dropped)] {
            roles.extend(elements.list(key)?.into_iter().map(|name| (LocalName::from(name), role)));
        }
        let min_repeats = images.get("min_repeats", Item::as_integer)?;
        let profile = Self {
            name: root.get("name", Item::as_str)?.to_owned(),
            version: root.get("version", Item::as_str)?.to_owned(),
            video_poster: images.get("video_poster", Item::as_bool)?,
            accepted_formats: images.list("accepted_formats")?,
            elements: roles,
            dropped_roles: elements.list("dropped_roles")?.into_iter().collect(),
            unseen_classes: elements.list("unseen_classes")?,
            opened_roles: elements.list("opened_roles")?.into_iter().collect(),
            opened_words: elements.list("opened_words")?.into_iter().collect(),
            unopened_words: elements.list("unopened_words")?.into_iter().collect(),
            original_attributes: images.names("original_attributes")?,
            lazy_attributes: images.names("lazy_attributes")?,
            lazy_srcset_attributes: images.names("lazy_srcset_attributes")?,
            figure_attributes: images.names("figure_attributes")?,
            placeholder_words: images.list("placeholder_words")?.into_iter().collect(),
            placeholder_fillers: images.list("placeholder_fillers")?.into_iter().collect(),
            min_repeats: usize::try_from(min_repeats)
                .map_err(|_| ProfileError("images.min_repeats: expected 0 or more".to_owned()))?,
        };
        for keys in [root, elements, images] {
            keys.finish()?;
        }
        Ok(profile)
    }

    /// Whether a class keeps its elements for screen readers.
    pub(crate) fn is_unseen(&self, class: &str) -> bool {
        // Asked for each class of each element: the names are few, and most differ in length.
        self.unseen_classes.iter().any(|unseen| unseen == class)
    }

    pub(crate) fn role(&self, name: &LocalName) -> Role {
        self.elements.get(name).copied().unwrap_or(Role::Inline)
    }
}

/// A table whose keys are asked for one by one.
struct Keys<'a> {
    path: &'a str,
    table: &'a Table,
    known: Vec<&'static str>,
}

impl<'a> Keys<'a> {
    fn new(path: &'a str, table: &'a Table) -> Self {
        Self { path, table, known: Vec::new() }
    }

    fn error(&self, key: &str, what: &str) -> ProfileError {
        let dot = if self.path.is_empty() { "" } else { "." };
        ProfileError(format!("{}{dot}{key}: {what}", self.path))
    }

    fn get<T>(&mut self, key: &'static str, read: impl Fn(&'a Item) -> Option<T>) -> Result<T, ProfileError> {
        self.known.push(key);
        let item = self.table.get(key).ok_or_else(|| self.error(key, "is missing"))?;
        read(item).ok_or_else(|| self.error(key, &format!("has the wrong type, {}", item.type_name())))
    }

    fn table(&mut self, key: &'static str) -> Result<Keys<'a>, ProfileError> {
        self.get(key, Item::as_table).map(|table| Keys::new(key, table))
    }

    fn list(&mut self, key: &'static str) -> Result<Vec<String>, ProfileError> {
        self.get(key, |item| item.as_array()?.iter().map(|value| value.as_str().map(str::to_owned)).collect())
    }

    fn names(&mut self, key: &'static str) -> Result<Vec<LocalName>, ProfileError> {
        Ok(self.list(key)?.into_iter().map(LocalName::from).collect())
    }

    fn finish(self) -> Result<(), ProfileError> {
        match self.table.iter().find(|(key, _)| !self.known.contains(key)) {
            Some((key, _)) => Err(self.error(key, &format!("is unknown; known are: {}", self.known.join(", ")))),
            None => Ok(()),
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn every_built_in_profile_reads() {
        for name in Profile::NAMES {
            assert_eq!(Profile::named(name).unwrap().name, *name);
        }
        assert!(Profile::named("defualt").unwrap_err().to_string().contains("default"));
    }

    #[test]
    fn mistakes_name_their_key() {
        let good = include_str!("../profiles/default.toml");
        let error = |text: &str| Profile::parse(text).unwrap_err().to_string();
        assert!(error(&good.replace("min_repeats", "min_repeat")).contains("images.min_repeats: is missing"));
        assert!(error(&good.replace("video_poster = false", "video_poster = 1")).contains("images.video_poster"));
        assert!(error(&format!("{good}\nmore = 1")).contains("images.more: is unknown"));
        assert!(error("=").starts_with("profile: "));
    }
}
