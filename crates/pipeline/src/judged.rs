//! A document judged alone, as `judge` prints it.

use std::borrow::Cow;

use obelisc_document::{Document, JsonDocument, Reason as Cause};
use obelisc_filter::{Edited, Judgement, Measured, RuleSet, StageView, SubjectKind, Verdict};
use serde::Serialize;
use serde_json::{Map, Value};

use crate::recipe::{Recipe, Stage};
use crate::steps::apply::{Failed, with_failed};
use crate::steps::clean;

impl Recipe {
    /// What stages behind `filter` may still take away.
    pub fn filter_view(&self) -> StageView {
        StageView { images_pending: self.has(Stage::Attach), text_pending: false }
    }

    /// Judges a document that stands alone, and cleans it where the recipe does: nothing comes later, so every bound applies, and
    /// what needs the bytes of images has no value where the document does not tell their facts.
    ///
    /// # Errors
    /// As [`Document::to_json`].
    pub fn judge_alone(&self, mut document: Document) -> serde_json::Result<Judged> {
        let sittings = self.sittings(&mut document, Vec::new());
        Self::judged(&document, &sittings)
    }

    /// The verdict of the rules, and behind it that of the last cleaning where it comes to that.  Images that `failed` are out of the document.
    pub(crate) fn sittings(&self, document: &mut Document, failed: Vec<Failed>) -> Vec<(&RuleSet, Verdict)> {
        let verdict = self.judging.judge(document, StageView::FINAL);
        let kept = verdict.kept;
        // All languages have the same rules in the same order.
        let mut sittings = vec![(self.judging.default_rules(), with_failed(verdict, failed, document))];
        if kept && self.has(Stage::Clean) {
            sittings.push((self.clean.rules.default_rules(), clean::clean(&self.clean, document)));
        }
        sittings
    }

    /// What is printed of a document that was judged.
    pub(crate) fn judged(document: &Document, sittings: &[(&RuleSet, Verdict)]) -> serde_json::Result<Judged> {
        let kept = sittings.iter().all(|(_, verdict)| verdict.kept);
        let last =
            sittings.last().and_then(|(_, verdict)| verdict.judgements.last()).and_then(|last| last.failure.as_ref());
        let raised = last.is_some_and(|failure| failure.rule == Cause::RuleRaised.name());
        let mut judged = Judged {
            verdict: if kept {
                "kept"
            } else if raised {
                "failed"
            } else {
                "dropped"
            },
            reasons: Vec::new(),
            signals: Map::new(),
            edits: Vec::new(),
            document: document.to_json()?,
        };
        for (rules, verdict) in sittings {
            for judgement in &verdict.judgements {
                enter(&mut judged.signals, judgement)?;
                judged.reasons.extend(reason(rules, judgement)?);
                judged.edits.extend(edits(judgement));
            }
        }
        Ok(judged)
    }
}

fn reason(rules: &RuleSet, judgement: &Judgement) -> serde_json::Result<Option<Reason>> {
    let Some(failure) = &judgement.failure else { return Ok(None) };
    let rules = rules.rules(judgement.subject).iter().enumerate();
    let failing = rules.filter(|(index, _)| judgement.failing & (1 << index) != 0);
    let measured = judgement.signals.iter().find(|measured| measured.rule == failure.rule);
    let value = match (measured, &failure.value) {
        (Some(measured), _) => serde_json::to_value(&measured.signal)?,
        (None, value) => value.clone().into(),
    };
    Ok(Some(Reason {
        subject: judgement.subject,
        ordinal: judgement.ordinal,
        paragraph: judgement.paragraph,
        rule: failure.rule.clone(),
        value,
        bound: failure.bound.clone(),
        failing: failing.map(|(_, rule)| rule.spec().name).collect(),
    }))
}

/// A document with its verdict, as `judge` prints it.
#[derive(Clone, Debug, Serialize)]
pub struct Judged {
    /// `kept` or `dropped`; `failed` where a rule of the caller's own went wrong.
    pub verdict: &'static str,
    /// Each subject that was dropped, in reading order, those of the last cleaning behind all others; the document's own
    /// comes last.
    pub reasons: Vec<Reason>,
    /// What was measured: of the URL and the document rule by rule, of images by ordinal, of paragraphs by `ordinal.k`.
    /// A rule without a value is left out.
    pub signals: Map<String, Value>,
    /// What was changed of its paragraphs before they were judged, in order.
    #[serde(skip_serializing_if = "Vec::is_empty")]
    pub edits: Vec<Change>,
    /// The document as it stands after filtering.
    #[serde(flatten)]
    pub document: JsonDocument,
}

/// A change that was made to a paragraph.
#[derive(Clone, Debug, Serialize)]
pub struct Change {
    /// The node.
    pub ordinal: Option<u32>,
    /// The paragraph of the node.
    pub paragraph: Option<u32>,
    /// Which edit, from where to where, and what stands there now.
    #[serde(flatten)]
    pub edited: Edited,
}

fn edits(judgement: &Judgement) -> impl Iterator<Item = Change> {
    let (ordinal, paragraph) = (judgement.ordinal, judgement.paragraph);
    judgement.edits.iter().cloned().map(move |edited| Change { ordinal, paragraph, edited })
}

/// Why a subject was dropped.
#[derive(Clone, Debug, Serialize)]
pub struct Reason {
    /// What was dropped.
    pub subject: SubjectKind,
    /// The node; null for a URL or a document.
    pub ordinal: Option<u32>,
    /// The paragraph of the node; null where it is none.
    pub paragraph: Option<u32>,
    /// The first rule that it fails, or a reason outside of rules.
    pub rule: Cow<'static, str>,
    /// The value that this rule measured, or what a reason says of it; null where there is none.
    pub value: Value,
    /// The bound it broke, such as `min 0.35`; null with a reason.
    pub bound: Option<String>,
    /// All rules that it fails.
    pub failing: Vec<&'static str>,
}

/// Adds what was measured of one subject.
fn enter(signals: &mut Map<String, Value>, judgement: &Judgement) -> serde_json::Result<()> {
    let value = |measured: &Measured| Ok((measured.rule.to_string(), serde_json::to_value(&measured.signal)?));
    let values = judgement.signals.iter().map(value).collect::<serde_json::Result<Map<_, _>>>()?;
    let place = match (judgement.ordinal, judgement.paragraph) {
        (Some(ordinal), Some(k)) => Some(format!("{ordinal}.{k}")),
        (ordinal, _) => ordinal.map(|ordinal| ordinal.to_string()),
    };
    let subject = judgement.subject.name().to_owned();
    let new = || Value::Object(Map::new());
    let of_subject = signals.entry(subject).or_insert_with(new);
    // The last cleaning asks more of the same subjects.
    let all = match (place, of_subject.as_object_mut()) {
        (Some(place), Some(of_subject)) => of_subject.entry(place).or_insert_with(new),
        _ => of_subject,
    };
    if let Some(all) = all.as_object_mut() {
        all.extend(values);
    }
    Ok(())
}

#[cfg(test)]
mod tests {
    use obelisc_document::DocId;
    use serde_json::json;

    use super::*;

    const RULES: &str = "stages = [\"extract\", \"filter\", \"fetch\", \"attach\", \"finish\"]\n\
        [edits.odd_spaces]\n\
        [rules.image.side_pixels]\n[rules.image.url_words]\nbanned = [\"logo\"]\n\
        [rules.paragraph.word_count]\nmin_words = 3\n[rules.paragraph.special_character_ratio]\nmax_ratio = 0.3\n\
        [rules.document.image_count]\nmin_images = 1\nmax_images = 1\n";

    fn judged(document: &Value) -> Value {
        let recipe = Recipe::parse("r.toml", RULES, &[]).unwrap();
        let document = Document::from_json(document.to_string().as_bytes(), DocId::new("by hand", 1, 0)).unwrap();
        serde_json::to_value(recipe.judge_alone(document).unwrap()).unwrap()
    }

    #[test]
    fn every_dropped_subject_names_all_rules_that_it_fails() {
        let logo = "https://a.example/logo.png";
        let found = judged(&json!({"texts": ["A long\u{a0}word.\n\n-- !!", null], "images": [null, logo]}));
        assert_eq!(found["verdict"], "dropped");
        let expected = json!([
            {"subject": "paragraph", "ordinal": 0, "paragraph": 1, "rule": "word_count", "value": 0.0, "bound": "min 3",
             "failing": ["word_count", "special_character_ratio"]},
            {"subject": "image", "ordinal": 1, "paragraph": null, "rule": "url_words", "value": "logo",
             "bound": "none of logo", "failing": ["url_words"]},
            {"subject": "document", "ordinal": null, "paragraph": null, "rule": "image_count", "value": 0.0,
             "bound": "min 1", "failing": ["image_count"]},
        ]);
        assert_eq!(found["reasons"], expected);
        assert_eq!(found["signals"]["paragraph"]["0.0"]["word_count"], 3.0);
        // Nothing is known of its bytes.
        assert_eq!(found["signals"]["image"], json!({"1": {"url_words": "logo"}}));
        assert_eq!(found["texts"], json!(["A long word."]));
    }

    #[test]
    fn every_bound_applies_to_a_document_that_stands_alone() {
        let image = json!("https://a.example/1.png");
        let found = judged(&json!({"images": [image, image]}));
        assert_eq!(found["reasons"][0]["bound"], "max 1");
        assert_eq!(judged(&json!({"images": [image]}))["verdict"], "kept");
    }

    #[test]
    fn facts_that_a_document_tells_are_judged() {
        let facts = json!({"format": "png", "original_width": 16, "original_height": 300});
        let found = judged(&json!({"images": ["https://a.example/1.png"], "metadata": [facts]}));
        assert_eq!(found["reasons"][0]["rule"], "side_pixels");
        assert_eq!(found["reasons"][0]["value"], json!({"low": 16.0, "high": 300.0}));
    }
}
