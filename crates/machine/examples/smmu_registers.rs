//! Boots Linux and prints every access to the registers of its SMMUs, between the lines of its console.
//!
//! ```text
//! cargo run --release -p msmemu-machine --example smmu_registers -- MACHINE ZIMAGE INITRD APPEND [FROM_MS]
//! ```

#![allow(clippy::print_stdout, clippy::print_stderr, reason = "a command")]

use std::process::ExitCode;
use std::sync::Arc;

use msmemu_machine::config::Config;
use msmemu_machine::cpu::semihosting::Host;
use msmemu_machine::fabric::{AccessKind, Time};
use msmemu_machine::load::{self, Linux};
use msmemu_machine::observe::{Observer, RegisterAccess};
use msmemu_machine::smmu::RegisterId;
use msmemu_machine::{GapPolicy, Machine, TimingMode, Unit, Until};

struct Printer {
    names: Vec<String>,
    from: Time,
    line: Vec<u8>,
}

impl Observer for Printer {
    fn register(&mut self, now: Time, access: &RegisterAccess) {
        let Unit::Smmu(index) = access.unit else { return };
        let Some(register) = RegisterId::at(access.offset).filter(|_| now >= self.from) else { return };
        let arrow = if access.kind == AccessKind::Write { "<-" } else { "->" };
        let name = self.names.get(usize::from(index)).map_or("?", String::as_str);
        let value = access.answer.unwrap_or(0);
        println!(
            "    {:>13} ns  pc {:08x}  {name}.{register} {arrow} {value:#010x}",
            now.picos() / 1000,
            access.pc
        );
    }

    fn sent(&mut self, _: Time, _: usize, bytes: &[u8]) {
        for &byte in bytes.iter().filter(|byte| **byte != b'\r') {
            if byte == b'\n' {
                println!("{}", String::from_utf8_lossy(&self.line));
                self.line.clear();
            } else {
                self.line.push(byte);
            }
        }
    }
}

/// Semihosting is off.
struct Nobody;

impl Host for Nobody {
    fn console_write(&mut self, _: &[u8]) {}
}

fn main() -> ExitCode {
    let arguments: Vec<String> = std::env::args().skip(1).collect();
    let [machine, kernel, initrd, append, from @ ..] = arguments.as_slice() else {
        eprintln!("usage: smmu_registers MACHINE ZIMAGE INITRD APPEND [FROM_MS]");
        return ExitCode::from(2);
    };
    let Some(Ok(config)) = Config::builtin(machine) else {
        eprintln!("{machine} is no built-in machine");
        return ExitCode::from(2);
    };
    let read = |path: &String| std::fs::read(path).map_err(|error| eprintln!("{path}: {error}"));
    let (Ok(kernel), Ok(initrd)) = (read(kernel), read(initrd)) else { return ExitCode::from(3) };
    let boot = Linux { kernel: &kernel, initrd: Some(&initrd), append: Some(append), dtb: None };
    let from = Time::from_millis(from.first().and_then(|ms| ms.parse().ok()).unwrap_or(0));
    let names = config.smmu.iter().map(|smmu| smmu.name.clone()).collect();
    let started = load::linux(&config, &boot).map_err(|error| error.to_string()).and_then(|image| {
        let mut machine = Machine::new(Arc::new(config), TimingMode::Approximate, GapPolicy::Warn)
            .map_err(|error| error.to_string())?;
        machine.load(image).map_err(|error| error.to_string())?;
        Ok(machine)
    });
    match started {
        Ok(mut machine) => {
            let stop = machine.run(
                Until::default(),
                &mut Printer { names, from, line: Vec::new() },
                &mut (),
                &mut Nobody,
            );
            println!("{stop:?} at {}", machine.time());
            ExitCode::SUCCESS
        }
        Err(error) => {
            eprintln!("{error}");
            ExitCode::from(3)
        }
    }
}
