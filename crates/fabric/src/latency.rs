//! Latency, bandwidth and slots: what makes an access take time.

use crate::{Clock, Time};

/// A pipelined server with a queue: a memory port, a bus, a table-walk port.
///
/// Requests are served in order. One occupies the server for `max(1, ceil(bytes / bytes_per_cycle))`
/// cycles; its answer arrives `latency` after the server is done with it. While a request waits
/// for its latency the next one is served, so `n` back-to-back requests of `c` cycles finish
/// `n * c` cycles plus one latency after the first.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub struct Server {
    clock: Clock,
    latency: Time,
    bytes_per_cycle: u32,
    busy_until: Time,
}

/// When a [`Server`] handles a request.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub struct Service {
    /// The server begins: now, or when it is done with earlier requests.
    pub start: Time,
    /// The answer arrives.
    pub done: Time,
}

impl Server {
    /// An idle server; `bytes_per_cycle` of 0 means unlimited bandwidth (no occupancy, no queue).
    pub const fn new(clock: Clock, latency: Time, bytes_per_cycle: u32) -> Self {
        Self { clock, latency, bytes_per_cycle, busy_until: Time::ZERO }
    }

    /// Accepts a request for `bytes` at `now`, which must not lie before that of the last request.
    pub fn request(&mut self, now: Time, bytes: u64) -> Service {
        if self.bytes_per_cycle == 0 {
            return Service { start: now, done: now + self.latency };
        }
        let start = now.max(self.busy_until);
        self.busy_until = start + self.occupancy(bytes);
        Service { start, done: self.busy_until + self.latency }
    }

    /// How long a request for `bytes` occupies the server.
    pub fn occupancy(&self, bytes: u64) -> Time {
        match self.bytes_per_cycle {
            0 => Time::ZERO,
            per_cycle => self.clock.span(bytes.div_ceil(u64::from(per_cycle)).max(1)),
        }
    }

    /// When the server is free again.
    pub const fn busy_until(&self) -> Time {
        self.busy_until
    }

    /// State for a snapshot: when the server is free again.
    pub fn save(&self) -> Time {
        let Self { clock: _, latency: _, bytes_per_cycle: _, busy_until } = self;
        *busy_until
    }

    /// Takes over the state of a snapshot.
    pub fn restore(&mut self, saved: Time) {
        let Self { clock: _, latency: _, bytes_per_cycle: _, busy_until } = self;
        *busy_until = saved;
    }

    /// Idle.
    pub fn reset(&mut self) {
        self.restore(Time::ZERO);
    }
}

/// A fixed number of places: walkers, translation slots, outstanding transactions.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
#[cfg_attr(feature = "serde", derive(serde::Serialize, serde::Deserialize))]
pub struct Slots {
    total: u32,
    used: u32,
    peak: u32,
}

impl Slots {
    /// `total` free places.
    pub const fn new(total: u32) -> Self {
        Self { total, used: 0, peak: 0 }
    }

    /// Takes a place; `false` when all are taken.
    #[must_use = "false means that no place was taken"]
    pub const fn try_acquire(&mut self) -> bool {
        if self.used >= self.total {
            return false;
        }
        self.used += 1;
        if self.used > self.peak {
            self.peak = self.used;
        }
        true
    }

    /// Gives a place back.
    ///
    /// # Panics
    /// When none is taken: a mistake of the owner.
    pub const fn release(&mut self) {
        assert!(self.used > 0, "released a slot that was not taken");
        self.used -= 1;
    }

    /// Places in use.
    pub const fn used(&self) -> u32 {
        self.used
    }

    /// Places in total.
    pub const fn total(&self) -> u32 {
        self.total
    }

    /// Most places ever in use at once since the last reset.
    pub const fn peak(&self) -> u32 {
        self.peak
    }

    /// All places free, no peak.
    pub const fn reset(&mut self) {
        let Self { total: _, used, peak } = self;
        *used = 0;
        *peak = 0;
    }
}
