msmemu_regs::register_block! {
    /// Block.
    pub block Mast, size 0x10;

    /// Two fields share bit 3.
    CTRL @ 0x0, reset 0 {
        A [3:0] rw "a",
        B [7:3] rw "b",
        _ [31:8] res0,
    }
}

fn main() {}
