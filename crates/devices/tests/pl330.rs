//! The DMA controller: programs as Linux's driver writes them, faults, events, security, laws.
#![allow(clippy::unwrap_used)]

use msmemu_devices::pl330::{PeripheralRequest, Pl330, Pl330Config, RequestType};
use msmemu_devices::{Device, DmaAddr, DmaCause, DmaFault, DmaMaster, DmaRequest, Mmio};
use msmemu_fabric::{AccessKind, BusFault, Cacheability, MemType, Mid, Time};
use proptest::prelude::*;

#[path = "pl330/linux.rs"]
mod linux;

const PROGRAM: u32 = 0x100;
const INTEN: u32 = 0x20;
const RIS: u32 = 0x24;
const INTMIS: u32 = 0x28;
const INTCLR: u32 = 0x2c;
const FSRD: u32 = 0x30;
const FSRC: u32 = 0x34;
const FTRD: u32 = 0x38;
const ABORT: usize = 0;

const STOPPED: u32 = 0;
const WAITING_FOR_EVENT: u32 = 4;
const WAITING_FOR_PERIPHERAL: u32 = 7;
const FAULTING: u32 = 15;

const SAR: u8 = 0;
const CCR: u8 = 1;
const DAR: u8 = 2;
/// Both sides non-secure.
const NON_SECURE: u32 = 1 << 9 | 1 << 23;

/// Both sides increment, with a beat of `1 << size` bytes and `len` beats.
fn ccr(size: u32, len: u32) -> u32 {
    NON_SECURE | 1 | size << 1 | (len - 1) << 4 | 1 << 14 | size << 15 | (len - 1) << 18
}

#[derive(Default)]
struct Asm(Vec<u8>);

impl Asm {
    fn bytes(mut self, bytes: &[u8]) -> Self {
        self.0.extend(bytes);
        self
    }
    fn mov(self, register: u8, value: u32) -> Self {
        self.bytes(&[0xbc, register]).bytes(&value.to_le_bytes())
    }
    fn lp(self, counter: u8, iterations: u32) -> Self {
        self.bytes(&[0x20 | counter << 1, (iterations - 1) as u8])
    }
    fn lpend(self, counter: u8, back: u8) -> Self {
        self.bytes(&[0x38 | counter << 2, back])
    }
    fn ld(self) -> Self {
        self.bytes(&[0x04])
    }
    fn st(self) -> Self {
        self.bytes(&[0x08])
    }
    fn sev(self, event: u8) -> Self {
        self.bytes(&[0x34, event << 3])
    }
    fn wfe(self, event: u8) -> Self {
        self.bytes(&[0x36, event << 3])
    }
    fn end(self) -> Self {
        self.bytes(&[0])
    }
}

fn copy(source: u32, destination: u32, control: u32, bursts: u32) -> Asm {
    let asm = Asm::default().mov(CCR, control).mov(SAR, source).mov(DAR, destination);
    asm.lp(0, bursts).ld().st().lpend(0, 2)
}

struct Bench {
    dmac: Pl330,
    memory: Vec<u8>,
    now: Time,
    log: Vec<DmaRequest>,
    outstanding: Vec<DmaRequest>,
    pick: Vec<usize>,
    bad: Option<u32>,
}

impl Bench {
    fn new(config: Pl330Config) -> Self {
        Self {
            dmac: Pl330::new(config),
            memory: (0..0x1_0000_u32).map(|n| (n.wrapping_mul(0x9e37_79b9) >> 24) as u8).collect(),
            now: Time::ZERO,
            log: Vec::new(),
            outstanding: Vec::new(),
            pick: vec![0],
            bad: None,
        }
    }

    fn read(&mut self, offset: u32) -> u32 {
        self.dmac.read(self.now, Mmio::word(offset)).unwrap()
    }

    fn write(&mut self, offset: u32, value: u32) {
        self.dmac.write(self.now, Mmio::word(offset), value).unwrap();
    }

    fn put(&mut self, addr: u32, asm: &Asm) {
        self.memory[addr as usize..addr as usize + asm.0.len()].copy_from_slice(&asm.0);
    }

    /// An instruction through the debug interface, as the driver issues it.
    fn debug(&mut self, channel: Option<u32>, instruction: [u8; 6]) {
        let [b0, b1, rest @ ..] = instruction;
        let thread = channel.map_or(0, |channel| 1 | channel << 8);
        self.write(0xd08, thread | u32::from(b0) << 16 | u32::from(b1) << 24);
        self.write(0xd0c, u32::from_le_bytes(rest));
        self.write(0xd04, 0);
    }

    fn go(&mut self, channel: u8, pc: u32) {
        let [a, b, c, d] = pc.to_le_bytes();
        self.debug(None, [0xa2, channel, a, b, c, d]);
    }

    fn state(&mut self, channel: u32) -> u32 {
        self.read(0x100 + 8 * channel) & 0xf
    }

    fn fault(&mut self, channel: u32) -> u32 {
        self.read(0x40 + 4 * channel)
    }

    fn complete(&mut self, request: DmaRequest) {
        let at = request.addr.0 as usize;
        let end = at as u64 + u64::from(request.len);
        let bad = self.bad.filter(|&bad| (at as u64..end).contains(&u64::from(bad)));
        if bad.is_some() || end > self.memory.len() as u64 {
            let fault = DmaFault { addr: DmaAddr(bad.unwrap_or(0)), cause: DmaCause::Bus(BusFault::Decode) };
            return self.dmac.complete(self.now, request.id, Err(fault));
        }
        match request.kind {
            AccessKind::Read => {
                let bytes = &self.memory[at..at + request.len as usize];
                self.dmac.complete(self.now, request.id, Ok(bytes));
            }
            AccessKind::Write => {
                let data = self.dmac.write_data(request.id).to_vec();
                assert_eq!(data.len(), request.len as usize);
                self.memory[at..at + data.len()].copy_from_slice(&data);
                self.dmac.complete(self.now, request.id, Ok(&[]));
            }
        }
    }

    /// Runs until nothing happens any more.
    fn run(&mut self) {
        let mut picks = self.pick.clone().into_iter().cycle();
        let mut completions = 0;
        for _ in 0..200_000 {
            while let Some(request) = self.dmac.next_request(self.now) {
                self.log.push(request);
                self.outstanding.push(request);
            }
            let n = picks.next().unwrap_or(0);
            match self.dmac.deadline() {
                Some(at) if n % 3 != 2 || self.outstanding.is_empty() => {
                    assert!(at > self.now, "what is due was not done");
                    self.now = at;
                    self.dmac.advance(at);
                }
                _ if !self.outstanding.is_empty() => {
                    // In any order, but none is left for ever.
                    completions += 1;
                    let n = if completions % 8 == 0 { 0 } else { n % self.outstanding.len() };
                    let request = self.outstanding.remove(n);
                    self.complete(request);
                }
                _ => return,
            }
        }
        panic!("the controller does not come to rest");
    }
}

fn bench() -> Bench {
    Bench::new(Pl330Config::default())
}

#[test]
fn identification_is_what_the_bus_matches() {
    let mut bench = bench();
    let id = (0..4).fold(0, |id, n| id | bench.read(0xfe0 + 4 * n) << (8 * n));
    assert_eq!(id & 0x000f_ffff, 0x0004_1330);
    let cell = (0..4).fold(0, |id, n| id | bench.read(0xff0 + 4 * n) << (8 * n));
    assert_eq!(cell, 0xb105_f00d);
    assert_eq!(bench.read(0xe00), 7 << 4 | 31 << 17 | 1 << 2, "8 channels, 32 events, non-secure");
    assert_eq!(bench.read(0xe14) & 7, 3, "64-bit bus");
    assert_eq!(bench.read(0xe14) >> 20, 127);
}

#[test]
fn a_memory_copy_as_the_driver_writes_it() {
    let mut bench = bench();
    bench.put(PROGRAM, &copy(0x1000, 0x2000, ccr(3, 16), 16).sev(5).end());
    bench.write(INTEN, 1 << 5);
    bench.go(2, PROGRAM);
    bench.run();
    assert_eq!(bench.state(2), STOPPED);
    assert_eq!(bench.memory[0x1000..0x1800], bench.memory[0x2000..0x2800]);
    assert_eq!((bench.read(RIS), bench.read(INTMIS)), (1 << 5, 1 << 5));
    assert!(bench.dmac.level(6) && bench.dmac.lines()[6] == "irq5" && !bench.dmac.level(ABORT));
    bench.write(INTCLR, 1 << 5);
    assert!(!bench.dmac.level(6) && bench.read(RIS) == 0);
    assert_eq!((bench.read(0x440), bench.read(0x444)), (0x1800, 0x2800), "SAR2 and DAR2");
    let data: Vec<_> = bench.log.iter().filter(|request| !request.prot.instruction).collect();
    assert_eq!(data.len(), 32);
    assert!(data.iter().all(|request| request.len == 128 && !request.prot.secure));
    assert!(bench.log[0].prot.instruction && bench.log[0].len == 32, "a cache line of instructions");
}

#[test]
fn the_interrupt_comes_after_the_data() {
    let mut bench = bench();
    bench.put(PROGRAM, &copy(0x1000, 0x2000, ccr(3, 1), 1).sev(0).end());
    bench.write(INTEN, 1);
    bench.go(0, PROGRAM);
    while !bench.dmac.level(1) {
        while let Some(request) = bench.dmac.next_request(bench.now) {
            bench.outstanding.push(request);
        }
        match bench.dmac.deadline() {
            Some(at) => {
                bench.now = at;
                bench.dmac.advance(at);
            }
            None => {
                let request = bench.outstanding.remove(0);
                bench.complete(request);
            }
        }
    }
    assert_eq!(bench.memory[0x1000..0x1008], bench.memory[0x2000..0x2008]);
}

#[test]
fn nested_loops_and_address_arithmetic() {
    let mut bench = bench();
    // Three rows of two words each, rows 0x20 apart at the source.
    let asm = Asm::default().mov(CCR, ccr(2, 1)).mov(SAR, 0x1000).mov(DAR, 0x3000);
    let asm = asm.lp(1, 3).lp(0, 2).ld().st().lpend(0, 2);
    let asm = asm.bytes(&[0x54, 0x18, 0x00]).lpend(1, 9).end(); // DMAADDH SAR, 0x18
    bench.put(PROGRAM, &asm);
    bench.go(0, PROGRAM);
    bench.run();
    for row in 0..3 {
        assert_eq!(
            bench.memory[0x1000 + 0x20 * row..][..8],
            bench.memory[0x3000 + 8 * row..][..8],
            "row {row}"
        );
    }
    assert_eq!(bench.state(0), STOPPED);
}

#[test]
fn fixed_addresses_and_zeroes_and_swaps() {
    let mut bench = bench();
    // Four beats from one address.
    let control = ccr(2, 4) & !1;
    bench.put(PROGRAM, &Asm::default().mov(CCR, control).mov(SAR, 0x1000).mov(DAR, 0x2000).ld().st().end());
    bench.go(0, PROGRAM);
    bench.run();
    let word = bench.memory[0x1000..0x1004].to_vec();
    assert_eq!(bench.memory[0x2000..0x2010], word.repeat(4));
    assert_eq!(bench.read(0x400), 0x1000, "the source did not move");
    // Zeroes, then a swap of 4-byte units.
    let asm = Asm::default().mov(CCR, ccr(2, 2) | 2 << 28).mov(DAR, 0x2000).bytes(&[0x0c]);
    bench.put(PROGRAM, &asm.mov(SAR, 0x1000).ld().st().end());
    bench.go(0, PROGRAM);
    bench.run();
    assert_eq!(bench.memory[0x2000..0x2008], [0; 8]);
    let mut swapped = bench.memory[0x1000..0x1008].to_vec();
    swapped.chunks_exact_mut(4).for_each(<[u8]>::reverse);
    assert_eq!(bench.memory[0x2008..0x2010], swapped);
}

#[test]
fn an_unaligned_burst_lacks_the_bytes_before_its_address() {
    let mut bench = bench();
    let asm = Asm::default().mov(CCR, ccr(2, 2)).mov(SAR, 0x1003).mov(DAR, 0x2003);
    bench.put(PROGRAM, &asm.ld().st().ld().st().end());
    bench.go(0, PROGRAM);
    bench.run();
    assert_eq!(bench.memory[0x1003..0x1010], bench.memory[0x2003..0x2010]);
    assert_eq!((bench.read(0x400), bench.read(0x404)), (0x1010, 0x2010));
}

#[test]
fn events_connect_channels() {
    let mut bench = bench();
    bench.put(0x200, &Asm::default().wfe(3).bytes(&[0x34, 4 << 3]).end());
    bench.put(0x240, &Asm::default().wfe(3).end());
    bench.go(0, 0x200);
    bench.go(1, 0x240);
    bench.run();
    assert_eq!((bench.state(0), bench.state(1)), (WAITING_FOR_EVENT, WAITING_FOR_EVENT));
    assert_eq!(bench.read(0x100) >> 4 & 0x1f, 3);
    bench.debug(None, [0x34, 3 << 3, 0, 0, 0, 0]);
    bench.run();
    assert_eq!((bench.state(0), bench.state(1)), (STOPPED, STOPPED), "both go on");
    assert_eq!(bench.read(RIS), 1 << 4, "3 is used up, nobody waited for 4");
    bench.put(0x200, &Asm::default().wfe(4).end());
    bench.go(0, 0x200);
    bench.run();
    assert_eq!((bench.state(0), bench.read(RIS)), (STOPPED, 0));
}

#[test]
fn faults_are_typed_and_killed() {
    let cases: [(&str, Asm, u32); 8] = [
        ("undefined", Asm::default().bytes(&[0x02]), 1),
        ("operand", Asm::default().bytes(&[0xbc, 3, 0, 0, 0, 0]), 1 << 1),
        ("beat wider than the bus", Asm::default().mov(CCR, ccr(4, 1)), 1 << 1),
        ("manager instruction", Asm::default().bytes(&[0xa2, 0, 0, 0, 0, 0]), 1),
        ("secure access", Asm::default().mov(CCR, ccr(2, 1) & !(1 << 9)).ld(), 1 << 7),
        ("nothing loaded", Asm::default().mov(CCR, ccr(2, 1)).st(), 1 << 13),
        ("no such peripheral", Asm::default().bytes(&[0x30, 0]), 1 << 1),
        ("data read", Asm::default().mov(CCR, ccr(2, 1)).mov(SAR, 0xffff_0000).ld().end(), 1 << 18),
    ];
    for (what, asm, bits) in cases {
        let mut bench = bench();
        bench.put(PROGRAM, &asm);
        bench.go(1, PROGRAM);
        bench.run();
        assert_eq!(bench.state(1), FAULTING, "{what}");
        assert_eq!(bench.fault(1), bits, "{what}");
        assert_eq!((bench.read(FSRC), bench.read(FSRD)), (1 << 1, 0), "{what}");
        assert!(bench.dmac.level(ABORT), "{what}");
        bench.debug(Some(1), [1, 0, 0, 0, 0, 0]);
        assert_eq!((bench.state(1), bench.fault(1), bench.read(FSRC)), (STOPPED, 0, 0), "{what}");
        assert!(!bench.dmac.level(ABORT));
    }
}

#[test]
fn write_and_fetch_errors_fault_when_they_are_answered() {
    let mut bench = bench();
    bench.put(PROGRAM, &copy(0x1000, 0x2000, ccr(3, 4), 8).end());
    bench.bad = Some(0x2044);
    bench.go(0, PROGRAM);
    bench.run();
    assert_eq!((bench.state(0), bench.fault(0)), (FAULTING, 1 << 17));
    let mut bench = self::bench();
    bench.bad = Some(PROGRAM + 3);
    bench.go(0, PROGRAM);
    bench.run();
    assert_eq!((bench.state(0), bench.fault(0)), (FAULTING, 1 << 16));
    assert_eq!(bench.read(0x104), PROGRAM, "CPC0");
}

#[test]
fn a_burst_must_fit_the_buffer() {
    let mut bench = Bench::new(Pl330Config { buffer_lines: 4, ..Pl330Config::default() });
    bench.put(PROGRAM, &Asm::default().mov(CCR, ccr(3, 5)).mov(SAR, 0x1000).ld().end());
    bench.go(0, PROGRAM);
    bench.run();
    assert_eq!(bench.fault(0), 1 << 12);
    // Two channels that each hold half of the buffer and want another half lock up.
    let mut bench = Bench::new(Pl330Config { buffer_lines: 4, ..Pl330Config::default() });
    bench.put(PROGRAM, &Asm::default().mov(CCR, ccr(3, 2)).mov(SAR, 0x1000).ld().ld().st().st().end());
    bench.go(0, PROGRAM);
    bench.go(1, PROGRAM);
    bench.run();
    assert_eq!((bench.fault(0), bench.fault(1)), (1 << 31, 1 << 31));
}

#[test]
fn a_killed_channel_stops_when_its_transactions_are_done() {
    let mut bench = bench();
    bench.put(PROGRAM, &copy(0x1000, 0x2000, ccr(3, 16), 256).end());
    bench.go(0, PROGRAM);
    while bench.log.iter().filter(|request| !request.prot.instruction).count() == 0 {
        while let Some(request) = bench.dmac.next_request(bench.now) {
            bench.log.push(request);
            if request.prot.instruction { bench.complete(request) } else { bench.outstanding.push(request) }
        }
        bench.now = bench.dmac.deadline().unwrap_or(bench.now);
        bench.dmac.advance(bench.now);
    }
    bench.debug(Some(0), [1, 0, 0, 0, 0, 0]);
    assert_eq!(bench.state(0), 8, "killing");
    bench.run();
    assert_eq!(bench.state(0), STOPPED);
    bench.put(PROGRAM, &copy(0x1000, 0x4000, ccr(3, 16), 2).end());
    bench.go(0, PROGRAM);
    bench.run();
    assert_eq!(bench.memory[0x1000..0x1100], bench.memory[0x4000..0x4100], "and can be started again");
}

#[test]
fn the_manager_faults_through_the_debug_interface() {
    let mut bench = bench();
    bench.debug(None, [0x04, 0, 0, 0, 0, 0]);
    assert_eq!((bench.read(0) & 0xf, bench.read(FSRD), bench.read(FTRD)), (FAULTING, 1, 1 | 1 << 30));
    bench.go(0, PROGRAM);
    assert_eq!(bench.state(0), STOPPED, "a faulting manager starts nothing");
    bench.debug(None, [1, 0, 0, 0, 0, 0]);
    assert_eq!((bench.read(0) & 0xf, bench.read(FSRD), bench.read(FTRD)), (0, 0, 0));
    // A non-secure manager may not start a secure channel.
    bench.debug(None, [0xa0, 0, 0, 0, 0, 0]);
    assert_eq!(bench.read(FTRD), 1 << 4 | 1 << 30);
}

#[test]
fn security_of_events_and_peripherals() {
    let config = Pl330Config {
        manager_non_secure: false,
        events_non_secure: 1,
        peripherals: 2,
        peripherals_non_secure: 1,
        ..Pl330Config::default()
    };
    for (asm, bits) in [(Asm::default().sev(1), 1 << 5), (Asm::default().bytes(&[0x30, 1 << 3]), 1 << 6)] {
        let mut bench = Bench::new(config);
        bench.put(PROGRAM, &asm.end());
        bench.go(0, PROGRAM);
        bench.run();
        assert_eq!(bench.fault(0), bits, "non-secure channel");
        bench.debug(Some(0), [1, 0, 0, 0, 0, 0]);
        let [a, b, c, d] = PROGRAM.to_le_bytes();
        bench.debug(None, [0xa0, 0, a, b, c, d]);
        bench.run();
        assert_eq!(bench.fault(0), 0, "secure channel");
        assert!(bench.log.last().unwrap().prot.secure);
    }
}

#[test]
fn a_peripheral_paces_a_channel() {
    let mut bench = Bench::new(Pl330Config { peripherals: 4, ..Pl330Config::default() });
    // DMAWFP burst 2; DMALDPB 2; DMASTB; loop for ever until the last request.
    let asm = Asm::default().mov(CCR, ccr(2, 4)).mov(SAR, 0x1000).mov(DAR, 0x2000);
    let asm = asm.bytes(&[0x35, 2 << 3]); // DMAFLUSHP
    bench.put(PROGRAM, &asm.bytes(&[0x32, 2 << 3, 0x27, 2 << 3, 0x0b, 0x2c, 5]).end());
    bench.go(0, PROGRAM);
    bench.run();
    assert_eq!(bench.state(0), WAITING_FOR_PERIPHERAL);
    assert_eq!(bench.read(0x100) >> 14 & 3, 1, "burst");
    let request = |kind, last| Some(PeripheralRequest { kind, last });
    assert!(bench.dmac.set_peripheral_request(bench.now, 2, request(RequestType::Single, false)));
    bench.run();
    assert_eq!(bench.state(0), WAITING_FOR_PERIPHERAL, "a single request is not enough");
    bench.dmac.set_peripheral_request(bench.now, 2, request(RequestType::Burst, false));
    bench.run();
    assert_eq!(bench.dmac.peripheral_request(2), None, "answered");
    assert_eq!(bench.read(0x404), 0x2010);
    assert_eq!(bench.state(0), WAITING_FOR_PERIPHERAL);
    bench.dmac.set_peripheral_request(bench.now, 2, request(RequestType::Burst, true));
    bench.run();
    assert_eq!(bench.state(0), STOPPED);
    assert_eq!(bench.memory[0x1000..0x1020], bench.memory[0x2000..0x2020]);
    assert!(!bench.dmac.set_peripheral_request(bench.now, 4, None));
}

#[test]
fn attributes_come_from_ccr() {
    let mut mids = [Mid(0); 8];
    mids[3] = Mid(9);
    let mut bench = Bench::new(Pl330Config { channel_mids: mids, ..Pl330Config::default() });
    // Source: privileged, write-back allocate; destination: user instruction, bufferable only.
    let control = ccr(2, 1) | 1 << 8 | 0b111 << 11 | 1 << 24 | 0b001 << 25;
    bench.put(PROGRAM, &Asm::default().mov(CCR, control).mov(SAR, 0x1000).mov(DAR, 0x2000).ld().st().end());
    bench.go(3, PROGRAM);
    bench.run();
    let read = bench.log.iter().find(|request| request.addr.0 == 0x1000).unwrap();
    assert!(read.prot.privileged && !read.prot.instruction && read.mid == Mid(9));
    assert_eq!((read.attrs.kind, read.attrs.outer), (MemType::Normal, Cacheability::WriteBackAllocate));
    let write = bench.log.iter().find(|request| request.addr.0 == 0x2000).unwrap();
    assert!(!write.prot.privileged && write.prot.instruction);
    assert_eq!(write.attrs.kind, MemType::Device);
}

#[test]
fn a_rewritten_program_is_read_again() {
    let mut bench = bench();
    bench.put(PROGRAM, &copy(0x1000, 0x2000, ccr(2, 1), 1).end());
    bench.go(0, PROGRAM);
    bench.run();
    bench.put(PROGRAM, &copy(0x1100, 0x2000, ccr(2, 1), 1).end());
    bench.go(0, PROGRAM);
    bench.run();
    assert_eq!(bench.memory[0x2000..0x2004], bench.memory[0x1100..0x1104]);
}

proptest! {
    /// Copies on all channels at once, whatever the burst shapes and the order of completions.
    #[test]
    fn copies_do_not_depend_on_timing(
        shapes in prop::collection::vec((0_u32..4, 1_u32..17, 1_u32..20, 0_u32..8, 0_u32..8), 1..9),
        pick in prop::collection::vec(0_usize..64, 1..30),
        swap in prop::bool::ANY, lines in 1_u8..5, line_log2 in 2_u8..6,
    ) {
        let mut bench = Bench::new(Pl330Config { lines, line_log2, ..Pl330Config::default() });
        bench.pick = pick;
        let before = bench.memory.clone();
        let mut expected = before.clone();
        let mut programs = Vec::new();
        for (channel, &(size, len, bursts, source_skew, destination_skew)) in shapes.iter().enumerate() {
            // Source and destination share their alignment, so that every store has its data.
            let _ = destination_skew;
            let source = 0x1000 + 0x1000 * (channel % 3) as u32 + source_skew;
            let destination = 0x5000 + 0x1000 * channel as u32 + source_skew;
            let bytes = (bursts * (len << size)) as usize;
            let skew = source_skew % (1 << size);
            let units = if swap && skew == 0 { 1 } else { 0 };
            let control = ccr(size, len) | units << 28;
            programs.push((channel, copy(source, destination, control, bursts).end()));
            let count = bytes - skew as usize;
            let mut data = before[source as usize..source as usize + count].to_vec();
            if units == 1 && size > 0 {
                data.chunks_exact_mut(2).for_each(<[u8]>::reverse);
            } else if units == 1 {
                // Bursts of bytes: pairs are swapped inside each burst.
                for burst in data.chunks_mut(len as usize) {
                    burst.chunks_exact_mut(2).for_each(<[u8]>::reverse);
                }
            }
            expected[destination as usize..destination as usize + count].copy_from_slice(&data);
        }
        for (channel, asm) in &programs {
            bench.put(0x100 + 0x40 * *channel as u32, asm);
        }
        expected[..0x400].copy_from_slice(&bench.memory[..0x400]);
        for (channel, _) in &programs {
            bench.go(*channel as u8, 0x100 + 0x40 * *channel as u32);
        }
        bench.run();
        for (channel, _) in &programs {
            prop_assert_eq!(bench.state(*channel as u32), STOPPED);
            prop_assert_eq!(bench.fault(*channel as u32), 0);
        }
        prop_assert!(bench.memory == expected, "memory differs");
    }
}
