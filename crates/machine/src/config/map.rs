//! The address map of a configuration: one list of windows that the check for overlaps, the
//! builder and the device tree all use.

use super::schema::{Config, Controller, ControllerKind, DEVICE_WINDOW, MemoryKind, SMMU_WINDOW};

/// What answers in a window.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum RegionKind {
    /// `memory[i]`.
    Memory(usize),
    /// Distributor of the interrupt controller.
    GicDistributor,
    /// CPU interface of the interrupt controller.
    GicCpuInterface,
    /// Timer block as the accessing CPU sees it.
    Timer,
    /// Timer block of CPU 0.
    TimerCpu0,
    /// GSBI control registers of `uart[i]`.
    GsbiControl(usize),
    /// UARTDM of `uart[i]`.
    Uartdm(usize),
    /// `controller[i]`.
    Controller(usize),
    /// `smmu[i]`.
    Smmu(usize),
    /// `traffic_engine[i]`.
    TrafficEngine(usize),
    /// `pl330[i]`.
    Pl330(usize),
}

/// A window of the physical address space.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Region {
    /// Name for messages.
    pub name: String,
    /// First address.
    pub base: u32,
    /// Bytes; `base + size` may be 2^32.
    pub size: u32,
    /// What answers there.
    pub kind: RegionKind,
    /// Keys that lead to `base` in the file: table, index in an array of tables, key.
    pub(super) place: (&'static str, Option<usize>, &'static str),
}

impl Region {
    /// One past the last address.
    pub fn end(&self) -> u64 {
        u64::from(self.base) + u64::from(self.size)
    }
}

impl Config {
    /// Every window of the physical address space, in the order of the file format.
    pub fn regions(&self) -> Vec<Region> {
        let mut out = Vec::new();
        let mut add = |name: String, base: u32, size: u32, kind, place| {
            out.push(Region { name, base, size, kind, place });
        };
        for (i, m) in self.memory.iter().enumerate() {
            let place = ("memory", Some(i), "base");
            add(m.name.clone(), m.base, m.size, RegionKind::Memory(i), place);
        }
        let page = DEVICE_WINDOW;
        let place = ("gic", None, "distributor");
        add("gic distributor".into(), self.gic.distributor, page, RegionKind::GicDistributor, place);
        let place = ("gic", None, "cpu_interface");
        add("gic CPU interface".into(), self.gic.cpu_interface, page, RegionKind::GicCpuInterface, place);
        let place = ("timer", None, "base");
        add("timer".into(), self.timer.base, page, RegionKind::Timer, place);
        let place = ("timer", None, "cpu0_base");
        add("timer of CPU 0".into(), self.timer.cpu0_base, page, RegionKind::TimerCpu0, place);
        for (i, u) in self.uart.iter().enumerate() {
            let place = ("uart", Some(i), "control");
            add(format!("{} GSBI control", u.name), u.control, page, RegionKind::GsbiControl(i), place);
            let place = ("uart", Some(i), "base");
            add(format!("{} UARTDM", u.name), u.base, page, RegionKind::Uartdm(i), place);
        }
        for (i, c) in self.controller.iter().enumerate() {
            let place = ("controller", Some(i), "base");
            add(c.name.clone(), c.base, c.kind.window(), RegionKind::Controller(i), place);
        }
        for (i, s) in self.smmu.iter().enumerate() {
            let place = ("smmu", Some(i), "base");
            add(s.name.clone(), s.base, SMMU_WINDOW, RegionKind::Smmu(i), place);
        }
        for (i, t) in self.traffic_engine.iter().enumerate() {
            let place = ("traffic_engine", Some(i), "base");
            add(t.name.clone(), t.base, page, RegionKind::TrafficEngine(i), place);
        }
        for (i, p) in self.pl330.iter().enumerate() {
            let place = ("pl330", Some(i), "base");
            add(p.name.clone(), p.base, page, RegionKind::Pl330(i), place);
        }
        out
    }

    /// The controller of a kind.
    pub fn controller(&self, kind: ControllerKind) -> Option<&Controller> {
        self.controller.iter().find(|c| c.kind == kind)
    }

    /// The first main memory: where kernels are loaded.
    pub fn main_memory(&self) -> Option<&super::Memory> {
        self.memory.iter().find(|m| m.kind == MemoryKind::Ram)
    }

    /// Every port of a master that leads to an SMMU: number of the master (traffic engines first, then PL330s), its
    /// name, and the name of the SMMU. Ports of one SMMU are numbered in this order.
    pub fn smmu_ports(&self) -> impl Iterator<Item = (usize, &str, &str)> {
        let engines = self.traffic_engine.iter().map(|t| (&t.name, &t.smmu, t.second.as_ref()));
        let dmacs = self.pl330.iter().map(|p| (&p.name, &p.smmu, None));
        engines.chain(dmacs).enumerate().flat_map(|(master, (name, first, second))| {
            let smmus = first.iter().chain(second.map(|port| &port.smmu));
            smmus.map(move |smmu| (master, name.as_str(), smmu.as_str()))
        })
    }
}
