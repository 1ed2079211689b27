//! `dedup`: which copies go, whatever the machine, and what is said of them.

use std::collections::{BTreeMap, BTreeSet, HashMap};
use std::path::{Path, PathBuf};

use obelisc_testkit::picture::Encoding;
use obelisc_testkit::{ArchiveBuilder, Compression, HttpResponse, picture, read_gzip};
use serde_json::Value;

use crate::archives::{quickstart, three_archives};
use crate::dataset::{Row, accounts, assert_same, dataset_tree, manifest, rows};
use crate::program::{Place, obelisc, repository, run_recipe};

fn recipe(tables: &str) -> String {
    "stages = [\"extract\", \"filter\", \"dedup\", \"finish\"]\nfinish.images = \"url\"\nextract.profile = \"obelisc\"\n"
        .to_owned()
        + tables
}

/// An archive of pages, each its URL and its body.
fn archive(place: &Place, name: &str, pages: &[(&str, String)]) -> PathBuf {
    let builder = ArchiveBuilder::new(Compression::GzipPerRecord).warcinfo();
    let html = |body: &str| HttpResponse::html(&format!("<!doctype html><title>A page</title><body>{body}</body>"));
    let builder = pages.iter().fold(builder, |builder, (url, body)| builder.response(url, &html(body)));
    place.write(name, builder.finish().bytes)
}

fn paragraph(text: &str) -> String {
    format!("<p>{text}</p>")
}

fn image(url: &str) -> String {
    format!("<img src=\"{url}\" width=300 height=200>")
}

fn dropped(output: &Path, unit: &str, reason: &str) -> u64 {
    let accounts = accounts(&manifest(&output.join("dataset")));
    let flows = accounts.iter().filter_map(|(_, accounts)| accounts.0.get(unit));
    flows.filter_map(|flow| flow.dropped.get(reason)).sum()
}

fn texts(row: &Row) -> Vec<&str> {
    row.texts.iter().flatten().map(String::as_str).collect()
}

#[test]
fn the_newest_capture_stays_and_says_of_the_others_which_it_is() {
    let place = Place::new();
    let page = |text: &str| paragraph(text) + &image("https://a.example/1.png") + &paragraph("The end of the page.");
    // Records of an archive are captured a second after each other.
    let one = archive(
        &place,
        "1.warc.gz",
        &[
            ("https://a.example/b", page("The older words.")),
            ("https://a.example/c", page("Another page.")),
            ("HTTPS://A.example:443/b#top", page("The newer words.")),
        ],
    );
    let output = place.path("out");
    let recipe = place.write("r.toml", recipe("[dedup.page_url]\n"));
    run_recipe(&recipe, &[&one], &output).ok();
    let rows = rows(&output.join("dataset"));
    assert_eq!(rows.iter().map(|row| texts(row)[0]).collect::<Vec<_>>(), ["Another page.", "The newer words."]);
    assert_eq!(dropped(&output, "documents", "duplicate_page_url"), 1);
    let explained = obelisc(["explain"]).path(&output).words(["--url", "https://a.example/b", "--json"]).ok().json();
    let documents = explained["documents"].as_array().unwrap();
    assert_eq!(documents.len(), 2);
    let newer = documents.iter().find(|document| document["reached"] == "dataset").unwrap();
    let older = documents.iter().find(|document| document["reached"] != "dataset").unwrap();
    let last = older["decisions"].as_array().unwrap().last().unwrap();
    assert_eq!((&last["step"], &last["rule"]), (&"compact-1".into(), &"duplicate_page_url".into()));
    assert_eq!((&last["value"], &last["bound"]), (&newer["extracted"]["id"], &"one of 2 copies stays".into()));
}

#[test]
fn images_and_paragraphs_go_by_their_number_and_what_is_left_is_judged_again() {
    let place = Place::new();
    let pages: Vec<(String, String)> = (0..4)
        .map(|number| {
            let own = paragraph(&format!("These are words of page {number} alone and of no other."));
            let shared = if number < 3 { "Subscribe to our letter today." } else { "Here is no letter at all." };
            let shared = paragraph(shared);
            let images = image("https://a.example/logo.png") + &image(&format!("https://a.example/{number}.png"));
            (format!("https://{}.a.example/{number}", ["www", "m"][number % 2]), own + &images + &shared)
        })
        .collect();
    let pages: Vec<(&str, String)> = pages.iter().map(|(url, body)| (&**url, body.clone())).collect();
    let archive = archive(&place, "1.warc.gz", &pages);
    let tables = "[dedup.image_url]\nmax_copies = 3\n[dedup.paragraph]\nmax_copies = 2\n[rules.document.word_count]\nmin_words = 14\n";
    let output = place.path("out");
    let path = place.write("r.toml", recipe(tables));
    run_recipe(&path, &[&archive], &output).ok();
    // Of the four, three had the shared words as well.
    assert_eq!(dropped(&output, "images", "duplicate_image_url"), 4);
    assert_eq!(dropped(&output, "paragraphs", "duplicate_paragraph"), 3);
    assert_eq!(dropped(&output, "documents", "document.word_count"), 3);
    assert_eq!(rows(&output.join("dataset")).len(), 1);

    run_recipe(&path, &[&archive], &output)
        .words(["--set", "dedup.rejudge=false"])
        .words(["--set", "rules.document.word_count.min_words=11"])
        .word("--force")
        .ok();
    let left = rows(&output.join("dataset"));
    let left: Vec<_> = left.iter().map(|row| (row.sources().len(), texts(row).len())).collect();
    assert_eq!(left, [(1, 1), (1, 1), (1, 1), (1, 2)]);
    // Paragraphs of hosts: of the three copies no host has more than two.
    run_recipe(&path, &[&archive], &output)
        .words(["--set", "rules.document.word_count.min_words=1"])
        .words(["--set", "dedup.paragraph.domain=host"])
        .word("--force")
        .ok();
    assert_eq!(rows(&output.join("dataset")).len(), 4);
    assert_eq!(dropped(&output, "paragraphs", "duplicate_paragraph"), 0);
    run_recipe(&path, &[&archive], &output)
        .words(["--set", "rules.document.word_count.min_words=1"])
        .words(["--set", "dedup.paragraph.keep=newest"])
        .word("--force")
        .ok();
    assert_eq!(dropped(&output, "paragraphs", "duplicate_paragraph"), 2);
}

#[test]
fn the_same_stays_whatever_the_threads_and_the_memory() {
    let place = Place::new();
    let mut inputs = three_archives(&place, "crawl", 12);
    // The same pages a second time, from archives of other names.
    let again = three_archives(&place, "again", 12);
    for (number, path) in again.iter().enumerate() {
        let name = path.file_name().unwrap().to_str().unwrap();
        let renamed = path.with_file_name(format!("z{number}-{name}"));
        std::fs::rename(path, &renamed).unwrap();
        inputs.push(renamed);
    }
    inputs.push(quickstart().to_owned());
    let tables = "[dedup.page_url]\n[dedup.paragraph]\npass = 2\n[dedup.document_text]\npass = 2\n[dedup.image_set]\npass = 2\n[dedup.image_url]\npass = 2\nmax_copies = 1\n\
        [dedup.minhash]\npass = 3\npreset = \"obelics\"\n[dedup.simhash]\npass = 3\n";
    let path = place.write("r.toml", recipe(tables));
    let mut first = None;
    for (threads, memory) in [(1, 1 << 30), (2, 1 << 30), (1, 64 << 20)] {
        let config = format!("[run]\nthreads = {threads}\n[engine]\nmax_memory_bytes = {memory}\n");
        let config = place.write("c.toml", config);
        let output = place.path(&format!("out-{threads}-{memory}"));
        run_recipe(&path, &inputs, &output).word("--config").path(&config).ok();
        assert_eq!(dropped(&output, "documents", "duplicate_page_url"), 36);
        let tree = dataset_tree(&output);
        assert_same(first.get_or_insert_with(|| tree.clone()), &tree);
    }
}

/// Pages of 60 words of which some are the same: the first and the second in all but the last, the third in none, the fourth in all but the first half.
fn alike() -> Vec<(String, String)> {
    let words = |from: usize, until: usize| (from..until).map(|number| format!("word{number}")).collect::<Vec<_>>();
    let texts = [
        words(0, 60),
        [words(0, 59), words(900, 901)].concat(),
        words(300, 360),
        [words(400, 430), words(30, 60)].concat(),
    ];
    let pages = texts.iter().enumerate();
    pages.map(|(number, words)| (format!("https://{number}.example/"), paragraph(&words.join(" ")))).collect()
}

#[test]
fn near_copies_form_clusters_of_which_the_newest_stays() {
    let place = Place::new();
    let pages = alike();
    let pages: Vec<(&str, String)> = pages.iter().map(|(url, body)| (&**url, body.clone())).collect();
    let archive = archive(&place, "1.warc.gz", &pages);
    let urls = |tables: &str| {
        let output = place.path("out");
        let path = place.write("r.toml", recipe(tables));
        run_recipe(&path, &[&archive], &output).word("--force").ok();
        let mut urls: Vec<String> = rows(&output.join("dataset")).into_iter().map(|row| row.url).collect();
        urls.sort();
        urls.iter().map(|url| url[8..9].parse::<u32>().unwrap()).collect::<Vec<_>>()
    };
    assert_eq!(urls("[dedup.minhash]\n"), [1, 2, 3]);
    assert_eq!(dropped(&place.path("out"), "documents", "duplicate_minhash"), 1);
    assert_eq!(urls("[dedup.simhash]\nmax_distance = 10\nblocks = 12\n"), [1, 2, 3]);
    assert_eq!(dropped(&place.path("out"), "documents", "duplicate_simhash"), 1);
    // One band of one minimum joins what shares a third of its runs.
    assert_eq!(urls("[dedup.minhash]\nngram = 1\npermutations = 64\nbands = 64\n"), [2, 3]);
    // Both at once, of the same pages.
    assert_eq!(urls("[dedup.minhash]\n[dedup.simhash]\nmax_distance = 10\nblocks = 12\n[dedup.page_url]\n"), [1, 2, 3]);
    let explained = obelisc(["explain"]).path(&place.path("out")).words(["--url", "https://0.example/", "--json"]).ok();
    let explained = explained.json();
    let last = explained["documents"][0]["decisions"].as_array().unwrap().last().unwrap();
    assert_eq!(last["bound"], "one of 2 copies stays");
}

#[test]
fn the_same_picture_under_other_urls_goes_once_it_is_there() {
    let place = Place::new();
    let page = |number: u64| {
        let own = paragraph(&format!("These are words of page {number} alone and of no other."));
        own + &image(&format!("https://cdn{number}.example/logo.png"))
            + &image(&format!("https://a.example/{number}.png"))
    };
    let pictures = |builder: ArchiveBuilder, number: u64| {
        let png = |seed| HttpResponse::new("image/png", picture::png(seed, 200, 160));
        let builder = builder.response(&format!("https://cdn{number}.example/logo.png"), &png(7));
        let builder = builder.response(&format!("https://a.example/{number}.png"), &png(100 + number));
        builder.response(&format!("https://{number}.example/"), &HttpResponse::html(&page(number)))
    };
    let builder = (0..4).fold(ArchiveBuilder::new(Compression::GzipPerRecord).warcinfo(), pictures);
    let archive = place.write("1.warc.gz", builder.finish().bytes);
    let recipe = |tables: &str| {
        let stages = "\"filter\", \"dedup\", \"fetch\", \"attach\", \"finish\"";
        let links = recipe(tables).replace("finish.images = \"url\"\n", "");
        place.write("r.toml", links.replace("\"filter\", \"dedup\", \"finish\"", stages))
    };
    let output = place.path("out");
    let images = || rows(&output.join("dataset")).iter().map(|row| row.images.iter().flatten().count()).sum::<usize>();
    let path = recipe("[dedup.page_url]\n[dedup.image_content]\nmax_copies = 3\n");
    run_recipe(&path, &[&archive], &output).ok();
    assert_eq!((images(), dropped(&output, "images", "duplicate_image_content")), (4, 4));
    let path = recipe("[dedup.image_content]\nmax_copies = 1\nkeep = \"newest\"\n");
    run_recipe(&path, &[&archive], &output).word("--force").ok();
    assert_eq!((images(), dropped(&output, "images", "duplicate_image_content")), (5, 3));
    // What is judged again are rules that see the images.
    let path = recipe("[dedup.image_content]\nmax_copies = 3\n[rules.document.image_count]\nmin_images = 2\n");
    run_recipe(&path, &[&archive], &output).word("--force").ok();
    assert_eq!((images(), dropped(&output, "documents", "document.image_count")), (0, 4));

    // The logos are stored in four ways: they look the same, and no two have the same bytes.
    let encodings = [Encoding::Png, Encoding::Jpeg, Encoding::Webp, Encoding::Gif];
    let pictures = |builder: ArchiveBuilder, number: u64| {
        let logo = picture::encode(7, 200, 160, encodings[number as usize]);
        let logo = HttpResponse::new("image/png", logo);
        let builder = builder.response(&format!("https://cdn{number}.example/logo.png"), &logo);
        let own = HttpResponse::new("image/png", picture::png(100 + number, 200, 160));
        let builder = builder.response(&format!("https://a.example/{number}.png"), &own);
        builder.response(&format!("https://{number}.example/"), &HttpResponse::html(&page(number)))
    };
    let builder = (0..4).fold(ArchiveBuilder::new(Compression::GzipPerRecord).warcinfo(), pictures);
    let archive = place.write("2.warc.gz", builder.finish().bytes);
    let output = place.path("out2");
    let images = || rows(&output.join("dataset")).iter().map(|row| row.images.iter().flatten().count()).sum::<usize>();
    let path = recipe("[dedup.image_content]\nmax_copies = 1\n[dedup.image_perceptual]\nmax_copies = 3\n");
    run_recipe(&path, &[&archive], &output).ok();
    assert_eq!((images(), dropped(&output, "images", "duplicate_image_perceptual")), (4, 4));
    let path = recipe("[dedup.image_perceptual]\nmax_copies = 1\nkeep = \"newest\"\n");
    run_recipe(&path, &[&archive], &output).word("--force").ok();
    assert_eq!((images(), dropped(&output, "images", "duplicate_image_perceptual")), (5, 3));
    let ended = obelisc(["explain"]).path(&output).words(["--url", "https://1.example/"]).ok();
    assert!(ended.stdout.contains("duplicate_image_perceptual"), "{}", ended.stdout);

    let path = recipe("[dedup.image_content]\n[dedup.page_url]\npass = 2\n");
    obelisc(["check"]).path(&path).fails(2).one_error(["pass 1 compares nothing"]);
    let path = place.write("r.toml", self::recipe("[dedup.image_content]\n"));
    obelisc(["check"]).path(&path).fails(2).one_error(["compares the bytes of images"]);
}

#[test]
fn a_cluster_of_which_nothing_is_left_is_counted_as_lost() {
    let place = Place::new();
    let long = paragraph("Words of a page.") + &paragraph("More words of a page.") + &image("https://a.example/1.png");
    let short = paragraph("Words of a page.") + &image("https://a.example/1.png");
    let pages = [("a", &short), ("b", &short), ("a", &long), ("b", &short)];
    let pages: Vec<_> = pages.map(|(name, body)| (format!("https://{name}.example/"), body.clone())).into();
    let pages: Vec<(&str, String)> = pages.iter().map(|(url, body)| (&**url, body.clone())).collect();
    let archive = archive(&place, "1.warc.gz", &pages);
    let tables = "[dedup.page_url]\n[clean.rules.document.paragraph_count]\nmax_paragraphs = 1\n";
    let path = place.write("r.toml", recipe(tables).replace("\"finish\"", "\"clean\", \"finish\""));
    let output = place.path("out");
    run_recipe(&path, &[&archive], &output).ok();
    let accounts = accounts(&manifest(&output.join("dataset")));
    let survivors = &accounts.iter().find(|(step, _)| step == "survivors").unwrap().1.0["page_url_clusters"];
    assert_eq!((survivors.entered, survivors.kept, survivors.dropped["survivor_fell"]), (2, 1, 1));
}

#[test]
fn ways_to_compare_that_miss_copies_are_refused() {
    let place = Place::new();
    for (tables, problem) in [
        ("[dedup.minhash]\npermutations = 100\nbands = 16\n", "100 permutations cannot be cut into 16 equal bands"),
        ("[dedup.simhash]\nmax_distance = 6\n", "at least one more than max_distance = 6"),
        ("[dedup.simhash]\nmax_distance = 16\nblocks = 32\n", "leaves 601080390 choices"),
        ("[dedup.simhash]\npreset = \"root\"\n", "roots"),
        ("[dedup.minhash]\nbands = 0\n", "a whole number from 1 to 1024"),
    ] {
        let path = place.write("r.toml", recipe(tables));
        obelisc(["check"]).path(&path).fails(2).one_error([problem]);
    }
}

#[test]
fn a_sweep_follows_documents_to_where_copies_go() {
    let place = Place::new();
    let output = place.path("out");
    let path = place.write("r.toml", recipe("[dedup.page_url]\n[rules.document.word_count]\nmin_words = 3\n"));
    let inputs = [quickstart().to_owned(), place.path("again.warc.gz")];
    std::fs::copy(&inputs[0], &inputs[1]).unwrap();
    run_recipe(&path, &inputs, &output).ok();
    let left = rows(&output.join("dataset")).len() as u64;
    let call = || obelisc(["sweep"]).path(&output).words(["--set", "document.word_count.min_words=10"]);
    let found = call().word("--json").ok().json();
    assert_eq!((&found["before_dedup"], &found["base"]["documents"]), (&true.into(), &(2 * left).into()));
    let followed = &found["base"]["behind_dedup"];
    assert_eq!((&followed["in_dataset"], &followed["copies"]), (&left.into(), &left.into()));
    assert_eq!((&followed["freed_copies"], &followed["not_compared"]), (&0.into(), &0.into()));
    let variant = &found["variants"][0];
    let counts = ["in_dataset", "copies", "freed_copies", "fell", "not_compared"];
    let sum: u64 = counts.iter().map(|key| variant["behind_dedup"][key].as_u64().unwrap()).sum();
    assert_eq!(variant["documents"], sum);
    let told = call().ok();
    assert!(told.stdout.contains("of these, in the run") && told.stdout.contains("Freed copies"), "{told}");
    assert!(told.stdout.contains("Kept is what comes to the stage dedup"), "{told}");

    let cleaning = "[dedup.page_url]\n[clean.rules.document.paragraph_count]\nmax_paragraphs = 300\n";
    let path = place.write("r.toml", recipe(cleaning).replace("\"finish\"", "\"clean\", \"finish\""));
    run_recipe(&path, &inputs, &output).word("--force").ok();
    let call =
        obelisc(["sweep"]).path(&output).words(["--set", "clean.rules.document.paragraph_count.max_paragraphs=9"]);
    call.fails(2).one_error(["once duplicates are gone"]);
}

/// A document as the plain script has it.
#[derive(Clone)]
struct Plain {
    url: String,
    archive: String,
    /// An image's URL, or a text.
    nodes: Vec<Result<String, Vec<String>>>,
}

impl Plain {
    fn images(&self) -> impl Iterator<Item = &String> {
        self.nodes.iter().filter_map(|node| node.as_ref().ok())
    }

    fn host(&self) -> String {
        let authority = self.url.split('/').nth(2).unwrap_or_default();
        authority.to_owned()
    }

    fn from_row(row: &Row) -> Self {
        let general: &Value = &row.general;
        let images = row.images.iter().map(|image| image.as_ref().map(|url| String::from_utf8(url.clone()).unwrap()));
        let nodes = images.zip(&row.texts).map(|(image, text)| match (image, text) {
            (Some(image), _) => Ok(image),
            (None, text) => Err(text.as_deref().unwrap_or_default().split("\n\n").map(str::to_owned).collect()),
        });
        Self {
            url: row.url.clone(),
            archive: general["warc_filename"].as_str().unwrap().to_owned(),
            nodes: nodes.collect(),
        }
    }

    fn shown(&self) -> (String, String, Vec<String>) {
        // Texts between which an image went are one text.
        let mut nodes: Vec<Result<String, Vec<String>>> = Vec::new();
        for node in self.nodes.clone() {
            match (nodes.last_mut(), node) {
                (Some(Err(before)), Err(text)) => before.extend(text),
                (_, node) => nodes.push(node),
            }
        }
        let node = |node: Result<String, Vec<String>>| match node {
            Ok(image) => format!("image {image}"),
            Err(paragraphs) => paragraphs.join("\n\n"),
        };
        (self.url.clone(), self.archive.clone(), nodes.into_iter().map(node).collect())
    }
}

/// The greatest archive of each key.
fn last<K: Ord>(documents: &[Plain], key: impl Fn(&Plain) -> K) -> BTreeMap<K, String> {
    let mut last = BTreeMap::new();
    for document in documents {
        let archive: &mut String = last.entry(key(document)).or_default();
        *archive = archive.clone().max(document.archive.clone());
    }
    last
}

/// The reference's steps 06, 08, 09, 10 and 11 as plain loops.
fn plain(mut documents: Vec<Plain>) -> Vec<Plain> {
    let mut images: HashMap<String, u32> = HashMap::new();
    documents.iter().flat_map(Plain::images).for_each(|image| *images.entry(image.clone()).or_default() += 1);
    for document in &mut documents {
        document.nodes.retain(|node| node.as_ref().map_or(true, |image| images[image] <= 10));
    }
    let pages = last(&documents, |document| document.url.clone());
    documents.retain(|document| pages[&document.url] == document.archive);
    let mut paragraphs: HashMap<(String, String), u32> = HashMap::new();
    for document in &documents {
        for paragraph in document.nodes.iter().filter_map(|node| node.as_ref().err()).flatten() {
            *paragraphs.entry((document.host(), paragraph.clone())).or_default() += 1;
        }
    }
    for document in &mut documents {
        let host = document.host();
        for node in &mut document.nodes {
            if let Err(texts) = node {
                texts.retain(|text| text.contains("END_OF_DOCUMENT") || paragraphs[&(host.clone(), text.clone())] < 3);
            }
        }
        document.nodes.retain(|node| node.as_ref().map_or_else(|texts| !texts.is_empty(), |_| true));
    }
    documents.retain(|document| !document.nodes.is_empty());
    let set = |document: &Plain| document.images().cloned().collect::<BTreeSet<_>>();
    let sets = last(&documents, set);
    documents.retain(|document| document.images().next().is_none() || sets[&set(document)] == document.archive);
    documents
}

#[test]
fn real_pages_with_copies_lose_what_a_plain_script_of_the_reference_takes_away() {
    let Some(data) = obelisc_testkit::data_folder() else { return };
    let place = Place::new();
    let whole = read_gzip(&data.join("wcxb-dev-300.warc.gz"));
    // Three archives: the pages, the same, and the same where every third page has another URL on the same host.
    place.write("b.warc", &whole);
    place.write("c.warc", &whole);
    let marks = b"WARC-Target-URI: ";
    let mut changed = Vec::with_capacity(whole.len());
    let (mut at, mut number) = (0, 0);
    while at < whole.len() {
        let end = whole[at..].iter().position(|&byte| byte == b'\n').map_or(whole.len(), |end| at + end + 1);
        let line = &whole[at..end];
        if line.starts_with(marks) && line.ends_with(b"\r\n") {
            number += 1;
            changed.extend_from_slice(&line[..line.len() - 2]);
            changed.extend_from_slice(if number % 3 == 0 { b"?again=1\r\n" } else { b"\r\n" });
        } else {
            changed.extend_from_slice(line);
        }
        at = end;
    }
    place.write("a.warc", &changed);
    let inputs = ["a.warc", "b.warc", "c.warc"].map(|name| place.path(name));
    let shipped = std::fs::read_to_string(repository("pipelines/obelisc.toml")).unwrap();
    let begins = |table| shipped.find(table).unwrap();
    let rules = shipped[begins("\n[edits.odd_spaces]")..begins("\n[dedup]")].to_owned();
    let copies = &shipped[begins("\n[dedup]")..begins("\n[clean]")];
    let without = recipe(&rules).replace("\"dedup\", ", "");
    let before = place.path("before");
    run_recipe(&place.write("before.toml", without), &inputs, &before).ok();
    let documents: Vec<Plain> = rows(&before.join("dataset")).iter().map(Plain::from_row).collect();
    let expected: Vec<_> = plain(documents.clone()).iter().map(Plain::shown).collect();
    assert!(documents.len() > 300 && expected.len() * 2 < documents.len() && expected.len() > 50);

    let after = place.path("after");
    run_recipe(&place.write("after.toml", recipe(&format!("{rules}\n{copies}"))), &inputs, &after).ok();
    let found: Vec<_> = rows(&after.join("dataset")).iter().map(|row| Plain::from_row(row).shown()).collect();
    assert_eq!(found.len(), expected.len());
    for (found, expected) in found.iter().zip(&expected) {
        assert_eq!(found, expected);
    }
    for (unit, reason) in [
        ("documents", "duplicate_page_url"),
        ("documents", "duplicate_image_set"),
        ("paragraphs", "duplicate_paragraph"),
    ] {
        assert!(dropped(&after, unit, reason) > 0, "{reason}");
    }
}
