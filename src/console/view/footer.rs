//! The bottom: what is said, who is logged in, and the keys that work now; and the rules that part the
//! screen.

use ratatui::{buffer::Buffer, layout::Rect, style::Style};

use super::{Theme, human, margin, put};
use crate::{
    console::{
        app::{App, Asked, Connection, Deed, Layer, Mood, Purpose, UNREAD_SHOWN},
        layout::{self, Areas},
        text,
    },
    keymap::{Command, Place, Row},
    org::OrgState,
    store::Shelf,
};

/// The rules below the title and above the bottom, met by the line between list and details. The
/// lower one says, in a demo, whom to log in as while nobody is.
pub(super) fn rules(app: &App, theme: &Theme, buffer: &mut Buffer, areas: &Areas) {
    let ready = matches!(app.connection, Connection::Ready(_));
    for (area, junction) in [(areas.rule, "┬"), (areas.lower_rule, "┴")] {
        super::rule(buffer, area, 0, theme);
        if ready && areas.divider.width > 0 {
            put(buffer, area, areas.divider.x, 0, junction, theme.line);
        }
    }
    if let Connection::Ready(connected) = &app.connection
        && let Some((email, password)) = &connected.demo
        && app.session.is_none()
        // The login itself says it.
        && !matches!(app.layers.last(), Some(Layer::Login(_)))
    {
        let area = areas.lower_rule;
        let (email, password) = (email.to_string(), password.reveal());
        let long = " to delete or change an admin, log in as ";
        let short = " demo login ";
        let needed = |words: &str| words.len() + text::width(&email) + password.len() + 4;
        let room = usize::from(area.width.saturating_sub(3));
        let Some(words) = [long, short, " "].into_iter().find(|words| needed(words) <= room) else {
            return;
        };
        let x = put(buffer, area, 1, 0, words, theme.faint);
        let x = put(buffer, area, x, 0, &email, Style::new());
        let x = put(buffer, area, x, 0, " ", theme.faint);
        let x = put(buffer, area, x, 0, password, Style::new());
        put(buffer, area, x, 0, " ", theme.faint);
    }
}

pub(super) fn draw(app: &App, theme: &Theme, buffer: &mut Buffer, areas: &Areas) {
    notice(app, theme, buffer, areas.notice);
    session(app, theme, buffer, areas.footer);
    keys(app, theme, buffer, areas.footer);
}

fn notice(app: &App, theme: &Theme, buffer: &mut Buffer, area: Rect) {
    let width = layout::notice_width(area.width);
    let mut y = 0;
    let mut say = |mark: &str, marked: Style, lines: Vec<String>, style: Style| {
        put(buffer, area, 1, y, mark, marked);
        for line in lines {
            put(buffer, area, 3, y, &line, style);
            y += 1;
        }
    };
    for said in app.unread.iter().take(UNREAD_SHOWN) {
        let (what, help) = said.lines(width);
        say("!", theme.bad, what, theme.strong);
        say("", theme.faint, help, theme.faint);
    }
    if let Some(more) = app.unread.len().checked_sub(UNREAD_SHOWN).filter(|more| *more > 0) {
        say("", theme.faint, vec![format!("and {more} more")], theme.faint);
    }
    if let Some((mood, said)) = &app.notice {
        let (what, help) = said.lines(width);
        match mood {
            Mood::Good => say("✓", theme.accent, what, Style::new()),
            Mood::Warning => say("!", theme.strong, what, Style::new()),
            Mood::Bad | Mood::Unread => say("✗", theme.bad, what, theme.bad),
        }
        say("", theme.faint, help, theme.faint);
    }
}

/// Who is logged in and for how long.
fn session(app: &App, theme: &Theme, buffer: &mut Buffer, area: Rect) {
    let Some((email, clock)) = session_words(app, area) else { return };
    let x = put(buffer, area, 1, 0, &email, Style::new());
    put(buffer, area, x + 1, 0, &clock, theme.accent);
}

fn session_words(app: &App, area: Rect) -> Option<(String, String)> {
    let session = app.session.as_ref()?;
    let left = session.expires_at.duration_since(app.now).unwrap_or_default();
    let email = session.admin_email.to_string();
    // What can be done now matters more on a small screen than who does it.
    let small = area.width < 60 && !app.layers.is_empty();
    let room = if small { 0 } else { usize::from(area.width / 3) };
    let clock = if app.plain { human::minutes(left) } else { human::clock(left) };
    Some((text::fit(&email, room).into_owned(), clock))
}

/// A key that works now, and what it does, where they stand in the footer.
pub(super) struct Hint {
    pub(super) command: Command,
    key: String,
    word: &'static str,
    pub(super) x: u16,
}

impl Hint {
    /// With two columns behind it.
    pub(super) fn width(&self) -> usize {
        text::width(&self.key) + text::width(self.word) + 3
    }
}

fn keys(app: &App, theme: &Theme, buffer: &mut Buffer, area: Rect) {
    for hint in hints(app, area) {
        let x = put(buffer, margin(area), hint.x, 0, &hint.key, Style::new());
        put(buffer, margin(area), x + 1, 0, hint.word, theme.faint);
    }
}

/// The keys that work now, at the right, as many as fit: how to get help and how to get out before all
/// others, the login last, since what needs one opens it.
pub(super) fn hints(app: &App, area: Rect) -> Vec<Hint> {
    let after = session_words(app, area).map_or(0, |(email, clock)| {
        u16::try_from(text::width(&email) + text::width(&clock) + 3).unwrap_or(u16::MAX)
    });
    let mut hints: Vec<_> = app
        .keymap
        .rows(app.focus())
        .filter(|bound| works_now(app, bound.row))
        .filter_map(|bound| {
            let key = bound.first()?;
            Some(Hint { command: bound.row.command, key, word: word(app, bound.row)?, x: 0 })
        })
        .collect();
    // The last has two columns behind it that it does not need: one margin at each side is left.
    let mut room = usize::from(area.width.saturating_sub(after));
    let urgency = |command| match command {
        Command::Help | Command::Back | Command::Undo => 0,
        Command::Login | Command::Copy | Command::CopyAdmin => 2,
        _ => 1,
    };
    let mut shown = vec![false; hints.len()];
    for wanted in 0..=2 {
        for (hint, shown) in hints.iter().zip(&mut shown) {
            if urgency(hint.command) == wanted && hint.width() <= room {
                room -= hint.width();
                *shown = true;
            }
        }
    }
    let mut shown = shown.into_iter();
    hints.retain(|_| shown.next() == Some(true));
    let columns: usize = hints.iter().map(Hint::width).sum();
    let mut x = usize::from(margin(area).width + 2).saturating_sub(columns);
    for hint in &mut hints {
        hint.x = u16::try_from(x).unwrap_or(u16::MAX);
        x += hint.width();
    }
    hints
}

/// The word of a command in the footer, as it is meant here.
fn word(app: &App, row: &Row) -> Option<&'static str> {
    let (deed, last) = match app.layers.last() {
        Some(Layer::Form(form)) => {
            let deed = match form.purpose {
                Purpose::Create => "create",
                Purpose::AddAdmin(_) => "add",
                Purpose::Edit(_) | Purpose::EditAdmin(..) => "save",
                Purpose::UseCode => "set it",
            };
            (Some(deed), form.focus + 1 == form.fields.len())
        }
        Some(Layer::Login(login)) => (Some("log in"), login.focus + 1 == login.fields.len()),
        Some(Layer::Question(question)) => {
            (Some(answer(question.deed)), question.focus + 1 >= question.fields.len())
        }
        Some(Layer::Several(several)) => (Some(answer(several.deed)), true),
        Some(Layer::Upgrade) => {
            let running = app.upgrade.as_ref().is_some_and(|it| it.running.is_waiting());
            (Some(if running { "stop" } else { "upgrade" }), true)
        }
        Some(Layer::Code(_) | Layer::Help(_) | Layer::Copy(_) | Layer::Log(_)) | None => {
            (None, false)
        }
    };
    match row.command {
        Command::Accept if last => deed,
        Command::Confirm => deed.or_else(|| app.armed().map(answer)),
        Command::Submit if last => None,
        Command::Submit => deed,
        Command::Back if matches!(app.layers.last(), Some(Layer::Upgrade)) => {
            let running = app.upgrade.as_ref().is_some_and(|it| it.running.is_waiting());
            Some(if running { "back" } else { "look only" })
        }
        Command::Back if waits(app) => match app.layers.last() {
            Some(Layer::Several(several)) if !several.stopping => Some("stop"),
            _ => Some("stop waiting"),
        },
        Command::Back if in_list(app) && bad(app) => Some("dismiss"),
        Command::Back if in_list(app) && marks(app) => Some("unmark"),
        Command::Mark if marks(app) => Some("mark"),
        Command::Back if in_list(app) && app.list.search().is_some() => Some("show all"),
        Command::Shelf if app.list.shelf == Shelf::Trash => Some("organizations"),
        Command::Suspend if marks(app) => {
            app.deed_for_marked(row.command).map(|(deed, _)| answer(deed))
        }
        Command::Suspend if app.chosen().is_some_and(|org| org.state == OrgState::Suspended) => {
            Some("reactivate")
        }
        Command::Login if app.session.is_some() => Some("log out"),
        _ => row.hint,
    }
}

/// The word of the deed a question is about.
fn answer(deed: Deed) -> &'static str {
    match deed {
        Deed::Trash => "move it",
        Deed::Delete => "delete",
        Deed::Purge => "purge",
        Deed::Restore => "restore",
        Deed::Rename => "rename",
        Deed::Suspend => "suspend",
        Deed::Reactivate => "reactivate",
        Deed::RemoveAdmin(_) => "remove",
        Deed::IssueCode(_) => "issue",
    }
}

fn in_list(app: &App) -> bool {
    matches!(app.focus(), Place::List | Place::Trash)
}

/// Whether what is done here is done to those that are marked.
fn marks(app: &App) -> bool {
    !app.marked().is_empty()
}

fn works_now(app: &App, row: &Row) -> bool {
    let layered = !app.layers.is_empty();
    let read_only = matches!(&app.connection, Connection::Ready(c) if c.read_only.is_some());
    let some = app.list.selected().is_some();
    match row.command {
        Command::Retry => matches!(app.connection, Connection::Failed(_)),
        Command::New => !read_only,
        Command::Upgrade => app.upgrade.is_some(),
        command if command.is_for_one() && marks(app) => false,
        Command::EditAdmin | Command::RemoveAdmin | Command::IssueCode => {
            app.detail.admin().is_some() && !read_only
        }
        Command::CopyAdmin => app.detail.admin().is_some(),
        Command::Undo => app.undo.is_some() && !read_only,
        command if command.writes() => some && !read_only,
        Command::Login => app.session.is_some() || some && !read_only,
        Command::UseCode => !read_only && !waits(app),
        Command::Open | Command::Sort | Command::Copy => some,
        Command::Filter => some || app.list.search().is_some(),
        Command::Back if app.focus() == Place::Unconnected => app.connecting.is_waiting(),
        Command::Back if app.focus() == Place::List => {
            // What went well is gone at the next key anyway.
            app.list.search().is_some() || marks(app) || bad(app) || waits(app)
        }
        Command::Back => true,
        Command::Help => app.focus() != Place::Help,
        Command::Reveal | Command::Generate if waits(app) => false,
        Command::Generate => match app.layers.last() {
            Some(Layer::Form(form)) => form.at(Asked::Password).is_some(),
            _ => true,
        },
        Command::Reveal => match app.layers.last() {
            Some(Layer::Several(_)) => false,
            Some(Layer::Question(question)) => question.fields.iter().any(|field| field.secret),
            Some(Layer::Form(form)) => form.fields.iter().any(|field| field.secret),
            _ => true,
        },
        // While a deed is under way the layer takes no text and no second deed.
        _ if layered && app.focus() != Place::Help => !waits(app),
        _ => true,
    }
}

fn bad(app: &App) -> bool {
    matches!(app.notice, Some((Mood::Bad, _))) || !app.unread.is_empty()
}

/// Whether esc would stop something.
fn waits(app: &App) -> bool {
    match app.layers.last() {
        Some(layer) => layer.is_submitting(),
        None => {
            app.connecting.is_waiting()
                || app.at_once.as_ref().is_some_and(|b| b.waiting.shown_wait(app.now).is_some())
                || app.list.loading.shown_wait(app.now).is_some()
                || app.detail.loading.shown_wait(app.now).is_some()
                || app.detail.reading.shown_wait(app.now).is_some()
        }
    }
}
