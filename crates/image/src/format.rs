//! Formats, and which one the first bytes name.

/// An image format.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub enum Format {
    /// JPEG (ITU-T T.81).
    Jpeg,
    /// PNG (W3C PNG Specification).
    Png,
    /// WebP (RFC 9649).
    Webp,
    /// GIF 87a or 89a.
    Gif,
    /// Windows bitmap.
    Bmp,
    /// TIFF 6.0 or BigTIFF.
    Tiff,
    /// Windows icon.
    Ico,
    /// AV1 Image File Format.
    Avif,
    /// HEIF with another codec than AV1.
    Heif,
    /// JPEG XL.
    Jxl,
    /// Scalable Vector Graphics.
    Svg,
}

impl Format {
    /// All formats.
    pub const ALL: [Self; 11] = [
        Self::Jpeg,
        Self::Png,
        Self::Webp,
        Self::Gif,
        Self::Bmp,
        Self::Tiff,
        Self::Ico,
        Self::Avif,
        Self::Heif,
        Self::Jxl,
        Self::Svg,
    ];

    /// The published name.
    pub const fn name(self) -> &'static str {
        match self {
            Self::Jpeg => "jpeg",
            Self::Png => "png",
            Self::Webp => "webp",
            Self::Gif => "gif",
            Self::Bmp => "bmp",
            Self::Tiff => "tiff",
            Self::Ico => "ico",
            Self::Avif => "avif",
            Self::Heif => "heif",
            Self::Jxl => "jxl",
            Self::Svg => "svg",
        }
    }

    /// The format with this name.
    pub fn from_name(name: &str) -> Option<Self> {
        Self::ALL.into_iter().find(|format| format.name() == name)
    }

    /// Whether [`facts`](crate::facts) and [`verify`](crate::verify) read it.
    pub const fn is_decoded(self) -> bool {
        matches!(self, Self::Jpeg | Self::Png | Self::Webp | Self::Gif)
    }
}

/// How far into a text [`sniff`] looks for the root element of an SVG, in bytes: behind a declaration, comments and a
/// document type.
const SVG_PROLOGUE: usize = 4096;

/// Names the format by its signature.  `None` for everything else, a page that a server sends in place of an image
/// among it.
pub fn sniff(bytes: &[u8]) -> Option<Format> {
    let format = match bytes {
        [0xFF, 0xD8, 0xFF, ..] => Format::Jpeg,
        [0x89, b'P', b'N', b'G', b'\r', b'\n', 0x1A, b'\n', ..] => Format::Png,
        [b'R', b'I', b'F', b'F', _, _, _, _, b'W', b'E', b'B', b'P', ..] => Format::Webp,
        [b'G', b'I', b'F', b'8', b'7' | b'9', b'a', ..] => Format::Gif,
        // The size of the information header tells a bitmap from a text that begins with "BM".
        [b'B', b'M', _, _, _, _, _, _, _, _, _, _, _, _, 12 | 40 | 52 | 56 | 64 | 108 | 124, 0, 0, 0, ..] => {
            Format::Bmp
        }
        [b'I', b'I', b'*' | b'+', 0, ..] | [b'M', b'M', 0, b'*' | b'+', ..] => Format::Tiff,
        [0, 0, 1, 0, count, more, ..] if (*count, *more) != (0, 0) => Format::Ico,
        [0xFF, 0x0A, ..] | [0, 0, 0, 12, b'J', b'X', b'L', b' ', ..] => Format::Jxl,
        [_, _, _, _, b'f', b't', b'y', b'p', ..] => return sniff_brands(bytes),
        _ if is_svg(bytes) => Format::Svg,
        _ => return None,
    };
    Some(format)
}

/// AVIF or HEIF by the brands of the file type box (ISO/IEC 14496-12, 4.3).
fn sniff_brands(bytes: &[u8]) -> Option<Format> {
    let (length, rest) = bytes.split_first_chunk::<4>()?;
    let length = usize::try_from(u32::from_be_bytes(*length)).ok()?.clamp(8, 256);
    let brands = rest.get(4..length.saturating_sub(4).min(rest.len()))?;
    // The major brand, its version, then the compatible brands.
    let names = || brands.chunks_exact(4).enumerate().filter(|(index, _)| *index != 1).map(|(_, name)| name);
    if names().any(|name| matches!(name, b"avif" | b"avis")) {
        Some(Format::Avif)
    } else if names().any(|name| matches!(name, b"heic" | b"heix" | b"hevc" | b"hevx" | b"heim" | b"heis" | b"mif1")) {
        Some(Format::Heif)
    } else {
        None
    }
}

/// Whether the root element of a text is `svg`.
fn is_svg(bytes: &[u8]) -> bool {
    let mut rest = bytes.strip_prefix(b"\xEF\xBB\xBF").unwrap_or(bytes);
    rest = rest.get(..SVG_PROLOGUE).unwrap_or(rest);
    loop {
        rest = rest.trim_ascii_start();
        let end: &[u8] = match rest {
            [b'<', b's', b'v', b'g', next, ..] => {
                return next.is_ascii_whitespace() || matches!(next, b'>' | b'/' | b':');
            }
            [b'<', b'?', ..] => b"?>",
            [b'<', b'!', b'-', b'-', ..] => b"-->",
            [b'<', b'!', rest @ ..] if !names_svg(rest) => return false,
            // An internal subset holds declarations that end in ">" themselves.
            [b'<', b'!', ..] if before(rest, b"[").is_some_and(|head| !head.contains(&b'>')) => b"]>",
            [b'<', b'!', ..] => b">",
            _ => return false,
        };
        let Some(head) = before(rest, end) else { return false };
        rest = rest.get(head.len() + end.len()..).unwrap_or_default();
    }
}

/// Whether a document type, behind its `<!`, is that of an SVG.
fn names_svg(doctype: &[u8]) -> bool {
    let name = doctype.split_at_checked(7).filter(|(keyword, _)| keyword.eq_ignore_ascii_case(b"doctype"));
    name.is_some_and(|(_, name)| name.trim_ascii_start().starts_with(b"svg"))
}

/// What stands before the first `mark`.
fn before<'a>(bytes: &'a [u8], mark: &[u8]) -> Option<&'a [u8]> {
    let at = bytes.windows(mark.len()).position(|window| window == mark)?;
    bytes.get(..at)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_format_is_known_by_its_first_bytes() {
        for (bytes, format) in [
            (&b"\xFF\xD8\xFF\xE0\0\x10JFIF"[..], Some(Format::Jpeg)),
            (b"\x89PNG\r\n\x1A\n", Some(Format::Png)),
            (b"RIFF\x10\0\0\0WEBPVP8L", Some(Format::Webp)),
            (b"GIF89a", Some(Format::Gif)),
            (b"BM\0\0\0\0\0\0\0\0\x36\0\0\0\x28\0\0\0", Some(Format::Bmp)),
            (b"BMW builds cars and motorcycles", None),
            (b"MM\0*", Some(Format::Tiff)),
            (b"\0\0\x01\0\x01\0", Some(Format::Ico)),
            (b"\0\0\x01\0\0\0", None),
            (b"\0\0\0\x1Cftypavif\0\0\0\0mif1avifmiaf", Some(Format::Avif)),
            (b"\0\0\0\x1Cftypmif1\0\0\0\0mif1avifmiaf", Some(Format::Avif)),
            (b"\0\0\0\x18ftypheic\0\0\0\0mif1heic", Some(Format::Heif)),
            (b"\0\0\0\x18ftypmp42\0\0\0\0isommp42", None),
            (b"\0\0\0\x08ftyp", None),
            (b"\xFF\x0A\xFA", Some(Format::Jxl)),
            (b"", None),
            (b"<!DOCTYPE html><svg></svg>", None),
            (b"<html><svg>", None),
        ] {
            assert_eq!(sniff(bytes), format, "{:?}", String::from_utf8_lossy(bytes));
        }
    }

    #[test]
    fn an_svg_is_known_behind_its_prologue() {
        for text in [
            "<svg>",
            "<svg xmlns=\"http://www.w3.org/2000/svg\"/>",
            "\u{feff}<?xml version=\"1.0\"?>\n<!-- a > b -->\n<!DOCTYPE svg PUBLIC \"-//W3C//DTD SVG 1.1//EN\" \"x.dtd\">\n<svg >",
            "<!DOCTYPE svg [<!ENTITY a \"b\">]><svg\n>",
        ] {
            assert_eq!(sniff(text.as_bytes()), Some(Format::Svg), "{text}");
        }
        assert_eq!(sniff(b"<svgfoo>"), None);
        assert_eq!(sniff("<!-- ".repeat(10_000).as_bytes()), None);
    }

    #[test]
    fn every_format_is_found_by_its_name() {
        for format in Format::ALL {
            assert_eq!(Format::from_name(format.name()), Some(format));
        }
    }
}
