//! Compares decoder and disassembler with capstone: every 16-bit Thumb encoding, and sampled 32-bit words.

#![allow(clippy::print_stdout, reason = "a program that reports")]

use clap::Parser;
use msmemu_cpu::isa::decode::is_wide;
use msmemu_difftest::differences::{Against, Differences, Rule, Set};
use msmemu_difftest::generate::{self, Roles};
use msmemu_difftest::random::Dice;
use msmemu_difftest::second_opinion::{SecondOpinion, Verdict, row_name};
use std::collections::BTreeMap;
use std::error::Error;
use std::process::ExitCode;

/// Asks capstone about every 16-bit Thumb encoding and about random ARM and 32-bit Thumb words: whether the
/// instruction exists, and its mnemonic.
#[derive(Parser)]
struct Arguments {
    /// 32-bit words to sample, half ARM and half Thumb.
    #[arg(long, default_value_t = 1_000_000)]
    words: u64,
    /// Seed.
    #[arg(long, default_value_t = 1)]
    seed: u64,
    /// Kinds of disagreement to print.
    #[arg(long, default_value_t = 200)]
    reports: usize,
}

/// Single words with a name of their own in capstone, which chance would miss.
const NAMED: [(Set, u32); 10] = [
    (Set::A32, 0xe49d_0004), // LDR R0, [SP], #4
    (Set::T32, 0xf85d_0b04),
    (Set::A32, 0xe52d_0004), // STR R0, [SP, #-4]!
    (Set::T32, 0xf84d_0d04),
    (Set::A32, 0xe320_f014), // hint 20
    (Set::T32, 0xf3af_8014),
    (Set::A32, 0xe320_f006), // hint 6
    (Set::T32, 0xf3af_8006),
    (Set::A32, 0xf2b0_0840), // VEXT.8 Q0, Q0, Q0, #8
    (Set::T32, 0xefb0_0840),
];

#[derive(Default)]
struct Tally {
    asked: u64,
    listed: Vec<u64>,
    explained: BTreeMap<Rule, u64>,
    /// Count and first word, by set, row and both mnemonics.
    disagreed: BTreeMap<(&'static str, &'static str, String, String), (u64, u32)>,
}

fn main() -> Result<ExitCode, Box<dyn Error>> {
    let arguments = Arguments::parse();
    let differences = Differences::committed()?;
    let second = SecondOpinion::new()?;
    let mut tally = Tally { listed: vec![0; differences.entries().len()], ..Tally::default() };
    let ask = |tally: &mut Tally, set: Set, word: u32| {
        tally.asked += 1;
        match second.ask(set, word, &differences) {
            Verdict::Agreed => {}
            Verdict::Listed(entry) => tally.listed[entry] += 1,
            Verdict::Explained(rule) => *tally.explained.entry(rule).or_default() += 1,
            Verdict::Disagreed(ours, theirs) => {
                let name = match set {
                    Set::A32 => "A32",
                    Set::T16 => "T16",
                    Set::T32 => "T32",
                };
                tally.disagreed.entry((name, row_name(set, word), ours, theirs)).or_insert((0, word)).0 += 1;
            }
        }
    };
    for word in 0..=u16::MAX {
        if !is_wide(word) {
            ask(&mut tally, Set::T16, word.into());
        }
    }
    let mut dice = Dice::new(arguments.seed, 0);
    for n in 0..arguments.words {
        if n % 2 == 0 {
            ask(&mut tally, Set::A32, dice.word());
        } else {
            // The first halfword of a 32-bit instruction starts with 0b111 and is no 16-bit branch.
            let word = dice.word();
            let top = dice.pick(&[0xe800_0000, 0xf000_0000, 0xf800_0000]);
            ask(&mut tally, Set::T32, (word & 0x07ff_ffff) | top);
        }
    }
    for (set, word) in NAMED {
        ask(&mut tally, set, word);
    }
    // Rare encodings: words made from each row of the table, so that none goes unasked.
    for set in [msmemu_cpu::isa::Set::A32, msmemu_cpu::isa::Set::T32] {
        for row in generate::rows(set) {
            for _ in 0..64 {
                let roles = Roles::draw(&mut dice);
                if let Some(word) = generate::word(&mut dice, row, roles) {
                    ask(&mut tally, set.into(), word);
                }
            }
        }
    }
    for ((set, row, ours, theirs), (count, word)) in tally.disagreed.iter().take(arguments.reports) {
        println!("{set} {row}: ours `{ours}`, capstone `{theirs}`, {count} times, first {word:08x}");
    }
    // What excuses nothing has no business in the list.
    let mut idle = 0;
    for rule in differences.rules(Against::Capstone) {
        let count = tally.explained.get(&rule).copied().unwrap_or_default();
        println!("rule {rule:?} explains {count} words");
        idle += u32::from(count == 0);
    }
    for (entry, count) in differences.entries().iter().zip(&tally.listed) {
        if entry.against == Against::Capstone {
            let said = |mnemonic: &Option<String>| mnemonic.clone().unwrap_or_else(|| "any".into());
            let (ours, theirs) = (said(&entry.ours), said(&entry.capstone));
            println!(
                "entry {:?} {}: ours {ours}, capstone {theirs}: {count} words",
                entry.set, entry.pattern
            );
            idle += u32::from(*count == 0);
        }
    }
    if idle != 0 {
        println!("{idle} rules or entries explain nothing");
    }
    let listed: u64 = tally.listed.iter().sum();
    let disagreed: u64 = tally.disagreed.values().map(|(count, _)| count).sum();
    println!(
        "{} words asked, {listed} listed differences, {disagreed} disagreements of {} kinds",
        tally.asked,
        tally.disagreed.len()
    );
    let complete = idle == 0 || arguments.words < 1_000_000;
    Ok(if disagreed == 0 && complete { ExitCode::SUCCESS } else { ExitCode::FAILURE })
}
