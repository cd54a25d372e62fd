//! Saved types survive serialisation.
#![cfg(feature = "serde")]
#![allow(clippy::unwrap_used)]

use msmemu_fabric::{BusMaster, EventQueue, PhysAddr, PhysRange, Priority, Ram, SavedEvents, SavedRam, Time};

#[test]
fn ram_and_events_round_trip() {
    let mut ram = Ram::new(&[PhysRange::new(PhysAddr(0), 0x2000).unwrap()]).unwrap();
    ram.write(BusMaster(0), PhysAddr(0xffe), b"abcd").unwrap();
    ram.monitor().mark(BusMaster(3), PhysAddr(0x40));
    let bytes = postcard::to_stdvec(&ram.save()).unwrap();
    assert_eq!(postcard::from_bytes::<SavedRam>(&bytes).unwrap(), ram.save());

    let mut queue = EventQueue::new();
    let id = queue.schedule(Time(7), Priority(1), 'x');
    queue.schedule(Time(7), Priority(0), 'y');
    let bytes = postcard::to_stdvec(&queue.save()).unwrap();
    let mut other = EventQueue::new();
    other.restore(postcard::from_bytes::<SavedEvents<char>>(&bytes).unwrap());
    assert_eq!(other.cancel(id), Some('x'));
    assert_eq!(other.pop_due(Time(7)).map(|(_, c)| c), Some('y'));
}

#[test]
fn a_clock_from_outside_has_a_possible_rate() {
    let bytes = postcard::to_stdvec(&(0_u64, 0_u32)).unwrap();
    let clock: msmemu_fabric::Clock = postcard::from_bytes(&bytes).unwrap();
    assert_eq!(clock.rate(), (1, 1));
}
