//! `msmemu machine`.

use std::io::IsTerminal as _;
use std::path::{Path, PathBuf};

use msmemu_session::machine::config::Config;
use msmemu_session::machine::{devicetree, svd};
use msmemu_session::machines::{self, MachineError};

use crate::args::Machine;
use crate::output::{Done, Failure, print, say, write};
use crate::show;

pub(crate) fn run(job: Machine) -> Done {
    match job {
        Machine::List { json } => list(json),
        Machine::Show { machine, json, toml } => {
            let config = find(&machine)?;
            let text = if json {
                to_json(&config)?
            } else if toml {
                config.dump()
            } else {
                show::machine(&config)
            };
            print(text.as_bytes())
        }
        Machine::Check { files, json } => check(&files, json),
        Machine::Dtb { machine, output, dts } => {
            let dtb = devicetree::generate(&find(&machine)?);
            if !dts {
                if std::io::stdout().is_terminal() && output.as_deref().is_none_or(|o| o == Path::new("-")) {
                    let advice = "a blob is not for a terminal: name a file with -o, or ask for --dts";
                    return Err(Failure::error(Failure::USAGE, advice));
                }
                return write(output.as_deref(), &dtb);
            }
            let text = devicetree::source(&dtb).map_err(|e| Failure::error(Failure::HOST, e))?;
            write(output.as_deref(), text.as_bytes())
        }
        Machine::Svd { machine, output } => {
            let text = svd::generate(&find(&machine)?).map_err(|e| Failure::error(Failure::HOST, e))?;
            write(output.as_deref(), text.as_bytes())
        }
        Machine::Schema => print(to_json(&Config::json_schema())?.as_bytes()),
    }
}

/// Checks files; the status is that of the worst.
fn check(files: &[PathBuf], json: bool) -> Done {
    let mut worst = None;
    let mut checked = Vec::new();
    for file in files {
        let found = machines::read(file);
        checked.push(Checked::new(file, &found));
        match found {
            Ok(_) if json => {}
            Ok(config) => {
                print(format!("{}: machine {} is well formed\n", file.display(), config.name).as_bytes())?;
            }
            Err(error) => {
                let failure = failure(&error);
                if let Some(earlier) = worst.replace(failure).filter(|_| !json) {
                    say!("{earlier}");
                }
            }
        }
    }
    if json {
        print(to_json(&checked)?.as_bytes())?;
        // The mistakes were printed.
        return worst.map_or(Ok(()), |failure| Err(Failure::silent(failure.status)));
    }
    worst.map_or(Ok(()), Err)
}

/// What `machine check --json` says of a file.
#[derive(serde::Serialize)]
struct Checked {
    file: String,
    machine: Option<String>,
    mistakes: Vec<Mistake>,
}

/// One mistake, at its place; without one when the file can not be read.
#[derive(serde::Serialize)]
struct Mistake {
    message: String,
    line: Option<usize>,
    column: Option<usize>,
    label: String,
    help: Option<String>,
}

impl Checked {
    fn new(file: &Path, found: &Result<Config, MachineError>) -> Self {
        let mistakes = match found {
            Ok(_) => Vec::new(),
            Err(MachineError::Config(error)) => error
                .mistakes
                .iter()
                .map(|m| {
                    let (line, column) = error.place(m.span.start);
                    Mistake {
                        message: m.message.clone(),
                        line: Some(line),
                        column: Some(column),
                        label: m.label.clone(),
                        help: m.help.clone(),
                    }
                })
                .collect(),
            Err(error) => vec![Mistake {
                message: error.to_string(),
                line: None,
                column: None,
                label: String::new(),
                help: None,
            }],
        };
        let machine = found.as_ref().ok().map(|config| config.name.clone());
        Self { file: file.display().to_string(), machine, mistakes }
    }
}

fn list(json: bool) -> Done {
    let machines = machines::list().map_err(|e| failure(&e))?;
    if json {
        return print(to_json(&machines)?.as_bytes());
    }
    let mut out = String::new();
    for machine in machines {
        let default = if machine.default { " (default)" } else { "" };
        out += &format!("{:<10} {}{default}\n", machine.name, machine.description);
    }
    print(out.as_bytes())
}

/// The machine of a name or file.
pub(crate) fn find(machine: &str) -> Result<Config, Failure> {
    machines::find(machine).map_err(|e| failure(&e))
}

pub(crate) fn failure(error: &MachineError) -> Failure {
    match error {
        MachineError::Unknown { .. } => Failure::error(
            Failure::USAGE,
            format_args!("{error}\n  `msmemu machine list` lists them; a file is named by a path"),
        ),
        MachineError::Read { .. } => Failure::error(Failure::INPUT, error),
        MachineError::Config(config) => {
            Failure::new(Failure::INPUT, config.render(std::io::stderr().is_terminal()))
        }
    }
}

pub(crate) fn to_json(value: &impl serde::Serialize) -> Result<String, Failure> {
    serde_json::to_string_pretty(value)
        .map(|text| text + "\n")
        .map_err(|error| Failure::error(Failure::HOST, error))
}
