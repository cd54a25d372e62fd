//! The device: its state, register reads and writes, interrupt outputs, reset.

use alloc::vec;
use alloc::vec::Vec;

use msmemu_regs::{At, RegFile};

use crate::bfb::Bfb;
use crate::config::{Config, ConfigError, INTERRUPT_LINES};
use crate::context::{BankRegs, Context};
use crate::fault::{HeldQueue, HeldState, settle_esr, settle_fsr};
use crate::micro_tlb::MicroTlb;
use crate::observe::{Event, Gap, Invalidation, Observer, RegisterId, Resume, V2p};
use crate::ports::{DescriptorPort, Ports};
use crate::request::Request;
use crate::spec::context_bank::{RESUME, TLBIASID, TLBIVA, TLBIVAA, TLBLKCR, V2PPR};
use crate::spec::descriptor::PageSize;
use crate::spec::fault_code::{CAUSES, Level};
use crate::spec::global_page::{CR, ESR, TLBIVMID, TLBRSW, TLBTR0, TLBTR1, TLBTR2};
use crate::spec::memory_type::Shareability;
use crate::spec::{ContextBank, GlobalPage};
use crate::stats::{ContextStats, Stats};
use crate::stream::Route;
use crate::tap::{InvalidationEffect, Taps};
use crate::tlb::{Tlb, TlbEntry};

/// The registers of the global page.
pub(crate) type GlobalRegs = RegFile<GlobalPage, { GlobalPage::WORDS }>;

/// A context bank.
#[derive(Clone, Debug)]
pub(crate) struct Bank {
    pub(crate) regs: BankRegs,
    /// Decoded from `regs` and from the global registers that act on the bank.
    pub(crate) context: Context,
    pub(crate) held: HeldQueue,
}

/// What a register write did, for the timed driver's costs.
#[derive(Clone, Copy, Debug, Default)]
pub(crate) struct Effect {
    /// The invalidation that acted, and the number of entries of the main TLB it visited.
    pub(crate) invalidation: Option<(Invalidation, u16)>,
    /// Descriptor reads of a V2P operation.
    pub(crate) v2p_reads: u32,
}

/// Cycles that a held transaction remembers.
#[derive(Clone, Copy, Debug, Default)]
pub(crate) struct Stamp {
    pub(crate) submitted: u64,
    pub(crate) now: u64,
}

/// One System MMU, with the functional driver: translations are answered at once.
///
/// See the [crate documentation](crate) for an example.
#[derive(Clone, Debug)]
pub struct Smmu {
    pub(crate) config: Config,
    pub(crate) global: GlobalRegs,
    pub(crate) banks: Vec<Bank>,
    /// Decoded M2VCBR.
    pub(crate) routes: Vec<Route>,
    pub(crate) tlb: Tlb,
    pub(crate) micro: Vec<MicroTlb>,
    pub(crate) bfb: Bfb,
    /// Levels of the interrupt outputs as last worked out.
    pub(crate) lines: u8,
    pub(crate) stats: Stats,
    /// When the transaction in work was submitted, and now: set by the timed driver before each step.
    pub(crate) stamp: Stamp,
    /// Scratch of invalidations, kept for its allocation.
    pub(crate) named: Vec<u16>,
}

impl Smmu {
    /// A System MMU after power-on.
    ///
    /// # Errors
    /// When the configuration is refused.
    pub fn new(config: &Config) -> Result<Self, ConfigError> {
        config.validate()?;
        let banks = usize::from(config.banks);
        let regs = BankRegs::new();
        let context = Context::decode(&regs, 0, 0);
        let mut smmu = Self {
            config: *config,
            global: GlobalRegs::new(),
            banks: vec![Bank { regs, context, held: HeldQueue::new() }; banks],
            routes: vec![Route::decode(0); usize::from(config.mids)],
            tlb: Tlb::new(config.tlb),
            micro: vec![MicroTlb::new(config.micro_entries); usize::from(config.ports)],
            bfb: Bfb::new(config.bfb),
            lines: 0,
            stats: Stats { contexts: vec![ContextStats::default(); banks], ..Stats::default() },
            stamp: Stamp::default(),
            named: Vec::new(),
        };
        smmu.set_constant_registers();
        Ok(smmu)
    }

    /// Back to the state after power-on. Held transactions are dropped without an answer.
    pub fn reset<M, O: Observer, T: Taps>(&mut self, ports: &mut Ports<M, O, T>) {
        let Self { config, global, banks, routes, tlb, micro, bfb, lines: _, stats, stamp, named: _ } = self;
        *stamp = Stamp::default();
        global.reset();
        for bank in banks.iter_mut() {
            let Bank { regs, context, held } = bank;
            regs.reset();
            *context = Context::decode(regs, 0, 0);
            held.clear();
        }
        routes.fill(Route::decode(0));
        tlb.clear();
        for micro in micro {
            micro.clear();
        }
        bfb.clear();
        let contexts = vec![ContextStats::default(); usize::from(config.banks)];
        *stats = Stats { contexts, ..Stats::default() };
        self.set_constant_registers();
        self.update_interrupts(ports);
    }

    fn set_constant_registers(&mut self) {
        self.global.set(GlobalPage::IDR, self.config.idr());
        self.global.set(GlobalPage::REV, self.config.revision.into());
    }

    /// The configuration.
    pub fn config(&self) -> &Config {
        &self.config
    }

    /// Counters since power-on or the last reset.
    pub fn stats(&self) -> &Stats {
        &self.stats
    }

    /// Levels of the interrupt outputs: bit 0 is the output that drivers call secure, bit 1 the
    /// non-secure one.
    pub fn interrupts(&self) -> u8 {
        self.lines
    }

    /// The transactions held: bank, request, and whether it is the stalled one of its bank.
    pub fn held(&self) -> impl Iterator<Item = (u8, &Request, bool)> {
        (0u8..).zip(&self.banks).flat_map(|(number, bank)| {
            bank.held.iter().map(move |held| (number, &held.request, held.state == HeldState::Stalled))
        })
    }

    /// An entry of the main TLB.
    pub fn tlb_entry(&self, index: u16) -> Option<TlbEntry> {
        self.tlb.get(index).copied()
    }

    /// An entry of a port's micro-TLB.
    pub fn micro_entry(&self, port: u8, index: u8) -> Option<TlbEntry> {
        self.micro.get(usize::from(port))?.get(usize::from(index)).copied()
    }

    /// Works out the interrupt outputs from the state. The only place that does.
    fn interrupt_levels(&self) -> u8 {
        let errors = ESR::CFG.mask() | ESR::BYPASS.mask();
        let global = self.global.is_set(CR::RPUEIE) && self.global.get(GlobalPage::ESR) & errors != 0;
        let mut lines = u8::from(global);
        for bank in &self.banks {
            let line = bank.context.interrupt_line;
            let pending = bank.regs.get(ContextBank::FSR) & CAUSES != 0;
            if bank.context.interrupt_enabled && pending && line < INTERRUPT_LINES {
                lines |= 1 << line;
            }
        }
        lines
    }

    /// Brings the outputs up to date after a change of state.
    pub(crate) fn update_interrupts<M, O: Observer, T: Taps>(&mut self, ports: &mut Ports<M, O, T>) {
        let levels = self.interrupt_levels();
        for line in 0..INTERRUPT_LINES {
            let level = ports.taps.interrupt(line, levels >> line & 1 != 0);
            if level != (self.lines >> line & 1 != 0) {
                self.lines ^= 1 << line;
                ports.observer.event(Event::Interrupt { line, level });
            }
        }
    }

    /// The register at an offset, if this instance has it.
    pub(crate) fn find(&self, offset: u32) -> Result<RegisterId, Gap> {
        if !offset.is_multiple_of(4) {
            return Err(Gap::Unaligned);
        }
        let register = RegisterId::at(offset).ok_or(Gap::NoRegister)?;
        let implemented = match register {
            RegisterId::Global(At { reg: GlobalPage::M2VCBR_N, index }) => index < self.config.mids,
            RegisterId::Global(At { reg: GlobalPage::CBACR_N, index }) => index < self.config.banks,
            RegisterId::Global(_) => true,
            RegisterId::Context { bank, .. } => u16::from(bank) < self.config.banks,
        };
        if implemented { Ok(register) } else { Err(Gap::NotImplemented) }
    }

    /// What a read of a register gives, without the read: no observer, no taps, no counters.
    pub fn peek(&self, offset: u32) -> u32 {
        self.find(offset).map_or(0, |register| self.value(register))
    }

    fn value(&self, register: RegisterId) -> u32 {
        match register {
            RegisterId::Global(at) => match at.reg {
                GlobalPage::TLBTR0 | GlobalPage::TLBTR1 | GlobalPage::TLBTR2 => self.read_out(at.reg),
                _ => self.global.peek(at),
            },
            RegisterId::Context { bank, at } => self.banks[usize::from(bank)].regs.peek(at),
        }
    }

    /// Software reads a word of the window. Reads have no side effect. Offsets without a register give 0.
    pub fn read<M, O: Observer, T: Taps>(&mut self, offset: u32, ports: &mut Ports<M, O, T>) -> u32 {
        self.stats.register_reads += 1;
        match self.find(offset) {
            Ok(register) => {
                let value = ports.taps.register_read(register, self.value(register));
                ports.observer.event(Event::RegisterRead { register, value });
                value
            }
            Err(gap) => {
                ports.observer.event(Event::RegisterGap { offset, written: None, gap });
                0
            }
        }
    }

    /// Software writes a word of the window. All effects are complete on return; transactions let go by
    /// it wait in [`next_released`](Self::next_released).
    pub fn write<M: DescriptorPort, O: Observer, T: Taps>(
        &mut self,
        offset: u32,
        value: u32,
        ports: &mut Ports<M, O, T>,
    ) {
        self.write_register(offset, value, ports);
    }

    /// Software accesses the window with something else than a word: reads give 0, writes do nothing. This
    /// only tells the observer.
    pub fn narrow_access<M, O: Observer, T>(
        &mut self,
        offset: u32,
        written: Option<u32>,
        ports: &mut Ports<M, O, T>,
    ) {
        match written {
            Some(_) => self.stats.register_writes += 1,
            None => self.stats.register_reads += 1,
        }
        ports.observer.event(Event::RegisterGap { offset, written, gap: Gap::Unaligned });
    }

    pub(crate) fn write_register<M: DescriptorPort, O: Observer, T: Taps>(
        &mut self,
        offset: u32,
        value: u32,
        ports: &mut Ports<M, O, T>,
    ) -> Effect {
        self.stats.register_writes += 1;
        let register = match self.find(offset) {
            Ok(register) => register,
            Err(gap) => {
                ports.observer.event(Event::RegisterGap { offset, written: Some(value), gap });
                return Effect::default();
            }
        };
        let value = ports.taps.register_write(register, value);
        let effect = match register {
            RegisterId::Global(at) => self.write_global(at, value, ports),
            RegisterId::Context { bank, at } => self.write_context(bank, at, value, ports),
        };
        self.update_interrupts(ports);
        effect
    }

    fn write_global<M, O: Observer, T: Taps>(
        &mut self,
        at: At<GlobalPage>,
        value: u32,
        ports: &mut Ports<M, O, T>,
    ) -> Effect {
        let mut change = self.global.guest_write(at, value);
        if at.reg == GlobalPage::ESR {
            change.new = settle_esr(change.new);
            self.global.set(GlobalPage::ESR, change.new);
        }
        ports.observer.event(Event::RegisterWritten {
            register: RegisterId::Global(at),
            written: value,
            old: change.old,
            new: change.new,
        });
        match at.reg {
            GlobalPage::M2VCBR_N => {
                if let Some(route) = self.routes.get_mut(usize::from(at.index)) {
                    *route = Route::decode(change.new);
                }
            }
            // The find above keeps the index below 256.
            GlobalPage::CBACR_N => self.decode(at.index as u8),
            GlobalPage::CR => {
                for bank in 0..self.config.banks {
                    self.decode(bank as u8);
                    self.release_if_reset(bank as u8, ports);
                }
            }
            GlobalPage::GLOBAL_TLBIALL => return self.invalidate(Invalidation::All, ports),
            GlobalPage::TLBIVMID => {
                let vmid = TLBIVMID::VMID.get(value) as u8;
                return self.invalidate(Invalidation::Vmid { vmid }, ports);
            }
            // Their values are all their state; interrupts are worked out after every write.
            GlobalPage::ESR
            | GlobalPage::ESRRESTORE
            | GlobalPage::EAR
            | GlobalPage::ESYNR0
            | GlobalPage::ESYNR1
            | GlobalPage::TLBRSW
            | GlobalPage::TESTBUSCR
            | GlobalPage::RPU_ACR
            | GlobalPage::TLBTR0
            | GlobalPage::TLBTR1
            | GlobalPage::TLBTR2
            | GlobalPage::REV
            | GlobalPage::IDR => {}
        }
        Effect::default()
    }

    fn write_context<M: DescriptorPort, O: Observer, T: Taps>(
        &mut self,
        bank: u8,
        at: At<ContextBank>,
        value: u32,
        ports: &mut Ports<M, O, T>,
    ) -> Effect {
        let locked = at.reg == ContextBank::TLBLKCR && !self.global.is_set(CR::TLBLKCRWE);
        let regs = &mut self.banks[usize::from(bank)].regs;
        let mut change = regs.guest_write(at, value);
        if locked {
            change.new = change.old;
            regs.set_at(at, change.old);
        }
        if at.reg == ContextBank::FSR {
            change.new = settle_fsr(change.new);
            regs.set(ContextBank::FSR, change.new);
        }
        ports.observer.event(Event::RegisterWritten {
            register: RegisterId::Context { bank, at },
            written: value,
            old: change.old,
            new: change.new,
        });
        let vmid = self.banks[usize::from(bank)].context.tag.vmid();
        match at.reg {
            ContextBank::SCTLR | ContextBank::ACTLR => {
                self.decode(bank);
                self.release_if_reset(bank, ports);
            }
            ContextBank::CONTEXTIDR
            | ContextBank::TTBR0
            | ContextBank::TTBR1
            | ContextBank::TTBCR
            | ContextBank::PRRR
            | ContextBank::NMRR
            | ContextBank::BFBCR => self.decode(bank),
            ContextBank::TLBLKCR => self.update_floor(),
            ContextBank::CTX_TLBIALL => {
                return self.invalidate(Invalidation::Context { bank, vmid }, ports);
            }
            ContextBank::TLBIASID => {
                let asid = TLBIASID::ASID.get(value) as u8;
                return self.invalidate(Invalidation::Asid { bank, vmid, asid }, ports);
            }
            ContextBank::TLBIVA => {
                let asid = TLBIVA::ASID.get(value) as u8;
                let va = value & TLBIVA::VA.mask();
                return self.invalidate(Invalidation::Va { bank, vmid, asid, va }, ports);
            }
            ContextBank::TLBIVAA => {
                let va = value & TLBIVAA::VA.mask();
                return self.invalidate(Invalidation::VaAllAsids { bank, vmid, va }, ports);
            }
            ContextBank::V2PPR | ContextBank::V2PPW | ContextBank::V2PUR | ContextBank::V2PUW => {
                let v2p = V2p {
                    bank,
                    va: value & V2PPR::VA.mask(),
                    write: matches!(at.reg, ContextBank::V2PPW | ContextBank::V2PUW),
                    privileged: matches!(at.reg, ContextBank::V2PPR | ContextBank::V2PPW),
                };
                let v2p_reads = self.v2p(v2p, V2PPR::INDEX.get(value) as u16, ports);
                return Effect { v2p_reads, invalidation: None };
            }
            ContextBank::RESUME => {
                let resume = if RESUME::TNR.is_set(value) { Resume::Terminate } else { Resume::Retry };
                self.resume(bank, resume, ports);
            }
            // Their values are all their state; interrupts are worked out after every write.
            ContextBank::FSR
            | ContextBank::FSRRESTORE
            | ContextBank::FAR
            | ContextBank::FSYNR0
            | ContextBank::FSYNR1
            | ContextBank::PAR
            | ContextBank::V2PSR
            | ContextBank::TLBFLPTER
            | ContextBank::TLBSLPTER => {}
        }
        Effect::default()
    }

    /// Decodes a bank again after one of its registers, or a global one that acts on it, changed.
    pub(crate) fn decode(&mut self, bank: u8) {
        let cbacr = self.global.get_at(At { reg: GlobalPage::CBACR_N, index: bank.into() });
        let cr = self.global.get(GlobalPage::CR);
        let bank = &mut self.banks[usize::from(bank)];
        bank.context = Context::decode(&bank.regs, cr, cbacr);
    }

    /// FLOOR is shared: the largest one of all banks counts.
    pub(crate) fn update_floor(&mut self) {
        let floor = self.banks.iter().map(|bank| bank.regs.field(TLBLKCR::FLOOR)).max();
        self.tlb.set_floor(floor.unwrap_or(0) as u16);
    }

    /// Whether locked entries survive a command.
    fn keeps_locked(&self, command: &Invalidation) -> bool {
        let tlblkcr = |bank: u8, field: msmemu_regs::Field<TLBLKCR::Reg>| {
            self.banks[usize::from(bank)].regs.is_set(field)
        };
        match *command {
            Invalidation::All => self.global.is_set(CR::TLBIALLCFG),
            Invalidation::Vmid { .. } => self.global.is_set(CR::TLBIVMIDCFG),
            Invalidation::Context { bank, .. } => tlblkcr(bank, TLBLKCR::TLBIALLCFG),
            Invalidation::Asid { bank, .. } => tlblkcr(bank, TLBLKCR::TLBIASIDCFG),
            Invalidation::Va { .. } => false,
            Invalidation::VaAllAsids { bank, .. } => tlblkcr(bank, TLBLKCR::TLBIVAACFG),
        }
    }

    fn invalidate<M, O: Observer, T: Taps>(
        &mut self,
        command: Invalidation,
        ports: &mut Ports<M, O, T>,
    ) -> Effect {
        let kind = match command {
            Invalidation::All => 0,
            Invalidation::Vmid { .. } => 1,
            Invalidation::Context { .. } => 2,
            Invalidation::Asid { .. } => 3,
            Invalidation::Va { .. } => 4,
            Invalidation::VaAllAsids { .. } => 5,
        };
        self.stats.invalidations[kind] += 1;
        let partial = match ports.taps.invalidation(&command) {
            InvalidationEffect::Full => false,
            InvalidationEffect::Partial => true,
            InvalidationEffect::Dropped => return Effect::default(),
        };
        let visited = match command {
            Invalidation::Va { .. } | Invalidation::VaAllAsids { .. } => PageSize::ALL.len() as u16,
            _ => self.tlb.len(),
        };
        let keep = self.keeps_locked(&command);
        let mut named = core::mem::take(&mut self.named);
        self.tlb.named(&command, &mut named);
        let (mut removed, mut kept) = (0, 0);
        for &index in &named {
            let Some(entry) = self.tlb.get(index) else { continue };
            if keep && entry.locked {
                kept += 1;
                continue;
            }
            if partial && ports.taps.survives(&command, index, entry) {
                continue;
            }
            if let Some(entry) = self.tlb.remove(index) {
                removed += 1;
                ports.observer.event(Event::Removed { index, entry: &entry, by: command });
            }
        }
        self.named = named;
        for (port, micro) in (0..).zip(&mut self.micro) {
            if !(partial && ports.taps.micro_survives(&command, port)) {
                micro.flush();
            }
        }
        self.bfb.flush();
        self.stats.invalidated_entries += u64::from(removed);
        ports.observer.event(Event::Invalidated { command, removed, kept });
        Effect { invalidation: Some((command, visited)), v2p_reads: 0 }
    }

    /// TLBTR0 to TLBTR2: what TLBRSW selects.
    fn read_out(&self, register: GlobalPage) -> u32 {
        let index = self.global.field(TLBRSW::INDEX) as u16;
        let level = match self.global.field(TLBRSW::TLBBFBS) {
            0 => {
                return match self.tlb.get(index) {
                    Some(entry) => read_out_entry(register, entry),
                    None => 0,
                };
            }
            1 => Level::First,
            2 => Level::Second,
            _ => return 0,
        };
        let Some(line) = self.bfb.line(level, usize::from(index)) else { return 0 };
        match register {
            GlobalPage::TLBTR1 => TLBTR1::PA.set(0, line.address >> 12),
            GlobalPage::TLBTR2 => {
                let word = TLBTR2::V.set(0, 1);
                TLBTR2::NSTID.set(word, line.non_secure.into())
            }
            _ => 0,
        }
    }
}

fn read_out_entry(register: GlobalPage, entry: &TlbEntry) -> u32 {
    let shareability = entry.attributes.shareability();
    match register {
        GlobalPage::TLBTR0 => {
            let word = u32::from(entry.permissions.bits());
            let word = TLBTR0::NSDESC.set(word, entry.ns_descriptor.into());
            let word = TLBTR0::ISH.set(word, (shareability == Shareability::Inner).into());
            let word = TLBTR0::SH.set(word, (shareability != Shareability::None).into());
            let word = TLBTR0::MT.set(word, entry.attributes.type_code());
            let word = TLBTR0::DPSIZR.set(word, entry.table_size.code());
            TLBTR0::DPSIZC.set(word, entry.size.code())
        }
        GlobalPage::TLBTR1 => {
            let word = TLBTR1::VMID.set(0, entry.vmid.into());
            TLBTR1::PA.set(word, entry.pa >> 12)
        }
        GlobalPage::TLBTR2 => {
            let word = TLBTR2::ASID.set(0, entry.asid.into());
            let word = TLBTR2::V.set(word, 1);
            let word = TLBTR2::NSTID.set(word, entry.non_secure.into());
            let word = TLBTR2::NV.set(word, (!entry.global).into());
            TLBTR2::VA.set(word, entry.va >> 12)
        }
        _ => 0,
    }
}
