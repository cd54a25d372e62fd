//! Random traffic at every device: nothing panics; saving and restoring changes nothing; a reset is a reset; a damaged
//! snapshot does no harm.
#![no_main]

use arbitrary::Arbitrary;
use libfuzzer_sys::fuzz_target;
use msmemu_devices::gic::Gic;
use msmemu_devices::pl330::Pl330;
use msmemu_devices::soc::{Gcc, Gsbi, Mmcc, Tcsr, Tlmm};
use msmemu_devices::timer::TimerBlock;
use msmemu_devices::traffic_engine::TrafficEngine;
use msmemu_devices::uartdm::Uartdm;
use subjects::{Op, Subject};

#[path = "../../crates/devices/tests/subjects/mod.rs"]
mod subjects;

#[derive(Arbitrary, Debug)]
enum Step {
    Read(u16, u8),
    Write(u16, u8, u32),
    /// A value with one bit.
    Bit(u16, u8),
    Outside(u32),
    Wait(u8, u8),
    Reset,
}

#[derive(Arbitrary, Debug)]
enum Law {
    NeverStopped(Vec<bool>),
    ResetIsNew,
    Damaged(Vec<(usize, u8)>, Vec<Step>),
}

#[derive(Arbitrary, Debug)]
struct Input {
    device: u8,
    law: Law,
    steps: Vec<Step>,
}

fn ops<D: Subject>(steps: &[Step]) -> Vec<Op> {
    let size = |n: u8| [4, 4, 4, 4, 4, 4, 2, 1][usize::from(n & 7)];
    // Words, now and then an address between them.
    let offset = |n: u16, size: u8| {
        let word = u32::from(n >> 1) * 4 % D::WINDOW;
        if size & 0xF8 == 0xF8 { word + u32::from(n & 3) } else { word }
    };
    steps
        .iter()
        .map(|step| match *step {
            Step::Read(n, s) => Op::Read(offset(n, s), size(s)),
            Step::Write(n, s, value) => Op::Write(offset(n, s), size(s), value),
            Step::Bit(n, bit) => Op::Write(offset(n, 0), 4, 1 << (bit % 32)),
            Step::Outside(value) => Op::Outside(value),
            Step::Wait(mantissa, exponent) => Op::Wait(u64::from(mantissa) << (exponent % 38)),
            Step::Reset => Op::Reset,
        })
        .collect()
}

fn check<D: Subject>(input: &Input) {
    let steps = ops::<D>(&input.steps);
    match &input.law {
        Law::NeverStopped(stops) if !stops.is_empty() => subjects::never_stopped::<D>(&steps, stops),
        Law::NeverStopped(_) => subjects::never_stopped::<D>(&steps, &[true]),
        Law::ResetIsNew => subjects::reset_is_new::<D>(&steps),
        Law::Damaged(damage, after) => subjects::damaged::<D>(&steps, damage, &ops::<D>(after)),
    }
}

fuzz_target!(|input: Input| {
    match input.device % 10 {
        0 => check::<Gic>(&input),
        1 => check::<TimerBlock>(&input),
        2 => check::<Uartdm>(&input),
        3 => check::<Tlmm>(&input),
        4 => check::<Mmcc>(&input),
        5 => check::<Gcc>(&input),
        6 => check::<Gsbi>(&input),
        7 => check::<Tcsr>(&input),
        8 => check::<TrafficEngine>(&input),
        _ => check::<Pl330>(&input),
    }
});
