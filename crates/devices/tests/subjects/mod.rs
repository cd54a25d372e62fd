//! Every device as a subject of random traffic: what happens to it, and the laws that hold. Shared by the property
//! tests here and the fuzzer.

use core::fmt::Debug;
use msmemu_devices::gic::{Gic, GicConfig, GicInput, SavedGic, Version};
use msmemu_devices::pl330::{PeripheralRequest, Pl330, Pl330Config, RequestType, SavedPl330};
use msmemu_devices::soc::{SavedSocBlock, SocBehaviour, SocBlock};
use msmemu_devices::timer::{SavedTimerBlock, TimerBlock};
use msmemu_devices::traffic_engine::{SavedTrafficEngine, TrafficEngine, TrafficEngineConfig};
use msmemu_devices::uartdm::{Received, SavedUartdm, UartConfig, Uartdm};
use msmemu_devices::{Device, DmaAddr, DmaCause, DmaFault, DmaMaster, Mmio, RequestId, StateError};
use msmemu_fabric::{BusMaster, Size, Time};

/// What the generic test needs to know of a device.
pub(crate) trait Subject: Device + Sized {
    type Saved: Clone + PartialEq + Debug + serde::Serialize + serde::de::DeserializeOwned;
    fn fresh() -> Self;
    /// Bytes of register space to aim at.
    const WINDOW: u32;
    fn save(&self) -> Self::Saved;
    fn restore(&mut self, saved: Self::Saved) -> Result<(), StateError>;
    /// Something that happens from outside: an input line, a received character, a completion.
    fn outside(&mut self, now: Time, value: u32) -> Vec<u64> {
        let _ = (now, value);
        Vec::new()
    }
}

/// Something that happens to a device.
#[derive(Clone, Debug)]
pub(crate) enum Op {
    Read(u32, u8),
    Write(u32, u8, u32),
    Outside(u32),
    Wait(u64),
    Reset,
}

fn step<D: Subject>(device: &mut D, now: &mut Time, op: &Op) -> Vec<u64> {
    let at = |offset: u32, size: u8| Mmio {
        offset,
        size: Size::from_bytes(u64::from(size)).unwrap(),
        master: BusMaster((offset >> 2 & 1) as u16),
    };
    let mut seen = match *op {
        Op::Read(offset, size) => {
            let at = at(offset, size);
            let peek = device.peek(*now, at);
            let read = device.read(*now, at);
            let mut seen =
                vec![read.map_or_else(|error| error.to_string().len() as u64 | 1 << 40, u64::from)];
            if let (Some(peek), Ok(value), true) = (peek, read, size == 4) {
                assert_eq!(peek.value, value, "peek of {} differs from the read", peek.desc.name);
            }
            seen.push(device.explain(*now, at).map_or(0, |text| text.to_string().len() as u64));
            seen
        }
        Op::Write(offset, size, value) => {
            vec![u64::from(device.write(*now, at(offset, size), value).is_ok())]
        }
        Op::Outside(value) => device.outside(*now, value),
        Op::Wait(span) => {
            let until = *now + Time(span);
            let mut wakes = 0_u64;
            while let Some(deadline) = device.deadline().filter(|&deadline| deadline <= until) {
                *now = deadline.max(*now);
                device.advance(*now);
                wakes += 1;
                // A guest may have started a very fast timer: leave the rest to the jump below.
                if wakes == 200 {
                    break;
                }
            }
            *now = until;
            device.advance(until);
            vec![wakes]
        }
        Op::Reset => {
            device.reset();
            Vec::new()
        }
    };
    seen.extend((0..device.lines().len()).map(|line| u64::from(device.level(line))));
    seen.push(device.deadline().map_or(u64::MAX, |time| time.0));
    seen
}

/// A device that is saved and restored into a fresh one goes on as if it had never stopped.
pub(crate) fn never_stopped<D: Subject>(ops: &[Op], stops: &[bool]) {
    let (mut straight, mut stopped) = (D::fresh(), D::fresh());
    let (mut now, mut other_now) = (Time::ZERO, Time::ZERO);
    for (op, &stop) in ops.iter().zip(stops.iter().cycle()) {
        if stop {
            let saved = stopped.save();
            stopped = D::fresh();
            stopped.restore(saved.clone()).unwrap();
            assert_eq!(stopped.save(), saved, "restore loses state");
        }
        assert_eq!(step(&mut straight, &mut now, op), step(&mut stopped, &mut other_now, op), "after {op:?}");
    }
    assert_eq!(straight.save(), stopped.save());
}

/// After a reset a device is as after power-on.
pub(crate) fn reset_is_new<D: Subject>(ops: &[Op]) {
    let mut device = D::fresh();
    let mut now = Time::ZERO;
    for op in ops.iter().filter(|op| !matches!(op, Op::Outside(_))) {
        step(&mut device, &mut now, op);
    }
    device.reset();
    assert_eq!(device.save(), D::fresh().save());
}

/// A snapshot that was damaged on its way is refused, or gives a device that goes on without panic.
pub(crate) fn damaged<D: Subject>(before: &[Op], damage: &[(usize, u8)], after: &[Op]) {
    let mut device = D::fresh();
    let mut now = Time::ZERO;
    for op in before {
        step(&mut device, &mut now, op);
    }
    let mut bytes = postcard::to_stdvec(&device.save()).unwrap();
    let whole: D::Saved = postcard::from_bytes(&bytes).unwrap();
    assert_eq!(whole, device.save());
    for &(at, value) in damage {
        let at = at % bytes.len();
        bytes[at] = value;
    }
    let mut restored = D::fresh();
    if let Ok(saved) = postcard::from_bytes::<D::Saved>(&bytes)
        && restored.restore(saved).is_ok()
    {
        for op in after {
            step(&mut restored, &mut now, op);
        }
    }
}

impl Subject for Gic {
    type Saved = SavedGic;
    const WINDOW: u32 = 0x1110;

    fn fresh() -> Self {
        Self::new(GicConfig { version: Version::V2, cpus: 2, spis: 64 })
    }
    fn save(&self) -> SavedGic {
        self.save()
    }
    fn restore(&mut self, saved: SavedGic) -> Result<(), StateError> {
        self.restore(saved)
    }
    fn outside(&mut self, _now: Time, value: u32) -> Vec<u64> {
        let input = if value & 2 == 0 {
            GicInput::Spi((value >> 8 & 0x7f) as u16)
        } else {
            GicInput::Ppi { cpu: (value >> 4 & 3) as u8, number: (value >> 8 & 0x1f) as u8 }
        };
        vec![u64::from(self.set_input(input, value & 1 != 0).is_ok())]
    }
}

impl Subject for TimerBlock {
    type Saved = SavedTimerBlock;
    const WINDOW: u32 = 0x90;

    fn fresh() -> Self {
        Self::new(2)
    }
    fn save(&self) -> SavedTimerBlock {
        self.save()
    }
    fn restore(&mut self, saved: SavedTimerBlock) -> Result<(), StateError> {
        self.restore(saved)
    }
}

impl Subject for Uartdm {
    type Saved = SavedUartdm;
    const WINDOW: u32 = 0x88;

    fn fresh() -> Self {
        Self::new(UartConfig { clock_hz: 7_372_800 })
    }
    fn save(&self) -> SavedUartdm {
        self.save()
    }
    fn restore(&mut self, saved: SavedUartdm) -> Result<(), StateError> {
        self.restore(saved)
    }
    fn outside(&mut self, now: Time, value: u32) -> Vec<u64> {
        match value & 7 {
            0 => self.take_sent().into_iter().map(u64::from).collect(),
            1 => {
                self.enable();
                Vec::new()
            }
            _ => {
                let character = (value >> 16) as u8;
                let what = match value >> 24 & 7 {
                    0 => Received::BreakStart,
                    1 => Received::BreakEnd,
                    2 => Received::Damaged(character),
                    _ => Received::Character(character),
                };
                for _ in 0..value >> 3 & 0x7f {
                    self.receive(now, what);
                }
                vec![self.room() as u64]
            }
        }
    }
}

impl<B: SocBehaviour, const N: usize> Subject for SocBlock<B, N> {
    type Saved = SavedSocBlock;
    const WINDOW: u32 = B::DESC.size;

    fn fresh() -> Self {
        Self::new()
    }
    fn save(&self) -> SavedSocBlock {
        self.save()
    }
    fn restore(&mut self, saved: SavedSocBlock) -> Result<(), StateError> {
        self.restore(saved)
    }
}

/// Drives the DMA side of a master with one random number: takes requests, and completes them at
/// once, later, twice, or with a fault.
fn dma<M: DmaMaster>(
    master: &mut M,
    now: Time,
    value: u32,
    answer: impl Fn(u32, u32) -> Vec<u8>,
) -> Vec<u64> {
    let mut seen = Vec::new();
    let fault = DmaFault { addr: DmaAddr(value), cause: DmaCause::Translation };
    let complete = |master: &mut M, id, bytes: &[u8]| {
        master.complete(now, id, if value.is_multiple_of(17) { Err(fault) } else { Ok(bytes) });
    };
    for n in 0..value % 40 {
        let Some(request) = master.next_request(now) else { break };
        assert!((1..=256).contains(&request.len), "length");
        assert!(u64::from(request.addr.0) + u64::from(request.len) <= 1 << 32, "wraps");
        seen.extend([u64::from(request.id.0), u64::from(request.addr.0), u64::from(request.len)]);
        seen.push(master.write_data(request.id).iter().map(|&byte| u64::from(byte)).sum());
        if value >> (n % 29) & 3 != 0 {
            let bytes = answer(value.wrapping_add(n), request.len);
            complete(master, request.id, &bytes);
        }
    }
    for id in 0..16 {
        if value >> (id + 8) & 1 != 0 {
            complete(master, RequestId(id), &answer(value, 64));
        }
    }
    seen
}

impl Subject for TrafficEngine {
    type Saved = SavedTrafficEngine;
    const WINDOW: u32 = 0x50;

    fn fresh() -> Self {
        Self::new(TrafficEngineConfig::default())
    }
    fn save(&self) -> SavedTrafficEngine {
        self.save()
    }
    fn restore(&mut self, saved: SavedTrafficEngine) -> Result<(), StateError> {
        self.restore(saved)
    }
    fn outside(&mut self, now: Time, value: u32) -> Vec<u64> {
        if value & 0xf00 == 0 {
            return vec![u64::from(self.write(now, Mmio::word(0xc), 1).is_ok())];
        }
        dma(self, now, value, |value, len| {
            // Answers that are often a frame: a few pages apart, short, any operation.
            let mut words: Vec<u32> = (0..16).map(|n| value.wrapping_mul(2 * n + 1) & 0x3fff).collect();
            words[0] = value & 0x3f_ffff & !0x800 & !0xc_0000 & !0x20_0000;
            words[1] = (value >> 3) & 0x03e7_03e7;
            words[10] = value & 0x0003_0001;
            words.iter().flat_map(|word| word.to_le_bytes()).cycle().take(len as usize).collect()
        })
    }
}

impl Subject for Pl330 {
    type Saved = SavedPl330;
    const WINDOW: u32 = 0x1000;

    fn fresh() -> Self {
        Self::new(Pl330Config {
            peripherals: 4,
            buffer_lines: 64,
            lines: 2,
            line_log2: 3,
            ..Pl330Config::default()
        })
    }
    fn save(&self) -> SavedPl330 {
        self.save()
    }
    fn restore(&mut self, saved: SavedPl330) -> Result<(), StateError> {
        self.restore(saved)
    }
    fn outside(&mut self, now: Time, value: u32) -> Vec<u64> {
        match value >> 8 & 7 {
            // DMAGO or DMAKILL of some channel through the debug interface.
            0 => {
                let (go, channel) = (value & 0x3000 != 0, value >> 16 & 7);
                let first = if go { 0xa2 << 16 | channel << 24 } else { 1 << 16 | 1 | channel << 8 };
                for (offset, word) in [(0xd08, first), (0xd0c, value & 0xfff0), (0xd04, 0)] {
                    self.write(now, Mmio::word(offset), word).unwrap();
                }
                Vec::new()
            }
            1 => {
                let kind = if value & 1 == 0 { RequestType::Single } else { RequestType::Burst };
                let request = Some(PeripheralRequest { kind, last: value & 2 != 0 });
                vec![u64::from(self.set_peripheral_request(now, (value >> 4 & 7) as u8, request))]
            }
            _ => dma(self, now, value, |value, len| {
                // Mostly instructions, some with their operands.
                const PROGRAM: [u8; 32] = [
                    0x04, 0x08, 0x20, 0x03, 0x04, 0x08, 0x38, 0x03, 0x34, 0x08, 0x0c, 0x12, 0x13, 0x18, 0x54,
                    0x10, 0x00, 0x22, 0x02, 0x05, 0x09, 0x3c, 0x02, 0x36, 0x10, 0x25, 0x08, 0x29, 0x08, 0x30,
                    0x08, 0x00,
                ];
                PROGRAM.iter().copied().cycle().skip((value >> 5) as usize % 32).take(len as usize).collect()
            }),
        }
    }
}
