//! Points of a run: a guest time, or a number of instructions.

use std::fmt;
use std::str::FromStr;

use msmemu_machine::fabric::Time;
use thiserror::Error;

/// A point of a run.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub enum Point {
    /// Guest time since reset.
    Time(Time),
    /// Instructions retired since reset.
    Instructions(u64),
}

/// Text that is not a point.
#[derive(Clone, Debug, PartialEq, Eq, Error)]
#[error(
    "`{0}` is neither a time (ps, ns, us, ms, s) nor a number of instructions (insn, kinsn, Minsn, Ginsn), such as 250ms or 500Minsn"
)]
pub struct NotAPoint(String);

/// A unit, and how many picoseconds or instructions it is.
const UNITS: &[(&str, bool, u64)] = &[
    ("insn", false, 1),
    ("kinsn", false, 1_000),
    ("Minsn", false, 1_000_000),
    ("Ginsn", false, 1_000_000_000),
    ("ps", true, 1),
    ("ns", true, 1_000),
    ("us", true, 1_000_000),
    ("ms", true, 1_000_000_000),
    ("s", true, 1_000_000_000_000),
];

impl FromStr for Point {
    type Err = NotAPoint;

    /// A decimal number, fractions allowed, and a unit right behind it.
    fn from_str(text: &str) -> Result<Self, NotAPoint> {
        parse(text).ok_or_else(|| NotAPoint(text.to_owned()))
    }
}

fn parse(text: &str) -> Option<Point> {
    let split = text.find(|c: char| !c.is_ascii_digit() && c != '.')?;
    let (number, unit) = text.split_at(split);
    let &(_, time, scale) = UNITS.iter().find(|(name, ..)| *name == unit)?;
    let (whole, fraction) = number.split_once('.').unwrap_or((number, ""));
    let mut amount = whole.parse::<u64>().ok()?.checked_mul(scale)?;
    let mut digit_scale = scale;
    for digit in fraction.chars() {
        // A digit that is finer than the smallest unit must be a zero.
        let digit = u64::from(digit.to_digit(10)?);
        let exact = digit_scale % 10 == 0 || digit == 0;
        digit_scale /= 10;
        amount = amount.checked_add(digit * digit_scale)?;
        if !exact {
            return None;
        }
    }
    Some(if time { Point::Time(Time(amount)) } else { Point::Instructions(amount) })
}

/// `1.25ms`, `500Minsn`: the largest unit of which there is at least one.
impl fmt::Display for Point {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let (is_time, amount) = match self {
            Self::Time(time) => (true, time.picos()),
            Self::Instructions(count) => (false, *count),
        };
        let units = UNITS.iter().filter(|(_, time, _)| *time == is_time);
        let fitting = units.clone().rfind(|(.., scale)| amount >= *scale);
        let Some(&(name, _, scale)) = fitting.or(units.clone().next()) else { return Ok(()) };
        let (whole, rest) = (amount / scale, amount % scale);
        let digits = scale.ilog10() as usize;
        let fraction = format!("{rest:0digits$}");
        let fraction = fraction.trim_end_matches('0');
        if rest == 0 { write!(f, "{whole}{name}") } else { write!(f, "{whole}.{fraction}{name}") }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn points_are_read_and_printed() {
        let shown = |text: &str| text.parse::<Point>().map(|p| p.to_string()).map_err(|_| ());
        assert_eq!(shown("2s").as_deref(), Ok("2s"));
        assert_eq!(shown("1250us").as_deref(), Ok("1.25ms"));
        assert_eq!(shown("0.000000000001s").as_deref(), Ok("1ps"));
        assert_eq!(shown("500Minsn").as_deref(), Ok("500Minsn"));
        assert_eq!(shown("1.5kinsn").as_deref(), Ok("1.5kinsn"));
        assert_eq!(shown("0s").as_deref(), Ok("0ps"));
        for bad in ["", "2", "s", "2h", "2 s", "-1s", "1.s5", "0.5ps", "1.2345kinsn", "99999999999s", "1..5s"]
        {
            assert_eq!(shown(bad), Err(()), "{bad}");
        }
    }
}
