//! What the tests of the System MMU stand on. Nothing here depends on the model: the register map comes
//! from a fixture, the expected translations from a second, deliberately naive implementation.
//!
//! | Module | Holds |
//! |---|---|
//! | [`memory`] | byte-addressed physical memory with regions that answer with bus errors |
//! | [`tables`] | short-descriptor page tables in every size and attribute combination |
//! | [`reference`](mod@reference) | the naive translator: registers, memory and a request in, the result out |
//! | [`registers`] | the register map as read from the CSV fixtures, names to offsets |
//! | [`transaction`] | requests and outcomes, in the vocabulary of the specification |
//! | [`case`] | the `.smmu` case language and its runner |

pub mod case;
pub mod memory;
pub mod reference;
pub mod registers;
pub mod tables;
pub mod transaction;
