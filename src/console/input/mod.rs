//! What comes from the terminal: bytes in, keys, mouse events, pastes and answers out.
//!
//! Bytes are read by a thread of their own, since a terminal can only be waited for with poll(2): asking
//! for reads that do not block would change the terminal for the shell as well. crossterm's own reader
//! is not used: it waits for more after a report it does not know, and takes every key for a part of it.

mod keys;
mod sequence;
#[cfg(test)]
mod tests;

use std::{
    fs::File,
    io::{self, PipeWriter, Read as _},
    os::fd::AsFd,
    thread::{self, JoinHandle},
};

use crossterm::event::{KeyEvent, MouseEvent};
use rustix::event::{PollFd, PollFlags, Timespec};
use tokio::sync::mpsc;

use self::sequence::Parser;
use crate::theme::Background;

/// How many may wait to be handled. The terminal keeps what is more.
const QUEUED_MOST: usize = 1024;

/// Something the terminal sent.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(super) enum Input {
    /// A key.
    Key(KeyEvent),
    /// The mouse.
    Mouse(MouseEvent),
    /// A paste.
    Paste(String),
    /// What is behind the text, which was asked for.
    Background(Background),
}

/// Reads until it is dropped or stopped. The end of what is received is the end of the terminal.
pub(super) struct Reader {
    receiver: mpsc::Receiver<Input>,
    /// The thread that reads, and what it ends with.
    running: Option<(JoinHandle<()>, PipeWriter)>,
}

impl Reader {
    /// The next input; none at the end of the terminal.
    pub async fn recv(&mut self) -> Option<Input> {
        self.receiver.recv().await
    }

    /// What has queued up.
    pub fn try_recv(&mut self) -> Option<Input> {
        self.receiver.try_recv().ok()
    }

    /// Leaves the terminal to another program: nothing that is typed from then on is read here.
    pub fn stop(&mut self) {
        self.receiver.close();
        if let Some((thread, stop)) = self.running.take() {
            drop(stop);
            // It cannot panic, and ends at once.
            let _ = thread.join();
        }
    }
}

/// Begins to read.
///
/// # Errors
/// When there can be no thread for it.
pub(super) fn read() -> io::Result<Reader> {
    let (sender, receiver) = mpsc::channel(QUEUED_MOST);
    let (stopped, stop) = io::pipe()?;
    let mut terminal = File::from(io::stdin().as_fd().try_clone_to_owned()?);
    let thread = thread::Builder::new().name("input".to_owned()).spawn(move || {
        let mut parser = Parser::default();
        let mut bytes = [0; 4096];
        loop {
            let mut inputs = Vec::new();
            let patience = parser.patience().and_then(|wait| Timespec::try_from(wait).ok());
            let mut ready =
                [PollFd::new(&terminal, PollFlags::IN), PollFd::new(&stopped, PollFlags::IN)];
            let polled = rustix::event::poll(&mut ready, patience.as_ref());
            if !ready[1].revents().is_empty() {
                return;
            }
            match polled {
                Err(rustix::io::Errno::INTR) => continue,
                Err(_) => return,
                Ok(0) => parser.lapse(&mut inputs),
                Ok(_) => match terminal.read(&mut bytes) {
                    Err(error) if error.kind() == io::ErrorKind::Interrupted => continue,
                    Ok(0) | Err(_) => return,
                    Ok(read) => parser.feed(&bytes[..read], &mut inputs),
                },
            }
            for input in inputs {
                // Nobody receives once the console is left.
                if sender.blocking_send(input).is_err() {
                    return;
                }
            }
        }
    })?;
    Ok(Reader { receiver, running: Some((thread, stop)) })
}
