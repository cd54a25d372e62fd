//! The world outside of a run: the terminal or file behind the console UART, and signals.

use std::fs::File;
use std::io::{self, IsTerminal as _, Read as _, Write as _};
use std::os::fd::AsFd as _;
use std::sync::Arc;
use std::sync::atomic::{AtomicBool, Ordering};

use crossbeam::channel::{Receiver, bounded};
use msmemu_session::machine::cpu::semihosting::Host;
use msmemu_session::run::Console;
use rustix::termios::{self, LocalModes, OptionalActions, SpecialCodeIndex, Termios};

use crate::output::Failure;

/// First key of the two that end a run when Ctrl-C belongs to the guest: Ctrl-A, then `x`.
const ESCAPE: u8 = 1;

/// Where the UART's output goes.
enum Output {
    Stdout,
    File(File),
    Null,
}

/// Where its input comes from.
enum Input {
    None,
    /// Bytes known beforehand, so that the run is the same each time.
    File(io::Bytes<io::BufReader<File>>),
    /// Bytes as they come.
    Live(Receiver<u8>),
}

/// The terminal or file behind the console UART.
pub(crate) struct Terminal {
    output: Output,
    input: Input,
    stop: Arc<AtomicBool>,
    /// The terminal's settings before the run.
    settings: Option<Termios>,
}

impl Terminal {
    /// Opens what `--uart` names. With `raw`, Ctrl-C and its like go to the guest.
    pub(crate) fn open(uart: &str, raw: bool) -> Result<Self, Failure> {
        let stop = Arc::new(AtomicBool::new(false));
        for signal in [signal_hook::consts::SIGINT, signal_hook::consts::SIGTERM] {
            // A second signal ends the program at once, should the first not be heard.
            signal_hook::flag::register_conditional_shutdown(signal, 130, Arc::clone(&stop))?;
            signal_hook::flag::register(signal, Arc::clone(&stop))?;
        }
        let mut terminal = Self { output: Output::Stdout, input: Input::None, stop, settings: None };
        match uart {
            "stdio" => terminal.open_input(raw)?,
            "null" => terminal.output = Output::Null,
            path => {
                let file = File::create(path).map_err(|error| {
                    Failure::error(Failure::HOST, format_args!("{path} can not be written: {error}"))
                })?;
                terminal.output = Output::File(file);
            }
        }
        Ok(terminal)
    }

    fn open_input(&mut self, raw: bool) -> io::Result<()> {
        let stdin = io::stdin();
        if stdin.is_terminal() {
            self.settings = Some(key_by_key(raw)?);
        } else {
            let file = File::from(stdin.as_fd().try_clone_to_owned()?);
            let kind = file.metadata()?.file_type();
            if kind.is_file() {
                self.input = Input::File(io::BufReader::new(file).bytes());
                return Ok(());
            }
        }
        let (sender, receiver) = bounded(256);
        let stop = Arc::clone(&self.stop);
        let escapes = raw && self.settings.is_some();
        std::thread::Builder::new().name("console".into()).spawn(move || {
            let mut escaped = false;
            for byte in io::stdin().lock().bytes() {
                let Ok(byte) = byte else { break };
                if escapes && escaped && byte == b'x' {
                    stop.store(true, Ordering::Relaxed);
                    break;
                }
                escaped = escapes && !escaped && byte == ESCAPE;
                if !escaped && sender.send(byte).is_err() {
                    break;
                }
            }
        })?;
        self.input = Input::Live(receiver);
        Ok(())
    }

    /// Gives the terminal back as it was.
    pub(crate) fn close(&mut self) {
        if let Some(settings) = self.settings.take() {
            // Nothing more can be done about a terminal that went away.
            let _ = termios::tcsetattr(io::stdin(), OptionalActions::Now, &settings);
        }
    }

    fn write(&mut self, bytes: &[u8]) {
        let written = match &mut self.output {
            Output::Stdout => {
                let mut out = io::stdout().lock();
                out.write_all(bytes).and_then(|()| out.flush())
            }
            Output::File(file) => file.write_all(bytes),
            Output::Null => Ok(()),
        };
        if let Err(error) = written {
            // Nobody reads any more: the run goes on in silence, its status still counts.
            if error.kind() != io::ErrorKind::BrokenPipe {
                eprintln!("error: output of the console: {error}");
            }
            self.output = Output::Null;
        }
    }
}

impl Drop for Terminal {
    fn drop(&mut self) {
        self.close();
    }
}

/// Switches the terminal to single keys without echo; gives its settings before.
fn key_by_key(raw: bool) -> io::Result<Termios> {
    let before = termios::tcgetattr(io::stdin())?;
    let mut settings = before.clone();
    settings.local_modes -= LocalModes::ICANON | LocalModes::ECHO;
    if raw {
        settings.local_modes -= LocalModes::ISIG | LocalModes::IEXTEN;
    }
    settings.special_codes[SpecialCodeIndex::VMIN] = 1;
    settings.special_codes[SpecialCodeIndex::VTIME] = 0;
    termios::tcsetattr(io::stdin(), OptionalActions::Now, &settings)?;
    Ok(before)
}

impl Console for Terminal {
    fn uart_write(&mut self, bytes: &[u8]) {
        self.write(bytes);
    }

    fn uart_read(&mut self) -> Option<u8> {
        match &mut self.input {
            Input::None => None,
            Input::File(bytes) => bytes.next()?.ok(),
            Input::Live(receiver) => receiver.try_recv().ok(),
        }
    }

    fn interrupted(&mut self) -> bool {
        self.stop.load(Ordering::Relaxed)
    }
}

impl Host for Terminal {
    fn console_write(&mut self, bytes: &[u8]) {
        self.write(bytes);
    }

    fn console_read(&mut self) -> Option<u8> {
        match &mut self.input {
            Input::None => None,
            Input::File(bytes) => bytes.next()?.ok(),
            // A semihosting read waits, as its definition says; Ctrl-C still ends the run.
            Input::Live(receiver) => loop {
                match receiver.recv_timeout(std::time::Duration::from_millis(50)) {
                    Ok(byte) => return Some(byte),
                    Err(error) if error.is_disconnected() || self.stop.load(Ordering::Relaxed) => {
                        return None;
                    }
                    Err(_) => {}
                }
            },
        }
    }
}
