msmemu_regs::register_block! {
    /// Block.
    pub block Mast, size 0x10;

    CTRL @ 0x0, reset 0 { A [31:0] rw "a", }
}

fn main() {}
