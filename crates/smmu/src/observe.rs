//! What the model tells about itself while it works.

use core::fmt;

use msmemu_regs::{At, RegDesc};

use crate::ports::{BusError, DescriptorRead, DescriptorWrite};
use crate::request::{Answer, Request};
use crate::spec::fault_code::Fault;
use crate::spec::{BANK_STRIDE, ContextBank, GLOBAL_PAGE, GlobalPage, WINDOW};
use crate::tlb::TlbEntry;

/// One register of the window.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub enum RegisterId {
    /// A register of the global page.
    Global(At<GlobalPage>),
    /// A register of a context bank.
    Context {
        /// The bank.
        bank: u8,
        /// The register in it.
        at: At<ContextBank>,
    },
}

impl RegisterId {
    /// The register at an offset of the window; `None` when the offset is unaligned or names none. Does
    /// not know how many banks and MIDs an instance has.
    pub fn at(offset: u32) -> Option<Self> {
        if offset >= WINDOW {
            None
        } else if offset >= GLOBAL_PAGE {
            GlobalPage::at(offset - GLOBAL_PAGE).map(Self::Global)
        } else {
            // Below the global page there are 255 banks, so the number fits.
            let bank = u8::try_from(offset / BANK_STRIDE).ok()?;
            ContextBank::at(offset % BANK_STRIDE).map(|at| Self::Context { bank, at })
        }
    }

    /// Offset in the window.
    pub fn offset(self) -> u32 {
        match self {
            Self::Global(at) => GLOBAL_PAGE + at.offset(),
            Self::Context { bank, at } => u32::from(bank) * BANK_STRIDE + at.offset(),
        }
    }

    /// The register's table: name, fields, documentation.
    pub fn desc(self) -> &'static RegDesc {
        match self {
            Self::Global(at) => at.desc(),
            Self::Context { at, .. } => at.desc(),
        }
    }
}

/// `CR`, `M2VCBR_N[3]` or `1:SCTLR`, the number being the bank.
impl fmt::Display for RegisterId {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Global(at) => at.fmt(f),
            Self::Context { bank, at } => write!(f, "{bank}:{at}"),
        }
    }
}

/// A V2P operation.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub struct V2p {
    /// The bank.
    pub bank: u8,
    /// VA of the page, bits 31:12 as written.
    pub va: u32,
    /// V2PPW or V2PUW, else V2PPR or V2PUR.
    pub write: bool,
    /// V2PPR or V2PPW, else V2PUR or V2PUW.
    pub privileged: bool,
}

/// For whom the model looks up or walks.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Origin<'a> {
    /// A master's transaction.
    Transaction(&'a Request),
    /// A V2P operation of software.
    V2p(V2p),
}

impl Origin<'_> {
    /// The virtual address.
    pub const fn va(&self) -> u32 {
        match self {
            Self::Transaction(request) => request.va,
            Self::V2p(v2p) => v2p.va,
        }
    }
}

/// An invalidation command.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
#[cfg_attr(feature = "serde", derive(serde::Serialize, serde::Deserialize))]
pub enum Invalidation {
    /// GLOBAL_TLBIALL.
    All,
    /// TLBIVMID.
    Vmid {
        /// VMID.
        vmid: u8,
    },
    /// CTX_TLBIALL.
    Context {
        /// Bank it was written in.
        bank: u8,
        /// Its CBVMID.
        vmid: u8,
    },
    /// TLBIASID.
    Asid {
        /// Bank it was written in.
        bank: u8,
        /// Its CBVMID.
        vmid: u8,
        /// ASID.
        asid: u8,
    },
    /// TLBIVA.
    Va {
        /// Bank it was written in.
        bank: u8,
        /// Its CBVMID.
        vmid: u8,
        /// ASID.
        asid: u8,
        /// VA of the page, low 12 bits 0.
        va: u32,
    },
    /// TLBIVAA.
    VaAllAsids {
        /// Bank it was written in.
        bank: u8,
        /// Its CBVMID.
        vmid: u8,
        /// VA of the page, low 12 bits 0.
        va: u32,
    },
}

impl Invalidation {
    /// The command's register name.
    pub const fn name(&self) -> &'static str {
        match self {
            Self::All => "GLOBAL_TLBIALL",
            Self::Vmid { .. } => "TLBIVMID",
            Self::Context { .. } => "CTX_TLBIALL",
            Self::Asid { .. } => "TLBIASID",
            Self::Va { .. } => "TLBIVA",
            Self::VaAllAsids { .. } => "TLBIVAA",
        }
    }
}

/// A configuration fault: the stream side refuses a transaction.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub enum ConfigFault {
    /// ESR.CFG: no such MID, or M2VCBR.CBNDX names no bank.
    BadRoute,
    /// ESR.BYPASS: M2VCBR.BYPASSD forbids the bypass.
    BypassForbidden,
}

/// How a held transaction goes on.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
#[cfg_attr(feature = "serde", derive(serde::Serialize, serde::Deserialize))]
pub enum Resume {
    /// Translated again, from the routing on.
    Retry,
    /// Ended.
    Terminate,
}

/// Why an access to the window did nothing.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub enum Gap {
    /// Not a word at a multiple of 4.
    Unaligned,
    /// No register has this offset.
    NoRegister,
    /// The bank, or the M2VCBR entry, is not implemented.
    NotImplemented,
}

/// Something that happened. Each is told at the moment the model's state has it.
#[derive(Clone, Copy, Debug)]
pub enum Event<'a> {
    /// Software read a register.
    RegisterRead {
        /// The register.
        register: RegisterId,
        /// Value given.
        value: u32,
    },
    /// Software wrote a register. Told before the effects.
    RegisterWritten {
        /// The register.
        register: RegisterId,
        /// Value written.
        written: u32,
        /// Value before; 0 for a command.
        old: u32,
        /// Value after; 0 for a command.
        new: u32,
    },
    /// Software accessed an offset that does nothing: reads give 0, writes are dropped.
    RegisterGap {
        /// Offset in the window.
        offset: u32,
        /// The value, if it was a write.
        written: Option<u32>,
        /// Why.
        gap: Gap,
    },
    /// A micro-TLB was asked.
    MicroLookup {
        /// The transaction.
        request: &'a Request,
        /// Its bank.
        bank: u8,
        /// The entry hit.
        hit: Option<&'a TlbEntry>,
    },
    /// The main TLB was asked.
    MainLookup {
        /// For whom.
        origin: Origin<'a>,
        /// Its bank.
        bank: u8,
        /// The entry hit and its index.
        hit: Option<(u16, &'a TlbEntry)>,
        /// Number of entries that matched; more than one is a fault and no hit.
        matches: u16,
    },
    /// A walk begins.
    WalkStarted {
        /// For whom.
        origin: Origin<'a>,
        /// Its bank.
        bank: u8,
    },
    /// The walker got a descriptor.
    DescriptorRead {
        /// For whom.
        origin: Origin<'a>,
        /// Where.
        read: &'a DescriptorRead,
        /// The word in memory (before a swap for SCTLR.BE), or why there is none.
        response: Result<u32, BusError>,
        /// It came from the block fetch buffer, not from memory.
        buffered: bool,
    },
    /// The walker set an access flag.
    DescriptorWritten {
        /// For whom.
        origin: Origin<'a>,
        /// What.
        write: &'a DescriptorWrite,
        /// How it went.
        response: Result<(), BusError>,
    },
    /// The walk ended.
    WalkEnded {
        /// For whom.
        origin: Origin<'a>,
        /// Its bank.
        bank: u8,
        /// The entry it made, or the fault.
        result: Result<&'a TlbEntry, Fault>,
    },
    /// An entry was written to the main TLB.
    Filled {
        /// Where.
        index: u16,
        /// What.
        entry: &'a TlbEntry,
    },
    /// An entry was replaced by another.
    Evicted {
        /// Where.
        index: u16,
        /// What was there.
        entry: &'a TlbEntry,
    },
    /// An entry was written to a micro-TLB.
    MicroFilled {
        /// The port.
        port: u8,
        /// What, as the main TLB or the walk gave it.
        entry: &'a TlbEntry,
    },
    /// An invalidation removed an entry from the main TLB.
    Removed {
        /// Where.
        index: u16,
        /// What was there.
        entry: &'a TlbEntry,
        /// By what.
        by: Invalidation,
    },
    /// An invalidation is done. All micro-TLBs and the block fetch buffer are empty too.
    Invalidated {
        /// The command.
        command: Invalidation,
        /// Number of entries removed from the main TLB.
        removed: u16,
        /// Number of entries kept because they are locked.
        kept: u16,
    },
    /// A V2P operation is done.
    V2pDone {
        /// The operation.
        v2p: V2p,
        /// PAR.
        par: u32,
        /// V2PSR.
        v2psr: u32,
    },
    /// A context fault.
    Faulted {
        /// The transaction.
        request: &'a Request,
        /// Its bank.
        bank: u8,
        /// Why.
        fault: Fault,
        /// FAR and FSYNRn hold it; else one was pending and only MULTI was set.
        recorded: bool,
    },
    /// A transaction is refused by the stream side.
    ConfigFaulted {
        /// The transaction.
        request: &'a Request,
        /// Why.
        fault: ConfigFault,
        /// EAR and ESYNRn hold it; else one was pending and only MULTI was set.
        recorded: bool,
    },
    /// A transaction is held: it faulted.
    Stalled {
        /// The transaction.
        request: &'a Request,
        /// Its bank.
        bank: u8,
    },
    /// A transaction is held: it waits behind a stalled one.
    Queued {
        /// The transaction.
        request: &'a Request,
        /// Its bank.
        bank: u8,
    },
    /// A held transaction goes on.
    Resumed {
        /// The transaction.
        request: &'a Request,
        /// Its bank.
        bank: u8,
        /// How.
        resume: Resume,
    },
    /// A transaction has its answer: translated or terminated.
    Answered {
        /// The transaction.
        request: &'a Request,
        /// Its answer.
        answer: &'a Answer,
    },
    /// An interrupt output changed.
    Interrupt {
        /// Output: 0 secure, 1 non-secure.
        line: u8,
        /// Its level now.
        level: bool,
    },
}

/// Is told what happens. Every event is delivered in order, from inside the call that causes it.
pub trait Observer {
    /// Something happened.
    fn event(&mut self, event: Event<'_>);
}

/// Looks away; costs nothing.
impl Observer for () {
    #[inline(always)]
    fn event(&mut self, _event: Event<'_>) {}
}

impl<O: Observer + ?Sized> Observer for &mut O {
    #[inline(always)]
    fn event(&mut self, event: Event<'_>) {
        (**self).event(event);
    }
}
