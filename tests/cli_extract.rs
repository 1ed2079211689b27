//! `extract`: documents without a run.

use obelisc_testkit::Compression;

use crate::archives::{quickstart, small_bytes};
use crate::program::{Place, obelisc, run_of};

#[test]
fn a_page_on_standard_input_is_resolved_against_its_url() {
    let html = b"<p>Before.</p><img src=\"../img/a.png\" alt=\"An image\"><p>After.</p>";
    let call = || obelisc(["extract", "-", "--url", "https://site.example/deep/page"]);
    let ended = call().reading(html);
    assert_eq!(ended.code(), Some(0), "{ended}");
    let documents = ended.json_lines();
    assert_eq!(documents.len(), 1);
    let document = &documents[0];
    assert_eq!(document["url"], "https://site.example/deep/page");
    assert_eq!(document["texts"], serde_json::json!(["Before.", null, "After."]));
    assert_eq!(document["images"], serde_json::json!([null, "https://site.example/img/a.png", null]));
    assert_eq!(document["metadata"][1]["unformatted_src"], "../img/a.png");
    assert_eq!(call().reading(html).stdout, ended.stdout);
}

#[test]
fn an_archive_gives_as_many_documents_as_a_run_extracts_and_the_same() {
    let place = Place::new();
    let output = place.path("out");
    run_of(&[quickstart()], &output).ok();
    let status = obelisc(["status"]).path(&output).word("--json").ok().json();
    let kept = status["steps"][0]["accounts"]["documents"]["kept"].as_u64().unwrap();
    let ended = obelisc(["extract"]).path(quickstart()).ok();
    let documents = ended.json_lines();
    assert_eq!(documents.len() as u64, kept);
    assert!(ended.stderr.contains("damaged_member"), "{ended}");
    for document in documents {
        let url = document["url"].as_str().unwrap();
        let found = obelisc(["explain"]).path(&output).words(["--json", "--url", url]).ok().json();
        assert_eq!(found["documents"][0]["extracted"], document, "{url}");
    }
}

#[test]
fn pages_and_folders_of_pages_are_read() {
    let place = Place::new();
    let page = place.write("site/one.html", "<p>The first page.</p>");
    place.write("site/two.html", "<p>The second page.</p>");
    let one = obelisc(["extract"]).path(&page).words(["--url", "https://site.example/"]).ok().json_lines();
    assert_eq!(one[0]["url"], "https://site.example/");
    let all = obelisc(["extract"]).path(&place.path("site")).ok().json_lines();
    let texts: Vec<_> = all.iter().map(|document| document["texts"][0].as_str().unwrap()).collect();
    assert_eq!(texts, ["The first page.", "The second page."]);
}

#[test]
fn what_gives_no_document_is_told_by_the_exit_code() {
    let place = Place::new();
    let list = place.write("list.warc", "bread, butter, tea\n".repeat(50));
    let ended = obelisc(["extract"]).path(&list).fails(1);
    assert!(ended.stderr.contains("not_an_archive"), "{ended}");
    obelisc(["extract", "/nowhere/page.html"]).fails(3).one_error(["/nowhere/page.html", "not found"]);
    let archive = place.write("a.warc", small_bytes(Compression::Plain, 1));
    let ended = obelisc(["extract", "--profile", "nobody"]).path(&archive).fails(2);
    ended.one_error(["nobody", "default"]);
}
