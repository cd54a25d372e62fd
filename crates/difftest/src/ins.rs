//! The text format of `.ins` cases; `crates/cpu/tests/ins/README.md` explains it to those who write them.

use crate::differences::Set;
use crate::exception::enter;
use crate::layout::{BLOCK_VA, DATA_SIZE, DATA_VA};
use crate::state::{FaultStatus, State, Stop, bank_of, compare_states};
use crate::subject::{Run, Subject, SubjectError};
use msmemu_cpu::isa::{self, disasm};
use std::fmt::Write as _;

/// Processor modes by the names of the format.
const MODES: [(&str, u32); 8] = [
    ("usr", 0x10),
    ("fiq", 0x11),
    ("irq", 0x12),
    ("svc", 0x13),
    ("mon", 0x16),
    ("abt", 0x17),
    ("und", 0x1b),
    ("sys", 0x1f),
];

/// One line: instructions, how they read, what goes in and what comes out.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Case {
    /// Thumb state.
    pub thumb: bool,
    /// The instructions; a 32-bit Thumb instruction has its first halfword on top.
    pub words: Vec<(Set, u32)>,
    /// Their disassembly, joined by `; `.
    pub text: String,
    /// State before, with `R15` at [`BLOCK_VA`].
    pub start: State,
    /// `SCTLR.A`.
    pub alignment_check: bool,
    /// Data window before.
    pub memory: Vec<u8>,
    /// State after, before any exception entry.
    pub end: State,
    /// Data window after.
    pub memory_after: Vec<u8>,
    /// The exception, or [`Stop::Budget`] when every instruction completed.
    pub stop: Stop,
}

/// Why a line cannot be read.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
#[error("{what}: `{text}`")]
pub struct CaseError {
    what: &'static str,
    text: String,
}

fn wrong(what: &'static str, text: &str) -> CaseError {
    CaseError { what, text: text.to_owned() }
}

fn hex(text: &str) -> Result<u32, CaseError> {
    u32::from_str_radix(text.trim_start_matches("0x"), 16)
        .map_err(|_| wrong("not a 32-bit hexadecimal number", text))
}

/// Splits halfwords or words as they are written into instructions.
fn words(thumb: bool, numbers: &[u32]) -> Vec<(Set, u32)> {
    if !thumb {
        return numbers.iter().map(|&word| (Set::A32, word)).collect();
    }
    let mut out = Vec::new();
    let mut rest = numbers.iter();
    while let Some(&first) = rest.next() {
        match rest.as_slice().first() {
            Some(&second) if isa::decode::is_wide(first as u16) => {
                rest.next();
                out.push((Set::T32, first << 16 | second));
            }
            _ => out.push((Set::T16, first)),
        }
    }
    out
}

impl Case {
    /// Reads one line.
    pub fn parse(line: &str) -> Result<Self, CaseError> {
        let parts: Vec<&str> = line.split('|').map(str::trim).collect();
        let &[head, text, inputs, outputs] = parts.as_slice() else {
            return Err(wrong("a case has four parts between `|`", line));
        };
        let mut head_words = head.split_whitespace();
        let set = head_words.next().unwrap_or_default();
        let thumb = match set {
            "a32" => false,
            "t32" => true,
            other => return Err(wrong("not `a32` or `t32`", other)),
        };
        let mode = head_words.next().unwrap_or_default();
        let &(_, mode) =
            MODES.iter().find(|(name, _)| *name == mode).ok_or_else(|| wrong("not a mode", mode))?;
        let numbers = head_words.map(hex).collect::<Result<Vec<u32>, _>>()?;
        let mut start = State { cpsr: mode | 0x1c0 | u32::from(thumb) << 5, ..State::default() };
        start.r[15] = BLOCK_VA;
        let mut memory = vec![0; DATA_SIZE as usize];
        let mut alignment_check = false;
        for item in inputs.split_whitespace() {
            match item.split_once('=') {
                Some(("align", "1")) => alignment_check = true,
                Some((key, value)) => assign(&mut start, &mut memory, key, value)?,
                None => return Err(wrong("not KEY=VALUE", item)),
            }
        }
        start.settle();
        let words = words(thumb, &numbers);
        let mut end = start.clone();
        let mut memory_after = memory.clone();
        let mut stop = Stop::Budget;
        let mut pc = None;
        for item in outputs.split_whitespace() {
            match (item.strip_prefix('!'), item.split_once('=')) {
                (Some(name), _) => stop = stop_named(name)?,
                (None, Some(("pc", value))) => pc = Some(hex(value)?),
                (None, Some(("mode", value))) => {
                    let mode = MODES.iter().find(|(name, _)| *name == value);
                    let &(_, mode) = mode.ok_or_else(|| wrong("not a mode", value))?;
                    switch_mode(&mut end, mode);
                }
                (None, Some((key, value))) => assign(&mut end, &mut memory_after, key, value)?,
                (None, None) => return Err(wrong("not KEY=VALUE or !EXCEPTION", item)),
            }
        }
        end.settle();
        end.r[15] = pc.unwrap_or_else(|| fall_through(&words, stop));
        let text = text.to_owned();
        Ok(Case { thumb, words, text, start, alignment_check, memory, end, memory_after, stop })
    }

    /// The line again, in one canonical form: what is not mentioned is 0 before and unchanged after.
    pub fn line(&self) -> String {
        let set = if self.thumb { "t32" } else { "a32" };
        let mut out = format!("{set} {}", mode_name(self.start.mode()));
        for &(set, word) in &self.words {
            let _ = match set {
                Set::A32 => write!(out, " {word:08x}"),
                Set::T16 => write!(out, " {word:04x}"),
                Set::T32 => write!(out, " {:04x} {:04x}", word >> 16, word & 0xffff),
            };
        }
        let mut blank =
            State { cpsr: self.start.mode() | 0x1c0 | u32::from(self.thumb) << 5, ..State::default() };
        blank.r[15] = BLOCK_VA;
        let _ = write!(out, " | {} |", self.text);
        if self.alignment_check {
            out.push_str(" align=1");
        }
        changes(&mut out, &blank, &self.start);
        memory_changes(&mut out, &vec![0; self.memory.len()], &self.memory);
        out.push_str(" |");
        match self.stop {
            Stop::Budget => {}
            stop => {
                let _ = write!(out, " !{}", stop_name(stop));
            }
        }
        let mut from = self.start.clone();
        if self.end.mode() != self.start.mode() {
            let _ = write!(out, " mode={}", mode_name(self.end.mode()));
            switch_mode(&mut from, self.end.mode());
        }
        changes(&mut out, &from, &self.end);
        memory_changes(&mut out, &self.memory, &self.memory_after);
        if self.end.r[15] != fall_through(&self.words, self.stop) {
            let _ = write!(out, " pc={:x}", self.end.r[15]);
        }
        out
    }

    /// The instructions as they lie in memory.
    pub fn code(&self) -> Vec<u8> {
        self.words.iter().flat_map(|&(set, word)| crate::generate::bytes(set.into(), word)).collect()
    }
}

/// Disassembly of instructions at the start of a block, joined by `; `.
pub fn text(words: &[(isa::Set, u32)]) -> String {
    let (mut pc, mut it) = (BLOCK_VA, 0);
    let mut out = Vec::new();
    for &(set, word) in words {
        out.push(disasm::disassemble(set, word, pc, it).unwrap_or_else(|| "undefined".into()));
        it = if set == isa::Set::T16 && word & 0xff00 == 0xbf00 && word & 0xf != 0 {
            word as u8
        } else {
            msmemu_cpu::psr::it_advance(it)
        };
        pc += if set == isa::Set::T16 { 2 } else { 4 };
    }
    out.join("; ")
}

/// Runs a case on the core and says where it parts from what the line expects; empty when it does not.
pub fn check(case: &Case, subject: &mut Subject) -> Result<Vec<String>, SubjectError> {
    let (text, run, memory) = observe(case, subject)?;
    let mut wrong = Vec::new();
    if text != case.text {
        wrong.push(format!("disassembly: ours `{text}`, expected `{}`", case.text));
    }
    if run.stop != case.stop {
        wrong.push(format!("ended by: ours {:?}, expected {:?}", run.stop, case.stop));
    } else {
        compare_states(&run.state, &enter(&case.end, case.stop), &mut wrong);
    }
    if let Some(at) = memory.iter().zip(&case.memory_after).position(|(ours, expected)| ours != expected) {
        let va = DATA_VA as usize + at;
        wrong.push(format!(
            "byte at {va:#x}: ours {:02x}, expected {:02x}",
            memory[at], case.memory_after[at]
        ));
    }
    Ok(wrong)
}

/// The case with the core's own results as the expected ones. They prove nothing until `ins_cases check` has confirmed
/// them against Unicorn.
pub fn bless(case: &Case, subject: &mut Subject) -> Result<Case, SubjectError> {
    let (text, run, memory_after) = observe(case, subject)?;
    // The state of a case is the one before exception entry; where an exception ended the run, only the line's own
    // expectation knows it.
    let end = if run.stop == Stop::Budget { run.state } else { case.end.clone() };
    Ok(Case { text, end, memory_after, stop: run.stop, ..case.clone() })
}

/// Disassembly, run and data window that the core gives for a case.
fn observe(case: &Case, subject: &mut Subject) -> Result<(String, Run, Vec<u8>), SubjectError> {
    let words: Vec<(isa::Set, u32)> = case.words.iter().map(|&(set, word)| (set.into(), word)).collect();
    subject.set_alignment_check(case.alignment_check)?;
    subject.load_code(&case.code(), case.thumb)?;
    subject.load_data(&case.memory)?;
    let run = subject.run(&case.start, case.words.len() as u64);
    let mut memory = Vec::new();
    subject.read_data(&mut memory)?;
    Ok((text(&words), run, memory))
}

/// Where control is when nothing branched: after the last instruction, or at the first one when it is blamed.
fn fall_through(words: &[(Set, u32)], stop: Stop) -> u32 {
    let bytes =
        |words: &[(Set, u32)]| words.iter().map(|(set, _)| if *set == Set::T16 { 2 } else { 4 }).sum::<u32>();
    match stop {
        Stop::Budget | Stop::SupervisorCall | Stop::SecureMonitorCall => BLOCK_VA + bytes(words),
        // A case tests its last instruction; those before it set the scene (IT).
        _ => BLOCK_VA + bytes(&words[..words.len().saturating_sub(1)]),
    }
}

/// Changes the mode as writing CPSR would: the registers of the old mode go to its bank, those of the new come in.
fn switch_mode(state: &mut State, mode: u32) {
    state.settle();
    if (state.mode() == 0x11) != (mode == 0x11) {
        state.r[8..13].swap_with_slice(&mut state.r8_r12_other);
    }
    state.cpsr = (state.cpsr & !0x1f) | mode;
    if let Some(bank) = bank_of(mode) {
        state.r[13] = state.banked[bank].r13;
        state.r[14] = state.banked[bank].r14;
    }
}

fn mode_name(mode: u32) -> &'static str {
    MODES.iter().find(|(_, number)| *number == mode).map_or("?", |(name, _)| name)
}

/// Keys of `CPSR` parts: name, lowest bit, width.
const PSR_KEYS: [(&str, u32, u32); 7] =
    [("nzcv", 28, 4), ("q", 27, 1), ("ge", 16, 4), ("e", 9, 1), ("aif", 6, 3), ("t", 5, 1), ("j", 24, 1)];

fn it_of(cpsr: u32) -> u32 {
    (cpsr >> 8 & 0xfc) | (cpsr >> 25 & 3)
}

fn with_it(cpsr: u32, it: u32) -> u32 {
    (cpsr & !0x0600_fc00) | (it & 0xfc) << 8 | (it & 3) << 25
}

fn assign(state: &mut State, memory: &mut [u8], key: &str, value: &str) -> Result<(), CaseError> {
    if let Some(va) = key.strip_prefix('[').and_then(|key| key.strip_suffix(']')) {
        let at = hex(va)?.wrapping_sub(DATA_VA) as usize;
        for (n, pair) in value.as_bytes().chunks(2).enumerate() {
            let byte = std::str::from_utf8(pair).ok().and_then(|pair| u8::from_str_radix(pair, 16).ok());
            let slot =
                memory.get_mut(at.wrapping_add(n)).ok_or_else(|| wrong("outside the data window", key))?;
            *slot = byte.ok_or_else(|| wrong("not bytes", value))?;
        }
        return Ok(());
    }
    if let Some(&(name, low, width)) = PSR_KEYS.iter().find(|(name, _, _)| *name == key) {
        let bits =
            if name == "nzcv" { u32::from_str_radix(value, 2) } else { u32::from_str_radix(value, 16) };
        let bits = bits
            .ok()
            .filter(|bits| bits >> width == 0)
            .ok_or_else(|| wrong("does not fit its bits", value))?;
        state.cpsr = (state.cpsr & !(((1 << width) - 1) << low)) | bits << low;
        return Ok(());
    }
    let register = |prefix: char, limit: usize| {
        key.strip_prefix(prefix).and_then(|n| n.parse::<usize>().ok()).filter(|&n| n < limit)
    };
    if let Some(n) = register('r', 15) {
        state.r[n] = hex(value)?;
    } else if let Some(n) = register('d', 32) {
        state.d[n] = u64::from_str_radix(value, 16).map_err(|_| wrong("not a 64-bit number", value))?;
    } else if key == "fpscr" {
        state.fpscr = hex(value)?;
    } else if key == "it" {
        state.cpsr = with_it(state.cpsr, hex(value)?);
    } else if let Some((name, mode)) = key.split_once('_') {
        let &(_, mode) =
            MODES.iter().find(|(known, _)| *known == mode).ok_or_else(|| wrong("not a mode", mode))?;
        let bank = bank_of(mode).ok_or_else(|| wrong("not a mode", key))?;
        match name {
            "r13" => state.banked[bank].r13 = hex(value)?,
            "r14" => state.banked[bank].r14 = hex(value)?,
            "spsr" => state.banked[bank].spsr = hex(value)?,
            other => {
                let n = other.strip_prefix('r').and_then(|n| n.parse::<usize>().ok());
                let n =
                    n.filter(|n| (8..13).contains(n)).ok_or_else(|| wrong("not a banked register", key))?;
                state.r8_r12_other[n - 8] = hex(value)?;
            }
        }
    } else {
        return Err(wrong("not a key", key));
    }
    Ok(())
}

/// Writes what is different in `to`.
fn changes(out: &mut String, from: &State, to: &State) {
    for (name, low, width) in PSR_KEYS {
        let part = |cpsr: u32| cpsr >> low & ((1 << width) - 1);
        if part(from.cpsr) != part(to.cpsr) {
            let _ = match name {
                "nzcv" => write!(out, " nzcv={:04b}", part(to.cpsr)),
                _ => write!(out, " {name}={:x}", part(to.cpsr)),
            };
        }
    }
    if it_of(from.cpsr) != it_of(to.cpsr) {
        let _ = write!(out, " it={:x}", it_of(to.cpsr));
    }
    for n in 0..15 {
        if from.r[n] != to.r[n] {
            let _ = write!(out, " r{n}={:x}", to.r[n]);
        }
    }
    let other = if to.mode() == 0x11 { "usr" } else { "fiq" };
    for n in 0..5 {
        if from.r8_r12_other[n] != to.r8_r12_other[n] {
            let _ = write!(out, " r{}_{other}={:x}", n + 8, to.r8_r12_other[n]);
        }
    }
    for &(name, mode) in MODES.iter().filter(|(name, _)| *name != "sys") {
        let Some(bank) = bank_of(mode) else { continue };
        let (old, new) = (&from.banked[bank], &to.banked[bank]);
        let current = bank_of(to.cpsr) == Some(bank);
        for (register, old, new) in [("r13", old.r13, new.r13), ("r14", old.r14, new.r14)] {
            if old != new && !current {
                let _ = write!(out, " {register}_{name}={new:x}");
            }
        }
        if old.spsr != new.spsr {
            let _ = write!(out, " spsr_{name}={:x}", new.spsr);
        }
    }
    for n in 0..32 {
        if from.d[n] != to.d[n] {
            let _ = write!(out, " d{n}={:x}", to.d[n]);
        }
    }
    if from.fpscr != to.fpscr {
        let _ = write!(out, " fpscr={:x}", to.fpscr);
    }
}

/// Writes the runs of bytes that are different in `to`; a run goes on over up to three equal bytes.
fn memory_changes(out: &mut String, from: &[u8], to: &[u8]) {
    let mut n = 0;
    while n < to.len() {
        if from[n] == to[n] {
            n += 1;
            continue;
        }
        let start = n;
        let mut end = n + 1;
        while n < to.len() && n < end + 4 {
            if from[n] != to[n] {
                end = n + 1;
            }
            n += 1;
        }
        let _ = write!(out, " [{:x}]=", DATA_VA as usize + start);
        for byte in &to[start..end] {
            let _ = write!(out, "{byte:02x}");
        }
    }
}

/// Fault statuses by name; translation, access flag, domain and permission faults have a level.
const STATUSES: [(&str, FaultStatus); 10] = [
    ("alignment", FaultStatus::Alignment),
    ("translation1", FaultStatus::Translation(1)),
    ("translation2", FaultStatus::Translation(2)),
    ("access1", FaultStatus::AccessFlag(1)),
    ("access2", FaultStatus::AccessFlag(2)),
    ("domain1", FaultStatus::Domain(1)),
    ("domain2", FaultStatus::Domain(2)),
    ("permission1", FaultStatus::Permission(1)),
    ("permission2", FaultStatus::Permission(2)),
    ("debug", FaultStatus::Debug),
];

/// Exceptions by name.
fn stop_named(name: &str) -> Result<Stop, CaseError> {
    let status = |text: &str| {
        let known = STATUSES.iter().find(|(known, _)| *known == text);
        known.map(|(_, status)| *status).ok_or_else(|| wrong("not a fault status", text))
    };
    let mut parts = name.split(':');
    match (parts.next(), parts.next(), parts.next()) {
        (Some("undefined"), None, None) => Ok(Stop::Undefined),
        (Some("svc"), None, None) => Ok(Stop::SupervisorCall),
        (Some("smc"), None, None) => Ok(Stop::SecureMonitorCall),
        (Some("bkpt"), None, None) => Ok(Stop::Breakpoint),
        (Some("prefetch"), Some(text), None) => Ok(Stop::PrefetchAbort(status(text)?)),
        (Some("load"), Some(text), None) => Ok(Stop::DataAbort { status: status(text)?, write: false }),
        (Some("store"), Some(text), None) => Ok(Stop::DataAbort { status: status(text)?, write: true }),
        _ => Err(wrong("not an exception", name)),
    }
}

fn stop_name(stop: Stop) -> String {
    let status = |status: FaultStatus| {
        STATUSES.iter().find(|(_, known)| *known == status).map_or("unknown", |(name, _)| *name)
    };
    match stop {
        Stop::Undefined => "undefined".into(),
        Stop::SupervisorCall => "svc".into(),
        Stop::SecureMonitorCall => "smc".into(),
        Stop::Breakpoint => "bkpt".into(),
        Stop::PrefetchAbort(fault) => format!("prefetch:{}", status(fault)),
        Stop::DataAbort { status: fault, write: false } => format!("load:{}", status(fault)),
        Stop::DataAbort { status: fault, write: true } => format!("store:{}", status(fault)),
        Stop::Budget | Stop::Other(_) => "unknown".into(),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_line_survives_reading_and_writing() {
        for line in [
            "a32 usr e2810001 | add r0, r1, #1 | r1=29 | r0=2a",
            "t32 svc bf08 3001 | it eq; addeq r0, #1 | nzcv=0100 r0=ff | r0=100",
            "t32 usr f8d1 0004 | ldr.w r0, [r1, #4] | align=1 r1=10000003 | !load:alignment",
            "a32 fiq e5810000 | str r0, [r1] | e=1 r0=11223344 r1=10000010 r8_usr=5 [10000010]=ff | [10000010]=11223344",
            "a32 svc e321f010 | msr cpsr_c, #16 | r13_usr=100 | mode=usr aif=0",
            "a32 usr ef000000 | svc #0 | | !svc",
            "a32 usr ea000000 | b #8 | | pc=8e08",
            "a32 usr ee300b01 | vadd.f64 d0, d0, d1 | d0=3ff0000000000000 d1=1 | fpscr=10",
        ] {
            let case = Case::parse(line).unwrap();
            assert_eq!(
                case.line().split_whitespace().collect::<Vec<_>>(),
                line.split_whitespace().collect::<Vec<_>>()
            );
            assert_eq!(Case::parse(&case.line()).unwrap(), case);
        }
    }

    #[test]
    fn wide_thumb_instructions_are_two_halfwords() {
        let case = Case::parse("t32 usr bf00 f3af 8000 | nop; nop.w | |").unwrap();
        assert_eq!(case.words, [(Set::T16, 0xbf00), (Set::T32, 0xf3af_8000)]);
        assert_eq!(case.end.r[15], BLOCK_VA + 6);
        assert_eq!(case.code(), [0x00, 0xbf, 0xaf, 0xf3, 0x00, 0x80]);
    }

    #[test]
    fn mistakes_are_located() {
        for line in [
            "a32 usr e2810001 | add | r1=29",
            "a64 usr e2810001 | add | |",
            "a32 xxx e2810001 | add | |",
            "a32 usr e2810001 | add | r15=1 |",
            "a32 usr e2810001 | add | nzcv=11111 |",
            "a32 usr e2810001 | add | | !nothing",
            "a32 usr e2810001 | add | [20000000]=00 |",
        ] {
            assert!(Case::parse(line).is_err(), "{line}");
        }
    }
}
