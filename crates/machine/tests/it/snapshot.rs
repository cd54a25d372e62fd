//! Snapshot files: round trips, damage, and machines they do not fit.

use msmemu_machine::snapshot::{Part, Snapshot};
use proptest::prelude::*;

use crate::cases;

const CONFIG: [u8; 32] = [7; 32];

fn part(component: &str, kind: &str, version: u32, bytes: &[u8]) -> Part {
    Part { component: component.into(), kind: kind.into(), version, bytes: bytes.into() }
}

fn sample() -> Snapshot {
    let parts = vec![part("ram", "ram", 1, &[0; 70_000]), part("mdp0", "smmu", 3, b"state")];
    Snapshot { config: CONFIG, parts }
}

/// Offset of the first part, and of fields in it.
const FIRST: usize = 8 + 4 + 32 + 4;
const NAME: usize = FIRST + 4;
const LENGTH: usize = FIRST + 4 + 3 + 4 + 3 + 4 + 32;
const PACKED: usize = LENGTH + 8 + 8;

/// Replaces bytes and makes the digest over the file right again, so that the inner checks are reached.
fn resealed(mut bytes: Vec<u8>, at: usize, new: &[u8]) -> Vec<u8> {
    let body = bytes.len() - 32;
    bytes[at..at + new.len()].copy_from_slice(new);
    let digest = *blake3::hash(&bytes[..body]).as_bytes();
    bytes[body..].copy_from_slice(&digest);
    bytes
}

#[test]
fn files_round_trip_and_are_small() {
    let snapshot = sample();
    let bytes = snapshot.encode().unwrap();
    assert_eq!(Snapshot::decode(&bytes).unwrap(), snapshot);
    assert_eq!(bytes, snapshot.encode().unwrap());
    assert!(bytes.len() < 500, "{} bytes for 70000 zeros", bytes.len());
    let dir = tempfile::tempdir().unwrap();
    let path = dir.path().join("a.snapshot");
    std::fs::write(&path, b"old").unwrap();
    snapshot.write(&path).unwrap();
    assert_eq!(Snapshot::read(&path).unwrap(), snapshot);
    assert_eq!(std::fs::read_dir(dir.path()).unwrap().count(), 1, "the temporary file is gone");
}

#[test]
fn parts_are_handed_out_once() {
    let mut parts = sample().for_machine(&CONFIG).unwrap();
    assert_eq!(parts.take("mdp0", "smmu", 3).unwrap(), b"state");
    assert!(parts.take("mdp0", "smmu", 3).is_err());
    assert_eq!(parts.take("ram", "ram", 1).unwrap().len(), 70_000);
    parts.finish().unwrap();
}

#[test]
fn unusable_snapshots_say_why() {
    let count = cases::run("snapshot.txt", |input| {
        let good = sample().encode().unwrap();
        let words: Vec<&str> = input.split_whitespace().collect();
        let bytes = match words.as_slice() {
            ["empty"] => Vec::new(),
            ["other-file"] => b"\x7fELF and so on, long enough for a header of a snapshot file".to_vec(),
            ["format"] => resealed(good, 8, &2_u32.to_le_bytes()),
            ["cut", at] => good[..at.parse().unwrap()].to_vec(),
            ["cut-digest"] => good[..good.len() - 1].to_vec(),
            ["trailing"] => [good, vec![0; 5]].concat(),
            ["flip"] => {
                let mut bytes = good;
                bytes[20] ^= 1;
                bytes
            }
            ["count"] => resealed(good, FIRST - 4, &9_u32.to_le_bytes()),
            ["name-length"] => resealed(good, FIRST, &u32::MAX.to_le_bytes()),
            ["name"] => resealed(good, NAME, &[0xFF]),
            ["packed-length"] => resealed(good, LENGTH + 8, &u64::MAX.to_le_bytes()),
            ["longer"] => resealed(good, LENGTH, &80_000_u64.to_le_bytes()),
            ["shorter"] => resealed(good, LENGTH, &10_u64.to_le_bytes()),
            ["part-digest"] => resealed(good, LENGTH - 32, &[1]),
            ["packed"] => resealed(good, PACKED, &[0; 4]),
            ["twice"] => {
                let mut snapshot = sample();
                snapshot.parts.push(part("mdp0", "smmu", 3, b"again"));
                snapshot.encode().unwrap()
            }
            ["machine"] => return sample().for_machine(&[8; 32]).unwrap_err().to_string(),
            ["take", component, kind, version] => {
                let mut parts = sample().for_machine(&CONFIG).unwrap();
                return parts.take(component, kind, version.parse().unwrap()).unwrap_err().to_string();
            }
            ["finish"] => {
                let parts = sample().for_machine(&CONFIG).unwrap();
                return parts.finish().unwrap_err().to_string();
            }
            ["absent"] => {
                let path = std::path::Path::new("does/not/exist.snapshot");
                return Snapshot::read(path).unwrap_err().to_string();
            }
            ["unwritable"] => {
                let path = std::path::Path::new("does/not/exist.snapshot");
                return sample().write(path).unwrap_err().to_string();
            }
            other => panic!("unknown input {other:?}"),
        };
        Snapshot::decode(&bytes).unwrap_err().to_string()
    });
    assert!(count >= 20, "{count} cases");
}

proptest! {
    /// Any single damaged byte is noticed.
    #[test]
    fn every_flipped_bit_is_noticed(offset in 0_usize..300, bit in 0_u32..8) {
        let mut bytes = sample().encode().unwrap();
        let offset = offset % bytes.len();
        bytes[offset] ^= 1 << bit;
        prop_assert!(Snapshot::decode(&bytes).is_err());
    }

    /// Arbitrary parts survive.
    #[test]
    fn any_parts_round_trip(parts in proptest::collection::btree_map(
        "[a-z0-9_]{0,8}", (any::<u32>(), proptest::collection::vec(any::<u8>(), 0..200)), 0..5)
    ) {
        let parts = parts.iter().map(|(name, (version, bytes))| part(name, "x", *version, bytes)).collect();
        let snapshot = Snapshot { config: CONFIG, parts };
        prop_assert_eq!(Snapshot::decode(&snapshot.encode().unwrap()).unwrap(), snapshot);
    }
}
