#![allow(clippy::disallowed_methods, reason = "tests make files")]

use std::collections::BTreeSet;
use std::fs;

use obelisc_testkit::gzip;

use super::*;

static GO_ON: AtomicBool = AtomicBool::new(false);

fn reading() -> Reading<'static> {
    Reading { stop: &GO_ON, watch: &|_| {} }
}

/// All texts, those of a document together, and the tally.
fn texts(corpus: Corpus, workers: usize) -> Result<(BTreeSet<String>, Tally), Error> {
    let mut found = vec![BTreeSet::new(); workers];
    let tally = corpus.read(reading(), &mut found, |found, piece| {
        piece.documents(|document| {
            found.insert(document.texts.join("|"));
            Ok(())
        })
    })?;
    Ok((found.into_iter().flatten().collect(), tally))
}

fn corpus(files: &[(&str, &[u8])]) -> (tempfile::TempDir, Vec<String>) {
    let root = tempfile::tempdir().unwrap();
    let names = files.iter().map(|(name, bytes)| {
        let path = root.path().join(name);
        fs::write(&path, bytes).unwrap();
        path.to_str().unwrap().to_owned()
    });
    let names = names.collect();
    (root, names)
}

#[test]
fn documents_are_read_from_every_kind_of_file() {
    let lines = b"{\"texts\": [\"a\\n\", null, \"b\"], \"images\": [null, \"x\", null]}\n\n{\"text\": \"c\"}";
    let files: [(&str, &[u8]); 4] =
        [("a.jsonl", lines), ("b.txt.gz", &gzip(b"plain {text}")), ("c", b" {\"text\": \"d\"}"), ("d", b"no ending")];
    let (_root, names) = corpus(&files);
    for workers in [1, 3] {
        let pipe = gzip(b"{\"text\": \"piped\"}\n");
        let corpus = Corpus::find(&names, Some(Box::new(Cursor::new(pipe)))).unwrap();
        assert_eq!(corpus.files(), 5);
        let (found, tally) = texts(corpus, workers).unwrap();
        assert_eq!(Vec::from_iter(&found), ["a\n|b", "c", "d", "no ending", "piped", "plain {text}"]);
        assert_eq!(tally, Tally { documents: 6, ..Tally::default() });
    }
}

#[test]
fn a_line_that_is_no_document_costs_itself() {
    let long =
        [b"{\"text\": \"".to_vec(), vec![b'a'; MAX_LINE_BYTES], b"\"}\n{\"text\": \"behind\"}\n[".to_vec()].concat();
    let files: [(&str, &[u8]); 3] =
        [("a.jsonl", b"{\"text\": \"one\"}\n{\"texts\": 3}\nx\n{}\n"), ("b.jsonl", &long), ("c.txt", b"caf\xe9")];
    let (_root, names) = corpus(&files);
    let (found, tally) = texts(Corpus::find(&names, None).unwrap(), 2).unwrap();
    assert_eq!(Vec::from_iter(&found), ["behind", "caf\u{fffd}", "one"]);
    assert_eq!((tally.documents, tally.damaged, tally.not_utf8), (3, 5, 1));
    let first = tally.first_damage.unwrap();
    assert_eq!((first.line, first.file.ends_with("a.jsonl")), (2, true), "{first}");
}

#[test]
fn a_file_that_is_cut_ends_the_reading() {
    let whole = gzip("words ".repeat(1000).as_bytes());
    let (_root, names) = corpus(&[("a.txt.gz", &whole[..whole.len() - 10])]);
    let error = texts(Corpus::find(&names, None).unwrap(), 1).unwrap_err();
    assert!(error.to_string().contains("a.txt.gz: gzip: the file ends early"), "{error}");
    let (_root, names) = corpus(&[("a.parquet", b"PAR1 and nothing else")]);
    let error = texts(Corpus::find(&names, None).unwrap(), 1).unwrap_err();
    assert!(matches!(error, Error::Storage(obelisc_storage::Error::Damaged { .. })), "{error}");
}

#[test]
fn the_first_error_of_a_worker_ends_the_reading() {
    let text = b"{\"text\": \"a\"}\n".repeat(200_000);
    let (_root, names) = corpus(&[("a.jsonl", &text)]);
    let refuse = |(): &mut (), _: &Piece| Err(Error::Nothing("enough".to_owned()));
    let corpus = Corpus::find(&names, None).unwrap();
    assert_eq!(corpus.read(reading(), &mut [(), ()], refuse).unwrap_err().to_string(), "enough");
    let stop = AtomicBool::new(true);
    let corpus = Corpus::find(&names, None).unwrap();
    let ended = corpus.read(Reading { stop: &stop, watch: &|_| {} }, &mut [()], |(), _| Ok(Tally::default()));
    assert!(matches!(ended, Err(Error::Interrupted)));
}
