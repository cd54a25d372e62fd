//! The tests of the System MMU, in one binary so that it links once.
//!
//! | Module | Shows |
//! |---|---|
//! | `devices` | nothing by itself: the functional and the timed driver behind one interface |
//! | `registers` | every register and field against two transcriptions of the map |
//! | `cases` | the text cases under `tests/cases` |
//! | `replay_*` | the register sequences of three drivers |
//! | `laws_*` | properties, and random tables and requests against the naive reference |
//! | `timing` | cycles of the timed driver, worked out by hand |
//! | `observer`, `taps`, `attributes` | what the hooks tell and change; memory attributes |

#![allow(clippy::unwrap_used, reason = "a failed unwrap is a failed test")]

mod attributes;
mod cases;
mod devices;
mod drivers;
mod laws_reference;
mod laws_stale;
mod laws_state;
mod laws_timed;
mod observer;
mod registers;
mod replay_2010;
mod replay_3_4;
mod replay_6_1;
mod rng;
mod taps;
mod timing;
