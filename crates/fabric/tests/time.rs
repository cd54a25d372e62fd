//! Laws of virtual time: clocks, counters, event order, latency.
#![allow(clippy::unwrap_used)]

use msmemu_fabric::{Clock, Counter, EventQueue, Priority, SavedEvents, Server, Service, Slots, Time};
use proptest::prelude::*;

#[test]
fn the_sleep_clock_never_drifts() {
    let sleep = Clock::from_hz(32_768);
    assert_eq!(sleep.time_of(32_768), Time::from_secs(1));
    assert_eq!(sleep.time_of(1), Time(30_517_579), "rounded up to a picosecond");
    assert_eq!(sleep.ticks(Time(30_517_578)), 0);
    assert_eq!(sleep.ticks(Time(30_517_579)), 1);
    let day = 24 * 3600;
    assert_eq!(sleep.ticks(Time::from_secs(day)), 32_768 * day);
}

#[test]
fn dgt_counts_a_divided_clock() {
    let dgt = Clock::from_hz(27_000_000).divided(4);
    assert_eq!(dgt.ticks(Time::from_secs(3)), 3 * 6_750_000);
    assert_eq!(Clock::from_hz(1).time_of(u64::MAX), Time::MAX, "beyond virtual time");
}

#[test]
fn a_counter_keeps_its_value_across_stop_and_clock_change() {
    let mut counter = Counter::new(Clock::from_hz(1_000));
    assert_eq!(counter.value(Time::from_secs(5)), 0, "stopped");
    assert_eq!(counter.time_after(Time::from_secs(5), 1), None);
    counter.run(Time::from_secs(5), true);
    assert_eq!(counter.value(Time::from_secs(6)), 1_000);
    counter.set_clock(Time::from_secs(6), Clock::from_hz(10));
    assert_eq!(counter.value(Time::from_secs(7)), 1_010);
    assert_eq!(counter.time_after(Time::from_secs(7), 5), Some(Time::from_millis(7_500)));
    counter.run(Time::from_secs(8), false);
    assert_eq!(counter.value(Time::from_secs(100)), 1_020);
    counter.set(Time::from_secs(100), 7);
    assert_eq!(counter.value(Time::from_secs(101)), 7);
}

#[test]
fn a_server_answers_at_the_closed_form() {
    // 100 MHz, 8 bytes a cycle, 50 ns: 64 bytes take 8 cycles = 80 ns.
    let mut server = Server::new(Clock::from_hz(100_000_000), Time::from_nanos(50), 8);
    let alone = server.request(Time::from_nanos(1_000), 64);
    assert_eq!(alone, Service { start: Time::from_nanos(1_000), done: Time::from_nanos(1_130) });
    // n requests at once finish n occupancies and one latency later.
    server.reset();
    let last = (0..10).map(|_| server.request(Time::ZERO, 64).done).last();
    assert_eq!(last, Some(Time::from_nanos(10 * 80 + 50)));
    // Arriving after the server is free again queues nothing.
    let late = server.request(Time::from_nanos(800), 1);
    assert_eq!(late, Service { start: Time::from_nanos(800), done: Time::from_nanos(860) });
    // Unlimited bandwidth is latency alone.
    let mut wide = Server::new(Clock::from_hz(1), Time::from_nanos(3), 0);
    assert_eq!(wide.request(Time::ZERO, 1 << 40).done, Time::from_nanos(3));
    assert_eq!(wide.request(Time::ZERO, 1 << 40).start, Time::ZERO);
}

#[test]
fn slots_count() {
    let mut slots = Slots::new(2);
    assert!(slots.try_acquire() && slots.try_acquire());
    assert!(!slots.try_acquire());
    slots.release();
    assert_eq!((slots.used(), slots.peak(), slots.total()), (1, 2, 2));
    assert!(slots.try_acquire());
}

proptest! {
    #[test]
    fn conversions_are_those_of_wide_arithmetic(
        hz in prop_oneof![1..=Time::PER_SECOND, (1..=3_000_u64).prop_map(|mhz| mhz * 1_000_000)],
        divider in prop_oneof![1..=16_u32, any::<u32>()],
        shift in 0..64_u32,
        raw in any::<u64>(),
    ) {
        let (n, divider) = (raw >> shift, divider.max(1));
        let clock = Clock::from_hz(hz).divided(divider);
        let scale = u128::from(divider) * u128::from(Time::PER_SECOND);
        let ticks = u128::from(n) * u128::from(hz) / scale;
        prop_assert_eq!(u128::from(clock.ticks(Time(n))), ticks);
        let time = u128::from(n).checked_mul(scale).map_or(u128::MAX, |scaled| scaled.div_ceil(u128::from(hz)));
        prop_assert_eq!(u128::from(clock.time_of(n).0), time.min(u64::MAX.into()));
    }
}

#[derive(Clone, Debug)]
enum Op {
    Schedule { after: u64, priority: u8 },
    Cancel(usize),
    Advance(u64),
    SaveRestore,
}

fn op() -> impl Strategy<Value = Op> {
    prop_oneof![
        4 => (0_u64..20, 0_u8..3).prop_map(|(after, priority)| Op::Schedule { after, priority }),
        2 => any::<usize>().prop_map(Op::Cancel),
        2 => (0_u64..10).prop_map(Op::Advance),
        1 => Just(Op::SaveRestore),
    ]
}

proptest! {
    #[test]
    fn ticks_and_times_are_inverse(
        hz in prop_oneof![1_u64..=1_000_000_000_000, (0_u32..13).prop_map(|n| 10_u64.pow(n))], divider in 1_u32..1000, n in 0_u64..1 << 40, t in any::<u64>(),
    ) {
        let clock = Clock::from_hz(hz).divided(divider);
        let at = clock.time_of(n);
        prop_assume!(at != Time::MAX);
        prop_assert_eq!(clock.ticks(at), n);
        if n > 0 {
            prop_assert!(clock.ticks(at - Time(1)) < n, "not a picosecond early");
        }
        prop_assert!(clock.time_of(clock.ticks(Time(t))) <= Time(t));
    }

    /// The queue gives events as a stable sort by (time, priority) of what was not cancelled.
    #[test]
    fn events_come_in_total_order(ops in prop::collection::vec(op(), 1..80)) {
        let mut queue = EventQueue::new();
        let mut naive: Vec<(Time, u8, usize)> = Vec::new();
        let mut ids = Vec::new();
        let mut now = Time::ZERO;
        for op in ops {
            match op {
                Op::Schedule { after, priority } => {
                    let time = now + Time(after);
                    let n = ids.len();
                    ids.push(queue.schedule(time, Priority(priority), n));
                    naive.push((time, priority, n));
                }
                Op::Cancel(n) if !ids.is_empty() => {
                    let n = n % ids.len();
                    let pending = naive.iter().position(|&(_, _, event)| event == n);
                    prop_assert_eq!(queue.cancel(ids[n]), pending.map(|_| n));
                    pending.map(|at| naive.remove(at));
                }
                Op::Cancel(_) => {}
                Op::Advance(span) => {
                    now += Time(span);
                    naive.sort_by_key(|&(time, priority, _)| (time, priority));
                    while let Some((id, n)) = queue.pop_due(now) {
                        prop_assert_eq!(id, ids[n]);
                        prop_assert_eq!(naive.remove(0).2, n);
                    }
                    prop_assert!(naive.first().is_none_or(|&(time, _, _)| time > now));
                }
                Op::SaveRestore => {
                    let saved = queue.save();
                    let mut fresh = EventQueue::new();
                    fresh.restore(saved.clone());
                    prop_assert_eq!(fresh.save(), saved);
                    queue = fresh;
                }
            }
            prop_assert_eq!(queue.len(), naive.len());
            prop_assert_eq!(queue.next_time(), naive.iter().map(|&(time, _, _)| time).min());
        }
    }
}

#[test]
fn a_forged_sequence_number_does_no_harm() {
    let mut queue = EventQueue::new();
    queue.restore(SavedEvents { events: Vec::new(), next_sequence: u64::MAX });
    queue.schedule(Time(1), Priority(0), 'a');
    let id = queue.schedule(Time(2), Priority(0), 'b');
    assert_eq!(queue.cancel(id), Some('b'));
    assert_eq!(queue.len(), 1);
}
