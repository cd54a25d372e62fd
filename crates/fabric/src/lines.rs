//! Interrupt lines.

/// A line of a [`Lines`], by number.
#[derive(Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash, Debug)]
#[cfg_attr(feature = "serde", derive(serde::Serialize, serde::Deserialize))]
pub struct LineId(pub u32);

/// A change of level.
#[derive(Clone, Copy, PartialEq, Eq, Hash, Debug)]
#[cfg_attr(feature = "serde", derive(serde::Serialize, serde::Deserialize))]
pub enum Edge {
    /// Low to high.
    Rising,
    /// High to low.
    Falling,
}

/// All interrupt lines of a machine: named, level at any time, edges reported.
///
/// The owner of a line computes its level from its state in one function and calls [`Lines::set`]
/// after every change of that state; nobody raises or lowers.
#[derive(Clone, Debug, Default)]
pub struct Lines {
    lines: Vec<Line>,
}

#[derive(Clone, Debug)]
struct Line {
    name: String,
    level: bool,
}

/// Saved form of [`Lines`]: the levels by number.
#[derive(Clone, PartialEq, Eq, Debug, Default)]
#[cfg_attr(feature = "serde", derive(serde::Serialize, serde::Deserialize))]
pub struct SavedLines {
    /// Levels.
    pub levels: Vec<bool>,
}

/// A snapshot holds another number of lines than the machine.
#[derive(Clone, Copy, PartialEq, Eq, Debug, thiserror::Error)]
#[error("snapshot has {found} interrupt lines, the machine has {expected}")]
pub struct LineCountError {
    /// Lines of the snapshot.
    pub found: usize,
    /// Lines of the machine.
    pub expected: usize,
}

impl Lines {
    /// No lines.
    pub fn new() -> Self {
        Self::default()
    }

    /// Adds a low line.
    pub fn add(&mut self, name: impl Into<String>) -> LineId {
        let id = LineId(self.lines.len() as u32);
        self.lines.push(Line { name: name.into(), level: false });
        id
    }

    /// Sets the level that the owner computed; the edge, if that changed it.
    ///
    /// # Panics
    /// When the line was not made by [`Lines::add`] of this value.
    #[inline]
    pub fn set(&mut self, line: LineId, level: bool) -> Option<Edge> {
        let line = &mut self.lines[line.0 as usize];
        if line.level == level {
            return None;
        }
        line.level = level;
        Some(if level { Edge::Rising } else { Edge::Falling })
    }

    /// Current level.
    ///
    /// # Panics
    /// As [`Lines::set`].
    pub fn level(&self, line: LineId) -> bool {
        self.lines[line.0 as usize].level
    }

    /// Name of a line.
    ///
    /// # Panics
    /// As [`Lines::set`].
    pub fn name(&self, line: LineId) -> &str {
        &self.lines[line.0 as usize].name
    }

    /// All lines in order of number.
    pub fn iter(&self) -> impl Iterator<Item = (LineId, &str, bool)> + '_ {
        self.lines.iter().enumerate().map(|(n, line)| (LineId(n as u32), line.name.as_str(), line.level))
    }

    /// State for a snapshot.
    pub fn save(&self) -> SavedLines {
        let Self { lines } = self;
        SavedLines { levels: lines.iter().map(|Line { name: _, level }| *level).collect() }
    }

    /// Takes over the levels of a snapshot.
    ///
    /// # Errors
    /// When it has another number of lines; nothing is changed then.
    pub fn restore(&mut self, saved: SavedLines) -> Result<(), LineCountError> {
        let Self { lines } = self;
        let SavedLines { levels } = saved;
        if levels.len() != lines.len() {
            return Err(LineCountError { found: levels.len(), expected: lines.len() });
        }
        for (Line { name: _, level }, saved) in lines.iter_mut().zip(levels) {
            *level = saved;
        }
        Ok(())
    }

    /// Lowers all lines.
    pub fn reset(&mut self) {
        let Self { lines } = self;
        for Line { name: _, level } in lines {
            *level = false;
        }
    }
}
