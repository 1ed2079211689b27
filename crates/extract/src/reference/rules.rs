//! The data of a profile that is read by the reference's algorithm.

use std::collections::{HashMap, HashSet};

use html5ever::LocalName;

use super::url::UrlRules;
use crate::profile::{Keys, ProfileError};

/// What two texts are put apart by, weakest first.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, PartialOrd, Ord)]
pub(crate) enum Separator {
    /// Nothing.
    #[default]
    None,
    /// A space.
    Space,
    /// A line end.
    Line,
    /// A blank line.
    BlankLine,
}

impl Separator {
    /// The separators that texts can end and begin with, in the order in which they are taken off.
    pub(super) const MARKED: [Self; 3] = [Self::BlankLine, Self::Line, Self::Space];

    pub(super) const fn text(self) -> &'static str {
        match self {
            Self::None => "",
            Self::Space => " ",
            Self::Line => "\n",
            Self::BlankLine => "\n\n",
        }
    }
}

/// What the algorithm keeps, drops and writes: `profiles/obelisc.toml` says what each key means.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) struct Rules {
    pub(super) western_charset: String,
    pub(super) max_bytes: usize,
    pub(super) line_break_tags: Vec<String>,
    pub(super) line_break_marker: String,
    pub(super) removed_classes: Vec<String>,
    pub(super) replaced_classes: Vec<String>,
    pub(super) replacement: String,
    pub(super) unwrapped: HashSet<LocalName>,
    /// With those of `media`.
    pub(super) kept: HashSet<String>,
    pub(super) media: HashSet<LocalName>,
    pub(super) sourced_media: HashSet<LocalName>,
    pub(super) special_attributes: Vec<LocalName>,
    pub(super) special_values: HashSet<String>,
    pub(super) date_words: Vec<String>,
    pub(super) separators: HashMap<LocalName, Separator>,
    pub(super) sources: Vec<LocalName>,
    pub(super) refused_characters: Vec<String>,
    pub(super) urls: UrlRules,
}

impl Rules {
    /// Reads the tables of a profile.
    ///
    /// # Errors
    /// A key that is missing, unknown or of another type.
    pub(crate) fn read(root: &mut Keys<'_>) -> Result<Self, ProfileError> {
        let mut page = root.table("page")?;
        let mut simplification = root.table("simplification")?;
        let mut edges = root.table("separators")?;
        let mut images = root.table("images")?;
        let mut urls = root.table("urls")?;
        let mut separators = HashMap::new();
        for (key, separator) in [("blank_line", Separator::BlankLine), ("line", Separator::Line)] {
            separators.extend(edges.names::<Vec<_>>(key)?.into_iter().map(|name| (name, separator)));
        }
        let media: HashSet<LocalName> = simplification.names("media")?;
        let mut kept: HashSet<String> = simplification.list("kept")?;
        kept.extend(media.iter().map(LocalName::to_string));
        let rules = Self {
            western_charset: page.text("western_charset")?,
            max_bytes: page.count("max_bytes")?,
            line_break_tags: page.tags("line_break_tags")?,
            line_break_marker: page.text("line_break_marker")?,
            removed_classes: simplification.list("removed_classes")?,
            replaced_classes: simplification.list("replaced_classes")?,
            replacement: simplification.text("replacement")?,
            unwrapped: simplification.names("unwrapped")?,
            kept,
            media,
            sourced_media: simplification.names("sourced_media")?,
            special_attributes: simplification.names("special_attributes")?,
            special_values: simplification.list("special_values")?,
            date_words: simplification.list("date_words")?,
            separators,
            sources: images.names("sources")?,
            refused_characters: images.list("refused_characters")?,
            urls: UrlRules {
                absolute_prefix: urls.text("absolute_prefix")?,
                network_path_scheme: urls.text("network_path_scheme")?,
                path_scheme: urls.text("path_scheme")?,
                schemes: urls.list("schemes")?,
            },
        };
        for keys in [page, simplification, edges, images, urls] {
            keys.finish()?;
        }
        Ok(rules)
    }

    /// The attributes that are read, those of the page's head apart.
    pub(crate) fn attributes(&self) -> impl Iterator<Item = &LocalName> {
        self.special_attributes.iter().chain(&self.sources)
    }
}
