//! Clock domains: integer conversion between virtual time and ticks, without drift.

use crate::Time;
use core::num::NonZeroU64;

/// A clock of `hz / divider` whose tick 0 is at time 0.
///
/// Tick `n` happens at the first picosecond not before `n * divider / hz` seconds. Conversions
/// start from time 0 each time, so nothing accumulates: [`Clock::ticks`]`(`[`Clock::time_of`]`(n)) == n`
/// for every frequency up to 1 THz and every tick that virtual time can hold.
#[derive(Clone, Copy, PartialEq, Eq, Hash, Debug)]
#[cfg_attr(feature = "serde", derive(serde::Serialize, serde::Deserialize))]
#[cfg_attr(feature = "serde", serde(from = "(u64, u32)", into = "(u64, u32)"))]
pub struct Clock {
    hz: u64,
    divider: u32,
    /// So many ticks take so many picoseconds, in lowest terms: conversions of all but far times need no 128-bit
    /// division, which costs ten times as much. None where a number does not fit.
    ratio: Option<(NonZeroU64, NonZeroU64)>,
}

impl Clock {
    /// A clock of `hz` (limited to 1 Hz to 1 THz).
    pub const fn from_hz(hz: u64) -> Self {
        let hz = if hz == 0 { 1 } else { hz };
        Self::with_rate(if hz > Time::PER_SECOND { Time::PER_SECOND } else { hz }, 1)
    }

    /// The same source through a divider (at least 1).
    pub const fn divided(self, divider: u32) -> Self {
        Self::with_rate(self.hz, if divider == 0 { 1 } else { divider })
    }

    const fn with_rate(hz: u64, divider: u32) -> Self {
        let scale = divider as u128 * Time::PER_SECOND as u128;
        let (mut common, mut rest) = (scale, hz as u128);
        while rest != 0 {
            (common, rest) = (rest, common % rest);
        }
        let (ticks, picos) = (hz as u128 / common, scale / common);
        let ratio = match (NonZeroU64::new(ticks as u64), NonZeroU64::new(picos as u64)) {
            (Some(ticks), Some(whole)) if picos <= u64::MAX as u128 => Some((ticks, whole)),
            _ => None,
        };
        Self { hz, divider, ratio }
    }

    /// Frequency of the source in Hz and divider.
    pub const fn rate(self) -> (u64, u32) {
        (self.hz, self.divider)
    }

    /// Ticks that happened up to and including `time`, not counting tick 0.
    #[inline]
    pub const fn ticks(self, time: Time) -> u64 {
        if let Some((ticks, picos)) = self.ratio
            && let Some(scaled) = time.0.checked_mul(ticks.get())
        {
            return scaled / picos.get();
        }
        let cycles = time.0 as u128 * self.hz as u128 / (self.divider as u128 * Time::PER_SECOND as u128);
        cycles as u64
    }

    /// When tick `n` happens; [`Time::MAX`] when virtual time does not reach it.
    #[inline]
    pub const fn time_of(self, n: u64) -> Time {
        if let Some((ticks, picos)) = self.ratio
            && let Some(scaled) = n.checked_mul(picos.get())
        {
            return Time(if ticks.get() == 1 { scaled } else { scaled.div_ceil(ticks.get()) });
        }
        let scale = self.divider as u128 * Time::PER_SECOND as u128;
        match (n as u128).checked_mul(scale) {
            Some(scaled) => {
                let time = scaled.div_ceil(self.hz as u128);
                if time > u64::MAX as u128 { Time::MAX } else { Time(time as u64) }
            }
            None => Time::MAX,
        }
    }

    /// The span of `n` ticks, rounded up to a picosecond.
    #[inline]
    pub const fn span(self, n: u64) -> Time {
        self.time_of(n)
    }
}

impl From<(u64, u32)> for Clock {
    /// From [`Clock::rate`], with the limits of [`Clock::from_hz`] and [`Clock::divided`].
    fn from((hz, divider): (u64, u32)) -> Self {
        Self::from_hz(hz).divided(divider)
    }
}

impl From<Clock> for (u64, u32) {
    fn from(clock: Clock) -> Self {
        clock.rate()
    }
}

/// A counter that a clock advances: value, start, stop, change of clock.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
#[cfg_attr(feature = "serde", derive(serde::Serialize, serde::Deserialize))]
pub struct Counter {
    clock: Clock,
    running: bool,
    /// Value at `ticks`.
    value: u64,
    /// Ticks of `clock` when `value` was taken; meaningful while running.
    ticks: u64,
}

impl Counter {
    /// A stopped counter at 0.
    pub const fn new(clock: Clock) -> Self {
        Self { clock, running: false, value: 0, ticks: 0 }
    }

    /// The clock that advances it.
    pub const fn clock(&self) -> Clock {
        self.clock
    }

    /// Whether it counts.
    pub const fn is_running(&self) -> bool {
        self.running
    }

    /// Value at `now`, which must not lie before the last change.
    #[inline]
    pub const fn value(&self, now: Time) -> u64 {
        if self.running {
            self.value.wrapping_add(self.clock.ticks(now).saturating_sub(self.ticks))
        } else {
            self.value
        }
    }

    /// Sets the value at `now`.
    pub const fn set(&mut self, now: Time, value: u64) {
        self.value = value;
        self.ticks = self.clock.ticks(now);
    }

    /// Starts or stops counting at `now`; the value stays.
    pub const fn run(&mut self, now: Time, running: bool) {
        let value = self.value(now);
        self.set(now, value);
        self.running = running;
    }

    /// Changes the clock at `now`; the value stays.
    pub const fn set_clock(&mut self, now: Time, clock: Clock) {
        let value = self.value(now);
        self.clock = clock;
        self.set(now, value);
    }

    /// When the counter will have advanced by `ticks` from its value at `now`; `None` when stopped
    /// or never.
    pub fn time_after(&self, now: Time, ticks: u64) -> Option<Time> {
        if !self.running {
            return None;
        }
        let at = self.clock.time_of(self.clock.ticks(now).checked_add(ticks)?);
        (at != Time::MAX).then_some(at)
    }

    /// When the counter reaches `value`, which must not lie below its value now; `None` when
    /// stopped or never.
    pub const fn time_at(&self, value: u64) -> Option<Time> {
        if !self.running {
            return None;
        }
        match self.ticks.checked_add(value.saturating_sub(self.value)) {
            Some(tick) => match self.clock.time_of(tick) {
                Time::MAX => None,
                at => Some(at),
            },
            None => None,
        }
    }
}
