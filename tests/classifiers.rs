//! Classifiers of images, as a recipe names them, and rules on their scores.

use std::path::Path;

use obelisc_testkit::{ArchiveBuilder, Compression, HttpResponse, picture, sha256};

use crate::dataset::{accounts, manifest, rows};
use crate::program::{Call, Place, obelisc, repository, run_recipe};

/// A model made with the `onnx` package; its classes mean nothing.
const MODEL: &str = "crates/classify/tests/models/nhwc.onnx";

fn recipe(place: &Place, model: &str, classes: &str, rules: &str) -> std::path::PathBuf {
    let digest = sha256(&std::fs::read(repository(model)).unwrap());
    let text = format!(
        "stages = [\"extract\", \"filter\", \"fetch\", \"attach\", \"finish\"]\n\
         [resources.look]\nsha256 = \"{digest}\"\n\
         [classifiers.look]\nmodel = \"look\"\nclasses = [{classes}]\n{rules}"
    );
    place.write("r.toml", text)
}

fn run(recipe: &Path, model: &str, archive: &Path, output: &Path) -> Call {
    let file = format!("look={}", repository(model));
    run_recipe(recipe, &[archive], output).words(["--resource", &file])
}

/// The scores of the class `a` of all images, in order.
fn scores(output: &Path) -> Vec<f64> {
    let metadata = rows(&output.join("dataset"))
        .into_iter()
        .flat_map(|row| row.metadata.into_iter().filter_map(|node| node["scores"]["look"]["a"].as_f64()));
    metadata.collect()
}

#[test]
fn scores_are_facts_that_rules_are_asked_about() {
    let place = Place::new();
    let mut archive = ArchiveBuilder::new(Compression::GzipPerRecord).warcinfo();
    for number in 0..3_u32 {
        let url = format!("https://a.example/{number}.png");
        let image = picture::png(u64::from(number), 200 + 40 * number, 180);
        let page = format!("<p>A picture of a boat on the lake.</p><img src=\"{url}\" width=200 height=180>");
        archive = archive
            .response(&url, &HttpResponse::new("image/png", image))
            .response(&format!("https://a.example/{number}"), &HttpResponse::html(&page));
    }
    let archive = place.write("1.warc.gz", archive.finish().bytes);
    let classes = "\"a\", \"b\", \"c\", \"d\", \"e\"";
    let output = place.path("out");
    run(&recipe(&place, MODEL, classes, ""), MODEL, &archive, &output).ok();
    let mut found = scores(&output);
    assert_eq!(found.len(), 3, "{found:?}");
    assert!(found.iter().all(|score| (0.0..=1.0).contains(score)), "{found:?}");
    found.sort_by(f64::total_cmp);
    assert!(found[1] < found[2], "{found:?}");

    // A bound between two of them: the image goes, or the document with it.
    let bound = f64::midpoint(found[1], found[2]);
    for (subject, left) in [("image", 2), ("document", 2)] {
        let rules = format!("[rules.{subject}.class_scores]\nclassifier = \"look\"\nmax_scores = [\"a={bound}\"]\n");
        let output = place.path(subject);
        run(&recipe(&place, MODEL, classes, &rules), MODEL, &archive, &output).ok();
        assert_eq!(scores(&output).len(), left, "{subject}");
        let documents = rows(&output.join("dataset")).len();
        assert_eq!(documents, if subject == "document" { 2 } else { 3 });
        let accounts = accounts(&manifest(&output.join("dataset")));
        let of = |step: &str| accounts.iter().find(|(name, _)| name == step).unwrap().1.0.clone();
        assert_eq!(of("classify")["classified_urls"].kept, 3);
        let dropped = &of("apply")[&format!("{subject}s")].dropped;
        assert_eq!(dropped[&format!("{subject}.class_scores")], 1, "{dropped:?}");
    }
}

/// The sum behind each chunk of a PNG (W3C, PNG, annex D).
fn crc32(bytes: &[u8]) -> u32 {
    let shifted = |sum: u32| (sum >> 1) ^ if sum & 1 == 1 { 0xEDB8_8320 } else { 0 };
    !bytes.iter().fold(!0, |sum, &byte| (0..8).fold(sum ^ u32::from(byte), |sum, _| shifted(sum)))
}

#[test]
fn an_image_that_a_classifier_cannot_look_at_fails_with_that_reason() {
    let place = Place::new();
    let whole = picture::png(1, 200, 180);
    // Its structure is that of a PNG; what is compressed in it is not.
    let mut damaged = picture::png(2, 200, 180);
    let at = damaged.windows(4).position(|name| name == b"IDAT").unwrap() + 4;
    let length = u32::from_be_bytes(damaged[at - 8..at - 4].try_into().unwrap()) as usize;
    damaged[at..at + length].fill(0xAA);
    let sum = crc32(&damaged[at - 4..at + length]);
    damaged[at + length..at + length + 4].copy_from_slice(&sum.to_be_bytes());
    let page = "<p>Two pictures of a boat on the lake.</p><img src=1.png width=200 height=180><img src=2.png width=200 height=180>";
    let archive = ArchiveBuilder::new(Compression::GzipPerRecord)
        .warcinfo()
        .response("https://a.example/1.png", &HttpResponse::new("image/png", whole))
        .response("https://a.example/2.png", &HttpResponse::new("image/png", damaged))
        .response("https://a.example/", &HttpResponse::html(page));
    let archive = place.write("1.warc.gz", archive.finish().bytes);
    let recipe = recipe(&place, MODEL, "\"a\", \"b\", \"c\", \"d\", \"e\"", "[fetch]\ndecode = false\n");
    let output = place.path("out");
    run(&recipe, MODEL, &archive, &output).ok();
    assert_eq!(scores(&output).len(), 1);
    let explained = obelisc(["explain"]).path(&output).words(["--url", "https://a.example/"]).ok().stdout;
    assert!(explained.contains("not_classified"), "{explained}");
    let accounts = accounts(&manifest(&output.join("dataset")));
    let of = |step: &str| accounts.iter().find(|(name, _)| name == step).unwrap().1.0.clone();
    assert_eq!(of("apply")["images"].failed["not_classified"], 1);
}

#[test]
fn a_classifier_that_is_wrong_is_refused_before_anything_is_read() {
    let place = Place::new();
    let output = place.path("out");
    let nowhere = place.path("no.warc.gz");
    let refused = |model: &str, classes: &str, rules: &str| {
        run(&recipe(&place, model, classes, rules), model, &nowhere, &output).fails(2).stderr
    };
    let five = "\"a\", \"b\", \"c\", \"d\", \"e\"";
    assert!(
        refused(MODEL, "\"a\", \"b\"", "").contains("classifiers.look.model: the model has 5 classes, 2 are named")
    );
    let damaged = refused("crates/classify/tests/models/make.py", five, "");
    assert!(damaged.contains("classifiers.look.model: no model in ONNX"), "{damaged}");
    // What is wrong with a classifier is told once, not again by the rules that ask for it.
    let asked = "[rules.image.class_scores]\nclassifier = \"look\"\nmax_scores = [\"a=0.5\"]\n";
    let damaged = refused("crates/classify/tests/models/make.py", "\"a\", \"a\"", asked);
    assert!(damaged.contains("classifiers.look.classes: a class is named twice"), "{damaged}");
    assert!(!damaged.contains("asks for a classifier"), "{damaged}");
    let none = "[rules.image.class_scores]\nclassifier = \"look\"\nmax_scores = []\n";
    assert!(refused(MODEL, five, none).contains("max_scores: a bound for at least one class"));
    let other = refused(MODEL, five, "[rules.image.class_scores]\nmax_scores = [\"a=0.5\"]\n");
    assert!(other.contains("image.class_scores asks for a classifier \"nsfw\"; [classifiers] has look"), "{other}");
    let class = "[rules.image.class_scores]\nclassifier = \"look\"\nmax_scores = [\"z=0.5\", \"a=2\"]\n";
    let class = refused(MODEL, five, class);
    assert!(class.contains("bounds a class \"z\"; the classifier look has a, b, c, d, e"), "{class}");
    assert!(class.contains("\"a=2\" is given, CLASS=SCORE"), "{class}");
    let check = obelisc(["check"]).path(&recipe(&place, MODEL, five, "")).fails(2);
    assert!(check.stderr.contains("--resource look=PATH"), "{check}");
}
