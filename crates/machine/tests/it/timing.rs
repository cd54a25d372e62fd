//! Timing is what the configuration says.

use msmemu_machine::fabric::Time;
use msmemu_machine::observe::{DmaEvent, Observer};
use msmemu_machine::{Stop, TimingMode};

use crate::lab::*;

const DATA: u32 = 0x1000_0000;

/// Latencies of completed transactions, by address.
#[derive(Default)]
struct Latencies(Vec<(u32, u64)>);

impl Observer for Latencies {
    fn dma(&mut self, _now: Time, event: &DmaEvent) {
        if let DmaEvent::Completed { request, latency, .. } = event {
            self.0.push((request.addr.0, latency.0));
        }
    }
}

/// Costs of the configuration: cycles of the SMMU, then nanoseconds of the fabric. All times are multiples of the 5 ns
/// of the SMMU's clock, so sums are exact.
#[derive(Clone, Copy)]
struct Costs {
    micro: u64,
    main: u64,
    step: u64,
    fill: u64,
    hop_ns: u64,
    latency_ns: u64,
}

const CYCLE: u64 = 5_000;
/// As the laboratory is shipped.
const SHIPPED: Costs = Costs { micro: 1, main: 3, step: 2, fill: 1, hop_ns: 20, latency_ns: 60 };
const OTHERS: Costs = Costs { micro: 2, main: 7, step: 5, fill: 3, hop_ns: 35, latency_ns: 110 };

impl Costs {
    /// A laboratory with these costs, and a memory that moves 8 bytes in 5 ns.
    fn lab(self) -> Lab {
        let Self { micro, main, step, fill, hop_ns, latency_ns } = self;
        let of = |name: &str, value: u64| format!("{name} = {value}\n");
        let edits = [
            ("micro_lookup", SHIPPED.micro, micro),
            ("main_lookup", SHIPPED.main, main),
            ("walk_step", SHIPPED.step, step),
            ("fill", SHIPPED.fill, fill),
            ("hop_ns", SHIPPED.hop_ns, hop_ns),
            ("latency_ns", SHIPPED.latency_ns, latency_ns),
            ("bandwidth_mb_s", 2000, 1600),
        ]
        .map(|(name, old, new)| (of(name, old), of(name, new)));
        let edits: Vec<_> = edits.iter().map(|(old, new)| (old.as_str(), new.as_str())).collect();
        Lab::new(TimingMode::Approximate, &edits)
    }

    fn memory(self, bytes: u64) -> u64 {
        (self.hop_ns + self.latency_ns) * 1_000 + bytes.div_ceil(8) * 5_000
    }

    /// From a look-up in vain through so many descriptor reads to an entry of the TLB.
    fn walk(self, levels: u64) -> u64 {
        let Self { micro, main, step, fill, .. } = self;
        (micro + main + fill) * CYCLE + levels * (step * CYCLE + self.memory(4))
    }
}

#[test]
fn uncontended_latencies_are_the_sums_of_configured_costs() {
    for costs in [SHIPPED, OTHERS] {
        let mut lab = costs.lab();
        lab.map_pages(DATA, 0x4030_0000, 8);
        lab.map_section(0x4050_0000);
        lab.enable(0);
        // Page 0 twice (walk, micro-TLB hit), then pages 1 to 5, then page 0 again (main TLB hit: the
        // micro-TLB has four entries), then a section.
        let mut latencies = Latencies::default();
        let pages = [0, 0, 1, 2, 3, 4, 5, 0].map(|page| DATA + page * 0x1000);
        for (n, address) in pages.into_iter().chain([0x4050_0000]).enumerate() {
            let at = FRAMES + n as u32 * 64;
            lab.frame(at, sweep(address, 0, 1, 1));
            lab.start(ENGINE, at);
            lab.run_for(Time::from_micros(10), 0, &mut latencies);
        }
        let of_frame = |address: u32| address >> 20 == FRAMES >> 20;
        let found: Vec<u64> = latencies.0.iter().filter(|(a, _)| !of_frame(*a)).map(|(_, l)| *l).collect();
        let data = costs.memory(64);
        let micro_hit = costs.micro * CYCLE + data;
        let main_hit = (costs.micro + costs.main) * CYCLE + data;
        let (one_level, two_level) = (costs.walk(1) + data, costs.walk(2) + data);
        let expected = [&[two_level, micro_hit], &[two_level; 5][..], &[main_hit, one_level]].concat();
        assert_eq!(found, expected);
    }
}

/// Walks and mean latency of 8 sweeps over a number of pages.
fn sweep_pages(pages: u32) -> (u64, f64) {
    let mut lab = Lab::new(TimingMode::Approximate, &[]);
    lab.map_pages(DATA, 0x4030_0000, 256);
    lab.enable(0);
    lab.frame(FRAMES, sweep(DATA, 0x1000, pages, 8));
    lab.start(ENGINE, FRAMES);
    let mut latencies = Latencies::default();
    assert_eq!(lab.run_for(Time::from_millis(10), 0, &mut latencies), Stop::Idle);
    let data: Vec<u64> = latencies.0.iter().filter(|(a, _)| *a < FRAMES).map(|(_, l)| *l).collect();
    assert_eq!(data.len() as u32, pages * 8);
    let mean = data.iter().sum::<u64>() as f64 / data.len() as f64;
    (lab.0.stats().smmus[0].walks, mean)
}

#[test]
fn a_working_set_beyond_the_reach_of_the_tlb_walks_every_time() {
    // The TLB has 64 entries, one of which holds the section of the frame.
    let mut last = 0.0;
    for pages in [8, 32, 63] {
        let (walks, mean) = sweep_pages(pages);
        assert_eq!(walks, u64::from(pages) + 1, "each page walks once, and the frame");
        last = mean;
    }
    for pages in [80, 128] {
        let (walks, mean) = sweep_pages(pages);
        // Round-robin replacement has always just thrown out what comes next.
        assert_eq!(walks, u64::from(pages) * 8 + 1);
        assert!(mean > 1.5 * last, "{mean} against {last}");
    }
}

/// Bandwidth of each engine that reads 64 KiB, in bytes per second.
fn bandwidths(engines: u32, memory: u64) -> Vec<u64> {
    let second = "[[traffic_engine]]\nname = \"second\"\nbase = 0x0f001000\nspi = 225\naddress_bits = 32\n";
    let rate = format!("bandwidth_mb_s = {memory}");
    let mut lab = Lab::new(TimingMode::Approximate, &[("bandwidth_mb_s = 2000", &rate), ("", second)]);
    for n in 0..engines {
        let (base, at) = (ENGINE + n * 0x1000, FRAMES + n * 0x100);
        let mut frame = copy(0x4030_0000, 0, 0x1_0000, 8, 16);
        frame[0] = (frame[0] & !0xF) | 3;
        lab.frame(at, frame);
        lab.poke(base + 0x10, at);
    }
    for n in 0..engines {
        lab.poke(ENGINE + n * 0x1000 + 0x0C, 1);
    }
    assert_eq!(lab.run_for(Time::from_millis(10), 0, &mut ()), Stop::Idle);
    lab.0.stats().masters.iter().map(|m| m.bandwidth).collect()
}

#[test]
fn bandwidth_is_limited_as_configured() {
    for memory in [100, 400, 800] {
        let [found] = bandwidths(1, memory)[..] else { panic!("one engine") };
        let limit = memory * 1_000_000;
        assert!(found <= limit && found > limit * 97 / 100, "{found} of {limit}");
    }
    // A fast memory is limited by the port of the engine: 8 bytes at 200 MHz.
    let [found] = bandwidths(1, 20_000)[..] else { panic!("one engine") };
    assert!(found <= 1_610_000_000 && found > 1_400_000_000, "{found}");
}

#[test]
fn two_masters_share_a_memory_evenly() {
    let shares = bandwidths(2, 400);
    let [a, b] = shares[..] else { panic!("{shares:?}") };
    let total = a + b;
    assert!(total <= 402_000_000 && total > 388_000_000, "{shares:?}");
    assert!(a.abs_diff(b) < total / 50, "{shares:?}");
}
