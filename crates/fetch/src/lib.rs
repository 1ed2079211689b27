//! Images into the image store.
//!
//! The store keeps what was learned of each image URL: bytes, or the reason why there are none.  It lies beside the
//! runs, not inside one, and outlives them: a dead link cannot be fetched twice.
//!
//! Answers come in *segments*.  A segment is two objects: `segments/NAME.bin` holds the bytes of its images one after
//! another, `segments/NAME.parquet` the [answers](Answer).  The second is written last; from then on the segment is
//! sealed and never changes.  A run picks one answer for each URL (its *seal*) and reads nothing else.
//!
//! [`SegmentWriter`] takes what the caller read in an archive.  What comes over the network ([`Network`], [`crawl`]) goes into a [`Journal`] first, so that no URL
//! that has an answer is asked for again, and becomes a segment when all is there.
//!
//! ```
//! use obelisc_document::Reason;
//! use obelisc_fetch::{Examined, ImageStore, Limits, Treatment};
//! use obelisc_storage::LocalFolder;
//!
//! let folder = std::env::temp_dir().join(format!("obelisc-images-{}", std::process::id()));
//! let store = ImageStore::open(Box::new(LocalFolder::create(&folder)?))?;
//! let limits = Limits { max_image_bytes: 20_000_000, max_image_pixels: 100_000_000 };
//! let treatment = Treatment { limits, decode: true, reencode: None, unwanted: None, max_hash_distance: 0 };
//! let mut segment = store.begin("crawl-0")?;
//! segment.add(Examined::new("https://a.example/x.png", b"no picture", &treatment))?;
//! let answers = segment.finish()?;
//! assert_eq!(answers[0].reason, Some(Reason::NotAnImage));
//! # std::fs::remove_dir_all(folder)?;
//! # Ok::<(), Box<dyn std::error::Error>>(())
//! ```

mod address;
mod crawl;
mod examined;
mod hash_list;
mod journal;
mod network;
mod opt_out;
mod opt_out_service;
mod robots;
mod segment;
mod store;
mod webdataset;

pub use address::{Refused, refused};
pub use crawl::{Wish, crawl, ends_wish};
pub use examined::{Examined, Treatment};
pub use hash_list::{HashList, InvalidLine};
pub use journal::Journal;
pub use network::{Body, Failed, Found, Hosts, Lookup, Manners, Network, Policy, RootCertificates};
pub use obelisc_document::table::Answer;
pub use obelisc_image::Limits;
pub use opt_out::{OptOuts, directive, reserves};
pub use opt_out_service::{LISTED, Listed, OptOutService, ServiceAddress, opted_out};
pub use segment::SegmentWriter;
pub use store::{BlobReader, Error, ImageStore};
pub use webdataset::{Exported, export};
