//! Wires from the outputs of units to where they act.

use core::ops::Range;

use msmemu_devices::Device;
use msmemu_devices::gic::GicInput;
use msmemu_fabric::{Edge, FabricTap as _, LineId};

use crate::Stop;
use crate::config::Config;
use crate::observe::{Hooks, Observer, Taps};

use super::blocks::Blocks;
use super::{Soc, Unit};

/// Where a wire leads.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum End {
    /// An input of the interrupt controller.
    Gic(GicInput),
    /// The power supply: low switches the machine off.
    Power,
    /// The end of the run: high, the guest's kernel has panicked.
    Panic,
    /// The reset controller of the chip: high restarts it.
    Watchdog,
    /// The reset of an SMMU.
    SmmuReset(u8),
    /// Nowhere.
    Open,
}

/// An output line of a unit. Wire `n` is line `n` of [`Soc::lines`]; those of a unit are neighbours.
#[derive(Clone, Debug)]
pub(crate) struct Wire {
    pub(crate) name: String,
    pub(super) unit: Unit,
    /// Number of the line at the unit.
    pub(super) line: usize,
    pub(crate) end: End,
}

/// Every wire, sorted by unit.
pub(super) fn wires(config: &Config, blocks: &Blocks) -> Vec<Wire> {
    let spi = |n: u32| End::Gic(GicInput::Spi(n as u16));
    let ppi = |number: u8| End::Gic(GicInput::Ppi { cpu: 0, number });
    let mut out = Vec::new();
    let mut add = |unit, owner: &str, ends: &mut dyn FnMut(usize, &str) -> End| {
        let lines = blocks.device(unit).map_or(&[] as &[_], |d| d.lines());
        for (line, name) in lines.iter().enumerate() {
            out.push(Wire { name: format!("{owner}.{name}"), unit, line, end: ends(line, name) });
        }
    };
    let timer = &config.timer;
    add(Unit::Timer, "timer", &mut |_, name| match name {
        "cpu0.dgt" => ppi(timer.debug_ppi),
        "cpu0.gpt0" => ppi(timer.gpt_ppi),
        "cpu0.gpt1" => ppi(timer.gpt1_ppi),
        "cpu0.wdt0-bark" => ppi(timer.bark_ppi),
        "cpu0.wdt1-bark" => ppi(timer.bark1_ppi),
        "cpu0.wdt0-bite" | "cpu0.wdt1-bite" => End::Watchdog,
        _ => End::Open,
    });
    for (i, uart) in config.uart.iter().enumerate() {
        add(Unit::Uart(i as u8), &uart.name, &mut |_, _| spi(uart.spi));
    }
    for (i, controller) in config.controller.iter().enumerate() {
        add(Unit::Controller(i as u8), &controller.name, &mut |_, name| match name.split_once('.') {
            Some(("reset", smmu)) => match config.smmu.iter().position(|s| s.name == smmu) {
                Some(index) => End::SmmuReset(index as u8),
                None => End::Open,
            },
            _ if name == "ps-hold" => End::Power,
            _ if name == "panicked" => End::Panic,
            _ => End::Open,
        });
    }
    for (i, engine) in config.traffic_engine.iter().enumerate() {
        add(Unit::Master(i as u8), &engine.name, &mut |_, _| spi(engine.spi));
    }
    let engines = config.traffic_engine.len();
    for (i, dmac) in config.pl330.iter().enumerate() {
        let mut number = |line: usize, _: &str| dmac.spis.get(line).map_or(End::Open, |n| spi(*n));
        add(Unit::Master((engines + i) as u8), &dmac.name, &mut number);
    }
    for (i, smmu) in config.smmu.iter().enumerate() {
        for (line, (name, number)) in
            [("secure", smmu.secure_spi), ("non-secure", smmu.non_secure_spi)].into_iter().enumerate()
        {
            let name = format!("{}.{name}", smmu.name);
            out.push(Wire { name, unit: Unit::Smmu(i as u8), line, end: spi(number) });
        }
    }
    out.sort_by_key(|wire| (wire.unit, wire.line));
    out
}

/// Which wires belong to each unit, by its dense index.
pub(super) fn by_unit(wires: &[Wire], units: &[Unit]) -> Vec<Range<usize>> {
    let first = |unit: Unit| wires.partition_point(|w| w.unit < unit);
    let last = |unit: Unit| wires.partition_point(|w| w.unit <= unit);
    units.iter().map(|unit| first(*unit)..last(*unit)).collect()
}

impl Soc {
    /// Levels of a unit's outputs, a bit each.
    #[inline]
    fn outputs(&self, unit: Unit) -> u64 {
        match unit {
            Unit::Smmu(i) => self.smmus.get(usize::from(i)).map_or(0, |s| s.interrupts().into()),
            unit => self.blocks.device(unit).map_or(0, Device::levels),
        }
    }

    /// Carries the outputs of a unit that changed to where they act, and says whether there are such.
    /// `index` is its dense index.
    #[inline]
    pub(super) fn drive<O: Observer, T: Taps>(
        &mut self,
        unit: Unit,
        index: usize,
        hooks: &mut Hooks<'_, O, T>,
    ) -> bool {
        let outputs = self.outputs(unit);
        let known = self.levels.get(index).copied().unwrap_or(0);
        let news = outputs != known || T::Fabric::LINES;
        if news {
            self.carry(index, known, outputs, hooks);
        }
        news
    }

    fn carry<O: Observer, T: Taps>(
        &mut self,
        index: usize,
        known: u64,
        outputs: u64,
        hooks: &mut Hooks<'_, O, T>,
    ) {
        let changed = known ^ outputs;
        if let Some(known) = self.levels.get_mut(index) {
            *known = outputs;
        }
        let wires = self.wires_of.get(index).cloned().unwrap_or_default();
        for number in wires {
            let Some(&Wire { line, end, .. }) = self.wires.get(number) else { continue };
            if changed >> line & 1 == 0 && !T::Fabric::LINES {
                continue;
            }
            let id = LineId(number as u32);
            let mut level = outputs >> line & 1 != 0;
            hooks.taps.fabric().line(self.now, id, &mut level);
            let Some(edge) = self.lines.set(id, level) else { continue };
            hooks.obs.line(self.now, id, edge);
            match (end, edge) {
                (End::Gic(input), _) => {
                    // The configuration was checked against the number of inputs.
                    let _ = self.gic.set_input(input, level);
                }
                (End::Power, Edge::Falling) => self.stop = Some(Stop::PoweredOff),
                (End::Panic, Edge::Rising) => self.stop = Some(Stop::Panicked { pc: self.pc }),
                (End::Watchdog, Edge::Rising) => self.stop = Some(Stop::WatchdogBite),
                (End::SmmuReset(smmu), Edge::Rising) => self.reset_smmu(usize::from(smmu), hooks),
                (End::Power | End::Panic | End::Watchdog | End::SmmuReset(_) | End::Open, _) => {}
            }
        }
    }

    /// Takes the levels after power-on without acting on them.
    pub(super) fn settle_all(&mut self) {
        let wires = std::sync::Arc::clone(&self.wires);
        for (index, wire) in wires.iter().enumerate() {
            let level = self.outputs(wire.unit) >> wire.line & 1 != 0;
            let _ = self.lines.set(LineId(index as u32), level);
            if let End::Gic(input) = wire.end {
                let _ = self.gic.set_input(input, level);
            }
        }
        self.derive_all();
    }

    /// Works out anew what is known of the units: the levels that their wires carry, and their deadlines.
    pub(super) fn derive_all(&mut self) {
        self.deadlines.clear();
        for index in 0..self.levels.len() {
            let wires = self.wires_of.get(index).cloned().unwrap_or_default();
            self.levels[index] = wires.fold(0, |levels, number| {
                let line = self.wires.get(number).map_or(0, |wire| wire.line);
                levels | u64::from(self.lines.level(LineId(number as u32))) << line
            });
            self.deadlines.set(index, self.deadline(self.dispatch.unit(index)));
        }
    }
}
