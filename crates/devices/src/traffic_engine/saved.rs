//! Saved form of the traffic engine.

use super::{Frame, ListCursor, MAX_SLOTS, Phase, Slot, Teng, TrafficEngine, Transaction, Work};
use crate::{MAX_REQUEST_BYTES, StateError};
use msmemu_fabric::Time;
use msmemu_regs::RegFile;

/// What a transaction is for.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
#[cfg_attr(feature = "serde", derive(serde::Serialize, serde::Deserialize))]
pub enum SavedWork {
    /// Read of a frame.
    Frame,
    /// Read of a list entry.
    List,
    /// Write of a frame's status.
    Status,
    /// Read of the source, whose data then goes to `destination`.
    Source {
        /// Address.
        destination: u32,
    },
    /// Write of the destination.
    Write,
    /// Read of the destination, to compare.
    Destination,
}

/// A transaction.
#[derive(Clone, PartialEq, Eq, Debug)]
#[cfg_attr(feature = "serde", derive(serde::Serialize, serde::Deserialize))]
pub struct SavedSlot {
    /// What for.
    pub work: SavedWork,
    /// Outstanding.
    pub issued: bool,
    /// Order of creation.
    pub order: u32,
    /// Address.
    pub addr: u32,
    /// Bytes.
    pub len: u32,
    /// Position in the transfer.
    pub offset: u32,
    /// Bytes to write, or to compare with.
    pub data: Vec<u8>,
}

/// Saved form of a [`TrafficEngine`].
#[derive(Clone, PartialEq, Eq, Debug)]
#[cfg_attr(feature = "serde", derive(serde::Serialize, serde::Deserialize))]
pub struct SavedTrafficEngine {
    /// Storage words of the register file.
    pub registers: Vec<u32>,
    /// What it is doing.
    pub phase: Phase,
    /// Words of the current frame.
    pub words: [u32; 16],
    /// Address of the current frame.
    pub frame_addr: u32,
    /// Repetitions done.
    pub iteration: u32,
    /// Bytes of the transfer begun.
    pub begun: u32,
    /// Scatter/gather list.
    pub list: ListCursor,
    /// The current frame failed.
    pub failed: bool,
    /// An abort is draining.
    pub aborting: bool,
    /// When the port is free.
    pub next_issue: Time,
    /// Order of the next transaction.
    pub next_order: u32,
    /// Transactions by place.
    pub slots: Vec<Option<SavedSlot>>,
}

impl TrafficEngine {
    /// State for a snapshot.
    pub fn save(&self) -> SavedTrafficEngine {
        let Self {
            config: _,
            regs,
            phase,
            words,
            frame: _,
            frame_addr,
            iteration,
            begun,
            end: _,
            list,
            failed,
            aborting,
            burst_pace: _,
            next_issue,
            next_order,
            slots,
            used,
            waiting,
            busy: _,
        } = self;
        SavedTrafficEngine {
            registers: regs.words().to_vec(),
            phase: *phase,
            words: *words,
            frame_addr: *frame_addr,
            iteration: *iteration,
            begun: *begun,
            list: *list,
            failed: *failed,
            aborting: *aborting,
            next_issue: *next_issue,
            next_order: *next_order,
            slots: (0..)
                .zip(slots.as_ref())
                .map(|(n, slot)| (used >> n & 1 != 0).then(|| slot.save(waiting >> n & 1 == 0)))
                .collect(),
        }
    }

    /// Takes over a snapshot.
    ///
    /// # Errors
    /// When it holds impossible values; nothing is changed then.
    pub fn restore(&mut self, saved: SavedTrafficEngine) -> Result<(), StateError> {
        let SavedTrafficEngine {
            registers,
            phase,
            words,
            frame_addr,
            iteration,
            begun,
            list,
            failed,
            aborting,
            next_issue,
            next_order,
            slots,
        } = saved;
        let impossible = |what| StateError::Value { device: "traffic-engine", what };
        let mut regs = RegFile::<Teng, { Teng::WORDS }>::new();
        regs.restore(&registers)?;
        let bits = |wanted: fn(&SavedSlot) -> bool| {
            let bit = |slot: &Option<SavedSlot>| u32::from(slot.as_ref().is_some_and(wanted));
            slots.iter().rev().fold(0, |bits, slot| bits << 1 | bit(slot))
        };
        let (used, waiting) = (bits(|_| true), bits(|slot| !slot.issued));
        let slots = slots.into_iter().map(|slot| slot.map_or(Ok(Slot::EMPTY), Slot::from_saved));
        let slots = slots.collect::<Result<Vec<_>, _>>().map_err(impossible)?;
        let slots = <Box<[_; MAX_SLOTS as usize]>>::try_from(slots);
        let slots = slots.map_err(|_| impossible("number of transactions"))?;
        let frame = match phase {
            Phase::Run | Phase::Status => Some(Frame::decode(&words).ok_or(impossible("frame"))?),
            Phase::Idle | Phase::Fetch => None,
        };
        let end = match &frame {
            Some(frame) if phase == Phase::Run && !failed && !aborting => frame.length,
            _ => 0,
        };
        let config = self.config;
        *self = Self {
            config,
            regs,
            phase,
            words,
            frame,
            frame_addr,
            iteration,
            begun,
            end,
            list,
            failed,
            aborting,
            burst_pace: Time::ZERO,
            next_issue,
            next_order,
            slots,
            used,
            waiting,
            busy: used.count_ones(),
        };
        self.burst_pace = frame.map_or(Time::ZERO, |frame| self.port_time(frame.burst).max(frame.rate));
        Ok(())
    }
}

impl Slot {
    fn save(&self, issued: bool) -> SavedSlot {
        let Self { transaction: Transaction { work, addr, len, offset }, order, data } = self;
        let data = if work.holds_data() { data.clone() } else { Vec::new() };
        let work = match *work {
            Work::Frame => SavedWork::Frame,
            Work::List => SavedWork::List,
            Work::Status => SavedWork::Status,
            Work::Source { destination } => SavedWork::Source { destination },
            Work::Write => SavedWork::Write,
            Work::Destination => SavedWork::Destination,
        };
        let (order, addr, len, offset) = (*order, *addr, *len, *offset);
        SavedSlot { work, issued, order, addr, len, offset, data }
    }

    fn from_saved(saved: SavedSlot) -> Result<Self, &'static str> {
        let SavedSlot { work, issued: _, order, addr, len, offset, data } = saved;
        let work = match work {
            SavedWork::Frame => Work::Frame,
            SavedWork::List => Work::List,
            SavedWork::Status => Work::Status,
            SavedWork::Source { destination } => Work::Source { destination },
            SavedWork::Write => Work::Write,
            SavedWork::Destination => Work::Destination,
        };
        let fits = data.len() == if work.holds_data() { len as usize } else { 0 };
        if len == 0 || len > MAX_REQUEST_BYTES || !fits || offset.checked_add(len).is_none() {
            return Err("transaction");
        }
        Ok(Self { transaction: Transaction { work, addr, len, offset }, order, data })
    }
}
