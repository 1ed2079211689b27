//! Why a record, page or image did not become part of a document: the closed list of reasons.
//!
//! A rule's name stands beside these in the ledger; a reason is what happened before or outside any rule.

use std::fmt;

use serde::{Deserialize, Serialize};

macro_rules! reasons {
    ($($(#[doc = $doc:literal])+ $variant:ident = $name:literal,)+) => {
        /// A reason.  The names are published: ledger, manifest and report use them.
        #[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
        pub enum Reason {
            $($(#[doc = $doc])+ #[serde(rename = $name)] $variant,)+
        }

        impl Reason {
            /// All reasons, in the order of the stages that give them.
            pub const ALL: &[Reason] = &[$(Reason::$variant,)+];

            /// The published name.
            pub const fn name(self) -> &'static str {
                match self { $(Reason::$variant => $name,)+ }
            }

            /// What the name stands for, in a sentence.
            pub const fn explanation(self) -> &'static str {
                match self { $(Reason::$variant => concat!($($doc),+),)+ }
            }

            /// Whether it is one for which an image that was asked for over the network can fail.
            pub fn is_of_fetch(self) -> bool {
                self == Self::HeaderTooLarge || (Self::UrlRefused..=Self::NotEncoded).contains(&self)
            }
        }
    };
}

reasons! {
    // Rows of the columnar index.
    /// The row of the index names no record that can be read: no archive, no place in it, or a path that leads elsewhere.
    InvalidIndexRow = "invalid_index_row",
    // Records of an archive.
    /// The compressed member does not decompress.
    DamagedMember = "damaged_member",
    /// The file ends inside the record.
    TruncatedRecord = "truncated_record",
    /// Bytes where a record should begin that begin none.
    InvalidRecordHeader = "invalid_record_header",
    /// The record's length does not fit what follows it.
    WrongContentLength = "wrong_content_length",
    /// The record is larger than the cap.
    RecordTooLarge = "record_too_large",
    /// The header block of the record, or of a server's answer, is larger than the cap.
    HeaderTooLarge = "header_too_large",
    /// A compression that is not read, such as bzip2.
    UnsupportedCompression = "unsupported_compression",
    /// The file is no web archive.
    NotAnArchive = "not_an_archive",
    // Rows of datasets.
    /// The file is no dataset in the layout of OBELICS: no Parquet, or its columns are others.
    NotADataset = "not_a_dataset",
    /// The rows stand in a part of the file that cannot be read.
    DamagedRows = "damaged_rows",
    /// The row is no interleaved document: its lists do not fit each other, or its metadata is no JSON.
    NotADocument = "not_a_document",
    // HTTP responses.
    /// The response's header block cannot be read.
    InvalidHttpHeader = "invalid_http_header",
    /// The body's Content-Encoding does not decompress, and is no plain body either.
    DamagedContentEncoding = "damaged_content_encoding",
    /// A Content-Encoding that is not read.
    UnsupportedContentEncoding = "unsupported_content_encoding",
    /// The decoded body is larger than the cap.
    BodyTooLarge = "body_too_large",
    // Records that hold no page: counted, not failed.
    /// A record of another type than response.
    NotAResponse = "not_a_response",
    /// A response that is neither HTML nor XHTML.
    NotHtml = "not_html",
    /// A page whose HTTP status the recipe does not accept.
    StatusNotAccepted = "status_not_accepted",
    /// A page without a body.
    EmptyBody = "empty_body",
    // Pages that the recipe cannot want, so that no tree is built for them: dropped.
    /// The page is longer than the recipe wants pages.
    PageTooLong = "page_too_long",
    /// The page has fewer tags that could hold an image than the recipe asks for.
    TooFewImageTags = "too_few_image_tags",
    /// The page is in a language that the recipe does not keep.
    LanguageNotKept = "language_not_kept",
    // Pages.
    /// The record names no URL for the page.
    NoUrl = "no_url",
    /// Most characters of the page could not be decoded.
    UndecodableText = "undecodable_text",
    /// The page's DOM has more nodes than the cap.
    TooManyNodes = "too_many_nodes",
    /// The page's DOM is deeper than the cap.
    TooDeep = "too_deep",
    /// The page's images, and what it says of them, outgrow the cap.
    DocumentTooLong = "document_too_long",
    /// The parser gave up on the page.
    ParserFailed = "parser_failed",
    // Images.
    /// The image's address is relative, and the page has no http or https URL to resolve it against.
    NoBaseUrl = "no_base_url",
    /// No archive of the run holds the image.
    NotInArchive = "not_in_archive",
    // Images over the network.
    /// The URL is none that is asked for: its scheme, its port, or where it redirects to.
    UrlRefused = "url_refused",
    /// The host's name has no address, or nobody could be asked.
    HostNotFound = "host_not_found",
    /// The host's address is not a public one.
    AddressRefused = "address_refused",
    /// The site's robots.txt does not let it be asked for, or cannot be had.
    RobotsDisallowed = "robots_disallowed",
    /// The owner says that it is not for datasets: X-Robots-Tag, a TDM reservation, ai.txt.
    OptedOut = "opted_out",
    /// One redirect led to the next, more often than the recipe follows.
    TooManyRedirects = "too_many_redirects",
    /// The server answered with another status than success.
    HttpStatus = "http_status",
    /// The server asked to be left alone for a while, longer or more often than the config waits.
    RateLimited = "rate_limited",
    /// No answer, or not all of it, came in time.
    FetchTimeout = "fetch_timeout",
    /// No connection to the host could be made.
    ConnectionFailed = "connection_failed",
    /// The host could not prove who it is.
    TlsFailed = "tls_failed",
    /// What came is not HTTP.
    InvalidAnswer = "invalid_answer",
    /// The answer ended before its body did.
    TruncatedBody = "truncated_body",
    /// The image is larger than the cap.
    ImageTooLarge = "image_too_large",
    /// The image has more pixels than the cap.
    TooManyPixels = "too_many_pixels",
    /// The bytes are no image of a known format.
    NotAnImage = "not_an_image",
    /// An image of a format that is not decoded.
    UnsupportedImage = "unsupported_image",
    /// The bytes begin like an image and do not decode.
    DamagedImage = "damaged_image",
    /// The image cannot be encoded as the recipe wants: a side is longer than the format has room for.
    NotEncoded = "image_not_encoded",
    /// The image is in a list of those that nobody may store; its hash alone is kept.
    HashListed = "hash_listed",
    /// A classifier of the recipe could not look at the image, so that nobody can judge it.
    NotClassified = "not_classified",
    /// The images before it fill the document.
    DocumentTooLarge = "document_too_large",
    /// The document shows the same image earlier.
    RepeatedImage = "repeated_image",
    // Paragraphs.
    /// A mark of the end of a document behind another, or at the end of all.
    RepeatedMark = "repeated_end_of_document",
    // Duplicates.
    /// Another capture of the same URL stays.
    DuplicatePageUrl = "duplicate_page_url",
    /// Another document with the same text stays.
    DuplicateText = "duplicate_document_text",
    /// Another document with the same images stays.
    DuplicateImageSet = "duplicate_image_set",
    /// The image stands on more pages, or more often, than the recipe wants.
    DuplicateImageUrl = "duplicate_image_url",
    /// The same bytes are shown as an image more often than the recipe wants.
    DuplicateImageContent = "duplicate_image_content",
    /// An image that looks like one that others show as well.
    DuplicateImagePerceptual = "duplicate_image_perceptual",
    /// The paragraph stands on its domain more often than the recipe wants.
    DuplicateParagraph = "duplicate_paragraph",
    /// A near copy of another document: it shares a band of minima of its n-grams with one of their cluster.
    DuplicateMinHash = "duplicate_minhash",
    /// A near copy of another document: its SimHash differs in few bits from that of one of their cluster.
    DuplicateSimHash = "duplicate_simhash",
    // Documents.
    /// A rule of the caller's own raised, or gave something that is no number.
    RuleRaised = "rule_raised",
    /// Nothing was left of the document.
    EmptyDocument = "empty_document",
}

impl fmt::Display for Reason {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(self.name())
    }
}

impl Reason {
    /// The reason with this published name.
    pub fn from_name(name: &str) -> Option<Self> {
        Self::ALL.iter().copied().find(|reason| reason.name() == name)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn every_reason_is_found_by_its_name() {
        for &reason in Reason::ALL {
            assert_eq!(Reason::from_name(reason.name()), Some(reason));
            assert!(!reason.explanation().is_empty());
        }
    }
}
