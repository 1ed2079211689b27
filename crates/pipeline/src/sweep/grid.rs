//! `--set` words → variants, and which of them can share what was measured.

use obelisc_filter::options::{Problem, nearest};
use obelisc_filter::{Bound, ConfiguredRule, Needs, RuleSet, StageView, SubjectKind};
use obelisc_shard::Recipe as StoredRecipe;
use serde_json::{Map, Value};

use crate::judging::Judging;
use crate::recipe::{Given, Recipe, Stage};
use crate::steps::apply;

/// Most variants that are tried at once.
pub const MAX_VARIANTS: usize = 1000;

/// A step that judges documents.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Sitting {
    /// Before images are fetched.
    Filter,
    /// When they are there.
    Apply,
    /// On whole documents.
    Clean,
}

impl Sitting {
    /// Name of the step.
    pub(super) const fn step(self) -> &'static str {
        match self {
            Self::Filter => "filter",
            Self::Apply => "apply",
            Self::Clean => "clean",
        }
    }
}

/// A recipe that differs from the run's in some options of rules.
#[derive(Debug)]
pub(super) struct Variant {
    /// What is set, without `rules.`; nothing for the run's own recipe.
    pub set: Map<String, Value>,
    /// The recipe.
    pub recipe: Recipe,
    sittings: Vec<Sitting>,
    /// The rules that are asked once images are there.
    applied: Judging,
}

/// Variants that keep the same parts of every document.
#[derive(Debug)]
pub(super) struct NodeClass {
    /// Their places among all.
    pub variants: Vec<usize>,
}

/// Variants whose rules measure the same.
#[derive(Debug)]
pub(super) struct MeasureClass {
    /// Whether it is what the run stored.
    pub stored: bool,
    /// Those with the same bounds on parts of documents together.
    pub nodes: Vec<NodeClass>,
}

/// All variants.
#[derive(Debug)]
pub(super) struct Grid {
    /// The run's own recipe first.
    pub variants: Vec<Variant>,
    /// The class of the run's own recipe first, and in it that of its parts, with itself in front.
    pub classes: Vec<MeasureClass>,
}

/// Where the rules of the last cleaning stand.
const CLEAN: &str = "clean.rules.";

/// A key as a recipe has it.
fn whole(key: &str) -> String {
    if key.starts_with(CLEAN) { key.to_owned() } else { format!("rules.{key}") }
}

/// Why a rule is not swept that is asked behind the stage `dedup`.
const BEHIND_DEDUP: &str = "the rule is asked once duplicates are gone, and what is swept changes which there are; run the recipe with the option to see";

/// One `--set KEY=V,V`.
struct Setting {
    key: String,
    values: Vec<String>,
}

impl Grid {
    /// Reads what is to be tried.
    ///
    /// # Errors
    /// All mistakes: rules that the run's recipe does not have, unknown options, values that are not allowed, too many
    /// variants.
    pub(super) fn new(stored: &StoredRecipe, words: &[String], given: &Given) -> Result<Self, Vec<Problem>> {
        let overrides = stored.set();
        let parse = |more: &[String]| {
            let all: Vec<String> = overrides.iter().chain(more).cloned().collect();
            Recipe::parse_given(&stored.name, &stored.text, &all, given)
        };
        let base = parse(&[])?;
        let mut problems = Vec::new();
        let mut settings: Vec<Setting> = Vec::new();
        for word in words {
            match setting(word, &base) {
                Ok(setting) if settings.iter().any(|other| other.key == setting.key) => {
                    problems.push(mistake(word, "the key is set twice; write all its values behind one --set"));
                }
                Ok(setting) => settings.push(setting),
                Err(message) => problems.push(mistake(word, message)),
            }
        }
        let count = settings.iter().try_fold(1_usize, |count, setting| count.checked_mul(setting.values.len()));
        if count.is_none_or(|count| count > MAX_VARIANTS) {
            let lengths: Vec<String> = settings.iter().map(|setting| setting.values.len().to_string()).collect();
            let message = format!("{} variants are more than {MAX_VARIANTS}", lengths.join(" × "));
            problems.push(Problem { file: "--set".to_owned(), line: 0, key: String::new(), message });
            return Err(told_once(problems));
        }
        let mut variants = vec![Variant::new(Map::new(), base)];
        for set in combinations(&settings) {
            let word =
                |(key, value): (&String, &Value)| format!("{}={}", whole(key), value.as_str().unwrap_or_default());
            let words: Vec<String> = set.iter().map(word).collect();
            match parse(&words) {
                Ok(recipe) => variants.push(Variant::new(set, recipe)),
                // Of combinations that do not go together it is said which; a value that is not allowed says it itself.
                Err(more) => problems.extend(more.into_iter().map(|problem| match problem.line {
                    0 => problem,
                    _ => mistake(&words.join(" "), problem.to_string()),
                })),
            }
        }
        if !problems.is_empty() {
            return Err(told_once(problems));
        }
        let classes = classes(&variants);
        Ok(Self { variants, classes })
    }

    /// The first of the variants that keep the same parts of every document as this one.
    pub(super) fn stands_for(&self, variant: usize) -> usize {
        let mut classes = self.classes.iter().flat_map(|class| &class.nodes);
        let class = classes.find(|class| class.variants.contains(&variant));
        class.and_then(|class| class.variants.first()).copied().unwrap_or(variant)
    }

    /// Whether documents are followed only to where duplicates are removed.
    pub(super) fn ends_before_dedup(&self) -> bool {
        self.variants.first().is_some_and(|base| base.recipe.has(Stage::Dedup))
    }

    /// Whether an option changes what is measured, so that every document is measured again.
    pub(super) fn measures_all(&self) -> bool {
        self.classes.iter().any(|class| !class.stored)
    }
}

impl Variant {
    fn new(set: Map<String, Value>, recipe: Recipe) -> Self {
        let all = [(Stage::Filter, Sitting::Filter), (Stage::Attach, Sitting::Apply), (Stage::Clean, Sitting::Clean)];
        let sittings = all.into_iter().filter(|(stage, _)| recipe.has(*stage) && !is_behind_dedup(&recipe, *stage));
        let sittings = sittings.map(|(_, sitting)| sitting).collect();
        let applied = apply::rules(&recipe.judging);
        Self { set, recipe, sittings, applied }
    }

    /// The steps that judge, in order; the same in all variants.
    pub(super) fn sittings(&self) -> &[Sitting] {
        &self.sittings
    }

    /// What the step `apply` judges by.
    pub(super) fn applied(&self) -> &Judging {
        &self.applied
    }

    /// All sets of rules that documents are judged by.
    pub(super) fn sets(&self) -> impl Iterator<Item = &RuleSet> {
        self.recipe.judging.sets().chain(self.recipe.clean.rules.sets())
    }

    /// The rules that a sitting asks about a document of this language.
    pub(super) fn rules(&self, sitting: Sitting, language: Option<&str>) -> &RuleSet {
        match sitting {
            Sitting::Filter => self.recipe.judging.rules_of(language),
            Sitting::Apply => self.applied.rules_of(language),
            Sitting::Clean => self.recipe.clean.rules.rules_of(language),
        }
    }

    /// What may still be taken away behind a sitting.
    pub(super) fn view(&self, sitting: Sitting) -> StageView {
        match sitting {
            Sitting::Filter => self.recipe.filter_view(),
            Sitting::Apply | Sitting::Clean => StageView::FINAL,
        }
    }
}

/// Whether a stage sees only what the removal of duplicates left.
pub(super) fn is_behind_dedup(recipe: &Recipe, stage: Stage) -> bool {
    recipe.has(Stage::Dedup) && stage > Stage::Dedup
}

fn mistake(word: &str, message: impl Into<String>) -> Problem {
    Problem { file: format!("--set {word}"), line: 0, key: String::new(), message: message.into() }
}

fn told_once(mut problems: Vec<Problem>) -> Vec<Problem> {
    problems.sort();
    problems.dedup();
    problems
}

/// Reads one `--set` word; the key is given with or without `rules.`.
fn setting(word: &str, base: &Recipe) -> Result<Setting, String> {
    let expected = "expected SUBJECT.RULE.OPTION=VALUE[,VALUE...], such as document.word_count.min_words=10,20";
    let (key, values) = word.split_once('=').ok_or(expected)?;
    let key = key.trim();
    let key = key.strip_prefix("rules.").unwrap_or(key);
    let (place, rules) = match key.strip_prefix(CLEAN) {
        Some(place) => (place, base.clean.rules.default_rules()),
        None => (key, base.judging.default_rules()),
    };
    if key.starts_with(CLEAN) && is_behind_dedup(base, Stage::Clean) {
        return Err(BEHIND_DEDUP.to_owned());
    }
    let parts: Vec<&str> = place.splitn(3, '.').collect();
    let [subject, rule, _] = parts[..] else { return Err(expected.to_owned()) };
    let path = format!("{subject}.{rule}");
    let paths: Vec<String> = rules.iter().map(|rule| rule.spec().path()).collect();
    if !paths.contains(&path) {
        let hint = nearest(&path, paths.iter().map(String::as_str));
        let message = if obelisc_filters::RULES.iter().any(|spec| spec.path() == path) {
            "the run's recipe does not have this rule, so nothing was measured by it"
        } else {
            "unknown rule"
        };
        return Err(format!("{message}{hint}; rules of the run: {}", paths.join(", ")));
    }
    let behind = |rule: &&ConfiguredRule| rule.spec().path() == path && rule.spec().needs.contains(&Needs::ImageFacts);
    if is_behind_dedup(base, Stage::Attach) && rules.iter().find(behind).is_some() {
        return Err(BEHIND_DEDUP.to_owned());
    }
    let values = split_values(values);
    if values.iter().any(String::is_empty) {
        return Err(format!("an empty value is given; {expected}"));
    }
    Ok(Setting { key: key.to_owned(), values })
}

/// Splits at the commas that stand outside of brackets and quotes.
fn split_values(text: &str) -> Vec<String> {
    let (mut values, mut value, mut depth, mut quote) = (Vec::new(), String::new(), 0_u32, None);
    for c in text.chars() {
        match (c, quote) {
            (',', None) if depth == 0 => {
                values.push(std::mem::take(&mut value));
                continue;
            }
            ('"' | '\'', None) => quote = Some(c),
            (c, Some(open)) if c == open => quote = None,
            ('[' | '{', None) => depth += 1,
            (']' | '}', None) => depth = depth.saturating_sub(1),
            _ => {}
        }
        value.push(c);
    }
    values.push(value);
    values.into_iter().map(|value| value.trim().to_owned()).collect()
}

/// All combinations; the values of the last key change first.
fn combinations(settings: &[Setting]) -> Vec<Map<String, Value>> {
    let mut all = vec![Map::new()];
    for setting in settings {
        let with = |set: &Map<String, Value>, value: &String| {
            let mut set = set.clone();
            set.insert(setting.key.clone(), value.as_str().into());
            set
        };
        all = all.iter().flat_map(|set| setting.values.iter().map(move |value| with(set, value))).collect();
    }
    all
}

fn classes(variants: &[Variant]) -> Vec<MeasureClass> {
    let first_of = |class: &NodeClass| class.variants.first().and_then(|&first| variants.get(first));
    let mut classes: Vec<MeasureClass> = Vec::new();
    for (index, variant) in variants.iter().enumerate() {
        let alike = |class: &&mut MeasureClass| {
            let first = class.nodes.first().and_then(first_of);
            first.is_some_and(|first| both(first, variant, measure_alike))
        };
        let Some(class) = classes.iter_mut().find(alike) else {
            let nodes = vec![NodeClass { variants: vec![index] }];
            classes.push(MeasureClass { stored: index == 0, nodes });
            continue;
        };
        let same_parts = |nodes: &&mut NodeClass| first_of(nodes).is_some_and(|first| both(first, variant, cut_alike));
        match class.nodes.iter_mut().find(same_parts) {
            Some(nodes) => nodes.variants.push(index),
            None => class.nodes.push(NodeClass { variants: vec![index] }),
        }
    }
    classes
}

/// Whether something holds of all sets of rules of two variants.
fn both(a: &Variant, b: &Variant, alike: fn(&RuleSet, &RuleSet) -> bool) -> bool {
    a.sets().zip(b.sets()).all(|(a, b)| alike(a, b))
}

/// Whether rules of one recipe text measure the same under both sets of options.
fn measure_alike(a: &RuleSet, b: &RuleSet) -> bool {
    a.iter().count() == b.iter().count() && a.iter().zip(b.iter()).all(|(a, b)| differ_in_bounds_alone(a, b))
}

/// Whether the options in which two rules differ are thresholds: `min_…` the very minimum, `max_…` the very maximum that
/// its values are compared with.
fn differ_in_bounds_alone(a: &ConfiguredRule, b: &ConfiguredRule) -> bool {
    let differing = a.options().iter().filter(|(key, value)| b.options().get(*key) != Some(*value));
    let differing: Vec<&str> = differing.map(|(key, _)| key.as_str()).collect();
    let one_each = ["min_", "max_"].iter().all(|end| differing.iter().filter(|key| key.starts_with(end)).count() <= 1);
    let is_bound = |key: &str, rule: &ConfiguredRule| {
        let bounds = rule.bounds().iter();
        let bound = if key.starts_with("min_") {
            bounds.filter_map(|bound| if let Bound::Min(min) = bound { Some(*min) } else { None }).next()
        } else if key.starts_with("max_") {
            bounds.filter_map(|bound| if let Bound::Max(max) = bound { Some(*max) } else { None }).next()
        } else {
            return false;
        };
        let option = rule.options().get(key).unwrap_or(&Value::Null);
        (option.is_null() || option.is_number()) && option.as_f64() == bound
    };
    a.spec().path() == b.spec().path() && one_each && differing.iter().all(|key| is_bound(key, a) && is_bound(key, b))
}

/// Whether both sets of rules keep the same parts of a document of which the same was measured.
fn cut_alike(a: &RuleSet, b: &RuleSet) -> bool {
    [SubjectKind::Url, SubjectKind::Image, SubjectKind::Paragraph].into_iter().all(|subject| {
        let mut pairs = a.rules(subject).iter().zip(b.rules(subject));
        pairs.all(|(a, b)| a.bounds() == b.bounds())
    })
}

#[cfg(test)]
mod tests;
