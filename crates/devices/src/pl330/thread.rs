//! State of the manager and channel threads and of their transactions.

use super::instruction::{RequestType, WaitKind, length};
use std::collections::VecDeque;

/// State of a thread, as `DSR` and `CSR` show it.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
#[cfg_attr(feature = "serde", derive(serde::Serialize, serde::Deserialize))]
#[repr(u8)]
pub(super) enum State {
    /// Nothing to do.
    Stopped = 0,
    /// Executing, or stalled for a resource.
    Executing = 1,
    /// Waiting for instructions.
    CacheMiss = 2,
    /// In DMAWFE.
    WaitingForEvent = 4,
    /// In DMARMB or DMAWMB.
    AtBarrier = 5,
    /// In DMAWFP.
    WaitingForPeripheral = 7,
    /// Killed, outstanding transactions remain.
    Killing = 8,
    /// In DMAEND, outstanding transactions remain.
    Completing = 9,
    /// Faulted, outstanding transactions remain.
    FaultingCompleting = 14,
    /// Faulted.
    Faulting = 15,
}

/// Loaded bytes in the buffer, or the place kept for them.
#[derive(Clone, PartialEq, Eq, Debug)]
#[cfg_attr(feature = "serde", derive(serde::Serialize, serde::Deserialize))]
pub(super) struct Piece {
    /// Number of the read that fills it; unique within the channel while it waits.
    pub(super) read: u32,
    /// Bytes.
    pub(super) len: u32,
    /// The bytes, once they have arrived.
    pub(super) data: Option<Vec<u8>>,
}

/// The manager thread, or a channel thread. The manager uses the fields up to `fault`.
#[derive(Clone, PartialEq, Eq, Debug)]
#[cfg_attr(feature = "serde", derive(serde::Serialize, serde::Deserialize))]
pub(super) struct Thread {
    pub(super) state: State,
    /// Cannot go on before something completes.
    pub(super) stalled: bool,
    pub(super) pc: u32,
    /// Bytes at `pc` that were read so far, so that threads with few cache lines get on.
    pub(super) fetched: Vec<u8>,
    pub(super) non_secure: bool,
    /// Event or peripheral waited for.
    pub(super) wakeup: u8,
    /// `FTRD` or `FTR`.
    pub(super) fault: u32,
    pub(super) source: u32,
    pub(super) destination: u32,
    pub(super) control: u32,
    pub(super) loops: [u8; 2],
    pub(super) wait: WaitKind,
    /// What the last DMAWFP found.
    pub(super) request: RequestType,
    pub(super) last_request: bool,
    pub(super) buffer: VecDeque<Piece>,
    pub(super) next_read: u32,
}

impl Thread {
    pub(super) const fn new() -> Self {
        Self {
            state: State::Stopped,
            stalled: false,
            pc: 0,
            fetched: Vec::new(),
            non_secure: false,
            wakeup: 0,
            fault: 0,
            source: 0,
            destination: 0,
            control: CONTROL_RESET,
            loops: [0; 2],
            wait: WaitKind::Single,
            request: RequestType::Single,
            last_request: false,
            buffer: VecDeque::new(),
            next_read: 0,
        }
    }

    /// Reads on in a line of instructions as far as the instruction at `pc` goes.
    pub(super) fn read_line(&mut self, line: u32, bytes: &[u8]) {
        while self.fetched.len() < self.wanted() {
            let at = self.pc.wrapping_add(self.fetched.len() as u32).wrapping_sub(line);
            let Some(&byte) = bytes.get(at as usize) else { break };
            self.fetched.push(byte);
        }
    }

    /// Whether the thread waits for instructions that this line holds.
    pub(super) fn waits_for(&self, line: u32, len: u32) -> bool {
        let next = self.pc.wrapping_add(self.fetched.len() as u32);
        self.state == State::CacheMiss && next.wrapping_sub(line) < len
    }

    /// Bytes of the instruction at `pc`, as far as it is known; an undefined one ends with its first.
    pub(super) fn wanted(&self) -> usize {
        self.fetched.first().map_or(1, |&opcode| length(opcode).unwrap_or(1) as usize)
    }

    pub(super) const fn can_run(&self) -> bool {
        matches!(self.state, State::Executing) && !self.stalled
    }

    /// Bytes in the buffer, arrived or not.
    pub(super) fn buffered(&self) -> u32 {
        self.buffer.iter().map(|piece| piece.len).sum()
    }

    /// Takes `bytes` bytes out if they have all arrived.
    pub(super) fn take(&mut self, bytes: u32) -> Option<Vec<u8>> {
        let mut arrived = 0;
        for piece in &self.buffer {
            if arrived >= bytes {
                break;
            }
            piece.data.as_ref()?;
            arrived += piece.len;
        }
        let wanted = bytes as usize;
        let mut taken = Vec::with_capacity(wanted);
        while taken.len() < wanted {
            let piece = self.buffer.front_mut()?;
            let data = piece.data.as_mut()?;
            let count = data.len().min(wanted - taken.len());
            taken.extend(data.drain(..count));
            piece.len = data.len() as u32;
            if data.is_empty() {
                self.buffer.pop_front();
            }
        }
        Some(taken)
    }
}

/// `CCR` after power-on: both sides non-secure.
const CONTROL_RESET: u32 = 0x0080_0200;

/// What a transaction is for.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
#[cfg_attr(feature = "serde", derive(serde::Serialize, serde::Deserialize))]
pub(super) enum Work {
    /// A line of instructions.
    Fetch,
    /// A DMALD; fills the piece of this number.
    Read {
        /// Number of the piece.
        piece: u32,
        /// log2 of the unit whose bytes are swapped.
        swap: u8,
    },
    /// A DMAST.
    Write,
}

/// A transaction, waiting to be issued or outstanding.
#[derive(Clone, PartialEq, Eq, Debug)]
#[cfg_attr(feature = "serde", derive(serde::Serialize, serde::Deserialize))]
pub(super) struct Transaction {
    /// 0 the manager, `n + 1` channel `n`.
    pub(super) thread: u8,
    /// What for.
    pub(super) work: Work,
    /// First address.
    pub(super) addr: u32,
    /// Bytes.
    pub(super) len: u32,
    /// `CCR` of the channel when it was made.
    pub(super) control: u32,
    /// The last transaction of its burst: it holds the burst's place.
    pub(super) last: bool,
    /// Outstanding.
    pub(super) issued: bool,
    /// Order of creation.
    pub(super) order: u32,
    /// Bytes to write.
    pub(super) data: Vec<u8>,
}
