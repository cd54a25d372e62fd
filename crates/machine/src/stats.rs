//! Statistics of a run, for the summary and for JSON.

use msmemu_fabric::Time;
use msmemu_smmu::{FaultCause, Stats as SmmuStats};
use serde::Serialize;

use crate::{Machine, MasterStats};

/// Everything that is counted.
#[derive(Clone, Debug, PartialEq, Serialize)]
pub struct Stats {
    /// Name of the machine.
    pub machine: String,
    /// Virtual time in picoseconds.
    pub time_ps: u64,
    /// The core.
    pub core: CoreStats,
    /// SMMUs that were used, in the order of the configuration.
    pub smmus: Vec<SmmuSummary>,
    /// Masters that were used, in the order of the configuration.
    pub masters: Vec<MasterSummary>,
    /// Memories, in the order of the configuration: bytes moved for others than the core.
    pub memory: Vec<MemorySummary>,
    /// Context faults.
    pub faults: u64,
    /// Accesses to what the model does not have.
    pub gaps: u64,
}

/// The core.
#[derive(Clone, Debug, PartialEq, Eq, Serialize)]
pub struct CoreStats {
    /// Instructions retired.
    pub instructions: u64,
    /// Cycles, those asleep included.
    pub cycles: u64,
    /// Cycles asleep after WFI or WFE.
    pub idle_cycles: u64,
    /// Undefined instruction exceptions.
    pub undefined: u64,
    /// Supervisor calls.
    pub supervisor_calls: u64,
    /// Prefetch aborts.
    pub prefetch_aborts: u64,
    /// Data aborts.
    pub data_aborts: u64,
    /// Interrupts.
    pub interrupts: u64,
}

/// One SMMU.
#[derive(Clone, Debug, PartialEq, Serialize)]
pub struct SmmuSummary {
    /// Name.
    pub name: String,
    /// Transactions that arrived.
    pub requests: u64,
    /// Transactions passed on untranslated.
    pub bypassed: u64,
    /// Micro-TLB hits.
    pub micro_hits: u64,
    /// Main TLB hits.
    pub main_hits: u64,
    /// Main TLB misses.
    pub misses: u64,
    /// Hits of both levels among all look-ups, 0 to 1; none without look-ups.
    pub hit_rate: Option<f64>,
    /// Table walks.
    pub walks: u64,
    /// Descriptor reads that went to memory.
    pub descriptor_reads: u64,
    /// Descriptors taken from the block fetch buffer.
    pub buffered_reads: u64,
    /// Faults by the name of their bit in FSR, those that happened.
    pub faults: Vec<(String, u64)>,
    /// Transactions held because they faulted.
    pub stalls: u64,
    /// Cycles that transactions were held.
    pub held_cycles: u64,
    /// Invalidation commands.
    pub invalidations: u64,
    /// TLB entries they removed.
    pub invalidated_entries: u64,
    /// Register accesses.
    pub register_accesses: u64,
    /// Mean cycles from submission to answer; none with functional timing.
    pub mean_latency_cycles: Option<f64>,
    /// Longest.
    pub max_latency_cycles: u64,
}

/// One master.
#[derive(Clone, Debug, PartialEq, Serialize)]
pub struct MasterSummary {
    /// Name.
    pub name: String,
    /// Bytes per second of virtual time, from the first issue to the last completion.
    pub bandwidth: u64,
    /// Mean latency in ns.
    pub mean_latency_ns: u64,
    /// Counters.
    #[serde(flatten)]
    pub counters: MasterStats,
}

/// One memory.
#[derive(Clone, Debug, PartialEq, Eq, Serialize)]
pub struct MemorySummary {
    /// Name.
    pub name: String,
    /// Bytes moved for DMA and table walks.
    pub bytes: u64,
}

impl Machine {
    /// Statistics since power-on.
    pub fn stats(&self) -> Stats {
        let core = self.core();
        let counts = self.soc.exceptions.counts;
        let config = self.config();
        let smmus = config.smmu.iter().enumerate().filter_map(|(index, smmu)| {
            let stats = self.smmu(index)?.stats();
            let used = stats.requests + stats.register_reads + stats.register_writes > 0;
            used.then(|| summary(&smmu.name, stats))
        });
        let masters = self.master_stats().iter().enumerate().filter(|(_, m)| m.first.is_some());
        let memory = config.memory.iter().zip(&self.soc.memory.ports);
        Stats {
            machine: config.name.clone(),
            time_ps: self.time().0,
            core: CoreStats {
                instructions: core.instructions,
                cycles: core.cycles,
                idle_cycles: self.idle_cycles,
                undefined: counts[0],
                supervisor_calls: counts[1],
                prefetch_aborts: counts[2],
                data_aborts: counts[3],
                interrupts: counts[4],
            },
            smmus: smmus.collect(),
            masters: masters
                .map(|(index, counters)| MasterSummary {
                    name: self.master_name(index).to_owned(),
                    bandwidth: counters.bandwidth(),
                    mean_latency_ns: counters.latency.mean_ns(),
                    counters: counters.clone(),
                })
                .collect(),
            memory: memory
                .map(|(memory, port)| MemorySummary { name: memory.name.clone(), bytes: port.bytes })
                .collect(),
            faults: self.fault_count(),
            gaps: self.gaps().map(|(.., count)| count).sum(),
        }
    }
}

fn summary(name: &str, stats: &SmmuStats) -> SmmuSummary {
    let sum = |count: fn(&msmemu_smmu::ContextStats) -> u64| stats.contexts.iter().map(count).sum::<u64>();
    let hits = sum(|c| c.micro_hits) + sum(|c| c.main_hits);
    let lookups = hits + sum(|c| c.misses);
    let fault = |cause: &FaultCause| {
        let count = stats.contexts.iter().map(|c| c.fault_count(*cause)).sum::<u64>();
        (count > 0).then(|| (cause.name().to_owned(), count))
    };
    let answers = sum(|c| c.latency.count);
    SmmuSummary {
        name: name.to_owned(),
        requests: stats.requests,
        bypassed: sum(|c| c.bypassed),
        micro_hits: sum(|c| c.micro_hits),
        main_hits: sum(|c| c.main_hits),
        misses: sum(|c| c.misses),
        hit_rate: (lookups > 0).then(|| hits as f64 / lookups as f64),
        walks: sum(|c| c.walks),
        descriptor_reads: sum(|c| c.descriptor_reads),
        buffered_reads: sum(|c| c.buffered_reads),
        faults: FaultCause::ALL.iter().filter_map(fault).collect(),
        stalls: sum(|c| c.stalls),
        held_cycles: sum(|c| c.held_cycles),
        invalidations: stats.invalidations.iter().sum(),
        invalidated_entries: stats.invalidated_entries,
        register_accesses: stats.register_reads + stats.register_writes,
        mean_latency_cycles: (answers > 0).then(|| sum(|c| c.latency.sum) as f64 / answers as f64),
        max_latency_cycles: stats.contexts.iter().map(|c| c.latency.max).max().unwrap_or(0),
    }
}

impl Stats {
    /// Virtual time.
    pub fn time(&self) -> Time {
        Time(self.time_ps)
    }
}
