//! Forms and the login: what is asked for, and what follows from the answer. Nothing typed is lost
//! to a refusal; a missing login opens the login, and then what was wanted goes on.

use super::{
    App, Asked, Connection, Effect, Form, Generation, Layer, Login, Mood, Purpose, Question, Said,
    cancel,
};
use crate::{
    keymap::Command,
    org::{Field, Org, Secret, StoredText, Strength},
    store::{Entry, Settled},
    tenancy::{Error, Refusal, Result, Session},
};

impl App {
    /// Does what the layer on top is for.
    pub(super) fn submit(&mut self) -> Vec<Effect> {
        let generation = self.next();
        let session = self.session.clone();
        let back = self.keymap.how(Command::Back);
        let Some(layer) = self.layers.last_mut().filter(|layer| !layer.is_submitting()) else {
            return Vec::new();
        };
        match layer {
            Layer::Form(form) => {
                form.problem = None;
                form.left = None;
                let Some(effect) = deed_of(form, generation, session) else {
                    form.problem = Some(Said {
                        what: "nothing is different".to_owned(),
                        help: format!("change a field, or leave with {back}"),
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
            Layer::Several(_) => {
                if self.sure_of_layer() {
                    self.go_on(generation)
                } else {
                    Vec::new()
                }
            }
            Layer::Login(login) => {
                login.problem = None;
                let email = login.fields[0].text().to_owned();
                let password = login.fields[1].as_secret();
                let mut effects = cancel(login.submitting.begin(generation, self.now));
                effects.push(Effect::Login(generation, email, password));
                effects
            }
            Layer::Upgrade | Layer::Code(_) | Layer::Help(_) | Layer::Copy(_) | Layer::Log(_) => {
                Vec::new()
            }
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
                form.problem = Some(Said::from(&error));
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
        let (Some(wish), Some(at)) = (form.unjudged(), form.at(Asked::Password)) else {
            return Vec::new();
        };
        let (generation, now) = (self.next(), self.now);
        let Some(Layer::Form(form)) = self.layers.last_mut() else { return Vec::new() };
        let field = &mut form.fields[at];
        field.judged = Some(wish.clone());
        let mut effects = cancel(field.judging.begin(generation, now));
        effects.push(Effect::Judge(generation, wish));
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
                    field.problem = problem.map(Said::from);
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

    /// Opens the login above what needs it; where nobody can log in, says so there. A session that
    /// counts no longer is let go of.
    pub(super) fn ask_to_log_in(&mut self, org: &Org, refusal: &Refusal) {
        // The session may be of another organization, and that one closed.
        let closed = match refusal {
            Refusal::Suspended(name) | Refusal::Trashed(name) => *name == org.name,
            Refusal::NoSession(_)
            | Refusal::Expired
            | Refusal::Foreign
            | Refusal::LoggedOut
            | Refusal::AdminChanged
            | Refusal::OwnersOnly(_)
            | Refusal::OwnPassword(_)
            | Refusal::OtherOrganization { .. } => false,
        };
        let counts = match refusal {
            Refusal::NoSession(_)
            | Refusal::OtherOrganization { .. }
            | Refusal::OwnersOnly(_)
            | Refusal::OwnPassword(_) => true,
            Refusal::Expired
            | Refusal::Foreign
            | Refusal::LoggedOut
            | Refusal::AdminChanged
            | Refusal::Suspended(_)
            | Refusal::Trashed(_) => {
                closed && self.session.as_ref().is_some_and(|s| s.organization_id != org.id)
            }
        };
        if !counts {
            self.session = None;
        }
        if closed {
            let said = Said::from(&Error::NotAllowed(refusal.clone()));
            if let Some(
                Layer::Form(Form { problem, .. }) | Layer::Question(Question { problem, .. }),
            ) = self.layers.last_mut()
            {
                *problem = Some(said);
            } else {
                self.say(Mood::Bad, said);
            }
            return;
        }
        let mut login = self.login_of(&org.admin_email, Some(org.name.clone()));
        login.problem = Some(Said::plain(refusal.to_string()));
        self.layers.push(Layer::Login(login));
    }

    /// A login for this admin; in a demonstration the password that is no secret is filled in.
    pub(super) fn login_of(&self, email: &StoredText, wanted: Option<StoredText>) -> Login {
        let mut login = Login::new(email.raw(), wanted);
        if let Connection::Ready(connected) = &self.connection
            && let Some((of, password)) = &connected.demo
            && of == email
        {
            login.fields[1].set(password.reveal());
        }
        login
    }

    pub(super) fn logged_in(
        &mut self,
        generation: Generation,
        result: Result<Session>,
    ) -> Vec<Effect> {
        let Some(Layer::Login(login)) = self.layers.last_mut() else { return Vec::new() };
        if !login.submitting.answered(generation) {
            return Vec::new();
        }
        match result {
            Err(error) => {
                if matches!(error, Error::WrongLogin | Error::Waiting(_)) {
                    login.fields[1].set("");
                    login.focus = 1;
                }
                login.problem = Some(Said::from(&error));
                Vec::new()
            }
            Ok(session) => {
                let said = format!(
                    "{} is logged in as an admin of “{}”",
                    session.admin_email, session.organization_name
                );
                if let Some(warning) = warning(session.failures) {
                    self.say(Mood::Unread, Said::plain(warning));
                }
                let replaced = self.session.replace(session);
                self.layers.pop();
                let mut effects: Vec<_> = replaced.map(Effect::Logout).into_iter().collect();
                match self.layers.last() {
                    Some(Layer::Form(_)) => effects.extend(self.submit()),
                    Some(Layer::Question(_)) => effects.extend(self.authorize()),
                    Some(
                        Layer::Several(_)
                        | Layer::Login(_)
                        | Layer::Upgrade
                        | Layer::Code(_)
                        | Layer::Help(_)
                        | Layer::Copy(_)
                        | Layer::Log(_),
                    )
                    | None => self.say(Mood::Good, Said::plain(said)),
                }
                effects
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
                self.say(Mood::Good, Said::plain(format!("“{}” was created", org.name)));
                self.show(&org)
            }
            Err(error) => self.form_refused(&error, open),
        }
    }

    pub(super) fn updated(&mut self, generation: Generation, result: Result<Org>) -> Vec<Effect> {
        let Some(open) = self.form_awaits(generation) else { return Vec::new() };
        match result {
            Ok(org) => {
                let mut said = format!("“{}” was changed", org.name);
                let mut effects = Vec::new();
                if open && let Some(Layer::Form(form)) = self.layers.pop() {
                    let password = !form.text(Field::Password).is_empty();
                    if let Purpose::Edit(before) = &form.purpose {
                        self.can_rename_back(before, &org);
                        if before.name != org.name {
                            said = format!("“{}” is called “{}” now", before.name, org.name);
                        }
                    }
                    if let Purpose::EditAdmin(..) = form.purpose {
                        said = format!("{} was changed", StoredText::from(form.text(Field::Email)));
                    }
                    if let Some(session) = self.session.take_if(|s| s.organization_id == org.id) {
                        if password {
                            said.push_str("; the new password is for the next login");
                            effects.push(Effect::Logout(session));
                        } else {
                            self.session = Some(session.now_of(&org));
                            self.session_follows(&form);
                        }
                    }
                }
                // Whoever goes on typing in a form goes on from what is stored now.
                effects.extend(self.now_is(&org));
                self.say(Mood::Good, Said::plain(said));
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
        self.say(Mood::Unread, Said::plain(what));
        self.refresh()
    }

    pub(super) fn was_abandoned(&mut self, generation: Generation) -> bool {
        let before = self.abandoned.len();
        self.abandoned.retain(|other| *other != generation);
        self.abandoned.len() < before
    }

    /// Whether the end of a form's deed is for the form on top; none when it is for nobody. One that
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

    /// A form's deed was refused: the words go beside the field they are about.
    pub(super) fn form_refused(&mut self, error: &Error, open: bool) -> Vec<Effect> {
        let said = Said::from(error);
        let Some(Layer::Form(form)) = self.layers.last_mut().filter(|_| open) else {
            self.say(Mood::Unread, said);
            return Vec::new();
        };
        if let (Error::NotAllowed(refusal), Some(org)) = (error, form.org().cloned()) {
            self.ask_to_log_in(&org, refusal);
            return Vec::new();
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
            Error::WrongCode => Some(Asked::Code),
            Error::LastOwner { .. } | Error::NoOwner(_) => Some(Asked::Role),
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
fn deed_of(form: &Form, generation: Generation, session: Option<Session>) -> Option<Effect> {
    Some(match &form.purpose {
        Purpose::Create => Effect::Create(generation, form.wish()),
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
            let (wish, email) = (form.admin_wish(admin)?, admin.email.clone());
            Effect::UpdateAdmin(generation, org.clone(), email, wish, session)
        }
        Purpose::UseCode => {
            let secret = |asked| Secret::from(form.text(asked));
            let email = form.text(Asked::Email).to_owned();
            Effect::Redeem(generation, email, secret(Asked::Code), secret(Asked::Password))
        }
    })
}

/// What whoever logs in should know about the logins that failed before.
fn warning(failures: u64) -> Option<String> {
    match failures {
        0 => None,
        1 => Some("1 login with this e-mail failed before this one".to_owned()),
        more => Some(format!("{more} logins with this e-mail failed before this one")),
    }
}
