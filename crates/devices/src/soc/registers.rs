//! Registers of the blocks that firmware touches and that have little or no behaviour of their own.

msmemu_regs::register_block! {
    /// Top-level mode multiplexer: pins and PS_HOLD (MSM8x60 numbering of pins).
    pub block TlmmRegs, size 0x4000;

    /// Power supply hold. Clearing it asks the power management chip to switch off.
    PS_HOLD @ 0x820, reset 1 {
        HOLD      [0]    rw "Level of the pin",
        _         [31:1] res0,
    }
    /// Configuration of a pin.
    GPIO_CFG @ 0x1000, array 173 x 0x10, reset 0 {
        PULL      [1:0]  stored "Pull" { NONE = 0, DOWN = 1, KEEPER = 2, UP = 3 },
        FUNC_SEL  [5:2]  stored "Function, 0 is GPIO",
        DRV_STRENGTH [8:6] stored "Drive strength, (N + 1) * 2 mA",
        OE        [9]    rw "Output enable",
        _         [31:10] res0,
    }
    /// Level of a pin. A pin that is not driven by itself reads 0.
    GPIO_IN_OUT @ 0x1004, array 173 x 0x10, reset 0 {
        IN        [0]    ro "Level of the pin",
        OUT       [1]    rw "Level to drive",
        _         [31:2] res0,
    }
    /// Interrupt configuration of a pin.
    GPIO_INTR_CFG @ 0x1008, array 173 x 0x10, reset 0 {
        CONFIG    [31:0] stored "No pin changes by itself, so no interrupt comes",
    }
    /// Interrupt status of a pin.
    GPIO_INTR_STATUS @ 0x100C, array 173 x 0x10, reset 0 {
        STATUS    [0]    w1c "Never set",
        _         [31:1] res0,
    }
}

msmemu_regs::register_block! {
    /// Multimedia clock controller: what the SMMUs need of it.
    pub block MmccRegs, size 0x1000;

    /// Interface clocks of the multimedia blocks.
    AHB_EN @ 0x0008, reset 0 {
        OTHERS_LOW [14:0] stored "Clocks of other blocks",
        SMMU_AHB  [15]   rw "Interface clock of all SMMUs",
        OTHERS_HIGH [31:16] stored "Clocks of other blocks",
    }
    /// Halt status of interface clocks.
    DBG_BUS_VEC_F @ 0x01DC, reset 0 {
        _         [21:0] res0,
        SMMU_AHB_HALT [22] ro "The interface clock of the SMMUs is off",
        _         [31:23] res0,
    }
    /// Resets of SMMUs; a one holds the instance in reset.
    SW_RESET_AHB @ 0x020C, reset 0 {
        OTHERS    [19:0] stored "Resets of other blocks",
        GFX2D1    [20]   rw "Reset of the gfx2d1 SMMU",
        GFX2D0    [21]   rw "Reset of the gfx2d0 SMMU",
        IJPEG     [22]   rw "Reset of the ijpeg SMMU",
        JPEGD     [23]   rw "Reset of the jpegd SMMU",
        MDP0      [24]   rw "Reset of the mdp0 SMMU",
        MDP1      [25]   rw "Reset of the mdp1 SMMU",
        VCODEC_A  [26]   rw "Reset of the vcodec_a SMMU",
        VCODEC_B  [27]   rw "Reset of the vcodec_b SMMU",
        ROT       [28]   rw "Reset of the rot SMMU",
        VFE       [29]   rw "Reset of the vfe SMMU",
        VPE       [30]   rw "Reset of the vpe SMMU",
        GFX3D     [31]   rw "Reset of the gfx3d SMMU",
    }
}

msmemu_regs::register_block! {
    /// Global clock controller of the MSM8x60: clocks of the GSBIs.
    pub block GccRegs, size 0x4000;

    /// Interface clock of a GSBI.
    GSBI_HCLK_CTL @ 0x29C0, array 12 x 0x20, reset 0 {
        OTHERS_LOW [3:0] stored "Not used by drivers",
        CLK_BRANCH_ENA [4] rw "On",
        OTHERS_HIGH [31:5] stored "Hardware clock gating",
    }
    /// M and D values of a GSBI's QUP clock.
    GSBI_QUP_APPS_MD @ 0x29C8, array 12 x 0x20, reset 0 {
        MD        [31:0] stored "Counter values",
    }
    /// Source and enables of a GSBI's QUP clock.
    GSBI_QUP_APPS_NS @ 0x29CC, array 12 x 0x20, reset 0 {
        SOURCE    [8:0]  stored "Source, divider, counter mode",
        CLK_BRANCH_ENA [9] rw "On",
        OTHERS    [31:10] stored "Root enable, N value",
    }
    /// M and D values of a GSBI's UART clock.
    GSBI_UART_APPS_MD @ 0x29D0, array 12 x 0x20, reset 0 {
        MD        [31:0] stored "Counter values",
    }
    /// Source and enables of a GSBI's UART clock.
    GSBI_UART_APPS_NS @ 0x29D4, array 12 x 0x20, reset 0 {
        SOURCE    [8:0]  stored "Source, divider, counter mode",
        CLK_BRANCH_ENA [9] rw "On",
        OTHERS    [31:10] stored "Root enable, N value",
    }
    /// Halt status of the clocks of GSBI 1 to 3; a one means off.
    CLK_HALT_CFPB_STATEA @ 0x2FCC, reset 0 {
        HALT      [31:0] ro "A bit for each clock",
    }
    /// Halt status of the clocks of GSBI 4 to 10; a one means off.
    CLK_HALT_CFPB_STATEB @ 0x2FD0, reset 0 {
        HALT      [31:0] ro "A bit for each clock",
    }
    /// Halt status of the clocks of GSBI 11 and 12; a one means off.
    CLK_HALT_CFPB_STATEC @ 0x2FD4, reset 0 {
        HALT      [31:0] ro "A bit for each clock",
    }
    /// Status of PLL 8.
    PLL8_STATUS @ 0x3158, reset 0 {
        _         [15:0] res0,
        LOCKED    [16]   ro "Voted on and locked",
        _         [31:17] res0,
    }
    /// Votes for PLLs.
    PLL_ENA_SC0 @ 0x34C0, reset 0 {
        OTHERS_LOW [7:0] stored "Votes for other PLLs",
        PLL8      [8]    rw "Vote for PLL 8",
        OTHERS_HIGH [31:9] stored "Votes for other PLLs",
    }
}

msmemu_regs::register_block! {
    /// Top control and status: data mover handshake selection.
    pub block TcsrRegs, size 0x100;

    /// Selection of data mover handshake lines (ADM 0 A, 0 B, 1 A, 1 B).
    ADM_CRCI_MUX_SEL @ 0x70, array 4 x 4, reset 0 {
        SELECT    [31:0] stored "A bit for each shared line",
    }
}

msmemu_regs::register_block! {
    /// General serial bus interface: what is around a UARTDM and a QUP.
    pub block GsbiRegs, size 0x100;

    /// Which protocol the pins carry.
    GSBI_CTRL_REG @ 0x00, reset 0 {
        CRCI_MUX_CTRL [3:0] stored "Data mover handshake lines",
        PROTOCOL_CODE [6:4] stored "Protocol" { IDLE = 0, I2C_UIM = 1, I2C = 2, SPI = 3, UART_FLOW = 4, UIM = 5, I2C_UART = 6 },
        _          [31:7] res0,
    }
}

msmemu_regs::register_block! {
    /// Panic notifier: the interface of QEMU's `pvpanic`. It takes bytes, too.
    pub block PvpanicRegs, size 0x4;

    /// Events of the guest. A read tells which are known, a write reports some.
    PVPANIC_EVENTS @ 0x0, reset 0 {
        PANICKED   [0]    rw "The guest's kernel has panicked",
        CRASH_LOADED [1]  rw "It has, and another kernel takes over",
        _          [31:2] res0,
    }
}
