//! The protobuf message of a model file: the fields that splitting needs, each with its place.
//!
//! | message | field |
//! |---|---|
//! | model | 1 piece (repeated), 2 training, 3 normalisation |
//! | piece | 1 text, 2 score (`float`), 3 kind |
//! | training | 3 model type, 24 spaces end words, 35 bytes are spelled |
//! | normalisation | 2 character map, 3 a space is put before the text, 4 spaces are collapsed, 5 spaces become `▁` |

use crate::model::ModelError;

/// What a model file says.
pub(super) struct Model<'a> {
    pub(super) pieces: Vec<Piece<'a>>,
    /// 1 unigram, 2 bpe, 3 word, 4 char.
    pub(super) algorithm: Placed<u64>,
    pub(super) spells_bytes: bool,
    pub(super) space_ends_words: bool,
    pub(super) charsmap: Placed<&'a [u8]>,
    pub(super) adds_space: bool,
    pub(super) collapses_spaces: bool,
    pub(super) marks_spaces: bool,
}

pub(super) struct Piece<'a> {
    /// Where its message begins.
    pub(super) offset: usize,
    pub(super) text: &'a str,
    pub(super) score: f32,
    /// 1 normal, 2 unknown, 3 control, 4 defined by the user, 5 unused, 6 byte.
    pub(super) kind: u64,
}

/// A value and where it stands.
#[derive(Clone, Copy)]
pub(super) struct Placed<T> {
    pub(super) offset: usize,
    pub(super) value: T,
}

impl<'a> Model<'a> {
    pub(super) fn read(bytes: &'a [u8]) -> Result<Self, ModelError> {
        let mut model = Self {
            pieces: Vec::new(),
            algorithm: Placed { offset: 0, value: 1 },
            spells_bytes: false,
            space_ends_words: false,
            charsmap: Placed { offset: 0, value: &[] },
            adds_space: true,
            collapses_spaces: true,
            marks_spaces: true,
        };
        let mut fields = Message { bytes, at: 0 };
        while let Some(field) = fields.next()? {
            match field.number {
                1 => model.pieces.push(Piece::read(field.message("a piece")?)?),
                2 => model.read_training(field.message("the training options")?)?,
                3 => model.read_normalisation(field.message("the normalisation options")?)?,
                _ => {}
            }
        }
        Ok(model)
    }

    fn read_training(&mut self, mut fields: Message<'a>) -> Result<(), ModelError> {
        while let Some(field) = fields.next()? {
            match field.number {
                3 => self.algorithm = Placed { offset: field.offset, value: field.varint("a model type")? },
                24 => self.space_ends_words = field.varint("yes or no")? != 0,
                35 => self.spells_bytes = field.varint("yes or no")? != 0,
                _ => {}
            }
        }
        Ok(())
    }

    fn read_normalisation(&mut self, mut fields: Message<'a>) -> Result<(), ModelError> {
        while let Some(field) = fields.next()? {
            match field.number {
                2 => self.charsmap = Placed { offset: field.offset, value: field.bytes("a character map")? },
                3 => self.adds_space = field.varint("yes or no")? != 0,
                4 => self.collapses_spaces = field.varint("yes or no")? != 0,
                5 => self.marks_spaces = field.varint("yes or no")? != 0,
                _ => {}
            }
        }
        Ok(())
    }
}

impl<'a> Piece<'a> {
    fn read(mut fields: Message<'a>) -> Result<Self, ModelError> {
        let mut piece = Self { offset: fields.at, text: "", score: 0.0, kind: 1 };
        while let Some(field) = fields.next()? {
            match field.number {
                1 => {
                    let text = field.bytes("a piece's text")?;
                    piece.text = std::str::from_utf8(text)
                        .map_err(|_| ModelError::new(field.offset, "bytes that are no UTF-8", "a piece's text"))?;
                }
                2 => piece.score = field.float("a piece's score")?,
                3 => piece.kind = field.varint("a piece's kind")?,
                _ => {}
            }
        }
        Ok(piece)
    }
}

/// A message's fields, one behind the other.  `bytes` ends with the message, and begins with the file, so that offsets are the file's.
struct Message<'a> {
    bytes: &'a [u8],
    at: usize,
}

struct Field<'a> {
    number: u64,
    /// Where its value begins (of one with a length: the bytes behind that).
    offset: usize,
    value: Value<'a>,
}

enum Value<'a> {
    Varint(u64),
    Float(f32),
    /// The file up to the value's end.
    Bytes(&'a [u8]),
    Skipped,
}

impl<'a> Message<'a> {
    fn next(&mut self) -> Result<Option<Field<'a>>, ModelError> {
        if self.at == self.bytes.len() {
            return Ok(None);
        }
        let begin = self.at;
        let key = self.varint("a field's number")?;
        let mut offset = self.at;
        let value = match key & 7 {
            0 => Value::Varint(self.varint("a number")?),
            1 => {
                self.take(8, "a field of 8 bytes")?;
                Value::Skipped
            }
            2 => {
                let length = self.varint("a length")?;
                offset = self.at;
                self.take(usize::try_from(length).unwrap_or(usize::MAX), "a field")?;
                Value::Bytes(&self.bytes[..self.at])
            }
            5 => {
                let bits = self.take(4, "a field of 4 bytes")?;
                Value::Float(f32::from_le_bytes([bits[0], bits[1], bits[2], bits[3]]))
            }
            other => return Err(ModelError::new(begin, format!("wire type {other}"), "0, 1, 2 or 5")),
        };
        Ok(Some(Field { number: key >> 3, offset, value }))
    }

    fn varint(&mut self, name: &str) -> Result<u64, ModelError> {
        let begin = self.at;
        let mut value = 0;
        for shift in (0..64).step_by(7) {
            let byte = self.take(1, name)?[0];
            value |= u64::from(byte & 0x7f) << shift;
            if byte < 0x80 {
                return Ok(value);
            }
        }
        Err(ModelError::new(begin, "a number of more than 10 bytes", name))
    }

    fn take(&mut self, length: usize, name: &str) -> Result<&'a [u8], ModelError> {
        let left = self.bytes.len() - self.at;
        if length > left {
            let found = format!("the end of the message after {left} bytes");
            return Err(ModelError::new(self.at, found, format!("{name}, {length} bytes")));
        }
        self.at += length;
        Ok(&self.bytes[self.at - length..self.at])
    }
}

impl<'a> Field<'a> {
    fn varint(&self, name: &str) -> Result<u64, ModelError> {
        if let Value::Varint(value) = self.value { Ok(value) } else { Err(self.is_no(name)) }
    }

    fn float(&self, name: &str) -> Result<f32, ModelError> {
        if let Value::Float(value) = self.value { Ok(value) } else { Err(self.is_no(name)) }
    }

    fn bytes(&self, name: &str) -> Result<&'a [u8], ModelError> {
        if let Value::Bytes(file) = self.value { Ok(&file[self.offset..]) } else { Err(self.is_no(name)) }
    }

    fn message(&self, name: &str) -> Result<Message<'a>, ModelError> {
        if let Value::Bytes(bytes) = self.value {
            Ok(Message { bytes, at: self.offset })
        } else {
            Err(self.is_no(name))
        }
    }

    fn is_no(&self, name: &str) -> ModelError {
        ModelError::new(self.offset, format!("field {} of another wire type", self.number), name)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_field_past_the_end_is_an_error() {
        let error = Model::read(b"\x0a\x05\x0a\x01a").err().unwrap();
        assert_eq!(
            error.to_string(),
            "byte 2: the end of the message after 3 bytes, where a field, 5 bytes is expected"
        );
        let error = Model::read(&[0xff; 12]).err().unwrap();
        assert_eq!(error.to_string(), "byte 0: a number of more than 10 bytes, where a field's number is expected");
    }

    #[test]
    fn fields_that_are_not_needed_are_skipped() {
        let model = Model::read(b"\x49abcdefgh\x22\x02xy\x0a\x03\x0a\x01a\x12\x02\x18\x02").unwrap();
        assert_eq!((model.pieces.len(), model.pieces[0].text, model.algorithm.value), (1, "a", 2));
    }
}
