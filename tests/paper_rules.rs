//! `pipelines/obelisc.toml`: the paper's rules on a page made for them.

use obelisc_testkit::{ArchiveBuilder, Compression, HttpResponse};

use crate::dataset::rows;
use crate::program::{Place, obelisc, repository, run_recipe};

const URL: &str = "https://lake.example/evening";

/// A sentence with a no-break space, keywords, an invitation, the mark between two documents, another sentence.
const PAGE: &str = "<!doctype html><body>\
    <p>A boat with a sail crossed&nbsp;the lake in the evening, and nobody on the beach saw it, because it was dark.</p>\
    <p>Sailing boats, fishing boats, lake cruises, cheap tickets.</p>\
    <p>Share this on Facebook and Twitter, or post it!</p>\
    <img src=https://lake.example/boat.jpg>\
    <img src=https://lake.example/site-icon.jpg>\
    <img src=https://lake.example/captain.jpg width=96 height=128>\
    <div class=more-link>more</div>\
    <p>In the morning it was on the other side of the lake, with all of its sails down.</p>";

#[test]
fn the_paper_s_rules_drop_what_is_no_prose_and_say_why() {
    let place = Place::new();
    let archive = ArchiveBuilder::new(Compression::GzipPerRecord).warcinfo().response(URL, &HttpResponse::html(PAGE));
    let archive = place.write("lake.warc.gz", archive.finish().bytes);
    let output = place.path("out");
    let recipe = repository("pipelines/obelisc.toml");
    run_recipe(recipe.as_ref(), &[&archive], &output).ok();

    let rows = rows(&output.join("dataset"));
    let [row] = &rows[..] else { panic!("{} rows", rows.len()) };
    let first =
        "A boat with a sail crossed the lake in the evening, and nobody on the beach saw it, because it was dark.";
    let second = "END_OF_DOCUMENT_TOKEN_TO_BE_REPLACED\n\n\
        In the morning it was on the other side of the lake, with all of its sails down.";
    assert_eq!(row.texts, [Some(first.to_owned()), None, Some(second.to_owned())]);

    let explained = obelisc(["explain"]).path(&output).words(["--url", URL]).ok().stdout;
    for dropped in [
        "stopword_ratio 0, min 0.3",
        "spam_word_ratio 0.4444444444444444, max 0.1199999",
        "url_words icon",
        "rendered_side_pixels 96 to 128, min 150",
    ] {
        assert!(explained.contains(&format!("DROPPED {dropped}")), "{dropped}: {explained}");
    }
}
