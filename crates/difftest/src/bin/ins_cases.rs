//! Proposes `.ins` cases whose expected results come from Unicorn, and checks the committed ones against it.

#![allow(clippy::print_stdout, reason = "a program that reports")]

use clap::{Parser, Subcommand};
use msmemu_cpu::isa::{Class, Set};
use msmemu_difftest::block::Block;
use msmemu_difftest::compare::Pair;
use msmemu_difftest::differences::Differences;
use msmemu_difftest::facets::{self, Facet, Subject as About, Wanted};
use msmemu_difftest::generate::{self, Roles, Row};
use msmemu_difftest::ins::{Case, bless};
use msmemu_difftest::layout::{BLOCK_VA, DATA_SIZE, DATA_VA};
use msmemu_difftest::random::{self, Dice, Wanted as Start};
use msmemu_difftest::state::{State, Stop};
use msmemu_difftest::subject::Subject;
use std::collections::{BTreeMap, BTreeSet};
use std::error::Error;
use std::path::{Path, PathBuf};
use std::process::ExitCode;

/// Cases of the `.ins` format and Unicorn.
#[derive(Parser)]
struct Arguments {
    #[command(subcommand)]
    what: What,
}

#[derive(Subcommand)]
enum What {
    /// Adds cases for what those of a folder do not show yet of every described instruction, as far as the core and
    /// Unicorn agree on them.
    Complete {
        /// Folder with the files.
        folder: PathBuf,
        /// Draws for each thing that is missing.
        #[arg(long, default_value_t = 300)]
        draws: u32,
        /// Seed.
        #[arg(long, default_value_t = 1)]
        seed: u64,
    },
    /// Runs the cases of a folder on Unicorn.
    Check {
        /// Folder with the files.
        folder: PathBuf,
        /// Print the cases that a deliberate difference explains, with what is different.
        #[arg(long)]
        explained: bool,
    },
}

fn main() -> Result<ExitCode, Box<dyn Error>> {
    match Arguments::parse().what {
        What::Complete { folder, draws, seed } => complete(&folder, draws, seed),
        What::Check { folder, explained } => check(&folder, explained),
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

/// The cases of a folder, by file name.
fn read(folder: &Path) -> Result<BTreeMap<String, Vec<String>>, Box<dyn Error>> {
    let mut files = BTreeMap::new();
    for entry in std::fs::read_dir(folder)? {
        let path = entry?.path();
        if path.extension().is_some_and(|end| end == "ins") {
            let name = path.file_name().unwrap_or_default().to_string_lossy().into_owned();
            files.insert(name, std::fs::read_to_string(&path)?.lines().map(str::to_owned).collect());
        }
    }
    Ok(files)
}

fn is_case(line: &str) -> bool {
    !line.trim().is_empty() && !line.starts_with('#')
}

fn complete(folder: &Path, draws: u32, seed: u64) -> Result<ExitCode, Box<dyn Error>> {
    let differences = Differences::committed()?;
    let mut pair = Pair::new(Differences::committed()?)?;
    let mut subject = Subject::new()?;
    let mut files = read(folder)?;
    let mut shown = BTreeSet::new();
    for line in files.values().flatten().filter(|line| is_case(line)) {
        shown.extend(facets::shown(&Case::parse(line)?));
    }
    let rows: Vec<Row> = [Set::A32, Set::T16, Set::T32].into_iter().flat_map(generate::rows).collect();
    let (mut added, mut missing) = (0, Vec::new());
    for (part, wanted) in facets::wanted().into_iter().enumerate() {
        if shown.contains(&wanted) {
            continue;
        }
        let fitting: Vec<Row> = rows.iter().copied().filter(|row| fits(*row, &wanted)).collect();
        let mut dice = Dice::new(seed, part as u64);
        let mut found = None;
        for _ in 0..draws {
            let row = fitting[dice.below(fitting.len() as u32) as usize];
            let case = match draw(&mut dice, &mut pair, &mut subject, &differences, row, wanted.facet)? {
                Some(case) if facets::shown(&case).contains(&wanted) => case,
                _ => continue,
            };
            // Lines that can be read.
            if case.line().len() < 420 {
                found = Some((row, case));
                break;
            }
        }
        match found {
            Some((row, case)) => {
                shown.extend(facets::shown(&case));
                files.entry(file_of(row)).or_default().push(case.line());
                added += 1;
            }
            None => missing.push(wanted),
        }
    }
    for (name, mut lines) in files {
        // A whole sort would tear comments from what they are about.
        if lines.iter().all(|line| is_case(line)) {
            lines.sort_by_key(|line| line.split('|').next().map(str::to_owned));
        }
        std::fs::write(folder.join(name), lines.join("\n") + "\n")?;
    }
    for wanted in &missing {
        println!("no case for {wanted}");
    }
    println!("{added} cases added, {} things without a case", missing.len());
    Ok(ExitCode::SUCCESS)
}

fn fits(row: Row, wanted: &Wanted) -> bool {
    let of = match wanted.subject {
        About::Row(name) => row.insn.name == name,
        About::Class(name) => facets::class_name(row.insn.class) == name,
    };
    let place = match wanted.facet {
        Facet::Block(..) => facets::fits_it(row),
        Facet::Condition(..) => {
            row.insn.encoding.field_mask(b'c').count_ones() == 4 || row.insn.name == "BCond"
        }
        _ => true,
    };
    facets::set_name(row.set) == wanted.set && of && place
}

/// Draws a case that may show a facet of a row.
fn draw(
    dice: &mut Dice,
    pair: &mut Pair,
    subject: &mut Subject,
    differences: &Differences,
    row: Row,
    facet: Facet,
) -> Result<Option<Case>, Box<dyn Error>> {
    let roles = Roles::draw(dice);
    let word = generate::word(dice, row, roles).and_then(|word| facets::force(row, word, facet));
    let Some(word) = word else { return Ok(None) };
    let thumb = row.set != Set::A32;
    let mut words = vec![(row.set, word)];
    if let Facet::Block(place, then, _) = facet {
        words = in_block(dice.below(14), place, then, words);
    }
    let chosen = differences.unicorn(row.set.into(), word).map(|entry| &differences.entries()[entry]);
    if chosen.is_some_and(|entry| entry.unproven.is_some()) {
        // These have cases of their own.
        return Ok(None);
    }
    if chosen.is_some() || matches!(facet, Facet::PcRefused(_)) {
        // Unicorn does something else with these: the core's own answer, which is what the tables say.
        let start = State { cpsr: 0x1d0 | u32::from(thumb) << 5, ..State::default() };
        let start = State { r: std::array::from_fn(|n| if n == 15 { BLOCK_VA } else { 0 }), ..start };
        let memory = vec![0; DATA_SIZE as usize];
        let words = words.into_iter().map(|(set, word)| (set.into(), word)).collect();
        let text = String::new();
        let stop = if matches!(facet, Facet::PcRefused(_)) { Stop::Undefined } else { Stop::Budget };
        let start = match chosen {
            Some(_) => State {
                r: start.r.map(|r| if r == 0 { DATA_VA + 0x100 } else { r }),
                cpsr: start.cpsr | 3,
                ..start
            },
            None => start,
        };
        let (end, memory_after) = (start.clone(), memory.clone());
        let alignment_check = false;
        let case = Case { thumb, words, text, start, alignment_check, memory, end, memory_after, stop };
        return Ok(Some(bless(&case, subject)?));
    }
    let block = Block { thumb, words, roles, may_loop: true };
    let privileged = row.insn.class == Class::System || dice.chance(35);
    let wanted = Start {
        thumb,
        pointers: roles.pointers,
        offsets: roles.offsets,
        big_endian: dice.chance(10),
        mode: if privileged { dice.pick(&[0x11, 0x13, 0x1f]) } else { 0x10 },
    };
    let mut start = random::state(dice, wanted);
    let condition = match facet {
        Facet::Condition(condition, holds) => Some((condition, holds)),
        Facet::Block(place, _, holds) => {
            let it = block.words[0].1;
            Some(((it >> 4 & 0xe) as u8 | (it >> (5 - u32::from(place)) & 1) as u8, holds))
        }
        _ => None,
    };
    if let Some((condition, holds)) = condition {
        for _ in 0..64 {
            if facets::holds(condition, &start) == holds {
                break;
            }
            start.cpsr = (start.cpsr & 0x0fff_ffff) | dice.word() << 28;
        }
    }
    let mut data = random::data(dice);
    if row.insn.name.starts_with("Rfe") {
        // Something that may be returned to: User mode in ARM state.
        let status = (dice.word() & 0xf80f_0000) | 0x1d0;
        data = status.to_le_bytes().repeat(data.len() / 4);
        start.cpsr &= !0x200;
    }
    pair.set_budget(block.words.len() as u64);
    pair.load_code(&block.code(), thumb, true)?;
    Ok(pair.agreed_case(&block, &start, &data)?)
}

/// Puts an instruction into a place (1 to 4) of an IT block, the last one of it, behind NOPs of its `then` part.
fn in_block(condition: u32, place: u8, then: bool, mut target: Vec<(Set, u32)>) -> Vec<(Set, u32)> {
    let place = u32::from(place);
    let mut mask = 1 << (4 - place);
    for other in 2..=place {
        let bit = condition & 1 ^ u32::from(other == place && !then);
        mask |= bit << (5 - other);
    }
    let mut words = vec![(Set::T16, 0xbf00 | condition << 4 | mask)];
    words.extend((1..place).map(|_| (Set::T16, 0xbf00)));
    words.append(&mut target);
    words
}

fn check(folder: &Path, explained: bool) -> Result<ExitCode, Box<dyn Error>> {
    let differences = Differences::committed()?;
    let mut pair = Pair::new(Differences::committed()?)?;
    let (mut checked, mut beyond, mut wrong) = (0, 0, 0);
    for (name, lines) in read(folder)? {
        for line in lines.iter().filter(|line| is_case(line)) {
            let case = Case::parse(line)?;
            let words: Vec<(Set, u32)> = case.words.iter().map(|&(set, word)| (set.into(), word)).collect();
            let roles = Roles { pointers: 0, offsets: 0 };
            let block = Block { thumb: case.thumb, words, roles, may_loop: true };
            pair.set_budget(block.words.len() as u64);
            pair.set_alignment_check(case.alignment_check)?;
            pair.load_code(&block.code(), case.thumb, true)?;
            let outcome = pair.run(&block, &case.start, &case.memory)?;
            let last = block.words.last();
            let entry = last.and_then(|&(set, word)| differences.unicorn(set.into(), word));
            let listed = entry.is_some_and(|entry| differences.entries()[entry].unproven.is_none());
            if outcome.explained.is_some() || listed {
                beyond += 1;
                if explained {
                    let found = pair.both(&block, &case.start, &case.memory)?;
                    let why = outcome.explained.map_or("listed".into(), |rule| format!("{rule:?}"));
                    println!("{name}: {line}\n    {why}: {}", found.differences.join("\n    "));
                }
                continue;
            }
            checked += 1;
            if !outcome.differences.is_empty() {
                wrong += 1;
                println!("{name}: {line}\n    {}", outcome.differences.join("\n    "));
            }
        }
    }
    println!("{checked} cases agree with Unicorn but {wrong}; {beyond} are beyond it");
    Ok(if wrong == 0 { ExitCode::SUCCESS } else { ExitCode::FAILURE })
}
