//! The flat tables: facts and narrow key tables.

use arrow_array::RecordBatch;
use arrow_schema::{ArrowError, Field, SchemaRef};

use super::{Table, cell::Cell, cell::column, schema};
use crate::{DocId, Reason, UrlKey};

macro_rules! table {
    (
        #[doc = $meaning:literal] $row:ident = $name:literal version $version:literal $(sorted by $key:ident)? {
            $($(#[doc = $doc:literal])+ $field:ident: $type:ty,)+
        }
    ) => {
        #[doc = $meaning]
        #[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord, serde::Serialize, serde::Deserialize)]
        pub struct $row {
            $($(#[doc = $doc])+ pub $field: $type,)+
        }

        impl Table for $row {
            const NAME: &'static str = $name;
            const VERSION: u32 = $version;
            const MEANING: &'static str = $meaning;
            $(const SORTED_BY: Option<&'static str> = Some(stringify!($key));)?

            fn schema() -> SchemaRef {
                let fields = vec![
                    $(Field::new(stringify!($field), <$type as Cell>::TYPE, <$type as Cell>::NULLABLE),)+
                ];
                schema($name, $version, fields)
            }

            fn to_batch(rows: &[Self]) -> Result<RecordBatch, ArrowError> {
                let columns = vec![$(<$type as Cell>::array(rows.iter().map(|row| row.$field.clone()))?,)+];
                RecordBatch::try_new(Self::schema(), columns)
            }

            fn from_batch(batch: &RecordBatch) -> Result<Vec<Self>, ArrowError> {
                $(let mut $field = column::<$type>(batch, stringify!($field))?.into_iter();)+
                let rows = (0..batch.num_rows()).map_while(|_| Some($row { $($field: $field.next()?,)+ }));
                Ok(rows.collect())
            }
        }
    };
}

table! {
    /// A record or page that failed, or a page that was passed over, with its reason.
    Failure = "failures" version 1 {
        /// Name of the input.
        input: String,
        /// Bytes into the input as stored.
        offset: u64,
        /// Bytes of the record as stored, where known.
        length: Option<u64>,
        /// URL of the page, where known.
        url: Option<String>,
        /// Why.
        reason: Reason,
        /// What was seen, in words, with the value and the bound where there are any.
        detail: String,
    }
}

table! {
    /// A capture that a recipe's condition on the columnar index selects.
    Selection = "selections" version 1 {
        /// The archive, as the index names it: a path below the place where all of a crawl lie.
        archive: String,
        /// Bytes into the archive as stored.
        offset: u64,
        /// Bytes of the record as stored.
        length: u64,
    }
}

table! {
    /// An archive of which captures are selected.
    SelectedArchive = "archives" version 1 {
        /// The archive, as the index names it.
        archive: String,
        /// The name that its documents carry.
        name: String,
        /// Records that are selected of it.
        records: u64,
        /// Bytes of these as stored.
        bytes: u64,
    }
}

table! {
    /// A record to be read of a selected archive.
    RecordRange = "record_ranges" version 1 sorted by input {
        /// Number of the archive in the table of archives, from 0.
        input: u32,
        /// Bytes into the archive as stored.
        offset: u64,
        /// Bytes of the record as stored.
        length: u64,
    }
}

table! {
    /// A candidate source of an image that a document still wants.
    ImageReference = "image_references" version 1 sorted by url_key {
        /// Key of the candidate's URL.
        url_key: UrlKey,
        /// Number of the task whose documents hold the image.
        task: u32,
        /// Row of the document in the task's table.
        row: u32,
        /// The image's ordinal in its document.
        ordinal: u32,
        /// 0 for the chosen candidate, 1 for the next best, …
        rank: u32,
        /// The candidate's URL.
        url: String,
    }
}

table! {
    /// An image that an archive holds.
    Capture = "captures" version 1 sorted by url_key {
        /// Key of the image's URL.
        url_key: UrlKey,
        /// Number of the input.
        input: u32,
        /// Name of the archive inside a WACZ input.
        entry: Option<String>,
        /// Bytes into the archive as stored.
        offset: u64,
        /// Bytes of decompressed member before the record.
        inner: u64,
        /// Bytes of the record as stored, where it has a member of its own.
        length: Option<u64>,
        /// The image's URL.
        url: String,
    }
}

table! {
    /// An image to be read from an archive.
    Request = "requests" version 1 sorted by input {
        /// Number of the input.
        input: u32,
        /// Name of the archive inside a WACZ input.
        entry: Option<String>,
        /// Bytes into the archive as stored.
        offset: u64,
        /// Bytes of decompressed member before the record.
        inner: u64,
        /// Bytes of the record as stored, where it has a member of its own.
        length: Option<u64>,
        /// Key of the image's URL.
        url_key: UrlKey,
        /// The image's URL.
        url: String,
    }
}

table! {
    /// An image that is to be asked for over the network.
    Wish = "wishes" version 1 sorted by domain_key {
        /// xxh3-64 of the registered domain that is asked; its host where it has none.
        domain_key: u64,
        /// The URLs at which it may be, all of that domain, best first, one a line.
        urls: String,
    }
}

table! {
    /// What became of an image's URL: bytes in the image store, or a reason.
    Answer = "answers" version 2 sorted by url_key {
        /// Key of the image's URL.
        url_key: UrlKey,
        /// The image's URL.
        url: String,
        /// Why there are no bytes; null where there are.
        reason: Option<Reason>,
        /// What was seen, in words.
        detail: Option<String>,
        /// Segment of the image store.
        segment: Option<String>,
        /// Bytes into the segment.
        offset: u64,
        /// Bytes.
        length: u64,
        /// Format by the bytes.
        format: Option<String>,
        /// Pixels, as stored.
        width: u32,
        /// Pixels, as stored.
        height: u32,
        /// How the picture is to be turned, as EXIF has it: 1 upright, 2 to 8.
        orientation: u32,
        /// Pictures of an animation; 1 of a still one.
        frames: u32,
        /// Whether a colour profile comes with it.
        has_icc_profile: bool,
        /// 64 bits in which pictures that look alike differ little; null where there is nothing to see.
        perceptual_hash: Option<u64>,
        /// sha256 of the bytes, hexadecimal.
        sha256: Option<String>,
        /// xxh3-128 of the bytes, hexadecimal.
        xxh3: Option<String>,
    }
}

table! {
    /// What classifiers say of an image.
    ImageScore = "image_scores" version 2 sorted by url_key {
        /// Key of the image's URL.
        url_key: UrlKey,
        /// For each classifier the score of each class, 0 to 1 as a rule, as JSON; null where one of them could not look at it.
        scores: Option<String>,
        /// Which classifier could not, and why.
        detail: Option<String>,
    }
}

table! {
    /// What became of one candidate of one image of one document.
    Attachment = "attachments" version 3 sorted by task {
        /// Number of the task whose documents hold the image.
        task: u32,
        /// Row of the document in the task's table.
        row: u32,
        /// The image's ordinal in its document.
        ordinal: u32,
        /// 0 for the chosen candidate, 1 for the next best, …
        rank: u32,
        /// Why there are no bytes; null where there are.
        reason: Option<Reason>,
        /// What was seen, in words.
        detail: Option<String>,
        /// Segment of the image store.
        segment: Option<String>,
        /// Bytes into the segment.
        offset: u64,
        /// Bytes.
        length: u64,
        /// Format by the bytes.
        format: Option<String>,
        /// Pixels, as stored.
        width: u32,
        /// Pixels, as stored.
        height: u32,
        /// How the picture is to be turned, as EXIF has it: 1 upright, 2 to 8.
        orientation: u32,
        /// Pictures of an animation; 1 of a still one.
        frames: u32,
        /// Whether a colour profile comes with it.
        has_icc_profile: bool,
        /// 64 bits in which pictures that look alike differ little; null where there is nothing to see.
        perceptual_hash: Option<u64>,
        /// sha256 of the bytes, hexadecimal.
        sha256: Option<String>,
        /// What classifiers say of it, as JSON; null where none was asked.
        scores: Option<String>,
    }
}

table! {
    /// What duplicates are found by: one for each thing that may be a copy.
    DuplicateKey = "duplicate_keys" version 1 sorted by key_high {
        /// The upper half of xxh3-128 of what is compared.
        key_high: u64,
        /// The lower half.
        key_low: u64,
        /// What is compared, by its number.
        kind: u32,
        /// Number of the task whose documents hold the copy.
        task: u32,
        /// Row of the document in the task's table.
        row: u32,
        /// The node's ordinal in its document; null of a document.
        ordinal: Option<u32>,
        /// The paragraph of the node; null of all else.
        paragraph: Option<u32>,
        /// Place among the copies: the one with the greatest stays.
        place: Vec<u8>,
    }
}

table! {
    /// What near copies are found by: what is compared, with one of its bands.
    Band = "bands" version 2 sorted by key_high {
        /// The upper half of xxh3-128 of the band.
        key_high: u64,
        /// The lower half.
        key_low: u64,
        /// What is compared, by its number.
        kind: u32,
        /// What has the band: of a document the number of its task in the upper half, its row in the task's table in the lower; of images the perceptual hash
        /// that they have.
        member: u64,
        /// The SimHash or perceptual hash; 0 of a MinHash.
        signature: u64,
    }
}

table! {
    /// A document or an image that may be a near copy of others.
    Candidate = "candidates" version 2 {
        /// What is compared, by its number.
        kind: u32,
        /// What it has bands as: see the table `bands`.
        member: u64,
        /// Number of the task whose documents hold it.
        task: u32,
        /// Row of the document in the task's table.
        row: u32,
        /// The image's ordinal in its document; null of a document.
        ordinal: Option<u32>,
        /// Place among the copies: the one with the greatest stays.
        place: Vec<u8>,
    }
}

table! {
    /// Two that are near copies.
    Link = "links" version 2 {
        /// What was compared, by its number.
        kind: u32,
        /// One of them: see the table `bands`.
        member: u64,
        /// The other; itself where all of the same perceptual hash are meant.
        other: u64,
    }
}

table! {
    /// A copy that goes, or the one for which others go.
    Removal = "removals" version 1 sorted by task {
        /// Number of the task whose documents hold the copy.
        task: u32,
        /// Row of the document in the task's table.
        row: u32,
        /// What was compared, by its number.
        kind: u32,
        /// The node's ordinal in its document; null of a document.
        ordinal: Option<u32>,
        /// The paragraph of the node; null of all else.
        paragraph: Option<u32>,
        /// Whether it goes.
        removed: bool,
        /// How many copies there are, this one among them.
        copies: u64,
        /// The document whose copy stays; null where none does.
        survivor: Option<DocId>,
    }
}

table! {
    /// A document for which copies went, and which is not in the dataset itself.
    LostCluster = "lost_clusters" version 1 {
        /// What was compared, by its number.
        kind: u32,
        /// The document whose copy stayed, and then fell.
        survivor: DocId,
    }
}

table! {
    /// What a document weighs in a shard.
    DocumentSize = "sizes" version 2 {
        /// Row of the document in its task's table.
        row: u32,
        /// The document.
        doc_id: DocId,
        /// Key of its page's URL.
        page_key: UrlKey,
        /// Uncompressed bytes of its row in a shard.
        bytes: u64,
    }
}

table! {
    /// Where a document goes: its shard and its place in it.
    Position = "positions" version 1 sorted by shard {
        /// Number of the shard.
        shard: u32,
        /// Row in the shard.
        place: u32,
        /// Number of the task whose documents hold it.
        task: u32,
        /// Row of the document in the task's table.
        row: u32,
        /// The document.
        doc_id: DocId,
    }
}

impl Answer {
    /// An answer that says nothing yet.
    pub fn unanswered(url: &str) -> Self {
        Self {
            url_key: UrlKey::new(url),
            url: url.to_owned(),
            reason: None,
            detail: None,
            segment: None,
            offset: 0,
            length: 0,
            format: None,
            width: 0,
            height: 0,
            orientation: 1,
            frames: 1,
            has_icc_profile: false,
            perceptual_hash: None,
            sha256: None,
            xxh3: None,
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn rows_survive_a_batch() {
        let failure = |url: Option<&str>| Failure {
            input: "a.warc".into(),
            offset: 7,
            length: url.map(|_| 3),
            url: url.map(str::to_owned),
            reason: Reason::NotHtml,
            detail: "text/css".into(),
        };
        let rows = [failure(None), failure(Some("https://a/"))];
        assert_eq!(Failure::from_batch(&Failure::to_batch(&rows).unwrap()).unwrap(), rows);

        let rows = [Selection { archive: "crawl/a.warc.gz".into(), offset: 1, length: 2 }];
        assert_eq!(Selection::from_batch(&Selection::to_batch(&rows).unwrap()).unwrap(), rows);

        let rows = [Position { shard: 1, place: 2, task: 3, row: 4, doc_id: DocId::new("a", 1, 0) }];
        assert_eq!(Position::from_batch(&Position::to_batch(&rows).unwrap()).unwrap(), rows);
        assert_eq!(Position::to_batch(&[]).unwrap().num_rows(), 0);
    }

    #[test]
    fn a_batch_of_another_table_is_refused() {
        let batch = Failure::to_batch(&[]).unwrap();
        assert!(Capture::from_batch(&batch).unwrap_err().to_string().contains("column url_key"));
    }
}
