msmemu_regs::register_block! {
    /// Block.
    pub block Mast, size 0x10;

    /// A named value of three bits in a field of two.
    CTRL @ 0x0, reset 0 {
        A [1:0] rw "a" { BIG = 4 },
        _ [31:2] res0,
    }
}

fn main() {}
