//! What makes lookups quick: it changes no result, so only a look inside can tell.

extern crate std;

use std::vec::Vec;

use super::{BUCKETS, PageSize, Tlb, TlbEntry, bucket, key};
use crate::config::{Config, TlbGeometry};

fn entry(size: PageSize, number: u32) -> TlbEntry {
    TlbEntry { va: number << size.shift(), size, ..TlbEntry::EMPTY }
}

/// The sizes that a lookup looks for are those that entries have, whatever was stored over what, or removed.
#[test]
fn only_sizes_that_entries_have_are_looked_up() {
    let geometry = TlbGeometry { entries: 8, ways: 8, ..Config::default().tlb };
    let mut tlb = Tlb::new(geometry);
    let mut random = 0x8660_u32;
    for step in 0..5000 {
        random = random.wrapping_mul(0x0019_660D).wrapping_add(0x3C6E_F35F);
        let index = (random >> 24) as u16 % 8;
        let size = PageSize::ALL[(random >> 20) as usize % 4];
        // Mostly few entries, so that sizes come and go.
        if random >> 16 & 15 < 6 {
            tlb.insert(index, &entry(size, step));
        } else {
            tlb.remove(index);
        }
        let mut population = [0; 4];
        for index in 0..8 {
            if let Some(entry) = tlb.get(index) {
                population[entry.size as usize] += 1;
            }
        }
        let present = PageSize::ALL.into_iter().filter(|&size| population[size as usize] != 0);
        assert_eq!(tlb.sizes, present.map(|size| 1 << size.code()).sum(), "step {step}");
        assert_eq!(tlb.population, population, "step {step}");
    }
}

/// Neighbouring pages, the usual case, hang in different buckets, or nearly so.
#[test]
fn neighbouring_pages_spread_over_the_buckets() {
    for size in PageSize::ALL {
        for first in [0, 0x10, 0x5A] {
            let mut lengths = Vec::from([0; BUCKETS]);
            for page in first..first + 64 {
                lengths[bucket(key(page << size.shift(), size.code()))] += 1;
            }
            assert!(lengths.iter().all(|&length| length <= 2), "{size:?} from page {first:#x}");
        }
    }
}
