//! Registers that a System MMU has once: the last 4 KiB of its window.
//!
//! Names and positions are those of the public register header; what each does, and where that is known
//! from, is in the reference page of the behaviour.

msmemu_regs::register_block! {
    /// Global page: routing, control, errors, TLB read-out.
    pub block GlobalPage, size 0x1000;

    /// Per machine ID (MID): which VMID and context bank its transactions use, bypass attributes and the non-secure override.
    M2VCBR_N @ 0x000, array 512 x 4, reset 0 {
        VMID [4:0] rw "VMID attached to the MID",
        _ [7:5] res0,
        CBNDX [15:8] rw "Context bank index used for the MID",
        BYPASSD [16] rw "Bypass disable (1 = a transaction that would bypass is an error)",
        BPRCOSH [17] rw "Bypass: redirect cacheable outer-shareable traffic",
        BPRCISH [18] rw "Bypass: redirect cacheable inner-shareable traffic",
        BPRCNSH [19] rw "Bypass: redirect cacheable non-shareable traffic",
        BPSHCFG [21:20] rw "Bypass: shareability override" { AS_IS = 0, OUTER = 1, INNER = 2, NONE = 3 },
        NSCFG [23:22] rw "Security attribute override" { AS_IS = 0, SECURE = 2, NON_SECURE = 3 },
        BPMTCFG [24] rw "Bypass: 1 = use BPMEMTYPE instead of the incoming memory type",
        BPMEMTYPE [27:25] rw "Bypass: memory type",
        _ [31:28] res0,
    }
    /// Per context bank: VMID that owns it, VMID allowed to access it, and which interrupt output it uses.
    CBACR_N @ 0x800, array 256 x 4, reset 0 {
        RWVMID [4:0] stored "VMID allowed to access this bank registers",
        _ [7:5] res0,
        RWE [8] stored "Enable accesses by RWVMID",
        RWGE [9] stored "Enable accesses by any VMID (global)",
        _ [15:10] res0,
        CBVMID [20:16] rw "VMID of this context bank, used for TLB tag matching",
        _ [23:21] res0,
        IRPTNDX [31:24] rw "Interrupt output index for context faults",
    }
    /// Selects which stored TLB or block-fetch-buffer entry shows up in TLBTR0..2.
    TLBRSW @ 0xe00, reset 0 {
        INDEX [7:0] rw "Entry index",
        TLBBFBS [9:8] rw "0 = TLB, other = block fetch buffer" { TLB = 0, BFB_FIRST = 1, BFB_SECOND = 2 },
        _ [31:10] res0,
    }
    /// TLB read-out word 0: permissions, attributes, size of the selected entry.
    TLBTR0 @ 0xe80, reset 0 {
        PR [0] ro "Privileged read allowed",
        PW [1] ro "Privileged write allowed",
        UR [2] ro "Unprivileged read allowed",
        UW [3] ro "Unprivileged write allowed",
        XN [4] ro "Execute never",
        _ [5] res0,
        NSDESC [6] ro "NS bit of the descriptor",
        ISH [7] ro "Inner shareable",
        SH [8] ro "Shareable",
        MT [11:9] ro "Memory type",
        _ [15:12] res0,
        DPSIZR [18:16] ro "Descriptor page size as read from the table" { SMALL = 0, LARGE = 1, SECTION = 2, SUPERSECTION = 3 },
        _ [19] res0,
        DPSIZC [22:20] ro "Descriptor page size as cached" { SMALL = 0, LARGE = 1, SECTION = 2, SUPERSECTION = 3 },
        _ [31:23] res0,
    }
    /// TLB read-out word 1: VMID tag and physical page number of the selected entry.
    TLBTR1 @ 0xe84, reset 0 {
        VMID [4:0] ro "VMID tag",
        _ [11:5] res0,
        PA [31:12] ro "Physical page number",
    }
    /// TLB read-out word 2: ASID tag, valid, non-secure tag, not-global flag and virtual page number.
    TLBTR2 @ 0xe88, reset 0 {
        ASID [7:0] ro "ASID tag",
        V [8] ro "Valid",
        NSTID [9] ro "Non-secure tag",
        NV [10] ro "Not-global",
        _ [11] res0,
        VA [31:12] ro "Virtual page number",
    }
    /// Selects internal signals for the chip test bus and the performance (SPDM) outputs.
    TESTBUSCR @ 0xe8c, reset 0 {
        TBE [0] stored "Test bus enable",
        SPDMBE [1] stored "SPDM bus enable",
        _ [7:2] res0,
        WGSEL [9:8] stored "Test bus signal group",
        _ [11:10] res0,
        TBLSEL [13:12] stored "Test bus low half",
        TBHSEL [15:14] stored "Test bus high half",
        SPDM0SEL [19:16] stored "SPDM output 0",
        SPDM1SEL [23:20] stored "SPDM output 1",
        SPDM2SEL [27:24] stored "SPDM output 2",
        SPDM3SEL [31:28] stored "SPDM output 3",
    }
    /// Any write invalidates the whole TLB of this SMMU (all VMIDs, all ASIDs).
    GLOBAL_TLBIALL @ 0xf00, command {
        VALUE [31:0] arg "Any value",
    }
    /// Write invalidates every TLB entry tagged with the written VMID.
    TLBIVMID @ 0xf04, command {
        VMID [4:0] arg "VMID to drop",
        _ [31:5] res0,
    }
    /// Global control.
    CR @ 0xf80, reset 0 {
        RPUE [0] stored "Register protection unit enable",
        RPUERE [1] rw "RPU error response enable",
        RPUEIE [2] rw "RPU error interrupt enable",
        DCDEE [3] stored "Decode error enable",
        CLIENTPD [4] rw "Client port disable (1 = translation off, all traffic bypasses)",
        STALLD [5] rw "Stall disable for all contexts",
        TLBLKCRWE [6] rw "1 = TLBLKCR of the contexts may be written",
        TLBIALLCFG [7] rw "1 = global TLBIALL keeps locked entries",
        TLBIVMIDCFG [8] rw "1 = TLBIVMID keeps locked entries",
        HUME [9] rw "Hit-under-miss enable (global)",
        _ [31:10] res0,
    }
    /// Address of the first recorded global (configuration/bypass/RPU) error.
    EAR @ 0xf84, reset 0 {
        VALUE [31:0] rw "The word",
    }
    /// Global error status.
    ESR @ 0xf88, reset 0 {
        CFG [0] w1c "Configuration error",
        BYPASS [1] w1c "Bypass error",
        _ [30:2] res0,
        MULTI [31] w1c "More than one error since last clear",
    }
    /// Write puts a value straight into ESR.
    ESRRESTORE @ 0xf8c, alias ESR;
    /// Global error syndrome 0: bus IDs of the failing transaction.
    ESYNR0 @ 0xf90, reset 0 {
        AMID [7:0] rw "Bus master ID",
        APID [12:8] rw "Bus port ID",
        ABID [15:13] rw "Bus beat/bank ID",
        AVMID [20:16] rw "VMID",
        _ [23:21] res0,
        ATID [31:24] rw "Transaction ID",
    }
    /// Global error syndrome 1: bus attributes of the failing transaction.
    ESYNR1 @ 0xf94, reset 0 {
        AMEMTYPE [2:0] rw "Memory type",
        ASHARED [3] rw "Shareable",
        AINNERSHARED [4] rw "Inner shareable",
        APRIV [5] rw "Privileged",
        APROTNS [6] rw "Non-secure",
        AINST [7] rw "Instruction",
        AWRITE [8] rw "1 = write",
        _ [9] res0,
        ABURST [10] rw "Burst kind",
        _ [11] res0,
        ALEN [15:12] rw "Burst length",
        ASIZE [18:16] rw "Beat size",
        _ [19] res0,
        ALOCK [21:20] rw "Lock kind",
        AOOO [22] rw "Out of order",
        _ [23] res0,
        AFULL [24] rw "Full line",
        _ [29:25] res0,
        AC [30] rw "Access-control (RPU) error",
        DCD [31] rw "Decode error",
    }
    /// Hardware revision.
    REV @ 0xff4, reset 0 {
        MINOR [3:0] ro "Minor revision",
        MAJOR [7:4] ro "Major revision",
        _ [31:8] res0,
    }
    /// Hardware identification: sizes of the configuration.
    IDR @ 0xff8, reset 0 {
        NM2VCBMT [8:0] ro "Number of M2VCBR entries minus 1",
        HTW [9] ro "Hardware table walker present",
        HUM [10] ro "Hit-under-miss present",
        _ [11] res0,
        TLBSIZE [15:12] ro "TLB size code",
        NCB [23:16] ro "Number of context banks minus 1",
        NIRPT [31:24] ro "Number of interrupt outputs minus 1",
    }
    /// Access control register of the register-protection unit.
    RPU_ACR @ 0xffc, reset 0 {
        VALUE [31:0] stored "The word",
    }
}
