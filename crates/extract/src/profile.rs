//! Profiles: what counts as text, as an image, as a placeholder.  Data, not code.
//!
//! A profile names the algorithm that reads its data: `complete` (the walk of this crate), or `reference`, which gives what the
//! OBELICS release has.

mod keys;

use std::collections::{HashMap, HashSet};
use std::hash::{BuildHasherDefault, Hasher};

use html5ever::LocalName;
use toml_edit::{DocumentMut, Item};

pub(crate) use self::keys::Keys;
use crate::reference::Rules;

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
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Profile {
    /// Name.
    pub name: String,
    /// Semantic version: raised whenever any document of the profile changes.  Outputs are keyed by it.
    pub version: String,
    /// Whether a video's poster is an image of the document.  The reference reads none.
    pub video_poster: bool,
    /// Formats that are preferred where an image is offered in several: `jpeg`, `png`, `webp`, `gif`, `avif`, `svg`.
    /// The reference prefers none.
    pub accepted_formats: Vec<String>,
    elements: HashMap<LocalName, Role, BuildHasherDefault<NameHasher>>,
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
    /// The data of the reference's algorithm, where that one reads the pages; all that stands above but name and version is
    /// without meaning then.
    pub(crate) reference: Option<Box<Rules>>,
}

/// A profile that cannot be read.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
#[error("profile: {0}")]
pub struct ProfileError(String);

impl Profile {
    /// Names of the profiles that are built in.
    pub const NAMES: &[&str] = &["default", "obelisc"];

    /// The built-in profile of that name.
    ///
    /// # Errors
    /// A name that is not in [`NAMES`](Self::NAMES).
    pub fn named(name: &str) -> Result<Self, ProfileError> {
        match name {
            "default" => Self::parse(include_str!("../profiles/default.toml")),
            "obelisc" => Self::parse(include_str!("../profiles/obelisc.toml")),
            _ => Err(ProfileError(format!("no profile is named `{name}`; there is: {}", Self::NAMES.join(", ")))),
        }
    }

    /// Whether paragraphs and images get content scores: the reference gives none.
    pub fn scores_content(&self) -> bool {
        self.reference.is_none()
    }

    /// Reads a profile; `profiles/default.toml` and `profiles/obelisc.toml` show every key of the two algorithms.
    ///
    /// # Errors
    /// Text that is no TOML, a key that is missing, unknown or of another type.
    pub fn parse(text: &str) -> Result<Self, ProfileError> {
        let document: DocumentMut = text.parse().map_err(|error| ProfileError(format!("{error}")))?;
        let mut root = Keys::new("", document.as_table());
        let (name, version) = (root.text("name")?, root.text("version")?);
        let profile = match root.text("algorithm")?.as_str() {
            "complete" => Self::complete(&mut root)?,
            "reference" => Self { reference: Some(Box::new(Rules::read(&mut root)?)), ..Self::default() },
            other => {
                return Err(ProfileError(format!("algorithm: `{other}` is neither `complete` nor `reference`")));
            }
        };
        root.finish()?;
        Ok(Self { name, version, ..profile })
    }

    fn complete(root: &mut Keys<'_>) -> Result<Self, ProfileError> {
        let mut elements = root.table("elements")?;
        let mut images = root.table("images")?;
        let mut roles = HashMap::default();
        for (key, role) in [("block", Role::Block), ("dropped", Role::Dropped)] {
            roles.extend(elements.names::<Vec<_>>(key)?.into_iter().map(|name| (name, role)));
        }
        let profile = Self {
            video_poster: images.get("video_poster", Item::as_bool)?,
            accepted_formats: images.list("accepted_formats")?,
            elements: roles,
            dropped_roles: elements.list("dropped_roles")?,
            unseen_classes: elements.list("unseen_classes")?,
            opened_roles: elements.list("opened_roles")?,
            opened_words: elements.list("opened_words")?,
            unopened_words: elements.list("unopened_words")?,
            original_attributes: images.names("original_attributes")?,
            lazy_attributes: images.names("lazy_attributes")?,
            lazy_srcset_attributes: images.names("lazy_srcset_attributes")?,
            figure_attributes: images.names("figure_attributes")?,
            placeholder_words: images.list("placeholder_words")?,
            placeholder_fillers: images.list("placeholder_fillers")?,
            min_repeats: images.count("min_repeats")?,
            ..Self::default()
        };
        for keys in [elements, images] {
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

/// Hashes names, which bring a number of their own (Knuth's multiplicative method).  The names in a table are the
/// profile's: no page can make them collide.
#[derive(Clone, Debug, Default)]
struct NameHasher(u64);

impl Hasher for NameHasher {
    fn finish(&self) -> u64 {
        self.0
    }

    fn write(&mut self, bytes: &[u8]) {
        for &byte in bytes {
            self.write_u64(self.0 ^ u64::from(byte));
        }
    }

    fn write_u64(&mut self, number: u64) {
        self.0 = (number ^ (number >> 32)).wrapping_mul(0x9E37_79B9_7F4A_7C15).rotate_left(32);
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
        let good = include_str!("../profiles/obelisc.toml");
        assert!(error(&good.replace("reference", "referee")).contains("algorithm: `referee`"));
        assert!(error(&good.replace("date_words", "dates")).contains("simplification.date_words: is missing"));
        assert!(error(&good.replace("80_000_000", "-1")).contains("page.max_bytes: expected 0 or more"));
    }
}
