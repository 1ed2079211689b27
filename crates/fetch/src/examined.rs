//! What an image's bytes say, as an answer.

use obelisc_document::table::Answer;
use obelisc_document::{Reason, hex};
use obelisc_image::{Limits, Verified, verify, without_metadata};
use sha2::{Digest, Sha256};
use xxhash_rust::xxh3::xxh3_128;

/// An answer that does not lie in a segment yet, and the bytes that are stored of it: none where there is a reason.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Examined {
    /// The answer.
    pub answer: Answer,
    /// The image without metadata.
    pub bytes: Vec<u8>,
}

impl Examined {
    /// Looks at the bytes that are at a URL.
    pub fn new(url: &str, bytes: &[u8], limits: Limits) -> Self {
        match verify(bytes, limits) {
            Err(error) => {
                let reason = Reason::from_name(error.name()).unwrap_or(Reason::DamagedImage);
                Self::failed(url, reason, error.to_string())
            }
            Ok(Verified { facts, perceptual_hash }) => {
                let bytes = without_metadata(bytes, &facts).into_owned();
                let mut answer = Answer::unanswered(url);
                answer.length = bytes.len() as u64;
                answer.format = Some(facts.format.name().to_owned());
                (answer.width, answer.height) = (facts.width, facts.height);
                (answer.orientation, answer.frames) = (facts.orientation.into(), facts.frames);
                answer.has_icc_profile = facts.has_icc_profile;
                answer.perceptual_hash = perceptual_hash;
                answer.sha256 = Some(sha256(&bytes));
                answer.xxh3 = Some(format!("{:032x}", xxh3_128(&bytes)));
                Self { answer, bytes }
            }
        }
    }

    /// A URL of which there are no bytes.
    pub fn failed(url: &str, reason: Reason, detail: String) -> Self {
        let answer = Answer { reason: Some(reason), detail: Some(detail), ..Answer::unanswered(url) };
        Self { answer, bytes: Vec::new() }
    }
}

/// sha256 of an image, hexadecimal.
pub(crate) fn sha256(bytes: &[u8]) -> String {
    hex(&Sha256::digest(bytes))
}
