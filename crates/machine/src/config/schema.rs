//! The keys of a machine file. The doc comments are the documentation of the file
//! format: they go into the JSON schema as they stand.

use schemars::JsonSchema;
use serde::{Deserialize, Serialize};

/// The newest schema version this build reads.
pub const SCHEMA_VERSION: u32 = 1;

/// One emulated machine: everything that tells it from another one.
///
/// Addresses are physical, sizes are in bytes, frequencies in Hz, times in ns. An `spi` is the
/// number relative to the first shared interrupt (GIC number minus 32), a `ppi` relative to
/// the first private one (GIC number minus 16).
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
#[schemars(deny_unknown_fields)]
pub struct Config {
    /// Version of this file format. This build reads version 1.
    #[schemars(range(min = 1))]
    pub schema_version: u32,
    /// Name of the machine, as `--machine` takes it.
    pub name: String,
    /// One line for `msmemu machine list`.
    pub description: String,
    /// The processor core.
    pub cpu: Cpu,
    /// On-chip interconnect.
    pub fabric: Fabric,
    /// Interrupt controller.
    pub gic: Gic,
    /// Timer block of the CPU subsystem.
    pub timer: Timer,
    /// What the generated device tree says beside the hardware.
    pub device_tree: DeviceTree,
    /// Memories. At least one is of kind `ram`.
    pub memory: Vec<Memory>,
    /// Serial ports: GSBI blocks with a UARTDM inside.
    #[serde(default)]
    pub uart: Vec<Uart>,
    /// Pin, clock and top-level controllers. There is one of kind `tlmm`: it has PS_HOLD.
    pub controller: Vec<Controller>,
    /// Kinds of System MMU: geometry and costs shared by the instances that name them.
    #[serde(default)]
    pub smmu_model: Vec<SmmuModel>,
    /// System MMU instances.
    #[serde(default)]
    pub smmu: Vec<Smmu>,
    /// DMA traffic engines (the emulator's own test masters).
    #[serde(default)]
    pub traffic_engine: Vec<TrafficEngine>,
    /// ARM PL330 DMA controllers.
    #[serde(default)]
    pub pl330: Vec<Pl330>,
}

/// The processor core.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
#[schemars(deny_unknown_fields)]
pub struct Cpu {
    /// Which core: it decides the identification and implementation-defined registers.
    pub core: CpuCore,
    /// Core clock in Hz.
    #[schemars(range(min = 1_000_000, max = 4_000_000_000_u64))]
    pub clock_hz: u32,
}

/// Processor cores of the family.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
#[serde(rename_all = "kebab-case")]
pub enum CpuCore {
    /// Scorpion, the core of the MSM8x60.
    Scorpion,
    /// Krait, the core of the MSM8960 and APQ8064.
    Krait,
}

/// On-chip interconnect.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
#[schemars(deny_unknown_fields)]
pub struct Fabric {
    /// Time from a master to a memory port and back, without the memory itself, in ns.
    #[schemars(range(max = 100_000))]
    pub hop_ns: u32,
    /// One register access over the peripheral bus, in ns.
    #[schemars(range(max = 100_000))]
    pub register_ns: u32,
}

/// What a memory is for.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
#[serde(rename_all = "kebab-case")]
pub enum MemoryKind {
    /// Main memory: announced to a guest kernel.
    Ram,
    /// On-chip or stacked memory: mapped, but not announced as main memory.
    Internal,
    /// Set aside for devices: announced as a reserved `shared-dma-pool`.
    DmaPool,
}

/// One memory.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
#[schemars(deny_unknown_fields)]
pub struct Memory {
    /// Name in reports and traces.
    pub name: String,
    /// What it is for.
    pub kind: MemoryKind,
    /// First address, a multiple of 4096.
    pub base: u32,
    /// Bytes, a multiple of 4096.
    #[schemars(range(min = 4096))]
    pub size: u32,
    /// From the request at the memory to the first data, in ns.
    #[schemars(range(max = 100_000))]
    pub latency_ns: u32,
    /// Sustained transfer rate in bytes per microsecond, which is MB/s.
    #[schemars(range(min = 1, max = 1_000_000))]
    pub bandwidth_mb_s: u32,
}

/// Variants of the interrupt controller.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
pub enum GicKind {
    /// `qcom,msm-8660-qgic`, on the MSM8x60.
    #[serde(rename = "msm-8660-qgic")]
    Msm8660Qgic,
    /// `qcom,msm-qgic2`, on the MSM8960 and APQ8064.
    #[serde(rename = "msm-qgic2")]
    MsmQgic2,
}

/// Interrupt controller.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
#[schemars(deny_unknown_fields)]
pub struct Gic {
    /// Variant.
    pub kind: GicKind,
    /// Distributor registers (4 KiB).
    pub distributor: u32,
    /// CPU interface registers (4 KiB).
    pub cpu_interface: u32,
    /// Number of shared interrupts, a multiple of 32.
    #[schemars(range(min = 32, max = 960), extend("multipleOf" = 32))]
    pub spis: u32,
}

/// Variants of the timer block.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
#[serde(rename_all = "kebab-case")]
pub enum TimerKind {
    /// `qcom,scss-timer`, on the MSM8x60.
    Scss,
    /// `qcom,kpss-timer`, on the MSM8960 and APQ8064.
    Kpss,
}

/// Timer block: general purpose timers (GPT), debug timer (DGT), watchdogs.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
#[schemars(deny_unknown_fields)]
pub struct Timer {
    /// Variant.
    pub kind: TimerKind,
    /// The window that shows the copy of the CPU that accesses it.
    pub base: u32,
    /// The fixed window of CPU 0's copy.
    pub cpu0_base: u32,
    /// Private interrupt of the debug timer.
    #[schemars(range(max = 15))]
    pub debug_ppi: u8,
    /// Private interrupt of the general purpose timer.
    #[schemars(range(max = 15))]
    pub gpt_ppi: u8,
    /// Private interrupt of the second general purpose timer.
    #[schemars(range(max = 15))]
    pub gpt1_ppi: u8,
    /// Private interrupt that the bark of the watchdog raises.
    #[schemars(range(max = 15))]
    pub bark_ppi: u8,
    /// Private interrupt that the bark of the second watchdog raises.
    #[schemars(range(max = 15))]
    pub bark1_ppi: u8,
}

/// What the generated device tree says beside the hardware.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
#[schemars(deny_unknown_fields)]
pub struct DeviceTree {
    /// `model` of the root node.
    pub model: String,
    /// `compatible` of the root node, most specific first.
    #[schemars(length(min = 1))]
    pub compatible: Vec<String>,
    /// Kernel command line when none is given.
    #[serde(default)]
    pub bootargs: String,
    /// Offset from the start of the first RAM to the kernel image; what lies below is kept free
    /// (2 MiB of shared memory on these parts, hence the text offset 0x208000 of their kernels).
    #[schemars(range(min = 0x8000, max = 0x1000_0000), extend("multipleOf" = 4))]
    pub kernel_offset: u32,
    /// Bytes at the start of the first RAM that the tree reserves (shared memory of the SoC).
    #[serde(default)]
    #[schemars(extend("multipleOf" = 4096))]
    pub reserved_low: u32,
}

/// Serial port: a GSBI block with a UARTDM inside.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
#[schemars(deny_unknown_fields)]
pub struct Uart {
    /// Name in reports and traces.
    pub name: String,
    /// Number of the GSBI.
    #[schemars(range(min = 1, max = 12))]
    pub gsbi: u8,
    /// GSBI control registers (4 KiB).
    pub control: u32,
    /// UARTDM registers (4 KiB).
    pub base: u32,
    /// Interrupt.
    pub spi: u32,
    /// Whether this port is the console (at most one is).
    #[serde(default)]
    pub console: bool,
}

/// Pin, clock and top-level controllers.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
#[serde(rename_all = "kebab-case")]
pub enum ControllerKind {
    /// Global clock controller.
    Gcc,
    /// Multimedia clock controller; it can hold System MMUs in reset, by their names.
    Mmcc,
    /// Panic notifier, no part of the SoC: a kernel that panics ends the run through it.
    Pvpanic,
    /// Top control and status registers.
    Tcsr,
    /// Top-level mode multiplexer: pins, and PS_HOLD.
    Tlmm,
}

impl ControllerKind {
    /// Bytes of its register window.
    pub const fn window(self) -> u32 {
        match self {
            Self::Gcc | Self::Tlmm => 0x4000,
            Self::Mmcc | Self::Pvpanic | Self::Tcsr => 0x1000,
        }
    }
}

/// A pin, clock or top-level controller.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
#[schemars(deny_unknown_fields)]
pub struct Controller {
    /// Name in reports and traces.
    pub name: String,
    /// What it is; at most one of each kind.
    pub kind: ControllerKind,
    /// First address, a multiple of 4096.
    pub base: u32,
}

/// Page sizes of the System MMU.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
pub enum PageSize {
    /// 4 KiB, a small page.
    #[serde(rename = "4K")]
    Small,
    /// 64 KiB, a large page.
    #[serde(rename = "64K")]
    Large,
    /// 1 MiB, a section.
    #[serde(rename = "1M")]
    Section,
    /// 16 MiB, a supersection.
    #[serde(rename = "16M")]
    Supersection,
}

/// A kind of System MMU: geometry, and costs in cycles of its clock.
///
/// No public source has these numbers for the block; the shipped files hold choices in the
/// range of comparable translation units.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
#[schemars(deny_unknown_fields)]
pub struct SmmuModel {
    /// Name that `smmu.model` refers to.
    pub name: String,
    /// Clock in Hz.
    #[schemars(range(min = 1_000_000, max = 2_000_000_000))]
    pub clock_hz: u32,
    /// REV: major in bits 7:4, minor in bits 3:0.
    pub revision: u8,
    /// Entries of the main TLB that all banks share, a power of two.
    #[schemars(range(min = 1, max = 256))]
    pub tlb_entries: u16,
    /// Ways of the main TLB, a power of two; as many as entries: fully associative.
    #[schemars(range(min = 1, max = 256))]
    pub tlb_ways: u16,
    /// Page sizes an entry of the main TLB can hold. `4K` is always one.
    #[schemars(length(min = 1, max = 4))]
    pub tlb_sizes: Vec<PageSize>,
    /// Entries of the micro-TLB of each port; 0: none.
    #[schemars(range(max = 32))]
    pub micro_tlb_entries: u8,
    /// Lines of eight first-level descriptors in the block fetch buffer.
    #[schemars(range(max = 16))]
    pub bfb_first_lines: u8,
    /// Lines of eight second-level descriptors in the block fetch buffer.
    #[schemars(range(max = 16))]
    pub bfb_second_lines: u8,
    /// Whether a hit may overtake a miss.
    pub hit_under_miss: bool,
    /// Translations in work at once.
    #[schemars(range(min = 1, max = 1024))]
    pub slots: u16,
    /// Table walks in work at once.
    #[schemars(range(min = 1, max = 64))]
    pub walkers: u8,
    /// Cycles of a micro-TLB look-up.
    #[schemars(range(max = 1000))]
    pub micro_lookup: u32,
    /// Cycles from a micro-TLB miss to the result of the main TLB.
    #[schemars(range(max = 1000))]
    pub main_lookup: u32,
    /// Cycles between two look-ups in the main TLB.
    #[schemars(range(max = 1000))]
    pub main_interval: u32,
    /// Cycles from a miss, or from a descriptor, to the next descriptor request.
    #[schemars(range(max = 1000))]
    pub walk_step: u32,
    /// Cycles from the last descriptor to the answer.
    #[schemars(range(max = 1000))]
    pub fill: u32,
    /// Cycles of a register access.
    #[schemars(range(max = 100_000))]
    pub register_access: u32,
    /// Cycles of an invalidate command.
    #[schemars(range(max = 100_000))]
    pub invalidate: u32,
    /// Cycles an invalidate command takes for each entry of the main TLB.
    #[schemars(range(max = 1000))]
    pub invalidate_entry: u32,
    /// Cycles of a descriptor read of a V2P operation.
    #[schemars(range(max = 100_000))]
    pub v2p_read: u32,
}

/// System MMU instance.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
#[schemars(deny_unknown_fields)]
pub struct Smmu {
    /// Name in reports and traces.
    pub name: String,
    /// Name of an `smmu_model`.
    pub model: String,
    /// Register window (1 MiB), a multiple of 1 MiB.
    #[schemars(extend("multipleOf" = 0x10_0000))]
    pub base: u32,
    /// Number of context banks.
    #[schemars(range(min = 1, max = 128))]
    pub banks: u32,
    /// Number of machine IDs (entries of M2VCBR).
    #[schemars(range(min = 1, max = 32))]
    pub mids: u32,
    /// Interrupt of output 0, which drivers call secure.
    pub secure_spi: u32,
    /// Interrupt of output 1, which drivers call non-secure.
    pub non_secure_spi: u32,
    /// What drivers use the banks for: names for reports, and the MIDs that belong together.
    #[serde(default)]
    pub context: Vec<Context>,
}

/// Use of one context bank by the drivers of the SoC.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
#[schemars(deny_unknown_fields)]
pub struct Context {
    /// Name of the context.
    pub name: String,
    /// Context bank.
    pub bank: u32,
    /// Machine IDs that drivers route to it.
    pub mids: Vec<u8>,
}

/// A further port of a master.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
#[schemars(deny_unknown_fields)]
pub struct SmmuPort {
    /// Name of the SMMU in front of it.
    pub smmu: String,
    /// Machine IDs it may use there.
    pub mids: Vec<u8>,
}

/// DMA traffic engine. It stands either behind an SMMU (`smmu` and `mids`), or behind two, or directly on
/// the fabric (`address_bits`).
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
#[schemars(deny_unknown_fields)]
pub struct TrafficEngine {
    /// Name in reports and traces.
    pub name: String,
    /// Registers (4 KiB).
    pub base: u32,
    /// Interrupt.
    pub spi: u32,
    /// Name of the SMMU in front of it.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub smmu: Option<String>,
    /// Machine IDs it may use.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub mids: Vec<u8>,
    /// A second port with an SMMU of its own. Accesses with bit 5 of their machine ID set go there, with the bits
    /// below as machine ID.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub second: Option<SmmuPort>,
    /// Without SMMU: how many address bits it drives.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    #[schemars(range(min = 20, max = 32))]
    pub address_bits: Option<u8>,
}

/// ARM PL330 DMA controller. It stands behind an SMMU or directly on the fabric, as a
/// traffic engine does.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
#[schemars(deny_unknown_fields)]
pub struct Pl330 {
    /// Name in reports and traces.
    pub name: String,
    /// Registers (4 KiB).
    pub base: u32,
    /// Interrupts: the abort interrupt first, then those of events 0, 1, and so on.
    #[schemars(length(min = 2, max = 9))]
    pub spis: Vec<u32>,
    /// Number of DMA channels.
    #[schemars(range(min = 1, max = 8))]
    pub channels: u8,
    /// Clock in Hz: the DMAC executes one instruction each cycle.
    #[schemars(range(min = 1_000_000, max = 1_000_000_000))]
    pub clock_hz: u32,
    /// Name of the SMMU in front of it.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub smmu: Option<String>,
    /// Machine ID it uses (one).
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    #[schemars(length(max = 1))]
    pub mids: Vec<u8>,
    /// Without SMMU: how many address bits it drives.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    #[schemars(range(min = 20, max = 32))]
    pub address_bits: Option<u8>,
}

/// Bytes of the register window of one SMMU instance.
pub const SMMU_WINDOW: u32 = 0x10_0000;
/// Bytes of the register window of every small device.
pub const DEVICE_WINDOW: u32 = 0x1000;
/// Offset of PS_HOLD in the window of the `tlmm`.
pub const PS_HOLD: u32 = 0x820;
