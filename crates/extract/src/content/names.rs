//! What authors call the parts of their pages: words of `class` and `id`, and the elements' own names.
//!
//! The model's dictionary says of each word how much more often than elsewhere text below it is main content.

use foldhash::HashMap;
use html5ever::{LocalName, local_name};

use super::model::Dictionary;
use crate::dom::{Dom, NodeId, Space};

/// Longest word that is looked up, in bytes; two letters are the shortest.
const LONGEST: usize = 20;
/// Words of a class or id that are looked up.
const MOST_WORDS: usize = 32;

/// The words of a class or id, as many as are looked up: `entry-content`, `entryContent` and `EntryContent` are two each.
fn for_each_word(names: &str, mut word: impl FnMut(&str)) {
    let bytes = names.as_bytes();
    let mut lower = [0; LONGEST];
    let (mut at, mut count) = (0, 0);
    while at < bytes.len() && count < MOST_WORDS {
        let start = at;
        // A capital may begin a word of small letters, or be one of a word of capitals.
        while bytes.get(at).is_some_and(u8::is_ascii_uppercase) {
            at += 1;
        }
        if at - start > 1 && bytes.get(at).is_some_and(u8::is_ascii_lowercase) {
            // `HTMLBody`: the last capital belongs to the next word.
            at -= 1;
        } else {
            while bytes.get(at).is_some_and(u8::is_ascii_lowercase) {
                at += 1;
            }
        }
        if let Some(letters) = bytes.get(start..at).filter(|letters| (2..=LONGEST).contains(&letters.len())) {
            for (small, letter) in lower.iter_mut().zip(letters) {
                *small = letter.to_ascii_lowercase();
            }
            if let Ok(letters) = std::str::from_utf8(&lower[..letters.len()]) {
                word(letters);
                count += 1;
            }
        }
        at += usize::from(at == start);
    }
}

/// What the words on the way from the root to an element say, as logarithms of odds in hundredths.
#[derive(Clone, Copy, Debug, Default)]
pub(super) struct Names {
    /// Elements on the way that have a name.
    levels: i32,
    /// The strongest word of each of the nearest four of them.
    nearest: [i32; 4],
    sum: i32,
    count: i32,
    /// The three lowest and the three highest values, sorted.
    lowest: [i32; 3],
    highest: [i32; 3],
    /// Level of the last element that speaks clearly against or for content.
    against: Option<i32>,
    in_favour: Option<i32>,
}

/// A word that speaks clearly.
const CLEARLY_AGAINST: i32 = -100;
const CLEARLY_FOR: i32 = 80;
/// Distance to what is not there.
const FAR: i32 = 24;

impl Names {
    pub(super) const FEATURES: [&str; 12] = [
        "name_1",
        "name_2",
        "name_3",
        "name_4",
        "name_min",
        "name_max",
        "name_sum",
        "name_mean",
        "name_against",
        "name_for",
        "name_low",
        "name_high",
    ];

    pub(super) fn features(&self) -> [i32; 12] {
        let distance = |level: Option<i32>| level.map_or(FAR, |level| (self.levels - level).min(FAR));
        let [a, b, c, d] = self.nearest;
        [
            a,
            b,
            c,
            d,
            self.lowest[0],
            self.highest[0],
            self.sum,
            self.sum.div_euclid(self.count.max(1)),
            distance(self.against),
            distance(self.in_favour),
            self.lowest.iter().sum(),
            self.highest.iter().sum(),
        ]
    }

    /// The names on the way, with those of one more element.
    fn with(&self, values: impl Iterator<Item = i32>) -> Self {
        let mut names = *self;
        names.levels += 1;
        let mut strongest = 0_i32;
        let (mut is_against, mut is_for) = (false, false);
        for value in values {
            if value.abs() > strongest.abs() {
                strongest = value;
            }
            is_against |= value < CLEARLY_AGAINST;
            is_for |= value > CLEARLY_FOR;
            if value != 0 {
                names.sum += value;
                names.count += 1;
                names.rank(value);
            }
        }
        names.nearest = [strongest, self.nearest[0], self.nearest[1], self.nearest[2]];
        if is_against {
            names.against = Some(names.levels);
        }
        if is_for {
            names.in_favour = Some(names.levels);
        }
        names
    }

    fn rank(&mut self, value: i32) {
        let mut low = value;
        for place in &mut self.lowest {
            if low < *place {
                std::mem::swap(place, &mut low);
            }
        }
        let mut high = value;
        for place in &mut self.highest {
            if high > *place {
                std::mem::swap(place, &mut high);
            }
        }
    }
}

/// Reads names; a class that many elements have is taken apart once.
pub(super) struct NamesReader<'a> {
    dictionary: &'a Dictionary,
    classes: HashMap<&'a str, Vec<Known<'a>>>,
}

/// A word that the dictionary knows, and what it is worth.
type Known<'a> = (&'a str, i32);

impl<'a> NamesReader<'a> {
    pub(super) fn new(dictionary: &'a Dictionary) -> Self {
        Self { dictionary, classes: HashMap::default() }
    }

    pub(super) fn read(&mut self, dom: &'a Dom, node: NodeId, around: &Names) -> Names {
        let Some((name, class, id)) = names_of(dom, node) else { return *around };
        let Self { dictionary, classes } = self;
        let element = dictionary.elements.get(name).copied();
        let class: &[Known<'_>] =
            if class.is_empty() { &[] } else { classes.entry(class).or_insert_with(|| known(class, dictionary)) };
        let id = if id.is_empty() { Vec::new() } else { known(id, dictionary) };
        let id = id.iter().filter(|known| !class.contains(known));
        around.with(element.into_iter().chain(class.iter().chain(id).map(|&(_, value)| value)))
    }
}

/// The different words of a class or id that the dictionary knows.
fn known<'a>(names: &str, dictionary: &'a Dictionary) -> Vec<Known<'a>> {
    let mut known = Vec::new();
    for_each_word(names, |word| {
        if let Some((word, &value)) = dictionary.names.get_key_value(word)
            && !known.contains(&(word.as_str(), value))
        {
            known.push((word.as_str(), value));
        }
    });
    known
}

/// Name, class and id of an element; nothing of `html` and `body`, whose classes speak of the page.
fn names_of(dom: &Dom, node: NodeId) -> Option<(&LocalName, &str, &str)> {
    let (name, Space::Html) = dom.element(node)? else { return None };
    if matches!(*name, local_name!("html") | local_name!("body")) {
        return None;
    }
    let attribute = |name| dom.attribute(node, name).unwrap_or_default();
    Some((name, attribute(&local_name!("class")), attribute(&local_name!("id"))))
}

/// What is looked up of an element, each once, in order: its own name behind a `<`, the words of its class and id.
pub(super) fn looked_up(dom: &Dom, node: NodeId) -> Vec<String> {
    let Some((name, class, id)) = names_of(dom, node) else { return Vec::new() };
    let mut words = vec![format!("<{name}")];
    for names in [class, id] {
        for_each_word(names, |word| {
            if words.iter().all(|known| known != word) {
                words.push(word.to_owned());
            }
        });
    }
    words
}

#[cfg(test)]
mod tests {
    use super::*;

    fn words(names: &str) -> Vec<String> {
        let mut words = Vec::new();
        for_each_word(names, |word| words.push(word.to_owned()));
        words
    }

    #[test]
    fn names_are_taken_apart_as_authors_put_them_together() {
        assert_eq!(words("entry-content entryContent EntryContent entry_content2"), ["entry", "content"].repeat(4));
        assert_eq!(words("HTMLBody col-md-6 x É"), ["html", "body", "col", "md"]);
        assert_eq!(words(&"a".repeat(50)), Vec::<String>::new());
        assert_eq!(words(&"ab ".repeat(50)).len(), MOST_WORDS);
    }

    #[test]
    fn the_way_remembers_what_was_said_where() {
        let names = [&[50, -150][..], &[0], &[100]]
            .iter()
            .fold(Names::default(), |names, values| names.with(values.iter().copied()));
        assert_eq!(names.features(), [100, 0, -150, 0, -150, 100, 0, 0, 2, 0, -150, 150]);
    }
}
