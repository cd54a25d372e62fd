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

/// All times are multiples of the 5 ns of the SMMU's clock, so sums are exact.
const EVEN: (&str, &str) = ("bandwidth_mb_s = 2000", "bandwidth_mb_s = 1600");
const CYCLE: u64 = 5_000;
/// hop 20 ns, latency 60 ns, and 5 ns for every 8 bytes begun.
fn memory(bytes: u64) -> u64 {
    80_000 + bytes.div_ceil(8) * 5_000
}

#[test]
fn uncontended_latencies_are_the_sums_of_configured_costs() {
    let mut lab = Lab::new(TimingMode::Approximate, &[EVEN]);
    lab.map_pages(DATA, 0x4030_0000, 8);
    lab.enable(0);
    // Page 0 twice (walk, micro-TLB hit), then pages 1 to 5, then page 0 again (main TLB hit: the
    // micro-TLB has four entries).
    let mut latencies = Latencies::default();
    for (n, page) in [0, 0, 1, 2, 3, 4, 5, 0].into_iter().enumerate() {
        let at = FRAMES + n as u32 * 64;
        lab.frame(at, sweep(DATA + page * 0x1000, 0, 1, 1));
        lab.start(ENGINE, at);
        lab.run_for(Time::from_micros(10), 0, &mut latencies);
    }
    let found: Vec<u64> = latencies.0.iter().filter(|(a, _)| *a < FRAMES).map(|(_, l)| *l).collect();
    let (micro, main, step, fill) = (1, 3, 2, 1);
    let data = memory(64);
    let micro_hit = micro * CYCLE + data;
    let main_hit = (micro + main) * CYCLE + data;
    let walk = (micro + main + step) * CYCLE + memory(4) + step * CYCLE + memory(4) + fill * CYCLE + data;
    assert_eq!(found, [walk, micro_hit, walk, walk, walk, walk, walk, main_hit]);
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
