//! Every page of the bundled archive ends as `tests/fixtures/README.md` says.

use serde_json::Value;

use crate::archives::quickstart;
use crate::dataset::rows;
use crate::program::{Place, obelisc, run_of};

/// What becomes of a page.
enum Fate {
    /// It is in the dataset, without these images: end of the URL, and what took it out.
    Kept(&'static [(&'static str, &'static str)]),
    /// A rule dropped it.
    Dropped(&'static str),
    /// It became no document.
    Failed(&'static str),
    /// It is neither a page nor an image of a page: counted, and nothing more.
    PassedOver,
}

use Fate::{Dropped, Failed, Kept, PassedOver};

const PAGES: [(&str, Fate); 24] = [
    ("/", Kept(&[("banner.jpg", "aspect_ratio")])),
    ("/fractals/mandelbrot", Kept(&[])),
    ("/fractals/mandelbrot-set", Kept(&[])),
    ("/old/fractals", Failed("status_not_accepted")),
    ("/fractals/julia", Kept(&[])),
    ("/complex/domain-colouring", Kept(&[("mark.png", "side_pixels")])),
    ("/waves/interference", Kept(&[("caustics-cut.jpg", "damaged_image")])),
    ("/living/phyllotaxis", Kept(&[("divergence-angles.png", "aspect_ratio"), ("lost-fern.jpg", "not_in_archive")])),
    ("/chemistry/turing-patterns", Kept(&[("leopard.jpg", "not_an_image")])),
    ("/earth/landforms", Kept(&[("mark.png", "side_pixels"), ("dunes-barchan.jpg", "not_in_archive")])),
    ("/earth/tides", Kept(&[])),
    ("/chaos/lorenz", Kept(&[])),
    // Its member is spoiled, so that not even its URL is known: `status` tells of it by its place.
    ("/growth/soap-films", PassedOver),
    ("/growth/crystals", Kept(&[])),
    ("/tilings/voronoi", Kept(&[])),
    ("/sky/star-trails", Kept(&[])),
    ("/automata/rules", Kept(&[("button-poster.png", "url_words"), ("life-glider-gun.gif", "format")])),
    ("/gallery/soon", Dropped("word_count")),
    ("/about", Dropped("image_count")),
    ("/poster", Failed("status_not_accepted")),
    ("/robots.txt", PassedOver),
    ("/style.css", PassedOver),
    ("/data/catalogue.json", PassedOver),
    ("/img/mark.png", PassedOver),
];

#[test]
fn every_page_ends_as_the_fixture_says() {
    let place = Place::new();
    let output = place.path("out");
    run_of(&[quickstart()], &output).ok();
    let rows = rows(&output.join("dataset"));
    for (path, fate) in PAGES {
        let url = format!("https://atlas.example{path}");
        let ended = obelisc(["explain"]).path(&output).words(["--json", "--url", &url]).end();
        let found = ended.json();
        let (documents, failures) = (found["documents"].as_array().unwrap(), found["failures"].as_array().unwrap());
        let in_dataset = rows.iter().any(|row| row.url == url);
        assert_eq!(in_dataset, matches!(fate, Kept(_)), "{path}");
        assert_eq!(ended.code(), Some(i32::from(matches!(fate, PassedOver))), "{path}");
        match fate {
            PassedOver => assert_eq!((documents.len(), failures.len()), (0, 0), "{path}"),
            Failed(reason) => {
                assert_eq!((documents.len(), failures.len()), (0, 1), "{path}");
                assert_eq!(failures[0]["reason"], reason, "{path}");
            }
            Dropped(rule) => {
                let verdict = *decisions(&documents[0], "document").last().unwrap();
                assert_eq!((&verdict["kept"], &verdict["rule"]), (&false.into(), &rule.into()), "{path}");
                assert_ne!(documents[0]["reached"], "dataset", "{path}");
            }
            Kept(without) => {
                let dropped =
                    decisions(&documents[0], "image").into_iter().filter(|decision| decision["kept"] == false);
                let dropped: Vec<_> = dropped
                    .map(|decision| {
                        let url = decision["content"].as_str().unwrap();
                        (url.rsplit('/').next().unwrap().to_owned(), decision["rule"].as_str().unwrap().to_owned())
                    })
                    .collect();
                let without: Vec<_> =
                    without.iter().map(|(image, rule)| ((*image).to_owned(), (*rule).to_owned())).collect();
                assert_eq!(dropped, without, "{path}");
                assert_eq!(documents[0]["reached"], "dataset", "{path}");
            }
        }
    }
}

fn decisions<'a>(document: &'a Value, subject: &str) -> Vec<&'a Value> {
    document["decisions"].as_array().unwrap().iter().filter(|decision| decision["subject"] == subject).collect()
}

#[test]
fn explain_shows_value_and_bound_of_each_rule_that_dropped_something() {
    let place = Place::new();
    let output = place.path("out");
    run_of(&[quickstart()], &output).ok();
    let explain = |path: &str| {
        obelisc(["explain"]).path(&output).words(["--url", &format!("https://atlas.example{path}")]).ok().stdout
    };
    let soon = explain("/gallery/soon");
    assert!(soon.contains("DROPPED word_count 4, min 10"), "{soon}");
    let home = explain("/");
    assert!(home.contains("DROPPED aspect_ratio 8, max 2"), "{home}");
    let moved = explain("/old/fractals");
    assert!(moved.contains("no document: status_not_accepted (status 301)"), "{moved}");
}

#[test]
fn a_url_that_was_never_captured_is_said_so() {
    let place = Place::new();
    let output = place.path("out");
    run_of(&[quickstart()], &output).ok();
    let url = "https://atlas.example/nowhere";
    let ended = obelisc(["explain"]).path(&output).words(["--url", url]).fails(1);
    ended.one_error([url, "no page of this URL"]);
    obelisc(["explain"]).path(&place.path("nothing")).words(["--url", url]).fails(3);
}
