//! A whole machine as a CMSIS-SVD file: every register at its address, for debuggers and generators.

use msmemu_devices::gic::GicInput;
use msmemu_devices::windows;
use msmemu_regs::svd::{self, Instance, SvdError, Window};
use msmemu_smmu::spec;

use crate::config::{Config, ControllerKind, Region, RegionKind};

/// The SVD file of a machine: a peripheral for each register window, named after the configuration, with the
/// number of context banks that each System MMU has. Interrupt numbers are those that the interrupt
/// controller shows: an SPI plus 32, a PPI plus 16.
///
/// # Errors
/// When the machine's name is not an identifier even with other characters replaced, that is empty.
pub fn generate(config: &Config) -> Result<String, SvdError> {
    let instances: Vec<Instance> = config.regions().iter().filter_map(|r| instance(config, r)).collect();
    let about = format!(
        "{}. Interrupt numbers are those of the interrupt controller.",
        config.description.trim_end_matches('.')
    );
    svd::file(&identifier(&config.name), &about, &instances)
}

/// What a window shows; none for memory.
fn instance(config: &Config, region: &Region) -> Option<Instance> {
    let spi = |name: &str, number: u32| (identifier(name), number + GicInput::FIRST_SPI);
    let ppi = |name: &str, number: u8| (identifier(name), u32::from(number) + GicInput::FIRST_PPI);
    let mut banks = None;
    let mut interrupts = Vec::new();
    let (name, window) = match region.kind {
        RegionKind::Memory(_) => return None,
        RegionKind::GicDistributor => ("GICD".into(), windows::GICD),
        RegionKind::GicCpuInterface => ("GICC".into(), windows::GICC),
        RegionKind::Timer => {
            let timer = &config.timer;
            interrupts.extend([
                ppi("timer_dgt", timer.debug_ppi),
                ppi("timer_gpt0", timer.gpt_ppi),
                ppi("timer_gpt1", timer.gpt1_ppi),
                ppi("timer_wdt0_bark", timer.bark_ppi),
                ppi("timer_wdt1_bark", timer.bark1_ppi),
            ]);
            ("TIMER".into(), windows::TIMER)
        }
        RegionKind::TimerCpu0 => ("TIMER_CPU0".into(), windows::TIMER),
        RegionKind::GsbiControl(i) => (format!("{}_GSBI", config.uart.get(i)?.name), windows::GSBI),
        RegionKind::Uartdm(i) => {
            let uart = config.uart.get(i)?;
            interrupts.push(spi(&uart.name, uart.spi));
            (uart.name.clone(), windows::UARTDM_BOTH)
        }
        RegionKind::Controller(i) => {
            let controller = config.controller.get(i)?;
            let window = match controller.kind {
                ControllerKind::Gcc => windows::GCC,
                ControllerKind::Mmcc => windows::MMCC,
                ControllerKind::Pvpanic => windows::PVPANIC,
                ControllerKind::Tcsr => windows::TCSR,
                ControllerKind::Tlmm => windows::TLMM,
            };
            (controller.name.clone(), window)
        }
        RegionKind::Smmu(i) => {
            let smmu = config.smmu.get(i)?;
            banks = Some(smmu.banks);
            interrupts.push(spi(&format!("{}_secure", smmu.name), smmu.secure_spi));
            interrupts.push(spi(&format!("{}_non_secure", smmu.name), smmu.non_secure_spi));
            (format!("SMMU_{}", smmu.name), spec::WINDOW_REGISTERS)
        }
        RegionKind::TrafficEngine(i) => {
            let engine = config.traffic_engine.get(i)?;
            interrupts.push(spi(&engine.name, engine.spi));
            (engine.name.clone(), windows::TENG)
        }
        RegionKind::Pl330(i) => {
            let dmac = config.pl330.get(i)?;
            for (line, number) in dmac.spis.iter().enumerate() {
                // The first interrupt is that of aborts.
                let of = line.checked_sub(1).map_or_else(|| "abort".into(), |n| format!("event{n}"));
                interrupts.push(spi(&format!("{}_{of}", dmac.name), *number));
            }
            (dmac.name.clone(), windows::PL330)
        }
    };
    let window = Window { size: region.size, ..window };
    let (name, base) = (identifier(&name).to_uppercase(), u64::from(region.base));
    Some(Instance { name, window, banks, base, interrupts })
}

/// A name with everything that an identifier can not have replaced.
fn identifier(name: &str) -> String {
    let mut out: String = name.chars().map(|c| if c.is_ascii_alphanumeric() { c } else { '_' }).collect();
    if out.starts_with(|c: char| c.is_ascii_digit()) {
        out.insert(0, '_');
    }
    out
}
