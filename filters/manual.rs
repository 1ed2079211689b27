//! What the rules say of themselves: index, one rule, one rule as JSON.

use std::fmt::Write as _;

use obelisc_filter::options::Declared;
use obelisc_filter::{EditSpec, Needs, RuleSpec};
use serde_json::{Value, json};

use crate::{EDITS, RULES};

/// The rules of this name (`word_count`) or path (`paragraph.word_count`).  One name can stand in several folders.
pub fn find(name: &str) -> Vec<&'static RuleSpec> {
    RULES.iter().copied().filter(|rule| rule.name == name || rule.path() == name).collect()
}

/// The edit of this name (`long_words`) or path (`edit.long_words`).
pub fn find_edit(name: &str) -> Option<&'static EditSpec> {
    EDITS.iter().copied().find(|edit| edit.name == name || edit.path() == name)
}

fn option(option: &Declared) -> Value {
    json!({
        "name": option.key,
        "kind": option.kind,
        "default": option.default,
        "allowed": option.allowed,
        "meaning": option.meaning,
    })
}

/// One edit as JSON: what `obelisc rules --json` prints.
pub fn describe_edit(edit: &EditSpec) -> Value {
    json!({
        "name": edit.name,
        "subject": "edit",
        "version": edit.version,
        "needs": ["text"],
        "summary": edit.summary(),
        "options": edit.options().iter().map(option).collect::<Vec<_>>(),
        "page": edit.page,
    })
}

/// One rule as JSON: what `obelisc rules --json` prints.
pub fn describe(rule: &RuleSpec) -> Value {
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
        // Writing to a String cannot fail.
        let _ =
            writeln!(index, "| [`{path}`]({file}) | {needs} | {} | {} |", defaults(&rule.options()), rule.summary());
    }
    index
}

/// The table of all edits, Markdown.
pub fn edits_markdown() -> String {
    let mut index = "| edit | options with their defaults | what it changes |\n|---|---|---|\n".to_owned();
    for edit in EDITS {
        let path = edit.path();
        let file = format!("edit/{}.md", edit.name);
        let _ = writeln!(index, "| [`{path}`]({file}) | {} | {} |", defaults(&edit.options()), edit.summary());
    }
    index
}

fn defaults(options: &[Declared]) -> String {
    let options: Vec<_> = options.iter().map(|option| format!("`{} = {}`", option.key, option.default)).collect();
    options.join("<br>")
}

/// The option table of a page, Markdown.
pub fn options_markdown(options: &[Declared]) -> String {
    if options.is_empty() {
        return "It has none.\n".to_owned();
    }
    let mut table = "| option | default | allowed | meaning |\n|---|---|---|---|\n".to_owned();
    for Declared { key, default, allowed, meaning, .. } in options {
        let _ = writeln!(table, "| `{key}` | `{default}` | {allowed} | {meaning} |");
    }
    table
}
