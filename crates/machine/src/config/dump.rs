//! The effective configuration: every key with the value in force.

use super::Config;

/// Keys whose values read better in hexadecimal.
const ADDRESSES: [&str; 8] =
    ["base", "size", "control", "distributor", "cpu_interface", "cpu0_base", "kernel_offset", "reserved_low"];

impl Config {
    /// The configuration as a machine file, every default written out. Reading it back gives
    /// the same configuration.
    pub fn dump(&self) -> String {
        // Serialising strings, integers and tables of them cannot fail.
        let text = toml::to_string(self).unwrap_or_default();
        let mut out = String::with_capacity(text.len());
        for line in text.lines() {
            match line.split_once(" = ") {
                Some((key, value)) if ADDRESSES.contains(&key) => match value.parse::<u32>() {
                    Ok(address) => out.push_str(&format!("{key} = {address:#010x}")),
                    Err(_) => out.push_str(line),
                },
                _ => out.push_str(line),
            }
            out.push('\n');
        }
        out
    }

    /// Digest (BLAKE3) of the effective configuration: equal for files that mean the same
    /// machine. Snapshots carry it.
    pub fn digest(&self) -> [u8; 32] {
        *blake3::hash(self.dump().as_bytes()).as_bytes()
    }
}
