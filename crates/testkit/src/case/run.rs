//! Runs a case on several back ends in lockstep, with the naive reference beside them.

use super::{Action, Answer, Case, Config, Device};
use crate::memory::Memory;
use crate::reference::{self, Context, Registers};
use crate::registers::{BANK_STRIDE, RegisterMap};
use crate::tables::Tables;
use crate::transaction::{Fault, Outcome, Request};

/// A kind of device to run cases on.
pub struct Backend {
    /// Short name for messages.
    pub name: &'static str,
    /// Makes one in reset state.
    pub build: fn(&Config) -> Box<dyn Device>,
}

/// Why a case failed, and where.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
#[error("line {line}: {message}")]
pub struct Failure {
    /// Line of the file.
    pub line: usize,
    /// What differed.
    pub message: String,
}

/// A line whose result differs from what was expected.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Difference {
    /// Line of the file.
    pub line: usize,
    /// The text after `=>`.
    pub expected: String,
    /// What came.
    pub actual: String,
}

impl Difference {
    /// The expectation brought up to date: the same keys with new values, or the whole result when the
    /// outcome is of another kind.
    pub fn blessed(&self) -> String {
        let fresh: Vec<&str> = self.actual.split_whitespace().collect();
        let kept: Vec<&str> = self
            .expected
            .split_whitespace()
            .filter_map(|old| fresh.iter().copied().find(|new| key(old) == key(new)))
            .collect();
        let whole = kept.is_empty() || kept.len() < self.expected.split_whitespace().count();
        if whole { self.actual.clone() } else { kept.join(" ") }
    }
}

fn key(token: &str) -> &str {
    match token.split_once('=') {
        Some((key, _)) => key,
        None if token.starts_with("0x") => "value",
        None => token,
    }
}

/// Whether every token of `expected` is in `actual`; numbers compare by value.
fn agrees(expected: &str, actual: &str) -> bool {
    let same = |a: &str, b: &str| {
        a == b
            || matches!((crate::registers::parse_number(a), crate::registers::parse_number(b)), (Some(a), Some(b)) if a == b)
    };
    expected != "?"
        && expected.split_whitespace().all(|want| {
            actual.split_whitespace().any(|have| match (want.split_once('='), have.split_once('=')) {
                (Some((key, value)), Some((other, found))) => key == other && same(value, found),
                (None, None) => same(want, have),
                _ => false,
            })
        })
}

struct Bench {
    name: &'static str,
    device: Box<dyn Device>,
    memory: Memory,
    tables: Tables,
    names: Vec<String>,
}

/// Runs `case` on every back end. The first failure ends the case; differences from the expectations do not,
/// so that all of them can be blessed.
pub fn run(case: &Case, backends: &[Backend], map: &RegisterMap) -> Result<Vec<Difference>, Failure> {
    let mut benches: Vec<Bench> = backends
        .iter()
        .map(|backend| Bench {
            name: backend.name,
            device: (backend.build)(&case.config),
            memory: Memory::new(),
            tables: Tables::new(0x8000_0000),
            names: Vec::new(),
        })
        .collect();
    let mut differences = Vec::new();
    for step in &case.steps {
        let fail = |message| Failure { line: step.line, message };
        let mut results = Vec::new();
        for bench in &mut benches {
            let result = bench.act(&step.action, map, &case.config);
            results.push((bench.name, result.map_err(|m| fail(format!("{}: {m}", bench.name)))?));
        }
        let Some((first, rest)) = results.split_first() else { continue };
        if let Some(other) = rest.iter().find(|other| other.1 != first.1) {
            let show = |r: &Option<String>| r.clone().unwrap_or_default();
            return Err(fail(format!(
                "{} gives {}, but {} gives {}",
                first.0,
                show(&first.1),
                other.0,
                show(&other.1)
            )));
        }
        if let (Some(expected), Some(actual)) = (&step.expected, &first.1)
            && !agrees(expected, actual)
        {
            differences.push(Difference {
                line: step.line,
                expected: expected.clone(),
                actual: actual.clone(),
            });
        }
    }
    Ok(differences)
}

impl Bench {
    /// Does one step; the result as text where the step has one, an error when a law is broken.
    fn act(&mut self, action: &Action, map: &RegisterMap, config: &Config) -> Result<Option<String>, String> {
        let table_error = |e: crate::tables::MapError| e.to_string();
        match action {
            Action::WriteRegister(place, value) => {
                let word = if place.mask == u32::MAX {
                    *value
                } else {
                    self.device.read(&mut self.memory, place.offset) & !place.mask | value << place.lsb
                };
                self.write(place.offset, word, config)?;
            }
            Action::ReadRegister(place) => {
                let word = self.device.read(&mut self.memory, place.offset);
                let value = (word & place.mask) >> place.lsb;
                return Ok(Some(if place.mask == u32::MAX {
                    format!("{value:#010x}")
                } else {
                    format!("{value:#x}")
                }));
            }
            Action::Transaction(request, stale, name) => {
                let id = self.names.len() as u32;
                self.names.push(name.clone().unwrap_or_default());
                return self.transaction(id, request, *stale, config).map(|a| Some(a.to_string()));
            }
            Action::Answer(name) => {
                let id = self.names.iter().position(|n| n == name);
                let id = id.ok_or_else(|| format!("no transaction is called {name}"))?;
                let answer = self.device.answer(id as u32);
                return Ok(Some(answer.map_or("lost".to_owned(), |a| a.to_string())));
            }
            Action::Table(base, big_endian) => {
                self.tables = if *big_endian { Tables::big_endian(*base) } else { Tables::new(*base) };
            }
            Action::Map(va, pa, size, attributes) => {
                self.tables.map(&mut self.memory, *va, *pa, *size, *attributes).map_err(table_error)?;
            }
            Action::Unmap(va, size) => {
                self.tables.unmap(&mut self.memory, *va, *size).map_err(table_error)?;
            }
            Action::Poke(at, value) => {
                self.memory.write32(*at, *value).map_err(|e| format!("poke {at:#x}: {e:?}"))?;
            }
            Action::Peek(at) => {
                let word = self.memory.read32(*at);
                return Ok(Some(word.map_or_else(|e| format!("{e:?}"), |w| format!("{w:#010x}"))));
            }
            Action::Refuse(range, error) => self.memory.refuse(range.clone(), *error),
            Action::Heal => self.memory.heal(),
            Action::Irq(index) => {
                return Ok(Some(if self.device.irq(*index) { "high" } else { "low" }.to_owned()));
            }
            Action::Statistic(name) => {
                let value = self.device.statistic(name);
                let value = value.ok_or_else(|| format!("no counter is called {name}"))?;
                return Ok(Some(value.to_string()));
            }
            Action::Reset => self.device.reset(),
        }
        let _ = map;
        Ok(None)
    }

    fn context(&mut self, bank: u32) -> Context {
        let mut get = |offset| self.device.read(&mut self.memory, bank * BANK_STRIDE + offset);
        Context {
            sctlr: get(0x00),
            actlr: get(0x04),
            ttbr0: get(0x10),
            ttbr1: get(0x14),
            ttbcr: get(0x18),
            prrr: get(0x34),
            nmrr: get(0x38),
        }
    }

    fn registers(&mut self, config: &Config) -> Registers {
        let contexts = (0..config.banks).map(|bank| self.context(bank)).collect();
        let m2vcbr = (0..config.mids).map(|m| self.device.read(&mut self.memory, 0xFF000 + 4 * m)).collect();
        Registers { cr: self.device.read(&mut self.memory, 0xFFF80), m2vcbr, contexts }
    }

    /// A guest write. After a V2P operation that missed the TLB, `PAR` must be the reference's.
    fn write(&mut self, offset: u32, value: u32, config: &Config) -> Result<(), String> {
        let (bank, register) = (offset / BANK_STRIDE, offset % BANK_STRIDE);
        let v2p = bank < config.banks && (0x810..=0x81C).contains(&register);
        let mut before = self.memory.clone();
        let context = if v2p { self.context(bank) } else { Context::default() };
        self.device.write(&mut self.memory, offset, value);
        if v2p && self.device.read(&mut self.memory, bank * BANK_STRIDE + 0x40) & 1 == 0 {
            let request = Request {
                va: value & 0xFFFF_F000,
                write: register & 4 != 0,
                privileged: register < 0x818,
                non_secure: V2P_NON_SECURE,
                ..Request::default()
            };
            let expected = reference::v2p(&context, &mut before, request);
            let par = self.device.read(&mut self.memory, bank * BANK_STRIDE + 0x1C);
            if par != expected {
                return Err(format!("PAR is {par:#010x}, but the reference gives {expected:#010x}"));
            }
        }
        Ok(())
    }

    fn fault_registers(&mut self, bank: u32) -> [u32; 4] {
        [0x20, 0x28, 0x2C, 0x30].map(|at| self.device.read(&mut self.memory, bank * BANK_STRIDE + at))
    }

    /// A transaction. It must agree with the reference, or with `stale` must not.
    fn transaction(
        &mut self,
        id: u32,
        request: &Request,
        stale: bool,
        config: &Config,
    ) -> Result<Answer, String> {
        let registers = self.registers(config);
        let mut memory = self.memory.clone();
        let expected = reference::translate(&registers, &mut memory, request);
        let before: Vec<[u32; 4]> = (0..config.banks).map(|bank| self.fault_registers(bank)).collect();
        let answer = self.device.start(&mut self.memory, id, request);
        // Behind a held transaction nothing is translated, so the reference has nothing to say: the
        // transaction waits, or with TIPCF it is terminated without a fault of its own.
        let tipcf = registers.contexts.iter().any(|context| context.actlr >> 15 & 1 == 1);
        if answer == Answer::Waits || tipcf && matches!(answer, Answer::Fault { cause: 0, .. }) {
            return Ok(answer);
        }
        let same = same(&answer, &expected, &registers) && self.memory.words().eq(memory.words());
        if same == stale {
            let verb = if stale { "should differ from" } else { "differs from" };
            return Err(format!("{answer} {verb} the reference: {expected:?}"));
        }
        if let (false, Outcome::Fault(Fault { bank, fsr, far, fsynr0, fsynr1 })) = (stale, expected) {
            let old = before[usize::from(bank)];
            let new = self.fault_registers(u32::from(bank));
            let wanted = if old[0] == 0 {
                let held = matches!(answer, Answer::Held { .. });
                [if held { fsr } else { fsr & !(1 << 30) }, far, fsynr0, fsynr1]
            } else {
                [old[0] | 1 << 31, old[1], old[2], old[3]]
            };
            if new != wanted {
                return Err(format!("FSR, FAR, FSYNR0, FSYNR1 are {new:08x?}, expected {wanted:08x?}"));
            }
        }
        Ok(answer)
    }
}

/// Whether an answer is what the reference expects. Where a translation was found is not the reference's
/// business.
pub fn same(answer: &Answer, expected: &Outcome, registers: &Registers) -> bool {
    const CAUSE: u32 = 0x0001_00FE;
    match (answer, expected) {
        (Answer::Bypassed { .. }, Outcome::Bypassed) => true,
        (Answer::Translated { pa, page, kind, share, ns, hit: _ }, Outcome::Translated(t)) => {
            (*pa, *page, *kind, *share, *ns) == (t.pa, t.page, t.kind, t.share, t.ns)
        }
        (Answer::Fault { cause, error }, Outcome::Fault(f)) => {
            let actlr = registers.contexts[usize::from(f.bank)].actlr;
            *cause == f.fsr & CAUSE && f.fsr >> 30 & 1 == 0 && *error == (actlr & 1 == 1)
        }
        (Answer::Held { cause }, Outcome::Fault(f)) => *cause == f.fsr & CAUSE && f.fsr >> 30 & 1 == 1,
        (Answer::Global { cause, error: _ }, Outcome::Global(esr)) => cause == esr,
        _ => false,
    }
}

/// V2P operations are started by software on the (non-secure) core.
const V2P_NON_SECURE: bool = true;

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn expectations_name_only_what_they_care_about() {
        let actual = "pa=0x80123456 page=4K hit=walk";
        assert!(agrees("pa=0x8012_3456", actual) && agrees("hit=walk pa=0x80123456", actual));
        assert!(!agrees("pa=0x80123457", actual) && !agrees("fault=TF", actual) && !agrees("?", actual));
        assert!(agrees("0x10", "0x00000010") && agrees("16", "0x00000010") && !agrees("1", "0x10"));
    }

    #[test]
    fn blessing_keeps_the_keys_and_changes_the_values() {
        let bless = |expected: &str, actual: &str| {
            Difference { line: 1, expected: expected.to_owned(), actual: actual.to_owned() }.blessed()
        };
        assert_eq!(bless("pa=0x1 hit=walk", "pa=0x2 page=4K hit=main"), "pa=0x2 hit=main");
        assert_eq!(bless("pa=0x1 hit=walk", "fault=TF answer=zero"), "fault=TF answer=zero");
        assert_eq!(bless("?", "0x00000001"), "0x00000001");
        assert_eq!(bless("0x2", "0x00000001"), "0x00000001");
    }
}
