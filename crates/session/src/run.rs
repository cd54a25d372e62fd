//! The job `run`: a machine, an image, and what happens.

use std::path::{Path, PathBuf};
use std::sync::Arc;
use std::time::Duration;

use msmemu_machine::config::{BUILTIN, Config};
use msmemu_machine::cpu::semihosting::{Errno, HeapInfo, Host, HostFile, OpenMode};
use msmemu_machine::devices::uartdm::Received;
use msmemu_machine::digest::Digest;
use msmemu_machine::fabric::Time;
use msmemu_machine::load::{self, ElfError, Linux, LinuxError, NoMemory};
use msmemu_machine::snapshot::{Snapshot, SnapshotError};
use msmemu_machine::stats::Stats;
use msmemu_machine::{BuildError, GapPolicy, Machine, Stop, TimingMode, Until};
use serde::Serialize;
use thiserror::Error;

use crate::debug::Watch;
use crate::files::Directory;
use crate::limit::Point;
use crate::machines::{self, MachineError};

/// The firmware that runs when none is named.
pub const DEMO: &[u8] = include_bytes!("../../../guest-images/elf/demo.elf");

/// The most core cycles between two looks at the console and at signals. Results do not depend on it.
const SLICE: u64 = 1 << 20;
/// How long a guest sleeps at the most before the console is asked, when it is live.
const TICK: Time = Time::from_millis(5);

/// What to run.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Start {
    /// The embedded demo firmware.
    Demo,
    /// A bare-metal ELF file.
    Elf(PathBuf),
    /// Linux, by its boot protocol.
    Linux {
        /// zImage.
        kernel: PathBuf,
        /// Initial RAM disk.
        initrd: Option<PathBuf>,
        /// Kernel command line; the machine's own when there is none.
        append: Option<String>,
        /// Device tree; generated when there is none.
        dtb: Option<PathBuf>,
    },
    /// A snapshot file.
    Snapshot {
        /// The file.
        file: PathBuf,
        /// ELF file whose symbols name addresses in reports.
        symbols: Option<PathBuf>,
    },
}

/// A run, as asked for.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Request {
    /// Name or file of the machine; the default one, or the snapshot's, when not given.
    pub machine: Option<String>,
    /// What to run.
    pub start: Start,
    /// How time is modelled. A snapshot keeps its own.
    pub timing: TimingMode,
    /// What accesses to gaps of the model do.
    pub gaps: GapPolicy,
    /// ELF file whose symbols name addresses in reports, in place of the image's own: `vmlinux` for a kernel.
    pub symbols: Option<PathBuf>,
    /// Whether semihosting calls are served; when not given, for all but Linux.
    pub semihosting: Option<bool>,
    /// The directory whose files semihosting calls may open; when not given, none.
    pub semihosting_dir: Option<PathBuf>,
    /// The command line that semihosting gives to the guest.
    pub semihosting_args: String,
}

/// Why a run does not start.
#[derive(Debug, Error)]
pub enum StartError {
    /// There is no such machine.
    #[error(transparent)]
    Machine(#[from] MachineError),
    /// The machine can not be built.
    #[error(transparent)]
    Build(#[from] BuildError),
    /// A file can not be read.
    #[error("{} can not be read: {source}", path.display())]
    Read {
        /// The file.
        path: PathBuf,
        /// Why.
        source: std::io::Error,
    },
    /// The directory for semihosting can not be opened.
    #[error("{} can not be used as the directory for semihosting: {source}", path.display())]
    Directory {
        /// The directory.
        path: PathBuf,
        /// Why.
        source: std::io::Error,
    },
    /// An ELF file can not be used.
    #[error("{}: {source}", path.display())]
    Elf {
        /// The file.
        path: PathBuf,
        /// Why.
        source: ElfError,
    },
    /// A kernel where firmware was expected.
    #[error("{} is a zImage, not an ELF file: `--kernel` boots it", path.display())]
    Kernel {
        /// The file.
        path: PathBuf,
    },
    /// A kernel can not be booted.
    #[error("{}: {source}", path.display())]
    Linux {
        /// The kernel.
        path: PathBuf,
        /// Why.
        source: LinuxError,
    },
    /// The image does not fit the machine's memory.
    #[error("{}: {source}", path.display())]
    NoMemory {
        /// The file.
        path: PathBuf,
        /// Why.
        source: NoMemory,
    },
    /// A snapshot can not be used.
    #[error("{}", named(path, source))]
    Snapshot {
        /// The file.
        path: PathBuf,
        /// Why.
        source: SnapshotError,
    },
    /// No built-in machine is the one of the snapshot.
    #[error("{} is of none of the built-in machines; name its machine file with --machine", path.display())]
    SnapshotMachine {
        /// The file.
        path: PathBuf,
    },
}

/// A snapshot's error with its file, once.
fn named(path: &Path, error: &SnapshotError) -> String {
    match error {
        SnapshotError::Io { .. } => error.to_string(),
        _ => format!("{}: {error}", path.display()),
    }
}

/// What comes to the console UART.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Input {
    /// A character.
    Character(u8),
    /// A break.
    Break,
}

/// What a run asks of the world outside.
pub trait Console: Host {
    /// What the console UART sent.
    fn uart_write(&mut self, bytes: &[u8]);

    /// Something for the console UART, if there is something now.
    fn uart_read(&mut self) -> Option<Input>;

    /// Whether the run shall end.
    fn interrupted(&mut self) -> bool;

    /// Whether input may still come, at a time that nobody knows. A guest that sleeps then keeps to the host's
    /// time, and is not taken for one that hangs while its console would interrupt it.
    fn is_live(&self) -> bool {
        false
    }

    /// Waits for input, `span` at the most. Only called while [`Console::is_live`].
    fn wait(&mut self, span: Duration) {
        let _ = span;
    }
}

/// A host without a console and without files, which gives the guest its command line.
struct Silent<'a>(&'a str);

impl Host for Silent<'_> {
    fn console_write(&mut self, _bytes: &[u8]) {}

    fn command_line(&self) -> &[u8] {
        self.0.as_bytes()
    }
}

/// How a run ended, in one word. [`Report::stop`] has the details.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize)]
#[serde(rename_all = "kebab-case")]
pub enum Outcome {
    /// The guest reported success.
    Success,
    /// The guest reported failure.
    Failure,
    /// An exception that nothing handles.
    Died,
    /// The watchdog bit.
    Watchdog,
    /// The guest's kernel panicked.
    Panic,
    /// It waits for something that can not come.
    Hang,
    /// A limit was reached.
    Limit,
    /// A gap of the model, under the policy to stop.
    Gap,
    /// From outside.
    Interrupted,
}

/// What a run did.
#[derive(Clone, Debug, Serialize)]
pub struct Report {
    /// How it ended.
    pub outcome: Outcome,
    /// Why it ended; none when it was interrupted.
    pub stop: Option<Stop>,
    /// Digest (BLAKE3) over the event stream, in hexadecimal: equal for runs that did the same.
    pub digest: String,
    /// Number of events.
    pub events: u64,
    /// In plain words what is unresolved, or why the guest died; empty when there is nothing to say.
    pub explanation: String,
    /// Everything that was counted.
    pub stats: Stats,
}

/// A machine that runs.
#[derive(Debug)]
pub struct Run {
    pub(crate) machine: Machine,
    digest: Digest,
    /// Index of the console UART.
    console: usize,
    /// The most core cycles between two looks at the console.
    slice: u64,
    /// The machine as the run began, to run again when a question comes up that only that can answer.
    origin: Option<Machine>,
    /// What arrived at the console since then.
    input: Vec<(Time, Received)>,
    /// Files for semihosting.
    files: Option<Directory>,
    arguments: String,
}

/// What semihosting calls reach: the console, and the files of the run.
struct Outside<'a, C> {
    console: &'a mut C,
    files: Option<&'a mut Directory>,
    arguments: &'a str,
}

impl<C> Outside<'_, C> {
    fn files(&mut self) -> Result<&mut Directory, Errno> {
        self.files.as_deref_mut().ok_or(Errno::NOSYS)
    }
}

impl<C: Console> Host for Outside<'_, C> {
    fn console_write(&mut self, bytes: &[u8]) {
        self.console.console_write(bytes);
    }

    fn console_read(&mut self) -> Option<u8> {
        self.console.console_read()
    }

    fn command_line(&self) -> &[u8] {
        self.arguments.as_bytes()
    }

    fn heap_info(&self) -> HeapInfo {
        self.console.heap_info()
    }

    fn epoch(&self) -> u32 {
        self.console.epoch()
    }

    fn open(&mut self, name: &[u8], mode: OpenMode) -> Result<HostFile, Errno> {
        self.files()?.open_file(name, mode)
    }

    fn close(&mut self, file: HostFile) -> Result<(), Errno> {
        self.files()?.close(file)
    }

    fn read(&mut self, file: HostFile, buffer: &mut [u8]) -> Result<usize, Errno> {
        self.files()?.read(file, buffer)
    }

    fn write(&mut self, file: HostFile, bytes: &[u8]) -> Result<usize, Errno> {
        self.files()?.write(file, bytes)
    }

    fn seek(&mut self, file: HostFile, position: u32) -> Result<(), Errno> {
        self.files()?.seek(file, position)
    }

    fn length(&mut self, file: HostFile) -> Result<u32, Errno> {
        self.files()?.length(file)
    }

    fn remove(&mut self, name: &[u8]) -> Result<(), Errno> {
        self.files()?.remove(name)
    }

    fn rename(&mut self, from: &[u8], to: &[u8]) -> Result<(), Errno> {
        self.files()?.rename(from, to)
    }
}

impl Run {
    /// Builds the machine and loads what is to run.
    ///
    /// # Errors
    /// When the machine or a file can not be used.
    pub fn start(request: &Request) -> Result<Self, StartError> {
        let files = request.semihosting_dir.as_deref().map(|path| {
            Directory::open(path).map_err(|source| StartError::Directory { path: path.to_owned(), source })
        });
        let files = files.transpose()?;
        let mut machine = match &request.start {
            Start::Snapshot { file, symbols } => restore(request, file, symbols.as_deref())?,
            _ => boot(request)?,
        };
        if let Some(path) = &request.symbols {
            machine.set_symbols(elf(path, &read(path)?)?.symbols);
        }
        let linux = matches!(request.start, Start::Linux { .. });
        if let Some(on) =
            request.semihosting.or((!matches!(request.start, Start::Snapshot { .. })).then_some(!linux))
        {
            machine.set_semihosting(on);
        }
        let console = machine.config().uart.iter().position(|u| u.console).unwrap_or(0);
        // Files of the host may not be written twice.
        let origin = files.is_none().then(|| machine.fork());
        Ok(Self {
            machine,
            digest: Digest::default(),
            console,
            slice: SLICE,
            origin,
            input: Vec::new(),
            files,
            arguments: request.semihosting_args.clone(),
        })
    }

    /// The machine.
    pub fn machine(&self) -> &Machine {
        &self.machine
    }

    /// Looks at the console every so many core cycles. Results do not depend on it, except through input
    /// that comes at its own time.
    pub fn set_slice(&mut self, cycles: u64) {
        self.slice = cycles.max(1);
    }

    /// Runs until the run ends, `until` is reached, or the console says so (`None`).
    pub fn run<C: Console>(&mut self, until: Option<Point>, console: &mut C) -> Option<Stop> {
        let mut limits = Until { slice: self.slice, ..Until::default() };
        match until {
            Some(Point::Time(time)) => limits.time = Some(time),
            Some(Point::Instructions(count)) => limits.instructions = Some(count),
            None => {}
        }
        loop {
            let live = console.is_live();
            let before = self.machine.time();
            let tick = live.then(|| before + TICK).filter(|tick| limits.time.is_none_or(|end| *tick < end));
            let stop = self.slice_until(Until { time: tick.or(limits.time), ..limits }, console);
            if live && self.machine.is_asleep() {
                let span = if stop == Stop::Idle { TICK } else { self.machine.time() - before };
                console.wait(Duration::from_nanos(span.picos() / 1000));
            }
            match stop {
                Stop::Slice => {}
                Stop::TimeLimit if tick.is_some() => {}
                // Only the world outside can wake the guest; it still may, if the guest listens.
                Stop::Idle if live && self.machine.listens(self.console) || self.feed(console) => {}
                stop => return Some(stop),
            }
            if console.interrupted() {
                return None;
            }
        }
    }

    /// Runs one slice.
    pub(crate) fn slice<C: Console>(&mut self, console: &mut C) -> Stop {
        self.slice_until(Until { slice: self.slice, ..Until::default() }, console)
    }

    fn slice_until<C: Console>(&mut self, limits: Until, console: &mut C) -> Stop {
        self.feed(console);
        let mut outside =
            Outside { console: &mut *console, files: self.files.as_mut(), arguments: &self.arguments };
        let stop = self.machine.slice(limits, &mut self.digest, &mut (), &mut outside);
        self.drain(console);
        stop
    }

    /// Runs one instruction, watched.
    pub(crate) fn step<C: Console>(&mut self, watch: &mut Watch, console: &mut C) -> Stop {
        self.feed(console);
        let mut outside =
            Outside { console: &mut *console, files: self.files.as_mut(), arguments: &self.arguments };
        let stop = self.machine.step(&mut (&mut self.digest, watch), &mut (), &mut outside);
        self.drain(console);
        stop
    }

    /// Hands waiting input to the UART as it has room. Whether there was any.
    fn feed<C: Console>(&mut self, console: &mut C) -> bool {
        let mut fed = false;
        for _ in 0..self.machine.uart_room(self.console) {
            let Some(input) = console.uart_read() else { break };
            let now = self.machine.time();
            match input {
                Input::Character(character) => self.arrives(now, Received::Character(character)),
                Input::Break => {
                    let end = now + Time(2 * self.machine.character_time(self.console).0);
                    self.arrives(now, Received::BreakStart);
                    self.arrives(end, Received::BreakEnd);
                }
            }
            fed = true;
        }
        fed
    }

    fn arrives(&mut self, time: Time, what: Received) {
        self.machine.receive(time, self.console as u8, what);
        self.input.push((time, what));
    }

    fn drain<C: Console>(&mut self, console: &mut C) {
        let sent = self.machine.take_sent(self.console);
        if !sent.is_empty() {
            console.uart_write(&sent);
        }
    }

    /// What the debugger changes can not be repeated.
    pub(crate) fn forget_origin(&mut self) {
        self.origin = None;
    }

    /// Whether [`Run::find_writers`] has something to find.
    pub fn has_unknown_writers(&self) -> bool {
        self.origin.is_some() && !self.machine.unknown_writers().is_empty()
    }

    /// Finds who wrote the descriptors behind unresolved faults before anything said that they are
    /// descriptors, by running from the start again, as long as the run itself took. Ends early when the
    /// console says so.
    pub fn find_writers<C: Console>(&mut self, console: &mut C) {
        let words = self.machine.unknown_writers();
        let Some(mut again) = self.origin.as_mut().filter(|_| !words.is_empty()).map(Machine::fork) else {
            return;
        };
        for word in &words {
            again.watch_table(*word);
        }
        for (time, what) in &self.input {
            again.receive(*time, self.console as u8, *what);
        }
        let until = Until { time: Some(self.machine.time()), slice: self.slice, ..Until::default() };
        while again.slice(until, &mut (), &mut (), &mut Silent(&self.arguments)) == Stop::Slice {
            if console.interrupted() {
                return;
            }
        }
        self.machine.learn_writers(&again, &words);
    }

    /// Saves the whole machine. Running on, here or after a restore, gives the same.
    ///
    /// # Errors
    /// When the file can not be written.
    pub fn save(&self, path: &Path) -> Result<(), SnapshotError> {
        self.machine.save().write(path)
    }

    /// What the run did up to now.
    pub fn report(&self, stop: Option<Stop>) -> Report {
        // An interrupted run has faults to explain like any other.
        let explanation = self.machine.explain(stop.as_ref().unwrap_or(&Stop::Slice));
        Report {
            outcome: outcome(stop.as_ref()),
            stop,
            digest: self.digest.value().iter().map(|byte| format!("{byte:02x}")).collect(),
            events: self.digest.records(),
            explanation,
            stats: self.machine.stats(),
        }
    }
}

pub(crate) fn outcome(stop: Option<&Stop>) -> Outcome {
    match stop {
        None | Some(Stop::Slice | Stop::Breakpoint | Stop::Watchpoint { .. }) => Outcome::Interrupted,
        Some(Stop::PoweredOff | Stop::Exited { status: 0 }) => Outcome::Success,
        Some(Stop::Exited { .. }) => Outcome::Failure,
        Some(Stop::ExceptionLoop { .. }) => Outcome::Died,
        Some(Stop::WatchdogBite) => Outcome::Watchdog,
        Some(Stop::Panicked { .. }) => Outcome::Panic,
        Some(Stop::Idle | Stop::Spinning { .. }) => Outcome::Hang,
        Some(Stop::TimeLimit | Stop::InstructionLimit) => Outcome::Limit,
        Some(Stop::Gap { .. }) => Outcome::Gap,
    }
}

fn read(path: &Path) -> Result<Vec<u8>, StartError> {
    std::fs::read(path).map_err(|source| StartError::Read { path: path.to_owned(), source })
}

fn boot(request: &Request) -> Result<Machine, StartError> {
    let name = request.machine.as_deref().unwrap_or(BUILTIN[0].name);
    let config = Arc::new(machines::find(name)?);
    let (path, image) = match &request.start {
        Start::Elf(path) => (path.clone(), elf(path, &read(path)?)?.with_device_tree(&config)),
        Start::Linux { kernel, initrd, append, dtb } => {
            let initrd = initrd.as_deref().map(read).transpose()?;
            let dtb = dtb.as_deref().map(read).transpose()?;
            let boot = Linux {
                kernel: &read(kernel)?,
                initrd: initrd.as_deref(),
                append: append.as_deref(),
                dtb: dtb.as_deref(),
            };
            let image = load::linux(&config, &boot)
                .map_err(|source| StartError::Linux { path: kernel.clone(), source })?;
            (kernel.clone(), image)
        }
        Start::Demo | Start::Snapshot { .. } => {
            let path = PathBuf::from("the demo firmware");
            let image = elf(&path, DEMO)?.with_device_tree(&config);
            (path, image)
        }
    };
    let mut machine = Machine::new(config, request.timing, request.gaps)?;
    machine.load(image).map_err(|source| StartError::NoMemory { path, source })?;
    Ok(machine)
}

fn elf(path: &Path, bytes: &[u8]) -> Result<load::Image, StartError> {
    if load::is_zimage(bytes) {
        return Err(StartError::Kernel { path: path.to_owned() });
    }
    load::elf(bytes).map_err(|source| StartError::Elf { path: path.to_owned(), source })
}

fn restore(request: &Request, file: &Path, symbols: Option<&Path>) -> Result<Machine, StartError> {
    let failed = |source| StartError::Snapshot { path: file.to_owned(), source };
    let snapshot = Snapshot::read(file).map_err(failed)?;
    let config = match &request.machine {
        Some(name) => machines::find(name)?,
        None => BUILTIN
            .iter()
            .filter_map(|builtin| Config::builtin(builtin.name)?.ok())
            .find(|config| config.digest() == snapshot.config)
            .ok_or_else(|| StartError::SnapshotMachine { path: file.to_owned() })?,
    };
    let mut machine = Machine::restore(Arc::new(config), request.gaps, snapshot).map_err(failed)?;
    if let Some(path) = symbols {
        machine.set_symbols(elf(path, &read(path)?)?.symbols);
    }
    Ok(machine)
}
