//! Saving and restoring a machine.

use std::sync::Arc;

use serde::{Deserialize, Serialize};

use crate::config::Config;
use crate::snapshot::{Snapshot, SnapshotError};
use crate::soc::state::{invalid, part, take};
use crate::{GapPolicy, Machine, TimingMode};

/// What belongs to the machine as a whole.
#[derive(Clone, Debug, Serialize, Deserialize)]
struct MachineState {
    timing: TimingMode,
    asleep: bool,
    idle_cycles: u64,
    semihosting_on: bool,
    semihosting: msmemu_cpu::semihosting::Semihosting,
}

impl Machine {
    /// Everything a run depends on. Restoring it and running on gives the same as never having stopped.
    pub fn save(&self) -> Snapshot {
        let mut parts = Vec::new();
        self.soc.save(&mut parts);
        parts.push(part("cpu0", "core", &self.cpu.core.save()));
        let state = MachineState {
            timing: self.soc.timing,
            asleep: self.asleep,
            idle_cycles: self.idle_cycles,
            semihosting_on: self.cpu.core.semihosting,
            semihosting: self.semihosting.clone(),
        };
        parts.push(part("machine", "machine", &state));
        Snapshot { config: self.soc.config.digest(), parts }
    }

    /// A machine in a saved state, with the timing mode it was saved in. Symbols are not part of
    /// it, see [`Machine::set_symbols`].
    ///
    /// # Errors
    /// When the snapshot was taken from another configuration, lacks a part, has one too many, or one
    /// that its component refuses.
    pub fn restore(
        config: Arc<Config>,
        policy: GapPolicy,
        snapshot: Snapshot,
    ) -> Result<Self, SnapshotError> {
        let mut parts = snapshot.for_machine(&config.digest())?;
        let state: MachineState = take(&mut parts, "machine", "machine")?;
        let MachineState { timing, asleep, idle_cycles, semihosting_on, semihosting } = state;
        let mut machine = Self::new(config, timing, policy).map_err(|e| invalid("machine", "machine", &e))?;
        machine.soc.restore(&mut parts)?;
        let core = take(&mut parts, "cpu0", "core")?;
        machine.cpu.restore(&core).map_err(|e| invalid("cpu0", "core", &e))?;
        parts.finish()?;
        machine.cpu.core.semihosting = semihosting_on;
        machine.semihosting = semihosting;
        (machine.asleep, machine.idle_cycles) = (asleep, idle_cycles);
        Ok(machine)
    }
}
