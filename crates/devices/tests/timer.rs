//! Timers as Linux's driver and a watchdog use them.
#![allow(clippy::unwrap_used)]

use msmemu_devices::timer::{TimerBlock, core_copy};
use msmemu_devices::{Device, Mmio};
use msmemu_fabric::{BusMaster, Clock, Size, Time};

const DGT: usize = 0;
const GPT0: usize = 1;
const BARK: usize = 3;
const BITE: usize = 4;
const SLEEP: Clock = Clock::from_hz(32_768);

fn read(timer: &mut TimerBlock, now: Time, offset: u32) -> u32 {
    timer.read(now, Mmio::word(offset)).unwrap()
}

fn write(timer: &mut TimerBlock, now: Time, offset: u32, value: u32) {
    timer.write(now, Mmio::word(offset), value).unwrap();
}

#[test]
fn the_clock_source_counts_at_27_mhz_divided() {
    let mut timer = TimerBlock::new(1);
    write(&mut timer, Time::ZERO, 0x34, 3);
    write(&mut timer, Time::ZERO, 0x2c, 1);
    assert_eq!(read(&mut timer, Time::from_secs(2), 0x28), 13_500_000);
    // It wraps at 32 bits: 2^32 ticks are 636.29 s.
    assert_eq!(read(&mut timer, Time::from_secs(640), 0x28), (640 * 6_750_000_u64) as u32);
    assert!(timer.level(DGT), "on the wrap the count became 0, the match value");
}

#[test]
fn a_one_shot_event_as_linux_programs_it() {
    let mut timer = TimerBlock::new(1);
    let start = Time::from_micros(1_234_567);
    write(&mut timer, start, 0x0c, 0); // disable
    write(&mut timer, start, 0x10, 0); // clear
    write(&mut timer, start, 0x04, 100); // match
    assert_eq!(read(&mut timer, start, 0x88) >> 10 & 1, 1, "the clear is on its way");
    let next_tick = SLEEP.time_of(SLEEP.ticks(start) + 1);
    assert_eq!(read(&mut timer, next_tick, 0x88), 0);
    write(&mut timer, next_tick, 0x0c, 1);
    let due = SLEEP.time_of(SLEEP.ticks(next_tick) + 100);
    assert_eq!(timer.deadline(), Some(due));
    timer.advance(due - Time(1));
    assert!(!timer.level(GPT0));
    timer.advance(due);
    assert!(timer.level(GPT0));
    assert_eq!(read(&mut timer, due, 0x08), 100);
    let later = due + Time::from_millis(1);
    assert!(timer.level(GPT0), "until the driver reacts");
    write(&mut timer, later, 0x0c, 0);
    assert!(!timer.level(GPT0));
    assert_eq!(timer.deadline(), None);
}

#[test]
fn clear_on_match_gives_a_pulse_each_period() {
    let mut timer = TimerBlock::new(1);
    write(&mut timer, Time::ZERO, 0x04, 328);
    write(&mut timer, Time::ZERO, 0x0c, 3);
    let mut rises = Vec::new();
    while let Some(at) = timer.deadline().filter(|&at| at < Time::from_millis(55)) {
        let before = timer.level(GPT0);
        timer.advance(at);
        if timer.level(GPT0) && !before {
            rises.push(SLEEP.ticks(at));
        }
    }
    assert_eq!(rises, [328, 656, 984, 1312, 1640]);
    assert_eq!(read(&mut timer, SLEEP.time_of(1640), 0x08), 0, "cleared by the match");
}

#[test]
fn each_core_sees_its_own_copy() {
    let mut timer = TimerBlock::new(2);
    let second = Mmio { offset: 0x04, size: Size::Word, master: BusMaster(1) };
    timer.write(Time::ZERO, second, 77).unwrap();
    assert_eq!(read(&mut timer, Time::ZERO, 0x04), 0);
    assert_eq!(read(&mut timer, Time::ZERO, core_copy(1) + 4), 77);
    assert_eq!(read(&mut timer, Time::ZERO, core_copy(0) + 4), 0);
    assert!(timer.read(Time::ZERO, Mmio::word(core_copy(2))).is_err());
    assert_eq!(timer.lines()[7 + GPT0], "cpu1.gpt0");
}

#[test]
fn the_watchdog_barks_then_bites_unless_petted() {
    let mut timer = TimerBlock::new(1);
    write(&mut timer, Time::ZERO, 0x4c, 32_768);
    write(&mut timer, Time::ZERO, 0x5c, 2 * 32_768);
    write(&mut timer, Time::ZERO, 0x40, 1);
    write(&mut timer, Time::from_millis(900), 0x38, 1);
    // Counting starts anew on the sleep clock's grid.
    let restart = SLEEP.ticks(Time::from_millis(900));
    let bark = SLEEP.time_of(restart + 32_768);
    assert_eq!(timer.deadline(), Some(bark));
    timer.advance(bark);
    assert!(timer.level(BARK) && !timer.level(BITE));
    let bite = timer.deadline().unwrap();
    assert_eq!(bite, SLEEP.time_of(restart + 65_536));
    timer.advance(bite);
    assert!(timer.level(BITE));
    assert_eq!(read(&mut timer, bite, 0x44) & 1, 1);
    write(&mut timer, bite, 0x40, 0);
    assert!(!timer.level(BARK) && !timer.level(BITE) && timer.deadline().is_none());
}

/// `qcom-wdt`: start with a bark time, ping, restart by a bite; and the same registers 0x28 above.
#[test]
fn linux_starts_pings_and_restarts_with_either_watchdog() {
    for (at, bark, bite) in [(0, 3, 4), (0x28, 5, 6)] {
        let mut timer = TimerBlock::new(1);
        assert_eq!(read(&mut timer, Time::ZERO, 0x44 + at) & 1, 0, "no bite before: a cold start");
        assert_eq!(read(&mut timer, Time::ZERO, 0x40 + at) & 1, 0, "not running");
        let start = |timer: &mut TimerBlock, now: Time, bark: u32, bite: u32| {
            for (offset, value) in [(0x40, 0), (0x38, 1), (0x4c, bark), (0x5c, bite), (0x40, 1)] {
                write(timer, now, offset + at, value);
            }
        };
        start(&mut timer, Time::ZERO, 30 * 32_768 - 1, 30 * 32_768 - 1);
        for second in 1..100 {
            let now = Time::from_secs(second * 20);
            timer.advance(now);
            assert!(!timer.level(bark) && !timer.level(bite), "second {second}");
            write(&mut timer, now, 0x38 + at, 1);
        }
        // A pretimeout: the bark comes first.
        let now = Time::from_secs(3000);
        write(&mut timer, now, 0x40 + at, 0);
        start(&mut timer, now, 10 * 32_768, 30 * 32_768 - 1);
        timer.advance(now + Time::from_secs(11));
        assert!(timer.level(bark) && !timer.level(bite));
        // Restart: 128 ms.
        let now = now + Time::from_secs(12);
        start(&mut timer, now, 128 * 32_768 / 1000, 128 * 32_768 / 1000);
        timer.advance(now + Time::from_millis(127));
        assert!(!timer.level(bite));
        timer.advance(now + Time::from_millis(129));
        assert!(timer.level(bite));
        assert_eq!(
            read(&mut timer, now + Time::from_millis(129), 0x44 + at) & 1,
            1,
            "the cause of the restart"
        );
        // The other one is not concerned.
        assert!(!timer.level(if bite == 4 { 6 } else { 4 }));
    }
}
