msmemu_regs::register_block! {
    /// Block.
    pub block Mast, size 0x10;

    /// Elements overlap.
    SLOT @ 0x0, array 2 x 2, reset 0 { A [31:0] rw "a", }
}

fn main() {}
