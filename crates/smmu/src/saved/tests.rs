//! Every guard of `restore` refuses what it is there for, and then changes nothing.

extern crate std;

use std::vec::Vec;

use super::{RestoreError, Saved};
use crate::bfb::BfbLine;
use crate::config::Config;
use crate::device::Smmu;
use crate::fault::HeldState;
use crate::ports::{BusError, DescriptorPort, DescriptorRead, DescriptorWrite, Ports};
use crate::request::{Access, Answer, Request};
use crate::stats::ContextStats;
use crate::tlb::TlbEntry;

/// Sections at the first level.
struct Sections;

impl DescriptorPort for Sections {
    fn read(&mut self, read: &DescriptorRead) -> Result<u32, BusError> {
        Ok(read.address << 18 | 0xC02)
    }

    fn write(&mut self, _write: &DescriptorWrite) -> Result<(), BusError> {
        Err(BusError::Slave)
    }
}

/// An instance with something in every array: bank 0 has translated, bank 1 holds two transactions.
fn busy() -> Smmu {
    let mut smmu = Smmu::new(&Config::default()).unwrap();
    let mut ports = Ports::new(Sections);
    let bank0 = [(0x04, 0x7002), (0x10, 0x8000_0000), (0x4C, 1), (0x00, 1)];
    let bank1 = [(0x1004, 0x7002), (0x1018, 0x30), (0x1000, 1), (0xF_F004, 0x100)];
    for (offset, value) in bank0.into_iter().chain(bank1) {
        smmu.write(offset, value, &mut ports);
    }
    assert!(smmu.translate(&Request::new(0, 0, 0, Access::READ), &mut ports).pa().is_some());
    for id in 1..3 {
        assert_eq!(smmu.translate(&Request::new(id, 1, 0x900_0000, Access::READ), &mut ports), Answer::Held);
    }
    smmu
}

/// Changes what is private to another module, by its encoding.
fn recode<T, F>(value: &mut T, change: impl FnOnce(&mut F))
where
    T: serde::Serialize + serde::de::DeserializeOwned,
    F: serde::Serialize + serde::de::DeserializeOwned,
{
    let mut fields: F = postcard::from_bytes(&postcard::to_allocvec(value).unwrap()).unwrap();
    change(&mut fields);
    *value = postcard::from_bytes(&postcard::to_allocvec(&fields).unwrap()).unwrap();
}

#[track_caller]
fn refused(what: &str, damage: impl FnOnce(&mut Saved)) {
    let good = busy().save();
    let mut smmu = Smmu::new(&Config::default()).unwrap();
    smmu.restore(&good).expect("undamaged state is taken");
    let mut bad = good.clone();
    damage(&mut bad);
    assert_ne!(bad, good, "{what}: no damage");
    let mut fresh = Smmu::new(&Config::default()).unwrap();
    let empty = fresh.save();
    match fresh.restore(&bad) {
        Err(RestoreError::Value { what: told } | RestoreError::Shape { what: told }) => {
            assert_eq!(told, what);
        }
        other => panic!("{what}: {other:?}"),
    }
    assert_eq!(fresh.save(), empty, "{what}: changed although refused");
}

#[test]
fn banks_and_outputs() {
    refused("context banks", |saved| _ = saved.banks.pop());
    refused("context banks", |saved| saved.stats.contexts.push(ContextStats::default()));
    refused("counters", |saved| saved.stats.requests = 1 << 62);
    refused("interrupt outputs", |saved| saved.lines |= 4);
    refused("held transactions", |saved| saved.banks[1].held[1].state = HeldState::Stalled);
}

type MicroTlb = (Vec<Option<(u64, TlbEntry)>>, u64);
type MainTlb = (Vec<Option<TlbEntry>>, Vec<u16>);
type Bfb = [(Vec<Option<BfbLine>>, u64); 2];

#[test]
fn arrays() {
    refused("micro-TLBs", |saved| _ = saved.micro.pop());
    let micro = |what, damage: fn(&mut MicroTlb)| refused(what, |saved| recode(&mut saved.micro[0], damage));
    micro("micro-TLB", |micro| _ = micro.0.pop());
    micro("micro-TLB replacement pointer", |micro| micro.1 = 4);
    micro("micro-TLB key", |micro| micro.0[0].as_mut().unwrap().0 |= 1 << 37);
    micro("TLB entry", |micro| micro.0[0].as_mut().unwrap().1.vmid = 32);
    let main = |what, damage: fn(&mut MainTlb)| refused(what, |saved| recode(&mut saved.tlb, damage));
    main("TLB", |tlb| _ = tlb.0.pop());
    main("TLB", |tlb| tlb.1.push(0));
    main("TLB replacement pointer", |tlb| tlb.1[0] = 65);
    main("TLB entry", |tlb| tlb.0[0].as_mut().unwrap().va |= 1);
    let bfb = |what, damage: fn(&mut Bfb)| refused(what, |saved| recode(&mut saved.bfb, damage));
    bfb("block fetch buffer", |levels| _ = levels[0].0.pop());
    bfb("block fetch buffer", |levels| levels[1].0.push(None));
    bfb("block fetch buffer", |levels| levels[1].1 = 1);
    bfb("block fetch buffer", |levels| levels[0].0[0].as_mut().unwrap().address |= 4);
}
