//! What owners say about the use of their images: the header X-Robots-Tag, the TDM reservation protocol, ai.txt.

use serde::Deserialize;

use crate::robots::Robots;

/// Which statements are honoured.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct OptOuts {
    /// robots.txt (RFC 9309).
    pub robots_txt: bool,
    /// `noai`, `noimageai`, `noindex`, `noimageindex` and `none` in the header X-Robots-Tag.
    pub x_robots_tag: bool,
    /// `tdm-reservation: 1` in the header, or in `/.well-known/tdmrep.json` (TDMRep, W3C community group report of 2024, sections 5 and 6).
    pub tdm_reservation: bool,
    /// `/ai.txt` (Spawning), which is written like robots.txt.
    pub ai_txt: bool,
    /// The list of a service, of URLs whose owners do not want them used.
    pub list_service: bool,
}

impl OptOuts {
    /// All that owners say where the image is.
    pub const ALL: Self =
        Self { robots_txt: true, x_robots_tag: true, tdm_reservation: true, ai_txt: true, list_service: false };
}

/// What opts an image out of datasets in X-Robots-Tag.
const DIRECTIVES: [&str; 5] = ["noai", "noimageai", "noindex", "noimageindex", "none"];

/// The directive of a header X-Robots-Tag that opts out, where it speaks to everyone or to who has this product token.
pub fn directive<'h>(value: &'h str, product: &str) -> Option<&'h str> {
    let mut is_ours = true;
    for part in value.split(',') {
        let mut part = part.trim();
        // `name: directive` names who all that follows is for; `max-snippet: 5` and its like have no bearing on it.
        if let Some((name, rest)) = part.split_once(':') {
            if !VALUED.iter().any(|valued| name.trim().eq_ignore_ascii_case(valued)) {
                is_ours = matches!(name.trim(), "*") || name.trim().eq_ignore_ascii_case(product);
            }
            part = rest.trim();
        }
        if is_ours && DIRECTIVES.iter().any(|directive| part.eq_ignore_ascii_case(directive)) {
            return Some(part);
        }
    }
    None
}

/// Directives that have a value of their own.
const VALUED: [&str; 4] = ["unavailable_after", "max-snippet", "max-image-preview", "max-video-preview"];

/// Whether a header `tdm-reservation` reserves the rights.
pub fn reserves(value: &str) -> bool {
    value.trim() == "1"
}

/// A site's `/.well-known/tdmrep.json`: the first place that matches a path says whether its rights are reserved.
#[derive(Clone, Debug, Default)]
pub(crate) struct Reservations(Vec<(Robots, bool)>);

#[derive(Deserialize)]
struct Place {
    location: String,
    #[serde(rename = "tdm-reservation", default)]
    reservation: u64,
}

impl Reservations {
    /// Of the bytes of the file; what is no such file reserves nothing.
    pub(crate) fn new(text: &[u8]) -> Self {
        let places: Vec<serde_json::Value> = serde_json::from_slice(text).unwrap_or_default();
        let places = places.into_iter().filter_map(|place| serde_json::from_value::<Place>(place).ok());
        Self(places.map(|place| (Robots::only(&place.location), place.reservation == 1)).collect())
    }

    /// Whether the rights of what is at the path of a URL are reserved.
    pub(crate) fn reserve(&self, path: &str) -> bool {
        self.0.iter().find(|(place, _)| !place.allow(path)).is_some_and(|(_, reserved)| *reserved)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn directives_for_all_or_for_us_opt_out() {
        for (value, expected) in [
            ("noai", Some("noai")),
            ("nofollow, NOIMAGEAI", Some("NOIMAGEAI")),
            ("none", Some("none")),
            ("index, follow", None),
            ("noaixyz", None),
            ("googlebot: noindex", None),
            ("googlebot: nofollow, noindex", None),
            ("obelisc: noimageindex", Some("noimageindex")),
            ("otherbot: noindex, obelisc: nofollow, noai", Some("noai")),
            ("unavailable_after: 25 Jun 2030 15:00:00 PST, noindex", Some("noindex")),
            ("max-snippet: 5, noai", Some("noai")),
            ("*: noai", Some("noai")),
            ("", None),
        ] {
            assert_eq!(directive(value, "obelisc"), expected, "{value}");
        }
    }

    #[test]
    fn the_first_place_that_matches_says_whether_rights_are_reserved() {
        let text = br#"[{"location": "/open/*", "tdm-reservation": 0}, {"location": "/*.png$", "tdm-reservation": 1},
                        {"location": "/a", "tdm-reservation": 1, "tdm-policy": "https://a.example/p"}, 7, {"x": 1}]"#;
        let reservations = Reservations::new(text);
        for (path, expected) in
            [("/open/x.png", false), ("/x.png", true), ("/x.png?s", false), ("/abc", true), ("/b", false)]
        {
            assert_eq!(reservations.reserve(path), expected, "{path}");
        }
        assert!(!Reservations::new(b"<html>").reserve("/x") && reserves(" 1 ") && !reserves("0"));
    }
}
