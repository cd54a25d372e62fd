msmemu_regs::register_block! {
    /// Block.
    pub block Mast, size 0x10;

    /// Low before high.
    CTRL @ 0x0, reset 0 { A [0:31] rw "a", }
}

fn main() {}
