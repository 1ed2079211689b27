//! What of a page is read by somebody: the rest need not be made.

use std::sync::LazyLock;

use html5ever::{Attribute, LocalName, local_name};

use crate::Profile;

/// Attributes that are read whatever the profile.  Elements that show images keep all of theirs, and so do those that format.
///
/// Whoever reads another attribute adds its name here; tests that compare documents with and without this list tell if not.
const ATTRIBUTES: &[&str] = &[
    // What an element is, and whether it is seen.
    "aria-expanded",
    "aria-hidden",
    "class",
    "hidden",
    "id",
    "itemprop",
    "role",
    "style",
    "title",
    // The page: its language, base, links, metadata, dates and JSON-LD.
    "content",
    "datetime",
    "href",
    "http-equiv",
    "lang",
    "name",
    "property",
    "rel",
    "type",
    "xml:lang",
    // Lists, formulas, videos.
    "alttext",
    "encoding",
    "poster",
    "reversed",
    "start",
    "value",
    // The tree builder asks for `type` and `encoding` as well, and for this one.
    "shadowrootmode",
];

/// Names of elements that are too long to be stored in place: known beforehand, they are not looked up in the table of all names.
const LONG_ELEMENTS: &[&str] = &[
    "annotation-xml",
    "annotation",
    "basefont",
    "blockquote",
    "clippath",
    "colgroup",
    "datalist",
    "fieldset",
    "figcaption",
    "foreignobject",
    "frameset",
    "lineargradient",
    "menuitem",
    "noframes",
    "noscript",
    "optgroup",
    "plaintext",
    "polyline",
    "progress",
    "radialgradient",
    "template",
    "textarea",
];

/// Which attributes of an element are kept.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Keeps {
    None,
    /// Those with a wanted name.
    Wanted,
    All,
}

/// Which attributes and which raw texts are kept.
#[derive(Clone, Debug)]
pub(crate) enum Wanted {
    /// All.
    Everything,
    /// Attributes of these names, and what must be kept beside them.
    Only(Names),
    /// The same, and all attributes of one name: the reference's parser keeps them.
    Repeated(Names),
}

impl Wanted {
    /// What extraction by a profile reads.
    pub(crate) fn by(profile: &Profile) -> Self {
        let lists = [
            &profile.original_attributes,
            &profile.lazy_attributes,
            &profile.lazy_srcset_attributes,
            &profile.figure_attributes,
        ];
        let of_profile = lists.into_iter().flatten().cloned();
        if let Some(rules) = &profile.reference {
            let names = ATTRIBUTES.iter().map(|&name| LocalName::from(name));
            return Self::Repeated(Names::new(names.chain(rules.attributes().cloned())));
        }
        Self::Only(Names::new(ATTRIBUTES.iter().map(|&name| LocalName::from(name)).chain(of_profile)))
    }

    /// Which attributes of an element of that name are kept.
    pub(super) fn attributes_of(&self, element: &LocalName) -> Keeps {
        match *element {
            _ if self.is_everything() => Keeps::All,
            // The tree builder compares these with each other before it opens them again ("Noah's Ark clause", 13.2.4.3).
            // An `a` is not among them: it ends the `a` before it, so that no three are left to be told apart.
            local_name!("b")
            | local_name!("big")
            | local_name!("code")
            | local_name!("em")
            | local_name!("font")
            | local_name!("i")
            | local_name!("nobr")
            | local_name!("s")
            | local_name!("small")
            | local_name!("strike")
            | local_name!("strong")
            | local_name!("tt")
            | local_name!("u") => Keeps::All,
            // Any of their attributes may name a picture.
            local_name!("img") | local_name!("image") | local_name!("source") | local_name!("figure") => Keeps::All,
            _ if element.starts_with("amp-") => Keeps::All,
            _ => Keeps::Wanted,
        }
    }

    /// Whether the raw text of an element is kept: of scripts only JSON-LD and the TeX of formulas, and no style sheets.
    pub(super) fn text_of(&self, element: &LocalName, attributes: &[Attribute]) -> bool {
        match *element {
            _ if self.is_everything() => true,
            local_name!("style") => false,
            local_name!("script") => {
                let kind = attributes.iter().find(|attribute| attribute.name.local == local_name!("type"));
                kind.is_some_and(|kind| {
                    let kind = kind.value.to_ascii_lowercase();
                    ["ld+json", "math/tex"].iter().any(|read| kind.contains(read))
                })
            }
            _ => true,
        }
    }

    /// Whether all attributes of one name are kept, not the first alone.
    pub(super) fn keeps_repeated(&self) -> bool {
        matches!(self, Self::Repeated(_))
    }

    fn is_everything(&self) -> bool {
        matches!(self, Self::Everything)
    }

    /// The name of an attribute as the page writes it, if it is kept.
    pub(super) fn attribute(&self, written: &str, keeps: Keeps) -> Option<LocalName> {
        let known = match self {
            Self::Everything => None,
            Self::Only(names) | Self::Repeated(names) => names.find(written).cloned(),
        };
        match keeps {
            Keeps::None => None,
            Keeps::Wanted => known,
            Keeps::All => known.or_else(|| Some(name(written))),
        }
    }
}

/// The name of an element as the page writes it.
pub(super) fn element(written: &str) -> LocalName {
    static LONG: LazyLock<Names> =
        LazyLock::new(|| Names::new(LONG_ELEMENTS.iter().map(|&name| LocalName::from(name))));
    // Names of up to seven bytes are stored in place.
    let known = if written.len() > 7 { LONG.find(written) } else { None };
    known.cloned().unwrap_or_else(|| name(written))
}

/// A name in lower case, with U+FFFD for U+0000.
fn name(written: &str) -> LocalName {
    if written.bytes().any(|byte| byte.is_ascii_uppercase() || byte == 0) {
        LocalName::from(written.to_ascii_lowercase().replace('\0', "\u{fffd}"))
    } else {
        LocalName::from(written)
    }
}

/// Names to look for, by length, first and last byte: most names that are not among them are told by these alone.
#[derive(Clone, Debug)]
pub(crate) struct Names {
    /// In the order of their slots.
    names: Vec<LocalName>,
    /// Where the names of each slot begin; one more for the end.
    starts: Vec<u16>,
}

const SLOTS: usize = 256;

impl Names {
    fn new(names: impl Iterator<Item = LocalName>) -> Self {
        let mut names: Vec<LocalName> = names.filter(|name| !name.is_empty()).collect();
        names.sort_by_key(|name| (Self::slot(name.as_bytes()), name.to_string()));
        names.dedup();
        let starts = (0..=SLOTS).map(|slot| names.partition_point(|name| Self::slot(name.as_bytes()) < slot) as u16);
        Self { starts: starts.collect(), names }
    }

    /// The slot of a name that is not empty, the same in upper and lower case.
    fn slot(name: &[u8]) -> usize {
        let (first, last) = (usize::from(name[0] | 0x20), usize::from(name[name.len() - 1] | 0x20));
        (name.len() * 7 + first * 3 + last * 11) % SLOTS
    }

    /// The name, however it is cased; `written` is not empty.
    fn find(&self, written: &str) -> Option<&LocalName> {
        let written = written.as_bytes();
        let slot = Self::slot(written);
        let slot = usize::from(self.starts[slot])..usize::from(self.starts[slot + 1]);
        self.names[slot].iter().find(|name| name.as_bytes().eq_ignore_ascii_case(written))
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn names_are_found_in_any_case_and_others_are_not() {
        let names = Names::new(["class", "data-src", "id"].into_iter().map(LocalName::from));
        assert_eq!(names.find("CLASS"), Some(&local_name!("class")));
        assert_eq!(names.find("data-SRC"), Some(&LocalName::from("data-src")));
        assert_eq!(names.find("data-sxc"), None);
        assert_eq!(names.find("x"), None);
        assert_eq!(Names::new(std::iter::empty()).find("x"), None);
    }

    #[test]
    fn a_profile_is_asked_for_its_attributes() {
        let wanted = Wanted::by(&Profile::named("default").unwrap());
        assert_eq!(wanted.attribute("DATA-LAZY-SRC", Keeps::Wanted), Some(LocalName::from("data-lazy-src")));
        assert_eq!(wanted.attribute("onclick", Keeps::Wanted), None);
        assert_eq!(wanted.attribute("onClick", Keeps::All), Some(LocalName::from("onclick")));
    }
}
