//! Runs every `.smmu` file under `tests/cases`. `MSMEMU_BLESS=1` rewrites expectations that differ.

use std::collections::BTreeMap;
use std::path::{Path, PathBuf};

use msmemu_testkit::case::{parse::parse, run};
use msmemu_testkit::registers::RegisterMap;

use crate::devices::BACKENDS;

fn files(folder: &Path, found: &mut Vec<PathBuf>) {
    let mut entries: Vec<PathBuf> =
        std::fs::read_dir(folder).unwrap().map(|entry| entry.unwrap().path()).collect();
    entries.sort();
    for path in entries {
        if path.is_dir() {
            files(&path, found);
        } else if path.extension().is_some_and(|e| e == "smmu") {
            found.push(path);
        }
    }
}

/// The file with new expectations on the given lines.
fn bless(text: &str, fresh: &BTreeMap<usize, String>) -> String {
    let lines = text.lines().enumerate().map(|(index, line)| match fresh.get(&(index + 1)) {
        Some(result) => {
            let (code, old) = line.split_once("=>").expect("only lines with results differ");
            let comment = old.find('#').map_or(String::new(), |at| format!("  {}", &old[at..]));
            format!("{code}=> {result}{comment}\n")
        }
        None => format!("{line}\n"),
    });
    lines.collect()
}

#[test]
fn cases() {
    let map = RegisterMap::parse(include_str!("../register-table.csv")).unwrap();
    let root = Path::new(env!("CARGO_MANIFEST_DIR")).join("tests/cases");
    let blessing = std::env::var_os("MSMEMU_BLESS").is_some_and(|v| v == "1");
    let (mut paths, mut failures, mut count) = (Vec::new(), Vec::new(), 0);
    files(&root, &mut paths);
    for path in paths {
        let text = std::fs::read_to_string(&path).unwrap();
        let name = path.strip_prefix(&root).unwrap().display();
        let cases = match parse(&text, &map) {
            Ok(cases) => cases,
            Err(error) => {
                failures.push(format!("{name}:{error}"));
                continue;
            }
        };
        let mut fresh = BTreeMap::new();
        for case in &cases {
            count += 1;
            match run::run(case, &BACKENDS, &map) {
                Ok(differences) => {
                    for d in differences {
                        failures.push(format!(
                            "{name}:{}: {}\n  expected {}\n  actual   {}",
                            d.line, case.title, d.expected, d.actual
                        ));
                        fresh.insert(d.line, d.blessed());
                    }
                }
                Err(e) => failures.push(format!("{name}:{}: {}\n  {}", e.line, case.title, e.message)),
            }
        }
        if blessing && !fresh.is_empty() {
            std::fs::write(&path, bless(&text, &fresh)).unwrap();
        }
    }
    assert!(failures.is_empty(), "{} of {count} cases:\n{}", failures.len(), failures.join("\n"));
    assert!(count >= 150, "only {count} cases: is the corpus complete?");
}
