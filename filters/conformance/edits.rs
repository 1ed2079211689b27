//! The same for every edit.

use obelisc_filter::options::Source;
use obelisc_filter::{Edit, EditSpec};
use obelisc_text::spans::apply;

use super::{hostile_texts, struct_name, text};
use crate::{EDITS, options_markdown};

const HEADINGS: [&str; 4] = ["## Options", "## Source", "## Known wrong changes", "## Cases"];

fn built(spec: &EditSpec, toml: &str) -> Result<Box<dyn Edit>, String> {
    let source = Source::parse(spec.name, toml, &[]);
    let mut options = source.root();
    let edit = (spec.build)(&mut options);
    options.finish();
    source.finish().map_err(|problems| format!("{problems:?}")).map(|()| edit)
}

#[test]
fn every_case_of_every_edit_gives_its_text() {
    for spec in EDITS {
        let (_, block) = spec.page.split_once("```toml cases\n").expect("a page has a block of cases");
        let (block, _) = block.split_once("\n```").expect("the block ends");
        let table = toml_edit::Document::parse(block.to_owned()).expect("the cases are TOML");
        let mut kinds = Vec::new();
        for (kind, list) in table.iter() {
            kinds.push(kind);
            for case in list.as_array_of_tables().expect("cases are tables").iter() {
                let known = ["text", "edited", "options", "why"];
                assert!(case.iter().all(|(key, _)| known.contains(&key)), "{}: {case}", spec.path());
                let options = case.get("options").map(|item| item.as_inline_table().expect("options are a table"));
                let options = options
                    .map(|table| table.iter().map(|(key, value)| format!("{key} ={value}\n")).collect::<String>());
                let edit = built(spec, &options.unwrap_or_default()).unwrap();
                let before = text(case, "text").expect("a text");
                let after = if kind == "same" { before } else { text(case, "edited").expect("the edited text") };
                assert_eq!(apply(before, &edit.spans(before)), after, "{}: [[{kind}]]\n{case}", spec.path());
            }
        }
        kinds.sort_unstable();
        assert_eq!(kinds, ["changed", "same"], "{}: cases that are changed, and some that stay", spec.path());
    }
}

#[test]
fn an_edit_has_one_name_and_its_page_what_the_code_declares() {
    let folder = std::path::Path::new(env!("CARGO_MANIFEST_DIR")).join("edit");
    let mut expected = std::collections::BTreeSet::new();
    for spec in EDITS {
        assert_eq!(spec.page.lines().next(), Some(format!("# {}", spec.path()).as_str()));
        assert!(format!("{:?}", built(spec, "").unwrap()).starts_with(&struct_name(spec.name)), "{}", spec.path());
        let at = HEADINGS.map(|heading| spec.page.find(heading));
        assert!(at.iter().all(Option::is_some) && at.is_sorted(), "{}: headings {HEADINGS:?}", spec.path());
        assert!(!spec.summary().is_empty() && spec.version > 0, "{}", spec.path());
        let options = spec.options();
        let table = options_markdown(&options);
        assert!(options.is_empty() || spec.page.contains(&table), "{}: the page should have\n{table}", spec.path());
        assert_eq!(spec.page.lines().filter(|line| line.starts_with("| `")).count(), options.len(), "{}", spec.path());
        assert!(built(spec, "no_such_option = 1").unwrap_err().contains("unknown key"), "{}", spec.path());
        expected.extend(["md", "rs"].map(|ending| format!("{}.{ending}", spec.name)));
    }
    let files = std::fs::read_dir(folder).unwrap().map(|file| file.unwrap().file_name().into_string().unwrap());
    assert_eq!(files.collect::<std::collections::BTreeSet<_>>(), expected);
}

#[test]
fn spans_of_hostile_texts_are_in_order_on_characters_and_the_same_twice() {
    for spec in EDITS {
        let (edit, again) = (built(spec, "").unwrap(), built(spec, "").unwrap());
        for text in hostile_texts() {
            let spans = edit.spans(&text);
            assert_eq!(spans, again.spans(&text), "{}", spec.path());
            let mut at = 0;
            for span in spans {
                assert!(span.range.start >= at && text.get(span.range.clone()).is_some(), "{}", spec.path());
                at = span.range.end;
            }
        }
    }
}
