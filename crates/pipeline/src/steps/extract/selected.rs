//! Selected records of an archive: read in their order, a few ranges ahead, neighbours in one request.

use std::io::{self, Cursor, Read, Seek, SeekFrom};
use std::ops::Range;
use std::sync::mpsc::{Receiver, SyncSender, sync_channel};
use std::sync::{Arc, Mutex, PoisonError};

use bytes::Bytes;
use obelisc_document::table::RecordRange;
use obelisc_storage::Object;
use obelisc_warc::Location;

/// Bytes between two records that are read rather than asked for one by one: a request costs more than they do.
const GAP: u64 = 128 << 10;
/// Bytes of a request, unless one record has more.
const SPAN: u64 = 1 << 20;
/// Bytes of a record that are held; of a longer one its reader asks for more as it goes.
const HELD: u64 = 16 << 20;
/// Bytes at the beginning of an archive, by which its compression is told.
const HEAD: u64 = 4 << 10;
/// Requests that are under way at a time.
const AHEAD: usize = 4;

/// A record to be read, and the bytes of its archive that are there already.
pub(super) struct Selected {
    pub(super) location: Location,
    pub(super) archive: Held,
}

/// Gives the records of an archive in the order in which they lie, which is the one of `ranges`.
///
/// # Errors
/// What the archive fails with, and the first error of `take`.
pub(super) fn read<E: From<io::Error>>(
    archive: &dyn Object,
    ranges: &[RecordRange],
    mut take: impl FnMut(Selected) -> Result<(), E>,
) -> Result<(), E> {
    let reopened = || archive.reopen().map_err(io::Error::from);
    let head = read_range(archive, 0..HEAD.min(archive.size()))?;
    let rest = Arc::new(Mutex::new(reopened()?));
    let spans: Vec<(Range<u64>, &[RecordRange])> = spans(ranges).collect();
    let readers = spans.len().min(AHEAD);
    let objects = (0..readers).map(|_| reopened()).collect::<io::Result<Vec<_>>>()?;
    std::thread::scope(|scope| {
        let mut receivers: Vec<Receiver<io::Result<Bytes>>> = Vec::new();
        for (first, object) in objects.into_iter().enumerate() {
            let (sender, receiver) = sync_channel(1);
            receivers.push(receiver);
            let own = spans.iter().skip(first).step_by(readers).map(|(span, _)| span.clone());
            scope.spawn(move || fetch(&*object, own, &sender));
        }
        for (number, (span, records)) in spans.iter().enumerate() {
            let fetched = receivers.get(number % readers).map(Receiver::recv);
            let bytes = fetched.and_then(Result::ok).ok_or_else(|| io::Error::other("a reader ended in a panic"))??;
            for record in *records {
                let location = Location { entry: None, offset: record.offset, length: Some(record.length), inner: 0 };
                let pieces = [(0, head.clone()), (span.start, bytes.clone())];
                let archive = Held { pieces, rest: Arc::clone(&rest), size: archive.size(), position: 0 };
                take(Selected { location, archive })?;
            }
        }
        Ok(())
    })
}

/// Sends the bytes of ranges until nobody wants more.
fn fetch(object: &dyn Object, spans: impl Iterator<Item = Range<u64>>, sender: &SyncSender<io::Result<Bytes>>) {
    for span in spans {
        let bytes = read_range(object, span.start..span.end.min(object.size()).max(span.start));
        if sender.send(bytes).is_err() {
            break;
        }
    }
}

fn read_range(object: &dyn Object, range: Range<u64>) -> io::Result<Bytes> {
    let length = usize::try_from(range.end.saturating_sub(range.start)).map_err(io::Error::other)?;
    object.read_range(range.start, length)
}

/// Records that are read with one request each, and what it asks for.
fn spans(ranges: &[RecordRange]) -> impl Iterator<Item = (Range<u64>, &[RecordRange])> {
    let end = |record: &RecordRange| record.offset.saturating_add(record.length.min(HELD));
    let mut rest = ranges;
    std::iter::from_fn(move || {
        let first = rest.first()?;
        let (mut span, mut count) = (first.offset..end(first), 1);
        for next in &rest[1..] {
            let longer = span.end.max(end(next));
            if next.offset > span.end.saturating_add(GAP) || longer - span.start > SPAN {
                break;
            }
            (span.end, count) = (longer, count + 1);
        }
        let (own, others) = rest.split_at(count);
        rest = others;
        Some((span, own))
    })
}

/// An archive of which some bytes are there; others are asked for where they are wanted.
pub(super) struct Held {
    /// Where each begins, and its bytes.
    pieces: [(u64, Bytes); 2],
    rest: Arc<Mutex<Box<dyn Object>>>,
    size: u64,
    position: u64,
}

impl Read for Held {
    fn read(&mut self, buffer: &mut [u8]) -> io::Result<usize> {
        let held = self.pieces.iter().find_map(|(start, bytes)| {
            let from = usize::try_from(self.position.checked_sub(*start)?).ok()?;
            bytes.get(from..).filter(|bytes| !bytes.is_empty())
        });
        let count = match held {
            Some(mut bytes) => bytes.read(buffer)?,
            None if self.position >= self.size => 0,
            None => {
                let mut rest = self.rest.lock().unwrap_or_else(PoisonError::into_inner);
                rest.seek(SeekFrom::Start(self.position))?;
                rest.read(buffer)?
            }
        };
        self.position += count as u64;
        Ok(count)
    }
}

impl Seek for Held {
    fn seek(&mut self, to: SeekFrom) -> io::Result<u64> {
        // As a file of this length does it.
        let mut place = Cursor::new([0_u8; 0]);
        place.set_position(self.position);
        self.position = match to {
            SeekFrom::End(by) => self.size.checked_add_signed(by).ok_or(io::ErrorKind::InvalidInput)?,
            other => place.seek(other)?,
        };
        Ok(self.position)
    }
}

#[cfg(test)]
mod tests {
    use obelisc_storage::{LocalFolder, Storage as _};

    use super::*;

    fn record(offset: u64, length: u64) -> RecordRange {
        RecordRange { input: 0, offset, length }
    }

    #[test]
    fn neighbours_are_asked_for_together() {
        let ranges = [record(0, 10), record(10, 10), record(100_000, 10), record(400_000, SPAN), record(2 << 20, 5)];
        let spans: Vec<_> = spans(&ranges).map(|(span, own)| (span, own.len())).collect();
        let (big, last) = (400_000..400_000 + SPAN, 2 << 20..(2 << 20) + 5);
        assert_eq!(spans, [(0..100_010, 3), (big, 1), (last, 1)]);
    }

    #[test]
    fn a_record_that_an_index_calls_endless_holds_little_memory() {
        let ranges = [record(7, u64::MAX - 7)];
        assert_eq!(spans(&ranges).next().unwrap().0, 7..7 + HELD);
    }

    #[test]
    fn records_are_read_in_their_order_and_bytes_around_them_too() {
        let temporary = tempfile::tempdir().unwrap();
        let folder = LocalFolder::create(temporary.path()).unwrap();
        let bytes: Vec<u8> = (0..3_000_000_u32).map(|n| (n % 251) as u8).collect();
        folder.publish("a", &bytes).unwrap();
        let ranges: Vec<RecordRange> = (0..20).map(|n| record(n * 149_000, 999)).collect();
        let mut seen = Vec::new();
        read(&*folder.open("a").unwrap(), &ranges, |mut selected: Selected| {
            let Location { offset, length, .. } = selected.location;
            for from in [offset, offset + 50_000, 100] {
                selected.archive.seek(SeekFrom::Start(from))?;
                let mut part = vec![0; 999.min(bytes.len() - usize::try_from(from).unwrap())];
                selected.archive.read_exact(&mut part)?;
                assert_eq!(part, bytes[usize::try_from(from).unwrap()..][..part.len()]);
            }
            assert_eq!(selected.archive.seek(SeekFrom::End(0))?, 3_000_000);
            assert_eq!(selected.archive.read(&mut [0; 9])?, 0);
            seen.push((offset, length));
            Ok::<_, io::Error>(())
        })
        .unwrap();
        assert_eq!(seen, ranges.iter().map(|range| (range.offset, Some(range.length))).collect::<Vec<_>>());
    }

    #[test]
    fn whoever_takes_no_more_ends_the_reading() {
        let temporary = tempfile::tempdir().unwrap();
        let folder = LocalFolder::create(temporary.path()).unwrap();
        folder.publish("a", &[7; 100]).unwrap();
        let ranges: Vec<RecordRange> = (0..100).map(|n| record(n << 20, 1)).collect();
        let ended = read(&*folder.open("a").unwrap(), &ranges, |_| Err(io::Error::other("enough")));
        assert_eq!(ended.unwrap_err().to_string(), "enough");
    }
}
