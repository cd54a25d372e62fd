//! State for snapshots: a part for every component, and one for what holds them together.

use std::collections::{BTreeMap, BTreeSet};

use msmemu_devices::StateError;
use msmemu_fabric::{SavedEvents, SavedLines, Time};
use serde::de::DeserializeOwned;
use serde::{Deserialize, Serialize};

use crate::Stop;
use crate::snapshot::{Part, Parts, SnapshotError};

use super::blocks::{ControllerBlock, Master};
use super::dma::DmaState;
use super::exceptions::Exceptions;
use super::smmu::Driver;
use super::tables::{Tables, Trail};
use super::{Event, Soc};

/// Version of every part. A change of any saved type raises it.
pub(crate) const VERSION: u32 = 2;

/// What holds the components together.
#[derive(Clone, Debug, Serialize, Deserialize)]
pub(crate) struct SocState {
    now: Time,
    events: SavedEvents<Event>,
    lines: SavedLines,
    dma: DmaState,
    ports: Vec<(Time, u64)>,
    table_frames: BTreeSet<u32>,
    tables: Tables,
    trails: Vec<Trail>,
    exceptions: Exceptions,
    pc: u32,
    last_register: Option<u32>,
    stop: Option<Stop>,
    gaps: BTreeMap<(u32, bool), (String, u64)>,
}

/// A part from a state. Plain data always serialises.
pub(crate) fn part<S: Serialize>(component: &str, kind: &str, state: &S) -> Part {
    let bytes = postcard::to_stdvec(state).unwrap_or_default();
    Part { component: component.into(), kind: kind.into(), version: VERSION, bytes }
}

/// The state of a component.
pub(crate) fn take<S: DeserializeOwned>(
    parts: &mut Parts,
    component: &str,
    kind: &str,
) -> Result<S, SnapshotError> {
    let bytes = parts.take(component, kind, VERSION)?;
    let (state, rest) = postcard::take_from_bytes(&bytes).map_err(|e| invalid(component, kind, &e))?;
    if rest.is_empty() {
        Ok(state)
    } else {
        Err(invalid(component, kind, &format!("{} bytes too many", rest.len())))
    }
}

/// A state that a component refuses.
pub(crate) fn invalid(component: &str, kind: &str, why: &dyn core::fmt::Display) -> SnapshotError {
    SnapshotError::State { component: component.into(), kind: kind.into(), why: why.to_string() }
}

impl Soc {
    /// Parts of all components but the core.
    pub(crate) fn save(&self, out: &mut Vec<Part>) {
        let config = &self.config;
        out.push(part("ram", "ram", &self.memory.ram.save()));
        out.push(part("gic", "gic", &self.gic.save()));
        out.push(part("timer", "timer", &self.blocks.timer.save()));
        for (uart, (device, gsbi)) in config.uart.iter().zip(self.blocks.uarts.iter().zip(&self.blocks.gsbis))
        {
            out.push(part(&uart.name, "uartdm", &device.save()));
            out.push(part(&uart.name, "gsbi", &gsbi.save()));
        }
        for (controller, block) in config.controller.iter().zip(&self.blocks.controllers) {
            out.push(match block {
                ControllerBlock::Gcc(b) => part(&controller.name, "gcc", &b.save()),
                ControllerBlock::Mmcc(b) => part(&controller.name, "mmcc", &b.save()),
                ControllerBlock::Pvpanic(b) => part(&controller.name, "pvpanic", &b.save()),
                ControllerBlock::Tcsr(b) => part(&controller.name, "tcsr", &b.save()),
                ControllerBlock::Tlmm(b) => part(&controller.name, "tlmm", &b.save()),
            });
        }
        for (smmu, unit) in config.smmu.iter().zip(&self.smmus) {
            out.push(match &unit.driver {
                Driver::Functional(model) => part(&smmu.name, "smmu", &model.save()),
                Driver::Timed(timed) => part(&smmu.name, "timed-smmu", &timed.save()),
            });
        }
        for (index, master) in self.blocks.masters.iter().enumerate() {
            let name = self.master_name(index);
            out.push(match master {
                Master::Engine(engine) => part(&name, "traffic-engine", &engine.save()),
                Master::Pl330(dmac) => part(&name, "pl330", &dmac.save()),
            });
        }
        let state = SocState {
            now: self.now,
            events: self.events.save(),
            lines: self.lines.save(),
            dma: self.dma.save(),
            ports: self.memory.save_ports(),
            table_frames: self.memory.tables.clone(),
            tables: self.tables.clone(),
            trails: self.smmus.iter().map(|s| s.trail.clone()).collect(),
            exceptions: self.exceptions.clone(),
            pc: self.pc,
            last_register: self.last_register,
            stop: self.stop.clone(),
            gaps: self.gaps.clone(),
        };
        out.push(part("soc", "soc", &state));
    }

    /// Takes the parts of all components but the core.
    pub(crate) fn restore(&mut self, parts: &mut Parts) -> Result<(), SnapshotError> {
        let config = std::sync::Arc::clone(&self.config);
        let ram = take(parts, "ram", "ram")?;
        self.memory.ram.restore(ram).map_err(|e| invalid("ram", "ram", &e))?;
        restore("gic", "gic", parts, |s| self.gic.restore(s))?;
        restore("timer", "timer", parts, |s| self.blocks.timer.restore(s))?;
        for (uart, (device, gsbi)) in
            config.uart.iter().zip(self.blocks.uarts.iter_mut().zip(&mut self.blocks.gsbis))
        {
            restore(&uart.name, "uartdm", parts, |s| device.restore(s))?;
            restore(&uart.name, "gsbi", parts, |s| gsbi.restore(s))?;
        }
        for (controller, block) in config.controller.iter().zip(&mut self.blocks.controllers) {
            let name = &controller.name;
            match block {
                ControllerBlock::Gcc(b) => restore(name, "gcc", parts, |s| b.restore(s))?,
                ControllerBlock::Mmcc(b) => restore(name, "mmcc", parts, |s| b.restore(s))?,
                ControllerBlock::Pvpanic(b) => restore(name, "pvpanic", parts, |s| b.restore(s))?,
                ControllerBlock::Tcsr(b) => restore(name, "tcsr", parts, |s| b.restore(s))?,
                ControllerBlock::Tlmm(b) => restore(name, "tlmm", parts, |s| b.restore(s))?,
            }
        }
        for (smmu, unit) in config.smmu.iter().zip(&mut self.smmus) {
            match &mut unit.driver {
                Driver::Functional(model) => {
                    let state = take(parts, &smmu.name, "smmu")?;
                    model.restore(&state).map_err(|e| invalid(&smmu.name, "smmu", &e))?;
                }
                Driver::Timed(timed) => {
                    let state = take(parts, &smmu.name, "timed-smmu")?;
                    timed.restore(&state).map_err(|e| invalid(&smmu.name, "timed-smmu", &e))?;
                }
            }
        }
        for index in 0..self.blocks.masters.len() {
            let name = self.master_name(index);
            match self.blocks.masters.get_mut(index) {
                Some(Master::Engine(engine)) => {
                    restore(&name, "traffic-engine", parts, |s| engine.restore(s))?;
                }
                Some(Master::Pl330(dmac)) => restore(&name, "pl330", parts, |s| dmac.restore(s))?,
                None => {}
            }
        }
        let state: SocState = take(parts, "soc", "soc")?;
        self.restore_soc(state)
    }

    fn restore_soc(&mut self, state: SocState) -> Result<(), SnapshotError> {
        let refused = |why: &dyn core::fmt::Display| invalid("soc", "soc", why);
        let SocState {
            now,
            events,
            lines,
            dma,
            ports,
            table_frames,
            tables,
            trails,
            exceptions,
            pc,
            last_register,
            stop,
            gaps,
        } = state;
        if trails.len() != self.smmus.len() {
            return Err(refused(&"another number of SMMUs"));
        }
        self.lines.restore(lines).map_err(|e| refused(&e))?;
        self.dma.restore(dma).map_err(|e| refused(&e))?;
        self.memory.restore_ports(&ports);
        self.memory.restore_tables(table_frames);
        for (unit, trail) in self.smmus.iter_mut().zip(trails) {
            unit.trail = trail;
        }
        self.events.restore(events);
        (self.now, self.tables, self.exceptions, self.pc) = (now, tables, exceptions, pc);
        (self.last_register, self.stop, self.gaps) = (last_register, stop, gaps);
        for console in &mut self.console {
            console.clear();
        }
        self.derive_all();
        Ok(())
    }

    fn master_name(&self, index: usize) -> String {
        let engines = self.config.traffic_engine.iter().map(|t| &t.name);
        let mut names = engines.chain(self.config.pl330.iter().map(|p| &p.name));
        names.nth(index).cloned().unwrap_or_default()
    }
}

fn restore<S: DeserializeOwned>(
    component: &str,
    kind: &str,
    parts: &mut Parts,
    into: impl FnOnce(S) -> Result<(), StateError>,
) -> Result<(), SnapshotError> {
    let state = take(parts, component, kind)?;
    into(state).map_err(|e| invalid(component, kind, &e))
}
