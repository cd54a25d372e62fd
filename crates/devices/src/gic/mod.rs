//! QGIC: the SoC's GIC without Security Extensions, distributor and CPU interfaces.
//!
//! Behaviour follows the ARM Generic Interrupt Controller architecture (IHI 0048B; version 1 as
//! in IHI 0048A) for an implementation without Security Extensions and with 32 priority levels.
//! Chosen by us or taken from vendor code:
//!
//! * SGIs can be disabled and start disabled; PPI configuration is writable (vendor note, MSM8x60).
//! * All configuration resets to level-sensitive; priorities reset to 0; targets to none.
//! * An end of interrupt while nothing runs is ignored (the architecture leaves it open).
//! * Interrupt grouping, FIQ output and bypass are absent: there is one group, signalled as IRQ.

mod registers;
mod saved;

pub use registers::{Gicc, Gicd};
pub use saved::{SavedBank, SavedCpuInterface, SavedGic};

use crate::device::{Device, Gap, Mmio, MmioResult, Peek, word_register};
use msmemu_fabric::{Size, Time};
use msmemu_regs::{At, RegFile};
use registers::{GICC_BPR, GICC_CTLR, GICC_EOIR, GICC_PMR, GICD_SGIR};

/// Offset of the CPU interface in the device's register space; the distributor is at 0.
pub const CPU_INTERFACE: u32 = 0x1000;
/// What an acknowledge returns when there is nothing to acknowledge.
pub const SPURIOUS: u32 = 1023;

const PRIORITY_MASK: u8 = 0xf8;
const MIN_BINARY_POINT: u32 = 2;
const SGIS: u32 = 0xffff;
/// QUALCOMM's JEP106 code; product and revision 0 (our choice).
const IMPLEMENTER: u32 = 0x070;

/// Architecture version.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub enum Version {
    /// MSM8x60 (`qcom,msm-8660-qgic`).
    V1,
    /// MSM8960, APQ8064 (`qcom,msm-qgic2`).
    V2,
}

/// Size and version of a [`Gic`].
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub struct GicConfig {
    /// Architecture version.
    pub version: Version,
    /// CPU interfaces, 1 to 8. Bus port `n` is core `n`.
    pub cpus: u8,
    /// Shared interrupts; rounded up to a multiple of 32, at most 988.
    pub spis: u16,
}

/// An input of the GIC.
#[derive(Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash, Debug)]
pub enum GicInput {
    /// Shared peripheral interrupt; number 0 is interrupt 32.
    Spi(u16),
    /// Private peripheral interrupt; number 0 is interrupt 16.
    Ppi {
        /// Core.
        cpu: u8,
        /// 0 to 15.
        number: u8,
    },
}

impl GicInput {
    /// Number of the first PPI, as software sees it.
    pub const FIRST_PPI: u32 = 16;
    /// Number of the first SPI, as software sees it.
    pub const FIRST_SPI: u32 = 32;

    /// Number of the interrupt, as software sees it.
    pub fn number(self) -> u32 {
        match self {
            Self::Spi(number) => u32::from(number) + Self::FIRST_SPI,
            Self::Ppi { number, .. } => u32::from(number) + Self::FIRST_PPI,
        }
    }
}

/// What keeps an interrupt from a core, in the order in which software usually forgets it.
#[derive(Clone, Copy, PartialEq, Eq, Debug, thiserror::Error)]
pub enum Obstacle {
    /// Nothing asks for it.
    #[error("it is not pending")]
    NotPending,
    /// Its bit in `GICD_ISENABLER` is 0.
    #[error("it is not enabled in GICD_ISENABLER")]
    Disabled,
    /// `GICD_ITARGETSR` does not name the core.
    #[error("GICD_ITARGETSR does not route it to this core")]
    NotTargeted,
    /// `GICD_CTLR` is 0.
    #[error("GICD_CTLR switches the distributor off")]
    DistributorOff,
    /// `GICC_CTLR` is 0.
    #[error("GICC_CTLR switches the CPU interface off")]
    InterfaceOff,
    /// It is active: taken, and not ended by a write to `GICC_EOIR`.
    #[error("it is still active: GICC_EOIR was not written")]
    Active,
    /// `GICC_PMR` lets only higher priorities through.
    #[error("its priority {priority:#04x} is not above the mask {mask:#04x} in GICC_PMR")]
    Masked {
        /// Its priority.
        priority: u8,
        /// The mask.
        mask: u8,
    },
    /// An interrupt of a priority as high is active.
    #[error("an interrupt of the same or a higher priority is active: GICC_EOIR was not written")]
    Running,
    /// Another pending interrupt goes first.
    #[error("another one goes first")]
    Waits,
}

/// An interrupt input the controller does not have.
#[derive(Clone, Copy, PartialEq, Eq, Debug, thiserror::Error)]
#[error("the interrupt controller has no input {0:?}")]
pub struct NoSuchInput(pub GicInput);

/// State of 32 interrupts, a bit each.
#[derive(Clone, Debug, Default)]
struct Bank {
    enabled: u32,
    /// Pending by an edge, by software, or (SGIs) by any source.
    latch: u32,
    active: u32,
    line: u32,
    edge: u32,
    priority: [u8; 32],
    /// CPU interfaces; private interrupts do not use it.
    targets: [u8; 32],
}

impl Bank {
    fn pending(&self) -> u32 {
        self.latch | (self.line & !self.edge)
    }

    fn set_line(&mut self, bit: u32, level: bool) {
        if level {
            self.latch |= bit & self.edge & !self.line;
            self.line |= bit;
        } else {
            self.line &= !bit;
        }
    }
}

#[derive(Clone, Debug)]
struct CpuInterface {
    regs: RegFile<Gicc, { Gicc::WORDS }>,
    /// SGIs and PPIs of this core.
    private: Bank,
    /// Cores that have sent each SGI, a bit each.
    sgi_sources: [u8; 16],
}

impl CpuInterface {
    fn new() -> Self {
        let mut new = Self {
            regs: RegFile::new(),
            private: Bank { edge: SGIS, ..Bank::default() },
            sgi_sources: [0; 16],
        };
        new.regs.set_field(GICC_BPR::Binary_point, MIN_BINARY_POINT);
        new
    }

    fn running_group(&self) -> u32 {
        match self.regs.get(Gicc::GICC_APR0) {
            0 => 0x100,
            active => active.trailing_zeros() * 8,
        }
    }

    fn group(&self, priority: u8) -> u32 {
        let point = self.regs.field(GICC_BPR::Binary_point);
        u32::from(priority) & (0xff << (point + 1))
    }
}

#[derive(Clone, Copy)]
struct Candidate {
    id: u32,
    priority: u8,
    source: u32,
}

impl Candidate {
    fn acknowledge_value(self) -> u32 {
        self.id | self.source << 10
    }
}

/// The interrupt controller. Its register space is the distributor at 0 and the CPU interface of
/// the accessing core at [`CPU_INTERFACE`]; the machine maps both where the SoC has them.
#[derive(Clone, Debug)]
pub struct Gic {
    version: Version,
    enabled: bool,
    cpus: Vec<CpuInterface>,
    /// Interrupts 32 and up.
    shared: Vec<Bank>,
    /// Cores that are asked for an IRQ exception, a bit each: a function of the rest, asked for far more often
    /// than that changes.
    irqs: u8,
}

impl Gic {
    /// A controller after power-on.
    pub fn new(config: GicConfig) -> Self {
        let GicConfig { version, cpus, spis } = config;
        let banks = usize::from(spis.clamp(1, 988).div_ceil(32));
        Self {
            version,
            enabled: false,
            cpus: vec![CpuInterface::new(); usize::from(cpus.clamp(1, 8))],
            shared: vec![Bank::default(); banks],
            irqs: 0,
        }
    }

    /// Works out the requests to the cores. Whatever may change them ends with it.
    fn settle(&mut self) {
        let request = |cpu| u8::from(self.signalled(cpu).is_some()) << cpu;
        self.irqs = (0..self.cpus.len()).fold(0, |irqs, cpu| irqs | request(cpu));
    }

    /// Sets the level of an input.
    ///
    /// # Errors
    /// When there is no such input.
    pub fn set_input(&mut self, input: GicInput, level: bool) -> Result<(), NoSuchInput> {
        match input {
            GicInput::Spi(number) => {
                let bank = self.shared.get_mut(usize::from(number / 32)).ok_or(NoSuchInput(input))?;
                bank.set_line(1 << (number % 32), level);
            }
            GicInput::Ppi { cpu, number } => {
                let cpu = self.cpus.get_mut(usize::from(cpu)).filter(|_| number < 16);
                cpu.ok_or(NoSuchInput(input))?.private.set_line(1 << (16 + number), level);
            }
        }
        self.settle();
        Ok(())
    }

    /// Whether the controller asks core `cpu` for an IRQ exception. Low for a core it does not have.
    #[inline]
    pub fn irq(&self, cpu: usize) -> bool {
        cpu < 8 && self.irqs & (1 << cpu) != 0
    }

    /// What keeps an input from interrupting core `cpu`; none when it is what the core is asked to take.
    pub fn obstacle(&self, cpu: usize, input: GicInput) -> Option<Obstacle> {
        let id = input.number();
        let (word, at) = (id as usize / 32, id as usize % 32);
        let bit = 1 << at;
        let (Some(bank), Some(interface)) = (self.bank(cpu, word), self.cpus.get(cpu)) else {
            return Some(Obstacle::NotPending);
        };
        let (priority, mask) = (bank.priority[at], interface.regs.field(GICC_PMR::Priority) as u8);
        let obstacles = [
            (bank.enabled & bit == 0, Obstacle::Disabled),
            (bank.pending() & bit == 0, Obstacle::NotPending),
            (word > 0 && bank.targets[at] & (1 << cpu) == 0, Obstacle::NotTargeted),
            (!self.enabled, Obstacle::DistributorOff),
            (!interface.regs.is_set(GICC_CTLR::Enable), Obstacle::InterfaceOff),
            (bank.active & bit != 0, Obstacle::Active),
            (priority >= mask, Obstacle::Masked { priority, mask }),
            (interface.group(priority) >= interface.running_group(), Obstacle::Running),
            (self.signalled(cpu).is_none_or(|taken| taken.id != id), Obstacle::Waits),
        ];
        obstacles.into_iter().find_map(|(stands, obstacle)| stands.then_some(obstacle))
    }

    /// Whether something asks for an input's interrupt, whatever becomes of it.
    pub fn is_pending(&self, cpu: usize, input: GicInput) -> bool {
        let id = input.number();
        self.bank(cpu, id as usize / 32).is_some_and(|bank| bank.pending() & 1 << (id % 32) != 0)
    }

    /// CPU interfaces.
    pub fn number_of_cpus(&self) -> usize {
        self.cpus.len()
    }

    fn bank(&self, cpu: usize, word: usize) -> Option<&Bank> {
        match word.checked_sub(1) {
            None => self.cpus.get(cpu).map(|cpu| &cpu.private),
            Some(word) => self.shared.get(word),
        }
    }

    fn bank_mut(&mut self, cpu: usize, word: usize) -> Option<&mut Bank> {
        match word.checked_sub(1) {
            None => self.cpus.get_mut(cpu).map(|cpu| &mut cpu.private),
            Some(word) => self.shared.get_mut(word),
        }
    }

    /// The pending interrupt of highest priority for a core, whatever masks it there.
    fn best(&self, cpu: usize) -> Option<Candidate> {
        let interface = self.cpus.get(cpu)?;
        if !self.enabled {
            return None;
        }
        let mut best: Option<Candidate> = None;
        for word in 0..=self.shared.len() {
            let bank = self.bank(cpu, word)?;
            let mut ready = bank.pending() & bank.enabled & !bank.active;
            while ready != 0 {
                let bit = ready.trailing_zeros();
                ready &= ready - 1;
                let at = bit as usize;
                if word > 0 && bank.targets[at] & (1 << cpu) == 0 {
                    continue;
                }
                if best.is_none_or(|best| bank.priority[at] < best.priority) {
                    let id = word as u32 * 32 + bit;
                    let source = match interface.sgi_sources.get(id as usize) {
                        Some(&sources) if sources != 0 => sources.trailing_zeros(),
                        _ => 0,
                    };
                    best = Some(Candidate { id, priority: bank.priority[at], source });
                }
            }
        }
        best
    }

    /// The interrupt that the core is asked to take.
    fn signalled(&self, cpu: usize) -> Option<Candidate> {
        let interface = self.cpus.get(cpu)?;
        if !interface.regs.is_set(GICC_CTLR::Enable) {
            return None;
        }
        let best = self.best(cpu)?;
        let unmasked = u32::from(best.priority) < interface.regs.field(GICC_PMR::Priority);
        let preempts = interface.group(best.priority) < interface.running_group();
        (unmasked && preempts).then_some(best)
    }

    fn acknowledge(&mut self, cpu: usize) -> u32 {
        let Some(taken) = self.signalled(cpu) else { return SPURIOUS };
        let bit = 1 << (taken.id % 32);
        let interface = &mut self.cpus[cpu];
        let group = interface.group(taken.priority);
        let active = interface.regs.get(Gicc::GICC_APR0) | 1 << (group / 8);
        interface.regs.set(Gicc::GICC_APR0, active);
        let mut still_pending = false;
        if let Some(sources) = interface.sgi_sources.get_mut(taken.id as usize) {
            *sources &= !(1 << taken.source);
            still_pending = *sources != 0;
        }
        if let Some(bank) = self.bank_mut(cpu, (taken.id / 32) as usize) {
            bank.active |= bit;
            if !still_pending {
                bank.latch &= !bit;
            }
        }
        self.settle();
        taken.acknowledge_value()
    }

    fn end_of_interrupt(&mut self, cpu: usize, id: u32) {
        let regs = &mut self.cpus[cpu].regs;
        if id >= 1020 {
            return;
        }
        let active = regs.get(Gicc::GICC_APR0);
        regs.set(Gicc::GICC_APR0, active & active.wrapping_sub(1));
        if !regs.is_set(GICC_CTLR::EOImode) {
            self.deactivate(cpu, id);
        }
    }

    fn deactivate(&mut self, cpu: usize, id: u32) {
        if let Some(bank) = self.bank_mut(cpu, (id / 32) as usize) {
            bank.active &= !(1 << (id % 32));
        }
    }

    fn send_sgi(&mut self, from: usize, value: u32) {
        let id = GICD_SGIR::SGIINTID.get(value) as usize;
        let list = GICD_SGIR::CPUTargetList.get(value);
        let all = (1 << self.cpus.len()) - 1;
        let targets = match GICD_SGIR::TargetListFilter.get(value) {
            0 => list,
            1 => all & !(1 << from),
            2 => 1 << from,
            _ => 0, // reserved
        };
        for (n, cpu) in self.cpus.iter_mut().enumerate() {
            if targets & (1 << n) != 0 {
                cpu.sgi_sources[id] |= 1 << from;
                cpu.private.latch |= 1 << id;
            }
        }
    }

    fn sgi_pending(&self, cpu: usize, word: usize) -> u32 {
        let sources = &self.cpus[cpu].sgi_sources;
        (0..4).fold(0, |value, n| value | u32::from(sources[word * 4 + n]) << (8 * n))
    }

    fn change_sgi_pending(&mut self, cpu: usize, word: usize, change: impl Fn(u32) -> u32) {
        let all = ((1_u32 << self.cpus.len()) - 1) as u8;
        let value = change(self.sgi_pending(cpu, word)).to_le_bytes();
        let cpu = &mut self.cpus[cpu];
        for (n, byte) in value.into_iter().enumerate() {
            let id = word * 4 + n;
            cpu.sgi_sources[id] = byte & all;
            let bit = 1 << id;
            if byte & all == 0 { cpu.private.latch &= !bit } else { cpu.private.latch |= bit }
        }
    }

    fn distributor_value(&self, cpu: usize, at: At<Gicd>) -> u32 {
        let word = usize::from(at.index);
        let bits = |get: fn(&Bank) -> u32| self.bank(cpu, word).map_or(0, get);
        match at.reg {
            Gicd::GICD_CTLR => u32::from(self.enabled),
            Gicd::GICD_TYPER => self.shared.len() as u32 | (self.cpus.len() as u32 - 1) << 5,
            Gicd::GICD_IIDR => IMPLEMENTER,
            Gicd::GICD_IGROUPR | Gicd::GICD_SGIR => 0,
            Gicd::GICD_ISENABLER | Gicd::GICD_ICENABLER => bits(|bank| bank.enabled),
            Gicd::GICD_ISPENDR | Gicd::GICD_ICPENDR => bits(Bank::pending),
            Gicd::GICD_ISACTIVER => bits(|bank| bank.active),
            Gicd::GICD_ICACTIVER => match self.version {
                Version::V1 => 0,
                Version::V2 => bits(|bank| bank.active),
            },
            Gicd::GICD_IPRIORITYR => self.bytes(cpu, word, |bank| &bank.priority),
            Gicd::GICD_ITARGETSR if word < 8 => 0x0101_0101 << cpu,
            Gicd::GICD_ITARGETSR => self.bytes(cpu, word, |bank| &bank.targets),
            Gicd::GICD_ICFGR => {
                let edge = self.bank(cpu, word / 2).map_or(0, |bank| bank.edge >> (16 * (word % 2)));
                (0..16).fold(0, |value, n| value | (edge >> n & 1) << (2 * n + 1))
            }
            Gicd::GICD_CPENDSGIR | Gicd::GICD_SPENDSGIR => match self.version {
                Version::V1 => 0,
                Version::V2 => self.sgi_pending(cpu, word),
            },
            Gicd::ICPIDR2 => match self.version {
                Version::V1 => 0x10,
                Version::V2 => 0x20,
            },
        }
    }

    fn bytes(&self, cpu: usize, word: usize, field: fn(&Bank) -> &[u8; 32]) -> u32 {
        let Some(bank) = self.bank(cpu, word / 8) else { return 0 };
        (0..4).fold(0, |value, n| value | u32::from(field(bank)[word % 8 * 4 + n]) << (8 * n))
    }

    fn write_distributor(&mut self, cpu: usize, at: At<Gicd>, value: u32) {
        let word = usize::from(at.index);
        let v2 = self.version == Version::V2;
        // SGIs become pending by GICD_SGIR only.
        let settable = if word == 0 { value & !SGIS } else { value };
        match at.reg {
            Gicd::GICD_CTLR => self.enabled = value & 1 != 0,
            Gicd::GICD_TYPER | Gicd::GICD_IIDR | Gicd::GICD_IGROUPR | Gicd::ICPIDR2 => {}
            Gicd::GICD_ISENABLER => self.change(cpu, word, |bank| bank.enabled |= value),
            Gicd::GICD_ICENABLER => self.change(cpu, word, |bank| bank.enabled &= !value),
            Gicd::GICD_ISPENDR => self.change(cpu, word, |bank| bank.latch |= settable),
            Gicd::GICD_ICPENDR => self.change(cpu, word, |bank| bank.latch &= !settable),
            Gicd::GICD_ISACTIVER if v2 => self.change(cpu, word, |bank| bank.active |= value),
            Gicd::GICD_ICACTIVER if v2 => self.change(cpu, word, |bank| bank.active &= !value),
            Gicd::GICD_ISACTIVER | Gicd::GICD_ICACTIVER => {}
            Gicd::GICD_IPRIORITYR => self.change(cpu, word / 8, |bank| {
                for (n, byte) in value.to_le_bytes().into_iter().enumerate() {
                    bank.priority[word % 8 * 4 + n] = byte & PRIORITY_MASK;
                }
            }),
            Gicd::GICD_ITARGETSR => {
                let all = ((1_u32 << self.cpus.len()) - 1) as u8;
                if word >= 8 {
                    self.change(cpu, word / 8, |bank| {
                        for (n, byte) in value.to_le_bytes().into_iter().enumerate() {
                            bank.targets[word % 8 * 4 + n] = byte & all;
                        }
                    });
                }
            }
            Gicd::GICD_ICFGR => {
                // Configuration of SGIs is fixed.
                if word > 0 {
                    let edge = (0..16).fold(0, |edge, n| edge | (value >> (2 * n + 1) & 1) << n);
                    let shift = 16 * (word % 2);
                    self.change(cpu, word / 2, |bank| {
                        bank.edge = (bank.edge & !(0xffff << shift)) | edge << shift;
                    });
                }
            }
            Gicd::GICD_SGIR => self.send_sgi(cpu, value),
            Gicd::GICD_CPENDSGIR if v2 => self.change_sgi_pending(cpu, word, |old| old & !value),
            Gicd::GICD_SPENDSGIR if v2 => self.change_sgi_pending(cpu, word, |old| old | value),
            Gicd::GICD_CPENDSGIR | Gicd::GICD_SPENDSGIR => {}
        }
    }

    fn change(&mut self, cpu: usize, word: usize, change: impl FnOnce(&mut Bank)) {
        if let Some(bank) = self.bank_mut(cpu, word) {
            change(bank);
        }
    }

    fn interface_value(&self, cpu: usize, at: At<Gicc>) -> u32 {
        let interface = &self.cpus[cpu];
        match at.reg {
            Gicc::GICC_IAR => self.signalled(cpu).map_or(SPURIOUS, Candidate::acknowledge_value),
            Gicc::GICC_HPPIR => self.best(cpu).map_or(SPURIOUS, Candidate::acknowledge_value),
            Gicc::GICC_RPR => interface.running_group().min(0xff),
            Gicc::GICC_IIDR => {
                let architecture = match self.version {
                    Version::V1 => 1,
                    Version::V2 => 2,
                };
                IMPLEMENTER | architecture << 16
            }
            Gicc::GICC_APR0 if self.version == Version::V1 => 0,
            Gicc::GICC_CTLR
            | Gicc::GICC_PMR
            | Gicc::GICC_BPR
            | Gicc::GICC_APR0
            | Gicc::GICC_EOIR
            | Gicc::GICC_DIR => interface.regs.peek(at),
        }
    }

    fn write_interface(&mut self, cpu: usize, at: At<Gicc>, value: u32) {
        let version = self.version;
        let regs = &mut self.cpus[cpu].regs;
        match at.reg {
            Gicc::GICC_CTLR => {
                regs.guest_write(at, value);
                if version == Version::V1 {
                    regs.set_field(GICC_CTLR::EOImode, 0);
                }
            }
            Gicc::GICC_PMR => {
                regs.guest_write(at, value & u32::from(PRIORITY_MASK));
            }
            Gicc::GICC_BPR => {
                let point = GICC_BPR::Binary_point.get(value).max(MIN_BINARY_POINT);
                regs.guest_write(at, point);
            }
            Gicc::GICC_APR0 => {
                if version == Version::V2 {
                    regs.guest_write(at, value);
                }
            }
            Gicc::GICC_EOIR => self.end_of_interrupt(cpu, GICC_EOIR::EOIINTID.get(value)),
            Gicc::GICC_DIR => {
                if version == Version::V2 && regs.is_set(GICC_CTLR::EOImode) {
                    self.deactivate(cpu, registers::GICC_DIR::INTID.get(value));
                }
            }
            Gicc::GICC_IAR | Gicc::GICC_RPR | Gicc::GICC_HPPIR | Gicc::GICC_IIDR => {}
        }
    }

    /// Core of an access, and the register if it is in the distributor or in the CPU interface.
    fn decode(&self, at: Mmio) -> MmioResult<(usize, Target)> {
        let cpu = usize::from(at.master.0);
        if cpu >= self.cpus.len() {
            return Err(Gap::Behaviour("access to the GIC by a master that is not a core").into());
        }
        if at.offset >= CPU_INTERFACE {
            let inner = Mmio { offset: at.offset - CPU_INTERFACE, ..at };
            return Ok((cpu, Target::Interface(word_register(inner)?)));
        }
        let reg = Gicd::at(at.offset & !3).ok_or(Gap::NoRegister(at.offset))?;
        let by_byte = matches!(reg.reg, Gicd::GICD_IPRIORITYR | Gicd::GICD_ITARGETSR);
        match at.size {
            Size::Byte if by_byte => Ok((cpu, Target::DistributorByte(reg, at.offset % 4 * 8))),
            _ => Ok((cpu, Target::Distributor(word_register(at)?))),
        }
    }
}

#[derive(Clone, Copy)]
enum Target {
    Distributor(At<Gicd>),
    /// Register and position of the byte in it.
    DistributorByte(At<Gicd>, u32),
    Interface(At<Gicc>),
}

impl Device for Gic {
    fn kind(&self) -> &'static str {
        "gic"
    }

    fn read(&mut self, _now: Time, at: Mmio) -> MmioResult<u32> {
        Ok(match self.decode(at)? {
            (cpu, Target::Distributor(reg)) => self.distributor_value(cpu, reg),
            (cpu, Target::DistributorByte(reg, shift)) => self.distributor_value(cpu, reg) >> shift & 0xff,
            (cpu, Target::Interface(reg)) if reg.reg == Gicc::GICC_IAR => self.acknowledge(cpu),
            (cpu, Target::Interface(reg)) => self.interface_value(cpu, reg),
        })
    }

    fn write(&mut self, _now: Time, at: Mmio, value: u32) -> MmioResult<()> {
        match self.decode(at)? {
            (cpu, Target::Distributor(reg)) => self.write_distributor(cpu, reg, value),
            (cpu, Target::DistributorByte(reg, shift)) => {
                let old = self.distributor_value(cpu, reg);
                let new = (old & !(0xff << shift)) | (value & 0xff) << shift;
                self.write_distributor(cpu, reg, new);
            }
            (cpu, Target::Interface(reg)) => self.write_interface(cpu, reg, value),
        }
        self.settle();
        Ok(())
    }

    fn peek(&self, _now: Time, at: Mmio) -> Option<Peek> {
        let (cpu, target) = self.decode(at).ok()?;
        Some(match target {
            Target::Distributor(reg) | Target::DistributorByte(reg, _) => {
                Peek { desc: reg.desc(), index: reg.index, value: self.distributor_value(cpu, reg) }
            }
            Target::Interface(reg) => {
                Peek { desc: reg.desc(), index: reg.index, value: self.interface_value(cpu, reg) }
            }
        })
    }

    fn lines(&self) -> &'static [&'static str] {
        const NAMES: [&str; 8] = ["irq0", "irq1", "irq2", "irq3", "irq4", "irq5", "irq6", "irq7"];
        &NAMES[..self.cpus.len()]
    }

    fn level(&self, line: usize) -> bool {
        self.irq(line)
    }

    fn reset(&mut self) {
        let Self { version: _, enabled, cpus, shared, irqs } = self;
        *enabled = false;
        // Nothing is enabled.
        *irqs = 0;
        for cpu in cpus {
            let line = cpu.private.line;
            *cpu = CpuInterface::new();
            cpu.private.line = line;
        }
        for bank in shared {
            *bank = Bank { line: bank.line, ..Bank::default() };
        }
    }
}
