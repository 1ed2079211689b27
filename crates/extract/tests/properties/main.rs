//! What holds for every page: markup is generated, and what a reader would see of it is known.
#![allow(clippy::unwrap_used, reason = "a test that cannot go on fails")]

mod page;
mod srcset;

use obelisc_document::JsonDocument;
use obelisc_extract::{Extractor, Input, Limits, Profile, count_image_tags};
use proptest::prelude::*;

use self::page::{Spelling, nodes, write};

/// As many cases as `PROPTEST_CASES` asks, else 256.
fn config() -> ProptestConfig {
    // What fails is printed whole; nothing is written beside the tests.
    ProptestConfig { failure_persistence: None, ..ProptestConfig::default() }
}

fn extract(body: &[u8]) -> JsonDocument {
    let extractor = Extractor::new(Profile::named("default").unwrap(), Limits::default());
    let input = Input { body, url: "https://pages.example/a/page", ..Input::default() };
    extractor.extract(&input).unwrap().to_json().unwrap()
}

/// The words and images of a document in reading order, without what the extractor adds: markers of list items, bars
/// between cells, quotation marks.
fn words(document: &JsonDocument) -> Vec<String> {
    let mut words = Vec::new();
    for (text, image) in document.texts.iter().zip(&document.images) {
        if let Some(image) = image {
            words.push(image.rsplit('/').next().unwrap_or_default().to_owned());
        }
        let text = text.as_deref().unwrap_or_default().replace(['\u{201c}', '\u{201d}', '\u{2018}', '\u{2019}'], "");
        let is_marker = |word: &&str| matches!(*word, "-" | "|") || word.trim_end_matches('.').parse::<u32>().is_ok();
        words.extend(text.split_whitespace().filter(|word| !is_marker(word)).map(str::to_owned));
    }
    words
}

/// Whether the words are those that are shown, in order.  A shown word may be parted, where an element ends within it, but
/// no two are one.
fn are_shown(words: &[String], shown: &[String]) -> bool {
    let mut words = words.iter();
    let all_are = shown.iter().all(|shown| {
        let mut read = String::new();
        while read.len() < shown.len() {
            match words.next() {
                Some(word) => read += word,
                None => return false,
            }
        }
        read == *shown
    });
    all_are && words.next().is_none()
}

#[test]
fn words_that_are_lost_repeated_moved_or_glued_are_noticed() {
    let words = |text: &str| text.split(' ').map(str::to_owned).collect::<Vec<_>>();
    let shown = words("a bc d");
    assert!(are_shown(&words("a bc d"), &shown) && are_shown(&words("a b c d"), &shown));
    for wrong in ["a bc", "a bc d d", "bc a d", "abc d", "a bcd", "a b d", ""] {
        assert!(!are_shown(&words(wrong), &shown), "{wrong}");
    }
}

proptest! {
    #![proptest_config(config())]

    #[test]
    fn every_word_and_image_that_is_shown_is_extracted_once_and_in_order(nodes in nodes(), spelling: Spelling) {
        let page = write(&nodes, spelling);
        let document = extract(page.html.as_bytes());
        let words = words(&document);
        prop_assert!(are_shown(&words, &page.shown), "{}\n{:?}\n{:?}", page.html, words, page.shown);
        let tags = count_image_tags(page.html.as_bytes(), u64::MAX);
        prop_assert!(document.images.iter().flatten().count() as u64 <= tags);
    }

    #[test]
    fn texts_and_images_are_parallel_lists_and_no_text_is_empty_or_beside_another(nodes in nodes()) {
        let document = extract(write(&nodes, Spelling::default()).html.as_bytes());
        prop_assert_eq!((document.images.len(), document.metadata.len()), (document.texts.len(), document.texts.len()));
        for (text, image) in document.texts.iter().zip(&document.images) {
            prop_assert_ne!(text.is_some(), image.is_some());
            prop_assert!(text.as_ref().is_none_or(|text| text.trim_end() == text && !text.is_empty()), "{:?}", text);
        }
        prop_assert!(document.texts.windows(2).all(|pair| pair.iter().any(Option::is_none)));
    }

    #[test]
    fn a_page_spelled_in_another_way_gives_the_same_document(nodes in nodes(), spelling: Spelling) {
        let plain = extract(write(&nodes, Spelling::default()).html.as_bytes());
        let page = write(&nodes, spelling);
        let other = extract(page.html.as_bytes());
        prop_assert_eq!((plain.texts, plain.images), (other.texts, other.images), "{}", page.html);
    }

    #[test]
    fn a_page_in_another_encoding_gives_the_same_document(nodes in nodes()) {
        let html = write(&nodes, Spelling::default()).html;
        let plain = extract(html.as_bytes());
        let utf_16: Vec<u8> = [0xfeff].into_iter().chain(html.encode_utf16()).flat_map(u16::to_be_bytes).collect();
        let marked: Vec<u8> = [&b"\xef\xbb\xbf"[..], html.as_bytes()].concat();
        for body in [utf_16, marked] {
            let other = extract(&body);
            prop_assert_eq!((&plain.texts, &plain.images), (&other.texts, &other.images));
        }
    }
}
