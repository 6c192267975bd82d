//! What commands do in what is above list and details: forms, questions, the login, all that was said.

use super::{App, Asked, Effect, Layer, Said, browsing::steps, cancel};
use crate::console::{keymap::Command, view};

impl App {
    pub(super) fn layer_command(&mut self, command: Command) -> Vec<Effect> {
        match command {
            Command::NextField => self.leave_field(1),
            Command::PreviousField => self.leave_field(-1),
            Command::Accept => {
                let last = match self.layers.last() {
                    Some(Layer::Form(form)) => form.focus + 1 == form.fields.len(),
                    Some(Layer::Login(login)) => login.focus + 1 == login.fields.len(),
                    Some(Layer::Question(question)) => question.focus + 1 >= question.fields.len(),
                    _ => true,
                };
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
                let (fields, focus) = match self.layers.last_mut() {
                    Some(Layer::Form(form)) => (&mut form.fields[..], form.focus),
                    Some(Layer::Question(question)) => (&mut question.fields[..], question.focus),
                    Some(Layer::Login(login)) => (&mut login.fields[..], login.focus),
                    Some(
                        Layer::Several(_)
                        | Layer::Upgrade
                        | Layer::Code(_)
                        | Layer::Help(_)
                        | Layer::Copy(_)
                        | Layer::Log(_),
                    )
                    | None => {
                        return Vec::new();
                    }
                };
                // The one that is typed in; from any other field, the last, which is the password.
                let here = fields.get(focus).is_some_and(|field| field.secret);
                let at = if here { Some(focus) } else { fields.iter().rposition(|f| f.secret) };
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
        match self.layers.last_mut() {
            Some(Layer::Form(form)) if !form.submitting.is_waiting() => {
                if let Some(check) = form.check() {
                    let field = &mut form.fields[form.focus];
                    field.asked = Some(field.as_secret());
                    effects = cancel(field.checking.begin(generation, now));
                    effects.push(Effect::Check(generation, check));
                }
                form.focus = moved(form.focus, by, form.fields.len());
            }
            Some(Layer::Login(login)) if !login.submitting.is_waiting() => {
                login.focus = moved(login.focus, by, login.fields.len());
            }
            Some(Layer::Question(question)) if !question.submitting.is_waiting() => {
                question.focus = moved(question.focus, by, question.fields.len());
            }
            _ => {}
        }
        effects
    }

    /// Shows all that was said; or leaves that.
    pub(super) fn show_log(&mut self) -> Vec<Effect> {
        if matches!(self.layers.last(), Some(Layer::Log(_))) {
            self.layers.pop();
        } else {
            // Whoever looks at the log reads what is said.
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
    let mut left = None;
    let (submitting, problem, writes) = match &mut *layer {
        Layer::Form(form) => (&mut form.submitting, &mut form.problem, true),
        Layer::Question(question) => (&mut question.submitting, &mut question.problem, true),
        Layer::Login(login) => (&mut login.submitting, &mut login.problem, false),
        Layer::Several(_)
        | Layer::Upgrade
        | Layer::Code(_)
        | Layer::Help(_)
        | Layer::Copy(_)
        | Layer::Log(_) => {
            return None;
        }
    };
    let generation = submitting.stop()?;
    if writes {
        left = Some(generation);
        abandoned.push(generation);
        *problem = Some(let_go("how it ends will be said below"));
    } else {
        *problem = Some(Said::plain("you stopped waiting for the login"));
    }
    match (layer, left) {
        (Layer::Form(form), Some(generation)) => form.left = Some((generation, form.typed())),
        (Layer::Question(question), left) => question.left = left,
        _ => {}
    }
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
