//! Every command line of `tests/cmd` and of the documentation runs and prints what it says.
//!
//! `TRYCMD=overwrite cargo test -p msmemu-cli --test commands` refreshes what is expected.

#[test]
fn commands_print_what_the_files_say() {
    trycmd::TestCases::new()
        .default_bin_name("msmemu")
        .case("tests/cmd/*.md")
        .case("../../README.md")
        .case("../../docs/src/reference/command-line.md");
}
