//! What is counted of a text once, for all rules that want it.

use std::any::Any;
use std::cell::RefCell;
use std::rc::Rc;

/// What rules have counted of a subject's text, for the other rules: its words, say.
///
/// A value is found by its type and made by the rule that asks for it first; how to make it is the type's own matter, so
/// that all rules that ask for one type get the same.  A document has what was counted of its paragraphs as
/// [parts](Self::part).
///
/// ```
/// use obelisc_filter::Shared;
///
/// struct Characters(usize);
///
/// let shared = Shared::default();
/// let made = shared.get_or_make(|| Characters("a boat".chars().count()));
/// let found = shared.get_or_make(|| -> Characters { unreachable!("it is counted once") });
/// assert_eq!((made.0, found.0), (6, 6));
/// ```
#[derive(Debug, Default)]
pub struct Shared {
    made: RefCell<Vec<Rc<dyn Any>>>,
    parts: Vec<Self>,
}

impl Shared {
    /// Nothing of a document yet, and what was counted of its paragraphs, in their order.
    pub fn of_parts(parts: Vec<Self>) -> Self {
        Self { made: RefCell::default(), parts }
    }

    /// What was counted of the paragraph `index` of the document, from 0; `None` where paragraphs were not judged.
    pub fn part(&self, index: usize) -> Option<&Self> {
        self.parts.get(index)
    }

    /// The value of this type, made now unless it was made before.
    pub fn get_or_make<T: Any>(&self, make: impl FnOnce() -> T) -> Rc<T> {
        let found = self.made.borrow().iter().find(|made| made.is::<T>()).cloned();
        if let Some(found) = found.and_then(|found| found.downcast().ok()) {
            return found;
        }
        let made = Rc::new(make());
        self.made.borrow_mut().push(Rc::clone(&made) as Rc<dyn Any>);
        made
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_value_is_made_once_for_each_type() {
        let shared = Shared::default();
        assert_eq!(*shared.get_or_make(|| 1_u32), 1);
        assert_eq!(*shared.get_or_make(|| 2_u32), 1);
        assert_eq!(*shared.get_or_make(|| 3_u64), 3);
    }

    #[test]
    fn one_value_can_be_made_out_of_another() {
        let shared = Shared::default();
        assert_eq!(*shared.get_or_make(|| u64::from(*shared.get_or_make(|| 7_u32)) + 1), 8);
        assert_eq!(*shared.get_or_make(|| 0_u32), 7);
    }
}
