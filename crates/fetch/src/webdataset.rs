//! The images of a store as WebDataset shards: tar files in which a picture and what is known of it stand side by side.

use std::collections::BTreeSet;

use obelisc_document::table::Answer;
use obelisc_document::{Blob, Reason, UrlKey, hex};
use obelisc_storage::{Error as StorageError, Storage, Upload};
use serde_json::json;
use tar::{Builder, EntryType, Header};

use crate::{Error, ImageStore};

/// What was written.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct Exported {
    /// Images, each once.
    pub images: u64,
    /// Their bytes.
    pub bytes: u64,
    /// Tar files.
    pub shards: u32,
}

/// Writes each distinct image of a store, in the order of its segments, into tar files `00000.tar`, `00001.tar`, … of so many images: `KEY.jpg` (or
/// `png`, `webp`, `gif`) with its bytes and `KEY.json` with its URL and facts, where KEY is the first half of its sha256.
///
/// Images that are in a list of hashes, or whose URL was opted out, by whichever recipe, are not among them.  The same store gives the same bytes.  16 bytes of memory are taken for each image.
///
/// # Errors
/// Those of the store; [`StorageError::AlreadyExists`] where the first shard is there.
pub fn export(store: &ImageStore, folder: &dyn Storage, images_per_shard: u64) -> Result<Exported, Error> {
    if folder.exists(&shard_key(0))? {
        return Err(StorageError::AlreadyExists { key: shard_key(0) }.into());
    }
    let refused = Refused::of(store)?;
    let mut exported = Exported::default();
    let mut seen = BTreeSet::new();
    let mut shard: Option<Shard> = None;
    let mut blobs = store.blobs();
    for segment in store.listed()?.into_keys() {
        for answer in store.answers(&segment)?.unwrap_or_default() {
            let (Some(sha256), None) = (&answer.sha256, answer.reason) else { continue };
            if refused.files.contains(sha256) || refused.urls.contains(&answer.url_key) {
                continue;
            }
            let key = sha256.get(..32).unwrap_or(sha256).to_owned();
            if !seen.insert(u128::from_str_radix(&key, 16).unwrap_or_default()) {
                continue;
            }
            let (offset, length) = (answer.offset, answer.length);
            let bytes = blobs.read(&Blob { segment: segment.clone(), offset, length, sha256: sha256.clone() })?;
            if let Some(full) = shard.take_if(|shard| shard.images >= images_per_shard) {
                full.finish()?;
            }
            let into = match &mut shard {
                Some(shard) => shard,
                none => {
                    exported.shards += 1;
                    none.insert(Shard::create(folder, exported.shards - 1)?)
                }
            };
            into.add(&key, &answer, &bytes)?;
            exported.images += 1;
            exported.bytes += length;
        }
    }
    shard.map_or(Ok(()), Shard::finish)?;
    Ok(exported)
}

/// What somebody does not want shown, by whichever recipe that was learned.
#[derive(Default)]
struct Refused {
    /// By sha256.
    files: BTreeSet<String>,
    urls: BTreeSet<UrlKey>,
}

impl Refused {
    fn of(store: &ImageStore) -> Result<Self, Error> {
        let mut refused = Self::default();
        for segment in store.listed()?.into_keys() {
            for answer in store.answers(&segment)?.unwrap_or_default() {
                if matches!(answer.reason, Some(Reason::HashListed | Reason::OptedOut)) {
                    refused.files.extend(answer.sha256);
                    refused.urls.insert(answer.url_key);
                }
            }
        }
        Ok(refused)
    }
}

fn shard_key(number: u32) -> String {
    format!("{number:05}.tar")
}

/// A tar file that grows.
struct Shard {
    key: String,
    tar: Builder<Box<dyn Upload>>,
    images: u64,
}

impl Shard {
    fn create(folder: &dyn Storage, number: u32) -> Result<Self, Error> {
        let key = shard_key(number);
        Ok(Self { tar: Builder::new(folder.create(&key)?), key, images: 0 })
    }

    fn add(&mut self, key: &str, answer: &Answer, bytes: &[u8]) -> Result<(), Error> {
        let format = answer.format.as_deref().unwrap_or_default();
        let facts = json!({
            "url": answer.url,
            "status": "success",
            "format": format,
            "width": answer.width,
            "height": answer.height,
            "orientation": answer.orientation,
            "frames": answer.frames,
            "sha256": answer.sha256,
            "xxh3": answer.xxh3,
            "perceptual_hash": answer.perceptual_hash.map(|hash| hex(&hash.to_be_bytes())),
        });
        // What loaders take for a JPEG.
        let ending = if format == "jpeg" { "jpg" } else { format };
        self.images += 1;
        self.entry(&format!("{key}.{ending}"), bytes)?;
        self.entry(&format!("{key}.json"), facts.to_string().as_bytes())
    }

    /// A file without owner, and of no time.
    fn entry(&mut self, name: &str, bytes: &[u8]) -> Result<(), Error> {
        let mut header = Header::new_ustar();
        header.set_entry_type(EntryType::Regular);
        header.set_mode(0o644);
        header.set_size(bytes.len() as u64);
        let written = self.tar.append_data(&mut header, name, bytes);
        Ok(written.map_err(|error| StorageError::io("write", &self.key, error))?)
    }

    fn finish(self) -> Result<(), Error> {
        let upload = self.tar.into_inner().map_err(|error| StorageError::io("write", &self.key, error))?;
        Ok(upload.finish()?)
    }
}

#[cfg(test)]
mod tests {
    use std::io::{Cursor, Read as _};

    use obelisc_storage::LocalFolder;

    use super::*;
    use crate::{Examined, Limits, Treatment};

    fn picture(width: u32) -> Vec<u8> {
        let mut bytes = Cursor::new(Vec::new());
        image::RgbImage::new(width, 3).write_to(&mut bytes, image::ImageFormat::Jpeg).unwrap();
        bytes.into_inner()
    }

    /// Names and bytes of the files of a shard.
    fn files(folder: &tempfile::TempDir, shard: u32) -> Vec<(String, Vec<u8>)> {
        let storage = LocalFolder::open(folder.path()).unwrap();
        let mut archive = tar::Archive::new(Cursor::new(storage.read(&shard_key(shard)).unwrap()));
        let files = archive.entries().unwrap().map(|entry| {
            let mut entry = entry.unwrap();
            let mut bytes = Vec::new();
            entry.read_to_end(&mut bytes).unwrap();
            (entry.path().unwrap().to_string_lossy().into_owned(), bytes)
        });
        files.collect()
    }

    #[test]
    fn each_image_is_written_once_beside_what_is_known_of_it() {
        let [folder, tars, again] = [(); 3].map(|()| tempfile::tempdir().unwrap());
        let store = ImageStore::open(Box::new(LocalFolder::create(folder.path()).unwrap())).unwrap();
        let limits = Limits { max_image_bytes: 1 << 20, max_image_pixels: 1 << 20 };
        let treatment = Treatment { limits, decode: true, reencode: None, unwanted: None, max_hash_distance: 0 };
        for (name, widths) in [("b", [6, 5]), ("a", [4, 5])] {
            let mut segment = store.begin(name).unwrap();
            for width in widths {
                let url = format!("https://{name}.example/{width}.jpg");
                segment.add(Examined::new(&url, &picture(width), &treatment)).unwrap();
            }
            segment.add(Examined::new("https://a.example/no", b"<html>", &treatment)).unwrap();
            segment.add(Examined::new("https://a.example/listed.jpg", &picture(9), &treatment)).unwrap();
            segment.finish().unwrap();
        }
        let list = crate::HashList::parse(crate::examined::sha256(&picture(9)).as_bytes()).unwrap();
        let listing = Treatment { unwanted: Some(std::sync::Arc::new(list)), ..treatment };
        let mut later = store.begin("c").unwrap();
        later.add(Examined::new("https://c.example/listed.jpg", &picture(9), &listing)).unwrap();
        later.finish().unwrap();
        let export = |folder: &tempfile::TempDir| export(&store, &LocalFolder::create(folder.path()).unwrap(), 2);
        let exported = export(&tars).unwrap();
        assert_eq!((exported.images, exported.shards), (3, 2));
        let first = files(&tars, 0);
        let names: Vec<&str> = first.iter().map(|(name, _)| name.rsplit('.').next().unwrap()).collect();
        assert_eq!(names, ["jpg", "json", "jpg", "json"]);
        assert_eq!(first[0].1, picture(4));
        let facts: serde_json::Value = serde_json::from_slice(&first[1].1).unwrap();
        assert_eq!((&facts["url"], &facts["width"]), (&"https://a.example/4.jpg".into(), &4.into()));
        assert_eq!(first[0].0.split('.').next(), first[1].0.split('.').next());
        assert_eq!(files(&tars, 1)[0].1, picture(6));
        assert!(matches!(export(&tars), Err(Error::Storage(StorageError::AlreadyExists { .. }))));
        export(&again).unwrap();
        assert_eq!([0, 1].map(|shard| files(&tars, shard)), [0, 1].map(|shard| files(&again, shard)));
    }
}
