//! The pieces of a model.

use foldhash::{HashSet, HashSetExt};
use yada::builder::DoubleArrayBuilder;

use super::double_array::DoubleArray;
use super::message::{Model, Piece};
use crate::model::ModelError;

/// Bytes of the longest piece.  Trainers make pieces of 16 characters; the limit keeps a damaged file from a trie of any depth.
const LONGEST_PIECE: usize = 2048;

/// How much less likely than the least likely piece an unknown character is.
const UNKNOWN_PENALTY: f32 = 10.0;

#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Kind {
    Normal,
    Unknown,
    Control,
    UserDefined,
    Unused,
    Byte,
}

#[derive(Debug)]
pub(super) struct Vocabulary {
    /// Those that text is split into: normal, defined by the user, unused.
    pieces: DoubleArray,
    /// Those defined by the user alone: they are neither normalised nor split.
    user_defined: Option<DoubleArray>,
    texts: Vec<Box<str>>,
    scores: Vec<f32>,
    kinds: Vec<Kind>,
    unknown: u32,
    least_score: f32,
    spells_bytes: bool,
}

impl Vocabulary {
    pub(super) fn new(model: &Model<'_>, file_length: usize) -> Result<Self, ModelError> {
        let mut vocabulary = Self {
            pieces: DoubleArray::default(),
            user_defined: None,
            texts: model.pieces.iter().map(|piece| piece.text.into()).collect(),
            scores: Vec::with_capacity(model.pieces.len()),
            kinds: Vec::with_capacity(model.pieces.len()),
            unknown: 0,
            least_score: f32::MAX,
            spells_bytes: model.spells_bytes,
        };
        let mut names = HashSet::with_capacity(model.pieces.len());
        let mut split_into = Vec::with_capacity(model.pieces.len());
        let mut user_defined = Vec::new();
        let mut unknown = None;
        let mut bytes = 0;
        for (id, piece) in (0..).zip(&model.pieces) {
            let kind = checked_kind(piece)?;
            if !names.insert(piece.text) {
                return Err(ModelError::new(piece.offset, format!("`{}` a second time", piece.text), "another piece"));
            }
            match kind {
                Kind::Normal => {
                    vocabulary.least_score = vocabulary.least_score.min(piece.score);
                    split_into.push((piece.text, id));
                }
                Kind::UserDefined => {
                    user_defined.push((piece.text, id));
                    split_into.push((piece.text, id));
                }
                Kind::Unused => split_into.push((piece.text, id)),
                Kind::Unknown if unknown.is_some() => {
                    return Err(ModelError::new(piece.offset, "a second unknown piece", "one"));
                }
                Kind::Unknown => unknown = Some(id),
                Kind::Byte => bytes += 1,
                Kind::Control => {}
            }
            vocabulary.scores.push(piece.score);
            vocabulary.kinds.push(kind);
        }
        let Some(unknown) = unknown else {
            return Err(ModelError::new(file_length, "the end of the file", "an unknown piece before it"));
        };
        vocabulary.unknown = unknown;
        if model.spells_bytes && bytes != 256 {
            return Err(ModelError::new(file_length, format!("a model of {bytes} bytes"), "a piece for each of 256"));
        }
        vocabulary.pieces = trie(split_into, file_length)?;
        if !user_defined.is_empty() {
            vocabulary.user_defined = Some(trie(user_defined, file_length)?);
        }
        Ok(vocabulary)
    }

    pub(super) fn pieces(&self) -> &DoubleArray {
        &self.pieces
    }

    pub(super) fn texts(&self) -> impl Iterator<Item = &str> {
        self.texts.iter().map(|text| &**text)
    }

    pub(super) fn kind(&self, id: u32) -> Kind {
        self.kinds[id as usize]
    }

    pub(super) fn score(&self, id: u32) -> f32 {
        self.scores[id as usize]
    }

    pub(super) fn unknown(&self) -> u32 {
        self.unknown
    }

    pub(super) fn unknown_score(&self) -> f32 {
        self.least_score - UNKNOWN_PENALTY
    }

    pub(super) fn spells_bytes(&self) -> bool {
        self.spells_bytes
    }

    /// The length of the longest piece defined by the user that `text` begins with.
    pub(super) fn user_defined(&self, text: &str) -> Option<usize> {
        let (length, _) = self.user_defined.as_ref()?.longest_prefix(text.as_bytes())?;
        Some(length)
    }
}

fn checked_kind(piece: &Piece<'_>) -> Result<Kind, ModelError> {
    let error = |found: String, expected| Err(ModelError::new(piece.offset, found, expected));
    if piece.text.is_empty() || piece.text.len() > LONGEST_PIECE || piece.text.contains('\0') {
        let expected = format!("one of 1 to {LONGEST_PIECE} without a zero byte");
        return Err(ModelError::new(piece.offset, format!("a piece of {} bytes", piece.text.len()), expected));
    }
    if !piece.score.is_finite() {
        return error(format!("the score {}", piece.score), "a number");
    }
    Ok(match piece.kind {
        1 => Kind::Normal,
        2 => Kind::Unknown,
        3 => Kind::Control,
        4 => Kind::UserDefined,
        5 => Kind::Unused,
        6 => Kind::Byte,
        other => return error(format!("a piece of kind {other}"), "1 to 6"),
    })
}

fn trie(mut pieces: Vec<(&str, u32)>, file_length: usize) -> Result<DoubleArray, ModelError> {
    pieces.sort_unstable();
    let bytes = DoubleArrayBuilder::build(&pieces)
        .map_err(|error| ModelError::new(file_length, error, "pieces that make a trie"))?;
    Ok(DoubleArray::new(&bytes))
}
