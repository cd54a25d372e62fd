//! Arm semihosting (specification 2.0): console, files, time and exit for bare-metal guests.
//!
//! With [`Core::semihosting`] set, `SVC 0x123456` (A32), `SVC 0xAB` and `BKPT 0xAB` (T32) end the run with
//! [`Exit::Semihosting`](crate::Exit::Semihosting) instead of raising an exception. The caller then lets
//! [`Semihosting::serve`] do what R0 asks for and runs on. Everything that touches the host goes through [`Host`]; time
//! comes from the core's cycle counter, so a run stays deterministic as long as the host's files are.

use crate::env::Ctx;
use crate::mem::Kind;
use crate::mmu;
use crate::state::Core;
use msmemu_fabric::{Access, Bus, PhysAddr, Prot, Size};

/// An error number of the host's C library, as SYS_ERRNO gives it.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
#[cfg_attr(feature = "serde", derive(serde::Serialize, serde::Deserialize))]
pub struct Errno(pub u32);

impl Errno {
    /// No such file or directory.
    pub const NOENT: Self = Self(2);
    /// Bad file number.
    pub const BADF: Self = Self(9);
    /// Bad address.
    pub const FAULT: Self = Self(14);
    /// Invalid argument.
    pub const INVAL: Self = Self(22);
    /// Too many open files.
    pub const MFILE: Self = Self(24);
    /// Function not implemented.
    pub const NOSYS: Self = Self(38);
}

/// How SYS_OPEN opens a file: the twelve modes of ISO C `fopen`.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct OpenMode {
    /// Reading is allowed.
    pub read: bool,
    /// Writing is allowed.
    pub write: bool,
    /// The file is emptied.
    pub truncate: bool,
    /// Writes go to the end.
    pub append: bool,
    /// Binary rather than text.
    pub binary: bool,
}

impl OpenMode {
    fn from_number(number: u32) -> Option<Self> {
        let kind = number / 4;
        let update = number & 2 != 0;
        (number < 12).then_some(Self {
            read: kind == 0 || update,
            write: kind != 0 || update,
            truncate: kind == 1,
            append: kind == 2,
            binary: number & 1 != 0,
        })
    }
}

/// Where the guest may put heap and stack: SYS_HEAPINFO. All zero: the guest decides.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
#[allow(missing_docs)]
pub struct HeapInfo {
    pub heap_base: u32,
    pub heap_limit: u32,
    pub stack_base: u32,
    pub stack_limit: u32,
}

/// A file that a [`Host`] has opened, by a number of its own.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
#[cfg_attr(feature = "serde", derive(serde::Serialize, serde::Deserialize))]
pub struct HostFile(pub u32);

/// What the guest may reach of the host. Files and commands fail unless implemented; names are what the guest gave,
/// to be confined by the implementation.
#[allow(unused_variables)]
pub trait Host {
    /// Bytes for the console.
    fn console_write(&mut self, bytes: &[u8]);
    /// A byte from the console; `None` when there is none and never will be.
    fn console_read(&mut self) -> Option<u8> {
        None
    }
    /// The guest's command line.
    fn command_line(&self) -> &[u8] {
        b""
    }
    /// Heap and stack.
    fn heap_info(&self) -> HeapInfo {
        HeapInfo::default()
    }
    /// Seconds since 1970 at core cycle 0.
    fn epoch(&self) -> u32 {
        0
    }
    /// Opens a file.
    ///
    /// # Errors
    /// As the host says.
    fn open(&mut self, name: &[u8], mode: OpenMode) -> Result<HostFile, Errno> {
        Err(Errno::NOSYS)
    }
    /// Closes a file.
    ///
    /// # Errors
    /// As the host says.
    fn close(&mut self, file: HostFile) -> Result<(), Errno> {
        Err(Errno::NOSYS)
    }
    /// Reads up to the length of `buffer`; 0 is the end of the file.
    ///
    /// # Errors
    /// As the host says.
    fn read(&mut self, file: HostFile, buffer: &mut [u8]) -> Result<usize, Errno> {
        Err(Errno::NOSYS)
    }
    /// Writes; gives how much was written.
    ///
    /// # Errors
    /// As the host says.
    fn write(&mut self, file: HostFile, bytes: &[u8]) -> Result<usize, Errno> {
        Err(Errno::NOSYS)
    }
    /// Sets the position, in bytes from the start.
    ///
    /// # Errors
    /// As the host says.
    fn seek(&mut self, file: HostFile, position: u32) -> Result<(), Errno> {
        Err(Errno::NOSYS)
    }
    /// Length in bytes.
    ///
    /// # Errors
    /// As the host says.
    fn length(&mut self, file: HostFile) -> Result<u32, Errno> {
        Err(Errno::NOSYS)
    }
    /// Deletes a file.
    ///
    /// # Errors
    /// As the host says.
    fn remove(&mut self, name: &[u8]) -> Result<(), Errno> {
        Err(Errno::NOSYS)
    }
    /// Renames a file.
    ///
    /// # Errors
    /// As the host says.
    fn rename(&mut self, from: &[u8], to: &[u8]) -> Result<(), Errno> {
        Err(Errno::NOSYS)
    }
    /// Runs a command; gives its exit status.
    ///
    /// # Errors
    /// As the host says.
    fn system(&mut self, command: &[u8]) -> Result<u32, Errno> {
        Err(Errno::NOSYS)
    }
    /// Name of the temporary file that the guest knows as `id`.
    fn temporary_name(&self, id: u8) -> Vec<u8> {
        format!("semihosting-{id}").into_bytes()
    }
}

/// What a call means for the run.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Outcome {
    /// Run on.
    Continue,
    /// The guest has ended.
    Ended {
        /// Reason code, `ADP_Stopped_...` (0x20026: application exit).
        reason: u32,
        /// Exit status: 0 for success. SYS_EXIT alone cannot give one: 0 for application exit, else 1.
        status: u32,
    },
}

/// `ADP_Stopped_ApplicationExit`.
pub const APPLICATION_EXIT: u32 = 0x2_0026;

/// An open handle of the guest.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
#[cfg_attr(feature = "serde", derive(serde::Serialize, serde::Deserialize))]
enum Handle {
    ConsoleIn,
    ConsoleOut,
    /// `:semihosting-features`, with the position in it.
    Features(u32),
    File(HostFile),
}

/// Contents of `:semihosting-features`: magic, then exit with a code, then separate standard output and error.
const FEATURES: &[u8] = b"SHFB\x03";
const MAX_HANDLES: usize = 64;
/// Longest name, command or string taken from the guest, bytes.
const MAX_STRING: u32 = 1 << 16;
const FAILED: u32 = u32::MAX;

/// State of the semihosting interface: open handles and the last error.
#[derive(Debug, Clone, PartialEq, Eq)]
#[cfg_attr(feature = "serde", derive(serde::Serialize, serde::Deserialize))]
pub struct Semihosting {
    handles: Vec<Option<Handle>>,
    errno: Errno,
    /// Core cycles per second.
    frequency: u64,
}

impl Semihosting {
    /// An interface with nothing open. `frequency` is that of the core, Hz, for the clock calls; 0 counts as 1.
    pub fn new(frequency: u64) -> Self {
        Self { handles: Vec::new(), errno: Errno(0), frequency: frequency.max(1) }
    }

    /// Back to nothing open. The host's files are the host's to close.
    pub fn reset(&mut self) {
        let Self { handles, errno, frequency: _ } = self;
        handles.clear();
        *errno = Errno(0);
    }

    /// Serves the call in R0 and R1; the result goes to R0. An unknown call fails with -1.
    pub fn serve<B: Bus, H: Host>(&mut self, core: &mut Core, bus: &mut B, host: &mut H) -> Outcome {
        let (operation, parameter) = (core.r[0], core.r[1]);
        let mut guest = Guest { core, bus };
        let result = match operation {
            0x18 => {
                let status = u32::from(parameter != APPLICATION_EXIT);
                return Outcome::Ended { reason: parameter, status };
            }
            0x20 => match guest.words::<2>(parameter) {
                Ok([reason, subcode]) => {
                    let status = if reason == APPLICATION_EXIT { subcode } else { 1 };
                    return Outcome::Ended { reason, status };
                }
                Err(errno) => Err(errno),
            },
            _ => self.call(operation, parameter, &mut guest, host),
        };
        core.r[0] = match result {
            Ok(value) => value,
            Err(errno) => {
                self.errno = errno;
                FAILED
            }
        };
        Outcome::Continue
    }

    fn call<B: Bus, H: Host>(
        &mut self,
        operation: u32,
        parameter: u32,
        guest: &mut Guest<'_, B>,
        host: &mut H,
    ) -> Result<u32, Errno> {
        match operation {
            0x01 => {
                let [name, mode, length] = guest.words(parameter)?;
                let name = guest.counted(name, length)?;
                let mode = OpenMode::from_number(mode).ok_or(Errno::INVAL)?;
                self.open(&name, mode, host)
            }
            0x02 => {
                let [handle] = guest.words(parameter)?;
                if let Handle::File(file) = self.handle(handle)? {
                    host.close(file)?;
                }
                self.handles[handle as usize - 1] = None;
                Ok(0)
            }
            0x03 => {
                let byte = guest.bytes::<1>(parameter)?;
                host.console_write(&byte);
                Ok(0)
            }
            0x04 => {
                host.console_write(&guest.terminated(parameter)?);
                Ok(0)
            }
            0x05 => {
                let [handle, buffer, length] = guest.words(parameter)?;
                let mut left = length;
                self.transferred(|calls| calls.write(handle, buffer, &mut left, guest, host));
                Ok(left)
            }
            0x06 => {
                let [handle, buffer, length] = guest.words(parameter)?;
                let mut left = length;
                self.transferred(|calls| calls.read(handle, buffer, &mut left, guest, host));
                Ok(left)
            }
            0x07 => host.console_read().map_or(Err(Errno::NOSYS), |byte| Ok(u32::from(byte))),
            0x08 => {
                let [status] = guest.words(parameter)?;
                Ok(u32::from((status as i32) < 0))
            }
            0x09 => {
                let [handle] = guest.words(parameter)?;
                Ok(u32::from(matches!(self.handle(handle)?, Handle::ConsoleIn | Handle::ConsoleOut)))
            }
            0x0A => {
                let [handle, position] = guest.words(parameter)?;
                match self.handle(handle)? {
                    Handle::File(file) => host.seek(file, position)?,
                    Handle::Features(_) if position as usize <= FEATURES.len() => {
                        self.handles[handle as usize - 1] = Some(Handle::Features(position));
                    }
                    _ => return Err(Errno::INVAL),
                }
                Ok(0)
            }
            0x0C => {
                let [handle] = guest.words(parameter)?;
                match self.handle(handle)? {
                    Handle::File(file) => host.length(file),
                    Handle::Features(_) => Ok(FEATURES.len() as u32),
                    Handle::ConsoleIn | Handle::ConsoleOut => Ok(0),
                }
            }
            0x0D => {
                let [buffer, id, length] = guest.words(parameter)?;
                let mut name = host.temporary_name(u8::try_from(id).map_err(|_| Errno::INVAL)?);
                name.push(0);
                if name.len() > length as usize {
                    return Err(Errno::INVAL);
                }
                guest.put(buffer, &name)?;
                Ok(0)
            }
            0x0E => {
                let [name, length] = guest.words(parameter)?;
                host.remove(&guest.counted(name, length)?)?;
                Ok(0)
            }
            0x0F => {
                let [from, from_length, to, to_length] = guest.words(parameter)?;
                host.rename(&guest.counted(from, from_length)?, &guest.counted(to, to_length)?)?;
                Ok(0)
            }
            0x10 => Ok((u128::from(guest.core.cycles) * 100 / u128::from(self.frequency)) as u32),
            0x11 => Ok(host.epoch().wrapping_add((guest.core.cycles / self.frequency) as u32)),
            0x12 => {
                let [command, length] = guest.words(parameter)?;
                host.system(&guest.counted(command, length)?)
            }
            0x13 => Ok(self.errno.0),
            0x15 => {
                let [buffer, length] = guest.words(parameter)?;
                let line = host.command_line().to_vec();
                if line.len() >= length as usize {
                    return Err(Errno::INVAL);
                }
                guest.put(buffer, &line)?;
                guest.put(buffer.wrapping_add(line.len() as u32), &[0])?;
                guest.put_words(parameter, &[buffer, line.len() as u32])?;
                Ok(0)
            }
            0x16 => {
                let [block] = guest.words(parameter)?;
                let HeapInfo { heap_base, heap_limit, stack_base, stack_limit } = host.heap_info();
                guest.put_words(block, &[heap_base, heap_limit, stack_base, stack_limit])?;
                Ok(0)
            }
            0x30 => {
                let cycles = guest.core.cycles;
                guest.put_words(parameter, &[cycles as u32, (cycles >> 32) as u32])?;
                Ok(0)
            }
            0x31 => u32::try_from(self.frequency).map_err(|_| Errno::INVAL),
            _ => Err(Errno::NOSYS),
        }
    }

    /// Reads and writes tell of an error by what is left over, not by -1.
    fn transferred(&mut self, transfer: impl FnOnce(&mut Self) -> Result<(), Errno>) {
        if let Err(errno) = transfer(self) {
            self.errno = errno;
        }
    }

    fn handle(&self, number: u32) -> Result<Handle, Errno> {
        let index = (number as usize).checked_sub(1).ok_or(Errno::BADF)?;
        self.handles.get(index).copied().flatten().ok_or(Errno::BADF)
    }

    fn open<H: Host>(&mut self, name: &[u8], mode: OpenMode, host: &mut H) -> Result<u32, Errno> {
        let free = match self.handles.iter().position(Option::is_none) {
            Some(free) => free,
            None if self.handles.len() < MAX_HANDLES => {
                self.handles.push(None);
                self.handles.len() - 1
            }
            None => return Err(Errno::MFILE),
        };
        let handle = match name {
            b":tt" if !mode.write => Handle::ConsoleIn,
            b":tt" => Handle::ConsoleOut,
            b":semihosting-features" if !mode.write => Handle::Features(0),
            _ => Handle::File(host.open(name, mode)?),
        };
        self.handles[free] = Some(handle);
        Ok(free as u32 + 1)
    }

    /// Counts `left` down to the number of bytes *not* written.
    fn write<B: Bus, H: Host>(
        &mut self,
        number: u32,
        buffer: u32,
        left: &mut u32,
        guest: &mut Guest<'_, B>,
        host: &mut H,
    ) -> Result<(), Errno> {
        let handle = self.handle(number)?;
        let mut at = buffer;
        while *left != 0 {
            let mut chunk = [0; 512];
            let chunk = &mut chunk[..(*left).min(512) as usize];
            guest.get(at, chunk)?;
            let done = match handle {
                Handle::ConsoleOut => {
                    host.console_write(chunk);
                    chunk.len()
                }
                Handle::File(file) => host.write(file, chunk)?.min(chunk.len()),
                Handle::ConsoleIn | Handle::Features(_) => return Err(Errno::BADF),
            };
            *left -= done as u32;
            at = at.wrapping_add(done as u32);
            if done < chunk.len() {
                break;
            }
        }
        Ok(())
    }

    /// Counts `left` down to the number of bytes *not* read.
    fn read<B: Bus, H: Host>(
        &mut self,
        number: u32,
        buffer: u32,
        left: &mut u32,
        guest: &mut Guest<'_, B>,
        host: &mut H,
    ) -> Result<(), Errno> {
        let handle = self.handle(number)?;
        let mut at = buffer;
        let mut position = if let Handle::Features(position) = handle { position as usize } else { 0 };
        while *left != 0 {
            let mut chunk = [0; 512];
            let chunk = &mut chunk[..(*left).min(512) as usize];
            let done = match handle {
                Handle::ConsoleIn => match host.console_read() {
                    Some(byte) => {
                        chunk[0] = byte;
                        1
                    }
                    None => 0,
                },
                Handle::File(file) => host.read(file, chunk)?.min(chunk.len()),
                Handle::Features(_) => {
                    let rest = FEATURES.get(position..).unwrap_or(&[]);
                    let done = rest.len().min(chunk.len());
                    chunk[..done].copy_from_slice(&rest[..done]);
                    position += done;
                    done
                }
                Handle::ConsoleOut => return Err(Errno::BADF),
            };
            guest.put(at, &chunk[..done])?;
            *left -= done as u32;
            at = at.wrapping_add(done as u32);
            // A console gives one line at a time.
            if done == 0 || (handle == Handle::ConsoleIn && chunk[0] == b'\n') {
                break;
            }
        }
        if let Handle::Features(_) = handle {
            self.handles[number as usize - 1] = Some(Handle::Features(position as u32));
        }
        Ok(())
    }
}

/// The guest's memory, at the privilege of the running mode; failing accesses raise no exception.
struct Guest<'a, B> {
    core: &'a mut Core,
    bus: &'a mut B,
}

impl<B: Bus> Guest<'_, B> {
    fn access(&mut self, va: u32, kind: Kind) -> Result<Access, Errno> {
        let privileged = self.core.mode.is_privileged();
        let mut ctx = Ctx { bus: &mut *self.bus, obs: &mut () };
        let found = mmu::translate(self.core, &mut ctx, va, kind, privileged).map_err(|_| Errno::FAULT)?;
        let access = match kind {
            Kind::Write => Access::write(PhysAddr(found.pa), Size::Byte, self.core.master),
            Kind::Read | Kind::Fetch => Access::read(PhysAddr(found.pa), Size::Byte, self.core.master),
        };
        let prot = Prot { privileged, secure: found.secure, instruction: false };
        Ok(Access { prot, attrs: found.attrs, ..access })
    }

    fn get(&mut self, va: u32, bytes: &mut [u8]) -> Result<(), Errno> {
        self.bus.at_cycle(self.core.cycles);
        for (i, byte) in bytes.iter_mut().enumerate() {
            let access = self.access(va.wrapping_add(i as u32), Kind::Read)?;
            *byte = self.bus.read(&access).map_err(|_| Errno::FAULT)? as u8;
        }
        Ok(())
    }

    fn put(&mut self, va: u32, bytes: &[u8]) -> Result<(), Errno> {
        self.bus.at_cycle(self.core.cycles);
        for (i, byte) in bytes.iter().enumerate() {
            let access = self.access(va.wrapping_add(i as u32), Kind::Write)?;
            self.bus.write(&access, u64::from(*byte)).map_err(|_| Errno::FAULT)?;
        }
        Ok(())
    }

    fn bytes<const N: usize>(&mut self, va: u32) -> Result<[u8; N], Errno> {
        let mut bytes = [0; N];
        self.get(va, &mut bytes)?;
        Ok(bytes)
    }

    fn words<const N: usize>(&mut self, va: u32) -> Result<[u32; N], Errno> {
        let mut words = [0; N];
        for (i, word) in words.iter_mut().enumerate() {
            let bytes = self.bytes::<4>(va.wrapping_add(4 * i as u32))?;
            *word = if self.core.big_endian { u32::from_be_bytes(bytes) } else { u32::from_le_bytes(bytes) };
        }
        Ok(words)
    }

    fn put_words(&mut self, va: u32, words: &[u32]) -> Result<(), Errno> {
        for (i, word) in words.iter().enumerate() {
            let bytes = if self.core.big_endian { word.to_be_bytes() } else { word.to_le_bytes() };
            self.put(va.wrapping_add(4 * i as u32), &bytes)?;
        }
        Ok(())
    }

    fn counted(&mut self, va: u32, length: u32) -> Result<Vec<u8>, Errno> {
        if length > MAX_STRING {
            return Err(Errno::INVAL);
        }
        let mut bytes = vec![0; length as usize];
        self.get(va, &mut bytes)?;
        Ok(bytes)
    }

    fn terminated(&mut self, va: u32) -> Result<Vec<u8>, Errno> {
        let mut bytes = Vec::new();
        for i in 0..MAX_STRING {
            match self.bytes::<1>(va.wrapping_add(i))? {
                [0] => return Ok(bytes),
                [byte] => bytes.push(byte),
            }
        }
        Err(Errno::INVAL)
    }
}

#[cfg(test)]
mod tests;
