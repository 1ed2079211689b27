//! What an image's bytes say, as an answer.

use std::borrow::Cow;
use std::sync::Arc;

use obelisc_document::table::Answer;
use obelisc_document::{Reason, hex};
use obelisc_image::{ImageError, Limits, Reencode, Verified, facts, verify, verify_and_reencode, without_metadata};
use sha2::{Digest, Sha256};
use xxhash_rust::xxh3::xxh3_128;

use crate::HashList;

/// How an image is looked at, and what is stored of it.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Treatment {
    /// What an image may cost.
    pub limits: Limits,
    /// Whether it is decoded, to know that it can be and what it looks like; its structure alone decides where not, and it has no perceptual hash.
    pub decode: bool,
    /// What images are made into before they are stored; their own bytes stay where there is nothing.
    pub reencode: Option<Reencode>,
    /// Images of which no more than their hash is kept.
    pub unwanted: Option<Arc<HashList>>,
    /// Bits in which the perceptual hash of an image may differ from one of the list that it matches.
    pub max_hash_distance: u32,
}

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
    pub fn new(url: &str, bytes: &[u8], treatment: &Treatment) -> Self {
        Self::of(url, bytes, treatment).unwrap_or_else(|error| {
            let reason = Reason::from_name(error.name()).unwrap_or(Reason::DamagedImage);
            Self::failed(url, reason, error.to_string())
        })
    }

    fn of(url: &str, bytes: &[u8], treatment: &Treatment) -> Result<Self, ImageError> {
        let Treatment { limits, decode, reencode, unwanted, max_hash_distance } = treatment;
        let unwanted = unwanted.as_deref();
        let listed = |file: &[u8; 32], how: String| {
            let failed = Self::failed(url, Reason::HashListed, how);
            Self { answer: Answer { sha256: Some(hex(file)), ..failed.answer }, ..failed }
        };
        // The very file that came, though it be none that decodes.
        if let Some(list) = unwanted {
            let file = Sha256::digest(bytes).into();
            if list.holds(&file) {
                return Ok(listed(&file, "by its sha256".to_owned()));
            }
        }
        let (Verified { facts, perceptual_hash }, made) = match (decode, reencode) {
            (true, Some(to)) => {
                verify_and_reencode(bytes, *limits, to).map(|(verified, made)| (verified, Some(made)))?
            }
            (true, None) => (verify(bytes, *limits)?, None),
            (false, to) => {
                let verified = Verified { facts: facts(bytes, *limits)?, perceptual_hash: None };
                (verified, to.map(|to| obelisc_image::reencode(bytes, *limits, &to)).transpose()?)
            }
        };
        let (stored, facts) = match made {
            Some(made) => {
                // The cap is on what comes.
                let facts = obelisc_image::facts(&made, Limits { max_image_bytes: u64::MAX, ..*limits })?;
                (made, facts)
            }
            None => (without_metadata(bytes, &facts), facts),
        };
        let file = Sha256::digest(&stored).into();
        if let Some(list) = unwanted {
            if list.holds(&file) {
                return Ok(listed(&file, "by its sha256, without metadata".to_owned()));
            }
            let distance = perceptual_hash.and_then(|hash| list.distance(hash));
            if let Some(distance) = distance.filter(|distance| distance <= max_hash_distance) {
                return Ok(listed(&file, format!("by its perceptual hash, {distance} bits away")));
            }
        }
        let mut answer = Answer::unanswered(url);
        answer.length = stored.len() as u64;
        answer.format = Some(facts.format.name().to_owned());
        (answer.width, answer.height) = (facts.width, facts.height);
        (answer.orientation, answer.frames) = (facts.orientation.into(), facts.frames);
        answer.has_icc_profile = facts.has_icc_profile;
        answer.perceptual_hash = perceptual_hash;
        answer.sha256 = Some(hex(&file));
        answer.xxh3 = Some(format!("{:032x}", xxh3_128(&stored)));
        Ok(Self { answer, bytes: Cow::into_owned(stored) })
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

#[cfg(test)]
mod tests {
    use std::io::Cursor;

    use super::*;

    fn picture() -> Vec<u8> {
        let pixel = |x: u32, y: u32| image::Luma([(x * x / 7 + y * y * x / 900) as u8]);
        let mut bytes = Cursor::new(Vec::new());
        image::GrayImage::from_fn(300, 280, pixel).write_to(&mut bytes, image::ImageFormat::Png).unwrap();
        bytes.into_inner()
    }

    fn treatment(list: &str) -> Treatment {
        let limits = Limits { max_image_bytes: 1 << 20, max_image_pixels: 1 << 20 };
        let list = HashList::parse(list.as_bytes()).unwrap();
        Treatment { limits, decode: true, reencode: None, unwanted: Some(Arc::new(list)), max_hash_distance: 3 }
    }

    #[test]
    fn of_an_image_in_a_list_nothing_is_kept_but_its_hash() {
        let png = picture();
        let found = Examined::new("https://a.example/", &png, &treatment("")).answer;
        let (file, hash) = (sha256(&png), found.perceptual_hash.unwrap());
        assert_eq!(found.reason, None);
        for (list, listed) in [
            (file.clone(), true),
            (format!("{:016x}", hash ^ 0b111), true),
            (format!("{:016x}", hash ^ 0b1111), false),
            ("0".repeat(64), false),
        ] {
            let Examined { answer, bytes } = Examined::new("https://a.example/", &png, &treatment(&list));
            assert_eq!(answer.reason, listed.then_some(Reason::HashListed), "{list}");
            assert_eq!((answer.sha256.as_deref(), bytes.is_empty()), (Some(file.as_str()), listed));
            assert_eq!((answer.width == 0, answer.perceptual_hash.is_none()), (listed, listed));
        }
        // With more behind its end it is another file, until that is cut off.
        let longer = [&png[..], b"more"].concat();
        let found = Examined::new("https://a.example/", &longer, &treatment(&file));
        assert_eq!(found.answer.reason, Some(Reason::HashListed), "{found:?}");
        let html = Examined::new("https://a.example/", b"<html>", &treatment(&sha256(b"<html>")));
        assert_eq!(html.answer.reason, Some(Reason::HashListed));
    }

    #[test]
    fn what_is_not_decoded_is_held_to_its_structure() {
        let headers = Treatment { decode: false, ..treatment("") };
        let png = picture();
        let found = Examined::new("https://a.example/", &png, &headers).answer;
        assert_eq!((found.reason, found.width, found.perceptual_hash), (None, 300, None));
        let cut = Examined::new("https://a.example/", &png[..png.len() / 2], &headers).answer;
        assert_eq!(cut.reason, Some(Reason::DamagedImage));
    }

    #[test]
    fn what_is_encoded_anew_is_described_as_it_is_stored() {
        let max_side = std::num::NonZeroU32::new(150);
        let format = obelisc_image::Encoding::Png;
        let smaller = Treatment { reencode: Some(Reencode { format, max_side }), ..treatment("") };
        let (png, whole) = (picture(), treatment(""));
        let Examined { answer, bytes } = Examined::new("https://a.example/", &png, &smaller);
        assert_eq!((answer.reason, answer.width, answer.height), (None, 150, 140));
        assert_eq!((answer.length, answer.sha256), (bytes.len() as u64, Some(sha256(&bytes))));
        // What it looks like was seen before.
        assert_eq!(answer.perceptual_hash, Examined::new("https://a.example/", &png, &whole).answer.perceptual_hash);
        let listed = Treatment { reencode: smaller.reencode, ..treatment(&sha256(&png)) };
        assert_eq!(Examined::new("https://a.example/", &png, &listed).answer.reason, Some(Reason::HashListed));
    }
}
