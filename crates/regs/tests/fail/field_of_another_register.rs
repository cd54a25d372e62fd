msmemu_regs::register_block! {
    /// Block.
    pub block Mast, size 0x10;

    /// First.
    CTRL @ 0x0, reset 0 { A [31:0] rw "a", }
}

mod other {
    msmemu_regs::register_block! {
        /// Another block.
        pub block Keel, size 0x10;

        /// Second.
        CTRL @ 0x0, reset 0 { A [31:0] rw "a", }
    }
}

fn main() {
    let regs = msmemu_regs::RegFile::<Mast, { Mast::WORDS }>::new();
    regs.field(other::CTRL::A);
}
