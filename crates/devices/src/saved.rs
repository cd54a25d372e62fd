//! Saving a device as a whole: what is not data of its own kind says here how it is written.

/// Register files as their storage words (`#[serde(with = "crate::saved::registers")]`). Words that the block
/// can not hold are refused.
#[cfg(feature = "serde")]
pub(crate) mod registers {
    use msmemu_regs::{Block, RegFile};
    use serde::{Deserialize as _, Deserializer, Serialize as _, Serializer, de::Error as _};

    pub(crate) fn serialize<B: Block, const N: usize, S: Serializer>(
        file: &RegFile<B, N>,
        to: S,
    ) -> Result<S::Ok, S::Error> {
        file.words().serialize(to)
    }

    pub(crate) fn deserialize<'de, B: Block, const N: usize, D: Deserializer<'de>>(
        from: D,
    ) -> Result<RegFile<B, N>, D::Error> {
        let words = Vec::<u32>::deserialize(from)?;
        let mut file = RegFile::new();
        file.restore(&words).map_err(D::Error::custom)?;
        Ok(file)
    }
}
