//! What README.md and the help show is what the program does.

use std::path::Path;
use std::process::Command;

use obelisc_testkit::{ArchiveBuilder, Compression, Wacz};

use crate::archives::{page, small, small_bytes};
use crate::program::{Place, obelisc, repository};

/// The README's first command.
const FIRST: &str =
    "obelisc run pipelines/quickstart.toml --input tests/fixtures/quickstart.warc.gz --output out --quiet";

/// What an example may begin with that the tests do not have, or that goes on until somebody ends it.
const NOT_HERE: [&str; 3] = ["obelisc scheduler", "obelisc executor", "curl "];

/// A folder as somebody has it who tries the examples: the files of the repository, those that the examples make up, and
/// what the first command wrote.
fn desk() -> Place {
    let place = Place::new();
    for folder in ["pipelines", "configs", "tests"] {
        std::os::unix::fs::symlink(repository(folder), place.path(folder)).unwrap();
    }
    place.write("my.toml", std::fs::read(repository("pipelines/quickstart.toml")).unwrap());
    place.write("page.html", page("image.png"));
    for name in ["crawl.warc.gz", "crawl/a.warc.gz", "crawl/b.warc.gz", "listed.warc.gz"] {
        place.write(name, small_bytes(Compression::GzipPerRecord, 2));
    }
    place.write("list.txt", "listed.warc.gz\n");
    place.write("takedown.txt", "https://atlas.example/waves/interference\n");
    place.write("documents.jsonl", "{\"texts\": [\"Common words\"]}\n");
    place.write("texts/a.txt", "more common words");
    for letter in 'a'..='j' {
        place.write(&format!("wikipedia/{letter}.txt"), format!("The castle {letter} was built in stone."));
    }
    let crawl = ('a'..='j').map(|letter| format!("{{\"text\": \"Click here for offer {letter}, log in now\"}}\n"));
    place.write("crawl.jsonl", crawl.collect::<String>());
    let archive = small(ArchiveBuilder::new(Compression::GzipPerRecord), 2).finish();
    place.write("more.wacz", Wacz::new().archive("data.warc.gz", &archive).finish().unwrap());
    std::fs::create_dir_all(place.path(".local/share/bash-completion/completions")).unwrap();
    say(&place, FIRST).unwrap();
    std::fs::create_dir_all(place.path("theirs/data")).unwrap();
    say(&place, "cp out/dataset/data/*.parquet theirs && cp out/dataset/data/*.parquet theirs/data").unwrap();
    say(&place, "obelisc submit my.toml --input crawl --output shared --dry-run").unwrap();
    place
}

/// Gives a line to a shell at the desk: standard output, or all that was said where it ends with an error.
fn say(desk: &Place, line: &str) -> Result<String, String> {
    let program = Path::new(env!("CARGO_BIN_EXE_obelisc")).parent().unwrap();
    let path = format!("{}:{}", program.display(), std::env::var("PATH").unwrap());
    let mut shell = Command::new("sh");
    shell.args(["-c", line]).current_dir(desk.path("")).env("PATH", path).env("HOME", desk.path(""));
    let output = shell.output().unwrap();
    let [stdout, stderr] = [output.stdout, output.stderr].map(|bytes| String::from_utf8(bytes).unwrap());
    if output.status.success() { Ok(stdout) } else { Err(format!("{line}: {}\n{stdout}{stderr}", output.status)) }
}

/// Whether an output is as shown.  A line `…` stands for any number of lines; in another line `…` stands for the rest of it.
fn is_shown(shown: &[&str], output: &[&str]) -> bool {
    let Some((line, rest)) = shown.split_first() else { return output.is_empty() };
    if line.trim() == "…" {
        return (0..=output.len()).any(|skipped| is_shown(rest, &output[skipped..]));
    }
    let Some((found, after)) = output.split_first() else { return false };
    let same = match line.split_once('…') {
        Some((begin, _)) => found.starts_with(begin),
        None => found == line,
    };
    same && is_shown(rest, after)
}

#[test]
fn an_ellipsis_stands_for_what_was_left_out_and_for_nothing_else() {
    let output = ["one", "two and more", "three", "four"];
    for shown in
        [&output[..], &["one", "…"], &["…", "four"], &["one", "two…", "  …", "four", "…"], &["…", "three", "four"]]
    {
        assert!(is_shown(shown, &output), "{shown:?}");
    }
    for shown in [&output[..3], &["one", "two", "…"], &["…", "three"], &["…", "two…", "four"], &["…", "five", "…"], &[]]
    {
        assert!(!is_shown(shown, &output), "{shown:?}");
    }
}

/// The lines of the blocks of a page in a language.
fn blocks<'a>(page: &'a str, language: &str) -> Vec<Vec<&'a str>> {
    let mut blocks = Vec::new();
    let mut lines = page.lines();
    while let Some(line) = lines.next() {
        if let Some(found) = line.trim_start().strip_prefix("```") {
            let block: Vec<_> = lines.by_ref().take_while(|line| line.trim_start() != "```").collect();
            if found == language {
                blocks.push(block);
            }
        }
    }
    blocks
}

#[test]
fn every_dialogue_of_the_readme_goes_as_shown() {
    let readme = std::fs::read_to_string(repository("README.md")).unwrap();
    let first = FIRST.trim_start_matches("obelisc ").trim_end_matches(" --quiet");
    assert!(readme.contains(&format!("\ncargo run -- {first}\n")), "the first command is another one");
    let (desk, mut wrong) = (desk(), Vec::new());
    let blocks = blocks(&readme, "console");
    assert!(!blocks.is_empty());
    for block in blocks {
        assert!(block[0].starts_with("$ obelisc "), "{block:?}");
        let mut commands: Vec<(&str, Vec<&str>)> = Vec::new();
        for line in block {
            match (line.strip_prefix("$ "), commands.last_mut()) {
                (Some(command), _) => commands.push((command, Vec::new())),
                (None, Some((_, shown))) => shown.push(line),
                (None, None) => {}
            }
        }
        for (command, shown) in commands {
            match say(&desk, command) {
                Ok(output) if is_shown(&shown, &output.lines().collect::<Vec<_>>()) => {}
                Ok(output) => {
                    wrong.push(format!("{command}\n--- README.md\n{}\n--- it is\n{output}", shown.join("\n")))
                }
                Err(error) => wrong.push(error),
            }
        }
    }
    assert!(wrong.is_empty(), "{}", wrong.join("\n\n"));
}

/// The examples of a help.  Each begins two columns in with the name of a program; where it is too long for the line it
/// goes on two columns in as well.
fn examples(help: &str) -> Vec<String> {
    let Some((_, text)) = help.split_once("\nExample") else { return Vec::new() };
    let mut examples: Vec<String> = Vec::new();
    for line in text.lines().skip(1).take_while(|line| line.starts_with("  ")).map(str::trim) {
        let begins = line.starts_with("obelisc ") || NOT_HERE.iter().any(|word| line.starts_with(word));
        match examples.last_mut() {
            Some(example) if !begins => *example = format!("{example} {line}"),
            _ => examples.push(line.to_owned()),
        }
    }
    examples
}

#[test]
fn every_example_of_the_help_runs() {
    let help = obelisc(["--help"]).ok().stdout;
    let (_, list) = help.split_once("Commands:\n").unwrap();
    let commands = list.lines().take_while(|line| !line.is_empty()).filter(|line| !line.starts_with("   "));
    let commands: Vec<&str> = commands.filter_map(|line| line.split_whitespace().next()).collect();
    let (mut ran, mut not_here, mut wrong) = (0, Vec::new(), Vec::new());
    for command in commands.into_iter().filter(|command| *command != "help") {
        for example in examples(&obelisc([command, "--help"]).ok().stdout) {
            if let Some(word) = NOT_HERE.into_iter().find(|word| example.starts_with(word)) {
                not_here.push(word);
                continue;
            }
            ran += 1;
            wrong.extend(say(&desk(), &example).err());
        }
    }
    assert!(wrong.is_empty(), "{}", wrong.join("\n\n"));
    assert!(ran >= 10, "only {ran} examples");
    not_here.dedup();
    assert_eq!(not_here, NOT_HERE, "listed as not here, and in no example");
}
