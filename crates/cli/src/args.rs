//! What the user may type. Nothing here touches the world outside.

use std::path::PathBuf;
use std::str::FromStr;

use clap::{Args, Parser, Subcommand, ValueEnum};
use msmemu_session::limit::{NotAPoint, Point};

/// The exit statuses, as `--help` shows them.
const EXIT_STATUS: &str = "\
Exit status of `run`:
    0  the guest reported success (power-off, or semihosting exit 0)
    1  the guest reported failure
    2  wrong usage
    3  an input file can not be used
    4  the guest died: an exception that nothing handles
    5  the guest hangs: it waits for something that can not come
    6  the limit of --until was reached
    7  the emulator or the host failed
    8  the watchdog bit: the guest hung, or restarted the machine with it
    9  the guest's kernel panicked
  130  interrupted";

/// Emulator of a Qualcomm MSM8x60-class SoC, centred on its System MMU.
#[derive(Debug, Parser)]
#[command(name = "msmemu", version, max_term_width = 100, after_help = EXIT_STATUS)]
pub(crate) struct Arguments {
    #[command(subcommand)]
    pub(crate) job: Job,
}

#[derive(Debug, Subcommand)]
pub(crate) enum Job {
    /// Run guest firmware, or Linux, and show what happened.
    Run(Box<Run>),
    /// List, show and check machines.
    #[command(subcommand)]
    Machine(Machine),
    /// Print a completion script for a shell.
    Completions {
        /// The shell.
        #[arg(value_enum)]
        shell: clap_complete::Shell,
    },
    /// Print a manual page (troff); `msmemu man run | man -l -` shows that of `run`.
    Man {
        /// Command whose page it is, such as `run` or `machine svd`; msmemu itself when none is named.
        command: Vec<String>,
        /// Write the pages of all commands into this folder.
        #[arg(long, value_name = "FOLDER", conflicts_with = "command")]
        all: Option<PathBuf>,
    },
}

const RUN_EXAMPLES: &str = "\
Examples:
    msmemu run                                   the embedded demo firmware
    msmemu run firmware.elf --until 2s           bare metal, for two seconds of guest time
    msmemu run firmware.elf --stats -            statistics as JSON on standard output
    msmemu run --kernel zImage --initrd cpio.gz --append console=ttyMSM0
    msmemu run firmware.elf --snapshot mid.snap@50ms
    msmemu run --restore mid.snap
    msmemu run test.elf --semihosting-dir out    files of out/ by semihosting
    msmemu run firmware.elf --gdb                wait for gdb on 127.0.0.1:1234

Exit status: see `msmemu --help`.";

#[derive(Args, Debug)]
#[command(after_help = RUN_EXAMPLES)]
pub(crate) struct Run {
    /// Bare-metal ELF image; the embedded demo firmware when nothing is named. With --restore: where symbols
    /// come from.
    #[arg(conflicts_with = "kernel")]
    pub(crate) image: Option<PathBuf>,
    /// Machine: a name from `msmemu machine list`, or a machine file [default: msm8660, or the snapshot's].
    #[arg(long, value_name = "NAME|FILE")]
    pub(crate) machine: Option<String>,

    /// Linux zImage, started by the Linux boot protocol.
    #[arg(long, value_name = "FILE", conflicts_with = "restore", help_heading = "Linux")]
    pub(crate) kernel: Option<PathBuf>,
    /// Initial RAM disk.
    #[arg(long, value_name = "FILE", requires = "kernel", help_heading = "Linux")]
    pub(crate) initrd: Option<PathBuf>,
    /// Kernel command line.
    #[arg(long, value_name = "STR", requires = "kernel", help_heading = "Linux")]
    pub(crate) append: Option<String>,
    /// Device tree blob; generated from the machine when not given.
    #[arg(long, value_name = "FILE", requires = "kernel", help_heading = "Linux")]
    pub(crate) dtb: Option<PathBuf>,

    /// ELF file whose symbols name addresses in reports, such as the vmlinux of a kernel.
    #[arg(long, value_name = "FILE")]
    pub(crate) symbols: Option<PathBuf>,
    /// Stop at this guest time (ps, ns, us, ms, s) or after this many instructions (insn, kinsn, Minsn,
    /// Ginsn): 250ms, 2s, 500Minsn.
    #[arg(long, value_name = "LIMIT")]
    pub(crate) until: Option<Point>,
    /// Cost model; a snapshot keeps its own.
    #[arg(long, value_enum, default_value_t = Timing::Approximate, conflicts_with = "restore")]
    pub(crate) timing: Timing,
    /// Accesses to what the model does not have.
    #[arg(long, value_enum, default_value_t = Gaps::Warn)]
    pub(crate) gaps: Gaps,
    /// Semihosting; on for ELF images, off for Linux when not said.
    #[arg(long, value_name = "on|off", value_parser = on_off)]
    pub(crate) semihosting: Option<bool>,
    /// Directory whose files semihosting may open, write and remove; without it none.
    #[arg(long, value_name = "DIR")]
    pub(crate) semihosting_dir: Option<PathBuf>,
    /// Command line that semihosting gives to the guest (SYS_GET_CMDLINE).
    #[arg(long, value_name = "STR")]
    pub(crate) semihosting_args: Option<String>,

    /// Write statistics as JSON to a file, or `-` for standard output.
    #[arg(long, value_name = "FILE|-")]
    pub(crate) stats: Option<PathBuf>,
    /// Do not print the summary at the end.
    #[arg(short, long)]
    pub(crate) quiet: bool,
    /// Console UART: this terminal, a file, or nowhere.
    #[arg(long, value_name = "stdio|null|FILE", default_value = "stdio")]
    pub(crate) uart: String,

    /// Save the whole machine at a guest time or instruction count, or at the end, and go on.
    #[arg(long, value_name = "FILE[@WHEN]")]
    pub(crate) snapshot: Option<SnapshotAt>,
    /// Go on from a snapshot.
    #[arg(long, value_name = "FILE")]
    pub(crate) restore: Option<PathBuf>,
    /// Wait for a debugger at this address before the first instruction; a port alone is one of 127.0.0.1.
    #[arg(long, value_name = "[HOST:]PORT", num_args = 0..=1, require_equals = true,
          default_missing_value = "127.0.0.1:1234")]
    pub(crate) gdb: Option<String>,
}

fn on_off(text: &str) -> Result<bool, String> {
    match text {
        "on" => Ok(true),
        "off" => Ok(false),
        other => Err(format!("`{other}` is neither `on` nor `off`")),
    }
}

/// How much the timing model does.
#[derive(Clone, Copy, Debug, PartialEq, Eq, ValueEnum)]
pub(crate) enum Timing {
    /// Latencies, queues and slots of SMMUs and fabric.
    Approximate,
    /// Every access answers at once; the same results, faster.
    Functional,
}

/// What an access to something that the model does not have does, beside reading 0.
#[derive(Clone, Copy, Debug, PartialEq, Eq, ValueEnum)]
pub(crate) enum Gaps {
    /// Nothing.
    Ignore,
    /// A warning, once for each place.
    Warn,
    /// The run ends with status 7.
    Stop,
}

/// `FILE`, or `FILE@WHEN`.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) struct SnapshotAt {
    pub(crate) file: PathBuf,
    /// At the end of the run when not given.
    pub(crate) when: Option<Point>,
}

impl FromStr for SnapshotAt {
    type Err = String;

    fn from_str(text: &str) -> Result<Self, String> {
        let (file, when) = match text.rsplit_once('@') {
            Some((file, when)) => (file, Some(when.parse().map_err(|e: NotAPoint| e.to_string())?)),
            None => (text, None),
        };
        if file.is_empty() { Err("no file is named".into()) } else { Ok(Self { file: file.into(), when }) }
    }
}

const SVD_EXAMPLES: &str = "\
Every peripheral stands at its address; a System MMU has as many banks as the machine says. Interrupt
numbers are those of the interrupt controller (SPI + 32, PPI + 16).

Examples:
    msmemu machine svd msm8660 -o msm8660.svd
    msmemu machine svd board.toml | less";

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
        /// Print JSON: for each file its mistakes with line and column.
        #[arg(long)]
        json: bool,
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
    /// Write the registers of a machine as a CMSIS-SVD file, for debuggers and code generators.
    #[command(after_help = SVD_EXAMPLES)]
    Svd {
        /// A name from `msmemu machine list`, or a machine file.
        machine: String,
        /// File to write; standard output when not given or `-`.
        #[arg(short, long, value_name = "FILE")]
        output: Option<PathBuf>,
    },
    /// Print the JSON schema of machine files.
    Schema,
}

#[cfg(test)]
mod tests {
    use std::path::{Path, PathBuf};

    use clap::Parser as _;

    use super::{Arguments, RUN_EXAMPLES, SVD_EXAMPLES};

    fn pages(folder: &Path, out: &mut Vec<PathBuf>) {
        for entry in std::fs::read_dir(folder).expect("a folder of the book") {
            let path = entry.expect("an entry").path();
            if path.is_dir() {
                pages(&path, out);
            } else if path.extension().is_some_and(|e| e == "md") {
                out.push(path);
            }
        }
    }

    /// Every command line in a text: in code spans, in indented lines, behind a prompt.
    fn commands(text: &str) -> Vec<String> {
        let shown = |line: &str| {
            let code = line.strip_prefix("    ").or_else(|| line.strip_prefix("$ "))?;
            Some(code.trim().trim_start_matches("$ ").to_owned())
        };
        let lines = text.lines().filter_map(shown);
        let spans = text.lines().flat_map(|line| line.split('`').skip(1).step_by(2)).map(ToOwned::to_owned);
        let cargo = "cargo run --release -p msmemu-cli -- ";
        lines
            .chain(spans)
            .filter_map(|code| {
                let code = code.strip_prefix("msmemu ").or_else(|| code.strip_prefix(cargo))?;
                // What a shell takes, and what the examples of a help text say behind.
                let end = code.find(['|', '>', '#', '`', ';']).unwrap_or(code.len());
                let code = code[..end].split("   ").next().unwrap_or_default();
                Some(code.trim().trim_end_matches([',', '.', ':']).to_owned())
            })
            .collect()
    }

    #[test]
    fn every_command_of_readme_book_and_help_is_one() {
        let root = Path::new(env!("CARGO_MANIFEST_DIR")).join("../..");
        let mut files = vec![root.join("README.md")];
        pages(&root.join("docs/src"), &mut files);
        let mut texts: Vec<(String, String)> = files
            .iter()
            .map(|file| (file.display().to_string(), std::fs::read_to_string(file).expect("a page")))
            .collect();
        texts.push(("help of run".into(), RUN_EXAMPLES.into()));
        texts.push(("help of machine svd".into(), SVD_EXAMPLES.into()));
        let mut count = 0;
        for (file, text) in texts {
            for command in commands(&text) {
                // Placeholders that must be one of a few words, and names of commands alone.
                let command = command.replace("SHELL", "bash").replace("COMMAND", "run");
                let words = std::iter::once("msmemu").chain(command.split_whitespace());
                if let Err(error) = Arguments::try_parse_from(words) {
                    use clap::error::ErrorKind::{
                        DisplayHelp, DisplayHelpOnMissingArgumentOrSubcommand, DisplayVersion,
                        MissingRequiredArgument, MissingSubcommand,
                    };
                    let named_only = matches!(
                        error.kind(),
                        DisplayHelp
                            | DisplayVersion
                            | DisplayHelpOnMissingArgumentOrSubcommand
                            | MissingSubcommand
                            | MissingRequiredArgument
                    );
                    assert!(named_only, "{file}: `msmemu {command}`\n{error}");
                }
                count += 1;
            }
        }
        assert!(count >= 25, "only {count} commands were found");
    }
}
