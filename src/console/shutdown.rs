//! How the console can end, and that it does: also when nothing else gets a turn any more.

use std::{io, thread, time::Duration};

use rustix::{
    event::{PollFd, PollFlags},
    process,
};
use tokio::{
    signal::unix::{SignalKind, signal},
    sync::watch,
};

/// How long an orderly end may take before the process ends all the same.
const AT_THE_LATEST: Duration = Duration::from_millis(800);

/// The signals that end a process, of those it can have a say in.
const ENDING: [process::Signal; 11] = [
    process::Signal::HUP,
    process::Signal::INT,
    process::Signal::QUIT,
    process::Signal::USR1,
    process::Signal::USR2,
    process::Signal::TERM,
    process::Signal::ALARM,
    process::Signal::VTALARM,
    process::Signal::PROF,
    process::Signal::IO,
    process::Signal::SYS,
];

/// Why the console ended.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Ending {
    /// The operator left.
    Quit,
    /// The terminal is gone.
    Hangup,
    /// A signal asked for it.
    Signal(i32),
}

impl Ending {
    /// The process's exit code: 128 and the signal's number for a signal, as shells have it.
    #[must_use]
    pub fn code(self) -> u8 {
        let signal = match self {
            Self::Quit => return 0,
            Self::Hangup => SignalKind::hangup().as_raw_value(),
            Self::Signal(number) => number,
        };
        u8::try_from(128 + signal).unwrap_or(1)
    }
}

/// Waits for an end from outside.
///
/// The waiting is done by a task and a thread of their own. The loop that draws may be stuck in a write
/// to a terminal that takes nothing; the process ends then too.
pub struct Endings(watch::Receiver<Option<Ending>>);

impl Endings {
    /// Begins to wait for a signal that ends, and for the terminal to go away.
    ///
    /// # Errors
    /// When no signal handler can be installed.
    pub fn watch() -> io::Result<Self> {
        let (sender, receiver) = watch::channel(None);
        for number in ENDING {
            let mut signal = signal(SignalKind::from_raw(number.as_raw()))?;
            let sender = sender.clone();
            let ending = match number {
                process::Signal::HUP => Ending::Hangup,
                number => Ending::Signal(number.as_raw()),
            };
            tokio::spawn(async move {
                if signal.recv().await.is_some() {
                    end(&sender, ending);
                }
            });
        }
        // A hang-up without the signal (it may be ignored, under nohup) shows only on the terminal
        // itself. Asking for no event, poll(2) sleeps until that happens.
        thread::Builder::new().name("hangup".to_owned()).spawn(move || {
            let stdin = io::stdin();
            loop {
                let mut terminal = [PollFd::new(&stdin, PollFlags::empty())];
                match rustix::event::poll(&mut terminal, None) {
                    Ok(_) if terminal[0].revents().contains(PollFlags::HUP) => break,
                    Ok(0) | Err(rustix::io::Errno::INTR) => {}
                    _ => return,
                }
            }
            end(&sender, Ending::Hangup);
        })?;
        Ok(Self(receiver))
    }

    /// Whether it is there.
    #[must_use]
    pub fn is_there(&self) -> bool {
        self.0.borrow().is_some()
    }

    /// The end, once it is there.
    pub async fn next(&mut self) -> Ending {
        loop {
            if let Some(ending) = *self.0.borrow_and_update() {
                return ending;
            }
            if self.0.changed().await.is_err() {
                return std::future::pending().await;
            }
        }
    }
}

fn end(sender: &watch::Sender<Option<Ending>>, ending: Ending) {
    if sender.send_replace(Some(ending)).is_some() {
        return;
    }
    thread::spawn(move || {
        thread::sleep(AT_THE_LATEST);
        // The mode is set without writing, so this cannot get stuck as well.
        let _ = crossterm::terminal::disable_raw_mode();
        std::process::exit(i32::from(ending.code()));
    });
}
