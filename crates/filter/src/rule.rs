//! What a rule is, and what it judges.

use std::fmt;

use obelisc_document::{Document, ImageNode, Page};
use serde::{Deserialize, Serialize};

use crate::options::{Declared, Options, Source};
use crate::shared::Shared;
use crate::signal::{Bound, Measure};

/// What a rule judges.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
#[serde(rename_all = "lowercase")]
pub enum SubjectKind {
    /// The URL of a page; a failing one drops the document.
    Url,
    /// An image node.
    Image,
    /// A paragraph of a text node.
    Paragraph,
    /// The whole document, after the rules on its nodes.
    Document,
}

impl SubjectKind {
    /// All kinds, in the order in which they are judged.
    pub const ALL: [Self; 4] = [Self::Url, Self::Image, Self::Paragraph, Self::Document];

    /// The published name: folder of the rule, table of the recipe, column of the ledger.
    pub const fn name(self) -> &'static str {
        match self {
            Self::Url => "url",
            Self::Image => "image",
            Self::Paragraph => "paragraph",
            Self::Document => "document",
        }
    }

    /// The kind with this name.
    pub fn from_name(name: &str) -> Option<Self> {
        Self::ALL.into_iter().find(|kind| kind.name() == name)
    }
}

impl fmt::Display for SubjectKind {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(self.name())
    }
}

/// One thing to judge, with what a rule may look at.
#[derive(Clone, Copy, Debug)]
pub enum Subject<'a> {
    /// The final URL of a page.
    Url(&'a str),
    /// An image and the page that shows it.
    Image {
        /// The image; `facts` is `None` until its bytes were read.
        image: &'a ImageNode,
        /// The page.
        page: &'a Page,
    },
    /// A paragraph and its page.
    Paragraph {
        /// The text: not blank, without a blank line.
        text: &'a str,
        /// How sure extraction is that it is main content, 0 to 1; `None` where nothing scored it.
        content_score: Option<f32>,
        /// The page.
        page: &'a Page,
        /// What rules count of the text.
        shared: &'a Shared,
    },
    /// A document as the rules on images and paragraphs left it.
    Document {
        /// The document.
        document: &'a Document,
        /// What rules count of its text, its paragraphs' as parts.
        shared: &'a Shared,
    },
}

impl Subject<'_> {
    /// Which kind this is.
    pub const fn kind(&self) -> SubjectKind {
        match self {
            Self::Url(_) => SubjectKind::Url,
            Self::Image { .. } => SubjectKind::Image,
            Self::Paragraph { .. } => SubjectKind::Paragraph,
            Self::Document { .. } => SubjectKind::Document,
        }
    }
}

/// What must be known before a rule can give its full value.  `check` refuses a recipe in which a rule would never see
/// what it needs; for a document rule it also says which later removals touch the value.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize)]
#[serde(rename_all = "snake_case")]
pub enum Needs {
    /// The URL of the page.
    Url,
    /// The text.
    Text,
    /// Which images the page shows and what it says of them.
    ImageReference,
    /// Format and size by an image's bytes.
    ImageFacts,
    /// A file that the recipe names under `[resources]`: a model.
    Model,
    /// Scores of a classifier of images, which the recipe names under `[classifiers]`.
    Classifier,
    /// The document's language, which the recipe's table `[language]` has identified.
    Language,
}

impl Needs {
    /// The published name.
    pub const fn name(self) -> &'static str {
        match self {
            Self::Url => "url",
            Self::Text => "text",
            Self::ImageReference => "image_reference",
            Self::ImageFacts => "image_facts",
            Self::Model => "model",
            Self::Classifier => "classifier",
            Self::Language => "language",
        }
    }
}

/// A rule with its options set.
///
/// `measure` is a pure function of the subject and the options: no clock, no randomness, no state.
pub trait Rule: fmt::Debug + Send + Sync {
    /// The value of a subject of the rule's own kind; [`Measure::NotApplicable`] for any other.  A rule that cannot say
    /// for a mistake of its own gives [`Measure::Failed`].
    fn measure(&self, subject: Subject<'_>) -> Measure;

    /// What the value is compared with, in the order in which the first failing one is named.  A bound whose option is
    /// off is left out.
    fn bounds(&self) -> Vec<Bound>;
}

/// What makes a rule of its options.  It is a reference, so that a rule that comes while the program runs, out of a script,
/// say, can carry what it needs; the rules of `filters/` carry nothing.
pub type Build = &'static (dyn Fn(&mut Options<'_>) -> Box<dyn Rule> + Send + Sync);

/// A rule before its options are set: one line in the table of rules.
#[derive(Clone, Copy)]
pub struct RuleSpec {
    /// Name: of the file, in a recipe, in the ledger.  The quantity measured.
    pub name: &'static str,
    /// What it judges.
    pub subject: SubjectKind,
    /// Semantic version: raised whenever the same subject and options can give another value.
    pub version: u32,
    /// What it needs.
    pub needs: &'static [Needs],
    /// Whether removing nodes can only make the value smaller.  A minimum on such a value may drop a document before
    /// later stages have removed theirs; everything else waits.  Only document rules are asked.
    pub falling: bool,
    /// Texts that decide about values beside the options: word lists and the like.  Their sha256 enters the digest.
    pub resources: &'static [&'static str],
    /// The manual page, Markdown.
    pub page: &'static str,
    /// Reads the options and makes the rule.
    pub build: Build,
}

impl fmt::Debug for RuleSpec {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("RuleSpec").field("path", &self.path()).field("version", &self.version).finish_non_exhaustive()
    }
}

impl RuleSpec {
    /// Whether a recipe that names the rule and nothing else is right: no file, no table `[classifiers]` and no table `[language]` is needed.
    pub fn stands_alone(&self) -> bool {
        !self.needs.iter().any(|need| matches!(need, Needs::Model | Needs::Classifier | Needs::Language))
    }

    /// Subject and name, as a recipe's table has them: `paragraph.word_count`.
    pub fn path(&self) -> String {
        format!("{}.{}", self.subject, self.name)
    }

    /// The options that the rule declares, with their defaults.
    pub fn options(&self) -> Vec<Declared> {
        let source = Source::parse("defaults", "", &[]);
        let mut options = source.root();
        let _rule = (self.build)(&mut options);
        options.finish().declared
    }

    /// The rule with the options of a TOML text.
    ///
    /// # Errors
    /// All mistakes of the text, one per line: options the rule does not have, values that are not allowed.
    pub fn with_options(&self, toml: &str) -> Result<Box<dyn Rule>, Vec<crate::options::Problem>> {
        let source = Source::parse(self.name, toml, &[]);
        let mut options = source.root();
        let rule = (self.build)(&mut options);
        options.finish();
        source.finish().map(|()| rule)
    }

    /// The first paragraph of the page after its heading: what the rule drops, in a sentence or two.
    pub fn summary(&self) -> String {
        summary(self.page)
    }
}

/// The first paragraph of a page after its heading.
pub(crate) fn summary(page: &str) -> String {
    let mut paragraphs = page.split("\n\n").map(str::trim).filter(|text| !text.is_empty());
    let first = paragraphs.find(|text| !text.starts_with('#')).unwrap_or_default();
    first.split_whitespace().collect::<Vec<_>>().join(" ")
}
