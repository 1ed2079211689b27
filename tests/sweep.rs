//! `sweep`: what it says would be kept is what a run keeps.

use std::num::NonZeroUsize;
use std::path::Path;

use arrow_array::cast::AsArray;
use obelisc_document::DocId;
use obelisc_document::account::Accounts;
use obelisc_pipeline::Record;
use obelisc_pipeline::sweep::{Options, Sweep, VariantReport, sweep};
use obelisc_storage::LocalFolder;
use obelisc_storage::parquet::Reader;
use obelisc_testkit::{ArchiveBuilder, Compression, HttpResponse};
use serde_json::Value;

use crate::archives::{quickstart, three_archives};
use crate::dataset::{accounts, manifest};
use crate::program::{Place, obelisc, repository, run_of, run_recipe};

/// Sweeps through the library, with the identities of all kept documents.
fn swept(output: &Path, set: &[&str]) -> Sweep {
    let storage = LocalFolder::open(output).unwrap();
    let set = set.iter().map(|&word| word.to_owned()).collect();
    let options =
        Options { set, samples: 3, threads: NonZeroUsize::new(2).unwrap(), given: Default::default(), list_kept: true };
    sweep(&storage, &options).unwrap_or_else(|error| panic!("{error}"))
}

/// The documents that the last run of an output left, in order, and what became of what in it.
fn ran(output: &Path) -> (Vec<DocId>, Vec<(String, Accounts)>, u64) {
    let storage = LocalFolder::open(output).unwrap();
    let record = Record::read(&storage).unwrap();
    let has = |name: &str| record.steps.iter().any(|step| step.step == name);
    // Where duplicates are removed, documents are followed to there.
    let steps = if has("keys-1") { &["filter"][..] } else { &["clean", "apply", "filter"] };
    let step = *steps.iter().find(|step| has(step)).unwrap();
    let mut ids = Vec::new();
    for marker in record.markers(&storage, step).unwrap() {
        for file in marker.files_of("documents") {
            for batch in Reader::open(&storage, &file.key, 1024).unwrap() {
                let batch = batch.unwrap();
                let column = batch["doc_id"].as_fixed_size_binary();
                ids.extend(column.iter().map(|id| DocId::from_slice(id.unwrap()).unwrap()));
            }
        }
    }
    let manifest = manifest(&output.join(record.dataset.unwrap()));
    let accounts = accounts(&manifest);
    let images = |(name, accounts): &(String, Accounts)| (name == step).then(|| accounts.0["images"].kept);
    let images = accounts.iter().find_map(images).unwrap();
    (ids, accounts, images)
}

/// What the steps that judge dropped, by the path of the rule.
fn dropped(accounts: &[(String, Accounts)], rule: &str) -> u64 {
    let (steps, rule) = match rule.strip_prefix("clean.rules.") {
        Some(rule) => (&["clean"][..], rule),
        None if rule.contains('.') => (&["filter", "apply"][..], rule),
        None => (&["filter", "apply", "clean"][..], rule),
    };
    let judging = accounts.iter().filter(|(step, _)| steps.contains(&step.as_str()));
    let flows = judging.flat_map(|(_, accounts)| accounts.0.values());
    flows.map(|flow| [&flow.dropped, &flow.failed].into_iter().filter_map(|by| by.get(rule)).sum::<u64>()).sum()
}

/// Holds a variant against the last run of the output: kept documents, images, and what each rule removed first.
fn assert_as_run(variant: &VariantReport, output: &Path) {
    let (ids, mut accounts, images) = ran(output);
    if accounts.iter().any(|(step, _)| step == "keys-1") {
        accounts.retain(|(step, _)| step == "filter");
    }
    let set = &variant.set;
    assert_eq!(variant.kept.as_deref(), Some(&ids[..]), "{set:?}");
    assert_eq!((variant.documents, variant.images, variant.behind_fetch), (ids.len() as u64, images, 0), "{set:?}");
    for removal in &variant.removed {
        assert_eq!(removal.removal.first, dropped(&accounts, &removal.rule), "{set:?} {}", removal.rule);
        assert!(removal.removal.any >= removal.removal.first && removal.removal.alone <= removal.removal.first);
    }
}

/// Runs a recipe, sweeps, and runs it with the options of each variant.  Gives the sweep.
fn assert_exact(recipe: &Path, inputs: &[impl AsRef<Path>], set: &[&str]) -> Sweep {
    let place = Place::new();
    let output = place.path("out");
    run_recipe(recipe, inputs, &output).ok();
    let swept = swept(&output, set);
    assert_as_run(&swept.base, &output);
    let base = swept.base.kept.as_deref().unwrap();
    for variant in &swept.variants {
        let words = variant.set.iter().map(|(key, value)| {
            let table = if key.starts_with("clean.rules.") { "" } else { "rules." };
            format!("{table}{key}={}", value.as_str().unwrap())
        });
        let call = words.fold(run_recipe(recipe, inputs, &output), |call, word| call.word("--set").word(&word));
        call.ok();
        assert_as_run(variant, &output);
        let kept = variant.kept.as_deref().unwrap();
        let gained = kept.iter().filter(|id| !base.contains(id)).count() as u64;
        let lost = base.iter().filter(|id| !kept.contains(id)).count() as u64;
        assert_eq!((variant.gained, variant.lost), (gained, lost), "{:?}", variant.set);
        assert_eq!(variant.gained_samples.len() as u64, gained.min(3));
        assert_eq!(variant.lost_samples.len() as u64, lost.min(3));
    }
    swept
}

/// A recipe of ours without the stage `dedup`, behind which stands this table.
fn without_dedup(name: &str, behind: &str) -> String {
    let shipped = std::fs::read_to_string(repository(&format!("pipelines/{name}.toml"))).unwrap();
    let at = |table: &str| shipped.find(&format!("\n{table}\n")).unwrap();
    shipped[..at("[dedup]")].replace("\"dedup\", ", "") + &shipped[at(behind)..]
}

const LINKS: &str = "stages = [\"extract\", \"filter\", \"finish\"]\nfinish.images = \"url\"\n\
    [rules.image.url_words]\n[rules.paragraph.word_count]\nmin_words = 8\n[rules.paragraph.stopword_ratio]\n\
    [rules.document.image_count]\nmin_images = 1\nmax_images = 3\n[rules.document.word_count]\nmin_words = 60\n\
    [rules.document.word_repetition_ratio]\n";

#[test]
fn thresholds_on_documents_are_swept_on_stored_values_alone() {
    let place = Place::new();
    let recipe = place.write("links.toml", LINKS);
    let set = ["document.word_count.min_words=10,400", "rules.document.image_count.max_images=1,off"];
    let swept = assert_exact(&recipe, &[quickstart()], &set);
    assert_eq!((swept.documents, swept.measured_again, swept.measures_all), (17, 0, false));
    assert_eq!(swept.variants.len(), 4);
    assert!(swept.variants.iter().any(|variant| variant.gained > 0));
    assert!(swept.variants.iter().any(|variant| variant.lost > 0));
}

#[test]
fn thresholds_on_parts_measure_those_documents_again_whose_parts_are_others() {
    let place = Place::new();
    let recipe = place.write("links.toml", LINKS);
    let set = ["paragraph.word_count.min_words=3,90", "paragraph.stopword_ratio.min_ratio=0.1,0.6"];
    let swept = assert_exact(&recipe, &[quickstart()], &set);
    assert!(swept.measured_again > 0 && !swept.measures_all);
    assert!(swept.variants.iter().any(|variant| variant.lost > 0));
    let inputs = three_archives(&place, "crawl", 6);
    assert_exact(&recipe, &inputs, &["paragraph.word_count.min_words=20,200"]);
}

#[test]
fn an_option_that_changes_what_is_measured_measures_all_again() {
    let place = Place::new();
    let recipe = place.write("links.toml", LINKS);
    let set = ["image.url_words.banned=[\"moire\", \"caustics\"],[]", "document.word_repetition_ratio.ngram_words=1,5"];
    let swept = assert_exact(&recipe, &[quickstart()], &set);
    assert!(swept.measures_all);
    assert_eq!(swept.measured_again, swept.documents);
}

#[test]
fn a_recipe_without_rules_on_parts_is_counted_all_the_same() {
    let place = Place::new();
    let recipe = "stages = [\"extract\", \"filter\", \"finish\"]\nfinish.images = \"url\"\n\
        [rules.document.punctuation_ratio]\nmin_ratio = 0.15\n";
    let recipe = place.write("bare.toml", recipe);
    let swept = assert_exact(&recipe, &[quickstart()], &["document.punctuation_ratio.min_ratio=0,0.5,off"]);
    assert!(swept.variants[0].words > swept.base.words && swept.base.words > 0, "{swept:?}");
}

#[test]
fn rules_of_the_last_cleaning_are_swept_behind_the_others() {
    let place = Place::new();
    let recipe = LINKS.replace("\"finish\"]", "\"clean\", \"finish\"]")
        + "[clean]\nkeep_repeated_images = false\n[clean.rules.paragraph.word_count]\nmin_words = 10\n\
           [clean.rules.document.image_count]\nmin_images = 1\n[clean.rules.document.word_count]\nmin_words = 70\n";
    let recipe = place.write("clean.toml", recipe);
    let set = ["paragraph.word_count.min_words=3,60", "clean.rules.document.word_count.min_words=10,300"];
    let swept = assert_exact(&recipe, &[quickstart()], &set);
    assert!(swept.variants.iter().any(|variant| variant.lost > 0));
    assert_exact(&recipe, &[quickstart()], &["clean.rules.paragraph.word_count.min_words=5,50"]);
}

#[test]
fn rules_of_several_languages_are_swept_by_the_language_of_each_document() {
    let place = Place::new();
    let languages = "[language]\nidentifier = \"embedded\"\nlanguages = [\"fr\", \"en\"]\nothers = \"drop\"\n";
    let recipe = place.write("languages.toml", format!("{LINKS}{languages}"));
    let swept = assert_exact(&recipe, &[quickstart()], &["document.word_count.min_words=10,400"]);
    assert!(swept.measured_again == 0 && swept.base.documents > 0);
    assert!(swept.variants.iter().any(|variant| variant.lost > 0));
    let Some(data) = obelisc_testkit::data_folder() else { return };
    let inputs =
        [data.join("gimp-help-fr.warc.gz"), data.join("gimp-help-ru.warc.gz"), data.join("mozilla-dev.warc.gz")];
    let set = ["paragraph.word_count.min_words=20", "document.word_count.min_words=30,100"];
    let swept = assert_exact(&recipe, &inputs, &set);
    assert!(swept.measured_again < swept.documents && swept.variants.iter().any(|variant| variant.lost > 0));
}

#[test]
fn what_was_fetched_is_swept_to_the_end() {
    let place = Place::new();
    let recipe = place.write("whole.toml", without_dedup("quickstart", "[fetch]"));
    let recipe = Path::new(&recipe);
    let set = ["image.side_pixels.min_side_pixels=100,500", "document.image_count.min_images=1,2"];
    let swept = assert_exact(recipe, &[quickstart()], &set);
    assert!(swept.variants.iter().any(|variant| variant.lost > 0));
    // Fewer images are wanted, other texts are cut: all of it was fetched.
    let set = [
        "image.url_words.banned=[\"moire\", \"button\"],[\"interference\", \"button\"]",
        "paragraph.word_count.min_words=4,40",
    ];
    assert_exact(recipe, &[quickstart()], &set);
}

#[test]
fn rules_on_urls_edited_texts_and_languages_are_swept_exactly() {
    let place = Place::new();
    let recipe = LINKS.to_owned()
        + "[language]\nidentifier = \"embedded\"\n[edits.long_words]\nmax_characters = 9\n[edits.white_space_runs]\n\
           [rules.url.url_words]\nbanned = [\"lorenz\"]\n[rules.document.language_score]\nmin_score = 0.5\n";
    let recipe = place.write("edited.toml", recipe);
    let set = [
        "paragraph.word_count.min_words=4,40",
        "document.language_score.min_score=0,0.99",
        "url.url_words.banned=[],[\"fractals\"]",
    ];
    let swept = assert_exact(&recipe, &[quickstart()], &set);
    assert!(swept.base.documents > 0 && swept.variants.iter().any(|variant| variant.lost > 0));
    assert!(swept.variants.iter().any(|variant| variant.gained > 0));
}

#[test]
fn marks_of_the_end_are_swept_in_any_order_of_the_values() {
    let place = Place::new();
    let recipe = LINKS
        .replace("\"finish\"]", "\"clean\", \"finish\"]")
        .replace("[rules.document.image_count]\nmin_images = 1\nmax_images = 3\n", "")
        + "[clean.rules.document.word_count]\nmin_words = 2\n";
    let recipe = recipe.replace("min_words = 60", "min_words = 0").replace("min_words = 8", "min_words = 1");
    let recipe = place.write("marks.toml", recipe.replace("[rules.paragraph.stopword_ratio]\n", ""));
    let mark = obelisc_document::END_OF_DOCUMENT;
    let body = |texts: &[&str]| texts.iter().map(|text| format!("<p>{text}</p>")).collect::<String>();
    let pages = [
        vec!["single"],
        vec![mark],
        vec!["one", mark, mark, "two and three", mark],
        vec!["one", mark],
        vec![mark, "one", mark],
    ];
    let archive = pages.iter().zip(0..).fold(ArchiveBuilder::new(Compression::Plain), |builder, (texts, number)| {
        let html = format!("<!doctype html><title>A page</title>{}", body(texts));
        builder.response(&format!("https://a.example/{number}"), &HttpResponse::html(&html))
    });
    let archive = place.write("marks.warc", archive.finish().bytes);
    for values in ["0,2,3", "3,2,0"] {
        let set = format!("clean.rules.document.word_count.min_words={values}");
        let swept = assert_exact(&recipe, &[&archive], &[&set]);
        assert!(swept.base.removed.iter().any(|removal| removal.rule == "repeated_end_of_document"), "{swept:?}");
        assert!(swept.variants.iter().any(|variant| variant.gained > 0), "{swept:?}");
        assert!(swept.variants.iter().any(|variant| variant.lost > 0), "{swept:?}");
    }
}

#[test]
fn what_was_never_fetched_is_behind_the_fetch_and_not_guessed() {
    let place = Place::new();
    let output = place.path("out");
    run_of(&[quickstart()], &output).words(["--set", "rules.document.word_count.min_words=425"]).ok();
    let swept = swept(&output, &["document.word_count.min_words=425,10"]);
    assert_as_run(&swept.base, &output);
    assert_eq!(swept.variants[0].kept, swept.base.kept);
    let loose = &swept.variants[1];
    assert!(loose.behind_fetch > 0 && loose.gained == 0, "{loose:?}");
    run_of(&[quickstart()], &output).words(["--set", "rules.document.word_count.min_words=10"]).ok();
    let (ids, ..) = ran(&output);
    let certain = loose.kept.as_deref().unwrap();
    assert!(certain.iter().all(|id| ids.contains(id)));
    assert!(ids.len() > certain.len() && (ids.len() - certain.len()) as u64 <= loose.behind_fetch);
    // Images that were dropped before the fetch would be wanted: of documents that are kept as well.
    let wider = self::swept(&output, &["image.url_words.banned=[]"]);
    let bare = &wider.variants[0];
    assert!(bare.behind_fetch_kept > 0, "{bare:?}");
    assert_eq!(bare.documents, wider.base.documents + bare.gained - bare.lost - bare.behind_fetch_kept);
}

#[test]
fn the_table_and_the_json_say_the_same() {
    let place = Place::new();
    let output = place.path("out");
    run_of(&[quickstart()], &output).ok();
    let call = || obelisc(["sweep"]).path(&output).words(["--set", "document.word_count.min_words=10,425"]);
    let json = call().word("--json").ok().json();
    let recipe = manifest(&output.join("dataset"))["recipe"]["name"].as_str().unwrap().to_owned();
    assert_eq!(json["recipe"], recipe);
    assert_eq!(json["variants"][1]["set"]["document.word_count.min_words"], "425");
    let lost = json["variants"][1]["lost"].as_u64().unwrap();
    assert!(lost > 0);
    let sample = &json["variants"][1]["lost_samples"][0];
    assert_eq!((&sample["rule"], &sample["bound"]), (&"word_count".into(), &"min 425".into()));
    assert!(!sample["text"].as_str().unwrap().is_empty());
    let table = call().ok().stdout;
    for words in [
        &format!("recipe {recipe}: 17 documents were judged\n"),
        "as it was run",
        "removed by ",
        &format!("document.word_count.min_words=425 loses {lost}, of them:"),
        &format!("word_count {}, min 425", sample["value"].as_str().unwrap()),
        sample["url"].as_str().unwrap(),
    ] {
        assert!(table.contains(words), "{words}: {table}");
    }
    let one = call().words(["--json", "--threads", "1"]).ok().json();
    assert_eq!(one, json);
}

#[test]
fn what_cannot_be_swept_is_refused_by_name() {
    let place = Place::new();
    let sweep_of = |output: &Path, set: &str| obelisc(["sweep"]).path(output).words(["--set", set]);
    let words = "document.word_count.min_words=10";
    sweep_of(&place.path("nothing"), words).fails(3);
    let output = place.path("out");
    run_of(&[quickstart()], &output).ok();

    let ended =
        sweep_of(&output, "document.word_cuont.min_words=1").words(["--set", "image.format.accepted=1"]).fails(2);
    assert_eq!(ended.errors().len(), 2, "{ended}");
    assert!(ended.stderr.contains("did you mean \"document.word_count\"?"), "{ended}");
    sweep_of(&output, "document.stopword_ratio.min_ratio=0.3").fails(2).one_error(["does not have this rule"]);
    sweep_of(&output, "document.word_count.min_words=10,many").fails(2).one_error(["\"many\" is given", "or \"off\""]);

    let record = output.join("run/record.json");
    let mut unfinished: Value = serde_json::from_slice(&std::fs::read(&record).unwrap()).unwrap();
    unfinished["dataset"] = Value::Null;
    std::fs::write(&record, unfinished.to_string()).unwrap();
    sweep_of(&output, words).fails(2).one_error(["the run is not finished"]);

    let mut stale = unfinished;
    stale["dataset"] = "dataset".into();
    stale["rules"][0]["version"] = 0.into();
    std::fs::write(&record, stale.to_string()).unwrap();
    sweep_of(&output, words).fails(2).one_error(["rules or word lists of this program are others"]);

    for (config, why) in [
        ("ledger.judgements = \"dropped\"\n", "ledger.judgements = \"dropped\""),
        ("run.keep_tables = false\n", "run.keep_tables = false"),
    ] {
        let config = place.write("config.toml", config);
        run_of(&[quickstart()], &output).word("--config").path(&config).ok();
        sweep_of(&output, words).fails(2).one_error([why]);
    }
}

#[test]
fn real_pages_under_the_paper_s_rules_are_swept_exactly() {
    let Some(data) = obelisc_testkit::data_folder() else { return };
    let place = Place::new();
    let inputs = [data.join("wcxb-dev-300.warc.gz")];
    let set = [
        "document.stopword_ratio.min_ratio=0.3,0.4",
        "paragraph.stopword_ratio.min_ratio=0.2",
        "image.rendered_side_pixels.min_side_pixels=100",
    ];
    let swept = assert_exact(&place.write("whole.toml", without_dedup("obelisc", "[clean]")), &inputs, &set);
    assert!(swept.measured_again > 0 && swept.measured_again < swept.documents && !swept.before_dedup);
    let swept = assert_exact(Path::new(&repository("pipelines/obelisc.toml")), &inputs, &set[1..]);
    assert!(swept.before_dedup);
}
