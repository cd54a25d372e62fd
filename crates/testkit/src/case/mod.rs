//! The `.smmu` case language: register writes, page tables, transactions, and what must come of them.
//!
//! `crates/smmu/tests/cases/README.md` describes the language for those who write cases; this module holds
//! what [`parse`](parse::parse) makes of a file and what [`run`](run::run) does with it.

pub mod parse;
pub mod run;

use crate::memory::{BusError, Memory};
use crate::registers::Place;
use crate::tables::{Attributes, PageSize};
use crate::transaction::{Request, Share, Type};
use std::ops::RangeInclusive;

/// The part that a case runs on.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Config {
    /// Context banks.
    pub banks: u32,
    /// Machine IDs.
    pub mids: u32,
    /// Entries of the main TLB.
    pub tlb: u32,
    /// Ways of the main TLB; the number of entries or more for a fully associative one.
    pub ways: u32,
    /// Entries of the micro-TLB; 0 for none.
    pub micro: u32,
}

impl Default for Config {
    fn default() -> Self {
        Self { banks: 2, mids: 32, tlb: 64, ways: 256, micro: 0 }
    }
}

/// One case: a list of steps from reset.
#[derive(Clone, Debug)]
pub struct Case {
    /// What the case shows.
    pub title: String,
    /// Line of the title in its file, from 1.
    pub line: usize,
    /// The part.
    pub config: Config,
    /// The steps of the file's prelude, then those of the case.
    pub steps: Vec<Step>,
}

/// A step with its place in the file and what is expected of it.
#[derive(Clone, Debug)]
pub struct Step {
    /// Line in the file, from 1.
    pub line: usize,
    /// What to do.
    pub action: Action,
    /// The text after `=>`, where the action gives a result.
    pub expected: Option<String>,
}

/// What a step does.
#[derive(Clone, Debug)]
pub enum Action {
    /// Guest write; a field write reads first, as the drivers' setters do.
    WriteRegister(Place, u32),
    /// Guest read.
    ReadRegister(Place),
    /// A master's transaction; whether it is expected to differ from the reference because a cached
    /// translation is older than the tables; its name, if one is given.
    Transaction(Request, bool, Option<String>),
    /// What became of a named transaction.
    Answer(String),
    /// Makes new tables at an address the ones that `map` uses; true for big-endian descriptors.
    Table(u32, bool),
    /// Virtual address, physical address, size, attributes.
    Map(u32, u32, PageSize, Attributes),
    /// Virtual address, size.
    Unmap(u32, PageSize),
    /// Word to memory.
    Poke(u32, u32),
    /// Word from memory.
    Peek(u32),
    /// Region that answers with bus errors.
    Refuse(RangeInclusive<u32>, BusError),
    /// All of memory answers again.
    Heal,
    /// Level of an interrupt output.
    Irq(u32),
    /// A counter of the model.
    Statistic(String),
    /// Hardware reset.
    Reset,
}

/// Where a translation was found.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
#[allow(missing_docs)]
pub enum Hit {
    Micro,
    Main,
    Walk,
}

/// What a back end reports about a transaction.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Answer {
    /// Went through untranslated.
    Bypassed {
        /// Physical address.
        pa: u32,
    },
    /// Went through translated.
    Translated {
        /// Physical address.
        pa: u32,
        /// Size of the mapping.
        page: PageSize,
        /// Memory type.
        kind: Type,
        /// Shareability.
        share: Share,
        /// Non-secure.
        ns: bool,
        /// Where the translation was found.
        hit: Hit,
    },
    /// Terminated by a context fault.
    Fault {
        /// Bits 7:1 and 16 as in `FSR`.
        cause: u32,
        /// The master gets a bus error; otherwise reads give 0 and writes vanish.
        error: bool,
    },
    /// Terminated by a global error.
    Global {
        /// Bits as in `ESR`.
        cause: u32,
        /// As for `Fault`.
        error: bool,
    },
    /// Held with this fault until `RESUME`.
    Held {
        /// Bits 7:1 and 16 as in `FSR`.
        cause: u32,
    },
    /// Behind a held transaction of the same bank.
    Waits,
}

/// A System MMU under test, with its memory passed in wherever it may walk.
pub trait Device {
    /// Guest read of a register.
    fn read(&mut self, memory: &mut Memory, offset: u32) -> u32;
    /// Guest write of a register, with all that follows from it at once.
    fn write(&mut self, memory: &mut Memory, offset: u32, value: u32);
    /// Starts a transaction and runs until it is answered or can go no further.
    fn start(&mut self, memory: &mut Memory, id: u32, request: &Request) -> Answer;
    /// What has become of transaction `id`.
    fn answer(&mut self, id: u32) -> Option<Answer>;
    /// Level of an interrupt output.
    fn irq(&self, index: u32) -> bool;
    /// Value of a counter by name, `None` for an unknown name.
    fn statistic(&self, name: &str) -> Option<u64>;
    /// Hardware reset.
    fn reset(&mut self);
}

/// The names of `FSR` causes, by bit.
const CAUSES: [(u32, &str); 8] =
    [(1, "TF"), (2, "AFF"), (3, "APF"), (4, "TLBMF"), (5, "HTWDEEF"), (6, "HTWSEEF"), (7, "MHF"), (16, "SL")];

fn names(word: u32, table: &[(u32, &str)]) -> String {
    let names: Vec<&str> = table.iter().filter(|(bit, _)| word >> bit & 1 == 1).map(|(_, n)| *n).collect();
    if names.is_empty() { "none".to_owned() } else { names.join("+") }
}

impl std::fmt::Display for Answer {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        let reply = |error: &bool| if *error { "error" } else { "zero" };
        match self {
            Self::Bypassed { pa } => write!(f, "bypass pa={pa:#010x}"),
            Self::Translated { pa, page, kind, share, ns, hit } => {
                let page = match page {
                    PageSize::Small => "4K",
                    PageSize::Large => "64K",
                    PageSize::Section => "1M",
                    PageSize::Supersection => "16M",
                };
                let policy = |code: &u8| ["nc", "wbwa", "wt", "wb"][usize::from(*code & 3)];
                let kind = match kind {
                    Type::StronglyOrdered => "so".to_owned(),
                    Type::Device => "device".to_owned(),
                    Type::Normal(inner, outer) => format!("normal/{}/{}", policy(inner), policy(outer)),
                };
                let share = match share {
                    Share::None => "none",
                    Share::Inner => "inner",
                    Share::Outer => "outer",
                };
                let hit = match hit {
                    Hit::Micro => "micro",
                    Hit::Main => "main",
                    Hit::Walk => "walk",
                };
                write!(f, "pa={pa:#010x} page={page} mem={kind} sh={share} ns={} hit={hit}", u8::from(*ns))
            }
            Self::Fault { cause, error } => {
                write!(f, "fault={} answer={}", names(*cause, &CAUSES), reply(error))
            }
            Self::Global { cause, error } => {
                write!(f, "error={} answer={}", names(*cause, &[(0, "CFG"), (1, "BYPASS")]), reply(error))
            }
            Self::Held { cause } => write!(f, "held fault={}", names(*cause, &CAUSES)),
            Self::Waits => write!(f, "waits"),
        }
    }
}
