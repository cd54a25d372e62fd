//! The machine: DMA through the SMMU in both timing modes, faults and their explanation, ends of
//! runs, determinism, forks and snapshots.

use std::sync::Arc;

use msmemu_machine::devices::uartdm::Received;
use msmemu_machine::digest::Digest;
use msmemu_machine::fabric::{BusFault, Time};
use msmemu_machine::snapshot::Snapshot;
use msmemu_machine::{GapPolicy, Machine, Stop, TimingMode, Until};

use crate::cases;
use crate::lab::*;

const MODES: [TimingMode; 2] = [TimingMode::Functional, TimingMode::Approximate];
const IOVA: u32 = 0x1000_0000;
const SOURCE: u32 = 0x4030_0000;
const TARGET: u32 = 0x4040_0000;

/// Sixteen pages at [`IOVA`] lead to [`SOURCE`], the section at [`TARGET`] to itself; `len` bytes to copy.
fn copying(timing: TimingMode, len: u32) -> Lab {
    let mut lab = Lab::new(timing, &[]);
    lab.map_pages(IOVA, SOURCE, 16);
    lab.map_section(TARGET);
    lab.enable(STALL);
    let data: Vec<u8> = (0..len).map(|i| (i * 7 + (i >> 8)) as u8).collect();
    lab.0.write_physical(SOURCE, &data).unwrap();
    lab.frame(FRAMES, copy(IOVA, TARGET, len, 8, 4));
    lab
}

#[test]
fn dma_through_the_smmu_moves_what_was_there() {
    for timing in MODES {
        let mut lab = copying(timing, 0x8000);
        lab.start(ENGINE, FRAMES);
        assert_eq!(lab.run(), Stop::Idle, "{timing:?}");
        assert_eq!(lab.status(ENGINE), DONE, "{timing:?}");
        assert_eq!(lab.memory(TARGET, 0x8000), lab.memory(SOURCE, 0x8000));
        let stats = lab.0.stats();
        let engine = &stats.masters[0].counters;
        assert_eq!((engine.bytes_read, engine.bytes_written), (0x8000 + 64, 0x8000));
        assert_eq!((engine.failed, stats.faults), (0, 0));
        // Eight pages, the frame's section and the target's section: ten walks.
        assert_eq!(stats.smmus[0].walks, 10);
        assert_eq!(stats.smmus[0].requests, 1 + 2 * 0x80);
    }
}

#[test]
fn transactions_are_split_at_pages() {
    for timing in MODES {
        let mut lab = copying(timing, 0x2000);
        // Neighbouring pages of the source lie apart in memory: a burst across them must come together.
        lab.poke(TABLE2 + 4, (SOURCE + 0x5000) | 0x32);
        lab.0.write_physical(SOURCE + 0x0FC0, &[0xAA; 64]).unwrap();
        lab.0.write_physical(SOURCE + 0x5000, &[0xBB; 64]).unwrap();
        lab.frame(FRAMES, copy(IOVA + 0x0FC0, TARGET, 128, 7, 1));
        lab.start(ENGINE, FRAMES);
        lab.run();
        assert_eq!(lab.memory(TARGET, 128), [[0xAA; 64], [0xBB; 64]].concat(), "{timing:?}");
    }
}

#[test]
fn an_interrupt_of_the_engine_wakes_the_core() {
    for timing in MODES {
        // wfi, then power off by PS_HOLD.
        let code =
            [0xE320_F003, 0xE3A0_0502, 0xE280_0B02, 0xE280_0020, 0xE3A0_1000, 0xE580_1000, 0xEAFF_FFFE];
        let mut lab = Lab::running(timing, &[], &code);
        // Route SPI 224 to the core and enable everything on the way.
        lab.poke(0x0208_0000, 1);
        lab.poke(0x0208_0100 + (256 / 32) * 4, 1);
        lab.poke(0x0208_0800 + 256, 1);
        lab.poke(0x0208_1000, 1);
        lab.poke(0x0208_1004, 0xFF);
        lab.poke(ENGINE + 0x20, 2);
        lab.frame(FRAMES, copy(SOURCE, TARGET, 64, 6, 1));
        assert_eq!(lab.run(), Stop::Idle);
        lab.start(ENGINE, FRAMES);
        // 0x00800820 is built in r0 as 0x00800000 + 0x800 + 0x20.
        assert_eq!(lab.run(), Stop::PoweredOff, "{timing:?}");
    }
}

#[test]
fn a_panic_of_the_guests_kernel_ends_the_run() {
    let notifier = "[[controller]]\nname = \"pvpanic\"\nkind = \"pvpanic\"\nbase = 0x0f102000";
    // A byte to 0x0f102000, then a loop.
    let code = [0xE3A0_040F, 0xE280_0601, 0xE280_0A02, 0xE3A0_1001, 0xE5C0_1000, 0xEAFF_FFFE];
    for timing in MODES {
        let mut lab = Lab::running(timing, &[("", notifier)], &code);
        let stop = lab.run();
        assert!(matches!(stop, Stop::Panicked { pc } if pc == RAM + 16), "{timing:?}: {stop:?}");
        assert!(lab.0.explain(&stop).starts_with("The guest's kernel panicked"));
    }
}

#[test]
fn a_master_with_two_ports_goes_through_two_smmus() {
    let smmu = "[[smmu]]\nname = \"vpe\"\nmodel = \"v0\"\nbase = 0x07400000\nbanks = 2\nmids = 32\n\
                secure_spi = 51\nnon_secure_spi = 52";
    let mids = "mids = [0, 1]\nsecond = { smmu = \"vpe\", mids = [0, 1] }";
    const SECOND: u32 = 0x0010_0000;
    for timing in MODES {
        // The last `mids` are those of the engine.
        let mut lab = Lab::new(
            timing,
            &[("smmu = \"jpegd\"\nmids = [0, 1]", &format!("smmu = \"jpegd\"\n{mids}")), ("", smmu)],
        );
        lab.map_pages(IOVA, SOURCE, 1);
        lab.map_section(TARGET);
        lab.enable(STALL);
        // The second SMMU has a table of its own, which leads to other memory.
        let (table, other) = (TABLE + 0x8000, TARGET + 0x0010_0000);
        lab.poke(table + (IOVA >> 20) * 4, other | 0xC02);
        lab.poke(SMMU + SECOND + TTBR0, table);
        lab.poke(SMMU + SECOND + ACTLR, 0x3000 | STALL);
        lab.poke(SMMU + SECOND + SCTLR, 1);
        lab.0.write_physical(SOURCE, &[0xAA; 64]).unwrap();
        lab.0.write_physical(other, &[0xBB; 64]).unwrap();
        for (mid, expected) in [(0, 0xAA), (0x20, 0xBB), (0x21, 0xBB)] {
            let mut frame = copy(IOVA, TARGET, 64, 6, 1);
            frame[11] = mid;
            lab.frame(FRAMES, frame);
            lab.start(ENGINE, FRAMES);
            lab.run();
            assert_eq!(lab.status(ENGINE), DONE, "{timing:?}");
            assert_eq!(lab.memory(TARGET, 64), [expected; 64], "{timing:?}, MID {mid:#x}");
        }
        let requests: Vec<u64> = lab.0.stats().smmus.iter().map(|s| s.requests).collect();
        assert_eq!(requests, [3 + 1 + 3, 2], "frames, first source and targets; two sources");
        // A fault behind the second one names the master.
        let mut frame = copy(IOVA + 0x0010_0000, TARGET, 64, 6, 1);
        frame[11] = 0x20;
        lab.frame(FRAMES, frame);
        lab.start(ENGINE, FRAMES);
        let stop = lab.run();
        let told = lab.0.explain(&stop);
        assert!(told.contains("engine could not read at 0x10100000"), "{told}");
        assert!(told.contains("It went through SMMU vpe with MID 0"), "{told}");
    }
}

#[test]
fn a_stalled_fault_is_explained_and_can_be_resolved() {
    let mut told = String::new();
    for timing in MODES {
        let mut lab = copying(timing, 0x3000);
        lab.poke(TABLE2 + 8, 0);
        lab.start(ENGINE, FRAMES);
        assert_eq!(lab.run(), Stop::Idle);
        assert_eq!(lab.status(ENGINE) & 1, 1, "the engine waits");
        assert_eq!(lab.peek(SMMU + FSR) & 0x4000_00FE, 0x4000_0002);
        assert_eq!(lab.0.unresolved_faults().len(), 1);
        told += &format!("{timing:?}\n{}", lab.0.explain(&Stop::Idle));
        lab.poke(TABLE2 + 8, (SOURCE + 0x2000) | 0x32);
        lab.poke(SMMU + FSR, 0x4000_000F);
        lab.poke(SMMU + RESUME, 0);
        lab.run();
        assert_eq!(lab.status(ENGINE), DONE, "{timing:?}");
        assert_eq!(lab.memory(TARGET, 0x3000), lab.memory(SOURCE, 0x3000));
        assert!(lab.0.unresolved_faults().is_empty());
        assert_eq!(lab.0.explain(&Stop::PoweredOff), "");
    }
    // The time of a fault differs between the modes; everything else is the same.
    cases::golden("tests/golden/fault.txt", &told);
}

#[test]
fn a_terminated_fault_reaches_the_master_as_an_error() {
    for timing in MODES {
        let mut lab = copying(timing, 0x3000);
        lab.poke(TABLE2 + 8, 0);
        // CFERE and CFEIE, no stall.
        lab.poke(SMMU + ACTLR, 0x3003);
        lab.start(ENGINE, FRAMES);
        lab.run();
        assert_eq!(lab.status(ENGINE) & 5, 4, "{timing:?}");
        assert_eq!(lab.peek(ENGINE + 0x24) & 0xF, 3, "translation fault");
        assert_eq!(lab.peek(ENGINE + 0x28), IOVA + 0x2000);
        assert!(lab.0.master_stats()[0].failed > 0);
    }
}

#[test]
fn permission_faults_name_the_rights() {
    let mut lab = copying(TimingMode::Functional, 0x1000);
    // Read-only: AP = 111.
    lab.poke(TABLE + (TARGET >> 20) * 4, TARGET | 0x8C02);
    lab.start(ENGINE, FRAMES);
    lab.run();
    let told = lab.0.explain(&Stop::Idle);
    assert!(told.contains("could not write at 0x40400000: the mapping does not permit it"), "{told}");
    assert!(told.contains("section, read-only"), "{told}");
}

#[test]
fn writers_of_descriptors_are_found_by_running_again() {
    // The core stores a wrong descriptor, starts the engine and sleeps: str r1, [r0]; str r3, [r2]; wfi.
    let code = [0xE580_1000, 0xE582_3000, 0xE320_F003, 0xEAFF_FFFD];
    let mut lab = copying(TimingMode::Functional, 0x3000);
    lab.poke(ENGINE + 0x10, FRAMES);
    lab.0.load(image(&code)).unwrap();
    for (register, value) in [(0, TABLE2 + 4), (1, 0), (2, ENGINE + 0xC), (3, 1)] {
        lab.0.core_mut().r[register] = value;
    }
    let mut start = lab.0.fork();
    assert_eq!(lab.run(), Stop::Idle);
    let told = lab.0.explain(&Stop::Idle);
    assert!(told.contains("no store to it was seen"), "{told}");
    let words = lab.0.unknown_writers();
    assert_eq!(words, [TABLE + (IOVA >> 20) * 4, TABLE2 + 4]);
    let again = |start: &mut Machine, time| {
        let mut again = start.fork();
        words.iter().for_each(|word| again.watch_table(*word));
        again.run(Until { time: Some(time), ..Until::default() }, &mut (), &mut (), &mut Console::default());
        again
    };
    // A run that came elsewhere says nothing.
    let other = start.fork();
    assert!(!lab.0.learn_writers(&other, &words));
    assert!(lab.0.explain(&Stop::Idle).contains("no store to it was seen"));
    let second = again(&mut start, lab.0.time());
    assert!(lab.0.learn_writers(&second, &words));
    let told = lab.0.explain(&Stop::Idle);
    assert!(told.contains("the core wrote 0x00000000 at 0x40000000 (start), at 0.0"), "{told}");
    assert!(told.contains("nothing has stored to it since the run began"), "{told}");
    assert!(lab.0.unknown_writers().contains(&(TABLE + (IOVA >> 20) * 4)), "and it stays so");
}

#[test]
fn a_sleeping_core_says_what_it_waits_for() {
    let mut lab = Lab::new(TimingMode::Functional, &[]);
    lab.poke(ENGINE + 0x20, 2);
    lab.frame(FRAMES, copy(SOURCE, TARGET, 64, 6, 1));
    assert_eq!(lab.run(), Stop::Idle);
    let told = lab.0.explain(&Stop::Idle);
    assert!(told.contains("The core waits at 0x40000004 (start+0x4) for an interrupt"), "{told}");
    assert!(told.contains("No interrupt of a device is enabled."), "{told}");
    assert!(told.contains("in Supervisor mode, interrupts are off, asleep"), "{told}");
    lab.start(ENGINE, FRAMES);
    // Step by step, as a driver's author would: each explanation names what is missing next.
    let steps = [
        (None, "it is not enabled in GICD_ISENABLER"),
        (Some((0x0208_0100 + (256 / 32) * 4, 1)), "GICD_ITARGETSR does not route it to this core"),
        (Some((0x0208_0800 + 256, 1)), "GICD_CTLR switches the distributor off"),
        (Some((0x0208_0000, 1)), "GICC_CTLR switches the CPU interface off"),
        (Some((0x0208_1000, 1)), "its priority 0x00 is not above the mask 0x00 in GICC_PMR"),
    ];
    for (write, missing) in steps {
        if let Some((address, value)) = write {
            lab.poke(address, value);
        }
        assert_eq!(lab.run(), Stop::Idle);
        let told = lab.0.explain(&Stop::Idle);
        let expected = format!("Interrupt 256 (engine.irq) is pending, but {missing}.");
        assert!(told.contains(&expected), "{expected}\n{told}");
    }
}

#[test]
fn a_dead_guest_is_explained_with_its_places() {
    // bl +8; b .; mov r0, #0x20000000; ldr r1, [r0]
    let code = [0xEB00_0000, 0xEAFF_FFFE, 0xE3A0_0202, 0xE590_1000];
    let mut lab = Lab::running(TimingMode::Functional, &[], &code);
    let stop = lab.run();
    assert!(matches!(stop, Stop::ExceptionLoop { .. }), "{stop:?}");
    let told = lab.0.explain(&stop);
    for part in [
        "It began with a read of 0x20000000 at 0x4000000c (start+0xc) that failed: ",
        "nothing answers at the physical address (DFSR 0x8), at 0.0",
        "In Supervisor mode R14 is 0x40000004 (start+0x4).",
    ] {
        assert!(told.contains(part), "{part}\n{told}");
    }
}

#[test]
fn a_limit_says_where_the_guest_was() {
    // add r0, r0, #1; b .-4
    let mut lab = Lab::running(TimingMode::Functional, &[], &[0xE280_0001, 0xEAFF_FFFD]);
    assert_eq!(lab.run(), Stop::TimeLimit);
    let told = lab.0.explain(&Stop::TimeLimit);
    assert!(told.starts_with("The guest was still running.\n  It is at 0x4000000"), "{told}");
    lab.peek(ENGINE + 0x18);
    let told = lab.0.explain(&Stop::TimeLimit);
    assert!(told.contains("It last accessed a device at 0x4000000"), "{told}");
    assert!(told.contains(&format!("{:#010x}: traffic-engine.", ENGINE + 0x18)), "{told}");
}

/// Each watchdog ends the run by a bite, and asks for an interrupt before.
#[test]
fn both_watchdogs_bark_and_bite() {
    for (at, ppi) in [(0, 3), (0x28, 4)] {
        let mut lab = Lab::new(TimingMode::Functional, &[]);
        let timer = 0x0200_0000 + at;
        for (offset, value) in [(0x38, 1), (0x4C, 10), (0x5C, 20), (0x40, 1)] {
            lab.poke(timer + offset, value);
        }
        let pending = |lab: &mut Lab| lab.peek(0x0208_0200) >> (16 + ppi) & 1;
        assert_eq!(lab.run_for(Time::from_micros(200), 0, &mut ()), Stop::TimeLimit);
        assert_eq!(pending(&mut lab), 0);
        assert_eq!(lab.run_for(Time::from_micros(200), 0, &mut ()), Stop::TimeLimit);
        assert_eq!(pending(&mut lab), 1);
        assert_eq!(lab.run(), Stop::WatchdogBite);
        assert!(
            lab.0.explain(&Stop::WatchdogBite).starts_with("The watchdog bit: the guest did not restart it")
        );
    }
}

#[test]
fn direct_masters_reach_what_their_address_bits_allow() {
    let direct = "[[traffic_engine]]\nname = \"small\"\nbase = 0x0f001000\nspi = 225\naddress_bits = 24\n";
    let mut lab = Lab::new(TimingMode::Functional, &[("", direct)]);
    let small = ENGINE + 0x1000;
    lab.frame(FRAMES, copy(SOURCE, TARGET, 64, 6, 1));
    lab.start(small, FRAMES);
    lab.run();
    assert_eq!(lab.status(small) & 4, 4);
    assert_eq!(lab.peek(small + 0x24) & 0xF, 7, "beyond the limit");
}

#[test]
fn a_pl330_behind_the_smmu_copies_and_interrupts() {
    let dmac = "[[pl330]]\nname = \"dmac\"\nbase = 0x0f100000\nspis = [230, 231]\nchannels = 1\n\
                clock_hz = 100_000_000\nsmmu = \"jpegd\"\nmids = [5]\n";
    for timing in MODES {
        let mut lab = Lab::new(timing, &[("", dmac)]);
        lab.map_pages(IOVA, SOURCE, 1);
        lab.map_section(TARGET);
        lab.enable(STALL);
        lab.0.write_physical(SOURCE, &[0x5A; 64]).unwrap();
        // DMAMOV SAR, DAR, CCR (8 beats of 8 bytes, incrementing, non-secure); DMALD; DMAST; DMAWMB; DMASEV 0; DMAEND
        let ccr: u32 = 1 | 3 << 1 | 7 << 4 | 2 << 8 | 1 << 14 | 3 << 15 | 7 << 18 | 2 << 22;
        let mut program = vec![0xBC, 0];
        program.extend(IOVA.to_le_bytes());
        program.extend([0xBC, 2]);
        program.extend(TARGET.to_le_bytes());
        program.extend([0xBC, 1]);
        program.extend(ccr.to_le_bytes());
        program.extend([0x04, 0x08, 0x13, 0x34, 0x00, 0x00]);
        lab.0.write_physical(FRAMES, &program).unwrap();
        let base = 0x0F10_0000;
        lab.poke(base + 0x20, 1);
        // DMAGO channel 0, non-secure, through the debug interface.
        lab.poke(base + 0xD08, 0x00A2_0000);
        lab.poke(base + 0xD0C, FRAMES);
        lab.poke(base + 0xD04, 0);
        assert_eq!(lab.run(), Stop::Idle, "{timing:?}\n{}", lab.0.explain(&Stop::Idle));
        assert_eq!(lab.memory(TARGET, 64), [0x5A; 64], "{timing:?}");
        assert_eq!(lab.peek(base + 0x28), 1, "INTMIS: event 0");
        // GIC: SPI 231 is pending.
        assert_eq!(lab.peek(0x0208_0200 + (263 / 32) * 4) >> (263 % 32) & 1, 1);
        assert_eq!(lab.0.stats().masters[0].name, "dmac");
        // Everything of it survives a snapshot.
        let snapshot = lab.0.save();
        let restored =
            Machine::restore(Arc::clone(lab.0.config()), GapPolicy::Warn, snapshot.clone()).unwrap();
        assert_eq!(restored.save(), snapshot);
    }
}

/// A core that starts a transfer, polls for its end, and powers off, while the engine works.
fn polling(timing: TimingMode, slice: u64) -> ([u8; 32], u64, u64) {
    // str r1, [r0, #12]; ldr r2, [r0, #24]; add r6, r6, #1; tst r2, #2; beq -4; str r6, [r5]; str r3, [r4]; b .
    let code = [
        0xE580_100C,
        0xE590_2018,
        0xE286_6001,
        0xE312_0002,
        0x0AFF_FFFB,
        0xE585_6000,
        0xE584_3000,
        0xEAFF_FFFE,
    ];
    let mut lab = copying(timing, 0x6000);
    lab.0.load(image(&code)).unwrap();
    let registers = [(0, ENGINE), (1, 1), (3, 0), (4, 0x0080_0820), (5, SOURCE - 0x1000), (6, 0)];
    for (register, value) in registers {
        lab.0.core_mut().r[register] = value;
    }
    lab.poke(ENGINE + 0x10, FRAMES);
    let mut digest = Digest::default();
    assert_eq!(lab.run_for(Time::from_millis(5), slice, &mut digest), Stop::PoweredOff);
    assert_eq!(lab.memory(TARGET, 0x6000), lab.memory(SOURCE, 0x6000));
    (digest.value(), lab.0.core().instructions, lab.0.core().cycles)
}

#[test]
fn a_working_core_sees_the_same_whatever_the_slices() {
    for timing in MODES {
        let reference = polling(timing, 0);
        assert!(reference.1 > 100, "{reference:?}");
        for slice in [1, 3, 100, 9973] {
            assert_eq!(polling(timing, slice), reference, "{timing:?} slice {slice}");
        }
    }
}

#[test]
fn holes_and_devices_answer_masters_with_errors() {
    for (source, cause) in [(0x2000_0000, 1), (ENGINE, 2)] {
        let mut lab = Lab::new(TimingMode::Approximate, &[]);
        lab.frame(FRAMES, copy(source, TARGET, 64, 6, 1));
        lab.start(ENGINE, FRAMES);
        lab.run();
        assert_eq!(lab.peek(ENGINE + 0x24) & 0xF, cause, "{source:#x}");
    }
    let mut lab = Lab::new(TimingMode::Functional, &[]);
    assert_eq!(lab.try_peek(0x2000_0000), Err(BusFault::Decode));
    assert_eq!(lab.0.gaps().map(|(a, w, _, n)| (a, w, n)).collect::<Vec<_>>(), [(0x2000_0000, false, 1)]);
}

#[test]
fn runs_end_for_the_reason_they_have() {
    let stop = |code: &[u32]| Lab::running(TimingMode::Functional, &[], code).run();
    // b .
    assert_eq!(stop(&[0xEAFF_FFFE]), Stop::Spinning { pc: RAM });
    assert_eq!(stop(&SLEEP), Stop::Idle);
    // udf at an address whose vectors are not in memory
    assert!(matches!(stop(&[0xE7F0_00F0]), Stop::ExceptionLoop { .. }));
    // add r0, r0, #1; b .-4
    assert_eq!(stop(&[0xE280_0001, 0xEAFF_FFFD]), Stop::TimeLimit);
    let mut lab = Lab::running(TimingMode::Functional, &[], &[0xE280_0001, 0xEAFF_FFFD]);
    let until = Until { instructions: Some(1001), ..Until::default() };
    assert_eq!(lab.0.run(until, &mut (), &mut (), &mut Console::default()), Stop::InstructionLimit);
    assert_eq!((lab.0.core().instructions, lab.0.core().r[0]), (1001, 501));
}

#[test]
fn semihosting_prints_and_exits() {
    // mov r0, #4; adr r1, text; svc 0x123456; mov r0, #0x18; ldr r1, =0x20026; svc 0x123456
    let code = [0xE3A0_0004, 0xE28F_100C, 0xEF12_3456, 0xE3A0_0018, 0xE59F_1008, 0xEF12_3456];
    let code = [&code[..], &[u32::from_le_bytes(*b"hi!\n"), 0, 0x2_0026]].concat();
    let mut lab = Lab::running(TimingMode::Functional, &[], &code);
    lab.0.set_semihosting(true);
    let mut console = Console::default();
    let stop = lab.0.run(Until::default(), &mut (), &mut (), &mut console);
    assert_eq!((stop, console.0.as_slice()), (Stop::Exited { status: 0 }, b"hi!\n".as_slice()));
}

#[test]
fn gaps_stop_the_run_when_asked() {
    // mov r0, #0x20000000; ldr r1, [r0]
    let mut machine = Machine::new(config(&[]), TimingMode::Functional, GapPolicy::Stop).unwrap();
    machine.load(image(&[0xE3A0_0202, 0xE590_1000])).unwrap();
    let stop = machine.run(Until::default(), &mut (), &mut (), &mut Console::default());
    let Stop::Gap { address, write, pc, .. } = stop else { panic!("{stop:?}") };
    assert_eq!((address, write, pc), (0x2000_0000, false, RAM + 4));
}

#[test]
fn smmus_are_reset_by_the_clock_controller() {
    let mmcc = "[[controller]]\nname = \"mmcc\"\nkind = \"mmcc\"\nbase = 0x04000000\n";
    let mut lab = Lab::new(TimingMode::Approximate, &[("", mmcc)]);
    lab.map_pages(IOVA, SOURCE, 1);
    lab.enable(STALL);
    // Beyond the one page: the engine is held.
    lab.frame(FRAMES, copy(IOVA + 0x1000, TARGET, 64, 6, 1));
    lab.start(ENGINE, FRAMES);
    lab.run();
    assert_eq!(lab.status(ENGINE) & 1, 1);
    lab.poke(0x0400_020C, 1 << 23);
    lab.poke(0x0400_020C, 0);
    assert_eq!((lab.peek(SMMU + SCTLR), lab.peek(SMMU + FSR)), (0, 0));
    lab.run();
    assert_eq!(lab.status(ENGINE) & 5, 4, "what was held ended with an error");
}

/// A run with DMA, a stall and its end, and its digest.
fn digest(timing: TimingMode, slice: u64) -> ([u8; 32], u64) {
    let mut lab = copying(timing, 0x6000);
    lab.start(ENGINE, FRAMES);
    let mut digest = Digest::default();
    lab.run_for(Time::from_micros(40), slice, &mut digest);
    (digest.value(), digest.records())
}

#[test]
fn same_input_same_digest_whatever_the_slices() {
    for timing in MODES {
        let (reference, records) = digest(timing, 0);
        assert!(records > 500, "{records}");
        for slice in [0, 1, 7, 1000, 123_457] {
            assert_eq!(digest(timing, slice), (reference, records), "{timing:?} slice {slice}");
        }
    }
}

#[test]
fn digests_tell_different_runs_apart() {
    let a = digest(TimingMode::Functional, 0).0;
    let b = digest(TimingMode::Approximate, 0).0;
    let mut lab = copying(TimingMode::Functional, 0x6000);
    lab.poke(TABLE2 + 4, (SOURCE + 0x8000) | 0x32);
    lab.start(ENGINE, FRAMES);
    let mut digest = Digest::default();
    lab.run_for(Time::from_micros(40), 0, &mut digest);
    assert_ne!(a, b);
    assert_ne!(a, digest.value());
}

/// What a machine did from now on, and what it ended with.
fn finish(machine: Machine) -> ([u8; 32], Vec<u8>, String) {
    let mut lab = Lab(machine);
    let mut digest = Digest::default();
    lab.run_for(Time::from_millis(1), 0, &mut digest);
    (digest.value(), lab.memory(TARGET, 0x6000), format!("{:?}", lab.0.stats()))
}

#[test]
fn snapshots_and_forks_go_on_as_if_nothing_had_happened() {
    for timing in MODES {
        for nanoseconds in (0..100).map(|i| i * 331) {
            let mut lab = copying(timing, 0x6000);
            lab.poke(TABLE2 + 16, 0);
            lab.start(ENGINE, FRAMES);
            lab.run_for(Time::from_nanos(nanoseconds), 0, &mut ());
            let bytes = lab.0.save().encode().unwrap();
            let fork = lab.0.fork();
            let config = Arc::clone(lab.0.config());
            let restored = Snapshot::decode(&bytes).unwrap();
            let restored = Machine::restore(config, GapPolicy::Warn, restored).unwrap();
            assert_eq!(restored.save().encode().unwrap(), bytes, "{timing:?} at {nanoseconds} ns");
            let expected = finish(lab.0);
            assert_eq!(finish(fork), expected, "fork, {timing:?} at {nanoseconds} ns");
            assert_eq!(finish(restored), expected, "restored, {timing:?} at {nanoseconds} ns");
        }
    }
}

#[test]
fn forks_do_not_disturb_each_other() {
    let mut lab = copying(TimingMode::Functional, 0x1000);
    let mut fork = Lab(lab.0.fork());
    fork.start(ENGINE, FRAMES);
    fork.run();
    assert_eq!(lab.memory(TARGET, 0x1000), vec![0; 0x1000]);
    assert_eq!(fork.memory(TARGET, 0x1000), fork.memory(SOURCE, 0x1000));
    lab.poke(SOURCE, 0xFFFF_FFFF);
    assert_ne!(lab.memory(SOURCE, 4), fork.memory(SOURCE, 4));
}

#[test]
fn snapshots_of_other_machines_are_refused() {
    let lab = copying(TimingMode::Functional, 0x1000);
    let snapshot = lab.0.save();
    let other = Machine::restore(config(&[("spi = 224", "spi = 225")]), GapPolicy::Warn, snapshot.clone());
    assert!(other.unwrap_err().to_string().contains("another machine configuration"));
    for index in 0..snapshot.parts.len() {
        let mut bad = snapshot.clone();
        let removed = bad.parts.remove(index);
        let error = Machine::restore(config(&[]), GapPolicy::Warn, bad).unwrap_err().to_string();
        assert_eq!(error, format!("the snapshot has no state for {} ({})", removed.component, removed.kind));
        // Cut states are errors of their component, never panics.
        let mut bad = snapshot.clone();
        let length = bad.parts[index].bytes.len();
        bad.parts[index].bytes.truncate(length / 2);
        let error = Machine::restore(config(&[]), GapPolicy::Warn, bad).unwrap_err().to_string();
        assert!(error.contains(&removed.component), "{error}");
    }
}

#[test]
fn uart_input_arrives_and_output_is_kept() {
    let mut lab = Lab::new(TimingMode::Functional, &[]);
    let uart = 0x19C4_0000;
    // Transmit three characters: reset TX ready, NCF_TX, TF.
    lab.poke(uart + 0x10, 0x300);
    lab.poke(uart + 0x40, 3);
    lab.poke(uart + 0x70, u32::from_le_bytes(*b"ok\n\0"));
    lab.run();
    assert_eq!(lab.0.take_sent(0), b"ok\n");
    assert_eq!(lab.0.take_sent(0), b"");
    assert!(lab.0.uart_room(0) > 0);
    lab.0.receive(Time::ZERO, 0, Received::Character(b'x'));
    lab.run();
    // Force a stale event, as the driver does for a partial word; then RF has the character.
    lab.poke(uart + 0x10, 0x400);
    assert_eq!(lab.peek(uart + 0x08) & 1, 1, "SR: receiver ready");
    assert_eq!(lab.peek(uart + 0x70) & 0xFF, u32::from(b'x'));
}

#[test]
fn addresses_are_explained_in_words() {
    let mut lab = Lab::new(TimingMode::Functional, &[]);
    lab.poke(SMMU + SCTLR, 1);
    let told = lab.0.explain_address(SMMU + SCTLR).unwrap();
    assert!(told.starts_with("jpegd.0:SCTLR = 0x00000001 (M=1 TRE=0"), "{told}");
    assert_eq!(lab.0.explain_address(0x2000_0000), None);
}
