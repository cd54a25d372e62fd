#![allow(clippy::unwrap_used)]

use super::*;
use crate::model::Model;
use msmemu_fabric::{BusMaster, MasterId, Mid, PhysRange, Ram, RamBus};
use std::collections::BTreeMap;

const MASTER: MasterId = MasterId { bus: BusMaster(0), mid: Mid(0) };
/// Where tests put parameter blocks, and buffers.
const BLOCK: u32 = 0x100;
const BUFFER: u32 = 0x200;

/// A host with files in memory.
#[derive(Default)]
struct Memory {
    console: Vec<u8>,
    input: Vec<u8>,
    files: BTreeMap<Vec<u8>, Vec<u8>>,
    open: Vec<(Vec<u8>, usize)>,
}

impl Host for Memory {
    fn console_write(&mut self, bytes: &[u8]) {
        self.console.extend_from_slice(bytes);
    }
    fn console_read(&mut self) -> Option<u8> {
        (!self.input.is_empty()).then(|| self.input.remove(0))
    }
    fn command_line(&self) -> &[u8] {
        b"test -v"
    }
    fn heap_info(&self) -> HeapInfo {
        HeapInfo { heap_base: 1, heap_limit: 2, stack_base: 3, stack_limit: 4 }
    }
    fn epoch(&self) -> u32 {
        1000
    }
    fn open(&mut self, name: &[u8], mode: OpenMode) -> Result<HostFile, Errno> {
        if mode.truncate {
            self.files.insert(name.to_vec(), Vec::new());
        }
        let length = self.files.get(name).ok_or(Errno::NOENT)?.len();
        self.open.push((name.to_vec(), if mode.append { length } else { 0 }));
        Ok(HostFile(self.open.len() as u32 - 1))
    }
    fn close(&mut self, _file: HostFile) -> Result<(), Errno> {
        Ok(())
    }
    fn read(&mut self, file: HostFile, buffer: &mut [u8]) -> Result<usize, Errno> {
        let (name, at) = &mut self.open[file.0 as usize];
        let rest = &self.files[name][*at..];
        let n = rest.len().min(buffer.len());
        buffer[..n].copy_from_slice(&rest[..n]);
        *at += n;
        Ok(n)
    }
    fn write(&mut self, file: HostFile, bytes: &[u8]) -> Result<usize, Errno> {
        let (name, at) = &mut self.open[file.0 as usize];
        let contents = self.files.get_mut(name).unwrap();
        contents.truncate(*at);
        contents.extend_from_slice(bytes);
        *at += bytes.len();
        Ok(bytes.len())
    }
    fn seek(&mut self, file: HostFile, position: u32) -> Result<(), Errno> {
        self.open[file.0 as usize].1 = position as usize;
        Ok(())
    }
    fn length(&mut self, file: HostFile) -> Result<u32, Errno> {
        Ok(self.files[&self.open[file.0 as usize].0].len() as u32)
    }
    fn remove(&mut self, name: &[u8]) -> Result<(), Errno> {
        self.files.remove(name).map(|_| ()).ok_or(Errno::NOENT)
    }
    fn rename(&mut self, from: &[u8], to: &[u8]) -> Result<(), Errno> {
        let contents = self.files.remove(from).ok_or(Errno::NOENT)?;
        self.files.insert(to.to_vec(), contents);
        Ok(())
    }
    fn system(&mut self, command: &[u8]) -> Result<u32, Errno> {
        Ok(command.len() as u32)
    }
}

struct Guest {
    core: Core,
    bus: RamBus,
    host: Memory,
    calls: Semihosting,
}

impl Guest {
    fn new() -> Self {
        let ram = Ram::new(&[PhysRange::new(PhysAddr(0), 0x1_0000).unwrap()]).unwrap();
        Self {
            core: Core::new(Model::Scorpion, MASTER),
            bus: RamBus::new(ram),
            host: Memory::default(),
            calls: Semihosting::new(1_000_000),
        }
    }

    fn poke(&mut self, address: u32, bytes: &[u8]) {
        self.bus.ram().write(BusMaster(0), PhysAddr(address.into()), bytes).unwrap();
    }

    fn peek(&mut self, address: u32, length: usize) -> Vec<u8> {
        let mut bytes = vec![0; length];
        self.bus.ram().read(PhysAddr(address.into()), &mut bytes).unwrap();
        bytes
    }

    fn raw(&mut self, operation: u32, parameter: u32) -> Outcome {
        self.core.r[0] = operation;
        self.core.r[1] = parameter;
        self.calls.serve(&mut self.core, &mut self.bus, &mut self.host)
    }

    /// A call with a parameter block.
    fn call(&mut self, operation: u32, block: &[u32]) -> u32 {
        for (i, word) in block.iter().enumerate() {
            self.poke(BLOCK + 4 * i as u32, &word.to_le_bytes());
        }
        assert_eq!(self.raw(operation, BLOCK), Outcome::Continue);
        self.core.r[0]
    }

    fn open(&mut self, name: &str, mode: u32) -> u32 {
        self.poke(BUFFER, name.as_bytes());
        self.call(0x01, &[BUFFER, mode, name.len() as u32])
    }

    fn errno(&mut self) -> u32 {
        self.raw(0x13, 0);
        self.core.r[0]
    }
}

#[test]
fn console_output() {
    let mut guest = Guest::new();
    guest.poke(BUFFER, b"!hello\0rest");
    guest.raw(0x03, BUFFER);
    guest.raw(0x04, BUFFER + 1);
    let out = guest.open(":tt", 4);
    assert_eq!(guest.call(0x09, &[out]), 1);
    assert_eq!(guest.host.console, b"!hello");
    guest.poke(BUFFER, b"abc");
    assert_eq!(guest.call(0x05, &[out, BUFFER, 3]), 0);
    assert_eq!(guest.host.console, b"!helloabc");
    assert_eq!(guest.call(0x06, &[out, BUFFER, 3]), 3);
    assert_eq!(guest.errno(), Errno::BADF.0);
}

#[test]
fn console_input_ends_at_a_line() {
    let mut guest = Guest::new();
    guest.host.input = b"ab\ncd".to_vec();
    let input = guest.open(":tt", 0);
    assert_eq!(guest.call(0x06, &[input, BUFFER, 10]), 7);
    assert_eq!(guest.peek(BUFFER, 3), b"ab\n");
    guest.raw(0x07, 0);
    assert_eq!(guest.core.r[0], u32::from(b'c'));
}

#[test]
fn files_are_written_read_and_closed() {
    let mut guest = Guest::new();
    assert_eq!(guest.open("missing", 0), FAILED);
    assert_eq!(guest.errno(), Errno::NOENT.0);
    let file = guest.open("data", 6);
    let contents: Vec<u8> = (0..1500_u32).map(|i| i as u8).collect();
    guest.poke(0x1000, &contents);
    assert_eq!(guest.call(0x05, &[file, 0x1000, 1500]), 0);
    assert_eq!(guest.call(0x0C, &[file]), 1500);
    assert_eq!(guest.call(0x0A, &[file, 1000]), 0);
    assert_eq!(guest.call(0x06, &[file, 0x3000, 600]), 100);
    assert_eq!(guest.peek(0x3000, 500), contents[1000..]);
    assert_eq!(guest.call(0x09, &[file]), 0);
    assert_eq!(guest.call(0x02, &[file]), 0);
    assert_eq!(guest.call(0x02, &[file]), FAILED);
    assert_eq!(guest.errno(), Errno::BADF.0);
    // The number is used again.
    assert_eq!(guest.open("data", 0), file);
}

#[test]
fn files_are_renamed_and_removed() {
    let mut guest = Guest::new();
    guest.host.files.insert(b"old".to_vec(), vec![1]);
    guest.poke(BUFFER, b"oldnew");
    assert_eq!(guest.call(0x0F, &[BUFFER, 3, BUFFER + 3, 3]), 0);
    assert!(guest.host.files.contains_key(&b"new"[..]));
    assert_eq!(guest.call(0x0E, &[BUFFER + 3, 3]), 0);
    assert_eq!(guest.call(0x0E, &[BUFFER + 3, 3]), FAILED);
}

#[test]
fn time_follows_the_core() {
    let mut guest = Guest::new();
    guest.core.cycles = 0x1_2345_6789;
    guest.raw(0x10, 0);
    assert_eq!(guest.core.r[0], (0x1_2345_6789_u64 / 10_000) as u32);
    guest.raw(0x11, 0);
    assert_eq!(guest.core.r[0], 1000 + (0x1_2345_6789_u64 / 1_000_000) as u32);
    guest.raw(0x30, BUFFER);
    assert_eq!(guest.peek(BUFFER, 8), 0x1_2345_6789_u64.to_le_bytes());
    guest.raw(0x31, 0);
    assert_eq!(guest.core.r[0], 1_000_000);
}

#[test]
fn exits_carry_their_status() {
    let mut guest = Guest::new();
    let ended = |reason, status| Outcome::Ended { reason, status };
    assert_eq!(guest.raw(0x18, APPLICATION_EXIT), ended(APPLICATION_EXIT, 0));
    assert_eq!(guest.raw(0x18, 0x2_0024), ended(0x2_0024, 1));
    guest.poke(BLOCK, &APPLICATION_EXIT.to_le_bytes());
    guest.poke(BLOCK + 4, &42_u32.to_le_bytes());
    assert_eq!(guest.raw(0x20, BLOCK), ended(APPLICATION_EXIT, 42));
}

#[test]
fn information_calls() {
    let mut guest = Guest::new();
    assert_eq!(guest.call(0x15, &[BUFFER, 64]), 0);
    assert_eq!(guest.peek(BUFFER, 8), b"test -v\0");
    assert_eq!(guest.peek(BLOCK + 4, 4), 7_u32.to_le_bytes());
    assert_eq!(guest.call(0x15, &[BUFFER, 7]), FAILED);
    assert_eq!(guest.call(0x16, &[BUFFER]), 0);
    assert_eq!(guest.peek(BUFFER, 16), [1, 0, 0, 0, 2, 0, 0, 0, 3, 0, 0, 0, 4, 0, 0, 0]);
    assert_eq!(guest.call(0x0D, &[BUFFER, 9, 64]), 0);
    assert_eq!(guest.peek(BUFFER, 14), b"semihosting-9\0");
    assert_eq!(guest.call(0x08, &[-5_i32 as u32]), 1);
    assert_eq!(guest.call(0x08, &[5]), 0);
    assert_eq!(guest.call(0x12, &[BUFFER, 4]), 4);
    let features = guest.open(":semihosting-features", 0);
    assert_eq!(guest.call(0x0C, &[features]), 5);
    assert_eq!(guest.call(0x0A, &[features, 4]), 0);
    assert_eq!(guest.call(0x06, &[features, BUFFER, 8]), 7);
    assert_eq!(guest.peek(BUFFER, 1), [3]);
}

#[test]
fn wild_parameters_fail_and_nothing_more() {
    let mut guest = Guest::new();
    for operation in 0..0x40 {
        if !matches!(operation, 0x18 | 0x10 | 0x11 | 0x13 | 0x31) {
            guest.raw(operation, 0xFFFF_FFF0);
            assert_eq!(guest.core.r[0], FAILED, "{operation:#x}");
        }
    }
    assert_eq!(guest.call(0x01, &[BUFFER, 12, 1]), FAILED);
    assert_eq!(guest.call(0x01, &[BUFFER, 0, u32::MAX]), FAILED);
    assert_eq!(guest.call(0x06, &[0, BUFFER, 4]), 4);
    assert_eq!(guest.call(0x06, &[u32::MAX, BUFFER, 4]), 4);
    assert_eq!(guest.errno(), Errno::BADF.0);
    guest.poke(BUFFER, b"x");
    for _ in 0..MAX_HANDLES {
        assert_ne!(guest.open(":tt", 0), FAILED);
    }
    assert_eq!(guest.open(":tt", 0), FAILED);
    assert_eq!(guest.errno(), Errno::MFILE.0);
}
