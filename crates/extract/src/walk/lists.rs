//! Marks of list items.

use html5ever::{LocalName, local_name};

use crate::dom::{Dom, NodeId};

/// The open lists, outermost first.
#[derive(Default)]
pub(super) struct Lists(Vec<Option<Numbers>>);

/// The numbers of an ordered list.
struct Numbers {
    next: i64,
    step: i64,
}

impl Lists {
    pub(super) fn is_open(&self) -> bool {
        !self.0.is_empty()
    }

    pub(super) fn start(&mut self, dom: &Dom, list: NodeId, name: &LocalName) {
        let start = || dom.attribute(list, &local_name!("start"))?.trim().parse().ok();
        let is_item = |child: &NodeId| dom.is_html(*child, &local_name!("li"));
        self.0.push((*name == local_name!("ol")).then(|| match dom.attribute(list, &local_name!("reversed")) {
            Some(_) => {
                Numbers { next: start().unwrap_or_else(|| dom.children(list).filter(is_item).count() as i64), step: -1 }
            }
            None => Numbers { next: start().unwrap_or(1), step: 1 },
        }));
    }

    pub(super) fn end(&mut self) {
        self.0.pop();
    }

    /// The mark of an item, with two spaces for each list around its own.
    pub(super) fn item(&mut self, dom: &Dom, item: NodeId) -> String {
        let indent = "  ".repeat(self.0.len().saturating_sub(1).min(16));
        match self.0.last_mut() {
            Some(Some(Numbers { next, step })) => {
                let given = dom.attribute(item, &local_name!("value")).and_then(|value| value.trim().parse().ok());
                let own: i64 = given.unwrap_or(*next);
                *next = own.saturating_add(*step);
                format!("{indent}{own}. ")
            }
            _ => format!("{indent}- "),
        }
    }
}
