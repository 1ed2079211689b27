//! `fetch`: images of a store asked for again, and given on.

use std::io::Write as _;
use std::path::Path;

use obelisc_fetch::ImageStore;
use obelisc_pipeline::{Config, Error, Retried, Retry};
use obelisc_storage::Remotes;

use crate::args::{Cli, ExportArgs, FetchSubject, RetryArgs};
use crate::output::print;
use crate::{Failure, corpus, place, printable, run};

/// What is said at the first signal.
const STOPPING: &str = "stopping; what came by now is kept, and the same command goes on from there";

/// `obelisc fetch`.
pub fn fetch(cli: &Cli, subject: &FetchSubject) -> Result<(), Failure> {
    match subject {
        FetchSubject::Retry(args) => retry(cli, args),
        FetchSubject::Export(args) => export(cli, args),
    }
}

fn store(path: &Path, remotes: &Remotes) -> Result<ImageStore, Failure> {
    let store = ImageStore::open(place::open(path, remotes)?).map_err(Failure::unreachable)?;
    if store.is_begun().map_err(Failure::unreachable)? {
        return Ok(store);
    }
    Err(Failure::unreachable(format!("{}: no image store here", path.display())))
}

fn retry(cli: &Cli, args: &RetryArgs) -> Result<(), Failure> {
    let config = run::config(args.config.as_deref())?.map_err(Error::Refused)?;
    let config = run::with_secrets(config);
    let given = run::given(config.resources.clone(), &args.resource);
    let remotes = place::remotes(&config);
    let storage = place::open(&args.dir, &remotes)?;
    let images = store(&args.image_store.clone().unwrap_or_else(|| args.dir.join("images")), &remotes)?;
    let stop = run::stop_on_signals(STOPPING).map_err(Failure::unreachable)?;
    let reasons = args.reason.iter().copied().collect();
    let retry =
        Retry { storage: &*storage, images: &images, config: &config, given: &given, reasons: &reasons, stop: &stop };
    let Retried { urls, images, failed, segment } = retry.execute()?;
    if cli.quiet {
        return Ok(());
    }
    print(|out| {
        if segment.is_none() {
            return writeln!(out, "No URL of this run failed so; nothing was asked for.");
        }
        writeln!(out, "{urls} URLs were asked for again, {images} are images now")?;
        for (reason, count) in failed {
            writeln!(out, "  {:<20} {count:>9}", reason.name())?;
        }
        writeln!(out, "Run the recipe again, over the same image store, to have them in the dataset.")
    })
}

fn export(cli: &Cli, args: &ExportArgs) -> Result<(), Failure> {
    let of_run = args.dir.as_ref().map(|dir| dir.join("images"));
    let path = args.image_store.clone().or(of_run).unwrap_or_default();
    let remotes = place::remotes(&Config::default());
    let images = store(&path, &remotes)?;
    let folder = place::at("--output", &args.output, &remotes)?;
    let exported = obelisc_fetch::export(&images, &*folder, args.images_per_shard).map_err(Failure::unreachable)?;
    if cli.quiet {
        return Ok(());
    }
    let bytes = corpus::size(usize::try_from(exported.bytes).unwrap_or(usize::MAX));
    print(|out| {
        writeln!(
            out,
            "{}: {} images, {bytes}, in {} tar files",
            printable(&args.output.to_string_lossy()),
            exported.images,
            exported.shards
        )
    })
}
