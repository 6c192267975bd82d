//! What commands do in what is above list and details: forms, questions, the login, all that was said.

use super::{App, Asked, Effect, Extent, Layer, Notice, Severity, cancel, layer::Typing};
use crate::keymap::{Command, Motion};

impl App {
    pub(super) fn layer_command(&mut self, command: Command) -> Vec<Effect> {
        match command {
            Command::NextField => self.leave_field(1),
            Command::PreviousField => self.leave_field(-1),
            Command::Accept => {
                let typing = self.layers.last_mut().and_then(Layer::typing);
                let last = typing.is_none_or(|typing| *typing.focus + 1 >= typing.fields.len());
                if last { self.submit() } else { self.leave_field(1) }
            }
            Command::Submit => self.submit(),
            Command::Generate => self.generate_password(),
            Command::UseCode => self.use_code(),
            Command::ExportFirst => self.export_first(),
            Command::CopyPassword => self.copy_password(),
            Command::Reveal => {
                let typing = self.layers.last_mut().and_then(Layer::typing);
                let Some(Typing { fields, focus, .. }) = typing else { return Vec::new() };
                // The one that is typed in; from any other field, the last, which is the password.
                let here = fields.get(*focus).is_some_and(|field| field.secret);
                let at = if here { Some(*focus) } else { fields.iter().rposition(|f| f.secret) };
                if let Some(field) = at.and_then(|at| fields.get_mut(at)) {
                    field.revealed = !field.revealed;
                }
                Vec::new()
            }
            // What works everywhere is done already; the rest is of what lies below, or of other layers.
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
            | Command::Trash
            | Command::Delete
            | Command::Select
            | Command::SelectRange
            | Command::Extend(_)
            | Command::Suspend
            | Command::Export
            | Command::ToggleTrash
            | Command::Restore
            | Command::Purge
            | Command::Login
            | Command::SecondFactor
            | Command::Refresh
            | Command::Run
            | Command::Copy
            | Command::CopyPart(_)
            | Command::CopyAdmin
            | Command::CopyCode
            | Command::SendCode
            | Command::Undo
            | Command::Upgrade
            | Command::Mouse
            | Command::Confirm
            | Command::Retry
            | Command::Help
            | Command::Manual
            | Command::Palette
            | Command::Log
            | Command::AuditLog
            | Command::Dashboard
            | Command::BrowseDocuments
            | Command::Document(_)
            | Command::CopyEntry
            | Command::Jobs
            | Command::CancelJob
            | Command::SelectAll
            | Command::InvertSelection
            | Command::Back
            | Command::Redraw
            | Command::Shell
            | Command::Quit => Vec::new(),
        }
    }

    /// Asks for a password, where there is a field for a new one.
    fn generate_password(&self) -> Vec<Effect> {
        match self.layers.last() {
            Some(Layer::Form(form)) if form.at(Asked::Password).is_some() => {
                let (name, email) = form.whose_password();
                vec![Effect::Generate { name, email }]
            }
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
                | Layer::Documents(_)
                | Layer::Edit(_)
                | Layer::Jobs(_)
                | Layer::Job(_),
            )
            | None => Vec::new(),
        }
    }

    /// Moves on between fields, asking about the one that is left.
    pub(super) fn leave_field(&mut self, by: isize) -> Vec<Effect> {
        let generation = self.next();
        let now = self.now;
        let mut effects = Vec::new();
        let Some(layer) = self.layers.last_mut().filter(|layer| !layer.is_submitting()) else {
            return effects;
        };
        if let Layer::Form(form) = layer
            && let Some(check) = form.check()
        {
            let field = &mut form.fields[form.focus];
            field.asked = Some(field.as_secret());
            effects = cancel(field.checking.begin(generation, now));
            effects.push(Effect::Check(generation, check));
        }
        if let Some(Typing { fields, focus, .. }) = layer.typing() {
            *focus = moved(*focus, by, fields.len());
        }
        effects
    }

    /// Asks before what was typed in a form is discarded: where everybody sees it, however small the screen.
    pub(super) fn ask_to_discard(&mut self) {
        let back = self.keymap.how(Command::Back);
        let what = "what you typed is not saved".to_owned();
        let help = format!("press {back} again to discard it");
        self.say(Severity::Warning, Notice { what, help });
    }

    /// Whatever is done in a form, or while a value is changed, other than leaving it once more, what was typed is not discarded.
    pub(super) fn stay(&mut self) {
        let leaving = match self.layers.last_mut() {
            Some(Layer::Form(form)) => Some(&mut form.leaving),
            Some(Layer::Documents(documents)) => documents.leaving(),
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
                | Layer::Audit(_)
                | Layer::Edit(_)
                | Layer::Dashboard
                | Layer::Jobs(_)
                | Layer::Job(_),
            )
            | None => None,
        };
        if leaving.is_some_and(std::mem::take) {
            self.notice = None;
        }
    }

    /// Shows all that was said; or leaves that.
    pub(super) fn show_log(&mut self) -> Vec<Effect> {
        if matches!(self.layers.last(), Some(Layer::Log(_))) {
            self.layers.pop();
        } else {
            // The open log shows every message, so none is unread.
            self.read();
            self.layers.push(Layer::Log(0));
        }
        Vec::new()
    }

    pub(super) fn scroll_log(&mut self, motion: Motion) {
        let Extent { rows, last, .. } = self.drawn.messages;
        self.drawn.turned |= motion.turns_page();
        let up = self.steps(motion, rows).saturating_neg();
        if let Some(Layer::Log(below)) = self.layers.last_mut() {
            *below = below.saturating_add_signed(up).min(last);
        }
    }
}

/// Lets go of the operation a layer waits for, if it does. The operation itself goes on, and reports.
pub(super) fn stop_submitting(layer: &mut Layer, abandoned: &mut Vec<u64>) -> Option<Vec<Effect>> {
    let Typing { submitting, problem, .. } = layer.typing()?;
    let generation = submitting.stop()?;
    *problem = Some(let_go("the result will be shown below"));
    match layer {
        Layer::Form(form) => form.left = Some((generation, form.typed())),
        Layer::Question(question) => question.left = Some(generation),
        Layer::Login(login) => {
            login.problem = Some(Notice::plain("cancelled"));
            return Some(vec![Effect::Cancel(generation)]);
        }
        Layer::Bulk(_)
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
        | Layer::Job(_) => return None,
    }
    abandoned.push(generation);
    Some(vec![Effect::Cancel(generation)])
}

/// What is said of an operation that is no longer waited for.
pub(super) fn let_go(help: &str) -> Notice {
    Notice { what: "cancelled; the operation may still complete".to_owned(), help: help.to_owned() }
}

fn moved(from: usize, by: isize, of: usize) -> usize {
    (from + of).saturating_add_signed(by) % of.max(1)
}
