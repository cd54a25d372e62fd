//! V2P operations: software asks for a translation and reads it in PAR.

use crate::device::Smmu;
use crate::observe::{Event, Observer, Origin, V2p};
use crate::ports::{DescriptorPort, Ports};
use crate::spec::ContextBank;
use crate::spec::context_bank::{PAR, TLBLKCR, V2PSR};
use crate::spec::descriptor::PageSize;
use crate::spec::fault_code::{Fault, FaultCause};
use crate::spec::memory_type::{MemoryAttributes, Shareability};
use crate::tap::Taps;
use crate::tlb::{Lookup, TlbEntry};
use crate::translate::lookup;
use crate::walker::WalkReads;

/// Where the entry behind a result is.
#[derive(Clone, Copy)]
struct Place {
    /// It was there before.
    hit: bool,
    index: Option<u16>,
}

impl Smmu {
    /// Does a V2P operation. It is a non-secure access, never stalls, never interrupts and leaves FSR
    /// alone. Gives the number of descriptor accesses that went to memory.
    pub(crate) fn v2p<M: DescriptorPort, O: Observer, T: Taps>(
        &mut self,
        v2p: V2p,
        index: u16,
        ports: &mut Ports<M, O, T>,
    ) -> u32 {
        let mut accesses = 0;
        let (par, place) = if self.banks[usize::from(v2p.bank)].context.enabled {
            let (found, place) = self.v2p_find(v2p, index, &mut accesses, ports);
            let result = found.and_then(|entry| check(&v2p, &entry).map(|()| entry));
            (result.map_or_else(failure, |entry| success(v2p.va, &entry)), place)
        } else {
            (flat(v2p.va), Place { hit: false, index: None })
        };
        let v2psr = V2PSR::HIT.set(0, place.hit.into());
        let v2psr = V2PSR::INDEX.set(v2psr, place.index.unwrap_or(0).into());
        let stats = &mut self.stats.contexts[usize::from(v2p.bank)];
        if par & PAR::FAULTED::FAULT.mask() == 0 {
            stats.v2p_ok += 1;
        } else {
            stats.v2p_failed += 1;
        }
        let regs = &mut self.banks[usize::from(v2p.bank)].regs;
        regs.set(ContextBank::PAR, par);
        regs.set(ContextBank::V2PSR, v2psr);
        ports.observer.event(Event::V2pDone { v2p, par, v2psr });
        accesses
    }

    /// Looks up, then walks, as V2PCFG says.
    fn v2p_find<M: DescriptorPort, O: Observer, T: Taps>(
        &mut self,
        v2p: V2p,
        index: u16,
        accesses: &mut u32,
        ports: &mut Ports<M, O, T>,
    ) -> (Result<TlbEntry, Fault>, Place) {
        let V2p { bank, va, .. } = v2p;
        let context = &self.banks[usize::from(bank)].context;
        let (policy, allocate) = (context.v2p, context.v2p_allocate);
        let tag = context.tag.with_security(true);
        let origin = Origin::V2p(v2p);
        let nowhere = Place { hit: false, index: None };
        if policy.lookup {
            match lookup(&self.tlb, origin, bank, va, tag, ports) {
                Lookup::Hit(index, &entry) => {
                    let mut entry = entry;
                    ports.taps.tlb_hit(index, &mut entry);
                    return (Ok(entry), Place { hit: true, index: Some(index) });
                }
                Lookup::Multiple(_) => return (Err(Fault::first(FaultCause::MultipleHits)), nowhere),
                Lookup::Miss => {}
            }
        }
        if !policy.walk {
            return (Err(Fault::first(FaultCause::TlbMiss)), nowhere);
        }
        let mut entry = TlbEntry::EMPTY;
        let mut reads = WalkReads::default();
        let result = self.walker(bank).walk(origin, va, tag, &mut entry, Some(&mut reads), ports);
        *accesses = reads.accesses;
        let regs = &mut self.banks[usize::from(bank)].regs;
        let latches = [ContextBank::TLBFLPTER, ContextBank::TLBSLPTER];
        for (latch, word) in latches.into_iter().zip(reads.words) {
            if let Some(word) = word {
                regs.set(latch, word);
            }
        }
        if let Err(fault) = result {
            return (Err(fault), nowhere);
        }
        let index = if allocate { self.v2p_load(bank, index, entry, ports) } else { None };
        (Ok(entry), Place { hit: false, index })
    }

    /// Loads the result of a V2P walk: with lock-down at a chosen place, else as a miss would.
    fn v2p_load<M, O: Observer, T: Taps>(
        &mut self,
        bank: u8,
        index: u16,
        mut entry: TlbEntry,
        ports: &mut Ports<M, O, T>,
    ) -> Option<u16> {
        let regs = &mut self.banks[usize::from(bank)].regs;
        if !regs.is_set(TLBLKCR::LKE) {
            let index = self.tlb.choose(&entry)?;
            self.fill(index, &entry, ports);
            return Some(index);
        }
        let victim = regs.field(TLBLKCR::VICTIM);
        let below_floor = u32::from(index) < regs.field(TLBLKCR::FLOOR);
        regs.set_field(TLBLKCR::VICTIM, victim.wrapping_add(1));
        let index = if below_floor { index } else { victim as u16 } % self.tlb.len();
        // A second load of a page replaces the first, wherever it is.
        if let Some(same) = self.tlb.same(&entry).filter(|&same| same != index)
            && let Some(old) = self.tlb.remove(same)
        {
            self.stats.evictions += 1;
            ports.observer.event(Event::Evicted { index: same, entry: &old });
        }
        entry.locked = true;
        self.fill(index, &entry, ports);
        Some(index)
    }
}

fn check(v2p: &V2p, entry: &TlbEntry) -> Result<(), Fault> {
    if entry.permissions.allow(v2p.write, v2p.privileged, false) {
        return Ok(());
    }
    Err(Fault::at_level(FaultCause::Permission, entry.level()))
}

/// PAR of a failure: F, then the bits of FSR.
fn failure(fault: Fault) -> u32 {
    PAR::FAULTED::FAULT.mask() | fault.bits()
}

/// PAR of a success.
fn success(va: u32, entry: &TlbEntry) -> u32 {
    let supersection = entry.table_size == PageSize::Supersection;
    let pa = entry.translate(va);
    let pa = if supersection { pa & PageSize::Supersection.mask() } else { pa };
    attributes(entry.attributes, true) | pa & !0xFFF | u32::from(supersection) << 1
}

/// PAR when the bank does not translate: the address itself, strongly ordered as on a processor with its
/// MMU off.
fn flat(va: u32) -> u32 {
    attributes(MemoryAttributes::STRONGLY_ORDERED, true) | va & !0xFFF
}

fn attributes(attributes: MemoryAttributes, non_secure: bool) -> u32 {
    use PAR::TRANSLATED as P;
    let shareability = attributes.shareability();
    let word = P::NOFAULT_MT.set(0, attributes.type_code());
    let word = P::NOFAULT_SH.set(word, (shareability != Shareability::None).into());
    let word = P::NOFAULT_NOS.set(word, (shareability == Shareability::Inner).into());
    P::NOFAULT_NS.set(word, non_secure.into())
}
