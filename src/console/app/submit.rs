//! Submitting what is on top, and what follows from the answer. Nothing typed is lost to a refusal; a
//! missing login opens the login, and then what was wanted goes on.

use super::{App, Asked, Effect, Form, Generation, Layer, Notice, Purpose, Severity, cancel};
use crate::{
    keymap::Command,
    org::{Field, Org, Secret, StoredText, Strength},
    store::{Entry, Settled},
    tenancy::{Error, Result, Session},
};

impl App {
    /// Does what the layer on top is for.
    pub(super) fn submit(&mut self) -> Vec<Effect> {
        let generation = self.next();
        let session = self.session.clone();
        let back = self.keymap.how(Command::Back);
        if self.layers.last().is_some_and(|layer| !layer.is_submitting()) && self.lacks_reason() {
            return Vec::new();
        }
        let Some(layer) = self.layers.last_mut().filter(|layer| !layer.is_submitting()) else {
            return Vec::new();
        };
        match layer {
            Layer::Form(form) => {
                form.problem = None;
                form.left = None;
                let Some(effect) = effect_of(form, generation, session) else {
                    form.problem = Some(Notice {
                        what: "no changes to save".to_owned(),
                        help: format!("change a field, or press {back} to cancel"),
                    });
                    return Vec::new();
                };
                if !self.sure_of_layer() {
                    return Vec::new();
                }
                let Some(Layer::Form(form)) = self.layers.last_mut() else { return Vec::new() };
                let mut effects = cancel(form.submitting.begin(generation, self.now));
                effects.push(effect);
                effects
            }
            Layer::Question(question) => {
                question.problem = None;
                if self.sure_of_layer() { self.answer(generation) } else { Vec::new() }
            }
            Layer::Bulk(_) => self.answer_bulk(),
            Layer::Edit(_) => self.accept_document(),
            Layer::Login(login) => {
                login.problem = None;
                let email = login.fields[0].text().to_owned();
                let (password, code) = (login.fields[1].as_secret(), login.code());
                let mut effects = cancel(login.submitting.begin(generation, self.now));
                effects.push(Effect::Login(generation, email, password, code));
                effects
            }
            Layer::Upgrade
            | Layer::Code(_)
            | Layer::Help(_)
            | Layer::Copy(_)
            | Layer::Manual(_)
            | Layer::Log(_)
            | Layer::Dashboard
            | Layer::Audit(_)
            | Layer::Documents(_)
            | Layer::Jobs(_)
            | Layer::Job(_) => Vec::new(),
        }
    }

    pub(super) fn generated(&mut self, result: Result<Secret>) -> Vec<Effect> {
        let generation = self.next();
        let Some(Layer::Form(form)) = self.layers.last_mut() else { return Vec::new() };
        let Some(at) = form.at(Asked::Password).filter(|_| !form.submitting.is_waiting()) else {
            return Vec::new();
        };
        match result {
            Err(error) => {
                form.problem = Some(Notice::from(&error));
                Vec::new()
            }
            Ok(password) => {
                form.focus = at;
                let field = &mut form.fields[form.focus];
                field.set(password.reveal());
                field.revealed = true;
                let Some(check) = form.check() else { return Vec::new() };
                let field = &mut form.fields[form.focus];
                let mut effects = cancel(field.checking.begin(generation, self.now));
                effects.push(Effect::Check(generation, check));
                effects
            }
        }
    }

    /// Asks how good the password is that is being typed, whenever it, or whom it is for, has changed.
    pub(super) fn judge(&mut self) -> Vec<Effect> {
        let Some(Layer::Form(form)) = self.layers.last() else { return Vec::new() };
        let (Some(changes), Some(at)) = (form.unjudged(), form.at(Asked::Password)) else {
            return Vec::new();
        };
        let (generation, now) = (self.next(), self.now);
        let Some(Layer::Form(form)) = self.layers.last_mut() else { return Vec::new() };
        let field = &mut form.fields[at];
        field.judged = Some(changes.clone());
        let mut effects = cancel(field.judging.begin(generation, now));
        effects.push(Effect::Judge(generation, changes));
        effects
    }

    pub(super) fn checked(&mut self, generation: Generation, field: Field, result: &Result<()>) {
        for layer in &mut self.layers {
            if let Layer::Form(form) = layer
                && let Some(at) = form.at(field)
                && form.fields[at].checking.answered(generation)
            {
                let field = &mut form.fields[at];
                let problem = result.as_ref().err();
                // A database that does not answer says nothing about what was typed: it is asked again
                // the next time the field is left, and when all is submitted.
                if problem.is_some_and(|error| error.field().is_none()) {
                    field.asked = None;
                } else {
                    field.problem = problem.map(Notice::from);
                }
            }
        }
    }

    pub(super) fn judged(&mut self, generation: Generation, result: Result<Strength>) {
        for layer in &mut self.layers {
            if let Layer::Form(form) = layer
                && let Some(at) = form.at(Asked::Password)
                && form.fields[at].judging.answered(generation)
            {
                form.fields[at].strength = result.ok();
                return;
            }
        }
    }

    pub(super) fn created(&mut self, generation: Generation, result: Result<Org>) -> Vec<Effect> {
        let Some(open) = self.form_awaits(generation) else { return Vec::new() };
        match result {
            Ok(org) => {
                if open {
                    self.layers.pop();
                }
                self.say(Severity::Success, Notice::plain(format!("created “{}”", org.name)));
                self.show(&org)
            }
            Err(error) => self.form_refused(&error, open),
        }
    }

    pub(super) fn updated(&mut self, generation: Generation, result: Result<Org>) -> Vec<Effect> {
        let Some(open) = self.form_awaits(generation) else { return Vec::new() };
        match result {
            Ok(org) => {
                let mut said = format!("updated “{}”", org.name);
                let mut effects = Vec::new();
                if open && let Some(Layer::Form(form)) = self.layers.pop() {
                    let password = !form.text(Field::Password).is_empty();
                    if let Some(before) = form.email_before()
                        && (password || form.text(Field::Email) != before.raw())
                    {
                        self.demo_is_over_for(&before);
                    }
                    if let Purpose::Edit(before) = &form.purpose {
                        self.can_rename_back(before, &org);
                        if before.name != org.name {
                            said = format!("renamed “{}” to “{}”", before.name, org.name);
                        }
                    }
                    if let Purpose::EditAdmin(..) = form.purpose {
                        said = format!("updated {}", StoredText::from(form.text(Field::Email)));
                    }
                    if let Some(session) = self.session.take_if(|s| s.account.is_admin_of(org.id)) {
                        if password {
                            said.push_str("; log in again with the new password");
                            effects.push(Effect::Logout(session));
                        } else {
                            self.session = Some(session.now_of(&org));
                            self.session_follows(&form);
                        }
                    }
                }
                // Whoever goes on typing in a form goes on from what is stored now.
                effects.extend(self.now_is(&org));
                self.say(Severity::Success, Notice::plain(said));
                effects.extend(self.show(&org));
                effects
            }
            Err(error) => self.form_refused(&error, open),
        }
    }

    /// Says what came of an operation whose outcome was unknown.
    pub(super) fn found_out(&mut self, entry: &Entry, settled: Settled) -> Vec<Effect> {
        let (action, name) = (entry.action.noun(), &entry.name);
        let what = match settled {
            Settled::Done => format!("“{name}”: {action} was completed"),
            Settled::TakenBack(why) => format!("“{name}”: {action} was undone: {why}"),
            Settled::NotBegun | Settled::UnderWay => {
                format!("“{name}”: {action} did not take effect")
            }
        };
        self.say(Severity::Alert, Notice::plain(what));
        self.refresh()
    }

    pub(super) fn was_abandoned(&mut self, generation: Generation) -> bool {
        let before = self.abandoned.len();
        self.abandoned.retain(|other| *other != generation);
        self.abandoned.len() < before
    }

    /// Whether the end of a form's operation is for the form on top; none when it is for nobody. One that
    /// was no longer waited for is, while the form is as it was: what was typed since is not lost.
    pub(super) fn form_awaits(&mut self, generation: Generation) -> Option<bool> {
        let left = self.was_abandoned(generation);
        let Some(Layer::Form(form)) = self.layers.last_mut() else { return left.then_some(false) };
        if !left {
            return form.submitting.answered(generation).then_some(true);
        }
        let Some((_, typed)) = form.left.take_if(|(left, _)| *left == generation) else {
            return Some(false);
        };
        form.problem = None;
        Some(*typed == form.typed())
    }

    /// A form's operation was refused: the words go beside the field they are about.
    pub(super) fn form_refused(&mut self, error: &Error, open: bool) -> Vec<Effect> {
        let said = Notice::from(error);
        let Some(Layer::Form(form)) = self.layers.last_mut().filter(|_| open) else {
            self.say(Severity::Alert, said);
            return Vec::new();
        };
        if let Error::NotAllowed(refusal) = error {
            if let Some(org) = form.org().cloned() {
                return self.ask_to_log_in(&org, refusal);
            }
            if refusal.is_an_operators() {
                return self.ask_operator_to_log_in(refusal);
            }
        }
        if let (Error::Changed(_), Some(org)) = (error, form.org()) {
            let id = org.id;
            form.stale = true;
            form.problem = Some(said);
            return self.load_detail(id);
        }
        if matches!(error, Error::Gone(_) | Error::InTrash(_)) {
            form.problem = Some(said);
            return self.refresh();
        }
        let about = match error {
            Error::WrongCode | Error::WrongAuthenticationCode | Error::WrongFirstCode => {
                Some(Asked::Code)
            }
            Error::LastOwner { .. } | Error::NoOwner(_) => Some(Asked::Role),
            Error::OnlyOwner { .. } => Some(Asked::Email),
            error => error.field().map(Asked::from),
        };
        match about.and_then(|about| form.at(about)) {
            Some(at) => {
                form.fields[at].problem = Some(said);
                form.focus = at;
            }
            None => form.problem = Some(said),
        }
        Vec::new()
    }
}

/// What a form does; none when nothing would be different.
fn effect_of(form: &Form, generation: Generation, session: Option<Session>) -> Option<Effect> {
    Some(match &form.purpose {
        Purpose::Create => Effect::Create(generation, form.new_organization()),
        Purpose::Edit(org) => {
            let edit = form.edited();
            if edit.changes_nothing(org) {
                return None;
            }
            Effect::Update(generation, org.clone(), edit, session)
        }
        Purpose::AddAdmin(org) => {
            let email = form.text(Asked::Email).to_owned();
            Effect::AddAdmin(generation, org.clone(), email, form.role(), session)
        }
        Purpose::EditAdmin(org, admin) => {
            let (changes, email) = (form.admin_changes(admin)?, admin.email.clone());
            Effect::UpdateAdmin(generation, org.clone(), email, changes, session)
        }
        Purpose::Transfer(org) => {
            Effect::Transfer(generation, org.clone(), form.new_owner(), session)
        }
        Purpose::UseCode => {
            let secret = |asked| Secret::from(form.text(asked));
            let email = form.text(Asked::Email).to_owned();
            Effect::Redeem(generation, email, secret(Asked::Code), secret(Asked::Password))
        }
        Purpose::SecondFactor(new) => {
            let code = Secret::from(form.text(Asked::Code));
            Effect::SetUpSecondFactor(generation, new.clone(), code, session)
        }
    })
}
