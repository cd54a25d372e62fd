msmemu_regs::register_block! {
    /// Block.
    pub block Mast, size 0x10;

    /// Only commands have arguments.
    CTRL @ 0x0, reset 0 { A [31:0] arg "a", }
}

fn main() {}
