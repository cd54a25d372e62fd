//! The table walk: a resumable procedure that asks for one descriptor access at a time.
//!
//! The functional driver answers each [`Step`] at once, the timed driver when the bus does.

use crate::config::PageSizes;
use crate::context::Context;
use crate::ports::{BusError, DescriptorRead, DescriptorWrite};
use crate::saved::RestoreError;
use crate::spec::descriptor::{First, FirstKind, LeafBits, PageSize, Second, SecondKind};
use crate::spec::fault_code::{Fault, FaultCause, Level};
use crate::spec::memory_type::MemoryAttributes;
use crate::tlb::{Permissions, Tag, TlbEntry};

/// What a walk needs next, or how it ended.
#[derive(Clone, Copy, Debug)]
pub(crate) enum Step {
    /// The descriptor of [`Walk::read`].
    Read,
    /// The store of [`Walk::write`], with this word as the walker reads it.
    Write(u32),
    /// The entry is made, or there is none.
    Done(Result<(), Fault>),
}

/// A walk between two steps.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
#[cfg_attr(feature = "serde", derive(serde::Serialize, serde::Deserialize))]
pub(crate) struct Walk {
    va: u32,
    bank: u8,
    tag: Tag,
    /// Level of the descriptor being accessed.
    level: Level,
    /// Attributes of the table memory.
    attributes: MemoryAttributes,
    /// Addresses of the descriptors; the second is 0 at the first level.
    descriptors: [u32; 2],
    /// NS of the first-level table descriptor.
    table_non_secure: bool,
}

impl Walk {
    /// Begins a walk. The tag is the one the entry will have.
    #[inline(always)]
    pub(crate) fn start(context: &Context, bank: u8, va: u32, tag: Tag) -> (Self, Step) {
        let base = context.base(va);
        let walk = Self {
            va,
            bank,
            tag,
            level: Level::First,
            attributes: base.attributes,
            descriptors: [base.address | va >> 20 << 2, 0],
            table_non_secure: false,
        };
        let step =
            if base.disabled { Step::Done(Err(Fault::first(FaultCause::Translation))) } else { Step::Read };
        (walk, step)
    }

    /// Address of the descriptor being accessed.
    #[inline(always)]
    const fn address(&self) -> u32 {
        let [first, second] = self.descriptors;
        match self.level {
            Level::First => first,
            Level::Second => second,
        }
    }

    /// The read that the walk waits for.
    #[inline(always)]
    pub(crate) fn read(&self) -> DescriptorRead {
        DescriptorRead {
            address: self.address(),
            level: self.level,
            bank: self.bank,
            attributes: self.attributes,
            non_secure: self.tag.non_secure(),
        }
    }

    /// The write that the walk waits for.
    #[inline(always)]
    pub(crate) fn write(&self, context: &Context, word: u32) -> DescriptorWrite {
        DescriptorWrite {
            address: self.address(),
            value: swap(context, word),
            level: self.level,
            bank: self.bank,
            attributes: self.attributes,
            non_secure: self.tag.non_secure(),
        }
    }

    /// Goes on with the descriptor asked for, as it stands in memory. `entry` is made by the last step.
    #[inline(always)]
    pub(crate) fn descriptor(
        &mut self,
        context: &Context,
        sizes: PageSizes,
        response: Result<u32, BusError>,
        entry: &mut TlbEntry,
    ) -> Step {
        match response {
            Ok(word) => self.decode(context, sizes, swap(context, word), entry),
            Err(error) => self.bus_fault(error),
        }
    }

    /// Goes on after the write asked for: with the descriptor as it stands in memory now.
    #[inline(always)]
    pub(crate) fn written(
        &mut self,
        context: &Context,
        sizes: PageSizes,
        write: &DescriptorWrite,
        response: Result<(), BusError>,
        entry: &mut TlbEntry,
    ) -> Step {
        self.descriptor(context, sizes, response.map(|()| write.value), entry)
    }

    #[inline(always)]
    fn decode(&mut self, context: &Context, sizes: PageSizes, word: u32, entry: &mut TlbEntry) -> Step {
        match self.level {
            Level::First => {
                let first = First(word);
                match first.kind() {
                    FirstKind::Fault => self.fault(FaultCause::Translation),
                    FirstKind::Table => {
                        self.table_non_secure = first.table_ns();
                        self.descriptors[1] = first.table() | self.va >> 10 & 0x3FC;
                        self.level = Level::Second;
                        Step::Read
                    }
                    FirstKind::Section | FirstKind::Supersection => {
                        let size = if first.kind() == FirstKind::Section {
                            PageSize::Section
                        } else {
                            PageSize::Supersection
                        };
                        self.leaf(context, sizes, word, first.leaf(), size, first.ns(), entry)
                    }
                }
            }
            Level::Second => {
                let second = Second(word);
                let size = match second.kind() {
                    SecondKind::Fault => return self.fault(FaultCause::Translation),
                    SecondKind::Large => PageSize::Large,
                    SecondKind::Small => PageSize::Small,
                };
                self.leaf(context, sizes, word, second.leaf(), size, self.table_non_secure, entry)
            }
        }
    }

    #[inline(always)]
    #[expect(clippy::too_many_arguments, reason = "one descriptor, taken apart")]
    fn leaf(
        &mut self,
        context: &Context,
        sizes: PageSizes,
        word: u32,
        leaf: LeafBits,
        table_size: PageSize,
        ns_descriptor: bool,
        entry: &mut TlbEntry,
    ) -> Step {
        if context.access_flag && leaf.ap & 1 == 0 {
            if context.set_access_flag {
                return Step::Write(match self.level {
                    Level::First => First(word).with_access_flag(),
                    Level::Second => Second(word).with_access_flag(),
                });
            } else if !context.ignore_access_flag {
                return self.fault(FaultCause::AccessFlag);
            }
        }
        let size = sizes.fit(table_size);
        // The page of the table's size, then the piece of it that the entry holds.
        let pa = word & table_size.mask() | self.va & !table_size.mask();
        *entry = TlbEntry {
            va: self.va & size.mask(),
            pa: pa & size.mask(),
            descriptors: self.descriptors,
            attributes: context.attributes(leaf),
            permissions: Permissions::from_descriptor(leaf.ap, context.access_flag, leaf.xn),
            size,
            table_size,
            vmid: self.tag.vmid(),
            asid: self.tag.asid(),
            bank: self.bank,
            global: !leaf.ng,
            non_secure: self.tag.non_secure(),
            ns_descriptor,
            locked: false,
        };
        Step::Done(Ok(()))
    }

    #[inline(always)]
    fn fault(&self, cause: FaultCause) -> Step {
        Step::Done(Err(Fault::at_level(cause, self.level)))
    }

    #[inline(always)]
    fn bus_fault(&self, error: BusError) -> Step {
        self.fault(match error {
            BusError::Decode => FaultCause::WalkDecodeError,
            BusError::Slave => FaultCause::WalkSlaveError,
        })
    }

    /// Checks what a saved walk must keep.
    pub(crate) fn check(&self, banks: usize) -> Result<(), RestoreError> {
        self.tag.check()?;
        let aligned = self.descriptors.iter().all(|address| address % 4 == 0);
        if usize::from(self.bank) >= banks || !aligned {
            return Err(RestoreError::Value { what: "walk" });
        }
        if MemoryAttributes::from_bits(self.attributes.bits()) != self.attributes {
            return Err(RestoreError::Value { what: "walk attributes" });
        }
        Ok(())
    }
}

/// A word between its order in memory and in the walker.
#[inline]
fn swap(context: &Context, word: u32) -> u32 {
    if context.big_endian { word.swap_bytes() } else { word }
}
