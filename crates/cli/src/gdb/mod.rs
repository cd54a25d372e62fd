//! The debugger endpoint: gdb's remote protocol over TCP.

mod arch;
mod target;

use std::net::{TcpListener, TcpStream};

use gdbstub::common::Signal;
use gdbstub::conn::ConnectionExt as _;
use gdbstub::stub::run_blocking::{BlockingEventLoop, Event, WaitForStopReasonError};
use gdbstub::stub::{DisconnectReason, GdbStub, SingleThreadStopReason};
use gdbstub::target::Target;
use msmemu_session::debug::{Debuggee, Stop};

use crate::output::{Failure, Status, say};
use target::{Debugger, Resume};

/// How a debugging session ended.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Ended {
    /// The debugger let the guest go: run on without it.
    Detached,
    /// The debugger killed the guest, or nobody wanted to wait for one.
    Killed,
    /// The guest's run is over.
    Guest,
}

/// Waits for one debugger at `address` and serves it until it goes or the run is over.
pub(crate) fn serve<D: Debuggee>(machine: &mut D, address: &str) -> Result<Ended, Failure> {
    let failed = |what: String| Failure::error(Failure::HOST, what);
    // A port alone, as other emulators take it, is one of this machine.
    let port = address.strip_prefix(':').unwrap_or(address);
    let full = if port.contains(':') { address.to_owned() } else { format!("127.0.0.1:{port}") };
    let listener = TcpListener::bind(&full).map_err(|error| {
        Failure::error(Status(2), format_args!("can not listen for a debugger on {address}: {error}"))
    })?;
    let local = listener.local_addr()?;
    say!("msmemu: waiting for a debugger; in gdb: target remote {local}");
    listener.set_nonblocking(true)?;
    let stream = loop {
        match listener.accept() {
            Ok((stream, _)) => break stream,
            Err(error) if error.kind() == std::io::ErrorKind::WouldBlock => {
                if machine.interrupted() {
                    return Ok(Ended::Killed);
                }
                std::thread::sleep(std::time::Duration::from_millis(20));
            }
            Err(error) => return Err(error.into()),
        }
    };
    drop(listener);
    stream.set_nonblocking(false)?;
    stream.set_nodelay(true)?;
    let mut debugger = Debugger::new(machine);
    match GdbStub::new(stream).run_blocking::<EventLoop<'_, D>>(&mut debugger) {
        Ok(DisconnectReason::Disconnect) => Ok(Ended::Detached),
        Ok(DisconnectReason::Kill) => Ok(Ended::Killed),
        Ok(DisconnectReason::TargetExited(_) | DisconnectReason::TargetTerminated(_)) => Ok(Ended::Guest),
        Err(error) if error.is_connection_error() => Ok(Ended::Detached),
        Err(error) => Err(failed(format!("debugger: {error}"))),
    }
}

struct EventLoop<'a, D>(std::marker::PhantomData<&'a D>);

impl<'a, D: Debuggee> BlockingEventLoop for EventLoop<'a, D> {
    type Target = Debugger<'a, D>;
    type Connection = TcpStream;
    type StopReason = SingleThreadStopReason<u32>;

    fn wait_for_stop_reason(
        target: &mut Self::Target,
        connection: &mut Self::Connection,
    ) -> Result<
        Event<Self::StopReason>,
        WaitForStopReasonError<<Self::Target as Target>::Error, std::io::Error>,
    > {
        loop {
            let stop = match target.resume {
                Resume::Step => target.machine.step(),
                Resume::Continue => target.machine.run(),
            };
            if let Some(reason) = reason(target, &stop) {
                return Ok(Event::TargetStopped(reason));
            }
            if connection.peek().map_err(WaitForStopReasonError::Connection)?.is_some() {
                let byte = connection.read().map_err(WaitForStopReasonError::Connection)?;
                return Ok(Event::IncomingData(byte));
            }
        }
    }

    fn on_interrupt(
        _target: &mut Self::Target,
    ) -> Result<Option<Self::StopReason>, <Self::Target as Target>::Error> {
        Ok(Some(SingleThreadStopReason::Signal(Signal::SIGINT)))
    }
}

fn reason<D: Debuggee>(target: &Debugger<'_, D>, stop: &Stop) -> Option<SingleThreadStopReason<u32>> {
    Some(match stop {
        Stop::Budget => return None,
        Stop::Step => SingleThreadStopReason::DoneStep,
        Stop::Breakpoint => SingleThreadStopReason::SwBreak(()),
        Stop::Watchpoint { address, write } => SingleThreadStopReason::Watch {
            tid: (),
            kind: target.watch_kind(*address, *write),
            addr: *address,
        },
        Stop::Ended => SingleThreadStopReason::Exited(target.machine.exit_status()),
    })
}
