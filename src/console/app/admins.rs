//! Who runs an organization: admins are added, changed and removed, and given a one-time code, which
//! is shown once and then kept nowhere.

use bson::oid::ObjectId;

use super::{
    App, Code, Connection, Effect, Form, Generation, Layer, Notice, OrgAction, Purpose, Question,
    Severity, cancel, field::Request,
};
use crate::{
    keymap::Command,
    org::{Admin, Org, Role, StoredText, email_key},
    tenancy::{Account, IssuedCode, Result},
};

impl App {
    /// Opens the form for another admin of the organization that is looked at.
    pub(super) fn add_admin(&mut self) -> Vec<Effect> {
        let owned = |admins: &Vec<Admin>| admins.iter().any(|admin| admin.role == Role::Owner);
        // The first one has to be an owner.
        let role =
            if self.detail.admins.as_ref().is_none_or(owned) { Role::Admin } else { Role::Owner };
        if let Some(form) = self.chosen().map(|org| Form::add_admin(org, role)) {
            self.layers.push(Layer::Form(form));
        }
        Vec::new()
    }

    /// Opens the form to transfer the organization that is looked at: to the admin that is selected, if that is no
    /// owner.
    pub(super) fn transfer(&mut self) -> Vec<Effect> {
        let to = self.detail.admin().filter(|admin| admin.role != Role::Owner);
        if let Some(form) = self.chosen().map(|org| Form::transfer(org, to)) {
            self.layers.push(Layer::Form(form));
        }
        Vec::new()
    }

    /// Opens the form for the admin that is selected.
    pub(super) fn edit_admin(&mut self) -> Vec<Effect> {
        if let (Some(org), Some(admin)) = (self.chosen(), self.detail.admin()) {
            let own =
                self.session.as_ref().is_some_and(|session| session.account.is_admin(admin.id));
            let form = Form::edit_admin(org, admin, own);
            self.layers.push(Layer::Form(form));
        }
        Vec::new()
    }

    /// Asks whether to do this to the admin that is selected.
    pub(super) fn ask_about_admin(
        &mut self,
        action: impl Fn(ObjectId) -> OrgAction,
    ) -> Vec<Effect> {
        let (Some(org), Some(admin)) = (self.chosen(), self.detail.admin()) else {
            return Vec::new();
        };
        let question =
            Question { admin: Some(admin.email.clone()), ..Question::new(action(admin.id), org) };
        self.layers.push(Layer::Question(question));
        self.authorize()
    }

    /// Opens the form that sets a password with a one-time code, above the login.
    pub(super) fn use_code(&mut self) -> Vec<Effect> {
        let refused = self.read_only();
        let Some(Layer::Login(login)) = self.layers.last_mut() else { return Vec::new() };
        if login.submitting.is_waiting() {
            return Vec::new();
        }
        if refused.is_some() {
            login.problem = refused;
            return Vec::new();
        }
        let form = Form::use_code(login.fields[0].text());
        self.layers.push(Layer::Form(form));
        Vec::new()
    }

    /// An admin was added, or not.
    pub(super) fn added(
        &mut self,
        generation: Generation,
        email: &StoredText,
        result: Result<(Org, IssuedCode)>,
    ) -> Vec<Effect> {
        let Some(open) = self.form_awaits(generation) else { return Vec::new() };
        match result {
            Ok((org, code)) => {
                if open {
                    self.layers.pop();
                }
                // Whoever came last is at the end.
                self.detail.selected = usize::MAX;
                let what = format!("added {email} to the admins of “{}”", org.name);
                self.has_code(&org, what, Some(code).filter(|_| open));
                self.now_is(&org)
            }
            Err(error) => self.form_refused(&error, open),
        }
    }

    /// An organization was transferred, or not.
    pub(super) fn transferred(
        &mut self,
        generation: Generation,
        email: &StoredText,
        result: Result<(Org, Option<IssuedCode>)>,
    ) -> Vec<Effect> {
        let Some(open) = self.form_awaits(generation) else { return Vec::new() };
        let (org, code) = match result {
            Ok(done) => done,
            Err(error) => return self.form_refused(&error, open),
        };
        if open
            && let Some(Layer::Form(form)) = self.layers.pop()
            && let (true, Some(before)) = (form.removes_owners(), form.org())
        {
            self.demo_is_over_for(&before.admin_email);
        }
        let mut effects = Vec::new();
        // An owner before logs in again, with the rights that are left.
        if let Some(session) = self.session.take_if(|s| s.account.is_admin_of(org.id)) {
            effects.push(Effect::Logout(session));
        }
        // The owner comes first.
        self.detail.selected = 0;
        let what = format!("transferred “{}” to {email}", org.name);
        match code {
            Some(code) => self.has_code(&org, what, Some(code).filter(|_| open)),
            None => self.say(Severity::Success, Notice::plain(what)),
        }
        effects.extend(self.show(&org));
        effects.extend(self.now_is(&org));
        effects
    }

    /// A one-time code was issued, or not.
    pub(super) fn coded(
        &mut self,
        generation: Generation,
        action: OrgAction,
        before: &Org,
        email: &StoredText,
        result: Result<(Org, IssuedCode)>,
    ) -> Vec<Effect> {
        // Asked anew, it is another question.
        let open = matches!(self.layers.last(), Some(Layer::Question(question))
            if question.action == action && question.awaits(generation));
        let (result, coded) = match result {
            Ok((org, code)) => (Ok(Some(org)), Some(code)),
            Err(error) => (Err(error), None),
        };
        let awaited = open || self.awaits(generation, before.id);
        let effects = self.done(generation, action, before, result);
        if let Some(code) = coded.filter(|_| awaited) {
            let what = format!("issued a one-time code for {email}");
            self.has_code(before, what, Some(code).filter(|_| open));
        }
        effects
    }

    /// Shows a code to whoever waits for it; a code nobody waits for is shown to nobody.
    fn has_code(&mut self, org: &Org, what: String, issued: Option<IssuedCode>) {
        if let Some(issued) = issued {
            // It says what was done, and needs the room.
            self.notice = None;
            let (org, sending) = (Box::new(org.clone()), Request::default());
            self.layers.push(Layer::Code(Code::OneTime { issued, org, sending }));
        } else {
            let how = self.keymap.how(Command::IssueCode);
            let help = format!(
                "the code arrived after you cancelled and was not shown; press {how} to issue another"
            );
            self.say(Severity::Success, Notice { what, help });
        }
    }

    /// Whether the code that is shown can be mailed to its admin.
    #[must_use]
    pub fn can_send_code(&self) -> bool {
        let Some(Layer::Code(Code::OneTime { sending, .. })) = self.layers.last() else {
            return false;
        };
        !sending.is_waiting() && self.mails()
    }

    /// Whether codes are mailed.
    #[must_use]
    pub fn mails(&self) -> bool {
        matches!(&self.connection, Connection::Ready(connected) if connected.mails)
    }

    /// Mails the code that is shown; it stays on the screen.
    pub(super) fn send_code(&mut self) -> Vec<Effect> {
        if !self.can_send_code() {
            return Vec::new();
        }
        let (generation, now) = (self.next(), self.now);
        let Some(Layer::Code(Code::OneTime { issued, org, sending })) = self.layers.last_mut()
        else {
            return Vec::new();
        };
        let mut effects = cancel(sending.begin(generation, now));
        let session = self.session.clone();
        effects.push(Effect::MailCode(generation, org.clone(), issued.clone(), session));
        effects
    }

    /// A code was mailed, or not: said also where it is no longer shown.
    pub(super) fn mailed(
        &mut self,
        generation: Generation,
        email: &StoredText,
        result: &Result<()>,
    ) -> Vec<Effect> {
        self.was_abandoned(generation);
        for layer in &mut self.layers {
            if let Layer::Code(Code::OneTime { sending, .. }) = layer {
                let _ = sending.answered(generation);
            }
        }
        match result {
            Ok(()) => {
                let what = format!("mailed the one-time code to {email}");
                self.say(Severity::Success, Notice::plain(what));
            }
            Err(error) => self.say(Severity::Error, Notice::from(error)),
        }
        Vec::new()
    }

    /// A password was set with a one-time code, or not.
    pub(super) fn redeemed(
        &mut self,
        generation: Generation,
        email: &StoredText,
        result: Result<Org>,
    ) -> Vec<Effect> {
        let Some(open) = self.form_awaits(generation) else { return Vec::new() };
        match result {
            Ok(org) => {
                let mut effects = Vec::new();
                if open {
                    self.layers.pop();
                    if let Some(Layer::Login(login)) = self.layers.last_mut() {
                        login.start_again(email.raw());
                    }
                }
                let same = |other: &StoredText| email_key(other.raw()) == email_key(email.raw());
                if let Some(session) = self.session.take_if(|s| same(s.account.email())) {
                    effects.push(Effect::Logout(session));
                }
                self.demo_is_over_for(email);
                let what = format!("set a new password for {email}; log in with it");
                self.say(Severity::Success, Notice::plain(what));
                effects.extend(self.now_is(&org));
                effects
            }
            Err(error) => self.form_refused(&error, open),
        }
    }

    /// An organization is another one since an operation of ours: whatever is open about it goes on from that.
    pub(super) fn now_is(&mut self, org: &Org) -> Vec<Effect> {
        for layer in &mut self.layers {
            if let Layer::Form(form) = layer {
                form.replace(org);
            } else if let Layer::Question(question) = layer
                && question.org.id == org.id
            {
                question.org.as_mut().clone_from(org);
            }
        }
        self.undo_follows(org);
        self.list.replace(org);
        if self.detail.org.as_ref().is_some_and(|shown| shown.id == org.id) {
            return self.forget_detail();
        }
        Vec::new()
    }

    /// What an admin is called, as far as that is known here.
    pub(super) fn admin_called(&self, id: ObjectId) -> Option<StoredText> {
        let asked = self.layers.iter().find_map(|layer| {
            let question = layer.question().filter(|q| q.action.admin() == Some(id))?;
            question.admin.clone()
        });
        let listed = || {
            let admins = self.detail.admins.as_ref()?;
            admins.iter().find(|admin| admin.id == id).map(|admin| admin.email.clone())
        };
        asked.or_else(listed)
    }

    /// The session, after one's own e-mail was changed with the form that was on top.
    pub(super) fn session_follows(&mut self, form: &Form) {
        if let (Purpose::EditAdmin(_, admin), Some(session)) = (&form.purpose, &mut self.session)
            && let Account::Admin { id, email, .. } = &mut session.account
            && admin.id == *id
        {
            *email = form.text(crate::org::Field::Email).trim().into();
        }
    }
}

/// Whether a one-time code of this admin's waits to be used.
#[must_use]
pub fn code_waits(admin: &Admin, now: std::time::SystemTime) -> bool {
    admin.reset.as_ref().is_some_and(|reset| reset.until.to_system_time() > now)
}
