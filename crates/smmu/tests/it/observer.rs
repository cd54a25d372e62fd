//! What an observer is told: the whole story of a session, in order, with the numbers that go with it.

use msmemu_smmu::{
    Access, Answer, Config, DescriptorPort, DescriptorRead, DescriptorWrite, Event, Observer, Origin, Ports,
    RegisterId, Request, Smmu, Timed,
};
use msmemu_testkit::memory::Memory;
use msmemu_testkit::tables::{Attributes, PageSize, Tables};

use crate::devices::Port;

/// Writes every event down as a short line.
#[derive(Default)]
pub(crate) struct Diary(pub(crate) Vec<String>);

fn whose(origin: Origin<'_>) -> String {
    match origin {
        Origin::Transaction(request) => {
            assert_eq!(origin.va(), request.va);
            format!("#{}", request.id)
        }
        Origin::V2p(v) => {
            assert_eq!(origin.va(), v.va);
            format!("v2p {} {:#x} w{} p{}", v.bank, v.va, u8::from(v.write), u8::from(v.privileged))
        }
    }
}

impl Observer for Diary {
    fn event(&mut self, event: Event<'_>) {
        let line = match event {
            Event::RegisterRead { register, value } => format!("read {register} {value:#x}"),
            Event::RegisterWritten { register, written, old, new } => {
                format!("write {register} {written:#x}: {old:#x} to {new:#x}")
            }
            Event::RegisterGap { offset, written, gap } => format!("gap {offset:#x} {written:x?} {gap:?}"),
            Event::MicroLookup { request, bank, hit } => {
                format!("micro #{} bank {bank} {}", request.id, if hit.is_some() { "hit" } else { "miss" })
            }
            Event::MainLookup { origin, bank, hit, matches } => {
                format!("main {} bank {bank} {:?} of {matches}", whose(origin), hit.map(|(index, _)| index))
            }
            Event::WalkStarted { origin, bank } => format!("walk {} bank {bank}", whose(origin)),
            Event::DescriptorRead { origin, read, response, buffered } => format!(
                "descriptor {} {:#x} {:?} {response:x?}{}",
                whose(origin),
                read.address,
                read.level,
                if buffered { " buffered" } else { "" }
            ),
            Event::DescriptorWritten { origin, write, response } => {
                format!("set flag {} {:#x} {:#x} {response:?}", whose(origin), write.address, write.value)
            }
            Event::WalkEnded { origin, bank, result } => {
                let result = result.map(|entry| (entry.va, entry.pa, entry.descriptors));
                format!("walked {} bank {bank} {result:x?}", whose(origin))
            }
            Event::Filled { index, entry } => format!("filled {index} {:#x} asid {}", entry.va, entry.asid),
            Event::Evicted { index, entry } => format!("evicted {index} {:#x}", entry.va),
            Event::MicroFilled { port, entry } => format!("micro filled {port} {:#x}", entry.va),
            Event::Removed { index, entry, by } => {
                format!("removed {index} {:#x} by {}", entry.va, by.name())
            }
            Event::Invalidated { command, removed, kept } => {
                format!("{} removed {removed} kept {kept}", command.name())
            }
            Event::V2pDone { v2p, par, v2psr } => format!("v2p {:#x} PAR {par:#x} V2PSR {v2psr:#x}", v2p.va),
            Event::Faulted { request, bank, fault, recorded } => {
                format!("fault #{} bank {bank} {:?} recorded {recorded}", request.id, fault.cause)
            }
            Event::ConfigFaulted { request, fault, recorded } => {
                format!("refused #{} {fault:?} recorded {recorded}", request.id)
            }
            Event::Stalled { request, bank } => format!("stalled #{} bank {bank}", request.id),
            Event::Queued { request, bank } => format!("queued #{} bank {bank}", request.id),
            Event::Resumed { request, bank, resume } => {
                format!("resumed #{} bank {bank} {resume:?}", request.id)
            }
            Event::Answered { request, answer } => {
                let what = match answer {
                    Answer::Translated(t) => format!("{:#x} {:?}", t.pa, t.found),
                    Answer::Terminated { error } => format!("terminated, error {error}"),
                    Answer::Held => "held".to_owned(),
                };
                format!("answered #{} {what}", request.id)
            }
            Event::Interrupt { line, level } => format!("irq {line} {level}"),
        };
        self.0.push(line);
    }
}

struct Session {
    model: Smmu,
    memory: Memory,
    tables: Tables,
    diary: Diary,
}

impl Session {
    fn new(config: Config) -> Self {
        let mut session = Self {
            model: Smmu::new(&config).unwrap(),
            memory: Memory::new(),
            tables: Tables::new(0x8000_0000),
            diary: Diary::default(),
        };
        for (offset, value) in [
            (0xFFF80, 0x40),
            (0xFF000, 0x00C0_0000),
            (0x04, 0x3_3002),
            (0x08, 1),
            (0x10, 0x8000_0000),
            (0x00, 1),
        ] {
            session.write(offset, value);
        }
        session.diary.0.clear();
        session
    }

    fn write(&mut self, offset: u32, value: u32) {
        let mut ports = Ports::new(Port(&mut self.memory)).observed_by(&mut self.diary);
        self.model.write(offset, value, &mut ports);
        while self.model.next_released(&mut ports).is_some() {}
    }

    fn ask(&mut self, request: Request) -> Answer {
        let mut ports = Ports::new(Port(&mut self.memory)).observed_by(&mut self.diary);
        self.model.translate(&request, &mut ports)
    }

    fn map(&mut self, va: u32, pa: u32, size: PageSize, attributes: Attributes) {
        self.tables.map(&mut self.memory, va, pa, size, attributes).unwrap();
    }

    fn expect(&mut self, lines: &[&str]) {
        assert_eq!(self.diary.0, lines);
        self.diary.0.clear();
    }
}

const RW: Attributes =
    Attributes { ap: 0b011, tex: 0, c: false, b: false, s: false, ng: true, xn: false, ns: false };

fn small_config() -> Config {
    let mut config = Config { micro_entries: 1, ..Config::default() };
    config.tlb.entries = 1;
    config.tlb.ways = 1;
    config
}

#[test]
fn lookups_walks_fills_and_evictions() {
    let mut s = Session::new(small_config());
    s.map(0x1000_0000, 0x9000_0000, PageSize::Small, RW);
    s.map(0x2000_0000, 0x9100_0000, PageSize::Section, RW);
    s.ask(Request::new(1, 0, 0x1000_0008, Access::READ));
    s.expect(&[
        "micro #1 bank 0 miss",
        "main #1 bank 0 None of 0",
        "walk #1 bank 0",
        "descriptor #1 0x80000400 First Ok(80004001)",
        "descriptor #1 0x80004000 Second Ok(90000832)",
        "walked #1 bank 0 Ok((10000000, 90000000, [80000400, 80004000]))",
        "filled 0 0x10000000 asid 1",
        "micro filled 0 0x10000000",
        "answered #1 0x90000008 Walk",
    ]);
    s.ask(Request::new(2, 0, 0x1000_0010, Access::WRITE));
    s.expect(&["micro #2 bank 0 hit", "answered #2 0x90000010 MicroTlb"]);
    s.ask(Request::new(3, 0, 0x2000_5010, Access::READ));
    s.expect(&[
        "micro #3 bank 0 miss",
        "main #3 bank 0 None of 0",
        "walk #3 bank 0",
        "descriptor #3 0x80000800 First Ok(91020c02)",
        "walked #3 bank 0 Ok((20000000, 91000000, [80000800, 0]))",
        "evicted 0 0x10000000",
        "filled 0 0x20000000 asid 1",
        "micro filled 0 0x20000000",
        "answered #3 0x91005010 Walk",
    ]);
    s.ask(Request::new(4, 0, 0x2000_6010, Access::READ));
    s.expect(&[
        "micro #4 bank 0 miss",
        "main #4 bank 0 Some(0) of 1",
        "micro filled 0 0x20000000",
        "answered #4 0x91006010 MainTlb",
    ]);
    let answer = s.ask(Request::new(5, 0, 0x2000_6010, Access::READ));
    assert_eq!(answer.translation().map(|t| t.descriptors), Some([0x8000_0800, 0]));
    let stats = s.model.stats();
    let context = &stats.contexts[0];
    assert_eq!((stats.requests, stats.fills, stats.evictions), (5, 2, 1));
    assert_eq!((context.micro_hits, context.main_hits, context.misses), (2, 1, 2));
    assert_eq!((context.lookups(), context.walks, context.descriptor_reads), (5, 2, 3));
    assert_eq!((context.translated, context.terminated, context.bypassed), (5, 0, 0));
}

#[test]
fn faults_stalls_and_interrupt_edges() {
    let mut s = Session::new(small_config());
    s.write(0x04, 0x3_7002);
    s.diary.0.clear();
    s.ask(Request::new(1, 0, 0x7000_0000, Access::READ));
    s.expect(&[
        "micro #1 bank 0 miss",
        "main #1 bank 0 None of 0",
        "walk #1 bank 0",
        "descriptor #1 0x80001c00 First Ok(0)",
        "walked #1 bank 0 Err(Fault { cause: Translation, second_level: false })",
        "fault #1 bank 0 Translation recorded true",
        "irq 0 true",
        "stalled #1 bank 0",
    ]);
    s.ask(Request::new(2, 0, 0x7000_0000, Access::READ));
    s.expect(&["queued #2 bank 0"]);
    s.write(0x20, 0x4000_000F);
    s.expect(&["write 0:FSR 0x4000000f: 0x40000002 to 0x0", "irq 0 false"]);
    s.write(0x820, 1);
    s.expect(&[
        "write 0:RESUME 0x1: 0x0 to 0x0",
        "resumed #1 bank 0 Terminate",
        "answered #1 terminated, error false",
        "micro #2 bank 0 miss",
        "main #2 bank 0 None of 0",
        "walk #2 bank 0",
        "descriptor #2 0x80001c00 First Ok(0)",
        "walked #2 bank 0 Err(Fault { cause: Translation, second_level: false })",
        "fault #2 bank 0 Translation recorded true",
        "irq 0 true",
        "stalled #2 bank 0",
    ]);
    s.map(0x7000_0000, 0x9000_0000, PageSize::Section, RW);
    s.write(0x820, 0);
    assert!(s.diary.0.contains(&"resumed #2 bank 0 Retry".to_owned()));
    assert_eq!(s.diary.0.last().unwrap(), "answered #2 0x90000000 Walk");
    let context = &s.model.stats().contexts[0];
    assert_eq!((context.stalls, context.queued, context.retried, context.resumed_terminated), (2, 1, 1, 1));
    assert_eq!((context.translated, context.terminated), (1, 1));
    assert_eq!(context.fault_count(msmemu_smmu::FaultCause::Translation), 2);
    assert_eq!(context.fault_count(msmemu_smmu::FaultCause::Permission), 0);
}

#[test]
fn a_second_fault_is_told_as_not_recorded() {
    let mut s = Session::new(small_config());
    s.ask(Request::new(1, 0, 0x7000_0000, Access::READ));
    s.diary.0.clear();
    s.ask(Request::new(2, 0, 0x7000_0000, Access::READ));
    assert_eq!(
        s.diary.0[5..],
        ["fault #2 bank 0 Translation recorded false", "answered #2 terminated, error false"]
    );
}

#[test]
fn invalidations_with_what_they_removed_and_kept() {
    let mut config = Config { micro_entries: 0, ..Config::default() };
    config.tlb.entries = 4;
    config.tlb.ways = 4;
    let mut s = Session::new(config);
    for page in 0..3 {
        s.map(0x1000_0000 + 0x1000 * page, 0x9000_0000, PageSize::Small, RW);
    }
    s.write(0x3C, 0x0103); // LKE, TLBIALLCFG, FLOOR 1
    s.write(0x818, 0x1000_0000);
    s.ask(Request::new(1, 0, 0x1000_1000, Access::READ));
    s.ask(Request::new(2, 0, 0x1000_2000, Access::READ));
    s.diary.0.clear();
    s.write(0x808, 0x1000_1001);
    s.expect(&[
        "write 0:TLBIVA 0x10001001: 0x0 to 0x0",
        "removed 1 0x10001000 by TLBIVA",
        "TLBIVA removed 1 kept 0",
    ]);
    s.write(0x800, 0);
    s.expect(&[
        "write 0:CTX_TLBIALL 0x0: 0x0 to 0x0",
        "removed 2 0x10002000 by CTX_TLBIALL",
        "CTX_TLBIALL removed 1 kept 1",
    ]);
    s.write(0x80C, 0x1000_0000);
    s.expect(&[
        "write 0:TLBIVAA 0x10000000: 0x0 to 0x0",
        "removed 0 0x10000000 by TLBIVAA",
        "TLBIVAA removed 1 kept 0",
    ]);
    s.write(0x804, 1);
    s.expect(&["write 0:TLBIASID 0x1: 0x0 to 0x0", "TLBIASID removed 0 kept 0"]);
    s.write(0xFFF00, 0);
    s.expect(&["write GLOBAL_TLBIALL 0x0: 0x0 to 0x0", "GLOBAL_TLBIALL removed 0 kept 0"]);
    s.write(0xFFF04, 0);
    s.expect(&["write TLBIVMID 0x0: 0x0 to 0x0", "TLBIVMID removed 0 kept 0"]);
    // All, by VMID, by context, by ASID, by VA and ASID, by VA.
    assert_eq!(s.model.stats().invalidations, [1, 1, 1, 1, 1, 1]);
    assert_eq!(s.model.stats().invalidated_entries, 3);
}

#[test]
fn v2p_operations() {
    let mut s = Session::new(Config { micro_entries: 0, ..Config::default() });
    s.map(0x2000_0000, 0x9100_0000, PageSize::Section, RW);
    s.write(0x814, 0x2000_5000);
    s.expect(&[
        "write 0:V2PPW 0x20005000: 0x0 to 0x0",
        "main v2p 0 0x20005000 w1 p1 bank 0 None of 0",
        "walk v2p 0 0x20005000 w1 p1 bank 0",
        "descriptor v2p 0 0x20005000 w1 p1 0x80000800 First Ok(91020c02)",
        "walked v2p 0 0x20005000 w1 p1 bank 0 Ok((20000000, 91000000, [80000800, 0]))",
        "filled 0 0x20000000 asid 1",
        "v2p 0x20005000 PAR 0x91005290 V2PSR 0x0",
    ]);
    s.write(0x818, 0x7000_0000);
    assert_eq!(s.diary.0.last().unwrap(), "v2p 0x70000000 PAR 0x3 V2PSR 0x0");
    let context = &s.model.stats().contexts[0];
    assert_eq!((context.v2p_ok, context.v2p_failed, context.walks), (1, 1, 2));
}

#[test]
fn registers_gaps_and_refusals() {
    let mut s = Session::new(Config::default());
    let mut ports = Ports::new(Port(&mut s.memory)).observed_by(&mut s.diary);
    assert_eq!(s.model.read(0xFF00C, &mut ports), 0);
    assert_eq!(s.model.read(0x2000, &mut ports), 0);
    assert_eq!(s.model.read(0x1001, &mut ports), 0);
    s.model.narrow_access(0x20, None, &mut ports);
    s.model.write(0x50, 7, &mut ports);
    s.model.write(0xFF080, 7, &mut ports);
    s.model.write(0xFF004, 0x0000_0900, &mut ports);
    s.expect(&[
        "read M2VCBR_N[3] 0x0",
        "gap 0x2000 None NotImplemented",
        "gap 0x1001 None Unaligned",
        "gap 0x20 None Unaligned",
        "gap 0x50 Some(7) NoRegister",
        "gap 0xff080 Some(7) NotImplemented",
        "write M2VCBR_N[1] 0x900: 0x0 to 0x900",
    ]);
    s.ask(Request::new(1, 1, 0x10, Access::READ));
    s.expect(&["refused #1 BadRoute recorded true", "answered #1 terminated, error false"]);
    s.write(0xFF004, 0x0001_0100);
    s.write(0xFFF80, 2); // RPUERE
    s.diary.0.clear();
    s.ask(Request::new(2, 1, 0x10, Access::READ));
    s.expect(&["refused #2 BypassForbidden recorded false", "answered #2 terminated, error true"]);
    s.ask(Request::new(3, 700, 0x10, Access::READ));
    let stats = s.model.stats();
    assert_eq!((stats.bad_routes, stats.bypass_forbidden), (2, 1));
    assert_eq!((stats.register_reads, stats.register_writes), (4, 11));
}

#[test]
fn the_block_fetch_buffer_and_the_access_flag() {
    let mut s = Session::new(Config { micro_entries: 0, ..Config::default() });
    s.write(0x4C, 1);
    s.write(0x00, 0xD); // AFE, HAF
    s.write(0x04, 0x3_3402); // DNA: nothing is cached, so every access walks
    s.map(0x1000_9000, 0x9000_9000, PageSize::Small, Attributes { ap: 0b010, ..RW });
    s.map(0x1000_A000, 0x9000_A000, PageSize::Small, RW);
    s.diary.0.clear();
    for id in 1..=2 {
        s.ask(Request::new(id, 0, 0x1000_9000, Access::READ));
    }
    s.ask(Request::new(3, 0, 0x1000_A000, Access::READ));
    let told: Vec<&str> = s
        .diary
        .0
        .iter()
        .filter(|l| l.starts_with("desc") || l.starts_with("set"))
        .map(|l| l.as_str())
        .collect();
    assert_eq!(
        told,
        [
            "descriptor #1 0x80000400 First Ok(80004001)",
            "descriptor #1 0x80004024 Second Ok(90009822)",
            "set flag #1 0x80004024 0x90009832 Ok(())",
            "descriptor #2 0x80000400 First Ok(80004001) buffered",
            "descriptor #2 0x80004024 Second Ok(90009832) buffered",
            "descriptor #3 0x80000400 First Ok(80004001) buffered",
            "descriptor #3 0x80004028 Second Ok(9000a832) buffered",
        ]
    );
    let context = &s.model.stats().contexts[0];
    assert_eq!((context.descriptor_reads, context.buffered_reads, context.descriptor_writes), (2, 4, 1));
    // Power-on forgets the lines.
    s.model.reset(&mut Ports::new(Port(&mut Memory::new())));
    for (offset, value) in [(0x4C, 1), (0x04, 0x3_3000), (0x10, 0x8000_0000), (0x00, 1)] {
        s.write(offset, value);
    }
    s.map(0x1000_A000, 0x9000_B000, PageSize::Small, RW);
    assert_eq!(s.ask(Request::new(4, 0, 0x1000_A000, Access::READ)).pa(), Some(0x9000_B000));
}

/// Memory that counts how it is asked.
#[derive(Default)]
struct Counting {
    words: u32,
    lines: u32,
}

impl DescriptorPort for Counting {
    fn read(&mut self, _: &DescriptorRead) -> Result<u32, msmemu_smmu::BusError> {
        self.words += 1;
        Ok(0x9000_0C02)
    }

    fn write(&mut self, _: &DescriptorWrite) -> Result<(), msmemu_smmu::BusError> {
        Ok(())
    }

    fn read_line(&mut self, _: &DescriptorRead) -> Result<[u32; 8], msmemu_smmu::BusError> {
        self.lines += 1;
        Ok([0x9000_0C02; 8])
    }
}

#[test]
fn lines_are_read_only_where_the_buffer_has_room() {
    for (lines, expected) in [(0, (1, 0)), (1, (0, 1))] {
        let mut config = Config::default();
        config.bfb.first_lines = lines;
        let mut model = Smmu::new(&config).unwrap();
        let mut memory = Counting::default();
        for (offset, value) in [(0x04, 0x3000), (0x4C, 1), (0x00, 1)] {
            model.write(offset, value, &mut Ports::new(&mut memory));
        }
        model.translate(&Request::new(1, 0, 0, Access::READ), &mut Ports::new(&mut memory));
        assert_eq!((memory.words, memory.lines), expected);
    }
}

/// Registers have names and offsets that lead to each other.
#[test]
fn register_ids() {
    for (offset, name) in [
        (0xFFF80, "CR"),
        (0xFF00C, "M2VCBR_N[3]"),
        (0xFF804, "CBACR_N[1]"),
        (0x0000, "0:SCTLR"),
        (0x2820, "2:RESUME"),
        (0xFE020, "254:FSR"),
    ] {
        let id = RegisterId::at(offset).unwrap();
        assert_eq!((id.to_string().as_str(), id.offset()), (name, offset));
        assert!(name.contains(id.desc().name));
    }
    for nothing in [0x1, 0x50, 0xFFE04, 0x10_0000, 0x10_0010, u32::MAX] {
        assert_eq!(RegisterId::at(nothing), None, "{nothing:#x}");
    }
}

/// The timed driver tells the same story of one transaction as the functional one.
#[test]
fn the_timed_driver_tells_the_same() {
    let mut s = Session::new(small_config());
    s.map(0x2000_0000, 0x9100_0000, PageSize::Section, RW);
    s.ask(Request::new(1, 0, 0x2000_5010, Access::READ));
    let expected = std::mem::take(&mut s.diary.0);
    let mut timed = Timed::new(&small_config()).unwrap();
    let mut out = Vec::new();
    for (offset, value) in
        [(0xFF000, 0x00C0_0000), (0x04, 0x3_3002), (0x08, 1), (0x10, 0x8000_0000), (0x00, 1)]
    {
        timed.write(0, offset, value, &mut Ports::new(Port(&mut s.memory)), &mut out);
    }
    let mut ports = Ports::new(Port(&mut s.memory)).observed_by(&mut s.diary);
    timed.submit(0, &Request::new(1, 0, 0x2000_5010, Access::READ), &mut ports, &mut out);
    while let Some(at) = timed.next_event() {
        timed.advance(at, &mut ports, &mut out);
        if let Some(msmemu_smmu::Message::Read { walk, read, .. }) = out.pop() {
            let word = msmemu_smmu::DescriptorData::Word(ports.memory.read(&read));
            timed.descriptor_done(at + 10, walk, word, &mut ports, &mut out).unwrap();
        }
    }
    assert_eq!(s.diary.0, expected);
}
