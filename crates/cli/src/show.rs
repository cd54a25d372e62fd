//! `msmemu machine show`: a machine as tables.

use std::fmt::Write as _;

use msmemu_session::machine::config::{Config, CpuCore, RegionKind};

/// The machine for people.
pub(crate) fn machine(config: &Config) -> String {
    let mut out = format!("{}: {}\n", config.name, config.description);
    let core = match config.cpu.core {
        CpuCore::Scorpion => "Scorpion",
        CpuCore::Krait => "Krait",
    };
    let _ = writeln!(out, "\ncore: {core} at {} MHz", config.cpu.clock_hz / 1_000_000);

    out += "\nAddress map\n";
    let mut regions = config.regions();
    regions.sort_by_key(|r| r.base);
    for region in &regions {
        let size = human_size(region.size);
        let note = note(config, region.kind);
        let last = region.end() - 1;
        let line = format!("  {:#010x}-{last:#010x} {size:>9}  {:<24} {note}", region.base, region.name);
        let _ = writeln!(out, "{}", line.trim_end());
    }

    if !config.smmu.is_empty() {
        out += "\nSystem MMUs\n";
    }
    for smmu in &config.smmu {
        let _ = writeln!(
            out,
            "  {:<10} {} banks, {} MIDs; SPI {} secure, {} non-secure; model {}",
            smmu.name, smmu.banks, smmu.mids, smmu.secure_spi, smmu.non_secure_spi, smmu.model
        );
        for context in &smmu.context {
            let mids: Vec<String> = context.mids.iter().map(ToString::to_string).collect();
            let mids = if mids.is_empty() { "none".into() } else { mids.join(" ") };
            let _ = writeln!(out, "    bank {} {:<20} MIDs {mids}", context.bank, context.name);
        }
    }
    out
}

fn note(config: &Config, kind: RegionKind) -> String {
    let behind = |smmu: &Option<String>, bits: Option<u8>| match (smmu, bits) {
        (Some(smmu), _) => format!(", behind {smmu}"),
        (None, Some(bits)) => format!(", direct, {bits} address bits"),
        (None, None) => String::new(),
    };
    match kind {
        RegionKind::Memory(i) => format!("{} MB/s", config.memory[i].bandwidth_mb_s),
        RegionKind::Uartdm(i) => {
            let uart = &config.uart[i];
            format!("SPI {}{}", uart.spi, if uart.console { ", console" } else { "" })
        }
        RegionKind::TrafficEngine(i) => {
            let engine = &config.traffic_engine[i];
            let second = engine.second.as_ref().map(|port| format!(" and {}", port.smmu)).unwrap_or_default();
            format!("SPI {}{}{second}", engine.spi, behind(&engine.smmu, engine.address_bits))
        }
        RegionKind::Pl330(i) => {
            let pl330 = &config.pl330[i];
            let spis: Vec<String> = pl330.spis.iter().map(ToString::to_string).collect();
            format!("SPI {}{}", spis.join(" "), behind(&pl330.smmu, pl330.address_bits))
        }
        _ => String::new(),
    }
}

/// A size in the largest unit that divides it.
fn human_size(bytes: u32) -> String {
    match bytes {
        b if b % (1 << 20) == 0 => format!("{} MiB", b >> 20),
        b if b % (1 << 10) == 0 => format!("{} KiB", b >> 10),
        b => format!("{b} B"),
    }
}

#[cfg(test)]
mod tests {
    use super::human_size;

    #[test]
    fn sizes_are_in_the_largest_unit_that_divides_them() {
        assert_eq!(human_size(0x0400_0000), "64 MiB");
        assert_eq!(human_size(0x1000), "4 KiB");
        assert_eq!(human_size(0x1004), "4100 B");
    }
}
