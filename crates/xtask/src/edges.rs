//! Which crate may depend on which: the table of the architecture, compared with what cargo sees.

use std::collections::BTreeMap;
use std::fmt::Write as _;
use std::path::Path;
use std::process::Command;

use anyhow::{Context as _, Result, bail};
use serde_json::Value;

/// Crate, and the crates of ours that it may use outside of tests. `docs/src/architecture.md` explains.
const ALLOWED: &[(&str, &[&str])] = &[
    ("regs", &[]),
    ("smmu", &["regs"]),
    ("fabric", &[]),
    ("cpu", &["fabric", "regs"]),
    ("devices", &["fabric", "regs"]),
    ("trace", &["regs"]),
    ("inject", &["fabric", "smmu", "cpu", "regs"]),
    ("machine", &["cpu", "devices", "smmu", "fabric", "trace", "regs"]),
    ("session", &["machine", "inject", "trace", "regs"]),
    ("cli", &["session", "trace"]),
    ("testkit", &["regs", "smmu", "fabric", "cpu", "devices"]),
    ("difftest", &["regs", "fabric", "cpu", "testkit"]),
    ("xtask", &["regs", "smmu", "cpu", "devices"]),
];

/// Crates that may use `anyhow`: programs, not libraries.
const PROGRAMS: &[&str] = &["cli", "xtask", "difftest"];

/// Crates that may be used in tests beyond the table.
const TEST_ONLY: &[&str] = &["testkit", "difftest"];

pub(crate) fn check(root: &Path) -> Result<()> {
    let output = Command::new(env!("CARGO"))
        .current_dir(root)
        .args(["metadata", "--format-version", "1", "--no-deps"])
        .output()
        .context("cargo metadata can not be started")?;
    if !output.status.success() {
        bail!("cargo metadata failed: {}", String::from_utf8_lossy(&output.stderr));
    }
    let metadata: Value = serde_json::from_slice(&output.stdout)?;
    let faults = faults(&metadata)?;
    if faults.is_empty() {
        return Ok(());
    }
    bail!("edges that the architecture does not allow:{faults}");
}

fn faults(metadata: &Value) -> Result<String> {
    let allowed: BTreeMap<_, _> = ALLOWED.iter().copied().collect();
    let mut faults = String::new();
    for package in metadata["packages"].as_array().context("metadata has no packages")? {
        let name = package["name"].as_str().context("a package has no name")?;
        let Some(allowed) = name.strip_prefix("msmemu-").and_then(|n| Some((n, allowed.get(n)?))) else {
            write!(faults, "\n  {name} is not a crate of the architecture")?;
            continue;
        };
        let (name, allowed) = allowed;
        for dependency in package["dependencies"].as_array().context("a package has no dependencies")? {
            let on = dependency["name"].as_str().context("a dependency has no name")?;
            let in_tests = dependency["kind"].as_str() == Some("dev");
            if on == "anyhow" && !in_tests && !PROGRAMS.contains(&name) {
                write!(faults, "\n  {name} uses anyhow: libraries return errors that callers can match")?;
            }
            let Some(on) = on.strip_prefix("msmemu-") else { continue };
            if !(allowed.contains(&on) || on == name || in_tests && TEST_ONLY.contains(&on)) {
                write!(faults, "\n  {name} -> {on}{}", if in_tests { " (in tests)" } else { "" })?;
            }
        }
    }
    Ok(faults)
}

#[cfg(test)]
mod tests {
    use super::*;
    use serde_json::json;

    fn found(name: &str, on: &str, kind: Value) -> String {
        let dependencies = json!([{ "name": on, "kind": kind }]);
        faults(&json!({ "packages": [{ "name": name, "dependencies": dependencies }] })).expect("metadata")
    }

    #[test]
    fn an_edge_of_the_table_is_allowed_and_its_reverse_is_not() {
        assert_eq!(found("msmemu-smmu", "msmemu-regs", Value::Null), "");
        assert_eq!(found("msmemu-regs", "msmemu-smmu", Value::Null), "\n  regs -> smmu");
        assert_eq!(found("msmemu-smmu", "msmemu-fabric", json!("dev")), "\n  smmu -> fabric (in tests)");
    }

    #[test]
    fn the_test_kit_is_for_tests() {
        assert_eq!(found("msmemu-smmu", "msmemu-testkit", json!("dev")), "");
        assert_eq!(found("msmemu-smmu", "msmemu-testkit", Value::Null), "\n  smmu -> testkit");
    }

    #[test]
    fn libraries_do_not_use_anyhow() {
        assert!(found("msmemu-cpu", "anyhow", Value::Null).contains("cpu uses anyhow"));
        assert_eq!(found("msmemu-cli", "anyhow", Value::Null), "");
    }

    #[test]
    fn the_table_has_no_cycle() {
        let order: Vec<_> = ALLOWED.iter().map(|(name, _)| *name).collect();
        let mut done: Vec<&str> = Vec::new();
        while done.len() < order.len() {
            let before = done.len();
            for (name, on) in ALLOWED {
                if !done.contains(name) && on.iter().all(|o| done.contains(o)) {
                    done.push(name);
                }
            }
            assert!(done.len() > before, "a cycle among the crates that are not in {done:?}");
        }
    }
}
