//! Images that the rows of a shard bring.

use obelisc_document::Reason;
use obelisc_document::table::Request;
use obelisc_fetch::Examined;
use obelisc_shard::incoming_file;
use obelisc_storage::parquet::RowGroup;

use super::super::digesting::opened;
use super::Reading;
use crate::error::TaskError;
use crate::incoming::{BYTES_AT_ONCE, Shard, caught};

impl Reading<'_, '_> {
    /// Reads the rows that hold wanted images; the requests stand in the order of these.
    pub(super) fn rows(&mut self, requests: &[Request]) -> Result<(), TaskError> {
        let shard = match Shard::open(opened(self.input, self.archive.open())?, &self.input.name)? {
            Ok(shard) => shard,
            Err(detail) => return requests.iter().try_for_each(|r| self.fail(r, Reason::NotADataset, detail.clone())),
        };
        let mut rest = requests;
        for (index, group) in shard.file.groups().into_iter().enumerate() {
            let end = group.first.saturating_add(group.rows);
            let (own, behind) = rest.split_at(rest.partition_point(|request| request.offset < end));
            rest = behind;
            if !own.is_empty() {
                self.group(&shard, index, group, own)?;
            }
        }
        rest.iter().try_for_each(|request| self.fail(request, Reason::DamagedRows, "no such row".to_owned()))
    }

    fn group(&mut self, shard: &Shard, index: usize, group: RowGroup, own: &[Request]) -> Result<(), TaskError> {
        let mut numbers: Vec<u64> = own.iter().map(|request| request.offset).collect();
        numbers.dedup();
        let within: Vec<u64> = numbers.iter().map(|row| row - group.first).collect();
        let mut by_row = own.chunk_by(|a, b| a.offset == b.offset);
        let opened = caught(|| shard.file.rows(index, &within, &["images"], group.rows_in(BYTES_AT_ONCE)))?;
        let lost = match opened {
            Err(detail) => detail,
            Ok(mut batches) => loop {
                match caught(|| batches.next().transpose().map_err(|error| shard.file.really(error)))? {
                    Ok(Some(batch)) => {
                        for (row, wanted) in (0..batch.num_rows()).zip(by_row.by_ref()) {
                            for request in wanted {
                                let place = usize::try_from(request.inner).unwrap_or(usize::MAX);
                                match incoming_file(&batch, row, place) {
                                    Some(bytes) => {
                                        let treatment = &self.context.recipe.fetch.policy.treatment;
                                        self.segment.add(Examined::new(&request.url, bytes, treatment))?;
                                    }
                                    None => self.fail(request, Reason::DamagedRows, "no bytes there".to_owned())?,
                                }
                            }
                        }
                    }
                    Ok(None) => break "no such row".to_owned(),
                    Err(detail) => break detail,
                }
            },
        };
        by_row.flatten().try_for_each(|request| self.fail(request, Reason::DamagedRows, lost.clone()))
    }
}
