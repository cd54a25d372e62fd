//! A running machine as a debugger sees it.

use std::fmt::Write as _;

use msmemu_machine::Stop as MachineStop;
use msmemu_machine::cpu::cp15::Cp15Regs;
use msmemu_machine::cpu::observe::DataAccess;
use msmemu_machine::observe::Observer;
use msmemu_machine::smmu::RegisterId;

use super::{Debuggee, Group, NoMemory, REGISTERS, Stop, Watchpoint};
use crate::run::{Console, Outcome, Run, outcome};

/// Instructions run one by one between two looks at the debugger, while there are watchpoints.
const STEPS: u32 = 100_000;

/// Looks for accesses to watched addresses.
#[derive(Clone, Debug, Default)]
pub(crate) struct Watch {
    points: Vec<Watchpoint>,
    hit: Option<(u32, bool)>,
}

impl Observer for Watch {
    const DATA: bool = true;

    fn data(&mut self, access: &DataAccess) {
        let hit = |point: &&Watchpoint| point.hit(access.va, u32::from(access.size), access.write);
        if let Some(point) = self.points.iter().find(hit) {
            self.hit = Some((point.address, access.write));
        }
    }
}

/// A run under a debugger.
pub struct Debugged<'a, C> {
    run: &'a mut Run,
    console: &'a mut C,
    watch: Watch,
    breakpoints: Vec<u32>,
    ended: Option<MachineStop>,
    interrupted: bool,
}

impl<'a, C: Console> Debugged<'a, C> {
    /// Puts a run under a debugger.
    pub fn new(run: &'a mut Run, console: &'a mut C) -> Self {
        Self {
            run,
            console,
            watch: Watch::default(),
            breakpoints: Vec::new(),
            ended: None,
            interrupted: false,
        }
    }

    /// Why the run ended, if it did: `None` inside for an interruption from outside.
    pub fn ended(&self) -> Option<Option<MachineStop>> {
        if self.interrupted { Some(None) } else { self.ended.clone().map(Some) }
    }

    fn translate(&mut self, va: u32) -> Result<u32, NoMemory> {
        self.run.machine.core_translate(va).ok_or(NoMemory)
    }

    fn stopped(&mut self, stop: MachineStop) -> Stop {
        match stop {
            MachineStop::Slice => Stop::Budget,
            MachineStop::Breakpoint => Stop::Breakpoint,
            MachineStop::Watchpoint { va } => Stop::Watchpoint { address: va, write: true },
            stop => {
                self.ended = Some(stop);
                Stop::Ended
            }
        }
    }

    fn monitor_smmu(&self, name: Option<&str>) -> String {
        let machine = &self.run.machine;
        let config = machine.config();
        let mut out = String::new();
        let Some(name) = name else {
            for (index, smmu) in config.smmu.iter().enumerate() {
                let Some(model) = machine.smmu(index) else { continue };
                let stats = model.stats();
                let held = model.held().count();
                let _ = writeln!(
                    out,
                    "{:<10} {} banks, {} requests, interrupts {:02b}, {held} held",
                    smmu.name,
                    smmu.banks,
                    stats.requests,
                    model.interrupts()
                );
            }
            return out;
        };
        let Some(index) = config.smmu.iter().position(|s| s.name == name) else {
            return format!("no SMMU is called {name}; `monitor smmu` lists them");
        };
        let (Some(model), smmu) = (machine.smmu(index), &config.smmu[index]) else {
            return String::new();
        };
        for bank in 0..smmu.banks {
            let used = smmu.context.iter().find(|c| c.bank == bank).map_or("", |c| c.name.as_str());
            let _ = writeln!(out, "bank {bank} {used}");
            for register in
                ["SCTLR", "ACTLR", "TTBR0", "TTBR1", "TTBCR", "CONTEXTIDR", "FSR", "FAR", "FSYNR0", "FSYNR1"]
            {
                let at = (0..0x1000).step_by(4).filter_map(|o| RegisterId::at(bank * 0x1000 + o));
                let Some(id) = at.into_iter().find(|id| id.desc().name == register) else { continue };
                let value = model.peek(id.offset());
                let _ = writeln!(out, "  {register:<10} {value:#010x}  {}", id.desc().show(value));
            }
        }
        let entries = (0..=u8::MAX).map(u16::from).filter_map(|i| Some((i, model.tlb_entry(i)?)));
        let _ = writeln!(out, "TLB");
        for (i, entry) in entries {
            let asid = if entry.global { "global".into() } else { format!("ASID {}", entry.asid) };
            let _ = writeln!(
                out,
                "  {i:>3}: {:#010x} -> {:#010x} {:?}, VMID {}, {asid}{}{}",
                entry.va,
                entry.pa,
                entry.size,
                entry.vmid,
                if entry.non_secure { "" } else { ", secure" },
                if entry.locked { ", locked" } else { "" },
            );
        }
        if let Some(fault) = machine.faults().iter().rev().find(|f| f.smmu == index) {
            let _ = write!(out, "last fault\n{}", machine.explain_fault(fault));
        }
        out
    }
}

const HELP: &str = "\
monitor smmu            the System MMUs
monitor smmu NAME       contexts, TLB and last fault of one
monitor explain ADDR    what is at a physical address, without side effects
monitor time            guest time, instructions, cycles
monitor help            this list";

impl<C: Console> Debuggee for Debugged<'_, C> {
    fn register(&mut self, number: usize) -> u64 {
        let core = self.run.machine.core();
        let Some(register) = REGISTERS.get(number) else { return 0 };
        match register.group {
            Group::Core => u64::from(match number {
                15 => core.pc,
                16 => core.cpsr(),
                n => core.r[n],
            }),
            Group::Vfp => match register.name.strip_prefix('d').and_then(|n| n.parse::<usize>().ok()) {
                Some(n) => core.fp.d[n],
                None => u64::from(core.fp.fpscr),
            },
            Group::Banked => u64::from(banked(register.name).map_or(0, |b| *b.of(&mut core.clone()))),
            Group::Cp15 => u64::from(cp15(register.name).map_or(0, |r| core.cp15_reg(r))),
        }
    }

    fn set_register(&mut self, number: usize, value: u64) {
        self.run.forget_origin();
        let core = self.run.machine.core_mut();
        let Some(register) = REGISTERS.get(number) else { return };
        let word = value as u32;
        match register.group {
            Group::Core => match number {
                15 => core.pc = word & if core.thumb { !1 } else { !3 },
                16 => core.set_cpsr(word, u32::MAX),
                n => core.r[n] = word,
            },
            Group::Vfp => match register.name.strip_prefix('d').and_then(|n| n.parse::<usize>().ok()) {
                Some(n) => core.fp.d[n] = value,
                None => core.fp.fpscr = word,
            },
            Group::Banked => {
                if let Some(banked) = banked(register.name) {
                    *banked.of(core) = word;
                }
            }
            Group::Cp15 => {
                if let Some(register) = cp15(register.name) {
                    let secure = core.is_secure();
                    core.cp15.set(register, secure, word);
                    core.tlb.flush();
                }
            }
        }
    }

    fn read_memory(&mut self, address: u32, data: &mut [u8]) -> Result<(), NoMemory> {
        for (at, piece) in pages(address, data.len()) {
            let pa = self.translate(at)?;
            let part = &mut data[piece];
            self.run.machine.read_physical(pa, part).map_err(|_| NoMemory)?;
        }
        Ok(())
    }

    fn write_memory(&mut self, address: u32, data: &[u8]) -> Result<(), NoMemory> {
        let mut targets = Vec::new();
        for (at, piece) in pages(address, data.len()) {
            let pa = self.translate(at)?;
            self.run.machine.read_physical(pa, &mut vec![0; piece.len()]).map_err(|_| NoMemory)?;
            targets.push((pa, piece));
        }
        self.run.forget_origin();
        for (pa, piece) in targets {
            self.run.machine.write_physical(pa, &data[piece]).map_err(|_| NoMemory)?;
        }
        Ok(())
    }

    fn set_breakpoints(&mut self, addresses: &[u32]) {
        self.breakpoints = addresses.to_vec();
        self.run.machine.set_breakpoints(addresses);
    }

    fn set_watchpoints(&mut self, watchpoints: &[Watchpoint]) {
        self.watch.points = watchpoints.to_vec();
    }

    fn step(&mut self) -> Stop {
        if self.ended.is_some() {
            return Stop::Ended;
        }
        let before = self.run.machine.core().instructions;
        self.watch.hit = None;
        loop {
            let stop = self.run.step(&mut self.watch, self.console);
            if let Some((address, write)) = self.watch.hit.take() {
                return Stop::Watchpoint { address, write };
            }
            match self.stopped(stop) {
                // A slice without an instruction only moved time, or took an exception.
                Stop::Budget if self.run.machine.core().instructions == before => {
                    if self.console.interrupted() {
                        self.interrupted = true;
                        return Stop::Ended;
                    }
                }
                Stop::Budget | Stop::Breakpoint => return Stop::Step,
                stop => return stop,
            }
        }
    }

    fn run(&mut self) -> Stop {
        if self.ended.is_some() || self.console.interrupted() {
            self.interrupted = self.ended.is_none();
            return Stop::Ended;
        }
        if self.watch.points.is_empty() {
            let stop = self.run.slice(self.console);
            return self.stopped(stop);
        }
        for _ in 0..STEPS {
            match self.step() {
                Stop::Step if self.breakpoints.contains(&self.run.machine.core().pc) => {
                    return Stop::Breakpoint;
                }
                Stop::Step => {}
                stop => return stop,
            }
        }
        Stop::Budget
    }

    fn interrupted(&mut self) -> bool {
        self.interrupted |= self.console.interrupted();
        self.interrupted
    }

    fn exit_status(&self) -> u8 {
        match outcome(self.ended.as_ref()) {
            Outcome::Success => 0,
            _ => 1,
        }
    }

    fn monitor(&mut self, command: &str) -> String {
        let words: Vec<&str> = command.split_whitespace().collect();
        match words.as_slice() {
            ["smmu"] => self.monitor_smmu(None),
            ["smmu", name] => self.monitor_smmu(Some(name)),
            ["time"] => {
                let machine = &self.run.machine;
                let core = machine.core();
                let time = crate::limit::Point::Time(machine.time());
                format!("{time}, {} instructions, {} cycles", core.instructions, core.cycles)
            }
            ["explain", address] => {
                let digits = address.trim_start_matches("0x");
                match u32::from_str_radix(digits, 16) {
                    Ok(address) => self
                        .run
                        .machine
                        .explain_address(address)
                        .unwrap_or_else(|| format!("nothing is known about {address:#010x}")),
                    Err(_) => format!("{address} is not an address"),
                }
            }
            _ => HELP.into(),
        }
    }
}

/// The pieces of a range of virtual addresses, page by page: first address, and where in the range.
fn pages(address: u32, len: usize) -> impl Iterator<Item = (u32, std::ops::Range<usize>)> {
    let mut done = 0;
    std::iter::from_fn(move || {
        let at = address.wrapping_add(done as u32);
        let piece = (0x1000 - (at & 0xFFF) as usize).min(len - done);
        let range = done..done + piece;
        done += piece;
        (piece > 0).then_some((at, range))
    })
}

fn cp15(name: &str) -> Option<Cp15Regs> {
    Cp15Regs::ALL.iter().copied().find(|r| r.desc().name == name)
}

/// A register of a mode that may not be running.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Banked {
    /// R8 to R14 as User mode sees them.
    User(usize),
    /// R8 to R12 of FIQ mode.
    Fiq(usize),
    /// R13 of a bank.
    Sp(usize),
    /// R14 of a bank.
    Lr(usize),
    /// SPSR of a bank.
    Spsr(usize),
}

fn banked(name: &str) -> Option<Banked> {
    use msmemu_machine::cpu::psr::Mode;
    let (register, mode) = name.split_once('_')?;
    let bank = match mode {
        "usr" => Mode::User,
        "fiq" => Mode::Fiq,
        "irq" => Mode::Irq,
        "svc" => Mode::Supervisor,
        "abt" => Mode::Abort,
        "und" => Mode::Undefined,
        "mon" => Mode::Monitor,
        _ => return None,
    }
    .bank();
    Some(match (register, mode) {
        ("sp", "usr") => Banked::User(13),
        ("lr", "usr") => Banked::User(14),
        ("sp", _) => Banked::Sp(bank),
        ("lr", _) => Banked::Lr(bank),
        ("spsr", _) => Banked::Spsr(bank),
        (r, "usr") => Banked::User(r.strip_prefix('r')?.parse().ok()?),
        (r, "fiq") => Banked::Fiq(r.strip_prefix('r')?.parse().ok()?),
        _ => return None,
    })
}

impl Banked {
    /// Where the register is now: in its bank, or among the running ones.
    fn of(self, core: &mut msmemu_machine::cpu::Core) -> &mut u32 {
        use msmemu_machine::cpu::psr::Mode;
        let running = core.mode.bank();
        let fiq = core.mode == Mode::Fiq;
        match self {
            Self::User(n @ 8..=12) if fiq => &mut core.banks.r8_other[n - 8],
            Self::Fiq(n @ 8..=12) if !fiq => &mut core.banks.r8_other[n - 8],
            Self::User(13) if running != 0 => &mut core.banks.r13[0],
            Self::User(14) if running != 0 => &mut core.banks.r14[0],
            Self::User(n) | Self::Fiq(n) => &mut core.r[n & 15],
            Self::Sp(bank) if bank != running => &mut core.banks.r13[bank],
            Self::Lr(bank) if bank != running => &mut core.banks.r14[bank],
            Self::Sp(_) => &mut core.r[13],
            Self::Lr(_) => &mut core.r[14],
            Self::Spsr(bank) => &mut core.banks.spsr[bank],
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn every_register_has_a_place() {
        for register in REGISTERS {
            match register.group {
                Group::Banked => assert!(banked(register.name).is_some(), "{}", register.name),
                Group::Cp15 => assert!(cp15(register.name).is_some(), "{}", register.name),
                Group::Core | Group::Vfp => {}
            }
        }
    }

    #[test]
    fn ranges_split_at_pages_and_wrap() {
        let split: Vec<_> = pages(0xFFFF_FFFE, 4).collect();
        assert_eq!(split, [(0xFFFF_FFFE, 0..2), (0, 2..4)]);
        assert_eq!(pages(0x1000, 0).count(), 0);
        assert_eq!(pages(0x1FFF, 0x1002).count(), 3);
    }
}
