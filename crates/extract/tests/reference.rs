//! Profile `obelisc` against what the reference's own code gave on real pages (`OBELISC_DATA`).
//!
//! The target are the `…_nobs4` columns: the page as decoded.  The other columns were made from a rewrite of the page by BeautifulSoup, which
//! is not imitated; it changes texts or images of 9 of 362 pages.
//!
//! Differences known, all others being failures:
//!
//! | record | what differs | why |
//! |---|---|---|
//! | `charset-pages.warc.gz` 19 | characters beyond ASCII | declared to be UTF-8, but three bytes are windows-1252, so that no declared charset decodes all. The reference then reads the whole page as what a library guesses, ISO 8859-10 here; this crate guesses windows-1250 |

#![expect(clippy::unwrap_used, reason = "a test ends where something fails")]
#![expect(clippy::print_stdout, reason = "the shares are what one wants to know")]

use std::collections::HashMap;
use std::path::Path;

use obelisc_document::Reason;
use obelisc_extract::{Extractor, Input, Limits, Profile};
use obelisc_testkit::{data_folder, read_gzip};
use serde_json::Value;

/// A response of an archive whose bodies are stored as they are.
struct Response {
    url: String,
    charset: Option<String>,
    body: Vec<u8>,
}

/// The first blank line: what stands before it, and what behind.
fn split_header(bytes: &[u8]) -> (&str, &[u8]) {
    let end = bytes.windows(4).position(|bytes| bytes == b"\r\n\r\n").unwrap();
    (std::str::from_utf8(&bytes[..end]).unwrap(), &bytes[end + 4..])
}

fn responses(archive: &Path) -> Vec<Response> {
    let bytes = read_gzip(archive);
    let (mut rest, mut responses) = (bytes.as_slice(), Vec::new());
    while !rest.is_empty() {
        let (header, after) = split_header(rest);
        let field = |name: &str| {
            let line = header.lines().find(|line| line.starts_with(name))?;
            Some(line[name.len()..].trim_start_matches(':').trim())
        };
        let (block, after) = after.split_at(field("Content-Length").unwrap().parse().unwrap());
        rest = &after[4..];
        if field("WARC-Type") == Some("response") {
            let url = field("WARC-Target-URI").unwrap().trim_matches(['<', '>']).to_owned();
            let charset = field("WARC-Identified-Content-Charset").map(str::to_owned);
            responses.push(Response { url, charset, body: split_header(block).1.to_vec() });
        }
    }
    responses
}

fn lines(file: &Path) -> Vec<Value> {
    let text = String::from_utf8(read_gzip(file)).unwrap();
    text.lines().map(|line| serde_json::from_str(line).unwrap()).collect()
}

/// Texts, images and metadata of a page; what we add to the metadata left out.
fn extract(extractor: &Extractor, response: &Response) -> [Value; 3] {
    let input = Input {
        body: &response.body,
        url: &response.url,
        // Never asked: a charset that decodes nothing.
        http_content_type: Some("text/html; charset=replacement"),
        warc_charset: response.charset.as_deref(),
        ..Input::default()
    };
    let mut json = extractor.extract(&input).unwrap().to_json().unwrap();
    for metadata in json.metadata.iter_mut().flatten() {
        metadata.as_object_mut().unwrap().remove("source");
    }
    [json.texts.into(), json.images.into(), json.metadata.into()]
}

/// How many pages were compared, and how many are equal.
#[derive(Debug, Default)]
struct Shares {
    pages: usize,
    /// Texts and images of the page as decoded.
    equal: usize,
    /// Their metadata as well.
    equal_metadata: usize,
    /// Texts and images of the page as rewritten.
    equal_rewritten: usize,
    /// Records whose texts or images differ.
    different: Vec<u64>,
}

/// Compares all rows of a golden file that `counts` takes.
fn compare(data: &Path, golden: &str, archive: Option<&str>, counts: impl Fn(&Value) -> bool) -> Shares {
    let extractor = Extractor::new(Profile::named("obelisc").unwrap(), Limits::default());
    let mut archives: HashMap<String, Vec<Response>> = HashMap::new();
    let mut shares = Shares::default();
    for row in lines(&data.join("reference").join(golden)).iter().filter(|row| counts(row)) {
        let name = archive.or(row["warc"].as_str()).unwrap();
        let responses = archives.entry(name.to_owned()).or_insert_with(|| responses(&data.join(name)));
        let response = &responses[row["record"].as_u64().unwrap() as usize];
        assert_eq!(row["url"], *response.url);
        let [texts, images, metadata] = extract(&extractor, response);
        let equal = texts == row["texts_nobs4"] && images == row["images_nobs4"];
        let equal_metadata = equal && metadata == row["metadata_nobs4"];
        if !equal_metadata {
            println!("{name} {}: texts and images equal: {equal}", row["record"]);
        }
        if !equal {
            shares.different.push(row["record"].as_u64().unwrap());
        }
        shares.pages += 1;
        shares.equal += usize::from(equal);
        shares.equal_metadata += usize::from(equal_metadata);
        shares.equal_rewritten += usize::from(texts == row["texts"] && images == row["images"]);
    }
    println!("{golden}: {shares:?}");
    shares
}

#[test]
fn real_pages_give_what_the_reference_gives() {
    let Some(data) = data_folder() else { return };
    let shares = compare(&data, "extraction.jsonl.gz", None, |_| true);
    assert_eq!(shares.pages, 362);
    assert!(shares.equal * 100 >= shares.pages * 99, "{shares:?}");
    assert!(shares.equal_metadata * 100 >= shares.pages * 99, "{shares:?}");
    assert!(shares.equal_rewritten * 100 >= shares.pages * 97, "{shares:?}");
}

#[test]
fn declared_charsets_are_used_as_the_reference_uses_them() {
    let Some(data) = data_folder() else { return };
    let archive = Some("reference/charset-pages.warc.gz");
    let all = compare(&data, "extraction-charsets.jsonl.gz", archive, |_| true);
    assert_eq!(all.pages, 57);
    let declared = compare(&data, "extraction-charsets.jsonl.gz", archive, |row| row["charset_source"] != "detected");
    assert_eq!(declared.pages, 39);
    // The table above says why.
    assert!(all.different.iter().all(|record| *record == 19), "{all:?}");
}

#[test]
fn pages_that_mean_harm_are_read_or_refused_with_a_reason() {
    let extractor = Extractor::new(Profile::named("obelisc").unwrap(), Limits::default());
    let nodes = |page: &str| {
        let input = Input { body: page.as_bytes(), url: "https://example.org/", ..Input::default() };
        extractor.extract(&input).map(|document| document.nodes.len()).map_err(|failure| failure.reason)
    };
    assert_eq!(nodes(""), Err(Reason::EmptyBody));
    assert_eq!(nodes(&"<div>".repeat(100_000)), Err(Reason::TooDeep));
    assert_eq!(nodes(&"<p>a".repeat(600_000)), Err(Reason::TooManyNodes));
    assert_eq!(nodes(&"<img src=a>".repeat(20_001)), Err(Reason::DocumentTooLong));
    // Chains that unnest, empty leaves in empty leaves, special elements in special elements, each hundreds deep and many.
    let chain = format!("{}a{}", "<div> ".repeat(300), "</div>".repeat(300));
    assert_eq!(nodes(&chain.repeat(200)), Ok(1));
    let empty = format!("{}{}", "<div> ".repeat(300), "</div>".repeat(300));
    assert_eq!(nodes(&empty.repeat(200)), Ok(0));
    let menus = format!("{}{}", "<div id=menu class=footer>a".repeat(300), "</div>".repeat(300));
    assert_eq!(nodes(&menus.repeat(200)), Ok(0));
    // What is searched for, and never found to its end.
    let charsets = format!("<meta {}", "charset=".repeat(1_000_000));
    assert!(nodes(&charsets).is_ok_and(|nodes| nodes <= 1));
    for piece in ["<!--", "<meta ", "<meta charset", "<?xml encoding='", "</>", "<search", "\n", "<br"] {
        assert!(nodes(&piece.repeat(1_000_000)).is_ok_and(|nodes| nodes <= 1), "{piece}");
    }
    for end in ["<", "</", "<!", "<!--", "<img src=", "&#x", "<title>", "\0\0", "<script>", "<svg><p", "<!doctype"] {
        assert!(nodes(&format!("<p>a</p>{end}")).is_ok_and(|nodes| nodes > 0), "{end}");
    }
}
