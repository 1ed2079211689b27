//! What authors call the parts of their pages: words of `class` and `id`, and the elements' own names.
//!
//! The model's dictionary says of each word how much more often than elsewhere text below it is main content.

use foldhash::HashMap;
use html5ever::local_name;

use super::model::Dictionary;
use crate::dom::{Dom, NodeId, Space};

/// Longest word that is looked up, in bytes; two letters are the shortest.
const LONGEST: usize = 20;

/// The words of an element's name, class and id: `entry-content`, `entryContent` and `EntryContent` are two each.
pub(super) fn words_of(names: &str, mut word: impl FnMut(&str)) {
    let bytes = names.as_bytes();
    let mut lower = [0; LONGEST];
    let mut at = 0;
    while at < bytes.len() {
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
    pub(super) fn with(&self, values: &[i32]) -> Self {
        let mut names = *self;
        names.levels += 1;
        let mut strongest = 0_i32;
        let (mut is_against, mut is_for) = (false, false);
        for &value in values {
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

/// Reads names; a class that many elements have is looked up once.
pub(super) struct NamesReader<'a> {
    dictionary: &'a Dictionary,
    known: HashMap<(&'a str, &'a str, &'a str), Vec<i32>>,
}

impl<'a> NamesReader<'a> {
    pub(super) fn new(dictionary: &'a Dictionary) -> Self {
        Self { dictionary, known: HashMap::default() }
    }

    pub(super) fn read(&mut self, dom: &'a Dom, node: NodeId, around: &Names) -> Names {
        let Some((name, class, id)) = names_of(dom, node) else { return *around };
        let values = self.known.entry((name, class, id)).or_insert_with(|| {
            let mut values = Vec::new();
            for_each_word(name, class, id, |word| values.push(self.dictionary.names.get(word).copied().unwrap_or(0)));
            values
        });
        around.with(values)
    }
}

/// Name, class and id of an element; nothing of `html` and `body`, whose classes speak of the page.
pub(super) fn names_of(dom: &Dom, node: NodeId) -> Option<(&str, &str, &str)> {
    let (name, Space::Html) = dom.element(node)? else { return None };
    if matches!(*name, local_name!("html") | local_name!("body")) {
        return None;
    }
    let attribute = |name| dom.attribute(node, name).unwrap_or_default();
    Some((name, attribute(&local_name!("class")), attribute(&local_name!("id"))))
}

/// The different words of an element's names, in order; its own name begins with `<`.
pub(super) fn for_each_word(name: &str, class: &str, id: &str, mut word: impl FnMut(&str)) {
    word(&format!("<{name}"));
    // Words so far, filled up with zeros.
    let mut seen = [[0; LONGEST]; MOST_WORDS];
    let mut count = 1;
    for names in [class, id] {
        words_of(names, |found| {
            let mut padded = [0; LONGEST];
            padded[..found.len()].copy_from_slice(found.as_bytes());
            if count < MOST_WORDS && !seen[..count].contains(&padded) {
                seen[count] = padded;
                count += 1;
                word(found);
            }
        });
    }
}

/// Words of one element that are looked up, its own name included.
const MOST_WORDS: usize = 32;

#[cfg(test)]
mod tests {
    use super::*;

    fn words(names: &str) -> Vec<String> {
        let mut words = Vec::new();
        words_of(names, |word| words.push(word.to_owned()));
        words
    }

    #[test]
    fn names_are_taken_apart_as_authors_put_them_together() {
        assert_eq!(words("entry-content entryContent EntryContent entry_content2"), ["entry", "content"].repeat(4));
        assert_eq!(words("HTMLBody col-md-6 x É"), ["html", "body", "col", "md"]);
        assert_eq!(words(&"a".repeat(50)), Vec::<String>::new());
    }

    #[test]
    fn the_way_remembers_what_was_said_where() {
        let names = Names::default().with(&[50, -150]).with(&[0]).with(&[100]);
        assert_eq!(names.features(), [100, 0, -150, 0, -150, 100, 0, 0, 2, 0, -150, 150]);
    }
}
