//! Hashes of images that nobody may store or show.

/// Images known by their hashes.
///
/// A list is a text: on each line the sha256 of a file, 64 hexadecimal digits, or a perceptual hash as this program computes it, 16 digits; `#` begins a
/// comment.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct HashList {
    /// Sorted.
    exact: Vec<[u8; 32]>,
    perceptual: Vec<u64>,
}

/// A line of a list that is none of a list's.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
#[error("line {line}: {text:?} is given, 64 or 16 hexadecimal digits are allowed")]
pub struct InvalidLine {
    /// Its number, from 1.
    pub line: usize,
    /// Its beginning.
    pub text: String,
}

impl HashList {
    /// Reads a list.
    ///
    /// # Errors
    /// The first [`InvalidLine`].
    pub fn parse(text: &[u8]) -> Result<Self, InvalidLine> {
        let mut list = Self::default();
        for (line, number) in text.split(|&byte| byte == b'\n').zip(1..) {
            let digits = line.split(|&byte| byte == b'#').next().unwrap_or_default().trim_ascii();
            let words = String::from_utf8_lossy(digits);
            let invalid = || InvalidLine { line: number, text: words.chars().take(80).collect() };
            match digits.len() {
                0 => {}
                _ if !digits.iter().all(u8::is_ascii_hexdigit) => return Err(invalid()),
                16 => list.perceptual.push(u64::from_str_radix(&words, 16).map_err(|_| invalid())?),
                64 => list.exact.push(sha256(digits).ok_or_else(invalid)?),
                _ => return Err(invalid()),
            }
        }
        list.exact.sort_unstable();
        Ok(list)
    }

    /// Whether there are perceptual hashes in it, which only pictures that are decoded can match.
    pub fn has_perceptual(&self) -> bool {
        !self.perceptual.is_empty()
    }

    /// Whether the file of this sha256 is in the list.
    pub fn holds(&self, sha256: &[u8; 32]) -> bool {
        self.exact.binary_search(sha256).is_ok()
    }

    /// In how many bits the perceptual hash of a picture differs from the nearest of the list.  All of them are compared.
    pub fn distance(&self, perceptual_hash: u64) -> Option<u32> {
        let distances = self.perceptual.iter().map(|known| (known ^ perceptual_hash).count_ones());
        distances.min()
    }
}

fn sha256(digits: &[u8]) -> Option<[u8; 32]> {
    let mut bytes = [0; 32];
    for (byte, pair) in bytes.iter_mut().zip(digits.chunks_exact(2)) {
        *byte = u8::from_str_radix(std::str::from_utf8(pair).ok()?, 16).ok()?;
    }
    Some(bytes)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn files_match_by_sha256_and_pictures_within_the_distance() {
        let text = format!("# a list\n\n{}  # a file\r\n00000000000000ff\n{}", "AB".repeat(32), "01".repeat(32));
        let list = HashList::parse(text.as_bytes()).unwrap();
        assert!(list.holds(&[0xab; 32]) && list.holds(&[1; 32]) && !list.holds(&[2; 32]));
        assert_eq!(list.distance(0xff), Some(0));
        assert_eq!(list.distance(0xfc), Some(2));
        assert_eq!(list.distance(0xf8), Some(3));
        assert_eq!(HashList::default().distance(0), None);
    }

    #[test]
    fn a_line_of_something_else_is_named() {
        for (text, line) in
            [("00000000000000ff\nxyz\n", 2), (&"g".repeat(64), 1), ("00000000000000f", 1), ("+000000000000000", 1)]
        {
            assert_eq!(HashList::parse(text.as_bytes()).unwrap_err().line, line, "{text}");
        }
    }
}
