//! The keys that work now, and the words for them: at the left of the bottom line.

use ratatui::{buffer::Buffer, layout::Rect, style::Style};

use super::{
    Theme, footer, put,
    works_now::{bad, has_selection, in_list, row_action, waits, works_now},
};
use crate::{
    console::{
        app::{App, Drawn, HitTarget, Layer, OrgAction, Purpose, RowAction},
        text,
    },
    keymap::{Command, Place, Row},
    org::OrgState,
    store::ListScope,
};

/// The hints that stay longest where there is no room for all, and those that go first.
const FIRST: [&[Command]; 2] = [&[Command::Help, Command::Quit, Command::Back], &[Command::Undo]];
const LAST: &[Command] = &[Command::Login, Command::Copy, Command::CopyAdmin];

/// A key that works now, and what it does, where they stand in the footer.
struct Hint {
    command: Command,
    key: String,
    word: &'static str,
    x: u16,
}

impl Hint {
    /// With two columns behind it.
    fn width(&self) -> usize {
        text::width(&self.key) + text::width(self.word) + 3
    }
}

/// Draws them.
pub(super) fn draw(app: &App, theme: &Theme, buffer: &mut Buffer, area: Rect, drawn: &mut Drawn) {
    for hint in hints(app, area) {
        // Without the space behind it.
        let width = u16::try_from(hint.width() - 2).unwrap_or(u16::MAX);
        let place = Rect { x: area.x + hint.x, width, ..area };
        drawn.add(place, HitTarget::Hint(hint.command));
        let x = put(buffer, area, hint.x, 0, &hint.key, Style::new());
        put(buffer, area, x + 1, 0, hint.word, theme.faint);
    }
}

/// The keys that work now, at the left, as many as fit: how to get help and how to get out before all
/// others, the login last, since what needs one opens it.
fn hints(app: &App, area: Rect) -> Vec<Hint> {
    let session = footer::session_words(app, area)
        .map_or(0, |(email, clock)| text::width(&email) + text::width(&clock) + 3);
    let count = app.count.typed.map_or(0, |count| count.to_string().len() + 2);
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
    let mut room = usize::from(area.width).saturating_sub(session + count);
    let mut shown = vec![false; hints.len()];
    for wanted in 0..=FIRST.len() + 1 {
        for (hint, shown) in hints.iter().zip(&mut shown) {
            let last = FIRST.len();
            let urgency = FIRST.iter().position(|of| of.contains(&hint.command)).unwrap_or(last);
            let urgency = if LAST.contains(&hint.command) { last + 1 } else { urgency };
            if urgency == wanted && hint.width() <= room {
                room -= hint.width();
                *shown = true;
            }
        }
    }
    let mut shown = shown.into_iter();
    hints.retain(|_| shown.next() == Some(true));
    let mut x = 1;
    for hint in &mut hints {
        hint.x = u16::try_from(x).unwrap_or(u16::MAX);
        x += hint.width();
    }
    hints
}

/// The word for what the layer on top is for, and whether the cursor is in its last field.
fn action_word(app: &App) -> (Option<&'static str>, bool) {
    let (action, last) = match app.layers.last() {
        Some(Layer::Form(form)) => {
            let action = match form.purpose {
                Purpose::Create => "create",
                Purpose::AddAdmin(_) => "add",
                Purpose::Edit(_) | Purpose::EditAdmin(..) => "save",
                Purpose::Transfer(_) => "transfer",
                Purpose::UseCode => "set password",
                Purpose::SecondFactor(_) => "set up",
            };
            (Some(action), form.focus + 1 == form.fields.len())
        }
        Some(Layer::Login(login)) => (Some("log in"), login.focus + 1 == login.fields.len()),
        Some(Layer::Question(question)) => {
            (Some(answer(question.action)), question.focus + 1 >= question.fields.len())
        }
        Some(Layer::Bulk(bulk)) => (Some(answer(bulk.action)), bulk.focus + 1 >= bulk.fields.len()),
        Some(Layer::Edit(edit)) => (Some(edit.action_word()), true),
        Some(Layer::Job(_)) => {
            let left = app.job_shown().is_some_and(|job| !job.left.is_empty());
            (Some(if left { "continue" } else { "try again" }), true)
        }
        Some(Layer::Upgrade) => {
            let running = app.upgrade.as_ref().is_some_and(|it| it.running.is_waiting());
            (Some(if running { "stop" } else { "upgrade" }), true)
        }
        Some(
            Layer::Code(_)
            | Layer::Help(_)
            | Layer::Copy(_)
            | Layer::Manual(_)
            | Layer::Log(_)
            | Layer::Dashboard
            | Layer::Audit(_)
            | Layer::Documents(_)
            | Layer::Jobs(_),
        )
        | None => (None, false),
    };
    (action.map(|word| if app.asks_again() { "continue" } else { word }), last)
}

/// What esc does here, where that has a word of its own.
fn back_word(app: &App) -> Option<&'static str> {
    if let (Some(Layer::Upgrade), Some(upgrade)) = (app.layers.last(), &app.upgrade) {
        let back = upgrade.running.is_waiting() || !upgrade.plan.asks;
        return Some(if back { "back" } else { "stay read-only" });
    }
    if waits(app) {
        return Some("cancel");
    }
    match app.focus() {
        Place::Filter | Place::AuditFilter | Place::DocumentFilter => Some("clear"),
        Place::AuditLog | Place::AllDocuments
            if app.layers.last().is_some_and(Layer::is_filtered) =>
        {
            Some("clear filter")
        }
        Place::List | Place::Trash if bad(app) => Some("dismiss"),
        Place::List | Place::Trash if app.list.range.is_some() => Some("leave the range"),
        Place::List | Place::Trash if has_selection(app) => Some("clear selection"),
        Place::List | Place::Trash if app.list.search().is_some() => Some("clear filter"),
        Place::Unconnected
        | Place::List
        | Place::Detail
        | Place::Admins
        | Place::Documents
        | Place::Activity
        | Place::Trash
        | Place::Trashed
        | Place::TrashedAdmins
        | Place::Form
        | Place::Question
        | Place::Login
        | Place::Upgrade
        | Place::Code
        | Place::Production
        | Place::Help
        | Place::Palette
        | Place::Topics
        | Place::TopicSearch
        | Place::Manual
        | Place::Copying
        | Place::Log
        | Place::AuditLog
        | Place::AuditEntry
        | Place::AllDocuments
        | Place::OneDocument
        | Place::DocumentValue
        | Place::DocumentEditor
        | Place::DocumentChange
        | Place::DocumentConflict
        | Place::Dashboard
        | Place::Jobs
        | Place::Job => None,
    }
}

/// The word of a command in the footer, as it is meant here.
fn word(app: &App, row: &Row) -> Option<&'static str> {
    let (action, last) = action_word(app);
    match row.command {
        Command::Accept if last => action,
        Command::Confirm => action.or_else(|| app.armed().map(answer)),
        Command::Submit if app.focus() == Place::DocumentEditor => row.hint,
        Command::Submit if last => None,
        Command::Submit => action,
        // A second key for it, which goes without saying.
        Command::Back if row.hint.is_none() => None,
        Command::Back => back_word(app).or(row.hint),
        Command::Accept if app.focus() == Place::Filter && app.list.rows.is_empty() => {
            let nearest = !app.list.nearest.is_empty();
            Some(if nearest { "show the nearest" } else { "keep" })
        }
        Command::SelectRange if app.list.range.is_some() => Some("keep the range"),
        Command::Select if in_list(app) && has_selection(app) && app.list.range.is_none() => {
            Some("select")
        }
        Command::ToggleTrash if app.list.scope == ListScope::Trash => Some("organizations"),
        Command::Suspend if has_selection(app) => app.action_for_selection(row.command).map(answer),
        Command::Suspend if app.chosen().is_some_and(|org| org.state == OrgState::Suspended) => {
            Some("reactivate")
        }
        Command::Open if app.focus() == Place::OneDocument => {
            row_action(app).map(|action| match action {
                RowAction::Unfold => "unfold",
                RowAction::Fold => "fold",
                RowAction::Change => "change",
            })
        }
        Command::Login if app.session.is_some() => Some("log out"),
        Command::NextTab if matches!(app.focus(), Place::Documents | Place::Activity) => {
            Some("next tab")
        }
        // Everywhere the same.
        Command::Move(_)
        | Command::Filter
        | Command::Sort
        | Command::Reverse
        | Command::Open
        | Command::NextPane
        | Command::NarrowList
        | Command::WidenList
        | Command::ToggleColumn(_)
        | Command::NextTab
        | Command::PreviousTab
        | Command::New
        | Command::Edit
        | Command::AddAdmin
        | Command::EditAdmin
        | Command::IssueCode
        | Command::RemoveAdmin
        | Command::Transfer
        | Command::UseCode
        | Command::ExportFirst
        | Command::Trash
        | Command::Delete
        | Command::Select
        | Command::SelectRange
        | Command::Extend(_)
        | Command::SelectAll
        | Command::InvertSelection
        | Command::Suspend
        | Command::Export
        | Command::ToggleTrash
        | Command::Restore
        | Command::Purge
        | Command::Login
        | Command::SecondFactor
        | Command::Refresh
        | Command::Retry
        | Command::NextField
        | Command::PreviousField
        | Command::Accept
        | Command::Generate
        | Command::Reveal
        | Command::Help
        | Command::Manual
        | Command::Palette
        | Command::Run
        | Command::Copy
        | Command::CopyPart(_)
        | Command::CopyAdmin
        | Command::CopyCode
        | Command::SendCode
        | Command::CopyPassword
        | Command::Undo
        | Command::Log
        | Command::AuditLog
        | Command::Dashboard
        | Command::BrowseDocuments
        | Command::CopyEntry
        | Command::Document(_)
        | Command::Jobs
        | Command::CancelJob
        | Command::Upgrade
        | Command::Mouse
        | Command::Redraw
        | Command::Shell
        | Command::Quit => row.hint,
    }
}

/// The word of the operation a question is about.
fn answer(action: OrgAction) -> &'static str {
    match action {
        OrgAction::Trash => "move to trash",
        OrgAction::Delete | OrgAction::Purge => "purge",
        OrgAction::Restore => "restore",
        OrgAction::Rename => "rename",
        OrgAction::Suspend => "suspend",
        OrgAction::Reactivate => "reactivate",
        OrgAction::RemoveAdmin(_) => "remove",
        OrgAction::IssueCode(_) => "issue code",
        OrgAction::Export(_) => "export",
    }
}
