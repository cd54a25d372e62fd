//! Text files of cases: a title, an input, and the exact text expected.
//!
//! ```text
//! == title
//! input lines
//! >>
//! expected lines
//! ```
//!
//! `MSMEMU_BLESS=1` rewrites what is expected; read what it changed.

use std::fmt::Write as _;
use std::path::PathBuf;

/// Runs every case of `tests/malformed/<file>` through `actual` and compares.
/// Returns the number of cases.
pub(crate) fn run(file: &str, mut actual: impl FnMut(&str) -> String) -> usize {
    let path = PathBuf::from(env!("CARGO_MANIFEST_DIR")).join("tests/malformed").join(file);
    let text = std::fs::read_to_string(&path).unwrap();
    let (head, cases) = text.split_once("== ").unwrap();
    let mut fresh = head.to_owned();
    let mut wrong = String::new();
    let mut count = 0;
    for case in cases.split("\n== ") {
        let (title, rest) = case.split_once('\n').unwrap();
        let (input, expected) = rest.split_once(">>\n").unwrap_or_else(|| panic!("{title}: no >>"));
        // A trailing space would be lost in an editor, and says nothing.
        let found: Vec<_> = actual(input).lines().map(|l| l.trim_end().to_owned()).collect();
        let found = found.join("\n");
        if found != expected.trim_end() {
            write!(wrong, "== {title}\n--- expected\n{expected}\n--- found\n{found}\n").unwrap();
        }
        write!(fresh, "== {title}\n{input}>>\n{found}\n\n").unwrap();
        count += 1;
    }
    if std::env::var_os("MSMEMU_BLESS").is_some_and(|v| v == "1") {
        std::fs::write(&path, fresh.trim_end().to_owned() + "\n").unwrap();
    } else {
        assert!(wrong.is_empty(), "{wrong}");
    }
    count
}

/// Compares a golden file, or rewrites it when blessing.
pub(crate) fn golden(file: &str, found: &str) {
    let path = PathBuf::from(env!("CARGO_MANIFEST_DIR")).join(file);
    if std::env::var_os("MSMEMU_BLESS").is_some_and(|v| v == "1") {
        std::fs::create_dir_all(path.parent().unwrap()).unwrap();
        std::fs::write(&path, found).unwrap();
        return;
    }
    let expected = std::fs::read_to_string(&path).unwrap_or_default();
    let mut lines = expected.lines().zip(found.lines()).enumerate();
    let differs = lines.find(|(_, (a, b))| a != b);
    assert!(
        expected == found,
        "{} differs, first at {differs:?}; MSMEMU_BLESS=1 rewrites it",
        path.display()
    );
}
