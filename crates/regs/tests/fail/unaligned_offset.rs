msmemu_regs::register_block! {
    /// Block.
    pub block Mast, size 0x10;

    /// Not a word.
    CTRL @ 0x2, reset 0 { A [31:0] rw "a", }
}

fn main() {}
