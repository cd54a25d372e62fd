//! What goes in and comes out: requests, translations, answers.

use crate::saved::RestoreError;
use crate::spec::descriptor::PageSize;
use crate::spec::memory_type::MemoryAttributes;

/// A caller's name for a transaction, given back with its answer. Need not be unique for the model.
pub type TransactionId = u64;

/// What a transaction does, and in whose name.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Hash)]
#[cfg_attr(feature = "serde", derive(serde::Serialize, serde::Deserialize))]
pub struct Access {
    /// Write, else read.
    pub write: bool,
    /// Privileged, else unprivileged. ACTLR.PRIVCFG may override it.
    pub privileged: bool,
    /// Instruction fetch, else data.
    pub instruction: bool,
    /// Non-secure, else secure. M2VCBR.NSCFG may override it.
    pub non_secure: bool,
}

impl Access {
    /// Unprivileged non-secure data read: what multimedia masters do.
    pub const READ: Self = Self { write: false, privileged: false, instruction: false, non_secure: true };

    /// Unprivileged non-secure data write.
    pub const WRITE: Self = Self { write: true, ..Self::READ };

    /// The same in four bits: what the way of a transaction compares and carries.
    #[inline(always)]
    pub(crate) const fn bits(self) -> AccessBits {
        let Self { write, privileged, instruction, non_secure } = self;
        // The four bytes as one word, of which the product gathers the low bits at its top.
        let word = u32::from_le_bytes([write as u8, privileged as u8, instruction as u8, non_secure as u8]);
        AccessBits((word.wrapping_mul(0x0102_0408) >> 24) as u8)
    }
}

/// An [`Access`] in four bits.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
#[cfg_attr(feature = "serde", derive(serde::Serialize, serde::Deserialize))]
pub(crate) struct AccessBits(u8);

impl AccessBits {
    const WRITE: u8 = 1;
    const PRIVILEGED: u8 = 1 << 1;
    const INSTRUCTION: u8 = 1 << 2;
    const NON_SECURE: u8 = 1 << 3;

    #[inline]
    pub(crate) const fn access(self) -> Access {
        Access {
            write: self.0 & Self::WRITE != 0,
            privileged: self.0 & Self::PRIVILEGED != 0,
            instruction: self.0 & Self::INSTRUCTION != 0,
            non_secure: self.non_secure(),
        }
    }

    #[inline]
    pub(crate) const fn non_secure(self) -> bool {
        self.0 & Self::NON_SECURE != 0
    }

    /// The bits that rights depend on: write 0, privileged 1, instruction 2.
    #[inline]
    pub(crate) const fn rights(self) -> u8 {
        self.0 & (Self::WRITE | Self::PRIVILEGED | Self::INSTRUCTION)
    }

    pub(crate) const fn check(self) -> Result<(), RestoreError> {
        if self.0 >> 4 == 0 { Ok(()) } else { Err(RestoreError::Value { what: "access" }) }
    }
}

/// What replaces a part of an access: M2VCBR.NSCFG its security, ACTLR.PRIVCFG its privilege. The codes of
/// both are the same.
#[derive(Clone, Copy, Debug)]
pub(crate) struct AccessOverride {
    keep: u8,
    set: u8,
}

impl AccessOverride {
    /// From NSCFG: 2 secure, 3 non-secure, else as the access has it.
    pub(crate) const fn security(code: u32) -> Self {
        Self::new(code, AccessBits::NON_SECURE)
    }

    /// From PRIVCFG: 2 unprivileged, 3 privileged, else as the access has it.
    pub(crate) const fn privilege(code: u32) -> Self {
        Self::new(code, AccessBits::PRIVILEGED)
    }

    const fn new(code: u32, bit: u8) -> Self {
        Self { keep: if code == 2 { !bit } else { !0 }, set: if code == 3 { bit } else { 0 } }
    }

    #[inline(always)]
    pub(crate) const fn apply(self, access: AccessBits) -> AccessBits {
        AccessBits(access.0 & self.keep | self.set)
    }
}

/// One transaction to translate. It must not cross a 4 KiB boundary: the caller splits longer ones.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
#[cfg_attr(feature = "serde", derive(serde::Serialize, serde::Deserialize))]
pub struct Request {
    /// The caller's name for it.
    pub id: TransactionId,
    /// Virtual address of the first byte.
    pub va: u32,
    /// Machine ID of the master: index into M2VCBR.
    pub mid: u16,
    /// Port it arrives at: which micro-TLB is asked. Taken modulo the number of ports.
    pub port: u8,
    /// Read or write, and in whose name.
    pub access: Access,
    /// Memory attributes that the master puts on the bus: kept when the transaction bypasses, and
    /// recorded in syndromes.
    pub attributes: MemoryAttributes,
    /// AXI beat size, log2 of bytes, 0 to 7: xSYNR1.ASIZE.
    pub size: u8,
    /// AXI burst length, number of beats minus one, 0 to 15: xSYNR1.ALEN.
    pub len: u8,
}

impl Request {
    /// A request of one 4-byte beat at port 0: normal memory, neither cached nor shared.
    pub const fn new(id: TransactionId, mid: u16, va: u32, access: Access) -> Self {
        Self { id, va, mid, port: 0, access, attributes: MemoryAttributes::NON_CACHED, size: 2, len: 0 }
    }

    /// Checks what a saved request must keep.
    pub(crate) fn check(&self) -> Result<(), RestoreError> {
        if MemoryAttributes::from_bits(self.attributes.bits()) == self.attributes {
            Ok(())
        } else {
            Err(RestoreError::Value { what: "request attributes" })
        }
    }
}

/// Where a translation was found.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash, PartialOrd, Ord)]
pub enum Found {
    /// Not translated: translation is off for the bank (SCTLR.M = 0) or for all (CR.CLIENTPD = 1).
    Bypass,
    /// In the micro-TLB of the port.
    MicroTlb,
    /// In the main TLB.
    MainTlb,
    /// By walking the tables.
    Walk,
}

/// A successful translation.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Translation {
    /// Physical address of the first byte.
    pub pa: u32,
    /// Physical address of the first-level descriptor it comes from, and of the second-level one (0 if
    /// there is none). Both 0 for a bypass.
    pub descriptors: [u32; 2],
    /// Resolved attributes of the outgoing transaction.
    pub attributes: MemoryAttributes,
    /// Size of the mapping in the tables; [`PageSize::Small`] for a bypass.
    pub size: PageSize,
    /// Whether the outgoing transaction is non-secure.
    pub non_secure: bool,
    /// Where it was found.
    pub found: Found,
    /// Context bank.
    pub bank: u8,
    /// VMID sent on with the transaction: M2VCBR.VMID of its MID.
    pub vmid: u8,
}

/// What happens to a transaction.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Answer {
    /// Go on, at this physical address, now.
    Translated(Translation),
    /// End it: with a bus error if `error`, else reads give 0 and writes are dropped, without an error.
    Terminated {
        /// Answer with a bus error (ACTLR.CFERE, or CR.RPUERE for configuration errors).
        error: bool,
    },
    /// The model holds it. Its answer comes later, when software resumes or resets the bank.
    Held,
}

impl Answer {
    /// The translation, if there is one.
    pub const fn translation(&self) -> Option<&Translation> {
        match self {
            Self::Translated(translation) => Some(translation),
            Self::Terminated { .. } | Self::Held => None,
        }
    }

    /// The physical address, if translated.
    pub const fn pa(&self) -> Option<u32> {
        match self {
            Self::Translated(translation) => Some(translation.pa),
            Self::Terminated { .. } | Self::Held => None,
        }
    }
}

/// A held transaction whose answer has come.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Released {
    /// The request as it was made.
    pub request: Request,
    /// Translated or terminated; never [`Answer::Held`].
    pub answer: Answer,
}
