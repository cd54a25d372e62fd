extern crate std;

use std::collections::BTreeMap;
use std::vec::Vec;

use super::{DescriptorData, Message, Timed, WalkId};
use crate::config::{Config, Timing};
use crate::device::Smmu;
use crate::ports::{BusError, DescriptorPort, DescriptorRead, DescriptorWrite, Ports};
use crate::request::{Access, Answer, Found, Request};

/// Sparse memory; addresses above 0xF000_0000 do not exist.
#[derive(Clone, Default)]
struct Memory(BTreeMap<u32, u32>);

impl DescriptorPort for Memory {
    fn read(&mut self, read: &DescriptorRead) -> Result<u32, BusError> {
        if read.address >= 0xF000_0000 {
            return Err(BusError::Decode);
        }
        Ok(self.0.get(&read.address).copied().unwrap_or(0))
    }

    fn write(&mut self, write: &DescriptorWrite) -> Result<(), BusError> {
        self.0.insert(write.address, write.value);
        Ok(())
    }
}

impl Memory {
    fn answer(&mut self, message: &Message) -> Option<(WalkId, DescriptorData)> {
        match *message {
            Message::Read { walk, read, line: false, .. } => {
                Some((walk, DescriptorData::Word(self.read(&read))))
            }
            Message::Read { walk, read, line: true, .. } => {
                Some((walk, DescriptorData::Line(self.read_line(&read))))
            }
            Message::Write { walk, write, .. } => Some((walk, DescriptorData::Written(self.write(&write)))),
            Message::Completed { .. } | Message::InvalidationDone { .. } => None,
        }
    }
}

struct Random(u64);

impl Random {
    fn below(&mut self, limit: u32) -> u32 {
        self.0 = self.0.wrapping_mul(6_364_136_223_846_793_005).wrapping_add(1_442_695_040_888_963_407);
        ((self.0 >> 33) as u32) % limit
    }
}

const TABLE: u32 = 0x8000_0000;

/// Tables for the first 32 MiB: sections, a supersection, pages of both sizes, holes, missing memory.
fn tables(random: &mut Random) -> Memory {
    let mut memory = Memory::default();
    for mib in 0..32 {
        let ap = [0x400, 0xC00, 0x8C00, 0x800][random.below(4) as usize];
        let first = match random.below(6) {
            0 => 0,
            1 => 0x2 | ap | mib << 20 | random.below(2) << 17,
            2 => 0xF800_0001,
            _ => {
                let table = 0x8001_0000 + mib * 0x400;
                for page in 0..256 {
                    let second = match random.below(4) {
                        // As it should be, a large page stands in 16 entries.
                        _ if mib % 4 == 0 => 0x4000_0831 | (page >> 4) << 16,
                        0 => 0,
                        _ => 0x2 | (ap & 0xC00) >> 6 | 0x800 | page << 12 | mib << 20,
                    };
                    memory.0.insert(table + page * 4, second);
                }
                table | 1
            }
        };
        memory.0.insert(TABLE + mib * 4, first);
    }
    memory
}

fn request(random: &mut Random, id: u64) -> Request {
    let va = random.below(32) << 20 | random.below(4) << 12 | random.below(1024) << 2;
    let mut access = if random.below(3) == 0 { Access::WRITE } else { Access::READ };
    access.privileged = random.below(4) == 0;
    access.instruction = random.below(8) == 0;
    Request::new(id, random.below(4) as u16, va, access)
}

/// A register write that a driver could do, or a mistake. SCTLR is switched between off and one value:
/// with different models in two banks that share global entries, results depend on who walks first.
fn register(random: &mut Random, sctlr: u32) -> (u32, u32) {
    let bank = random.below(2) << 12;
    let va = random.below(32) << 20 | random.below(4) << 12;
    match random.below(14) {
        0 => (bank, sctlr * random.below(2)),
        1 => (bank + 0x04, 0x0003_7002 | (random.below(2) << 15) | (random.below(2) << 18)),
        2 => (bank + 0x04, random.below(1 << 24) | 0x3000),
        3 => (bank + 0x08, random.below(3)),
        4 => (bank + 0x20, 0xFFFF_FFFF),
        5 => (bank + 0x4C, random.below(2)),
        6 => (bank + 0x800, 0),
        7 | 8 => (bank + 0x808, va | random.below(3)),
        9 => (bank + 0x810 + random.below(4) * 4, va | random.below(8)),
        10 | 11 => (bank + 0x820, random.below(2)),
        12 => (0xF_F000 + random.below(4) * 4, random.below(2) << 8 | 3 << 22),
        _ => (0xF_FF80, 0x40 | random.below(64) << 4),
    }
}

const ATTACH: [(u32, u32); 8] = [
    (0xF_FF80, 0x40),
    (0x0004, 0x0003_7002),
    (0x0010, TABLE),
    (0x0000, 1),
    (0x1004, 0x0003_7002),
    (0x1010, TABLE),
    (0x1008, 1),
    (0x1000, 1),
];

/// One transaction at a time, both drivers give the same answers and end in the same architectural state.
#[test]
fn serial_traffic_equals_functional() {
    for seed in 0..40 {
        let mut random = Random(seed);
        let config = Config { micro_entries: random.below(4) as u8, ..Config::default() };
        let mut memory = tables(&mut random);
        let mut timed_memory = memory.clone();
        let mut smmu = Smmu::new(&config).unwrap();
        let mut timed = Timed::new(&config).unwrap();
        let mut out = Vec::new();
        let mut answers = Vec::new();
        let mut timed_answers = Vec::new();
        // Without BE, as the tables are little endian.
        let sctlr = 1 | (random.below(32) << 1 & !0x10);
        for step in 0..600 {
            let write = ATTACH.get(step).map(|&(offset, value)| {
                (offset, if value == 1 && offset & 0xFFF == 0 { sctlr } else { value })
            });
            let write = write.or_else(|| (random.below(3) == 0).then(|| register(&mut random, sctlr)));
            let now = timed.now() + 1;
            if let Some((offset, value)) = write {
                smmu.write(offset, value, &mut Ports::new(&mut memory));
                timed.write(now, offset, value, &mut Ports::new(&mut timed_memory), &mut out);
            } else {
                let request = request(&mut random, step as u64);
                match smmu.translate(&request, &mut Ports::new(&mut memory)) {
                    Answer::Held => {}
                    answer => answers.push((request.id, answer)),
                }
                timed.submit(now, &request, &mut Ports::new(&mut timed_memory), &mut out);
            }
            while let Some(released) = smmu.next_released(&mut Ports::new(&mut memory)) {
                answers.push((released.request.id, released.answer));
            }
            loop {
                let mut ports = Ports::new(&mut timed_memory);
                let messages = core::mem::take(&mut out);
                for message in &messages {
                    if let Message::Completed { request, answer, .. } = message {
                        timed_answers.push((request.id, *answer));
                    }
                    if let Some((walk, data)) = ports.memory.answer(message) {
                        let later = timed.now() + 20;
                        timed.descriptor_done(later, walk, data, &mut ports, &mut out).unwrap();
                    }
                }
                if let Some(at) = timed.next_event() {
                    timed.advance(at, &mut ports, &mut out);
                } else if out.is_empty() {
                    break;
                }
            }
            // Released transactions overlap in the timed driver: order differs, results do not.
            answers.sort_by_key(|&(id, _)| id);
            timed_answers.sort_by_key(|&(id, _)| id);
            let pa = |list: &[(u64, Answer)]| list.iter().map(|(id, a)| (*id, a.pa())).collect::<Vec<_>>();
            assert_eq!(pa(&answers), pa(&timed_answers), "seed {seed}, step {step}");
            answers.clear();
            timed_answers.clear();
            for offset in (0..0x50).step_by(4).flat_map(|offset| [offset, 0x1000 + offset]) {
                assert_eq!(smmu.peek(offset), timed.smmu().peek(offset), "seed {seed}, {offset:#x}");
            }
        }
    }
}

/// Saved after any call and restored into a new instance, the driver goes on as if it had never stopped.
#[test]
fn restored_equals_never_stopped() {
    for seed in 0..12 {
        let mut random = Random(seed + 1000);
        let timing = Timing { slots: 4, walkers: 2, ..Timing::default() };
        let config = Config { timing, ..Config::default() };
        let mut memory = tables(&mut random);
        let mut timed = Timed::new(&config).unwrap();
        let mut copy = timed.clone();
        let mut pending: Vec<(u64, WalkId, DescriptorData)> = Vec::new();
        for step in 0..500 {
            let mut out = Vec::new();
            let mut copy_out = Vec::new();
            let now = timed.now() + u64::from(random.below(6));
            let due = pending.iter().position(|&(at, _, _)| at <= now);
            let mut copy_ports = Ports::new(memory.clone());
            let mut ports = Ports::new(&mut memory);
            if let Some((_, walk, data)) = due.map(|due| pending.remove(due)) {
                timed.descriptor_done(now, walk, data, &mut ports, &mut out).unwrap();
                copy.descriptor_done(now, walk, data, &mut copy_ports, &mut copy_out).unwrap();
            } else if let Some(&(offset, value)) = ATTACH.get(step) {
                timed.write(now, offset, value, &mut ports, &mut out);
                copy.write(now, offset, value, &mut copy_ports, &mut copy_out);
            } else if random.below(6) == 0 {
                let (offset, value) = register(&mut random, 1);
                timed.write(now, offset, value, &mut ports, &mut out);
                copy.write(now, offset, value, &mut copy_ports, &mut copy_out);
            } else {
                let request = request(&mut random, step as u64);
                timed.submit(now, &request, &mut ports, &mut out);
                copy.submit(now, &request, &mut copy_ports, &mut copy_out);
            }
            assert_eq!(out, copy_out, "seed {seed}, step {step}");
            for message in &out {
                let latency = u64::from(10 + random.below(30));
                if let Some((walk, data)) = memory.answer(message) {
                    pending.push((timed.now() + latency, walk, data));
                }
            }
            let saved = copy.save();
            assert_eq!(saved, timed.save(), "seed {seed}, step {step}");
            copy = Timed::new(&config).unwrap();
            copy.restore(&saved).unwrap();
        }
        assert!(timed.smmu().stats().contexts[0].walks > 0);
    }
}

fn attached(timing: Timing, memory: &mut Memory) -> Timed {
    let config = Config { timing, ..Config::default() };
    let mut timed = Timed::new(&config).unwrap();
    let mut out = Vec::new();
    for (offset, value) in ATTACH {
        let now = timed.now();
        timed.write(now, offset, value, &mut Ports::new(&mut *memory), &mut out);
    }
    timed
}

/// Two small pages in the first MiB.
fn two_pages() -> Memory {
    let mut memory = Memory::default();
    memory.0.insert(TABLE, 0x8000_4001);
    memory.0.insert(0x8000_4000, 0x1000_0832);
    memory.0.insert(0x8000_4004, 0x2000_0832);
    memory
}

/// Runs until nothing is due, with descriptor accesses answered after some cycles. Gives each answer with
/// its latency.
fn run(
    timed: &mut Timed,
    memory: &mut Memory,
    latency: u64,
    mut out: Vec<Message>,
) -> Vec<(u64, u64, Answer)> {
    let mut pending: Vec<(u64, WalkId, DescriptorData)> = Vec::new();
    let mut answers = Vec::new();
    loop {
        for message in core::mem::take(&mut out) {
            if let Message::Completed { at, request, answer, submitted } = message {
                answers.push((request.id, at - submitted, answer));
            }
            if let Message::Read { at, .. } | Message::Write { at, .. } = message
                && let Some((walk, data)) = memory.answer(&message)
            {
                pending.push((at + latency, walk, data));
            }
        }
        pending.sort_by_key(|&(at, walk, _)| (at, walk));
        let response = pending.first().map(|&(at, _, _)| at);
        let mut ports = Ports::new(&mut *memory);
        match (response, timed.next_event()) {
            (Some(at), event) if event.is_none_or(|event| at <= event) => {
                let (at, walk, data) = pending.remove(0);
                timed.descriptor_done(at, walk, data, &mut ports, &mut out).unwrap();
            }
            (_, Some(at)) => timed.advance(at, &mut ports, &mut out),
            _ => return answers,
        }
    }
}

/// Latencies are the sums of the configured costs.
#[test]
fn latency_is_the_sum_of_costs() {
    let timing = Timing { micro_lookup: 2, main_lookup: 5, walk_step: 3, fill: 7, ..Timing::default() };
    let mut memory = two_pages();
    let mut timed = attached(timing, &mut memory);
    let mut latency = |va, bus| {
        let mut out = Vec::new();
        let now = timed.now() + 100;
        let request = Request::new(0, 0, va, Access::READ);
        timed.submit(now, &request, &mut Ports::new(&mut memory), &mut out);
        let answers = run(&mut timed, &mut memory, bus, out);
        (answers[0].1, answers[0].2.translation().unwrap().found)
    };
    assert_eq!(latency(0x10, 50), (2 + 5 + 2 * (3 + 50) + 7, Found::Walk));
    assert_eq!(latency(0x20, 50), (2, Found::MicroTlb));
    for page in 1..6 {
        latency((page % 2) << 12, 1);
    }
    assert_eq!(latency(0x1020, 50), (2, Found::MicroTlb));
}

/// With hit-under-miss a hit passes a miss; without, it waits for it.
#[test]
fn hit_under_miss() {
    for (actlr, hit_latency) in [(0x0007_7002, 4), (0x0003_7002, 107)] {
        let timing = Timing { micro_lookup: 4, main_lookup: 0, walk_step: 0, fill: 0, ..Timing::default() };
        let mut memory = two_pages();
        let mut timed = attached(timing, &mut memory);
        let mut out = Vec::new();
        timed.write(0, 0x004, actlr, &mut Ports::new(&mut memory), &mut out);
        let warm = Request::new(0, 0, 0, Access::READ);
        timed.submit(0, &warm, &mut Ports::new(&mut memory), &mut out);
        run(&mut timed, &mut memory, 1, out);
        let now = timed.now() + 100;
        let mut out = Vec::new();
        let miss = Request::new(1, 0, 0x1000, Access::READ);
        let hit = Request::new(2, 0, 0x0000, Access::READ);
        timed.submit(now, &miss, &mut Ports::new(&mut memory), &mut out);
        timed.submit(now + 1, &hit, &mut Ports::new(&mut memory), &mut out);
        let answers = run(&mut timed, &mut memory, 52, out);
        let latency = |id| answers.iter().find(|a| a.0 == id).unwrap().1;
        assert_eq!(latency(1), 108);
        assert_eq!(latency(2), hit_latency);
    }
}

/// A walk that read a descriptor before an invalidation does not answer, or fill, with it afterwards.
#[test]
fn invalidation_restarts_walks() {
    let mut memory = two_pages();
    let mut timed = attached(Timing::default(), &mut memory);
    let mut out = Vec::new();
    timed.submit(10, &Request::new(0, 0, 0, Access::READ), &mut Ports::new(&mut memory), &mut out);
    timed.advance(100, &mut Ports::new(&mut memory), &mut out);
    let Some(Message::Read { walk, .. }) = out.pop() else { panic!("no read: {out:?}") };
    let stale = DescriptorData::Word(Ok(0x8000_4001));
    timed.descriptor_done(110, walk, stale, &mut Ports::new(&mut memory), &mut out).unwrap();
    timed.advance(200, &mut Ports::new(&mut memory), &mut out);
    let Some(Message::Read { walk, .. }) = out.pop() else { panic!("no second read: {out:?}") };
    // While the second read is under way the page moves, and software invalidates it.
    memory.0.insert(0x8000_4000, 0x3000_0832);
    let done = timed.write(210, 0x808, 0, &mut Ports::new(&mut memory), &mut out);
    assert!(timed.next_event().unwrap() > done, "the command completes after the write");
    let stale = DescriptorData::Word(Ok(0x1000_0832));
    timed.descriptor_done(220, walk, stale, &mut Ports::new(&mut memory), &mut out).unwrap();
    let answers = run(&mut timed, &mut memory, 10, out);
    assert_eq!(answers.len(), 1);
    assert_eq!(answers[0].2.pa(), Some(0x3000_0000));
    assert_eq!(timed.smmu().stats().contexts[0].walk_restarts, 1);
}

/// A line of descriptors that was on its way when a command emptied the block fetch buffer does not bring
/// old descriptors of other pages into it, even if the command was about another VMID.
#[test]
fn invalidation_overtakes_a_line() {
    let mut memory = two_pages();
    let mut timed = attached(Timing::default(), &mut memory);
    let mut out = Vec::new();
    timed.write(0, 0x04C, 1, &mut Ports::new(&mut memory), &mut out);
    timed.submit(10, &Request::new(0, 0, 0, Access::READ), &mut Ports::new(&mut memory), &mut out);
    timed.advance(100, &mut Ports::new(&mut memory), &mut out);
    let first = out.pop().unwrap();
    let (walk, data) = memory.answer(&first).unwrap();
    timed.descriptor_done(110, walk, data, &mut Ports::new(&mut memory), &mut out).unwrap();
    timed.advance(200, &mut Ports::new(&mut memory), &mut out);
    let second = out.pop().unwrap();
    assert!(matches!(second, Message::Read { line: true, .. }), "{second:?}");
    let (walk, old_line) = memory.answer(&second).unwrap();
    memory.0.insert(0x8000_4004, 0x3000_0832);
    timed.write(210, 0xF_FF04, 5, &mut Ports::new(&mut memory), &mut out);
    timed.descriptor_done(220, walk, old_line, &mut Ports::new(&mut memory), &mut out).unwrap();
    run(&mut timed, &mut memory, 10, core::mem::take(&mut out));
    let neighbour = Request::new(1, 0, 0x1000, Access::READ);
    let now = timed.now() + 1;
    timed.submit(now, &neighbour, &mut Ports::new(&mut memory), &mut out);
    let answers = run(&mut timed, &mut memory, 10, out);
    assert_eq!(answers[0].2.pa(), Some(0x3000_0000));
}

/// More misses than walkers, to one page: one walk serves them all.
#[test]
fn one_walk_serves_waiting_misses() {
    let mut memory = two_pages();
    let mut timed = attached(Timing { slots: 8, ..Timing::default() }, &mut memory);
    let mut out = Vec::new();
    timed.write(0, 0x004, 0x0007_7002, &mut Ports::new(&mut memory), &mut out);
    for id in 0..12 {
        let request = Request::new(id, 0, id as u32 * 4, Access::READ);
        timed.submit(10, &request, &mut Ports::new(&mut memory), &mut out);
    }
    assert_eq!(timed.outstanding(), 12);
    let answers = run(&mut timed, &mut memory, 30, out);
    assert_eq!(answers.len(), 12);
    let stats = timed.smmu().stats();
    assert_eq!((stats.contexts[0].walks, stats.slots_max, stats.waiting_max), (1, 8, 4));
    assert_eq!(stats.contexts[0].misses, 1);
}

/// An answer that nobody waits for is the caller's mistake, and says so.
#[test]
fn unexpected_response() {
    let mut memory = two_pages();
    let mut timed = attached(Timing::default(), &mut memory);
    let mut out = Vec::new();
    let data = DescriptorData::Word(Ok(0));
    let mut ports = Ports::new(&mut memory);
    assert!(timed.descriptor_done(5, WalkId(0), data, &mut ports, &mut out).is_err());
    assert!(timed.descriptor_done(5, WalkId(9999), data, &mut ports, &mut out).is_err());
}
