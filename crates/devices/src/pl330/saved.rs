//! Saved form of the DMA controller.

use super::instruction::{RequestType, WaitKind};
use super::thread::{Piece, State, Thread, Transaction, Work};
use super::{CacheLine, Dmac, PeripheralRequest, Pl330};
use crate::{MAX_REQUEST_BYTES, StateError};
use msmemu_fabric::Time;
use msmemu_regs::RegFile;

/// A thread.
#[derive(Clone, PartialEq, Eq, Debug)]
#[cfg_attr(feature = "serde", derive(serde::Serialize, serde::Deserialize))]
pub struct SavedThread {
    /// State.
    pub state: State,
    /// Cannot go on before something completes.
    pub stalled: bool,
    /// Program counter.
    pub pc: u32,
    /// Bytes at the program counter that were read so far.
    pub fetched: Vec<u8>,
    /// Non-secure.
    pub non_secure: bool,
    /// Event or peripheral waited for.
    pub wakeup: u8,
    /// Fault type register.
    pub fault: u32,
    /// `SAR`.
    pub source: u32,
    /// `DAR`.
    pub destination: u32,
    /// `CCR`.
    pub control: u32,
    /// `LC0` and `LC1`.
    pub loops: [u8; 2],
    /// What the last DMAWFP accepts.
    pub wait: WaitKind,
    /// What it found.
    pub request: RequestType,
    /// It was the last request.
    pub last_request: bool,
    /// Data loaded or to be loaded.
    pub buffer: Vec<Piece>,
    /// Number of the next read.
    pub next_read: u32,
}

/// A line of the instruction cache.
#[derive(Clone, PartialEq, Eq, Debug)]
#[cfg_attr(feature = "serde", derive(serde::Serialize, serde::Deserialize))]
pub struct SavedCacheLine {
    /// First address.
    pub addr: u32,
    /// Contents.
    pub bytes: Vec<u8>,
}

/// Saved form of a [`Pl330`].
#[derive(Clone, PartialEq, Eq, Debug)]
#[cfg_attr(feature = "serde", derive(serde::Serialize, serde::Deserialize))]
pub struct SavedPl330 {
    /// Storage words of the register file.
    pub registers: Vec<u32>,
    /// Active events and interrupts.
    pub active: u32,
    /// Manager, then channels.
    pub threads: Vec<SavedThread>,
    /// Thread that executed last.
    pub turn: usize,
    /// When the next instruction executes.
    pub next_step: Time,
    /// When the port is free.
    pub next_issue: Time,
    /// Order of the next transaction.
    pub next_order: u32,
    /// Transactions by place.
    pub transactions: Vec<Option<Transaction>>,
    /// Instruction cache.
    pub cache: Vec<Option<SavedCacheLine>>,
    /// Line to replace next.
    pub victim: usize,
    /// Requests of peripherals.
    pub peripherals: Vec<Option<PeripheralRequest>>,
}

impl Thread {
    fn save(&self) -> SavedThread {
        let Self {
            state,
            stalled,
            pc,
            fetched,
            non_secure,
            wakeup,
            fault,
            source,
            destination,
            control,
            loops,
            wait,
            request,
            last_request,
            buffer,
            next_read,
        } = self;
        SavedThread {
            state: *state,
            stalled: *stalled,
            pc: *pc,
            fetched: fetched.clone(),
            non_secure: *non_secure,
            wakeup: *wakeup,
            fault: *fault,
            source: *source,
            destination: *destination,
            control: *control,
            loops: *loops,
            wait: *wait,
            request: *request,
            last_request: *last_request,
            buffer: buffer.iter().cloned().collect(),
            next_read: *next_read,
        }
    }

    fn from_saved(saved: SavedThread) -> Self {
        let SavedThread {
            state,
            stalled,
            pc,
            fetched,
            non_secure,
            wakeup,
            fault,
            source,
            destination,
            control,
            loops,
            wait,
            request,
            last_request,
            buffer,
            next_read,
        } = saved;
        Self {
            state,
            stalled,
            pc,
            fetched,
            non_secure,
            wakeup,
            fault,
            source,
            destination,
            control,
            loops,
            wait,
            request,
            last_request,
            buffer: buffer.into(),
            next_read,
        }
    }
}

impl Pl330 {
    /// State for a snapshot.
    pub fn save(&self) -> SavedPl330 {
        let Self {
            config: _,
            regs,
            active,
            threads,
            turn,
            next_step,
            next_issue,
            next_order,
            transactions,
            cache,
            victim,
            peripherals,
        } = self;
        let line =
            |CacheLine { addr, bytes }: &CacheLine| SavedCacheLine { addr: *addr, bytes: bytes.clone() };
        SavedPl330 {
            registers: regs.words().to_vec(),
            active: *active,
            threads: threads.iter().map(Thread::save).collect(),
            turn: *turn,
            next_step: *next_step,
            next_issue: *next_issue,
            next_order: *next_order,
            transactions: transactions.clone(),
            cache: cache.iter().map(|entry| entry.as_ref().map(line)).collect(),
            victim: *victim,
            peripherals: peripherals.clone(),
        }
    }

    /// Takes over a snapshot.
    ///
    /// # Errors
    /// When it is of a controller of another configuration, or holds impossible values; nothing is
    /// changed then.
    pub fn restore(&mut self, saved: SavedPl330) -> Result<(), StateError> {
        let SavedPl330 {
            registers,
            active,
            threads,
            turn,
            next_step,
            next_issue,
            next_order,
            transactions,
            cache,
            victim,
            peripherals,
        } = saved;
        let shape = |what, found: usize, expected: usize| {
            if found == expected {
                Ok(())
            } else {
                Err(StateError::Shape { device: "pl330", what, found, expected })
            }
        };
        shape("threads", threads.len(), self.threads.len())?;
        shape("cache lines", cache.len(), self.cache.len())?;
        shape("peripherals", peripherals.len(), self.peripherals.len())?;
        let room = u64::from(self.config.buffer_lines) << self.config.width_log2;
        let line_bytes = 1_usize << self.config.line_log2;
        let impossible = |what| Err(StateError::Value { device: "pl330", what });
        if turn >= threads.len() || victim >= cache.len() {
            return impossible("position");
        }
        let mut buffered = 0;
        for thread in &threads {
            let wide = u32::from(self.config.width_log2);
            let control = thread.control;
            if control >> 1 & 7 > wide || control >> 15 & 7 > wide || control >> 28 > 4 || thread.wakeup > 31
            {
                return impossible("thread");
            }
            for Piece { read: _, len, data } in &thread.buffer {
                if *len == 0 || data.as_ref().is_some_and(|data| data.len() != *len as usize) {
                    return impossible("buffer");
                }
                buffered += u64::from(*len);
            }
        }
        if buffered > room {
            return impossible("buffer");
        }
        if cache.iter().flatten().any(|line| line.bytes.len() != line_bytes) {
            return impossible("cache line");
        }
        for transaction in transactions.iter().flatten() {
            let data = if transaction.work == Work::Write { transaction.len as usize } else { 0 };
            let swaps = matches!(transaction.work, Work::Read { swap, .. } if swap > 4);
            let length_ok = (1..=MAX_REQUEST_BYTES).contains(&transaction.len);
            let known = usize::from(transaction.thread) < threads.len();
            if !length_ok || !known || swaps || transaction.data.len() != data {
                return impossible("transaction");
            }
        }
        let mut regs = RegFile::<Dmac, { Dmac::WORDS }>::new();
        regs.restore(&registers)?;
        let line = |SavedCacheLine { addr, bytes }| CacheLine { addr, bytes };
        *self = Self {
            config: self.config,
            regs,
            active,
            threads: threads.into_iter().map(Thread::from_saved).collect(),
            turn,
            next_step,
            next_issue,
            next_order,
            transactions,
            cache: cache.into_iter().map(|entry| entry.map(line)).collect(),
            victim,
            peripherals,
        };
        Ok(())
    }
}
