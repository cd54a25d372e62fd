//! The timer block of the processor subsystem: two general purpose timers, the debug timer and two
//! watchdogs for each core.
//!
//! Registers and their use come from Linux's `timer-qcom` and `qcom-wdt` and from the vendor
//! kernels. Chosen by us, where those do not say:
//!
//! * A timer's line rises on the tick on which the count becomes the match value. It falls on a
//!   clear, on a write of match value or control, and with clear-on-match after one tick.
//! * With clear-on-match the count is 0 on the tick of the match, so the period is the match value.
//! * A clear acts at once; its pending bit stays set until the next tick of the sleep clock.
//! * A bark line is high from the bark time on, a bite line from the bite time on, both until
//!   the watchdog is restarted or stopped. The machine resets on a bite.
//! * The registers of the second watchdog lie 0x28 above those of the first. Drivers do not use it; vendor
//!   tables have its bark interrupt beside the other's.

mod registers;
mod saved;

pub use registers::Tmr;
pub use saved::{SavedTimer, SavedTimerBlock, SavedTimerCore, SavedWatchdog};

use crate::device::{Device, Gap, Mmio, MmioResult, Peek, word_register};
use msmemu_fabric::{Clock, Counter, Time};
use msmemu_regs::{At, RegFile};
use registers::{DGT_CLK_CTL, TMR_STS, WDT0_EN, WDT0_STS, WDT1_EN, WDT1_STS};

/// The sleep clock, in Hz.
pub const SLEEP_CLOCK_HZ: u64 = 32_768;
/// The source of the debug timer's clock, in Hz.
pub const DGT_CLOCK_HZ: u64 = 27_000_000;
/// Offset in the device's register space of the copy of core `n`; the copy of the accessing core
/// is at 0.
pub const fn core_copy(n: u32) -> u32 {
    0x1000 * (n + 1)
}

const SLEEP: Clock = Clock::from_hz(SLEEP_CLOCK_HZ);
const ENABLE: u32 = 1;
const CLEAR_ON_MATCH: u32 = 2;
const WRAP: u64 = 1 << 32;

const LINES_PER_CORE: usize = 7;
const LINES: [&str; 28] = [
    "cpu0.dgt",
    "cpu0.gpt0",
    "cpu0.gpt1",
    "cpu0.wdt0-bark",
    "cpu0.wdt0-bite",
    "cpu0.wdt1-bark",
    "cpu0.wdt1-bite",
    "cpu1.dgt",
    "cpu1.gpt0",
    "cpu1.gpt1",
    "cpu1.wdt0-bark",
    "cpu1.wdt0-bite",
    "cpu1.wdt1-bark",
    "cpu1.wdt1-bite",
    "cpu2.dgt",
    "cpu2.gpt0",
    "cpu2.gpt1",
    "cpu2.wdt0-bark",
    "cpu2.wdt0-bite",
    "cpu2.wdt1-bark",
    "cpu2.wdt1-bite",
    "cpu3.dgt",
    "cpu3.gpt0",
    "cpu3.gpt1",
    "cpu3.wdt0-bark",
    "cpu3.wdt0-bite",
    "cpu3.wdt1-bark",
    "cpu3.wdt1-bite",
];

/// One timer: a 32-bit count, a match, a line.
#[derive(Clone, Debug)]
struct Timer {
    counter: Counter,
    match_value: u32,
    control: u32,
    /// Next tick on which the count becomes the match value.
    armed: Option<Time>,
    /// The line is high.
    fired: bool,
    /// When the line falls by itself.
    pulse_end: Option<Time>,
    /// Until when a clear shows as pending.
    clear_pending_until: Time,
}

impl Timer {
    const fn new(clock: Clock) -> Self {
        Self {
            counter: Counter::new(clock),
            match_value: 0,
            control: 0,
            armed: None,
            fired: false,
            pulse_end: None,
            clear_pending_until: Time::ZERO,
        }
    }

    fn count(&self, now: Time) -> u32 {
        self.counter.value(now) as u32
    }

    /// Works out the next match after a change of anything; the line falls.
    fn rearm(&mut self, now: Time) {
        self.fired = false;
        self.pulse_end = None;
        let distance = match self.match_value.wrapping_sub(self.count(now)) {
            0 => WRAP,
            ticks => u64::from(ticks),
        };
        self.armed = self.counter.time_after(now, distance);
    }

    fn set_match(&mut self, now: Time, value: u32) {
        self.match_value = value;
        self.rearm(now);
    }

    fn set_control(&mut self, now: Time, value: u32) {
        self.control = value;
        self.counter.run(now, value & ENABLE != 0);
        self.rearm(now);
    }

    fn clear(&mut self, now: Time) {
        self.counter.set(now, 0);
        let clock = self.counter.clock();
        self.clear_pending_until = clock.time_of(clock.ticks(now).saturating_add(1));
        self.rearm(now);
    }

    fn set_clock(&mut self, now: Time, clock: Clock) {
        self.counter.set_clock(now, clock);
        self.rearm(now);
    }

    fn deadline(&self) -> Option<Time> {
        [self.armed, self.pulse_end].into_iter().flatten().min()
    }

    fn advance(&mut self, now: Time) {
        if let Some(at) = self.armed.filter(|&at| at <= now) {
            let clock = self.counter.clock();
            let first = clock.ticks(at);
            let clears = self.control & CLEAR_ON_MATCH != 0;
            let period = if clears && self.match_value != 0 { u64::from(self.match_value) } else { WRAP };
            // The last match that is not in the future, should several have passed.
            let last = first + (clock.ticks(now) - first) / period * period;
            self.fired = true;
            if clears {
                self.counter.set(clock.time_of(last), 0);
                self.pulse_end = Some(clock.time_of(last.saturating_add(1)));
            }
            let next = clock.time_of(last.saturating_add(period));
            self.armed = (next != Time::MAX).then_some(next);
        }
        if self.pulse_end.is_some_and(|end| end <= now) {
            self.fired = false;
            self.pulse_end = None;
        }
    }
}

/// One watchdog: it counts up from its last restart, barks, then bites.
#[derive(Clone, Copy, Debug)]
struct Watchdog {
    counter: Counter,
    bark: bool,
    bite: bool,
}

impl Watchdog {
    const fn new() -> Self {
        Self { counter: Counter::new(SLEEP), bark: false, bite: false }
    }

    fn restart(&mut self, now: Time) {
        self.counter.set(now, 0);
    }

    fn enable(&mut self, now: Time, on: bool) {
        self.counter.run(now, on);
        if !on {
            self.restart(now);
        }
    }

    /// Levels of bark and bite at `now`, when they rise at these counts.
    fn watch(&mut self, now: Time, bark: u32, bite: u32) {
        (self.bark, self.bite) = (self.reached(now, bark), self.reached(now, bite));
    }

    fn reached(&self, now: Time, count: u32) -> bool {
        self.counter.is_running() && self.counter.value(now) >= u64::from(count)
    }

    /// When bark or bite rises next.
    fn deadline(&self, bark: u32, bite: u32) -> Option<Time> {
        let rises = |done: bool, at: u32| if done { None } else { self.counter.time_at(u64::from(at)) };
        [rises(self.bark, bark), rises(self.bite, bite)].into_iter().flatten().min()
    }
}

/// Bark and bite times of the watchdogs, and where their status stands.
const BARK_BITE: [(Tmr, Tmr); 2] =
    [(Tmr::WDT0_BARK_TIME, Tmr::WDT0_BITE_TIME), (Tmr::WDT1_BARK_TIME, Tmr::WDT1_BITE_TIME)];

#[derive(Clone, Debug)]
struct Core {
    regs: RegFile<Tmr, { Tmr::WORDS }>,
    gpt0: Timer,
    gpt1: Timer,
    dgt: Timer,
    watchdogs: [Watchdog; 2],
}

impl Core {
    fn new() -> Self {
        Self {
            regs: RegFile::new(),
            gpt0: Timer::new(SLEEP),
            gpt1: Timer::new(SLEEP),
            dgt: Timer::new(Clock::from_hz(DGT_CLOCK_HZ)),
            watchdogs: [Watchdog::new(); 2],
        }
    }

    fn value(&self, now: Time, at: At<Tmr>) -> u32 {
        match at.reg {
            Tmr::GPT0_COUNT_VAL => self.gpt0.count(now),
            Tmr::GPT1_COUNT_VAL => self.gpt1.count(now),
            Tmr::DGT_COUNT_VAL => self.dgt.count(now),
            Tmr::WDT0_STS => self.watchdog_status(now, at, 0),
            Tmr::WDT1_STS => self.watchdog_status(now, at, 1),
            Tmr::TMR_STS => {
                let gpt0 = u32::from(now < self.gpt0.clear_pending_until);
                let gpt1 = u32::from(now < self.gpt1.clear_pending_until);
                TMR_STS::GPT1_CLR_PEND.set(TMR_STS::GPT0_CLR_PEND.set(0, gpt0), gpt1)
            }
            _ => self.regs.peek(at),
        }
    }

    /// A bite stays in its bit; both status registers have the same fields.
    fn watchdog_status(&self, now: Time, at: At<Tmr>, n: usize) -> u32 {
        let (watchdog, (_, bite)) = (&self.watchdogs[n], BARK_BITE[n]);
        let status = WDT0_STS::COUNT.set(self.regs.peek(at), watchdog.counter.value(now) as u32);
        let bites = watchdog.reached(now, self.regs.get(bite));
        status | WDT0_STS::BITE.set(0, u32::from(bites))
    }

    fn write(&mut self, now: Time, at: At<Tmr>, value: u32) {
        let new = self.regs.guest_write(at, value).new;
        match at.reg {
            Tmr::GPT0_MATCH_VAL => self.gpt0.set_match(now, new),
            Tmr::GPT0_ENABLE => self.gpt0.set_control(now, new),
            Tmr::GPT0_CLEAR => self.gpt0.clear(now),
            Tmr::GPT1_MATCH_VAL => self.gpt1.set_match(now, new),
            Tmr::GPT1_ENABLE => self.gpt1.set_control(now, new),
            Tmr::GPT1_CLEAR => self.gpt1.clear(now),
            Tmr::DGT_MATCH_VAL => self.dgt.set_match(now, new),
            Tmr::DGT_ENABLE => self.dgt.set_control(now, new),
            Tmr::DGT_CLEAR => self.dgt.clear(now),
            Tmr::DGT_CLK_CTL => {
                let divider = DGT_CLK_CTL::DIV.get(new) + 1;
                self.dgt.set_clock(now, Clock::from_hz(DGT_CLOCK_HZ).divided(divider));
            }
            Tmr::WDT0_RST => self.watchdogs[0].restart(now),
            Tmr::WDT1_RST => self.watchdogs[1].restart(now),
            Tmr::WDT0_EN => self.watchdogs[0].enable(now, WDT0_EN::EN.is_set(new)),
            Tmr::WDT1_EN => self.watchdogs[1].enable(now, WDT1_EN::EN.is_set(new)),
            Tmr::WDT0_BARK_TIME | Tmr::WDT0_BITE_TIME | Tmr::WDT1_BARK_TIME | Tmr::WDT1_BITE_TIME => {}
            Tmr::GPT0_COUNT_VAL
            | Tmr::GPT1_COUNT_VAL
            | Tmr::DGT_COUNT_VAL
            | Tmr::WDT0_STS
            | Tmr::WDT1_STS
            | Tmr::TMR_STS => {}
        }
        self.watch(now);
    }

    /// Levels of barks and bites at `now`.
    fn watch(&mut self, now: Time) {
        for (watchdog, (bark, bite)) in self.watchdogs.iter_mut().zip(BARK_BITE) {
            watchdog.watch(now, self.regs.get(bark), self.regs.get(bite));
        }
        if self.watchdogs[0].bite {
            self.regs.set_field(WDT0_STS::BITE, 1);
        }
        if self.watchdogs[1].bite {
            self.regs.set_field(WDT1_STS::BITE, 1);
        }
    }

    /// When a bark or a bite rises next.
    fn watchdog_deadline(&self) -> Option<Time> {
        let watchdogs = self.watchdogs.iter().zip(BARK_BITE);
        watchdogs.filter_map(|(w, (bark, bite))| w.deadline(self.regs.get(bark), self.regs.get(bite))).min()
    }

    fn timers(&self) -> [&Timer; 3] {
        [&self.dgt, &self.gpt0, &self.gpt1]
    }

    fn deadline(&self) -> Option<Time> {
        self.timers().into_iter().filter_map(Timer::deadline).chain(self.watchdog_deadline()).min()
    }

    fn advance(&mut self, now: Time) {
        self.gpt0.advance(now);
        self.gpt1.advance(now);
        self.dgt.advance(now);
        self.watch(now);
    }
}

/// Timers and watchdogs of all cores.
///
/// The register space shows the copy of the accessing core at 0 and that of core `n` at
/// [`core_copy`]`(n)`. Each core has seven lines: `dgt`, `gpt0`, `gpt1`, and bark and bite
/// of each watchdog.
#[derive(Clone, Debug)]
pub struct TimerBlock {
    cores: Vec<Core>,
}

impl TimerBlock {
    /// The block of a chip with `cpus` cores (1 to 4), after power-on.
    pub fn new(cpus: u8) -> Self {
        Self { cores: vec![Core::new(); usize::from(cpus.clamp(1, 4))] }
    }

    fn decode(&self, at: Mmio) -> MmioResult<(usize, At<Tmr>)> {
        let (core, offset) = match at.offset / 0x1000 {
            0 => (usize::from(at.master.0), at.offset),
            copy => (copy as usize - 1, at.offset % 0x1000),
        };
        if core >= self.cores.len() {
            return Err(Gap::Behaviour("timer copy of a core that does not exist").into());
        }
        Ok((core, word_register(Mmio { offset, ..at })?))
    }
}

impl Device for TimerBlock {
    fn kind(&self) -> &'static str {
        "timer"
    }

    fn read(&mut self, now: Time, at: Mmio) -> MmioResult<u32> {
        let (core, reg) = self.decode(at)?;
        self.cores[core].advance(now);
        Ok(self.cores[core].value(now, reg))
    }

    fn write(&mut self, now: Time, at: Mmio, value: u32) -> MmioResult<()> {
        let (core, reg) = self.decode(at)?;
        self.cores[core].advance(now);
        self.cores[core].write(now, reg, value);
        Ok(())
    }

    fn peek(&self, now: Time, at: Mmio) -> Option<Peek> {
        let (core, reg) = self.decode(at).ok()?;
        Some(Peek { desc: reg.desc(), index: reg.index, value: self.cores[core].value(now, reg) })
    }

    fn deadline(&self) -> Option<Time> {
        self.cores.iter().filter_map(Core::deadline).min()
    }

    fn advance(&mut self, now: Time) {
        for core in &mut self.cores {
            core.advance(now);
        }
    }

    fn lines(&self) -> &'static [&'static str] {
        &LINES[..self.cores.len() * LINES_PER_CORE]
    }

    fn level(&self, line: usize) -> bool {
        let Some(core) = self.cores.get(line / LINES_PER_CORE) else { return false };
        match line % LINES_PER_CORE {
            0 => core.dgt.fired,
            1 => core.gpt0.fired,
            2 => core.gpt1.fired,
            3 => core.watchdogs[0].bark,
            4 => core.watchdogs[0].bite,
            5 => core.watchdogs[1].bark,
            _ => core.watchdogs[1].bite,
        }
    }

    fn reset(&mut self) {
        let Self { cores } = self;
        cores.fill_with(Core::new);
    }
}
