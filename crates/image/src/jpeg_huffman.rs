//! JPEG: Huffman codes (ITU-T T.81, annex C and F.2.2), and reading over the blocks that they code.
//!
//! Where of a block only its constant coefficient is wanted, nothing is kept of the others but how many there are: one look
//! into a table of [`Others`] passes several of them.  [`Values`] are for those who want them all.

use crate::{skip, take};

/// Bits that a table is asked with.
const LOOKAHEAD: u32 = 11;

/// Words of as many bits.
const WORDS: usize = 1 << LOOKAHEAD;

/// Of one or more codes and the values behind them: in the low byte the bits that they take, above it what they stand for.
type Entry = u16;

/// The place behind the last coefficient of a block.  Also what an entry stands for whose codes must be looked at one
/// by one.
const LAST: u32 = 64;

/// What the code that ends a block stands for.
const END: u32 = 128;

/// The codes of a table, of which longer ones are larger (annex C.2).
struct Codes {
    /// Of each length from 1 on the first 16 bits that begin with no code of it or of a shorter one.
    limits: [u32; 16],
    /// Of each length how many codes are of it or shorter.
    ends: [usize; 16],
    symbols: Vec<u8>,
}

impl Codes {
    /// Reads one table of a segment (B.2.4.2); `None` where the lengths leave no room for as many codes.
    fn read(data: &mut &[u8]) -> Option<Self> {
        let counts: [u8; 16] = take(data)?;
        let (mut limits, mut ends) = ([0; 16], [0; 16]);
        let (mut limit, mut end) = (0, 0);
        for (place, count) in counts.into_iter().enumerate() {
            limit += u32::from(count) << (15 - place);
            end += usize::from(count);
            (limits[place], ends[place]) = (limit, end);
        }
        let symbols = skip(data, end)?.to_vec();
        // All ones are no code.
        (limit < 1 << 16).then_some(Self { limits, ends, symbols })
    }

    /// The code that a word begins with: its length and its symbol.
    fn find(&self, word: u64) -> Option<(u32, u8)> {
        let bits = (word >> 48) as u32;
        let shorter = self.limits.iter().filter(|&&limit| limit <= bits).count();
        let (limit, end) = (self.limits.get(shorter)?, self.ends.get(shorter)?);
        // Codes of a length follow each other, and so do their symbols.
        let behind = (limit - bits - 1) >> (15 - shorter);
        let symbol = self.symbols.get(end.checked_sub(behind as usize + 1)?)?;
        Some((shorter as u32 + 1, *symbol))
    }

    /// Of all words of [`LOOKAHEAD`] bits the length of the code they begin with and what `entry` makes of it, 0 and
    /// `unknown` where they show no whole code.
    fn table(&self, unknown: Entry, entry: impl Fn(u32, u8) -> Option<Entry>) -> Box<[(u8, Entry); WORDS]> {
        let mut table = Box::new([(0, unknown); WORDS]);
        let (mut rest, mut length) = (table.as_mut_slice(), 1);
        for (place, &symbol) in self.symbols.iter().enumerate() {
            while self.ends[length as usize - 1] <= place {
                length += 1;
            }
            let Some(bits) = LOOKAHEAD.checked_sub(length) else { break };
            let Some((words, others)) = rest.split_at_mut_checked(1 << bits) else { break };
            if let Some(entry) = entry(length, symbol) {
                words.fill((length as u8, entry));
            }
            rest = others;
        }
        table
    }
}

/// A table of constant coefficients.
pub(crate) struct Constants {
    codes: Codes,
    /// Of one code: how many bits its value has.
    entries: Box<[Entry; WORDS]>,
}

impl Constants {
    /// Bits of a difference between coefficients, at most, of samples of eight bits (table F.1).
    const MAX_SIZE: u8 = 11;

    pub(crate) fn read(data: &mut &[u8]) -> Option<Self> {
        let codes = Codes::read(data)?;
        let entries = Box::new(codes.table(0, Self::entry).map(|(_, entry)| entry));
        Some(Self { codes, entries })
    }

    fn entry(length: u32, size: u8) -> Option<Entry> {
        (size <= Self::MAX_SIZE).then(|| u16::from(size) << 8 | (length as u16 + u16::from(size)))
    }

    /// Bits taken, at most 27, and the difference.
    #[inline]
    fn find(&self, word: u64) -> Option<(u32, i32)> {
        let mut entry = self.entries[(word >> (64 - LOOKAHEAD)) as usize];
        if entry == 0 {
            let (length, size) = self.codes.find(word)?;
            entry = Self::entry(length, size)?;
        }
        let (bits, size) = (u32::from(entry & 255), u32::from(entry >> 8));
        Some((bits, extended(word << (bits - size), size)))
    }
}

/// The number of so many bits that a word begins with (F.2.2.1).
#[inline]
fn extended(word: u64, size: u32) -> i32 {
    let value = (word >> 1 >> (63 - size)) as i32;
    // Of a negative number the highest bit is 0, and it is 2^size - 1 too large.
    let is_negative = value < 1 << size >> 1;
    if is_negative { value + 1 - (1 << size) } else { value }
}

/// A table of the other coefficients.
pub(crate) struct Others {
    codes: Codes,
    /// Of as many codes as the bits show, up to the end of a block: how many coefficients they pass.
    entries: Box<[Entry; WORDS]>,
}

impl Others {
    pub(crate) fn read(data: &mut &[u8]) -> Option<Self> {
        let codes = Codes::read(data)?;
        let table = codes.table((LAST << 8) as Entry, Self::entry);
        let mut entries = Box::new([0; WORDS]);
        for (word, sum) in entries.iter_mut().enumerate() {
            *sum = table[word].1;
            while u32::from(*sum & 255) < LOOKAHEAD && u32::from(*sum >> 8) < LAST {
                let bits = u32::from(*sum & 255);
                let (length, next) = table[word << bits & (WORDS - 1)];
                let passed = u32::from(*sum >> 8) + u32::from(next >> 8);
                if bits + u32::from(length) > LOOKAHEAD || (LAST..END).contains(&passed) {
                    break;
                }
                *sum += next;
            }
        }
        Some(Self { codes, entries })
    }

    /// A run of zeros and the bits of the coefficient behind it (F.2.2.2).
    fn entry(length: u32, symbol: u8) -> Option<Entry> {
        let (run, size) = (u16::from(symbol >> 4), u16::from(symbol & 15));
        match (run, size) {
            (0, 0) => Some((END << 8) as Entry | length as Entry),
            (1..=14, 0) => None,
            _ => Some((run + 1) << 8 | (length as Entry + size)),
        }
    }

    #[inline]
    fn entry_of(&self, word: u64) -> u32 {
        self.entries[(word >> (64 - LOOKAHEAD)) as usize].into()
    }

    /// Of the first code alone.
    fn first_of(&self, word: u64) -> Option<u32> {
        let (length, symbol) = self.codes.find(word)?;
        Self::entry(length, symbol).map(u32::from)
    }
}

/// A table of the other coefficients, for their values.
pub(crate) struct Values {
    codes: Codes,
    /// Of one code and the value behind it.
    entries: Box<[Value; WORDS]>,
}

/// A coefficient: in the low byte the bits that code and value take, above it the run of zeros before it, and in the
/// upper half what it is: nothing where the code stands for zeros alone.  0 is what must be looked at more closely.
type Value = i32;

impl Values {
    /// Bits of a coefficient, at most, of samples of eight bits (table F.2).
    const MAX_SIZE: u32 = 10;

    pub(crate) fn read(data: &mut &[u8]) -> Option<Self> {
        let codes = Codes::read(data)?;
        let table = codes.table(0, |_, symbol| Some(symbol.into()));
        let mut entries = Box::new([0; WORDS]);
        for (word, (entry, &(length, symbol))) in entries.iter_mut().zip(table.iter()).enumerate() {
            let (length, symbol) = (u32::from(length), symbol as u8);
            if length > 0 && length + u32::from(symbol & 15) <= LOOKAHEAD {
                *entry = Self::value((word as u64) << (64 - LOOKAHEAD), length, symbol).unwrap_or_default();
            }
        }
        Some(Self { codes, entries })
    }

    /// Of a word that begins with a code of that length, and what this stands for (F.2.2.2).
    fn value(word: u64, length: u32, symbol: u8) -> Option<Value> {
        let (run, size) = (Value::from(symbol >> 4), u32::from(symbol & 15));
        if size > Self::MAX_SIZE || (size == 0 && !matches!(run, 0 | 15)) {
            return None;
        }
        let value: Value = extended(word << length, size);
        Some(value << 16 | run << 8 | (length + size) as Value)
    }

    #[inline]
    fn value_of(&self, word: u64) -> Value {
        self.entries[(word >> (64 - LOOKAHEAD)) as usize]
    }

    /// However long the code is.
    fn first_of(&self, word: u64) -> Option<Value> {
        let (length, symbol) = self.codes.find(word)?;
        Self::value(word, length, symbol)
    }
}

/// Entropy-coded data without what is stuffed into it, and [`Bits::MARGIN`] bytes more.
pub(crate) struct Bits<'a> {
    /// What is behind the word.
    rest: &'a [u8],
    /// The next bits, at the top.
    word: u64,
    /// Bits of the word that were read, and are gone: fewer than 64.
    used: u32,
}

impl<'a> Bits<'a> {
    /// Bytes that must follow the data.
    pub(crate) const MARGIN: usize = 8;

    pub(crate) fn new(mut data: &'a [u8]) -> Option<Self> {
        let word = u64::from_be_bytes(take(&mut data)?);
        Some(Self { rest: data, word, used: 0 })
    }

    /// Whether all was read but the bits that fill up the last byte (F.1.2.3).
    pub(crate) const fn is_at_end(&self) -> bool {
        self.rest.len() == self.used.div_ceil(8) as usize
    }

    /// Reads a block: the difference of its constant coefficient from that of the block before.  `None` where the data
    /// ends, or there is a code without meaning, or a coefficient beyond the last.
    #[inline(never)]
    pub(crate) fn block(&mut self, constants: &Constants, others: &Others) -> Option<i32> {
        let Self { mut rest, mut word, used } = *self;
        // The sum of entries: the bits used of the word, and above them the place in the block.
        let mut sum = 1 << 8 | used;
        // No code and the value behind it are longer than 31 bits: so many are there when one is read.
        let mut fill = |word: &mut u64, sum: &mut u32| {
            if *sum & 255 >= 32 {
                *sum -= 32;
                *word |= u64::from(u32::from_be_bytes(take(&mut rest)?)) << (*sum & 31);
            }
            Some(())
        };
        fill(&mut word, &mut sum)?;
        let (bits, difference) = constants.find(word)?;
        word <<= bits;
        sum += bits;
        loop {
            fill(&mut word, &mut sum)?;
            let mut entry = others.entry_of(word);
            if sum + entry >= LAST << 8 {
                if !is_whole(sum + entry) {
                    entry = others.first_of(word)?;
                }
                if sum + entry >= LAST << 8 {
                    *self = Self { rest, word: word << (entry & 63), used: (sum + entry) & 255 };
                    return is_whole(sum + entry).then_some(difference);
                }
            }
            word <<= entry & 63;
            sum += entry;
        }
    }

    /// Reads the constant coefficient of a block: its difference from that of the block before.
    #[inline]
    pub(crate) fn constant(&mut self, constants: &Constants) -> Option<i32> {
        self.fill()?;
        let (bits, difference) = constants.find(self.word)?;
        self.word <<= bits;
        self.used += bits;
        Some(difference)
    }

    /// Reads the coefficients of a block behind the constant one, and hands on those that are not 0 with their places in the order
    /// of the codes (figure A.6), 1 to 63: they are within 1023 of 0.  `None` as for [`block`](Self::block).
    #[inline]
    pub(crate) fn others(&mut self, values: &Values, mut each: impl FnMut(usize, i32)) -> Option<()> {
        // A copy stays in registers.
        let mut bits = Self { ..*self };
        let mut place = 1;
        while place < LAST as usize {
            bits.fill()?;
            let mut value = values.value_of(bits.word);
            if value == 0 {
                value = values.first_of(bits.word)?;
            }
            bits.word <<= value & 63;
            bits.used += (value & 255) as u32;
            let run = (value >> 8 & 255) as usize;
            if value >> 16 == 0 && run == 0 {
                *self = bits;
                return Some(());
            }
            place += run;
            if value >> 16 != 0 {
                if place >= LAST as usize {
                    return None;
                }
                each(place, value >> 16);
            }
            place += 1;
        }
        *self = bits;
        (place == LAST as usize).then_some(())
    }

    /// Makes the word 32 bits long at least: no code and the value behind it are longer than 31.
    #[inline]
    fn fill(&mut self) -> Option<()> {
        if self.used >= 32 {
            self.used -= 32;
            self.word |= u64::from(u32::from_be_bytes(take(&mut self.rest)?)) << self.used;
        }
        Some(())
    }
}

/// Whether a block ends at the place of a sum: behind its last coefficient, or by the code that says so before it.
#[inline]
const fn is_whole(sum: u32) -> bool {
    let place = sum >> 8;
    place == LAST || (END <= place && place < END + LAST)
}
