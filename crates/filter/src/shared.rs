//! What is counted of a text once, for all rules that want it.

use std::any::Any;
use std::cell::RefCell;
use std::rc::Rc;
use std::sync::Arc;

/// What all rules of a set share beside their options: how words are split, say.  A value is found by its type.
///
/// ```
/// use obelisc_filter::Settings;
///
/// let settings = Settings::default().with(7_u32);
/// assert_eq!((settings.get::<u32>(), settings.get::<u64>()), (Some(&7), None));
/// ```
#[derive(Clone, Debug, Default)]
pub struct Settings(Arc<Vec<Arc<dyn Any + Send + Sync>>>);

impl Settings {
    /// These and one more.
    #[must_use]
    pub fn with<T: Any + Send + Sync>(&self, value: T) -> Self {
        let mut values = self.0.to_vec();
        values.push(Arc::new(value));
        Self(Arc::new(values))
    }

    /// The value of this type.
    pub fn get<T: Any>(&self) -> Option<&T> {
        self.0.iter().find_map(|value| value.downcast_ref())
    }
}

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
    settings: Settings,
}

impl Shared {
    /// Nothing of a text yet.
    pub fn new(settings: &Settings) -> Self {
        Self::of_parts(Vec::new(), settings)
    }

    /// Nothing of a document yet, and what was counted of its paragraphs, in their order.
    pub fn of_parts(parts: Vec<Self>, settings: &Settings) -> Self {
        Self { made: RefCell::default(), parts, settings: settings.clone() }
    }

    /// What the rules share beside their options.
    pub fn settings(&self) -> &Settings {
        &self.settings
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
