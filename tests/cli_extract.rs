//! `extract`: documents without a run.

use obelisc_testkit::picture::jpeg;
use obelisc_testkit::{ArchiveBuilder, Compression, HttpResponse, Wacz, gzip};
use serde_json::{Value, json};

use crate::archives::{page, quickstart, small, small_bytes, three_archives};
use crate::program::{Place, obelisc, run_of, run_recipe};

#[test]
fn a_page_on_standard_input_is_resolved_against_its_url() {
    let html = b"<p>Before.</p><img src=\"../img/a.png\" alt=\"An image\"><p>After.</p>";
    let call = || obelisc(["extract", "--whole-page", "-", "--url", "https://site.example/deep/page"]);
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
    let ended = obelisc(["extract", "--whole-page"]).path(quickstart()).ok();
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

/// URLs of documents.
fn urls(documents: &[Value]) -> Vec<&str> {
    documents.iter().map(|document| document["url"].as_str().unwrap()).collect()
}

#[test]
fn an_archive_on_standard_input_gives_what_its_file_gives() {
    let archive = small(ArchiveBuilder::new(Compression::GzipPerRecord), 5).finish();
    let wacz = Wacz::new().archive("data.warc.gz", &archive).finish().unwrap();
    let whole = small_bytes(Compression::GzipWhole, 5);
    for bytes in
        [archive.bytes, wacz, whole, small_bytes(Compression::Plain, 5), small_bytes(Compression::ZstdPerRecord, 5)]
    {
        let ended = obelisc(["extract", "-"]).reading(&bytes);
        assert_eq!(ended.code(), Some(0), "{ended}");
        let documents = ended.json_lines();
        let expected: Vec<_> = (0..5).map(|number| format!("https://small.example/page/{number}")).collect();
        assert_eq!(urls(&documents), expected);
        assert!(documents[4]["general_metadata"]["warc_filename"].as_str().unwrap().starts_with("stdin"), "{ended}");
        assert!(ended.stderr.contains("5 documents; 6 no pages: not_a_response 1, not_html 5"), "{ended}");
    }
}

#[test]
fn a_file_without_a_known_ending_is_told_by_its_bytes() {
    let place = Place::new();
    let saved = place.write("saved.php", page("/a.png"));
    let documents = obelisc(["extract"]).path(&saved).words(["--url", "https://site.example/x.php"]).ok().json_lines();
    assert_eq!(documents[0]["images"][1], "https://site.example/a.png");
    assert_eq!(documents[0]["general_metadata"]["warc_filename"], "saved.php");
    let crawl = place.write("crawl", small_bytes(Compression::GzipPerRecord, 2));
    assert_eq!(obelisc(["extract"]).path(&crawl).ok().json_lines().len(), 2);
}

#[test]
fn documents_stand_in_the_order_of_the_input_whatever_the_number_of_threads() {
    let place = Place::new();
    three_archives(&place, "crawl", 40);
    for number in 0..30 {
        place.write(&format!("crawl/pages/{number:02}.html"), format!("<p>{}", "Words. ".repeat(number * 100)));
    }
    let call = |threads| obelisc(["extract"]).path(&place.path("crawl")).words(["--threads", threads]).ok();
    let one = call("1");
    assert_eq!(one.json_lines().len(), 3 * 40 + 30);
    for threads in ["2", "5"] {
        let ended = call(threads);
        assert!(ended.stdout == one.stdout, "{threads} threads");
        assert_eq!(ended.stderr, one.stderr);
    }
    let several = obelisc(["extract"]).path(&place.path("crawl/pages")).path(&place.path("crawl/crawl-1.warc"));
    assert_eq!(several.ok().json_lines().len(), 30 + 40);
}

#[test]
fn a_page_that_fails_is_told_with_its_reason_and_the_others_are_printed() {
    let place = Place::new();
    place.write("site/1.html", "<p>One.");
    place.write("site/2.html", "");
    place.write("site/3.html", "<div>".repeat(2000));
    place.write("site/4.html", "<p>Four.");
    let ended = obelisc(["extract"]).path(&place.path("site")).ok();
    assert_eq!(urls(&ended.json_lines()), ["file:///site/1.html", "file:///site/4.html"]);
    let lines: Vec<&str> = ended.stderr.lines().collect();
    assert_eq!(lines.len(), 3, "{ended}");
    assert_eq!(lines[0], "site/2.html at 0: file:///site/2.html: no document: empty_body (the body has no bytes)");
    assert!(lines[1].starts_with("site/3.html at 0: file:///site/3.html: no document: too_deep ("), "{ended}");
    assert_eq!(lines[2], "2 documents; 2 failed: empty_body 1, too_deep 1");
    let quiet = obelisc(["extract", "--quiet"]).path(&place.path("site")).ok();
    assert_eq!(quiet.stderr.lines().count(), 2, "{quiet}");

    let alone = obelisc(["extract"]).path(&place.path("site/3.html")).fails(1);
    assert!(alone.stderr.contains("too_deep"), "{alone}");
    alone.one_error(["site/3.html", "no document"]);
    assert!(alone.stdout.is_empty());
    let nothing = obelisc(["extract", "-"]).reading(b"");
    assert_eq!(nothing.code(), Some(1), "{nothing}");
    assert!(nothing.stderr.contains("stdin at 0: about:blank: no document: empty_body"), "{nothing}");
}

#[test]
fn a_failure_in_an_archive_names_its_place_and_url_without_obeying_them() {
    let url = "https://a.example/\u{1b}[31mred";
    let builder = ArchiveBuilder::new(Compression::Plain).warcinfo();
    let bomb = HttpResponse::new("text/html", vec![0x1f; 500]).header("Content-Encoding", "gzip");
    let archive = builder.response(url, &bomb).finish();
    let offset = archive.members[1].offset;
    let place = Place::new();
    let ended = obelisc(["extract"]).path(&place.write("a.warc", archive.bytes)).fails(1);
    let expected =
        format!("a.warc at {offset}: https://a.example/\\u{{1b}}[31mred: no document: damaged_content_encoding");
    assert!(ended.stderr.contains(&expected), "{ended}");
}

#[test]
fn calls_that_mean_nothing_are_refused() {
    let place = Place::new();
    let (one, _) = (place.write("site/one.html", "<p>One."), place.write("site/two.html", "<p>Two."));
    let archive = place.write("a.warc", small_bytes(Compression::Plain, 1));
    let url = ["--url", "https://a.example/"];
    obelisc(["extract"]).path(&place.path("site")).words(url).fails(2).one_error(["--url names one page"]);
    obelisc(["extract"]).path(&archive).words(url).fails(2).one_error(["--url names one page"]);
    obelisc(["extract", "-"]).path(&one).fails(2).one_error(["standard input"]);
    obelisc(["extract", "@"]).fails(2).one_error(["a list without a name"]);
    obelisc(["extract", ""]).fails(2).one_error(["an empty name"]);
    obelisc(["extract", "/nowhere/\u{1b}.html"]).fails(3).one_error(["/nowhere/\\u{1b}.html: not found"]);
    let empty = place.write("empty.txt", "# none\n");
    obelisc(["extract", &format!("@{}", empty.display())]).fails(3).one_error(["name nothing"]);
    obelisc(["extract", "ftp://bucket/a.warc.gz"]).fails(2).one_error(["ftp"]);
    obelisc(["extract"]).fails(2);
    assert!(obelisc(["extract", "--threads", "0"]).path(&one).fails(2).stderr.contains("--threads"));
}

#[test]
fn a_url_must_be_one_that_a_page_can_have() {
    let place = Place::new();
    let page = place.write("one.html", "<p>One.");
    for url in [
        "a.example/page",
        "/page",
        "ftp://a.example/",
        "file:///a.html",
        "http://",
        "https:a.example",
        " http://a.b/",
        "",
    ] {
        let ended = obelisc(["extract"]).path(&page).words(["--url", url]).fails(2);
        assert!(ended.stderr.contains("absolute http or https URL"), "{ended}");
        assert!(ended.stdout.is_empty());
    }
    let long = format!("https://a.example/{}", "a".repeat(20_000));
    let ended = obelisc(["extract"]).path(&page).words(["--url", &long]).fails(1);
    assert!(ended.stderr.contains("no document: no_url (URL of 20018 bytes, max"), "{ended}");
    obelisc(["extract"]).path(&page).words(["--url", "HTTPS://a.example:8080/x?y#z"]).ok();
}

#[test]
fn a_url_for_an_archive_is_refused_wherever_the_archive_comes_from() {
    let place = Place::new();
    let archive = small_bytes(Compression::GzipPerRecord, 1);
    let url = ["--url", "https://a.example/"];
    let ended = obelisc(["extract", "-"]).words(url).reading(&archive);
    assert_eq!((ended.code(), ended.stdout.as_str()), (Some(2), ""), "{ended}");
    ended.one_error(["--url names one page", "stdin is an archive"]);
    let unnamed = place.write("crawl", archive);
    obelisc(["extract"]).path(&unnamed).words(url).fails(2).one_error(["--url names one page", "crawl is an archive"]);
}

#[test]
fn images_that_have_no_url_to_be_resolved_against_are_told_once() {
    let place = Place::new();
    let html = "<p>One.<img src=a.jpg><p>Two.<img src=data:, data-src=/b.jpg><noscript><img src=/b.jpg></noscript>\
        <p>Three.<img src=https://c.example/c.jpg><img src='data:image/gif;base64,R0'>";
    let page = place.write("site/one.html", html);
    place.write("site/two.html", "<p>Two.<img src=//a.example/d.jpg>");
    let alone = obelisc(["extract", "--whole-page"]).path(&page).ok();
    let note = "note: 2 images were left out: relative addresses need the page's URL; give it by --url, \
        or by a <base href> in the page\n";
    assert_eq!(alone.stderr, note);
    let document = &alone.json_lines()[0];
    assert_eq!(document["general_metadata"]["unresolved_images"], json!(["/b.jpg", "a.jpg"]));
    assert_eq!(document["images"].as_array().unwrap().iter().filter(|image| !image.is_null()).count(), 1);
    let piped = obelisc(["extract", "--whole-page", "-"]).reading(html.as_bytes());
    assert_eq!(piped.stderr, note);
    let several = obelisc(["extract", "--threads", "2"]).path(&place.path("site")).ok();
    assert_eq!(several.stderr.matches("3 images were left out").count(), 1, "{several}");
    assert!(several.stderr.contains("--url, one page at a time, or by"), "{several}");
    assert_eq!(obelisc(["extract", "--quiet"]).path(&page).ok().stderr, "");

    let based = place.write("based.html", format!("<base href=https://b.example/>{html}"));
    for call in
        [obelisc(["extract"]).path(&page).words(["--url", "http://a.example/"]), obelisc(["extract"]).path(&based)]
    {
        let ended = call.ok();
        assert_eq!((ended.stderr.as_str(), ended.stdout.contains("unresolved_images")), ("", false), "{ended}");
    }
}

#[test]
fn images_that_have_no_url_to_be_resolved_against_are_in_the_accounts_of_a_run() {
    let place = Place::new();
    place.write(
        "site/one.html",
        "<p>One.<img src=a.jpg><p>Two.<img src=b.jpg><p>Three.<img src=https://c.example/c.jpg>",
    );
    for profile in ["default", "obelisc"] {
        let recipe =
            format!("stages = [\"extract\", \"finish\"]\nextract.profile = \"{profile}\"\nfinish.images = \"url\"\n");
        let output = place.path(profile);
        run_recipe(&place.write("r.toml", recipe), &[place.path("site")], &output).ok();
        let status = obelisc(["status"]).path(&output).word("--json").ok().json();
        let images = &status["steps"][0]["accounts"]["images"];
        assert_eq!((&images["in"], &images["kept"]), (&Value::from(3), &Value::from(1)), "{status}");
        assert_eq!(images["failed"]["no_base_url"], 2, "{status}");
        let explained = obelisc(["explain"]).path(&output).words(["--url", "file:///site/one.html"]).ok();
        for address in ["a.jpg", "b.jpg"] {
            assert!(explained.stdout.contains(&format!("failed no_base_url  {address}")), "{explained}");
        }
    }
}

#[test]
fn a_file_that_is_no_page_is_told_by_what_it_is() {
    let place = Place::new();
    let noise: Vec<u8> = (0..4000_u32).map(|number| (number.wrapping_mul(2_654_435_761) >> 13) as u8).collect();
    for (name, bytes, what) in [
        ("paper.pdf", b"%PDF-1.7\n<p>Words.".to_vec(), "a PDF document"),
        ("picture.jpg", jpeg(1, 20, 20), "a JPEG image"),
        ("picture.html", jpeg(1, 20, 20), "a JPEG image"),
        ("noise.bin", noise.clone(), "binary data"),
        ("paper.html.gz", gzip(b"%PDF-1.7"), "a PDF document inside gzip"),
    ] {
        let ended = obelisc(["extract"]).path(&place.write(name, &bytes)).fails(1);
        assert!(ended.stderr.contains(&format!("no document: not_html ({what})")), "{ended}");
        assert!(ended.stdout.is_empty());
    }
    let piped = obelisc(["extract", "-"]).reading(&noise);
    assert_eq!(piped.code(), Some(1), "{piped}");
    assert!(piped.stderr.contains("not_html (binary data)"), "{piped}");
    // Words without a tag are a page as well.
    obelisc(["extract"]).path(&place.write("notes.txt", "Words alone.")).ok();

    let site = place.write("site/picture.html", jpeg(1, 20, 20));
    place.write("site/page.html", "<p>Words.");
    let recipe = place.write("r.toml", "stages = [\"extract\", \"finish\"]\nfinish.images = \"url\"\n");
    let output = place.path("out");
    run_recipe(&recipe, &[site.parent().unwrap()], &output).ok();
    let failures = obelisc(["status", "--failures"]).path(&output).ok();
    assert_eq!(failures.stdout, "site/picture.html at 0: file:///site/picture.html: not_html a JPEG image\n");
}

#[test]
fn a_compressed_page_is_read() {
    let place = Place::new();
    let html = page("/a.png");
    let piped = |bytes: &[u8]| obelisc(["extract", "-", "--url", "https://a.example/"]).reading(bytes).json_lines();
    let plain = piped(html.as_bytes());
    let zipped = gzip(html.as_bytes());
    for name in ["page.html.gz", "page.php.gz", "page.html", "page"] {
        let call = obelisc(["extract"]).path(&place.write(name, &zipped)).words(["--url", "https://a.example/"]);
        let documents = call.ok().json_lines();
        assert_eq!((&documents[0]["texts"], &documents[0]["images"]), (&plain[0]["texts"], &plain[0]["images"]));
        assert_eq!(documents[0]["general_metadata"]["warc_record_length"], zipped.len());
    }
    assert_eq!(piped(&zipped)[0]["texts"], plain[0]["texts"]);

    let bomb = place.write("bomb.html.gz", gzip(&vec![b' '; 200 << 20]));
    let ended = obelisc(["extract"]).path(&bomb).fails(1);
    assert!(ended.stderr.contains("no document: body_too_large (gzip: more than"), "{ended}");
    let cut = place.write("cut.html.gz", &zipped[..zipped.len() - 10]);
    let ended = obelisc(["extract"]).path(&cut).fails(1);
    assert!(ended.stderr.contains("no document: damaged_content_encoding (gzip: the file ends early)"), "{ended}");
}

#[test]
fn whole_page_says_where_it_changes_nothing() {
    let place = Place::new();
    let page = place.write("one.html", "<p>One.");
    let call = |profile| obelisc(["extract", "--whole-page", "--profile", profile]).path(&page);
    assert_eq!(call("default").ok().stderr, "");
    let note = "note: --whole-page changes nothing: profile obelisc always keeps the whole page\n";
    assert_eq!(call("obelisc").ok().stderr, note);
    assert_eq!(call("obelisc").word("--quiet").ok().stderr, "");
}
