//! `docs/src/reference/cpu-registers.md` is what the register tables say. `MSMEMU_BLESS=1` writes it.

#![allow(clippy::unwrap_used)]

use msmemu_cpu::Model;
use msmemu_cpu::cp14::Cp14Regs;
use msmemu_cpu::cp15::{Accessor, Cp15Regs, identification, is_banked};
use msmemu_regs::{Kind, Mode, RegDesc};
use std::fmt::Write as _;

fn coordinates(offset: u32) -> String {
    format!("c{}, {}, c{}, {}", offset >> 12, offset >> 9 & 7, offset >> 5 & 15, offset >> 2 & 7)
}

/// What can be done with a register, in a word.
fn grade(desc: &RegDesc) -> &'static str {
    let modes = || desc.fields.iter().map(|field| field.mode);
    let reserved = |mode| matches!(mode, Mode::Res0 | Mode::Res1);
    if modes().any(|mode| mode == Mode::Arg) {
        "operation"
    } else if modes().all(|mode| mode == Mode::Ro || reserved(mode)) {
        "read-only"
    } else if modes().all(|mode| matches!(mode, Mode::Stored | Mode::Ro) || reserved(mode)) {
        "stored"
    } else {
        "functional"
    }
}

fn access(reg: Cp15Regs) -> String {
    let rights = |privileged, secure, user_counters| {
        let may = |write| Accessor { privileged, secure, write, user_counters }.may(reg);
        match (may(false), may(true)) {
            (true, true) => "RW",
            (true, false) => "RO",
            (false, true) => "WO",
            (false, false) => "-",
        }
    };
    let mut text = rights(true, true, false).to_owned();
    let non_secure = rights(true, false, false);
    if non_secure != text {
        write!(text, ", Non-secure {non_secure}").unwrap();
    }
    match (rights(false, true, false), rights(false, true, true)) {
        ("-", "-") => {}
        ("-", user) => write!(text, ", User {user} with PMUSERENR.EN").unwrap(),
        (user, _) => write!(text, ", User {user}").unwrap(),
    }
    text
}

fn fields(desc: &RegDesc) -> String {
    let mut text = String::new();
    for field in desc.fields.iter().filter(|field| !field.mode.is_reserved()) {
        let bits = if field.msb == field.lsb {
            field.msb.to_string()
        } else {
            format!("{}:{}", field.msb, field.lsb)
        };
        let kept = if field.mode == Mode::Stored && grade(desc) != "stored" { ", stored only" } else { "" };
        let separator = if text.is_empty() { "" } else { "; " };
        write!(text, "{separator}`{}` `{bits}` {}{kept}", field.name, field.doc).unwrap();
    }
    text
}

fn doc(desc: &RegDesc) -> String {
    desc.doc.iter().map(|line| line.trim()).collect::<Vec<_>>().join(" ")
}

fn page() -> String {
    let mut out = String::from(
        "# Processor registers\n\n\
         <!-- Made from the register tables by `MSMEMU_BLESS=1 cargo test -p msmemu-cpu --test register_page`. -->\n\n\
         Registers of CP15 and CP14 by CRn, opc1, CRm, opc2. *functional*: what the manual says happens; *stored*: kept \
         and readable, without effect; *operation*: a write acts. Everything else is UNDEFINED. What the core does with \
         them is in [Processor: system side](cpu-system.md).\n\n\
         ## CP15\n\n\
         | Register | Coordinates | Access | Reset | Kind | Meaning |\n|---|---|---|---|---|---|\n",
    );
    for reg in Cp15Regs::ALL {
        let desc = reg.desc();
        let krait = identification::of(Model::Krait).iter().find(|(other, _)| other == reg);
        let mut reset = match desc.kind {
            Kind::Command => String::new(),
            _ => format!("`{:#010x}`", desc.reset),
        };
        if let Some((_, value)) = krait {
            write!(reset, ", Krait `{value:#010x}`").unwrap();
        }
        let only = match (identification::has(Model::Scorpion, *reg), identification::has(Model::Krait, *reg))
        {
            (true, true) => "",
            (true, false) => " Scorpion only.",
            _ => " Krait only.",
        };
        let banked = if is_banked(*reg) { " Banked by security state." } else { "" };
        writeln!(
            out,
            "| `{}` | {} | {} | {reset} | {} | {}{only}{banked} {} |",
            desc.name,
            coordinates(desc.offset),
            access(*reg),
            grade(desc),
            doc(desc),
            fields(desc),
        )
        .unwrap();
    }
    out += "\n## CP14\n\n| Register | Coordinates | Reset | Kind | Meaning |\n|---|---|---|---|---|\n";
    for reg in Cp14Regs::ALL {
        let desc = reg.desc();
        let name =
            if desc.count > 1 { format!("{}0-{}", desc.name, desc.count - 1) } else { desc.name.to_owned() };
        let reset =
            if desc.kind == Kind::Command { String::new() } else { format!("`{:#010x}`", desc.reset) };
        let (at, kind, doc, fields) = (coordinates(desc.offset), grade(desc), doc(desc), fields(desc));
        writeln!(out, "| `{name}` | {at} | {reset} | {kind} | {doc} {fields} |").unwrap();
    }
    out
}

#[test]
fn the_page_is_what_the_tables_say() {
    let path = concat!(env!("CARGO_MANIFEST_DIR"), "/../../docs/src/reference/cpu-registers.md");
    let page = page();
    if std::env::var_os("MSMEMU_BLESS").is_some_and(|value| value == "1") {
        std::fs::write(path, &page).unwrap();
    }
    assert_eq!(std::fs::read_to_string(path).unwrap_or_default(), page, "MSMEMU_BLESS=1 rewrites the page");
}
