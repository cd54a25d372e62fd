//! Text to [`Case`]s, with located errors.

use super::{Action, Case, Config, Step};
use crate::memory::BusError;
use crate::registers::{Place, RegisterMap, parse_number};
use crate::tables::{Attributes, PageSize};
use crate::transaction::Request;

/// A mistake in a case file.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
#[error("{line}:{column}: {message}\n  {text}\n  {caret:>column$}", caret = '^')]
pub struct ParseError {
    /// Line, from 1.
    pub line: usize,
    /// Column, from 1.
    pub column: usize,
    /// What is wrong.
    pub message: String,
    /// The line as written.
    pub text: String,
}

/// One line cut into words, each with its column.
struct Words<'a> {
    line: usize,
    text: &'a str,
    words: std::vec::IntoIter<(usize, &'a str)>,
}

impl<'a> Words<'a> {
    fn new(line: usize, text: &'a str, code: &'a str) -> Self {
        let column = |word: &str| word.as_ptr() as usize - text.as_ptr() as usize + 1;
        let words: Vec<_> = code.split_whitespace().map(|word| (column(word), word)).collect();
        Self { line, text, words: words.into_iter() }
    }

    fn error(&self, column: usize, message: impl Into<String>) -> ParseError {
        ParseError { line: self.line, column, message: message.into(), text: self.text.to_owned() }
    }

    fn next(&mut self, what: &str) -> Result<(usize, &'a str), ParseError> {
        self.words.next().ok_or_else(|| self.error(self.text.len() + 1, format!("{what} expected")))
    }

    fn literal(&mut self, word: &str) -> Result<(), ParseError> {
        match self.next(word)? {
            (_, found) if found == word => Ok(()),
            (column, found) => Err(self.error(column, format!("{word} expected, found {found}"))),
        }
    }

    fn number(&mut self, what: &str) -> Result<u32, ParseError> {
        let (column, word) = self.next(what)?;
        self.number_of(column, word, what)
    }

    fn number_of(&self, column: usize, word: &str, what: &str) -> Result<u32, ParseError> {
        parse_number(word).ok_or_else(|| self.error(column, format!("{what} expected, found {word:?}")))
    }

    fn end(&mut self) -> Result<(), ParseError> {
        match self.words.next() {
            None => Ok(()),
            Some((column, word)) => Err(self.error(column, format!("{word:?} is one word too many"))),
        }
    }

    fn size(&mut self) -> Result<PageSize, ParseError> {
        match self.next("page size")? {
            (_, "small") => Ok(PageSize::Small),
            (_, "large") => Ok(PageSize::Large),
            (_, "section") => Ok(PageSize::Section),
            (_, "supersection") => Ok(PageSize::Supersection),
            (column, word) => {
                Err(self
                    .error(column, format!("small, large, section or supersection expected, found {word}")))
            }
        }
    }

    fn place(&self, map: &RegisterMap, column: usize, path: &str) -> Result<Place, ParseError> {
        map.resolve(path).map_err(|e| self.error(column, e.to_string()))
    }
}

/// Parses a whole file. Lines before the first `case` are the prelude of every case.
pub fn parse(text: &str, map: &RegisterMap) -> Result<Vec<Case>, ParseError> {
    let mut prelude = Vec::new();
    let mut config = Config::default();
    let mut cases: Vec<Case> = Vec::new();
    for (index, line) in text.lines().enumerate() {
        let code = line.split_once('#').map_or(line, |(code, _)| code).trim_end();
        let (code, expected) = match code.split_once("=>") {
            Some((code, expected)) => (code, Some(expected.trim().to_owned())),
            None => (code, None),
        };
        let mut words = Words::new(index + 1, line, code);
        let Some((column, verb)) = words.words.next() else {
            match expected {
                Some(_) => return Err(words.error(1, "a result without a step")),
                None => continue,
            }
        };
        match verb {
            "case" => {
                let title = code.trim_start()["case".len()..].trim().to_owned();
                if title.is_empty() || expected.is_some() {
                    return Err(words.error(column, "a case needs a title and has no result"));
                }
                if let Some(other) = cases.iter().find(|c| c.title == title) {
                    return Err(words.error(column, format!("line {} has the same title", other.line)));
                }
                cases.push(Case { title, line: index + 1, config, steps: prelude.clone() });
            }
            "config" => {
                if !cases.is_empty() || !prelude.is_empty() {
                    return Err(words.error(column, "config must come first"));
                }
                config = parse_config(&mut words)?;
            }
            _ => {
                let mut steps = Vec::new();
                for action in parse_action(&mut words, column, verb, map)? {
                    steps.push(Step { line: index + 1, action, expected: None });
                }
                let gives_result = steps.iter().any(|s| s.action.gives_result());
                match (&expected, gives_result) {
                    (Some(_), true) => steps.iter_mut().for_each(|s| s.expected.clone_from(&expected)),
                    (None, false) => {}
                    (Some(_), false) => return Err(words.error(column, format!("{verb} has no result"))),
                    (None, true) => return Err(words.error(line.len() + 1, "=> and the result expected")),
                }
                match cases.last_mut() {
                    Some(case) => case.steps.extend(steps),
                    None => prelude.extend(steps),
                }
            }
        }
    }
    Ok(cases)
}

impl Action {
    /// Whether the step must have an expectation.
    pub fn gives_result(&self) -> bool {
        match self {
            Self::ReadRegister(_)
            | Self::Transaction(..)
            | Self::Answer(_)
            | Self::Peek(_)
            | Self::Irq(_)
            | Self::Statistic(_) => true,
            Self::WriteRegister(..)
            | Self::Table(..)
            | Self::Map(..)
            | Self::Unmap(..)
            | Self::Poke(..)
            | Self::Refuse(..)
            | Self::Heal
            | Self::Reset => false,
        }
    }
}

fn parse_config(words: &mut Words<'_>) -> Result<Config, ParseError> {
    let mut config = Config::default();
    while let Some((column, word)) = words.words.next() {
        let (key, value) = word.split_once('=').unwrap_or((word, ""));
        let value = words.number_of(column, value, "KEY=NUMBER")?;
        match key {
            "banks" => config.banks = value,
            "mids" => config.mids = value,
            "tlb" => config.tlb = value,
            "ways" => config.ways = value,
            "micro" => config.micro = value,
            _ => return Err(words.error(column, format!("no configuration key {key}"))),
        }
    }
    Ok(config)
}

fn parse_action(
    words: &mut Words<'_>,
    column: usize,
    verb: &str,
    map: &RegisterMap,
) -> Result<Vec<Action>, ParseError> {
    let action = match verb {
        "read" | "write" => {
            let (column, operand) = words.next("register or mid=")?;
            if operand.starts_with("mid=") {
                parse_transaction(words, column, operand, verb == "write")?
            } else {
                let place = words.place(map, column, operand)?;
                if verb == "write" {
                    words.literal("=")?;
                    let (column, word) = words.next("value")?;
                    let value = words.number_of(column, word, "value")?;
                    if value > place.mask >> place.lsb {
                        return Err(words.error(column, format!("{value:#x} does not fit into {operand}")));
                    }
                    Action::WriteRegister(place, value)
                } else {
                    Action::ReadRegister(place)
                }
            }
        }
        "attach" => return parse_attach(words, map),
        "answer" => Action::Answer(words.next("name of a transaction")?.1.to_owned()),
        "table" => {
            let base = words.number("address")?;
            match words.words.next() {
                None => Action::Table(base, false),
                Some((_, "be")) => Action::Table(base, true),
                Some((column, _)) => return Err(words.error(column, "only `be` may follow")),
            }
        }
        "map" => {
            let va = words.number("virtual address")?;
            words.literal("->")?;
            let pa = words.number("physical address")?;
            let size = words.size()?;
            Action::Map(va, pa, size, parse_attributes(words)?)
        }
        "unmap" => Action::Unmap(words.number("virtual address")?, words.size()?),
        "poke" => {
            let at = words.number("address")?;
            words.literal("=")?;
            Action::Poke(at, words.number("value")?)
        }
        "peek" => Action::Peek(words.number("address")?),
        "refuse" => {
            let (column, range) = words.next("FIRST..LAST")?;
            let (first, last) =
                range.split_once("..").ok_or_else(|| words.error(column, "FIRST..LAST expected"))?;
            let first = words.number_of(column, first, "first address")?;
            let last = words.number_of(column, last, "last address")?;
            let error = match words.next("decode or slave")? {
                (_, "decode") => BusError::Decode,
                (_, "slave") => BusError::Slave,
                (column, _) => return Err(words.error(column, "decode or slave expected")),
            };
            Action::Refuse(first..=last, error)
        }
        "heal" => Action::Heal,
        "irq" => Action::Irq(words.number("interrupt index")?),
        "stats" => Action::Statistic(words.next("name of a counter")?.1.to_owned()),
        "reset" => Action::Reset,
        _ => return Err(words.error(column, format!("no step is called {verb}"))),
    };
    words.end()?;
    Ok(vec![action])
}

fn parse_transaction(
    words: &mut Words<'_>,
    column: usize,
    mid: &str,
    write: bool,
) -> Result<Action, ParseError> {
    let small = |words: &Words<'_>, column, value: &str, max: u32, what: &str| {
        let number = words.number_of(column, value, what)?;
        if number > max { Err(words.error(column, format!("{what} above {max}"))) } else { Ok(number as u8) }
    };
    let mid = small(words, column, &mid["mid=".len()..], 255, "MID")?;
    let mut request = Request { mid, write, size: 2, beats: 1, ..Request::default() };
    let (mut va, mut stale, mut name) = (None, false, None);
    while let Some((column, word)) = words.words.next() {
        let (key, value) = word.split_once('=').unwrap_or((word, ""));
        match key {
            "va" => va = Some(words.number_of(column, value, "virtual address")?),
            "priv" if value.is_empty() => request.privileged = true,
            "stale" if value.is_empty() => stale = true,
            "inst" if value.is_empty() => request.instruction = true,
            "ns" if value.is_empty() => request.non_secure = true,
            "size" => {
                let bytes = words.number_of(column, value, "bytes per beat")?;
                if !bytes.is_power_of_two() || bytes > 128 {
                    return Err(words.error(column, "size must be 1, 2, 4, .. 128 bytes per beat"));
                }
                request.size = bytes.trailing_zeros() as u8;
            }
            "beats" => request.beats = small(words, column, value, 16, "beats")?.max(1),
            "as" if !value.is_empty() => name = Some(value.to_owned()),
            _ => return Err(words.error(column, format!("{word} does not belong to a transaction"))),
        }
    }
    request.va = va.ok_or_else(|| words.error(words.text.len() + 1, "va=ADDRESS expected"))?;
    Ok(Action::Transaction(request, stale, name))
}

fn parse_attributes(words: &mut Words<'_>) -> Result<Attributes, ParseError> {
    let mut a = Attributes { ap: 0b011, ..Attributes::default() };
    while let Some((column, word)) = words.words.next() {
        match word {
            "c" => a.c = true,
            "b" => a.b = true,
            "s" => a.s = true,
            "ng" => a.ng = true,
            "xn" => a.xn = true,
            "ns" => a.ns = true,
            _ => {
                let bits = word.split_once('=').and_then(|(key, value)| {
                    let value = u8::from_str_radix(value, 2).ok().filter(|v| value.len() == 3 && *v < 8)?;
                    Some((key, value))
                });
                match bits {
                    Some(("ap", value)) => a.ap = value,
                    Some(("tex", value)) => a.tex = value,
                    _ => {
                        return Err(words.error(
                            column,
                            format!("{word} is no attribute: ap=BBB, tex=BBB, c, b, s, ng, xn, ns"),
                        ));
                    }
                }
            }
        }
    }
    Ok(a)
}

/// `attach bank=B mid=M,.. table=ADDR [asid=A] [afe] [tre] [stall]`: the register writes of a driver's
/// attach, in its order.
fn parse_attach(words: &mut Words<'_>, map: &RegisterMap) -> Result<Vec<Action>, ParseError> {
    let (mut bank, mut mids, mut table, mut asid) = (0, Vec::new(), None, None);
    let (mut sctlr, mut actlr) = (1, 0x0003_3072);
    while let Some((column, word)) = words.words.next() {
        let (key, value) = word.split_once('=').unwrap_or((word, ""));
        match key {
            "bank" => bank = words.number_of(column, value, "bank")?,
            "mid" => {
                for mid in value.split(',') {
                    mids.push(words.number_of(column, mid, "MID")?);
                }
            }
            "table" => table = Some(words.number_of(column, value, "address")?),
            "asid" => asid = Some(words.number_of(column, value, "ASID")?),
            "tre" if value.is_empty() => sctlr |= 2,
            "afe" if value.is_empty() => sctlr |= 4,
            "stall" if value.is_empty() => actlr |= 1 << 14,
            _ => return Err(words.error(column, format!("{word} does not belong to attach"))),
        }
    }
    let table = table.ok_or_else(|| words.error(words.text.len() + 1, "table=ADDRESS expected"))?;
    let mut writes: Vec<(String, u32)> =
        mids.iter().map(|mid| (format!("M2VCBR[{mid}]"), 0x00C0_0000 | bank << 8)).collect();
    let mut set = |name: &str, value| writes.push((format!("CB{bank}.{name}"), value));
    set("CONTEXTIDR", asid.unwrap_or(bank));
    set("ACTLR", actlr);
    set("TTBCR", 0);
    set("TTBR0", table);
    if sctlr & 2 != 0 {
        set("PRRR", 0x800B_8204);
        set("NMRR", 0x4000_4000);
    }
    set("CTX_TLBIALL", 0);
    set("SCTLR", sctlr);
    writes
        .into_iter()
        .map(|(path, value)| Ok(Action::WriteRegister(words.place(map, 1, &path)?, value)))
        .collect()
}
