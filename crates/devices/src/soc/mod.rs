//! Pins and power, clock controllers, top control: blocks that firmware touches on its way.
//!
//! Their registers are mostly `stored`, as their tables say. What acts:
//!
//! * [`Tlmm`]: the line `ps-hold` falls when the guest lets go of the power supply (register at
//!   offset 0x820; Linux's `pinctrl-msm` and `msm-poweroff`). The machine then switches off or
//!   restarts, as its power management chip is configured. A pin that drives itself reads back.
//! * [`Mmcc`]: the lines `reset.*` hold the SMMUs in reset, `smmu-ahb` is their interface clock; its
//!   halt status follows at once (Linux's `mmcc-msm8960`, vendor clock tables).
//! * [`Gcc`]: halt status of the GSBI clocks and lock of PLL 8 follow their enables at once (Linux's
//!   `gcc-msm8660`).
//! * [`Tcsr`] and [`Gsbi`] store only; the UART works whatever protocol its GSBI is set to.
//! * [`Pvpanic`], no part of the chip: its line `panicked` rises when the guest's kernel reports a panic, with
//!   Linux's `pvpanic-mmio` driver. The interface is that of QEMU's device of this name.

mod registers;

pub use registers::{GccRegs, GsbiRegs, MmccRegs, PvpanicRegs, TcsrRegs, TlmmRegs};

use crate::StateError;
use crate::device::{Device, Gap, Mmio, MmioResult, Peek, word_register};
use msmemu_fabric::{Size, Time};
use msmemu_regs::{At, Block, RegFile};
use registers::{AHB_EN, GPIO_CFG, GPIO_IN_OUT, GSBI_HCLK_CTL, GSBI_QUP_APPS_NS, GSBI_UART_APPS_NS};
use registers::{DBG_BUS_VEC_F, PLL_ENA_SC0, PLL8_STATUS, PS_HOLD, PVPANIC_EVENTS};

/// What a register block adds to being stored.
pub trait SocBehaviour: Block {
    /// Kind of device, for messages.
    const KIND: &'static str;
    /// Names of output lines.
    const LINES: &'static [&'static str] = &[];
    /// Whether registers also take accesses of a byte or a halfword at their first address.
    const NARROW: bool = false;

    /// The value of a register that follows from others; `None` for one that is stored.
    fn computed<const N: usize>(regs: &RegFile<Self, N>, at: At<Self>) -> Option<u32> {
        let _ = (regs, at);
        None
    }

    /// Level of an output line.
    fn level<const N: usize>(regs: &RegFile<Self, N>, line: usize) -> bool {
        let _ = (regs, line);
        false
    }
}

/// A block of registers with no state but theirs.
#[derive(Clone, Debug)]
pub struct SocBlock<B: Block, const N: usize> {
    regs: RegFile<B, N>,
}

/// Saved form of a [`SocBlock`].
#[derive(Clone, PartialEq, Eq, Debug)]
#[cfg_attr(feature = "serde", derive(serde::Serialize, serde::Deserialize))]
pub struct SavedSocBlock {
    /// Storage words of the register file.
    pub registers: Vec<u32>,
}

/// Top-level mode multiplexer.
pub type Tlmm = SocBlock<TlmmRegs, { TlmmRegs::WORDS }>;
/// Multimedia clock controller.
pub type Mmcc = SocBlock<MmccRegs, { MmccRegs::WORDS }>;
/// Global clock controller.
pub type Gcc = SocBlock<GccRegs, { GccRegs::WORDS }>;
/// General serial bus interface: the wrapper around a UART and a QUP.
pub type Gsbi = SocBlock<GsbiRegs, { GsbiRegs::WORDS }>;
/// Top control and status.
pub type Tcsr = SocBlock<TcsrRegs, { TcsrRegs::WORDS }>;
/// Panic notifier: the interface of QEMU's `pvpanic`.
pub type Pvpanic = SocBlock<PvpanicRegs, { PvpanicRegs::WORDS }>;

impl<B: SocBehaviour, const N: usize> Default for SocBlock<B, N> {
    fn default() -> Self {
        Self::new()
    }
}

impl<B: SocBehaviour, const N: usize> SocBlock<B, N> {
    /// The block after power-on.
    pub const fn new() -> Self {
        Self { regs: RegFile::new() }
    }

    fn register(at: Mmio) -> Result<At<B>, Gap> {
        let narrow = B::NARROW && at.offset.is_multiple_of(4) && matches!(at.size, Size::Byte | Size::Half);
        word_register(if narrow { Mmio { size: Size::Word, ..at } } else { at })
    }

    fn value(&self, at: At<B>) -> u32 {
        B::computed(&self.regs, at).unwrap_or_else(|| self.regs.peek(at))
    }

    /// State for a snapshot.
    pub fn save(&self) -> SavedSocBlock {
        let Self { regs } = self;
        SavedSocBlock { registers: regs.words().to_vec() }
    }

    /// Takes over a snapshot.
    ///
    /// # Errors
    /// When it holds impossible register values; nothing is changed then.
    pub fn restore(&mut self, saved: SavedSocBlock) -> Result<(), StateError> {
        let Self { regs } = self;
        let SavedSocBlock { registers } = saved;
        Ok(regs.restore(&registers)?)
    }
}

impl<B: SocBehaviour, const N: usize> Device for SocBlock<B, N> {
    fn kind(&self) -> &'static str {
        B::KIND
    }

    fn read(&mut self, _now: Time, at: Mmio) -> MmioResult<u32> {
        Ok(self.value(Self::register(at)?))
    }

    fn write(&mut self, _now: Time, at: Mmio, value: u32) -> MmioResult<()> {
        self.regs.guest_write(Self::register(at)?, value);
        Ok(())
    }

    fn peek(&self, _now: Time, at: Mmio) -> Option<Peek> {
        let reg = Self::register(at).ok()?;
        Some(Peek { desc: reg.desc(), index: reg.index, value: self.value(reg) })
    }

    fn lines(&self) -> &'static [&'static str] {
        B::LINES
    }

    fn level(&self, line: usize) -> bool {
        B::level(&self.regs, line)
    }

    fn reset(&mut self) {
        let Self { regs } = self;
        regs.reset();
    }
}

impl SocBehaviour for TlmmRegs {
    const KIND: &'static str = "tlmm";
    const LINES: &'static [&'static str] = &["ps-hold"];

    fn computed<const N: usize>(regs: &RegFile<Self, N>, at: At<Self>) -> Option<u32> {
        if at.reg != Self::GPIO_IN_OUT {
            return None;
        }
        let word = regs.peek(at);
        let drives = GPIO_CFG::OE.is_set(regs.get_at(At { reg: Self::GPIO_CFG, index: at.index }));
        Some(GPIO_IN_OUT::IN.set(word, u32::from(drives && GPIO_IN_OUT::OUT.is_set(word))))
    }

    fn level<const N: usize>(regs: &RegFile<Self, N>, line: usize) -> bool {
        line == 0 && regs.is_set(PS_HOLD::HOLD)
    }
}

impl SocBehaviour for MmccRegs {
    const KIND: &'static str = "mmcc";
    const LINES: &'static [&'static str] = &[
        "smmu-ahb",
        "reset.gfx2d1",
        "reset.gfx2d0",
        "reset.ijpeg",
        "reset.jpegd",
        "reset.mdp0",
        "reset.mdp1",
        "reset.vcodec_a",
        "reset.vcodec_b",
        "reset.rot",
        "reset.vfe",
        "reset.vpe",
        "reset.gfx3d",
    ];

    fn computed<const N: usize>(regs: &RegFile<Self, N>, at: At<Self>) -> Option<u32> {
        let off = u32::from(!regs.is_set(AHB_EN::SMMU_AHB));
        (at.reg == Self::DBG_BUS_VEC_F).then(|| DBG_BUS_VEC_F::SMMU_AHB_HALT.set(0, off))
    }

    fn level<const N: usize>(regs: &RegFile<Self, N>, line: usize) -> bool {
        match line {
            0 => regs.is_set(AHB_EN::SMMU_AHB),
            // The lines follow the bits of the register, from 20 up.
            1..=12 => regs.get(Self::SW_RESET_AHB) >> (19 + line) & 1 != 0,
            _ => false,
        }
    }
}

/// Bits of the halt registers of the clocks of GSBI 1 to 12: register (0, 1, 2 for A, B, C), and
/// bits of interface, UART and QUP clock.
const GSBI_HALT: [(u8, u8, u8, u8); 12] = [
    (0, 11, 10, 9),
    (0, 7, 6, 4),
    (0, 3, 2, 0),
    (1, 27, 26, 24),
    (1, 23, 22, 20),
    (1, 19, 18, 16),
    (1, 15, 14, 12),
    (1, 11, 10, 8),
    (1, 7, 6, 4),
    (1, 3, 2, 0),
    (2, 18, 17, 15),
    (2, 14, 13, 11),
];

impl SocBehaviour for GccRegs {
    const KIND: &'static str = "gcc";

    fn computed<const N: usize>(regs: &RegFile<Self, N>, at: At<Self>) -> Option<u32> {
        let state = match at.reg {
            Self::CLK_HALT_CFPB_STATEA => 0,
            Self::CLK_HALT_CFPB_STATEB => 1,
            Self::CLK_HALT_CFPB_STATEC => 2,
            Self::PLL8_STATUS => return Some(PLL8_STATUS::LOCKED.set(0, regs.field(PLL_ENA_SC0::PLL8))),
            _ => return None,
        };
        let mut halted = 0;
        for (index, (register, interface, uart, qup)) in (0..).zip(GSBI_HALT) {
            if register == state {
                let on = |reg, bit: u8, enabled: fn(u32) -> bool| {
                    u32::from(!enabled(regs.get_at(At { reg, index }))) << bit
                };
                halted |=
                    on(Self::GSBI_HCLK_CTL, interface, |word| GSBI_HCLK_CTL::CLK_BRANCH_ENA.is_set(word))
                        | on(Self::GSBI_UART_APPS_NS, uart, |word| {
                            GSBI_UART_APPS_NS::CLK_BRANCH_ENA.is_set(word)
                        })
                        | on(Self::GSBI_QUP_APPS_NS, qup, |word| {
                            GSBI_QUP_APPS_NS::CLK_BRANCH_ENA.is_set(word)
                        });
            }
        }
        Some(halted)
    }
}

impl SocBehaviour for TcsrRegs {
    const KIND: &'static str = "tcsr";
}

impl SocBehaviour for GsbiRegs {
    const KIND: &'static str = "gsbi";
}

impl SocBehaviour for PvpanicRegs {
    const KIND: &'static str = "pvpanic";
    const LINES: &'static [&'static str] = &["panicked"];
    const NARROW: bool = true;

    /// Reads tell which events can be reported: both.
    fn computed<const N: usize>(_: &RegFile<Self, N>, _: At<Self>) -> Option<u32> {
        Some(PVPANIC_EVENTS::PANICKED.mask() | PVPANIC_EVENTS::CRASH_LOADED.mask())
    }

    fn level<const N: usize>(regs: &RegFile<Self, N>, line: usize) -> bool {
        line == 0 && regs.is_set(PVPANIC_EVENTS::PANICKED)
    }
}
