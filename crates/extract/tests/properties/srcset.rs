//! `srcset` attributes (HTML Standard, 4.8.4.2.2).

use obelisc_extract::parse_srcset;
use proptest::collection::vec;
use proptest::prelude::*;
use proptest::sample::select;

use super::config;

/// A candidate as it is written, and as it is read.
fn candidate() -> impl Strategy<Value = (String, (String, Option<u32>, f64))> {
    let url = "[a-z/:.?=&()%_;é@-]([a-z/:.,?=&()%_;é@-]{0,30}[a-z/:.?=&()%_;é@-])?";
    let space = "[ \t\n\r\u{c}]{1,3}";
    (url, space, prop::option::of(1..5000_u32), 0..1000_u32, any::<bool>()).prop_map(
        |(url, space, width, density, has_height)| {
            let density = f64::from(density) / 8.0;
            match width {
                Some(width) if has_height => (format!("{url}{space}{width}w{space}7h"), (url, Some(width), 1.0)),
                Some(width) => (format!("{url}{space}{width}w"), (url, Some(width), 1.0)),
                None => (format!("{url}{space}{density}x"), (url, None, density)),
            }
        },
    )
}

proptest! {
    #![proptest_config(config())]

    #[test]
    fn candidates_are_read_as_they_were_written(
        candidates in vec(candidate(), 0..8),
        between in select(vec![",", ", ", " ,\n", ",,", " , , "]),
    ) {
        let (written, expected): (Vec<_>, Vec<_>) = candidates.into_iter().unzip();
        let text = written.join(between);
        let read: Vec<_> = parse_srcset(&text).map(|read| (read.url.to_owned(), read.width, read.density)).collect();
        prop_assert_eq!(read, expected, "{:?}", text);
    }

    #[test]
    fn any_text_gives_addresses_without_space_in_their_order(text in "[a-c,() \t\n0-9wxh.+-]{0,60}|\\PC{0,60}") {
        let mut rest = text.as_str();
        for read in parse_srcset(&text) {
            let is_address = !read.url.is_empty() && !read.url.contains([' ', '\t', '\n', '\r', '\u{c}']);
            prop_assert!(is_address && !read.url.starts_with(',') && !read.url.ends_with(','), "{:?}", read);
            prop_assert!(read.density.is_finite() && read.density >= 0.0 && read.width != Some(0), "{:?}", read);
            let at = rest.find(read.url);
            prop_assert!(at.is_some(), "{:?} is not where it should be", read);
            rest = &rest[at.unwrap_or_default() + read.url.len()..];
        }
    }
}
