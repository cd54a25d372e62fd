//! Memories: contents, and how long they take.

use std::collections::BTreeSet;

use msmemu_fabric::{BusFault, Clock, FRAME_SIZE, FrameId, PhysAddr, PhysRange, Ram, Server, Time, Watch};

use crate::config::Config;
use crate::{BuildError, TimingMode};

/// Bytes that a memory port moves in a cycle of the clock that gives its bandwidth.
const BYTES_PER_CYCLE: u32 = 8;
/// Time of a DMA or descriptor access with functional timing: constant, without queues.
pub(super) const FUNCTIONAL_ACCESS: Time = Time::from_nanos(10);

/// Timing of one memory.
#[derive(Clone, Debug)]
pub(crate) struct Port {
    range: PhysRange,
    server: Server,
    /// Bytes that masters other than the core moved.
    pub(crate) bytes: u64,
}

/// All memories.
#[derive(Debug)]
pub(crate) struct Memory {
    pub(crate) ram: Ram,
    pub(crate) ports: Vec<Port>,
    /// First addresses of frames that hold translation tables: stores to them are recorded.
    pub(super) tables: BTreeSet<u32>,
    timing: TimingMode,
    hop: Time,
}

impl Memory {
    pub(super) fn new(config: &Config, timing: TimingMode) -> Result<Self, BuildError> {
        let mut ports = Vec::new();
        for memory in &config.memory {
            let base = PhysAddr(u64::from(memory.base));
            let range = PhysRange::new(base, u64::from(memory.size))
                .ok_or_else(|| BuildError::Memory { name: memory.name.clone() })?;
            let clock =
                Clock::from_hz(u64::from(memory.bandwidth_mb_s) * 1_000_000 / u64::from(BYTES_PER_CYCLE));
            let latency = Time::from_nanos(u64::from(memory.latency_ns));
            let server = Server::new(clock, latency, BYTES_PER_CYCLE);
            ports.push(Port { range, server, bytes: 0 });
        }
        let ranges: Vec<PhysRange> = ports.iter().map(|p| p.range).collect();
        let ram = Ram::new(&ranges)?;
        let hop = Time::from_nanos(u64::from(config.fabric.hop_ns));
        Ok(Self { ram, ports, tables: BTreeSet::new(), timing, hop })
    }

    pub(super) fn fork(&mut self) -> Self {
        Self {
            ram: self.ram.fork(),
            ports: self.ports.clone(),
            tables: self.tables.clone(),
            timing: self.timing,
            hop: self.hop,
        }
    }

    /// An access of a master at `now`: when it is answered.
    #[inline]
    pub(super) fn access(&mut self, now: Time, address: u32, bytes: u64) -> Time {
        let address = PhysAddr(u64::from(address));
        let Some(port) = self.ports.iter_mut().find(|p| p.range.contains(address)) else {
            // Nothing is there: the interconnect answers.
            return now + self.hop.max(FUNCTIONAL_ACCESS);
        };
        port.bytes += bytes;
        match self.timing {
            TimingMode::Functional => now + FUNCTIONAL_ACCESS,
            TimingMode::Approximate => port.server.request(now, bytes).done + self.hop,
        }
    }

    /// A word for a table walker. Devices answer walks with an error: a walk must not have the
    /// side effects of a register read (our choice).
    pub(super) fn word(&mut self, address: u32, device: bool) -> Result<u32, BusFault> {
        let frame = self.ram.frame(PhysAddr(u64::from(address)));
        let frame = frame.ok_or(if device { BusFault::Slave } else { BusFault::Decode })?;
        self.watch(frame);
        Ok(self.ram.load(frame, address & 0xFFC))
    }

    fn watch(&mut self, frame: FrameId) {
        if !self.ram.watches(frame).contains(Watch::Tables) {
            self.ram.watch(frame, Watch::Tables);
            self.tables.insert(self.ram.frame_addr(frame).0 as u32);
        }
    }

    /// From now on stores to the frames of a table are recorded.
    pub(crate) fn watch_table(&mut self, address: u32, bytes: u32) {
        for offset in (0..bytes).step_by(FRAME_SIZE as usize) {
            let address = PhysAddr(u64::from(address.wrapping_add(offset)));
            if let Some(frame) = self.ram.frame(address) {
                self.watch(frame);
            }
        }
    }

    /// When the ports are free again, for a snapshot.
    pub(super) fn save_ports(&self) -> Vec<(Time, u64)> {
        self.ports.iter().map(|p| (p.server.save(), p.bytes)).collect()
    }

    pub(super) fn restore_ports(&mut self, saved: &[(Time, u64)]) {
        for (port, (busy, bytes)) in self.ports.iter_mut().zip(saved) {
            port.server.restore(*busy);
            port.bytes = *bytes;
        }
    }

    /// Watches the frames of a snapshot's tables, after RAM was restored.
    pub(super) fn restore_tables(&mut self, frames: BTreeSet<u32>) {
        self.tables.clear();
        for frame in frames {
            self.watch_table(frame, 1);
        }
    }
}
