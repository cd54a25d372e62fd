//! The bare-metal images: their output is golden in both timing modes, and a snapshot in their middle changes
//! nothing. For the embedded demo the event digest is golden too, and slices and many snapshots change nothing.
//!
//! `MSMEMU_BLESS=1` rewrites the golden files. `MSMEMU_CASES` sets the number of snapshots of the demo (default 4).
//! `MSMEMU_IMAGES` names another folder of images: those of another compiler have to print the same.

use std::collections::BTreeSet;
use std::path::{Path, PathBuf};

use msmemu_session::limit::Point;
use msmemu_session::machine::cpu::semihosting::Host;
use msmemu_session::machine::{GapPolicy, Stop, TimingMode};
use msmemu_session::run::{Console, Input, Outcome, Report, Request, Run, Start};

/// Images with a mistake on purpose, and how they end; the page "Guest images" of the book says why. All
/// others end with success.
const BROKEN: &[(&str, Outcome)] = &[
    ("broken-narrow-range", Outcome::Failure),
    ("broken-no-invalidation", Outcome::Failure),
    ("broken-no-invalidation-after-map", Outcome::Failure),
    ("broken-not-cleaned", Outcome::Success),
    ("broken-not-resumed", Outcome::Failure),
    ("broken-table-freed-early", Outcome::Failure),
    ("broken-unmap-while-running", Outcome::Failure),
    ("broken-wrong-mid", Outcome::Failure),
];

const MODES: [(TimingMode, &str); 2] =
    [(TimingMode::Approximate, "approximate"), (TimingMode::Functional, "functional")];

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

fn request(start: &Start, timing: TimingMode) -> Request {
    Request {
        machine: None,
        start: start.clone(),
        timing,
        gaps: GapPolicy::Stop,
        symbols: None,
        semihosting: None,
        semihosting_dir: None,
        semihosting_args: String::new(),
    }
}

fn start(image: &Start, timing: TimingMode) -> Run {
    Run::start(&request(image, timing)).expect("the image fits the default machine")
}

/// Runs to the end; gives everything printed, and the report.
fn finish(mut run: Run, mut log: Log) -> (String, Report) {
    let stop = run.run(None, &mut log);
    let report = run.report(stop);
    (String::from_utf8(log.0).expect("text").replace('\r', ""), report)
}

/// Runs to some instructions, saves, restores, and runs on from there, once for each of `points`.
fn check_snapshots(image: &Start, timing: TimingMode, points: &[u64], text: &str, whole: &Report) {
    let name = format!("msmemu-image-{}-{timing:?}-{}.snap", std::process::id(), whole.digest);
    let file = std::env::temp_dir().join(name);
    let (mut run, mut log) = (start(image, timing), Log::default());
    for &at in points {
        let stop = run.run(Some(Point::Instructions(at)), &mut log);
        assert_eq!(stop, Some(Stop::InstructionLimit), "instruction {at}");
        run.save(&file).expect("a snapshot");
        let restored = request(&Start::Snapshot { file: file.clone(), symbols: None }, timing);
        let restored = Run::start(&restored).expect("its restore");
        let (rest, report) = finish(restored, Log(log.0.clone()));
        assert_eq!(rest, text, "instruction {at}");
        assert_eq!(report.stats, whole.stats, "instruction {at}");
        assert_eq!(report.outcome, whole.outcome, "instruction {at}");
    }
    std::fs::remove_file(&file).expect("the snapshot file");
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

/// The text with what depends on the timing mode masked: the numbers behind the last colon of a line of cycles.
fn without_cycles(text: &str) -> String {
    let line = |line: &str| match line.rsplit_once(':') {
        Some((head, figures)) if figures.ends_with(" cycles") => {
            let mask = |word: &str| if word.parse::<f64>().is_ok() { "#" } else { word }.to_owned();
            let masked: Vec<String> = figures.split_whitespace().map(mask).collect();
            format!("{head}: {}\n", masked.join(" "))
        }
        _ => format!("{line}\n"),
    };
    text.lines().map(line).collect()
}

#[test]
fn masks_hide_figures_and_nothing_else() {
    assert_eq!(
        without_cycles("map 4 KiB: 12 of   3.5 cycles\nok 3: 7\n"),
        "map 4 KiB: # of # cycles\nok 3: 7\n"
    );
}

fn other_images() -> Option<PathBuf> {
    std::env::var_os("MSMEMU_IMAGES").map(PathBuf::from)
}

/// Every image of the kit, by name.
fn images() -> Vec<(String, Start)> {
    let committed = || Path::new(env!("CARGO_MANIFEST_DIR")).join("../../guest-images/elf");
    let folder = other_images().unwrap_or_else(committed);
    let files = std::fs::read_dir(&folder).expect("the folder of images");
    let paths: BTreeSet<PathBuf> = files.map(|file| file.expect("its entry").path()).collect();
    paths
        .into_iter()
        .filter(|path| path.extension().is_some_and(|extension| extension == "elf"))
        .map(|path| (path.file_stem().expect("a name").to_string_lossy().into_owned(), Start::Elf(path)))
        .collect()
}

fn check_images(timing: TimingMode) {
    let images = images();
    for (name, _) in BROKEN {
        assert!(images.iter().any(|(image, _)| image == name), "there is no image {name}");
    }
    for (name, _) in &images {
        let listed = BROKEN.iter().any(|(broken, _)| broken == name);
        assert_eq!(listed, name.starts_with("broken-"), "{name}");
    }
    for (name, image) in &images {
        let (text, report) = finish(start(image, timing), Log::default());
        golden(&format!("{name}.txt"), &without_cycles(&text));
        if text != without_cycles(&text) && timing == TimingMode::Approximate && other_images().is_none() {
            // The figures of the documentation.
            golden(&format!("{name}.cycles.txt"), &text);
        }
        let broken = BROKEN.iter().find(|(broken, _)| broken == name);
        let expected = broken.map_or(Outcome::Success, |(_, outcome)| *outcome);
        assert_eq!(report.outcome, expected, "{name}: {:?}\n{}", report.stop, report.explanation);
        check_snapshots(image, timing, &[report.stats.core.instructions / 2], &text, &report);
    }
}

#[test]
fn images_print_what_is_golden_with_approximate_timing() {
    check_images(TimingMode::Approximate);
}

#[test]
fn images_print_what_is_golden_with_functional_timing() {
    check_images(TimingMode::Functional);
}

#[test]
fn the_demo_has_a_golden_digest() {
    for (timing, name) in MODES {
        let (text, report) = finish(start(&Start::Demo, timing), Log::default());
        golden("demo.txt", &text);
        assert_eq!(report.explanation, "");
        // Debug and release builds compare with the same digest.
        golden(&format!("demo.{name}.digest"), &format!("{} {}\n", report.events, report.digest));
    }
}

#[test]
fn slices_change_nothing() {
    let (text, whole) = finish(start(&Start::Demo, TimingMode::Approximate), Log::default());
    for slice in [997, 65_537] {
        let mut run = start(&Start::Demo, TimingMode::Approximate);
        run.set_slice(slice);
        let (sliced_text, sliced) = finish(run, Log::default());
        assert_eq!(sliced_text, text, "slice {slice}");
        assert_eq!((&sliced.digest, &sliced.stats), (&whole.digest, &whole.stats), "slice {slice}");
    }
}

#[test]
fn restored_snapshots_go_on_as_if_nothing_had_happened() {
    let cases: u64 = std::env::var("MSMEMU_CASES").ok().and_then(|n| n.parse().ok()).unwrap_or(4);
    for (timing, _) in MODES {
        let (text, whole) = finish(start(&Start::Demo, timing), Log::default());
        let total = whole.stats.core.instructions;
        let mut points: Vec<u64> =
            (0..cases).map(|i| i.wrapping_mul(0x9E37_79B9_7F4A_7C15) % total).collect();
        points.sort_unstable();
        check_snapshots(&Start::Demo, timing, &points, &text, &whole);
    }
}
