//! The `judgements` table: one row per judged subject.
//!
//! | column | type | null when |
//! |---|---|---|
//! | `doc_id` | fixed_size_binary(16) | – |
//! | `subject` | utf8: `url`, `image`, `paragraph`, `document` | – |
//! | `ordinal` | uint32: the node | subject is `url` or `document` |
//! | `paragraph` | uint32: paragraph of the node | subject is not `paragraph` |
//! | `kept` | bool | – |
//! | `rule` | utf8: first failing rule, or reason | kept |
//! | `value`, `bound` | utf8, as a person reads them | kept, or dropped for a reason |
//! | `failing` | uint64: bit *i* = rule *i* of this subject, in the order of the recipe | – |
//! | `signals` | list of struct: `rule` utf8, `low` and `high` float64, `word` utf8 | a number has `low` only, a span `low` and `high`, a word `word` only |
//! | `edits` | list of struct: `edit` utf8, `begin` and `end` uint32, `replacement` utf8 | – |
//! | `language` | utf8: tag of the document's language, which picked its rules | not the document's last judgement, or not identified |

use std::borrow::Cow;
use std::sync::Arc;

use arrow_array::cast::AsArray;
use arrow_array::types::{Float64Type, UInt32Type, UInt64Type};
use arrow_array::{
    Array, ArrayRef, BooleanArray, FixedSizeBinaryArray, Float64Array, ListArray, RecordBatch, StringArray,
    StructArray, UInt32Array, UInt64Array,
};
use arrow_buffer::OffsetBuffer;
use arrow_schema::{ArrowError, DataType, Field, Fields, SchemaRef};
use obelisc_document::DocId;
use obelisc_document::table::{Table, schema};

use crate::edit::Edited;
use crate::judgement::{Failure, Judgement, Measured};
use crate::rule::SubjectKind;
use crate::signal::Signal;

fn signal_fields() -> Fields {
    Fields::from(vec![
        Field::new("rule", DataType::Utf8, false),
        Field::new("low", DataType::Float64, true),
        Field::new("high", DataType::Float64, true),
        Field::new("word", DataType::Utf8, true),
    ])
}

fn signal_item() -> Arc<Field> {
    Arc::new(Field::new("item", DataType::Struct(signal_fields()), false))
}

fn edit_fields() -> Fields {
    Fields::from(vec![
        Field::new("edit", DataType::Utf8, false),
        Field::new("begin", DataType::UInt32, false),
        Field::new("end", DataType::UInt32, false),
        Field::new("replacement", DataType::Utf8, false),
    ])
}

fn edit_item() -> Arc<Field> {
    Arc::new(Field::new("item", DataType::Struct(edit_fields()), false))
}

impl Table for Judgement {
    const NAME: &'static str = "judgements";
    const VERSION: u32 = 2;
    const MEANING: &'static str = "one judged URL, image, paragraph or document: verdict, first failing rule, values";

    fn schema() -> SchemaRef {
        let fields = vec![
            Field::new("doc_id", DataType::FixedSizeBinary(16), false),
            Field::new("subject", DataType::Utf8, false),
            Field::new("ordinal", DataType::UInt32, true),
            Field::new("paragraph", DataType::UInt32, true),
            Field::new("kept", DataType::Boolean, false),
            Field::new("rule", DataType::Utf8, true),
            Field::new("value", DataType::Utf8, true),
            Field::new("bound", DataType::Utf8, true),
            Field::new("failing", DataType::UInt64, false),
            Field::new("signals", DataType::List(signal_item()), false),
            Field::new("edits", DataType::List(edit_item()), false),
            Field::new("language", DataType::Utf8, true),
        ];
        schema(Self::NAME, Self::VERSION, fields)
    }

    fn to_batch(rows: &[Self]) -> Result<RecordBatch, ArrowError> {
        let ids: Vec<&[u8]> = rows.iter().map(|row| row.document.0.as_slice()).collect();
        let ids = if ids.is_empty() {
            FixedSizeBinaryArray::try_new(16, Vec::<u8>::new().into(), None)?
        } else {
            FixedSizeBinaryArray::try_from_iter(ids.into_iter())?
        };
        let failure = |part: fn(&Failure) -> Option<&str>| -> ArrayRef {
            Arc::new(rows.iter().map(|row| row.failure.as_ref().and_then(part)).collect::<StringArray>())
        };
        let columns: Vec<ArrayRef> = vec![
            Arc::new(ids),
            Arc::new(StringArray::from_iter_values(rows.iter().map(|row| row.subject.name()))),
            Arc::new(rows.iter().map(|row| row.ordinal).collect::<UInt32Array>()),
            Arc::new(rows.iter().map(|row| row.paragraph).collect::<UInt32Array>()),
            Arc::new(BooleanArray::from_iter(rows.iter().map(|row| Some(row.kept())))),
            failure(|failure| Some(&failure.rule)),
            failure(|failure| failure.value.as_deref()),
            failure(|failure| failure.bound.as_deref()),
            Arc::new(UInt64Array::from_iter_values(rows.iter().map(|row| row.failing))),
            Arc::new(write_signals(rows)?),
            Arc::new(write_edits(rows)?),
            Arc::new(rows.iter().map(|row| row.language.as_deref()).collect::<StringArray>()),
        ];
        RecordBatch::try_new(Self::schema(), columns)
    }

    fn from_batch(batch: &RecordBatch) -> Result<Vec<Self>, ArrowError> {
        let columns = Columns::of(batch)?;
        (0..batch.num_rows()).map(|row| columns.row(row)).collect()
    }
}

fn write_signals(rows: &[Judgement]) -> Result<ListArray, ArrowError> {
    let offsets = OffsetBuffer::from_lengths(rows.iter().map(|row| row.signals.len()));
    let all = || rows.iter().flat_map(|row| &row.signals);
    let number = |part: fn(&Signal) -> Option<f64>| -> ArrayRef {
        Arc::new(all().map(|measured| part(&measured.signal)).collect::<Float64Array>())
    };
    let low = |signal: &Signal| match signal {
        Signal::Number(low) | Signal::Span { low, .. } => Some(*low),
        Signal::Word(_) => None,
    };
    let high = |signal: &Signal| match signal {
        Signal::Span { high, .. } => Some(*high),
        Signal::Number(_) | Signal::Word(_) => None,
    };
    let word = |measured: &Measured| match &measured.signal {
        Signal::Word(word) => Some(word.clone()),
        Signal::Number(_) | Signal::Span { .. } => None,
    };
    let columns: Vec<ArrayRef> = vec![
        Arc::new(all().map(|measured| Some(&*measured.rule)).collect::<StringArray>()),
        number(low),
        number(high),
        Arc::new(all().map(word).collect::<StringArray>()),
    ];
    let items = StructArray::try_new(signal_fields(), columns, None)?;
    ListArray::try_new(signal_item(), offsets, Arc::new(items), None)
}

fn write_edits(rows: &[Judgement]) -> Result<ListArray, ArrowError> {
    let offsets = OffsetBuffer::from_lengths(rows.iter().map(|row| row.edits.len()));
    let all = || rows.iter().flat_map(|row| &row.edits);
    let columns: Vec<ArrayRef> = vec![
        Arc::new(all().map(|made| Some(&*made.edit)).collect::<StringArray>()),
        Arc::new(all().map(|made| Some(made.begin)).collect::<UInt32Array>()),
        Arc::new(all().map(|made| Some(made.end)).collect::<UInt32Array>()),
        Arc::new(all().map(|made| Some(&*made.replacement)).collect::<StringArray>()),
    ];
    let items = StructArray::try_new(edit_fields(), columns, None)?;
    ListArray::try_new(edit_item(), offsets, Arc::new(items), None)
}

/// The columns of a batch, found and of their type.
struct Columns<'a> {
    id: &'a FixedSizeBinaryArray,
    subject: &'a StringArray,
    ordinal: &'a UInt32Array,
    paragraph: &'a UInt32Array,
    kept: &'a BooleanArray,
    rule: &'a StringArray,
    value: &'a StringArray,
    bound: &'a StringArray,
    failing: &'a UInt64Array,
    signals: &'a ListArray,
    edits: &'a ListArray,
    language: &'a StringArray,
}

fn wrong(column: &str) -> ArrowError {
    ArrowError::SchemaError(format!("column {column} is missing or of another type, or a value is missing"))
}

fn present<A: Array>(array: &A, row: usize) -> bool {
    array.is_valid(row)
}

fn text(array: &StringArray, row: usize) -> Option<&str> {
    array.is_valid(row).then(|| array.value(row))
}

impl<'a> Columns<'a> {
    fn of(batch: &'a RecordBatch) -> Result<Self, ArrowError> {
        for field in Judgement::schema().fields() {
            let column = batch.column_by_name(field.name()).ok_or_else(|| wrong(field.name()))?;
            let complete = field.is_nullable() || column.null_count() == 0;
            if !complete || !column.data_type().equals_datatype(field.data_type()) {
                return Err(wrong(field.name()));
            }
        }
        let column = |name: &'static str| batch.column_by_name(name).ok_or_else(|| wrong(name));
        let words = |name: &'static str| column(name)?.as_string_opt().ok_or_else(|| wrong(name));
        let numbers = |name: &'static str| column(name)?.as_primitive_opt::<UInt32Type>().ok_or_else(|| wrong(name));
        Ok(Self {
            id: column("doc_id")?.as_fixed_size_binary_opt().ok_or_else(|| wrong("doc_id"))?,
            subject: words("subject")?,
            ordinal: numbers("ordinal")?,
            paragraph: numbers("paragraph")?,
            kept: column("kept")?.as_boolean_opt().ok_or_else(|| wrong("kept"))?,
            rule: words("rule")?,
            value: words("value")?,
            bound: words("bound")?,
            failing: column("failing")?.as_primitive_opt::<UInt64Type>().ok_or_else(|| wrong("failing"))?,
            signals: column("signals")?.as_list_opt().ok_or_else(|| wrong("signals"))?,
            edits: column("edits")?.as_list_opt().ok_or_else(|| wrong("edits"))?,
            language: words("language")?,
        })
    }

    fn row(&self, row: usize) -> Result<Judgement, ArrowError> {
        let number = |array: &UInt32Array| present(array, row).then(|| array.value(row));
        let failure = text(self.rule, row).map(|rule| Failure {
            rule: Cow::Owned(rule.to_owned()),
            value: text(self.value, row).map(str::to_owned),
            bound: text(self.bound, row).map(str::to_owned),
        });
        if failure.is_none() != self.kept.value(row) {
            return Err(ArrowError::SchemaError(format!("row {row}: kept, and dropped by a rule")));
        }
        Ok(Judgement {
            document: DocId::from_slice(self.id.value(row)).ok_or_else(|| wrong("doc_id"))?,
            subject: SubjectKind::from_name(self.subject.value(row)).ok_or_else(|| wrong("subject"))?,
            ordinal: number(self.ordinal),
            paragraph: number(self.paragraph),
            failure,
            failing: self.failing.value(row),
            signals: read_signals(&self.signals.value(row)).ok_or_else(|| wrong("signals"))?,
            edits: read_edits(&self.edits.value(row)).ok_or_else(|| wrong("edits"))?,
            language: text(self.language, row).map(str::to_owned),
        })
    }
}

fn read_signals(items: &ArrayRef) -> Option<Vec<Measured>> {
    let items = items.as_struct_opt()?;
    let rules = items.column(0).as_string_opt::<i32>()?;
    let low = items.column(1).as_primitive_opt::<Float64Type>()?;
    let high = items.column(2).as_primitive_opt::<Float64Type>()?;
    let word = items.column(3).as_string_opt::<i32>()?;
    let signal = |row: usize| match (present(low, row), present(high, row), present(word, row)) {
        (true, false, false) => Some(Signal::Number(low.value(row))),
        (true, true, false) => Some(Signal::Span { low: low.value(row), high: high.value(row) }),
        (false, false, true) => Some(Signal::Word(word.value(row).to_owned())),
        _ => None,
    };
    (0..items.len())
        .map(|row| Some(Measured { rule: Cow::Owned(rules.value(row).to_owned()), signal: signal(row)? }))
        .collect()
}

fn read_edits(items: &ArrayRef) -> Option<Vec<Edited>> {
    let items = items.as_struct_opt()?;
    let (names, new) = (items.column(0).as_string_opt::<i32>()?, items.column(3).as_string_opt::<i32>()?);
    let begin = items.column(1).as_primitive_opt::<UInt32Type>()?;
    let end = items.column(2).as_primitive_opt::<UInt32Type>()?;
    let owned = |array: &StringArray, row| Cow::Owned(array.value(row).to_owned());
    let edited = |row: usize| Edited {
        edit: owned(names, row),
        begin: begin.value(row),
        end: end.value(row),
        replacement: owned(new, row),
    };
    Some((0..items.len()).map(edited).collect())
}

#[cfg(test)]
mod tests {
    use super::*;

    fn judgement(paragraph: u32, failure: Option<Failure>, signals: Vec<(&'static str, Signal)>) -> Judgement {
        let signals =
            signals.into_iter().map(|(rule, signal)| Measured { rule: Cow::Borrowed(rule), signal }).collect();
        Judgement {
            document: DocId::new("a.warc", 3, 0),
            subject: SubjectKind::Paragraph,
            ordinal: Some(7),
            paragraph: Some(paragraph),
            failing: u64::from(failure.is_some()),
            failure,
            signals,
            edits: Vec::new(),
            language: None,
        }
    }

    #[test]
    fn judgements_come_back_as_they_went_in() {
        let failure = Failure { rule: "side_pixels".into(), value: Some("16".into()), bound: Some("min 150".into()) };
        let rows = [
            judgement(0, None, vec![("word_count", Signal::Number(4.0)), ("format", Signal::Word(String::new()))]),
            judgement(1, Some(failure), vec![("side_pixels", Signal::Span { low: 16.0, high: 640.0 })]),
            Judgement {
                edits: vec![Edited { edit: "email".into(), begin: 3, end: 9, replacement: "PI:EMAIL".into() }],
                language: Some("fr".to_owned()),
                ..judgement(4, None, vec![])
            },
            judgement(2, Some(Failure { rule: "empty_document".into(), value: None, bound: None }), vec![]),
            Judgement { subject: SubjectKind::Url, ordinal: None, paragraph: None, ..judgement(3, None, vec![]) },
        ];
        let batch = Judgement::to_batch(&rows).unwrap();
        assert_eq!(batch.schema(), Judgement::schema());
        assert_eq!(Judgement::from_batch(&batch).unwrap(), rows);
        assert_eq!(Judgement::from_batch(&batch.slice(1, 2)).unwrap(), rows[1..3]);
    }

    #[test]
    fn no_judgements_are_an_empty_batch() {
        let batch = Judgement::to_batch(&[]).unwrap();
        assert_eq!((batch.num_rows(), Judgement::from_batch(&batch).unwrap().len()), (0, 0));
    }

    #[test]
    fn a_batch_of_another_schema_is_refused() {
        let batch = Judgement::to_batch(&[judgement(0, None, vec![])]).unwrap();
        let without_signals = batch.project(&[0, 1, 2, 3, 4, 5, 6, 7, 8, 10]).unwrap();
        assert!(Judgement::from_batch(&without_signals).unwrap_err().to_string().contains("signals"));
    }
}
