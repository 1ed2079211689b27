//! The beginning of a binary file: what kind of model follows, and how large its tables are.

use crate::model::{Fields, ModelError};

/// The file begins with it.
const MAGIC: &[u8] = b"mmap lm http://kheafield.com/code format version 5\n";

/// Zero, one and minus one half as 32-bit floats; one, and all bits, as word numbers; padding; one in 64 bits.
const TEST_VALUES: [u8; 32] = [
    0, 0, 0, 0, 0, 0, 0x80, 0x3f, 0, 0, 0, 0xbf, 1, 0, 0, 0, 0xff, 0xff, 0xff, 0xff, 0, 0, 0, 0, 1, 0, 0, 0, 0, 0, 0, 0,
];

/// The longest n-grams that are read; KenLM itself is built for 6, or for more on demand.
pub(super) const MAX_ORDER: usize = 16;

/// The last model type.
const LAST_KIND: u32 = 5;

/// No table can hold more entries: their numbers are packed into 57 bits.
const MAX_COUNT: u64 = 1 << 57;

pub(super) struct Header {
    pub(super) kind: u32,
    /// How much larger than its entries a hash table is.
    pub(super) multiplier: f32,
    pub(super) has_words: bool,
    /// Entries of each order, from 1.
    pub(super) counts: Vec<u64>,
    /// Where the vocabulary begins.
    pub(super) end: usize,
}

impl Header {
    /// Whether the file says that it is a binary file of KenLM, of this version or another.
    pub(super) fn is_at_beginning_of(bytes: &[u8]) -> bool {
        bytes.starts_with(b"mmap lm http://kheafield.com/code")
    }

    pub(super) fn read(bytes: &[u8]) -> Result<Self, ModelError> {
        let mut fields = Fields::new(bytes);
        let magic = fields.bytes(MAGIC.len().next_multiple_of(8), "the name of the format")?;
        if !magic.starts_with(MAGIC) || magic[MAGIC.len()..].iter().any(|&byte| byte != 0) {
            let found = format!("`{}`", magic[33..].escape_ascii());
            return Err(ModelError::new(33, found, "a finished file of format version 5"));
        }
        let at = fields.offset();
        if fields.bytes(TEST_VALUES.len(), "test values")? != TEST_VALUES {
            return Err(ModelError::new(at, "other test values", "those of a little-endian machine of 64 bits"));
        }
        let order_at = fields.offset();
        let order = usize::from(fields.u8("the order")?);
        if !(2..=MAX_ORDER).contains(&order) {
            return Err(ModelError::new(order_at, format!("order {order}"), format!("2 to {MAX_ORDER}")));
        }
        fields.bytes(3, "padding")?;
        let at = fields.offset();
        let multiplier = fields.f32("the size of hash tables")?;
        if !(1.0..=1e6).contains(&multiplier) {
            return Err(ModelError::new(at, format!("hash tables {multiplier} times their entries"), "1 to 1000000"));
        }
        let kind_at = fields.offset();
        let kind = fields.u32("the model type")?;
        if kind > LAST_KIND {
            return Err(ModelError::new(kind_at, format!("model type {kind}"), format!("0 to {LAST_KIND}")));
        }
        let has_words = fields.u8("whether words are stored")? != 0;
        fields.bytes(3, "padding")?;
        let at = fields.offset();
        let version = fields.u32("the version of the tables")?;
        let known = u32::from(kind > 1);
        if version != known {
            let expected = format!("{known}, as model type {kind} has it");
            return Err(ModelError::new(at, format!("table version {version}"), expected));
        }
        let mut counts = Vec::with_capacity(order);
        for order in 1..=order {
            let at = fields.offset();
            let count = fields.u64("a number of n-grams")?;
            if count >= MAX_COUNT || (order == 1 && count >= u64::from(u32::MAX)) {
                let expected = if order == 1 { "words of 32-bit numbers" } else { "less than 2^57" };
                return Err(ModelError::new(at, format!("{count} {order}-grams"), expected));
            }
            counts.push(count);
        }
        let end = fields.offset().next_multiple_of(8);
        Ok(Self { kind, multiplier, has_words, counts, end })
    }
}

/// Hands out one table behind the other, each within the file.
pub(super) struct Tables {
    at: usize,
    file_length: usize,
}

impl Tables {
    pub(super) fn new(at: usize, file_length: usize) -> Self {
        Self { at, file_length }
    }

    /// Where the next table begins.
    pub(super) fn offset(&self) -> usize {
        self.at
    }

    /// Where a table of `count` entries of `width` bytes begins.
    pub(super) fn take(&mut self, count: u64, width: usize, name: &str) -> Result<usize, ModelError> {
        let at = self.at;
        let left = self.file_length.saturating_sub(at);
        let length = usize::try_from(count).ok().and_then(|count| count.checked_mul(width));
        match length.filter(|&length| length <= left) {
            Some(length) => {
                self.at += length;
                Ok(at)
            }
            None => {
                let found = format!("the end of the file after {left} bytes");
                Err(ModelError::new(at, found, format!("{name}, {count} times {width} bytes")))
            }
        }
    }

    /// Checks that the words follow the tables where the file says so.
    pub(super) fn check_words(&self, bytes: &[u8]) -> Result<(), ModelError> {
        let words = &bytes[self.at.min(bytes.len())..];
        if !words.starts_with(b"<unk>\0") {
            let found = format!("`{}`", words[..words.len().min(6)].escape_ascii());
            return Err(ModelError::new(self.at, found, "the first word, `<unk>`"));
        }
        if words.last() != Some(&0) {
            return Err(ModelError::new(bytes.len(), "the end of the file within a word", "a zero byte before it"));
        }
        Ok(())
    }
}
