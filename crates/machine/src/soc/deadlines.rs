//! When units next change by themselves.

use msmemu_fabric::Time;

/// The units that have a deadline, by dense index, in the order in which they get their turn: (time, index).
/// A handful at a time, whatever the size of the machine.
#[derive(Clone, Debug, Default)]
pub(super) struct Deadlines(Vec<(Time, u16)>);

impl Deadlines {
    /// The unit that is next, and when.
    #[inline]
    pub(super) fn first(&self) -> Option<(Time, usize)> {
        self.0.first().map(|&(time, unit)| (time, usize::from(unit)))
    }

    /// When the unit after the first is next; [`Time::MAX`] when there is none.
    #[inline]
    pub(super) fn second(&self) -> Time {
        self.0.get(1).map_or(Time::MAX, |&(time, _)| time)
    }

    fn place(&self, unit: usize) -> Option<usize> {
        self.0.iter().position(|(_, other)| usize::from(*other) == unit)
    }

    /// The deadline of a unit; [`Time::MAX`] when there is none.
    pub(super) fn of(&self, unit: usize) -> Time {
        self.place(unit).map_or(Time::MAX, |place| self.0[place].0)
    }

    /// Replaces the deadline of a unit; [`Time::MAX`] takes it away.
    #[inline]
    pub(super) fn set(&mut self, unit: usize, time: Time) {
        let Self(queue) = self;
        let entry = (time, unit as u16);
        let mut place = match queue.iter().position(|(_, other)| usize::from(*other) == unit) {
            Some(place) if queue[place] == entry => return,
            Some(place) if time == Time::MAX => {
                queue.remove(place);
                return;
            }
            Some(place) => place,
            None if time == Time::MAX => return,
            None => {
                queue.push(entry);
                queue.len() - 1
            }
        };
        queue[place] = entry;
        while place > 0 && queue[place - 1] > entry {
            queue.swap(place - 1, place);
            place -= 1;
        }
        while queue.get(place + 1).is_some_and(|next| *next < entry) {
            queue.swap(place, place + 1);
            place += 1;
        }
    }

    /// No unit has a deadline.
    pub(super) fn clear(&mut self) {
        let Self(queue) = self;
        queue.clear();
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;

    proptest! {
        #[test]
        fn the_first_is_the_smallest_of_a_plain_array(
            changes in prop::collection::vec((0_usize..6, prop::option::of(0_u64..20)), 0..60)
        ) {
            let mut plain = [Time::MAX; 6];
            let mut deadlines = Deadlines::default();
            for (unit, time) in changes {
                let time = time.map_or(Time::MAX, Time);
                plain[unit] = time;
                deadlines.set(unit, time);
                let first = plain.iter().copied().zip(0..).min().filter(|(time, _)| *time != Time::MAX);
                prop_assert_eq!(deadlines.first(), first);
                for (unit, time) in plain.into_iter().enumerate() {
                    prop_assert_eq!(deadlines.of(unit), time);
                }
            }
        }
    }
}
