//! The walker at work: takes the steps of a walk against the bank, the block fetch buffer, taps and
//! observers, one by one for the timed driver or all at once.

use crate::bfb::Bfb;
use crate::config::PageSizes;
use crate::context::Context;
use crate::device::Smmu;
use crate::observe::{Event, Observer, Origin};
use crate::ports::{BusError, DescriptorPort, DescriptorRead, DescriptorWrite, LINE_WORDS, Ports};
use crate::spec::fault_code::Fault;
use crate::stats::ContextStats;
use crate::tap::Taps;
use crate::tlb::{Tag, TlbEntry};
use crate::walk::{Step, Walk};

/// What the steps of a walk touch.
pub(crate) struct Walker<'a> {
    bank: u8,
    context: &'a Context,
    stats: &'a mut ContextStats,
    bfb: &'a mut Bfb,
    /// Sizes that the main TLB holds.
    sizes: PageSizes,
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

/// What a V2P walk read.
#[derive(Clone, Copy, Debug, Default)]
pub(crate) struct WalkReads {
    /// The last descriptor of each level, as the walker reads it.
    pub(crate) words: [Option<u32>; 2],
    /// Descriptor accesses that went to memory.
    pub(crate) accesses: u32,
}

impl Smmu {
    /// The walker, at work for a bank.
    #[inline(always)]
    pub(crate) fn walker(&mut self, bank: u8) -> Walker<'_> {
        let at = usize::from(bank);
        Walker {
            bank,
            context: &self.banks[at].context,
            stats: &mut self.stats.contexts[at],
            bfb: &mut self.bfb,
            sizes: self.config.tlb.sizes,
        }
    }
}

impl Walker<'_> {
    /// Walks the tables into `entry`, with every descriptor answered at once. What it reads is kept in
    /// `reads`, if given.
    #[inline(always)]
    pub(crate) fn walk<M: DescriptorPort, O: Observer, T: Taps>(
        &mut self,
        origin: Origin<'_>,
        va: u32,
        tag: Tag,
        entry: &mut TlbEntry,
        mut reads: Option<&mut WalkReads>,
        ports: &mut Ports<M, O, T>,
    ) -> Result<(), Fault> {
        let (mut walk, mut step) = self.start(origin, va, tag, ports);
        // The first level stands before the loop, so that each is compiled for itself.
        if let Step::Read = step {
            step = self.access(origin, &mut walk, entry, &mut reads, ports);
        }
        loop {
            match step {
                Step::Done(result) => return self.end(origin, result, entry, ports),
                Step::Read => step = self.access(origin, &mut walk, entry, &mut reads, ports),
                Step::Write(word) => {
                    if let Some(reads) = &mut reads {
                        reads.accesses += 1;
                    }
                    let write = self.write(&walk, word);
                    let response = ports.memory.write(&write);
                    step = self.take_written(origin, &mut walk, &write, response, entry, ports);
                }
            }
        }
    }

    /// Reads a descriptor, and goes on with it.
    #[inline(always)]
    fn access<M: DescriptorPort, O: Observer, T: Taps>(
        &mut self,
        origin: Origin<'_>,
        walk: &mut Walk,
        entry: &mut TlbEntry,
        reads: &mut Option<&mut WalkReads>,
        ports: &mut Ports<M, O, T>,
    ) -> Step {
        let read = walk.read();
        let (response, buffered) = match self.fetch(&read) {
            Fetch::Buffered(word) => (Ok(word), true),
            Fetch::Word => (ports.memory.read(&read), false),
            Fetch::Line => match ports.memory.read_line(&read) {
                Ok(line) => (Ok(self.take_line(&read, line)), false),
                Err(_) => (ports.memory.read(&read), false),
            },
        };
        let (step, word) = self.take_descriptor(origin, walk, &read, response, buffered, entry, ports);
        if let Some(reads) = reads {
            reads.accesses += u32::from(!buffered);
            reads.words[read.level as usize] = word;
        }
        step
    }

    /// Begins a walk.
    #[inline(always)]
    pub(crate) fn start<M, O: Observer, T>(
        &mut self,
        origin: Origin<'_>,
        va: u32,
        tag: Tag,
        ports: &mut Ports<M, O, T>,
    ) -> (Walk, Step) {
        self.stats.walks += 1;
        ports.observer.event(Event::WalkStarted { origin, bank: self.bank });
        Walk::start(self.context, self.bank, va, tag)
    }

    /// How to get a descriptor.
    #[inline(always)]
    pub(crate) fn fetch(&self, read: &DescriptorRead) -> Fetch {
        if !self.context.block_fetch || !self.bfb.holds(read.level) {
            return Fetch::Word;
        }
        match self.bfb.lookup(*read) {
            Some(word) => Fetch::Buffered(word),
            None => Fetch::Line,
        }
    }

    /// The store that a walk waits for.
    #[inline(always)]
    pub(crate) fn write(&self, walk: &Walk, word: u32) -> DescriptorWrite {
        walk.write(self.context, word)
    }

    /// Puts a line into the block fetch buffer and gives the word asked for.
    #[inline(always)]
    pub(crate) fn take_line(&mut self, read: &DescriptorRead, line: [u32; LINE_WORDS]) -> u32 {
        self.bfb.fill(*read, line);
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
        if buffered {
            self.stats.buffered_reads += 1;
        } else {
            self.stats.descriptor_reads += 1;
        }
        let step = walk.descriptor(self.context, self.sizes, response, entry);
        let word = response.ok();
        (step, if self.context.big_endian { word.map(u32::swap_bytes) } else { word })
    }

    /// Goes on after a descriptor was written.
    #[inline(always)]
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
        self.stats.descriptor_writes += 1;
        if response.is_ok() {
            self.bfb.update(write.address, write.value);
        }
        walk.written(self.context, self.sizes, write, response, entry)
    }

    /// The walk is over.
    #[inline(always)]
    pub(crate) fn end<M, O: Observer, T: Taps>(
        &self,
        origin: Origin<'_>,
        mut result: Result<(), Fault>,
        entry: &mut TlbEntry,
        ports: &mut Ports<M, O, T>,
    ) -> Result<(), Fault> {
        if T::ACTIVE {
            let mut response = result.map(|()| *entry);
            ports.taps.walk_response(origin, &mut response);
            result = response.map(|tapped| *entry = tapped);
        }
        ports.observer.event(Event::WalkEnded { origin, bank: self.bank, result: result.map(|()| &*entry) });
        result
    }
}
