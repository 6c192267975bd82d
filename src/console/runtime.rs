//! The loop between the terminal, the state and the database.
//!
//! It waits for keys, answers and the clock, feeds the state everything that has queued up, runs the
//! effects as tasks, and draws once. Nothing here decides anything about organizations.

mod effects;

use std::{
    future::poll_fn,
    io,
    task::Poll,
    time::{Duration, SystemTime},
};

use crossterm::event::{Event, EventStream};
use futures_util::StreamExt;
use tokio::sync::mpsc;

use self::effects::{Answer, Effects};
use super::{
    app::{App, Effect, Message},
    ending::{Ending, Endings},
    log::LogFile,
    terminal::Terminal,
    theme::{Background, QUESTION, Reading, Surroundings, Told},
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
    let mut reading = Reading::default();
    if surroundings.asks(looks) {
        terminal.pass(QUESTION)?;
        reading.begin(SystemTime::now());
    }
    effects.run(first);

    // Read by a thread of crossterm's, which stops when this is dropped.
    let mut events = EventStream::new();
    let mut batch = Vec::new();
    let ending = loop {
        terminal.draw(|frame| view::draw(&app, &theme, frame))?;
        let tick = async {
            match app.next_tick() {
                Some(tick) => tokio::time::sleep(tick).await,
                None => std::future::pending().await,
            }
        };
        tokio::select! {
            biased;
            ending = endings.next() => break ending,
            event = events.next() => match event {
                Some(event) => batch.extend(message(event?)),
                None => break Ending::Hangup,
            },
            Some(answer) = answered.recv() => batch.push(effects.accept(answer)),
            () = tick => {}
        }
        // Whatever else has queued up belongs into the same frame.
        while let Some(event) = queued(&mut events).await {
            batch.extend(message(event?));
        }
        if let Some(background) = told(&mut batch, &mut reading) {
            theme = surroundings.theme(looks, Some(background));
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
            to_the_shell(&mut terminal)?;
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

/// The next event, if there is one already. Asks with this task's own waker: crossterm wakes only the
/// first one it was asked with, so asking with any other would leave the loop asleep for good.
async fn queued(events: &mut EventStream) -> Option<io::Result<Event>> {
    poll_fn(|context| match events.poll_next_unpin(context) {
        Poll::Ready(event) => Poll::Ready(event),
        Poll::Pending => Poll::Ready(None),
    })
    .await
}

/// Takes out of the keys what the terminal answers; what it told, if that was the end of it.
fn told(batch: &mut Vec<Message>, reading: &mut Reading) -> Option<Background> {
    let mut background = None;
    batch.retain(|message| match message {
        Message::Key(event) => match reading.look(event, SystemTime::now()) {
            Told::Key => true,
            Told::Part => false,
            Told::Background(told) => {
                background = Some(told);
                false
            }
        },
        _ => true,
    });
    background
}

fn message(event: Event) -> Option<Message> {
    match event {
        Event::Key(key) => Some(Message::Key(key)),
        Event::Paste(text) => Some(Message::Paste(text.into())),
        Event::Mouse(mouse) => Some(Message::Mouse(mouse)),
        Event::Resize(width, height) => Some(Message::Resize(width, height)),
        _ => None,
    }
}

/// Stops the whole foreground job, as the terminal's own ^Z would, and comes back with it. A program
/// that was started by another one (`cargo run`) would otherwise leave that one waiting.
fn to_the_shell(terminal: &mut Terminal) -> io::Result<()> {
    terminal.leave()?;
    rustix::process::kill_current_process_group(rustix::process::Signal::TSTP)?;
    terminal.enter()
}
