//! Coverage pages: every register and field, and how much of it the model does.

use std::fmt::Write as _;

use anyhow::{Context as _, Result};
use msmemu_regs::svd::Part;
use msmemu_regs::{Kind, Mode, RegDesc};

use crate::exports::Export;

/// How much of a register is modelled.
#[derive(Clone, Copy, PartialEq, Eq)]
enum Grade {
    Functional,
    PartlyStored,
    Stored,
}

impl Grade {
    fn of(reg: &RegDesc) -> Self {
        let named = reg.fields.iter().filter(|f| !f.mode.is_reserved());
        let (stored, other) = named.partition::<Vec<&msmemu_regs::FieldDesc>, _>(|f| f.mode == Mode::Stored);
        match (stored.is_empty(), other.is_empty()) {
            (true, _) => Self::Functional,
            (false, false) => Self::PartlyStored,
            (false, true) => Self::Stored,
        }
    }

    const fn name(self) -> &'static str {
        match self {
            Self::Functional => "functional",
            Self::PartlyStored => "functional, some fields stored",
            Self::Stored => "stored",
        }
    }
}

/// The page of one kind of device; `behaviour` is the text of its behaviour page.
pub(crate) fn page(export: &Export, behaviour: &str) -> Result<String> {
    let limits = section(behaviour, "Limits")
        .with_context(|| format!("{} has no section \"Limits\"", export.behaviour))?;
    let mut out = format!(
        "# {title}: registers\n\n\
         <!-- Generated from the register tables and the limits of {page} by `cargo xtask svd`. -->\n\n\
         What each register does, and where that is known from: [behaviour]({page}).\n\n\
         ## Limits\n\n{limits}\n\n## Coverage\n\n\
         Grades: *functional*, the register does what the behaviour page says; *stored*, it keeps what is\n\
         written and has no effect, because no behaviour is known; *absent*, reads give 0 and writes are\n\
         ignored. Field modes are explained in the documentation of the `regs` crate.\n",
        title = export.window.title,
        page = export.behaviour,
    );
    summary(&mut out, export);
    if !export.absent.is_empty() {
        out += "\n## Absent\n\n| Offset | Register | Why |\n|---|---|---|\n";
        for (name, offset, why) in export.absent {
            let _ = writeln!(out, "| `{offset:#07x}` | `{name}` | {why} |");
        }
    }
    for part in export.window.parts {
        out += "\n## ";
        out += &part_title(part);
        out += "\n";
        for reg in part.block.regs {
            register(&mut out, part, reg);
        }
    }
    Ok(out)
}

/// The text below a second-level heading, up to the next one.
fn section<'a>(page: &'a str, heading: &str) -> Option<&'a str> {
    let start = page.find(&format!("\n## {heading}\n"))? + heading.len() + 5;
    let rest = &page[start..];
    Some(rest[..rest.find("\n## ").unwrap_or(rest.len())].trim())
}

fn part_title(part: &Part) -> String {
    let doc = prose(part.block.doc);
    let title = doc.split('.').next().unwrap_or_default();
    match &part.banks {
        Some(banks) => format!("{title} (`{}`, every {:#x} bytes)", banks.name, banks.stride),
        None => title.to_owned(),
    }
}

fn summary(out: &mut String, export: &Export) {
    let regs: Vec<_> = export.window.parts.iter().flat_map(|p| p.block.regs).collect();
    let count = |grade| regs.iter().filter(|r| Grade::of(r) == grade).count();
    let fields: Vec<_> = regs.iter().flat_map(|r| r.fields).filter(|f| !f.mode.is_reserved()).collect();
    let stored = fields.iter().filter(|f| f.mode == Mode::Stored).count();
    let _ = write!(
        out,
        "\n{} registers: {} functional, {} functional with some fields stored, {} stored, {} absent. \
         {} fields, {stored} of them stored.\n",
        regs.len(),
        count(Grade::Functional),
        count(Grade::PartlyStored),
        count(Grade::Stored),
        export.absent.len(),
        fields.len(),
    );
}

fn register(out: &mut String, part: &Part, reg: &RegDesc) {
    let offset = part.offset + reg.offset;
    let array =
        if reg.count > 1 { format!(" × {}, every {:#x}", reg.count, reg.stride) } else { String::new() };
    let kind = match reg.kind {
        Kind::Plain => String::new(),
        Kind::Command => ", command".into(),
        Kind::Alias(target) => format!(", alias of {}", part.block.regs[usize::from(target)].name),
    };
    let _ = write!(
        out,
        "\n### {}\n\n`{offset:#07x}`{array}{kind}; reset `{:#010x}`; {}.\n\n{}\n",
        reg.name,
        reg.reset,
        Grade::of(reg).name(),
        prose(reg.doc)
    );
    let rows = |out: &mut String, fields: &[msmemu_regs::FieldDesc], modes: bool| {
        out.push_str(if modes {
            "\n| Bits | Field | Mode | |\n|---|---|---|---|\n"
        } else {
            "\n| Bits | Field | |\n|---|---|---|\n"
        });
        for f in fields.iter().filter(|f| !f.mode.is_reserved()) {
            let bits = if f.msb == f.lsb { f.msb.to_string() } else { format!("{}:{}", f.msb, f.lsb) };
            let mode = if modes { format!("{} | ", f.mode.name()) } else { String::new() };
            let values: Vec<_> = f.values.iter().map(|v| format!("{} = {}", v.value, v.name)).collect();
            let values = if values.is_empty() { String::new() } else { format!(" ({})", values.join(", ")) };
            let _ = writeln!(out, "| {bits} | `{}` | {mode}{}{values} |", f.name, f.doc);
        }
    };
    if reg.fields.iter().any(|f| !f.mode.is_reserved()) {
        rows(out, reg.fields, true);
    }
    for view in reg.views {
        let _ = write!(out, "\n{} ({}):\n", view.name, view.doc);
        rows(out, view.fields, false);
    }
}

/// Documentation lines as one paragraph.
fn prose(lines: &[&str]) -> String {
    lines.iter().map(|l| l.trim()).filter(|l| !l.is_empty()).collect::<Vec<_>>().join(" ")
}

#[cfg(test)]
mod tests {
    use super::section;

    #[test]
    fn a_section_ends_at_the_next_heading() {
        let page = "# Page\n\n## Limits\n\n- one\n### Deeper\n\n## Next\n\ntwo\n";
        assert_eq!(section(page, "Limits"), Some("- one\n### Deeper"));
        assert_eq!(section(page, "Next"), Some("two"));
        assert_eq!(section(page, "Other"), None);
    }
}
