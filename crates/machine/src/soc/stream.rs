//! A master that is alone, served without slots and events.
//!
//! With functional timing a transaction takes a constant time, mostly less than until the next one. What is alone
//! in that time is performed up to its completion at once: everything comes in the order in which it would otherwise.

use msmemu_devices::{Alone, DmaFault, DmaMaster, DmaRequest, LonePort};
use msmemu_fabric::Time;

use crate::observe::{DmaEvent, Hooks, Observer, Taps};

use super::blocks::Master;
use super::dma::{Buffer, Lane, PieceId, Tally, Target, first_piece, piece_bytes};
use super::memory::FUNCTIONAL_ACCESS;
use super::smmu::is_write;
use super::{Soc, Unit};

/// What the transactions of a lone master go through.
struct Stream<'s, 'h, 'o, O, T> {
    soc: &'s mut Soc,
    hooks: &'h mut Hooks<'o, O, T>,
    /// Number of the master.
    number: u8,
    /// Its lines as they were last carried.
    levels: u64,
    /// When something else may happen.
    horizon: Time,
    /// The last deadline that was served.
    served: Time,
    tally: Tally,
    buffer: Buffer,
}

impl Soc {
    /// Serves the deadline of a master that is due now, and as many more up to `limit` as come before anything
    /// else in the machine happens. Gives the last.
    pub(super) fn stream<O: Observer, T: Taps>(
        &mut self,
        number: u8,
        limit: Time,
        hooks: &mut Hooks<'_, O, T>,
    ) -> Time {
        // The masters are lent for the while.
        let mut masters = core::mem::take(&mut self.blocks.masters);
        let others = self.events.next_time().unwrap_or(Time::MAX).min(self.deadlines.second());
        let mut stream = Stream {
            levels: self.levels.get(self.dispatch.index(Unit::Master(number))).copied().unwrap_or(0),
            horizon: others.min(Time(limit.0.saturating_add(1))),
            served: self.now,
            tally: Tally::default(),
            buffer: [0; _],
            soc: self,
            hooks,
            number,
        };
        let left_over = match masters.get_mut(usize::from(number)) {
            Some(Master::Engine(engine)) => stream.serve(engine.as_mut()),
            Some(Master::Pl330(dmac)) => stream.serve(dmac.as_mut()),
            None => None,
        };
        let (served, tally) = (stream.served, stream.tally);
        self.blocks.masters = masters;
        self.dma.count(number, &tally, FUNCTIONAL_ACCESS);
        if let Some(request) = left_over {
            self.issue(number, request, hooks);
        }
        self.after(Unit::Master(number), hooks);
        served
    }
}

impl<O: Observer, T: Taps> Stream<'_, '_, '_, O, T> {
    /// Serves one kind of device. Gives a request that goes the way of all others.
    fn serve<M: DmaMaster>(&mut self, device: &mut M) -> Option<DmaRequest> {
        loop {
            device.advance(self.soc.now);
            if !device.run(self.soc.now, self) {
                return None;
            }
            let next = loop {
                let now = self.soc.now;
                let Some(request) = device.next_request(now) else { break device.deadline() };
                let next = device.deadline().unwrap_or(Time::MAX);
                if device.levels() != self.levels || !self.is_alone(now, next, &request) {
                    return Some(request);
                }
                let Self { soc, hooks, buffer, number, tally, .. } = self;
                let bytes = piece_bytes(buffer, &request, 0, request.len, device);
                let lane = soc.dma.lane(*number, &request);
                let outcome = soc.perform(*number, &lane, &request, bytes, tally, hooks)?;
                device.complete(now + FUNCTIONAL_ACCESS, request.id, outcome);
                // Before its deadline a device has nothing to issue.
                if let Some(next) = device.deadline().filter(|next| *next > self.soc.now) {
                    break Some(next);
                }
            };
            let next = next.unwrap_or(Time::MAX);
            if device.levels() != self.levels || next <= self.soc.now || next >= self.horizon {
                return None;
            }
            (self.soc.now, self.served) = (next, next);
        }
    }

    /// Whether a request issued at `now`, before another at `next`, is over before anything else happens.
    #[inline(always)]
    fn is_alone(&self, now: Time, next: Time, request: &DmaRequest) -> bool {
        let done = now + FUNCTIONAL_ACCESS;
        done < self.horizon && next >= done && first_piece(request) == request.len
    }
}

impl<O: Observer, T: Taps> LonePort for Stream<'_, '_, '_, O, T> {
    type Lane = Lane;

    fn lane(&self, request: &DmaRequest) -> Lane {
        self.soc.dma.lane(self.number, request)
    }

    #[inline(always)]
    fn read(&mut self, lane: &Lane, now: Time, next: Time, request: &DmaRequest) -> Alone<'_> {
        if is_write(request.kind) || !self.is_alone(now, next, request) {
            return Alone::Refused;
        }
        (self.soc.now, self.served) = (now, now);
        let bytes = self.buffer.get_mut(..request.len as usize).unwrap_or_default();
        match self.soc.perform(self.number, lane, request, bytes, &mut self.tally, self.hooks) {
            Some(outcome) => Alone::Completed(outcome),
            None => Alone::Outstanding,
        }
    }
}

impl Soc {
    /// Performs a transaction of one piece up to its completion, which is now then, and gives its outcome. `None`: it
    /// takes longer, or something else has to happen first; then it goes on as any other.
    #[inline(always)]
    fn perform<'b, O: Observer, T: Taps>(
        &mut self,
        number: u8,
        lane: &Lane,
        request: &DmaRequest,
        bytes: &'b mut [u8],
        tally: &mut Tally,
        hooks: &mut Hooks<'_, O, T>,
    ) -> Option<Result<&'b [u8], DmaFault>> {
        let issued = self.now;
        let done = issued + FUNCTIONAL_ACCESS;
        self.issued(number, request, hooks);
        let id = PieceId { slot: self.dma.next_slot(), piece: 0 };
        let Some(target) = self.route(lane, id, request.addr.0, request.len, hooks) else {
            self.dma.start(number, *request, *lane, issued);
            self.after_route(lane, hooks);
            return None;
        };
        let (cause, answered) = self.transfer(number, request, 0, target, bytes, hooks);
        let data = if is_write(request.kind) { &[] } else { &*bytes };
        // A translation changes no lines, a fault may.
        let news = !matches!(target, Target::At(_)) && self.after_route(lane, hooks);
        if news || answered != done {
            self.dma.start(number, *request, *lane, issued);
            self.dma.keep(id, data);
            self.wait_for_memory(id, cause, answered);
            return None;
        }
        self.now = done;
        let fault = cause.map(|cause| DmaFault { addr: request.addr, cause });
        tally.add(done, request, fault.is_some());
        let (master, request, latency) = (usize::from(number), *request, FUNCTIONAL_ACCESS);
        hooks.obs.dma(done, &DmaEvent::Completed { master, request, latency, fault });
        Some(fault.map_or(Ok(data), Err))
    }
}
