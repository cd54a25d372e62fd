//! Cycles of the timed driver, worked out by hand from the documented costs: a micro-TLB lookup takes 1,
//! a main TLB lookup 3, a walker step 2, a fill 1, a register access 6, an invalidation 8 more, a descriptor
//! read of a V2P operation 40; the memory of these tests answers after 10.

use msmemu_smmu::{
    Access, Answer, Config, DescriptorData, DescriptorPort, Message, Ports, Request, Taps, Timed, WalkId,
};
use msmemu_testkit::memory::Memory;
use msmemu_testkit::tables::{Attributes, PageSize, Tables};

use crate::devices::Port;

const MEMORY: u64 = 10;
const SECTION: u32 = 0x2000_0000;
const PAGE: u32 = 0x1000_0000;

struct Rig {
    model: Timed,
    memory: Memory,
    under_way: Vec<(u64, WalkId, DescriptorData)>,
    done: Vec<(u64, u64, Answer)>,
    invalidated: Vec<u64>,
}

impl Rig {
    /// A bank that walks. `extra` goes into ACTLR, `hume` into CR. Cycle 1000 is the start of the story.
    fn new(config: Config, extra: u32, hume: bool) -> Self {
        let mut rig = Self {
            model: Timed::new(&config).unwrap(),
            memory: Memory::new(),
            under_way: Vec::new(),
            done: Vec::new(),
            invalidated: Vec::new(),
        };
        let rw = Attributes { ap: 0b011, ..Attributes::default() };
        let mut tables = Tables::new(0x8000_0000);
        for i in 0..4 {
            let (va, pa) = (SECTION + 0x0100_0000 * i, 0x9000_0000 + 0x0100_0000 * i);
            tables.map(&mut rig.memory, va, pa, PageSize::Section, rw).unwrap();
        }
        tables.map(&mut rig.memory, PAGE, 0xA000_0000, PageSize::Small, rw).unwrap();
        let mut out = Vec::new();
        let registers =
            [(0x04, 0x3_3000 | extra), (0x10, 0x8000_0000), (0x00, 1), (0xFFF80, u32::from(hume) << 9)];
        for (offset, value) in registers {
            rig.model.write(0, offset, value, &mut Ports::new(Port(&mut rig.memory)), &mut out);
        }
        rig.run(1000);
        rig
    }

    fn take(&mut self, out: Vec<Message>) {
        for message in out {
            match message {
                Message::Read { at, walk, read, line } => {
                    let mut port = Port(&mut self.memory);
                    let data = if line {
                        DescriptorData::Line(port.read_line(&read))
                    } else {
                        DescriptorData::Word(port.read(&read))
                    };
                    self.under_way.push((at + MEMORY, walk, data));
                }
                Message::Write { at, walk, write } => {
                    let data = DescriptorData::Written(Port(&mut self.memory).write(&write));
                    self.under_way.push((at + MEMORY, walk, data));
                }
                Message::Completed { at, request, answer, .. } => self.done.push((at, request.id, answer)),
                Message::InvalidationDone { at, .. } => self.invalidated.push(at),
            }
        }
    }

    fn run(&mut self, end: u64) {
        loop {
            self.under_way.sort_by_key(|(at, ..)| *at);
            let answer = self.under_way.first().map(|(at, ..)| *at).filter(|at| *at <= end);
            let event = self.model.next_event().filter(|at| *at <= end);
            let mut out = Vec::new();
            let mut ports = Ports::new(Port(&mut self.memory));
            match (answer, event) {
                (Some(at), event) if event.is_none_or(|event| at <= event) => {
                    let (at, walk, data) = self.under_way.remove(0);
                    self.model.descriptor_done(at, walk, data, &mut ports, &mut out).unwrap();
                }
                (_, Some(at)) => self.model.advance(at, &mut ports, &mut out),
                (_, None) => break,
            }
            self.take(out);
        }
        let mut out = Vec::new();
        self.model.advance(end, &mut Ports::new(Port(&mut self.memory)), &mut out);
        self.take(out);
    }

    fn submit(&mut self, at: u64, id: u64, va: u32) {
        self.run(at);
        let mut out = Vec::new();
        let request = Request::new(id, 0, va, Access::READ);
        self.model.submit(at, &request, &mut Ports::new(Port(&mut self.memory)), &mut out);
        self.take(out);
    }

    fn write(&mut self, at: u64, offset: u32, value: u32) -> u64 {
        self.run(at);
        let mut out = Vec::new();
        let done = self.model.write(at, offset, value, &mut Ports::new(Port(&mut self.memory)), &mut out);
        self.take(out);
        done
    }

    fn read(&mut self, at: u64, offset: u32) -> u64 {
        self.run(at);
        let mut out = Vec::new();
        let (_, done) = self.model.read(at, offset, &mut Ports::new(Port(&mut self.memory)), &mut out);
        self.take(out);
        done
    }

    /// When each transaction was answered, by id.
    fn answered(&mut self) -> Vec<(u64, u64)> {
        self.run(self.model.now() + 10_000);
        let mut times: Vec<(u64, u64)> = self.done.drain(..).map(|(at, id, _)| (id, at)).collect();
        times.sort_unstable();
        times
    }
}

#[test]
fn walks_and_hits() {
    let mut rig = Rig::new(Config::default(), 0, false);
    rig.submit(1000, 1, SECTION);
    rig.submit(1100, 2, SECTION); // the micro-TLB has it
    rig.submit(1200, 3, SECTION + 0x5000); // the main TLB has it
    rig.submit(1300, 4, PAGE); // two descriptors
    assert_eq!(rig.answered(), [(1, 1017), (2, 1101), (3, 1204), (4, 1329)]);
    let stats = rig.model.smmu().stats();
    let context = &stats.contexts[0];
    assert_eq!((context.latency.count, context.latency.sum, context.latency.max), (4, 17 + 1 + 4 + 29, 29));
    assert_eq!((stats.descriptor_latency.count, stats.descriptor_latency.sum), (3, 30));
    assert_eq!((stats.slots_max, stats.waiting_max, stats.waiting_cycles), (1, 0, 0));
}

#[test]
fn a_descriptor_in_the_buffer_costs_a_step_and_no_read() {
    let mut rig = Rig::new(Config::default(), 0, false);
    rig.write(1000, 0x4C, 1);
    rig.submit(2000, 1, PAGE);
    rig.submit(3000, 2, PAGE + 0x1000); // not mapped, but in both lines
    assert_eq!(rig.answered(), [(1, 2029), (2, 3000 + 1 + 3 + 2 + 2)]);
    let latency = &rig.model.smmu().stats().descriptor_latency;
    assert_eq!((latency.count, latency.sum), (2, 20));
}

#[test]
fn a_buffer_of_two_lines_keeps_two_and_replaces_the_older() {
    let mut config = Config::default();
    config.bfb.second_lines = 2;
    let mut rig = Rig::new(config, 0, false);
    rig.write(1000, 0x4C, 1);
    // Pages of three lines, none of them mapped, so that the TLBs never answer.
    let [a, b, c] = [8, 16, 24].map(|page| PAGE + page * 0x1000);
    let mut read = |at, va| {
        rig.submit(at, at, va);
        rig.run(at + 500);
        rig.model.smmu().stats().contexts[0].descriptor_reads
    };
    let pages = [a, b, a, b, c, b, c, a];
    let reads: Vec<u64> = (1..).zip(pages).map(|(n, va)| read(1000 * n, va)).collect();
    assert_eq!(reads, [2, 3, 3, 3, 4, 4, 4, 5]);
}

#[test]
fn misses_without_hit_under_miss_wait_for_each_other() {
    let mut rig = Rig::new(Config::default(), 0, false);
    rig.submit(1000, 1, SECTION);
    rig.submit(1000, 2, SECTION + 0x0100_0000);
    // The second looks up again when the first is done, and then walks.
    assert_eq!(rig.answered(), [(1, 1017), (2, 1017 + 1 + 3 + 2 + MEMORY + 1 - 1)]);
}

#[test]
fn hits_pass_a_miss_with_hit_under_miss() {
    for (actlr, hume) in [(1 << 18, false), (0, true)] {
        let mut rig = Rig::new(Config::default(), actlr, hume);
        rig.submit(1000, 1, SECTION);
        rig.submit(2000, 2, SECTION + 0x0100_0000);
        rig.submit(2002, 3, SECTION);
        let times = rig.answered();
        assert_eq!(times[1..], [(2, 2017), (3, 2003)], "ACTLR {actlr:#x}, CR.HUME {hume}");
    }
    let mut rig = Rig::new(Config { hit_under_miss: false, ..Config::default() }, 1 << 18, true);
    rig.submit(1000, 1, SECTION);
    rig.submit(2000, 2, SECTION + 0x0100_0000);
    rig.submit(2006, 3, SECTION);
    assert!(rig.answered()[2].1 >= 2017, "a part without it");
}

#[test]
fn one_walker_serves_one_miss_at_a_time_and_two_serve_two() {
    for (walkers, second, waited) in [(1, 1030, 12), (2, 1018, 0)] {
        let mut config = Config::default();
        config.timing.walkers = walkers;
        let mut rig = Rig::new(config, 1 << 18, false);
        rig.submit(1000, 1, SECTION);
        rig.submit(1000, 2, SECTION + 0x0100_0000);
        assert_eq!(rig.answered(), [(1, 1017), (2, second)], "{walkers} walkers");
        assert_eq!(rig.model.smmu().stats().walker_wait_cycles, waited);
        assert_eq!(rig.model.smmu().stats().slots_max, 2);
    }
}

/// A miss in the very cycle in which another walk brings what it looks for: that is used.
#[test]
fn a_walk_that_ends_in_the_cycle_of_a_miss_serves_it() {
    let mut rig = Rig::new(Config::default(), 1 << 18, false);
    rig.submit(1000, 1, SECTION);
    rig.submit(1013, 2, SECTION + 0x1000); // its lookup of the main TLB ends at 1017
    assert_eq!(rig.answered(), [(1, 1017), (2, 1017)]);
    assert_eq!(rig.model.smmu().stats().contexts[0].walks, 1);
}

#[test]
fn lookups_enter_the_main_tlb_at_its_interval() {
    let mut config = Config { micro_entries: 0, ..Config::default() };
    config.timing.main_interval = 5;
    let mut rig = Rig::new(config, 0, false);
    rig.submit(1000, 1, SECTION);
    rig.run(2000);
    rig.done.clear();
    for id in 2..5 {
        rig.submit(2000, id, SECTION);
    }
    assert_eq!(rig.answered(), [(2, 2004), (3, 2009), (4, 2014)]);
}

#[test]
fn transactions_wait_for_a_slot() {
    let mut config = Config::default();
    config.timing.slots = 1;
    let mut rig = Rig::new(config, 0, false);
    rig.submit(1000, 1, SECTION);
    rig.submit(1000, 2, SECTION + 0x0100_0000);
    assert_eq!(rig.model.outstanding(), 2);
    assert_eq!(rig.answered(), [(1, 1017), (2, 1034)]);
    let stats = rig.model.smmu().stats();
    assert_eq!((stats.slots_max, stats.waiting_max, stats.waiting_cycles), (1, 1, 17));
}

#[test]
fn register_accesses_and_invalidations_take_the_window() {
    let mut rig = Rig::new(Config::default(), 0, false);
    assert_eq!(rig.read(1000, 0x20), 1006);
    assert_eq!(rig.read(1003, 0x20), 1012, "one at a time");
    assert_eq!(rig.write(2000, 0x800, 0), 2006);
    assert_eq!(rig.read(2006, 0x20), 2020, "the next access waits until the command is complete");
    rig.run(3000);
    assert_eq!(rig.invalidated, [2014]);
    assert_eq!(rig.write(4000, 0x810, PAGE), 4086, "two reads of a V2P walk");
    assert_eq!(rig.write(5000, 0x810, PAGE), 5006, "a V2P hit");
    let mut out = Vec::new();
    let mut ports = Ports::new(Port(&mut rig.memory));
    assert_eq!(rig.model.narrow_access(6000, 0, Some(1), &mut ports, &mut out), 6006);
}

#[test]
fn an_invalidation_costs_more_for_each_entry_it_visits() {
    let mut config = Config::default();
    config.timing.invalidate_entry = 1;
    // One with an address looks in one place for each of the four sizes.
    let all = [(0xFFF00, 64), (0xFFF04, 64), (0x800, 64), (0x804, 64), (0x808, 4), (0x80C, 4)];
    for (command, visited) in all {
        let mut rig = Rig::new(config, 0, false);
        rig.write(1000, command, 0);
        rig.run(2000);
        assert_eq!(rig.invalidated, [1006 + 8 + visited], "{command:#x}");
    }
}

#[test]
fn held_time_is_counted() {
    let mut rig = Rig::new(Config::default(), 1 << 14, false);
    rig.submit(1000, 1, 0x7000_0000);
    rig.run(1050);
    assert!(rig.done.is_empty());
    rig.write(1050, 0x820, 1);
    assert_eq!(rig.done[0], (1050, 1, Answer::Terminated { error: false }));
    assert_eq!(rig.model.smmu().stats().contexts[0].held_cycles, 1050 - 1016);
}

#[test]
fn an_invalidation_sends_a_walk_back_to_its_lookup() {
    let mut rig = Rig::new(Config::default(), 0, false);
    rig.submit(1000, 1, SECTION);
    rig.write(1010, 0x800, 0); // while the descriptor read is under way
    // The answer at 1016 is not used: lookups again, then a walk of 17 cycles from 1016.
    assert_eq!(rig.answered(), [(1, 1016 + 3 + 2 + MEMORY + 1)]);
    let stats = rig.model.smmu().stats();
    assert_eq!((stats.contexts[0].walk_restarts, stats.descriptor_latency.sum), (1, 20));
}

/// Bank 0 has VMID 3 and ASID 5, bank 1 VMID 4, bank 2 VMID 3.
#[test]
fn which_commands_send_a_walk_back() {
    const VA: u32 = SECTION + 0x0110_0000;
    const BANK: u32 = 0x1000;
    let commands = [
        ("GLOBAL_TLBIALL", 0xF_FF00, 0, true),
        ("TLBIVMID of its VMID", 0xF_FF04, 3, true),
        ("TLBIVMID of another", 0xF_FF04, 4, false),
        ("CTX_TLBIALL of its bank", 0x800, 0, true),
        ("CTX_TLBIALL of another bank with its VMID", 2 * BANK + 0x800, 0, true),
        ("CTX_TLBIALL of another bank with another VMID", BANK + 0x800, 0, false),
        ("TLBIASID of its ASID", 0x804, 5, true),
        ("TLBIASID of another ASID", 0x804, 6, false),
        ("TLBIASID of its ASID, another VMID", BANK + 0x804, 5, false),
        ("TLBIVA of its page", 0x808, VA | 5, true),
        ("TLBIVA in the same 16 MiB", 0x808, (VA ^ 0x00FF_0000) | 5, true),
        ("TLBIVA in other 16 MiB", 0x808, (VA ^ 0x0100_0000) | 5, false),
        ("TLBIVA of its page, another VMID", BANK + 0x808, VA | 5, false),
        ("TLBIVAA of its page", 0x80C, VA, true),
        ("TLBIVAA in other 16 MiB", 0x80C, VA ^ 0x8000_0000, false),
        ("TLBIVAA of its page, another VMID", BANK + 0x80C, VA, false),
    ];
    for (name, offset, value, back) in commands {
        let mut rig = Rig::new(Config { banks: 3, ..Config::default() }, 0, false);
        for (bank, vmid) in [(0, 3), (1, 4), (2, 3)] {
            rig.write(1000, 0xF_F800 + 4 * bank, vmid << 16);
        }
        rig.write(1000, 0x08, 5);
        rig.submit(1100, 1, VA);
        rig.write(1110, offset, value); // while the descriptor read is under way
        assert!(rig.model.smmu().held().next().is_none() && rig.done.is_empty(), "{name}");
        assert_eq!(rig.answered().len(), 1, "{name}");
        let restarts = rig.model.smmu().stats().contexts[0].walk_restarts;
        assert_eq!(restarts, u64::from(back), "{name}");
    }
}

/// Drives every interrupt output high.
struct High;

impl Taps for High {
    fn interrupt(&mut self, _: u8, _: bool) -> bool {
        true
    }
}

#[test]
fn refreshed_outputs_follow_the_tap() {
    let mut timed = Timed::new(&Config::default()).unwrap();
    timed.refresh_interrupts(&mut Ports::new(()).tapped_by(High));
    assert_eq!(timed.smmu().interrupts(), 3);
    timed.refresh_interrupts(&mut Ports::new(()));
    assert_eq!(timed.smmu().interrupts(), 0);
}

#[test]
fn disturbances_act_at_their_cycle() {
    let mut rig = Rig::new(Config::default(), 0x4002, false);
    rig.submit(1000, 1, SECTION);
    assert_eq!(rig.answered().len(), 1);
    let now = rig.model.now();
    assert!(now >= 11_000, "time goes on to the last call: {now}");
    // The micro-TLB answers with what it holds, then the main TLB with what it holds.
    let mut entry = rig.model.smmu().tlb_entry(0).unwrap();
    entry.pa ^= 0x4000_0000;
    rig.model.poke_micro_tlb(0, 0, Some(entry));
    let pa = |rig: &mut Rig| {
        let at = rig.model.now();
        rig.submit(at, 2, SECTION);
        rig.run(at + 100);
        rig.done.pop().and_then(|(_, _, answer)| answer.pa())
    };
    assert_eq!(pa(&mut rig), Some(0xD000_0000));
    rig.model.poke_micro_tlb(0, 0, None);
    entry.pa ^= 0x2000_0000;
    rig.model.poke_tlb(0, Some(entry));
    assert_eq!(pa(&mut rig), Some(0xF000_0000));
    // A fault, and a stall that a changed SCTLR.M ends: the transaction passes.
    let at = rig.model.now();
    rig.submit(at, 3, 0x7000_0000);
    rig.run(at + 100);
    assert_eq!((rig.model.smmu().held().count(), rig.model.smmu().interrupts()), (1, 1));
    assert_eq!(rig.model.outstanding(), 1);
    let mut out = Vec::new();
    let now = rig.model.now();
    let mut ports = Ports::new(Port(&mut rig.memory));
    assert!(!rig.model.poke_register(now, 0xF_FFF8, 1, &mut ports, &mut out), "IDR is fixed");
    assert!(rig.model.poke_register(now + 7, 0x00, 0, &mut ports, &mut out));
    assert_eq!(rig.model.now(), now + 7);
    rig.take(out);
    rig.run(now + 100);
    assert_eq!(
        rig.done.pop().map(|(at, id, answer)| (at, id, answer.pa())),
        Some((now + 8, 3, Some(0x7000_0000)))
    );
}

#[test]
fn a_v2p_walk_that_sets_the_access_flag_pays_for_its_write() {
    let mut rig = without_flag();
    assert_eq!(rig.write(3000, 0x810, 0x3000_0000), 3000 + 6 + 2 * 40, "a read and a write");
    assert_eq!(rig.memory.read32(0x8000_0C00), Ok(0x9000_0C02));
}

/// Bank 0 sets access flags; the section at 0x3000_0000 has none yet.
fn without_flag() -> Rig {
    let mut rig = Rig::new(Config::default(), 0x3_0000, false);
    rig.memory.write32(0x8000_0C00, 0x9000_0802).unwrap();
    rig.write(2000, 0x00, 0xD); // M, AFE, HAF
    rig
}

#[test]
fn a_walk_that_sets_the_access_flag_waits_for_its_write() {
    let mut rig = without_flag();
    rig.submit(3000, 1, 0x3000_0000);
    assert_eq!(rig.answered(), [(1, 3000 + 1 + 3 + 2 + MEMORY + MEMORY + 1)]);
    assert_eq!(rig.memory.read32(0x8000_0C00), Ok(0x9000_0C02));
    let latency = &rig.model.smmu().stats().descriptor_latency;
    assert_eq!((latency.count, latency.sum, latency.max), (2, 20, 10), "a read and a write");
}
