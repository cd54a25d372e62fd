//! A System MMU without a machine around it: program a context as a driver would, translate through all
//! four page sizes, take a fault and stall, resolve it, and print what a driver author would look at.
//!
//! `cargo run -p msmemu-smmu --example standalone`

#![allow(clippy::print_stdout, reason = "printing is what an example is for")]

use std::error::Error;

use msmemu_smmu::spec::context_bank as cb;
use msmemu_smmu::{
    Access, Answer, BusError, Config, DescriptorPort, DescriptorRead, DescriptorWrite, Event, Observer,
    Ports, RegisterId, Request, Smmu,
};

/// Memory that holds the tables: 64 KiB at the start of RAM.
struct Ram([u32; 0x4000]);

const RAM: u32 = 0x8000_0000;
const FIRST: u32 = RAM;
const SECOND: u32 = RAM + 0x4000;

impl Ram {
    fn word(&mut self, address: u32) -> Result<&mut u32, BusError> {
        self.0.get_mut((address.wrapping_sub(RAM) / 4) as usize).ok_or(BusError::Decode)
    }

    /// Writes a descriptor, as often as the format wants it for the size.
    fn map(&mut self, table: u32, index: u32, times: u32, descriptor: u32) -> Result<(), BusError> {
        for entry in index..index + times {
            *self.word(table + entry * 4)? = descriptor;
        }
        Ok(())
    }
}

impl DescriptorPort for Ram {
    fn read(&mut self, read: &DescriptorRead) -> Result<u32, BusError> {
        self.word(read.address).copied()
    }

    fn write(&mut self, write: &DescriptorWrite) -> Result<(), BusError> {
        *self.word(write.address)? = write.value;
        Ok(())
    }
}

/// Prints descriptor reads and interrupt edges as they happen.
struct Watch;

impl Observer for Watch {
    fn event(&mut self, event: Event<'_>) {
        match event {
            Event::DescriptorRead { read, response: Ok(word), .. } => {
                println!("    walk  {:?} level  [{:#010x}] = {word:#010x}", read.level, read.address);
            }
            Event::Interrupt { line, level } => {
                println!("    irq   output {line} {}", if level { "high" } else { "low" });
            }
            _ => {}
        }
    }
}

type Machine<'a> = Ports<&'a mut Ram, Watch>;

/// Bank 1, so that its registers are not those of the reset bank.
const BANK: u32 = 0x1000;
/// The master.
const MID: u16 = 2;

// Register offsets in a bank.
const SCTLR: u32 = 0x000;
const ACTLR: u32 = 0x004;
const CONTEXTIDR: u32 = 0x008;
const TTBR0: u32 = 0x010;
const PAR: u32 = 0x01C;
const FSR: u32 = 0x020;
const FAR: u32 = 0x028;
const FSYNR0: u32 = 0x02C;
const FSYNR1: u32 = 0x030;
const PRRR: u32 = 0x034;
const NMRR: u32 = 0x038;
const CTX_TLBIALL: u32 = 0x800;
const TLBIVA: u32 = 0x808;
const V2PUR: u32 = 0x818;
const RESUME: u32 = 0x820;

fn show(smmu: &mut Smmu, ports: &mut Machine<'_>, offset: u32) -> u32 {
    let value = smmu.read(BANK + offset, ports);
    if let Some(register) = RegisterId::at(BANK + offset) {
        println!("    {:<10} {value:#010x}  {}", register.to_string(), register.desc().show(value));
    }
    value
}

fn attach(smmu: &mut Smmu, ports: &mut Machine<'_>) {
    smmu.write(0xF_FF80, 0x0000_0040, ports); // CR: TLBLKCRWE, no CLIENTPD
    smmu.write(0xF_F000 + u32::from(MID) * 4, 0x00C0_0100, ports); // M2VCBR: bank 1, NSCFG non-secure
    for (offset, value) in [
        (SCTLR, cb::SCTLR::TRE.mask() | cb::SCTLR::AFE.mask()),
        (ACTLR, 0x0003_7072), // CFEIE, RCxSH, TLBMCFG walk, CFCFG stall, V2PCFG walk
        (CONTEXTIDR, 1),
        (TTBR0, FIRST | cb::TTBR0::SH.mask()),
        (PRRR, 0x800B_8204),
        (NMRR, 0x4000_4000),
        (CTX_TLBIALL, 0),
    ] {
        smmu.write(BANK + offset, value, ports);
    }
    let sctlr = smmu.read(BANK + SCTLR, ports);
    smmu.write(BANK + SCTLR, sctlr | cb::SCTLR::M.mask(), ports);
}

fn translate(smmu: &mut Smmu, ports: &mut Machine<'_>, id: u64, va: u32, access: Access) -> Answer {
    let verb = if access.write { "write" } else { "read" };
    println!("  {verb} at {va:#010x} by MID {MID}");
    let answer = smmu.translate(&Request::new(id, MID, va, access), ports);
    print_answer(&answer);
    answer
}

fn print_answer(answer: &Answer) {
    match answer {
        Answer::Translated(t) => println!(
            "    -> {:#010x}  {:?} page, found by {:?}, {:?}, {:?} shareable",
            t.pa,
            t.size,
            t.found,
            t.attributes.kind(),
            t.attributes.shareability()
        ),
        Answer::Terminated { error } => println!("    -> terminated, bus error: {error}"),
        Answer::Held => println!("    -> held until RESUME"),
    }
}

fn main() -> Result<(), Box<dyn Error>> {
    let mut ram = Ram([0; 0x4000]);
    // Attributes as a present-day kernel writes them with AFE: AP[0] access flag, AP[1] user, S, nG, class
    // 7. Read-only is AP[2].
    let big = 0x0003_1C0C;
    let small = 0x0000_0C7C;
    ram.map(FIRST, 0x001, 1, SECOND | 1)?;
    ram.map(SECOND, 0x00, 1, 0x8012_3000 | small | 2)?; // 4 KiB
    ram.map(SECOND, 0x10, 16, 0x8765_0000 | (small & !0x40) | 0x1000 | 1)?; // 64 KiB, TEX at 14:12
    ram.map(FIRST, 0x002, 1, 0x8010_0000 | big | 2)?; // 1 MiB
    ram.map(FIRST, 0x010, 16, 0x8100_0000 | big | 1 << 18 | 2)?; // 16 MiB

    let mut smmu = Smmu::new(&Config::default())?;
    let mut ports = Ports::new(&mut ram).observed_by(Watch);
    println!("IDR {:#010x}: {} banks", smmu.read(0xF_FFF8, &mut ports), smmu.config().banks);

    println!("\nattach bank 1");
    attach(&mut smmu, &mut ports);
    for offset in [SCTLR, ACTLR, TTBR0] {
        show(&mut smmu, &mut ports, offset);
    }

    println!("\ntranslate through every page size");
    for (id, va) in (0..).zip([0x0010_0040, 0x0011_8040, 0x0024_5678, 0x0142_4242, 0x0010_0080]) {
        translate(&mut smmu, &mut ports, id, va, Access::READ);
    }
    println!("  V2PUR of {:#010x}", 0x0024_5000);
    smmu.write(BANK + V2PUR, 0x0024_5000, &mut ports);
    show(&mut smmu, &mut ports, PAR);

    println!("\na page that is not there");
    translate(&mut smmu, &mut ports, 9, 0x0010_7ABC, Access::WRITE);
    for offset in [FSR, FAR, FSYNR0, FSYNR1] {
        show(&mut smmu, &mut ports, offset);
    }

    println!("\nthe handler maps it, clears FSR, invalidates, retries");
    ports.memory.map(SECOND, 0x07, 1, 0x8012_7000 | small | 2)?;
    smmu.write(BANK + FSR, 0x4000_000F, &mut ports);
    smmu.write(BANK + TLBIVA, 0x0010_7000 | 1, &mut ports);
    smmu.write(BANK + RESUME, 0, &mut ports);
    while let Some(released) = smmu.next_released(&mut ports) {
        println!("  transaction {} goes on", released.request.id);
        print_answer(&released.answer);
    }
    show(&mut smmu, &mut ports, FSR);

    let stats = smmu.stats();
    let bank = &stats.contexts[1];
    println!("\nstatistics");
    println!("  transactions      {}", stats.requests);
    println!("  micro-TLB hits    {}", bank.micro_hits);
    println!("  main TLB hits     {}", bank.main_hits);
    println!("  misses, walks     {}, {}", bank.misses, bank.walks);
    println!("  descriptor reads  {}", bank.descriptor_reads);
    println!("  faults, stalls    {}, {}", bank.faults.iter().sum::<u64>(), bank.stalls);
    println!(
        "  TLB entries filled, evicted, invalidated  {}, {}, {}",
        stats.fills, stats.evictions, stats.invalidated_entries
    );
    Ok(())
}
