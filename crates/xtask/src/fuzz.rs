//! Damaged inputs through everything that reads bytes from outside: archive, HTTP body, page, image.
//!
//! No engine and no instrumentation: files that exist, damaged at random, as many as the time allows.  Each case comes from
//! (seed, number), so that one that fails can be had again alone.

mod mutate;

pub(crate) use self::mutate::damage;

use std::cell::RefCell;
use std::collections::BTreeMap;
use std::io::Cursor;
use std::panic::{AssertUnwindSafe, catch_unwind};
use std::path::Path;
use std::time::{Duration, Instant};

use anyhow::{Result, ensure};
use clap::Args;
use obelisc_extract::{Extractor, Input, Profile};
use obelisc_warc::{Archive, Item};

use crate::binary::target;
use crate::differential::difference;
use crate::{Random, data, root};

/// For how long, from where.
#[derive(Args, Debug)]
pub(crate) struct Fuzz {
    /// Seconds
    #[arg(long, default_value_t = 60)]
    seconds: u64,
    /// Seed [default: another one each time]
    #[arg(long)]
    seed: Option<u64>,
    /// Only this case
    #[arg(long)]
    case: Option<u64>,
}

/// Largest file that is damaged: small ones try more in the same time.
const MAX_SEED_BYTES: u64 = 256 << 10;

/// What a case's input is read as.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Kind {
    Archive,
    Page,
    Image,
}

/// A file to damage.
#[derive(Debug)]
struct Sample {
    kind: Kind,
    bytes: Vec<u8>,
}

/// What the cases gave.
#[derive(Debug, Default)]
struct Tally {
    cases: u64,
    records: u64,
    failures: u64,
    documents: u64,
    images: u64,
    /// Pages that html5ever's own tokenizer reads in another way.
    different: u64,
    slowest: (Duration, u64),
}

thread_local! {
    /// Where panics came from, how often, caught by the crates themselves or not.
    static PANICS: RefCell<BTreeMap<String, u64>> = const { RefCell::new(BTreeMap::new()) };
}

/// Damages and reads; says whether nothing panicked.
pub(crate) fn run(fuzz: &Fuzz) -> Result<bool> {
    let samples = samples()?;
    let seed = fuzz.seed.unwrap_or_else(Random::seed);
    println!("fuzz: {} files, {} s, --seed {seed}", samples.len(), fuzz.seconds);
    std::panic::set_hook(Box::new(|panic| {
        let place = panic.location().map(ToString::to_string).unwrap_or_default();
        PANICS.with_borrow_mut(|panics| *panics.entry(place).or_default() += 1);
    }));
    let extractor = Extractor::new(Profile::named("default")?, obelisc_extract::Limits::default());
    let (started, mut tally, mut escaped) = (Instant::now(), Tally::default(), Vec::new());
    let last = fuzz.case.map_or(u64::MAX, |case| case + 1);
    for case in fuzz.case.unwrap_or(0)..last {
        if started.elapsed() >= Duration::from_secs(fuzz.seconds) {
            break;
        }
        let mut random = Random(seed ^ case.wrapping_mul(0xA076_1D64_78BD_642F));
        let sample = &samples[random.below(samples.len())];
        let other = &samples[random.below(samples.len())];
        let bytes = damage(&sample.bytes, &other.bytes, &mut random);
        let began = Instant::now();
        let different = tally.different;
        let unwound = catch_unwind(AssertUnwindSafe(|| read(sample.kind, &bytes, &extractor, &mut tally))).is_err();
        if unwound || tally.different > different {
            escaped.push(case);
            std::fs::write(target()?.join(format!("fuzz-{seed}-{case}.bin")), &bytes)?;
        }
        tally.cases += 1;
        tally.slowest = tally.slowest.max((began.elapsed(), case));
    }
    let _ = std::panic::take_hook();
    report(&tally, &escaped);
    Ok(escaped.is_empty())
}

fn report(tally: &Tally, escaped: &[u64]) {
    let Tally { cases, records, failures, documents, images, different, slowest } = tally;
    println!("{cases} cases: {records} records, {failures} failures, {documents} documents, {images} images");
    println!("{different} pages that html5ever reads in another way");
    println!("slowest: case {}, {:.2} s", slowest.1, slowest.0.as_secs_f64());
    PANICS.with_borrow(|panics| {
        for (place, count) in panics {
            println!("panic at {place}: {count} times");
        }
    });
    match escaped {
        [] => println!("no panic left a crate"),
        cases => {
            println!("panics or differences in cases {cases:?}; inputs lie in the target folder as fuzz-*.bin")
        }
    }
}

fn read(kind: Kind, bytes: &[u8], extractor: &Extractor, tally: &mut Tally) {
    match kind {
        Kind::Archive => archive(bytes, extractor, tally),
        Kind::Page => page(bytes, extractor, tally),
        Kind::Image => image(bytes, tally),
    }
}

/// All records of an archive, and what lies in them.
fn archive(bytes: &[u8], extractor: &Extractor, tally: &mut Tally) {
    let limits = obelisc_warc::Limits::default();
    let Ok(mut archive) = Archive::open(Cursor::new(bytes.to_vec()), limits) else { return };
    while let Ok(Some(item)) = archive.next_item() {
        let Item::Record(record) = item else {
            tally.failures += 1;
            continue;
        };
        tally.records += 1;
        let Ok(response) = record.response(&limits) else { continue };
        let Ok(body) = response.body(&limits) else { continue };
        if response.is_html(&body.bytes) {
            page(&body.bytes, extractor, tally);
        } else if obelisc_image::sniff(&body.bytes).is_some() {
            image(&body.bytes, tally);
        }
    }
}

fn page(bytes: &[u8], extractor: &Extractor, tally: &mut Tally) {
    let input = Input { body: bytes, url: "https://damaged.example/page", ..Input::default() };
    // A page is read as the judge of our tokenizer reads it.
    if let Some(difference) = difference(bytes, extractor) {
        println!("DIFFERENT: {difference:.1000}");
        tally.different += 1;
    }
    let document = extractor.extract(&input);
    // What was extracted must be writable, too.
    tally.documents += u64::from(document.is_ok_and(|document| document.to_json().is_ok()));
}

fn image(bytes: &[u8], tally: &mut Tally) {
    let limits = obelisc_image::Limits { max_image_bytes: 20_000_000, max_image_pixels: 4_000_000 };
    tally.images += u64::from(obelisc_image::verify(bytes, limits).is_ok());
}

/// All small fixtures, and the small archives of `OBELISC_DATA`.
fn samples() -> Result<Vec<Sample>> {
    let mut samples = Vec::new();
    collect(&root().join("tests/fixtures"), &mut samples)?;
    for entry in std::fs::read_dir(root().join("crates"))? {
        collect(&entry?.path().join("tests"), &mut samples)?;
    }
    match data() {
        Some(data) => collect(&data.join("warcs-others"), &mut samples)?,
        None => println!("OBELISC_DATA is not set: fixtures only"),
    }
    // Records are reached more often where they need not be decompressed first.
    let unpacked: Vec<Sample> = samples.iter().filter_map(unpacked).collect();
    samples.extend(unpacked);
    ensure!(!samples.is_empty(), "no fixture was found");
    Ok(samples)
}

fn collect(folder: &Path, samples: &mut Vec<Sample>) -> Result<()> {
    let Ok(entries) = std::fs::read_dir(folder) else { return Ok(()) };
    let mut paths = entries.map(|entry| Ok(entry?.path())).collect::<std::io::Result<Vec<_>>>()?;
    // In one order everywhere: a case is a number.
    paths.sort();
    for path in paths {
        if path.is_dir() {
            collect(&path, samples)?;
        } else if let Some(kind) =
            kind(&path).filter(|_| path.metadata().is_ok_and(|file| file.len() <= MAX_SEED_BYTES))
        {
            samples.push(Sample { kind, bytes: std::fs::read(path)? });
        }
    }
    Ok(())
}

fn kind(path: &Path) -> Option<Kind> {
    let name = path.file_name()?.to_str()?;
    let ends = |endings: &[&str]| endings.iter().any(|ending| name.ends_with(ending));
    if ends(&[".html"]) {
        Some(Kind::Page)
    } else if ends(&[".jpg", ".jpeg", ".png", ".gif", ".webp"]) {
        Some(Kind::Image)
    } else {
        let archive = ends(&[".warc", ".arc", ".gz", ".zst", ".lz4", ".wacz"]);
        archive.then_some(Kind::Archive)
    }
}

/// A gzip archive as the plain one that lies in it.
fn unpacked(sample: &Sample) -> Option<Sample> {
    use std::io::Read;
    if sample.kind != Kind::Archive || !sample.bytes.starts_with(b"\x1f\x8b") {
        return None;
    }
    let mut bytes = Vec::new();
    flate2::read::MultiGzDecoder::new(&*sample.bytes).take(4 * MAX_SEED_BYTES).read_to_end(&mut bytes).ok()?;
    Some(Sample { kind: Kind::Archive, bytes })
}
