//! What the rules say of themselves: index, one rule, one rule as JSON.

use std::fmt::Write as _;

use obelisc_filter::options::Declared;
use obelisc_filter::{Needs, RuleSpec};
use serde_json::{Value, json};

use crate::RULES;

/// The rules of this name (`word_count`) or path (`paragraph.word_count`).  One name can stand in several folders.
pub fn find(name: &str) -> Vec<&'static RuleSpec> {
    RULES.iter().copied().filter(|rule| rule.name == name || rule.path() == name).collect()
}

/// One rule as JSON: what `obelisc rules --json` prints.
pub fn describe(rule: &RuleSpec) -> Value {
    let option = |option: &Declared| {
        json!({
            "name": option.key,
            "kind": option.kind,
            "default": option.default,
            "allowed": option.allowed,
            "meaning": option.meaning,
        })
    };
    json!({
        "name": rule.name,
        "subject": rule.subject.name(),
        "version": rule.version,
        "needs": rule.needs.iter().map(|need| need.name()).collect::<Vec<_>>(),
        "summary": rule.summary(),
        "options": rule.options().iter().map(option).collect::<Vec<_>>(),
        "page": rule.page,
    })
}

/// The table of all rules, Markdown, for the README of this folder.
pub fn index_markdown() -> String {
    let mut index = "| rule | needs | options with their defaults | what it drops |\n|---|---|---|---|\n".to_owned();
    for rule in RULES {
        let path = rule.path();
        let file = format!("{}/{}.md", rule.subject, rule.name);
        let needs = rule.needs.iter().copied().map(Needs::name).collect::<Vec<_>>().join(", ");
        let options = rule.options();
        let options: Vec<_> = options.iter().map(|option| format!("`{} = {}`", option.key, option.default)).collect();
        // Writing to a String cannot fail.
        let _ = writeln!(index, "| [`{path}`]({file}) | {needs} | {} | {} |", options.join("<br>"), rule.summary());
    }
    index
}

/// The option table of a rule's page, Markdown.
pub fn options_markdown(rule: &RuleSpec) -> String {
    let mut table = "| option | default | allowed | meaning |\n|---|---|---|---|\n".to_owned();
    for Declared { key, default, allowed, meaning, .. } in rule.options() {
        let _ = writeln!(table, "| `{key}` | `{default}` | {allowed} | {meaning} |");
    }
    table
}
