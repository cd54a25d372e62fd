//! Tests of the machine crate, in one binary so that it links once.

#![allow(clippy::unwrap_used, reason = "a failed test panics")]

mod cases;
mod config;
mod devicetree;
mod dma;
mod lab;
mod load;
mod machine;
mod snapshot;
mod svd;
mod timing;
