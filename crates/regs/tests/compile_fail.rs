//! A block that is not well formed does not compile, and the message says why.
//!
//! `TRYBUILD=overwrite cargo test -p msmemu-regs --test compile_fail` refreshes the expected messages.

#[test]
fn malformed_blocks_do_not_compile() {
    trybuild::TestCases::new().compile_fail("tests/fail/*.rs");
}
