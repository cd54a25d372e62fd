msmemu_regs::register_block! {
    /// Block.
    pub block Mast, size 0x10;

    /// Acts.
    GO @ 0x0, command { A [31:0] arg "a", }
    /// A second door to nothing.
    GO_AGAIN @ 0x4, alias GO;
}

fn main() {}
