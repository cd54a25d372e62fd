//! Mistakes in a machine file, and how they are shown.

use core::ops::Range;

use annotate_snippets::{AnnotationKind, Group, Level, Renderer, Snippet};

/// Mistakes that are shown; whoever has more begins with these. Each takes a map of the whole file while it is
/// being shown.
const SHOWN: usize = 50;

/// One mistake, with the places in the file that make it one.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Mistake {
    /// What is wrong, in one line.
    pub message: String,
    /// Byte range it is about.
    pub span: Range<usize>,
    /// What to say at that place; empty for a bare caret.
    pub label: String,
    /// Other places that take part.
    pub related: Vec<(Range<usize>, String)>,
    /// What to do about it.
    pub help: Option<String>,
}

impl Mistake {
    /// A mistake at one place.
    pub(super) fn new(message: impl Into<String>, span: Range<usize>) -> Self {
        Self { message: message.into(), span, label: String::new(), related: Vec::new(), help: None }
    }

    /// Says something at the place.
    pub(super) fn label(mut self, label: impl Into<String>) -> Self {
        self.label = label.into();
        self
    }

    /// Adds another place.
    pub(super) fn related(mut self, span: Range<usize>, label: impl Into<String>) -> Self {
        self.related.push((span, label.into()));
        self
    }

    /// Adds advice.
    pub(super) fn help(mut self, help: impl Into<String>) -> Self {
        self.help = Some(help.into());
        self
    }
}

/// A machine file that cannot be used, with everything that is wrong with it.
///
/// `Display` shows all mistakes with carets, without colours.
#[derive(Clone, Debug)]
pub struct ConfigError {
    /// Name of the file as it was given.
    pub origin: String,
    /// Text of the file.
    pub source: String,
    /// At least one, in the order of the file.
    pub mistakes: Vec<Mistake>,
}

impl ConfigError {
    /// All mistakes with the lines they are about; `colour` adds terminal colours.
    pub fn render(&self, colour: bool) -> String {
        let renderer = if colour { Renderer::styled() } else { Renderer::plain() };
        let groups: Vec<Group<'_>> = self.mistakes.iter().take(SHOWN).map(|m| self.group(m)).collect();
        let mut out = renderer.render(&groups);
        if let Some(more @ 1..) = self.mistakes.len().checked_sub(SHOWN) {
            out += &format!("\nand {more} more mistakes");
        }
        out
    }

    /// Line and column of a byte of the file, both from 1; columns count characters.
    pub fn place(&self, offset: usize) -> (usize, usize) {
        let before: String = self.source.bytes().take(offset).map(char::from).collect();
        let line = before.matches('\n').count() + 1;
        let start = before.rfind('\n').map_or(0, |at| at + 1);
        let column = self.source.get(start..offset.min(self.source.len())).map_or(0, |s| s.chars().count());
        (line, column + 1)
    }

    fn group<'a>(&'a self, mistake: &'a Mistake) -> Group<'a> {
        let mut primary = AnnotationKind::Primary.span(mistake.span.clone());
        if !mistake.label.is_empty() {
            primary = primary.label(&mistake.label);
        }
        let related = mistake
            .related
            .iter()
            .map(|(span, label)| AnnotationKind::Context.span(span.clone()).label(label));
        let snippet =
            Snippet::source(&self.source).path(&self.origin).annotation(primary).annotations(related);
        let group = Level::ERROR.primary_title(&mistake.message).element(snippet);
        match &mistake.help {
            Some(help) => group.element(Level::HELP.message(help)),
            None => group,
        }
    }
}

impl core::fmt::Display for ConfigError {
    fn fmt(&self, f: &mut core::fmt::Formatter<'_>) -> core::fmt::Result {
        f.write_str(&self.render(false))
    }
}

impl core::error::Error for ConfigError {}
