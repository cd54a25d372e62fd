//! `msmemu run`.

use std::io::IsTerminal as _;
use std::path::Path;
use std::time::Instant;

use msmemu_session::debug::Debugged;
use msmemu_session::limit::Point;
use msmemu_session::machine::{GapPolicy, Stop, TimingMode};
use msmemu_session::run::{Outcome, Report, Request, Run, Start, StartError};

use crate::args::{self, Gaps, Timing};
use crate::console::Terminal;
use crate::gdb;
use crate::machine;
use crate::output::{Done, Failure, Status, say, write};
use crate::summary;

pub(crate) fn run(arguments: args::Run) -> Done {
    let request = Request {
        machine: arguments.machine,
        start: start(
            &arguments.image,
            arguments.kernel,
            arguments.initrd,
            arguments.append,
            arguments.dtb,
            arguments.restore,
        ),
        timing: match arguments.timing {
            Timing::Approximate => TimingMode::Approximate,
            Timing::Functional => TimingMode::Functional,
        },
        gaps: match arguments.gaps {
            Gaps::Ignore => GapPolicy::Ignore,
            Gaps::Warn => GapPolicy::Warn,
            Gaps::Stop => GapPolicy::Stop,
        },
        symbols: arguments.symbols,
        semihosting: arguments.semihosting,
        semihosting_dir: arguments.semihosting_dir,
        semihosting_args: arguments.semihosting_args.unwrap_or_default(),
    };
    let linux = matches!(request.start, Start::Linux { .. });
    let mut run = Run::start(&request).map_err(|error| failure(&error))?;
    let mut terminal = Terminal::open(&arguments.uart, linux)?;
    if linux && terminal.is_interactive() && !arguments.quiet {
        say!("All keys go to the guest. Ctrl-A x ends the run, Ctrl-A h shows more.\r");
    }
    let begun = Instant::now();

    let mut stop = None;
    let mut over = false;
    if let Some(address) = &arguments.gdb {
        let mut debugged = Debugged::new(&mut run, &mut terminal);
        let ended = gdb::serve(&mut debugged, address)?;
        if let Some(reason) = debugged.ended() {
            stop = reason;
            over = true;
        }
        // Without a debugger the run goes on, unless the debugger ended it.
        over |= ended == gdb::Ended::Killed;
    }
    if let Some(at) = arguments.snapshot.as_ref().and_then(|s| s.when).filter(|_| !over) {
        // The earlier of the two limits ends the first part of the run.
        let first = arguments.until.map_or(at, |until| earlier(at, until));
        stop = run.run(Some(first), &mut terminal);
        over =
            stop.as_ref().is_none_or(|stop| !is_limit(stop)) || arguments.until == Some(first) && first != at;
    }
    if let Some(snapshot) = arguments.snapshot.as_ref().filter(|s| s.when.is_some()) {
        if over {
            say!(
                "warning: the run ended before {}; the snapshot is of its end",
                summary::when(snapshot.when)
            );
        }
        save(&run, &snapshot.file)?;
    }
    if !over {
        stop = run.run(arguments.until, &mut terminal);
    }
    if let Some(snapshot) = arguments.snapshot.as_ref().filter(|s| s.when.is_none()) {
        save(&run, &snapshot.file)?;
    }
    terminal.close();
    if run.has_unknown_writers() {
        // As long as the run took; Ctrl-C gives up the search, not the report.
        terminal.listen_again();
        if std::io::stderr().is_terminal() {
            say!("running again to find who wrote the descriptors (Ctrl-C leaves that open)");
        }
        run.find_writers(&mut terminal);
    }

    let report = run.report(stop);
    if let Some(path) = &arguments.stats {
        write(Some(path), machine::to_json(&report)?.as_bytes())?;
    }
    if !arguments.quiet {
        let text = summary::text(&report, begun.elapsed(), std::io::stderr().is_terminal());
        say!("{}", text.trim_end());
    }
    for (address, write, text, count) in run.machine().gaps() {
        let what = if write { "write" } else { "read" };
        say!("warning: {what} at {address:#010x}: {text} ({count} times)");
    }
    if !report.explanation.is_empty() {
        say!("{}", report.explanation.trim_end());
    }
    let status = status(report.outcome);
    if status == Status(0) { Ok(()) } else { Err(Failure::new(status, verdict(&report))) }
}

fn start(
    image: &Option<std::path::PathBuf>,
    kernel: Option<std::path::PathBuf>,
    initrd: Option<std::path::PathBuf>,
    append: Option<String>,
    dtb: Option<std::path::PathBuf>,
    restore: Option<std::path::PathBuf>,
) -> Start {
    match (restore, kernel, image) {
        (Some(file), ..) => Start::Snapshot { file, symbols: image.clone() },
        (None, Some(kernel), _) => Start::Linux { kernel, initrd, append, dtb },
        (None, None, Some(image)) => Start::Elf(image.clone()),
        (None, None, None) => Start::Demo,
    }
}

/// Which of two points comes first; one of each kind can not be compared ahead of time, so the snapshot's
/// goes first and the other limit ends what is left.
fn earlier(at: Point, until: Point) -> Point {
    match (at, until) {
        (Point::Time(a), Point::Time(b)) => Point::Time(a.min(b)),
        (Point::Instructions(a), Point::Instructions(b)) => Point::Instructions(a.min(b)),
        _ => at,
    }
}

const fn is_limit(stop: &Stop) -> bool {
    matches!(stop, Stop::TimeLimit | Stop::InstructionLimit)
}

fn save(run: &Run, file: &Path) -> Done {
    run.save(file).map_err(|error| Failure::error(Failure::HOST, error))
}

fn failure(error: &StartError) -> Failure {
    match error {
        StartError::Machine(error) => machine::failure(error),
        StartError::Build(_) => Failure::error(Failure::HOST, error),
        _ => Failure::error(Failure::INPUT, error),
    }
}

const fn status(outcome: Outcome) -> Status {
    Status(match outcome {
        Outcome::Success => 0,
        Outcome::Failure => 1,
        Outcome::Died => 4,
        Outcome::Watchdog => 8,
        Outcome::Hang => 5,
        Outcome::Limit => 6,
        Outcome::Gap => 7,
        Outcome::Panic => 9,
        Outcome::Interrupted => 130,
    })
}

/// The last line of a run that was no success.
fn verdict(report: &Report) -> String {
    match &report.stop {
        None => "msmemu: interrupted".into(),
        Some(stop) => format!("msmemu: {}", summary::why(stop)),
    }
}
