//! All addresses that an image element offers, and which of them is best.

use std::cell::{Cell, RefCell};
use std::cmp::Reverse;
use std::collections::BTreeSet;

use foldhash::{HashMap, HashSet};
use html5ever::{Attribute, LocalName, local_name};
use url::{ParseError, Url};

use super::srcset;
use super::url::{file, format, is_placeholder, resolve, width, without_size};
use crate::page::Facts;
use crate::{Limits, Profile};

/// Bytes that may be said of the images of any page, however short.
const FREE_BYTES: usize = 1 << 20;

/// One address that the page offers for an image.
#[derive(Clone, Debug)]
pub(crate) struct Candidate {
    /// As the page writes it.
    pub(crate) raw: String,
    pub(crate) url: Url,
    /// Where it was found: an attribute's name, or `picture`.
    pub(crate) source: String,
    width: Option<u32>,
    density: f64,
    accepted: bool,
    original: bool,
    repeated: bool,
}

/// What gathering and choosing need to know of the page.
pub(crate) struct Context<'a> {
    pub(crate) base: Option<Url>,
    pub(crate) profile: &'a Profile,
    pub(crate) limits: &'a Limits,
    /// How often each `src` stands on the page.
    pub(crate) repeats: HashMap<&'a str, usize>,
    /// Bytes said of images so far.
    said: Cell<usize>,
    max_said: usize,
    unresolved: RefCell<Unresolved>,
}

/// Addresses that need a base where there is none.
#[derive(Default)]
struct Unresolved {
    /// Of images that have no other, each once: a `noscript` says again what stands beside it.
    missed: BTreeSet<String>,
    /// Of the last image element that offered nothing else.
    of_image: Option<String>,
    /// Of the picture around, where its sources offer nothing else.
    of_picture: Option<String>,
    /// What was missed last.
    last: Option<String>,
}

/// An image element's candidates, in the making.
pub(crate) struct Gathering<'a> {
    context: &'a Context<'a>,
    found: Vec<Candidate>,
    /// Whether the element names a file outside of `src` and `srcset`: its `src` may stand in for it.
    lazy: bool,
    /// The first address that would need a base and has none.
    unresolved: Option<String>,
    /// Which candidate has the width at which the page shows the image.
    shown: Option<usize>,
}

impl<'a> Gathering<'a> {
    pub(crate) fn new(context: &'a Context<'a>) -> Self {
        Self { context, found: Vec::new(), lazy: false, unresolved: None, shown: None }
    }

    /// Reads the `source`s of a picture.
    pub(crate) fn sources<'s>(mut self, sources: impl Iterator<Item = &'s [Attribute]>) -> Vec<Candidate> {
        sources.for_each(|attributes| self.source(attributes));
        self.context.unresolved.borrow_mut().of_picture = self.unresolved.filter(|_| self.found.is_empty());
        self.found
    }

    /// Adds what the `source`s of the picture around offer.
    pub(crate) fn picture(&mut self, sources: &[Candidate]) {
        let room = self.context.limits.max_candidates.saturating_sub(self.found.len());
        for candidate in sources.iter().take(room) {
            self.context.say(candidate.raw.len() + candidate.url.as_str().len());
            self.found.push(candidate.clone());
        }
    }

    /// Reads the attributes of an `img`, in the order in which they are preferred where nothing else decides; `src` where
    /// it is `shown`.
    pub(crate) fn image(&mut self, attributes: &[Attribute], shown: bool) {
        let profile = self.context.profile;
        for name in &profile.original_attributes {
            self.one(attributes, name, true);
        }
        for name in &profile.lazy_attributes {
            self.one(attributes, name, false);
        }
        for name in &profile.lazy_srcset_attributes {
            if let Some(value) = value(attributes, name) {
                self.lazy = true;
                self.srcset(value, name, None, None);
            }
        }
        if let Some(value) = value(attributes, &local_name!("srcset")) {
            self.srcset(value, "srcset", None, None);
        }
        if let Some(src) = value(attributes, &local_name!("src")).filter(|_| shown) {
            // Where nothing stands in for anything, the file is likely as wide as the page shows it.
            let shown = value(attributes, &local_name!("width")).filter(|_| !self.lazy);
            let width = shown.and_then(|width| width.trim().parse().ok());
            let repeated = self.context.repeats.get(src).is_some_and(|&count| count >= profile.min_repeats);
            let at = self.found.len();
            self.add(src, "src", width, 1.0, None, false, repeated);
            self.shown = (width.is_some() && self.found.len() > at).then_some(at);
        }
    }

    /// Where nothing else offers an address: reads the attributes that no list names.  Each lazy loader has its own.
    pub(crate) fn unlisted(&mut self, attributes: &[Attribute]) {
        let has_listed = self.found.iter().any(|candidate| !candidate.repeated);
        if has_listed {
            return;
        }
        for Attribute { name, value } in attributes.iter().filter(|attribute| !is_said(&attribute.name.local)) {
            let (name, value) = (&*name.local, value.trim());
            if ["srcset", "src-set", "bgset"].iter().any(|end| name.ends_with(end)) {
                self.srcset(value, name, None, None);
            } else if is_address(value)
                && value.contains('/')
                && !value.contains([' ', '"', '\''])
                && (name.contains("src") || format(value).is_some())
            {
                self.address(value, name);
            }
        }
    }

    /// Reads the attributes of a `source` of a picture.
    fn source(&mut self, attributes: &[Attribute]) {
        let accepted = value(attributes, &local_name!("type")).map(|kind| self.accepts(format_of_type(kind)));
        // Of sources without widths, the one for the widest screens is the widest.
        let width = value(attributes, &local_name!("media")).and_then(min_width);
        let names = std::iter::once(local_name!("srcset")).chain(self.context.profile.lazy_srcset_attributes.clone());
        for name in names {
            if let Some(value) = value(attributes, &name) {
                self.srcset(value, "picture", accepted, width);
            }
        }
        for name in [local_name!("src"), LocalName::from("data-src")] {
            if let Some(value) = value(attributes, &name) {
                self.add(value, "picture", width, 1.0, accepted, false, false);
            }
        }
    }

    /// Adds one address.
    pub(crate) fn address(&mut self, raw: &str, source: &str) {
        self.add(raw, source, None, 1.0, None, false, false);
    }

    fn one(&mut self, attributes: &[Attribute], name: &LocalName, original: bool) {
        if let Some(value) = value(attributes, name).map(str::trim).filter(|value| is_address(value)) {
            self.lazy = true;
            self.add(value, name, None, 1.0, None, original, false);
        }
    }

    fn srcset(&mut self, text: &str, source: &str, accepted: Option<bool>, width: Option<u32>) {
        for found in srcset::parse(text).take(self.context.limits.max_candidates) {
            self.add(found.url, source, found.width.or(width), found.density, accepted, false, false);
        }
    }

    fn accepts(&self, format: Option<&str>) -> bool {
        format.is_none_or(|format| self.context.profile.accepted_formats.iter().any(|accepted| accepted == format))
    }

    #[expect(clippy::too_many_arguments, reason = "what a candidate is made of")]
    fn add(
        &mut self,
        raw: &str,
        source: &str,
        described: Option<u32>,
        density: f64,
        accepted: Option<bool>,
        original: bool,
        repeated: bool,
    ) {
        let Context { base, profile, limits, .. } = self.context;
        // The bytes of a stand-in; `#`, the page itself; braces, which are data or what a script would have filled.
        let start = raw.trim_start();
        let is_no_address = start.starts_with(['#', '{', '['])
            || start.get(..5).is_some_and(|scheme| scheme.eq_ignore_ascii_case("data:"))
            || ["{{", "${", "<%"].iter().any(|hole| raw.contains(hole));
        if self.found.len() >= limits.max_candidates
            || self.context.too_long().is_some()
            || is_no_address
            || is_placeholder(raw, profile)
        {
            return;
        }
        let url = resolve(base.as_ref(), raw, limits.max_url_bytes);
        // What does not resolve was put together too.
        let length = |url: &Url| url.as_str().len();
        let resolved = url.as_ref().or(base.as_ref()).map_or(0, length);
        self.context.say(resolved + raw.len().min(limits.max_url_bytes));
        let Some(url) = url else {
            let raw = raw.trim();
            let is_missed = raw.len() <= limits.max_url_bytes && self.context.is_baseless() && is_relative(raw);
            if self.unresolved.is_none() && is_missed {
                self.unresolved = Some(raw.to_owned());
            }
            return;
        };
        let accepted = accepted.unwrap_or_else(|| self.accepts(format(raw)));
        let width = described.or_else(|| width(&url));
        let raw = raw.trim().to_owned();
        self.found.push(Candidate {
            raw,
            url,
            source: source.to_owned(),
            width,
            density,
            accepted,
            original,
            repeated,
        });
    }

    /// The candidates, best first, each address once.
    pub(crate) fn ranked(self) -> Vec<Candidate> {
        let mut found = self.found;
        let mut unresolved = self.context.unresolved.borrow_mut();
        let of_picture = unresolved.of_picture.take();
        unresolved.of_image = self.unresolved.or(of_picture).filter(|_| found.is_empty());
        drop(unresolved);
        if found.len() < 2 {
            return found;
        }
        // Beside files that say how dense they are, the width at which the page shows them is that of all.
        if let Some(at) = self.shown
            && found.iter().any(|candidate| candidate.width.is_none() && candidate.density > 1.0)
        {
            found[at].width = width(&found[at].url);
        }
        self.context.mark_originals(&mut found);
        let max_width = self.context.limits.max_candidate_width;
        // The sort is stable: what is equal stays in the order of preference in which it was gathered.
        found.sort_by_key(|candidate| {
            let width = match candidate.width {
                Some(width) if width <= max_width => (0, Reverse(width)),
                None => (1, Reverse(0)),
                Some(width) => (2, Reverse(u32::MAX - width)),
            };
            let density = Reverse((candidate.density * 1000.0) as u64);
            (candidate.repeated, !candidate.accepted, !candidate.original, width, density)
        });
        let mut seen = HashSet::default();
        let is_new: Vec<bool> = found.iter().map(|candidate| seen.insert(candidate.url.as_str())).collect();
        let mut is_new = is_new.into_iter();
        found.retain(|_| is_new.next().unwrap_or_default());
        found
    }
}

impl<'a> Context<'a> {
    /// What is known of a page of `page_bytes`.
    pub(crate) fn new(facts: Facts<'a>, profile: &'a Profile, limits: &'a Limits, page_bytes: usize) -> Self {
        let Facts { base, repeats } = facts;
        let by_page = page_bytes.saturating_mul(limits.max_expansion).saturating_add(FREE_BYTES);
        let max_said = limits.max_image_text_bytes.min(by_page);
        Self { base, profile, limits, repeats, said: Cell::new(0), max_said, unresolved: RefCell::default() }
    }

    /// Whether no relative address becomes one that is kept.
    fn is_baseless(&self) -> bool {
        self.base.as_ref().is_none_or(|base| !matches!(base.scheme(), "http" | "https"))
    }

    /// The address for which the last image element or picture gave no image, if a base would have made one of it.
    pub(crate) fn take_unresolved(&self) -> Option<String> {
        let mut unresolved = self.unresolved.borrow_mut();
        unresolved.of_image.take().or_else(|| unresolved.of_picture.take())
    }

    /// Says that nothing else gave an image in place of such an address.
    pub(crate) fn miss(&self, address: Option<String>) {
        let Some(address) = address else { return };
        let mut unresolved = self.unresolved.borrow_mut();
        unresolved.last = unresolved.missed.insert(address.clone()).then_some(address);
    }

    /// Says that something else did so after all for the one missed last.
    pub(crate) fn find_after_all(&self) {
        let mut unresolved = self.unresolved.borrow_mut();
        if let Some(address) = unresolved.last.take() {
            unresolved.missed.remove(&address);
        }
    }

    /// Addresses of images that were left out for want of a base, each once, sorted.
    pub(crate) fn missed(&self) -> Vec<String> {
        std::mem::take(&mut self.unresolved.borrow_mut().missed).into_iter().collect()
    }

    /// Counts bytes that are said of an image.
    pub(crate) fn say(&self, bytes: usize) {
        self.said.set(self.said.get() + bytes);
    }

    /// What was said, and what may be, where that is less.  Nothing more is made of such a page.
    pub(crate) fn too_long(&self) -> Option<(usize, usize)> {
        let said = self.said.get();
        (said > self.max_said).then_some((said, self.max_said))
    }

    /// A file is the original where another candidate is the same but for the size in its name.
    fn mark_originals(&self, found: &mut [Candidate]) {
        let bare: HashSet<String> = found.iter().filter_map(|candidate| without_size(&candidate.url)).collect();
        if !bare.is_empty() {
            for candidate in found {
                candidate.original |= bare.contains(&file(&candidate.url));
            }
        }
    }
}

fn is_relative(raw: &str) -> bool {
    matches!(Url::parse(raw.trim()), Err(ParseError::RelativeUrlWithoutBase))
}

/// Whether an attribute that may hold an address does: such attributes are also used for other things.
fn is_address(value: &str) -> bool {
    value.contains(['/', '.']) && !value.contains(['{', '}', '<', '\n'])
}

/// Whether an attribute says something of an image rather than where it is.
fn is_said(name: &LocalName) -> bool {
    let names = [
        local_name!("src"),
        local_name!("srcset"),
        local_name!("alt"),
        local_name!("title"),
        local_name!("class"),
        local_name!("style"),
        local_name!("id"),
        local_name!("href"),
        local_name!("longdesc"),
        local_name!("usemap"),
    ];
    let ends = ["title", "caption", "description", "alt", "link", "href", "permalink"];
    names.contains(name) || name.starts_with("on") || ends.iter().any(|end| name.ends_with(end))
}

/// Value of an attribute.
pub(crate) fn value<'a>(attributes: &'a [Attribute], name: &LocalName) -> Option<&'a str> {
    attributes.iter().find(|attribute| attribute.name.local == *name).map(|attribute| &*attribute.value)
}

fn format_of_type(kind: &str) -> Option<&str> {
    let subtype = kind.split(';').next()?.trim().strip_prefix("image/")?;
    Some(match subtype {
        "jpg" => "jpeg",
        "svg+xml" => "svg",
        other => other,
    })
}

/// Pixels of a media query's `min-width`.
fn min_width(media: &str) -> Option<u32> {
    let (_, after) = media.split_once("min-width")?;
    let value = after.trim_start().strip_prefix(':')?.trim_start();
    let digits = value.len() - value.trim_start_matches(|c: char| c.is_ascii_digit()).len();
    let number: u32 = value[..digits].parse().ok()?;
    let unit = value[digits..].trim_start_matches(|c: char| c == '.' || c.is_ascii_digit());
    if unit.starts_with("px") {
        Some(number)
    } else if unit.starts_with("em") || unit.starts_with("rem") {
        number.checked_mul(16)
    } else {
        None
    }
}
