//! Formulas: their TeX where the page has it, else TeX made of their MathML.

use html5ever::{LocalName, local_name};

use super::Walk;
use crate::dom::{Dom, NodeId, Space};

impl Walk<'_> {
    /// A formula becomes its TeX: by an annotation, by `alttext`, else by what its elements mean.
    pub(super) fn math(&mut self, math: NodeId) {
        self.flow.speaks(math);
        let dom = self.dom;
        let annotation = below(dom, math).find(|&node| {
            dom.element(node).is_some_and(|(name, _)| name.starts_with("annotation"))
                && dom
                    .attribute(node, &local_name!("encoding"))
                    .unwrap_or_default()
                    .to_ascii_lowercase()
                    .contains("tex")
        });
        let alternative = dom.attribute(math, &LocalName::from("alttext")).filter(|tex| !tex.trim().is_empty());
        match (annotation, alternative) {
            (Some(annotation), _) => self.flow.text(&dom.text_below(annotation)),
            (None, Some(tex)) => self.flow.text(tex),
            (None, None) => self.flow.text(&tex(dom, math)),
        }
    }

    /// The TeX that MathJax 2 keeps in a script.
    pub(super) fn tex_script(&mut self, script: NodeId) {
        self.flow.speaks(script);
        self.flow.text(&self.dom.text_below(script));
    }
}

/// All nodes below `root`, in document order.
fn below(dom: &Dom, root: NodeId) -> impl Iterator<Item = NodeId> {
    std::iter::successors(dom.first_child(root), move |&node| {
        let child = if dom.is_code(node) { None } else { dom.first_child(node) };
        child.or_else(|| dom.after(node, root))
    })
}

/// What stands around and between the children of an element of MathML Core, written as TeX.
struct Form {
    before: &'static str,
    /// Before the second child, the third and so on.
    between: &'static [&'static str],
    /// Before each later child.
    more: &'static str,
    behind: &'static str,
}

impl Form {
    fn of(name: &str) -> Self {
        let form = |before, between, more, behind| Self { before, between, more, behind };
        match name {
            "mfrac" => form("\\frac{", &["}{"], " ", "}"),
            "msqrt" => form("\\sqrt{", &[], " ", "}"),
            // Of a root, MathML has the index last.
            "mroot" => form("{", &["}^{1/"], " ", "}"),
            "msup" | "mover" => form("{", &["}^{"], " ", "}"),
            "msub" | "munder" => form("{", &["}_{"], " ", "}"),
            "msubsup" | "munderover" => form("{", &["}_{", "}^{"], " ", "}"),
            "mfenced" => form("(", &[], ", ", ")"),
            "mtable" => form("\\begin{matrix} ", &[], " \\\\ ", " \\end{matrix}"),
            "mtr" => form("", &[], " & ", ""),
            "mtext" => form("\\text{", &[], "", "}"),
            _ => form("", &[], " ", ""),
        }
    }
}

/// TeX of a formula that has none.
fn tex(dom: &Dom, math: NodeId) -> String {
    let mut tex = String::new();
    // Open elements: their forms, and how many of their child elements have begun.
    let mut open = vec![(math, Form::of("math"), 0_usize)];
    let mut at = dom.first_child(math);
    while let Some(node) = at {
        while let Some((_, form, _)) = open.pop_if(|(element, _, _)| dom.parent(node) != Some(*element)) {
            tex.push_str(form.behind);
        }
        let mut below = None;
        if let Some((name, space)) = dom.element(node) {
            if let Some((_, form, begun)) = open.last_mut() {
                if let Some(index) = begun.checked_sub(1) {
                    tex.push_str(form.between.get(index).unwrap_or(&form.more));
                }
                *begun += 1;
            }
            // Annotations, phantoms and scripts are not seen.
            let is_seen = !dom.is_code(node)
                && !(space == Space::MathMl && (name.starts_with("annotation") || &**name == "mphantom"));
            if is_seen {
                let form = Form::of(name);
                tex.push_str(form.before);
                open.push((node, form, 0));
                below = dom.first_child(node);
            }
        } else {
            let text = dom.text(node).unwrap_or_default().trim_ascii();
            // Invisible operators: application, times, separator, plus.
            tex.extend(text.chars().filter(|c| !matches!(c, '\u{2061}'..='\u{2064}')));
        }
        at = below.or_else(|| dom.after(node, math));
    }
    while let Some((_, form, _)) = open.pop() {
        tex.push_str(form.behind);
    }
    tex
}
