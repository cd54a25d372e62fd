//! Lanes: a 64-bit register as a vector of integers.

/// An element type. A doubleword holds `64 / BITS` of them, the first in the least significant bits.
pub(super) trait Lane: Copy + Default + PartialEq + PartialOrd {
    /// All lanes of a doubleword.
    type Lanes: Copy + AsRef<[Self]> + AsMut<[Self]>;

    fn split(doubleword: u64) -> Self::Lanes;
    fn join(lanes: Self::Lanes) -> u64;

    /// The same value in every lane.
    #[inline(always)]
    fn splat(value: Self) -> u64 {
        let mut lanes = Self::split(0);
        for lane in lanes.as_mut() {
            *lane = value;
        }
        Self::join(lanes)
    }

    /// One lane; numbers wrap at the number of lanes.
    #[inline(always)]
    fn lane(doubleword: u64, index: u8) -> Self {
        let lanes = Self::split(doubleword);
        let lanes = lanes.as_ref();
        lanes[usize::from(index) & (lanes.len() - 1)]
    }
}

/// Arithmetic that the native types lack.
pub(super) trait Int: Lane {
    /// All ones for true.
    fn mask(yes: bool) -> Self;
    /// `(self + other) / 2`, rounded down.
    fn halving_add(self, other: Self) -> Self;
    /// `(self + other + 1) / 2`, rounded down.
    fn rounding_halving_add(self, other: Self) -> Self;
    /// `(self - other) / 2`, rounded down, modulo the width.
    fn halving_sub(self, other: Self) -> Self;
    fn saturating_add_qc(self, other: Self, qc: &mut bool) -> Self;
    fn saturating_sub_qc(self, other: Self, qc: &mut bool) -> Self;
    /// Difference of the larger and the smaller, modulo the width.
    fn difference(self, other: Self) -> Self;
    /// Right shift by 1 to any amount.
    fn shr(self, by: u32) -> Self;
    /// Right shift by 1 to any amount, rounded half up.
    fn rounding_shr(self, by: u32) -> Self;
    /// Left shift by any amount.
    fn shl(self, by: u32) -> Self;
    /// Left shift by any amount, saturated.
    fn saturating_shl(self, by: u32, qc: &mut bool) -> Self;
    /// The signed amount in the least significant byte of a lane.
    fn amount(self) -> i32;
    fn leading_sign_bits(self) -> Self;
    fn count_leading_zeros(self) -> Self;
}

/// A lane that has a type of twice the width.
pub(super) trait Narrow: Int {
    type Wide: Int;
    fn widen(self) -> Self::Wide;
    fn truncate(wide: Self::Wide) -> Self;
    /// Product in double width, which always fits.
    fn mul_wide(self, other: Self) -> Self::Wide;
    /// The upper half, after adding half of its unit if `rounding`.
    fn high_half(wide: Self::Wide, rounding: bool) -> Self;
    /// Clamps to the range of the type.
    fn saturate(wide: Self::Wide, qc: &mut bool) -> Self;
    /// Clamps to the range of the unsigned type of this width.
    fn saturate_unsigned(wide: Self::Wide, qc: &mut bool) -> Self;
}

macro_rules! lane {
    ($($t:ty, $unsigned:ty, $signed:ty, $count:literal;)*) => {$(
        impl Lane for $t {
            type Lanes = [$t; $count];
            #[inline(always)]
            fn split(doubleword: u64) -> [$t; $count] {
                core::array::from_fn(|i| (doubleword >> (i as u32 * <$t>::BITS)) as $t)
            }
            #[inline(always)]
            fn join(lanes: [$t; $count]) -> u64 {
                let mut doubleword = 0;
                for (i, lane) in lanes.into_iter().enumerate() {
                    doubleword |= u64::from(lane as $unsigned) << (i as u32 * <$t>::BITS);
                }
                doubleword
            }
        }

        impl Int for $t {
            #[inline(always)]
            fn mask(yes: bool) -> Self {
                (0 as $t).wrapping_sub(yes as $t)
            }
            #[inline(always)]
            fn halving_add(self, other: Self) -> Self {
                (self & other).wrapping_add((self ^ other) >> 1)
            }
            #[inline(always)]
            fn rounding_halving_add(self, other: Self) -> Self {
                (self | other).wrapping_sub((self ^ other) >> 1)
            }
            #[inline(always)]
            fn halving_sub(self, other: Self) -> Self {
                (self >> 1).wrapping_sub(other >> 1).wrapping_sub(!self & other & 1)
            }
            #[inline(always)]
            fn saturating_add_qc(self, other: Self, qc: &mut bool) -> Self {
                let sum = self.saturating_add(other);
                *qc |= sum != self.wrapping_add(other);
                sum
            }
            #[inline(always)]
            fn saturating_sub_qc(self, other: Self, qc: &mut bool) -> Self {
                let difference = self.saturating_sub(other);
                *qc |= difference != self.wrapping_sub(other);
                difference
            }
            #[inline(always)]
            fn difference(self, other: Self) -> Self {
                self.max(other).wrapping_sub(self.min(other))
            }
            #[inline(always)]
            fn shr(self, by: u32) -> Self {
                // The last bit out twice: all zeros or the sign.
                if by >= <$t>::BITS { self >> (<$t>::BITS - 1) >> 1 } else { self >> by }
            }
            #[inline(always)]
            fn rounding_shr(self, by: u32) -> Self {
                let last_out = Int::shr(self, by - 1) & 1;
                Int::shr(self, by).wrapping_add(last_out)
            }
            #[inline(always)]
            fn shl(self, by: u32) -> Self {
                if by >= <$t>::BITS { 0 } else { self << by }
            }
            #[inline(always)]
            fn saturating_shl(self, by: u32, qc: &mut bool) -> Self {
                let shifted = Int::shl(self, by);
                if self == 0 || (by < <$t>::BITS && shifted >> by == self) {
                    return shifted;
                }
                *qc = true;
                #[allow(unused_comparisons, clippy::allow_attributes)]
                if self < 0 { <$t>::MIN } else { <$t>::MAX }
            }
            #[inline(always)]
            fn amount(self) -> i32 {
                i32::from(self as i8)
            }
            #[inline(always)]
            fn leading_sign_bits(self) -> Self {
                let signed = self as $signed;
                ((signed ^ (signed >> (<$t>::BITS - 1))).leading_zeros() - 1) as $t
            }
            #[inline(always)]
            fn count_leading_zeros(self) -> Self {
                self.leading_zeros() as $t
            }
        }
    )*};
}
lane! {
    u8, u8, i8, 8; i8, u8, i8, 8;
    u16, u16, i16, 4; i16, u16, i16, 4;
    u32, u32, i32, 2; i32, u32, i32, 2;
    u64, u64, i64, 1; i64, u64, i64, 1;
}

macro_rules! narrow {
    ($($t:ty, $unsigned:ty => $wide:ty;)*) => {$(
        impl Narrow for $t {
            type Wide = $wide;
            #[inline(always)]
            fn widen(self) -> $wide {
                <$wide>::from(self)
            }
            #[inline(always)]
            fn truncate(wide: $wide) -> $t {
                wide as $t
            }
            #[inline(always)]
            fn mul_wide(self, other: Self) -> $wide {
                <$wide>::from(self).wrapping_mul(<$wide>::from(other))
            }
            #[inline(always)]
            fn high_half(wide: $wide, rounding: bool) -> $t {
                let half = <$wide>::from(rounding) << (<$t>::BITS - 1);
                (wide.wrapping_add(half) >> <$t>::BITS) as $t
            }
            #[inline(always)]
            fn saturate(wide: $wide, qc: &mut bool) -> $t {
                let clamped = wide.clamp(<$wide>::from(<$t>::MIN), <$wide>::from(<$t>::MAX));
                *qc |= clamped != wide;
                clamped as $t
            }
            #[inline(always)]
            fn saturate_unsigned(wide: $wide, qc: &mut bool) -> $t {
                let clamped = wide.clamp(0, <$wide>::from(<$unsigned>::MAX));
                *qc |= clamped != wide;
                clamped as $t
            }
        }
    )*};
}
narrow! {
    u8, u8 => u16; i8, u8 => i16;
    u16, u16 => u32; i16, u16 => i32;
    u32, u32 => u64; i32, u32 => i64;
}

/// Applies a function to every lane.
#[inline(always)]
pub(super) fn map<E: Lane>(a: u64, mut f: impl FnMut(E) -> E) -> u64 {
    let mut lanes = E::split(a);
    for lane in lanes.as_mut() {
        *lane = f(*lane);
    }
    E::join(lanes)
}

/// Applies a function to lanes in the same place.
#[inline(always)]
pub(super) fn zip<E: Lane>(a: u64, b: u64, mut f: impl FnMut(E, E) -> E) -> u64 {
    let mut lanes = E::split(a);
    for (x, &y) in lanes.as_mut().iter_mut().zip(E::split(b).as_ref()) {
        *x = f(*x, y);
    }
    E::join(lanes)
}

/// Applies a function to lanes in the same place of three registers.
#[inline(always)]
pub(super) fn zip3<E: Lane>(a: u64, b: u64, c: u64, mut f: impl FnMut(E, E, E) -> E) -> u64 {
    let mut lanes = E::split(a);
    for ((x, &y), &z) in lanes.as_mut().iter_mut().zip(E::split(b).as_ref()).zip(E::split(c).as_ref()) {
        *x = f(*x, y, z);
    }
    E::join(lanes)
}

/// Applies a function to adjacent lanes of `a`, then of `b`.
#[inline(always)]
pub(super) fn pairs<E: Lane>(a: u64, b: u64, mut f: impl FnMut(E, E) -> E) -> u64 {
    let mut lanes = E::split(0);
    let (from_a, from_b) = (E::split(a), E::split(b));
    let half = from_a.as_ref().len() / 2;
    for i in 0..half {
        lanes.as_mut()[i] = f(from_a.as_ref()[2 * i], from_a.as_ref()[2 * i + 1]);
        lanes.as_mut()[half + i] = f(from_b.as_ref()[2 * i], from_b.as_ref()[2 * i + 1]);
    }
    E::join(lanes)
}

/// Adds adjacent lanes into lanes of twice the width.
#[inline(always)]
pub(super) fn pairs_long<N: Narrow>(a: u64, f: impl Fn(N::Wide, N::Wide) -> N::Wide) -> u64 {
    let lanes = N::split(a);
    let mut wide = N::Wide::split(0);
    for (i, lane) in wide.as_mut().iter_mut().enumerate() {
        *lane = f(lanes.as_ref()[2 * i].widen(), lanes.as_ref()[2 * i + 1].widen());
    }
    N::Wide::join(wide)
}

/// Converts every lane to twice the width.
#[inline(always)]
pub(super) fn widen<N: Narrow>(a: u64) -> [u64; 2] {
    widen_with(a, |lane: N| lane.widen())
}

/// Applies a function from every lane to a lane of twice the width.
#[inline(always)]
pub(super) fn widen_with<N: Narrow>(a: u64, f: impl Fn(N) -> N::Wide) -> [u64; 2] {
    let lanes = N::split(a);
    let half = lanes.as_ref().len() / 2;
    [0, half].map(|first| {
        let mut wide = N::Wide::split(0);
        for (to, &from) in wide.as_mut().iter_mut().zip(&lanes.as_ref()[first..first + half]) {
            *to = f(from);
        }
        N::Wide::join(wide)
    })
}

/// Applies a function from two lanes to a lane of twice the width.
#[inline(always)]
pub(super) fn zip_long<N: Narrow>(a: u64, b: u64, mut f: impl FnMut(N, N) -> N::Wide) -> [u64; 2] {
    let (from_a, from_b) = (N::split(a), N::split(b));
    let half = from_a.as_ref().len() / 2;
    [0, half].map(|first| {
        let mut wide = N::Wide::split(0);
        for (i, to) in wide.as_mut().iter_mut().enumerate() {
            *to = f(from_a.as_ref()[first + i], from_b.as_ref()[first + i]);
        }
        N::Wide::join(wide)
    })
}

/// Applies a function from a lane to a lane of half the width.
#[inline(always)]
pub(super) fn narrow<N: Narrow>(a: [u64; 2], mut f: impl FnMut(N::Wide) -> N) -> u64 {
    let mut lanes = N::split(0);
    let half = lanes.as_ref().len() / 2;
    for (k, doubleword) in a.into_iter().enumerate() {
        for (i, &wide) in N::Wide::split(doubleword).as_ref().iter().enumerate() {
            lanes.as_mut()[k * half + i] = f(wide);
        }
    }
    N::join(lanes)
}

/// Polynomial (carry-less) product over {0, 1}.
#[inline(always)]
pub(super) fn polynomial_product(a: u8, b: u8) -> u16 {
    let mut product = 0;
    for bit in 0..8 {
        if b >> bit & 1 != 0 {
            product ^= u16::from(a) << bit;
        }
    }
    product
}
