//! Standard output and standard error, either of which may be closed or full.

use std::io::{self, BufWriter, ErrorKind, StdoutLock, Write};
use std::sync::atomic::{AtomicBool, Ordering};

use crate::Failure;

/// Prints data to standard output, whole or with an error.
///
/// # Errors
/// Those of [`cannot_print`].
pub fn print(write: impl FnOnce(&mut BufWriter<StdoutLock<'_>>) -> io::Result<()>) -> Result<(), Failure> {
    let mut output = BufWriter::new(io::stdout().lock());
    write(&mut output).and_then(|()| output.flush()).map_err(|error| cannot_print(&error))
}

/// Why nothing more is printed.  A reader that went away, as `head` does, has what it wanted: that is a good end, without a
/// word.
pub fn cannot_print(error: &io::Error) -> Failure {
    match error.kind() {
        ErrorKind::BrokenPipe => Failure { code: 0, message: String::new() },
        _ => Failure::unreachable(format!("standard output: {error}")),
    }
}

/// Exit code of what a signal, or the loss of its reader, ended at once.
pub const INTERRUPTED: i32 = 4;

/// Whether the program ends when nobody hears it.
static NEEDS_A_READER: AtomicBool = AtomicBool::new(false);

/// Until it is told otherwise, the program ends, interrupted, when what reads its standard error goes away.
///
/// The signal SIGPIPE says so too, and says the same of every connection that breaks.
pub fn need_a_reader(needed: bool) {
    NEEDS_A_READER.store(needed, Ordering::Relaxed);
}

/// Says a line on standard error.  Where nobody hears it there is nobody to be told.
pub fn say(line: &str) {
    let said = writeln!(io::stderr(), "{line}");
    if said.is_err_and(|error| error.kind() == ErrorKind::BrokenPipe) && NEEDS_A_READER.load(Ordering::Relaxed) {
        std::process::exit(INTERRUPTED);
    }
}
