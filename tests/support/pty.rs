//! The real program in a real pseudo-terminal: keys in, a screen out.

use std::{
    fs::{File, OpenOptions},
    io::{Read, Write},
    path::Path,
    process::Command,
    sync::{
        Arc, Condvar, Mutex,
        atomic::{AtomicBool, Ordering},
        mpsc,
    },
    thread::{self, JoinHandle},
    time::{Duration, Instant},
};

use rustix::{
    event::{PollFd, PollFlags, Timespec},
    process::{Pid, Signal},
    pty::OpenptFlags,
    termios::Winsize,
};

/// How long anything may take before a test gives up on it.
const PATIENCE: Duration = Duration::from_secs(20);

/// What the terminal has received so far.
pub struct Received {
    parser: vt100::Parser,
    pub bytes: Vec<u8>,
    /// How many of them are on the screen: all but the beginning of a letter.
    shown: usize,
    /// When the last of them came.
    pub at: Instant,
    closed: bool,
}

impl Received {
    /// A blank screen.
    pub fn new(rows: u16, columns: u16) -> Self {
        let parser = vt100::Parser::new(rows, columns, 0);
        Self { parser, bytes: Vec::new(), shown: 0, at: Instant::now(), closed: false }
    }

    /// Takes what came, cut off anywhere. A letter waits for its last byte: the parser loses letters
    /// after one that comes in two pieces.
    pub fn take(&mut self, bytes: &[u8]) {
        self.bytes.extend_from_slice(bytes);
        let cut_off = (1..=3).find(|length| {
            let from = self.bytes.len().saturating_sub(*length);
            let end = std::str::from_utf8(&self.bytes[from..]);
            end.is_err_and(|error| error.valid_up_to() == 0 && error.error_len().is_none())
        });
        let whole = self.bytes.len() - cut_off.unwrap_or(0);
        self.parser.process(&self.bytes[self.shown..whole]);
        self.shown = whole;
    }

    /// The row and the column of the cursor.
    pub fn cursor(&self) -> (u16, u16) {
        self.parser.screen().cursor_position()
    }

    /// Whether it shows.
    pub fn cursor_shows(&self) -> bool {
        !self.parser.screen().hide_cursor()
    }

    /// The screen with all its cells.
    pub fn terminal(&self) -> &vt100::Screen {
        self.parser.screen()
    }

    /// The screen as text.
    pub fn screen(&self) -> String {
        self.parser.screen().contents()
    }
}

type Shared = Arc<(Mutex<Received>, Condvar)>;

/// A program running in a pseudo-terminal.
pub struct Console {
    master: Option<File>,
    reader: Option<JoinHandle<()>>,
    let_go: Arc<AtomicBool>,
    paused: Arc<Mutex<()>>,
    received: Shared,
    ended: mpsc::Receiver<i32>,
    before: String,
    /// When something was typed last.
    sent: Instant,
    pub pid: Pid,
}

impl Console {
    /// Starts `tenantry` with these arguments, at this size. Nothing of this machine's settings reaches
    /// it; `home` is where it may keep things.
    pub fn start(arguments: &[&str], size: (u16, u16), home: &Path) -> Self {
        Self::run(env!("CARGO_BIN_EXE_tenantry").as_ref(), arguments, &[], size, home)
    }

    /// Starts any program the same way. `setsid` makes the terminal its own and then becomes it.
    pub fn run(
        program: &Path,
        arguments: &[&str],
        variables: &[(&str, &str)],
        (columns, rows): (u16, u16),
        home: &Path,
    ) -> Self {
        let flags = OpenptFlags::RDWR | OpenptFlags::NOCTTY | OpenptFlags::CLOEXEC;
        let master = rustix::pty::openpt(flags).expect("a pseudo-terminal");
        rustix::pty::grantpt(&master).expect("a pseudo-terminal");
        rustix::pty::unlockpt(&master).expect("a pseudo-terminal");
        let name = rustix::pty::ptsname(&master, Vec::new()).expect("a pseudo-terminal");
        let master = File::from(master);
        set_size(&master, columns, rows);
        let before = modes(&master);
        let terminal = || {
            let name = name.to_str().expect("a path");
            OpenOptions::new().read(true).write(true).open(name).expect("the terminal")
        };
        let mut command = Command::new("setsid");
        command.arg("--ctty").arg(program).args(arguments);
        // Nothing of this machine's settings, but where programs are.
        command.env_clear().envs(std::env::var_os("PATH").map(|path| ("PATH", path)));
        command.envs(super::hash_cost());
        command.env("HOME", home).env("XDG_DATA_HOME", home.join("data"));
        command
            .env("TERM", "xterm-256color")
            .env("LANG", "C.UTF-8")
            .envs(variables.iter().copied())
            .current_dir(home);
        command.stdin(terminal()).stdout(terminal()).stderr(terminal());
        let mut child = command.spawn().expect("setsid starts");
        drop(command);
        let pid = i32::try_from(child.id()).ok().and_then(Pid::from_raw).expect("a process");

        let received = Received::new(rows, columns);
        let received: Shared = Arc::new((Mutex::new(received), Condvar::new()));
        let paused = Arc::new(Mutex::new(()));
        let let_go = Arc::new(AtomicBool::new(false));
        let reader = {
            let (shared, paused, let_go) = (received.clone(), paused.clone(), let_go.clone());
            let source = master.try_clone().expect("a reader");
            thread::spawn(move || read(source, &shared, &paused, &let_go))
        };
        let (sender, ended) = mpsc::channel();
        thread::spawn(move || {
            let code = child.wait().ok().and_then(|status| {
                use std::os::unix::process::ExitStatusExt;
                status.code().or_else(|| status.signal().map(|signal| 128 + signal))
            });
            let _ = sender.send(code.unwrap_or(-1));
        });
        Self {
            master: Some(master),
            reader: Some(reader),
            let_go,
            paused,
            received,
            ended,
            before,
            sent: Instant::now(),
            pid,
        }
    }

    /// Types, exactly these bytes.
    pub fn send(&mut self, text: &str) {
        let mut master = self.master.as_ref().expect("a terminal");
        master.write_all(text.as_bytes()).expect("the program reads");
        self.sent = Instant::now();
    }

    /// Waits until the terminal has received what is wanted. Returns when that came.
    pub fn wait_until(&self, what: &str, wanted: impl Fn(&Received) -> bool) -> Instant {
        let start = Instant::now();
        let mut received = self.received.0.lock().unwrap();
        while !wanted(&received) {
            let left = PATIENCE.saturating_sub(start.elapsed());
            assert!(
                !left.is_zero() && !received.closed,
                "{what} did not come{}; the screen is:\n{}",
                if received.closed { ": the program ended" } else { "" },
                received.screen()
            );
            received = self.received.1.wait_timeout(received, left).unwrap().0;
        }
        received.at
    }

    /// Waits until these words are on the screen.
    pub fn see(&self, words: &str) {
        self.wait_until(&format!("“{words}”"), |received| received.screen().contains(words));
    }

    /// Waits until these words are off the screen.
    pub fn see_no_more(&self, words: &str) {
        self.wait_until(&format!("the end of “{words}”"), |received| {
            !received.screen().contains(words)
        });
    }

    /// The screen as it is now.
    pub fn screen(&self) -> String {
        self.received.0.lock().unwrap().screen()
    }

    /// How many bytes have come so far.
    pub fn count(&self) -> usize {
        self.received.0.lock().unwrap().bytes.len()
    }

    /// Everything that came so far.
    pub fn bytes(&self) -> Vec<u8> {
        self.received.0.lock().unwrap().bytes.clone()
    }

    /// Runs `during` while the terminal takes nothing, as one that is scrolled back or stopped.
    pub fn stuck<T>(&mut self, during: impl FnOnce(&mut Self) -> T) -> T {
        let paused = self.paused.clone();
        let _held = paused.lock().unwrap();
        during(self)
    }

    /// What was received once nothing more comes of what was sent. A console that waits for anything
    /// turns a mark every tenth of a second from the second one on, so that one which has been still for
    /// longer waits for nothing.
    pub fn settled(&self) -> std::sync::MutexGuard<'_, Received> {
        const STILL: Duration = Duration::from_millis(500);
        let start = Instant::now();
        loop {
            let received = self.received.0.lock().unwrap();
            let still = received.at.max(self.sent).elapsed();
            let Some(left) = STILL.checked_sub(still).filter(|left| !left.is_zero()) else {
                return received;
            };
            drop(received);
            assert!(start.elapsed() < PATIENCE, "it does not settle:\n{}", self.screen());
            thread::sleep(left);
        }
    }

    /// Closes the terminal, as a lost connection does.
    pub fn hang_up(&mut self) {
        self.let_go.store(true, Ordering::SeqCst);
        if let Some(reader) = self.reader.take() {
            let _ = reader.join();
        }
        self.master = None;
    }

    /// Changes the size.
    pub fn resize(&self, columns: u16, rows: u16) {
        self.received.0.lock().unwrap().parser.screen_mut().set_size(rows, columns);
        set_size(self.master.as_ref().expect("a terminal"), columns, rows);
    }

    /// Makes the terminal one that does not know its size, as a serial line.
    pub fn forget_size(&self) {
        set_size(self.master.as_ref().expect("a terminal"), 0, 0);
    }

    /// Sends a signal to the program, by its id.
    pub fn signal(&self, signal: Signal) {
        rustix::process::kill_process(self.pid, signal).expect("the program is there");
    }

    /// The exit code, once the program ends, which it must within this time.
    pub fn ends_within(&self, time: Duration) -> i32 {
        self.ended.recv_timeout(time).unwrap_or_else(|_| {
            let _ = rustix::process::kill_process(self.pid, Signal::KILL);
            panic!("it did not end within {time:?}; the screen is:\n{}", self.screen())
        })
    }

    /// Whether the terminal treats what is typed as it did before the program: shows it, ends lines.
    pub fn is_plain(&self) -> bool {
        modes(self.master.as_ref().expect("a terminal")) == self.before
    }

    /// Waits for the end of the program, and of all that it wrote; its exit code, and that.
    pub fn end(&self) -> (i32, String) {
        let code = self.ends_within(PATIENCE);
        let received = self.received.0.lock().unwrap();
        let more = |received: &mut Received| !received.closed;
        let (received, _) = self.received.1.wait_timeout_while(received, PATIENCE, more).unwrap();
        (code, String::from_utf8_lossy(&received.bytes).into_owned())
    }

    /// Asserts that the terminal is as it was before the console took it.
    pub fn is_given_back(&self) {
        self.wait_until("the end of the output", |received| {
            received.closed || received.bytes.ends_with(b"\x1b[?1049l")
        });
        assert!(self.is_plain(), "what is typed is treated as before");
        let received = self.received.0.lock().unwrap();
        let screen = received.parser.screen();
        assert!(!screen.alternate_screen(), "the alternate screen is left");
        assert!(!screen.hide_cursor(), "the cursor is shown");
        assert!(!screen.bracketed_paste(), "pastes are plain again");
    }
}

impl Drop for Console {
    fn drop(&mut self) {
        if self.ended.try_recv() == Err(mpsc::TryRecvError::Empty) {
            let _ = rustix::process::kill_process(self.pid, Signal::KILL);
        }
    }
}

fn modes(master: &File) -> String {
    format!("{:?}", rustix::termios::tcgetattr(master).expect("its modes"))
}

fn set_size(master: &File, columns: u16, rows: u16) {
    let size = Winsize { ws_row: rows, ws_col: columns, ws_xpixel: 0, ws_ypixel: 0 };
    rustix::termios::tcsetwinsize(master, size).expect("a size");
}

/// Reads until the program is gone, or until told to let go of the terminal.
fn read(mut source: File, shared: &Shared, paused: &Mutex<()>, let_go: &AtomicBool) {
    let mut bytes = vec![0; 65536];
    let moment = Timespec { tv_sec: 0, tv_nsec: 20_000_000 };
    while !let_go.load(Ordering::SeqCst) {
        let mut ready = [PollFd::new(&source, PollFlags::IN)];
        if rustix::event::poll(&mut ready, Some(&moment)) == Ok(0) {
            continue;
        }
        drop(paused.lock());
        let read = source.read(&mut bytes).unwrap_or(0);
        let at = Instant::now();
        let mut received = shared.0.lock().unwrap();
        received.take(&bytes[..read]);
        received.at = at;
        received.closed = read == 0;
        shared.1.notify_all();
        if read == 0 {
            return;
        }
    }
}
