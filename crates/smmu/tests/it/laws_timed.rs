//! The timed driver with many transactions in flight: its results are those of the functional driver,
//! nothing stale leaves it after an invalidation, and it can be saved and restored at any message.

use std::collections::BTreeMap;

use msmemu_smmu::{
    Access, Answer, BusError, Config, DescriptorData, DescriptorPort, Found, Message, Ports, Request, Smmu,
    Timed, Timing,
};
use msmemu_testkit::memory::Memory;
use msmemu_testkit::tables::{Attributes, PageSize, Tables};

use crate::devices::Port;
use crate::rng::{Rng, cases};

const TABLE: u32 = 0x8000_0000;
const PAGES: u32 = 24;

/// Registers of two banks on one table, with ASIDs 1 and 2; MID 0 goes to bank 0, MID 1 to bank 1.
fn program(mut write: impl FnMut(u32, u32), actlr: u32, block_fetch: u32, hume: u32) {
    for bank in 0..2 {
        for (offset, value) in
            [(0x04, actlr), (0x08, bank + 1), (0x10, TABLE), (0x4C, block_fetch), (0x00, 1)]
        {
            write(bank * 0x1000 + offset, value);
        }
        write(0xFF000 + 4 * bank, 0x00C0_0000 | bank << 8);
    }
    write(0xFFF80, hume << 9);
}

/// A timed model, its memory, and the descriptor accesses under way. Data are taken when the access is
/// issued, which is the least favourable moment for freshness.
struct Bench {
    model: Timed,
    config: Config,
    memory: Memory,
    tables: Tables,
    now: u64,
    /// By time of the answer and order.
    under_way: BTreeMap<(u64, u64), (msmemu_smmu::WalkId, DescriptorData)>,
    order: u64,
    latency: Rng,
    done: Vec<(u64, Request, Answer)>,
    migrate: bool,
}

impl Bench {
    fn new(config: Config, seed: u64, migrate: bool) -> Self {
        Self {
            model: Timed::new(&config).unwrap(),
            config,
            memory: Memory::new(),
            tables: Tables::new(TABLE),
            now: 0,
            under_way: BTreeMap::new(),
            order: 0,
            latency: Rng::new(seed),
            done: Vec::new(),
            migrate,
        }
    }

    fn take(&mut self, out: Vec<Message>) {
        for message in out {
            let (at, walk, data) = match message {
                Message::Read { at, walk, read, line: false } => {
                    (at, walk, DescriptorData::Word(Port(&mut self.memory).read(&read)))
                }
                Message::Read { at, walk, read, line: true } => {
                    (at, walk, DescriptorData::Line(Port(&mut self.memory).read_line(&read)))
                }
                Message::Write { at, walk, write } => {
                    (at, walk, DescriptorData::Written(Port(&mut self.memory).write(&write)))
                }
                Message::Completed { at, request, answer, submitted } => {
                    assert!(submitted <= at && at <= self.now, "time goes forward");
                    self.done.push((at, request, answer));
                    continue;
                }
                Message::InvalidationDone { at, .. } => {
                    assert!(at <= self.now);
                    continue;
                }
            };
            self.order += 1;
            let answer_at = at + 5 + u64::from(self.latency.below(60));
            self.under_way.insert((answer_at, self.order), (walk, data));
        }
        if self.migrate {
            let mut fresh = Timed::new(&self.config).unwrap();
            fresh.restore(&self.model.save()).expect("its own saved state");
            self.model = fresh;
        }
    }

    /// Does everything up to a cycle, in order of time.
    fn run_to(&mut self, end: u64) {
        loop {
            let answer = self.under_way.keys().next().copied().filter(|(at, _)| *at <= end);
            let event = self.model.next_event().filter(|at| *at <= end);
            let mut out = Vec::new();
            match (answer, event) {
                (Some(key), event) if event.is_none_or(|at| key.0 <= at) => {
                    let (walk, data) = self.under_way.remove(&key).unwrap();
                    self.now = self.now.max(key.0);
                    let mut ports = Ports::new(Port(&mut self.memory));
                    let taken = self.model.descriptor_done(self.now, walk, data, &mut ports, &mut out);
                    taken.expect("the model asked for it");
                }
                (_, Some(at)) => {
                    self.now = self.now.max(at);
                    self.model.advance(self.now, &mut Ports::new(Port(&mut self.memory)), &mut out);
                }
                (_, None) => break,
            }
            self.take(out);
        }
        self.now = self.now.max(end);
    }

    fn run_out(&mut self) {
        while self.model.next_event().is_some() || !self.under_way.is_empty() {
            self.run_to(self.now + 1000);
        }
    }

    fn write(&mut self, offset: u32, value: u32) {
        let mut out = Vec::new();
        let mut ports = Ports::new(Port(&mut self.memory));
        self.model.write(self.now, offset, value, &mut ports, &mut out);
        self.take(out);
    }

    fn submit(&mut self, request: &Request) {
        let mut out = Vec::new();
        self.model.submit(self.now, request, &mut Ports::new(Port(&mut self.memory)), &mut out);
        self.take(out);
    }

    fn map(&mut self, page: u32, frame: u32) {
        let attributes = Attributes { ap: 0b011, ng: !page.is_multiple_of(3), ..Attributes::default() };
        let va = va(page);
        self.tables.map(&mut self.memory, va, frame << 12, PageSize::Small, attributes).unwrap();
    }
}

/// Pages in three MiB, close enough to share lines of descriptors.
fn va(page: u32) -> u32 {
    0x1000_0000 + 0x0010_0000 * (page % 3) + 0x1000 * (page / 3)
}

fn configuration(rng: &mut Rng) -> Config {
    let timing = Timing {
        slots: rng.pick(&[1, 2, 16]),
        walkers: rng.pick(&[1, 2, 4]),
        main_interval: rng.below(4),
        ..Timing::default()
    };
    let mut config = Config { timing, micro_entries: rng.pick(&[0, 2, 8]), ..Config::default() };
    config.tlb.entries = rng.pick(&[4, 64]);
    config.tlb.ways = config.tlb.entries;
    config
}

#[test]
fn answers_in_flight_equal_those_of_the_functional_driver() {
    for seed in 0..cases(60_000) / 200 {
        let mut rng = Rng::new(seed);
        let mut bench = Bench::new(configuration(&mut rng), seed, false);
        let (block_fetch, hume) = (rng.below(2), rng.below(2));
        for page in 0..PAGES {
            if !rng.one_in(8) {
                bench.map(page, 0x9_0000 + page);
            }
        }
        program(|at, value| bench.write(at, value), 0x3_3072, block_fetch, hume);
        let mut requests = Vec::new();
        for id in 0..200 {
            let access = Access { write: rng.one_in(3), ..Access::READ };
            let page = rng.below(PAGES);
            let request = Request::new(id, rng.below(2) as u16, va(page) + rng.below(1024) * 4, access);
            bench.run_to(bench.now + rng.pick::<u64>(&[0, 0, 1, 10, 200]));
            bench.submit(&request);
            requests.push(request);
        }
        bench.run_out();
        assert_eq!(bench.model.outstanding(), 0, "seed {seed}");
        assert_eq!(bench.done.len(), requests.len(), "seed {seed}: each is answered once");
        let mut functional = Smmu::new(&Config::default()).unwrap();
        let mut memory = bench.memory.clone();
        program(
            |at, value| functional.write(at, value, &mut Ports::new(Port(&mut memory))),
            0x3_3072,
            block_fetch,
            hume,
        );
        let without_hit = |answer: Answer| match answer {
            Answer::Translated(t) => Answer::Translated(msmemu_smmu::Translation { found: Found::Walk, ..t }),
            other => other,
        };
        for (_, request, answer) in &bench.done {
            let expected = functional.translate(request, &mut Ports::new(Port(&mut memory)));
            assert_eq!(without_hit(*answer), without_hit(expected), "seed {seed}: {request:?}");
        }
    }
}

/// What a bank may see of a page changes only together with the right invalidation, so at every moment an
/// answer must show the tables as they are.
#[test]
fn nothing_stale_leaves_after_an_invalidation() {
    let seeds = cases(60_000) / 200;
    let mut checked = 0;
    for seed in 0..seeds {
        let mut rng = Rng::new(seed ^ 0x5EED);
        let mut bench = Bench::new(configuration(&mut rng), seed, false);
        let mut frames: Vec<u32> = (0..PAGES).map(|page| 0x9_0000 + page).collect();
        for (page, frame) in (0..).zip(&frames) {
            bench.map(page, *frame);
        }
        program(|at, value| bench.write(at, value), 0x3_3072, 1, rng.below(2));
        for id in 0..200 {
            let page = rng.below(PAGES);
            let request = Request::new(id, rng.below(2) as u16, va(page), Access::READ);
            bench.submit(&request);
            bench.run_to(bench.now + rng.pick::<u64>(&[0, 3, 20, 60]));
            checked += bench.done.len();
            for (at, request, answer) in bench.done.drain(..) {
                let page = (0..PAGES).find(|page| va(*page) == request.va).unwrap();
                let pa = frames[page as usize] << 12;
                assert_eq!(answer.pa(), Some(pa), "seed {seed}, cycle {at}: {request:?}");
            }
            if rng.one_in(3) {
                let page = rng.below(PAGES);
                frames[page as usize] = 0xA_0000 + rng.below(0x1_0000);
                bench.map(page, frames[page as usize]);
                let at = va(page);
                let commands: &[(u32, u32)] = match rng.below(6) {
                    0 => &[(0xFFF00, 0)],
                    1 => &[(0xFFF04, 0)],
                    2 => &[(0x800, 0)],
                    3 => &[(0x808, at | 1), (0x1808, at | 2)],
                    4 => &[(0x80C, at)],
                    // A global entry has no ASID to name.
                    _ if page.is_multiple_of(3) => &[(0x180C, at)],
                    _ => &[(0x804, 1), (0x804, 2)],
                };
                for (offset, value) in commands {
                    bench.write(*offset, *value);
                }
                // Answers that were given before the write are not its business.
                bench.done.clear();
            }
        }
    }
    // A slow instance answers few requests between two changes of the tables; together they answer many.
    let checked = u64::try_from(checked).unwrap();
    assert!(checked > 40 * seeds, "{checked} answers of {seeds} seeds");
}

/// Bank 1 never uses page 0, so software that changes page 0 names ASID 1 alone. A line of descriptors that
/// bank 1's walk has under way must not bring the old page 0 back into the block fetch buffer.
#[test]
fn a_line_under_way_does_not_refill_the_emptied_buffer() {
    let mut bench = Bench::new(Config::default(), 0, false);
    bench.map(1, 0x9_0001);
    bench.map(4, 0x9_0004);
    // Both pages are in the MiB whose entries are not global, side by side in one line.
    let (page, beside) = (va(1), va(4));
    program(|at, value| bench.write(at, value), 0x3_3072, 1, 0);
    bench.submit(&Request::new(1, 1, beside, Access::READ));
    while bench.under_way.is_empty() || !bench.under_way.values().any(|(_, data)| second(data)) {
        bench.run_to(bench.now + 1);
    }
    bench.map(1, 0xA_0001);
    bench.write(0x804, 1); // TLBIASID of bank 0's ASID
    bench.run_out();
    bench.submit(&Request::new(2, 0, page, Access::READ));
    bench.run_out();
    let (_, _, answer) = bench.done.last().unwrap();
    assert_eq!(answer.pa(), Some(0xA000_1000));

    fn second(data: &DescriptorData) -> bool {
        matches!(data, DescriptorData::Line(Ok(words)) if words.iter().any(|word| word >> 12 == 0x9_0004))
    }
}

#[test]
fn saved_and_restored_at_every_message_is_never_having_stopped() {
    for seed in 0..cases(20_000) / 200 {
        let mut runs = Vec::new();
        for migrate in [false, true] {
            let mut rng = Rng::new(seed ^ 0xC0FFEE);
            let mut bench = Bench::new(configuration(&mut rng), seed, migrate);
            for page in 0..PAGES {
                if !rng.one_in(4) {
                    bench.map(page, 0x9_0000 + page);
                }
            }
            // With and without stalls.
            let stall = rng.below(2) << 14;
            program(|at, value| bench.write(at, value), 0x3_3072 | stall, rng.below(2), rng.below(2));
            for id in 0..100 {
                let page = rng.below(PAGES);
                let access = Access { write: rng.one_in(2), ..Access::READ };
                bench.submit(&Request::new(id, rng.below(2) as u16, va(page), access));
                bench.run_to(bench.now + rng.pick::<u64>(&[0, 1, 7, 100]));
                let bank = rng.below(2) * 0x1000;
                match rng.below(12) {
                    0 => bench.write(bank + 0x820, rng.below(2)),
                    1 => bench.write(bank + 0x20, 0x4000_000F),
                    2 => bench.write(bank + 0x808, va(page) | 1),
                    3 => bench.write(bank + 0x800, 0),
                    4 => bench.write(bank + 0x810, va(page)),
                    _ => {}
                }
            }
            for _ in 0..300 {
                bench.write(0x820, 1);
                bench.write(0x1820, 1);
                bench.run_to(bench.now + 500);
            }
            assert_eq!(bench.model.outstanding(), 0, "seed {seed}");
            assert_eq!(bench.done.len(), 100, "seed {seed}");
            runs.push((bench.done, bench.now, bench.model.save()));
        }
        let (restored, straight) = (runs.pop().unwrap(), runs.pop().unwrap());
        assert_eq!(restored, straight, "seed {seed}");
    }
}

#[test]
fn an_answer_that_nobody_asked_for_is_refused() {
    let mut bench = Bench::new(Config::default(), 0, false);
    bench.map(0, 0x9_0000);
    program(|at, value| bench.write(at, value), 0x3_3072, 0, 0);
    bench.submit(&Request::new(1, 0, va(0), Access::READ));
    while bench.under_way.is_empty() {
        bench.run_to(bench.now + 1);
    }
    let (walk, _) = *bench.under_way.values().next().unwrap();
    let before = bench.model.save();
    let wrong = [DescriptorData::Line(Ok([0; 8])), DescriptorData::Written(Err(BusError::Slave))];
    for data in wrong {
        let mut ports = Ports::new(Port(&mut bench.memory));
        let refused = bench.model.descriptor_done(bench.now, walk, data, &mut ports, &mut Vec::new());
        assert!(refused.is_err());
        assert_eq!(bench.model.save(), before);
    }
    bench.run_out();
    assert_eq!(bench.done.len(), 1);
    let data = DescriptorData::Word(Ok(0));
    let mut ports = Ports::new(Port(&mut bench.memory));
    assert!(bench.model.descriptor_done(bench.now, walk, data, &mut ports, &mut Vec::new()).is_err());
}

#[test]
fn reset_drops_everything_in_flight() {
    let mut bench = Bench::new(Config::default(), 0, false);
    program(|at, value| bench.write(at, value), 0x3_7072, 0, 0);
    for id in 0..40 {
        bench.submit(&Request::new(id, (id % 2) as u16, va(0), Access::READ));
    }
    bench.run_to(bench.now + 30);
    assert!(bench.model.outstanding() > 0);
    bench.model.reset(&mut Ports::new(Port(&mut bench.memory)));
    assert_eq!((bench.model.outstanding(), bench.model.next_event()), (0, None));
    bench.under_way.clear();
    bench.submit(&Request::new(99, 0, 0x1234_5678, Access::READ));
    bench.run_out();
    assert_eq!(bench.done.pop().and_then(|(_, _, answer)| answer.pa()), Some(0x1234_5678));
}
