//! Which orders of stages make sense.

use obelisc_filter::options::Options;
use obelisc_filter::{ConfiguredRule, Needs};
use obelisc_shard::ImageColumn;

use crate::judging::Judging;
use crate::recipe::{Clean, Stage};

/// Notes each way in which the stages would leave a rule or a stage without what it needs.
pub(crate) fn check(root: &Options<'_>, stages: &[Stage], judging: &Judging, clean: &Clean, images: ImageColumn) {
    let has = |stage: Stage| stages.contains(&stage);
    let problem = |message: String| root.problem("stages", message);
    for pair in stages.windows(2) {
        if let [first, second] = pair
            && first >= second
        {
            problem(format!("{} stands behind {}; the order is {}", second.name(), first.name(), all()));
        }
    }
    for needed in [Stage::Extract, Stage::Finish] {
        if !has(needed) {
            problem(format!("{} is missing; every recipe extracts and finishes", needed.name()));
        }
    }
    for (stage, needed, why) in [
        (Stage::Dedup, Stage::Filter, "what is compared was judged"),
        (Stage::Fetch, Stage::Filter, "only images that surviving documents want are fetched"),
        (Stage::Fetch, Stage::Attach, "what is fetched is of use only when it is attached"),
        (Stage::Attach, Stage::Fetch, "there is nothing to attach"),
        (Stage::Clean, Stage::Filter, "what is cleaned was judged"),
    ] {
        if has(stage) && !has(needed) {
            problem(format!("{} needs {}: {why}", stage.name(), needed.name()));
        }
    }
    if images == ImageColumn::Bytes && !has(Stage::Attach) {
        problem(
            "finish.images = \"bytes\" needs the stages fetch and attach; without them it must be \"url\"".to_owned(),
        );
    }
    for (table, needed) in [
        ("classifiers", Stage::Attach),
        ("clean", Stage::Clean),
        ("dedup", Stage::Dedup),
        ("edits", Stage::Filter),
        ("language", Stage::Filter),
        ("words", Stage::Filter),
    ] {
        if root.has(table) && !has(needed) && !stages.is_empty() {
            problem(format!("the recipe has a table [{table}], and the stage {} is missing", needed.name()));
        }
    }
    for rule in judging.default_rules().iter().chain(clean.rules.default_rules().iter()).map(ConfiguredRule::spec) {
        if !has(Stage::Filter) {
            problem(format!("rule {} needs the stage filter", rule.name));
        } else if rule.needs.contains(&Needs::ImageFacts) && !has(Stage::Attach) {
            problem(format!("rule {} needs image facts, which the stages fetch and attach bring", rule.name));
        } else if rule.needs.contains(&Needs::Language) && !judging.identifies() {
            problem(format!(
                "rule {} needs languages: identifier = \"embedded\" under [language] tells them",
                rule.name
            ));
        }
    }
}

fn all() -> String {
    Stage::ALL.map(Stage::name).join(", ")
}
