//! Standard output and standard error, either of which may be closed or full.

use std::io::{self, BufWriter, ErrorKind, StdoutLock, Write};

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

/// Says a line on standard error.  Where nobody hears it there is nobody to be told.
pub fn say(line: &str) {
    let _ = writeln!(io::stderr(), "{line}");
}
