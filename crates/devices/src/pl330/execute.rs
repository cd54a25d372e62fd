//! Execution of instructions.

use super::instruction::{Bad, Instruction, Register, RequestType, WaitKind, decode};
use super::thread::{Piece, State, Thread, Transaction, Work};
use super::{MANAGER, PeripheralRequest, Pl330};
use msmemu_fabric::Time;

/// Bits of `FTRD` and `FTR`.
pub(super) mod fault {
    pub(in super::super) const UNDEFINED: u32 = 1 << 0;
    pub(in super::super) const OPERAND: u32 = 1 << 1;
    pub(in super::super) const GO: u32 = 1 << 4;
    pub(in super::super) const EVENT: u32 = 1 << 5;
    pub(in super::super) const PERIPHERAL: u32 = 1 << 6;
    pub(in super::super) const SECURITY: u32 = 1 << 7;
    pub(in super::super) const BUFFER: u32 = 1 << 12;
    pub(in super::super) const NO_DATA: u32 = 1 << 13;
    pub(in super::super) const FETCH: u32 = 1 << 16;
    pub(in super::super) const WRITE: u32 = 1 << 17;
    pub(in super::super) const READ: u32 = 1 << 18;
    pub(in super::super) const DEBUG: u32 = 1 << 30;
    pub(in super::super) const LOCKUP: u32 = 1 << 31;
}

/// What becomes of a thread after an instruction.
enum Flow {
    /// The next instruction.
    Next,
    /// Another one.
    Jump(u32),
    /// The same again, when something has completed.
    Stall,
    /// The instruction has set the state; it is executed again when the thread goes on.
    Wait(State),
    /// The thread has stopped, and the program counter stays.
    Stopped,
    /// `FTRD` or `FTR` bits.
    Fault(u32),
}

/// Addresses of one burst, in transactions of ascending addresses: one for an incrementing burst
/// (two if it wraps at the end of the address space), one for each beat of a fixed one.
struct Burst {
    addr: u32,
    /// Bytes of a transaction and number of them.
    len: u32,
    count: u32,
    increments: bool,
}

impl Burst {
    /// From the fields of `CCR` of one side: increment in bit 0, size above it, length above that.
    const fn new(addr: u32, increments: bool, size_log2: u32, beats: u32) -> Self {
        let size = 1 << size_log2;
        // An unaligned burst lacks the bytes before its address in the first beat.
        let missing = addr % size;
        if increments {
            Self { addr, len: beats * size - missing, count: 1, increments }
        } else {
            Self { addr, len: size - missing, count: beats, increments }
        }
    }

    const fn bytes(&self) -> u32 {
        self.len * self.count
    }

    /// Address and length of each transaction.
    fn transactions(&self) -> Vec<(u32, u32)> {
        let room = self.addr.wrapping_neg();
        if room != 0 && room < self.len {
            return vec![(self.addr, room), (0, self.len - room)];
        }
        vec![(self.addr, self.len); self.count as usize]
    }

    const fn next_address(&self) -> u32 {
        if self.increments { self.addr.wrapping_add(self.len) } else { self.addr }
    }
}

impl Pl330 {
    /// Executes one instruction of the next thread in turn.
    pub(super) fn step(&mut self, now: Time) {
        let count = self.threads.len();
        let next = (1..=count).map(|n| (self.turn + n) % count).find(|&n| self.threads[n].can_run());
        let Some(thread) = next else { return };
        self.turn = thread;
        let Some(bytes) = self.fetch(thread) else { return };
        match decode(bytes) {
            Ok(instruction) => self.perform(now, thread, instruction, false),
            Err(bad) => self.raise(thread, bad_bits(bad)),
        }
        self.check_lockup();
    }

    /// An instruction through the debug interface.
    pub(super) fn debug_instruction(&mut self, now: Time, thread: usize, bytes: [u8; 6]) {
        let Some(state) = self.threads.get(thread).map(|thread| thread.state) else { return };
        let instruction = decode(bytes);
        if state == State::Faulting && instruction != Ok(Instruction::Kill) {
            return;
        }
        let allowed = match instruction {
            Ok(Instruction::Go { .. }) => thread == MANAGER,
            Ok(Instruction::Kill | Instruction::SendEvent(_)) => true,
            Ok(_) | Err(_) => false,
        };
        match instruction {
            Ok(instruction) if allowed => self.perform(now, thread, instruction, true),
            Ok(_) => self.raise(thread, fault::UNDEFINED | fault::DEBUG),
            Err(bad) => self.raise(thread, bad_bits(bad) | fault::DEBUG),
        }
        self.wake_at(now);
    }

    fn perform(&mut self, now: Time, thread: usize, instruction: Instruction, debug: bool) {
        let flow = self.execute(now, thread, instruction, debug);
        let debug_bit = if debug { fault::DEBUG } else { 0 };
        let Some(at) = self.threads.get_mut(thread) else { return };
        match flow {
            Flow::Fault(bits) => self.raise(thread, bits | debug_bit),
            // Nothing moves the program counter but the thread's own instructions.
            Flow::Next | Flow::Jump(_) | Flow::Stall | Flow::Wait(_) if debug => {}
            Flow::Next => at.pc = at.pc.wrapping_add(instruction_length(instruction)),
            Flow::Jump(pc) => at.pc = pc,
            Flow::Stall => at.stalled = true,
            Flow::Wait(state) => at.state = state,
            Flow::Stopped => {}
        }
    }

    /// The bytes at a thread's program counter, or `None` with a fetch under way.
    fn fetch(&mut self, thread: usize) -> Option<[u8; 6]> {
        loop {
            let at = &mut self.threads[thread];
            if at.fetched.len() >= at.wanted() {
                let mut bytes = [0; 6];
                for (byte, fetched) in bytes.iter_mut().zip(at.fetched.drain(..)) {
                    *byte = fetched;
                }
                return Some(bytes);
            }
            let next = at.pc.wrapping_add(at.fetched.len() as u32);
            let line = next >> self.config.line_log2 << self.config.line_log2;
            match self.cache.iter().flatten().find(|cached| cached.addr == line) {
                Some(cached) => at.read_line(line, &cached.bytes),
                None => {
                    self.miss(thread, line);
                    return None;
                }
            }
        }
    }

    fn miss(&mut self, thread: usize, line: u32) {
        self.threads[thread].state = State::CacheMiss;
        let coming = |t: &Transaction| t.work == Work::Fetch && t.addr == line;
        if !self.transactions.iter().flatten().any(coming) {
            self.add(Transaction {
                thread: thread as u8,
                work: Work::Fetch,
                addr: line,
                len: 1 << self.config.line_log2,
                control: 0,
                last: true,
                issued: false,
                order: 0,
                data: Vec::new(),
            });
        }
    }

    /// A thread faults.
    pub(super) fn raise(&mut self, thread: usize, bits: u32) {
        self.withdraw(thread);
        let busy = thread != MANAGER && self.busy(thread, |_| true);
        let Some(thread) = self.threads.get_mut(thread) else { return };
        thread.fault |= bits;
        thread.stalled = false;
        thread.fetched.clear();
        thread.buffer.clear();
        thread.state = if busy { State::FaultingCompleting } else { State::Faulting };
    }

    fn kill(&mut self, thread: usize) {
        self.withdraw(thread);
        let busy = thread != MANAGER && self.busy(thread, |_| true);
        let at = &mut self.threads[thread];
        at.fault = 0;
        at.stalled = false;
        at.fetched.clear();
        at.buffer.clear();
        at.state = if busy { State::Killing } else { State::Stopped };
    }

    /// Channels that wait for each other, with nothing under way that could help.
    fn check_lockup(&mut self) {
        let stuck = |thread: &Thread| thread.state == State::Executing && thread.stalled;
        let hope = self.threads.iter().any(Thread::can_run) || self.transactions.iter().any(Option::is_some);
        if !hope {
            for thread in 0..self.threads.len() {
                if stuck(&self.threads[thread]) {
                    self.raise(thread, fault::LOCKUP);
                }
            }
        }
    }

    fn secure_violation(&self, thread: usize, non_secure_bits: u32, number: u8) -> bool {
        self.threads[thread].non_secure && non_secure_bits >> number & 1 == 0
    }

    fn execute(&mut self, now: Time, thread: usize, instruction: Instruction, debug: bool) -> Flow {
        if thread == MANAGER {
            return match instruction {
                Instruction::End | Instruction::Kill => {
                    self.kill(MANAGER);
                    Flow::Stopped
                }
                Instruction::Nop => Flow::Next,
                Instruction::SendEvent(event) => self.send_event(now, thread, event),
                Instruction::WaitEvent { event, invalidate } => self.wait_event(thread, event, invalidate),
                Instruction::Go { non_secure, channel, pc } => self.go(now, non_secure, channel, pc),
                _ => Flow::Fault(fault::UNDEFINED),
            };
        }
        match instruction {
            Instruction::End => {
                if self.busy(thread, |work| work != Work::Fetch) {
                    self.threads[thread].stalled = true;
                    return Flow::Wait(State::Completing);
                }
                self.kill(thread);
                Flow::Stopped
            }
            Instruction::Kill => {
                self.kill(thread);
                Flow::Stopped
            }
            Instruction::Go { .. } => Flow::Fault(fault::UNDEFINED),
            Instruction::Nop => Flow::Next,
            Instruction::Move(register, value) => self.set_register(thread, register, value),
            Instruction::Add { destination, value } => {
                let at = &mut self.threads[thread];
                let register = if destination { &mut at.destination } else { &mut at.source };
                *register = register.wrapping_add(value);
                Flow::Next
            }
            Instruction::Loop { counter, count } => {
                self.threads[thread].loops[counter] = count;
                Flow::Next
            }
            Instruction::LoopEnd { forever, counter, condition, back } => {
                let at = &mut self.threads[thread];
                let over = if forever { at.last_request } else { at.loops[counter] == 0 };
                if over || condition.is_some_and(|condition| condition != at.request) {
                    return Flow::Next;
                }
                if !forever {
                    at.loops[counter] -= 1;
                }
                Flow::Jump(at.pc.wrapping_sub(u32::from(back)))
            }
            Instruction::Load(condition) => self.load(thread, condition),
            Instruction::Store(condition) => self.store(thread, condition, false),
            Instruction::StoreZero => self.store(thread, None, true),
            Instruction::LoadPeripheral(kind, number) => self.peripheral_transfer(thread, kind, number, true),
            Instruction::StorePeripheral(kind, number) => {
                self.peripheral_transfer(thread, kind, number, false)
            }
            Instruction::ReadBarrier => self.barrier(thread, |work| matches!(work, Work::Read { .. })),
            Instruction::WriteBarrier => self.barrier(thread, |work| work == Work::Write),
            // An interrupt must not overtake the data it tells of.
            Instruction::SendEvent(_) if !debug && self.busy(thread, |work| work != Work::Fetch) => {
                Flow::Stall
            }
            Instruction::SendEvent(event) => self.send_event(now, thread, event),
            Instruction::WaitEvent { event, invalidate } => self.wait_event(thread, event, invalidate),
            Instruction::WaitPeripheral(kind, number) => self.wait_peripheral(thread, kind, number),
            Instruction::FlushPeripheral(number) => match self.check_peripheral(thread, number) {
                Err(bits) => Flow::Fault(bits),
                Ok(()) => {
                    self.peripherals[usize::from(number)] = None;
                    Flow::Next
                }
            },
        }
    }

    fn barrier(&mut self, thread: usize, waits_for: fn(Work) -> bool) -> Flow {
        if !self.busy(thread, waits_for) {
            return Flow::Next;
        }
        self.threads[thread].stalled = true;
        Flow::Wait(State::AtBarrier)
    }

    fn go(&mut self, now: Time, non_secure: bool, channel: u8, pc: u32) -> Flow {
        if channel >= self.config.channels {
            return Flow::Fault(fault::OPERAND);
        }
        if self.threads[MANAGER].non_secure && !non_secure {
            return Flow::Fault(fault::GO);
        }
        let thread = &mut self.threads[usize::from(channel) + 1];
        // On a channel that is not stopped DMAGO does nothing.
        if thread.state == State::Stopped {
            *thread = Thread {
                state: State::Executing,
                pc,
                non_secure,
                source: thread.source,
                destination: thread.destination,
                control: thread.control,
                loops: thread.loops,
                ..Thread::new()
            };
            self.cache.fill(None);
            self.wake_at(now);
        }
        Flow::Next
    }

    fn set_register(&mut self, thread: usize, register: Register, value: u32) -> Flow {
        let at = &mut self.threads[thread];
        match register {
            Register::Source => at.source = value,
            Register::Destination => at.destination = value,
            Register::Control => {
                let widest = u32::from(self.config.width_log2);
                if value >> 1 & 7 > widest || value >> 15 & 7 > widest || value >> 28 & 7 > 4 {
                    return Flow::Fault(fault::OPERAND);
                }
                at.control = value & 0x7fff_ffff;
            }
        }
        Flow::Next
    }

    fn load(&mut self, thread: usize, condition: Option<RequestType>) -> Flow {
        let at = &self.threads[thread];
        if condition.is_some_and(|condition| condition != at.request) {
            return Flow::Next;
        }
        let control = at.control;
        if at.non_secure && control >> 9 & 1 == 0 {
            return Flow::Fault(fault::SECURITY);
        }
        let beats = if condition == Some(RequestType::Single) { 1 } else { (control >> 4 & 0xf) + 1 };
        let burst = Burst::new(at.source, control & 1 != 0, control >> 1 & 7, beats);
        let room = u32::from(self.config.buffer_lines) << self.config.width_log2;
        if at.buffered() + burst.bytes() > room {
            return Flow::Fault(fault::BUFFER);
        }
        let buffered: u32 = self.threads.iter().map(Thread::buffered).sum();
        let reads = self.bursts(|work| matches!(work, Work::Read { .. }));
        if buffered + burst.bytes() > room || reads >= usize::from(self.config.reads) {
            return Flow::Stall;
        }
        let parts = burst.transactions();
        let last = parts.len() - 1;
        for (n, (addr, len)) in parts.into_iter().enumerate() {
            let at = &mut self.threads[thread];
            let piece = at.next_read;
            at.next_read = at.next_read.wrapping_add(1);
            at.buffer.push_back(Piece { read: piece, len, data: None });
            let work = Work::Read { piece, swap: (control >> 28 & 7) as u8 };
            self.add(Transaction {
                thread: thread as u8,
                work,
                addr,
                len,
                control,
                last: n == last,
                issued: false,
                order: 0,
                data: Vec::new(),
            });
        }
        self.threads[thread].source = burst.next_address();
        Flow::Next
    }

    fn store(&mut self, thread: usize, condition: Option<RequestType>, zero: bool) -> Flow {
        let at = &self.threads[thread];
        if condition.is_some_and(|condition| condition != at.request) {
            return Flow::Next;
        }
        let control = at.control;
        if at.non_secure && control >> 23 & 1 == 0 {
            return Flow::Fault(fault::SECURITY);
        }
        let beats = if condition == Some(RequestType::Single) { 1 } else { (control >> 18 & 0xf) + 1 };
        let burst = Burst::new(at.destination, control >> 14 & 1 != 0, control >> 15 & 7, beats);
        if !zero && at.buffered() < burst.bytes() {
            return Flow::Fault(fault::NO_DATA);
        }
        if self.bursts(|work| work == Work::Write) >= usize::from(self.config.writes) {
            return Flow::Stall;
        }
        let data = if zero {
            vec![0; burst.bytes() as usize]
        } else {
            match self.threads[thread].take(burst.bytes()) {
                Some(data) => data,
                None => return Flow::Stall,
            }
        };
        let mut data = data.as_slice();
        let parts = burst.transactions();
        let last = parts.len() - 1;
        for (n, (addr, len)) in parts.into_iter().enumerate() {
            let (part, rest) = data.split_at(len as usize);
            data = rest;
            self.add(Transaction {
                thread: thread as u8,
                work: Work::Write,
                addr,
                len,
                control,
                last: n == last,
                issued: false,
                order: 0,
                data: part.to_vec(),
            });
        }
        self.threads[thread].destination = burst.next_address();
        Flow::Next
    }

    fn check_event(&self, thread: usize, event: u8) -> Result<(), u32> {
        if event >= self.config.events {
            return Err(fault::OPERAND);
        }
        if self.secure_violation(thread, self.config.events_non_secure, event) {
            return Err(fault::EVENT);
        }
        Ok(())
    }

    fn send_event(&mut self, now: Time, thread: usize, event: u8) -> Flow {
        if let Err(bits) = self.check_event(thread, event) {
            return Flow::Fault(bits);
        }
        self.active |= 1 << event;
        if self.inten() >> event & 1 == 0 {
            // All that wait for the event go on behind their DMAWFE, and the event is used up.
            for thread in &mut self.threads {
                if thread.state == State::WaitingForEvent && thread.wakeup == event {
                    thread.state = State::Executing;
                    thread.pc = thread.pc.wrapping_add(2);
                    self.active &= !(1 << event);
                }
            }
            self.wake_at(now);
        }
        Flow::Next
    }

    fn wait_event(&mut self, thread: usize, event: u8, invalidate: bool) -> Flow {
        if let Err(bits) = self.check_event(thread, event) {
            return Flow::Fault(bits);
        }
        if invalidate {
            self.cache.fill(None);
        }
        self.threads[thread].wakeup = event;
        let bit = 1 << event;
        if self.active & bit != 0 && self.inten() & bit == 0 {
            self.active &= !bit;
            return Flow::Next;
        }
        Flow::Wait(State::WaitingForEvent)
    }

    fn check_peripheral(&self, thread: usize, number: u8) -> Result<(), u32> {
        if number >= self.config.peripherals {
            return Err(fault::OPERAND);
        }
        if self.secure_violation(thread, self.config.peripherals_non_secure, number) {
            return Err(fault::PERIPHERAL);
        }
        Ok(())
    }

    fn wait_peripheral(&mut self, thread: usize, kind: WaitKind, number: u8) -> Flow {
        if let Err(bits) = self.check_peripheral(thread, number) {
            return Flow::Fault(bits);
        }
        let request = self.peripherals[usize::from(number)];
        let at = &mut self.threads[thread];
        at.wakeup = number;
        at.wait = kind;
        let found = match (request, kind) {
            (Some(PeripheralRequest { last, .. }), WaitKind::Single) => Some((RequestType::Single, last)),
            (Some(PeripheralRequest { kind, last }), WaitKind::Periph) => Some((kind, last)),
            (Some(PeripheralRequest { kind: RequestType::Burst, last }), WaitKind::Burst) => {
                Some((RequestType::Burst, last))
            }
            (_, _) => None,
        };
        match found {
            Some((kind, last)) => {
                at.request = kind;
                at.last_request = last;
                Flow::Next
            }
            None => Flow::Wait(State::WaitingForPeripheral),
        }
    }

    /// DMALDP and DMASTP: a transfer that answers the peripheral's request.
    fn peripheral_transfer(&mut self, thread: usize, kind: RequestType, number: u8, load: bool) -> Flow {
        if let Err(bits) = self.check_peripheral(thread, number) {
            return Flow::Fault(bits);
        }
        let answers = self.threads[thread].request == kind;
        let flow = if load { self.load(thread, Some(kind)) } else { self.store(thread, Some(kind), false) };
        if answers && matches!(flow, Flow::Next) {
            self.peripherals[usize::from(number)] = None;
        }
        flow
    }
}

const fn bad_bits(bad: Bad) -> u32 {
    match bad {
        Bad::Undefined => fault::UNDEFINED,
        Bad::Operand => fault::OPERAND,
    }
}

const fn instruction_length(instruction: Instruction) -> u32 {
    match instruction {
        Instruction::End
        | Instruction::Kill
        | Instruction::Load(_)
        | Instruction::Store(_)
        | Instruction::StoreZero
        | Instruction::ReadBarrier
        | Instruction::WriteBarrier
        | Instruction::Nop => 1,
        Instruction::Loop { .. }
        | Instruction::LoopEnd { .. }
        | Instruction::LoadPeripheral(..)
        | Instruction::StorePeripheral(..)
        | Instruction::WaitPeripheral(..)
        | Instruction::SendEvent(_)
        | Instruction::FlushPeripheral(_)
        | Instruction::WaitEvent { .. } => 2,
        Instruction::Add { .. } => 3,
        Instruction::Go { .. } | Instruction::Move(..) => 6,
    }
}
