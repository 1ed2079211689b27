//! Scans as tables, and as parts of plans.
//!
//! A scheduler gives each task of a plan its share of the leaves that it knows, and all of any other: rows would come as often as there are tasks.  So what
//! reads a table is no leaf; below it stands a table in memory that says which parts are read.

use std::fmt;
use std::sync::Arc;

use arrow_array::cast::AsArray as _;
use arrow_array::types::UInt64Type;
use arrow_array::{ArrayRef, RecordBatch, UInt64Array};
use arrow_schema::{DataType, Field, Schema, SchemaRef};
use async_trait::async_trait;
use datafusion::catalog::TableProvider;
use datafusion::common::tree_node::TreeNodeRecursion;
use datafusion::datasource::memory::MemorySourceConfig;
use datafusion::error::{DataFusionError, Result};
use datafusion::execution::{SendableRecordBatchStream, TaskContext};
use datafusion::logical_expr::{Expr, TableType};
use datafusion::physical_expr::{EquivalenceProperties, PhysicalExpr};
use datafusion::physical_plan::execution_plan::{Boundedness, EmissionType};
use datafusion::physical_plan::stream::RecordBatchReceiverStream;
use datafusion::physical_plan::{
    DisplayAs, DisplayFormatType, ExecutionPlan, ExecutionPlanProperties as _, Partitioning, PlanProperties,
};
use futures::TryStreamExt as _;
use tokio::runtime::Handle;

use super::scan::{Places, Scan, failed_on_the_way};

/// Batches that are read ahead.
const AHEAD: usize = 2;

/// A table in files that executors read.
#[derive(Clone, Debug)]
pub(crate) struct ScanTable {
    pub(crate) scan: Arc<Scan>,
    pub(crate) schema: SchemaRef,
}

#[async_trait]
impl TableProvider for ScanTable {
    fn schema(&self) -> SchemaRef {
        Arc::clone(&self.schema)
    }

    fn table_type(&self) -> TableType {
        TableType::Base
    }

    async fn scan(
        &self,
        _: &dyn datafusion::catalog::Session,
        projection: Option<&Vec<usize>>,
        _: &[Expr],
        _: Option<usize>,
    ) -> Result<Arc<dyn ExecutionPlan>> {
        let schema = match projection {
            Some(columns) => Arc::new(self.schema.project(columns)?),
            None => Arc::clone(&self.schema),
        };
        Ok(Arc::new(ScanExec::new(Arc::clone(&self.scan), schema, numbers(self.scan.parts)?, None)))
    }
}

/// The reading of some columns of such a table: of the parts whose numbers come from below.
#[derive(Debug)]
pub(crate) struct ScanExec {
    pub(crate) scan: Arc<Scan>,
    schema: SchemaRef,
    parts: Arc<dyn ExecutionPlan>,
    /// Of an executor; whoever only plans has none.
    places: Option<Arc<Places>>,
    properties: Arc<PlanProperties>,
}

/// The numbers of so many parts, each alone.
fn numbers(parts: usize) -> Result<Arc<dyn ExecutionPlan>> {
    let schema = Arc::new(Schema::new(vec![Field::new("part", DataType::UInt64, false)]));
    let number = |part: usize| {
        let column: ArrayRef = Arc::new(UInt64Array::from(vec![part as u64]));
        Ok(vec![RecordBatch::try_new(Arc::clone(&schema), vec![column])?])
    };
    let batches = (0..parts).map(number).collect::<Result<Vec<_>>>()?;
    Ok(MemorySourceConfig::try_new_exec(&batches, Arc::clone(&schema), None)?)
}

impl ScanExec {
    /// The parts whose numbers `parts` gives.
    pub(crate) fn new(
        scan: Arc<Scan>,
        schema: SchemaRef,
        parts: Arc<dyn ExecutionPlan>,
        places: Option<Arc<Places>>,
    ) -> Self {
        let properties = PlanProperties::new(
            EquivalenceProperties::new(Arc::clone(&schema)),
            Partitioning::UnknownPartitioning(parts.output_partitioning().partition_count()),
            EmissionType::Incremental,
            Boundedness::Bounded,
        );
        Self { scan, schema, parts, places, properties: Arc::new(properties) }
    }
}

impl DisplayAs for ScanExec {
    fn fmt_as(&self, _: DisplayFormatType, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let columns: Vec<&str> = self.schema.fields().iter().map(|field| field.name().as_str()).collect();
        write!(f, "ScanExec: columns=[{}]", columns.join(", "))
    }
}

impl ExecutionPlan for ScanExec {
    fn name(&self) -> &'static str {
        "ScanExec"
    }

    fn properties(&self) -> &Arc<PlanProperties> {
        &self.properties
    }

    fn children(&self) -> Vec<&Arc<dyn ExecutionPlan>> {
        vec![&self.parts]
    }

    fn benefits_from_input_partitioning(&self) -> Vec<bool> {
        vec![false]
    }

    fn apply_expressions(
        &self,
        _: &mut dyn FnMut(&Arc<dyn PhysicalExpr>) -> Result<TreeNodeRecursion>,
    ) -> Result<TreeNodeRecursion> {
        Ok(TreeNodeRecursion::Continue)
    }

    fn with_new_children(self: Arc<Self>, children: Vec<Arc<dyn ExecutionPlan>>) -> Result<Arc<dyn ExecutionPlan>> {
        let [parts] = <[_; 1]>::try_from(children)
            .map_err(|_| DataFusionError::Internal("a scan has one plan below it".to_owned()))?;
        Ok(Arc::new(Self::new(Arc::clone(&self.scan), Arc::clone(&self.schema), parts, self.places.clone())))
    }

    fn execute(&self, partition: usize, context: Arc<TaskContext>) -> Result<SendableRecordBatchStream> {
        let places = self.places.clone();
        let places = places.ok_or_else(|| DataFusionError::Internal("only executors read tables".to_owned()))?;
        let numbers = self.parts.execute(partition, context)?;
        let (scan, schema) = (Arc::clone(&self.scan), Arc::clone(&self.schema));
        let mut stream = RecordBatchReceiverStream::builder(Arc::clone(&schema), AHEAD);
        let (sender, runtime) = (stream.tx(), Handle::current());
        // Storage waits for its files and stores, so that it has a thread of its own.
        stream.spawn_blocking(move || {
            let numbers: Vec<RecordBatch> = runtime.block_on(numbers.try_collect())?;
            for part in numbers.iter().flat_map(|batch| batch.column(0).as_primitive::<UInt64Type>().values()) {
                let part = usize::try_from(*part).unwrap_or(usize::MAX);
                for batch in scan.read(&places, part, &schema)? {
                    let batch = batch.map_err(|error| failed_on_the_way(&*error))?;
                    // Who wants no more has dropped the other end.
                    if sender.blocking_send(Ok(batch)).is_err() {
                        return Ok(());
                    }
                }
            }
            Ok(())
        });
        Ok(stream.build())
    }
}
