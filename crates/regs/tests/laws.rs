//! Laws of guest traffic that hold for every register of a block that uses every mode.

use msmemu_regs::{At, Block, Kind, Mode, RegFile, RestoreError};
use proptest::prelude::*;

msmemu_regs::register_block! {
    /// Every mode and kind once.
    pub block Zoo, size 0x40;

    /// Every mode of a plain register.
    MIX @ 0x00, reset 0x4432_1080 {
        RW   [3:0]    rw     "rw",
        RO   [7:4]    ro     "ro",
        WO   [11:8]   wo     "wo",
        W1C  [15:12]  w1c    "w1c",
        W1S  [19:16]  w1s    "w1s",
        RC   [23:20]  rc     "rc",
        ST   [27:24]  stored "stored",
        _    [29:28]  res0,
        _    [30]     res1,
        TOP  [31]     rw     "one bit at the top",
    }
    /// Another door.
    MIX_LOAD @ 0x04, alias MIX;
    /// Three sticky words.
    STICKY @ 0x08, array 3 x 8, reset 0xF0F0_F0F0 { BITS [31:0] w1c "sticky", }
    /// Acts.
    GO @ 0x0C, command { N [15:0] arg "number", _ [31:16] res0, }
    /// The three sticky words, loaded.
    STICKY_LOAD @ 0x24, array 3 x 4, alias STICKY;
    /// Whole word.
    WORD @ 0x30, reset 0 { ALL [31:0] rw "all", }
}

type File = RegFile<Zoo, { Zoo::WORDS }>;

fn element() -> impl Strategy<Value = At<Zoo>> {
    (0..Zoo::ALL.len(), any::<u16>()).prop_map(|(r, i)| {
        let reg = Zoo::ALL[r];
        At { reg, index: i % reg.desc().count as u16 }
    })
}

/// A file brought to any state by the model and the guest.
fn file() -> impl Strategy<Value = File> {
    prop::collection::vec((element(), any::<u32>(), any::<bool>()), 0..12).prop_map(|steps| {
        let mut file = File::new();
        for (at, value, guest) in steps {
            if guest {
                file.guest_write(at, value);
            } else {
                file.set_at(at, value);
            }
        }
        file
    })
}

/// The rule of one bit, as the documentation of the modes says it: (bit after a write, bit read).
fn rule(mode: Mode, old: bool, written: bool) -> (bool, bool) {
    match mode {
        Mode::Rw | Mode::Stored => (written, old),
        Mode::Ro | Mode::Rc => (old, old),
        Mode::Wo => (written, false),
        Mode::W1c => (old && !written, old),
        Mode::W1s => (old || written, old),
        Mode::Arg | Mode::Res0 => (false, false),
        Mode::Res1 => (true, true),
    }
}

proptest! {
    #[test]
    fn each_bit_follows_the_rule_of_its_mode(mut file in file(), at in element(), value: u32) {
        let target = match at.desc().kind {
            Kind::Alias(t) => At { reg: Zoo::from_index(usize::from(t)).expect("target"), ..at },
            Kind::Plain | Kind::Command => at,
        };
        let before = file.get_at(target);
        let mut reader = file.clone();
        let read = reader.guest_read(at);
        prop_assert_eq!(file.peek(at), read);
        let change = file.guest_write(at, value);
        prop_assert_eq!((change.old, change.new, change.written), (before, file.get_at(target), value));
        for field in target.desc().fields {
            for bit in field.lsb..=field.msb {
                let bit_of = |word: u32| word >> bit & 1 != 0;
                let (after, seen) = rule(field.mode, bit_of(before), bit_of(value));
                let after = match at.desc().kind {
                    Kind::Alias(_) if !field.mode.is_reserved() => bit_of(value),
                    _ => after,
                };
                prop_assert_eq!(bit_of(change.new), after, "{} bit {} {:?}", at, bit, field.mode);
                prop_assert_eq!(bit_of(read), seen, "{} bit {} {:?}", at, bit, field.mode);
                let kept = bit_of(before) && field.mode != Mode::Rc;
                prop_assert_eq!(bit_of(reader.get_at(target)), kept);
            }
        }
    }

    #[test]
    fn a_write_touches_no_other_register(mut file in file(), at in element(), value: u32) {
        let before = file.clone();
        file.guest_write(at, value);
        let changed = file.words().iter().zip(before.words()).filter(|(a, b)| a != b).count();
        prop_assert!(changed <= 1);
        file.set_at(at, 0);
        let changed = file.words().iter().zip(before.words()).filter(|(a, b)| a != b).count();
        prop_assert!(changed <= 1);
    }

    #[test]
    fn restore_gives_back_what_was_saved(file in file()) {
        let mut other = File::new();
        prop_assert_eq!(other.restore(file.words()), Ok(()));
        prop_assert_eq!(&other, &file);
    }

    #[test]
    fn restore_refuses_what_no_register_can_hold(file in file(), word in 0..Zoo::WORDS, noise: u32) {
        let mut words = *file.words();
        words[word] ^= noise;
        let mut other = File::new();
        let result = other.restore(&words);
        let mut reachable = File::new();
        for (r, reg) in Zoo::ALL.iter().enumerate() {
            let first = usize::from(Zoo::STORAGE[r]);
            for index in 0..reg.desc().count as u16 {
                reachable.set_at(At { reg: *reg, index }, words[first + usize::from(index)]);
            }
        }
        if reachable.words() == &words {
            prop_assert_eq!(result, Ok(()));
        } else {
            let refused = matches!(result, Err(RestoreError::Value { .. }));
            prop_assert!(refused);
            prop_assert_eq!(&other, &File::new());
        }
    }

    #[test]
    fn reset_equals_new(mut file in file()) {
        file.reset();
        prop_assert_eq!(&file, &File::new());
    }

    #[test]
    fn fields_split_and_join_words(word: u32, value: u32) {
        let joined = MIX::WO.set(word, value);
        prop_assert_eq!(MIX::WO.get(joined), value & 0xF);
        prop_assert_eq!(joined & !MIX::WO.mask(), word & !MIX::WO.mask());
        prop_assert_eq!(MIX::WO.is_set(word), word & 0xF00 != 0);
        prop_assert_eq!(MIX::TOP.get(word), word >> 31);
    }
}

#[test]
fn restore_refuses_another_length() {
    let error = File::new().restore(&[0; 3]).expect_err("three words are not a Zoo");
    assert_eq!(error.to_string(), "block Zoo has 6 words, the saved state has 3");
}

#[test]
fn restore_names_the_register_it_refuses() {
    let mut words = *File::new().words();
    words[0] &= !(1 << 30);
    let error = File::new().restore(&words).expect_err("res1 is 0");
    assert_eq!(error.to_string(), "Zoo.MIX can not hold 0x04321080: reserved bits differ");
}

#[test]
fn reset_values_are_those_of_the_declaration() {
    let file = File::new();
    assert_eq!(file.words(), &[0x4432_1080, 0xF0F0_F0F0, 0xF0F0_F0F0, 0xF0F0_F0F0, 0, 0]);
    assert_eq!(format!("{file:?}"), "{}");
}

#[test]
fn names_and_values_are_printed() {
    assert_eq!(Zoo::at(0x18).map(|at| at.to_string()).as_deref(), Some("STICKY[2]"));
    assert_eq!(
        Zoo::MIX.desc().show(0x3000_0025).to_string(),
        "RW=5 RO=2 WO=0 W1C=0 W1S=0 RC=0 ST=0 reserved[29:28]=0x3 reserved[30:30]=0x0 TOP=0"
    );
    assert_eq!(Zoo::DESC.reg("GO").and_then(|r| r.field("N")).map(|f| f.width()), Some(16));
    assert_eq!(Zoo::DESC.reg("MIX").and_then(|r| r.field("_")), None);
}
