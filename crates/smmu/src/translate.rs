//! Translating a transaction, step by step, and the functional driver that takes all steps at once.

use crate::device::Smmu;
use crate::fault::{Held, HeldState};
use crate::observe::{ConfigFault, Event, Observer, Origin};
use crate::ports::{BusError, DescriptorPort, DescriptorRead, DescriptorWrite, Ports};
use crate::request::{Access, Answer, Found, Released, Request, Translation};
use crate::saved::RestoreError;
use crate::spec::descriptor::PageSize;
use crate::spec::fault_code::{Fault, FaultCause};
use crate::spec::global_page::CR;
use crate::stream::Route;
use crate::tap::Taps;
use crate::tlb::{Lookup, Tag, TlbEntry};
use crate::walk::{Step, Walk};

/// A transaction that found its bank and is to be looked up.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
#[cfg_attr(feature = "serde", derive(serde::Serialize, serde::Deserialize))]
pub(crate) struct Routed {
    pub(crate) bank: u8,
    /// VMID that goes on with the transaction.
    pub(crate) vmid: u8,
    /// What lookups compare.
    pub(crate) tag: Tag,
    /// The effective access, after NSCFG and PRIVCFG.
    pub(crate) access: Access,
}

impl Routed {
    /// Checks what a saved one must keep.
    pub(crate) fn check(&self, banks: usize) -> Result<(), RestoreError> {
        self.tag.check()?;
        if usize::from(self.bank) >= banks {
            Err(RestoreError::Value { what: "context bank" })
        } else {
            Ok(())
        }
    }
}

/// What the main TLB says to a transaction.
pub(crate) enum MainLookup {
    Hit,
    Walk,
    Fault(Fault),
}

/// A transaction that is not looked up, and why. Small, so that the way to a hit stays cheap.
#[derive(Clone, Copy, Debug)]
pub(crate) struct Refused {
    mid: u16,
    why: Refusal,
}

#[derive(Clone, Copy, Debug)]
enum Refusal {
    /// The MID leads to no bank.
    NoBank,
    /// The bank holds transactions.
    Queue,
    /// The bank does not translate.
    Bypass,
}

/// What a V2P walk read.
#[derive(Clone, Copy, Debug, Default)]
pub(crate) struct WalkReads {
    /// The last descriptor of each level, as the walker reads it.
    pub(crate) words: [Option<u32>; 2],
    /// Descriptor accesses that went to memory.
    pub(crate) accesses: u32,
}

/// How the walker gets a descriptor.
pub(crate) enum Fetch {
    /// From the block fetch buffer.
    Buffered(u32),
    /// A line from memory, into the block fetch buffer.
    Line,
    /// A word from memory.
    Word,
}

impl Smmu {
    /// Translates a transaction now.
    ///
    /// [`Answer::Held`] means that the answer comes from [`next_released`](Self::next_released) after
    /// software has resumed or reset the bank. The caller must use a translation before it lets anything
    /// else happen, so that no invalidation slips in between.
    pub fn translate<M: DescriptorPort, O: Observer, T: Taps>(
        &mut self,
        request: &Request,
        ports: &mut Ports<M, O, T>,
    ) -> Answer {
        self.stats.requests += 1;
        self.attempt(request, false, ports)
    }

    /// Whether [`next_released`](Self::next_released) has something to give, or to try.
    pub fn has_released(&self) -> bool {
        self.banks.iter().any(|bank| bank.released())
    }

    /// The next held transaction that can go on, with its answer, worked out now. `None` when there is no
    /// more; a transaction that faults again is held again. Call it after register writes until it gives
    /// `None`: while transactions wait here, new ones of the same bank queue behind them.
    pub fn next_released<M: DescriptorPort, O: Observer, T: Taps>(
        &mut self,
        ports: &mut Ports<M, O, T>,
    ) -> Option<Released> {
        for bank in 0..self.banks.len() {
            while let Some(Held { request, state, .. }) = self.pop_released(bank) {
                let answer = match state {
                    HeldState::Terminate => self.terminate(bank as u8, &request, ports),
                    HeldState::Stalled | HeldState::Waiting => self.attempt(&request, true, ports),
                };
                if answer != Answer::Held {
                    return Some(Released { request, answer });
                }
            }
        }
        None
    }

    /// Takes the first transaction of a bank's queue if it can go on.
    pub(crate) fn pop_released(&mut self, bank: usize) -> Option<Held> {
        let bank = &mut self.banks[bank];
        if bank.stalled() { None } else { bank.held.pop_front() }
    }

    #[inline(always)]
    fn attempt<M: DescriptorPort, O: Observer, T: Taps>(
        &mut self,
        request: &Request,
        released: bool,
        ports: &mut Ports<M, O, T>,
    ) -> Answer {
        let routed = match self.route(request, released, ports) {
            Ok(routed) => routed,
            Err(refused) => return self.refuse(request, refused, ports),
        };
        let mut entry = TlbEntry::EMPTY;
        if self.lookup_micro(request, &routed, &mut entry, ports) {
            return self.grant(request, &routed, &entry, Found::MicroTlb, ports);
        }
        match self.lookup_main(request, &routed, &mut entry, ports) {
            MainLookup::Hit => self.grant(request, &routed, &entry, Found::MainTlb, ports),
            MainLookup::Fault(fault) => self.fail(request, &routed, fault, ports),
            MainLookup::Walk => self.walk_now(request, &routed, ports),
        }
    }

    /// After a miss: the tables.
    #[inline(never)]
    fn walk_now<M: DescriptorPort, O: Observer, T: Taps>(
        &mut self,
        request: &Request,
        routed: &Routed,
        ports: &mut Ports<M, O, T>,
    ) -> Answer {
        let mut entry = TlbEntry::EMPTY;
        let origin = Origin::Transaction(request);
        let (bank, va) = (routed.bank, request.va);
        match self.walk::<false, M, O, T>(origin, bank, va, routed.tag, &mut entry, ports).0 {
            Ok(()) => self.take_walk(request, routed, &entry, ports),
            Err(fault) => self.fail(request, routed, fault, ports),
        }
    }

    /// A transaction that was looked up has no translation.
    #[cold]
    pub(crate) fn fail<M, O: Observer, T: Taps>(
        &mut self,
        request: &Request,
        routed: &Routed,
        fault: Fault,
        ports: &mut Ports<M, O, T>,
    ) -> Answer {
        self.fault(routed.bank, request, routed.access, fault, ports)
    }

    /// From the MID to the bank.
    #[inline(always)]
    pub(crate) fn route<M, O, T: Taps>(
        &self,
        request: &Request,
        released: bool,
        ports: &mut Ports<M, O, T>,
    ) -> Result<Routed, Refused> {
        let mid = ports.taps.mid(request);
        let refused = |why| Err(Refused { mid, why });
        let Some(route) = self.routes.get(usize::from(mid)) else { return refused(Refusal::NoBank) };
        let Some(bank) = self.banks.get(usize::from(route.bank)) else { return refused(Refusal::NoBank) };
        // A released transaction does not wait for those behind it.
        if !bank.held.is_empty() && (!released || bank.stalled()) {
            return refused(Refusal::Queue);
        }
        if !bank.context.translate {
            return refused(Refusal::Bypass);
        }
        let mut access = request.access;
        access.non_secure = route.non_secure(access.non_secure);
        access.privileged = bank.context.privileged(access.privileged);
        let tag = bank.context.tag.with_security(access.non_secure);
        Ok(Routed { bank: route.bank, vmid: route.vmid, tag, access })
    }

    /// Answers a transaction that is not looked up.
    #[inline(never)]
    pub(crate) fn refuse<M, O: Observer, T: Taps>(
        &mut self,
        request: &Request,
        refused: Refused,
        ports: &mut Ports<M, O, T>,
    ) -> Answer {
        // A MID without an entry has the attributes of one that was never written.
        let route = self.routes.get(usize::from(refused.mid)).copied().unwrap_or(Route::decode(0));
        let non_secure = route.non_secure(request.access.non_secure);
        let access = Access { non_secure, ..request.access };
        match refused.why {
            Refusal::NoBank => self.no_bank(request, route, access, ports),
            Refusal::Queue => self.queue(route.bank, request, ports),
            Refusal::Bypass => self.bypass(request, route, access, ports),
        }
    }

    /// A transaction whose MID leads to no bank: an error, unless CLIENTPD lets all traffic through.
    #[cold]
    fn no_bank<M, O: Observer, T: Taps>(
        &mut self,
        request: &Request,
        route: Route,
        access: Access,
        ports: &mut Ports<M, O, T>,
    ) -> Answer {
        if self.global.is_set(CR::CLIENTPD) {
            return self.bypass(request, route, access, ports);
        }
        self.config_fault(request, route.vmid, access, ConfigFault::BadRoute, ports)
    }

    /// A transaction that is not translated.
    #[inline(never)]
    fn bypass<M, O: Observer, T: Taps>(
        &mut self,
        request: &Request,
        route: Route,
        access: Access,
        ports: &mut Ports<M, O, T>,
    ) -> Answer {
        // CLIENTPD is stronger than BYPASSD.
        if route.bypass_forbidden && !self.global.is_set(CR::CLIENTPD) {
            let fault = ConfigFault::BypassForbidden;
            return self.config_fault(request, route.vmid, access, fault, ports);
        }
        if let Some(stats) = self.stats.contexts.get_mut(usize::from(route.bank)) {
            stats.bypassed += 1;
        }
        let answer = Answer::Translated(Translation {
            pa: request.va,
            descriptors: [0; 2],
            attributes: route.overrides.apply(request.attributes),
            size: PageSize::Small,
            non_secure: access.non_secure,
            found: Found::Bypass,
            bank: route.bank,
            vmid: route.vmid,
        });
        ports.observer.event(Event::Answered { request, answer: &answer });
        answer
    }

    /// Asks the micro-TLB of the port. A hit gives the entry.
    #[inline(always)]
    pub(crate) fn lookup_micro<M, O: Observer, T: Taps>(
        &mut self,
        request: &Request,
        routed: &Routed,
        entry: &mut TlbEntry,
        ports: &mut Ports<M, O, T>,
    ) -> bool {
        let bank = routed.bank;
        let port = self.port(request);
        let hit = self.micro[usize::from(port)].lookup(request.va, routed.tag);
        ports.observer.event(Event::MicroLookup { request, bank, hit });
        let Some(hit) = hit else { return false };
        *entry = *hit;
        ports.taps.micro_hit(port, entry);
        self.stats.contexts[usize::from(bank)].micro_hits += 1;
        true
    }

    /// Asks the main TLB. A hit gives the entry.
    #[inline(always)]
    pub(crate) fn lookup_main<M, O: Observer, T: Taps>(
        &mut self,
        request: &Request,
        routed: &Routed,
        entry: &mut TlbEntry,
        ports: &mut Ports<M, O, T>,
    ) -> MainLookup {
        let bank = routed.bank;
        let origin = Origin::Transaction(request);
        match self.lookup_observed(origin, bank, request.va, routed.tag, ports) {
            Lookup::Hit(index) => {
                *entry = *self.tlb.hit(index);
                ports.taps.tlb_hit(index, entry);
                self.stats.contexts[usize::from(bank)].main_hits += 1;
                self.fill_micro(request, routed.tag, entry, ports);
                MainLookup::Hit
            }
            Lookup::Miss => {
                self.stats.contexts[usize::from(bank)].misses += 1;
                if self.banks[usize::from(bank)].context.walk_on_miss {
                    MainLookup::Walk
                } else {
                    MainLookup::Fault(Fault::first(FaultCause::TlbMiss))
                }
            }
            Lookup::Multiple(_) => MainLookup::Fault(Fault::first(FaultCause::MultipleHits)),
        }
    }

    /// Asks the main TLB again for a transaction that missed and then waited for a walker.
    pub(crate) fn lookup_again<M, O: Observer, T: Taps>(
        &mut self,
        request: &Request,
        routed: &Routed,
        entry: &mut TlbEntry,
        ports: &mut Ports<M, O, T>,
    ) -> MainLookup {
        if self.tlb.lookup(request.va, routed.tag) == Lookup::Miss {
            return MainLookup::Walk;
        }
        // It was counted as a miss; it turns out to be none.
        let misses = &mut self.stats.contexts[usize::from(routed.bank)].misses;
        *misses = misses.saturating_sub(1);
        self.lookup_main(request, routed, entry, ports)
    }

    #[inline(always)]
    pub(crate) fn lookup_observed<M, O: Observer, T>(
        &mut self,
        origin: Origin<'_>,
        bank: u8,
        va: u32,
        tag: Tag,
        ports: &mut Ports<M, O, T>,
    ) -> Lookup {
        let lookup = self.tlb.lookup(va, tag);
        let (hit, matches) = match lookup {
            Lookup::Miss => (None, 0),
            Lookup::Hit(index) => (Some((index, self.tlb.hit(index))), 1),
            Lookup::Multiple(matches) => (None, matches),
        };
        ports.observer.event(Event::MainLookup { origin, bank, hit, matches });
        lookup
    }

    /// Takes the result of a transaction's walk: fills the TLBs, checks the rights.
    #[inline(always)]
    pub(crate) fn take_walk<M, O: Observer, T: Taps>(
        &mut self,
        request: &Request,
        routed: &Routed,
        entry: &TlbEntry,
        ports: &mut Ports<M, O, T>,
    ) -> Answer {
        if self.banks[usize::from(routed.bank)].context.allocate {
            if let Some(index) = self.tlb.choose(entry) {
                self.fill(index, *entry, ports);
            }
            self.fill_micro(request, routed.tag, entry, ports);
        }
        self.grant(request, routed, entry, Found::Walk, ports)
    }

    /// Stores an entry in the main TLB.
    #[inline(always)]
    pub(crate) fn fill<M, O: Observer, T: Taps>(
        &mut self,
        index: u16,
        mut entry: TlbEntry,
        ports: &mut Ports<M, O, T>,
    ) {
        // A fill over the same page refreshes a locked entry.
        if self.tlb.get(index).is_some_and(|old| old.locked) {
            entry.locked |= self.tlb.same(&entry) == Some(index);
        }
        ports.taps.tlb_fill(index, &mut entry);
        entry.va &= entry.size.mask();
        entry.pa &= entry.size.mask();
        entry.vmid &= 31;
        self.stats.fills += 1;
        if let Some(old) = self.tlb.get(index) {
            self.stats.evictions += 1;
            ports.observer.event(Event::Evicted { index, entry: old });
        }
        self.tlb.insert(index, &entry);
        ports.observer.event(Event::Filled { index, entry: &entry });
    }

    #[inline(always)]
    fn fill_micro<M, O: Observer, T>(
        &mut self,
        request: &Request,
        tag: Tag,
        entry: &TlbEntry,
        ports: &mut Ports<M, O, T>,
    ) {
        let port = self.port(request);
        if self.micro[usize::from(port)].fill(request.va, tag, entry) {
            ports.observer.event(Event::MicroFilled { port, entry });
        }
    }

    /// The micro-TLB that serves a request.
    #[inline(always)]
    fn port(&self, request: &Request) -> u8 {
        // At least one port exists, and few have more.
        if request.port < self.config.ports { request.port } else { request.port % self.config.ports }
    }

    /// Checks the rights, and makes the answer.
    #[inline(always)]
    pub(crate) fn grant<M, O: Observer, T: Taps>(
        &mut self,
        request: &Request,
        routed: &Routed,
        entry: &TlbEntry,
        found: Found,
        ports: &mut Ports<M, O, T>,
    ) -> Answer {
        let Access { write, privileged, instruction, non_secure } = routed.access;
        if !entry.permissions.allow(write, privileged, instruction) {
            let fault = Fault::at_level(FaultCause::Permission, entry.level());
            return self.fail(request, routed, fault, ports);
        }
        let overrides = &self.banks[usize::from(routed.bank)].context.overrides;
        let answer = Answer::Translated(Translation {
            pa: entry.translate(request.va),
            descriptors: entry.descriptors,
            attributes: overrides.apply(entry.attributes),
            size: entry.table_size,
            non_secure: non_secure | entry.ns_descriptor,
            found,
            bank: routed.bank,
            vmid: routed.vmid,
        });
        self.stats.contexts[usize::from(routed.bank)].translated += 1;
        ports.observer.event(Event::Answered { request, answer: &answer });
        answer
    }

    /// Walks the tables into `entry`, with every descriptor answered at once. `V2P`: what was read is kept.
    #[inline]
    pub(crate) fn walk<const V2P: bool, M: DescriptorPort, O: Observer, T: Taps>(
        &mut self,
        origin: Origin<'_>,
        bank: u8,
        va: u32,
        tag: Tag,
        entry: &mut TlbEntry,
        ports: &mut Ports<M, O, T>,
    ) -> (Result<(), Fault>, WalkReads) {
        let (mut walk, mut step) = self.start_walk(origin, bank, va, tag, ports);
        let mut reads = WalkReads::default();
        loop {
            step = match step {
                Step::Read => {
                    let read = walk.read();
                    let (response, buffered) = match self.fetch(&read) {
                        Fetch::Buffered(word) => (Ok(word), true),
                        Fetch::Word => (ports.memory.read(&read), false),
                        Fetch::Line => match ports.memory.read_line(&read) {
                            Ok(line) => (Ok(self.take_line(&read, line)), false),
                            Err(_) => (ports.memory.read(&read), false),
                        },
                    };
                    let (step, word) =
                        self.take_descriptor(origin, &mut walk, &read, response, buffered, entry, ports);
                    if V2P {
                        reads.accesses += u32::from(!buffered);
                        reads.words[read.level as usize] = word;
                    }
                    step
                }
                Step::Write => {
                    reads.accesses += 1;
                    let write = walk.write(&self.banks[usize::from(bank)].context);
                    let response = ports.memory.write(&write);
                    self.take_written(origin, &mut walk, &write, response, entry, ports)
                }
                Step::Done(result) => return (self.end_walk(origin, bank, result, entry, ports), reads),
            };
        }
    }

    #[inline(always)]
    pub(crate) fn start_walk<M, O: Observer, T>(
        &mut self,
        origin: Origin<'_>,
        bank: u8,
        va: u32,
        tag: Tag,
        ports: &mut Ports<M, O, T>,
    ) -> (Walk, Step) {
        self.stats.contexts[usize::from(bank)].walks += 1;
        ports.observer.event(Event::WalkStarted { origin, bank });
        Walk::start(&self.banks[usize::from(bank)].context, bank, va, tag)
    }

    /// How to get a descriptor.
    #[inline(always)]
    pub(crate) fn fetch(&self, read: &DescriptorRead) -> Fetch {
        if self.banks[usize::from(read.bank)].context.block_fetch && self.bfb.holds(read.level) {
            match self.bfb.lookup(read) {
                Some(word) => Fetch::Buffered(word),
                None => Fetch::Line,
            }
        } else {
            Fetch::Word
        }
    }

    /// Puts a line into the block fetch buffer and gives the word asked for.
    pub(crate) fn take_line(&mut self, read: &DescriptorRead, line: [u32; crate::ports::LINE_WORDS]) -> u32 {
        self.bfb.fill(read, line);
        line[(read.address / 4) as usize % line.len()]
    }

    /// Goes on with a descriptor. Gives the next step, and the descriptor as the walker read it.
    #[inline(always)]
    #[expect(clippy::too_many_arguments, reason = "the state of one step, all of it needed")]
    pub(crate) fn take_descriptor<M, O: Observer, T: Taps>(
        &mut self,
        origin: Origin<'_>,
        walk: &mut Walk,
        read: &DescriptorRead,
        mut response: Result<u32, BusError>,
        buffered: bool,
        entry: &mut TlbEntry,
        ports: &mut Ports<M, O, T>,
    ) -> (Step, Option<u32>) {
        ports.taps.descriptor(read, &mut response);
        ports.observer.event(Event::DescriptorRead { origin, read, response, buffered });
        let stats = &mut self.stats.contexts[usize::from(read.bank)];
        if buffered {
            stats.buffered_reads += 1;
        } else {
            stats.descriptor_reads += 1;
        }
        let context = &self.banks[usize::from(read.bank)].context;
        let step = walk.descriptor(context, self.config.tlb.sizes, response, entry);
        let word = response.ok();
        (step, if context.big_endian { word.map(u32::swap_bytes) } else { word })
    }

    /// Goes on after a descriptor was written.
    pub(crate) fn take_written<M, O: Observer, T>(
        &mut self,
        origin: Origin<'_>,
        walk: &mut Walk,
        write: &DescriptorWrite,
        response: Result<(), BusError>,
        entry: &mut TlbEntry,
        ports: &mut Ports<M, O, T>,
    ) -> Step {
        ports.observer.event(Event::DescriptorWritten { origin, write, response });
        self.stats.contexts[usize::from(write.bank)].descriptor_writes += 1;
        if response.is_ok() {
            self.bfb.update(write.address, write.value);
        }
        let context = &self.banks[usize::from(write.bank)].context;
        walk.written(context, self.config.tlb.sizes, response, entry)
    }

    #[inline(always)]
    pub(crate) fn end_walk<M, O: Observer, T: Taps>(
        &mut self,
        origin: Origin<'_>,
        bank: u8,
        mut result: Result<(), Fault>,
        entry: &mut TlbEntry,
        ports: &mut Ports<M, O, T>,
    ) -> Result<(), Fault> {
        if T::ACTIVE {
            let mut response = result.map(|()| *entry);
            ports.taps.walk_response(origin, &mut response);
            result = response.map(|tapped| *entry = tapped);
        }
        ports.observer.event(Event::WalkEnded { origin, bank, result: result.map(|()| &*entry) });
        result
    }
}
