//! Semihosting of a bare-metal guest: files in the directory that the run was given, and nowhere else.

#![allow(clippy::unwrap_used)]

use std::path::{Path, PathBuf};

use msmemu_session::machine::cpu::semihosting::Host;
use msmemu_session::machine::{GapPolicy, TimingMode};
use msmemu_session::run::{Console, Input, Outcome, Request, Run, Start};

#[derive(Default)]
struct Screen(Vec<u8>);

impl Host for Screen {
    fn console_write(&mut self, bytes: &[u8]) {
        self.0.extend_from_slice(bytes);
    }
}

impl Console for Screen {
    fn uart_write(&mut self, _bytes: &[u8]) {}

    fn uart_read(&mut self) -> Option<Input> {
        None
    }

    fn interrupted(&mut self) -> bool {
        false
    }
}

/// Runs the processor test `files`, which is checked against QEMU; gives its output and digest.
fn run(dir: Option<PathBuf>) -> (String, String) {
    let images = Path::new(env!("CARGO_MANIFEST_DIR")).join("../../guest-images/cpu-tests");
    let request = Request {
        machine: None,
        start: Start::Elf(images.join("elf/files.elf")),
        timing: TimingMode::Functional,
        gaps: GapPolicy::Warn,
        symbols: None,
        semihosting: None,
        semihosting_dir: dir,
        semihosting_args: String::new(),
    };
    let mut screen = Screen::default();
    let mut run = Run::start(&request).unwrap();
    let stop = run.run(None, &mut screen);
    let report = run.report(stop);
    assert_eq!(report.outcome, Outcome::Success);
    (String::from_utf8(screen.0).unwrap(), report.digest)
}

#[test]
fn files_are_served_from_the_directory_that_was_named() {
    let place = tempfile::tempdir().unwrap();
    let golden = Path::new(env!("CARGO_MANIFEST_DIR")).join("../../guest-images/cpu-tests/golden/files.txt");
    let (output, digest) = run(Some(place.path().into()));
    assert_eq!(output, std::fs::read_to_string(golden).unwrap());
    assert_eq!(run(Some(place.path().into())), (output, digest), "one input, one result");
    assert_eq!(std::fs::read_dir(place.path()).unwrap().count(), 0, "it removes what it made");
}

#[test]
fn without_a_directory_every_file_call_fails() {
    let (output, _) = run(None);
    assert!(output.starts_with("not there: ffffffff\nerrno: 00000026\n"), "ENOSYS: {output}");
    assert!(output.contains("created: 00000000\n") && output.ends_with("done\n"));
}

#[test]
fn a_directory_that_is_none_is_refused() {
    let request = Request {
        machine: None,
        start: Start::Demo,
        timing: TimingMode::Functional,
        gaps: GapPolicy::Warn,
        symbols: None,
        semihosting: None,
        semihosting_dir: Some("/nowhere/at/all".into()),
        semihosting_args: String::new(),
    };
    let error = Run::start(&request).err().unwrap().to_string();
    assert!(
        error.starts_with("/nowhere/at/all can not be used as the directory for semihosting: "),
        "{error}"
    );
}
