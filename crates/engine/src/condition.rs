//! Conditions on single rows: what stands behind `WHERE`.

use std::collections::{BTreeSet, HashSet};
use std::fmt;
use std::sync::Arc;

use arrow_array::cast::AsArray as _;
use arrow_array::{Array as _, ArrayRef, BooleanArray, RecordBatch, UInt64Array};
use arrow_schema::{DataType, Schema, SchemaRef};
use datafusion::common::pruning::PruningStatistics;
use datafusion::common::tree_node::{TreeNode as _, TreeNodeRecursion};
use datafusion::common::{Column, DFSchema, DataFusionError, ScalarValue};
use datafusion::logical_expr::{Expr, ExprSchemable as _};
use datafusion::physical_expr::PhysicalExpr;
use datafusion::physical_optimizer::pruning::{PruningPredicate, PruningPredicateBuilder};
use datafusion::prelude::SessionContext;

use crate::Error;

/// A condition in SQL that a row holds or does not hold: columns, literals, comparisons, `LIKE`, `IN`, `BETWEEN`, `IS NULL`, `CASE`, arithmetic
/// and casts, joined by `AND`, `OR` and `NOT`.  It calls no function, so that what it says depends on the row alone, in every build.
///
/// ```
/// use std::sync::Arc;
///
/// use arrow_array::{ArrayRef, Int32Array, RecordBatch};
/// use obelisc_engine::Condition;
///
/// let numbers: ArrayRef = Arc::new(Int32Array::from(vec![1, 2, 3]));
/// let batch = RecordBatch::try_from_iter([("n", numbers)])?;
/// let condition = Condition::parse("n BETWEEN 2 AND 5", &batch.schema())?;
/// assert_eq!(condition.columns(), ["n"]);
/// let holds = condition.on(batch.schema())?.holds(&batch)?;
/// assert_eq!(holds.true_count(), 2);
/// assert!(Condition::parse("m = 1", &batch.schema()).is_err());
/// # Ok::<(), Box<dyn std::error::Error>>(())
/// ```
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Condition {
    text: String,
    columns: Vec<String>,
}

/// What is known of the values of a column in each group of rows.
#[derive(Clone, Debug)]
pub struct Bounds {
    /// No value is less; null where that is not known.
    pub least: ArrayRef,
    /// No value is greater; null where that is not known.
    pub greatest: ArrayRef,
    /// Rows without a value; null where that is not known.
    pub nulls: ArrayRef,
}

/// A condition on tables of one schema.
pub struct Bound {
    expression: Arc<dyn PhysicalExpr>,
    pruning: Option<PruningPredicate>,
}

impl fmt::Debug for Bound {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Bound").field("expression", &self.expression.to_string()).finish_non_exhaustive()
    }
}

impl Condition {
    /// A condition on rows of this schema.
    ///
    /// # Errors
    /// What is wrong with it, in words: no SQL, a column that the schema has not, a function, a value that is neither true nor false.
    pub fn parse(text: &str, schema: &Schema) -> Result<Self, String> {
        let (expression, _) = parsed(&SessionContext::new(), text, schema).map_err(|error| worded(&error))?;
        if let Some(other) = refused(&expression) {
            return Err(format!(
                "{other} is no part of a condition on a row: columns, literals, comparisons, LIKE, IN, BETWEEN, IS NULL, CASE, arithmetic and CAST are"
            ));
        }
        let columns = expression.column_refs().into_iter().map(|column| column.name.clone());
        let columns: BTreeSet<String> = columns.collect();
        let condition = Self { text: text.to_owned(), columns: columns.into_iter().collect() };
        // Types are found not to fit only when it is made ready.
        condition.ready(Arc::new(schema.clone())).map_err(|error| worded(&error))?;
        Ok(condition)
    }

    /// As it was given.
    pub fn text(&self) -> &str {
        &self.text
    }

    /// The columns that it looks at, sorted.
    pub fn columns(&self) -> &[String] {
        &self.columns
    }

    /// Makes it ready for tables of a schema, whose columns may be of other types than those it was parsed for.
    ///
    /// # Errors
    /// [`Error::Engine`]: a column is missing, or cannot be compared as the condition wants.
    pub fn on(&self, schema: SchemaRef) -> Result<Bound, Error> {
        Ok(self.ready(schema)?)
    }

    fn ready(&self, schema: SchemaRef) -> datafusion::error::Result<Bound> {
        let context = SessionContext::new();
        let (expression, columns) = parsed(&context, &self.text, &schema)?;
        let expression = context.create_physical_expr(expression, &columns)?;
        let kind = expression.data_type(&schema)?;
        if kind != DataType::Boolean {
            let message = format!("{} is of type {kind}, and a condition is true or false", self.text);
            return Err(DataFusionError::Plan(message));
        }
        // What cannot be told of groups is told of rows.
        let pruning = PruningPredicateBuilder::new().with_file_schema(schema).try_build(Arc::clone(&expression)).ok();
        Ok(Bound { expression, pruning })
    }
}

impl Bound {
    /// Which rows hold it.  A row of which it cannot be told, since a value is missing, does not.
    ///
    /// # Errors
    /// [`Error::Engine`]: a value that cannot be computed, such as a cast of a text that is no number.
    pub fn holds(&self, batch: &RecordBatch) -> Result<BooleanArray, Error> {
        let values = self.expression.evaluate(batch)?.into_array(batch.num_rows())?;
        let holds = values.as_boolean_opt().ok_or_else(|| Error::Engine("a condition gave no booleans".to_owned()))?;
        Ok((0..holds.len()).map(|row| Some(holds.is_valid(row) && holds.value(row))).collect())
    }

    /// Which groups of rows may have a row that holds it, given how many rows each has and what is known of their columns.
    ///
    /// # Errors
    /// [`Error::Engine`]: bounds of a type that the condition cannot be compared with.
    pub fn may_hold(&self, rows: &[u64], bounds: &dyn Fn(&str) -> Option<Bounds>) -> Result<Vec<bool>, Error> {
        let Some(pruning) = &self.pruning else { return Ok(vec![true; rows.len()]) };
        Ok(pruning.prune(&Groups { rows, bounds })?)
    }
}

/// What is wrong, without the engine's names for kinds of errors.
fn worded(error: &DataFusionError) -> String {
    let told = match error.find_root() {
        DataFusionError::SQL(error, _) => error.to_string(),
        DataFusionError::SchemaError(error, _) => error.to_string(),
        DataFusionError::Plan(message) => message.clone(),
        other => other.strip_backtrace(),
    };
    let line = told.lines().next().unwrap_or_default();
    line.trim_start_matches("sql parser error: ").trim_end_matches('.').to_owned()
}

fn parsed(context: &SessionContext, text: &str, schema: &Schema) -> datafusion::error::Result<(Expr, DFSchema)> {
    let columns = DFSchema::try_from(schema.clone())?;
    let expression = context.parse_sql_expr(text, &columns)?;
    expression.get_type(&columns)?;
    Ok((expression, columns))
}

/// The first part of an expression that no condition has.
fn refused(expression: &Expr) -> Option<String> {
    let mut refused = None;
    let looked = expression.apply(|part| {
        let allowed = matches!(
            part,
            Expr::Column(_)
                | Expr::Literal(..)
                | Expr::BinaryExpr(_)
                | Expr::Like(_)
                | Expr::SimilarTo(_)
                | Expr::Not(_)
                | Expr::IsNotNull(_)
                | Expr::IsNull(_)
                | Expr::IsTrue(_)
                | Expr::IsFalse(_)
                | Expr::IsUnknown(_)
                | Expr::IsNotTrue(_)
                | Expr::IsNotFalse(_)
                | Expr::IsNotUnknown(_)
                | Expr::Negative(_)
                | Expr::Between(_)
                | Expr::Case(_)
                | Expr::Cast(_)
                | Expr::TryCast(_)
                | Expr::InList(_)
        );
        if allowed {
            return Ok(TreeNodeRecursion::Continue);
        }
        refused = Some(part.to_string());
        Ok(TreeNodeRecursion::Stop)
    });
    refused.or_else(|| looked.err().map(|error| error.to_string()))
}

struct Groups<'g> {
    rows: &'g [u64],
    bounds: &'g dyn Fn(&str) -> Option<Bounds>,
}

impl PruningStatistics for Groups<'_> {
    fn min_values(&self, column: &Column) -> Option<ArrayRef> {
        (self.bounds)(&column.name).map(|bounds| bounds.least)
    }

    fn max_values(&self, column: &Column) -> Option<ArrayRef> {
        (self.bounds)(&column.name).map(|bounds| bounds.greatest)
    }

    fn num_containers(&self) -> usize {
        self.rows.len()
    }

    fn null_counts(&self, column: &Column) -> Option<ArrayRef> {
        (self.bounds)(&column.name).map(|bounds| bounds.nulls)
    }

    fn row_counts(&self) -> Option<ArrayRef> {
        Some(Arc::new(UInt64Array::from(self.rows.to_vec())))
    }

    fn contained(&self, _: &Column, _: &HashSet<ScalarValue>) -> Option<BooleanArray> {
        None
    }
}

#[cfg(test)]
mod tests {
    use arrow_array::{Int16Array, StringArray};
    use arrow_schema::Field;

    use super::*;

    fn schema() -> Schema {
        let field = |name: &str, kind| Field::new(name, kind, true);
        Schema::new(vec![field("host", DataType::Utf8), field("status", DataType::Int16)])
    }

    fn batch(hosts: Vec<Option<&str>>, statuses: Vec<Option<i16>>) -> RecordBatch {
        let columns: Vec<ArrayRef> = vec![Arc::new(StringArray::from(hosts)), Arc::new(Int16Array::from(statuses))];
        RecordBatch::try_new(Arc::new(schema()), columns).unwrap()
    }

    #[test]
    fn a_row_without_a_value_does_not_hold_what_is_asked_of_it() {
        let rows = batch(vec![Some("a.is"), Some("b.fr"), None], vec![Some(200), Some(200), Some(404)]);
        let holding = |text: &str| {
            let condition = Condition::parse(text, &schema()).unwrap();
            let holds = condition.on(rows.schema()).unwrap().holds(&rows).unwrap();
            (0..3).filter(|row| holds.value(*row)).collect::<Vec<_>>()
        };
        assert_eq!(holding("status = 200 AND host LIKE '%.is'"), [0]);
        assert_eq!(holding("NOT host LIKE '%.is'"), [1]);
        assert_eq!(holding("host IS NULL OR status IN (200, 301)"), [0, 1, 2]);
        assert_eq!(holding("CASE WHEN status < 300 THEN true ELSE false END"), [0, 1]);
    }

    #[test]
    fn what_is_no_condition_on_a_row_is_refused_in_words() {
        for (text, told) in [
            ("status =", "Expected"),
            ("status = 200; DROP TABLE x", "end of expression"),
            ("statuss = 200", "statuss"),
            ("status + 1", "true or false"),
            ("coalesce(host, 'x') = 'x'", "no part of a condition"),
            ("status IN (SELECT 1)", ""),
            ("count(*) > 1", ""),
            ("", ""),
        ] {
            let error = Condition::parse(text, &schema()).expect_err(text);
            assert!(error.contains(told), "{text}: {error}");
            assert!(!error.contains("backtrace") && !error.contains("rror:"), "{error}");
        }
    }

    #[test]
    fn groups_without_any_row_that_holds_it_are_told_by_their_bounds() {
        let condition = Condition::parse("host = 'm.is'", &schema()).unwrap();
        let bound = condition.on(Arc::new(schema())).unwrap();
        let texts = |texts: [Option<&str>; 3]| -> ArrayRef { Arc::new(StringArray::from(texts.to_vec())) };
        let bounds = |column: &str| {
            (column == "host").then(|| Bounds {
                least: texts([Some("a"), Some("n"), None]),
                greatest: texts([Some("z"), Some("z"), None]),
                nulls: Arc::new(UInt64Array::from(vec![Some(0), Some(0), None])),
            })
        };
        assert_eq!(bound.may_hold(&[5, 5, 5], &bounds).unwrap(), [true, false, true]);
        assert_eq!(bound.may_hold(&[5], &|_| None).unwrap(), [true]);
    }
}
