//! Device trees: generated from the configuration, or given and completed for a boot.
//!
//! The bindings are those of mainline Linux 6.1 for these parts, so that its drivers find
//! the emulated blocks. The only binding of our own is `msmemu,traffic-engine`.
//! All use of the device-tree library is in this module.

use core::ops::Range;

use dtoolkit::fdt::Fdt;
use dtoolkit::model::{DeviceTree, DeviceTreeNode, DeviceTreeProperty};
use dtoolkit::{Node as _, Property as _, ToPropertyValue};

use msmemu_devices::timer::{DGT_CLOCK_HZ, SLEEP_CLOCK_HZ};

use crate::config::{
    Config, ControllerKind, CpuCore, DEVICE_WINDOW, GicKind, MemoryKind, PS_HOLD, SMMU_WINDOW, TimerKind,
};
use crate::soc::UART_CLOCK_HZ;

/// Nesting a given tree may have: the limit of the reader in Linux.
const MAX_DEPTH: usize = 64;
/// Bytes a given tree may have: more than the 1 MiB section that Linux maps for it is never read.
const MAX_SIZE: usize = 1 << 20;

/// Why a given device tree cannot be used.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
pub enum DeviceTreeError {
    /// It is not a flattened device tree, or a damaged one.
    #[error("not a valid device tree: {0}")]
    Malformed(#[from] dtoolkit::error::FdtParseError),
    /// Larger than a kernel reads.
    #[error("the device tree has {size} bytes, at most {MAX_SIZE} are read by a kernel")]
    TooLarge {
        /// Its size.
        size: usize,
    },
    /// Nested deeper than a kernel reads.
    #[error("the device tree is nested deeper than {MAX_DEPTH} levels, at `{node}`")]
    TooDeep {
        /// Name of the first node that is too deep.
        node: String,
    },
    /// Nothing in it says where memory is.
    #[error("the device tree has no node with device_type \"memory\"")]
    NoMemory,
    /// The command line cannot be written as a string of the tree.
    #[error("the kernel command line contains a NUL character")]
    CommandLine,
}

/// What a boot adds to a device tree.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Boot<'a> {
    /// Kernel command line; none keeps what the tree says.
    pub bootargs: Option<&'a str>,
    /// Where the initial RAM disk lies.
    pub initrd: Option<Range<u32>>,
}

/// Completes a tree (generated or given) for a boot.
///
/// # Errors
/// A given tree may be malformed in every way. One without memory would boot
/// into nothing, so it is refused.
pub fn complete(dtb: &[u8], boot: &Boot<'_>) -> Result<Vec<u8>, DeviceTreeError> {
    let mut tree = read(dtb)?;
    let is_memory = |node: &&DeviceTreeNode| {
        let device_type = node.property("device_type");
        device_type.is_some_and(|p| p.value() == b"memory\0")
    };
    if tree.root.children().all(|node| !is_memory(&node)) {
        return Err(DeviceTreeError::NoMemory);
    }
    if boot.bootargs.is_some_and(|args| args.contains('\0')) {
        return Err(DeviceTreeError::CommandLine);
    }
    if tree.root.child_mut("chosen").is_none() {
        tree.root.add_child(DeviceTreeNode::new_unchecked("chosen"));
    }
    if let Some(chosen) = tree.root.child_mut("chosen") {
        if let Some(args) = boot.bootargs {
            set(chosen, "bootargs", args);
        }
        if let Some(initrd) = &boot.initrd {
            set(chosen, "linux,initrd-start", initrd.start);
            set(chosen, "linux,initrd-end", initrd.end);
        }
    }
    Ok(tree.to_dtb())
}

/// A device tree as source text.
///
/// # Errors
/// As [`complete`], but memory is not asked for.
pub fn source(dtb: &[u8]) -> Result<String, DeviceTreeError> {
    Ok(read(dtb)?.to_string())
}

fn read(dtb: &[u8]) -> Result<DeviceTree, DeviceTreeError> {
    if dtb.len() > MAX_SIZE {
        return Err(DeviceTreeError::TooLarge { size: dtb.len() });
    }
    let fdt = Fdt::new(dtb)?;
    // The library walks nested nodes by recursion: the depth is checked before.
    let mut open = vec![(fdt.root(), 1)];
    while let Some((node, depth)) = open.pop() {
        if depth > MAX_DEPTH {
            return Err(DeviceTreeError::TooDeep { node: node.name().to_owned() });
        }
        open.extend(node.children().map(|child| (child, depth + 1)));
    }
    Ok(DeviceTree::from_fdt(&fdt))
}

fn set<T: ToPropertyValue>(node: &mut DeviceTreeNode, name: &str, value: T) {
    node.remove_property(name);
    node.add_property(DeviceTreeProperty::new_unchecked(name, value));
}

/// A node under construction.
struct Builder(DeviceTreeNode);

impl Builder {
    fn new(name: &str) -> Self {
        Self(DeviceTreeNode::new_unchecked(name))
    }

    fn at(name: &str, address: u32) -> Self {
        Self::new(&format!("{name}@{address:x}"))
    }

    fn with<T: ToPropertyValue>(mut self, name: &str, value: T) -> Self {
        set(&mut self.0, name, value);
        self
    }

    fn flag(self, name: &str) -> Self {
        self.with(name, [].as_slice() as &[u8])
    }

    fn cells(self, name: &str, cells: &[u32]) -> Self {
        self.with(name, cells)
    }

    fn strings(self, name: &str, strings: &[&str]) -> Self {
        self.with(name, strings)
    }

    fn address_cells(self) -> Self {
        self.with("#address-cells", 1_u32).with("#size-cells", 1_u32)
    }

    fn child(mut self, child: Self) -> Self {
        self.0.add_child(child.0);
        self
    }

    fn children(self, children: impl IntoIterator<Item = Self>) -> Self {
        children.into_iter().fold(self, Self::child)
    }
}

/// Kinds of interrupt in the GIC binding.
const SPI: u32 = 0;
const PPI: u32 = 1;
/// Trigger types of the interrupt bindings.
const EDGE_RISING: u32 = 1;
const LEVEL_HIGH: u32 = 4;
/// CPU mask in the third cell of a PPI: the first CPU.
const CPU0_MASK: u32 = 1 << 8;
/// `qcom,mode` of a GSBI: I2C and UART.
const GSBI_I2C_UART: u32 = 6;

/// Rates of the fixed clocks that stand for the clock tree, in Hz.
const BUS_HZ: u32 = 64_000_000;

/// Handles that nodes refer to each other by.
struct Handles {
    gic: u32,
    bus_clock: u32,
    uart_clock: u32,
    sleep_clock: u32,
    first_smmu: u32,
}

/// The device tree of a machine, as a flattened tree.
pub fn generate(config: &Config) -> Vec<u8> {
    let handles = Handles { gic: 1, bus_clock: 2, uart_clock: 3, sleep_clock: 4, first_smmu: 5 };
    let compatible: Vec<&str> = config.device_tree.compatible.iter().map(String::as_str).collect();
    let mut root = Builder::new("")
        .address_cells()
        .with("model", config.device_tree.model.as_str())
        .strings("compatible", &compatible)
        .with("interrupt-parent", handles.gic);
    // The console is the first port. Every port has a number: a driver gives numbers of its own to those
    // without, and mainline's begins with that of the console.
    let (console, others): (Vec<_>, Vec<_>) = config.uart.iter().partition(|u| u.console);
    let mut aliases = Builder::new("aliases");
    for (number, uart) in (0_u32..).zip(console.iter().chain(&others)) {
        let path = format!("/soc/gsbi@{:x}/serial@{:x}", uart.control, uart.base);
        aliases = aliases.with(&format!("serial{number}"), path.as_str());
    }
    let mut chosen = Builder::new("chosen").with("bootargs", config.device_tree.bootargs.as_str());
    if !console.is_empty() {
        chosen = chosen.with("stdout-path", "serial0:115200n8");
    }
    if !config.uart.is_empty() {
        root = root.child(aliases);
    }
    let mut tree = DeviceTree::new();
    tree.root = root
        .child(chosen)
        .child(cpus(config))
        .children(memory(config))
        .children(reserved_memory(config))
        .child(clocks(&handles))
        .child(soc(config, &handles))
        .0;
    tree.to_dtb()
}

fn cpus(config: &Config) -> Builder {
    let compatible = match config.cpu.core {
        CpuCore::Scorpion => "qcom,scorpion",
        CpuCore::Krait => "qcom,krait",
    };
    let cpu = Builder::at("cpu", 0)
        .with("compatible", compatible)
        .with("device_type", "cpu")
        .with("reg", 0_u32)
        .with("clock-frequency", config.cpu.clock_hz);
    Builder::new("cpus").with("#address-cells", 1_u32).with("#size-cells", 0_u32).child(cpu)
}

fn memory(config: &Config) -> impl Iterator<Item = Builder> {
    let ram = config.memory.iter().filter(|m| m.kind == MemoryKind::Ram);
    ram.map(|m| Builder::at("memory", m.base).with("device_type", "memory").cells("reg", &[m.base, m.size]))
}

fn reserved_memory(config: &Config) -> Option<Builder> {
    let size = config.device_tree.reserved_low;
    let reserved =
        |name: &str, base, size| Builder::at(name, base).cells("reg", &[base, size]).flag("no-map");
    let smem = config.main_memory().filter(|_| size > 0).map(|ram| reserved("smem", ram.base, size));
    let pools = config.memory.iter().filter(|m| m.kind == MemoryKind::DmaPool);
    // Memory that drivers of devices take from, and that nothing else uses: no page of the kernel lies in it.
    let pools = pools.map(|m| reserved(&m.name, m.base, m.size).with("compatible", "shared-dma-pool"));
    let mut nodes = smem.into_iter().chain(pools).peekable();
    nodes.peek()?;
    Some(Builder::new("reserved-memory").address_cells().flag("ranges").children(nodes))
}

fn clocks(handles: &Handles) -> Builder {
    let fixed = |name: &str, hz: u32, handle: u32| {
        Builder::new(name)
            .with("compatible", "fixed-clock")
            .with("#clock-cells", 0_u32)
            .with("clock-frequency", hz)
            .with("clock-output-names", name)
            .with("phandle", handle)
    };
    Builder::new("clocks")
        .child(fixed("bus-clock", BUS_HZ, handles.bus_clock))
        .child(fixed("uart-clock", UART_CLOCK_HZ, handles.uart_clock))
        .child(fixed("sleep-clock", SLEEP_CLOCK_HZ as u32, handles.sleep_clock))
}

fn soc(config: &Config, handles: &Handles) -> Builder {
    let mut nodes: Vec<(u32, Builder)> =
        vec![(config.gic.distributor, gic(config, handles)), (config.timer.base, timer(config, handles))];
    if let Some(tlmm) = config.controller(ControllerKind::Tlmm) {
        nodes.push((tlmm.base + PS_HOLD, ps_hold(tlmm.base + PS_HOLD)));
    }
    if let Some(panic) = config.controller(ControllerKind::Pvpanic) {
        let node = Builder::at("pvpanic", panic.base).with("compatible", "qemu,pvpanic-mmio");
        nodes.push((panic.base, node.cells("reg", &[panic.base, 2])));
    }
    nodes.extend(config.uart.iter().map(|u| (u.control, gsbi(u, handles))));
    for (index, smmu) in config.smmu.iter().enumerate() {
        nodes.push((smmu.base, iommu(smmu, handles.first_smmu + index as u32, handles)));
    }
    let iommus = |name: Option<&str>, mids: &[u8]| -> Vec<u32> {
        let index = config.smmu.iter().position(|s| Some(s.name.as_str()) == name);
        let handle = index.map(|i| handles.first_smmu + i as u32);
        let pair = |mid: &u8| handle.into_iter().chain([u32::from(*mid)]);
        mids.iter().flat_map(pair).collect()
    };
    let attach = |node: Builder, smmu: Option<&str>, mids: &[u8], bits: Option<u8>| match bits {
        Some(bits) => node.with("msmemu,address-bits", u32::from(bits)),
        None => node.cells("iommus", &iommus(smmu, mids)),
    };
    for engine in &config.traffic_engine {
        let node = Builder::at("dma", engine.base)
            .with("compatible", "msmemu,traffic-engine")
            .cells("reg", &[engine.base, DEVICE_WINDOW])
            .cells("interrupts", &[SPI, engine.spi, LEVEL_HIGH])
            .with("label", engine.name.as_str());
        let node = match &engine.second {
            Some(second) => {
                let mut cells = iommus(engine.smmu.as_deref(), &engine.mids);
                cells.extend(iommus(Some(&second.smmu), &second.mids));
                node.cells("iommus", &cells)
            }
            None => attach(node, engine.smmu.as_deref(), &engine.mids, engine.address_bits),
        };
        nodes.push((engine.base, node));
    }
    for dmac in &config.pl330 {
        let interrupts: Vec<u32> = dmac.spis.iter().flat_map(|spi| [SPI, *spi, LEVEL_HIGH]).collect();
        let node = Builder::at("dma-controller", dmac.base)
            .strings("compatible", &["arm,pl330", "arm,primecell"])
            .cells("reg", &[dmac.base, DEVICE_WINDOW])
            .cells("interrupts", &interrupts)
            .with("#dma-cells", 1_u32)
            .with("clocks", handles.bus_clock)
            .with("clock-names", "apb_pclk");
        let node = attach(node, dmac.smmu.as_deref(), &dmac.mids, dmac.address_bits);
        nodes.push((dmac.base, node));
    }
    nodes.sort_by_key(|(base, _)| *base);
    Builder::new("soc")
        .with("compatible", "simple-bus")
        .address_cells()
        .flag("ranges")
        .children(nodes.into_iter().map(|(_, node)| node))
}

fn gic(config: &Config, handles: &Handles) -> Builder {
    let gic = &config.gic;
    let compatible = match gic.kind {
        GicKind::Msm8660Qgic => "qcom,msm-8660-qgic",
        GicKind::MsmQgic2 => "qcom,msm-qgic2",
    };
    Builder::at("interrupt-controller", gic.distributor)
        .with("compatible", compatible)
        .flag("interrupt-controller")
        .with("#address-cells", 0_u32)
        .with("#interrupt-cells", 3_u32)
        .cells("reg", &[gic.distributor, DEVICE_WINDOW, gic.cpu_interface, DEVICE_WINDOW])
        .with("phandle", handles.gic)
}

fn timer(config: &Config, handles: &Handles) -> Builder {
    let timer = &config.timer;
    let kind = match timer.kind {
        TimerKind::Scss => "qcom,scss-timer",
        TimerKind::Kpss => "qcom,kpss-timer",
    };
    let ppis = [timer.debug_ppi, timer.gpt_ppi, timer.gpt1_ppi, timer.bark_ppi, timer.bark1_ppi];
    let interrupts: Vec<u32> =
        ppis.iter().flat_map(|ppi| [PPI, u32::from(*ppi), CPU0_MASK | EDGE_RISING]).collect();
    Builder::at("timer", timer.base)
        .strings("compatible", &[kind, "qcom,msm-timer"])
        .cells("interrupts", &interrupts)
        .cells("reg", &[timer.base, 0x100])
        .cells("clock-frequency", &[DGT_CLOCK_HZ as u32, SLEEP_CLOCK_HZ as u32])
        .with("clocks", handles.sleep_clock)
        .with("clock-names", "sleep")
        .with("cpu-offset", timer.cpu0_base.wrapping_sub(timer.base))
}

fn ps_hold(register: u32) -> Builder {
    Builder::at("pshold", register).with("compatible", "qcom,pshold").cells("reg", &[register, 4])
}

fn gsbi(uart: &crate::config::Uart, handles: &Handles) -> Builder {
    let serial = Builder::at("serial", uart.base)
        .strings("compatible", &["qcom,msm-uartdm-v1.3", "qcom,msm-uartdm"])
        .cells("reg", &[uart.base, DEVICE_WINDOW, uart.control, DEVICE_WINDOW])
        .cells("interrupts", &[SPI, uart.spi, LEVEL_HIGH])
        .cells("clocks", &[handles.uart_clock, handles.bus_clock])
        .strings("clock-names", &["core", "iface"]);
    Builder::at("gsbi", uart.control)
        .with("compatible", "qcom,gsbi-v1.0.0")
        .with("cell-index", u32::from(uart.gsbi))
        .cells("reg", &[uart.control, 0x100])
        .with("clocks", handles.bus_clock)
        .with("clock-names", "iface")
        .with("qcom,mode", GSBI_I2C_UART)
        .address_cells()
        .flag("ranges")
        .child(serial)
}

fn iommu(smmu: &crate::config::Smmu, handle: u32, handles: &Handles) -> Builder {
    // The binding text has the non-secure interrupt first; the mainline tree, and the
    // driver with IRPTNDX = 0, have the one that vendor tables call secure.
    let interrupts = [SPI, smmu.secure_spi, LEVEL_HIGH, SPI, smmu.non_secure_spi, LEVEL_HIGH];
    Builder::at("iommu", smmu.base)
        .with("compatible", "qcom,apq8064-iommu")
        .with("#iommu-cells", 1_u32)
        .strings("clock-names", &["smmu_pclk", "iommu_clk"])
        .cells("clocks", &[handles.bus_clock, handles.bus_clock])
        .cells("reg", &[smmu.base, SMMU_WINDOW])
        .cells("interrupts", &interrupts)
        .with("qcom,ncb", smmu.banks)
        .with("label", smmu.name.as_str())
        .with("phandle", handle)
}
