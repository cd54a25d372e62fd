//! Runs the cases of `tests/ins`: decoder, disassembler and semantics checked by the same line.

#![allow(clippy::unwrap_used)]

use msmemu_difftest::facets;
use msmemu_difftest::ins::{Case, bless, check};
use msmemu_difftest::subject::Subject;
use std::collections::BTreeSet;
use std::path::{Path, PathBuf};

fn files() -> Vec<PathBuf> {
    let folder = Path::new(env!("CARGO_MANIFEST_DIR")).join("tests/ins");
    let mut files: Vec<PathBuf> =
        std::fs::read_dir(folder).unwrap().map(|entry| entry.unwrap().path()).collect();
    files.retain(|path| path.extension().is_some_and(|end| end == "ins"));
    files.sort();
    files
}

#[test]
fn every_case_gives_what_its_line_says() {
    let rewrite = std::env::var_os("MSMEMU_BLESS").is_some_and(|value| value == "1");
    let mut subject = Subject::new().unwrap();
    let (mut cases, mut wrong) = (0, Vec::new());
    for path in files() {
        let text = std::fs::read_to_string(&path).unwrap();
        let mut out = String::new();
        for (number, line) in text.lines().enumerate() {
            if line.trim().is_empty() || line.starts_with('#') {
                out += &format!("{line}\n");
                continue;
            }
            cases += 1;
            let place = format!("{}:{}", path.file_name().unwrap().display(), number + 1);
            let case = Case::parse(line).unwrap_or_else(|error| panic!("{place}: {error}"));
            let faults = check(&case, &mut subject).unwrap();
            if !faults.is_empty() {
                wrong.push(format!("{place}: {line}\n    {}", faults.join("\n    ")));
            }
            out += &format!(
                "{}\n",
                if rewrite { bless(&case, &mut subject).unwrap().line() } else { line.into() }
            );
        }
        if rewrite {
            std::fs::write(&path, out).unwrap();
        }
    }
    assert!(cases >= 800, "only {cases} cases were found");
    assert!(rewrite || wrong.is_empty(), "{} of {cases} cases:\n{}", wrong.len(), wrong.join("\n"));
}

/// What the cases have to show comes from the instruction tables: a new row fails here until it has cases.
#[test]
fn every_row_has_cases_for_all_that_it_can_do() {
    let mut shown = BTreeSet::new();
    for path in files() {
        let text = std::fs::read_to_string(&path).unwrap();
        for line in text.lines().filter(|line| !line.trim().is_empty() && !line.starts_with('#')) {
            shown.extend(facets::shown(&Case::parse(line).unwrap()));
        }
    }
    let wanted = facets::wanted();
    assert!(wanted.len() > 3000, "the tables ask for {} things", wanted.len());
    let missing: Vec<String> = wanted.difference(&shown).map(ToString::to_string).collect();
    assert!(missing.is_empty(), "no case shows:\n{}", missing.join("\n"));
}

#[test]
fn a_wrong_expectation_is_noticed() {
    let mut subject = Subject::new().unwrap();
    for line in [
        "a32 usr e2810001 | add r0, r1, #1 | r1=29 | r0=2b",
        "a32 usr e2810001 | add r0, r1, #1 | r1=29 | r0=2a r2=1",
        "a32 usr e2810001 | add r0, r1, #1 | r1=29 | r0=2a nzcv=1000",
        "a32 usr e2810001 | add r0, r1, #1 | r1=29 | r0=2a [10000000]=01",
        "a32 usr e2810001 | add r0, r1, #1 | r1=29 | !undefined",
        "a32 usr e2810001 | sub r0, r1, #1 | r1=29 | r0=2a",
    ] {
        assert!(!check(&Case::parse(line).unwrap(), &mut subject).unwrap().is_empty(), "{line}");
    }
}
