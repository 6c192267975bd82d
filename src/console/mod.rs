//! The console: state in `app`, its picture in `view`, the world outside in `runtime` and `terminal`.

mod ambiguous_width;
pub mod app;
mod clipboard;
pub mod columns;
mod documents;
mod escape;
mod input;
mod kept;
pub mod layout;
mod log;
mod runtime;
mod shutdown;
mod suspend;
pub mod terminal;
pub mod text;
pub mod view;

use std::{
    io, panic, process,
    sync::atomic::{AtomicBool, Ordering},
    thread,
    time::Duration,
};

pub use shutdown::Ending;

use self::{shutdown::Endings, suspend::Suspends, terminal::Terminal};
use crate::config::Settings;
use crate::theme::Surroundings;

/// How long threads that cannot be stopped (a query on the embedded database) may keep the process
/// after the console was left.
const LAST_THREADS: Duration = Duration::from_millis(100);

/// Why the console did not run.
#[derive(Debug, thiserror::Error)]
pub enum Error {
    /// There is no terminal to run in.
    #[error("the console needs a terminal, and there is none")]
    NoTerminal,
    /// It cannot move its cursor.
    #[error("the console needs a terminal that can move its cursor; TERM says this one cannot")]
    DumbTerminal,
    /// The terminal, or the machine, refused.
    #[error("the terminal failed: {0}")]
    Terminal(#[from] io::Error),
}

impl Error {
    /// What the person can do about it.
    #[must_use]
    pub fn help(&self) -> &'static str {
        match self {
            Self::NoTerminal => "run it in a terminal, or use a command: see tenantry --help",
            Self::DumbTerminal => {
                "set TERM to the type of your terminal, or use a command: see tenantry --help"
            }
            Self::Terminal(_) => "try another terminal",
        }
    }
}

/// Runs the console until it is left, and says how that came.
///
/// # Errors
/// When there is no terminal that will do, or it fails.
pub fn run(settings: Settings) -> Result<Ending, Error> {
    if !Terminal::is_there() {
        return Err(Error::NoTerminal);
    }
    let surroundings = Surroundings::new(|name| std::env::var_os(name));
    if surroundings.dumb() {
        return Err(Error::DumbTerminal);
    }
    give_the_terminal_back_on_panic();
    let mut suspends = Suspends::watch().map_err(Error::Terminal)?;
    // Two threads for the database; keys and frames stay on this one.
    let runtime =
        tokio::runtime::Builder::new_multi_thread().worker_threads(2).enable_all().build()?;
    let ending = runtime.block_on(async {
        let mut endings = Endings::watch()?;
        match runtime::run(settings, surroundings, &mut endings, &mut suspends).await {
            // A terminal that fails is most often one that is gone.
            Err(_) if endings.is_there() => Ok(endings.next().await),
            result => result,
        }
    });
    LEAVING.store(true, Ordering::Relaxed);
    runtime.shutdown_timeout(LAST_THREADS);
    Ok(ending?)
}

/// Whether the console is over, and only the threads behind it end.
static LEAVING: AtomicBool = AtomicBool::new(false);

/// From now on a panic, on whatever thread, gives the terminal back, says what happened and ends the
/// program: a console with a dead task would only seem to work.
pub fn give_the_terminal_back_on_panic() {
    let hook = panic::take_hook();
    panic::set_hook(Box::new(move |info| {
        // The driver's tasks panic where one that they wait for ends with the runtime (mongodb 3.9.1,
        // `AsyncJoinHandle`). By then, all that was begun is done, and nothing depends on them.
        if LEAVING.load(Ordering::Relaxed) && thread::current().name() != Some("main") {
            return;
        }
        terminal::give_back_now();
        hook(info);
        process::exit(101);
    }));
}
