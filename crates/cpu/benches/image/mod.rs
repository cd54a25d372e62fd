//! Boots the images of `guest-images/cpu-bench`, for the benches of this folder.

use msmemu_cpu::{Cpu, Exit, Limits, Model};
use msmemu_fabric::{BusMaster, MasterId, PhysAddr, PhysRange, Ram, RamBus};
use std::path::Path;

/// First byte of RAM, as on `qemu-system-arm -M virt`.
const RAM_BASE: u64 = 0x4000_0000;
/// Bytes of RAM.
const RAM_SIZE: u64 = 0x400_0000;

/// A core in the middle of its work.
pub(crate) struct Guest {
    cpu: Cpu,
    bus: RamBus,
}

impl Guest {
    /// Loads an image and runs it until its main loop is warm: MMU on, blocks decoded, arrays filled.
    pub(crate) fn warm(name: &str) -> Self {
        let path =
            Path::new(env!("CARGO_MANIFEST_DIR")).join(format!("../../guest-images/cpu-bench/{name}.elf"));
        let bytes = std::fs::read(&path).expect("the image is committed");
        let elf = goblin::elf::Elf::parse(&bytes).expect("the image is an ELF file");
        let range = PhysRange::new(PhysAddr(RAM_BASE), RAM_SIZE).expect("RAM fits the address space");
        let mut ram = Ram::new(&[range]).expect("one region");
        for segment in elf.program_headers.iter().filter(|p| p.p_type == goblin::elf::program_header::PT_LOAD)
        {
            ram.write(BusMaster(1), PhysAddr(segment.p_paddr), &bytes[segment.file_range()])
                .expect("it fits RAM");
        }
        let mut cpu = Cpu::new(Model::Scorpion, MasterId::default());
        cpu.core.pc = elf.entry as u32;
        let mut guest = Guest { cpu, bus: RamBus::new(ram) };
        guest.run(5_000_000);
        guest
    }

    /// Runs that many instructions more.
    pub(crate) fn run(&mut self, instructions: u64) {
        let limit = self.cpu.core.instructions + instructions;
        let exit = self.cpu.run(&mut self.bus, &mut (), Limits { cycles: u64::MAX, instructions: limit });
        assert_eq!(exit, Exit::Budget, "the image ended too early");
    }
}
