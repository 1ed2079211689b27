//! Sentences for synthetic pages.

const NOUNS: &str = "river harbour garden bridge lantern mountain letter teacher market engine forest window island \
    orchard winter kitchen machine station library meadow traveller museum valley captain village painter storm";
const VERBS: &str = "crosses remembers describes follows measures carries watches repairs explains reaches paints \
    collects surrounds borrows answers visits";
const ADJECTIVES: &str = "quiet narrow ancient bright careful distant familiar gentle heavy hidden modern patient \
    simple warm wooden curious";
const ENDINGS: &str = "before the first snow|in the early morning|without any hurry|as everybody in the town knows|\
    because the road is closed|long after the others have left|near the old mill|when the light begins to fade";

/// An endless writer of English-looking sentences, given by its seed.
#[derive(Clone, Debug)]
pub struct Prose {
    state: u64,
}

impl Prose {
    /// A writer for this seed.
    #[must_use]
    pub fn new(seed: u64) -> Self {
        Self { state: seed ^ 0xA076_1D64_78BD_642F }
    }

    /// A number below `bound` (SplitMix64, whose low bias does not matter here).
    pub fn below(&mut self, bound: u64) -> u64 {
        self.state = self.state.wrapping_add(0x9E37_79B9_7F4A_7C15);
        let mut z = self.state;
        z = (z ^ (z >> 30)).wrapping_mul(0xBF58_476D_1CE4_E5B9);
        z = (z ^ (z >> 27)).wrapping_mul(0x94D0_49BB_1331_11EB);
        (z ^ (z >> 31)) % bound.max(1)
    }

    fn pick<'a>(&mut self, words: &'a str, separator: char) -> &'a str {
        let count = words.split(separator).filter(|word| !word.is_empty()).count() as u64;
        let at = self.below(count) as usize;
        words.split(separator).filter(|word| !word.is_empty()).nth(at).unwrap_or_default().trim()
    }

    /// Two or three words, capitalised.
    pub fn title(&mut self) -> String {
        let title = format!("the {} {}", self.pick(ADJECTIVES, ' '), self.pick(NOUNS, ' '));
        title.replacen('t', "T", 1)
    }

    /// One sentence of 9 to 20 words.
    pub fn sentence(&mut self) -> String {
        let [a, b] = [self.pick(ADJECTIVES, ' '), self.pick(ADJECTIVES, ' ')];
        let [n, m] = [self.pick(NOUNS, ' '), self.pick(NOUNS, ' ')];
        let (verb, ending) = (self.pick(VERBS, ' '), self.pick(ENDINGS, '|'));
        match self.below(3) {
            0 => format!("The {a} {n} {verb} the {m} of our {b} neighbours {ending}."),
            1 => format!("Every year a {n} {verb} this {b} {m}, and it is {a} {ending}."),
            _ => format!("It was said that the {n} {verb} a {a} {m}, but not {ending}."),
        }
    }

    /// A paragraph of `sentences` sentences.
    pub fn paragraph(&mut self, sentences: usize) -> String {
        (0..sentences).map(|_| self.sentence()).collect::<Vec<_>>().join(" ")
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_seed_writes_the_same_text_again_and_another_seed_another_text() {
        assert_eq!(Prose::new(1).paragraph(5), Prose::new(1).paragraph(5));
        assert_ne!(Prose::new(1).paragraph(5), Prose::new(2).paragraph(5));
    }

    #[test]
    fn a_paragraph_has_its_sentences_and_no_stray_white_space() {
        let text = Prose::new(3).paragraph(50);
        assert_eq!(text.matches('.').count(), 50);
        assert!(!text.contains("  ") && !text.contains('|') && !text.contains('\n'), "{text}");
    }
}
