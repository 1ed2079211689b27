//! Damage.

use crate::Random;

/// Pieces that mean something to one of the readers.
const PIECES: &[&[u8]] = &[
    b"\r\n\r\n",
    b"\n",
    b"\0",
    b"\xff\xff\xff\xff",
    b"\x7f\xff\xff\xff",
    b"WARC/1.0\r\n",
    b"WARC/1.1\r\nWARC-Type: response\r\nContent-Length: 18446744073709551615\r\n\r\n",
    b"Content-Length: -1\r\n",
    b"Content-Length: 99999999\r\n",
    b"Content-Encoding: gzip, br, deflate, zstd\r\n",
    b"Transfer-Encoding: chunked\r\n\r\nffffffffffffffff\r\n",
    b"HTTP/1.1 200 OK\r\nContent-Type: text/html\r\n\r\n",
    b"\x1f\x8b\x08\x04\xff\xff\xff\xff\x00\xff\xff\xff",
    b"\x28\xb5\x2f\xfd",
    b"\x5d\x2a\x4d\x18\xff\xff\xff\xff",
    b"\x04\x22\x4d\x18",
    b"PK\x03\x04",
    b"<table><tr><td><table>",
    b"<svg><math><mtext><p>",
    b"<!--",
    b"<img srcset='a 1w, b 2x, c",
    b" 100w, ",
    b" 1.5x,",
    b"(,)",
    b"<noscript><img src=a.jpg></noscript>",
    b"<!--><figure data-a=b.jpg><picture><source srcset=c>",
    b"</p></div></body>",
    b"<meta charset=utf-16>",
    b"\xff\xd8\xff\xc0\x00\x11\x08\xff\xff\xff\xff",
];

/// Most changes of one input.
const MAX_CHANGES: usize = 8;

/// Changes `bytes` in one to eight places; `other` lends pieces.
pub(crate) fn damage(bytes: &[u8], other: &[u8], random: &mut Random) -> Vec<u8> {
    let mut damaged = bytes.to_vec();
    for _ in 0..=random.below(MAX_CHANGES) {
        change(&mut damaged, other, random);
    }
    damaged
}

/// A place and a length, most often short.
fn span(length: usize, random: &mut Random) -> (usize, usize) {
    let start = random.below(length + 1);
    let most = [4, 64, 1024, usize::MAX][random.below(4)];
    (start, start + random.below((length - start).min(most) + 1))
}

fn change(bytes: &mut Vec<u8>, other: &[u8], random: &mut Random) {
    let (start, end) = span(bytes.len(), random);
    match random.below(9) {
        0 => {
            if let Some(byte) = bytes.get_mut(start) {
                *byte ^= 1 << random.below(8);
            }
        }
        1 => {
            if let Some(byte) = bytes.get_mut(start) {
                *byte = random.next() as u8;
            }
        }
        2 => drop(bytes.drain(start..end)),
        3 => bytes.truncate(start),
        4 => bytes[start..end].fill([0, 0xff, b' ', b'9'][random.below(4)]),
        5 => {
            let copy = bytes[start..end].to_vec();
            let times = 1 + random.below(4);
            bytes.splice(end..end, copy.repeat(times));
        }
        6 => {
            let piece = PIECES[random.below(PIECES.len())];
            bytes.splice(start..start, piece.iter().copied());
        }
        7 => {
            let piece = PIECES[random.below(PIECES.len())];
            let end = bytes.len().min(start + piece.len());
            bytes[start..end].copy_from_slice(&piece[..end - start]);
        }
        _ => {
            let (from, to) = span(other.len(), random);
            bytes.splice(start..end, other[from..to].iter().copied());
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_case_is_the_same_again_and_seldom_whole() {
        let sample: Vec<u8> = (0..=255).collect();
        let case = |seed| damage(&sample, b"other", &mut Random(seed));
        assert!((0..500).all(|seed| case(seed) == case(seed)));
        assert!((0..500).filter(|&seed| case(seed) != sample).count() > 450);
    }

    #[test]
    fn nothing_can_be_damaged_too() {
        for seed in 0..500 {
            damage(b"", b"", &mut Random(seed));
        }
    }
}
