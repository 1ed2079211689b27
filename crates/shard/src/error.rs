//! What can go wrong.

use crate::SchemaFault;

/// Why a shard, manifest or card could not be written or read.
#[derive(Debug, thiserror::Error)]
pub enum Error {
    /// Parquet could not be written; holds what the sink said, too.
    #[error("cannot write parquet")]
    Parquet(#[from] parquet::errors::ParquetError),
    /// The columns do not fit together.
    #[error("cannot build columns")]
    Arrow(#[from] arrow_schema::ArrowError),
    /// JSON that could not be written or read.
    #[error("json")]
    Json(#[from] serde_json::Error),
    /// The schema is one that readers misread; all faults.
    #[error("schema refused: {}", .0.iter().map(ToString::to_string).collect::<Vec<_>>().join("; "))]
    Schema(Vec<SchemaFault>),
    /// A row that breaks the contract of the parallel lists.
    #[error("row {row}: {fault}")]
    Row {
        /// Number of the row in its shard, from 0.
        row: u64,
        /// What is wrong with it.
        fault: RowFault,
    },
    /// A row that is there and that no writer of ours wrote.
    #[error("row {row} cannot be read: {detail}")]
    Unreadable {
        /// Number of the row in its shard, from 0.
        row: u64,
        /// What is wrong with it.
        detail: String,
    },
    /// A file that is no shard.
    #[error("not a shard of obelisc: the column {0} is missing or of another type")]
    NotAShard(&'static str),
    /// A file that is no dataset in the layout of OBELICS; all that is not as it must be.
    #[error("no dataset in the layout of OBELICS: {}", .0.join("; "))]
    NotInLayout(Vec<String>),
    /// A shard with more than the columns that this program writes.
    #[error("it has further columns, which this program cannot write")]
    FurtherColumns,
    /// A manifest of a format that this program does not know yet.
    #[error("manifest has format {found}, this program reads formats 1 to {known}: a newer program wrote it")]
    NewerManifest {
        /// Its format.
        found: u64,
        /// The newest format known here.
        known: u32,
    },
    /// A file that says it is a manifest and is not one.
    #[error("not a manifest: {0}")]
    NotAManifest(String),
    /// Counts that do not add up.
    #[error("stage {stage}: what came in is not what was kept, dropped, failed and merged: {unit}")]
    Unbalanced {
        /// Name of the stage.
        stage: String,
        /// The unit and its counts.
        unit: String,
    },
}

/// How a row breaks the contract of the parallel lists.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
pub enum RowFault {
    /// The lists have different lengths.
    #[error("{texts} texts but {images} images")]
    UnequalLists {
        /// Length of `texts`.
        texts: usize,
        /// Length of `images`.
        images: usize,
    },
    /// A position with both or neither.
    #[error("position {0} has not exactly one of text and image")]
    NotExactlyOne(usize),
    /// A row without entries: a document of which nothing was left is dropped earlier, with a reason.
    #[error("the row has no entry")]
    Empty,
    /// A text of white space, or of nothing.
    #[error("the text at position {0} is blank")]
    BlankText(usize),
    /// An image of the kind that the column does not hold: a link among bytes or bytes among links.
    #[error("position {0} holds the other kind of image than its column")]
    OtherImageColumn(usize),
    /// A column of one row that Parquet's 32-bit page sizes cannot hold.
    #[error("{0} bytes are more than a column can hold in one row")]
    TooLarge(u64),
}

impl Error {
    /// Whether the shard could not be written because no space is left.
    pub fn is_full(&self) -> bool {
        let Self::Parquet(parquet::errors::ParquetError::External(inner)) = self else { return false };
        inner.downcast_ref::<std::io::Error>().is_some_and(|error| {
            matches!(error.kind(), std::io::ErrorKind::StorageFull | std::io::ErrorKind::QuotaExceeded)
        })
    }
}
