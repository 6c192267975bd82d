//! Who is logged in: the login, what needs it, and how a session ends.

use std::time::SystemTime;

use super::{
    App, Connection, Effect, Form, Generation, Layer, List, Notice, OrgAction, Pane, Question,
    Severity, cancel,
    field::{Request, TextField},
};
use crate::{
    org::{Org, Secret, StoredText},
    store::{ListScope, Required},
    tenancy::{Account, Error, Refusal, Result, Session},
};

/// The place of the code among a login's fields.
const CODE: usize = 2;

/// The login.
#[derive(Debug)]
pub struct Login {
    /// E-mail and password; and the code, once it is asked for.
    pub fields: Vec<TextField>,
    /// Which one is being typed in.
    pub focus: usize,
    /// Why it opened, or what is wrong.
    pub problem: Option<Notice>,
    /// Whether something below goes on once it is done.
    pub wanted: Option<StoredText>,
    /// Whether rather an operator is to log in than an admin.
    pub of_operator: bool,
    /// The login that is waited for.
    pub submitting: Request,
}

impl Login {
    /// A login, suggesting an e-mail; `wanted` names the organization something needs it for.
    #[must_use]
    pub fn new(email: &str, wanted: Option<StoredText>) -> Self {
        let fields = vec![TextField::with(email), TextField::secret()];
        let focus = usize::from(!email.is_empty());
        let submitting = Request::default();
        Self { fields, focus, problem: None, wanted, of_operator: false, submitting }
    }

    /// The code for the second factor, where one was asked for.
    #[must_use]
    pub fn code(&self) -> Option<Secret> {
        self.fields.get(CODE).map(TextField::as_secret)
    }

    /// Asks for the code, or for another one.
    fn ask_code(&mut self) {
        self.fields.truncate(CODE);
        self.fields.push(TextField::default());
        self.focus = CODE;
    }

    /// As it was opened, for this e-mail.
    pub(super) fn start_again(&mut self, email: &str) {
        self.fields = vec![TextField::with(email), TextField::secret()];
        (self.focus, self.problem) = (1, None);
    }

    fn typed(&self, (email, password): &(StoredText, Secret)) -> bool {
        self.fields[0].text() == email.raw() && self.fields[1].text() == password.reveal()
    }
}

impl App {
    /// Time goes by: a session may be over.
    pub(super) fn clock(&mut self, now: SystemTime) -> Vec<Effect> {
        if self.next_age().is_some_and(|at| at <= now) {
            self.aged = Some(now);
        }
        self.now = now;
        self.live.clock(now);
        if self.session.as_ref().is_some_and(|session| session.expires_at <= now)
            && let Some(session) = self.session.take()
        {
            self.say(
                Severity::Alert,
                Notice {
                    what: format!("the session of {} has expired", session.account.email()),
                    help: "log in again when you need to".to_owned(),
                },
            );
            return self.forget_what_needs_a_login();
        }
        Vec::new()
    }

    /// Where even looking needs a login, nothing that was read with one stays for who comes next.
    fn forget_what_needs_a_login(&mut self) -> Vec<Effect> {
        match &self.connection {
            Connection::Ready(connected) if connected.required == Required::Everything => {}
            Connection::Ready(_) | Connection::Opening | Connection::Failed(_) => {
                return Vec::new();
            }
        }
        self.forget_the_list(&Error::NotAllowed(Refusal::OperatorsRequired))
    }

    /// Whether the next step is a login: the database requires one even to read, and there is no session.
    #[must_use]
    pub fn needs_login(&self) -> bool {
        let required = matches!(&self.connection, Connection::Ready(connected)
            if connected.required == Required::Everything);
        required && self.session.is_none()
    }

    /// Looking began to require a login while this console was open: what was read without one goes.
    pub(super) fn required_meanwhile(&mut self) -> Vec<Effect> {
        if let Connection::Ready(connected) = &mut self.connection {
            connected.required = Required::Everything;
        }
        self.forget_the_list(&Error::NotAllowed(Refusal::OperatorsRequired))
    }

    /// The caller may not look at documents, or no longer: those that were read go, and a login is asked for, after which
    /// they are read again. A value that is being typed stays.
    pub(super) fn may_not_look(&mut self, refusal: &Refusal) -> Vec<Effect> {
        if let Some(documents) = self.browsed()
            && documents.leaving().is_none()
        {
            documents.clear();
            documents.open = None;
            documents.count = None;
            documents.problem = Some(Notice::plain(refusal.to_string()));
        }
        self.ask_operator_to_log_in(refusal)
    }

    /// Forgets the organizations that were read, and says why none are shown.
    pub(super) fn forget_the_list(&mut self, why: &Error) -> Vec<Effect> {
        let mut effects = cancel(self.list.loading.stop());
        effects.extend(cancel(self.list.counting.stop()));
        effects.extend(self.forget_detail());
        self.aside = None;
        self.pane = Pane::List;
        self.layers.retain(|layer| {
            !matches!(layer, Layer::Audit(_) | Layer::Documents(_) | Layer::Dashboard)
        });
        effects.extend(self.forget_sizes());
        effects.extend(self.forget_dashboard());
        self.list = List { problem: Some(Notice::from(why)), ..List::new(ListScope::Live) };
        effects
    }

    pub(super) fn log_in_or_out(&mut self) -> Vec<Effect> {
        if let Some(session) = self.session.take() {
            self.say(
                Severity::Success,
                Notice::plain(format!("logged out {}", session.account.email())),
            );
            let mut effects = self.forget_what_needs_a_login();
            effects.push(Effect::Logout(session));
            return effects;
        }
        if let Some(refused) = self.read_only() {
            // Attempts cannot be counted there, so logging in is impossible.
            self.say(Severity::Error, refused);
            return Vec::new();
        }
        let operators =
            matches!(&self.connection, Connection::Ready(connected) if connected.has_operators);
        // Where there are operators, it is more likely one of them.
        let usable = self.chosen().filter(|org| !org.admin_gone && !operators);
        let email = usable.map(|org| org.admin_email.clone()).unwrap_or_default();
        self.layers.push(Layer::Login(self.login_of(&email, None)));
        Vec::new()
    }

    /// Opens the login above what needs it; if no login is possible, says so there. Drops a session that
    /// is no longer valid.
    pub(super) fn ask_to_log_in(&mut self, org: &Org, refusal: &Refusal) -> Vec<Effect> {
        if *refusal == Refusal::SecondFactorRequired {
            self.say(Severity::Warning, Notice::plain(refusal.to_string()));
            return vec![Effect::NewSecondFactor];
        }
        // The session may be of another organization, and that one closed.
        let closed = match refusal {
            Refusal::Suspended(name) | Refusal::Trashed(name) => *name == org.name,
            Refusal::NoSession(_)
            | Refusal::NoLogin(_)
            | Refusal::ManagersOnly
            | Refusal::OperatorsOnly
            | Refusal::OperatorsRequired
            | Refusal::KeyNotValid
            | Refusal::KeyExpired(_)
            | Refusal::NotWithKey
            | Refusal::Role { .. }
            | Refusal::OperatorChanged
            | Refusal::SecondFactorRequired
            | Refusal::NotRecent
            | Refusal::Disabled
            | Refusal::Expired
            | Refusal::Foreign
            | Refusal::LoggedOut
            | Refusal::UsedAgain
            | Refusal::AdminChanged
            | Refusal::OwnersOnly(_)
            | Refusal::OwnPassword(_)
            | Refusal::OtherOrganization { .. } => false,
        };
        let counts = match refusal {
            Refusal::NoSession(_)
            | Refusal::NoLogin(_)
            | Refusal::ManagersOnly
            | Refusal::OperatorsOnly
            | Refusal::OperatorsRequired
            | Refusal::NotWithKey
            | Refusal::Role { .. }
            | Refusal::SecondFactorRequired
            | Refusal::NotRecent
            | Refusal::OtherOrganization { .. }
            | Refusal::OwnersOnly(_)
            | Refusal::OwnPassword(_) => true,
            Refusal::Expired
            | Refusal::KeyNotValid
            | Refusal::KeyExpired(_)
            | Refusal::OperatorChanged
            | Refusal::Disabled
            | Refusal::Foreign
            | Refusal::LoggedOut
            | Refusal::UsedAgain
            | Refusal::AdminChanged
            | Refusal::Suspended(_)
            | Refusal::Trashed(_) => {
                closed && self.session.as_ref().is_some_and(|s| !s.account.is_admin_of(org.id))
            }
        };
        if !counts {
            self.session = None;
        }
        if closed {
            let said = Notice::from(&Error::NotAllowed(refusal.clone()));
            match self.layers.last_mut() {
                Some(Layer::Question(Question { problem, refused, .. })) => {
                    (*problem, *refused) = (Some(said), true);
                }
                Some(Layer::Form(Form { problem, .. })) => *problem = Some(said),
                Some(
                    Layer::Bulk(_)
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
                | None => self.say(Severity::Error, said),
            }
            return Vec::new();
        }
        let none = StoredText::default();
        let email = if refusal.is_an_operators() { &none } else { &org.admin_email };
        let mut login = self.login_of(email, Some(org.name.clone()));
        login.problem = Some(Notice::plain(refusal.to_string()));
        login.of_operator = refusal.is_an_operators();
        self.layers.push(Layer::Login(login));
        Vec::new()
    }

    /// Asks whether the session still counts, after others have changed something.
    pub(super) fn check_session(&mut self) -> Vec<Effect> {
        let Some(session) = self.session.clone() else { return Vec::new() };
        vec![Effect::CheckSession(self.next(), session)]
    }

    /// Ends the session here if it was ended elsewhere.
    pub(super) fn session_checked(&mut self, asked: &Session, result: Result<()>) -> Vec<Effect> {
        if self.is_told_too_early() {
            return Vec::new();
        }
        let is_this = |session: &&mut Session| session.token() == asked.token();
        let (Err(Error::NotAllowed(refusal)), Some(_)) =
            (result, self.session.as_mut().filter(is_this))
        else {
            return Vec::new();
        };
        let ended = self.session.take();
        let said = Notice::from(&Error::NotAllowed(refusal));
        self.say(Severity::Alert, said);
        let mut effects = self.forget_what_needs_a_login();
        effects.extend(ended.map(Effect::Logout));
        effects
    }

    /// Whether an operator is logged in.
    #[must_use]
    pub fn is_operator(&self) -> bool {
        let account = self.session.as_ref().map(|session| &session.account);
        matches!(account, Some(Account::Operator { .. }))
    }

    /// Opens the login for an operator, and says why; or what they have to set up first.
    pub(super) fn ask_operator_to_log_in(&mut self, refusal: &Refusal) -> Vec<Effect> {
        if *refusal == Refusal::SecondFactorRequired {
            self.say(Severity::Warning, Notice::plain(refusal.to_string()));
            return vec![Effect::NewSecondFactor];
        }
        if matches!(refusal, Refusal::OperatorChanged | Refusal::Disabled) {
            self.session = None;
        }
        let mut login = Login::new("", None);
        login.problem = Some(Notice::plain(refusal.to_string()));
        login.of_operator = true;
        self.layers.push(Layer::Login(login));
        Vec::new()
    }

    /// Whom to log in as in a demonstration, with the password that is no secret; none once that login no
    /// longer works.
    #[must_use]
    pub fn demo_login(&self) -> Option<&(StoredText, Secret)> {
        let Connection::Ready(connected) = &self.connection else { return None };
        connected.demo.as_ref().filter(|_| !self.demo_ended)
    }

    /// Something was done to the organization of these admins: they may no longer be able to log in, or again.
    pub(super) fn demo_follows(&mut self, action: OrgAction, before: &Org) {
        let Connection::Ready(connected) = &mut self.connection else { return };
        let own = |(email, _): &mut (StoredText, Secret)| *email == before.admin_email;
        match action {
            OrgAction::Trash | OrgAction::Suspend => {
                self.demo_ended |= connected.demo.as_mut().is_some_and(own);
            }
            OrgAction::Restore | OrgAction::Reactivate => {
                self.demo_ended &= !connected.demo.as_mut().is_some_and(own);
            }
            OrgAction::Delete | OrgAction::Purge => drop(connected.demo.take_if(own)),
            OrgAction::Rename
            | OrgAction::RemoveAdmin(_)
            | OrgAction::IssueCode(_)
            | OrgAction::Export(_) => {}
        }
    }

    /// The password of this admin is another one, or they are none any more.
    pub(super) fn demo_is_over_for(&mut self, email: &StoredText) {
        if let Connection::Ready(connected) = &mut self.connection {
            connected.demo.take_if(|(demo, _)| demo == email);
        }
    }

    /// A login for this admin; in a demonstration the password that is no secret is filled in.
    pub(super) fn login_of(&self, email: &StoredText, wanted: Option<StoredText>) -> Login {
        let mut login = Login::new(email.raw(), wanted);
        if let Some((of, password)) = self.demo_login()
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
        let demo = self.demo_login().cloned();
        let Some(Layer::Login(login)) = self.layers.last_mut() else { return Vec::new() };
        if !login.submitting.answered(generation) {
            return Vec::new();
        }
        match result {
            Err(Error::CodeRequired) => {
                login.ask_code();
                Vec::new()
            }
            Err(error) => {
                if error == Error::WrongAuthenticationCode {
                    login.ask_code();
                }
                if matches!(error, Error::WrongLogin | Error::Waiting(_)) {
                    login.fields.truncate(CODE);
                    if demo.as_ref().is_some_and(|demo| login.typed(demo)) {
                        // Another console has changed it.
                        self.demo_ended = matches!(error, Error::WrongLogin);
                    }
                    login.fields[1].set("");
                    login.focus = 1;
                }
                login.problem = Some(Notice::from(&error));
                Vec::new()
            }
            Ok(session) => {
                let said = match &session.account {
                    Account::Admin { email, organization_name, .. } => {
                        format!("logged in as {email}, an admin of “{organization_name}”")
                    }
                    Account::Operator { email, role, .. } => {
                        format!("logged in as {email}, {role}")
                    }
                };
                if let Some(warning) = warning(session.failures) {
                    self.say(Severity::Alert, Notice::plain(warning));
                }
                let replaced = self.session.replace(session);
                self.layers.pop();
                let mut effects: Vec<_> = replaced.map(Effect::Logout).into_iter().collect();
                effects.extend(self.first_look());
                match self.layers.last() {
                    Some(Layer::Form(_)) => effects.extend(self.submit()),
                    Some(Layer::Question(_)) => effects.extend(self.authorize()),
                    Some(Layer::Edit(_)) => effects.extend(self.accept_document()),
                    // It could not be read before.
                    Some(Layer::Audit(_)) => {
                        effects.extend(self.refresh_audit());
                        self.say(Severity::Success, Notice::plain(said));
                    }
                    Some(Layer::Documents(_)) => {
                        effects.extend(self.refresh_documents());
                        self.say(Severity::Success, Notice::plain(said));
                    }
                    Some(
                        Layer::Bulk(_)
                        | Layer::Login(_)
                        | Layer::Upgrade
                        | Layer::Code(_)
                        | Layer::Help(_)
                        | Layer::Copy(_)
                        | Layer::Manual(_)
                        | Layer::Log(_)
                        | Layer::Dashboard
                        | Layer::Jobs(_)
                        | Layer::Job(_),
                    )
                    | None => self.say(Severity::Success, Notice::plain(said)),
                }
                effects
            }
        }
    }

    /// Reads what could not be looked at before.
    pub(super) fn first_look(&mut self) -> Vec<Effect> {
        let unread = !self.list.loaded && !self.list.loading.is_waiting();
        if unread { self.first_page() } else { Vec::new() }
    }
}

/// What whoever logs in should know about the logins that failed before.
fn warning(failures: u64) -> Option<String> {
    match failures {
        0 => None,
        1 => Some("1 failed login with this e-mail before this one".to_owned()),
        more => Some(format!("{more} failed logins with this e-mail before this one")),
    }
}
