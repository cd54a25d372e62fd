//! The table of twins in the book says what the golden outputs say.

use std::collections::BTreeSet;
use std::path::Path;

use anyhow::{Context as _, Result, bail};

const PAGE: &str = "docs/src/reference/guest-images.md";
const GOLDEN: &str = "crates/session/tests/golden";

/// Every broken image has a row whose last cell is the last line of its golden output, and its twin ends right.
pub(crate) fn check(root: &Path) -> Result<()> {
    let page = std::fs::read_to_string(root.join(PAGE)).with_context(|| format!("reading {PAGE}"))?;
    let mut broken = BTreeSet::new();
    for file in std::fs::read_dir(root.join("guest-images/elf")).context("reading guest-images/elf")? {
        let name = file?.file_name().to_string_lossy().into_owned();
        broken.extend(name.strip_suffix(".elf").and_then(|n| n.strip_prefix("broken-")).map(str::to_owned));
    }
    let wrong = mistakes(&page, &broken, |image| {
        let path = root.join(GOLDEN).join(format!("{image}.txt"));
        std::fs::read_to_string(&path).with_context(|| format!("reading {}", path.display()))
    })?;
    if !wrong.is_empty() {
        bail!("{PAGE} and the golden outputs differ: {}", wrong.join("; "));
    }
    Ok(())
}

fn mistakes(
    page: &str,
    broken: &BTreeSet<String>,
    golden: impl Fn(&str) -> Result<String>,
) -> Result<Vec<String>> {
    let last_line = |image: &str| -> Result<String> {
        Ok(golden(image)?.lines().rfind(|line| !line.is_empty()).unwrap_or_default().to_owned())
    };
    let mut wrong = Vec::new();
    let mut rows = BTreeSet::new();
    for row in page.lines().filter(|line| line.contains("| `broken-")) {
        let cells: Vec<&str> = row.trim_matches('|').split('|').map(str::trim).collect();
        let [_, image, end] = cells.as_slice() else { bail!("{PAGE}: not a row of three cells: {row}") };
        let image = image.trim_matches('`');
        let found = last_line(image)?;
        if found != *end {
            wrong.push(format!("{image} ends \"{found}\", not \"{end}\""));
        }
        rows.insert(image.trim_start_matches("broken-").to_owned());
    }
    for name in broken.difference(&rows) {
        wrong.push(format!("broken-{name} has no row"));
    }
    for name in broken {
        if !last_line(&format!("right-{name}"))?.starts_with("right: ") {
            wrong.push(format!("right-{name} does not end right"));
        }
    }
    Ok(wrong)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn rows_that_do_not_fit_are_found() {
        let page = "| m | `broken-a` | wrong: x |\n| m | `broken-b` | lucky: y |\n";
        let broken = ["a", "b", "c"].map(str::to_owned).into();
        let golden = |image: &str| {
            Ok(match image {
                "broken-a" => "text\nwrong: x\n",
                "broken-b" => "wrong: z\n",
                "right-b" => "wrong: z\n",
                _ => "right: z\n\n",
            }
            .to_owned())
        };
        let wrong = mistakes(page, &broken, golden).unwrap();
        assert_eq!(
            wrong,
            [
                "broken-b ends \"wrong: z\", not \"lucky: y\"",
                "broken-c has no row",
                "right-b does not end right",
            ]
        );
    }
}
