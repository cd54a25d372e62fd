//! Disturbances of stored state between calls: what fault injection changes where no step is under way.
//! Faults between steps act through [`Taps`].

use msmemu_regs::{At, Kind};

use crate::device::Smmu;
use crate::observe::{Observer, RegisterId};
use crate::ports::Ports;
use crate::spec::GlobalPage;
use crate::stream::Route;
use crate::tap::Taps;
use crate::tlb::TlbEntry;

impl Smmu {
    /// Changes a stored entry of the main TLB. The addresses are cut to the entry's size and the VMID to
    /// five bits. An index out of range changes nothing. Micro-TLBs keep their copies.
    pub fn poke_tlb(&mut self, index: u16, entry: Option<TlbEntry>) {
        match entry {
            Some(entry) => self.tlb.insert(index, &entry.cut()),
            None => {
                self.tlb.remove(index);
            }
        }
    }

    /// Changes what a used slot of a port's micro-TLB holds; what it is found by stays. `None` empties the
    /// slot. An empty slot, or one that does not exist, is left as it is.
    pub fn poke_micro_tlb(&mut self, port: u8, index: u8, entry: Option<TlbEntry>) {
        if let Some(micro) = self.micro.get_mut(usize::from(port)) {
            micro.poke(usize::from(index), entry.map(TlbEntry::cut));
        }
    }

    /// Changes the stored value of a register, reserved bits excepted, with all that follows from the new
    /// value by itself: decoding, interrupt outputs, held transactions that may go on. Gives whether there
    /// is something to change: not in commands, nor in registers whose value is fixed or worked out.
    pub fn poke_register<M, O: Observer, T: Taps>(
        &mut self,
        offset: u32,
        value: u32,
        ports: &mut Ports<M, O, T>,
    ) -> bool {
        let Ok(register) = self.find(offset) else { return false };
        if register.desc().kind == Kind::Command {
            return false;
        }
        match register {
            RegisterId::Global(At {
                reg:
                    GlobalPage::IDR
                    | GlobalPage::REV
                    | GlobalPage::TLBTR0
                    | GlobalPage::TLBTR1
                    | GlobalPage::TLBTR2,
                ..
            }) => return false,
            RegisterId::Global(at) => self.global.set_at(at, value),
            RegisterId::Context { bank, at } => self.banks[usize::from(bank)].regs.set_at(at, value),
        }
        for (index, route) in (0..).zip(&mut self.routes) {
            *route = Route::decode(self.global.get_at(At { reg: GlobalPage::M2VCBR_N, index }));
        }
        for bank in 0..self.config.banks {
            // At most 255 banks.
            self.decode(bank as u8);
            self.release_if_reset(bank as u8, ports);
        }
        self.update_floor();
        self.update_interrupts(ports);
        true
    }

    /// Works out the interrupt outputs again: for a [`Taps::interrupt`] that has changed its mind.
    pub fn refresh_interrupts<M, O: Observer, T: Taps>(&mut self, ports: &mut Ports<M, O, T>) {
        self.update_interrupts(ports);
    }
}

#[cfg(test)]
mod tests {
    use crate::config::Config;
    use crate::device::Smmu;
    use crate::ports::{BusError, DescriptorPort, DescriptorRead, DescriptorWrite, Ports};
    use crate::request::{Access, Answer, Found, Request};
    use crate::tap::Taps;
    use crate::tlb::TlbEntry;

    /// Every address maps to itself by a section.
    struct Flat;

    impl DescriptorPort for Flat {
        fn read(&mut self, read: &DescriptorRead) -> Result<u32, BusError> {
            Ok(read.address << 18 | 0xC02)
        }

        fn write(&mut self, _write: &DescriptorWrite) -> Result<(), BusError> {
            Err(BusError::Slave)
        }
    }

    fn attached() -> Smmu {
        let mut smmu = Smmu::new(&Config::default()).unwrap();
        let mut ports = Ports::new(Flat);
        for (offset, value) in [(0x004, 0x7002), (0x010, 0x8000_0000), (0x000, 1)] {
            smmu.write(offset, value, &mut ports);
        }
        smmu
    }

    fn read(smmu: &mut Smmu, va: u32) -> Answer {
        smmu.translate(&Request::new(0, 0, va, Access::READ), &mut Ports::new(Flat))
    }

    #[test]
    fn poked_arrays_answer_with_what_they_hold() {
        let mut smmu = attached();
        assert_eq!(read(&mut smmu, 0x0010_0004).pa(), Some(0x0010_0004));
        let mut entry = smmu.micro_entry(0, 0).unwrap();
        entry.pa ^= 0x4000_0000;
        smmu.poke_micro_tlb(0, 0, Some(entry));
        assert_eq!(read(&mut smmu, 0x0010_0004).pa(), Some(0x4010_0004));
        smmu.poke_micro_tlb(0, 0, None);
        assert_eq!(read(&mut smmu, 0x0010_0004).pa(), Some(0x0010_0004));
        // A flipped tag bit: a miss where it was, a wrong hit where it is now.
        let mut entry = smmu.tlb_entry(0).unwrap();
        entry.va ^= 0x0100_0000;
        smmu.poke_tlb(0, Some(entry));
        let wrong = read(&mut smmu, 0x0110_0004);
        assert_eq!(wrong.pa(), Some(0x0010_0004));
        assert_eq!(wrong.translation().unwrap().found, Found::MainTlb);
        // What the array can not hold is cut off.
        smmu.poke_tlb(1, Some(TlbEntry { vmid: 0xE1, va: entry.va | 0xFFF, pa: entry.pa | 0xFFF, ..entry }));
        assert_eq!(smmu.tlb_entry(1), Some(TlbEntry { vmid: 1, ..entry }));
        // The largest VMID is one.
        smmu.poke_tlb(2, Some(TlbEntry { vmid: 31, ..entry }));
        let saved = smmu.save();
        assert_eq!(smmu.restore(&saved), Ok(()));
        // Out of range changes nothing and does not panic.
        smmu.poke_tlb(64, Some(entry));
        smmu.poke_micro_tlb(9, 200, Some(entry));
    }

    #[test]
    fn reset_empties_every_array() {
        let mut smmu = attached();
        assert!(read(&mut smmu, 0x0010_0004).pa().is_some());
        assert!(smmu.micro_entry(0, 0).is_some() && smmu.tlb_entry(0).is_some());
        smmu.reset(&mut Ports::new(Flat));
        assert_eq!((smmu.micro_entry(0, 0), smmu.tlb_entry(0)), (None, None));
        assert_eq!(smmu.save(), Smmu::new(&Config::default()).unwrap().save());
    }

    #[test]
    fn poked_registers_act() {
        let mut smmu = attached();
        let mut ports = Ports::new(Flat);
        assert!(smmu.poke_register(0x020, 0x0000_0002, &mut ports));
        assert_eq!((smmu.peek(0x020), smmu.interrupts()), (2, 1));
        assert!(smmu.poke_register(0x020, 0, &mut ports));
        assert_eq!(smmu.interrupts(), 0);
        assert!(smmu.poke_register(0x000, 0, &mut ports));
        assert_eq!(read(&mut smmu, 0x77).translation().unwrap().found, Found::Bypass);
        assert!(!smmu.poke_register(0x800, 1, &mut ports), "a command holds nothing");
        assert!(!smmu.poke_register(0xF_FFF8, 1, &mut ports), "IDR is fixed");
        assert!(!smmu.poke_register(0x7000, 1, &mut ports), "no such bank");
        assert_eq!(smmu.peek(0xF_FFF8), Config::default().idr());
    }

    /// Turns every interrupt output over.
    struct Inverted;

    impl Taps for Inverted {
        const ACTIVE: bool = true;

        fn interrupt(&mut self, _line: u8, level: bool) -> bool {
            !level
        }
    }

    #[test]
    fn refreshed_outputs_follow_the_tap() {
        let mut smmu = attached();
        assert_eq!(smmu.interrupts(), 0);
        smmu.refresh_interrupts(&mut Ports::new(Flat).tapped_by(&mut Inverted));
        assert_eq!(smmu.interrupts(), 3);
        smmu.refresh_interrupts(&mut Ports::new(Flat));
        assert_eq!(smmu.interrupts(), 0);
    }

    #[test]
    fn narrow_accesses_are_counted_and_change_nothing() {
        let mut smmu = attached();
        let before = smmu.save();
        let (reads, writes) = (smmu.stats().register_reads, smmu.stats().register_writes);
        let mut ports = Ports::new(Flat);
        smmu.narrow_access(0x000, Some(0), &mut ports);
        assert_eq!((smmu.stats().register_reads, smmu.stats().register_writes), (reads, writes + 1));
        smmu.narrow_access(0x000, None, &mut ports);
        smmu.narrow_access(0x000, None, &mut ports);
        assert_eq!((smmu.stats().register_reads, smmu.stats().register_writes), (reads + 2, writes + 1));
        assert_eq!(smmu.peek(0x000), 1);
        assert_ne!(smmu.save(), before, "the counters are state");
    }
}
