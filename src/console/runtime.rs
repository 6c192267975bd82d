//! The loop between the terminal, the state and the database.
//!
//! It waits for keys, answers and the clock, feeds the state everything that has queued up, runs the
//! effects as tasks, and draws once. Nothing here decides anything about organizations.

mod effects;

use std::{
    io,
    path::PathBuf,
    time::{Duration, SystemTime},
};

use rustix::process::Signal;
use tokio::{
    signal::unix::{SignalKind, signal},
    sync::mpsc,
};

use self::effects::{Answer, Effects};
use super::{
    app::{App, Effect, Message},
    ending::{Ending, Endings},
    input::{self, Input},
    log::LogFile,
    suspend::Suspends,
    terminal::Terminal,
    view,
};
use crate::config::{Database, Settings};
use crate::{
    keymap::Keymap,
    theme::{Background, QUESTION, Surroundings, Theme},
};

/// How long deeds that write may go on after the console was left. What is cut off all the same is
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
    let (answers, mut answered) = mpsc::unbounded_channel::<Answer>();
    let Settings { database, profiles, console, .. } = settings;
    let looks = console.looks;
    let mut theme = surroundings.theme(looks, None);
    let (mut app, first) = begun(&database, &profiles, console.keymap, &theme);
    app.mouse = console.mouse;
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
    effects.run(first);

    let mut typed = input::read()?;
    let mut resizes = signal(SignalKind::window_change())?;
    let mut continues = signal(SignalKind::from_raw(Signal::CONT.as_raw()))?;
    let (mut inputs, mut batch) = (Vec::new(), Vec::new());
    let ending = loop {
        terminal.draw(|frame| view::draw(&app, &theme, frame))?;
        let tick = async {
            match app.next_tick() {
                Some(tick) => tokio::time::sleep(tick).await,
                None => std::future::pending().await,
            }
        };
        let mut taken_again = false;
        tokio::select! {
            biased;
            ending = endings.next() => break ending,
            input = typed.recv() => match input {
                Some(input) => inputs.push(input),
                None => break Ending::Hangup,
            },
            Some(()) = resizes.recv() => {
                let (width, height) = terminal.size()?;
                batch.push(Message::Resize(width, height));
            }
            () = suspends.next() => {
                terminal.leave()?;
                suspends.stop()?;
                terminal.enter()?;
                taken_again = true;
            }
            // Another program had the terminal, while this one was stopped without being asked.
            Some(()) = continues.recv() => {
                terminal.leave()?;
                terminal.enter()?;
                taken_again = true;
            }
            Some(answer) = answered.recv() => batch.push(effects.accept(answer)),
            () = tick => {}
        }
        // Whatever else has queued up belongs into the same frame.
        while let Ok(input) = typed.try_recv() {
            inputs.push(input);
        }
        if let Some(background) = taken_in(&mut inputs, &mut batch).filter(|_| asked) {
            theme = surroundings.theme(looks, Some(background));
        }
        while let Ok(answer) = answered.try_recv() {
            batch.push(effects.accept(answer));
        }
        let mut wanted = app.update(Message::Clock(SystemTime::now()));
        let mut other_size = false;
        for message in batch.drain(..) {
            other_size |= matches!(message, Message::Resize(..));
            wanted.extend(app.update(message));
        }
        for remark in app.remarks.after(logged) {
            log.write(remark);
        }
        logged = app.remarks.count();
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
        if taken_again || wanted.iter().any(|effect| matches!(effect, Effect::Redraw)) {
            wanted.extend(again(&mut terminal, &mut app)?);
        }
        effects.run(wanted);
    };
    drop(terminal);
    finish(effects, log).await;
    Ok(ending)
}

/// Lets what is under way and what is to be logged come to an end, within limits.
async fn finish(effects: Effects, log: LogFile) {
    effects.finish(PATIENCE).await;
    let written = tokio::task::spawn_blocking(move || log.finish(LOG_PATIENCE));
    // It cannot panic, and nobody would be there to be told.
    let _ = written.await;
}

fn log_file(path: Option<PathBuf>, unlogged: mpsc::UnboundedSender<Answer>) -> LogFile {
    LogFile::new(path, move |why| {
        // Nobody listens once the console is left.
        let _ = unlogged.send(Answer::of(Message::Unlogged(why)));
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
