//! The least that a DMA read can take: the functional driver of an SMMU answers from its micro-TLB, and 64
//! bytes come out of RAM.

use std::hint::black_box;

use msmemu_fabric::{PhysAddr, PhysRange, Ram};
use msmemu_smmu::{Access, BusError, Config, DescriptorPort, DescriptorRead, DescriptorWrite};
use msmemu_smmu::{MemoryAttributes, Ports, Request, Smmu};

const BASE: u32 = 0x4000_0000;
const SECTION: u32 = 0x4030_0000;
const TABLE: u32 = 0x4010_0000;

struct Walker<'a>(&'a mut Ram);

impl DescriptorPort for Walker<'_> {
    fn read(&mut self, read: &DescriptorRead) -> Result<u32, BusError> {
        let mut word = [0; 4];
        self.0.read(PhysAddr(read.address.into()), &mut word).map_err(|_| BusError::Decode)?;
        Ok(u32::from_le_bytes(word))
    }

    fn write(&mut self, _write: &DescriptorWrite) -> Result<(), BusError> {
        Err(BusError::Slave)
    }
}

pub struct Adapter {
    smmu: Smmu,
    ram: Ram,
}

impl Adapter {
    pub fn new() -> Self {
        let mut ram = Ram::new(&[PhysRange::new(PhysAddr(BASE.into()), 1 << 24).unwrap()]).unwrap();
        let word = (SECTION | 0xC02).to_le_bytes();
        let address = PhysAddr((TABLE + (SECTION >> 20) * 4).into());
        ram.write(msmemu_fabric::BusMaster(0), address, &word).unwrap();
        for page in 0..16_u32 {
            let address = PhysAddr((SECTION + page * 0x1000).into());
            ram.write(msmemu_fabric::BusMaster(0), address, &[page as u8 + 1; 64]).unwrap();
        }
        let mut smmu = Smmu::new(&Config::default()).unwrap();
        let mut ports = Ports { memory: Walker(&mut ram), observer: (), taps: () };
        for (offset, value) in [(0x10, TABLE), (0x04, 0x3000), (0x00, 1)] {
            smmu.write(offset, value, &mut ports);
        }
        let mut new = Self { smmu, ram };
        new.reads(1);
        assert_eq!(new.smmu.stats().contexts[0].walks, 1);
        new
    }

    /// Reads 64 bytes so many times.
    pub fn reads(&mut self, count: u32) -> u32 {
        let mut sum = 0;
        for n in 0..count {
            let access = Access { write: false, privileged: false, instruction: false, non_secure: true };
            let request = Request {
                id: n.into(),
                va: SECTION + n * 64 % 0x1_0000,
                mid: 0,
                port: 0,
                access,
                attributes: MemoryAttributes::default(),
                size: 3,
                len: 7,
            };
            let mut ports = Ports { memory: Walker(&mut self.ram), observer: (), taps: () };
            let answer = self.smmu.translate(black_box(&request), &mut ports);
            let pa = answer.pa().unwrap();
            let mut bytes = [0; 64];
            self.ram.read(PhysAddr(pa.into()), &mut bytes).unwrap();
            sum += u32::from(black_box(bytes)[0]);
        }
        sum
    }
}
