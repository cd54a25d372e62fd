//! Places between the steps of the model where an injected fault can act.

use crate::fault::FaultRecord;
use crate::observe::{Invalidation, Origin, RegisterId, Resume};
use crate::ports::{BusError, DescriptorRead};
use crate::request::Request;
use crate::spec::fault_code::Fault;
use crate::tlb::TlbEntry;

/// What an invalidation does in the end.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Hash)]
pub enum InvalidationEffect {
    /// All it should.
    #[default]
    Full,
    /// Nothing at all: neither TLBs nor the block fetch buffer change.
    Dropped,
    /// [`Taps::survives`] is asked for each entry that it should remove.
    Partial,
}

/// Changes what flows between the steps. Every method does nothing by default.
///
/// Stored state is changed between calls: [`Smmu::poke_tlb`](crate::Smmu::poke_tlb) and its like.
pub trait Taps {
    /// Whether any tap may change anything; `false` lets the model leave out what only taps need.
    const ACTIVE: bool = true;

    /// The MID that routing uses.
    #[inline(always)]
    fn mid(&mut self, request: &Request) -> u16 {
        request.mid
    }

    /// The main TLB entry that a lookup hit, data and tag, as read. The stored entry stays.
    #[inline(always)]
    fn tlb_hit(&mut self, _index: u16, _entry: &mut TlbEntry) {}

    /// The micro-TLB entry that a lookup hit, as read. The stored entry stays.
    #[inline(always)]
    fn micro_hit(&mut self, _port: u8, _entry: &mut TlbEntry) {}

    /// An entry about to be stored in the main TLB, data and tag.
    #[inline(always)]
    fn tlb_fill(&mut self, _index: u16, _entry: &mut TlbEntry) {}

    /// A descriptor as it comes from memory, or the bus error in its place.
    #[inline(always)]
    fn descriptor(&mut self, _read: &DescriptorRead, _response: &mut Result<u32, BusError>) {}

    /// What a walk answers.
    #[inline(always)]
    fn walk_response(&mut self, _origin: Origin<'_>, _result: &mut Result<TlbEntry, Fault>) {}

    /// An invalidation about to act.
    #[inline(always)]
    fn invalidation(&mut self, _command: &Invalidation) -> InvalidationEffect {
        InvalidationEffect::Full
    }

    /// Whether an entry survives a partial invalidation.
    #[inline(always)]
    fn survives(&mut self, _command: &Invalidation, _index: u16, _entry: &TlbEntry) -> bool {
        false
    }

    /// Whether the micro-TLB of a port keeps its entries in a partial invalidation.
    #[inline(always)]
    fn micro_survives(&mut self, _command: &Invalidation, _port: u8) -> bool {
        false
    }

    /// A fault about to be recorded: the words for FSR (added to what is there), FAR, FSYNR0, FSYNR1.
    #[inline(always)]
    fn fault_record(&mut self, _bank: u8, _record: &mut FaultRecord) {}

    /// What RESUME does; `None` loses it.
    #[inline(always)]
    fn resume(&mut self, _bank: u8, resume: Resume) -> Option<Resume> {
        Some(resume)
    }

    /// A register value on its way to software.
    #[inline(always)]
    fn register_read(&mut self, _register: RegisterId, value: u32) -> u32 {
        value
    }

    /// A register value on its way from software.
    #[inline(always)]
    fn register_write(&mut self, _register: RegisterId, value: u32) -> u32 {
        value
    }

    /// The level of an interrupt output, whenever the model works it out.
    #[inline(always)]
    fn interrupt(&mut self, _line: u8, level: bool) -> bool {
        level
    }
}

/// Changes nothing; costs nothing.
impl Taps for () {
    const ACTIVE: bool = false;
}

impl<T: Taps + ?Sized> Taps for &mut T {
    const ACTIVE: bool = T::ACTIVE;

    #[inline(always)]
    fn mid(&mut self, request: &Request) -> u16 {
        (**self).mid(request)
    }

    #[inline(always)]
    fn tlb_hit(&mut self, index: u16, entry: &mut TlbEntry) {
        (**self).tlb_hit(index, entry);
    }

    #[inline(always)]
    fn micro_hit(&mut self, port: u8, entry: &mut TlbEntry) {
        (**self).micro_hit(port, entry);
    }

    #[inline(always)]
    fn tlb_fill(&mut self, index: u16, entry: &mut TlbEntry) {
        (**self).tlb_fill(index, entry);
    }

    #[inline(always)]
    fn descriptor(&mut self, read: &DescriptorRead, response: &mut Result<u32, BusError>) {
        (**self).descriptor(read, response);
    }

    #[inline(always)]
    fn walk_response(&mut self, origin: Origin<'_>, result: &mut Result<TlbEntry, Fault>) {
        (**self).walk_response(origin, result);
    }

    #[inline(always)]
    fn invalidation(&mut self, command: &Invalidation) -> InvalidationEffect {
        (**self).invalidation(command)
    }

    #[inline(always)]
    fn survives(&mut self, command: &Invalidation, index: u16, entry: &TlbEntry) -> bool {
        (**self).survives(command, index, entry)
    }

    #[inline(always)]
    fn micro_survives(&mut self, command: &Invalidation, port: u8) -> bool {
        (**self).micro_survives(command, port)
    }

    #[inline(always)]
    fn fault_record(&mut self, bank: u8, record: &mut FaultRecord) {
        (**self).fault_record(bank, record);
    }

    #[inline(always)]
    fn resume(&mut self, bank: u8, resume: Resume) -> Option<Resume> {
        (**self).resume(bank, resume)
    }

    #[inline(always)]
    fn register_read(&mut self, register: RegisterId, value: u32) -> u32 {
        (**self).register_read(register, value)
    }

    #[inline(always)]
    fn register_write(&mut self, register: RegisterId, value: u32) -> u32 {
        (**self).register_write(register, value)
    }

    #[inline(always)]
    fn interrupt(&mut self, line: u8, level: bool) -> bool {
        (**self).interrupt(line, level)
    }
}
