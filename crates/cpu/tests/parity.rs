//! The processor tests of guest-images/cpu-tests print here what they printed on QEMU, on both engines.
//!
//! There is no blessing for these: the goldens come from `scripts/qemu-goldens`, and `scripts/test-cpu-parity` makes
//! them anew and compares.

#![allow(clippy::unwrap_used)]

use goblin::elf::{Elf, program_header::PT_LOAD};
use msmemu_cpu::isa::Set;
use msmemu_cpu::observe::{DataAccess, Observer};
use msmemu_cpu::semihosting::{Errno, Host, HostFile, OpenMode, Outcome, Semihosting};
use msmemu_cpu::{BlockEngine, Core, Cpu, Engine, Exit, Limits, Model, StepEngine};
use msmemu_fabric::{Access, Bus, BusFault, BusMaster, MasterId, Mid, PhysAddr, PhysRange, Ram};
use std::collections::BTreeMap;
use std::path::{Path, PathBuf};

const MASTER: MasterId = MasterId { bus: BusMaster(0), mid: Mid(0) };
const RAM: u64 = 0x4000_0000;
const GICD: u64 = 0x0800_0000;
const GICC: u64 = 0x0801_0000;
/// A run that needs more cycles than this hangs.
const CYCLE_LIMIT: u64 = 200_000_000;

/// As much of a GICv2 as the images need: software-generated interrupts to this core, group 0 as FIQ, group 1 as IRQ.
#[derive(Default)]
struct Sgis {
    group1: u32,
    pending: u32,
}

impl Sgis {
    fn read(&mut self, address: u64) -> u64 {
        if address != GICC + 0x0C || self.pending == 0 {
            return 0;
        }
        let number = self.pending.trailing_zeros();
        self.pending &= !(1 << number);
        number.into()
    }

    fn write(&mut self, address: u64, value: u64) {
        if address == GICD + 0x080 {
            self.group1 = value as u32;
        } else if address == GICD + 0xF00 {
            self.pending |= 1 << (value & 0xF);
        }
    }
}

/// The part of QEMU's "virt" that the images use: RAM, interrupt controller, and nothing elsewhere.
struct Virt {
    ram: Ram,
    sgis: Sgis,
    lines_changed: bool,
}

impl Virt {
    fn is_gic(address: u64) -> bool {
        (GICD..GICD + 0x1_1000).contains(&address)
    }
}

impl Bus for Virt {
    fn ram(&mut self) -> &mut Ram {
        &mut self.ram
    }

    fn read(&mut self, access: &Access) -> Result<u64, BusFault> {
        if Self::is_gic(access.addr.0) {
            self.lines_changed = true;
            return Ok(self.sgis.read(access.addr.0));
        }
        self.ram.read_access(access)
    }

    fn write(&mut self, access: &Access, value: u64) -> Result<(), BusFault> {
        if Self::is_gic(access.addr.0) {
            self.lines_changed = true;
            self.sgis.write(access.addr.0, value);
            return Ok(());
        }
        self.ram.write_access(access, value).map(|_| ())
    }

    fn attention(&mut self) -> bool {
        std::mem::take(&mut self.lines_changed)
    }
}

/// The console, and a directory in memory.
#[derive(Default)]
struct Console {
    output: Vec<u8>,
    files: BTreeMap<Vec<u8>, Vec<u8>>,
    /// Name and position of each open file.
    open: Vec<Option<(Vec<u8>, usize)>>,
}

impl Console {
    fn text(&self) -> String {
        String::from_utf8_lossy(&self.output).into_owned()
    }

    /// Contents and position of an open file.
    fn file(&mut self, file: HostFile) -> Result<(&mut Vec<u8>, &mut usize), Errno> {
        let (name, position) =
            self.open.get_mut(file.0 as usize).and_then(Option::as_mut).ok_or(Errno::BADF)?;
        Ok((self.files.get_mut(name).ok_or(Errno::BADF)?, position))
    }
}

impl Host for Console {
    fn console_write(&mut self, bytes: &[u8]) {
        self.output.extend_from_slice(bytes);
    }

    fn open(&mut self, name: &[u8], mode: OpenMode) -> Result<HostFile, Errno> {
        if mode.truncate {
            self.files.insert(name.to_vec(), Vec::new());
        } else if !self.files.contains_key(name) {
            return Err(Errno::NOENT);
        }
        self.open.push(Some((name.to_vec(), 0)));
        Ok(HostFile(self.open.len() as u32 - 1))
    }

    fn close(&mut self, file: HostFile) -> Result<(), Errno> {
        self.open[file.0 as usize].take().map(|_| ()).ok_or(Errno::BADF)
    }

    fn read(&mut self, file: HostFile, buffer: &mut [u8]) -> Result<usize, Errno> {
        let (contents, position) = self.file(file)?;
        let rest = contents.get(*position..).unwrap_or(&[]);
        let done = rest.len().min(buffer.len());
        buffer[..done].copy_from_slice(&rest[..done]);
        *position += done;
        Ok(done)
    }

    fn write(&mut self, file: HostFile, bytes: &[u8]) -> Result<usize, Errno> {
        let (contents, position) = self.file(file)?;
        let end = *position + bytes.len();
        contents.resize(contents.len().max(end), 0);
        contents[*position..end].copy_from_slice(bytes);
        *position = end;
        Ok(bytes.len())
    }

    fn seek(&mut self, file: HostFile, position: u32) -> Result<(), Errno> {
        *self.file(file)?.1 = position as usize;
        Ok(())
    }

    fn length(&mut self, file: HostFile) -> Result<u32, Errno> {
        Ok(self.file(file)?.0.len() as u32)
    }

    fn remove(&mut self, name: &[u8]) -> Result<(), Errno> {
        self.files.remove(name).map(|_| ()).ok_or(Errno::NOENT)
    }

    fn rename(&mut self, from: &[u8], to: &[u8]) -> Result<(), Errno> {
        let contents = self.files.remove(from).ok_or(Errno::NOENT)?;
        self.files.insert(to.to_vec(), contents);
        Ok(())
    }
}

fn folder() -> PathBuf {
    Path::new(env!("CARGO_MANIFEST_DIR")).join("../../guest-images/cpu-tests")
}

/// Asks for everything, so that every access takes the observed path; counts it.
#[derive(Default)]
struct Watching {
    retired: u64,
    accesses: u64,
}

impl Observer for Watching {
    const RETIRED: bool = true;
    const DATA: bool = true;

    fn retired(&mut self, _set: Set, _pc: u32, _word: u32) {
        self.retired += 1;
    }

    fn data(&mut self, _access: &DataAccess) {
        self.accesses += 1;
    }
}

/// How an image is run.
#[derive(Clone, Copy)]
struct Way {
    model: Model,
    /// Cycles of a slice.
    slice: u64,
    /// The core is saved after each slice, and a fresh one goes on.
    moved: bool,
}

const USUAL: Way = Way { model: Model::Scorpion, slice: 1 << 20, moved: false };

fn run<G: Engine + Default, O: Observer>(name: &str, obs: &mut O, way: Way) -> String {
    let file = std::fs::read(folder().join(format!("elf/{name}.elf"))).unwrap();
    let elf = Elf::parse(&file).unwrap();
    let mut ram = Ram::new(&[PhysRange::new(PhysAddr(RAM), 128 << 20).unwrap()]).unwrap();
    for segment in elf.program_headers.iter().filter(|segment| segment.p_type == PT_LOAD) {
        ram.write(BusMaster(0), PhysAddr(segment.p_paddr), &file[segment.file_range()]).unwrap();
    }
    let mut bus = Virt { ram, sgis: Sgis::default(), lines_changed: false };
    let mut cpu = Cpu::with_engine(Core::new(way.model, MASTER), G::default());
    cpu.core.pc = elf.entry as u32;
    cpu.core.semihosting = true;
    let mut calls = Semihosting::new(1_000_000_000);
    let mut console = Console::default();
    loop {
        let limits = Limits::until_cycle(cpu.core.cycles + way.slice);
        let exit = cpu.run(&mut bus, obs, limits);
        if way.moved {
            let mut fresh = Cpu::with_engine(Core::new(way.model, MASTER), G::default());
            fresh.restore(&cpu.core.save()).unwrap();
            fresh.core.semihosting = true;
            cpu = fresh;
        }
        cpu.core.lines.fiq = bus.sgis.pending & !bus.sgis.group1 != 0;
        cpu.core.lines.irq = bus.sgis.pending & bus.sgis.group1 != 0;
        match exit {
            Exit::Budget | Exit::Bus if cpu.core.cycles < CYCLE_LIMIT => {}
            Exit::WaitForInterrupt if cpu.core.lines.fiq || cpu.core.lines.irq => {}
            Exit::Semihosting => match calls.serve(&mut cpu.core, &mut bus, &mut console) {
                Outcome::Continue => {}
                Outcome::Ended { status, .. } => {
                    assert_eq!(status, 0, "{}", console.text());
                    return console.text();
                }
            },
            exit => panic!("{name} stops with {exit:?} at {:#x}:\n{}", cpu.core.pc, console.text()),
        }
    }
}

fn compare(name: &str) {
    let golden = std::fs::read_to_string(folder().join(format!("golden/{name}.txt"))).unwrap();
    assert!(
        golden.ends_with("done\n") && !golden.contains("UNEXPECTED"),
        "the golden is not that of a whole run"
    );
    let mut watching = Watching::default();
    let here = [
        ("blocks", run::<BlockEngine, _>(name, &mut (), USUAL)),
        ("blocks in short slices", run::<BlockEngine, _>(name, &mut (), Way { slice: 17, ..USUAL })),
        ("single steps", run::<StepEngine, _>(name, &mut (), USUAL)),
        ("an observer", run::<BlockEngine, _>(name, &mut watching, USUAL)),
        (
            "a new core every slice",
            run::<BlockEngine, _>(name, &mut (), Way { slice: 5000, moved: true, ..USUAL }),
        ),
        ("Krait", run::<BlockEngine, _>(name, &mut (), Way { model: Model::Krait, ..USUAL })),
    ];
    assert!(watching.retired > 1000 && watching.accesses > 1000);
    for (engine, output) in here {
        for (number, (ours, theirs)) in output.lines().zip(golden.lines()).enumerate() {
            assert_eq!(ours, theirs, "{name} with {engine}, line {}", number + 1);
        }
        assert_eq!(output.lines().count(), golden.lines().count(), "{name} with {engine}");
    }
}

macro_rules! images {
    ($($test:ident $name:literal),* $(,)?) => {
        $(#[test]
        fn $test() {
            compare($name);
        })*

        #[test]
        fn every_image_is_run() {
            let mut listed = vec![$($name),*];
            listed.sort_unstable();
            let mut found: Vec<String> = std::fs::read_dir(folder().join("elf"))
                .unwrap()
                .filter_map(|entry| Some(entry.unwrap().file_name().to_str()?.strip_suffix(".elf")?.to_owned()))
                .collect();
            found.sort_unstable();
            assert_eq!(listed, found);
        }
    };
}

images! {
    banked "banked",
    endian_walk "endian-walk",
    exceptions "exceptions",
    files "files",
    floating "floating",
    high_vectors "high-vectors",
    interwork "interwork",
    kernel_setup "kernel-setup",
    mmu_faults "mmu-faults",
    monitor "monitor",
    restart "restart",
    semihosting "semihosting",
    tlb "tlb",
    translate "translate",
}
