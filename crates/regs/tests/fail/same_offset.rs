msmemu_regs::register_block! {
    /// Block.
    pub block Mast, size 0x10;

    /// First.
    CTRL @ 0x0, reset 0 { A [31:0] rw "a", }
    /// An array that runs into the next register.
    SLOT @ 0x4, array 2 x 4, reset 0 { A [31:0] rw "a", }
    /// Second.
    STATUS @ 0x8, reset 0 { A [31:0] ro "a", }
}

fn main() {}
