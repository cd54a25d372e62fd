//! Runs a bare-metal ELF file on the core alone, with semihosting: the counterpart of
//! `qemu-system-arm -M virt -cpu cortex-a15 -semihosting -kernel FILE` in `scripts/bench-cpu`.

#![allow(clippy::print_stderr, reason = "a program that reports")]

use clap::Parser;
use goblin::elf::Elf;
use goblin::elf::program_header::PT_LOAD;
use msmemu_cpu::semihosting::{Host, Outcome, Semihosting};
use msmemu_cpu::{Cpu, Exit, Limits, Model};
use msmemu_fabric::{BusMaster, MasterId, PhysAddr, PhysRange, Ram, RamBus};
use std::error::Error;
use std::io::Write as _;
use std::process::ExitCode;

/// Runs an ELF file until it exits by semihosting; RAM is 128 MiB at 0x4000_0000.
#[derive(Parser)]
struct Arguments {
    /// The image.
    image: std::path::PathBuf,
    /// Instructions after which the run counts as hung.
    #[arg(long, default_value_t = 20_000_000_000)]
    limit: u64,
}

/// What the guest may reach: the console, which is standard output.
struct Console;

impl Host for Console {
    fn console_write(&mut self, bytes: &[u8]) {
        // A closed pipe is no reason to end the guest.
        let _ = std::io::stdout().write_all(bytes);
    }
}

fn main() -> Result<ExitCode, Box<dyn Error>> {
    let arguments = Arguments::parse();
    let bytes = std::fs::read(&arguments.image)?;
    let elf = Elf::parse(&bytes)?;
    let range =
        PhysRange::new(PhysAddr(0x4000_0000), 0x800_0000).ok_or("RAM does not fit the address space")?;
    let mut ram = Ram::new(&[range])?;
    for segment in elf.program_headers.iter().filter(|segment| segment.p_type == PT_LOAD) {
        let contents = bytes.get(segment.file_range()).ok_or("a segment lies outside of the file")?;
        if ram.write(BusMaster(1), PhysAddr(segment.p_paddr), contents).is_err() {
            return Err(format!("segment at {:#x} is outside of RAM", segment.p_paddr).into());
        }
    }
    let mut bus = RamBus::new(ram);
    let mut cpu = Cpu::new(Model::Krait, MasterId::default());
    cpu.core.semihosting = true;
    cpu.core.thumb = elf.entry & 1 == 1;
    cpu.core.pc = elf.entry as u32 & !1;
    let mut semihosting = Semihosting::new(1_000_000_000);
    let started = std::time::Instant::now();
    let status = loop {
        let limits = Limits { cycles: arguments.limit.saturating_mul(8), instructions: arguments.limit };
        match cpu.run(&mut bus, &mut (), limits) {
            Exit::Semihosting => match semihosting.serve(&mut cpu.core, &mut bus, &mut Console) {
                Outcome::Continue => {}
                Outcome::Ended { status, .. } => break status,
            },
            other => return Err(format!("stopped at {:#010x}: {other:?}", cpu.core.pc).into()),
        }
    };
    let seconds = started.elapsed().as_secs_f64();
    let instructions = cpu.core.instructions;
    eprintln!("{instructions} instructions, {:.1} MIPS", instructions as f64 / seconds / 1e6);
    Ok(if status == 0 { ExitCode::SUCCESS } else { ExitCode::FAILURE })
}
