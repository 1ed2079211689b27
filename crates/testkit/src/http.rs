//! HTTP/1.1 responses as a crawler would have captured them.

use std::io::Write;

use flate2::{Compression as Level, write::DeflateEncoder, write::ZlibEncoder};

use crate::gzip;

/// A content coding of HTTP (RFC 9110, section 8.4.1; `zstd` of RFC 8878).
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum ContentCoding {
    /// `gzip`.
    Gzip,
    /// `deflate` as the standard means it: a zlib stream.
    Deflate,
    /// `deflate` as some servers send it: a bare deflate stream.
    RawDeflate,
    /// `br`.
    Brotli,
    /// `zstd`.
    Zstd,
}

impl ContentCoding {
    /// The name in the `Content-Encoding` header.
    #[must_use]
    pub fn name(self) -> &'static str {
        match self {
            Self::Gzip => "gzip",
            Self::Deflate | Self::RawDeflate => "deflate",
            Self::Brotli => "br",
            Self::Zstd => "zstd",
        }
    }

    /// `body` under this coding.
    #[must_use]
    #[expect(clippy::expect_used, reason = "development only, and writing to memory does not fail")]
    pub fn encode(self, body: &[u8]) -> Vec<u8> {
        match self {
            Self::Gzip => gzip(body),
            Self::Deflate => {
                let mut writer = ZlibEncoder::new(Vec::new(), Level::new(6));
                writer.write_all(body).and_then(|()| writer.finish()).expect("deflate to memory")
            }
            Self::RawDeflate => {
                let mut writer = DeflateEncoder::new(Vec::new(), Level::new(6));
                writer.write_all(body).and_then(|()| writer.finish()).expect("deflate to memory")
            }
            Self::Brotli => {
                let mut writer = brotli::CompressorWriter::new(Vec::new(), 4096, 9, 22);
                writer.write_all(body).expect("brotli to memory");
                writer.into_inner()
            }
            Self::Zstd => zstd::bulk::compress(body, 9).expect("zstd to memory"),
        }
    }
}

/// A response under construction. The body is coded first, then chunked, as on the wire.
#[derive(Clone, Debug)]
pub struct HttpResponse {
    status: u16,
    headers: Vec<(String, String)>,
    body: Vec<u8>,
    chunk: Option<usize>,
    length: bool,
}

impl HttpResponse {
    /// A 200 response of this media type.
    #[must_use]
    pub fn new(content_type: &str, body: impl Into<Vec<u8>>) -> Self {
        let headers = vec![("Content-Type".to_owned(), content_type.to_owned())];
        Self { status: 200, headers, body: body.into(), chunk: None, length: true }
    }

    /// A 200 response of `text/html; charset=utf-8`.
    #[must_use]
    pub fn html(body: &str) -> Self {
        Self::new("text/html; charset=utf-8", body)
    }

    /// A 301 response that sends the reader to `location`.
    #[must_use]
    pub fn redirect(location: &str) -> Self {
        let body =
            format!("<!doctype html><title>Moved</title><p>Moved to <a href=\"{location}\">{location}</a>.</p>\n");
        Self::html(&body).status(301).header("Location", location)
    }

    /// Another status code.
    #[must_use]
    pub fn status(mut self, status: u16) -> Self {
        self.status = status;
        self
    }

    /// One more header, written as given; `Content-Encoding` and `Transfer-Encoding` given here are lies, which is a use.
    #[must_use]
    pub fn header(mut self, name: &str, value: &str) -> Self {
        self.headers.push((name.to_owned(), value.to_owned()));
        self
    }

    /// Codes the body and says so.
    #[must_use]
    pub fn coded(mut self, coding: ContentCoding) -> Self {
        self.body = coding.encode(&self.body);
        self.header("Content-Encoding", coding.name())
    }

    /// Frames the body in chunks of `size` bytes and says so instead of giving a length.
    #[must_use]
    pub fn chunked(mut self, size: usize) -> Self {
        self.chunk = Some(size.max(1));
        self.length = false;
        self.header("Transfer-Encoding", "chunked")
    }

    /// Leaves the `Content-Length` header out, as HTTP/1.0 servers did.
    #[must_use]
    pub fn without_length(mut self) -> Self {
        self.length = false;
        self
    }

    /// The media type given at the start.
    #[must_use]
    pub fn content_type(&self) -> &str {
        &self.headers[0].1
    }

    /// The body as framed on the wire, without the head.
    #[must_use]
    pub fn payload(&self) -> Vec<u8> {
        let Some(size) = self.chunk else { return self.body.clone() };
        let mut framed = Vec::with_capacity(self.body.len() + 64);
        for chunk in self.body.chunks(size) {
            framed.extend_from_slice(format!("{:x}\r\n", chunk.len()).as_bytes());
            framed.extend_from_slice(chunk);
            framed.extend_from_slice(b"\r\n");
        }
        framed.extend_from_slice(b"0\r\n\r\n");
        framed
    }

    /// The status line and headers, with the blank line that ends them.
    #[must_use]
    pub fn head(&self) -> Vec<u8> {
        let mut head = format!("HTTP/1.1 {} {}\r\n", self.status, reason(self.status));
        for (name, value) in &self.headers {
            head += &format!("{name}: {value}\r\n");
        }
        if self.length {
            head += &format!("Content-Length: {}\r\n", self.body.len());
        }
        head += "\r\n";
        head.into_bytes()
    }

    /// The whole message.
    #[must_use]
    pub fn bytes(&self) -> Vec<u8> {
        let mut bytes = self.head();
        bytes.extend_from_slice(&self.payload());
        bytes
    }
}

fn reason(status: u16) -> &'static str {
    match status {
        200 => "OK",
        206 => "Partial Content",
        301 => "Moved Permanently",
        302 => "Found",
        304 => "Not Modified",
        403 => "Forbidden",
        404 => "Not Found",
        500 => "Internal Server Error",
        _ => "Status",
    }
}

#[cfg(test)]
mod tests {
    use std::io::Read;

    use super::*;

    #[test]
    fn chunks_carry_their_size_in_hexadecimal_and_end_with_an_empty_one() {
        let response = HttpResponse::new("text/plain", "abcdefghijklmnopqrstuvwxyz").chunked(20);
        assert_eq!(response.payload(), b"14\r\nabcdefghijklmnopqrst\r\n6\r\nuvwxyz\r\n0\r\n\r\n");
        let head = String::from_utf8(response.head()).unwrap();
        assert!(head.contains("Transfer-Encoding: chunked\r\n") && !head.contains("Content-Length"));
    }

    #[test]
    fn every_coding_gives_the_body_back() {
        let body = "a sentence that repeats itself, ".repeat(50).into_bytes();
        let mut back = Vec::new();
        for coding in [
            ContentCoding::Gzip,
            ContentCoding::Deflate,
            ContentCoding::RawDeflate,
            ContentCoding::Brotli,
            ContentCoding::Zstd,
        ] {
            let coded = coding.encode(&body);
            assert!(coded.len() < body.len());
            back.clear();
            match coding {
                ContentCoding::Gzip => flate2::read::GzDecoder::new(&coded[..]).read_to_end(&mut back).unwrap(),
                ContentCoding::Deflate => flate2::read::ZlibDecoder::new(&coded[..]).read_to_end(&mut back).unwrap(),
                ContentCoding::RawDeflate => {
                    flate2::read::DeflateDecoder::new(&coded[..]).read_to_end(&mut back).unwrap()
                }
                ContentCoding::Brotli => brotli::Decompressor::new(&coded[..], 4096).read_to_end(&mut back).unwrap(),
                ContentCoding::Zstd => {
                    back = zstd::bulk::decompress(&coded, 1 << 20).unwrap();
                    back.len()
                }
            };
            assert_eq!(back, body, "{coding:?}");
        }
    }

    #[test]
    fn the_length_is_that_of_the_coded_body() {
        let response = HttpResponse::html(&"word ".repeat(200)).coded(ContentCoding::Brotli);
        let head = String::from_utf8(response.head()).unwrap();
        assert!(head.contains(&format!("Content-Length: {}\r\n", response.payload().len())), "{head}");
    }
}
