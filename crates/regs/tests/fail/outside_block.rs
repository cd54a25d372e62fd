msmemu_regs::register_block! {
    /// Block.
    pub block Mast, size 0x10;

    /// Beyond the end.
    CTRL @ 0x10, reset 0 { A [31:0] rw "a", }
}

fn main() {}
