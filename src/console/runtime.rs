//! The loop between the terminal, the state and the database.
//!
//! It waits for keys, answers and the clock, feeds the state everything that has queued up, runs the
//! effects as tasks, and draws once. Nothing here decides anything about organizations.

mod documents;
mod effects;
mod exports;
mod outside;
mod tasks;
#[cfg(test)]
mod tests;

use std::{
    io,
    path::PathBuf,
    time::{Duration, SystemTime},
};

use tokio::{
    signal::unix::{Signal, SignalKind, signal},
    sync::mpsc,
};

use self::effects::{Answer, Effects};
use super::{
    app::{App, Drawn, Effect, Kept, Message},
    input::{self, Input},
    kept,
    log::LogFile,
    shutdown::{Ending, Endings},
    suspend::Suspends,
    terminal::Terminal,
    view,
};
use crate::config::{Database, Settings};
use crate::{
    keymap::Keymap,
    theme::{Background, QUESTION, Surroundings, Theme},
};

/// How long operations that write may go on after the console was left. What is cut off all the same is
/// settled by the next console that connects.
const PATIENCE: Duration = Duration::from_millis(600);

/// How long the log may take for its last lines.
const LOG_PATIENCE: Duration = Duration::from_millis(100);

/// Runs the console until it is left.
pub(super) async fn run(
    settings: Settings,
    surroundings: Surroundings,
    endings: &mut Endings,
    suspends: &mut Suspends,
) -> io::Result<Ending> {
    let mut terminal = Terminal::take()?;
    let (answers, answered) = mpsc::unbounded_channel::<Answer>();
    let Settings { database, profiles, console, .. } = settings;
    let looks = console.looks;
    let mut theme = surroundings.theme(looks, None);
    let (mut app, first) = begun(&database, &profiles, console.keymap, &theme);
    app.mouse = console.mouse;
    app.live.on = console.live;
    app.kept = console.kept.as_deref().map(kept::read).unwrap_or_default();
    let before = app.kept.clone();
    let log = log_file(console.log, answers.clone());
    let mut logged = 0;
    let mut effects = Effects::new(database, profiles, answers);
    let (width, height) = terminal.size()?;
    app.update(Message::Resize(width, height));
    terminal.mouse(app.mouse)?;
    let asked = surroundings.asks(looks);
    if asked {
        terminal.pass(QUESTION)?;
    }
    effects.run(first, app.session.as_ref());

    let mut sources = Sources::new(answered)?;
    let (mut inputs, mut batch) = (Vec::new(), Vec::new());
    let ending = loop {
        draw(&mut terminal, &mut app, &theme)?;
        let mut taken_again = false;
        match sources.next(endings, suspends, app.next_tick()).await {
            Event::Ended(ending) => break ending,
            Event::Input(input) => inputs.push(input),
            Event::Resized => {
                let (width, height) = terminal.size()?;
                batch.push(Message::Resize(width, height));
            }
            Event::ToStop => {
                terminal.leave()?;
                suspends.stop()?;
                terminal.enter()?;
                taken_again = true;
            }
            // Another program had the terminal, while this one was stopped without being asked.
            Event::Continued => {
                terminal.leave()?;
                terminal.enter()?;
                taken_again = true;
            }
            Event::Answered(answer) => batch.push(effects.accept(*answer)),
            Event::Tick => {}
        }
        // Whatever else has queued up belongs into the same frame.
        while let Some(input) = sources.typed.try_recv() {
            inputs.push(input);
        }
        if let Some(background) = taken_in(&mut inputs, &mut batch).filter(|_| asked) {
            theme = surroundings.theme(looks, Some(background));
        }
        while let Ok(answer) = sources.answered.try_recv() {
            batch.push(effects.accept(answer));
        }
        let mut wanted = app.update(Message::Clock(SystemTime::now()));
        let mut other_size = false;
        for message in batch.drain(..) {
            if app.drawn.turned && !other_size {
                draw(&mut terminal, &mut app, &theme)?;
            }
            other_size |= matches!(message, Message::Resize(..));
            wanted.extend(app.update(message));
        }
        logged = write_log(&log, &app, logged);
        if other_size {
            terminal.resize(app.size)?;
        }
        if wanted.iter().any(|effect| matches!(effect, Effect::Quit)) {
            break Ending::Quit;
        }
        for effect in &wanted {
            if let Effect::Mouse(taken) = effect {
                terminal.mouse(*taken)?;
            }
        }
        terminal.pass(&effects.take_bytes())?;
        if wanted.iter().any(|effect| matches!(effect, Effect::Shell)) {
            Suspends::ask()?;
        }
        if let Some(text) = edited_outside(&wanted) {
            let edited =
                outside::edit(&mut terminal, &mut sources.typed, (endings, suspends), &text);
            wanted.extend(app.update(Message::EditedOutside(edited.await?)));
            taken_again = true;
        }
        if taken_again || wanted.iter().any(|effect| matches!(effect, Effect::Redraw)) {
            wanted.extend(again(&mut terminal, &mut app)?);
        }
        effects.run(wanted, app.session.as_ref());
    };
    drop(terminal);
    if let Some(path) = console.kept.filter(|_| app.kept != before) {
        keep(path, app.kept).await;
    }
    finish(effects, log).await;
    Ok(ending)
}

/// Writes what was said since; how much that is in all.
fn write_log(log: &LogFile, app: &App, logged: usize) -> usize {
    for entry in app.messages.after(logged) {
        log.write(entry);
    }
    app.messages.count()
}

/// The text that is to be edited in the person's own editor, if one is.
fn edited_outside(wanted: &[Effect]) -> Option<String> {
    wanted.iter().find_map(|effect| match effect {
        Effect::EditOutside(text) => Some(text.clone()),
        _ => None,
    })
}

/// What the loop waits for, but for what ends or stops it.
struct Sources {
    typed: input::Reader,
    resizes: Signal,
    continues: Signal,
    answered: mpsc::UnboundedReceiver<Answer>,
}

/// What the loop goes on with.
enum Event {
    Ended(Ending),
    Input(Input),
    Resized,
    /// The shell is to have the terminal.
    ToStop,
    Continued,
    Answered(Box<Answer>),
    /// Time has passed that shows.
    Tick,
}

impl Sources {
    fn new(answered: mpsc::UnboundedReceiver<Answer>) -> io::Result<Self> {
        Ok(Self {
            typed: input::read()?,
            resizes: signal(SignalKind::window_change())?,
            continues: signal(SignalKind::from_raw(rustix::process::Signal::CONT.as_raw()))?,
            answered,
        })
    }

    async fn next(
        &mut self,
        endings: &mut Endings,
        suspends: &mut Suspends,
        tick: Option<Duration>,
    ) -> Event {
        let tick = async {
            match tick {
                Some(tick) => tokio::time::sleep(tick).await,
                None => std::future::pending().await,
            }
        };
        tokio::select! {
            biased;
            ending = endings.next() => Event::Ended(ending),
            input = self.typed.recv() => input.map_or(Event::Ended(Ending::Hangup), Event::Input),
            Some(()) = self.resizes.recv() => Event::Resized,
            () = suspends.next() => Event::ToStop,
            Some(()) = self.continues.recv() => Event::Continued,
            Some(answer) = self.answered.recv() => Event::Answered(Box::new(answer)),
            () = tick => Event::Tick,
        }
    }
}

/// Draws the state, and tells it what is where.
fn draw(terminal: &mut Terminal, app: &mut App, theme: &Theme) -> io::Result<()> {
    let mut drawn = Drawn::default();
    terminal.draw(|frame| drawn = view::draw(app, theme, frame))?;
    app.drawn = drawn;
    Ok(())
}

/// Lets what is under way and what is to be logged come to an end, within limits.
async fn finish(effects: Effects, log: LogFile) {
    effects.finish(PATIENCE).await;
    let written = tokio::task::spawn_blocking(move || log.finish(LOG_PATIENCE));
    // It cannot panic, and nobody would be there to be told.
    let _ = written.await;
}

/// Keeps how the console was set up, unless the disk hangs. Nobody depends on it, so that nobody is told where it cannot be.
async fn keep(path: PathBuf, kept: Kept) {
    let writing = tokio::task::spawn_blocking(move || kept::write(&path, &kept));
    let _ = tokio::time::timeout(LOG_PATIENCE, writing).await;
}

fn log_file(path: Option<PathBuf>, unlogged: mpsc::UnboundedSender<Answer>) -> LogFile {
    LogFile::new(path, move |why| {
        // Nobody listens once the console is left.
        let _ = unlogged.send(Answer::from_message(Message::Unlogged(why)));
    })
}

/// Draws everything anew, whatever the terminal shows and does by now.
fn again(terminal: &mut Terminal, app: &mut App) -> io::Result<Vec<Effect>> {
    terminal.redraw()?;
    terminal.mouse(app.mouse)?;
    let (width, height) = terminal.size()?;
    Ok(app.update(Message::Resize(width, height)))
}

/// The state at the beginning, and what it wants first.
fn begun(
    database: &Database,
    profiles: &[Database],
    keymap: Keymap,
    theme: &Theme,
) -> (App, Vec<Effect>) {
    let (mut app, first) = App::new(database.source.place(), SystemTime::now());
    let spelled = theme.ascii || theme.plain;
    app.keymap = if spelled { keymap.spelled() } else { keymap };
    app.plain = theme.plain;
    app.profiles = profiles.iter().filter_map(|one| one.profile.clone()).collect();
    app.profile.clone_from(&database.profile);
    (app, first)
}

/// Hands on what was typed; what the terminal said of its background, if it did.
fn taken_in(inputs: &mut Vec<Input>, batch: &mut Vec<Message>) -> Option<Background> {
    let mut said = None;
    for input in inputs.drain(..) {
        match input {
            Input::Key(key) => batch.push(Message::Key(key)),
            Input::Mouse(mouse) => batch.push(Message::Mouse(mouse)),
            Input::Paste(text) => batch.push(Message::Paste(text.into())),
            Input::Background(background) => said = Some(background),
        }
    }
    said
}
