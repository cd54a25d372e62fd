//! Saved state of the timed driver.

#[cfg(test)]
mod tests;

use alloc::vec;
use alloc::vec::Vec;

use super::job::{Job, Phase};
use super::{Timed, Waiting};
use crate::observe::Invalidation;
use crate::saved::{RestoreError, Saved};

/// The state of a [`Timed`]: that of its [`Smmu`](crate::Smmu), transactions and walks in flight, time.
#[derive(Clone, Debug, PartialEq, Eq)]
#[cfg_attr(feature = "serde", derive(serde::Serialize, serde::Deserialize))]
pub struct SavedTimed {
    smmu: Saved,
    now: u64,
    jobs: Vec<Option<Job>>,
    due: Vec<(u64, u16)>,
    waiting: Vec<Waiting>,
    walker_queue: Vec<(u16, u64)>,
    blocked: Vec<u16>,
    main_free: u64,
    window_free: u64,
    invalidations: Vec<(u64, Invalidation)>,
}

/// Cycles beyond this are no state of a real run; additions can not overflow below it.
const FAR: u64 = 1 << 62;

impl Timed {
    /// Saves everything but the configuration.
    pub fn save(&self) -> SavedTimed {
        // `used`, `walkers_used` and `blocking` follow from the jobs.
        let Self {
            smmu,
            now,
            jobs,
            used: _,
            due,
            waiting,
            walker_queue,
            walkers_used: _,
            blocking: _,
            blocked,
            main_free,
            window_free,
            invalidations,
        } = self;
        SavedTimed {
            smmu: smmu.save(),
            now: *now,
            jobs: jobs.clone(),
            due: due.iter().copied().collect(),
            waiting: waiting.iter().copied().collect(),
            walker_queue: walker_queue.iter().copied().collect(),
            blocked: blocked.iter().copied().collect(),
            main_free: *main_free,
            window_free: *window_free,
            invalidations: invalidations.iter().copied().collect(),
        }
    }

    /// Takes saved state. Going on from it is the same as never having stopped: answers to the descriptor
    /// accesses that were under way are expected.
    ///
    /// # Errors
    /// When the state does not fit the configuration or could not have been saved. Nothing is changed
    /// then.
    pub fn restore(&mut self, saved: &SavedTimed) -> Result<(), RestoreError> {
        saved.check(self)?;
        let SavedTimed {
            smmu,
            now,
            jobs,
            due,
            waiting,
            walker_queue,
            blocked,
            main_free,
            window_free,
            invalidations,
        } = saved;
        let mut restored = self.smmu.clone();
        restored.restore(smmu)?;
        let in_work = || jobs.iter().flatten();
        *self = Self {
            smmu: restored,
            now: *now,
            jobs: jobs.clone(),
            used: in_work().count(),
            due: due.iter().copied().collect(),
            waiting: waiting.iter().copied().collect(),
            walker_queue: walker_queue.iter().copied().collect(),
            // Not more than there are walkers: checked.
            walkers_used: in_work().filter(|job| job.phase.walking().is_some()).count() as u8,
            blocking: in_work().filter(|job| job.blocking).count() as u32,
            blocked: blocked.iter().copied().collect(),
            main_free: *main_free,
            window_free: *window_free,
            invalidations: invalidations.iter().copied().collect(),
        };
        Ok(())
    }
}

impl SavedTimed {
    fn check(&self, timed: &Timed) -> Result<(), RestoreError> {
        let value = |what| Err(RestoreError::Value { what });
        let config = timed.smmu.config();
        if self.jobs.len() != timed.jobs.len() {
            return Err(RestoreError::Shape { what: "translation slots" });
        }
        let mut clocks = [self.now, self.main_free, self.window_free].into_iter();
        if clocks.any(|clock| clock >= FAR) {
            return value("clock");
        }
        for waiting in &self.waiting {
            waiting.request.check()?;
            if waiting.submitted > self.now {
                return value("submission in the future");
            }
        }
        let mut walkers = 0;
        for job in self.jobs.iter().flatten() {
            self.check_job(job, usize::from(config.banks))?;
            walkers += usize::from(job.phase.walking().is_some());
        }
        if walkers > usize::from(config.timing.walkers) {
            return value("more walks than walkers");
        }
        let far = |at: &u64| !(self.now..FAR).contains(at);
        if !self.due.is_sorted_by_key(|&(at, _)| at) || self.due.iter().any(|(at, _)| far(at)) {
            return value("steps due");
        }
        let due = self.due.iter().map(|&(_, slot)| slot);
        self.check_slots("steps due", due, Phase::is_due)?;
        if self.walker_queue.iter().any(|&(_, since)| since > self.now) {
            return value("wait for a walker");
        }
        let queue = self.walker_queue.iter().map(|&(slot, _)| slot);
        self.check_slots("waits for a walker", queue, |phase| matches!(phase, Phase::Queued { .. }))?;
        let blocked = self.blocked.iter().copied();
        self.check_slots("blocked lookups", blocked, |phase| matches!(phase, Phase::Blocked))?;
        let done = &self.invalidations;
        if !done.is_sorted_by_key(|&(at, _)| at) || done.iter().any(|(at, _)| far(at)) {
            return value("invalidations under way");
        }
        Ok(())
    }

    fn check_job(&self, job: &Job, banks: usize) -> Result<(), RestoreError> {
        let value = |what| Err(RestoreError::Value { what });
        let Job { request, submitted, released: _, blocking, phase } = job;
        request.check()?;
        if *submitted > self.now {
            return value("submission in the future");
        }
        let missed = phase.walking().is_some() || matches!(phase, Phase::Queued { .. });
        if *blocking && !missed {
            return value("blocking transaction that did not miss");
        }
        let (Phase::Main { routed } | Phase::Queued { routed }) = phase else {
            let Some(routed) = phase.walking() else { return Ok(()) };
            routed.check(banks)?;
            return match phase {
                Phase::Issuing { walk, read, .. } => walk.check(banks).and(read.check(banks)),
                Phase::Reading { walk, read, since, .. } if *since <= self.now => {
                    walk.check(banks).and(read.check(banks))
                }
                Phase::Writing { walk, write, since, .. } if *since <= self.now => {
                    walk.check(banks).and(write.check(banks))
                }
                Phase::Filling { entry, .. } => entry.check(),
                _ => value("descriptor access in the future"),
            };
        };
        routed.check(banks)
    }

    /// Checks that a list names exactly the slots in some phase, each once.
    fn check_slots(
        &self,
        what: &'static str,
        slots: impl Iterator<Item = u16>,
        in_phase: impl Fn(&Phase) -> bool,
    ) -> Result<(), RestoreError> {
        let mut named = vec![false; self.jobs.len()];
        for slot in slots {
            match named.get_mut(usize::from(slot)) {
                Some(seen) if !*seen => *seen = true,
                _ => return Err(RestoreError::Value { what }),
            }
        }
        let expected = self.jobs.iter().map(|job| job.as_ref().is_some_and(|job| in_phase(&job.phase)));
        if named.into_iter().eq(expected) { Ok(()) } else { Err(RestoreError::Value { what }) }
    }
}
