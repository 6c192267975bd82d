//! Where tests cut the program off, as a power failure would: between any two commands to a MongoDB and
//! at any step of a write to the embedded database. Compiled in only with the feature `failpoints`,
//! which nothing that is installed has.
//!
//! A test sets what happens with the variable `FAILPOINTS` of the program, as `NAME=3*off->return` (the
//! fourth time, kill -9), or in its own process with [`at`].

use std::sync::atomic::{AtomicUsize, Ordering};

use mongodb::event::{EventHandler, command::CommandEvent};

/// Before each step that SQLite takes within a write.
pub const SQLITE_STEP: &str = "sqlite.step";

/// After a write to the embedded database was committed, and before anybody is told.
pub const SQLITE_COMMITTED: &str = "sqlite.committed";

/// The variable that names a file, for the number of [`SQLITE_STEP`]s there were in a whole run.
pub const STEPS: &str = "FAILPOINTS_STEPS";

/// The variable that says, in milliseconds, how long what is to be repaired is watched.
pub const PATIENCE: &str = "FAILPOINTS_PATIENCE";

/// What [`PATIENCE`] says.
#[must_use]
pub fn patience() -> Option<std::time::Duration> {
    let millis = std::env::var(PATIENCE).ok()?.parse().ok()?;
    Some(std::time::Duration::from_millis(millis))
}

/// The variable that says at which bcrypt cost passwords are hashed: tests hash thousands.
pub const HASH_COST: &str = "FAILPOINTS_HASH_COST";

/// What [`HASH_COST`] says.
#[must_use]
pub fn hash_cost() -> Option<u32> {
    static COST: std::sync::OnceLock<Option<u32>> = std::sync::OnceLock::new();
    *COST.get_or_init(|| std::env::var(HASH_COST).ok()?.parse().ok())
}

static STEPS_TAKEN: AtomicUsize = AtomicUsize::new(0);

/// Lets go of everything that [`from_environment`] set, and says how many steps there were.
pub struct Scenario {
    _set: fail::FailScenario<'static>,
}

impl Drop for Scenario {
    fn drop(&mut self) {
        if let Some(path) = std::env::var_os(STEPS) {
            // A test that finds no number fails.
            let _ = std::fs::write(path, STEPS_TAKEN.load(Ordering::Relaxed).to_string());
        }
    }
}

/// Takes what `FAILPOINTS` says, for as long as what it answers is kept.
#[must_use]
pub fn from_environment() -> Scenario {
    Scenario { _set: fail::FailScenario::setup() }
}

/// The name of the place before each command that a console sends to a MongoDB database.
#[must_use]
pub fn before_command(database: &str) -> String {
    format!("{database}.before")
}

/// The name of the place after each answer to such a command.
#[must_use]
pub fn after_command(database: &str) -> String {
    format!("{database}.after")
}

/// Has `then` happen whenever this process comes by a place.
///
/// # Errors
/// When there is no such place, in words.
pub fn at(place: &str, then: impl Fn() + Send + Sync + 'static) -> Result<(), String> {
    fail::cfg_callback(place, then)
}

/// Has nothing happen there any more.
pub fn nothing_at(place: &str) {
    fail::remove(place);
}

/// The process comes by a place.
pub(crate) fn reached(place: &str) {
    fail::fail_point!(place, |_| kill());
}

/// SQLite takes a step within a write.
pub(crate) fn step() {
    STEPS_TAKEN.fetch_add(1, Ordering::Relaxed);
    reached(SQLITE_STEP);
}

/// Comes by a place at each command, but for those that the driver sends by itself, some time later.
pub(crate) fn around_commands(database: &str) -> EventHandler<CommandEvent> {
    let (before, after) = (before_command(database), after_command(database));
    let by_itself = |name: &str| name == "killCursors";
    EventHandler::callback(move |event| match event {
        CommandEvent::Started(command) if !by_itself(&command.command_name) => reached(&before),
        CommandEvent::Succeeded(command) if !by_itself(&command.command_name) => reached(&after),
        CommandEvent::Failed(command) if !by_itself(&command.command_name) => reached(&after),
        _ => {}
    })
}

/// Ends this process as nothing in it can notice.
fn kill() {
    let own = rustix::process::getpid();
    if rustix::process::kill_process(own, rustix::process::Signal::KILL).is_ok() {
        loop {
            std::thread::park();
        }
    }
}
