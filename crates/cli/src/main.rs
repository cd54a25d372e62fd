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

use std::path::Path;
use std::process::ExitCode;

use clap::{CommandFactory as _, Parser as _};

use crate::args::{Arguments, Job};
use crate::output::{Done, Failure, print, say};

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
        Job::Man { command, all } => man(&command, all.as_deref()),
    };
    match done {
        Ok(()) => ExitCode::SUCCESS,
        Err(failure) => {
            if !failure.is_silent() {
                say!("{failure}");
            }
            failure.status.into()
        }
    }
}

/// The page of a command, or the pages of all.
fn man(command: &[String], all: Option<&Path>) -> Done {
    let mut page = Arguments::command();
    page.build();
    if let Some(folder) = all {
        return clap_mangen::generate_to(page, folder).map_err(|error| {
            Failure::error(Failure::HOST, format_args!("{} can not be written: {error}", folder.display()))
        });
    }
    for name in command {
        let Some(found) = page.find_subcommand(name).cloned() else {
            let names: Vec<_> = page.get_subcommands().map(|c| c.get_name()).collect();
            let names = if names.is_empty() { "none".into() } else { names.join(", ") };
            let message = format_args!("{} has no command `{name}`; there are: {names}", page.get_name());
            return Err(Failure::error(Failure::USAGE, message));
        };
        page = found;
    }
    let mut text = Vec::new();
    clap_mangen::Man::new(page).render(&mut text)?;
    print(&text)
}
