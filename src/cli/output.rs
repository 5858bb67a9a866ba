//! Standard output. A reader that has gone, such as `head`, has all that it wants: that is no error, and the command goes on.

use std::fmt::Display;
use std::io::{self, ErrorKind, Write};

/// Prints a text as it is.
///
/// # Errors
/// Standard output cannot be written, for another reason than a reader that has gone.
pub(super) fn print(text: impl Display) -> io::Result<()> {
    let mut out = io::stdout().lock();
    match write!(out, "{text}").and_then(|()| out.flush()) {
        Err(error) if is_unread(&error) => Ok(()),
        written => written,
    }
}

/// Prints a line.
///
/// # Errors
/// As [`print`].
pub(super) fn print_line(line: impl Display) -> io::Result<()> {
    print(format_args!("{line}\n"))
}

/// Returns whether an error says that the reader of standard output has gone.
pub(super) fn is_unread(error: &io::Error) -> bool {
    error.kind() == ErrorKind::BrokenPipe
}

/// Tells a person about the course of a command, on standard error. Who closed it does not want to know.
pub(super) fn tell(line: impl Display) {
    let _ = writeln!(io::stderr(), "{line}");
}
