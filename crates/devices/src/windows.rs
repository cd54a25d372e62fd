//! The register windows of the devices, for exports: coverage pages and SVD (feature `svd`).

use crate::gic::{Gicc, Gicd};
use crate::pl330::Dmac;
use crate::soc::{GccRegs, GsbiRegs, MmccRegs, PvpanicRegs, TcsrRegs, TlmmRegs};
use crate::timer::Tmr;
use crate::traffic_engine::Teng;
use crate::uartdm::{UartdmRegister, UartdmWrite};
use msmemu_regs::svd::{Part, Window};

macro_rules! windows {
    ($($name:ident = $file:literal, $title:literal, $block:ty;)*) => {$(
        #[doc = $title]
        pub const $name: Window = Window {
            name: $file,
            title: $title,
            size: <$block>::DESC.size,
            parts: &[Part { block: <$block>::DESC, offset: 0, banks: None }],
        };
    )*};
}

/// UART as one window: a register that is only written is the alternate of what is read at its address.
pub const UARTDM_BOTH: Window = Window {
    name: "uartdm",
    title: "UART",
    size: UartdmRegister::DESC.size,
    parts: &[
        Part { block: UartdmRegister::DESC, offset: 0, banks: None },
        Part { block: UartdmWrite::DESC, offset: 0, banks: None },
    ],
};

windows! {
    GICD = "gicd", "Interrupt distributor", Gicd;
    GICC = "gicc", "Interrupt controller: CPU interface", Gicc;
    TIMER = "timer", "Timers and watchdog of a core", Tmr;
    UARTDM = "uartdm", "UART, read side and registers that read as written", UartdmRegister;
    UARTDM_WRITE = "uartdm_write", "UART, write side", UartdmWrite;
    GSBI = "gsbi", "General serial bus interface", GsbiRegs;
    TLMM = "tlmm", "Pins and PS_HOLD", TlmmRegs;
    MMCC = "mmcc", "Multimedia clock controller", MmccRegs;
    GCC = "gcc", "Global clock controller", GccRegs;
    TCSR = "tcsr", "Top control and status", TcsrRegs;
    PVPANIC = "pvpanic", "Panic notifier", PvpanicRegs;
    TENG = "teng", "Traffic engine", Teng;
    PL330 = "pl330", "PL330 DMA controller", Dmac;
}
