//! HTML Standard 4.8.4.2.2: parsing a srcset attribute.

/// One image candidate string.
#[derive(Clone, Copy, Debug, PartialEq)]
pub struct Source<'a> {
    /// The address, as written.
    pub url: &'a str,
    /// Pixels, by a `w` descriptor.
    pub width: Option<u32>,
    /// By an `x` descriptor; 1 without.
    pub density: f64,
}

const SPACE: [char; 5] = ['\t', '\n', '\u{c}', '\r', ' '];

/// The candidates of a `srcset` attribute (HTML Standard, 4.8.4.2.2), in order.  A candidate with a descriptor that is none
/// is left out, as the standard says.
pub fn parse(mut rest: &str) -> impl Iterator<Item = Source<'_>> {
    std::iter::from_fn(move || {
        loop {
            rest = rest.trim_start_matches(|c| SPACE.contains(&c) || c == ',');
            if rest.is_empty() {
                return None;
            }
            let (url, after) = rest.split_at(rest.find(SPACE).unwrap_or(rest.len()));
            let stripped = url.trim_end_matches(',');
            let mut descriptors = "";
            rest = after;
            if stripped.len() == url.len() {
                (descriptors, rest) = after.split_at(end_of_descriptors(after));
            }
            if let Some((width, density)) = read(descriptors) {
                return Some(Source { url: stripped, width, density });
            }
        }
    })
}

/// Up to the next comma outside of parentheses.
fn end_of_descriptors(text: &str) -> usize {
    let mut in_parentheses = false;
    let end = text.bytes().position(|byte| {
        match byte {
            b'(' => in_parentheses = true,
            b')' => in_parentheses = false,
            _ => {}
        }
        byte == b',' && !in_parentheses
    });
    end.unwrap_or(text.len())
}

fn read(descriptors: &str) -> Option<(Option<u32>, f64)> {
    let (mut width, mut density, mut height) = (None, None, None);
    for descriptor in descriptors.split(SPACE).filter(|piece| !piece.is_empty()) {
        let (unit_at, unit) = descriptor.char_indices().next_back()?;
        let value = &descriptor[..unit_at];
        let integer = || value.bytes().all(|byte| byte.is_ascii_digit()).then(|| value.parse::<u32>().ok())?;
        match unit {
            'w' if width.is_none() && density.is_none() => width = Some(integer().filter(|&width| width > 0)?),
            'x' if width.is_none() && density.is_none() && height.is_none() => {
                density = Some(value.parse::<f64>().ok().filter(|density| density.is_finite() && *density >= 0.0)?);
            }
            'h' if height.is_none() && density.is_none() => height = Some(integer().filter(|&height| height > 0)?),
            _ => return None,
        }
    }
    // A height stands beside a width only.
    (height.is_none() || width.is_some()).then_some((width, density.unwrap_or(1.0)))
}

#[cfg(test)]
mod tests {
    use super::*;

    fn read(text: &str) -> Vec<(&str, Option<u32>, f64)> {
        parse(text).map(|source| (source.url, source.width, source.density)).collect()
    }

    #[test]
    fn widths_and_densities_are_read() {
        assert_eq!(
            read(" a.jpg 300w,\nb.jpg 600w 400h , c.jpg"),
            [("a.jpg", Some(300), 1.0), ("b.jpg", Some(600), 1.0), ("c.jpg", None, 1.0),]
        );
        assert_eq!(read("a.jpg 1x, b.jpg 1.5x"), [("a.jpg", None, 1.0), ("b.jpg", None, 1.5)]);
    }

    #[test]
    fn commas_inside_urls_belong_to_them() {
        assert_eq!(
            read("/w_300,h_200/a.jpg 300w, /w_600,h_400/a.jpg 600w"),
            [("/w_300,h_200/a.jpg", Some(300), 1.0), ("/w_600,h_400/a.jpg", Some(600), 1.0),]
        );
        assert_eq!(read("a.jpg,b.jpg"), [("a.jpg,b.jpg", None, 1.0)]);
        assert_eq!(read("a.jpg, b.jpg,"), [("a.jpg", None, 1.0), ("b.jpg", None, 1.0)]);
        assert_eq!(
            read("data:image/gif;base64,R0lGOD 1w, b 2w"),
            [("data:image/gif;base64,R0lGOD", Some(1), 1.0), ("b", Some(2), 1.0),]
        );
    }

    #[test]
    fn wrong_descriptors_cost_their_candidate_only() {
        assert_eq!(read("a 300, b 0w, c 1w 2w, d 5h, e 1w 2x, f f(1,2) 3w, g 2w"), [("g", Some(2), 1.0)]);
        assert_eq!(read(""), []);
        assert_eq!(read(" , ,"), []);
    }
}
