//! Machine configurations: data, checked as a whole before anything is built.
//!
//! A machine is described by one TOML file; see [`Config`] for its keys. [`Config::parse`]
//! reports every mistake of a file at once, each with the line it is on. Three machines come with the
//! library, see [`BUILTIN`].

mod check;
mod dump;
mod map;
mod mistake;
mod schema;
mod shape;

pub use map::{Region, RegionKind};
pub use mistake::{ConfigError, Mistake};
pub use schema::{
    Config, Context, Controller, ControllerKind, Cpu, CpuCore, DEVICE_WINDOW, DeviceTree, Fabric, Gic,
    GicKind, Memory, MemoryKind, PS_HOLD, PageSize, Pl330, SCHEMA_VERSION, SMMU_WINDOW, Smmu, SmmuModel,
    SmmuPort, Timer, TimerKind, TrafficEngine, Uart,
};

use toml::de::DeTable;

/// A machine file that is part of the library.
#[derive(Clone, Copy, Debug)]
pub struct Builtin {
    /// Name of the machine.
    pub name: &'static str,
    /// Text of its file.
    pub text: &'static str,
}

/// The machines that come with the emulator; the first is the default.
pub const BUILTIN: [Builtin; 3] = [
    Builtin { name: "msm8660", text: include_str!("../../../../machine-configs/msm8660.toml") },
    Builtin { name: "apq8064", text: include_str!("../../../../machine-configs/apq8064.toml") },
    Builtin { name: "smmu-lab", text: include_str!("../../../../machine-configs/smmu-lab.toml") },
];

/// Bytes of the largest file that is read as a machine.
pub const MAX_FILE: usize = 256 << 10;

/// The built-in machine nearest in spelling to `name`, for messages about an unknown one.
pub fn nearest_builtin(name: &str) -> Option<&'static str> {
    shape::closest(name, BUILTIN.iter().map(|b| b.name))
}

impl Config {
    /// Reads a machine file. `origin` is its name in messages.
    ///
    /// # Errors
    /// Everything that is wrong with it: syntax, unknown keys, types, ranges; and when these are
    /// right, everything that contradicts itself (overlaps, duplicates, unknown names).
    pub fn parse(origin: &str, text: &str) -> Result<Self, ConfigError> {
        let fail = |mut mistakes: Vec<Mistake>| {
            mistakes.sort_by_key(|m| (m.span.start, m.span.end));
            ConfigError { origin: origin.to_owned(), source: text.to_owned(), mistakes }
        };
        if text.len() > MAX_FILE {
            let mistake = Mistake::new(format!("the file has {} bytes", text.len()), 0..0)
                .help(format!("a machine file has at most {MAX_FILE}"));
            return Err(ConfigError {
                origin: origin.into(),
                source: String::new(),
                mistakes: vec![mistake],
            });
        }
        let (table, errors) = DeTable::parse_recoverable(text);
        if !errors.is_empty() {
            return Err(fail(errors.iter().map(unreadable).collect()));
        }
        if let Some(mistake) = check::version(&table) {
            return Err(fail(vec![mistake]));
        }
        let findings = shape::check(&Self::json_schema(), &table);
        let Some(readable) = findings.patched(text) else {
            return Err(fail(findings.mistakes));
        };
        let config: Self = toml::from_str(&readable).map_err(|e| fail(vec![unreadable(&e)]))?;
        // What contradicts a value that was replaced says nothing new.
        let mut contradictions = check::consistency(&config, &table);
        contradictions.retain(|m| {
            !findings.touches(&m.span) && !m.related.iter().any(|(span, _)| findings.touches(span))
        });
        let mistakes = [findings.mistakes, contradictions].concat();
        if mistakes.is_empty() { Ok(config) } else { Err(fail(mistakes)) }
    }

    /// Reads a machine that comes with the library.
    pub fn builtin(name: &str) -> Option<Result<Self, ConfigError>> {
        let builtin = BUILTIN.iter().find(|b| b.name == name)?;
        let origin = format!("machine-configs/{}.toml", builtin.name);
        Some(Self::parse(&origin, builtin.text))
    }

    /// JSON schema of machine files, for editors. The same schema checks files here.
    pub fn json_schema() -> serde_json::Value {
        schemars::schema_for!(Self).to_value()
    }
}

/// A mistake the TOML reader found.
fn unreadable(error: &toml::de::Error) -> Mistake {
    Mistake::new(error.message(), error.span().unwrap_or(0..0))
}
