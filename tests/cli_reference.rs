//! What the program says of itself.

use std::collections::BTreeSet;

use crate::archives::quickstart;
use crate::program::{Place, obelisc, repository, run_of};

/// The commands that were promised.
const COMMANDS: [&str; 21] = [
    "run",
    "check",
    "plan",
    "status",
    "extract",
    "fetch",
    "judge",
    "explain",
    "remove",
    "submit",
    "work",
    "task",
    "scheduler",
    "executor",
    "sweep",
    "rules",
    "lexicon",
    "train",
    "print-config",
    "schema",
    "completions",
];

#[test]
fn help_lists_the_commands_and_each_has_help_with_examples() {
    let help = obelisc(["--help"]).ok().stdout;
    let (_, list) = help.split_once("Commands:\n").unwrap();
    let (list, _) = list.split_once("\n\n").unwrap();
    // A command stands two columns in; what is further in goes on with the text of the line above.
    let lines = list.lines().filter(|line| line.starts_with("  ") && !line.starts_with("   "));
    let listed: BTreeSet<&str> = lines.filter_map(|line| line.split_whitespace().next()).collect();
    assert_eq!(listed, BTreeSet::from_iter(COMMANDS.into_iter().chain(["help"])));
    assert!(help.contains("Exit codes:"), "{help}");
    for command in COMMANDS {
        let help = obelisc([command, "--help"]).ok().stdout;
        assert!(help.contains(&format!("Usage: obelisc {command}")), "{help}");
        let (_, examples) = help.split_once("\nExample").unwrap_or_else(|| panic!("no example: {help}"));
        assert!(examples.contains(&format!("obelisc {command}")), "{examples}");
    }
}

#[test]
fn the_version_is_that_of_the_package() {
    assert_eq!(obelisc(["--version"]).ok().stdout, format!("obelisc {}\n", env!("CARGO_PKG_VERSION")));
}

#[cfg(not(feature = "ballista"))]
#[test]
fn a_program_without_ballista_says_how_to_build_one_with_it() {
    for command in ["scheduler", "executor"] {
        obelisc([command]).fails(2).one_error(["built without Ballista", "--features ballista"]);
    }
    let call = obelisc(["check", "pipelines/quickstart.toml", "--config", "configs/ballista.toml"]);
    call.fails(2).one_error(["configs/ballista.toml:", "engine.scheduler", "--features ballista"]);
}

#[test]
fn every_shell_gets_completions_that_know_the_commands() {
    for shell in ["bash", "zsh", "fish"] {
        let script = obelisc(["completions", shell]).ok().stdout;
        for command in COMMANDS {
            assert!(script.contains(command), "{shell} does not know {command}");
        }
    }
    obelisc(["completions", "cmd"]).fails(2);
}

#[test]
fn the_printed_config_reads_back_as_the_default() {
    let place = Place::new();
    let text = obelisc(["print-config"]).ok().stdout;
    assert_eq!(text, obelisc(["schema", "config"]).ok().stdout);
    let config = place.write("config.toml", &text);
    obelisc(["check", &repository("pipelines/quickstart.toml"), "--config"]).path(&config).ok();
    let parsed = obelisc_pipeline::Config::parse("config.toml", &text).unwrap();
    assert_eq!(parsed, obelisc_pipeline::Config::default());
}

/// Dotted keys of a TOML text in the plain form that `schema` prints.
fn keys(text: &str) -> BTreeSet<String> {
    let mut table = String::new();
    let mut keys = BTreeSet::new();
    for line in text.lines() {
        if let Some(name) = line.strip_prefix('[').and_then(|line| line.strip_suffix(']')) {
            table = format!("{name}.");
        } else if let (Some((key, _)), false) = (line.split_once(" = "), line.starts_with('#')) {
            assert!(keys.insert(format!("{table}{key}")), "{table}{key} stands twice");
        }
    }
    keys
}

#[test]
fn the_recipe_schema_mentions_every_key_and_is_itself_a_recipe() {
    let place = Place::new();
    let text = obelisc(["schema", "recipe"]).ok().stdout;
    let recipe = place.write("all.toml", &text);
    obelisc(["check"]).path(&recipe).ok();

    let mentioned = keys(&text);
    let parsed = obelisc_pipeline::Recipe::parse("all.toml", &text, &[]).unwrap();
    let sections = parsed.canonical.iter().filter(|(section, _)| !["rules", "clean.rules"].contains(&section.as_str()));
    let mut accepted: BTreeSet<String> = sections
        .flat_map(|(section, options)| options.as_object().unwrap().keys().map(move |key| format!("{section}.{key}")))
        .collect();
    accepted.extend(["format", "name", "stages"].map(str::to_owned));
    let edits = obelisc_filters::EDITS.iter().flat_map(|edit| {
        edit.options()
            .into_iter()
            .map(|option| format!("edits.{}.{}", edit.name, option.key.rsplit('.').next().unwrap()))
    });
    accepted.extend(edits);
    for rule in obelisc_filters::RULES.iter().filter(|rule| rule.stands_alone()) {
        accepted.extend(
            rule.options()
                .into_iter()
                .map(|option| format!("rules.{}.{}", rule.path(), option.key.rsplit('.').next().unwrap())),
        );
    }
    assert_eq!(mentioned, accepted);
    assert!(accepted.len() > 30, "{accepted:?}");
}

#[test]
fn the_quickstart_recipe_names_known_keys_only_and_states_defaults_that_hold() {
    let text = std::fs::read_to_string(repository("pipelines/quickstart.toml")).unwrap();
    let mut known = keys(&obelisc(["schema", "recipe"]).ok().stdout);
    // There, rules that do not stand alone are comments.
    for rule in obelisc_filters::RULES.iter().filter(|rule| !rule.stands_alone()) {
        known.extend(rule.options().into_iter().map(|option| format!("rules.{}.{}", rule.path(), option.key)));
    }
    // The rules of the last cleaning are those of any stage.
    let keys = keys(&text).into_iter().map(|key| key.trim_start_matches("clean.rules.").to_owned());
    let unknown: Vec<_> = keys.filter(|key| !known.contains(key) && !known.contains(&format!("rules.{key}"))).collect();
    assert!(unknown.is_empty(), "{unknown:?}");
    let checked = obelisc(["check", "pipelines/quickstart.toml"]).ok();
    assert!(checked.stdout.contains("ok: recipe quickstart"), "{checked}");
}

#[test]
fn rules_are_listed_shown_and_given_as_json() {
    let json = obelisc(["rules", "--json"]).ok().json();
    let rules = json.as_array().unwrap();
    assert_eq!(rules.len(), obelisc_filters::RULES.len() + obelisc_filters::EDITS.len());
    let list = obelisc(["rules"]).ok().stdout;
    assert_eq!(list.lines().count(), rules.len());
    for rule in obelisc_filters::RULES {
        assert!(list.contains(&rule.path()), "{list}");
        let page = obelisc(["rules", &rule.path()]).ok().stdout;
        assert!(page.starts_with(&format!("# {}\n", rule.path())), "{page}");
    }
    let both = obelisc(["rules", "content_score"]).ok().stdout;
    let headings: Vec<&str> = both.lines().filter(|line| line.starts_with("# ")).collect();
    assert_eq!(headings, ["# image.content_score", "# paragraph.content_score"]);
    let ended = obelisc(["rules", "image.side_pixel"]).fails(2);
    assert!(ended.stderr.contains("image.side_pixels"), "{ended}");
}

#[test]
fn tables_and_the_document_are_described() {
    let tables = obelisc(["schema", "table"]).ok().stdout;
    for line in tables.lines() {
        let name = line.split_whitespace().next().unwrap();
        let described = obelisc(["schema", "table", name]).ok().stdout;
        assert!(described.lines().count() > 2, "{described}");
    }
    assert!(tables.lines().count() >= 9, "{tables}");
    obelisc(["schema", "table", "nothing"]).fails(2);

    let schema = obelisc(["schema", "document"]).ok().json();
    let document = &obelisc(["extract"]).path(quickstart()).ok().json_lines()[0];
    let required: BTreeSet<&str> =
        schema["required"].as_array().unwrap().iter().map(|key| key.as_str().unwrap()).collect();
    let keys: BTreeSet<&str> = document.as_object().unwrap().keys().map(String::as_str).collect();
    assert_eq!(keys, required);
}

#[test]
fn quiet_says_nothing_and_verbose_says_a_line_for_each_task() {
    let place = Place::new();
    let quiet = run_of(&[quickstart()], &place.path("quiet")).word("--quiet").ok();
    assert_eq!((quiet.stdout.as_str(), quiet.stderr.as_str()), ("", ""));
    let lines = run_of(&[quickstart()], &place.path("lines")).ok();
    let task = "extract 1/1: quickstart.warc.gz: ";
    assert_eq!(lines.stderr.lines().filter(|line| line.starts_with(task)).count(), 1, "{lines}");
}
