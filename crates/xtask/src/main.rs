//! Chores of the repository: `cargo xtask check`, `bless`, `svd`.
#![allow(clippy::print_stdout, clippy::print_stderr, reason = "a program that talks to its user")]

mod api;
mod book;
mod check;
mod coverage;
mod edges;
mod exports;
mod guest;
mod twins;

use std::path::{Path, PathBuf};
use std::process::{Command, ExitCode};

use anyhow::{Context as _, Result, bail};
use clap::{Parser, Subcommand};

/// Chores of the msmemu repository.
#[derive(Parser)]
#[command(name = "cargo xtask", bin_name = "cargo xtask")]
struct Arguments {
    #[command(subcommand)]
    job: Job,
}

#[derive(Subcommand)]
enum Job {
    /// Check what continuous integration checks, tests excepted.
    Check {
        /// Steps to run; all when none is named.
        #[arg(value_enum)]
        steps: Vec<check::Step>,
    },
    /// Rewrite every expectation that tests and checks compare with. Review the difference.
    Bless,
    /// Write the register exports: SVD files and coverage pages.
    Svd,
    /// Write what the book shows of the guest kit: the page of its APIs, measured figures, an example.
    Pages,
    /// Build the bare-metal guest images with the distribution's cross compiler.
    Guest {
        /// Images to build; all when none is named.
        names: Vec<String>,
        /// Rebuild elsewhere and compare with the committed files.
        #[arg(long, conflicts_with = "to")]
        check: bool,
        /// Compiler; that of the committed files is gcc.
        #[arg(long, value_enum, default_value = "gcc")]
        compiler: guest::Compiler,
        /// Folder to write them to, in place of where they are committed.
        #[arg(long)]
        to: Option<PathBuf>,
    },
}

fn main() -> ExitCode {
    let result = match Arguments::parse().job {
        Job::Check { steps } => check::run(&steps),
        Job::Bless => bless(),
        Job::Svd => exports::write(&root()),
        Job::Pages => api::write(&root()),
        Job::Guest { names, check, compiler, to } => {
            guest::run(&root(), &guest::Job { names: &names, check, compiler, to: to.as_deref() })
        }
    };
    match result {
        Ok(()) => ExitCode::SUCCESS,
        Err(error) => {
            eprintln!("error: {error:#}");
            ExitCode::FAILURE
        }
    }
}

/// Top of the repository.
fn root() -> PathBuf {
    Path::new(env!("CARGO_MANIFEST_DIR")).ancestors().nth(2).unwrap_or(Path::new(".")).to_owned()
}

/// Runs `cargo` at the top of the repository; an error when it fails.
fn cargo(arguments: &[&str], environment: &[(&str, &str)]) -> Result<()> {
    let mut command = Command::new(env!("CARGO"));
    command.current_dir(root()).args(arguments).envs(environment.iter().copied());
    // A cargo started by cargo inherits settings of the outer package that would confuse the inner one.
    for (name, _) in std::env::vars() {
        if name.starts_with("CARGO_PKG_") || name == "CARGO_MANIFEST_DIR" {
            command.env_remove(name);
        }
    }
    let status = command.status().context("cargo can not be started")?;
    if !status.success() {
        bail!("cargo {} ended with {status}", arguments.join(" "));
    }
    Ok(())
}

fn bless() -> Result<()> {
    exports::write(&root())?;
    cargo(
        &["test", "--workspace"],
        &[
            ("MSMEMU_BLESS", "1"),
            ("TRYBUILD", "overwrite"),
            ("TRYCMD", "overwrite"),
            ("INSTA_UPDATE", "always"),
        ],
    )?;
    // From the outputs that the tests have rewritten.
    api::write(&root())
}
