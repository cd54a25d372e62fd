//! Registers of UARTDM 1.3.
//!
//! Five offsets mean one thing when read and another when written: the write side is [`UartdmWrite`].

msmemu_regs::register_block! {
    /// UARTDM 1.3: what is read, and what is written where both are the same register.
    pub block Uartdm, size 0x100;

    /// Mode 1.
    MR1 @ 0x00, reset 0 {
        AUTO_RFR_LEVEL0 [5:0] stored "Level of automatic RFR, low part",
        CTS_CTL [6]     stored "CTS stops the transmitter",
        RX_RDY_CTL [7]  stored "Automatic RFR",
        AUTO_RFR_LEVEL1 [31:8] stored "Level of automatic RFR, high part",
    }
    /// Mode 2.
    MR2 @ 0x04, reset 0 {
        PARITY_MODE [1:0] rw "Parity" { NO_PARITY = 0, ODD = 1, EVEN = 2, SPACE = 3 },
        STOP_BIT_LEN [3:2] rw "Stop bits, in sixteenths" { NINE = 0, SIXTEEN = 1, TWENTY_FIVE = 2, THIRTY_TWO = 3 },
        BITS_PER_CHAR [5:4] rw "Bits of a character" { FIVE = 0, SIX = 1, SEVEN = 2, EIGHT = 3 },
        ERROR_MODE [6]  stored "Status is kept until reset",
        LOOPBACK   [7]  rw     "What is sent is received",
        RX_ERROR_CHAR_OFF [8] rw "Erroneous characters are dropped",
        RX_BREAK_ZERO_CHAR_OFF [9] rw "The zero of a break is dropped",
        RFR_CTS_LOOP [10] stored "RFR is connected to CTS",
        _          [31:11] res0,
    }
    /// Status.
    SR @ 0x08, reset 0 {
        RXRDY      [0]  ro "The receive FIFO holds a word",
        RXFULL     [1]  ro "The receive FIFO is full",
        TXRDY      [2]  ro "The transmit FIFO takes a word",
        TXEMT      [3]  ro "Nothing left to send",
        OVERRUN    [4]  ro "A character was lost",
        PAR_FRAME_ERR [5] ro "Parity or framing error",
        RX_BREAK   [6]  ro "A break was received",
        HUNT_CHAR  [7]  ro "The hunt character was received",
        _          [31:8] res0,
    }
    /// Masked interrupt status.
    MISR @ 0x10, reset 0 {
        MISR       [31:0] ro "ISR and IMR",
    }
    /// Interrupt status.
    ISR @ 0x14, reset 0 {
        TXLEV      [0]  ro "The transmit FIFO is at or below TFWR",
        RXHUNT     [1]  ro "The hunt character was received",
        RXBREAK    [2]  ro "A break began or ended",
        RXSTALE    [3]  ro "Stale event",
        RXLEV      [4]  ro "The receive FIFO is above RFWR",
        DELTA_CTS  [5]  ro "CTS changed",
        CURRENT_CTS [6] ro "CTS is asserted",
        TX_READY   [7]  ro "All characters of NCF_TX were written",
        TX_ERROR   [8]  ro "Word written without room or outside a transfer",
        TX_DONE    [9]  ro "All characters of NCF_TX were sent",
        RXBREAK_START [10] ro "A break began",
        RXBREAK_END [11] ro "A break ended",
        _          [31:12] res0,
    }
    /// Interrupt programming.
    IPR @ 0x18, reset 0 {
        STALE_TIMEOUT_LSB [4:0] rw "Character times to the stale event, low part",
        SAMPLE_DATA [5] stored "Not used by drivers",
        RXSTALE_LAST [6] stored "Not used by drivers",
        STALE_TIMEOUT_MSB [31:7] rw "Character times to the stale event, high part",
    }
    /// Transmit FIFO watermark.
    TFWR @ 0x1C, reset 0 {
        LEVEL      [31:0] rw "Words",
    }
    /// Receive FIFO watermark.
    RFWR @ 0x20, reset 0 {
        LEVEL      [31:0] rw "Words",
    }
    /// Hunt character.
    HCR @ 0x24, reset 0 {
        CHAR       [7:0] stored "Character",
        _          [31:8] res0,
    }
    /// Length of the receive transfer.
    DMRX @ 0x34, reset 0 {
        RX_DM_CRCI_CHARS [24:0] rw "Characters after which a stale event ends the transfer",
        _          [31:25] res0,
    }
    /// Characters received when the stale event came.
    RX_TOTAL_SNAP @ 0x38, reset 0 {
        RX_TOTAL_BYTES [23:0] ro "Characters since the transfer began",
        _          [31:24] res0,
    }
    /// Data mover enable.
    DMEN @ 0x3C, reset 0 {
        TX_DM_EN   [0]  stored "Transmit by data mover",
        RX_DM_EN   [1]  stored "Receive by data mover",
        _          [31:2] res0,
    }
    /// Length of the transmit transfer.
    NCF_TX @ 0x40, reset 0 {
        CHARS      [23:0] rw "Characters; what is written beyond them is dropped",
        _          [31:24] res0,
    }
    /// Bad character counter.
    BADR @ 0x44, reset 0 {
        CHARS      [31:0] stored "Not used by drivers",
    }
    /// Test.
    TESTMODE @ 0x48, reset 0 {
        MODE       [31:0] stored "Not used by drivers",
    }
    /// Transmit FIFO status.
    TXFS @ 0x4C, reset 0 {
        TX_FIFO_STATE [6:0] ro "Words in the FIFO",
        TX_BUFFER_STATE [9:7] ro "Characters in the unpacking buffer",
        _          [31:10] res0,
    }
    /// Receive FIFO status.
    RXFS @ 0x50, reset 0 {
        RX_FIFO_STATE [6:0] ro "Words in the FIFO",
        RX_BUFFER_STATE [9:7] ro "Characters packed but not yet in the FIFO",
        _          [31:10] res0,
    }
    /// Receive FIFO: a read takes a word of up to four characters, the first in the low byte.
    RF @ 0x70, array 4 x 4, reset 0 {
        DATA       [31:0] ro "Characters",
    }
}

msmemu_regs::register_block! {
    /// UARTDM 1.3: what is written where reading gives another register.
    pub block UartdmWrite, size 0x100;

    /// Clock selection.
    CSR @ 0x08, reset 0 {
        UART_TX_CLK_SEL [3:0] wo "Bit rate of the transmitter, a divider of the clock",
        UART_RX_CLK_SEL [7:4] wo "Bit rate of the receiver, a divider of the clock",
        _          [31:8] res0,
    }
    /// Command.
    CR @ 0x10, command {
        RX_ENABLE  [0]   arg "Enables the receiver",
        RX_DISABLE [1]   arg "Disables the receiver",
        TX_ENABLE  [2]   arg "Enables the transmitter",
        TX_DISABLE [3]   arg "Disables the transmitter",
        COMMAND    [11:4] arg "Channel and general commands" {
            NULL = 0x00, RESET_RX = 0x01, RESET_TX = 0x02, RESET_ERR = 0x03, RESET_BREAK_INT = 0x04,
            START_BREAK = 0x05, STOP_BREAK = 0x06, RESET_CTS = 0x07, RESET_STALE_INT = 0x08,
            PACKET_MODE = 0x09, MODE_RESET = 0x0C, SET_RFR = 0x0D, RESET_RFR = 0x0E,
            CR_PROTECTION_EN = 0x10, RESET_TX_READY = 0x30, FORCE_STALE = 0x40,
            STALE_EVENT_ENABLE = 0x50, STALE_EVENT_DISABLE = 0x60, RESET_BREAK_START = 0x82,
            RESET_BREAK_END = 0x83
        },
        _          [31:12] res0,
    }
    /// Interrupt mask.
    IMR @ 0x14, reset 0 {
        MASK       [11:0] wo "Interrupts that raise the line",
        _          [31:12] res0,
    }
    /// IrDA.
    IRDA @ 0x38, reset 0 {
        CONTROL    [31:0] wo "Not modelled",
    }
    /// Transmit FIFO: a write adds a word of up to four characters, the first in the low byte.
    TF @ 0x70, array 4 x 4, command {
        DATA       [31:0] arg "Characters",
    }
    /// Simple interface configuration.
    SIM_CFG @ 0x80, reset 0 {
        CONFIG     [31:0] wo "Not modelled",
    }
}
