//! What gdb asks for, answered by the machine.

use std::convert::Infallible;

use gdbstub::common::Signal;
use gdbstub::outputln;
use gdbstub::target::ext::base::BaseOps;
use gdbstub::target::ext::base::single_register_access::{SingleRegisterAccess, SingleRegisterAccessOps};
use gdbstub::target::ext::base::singlethread::{
    SingleThreadBase, SingleThreadResume, SingleThreadResumeOps, SingleThreadSingleStep,
    SingleThreadSingleStepOps,
};
use gdbstub::target::ext::breakpoints::{
    Breakpoints, BreakpointsOps, HwBreakpoint, HwBreakpointOps, HwWatchpoint, HwWatchpointOps, SwBreakpoint,
    SwBreakpointOps, WatchKind,
};
use gdbstub::target::ext::monitor_cmd::{ConsoleOutput, MonitorCmd, MonitorCmdOps};
use gdbstub::target::{Target, TargetError, TargetResult};
use gdbstub_arch::arm::ArmBreakpointKind;
use msmemu_session::debug::{Debuggee, REGISTERS, Watchpoint};

use super::arch::{Armv7a, Number, Values};

/// How the debugger wants the guest to go on.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Resume {
    Step,
    Continue,
}

/// A machine under a debugger.
pub(crate) struct Debugger<'a, D> {
    pub(crate) machine: &'a mut D,
    pub(crate) resume: Resume,
    breakpoints: Vec<u32>,
    watchpoints: Vec<(Watchpoint, WatchKind)>,
}

impl<'a, D: Debuggee> Debugger<'a, D> {
    pub(crate) fn new(machine: &'a mut D) -> Self {
        Self { machine, resume: Resume::Continue, breakpoints: Vec::new(), watchpoints: Vec::new() }
    }

    /// The kind of the watchpoint at `address`, as the debugger asked for it.
    pub(crate) fn watch_kind(&self, address: u32, write: bool) -> WatchKind {
        let found = self.watchpoints.iter().find(|(watch, _)| watch.address == address);
        found.map_or(if write { WatchKind::Write } else { WatchKind::Read }, |(_, kind)| *kind)
    }

    fn add_breakpoint(&mut self, address: u32) -> TargetResult<bool, Self> {
        self.breakpoints.push(address);
        self.machine.set_breakpoints(&self.breakpoints);
        Ok(true)
    }

    fn remove_breakpoint(&mut self, address: u32) -> TargetResult<bool, Self> {
        let Some(at) = self.breakpoints.iter().position(|b| *b == address) else { return Ok(false) };
        self.breakpoints.swap_remove(at);
        self.machine.set_breakpoints(&self.breakpoints);
        Ok(true)
    }

    fn watch_changed(&mut self) {
        let watchpoints: Vec<_> = self.watchpoints.iter().map(|(watch, _)| *watch).collect();
        self.machine.set_watchpoints(&watchpoints);
    }
}

const fn watchpoint(address: u32, len: u32, kind: WatchKind) -> Watchpoint {
    Watchpoint {
        address,
        len,
        reads: matches!(kind, WatchKind::Read | WatchKind::ReadWrite),
        writes: matches!(kind, WatchKind::Write | WatchKind::ReadWrite),
    }
}

impl<D: Debuggee> Target for Debugger<'_, D> {
    type Arch = Armv7a;
    type Error = Infallible;

    fn base_ops(&mut self) -> BaseOps<'_, Self::Arch, Self::Error> {
        BaseOps::SingleThread(self)
    }

    fn support_breakpoints(&mut self) -> Option<BreakpointsOps<'_, Self>> {
        Some(self)
    }

    fn support_monitor_cmd(&mut self) -> Option<MonitorCmdOps<'_, Self>> {
        Some(self)
    }
}

impl<D: Debuggee> SingleThreadBase for Debugger<'_, D> {
    fn read_registers(&mut self, values: &mut Values) -> TargetResult<(), Self> {
        for (number, value) in values.0.iter_mut().enumerate() {
            *value = self.machine.register(number);
        }
        Ok(())
    }

    fn write_registers(&mut self, values: &Values) -> TargetResult<(), Self> {
        for (number, value) in values.0.iter().enumerate() {
            // Writing back what was read must not disturb anything.
            if self.machine.register(number) != *value {
                self.machine.set_register(number, *value);
            }
        }
        Ok(())
    }

    fn support_single_register_access(&mut self) -> Option<SingleRegisterAccessOps<'_, (), Self>> {
        Some(self)
    }

    fn read_addrs(&mut self, start: u32, data: &mut [u8]) -> TargetResult<usize, Self> {
        self.machine.read_memory(start, data).map_err(|_| TargetError::NonFatal)?;
        Ok(data.len())
    }

    fn write_addrs(&mut self, start: u32, data: &[u8]) -> TargetResult<(), Self> {
        self.machine.write_memory(start, data).map_err(|_| TargetError::NonFatal)
    }

    fn support_resume(&mut self) -> Option<SingleThreadResumeOps<'_, Self>> {
        Some(self)
    }
}

impl<D: Debuggee> SingleRegisterAccess<()> for Debugger<'_, D> {
    fn read_register(&mut self, (): (), number: Number, buf: &mut [u8]) -> TargetResult<usize, Self> {
        let register = REGISTERS.get(number.0).ok_or(TargetError::NonFatal)?;
        let bytes = self.machine.register(number.0).to_le_bytes();
        let len = usize::from(register.bits / 8);
        buf.get_mut(..len).ok_or(TargetError::NonFatal)?.copy_from_slice(&bytes[..len]);
        Ok(len)
    }

    fn write_register(&mut self, (): (), number: Number, bytes: &[u8]) -> TargetResult<(), Self> {
        let mut word = [0; 8];
        word.get_mut(..bytes.len()).ok_or(TargetError::NonFatal)?.copy_from_slice(bytes);
        self.machine.set_register(number.0, u64::from_le_bytes(word));
        Ok(())
    }
}

impl<D: Debuggee> SingleThreadResume for Debugger<'_, D> {
    fn resume(&mut self, _signal: Option<Signal>) -> Result<(), Infallible> {
        self.resume = Resume::Continue;
        Ok(())
    }

    fn support_single_step(&mut self) -> Option<SingleThreadSingleStepOps<'_, Self>> {
        Some(self)
    }
}

impl<D: Debuggee> SingleThreadSingleStep for Debugger<'_, D> {
    fn step(&mut self, _signal: Option<Signal>) -> Result<(), Infallible> {
        self.resume = Resume::Step;
        Ok(())
    }
}

impl<D: Debuggee> Breakpoints for Debugger<'_, D> {
    fn support_sw_breakpoint(&mut self) -> Option<SwBreakpointOps<'_, Self>> {
        Some(self)
    }

    fn support_hw_breakpoint(&mut self) -> Option<HwBreakpointOps<'_, Self>> {
        Some(self)
    }

    fn support_hw_watchpoint(&mut self) -> Option<HwWatchpointOps<'_, Self>> {
        Some(self)
    }
}

impl<D: Debuggee> SwBreakpoint for Debugger<'_, D> {
    fn add_sw_breakpoint(&mut self, address: u32, _kind: ArmBreakpointKind) -> TargetResult<bool, Self> {
        self.add_breakpoint(address)
    }

    fn remove_sw_breakpoint(&mut self, address: u32, _kind: ArmBreakpointKind) -> TargetResult<bool, Self> {
        self.remove_breakpoint(address)
    }
}

impl<D: Debuggee> HwBreakpoint for Debugger<'_, D> {
    fn add_hw_breakpoint(&mut self, address: u32, _kind: ArmBreakpointKind) -> TargetResult<bool, Self> {
        self.add_breakpoint(address)
    }

    fn remove_hw_breakpoint(&mut self, address: u32, _kind: ArmBreakpointKind) -> TargetResult<bool, Self> {
        self.remove_breakpoint(address)
    }
}

impl<D: Debuggee> HwWatchpoint for Debugger<'_, D> {
    fn add_hw_watchpoint(&mut self, address: u32, len: u32, kind: WatchKind) -> TargetResult<bool, Self> {
        self.watchpoints.push((watchpoint(address, len, kind), kind));
        self.watch_changed();
        Ok(true)
    }

    fn remove_hw_watchpoint(&mut self, address: u32, len: u32, kind: WatchKind) -> TargetResult<bool, Self> {
        let gone = watchpoint(address, len, kind);
        let Some(at) = self.watchpoints.iter().position(|(watch, _)| *watch == gone) else {
            return Ok(false);
        };
        self.watchpoints.swap_remove(at);
        self.watch_changed();
        Ok(true)
    }
}

impl<D: Debuggee> MonitorCmd for Debugger<'_, D> {
    fn handle_monitor_cmd(&mut self, command: &[u8], mut out: ConsoleOutput<'_>) -> Result<(), Infallible> {
        let answer = self.machine.monitor(String::from_utf8_lossy(command).trim());
        outputln!(out, "{}", answer.trim_end());
        Ok(())
    }
}
