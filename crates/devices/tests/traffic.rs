//! Random traffic at every device: nothing panics, and a device that is saved and restored into a
//! fresh one at any point goes on as if it had never stopped.
#![allow(clippy::unwrap_used)]

use msmemu_devices::gic::Gic;
use msmemu_devices::pl330::Pl330;
use msmemu_devices::soc::{Gcc, Gsbi, Mmcc, Tcsr, Tlmm};
use msmemu_devices::timer::TimerBlock;
use msmemu_devices::traffic_engine::TrafficEngine;
use msmemu_devices::uartdm::Uartdm;
use proptest::prelude::*;
use subjects::{Op, Subject, never_stopped, reset_is_new};

mod subjects;

fn op(window: u32) -> impl Strategy<Value = Op> {
    let offset = prop_oneof![8 => (0..window / 4).prop_map(|word| word * 4), 1 => 0..window + 8];
    let value = prop_oneof![any::<u32>(), 0_u32..16, (0_u32..32).prop_map(|bit| 1 << bit)];
    let size = prop_oneof![6 => Just(4_u8), 1 => Just(1), 1 => Just(2)];
    prop_oneof![
        40 => (offset.clone(), size.clone()).prop_map(|(offset, size)| Op::Read(offset, size)),
        60 => (offset, size, value).prop_map(|(offset, size, value)| Op::Write(offset, size, value)),
        20 => any::<u32>().prop_map(Op::Outside),
        10 => (0_u64..1 << 45).prop_map(|wide| Op::Wait(wide >> (wide % 40))),
        1 => Just(Op::Reset),
    ]
}

macro_rules! traffic {
    ($($test:ident: $device:ty;)*) => {$(
        mod $test {
            use super::*;
            proptest! {
                #![proptest_config(ProptestConfig::with_cases(64))]
                #[test]
                fn save_and_restore_equals_never_stopped(
                    ops in prop::collection::vec(op(<$device>::WINDOW), 1..150),
                    stops in prop::collection::vec(prop::bool::weighted(0.1), 13),
                ) {
                    never_stopped::<$device>(&ops, &stops);
                }
                #[test]
                fn a_damaged_snapshot_does_no_harm(
                    before in prop::collection::vec(op(<$device>::WINDOW), 1..60),
                    damage in prop::collection::vec((any::<usize>(), any::<u8>()), 0..8),
                    after in prop::collection::vec(op(<$device>::WINDOW), 1..60),
                ) {
                    subjects::damaged::<$device>(&before, &damage, &after);
                }
                #[test]
                fn reset_equals_new(ops in prop::collection::vec(op(<$device>::WINDOW), 1..60)) {
                    reset_is_new::<$device>(&ops);
                }
            }
        }
    )*};
}

traffic! {
    gic: Gic;
    timer: TimerBlock;
    uartdm: Uartdm;
    tlmm: Tlmm;
    mmcc: Mmcc;
    gcc: Gcc;
    gsbi: Gsbi;
    tcsr: Tcsr;
    traffic_engine: TrafficEngine;
    pl330: Pl330;
}
