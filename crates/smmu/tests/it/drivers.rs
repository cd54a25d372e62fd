//! What the three driver families have in common: how they touch registers, and the sequences that all of
//! them perform. Register names are resolved through the fixture, not through the model.

use msmemu_testkit::case::{Answer, Config, Device, run::Backend};
use msmemu_testkit::memory::Memory;
use msmemu_testkit::registers::RegisterMap;
use msmemu_testkit::tables::Tables;
use msmemu_testkit::transaction::Request;

/// The constant that most drivers write to FSR after a fault.
pub(crate) const CLEAR_FSR: u32 = 0x4000_000F;

/// A System MMU, its memory and a driver's way to its registers.
pub(crate) struct Machine {
    device: Box<dyn Device>,
    map: RegisterMap,
    pub(crate) memory: Memory,
    pub(crate) tables: Tables,
    next: u32,
}

impl Machine {
    pub(crate) fn new(backend: &Backend, banks: u32) -> Self {
        Self {
            device: (backend.build)(&Config { banks, ..Config::default() }),
            map: RegisterMap::parse(include_str!("../register-map.csv")).unwrap(),
            memory: Memory::new(),
            tables: Tables::new(0x8100_0000),
            next: 0,
        }
    }

    /// Reads a register or a field.
    pub(crate) fn get(&mut self, path: &str) -> u32 {
        let place = self.map.resolve(path).unwrap();
        (self.device.read(&mut self.memory, place.offset) & place.mask) >> place.lsb
    }

    /// Writes a register whole, or a field the way all drivers do: read, change, write.
    pub(crate) fn set(&mut self, path: &str, value: u32) {
        let place = self.map.resolve(path).unwrap();
        let word = if place.mask == u32::MAX {
            value
        } else {
            let old = self.device.read(&mut self.memory, place.offset);
            old & !place.mask | value << place.lsb & place.mask
        };
        self.device.write(&mut self.memory, place.offset, word);
    }

    /// A master's transaction of 64 bytes; its number and its first answer.
    pub(crate) fn dma(&mut self, mid: u8, va: u32, write: bool) -> (u32, Answer) {
        let request = Request { mid, va, write, size: 3, beats: 8, ..Request::default() };
        self.next += 1;
        (self.next, self.device.start(&mut self.memory, self.next, &request))
    }

    /// The physical address that a master's read ends at.
    pub(crate) fn reach(&mut self, mid: u8, va: u32) -> Option<u32> {
        pa(&self.dma(mid, va, false).1)
    }

    pub(crate) fn answer(&mut self, id: u32) -> Answer {
        self.device.answer(id).expect("the transaction was started")
    }

    pub(crate) fn irq(&self, index: u32) -> bool {
        self.device.irq(index)
    }

    /// Section 2.1: the reset of all that is shared, then of every bank.
    pub(crate) fn global_reset(&mut self, banks: u32, context_reset: fn(&mut Self, u32)) {
        self.set("CR.RPUE", 0);
        self.set("CR.RPUEIE", 0);
        self.set("ESRRESTORE", 0);
        self.set("TESTBUSCR.TBE", 0);
        self.set("CR", 0);
        self.set("TESTBUSCR.SPDMBE", 0);
        self.set("TESTBUSCR", 0);
        self.set("TLBRSW", 0);
        self.set("GLOBAL_TLBIALL", 0);
        self.set("RPU_ACR", 0);
        self.set("CR.TLBLKCRWE", 1);
        for bank in 0..banks {
            context_reset(self, bank);
            self.set(&format!("CB{bank}.CONTEXTIDR"), 0);
        }
    }

    /// Section 2.2, steps 1 to 4, with the choices that the families make differently.
    pub(crate) fn context_reset(&mut self, bank: u32, flush: bool, remap: bool) {
        for field in ["BPRCOSH", "BPRCISH", "BPRCNSH", "BPSHCFG", "BPMTCFG"] {
            self.set(&format!("M2VCBR[{bank}].{field}"), 0);
        }
        for name in ["ACTLR", "SCTLR", "FSRRESTORE", "TTBR0", "TTBR1", "TTBCR", "BFBCR", "PAR", "FAR"] {
            self.set(&format!("CB{bank}.{name}"), 0);
        }
        if flush {
            self.set(&format!("CB{bank}.CTX_TLBIALL"), 0);
        }
        for name in ["TLBFLPTER", "TLBSLPTER", "TLBLKCR"] {
            self.set(&format!("CB{bank}.{name}"), 0);
        }
        if remap {
            self.set(&format!("CB{bank}.PRRR"), 0);
            self.set(&format!("CB{bank}.NMRR"), 0);
        }
    }

    /// Section 2.3: the self test at probe. True when the hardware is there.
    pub(crate) fn self_test(&mut self) -> bool {
        self.set("CB0.SCTLR.M", 1);
        self.set("CB0.PAR", 0);
        self.set("CB0.ACTLR.V2PCFG", 1);
        self.set("CB0.V2PPR", 0);
        let par = self.get("CB0.PAR");
        self.set("CB0.ACTLR.V2PCFG", 0);
        self.set("CB0.SCTLR.M", 0);
        par != 0
    }

    /// Section 2.4: one MID of a bank.
    pub(crate) fn bind(&mut self, mid: u32, bank: u32, irptndx: Option<u32>, asid: Option<u32>) {
        self.set(&format!("M2VCBR[{mid}]"), 0);
        self.set(&format!("CBACR[{bank}]"), 0);
        if let Some(index) = irptndx {
            self.set(&format!("CBACR[{bank}].IRPTNDX"), index);
        }
        self.set(&format!("M2VCBR[{mid}].VMID"), 0);
        self.set(&format!("M2VCBR[{mid}].CBNDX"), bank);
        self.set(&format!("CBACR[{bank}].CBVMID"), 0);
        if let Some(asid) = asid {
            self.set(&format!("CB{bank}.CONTEXTIDR.ASID"), asid);
        }
        self.set(&format!("M2VCBR[{mid}].NSCFG"), 3);
    }

    /// Sets fields of one bank, in order.
    pub(crate) fn bank_fields(&mut self, bank: u32, fields: &[(&str, u32)]) {
        for (field, value) in fields {
            self.set(&format!("CB{bank}.{field}"), *value);
        }
    }

    /// Section 2.5 steps 10 and 11, the same in all families.
    pub(crate) fn fault_and_redirect(&mut self, bank: u32) {
        let fields = ["CFEIE", "CFCFG", "RCISH", "RCOSH", "RCNSH"];
        for field in fields {
            self.set(&format!("CB{bank}.ACTLR.{field}"), 1);
        }
    }

    /// iova_to_phys of all families: V2PPR through the field setter, then PAR three times, SS before F.
    pub(crate) fn iova_to_phys(&mut self, bank: u32, va: u32, setter: bool) -> u32 {
        let v2ppr = format!("CB{bank}.V2PPR");
        let low = if setter { self.get(&v2ppr) & 0xFFF } else { 0 };
        self.set(&v2ppr, va & 0xFFFF_F000 | low);
        let par = format!("CB{bank}.PAR");
        let phys = if self.get(&format!("{par}.NOFAULT_SS")) == 1 {
            self.get(&par) & 0xFF00_0000 | va & 0x00FF_FFFF
        } else {
            self.get(&par) & 0xFFFF_F000 | va & 0x0000_0FFF
        };
        if self.get(&format!("{par}.FAULT")) == 1 { 0 } else { phys }
    }
}

/// The physical address of an answer.
pub(crate) fn pa(answer: &Answer) -> Option<u32> {
    match answer {
        Answer::Bypassed { pa } | Answer::Translated { pa, .. } => Some(*pa),
        Answer::Fault { .. } | Answer::Global { .. } | Answer::Held { .. } | Answer::Waits => None,
    }
}

/// Whether the model holds a transaction.
pub(crate) fn held(answer: &Answer) -> bool {
    matches!(answer, Answer::Held { .. } | Answer::Waits)
}
