//! The address map against a search through its entries; interrupt lines.
#![allow(clippy::unwrap_used)]

use msmemu_fabric::{AddressMap, Edge, LineCountError, Lines, MapEntry, PhysAddr, PhysRange};
use proptest::prelude::*;

fn entry(name: &str, base: u64, size: u64) -> MapEntry<usize> {
    let range = PhysRange::new(PhysAddr(base), size).unwrap();
    MapEntry { name: name.to_owned(), range, target: name.len() }
}

#[test]
fn all_conflicts_are_reported_with_names_and_ranges() {
    let error = AddressMap::new(vec![
        entry("ram", 0x4000_0000, 0x1000_0000),
        entry("uart", 0x19c4_0000, 0x1000),
        entry("smi", 0x3800_0000, 0x1000_0000),
        entry("gsbi12", 0x19c4_0fff, 1),
    ])
    .unwrap_err();
    assert_eq!(
        error.to_string(),
        "smi at 0x38000000..=0x47ffffff overlaps ram at 0x40000000..=0x4fffffff\n\
         gsbi12 at 0x19c40fff..=0x19c40fff overlaps uart at 0x19c40000..=0x19c40fff"
    );
}

#[test]
fn an_access_must_fit_its_entry() {
    let map = AddressMap::new(vec![entry("a", 0x1000, 0x10), entry("b", 0x1010, 0x10)]).unwrap();
    assert_eq!(map.find_access(PhysAddr(0x100c), 4).map(|hit| hit.offset), Some(0xc));
    assert_eq!(map.find_access(PhysAddr(0x100e), 4), None, "half in each");
    assert_eq!(map.find(PhysAddr(0x1020)), None);
    let all = PhysRange::new(PhysAddr(0), 0x2000).unwrap();
    let holes: Vec<_> = map.holes(all).map(|hole| (hole.base().0, hole.size())).collect();
    assert_eq!(holes, [(0, 0x1000), (0x1020, 0xfe0)]);
}

proptest! {
    #[test]
    fn lookup_agrees_with_a_linear_search(
        ranges in prop::collection::vec((0_u64..64, 1_u64..16), 1..12), probes in prop::collection::vec(0_u64..96, 20),
    ) {
        let entries: Vec<_> = ranges.iter().map(|&(base, size)| entry("x", base, size)).collect();
        let mut clashes = 0;
        for (n, (base, size)) in ranges.iter().enumerate() {
            clashes += ranges[..n].iter()
                .filter(|(other, length)| (*base..base + size).any(|at| (*other..other + length).contains(&at)))
                .count();
        }
        match AddressMap::new(entries) {
            Err(error) => prop_assert_eq!(error.conflicts.len(), clashes),
            Ok(map) => {
                prop_assert_eq!(clashes, 0);
                for at in probes {
                    let found = map.find(PhysAddr(at)).map(|hit| (hit.entry.range.base().0, hit.offset));
                    let expected = ranges.iter()
                        .find(|(base, size)| (*base..base + size).contains(&at))
                        .map(|&(base, _)| (base, at - base));
                    prop_assert_eq!(found, expected);
                }
            }
        }
    }
}

#[test]
fn lines_report_edges_once() {
    let mut lines = Lines::new();
    let (a, b) = (lines.add("smmu.mdp0.secure"), lines.add("uart"));
    assert_eq!(lines.set(a, true), Some(Edge::Rising));
    assert_eq!(lines.set(a, true), None);
    assert!(lines.level(a) && !lines.level(b));
    let saved = lines.save();
    assert_eq!(lines.set(a, false), Some(Edge::Falling));
    lines.restore(saved.clone()).unwrap();
    assert!(lines.level(a));
    assert_eq!(lines.iter().map(|(_, name, _)| name).collect::<Vec<_>>(), ["smmu.mdp0.secure", "uart"]);
    lines.add("third");
    assert_eq!(lines.restore(saved), Err(LineCountError { found: 2, expected: 3 }));
}
