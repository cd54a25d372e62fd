msmemu_regs::register_block! {
    /// Block.
    pub block Mast, size 0x10;

    /// No such mode.
    CTRL @ 0x0, reset 0 { A [31:0] w2c "a", }
}

fn main() {}
