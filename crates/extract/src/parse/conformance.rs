//! The tree that our sink builds, against html5lib's tree-construction tests.
#![allow(clippy::disallowed_methods, reason = "a test reads its data")]

use std::fmt::Write;

use crate::Limits;
use crate::dom::{Dom, Kind, NodeId, Space};

/// A tree as html5lib writes it, without comments, doctypes and attributes.
fn written(dom: &Dom) -> Vec<String> {
    let mut lines: Vec<String> = Vec::new();
    let mut depth = 0;
    let mut at = dom.first_child(NodeId::DOCUMENT);
    while let Some(node) = at {
        let indent = "  ".repeat(depth);
        match dom.kind(node) {
            Kind::Text(_) => push_text(&mut lines, &indent, dom.text(node).unwrap()),
            Kind::Element { name, space, .. } => {
                let space = match space {
                    Space::Svg => "svg ",
                    Space::MathMl => "math ",
                    Space::Html | Space::Other => "",
                };
                lines.push(format!("{indent}<{space}{name}>"));
            }
            Kind::Document => unreachable!("the document is nobody's child"),
        }
        at = dom.first_child(node);
        depth += usize::from(at.is_some());
        let mut left = node;
        while at.is_none() && left != NodeId::DOCUMENT {
            at = dom.next(left);
            if at.is_none() {
                left = dom.parent(left).unwrap();
                depth = depth.saturating_sub(1);
            }
        }
    }
    lines
}

/// Adjacent texts are one.
fn push_text(lines: &mut Vec<String>, indent: &str, text: &str) {
    match lines.last_mut() {
        Some(last) if last.starts_with(&format!("{indent}\"")) => {
            last.pop();
            write!(last, "{text}\"").unwrap();
        }
        _ => lines.push(format!("{indent}\"{text}\"")),
    }
}

/// The same of a test's expected tree.
fn expected(tree: &str) -> Vec<String> {
    let mut lines: Vec<String> = Vec::new();
    let mut contents: Vec<usize> = Vec::new();
    for entry in tree.split("\n| ") {
        let entry = entry.strip_prefix("| ").unwrap_or(entry);
        let text = entry.trim_start_matches(' ');
        let depth = (entry.len() - text.len()) / 2;
        contents.retain(|&content| content < depth);
        let indent = "  ".repeat(depth - contents.len());
        if text == "content" {
            contents.push(depth);
        } else if let Some(text) = text.strip_prefix('"') {
            push_text(&mut lines, &indent, text.strip_suffix('"').unwrap());
        } else if text.starts_with('<') && text.ends_with('>') && !text.starts_with("<!") && !text.starts_with("<?") {
            lines.push(format!("{indent}{text}"));
        }
    }
    lines
}

#[test]
fn trees_are_those_of_html5lib() {
    let Some(data) = obelisc_testkit::data_folder() else { return };
    let folder = data.join("html5lib-tests/tree-construction");
    let (mut run, mut wrong) = (0, Vec::new());
    for file in std::fs::read_dir(folder).unwrap().map(|file| file.unwrap().path()) {
        if file.extension().is_none_or(|extension| extension != "dat") {
            continue;
        }
        let cases = std::fs::read_to_string(&file).unwrap();
        for case in cases.trim_end().split("\n\n#data\n").map(|case| case.trim_start_matches("#data\n")) {
            let (input, rest) = case.split_once("\n#errors").unwrap_or(case.split_once("#errors").unwrap());
            let (head, tree) = rest.split_once("#document\n").unwrap();
            if head.contains("#document-fragment") || head.contains("#script-off") {
                continue;
            }
            // The copy of a chosen option is dropped with its select.
            if input.contains("<selectedcontent") {
                continue;
            }
            run += 1;
            let built = super::parse(input, &Limits::default()).unwrap();
            if written(&built) != expected(tree.trim_end_matches('\n')) {
                wrong.push(format!("{input:?}\n{:#?}\n{:#?}", written(&built), expected(tree)));
            }
        }
    }
    assert!(run > 1_000, "{run} cases");
    assert!(wrong.is_empty(), "{} of {run}, such as {}", wrong.len(), wrong.join("\n"));
}
