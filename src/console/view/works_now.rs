//! Which keys do something now, where the person is.

use crate::{
    console::app::{
        App, Asked, Connection, Documents, Job, Layer, OpenDocument, RowAction, Severity,
    },
    keymap::{Command, DocumentCommand, Place, Row},
    tenancy::{Account, may_as},
};

/// Whether the list or the trash has the keys.
pub(super) fn in_list(app: &App) -> bool {
    matches!(app.focus(), Place::List | Place::Trash)
}

/// Whether what is done here is done to the selected organizations.
pub(super) fn has_selection(app: &App) -> bool {
    app.has_selection()
}

/// Whether the role of the operator who is logged in allows it.
fn is_allowed(app: &App, command: Command) -> bool {
    let Some(Account::Operator { role, .. }) = app.session.as_ref().map(|own| &own.account) else {
        return true;
    };
    command.operation().is_none_or(|operation| may_as(*role, &operation).is_ok())
}

/// Whether a key does something now.
pub(super) fn works_now(app: &App, row: &Row) -> bool {
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
        Command::Open | Command::CopyEntry | Command::Sort if layered => has_rows(app),
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
pub(super) fn row_action(app: &App) -> Option<RowAction> {
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
        Some(Layer::Dashboard) => !app.dashboard.named().is_empty(),
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

/// Whether the last message is an error.
pub(super) fn bad(app: &App) -> bool {
    matches!(app.notice, Some((Severity::Error, _))) || !app.unread.is_empty()
}

/// Whether esc would stop something.
pub(super) fn waits(app: &App) -> bool {
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
