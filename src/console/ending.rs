//! How the console can end, and that it does: also when nothing else gets a turn any more.

use std::{io, process, thread, time::Duration};

use rustix::event::{PollFd, PollFlags};
use tokio::{
    signal::unix::{Signal, SignalKind, signal},
    sync::watch,
};

/// How long an orderly end may take before the process ends all the same.
const AT_THE_LATEST: Duration = Duration::from_millis(800);

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
    /// Begins to wait for SIGTERM, SIGINT, SIGHUP and for the terminal to go away.
    ///
    /// # Errors
    /// When no signal handler can be installed.
    pub fn watch() -> io::Result<Self> {
        let (sender, receiver) = watch::channel(None);
        let mut terminate = signal(SignalKind::terminate())?;
        let mut interrupt = signal(SignalKind::interrupt())?;
        let mut hangup = signal(SignalKind::hangup())?;
        let signals = sender.clone();
        tokio::spawn(async move {
            let number = |kind: SignalKind| Ending::Signal(kind.as_raw_value());
            let ending = tokio::select! {
                () = received(&mut terminate) => number(SignalKind::terminate()),
                () = received(&mut interrupt) => number(SignalKind::interrupt()),
                () = received(&mut hangup) => Ending::Hangup,
            };
            end(&signals, ending);
        });
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

async fn received(signal: &mut Signal) {
    if signal.recv().await.is_none() {
        std::future::pending::<()>().await;
    }
}

fn end(sender: &watch::Sender<Option<Ending>>, ending: Ending) {
    sender.send_replace(Some(ending));
    thread::spawn(move || {
        thread::sleep(AT_THE_LATEST);
        // The mode is set without writing, so this cannot get stuck as well.
        let _ = crossterm::terminal::disable_raw_mode();
        process::exit(i32::from(ending.code()));
    });
}
