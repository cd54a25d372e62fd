//! Random states and memory, biased towards the values where instructions change their behaviour.

use crate::layout::{BLOCK_VA, CODE_VA, DATA_SIZE, DATA_VA, DOMAIN_VA, SECTION_VA, UNMAPPED_VA};
use crate::state::{Bank, State};
use rand::rngs::ChaCha8Rng;
use rand::{RngExt, SeedableRng};

/// The only source of chance here; the same seed gives the same run on every host.
pub struct Dice(ChaCha8Rng);

impl Dice {
    /// Dice for one numbered part of a run.
    pub fn new(seed: u64, part: u64) -> Self {
        let mut rng = ChaCha8Rng::seed_from_u64(seed);
        rng.set_stream(part);
        Dice(rng)
    }

    /// 32 random bits.
    pub fn word(&mut self) -> u32 {
        self.0.random()
    }

    /// 64 random bits.
    pub fn double(&mut self) -> u64 {
        self.0.random()
    }

    /// A number below `limit`, which must not be 0.
    pub fn below(&mut self, limit: u32) -> u32 {
        self.0.random_range(0..limit)
    }

    /// True `percent` times in a hundred.
    pub fn chance(&mut self, percent: u32) -> bool {
        self.below(100) < percent
    }

    /// One of a non-empty list.
    pub fn pick<T: Copy>(&mut self, from: &[T]) -> T {
        from[self.below(from.len() as u32) as usize]
    }
}

/// Integers at which carries, overflows, saturation, shifts and sign changes happen.
const EDGES: [u32; 24] = [
    0,
    1,
    2,
    3,
    7,
    8,
    15,
    16,
    31,
    32,
    33,
    0x7f,
    0x80,
    0xff,
    0x7fff,
    0x8000,
    0xffff,
    0x1_0000,
    0x7fff_ffff,
    0x8000_0000,
    0x8000_0001,
    0xffff_ff80,
    0xffff_fffe,
    0xffff_ffff,
];

/// Single-precision values: zeros, denormals, the normal border, one, halves, integer limits, infinities, NaNs.
const SINGLES: [u32; 24] = [
    0,
    0x8000_0000,
    1,
    0x8000_0001,
    0x007f_ffff,
    0x0080_0000,
    0x8080_0000,
    0x3f80_0000,
    0xbf80_0000,
    0x3f00_0000,
    0x3fc0_0000,
    0x4f00_0000,
    0xcf00_0000,
    0x4f80_0000,
    0x7f7f_ffff,
    0xff7f_ffff,
    0x7f80_0000,
    0xff80_0000,
    0x7fc0_0000,
    0x7fc0_1234,
    0xffc0_0001,
    0x7f80_0001,
    0xffbf_ffff,
    0x3380_0000,
];

/// The same for double precision.
const DOUBLES: [u64; 22] = [
    0,
    1 << 63,
    1,
    (1 << 63) | 1,
    0x000f_ffff_ffff_ffff,
    0x0010_0000_0000_0000,
    0x3ff0_0000_0000_0000,
    0xbff0_0000_0000_0000,
    0x3fe0_0000_0000_0000,
    0x3ff8_0000_0000_0000,
    0x41df_ffff_ffc0_0000,
    0x41e0_0000_0000_0000,
    0xc1e0_0000_0000_0000,
    0x7fef_ffff_ffff_ffff,
    0xffef_ffff_ffff_ffff,
    0x7ff0_0000_0000_0000,
    0xfff0_0000_0000_0000,
    0x7ff8_0000_0000_0000,
    0x7ff0_0000_0000_0001,
    0xfff7_ffff_ffff_ffff,
    0x380f_ffff_ffff_ffff,
    0x36a0_0000_0000_0000,
];

/// A value for a general-purpose register that is not meant as an address.
pub fn integer(dice: &mut Dice) -> u32 {
    match dice.below(8) {
        0..=2 => dice.pick(&EDGES),
        3 => dice.below(0x100),
        4 => 1 << dice.below(32),
        5 => dice.word() & dice.word(),
        _ => dice.word(),
    }
}

/// A value for a general-purpose register that is meant as an address: mostly well inside the data window.
pub fn address(dice: &mut Dice) -> u32 {
    match dice.below(40) {
        // Around the end of the window's writable part.
        0 => DATA_VA + 0x2000 - dice.below(16),
        1 => DATA_VA + 0x3000 + dice.below(0x1000),
        2 => DATA_VA + 0x4000 - dice.below(16),
        3 => DATA_VA + 0x4000 + dice.below(0x1000),
        4 => SECTION_VA + dice.below(0x5000),
        5 => DOMAIN_VA + dice.below(0x1000),
        6 => UNMAPPED_VA + dice.below(0x1000),
        7 => CODE_VA + dice.below(0x2000),
        // Around the border between the two writable pages, unaligned.
        8..=10 => DATA_VA + 0x1000 - 32 + dice.below(64),
        11..=13 => DATA_VA + 0x400 + dice.below(0x1800),
        14..=22 => DATA_VA + 0x400 + (dice.below(0x1800) & !3),
        _ => DATA_VA + 0x400 + (dice.below(0x1800) & !31),
    }
}

/// A value for a doubleword register: integers of every lane size, and floating-point values with edges.
pub fn vector(dice: &mut Dice) -> u64 {
    match dice.below(10) {
        0 | 1 => dice.pick(&DOUBLES),
        2..=4 => u64::from(single(dice)) << 32 | u64::from(single(dice)),
        5 => u64::from(integer(dice)) << 32 | u64::from(integer(dice)),
        6 => u64::from_le_bytes(std::array::from_fn(|_| dice.pick(&[0, 1, 0x7f, 0x80, 0xff, 0x40, 0x55]))),
        7 => {
            // A double near one, so that sums and products round instead of vanishing.
            let exponent = u64::from(0x3ff - 30 + dice.below(60));
            (dice.double() & 0x800f_ffff_ffff_ffff) | exponent << 52
        }
        _ => dice.double(),
    }
}

fn single(dice: &mut Dice) -> u32 {
    match dice.below(4) {
        0 => dice.pick(&SINGLES),
        1 => (dice.word() & 0x807f_ffff) | (0x7f - 15 + dice.below(30)) << 23,
        2 => (dice.word() & 0x807f_ffff) | dice.pick(&[0, 1, 0xfe, 0xff, 0x9d, 0x9e, 0x9f]) << 23,
        _ => dice.word(),
    }
}

/// What the block that will run needs of its state.
#[derive(Clone, Copy, Debug)]
pub struct Wanted {
    /// Thumb state.
    pub thumb: bool,
    /// Registers (bit per number) that hold addresses.
    pub pointers: u16,
    /// Registers (bit per number) that hold small offsets.
    pub offsets: u16,
    /// `CPSR.E`: big-endian data.
    pub big_endian: bool,
    /// Mode bits of `CPSR`.
    pub mode: u32,
}

/// A state in which a block as described can run.
pub fn state(dice: &mut Dice, wanted: Wanted) -> State {
    let mut state = State::default();
    for n in 0..15 {
        state.r[n] = if wanted.pointers >> n & 1 == 1 {
            address(dice)
        } else if wanted.offsets >> n & 1 == 1 {
            dice.below(64)
        } else {
            integer(dice)
        };
    }
    state.r[15] = BLOCK_VA;
    // N, Z, C, V, Q and GE; the interrupt masks stay set in privileged modes, as nothing interrupts here.
    state.cpsr = (dice.word() & 0xf80f_0000)
        | u32::from(wanted.big_endian) << 9
        | u32::from(wanted.thumb) << 5
        | wanted.mode
        | 0x1c0;
    for other in &mut state.r8_r12_other {
        *other = integer(dice);
    }
    for bank in &mut state.banked {
        let address = address(dice) & !3;
        *bank = Bank { r13: address, r14: integer(dice), spsr: (dice.word() & 0xf80f_0000) | 0x1d0 };
    }
    for d in &mut state.d {
        *d = vector(dice);
    }
    // Condition flags, QC, AHP, DN, FZ, RMode and the cumulative flags. LEN and STRIDE stay 0: short vectors are
    // absent from both machines.
    state.fpscr = if dice.chance(50) { dice.word() & 0xffc0_009f } else { dice.word() & 0xf800_009f };
    state.settle();
    state
}

/// Contents of the data window.
pub fn data(dice: &mut Dice) -> Vec<u8> {
    let mut bytes = Vec::with_capacity(DATA_SIZE as usize);
    while bytes.len() < DATA_SIZE as usize {
        let value = match dice.below(4) {
            0 => u64::from(address(dice)) << 32 | u64::from(integer(dice)),
            _ => vector(dice),
        };
        bytes.extend_from_slice(&value.to_le_bytes());
    }
    bytes
}
