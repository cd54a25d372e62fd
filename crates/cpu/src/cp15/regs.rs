//! The registers of CP15, declared once. The offset of a register is made of its coordinates, see [`at`].
//!
//! Layouts are those of ARM DDI 0406C.b, chapter B4. Reset values are Scorpion's; [`super::Cp15::new`] puts Krait's in
//! place of some. Where a value is not public it is our choice, and module `identification` says so.

/// Byte offset of CP15 (CRn, opc1, CRm, opc2) in the register block.
pub const fn at(crn: u32, opc1: u32, crm: u32, opc2: u32) -> u32 {
    ((crn & 15) << 12) | ((opc1 & 7) << 9) | ((crm & 15) << 5) | ((opc2 & 7) << 2)
}

msmemu_regs::register_block! {
    /// System control coprocessor.
    pub block Cp15Regs, size 0x1_0000;

    // ---- c0: identification ----
    /// Main ID Register.
    MIDR @ (at(0, 0, 0, 0)), reset 0x510F_02D2 {
        IMPLEMENTER [31:24] ro "Implementer: 0x51 is Qualcomm",
        VARIANT [23:20] ro "Variant",
        ARCHITECTURE [19:16] ro "0xF: see the ID registers",
        PART [15:4] ro "Primary part number",
        REVISION [3:0] ro "Revision",
    }
    /// Cache Type Register.
    CTR @ (at(0, 0, 0, 1)), reset 0x8443_8003 {
        FORMAT [31:29] ro "0b100: ARMv7",
        _ [28] res0,
        CWG [27:24] ro "Cache write-back granule, log2 words",
        ERG [23:20] ro "Exclusives reservation granule, log2 words",
        DMINLINE [19:16] ro "Smallest data cache line, log2 words",
        L1IP [15:14] ro "Level 1 instruction cache policy" { AIVIVT = 1, VIPT = 2, PIPT = 3 },
        _ [13:4] res0,
        IMINLINE [3:0] ro "Smallest instruction cache line, log2 words",
    }
    /// TCM Type Register: no TCM.
    TCMTR @ (at(0, 0, 0, 2)), reset 0 { TCM [31:0] ro "No TCM", }
    /// TLB Type Register.
    TLBTR @ (at(0, 0, 0, 3)), reset 0 { NU [0] ro "Separate instruction and data TLBs", LOCKABLE [31:1] ro "Lockable entries: none", }
    /// Multiprocessor Affinity Register.
    MPIDR @ (at(0, 0, 0, 5)), reset 0x8000_0000 {
        AFF0 [7:0] ro "Affinity level 0: number of the core",
        AFF1 [15:8] ro "Affinity level 1",
        AFF2 [23:16] ro "Affinity level 2",
        MT [24] ro "Lowest level is threads",
        _ [29:25] res0,
        U [30] ro "Uniprocessor system",
        MP [31] ro "Multiprocessing Extensions format",
    }
    /// Revision ID Register.
    REVIDR @ (at(0, 0, 0, 6)), reset 0 { ID [31:0] ro "Minor revision", }
    /// Processor Feature Register 0.
    ID_PFR0 @ (at(0, 0, 1, 0)), reset 0x0000_0131 {
        STATE0 [3:0] ro "ARM instruction set",
        STATE1 [7:4] ro "Thumb: 3 is Thumb-2",
        STATE2 [11:8] ro "Jazelle: 1 is the trivial implementation",
        STATE3 [15:12] ro "ThumbEE: none",
        _ [31:16] res0,
    }
    /// Processor Feature Register 1.
    ID_PFR1 @ (at(0, 0, 1, 1)), reset 0x0000_0011 {
        MODEL [3:0] ro "Standard programmers' model",
        SECURITY [7:4] ro "Security Extensions",
        _ [31:8] res0,
    }
    /// Debug Feature Register 0.
    ID_DFR0 @ (at(0, 0, 1, 2)), reset 0x0100_0044 {
        COPROC_DEBUG [3:0] ro "CP14 debug: 4 is v7",
        COPROC_SECURE_DEBUG [7:4] ro "Secure CP14 debug: 4 is v7",
        MEMORY_DEBUG [11:8] ro "Memory-mapped debug",
        TRACE [23:12] ro "Trace: none",
        PERFMON [27:24] ro "Performance monitors: 1 is PMUv1",
        _ [31:28] res0,
    }
    /// Auxiliary Feature Register 0.
    ID_AFR0 @ (at(0, 0, 1, 3)), reset 0 { ID [31:0] ro "None", }
    /// Memory Model Feature Register 0.
    ID_MMFR0 @ (at(0, 0, 1, 4)), reset 0x0010_0103 {
        VMSA [3:0] ro "3: VMSAv7 with remapping and access flag",
        PMSA [7:4] ro "None",
        OUTERMOST [11:8] ro "Outermost shareability",
        LEVELS [15:12] ro "Shareability levels",
        TCM [19:16] ro "None",
        AUXILIARY [23:20] ro "Auxiliary control register",
        FCSE [27:24] ro "None",
        INNERMOST [31:28] ro "Innermost shareability",
    }
    /// Memory Model Feature Register 1.
    ID_MMFR1 @ (at(0, 0, 1, 5)), reset 0x4000_0000 { ID [31:0] ro "Branch predictor needs no maintenance on ordinary changes", }
    /// Memory Model Feature Register 2.
    ID_MMFR2 @ (at(0, 0, 1, 6)), reset 0x0123_0000 { ID [31:0] ro "WFI, barriers, unified TLB maintenance", }
    /// Memory Model Feature Register 3.
    ID_MMFR3 @ (at(0, 0, 1, 7)), reset 0x0010_2111 { ID [31:0] ro "Cache maintenance, broadcast, coherent walks", }
    /// Instruction Set Attribute Register 0.
    ID_ISAR0 @ (at(0, 0, 2, 0)), reset 0x0010_1111 {
        SWAP [3:0] ro "SWP", BITCOUNT [7:4] ro "CLZ", BITFIELD [11:8] ro "BFC and others", CMPBRANCH [15:12] ro "CBZ",
        COPROC [19:16] ro "Generic coprocessors: none", DEBUG [23:20] ro "BKPT",
        DIVIDE [27:24] ro "SDIV and UDIV: 2 is in both instruction sets", _ [31:28] res0,
    }
    /// Instruction Set Attribute Register 1.
    ID_ISAR1 @ (at(0, 0, 2, 1)), reset 0x1311_2111 { ID [31:0] ro "Endian, exceptions, extends, IT, immediates, interworking, Jazelle", }
    /// Instruction Set Attribute Register 2.
    ID_ISAR2 @ (at(0, 0, 2, 2)), reset 0x2123_2041 { ID [31:0] ro "Loads, hints, multiplies, PSR, reversal", }
    /// Instruction Set Attribute Register 3.
    ID_ISAR3 @ (at(0, 0, 2, 3)), reset 0x0111_2131 { ID [31:0] ro "Saturation, SIMD, SVC, exclusives, table branch, Thumb copy, NOP", }
    /// Instruction Set Attribute Register 4.
    ID_ISAR4 @ (at(0, 0, 2, 4)), reset 0x0001_1142 { ID [31:0] ro "Unprivileged, shifts, writeback, SMC, barriers", }
    /// Instruction Set Attribute Register 5.
    ID_ISAR5 @ (at(0, 0, 2, 5)), reset 0 { ID [31:0] ro "None", }
    /// Current Cache Size ID Register: describes the cache that CSSELR selects.
    CCSIDR @ (at(0, 1, 0, 0)), reset 0 {
        LINESIZE [2:0] ro "log2 words, minus 2", ASSOCIATIVITY [12:3] ro "Ways, minus 1", NUMSETS [27:13] ro "Sets, minus 1",
        WA [28] ro "Write-allocation", RA [29] ro "Read-allocation", WB [30] ro "Write-back", WT [31] ro "Write-through",
    }
    /// Cache Level ID Register: separate level 1, unified level 2.
    CLIDR @ (at(0, 1, 0, 1)), reset 0x0A20_0023 {
        CTYPE1 [2:0] ro "Level 1: 3 is separate", CTYPE2 [5:3] ro "Level 2: 4 is unified", CTYPE3_7 [20:6] ro "None",
        LOUIS [23:21] ro "Level of unification inner shareable", LOC [26:24] ro "Level of coherency",
        LOUU [29:27] ro "Level of unification uniprocessor", _ [31:30] res0,
    }
    /// Auxiliary ID Register.
    AIDR @ (at(0, 1, 0, 7)), reset 0 { ID [31:0] ro "None", }
    /// Cache Size Selection Register.
    CSSELR @ (at(0, 2, 0, 0)), reset 0 { IND [0] rw "Instruction cache", LEVEL [3:1] rw "Level, minus 1", _ [31:4] res0, }

    // ---- c1: control ----
    /// System Control Register.
    SCTLR @ (at(1, 0, 0, 0)), reset 0x00C5_0078 {
        M [0] rw "MMU on", A [1] rw "Unaligned accesses fault", C [2] rw "Data and unified caches on",
        _ [6:3] res1, _ [9:7] res0,
        SW [10] rw "SWP and SWPB enabled", Z [11] rw "Branch prediction on", I [12] rw "Instruction cache on",
        V [13] rw "Vectors at 0xFFFF0000", RR [14] stored "Round-robin replacement", _ [15] res0, _ [16] res1,
        HA [17] ro "Hardware access flag: not implemented", _ [18] res1, _ [20:19] res0,
        FI [21] stored "Fast interrupts", _ [23:22] res1,
        VE [24] stored "Vectored interrupts: no vectors are modelled", EE [25] rw "Exceptions and walks are big-endian", _ [26] res0,
        NMFI [27] ro "FIQ can be masked", TRE [28] rw "TEX remap", AFE [29] rw "Access flag", TE [30] rw "Exceptions enter Thumb", _ [31] res0,
    }
    /// Auxiliary Control Register.
    ACTLR @ (at(1, 0, 0, 1)), reset 0 { VALUE [31:0] stored "Implementation defined", }
    /// Coprocessor Access Control Register.
    CPACR @ (at(1, 0, 0, 2)), reset 0 {
        _ [19:0] res0, CP10 [21:20] rw "VFP and Advanced SIMD", CP11 [23:22] rw "VFP and Advanced SIMD",
        _ [29:24] res0, D32DIS [30] rw "D16-D31 disabled", ASEDIS [31] rw "Advanced SIMD disabled",
    }
    /// Secure Configuration Register.
    SCR @ (at(1, 0, 1, 0)), reset 0 {
        NS [0] rw "Non-secure", IRQ [1] rw "IRQ to Monitor mode", FIQ [2] rw "FIQ to Monitor mode",
        EA [3] rw "External aborts to Monitor mode", FW [4] rw "Non-secure state may change CPSR.F",
        AW [5] rw "Non-secure state may change CPSR.A", NET [6] stored "No early termination", _ [31:7] res0,
    }
    /// Secure Debug Enable Register.
    SDER @ (at(1, 0, 1, 1)), reset 0 { SUIDEN [0] stored "Invasive debug", SUNIDEN [1] stored "Non-invasive debug", _ [31:2] res0, }
    /// Non-secure Access Control Register.
    NSACR @ (at(1, 0, 1, 2)), reset 0 {
        _ [9:0] res0, CP10 [10] rw "CP10 in Non-secure state", CP11 [11] rw "CP11 in Non-secure state", _ [13:12] res0,
        NSD32DIS [14] rw "D16-D31 not in Non-secure state", NSASEDIS [15] rw "Advanced SIMD not in Non-secure state",
        _ [16] res0, PLE [17] stored "Preload engine", NS_SMP [18] stored "Non-secure ACTLR.SMP", _ [31:19] res0,
    }

    // ---- c2, c3: translation tables ----
    /// Translation Table Base Register 0.
    TTBR0 @ (at(2, 0, 0, 0)), reset 0 { ATTRIBUTES [6:0] stored "Cacheability and shareability of walks", BASE [31:7] rw "Table; the low bits used depend on TTBCR.N", }
    /// Translation Table Base Register 1.
    TTBR1 @ (at(2, 0, 0, 1)), reset 0 { ATTRIBUTES [6:0] stored "Cacheability and shareability of walks", BASE [31:7] rw "Table, 16 KiB aligned", }
    /// Translation Table Base Control Register.
    TTBCR @ (at(2, 0, 0, 2)), reset 0 { N [2:0] rw "Width of the TTBR0 region", _ [3] res0, PD0 [4] rw "No walks through TTBR0", PD1 [5] rw "No walks through TTBR1", _ [31:6] res0, }
    /// Domain Access Control Register.
    DACR @ (at(3, 0, 0, 0)), reset 0 { DOMAINS [31:0] rw "Two bits for each domain: 0 none, 1 client, 3 manager", }

    // ---- c5, c6: faults ----
    /// Data Fault Status Register.
    DFSR @ (at(5, 0, 0, 0)), reset 0 {
        FS [3:0] rw "Fault status", DOMAIN [7:4] rw "Domain", _ [9:8] res0, FS4 [10] rw "Fault status, bit 4", WNR [11] rw "Write", EXT [12] rw "Slave error", _ [31:13] res0,
    }
    /// Instruction Fault Status Register.
    IFSR @ (at(5, 0, 0, 1)), reset 0 { FS [3:0] rw "Fault status", _ [9:4] res0, FS4 [10] rw "Fault status, bit 4", _ [11] res0, EXT [12] rw "Slave error", _ [31:13] res0, }
    /// Auxiliary Data Fault Status Register.
    ADFSR @ (at(5, 0, 1, 0)), reset 0 { VALUE [31:0] stored "Implementation defined; faults leave it alone", }
    /// Auxiliary Instruction Fault Status Register.
    AIFSR @ (at(5, 0, 1, 1)), reset 0 { VALUE [31:0] stored "Implementation defined; faults leave it alone", }
    /// Data Fault Address Register.
    DFAR @ (at(6, 0, 0, 0)), reset 0 { VA [31:0] rw "Address", }
    /// Instruction Fault Address Register.
    IFAR @ (at(6, 0, 0, 2)), reset 0 { VA [31:0] rw "Address", }

    // ---- c7: cache and address translation operations ----
    /// Wait for interrupt of ARMv6: no operation in ARMv7.
    CP15WFI @ (at(7, 0, 0, 4)), command { VALUE [31:0] arg "Ignored", }
    /// Invalidate all instruction caches, inner shareable.
    ICIALLUIS @ (at(7, 0, 1, 0)), command { VALUE [31:0] arg "Ignored", }
    /// Invalidate all branch predictors, inner shareable.
    BPIALLIS @ (at(7, 0, 1, 6)), command { VALUE [31:0] arg "Ignored", }
    /// Physical Address Register.
    PAR @ (at(7, 0, 4, 0)), reset 0 { VALUE [31:0] rw "Result of an address translation operation", }
    view DONE "when F = 0" { F [0] "Failed", SS [1] "Supersection", OUTER [3:2] "Outer cacheability", INNER [6:4] "Inner cacheability or type", SH [7] "Shareable", NS [9] "Non-secure", NOS [10] "Not outer shareable", PA [31:12] "Page" }
    view FAILED "when F = 1" { F [0] "Failed", FS [6:1] "Fault status: ExT, FS[4:0]" }
    /// Invalidate all instruction caches to the point of unification.
    ICIALLU @ (at(7, 0, 5, 0)), command { VALUE [31:0] arg "Ignored", }
    /// Invalidate instruction cache line by address.
    ICIMVAU @ (at(7, 0, 5, 1)), command { VA [31:0] arg "Address", }
    /// Instruction synchronisation barrier.
    CP15ISB @ (at(7, 0, 5, 4)), command { VALUE [31:0] arg "Ignored", }
    /// Invalidate all branch predictors.
    BPIALL @ (at(7, 0, 5, 6)), command { VALUE [31:0] arg "Ignored", }
    /// Invalidate branch predictor by address.
    BPIMVA @ (at(7, 0, 5, 7)), command { VA [31:0] arg "Address", }
    /// Invalidate data cache line by address to the point of coherency.
    DCIMVAC @ (at(7, 0, 6, 1)), command { VA [31:0] arg "Address", }
    /// Invalidate data cache line by set and way.
    DCISW @ (at(7, 0, 6, 2)), command { SETWAY [31:0] arg "Set, way and level", }
    /// Translate for a privileged read.
    V2PCWPR @ (at(7, 0, 8, 0)), command { VA [31:0] arg "Address", }
    /// Translate for a privileged write.
    V2PCWPW @ (at(7, 0, 8, 1)), command { VA [31:0] arg "Address", }
    /// Translate for a user read.
    V2PCWUR @ (at(7, 0, 8, 2)), command { VA [31:0] arg "Address", }
    /// Translate for a user write.
    V2PCWUW @ (at(7, 0, 8, 3)), command { VA [31:0] arg "Address", }
    /// Translate for a Non-secure privileged read.
    V2POWPR @ (at(7, 0, 8, 4)), command { VA [31:0] arg "Address", }
    /// Translate for a Non-secure privileged write.
    V2POWPW @ (at(7, 0, 8, 5)), command { VA [31:0] arg "Address", }
    /// Translate for a Non-secure user read.
    V2POWUR @ (at(7, 0, 8, 6)), command { VA [31:0] arg "Address", }
    /// Translate for a Non-secure user write.
    V2POWUW @ (at(7, 0, 8, 7)), command { VA [31:0] arg "Address", }
    /// Clean data cache line by address to the point of coherency.
    DCCMVAC @ (at(7, 0, 10, 1)), command { VA [31:0] arg "Address", }
    /// Clean data cache line by set and way.
    DCCSW @ (at(7, 0, 10, 2)), command { SETWAY [31:0] arg "Set, way and level", }
    /// Data synchronisation barrier.
    CP15DSB @ (at(7, 0, 10, 4)), command { VALUE [31:0] arg "Ignored", }
    /// Data memory barrier.
    CP15DMB @ (at(7, 0, 10, 5)), command { VALUE [31:0] arg "Ignored", }
    /// Clean data cache line by address to the point of unification.
    DCCMVAU @ (at(7, 0, 11, 1)), command { VA [31:0] arg "Address", }
    /// Prefetch instruction cache line of ARMv6: no operation in ARMv7.
    CP15PLI @ (at(7, 0, 13, 1)), command { VA [31:0] arg "Ignored", }
    /// Clean and invalidate data cache line by address to the point of coherency.
    DCCIMVAC @ (at(7, 0, 14, 1)), command { VA [31:0] arg "Address", }
    /// Clean and invalidate data cache line by set and way.
    DCCISW @ (at(7, 0, 14, 2)), command { SETWAY [31:0] arg "Set, way and level", }

    // ---- c8: TLB maintenance ----
    /// Invalidate the TLB, inner shareable.
    TLBIALLIS @ (at(8, 0, 3, 0)), command { VALUE [31:0] arg "Ignored", }
    /// Invalidate TLB entries by address and ASID, inner shareable.
    TLBIMVAIS @ (at(8, 0, 3, 1)), command { ASID [7:0] arg "ASID", _ [11:8] res0, VA [31:12] arg "Page", }
    /// Invalidate TLB entries by ASID, inner shareable.
    TLBIASIDIS @ (at(8, 0, 3, 2)), command { ASID [7:0] arg "ASID", _ [31:8] res0, }
    /// Invalidate TLB entries by address, all ASIDs, inner shareable.
    TLBIMVAAIS @ (at(8, 0, 3, 3)), command { _ [11:0] res0, VA [31:12] arg "Page", }
    /// Invalidate the instruction TLB (unified here).
    ITLBIALL @ (at(8, 0, 5, 0)), command { VALUE [31:0] arg "Ignored", }
    /// Invalidate instruction TLB entries by address and ASID (unified here).
    ITLBIMVA @ (at(8, 0, 5, 1)), command { ASID [7:0] arg "ASID", _ [11:8] res0, VA [31:12] arg "Page", }
    /// Invalidate instruction TLB entries by ASID (unified here).
    ITLBIASID @ (at(8, 0, 5, 2)), command { ASID [7:0] arg "ASID", _ [31:8] res0, }
    /// Invalidate the data TLB (unified here).
    DTLBIALL @ (at(8, 0, 6, 0)), command { VALUE [31:0] arg "Ignored", }
    /// Invalidate data TLB entries by address and ASID (unified here).
    DTLBIMVA @ (at(8, 0, 6, 1)), command { ASID [7:0] arg "ASID", _ [11:8] res0, VA [31:12] arg "Page", }
    /// Invalidate data TLB entries by ASID (unified here).
    DTLBIASID @ (at(8, 0, 6, 2)), command { ASID [7:0] arg "ASID", _ [31:8] res0, }
    /// Invalidate the TLB.
    TLBIALL @ (at(8, 0, 7, 0)), command { VALUE [31:0] arg "Ignored", }
    /// Invalidate TLB entries by address and ASID.
    TLBIMVA @ (at(8, 0, 7, 1)), command { ASID [7:0] arg "ASID", _ [11:8] res0, VA [31:12] arg "Page", }
    /// Invalidate TLB entries by ASID.
    TLBIASID @ (at(8, 0, 7, 2)), command { ASID [7:0] arg "ASID", _ [31:8] res0, }
    /// Invalidate TLB entries by address, all ASIDs.
    TLBIMVAA @ (at(8, 0, 7, 3)), command { _ [11:0] res0, VA [31:12] arg "Page", }

    // ---- c9: performance monitors ----
    /// Performance Monitors Control Register.
    PMCR @ (at(9, 0, 12, 0)), reset 0x5100_2000 {
        E [0] rw "Enable", P [1] wo "Reset the event counters", C [2] wo "Reset the cycle counter", D [3] rw "Cycle counter counts every 64th cycle",
        X [4] stored "Export of events", DP [5] stored "Cycle counter stops where counting is prohibited", _ [10:6] res0,
        N [15:11] ro "Number of event counters", IDCODE [23:16] ro "Identification code", IMP [31:24] ro "Implementer",
    }
    /// Performance Monitors Count Enable Set register.
    PMCNTENSET @ (at(9, 0, 12, 1)), reset 0 { P [3:0] w1s "Event counters", _ [30:4] res0, C [31] w1s "Cycle counter", }
    /// Performance Monitors Count Enable Clear register.
    PMCNTENCLR @ (at(9, 0, 12, 2)), reset 0 { P [3:0] w1c "Event counters", _ [30:4] res0, C [31] w1c "Cycle counter", }
    /// Performance Monitors Overflow Flag Status Register.
    PMOVSR @ (at(9, 0, 12, 3)), reset 0 { P [3:0] w1c "Event counters", _ [30:4] res0, C [31] w1c "Cycle counter", }
    /// Performance Monitors Software Increment register.
    PMSWINC @ (at(9, 0, 12, 4)), command { P [3:0] arg "Event counters", _ [31:4] res0, }
    /// Performance Monitors Event Counter Selection Register.
    PMSELR @ (at(9, 0, 12, 5)), reset 0 { SEL [4:0] rw "Event counter; 31 is the cycle counter", _ [31:5] res0, }
    /// Performance Monitors Common Event Identification register 0.
    PMCEID0 @ (at(9, 0, 12, 6)), reset 0x0002_0F01 { EVENTS [31:0] ro "Events 0x00-0x1F: software increment, instructions, exceptions, exception returns, writes of CONTEXTIDR, cycles", }
    /// Performance Monitors Common Event Identification register 1.
    PMCEID1 @ (at(9, 0, 12, 7)), reset 0 { EVENTS [31:0] ro "Events 0x20-0x3F: none", }
    /// Performance Monitors Cycle Count Register.
    PMCCNTR @ (at(9, 0, 13, 0)), reset 0 { COUNT [31:0] rw "Cycles", }
    /// Performance Monitors Event Type Select Register of the counter that PMSELR selects.
    PMXEVTYPER @ (at(9, 0, 13, 1)), reset 0 { EVENT [7:0] rw "Event", _ [31:8] res0, }
    /// Performance Monitors Event Count Register of the counter that PMSELR selects.
    PMXEVCNTR @ (at(9, 0, 13, 2)), reset 0 { COUNT [31:0] rw "Events", }
    /// Performance Monitors User Enable Register.
    PMUSERENR @ (at(9, 0, 14, 0)), reset 0 { EN [0] rw "User mode may access the monitors", _ [31:1] res0, }
    /// Performance Monitors Interrupt Enable Set register.
    PMINTENSET @ (at(9, 0, 14, 1)), reset 0 { P [3:0] w1s "Event counters", _ [30:4] res0, C [31] w1s "Cycle counter", }
    /// Performance Monitors Interrupt Enable Clear register.
    PMINTENCLR @ (at(9, 0, 14, 2)), reset 0 { P [3:0] w1c "Event counters", _ [30:4] res0, C [31] w1c "Cycle counter", }
    /// Qualcomm: control of the counter that PMSELR selects.
    PMXEVCNTCR @ (at(9, 0, 15, 0)), reset 0 { VALUE [31:0] stored "Reset and filter of the counter", }
    /// Krait: region event selection 0.
    KRAIT_PMRESR0 @ (at(9, 1, 15, 0)), reset 0 { VALUE [31:0] stored "Event groups", }
    /// Krait: region event selection 1.
    KRAIT_PMRESR1 @ (at(9, 1, 15, 1)), reset 0 { VALUE [31:0] stored "Event groups", }
    /// Krait: region event selection 2.
    KRAIT_PMRESR2 @ (at(9, 1, 15, 2)), reset 0 { VALUE [31:0] stored "Event groups", }

    // ---- c10: memory remapping ----
    /// TLB Lockdown Register.
    TLBLOCKDOWN @ (at(10, 0, 0, 0)), reset 0 { VALUE [31:0] stored "No entries can be locked", }
    /// Primary Region Remap Register.
    PRRR @ (at(10, 0, 2, 0)), reset 0x0009_8AA4 {
        TR [15:0] rw "Memory type of each TEX[0], C, B: 0 Strongly-ordered, 1 Device, 2 Normal",
        DS0 [16] rw "Device memory with S = 0 is shareable", DS1 [17] rw "Device memory with S = 1 is shareable",
        NS0 [18] rw "Normal memory with S = 0 is shareable", NS1 [19] rw "Normal memory with S = 1 is shareable",
        _ [23:20] res0, NOS [31:24] stored "Not outer shareable",
    }
    /// Normal Memory Remap Register.
    NMRR @ (at(10, 0, 2, 1)), reset 0x44E0_48E0 { IR [15:0] rw "Inner cacheability", OR [31:16] rw "Outer cacheability", }

    // ---- c12: security extensions ----
    /// Vector Base Address Register.
    VBAR @ (at(12, 0, 0, 0)), reset 0 { _ [4:0] res0, BASE [31:5] rw "Vectors", }
    /// Monitor Vector Base Address Register.
    MVBAR @ (at(12, 0, 0, 1)), reset 0 { _ [4:0] res0, BASE [31:5] rw "Monitor vectors", }
    /// Interrupt Status Register.
    ISR @ (at(12, 0, 1, 0)), reset 0 { _ [5:0] res0, F [6] ro "FIQ pending", I [7] ro "IRQ pending", A [8] ro "Asynchronous abort pending", _ [31:9] res0, }

    // ---- c13: process, context and thread IDs ----
    /// FCSE Process ID Register: no FCSE.
    FCSEIDR @ (at(13, 0, 0, 0)), reset 0 { PID [31:0] ro "No FCSE", }
    /// Context ID Register.
    CONTEXTIDR @ (at(13, 0, 0, 1)), reset 0 { ASID [7:0] rw "Address space", PROCID [31:8] rw "Process", }
    /// User Read/Write Thread ID Register.
    TPIDRURW @ (at(13, 0, 0, 2)), reset 0 { ID [31:0] rw "Thread", }
    /// User Read-Only Thread ID Register.
    TPIDRURO @ (at(13, 0, 0, 3)), reset 0 { ID [31:0] rw "Thread", }
    /// PL1 only Thread ID Register.
    TPIDRPRW @ (at(13, 0, 0, 4)), reset 0 { ID [31:0] rw "Thread", }

    // ---- c15: implementation defined ----
    /// Scorpion: local performance event selection 0.
    SCORPION_LPM0 @ (at(15, 0, 0, 0)), reset 0 { VALUE [31:0] stored "Event groups", }
    /// Scorpion: local performance event selection 1.
    SCORPION_LPM1 @ (at(15, 1, 0, 0)), reset 0 { VALUE [31:0] stored "Event groups", }
    /// Scorpion: local performance event selection 2.
    SCORPION_LPM2 @ (at(15, 2, 0, 0)), reset 0 { VALUE [31:0] stored "Event groups", }
    /// Scorpion: level 2 performance event selection.
    SCORPION_L2LPM @ (at(15, 3, 2, 0)), reset 0 { VALUE [31:0] stored "Event groups", }
    /// Level 2 indirect access: number of the register.
    L2CPSELR @ (at(15, 3, 0, 6)), reset 0 { SELECT [15:0] rw "Register that L2CPDR accesses", _ [31:16] res0, }
    /// Level 2 indirect access: the register that L2CPSELR selects. What is written is kept; no cache is modelled.
    L2CPDR @ (at(15, 3, 0, 7)), reset 0 { VALUE [31:0] stored "Value", }
}
