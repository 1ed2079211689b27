//! Recipes say which dataset, configs on which machine: neither says what is the other's.

use std::collections::BTreeSet;

use obelisc_pipeline::{Config, Recipe};
use toml_edit::{Item, Value};

use crate::{files, read};

fn tomls(folder: &str) -> Vec<(String, String)> {
    let inside = |file: &String| file.starts_with(folder) && file.ends_with(".toml");
    let found: Vec<_> = files().into_iter().filter(inside).map(|file| (read(&file), file)).collect();
    assert!(!found.is_empty(), "{folder} holds no file");
    found.into_iter().map(|(text, file)| (file, text)).collect()
}

/// Keys with their values, dotted.
fn keys(prefix: &str, item: &Item, found: &mut Vec<(String, Value)>) {
    if let Some(table) = item.as_table_like() {
        for (key, item) in table.iter() {
            let key = if prefix.is_empty() { key.to_owned() } else { format!("{prefix}.{key}") };
            keys(&key, item, found);
        }
    } else if let Some(value) = item.as_value() {
        found.push((prefix.to_owned(), value.clone()));
    }
}

fn strings(value: &Value) -> Vec<String> {
    match value {
        Value::String(text) => vec![text.value().clone()],
        Value::Array(values) => values.iter().flat_map(strings).collect(),
        _ => Vec::new(),
    }
}

/// A key as it is declared: a table that may have any stage's name is declared with `NAME` in its place.
fn declared_as(key: &str) -> String {
    let parts: Vec<&str> = key.split('.').collect();
    match parts[..] {
        [table, "stages", _, key] => format!("{table}.stages.NAME.{key}"),
        _ => key.to_owned(),
    }
}

#[test]
fn recipes_are_read_and_name_no_path_machine_or_thread() {
    // Words of keys that speak of a machine.
    let words = ["thread", "worker", "core", "cpu", "host", "node", "memory", "path", "dir", "folder", "bucket"];
    for (file, text) in tomls("pipelines/") {
        Recipe::parse(&file, &text, &[]).unwrap_or_else(|problems| panic!("{problems:?}"));
        let (mut found, table) = (Vec::new(), text.parse::<toml_edit::DocumentMut>().unwrap());
        keys("", table.as_item(), &mut found);
        for (key, value) in found {
            let last = key.rsplit('.').next().unwrap_or_default();
            let machine = last.split('_').map(|word| word.trim_end_matches('s')).find(|word| words.contains(word));
            // The depth and nodes of a page's tree are no machine's.
            assert!(machine.is_none() || last.contains("dom"), "{file}: {key}");
            for text in strings(&value) {
                let path = ["/", "~", "./", "../"].iter().any(|begin| text.starts_with(begin));
                // The card is prose, in which a link may stand.
                let url = text.contains("://") && !key.starts_with("card.");
                assert!(!path && !url && !text.contains('\\'), "{file}: {key} = {text:?}");
            }
        }
    }
}

#[test]
fn configs_are_read_and_say_nothing_of_the_dataset() {
    let recipe: BTreeSet<String> = Recipe::declared().into_iter().map(|option| option.key).collect();
    let config: BTreeSet<String> = Config::declared().into_iter().map(|option| option.key).collect();
    let both: Vec<_> = recipe.intersection(&config).collect();
    assert_eq!(both, ["format"], "a key belongs to recipes or to configs");
    for (file, text) in tomls("configs/") {
        if let Err(problems) = Config::parse(&file, &text) {
            // What only a program with another feature reads says so, and is right otherwise.
            assert!(problems.iter().all(|problem| problem.message.contains("`--features ballista`")), "{problems:?}");
        }
        let (mut found, table) = (Vec::new(), text.parse::<toml_edit::DocumentMut>().unwrap());
        keys("", table.as_item(), &mut found);
        let unknown: Vec<_> =
            found.iter().map(|(key, _)| declared_as(key)).filter(|key| !config.contains(key)).collect();
        assert!(unknown.is_empty(), "{file}: {unknown:?}");
    }
}

#[test]
fn the_manual_of_the_configs_explains_every_key() {
    let manual = read("configs/README.md");
    for option in Config::declared() {
        assert!(manual.contains(&format!("`{}`", option.key)), "configs/README.md does not explain {}", option.key);
    }
}
