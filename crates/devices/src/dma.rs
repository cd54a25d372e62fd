//! DMA as messages in time.

use crate::Device;
use core::fmt;
use msmemu_fabric::{AccessKind, BusFault, MemAttrs, Mid, Prot, Time};
use thiserror::Error;

/// Most bytes of one request: sixteen beats of sixteen bytes.
pub const MAX_REQUEST_BYTES: u32 = 256;

/// An address as a master puts it on its port: virtual behind an SMMU, physical without one.
#[derive(Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash, Default)]
#[cfg_attr(feature = "serde", derive(serde::Serialize, serde::Deserialize))]
pub struct DmaAddr(pub u32);

impl fmt::Display for DmaAddr {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{:#010x}", self.0)
    }
}

impl fmt::Debug for DmaAddr {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "DmaAddr({self})")
    }
}

/// Names a request until it is completed. A master uses a small set of numbers again and again.
#[derive(Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash, Debug)]
#[cfg_attr(feature = "serde", derive(serde::Serialize, serde::Deserialize))]
pub struct RequestId(pub u32);

/// A transaction that a master wants performed: one burst with ascending addresses.
///
/// It may cross pages; the machine splits it. It does not wrap at the end of the address space.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
#[cfg_attr(feature = "serde", derive(serde::Serialize, serde::Deserialize))]
pub struct DmaRequest {
    /// Name for [`DmaMaster::complete`].
    pub id: RequestId,
    /// First byte.
    pub addr: DmaAddr,
    /// Bytes, 1 to [`MAX_REQUEST_BYTES`].
    pub len: u32,
    /// Direction.
    pub kind: AccessKind,
    /// Machine ID to show.
    pub mid: Mid,
    /// Privilege, security, instruction or data.
    pub prot: Prot,
    /// Memory type and cacheability.
    pub attrs: MemAttrs,
}

/// Why a transaction failed.
#[derive(Clone, Copy, PartialEq, Eq, Hash, Debug, Error)]
#[cfg_attr(feature = "serde", derive(serde::Serialize, serde::Deserialize))]
pub enum DmaCause {
    /// The memory side answered with an error.
    #[error(transparent)]
    Bus(#[from] BusFault),
    /// The SMMU terminated the transaction.
    #[error("translation fault")]
    Translation,
}

/// Where and why a transaction failed.
#[derive(Clone, Copy, PartialEq, Eq, Hash, Debug, Error)]
#[error("{cause} at {addr}")]
#[cfg_attr(feature = "serde", derive(serde::Serialize, serde::Deserialize))]
pub struct DmaFault {
    /// First address that failed, as the master gave it.
    pub addr: DmaAddr,
    /// Reason.
    pub cause: DmaCause,
}

/// A device that starts transactions.
///
/// The machine takes requests with [`DmaMaster::next_request`] after every call to the device
/// until there is none, performs them in time, and completes each exactly once, in any order
/// between requests that are outstanding together. The device keeps the bytes of a write until
/// then, so nothing is copied. [`Device::reset`] forgets outstanding requests: the machine drops them too.
/// A device whose requests are paced has a [`Device::deadline`] for the next.
pub trait DmaMaster: Device {
    /// The next request that the master is ready to issue at `now`.
    fn next_request(&mut self, now: Time) -> Option<DmaRequest>;

    /// The bytes to store of an outstanding write; empty for an id that is not one.
    fn write_data(&self, id: RequestId) -> &[u8];

    /// A request is done: with the bytes read (empty for a write), or with a fault. A completion
    /// of an id that is not outstanding is ignored.
    fn complete(&mut self, now: Time, id: RequestId, outcome: Result<&[u8], DmaFault>);

    /// Has requests performed one after another at a port that takes them at once, from `now` on, if the device is
    /// made for that; what it does not take comes by [`DmaMaster::next_request`]. `false`: the last request is
    /// outstanding.
    fn run<P: LonePort>(&mut self, now: Time, port: &mut P) -> bool
    where
        Self: Sized,
    {
        let (_, _) = (now, port);
        true
    }
}

/// The way of a master that has nothing outstanding while nothing else in the machine happens.
pub trait LonePort {
    /// What requests have in common that differ in address and length only.
    type Lane;

    /// The lane of a request and those like it.
    fn lane(&self, request: &DmaRequest) -> Self::Lane;

    /// A read issued at `now`, in the lane of its kind. Nothing else is issued before `next`.
    fn read(&mut self, lane: &Self::Lane, now: Time, next: Time, request: &DmaRequest) -> Alone<'_>;
}

/// What becomes of a request at a [`LonePort`].
#[derive(Debug)]
pub enum Alone<'a> {
    /// It was not issued.
    Refused,
    /// It was issued, and is outstanding as any other.
    Outstanding,
    /// It is over, with the bytes read or a fault.
    Completed(Result<&'a [u8], DmaFault>),
}
