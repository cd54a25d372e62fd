//! A real debugger drives a run: breakpoints, steps, watchpoints, registers, monitor commands.
//!
//! Needs `gdb-multiarch`. Without it the test says so and passes, unless `MSMEMU_REQUIRE_TOOLS` is set.

use std::io::{BufRead as _, BufReader};
use std::path::Path;
use std::process::{Command, Stdio};

const SCRIPT: &str = "\
set pagination off
set confirm off
set architecture armv7
target remote ADDRESS
info registers pc cpsr SCTLR sp_irq
break iommu_map
continue
info registers r1 r3
stepi
print $pc
print $d0
set $r12 = 0x1234
print/x $r12
print/x $lr_svc == $lr
x/1xw iommu_map
delete
watch *(unsigned int *)&done
continue
monitor smmu
monitor smmu jpegd
monitor explain 07300020
monitor nonsense
delete
continue
";

#[test]
fn gdb_drives_a_run() {
    if Command::new("gdb-multiarch").arg("--version").stdout(Stdio::null()).status().is_err() {
        assert!(std::env::var_os("MSMEMU_REQUIRE_TOOLS").is_none(), "gdb-multiarch is not installed");
        eprintln!("gdb-multiarch is not installed; nothing was tested");
        return;
    }
    let image = Path::new(env!("CARGO_MANIFEST_DIR")).join("../../guest-images/elf/hello.elf");
    let mut run = Command::new(env!("CARGO_BIN_EXE_msmemu"))
        .args(["run", "--quiet", "--gdb=127.0.0.1:0"])
        .arg(&image)
        .stdin(Stdio::null())
        .stdout(Stdio::piped())
        .stderr(Stdio::piped())
        .spawn()
        .expect("msmemu");
    let mut lines = BufReader::new(run.stderr.take().expect("standard error")).lines();
    let waiting = lines.next().expect("a line").expect("text");
    let address = waiting.rsplit(' ').next().expect("an address");

    let script = std::env::temp_dir().join(format!("msmemu-gdb-{}.gdb", std::process::id()));
    std::fs::write(&script, SCRIPT.replace("ADDRESS", address)).expect("script");
    let gdb = Command::new("gdb-multiarch")
        .args(["-batch", "-nx", "-x"])
        .args([&script, &image])
        .output()
        .expect("gdb-multiarch");
    std::fs::remove_file(&script).expect("script");
    let said = String::from_utf8_lossy(&gdb.stdout) + String::from_utf8_lossy(&gdb.stderr);
    let guest = run.wait_with_output().expect("the run ends");

    for expected in [
        "0x40208000 in ",
        "cpsr           0x1d3",
        "SCTLR          0xc50078",
        "Breakpoint 1, 0x",
        "r1             0x10000000",
        "r3             0x1000",
        "$1 = (void (*)()) 0x",
        "$2 = 0",
        "$3 = 0x1234",
        "$4 = 0x1",
        "Hardware watchpoint 2",
        "Old value = 0",
        "New value = 1",
        "jpegd      2 banks",
        "bank 0 jpegd_src",
        "0x10000000 ->",
        "FSR",
        "monitor smmu NAME",
        "exited normally",
    ] {
        assert!(said.contains(expected), "gdb did not say {expected:?}:\n{said}");
    }
    assert!(guest.status.success(), "{guest:?}");
    assert!(String::from_utf8_lossy(&guest.stdout).ends_with("hello: all ok\r\n"), "{guest:?}");
}
