msmemu_regs::register_block! {
    /// Block.
    pub block Mast, size 0x10;

    /// A command that would store.
    GO @ 0x0, command { A [31:0] rw "a", }
}

fn main() {}
