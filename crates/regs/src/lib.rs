//! Register tables: guest-write rules, names, resets and documentation from one declaration.
#![no_std]
#![forbid(unsafe_code)]
