//! The rules of a recipe, in order.

use std::sync::Arc;

use obelisc_document::hex;
use serde_json::{Map, Value, json};
use sha2::{Digest, Sha256};

use crate::edit::{ConfiguredEdit, EditSpec};
use crate::options::{Options, nearest};
use crate::rule::{Needs, Rule, RuleSpec, SubjectKind};
use crate::shared::Settings;
use crate::signal::Bound;

/// Most rules that one kind of subject can have: a judgement names the failing ones in 64 bits.
pub const MAX_RULES: usize = 64;

/// A rule of a recipe, with the options the recipe gives it.
#[derive(Clone, Debug)]
pub struct ConfiguredRule {
    pub(crate) spec: &'static RuleSpec,
    pub(crate) rule: Arc<dyn Rule>,
    pub(crate) bounds: Vec<Bound>,
    pub(crate) path: String,
    options: Map<String, Value>,
}

impl ConfiguredRule {
    /// What the rule is.
    pub fn spec(&self) -> &'static RuleSpec {
        self.spec
    }

    /// What it compares with.
    pub fn bounds(&self) -> &[Bound] {
        &self.bounds
    }

    /// Every option with its value, defaults too, in the order in which the rule declares them.
    pub fn options(&self) -> &Map<String, Value> {
        &self.options
    }
}

/// The rules of a recipe, in the order of the file, by kind of subject, and the edits before them.
#[derive(Clone, Debug, Default)]
pub struct RuleSet {
    edits: Vec<ConfiguredEdit>,
    settings: Settings,
    url: Vec<ConfiguredRule>,
    image: Vec<ConfiguredRule>,
    paragraph: Vec<ConfiguredRule>,
    document: Vec<ConfiguredRule>,
}

impl RuleSet {
    /// Reads the `[rules]` table of a recipe: below it a table per kind of subject, below that one per rule.  A rule is
    /// on when the recipe has its table.  Mistakes are noted in the options' source, and reading goes on, so that all
    /// are told at once.
    pub fn from_options(table: &[&'static RuleSpec], rules: Options<'_>) -> Self {
        Self::from_options_and(table, &[], rules)
    }

    /// The same with `added`, rules that are on whether the recipe names them or not: where it has their tables they stand
    /// there, else behind all others of their subjects, in this order.
    pub fn from_options_and(table: &[&'static RuleSpec], added: &[&'static RuleSpec], mut rules: Options<'_>) -> Self {
        let mut set = Self::default();
        for (name, mut folder) in rules.tables() {
            let Some(subject) = SubjectKind::from_name(&name) else {
                let names = SubjectKind::ALL.map(SubjectKind::name);
                let hint = nearest(&name, names.into_iter());
                rules.problem(&name, format!("unknown subject{hint}; allowed here: {}", names.join(", ")));
                continue;
            };
            for (name, options) in folder.tables() {
                let mut specs = table.iter().chain(added).filter(|spec| spec.subject == subject);
                let Some(spec) = specs.clone().find(|spec| spec.name == name) else {
                    let hint = nearest(&name, specs.clone().map(|spec| spec.name));
                    let names: Vec<_> = specs.by_ref().map(|spec| spec.name).collect();
                    folder.problem(&name, format!("unknown rule{hint}; rules on {subject}: {}", names.join(", ")));
                    continue;
                };
                set.read(spec, options, &folder);
            }
            folder.finish();
        }
        for spec in added {
            if !set.rules(spec.subject).iter().any(|rule| rule.spec.name == spec.name) {
                let mut folder = rules.table(spec.subject.name());
                let options = folder.table(spec.name);
                set.read(spec, options, &folder);
            }
        }
        rules.finish();
        set
    }

    /// Adds a rule with the options of its table; `folder` is that of its subject.
    fn read(&mut self, spec: &'static RuleSpec, mut options: Options<'_>, folder: &Options<'_>) {
        let rule = (spec.build)(&mut options);
        let taken = options.finish();
        if spec.needs.contains(&Needs::Model) {
            for model in taken.declared.iter().filter(|option| option.kind == "resource") {
                let key = model.key.rsplit('.').next().unwrap_or_default();
                if taken.canonical.get(key).is_some_and(|file| !file.is_null()) {
                    continue;
                }
                folder.problem(spec.name, format!("{key} is missing: the name of a table [resources.NAME]"));
            }
        }
        if let Some(message) = contradiction(&rule.bounds()) {
            folder.problem(spec.name, message);
        }
        if !self.push(spec, rule, taken.canonical) {
            folder.problem(spec.name, format!("more than {MAX_RULES} rules on {}", spec.subject));
        }
    }

    /// The same rules behind the edits of the `[edits]` table of a recipe, a table for each, made in the order of the file.
    #[must_use]
    pub fn with_edits(mut self, table: &[&'static EditSpec], mut edits: Options<'_>) -> Self {
        for (name, mut options) in edits.tables() {
            let Some(spec) = table.iter().find(|spec| spec.name == name) else {
                let hint = nearest(&name, table.iter().map(|spec| spec.name));
                let names: Vec<_> = table.iter().map(|spec| spec.name).collect();
                edits.problem(&name, format!("unknown edit{hint}; there are: {}", names.join(", ")));
                continue;
            };
            let edit = (spec.build)(&mut options).into();
            self.edits.push(ConfiguredEdit { spec, edit, options: options.finish().canonical });
        }
        edits.finish();
        self
    }

    /// The same rules for texts that were edited before.
    #[must_use]
    pub fn without_edits(mut self) -> Self {
        self.edits.clear();
        self
    }

    /// The same rules with what they share beside their options.
    #[must_use]
    pub fn with_settings(mut self, settings: Settings) -> Self {
        self.settings = settings;
        self
    }

    /// What the rules share beside their options.
    pub fn settings(&self) -> &Settings {
        &self.settings
    }

    /// The edits, in the order of the recipe.
    pub fn edits(&self) -> &[ConfiguredEdit] {
        &self.edits
    }

    /// Adds a rule behind the others of its subject, one that stands in no recipe: a rule of the caller's own.
    /// `options` are recorded with the set (see [`canonical`](Self::canonical)); they do not change the rule.  Gives
    /// `false`, and adds nothing, where its subject has [`MAX_RULES`] rules already.
    pub fn push(&mut self, spec: &'static RuleSpec, rule: Box<dyn Rule>, options: Map<String, Value>) -> bool {
        let rules = self.rules_mut(spec.subject);
        if rules.len() == MAX_RULES {
            return false;
        }
        let bounds = rule.bounds();
        rules.push(ConfiguredRule { spec, rule: rule.into(), bounds, path: spec.path(), options });
        true
    }

    /// The rules on one kind of subject, in the order of the recipe.
    pub fn rules(&self, subject: SubjectKind) -> &[ConfiguredRule] {
        match subject {
            SubjectKind::Url => &self.url,
            SubjectKind::Image => &self.image,
            SubjectKind::Paragraph => &self.paragraph,
            SubjectKind::Document => &self.document,
        }
    }

    fn rules_mut(&mut self, subject: SubjectKind) -> &mut Vec<ConfiguredRule> {
        match subject {
            SubjectKind::Url => &mut self.url,
            SubjectKind::Image => &mut self.image,
            SubjectKind::Paragraph => &mut self.paragraph,
            SubjectKind::Document => &mut self.document,
        }
    }

    /// All rules: URL, image, paragraph, document.
    pub fn iter(&self) -> impl Iterator<Item = &ConfiguredRule> {
        SubjectKind::ALL.into_iter().flat_map(|subject| self.rules(subject))
    }

    /// Whether there is no rule.
    pub fn is_empty(&self) -> bool {
        self.iter().next().is_none()
    }

    /// The rules that `wanted` picks: for a stage that has only some of them to ask.
    #[must_use]
    pub fn select(&self, wanted: impl Fn(&RuleSpec) -> bool) -> Self {
        let mut set = self.clone();
        for subject in SubjectKind::ALL {
            set.rules_mut(subject).retain(|rule| wanted(rule.spec));
        }
        set
    }

    /// Subject, name, semantic version, options and resources of every edit and rule, in order: what a digest takes in.
    /// What stands in the settings is the caller's to add.
    pub fn canonical(&self) -> Value {
        let edit = |edit: &ConfiguredEdit| {
            json!({
                "edit": edit.spec.name,
                "version": edit.spec.version,
                "options": edit.options,
                "resources": edit.spec.resources.iter().map(|text| sha256(text)).collect::<Vec<_>>(),
            })
        };
        let rule = |rule: &ConfiguredRule| {
            json!({
                "subject": rule.spec.subject.name(),
                "rule": rule.spec.name,
                "version": rule.spec.version,
                "options": rule.options,
                "resources": rule.spec.resources.iter().map(|text| sha256(text)).collect::<Vec<_>>(),
            })
        };
        Value::Array(self.edits.iter().map(edit).chain(self.iter().map(rule)).collect())
    }
}

/// Says so where no value can meet all bounds.
fn contradiction(bounds: &[Bound]) -> Option<String> {
    let low = bounds.iter().find_map(|bound| if let Bound::Min(low) = bound { Some(*low) } else { None })?;
    let high = bounds.iter().find_map(|bound| if let Bound::Max(high) = bound { Some(*high) } else { None })?;
    (low > high).then(|| format!("the minimum {low} is above the maximum {high}: nothing would be kept"))
}

fn sha256(text: &str) -> String {
    hex(&Sha256::digest(text))
}
