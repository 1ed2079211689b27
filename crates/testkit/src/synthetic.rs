//! Big archives made from a seed.

use std::io::{self, Write};

use crate::archive::{request_record, response_record};
use crate::picture::{self, Encoding};
use crate::{ArchiveWriter, Compression, Format, HttpResponse, Prose, Record, RecordType};

/// What a synthetic archive holds.
#[derive(Clone, Debug)]
pub struct Synthetic {
    /// Two archives of different seeds share no page, picture or record id.
    pub seed: u64,
    /// HTML pages.
    pub pages: u64,
    /// Pictures of each page, captured right after it.
    pub images_per_page: u64,
    /// Width and height of each picture, pixels.
    pub image_size: (u32, u32),
    /// Paragraphs of each page, 3 to 6 sentences each.
    pub paragraphs: u64,
    /// Packing of the file; not [`Compression::GzipWhole`].
    pub compression: Compression,
}

impl Default for Synthetic {
    /// 100 pages of 12 paragraphs, 3 pictures of 640 × 480 each, gzip per record: about 57 MB.
    fn default() -> Self {
        Self {
            seed: 0,
            pages: 100,
            images_per_page: 3,
            image_size: (640, 480),
            paragraphs: 12,
            compression: Compression::GzipPerRecord,
        }
    }
}

/// What was written.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct SyntheticCounts {
    /// All records, `warcinfo` and requests included.
    pub records: u64,
    /// HTML responses.
    pub pages: u64,
    /// Image responses, which is the number of `img` elements too.
    pub images: u64,
    /// Bytes of the file.
    pub bytes: u64,
}

/// How many pictures are really encoded; the others are these with bytes of their own after the end of the image.
const DRAWN: u64 = 24;

/// Streams an archive to `out`, holding one record at a time. Every picture is a valid file with its own digest, but
/// only 24 are drawn; the rest carry a serial number behind their end marker, where decoders do not look, so that half
/// a gigabyte costs a few seconds.
///
/// # Errors
/// Those of `out`, and `InvalidInput` for [`Compression::GzipWhole`].
pub fn synthetic_archive<W: Write>(out: W, options: &Synthetic) -> io::Result<SyntheticCounts> {
    let mut writer = ArchiveWriter::new(out, Format::Warc11, options.compression.clone())?;
    let mut counts = SyntheticCounts::default();
    let drawn = if options.images_per_page == 0 { 0 } else { DRAWN.min(options.pages * options.images_per_page) };
    let (width, height) = options.image_size;
    let gallery: Vec<_> = (0..drawn)
        .map(|k| {
            let encoding = if k % 6 == 5 { Encoding::Png } else { Encoding::Jpeg };
            (encoding, picture::encode(options.seed * DRAWN + k, width, height, encoding))
        })
        .collect();
    writer.write(&Record::new(
        RecordType::Warcinfo,
        None,
        "application/warc-fields",
        "software: obelisc-testkit\r\n",
    ))?;
    counts.records += 1;
    for page in 0..options.pages {
        let host = format!("https://seed{}-{}.example", options.seed, page % 97);
        let url = format!("{host}/page/{page}");
        let html = html(options, page);
        writer.write(&request_record(&url))?;
        writer.write(&response_record(&url, &HttpResponse::html(&html)))?;
        counts.pages += 1;
        counts.records += 2;
        for image in 0..options.images_per_page {
            let serial = page * options.images_per_page + image;
            let (encoding, file) = &gallery[(serial % drawn) as usize];
            let mut file = file.clone();
            file.extend_from_slice(&(options.seed ^ (serial << 20)).to_le_bytes());
            let media = if *encoding == Encoding::Png { "image/png" } else { "image/jpeg" };
            writer.write(&response_record(&image_url(&host, page, image), &HttpResponse::new(media, file)))?;
            counts.images += 1;
            counts.records += 1;
        }
    }
    counts.bytes = writer.offset();
    writer.finish()?;
    Ok(counts)
}

fn image_url(host: &str, page: u64, image: u64) -> String {
    format!("{host}/photo/{page}-{image}")
}

/// A page with navigation, headings, paragraphs and its pictures spread among them.
fn html(options: &Synthetic, page: u64) -> String {
    let mut prose = Prose::new((options.seed << 32) | page);
    let title = prose.title();
    let (width, height) = options.image_size;
    let mut html = format!(
        "<!DOCTYPE html>\n<html lang=\"en\"><head><meta charset=\"utf-8\"><title>{title}</title></head>\n<body>\n\
         <nav><a href=\"/\">Home</a> <a href=\"/all\">All pages</a></nav>\n<main>\n<h1>{title}</h1>\n"
    );
    let (paragraphs, images) = (options.paragraphs.max(1), options.images_per_page);
    for k in 0..paragraphs {
        let sentences = 3 + prose.below(4) as usize;
        html += &format!("<p>{}</p>\n", prose.paragraph(sentences));
        for image in images * k / paragraphs..images * (k + 1) / paragraphs {
            let (source, alt) = (image_url("", page, image), prose.title());
            let caption = prose.sentence();
            html += &format!(
                "<figure><img src=\"{source}\" alt=\"{alt}\" width=\"{width}\" height=\"{height}\">\
                 <figcaption>{caption}</figcaption></figure>\n"
            );
        }
    }
    html + "</main>\n<footer><p>Made for a test.</p></footer>\n</body></html>\n"
}

#[cfg(test)]
mod tests {
    use super::*;

    fn small(seed: u64) -> (Vec<u8>, SyntheticCounts) {
        let mut out = Vec::new();
        let compression = Compression::Plain;
        let options =
            Synthetic { seed, pages: 3, images_per_page: 4, image_size: (160, 160), compression, ..Default::default() };
        let counts = synthetic_archive(&mut out, &options).unwrap();
        (out, counts)
    }

    #[test]
    fn counts_are_those_of_the_file() {
        let (bytes, counts) = small(1);
        let text = String::from_utf8_lossy(&bytes);
        assert_eq!(counts.bytes, bytes.len() as u64);
        assert_eq!(counts.records, text.matches("WARC/1.1\r\n").count() as u64);
        assert_eq!(counts.images, text.matches("<img ").count() as u64);
        assert_eq!(counts.images, text.matches("\r\nContent-Type: image/").count() as u64);
        assert_eq!((counts.pages, counts.images, counts.records), (3, 12, 1 + 3 * 2 + 12));
    }

    #[test]
    fn a_seed_repeats_itself_and_another_seed_shares_no_page() {
        assert_eq!(small(1).0, small(1).0);
        assert_ne!(small(1).0, small(2).0);
    }

    #[test]
    fn a_picture_with_a_serial_number_still_decodes() {
        let mut file = picture::jpeg(3, 160, 160);
        file.extend_from_slice(&7_u64.to_le_bytes());
        assert_eq!(image::load_from_memory(&file).unwrap().width(), 160);
    }
}
