//! The keys that work now, and the words for them: at the left of the bottom line.

use ratatui::{buffer::Buffer, layout::Rect, style::Style};

use super::{Theme, footer, put};
use crate::{
    console::{
        app::{
            App, Asked, Connection, Documents, Drawn, HitTarget, Job, Layer, OpenDocument,
            OrgAction, Purpose, RowAction, Severity,
        },
        text,
    },
    keymap::{Command, DocumentCommand, Place, Row},
    org::OrgState,
    store::ListScope,
    tenancy::{Account, may_as},
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

fn in_list(app: &App) -> bool {
    matches!(app.focus(), Place::List | Place::Trash)
}

/// Whether what is done here is done to the selected organizations.
fn has_selection(app: &App) -> bool {
    app.has_selection()
}

/// Whether the role of the operator who is logged in allows it.
fn is_allowed(app: &App, command: Command) -> bool {
    let Some(Account::Operator { role, .. }) = app.session.as_ref().map(|own| &own.account) else {
        return true;
    };
    command.operation().is_none_or(|operation| may_as(*role, &operation).is_ok())
}

fn works_now(app: &App, row: &Row) -> bool {
    let layered = !app.layers.is_empty();
    let read_only = matches!(&app.connection, Connection::Ready(c) if c.read_only.is_some());
    let some = app.list.selected().is_some();
    match row.command {
        command if command.writes() && !is_allowed(app, command) => false,
        Command::CancelJob => app.job_shown().is_some_and(Job::is_running),
        Command::Run | Command::Copy if app.focus() == Place::Jobs => !app.jobs.is_empty(),
        Command::Accept | Command::Select if matches!(app.focus(), Place::Jobs | Place::Job) => {
            let left = |job: &Job| job.not_done().next().is_some();
            app.job_shown().is_some_and(|job| !job.is_running() && left(job))
        }
        Command::Copy if app.focus() == Place::Job => true,
        Command::Retry => matches!(app.connection, Connection::Failed(_)),
        Command::New => !read_only,
        Command::Upgrade => app.upgrade.is_some(),
        command if command.is_for_one() && has_selection(app) => {
            app.action_for_selection(command).is_some()
        }
        Command::EditAdmin | Command::RemoveAdmin | Command::IssueCode => {
            app.detail.admin().is_some() && !read_only
        }
        Command::CopyAdmin => app.detail.admin().is_some(),
        Command::SendCode => app.can_send_code(),
        Command::Document(command) => acts_on_document(app, command, read_only),
        Command::Undo if layered => !read_only && app.undoes_document(),
        Command::Undo => app.undo.is_some() && !read_only,
        command if command.writes() => some && !read_only,
        Command::Login => {
            app.session.is_some() || (some || app.list.problem.is_some()) && !read_only
        }
        Command::ExportFirst => !read_only && app.purged_first().is_some(),
        Command::UseCode => {
            // Operators have none.
            let of_admin =
                |layer: &Layer| matches!(layer, Layer::Login(login) if !login.of_operator);
            !read_only && !waits(app) && app.layers.last().is_some_and(of_admin)
        }
        Command::Open if app.focus() == Place::OneDocument => opens_row(app, read_only),
        Command::Open | Command::CopyEntry if layered => has_rows(app),
        Command::Filter if layered => true,
        Command::Open => some || !app.list.nearest.is_empty(),
        Command::Sort | Command::Copy => some,
        Command::Filter => some || app.list.search().is_some(),
        Command::Back if app.focus() == Place::Unconnected => app.connecting.is_waiting(),
        Command::Back if app.focus() == Place::List => {
            // What went well is gone at the next key anyway.
            app.list.search().is_some() || has_selection(app) || bad(app) || waits(app)
        }
        Command::Back => true,
        Command::Help => app.focus() != Place::Help,
        Command::Run if app.focus() == Place::Manual => !app.matches().is_empty(),
        Command::Reveal | Command::Generate if waits(app) => false,
        Command::Generate => generates(app),
        Command::Reveal => reveals(app),
        // What was refused before it was asked would be refused again.
        Command::Accept | Command::Submit if app.is_refused() => false,
        // Nothing of its own speaks against it.
        Command::Move(_)
        | Command::Reverse
        | Command::NextPane
        | Command::NarrowList
        | Command::WidenList
        | Command::ToggleColumn(_)
        | Command::NextTab
        | Command::PreviousTab
        | Command::Edit
        | Command::AddAdmin
        | Command::Transfer
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
        | Command::SecondFactor
        | Command::Refresh
        | Command::NextField
        | Command::PreviousField
        | Command::Accept
        | Command::Submit
        | Command::Confirm
        | Command::Manual
        | Command::Palette
        | Command::Run
        | Command::CopyPart(_)
        | Command::CopyCode
        | Command::CopyPassword
        | Command::Log
        | Command::AuditLog
        | Command::Dashboard
        | Command::BrowseDocuments
        | Command::CopyEntry
        | Command::Jobs
        | Command::Mouse
        | Command::Redraw
        | Command::Shell
        | Command::Quit => takes_commands(app),
    }
}

/// Whether this can be done with a document now.
fn acts_on_document(app: &App, command: DocumentCommand, read_only: bool) -> bool {
    match command {
        DocumentCommand::New => !read_only,
        DocumentCommand::Edit
        | DocumentCommand::EditOutside
        | DocumentCommand::Duplicate
        | DocumentCommand::Delete => !read_only && has_document(app),
        DocumentCommand::Copy
        | DocumentCommand::View
        | DocumentCommand::CopyValue
        | DocumentCommand::CopyPath => opened(app).is_some_and(|open| open.tree.is_some()),
        DocumentCommand::Table(_) => listed(app).is_some_and(|all| !all.rows.is_empty()),
        DocumentCommand::Toggle
        | DocumentCommand::Unfold
        | DocumentCommand::Fold
        | DocumentCommand::UnfoldAll
        | DocumentCommand::FoldAll => row_action(app).is_some(),
    }
}

/// Whether enter does something with the selected row of the document that is open.
fn opens_row(app: &App, read_only: bool) -> bool {
    match row_action(app) {
        Some(RowAction::Change) => {
            !read_only && is_allowed(app, Command::Document(DocumentCommand::Edit))
        }
        Some(RowAction::Unfold | RowAction::Fold) => true,
        None => false,
    }
}

/// What enter does with the selected row of the document that is open.
fn row_action(app: &App) -> Option<RowAction> {
    opened(app).filter(|open| open.viewed.is_none())?.action()
}

/// The documents that are looked at.
fn listed(app: &App) -> Option<&Documents> {
    let Some(Layer::Documents(documents)) = app.layers.last() else { return None };
    Some(documents)
}

/// The document that is open.
fn opened(app: &App) -> Option<&OpenDocument> {
    listed(app)?.open.as_ref()
}

/// Whether there is a document to do something with.
fn has_document(app: &App) -> bool {
    match app.layers.last() {
        Some(Layer::Documents(documents)) => !documents.rows.is_empty(),
        Some(Layer::Edit(edit)) => !edit.deletes() && !edit.writing.is_waiting(),
        Some(
            Layer::Form(_)
            | Layer::Question(_)
            | Layer::Bulk(_)
            | Layer::Login(_)
            | Layer::Upgrade
            | Layer::Code(_)
            | Layer::Help(_)
            | Layer::Copy(_)
            | Layer::Manual(_)
            | Layer::Log(_)
            | Layer::Dashboard
            | Layer::Audit(_)
            | Layer::Jobs(_)
            | Layer::Job(_),
        )
        | None => false,
    }
}

/// Whether what is on top lists anything.
fn has_rows(app: &App) -> bool {
    match app.layers.last() {
        Some(Layer::Dashboard) => {
            app.dashboard.survey.as_ref().is_some_and(|survey| !survey.named().is_empty())
        }
        layer => layer.is_some_and(Layer::has_rows),
    }
}

/// Whether there is a password to generate.
fn generates(app: &App) -> bool {
    match app.layers.last() {
        Some(Layer::Form(form)) => form.at(Asked::Password).is_some(),
        Some(
            Layer::Question(_)
            | Layer::Bulk(_)
            | Layer::Login(_)
            | Layer::Upgrade
            | Layer::Code(_)
            | Layer::Help(_)
            | Layer::Copy(_)
            | Layer::Manual(_)
            | Layer::Log(_)
            | Layer::Dashboard
            | Layer::Audit(_)
            | Layer::Documents(_)
            | Layer::Edit(_)
            | Layer::Jobs(_)
            | Layer::Job(_),
        )
        | None => true,
    }
}

/// Whether there is something typed to reveal.
fn reveals(app: &App) -> bool {
    match app.layers.last() {
        Some(Layer::Bulk(_)) => false,
        Some(Layer::Question(question)) => question.fields.iter().any(|field| field.secret),
        Some(Layer::Form(form)) => form.fields.iter().any(|field| field.secret),
        Some(
            Layer::Login(_)
            | Layer::Upgrade
            | Layer::Code(_)
            | Layer::Help(_)
            | Layer::Copy(_)
            | Layer::Manual(_)
            | Layer::Log(_)
            | Layer::Dashboard
            | Layer::Audit(_)
            | Layer::Documents(_)
            | Layer::Edit(_)
            | Layer::Jobs(_)
            | Layer::Job(_),
        )
        | None => true,
    }
}

/// While an operation is under way, its layer takes no text and no second operation.
fn takes_commands(app: &App) -> bool {
    match app.layers.last() {
        Some(Layer::Audit(_) | Layer::Documents(_) | Layer::Dashboard) | None => true,
        Some(_) => app.focus() == Place::Help || !waits(app),
    }
}

fn bad(app: &App) -> bool {
    matches!(app.notice, Some((Severity::Error, _))) || !app.unread.is_empty()
}

/// Whether esc would stop something.
fn waits(app: &App) -> bool {
    match app.layers.last() {
        Some(Layer::Audit(audit)) => {
            audit.open.is_none() && audit.loading.shown_wait(app.now).is_some()
        }
        Some(Layer::Documents(documents)) => match &documents.open {
            None => documents.loading.shown_wait(app.now).is_some(),
            Some(open) => {
                let checking = open.change.as_ref().map(|change| &change.checking);
                checking.is_some_and(|checking| checking.shown_wait(app.now).is_some())
            }
        },
        Some(Layer::Edit(edit)) => edit.waits(app.now),
        Some(Layer::Dashboard) => app.dashboard.loading.is_waiting(),
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
