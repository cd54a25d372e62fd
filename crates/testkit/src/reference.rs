//! The naive translator: what the System MMU must answer, worked out afresh for every request from raw
//! register values and memory. It has no TLB, no state and no speed, and it shares no code with the model,
//! so agreement of the two means something. Written from the specification's sections 3 to 8.

use crate::memory::{BusError, Memory};
use crate::tables::PageSize;
use crate::transaction::{Fault, Outcome, Request, Share, Translated, Type};

/// Raw registers of one context bank.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
#[allow(missing_docs)] // the manual's names
pub struct Context {
    pub sctlr: u32,
    pub actlr: u32,
    pub ttbr0: u32,
    pub ttbr1: u32,
    pub ttbcr: u32,
    pub prrr: u32,
    pub nmrr: u32,
}

/// Raw registers of one System MMU; the vectors' lengths are the numbers of MIDs and of context banks.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
#[allow(missing_docs)]
pub struct Registers {
    pub cr: u32,
    pub m2vcbr: Vec<u32>,
    pub contexts: Vec<Context>,
}

const TF: u32 = 1 << 1;
const AFF: u32 = 1 << 2;
const APF: u32 = 1 << 3;
const TLBMF: u32 = 1 << 4;
const SL: u32 = 1 << 16;
const SS: u32 = 1 << 30;

fn bit(word: u32, n: u32) -> bool {
    word >> n & 1 == 1
}

fn bits(word: u32, lsb: u32, width: u32) -> u32 {
    word >> lsb & ((1 << width) - 1)
}

/// Section 3 to 7: one request through an idle System MMU. Writes memory only where `SCTLR.HAF` says so.
pub fn translate(registers: &Registers, memory: &mut Memory, request: &Request) -> Outcome {
    if bit(registers.cr, 4) {
        return Outcome::Bypassed; // CR.CLIENTPD
    }
    let route = registers.m2vcbr.get(usize::from(request.mid)).copied();
    let bank = route.map(|r| bits(r, 8, 8) as u8);
    let (Some(route), Some(bank)) = (route, bank.filter(|&b| usize::from(b) < registers.contexts.len()))
    else {
        return Outcome::Global(1); // ESR.CFG
    };
    let context = &registers.contexts[usize::from(bank)];
    if !bit(context.sctlr, 0) {
        return if bit(route, 16) { Outcome::Global(2) } else { Outcome::Bypassed }; // BYPASSD
    }
    let non_secure = match bits(route, 22, 2) {
        2 => false,
        3 => true,
        _ => request.non_secure,
    };
    let privileged = match bits(context.actlr, 8, 2) {
        2 => false,
        3 => true,
        _ => request.privileged,
    };
    let access = Request { privileged, ..*request };
    let mut walk = Walk { context, memory, request: access };
    match if bits(context.actlr, 12, 2) == 3 { walk.first_level() } else { Err(TLBMF) } {
        Ok(mut found) => {
            found.ns |= non_secure;
            if bit(context.actlr, 20) {
                found.kind = match bits(context.actlr, 21, 3) {
                    1 => Type::StronglyOrdered,
                    3 => Type::Device,
                    code => {
                        [0, 0, 0, 0, 0, 1, 2, 3].map(|policy| Type::Normal(policy, policy))[code as usize]
                    }
                };
            }
            match bits(context.actlr, 2, 2) {
                1 => found.share = Share::Outer,
                2 => found.share = Share::Inner,
                3 => found.share = Share::None,
                _ => {}
            }
            Outcome::Translated(found)
        }
        Err(cause) => Outcome::Fault(Fault {
            bank,
            fsr: if bit(context.actlr, 14) && !bit(registers.cr, 5) { cause | SS } else { cause },
            far: request.va,
            fsynr0: u32::from(request.mid),
            fsynr1: u32::from(privileged) << 5
                | u32::from(non_secure) << 6
                | u32::from(request.instruction) << 7
                | u32::from(request.write) << 8
                | (u32::from(request.beats) - 1) << 12
                | u32::from(request.size) << 16,
        }),
    }
}

/// Section 8: the value of `PAR` after a V2P operation of `context` with an empty TLB.
pub fn v2p(context: &Context, memory: &mut Memory, request: Request) -> u32 {
    if !bit(context.sctlr, 0) {
        return request.va | 1 << 7 | 1 << 4 | u32::from(request.non_secure) << 9; // shared, strongly ordered
    }
    let mut walk = Walk { context, memory, request };
    match if bits(context.actlr, 16, 2) >= 2 { walk.first_level() } else { Err(TLBMF) } {
        Err(cause) => cause | 1,
        Ok(found) => {
            let (pa, supersection) = match found.page {
                PageSize::Supersection => (found.pa & 0xFF00_0000, 2),
                _ => (found.pa, 0),
            };
            let mt = match found.kind {
                Type::StronglyOrdered => 1,
                Type::Device => 3,
                Type::Normal(inner, _) => [0, 5, 6, 7][usize::from(inner)],
            };
            let share = match found.share {
                Share::None => 0,
                Share::Outer => 1 << 7,
                Share::Inner => 1 << 7 | 1 << 10,
            };
            pa | supersection | mt << 4 | share | u32::from(found.ns || request.non_secure) << 9
        }
    }
}

struct Walk<'a> {
    context: &'a Context,
    memory: &'a mut Memory,
    request: Request,
}

impl Walk<'_> {
    /// Memory words to descriptors and back: `SCTLR.BE`.
    fn order(&self, word: u32) -> u32 {
        if bit(self.context.sctlr, 4) { word.swap_bytes() } else { word }
    }

    fn fetch(&self, at: u32) -> Result<u32, u32> {
        self.memory.read32(at).map(|word| self.order(word)).map_err(bus_fault)
    }

    /// Section 6.1 to 6.7: both levels of the walk and all checks. The error is the cause in `FSR`.
    fn first_level(&mut self) -> Result<Translated, u32> {
        let (c, va) = (self.context, self.request.va);
        let n = bits(c.ttbcr, 0, 3);
        let upper = n > 0 && va >> (32 - n) != 0;
        if bit(c.ttbcr, if upper { 5 } else { 4 }) {
            return Err(TF); // PD1, PD0
        }
        let base = if upper { c.ttbr1 & 0xFFFF_C000 } else { c.ttbr0 & (u32::MAX << (14 - n)) };
        let at = base | va >> 20 << 2;
        let first = self.fetch(at)?;
        match bits(first, 0, 2) {
            1 => {
                let at = first & 0xFFFF_FC00 | bits(va, 12, 8) << 2;
                self.second_level(at, bit(first, 3)).map_err(|cause| cause | SL)
            }
            2 => {
                let (page, pa) = if bit(first, 18) {
                    (PageSize::Supersection, first & 0xFF00_0000 | va & 0x00FF_FFFF)
                } else {
                    (PageSize::Section, first & 0xFFF0_0000 | va & 0x000F_FFFF)
                };
                self.check(bits(first, 10, 2) | bits(first, 15, 1) << 2, bit(first, 4), at, 1 << 10)?;
                let class = bits(first, 12, 3) << 2 | bits(first, 2, 2);
                let (kind, share) = attributes(c, class, bit(first, 16));
                Ok(Translated { pa, page, kind, share, ns: bit(first, 19) })
            }
            _ => Err(TF),
        }
    }

    fn second_level(&mut self, at: u32, ns: bool) -> Result<Translated, u32> {
        let (va, word) = (self.request.va, self.fetch(at)?);
        let (page, pa, xn, tex) = match bits(word, 0, 2) {
            0 => return Err(TF),
            1 => (PageSize::Large, word & 0xFFFF_0000 | va & 0xFFFF, bit(word, 15), bits(word, 12, 3)),
            _ => (PageSize::Small, word & 0xFFFF_F000 | va & 0xFFF, bit(word, 0), bits(word, 6, 3)),
        };
        self.check(bits(word, 4, 2) | bits(word, 9, 1) << 2, xn, at, 1 << 4)?;
        let (kind, share) = attributes(self.context, tex << 2 | bits(word, 2, 2), bit(word, 10));
        Ok(Translated { pa, page, kind, share, ns })
    }

    /// Section 6.5: access flag, then permission. `AP[0]` is the bits `flag` of the descriptor at `at`.
    fn check(&mut self, ap: u32, xn: bool, at: u32, flag: u32) -> Result<(), u32> {
        let sctlr = self.context.sctlr;
        let (privileged, user) = if bit(sctlr, 2) {
            if ap & 1 == 0 && bit(sctlr, 3) {
                let word = self.order(self.fetch(at)? | flag);
                self.memory.write32(at, word).map_err(bus_fault)?;
            } else if ap & 1 == 0 && !bit(sctlr, 5) {
                return Err(AFF);
            }
            [("rw", ""), ("rw", "rw"), ("r", ""), ("r", "r")][(ap >> 1) as usize]
        } else {
            let low = [("", ""), ("rw", ""), ("rw", "r"), ("rw", "rw")];
            let high = [("", ""), ("r", ""), ("r", "r"), ("r", "r")];
            if ap < 4 { low[ap as usize] } else { high[ap as usize - 4] }
        };
        let rights = if self.request.privileged { privileged } else { user };
        let wanted = if self.request.write { 'w' } else { 'r' };
        if rights.contains(wanted) && !(xn && self.request.instruction) { Ok(()) } else { Err(APF) }
    }
}

fn bus_fault(error: BusError) -> u32 {
    match error {
        BusError::Decode => 1 << 5, // HTWDEEF
        BusError::Slave => 1 << 6,  // HTWSEEF
    }
}

/// Section 6.6. `class` is `TEX[2:0]`, C, B; with TEX remap only `TEX[0]`, C, B count.
fn attributes(context: &Context, class: u32, s: bool) -> (Type, Share) {
    let direct = if s { Share::Outer } else { Share::None };
    if bit(context.sctlr, 1) {
        let n = class & 7;
        let shared = |lsb: u32| match (bit(context.prrr, lsb + u32::from(s)), bit(context.prrr, 24 + n)) {
            (false, _) => Share::None,
            (true, false) => Share::Outer,
            (true, true) => Share::Inner,
        };
        return match bits(context.prrr, 2 * n, 2) {
            0 => (Type::StronglyOrdered, Share::Outer),
            1 => (Type::Device, shared(16)),
            _ => {
                let (inner, outer) = (bits(context.nmrr, 2 * n, 2), bits(context.nmrr, 16 + 2 * n, 2));
                (Type::Normal(inner as u8, outer as u8), shared(18))
            }
        };
    }
    match (class >> 2, class & 3) {
        (0, 0) => (Type::StronglyOrdered, Share::Outer),
        (0, 1) => (Type::Device, Share::Outer),
        (0, 2) => (Type::Normal(2, 2), direct),
        (0, 3) => (Type::Normal(3, 3), direct),
        (1, 0) => (Type::Normal(0, 0), direct),
        (1, 3) => (Type::Normal(1, 1), direct),
        (2, 0) => (Type::Device, Share::None),
        (tex @ 4.., inner) => (Type::Normal(inner as u8, tex as u8 & 3), direct),
        _ => (Type::StronglyOrdered, Share::Outer), // reserved encodings: the strictest type
    }
}
