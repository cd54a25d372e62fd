//! The book under `docs/`: every page is in the summary, and every relative link leads to a file.

use std::collections::BTreeSet;
use std::path::{Path, PathBuf};

use anyhow::{Context as _, Result, bail};

pub(crate) fn check(docs: &Path) -> Result<()> {
    let source = docs.join("src");
    let mut pages = BTreeSet::new();
    collect(&source, &mut pages)?;
    let summary = source.join("SUMMARY.md");
    let listed: BTreeSet<PathBuf> =
        links(&summary)?.into_iter().map(|link| normal(&source.join(link))).collect();
    let mut faults = Vec::new();
    for page in &pages {
        if *page != summary && !listed.contains(page) {
            faults.push(format!("{} is not in SUMMARY.md", page.display()));
        }
        for link in links(page)? {
            let target = normal(&page.parent().unwrap_or(&source).join(&link));
            if !target.exists() {
                faults.push(format!("{}: {link} leads nowhere", page.display()));
            }
        }
    }
    if faults.is_empty() {
        return Ok(());
    }
    bail!("{}", faults.join("\n"));
}

fn collect(folder: &Path, pages: &mut BTreeSet<PathBuf>) -> Result<()> {
    for entry in std::fs::read_dir(folder).with_context(|| format!("reading {}", folder.display()))? {
        let path = entry?.path();
        if path.is_dir() {
            collect(&path, pages)?;
        } else if path.extension().is_some_and(|e| e == "md") {
            pages.insert(path);
        }
    }
    Ok(())
}

/// Relative link targets of a page, without their fragments; code is passed over.
fn links(page: &Path) -> Result<Vec<String>> {
    let text = std::fs::read_to_string(page).with_context(|| format!("reading {}", page.display()))?;
    Ok(links_of(&text))
}

fn links_of(text: &str) -> Vec<String> {
    let mut links = Vec::new();
    let mut fenced = false;
    for line in text.lines() {
        if line.trim_start().starts_with("```") {
            fenced = !fenced;
            continue;
        }
        if fenced {
            continue;
        }
        // Odd pieces between back-ticks are code.
        for prose in line.split('`').step_by(2) {
            for rest in prose.split("](").skip(1) {
                let target = rest.split([')', '#', ' ']).next().unwrap_or_default();
                if !target.is_empty() && !target.contains("://") && !target.starts_with("mailto:") {
                    links.push(target.to_owned());
                }
            }
        }
    }
    links
}

/// The path without `.` and `..`, by text alone.
fn normal(path: &Path) -> PathBuf {
    let mut out = PathBuf::new();
    for part in path.components() {
        match part {
            std::path::Component::ParentDir if out.file_name().is_some() => {
                out.pop();
            }
            std::path::Component::CurDir => {}
            other => out.push(other),
        }
    }
    out
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn links_are_found_outside_of_code() {
        let text = "[a](x.md) and [b](y/z.md#part)\n```\n[c](no.md)\n```\n[w](https://x.y) `[d](no.md)` [e](#here)\n";
        assert_eq!(links_of(text), ["x.md", "y/z.md"]);
    }

    #[test]
    fn a_page_outside_the_summary_and_a_dead_link_are_found() {
        let docs = std::env::temp_dir().join(format!("msmemu-book-{}", std::process::id()));
        let source = docs.join("src");
        std::fs::create_dir_all(&source).expect("temporary folder");
        std::fs::write(source.join("SUMMARY.md"), "- [One](one.md)\n").expect("summary");
        std::fs::write(source.join("one.md"), "[two](two.md) [gone](./gone.md)\n").expect("page");
        std::fs::write(source.join("two.md"), "text\n").expect("page");
        let error = check(&docs).expect_err("two faults").to_string();
        std::fs::remove_dir_all(&docs).expect("clean up");
        assert_eq!(error.lines().count(), 2, "{error}");
        assert!(error.contains("two.md is not in SUMMARY.md"), "{error}");
        assert!(error.contains("one.md: ./gone.md leads nowhere"), "{error}");
    }
}
