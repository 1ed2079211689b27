//! One record and how each format spells it.

use std::io;

use sha2::{Digest, Sha256};

use crate::Timestamp;

/// The file format.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Format {
    /// `WARC/0.18`, the last draft, which old crawls carry.
    Warc018,
    /// `WARC/1.0`, ISO 28500:2009.
    Warc10,
    /// `WARC/1.1`, ISO 28500:2017.
    Warc11,
    /// The Internet Archive's ARC, version 1.
    Arc,
}

/// `WARC-Type` (ISO 28500, section 6).
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum RecordType {
    /// About the file itself; in an ARC file its version block.
    Warcinfo,
    /// A request as sent.
    Request,
    /// A response as received.
    Response,
    /// A resource without its protocol's head.
    Resource,
    /// Facts about another record.
    Metadata,
    /// A response that was seen before.
    Revisit,
    /// Another form of a record, such as extracted text.
    Conversion,
}

impl RecordType {
    fn name(self) -> &'static str {
        match self {
            Self::Warcinfo => "warcinfo",
            Self::Request => "request",
            Self::Response => "response",
            Self::Resource => "resource",
            Self::Metadata => "metadata",
            Self::Revisit => "revisit",
            Self::Conversion => "conversion",
        }
    }
}

/// A record before it is written.
#[derive(Clone, Debug)]
pub struct Record {
    /// Its type.
    pub record_type: RecordType,
    /// `WARC-Target-URI`, absent for `warcinfo`.
    pub url: Option<String>,
    /// Media type of the block.
    pub content_type: String,
    /// Media type that an ARC header names: that of the payload.
    pub payload_type: String,
    /// Further header fields in order.
    pub fields: Vec<(String, String)>,
    /// The block.
    pub block: Vec<u8>,
    /// Length of the protocol head at the front of the block, for the payload digest; `None` writes no payload digest.
    pub head_length: Option<usize>,
    /// What `Content-Length` claims, when it is not the truth.
    pub declared_length: Option<u64>,
}

impl Record {
    /// A record of this type and block, with no further fields.
    #[must_use]
    pub fn new(record_type: RecordType, url: Option<&str>, content_type: &str, block: impl Into<Vec<u8>>) -> Self {
        Self {
            record_type,
            url: url.map(str::to_owned),
            content_type: content_type.to_owned(),
            payload_type: content_type.to_owned(),
            fields: Vec::new(),
            block: block.into(),
            head_length: None,
            declared_length: None,
        }
    }

    /// One more header field.
    #[must_use]
    pub fn field(mut self, name: &str, value: impl Into<String>) -> Self {
        self.fields.push((name.to_owned(), value.into()));
        self
    }

    /// The record's bytes in `format`, the `number`th of its file.
    ///
    /// # Errors
    /// `InvalidInput` when the format has no such record: ARC holds only `warcinfo`, `response` and `resource`.
    pub fn bytes(&self, format: Format, number: u64, date: Timestamp) -> io::Result<Vec<u8>> {
        let version = match format {
            Format::Warc018 => "WARC/0.18",
            Format::Warc10 => "WARC/1.0",
            Format::Warc11 => "WARC/1.1",
            Format::Arc => return self.arc_bytes(date),
        };
        let mut head = format!(
            "{version}\r\nWARC-Type: {}\r\nWARC-Record-ID: {}\r\nWARC-Date: {}\r\n",
            self.record_type.name(),
            self.id(number),
            date.iso()
        );
        if let Some(url) = &self.url {
            head += &format!("WARC-Target-URI: {url}\r\n");
        }
        for (name, value) in &self.fields {
            head += &format!("{name}: {value}\r\n");
        }
        head += &format!("WARC-Block-Digest: {}\r\n", digest(&self.block));
        if let Some(length) = self.head_length {
            head += &format!("WARC-Payload-Digest: {}\r\n", digest(&self.block[length..]));
        }
        let length = self.declared_length.unwrap_or(self.block.len() as u64);
        head += &format!("Content-Type: {}\r\nContent-Length: {length}\r\n\r\n", self.content_type);
        let mut bytes = head.into_bytes();
        bytes.extend_from_slice(&self.block);
        bytes.extend_from_slice(b"\r\n\r\n");
        Ok(bytes)
    }

    /// The record's id: a UUID (version 8) hashed from its place, type and URL.
    #[must_use]
    pub fn id(&self, number: u64) -> String {
        let url = self.url.as_deref().unwrap_or_default();
        let hash = Sha256::digest(format!("{number} {} {url}", self.record_type.name()));
        let mut id: [u8; 16] = std::array::from_fn(|i| hash[i]);
        id[6] = (id[6] & 0x0f) | 0x80;
        id[8] = (id[8] & 0x3f) | 0x80;
        let hex = hex(&id);
        let groups = [&hex[..8], &hex[8..12], &hex[12..16], &hex[16..20], &hex[20..]];
        format!("<urn:uuid:{}>", groups.join("-"))
    }

    fn arc_bytes(&self, date: Timestamp) -> io::Result<Vec<u8>> {
        let (url, mut block) = match self.record_type {
            RecordType::Warcinfo => {
                let version =
                    b"1 0 obelisc-testkit\nURL IP-address Archive-date Content-type Archive-length\n".to_vec();
                ("filedesc://testkit.arc", version)
            }
            RecordType::Response | RecordType::Resource => {
                (self.url.as_deref().unwrap_or_default(), self.block.clone())
            }
            other => {
                return Err(io::Error::new(
                    io::ErrorKind::InvalidInput,
                    format!("an ARC file has no {} record", other.name()),
                ));
            }
        };
        let media = if self.record_type == RecordType::Warcinfo { "text/plain" } else { &self.payload_type };
        let media = media.split(';').next().unwrap_or_default();
        let length = self.declared_length.unwrap_or(block.len() as u64);
        let mut bytes = format!("{url} 192.0.2.1 {} {media} {length}\n", date.digits()).into_bytes();
        bytes.append(&mut block);
        bytes.push(b'\n');
        Ok(bytes)
    }
}

fn digest(bytes: &[u8]) -> String {
    format!("sha256:{}", sha256(bytes))
}

/// The sha256 of bytes, hexadecimal.
#[must_use]
pub fn sha256(bytes: &[u8]) -> String {
    hex(&Sha256::digest(bytes))
}

/// Lower-case hexadecimal digits of `bytes`.
pub(crate) fn hex(bytes: &[u8]) -> String {
    bytes.iter().map(|byte| format!("{byte:02x}")).collect()
}

#[cfg(test)]
mod tests {
    use super::*;

    fn resource() -> Record {
        Record::new(RecordType::Resource, Some("https://site.example/a"), "text/plain", "four")
    }

    #[test]
    fn a_warc_record_names_its_version_and_ends_with_two_line_ends() {
        for (format, line) in
            [(Format::Warc018, "WARC/0.18\r\n"), (Format::Warc10, "WARC/1.0\r\n"), (Format::Warc11, "WARC/1.1\r\n")]
        {
            let text = String::from_utf8(resource().bytes(format, 1, Timestamp::START).unwrap()).unwrap();
            assert!(text.starts_with(line) && text.ends_with("\r\n\r\nfour\r\n\r\n"), "{text}");
        }
    }

    #[test]
    fn an_arc_record_is_one_line_and_its_body() {
        let bytes = resource().bytes(Format::Arc, 1, Timestamp::START).unwrap();
        assert_eq!(bytes, b"https://site.example/a 192.0.2.1 20240320090000 text/plain 4\nfour\n");
    }

    #[test]
    fn an_arc_file_refuses_what_it_cannot_hold() {
        let request = Record::new(RecordType::Request, Some("https://site.example/"), "application/http", "");
        let error = request.bytes(Format::Arc, 1, Timestamp::START).unwrap_err();
        assert_eq!(error.to_string(), "an ARC file has no request record");
    }

    #[test]
    fn ids_differ_by_place_and_stay_the_same() {
        assert_eq!(resource().id(1), resource().id(1));
        assert_ne!(resource().id(1), resource().id(2));
        assert_eq!(resource().id(1).len(), "<urn:uuid:00000000-0000-8000-8000-000000000000>".len());
    }

    #[test]
    fn a_declared_length_may_lie() {
        let mut record = resource();
        record.declared_length = Some(400);
        let text = String::from_utf8(record.bytes(Format::Warc11, 1, Timestamp::START).unwrap()).unwrap();
        assert!(text.contains("Content-Length: 400\r\n"));
    }
}
