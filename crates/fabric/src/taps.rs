//! Named places where an injected fault acts, and where observers listen.
//!
//! Both are type parameters of their host with methods that do nothing by default; `()` is the
//! implementation that costs nothing. A tap may change what happens and tells nobody; an observer
//! sees what really happened, after the tap, and can change nothing.

use crate::{Access, BusFault, Edge, LineId, PhysAddr, Time, WatchedStore};

/// What a tap wants done with a write.
#[derive(Clone, Copy, PartialEq, Eq, Debug, Default)]
pub enum WriteTap {
    /// Perform it, with the value as the tap left it.
    #[default]
    Pass,
    /// Lose it: nothing is stored, the master sees success.
    Lose,
    /// Answer with a fault; nothing is stored.
    Fault(BusFault),
}

/// Taps of the fabric.
pub trait FabricTap {
    /// Whether [`FabricTap::line`] is wanted. The owner of a line then shows its level after each call of
    /// the device, otherwise only when it has changed.
    const LINES: bool = true;

    /// A read was answered; the tap may change the answer.
    #[inline(always)]
    fn read(&mut self, now: Time, access: &Access, answer: &mut Result<u64, BusFault>) {
        let _ = (now, access, answer);
    }

    /// A write is about to be performed; the tap may change the value or the outcome.
    #[inline(always)]
    fn write(&mut self, now: Time, access: &Access, value: &mut u64) -> WriteTap {
        let _ = (now, access, value);
        WriteTap::Pass
    }

    /// DMA data is about to reach its destination (`addr` is the memory side); the tap may change it.
    #[inline(always)]
    fn dma_data(&mut self, now: Time, addr: PhysAddr, data: &mut [u8]) {
        let _ = (now, addr, data);
    }

    /// The owner of a line computed its level; the tap may change what others see.
    #[inline(always)]
    fn line(&mut self, now: Time, line: LineId, level: &mut bool) {
        let _ = (now, line, level);
    }
}

impl FabricTap for () {
    const LINES: bool = false;
}

/// Observer of the fabric.
pub trait FabricObserver {
    /// An access was answered with a value (of a read: what was read; of a write: what was
    /// written) or a fault.
    #[inline(always)]
    fn access(&mut self, now: Time, access: &Access, answer: Result<u64, BusFault>) {
        let _ = (now, access, answer);
    }

    /// A line changed its level.
    #[inline(always)]
    fn line(&mut self, now: Time, line: LineId, edge: Edge) {
        let _ = (now, line, edge);
    }

    /// A store hit a watched frame.
    #[inline(always)]
    fn watched_store(&mut self, now: Time, store: &WatchedStore) {
        let _ = (now, store);
    }
}

impl FabricObserver for () {}
