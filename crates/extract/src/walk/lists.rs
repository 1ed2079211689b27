//! Marks of list items.

use html5ever::{LocalName, local_name};

use crate::dom::{Dom, NodeId};

/// The open lists, outermost first.
#[derive(Default)]
pub(super) struct Lists(Vec<Option<i64>>);

impl Lists {
    pub(super) fn is_open(&self) -> bool {
        !self.0.is_empty()
    }

    pub(super) fn start(&mut self, dom: &Dom, list: NodeId, name: &LocalName) {
        let number = |name: &LocalName| dom.attribute(list, name)?.trim().parse().ok();
        self.0.push((*name == local_name!("ol")).then(|| number(&local_name!("start")).unwrap_or(1)));
    }

    pub(super) fn end(&mut self) {
        self.0.pop();
    }

    /// The mark of an item, with two spaces for each list around its own.
    pub(super) fn item(&mut self, dom: &Dom, item: NodeId) -> String {
        let indent = "  ".repeat(self.0.len().saturating_sub(1).min(16));
        match self.0.last_mut() {
            Some(Some(number)) => {
                let given = dom.attribute(item, &local_name!("value")).and_then(|value| value.trim().parse().ok());
                let own = given.unwrap_or(*number);
                *number = own.saturating_add(1);
                format!("{indent}{own}. ")
            }
            _ => format!("{indent}- "),
        }
    }
}
