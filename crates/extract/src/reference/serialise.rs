//! The simplified tree as HTML.
//!
//! The reference writes its tree and parses that again.  Mostly this only joins texts; but a heading that was inside
//! another one, with a `span` between them that is gone, now ends it, and what stood between `html` and `body` finds its place.

use html5ever::{LocalName, local_name};

use super::rules::Rules;
use super::simplify::{Child, Simplified};
use crate::dom::Dom;

/// What the walk reads of an `img` beside its source.
const DESCRIPTIONS: [LocalName; 3] = [local_name!("alt"), local_name!("width"), local_name!("height")];

/// A step that is left to do.
enum Step<'d, 'a> {
    Write(&'a Child<'d>),
    End(&'d LocalName),
}

/// Writes a simplified tree, with those attributes that are read later.
pub(super) fn serialise(dom: &Dom, simplified: &Simplified<'_>, rules: &Rules) -> String {
    let mut html = String::new();
    let mut steps: Vec<Step<'_, '_>> = simplified.top.iter().rev().map(Step::Write).collect();
    while let Some(step) = steps.pop() {
        match step {
            Step::Write(Child::Text(text)) => escape(text, '<', "&lt;", &mut html),
            Step::Write(Child::Element(position)) => {
                let element = &simplified.elements[*position];
                let Some((name, _)) = dom.element(element.node) else { continue };
                html.push('<');
                html.push_str(name);
                if *name == local_name!("img") {
                    for name in rules.sources.iter().chain(&DESCRIPTIONS) {
                        if let Some(value) = dom.last_attribute(element.node, name) {
                            html.push(' ');
                            html.push_str(name);
                            html.push_str("=\"");
                            escape(value, '"', "&quot;", &mut html);
                            html.push('"');
                        }
                    }
                    html.push('>');
                    continue;
                }
                html.push('>');
                steps.push(Step::End(name));
                steps.extend(element.children.iter().rev().map(Step::Write));
            }
            Step::End(name) => {
                html.push_str("</");
                html.push_str(name);
                html.push('>');
            }
        }
    }
    html
}

/// Writes a text with references for `&` and one other character.
fn escape(text: &str, special: char, reference: &str, html: &mut String) {
    let mut rest = text;
    while let Some(found) = rest.find(['&', special]) {
        html.push_str(&rest[..found]);
        html.push_str(if rest.as_bytes()[found] == b'&' { "&amp;" } else { reference });
        rest = &rest[found + 1..];
    }
    html.push_str(rest);
}
