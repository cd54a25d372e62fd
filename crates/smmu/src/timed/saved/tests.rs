//! Every guard of `restore` refuses what it is there for, and then changes nothing.

extern crate std;

use std::vec::Vec;

use super::super::job::Phase;
use super::super::{DescriptorData, Message};
use super::{Job, SavedTimed, Timed};
use crate::config::{Config, Timing};
use crate::ports::{BusError, DescriptorPort, DescriptorRead, DescriptorWrite, Ports};
use crate::request::{Access, AccessBits, Request};
use crate::saved::RestoreError;
use crate::spec::memory_type::MemoryAttributes;
use crate::tlb::{Tag, TlbEntry};
use crate::walk::Walk;

/// Memory without access flags: sections at the first level.
struct Sections;

impl DescriptorPort for Sections {
    fn read(&mut self, read: &DescriptorRead) -> Result<u32, BusError> {
        Ok(read.address << 18 | 0x802)
    }

    fn write(&mut self, _write: &DescriptorWrite) -> Result<(), BusError> {
        Ok(())
    }
}

/// An instance in the middle of its work: `hume` tells whether lookups pass a miss. A transaction in each
/// of four slots, one waiting for a slot, one held, an invalidation not complete.
fn busy(hume: bool) -> Timed {
    let timing = Timing { slots: 4, walkers: 2, ..Timing::default() };
    let mut timed = Timed::new(&Config { timing, ..Config::default() }).unwrap();
    let mut ports = Ports::new(Sections);
    let mut out = Vec::new();
    let actlr = if hume { 0x4_7002 } else { 0x7002 };
    // Bank 0 sets access flags, bank 1 has no tables and stalls.
    let writes =
        [(0x04, actlr), (0x10, 0x8000_0000), (0x00, 0xD), (0x1004, 0x7002), (0x1018, 0x30), (0x1000, 1)];
    for (offset, value) in writes.into_iter().chain([(0xF_F004, 0x100)]) {
        timed.write(0, offset, value, &mut ports, &mut out);
    }
    timed.submit(100, &Request::new(9, 1, 0x900_0000, Access::READ), &mut ports, &mut out);
    timed.advance(120, &mut ports, &mut out);
    timed.write(120, 0x808, 0x7000_0000, &mut ports, &mut out);
    for id in 0..5 {
        timed.submit(121, &Request::new(id, 0, (id as u32) << 20, Access::READ), &mut ports, &mut out);
    }
    timed.advance(127, &mut ports, &mut out);
    timed
}

/// The same after the answers to its descriptor reads: writes of access flags are under way.
fn setting_flags() -> Timed {
    let mut timed = busy(true);
    let (mut ports, mut out) = (Ports::new(Sections), Vec::new());
    timed.advance(140, &mut ports, &mut out);
    let slots = (0..4).map(super::super::WalkId);
    for walk in slots {
        let _ = timed.descriptor_done(140, walk, DescriptorData::Word(Ok(0x802)), &mut ports, &mut out);
    }
    assert!(out.iter().any(|message| matches!(message, Message::Write { .. })));
    timed
}

/// And after those of the writes: entries are being filled.
fn filling() -> Timed {
    let mut timed = setting_flags();
    let (mut ports, mut out) = (Ports::new(Sections), Vec::new());
    for walk in (0..4).map(super::super::WalkId) {
        let _ = timed.descriptor_done(141, walk, DescriptorData::Written(Ok(())), &mut ports, &mut out);
    }
    timed
}

/// What no constructor makes, from its encoding.
fn impossible<T: serde::de::DeserializeOwned>(word: u32) -> T {
    postcard::from_bytes(&postcard::to_allocvec(&word).unwrap()).unwrap()
}

fn attributes() -> MemoryAttributes {
    impossible(0x8002)
}

fn job(saved: &mut SavedTimed, wanted: fn(&Phase) -> bool) -> &mut Job {
    saved.jobs.iter_mut().flatten().find(|job| wanted(&job.phase)).expect("a job in this phase")
}

#[track_caller]
fn refused(timed: &Timed, what: &str, damage: impl FnOnce(&mut SavedTimed)) {
    let good = timed.save();
    let mut other = Timed::new(timed.smmu().config()).unwrap();
    other.restore(&good).expect("undamaged state is taken");
    assert_eq!(other.save(), good);
    let mut bad = good.clone();
    damage(&mut bad);
    assert_ne!(bad, good, "{what}: no damage");
    let mut fresh = Timed::new(timed.smmu().config()).unwrap();
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
fn clocks_and_lists() {
    let timed = busy(true);
    refused(&timed, "translation slots", |saved| saved.jobs.truncate(3));
    refused(&timed, "clock", |saved| saved.now = 1 << 62);
    refused(&timed, "clock", |saved| saved.main_free = 1 << 62);
    refused(&timed, "clock", |saved| saved.window_free = 1 << 62);
    refused(&timed, "submission in the future", |saved| saved.waiting[0].submitted = saved.now + 1);
    refused(&timed, "request attributes", |saved| saved.waiting[0].request.attributes = attributes());
    refused(&timed, "submission in the future", |saved| {
        saved.jobs[0].as_mut().unwrap().submitted = saved.now + 1;
    });
    refused(&timed, "request attributes", |saved| {
        saved.jobs[1].as_mut().unwrap().request.attributes = attributes();
    });
    refused(&timed, "wait for a walker", |saved| saved.walker_queue[0].1 = saved.now + 1);
    refused(&timed, "waits for a walker", |saved| _ = saved.walker_queue.pop());
    refused(&timed, "waits for a walker", |saved| saved.walker_queue[0].0 = 4);
    refused(&timed, "waits for a walker", |saved| saved.walker_queue.push(saved.walker_queue[0]));
    refused(&timed, "invalidations under way", |saved| saved.invalidations[0].0 = saved.now - 1);
    refused(&timed, "invalidations under way", |saved| saved.invalidations[0].0 = 1 << 62);
    refused(&timed, "invalidations under way", |saved| {
        let (at, command) = saved.invalidations[0];
        saved.invalidations.insert(0, (at + 1, command));
    });
    refused(&timed, "blocked lookups", |saved| saved.blocked.push(0));
    let blocked = busy(false);
    refused(&blocked, "blocked lookups", |saved| _ = saved.blocked.pop());
    refused(&blocked, "blocking transaction that did not miss", |saved| {
        job(saved, |phase| matches!(phase, Phase::Blocked)).blocking = true;
    });
    refused(&filling(), "steps due", |saved| _ = saved.due.pop());
    refused(&filling(), "steps due", |saved| saved.due[0].0 = saved.now - 1);
    refused(&filling(), "steps due", |saved| saved.due[0].0 = 1 << 62);
    refused(&filling(), "steps due", |saved| saved.due[0].0 = saved.due[1].0 + 1);
    refused(&timed, "more walks than walkers", |saved| {
        let reading = job(saved, |phase| matches!(phase, Phase::Reading { .. })).phase;
        job(saved, |phase| matches!(phase, Phase::Queued { .. })).phase = reading;
    });
}

#[test]
fn what_is_routed() {
    let timed = busy(true);
    for (what, damage) in [
        ("context bank", (|r| r.bank = 2) as fn(&mut crate::translate::Routed)),
        ("tag", |r| r.tag = impossible::<Tag>(1 << 17)),
        ("tag", |r| r.tag = impossible::<Tag>(1 << 5)),
        ("access", |r| r.access = impossible::<AccessBits>(0x10)),
    ] {
        refused(&timed, what, |saved| {
            match &mut job(saved, |phase| matches!(phase, Phase::Queued { .. })).phase {
                Phase::Queued { routed } => damage(routed),
                _ => unreachable!(),
            }
        });
        refused(&timed, what, |saved| {
            match &mut job(saved, |phase| matches!(phase, Phase::Reading { .. })).phase {
                Phase::Reading { routed, .. } => damage(routed),
                _ => unreachable!(),
            }
        });
    }
}

#[test]
fn descriptor_accesses() {
    let timed = busy(true);
    let reading = |what, damage: fn(&mut DescriptorRead, &mut u64, u64)| {
        refused(&timed, what, |saved| {
            let now = saved.now;
            match &mut job(saved, |phase| matches!(phase, Phase::Reading { .. })).phase {
                Phase::Reading { read, since, .. } => damage(read, since, now),
                _ => unreachable!(),
            }
        });
    };
    reading("descriptor access", |read, _, _| read.address += 1);
    reading("descriptor access", |read, _, _| read.bank = 2);
    reading("descriptor access", |read, _, _| read.attributes = attributes());
    reading("descriptor access in the future", |_, since, now| *since = now + 1);
    let timed = setting_flags();
    let writing = |what, damage: fn(&mut DescriptorWrite, &mut u64, u64)| {
        refused(&timed, what, |saved| {
            let now = saved.now;
            match &mut job(saved, |phase| matches!(phase, Phase::Writing { .. })).phase {
                Phase::Writing { write, since, .. } => damage(write, since, now),
                _ => unreachable!(),
            }
        });
    };
    writing("descriptor access", |write, _, _| write.address += 2);
    writing("descriptor access", |write, _, _| write.bank = 2);
    writing("descriptor access", |write, _, _| write.attributes = attributes());
    writing("descriptor access in the future", |_, since, now| *since = now + 1);
    let timed = filling();
    let entry = |what, damage: fn(&mut TlbEntry)| {
        refused(&timed, what, |saved| {
            match &mut job(saved, |phase| matches!(phase, Phase::Filling { .. })).phase {
                Phase::Filling { entry, .. } => damage(entry),
                _ => unreachable!(),
            }
        });
    };
    entry("TLB entry", |entry| entry.vmid = 32);
    entry("TLB entry", |entry| entry.va |= 0x8_0000);
    entry("TLB entry", |entry| entry.pa |= 0x1000);
    entry("TLB entry attributes", |entry| entry.attributes = attributes());
    entry("TLB entry attributes", |entry| entry.permissions = impossible(0x20));
}

/// A walk, field by field.
type Fields = (u32, u8, u32, u32, u16, [u32; 2], bool);
/// One of them changed, and the part that a restore then refuses.
type Damage = (&'static str, fn(&mut Fields));

#[test]
fn walks() {
    let damages: [Damage; 6] = [
        ("walk", |walk| walk.1 = 2),
        ("tag", |walk| walk.2 = 1 << 17),
        ("walk", |walk| walk.5[0] += 1),
        ("walk", |walk| walk.5[1] += 2),
        ("walk attributes", |walk| walk.4 = 0x8002),
        ("walk attributes", |walk| walk.4 = 0x3F),
    ];
    for (what, damage) in damages {
        let damaged = |walk: &Walk| -> Walk {
            let mut fields: Fields = postcard::from_bytes(&postcard::to_allocvec(walk).unwrap()).unwrap();
            damage(&mut fields);
            postcard::from_bytes(&postcard::to_allocvec(&fields).unwrap()).unwrap()
        };
        for timed in [busy(true), setting_flags()] {
            refused(&timed, what, |saved| {
                let wanted = |phase: &Phase| matches!(phase, Phase::Reading { .. } | Phase::Writing { .. });
                match &mut job(saved, wanted).phase {
                    Phase::Reading { walk, .. } | Phase::Writing { walk, .. } => *walk = damaged(walk),
                    _ => unreachable!(),
                }
            });
        }
    }
}
