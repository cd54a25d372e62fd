//! Registers of the traffic engine.

msmemu_regs::register_block! {
    /// Traffic engine.
    pub block Teng, size 0x100;

    /// Identification.
    TENG_ID @ 0x00, reset 0x5447_0001 {
        VERSION   [15:0]  ro "Version of the programming interface",
        MAGIC     [31:16] ro "0x5447",
    }
    /// What this instance can do.
    TENG_CAPS @ 0x04, reset 0 {
        ADDR_BITS [5:0]   ro "Width of its addresses, 20 to 32",
        _         [7:6]   res0,
        SLOTS     [12:8]  ro "Most outstanding transactions",
        _         [15:13] res0,
        BURST_LOG2 [19:16] ro "log2 of the most bytes of a transaction",
        _         [31:20] res0,
    }
    /// Control.
    TENG_CTRL @ 0x08, reset 0 {
        TRUNCATE  [0]     rw "Addresses beyond the limit lose their high bits, rather than fail",
        _         [31:1]  res0,
    }
    /// Command.
    TENG_CMD @ 0x0C, command {
        START     [0]     arg "Runs the chain of frames at TENG_FRAME_ADDR; ignored while busy",
        ABORT     [1]     arg "Issues nothing more, and stops when all outstanding transactions are done",
        _         [31:2]  res0,
    }
    /// First frame of the chain.
    TENG_FRAME_ADDR @ 0x10, reset 0 {
        _         [1:0]   res0,
        ADDR      [31:2]  rw "Address as the engine's port sees it",
    }
    /// Identity and attributes of the engine's own accesses: frames, lists, status.
    TENG_FRAME_ATTR @ 0x14, reset 0x0000_0010 {
        PRIVILEGED [0]    rw "Privileged",
        SECURE    [1]     rw "Secure",
        INSTRUCTION [2]   rw "Instruction",
        MEM_TYPE  [4:3]   rw "Memory type" { STRONGLY_ORDERED = 0, DEVICE = 1, NORMAL = 2 },
        INNER     [6:5]   rw "Inner cacheability" { NC = 0, WBWA = 1, WT = 2, WB = 3 },
        OUTER     [8:7]   rw "Outer cacheability" { NC = 0, WBWA = 1, WT = 2, WB = 3 },
        SHAREABLE [9]     rw "Shareable",
        _         [15:10] res0,
        MID       [23:16] rw "Machine ID",
        _         [31:24] res0,
    }
    /// Status.
    TENG_STATUS @ 0x18, reset 0 {
        BUSY      [0]     ro "A chain is running or draining",
        DONE      [1]     ro "The last chain ended after its last frame",
        ERROR     [2]     ro "A frame of the last chain failed",
        ABORTED   [3]     ro "The last chain was aborted",
        _         [31:4]  res0,
    }
    /// Interrupt status.
    TENG_INT_STATUS @ 0x1C, reset 0 {
        FRAME     [0]     w1c "A frame that asked for it ended",
        DONE      [1]     w1c "The chain stopped",
        ERROR     [2]     w1c "A frame failed",
        _         [31:3]  res0,
    }
    /// Interrupt enable.
    TENG_INT_ENABLE @ 0x20, reset 0 {
        FRAME     [0]     rw "TENG_INT_STATUS.FRAME raises the line",
        DONE      [1]     rw "TENG_INT_STATUS.DONE raises the line",
        ERROR     [2]     rw "TENG_INT_STATUS.ERROR raises the line",
        _         [31:3]  res0,
    }
    /// First failure of the last frame that failed.
    TENG_FAULT @ 0x24, reset 0 {
        CAUSE     [3:0]   ro "Reason" {
            NONE = 0, DECODE = 1, SLAVE = 2, TRANSLATION = 3, MISMATCH = 4, BAD_FRAME = 5, BAD_LIST = 6, LIMIT = 7
        },
        ACCESS    [6:4]   ro "What was accessed" { FRAME = 0, LIST = 1, SOURCE = 2, DESTINATION = 3, STATUS = 4 },
        WRITE     [7]     ro "It was a write",
        _         [31:8]  res0,
    }
    /// Address that failed.
    TENG_FAULT_ADDR @ 0x28, reset 0 {
        ADDR      [31:0]  ro "Address as the engine's port sees it",
    }
    /// Frame that failed.
    TENG_FAULT_FRAME @ 0x2C, reset 0 {
        ADDR      [31:0]  ro "Address of the frame",
    }
    /// Position in the transfer that failed.
    TENG_FAULT_OFFSET @ 0x30, reset 0 {
        OFFSET    [31:0]  ro "Bytes from the start of the transfer",
    }
    /// Expected and found byte of a mismatch.
    TENG_MISMATCH @ 0x34, reset 0 {
        EXPECTED  [7:0]   ro "Byte of the pattern, or of the source",
        FOUND     [15:8]  ro "Byte in memory, or at the destination",
        _         [31:16] res0,
    }
    /// Checksum of the last CHECKSUM frame.
    TENG_CHECKSUM @ 0x38, reset 0 {
        SUM       [31:0]  ro "Sum of the little-endian words",
    }
    /// Frames that ended since power-on.
    TENG_FRAMES @ 0x3C, reset 0 {
        COUNT     [31:0]  ro "Modulo 2^32",
    }
    /// Bytes read since power-on.
    TENG_BYTES_READ @ 0x40, reset 0 {
        COUNT     [31:0]  ro "Modulo 2^32",
    }
    /// Bytes written since power-on.
    TENG_BYTES_WRITTEN @ 0x44, reset 0 {
        COUNT     [31:0]  ro "Modulo 2^32",
    }
    /// Frame being executed.
    TENG_CURRENT @ 0x48, reset 0 {
        ADDR      [31:0]  ro "Address of the frame",
    }
}
