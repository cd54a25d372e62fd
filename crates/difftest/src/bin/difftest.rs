//! Compares the core with Unicorn on random instructions and random states.

#![allow(clippy::print_stdout, reason = "a program that reports")]

use clap::Parser;
use msmemu_cpu::isa::{Set, decode};
use msmemu_difftest::block::{Block, Deck, arbitrary};
use msmemu_difftest::compare::Pair;
use msmemu_difftest::differences::{Against, Differences, Rule};
use msmemu_difftest::generate::{self, Roles};
use msmemu_difftest::random::{self, Dice, Wanted};
use std::collections::BTreeMap;
use std::error::Error;
use std::process::ExitCode;

/// Runs random blocks on the core and on Unicorn and compares every register, the flags, memory and the exception.
#[derive(Parser)]
struct Arguments {
    /// Instructions to run on each machine.
    #[arg(long, default_value_t = 1_000_000)]
    instructions: u64,
    /// Seed; the same seed gives the same run everywhere.
    #[arg(long, default_value_t = 1)]
    seed: u64,
    /// Only rows of the instruction table whose name contains this.
    #[arg(long, default_value = "")]
    only: String,
    /// Different instructions to report before giving up.
    #[arg(long, default_value_t = 40)]
    reports: usize,
    /// Write the coverage table here.
    #[arg(long)]
    coverage: Option<std::path::PathBuf>,
}

/// States that one block is run from.
const STATES: u32 = 4;
/// Blocks that share a memory image.
const BLOCKS_PER_IMAGE: u64 = 64;

/// How often each described instruction was compared, by instruction set and name.
type Coverage = BTreeMap<(&'static str, u16), u64>;

fn set_name(set: Set) -> &'static str {
    match set {
        Set::A32 => "A32",
        Set::T16 => "T16",
        Set::T32 => "T32",
    }
}

fn main() -> Result<ExitCode, Box<dyn Error>> {
    let arguments = Arguments::parse();
    let differences = Differences::committed()?;
    let deck = Deck::new(&arguments.only);
    let mut pair = Pair::new(Differences::committed()?)?;
    let mut explained: BTreeMap<Rule, u64> = BTreeMap::new();
    let mut coverage = Coverage::new();
    let mut reports: BTreeMap<String, (u64, String)> = BTreeMap::new();
    let (mut executed, mut runs, mut part, mut bad) = (0u64, 0u64, 0u64, 0u64);
    // A block whose first instruction always faults retires nothing: bound the runs too.
    while executed < arguments.instructions
        && runs < arguments.instructions + 1000
        && reports.len() < arguments.reports
    {
        let mut dice = Dice::new(arguments.seed, part);
        part += 1;
        let align = dice.chance(25);
        pair.set_alignment_check(align)?;
        pair.set_watched(align || dice.chance(50));
        let data = random::data(&mut dice);
        for _ in 0..BLOCKS_PER_IMAGE {
            let thumb = dice.chance(50);
            let block = if arguments.only.is_empty() && dice.chance(10) {
                arbitrary(&mut dice, &differences, thumb)
            } else {
                deck.block(&mut dice, &differences, thumb)
            };
            if block.words.is_empty() {
                continue;
            }
            pair.load_code(&block.code(), thumb, block.may_loop)?;
            let wanted = Wanted {
                thumb,
                pointers: block.roles.pointers,
                offsets: block.roles.offsets,
                big_endian: dice.chance(25),
                mode: if dice.chance(60) { 0x10 } else { dice.pick(&[0x11, 0x12, 0x13, 0x17, 0x1b, 0x1f]) },
            };
            for _ in 0..STATES {
                let start = random::state(&mut dice, wanted);
                let outcome = pair.run(&block, &start, &data)?;
                executed += outcome.run.retired;
                runs += 1;
                if let Some(rule) = outcome.explained {
                    *explained.entry(rule).or_default() += 1;
                    continue;
                }
                if outcome.differences.is_empty() {
                    cover(&mut coverage, &block, outcome.run.retired);
                    continue;
                }
                bad += 1;
                let culprit = pair.narrow(&block, &start, &data)?;
                let &(set, word) =
                    culprit.case.words.last().unwrap_or(&(msmemu_difftest::differences::Set::A32, 0));
                let row = decode::find(set.into(), word).map_or("undescribed", |(_, insn)| insn.name);
                let fields: Vec<&str> =
                    culprit.differences.iter().filter_map(|d| d.split(':').next()).collect();
                let kind = if fields.len() > 2 { "several".to_owned() } else { fields.join(", ") };
                let kind = kind.trim_end_matches(|c: char| c.is_ascii_digit()).to_owned();
                let key = format!("{} {row} ({kind})", set_name(set.into()));
                let text =
                    format!("{}\n        {}", culprit.case.line(), culprit.differences.join("\n        "));
                reports.entry(key).or_insert((0, text)).0 += 1;
                pair.load_code(&block.code(), thumb, block.may_loop)?;
                break;
            }
        }
    }
    for (key, (count, text)) in &reports {
        println!("{key}: {count} times\n    {text}");
    }
    let whole = arguments.instructions >= 1_000_000 && arguments.only.is_empty();
    let mut idle = 0;
    for rule in differences.rules(Against::Unicorn) {
        let count = explained.get(&rule).copied().unwrap_or_default();
        println!("rule {rule:?} explains {count} of {runs} runs");
        idle += u32::from(count == 0);
    }
    if whole {
        idle += audit(&mut pair, &differences, arguments.seed)?;
    }
    let missed = report_coverage(&coverage, &differences, &arguments)?;
    println!(
        "{executed} instructions in {runs} runs, {bad} runs with differences, {missed} described instructions not hit, \
         {idle} rules or entries that explain nothing"
    );
    let complete = !whole || missed == 0 && idle == 0;
    Ok(if bad == 0 && complete { ExitCode::SUCCESS } else { ExitCode::FAILURE })
}

/// Words tried of each entry of the list.
const AUDITED: u32 = 400;

/// Runs words of every entry of the list, to show that the two machines do differ on them; gives the number of entries
/// on which they do not.
fn audit(pair: &mut Pair, differences: &Differences, seed: u64) -> Result<u32, Box<dyn Error>> {
    let mut idle = 0;
    pair.set_alignment_check(false)?;
    pair.set_watched(false);
    let entries =
        differences.entries().iter().enumerate().filter(|(_, entry)| entry.against == Against::Unicorn);
    for (number, entry) in entries {
        if let Some(why) = &entry.unproven {
            println!("entry {:?} {}: not shown: {why}", entry.set, entry.pattern);
            continue;
        }
        let mut dice = Dice::new(seed, u64::MAX - number as u64);
        let (mut ran, mut different) = (0, 0);
        for _ in 0..100 * AUDITED {
            if ran == AUDITED {
                break;
            }
            // Register lists of every length.
            let (one, some) = (1 << dice.below(16), dice.word() & 0xffff);
            let list = dice.pick(&[0, one, some]);
            let mut bits = if dice.chance(50) { (dice.word() & !0xffff) | list } else { dice.word() };
            if entry.set == msmemu_difftest::differences::Set::A32 {
                bits = (bits & 0x0fff_ffff) | 0xe000_0000;
            }
            let roles = Roles::draw(&mut dice);
            let Some(word) = entry.pattern.word(bits) else { continue };
            ran += 1;
            let thumb = entry.set != msmemu_difftest::differences::Set::A32;
            let block = Block { thumb, words: vec![(entry.set.into(), word)], roles, may_loop: true };
            let wanted = Wanted {
                thumb,
                pointers: 0x7fff,
                offsets: 0,
                big_endian: false,
                mode: dice.pick(&[0x10, 0x13, 0x1f]),
            };
            let start = random::state(&mut dice, wanted);
            let data = random::data(&mut dice);
            pair.load_code(&block.code(), thumb, true)?;
            different += u32::from(!pair.both(&block, &start, &data)?.differences.is_empty());
        }
        let reason = entry.reason.trim().lines().next().unwrap_or_default();
        println!("entry {:?} {} ({reason}): {different} of {ran} words differ", entry.set, entry.pattern);
        idle += u32::from(different == 0);
    }
    Ok(idle)
}

/// Counts the instructions that ran and were found equal. An instruction that faulted counts too: its exception was
/// compared.
fn cover(coverage: &mut Coverage, block: &Block, retired: u64) {
    for &(set, word) in block.words.iter().take(retired as usize + 1) {
        if let Some((number, _)) = decode::find(set, word) {
            *coverage.entry((set_name(set), number)).or_default() += 1;
        }
    }
}

/// Prints which described instructions were not hit, and writes the table; gives the number of those not hit.
fn report_coverage(
    coverage: &Coverage,
    differences: &Differences,
    arguments: &Arguments,
) -> Result<usize, Box<dyn Error>> {
    let mut table = String::from("| set | instruction | compared |\n|---|---|---|\n");
    let mut missed = Vec::new();
    for set in [Set::A32, Set::T16, Set::T32] {
        for row in generate::rows(set) {
            let count = coverage.get(&(set_name(set), row.number)).copied().unwrap_or_default();
            table.push_str(&format!("| {} | {} | {count} |\n", set_name(set), row.insn.name));
            // A row all of whose words a deliberate difference takes out is not missed, but the list says so.
            let mut dice = Dice::new(0, row.number.into());
            let mut drawn = (0..200).filter_map(|_| {
                let roles = Roles::draw(&mut dice);
                generate::word(&mut dice, row, roles)
            });
            if count == 0 && !drawn.all(|word| differences.unicorn(set.into(), word).is_some()) {
                missed.push(format!("{} {}", set_name(set), row.insn.name));
            }
        }
    }
    if let Some(path) = &arguments.coverage {
        std::fs::write(path, table)?;
    }
    if arguments.only.is_empty() && !missed.is_empty() {
        println!("not hit: {}", missed.join(", "));
    }
    Ok(missed.len())
}
