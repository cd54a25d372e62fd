//! What the user may type. Nothing here touches the world outside.

use std::path::PathBuf;

use clap::{Parser, Subcommand};

/// Emulator of a Qualcomm MSM8x60-class SoC, centred on its System MMU.
#[derive(Debug, Parser)]
#[command(name = "msmemu", version, max_term_width = 100)]
pub(crate) struct Arguments {
    #[command(subcommand)]
    pub(crate) job: Job,
}

#[derive(Debug, Subcommand)]
pub(crate) enum Job {
    /// List, show and check machines.
    #[command(subcommand)]
    Machine(Machine),
    /// Print a completion script for a shell.
    Completions {
        /// The shell.
        #[arg(value_enum)]
        shell: clap_complete::Shell,
    },
    /// Print the manual page (troff); `msmemu man | man -l -` shows it.
    Man,
}

#[derive(Debug, Subcommand)]
pub(crate) enum Machine {
    /// List the machines that come with msmemu.
    List {
        /// Print JSON.
        #[arg(long)]
        json: bool,
    },
    /// Show a machine: memory map, SMMUs, contexts, MIDs, interrupts.
    Show {
        /// A name from `msmemu machine list`, or a machine file.
        machine: String,
        /// Print JSON.
        #[arg(long, conflicts_with = "toml")]
        json: bool,
        /// Print the whole configuration as a machine file.
        #[arg(long)]
        toml: bool,
    },
    /// Check machine files; every mistake is reported with its place.
    Check {
        /// Machine files.
        #[arg(required = true)]
        files: Vec<PathBuf>,
    },
    /// Write the device tree that a guest of this machine gets.
    Dtb {
        /// A name from `msmemu machine list`, or a machine file.
        machine: String,
        /// File to write; standard output when not given or `-`.
        #[arg(short, long, value_name = "FILE")]
        output: Option<PathBuf>,
        /// Source text (DTS) in place of a blob.
        #[arg(long)]
        dts: bool,
    },
    /// Print the JSON schema of machine files.
    Schema,
}
