//! The character map of a model: which characters become which before text is split (`nmt_nfkc` and others).
//!
//! A length (4 bytes), a trie of that length, then the replacements, each ended by a zero byte.  A key's value is its replacement's place.

use super::double_array::DoubleArray;
use super::message::Placed;
use crate::model::ModelError;

#[derive(Debug, Default)]
pub(super) struct CharacterMap {
    trie: DoubleArray,
    replacements: String,
}

impl CharacterMap {
    pub(super) fn new(map: Placed<&[u8]>) -> Result<Self, ModelError> {
        if map.value.is_empty() {
            return Ok(Self::default());
        }
        let Some((length, rest)) = map.value.split_first_chunk::<4>() else {
            let found = format!("{} bytes", map.value.len());
            return Err(ModelError::new(map.offset, found, "a character map of at least 4"));
        };
        let length = u32::from_le_bytes(*length) as usize;
        if length == 0 || length > rest.len() || !length.is_multiple_of(4) {
            let expected = format!("a multiple of 4, at most {}", rest.len());
            return Err(ModelError::new(map.offset, format!("a trie of {length} bytes"), expected));
        }
        let (trie, replacements) = rest.split_at(length);
        let at = map.offset + 4;
        let replacements = std::str::from_utf8(replacements).map_err(|error| {
            ModelError::new(at + length + error.valid_up_to(), "bytes that are no UTF-8", "replacements of characters")
        })?;
        if !replacements.ends_with('\0') {
            let end = at + length + replacements.len();
            return Err(ModelError::new(end, "the end of the character map", "a zero byte before it"));
        }
        let trie = DoubleArray::new(trie);
        for (unit, value) in trie.values() {
            if !replacements.is_char_boundary(value as usize) || value as usize == replacements.len() {
                let expected = format!("one of a character within {} bytes", replacements.len());
                return Err(ModelError::new(at + 4 * unit, format!("place {value}"), expected));
            }
        }
        Ok(Self { trie, replacements: replacements.to_owned() })
    }

    /// The longest beginning of `text` that is replaced: its length, and by what.
    pub(super) fn replaced(&self, text: &str) -> Option<(usize, &str)> {
        let (length, place) = self.trie.longest_prefix(text.as_bytes())?;
        // In a damaged map a key may end within a character.
        if !text.is_char_boundary(length) {
            return None;
        }
        let rest = self.replacements.get(place as usize..)?;
        Some((length, &rest[..rest.find('\0')?]))
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn map(trie: &[u8], replacements: &str) -> Vec<u8> {
        [&u32::try_from(trie.len()).unwrap().to_le_bytes()[..], trie, replacements.as_bytes()].concat()
    }

    fn open(map: &[u8]) -> Result<CharacterMap, ModelError> {
        CharacterMap::new(Placed { offset: 0, value: map })
    }

    #[test]
    fn characters_are_replaced() {
        let keys = [("A", 0), ("ﬁ", 2)];
        let trie = yada::builder::DoubleArrayBuilder::build(&keys).unwrap();
        let characters = open(&map(&trie, "a\0fi\0")).unwrap();
        assert_eq!(characters.replaced("ﬁn"), Some(("ﬁ".len(), "fi")));
        assert_eq!((characters.replaced("AB"), characters.replaced("B")), (Some((1, "a")), None));
        assert_eq!(open(&[]).unwrap().replaced("A"), None);
    }

    #[test]
    fn a_damaged_map_is_an_error() {
        let trie = yada::builder::DoubleArrayBuilder::build(&[("A", 9)]).unwrap();
        for (bytes, offset) in [
            (map(&trie, "a\0"), 4),
            (map(&trie, "a"), trie.len() + 5),
            (map(&trie[..1], "a\0"), 0),
            (vec![1, 2], 0),
            ([map(&trie, "a"), vec![0xff, 0]].concat(), trie.len() + 5),
        ] {
            assert!(open(&bytes).unwrap_err().offset >= offset as u64, "{offset}");
        }
    }
}
