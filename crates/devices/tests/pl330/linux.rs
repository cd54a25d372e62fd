//! What Linux's `pl330` driver does with the controller: registers, programs and reactions in its order, under a
//! load like that of `dmatest`. The programs are those it generates: single and double loops, the rest of a
//! transfer as a shorter burst, flush and wait for peripherals.

use super::*;
use std::collections::VecDeque;

const CRD: u32 = 0xe14;
const CR0: u32 = 0xe00;
const DBGSTATUS: u32 = 0xd00;
/// Bytes of program memory of a channel; it holds two requests.
const PROGRAMS: u32 = 0x1000;
const PER_CHANNEL: u32 = 512;

const EXECUTING: u32 = 1;
const COMPLETING: u32 = 9;
const KILLING: u32 = 8;
const FAULTING_COMPLETING: u32 = 14;

#[derive(Clone, Copy, PartialEq, Eq, Debug)]
enum Kind {
    Memory,
    ToDevice(u8),
    FromDevice(u8),
}

#[derive(Clone, Copy, Debug)]
struct Request {
    kind: Kind,
    source: u32,
    destination: u32,
    bytes: u32,
    /// log2 of the bytes of a beat, and beats of a burst.
    beat: u32,
    beats: u32,
}

#[derive(Default)]
struct Channel {
    /// The two halves of its program memory.
    slots: [Option<Request>; 2],
    last: usize,
    running: Option<usize>,
    waiting: VecDeque<Request>,
}

struct Driver {
    bench: Bench,
    channels: Vec<Channel>,
    bus_bytes: u32,
    buffer_lines: u32,
    done: Vec<(u32, Request)>,
    aborted: Vec<u32>,
}

impl Driver {
    /// Identification and configuration, as the probe function reads them.
    fn probe(config: Pl330Config) -> Self {
        let mut bench = Bench::new(config);
        let id = (0..4).fold(0, |id, n| id | (bench.read(0xfe0 + 4 * n) & 0xff) << (8 * n));
        assert_eq!(id & 0xf_ffff, 0x330 | 0x41 << 12, "the part that the driver knows");
        assert!(
            id >> 20 & 0xf >= 1,
            "a revision without lock-ups: loads and stores need no barriers between"
        );
        let (data, sizes) = (bench.read(CRD), bench.read(CR0));
        let count = (sizes >> 4 & 7) + 1;
        assert!(sizes >> 17 & 0x1f >= count - 1, "an event for each channel");
        assert_ne!(sizes >> 2 & 1, 0, "the manager is non-secure");
        Self {
            bench,
            channels: (0..count).map(|_| Channel { last: 1, ..Channel::default() }).collect(),
            bus_bytes: 1 << (data & 7),
            buffer_lines: (data >> 20 & 0x3ff) + 1,
            done: Vec::new(),
            aborted: Vec::new(),
        }
    }

    /// A copy in the widest beats that addresses and length allow.
    fn copy(&self, source: u32, destination: u32, bytes: u32) -> Request {
        let mut width = self.bus_bytes;
        while !(source | destination | bytes).is_multiple_of(width) {
            width /= 2;
        }
        let share = self.buffer_lines / self.channels.len() as u32;
        let beats = (self.bus_bytes * share / width).clamp(1, 16);
        Request { kind: Kind::Memory, source, destination, bytes, beat: width.trailing_zeros(), beats }
    }

    fn submit(&mut self, channel: u32, request: Request) {
        self.channels[channel as usize].waiting.push_back(request);
        self.fill(channel);
        self.start(channel);
    }

    /// Writes programs while one of the two places is free.
    fn fill(&mut self, number: u32) {
        loop {
            let channel = &mut self.channels[number as usize];
            let Some(index) = channel.slots.iter().position(Option::is_none) else { return };
            let Some(request) = channel.waiting.pop_front() else { return };
            channel.slots[index] = Some(request);
            channel.last = index;
            let program = program(&request, number as u8);
            assert!(program.0.len() as u32 <= PER_CHANNEL / 2, "{} bytes", program.0.len());
            self.bench.put(place(number, index), &program);
        }
    }

    fn debug(&mut self, channel: Option<u32>, instruction: [u8; 6]) {
        assert_eq!(self.bench.read(DBGSTATUS) & 1, 0);
        self.bench.debug(channel, instruction);
    }

    fn start(&mut self, number: u32) {
        match self.bench.state(number) {
            FAULTING => self.stop(number),
            STOPPED => {}
            _ => return,
        }
        assert_eq!(self.bench.state(number), STOPPED);
        let channel = &mut self.channels[number as usize];
        let first = 1 - channel.last;
        let index = if channel.slots[first].is_some() { first } else { channel.last };
        if channel.slots[index].is_none() || channel.running == Some(index) {
            return;
        }
        channel.running = Some(index);
        let enabled = self.bench.read(INTEN);
        self.bench.write(INTEN, enabled | 1 << number);
        let [a, b, c, d] = place(number, index).to_le_bytes();
        self.debug(None, [0xa2, number as u8, a, b, c, d]);
    }

    fn stop(&mut self, number: u32) {
        let enabled = self.bench.read(INTEN);
        if self.bench.state(number) == FAULTING_COMPLETING {
            self.bench.run();
        }
        if matches!(self.bench.state(number), COMPLETING | KILLING | STOPPED) {
            return;
        }
        self.debug(Some(number), [1, 0, 0, 0, 0, 0]);
        if enabled >> number & 1 != 0 {
            self.bench.write(INTCLR, 1 << number);
        }
        self.bench.write(INTEN, enabled & !(1 << number));
    }

    /// The interrupt handler: faults first, then events.
    fn interrupt(&mut self) {
        assert_eq!(self.bench.read(FSRD) & 1, 0, "the manager is well: {:#x}", self.bench.read(FTRD));
        let faulting = self.bench.read(FSRC);
        for number in (0..self.channels.len() as u32).filter(|n| faulting >> n & 1 != 0) {
            assert_ne!(self.bench.fault(number), 0, "the fault has a type");
            self.stop(number);
            self.bench.run();
            let channel = &mut self.channels[number as usize];
            channel.slots = [None; 2];
            channel.running = None;
            self.aborted.push(number);
        }
        let events = self.bench.read(RIS);
        for number in (0..self.channels.len() as u32).filter(|n| events >> n & 1 != 0) {
            if self.bench.read(INTEN) >> number & 1 != 0 {
                self.bench.write(INTCLR, 1 << number);
            }
            let channel = &mut self.channels[number as usize];
            let Some(index) = channel.running.take() else { continue };
            if let Some(request) = channel.slots[index].take() {
                self.done.push((number, request));
            }
            self.start(number);
            self.fill(number);
            self.start(number);
        }
    }

    fn run(&mut self) {
        for _ in 0..10_000 {
            self.bench.run();
            if !(0..=self.channels.len()).any(|line| self.bench.dmac.level(line)) {
                return;
            }
            self.interrupt();
        }
        panic!("interrupts without end");
    }
}

fn place(channel: u32, index: usize) -> u32 {
    PROGRAMS + channel * PER_CHANNEL + index as u32 * PER_CHANNEL / 2
}

fn control(request: &Request, beats: u32) -> u32 {
    let increments = match request.kind {
        Kind::Memory => 1 | 1 << 14,
        Kind::ToDevice(_) => 1,
        Kind::FromDevice(_) => 1 << 14,
    };
    // Non-cacheable and bufferable on both sides, unprivileged, non-secure, as the driver sets it.
    let side = request.beat << 1 | (beats - 1) << 4;
    NON_SECURE | increments | side | request.beat << 15 | (beats - 1) << 18
}

/// One burst, or one request of a peripheral.
fn burst(asm: Asm, kind: Kind, is_burst: bool, count: u32) -> Asm {
    let b = if is_burst { 2 } else { 0 };
    match kind {
        Kind::Memory => (0..count).fold(asm, |asm, _| asm.ld().st()),
        Kind::ToDevice(n) => {
            let asm = asm.bytes(&[0x35, n << 3]);
            (0..count).fold(asm, |asm, _| asm.bytes(&[0x30 | b, n << 3, 0x05 | b, 0x29 | b, n << 3]))
        }
        Kind::FromDevice(n) => {
            let asm = asm.bytes(&[0x35, n << 3]);
            (0..count).fold(asm, |asm, _| asm.bytes(&[0x30 | b, n << 3, 0x25 | b, n << 3, 0x09 | b]))
        }
    }
}

/// The program of a request: whole bursts in one or two nested loops, the rest as a shorter burst, an event.
fn program(request: &Request, event: u8) -> Asm {
    let kind = request.kind;
    let is_burst = request.beats > 1;
    let mut asm = Asm::default().mov(CCR, control(request, request.beats));
    asm = asm.mov(SAR, request.source).mov(DAR, request.destination);
    let bytes = request.beats << request.beat;
    let mut bursts = request.bytes / bytes;
    while bursts > 0 {
        if bursts == 1 {
            asm = burst(asm, kind, is_burst, 1);
            break;
        }
        let (outer, inner, unrolled) = match bursts {
            65536.. => (256, 256, bursts / 65536),
            257.. => (bursts / 256, 256, 1),
            _ => (0, bursts, 1),
        };
        let body = burst(Asm::default(), kind, is_burst, unrolled);
        let length = body.0.len() as u8;
        if outer > 0 {
            asm = asm.lp(0, outer);
        }
        asm = asm.lp(1, inner).bytes(&body.0).lpend(1, length);
        if outer > 0 {
            asm = asm.lpend(0, length + 4);
        }
        bursts -= inner * unrolled * outer.max(1);
    }
    let rest = (request.bytes % bytes) >> request.beat;
    if rest > 0 {
        asm = asm.mov(CCR, control(request, rest));
        asm = burst(asm, kind, true, 1);
    }
    asm.sev(event).end()
}

#[test]
fn dmatest_finds_nothing() {
    let mut seed = 0x9e37_79b9_u32;
    let mut random = move |below: u32| {
        seed = seed.wrapping_mul(1_664_525).wrapping_add(1_013_904_223);
        (seed >> 8) % below
    };
    let mut driver = Driver::probe(Pl330Config::default());
    driver.bench.pick = vec![0, 1, 2, 5, 3];
    let size = 0x1000;
    for _round in 0..40 {
        let mut expected = Vec::new();
        // Every channel has a source and a destination buffer of its own, and three requests at once.
        for channel in 0..8_u32 {
            let (from, to) = (0x2000 + channel * size, 0xa000 + channel * 0xc00);
            for part in 0..3 {
                // Random length and offsets in a third of the buffers, any alignment.
                let bytes = random(0x3c0) + 1;
                let (source, destination) = (from + random(0x400), to + part * 0x400 + random(0x400 - bytes));
                let request = driver.copy(source, destination, bytes);
                driver.submit(channel, request);
                expected.push(request);
            }
        }
        let mut memory = driver.bench.memory.clone();
        for request in &expected {
            let source = request.source as usize..(request.source + request.bytes) as usize;
            memory.copy_within(source, request.destination as usize);
        }
        driver.run();
        assert_eq!(driver.done.len(), expected.len());
        // Programs are rewritten on the way; everything else is what the copies make of it.
        let (programs, rest) = (PROGRAMS as usize, PROGRAMS as usize + 8 * PER_CHANNEL as usize);
        assert!(driver.bench.memory[..programs] == memory[..programs]);
        assert!(driver.bench.memory[rest..] == memory[rest..], "data or its neighbourhood differ");
        driver.done.clear();
    }
    assert!(driver.aborted.is_empty());
}

#[test]
fn long_copies_use_nested_loops() {
    let mut driver = Driver::probe(Pl330Config::default());
    // 0x6001 single bytes: 256 times 96, and one more.
    let request = Request { beats: 1, ..driver.copy(0x2001, 0x9003, 0x6001) };
    assert_eq!((request.beat, program(&request, 0).0.len()), (0, 18 + 2 + 2 + 2 + 2 + 2 + 2 + 3));
    let source = driver.bench.memory[0x2001..0x8002].to_vec();
    driver.submit(3, request);
    driver.run();
    assert_eq!(driver.bench.memory[0x9003..0xf004], source);
    assert_eq!(driver.done.len(), 1);
}

#[test]
fn an_error_aborts_the_request_and_the_channel_works_again() {
    for at in [0x2100, 0x8100, PROGRAMS] {
        let mut driver = Driver::probe(Pl330Config::default());
        driver.bench.bad = Some(at);
        let request = driver.copy(0x2000, 0x8000, 0x400);
        driver.submit(0, request);
        driver.run();
        assert_eq!((driver.aborted.as_slice(), driver.done.len()), ([0].as_slice(), 0), "error at {at:#x}");
        assert_eq!(driver.bench.state(0), STOPPED);
        driver.bench.bad = None;
        driver.submit(0, request);
        driver.run();
        assert_eq!(driver.done.len(), 1);
        assert_eq!(driver.bench.memory[0x8000..0x8400], driver.bench.memory[0x2000..0x2400]);
    }
}

#[test]
fn terminate_all_stops_a_running_channel() {
    let mut driver = Driver::probe(Pl330Config::default());
    let request = driver.copy(0x2000, 0x8000, 0x4000);
    driver.submit(5, request);
    // Some instructions, and bursts under way.
    for _ in 0..20 {
        if let Some(at) = driver.bench.dmac.deadline() {
            driver.bench.now = at;
            driver.bench.dmac.advance(at);
        }
        while let Some(request) = driver.bench.dmac.next_request(driver.bench.now) {
            driver.bench.outstanding.push(request);
        }
        if !driver.bench.outstanding.is_empty() {
            let request = driver.bench.outstanding.remove(0);
            driver.bench.complete(request);
        }
    }
    assert_eq!(driver.bench.state(5), EXECUTING);
    driver.stop(5);
    driver.bench.run();
    assert_eq!(driver.bench.state(5), STOPPED);
    assert_eq!(driver.bench.read(INTEN), 0);
    driver.channels[5] = Channel { last: 1, ..Channel::default() };
    driver.submit(5, request);
    driver.run();
    assert_eq!(driver.done.len(), 1);
    assert_eq!(driver.bench.memory[0x8000..0xc000], driver.bench.memory[0x2000..0x6000]);
}

/// A peripheral that asks for what is left, in bursts while they are whole, then in singles.
#[test]
fn peripherals_pace_transfers_both_ways() {
    let config = Pl330Config { peripherals: 8, ..Pl330Config::default() };
    for kind in [Kind::ToDevice(3), Kind::FromDevice(6)] {
        for (beats, bytes) in [(1, 64), (4, 64), (4, 72)] {
            let mut driver = Driver::probe(config);
            let (source, destination, number) = match kind {
                Kind::FromDevice(n) => (0x8000, 0x2000, n),
                Kind::ToDevice(n) => (0x2000, 0x8000, n),
                Kind::Memory => (0x2000, 0x8000, 0),
            };
            let request = Request { kind, source, destination, bytes, beat: 2, beats };
            driver.submit(0, request);
            let mut asked = 0;
            for _ in 0..200 {
                driver.run();
                if !driver.done.is_empty() {
                    break;
                }
                assert_eq!(driver.bench.state(0), WAITING_FOR_PERIPHERAL, "{kind:?} {beats} {bytes}");
                let kind = if beats > 1 { RequestType::Burst } else { RequestType::Single };
                let ask = Some(PeripheralRequest { kind, last: false });
                assert!(driver.bench.dmac.set_peripheral_request(driver.bench.now, number, ask));
                asked += 1;
            }
            assert_eq!(driver.done.len(), 1);
            let per = beats * 4;
            assert_eq!(asked, bytes.div_ceil(per), "one request for each burst");
            let moved: u32 = driver
                .bench
                .log
                .iter()
                .filter(|r| r.kind == AccessKind::Write && r.addr.0 >= 0x2000)
                .map(|r| r.len)
                .sum();
            assert_eq!(moved, bytes);
        }
    }
}
