//! `cargo xtask check`: everything continuous integration checks before it runs tests.

use anyhow::{Result, bail};
use clap::ValueEnum;

use crate::{api, book, cargo, edges, exports, guest, root, twins};

#[derive(Clone, Copy, Debug, PartialEq, Eq, ValueEnum)]
pub(crate) enum Step {
    /// `cargo fmt --check`.
    Format,
    /// `cargo clippy` on all targets, warnings denied.
    Clippy,
    /// `cargo doc`, warnings denied; every page of the book is reachable and its links lead somewhere.
    Docs,
    /// Crates depend on each other only as the architecture allows.
    Edges,
    /// SVD files and coverage pages equal the register tables.
    Registers,
    /// The committed guest images are those of the committed hashes; twins end as the book says.
    Guest,
    /// The page of the kit's APIs and the measured figures of the book are what headers and golden outputs say.
    Api,
    /// `regs` and `smmu` build without the standard library.
    NoStd,
}

/// A target that has no standard library would need to be fetched; leaving out default features and
/// forbidding `std` in the sources shows the same with what a plain toolchain has.
const NO_STD: &[&str] = &["msmemu-regs", "msmemu-smmu"];

pub(crate) fn run(steps: &[Step]) -> Result<()> {
    let steps = if steps.is_empty() { Step::value_variants() } else { steps };
    let mut failed = Vec::new();
    for step in steps {
        eprintln!("check: {step:?}");
        if let Err(error) = step.run() {
            eprintln!("check: {step:?} failed: {error:#}");
            failed.push(format!("{step:?}"));
        }
    }
    if failed.is_empty() {
        eprintln!("check: all {} steps passed", steps.len());
        return Ok(());
    }
    bail!("failed: {}", failed.join(", "));
}

impl Step {
    fn run(self) -> Result<()> {
        match self {
            Self::Format => cargo(&["fmt", "--all", "--check"], &[]),
            Self::Clippy => cargo(&["clippy", "--workspace", "--all-targets", "--", "-D", "warnings"], &[]),
            Self::Docs => {
                cargo(&["doc", "--workspace", "--no-deps", "--quiet"], &[("RUSTDOCFLAGS", "-D warnings")])?;
                book::check(&root().join("docs"))
            }
            Self::Edges => edges::check(&root()),
            Self::Registers => exports::check(&root()),
            Self::Guest => {
                guest::check_hashes(&root())?;
                twins::check(&root())
            }
            Self::Api => api::check(&root()),
            Self::NoStd => {
                for package in NO_STD {
                    cargo(&["build", "--quiet", "--package", package, "--no-default-features"], &[])?;
                }
                Ok(())
            }
        }
    }
}
