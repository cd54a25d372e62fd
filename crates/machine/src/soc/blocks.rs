//! Devices, and which of them answers where.

use msmemu_devices::gic::{CPU_INTERFACE, Gic, GicConfig, Version};
use msmemu_devices::pl330::{Pl330, Pl330Config};
use msmemu_devices::soc::{Gcc, Gsbi, Mmcc, Pvpanic, Tcsr, Tlmm};
use msmemu_devices::timer::{TimerBlock, core_copy};
use msmemu_devices::traffic_engine::{TrafficEngine, TrafficEngineConfig};
use msmemu_devices::uartdm::{UartConfig, Uartdm};
use msmemu_devices::{Device, DmaMaster};
use msmemu_fabric::{Clock, Mid};

use crate::config::{Config, ControllerKind, GicKind, RegionKind};

/// A part of the machine with registers.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash, serde::Serialize, serde::Deserialize)]
pub enum Unit {
    /// Interrupt controller.
    Gic,
    /// Timer block.
    Timer,
    /// GSBI of `uart[i]`.
    Gsbi(u8),
    /// UARTDM of `uart[i]`.
    Uart(u8),
    /// `controller[i]`.
    Controller(u8),
    /// `smmu[i]`.
    Smmu(u8),
    /// Master `i`: traffic engines first, then PL330s, in the order of the configuration.
    Master(u8),
}

/// A window of the address space.
#[derive(Clone, Copy, Debug)]
struct Window {
    base: u32,
    size: u32,
    unit: Unit,
    /// Offset of the window in the unit's register space.
    offset: u32,
}

/// Who answers at an address: an entry for each 4 KiB page leads to a window.
#[derive(Debug)]
pub(super) struct Dispatch {
    /// 0: nobody; `n`: window `n - 1`.
    pages: Box<[u16]>,
    windows: Vec<Window>,
    units: Vec<Unit>,
    /// Dense index of the first GSBI, UART, controller, SMMU and master.
    first: [usize; 5],
}

const PAGE_BITS: u32 = 12;

impl Dispatch {
    /// From a checked configuration.
    pub(super) fn new(config: &Config) -> Self {
        let engines = config.traffic_engine.len();
        let mut windows = Vec::new();
        for region in config.regions() {
            let (unit, offset) = match region.kind {
                RegionKind::Memory(_) => continue,
                RegionKind::GicDistributor => (Unit::Gic, 0),
                RegionKind::GicCpuInterface => (Unit::Gic, CPU_INTERFACE),
                RegionKind::Timer => (Unit::Timer, 0),
                RegionKind::TimerCpu0 => (Unit::Timer, core_copy(0)),
                RegionKind::GsbiControl(i) => (Unit::Gsbi(i as u8), 0),
                RegionKind::Uartdm(i) => (Unit::Uart(i as u8), 0),
                RegionKind::Controller(i) => (Unit::Controller(i as u8), 0),
                RegionKind::Smmu(i) => (Unit::Smmu(i as u8), 0),
                RegionKind::TrafficEngine(i) => (Unit::Master(i as u8), 0),
                RegionKind::Pl330(i) => (Unit::Master((engines + i) as u8), 0),
            };
            windows.push(Window { base: region.base, size: region.size, unit, offset });
        }
        let mut pages = vec![0_u16; 1 << (32 - PAGE_BITS)].into_boxed_slice();
        for (index, window) in windows.iter().enumerate() {
            let first = (window.base >> PAGE_BITS) as usize;
            let count = (window.size >> PAGE_BITS) as usize;
            pages[first..first + count].fill(index as u16 + 1);
        }
        let mut units: Vec<Unit> = windows.iter().map(|w| w.unit).collect();
        units.sort_unstable();
        units.dedup();
        let first = [Unit::Gsbi(0), Unit::Uart(0), Unit::Controller(0), Unit::Smmu(0), Unit::Master(0)];
        let first = first.map(|first| units.partition_point(|unit| *unit < first));
        Self { pages, windows, units, first }
    }

    /// The unit at an address, and the offset in its register space.
    #[inline]
    pub(super) fn find(&self, address: u64) -> Option<(Unit, u32)> {
        let address = u32::try_from(address).ok()?;
        let index = self.pages[(address >> PAGE_BITS) as usize].checked_sub(1)?;
        let window = self.windows.get(usize::from(index))?;
        Some((window.unit, address - window.base + window.offset))
    }

    /// All units; the position of one is its dense index.
    pub(super) fn units(&self) -> &[Unit] {
        &self.units
    }

    /// Dense index of a unit. Every unit has registers, so those of a kind are numbered without gaps.
    #[inline]
    pub(super) fn index(&self, unit: Unit) -> usize {
        let [gsbis, uarts, controllers, smmus, masters] = self.first;
        match unit {
            Unit::Gic => 0,
            Unit::Timer => 1,
            Unit::Gsbi(i) => gsbis + usize::from(i),
            Unit::Uart(i) => uarts + usize::from(i),
            Unit::Controller(i) => controllers + usize::from(i),
            Unit::Smmu(i) => smmus + usize::from(i),
            Unit::Master(i) => masters + usize::from(i),
        }
    }

    /// The unit of a dense index.
    pub(super) fn unit(&self, index: usize) -> Unit {
        self.units.get(index).copied().unwrap_or(Unit::Gic)
    }
}

/// A pin, clock or top-level controller.
#[derive(Clone, Debug)]
pub(crate) enum ControllerBlock {
    Gcc(Box<Gcc>),
    Mmcc(Box<Mmcc>),
    Pvpanic(Box<Pvpanic>),
    Tcsr(Box<Tcsr>),
    Tlmm(Box<Tlmm>),
}

/// A device that starts transactions.
#[derive(Clone, Debug)]
pub(crate) enum Master {
    Engine(Box<TrafficEngine>),
    Pl330(Box<Pl330>),
}

impl Master {
    pub(crate) fn device(&self) -> &dyn DmaMaster {
        match self {
            Self::Engine(engine) => engine.as_ref(),
            Self::Pl330(dmac) => dmac.as_ref(),
        }
    }

    pub(crate) fn device_mut(&mut self) -> &mut dyn DmaMaster {
        match self {
            Self::Engine(engine) => engine.as_mut(),
            Self::Pl330(dmac) => dmac.as_mut(),
        }
    }
}

/// Devices other than the interrupt controller and the SMMUs.
#[derive(Clone, Debug)]
pub(crate) struct Blocks {
    pub(crate) timer: TimerBlock,
    pub(crate) gsbis: Vec<Gsbi>,
    pub(crate) uarts: Vec<Uartdm>,
    pub(crate) controllers: Vec<ControllerBlock>,
    pub(crate) masters: Vec<Master>,
}

/// 16 x 115200 x 4: the UART reaches its standard rates from it with the dividers it has.
pub(crate) const UART_CLOCK_HZ: u32 = 7_372_800;

impl Blocks {
    pub(super) fn new(config: &Config) -> Self {
        let controller = |kind| match kind {
            ControllerKind::Gcc => ControllerBlock::Gcc(Box::default()),
            ControllerKind::Mmcc => ControllerBlock::Mmcc(Box::default()),
            ControllerKind::Pvpanic => ControllerBlock::Pvpanic(Box::default()),
            ControllerKind::Tcsr => ControllerBlock::Tcsr(Box::default()),
            ControllerKind::Tlmm => ControllerBlock::Tlmm(Box::default()),
        };
        let engine = |address_bits: Option<u8>| {
            let address_bits = address_bits.unwrap_or(32);
            let config = TrafficEngineConfig { address_bits, ..TrafficEngineConfig::default() };
            Master::Engine(Box::new(TrafficEngine::new(config)))
        };
        let dmac = |dmac: &crate::config::Pl330| {
            let mid = Mid(dmac.mids.first().copied().unwrap_or(0));
            Master::Pl330(Box::new(Pl330::new(Pl330Config {
                channels: dmac.channels,
                // The first interrupt is that of aborts.
                events: (dmac.spis.len() - 1) as u8,
                clock: Clock::from_hz(u64::from(dmac.clock_hz)),
                manager_mid: mid,
                channel_mids: [mid; 8],
                ..Pl330Config::default()
            })))
        };
        let engines = config.traffic_engine.iter().map(|t| engine(t.address_bits));
        let mut uarts: Vec<Uartdm> =
            config.uart.iter().map(|_| Uartdm::new(UartConfig { clock_hz: UART_CLOCK_HZ })).collect();
        // A boot loader leaves the console on, and early consoles rely on it.
        for (uart, _) in uarts.iter_mut().zip(&config.uart).filter(|(_, c)| c.console) {
            uart.enable();
        }
        Self {
            timer: TimerBlock::new(1),
            gsbis: config.uart.iter().map(|_| Gsbi::new()).collect(),
            uarts,
            controllers: config.controller.iter().map(|c| controller(c.kind)).collect(),
            masters: engines.chain(config.pl330.iter().map(dmac)).collect(),
        }
    }

    /// A device that starts transactions.
    #[inline]
    pub(super) fn master(&mut self, number: u8) -> Option<&mut dyn DmaMaster> {
        self.masters.get_mut(usize::from(number)).map(Master::device_mut)
    }

    /// A unit as a device; none for the interrupt controller and the SMMUs, which are elsewhere.
    pub(super) fn device(&self, unit: Unit) -> Option<&dyn Device> {
        match unit {
            Unit::Gic | Unit::Smmu(_) => None,
            Unit::Timer => Some(&self.timer),
            Unit::Gsbi(i) => self.gsbis.get(usize::from(i)).map(|d| d as &dyn Device),
            Unit::Uart(i) => self.uarts.get(usize::from(i)).map(|d| d as &dyn Device),
            Unit::Controller(i) => self.controllers.get(usize::from(i)).map(|c| match c {
                ControllerBlock::Gcc(d) => d.as_ref() as &dyn Device,
                ControllerBlock::Mmcc(d) => d.as_ref(),
                ControllerBlock::Pvpanic(d) => d.as_ref(),
                ControllerBlock::Tcsr(d) => d.as_ref(),
                ControllerBlock::Tlmm(d) => d.as_ref(),
            }),
            Unit::Master(i) => self.masters.get(usize::from(i)).map(|m| m.device() as &dyn Device),
        }
    }

    /// As [`Blocks::device`].
    pub(super) fn device_mut(&mut self, unit: Unit) -> Option<&mut dyn Device> {
        match unit {
            Unit::Gic | Unit::Smmu(_) => None,
            Unit::Timer => Some(&mut self.timer),
            Unit::Gsbi(i) => self.gsbis.get_mut(usize::from(i)).map(|d| d as &mut dyn Device),
            Unit::Uart(i) => self.uarts.get_mut(usize::from(i)).map(|d| d as &mut dyn Device),
            Unit::Controller(i) => self.controllers.get_mut(usize::from(i)).map(|c| match c {
                ControllerBlock::Gcc(d) => d.as_mut() as &mut dyn Device,
                ControllerBlock::Mmcc(d) => d.as_mut(),
                ControllerBlock::Pvpanic(d) => d.as_mut(),
                ControllerBlock::Tcsr(d) => d.as_mut(),
                ControllerBlock::Tlmm(d) => d.as_mut(),
            }),
            Unit::Master(i) => {
                self.masters.get_mut(usize::from(i)).map(|m| m.device_mut() as &mut dyn Device)
            }
        }
    }
}

pub(super) fn gic(config: &Config) -> Gic {
    let version = match config.gic.kind {
        GicKind::Msm8660Qgic => Version::V1,
        GicKind::MsmQgic2 => Version::V2,
    };
    Gic::new(GicConfig { version, cpus: 1, spis: config.gic.spis as u16 })
}
