//! Writing a segment.

use std::io::Write;

use obelisc_document::table::{Answer, Table};
use obelisc_storage::{Storage, Upload, parquet};

use crate::store::{bytes_key, index_key};
use crate::{Error, Examined};

/// A segment being written: bytes stream through, answers are kept until the end.
pub struct SegmentWriter<'a> {
    storage: &'a dyn Storage,
    name: String,
    upload: Box<dyn Upload>,
    offset: u64,
    answers: Vec<Answer>,
}

impl<'a> SegmentWriter<'a> {
    pub(crate) fn begin(storage: &'a dyn Storage, name: &str) -> Result<Self, Error> {
        let upload = storage.create(&bytes_key(name))?;
        Ok(Self { storage, name: name.to_owned(), upload, offset: 0, answers: Vec::new() })
    }

    /// Adds what was found at a URL.
    ///
    /// # Errors
    /// [`Error::Storage`].
    pub fn add(&mut self, examined: Examined) -> Result<(), Error> {
        let Examined { mut answer, bytes } = examined;
        if answer.reason.is_none() {
            let key = bytes_key(&self.name);
            self.upload.write_all(&bytes).map_err(|error| obelisc_storage::Error::io("write", &key, error))?;
            answer.segment = Some(self.name.clone());
            answer.offset = self.offset;
            self.offset += bytes.len() as u64;
        }
        self.answers.push(answer);
        Ok(())
    }

    /// Seals the segment.  The answers, in the order in which they came.
    ///
    /// # Errors
    /// [`Error::Storage`].
    pub fn finish(self) -> Result<Vec<Answer>, Error> {
        self.upload.finish()?;
        let damaged = |error: String| Error::Damaged { segment: self.name.clone(), detail: error };
        let mut index = parquet::Writer::create(self.storage, &index_key(&self.name), Answer::schema())?;
        for rows in self.answers.chunks(8192) {
            index.write(&Answer::to_batch(rows).map_err(|error| damaged(error.to_string()))?)?;
        }
        index.finish()?;
        Ok(self.answers)
    }
}

#[cfg(test)]
#[allow(clippy::disallowed_methods, reason = "a test writes a file of another version")]
mod tests {
    use std::io::Cursor;

    use obelisc_document::{Blob, Reason};
    use obelisc_image::Limits;
    use obelisc_storage::LocalFolder;

    use super::*;
    use crate::{ImageStore, Treatment};

    const TREATMENT: Treatment = Treatment {
        limits: Limits { max_image_bytes: 1 << 20, max_image_pixels: 1 << 20 },
        decode: true,
        reencode: None,
        unwanted: None,
        max_hash_distance: 0,
    };

    fn picture(width: u32) -> Vec<u8> {
        let mut bytes = Cursor::new(Vec::new());
        image::RgbImage::new(width, 3).write_to(&mut bytes, image::ImageFormat::Png).unwrap();
        bytes.into_inner()
    }

    fn store(folder: &tempfile::TempDir) -> ImageStore {
        ImageStore::open(Box::new(LocalFolder::create(folder.path()).unwrap())).unwrap()
    }

    #[test]
    fn a_sealed_segment_gives_bytes_and_reasons_back() {
        let folder = tempfile::tempdir().unwrap();
        let store = store(&folder);
        let mut segment = store.begin("s").unwrap();
        segment.add(Examined::new("https://a.example/1", &picture(4), &TREATMENT)).unwrap();
        segment.add(Examined::new("https://a.example/2", b"<html>", &TREATMENT)).unwrap();
        segment.add(Examined::new("https://a.example/3", &picture(5), &TREATMENT)).unwrap();
        let answers = segment.finish().unwrap();
        assert_eq!(store.answers("s").unwrap().unwrap(), answers);
        assert_eq!(answers[1].reason, Some(Reason::NotAnImage));
        assert_eq!((answers[2].width, answers[2].height), (5, 3));
        let blob = Blob {
            segment: "s".into(),
            offset: answers[2].offset,
            length: answers[2].length,
            sha256: answers[2].sha256.clone().unwrap(),
        };
        assert_eq!(store.blobs().read(&blob).unwrap(), picture(5));
        let bytes = folder.path().join("segments/s.bin");
        let mut changed = std::fs::read(&bytes).unwrap();
        *changed.last_mut().unwrap() ^= 1;
        std::fs::write(&bytes, changed).unwrap();
        assert!(matches!(store.blobs().read(&blob), Err(Error::Damaged { .. })));
    }

    #[test]
    fn a_segment_that_was_not_finished_is_not_there() {
        let folder = tempfile::tempdir().unwrap();
        let store = store(&folder);
        let mut segment = store.begin("s").unwrap();
        segment.add(Examined::new("https://a.example/1", &picture(4), &TREATMENT)).unwrap();
        drop(segment);
        assert!(store.answers("s").unwrap().is_none());
    }

    #[test]
    fn a_blob_behind_the_end_is_damage_and_no_panic() {
        let folder = tempfile::tempdir().unwrap();
        let store = store(&folder);
        store.begin("s").unwrap().finish().unwrap();
        let blob = Blob { segment: "s".into(), offset: u64::MAX, length: 2, sha256: String::new() };
        assert!(matches!(store.blobs().read(&blob), Err(Error::Damaged { .. })));
    }

    #[test]
    fn a_store_of_a_newer_format_is_refused_by_name() {
        let folder = tempfile::tempdir().unwrap();
        std::fs::write(folder.path().join("store.json"), br#"{"format": 99}"#).unwrap();
        let error = ImageStore::open(Box::new(LocalFolder::create(folder.path()).unwrap())).unwrap_err();
        assert!(error.to_string().contains("format 99"), "{error}");
    }
}
