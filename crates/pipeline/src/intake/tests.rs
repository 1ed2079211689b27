//! What is skipped, and what a crawler's metadata has to do with it.

use std::io::Cursor;

use obelisc_testkit::{ArchiveBuilder, Compression, HttpResponse};

use super::*;
use crate::Recipe;

const ENGLISH: &str = "The tide is the rise and fall of the sea, caused by the pull of the moon and of the sun on the \
    water of the oceans. Twice a day the water comes and twice a day it goes, and the beach is never the same again. \
    Whoever walks out over the sand should know when the sea comes back.";
const FRENCH: &str = "Les marées montent et descendent deux fois par jour, parce que la lune et le soleil attirent l'eau \
    des océans. La plage n'est jamais la même, et celui qui marche sur le sable devrait savoir quand la mer revient. Les \
    pêcheurs du village connaissent les heures par cœur depuis toujours.";

/// What Common Crawl writes of a page.
fn cld2(reliable: bool, code: &str) -> String {
    format!(
        r#"{{"reliable":{reliable},"text-bytes":900,"languages":[{{"code":"{code}","text-covered":0.9,"name":"X"}}]}}"#
    )
}

fn page(text: &str) -> HttpResponse {
    HttpResponse::html(&format!("<title>A page</title><p>{text}<img src=a.png>"))
}

fn archive() -> ArchiveBuilder {
    ArchiveBuilder::new(Compression::GzipPerRecord).warcinfo()
}

/// The last part of each URL, and what became of it, under `[extract.skip]` with these keys.
fn fates(skip: &str, archive: ArchiveBuilder) -> Vec<(String, String)> {
    let text = format!("stages = [\"extract\", \"finish\"]\nfinish.images = \"url\"\n[extract.skip]\n{skip}");
    let recipe = Recipe::parse("r.toml", &text, &[]).unwrap();
    let intake = Intake::new(&recipe.extract, false).unwrap();
    let mut fates = Vec::new();
    let facts = intake.archive("a.warc", Cursor::new(archive.finish().bytes), |finding| {
        let url = finding.url.unwrap_or_default();
        let fate = match finding.fate {
            Fate::Document(document) => {
                assert_eq!(
                    (document.page.url.as_str(), document.page.warc_record_offset),
                    (url.as_str(), finding.location.offset)
                );
                "document".to_owned()
            }
            Fate::PassedOver(reason) => reason.to_string(),
            Fate::NotAccepted(reason, detail) => format!("{reason}: {detail}"),
            other => panic!("{other:?}"),
        };
        fates.push((url.rsplit('/').next().unwrap_or_default().to_owned(), fate));
        Ok::<(), io::Error>(())
    });
    assert_eq!(facts.unwrap().records, fates.len() as u64);
    fates
}

/// The fates of responses alone.
fn pages(skip: &str, archive: ArchiveBuilder) -> Vec<(String, String)> {
    let mut fates = fates(skip, archive);
    fates.retain(|(_, fate)| fate != "not_a_response");
    fates
}

fn expected<const N: usize>(pairs: [(&str, &str); N]) -> Vec<(String, String)> {
    pairs.map(|(url, fate)| (url.to_owned(), fate.to_owned())).to_vec()
}

#[test]
fn pages_that_are_too_long_or_name_too_few_images_are_skipped_with_value_and_bound() {
    let archive = || {
        archive()
            .response("https://a.example/one", &HttpResponse::html("<p>One.<img src=a.png>"))
            .response("https://a.example/none", &HttpResponse::html("<p>None, and no <em>imgs</em>."))
            .response("https://a.example/long", &HttpResponse::html(&"<p>Long.<img src=a.png>".repeat(20)))
    };
    assert_eq!(
        pages("max_html_bytes = 100\nmin_image_tags = 1", archive()),
        expected([
            ("one", "document"),
            ("none", "too_few_image_tags: image tags: 0, min 1"),
            ("long", "page_too_long: bytes: 460, max 100"),
        ])
    );
    assert_eq!(
        pages("max_html_bytes = 460\nmin_image_tags = 2", archive()),
        expected([
            ("one", "too_few_image_tags: image tags: 1, min 2"),
            ("none", "too_few_image_tags: image tags: 0, min 2"),
            ("long", "document"),
        ])
    );
    assert!(pages("", archive()).iter().all(|(_, fate)| fate == "document"));
}

#[test]
fn a_page_in_utf_16_is_looked_at_too() {
    let bytes =
        |text: &str| [0xfeff].into_iter().chain(text.encode_utf16()).flat_map(u16::to_le_bytes).collect::<Vec<u8>>();
    let response = |text: &str| HttpResponse::new("text/html", bytes(&format!("<p>{text}")));
    let archive = archive()
        .response("https://a.example/image", &response("One.<IMG src=a.png>"))
        .response("https://a.example/none", &response("None."))
        .response("https://a.example/fr", &response(&format!("{FRENCH}<img src=a.png>")));
    assert_eq!(
        pages("min_image_tags = 1\nlanguages = [\"en\"]", archive),
        expected([
            ("image", "document"),
            ("none", "too_few_image_tags: image tags: 0, min 1"),
            ("fr", "language_not_kept: language: fr by its text, one of en"),
        ])
    );
}

#[test]
fn the_text_tells_the_language_where_no_crawler_does() {
    let archive = || {
        archive()
            .response("https://a.example/en", &page(ENGLISH))
            .response("https://a.example/fr", &page(FRENCH))
            .response("https://a.example/short", &page("Les marées montent."))
            .response("https://a.example/numbers", &page(&"12 345 ".repeat(100)))
    };
    assert_eq!(
        pages("languages = [\"de\", \"en\"]", archive()),
        expected([
            ("en", "document"),
            ("fr", "language_not_kept: language: fr by its text, one of de, en"),
            ("short", "document"),
            ("numbers", "document"),
        ])
    );
    // A look knows no Icelandic: it might take it for anything.
    assert!(pages("languages = [\"en\", \"is\"]", archive()).iter().all(|(_, fate)| fate == "document"));
    assert!(pages("languages = \"off\"", archive()).iter().all(|(_, fate)| fate == "document"));
}

#[test]
fn what_the_crawler_says_comes_before_what_the_text_says() {
    let sure = |code| cld2(true, code);
    let archive = archive()
        .request("https://a.example/ru")
        .response("https://a.example/ru", &page(ENGLISH))
        .annotation(&[("fetchTimeMs", "12"), ("charset-detected", "UTF-8"), ("languages-cld2", &sure("ru"))])
        .response("https://a.example/en", &page(FRENCH))
        .annotation(&[("languages-cld2", &sure("en"))])
        .response("https://a.example/unsure", &page(FRENCH))
        .annotation(&[("languages-cld2", &cld2(false, "fr"))])
        .response("https://a.example/he", &page(ENGLISH))
        .annotation(&[("languages-cld2", &sure("iw"))])
        .response("https://a.example/silent", &page(FRENCH))
        .annotation(&[("fetchTimeMs", "12")])
        .response("https://a.example/broken", &page(FRENCH))
        .annotation(&[("languages-cld2", "{\"reliable\":true")]);
    assert_eq!(
        pages("languages = [\"en\", \"he\"]", archive),
        expected([
            ("ru", "language_not_kept: language: ru by the crawler, one of en, he"),
            ("en", "document"),
            ("unsure", "document"),
            ("he", "document"),
            ("silent", "language_not_kept: language: fr by its text, one of en, he"),
            ("broken", "language_not_kept: language: fr by its text, one of en, he"),
        ])
    );
}

#[test]
fn a_metadata_record_about_another_record_says_nothing_of_the_page() {
    let russian = cld2(true, "ru");
    let fields = [("languages-cld2", russian.as_str())];
    let archive = archive()
        .response("https://a.example/1", &page(ENGLISH))
        .metadata("https://a.example/1", &fields)
        .response("https://a.example/2", &page(ENGLISH))
        .response("https://a.example/3", &page(ENGLISH))
        .annotation(&fields);
    let third = "language_not_kept: language: ru by the crawler, one of en";
    assert_eq!(pages("languages = [\"en\"]", archive), expected([("1", "document"), ("2", "document"), ("3", third)]));
}

#[test]
fn findings_come_in_the_order_of_the_records() {
    let english = cld2(true, "en");
    let archive = archive()
        .response("https://a.example/1", &page(ENGLISH))
        .annotation(&[("languages-cld2", &english)])
        .response("https://a.example/2", &HttpResponse::new("image/png", vec![1]))
        .response("https://a.example/3", &page(FRENCH))
        .response("https://a.example/4", &page(ENGLISH));
    let found = fates("languages = [\"en\"]", archive);
    assert_eq!(
        found,
        expected([
            ("", "not_a_response"),
            ("1", "document"),
            ("1", "not_a_response"),
            ("2", "not_html"),
            ("3", "language_not_kept: language: fr by its text, one of en"),
            ("4", "document"),
        ])
    );
}

#[test]
fn languages_that_are_not_known_are_refused_with_line_and_nearest() {
    let text = "stages = [\"extract\", \"finish\"]\nfinish.images = \"url\"\n[extract.skip]\nlanguages = [\"eng\"]\nmin_images = 1\n";
    let problems = Recipe::parse("r.toml", text, &[]).unwrap_err();
    let shown: Vec<String> = problems.iter().map(ToString::to_string).collect();
    assert_eq!(shown.len(), 2, "{shown:#?}");
    assert!(shown[0].starts_with("r.toml:4: extract.skip.languages: \"eng\" is given"), "{shown:#?}");
    assert!(shown[0].ends_with("did you mean \"en\"?"), "{shown:#?}");
    assert!(
        shown[1].starts_with("r.toml:5: extract.skip.min_images: unknown key; did you mean \"min_image_tags\"?"),
        "{shown:#?}"
    );
}
