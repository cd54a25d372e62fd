//! Registers of the distributor and of a CPU interface (ARM IHI 0048B, chapters 4.3 and 4.4).
#![allow(non_upper_case_globals)] // fields are spelt as in the manual

msmemu_regs::register_block! {
    /// GIC distributor.
    pub block Gicd, size 0x1000;

    /// Distributor control.
    GICD_CTLR @ 0x000, reset 0 {
        Enable      [0]     rw   "Pending interrupts are forwarded to the CPU interfaces",
        _           [31:1]  res0,
    }
    /// Interrupt controller type.
    GICD_TYPER @ 0x004, reset 0 {
        ITLinesNumber [4:0] ro   "32 * (N + 1) interrupts",
        CPUNumber   [7:5]   ro   "Number of CPU interfaces less one",
        _           [9:8]   res0,
        SecurityExtn [10]   ro   "0: no Security Extensions",
        LSPI        [15:11] ro   "0: no lockable SPIs",
        _           [31:16] res0,
    }
    /// Distributor implementer identification.
    GICD_IIDR @ 0x008, reset 0 {
        Implementer [11:0]  ro   "JEP106 code of the designer",
        Revision    [15:12] ro   "Minor revision",
        Variant     [19:16] ro   "Major revision",
        _           [23:20] res0,
        ProductID   [31:24] ro   "Product",
    }
    /// Interrupt groups. Without Security Extensions: reads 0, writes ignored.
    GICD_IGROUPR @ 0x080, array 32 x 4, reset 0 {
        Group_status [31:0] ro   "Always 0: there is one group"
    }
    /// Interrupt set-enable: a one enables.
    GICD_ISENABLER @ 0x100, array 32 x 4, reset 0 {
        SetEnable   [31:0]  w1s  "Enabled interrupts",
    }
    /// Interrupt clear-enable: a one disables.
    GICD_ICENABLER @ 0x180, array 32 x 4, reset 0 {
        ClearEnable [31:0]  w1c  "Enabled interrupts",
    }
    /// Interrupt set-pending.
    GICD_ISPENDR @ 0x200, array 32 x 4, reset 0 {
        SetPending  [31:0]  w1s  "Pending interrupts; writes do not act on SGIs",
    }
    /// Interrupt clear-pending.
    GICD_ICPENDR @ 0x280, array 32 x 4, reset 0 {
        ClearPending [31:0] w1c  "Pending interrupts; writes do not act on SGIs, a level input stays pending",
    }
    /// Interrupt active bits. A write of one activates on version 2; read only on version 1.
    GICD_ISACTIVER @ 0x300, array 32 x 4, reset 0 {
        SetActive   [31:0]  w1s  "Active interrupts",
    }
    /// Interrupt clear-active. Version 2 only; reserved on version 1.
    GICD_ICACTIVER @ 0x380, array 32 x 4, reset 0 {
        ClearActive [31:0]  w1c  "Active interrupts",
    }
    /// Interrupt priorities, four to a word; byte accesses are allowed.
    GICD_IPRIORITYR @ 0x400, array 255 x 4, reset 0 {
        Priority0   [7:0]   rw   "Priority of interrupt 4n, 0 the highest",
        Priority1   [15:8]  rw   "Priority of interrupt 4n + 1",
        Priority2   [23:16] rw   "Priority of interrupt 4n + 2",
        Priority3   [31:24] rw   "Priority of interrupt 4n + 3",
    }
    /// Interrupt targets, four to a word; byte accesses are allowed. Read only below interrupt 32.
    GICD_ITARGETSR @ 0x800, array 255 x 4, reset 0 {
        Targets0    [7:0]   rw   "CPU interfaces of interrupt 4n",
        Targets1    [15:8]  rw   "CPU interfaces of interrupt 4n + 1",
        Targets2    [23:16] rw   "CPU interfaces of interrupt 4n + 2",
        Targets3    [31:24] rw   "CPU interfaces of interrupt 4n + 3",
    }
    /// Interrupt configuration, two bits each: the odd one says edge-triggered.
    GICD_ICFGR @ 0xC00, array 64 x 4, reset 0 {
        Int_config  [31:0]  rw   "Bit 2m + 1: interrupt 16n + m is edge-triggered; SGIs read 0b10",
    }
    /// Software generated interrupt.
    GICD_SGIR @ 0xF00, command {
        SGIINTID    [3:0]   arg  "SGI to send",
        _           [14:4]  res0,
        NSATT       [15]    arg  "Ignored without Security Extensions",
        CPUTargetList [23:16] arg "Targets when the filter is 0",
        TargetListFilter [25:24] arg "To whom" { LIST = 0, OTHERS = 1, SELF = 2 },
        _           [31:26] res0,
    }
    /// SGI clear-pending, four SGIs to a word, a bit per source. Version 2 only.
    GICD_CPENDSGIR @ 0xF10, array 4 x 4, reset 0 {
        ClearPending [31:0] w1c  "Pending SGIs by source",
    }
    /// SGI set-pending. Version 2 only.
    GICD_SPENDSGIR @ 0xF20, array 4 x 4, reset 0 {
        SetPending  [31:0]  w1s  "Pending SGIs by source",
    }
    /// Peripheral ID 2.
    ICPIDR2 @ 0xFE8, reset 0 {
        _           [3:0]   res0,
        ArchRev     [7:4]   ro   "Architecture version, 1 or 2",
        _           [31:8]  res0,
    }
}

msmemu_regs::register_block! {
    /// GIC CPU interface.
    pub block Gicc, size 0x2000;

    /// CPU interface control.
    GICC_CTLR @ 0x000, reset 0 {
        Enable      [0]     rw   "Interrupts are signalled to the core",
        _           [8:1]   res0,
        EOImode     [9]     rw   "GICC_EOIR only drops the priority, GICC_DIR deactivates (version 2)",
        _           [31:10] res0,
    }
    /// Priority mask: only higher priorities (lower values) are signalled.
    GICC_PMR @ 0x004, reset 0 {
        Priority    [7:0]   rw   "Mask level",
        _           [31:8]  res0,
    }
    /// Binary point: where a priority splits into group priority and subpriority.
    GICC_BPR @ 0x008, reset 2 {
        Binary_point [2:0]  rw   "Group priority is bits 7:(N+1)",
        _           [31:3]  res0,
    }
    /// Interrupt acknowledge. A read activates the interrupt it returns.
    GICC_IAR @ 0x00C, reset 0 {
        Interrupt_ID [9:0]  ro   "1023 when there is none",
        CPUID       [12:10] ro   "Source of an SGI",
        _           [31:13] res0,
    }
    /// End of interrupt: what GICC_IAR gave.
    GICC_EOIR @ 0x010, command {
        EOIINTID    [9:0]   arg  "Interrupt",
        CPUID       [12:10] arg  "Source of an SGI",
        _           [31:13] res0,
    }
    /// Running priority.
    GICC_RPR @ 0x014, reset 0 {
        Priority    [7:0]   ro   "Group priority of what is running, 0xFF idle",
        _           [31:8]  res0,
    }
    /// Highest priority pending interrupt.
    GICC_HPPIR @ 0x018, reset 0 {
        PENDINTID   [9:0]   ro   "1023 when there is none",
        CPUID       [12:10] ro   "Source of an SGI",
        _           [31:13] res0,
    }
    /// Active priorities (version 2): bit n is set while group priority 8n runs.
    GICC_APR0 @ 0x0D0, reset 0 {
        Active      [31:0]  rw   "Active group priorities",
    }
    /// CPU interface identification.
    GICC_IIDR @ 0x0FC, reset 0 {
        Implementer [11:0]  ro   "JEP106 code of the designer",
        Revision    [15:12] ro   "Revision",
        Architecture [19:16] ro  "GIC architecture version",
        ProductID   [31:20] ro   "Product",
    }
    /// Deactivate interrupt (version 2).
    GICC_DIR @ 0x1000, command {
        INTID       [9:0]   arg  "Interrupt",
        CPUID       [12:10] arg  "Source of an SGI",
        _           [31:13] res0,
    }
}
