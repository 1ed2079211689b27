//! Double-array tries in the layout of Darts-clone: the one in which model files hold their character map.
//!
//! A unit is 32 bits.  A node's: 8 bits label, 1 bit whether a key ends here, 1 bit whether the offset counts 256s, 21 bits offset, a zero bit.  A value's: 31
//! bits, a one bit.  The child of node `i` by byte `b` stands at `i ^ offset ^ b` if its label is `b`, the node's value at `i ^ offset`.

/// A trie of byte strings; every look-up is bounded, whatever its units say.
#[derive(Debug, Default)]
pub(super) struct DoubleArray {
    units: Vec<u32>,
}

/// A node on the way from the root.
#[derive(Clone, Copy)]
pub(super) struct Node {
    /// Where its children are counted from.
    base: u32,
    has_value: bool,
}

const IS_VALUE: u32 = 1 << 31;

impl DoubleArray {
    pub(super) fn new(bytes: &[u8]) -> Self {
        let (units, _) = bytes.as_chunks::<4>();
        Self { units: units.iter().map(|unit| u32::from_le_bytes(*unit)).collect() }
    }

    pub(super) fn root(&self) -> Node {
        Node { base: self.units.first().map_or(0, |&unit| offset(unit)), has_value: false }
    }

    pub(super) fn child(&self, node: Node, byte: u8) -> Option<Node> {
        let at = node.base ^ u32::from(byte);
        let unit = *self.units.get(at as usize)?;
        if unit & (IS_VALUE | 0xff) != u32::from(byte) {
            return None;
        }
        Some(Node { base: at ^ offset(unit), has_value: unit & (1 << 8) != 0 })
    }

    pub(super) fn value(&self, node: Node) -> Option<u32> {
        if !node.has_value {
            return None;
        }
        self.units.get(node.base as usize).map(|unit| unit & !IS_VALUE)
    }

    /// The longest key that `text` begins with: its length and value.
    pub(super) fn longest_prefix(&self, text: &[u8]) -> Option<(usize, u32)> {
        let mut longest = None;
        let mut node = self.root();
        for (length, &byte) in (1..).zip(text) {
            let Some(child) = self.child(node, byte) else { break };
            node = child;
            if let Some(value) = self.value(node) {
                longest = Some((length, value));
            }
        }
        longest
    }

    /// The value of a key.
    pub(super) fn get(&self, key: &[u8]) -> Option<u32> {
        let node = key.iter().try_fold(self.root(), |node, &byte| self.child(node, byte))?;
        self.value(node)
    }

    /// Every value that the units hold, whichever keys lead there, with the number of its unit.
    pub(super) fn values(&self) -> impl Iterator<Item = (usize, u32)> {
        self.units.iter().enumerate().filter(|(_, unit)| *unit & IS_VALUE != 0).map(|(at, unit)| (at, unit & !IS_VALUE))
    }
}

fn offset(unit: u32) -> u32 {
    (unit >> 10) << ((unit & (1 << 9)) >> 6)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_longest_prefix_is_found() {
        let keys = [("a", 1), ("ab", 2), ("abcd", 3), ("é", 4)];
        let trie = DoubleArray::new(&yada::builder::DoubleArrayBuilder::build(&keys).unwrap());
        assert_eq!(trie.longest_prefix(b"abcx"), Some((2, 2)));
        assert_eq!(trie.longest_prefix("éa".as_bytes()), Some((2, 4)));
        assert_eq!(trie.longest_prefix(b"b"), None);
        assert_eq!((trie.get(b"abcd"), trie.get(b"abc"), trie.get(b"abcde")), (Some(3), None, None));
    }

    #[test]
    fn units_that_point_outside_end_a_look_up() {
        let trie = DoubleArray::new(&[0xff, 0xfd, 0xff, 0x7f, 0x61, 0xff, 0xff, 0x7f]);
        assert_eq!(trie.longest_prefix(b"abc"), None);
        assert_eq!(DoubleArray::default().longest_prefix(b"abc"), None);
    }
}
