//! A wrong recipe, config or command line is refused whole, before anything is read or written.

use std::path::Path;

use obelisc_testkit::skip;

use crate::archives::quickstart;
use crate::program::{Ended, Place, obelisc, repository, run_of, run_recipe};

/// Runs a recipe of this text, which must be refused; the output must not even be made.
fn refused(place: &Place, recipe: &str) -> Ended {
    let recipe = place.write("wrong.toml", recipe);
    let ended = run_recipe(&recipe, &[quickstart()], &place.path("out")).fails(2);
    assert!(!place.path("out").exists(), "{ended}");
    ended
}

/// The error at `line` of `file` about `key`, which must be there.
fn error_at<'a>(ended: &'a Ended, file: &Path, line: usize, key: &str) -> &'a str {
    let begin = format!("error: {}:{line}: {key}: ", file.display());
    let errors = ended.errors();
    errors.into_iter().find_map(|error| error.strip_prefix(&begin)).unwrap_or_else(|| panic!("no {begin:?}\n{ended}"))
}

#[test]
fn three_mistakes_are_told_at_once_with_line_key_and_what_is_allowed() {
    let place = Place::new();
    let recipe = "stages = [\"extract\", \"filter\", \"fetch\", \"attach\", \"finish\"]\n\
                  [extract]\nmax_dom_dept = 100\naccepted_statuses = [99]\n\
                  [rules.image.aspect_ratio]\nmin_ratio = \"none\"\n";
    let ended = refused(&place, recipe);
    let file = place.path("wrong.toml");
    assert_eq!(ended.errors().len(), 3, "{ended}");
    let unknown = error_at(&ended, &file, 3, "extract.max_dom_dept");
    assert!(unknown.contains("unknown key") && unknown.contains("max_dom_depth"), "{unknown}");
    let range = error_at(&ended, &file, 4, "extract.accepted_statuses");
    assert!(range.contains("99") && range.contains("100") && range.contains("599"), "{range}");
    let kind = error_at(&ended, &file, 6, "rules.image.aspect_ratio.min_ratio");
    assert!(kind.contains("number") && kind.contains("none"), "{kind}");
    // `check` says the same.
    let checked = obelisc(["check"]).path(&file).fails(2);
    assert_eq!(checked.errors(), ended.errors());
}

#[test]
fn stages_in_a_wrong_order_or_without_what_they_need_are_refused() {
    let place = Place::new();
    let ended = refused(&place, "stages = [\"extract\", \"fetch\", \"filter\", \"attach\", \"finish\"]\n");
    assert!(ended.errors()[0].contains("filter stands behind fetch"), "{ended}");
    let ended = refused(&place, "stages = [\"filter\"]\nfinish.images = \"url\"\n");
    assert!(ended.stderr.contains("extract is missing") && ended.stderr.contains("finish is missing"), "{ended}");
    let ended = refused(&place, "stages = [\"extract\", \"finish\"]\n");
    assert!(ended.stderr.contains("needs the stages fetch and attach"), "{ended}");
    let facts = "stages = [\"extract\", \"filter\", \"finish\"]\nfinish.images = \"url\"\nrules.image.format = {}\n";
    let ended = refused(&place, facts);
    assert!(ended.stderr.contains("format needs image facts"), "{ended}");
    let ended = refused(&place, "stages = [\"extract\", \"dedup\", \"finish\"]\nfinish.images = \"url\"\n");
    assert!(ended.stderr.contains("dedup"), "{ended}");
}

#[test]
fn a_fetch_without_sources_is_refused() {
    let place = Place::new();
    let recipe = std::fs::read_to_string(repository("pipelines/quickstart.toml")).unwrap();
    let none = recipe.replace("sources = [\"archive\"]", "sources = []");
    assert_ne!(none, recipe);
    let ended = refused(&place, &none);
    let line = none.lines().position(|line| line.starts_with("sources = []")).unwrap() + 1;
    let error = error_at(&ended, &place.path("wrong.toml"), line, "fetch.sources");
    assert!(error.contains("archive"), "{error}");
    assert_eq!(obelisc(["check"]).path(&place.path("wrong.toml")).fails(2).errors(), ended.errors());
    let set = ["--set", "fetch.sources=[]"];
    obelisc(["check", "pipelines/quickstart.toml"]).words(set).fails(2).one_error(["fetch.sources"]);
}

#[test]
fn a_key_that_is_set_and_not_known_is_refused() {
    let place = Place::new();
    let output = place.path("out");
    let set = "rules.image.side_pixels.min_side_pixel=200";
    let ended = run_of(&[quickstart()], &output).words(["--set", set]).fails(2);
    ended.one_error(["--set rules.image.side_pixels.min_side_pixel", "unknown key", "min_side_pixels"]);
    let ended = run_of(&[quickstart()], &output).words(["--set", "no value"]).fails(2);
    ended.one_error(["--set no value", "KEY=VALUE"]);
    let ended = run_of(&[quickstart()], &output).words(["--set", "finish.max_shard_bytes=0"]).fails(2);
    ended.one_error(["--set finish.max_shard_bytes"]);
    assert!(!output.exists());
}

#[test]
fn mistakes_of_recipe_and_config_are_told_together() {
    let place = Place::new();
    let recipe = place.write("r.toml", "stages = [\"extract\"]\nfinish.images = \"url\"\n");
    let config = place.write("c.toml", "[run]\nthreads = 0\nthread = 2\n");
    let ended = obelisc(["check"]).path(&recipe).word("--config").path(&config).fails(2);
    assert_eq!(ended.errors().len(), 3, "{ended}");
    error_at(&ended, &recipe, 1, "stages");
    assert!(error_at(&ended, &config, 2, "run.threads").contains("1024"), "{ended}");
    assert!(error_at(&ended, &config, 3, "run.thread").contains("did you mean \"threads\""), "{ended}");
}

#[test]
fn a_file_that_is_no_toml_and_one_that_is_not_there_are_refused() {
    let place = Place::new();
    let ended = refused(&place, "stages = [\"extract\"\n\n[rules\n");
    assert!(ended.errors()[0].contains("not valid TOML"), "{ended}");
    let missing = place.path("missing.toml");
    obelisc(["check"]).path(&missing).fails(2).one_error(["missing.toml"]);
}

#[test]
fn an_unknown_flag_or_command_exits_with_2() {
    let place = Place::new();
    run_of(&[quickstart()], &place.path("out")).word("--colour").fails(2);
    obelisc(["distill"]).fails(2);
    obelisc([]).fails(2);
    obelisc(["run", &repository("pipelines/quickstart.toml")]).fails(2);
    assert!(!place.path("out").exists());
}

#[test]
fn a_recipe_without_end_is_refused() {
    if !Path::new("/dev/zero").exists() {
        return skip("a machine without /dev/zero");
    }
    obelisc(["check", "/dev/zero"]).fails(2).one_error(["/dev/zero", "longer than"]);
    obelisc(["extract", "@/dev/zero"]).fails(2).one_error(["/dev/zero", "longer than"]);
}
