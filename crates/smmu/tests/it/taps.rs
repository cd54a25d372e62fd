//! Every tap acts where it says, and what it changes is what software and masters see.

use msmemu_smmu::{
    Access, Answer, Config, ConfigError, DescriptorRead, Fault, FaultCause, FaultRecord, Found, Histogram,
    Invalidation, InvalidationEffect, Origin, PageSizes, Ports, RegisterId, Request, Resume, Smmu, Taps,
    TlbEntry,
};
use msmemu_testkit::memory::Memory;
use msmemu_testkit::tables::{Attributes, PageSize, Tables};

use crate::devices::Port;
use crate::observer::Diary;

/// One tap at a time.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
enum Act {
    #[default]
    Nothing,
    Mid(u16),
    TlbHit,
    MicroHit,
    Fill,
    Descriptor(Result<u32, msmemu_smmu::BusError>),
    Walk(FaultCause),
    Invalidation(InvalidationEffect),
    Record,
    Resume(Option<Resume>),
    Read(u32),
    Write(u32),
    Interrupt(bool),
}

#[derive(Default)]
struct Saboteur {
    act: Act,
    fired: u32,
}

impl Saboteur {
    fn fire(&mut self) {
        self.fired += 1;
    }
}

impl Taps for Saboteur {
    fn mid(&mut self, request: &Request) -> u16 {
        match self.act {
            Act::Mid(mid) => {
                self.fire();
                mid
            }
            _ => request.mid,
        }
    }
    fn tlb_hit(&mut self, _: u16, entry: &mut TlbEntry) {
        if self.act == Act::TlbHit {
            self.fire();
            entry.pa ^= 0x0100_0000;
        }
    }
    fn micro_hit(&mut self, port: u8, entry: &mut TlbEntry) {
        if self.act == Act::MicroHit {
            assert_eq!(port, 0);
            self.fire();
            entry.pa ^= 0x0200_0000;
        }
    }
    fn tlb_fill(&mut self, _: u16, entry: &mut TlbEntry) {
        if self.act == Act::Fill {
            self.fire();
            entry.va ^= 0x1000_0000;
        }
    }
    fn descriptor(&mut self, read: &DescriptorRead, response: &mut Result<u32, msmemu_smmu::BusError>) {
        if let Act::Descriptor(word) = self.act {
            assert_eq!(read.bank, 0);
            self.fire();
            *response = word;
        }
    }
    fn walk_response(&mut self, _: Origin<'_>, result: &mut Result<TlbEntry, Fault>) {
        if let Act::Walk(cause) = self.act {
            self.fire();
            *result = Err(Fault::first(cause));
        }
    }
    fn invalidation(&mut self, _: &Invalidation) -> InvalidationEffect {
        match self.act {
            Act::Invalidation(effect) => {
                self.fire();
                effect
            }
            _ => InvalidationEffect::Full,
        }
    }
    fn survives(&mut self, _: &Invalidation, index: u16, _: &TlbEntry) -> bool {
        index == 0
    }
    fn micro_survives(&mut self, _: &Invalidation, port: u8) -> bool {
        port == 0
    }
    fn fault_record(&mut self, _: u8, record: &mut FaultRecord) {
        if self.act == Act::Record {
            self.fire();
            *record = FaultRecord { fsr: 0x8, far: 0xDEAD_BEEF, fsynr0: 0x55, fsynr1: 0x100 };
        }
    }
    fn resume(&mut self, _: u8, resume: Resume) -> Option<Resume> {
        match self.act {
            Act::Resume(other) => {
                self.fire();
                other
            }
            _ => Some(resume),
        }
    }
    fn register_read(&mut self, _: RegisterId, value: u32) -> u32 {
        match self.act {
            Act::Read(flip) => {
                self.fire();
                value ^ flip
            }
            _ => value,
        }
    }
    fn register_write(&mut self, _: RegisterId, value: u32) -> u32 {
        match self.act {
            Act::Write(flip) => {
                self.fire();
                value ^ flip
            }
            _ => value,
        }
    }
    fn interrupt(&mut self, line: u8, level: bool) -> bool {
        match self.act {
            Act::Interrupt(other) if line == 0 => {
                self.fire();
                other
            }
            _ => level,
        }
    }
}

struct Rig {
    model: Smmu,
    memory: Memory,
    taps: Saboteur,
}

const VA: u32 = 0x1000_0000;
const PA: u32 = 0x9000_0000;

impl Rig {
    fn new(micro_entries: u8) -> Self {
        let config = Config { micro_entries, ..Config::default() };
        let mut rig =
            Self { model: Smmu::new(&config).unwrap(), memory: Memory::new(), taps: Saboteur::default() };
        let rw = Attributes { ap: 0b011, ..Attributes::default() };
        let mut tables = Tables::new(0x8000_0000);
        tables.map(&mut rig.memory, VA, PA, PageSize::Section, rw).unwrap();
        tables.map(&mut rig.memory, VA + 0x10_0000, PA + 0x10_0000, PageSize::Section, rw).unwrap();
        for (offset, value) in
            [(0xFF000, 0x00C0_0000), (0xFF004, 0x00C0_0100), (0x04, 0x3_7002), (0x10, 0x8000_0000), (0x00, 1)]
        {
            rig.write(offset, value);
        }
        rig
    }

    // By mutable reference, as an embedder that keeps its taps would pass them.
    fn write(&mut self, offset: u32, value: u32) {
        let mut taps = &mut self.taps;
        self.model.write(offset, value, &mut Ports::new(Port(&mut self.memory)).tapped_by(&mut taps));
    }

    fn read(&mut self, offset: u32) -> u32 {
        let mut taps = &mut self.taps;
        self.model.read(offset, &mut Ports::new(Port(&mut self.memory)).tapped_by(&mut taps))
    }

    fn ask(&mut self, va: u32) -> Answer {
        let mut taps = &mut self.taps;
        let request = Request::new(7, 0, va, Access::READ);
        self.model.translate(&request, &mut Ports::new(Port(&mut self.memory)).tapped_by(&mut taps))
    }

    /// Where the page is found, by way of a port.
    fn found(&mut self, port: u8, va: u32) -> Option<Found> {
        let request = Request { port, ..Request::new(7, 0, va, Access::READ) };
        let answer = self.model.translate(&request, &mut Ports::new(Port(&mut self.memory)));
        answer.translation().map(|translation| translation.found)
    }

    fn arm(&mut self, act: Act) {
        self.taps = Saboteur { act, fired: 0 };
    }
}

#[test]
fn taps_act_and_count() {
    let mut rig = Rig::new(0);
    rig.arm(Act::Mid(1));
    assert_eq!(rig.ask(VA).pa(), Some(VA), "MID 1 goes to bank 1, which is off");
    rig.arm(Act::Mid(999));
    assert_eq!(rig.ask(VA), Answer::Terminated { error: false });
    rig.write(0xFFF88, u32::MAX);

    rig.arm(Act::Nothing);
    assert_eq!(rig.ask(VA).pa(), Some(PA));
    rig.arm(Act::TlbHit);
    assert_eq!(rig.ask(VA).pa(), Some(PA ^ 0x0100_0000));
    assert_eq!(rig.taps.fired, 1);
    rig.arm(Act::Nothing);
    assert_eq!(rig.ask(VA).pa(), Some(PA), "the stored entry stays");

    rig.arm(Act::Fill);
    assert_eq!(rig.ask(VA + 0x10_0000).pa(), Some(PA + 0x10_0000), "the walk itself is right");
    assert_eq!(rig.model.tlb_entry(1).map(|e| e.va), Some(0x10_0000), "the tag is stored wrong");

    rig.write(0xFFF00, 0);
    rig.arm(Act::Descriptor(Ok(0xA000_0C02)));
    assert_eq!(rig.ask(VA).pa(), Some(0xA000_0000));
    rig.arm(Act::Nothing);
    rig.write(0xFFF00, 0);
    rig.arm(Act::Descriptor(Err(msmemu_smmu::BusError::Slave)));
    assert_eq!(rig.ask(VA), Answer::Held);
    assert_eq!(rig.model.peek(0x20), 0x4000_0040);
}

#[test]
fn the_micro_tlb_tap() {
    let mut rig = Rig::new(4);
    rig.ask(VA);
    rig.arm(Act::MicroHit);
    assert_eq!(rig.ask(VA).pa(), Some(PA ^ 0x0200_0000));
    rig.arm(Act::Nothing);
    assert_eq!(rig.ask(VA).pa(), Some(PA));
}

#[test]
fn the_walk_response_tap() {
    let mut rig = Rig::new(0);
    rig.arm(Act::Walk(FaultCause::MultipleHits));
    assert_eq!(rig.ask(VA), Answer::Held);
    assert_eq!((rig.model.peek(0x20), rig.taps.fired), (0x4000_0080, 1));
}

#[test]
fn invalidations_dropped_and_partial() {
    for micro in [0, 4] {
        let mut rig = Rig::new(micro);
        rig.ask(VA + 0x10_0000);
        rig.ask(VA);
        rig.arm(Act::Invalidation(InvalidationEffect::Dropped));
        rig.write(0x800, 0);
        assert!(rig.model.tlb_entry(0).is_some() && rig.model.tlb_entry(1).is_some());
        assert_eq!(rig.model.micro_entry(0, 0).is_some(), micro > 0);
        rig.arm(Act::Invalidation(InvalidationEffect::Partial));
        rig.write(0x800, 0);
        assert!(rig.model.tlb_entry(0).is_some() && rig.model.tlb_entry(1).is_none(), "entry 0 survives");
        assert_eq!(rig.model.micro_entry(0, 0).is_some(), micro > 0, "port 0 survives");
        rig.arm(Act::Nothing);
        rig.write(0x800, 0);
        assert!(rig.model.tlb_entry(0).is_none() && rig.model.micro_entry(0, 0).is_none());
    }
}

#[test]
fn each_port_has_its_micro_tlb() {
    let mut rig = Rig::new(1);
    let config = Config { ports: 3, micro_entries: 1, ..Config::default() };
    let saved = rig.model.save();
    rig.model = Smmu::new(&config).unwrap();
    assert!(rig.model.restore(&saved).is_err(), "one port's state is not that of three");
    for (offset, value) in [(0x04, 0x3_7002), (0x10, 0x8000_0000), (0x00, 1)] {
        rig.write(offset, value);
    }
    assert_eq!(rig.found(0, VA), Some(Found::Walk));
    assert_eq!(rig.found(1, VA), Some(Found::MainTlb));
    assert_eq!(rig.found(2, VA + 0x1000), Some(Found::MainTlb));
    let held = [0, 1, 2].map(|port| rig.model.micro_entry(port, 0).map(|entry| entry.va));
    assert_eq!(held, [Some(VA); 3], "all are pieces of one section");
    assert_eq!([0, 1].map(|port| rig.found(port, VA)), [Some(Found::MicroTlb); 2]);
    assert_eq!(rig.found(2, VA), Some(Found::MainTlb), "port 2 held another piece");
    // Numbers beyond the last port wrap.
    assert_eq!(rig.found(4, VA), Some(Found::MicroTlb));
    assert_eq!(rig.found(3, VA + 0x1000), Some(Found::MainTlb));
    assert_eq!(rig.found(0, VA + 0x1000), Some(Found::MicroTlb));
}

/// Taps that leave all to the defaults, but for one.
struct PartialAlone;

impl Taps for PartialAlone {
    fn invalidation(&mut self, _: &Invalidation) -> InvalidationEffect {
        InvalidationEffect::Partial
    }
}

#[test]
fn by_default_nothing_survives_and_taps_pass_through_references() {
    for by_reference in [false, true] {
        let mut rig = Rig::new(2);
        rig.ask(VA);
        assert!(rig.model.tlb_entry(0).is_some() && rig.model.micro_entry(0, 0).is_some());
        let ports = Ports::new(Port(&mut rig.memory));
        if by_reference {
            rig.model.write(0x800, 0, &mut ports.tapped_by(&mut PartialAlone));
        } else {
            rig.model.write(0x800, 0, &mut ports.tapped_by(PartialAlone));
        }
        assert_eq!((rig.model.tlb_entry(0), rig.model.micro_entry(0, 0)), (None, None));
    }
}

#[test]
fn fault_records_resumes_and_interrupts() {
    let mut rig = Rig::new(0);
    rig.arm(Act::Record);
    assert_eq!(rig.ask(0x7000_0000), Answer::Held);
    assert_eq!([0x20, 0x28, 0x2C, 0x30].map(|at| rig.model.peek(at)), [0x8, 0xDEAD_BEEF, 0x55, 0x100]);
    rig.arm(Act::Resume(None));
    rig.write(0x820, 1);
    assert!(!rig.model.has_released(), "the RESUME was lost");
    rig.arm(Act::Resume(Some(Resume::Retry)));
    rig.write(0x820, 1);
    assert!(rig.model.has_released());
    let mut ports = Ports::new(Port(&mut rig.memory));
    assert_eq!(rig.model.next_released(&mut ports), None, "it was retried, and faults again");
    assert_eq!(rig.model.held().count(), 1);
    rig.arm(Act::Interrupt(false));
    rig.write(0x20, 0);
    rig.write(0x04, 0x3_7002);
    assert_eq!(rig.model.interrupts(), 0, "the level is suppressed");
    rig.arm(Act::Nothing);
    rig.write(0x04, 0x3_7002);
    assert_eq!(rig.model.interrupts(), 1);
}

#[test]
fn new_transactions_do_not_overtake_released_ones() {
    let mut rig = Rig::new(0);
    assert_eq!(rig.ask(0x7000_0000), Answer::Held);
    rig.write(0x820, 1);
    assert_eq!(rig.ask(VA), Answer::Held, "what RESUME let go was not fetched yet");
    let mut ports = Ports::new(Port(&mut rig.memory));
    let mut next = || rig.model.next_released(&mut ports).map(|released| released.answer);
    assert_eq!(next(), Some(Answer::Terminated { error: false }));
    assert_eq!(next().and_then(|answer| answer.pa()), Some(PA));
    assert_eq!(next(), None);
}

#[test]
fn register_values_on_their_way() {
    let mut rig = Rig::new(0);
    rig.arm(Act::Read(0x100));
    assert_eq!(rig.read(0x38), 0x100);
    assert_eq!(rig.model.peek(0x38), 0, "looking sees the register itself");
    rig.arm(Act::Write(0x1));
    rig.write(0x38, 0x10);
    assert_eq!(rig.model.peek(0x38), 0x11);
    assert_eq!(rig.taps.fired, 1);
}

#[test]
fn poking_the_tlb() {
    let mut rig = Rig::new(0);
    rig.ask(VA);
    let mut entry = rig.model.tlb_entry(0).unwrap();
    entry.pa = 0xB00F_FFFF;
    rig.model.poke_tlb(0, Some(entry));
    assert_eq!(rig.ask(VA + 0x123).pa(), Some(0xB000_0123), "the address is cut to the page's size");
    rig.model.poke_tlb(5, Some(entry));
    rig.model.poke_tlb(6, Some(TlbEntry { va: VA + 0x10_0000, ..entry }));
    rig.model.poke_tlb(7, Some(TlbEntry { asid: 9, global: false, ..entry }));
    let mut diary = Diary::default();
    let mut ports = Ports::new(Port(&mut rig.memory)).observed_by(&mut diary);
    let request = Request::new(8, 0, VA, Access::READ);
    assert_eq!(rig.model.translate(&request, &mut ports), Answer::Held, "two entries match, two do not");
    assert!(diary.0.contains(&"main #8 bank 0 None of 2".into()), "{:?}", diary.0);
    assert_eq!(rig.model.peek(0x20) & 0x80, 0x80);
    rig.model.poke_tlb(0, None);
    rig.model.poke_tlb(5, None);
    rig.model.poke_tlb(999, Some(entry));
    assert_eq!((rig.model.tlb_entry(0), rig.model.tlb_entry(999)), (None, None));
}

#[test]
fn configurations_are_checked() {
    let good = Config::default();
    assert_eq!(good.validate(), Ok(()));
    type Change = fn(&mut Config);
    let out_of_range: [(Change, &str); 21] = [
        (|c| c.banks = 0, "banks is 0, expected 1 to 255"),
        (|c| c.banks = 256, "banks is 256, expected 1 to 255"),
        (|c| c.mids = 0, "mids is 0, expected 1 to 512"),
        (|c| c.mids = 513, "mids is 513, expected 1 to 512"),
        (|c| c.ports = 0, "ports is 0, expected 1 to 64"),
        (|c| c.ports = 65, "ports is 65, expected 1 to 64"),
        (|c| c.micro_entries = 33, "micro_entries is 33, expected 0 to 32"),
        (|c| c.tlb.entries = 0, "tlb.entries is 0, expected 1 to 256"),
        (|c| c.tlb.entries = 512, "tlb.entries is 512, expected 1 to 256"),
        (|c| c.tlb.entries = 48, "tlb.ways is 64, expected 1 to 48"),
        (|c| (c.tlb.entries, c.tlb.ways) = (48, 16), "tlb.entries is 48, expected a power of two"),
        (|c| c.tlb.ways = 0, "tlb.ways is 0, expected 1 to 64"),
        (|c| c.tlb.ways = 128, "tlb.ways is 128, expected 1 to 64"),
        (|c| c.tlb.ways = 3, "tlb.ways is 3, expected a power of two"),
        (|c| c.tlb.sizes.small = false, "tlb.sizes lacks small pages, which must be held"),
        (|c| c.bfb.first_lines = 17, "bfb.first_lines is 17, expected 0 to 16"),
        (|c| c.bfb.second_lines = 17, "bfb.second_lines is 17, expected 0 to 16"),
        (|c| c.timing.slots = 0, "timing.slots is 0, expected 1 to 1024"),
        (|c| c.timing.slots = 1025, "timing.slots is 1025, expected 1 to 1024"),
        (|c| c.timing.walkers = 0, "timing.walkers is 0, expected 1 to 64"),
        (|c| c.timing.walkers = 65, "timing.walkers is 65, expected 1 to 64"),
    ];
    for (change, message) in out_of_range {
        let mut config = good;
        change(&mut config);
        let error: ConfigError = config.validate().unwrap_err();
        assert_eq!(error.to_string(), message);
        assert_eq!(Smmu::new(&config).err(), Some(error));
    }
    let edges: [Change; 6] = [
        |c| (c.banks, c.mids, c.ports) = (255, 512, 64),
        |c| (c.banks, c.mids, c.ports) = (1, 1, 1),
        |c| (c.micro_entries, c.timing.slots, c.timing.walkers) = (32, 1024, 64),
        |c| (c.micro_entries, c.timing.slots, c.timing.walkers) = (0, 1, 1),
        |c| (c.bfb.first_lines, c.bfb.second_lines, c.tlb.entries, c.tlb.ways) = (16, 16, 256, 256),
        |c| (c.bfb.first_lines, c.bfb.second_lines, c.tlb.entries, c.tlb.ways) = (0, 0, 1, 1),
    ];
    for change in edges {
        let mut config = good;
        change(&mut config);
        assert_eq!(config.validate(), Ok(()));
        let idr = config.idr();
        assert_eq!(idr & 0x1FF, u32::from(config.mids) - 1);
        assert_eq!(idr >> 12 & 15, config.tlb.entries.ilog2());
        assert_eq!(idr >> 16 & 255, u32::from(config.banks) - 1);
    }
    let mut without = good;
    without.hit_under_miss = false;
    assert_eq!((good.idr(), without.idr()), (0x0101_661F, 0x0101_621F));
}

/// A larger mapping is cached in the largest size that the TLB can hold.
#[test]
fn page_sizes_that_fit() {
    use msmemu_smmu::PageSize::{Large, Section, Small, Supersection};
    let only = |large, section, supersection| PageSizes { small: true, large, section, supersection };
    let table = [
        (PageSizes::ALL, [Small, Large, Section, Supersection]),
        (only(false, false, false), [Small, Small, Small, Small]),
        (only(true, false, false), [Small, Large, Large, Large]),
        (only(false, true, false), [Small, Small, Section, Section]),
        (only(false, false, true), [Small, Small, Small, Supersection]),
        (only(true, false, true), [Small, Large, Large, Supersection]),
    ];
    for (sizes, expected) in table {
        assert_eq!([Small, Large, Section, Supersection].map(|size| sizes.fit(size)), expected, "{sizes:?}");
        for size in [Small, Large, Section, Supersection] {
            assert_eq!(sizes.has(size), sizes.fit(size) == size);
        }
    }
}

#[test]
fn histograms() {
    let mut histogram = Histogram::default();
    assert_eq!(histogram.mean(), 0);
    for value in [0, 1, 2, 3, 4, 7, 8, u64::MAX] {
        histogram.add(value);
    }
    assert_eq!(histogram.buckets[..5], [1, 1, 2, 2, 1]);
    assert_eq!((histogram.buckets[23], histogram.count, histogram.max), (1, 8, u64::MAX));
    assert_eq!(histogram.sum, u64::MAX, "sums do not wrap");
    let mut small = Histogram::default();
    for value in [5, 6, 10] {
        small.add(value);
    }
    assert_eq!((small.mean(), small.sum), (7, 21));
}
