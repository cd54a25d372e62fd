//! Registers of one core's copy of the timer block.

msmemu_regs::register_block! {
    /// Timers and watchdogs of one core.
    pub block Tmr, size 0x100;

    /// Match value of general purpose timer 0.
    GPT0_MATCH_VAL @ 0x04, reset 0 {
        VALUE [31:0] rw "The interrupt is raised when the count reaches it",
    }
    /// Count of general purpose timer 0.
    GPT0_COUNT_VAL @ 0x08, reset 0 {
        VALUE [31:0] ro "Ticks of the 32768 Hz sleep clock",
    }
    /// Control of general purpose timer 0.
    GPT0_ENABLE @ 0x0C, reset 0 {
        EN    [0]    rw "Counts",
        CLR_ON_MATCH_EN [1] rw "The count goes back to 0 when it reaches the match value",
        _     [31:2] res0,
    }
    /// Clears the count of general purpose timer 0. Any value.
    GPT0_CLEAR @ 0x10, command {
        ANY   [31:0] arg "Ignored",
    }
    /// Match value of general purpose timer 1.
    GPT1_MATCH_VAL @ 0x14, reset 0 {
        VALUE [31:0] rw "The interrupt is raised when the count reaches it",
    }
    /// Count of general purpose timer 1.
    GPT1_COUNT_VAL @ 0x18, reset 0 {
        VALUE [31:0] ro "Ticks of the 32768 Hz sleep clock",
    }
    /// Control of general purpose timer 1.
    GPT1_ENABLE @ 0x1C, reset 0 {
        EN    [0]    rw "Counts",
        CLR_ON_MATCH_EN [1] rw "The count goes back to 0 when it reaches the match value",
        _     [31:2] res0,
    }
    /// Clears the count of general purpose timer 1. Any value.
    GPT1_CLEAR @ 0x20, command {
        ANY   [31:0] arg "Ignored",
    }
    /// Match value of the debug timer.
    DGT_MATCH_VAL @ 0x24, reset 0 {
        VALUE [31:0] rw "The interrupt is raised when the count reaches it",
    }
    /// Count of the debug timer.
    DGT_COUNT_VAL @ 0x28, reset 0 {
        VALUE [31:0] ro "Ticks of the divided 27 MHz clock",
    }
    /// Control of the debug timer.
    DGT_ENABLE @ 0x2C, reset 0 {
        EN    [0]    rw "Counts",
        CLR_ON_MATCH_EN [1] rw "The count goes back to 0 when it reaches the match value",
        _     [31:2] res0,
    }
    /// Clears the count of the debug timer. Any value.
    DGT_CLEAR @ 0x30, command {
        ANY   [31:0] arg "Ignored",
    }
    /// Clock of the debug timer.
    DGT_CLK_CTL @ 0x34, reset 0 {
        DIV   [1:0]  rw "Divider" { DIV1 = 0, DIV2 = 1, DIV3 = 2, DIV4 = 3 },
        _     [31:2] res0,
    }
    /// Restarts the watchdog. Any value.
    WDT0_RST @ 0x38, command {
        ANY   [31:0] arg "Ignored",
    }
    /// Watchdog control.
    WDT0_EN @ 0x40, reset 0 {
        EN    [0]    rw "Counts",
        UNMASKED_INT_EN [1] stored "Interrupt while the core sleeps",
        _     [31:2] res0,
    }
    /// Watchdog status.
    WDT0_STS @ 0x44, reset 0 {
        BITE  [0]    ro "The watchdog bit since power-on",
        COUNT [31:1] ro "Low bits of the count, in sleep clock ticks",
    }
    /// Watchdog time to the bark interrupt.
    WDT0_BARK_TIME @ 0x4C, reset 0x000F_FFFF {
        TIME  [19:0] rw "Sleep clock ticks",
        _     [31:20] res0,
    }
    /// Watchdog time to the bite, which resets the chip.
    WDT0_BITE_TIME @ 0x5C, reset 0x000F_FFFF {
        TIME  [19:0] rw "Sleep clock ticks",
        _     [31:20] res0,
    }
    /// Restarts the second watchdog. Any value.
    WDT1_RST @ 0x60, command {
        ANY   [31:0] arg "Ignored",
    }
    /// Control of the second watchdog.
    WDT1_EN @ 0x68, reset 0 {
        EN    [0]    rw "Counts",
        UNMASKED_INT_EN [1] stored "Interrupt while the core sleeps",
        _     [31:2] res0,
    }
    /// Status of the second watchdog.
    WDT1_STS @ 0x6C, reset 0 {
        BITE  [0]    ro "The watchdog bit since power-on",
        COUNT [31:1] ro "Low bits of the count, in sleep clock ticks",
    }
    /// Time of the second watchdog to the bark interrupt.
    WDT1_BARK_TIME @ 0x74, reset 0x000F_FFFF {
        TIME  [19:0] rw "Sleep clock ticks",
        _     [31:20] res0,
    }
    /// Time of the second watchdog to the bite, which resets the chip.
    WDT1_BITE_TIME @ 0x84, reset 0x000F_FFFF {
        TIME  [19:0] rw "Sleep clock ticks",
        _     [31:20] res0,
    }
    /// Status of writes on their way into the sleep clock domain.
    TMR_STS @ 0x88, reset 0 {
        _     [9:0]  res0,
        GPT0_CLR_PEND [10] ro "A clear of general purpose timer 0 is on its way",
        GPT1_CLR_PEND [11] ro "A clear of general purpose timer 1 is on its way",
        _     [31:12] res0,
    }
}
