//! Translating a transaction, step by step, and the functional driver that takes all steps at once.

use crate::context::Context;
use crate::device::{Bank, Smmu};
use crate::fault::{Held, HeldState};
use crate::micro_tlb::MicroTlb;
use crate::observe::{ConfigFault, Event, Observer, Origin};
use crate::ports::{DescriptorPort, Ports};
use crate::request::{AccessBits, Answer, Found, Released, Request, Translation};
use crate::saved::RestoreError;
use crate::spec::descriptor::PageSize;
use crate::spec::fault_code::{Fault, FaultCause};
use crate::spec::global_page::CR;
use crate::stats::ContextStats;
use crate::stream::Route;
use crate::tap::Taps;
use crate::tlb::{Lookup, Tag, Tlb, TlbEntry};

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
    pub(crate) access: AccessBits,
}

impl Routed {
    /// Checks what a saved one must keep.
    pub(crate) fn check(&self, banks: usize) -> Result<(), RestoreError> {
        self.tag.check()?;
        self.access.check()?;
        if usize::from(self.bank) >= banks {
            Err(RestoreError::Value { what: "context bank" })
        } else {
            Ok(())
        }
    }
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

impl Smmu {
    /// Translates a transaction now.
    ///
    /// [`Answer::Held`] means that the answer comes from [`next_released`](Self::next_released) after
    /// software has resumed or reset the bank. The caller must use a translation before it lets anything
    /// else happen, so that no invalidation slips in between.
    #[inline(always)]
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
        let Self { routes, banks, micro, tlb, stats, .. } = self;
        let (routed, context) = match route(routes, banks, request, released, ports) {
            Ok(routed) => routed,
            Err(refused) => return self.refuse(request, refused, ports),
        };
        let Routed { bank, vmid, tag, access } = routed;
        let stats = &mut stats.contexts[usize::from(bank)];
        let port = port(request, micro.len());
        let micro = &mut micro[port];
        let mut tapped = TlbEntry::EMPTY;
        let (entry, found) = match ask_micro(micro, port, stats, request, &routed, &mut tapped, ports) {
            Some(entry) => (entry, Found::MicroTlb),
            None => match ask_main(tlb, stats, context, request, &routed, &mut tapped, ports) {
                Asked::Hit(entry) => {
                    fill_micro(micro, port, request, tag, entry, ports);
                    (entry, Found::MainTlb)
                }
                Asked::Walk => return self.walk_now(request, bank, vmid, tag, access, ports),
                Asked::Fault(fault) => return self.fail(request, bank, access, fault, ports),
            },
        };
        match grant(stats, context, request, &routed, entry, found, ports) {
            Some(answer) => answer,
            None => {
                let fault = forbidden(entry);
                self.fail(request, bank, access, fault, ports)
            }
        }
    }

    /// After a miss: the tables. Takes what was routed in parts, which stay in registers until then.
    #[inline(never)]
    fn walk_now<M: DescriptorPort, O: Observer, T: Taps>(
        &mut self,
        request: &Request,
        bank: u8,
        vmid: u8,
        tag: Tag,
        access: AccessBits,
        ports: &mut Ports<M, O, T>,
    ) -> Answer {
        let mut entry = TlbEntry::EMPTY;
        let origin = Origin::Transaction(request);
        match self.walker(bank).walk(origin, request.va, tag, &mut entry, None, ports) {
            Ok(()) => self.take_walk(request, &Routed { bank, vmid, tag, access }, &entry, ports),
            Err(fault) => self.fail(request, bank, access, fault, ports),
        }
    }

    /// A transaction that was looked up has no translation.
    #[cold]
    pub(crate) fn fail<M, O: Observer, T: Taps>(
        &mut self,
        request: &Request,
        bank: u8,
        access: AccessBits,
        fault: Fault,
        ports: &mut Ports<M, O, T>,
    ) -> Answer {
        self.fault(bank, request, access.access(), fault, ports)
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
        let access = route.security.apply(request.access.bits());
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
        access: AccessBits,
        ports: &mut Ports<M, O, T>,
    ) -> Answer {
        if self.global.is_set(CR::CLIENTPD) {
            return self.bypass(request, route, access, ports);
        }
        self.config_fault(request, route.vmid, access.access(), ConfigFault::BadRoute, ports)
    }

    /// A transaction that is not translated.
    #[inline(never)]
    fn bypass<M, O: Observer, T: Taps>(
        &mut self,
        request: &Request,
        route: Route,
        access: AccessBits,
        ports: &mut Ports<M, O, T>,
    ) -> Answer {
        // CLIENTPD is stronger than BYPASSD.
        if route.bypass_forbidden && !self.global.is_set(CR::CLIENTPD) {
            let fault = ConfigFault::BypassForbidden;
            return self.config_fault(request, route.vmid, access.access(), fault, ports);
        }
        if let Some(stats) = self.stats.contexts.get_mut(usize::from(route.bank)) {
            stats.bypassed += 1;
        }
        let answer = Answer::Translated(Translation {
            pa: request.va,
            descriptors: [0; 2],
            attributes: route.overrides.apply(request.attributes),
            size: PageSize::Small,
            non_secure: access.non_secure(),
            found: Found::Bypass,
            bank: route.bank,
            vmid: route.vmid,
        });
        ports.observer.event(Event::Answered { request, answer: &answer });
        answer
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
                self.fill(index, entry, ports);
            }
            let port = port(request, self.micro.len());
            fill_micro(&mut self.micro[port], port, request, routed.tag, entry, ports);
        }
        let bank = usize::from(routed.bank);
        let (stats, context) = (&mut self.stats.contexts[bank], &self.banks[bank].context);
        match grant(stats, context, request, routed, entry, Found::Walk, ports) {
            Some(answer) => answer,
            None => self.fail(request, routed.bank, routed.access, forbidden(entry), ports),
        }
    }

    /// Stores an entry in the main TLB.
    #[inline(always)]
    pub(crate) fn fill<M, O: Observer, T: Taps>(
        &mut self,
        index: u16,
        entry: &TlbEntry,
        ports: &mut Ports<M, O, T>,
    ) {
        self.stats.fills += 1;
        let mut refreshed = false;
        if let Some(old) = self.tlb.get(index) {
            self.stats.evictions += 1;
            // A fill over the same page refreshes a locked entry.
            refreshed = old.locked && self.tlb.same(entry) == Some(index);
        }
        if T::ACTIVE || refreshed {
            self.fill_changed(index, entry, refreshed, ports);
        } else {
            self.replace(index, entry, ports);
        }
    }

    /// Stores an entry that is locked, or that a tap may change.
    #[cold]
    fn fill_changed<M, O: Observer, T: Taps>(
        &mut self,
        index: u16,
        entry: &TlbEntry,
        locked: bool,
        ports: &mut Ports<M, O, T>,
    ) {
        let mut entry = TlbEntry { locked: entry.locked | locked, ..*entry };
        ports.taps.tlb_fill(index, &mut entry);
        self.replace(index, &entry.cut(), ports);
    }

    /// Stores an entry in the main TLB as it is, and tells what it replaces.
    #[inline(always)]
    fn replace<M, O: Observer, T>(&mut self, index: u16, entry: &TlbEntry, ports: &mut Ports<M, O, T>) {
        if let Some(old) = self.tlb.get(index) {
            ports.observer.event(Event::Evicted { index, entry: old });
        }
        self.tlb.insert(index, entry);
        ports.observer.event(Event::Filled { index, entry });
    }
}

/// The number of the micro-TLB that serves a request, of so many.
#[inline(always)]
pub(crate) fn port(request: &Request, ports: usize) -> usize {
    // At least one exists, and few have more.
    let port = usize::from(request.port);
    if port < ports { port } else { port % ports }
}

/// From the MID to the bank.
#[inline(always)]
pub(crate) fn route<'a, M, O, T: Taps>(
    routes: &[Route],
    banks: &'a [Bank],
    request: &Request,
    released: bool,
    ports: &mut Ports<M, O, T>,
) -> Result<(Routed, &'a Context), Refused> {
    let mid = ports.taps.mid(request);
    let refused = |why| Err(Refused { mid, why });
    let Some(route) = routes.get(usize::from(mid)) else { return refused(Refusal::NoBank) };
    let Some(bank) = banks.get(usize::from(route.bank)) else { return refused(Refusal::NoBank) };
    // A released transaction does not wait for those behind it.
    if !bank.held.is_empty() && (!released || bank.stalled()) {
        return refused(Refusal::Queue);
    }
    let context = &bank.context;
    if !context.translate {
        return refused(Refusal::Bypass);
    }
    let access = context.privilege.apply(route.security.apply(request.access.bits()));
    let tag = context.tag.with_security(access.non_secure());
    Ok((Routed { bank: route.bank, vmid: route.vmid, tag, access }, context))
}

/// Asks the micro-TLB of a port. `tapped` has room for an entry that a tap changes.
#[inline(always)]
pub(crate) fn ask_micro<'a, M, O: Observer, T: Taps>(
    micro: &'a mut MicroTlb,
    port: usize,
    stats: &mut ContextStats,
    request: &Request,
    routed: &Routed,
    tapped: &'a mut TlbEntry,
    ports: &mut Ports<M, O, T>,
) -> Option<&'a TlbEntry> {
    let hit = micro.lookup(request.va, routed.tag);
    ports.observer.event(Event::MicroLookup { request, bank: routed.bank, hit });
    let entry = hit?;
    stats.micro_hits += 1;
    if !T::ACTIVE {
        return Some(entry);
    }
    *tapped = *entry;
    // At most 64 ports.
    ports.taps.micro_hit(port as u8, tapped);
    Some(tapped)
}

/// What the main TLB says to a transaction.
pub(crate) enum Asked<'a> {
    Hit(&'a TlbEntry),
    Walk,
    Fault(Fault),
}

/// Asks the main TLB. `tapped` as for [`ask_micro`].
#[inline(always)]
pub(crate) fn ask_main<'a, M, O: Observer, T: Taps>(
    tlb: &'a Tlb,
    stats: &mut ContextStats,
    context: &Context,
    request: &Request,
    routed: &Routed,
    tapped: &'a mut TlbEntry,
    ports: &mut Ports<M, O, T>,
) -> Asked<'a> {
    let origin = Origin::Transaction(request);
    match lookup(tlb, origin, routed.bank, request.va, routed.tag, ports) {
        Lookup::Hit(index, entry) => {
            stats.main_hits += 1;
            if !T::ACTIVE {
                return Asked::Hit(entry);
            }
            *tapped = *entry;
            ports.taps.tlb_hit(index, tapped);
            Asked::Hit(tapped)
        }
        Lookup::Miss => {
            stats.misses += 1;
            if context.walk_on_miss { Asked::Walk } else { Asked::Fault(Fault::first(FaultCause::TlbMiss)) }
        }
        Lookup::Multiple(_) => Asked::Fault(Fault::first(FaultCause::MultipleHits)),
    }
}

/// Compares all entries of the main TLB with an address and a tag.
#[inline(always)]
pub(crate) fn lookup<'a, M, O: Observer, T>(
    tlb: &'a Tlb,
    origin: Origin<'_>,
    bank: u8,
    va: u32,
    tag: Tag,
    ports: &mut Ports<M, O, T>,
) -> Lookup<'a> {
    let lookup = tlb.lookup(va, tag);
    let (hit, matches) = match lookup {
        Lookup::Miss => (None, 0),
        Lookup::Hit(index, entry) => (Some((index, entry)), 1),
        Lookup::Multiple(matches) => (None, matches),
    };
    ports.observer.event(Event::MainLookup { origin, bank, hit, matches });
    lookup
}

/// Stores an entry in the micro-TLB of a port.
#[inline(always)]
pub(crate) fn fill_micro<M, O: Observer, T>(
    micro: &mut MicroTlb,
    port: usize,
    request: &Request,
    tag: Tag,
    entry: &TlbEntry,
    ports: &mut Ports<M, O, T>,
) {
    if micro.fill(request.va, tag, entry) {
        // At most 64 ports.
        ports.observer.event(Event::MicroFilled { port: port as u8, entry });
    }
}

/// Translates a transaction by the entry of its page. `None`: the page forbids it.
#[inline(always)]
pub(crate) fn grant<M, O: Observer, T>(
    stats: &mut ContextStats,
    context: &Context,
    request: &Request,
    routed: &Routed,
    entry: &TlbEntry,
    found: Found,
    ports: &mut Ports<M, O, T>,
) -> Option<Answer> {
    if !entry.permissions.permit(routed.access) {
        return None;
    }
    let answer = Answer::Translated(Translation {
        pa: entry.translate(request.va),
        descriptors: entry.descriptors,
        attributes: context.overrides.apply(entry.attributes),
        size: entry.table_size,
        non_secure: routed.access.non_secure() | entry.ns_descriptor,
        found,
        bank: routed.bank,
        vmid: routed.vmid,
    });
    stats.translated += 1;
    ports.observer.event(Event::Answered { request, answer: &answer });
    Some(answer)
}

/// The fault of an access that a page forbids.
pub(crate) const fn forbidden(entry: &TlbEntry) -> Fault {
    Fault::at_level(FaultCause::Permission, entry.level())
}
