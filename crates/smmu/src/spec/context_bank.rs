//! Registers of one context bank (4 KiB of the window, one page for each bank).
//!
//! Names and positions are those of the public register header; what each does, and where that is known
//! from, is in the reference page of the behaviour.

msmemu_regs::register_block! {
    /// Context bank: one translation regime.
    pub block ContextBank, size 0x1000;

    /// Context system control (same role as the CPU CP15 SCTLR).
    SCTLR @ 0x000, reset 0 {
        M [0] rw "Translation enable; 0 = context bypasses",
        TRE [1] rw "TEX remap enable",
        AFE [2] rw "AP[0] is the access flag",
        HAF [3] rw "Hardware sets the access flag",
        BE [4] rw "Big-endian table reads",
        AFFD [5] rw "Access flag fault disable",
        _ [31:6] res0,
    }
    /// Context auxiliary control: miss/fault policy, walk attributes, redirects.
    ACTLR @ 0x004, reset 0 {
        CFERE [0] rw "Context fault error response enable",
        CFEIE [1] rw "Context fault interrupt enable",
        PTSHCFG [3:2] rw "Shareability override of translated traffic" { AS_IS = 0, OUTER = 1, INNER = 2, NONE = 3 },
        RCOSH [4] rw "Redirect cacheable outer-shareable to L2 port",
        RCISH [5] rw "Redirect cacheable inner-shareable to L2 port",
        RCNSH [6] rw "Redirect cacheable non-shareable to L2 port",
        _ [7] res0,
        PRIVCFG [9:8] rw "Privilege override" { AS_IS = 0, UNPRIVILEGED = 2, PRIVILEGED = 3 },
        DNA [10] rw "Do not allocate misses in the TLB",
        DNLV2PA [11] rw "Do not load V2P results into the TLB",
        TLBMCFG [13:12] rw "TLB miss policy; 3 = walk" { WALK = 3 },
        CFCFG [14] rw "1 = stall on context fault, 0 = terminate" { TERMINATE = 0, STALL = 1 },
        TIPCF [15] rw "Terminate other accesses while a context fault is pending",
        V2PCFG [17:16] rw "V2P policy; 3 = walk on miss" { NO_LOOKUP = 0, TLB_ONLY = 1, WALK_ONLY = 2, TLB_THEN_WALK = 3 },
        HUME [18] rw "Hit-under-miss enable",
        _ [19] res0,
        PTMTCFG [20] rw "1 = use PTMEMTYPE",
        PTMEMTYPE [23:21] rw "Memory type override",
        _ [31:24] res0,
    }
    /// ASID used to tag and match TLB entries of this context, plus a free process ID.
    CONTEXTIDR @ 0x008, reset 0 {
        ASID [7:0] rw "ASID of the context",
        PROCID [31:8] stored "Process ID, not used for matching",
    }
    /// Translation table base 0 and walk cacheability.
    TTBR0 @ 0x010, reset 0 {
        IRGNH [0] rw "High bit (bit 1) of the inner region code",
        SH [1] rw "Table memory is shareable",
        _ [2] res0,
        ORGN [4:3] rw "Outer region code" { NON_CACHED = 0, WB_WA = 1, WT = 2, WB_NWA = 3 },
        NOS [5] rw "Table memory is not outer shareable",
        IRGNL [6] rw "Low bit (bit 0) of the inner region code",
        PAL [13:7] rw "Table base address bits 13:(14 - N), used only when TTBCR.N is not 0",
        PA [31:14] rw "Table base address bits 31:14",
    }
    /// Translation table base 1 and walk cacheability.
    TTBR1 @ 0x014, reset 0 {
        IRGNH [0] rw "High bit (bit 1) of the inner region code",
        SH [1] rw "Table memory is shareable",
        _ [2] res0,
        ORGN [4:3] rw "Outer region code" { NON_CACHED = 0, WB_WA = 1, WT = 2, WB_NWA = 3 },
        NOS [5] rw "Table memory is not outer shareable",
        IRGNL [6] rw "Low bit (bit 0) of the inner region code",
        _ [13:7] res0,
        PA [31:14] rw "Table base address bits 31:14",
    }
    /// Split between TTBR0 and TTBR1 and per-base walk disable.
    TTBCR @ 0x018, reset 0 {
        N [2:0] rw "TTBR0/TTBR1 split: TTBR0 covers VA with the top N bits zero",
        _ [3] res0,
        PD0 [4] rw "No walks through TTBR0",
        PD1 [5] rw "No walks through TTBR1",
        _ [31:6] res0,
    }
    /// Result of the last V2P operation (two layouts chosen by bit 0).
    PAR @ 0x01c, reset 0 {
        VALUE [31:0] rw "The word",
    } view FAULTED "when FAULT = 1" {
        FAULT [0] "1 = the translation failed",
        FAULT_TF [1] "failed: translation fault",
        FAULT_AFF [2] "failed: access flag fault",
        FAULT_APF [3] "failed: permission fault",
        FAULT_TLBMF [4] "failed: TLB miss fault",
        FAULT_HTWDEEF [5] "failed: walk decode error",
        FAULT_HTWSEEF [6] "failed: walk slave error",
        FAULT_MHF [7] "failed: multiple hits",
        FAULT_SL [16] "failed: at second level",
        FAULT_SS [30] "failed: stalled status (never set by V2P)",
    } view TRANSLATED "when FAULT = 0" {
        NOFAULT_SS [1] "ok: the mapping is a supersection",
        NOFAULT_MT [6:4] "ok: memory type, as the inner attribute of the ARMv7 PAR",
        NOFAULT_SH [7] "ok: shareable",
        NOFAULT_NS [9] "ok: non-secure",
        NOFAULT_NOS [10] "ok: not outer shareable",
        NOFAULT_PA [31:12] "ok: physical page number (top 8 bits only for a supersection)",
    }
    /// Context fault status; software writes 1s to clear.
    FSR @ 0x020, reset 0 {
        _ [0] res0,
        TF [1] w1c "Translation fault",
        AFF [2] w1c "Access flag fault",
        APF [3] w1c "Access permission fault",
        TLBMF [4] w1c "TLB miss fault (miss while walking is off)",
        HTWDEEF [5] w1c "Walk got a decode error",
        HTWSEEF [6] w1c "Walk got a slave error",
        MHF [7] w1c "Several TLB entries matched",
        _ [15:8] res0,
        SL [16] w1c "Fault was found at the second level",
        _ [29:17] res0,
        SS [30] w1c "Transaction is stalled",
        MULTI [31] w1c "Another fault arrived before the first was cleared",
    }
    /// Write puts a value straight into FSR; a cause bit in it raises the interrupt.
    FSRRESTORE @ 0x024, alias FSR;
    /// Virtual address of the recorded context fault.
    FAR @ 0x028, reset 0 {
        VALUE [31:0] rw "The word",
    }
    /// Fault syndrome 0: bus IDs of the faulting transaction.
    FSYNR0 @ 0x02c, reset 0 {
        AMID [7:0] rw "Bus master ID",
        APID [12:8] rw "Bus port ID",
        ABID [15:13] rw "Bus beat/bank ID",
        _ [23:16] res0,
        ATID [31:24] rw "Transaction ID",
    }
    /// Fault syndrome 1: bus attributes of the faulting transaction.
    FSYNR1 @ 0x030, reset 0 {
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
        _ [23:22] res0,
        AFULL [24] rw "Full line",
        _ [31:25] res0,
    }
    /// Primary region remap (ARMv7 layout).
    PRRR @ 0x034, reset 0 {
        MTC0 [1:0] rw "Memory type of the class" { STRONGLY_ORDERED = 0, DEVICE = 1, NORMAL = 2 },
        MTC1 [3:2] rw "Memory type of the class" { STRONGLY_ORDERED = 0, DEVICE = 1, NORMAL = 2 },
        MTC2 [5:4] rw "Memory type of the class" { STRONGLY_ORDERED = 0, DEVICE = 1, NORMAL = 2 },
        MTC3 [7:6] rw "Memory type of the class" { STRONGLY_ORDERED = 0, DEVICE = 1, NORMAL = 2 },
        MTC4 [9:8] rw "Memory type of the class" { STRONGLY_ORDERED = 0, DEVICE = 1, NORMAL = 2 },
        MTC5 [11:10] rw "Memory type of the class" { STRONGLY_ORDERED = 0, DEVICE = 1, NORMAL = 2 },
        MTC6 [13:12] rw "Memory type of the class" { STRONGLY_ORDERED = 0, DEVICE = 1, NORMAL = 2 },
        MTC7 [15:14] rw "Memory type of the class" { STRONGLY_ORDERED = 0, DEVICE = 1, NORMAL = 2 },
        SHDSH0 [16] rw "Shareable result for device memory with S=0",
        SHDSH1 [17] rw "Shareable result for device memory with S=1",
        SHNMSH0 [18] rw "Shareable result for normal memory with S=0",
        SHNMSH1 [19] rw "Shareable result for normal memory with S=1",
        _ [23:20] res0,
        NOS0 [24] rw "Class 0 is not outer shareable",
        NOS1 [25] rw "Class 1 is not outer shareable",
        NOS2 [26] rw "Class 2 is not outer shareable",
        NOS3 [27] rw "Class 3 is not outer shareable",
        NOS4 [28] rw "Class 4 is not outer shareable",
        NOS5 [29] rw "Class 5 is not outer shareable",
        NOS6 [30] rw "Class 6 is not outer shareable",
        NOS7 [31] rw "Class 7 is not outer shareable",
    }
    /// Normal memory remap (ARMv7 layout).
    NMRR @ 0x038, reset 0 {
        ICPC0 [1:0] rw "Inner cache policy of class 0" { NON_CACHED = 0, WB_WA = 1, WT = 2, WB_NWA = 3 },
        ICPC1 [3:2] rw "Inner cache policy of class 1" { NON_CACHED = 0, WB_WA = 1, WT = 2, WB_NWA = 3 },
        ICPC2 [5:4] rw "Inner cache policy of class 2" { NON_CACHED = 0, WB_WA = 1, WT = 2, WB_NWA = 3 },
        ICPC3 [7:6] rw "Inner cache policy of class 3" { NON_CACHED = 0, WB_WA = 1, WT = 2, WB_NWA = 3 },
        ICPC4 [9:8] rw "Inner cache policy of class 4" { NON_CACHED = 0, WB_WA = 1, WT = 2, WB_NWA = 3 },
        ICPC5 [11:10] rw "Inner cache policy of class 5" { NON_CACHED = 0, WB_WA = 1, WT = 2, WB_NWA = 3 },
        ICPC6 [13:12] rw "Inner cache policy of class 6" { NON_CACHED = 0, WB_WA = 1, WT = 2, WB_NWA = 3 },
        ICPC7 [15:14] rw "Inner cache policy of class 7" { NON_CACHED = 0, WB_WA = 1, WT = 2, WB_NWA = 3 },
        OCPC0 [17:16] rw "Outer cache policy of class 0" { NON_CACHED = 0, WB_WA = 1, WT = 2, WB_NWA = 3 },
        OCPC1 [19:18] rw "Outer cache policy of class 1" { NON_CACHED = 0, WB_WA = 1, WT = 2, WB_NWA = 3 },
        OCPC2 [21:20] rw "Outer cache policy of class 2" { NON_CACHED = 0, WB_WA = 1, WT = 2, WB_NWA = 3 },
        OCPC3 [23:22] rw "Outer cache policy of class 3" { NON_CACHED = 0, WB_WA = 1, WT = 2, WB_NWA = 3 },
        OCPC4 [25:24] rw "Outer cache policy of class 4" { NON_CACHED = 0, WB_WA = 1, WT = 2, WB_NWA = 3 },
        OCPC5 [27:26] rw "Outer cache policy of class 5" { NON_CACHED = 0, WB_WA = 1, WT = 2, WB_NWA = 3 },
        OCPC6 [29:28] rw "Outer cache policy of class 6" { NON_CACHED = 0, WB_WA = 1, WT = 2, WB_NWA = 3 },
        OCPC7 [31:30] rw "Outer cache policy of class 7" { NON_CACHED = 0, WB_WA = 1, WT = 2, WB_NWA = 3 },
    }
    /// TLB lock-down control; writable only while CR.TLBLKCRWE is 1.
    TLBLKCR @ 0x03c, reset 0 {
        LKE [0] rw "Lock enable: V2P results go to the locked region at VICTIM/INDEX",
        TLBIALLCFG [1] rw "1 = this context TLBIALL keeps locked entries",
        TLBIASIDCFG [2] rw "1 = TLBIASID keeps locked entries",
        TLBIVAACFG [3] rw "1 = TLBIVAA keeps locked entries (TLBIVA has no such bit)",
        _ [7:4] res0,
        FLOOR [15:8] rw "Number of locked entries = first entry replacement may use",
        VICTIM [23:16] rw "Next entry to be replaced",
        _ [31:24] res0,
    }
    /// Status of the last V2P operation: hit flag and TLB index.
    V2PSR @ 0x040, reset 0 {
        HIT [0] ro "V2P hit an entry already in the TLB",
        _ [7:1] res0,
        INDEX [15:8] ro "Index of the entry hit or loaded",
        _ [31:16] res0,
    }
    /// First-level descriptor latch used for TLB loading/debug.
    TLBFLPTER @ 0x044, reset 0 {
        VALUE [31:0] rw "The word",
    } view PAGE_TABLE_POINTER "page table pointer" {
        TYPE [1:0] "Descriptor type",
        NS [3] "Non-secure",
    } view SECTION_OR_SUPERSECTION "section or supersection" {
        TYPE [1:0] "Descriptor type",
        B [2] "Bufferable",
        C [3] "Cacheable",
        XN [4] "Execute never",
        APL [11:10] "AP[1:0]",
        TEX [14:12] "TEX",
        APH [15] "AP[2]",
        SH [16] "Shareable",
        NG [17] "Not global",
        SS [18] "Supersection",
        NS [19] "Non-secure",
        EXTRA [23:20] "PA[23:20] of a section",
        PA [31:24] "Output address",
    }
    /// Second-level descriptor latch used for TLB loading/debug.
    TLBSLPTER @ 0x048, reset 0 {
        VALUE [31:0] rw "The word",
    } view LARGE_PAGE "large page (64 KiB)" {
        TYPE [1:0] "Descriptor type",
        B [2] "Bufferable",
        C [3] "Cacheable",
        APL [5:4] "AP[1:0]",
        APH [9] "AP[2]",
        SH [10] "Shareable",
        NG [11] "Not global",
        TEX [14:12] "TEX",
        XN [15] "Execute never",
        PA [31:16] "Output address",
    } view SMALL_PAGE "small page (4 KiB)" {
        XN [0] "Execute never",
        TYPE [1] "Descriptor type",
        B [2] "Bufferable",
        C [3] "Cacheable",
        APL [5:4] "AP[1:0]",
        TEX [8:6] "TEX",
        APH [9] "AP[2]",
        SH [10] "Shareable",
        NG [11] "Not global",
        PA [31:12] "Output address",
    }
    /// Block fetch buffer (descriptor prefetch) control.
    BFBCR @ 0x04c, reset 0 {
        BFBDFE [0] rw "Block fetch (prefetch) enable",
        BFBSFE [1] stored "Second fetch enable variant",
        SFVS [2] stored "Selection bit",
        _ [3] res0,
        FLVIC [7:4] stored "First-level victim pointer",
        SLVIC [11:8] stored "Second-level victim pointer",
        STRIDE [31:12] stored "Distance between fetched blocks",
    }
    /// Any write invalidates the TLB entries belonging to the VMID of this context bank.
    CTX_TLBIALL @ 0x800, command {
        VALUE [31:0] arg "Any value",
    }
    /// Write invalidates the entries of the written ASID (and this bank VMID).
    TLBIASID @ 0x804, command {
        ASID [7:0] arg "ASID to drop",
        _ [31:8] res0,
    }
    /// Write invalidates the entry that covers the written VA for the written ASID (and global entries).
    TLBIVA @ 0x808, command {
        ASID [7:0] arg "ASID to match",
        _ [11:8] res0,
        VA [31:12] arg "Virtual page number",
    }
    /// Write invalidates entries covering the written VA for every ASID.
    TLBIVAA @ 0x80c, command {
        _ [11:0] res0,
        VA [31:12] arg "Virtual page number",
    }
    /// Translate the written VA as a privileged read; result in PAR and V2PSR.
    V2PPR @ 0x810, command {
        INDEX [7:0] arg "TLB index to load when lock-down is in use",
        _ [11:8] res0,
        VA [31:12] arg "Virtual page number",
    }
    /// Translate the written VA as a privileged write; result in PAR and V2PSR.
    V2PPW @ 0x814, command {
        INDEX [7:0] arg "TLB index to load when lock-down is in use",
        _ [11:8] res0,
        VA [31:12] arg "Virtual page number",
    }
    /// Translate the written VA as an unprivileged read; result in PAR and V2PSR (used for TLB lock-down).
    V2PUR @ 0x818, command {
        INDEX [7:0] arg "TLB index to load when lock-down is in use",
        _ [11:8] res0,
        VA [31:12] arg "Virtual page number",
    }
    /// Translate the written VA as an unprivileged write; result in PAR and V2PSR.
    V2PUW @ 0x81c, command {
        INDEX [7:0] arg "TLB index to load when lock-down is in use",
        _ [11:8] res0,
        VA [31:12] arg "Virtual page number",
    }
    /// Retry or terminate the stalled transaction of this context.
    RESUME @ 0x820, command {
        TNR [0] arg "1 = terminate, 0 = retry" { RETRY = 0, TERMINATE = 1 },
        _ [31:1] res0,
    }
}
