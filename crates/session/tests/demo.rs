//! The embedded demo firmware: its output and its event digest are golden, and neither slices nor snapshots
//! change them.
//!
//! `MSMEMU_BLESS=1` rewrites the golden files. `MSMEMU_CASES` sets the number of snapshots (default 4).

use std::path::{Path, PathBuf};

use msmemu_session::limit::Point;
use msmemu_session::machine::cpu::semihosting::Host;
use msmemu_session::machine::{GapPolicy, Stop, TimingMode};
use msmemu_session::run::{Console, Input, Outcome, Report, Request, Run, Start};

/// Collects what the guest prints.
#[derive(Default)]
struct Log(Vec<u8>);

impl Host for Log {
    fn console_write(&mut self, bytes: &[u8]) {
        self.0.extend(bytes);
    }
}

impl Console for Log {
    fn uart_write(&mut self, bytes: &[u8]) {
        self.0.extend(bytes);
    }

    fn uart_read(&mut self) -> Option<Input> {
        None
    }

    fn interrupted(&mut self) -> bool {
        false
    }
}

fn request(timing: TimingMode) -> Request {
    Request { machine: None, start: Start::Demo, timing, gaps: GapPolicy::Stop, semihosting: None }
}

fn start(timing: TimingMode) -> Run {
    Run::start(&request(timing)).expect("the demo firmware fits the default machine")
}

/// Runs to the end; gives everything printed, and the report.
fn finish(mut run: Run, mut log: Log) -> (String, Report) {
    let stop = run.run(None, &mut log);
    let report = run.report(stop);
    (String::from_utf8(log.0).expect("text"), report)
}

/// Compares with a golden file, or rewrites it.
fn golden(name: &str, found: &str) {
    let path: PathBuf = Path::new(env!("CARGO_MANIFEST_DIR")).join("tests/golden").join(name);
    if std::env::var_os("MSMEMU_BLESS").is_some() {
        std::fs::write(&path, found).expect("golden file");
    }
    let expected = std::fs::read_to_string(&path).unwrap_or_default();
    assert_eq!(found, expected, "{name} differs; MSMEMU_BLESS=1 rewrites it");
}

#[test]
fn output_is_golden_in_both_timing_modes() {
    for (timing, name) in [(TimingMode::Approximate, "approximate"), (TimingMode::Functional, "functional")] {
        let (text, report) = finish(start(timing), Log::default());
        assert_eq!(report.outcome, Outcome::Success, "{:?}", report.stop);
        assert_eq!(report.explanation, "");
        golden("hello.txt", &text);
        // Debug and release builds compare with the same digest.
        golden(&format!("hello.{name}.digest"), &format!("{} {}\n", report.events, report.digest));
    }
}

#[test]
fn slices_change_nothing() {
    let (text, whole) = finish(start(TimingMode::Approximate), Log::default());
    for slice in [997, 65_537] {
        let mut run = start(TimingMode::Approximate);
        run.set_slice(slice);
        let (sliced_text, sliced) = finish(run, Log::default());
        assert_eq!(sliced_text, text, "slice {slice}");
        assert_eq!((&sliced.digest, &sliced.stats), (&whole.digest, &whole.stats), "slice {slice}");
    }
}

#[test]
fn a_restored_snapshot_goes_on_as_if_nothing_had_happened() {
    let cases: u64 = std::env::var("MSMEMU_CASES").ok().and_then(|n| n.parse().ok()).unwrap_or(4);
    // Functional timing polls the UART twenty times as long.
    for (timing, cases) in [(TimingMode::Approximate, cases), (TimingMode::Functional, cases.div_ceil(10))] {
        let (text, whole) = finish(start(timing), Log::default());
        let total = whole.stats.core.instructions;
        let file = std::env::temp_dir().join(format!("msmemu-demo-{}-{timing:?}.snap", std::process::id()));
        let (mut run, mut log) = (start(timing), Log::default());
        let mut points: Vec<u64> =
            (0..cases).map(|i| i.wrapping_mul(0x9E37_79B9_7F4A_7C15) % total).collect();
        points.sort_unstable();
        for at in points {
            let stop = run.run(Some(Point::Instructions(at)), &mut log);
            assert_eq!(stop, Some(Stop::InstructionLimit), "instruction {at}");
            run.save(&file).expect("a snapshot");
            let restored =
                Request { start: Start::Snapshot { file: file.clone(), symbols: None }, ..request(timing) };
            let restored = Run::start(&restored).expect("its restore");
            let (rest, report) = finish(restored, Log(log.0.clone()));
            assert_eq!(rest, text, "instruction {at}");
            assert_eq!(report.stats, whole.stats, "instruction {at}");
            assert_eq!(report.outcome, Outcome::Success);
        }
        std::fs::remove_file(&file).expect("the snapshot file");
    }
}
