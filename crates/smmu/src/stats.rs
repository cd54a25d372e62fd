//! Counters.

use crate::spec::fault_code::FaultCause;

/// Logarithmic histogram of times in cycles: bucket 0 counts 0, bucket `n` counts 2^(n-1) up to 2^n - 1.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
#[cfg_attr(feature = "serde", derive(serde::Serialize, serde::Deserialize))]
pub struct Histogram {
    /// Counts by bucket; the last one counts everything longer too.
    pub buckets: [u64; 24],
    /// Number of values.
    pub count: u64,
    /// Sum of all values.
    pub sum: u64,
    /// Largest value.
    pub max: u64,
}

impl Histogram {
    /// Counts one value.
    pub fn add(&mut self, value: u64) {
        let bucket = (u64::BITS - value.leading_zeros()) as usize;
        let last = self.buckets.len() - 1;
        self.buckets[bucket.min(last)] += 1;
        self.count += 1;
        self.sum = self.sum.saturating_add(value);
        self.max = self.max.max(value);
    }

    fn counters(&self) -> impl Iterator<Item = u64> {
        let Self { buckets, count, sum, max } = self;
        buckets.iter().copied().chain([*count, *sum, *max])
    }

    /// Mean, rounded down; 0 if nothing was counted.
    pub fn mean(&self) -> u64 {
        self.sum.checked_div(self.count).unwrap_or(0)
    }
}

/// Counters of one context bank.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
#[cfg_attr(feature = "serde", derive(serde::Serialize, serde::Deserialize))]
pub struct ContextStats {
    /// Transactions translated through a micro-TLB hit.
    pub micro_hits: u64,
    /// Main TLB hits of transactions.
    pub main_hits: u64,
    /// Main TLB misses of transactions.
    pub misses: u64,
    /// Transactions passed on untranslated.
    pub bypassed: u64,
    /// Transactions that got a translation: hits and walks.
    pub translated: u64,
    /// Transactions ended without one.
    pub terminated: u64,
    /// Walks begun, those for V2P included.
    pub walks: u64,
    /// Walks begun again because an invalidation came in between (timed driver).
    pub walk_restarts: u64,
    /// Descriptor reads that went to memory, a line counting as one.
    pub descriptor_reads: u64,
    /// Descriptors taken from the block fetch buffer.
    pub buffered_reads: u64,
    /// Descriptors written to set the access flag.
    pub descriptor_writes: u64,
    /// Faults of transactions, by [`FaultCause`] in the order of its bits.
    pub faults: [u64; FaultCause::ALL.len()],
    /// Transactions held because they faulted.
    pub stalls: u64,
    /// Transactions held behind a stalled one.
    pub queued: u64,
    /// Held transactions retried.
    pub retried: u64,
    /// Held transactions terminated.
    pub resumed_terminated: u64,
    /// V2P operations that succeeded.
    pub v2p_ok: u64,
    /// V2P operations that failed.
    pub v2p_failed: u64,
    /// Cycles from submission to answer, held time included (timed driver).
    pub latency: Histogram,
    /// Cycles that transactions were held (timed driver).
    pub held_cycles: u64,
}

impl ContextStats {
    /// Faults of transactions with this cause.
    pub fn fault_count(&self, cause: FaultCause) -> u64 {
        self.faults[cause as usize]
    }

    fn counters(&self) -> impl Iterator<Item = u64> {
        let Self {
            micro_hits,
            main_hits,
            misses,
            bypassed,
            translated,
            terminated,
            walks,
            walk_restarts,
            descriptor_reads,
            buffered_reads,
            descriptor_writes,
            faults,
            stalls,
            queued,
            retried,
            resumed_terminated,
            v2p_ok,
            v2p_failed,
            latency,
            held_cycles,
        } = self;
        [micro_hits, main_hits, misses, bypassed, translated, terminated, walks, walk_restarts]
            .into_iter()
            .chain([descriptor_reads, buffered_reads, descriptor_writes, stalls, queued, retried])
            .chain([resumed_terminated, v2p_ok, v2p_failed, held_cycles])
            .chain(faults)
            .copied()
            .chain(latency.counters())
    }

    /// Transactions looked up in TLBs: micro-TLB hits, main TLB hits and misses.
    pub fn lookups(&self) -> u64 {
        self.micro_hits + self.main_hits + self.misses
    }
}

/// Counters of an instance.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
#[cfg_attr(feature = "serde", derive(serde::Serialize, serde::Deserialize))]
pub struct Stats {
    /// Transactions that arrived.
    pub requests: u64,
    /// Transactions refused by the stream side: no route.
    pub bad_routes: u64,
    /// Transactions refused by the stream side: bypass forbidden.
    pub bypass_forbidden: u64,
    /// Register reads, gaps included.
    pub register_reads: u64,
    /// Register writes, gaps included.
    pub register_writes: u64,
    /// Main TLB fills.
    pub fills: u64,
    /// Valid entries replaced by fills.
    pub evictions: u64,
    /// Invalidation commands: all, by VMID, by context, by ASID, by VA and ASID, by VA.
    pub invalidations: [u64; 6],
    /// Main TLB entries removed by them.
    pub invalidated_entries: u64,
    /// Greatest number of slots in use (timed driver).
    pub slots_max: u64,
    /// Greatest number of transactions waiting for a slot (timed driver).
    pub waiting_max: u64,
    /// Cycles that transactions waited for a slot (timed driver).
    pub waiting_cycles: u64,
    /// Cycles that transactions waited for a walker (timed driver).
    pub walker_wait_cycles: u64,
    /// Latency of descriptor accesses (timed driver).
    pub descriptor_latency: Histogram,
    /// By context bank.
    pub contexts: alloc::vec::Vec<ContextStats>,
}

impl Stats {
    /// Whether every counter is far from overflow, as it is after any real run.
    pub(crate) fn plausible(&self) -> bool {
        const FAR: u64 = 1 << 62;
        let Self {
            requests,
            bad_routes,
            bypass_forbidden,
            register_reads,
            register_writes,
            fills,
            evictions,
            invalidations,
            invalidated_entries,
            slots_max,
            waiting_max,
            waiting_cycles,
            walker_wait_cycles,
            descriptor_latency,
            contexts,
        } = self;
        [requests, bad_routes, bypass_forbidden, register_reads, register_writes, fills, evictions]
            .into_iter()
            .chain([invalidated_entries, slots_max, waiting_max, waiting_cycles, walker_wait_cycles])
            .chain(invalidations)
            .copied()
            .chain(descriptor_latency.counters())
            .chain(contexts.iter().flat_map(ContextStats::counters))
            .all(|counter| counter < FAR)
    }
}
