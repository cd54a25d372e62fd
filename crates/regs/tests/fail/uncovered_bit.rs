msmemu_regs::register_block! {
    /// Block.
    pub block Mast, size 0x10;

    /// Bit 4 is in no field.
    CTRL @ 0x0, reset 0 {
        A [3:0] rw "a",
        _ [31:5] res0,
    }
}

fn main() {}
