//! What is fuzzed: functions that take any bytes and panic where something that must hold does not.
//!
//! `cargo xtask fuzz` gives them damaged files; `crates/xtask/fuzz`, whose library this file is, gives them to libFuzzer.
//! What a target returns says how far it got: how many records, documents or candidates the bytes held.

use std::io::Cursor;
use std::sync::{Arc, LazyLock};

use obelisc_extract::{Extractor, Input, Profile, count_image_tags, parse, parse_judged, parse_srcset, skim_text};
use obelisc_text::spans::{self, Span};
use obelisc_text::{FastText, KenLm, LinearClassifier, ModelBytes, SentencePiece, SpecialCharacters, Words, pii};
use obelisc_warc::{Archive, Item, Limits, Record, Response};

/// A name, and what takes bytes under it.
pub type Target = (&'static str, fn(&[u8]) -> u64);

/// All targets.
pub const TARGETS: [Target; 7] = [
    ("warc", warc),
    ("http", http),
    ("html", html),
    ("srcset", srcset),
    ("image", image),
    ("model", model),
    ("text", text),
];

/// Bytes that anything may say of nothing: markers of lists, a page's metadata.
const FREE_BYTES: usize = 4 << 20;

/// Bytes of output for a byte of a page, at most.  Number markers of list items take most: 12 bytes for `<li>`.
const MAX_GROWTH: usize = 64;

/// Records that are looked for again at the place where they were found.
const READ_AGAIN: usize = 4;

/// An extractor for each profile.
static EXTRACTORS: LazyLock<Vec<Extractor>> = LazyLock::new(|| {
    let profile = |name: &&str| Profile::named(name).unwrap_or_else(|error| panic!("{error}"));
    let extractor = |name| Extractor::new(profile(name), obelisc_extract::Limits::default());
    Profile::NAMES.iter().map(extractor).collect()
});

/// All records of an archive, and the responses in them.
pub fn warc(bytes: &[u8]) -> u64 {
    let limits = Limits { max_record_bytes: 1 << 20, max_body_bytes: 4 << 20, ..Limits::default() };
    // Bytes in memory can always be read.
    let open = || Archive::open(Cursor::new(bytes.to_vec()), limits);
    let mut archive = open().unwrap_or_else(|error| panic!("{error}"));
    let (mut records, mut addressable, mut last) = (0, Vec::new(), None);
    while let Some(item) = archive.next_item().unwrap_or_else(|error| panic!("{error}")) {
        let location = match &item {
            Item::Record(record) => {
                records += 1;
                check_record(record, &limits);
                // What a cut record holds is a guess, which is another one where the records before it are not known.
                let is_sure = record.location.addressable() && !record.truncated;
                if is_sure && addressable.len() < READ_AGAIN {
                    addressable.push((record.location.clone(), record.block.to_vec()));
                }
                &record.location
            }
            Item::Failure(failure) => &failure.location,
        };
        // Places grow within one archive; those in a WACZ stand in the order of its directory.
        let place = (location.entry.clone(), location.offset, location.inner);
        if let Some((entry, offset, inner)) = last.replace(place.clone())
            && entry == place.0
        {
            assert!((offset, inner) <= (place.1, place.2), "{offset}+{inner} and then {location:?}");
        }
    }
    for (location, block) in addressable {
        let mut archive =
            Archive::open_at(Cursor::new(bytes.to_vec()), &location, limits).unwrap_or_else(|e| panic!("{e}"));
        let Ok(Some(Item::Record(record))) = archive.next_item() else { panic!("no record at {location:?}") };
        assert_eq!(record.block, block, "{location:?}");
    }
    records
}

fn check_record(record: &Record<'_>, limits: &Limits) {
    assert!(record.block.len() as u64 <= limits.max_record_bytes);
    let _ = (record.target_uri(), record.date(), record.is_capture(), record.related_to().count());
    assert!(record.block_fields(limits).len() <= limits.max_header_bytes);
    if let Ok(response) = record.response(limits) {
        check_response(&response, limits);
    }
}

/// The block of a response record.
pub fn http(bytes: &[u8]) -> u64 {
    let limits = Limits { max_body_bytes: 4 << 20, ..Limits::default() };
    Response::parse(bytes, &limits).map_or(0, |response| check_response(&response, &limits))
}

fn check_response(response: &Response<'_>, limits: &Limits) -> u64 {
    let body = response.body(limits);
    assert_eq!(body, response.body(limits), "a second reading gives something else");
    let Ok(body) = body else { return 1 };
    assert!(body.bytes.len() as u64 <= limits.max_body_bytes);
    let is_coded = |field| response.fields.get(field).is_some();
    if !is_coded("Content-Encoding") && !is_coded("Transfer-Encoding") {
        assert_eq!(body.bytes, response.raw_body);
    }
    let _ = (response.is_html(&body.bytes), response.declares_html());
    2
}

/// A page: its tree is html5ever's own, its document by each profile keeps its promises.
pub fn html(bytes: &[u8]) -> u64 {
    let text = String::from_utf8_lossy(bytes);
    let limits = obelisc_extract::Limits::default();
    // Only our reading has a budget of steps.
    if let Ok(own) = parse(&text, &limits) {
        let judged = parse_judged(&text, &limits).unwrap_or_else(|failure| panic!("{failure}"));
        assert_eq!(own.difference(&judged), None, "html5ever's own tokenizer gives another tree");
    }
    let skimmed = skim_text(&text, 100);
    assert!(skimmed.chars().count() <= 100);
    EXTRACTORS.iter().map(|extractor| page(bytes, extractor)).sum()
}

fn page(bytes: &[u8], extractor: &Extractor) -> u64 {
    let input = Input { body: bytes, url: "https://damaged.example/page", ..Input::default() };
    let document = extractor.extract(&input);
    assert_eq!(document, extractor.extract(&input), "a second extraction gives something else");
    let Ok(document) = document else { return 0 };
    let json = document.to_json().unwrap_or_else(|error| panic!("{error}"));
    assert_eq!((json.images.len(), json.metadata.len()), (json.texts.len(), json.texts.len()));
    for ((text, image), metadata) in json.texts.iter().zip(&json.images).zip(&json.metadata) {
        assert_ne!(text.is_some(), image.is_some());
        assert_eq!(metadata.is_some(), image.is_some());
    }
    assert!(document.nodes.is_sorted_by(|one, other| one.ordinal < other.ordinal));
    let images = json.images.iter().flatten().count() as u64;
    assert!(images <= count_image_tags(bytes, u64::MAX), "{images} images, fewer tags");
    let written = serde_json::to_vec(&json).unwrap_or_else(|error| panic!("{error}"));
    assert!(written.len() <= FREE_BYTES + MAX_GROWTH * bytes.len(), "{} bytes", written.len());
    1 + images
}

/// The value of a `srcset` attribute.
pub fn srcset(bytes: &[u8]) -> u64 {
    let text = String::from_utf8_lossy(bytes);
    let found: Vec<_> = parse_srcset(&text).collect();
    let (mut behind, mut again) = (text.as_ptr(), String::new());
    for candidate in &found {
        let url = candidate.url;
        assert!(!url.is_empty() && !url.starts_with(',') && !url.ends_with(','), "{url:?}");
        assert!(!url.contains(['\t', '\n', '\u{c}', '\r', ' ']), "{url:?}");
        assert!(url.as_ptr() >= behind, "{url:?} stands before the one before");
        behind = url.as_bytes().as_ptr_range().end;
        assert!(candidate.density.is_finite() && candidate.density >= 0.0);
        again += &match candidate.width {
            Some(width) => {
                assert!(width > 0 && candidate.density == 1.0);
                format!("{url} {width}w, ")
            }
            None => format!("{url} {}x, ", candidate.density),
        };
    }
    assert!(parse_srcset(&again).eq(found.iter().copied()), "{again:?} is read as something else");
    found.len() as u64
}

/// An image file.
pub fn image(bytes: &[u8]) -> u64 {
    let limits = obelisc_image::Limits { max_image_bytes: 20_000_000, max_image_pixels: 4_000_000 };
    let verified = obelisc_image::verify(bytes, limits);
    assert_eq!(verified, obelisc_image::verify(bytes, limits), "a second look gives something else");
    u64::from(verified.is_ok())
}

/// A text that models are asked about.
const ASKED: &str = "The boat crossed the lake in the evening; \u{6e56}\u{306e}\u{4e0a} 12,5 \u{e9}t\u{e9}.";

/// A model file of any kind: it is one or is none, and what it says is a number.
pub fn model(bytes: &[u8]) -> u64 {
    let file = || -> ModelBytes { Arc::new(bytes.to_vec()) };
    let mut opened = 0;
    if let Ok(model) = FastText::open(file()) {
        let found = model.predict(ASKED, 3);
        assert!(found.len() <= 3, "{found:?}");
        opened += 1;
    }
    if let Ok(model) = KenLm::open(file()) {
        let _ = model.score(ASKED.split(' '), true, true);
        opened += 1;
    }
    if let Ok(model) = SentencePiece::open(bytes) {
        let pieces = model.pieces(ASKED);
        assert_eq!(pieces.iter().count(), pieces.len());
        opened += 1;
    }
    if let Ok(model) = LinearClassifier::open(file()) {
        let score = model.score(&Words::split(ASKED, &SpecialCharacters::default()));
        assert!((0.0..=1.0).contains(&score), "{score}");
        opened += 1;
    }
    opened
}

/// A text: what is found to be changed lies in it, in order, on its characters.
pub fn text(bytes: &[u8]) -> u64 {
    type Finder = fn(&str) -> Vec<Span>;
    const FINDERS: [Finder; 7] = [
        spans::odd_spaces,
        spans::outer_white_space,
        spans::white_space_runs,
        pii::keys,
        pii::emails,
        pii::users,
        pii::ip_addresses,
    ];
    let mut text = String::from_utf8_lossy(bytes).into_owned();
    let mut found = 0;
    for find in FINDERS {
        let changes = find(&text);
        let mut at = 0;
        for Span { range, .. } in &changes {
            assert!(range.start >= at && text.get(range.clone()).is_some(), "{range:?} behind {at}");
            at = range.end;
        }
        found += changes.len() as u64;
        text = spans::apply(&text, &changes);
    }
    let _ = Words::segment(&text, &SpecialCharacters::default());
    found
}
