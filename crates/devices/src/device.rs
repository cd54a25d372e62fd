//! What every device is.

use core::fmt;
use msmemu_fabric::{BusFault, BusMaster, Size, Time};
use msmemu_regs::RegDesc;
use thiserror::Error;

/// Where and by whom a register is accessed.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub struct Mmio {
    /// Byte offset in the device's window.
    pub offset: u32,
    /// Bytes. A bus splits doubles into words.
    pub size: Size,
    /// The port the access comes from, for registers that are banked by core.
    pub master: BusMaster,
}

impl Mmio {
    /// A word access by the first core (port 0).
    pub const fn word(offset: u32) -> Self {
        Self { offset, size: Size::Word, master: BusMaster(0) }
    }
}

/// Something that the model does not have. The machine's policy decides what happens: the access
/// then reads 0, or is ignored.
#[derive(Clone, Copy, PartialEq, Eq, Hash, Debug, Error)]
pub enum Gap {
    /// No register is declared at the offset.
    #[error("no register at offset {0:#x}")]
    NoRegister(u32),
    /// The register exists, but not for accesses of this size.
    #[error("access of {} bytes at offset {offset:#x}, registers here take words", size.bytes())]
    Size {
        /// Byte offset.
        offset: u32,
        /// Size of the access.
        size: Size,
    },
    /// The guest asked for a behaviour that is not modelled.
    #[error("{0} is not modelled")]
    Behaviour(&'static str),
}

/// How a register access fails.
#[derive(Clone, Copy, PartialEq, Eq, Debug, Error)]
pub enum MmioError {
    /// The guest must see a fault.
    #[error(transparent)]
    Fault(#[from] BusFault),
    /// The model has a gap.
    #[error(transparent)]
    Gap(#[from] Gap),
}

/// Answer to a register access.
pub type MmioResult<T> = Result<T, MmioError>;

/// One register seen without side effects.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub struct Peek {
    /// Its table.
    pub desc: &'static RegDesc,
    /// Element of an array register.
    pub index: u16,
    /// What a guest would read, without the effect of reading.
    pub value: u32,
}

/// An address in words: `GICC.GICC_PMR = 0x000000f0 (Priority=0xf0)`.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub struct Explanation {
    /// Kind of device.
    pub device: &'static str,
    /// The register and its value.
    pub peek: Peek,
}

impl fmt::Display for Explanation {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let Self { device, peek: Peek { desc, index, value } } = self;
        write!(f, "{device}.{}", desc.name)?;
        if desc.count > 1 {
            write!(f, "[{index}]")?;
        }
        write!(f, " = {value:#010x} ({})", desc.show(*value))
    }
}

/// A saved state that a device cannot take over.
#[derive(Clone, PartialEq, Eq, Debug, Error)]
pub enum StateError {
    /// Saved registers do not fit the register table.
    #[error("{0}")]
    Registers(#[from] msmemu_regs::RestoreError),
    /// A part of the state has another size than the device's configuration says.
    #[error("{device}: saved state has {found} {what}, the device has {expected}")]
    Shape {
        /// Kind of device.
        device: &'static str,
        /// What is counted.
        what: &'static str,
        /// Number in the saved state.
        found: usize,
        /// Number in the device.
        expected: usize,
    },
    /// A part of the state has a value that the device never has.
    #[error("{device}: saved state has an impossible {what}")]
    Value {
        /// Kind of device.
        device: &'static str,
        /// What is wrong.
        what: &'static str,
    },
}

/// A device with registers.
///
/// Calls come in the order of virtual time; `now` never lies after [`Device::deadline`] unless
/// [`Device::advance`] was called for it first. After each call the machine looks at
/// [`Device::levels`] and [`Device::deadline`] again, both of which are functions of the state, so
/// nothing about them has to be saved.
pub trait Device {
    /// Kind of device, for messages: `gic`, `uartdm`.
    fn kind(&self) -> &'static str;

    /// A guest's register read.
    ///
    /// # Errors
    /// A fault for the guest, or a gap in the model.
    fn read(&mut self, now: Time, at: Mmio) -> MmioResult<u32>;

    /// A guest's register write.
    ///
    /// # Errors
    /// A fault for the guest, or a gap in the model.
    fn write(&mut self, now: Time, at: Mmio, value: u32) -> MmioResult<()>;

    /// The register at an offset without the effects of reading it, as port `at.master` sees it.
    fn peek(&self, now: Time, at: Mmio) -> Option<Peek>;

    /// When the device next changes by itself.
    fn deadline(&self) -> Option<Time> {
        None
    }

    /// Brings the device to `now`.
    fn advance(&mut self, now: Time) {
        let _ = now;
    }

    /// Names of the output lines; line `n` of [`Device::level`] is the `n`th.
    fn lines(&self) -> &'static [&'static str] {
        &[]
    }

    /// Level of an output line, computed from the state. Low for a line that does not exist.
    fn level(&self, line: usize) -> bool {
        let _ = line;
        false
    }

    /// Levels of all output lines, line `n` in bit `n`. No device has more than 64.
    fn levels(&self) -> u64 {
        (0..self.lines().len()).fold(0, |levels, line| levels | u64::from(self.level(line)) << line)
    }

    /// Back to the state after power-on.
    fn reset(&mut self);

    /// What is at an offset, for people.
    fn explain(&self, now: Time, at: Mmio) -> Option<Explanation> {
        self.peek(now, at).map(|peek| Explanation { device: self.kind(), peek })
    }
}

/// The register at a word access; the gap otherwise.
pub(crate) fn word_register<B: msmemu_regs::Block>(at: Mmio) -> Result<msmemu_regs::At<B>, Gap> {
    let found = B::at(at.offset & !3).ok_or(Gap::NoRegister(at.offset))?;
    if at.size != Size::Word || !at.offset.is_multiple_of(4) {
        return Err(Gap::Size { offset: at.offset, size: at.size });
    }
    Ok(found)
}
