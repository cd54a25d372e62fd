//! The event queue: a total order of what happens in virtual time.

use crate::Time;
use std::collections::VecDeque;

/// Order of events at the same time: smaller first.
#[derive(Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash, Debug, Default)]
#[cfg_attr(feature = "serde", derive(serde::Serialize, serde::Deserialize))]
pub struct Priority(pub u8);

/// A scheduled event: its place in the total order (time, priority, sequence number), which also
/// cancels it. Never reused within a queue.
#[derive(Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash, Debug)]
#[cfg_attr(feature = "serde", derive(serde::Serialize, serde::Deserialize))]
pub struct EventId {
    time: Time,
    priority: Priority,
    sequence: u64,
}

impl EventId {
    /// When the event is due.
    pub const fn time(self) -> Time {
        self.time
    }
}

/// Events with payload `T` in the order (time, priority, order of scheduling).
#[derive(Clone, Debug)]
pub struct EventQueue<T> {
    /// In order. Few are pending at a time, and most of them are scheduled behind all others.
    events: VecDeque<(EventId, T)>,
    next_sequence: u64,
}

/// Saved form of an [`EventQueue`].
#[derive(Clone, PartialEq, Eq, Debug)]
#[cfg_attr(feature = "serde", derive(serde::Serialize, serde::Deserialize))]
pub struct SavedEvents<T> {
    /// Pending events in order.
    pub events: Vec<(EventId, T)>,
    /// Sequence number of the next event.
    pub next_sequence: u64,
}

impl<T> Default for EventQueue<T> {
    fn default() -> Self {
        Self { events: VecDeque::new(), next_sequence: 0 }
    }
}

impl<T> EventQueue<T> {
    /// An empty queue.
    pub fn new() -> Self {
        Self::default()
    }

    /// Schedules `payload` at `time`.
    #[inline]
    pub fn schedule(&mut self, time: Time, priority: Priority, payload: T) -> EventId {
        let id = EventId { time, priority, sequence: self.next_sequence };
        // 2^64 events are never scheduled; a forged snapshot may claim that they were.
        self.next_sequence = self.next_sequence.wrapping_add(1);
        if self.events.back().is_none_or(|(last, _)| *last < id) {
            self.events.push_back((id, payload));
        } else {
            let place = self.events.partition_point(|(other, _)| *other < id);
            self.events.insert(place, (id, payload));
        }
        id
    }

    /// Takes an event out; `None` when it happened or was cancelled already.
    pub fn cancel(&mut self, id: EventId) -> Option<T> {
        let place = self.events.binary_search_by_key(&id, |(id, _)| *id).ok()?;
        self.events.remove(place).map(|(_, payload)| payload)
    }

    /// When the first event is due.
    #[inline]
    pub fn next_time(&self) -> Option<Time> {
        self.events.front().map(|(id, _)| id.time)
    }

    /// Takes the first event if it is due at `now`.
    #[inline]
    pub fn pop_due(&mut self, now: Time) -> Option<(EventId, T)> {
        if self.next_time()? <= now { self.events.pop_front() } else { None }
    }

    /// Pending events in order.
    pub fn iter(&self) -> impl Iterator<Item = (EventId, &T)> + '_ {
        self.events.iter().map(|(id, payload)| (*id, payload))
    }

    /// Number of pending events.
    pub fn len(&self) -> usize {
        self.events.len()
    }

    /// Whether nothing is pending.
    pub fn is_empty(&self) -> bool {
        self.events.is_empty()
    }

    /// Drops all events and starts counting anew.
    pub fn reset(&mut self) {
        let Self { events, next_sequence } = self;
        events.clear();
        *next_sequence = 0;
    }
}

impl<T: Clone> EventQueue<T> {
    /// State for a snapshot.
    pub fn save(&self) -> SavedEvents<T> {
        let Self { events, next_sequence } = self;
        SavedEvents { events: events.iter().cloned().collect(), next_sequence: *next_sequence }
    }

    /// Takes over a snapshot.
    pub fn restore(&mut self, saved: SavedEvents<T>) {
        let Self { events, next_sequence } = self;
        let SavedEvents { events: saved_events, next_sequence: saved_next } = saved;
        *next_sequence =
            saved_events.iter().map(|(id, _)| id.sequence.saturating_add(1)).fold(saved_next, u64::max);
        *events = saved_events.into();
        // A snapshot may be forged.
        events.make_contiguous().sort_by_key(|(id, _)| *id);
    }
}
