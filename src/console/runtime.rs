//! The loop between the terminal, the state and the database.
//!
//! It waits for keys, answers and the clock, feeds the state everything that has queued up, runs the
//! effects as tasks, and draws once. Nothing here decides anything about organizations.

mod effects;

use std::{
    io,
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
    theme::{QUESTION, Surroundings},
    view,
};
use crate::config::Settings;

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
    let (mut app, first) = App::new(database.source.place(), SystemTime::now());
    let looks = console.looks;
    let mut theme = surroundings.theme(looks, None);
    let spelled = theme.ascii || theme.plain;
    app.keymap = if spelled { console.keymap.spelled() } else { console.keymap };
    app.plain = theme.plain;
    app.mouse = console.mouse;
    app.profiles = profiles.iter().filter_map(|one| one.profile.clone()).collect();
    app.profile = database.profile.clone();
    let unlogged = answers.clone();
    let log = LogFile::new(console.log, move |why| {
        // Nobody listens once the console is left.
        let _ = unlogged.send(Answer::of(Message::Unlogged(why)));
    });
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
    let mut inputs = Vec::new();
    let mut batch = Vec::new();
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
        for input in inputs.drain(..) {
            match input {
                Input::Key(key) => batch.push(Message::Key(key)),
                Input::Mouse(mouse) => batch.push(Message::Mouse(mouse)),
                Input::Paste(text) => batch.push(Message::Paste(text)),
                Input::Background(background) if asked => {
                    theme = surroundings.theme(looks, Some(background));
                }
                Input::Background(_) => {}
            }
        }
        while let Ok(answer) = answered.try_recv() {
            batch.push(effects.accept(answer));
        }
        let mut wanted = app.update(Message::Clock(SystemTime::now()));
        let mut resized = false;
        for message in batch.drain(..) {
            resized |= matches!(message, Message::Resize(..));
            wanted.extend(app.update(message));
        }
        for remark in app.remarks.after(logged) {
            log.write(remark);
        }
        logged = app.remarks.count();
        if resized {
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
            suspends.ask()?;
        }
        if taken_again || wanted.iter().any(|effect| matches!(effect, Effect::Redraw)) {
            terminal.redraw()?;
            terminal.mouse(app.mouse)?;
            let (width, height) = terminal.size()?;
            wanted.extend(app.update(Message::Resize(width, height)));
        }
        effects.run(wanted);
    };
    drop(terminal);
    effects.finish(PATIENCE).await;
    let written = tokio::task::spawn_blocking(move || log.finish(LOG_PATIENCE));
    // It cannot panic, and nobody would be there to be told.
    let _ = written.await;
    Ok(ending)
}
