//! Printing, and how a command fails.

use std::fmt;
use std::io::{self, Write as _};
use std::path::Path;
use std::process::ExitCode;

/// A line for the user, on standard error. Unlike `eprintln!` it goes on when nobody reads there any more.
macro_rules! say {
    ($($argument:tt)*) => {{
        use std::io::Write as _;
        let _ = writeln!(std::io::stderr().lock(), $($argument)*);
    }};
}
pub(crate) use say;

/// An exit status. `--help` documents them.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) struct Status(pub(crate) u8);

impl From<Status> for ExitCode {
    fn from(status: Status) -> Self {
        Self::from(status.0)
    }
}

/// A command that did not do its job, with what to tell the user.
#[derive(Debug)]
pub(crate) struct Failure {
    pub(crate) status: Status,
    message: String,
}

impl Failure {
    /// Wrong usage.
    pub(crate) const USAGE: Status = Status(2);
    /// An input file can not be used.
    pub(crate) const INPUT: Status = Status(3);
    /// The emulator or the host failed.
    pub(crate) const HOST: Status = Status(7);

    /// A failure that has already formatted its message.
    pub(crate) fn new(status: Status, message: impl fmt::Display) -> Self {
        Self { status, message: message.to_string() }
    }

    /// A failure that has said everything already.
    pub(crate) fn silent(status: Status) -> Self {
        Self::new(status, "")
    }

    /// Whether there is anything left to say.
    pub(crate) fn is_silent(&self) -> bool {
        self.message.is_empty()
    }

    /// `error: ` and the message.
    pub(crate) fn error(status: Status, message: impl fmt::Display) -> Self {
        Self::new(status, format_args!("error: {message}"))
    }
}

impl fmt::Display for Failure {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(self.message.trim_end())
    }
}

impl From<io::Error> for Failure {
    fn from(error: io::Error) -> Self {
        Self::error(Self::HOST, error)
    }
}

/// What a command gives back.
pub(crate) type Done = Result<(), Failure>;

/// Prints to standard output. A reader that went away is no failure.
pub(crate) fn print(bytes: &[u8]) -> Done {
    let mut out = io::stdout().lock();
    match out.write_all(bytes).and_then(|()| out.flush()) {
        Err(error) if error.kind() != io::ErrorKind::BrokenPipe => {
            Err(Failure::error(Failure::HOST, format_args!("standard output: {error}")))
        }
        _ => Ok(()),
    }
}

/// Writes a file, or standard output when there is no name or it is `-`.
pub(crate) fn write(path: Option<&Path>, bytes: &[u8]) -> Done {
    match path {
        Some(path) if path != Path::new("-") => std::fs::write(path, bytes).map_err(|error| {
            Failure::error(Failure::HOST, format_args!("{} can not be written: {error}", path.display()))
        }),
        _ => print(bytes),
    }
}
