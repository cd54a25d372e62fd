//! Registers of the DMA-330 (ARM DDI 0424, chapter 3).

msmemu_regs::register_block! {
    /// ARM PL330 DMA controller.
    pub block Dmac, size 0x1000;

    /// DMA manager status.
    DSR @ 0x000, reset 0 {
        STATUS    [3:0]   ro "State of the manager thread" {
            STOPPED = 0, EXECUTING = 1, CACHE_MISS = 2, UPDATING_PC = 3, WAITING_FOR_EVENT = 4, FAULTING = 15
        },
        WAKEUP_EVENT [8:4] ro "Event that the manager waits for",
        DNS       [9]     ro "The manager is non-secure",
        _         [31:10] res0,
    }
    /// DMA program counter of the manager.
    DPC @ 0x004, reset 0 {
        PC        [31:0]  ro "Address",
    }
    /// Interrupt enable.
    INTEN @ 0x020, reset 0 {
        EVENT_IRQ_SELECT [31:0] rw "A one makes DMASEV of that number an interrupt rather than an event",
    }
    /// Event and interrupt status before masking.
    INT_EVENT_RIS @ 0x024, reset 0 {
        DMASEV_ACTIVE [31:0] ro "Active events and interrupts",
    }
    /// Interrupt status.
    INTMIS @ 0x028, reset 0 {
        IRQ_STATUS [31:0] ro "Active interrupts",
    }
    /// Interrupt clear.
    INTCLR @ 0x02C, command {
        IRQ_CLR   [31:0]  arg "Interrupts to clear",
    }
    /// Fault status of the manager.
    FSRD @ 0x030, reset 0 {
        FS_MGR    [0]     ro "The manager is in the Faulting state",
        _         [31:1]  res0,
    }
    /// Fault status of the channels.
    FSRC @ 0x034, reset 0 {
        FAULT_STATUS [7:0] ro "Channels in the Faulting or Faulting completing state",
        _         [31:8]  res0,
    }
    /// Fault type of the manager.
    FTRD @ 0x038, reset 0 {
        UNDEF_INSTR [0]   ro "Undefined instruction",
        OPERAND_INVALID [1] ro "Operand that this configuration does not have",
        _         [3:2]   res0,
        DMAGO_ERR [4]     ro "DMAGO of a secure channel by a non-secure manager",
        MGR_EVNT_ERR [5]  ro "Secure event used by a non-secure manager",
        _         [15:6]  res0,
        INSTR_FETCH_ERR [16] ro "Error response to an instruction fetch",
        _         [29:17] res0,
        DBG_INSTR [30]    ro "The instruction came from the debug interface",
        _         [31]    res0,
    }
    /// Fault type of a channel.
    FTR @ 0x040, array 8 x 4, reset 0 {
        UNDEF_INSTR [0]   ro "Undefined instruction",
        OPERAND_INVALID [1] ro "Operand that this configuration does not have",
        _         [4:2]   res0,
        CH_EVNT_ERR [5]   ro "Secure event used by a non-secure channel",
        CH_PERIPH_ERR [6] ro "Secure peripheral used by a non-secure channel",
        CH_RDWR_ERR [7]   ro "Secure access programmed by a non-secure channel",
        _         [11:8]  res0,
        MFIFO_ERR [12]    ro "The burst does not fit the buffer",
        ST_DATA_UNAVAILABLE [13] ro "A store of more than was loaded",
        _         [15:14] res0,
        INSTR_FETCH_ERR [16] ro "Error response to an instruction fetch",
        DATA_WRITE_ERR [17] ro "Error response to a write",
        DATA_READ_ERR [18] ro "Error response to a read",
        _         [29:19] res0,
        DBG_INSTR [30]    ro "The instruction came from the debug interface",
        LOCKUP_ERR [31]   ro "The channels wait for each other's buffer space",
    }
    /// Channel status.
    CSR @ 0x100, array 8 x 8, reset 0 {
        STATUS    [3:0]   ro "State of the channel thread" {
            STOPPED = 0, EXECUTING = 1, CACHE_MISS = 2, UPDATING_PC = 3, WAITING_FOR_EVENT = 4, AT_BARRIER = 5,
            WAITING_FOR_PERIPHERAL = 7, KILLING = 8, COMPLETING = 9, FAULTING_COMPLETING = 14, FAULTING = 15
        },
        WAKEUP_NUM [8:4]  ro "Event or peripheral that the channel waits for",
        _         [13:9]  res0,
        DMAWFP_B_NS [14]  ro "DMAWFP had the burst operand",
        DMAWFP_PERIPH [15] ro "DMAWFP had the periph operand",
        _         [20:16] res0,
        CNS       [21]    ro "The channel is non-secure",
        _         [31:22] res0,
    }
    /// Channel program counter.
    CPC @ 0x104, array 8 x 8, reset 0 {
        PC        [31:0]  ro "Address",
    }
    /// Source address of a channel.
    SAR @ 0x400, array 8 x 0x20, reset 0 {
        SRC_ADDR  [31:0]  ro "Address",
    }
    /// Destination address of a channel.
    DAR @ 0x404, array 8 x 0x20, reset 0 {
        DST_ADDR  [31:0]  ro "Address",
    }
    /// Channel control.
    CCR @ 0x408, array 8 x 0x20, reset 0 {
        SRC_INC   [0]     ro "The source address increments",
        SRC_BURST_SIZE [3:1] ro "log2 of the bytes of a beat",
        SRC_BURST_LEN [7:4] ro "Beats less one",
        SRC_PROT  [10:8]  ro "ARPROT: privileged, non-secure, instruction",
        SRC_CACHE [13:11] ro "ARCACHE[2:0]",
        DST_INC   [14]    ro "The destination address increments",
        DST_BURST_SIZE [17:15] ro "log2 of the bytes of a beat",
        DST_BURST_LEN [21:18] ro "Beats less one",
        DST_PROT  [24:22] ro "AWPROT: privileged, non-secure, instruction",
        DST_CACHE [27:25] ro "AWCACHE[3,1,0]",
        ENDIAN_SWAP_SIZE [30:28] ro "log2 of the bytes of a unit whose bytes are swapped",
        _         [31]    res0,
    }
    /// Loop counter 0 of a channel.
    LC0 @ 0x40C, array 8 x 0x20, reset 0 {
        ITERATIONS [7:0]  ro "Iterations left, less one",
        _         [31:8]  res0,
    }
    /// Loop counter 1 of a channel.
    LC1 @ 0x410, array 8 x 0x20, reset 0 {
        ITERATIONS [7:0]  ro "Iterations left, less one",
        _         [31:8]  res0,
    }
    /// Debug status.
    DBGSTATUS @ 0xD00, reset 0 {
        BUSY      [0]     ro "A debug instruction is being executed: never, they act at once",
        _         [31:1]  res0,
    }
    /// Debug command.
    DBGCMD @ 0xD04, command {
        CMD       [1:0]   arg "0 executes the instruction in DBGINST0 and DBGINST1",
        _         [31:2]  res0,
    }
    /// Debug instruction, first word.
    DBGINST0 @ 0xD08, reset 0 {
        DEBUG_THREAD [0]  wo "0 the manager, 1 a channel",
        _         [7:1]   res0,
        CHANNEL_NUMBER [10:8] wo "Channel",
        _         [15:11] res0,
        INSTRUCTION_BYTE0 [23:16] wo "Instruction",
        INSTRUCTION_BYTE1 [31:24] wo "Instruction",
    }
    /// Debug instruction, second word.
    DBGINST1 @ 0xD0C, reset 0 {
        INSTRUCTION_BYTES [31:0] wo "Bytes 2 to 5",
    }
    /// Configuration: sizes.
    CR0 @ 0xE00, reset 0 {
        PERIPH_REQ [0]    ro "There are peripheral request interfaces",
        BOOT_EN   [1]     ro "The manager starts by itself",
        MGR_NS_AT_RST [2] ro "The manager starts non-secure",
        _         [3]     res0,
        NUM_CHNLS [6:4]   ro "Channels less one",
        _         [11:7]  res0,
        NUM_PERIPH_REQ [16:12] ro "Peripheral request interfaces less one",
        NUM_EVENTS [21:17] ro "Events and interrupts less one",
        _         [31:22] res0,
    }
    /// Configuration: instruction cache.
    CR1 @ 0xE04, reset 0 {
        I_CACHE_LEN [2:0] ro "log2 of the bytes of a line",
        _         [3]     res0,
        NUM_I_CACHE_LINES [7:4] ro "Lines less one",
        _         [31:8]  res0,
    }
    /// Configuration: boot address.
    CR2 @ 0xE08, reset 0 {
        BOOT_ADDR [31:0]  ro "Where the manager would start",
    }
    /// Configuration: security of events and interrupts.
    CR3 @ 0xE0C, reset 0 {
        INS       [31:0]  ro "A one: non-secure",
    }
    /// Configuration: security of peripheral request interfaces.
    CR4 @ 0xE10, reset 0 {
        PNS       [31:0]  ro "A one: non-secure",
    }
    /// Configuration: data path.
    CRD @ 0xE14, reset 0 {
        DATA_WIDTH [2:0]  ro "log2 of the bytes of the data bus",
        _         [3]     res0,
        WR_CAP    [6:4]   ro "Outstanding writes less one",
        _         [7]     res0,
        WR_Q_DEP  [11:8]  ro "Depth of the write queue less one",
        RD_CAP    [14:12] ro "Outstanding reads less one",
        _         [15]    res0,
        RD_Q_DEP  [19:16] ro "Depth of the read queue less one",
        DATA_BUFFER_DEP [29:20] ro "Lines of the buffer less one",
        _         [31:30] res0,
    }
    /// Watchdog.
    WD @ 0xE80, reset 0 {
        WD_IRQ_ONLY [0]   stored "Whether a lock-up only raises irq_abort",
        _         [31:1]  res0,
    }
    /// Peripheral identification.
    PERIPH_ID @ 0xFE0, array 4 x 4, reset 0 {
        BYTE      [7:0]   ro "Part 0x330, designer 0x41 (ARM)",
        _         [31:8]  res0,
    }
    /// Component identification.
    PCELL_ID @ 0xFF0, array 4 x 4, reset 0 {
        BYTE      [7:0]   ro "0xB105F00D",
        _         [31:8]  res0,
    }
}
