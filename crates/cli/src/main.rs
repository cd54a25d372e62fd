//! The msmemu command line: it parses, calls `session`, and prints.
#![allow(clippy::print_stdout, clippy::print_stderr, reason = "a program that talks to its user")]

mod args;
mod console;
mod gdb;
mod machine;
mod output;
mod run;
mod show;
mod summary;

use std::process::ExitCode;

use clap::{CommandFactory as _, Parser as _};

use crate::args::{Arguments, Job};
use crate::output::{Failure, print};

fn main() -> ExitCode {
    let arguments = match Arguments::try_parse() {
        Ok(arguments) => arguments,
        Err(error) => {
            // Help and version are not mistakes; a pipe that closed early is none either.
            let _ = error.print();
            return if error.use_stderr() { Failure::USAGE.into() } else { ExitCode::SUCCESS };
        }
    };
    let done = match arguments.job {
        Job::Run(job) => run::run(*job),
        Job::Machine(job) => machine::run(job),
        Job::Completions { shell } => {
            let mut script = Vec::new();
            clap_complete::generate(shell, &mut Arguments::command(), "msmemu", &mut script);
            print(&script)
        }
        Job::Man => {
            let mut page = Vec::new();
            clap_mangen::Man::new(Arguments::command())
                .render(&mut page)
                .map_err(Into::into)
                .and_then(|()| print(&page))
        }
    };
    match done {
        Ok(()) => ExitCode::SUCCESS,
        Err(failure) => {
            eprintln!("{failure}");
            failure.status.into()
        }
    }
}
