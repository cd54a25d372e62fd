//! What a machine file must agree on with itself: addresses, interrupts, names, references.

use core::ops::Range;
use std::collections::BTreeMap;

use toml::Spanned;
use toml::de::{DeTable, DeValue};

use super::mistake::Mistake;
use super::schema::{Config, ControllerKind, PageSize, SCHEMA_VERSION, SmmuPort, TrafficEngine};
use super::shape::{closest, list};

/// A file of another version is refused before its keys are judged: they may mean
/// something else there.
pub(super) fn version(table: &Spanned<DeTable<'_>>) -> Option<Mistake> {
    let value = table.get_ref().get("schema_version")?;
    let DeValue::Integer(integer) = value.get_ref() else {
        return None;
    };
    let version = u64::from_str_radix(integer.as_str(), integer.radix()).ok()?;
    (version > u64::from(SCHEMA_VERSION)).then(|| {
        Mistake::new(format!("schema version {version} is newer than this build"), value.span())
            .label(format!("this build reads up to version {SCHEMA_VERSION}"))
    })
}

/// Every contradiction in a configuration of the right shape.
pub(super) fn consistency(config: &Config, table: &Spanned<DeTable<'_>>) -> Vec<Mistake> {
    let mut check = Check { config, table: table.get_ref(), mistakes: Vec::new() };
    check.address_map();
    check.main_memory();
    check.controllers();
    check.names();
    check.interrupts();
    check.smmu_models();
    check.smmus();
    check.masters();
    check.console();
    check.mistakes
}

/// Windows of the address space that a machine may have.
const MAX_REGIONS: usize = 250;

/// Leads to a value in the file: table, index in an array of tables, keys below.
type Path<'p> = (&'p str, Option<usize>, &'p [Step<'p>]);

/// One step below a table.
enum Step<'p> {
    Key(&'p str),
    Index(usize),
}

struct Check<'c, 't> {
    config: &'c Config,
    table: &'c DeTable<'t>,
    mistakes: Vec<Mistake>,
}

impl Check<'_, '_> {
    /// Where the value at `path` stands; the nearest enclosing place for a value that a default filled in.
    fn span(&self, path: Path<'_>) -> Range<usize> {
        let (table, index, steps) = path;
        let Some(mut value) = self.table.get(table) else {
            return 0..0;
        };
        let first = index.map(Step::Index);
        for step in first.iter().chain(steps) {
            let next = match (step, value.get_ref()) {
                (Step::Key(key), DeValue::Table(t)) => t.get(*key),
                (Step::Index(i), DeValue::Array(a)) => a.get(*i),
                _ => None,
            };
            match next {
                Some(next) => value = next,
                None => break,
            }
        }
        value.span()
    }

    fn key(&self, table: &str, index: usize, key: &str) -> Range<usize> {
        self.span((table, Some(index), &[Step::Key(key)]))
    }

    fn push(&mut self, mistake: Mistake) {
        self.mistakes.push(mistake);
    }

    fn address_map(&mut self) {
        const PAGE: u32 = 0x1000;
        let mut regions = self.config.regions();
        if regions.len() > MAX_REGIONS {
            self.push(
                Mistake::new(format!("the machine has {} windows", regions.len()), 0..0)
                    .label(format!("at most {MAX_REGIONS} are possible")),
            );
            return;
        }
        for region in &regions {
            let (table, index, key) = region.place;
            let span = self.span((table, index, &[Step::Key(key)]));
            if region.base % PAGE != 0 || region.size % PAGE != 0 {
                self.push(
                    Mistake::new(format!("{} is not aligned to 4 KiB", region.name), span.clone())
                        .label(format!("covers {:#010x} to {:#010x}", region.base, region.end() - 1)),
                );
            }
            if region.end() > 1 << 32 {
                self.push(
                    Mistake::new(format!("{} reaches beyond the 32-bit address space", region.name), span)
                        .label(format!("{:#x} bytes from {:#010x}", region.size, region.base)),
                );
            }
        }
        regions.sort_by_key(|r| (r.base, r.end()));
        // The region that reaches furthest among those that start earlier.
        let mut furthest: Option<usize> = None;
        for i in 0..regions.len() {
            let (later, earlier) = (&regions[i], furthest.map(|j| &regions[j]));
            if let Some(earlier) = earlier.filter(|e| e.end() > u64::from(later.base)) {
                let at = |place: (&'static str, Option<usize>, &'static str)| {
                    self.span((place.0, place.1, &[Step::Key(place.2)]))
                };
                let show =
                    |r: &super::Region| format!("{}: {:#010x} to {:#010x}", r.name, r.base, r.end() - 1);
                let mistake = Mistake::new(
                    format!("the windows of {} and {} overlap", earlier.name, later.name),
                    at(later.place),
                )
                .label(show(later))
                .related(at(earlier.place), show(earlier));
                self.push(mistake);
            }
            if earlier.is_none_or(|e| e.end() < later.end()) {
                furthest = Some(i);
            }
        }
    }

    fn main_memory(&mut self) {
        let Some(ram) = self.config.main_memory() else {
            let span = self.span(("memory", None, &[]));
            self.push(Mistake::new("no memory is of kind `ram`", span));
            return;
        };
        for (key, value) in [
            ("kernel_offset", self.config.device_tree.kernel_offset),
            ("reserved_low", self.config.device_tree.reserved_low),
        ] {
            if value >= ram.size {
                let span = self.span(("device_tree", None, &[Step::Key(key)]));
                let mistake = Mistake::new(format!("`{key}` lies outside the main memory"), span)
                    .label(format!("{} has {:#x} bytes", ram.name, ram.size));
                self.push(mistake);
            }
        }
    }

    fn controllers(&mut self) {
        let c = self.config;
        if c.controller(ControllerKind::Tlmm).is_none() {
            let span = self.span(("controller", None, &[]));
            self.push(
                Mistake::new("no controller is of kind `tlmm`", span)
                    .help("its register PS_HOLD is how a guest switches the machine off"),
            );
        }
        let kinds = c.controller.iter().enumerate();
        let kinds: Vec<_> = kinds
            .map(|(i, x)| (format!("controller kind {:?}", x.kind), self.key("controller", i, "kind")))
            .collect();
        self.duplicates(kinds.into_iter());
    }

    /// Names share one space, so that a report or a filter that says `mdp0` means one thing.
    fn names(&mut self) {
        let c = self.config;
        let mut named: Vec<(&str, Range<usize>)> = Vec::new();
        for (table, names) in [
            ("memory", c.memory.iter().map(|x| &x.name).collect::<Vec<_>>()),
            ("uart", c.uart.iter().map(|x| &x.name).collect()),
            ("controller", c.controller.iter().map(|x| &x.name).collect()),
            ("smmu", c.smmu.iter().map(|x| &x.name).collect()),
            ("traffic_engine", c.traffic_engine.iter().map(|x| &x.name).collect()),
            ("pl330", c.pl330.iter().map(|x| &x.name).collect()),
        ] {
            for (i, name) in names.into_iter().enumerate() {
                named.push((name, self.key(table, i, "name")));
            }
        }
        for (i, smmu) in c.smmu.iter().enumerate() {
            for (j, context) in smmu.context.iter().enumerate() {
                let path = [Step::Key("context"), Step::Index(j), Step::Key("name")];
                named.push((&context.name, self.span(("smmu", Some(i), &path))));
            }
        }
        self.duplicates(named.into_iter().map(|(n, s)| (format!("name `{n}`"), s)));
        let models = c.smmu_model.iter().enumerate();
        let models: Vec<_> = models
            .map(|(i, m)| (format!("SMMU model `{}`", m.name), self.key("smmu_model", i, "name")))
            .collect();
        self.duplicates(models.into_iter());
    }

    /// Reports each value that appears a second time, with the first place.
    fn duplicates(&mut self, values: impl Iterator<Item = (String, Range<usize>)>) {
        let mut seen: BTreeMap<String, Range<usize>> = BTreeMap::new();
        for (value, span) in values {
            match seen.get(&value) {
                Some(first) => {
                    let mistake = Mistake::new(format!("{value} is used twice"), span)
                        .label("used again here")
                        .related(first.clone(), "first used here");
                    self.push(mistake);
                }
                None => {
                    seen.insert(value, span);
                }
            }
        }
    }

    fn interrupts(&mut self) {
        let c = self.config;
        let mut spis: Vec<(u32, Range<usize>)> = Vec::new();
        for (i, uart) in c.uart.iter().enumerate() {
            spis.push((uart.spi, self.key("uart", i, "spi")));
        }
        for (i, smmu) in c.smmu.iter().enumerate() {
            spis.push((smmu.secure_spi, self.key("smmu", i, "secure_spi")));
            spis.push((smmu.non_secure_spi, self.key("smmu", i, "non_secure_spi")));
        }
        for (i, engine) in c.traffic_engine.iter().enumerate() {
            spis.push((engine.spi, self.key("traffic_engine", i, "spi")));
        }
        for (i, pl330) in c.pl330.iter().enumerate() {
            for (j, spi) in pl330.spis.iter().enumerate() {
                let path = [Step::Key("spis"), Step::Index(j)];
                spis.push((*spi, self.span(("pl330", Some(i), &path))));
            }
        }
        for (spi, span) in &spis {
            if *spi >= c.gic.spis {
                self.push(
                    Mistake::new(format!("SPI {spi} does not exist"), span.clone())
                        .label(format!("the gic has SPIs 0 to {}", c.gic.spis - 1)),
                );
            }
        }
        self.duplicates(spis.into_iter().map(|(n, s)| (format!("SPI {n}"), s)));
        let timer = [
            ("debug_ppi", c.timer.debug_ppi),
            ("gpt_ppi", c.timer.gpt_ppi),
            ("gpt1_ppi", c.timer.gpt1_ppi),
            ("bark_ppi", c.timer.bark_ppi),
            ("bark1_ppi", c.timer.bark1_ppi),
        ];
        let ppis: Vec<_> = timer
            .into_iter()
            .map(|(key, n)| (format!("PPI {n}"), self.span(("timer", None, &[Step::Key(key)]))))
            .collect();
        self.duplicates(ppis.into_iter());
    }

    fn smmus(&mut self) {
        let c = self.config;
        for (i, smmu) in c.smmu.iter().enumerate() {
            if !c.smmu_model.iter().any(|m| m.name == smmu.model) {
                let span = self.key("smmu", i, "model");
                let known: Vec<&str> = c.smmu_model.iter().map(|m| m.name.as_str()).collect();
                self.unknown("SMMU model", &smmu.model, &known, span);
            }
            let (mut banks, mut mids) = (Vec::new(), Vec::new());
            for (j, context) in smmu.context.iter().enumerate() {
                let path = [Step::Key("context"), Step::Index(j), Step::Key("bank")];
                let span = self.span(("smmu", Some(i), &path));
                if context.bank >= smmu.banks {
                    self.push(
                        Mistake::new(
                            format!("{} has no context bank {}", smmu.name, context.bank),
                            span.clone(),
                        )
                        .label(format!("its banks are 0 to {}", smmu.banks - 1)),
                    );
                }
                banks.push((format!("context bank {} of {}", context.bank, smmu.name), span));
                for (k, mid) in context.mids.iter().enumerate() {
                    let path = [Step::Key("context"), Step::Index(j), Step::Key("mids"), Step::Index(k)];
                    let span = self.span(("smmu", Some(i), &path));
                    self.mid(smmu, *mid, &span);
                    mids.push((format!("MID {mid} of {}", smmu.name), span));
                }
            }
            self.duplicates(banks.into_iter());
            self.duplicates(mids.into_iter());
        }
    }

    fn smmu_models(&mut self) {
        for (i, model) in self.config.smmu_model.iter().enumerate() {
            for (key, value) in [("tlb_entries", model.tlb_entries), ("tlb_ways", model.tlb_ways)] {
                if !value.is_power_of_two() {
                    let span = self.key("smmu_model", i, key);
                    self.push(
                        Mistake::new(format!("`{key}` is not a power of two"), span)
                            .label(format!("the nearest above is {}", value.next_power_of_two())),
                    );
                }
            }
            if model.tlb_ways > model.tlb_entries {
                let span = self.key("smmu_model", i, "tlb_ways");
                let related = self.key("smmu_model", i, "tlb_entries");
                self.push(
                    Mistake::new("the TLB has more ways than entries", span)
                        .label(format!("at most {}", model.tlb_entries))
                        .related(related, "entries"),
                );
            }
            if !model.tlb_sizes.contains(&PageSize::Small) {
                let span = self.key("smmu_model", i, "tlb_sizes");
                self.push(Mistake::new("the TLB cannot hold small pages", span).label("`4K` is missing"));
            }
        }
    }

    fn mid(&mut self, smmu: &super::Smmu, mid: u8, span: &Range<usize>) {
        if u32::from(mid) >= smmu.mids {
            self.push(
                Mistake::new(format!("{} has no MID {mid}", smmu.name), span.clone())
                    .label(format!("its MIDs are 0 to {}", smmu.mids - 1)),
            );
        }
    }

    fn unknown(&mut self, what: &str, name: &str, known: &[&str], span: Range<usize>) {
        let label = match closest(name, known.iter().copied()) {
            Some(near) => format!("did you mean `{near}`?"),
            None => format!("known are {}", list(known.iter().copied())),
        };
        self.push(Mistake::new(format!("unknown {what} `{name}`"), span).label(label));
    }

    fn masters(&mut self) {
        let c = self.config;
        for (i, t) in c.traffic_engine.iter().enumerate() {
            self.attachment("traffic_engine", i, &t.name, t.smmu.as_deref(), &t.mids, t.address_bits);
            if let Some(second) = &t.second {
                self.second_port(i, t, second);
            }
        }
        for (i, p) in c.pl330.iter().enumerate() {
            self.attachment("pl330", i, &p.name, p.smmu.as_deref(), &p.mids, p.address_bits);
        }
    }

    fn attachment(
        &mut self,
        table: &'static str,
        index: usize,
        name: &str,
        smmu: Option<&str>,
        mids: &[u8],
        address_bits: Option<u8>,
    ) {
        let at = self.span((table, Some(index), &[]));
        let Some(smmu_name) = smmu else {
            if address_bits.is_none() {
                self.push(
                    Mistake::new(format!("{name} is not connected"), at)
                        .help("give `smmu` and `mids`, or `address_bits` for a master without SMMU"),
                );
            }
            if !mids.is_empty() {
                let span = self.key(table, index, "mids");
                self.push(Mistake::new(format!("{name} has `mids` but no `smmu`"), span));
            }
            return;
        };
        if address_bits.is_some() {
            let span = self.key(table, index, "address_bits");
            let related = self.key(table, index, "smmu");
            self.push(
                Mistake::new(format!("{name} is both behind an SMMU and direct"), span)
                    .related(related, "behind this SMMU")
                    .help("remove `smmu` and `mids`, or `address_bits`"),
            );
        }
        let Some(smmu) = self.config.smmu.iter().find(|s| s.name == smmu_name) else {
            let known: Vec<&str> = self.config.smmu.iter().map(|s| s.name.as_str()).collect();
            let span = self.key(table, index, "smmu");
            self.unknown("SMMU", smmu_name, &known, span);
            return;
        };
        if mids.is_empty() {
            self.push(
                Mistake::new(format!("{name} has no `mids`"), at)
                    .help("a master behind an SMMU needs at least one MID"),
            );
        }
        let mut listed = Vec::new();
        for (j, mid) in mids.iter().enumerate() {
            let span = self.span((table, Some(index), &[Step::Key("mids"), Step::Index(j)]));
            self.mid(smmu, *mid, &span);
            listed.push((format!("MID {mid} of {name}"), span));
        }
        self.duplicates(listed.into_iter());
    }

    fn second_port(&mut self, index: usize, engine: &TrafficEngine, second: &SmmuPort) {
        let steps = [Step::Key("second"), Step::Key("smmu")];
        let span = self.span(("traffic_engine", Some(index), &steps));
        let name = &engine.name;
        if engine.smmu.is_none() {
            self.push(Mistake::new(format!("{name} has a second port, but no first one"), span.clone()));
        } else if engine.smmu.as_ref() == Some(&second.smmu) {
            let first = self.key("traffic_engine", index, "smmu");
            self.push(
                Mistake::new(format!("both ports of {name} lead to {}", second.smmu), span.clone())
                    .related(first, "the first one"),
            );
        }
        let Some(smmu) = self.config.smmu.iter().find(|s| s.name == second.smmu) else {
            let known: Vec<&str> = self.config.smmu.iter().map(|s| s.name.as_str()).collect();
            self.unknown("SMMU", &second.smmu, &known, span);
            return;
        };
        if second.mids.is_empty() {
            self.push(
                Mistake::new(format!("the second port of {name} has no `mids`"), span)
                    .help("a master behind an SMMU needs at least one MID"),
            );
        }
        let mut listed = Vec::new();
        for (j, mid) in second.mids.iter().enumerate() {
            let steps = [Step::Key("second"), Step::Key("mids"), Step::Index(j)];
            let span = self.span(("traffic_engine", Some(index), &steps));
            self.mid(smmu, *mid, &span);
            listed.push((format!("MID {mid} of the second port of {name}"), span));
        }
        self.duplicates(listed.into_iter());
    }

    fn console(&mut self) {
        let uarts = self.config.uart.iter().enumerate();
        let consoles: Vec<_> = uarts
            .filter(|(_, u)| u.console)
            .map(|(i, _)| ("the console role".to_owned(), self.key("uart", i, "console")))
            .collect();
        self.duplicates(consoles.into_iter());
    }
}
