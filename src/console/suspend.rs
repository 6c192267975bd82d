//! How the console is stopped and goes on: by its own key, and by SIGTSTP from outside, with a clean
//! terminal meanwhile.
//!
//! The signal is blocked and waited for, and not handled: with a handler in its place its own effect is
//! gone, which is to stop the process, and to do nothing where no shell would ever let it go on.

use std::{io, thread};

use nix::sys::signal::{SigSet, Signal};
use tokio::sync::mpsc;

/// Waits to be told to stop.
pub struct Suspends {
    signals: SigSet,
    sender: mpsc::Sender<()>,
    receiver: mpsc::Receiver<()>,
}

impl Suspends {
    /// Begins to wait. Before any other thread is made: what is blocked is blocked in those made later.
    ///
    /// # Errors
    /// When the signal cannot be blocked, or no thread be made.
    pub fn watch() -> io::Result<Self> {
        let signals: SigSet = [Signal::SIGTSTP].into_iter().collect();
        signals.thread_block()?;
        let (sender, receiver) = mpsc::channel(1);
        let suspends = Self { signals, sender, receiver };
        suspends.wait()?;
        Ok(suspends)
    }

    /// Asks to be stopped.
    ///
    /// # Errors
    /// When no signal can be sent.
    pub fn ask() -> io::Result<()> {
        rustix::process::kill_process(rustix::process::getpid(), rustix::process::Signal::TSTP)?;
        Ok(())
    }

    /// Once it is to stop.
    pub async fn next(&mut self) {
        if self.receiver.recv().await.is_none() {
            std::future::pending::<()>().await;
        }
    }

    /// Stops the whole foreground job, as the terminal's own ^Z would, and comes back with it: a program
    /// that was started by another one (`cargo run`) would otherwise leave that one waiting.
    ///
    /// # Errors
    /// When no signal can be sent.
    pub fn stop(&self) -> io::Result<()> {
        // Nobody else waits for it now, so that this thread is the one it stops.
        self.signals.thread_unblock()?;
        rustix::process::kill_current_process_group(rustix::process::Signal::TSTP)?;
        self.signals.thread_block()?;
        self.wait()
    }

    /// Waits for one signal, on a thread that ends with it.
    fn wait(&self) -> io::Result<()> {
        let (signals, sender) = (self.signals, self.sender.clone());
        thread::Builder::new().name("suspend".to_owned()).spawn(move || {
            if signals.wait().is_ok() {
                // Nobody receives once the console is left.
                let _ = sender.blocking_send(());
            }
        })?;
        Ok(())
    }
}
