//! Scans as tables, and as the leaves of plans.

use std::fmt;
use std::sync::Arc;

use arrow_schema::SchemaRef;
use async_trait::async_trait;
use datafusion::catalog::TableProvider;
use datafusion::common::tree_node::TreeNodeRecursion;
use datafusion::error::{DataFusionError, Result};
use datafusion::execution::{SendableRecordBatchStream, TaskContext};
use datafusion::logical_expr::{Expr, TableType};
use datafusion::physical_expr::{EquivalenceProperties, PhysicalExpr};
use datafusion::physical_plan::execution_plan::{Boundedness, EmissionType};
use datafusion::physical_plan::stream::RecordBatchReceiverStream;
use datafusion::physical_plan::{DisplayAs, DisplayFormatType, ExecutionPlan, Partitioning, PlanProperties};

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
        Ok(Arc::new(ScanExec::new(Arc::clone(&self.scan), schema, None)))
    }
}

/// The reading of some columns of such a table.
#[derive(Debug)]
pub(crate) struct ScanExec {
    pub(crate) scan: Arc<Scan>,
    pub(crate) schema: SchemaRef,
    /// Of an executor; whoever only plans has none.
    places: Option<Arc<Places>>,
    properties: Arc<PlanProperties>,
}

impl ScanExec {
    pub(crate) fn new(scan: Arc<Scan>, schema: SchemaRef, places: Option<Arc<Places>>) -> Self {
        let properties = PlanProperties::new(
            EquivalenceProperties::new(Arc::clone(&schema)),
            Partitioning::UnknownPartitioning(scan.parts),
            EmissionType::Incremental,
            Boundedness::Bounded,
        );
        Self { scan, schema, places, properties: Arc::new(properties) }
    }
}

impl DisplayAs for ScanExec {
    fn fmt_as(&self, _: DisplayFormatType, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let columns: Vec<&str> = self.schema.fields().iter().map(|field| field.name().as_str()).collect();
        write!(f, "ScanExec: parts={}, columns=[{}]", self.scan.parts, columns.join(", "))
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
        Vec::new()
    }

    fn apply_expressions(
        &self,
        _: &mut dyn FnMut(&Arc<dyn PhysicalExpr>) -> Result<TreeNodeRecursion>,
    ) -> Result<TreeNodeRecursion> {
        Ok(TreeNodeRecursion::Continue)
    }

    fn with_new_children(self: Arc<Self>, _: Vec<Arc<dyn ExecutionPlan>>) -> Result<Arc<dyn ExecutionPlan>> {
        Ok(self)
    }

    fn execute(&self, partition: usize, _: Arc<TaskContext>) -> Result<SendableRecordBatchStream> {
        let places = self.places.clone();
        let places = places.ok_or_else(|| DataFusionError::Internal("only executors read tables".to_owned()))?;
        let (scan, schema) = (Arc::clone(&self.scan), Arc::clone(&self.schema));
        let mut stream = RecordBatchReceiverStream::builder(Arc::clone(&schema), AHEAD);
        let sender = stream.tx();
        // Storage waits for its files and stores, so that it has a thread of its own.
        stream.spawn_blocking(move || {
            for batch in scan.read(&places, partition, &schema)? {
                let batch = batch.map_err(|error| failed_on_the_way(&*error))?;
                // Who wants no more has dropped the other end.
                if sender.blocking_send(Ok(batch)).is_err() {
                    break;
                }
            }
            Ok(())
        });
        Ok(stream.build())
    }
}
