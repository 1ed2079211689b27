//! Single values ↔ Arrow columns, for tables without nesting.

use std::sync::Arc;

use arrow_array::{
    Array, ArrayRef, BinaryArray, BooleanArray, FixedSizeBinaryArray, RecordBatch, StringArray, UInt32Array,
    UInt64Array, cast::AsArray,
};
use arrow_schema::{ArrowError, DataType};

use crate::{DocId, Reason, UrlKey};

/// A value that stands in one column of a flat table.
pub(super) trait Cell: Sized {
    const TYPE: DataType;
    const NULLABLE: bool = false;

    fn array(values: impl Iterator<Item = Self> + Clone) -> Result<ArrayRef, ArrowError>;
    fn read(array: &ArrayRef) -> Option<Vec<Self>>;
}

/// A column of a batch as values.
pub(super) fn column<C: Cell>(batch: &RecordBatch, name: &str) -> Result<Vec<C>, ArrowError> {
    let wrong = || ArrowError::SchemaError(format!("column {name} is missing or not {}", C::TYPE));
    let array = batch.column_by_name(name).ok_or_else(wrong)?;
    if array.data_type() != &C::TYPE || (!C::NULLABLE && array.null_count() > 0) {
        return Err(wrong());
    }
    C::read(array).ok_or_else(wrong)
}

macro_rules! primitive {
    ($value:ty, $array:ty, $type:expr) => {
        impl Cell for $value {
            const TYPE: DataType = $type;

            fn array(values: impl Iterator<Item = Self> + Clone) -> Result<ArrayRef, ArrowError> {
                Ok(Arc::new(<$array>::from(values.collect::<Vec<_>>())))
            }

            fn read(array: &ArrayRef) -> Option<Vec<Self>> {
                let array = array.as_any().downcast_ref::<$array>()?;
                Some((0..array.len()).map(|i| array.value(i)).collect())
            }
        }

        impl Cell for Option<$value> {
            const TYPE: DataType = $type;
            const NULLABLE: bool = true;

            fn array(values: impl Iterator<Item = Self> + Clone) -> Result<ArrayRef, ArrowError> {
                Ok(Arc::new(<$array>::from(values.collect::<Vec<_>>())))
            }

            fn read(array: &ArrayRef) -> Option<Vec<Self>> {
                let array = array.as_any().downcast_ref::<$array>()?;
                Some((0..array.len()).map(|i| array.is_valid(i).then(|| array.value(i))).collect())
            }
        }
    };
}

primitive!(u32, UInt32Array, DataType::UInt32);
primitive!(u64, UInt64Array, DataType::UInt64);
primitive!(bool, BooleanArray, DataType::Boolean);

impl Cell for String {
    const TYPE: DataType = DataType::Utf8;

    fn array(values: impl Iterator<Item = Self> + Clone) -> Result<ArrayRef, ArrowError> {
        Ok(Arc::new(StringArray::from_iter_values(values)))
    }

    fn read(array: &ArrayRef) -> Option<Vec<Self>> {
        Some(array.as_string_opt::<i32>()?.iter().map(|text| text.unwrap_or_default().to_owned()).collect())
    }
}

impl Cell for Option<String> {
    const TYPE: DataType = DataType::Utf8;
    const NULLABLE: bool = true;

    fn array(values: impl Iterator<Item = Self> + Clone) -> Result<ArrayRef, ArrowError> {
        Ok(Arc::new(StringArray::from_iter(values)))
    }

    fn read(array: &ArrayRef) -> Option<Vec<Self>> {
        Some(array.as_string_opt::<i32>()?.iter().map(|text| text.map(str::to_owned)).collect())
    }
}

impl Cell for Vec<u8> {
    const TYPE: DataType = DataType::Binary;

    fn array(values: impl Iterator<Item = Self> + Clone) -> Result<ArrayRef, ArrowError> {
        Ok(Arc::new(BinaryArray::from_iter_values(values)))
    }

    fn read(array: &ArrayRef) -> Option<Vec<Self>> {
        Some(array.as_binary_opt::<i32>()?.iter().map(|bytes| bytes.unwrap_or_default().to_owned()).collect())
    }
}

macro_rules! key {
    ($value:ty) => {
        impl Cell for $value {
            const TYPE: DataType = DataType::FixedSizeBinary(16);

            fn array(values: impl Iterator<Item = Self> + Clone) -> Result<ArrayRef, ArrowError> {
                // An empty iterator says nothing of the width, so the array is built from its parts.
                let bytes: Vec<u8> = values.flat_map(|key| key.0).collect();
                Ok(Arc::new(FixedSizeBinaryArray::try_new(16, bytes.into(), None)?))
            }

            fn read(array: &ArrayRef) -> Option<Vec<Self>> {
                let array = array.as_fixed_size_binary_opt()?;
                (0..array.len()).map(|i| <$value>::from_slice(array.value(i))).collect()
            }
        }
    };
}

key!(DocId);
key!(UrlKey);

impl Cell for Option<DocId> {
    const TYPE: DataType = DataType::FixedSizeBinary(16);
    const NULLABLE: bool = true;

    fn array(values: impl Iterator<Item = Self> + Clone) -> Result<ArrayRef, ArrowError> {
        let nulls = values.clone().map(|id| id.is_some()).collect::<Vec<_>>();
        let bytes: Vec<u8> = values.flat_map(|id| id.map_or([0; 16], |id| id.0)).collect();
        Ok(Arc::new(FixedSizeBinaryArray::try_new(16, bytes.into(), Some(nulls.into()))?))
    }

    fn read(array: &ArrayRef) -> Option<Vec<Self>> {
        let array = array.as_fixed_size_binary_opt()?;
        let id = |i| if array.is_valid(i) { DocId::from_slice(array.value(i)).map(Some) } else { Some(None) };
        (0..array.len()).map(id).collect()
    }
}

impl Cell for Reason {
    const TYPE: DataType = DataType::Utf8;

    fn array(values: impl Iterator<Item = Self> + Clone) -> Result<ArrayRef, ArrowError> {
        Ok(Arc::new(StringArray::from_iter_values(values.map(Reason::name))))
    }

    fn read(array: &ArrayRef) -> Option<Vec<Self>> {
        array.as_string_opt::<i32>()?.iter().map(|name| Reason::from_name(name?)).collect()
    }
}

impl Cell for Option<Reason> {
    const TYPE: DataType = DataType::Utf8;
    const NULLABLE: bool = true;

    fn array(values: impl Iterator<Item = Self> + Clone) -> Result<ArrayRef, ArrowError> {
        Ok(Arc::new(StringArray::from_iter(values.map(|reason| reason.map(Reason::name)))))
    }

    fn read(array: &ArrayRef) -> Option<Vec<Self>> {
        let names = array.as_string_opt::<i32>()?;
        names.iter().map(|name| name.map_or(Some(None), |name| Reason::from_name(name).map(Some))).collect()
    }
}
