//! The page of the guest kit's two APIs: each function, each of its errors, and the test point that shows it.
//!
//! Errors stand in the comment before a prototype (`-EINVAL 0 bytes; -ENOMEM no memory.`). Test points name what
//! they are about (`ok 7 - iommu_map -EINVAL: ...`); they are taken from the golden outputs of the images, so every line
//! of the page is one that passes. A function or an error without a test point is an error of `check`.

use std::collections::BTreeMap;
use std::fmt::Write as _;
use std::path::Path;

use anyhow::{Context as _, Result, bail};

/// Headers of the APIs, with their titles.
const HEADERS: [(&str, &str); 3] =
    [("iommu.h", "The IOMMU API"), ("dma-mapping.h", "The DMA API"), ("driver.h", "Drivers and devices")];
/// Images whose test points count.
const IMAGES: [&str; 2] = ["iommu-tests", "dma-tests"];
const PAGE: &str = "docs/src/reference/kit-api.md";
/// Pages with blocks that show a file: by the line that opens the block.
const SHOWN: &[(&str, &[(&str, &str)])] = &[
    ("docs/src/guide/dma-and-iommu.md", &[("```text bench", "crates/session/tests/golden/bench.cycles.txt")]),
    (
        "docs/src/guide/first-driver.md",
        &[
            ("```c first-driver", "guest-images/first-driver/main.c"),
            ("```console first-driver", "crates/session/tests/golden/first-driver.txt"),
        ],
    ),
];

/// A function of a header.
#[derive(Debug, PartialEq, Eq)]
struct Function {
    name: String,
    /// Name of each error, without the sign, and when it comes.
    errors: Vec<(String, String)>,
}

/// Test points by what they are about: `iommu_map`, or `iommu_map -EINVAL`.
type Points = BTreeMap<String, Vec<Point>>;

#[derive(Debug, PartialEq, Eq)]
struct Point {
    image: &'static str,
    number: u32,
    text: String,
}

/// Writes the page, and what other pages show.
pub(crate) fn write(root: &Path) -> Result<()> {
    for (name, text) in files(root)? {
        std::fs::write(root.join(name), text).with_context(|| format!("writing {name}"))?;
    }
    Ok(())
}

/// Checks that they are what headers, sources and goldens give.
pub(crate) fn check(root: &Path) -> Result<()> {
    for (name, text) in files(root)? {
        if std::fs::read_to_string(root.join(name)).unwrap_or_default() != text {
            bail!("{name} is not what headers, images and outputs give; `cargo xtask pages` rewrites it");
        }
    }
    Ok(())
}

fn files(root: &Path) -> Result<Vec<(&'static str, String)>> {
    let mut files = vec![(PAGE, page(root)?)];
    for (name, blocks) in SHOWN {
        let mut text = read(&root.join(name))?;
        for (fence, file) in *blocks {
            let shown = read(&root.join(file))?;
            text = replace_block(&text, fence, shown.trim_end()).with_context(|| format!("in {name}"))?;
        }
        files.push((name, text));
    }
    Ok(files)
}

/// The text with other contents in the block that this line opens.
fn replace_block(text: &str, fence: &str, contents: &str) -> Result<String> {
    let parts = text.split_once(&format!("\n{fence}\n")).and_then(|(head, rest)| {
        let rest = rest.strip_prefix("```\n").or_else(|| Some(rest.split_once("\n```\n")?.1))?;
        Some(format!("{head}\n{fence}\n{contents}\n```\n{rest}"))
    });
    parts.with_context(|| format!("there is no block {fence}"))
}

fn read(path: &Path) -> Result<String> {
    std::fs::read_to_string(path).with_context(|| format!("reading {}", path.display()))
}

fn page(root: &Path) -> Result<String> {
    let mut points = Points::new();
    for image in IMAGES {
        let golden = read(&root.join(format!("crates/session/tests/golden/{image}.txt")))?;
        collect(&mut points, image, &golden);
    }
    let mut text = String::from(
        "# Guest kit: the two APIs and their tests\n\n\
         <!-- Generated from guest-images/kit/include and the golden outputs of the images by `cargo xtask pages`. -->\n\n\
         What the functions promise stands in the headers, `guest-images/kit/include`. This page names for each of them, \
         and for each of its errors, the first test point that shows it, and how many there are. The points are those of the images \
         `iommu-tests` and `dma-tests`; their outputs are in `crates/session/tests/golden`.\n",
    );
    let mut missing = Vec::new();
    for (file, title) in HEADERS {
        let header = read(&root.join("guest-images/kit/include").join(file))?;
        write!(
            text,
            "\n## {title}: `{file}`\n\n| Function | Error | When | Test point | Points |\n|---|---|---|---|---|\n"
        )?;
        for function in functions(&header) {
            let plain = (String::new(), String::new());
            for (error, when) in std::iter::once(&plain).chain(&function.errors) {
                let about = if error.is_empty() {
                    function.name.clone()
                } else {
                    format!("{} -{error}", function.name)
                };
                let Some([first, rest @ ..]) = points.get(&about).map(Vec::as_slice) else {
                    missing.push(about);
                    continue;
                };
                let name = if error.is_empty() { format!("`{}`", function.name) } else { String::new() };
                let code = if error.is_empty() { String::new() } else { format!("`{error}`") };
                let Point { image, number, text: what } = first;
                writeln!(
                    text,
                    "| {name} | {code} | {when} | {image} {number}: {what} | {} |",
                    rest.len() + 1
                )?;
            }
        }
    }
    if !missing.is_empty() {
        bail!("no test point is about: {}", missing.join(", "));
    }
    Ok(text)
}

/// The test points of an output.
fn collect(points: &mut Points, image: &'static str, output: &str) {
    for line in output.lines() {
        let Some((number, rest)) = line.strip_prefix("ok ").and_then(|l| l.split_once(" - ")) else {
            continue;
        };
        let (Some((about, what)), Ok(number)) = (rest.split_once(": "), number.parse()) else { continue };
        let point = Point { image, number, text: what.replace('|', "\\|") };
        points.entry(about.to_owned()).or_default().push(point);
    }
}

/// The functions of a header, in its order.
fn functions(header: &str) -> Vec<Function> {
    let mut found = Vec::new();
    let mut rest = header;
    let mut comment = String::new();
    loop {
        rest = rest.trim_start();
        if let Some((text, after)) = rest.strip_prefix("/*").and_then(|r| r.split_once("*/")) {
            let lines = text.lines().map(|line| line.trim().trim_start_matches('*').trim());
            comment = lines.collect::<Vec<_>>().join(" ");
            rest = after;
        } else if rest.starts_with('#') {
            // A directive, with its continuation lines.
            let mut end = 0;
            for line in rest.split_inclusive('\n') {
                end += line.len();
                if !line.trim_end().ends_with('\\') {
                    break;
                }
            }
            rest = rest.get(end..).unwrap_or_default();
        } else if let Some(end) = rest.find(['{', ';']) {
            let (statement, after) = rest.split_at(end);
            rest =
                if after.starts_with('{') { skip_block(after) } else { after.get(1..).unwrap_or_default() };
            if let Some(name) = function_name(statement) {
                found.push(Function { name, errors: errors(&comment) });
            }
            comment.clear();
        } else {
            return found;
        }
    }
}

/// What follows a block in braces, and the rest of its declaration if it is a type's.
fn skip_block(text: &str) -> &str {
    let mut depth = 0;
    for (at, c) in text.char_indices() {
        match c {
            '{' => depth += 1,
            '}' if depth == 1 => {
                let after = text.get(at + 1..).unwrap_or_default();
                let end_of_type =
                    after.find(';').filter(|end| !after.get(..*end).unwrap_or_default().contains('\n'));
                return after.get(end_of_type.map_or(0, |end| end + 1)..).unwrap_or_default();
            }
            '}' => depth -= 1,
            _ => {}
        }
    }
    ""
}

fn function_name(statement: &str) -> Option<String> {
    let (head, _) = statement.split_once('(')?;
    if head.starts_with("typedef") || head.contains('=') {
        return None;
    }
    let name = head.rsplit(|c: char| !c.is_ascii_alphanumeric() && c != '_').next()?;
    (!name.is_empty() && name != "__attribute__").then(|| name.to_owned())
}

/// The errors that a comment names: `-EINVAL why; -ENOMEM why.`
fn errors(comment: &str) -> Vec<(String, String)> {
    let mut found: Vec<(String, String)> = Vec::new();
    for (at, _) in comment.match_indices("-E") {
        let rest = comment.get(at + 1..).unwrap_or_default();
        let length = rest.find(|c: char| !c.is_ascii_uppercase()).unwrap_or(rest.len());
        let (name, after) = rest.split_at(length);
        let before = comment.get(..at).and_then(|b| b.chars().next_back()).unwrap_or(' ');
        if length < 3 || before.is_alphanumeric() || found.iter().any(|(known, _)| known == name) {
            continue;
        }
        let end =
            [";", ". ", ").", ","].iter().filter_map(|end| after.find(end)).min().unwrap_or(after.len());
        let when = after.get(..end).unwrap_or_default().trim().trim_end_matches(['.', ')']);
        let mut when = when.trim_start_matches([':', ' ']).to_owned();
        if when.contains('(') && !when.contains(')') {
            when.push(')');
        }
        found.push((name.to_owned(), when));
    }
    found
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn functions_have_the_errors_of_the_comment_before_them() {
        let header = "#define LONG(a) \\\n    f(a);\n/* A type. -EPERM is none of a function. */\nstruct s {\n    int a; /* -EIO */\n};\n\
                      typedef int (*handler_t)(int a);\n\
                      /* Maps. Errors: -EINVAL 0 bytes, or none; -ENOMEM no memory.\n * Then -EINVAL again. */\n\
                      int map(struct s *s, int (*f)(void));\nvoid unmap(void);\n\
                      /* Inline. */\nstatic inline bool get(int a)\n{\n    return a; { }\n}\nchar *last(void);\n";
        let function = |name: &str, errors: &[(&str, &str)]| Function {
            name: name.to_owned(),
            errors: errors.iter().map(|(e, w)| ((*e).to_owned(), (*w).to_owned())).collect(),
        };
        assert_eq!(
            functions(header),
            [
                function("map", &[("EINVAL", "0 bytes"), ("ENOMEM", "no memory")]),
                function("unmap", &[]),
                function("get", &[]),
                function("last", &[]),
            ]
        );
    }

    #[test]
    fn blocks_are_replaced_between_their_fences() {
        let old = "a\n```c x\nold\n\nolder\n```\nb\n```\nc\n```\n";
        let new = "a\n```c x\nnew\n```\nb\n```\nc\n```\n";
        assert_eq!(replace_block(old, "```c x", "new").expect("a block"), new);
        assert_eq!(
            replace_block("\n```c x\n```\nb", "```c x", "new").expect("a block"),
            "\n```c x\nnew\n```\nb"
        );
        assert!(replace_block(old, "```c y", "new").is_err());
    }

    #[test]
    fn points_are_found_by_what_they_are_about() {
        let mut points = Points::new();
        collect(
            &mut points,
            "iommu-tests",
            "# x\nok 1 - map: a | b\nnot ok 2 - map: c\nok 3 - map -EINVAL: d: e\n1..3\n",
        );
        let expected = [
            ("map", Point { image: "iommu-tests", number: 1, text: "a \\| b".to_owned() }),
            ("map -EINVAL", Point { image: "iommu-tests", number: 3, text: "d: e".to_owned() }),
        ];
        assert_eq!(
            points,
            expected.into_iter().map(|(about, point)| (about.to_owned(), vec![point])).collect()
        );
    }
}
