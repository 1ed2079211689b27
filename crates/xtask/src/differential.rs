//! Our tokenizer against html5ever's own, page by page: the same tree; and the same document where only what is wanted was parsed.

use std::fs::File;
use std::path::{Path, PathBuf};
use std::time::Instant;

use anyhow::{Result, ensure};
use clap::Args;
use obelisc_extract::{Decoded, Dom, Extractor, Failure, Input, Limits, Profile};
use obelisc_warc::{Archive, Item};

use crate::fuzz::damage;
use crate::{Random, data, root};

/// On which pages.
#[derive(Args, Debug)]
pub(crate) struct Differential {
    /// Archive [default: all of OBELISC_DATA, else the bundled one]
    #[arg(long, value_name = "FILE")]
    archive: Vec<PathBuf>,
    /// Damaged copies of each page that are compared as well
    #[arg(long, default_value_t = 0)]
    damaged: u64,
    /// Seed of the damage [default: another one each time]
    #[arg(long)]
    seed: Option<u64>,
}

/// Largest page of which damaged copies are made: small ones try more in the same time.
const MAX_DAMAGED_BYTES: usize = 256 << 10;

/// Compares; says whether there is no difference.
pub(crate) fn run(options: &Differential) -> Result<bool> {
    let archives = if options.archive.is_empty() { archives()? } else { options.archive.clone() };
    let mut random = Random(options.seed.unwrap_or_else(Random::seed));
    println!("differential: {} archives, --damaged {} --seed {}", archives.len(), options.damaged, random.0);
    let (extractor, mut different, started) = (extractor()?, 0, Instant::now());
    for archive in &archives {
        let (mut pages, mut copies) = (0, 0);
        let mut other = Vec::new();
        each_page(archive, |url, body| {
            pages += 1;
            let mut compare = |body: &[u8], what: &str| {
                if let Some(difference) = difference(body, &extractor) {
                    different += 1;
                    println!("DIFFERENT {url}{what}: {difference:.1000}");
                }
            };
            compare(body, "");
            if body.len() <= MAX_DAMAGED_BYTES {
                for _ in 0..options.damaged {
                    let seed = random.0;
                    compare(&damage(body, &other, &mut random), &format!(" damaged with {seed}"));
                    copies += 1;
                }
                other = body.to_vec();
            }
        })?;
        println!("{}: {pages} pages, {copies} damaged copies", archive.display());
    }
    println!("{different} differences, {:.0} s", started.elapsed().as_secs_f64());
    Ok(different == 0)
}

fn archives() -> Result<Vec<PathBuf>> {
    let Some(data) = data() else {
        eprintln!("OBELISC_DATA is not set: the bundled archive is used");
        return Ok(vec![root().join("tests/fixtures/quickstart.warc.gz")]);
    };
    let entries = std::fs::read_dir(&data)?.map(|entry| Ok(entry?.path())).collect::<Result<Vec<_>>>()?;
    let mut archives: Vec<PathBuf> =
        entries.into_iter().filter(|path| path.to_string_lossy().ends_with(".warc.gz")).collect();
    archives.sort();
    ensure!(!archives.is_empty(), "{} holds no archive", data.display());
    Ok(archives)
}

fn extractor() -> Result<Extractor> {
    Ok(Extractor::new(Profile::named("default")?, Limits::default()))
}

/// The HTML pages of an archive, with their URLs.
fn each_page(archive: &Path, mut page: impl FnMut(&str, &[u8])) -> Result<()> {
    let limits = obelisc_warc::Limits::default();
    let mut archive = Archive::open(File::open(archive)?, limits)?;
    while let Some(item) = archive.next_item()? {
        let Item::Record(record) = item else { continue };
        if !record.is_capture() {
            continue;
        }
        let Ok(response) = record.response(&limits) else { continue };
        let Ok(body) = response.body(&limits) else { continue };
        if !body.bytes.is_empty() && response.is_html(&body.bytes) {
            page(record.target_uri().unwrap_or_default(), &body.bytes);
        }
    }
    Ok(())
}

/// What tells apart how a page is read and how it should be.
pub(crate) fn difference(body: &[u8], extractor: &Extractor) -> Option<String> {
    let url = "https://compared.example/page";
    let decoded = obelisc_extract::decode(body, url, None, extractor.limits()).ok()?;
    let own = obelisc_extract::parse(&decoded.text, extractor.limits());
    let judged = obelisc_extract::parse_judged(&decoded.text, extractor.limits());
    match (&own, judged) {
        (Ok(own), Ok(judged)) => {
            if let Some(difference) = own.difference(&judged) {
                return Some(format!("html5ever reads {difference}"));
            }
        }
        // Only our reading has a budget of steps.
        (Err(_), _) => {}
        (Ok(_), Err(failure)) => return Some(format!("html5ever fails: {failure}")),
    }
    let document = |dom: Result<Dom, Failure>| document(url, &decoded, dom, extractor);
    let (whole, wanted) = (document(own), document(extractor.parse(&decoded.text)));
    (whole != wanted).then(|| {
        let same = whole.bytes().zip(wanted.bytes()).take_while(|(one, other)| one == other).count();
        let [whole, wanted] = [&whole, &wanted].map(|text| around(text, same));
        format!("the document has {whole}, and where only what is wanted is read, {wanted}")
    })
}

/// What stands in a text around that byte.
fn around(text: &str, at: usize) -> &str {
    let start = text.floor_char_boundary(at.saturating_sub(100));
    &text[start..text.floor_char_boundary(at + 200)]
}

fn document(url: &str, decoded: &Decoded<'_>, dom: Result<Dom, Failure>, extractor: &Extractor) -> String {
    let input = Input { url, warc_filename: "compared", ..Input::default() };
    match dom.and_then(|dom| extractor.document(&input, decoded, &dom)) {
        Ok(document) => format!("{document:?}"),
        Err(failure) => failure.to_string(),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn real_pages_are_read_as_by_html5ever() {
        let Some(data) = obelisc_testkit::data_folder() else { return };
        let extractor = extractor().unwrap();
        let mut pages = 0;
        for name in ["mozilla-dev.warc.gz", "wcxb-dev-300.warc.gz", "gimp-help-fr.warc.gz", "skimage-small.warc.gz"] {
            each_page(&data.join(name), |url, body| {
                pages += 1;
                assert_eq!(difference(body, &extractor), None, "{url}");
            })
            .unwrap();
        }
        assert!(pages > 1_000, "{pages} pages");
    }
}
