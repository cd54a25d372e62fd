msmemu_regs::register_block! {
    /// Block.
    pub block Mast, size 0x10;

    /// The reset value sets a reserved bit.
    CTRL @ 0x0, reset 0x10 {
        A [3:0] rw "a",
        _ [31:4] res0,
    }
}

fn main() {}
