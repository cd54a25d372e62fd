//! A master that is alone is served without slots and events. What it does must be what the way of all others gives:
//! taps that listen to lines force that way, and are the oracle here.

use msmemu_machine::digest::Digest;
use msmemu_machine::fabric::{FabricTap, Time};
use msmemu_machine::observe::Taps;
use msmemu_machine::{Stop, TimingMode, Until};
use proptest::prelude::*;

use crate::lab::*;

/// Sixteen pages, the last of which is not mapped.
const IOVA: u32 = 0x1000_0000;
const MEMORY: u32 = 0x4030_0000;
const SECOND: u32 = ENGINE + 0x1000;

/// Changes nothing, but wants to know of lines.
struct Listener {
    smmu: (),
}

impl FabricTap for Listener {
    const LINES: bool = true;
}

impl Taps for Listener {
    type Fabric = Self;
    type Smmu = ();

    fn fabric(&mut self) -> &mut Self {
        self
    }

    fn smmu(&mut self, _now: Time, _smmu: usize) -> &mut () {
        &mut self.smmu
    }
}

/// A frame of the engine: copy, fill, checksum, verify or compare.
fn frames() -> impl Strategy<Value = [u32; 16]> {
    let side = || (0..0xF200_u32).prop_map(|offset| IOVA + offset);
    let shape = (1..=5_u32, 0..=8_u32, 0..16_u32, prop::bool::weighted(0.3));
    (shape, side(), side(), 1..0x600_u32, any::<u32>(), 0..3_u32, 0..120_u32, any::<bool>()).prop_map(
        |((op, burst, outstanding, strided), source, destination, length, seed, repeat, rate, write_back)| {
            let mut frame = [0; 16];
            frame[0] = op | 0x10 | u32::from(write_back) << 6 | burst << 8 | outstanding << 12 | 1 << 16;
            frame[0] |= u32::from(strided) * (1 << 18 | 1 << 20);
            (frame[1], frame[2], frame[3], frame[4]) = (0x0010_0010, source, destination, length);
            (frame[5], frame[6], frame[7], frame[8]) = (seed, 0x40, 0x30, 0x20);
            frame[10] = repeat | rate << 16;
            frame
        },
    )
}

#[derive(Clone, Debug)]
struct Case {
    first: [u32; 16],
    second: Option<[u32; 16]>,
    stall: bool,
    interrupts: bool,
}

fn cases() -> impl Strategy<Value = Case> {
    (frames(), prop::option::weighted(0.4, frames()), prop::bool::weighted(0.2), any::<bool>())
        .prop_map(|(first, second, stall, interrupts)| Case { first, second, stall, interrupts })
}

/// Everything a run shows.
fn outcome<T: Taps>(case: &Case, slice: u64, taps: &mut T) -> (String, Vec<u8>, String) {
    let second =
        "[[traffic_engine]]\nname = \"second\"\nbase = 0x0f001000\nspi = 225\nsmmu = \"jpegd\"\nmids = [0]\n";
    let mut lab = Lab::new(TimingMode::Functional, &[("", second)]);
    lab.map_pages(IOVA, MEMORY, 15);
    lab.enable(if case.stall { STALL } else { 0 });
    for (n, frame) in [Some(case.first), case.second].into_iter().enumerate() {
        let (engine, at) = (ENGINE + n as u32 * 0x1000, FRAMES + n as u32 * 0x100);
        let Some(frame) = frame else { continue };
        lab.frame(at, frame);
        lab.poke(engine + 0x20, if case.interrupts { 0xF } else { 0 });
        lab.poke(engine + 0x10, at);
    }
    let mut digest = Digest::default();
    lab.poke(ENGINE + 0x0C, 1);
    if case.second.is_some() {
        lab.poke(SECOND + 0x0C, 1);
    }
    let until = Until { time: Some(Time::from_millis(2)), slice, ..Until::default() };
    let stop = lab.0.run(until, &mut digest, taps, &mut Console::default());
    assert!(matches!(stop, Stop::Idle | Stop::TimeLimit), "{stop:?}");
    let digest = digest.value().iter().map(|byte| format!("{byte:02x}")).collect();
    let stats = serde_json::to_string(&lab.0.stats()).unwrap();
    (digest, lab.memory(MEMORY, 0x10000), stats)
}

proptest! {
    #![proptest_config(ProptestConfig { cases: 48, ..ProptestConfig::default() })]

    #[test]
    fn a_lone_master_does_what_the_way_of_all_others_gives(case in cases()) {
        let expected = outcome(&case, 0, &mut Listener { smmu: () });
        prop_assert_eq!(&outcome(&case, 0, &mut ()), &expected);
        prop_assert_eq!(&outcome(&case, 37, &mut ()), &expected);
    }
}
