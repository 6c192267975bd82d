//! Forms and the login: what is asked for, and what follows from the answer. Nothing typed is lost
//! to a refusal; a missing login opens the login, and then what was wanted goes on.

use super::{App, Effect, FORM_FIELDS, Generation, Layer, Login, Mood, Said, cancel};
use crate::{
    org::{Field, Org, Secret},
    tenancy::{Error, Refusal, Result, Session},
};

impl App {
    /// Does what the layer on top is for.
    pub(super) fn submit(&mut self) -> Vec<Effect> {
        let generation = self.next();
        let session = self.session.clone();
        match self.layers.last_mut() {
            Some(Layer::Form(form)) if !form.submitting.is_waiting() => {
                form.problem = None;
                form.left = None;
                let effect = match form.org.clone() {
                    None => Effect::Create(generation, form.wish()),
                    Some(org) => {
                        let edit = form.edited();
                        if edit.changes_nothing(&org) {
                            form.problem = Some(Said {
                                what: "nothing is different".to_owned(),
                                help: "change a field, or leave with esc".to_owned(),
                            });
                            return Vec::new();
                        }
                        Effect::Update(generation, org, edit, session)
                    }
                };
                let mut effects = cancel(form.submitting.begin(generation, self.now));
                effects.push(effect);
                effects
            }
            Some(Layer::Question(question)) if !question.submitting.is_waiting() => {
                self.answer(generation)
            }
            Some(Layer::Login(login)) if !login.submitting.is_waiting() => {
                login.problem = None;
                let email = login.fields[0].text().to_owned();
                let password = login.fields[1].as_secret();
                let mut effects = cancel(login.submitting.begin(generation, self.now));
                effects.push(Effect::Login(generation, email, password));
                effects
            }
            _ => Vec::new(),
        }
    }

    pub(super) fn generated(&mut self, result: Result<Secret>) -> Vec<Effect> {
        let generation = self.next();
        let Some(Layer::Form(form)) = self.layers.last_mut() else { return Vec::new() };
        if form.submitting.is_waiting() {
            return Vec::new();
        }
        match result {
            Err(error) => {
                form.problem = Some(Said::from(&error));
                Vec::new()
            }
            Ok(password) => {
                form.focus = FORM_FIELDS.len() - 1;
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

    /// Opens the login above what needs it; where nobody can log in, says so there. A session that
    /// counts no longer is let go of.
    pub(super) fn ask_to_log_in(&mut self, org: &Org, refusal: &Refusal) {
        // The session may be of another organization, and that one closed.
        let closed = match refusal {
            Refusal::Suspended(name) | Refusal::Trashed(name) => *name == org.name,
            _ => false,
        };
        let counts = match refusal {
            Refusal::NoSession(_) | Refusal::OtherOrganization { .. } => true,
            _ => closed && self.session.as_ref().is_some_and(|s| s.organization_id != org.id),
        };
        if !counts {
            self.session = None;
        }
        if closed {
            let said = Said::from(&Error::NotAllowed(refusal.clone()));
            match self.layers.last_mut() {
                Some(Layer::Form(form)) => form.problem = Some(said),
                Some(Layer::Question(question)) => question.problem = Some(said),
                _ => self.say(Mood::Bad, said),
            }
            return;
        }
        let mut login = Login::new(org.admin_email.raw(), Some(org.name.clone()));
        login.problem = Some(Said::plain(refusal.to_string()));
        self.layers.push(Layer::Login(login));
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
                if error == Error::WrongLogin {
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
                let replaced = self.session.replace(session);
                self.layers.pop();
                let mut effects: Vec<_> = replaced.map(Effect::Logout).into_iter().collect();
                match self.layers.last() {
                    Some(Layer::Form(_)) => effects.extend(self.submit()),
                    Some(Layer::Question(_)) => effects.extend(self.authorize()),
                    _ => self.say(Mood::Good, Said::plain(said)),
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
                    if let Some(session) = self.session.take_if(|s| s.organization_id == org.id) {
                        if password {
                            said.push_str("; the new password is for the next login");
                            effects.push(Effect::Logout(session));
                        } else {
                            self.session = Some(session.now_of(&org));
                        }
                    }
                }
                for layer in &mut self.layers {
                    // Whoever goes on typing in a form goes on from what is stored now.
                    if let Layer::Form(form) = layer
                        && let Some(edited) = form.org.as_deref_mut().filter(|o| o.id == org.id)
                    {
                        edited.clone_from(&org);
                    }
                }
                self.say(Mood::Good, Said::plain(said));
                effects.extend(self.show(&org));
                effects
            }
            Err(error) => self.form_refused(&error, open),
        }
    }

    pub(super) fn was_abandoned(&mut self, generation: Generation) -> bool {
        let before = self.abandoned.len();
        self.abandoned.retain(|other| *other != generation);
        self.abandoned.len() < before
    }

    /// Whether the end of a form's deed is for the form on top; none when it is for nobody. One that
    /// was no longer waited for is, while the form is as it was: what was typed since is not lost.
    fn form_awaits(&mut self, generation: Generation) -> Option<bool> {
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
    fn form_refused(&mut self, error: &Error, open: bool) -> Vec<Effect> {
        let said = Said::from(error);
        let Some(Layer::Form(form)) = self.layers.last_mut().filter(|_| open) else {
            self.say(Mood::Bad, said);
            return Vec::new();
        };
        if let (Error::NotAllowed(refusal), Some(org)) = (error, form.org.clone()) {
            self.ask_to_log_in(&org, refusal);
            return Vec::new();
        }
        if let (Error::Changed(_), Some(org)) = (error, &form.org) {
            let id = org.id;
            form.stale = true;
            form.problem = Some(said);
            return self.load_detail(id);
        }
        if matches!(error, Error::Gone(_) | Error::InTrash(_)) {
            form.problem = Some(said);
            return self.refresh();
        }
        match error.field().and_then(|field| FORM_FIELDS.iter().position(|f| *f == field)) {
            Some(at) => {
                form.fields[at].problem = Some(said);
                form.focus = at;
            }
            None => form.problem = Some(said),
        }
        Vec::new()
    }
}
