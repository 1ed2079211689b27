use std::io::Write;

use flate2::Compression;
use flate2::write::{DeflateEncoder, GzEncoder, ZlibEncoder};
use obelisc_document::Reason;

use super::*;

const PAGE: &[u8] =
    b"<!doctype html><title>t</title><p>The quick brown fox jumps over the lazy dog. The quick brown fox.";

fn gzip(bytes: &[u8]) -> Vec<u8> {
    let mut encoder = GzEncoder::new(Vec::new(), Compression::default());
    encoder.write_all(bytes).unwrap();
    encoder.finish().unwrap()
}

fn zlib(bytes: &[u8]) -> Vec<u8> {
    let mut encoder = ZlibEncoder::new(Vec::new(), Compression::default());
    encoder.write_all(bytes).unwrap();
    encoder.finish().unwrap()
}

fn raw_deflate(bytes: &[u8]) -> Vec<u8> {
    let mut encoder = DeflateEncoder::new(Vec::new(), Compression::default());
    encoder.write_all(bytes).unwrap();
    encoder.finish().unwrap()
}

fn brotli(bytes: &[u8]) -> Vec<u8> {
    let mut out = Vec::new();
    brotli::CompressorWriter::new(&mut out, 4096, 9, 20).write_all(bytes).unwrap();
    out
}

fn response(headers: &str, body: &[u8]) -> Vec<u8> {
    let mut block = format!("HTTP/1.1 200 OK\r\n{headers}\r\n").into_bytes();
    block.extend_from_slice(body);
    block
}

fn decoded(headers: &str, body: &[u8]) -> Result<(Vec<u8>, Vec<Note>), Reason> {
    let limits = Limits { max_body_bytes: 10_000, ..Limits::default() };
    let block = response(headers, body);
    let response = Response::parse(&block, &limits).map_err(|(reason, _)| reason)?;
    response.body(&limits).map(|body| (body.bytes.into_owned(), body.notes)).map_err(|(reason, _)| reason)
}

#[test]
fn every_encoding_is_undone() {
    let bodies = [
        ("gzip", gzip(PAGE)),
        ("X-GZIP", gzip(PAGE)),
        ("deflate", zlib(PAGE)),
        ("deflate", raw_deflate(PAGE)),
        ("br", brotli(PAGE)),
        ("zstd", zstd::encode_all(PAGE, 3).unwrap()),
        ("identity", PAGE.to_vec()),
        ("br, gzip", gzip(&brotli(PAGE))),
    ];
    for (name, body) in bodies {
        assert_eq!(decoded(&format!("Content-Encoding: {name}\r\n"), &body), Ok((PAGE.to_vec(), vec![])), "{name}");
    }
    let two_fields = "Content-Encoding: zstd\r\ncontent-encoding: gzip\r\n";
    assert_eq!(decoded(two_fields, &gzip(&zstd::encode_all(PAGE, 3).unwrap())), Ok((PAGE.to_vec(), vec![])));
}

#[test]
fn chunks_are_joined_before_the_encoding_is_undone() {
    let packed = gzip(PAGE);
    let mut body = format!("{:x}\r\n", packed.len()).into_bytes();
    body.extend_from_slice(&packed);
    body.extend_from_slice(b"\r\n0\r\n\r\n");
    let headers = "Transfer-Encoding: chunked\r\nContent-Encoding: gzip\r\n";
    assert_eq!(decoded(headers, &body), Ok((PAGE.to_vec(), vec![])));
}

#[test]
fn a_header_that_lies_about_the_body_is_passed_over() {
    for (name, encoding) in
        [("gzip", Encoding::Gzip), ("deflate", Encoding::Deflate), ("br", Encoding::Brotli), ("zstd", Encoding::Zstd)]
    {
        let headers = format!("Transfer-Encoding: chunked\r\nContent-Encoding: {name}\r\n");
        let notes = vec![Note::NotChunked, Note::NotEncoded(encoding)];
        assert_eq!(decoded(&headers, PAGE), Ok((PAGE.to_vec(), notes)), "{name}");
    }
    let unknown = vec![Note::UnknownEncoding("utf-8".into())];
    assert_eq!(decoded("Content-Encoding: utf-8\r\n", PAGE), Ok((PAGE.to_vec(), unknown)));
    let picture = b"\x89PNG\r\n\x1a\n\0\0\0\rIHDR";
    let not_encoded = vec![Note::NotEncoded(Encoding::Gzip)];
    assert_eq!(decoded("Content-Encoding: gzip\r\n", picture), Ok((picture.to_vec(), not_encoded)));
}

#[test]
fn a_clipped_body_keeps_what_could_be_decoded() {
    let long: Vec<u8> = (0..9000u32).flat_map(|n| n.wrapping_mul(2_654_435_761).to_le_bytes()).take(9000).collect();
    for (name, encoding, packed) in [
        ("gzip", Encoding::Gzip, gzip(&long)),
        ("deflate", Encoding::Deflate, zlib(&long)),
        ("br", Encoding::Brotli, brotli(&long)),
    ] {
        let (bytes, notes) =
            decoded(&format!("Content-Encoding: {name}\r\n"), &packed[..packed.len() * 2 / 3]).unwrap();
        assert_eq!(notes, [Note::ClippedEncoding(encoding)], "{name}");
        assert!(bytes.len() > 4000 && long.starts_with(&bytes), "{name}: {}", bytes.len());
    }
}

#[test]
fn a_damaged_body_and_a_bomb_are_reasons() {
    let mut damaged = gzip(PAGE);
    let middle = damaged.len() / 2;
    damaged[middle] ^= 0x5a;
    damaged[middle + 1] ^= 0x5a;
    assert_eq!(decoded("Content-Encoding: gzip\r\n", &damaged), Err(Reason::DamagedContentEncoding));
    let zeros = vec![0; 1 << 20];
    for (name, body) in [("gzip", gzip(&zeros)), ("br", brotli(&zeros)), ("deflate", zlib(&zeros))] {
        let headers = format!("Content-Encoding: {name}\r\n");
        assert_eq!(decoded(&headers, &body), Err(Reason::BodyTooLarge), "{name}");
    }
    assert_eq!(decoded("", &zeros), Err(Reason::BodyTooLarge));
    assert_eq!(decoded("Content-Encoding: compress\r\n", b"\x1f\x9d\x90\0"), Err(Reason::UnsupportedContentEncoding));
}

#[test]
fn status_lines_and_headers_are_read_as_servers_write_them() {
    let limits = Limits::default();
    let parse = |block: &'static [u8]| Response::parse(block, &limits);
    assert_eq!(parse(b"HTTP/2 204\n\n").unwrap().status, 204);
    assert_eq!(parse(b"HTTP/1.1 404\r\n").unwrap().status, 404);
    let response = parse(b"HTTP/1.0 200 OK\nContent-type: Text/HTML; charset=x\n\nbody").unwrap();
    assert_eq!(response.media_type().as_deref(), Some("text/html"));
    assert_eq!(response.raw_body, b"body");
    assert!(response.declares_html() && response.is_html(b"body"));
    assert_eq!(parse(b"HTTP/1.0 200 OK\r\n\r\n<p>").unwrap().raw_body, b"<p>");
    for block in [&b""[..], b"<html>", b"HTTP/1.1 xx", b"GET / HTTP/1.1\r\n\r\n"] {
        assert_eq!(
            parse(block).map(|response| response.status).map_err(|(reason, _)| reason),
            Err(Reason::InvalidHttpHeader)
        );
    }
}

#[test]
fn a_header_above_the_cap_is_a_reason() {
    let limits = Limits { max_header_bytes: 100, ..Limits::default() };
    let block = response(&format!("X: {}\r\n", "y".repeat(200)), b"");
    assert_eq!(Response::parse(&block, &limits).map(|_| ()).map_err(|(reason, _)| reason), Err(Reason::HeaderTooLarge));
}

#[test]
fn a_page_that_stands_alone_is_read_out_of_its_compression_under_the_cap() {
    let limits = Limits { max_body_bytes: 10_000, ..Limits::default() };
    let read = |file: &[u8]| lone_page(file, &limits).map(Cow::into_owned);
    let zstd = zstd::encode_all(PAGE, 3).unwrap();
    for file in [PAGE, &gzip(PAGE), &[gzip(&PAGE[..20]), gzip(&PAGE[20..])].concat(), &zstd] {
        assert_eq!(read(file).as_deref(), Ok(PAGE));
    }
    assert_eq!(read(b"").as_deref(), Ok(&b""[..]));
    for (file, reason, detail) in [
        (gzip(&vec![b' '; 10_001]), Reason::BodyTooLarge, "gzip: more than 10000 bytes"),
        (gzip(PAGE)[..40].to_vec(), Reason::DamagedContentEncoding, "gzip: the file ends early"),
        (zstd[..40].to_vec(), Reason::DamagedContentEncoding, "zstd: the file ends early"),
        (b"%PDF-1.7".to_vec(), Reason::NotHtml, "a PDF document"),
        (gzip(b"\xff\xd8\xff\xe0"), Reason::NotHtml, "a JPEG image inside gzip"),
    ] {
        assert_eq!(read(&file), Err((reason, detail.to_owned())));
    }
    assert!(matches!(read(&[0x1f; 50]), Err((Reason::NotHtml, detail)) if detail == "binary data"));
    let mut damaged = gzip(PAGE);
    damaged[15] ^= 0xff;
    assert!(matches!(read(&damaged), Err((Reason::DamagedContentEncoding, _))));
}
