//! The interrupt controller, as Linux and bare-metal code use it.
#![allow(clippy::unwrap_used)]

use msmemu_devices::gic::{CPU_INTERFACE, Gic, GicConfig, GicInput, Obstacle, SPURIOUS, Version};
use msmemu_devices::{Device, Gap, Mmio, MmioError};
use msmemu_fabric::{BusMaster, Size, Time};

const CTLR: u32 = CPU_INTERFACE;
const PMR: u32 = CPU_INTERFACE + 0x4;
const BPR: u32 = CPU_INTERFACE + 0x8;
const IAR: u32 = CPU_INTERFACE + 0xc;
const EOIR: u32 = CPU_INTERFACE + 0x10;
const RPR: u32 = CPU_INTERFACE + 0x14;
const HPPIR: u32 = CPU_INTERFACE + 0x18;
const DIR: u32 = CPU_INTERFACE + 0x1000;

struct Bench(Gic);

impl Bench {
    fn new(version: Version) -> Self {
        let mut bench = Self(Gic::new(GicConfig { version, cpus: 2, spis: 256 }));
        bench.write(0, 0x000, 1);
        for cpu in 0..2 {
            bench.write(cpu, CTLR, 1);
            bench.write(cpu, PMR, 0xf0);
        }
        bench
    }

    fn at(cpu: u16, offset: u32) -> Mmio {
        Mmio { offset, size: Size::Word, master: BusMaster(cpu) }
    }

    fn read(&mut self, cpu: u16, offset: u32) -> u32 {
        self.0.read(Time::ZERO, Self::at(cpu, offset)).unwrap()
    }

    fn write(&mut self, cpu: u16, offset: u32, value: u32) {
        self.0.write(Time::ZERO, Self::at(cpu, offset), value).unwrap();
    }

    fn write_byte(&mut self, offset: u32, value: u8) {
        let at = Mmio { offset, size: Size::Byte, master: BusMaster(0) };
        self.0.write(Time::ZERO, at, u32::from(value)).unwrap();
    }

    /// Enables SPI `n` for core 0 with a priority.
    fn spi(&mut self, n: u16, priority: u8) {
        let id = u32::from(n) + 32;
        self.write_byte(0x400 + id, priority);
        self.write_byte(0x800 + id, 1);
        self.write(0, 0x100 + id / 32 * 4, 1 << (id % 32));
    }

    fn level(&mut self, n: u16, level: bool) {
        self.0.set_input(GicInput::Spi(n), level).unwrap();
    }
}

#[test]
fn identification_says_what_there_is() {
    let mut gic = Bench::new(Version::V1);
    assert_eq!(gic.read(0, 0x004), 8 | 1 << 5, "288 interrupts, two cores, no Security Extensions");
    assert_eq!(gic.read(0, 0xfe8), 0x10);
    assert_eq!(gic.read(1, 0x800), 0x0202_0202, "private interrupts target the reader");
    assert_eq!(Bench::new(Version::V2).read(0, 0xfe8), 0x20);
}

#[test]
fn a_level_interrupt_stays_pending_until_the_device_is_quiet() {
    let mut gic = Bench::new(Version::V1);
    gic.spi(195, 0xa0);
    gic.level(195, true);
    assert!(gic.0.irq(0) && !gic.0.irq(1));
    assert_eq!(gic.read(0, IAR), 227);
    assert!(!gic.0.irq(0), "active");
    assert_eq!(gic.read(0, IAR), SPURIOUS);
    assert_eq!(gic.read(0, RPR), 0xa0);
    gic.write(0, EOIR, 227);
    assert!(gic.0.irq(0), "the line is still high");
    assert_eq!(gic.read(0, RPR), 0xff);
    assert_eq!(gic.read(0, IAR), 227);
    gic.level(195, false);
    gic.write(0, EOIR, 227);
    assert!(!gic.0.irq(0));
}

#[test]
fn an_edge_interrupt_is_taken_once_per_edge() {
    let mut gic = Bench::new(Version::V1);
    gic.write(0, 0xc00 + 4 * 3, 1 << 1); // SPI 16, interrupt 48
    gic.spi(16, 0xa0);
    gic.level(16, true);
    gic.level(16, true);
    assert_eq!(gic.read(0, IAR), 48);
    gic.level(16, false);
    gic.level(16, true);
    assert_eq!(gic.read(0, 0x200 + 4) >> 16 & 1, 1, "active and pending");
    assert!(!gic.0.irq(0));
    gic.write(0, EOIR, 48);
    assert_eq!(gic.read(0, IAR), 48, "the edge while active was kept");
    gic.write(0, EOIR, 48);
    assert!(!gic.0.irq(0), "a high line alone is no edge");
    gic.level(16, false);
    gic.level(16, true);
    gic.write(0, 0x280 + 4, 1 << 16);
    assert!(!gic.0.irq(0), "cleared by software");
}

#[test]
fn priorities_order_mask_and_preempt() {
    let mut gic = Bench::new(Version::V1);
    for (n, priority) in [(0, 0x80), (1, 0x40), (2, 0x40), (3, 0xf0)] {
        gic.spi(n, priority);
        gic.level(n, true);
    }
    assert_eq!(gic.read(0, IAR), 33, "highest priority, then lowest number");
    assert!(!gic.0.irq(0), "equal priority does not preempt");
    gic.spi(4, 0x38);
    gic.level(4, true);
    assert_eq!(gic.read(0, IAR), 36, "a higher one does");
    assert_eq!(gic.read(0, RPR), 0x38);
    gic.level(4, false);
    gic.level(1, false);
    gic.write(0, EOIR, 36);
    assert_eq!(gic.read(0, RPR), 0x40);
    gic.write(0, EOIR, 33);
    assert_eq!(gic.read(0, IAR), 34);
    gic.level(2, false);
    gic.write(0, EOIR, 34);
    gic.write(0, PMR, 0x80);
    assert!(!gic.0.irq(0), "0x80 is not above the mask 0x80");
    assert_eq!(gic.read(0, HPPIR), 32, "pending all the same");
    gic.write(0, PMR, 0xff);
    assert_eq!(gic.read(0, PMR), 0xf8, "32 levels");
    assert_eq!(gic.read(0, IAR), 32);
    gic.level(0, false);
    gic.write(0, EOIR, 32);
    assert_eq!(gic.read(0, IAR), 35);
}

#[test]
fn the_binary_point_decides_what_preempts() {
    let mut gic = Bench::new(Version::V1);
    gic.write(0, BPR, 0);
    assert_eq!(gic.read(0, BPR), 2, "least with 32 levels");
    gic.write(0, BPR, 5); // groups of 64
    gic.spi(0, 0x78);
    gic.spi(1, 0x40);
    gic.level(0, true);
    assert_eq!(gic.read(0, IAR), 32);
    assert_eq!(gic.read(0, RPR), 0x40);
    gic.level(1, true);
    assert!(!gic.0.irq(0), "same group");
    gic.write(0, EOIR, 32);
    assert_eq!(gic.read(0, IAR), 33);
}

#[test]
fn sgis_carry_their_source_and_need_enabling_on_this_part() {
    let mut gic = Bench::new(Version::V1);
    gic.write(0, 0xf00, 0b01 << 24 | 5); // to all others
    assert!(!gic.0.irq(1), "SGIs start disabled");
    gic.write(1, 0x100, 1 << 5);
    assert!(gic.0.irq(1) && !gic.0.irq(0));
    gic.write(1, 0xf00, 0b10 << 24 | 5); // core 1 to itself
    assert_eq!(gic.read(1, IAR), 5, "lowest source first");
    gic.write(1, EOIR, 5);
    assert_eq!(gic.read(1, IAR), 5 | 1 << 10);
    gic.write(1, EOIR, 5 | 1 << 10);
    assert_eq!(gic.read(1, IAR), SPURIOUS);
    gic.write(0, 0xf00, 0b10 << 16 | 6); // by list
    gic.write(1, 0x100, 1 << 6);
    gic.write(1, 0x280, 1 << 6);
    assert!(gic.0.irq(1), "clear-pending does not act on SGIs");
}

#[test]
fn ppis_are_banked() {
    let mut gic = Bench::new(Version::V1);
    gic.write(1, 0x100, 1 << 17);
    gic.0.set_input(GicInput::Ppi { cpu: 0, number: 1 }, true).unwrap();
    assert!(!gic.0.irq(0) && !gic.0.irq(1));
    gic.0.set_input(GicInput::Ppi { cpu: 1, number: 1 }, true).unwrap();
    assert!(!gic.0.irq(0) && gic.0.irq(1));
    assert_eq!(gic.read(0, 0x100), 0);
    gic.write(0, 0xc04, 0xffff_d7ff);
    assert_eq!(gic.read(0, 0xc04), 0xaaaa_82aa, "only the odd bits are implemented");
    assert_eq!(gic.read(1, 0xc04), 0);
    assert_eq!(gic.read(1, 0xc00), 0xaaaa_aaaa, "SGIs are edges");
}

#[test]
fn version_2_splits_end_of_interrupt() {
    let mut gic = Bench::new(Version::V2);
    gic.write(0, CTLR, 1 | 1 << 9);
    gic.spi(0, 0x40);
    gic.spi(1, 0x40);
    gic.level(0, true);
    assert_eq!(gic.read(0, IAR), 32);
    gic.write(0, EOIR, 32);
    assert!(!gic.0.irq(0), "priority dropped, still active");
    gic.level(1, true);
    assert_eq!(gic.read(0, IAR), 33);
    gic.write(0, EOIR, 33);
    gic.write(0, DIR, 32);
    assert_eq!(gic.read(0, IAR), 32);
    gic.write(0, 0x380 + 4, 0b11);
    gic.write(0, EOIR, 32);
    assert!(gic.0.irq(0), "cleared by GICD_ICACTIVER");
    let mut v1 = Bench::new(Version::V1);
    v1.write(0, CTLR, 1 | 1 << 9);
    assert_eq!(v1.read(0, CTLR), 1);
}

#[test]
fn gaps_are_told_apart() {
    let mut gic = Gic::new(GicConfig { version: Version::V1, cpus: 1, spis: 32 });
    let gap = |offset, size, master| {
        gic.clone().read(Time::ZERO, Mmio { offset, size, master: BusMaster(master) }).unwrap_err()
    };
    assert_eq!(gap(0xf40, Size::Word, 0), MmioError::Gap(Gap::NoRegister(0xf40)));
    let half = MmioError::Gap(Gap::Size { offset: 0x400, size: Size::Half });
    assert_eq!(gap(0x400, Size::Half, 0), half);
    assert!(matches!(gap(0, Size::Word, 9), MmioError::Gap(Gap::Behaviour(_))));
    assert!(gic.set_input(GicInput::Spi(32), true).is_err());
    assert_eq!(
        gic.explain(Time::ZERO, Mmio::word(PMR)).unwrap().to_string(),
        "gic.GICC_PMR = 0x00000000 (Priority=0)"
    );
}

/// What holds an interrupt back, and what takes it away.
type Step<'a> = (Obstacle, &'a dyn Fn(&mut Gic));

/// Whatever the state, an input has no obstacle exactly if it is what the core is asked to take.
#[test]
fn obstacles_say_why_an_interrupt_does_not_come() {
    let mut gic = Gic::new(GicConfig { version: Version::V2, cpus: 1, spis: 64 });
    let input = GicInput::Spi(40);
    let word = |gic: &mut Gic, offset, value| gic.write(Time::ZERO, Mmio::word(offset), value).unwrap();
    let id = input.number();
    assert_eq!(id, 72);
    gic.set_input(input, true).unwrap();
    assert!(gic.is_pending(0, input));
    let masked = Obstacle::Masked { priority: 0xa0, mask: 0xa0 };
    let steps: [Step<'_>; 7] = [
        (Obstacle::Disabled, &|gic| word(gic, 0x100 + 8, 1 << 8)),
        (Obstacle::NotTargeted, &|gic| word(gic, 0x800 + id, 1)),
        (Obstacle::DistributorOff, &|gic| word(gic, 0, 1)),
        (Obstacle::InterfaceOff, &|gic| {
            word(gic, CTLR, 1);
            word(gic, PMR, 0xa0);
            word(gic, 0x400 + id, 0xa0);
        }),
        (masked, &|gic| word(gic, PMR, 0xf0)),
        // Another one of a higher priority goes first, is taken, and keeps this one waiting.
        (Obstacle::Waits, &|gic| assert_eq!(gic.read(Time::ZERO, Mmio::word(IAR)).unwrap(), 33)),
        (Obstacle::Running, &|gic| word(gic, EOIR, 33)),
    ];
    let other = GicInput::Spi(1);
    word(&mut gic, 0x104, 2);
    word(&mut gic, 0x820, 0x0100);
    gic.set_input(other, true).unwrap();
    for (obstacle, remove) in steps {
        assert_eq!(gic.obstacle(0, input), Some(obstacle));
        remove(&mut gic);
    }
    gic.set_input(other, false).unwrap();
    assert_eq!(gic.obstacle(0, other), Some(Obstacle::NotPending));
    assert_eq!(gic.obstacle(0, input), None);
    assert!(gic.irq(0));
    assert_eq!(gic.read(Time::ZERO, Mmio::word(IAR)).unwrap(), id);
    assert_eq!(gic.obstacle(0, input), Some(Obstacle::Active));
}

/// What Linux's `irq-gic` does: start of distributor and CPU interface, types, masking, the handler's loop.
mod linux {
    use super::*;

    const LEVEL_HIGH: u32 = 0;
    const EDGE_RISING: u32 = 2;

    struct Driver {
        bench: Bench,
        irqs: u32,
    }

    impl Driver {
        fn start(version: Version) -> Self {
            let mut bench = Bench(Gic::new(GicConfig { version, cpus: 2, spis: 256 }));
            let irqs = ((bench.read(0, 0x004) & 0x1f) + 1) * 32;
            assert_eq!(irqs, 288);
            bench.write(0, 0x000, 0);
            // The mask of this CPU is what the target registers of private interrupts show.
            let mask = (0..32).step_by(4).map(|i| bench.read(0, 0x800 + i)).find(|mask| *mask != 0).unwrap();
            assert_eq!(mask, 0x0101_0101);
            for i in (32..irqs).step_by(4) {
                bench.write(0, 0x800 + i, mask);
            }
            for i in (32..irqs).step_by(16) {
                bench.write(0, 0xc00 + i / 4, 0);
            }
            for i in (32..irqs).step_by(4) {
                bench.write(0, 0x400 + i, 0xa0a0_a0a0);
            }
            for i in (32..irqs).step_by(32) {
                bench.write(0, 0x380 + i / 8, 0xffff_ffff);
                bench.write(0, 0x180 + i / 8, 0xffff_ffff);
            }
            bench.write(0, 0x000, 1);
            // The CPU interface: PPIs off, SGIs on, priorities, everything above the lowest priority.
            bench.write(0, 0x380, 0xffff_ffff);
            bench.write(0, 0x180, 0xffff_0000);
            bench.write(0, 0x100, 0x0000_ffff);
            for i in (0..32).step_by(4) {
                bench.write(0, 0x400 + i, 0xa0a0_a0a0);
            }
            bench.write(0, PMR, 0xf0);
            let bypass = bench.read(0, CTLR) & 0x1e0;
            bench.write(0, CTLR, bypass | 1);
            assert_eq!(bench.read(0, CTLR), 1);
            Self { bench, irqs }
        }

        /// Sets the type and reads it back; the driver complains when it is another.
        fn configure(&mut self, irq: u32, kind: u32) {
            let at = 0xc00 + irq / 16 * 4;
            let shift = irq % 16 * 2;
            let old = self.bench.read(0, at);
            let new = (old & !(2 << shift)) | kind << shift;
            self.bench.write(0, at, new);
            assert_eq!(self.bench.read(0, at), new, "type of {irq}");
        }

        fn unmask(&mut self, irq: u32) {
            self.bench.write(0, 0x100 + irq / 32 * 4, 1 << (irq % 32));
        }

        fn mask(&mut self, irq: u32) {
            self.bench.write(0, 0x180 + irq / 32 * 4, 1 << (irq % 32));
        }

        /// The handler: whatever is acknowledged, in order, until nothing is.
        fn handle(&mut self, mut serve: impl FnMut(&mut Self, u32)) -> Vec<u32> {
            let mut served = Vec::new();
            loop {
                let acknowledged = self.bench.read(0, IAR);
                let irq = acknowledged & 0x3ff;
                if irq >= 1020 {
                    return served;
                }
                served.push(irq);
                serve(self, irq);
                self.bench.write(0, EOIR, acknowledged);
                assert!(served.len() < 1000, "{irq} comes for ever");
            }
        }
    }

    #[test]
    fn levels_edges_private_and_software_interrupts_are_served() {
        for version in [Version::V1, Version::V2] {
            let mut driver = Driver::start(version);
            let (level, edge, private) = (227, 48, 17);
            driver.configure(level, LEVEL_HIGH);
            driver.configure(edge, EDGE_RISING);
            driver.configure(private, EDGE_RISING);
            for irq in [level, edge, private] {
                driver.unmask(irq);
            }
            assert!(!driver.bench.0.irq(0));
            driver.bench.level(195, true);
            driver.bench.level(16, true);
            driver.bench.level(16, false);
            driver.bench.0.set_input(GicInput::Ppi { cpu: 0, number: 1 }, true).unwrap();
            // To itself, number 3: the list of targets names this CPU.
            driver.bench.write(0, 0xf00, 1 << 16 | 3);
            let served = driver.handle(|driver, irq| {
                if irq == 227 {
                    driver.bench.level(195, false);
                }
            });
            assert_eq!(served, [3, 17, 48, 227], "equal priorities: the lowest number first");
            assert!(!driver.bench.0.irq(0));
            // Masked in its handler, as for a threaded interrupt: it does not come again until it is unmasked.
            driver.bench.level(195, true);
            assert_eq!(driver.handle(|driver, irq| driver.mask(irq)), [227]);
            assert!(!driver.bench.0.irq(0));
            driver.unmask(227);
            assert_eq!(driver.handle(|driver, _| driver.bench.level(195, false)), [227]);
            // An edge while masked is kept.
            driver.mask(48);
            driver.bench.level(16, true);
            assert!(!driver.bench.0.irq(0));
            driver.unmask(48);
            assert_eq!(driver.handle(|_, _| {}), [48]);
            assert_eq!(driver.irqs, 288);
        }
    }
}
