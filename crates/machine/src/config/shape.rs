//! Checks the shape of a machine file against its JSON schema, and reports every
//! mistake with its place.
//!
//! `serde` stops at the first mistake; a file with three of them would take three attempts.
//! The schema that `schemars` derives from the configuration types already says which keys
//! exist, their types and their ranges, so it is also what files are checked against:
//! what an editor accepts and what the emulator accepts cannot drift apart.

use core::ops::Range;
use std::collections::{BTreeMap, BTreeSet};

use serde_json::Value as Json;
use toml::Spanned;
use toml::de::{DeInteger, DeTable, DeValue};

use super::mistake::Mistake;

/// Checks `table` against `schema`.
pub(super) fn check(schema: &Json, table: &Spanned<DeTable<'_>>) -> Findings {
    let findings = Findings { mistakes: Vec::new(), patches: Some(Vec::new()) };
    let mut shape = Shape { root: schema, findings };
    shape.table(schema, "the file", table.get_ref(), 0..0);
    shape.findings
}

/// What the check of the shape found.
pub(super) struct Findings {
    /// Every mistake.
    pub(super) mistakes: Vec<Mistake>,
    /// What to put in place of wrong values so that the file can be read on and checked against
    /// itself; none when a mistake leaves no good guess.
    patches: Option<Vec<(Range<usize>, String)>>,
}

impl Findings {
    /// Whether a mistake was found at a place.
    pub(super) fn touches(&self, span: &Range<usize>) -> bool {
        self.mistakes.iter().any(|m| m.span.start < span.end && span.start < m.span.end)
    }

    /// The text with every wrong value replaced by an allowed one.
    pub(super) fn patched(&self, text: &str) -> Option<String> {
        let mut patches = self.patches.clone()?;
        patches.sort_by_key(|(span, _)| span.start);
        let mut out = text.to_owned();
        for (span, value) in patches.into_iter().rev() {
            out.replace_range(span, &value);
        }
        Some(out)
    }
}

struct Shape<'s> {
    root: &'s Json,
    findings: Findings,
}

impl<'s> Shape<'s> {
    fn push(&mut self, mistake: Mistake) {
        self.findings.mistakes.push(mistake);
    }

    /// A mistake after which the value cannot be used.
    fn give_up(&mut self, mistake: Mistake) {
        self.findings.patches = None;
        self.push(mistake);
    }

    /// A mistake with a good guess at what was meant.
    fn patch(&mut self, mistake: Mistake, value: impl Into<String>) {
        if let Some(patches) = &mut self.findings.patches {
            patches.push((mistake.span.clone(), value.into()));
        }
        self.push(mistake);
    }

    /// Follows a `$ref` into `$defs`, that of an optional table, too.
    fn resolve(&self, schema: &'s Json) -> &'s Json {
        let kinds = schema["anyOf"].as_array().into_iter().flatten();
        let schema = kinds.into_iter().find(|kind| kind["type"] != "null").unwrap_or(schema);
        let target = schema["$ref"]
            .as_str()
            .and_then(|path| path.strip_prefix('#'))
            .and_then(|pointer| self.root.pointer(pointer));
        target.unwrap_or(schema)
    }

    /// `owner` names the table for messages; `at` is where it starts.
    fn table(&mut self, schema: &'s Json, owner: &str, table: &DeTable<'_>, at: Range<usize>) {
        let properties = schema["properties"].as_object().into_iter().flatten();
        let properties: BTreeMap<&str, &Json> = properties.map(|(k, v)| (k.as_str(), v)).collect();
        let mut meant: BTreeSet<&str> = BTreeSet::new();
        for (key, value) in table {
            let name: &str = key.get_ref();
            if let Some(property) = properties.get(name) {
                self.value(property, name, value);
                continue;
            }
            let mistake = Mistake::new(format!("unknown key `{name}` in {owner}"), key.span());
            let absent = properties.keys().copied().filter(|k| !table.contains_key(*k));
            match closest(name, absent) {
                // A misspelt key stands for the one that is meant, so that it is not missed as well.
                Some(near) => {
                    meant.insert(near);
                    self.patch(mistake.label(format!("did you mean `{near}`?")), near);
                    self.value(properties[near], near, value);
                }
                None => self.push(
                    mistake
                        .label("not a key of this table")
                        .help(format!("the keys are {}", list(properties.keys().copied()))),
                ),
            }
        }
        let required = schema["required"].as_array().into_iter().flatten().filter_map(Json::as_str);
        let missing: Vec<&str> =
            required.filter(|name| !table.contains_key(*name) && !meant.contains(name)).collect();
        match missing.as_slice() {
            [] => {}
            [name] => {
                let doc = properties.get(name).map_or("", |property| self.describe(property));
                let mistake = Mistake::new(format!("missing key `{name}` in {owner}"), at);
                self.give_up(mistake.label("needed here").help(format!("`{name}`: {doc}")));
            }
            several => {
                let names = list(several.iter().copied());
                let mistake = Mistake::new(format!("missing keys {names} in {owner}"), at);
                self.give_up(mistake.label("needed here"));
            }
        }
    }

    /// The first sentence of a property's documentation.
    fn describe(&self, property: &'s Json) -> &'s str {
        let own = property["description"].as_str();
        let text = own.or_else(|| self.resolve(property)["description"].as_str());
        text.and_then(|t| t.split("\n\n").next()).unwrap_or("")
    }

    fn value(&mut self, schema: &'s Json, name: &str, value: &Spanned<DeValue<'_>>) {
        let schema = self.resolve(schema);
        let span = value.span();
        match (expected(schema), value.get_ref()) {
            ("object", DeValue::Table(table)) => {
                self.table(schema, &format!("`{name}`"), table, span);
            }
            ("array", DeValue::Array(array)) => {
                self.length(schema, name, array.len(), span);
                for element in array {
                    self.value(&schema["items"], name, element);
                }
            }
            ("integer", DeValue::Integer(integer)) => self.integer(schema, name, integer, span),
            ("string", DeValue::String(string)) => self.string(schema, name, string, span),
            ("boolean", DeValue::Boolean(_)) => {}
            (expected, found) => {
                let mistake = Mistake::new(format!("`{name}` has the wrong type"), span).label(format!(
                    "expected {}, found {}",
                    article(expected),
                    article(found.type_str())
                ));
                match found {
                    // A number in quotes: what is meant is clear.
                    DeValue::String(s) if expected == "integer" && s.parse::<u32>().is_ok() => {
                        self.patch(mistake, s.as_ref());
                    }
                    _ => self.give_up(mistake),
                }
            }
        }
    }

    fn length(&mut self, schema: &Json, name: &str, length: usize, span: Range<usize>) {
        let min = schema["minItems"].as_u64().unwrap_or(0);
        let max = schema["maxItems"].as_u64().unwrap_or(u64::MAX);
        if !(min..=max).contains(&(length as u64)) {
            let allowed = match max {
                u64::MAX => format!("at least {min}"),
                _ => format!("{min} to {max}"),
            };
            self.push(
                Mistake::new(format!("`{name}` has the wrong number of elements"), span)
                    .label(format!("{length} given, expected {allowed}")),
            );
        }
    }

    fn integer(&mut self, schema: &Json, name: &str, integer: &DeInteger<'_>, span: Range<usize>) {
        let widest = i64::from(u32::MAX);
        let min = schema["minimum"].as_i64().unwrap_or(0);
        let max = schema["maximum"].as_i64().unwrap_or(widest).min(widest);
        let step = schema["multipleOf"].as_i64().unwrap_or(1).max(1);
        let value = i64::from_str_radix(integer.as_str(), integer.radix()).ok();
        let show = |n: i64| match integer.radix() {
            16 => format!("{n:#x}"),
            _ => n.to_string(),
        };
        match value {
            Some(v) if (min..=max).contains(&v) => {
                let below = v - v % step;
                if below != v {
                    let mistake = Mistake::new(format!("`{name}` is not a multiple of {}", show(step)), span);
                    self.push(mistake.label(format!("the nearest below is {}", show(below))));
                }
            }
            _ => {
                let nearest = if value.is_some_and(|v| v < min) { min } else { max };
                let mistake = Mistake::new(format!("`{name}` is out of range"), span);
                let label = format!("expected {} to {}", show(min), show(max));
                self.patch(mistake.label(label), nearest.to_string());
            }
        }
    }

    fn string(&mut self, schema: &'s Json, name: &str, string: &str, span: Range<usize>) {
        // A NUL would end a string of the device tree early, a line feed a line of a report.
        if string.contains(char::is_control) {
            self.push(Mistake::new(format!("`{name}` contains a control character"), span.clone()));
        }
        let allowed: Vec<&str> = choices(schema);
        let Some(first) = allowed.first() else {
            if string.is_empty() && name == "name" {
                self.push(Mistake::new("`name` is empty", span));
            }
            return;
        };
        if !allowed.contains(&string) {
            let near = closest(string, allowed.iter().copied());
            let label = match near {
                Some(near) => format!("did you mean `{near}`?"),
                None => format!("expected {}", list(allowed.iter().copied())),
            };
            let mistake = Mistake::new(format!("unknown value `{string}` for `{name}`"), span);
            self.patch(mistake.label(label), format!("\"{}\"", near.unwrap_or(first)));
        }
    }
}

/// The JSON type a schema asks for; optional types list `null` beside it.
fn expected(schema: &Json) -> &str {
    match &schema["type"] {
        Json::String(one) => one,
        Json::Array(several) => several.iter().filter_map(Json::as_str).find(|t| *t != "null").unwrap_or(""),
        // An enumeration with documented variants has no type of its own.
        _ => "string",
    }
}

/// The strings an enumeration allows; empty when it allows any.
fn choices(schema: &Json) -> Vec<&str> {
    let documented = schema["oneOf"].as_array().into_iter().flatten();
    let plain = schema["enum"].as_array().into_iter().flatten();
    documented.filter_map(|variant| variant["const"].as_str()).chain(plain.filter_map(Json::as_str)).collect()
}

/// The candidate nearest to `word`, when it is near enough to be a slip of the hand.
pub(super) fn closest<'a>(word: &str, candidates: impl Iterator<Item = &'a str>) -> Option<&'a str> {
    candidates
        .map(|candidate| (strsim::damerau_levenshtein(word, candidate), candidate))
        .filter(|(distance, candidate)| *distance <= 1 + candidate.len().min(word.len()) / 4)
        .min_by_key(|(distance, _)| *distance)
        .map(|(_, candidate)| candidate)
}

/// "`a`, `b` and `c`".
pub(super) fn list<'a>(words: impl Iterator<Item = &'a str>) -> String {
    let quoted: Vec<String> = words.map(|w| format!("`{w}`")).collect();
    match quoted.split_last() {
        Some((last, rest)) if !rest.is_empty() => format!("{} and {last}", rest.join(", ")),
        Some((last, _)) => last.clone(),
        None => "none".into(),
    }
}

fn article(kind: &str) -> String {
    let kind = match kind {
        "object" => "table",
        other => other,
    };
    let article = if kind.starts_with(['a', 'e', 'i', 'o', 'u']) { "an" } else { "a" };
    format!("{article} {kind}")
}
