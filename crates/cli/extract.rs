//! `extract`: documents as JSON lines, without a run.

use std::fs::File;
use std::io::{self, BufWriter, Read, Write};

use obelisc_pipeline::intake::{Fate, Finding, Intake};
use obelisc_pipeline::{Error, Recipe};
use obelisc_storage::inputs::{self, Kind};

use crate::Failure;
use crate::args::ExtractArgs;

/// `obelisc extract`.
pub fn extract(args: &ExtractArgs) -> Result<(), Failure> {
    let text =
        format!("stages = [\"extract\", \"finish\"]\nextract.profile = {:?}\nfinish.images = \"url\"\n", args.profile);
    let recipe = Recipe::parse("--profile", &text, &[]).map_err(Error::Refused)?;
    let intake = Intake::new(&recipe.extract, false).map_err(Failure::unreachable)?;
    let mut printer = Printer { output: BufWriter::new(io::stdout().lock()), printed: 0, failed: 0 };
    let result = read(args, &intake, &mut printer);
    match result.and_then(|()| Ok(printer.output.flush()?)) {
        Err(Stop::Io(error)) => return Err(Failure::unreachable(format!("{}: {error}", args.input))),
        Err(Stop::Failure(failure)) => return Err(failure),
        Ok(()) => {}
    }
    if printer.printed == 0 && printer.failed > 0 {
        return Err(Failure { code: 1, message: format!("{}: no document", args.input) });
    }
    Ok(())
}

/// Why reading ended.
enum Stop {
    Io(io::Error),
    Failure(Failure),
}

impl From<io::Error> for Stop {
    fn from(error: io::Error) -> Self {
        Self::Io(error)
    }
}

fn read(args: &ExtractArgs, intake: &Intake<'_>, printer: &mut Printer<impl Write>) -> Result<(), Stop> {
    if args.input == "-" {
        let mut body = Vec::new();
        io::stdin().lock().take(intake.page_cap()).read_to_end(&mut body)?;
        return Ok(printer.print(intake.page("stdin", args.url.as_deref().unwrap_or("about:blank"), &body))?);
    }
    let found = inputs::find(std::slice::from_ref(&args.input)).map_err(|errors| {
        Stop::Failure(Failure::unreachable(errors.iter().map(ToString::to_string).collect::<Vec<_>>().join("\n")))
    })?;
    for input in found {
        match input.kind {
            Kind::Archive(path) => {
                intake.archive(&input.name, File::open(path)?, |finding| printer.print(finding))?;
            }
            Kind::Pages(ref pages) => {
                for (page, path) in pages {
                    let name = input.page_name(page);
                    let mut body = Vec::new();
                    File::open(path)?.take(intake.page_cap()).read_to_end(&mut body)?;
                    let url = args.url.clone().unwrap_or_else(|| format!("file:///{name}"));
                    printer.print(intake.page(&name, &url, &body))?;
                }
            }
        }
    }
    Ok(())
}

/// Prints documents to standard output, failures to standard error.
struct Printer<W> {
    output: W,
    printed: u64,
    failed: u64,
}

impl<W: Write> Printer<W> {
    fn print(&mut self, finding: Finding) -> io::Result<()> {
        match finding.fate {
            Fate::Document(document) => {
                self.printed += 1;
                serde_json::to_writer(&mut self.output, &document.to_json()?)?;
                self.output.write_all(b"\n")?;
            }
            Fate::Failed(reason, detail) => {
                self.failed += 1;
                let url = finding.url.unwrap_or_default();
                eprintln!("{} at {}: {url} {reason}: {detail}", finding.archive, finding.location.offset);
            }
            Fate::Capture | Fate::PassedOver(_) | Fate::NotAccepted(..) => {}
        }
        Ok(())
    }
}
