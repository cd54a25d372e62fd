//! What both benches run: memory with tables, an instance attached to them, traffic.

#![allow(dead_code, reason = "each bench uses its part")]

use msmemu_smmu::{
    Access, Answer, BfbGeometry, BusError, Config, DescriptorData, DescriptorPort, DescriptorRead,
    DescriptorWrite, Message, Ports, Request, Smmu, Timed, Timing,
};

/// First-level table.
const FIRST: u32 = 0x8000_0000;
/// Second-level tables, one for each of the first 32 MiB.
const SECOND: u32 = 0x8000_4000;
/// Words of table memory.
const WORDS: usize = 0x3000;

/// 48 KiB at `FIRST`.
pub(crate) struct Memory(Box<[u32; WORDS]>);

impl DescriptorPort for Memory {
    #[inline]
    fn read(&mut self, read: &DescriptorRead) -> Result<u32, BusError> {
        self.0.get((read.address.wrapping_sub(FIRST) / 4) as usize).copied().ok_or(BusError::Decode)
    }

    fn write(&mut self, write: &DescriptorWrite) -> Result<(), BusError> {
        let word = self.0.get_mut((write.address.wrapping_sub(FIRST) / 4) as usize);
        *word.ok_or(BusError::Decode)? = write.value;
        Ok(())
    }
}

/// The first 32 MiB by small pages, the next ones by sections.
pub(crate) fn memory() -> Memory {
    let mut words = Box::new([0; WORDS]);
    for mib in 0..4096u32 {
        words[mib as usize] = if mib < 32 { (SECOND + mib * 0x400) | 1 } else { (mib << 20) | 0x2_0C02 };
    }
    let second = (SECOND - FIRST) as usize / 4;
    for (page, word) in words[second..].iter_mut().enumerate() {
        *word = (page as u32) << 12 | 0x832;
    }
    Memory(words)
}

/// What a driver writes to attach a bank, with hit-under-miss on.
const ATTACH: [(u32, u32); 4] = [(0x08, 0), (0x04, 0x0007_7072), (0x10, FIRST), (0x00, 1)];

pub(crate) fn smmu(micro_entries: u8, memory: &mut Memory) -> Smmu {
    let bfb = BfbGeometry { first_lines: 0, second_lines: 0 };
    let config = Config { micro_entries, bfb, ports: 4, ..Config::default() };
    let mut smmu = Smmu::new(&config).expect("the configuration is valid");
    let mut ports = Ports::new(memory);
    for (offset, value) in ATTACH.into_iter().chain(ATTACH.map(|(offset, value)| (offset + 0x1000, value))) {
        smmu.write(offset, value, &mut ports);
    }
    for mid in 0..32 {
        smmu.write(0xF_F000 + mid * 4, 0x00C0_0000 | (mid & 1) << 8, &mut ports);
    }
    smmu.write(0x1008, 1, &mut ports);
    smmu
}

pub(crate) fn request(mid: u16, va: u32) -> Request {
    let port = (mid % 4) as u8;
    Request { port, ..Request::new(0, mid, va, Access::READ) }
}

/// Translates one request after another, and adds up the addresses.
#[inline(never)]
pub(crate) fn translate_all(smmu: &mut Smmu, memory: &mut Memory, requests: &[Request]) -> u32 {
    let mut ports = Ports::new(memory);
    let mut sum = 0u32;
    for request in requests {
        if let Answer::Translated(translation) = smmu.translate(request, &mut ports) {
            sum = sum.wrapping_add(translation.pa);
        }
    }
    sum
}

/// The same page again and again: the micro-TLB answers.
pub(crate) fn micro_hits(count: u32) -> Vec<Request> {
    (0..count).map(|i| request(0, 0x1000 + i % 64 * 4)).collect()
}

/// 48 pages in turn: more than a micro-TLB, fewer than the main TLB has entries.
pub(crate) fn main_hits(count: u32) -> Vec<Request> {
    (0..count).map(|i| request(0, (i % 48) << 12)).collect()
}

/// More pages in turn than the main TLB has entries: every one walks both levels and replaces an entry.
pub(crate) fn two_level_walks(count: u32) -> Vec<Request> {
    (0..count).map(|i| request(0, (i % 1024) << 12)).collect()
}

/// The same with sections: one level.
pub(crate) fn one_level_walks(count: u32) -> Vec<Request> {
    (0..count).map(|i| request(0, (32 + i % 1024) << 20)).collect()
}

/// Pages all over the first 32 MiB in no order: nearly all miss.
pub(crate) fn miss_storm(count: u32) -> Vec<Request> {
    let va = |i: u32| (i.wrapping_mul(0x9E37_79B1) >> 7) & 0x01FF_F000;
    (0..count).map(|i| request((i % 32) as u16, va(i))).collect()
}

/// 64 masters, two for each of 32 MIDs, on four ports and two banks: each runs through a buffer of its own
/// of 64 KiB, four bursts to a page.
pub(crate) fn masters(count: u32) -> Vec<Request> {
    let one = |i: u32| {
        let (master, step) = (i % 64, i / 64);
        request((master % 32) as u16, master << 19 | (step * 1024) & 0xFFFF)
    };
    (0..count).map(one).collect()
}

/// Invalidates pages one by one, as an unmap of a large range does, with the TLB full.
#[inline(never)]
pub(crate) fn invalidate(smmu: &mut Smmu, memory: &mut Memory, count: u32) {
    let mut ports = Ports::new(memory);
    for page in 0..count {
        smmu.write(0x808, page << 12, &mut ports);
    }
}

pub(crate) fn timed(memory: &mut Memory) -> Timed {
    let timing = Timing { slots: 16, walkers: 4, ..Timing::default() };
    let mut timed =
        Timed::new(&Config { timing, ports: 4, ..Config::default() }).expect("the configuration is valid");
    let mut out = Vec::new();
    let mut ports = Ports::new(memory);
    for (offset, value) in ATTACH.into_iter().chain(ATTACH.map(|(offset, value)| (offset + 0x1000, value))) {
        timed.write(0, offset, value, &mut ports, &mut out);
    }
    for mid in 0..32 {
        timed.write(0, 0xF_F000 + mid * 4, 0x00C0_0000 | (mid & 1) << 8, &mut ports, &mut out);
    }
    timed
}

/// The same in time: each command is waited for.
#[inline(never)]
pub(crate) fn invalidate_timed(timed: &mut Timed, memory: &mut Memory, count: u32) {
    let mut out = Vec::with_capacity(4);
    let mut ports = Ports::new(memory);
    for page in 0..count {
        timed.write(timed.now(), 0x808, page << 12, &mut ports, &mut out);
        while let Some(next) = timed.next_event() {
            timed.advance(next, &mut ports, &mut out);
        }
        out.clear();
    }
}

/// Cycles from a descriptor read to its answer.
const BUS: u64 = 30;

/// Submits a request each cycle and answers every descriptor read after `BUS` cycles.
#[inline(never)]
pub(crate) fn run_timed(timed: &mut Timed, memory: &mut Memory, requests: &[Request]) -> u32 {
    let mut out = Vec::with_capacity(64);
    let mut reads = std::collections::VecDeque::with_capacity(64);
    let mut sum = 0u32;
    let mut ports = Ports::new(memory);
    let mut now = timed.now();
    let mut requests = requests.iter().copied();
    let mut waiting = requests.next();
    loop {
        for message in out.drain(..) {
            match message {
                Message::Read { at, walk, read, .. } => reads.push_back((at + BUS, walk, read)),
                Message::Completed { answer, .. } => sum = sum.wrapping_add(answer.pa().unwrap_or(0)),
                Message::Write { .. } | Message::InvalidationDone { .. } => {}
            }
        }
        if let Some((_, walk, read)) = reads.pop_front_if(|&mut (at, _, _)| at <= now) {
            let data = DescriptorData::Word(ports.memory.read(&read));
            timed.descriptor_done(now, walk, data, &mut ports, &mut out).expect("the read is under way");
            continue;
        }
        match waiting {
            Some(request) if timed.outstanding() < 16 => {
                timed.submit(now, &request, &mut ports, &mut out);
                waiting = requests.next();
                now += 1;
            }
            _ => {
                let read = reads.front().map(|&(at, _, _)| at);
                let Some(next) = [read, timed.next_event()].into_iter().flatten().min() else { return sum };
                now = now.max(next);
                timed.advance(now, &mut ports, &mut out);
            }
        }
    }
}
