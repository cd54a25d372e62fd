//! Machines by name or by file.

use std::path::{Path, PathBuf};

use msmemu_machine::config::{self, BUILTIN, Config, ConfigError};
use thiserror::Error;

/// Why there is no such machine.
#[derive(Debug, Error)]
pub enum MachineError {
    /// Neither a built-in machine nor a file.
    #[error("no machine is called `{name}`{}", .nearest.map(|n| format!("; did you mean `{n}`?")).unwrap_or_default())]
    Unknown {
        /// As asked for.
        name: String,
        /// The built-in name nearest in spelling.
        nearest: Option<&'static str>,
    },
    /// The file can not be read.
    #[error("machine file {} can not be read: {source}", path.display())]
    Read {
        /// The file.
        path: PathBuf,
        /// Why.
        source: std::io::Error,
    },
    /// The file has mistakes. `Display` shows them all with their places.
    #[error(transparent)]
    Config(#[from] Box<ConfigError>),
}

/// A machine that comes with the library.
#[derive(Clone, Debug, PartialEq, Eq, serde::Serialize)]
pub struct Listed {
    /// What `--machine` takes.
    pub name: &'static str,
    /// One line.
    pub description: String,
    /// Whether it is used when none is named.
    pub default: bool,
}

/// The machines that come with the library, the default first.
///
/// # Errors
/// Never for a library that passed its tests: the files are part of it.
pub fn list() -> Result<Vec<Listed>, MachineError> {
    BUILTIN
        .iter()
        .enumerate()
        .map(|(i, b)| Ok(Listed { name: b.name, description: find(b.name)?.description, default: i == 0 }))
        .collect()
}

/// The machine of this name, or of this file: a path is what has a separator or ends in `.toml`.
///
/// # Errors
/// When there is no such machine, or its file has mistakes.
pub fn find(name_or_file: &str) -> Result<Config, MachineError> {
    if let Some(config) = Config::builtin(name_or_file) {
        return config.map_err(|e| Box::new(e).into());
    }
    let path = Path::new(name_or_file);
    let is_path = path.components().count() > 1 || path.extension().is_some_and(|e| e == "toml");
    if !is_path && !path.is_file() {
        return Err(MachineError::Unknown {
            name: name_or_file.to_owned(),
            nearest: config::nearest_builtin(name_or_file),
        });
    }
    read(path)
}

/// The machine of a file.
///
/// # Errors
/// When the file can not be read or has mistakes.
pub fn read(path: &Path) -> Result<Config, MachineError> {
    let text = std::fs::read_to_string(path)
        .map_err(|source| MachineError::Read { path: path.to_owned(), source })?;
    Config::parse(&path.display().to_string(), &text).map_err(|e| Box::new(e).into())
}
