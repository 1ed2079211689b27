//! What tasks would have left: as many names, numbers and files as those of real archives leave.

use obelisc_document::Document;
use obelisc_document::account::Accounts;
use obelisc_document::table::{Answer, Band, Capture, DocumentSize, DuplicateKey, Failure, ImageReference, Table as _};
use obelisc_pipeline::File;
use obelisc_pipeline::pretend::{Left, Pretended};
use serde_json::{Value, json};

/// Why documents and what is in them go, as rules are called.
const REASONS: [&str; 8] = [
    "document.word_count",
    "document.character_repetition",
    "document.word_repetition",
    "document.special_characters",
    "document.stop_words",
    "document.flagged_words",
    "document.language",
    "document.common_words",
];

/// How many come out of an archive, pass `extract`, and pass `filter`.
const UNITS: [(&str, [u64; 3]); 3] =
    [("documents", [480, 400, 320]), ("images", [2_080, 2_000, 1_920]), ("text_nodes", [9_080, 9_000, 8_920])];

/// What a task left.  Of steps of few tasks, whose files are looked for, that is nothing.
pub(super) fn left(task: &Pretended<'_>) -> Left {
    let tables: &[&str] = match task.step {
        "extract" => &[Document::NAME, Failure::NAME, Capture::NAME],
        "harvest" => &[Answer::NAME],
        step if step.starts_with("keys") => &[DuplicateKey::NAME, Band::NAME],
        step if ["filter", "apply", "clean"].contains(&step) || step.starts_with("compact") => {
            &[Document::NAME, "judgements", ImageReference::NAME, DocumentSize::NAME]
        }
        _ => return Left::default(),
    };
    let file = |table: &&str| File {
        table: (*table).to_owned(),
        key: format!("{}/{table}/{:06}-{:016x}.parquet", task.folder, task.task, spread(task.task) >> 64),
        rows: 320,
        bytes: 1_234_567,
        digest: format!("{:032x}", spread(task.task)),
    };
    let facts = match task.step {
        "extract" => json!({"sha256": "0".repeat(64), "records": 30_000, "records_digest": "0".repeat(32)}),
        "harvest" => json!({"segment": segment(task.task)}),
        _ => Value::Null,
    };
    Left { files: tables.iter().map(file).collect(), accounts: accounts(task.step), facts }
}

fn accounts(step: &str) -> Accounts {
    let mut accounts = Accounts::default();
    for (unit, [all, extracted, filtered]) in UNITS {
        let flow = accounts.unit(unit);
        (flow.entered, flow.kept) = match step {
            "extract" => (all, extracted),
            "filter" => (extracted, filtered),
            _ => (filtered, filtered),
        };
        let gone = flow.entered - flow.kept;
        let each = REASONS.iter().map(|reason| ((*reason).to_owned(), gone / REASONS.len() as u64));
        match step {
            "extract" => flow.failed.extend(each),
            "filter" => flow.dropped.extend(each),
            _ => {}
        }
    }
    accounts
}

/// The segment that a task of `harvest` left.
pub(super) fn segment(task: u32) -> String {
    format!("archive-{:032x}", spread(task))
}

/// A number that looks like a digest.
fn spread(task: u32) -> u128 {
    (u128::from(task) + 1).wrapping_mul(0x9E37_79B9_7F4A_7C15_F39C_C060_5CED_C835)
}
