//! Command frames: sixteen little-endian words in memory.

use msmemu_fabric::{Cacheability, MemAttrs, MemType, Mid, Prot, Time};

/// Bytes of a frame.
pub(super) const FRAME_BYTES: u32 = 64;
/// Byte offset in a frame of the two words that the engine writes back.
pub(super) const STATUS_OFFSET: u32 = 56;

/// What a frame does.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub(super) enum Op {
    Nop,
    Copy,
    Fill,
    Checksum,
    Verify,
    Compare,
    Gather,
    Scatter,
}

impl Op {
    pub(super) const fn reads_source(self) -> bool {
        !matches!(self, Self::Nop | Self::Fill)
    }

    pub(super) const fn has_destination(self) -> bool {
        matches!(self, Self::Copy | Self::Fill | Self::Gather | Self::Scatter | Self::Compare)
    }

    pub(super) const fn uses_list(self) -> bool {
        matches!(self, Self::Gather | Self::Scatter)
    }
}

/// Data of FILL and VERIFY, as a function of the position in the transfer.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub(super) enum DataPattern {
    Constant,
    Increment,
    Random,
    Address,
}

/// Addresses, as a function of the position in the transfer.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub(super) enum AddressPattern {
    Linear,
    Strided,
    Random,
}

/// Source or destination.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub(super) struct Side {
    pub(super) base: u32,
    pub(super) stride: u32,
    pub(super) pattern: AddressPattern,
    pub(super) port: Port,
}

/// Identity and attributes of accesses.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub(super) struct Port {
    pub(super) mid: Mid,
    pub(super) prot: Prot,
    pub(super) attrs: MemAttrs,
}

impl Port {
    /// From a MID and the ten attribute bits of a frame or of `TENG_FRAME_ATTR`; `None` for the
    /// reserved memory type.
    pub(super) fn decode(mid: u32, bits: u32) -> Option<Self> {
        let bit = |n: u32| bits >> n & 1 != 0;
        let cacheability = |n: u32| match bits >> n & 3 {
            0 => Cacheability::NonCacheable,
            1 => Cacheability::WriteBackAllocate,
            2 => Cacheability::WriteThrough,
            _ => Cacheability::WriteBack,
        };
        let kind = match bits >> 3 & 3 {
            0 => MemType::StronglyOrdered,
            1 => MemType::Device,
            2 => MemType::Normal,
            _ => return None,
        };
        Some(Self {
            mid: Mid(mid as u8),
            prot: Prot { privileged: bit(0), secure: bit(1), instruction: bit(2) },
            attrs: MemAttrs { kind, inner: cacheability(5), outer: cacheability(7), shareable: bit(9) },
        })
    }
}

/// A decoded frame.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub(super) struct Frame {
    pub(super) op: Op,
    pub(super) interrupt: bool,
    pub(super) linked: bool,
    pub(super) write_back: bool,
    pub(super) keep_going: bool,
    pub(super) burst: u32,
    pub(super) outstanding: u32,
    pub(super) data: DataPattern,
    pub(super) source: Side,
    pub(super) destination: Side,
    /// Bytes of the transfer.
    pub(super) length: u32,
    pub(super) seed: u32,
    /// Bytes of an element of strided and random patterns.
    pub(super) element: u32,
    /// Elements in the window of the random patterns.
    pub(super) window: u32,
    pub(super) repeat: u32,
    pub(super) rate: Time,
    pub(super) list: u32,
    pub(super) next: u32,
}

impl Frame {
    /// `None` when a reserved bit is set or a value is impossible.
    pub(super) fn decode(words: &[u32; 16]) -> Option<Self> {
        let control = words[0];
        let op = match control & 0xf {
            0 => Op::Nop,
            1 => Op::Copy,
            2 => Op::Fill,
            3 => Op::Checksum,
            4 => Op::Verify,
            5 => Op::Compare,
            6 => Op::Gather,
            7 => Op::Scatter,
            _ => return None,
        };
        let burst_log2 = control >> 8 & 0xf;
        let data = match control >> 16 & 3 {
            0 => DataPattern::Constant,
            1 => DataPattern::Increment,
            2 => DataPattern::Random,
            _ => DataPattern::Address,
        };
        let pattern = |bits: u32| match bits & 3 {
            0 => Some(AddressPattern::Linear),
            1 => Some(AddressPattern::Strided),
            2 => Some(AddressPattern::Random),
            _ => None,
        };
        if control >> 22 != 0 || burst_log2 > 8 || words[1] & 0xfc00_fc00 != 0 || words[11] >> 16 != 0 {
            return None;
        }
        let (source, destination) = (pattern(control >> 18)?, pattern(control >> 20)?);
        let patterned = [source, destination].iter().any(|&side| side != AddressPattern::Linear);
        let random = [source, destination].contains(&AddressPattern::Random);
        let (element, window_bytes) = (words[8], words[9]);
        if patterned && (element == 0 || op.uses_list()) || random && window_bytes < element {
            return None;
        }
        let element = if patterned { element } else { u32::MAX };
        Some(Self {
            op,
            interrupt: control & 0x10 != 0,
            linked: control & 0x20 != 0,
            write_back: control & 0x40 != 0,
            keep_going: control & 0x80 != 0,
            burst: 1 << burst_log2,
            outstanding: (control >> 12 & 0xf) + 1,
            data,
            source: Side {
                base: words[2],
                stride: words[6],
                pattern: source,
                port: Port::decode(words[11] & 0xff, words[1])?,
            },
            destination: Side {
                base: words[3],
                stride: words[7],
                pattern: destination,
                port: Port::decode(words[11] >> 8 & 0xff, words[1] >> 16)?,
            },
            length: if op == Op::Nop { 0 } else { words[4] },
            seed: words[5],
            element,
            window: (window_bytes / element).max(1),
            repeat: words[10] & 0xffff,
            rate: Time::from_nanos(u64::from(words[10] >> 16)),
            list: words[12],
            next: words[13],
        })
    }

    /// Address of the byte at `offset` of the transfer; beyond 32 bits where the sum passes them.
    #[inline]
    pub(super) fn address(&self, side: &Side, offset: u32) -> u64 {
        let base = u64::from(side.base);
        let element = || (offset / self.element, u64::from(offset % self.element));
        match side.pattern {
            AddressPattern::Linear => base + u64::from(offset),
            // Strides count modulo 2^32, so that they can go downwards.
            AddressPattern::Strided => {
                let (element, inside) = element();
                u64::from(side.base.wrapping_add(element.wrapping_mul(side.stride))) + inside
            }
            AddressPattern::Random => {
                let (element, inside) = element();
                let pick = mix(self.seed, element) % self.window;
                base + u64::from(pick) * u64::from(self.element) + inside
            }
        }
    }

    /// Bytes from `offset` to the end of its element.
    #[inline]
    pub(super) fn left_of_element(&self, offset: u32) -> u32 {
        // Most transfers are one element.
        if self.element == u32::MAX { u32::MAX - offset } else { self.element - offset % self.element }
    }

    /// The byte of the data pattern at `offset` of the transfer, whose address is `address`.
    pub(super) fn data_byte(&self, offset: u32, address: u32) -> u8 {
        let word = match self.data {
            DataPattern::Constant => self.seed,
            DataPattern::Increment => self.seed.wrapping_add(offset / 4),
            DataPattern::Random => mix(self.seed, offset / 4),
            DataPattern::Address => address.wrapping_sub(offset % 4),
        };
        word.to_le_bytes()[(offset % 4) as usize]
    }
}

/// The engine's random numbers: a mix of seed and position, so that they do not depend on order.
///
/// `x = seed + n * 0x9E3779B9`, then twice an exclusive or with a right shift and a multiplication,
/// and a last exclusive or (constants 16, 0x7FEB352D, 15, 0x846CA68B, 16).
pub(super) const fn mix(seed: u32, n: u32) -> u32 {
    let mut x = seed.wrapping_add(n.wrapping_mul(0x9e37_79b9));
    x = (x ^ x >> 16).wrapping_mul(0x7feb_352d);
    x = (x ^ x >> 15).wrapping_mul(0x846c_a68b);
    x ^ x >> 16
}
