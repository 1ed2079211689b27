//! What a rule is.
//!
//! A [`Rule`] *measures* one kind of subject (the URL of a page, an image, a paragraph, a document) and gives a value,
//! or says that the quantity does not apply or is not known yet.  It never decides: [`RuleSet::judge`] compares the
//! value with the rule's [`Bound`]s, removes what fails and keeps a [`Judgement`] of every subject, with all values and
//! with every failing rule, so that other thresholds can be tried on what was measured once.
//!
//! The crate holds no rules; those stand in `filters/`.  A rule of the caller's own goes through the same set and the
//! same ledger:
//!
//! ```
//! use obelisc_document::{Content, DocId, Document, Node, Page, paragraphs};
//! use obelisc_filter::options::{Options, Source};
//! use obelisc_filter::{Bound, Measure, Needs, Rule, RuleSet, RuleSpec, StageView, Subject, SubjectKind};
//!
//! /// Share of the characters that are exclamation marks.
//! #[derive(Debug)]
//! struct ExclamationRatio {
//!     max_ratio: f64,
//! }
//!
//! impl Rule for ExclamationRatio {
//!     fn measure(&self, subject: Subject<'_>) -> Measure {
//!         let Subject::Paragraph { text, .. } = subject else { return Measure::NotApplicable };
//!         let (marks, characters) = (text.matches('!').count(), text.chars().count());
//!         Measure::number(marks as f64 / characters as f64)
//!     }
//!
//!     fn bounds(&self) -> Vec<Bound> {
//!         vec![Bound::Max(self.max_ratio)]
//!     }
//! }
//!
//! static EXCLAMATION_RATIO: RuleSpec = RuleSpec {
//!     name: "exclamation_ratio",
//!     subject: SubjectKind::Paragraph,
//!     version: 1,
//!     needs: &[Needs::Text],
//!     falling: false,
//!     resources: &[],
//!     page: "# exclamation_ratio\n\nDrops a paragraph that shouts.",
//!     build: &|options: &mut Options<'_>| {
//!         Box::new(ExclamationRatio {
//!             max_ratio: options.number("max_ratio", 0.1, 0.0..=1.0, "largest share of exclamation marks"),
//!         })
//!     },
//! };
//!
//! let recipe = Source::parse("recipe.toml", "[rules.paragraph.exclamation_ratio]\nmax_ratio = 0.2\n", &[]);
//! let mut root = recipe.root();
//! let rules = RuleSet::from_options(&[&EXCLAMATION_RATIO], root.table("rules"));
//! root.finish();
//! recipe.finish().map_err(|problems| problems[0].to_string())?;
//!
//! let mut document = Document {
//!     id: DocId::new("crawl.warc.gz", 0, 0),
//!     page: Page::default(),
//!     nodes: vec![Node { ordinal: 0, content: Content::Text(paragraphs("Wow!\n\nA storm passed.")) }],
//! };
//! let verdict = rules.judge(&mut document, StageView::FINAL);
//! assert_eq!(document.paragraphs().map(|paragraph| paragraph.k).collect::<Vec<_>>(), [1]);
//! let failure = verdict.judgements[0].failure.as_ref().ok_or("kept")?;
//! assert_eq!((failure.value.as_deref(), failure.bound.as_deref()), (Some("0.25"), Some("max 0.2")));
//! assert_eq!(verdict.counts.paragraphs.dropped["paragraph.exclamation_ratio"], 1);
//! # Ok::<(), String>(())
//! ```

mod edit;
mod judge;
mod judgement;
pub mod options;
mod rule;
mod set;
mod shared;
mod signal;
pub mod table;

pub use edit::{ConfiguredEdit, Edit, EditSpec, Edited, Span, replay};
pub use judge::{EMPTIED, StageView};
pub use judgement::{Counts, Failure, Judgement, Measured, Verdict};
pub use rule::{Build, Needs, Rule, RuleSpec, Subject, SubjectKind};
pub use set::{ConfiguredRule, MAX_RULES, RuleSet};
pub use shared::{Settings, Shared};
pub use signal::{Bound, Measure, Signal};
