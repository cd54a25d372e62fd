msmemu_regs::register_block! {
    /// Block.
    pub block Mast, size 0x10;

    /// The reset value clears a bit that reads 1.
    CTRL @ 0x0, reset 0 {
        A [3:0] rw "a",
        _ [4] res1,
        _ [31:5] res0,
    }
}

fn main() {}
