//! What commands do in what is above list and details: forms, questions, the login, all that was said.

use super::{App, Asked, Effect, Layer, Said, browsing::steps, cancel, layer::Typing};
use crate::{console::view, keymap::Command};

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
            Command::Generate => match self.layers.last() {
                Some(Layer::Form(form)) if form.at(Asked::Password).is_some() => {
                    let (name, email) = form.whose_password();
                    vec![Effect::Generate { name, email }]
                }
                _ => Vec::new(),
            },
            Command::UseCode => self.use_code(),
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
            _ => Vec::new(),
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

    pub(super) fn scroll_log(&mut self, command: Command) {
        let (lines, rows) = view::log_lines(self);
        let screen = isize::try_from(rows).unwrap_or(isize::MAX);
        if let Some(Layer::Log(below)) = self.layers.last_mut() {
            let up = steps(command, screen).saturating_neg();
            *below = below.saturating_add_signed(up).min(lines.saturating_sub(rows));
        }
    }
}

/// Lets go of the deed a layer waits for, if it does. The deed itself goes on, and reports.
pub(super) fn stop_submitting(layer: &mut Layer, abandoned: &mut Vec<u64>) -> Option<Vec<Effect>> {
    let Typing { submitting, problem, .. } = layer.typing()?;
    let generation = submitting.stop()?;
    *problem = Some(let_go("how it ends will be said below"));
    match layer {
        Layer::Form(form) => form.left = Some((generation, form.typed())),
        Layer::Question(question) => question.left = Some(generation),
        Layer::Login(login) => {
            login.problem = Some(Said::plain("you stopped waiting for the login"));
            return Some(vec![Effect::Cancel(generation)]);
        }
        Layer::Several(_)
        | Layer::Upgrade
        | Layer::Code(_)
        | Layer::Help(_)
        | Layer::Copy(_)
        | Layer::Log(_) => return None,
    }
    abandoned.push(generation);
    Some(vec![Effect::Cancel(generation)])
}

/// What is said of a deed that is no longer waited for.
pub(super) fn let_go(help: &str) -> Said {
    Said {
        what: "you stopped waiting; it may still be carried out".to_owned(),
        help: help.to_owned(),
    }
}

fn moved(from: usize, by: isize, of: usize) -> usize {
    (from + of).saturating_add_signed(by) % of.max(1)
}
