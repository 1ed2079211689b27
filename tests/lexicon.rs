//! `lexicon`: lists of common words.

use std::collections::BTreeMap;
use std::path::Path;

use obelisc_testkit::gzip;
use serde_json::{Value, json};

use crate::archives::quickstart;
use crate::program::{Call, Place, obelisc, run_recipe};

fn read(path: &Path) -> String {
    std::fs::read_to_string(path).unwrap()
}

fn lexicon(documents: &[&Path], output: &Path) -> Call {
    documents.iter().fold(obelisc(["lexicon", "--output"]).path(output), |call, path| call.path(path))
}

/// The documents of the bundled archive, in a file.
fn documents(place: &Place) -> std::path::PathBuf {
    place.write("documents.jsonl", obelisc(["extract"]).path(quickstart()).ok().stdout)
}

/// How often each word occurs, where nothing but letters is counted.
fn counts(list: &str) -> BTreeMap<&str, u64> {
    list.lines()
        .map(|line| line.split_once('\t').unwrap())
        .map(|(word, count)| (word, count.parse().unwrap()))
        .collect()
}

#[test]
fn a_list_holds_the_words_that_are_seen_often_enough_sorted_by_code_point() {
    let place = Place::new();
    let documents = place.write(
        "d.jsonl",
        "{\"texts\": [\"Éte, (the) boat\\tis -- 12 the\\nboat's\", null, \"THE boat! zz 𐀀 \u{ffff}\"]}\n{\"texts\": [\"éte zz 𐀀 \u{ffff} once.\"]}\n",
    );
    let list = place.path("new/words.txt");
    let ended = lexicon(&[&documents], &list).ok();
    assert_eq!(read(&list), "boat\nthe\nzz\néte\n\u{ffff}\n𐀀\n");
    for words in
        ["documents             2\n", "words                16\n", "distinct              9, of which 6 are listed"]
    {
        assert!(ended.stdout.contains(words), "{words:?}\n{ended}");
    }
    lexicon(&[&documents], &list).words(["--force", "--counts", "--min-count", "1", "--max-words", "3"]).ok();
    assert_eq!(read(&list), "boat\t2\nthe\t3\nzz\t2\n");
    assert_eq!(std::fs::read_dir(list.parent().unwrap()).unwrap().count(), 1, "nothing else is left");
}

#[test]
fn memory_threads_and_the_order_of_files_change_no_byte() {
    let place = Place::new();
    let documents = documents(&place);
    let lines = read(&documents);
    let list = |name: &str, files: &[&Path], words: &[&str]| {
        let output = place.path(name);
        let call = lexicon(files, &output).words(["--counts", "--log-format", "json"]);
        let events = words.iter().fold(call, |call, word| call.word(word)).ok().stderr;
        let finished: Value = serde_json::from_str(events.lines().last().unwrap()).unwrap();
        (read(&output), finished)
    };
    let (large, facts) = list("large", &[&documents], &["--threads", "1"]);
    assert_eq!(facts["runs"], 0);
    // Counted once more, without the program.
    let special = &obelisc_filters::lists::SPECIAL_CHARACTERS;
    let mut expected: BTreeMap<String, u64> = BTreeMap::new();
    for document in lines.lines().map(|line| serde_json::from_str::<Value>(line).unwrap()) {
        for text in document["texts"].as_array().unwrap().iter().filter_map(Value::as_str) {
            for word in text.split([' ', '\n', '\t']) {
                let lower = word.to_lowercase();
                let word = lower.trim_matches(|c| special.contains(c));
                *expected.entry(word.to_owned()).or_default() += 1;
            }
        }
    }
    expected.retain(|word, count| !word.is_empty() && *count > 1);
    assert!(counts(&large).into_iter().eq(expected.iter().map(|(word, count)| (word.as_str(), *count))));
    assert!(expected.len() > 100);

    // The same documents in two files, one of them compressed.
    let middle = lines.match_indices('\n').nth(3).unwrap().0 + 1;
    let (first, rest) = (place.write("z/1.jsonl", &lines[..middle]), gzip(&lines.as_bytes()[middle..]));
    let rest = place.write("2.jsonl.gz", rest);
    for (name, threads, memory) in [("a", "1", "64K"), ("b", "3", "64K"), ("c", "2", "1G")] {
        let words = ["--threads", threads, "--memory", memory];
        assert!(list(name, &[first.parent().unwrap(), &rest], &words).0 == large, "{name}");
    }
    // So many words that little memory holds few of them; one of ten is there twice.
    let many: String = (0..40_000).map(|number| format!("w{number}x ")).collect();
    let many = place.write("many.txt", many.replace("9x", "x"));
    let (whole, facts) = list("whole", &[&documents, &many], &["--memory", "1G"]);
    assert!(facts["runs"] == 0 && facts["peak_bytes"].as_u64() > Some(1 << 20), "{facts}");
    let (small, facts) = list("small", &[&many, &documents], &["--memory", "64K", "--threads", "2"]);
    assert!(facts["runs"].as_u64() > Some(10) && facts["peak_bytes"].as_u64() <= Some(64 << 10), "{facts}");
    assert!(small == whole && whole.lines().count() > 3000);
    for memory in ["64K", "1G"] {
        let most = list("most", &[&many, &documents], &["--memory", memory, "--max-words", "50", "--force"]).0;
        let mut ranked: Vec<(&str, u64)> = counts(&whole).into_iter().collect();
        ranked.sort_by_key(|(word, count)| (std::cmp::Reverse(*count), *word));
        ranked.truncate(50);
        ranked.sort_unstable();
        assert!(counts(&most).into_iter().eq(ranked), "{memory}");
    }
}

#[test]
fn documents_come_in_many_forms() {
    let place = Place::new();
    let output = place.path("words.txt");
    place.write("texts/a.txt", "one two\nthree");
    place.write("texts/deep/b.txt.gz", gzip(b"two three"));
    place.write("texts/page.html", "three");
    let piped = lexicon(&[&place.path("texts")], &output).word("-").reading(b"{\"text\": \"four four\"}\n");
    assert_eq!(piped.code(), Some(0), "{piped}");
    assert_eq!(read(&output), "four\nthree\ntwo\n");

    // The shards of a dataset hold what was extracted.
    let recipe = place.write("r.toml", "stages = [\"extract\", \"finish\"]\nfinish.images = \"url\"\n");
    let run = place.path("run");
    run_recipe(&recipe, &[quickstart()], &run).ok();
    let extracted = place.write("whole.jsonl", obelisc(["extract", "--whole-page"]).path(quickstart()).ok().stdout);
    let of_lines = lexicon(&[&extracted], &output).words(["--force", "--counts"]).ok();
    let of_shards = lexicon(&[&run], &place.path("shards.txt")).word("--counts").ok();
    assert!(read(&output) == read(&place.path("shards.txt")), "{of_lines}\n{of_shards}");
}

#[test]
fn what_is_no_document_is_told_and_costs_itself() {
    let place = Place::new();
    let lines = place.write("d.jsonl", "{\"texts\": [\"a a\"]}\n{\"texts\": \nno\n");
    let ended = lexicon(&[&lines], &place.path("words.txt")).ok();
    let note = format!("note: 2 lines are no document and passed over; the first: {}:2: ", lines.display());
    assert!(ended.stderr.starts_with(&note), "{ended}");
    let quiet = lexicon(&[&lines], &place.path("words.txt")).words(["--force", "--quiet"]).ok();
    assert_eq!((quiet.stdout.as_str(), quiet.stderr.as_str()), ("", ""));
}

#[test]
fn what_cannot_be_done_is_refused_and_leaves_nothing() {
    let place = Place::new();
    let (documents, output) = (place.write("d.txt", "a a b"), place.path("words.txt"));
    let absent = place.path("absent.jsonl");
    let ended = lexicon(&[&documents, &absent], &output).fails(3);
    ended.one_error(["absent.jsonl", "not found"]);
    let folder = place.write("pages/a.html", "a");
    lexicon(&[folder.parent().unwrap()], &output).fails(2).one_error(["a folder without .jsonl"]);
    let cut = gzip(b"a a a a");
    let cut = place.write("cut.txt.gz", &cut[..cut.len() - 4]);
    lexicon(&[&cut], &output).fails(3).one_error(["cut.txt.gz", "ends early"]);
    lexicon(&[&place.write("marks.txt", "-- 12 ...")], &output)
        .fails(1)
        .one_error(["1 documents, and no word in them"]);
    lexicon(&[&documents], &output).words(["--min-count", "3"]).fails(1).one_error(["none of 2 words occurs 3 times"]);
    lexicon(&[&documents], &output).words(["--memory", "1K"]).fails(2).one_error(["--memory 1024"]);
    for words in [["--memory", "lots"], ["--min-count", "0"], ["--max-words", "0"]] {
        lexicon(&[&documents], &output).words(words).fails(2);
    }
    lexicon(&[&documents], &place.path("pages")).fails(2).one_error(["a folder; name a file"]);
    assert!(!output.exists());
    place.write("words.txt", "mine");
    lexicon(&[&documents], &output).fails(3).one_error(["words.txt: already exists", "--force"]);
    assert_eq!(read(&output), "mine");
    let left: Vec<_> = std::fs::read_dir(place.path("")).unwrap().map(|entry| entry.unwrap().file_name()).collect();
    assert!(left.iter().all(|name| !name.to_str().unwrap().starts_with('.')), "{left:?}");
}

#[test]
fn a_signal_ends_the_counting_and_leaves_nothing() {
    let place = Place::new();
    let pipe = place.path("pipe");
    assert!(std::process::Command::new("mkfifo").arg(&pipe).status().unwrap().success());
    let mut started = lexicon(&[&pipe], &place.path("words.txt")).start();
    // Both ends of the pipe are open now, and the program reads.
    let mut end = std::fs::OpenOptions::new().write(true).open(&pipe).unwrap();
    started.read_until("started");
    started.signal("TERM");
    started.read_until("stopping; nothing will be written");
    let _ = std::io::Write::write_all(&mut end, b"words that come too late");
    drop(end);
    let (status, rest) = started.wait();
    assert_eq!(status.code(), Some(4), "{rest:?}");
    assert_eq!(rest.last().unwrap(), "error: interrupted; nothing was written");
    let left: Vec<_> = std::fs::read_dir(place.path("")).unwrap().map(|entry| entry.unwrap().file_name()).collect();
    assert_eq!(left, ["pipe"]);
}

/// What a list holds is what the rule looks up: of pages whose every word is listed, none is dropped, and without one of the
/// words some are.
#[test]
fn a_list_is_what_the_common_word_rule_looks_up() {
    let place = Place::new();
    let output = place.path("words.txt");
    lexicon(&[&documents(&place)], &output).words(["--min-count", "1"]).ok();
    let list = read(&output);
    let kept = |name: &str, words: &[&str]| {
        let text = format!(
            "stages = [\"extract\", \"filter\", \"finish\"]\nfinish.images = \"url\"\n[rules]\nparagraph.content_score = {{}}\n\
             image.content_score = {{}}\n[rules.document.common_word_ratio]\nmin_ratio = 1.0\nwords = {}\n",
            json!(words)
        );
        let recipe = place.write(&format!("{name}.toml"), text);
        let events = run_recipe(&recipe, &[quickstart()], &place.path(name)).events();
        events.last().unwrap()["documents"].as_u64().unwrap()
    };
    let words: Vec<&str> = list.lines().collect();
    let all = kept("all", &words);
    assert!(all > 5, "{all}");
    let without: Vec<&str> = words.iter().copied().filter(|word| *word != "the").collect();
    assert!(kept("without", &without) < all);
}
