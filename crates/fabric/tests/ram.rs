//! Laws of guest RAM.
#![allow(clippy::unwrap_used)] // a test may panic

use msmemu_fabric::{
    Access, Bus, BusFault, BusMaster, MasterId, PhysAddr, PhysRange, Ram, RamBus, RamError, Size, Watch,
};
use proptest::prelude::*;

const CPU: BusMaster = BusMaster(0);
const DMA: BusMaster = BusMaster(1);
const BASE: u64 = 0x4000_0000;

fn range(base: u64, size: u64) -> PhysRange {
    PhysRange::new(PhysAddr(base), size).unwrap()
}

fn ram() -> Ram {
    Ram::new(&[range(BASE, 0x4000), range(0x3800_0000, 0x1000)]).unwrap()
}

#[test]
fn a_gibibyte_costs_what_is_touched() {
    let mut ram = Ram::new(&[range(BASE, 1 << 30)]).unwrap();
    let frame = ram.frame(PhysAddr(BASE + (1 << 30) - 4096)).unwrap();
    assert_eq!(ram.load::<u32>(frame, 0xffc), 0);
    assert_eq!(ram.resident_bytes(), 0, "reading allocates nothing");
    assert!(!ram.store(frame, 0, 1_u8));
    ram.store_slow(CPU, frame, 0, 1_u8);
    assert_eq!(ram.resident_bytes(), 4096);
    assert!(ram.store(frame, 1, 2_u8), "now owned, dirty and unwatched");
    assert_eq!(ram.load::<u16>(frame, 0), 0x0201);
}

#[test]
fn regions_are_checked() {
    let (a, b) = (range(BASE, 0x2000), range(BASE + 0x1000, 0x1000));
    assert_eq!(Ram::new(&[b, a]).unwrap_err(), RamError::Overlap(a, b));
    let odd = range(BASE, 0x1800);
    assert_eq!(Ram::new(&[odd]).unwrap_err(), RamError::Unaligned(odd));
}

#[test]
fn the_bus_decodes_ram_faults_and_nothing() {
    let who = MasterId::default();
    let mut bus = RamBus::new(ram()).with_fault(range(0x1000_0000, 0x10), BusFault::Slave);
    let at = |addr| Access::read(PhysAddr(addr), Size::Word, who);
    bus.write(&Access::write(PhysAddr(BASE + 8), Size::Word, who), 0xffff_ffff_1234_5678).unwrap();
    assert_eq!(bus.read(&at(BASE + 8)), Ok(0x1234_5678));
    assert_eq!(bus.read(&Access::read(PhysAddr(BASE + 8), Size::Double, who)), Ok(0x1234_5678));
    assert_eq!(bus.read(&at(0x1000_000c)), Err(BusFault::Slave));
    assert_eq!(bus.read(&at(0x2000_0000)), Err(BusFault::Decode));
    assert_eq!(bus.read(&at(BASE + 0x3ffe)), Err(BusFault::Decode), "half outside");
}

#[test]
fn watched_frames_report_every_masters_stores() {
    let mut ram = ram();
    let frame = ram.frame(PhysAddr(BASE)).unwrap();
    ram.store_slow(CPU, frame, 0, 0_u32);
    ram.watch(frame, Watch::Code);
    assert!(!ram.store(frame, 4, 5_u32), "fast store refused");
    assert_eq!(ram.load::<u32>(frame, 4), 0, "and nothing stored");
    assert!(ram.store_slow(CPU, frame, 4, 5_u32).contains(Watch::Code));
    let hit = ram.write(DMA, PhysAddr(BASE + 0xff0), &[7; 32]).unwrap();
    assert!(hit.contains(Watch::Code) && !hit.contains(Watch::Tables));
    let stores: Vec<_> =
        ram.take_watched(Watch::Code).iter().map(|s| (s.addr.0 - BASE, s.size, s.master)).collect();
    assert_eq!(stores, [(4, 4, CPU), (0xff0, 16, DMA)], "only the watched half of the DMA");
    assert!(!ram.has_watched(Watch::Code) && !ram.has_watched(Watch::Tables));
    ram.unwatch(frame, Watch::Code);
    assert!(ram.store_slow(CPU, frame, 8, 1_u8).is_empty());
    assert!(ram.store(frame, 9, 1_u8));
}

#[test]
fn dirty_since_a_mark() {
    let mut ram = ram();
    let (first, second) = (ram.frame(PhysAddr(BASE + 0x1000)).unwrap(), ram.frame(PhysAddr(BASE)).unwrap());
    ram.store_slow(CPU, first, 0, 1_u8);
    ram.store_slow(CPU, second, 0, 1_u8);
    assert_eq!(ram.dirty_frames(), [second, first], "address order");
    ram.clear_dirty();
    assert!(ram.dirty_frames().is_empty());
    assert!(!ram.store(first, 1, 2_u8), "the first store after the mark is seen");
    ram.store_slow(CPU, first, 1, 2_u8);
    assert_eq!(ram.dirty_frames(), [first]);
}

#[test]
fn ids_survive_fork_restore_and_reset() {
    let mut ram = ram();
    let frame = ram.frame(PhysAddr(BASE + 0x2000)).unwrap();
    ram.store_slow(CPU, frame, 0x10, 0xabcd_u16);
    let saved = ram.save();
    assert_eq!(saved.frames.len(), 1);
    let mut fork = ram.fork();
    assert_eq!(fork.frame(PhysAddr(BASE + 0x2000)), Some(frame));
    ram.reset();
    assert_eq!(ram.load::<u16>(frame, 0x10), 0);
    assert_eq!(fork.load::<u16>(frame, 0x10), 0xabcd);
    ram.restore(saved.clone()).unwrap();
    assert_eq!(ram.load::<u16>(frame, 0x10), 0xabcd);
    assert_eq!(fork.save(), saved);
}

#[test]
fn a_bad_snapshot_is_refused() {
    let mut ram = ram();
    let mut saved = ram.save();
    saved.frames.push(msmemu_fabric::SavedFrame { addr: PhysAddr(0x1000), bytes: vec![0; 4096] });
    assert_eq!(ram.restore(saved.clone()), Err(RamError::OutsideRam(PhysAddr(0x1000))));
    saved.frames[0].addr = PhysAddr(BASE + 4);
    assert_eq!(ram.restore(saved.clone()), Err(RamError::OutsideRam(PhysAddr(BASE + 4))));
    saved.frames[0].bytes.pop();
    assert_eq!(ram.restore(saved), Err(RamError::FrameSize { addr: PhysAddr(BASE + 4), found: 4095 }));
}

#[derive(Clone, Debug)]
enum Op {
    Core { at: u64, size: u32, value: u64 },
    Dma { at: u64, bytes: Vec<u8> },
    Fork,
    Switch,
    Watch(u64),
    Unwatch(u64),
    ClearDirty,
    SaveRestore,
}

fn op() -> impl Strategy<Value = Op> {
    let at = 0_u64..0x4000;
    prop_oneof![
        4 => (at.clone(), 0_u32..4, any::<u64>()).prop_map(|(at, log, value)| {
            let size = 1 << log;
            Op::Core { at: at.min((at & !0xfff) + 0x1000 - u64::from(size)), size, value }
        }),
        2 => (at, prop::collection::vec(any::<u8>(), 1..0x1800)).prop_map(|(at, bytes)| Op::Dma { at, bytes }),
        1 => Just(Op::Fork),
        1 => Just(Op::Switch),
        1 => (0_u64..4).prop_map(Op::Watch),
        1 => (0_u64..4).prop_map(Op::Unwatch),
        1 => Just(Op::ClearDirty),
        1 => Just(Op::SaveRestore),
    ]
}

/// A flat array with the same laws, written without frames.
#[derive(Clone)]
struct Naive {
    bytes: Vec<u8>,
    dirty: [bool; 4],
    watched: [bool; 4],
}

fn core_store(ram: &mut Ram, at: u64, size: u32, value: u64) {
    let frame = ram.frame(PhysAddr(BASE + at)).unwrap();
    let offset = PhysAddr(at).frame_offset();
    let fast = match size {
        1 => ram.store(frame, offset, value as u8),
        2 => ram.store(frame, offset, value as u16),
        4 => ram.store(frame, offset, value as u32),
        _ => ram.store(frame, offset, value),
    };
    if !fast {
        match size {
            1 => ram.store_slow(CPU, frame, offset, value as u8),
            2 => ram.store_slow(CPU, frame, offset, value as u16),
            4 => ram.store_slow(CPU, frame, offset, value as u32),
            _ => ram.store_slow(CPU, frame, offset, value),
        };
    }
}

fn same(ram: &mut Ram, naive: &Naive) {
    let mut bytes = vec![0; 0x4000];
    ram.read(PhysAddr(BASE), &mut bytes).unwrap();
    assert!(bytes == naive.bytes, "contents differ");
    let dirty: Vec<u64> =
        ram.dirty_frames().into_iter().map(|frame| (ram.frame_addr(frame).0 - BASE) / 0x1000).collect();
    let expected: Vec<u64> = (0..4).filter(|&f| naive.dirty[f as usize]).collect();
    assert_eq!(dirty, expected, "dirty frames");
}

proptest! {
    /// Two machines that fork from each other at random behave as two independent flat memories,
    /// and a watch reports exactly the stores that hit watched frames.
    #[test]
    fn forks_watches_and_dirty_marks_follow_a_flat_memory(ops in prop::collection::vec(op(), 1..60)) {
        let mut rams = [ram(), ram()];
        let empty = Naive { bytes: vec![0; 0x4000], dirty: [false; 4], watched: [false; 4] };
        let mut naives = [empty.clone(), empty];
        let mut now = 0;
        for op in ops {
            let (ram, naive) = (&mut rams[now], &mut naives[now]);
            let mut stored: Vec<(u64, u64)> = Vec::new();
            match op {
                Op::Core { at, size, value } => {
                    core_store(ram, at, size, value);
                    let (at, size) = (at as usize, size as usize);
                    naive.bytes[at..at + size].copy_from_slice(&value.to_le_bytes()[..size]);
                    stored.push((at as u64, size as u64));
                }
                Op::Dma { at, bytes } => {
                    let len = bytes.len().min(0x4000 - at as usize);
                    ram.write(DMA, PhysAddr(BASE + at), &bytes[..len]).unwrap();
                    naive.bytes[at as usize..at as usize + len].copy_from_slice(&bytes[..len]);
                    let mut from = at;
                    let end = at + len as u64;
                    while from < end {
                        let to = end.min((from / 0x1000 + 1) * 0x1000);
                        stored.push((from, to - from));
                        from = to;
                    }
                }
                Op::Fork => {
                    let copy = ram.fork();
                    let copy_naive = naive.clone();
                    rams[1 - now] = copy;
                    naives[1 - now] = copy_naive;
                }
                Op::Switch => now = 1 - now,
                Op::Watch(frame) => {
                    let id = ram.frame(PhysAddr(BASE + frame * 0x1000)).unwrap();
                    ram.watch(id, Watch::Tables);
                    naive.watched[frame as usize] = true;
                }
                Op::Unwatch(frame) => {
                    let id = ram.frame(PhysAddr(BASE + frame * 0x1000)).unwrap();
                    ram.unwatch(id, Watch::Tables);
                    naive.watched[frame as usize] = false;
                }
                Op::ClearDirty => {
                    ram.clear_dirty();
                    naive.dirty = [false; 4];
                }
                Op::SaveRestore => {
                    let saved = ram.save();
                    ram.restore(saved).unwrap();
                    ram.clear_dirty();
                    naive.dirty = [false; 4];
                    naive.watched = [false; 4];
                }
            }
            for &(at, _) in &stored {
                naives[now].dirty[at as usize / 0x1000] = true;
            }
            let seen: Vec<_> = rams[now].take_watched(Watch::Tables).iter()
                .map(|s| (s.addr.0 - BASE, u64::from(s.size))).collect();
            stored.retain(|&(at, _)| naives[now].watched[at as usize / 0x1000]);
            prop_assert_eq!(seen, stored);
            for side in 0..2 {
                same(&mut rams[side], &naives[side]);
            }
        }
    }
}
