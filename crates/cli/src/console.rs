//! The world outside of a run: the terminal or file behind the console UART, and signals.

use std::fs::File;
use std::io::{self, IsTerminal as _, Read as _, Write as _};
use std::os::fd::AsFd as _;
use std::sync::atomic::{AtomicBool, Ordering};
use std::sync::{Arc, Mutex, PoisonError};
use std::time::Duration;

use crossbeam::channel::{Receiver, bounded};
use msmemu_session::machine::cpu::semihosting::Host;
use msmemu_session::run::{Console, Input as Key};
use rustix::termios::{self, InputModes, LocalModes, OptionalActions, SpecialCodeIndex, Termios};

use crate::output::{Failure, say};

/// Ctrl-A: begins a command to the emulator when all other keys belong to the guest.
const ESCAPE: u8 = 1;
/// What is said about it.
pub(crate) const KEYS: &str = "\
Ctrl-A x  ends the run      Ctrl-A b       sends a break
Ctrl-A h  shows this list   Ctrl-A Ctrl-A  sends Ctrl-A";

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
    /// Keys as they come.
    Live(Receiver<Key>),
}

/// The terminal or file behind the console UART.
pub(crate) struct Terminal {
    output: Output,
    input: Input,
    /// A key that came while the guest slept.
    early: Option<Key>,
    stop: Arc<AtomicBool>,
    /// The terminal's settings before the run.
    settings: Settings,
    /// What the guest wrote last on standard output.
    last: u8,
}

/// Settings to give back, shared with what ends the program.
#[derive(Clone, Default)]
struct Settings(Arc<Mutex<Option<Termios>>>);

impl Settings {
    fn keep(&self, settings: Termios) {
        *self.0.lock().unwrap_or_else(PoisonError::into_inner) = Some(settings);
    }

    /// Gives the terminal back as it was.
    fn give_back(&self) {
        if let Some(settings) = self.0.lock().unwrap_or_else(PoisonError::into_inner).take() {
            // Nothing more can be done about a terminal that went away.
            let _ = termios::tcsetattr(io::stdin(), OptionalActions::Now, &settings);
        }
    }
}

impl Terminal {
    /// Opens what `--uart` names. With `raw`, Ctrl-C and its like go to the guest.
    pub(crate) fn open(uart: &str, raw: bool) -> Result<Self, Failure> {
        let stop = Arc::new(AtomicBool::new(false));
        let settings = Settings::default();
        on_signals(Arc::clone(&stop), settings.clone())?;
        let mut terminal =
            Self { output: Output::Stdout, input: Input::None, early: None, stop, settings, last: b'\n' };
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
            self.settings.keep(key_by_key(raw)?);
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
        let mut escape = (raw && stdin.is_terminal()).then(Escape::default);
        std::thread::Builder::new().name("console".into()).spawn(move || {
            for byte in io::stdin().lock().bytes() {
                let Ok(byte) = byte else { break };
                let action = escape.as_mut().map_or(Action::Send(Key::Character(byte)), |e| e.key(byte));
                match action {
                    Action::Send(key) if sender.send(key).is_err() => break,
                    Action::Send(_) | Action::Nothing => {}
                    // Carriage returns: the terminal is raw.
                    Action::Help => say!("\r\n{}\r", KEYS.replace('\n', "\r\n")),
                    Action::Quit => {
                        stop.store(true, Ordering::Relaxed);
                        break;
                    }
                }
            }
        })?;
        self.input = Input::Live(receiver);
        Ok(())
    }

    /// Gives the terminal back as it was.
    pub(crate) fn close(&mut self) {
        self.settings.give_back();
        // What is said next begins a line of its own.
        if self.last != b'\n' && io::stdout().is_terminal() {
            self.write(b"\n");
        }
    }

    /// Whether somebody types.
    pub(crate) fn is_interactive(&self) -> bool {
        matches!(self.input, Input::Live(_)) && io::stdin().is_terminal()
    }

    /// Forgets that the run was interrupted, so that the next signal counts again.
    pub(crate) fn listen_again(&mut self) {
        self.stop.store(false, Ordering::Relaxed);
    }

    fn write(&mut self, bytes: &[u8]) {
        let written = match &mut self.output {
            Output::Stdout => {
                self.last = bytes.last().copied().unwrap_or(self.last);
                let mut out = io::stdout().lock();
                out.write_all(bytes).and_then(|()| out.flush())
            }
            Output::File(file) => file.write_all(bytes),
            Output::Null => Ok(()),
        };
        if let Err(error) = written {
            // Nobody reads any more: the run goes on in silence, its status still counts.
            if error.kind() != io::ErrorKind::BrokenPipe {
                say!("error: output of the console: {error}");
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

/// The first signal asks the run to end. A second one ends the program at once, should the first not be
/// heard; the terminal is given back all the same.
fn on_signals(stop: Arc<AtomicBool>, settings: Settings) -> io::Result<()> {
    use signal_hook::consts::{SIGHUP, SIGINT, SIGTERM};
    let mut signals = signal_hook::iterator::Signals::new([SIGINT, SIGTERM, SIGHUP])?;
    std::thread::Builder::new().name("signals".into()).spawn(move || {
        for _ in signals.forever() {
            if stop.swap(true, Ordering::Relaxed) {
                settings.give_back();
                std::process::exit(130);
            }
        }
    })?;
    Ok(())
}

/// Tells keys for the guest from commands to the emulator.
#[derive(Default)]
struct Escape {
    begun: bool,
}

/// What becomes of a key.
#[derive(Debug, PartialEq, Eq)]
enum Action {
    Send(Key),
    Help,
    Quit,
    Nothing,
}

impl Escape {
    fn key(&mut self, byte: u8) -> Action {
        let begun = std::mem::replace(&mut self.begun, false);
        match byte {
            ESCAPE if !begun => {
                self.begun = true;
                Action::Nothing
            }
            b'x' if begun => Action::Quit,
            b'b' if begun => Action::Send(Key::Break),
            b'h' | b'?' if begun => Action::Help,
            // Ctrl-A itself, or no command: the guest gets it.
            byte => Action::Send(Key::Character(byte)),
        }
    }
}

/// Switches the terminal to single keys without echo; gives its settings before.
fn key_by_key(raw: bool) -> io::Result<Termios> {
    let before = termios::tcgetattr(io::stdin())?;
    let mut settings = before.clone();
    settings.local_modes -= LocalModes::ICANON | LocalModes::ECHO;
    if raw {
        settings.local_modes -= LocalModes::ISIG | LocalModes::IEXTEN;
        // Ctrl-S, Ctrl-Q and Enter are the guest's, too.
        settings.input_modes -= InputModes::IXON | InputModes::ICRNL;
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

    fn uart_read(&mut self) -> Option<Key> {
        self.early.take().or_else(|| match &mut self.input {
            Input::None => None,
            Input::File(bytes) => bytes.next()?.ok().map(Key::Character),
            Input::Live(receiver) => receiver.try_recv().ok(),
        })
    }

    fn interrupted(&mut self) -> bool {
        self.stop.load(Ordering::Relaxed)
    }

    fn is_live(&self) -> bool {
        matches!(self.input, Input::Live(_))
    }

    fn wait(&mut self, span: Duration) {
        let Input::Live(receiver) = &self.input else { return };
        if self.early.is_some() {
            return;
        }
        match receiver.recv_timeout(span) {
            Ok(key) => self.early = Some(key),
            Err(error) if error.is_disconnected() => self.input = Input::None,
            Err(_) => {}
        }
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
                match receiver.recv_timeout(Duration::from_millis(50)) {
                    Ok(Key::Character(byte)) => return Some(byte),
                    Ok(Key::Break) => {}
                    Err(error) if error.is_disconnected() || self.stop.load(Ordering::Relaxed) => {
                        return None;
                    }
                    Err(_) => {}
                }
            },
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn ctrl_a_begins_a_command() {
        let mut escape = Escape::default();
        let actions: Vec<Action> = b"a\x01b\x01\x01x\x01h\x01q\x01x".iter().map(|b| escape.key(*b)).collect();
        let send = |c| Action::Send(Key::Character(c));
        let expected = [
            send(b'a'),
            Action::Nothing,
            Action::Send(Key::Break),
            Action::Nothing,
            send(1),
            send(b'x'),
            Action::Nothing,
            Action::Help,
            Action::Nothing,
            send(b'q'),
            Action::Nothing,
            Action::Quit,
        ];
        assert_eq!(actions, expected);
    }
}
