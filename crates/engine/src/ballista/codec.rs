//! How scans stand in plans that go from process to process; all else is Ballista's own.

use std::sync::Arc;

use arrow_ipc::reader::StreamReader;
use arrow_ipc::writer::StreamWriter;
use arrow_schema::SchemaRef;
use ballista_core::serde::{BallistaLogicalExtensionCodec, BallistaPhysicalExtensionCodec};
use datafusion::catalog::TableProvider;
use datafusion::common::TableReference;
use datafusion::error::{DataFusionError, Result};
use datafusion::execution::TaskContext;
use datafusion::logical_expr::{Extension, LogicalPlan};
use datafusion::physical_plan::ExecutionPlan;
use datafusion_proto::logical_plan::LogicalExtensionCodec;
use datafusion_proto::physical_plan::{PhysicalExtensionCodec, PhysicalProtoConverterExtension};

use super::scan::{Places, Scan};
use super::table::{ScanExec, ScanTable};

/// What a scan in a physical plan begins with: no message of Ballista's does.
const MARK: &[u8] = b"\0obelisc scan\0";

/// Of logical plans.
#[derive(Debug, Default)]
pub(crate) struct LogicalCodec(BallistaLogicalExtensionCodec);

/// Of physical plans.
#[derive(Debug, Default)]
pub(crate) struct PhysicalCodec {
    inner: BallistaPhysicalExtensionCodec,
    places: Option<Arc<Places>>,
}

impl PhysicalCodec {
    /// Of an executor.
    pub(crate) fn reading(places: Places) -> Self {
        Self { inner: BallistaPhysicalExtensionCodec::default(), places: Some(Arc::new(places)) }
    }
}

fn written(scan: &Scan) -> Result<Vec<u8>> {
    serde_json::to_vec(scan).map_err(|error| DataFusionError::Internal(format!("a scan cannot be written: {error}")))
}

fn read(bytes: &[u8]) -> Result<Arc<Scan>> {
    let scan: Scan = serde_json::from_slice(bytes).map_err(|error| {
        DataFusionError::Plan(format!(
            "what a query says of its tables is not understood, perhaps since it is of another build: {error}"
        ))
    })?;
    scan.check()?;
    Ok(Arc::new(scan))
}

impl LogicalExtensionCodec for LogicalCodec {
    fn try_decode(&self, buf: &[u8], inputs: &[LogicalPlan], ctx: &TaskContext) -> Result<Extension> {
        self.0.try_decode(buf, inputs, ctx)
    }

    fn try_encode(&self, node: &Extension, buf: &mut Vec<u8>) -> Result<()> {
        self.0.try_encode(node, buf)
    }

    fn try_decode_table_provider(
        &self,
        buf: &[u8],
        _: &TableReference,
        schema: SchemaRef,
        _: &TaskContext,
    ) -> Result<Arc<dyn TableProvider>> {
        Ok(Arc::new(ScanTable { scan: read(buf)?, schema }))
    }

    fn try_encode_table_provider(
        &self,
        table: &TableReference,
        node: Arc<dyn TableProvider>,
        buf: &mut Vec<u8>,
    ) -> Result<()> {
        match node.downcast_ref::<ScanTable>() {
            Some(ours) => buf.extend(written(&ours.scan)?),
            None => return self.0.try_encode_table_provider(table, node, buf),
        }
        Ok(())
    }
}

impl PhysicalExtensionCodec for PhysicalCodec {
    fn try_decode(
        &self,
        buf: &[u8],
        inputs: &[Arc<dyn ExecutionPlan>],
        ctx: &TaskContext,
        converter: &dyn PhysicalProtoConverterExtension,
    ) -> Result<Arc<dyn ExecutionPlan>> {
        let Some(ours) = buf.strip_prefix(MARK) else { return self.inner.try_decode(buf, inputs, ctx, converter) };
        let [parts] = inputs else {
            return Err(DataFusionError::Internal("a scan has one plan below it".to_owned()));
        };
        let cut = || DataFusionError::Internal("a scan in a plan is cut off".to_owned());
        let (length, rest) = ours.split_first_chunk().ok_or_else(cut)?;
        let length = usize::try_from(u64::from_le_bytes(*length)).map_err(|_| cut())?;
        let (scan, schema) = rest.split_at_checked(length).ok_or_else(cut)?;
        let schema = StreamReader::try_new(schema, None)?.schema();
        Ok(Arc::new(ScanExec::new(read(scan)?, schema, Arc::clone(parts), self.places.clone())))
    }

    fn try_encode(
        &self,
        node: Arc<dyn ExecutionPlan>,
        buf: &mut Vec<u8>,
        converter: &dyn PhysicalProtoConverterExtension,
    ) -> Result<()> {
        let Some(ours) = node.downcast_ref::<ScanExec>() else { return self.inner.try_encode(node, buf, converter) };
        let scan = written(&ours.scan)?;
        buf.extend(MARK);
        buf.extend((scan.len() as u64).to_le_bytes());
        buf.extend(scan);
        // A stream of no batches is a schema.
        StreamWriter::try_new(&mut *buf, &ours.schema())?.finish()?;
        Ok(())
    }
}
