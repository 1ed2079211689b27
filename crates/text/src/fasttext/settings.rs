//! How a model was trained, as far as it matters when it is asked.

use crate::ModelError;
use crate::model::Fields;

/// The first four bytes of every model since version 11.
const MAGIC: i32 = 793_712_314;

/// Models that tell no language or class have another kind here.
const SUPERVISED: i32 = 3;

/// Characters or words in an n-gram: trained models have up to ten; without a bound, damage could cost hours.
const MAX_N: i32 = 256;

/// Where probabilities come from.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum LossKind {
    /// `hs`: decisions on the way to a leaf of a Huffman tree.
    HierarchicalSoftmax,
    /// `softmax`.
    Softmax,
    /// `ns` and `ova`: each label on its own.
    Sigmoid,
}

/// The settings.
#[derive(Clone, Copy, Debug)]
pub(super) struct Settings {
    pub(super) dimensions: usize,
    pub(super) loss: LossKind,
    /// Longest n-gram of words.
    pub(super) word_n: usize,
    /// Buckets of hashed n-grams.
    pub(super) buckets: u32,
    /// Shortest and longest n-gram of characters; the longest is 0 where there are none.
    pub(super) min_n: usize,
    pub(super) max_n: usize,
}

impl Settings {
    /// Reads the head of a model.
    pub(super) fn read(fields: &mut Fields<'_>) -> Result<Self, ModelError> {
        let magic = fields.i32("fastText's magic number")?;
        if magic != MAGIC {
            return Err(ModelError::new(0, magic, format!("{MAGIC}, with which a fastText model begins")));
        }
        let at = fields.offset();
        let version = fields.i32("version")?;
        if !(11..=12).contains(&version) {
            return Err(ModelError::new(at, format!("version {version}"), "version 11 or 12"));
        }
        let dimensions = bounded(fields, "dimensions", 1, i32::MAX)?;
        for name in ["window", "epochs", "least count", "negatives"] {
            fields.i32(name)?;
        }
        let word_n = bounded(fields, "longest n-gram of words", 0, MAX_N)?;
        let loss = match bounded(fields, "loss", 1, 4)? {
            1 => LossKind::HierarchicalSoftmax,
            3 => LossKind::Softmax,
            _ => LossKind::Sigmoid,
        };
        bounded(fields, "kind of model", SUPERVISED, SUPERVISED)?;
        let at = fields.offset();
        let buckets = bounded(fields, "buckets", 0, i32::MAX)?;
        let min_n = bounded(fields, "shortest n-gram of characters", 0, MAX_N)?;
        let mut max_n = bounded(fields, "longest n-gram of characters", 0, MAX_N)?;
        fields.i32("rate of updates")?;
        fields.f64("sampling threshold")?;
        // Supervised models did not use them then, whatever is written.
        if version == 11 {
            max_n = 0;
        }
        if buckets == 0 && (max_n > 0 || word_n > 1) {
            return Err(ModelError::new(at, "no buckets", "buckets for n-grams"));
        }
        let buckets = u32::try_from(buckets).unwrap_or(u32::MAX);
        Ok(Self { dimensions, loss, word_n, buckets, min_n, max_n })
    }
}

/// A number in its bounds.
pub(super) fn bounded(fields: &mut Fields<'_>, name: &str, min: i32, max: i32) -> Result<usize, ModelError> {
    let at = fields.offset();
    let value = fields.i32(name)?;
    match usize::try_from(value) {
        Ok(count) if (min..=max).contains(&value) => Ok(count),
        _ => Err(ModelError::new(at, value, format!("{name}, from {min} to {max}"))),
    }
}

/// A number of rows or columns, in eight bytes.
pub(super) fn size(fields: &mut Fields<'_>, name: &str) -> Result<usize, ModelError> {
    let at = fields.offset();
    let value = fields.i64(name)?;
    usize::try_from(value).map_err(|_| ModelError::new(at, value, format!("{name}, 0 or more")))
}

/// A byte that is 0 or 1.
pub(super) fn flag(fields: &mut Fields<'_>, name: &str) -> Result<bool, ModelError> {
    let at = fields.offset();
    match fields.u8(name)? {
        0 => Ok(false),
        1 => Ok(true),
        other => Err(ModelError::new(at, other, format!("{name}, 0 or 1"))),
    }
}

/// Refuses a count that is too small.
pub(super) fn at_least(at: usize, name: &str, found: usize, least: usize) -> Result<(), ModelError> {
    if found < least {
        return Err(ModelError::new(at, format!("{found} {name}"), format!("{least} or more")));
    }
    Ok(())
}
