//! Memory attributes: of walk reads, of bypassed and translated traffic, in syndromes, and their codes.

use msmemu_smmu::{
    Access, BusError, CachePolicy, Config, DescriptorPort, DescriptorRead, DescriptorWrite, FaultCause,
    MemoryAttributes, MemoryKind, PageSize, Ports, Request, Shareability, Smmu,
};

const POLICIES: [CachePolicy; 4] = [
    CachePolicy::NonCached,
    CachePolicy::WriteBackAllocate,
    CachePolicy::WriteThrough,
    CachePolicy::WriteBack,
];
const SHARES: [Shareability; 3] = [Shareability::None, Shareability::Outer, Shareability::Inner];

/// The same attributes, sent to the L2 port or not: bit 8 of the stable packing.
fn redirected(attributes: MemoryAttributes, redirect: bool) -> MemoryAttributes {
    MemoryAttributes::from_bits(attributes.bits() | u16::from(redirect) << 8)
}

fn kinds() -> Vec<MemoryKind> {
    let normal = POLICIES.iter().flat_map(|&inner| POLICIES.iter().map(move |&outer| (inner, outer)));
    let normal = normal.map(|(inner, outer)| MemoryKind::Normal { inner, outer });
    [MemoryKind::StronglyOrdered, MemoryKind::Device].into_iter().chain(normal).collect()
}

/// Memory whose every word is one section descriptor; remembers the reads.
struct Sections {
    descriptor: u32,
    reads: Vec<DescriptorRead>,
}

impl DescriptorPort for Sections {
    fn read(&mut self, read: &DescriptorRead) -> Result<u32, BusError> {
        self.reads.push(*read);
        Ok(self.descriptor)
    }

    fn write(&mut self, _: &DescriptorWrite) -> Result<(), BusError> {
        Ok(())
    }
}

fn rig(descriptor: u32, registers: &[(u32, u32)]) -> (Smmu, Sections) {
    let mut model = Smmu::new(&Config::default()).unwrap();
    let mut memory = Sections { descriptor, reads: Vec::new() };
    for (offset, value) in registers {
        model.write(*offset, *value, &mut Ports::new(&mut memory));
    }
    (model, memory)
}

fn outgoing(model: &mut Smmu, memory: &mut Sections, attributes: MemoryAttributes) -> MemoryAttributes {
    let request = Request { attributes, ..Request::new(1, 0, 0x10, Access::READ) };
    model.translate(&request, &mut Ports::new(memory)).translation().unwrap().attributes
}

/// Section 6.1: IRGN = IRGNH * 2 + IRGNL, S, ORGN, NOS; for both bases.
#[test]
fn walk_reads_have_the_attributes_of_the_base() {
    for low in 0..0x80 {
        for upper in [false, true] {
            let word = 0x8000_0000 | low & 0x7B;
            let (split, va) = if upper { (1, 0x9000_0000) } else { (0, 0x9000_0000) };
            let base = if upper { 0x14 } else { 0x10 };
            let (mut model, mut memory) =
                rig(0x0C02, &[(0x04, 0x3000), (base, word), (0x18, split), (0x00, 1)]);
            model.translate(&Request::new(1, 0, va, Access::READ), &mut Ports::new(&mut memory));
            let inner = POLICIES[((low & 1) << 1 | low >> 6 & 1) as usize];
            let outer = POLICIES[(low >> 3 & 3) as usize];
            let share = match (low >> 1 & 1, low >> 5 & 1) {
                (0, _) => Shareability::None,
                (_, 0) => Shareability::Outer,
                _ => Shareability::Inner,
            };
            let expected = MemoryAttributes::new(MemoryKind::Normal { inner, outer }, share);
            assert_eq!(memory.reads[0].attributes, expected, "low bits {low:#x}, upper {upper}");
            assert_eq!(memory.reads[0].address, 0x8000_2400, "upper {upper}");
            assert!(memory.reads[0].non_secure && memory.reads[0].bank == 0);
        }
    }
}

/// Section 5: RCOSH, RCISH, RCNSH send cacheable traffic of their shareability to the L2 port.
#[test]
fn redirection_of_translated_traffic() {
    for bits in 0..8_u32 {
        for ptshcfg in 1..4 {
            for cacheable in [false, true] {
                let section = if cacheable { 0x1C0E } else { 0x1C02 }; // TEX 001: WBWA or not cached
                let actlr = 0x3000 | bits << 4 | ptshcfg << 2;
                let (mut model, mut memory) = rig(section, &[(0x04, actlr), (0x00, 1)]);
                let got = outgoing(&mut model, &mut memory, MemoryAttributes::NON_CACHED);
                // PTSHCFG 1 outer: RCOSH is bit 0 of `bits`; 2 inner: RCISH, bit 1; 3 none: RCNSH, bit 2.
                let expected = cacheable && bits >> (ptshcfg - 1) & 1 == 1;
                assert_eq!(got.redirected(), expected, "bits {bits:03b}, PTSHCFG {ptshcfg}, {cacheable}");
                assert_eq!(got.cacheable(), cacheable);
            }
        }
    }
}

/// ACTLR.PTMTCFG replaces the memory type, by the code of PAR.MT.
#[test]
fn memory_type_override_of_translated_traffic() {
    for code in 0..8 {
        let (mut model, mut memory) = rig(0x1C0E, &[(0x04, 0x3000 | 1 << 20 | code << 21), (0x00, 1)]);
        let got = outgoing(&mut model, &mut memory, MemoryAttributes::NON_CACHED);
        assert_eq!(got.kind(), MemoryKind::from_type_code(code));
        let (mut model, mut memory) = rig(0x1C0E, &[(0x04, 0x3000 | code << 21), (0x00, 1)]);
        let got = outgoing(&mut model, &mut memory, MemoryAttributes::NON_CACHED);
        let policy = CachePolicy::WriteBackAllocate;
        assert_eq!(got.kind(), MemoryKind::Normal { inner: policy, outer: policy }, "PTMTCFG is 0");
    }
}

/// Section 3.1: the bypass fields of M2VCBR act on bypassed traffic.
#[test]
fn overrides_of_bypassed_traffic() {
    for kind in kinds() {
        for share in SHARES {
            let incoming = MemoryAttributes::new(kind, share);
            for word in 0..1 << 11_u32 {
                // BPRCOSH, BPRCISH, BPRCNSH, BPSHCFG, (NSCFG), BPMTCFG, BPMEMTYPE
                let m2vcbr = (word & 0x1F) << 17 | (word >> 5 & 0xF) << 24;
                if word >> 9 != 0 {
                    break;
                }
                let (mut model, mut memory) = rig(0, &[(0xFF000, m2vcbr)]);
                let got = outgoing(&mut model, &mut memory, incoming);
                let expected_kind =
                    if m2vcbr >> 24 & 1 == 1 { MemoryKind::from_type_code(m2vcbr >> 25 & 7) } else { kind };
                let expected_share = match m2vcbr >> 20 & 3 {
                    0 => share,
                    1 => Shareability::Outer,
                    2 => Shareability::Inner,
                    _ => Shareability::None,
                };
                let plain = MemoryAttributes::new(expected_kind, expected_share);
                let bit = match expected_share {
                    Shareability::Outer => 17,
                    Shareability::Inner => 18,
                    Shareability::None => 19,
                };
                let expected = redirected(plain, plain.cacheable() && m2vcbr >> bit & 1 == 1);
                assert_eq!(got, expected, "{incoming:?} with {m2vcbr:#x}");
            }
        }
    }
}

/// Section 7.2: AMEMTYPE, ASHARED and AINNERSHARED come from the access.
#[test]
fn syndromes_show_the_attributes_of_the_access() {
    for kind in kinds() {
        for share in SHARES {
            let attributes = MemoryAttributes::new(kind, share);
            let (mut model, mut memory) = rig(0, &[(0x04, 0x3000), (0x00, 1)]);
            let request = Request { attributes, ..Request::new(1, 0, 0x10, Access::READ) };
            model.translate(&request, &mut Ports::new(&mut memory));
            let fsynr1 = model.peek(0x30);
            assert_eq!(fsynr1 & 7, attributes.type_code());
            assert_eq!(fsynr1 >> 3 & 1 == 1, share != Shareability::None);
            assert_eq!(fsynr1 >> 4 & 1 == 1, share == Shareability::Inner);
        }
    }
}

#[test]
fn packing_and_codes() {
    assert_eq!(Access::WRITE, Access { write: true, ..Access::READ });
    for kind in kinds() {
        for share in SHARES {
            let a = MemoryAttributes::new(kind, share);
            assert_eq!((a.kind(), a.shareability(), a.redirected()), (kind, share, false));
            assert_eq!(MemoryAttributes::from_bits(a.bits()), a);
            let r = redirected(a, true);
            assert!(r.redirected());
            assert_eq!((r.kind(), r.shareability()), (kind, share));
            assert_eq!(MemoryAttributes::from_bits(r.bits()), r);
            assert_eq!(MemoryAttributes::from_bits(r.bits() | 0xFE00), r, "other bits are dropped");
            for other in SHARES {
                let changed = r.with_shareability(other);
                assert_eq!(
                    (changed.kind(), changed.shareability(), changed.redirected()),
                    (kind, other, true)
                );
            }
            for other in kinds() {
                let changed = r.with_kind(other);
                assert_eq!(
                    (changed.kind(), changed.shareability(), changed.redirected()),
                    (other, share, true)
                );
            }
            let (cacheable, code) = match kind {
                MemoryKind::StronglyOrdered => (false, 1),
                MemoryKind::Device => (false, 3),
                MemoryKind::Normal { inner, outer } => {
                    (inner.code() != 0 || outer.code() != 0, [0, 5, 6, 7][inner.code() as usize])
                }
            };
            assert_eq!((a.cacheable(), a.type_code()), (cacheable, code));
        }
    }
    for (policy, code) in POLICIES.into_iter().zip(0..) {
        assert_eq!(
            (policy.code(), CachePolicy::from_code(code), CachePolicy::from_code(code + 4)),
            (code, policy, policy)
        );
    }
    let uniform = |policy| MemoryKind::Normal { inner: policy, outer: policy };
    let codes = [0, 1, 2, 3, 4, 5, 6, 7, 8].map(MemoryKind::from_type_code);
    assert_eq!(
        codes,
        [
            uniform(CachePolicy::NonCached),
            MemoryKind::StronglyOrdered,
            uniform(CachePolicy::NonCached),
            MemoryKind::Device,
            uniform(CachePolicy::NonCached),
            uniform(CachePolicy::WriteBackAllocate),
            uniform(CachePolicy::WriteThrough),
            uniform(CachePolicy::WriteBack),
            uniform(CachePolicy::NonCached),
        ]
    );
    // A kind of 3 is normal memory, as in PRRR.
    assert!(matches!(MemoryAttributes::from_bits(0x3F).kind(), MemoryKind::Normal { .. }));
}

#[test]
fn sizes_and_causes() {
    let sizes = PageSize::ALL.map(|size| (size.shift(), size.bytes(), size.mask(), size.code()));
    assert_eq!(
        sizes,
        [
            (12, 0x1000, 0xFFFF_F000, 0),
            (16, 0x1_0000, 0xFFFF_0000, 1),
            (20, 0x10_0000, 0xFFF0_0000, 2),
            (24, 0x100_0000, 0xFF00_0000, 3)
        ]
    );
    let causes = FaultCause::ALL.map(|cause| (cause.name(), cause.bit()));
    assert_eq!(
        causes,
        [
            ("TF", 0x02),
            ("AFF", 0x04),
            ("APF", 0x08),
            ("TLBMF", 0x10),
            ("HTWDEEF", 0x20),
            ("HTWSEEF", 0x40),
            ("MHF", 0x80)
        ]
    );
}
