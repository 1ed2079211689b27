//! Key tables of made-up documents, through the code that makes them of real ones.

use std::path::Path;

use anyhow::Result;
use obelisc_document::table::{DuplicateKey, Table as _};
use obelisc_document::{Content, DocId, Document, Node, Page, paragraphs};
use obelisc_pipeline::duplicates::key_rows;
use obelisc_storage::LocalFolder;
use obelisc_storage::parquet::Writer;

use super::Part;
use super::ours::in_turns;
use crate::Random;

/// Rows of a file: what an archive gives.
const ROWS_PER_FILE: u64 = 500_000;

/// Paragraphs of a document: most are nowhere else, some come again in their domain, two of four are on every page.
const UNIQUE: u64 = 14;
const REPEATED: u64 = 4;
const ON_EVERY_PAGE: u64 = 2;

/// Of a hundred pages those that are captured again and again, and those that are a domain's first page.
const AGAIN: usize = 12;
const FIRST: usize = 3;

/// Documents of which a domain of its own would come.
const DOCUMENTS_PER_DOMAIN: u64 = 50;

/// Files of key tables in a folder, by number.
pub(super) fn files(rows: u64) -> Vec<String> {
    (0..rows.div_ceil(ROWS_PER_FILE)).map(|file| format!("keys/{file:06}.parquet")).collect()
}

/// Writes key tables of so many rows; gives their bytes.
pub(super) fn write(part: Part, rows: u64, folder: &Path) -> Result<u64> {
    let storage = LocalFolder::create(folder)?;
    let made = Made { part, documents: (rows / part.rows_per_document()).max(1) };
    let files = files(rows);
    let threads = std::thread::available_parallelism().map_or(1, usize::from);
    let written = in_turns(threads, u32::try_from(files.len())?, |file| {
        let first = u64::from(file) * ROWS_PER_FILE;
        let count = ROWS_PER_FILE.min(rows - first) / part.rows_per_document();
        let mut random = Random(u64::from(file));
        let documents = (0..count).map(|row| (made.document(file, row, &mut random), row as u32));
        let comparison = [part.comparison()];
        let mut keys: Vec<DuplicateKey> = documents
            .flat_map(|(document, row)| key_rows(&comparison, &document, file, row).collect::<Vec<_>>())
            .collect();
        keys.sort_unstable();
        let mut writer = Writer::create(&storage, &format!("keys/{file:06}.parquet"), DuplicateKey::schema())?;
        for rows in keys.chunks(1024) {
            writer.write(&DuplicateKey::to_batch(rows)?)?;
        }
        Ok(writer.finish()?.bytes)
    })?;
    Ok(written.iter().sum())
}

impl Part {
    const fn rows_per_document(self) -> u64 {
        match self {
            Self::Paragraphs => UNIQUE + REPEATED + ON_EVERY_PAGE,
            Self::Pages => 1,
        }
    }
}

/// A collection of so many documents.
struct Made {
    part: Part,
    documents: u64,
}

impl Made {
    fn document(&self, file: u32, row: u64, random: &mut Random) -> Document {
        // A domain's documents are as many as its rank is low.
        let domains = (self.documents / DOCUMENTS_PER_DOMAIN).max(2) as f64;
        let rank = domains.powf(random.below(1 << 30) as f64 / f64::from(1 << 30)).floor();
        let expected = self.documents as f64 * (1.0 + 1.0 / rank).ln() / domains.ln();
        let site = format!("https://www.domain-{rank}.example/");
        let (page, nodes) = match self.part {
            Part::Paragraphs => {
                // About three of each.
                let repeated = (expected * REPEATED as f64 / 3.0) as usize + 1;
                let texts = (0..UNIQUE).map(|k| format!("The {k}th paragraph of row {row} of file {file}."));
                let mut texts: Vec<String> = texts.collect();
                texts.extend((0..REPEATED).map(|_| format!("News of the day, number {}.", random.below(repeated))));
                texts.extend((0..ON_EVERY_PAGE).map(|_| format!("Menu entry {}.", random.below(4))));
                let content = Content::Text(paragraphs(&texts.join("\n\n")));
                (Page { url: site, ..Page::default() }, vec![Node { ordinal: 0, content }])
            }
            Part::Pages => {
                let url = match random.below(100) {
                    first if first < FIRST => site,
                    again if again < FIRST + AGAIN => {
                        let again = (expected * AGAIN as f64 / 100.0 / 3.0) as usize + 1;
                        format!("{site}news/{}.html", random.below(again))
                    }
                    _ => format!("{site}{file}/{row}.html"),
                };
                let [month, day, hour] = [12, 28, 24].map(|bound| random.below(bound));
                let warc_date = format!("2024-{:02}-{:02}T{hour:02}:00:00Z", month + 1, day + 1);
                (Page { url, warc_date, ..Page::default() }, Vec::new())
            }
        };
        Document { id: DocId::new(&format!("archive-{file}.warc.gz"), row, 0), page, nodes }
    }
}
