//! Proposes `.ins` cases whose expected results come from Unicorn, and checks the committed ones against it.

#![allow(clippy::print_stdout, reason = "a program that reports")]

use clap::{Parser, Subcommand};
use msmemu_cpu::isa::{Class, Set};
use msmemu_difftest::block::Block;
use msmemu_difftest::compare::Pair;
use msmemu_difftest::differences::Differences;
use msmemu_difftest::generate::{self, Roles, Row};
use msmemu_difftest::ins::Case;
use msmemu_difftest::random::{self, Dice, Wanted};
use std::collections::BTreeMap;
use std::error::Error;
use std::path::PathBuf;
use std::process::ExitCode;

/// Cases of the `.ins` format and Unicorn.
#[derive(Parser)]
struct Arguments {
    #[command(subcommand)]
    what: What,
}

#[derive(Subcommand)]
enum What {
    /// Writes cases for every described instruction on which the core and Unicorn agree.
    Propose {
        /// Folder for the files.
        folder: PathBuf,
        /// Cases per instruction and instruction set.
        #[arg(long, default_value_t = 2)]
        cases: u32,
        /// Seed.
        #[arg(long, default_value_t = 1)]
        seed: u64,
    },
    /// Runs the cases of a folder on Unicorn.
    Check {
        /// Folder with the files.
        folder: PathBuf,
    },
}

fn main() -> Result<ExitCode, Box<dyn Error>> {
    match Arguments::parse().what {
        What::Propose { folder, cases, seed } => propose(&folder, cases, seed),
        What::Check { folder } => check(&folder),
    }
}

/// The file that a row's cases go to.
fn file_of(row: Row) -> String {
    let set = match row.set {
        Set::A32 => "a32",
        Set::T16 => "t16",
        Set::T32 => "t32",
    };
    let class = match row.insn.class {
        Class::Alu | Class::AluShift => "data",
        Class::Mul | Class::MulLong | Class::Div => "multiply",
        Class::Load | Class::Store | Class::Multiple => "memory",
        Class::Branch => "branch",
        Class::System | Class::Exception => "system",
        Class::Fp | Class::FpDiv | Class::FpMove => "vfp",
        Class::Simd | Class::SimdMul => "simd",
    };
    format!("{set}-{class}.ins")
}

fn propose(folder: &std::path::Path, cases: u32, seed: u64) -> Result<ExitCode, Box<dyn Error>> {
    let differences = Differences::committed()?;
    let mut pair = Pair::new(Differences::committed()?)?;
    let mut files: BTreeMap<String, Vec<String>> = BTreeMap::new();
    let mut without = Vec::new();
    for (part, row) in [Set::A32, Set::T16, Set::T32].into_iter().flat_map(generate::rows).enumerate() {
        let mut dice = Dice::new(seed, part as u64);
        let thumb = row.set != Set::A32;
        let mut found = Vec::new();
        for attempt in 0..40 * cases {
            if found.len() == cases as usize {
                break;
            }
            let roles = Roles::draw(&mut dice);
            let Some(word) = generate::word(&mut dice, row, roles) else { continue };
            if differences.unicorn(row.set.into(), word).is_some() {
                continue;
            }
            let mut words = vec![(row.set, word)];
            // Every third Thumb case stands in an IT block, with a condition that holds or not.
            if thumb
                && attempt % 3 == 2
                && !matches!(row.insn.class, Class::Branch | Class::System | Class::Exception)
            {
                words.insert(0, (Set::T16, 0xbf08 | dice.below(14) << 4));
            }
            let block = Block { thumb, words, roles, may_loop: true };
            let privileged = row.insn.class == Class::System || dice.chance(15);
            let wanted = Wanted {
                thumb,
                pointers: roles.pointers,
                offsets: roles.offsets,
                big_endian: dice.chance(10),
                mode: if privileged { dice.pick(&[0x11, 0x13, 0x1f]) } else { 0x10 },
            };
            let start = random::state(&mut dice, wanted);
            let data = random::data(&mut dice);
            pair.set_budget(block.words.len() as u64);
            pair.load_code(&block.code(), thumb, true)?;
            if let Some(case) = pair.agreed_case(&block, &start, &data)? {
                let line = case.line();
                // Fewer faults, and lines that can be read.
                let faults = line.contains("!load") || line.contains("!store") || line.contains("!prefetch");
                if line.len() < 420 && !line.contains("unknown") && (!faults || attempt % 8 == 7) {
                    found.push(line);
                }
            }
        }
        if found.is_empty() {
            without.push(row.insn.name);
        }
        files.entry(file_of(row)).or_default().extend(found);
    }
    let mut total = 0;
    for (name, lines) in files {
        total += lines.len();
        std::fs::write(folder.join(name), lines.join("\n") + "\n")?;
    }
    println!("{total} cases; none for: {}", without.join(", "));
    Ok(ExitCode::SUCCESS)
}

fn check(folder: &std::path::Path) -> Result<ExitCode, Box<dyn Error>> {
    let mut pair = Pair::new(Differences::committed()?)?;
    let (mut checked, mut beyond, mut wrong) = (0, 0, 0);
    let mut paths: Vec<PathBuf> =
        std::fs::read_dir(folder)?.map(|entry| Ok(entry?.path())).collect::<Result<_, std::io::Error>>()?;
    paths.sort();
    for path in paths.iter().filter(|path| path.extension().is_some_and(|end| end == "ins")) {
        for line in std::fs::read_to_string(path)?.lines().map(str::trim) {
            if line.is_empty() || line.starts_with('#') {
                continue;
            }
            let case = Case::parse(line)?;
            let words: Vec<(Set, u32)> = case.words.iter().map(|&(set, word)| (set.into(), word)).collect();
            let roles = Roles { pointers: 0, offsets: 0 };
            let block = Block { thumb: case.thumb, words, roles, may_loop: true };
            pair.set_budget(block.words.len() as u64);
            pair.set_alignment_check(case.alignment_check)?;
            pair.load_code(&block.code(), case.thumb, true)?;
            let outcome = pair.run(&block, &case.start, &case.memory)?;
            if outcome.explained.is_some() {
                beyond += 1;
                continue;
            }
            checked += 1;
            if !outcome.differences.is_empty() {
                wrong += 1;
                println!("{}: {line}\n    {}", path.display(), outcome.differences.join("\n    "));
            }
        }
    }
    println!("{checked} cases agree with Unicorn but {wrong}; {beyond} are beyond it");
    Ok(if wrong == 0 { ExitCode::SUCCESS } else { ExitCode::FAILURE })
}
