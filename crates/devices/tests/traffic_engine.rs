//! The traffic engine against plain loops over memory.
#![allow(clippy::unwrap_used)]

use msmemu_devices::traffic_engine::{TrafficEngine, TrafficEngineConfig};
use msmemu_devices::{Device, DmaAddr, DmaCause, DmaFault, DmaMaster, DmaRequest, Mmio};
use msmemu_fabric::{AccessKind, BusFault, Clock, MemType, Time};
use proptest::prelude::*;

const FRAME: u32 = 0x100;
const OPS: [(&str, u32); 8] = [
    ("nop", 0),
    ("copy", 1),
    ("fill", 2),
    ("checksum", 3),
    ("verify", 4),
    ("compare", 5),
    ("gather", 6),
    ("scatter", 7),
];
const INTERRUPT: u32 = 0x10;
const LINK: u32 = 0x20;
const WRITE_BACK: u32 = 0x40;
const KEEP_GOING: u32 = 0x80;

fn op(name: &str) -> u32 {
    OPS.iter().find(|(n, _)| *n == name).unwrap().1
}

/// A frame with bursts of 64 bytes and four outstanding transactions.
fn frame(name: &str, source: u32, destination: u32, length: u32) -> [u32; 16] {
    let mut words = [0; 16];
    words[0] = op(name) | 6 << 8 | 3 << 12;
    words[1] = 0x0010_0010;
    words[2] = source;
    words[3] = destination;
    words[4] = length;
    words
}

struct Bench {
    engine: TrafficEngine,
    memory: Vec<u8>,
    now: Time,
    log: Vec<DmaRequest>,
    /// Which outstanding request is completed next, by position.
    pick: Vec<usize>,
    most_outstanding: usize,
    /// An address that faults, and why.
    bad: Option<(u32, DmaCause)>,
}

impl Bench {
    fn new(config: TrafficEngineConfig) -> Self {
        Self {
            engine: TrafficEngine::new(config),
            memory: (0..0x1_0000_u32).map(|n| (n.wrapping_mul(0x9e37_79b9) >> 24) as u8).collect(),
            now: Time::ZERO,
            log: Vec::new(),
            pick: vec![0],
            most_outstanding: 0,
            bad: None,
        }
    }

    fn put(&mut self, addr: u32, words: &[u32]) {
        for (n, word) in words.iter().enumerate() {
            self.memory[addr as usize + 4 * n..][..4].copy_from_slice(&word.to_le_bytes());
        }
    }

    fn word(&self, addr: u32) -> u32 {
        u32::from_le_bytes(self.memory[addr as usize..][..4].try_into().unwrap())
    }

    fn read(&mut self, offset: u32) -> u32 {
        self.engine.read(self.now, Mmio::word(offset)).unwrap()
    }

    fn write(&mut self, offset: u32, value: u32) {
        self.engine.write(self.now, Mmio::word(offset), value).unwrap();
    }

    fn complete(&mut self, request: DmaRequest) {
        let at = request.addr.0 as usize;
        let (from, to) = (request.addr.0, request.addr.0 + request.len);
        if let Some((bad, cause)) = self.bad.filter(|&(bad, _)| (from..to).contains(&bad)) {
            let fault = DmaFault { addr: DmaAddr(bad), cause };
            return self.engine.complete(self.now, request.id, Err(fault));
        }
        match request.kind {
            AccessKind::Read => {
                let bytes = &self.memory[at..at + request.len as usize];
                self.engine.complete(self.now, request.id, Ok(bytes));
            }
            AccessKind::Write => {
                let data = self.engine.write_data(request.id).to_vec();
                assert_eq!(data.len(), request.len as usize);
                self.memory[at..at + data.len()].copy_from_slice(&data);
                self.engine.complete(self.now, request.id, Ok(&[]));
            }
        }
    }

    /// Runs until the engine has nothing to do, completing outstanding requests in the order of `pick`.
    fn run(&mut self, first: u32) -> u32 {
        self.write(0x10, first);
        self.write(0x0c, 1);
        let mut outstanding = Vec::new();
        let mut picks = self.pick.clone().into_iter().cycle();
        for _ in 0..100_000 {
            while let Some(request) = self.engine.next_request(self.now) {
                self.log.push(request);
                outstanding.push(request);
            }
            self.most_outstanding = self.most_outstanding.max(outstanding.len());
            match self.engine.deadline() {
                Some(at) if outstanding.len() < 16 => {
                    assert!(at > self.now, "work that is ready was not given");
                    self.now = at;
                    self.engine.advance(at);
                }
                _ if !outstanding.is_empty() => {
                    let n = picks.next().unwrap_or(0) % outstanding.len();
                    let request = outstanding.remove(n);
                    self.complete(request);
                }
                _ => return self.read(0x18),
            }
        }
        panic!("the engine does not come to an end");
    }
}

fn bench() -> Bench {
    Bench::new(TrafficEngineConfig::default())
}

#[test]
fn a_copy_moves_bytes_in_bursts_with_the_identities_of_its_frame() {
    let mut bench = bench();
    let mut words = frame("copy", 0x1001, 0x2003, 1000);
    words[0] |= WRITE_BACK | INTERRUPT;
    words[1] = 0b01_0001 | 0b10_0110 << 16; // source: privileged normal; destination: secure instruction SO, WBWA inner
    words[11] = 7 | 31 << 8;
    bench.put(FRAME, &words);
    bench.write(0x14, 5 << 16 | 0x10);
    bench.write(0x20, 1);
    assert_eq!(bench.run(FRAME), 2, "done, no error");
    assert_eq!(bench.memory[0x1001..0x1001 + 1000], bench.memory[0x2003..0x2003 + 1000]);
    assert!(bench.engine.level(0));
    bench.write(0x1c, 1);
    assert!(!bench.engine.level(0));
    assert_eq!((bench.word(FRAME + 56), bench.word(FRAME + 60)), (0x8000_0000, 1000));
    let mids: Vec<u8> = bench.log.iter().map(|request| request.mid.0).collect();
    assert_eq!(mids[0], 5, "the frame");
    assert_eq!(
        (mids.iter().filter(|&&mid| mid == 7).count(), mids.iter().filter(|&&mid| mid == 31).count()),
        (16, 16)
    );
    let read = bench.log.iter().find(|request| request.mid.0 == 7).unwrap();
    assert!(read.prot.privileged && read.attrs.kind == MemType::Normal && read.len == 64);
    let write = bench.log.iter().find(|request| request.mid.0 == 31).unwrap();
    assert!(write.prot.secure && write.prot.instruction && write.attrs.kind == MemType::StronglyOrdered);
    assert_eq!(bench.most_outstanding, 4);
    assert_eq!((bench.read(0x40), bench.read(0x44), bench.read(0x3c)), (1064, 1008, 1));
}

#[test]
fn fill_then_verify_then_a_mismatch_is_located() {
    for pattern in 0..4 {
        let mut bench = bench();
        let mut words = frame("fill", 0x3001, 0x3001, 777);
        words[0] |= pattern << 16;
        words[5] = 0xdead_0000;
        bench.put(FRAME, &words);
        assert_eq!(bench.run(FRAME), 2);
        words[0] = words[0] & !0xf | op("verify");
        bench.put(FRAME, &words);
        assert_eq!(bench.run(FRAME), 2, "pattern {pattern}");
        let found = bench.memory[0x3001 + 500] ^ 0x40;
        bench.memory[0x3001 + 500] = found;
        assert_eq!(bench.run(FRAME), 4);
        assert_eq!(bench.read(0x24), 4 | 2 << 4, "mismatch at the source");
        assert_eq!((bench.read(0x28), bench.read(0x30)), (0x3001 + 500, 500));
        assert_eq!(bench.read(0x34), u32::from(found ^ 0x40) | u32::from(found) << 8);
    }
}

#[test]
fn the_patterns_are_as_documented() {
    let mut bench = bench();
    let mut words = frame("fill", 0, 0x4000, 12);
    words[5] = 0x1000;
    words[0] |= 1 << 16;
    bench.put(FRAME, &words);
    bench.run(FRAME);
    assert_eq!([bench.word(0x4000), bench.word(0x4004), bench.word(0x4008)], [0x1000, 0x1001, 0x1002]);
    words[0] |= 3 << 16;
    bench.put(FRAME, &words);
    bench.run(FRAME);
    assert_eq!([bench.word(0x4000), bench.word(0x4004), bench.word(0x4008)], [0x4000, 0x4004, 0x4008]);
}

#[test]
fn strided_elements_go_up_and_down() {
    let mut bench = bench();
    let mut words = frame("copy", 0x1000, 0x5000, 64);
    words[0] |= 1 << 18 | 1 << 20;
    words[6] = 0x100; // every 256 bytes
    words[7] = 16_u32.wrapping_neg();
    words[8] = 16;
    bench.put(FRAME, &words);
    assert_eq!(bench.run(FRAME), 2);
    for n in 0..4 {
        let (from, to) = (0x1000 + n * 0x100, 0x5000 - n * 16);
        assert_eq!(bench.memory[from..from + 16], bench.memory[to..to + 16], "element {n}");
    }
}

#[test]
fn random_reads_stay_in_their_window_and_repeat() {
    let mut bench = bench();
    let mut words = frame("checksum", 0x8000, 0, 64 * 32);
    words[0] |= 2 << 18;
    words[5] = 99;
    words[8] = 32;
    words[9] = 0x1000;
    bench.put(FRAME, &words);
    bench.run(FRAME);
    let addrs: Vec<u32> = bench.log.iter().skip(1).map(|request| request.addr.0).collect();
    assert_eq!(addrs.len(), 64);
    assert!(addrs.iter().all(|addr| (0x8000..0x9000).contains(addr) && addr % 32 == 0));
    let mut different = addrs.clone();
    different.sort_unstable();
    different.dedup();
    assert!(different.len() > 30, "spread over the window: {}", different.len());
    bench.log.clear();
    bench.run(FRAME);
    assert_eq!(bench.log.iter().skip(1).map(|request| request.addr.0).collect::<Vec<_>>(), addrs);
}

#[test]
fn gather_and_scatter_follow_their_lists() {
    let mut bench = bench();
    bench.put(0x200, &[0x1000, 100, 0x1800, 3, 0x1234, 500]);
    let mut words = frame("gather", 0, 0x6000, 400);
    words[12] = 0x200;
    bench.put(FRAME, &words);
    assert_eq!(bench.run(FRAME), 2);
    let expected =
        [&bench.memory[0x1000..0x1064], &bench.memory[0x1800..0x1803], &bench.memory[0x1234..0x1234 + 297]]
            .concat();
    assert_eq!(bench.memory[0x6000..0x6000 + 400], expected);
    words[0] = words[0] & !0xf | op("scatter");
    words[2] = 0x7000;
    bench.put(FRAME, &words);
    assert_eq!(bench.run(FRAME), 2);
    let scattered =
        [&bench.memory[0x1000..0x1064], &bench.memory[0x1800..0x1803], &bench.memory[0x1234..0x1234 + 297]]
            .concat();
    assert_eq!(bench.memory[0x7000..0x7000 + 400], scattered);
    bench.put(0x208, &[0x1800, 0]);
    assert_eq!(bench.run(FRAME), 4);
    assert_eq!((bench.read(0x24), bench.read(0x28)), (6 | 1 << 4, 0x208), "empty entry");
}

#[test]
fn faults_say_what_where_and_why() {
    let causes = [
        (DmaCause::Bus(BusFault::Decode), 1),
        (DmaCause::Bus(BusFault::Slave), 2),
        (DmaCause::Translation, 3),
    ];
    for (cause, code) in causes {
        let mut bench = bench();
        let mut words = frame("copy", 0x1000, 0x2000, 512);
        words[0] |= WRITE_BACK;
        bench.put(FRAME, &words);
        bench.bad = Some((0x2123, cause));
        assert_eq!(bench.run(FRAME), 4);
        assert_eq!(bench.read(0x24), code | 3 << 4 | 1 << 7, "write of the destination");
        assert_eq!((bench.read(0x28), bench.read(0x2c), bench.read(0x30)), (0x2123, FRAME, 0x100));
        assert_eq!(bench.word(FRAME + 56), 0x8000_0000 | code | 3 << 4 | 1 << 7);
        assert_eq!(bench.word(FRAME + 60), 0x2123);
    }
    let mut bench = bench();
    bench.bad = Some((FRAME + 8, DmaCause::Translation));
    assert_eq!(bench.run(FRAME), 4);
    assert_eq!(bench.read(0x24), 3, "read of a frame");
}

#[test]
fn a_chain_goes_on_after_a_failure_if_told_to() {
    let mut bench = bench();
    let mut first = frame("copy", 0x1000, 0x2000, 64);
    first[0] |= LINK | KEEP_GOING;
    first[13] = 0x400;
    bench.put(FRAME, &first);
    bench.put(0x400, &frame("checksum", 0x3000, 0, 8));
    bench.bad = Some((0x1000, DmaCause::Translation));
    assert_eq!(bench.run(FRAME), 2 | 4, "done, with an error");
    assert_eq!(bench.read(0x38), bench.word(0x3000).wrapping_add(bench.word(0x3004)));
    first[0] &= !KEEP_GOING;
    bench.put(FRAME, &first);
    bench.write(0x1c, 7);
    assert_eq!(bench.run(FRAME), 4);
    assert_eq!(bench.read(0x3c), 3, "frames that ended");
}

#[test]
fn addresses_beyond_the_limit_fail_or_lose_their_high_bits() {
    let mut bench = Bench::new(TrafficEngineConfig { address_bits: 24, ..TrafficEngineConfig::default() });
    bench.put(FRAME, &frame("copy", 0x1000, 0x4000_2000, 64));
    assert_eq!(bench.run(FRAME), 4);
    assert_eq!((bench.read(0x24), bench.read(0x28)), (7 | 3 << 4 | 1 << 7, 0x4000_2000));
    bench.write(0x08, 1);
    assert_eq!(bench.run(FRAME), 2);
    assert_eq!(bench.memory[0x1000..0x1040], bench.memory[0x2000..0x2040]);
    assert_eq!(bench.read(0x04) & 0x3f, 24);
}

#[test]
fn malformed_frames_are_refused() {
    let good = frame("copy", 0x1000, 0x2000, 64);
    let cases: [(usize, u32, &str); 7] = [
        (0, good[0] | 1 << 22, "reserved control bit"),
        (0, good[0] | 8, "unknown operation"),
        (0, good[0] & !0xf00 | 9 << 8, "burst of 512"),
        (0, good[0] | 1 << 18, "strided without an element size"),
        (0, good[0] | 3 << 18, "reserved address pattern"),
        (1, 0x18, "reserved memory type"),
        (11, 1 << 16, "reserved bits"),
    ];
    for (n, value, what) in cases {
        let mut bench = bench();
        let mut words = good;
        words[n] = value;
        bench.put(FRAME, &words);
        assert_eq!(bench.run(FRAME), 4, "{what}");
        assert_eq!(bench.read(0x24), 5, "{what}");
    }
}

#[test]
fn rate_and_bandwidth_pace_the_port() {
    let config =
        TrafficEngineConfig { clock: Clock::from_hz(100_000_000), bytes_per_cycle: 4, address_bits: 32 };
    let mut bench = Bench::new(config);
    let mut words = frame("checksum", 0x1000, 0, 640);
    words[0] |= 0xf << 12;
    bench.put(FRAME, &words);
    bench.run(FRAME);
    // 64 bytes at 4 a cycle are 16 cycles of 10 ns, for the frame and ten bursts.
    assert_eq!(bench.now, Time::from_nanos(10 * 160));
    let start = bench.now + Time::from_nanos(160);
    words[10] = 1000 << 16;
    bench.put(FRAME, &words);
    bench.run(FRAME);
    assert_eq!(bench.now, start + Time::from_nanos(160 + 9 * 1000));
}

#[test]
fn an_abort_drains_and_stops() {
    let mut bench = bench();
    bench.put(FRAME, &frame("fill", 0, 0x2000, 4096));
    bench.write(0x10, FRAME);
    bench.write(0x0c, 1);
    let request = bench.engine.next_request(bench.now).unwrap();
    bench.complete(request);
    bench.now += Time::from_micros(1);
    let request = bench.engine.next_request(bench.now).unwrap();
    bench.write(0x0c, 2);
    assert_eq!(bench.read(0x18), 1, "still busy with what is outstanding");
    bench.now += Time::from_micros(1);
    assert!(bench.engine.next_request(bench.now).is_none());
    bench.complete(request);
    assert_eq!(bench.read(0x18), 8);
    assert_eq!(bench.run(FRAME), 2, "and can be started again");
}

proptest! {
    /// Whatever the order of completions, burst size and number of outstanding transactions, the
    /// result is that of a loop over bytes.
    #[test]
    fn results_do_not_depend_on_timing(
        name in prop::sample::select(vec!["copy", "fill", "gather", "scatter", "checksum"]),
        burst in 0_u32..9, outstanding in 0_u32..16, length in 1_u32..700, seed: u32, data in 0_u32..4,
        pick in prop::collection::vec(0_usize..16, 1..20), repeat in 0_u32..3,
        entries in prop::collection::vec(1_u32..300, 1..5),
    ) {
        let mut bench = bench();
        bench.pick = pick;
        let mut words = frame(name, 0x1000, 0x8000, length);
        words[0] = op(name) | burst << 8 | outstanding << 12 | data << 16;
        words[5] = seed;
        words[10] = repeat;
        words[12] = 0x200;
        bench.put(FRAME, &words);
        let mut listed = Vec::new();
        let total: u32 = entries.iter().sum();
        let mut list = Vec::new();
        for (n, &len) in entries.iter().chain(core::iter::once(&(700 - total.min(600)))).enumerate() {
            let base = 0x3000 + 0x400 * n as u32;
            list.extend([base, len]);
            listed.extend(base..base + len);
        }
        bench.put(0x200, &list);
        let before = bench.memory.clone();
        prop_assert_eq!(bench.run(FRAME), 2);
        let mut expected = before.clone();
        for n in 0..length as usize {
            match name {
                "copy" => expected[0x8000 + n] = before[0x1000 + n],
                "gather" => expected[0x8000 + n] = before[listed[n] as usize],
                "scatter" => expected[listed[n] as usize] = before[0x1000 + n],
                "fill" if data == 0 => expected[0x8000 + n] = seed.to_le_bytes()[n % 4],
                "fill" if data == 1 => expected[0x8000 + n] = seed.wrapping_add(n as u32 / 4).to_le_bytes()[n % 4],
                "fill" if data == 3 => expected[0x8000 + n] = (0x8000 + n as u32 / 4 * 4).to_le_bytes()[n % 4],
                _ => {}
            }
        }
        if name == "checksum" {
            let once = (0..length as usize).fold(0_u32, |sum, n| {
                sum.wrapping_add(u32::from(before[0x1000 + n]) << (8 * (n % 4)))
            });
            prop_assert_eq!(bench.read(0x38), once.wrapping_mul(repeat + 1));
        }
        if (name, data) != ("fill", 2) {
            prop_assert!(bench.memory == expected, "memory differs");
        }
        prop_assert!(bench.most_outstanding <= outstanding as usize + 1);
    }
}
