//! What is done to one organization as it is: most of it after a question, some of it at once. To the
//! trash and back, for good, suspended and active again: one shape for all of them.

use mongodb::bson::oid::ObjectId;

use super::{
    App, Effect, Generation, Layer, Mood, Pane, Sure, cancel,
    deed::{Deed, Given, said_of},
    field::{Request, Said, TextField},
};
use crate::{
    keymap::Command,
    org::{Admin, Field, Org, OrgState, StoredText},
    store::{Shelf, Statistics},
    tenancy::{Error, Result, Session},
};

/// The question before a deed.
#[derive(Debug)]
pub struct Question {
    /// What is to be done.
    pub deed: Deed,
    /// To which organization.
    pub org: Box<Org>,
    /// What its admin is called to whom it is to be done, where it is to one.
    pub admin: Option<StoredText>,
    /// What it holds, once known.
    pub statistics: Option<Statistics>,
    /// How many admins it has, once known.
    pub admins: Option<usize>,
    /// Their number.
    pub counting: Request,
    /// What is typed: [`Deed::asks_for`] it.
    pub fields: Vec<TextField>,
    /// Which one is being typed in.
    pub focus: usize,
    /// What is wrong.
    pub problem: Option<Said>,
    /// Whether the session allows it.
    pub authorizing: Request,
    /// The deed that is waited for.
    pub submitting: Request,
    /// The deed that is no longer waited for and has not ended yet.
    pub left: Option<Generation>,
    /// Whether someone else changed the organization, and it is being read again.
    pub stale: bool,
    /// Whether it is meant, in production.
    pub sure: Sure,
}

impl Question {
    /// The question whether to do this to this organization.
    #[must_use]
    pub fn of(deed: Deed, org: &Org) -> Self {
        let field = |field: &Field| match field {
            Field::Name if deed == Deed::Restore => TextField::with(org.name.raw()),
            Field::Name => TextField::default(),
            Field::Email => TextField::with(org.admin_email.raw()),
            Field::Password => TextField::secret(),
        };
        let fields: Vec<_> = deed.asks_for().iter().map(field).collect();
        Self {
            deed,
            org: Box::new(org.clone()),
            admin: None,
            statistics: None,
            admins: None,
            counting: Request::default(),
            // What is known already need not be typed.
            focus: fields.iter().position(|field| field.text().is_empty()).unwrap_or(0),
            fields,
            problem: None,
            authorizing: Request::default(),
            submitting: Request::default(),
            left: None,
            stale: false,
            sure: Sure::default(),
        }
    }

    /// Whether it is this deed that it waits for, or did.
    pub(super) fn awaits(&self, generation: Generation) -> bool {
        self.submitting.awaits(generation) || self.left == Some(generation)
    }

    fn field(&self, field: Field) -> Option<&TextField> {
        let at = self.deed.asks_for().iter().position(|other| *other == field)?;
        self.fields.get(at)
    }

    fn given(&self) -> Given {
        let text = |field| self.field(field).map(TextField::text);
        let same = self.deed == Deed::Restore
            && self.field(Field::Name).is_some_and(|name| name.holds(self.org.name.raw()));
        Given {
            name: text(Field::Name).filter(|_| !same).map(str::to_owned),
            email: match &self.admin {
                Some(admin) => admin.raw().to_owned(),
                None => text(Field::Email).unwrap_or_default().to_owned(),
            },
            password: self.field(Field::Password).map(TextField::as_secret).unwrap_or_default(),
            before: None,
        }
    }

    /// Puts what was refused beside the field it is about; a wrong password has to be typed anew.
    fn refused(&mut self, error: &Error) {
        let about = match error {
            Error::WrongLogin | Error::Waiting(_) => Some(Field::Password),
            Error::NotAllowed(_) => Some(Field::Email),
            Error::NotConfirmed => Some(Field::Name),
            error => error.field(),
        };
        let fields = self.deed.asks_for();
        let at = about.and_then(|about| fields.iter().position(|field| *field == about));
        match at.and_then(|at| Some((at, self.fields.get_mut(at)?))) {
            Some((at, field)) => {
                if about == Some(Field::Password) {
                    field.set("");
                }
                field.problem = Some(Said::from(error));
                self.focus = at;
            }
            None => self.problem = Some(Said::from(error)),
        }
    }
}

/// A deed that needs no question, while it is waited for.
#[derive(Debug)]
pub struct AtOnce {
    /// What is done.
    pub deed: Deed,
    /// To which organization.
    pub org: ObjectId,
    /// The answer.
    pub waiting: Request,
}

impl App {
    /// Asks whether to do this to the organization that is looked at.
    pub(super) fn ask(&mut self, deed: Deed) -> Vec<Effect> {
        let Some(org) = self.chosen().cloned() else { return Vec::new() };
        self.layers.push(Layer::Question(Question::of(deed, &org)));
        let mut effects = Vec::new();
        if deed.counts() {
            // What goes is counted now, not when it was last looked at.
            self.detail.problem = None;
            effects.extend(self.load_detail(org.id));
            effects.extend(self.count_admins(org.id));
        }
        effects.extend(self.authorize());
        effects
    }

    /// Suspends after a question, and reactivates at once.
    pub(super) fn suspend_or_reactivate(&mut self) -> Vec<Effect> {
        match self.chosen().map(|org| org.state) {
            Some(OrgState::Suspended) => self.do_at_once(Deed::Reactivate),
            Some(OrgState::Active | OrgState::InTrash(_)) | None => self.ask(Deed::Suspend),
        }
    }

    /// Does what can be taken back with one key without asking.
    pub(super) fn do_at_once(&mut self, deed: Deed) -> Vec<Effect> {
        let Some(org) = self.chosen().cloned() else { return Vec::new() };
        self.begin_if_sure(deed, org, Given::default())
    }

    /// Asks how many admins go along.
    fn count_admins(&mut self, org: ObjectId) -> Vec<Effect> {
        let (generation, now) = (self.next(), self.now);
        let at = self.question_at(org);
        let Some(question) = self.question(at) else { return Vec::new() };
        let mut effects = cancel(question.counting.begin(generation, now));
        effects.push(Effect::LoadAdmins(generation, question.org.clone()));
        effects
    }

    /// Whether these are the admins that a question has asked for, to count them.
    pub(super) fn counted_admins(
        &mut self,
        generation: Generation,
        result: &Result<Vec<Admin>>,
    ) -> bool {
        for layer in &mut self.layers {
            if let Layer::Question(question) = layer
                && question.counting.answered(generation)
            {
                question.admins = result.as_ref().ok().map(Vec::len);
                return true;
            }
        }
        false
    }

    /// Asks whether what the question on top is about can be done, and whether the session allows it.
    pub(super) fn authorize(&mut self) -> Vec<Effect> {
        let generation = self.next();
        let Some(Layer::Question(question)) = self.layers.last_mut() else { return Vec::new() };
        if !question.deed.is_checked_first() {
            return Vec::new();
        }
        let mut effects = cancel(question.authorizing.begin(generation, self.now));
        let (deed, org, admin) = (question.deed, question.org.clone(), question.admin.clone());
        effects.push(Effect::Authorize(generation, deed, org, admin, self.session.clone()));
        effects
    }

    pub(super) fn authorized(&mut self, generation: Generation, result: Result<()>) -> Vec<Effect> {
        let Some(Layer::Question(question)) = self.layers.last_mut() else { return Vec::new() };
        if !question.authorizing.answered(generation) {
            return Vec::new();
        }
        match result {
            Ok(()) => {}
            Err(Error::NotAllowed(refusal)) => {
                let org = question.org.clone();
                self.ask_to_log_in(&org, &refusal);
            }
            Err(error) => question.problem = Some(Said::from(&error)),
        }
        Vec::new()
    }

    /// Does what the question on top asks.
    pub(super) fn answer(&mut self, generation: Generation) -> Vec<Effect> {
        let Some(Layer::Question(question)) = self.layers.last_mut() else { return Vec::new() };
        question.problem = None;
        question.left = None;
        let (deed, org, given) = (question.deed, question.org.clone(), question.given());
        let mut effects = cancel(question.submitting.begin(generation, self.now));
        effects.push(Effect::Do(generation, deed, org, given, self.session.clone()));
        effects
    }

    /// The end of a deed.
    pub(super) fn done(
        &mut self,
        generation: Generation,
        deed: Deed,
        org: &Org,
        result: Result<Option<Org>>,
    ) -> Vec<Effect> {
        if let Some(effects) = self.done_to_one(generation, &result) {
            return effects;
        }
        let at_once = self.at_once.take_if(|begun| begun.waiting.answered(generation)).is_some();
        let late = self.was_abandoned(generation);
        // A login may have opened above it meanwhile.
        let at = self.question_at(org.id);
        let mut answered = false;
        if let Some(question) = self.question(at) {
            answered = question.submitting.answered(generation);
            if (late || answered) && question.deed == deed && !question.submitting.is_waiting() {
                question.problem = None;
            }
        }
        if !(at_once || late || answered) {
            return Vec::new();
        }
        if let Err(error) = &result {
            self.undo_failed(deed, org.id, error);
        }
        match result {
            Ok(now) => self.did(deed, org, now),
            Err(error @ (Error::Gone(_) | Error::InTrash(_) | Error::NotInTrash(_))) => {
                self.overtaken(org.id, &error)
            }
            Err(error) if answered => self.not_done(org, &error, at),
            Err(error) => self.not_done_at_once(deed, org, &error, late),
        }
    }

    fn did(&mut self, deed: Deed, before: &Org, now: Option<Org>) -> Vec<Effect> {
        let mut effects = Vec::new();
        if deed.admin().is_none() && deed != Deed::Rename {
            self.list.unmark(before.id);
        }
        self.can_undo(deed, before, now.as_ref());
        let admin = deed.admin().and_then(|admin| self.admin_called(admin));
        let said = said_of(deed, before, now.as_ref(), admin.as_ref(), &self.keymap);
        effects.extend(end_login(&mut self.session, deed, before));
        if let Some(at) = self.question_at(before.id)
            // Whatever was asked about it where it was is settled too; what an admin was asked for anew
            // is not.
            && self.question(Some(at)).is_some_and(|q| {
                deed.settles_all()
                    || q.deed == deed && (deed.admin().is_none() || !q.submitting.is_waiting())
            })
        {
            self.layers.truncate(at);
        }
        if matches!(deed, Deed::Trash | Deed::Delete | Deed::Purge | Deed::Restore)
            && self.chosen().is_some_and(|org| org.id == before.id)
        {
            self.pane = Pane::List;
        }
        match (deed, now) {
            (Deed::Rename, Some(org)) => effects.extend(self.show(&org)),
            (Deed::Restore, Some(org)) => {
                effects.extend(self.show(&org));
                if self.list.shelf == Shelf::Trash {
                    effects.extend(self.refresh());
                }
            }
            (Deed::Suspend | Deed::Reactivate, Some(org)) => {
                self.list.replace(&org);
                effects.extend(self.forget_detail());
            }
            (Deed::RemoveAdmin(_) | Deed::IssueCode(_), Some(org)) => {
                effects.extend(self.now_is(&org));
            }
            (Deed::Trash | Deed::Delete | Deed::Purge, _)
            | (
                Deed::Rename
                | Deed::Restore
                | Deed::Suspend
                | Deed::Reactivate
                | Deed::RemoveAdmin(_)
                | Deed::IssueCode(_),
                None,
            ) => effects.extend(self.refresh()),
        }
        self.say(Mood::Good, said);
        effects
    }

    /// A deed was refused, and its question is still open.
    fn not_done(&mut self, org: &Org, error: &Error, at: Option<usize>) -> Vec<Effect> {
        let here = self.question(at).is_some_and(|q| q.deed.asks_for().contains(&Field::Password));
        // Where the login is part of the question, that is where it was refused.
        if let (Error::NotAllowed(refusal), false) = (error, here) {
            // The question whether it is allowed may have opened the login already.
            if matches!(self.layers.last(), Some(Layer::Question(_))) {
                self.ask_to_log_in(org, refusal);
            }
            return Vec::new();
        }
        if let Some(question) = self.question(at) {
            question.refused(error);
            if matches!(error, Error::Changed(_)) {
                question.stale = true;
                return self.load_detail(org.id);
            }
        }
        Vec::new()
    }

    /// A deed was refused that nobody was asked about, or nobody waits for any more.
    fn not_done_at_once(
        &mut self,
        deed: Deed,
        org: &Org,
        error: &Error,
        late: bool,
    ) -> Vec<Effect> {
        let mut said = Said::from(error);
        if let Error::Changed(_) = error {
            "it was read again: repeat what is still wanted".clone_into(&mut said.help);
            let effects = self.refresh();
            self.say(if late { Mood::Unread } else { Mood::Bad }, said);
            return effects;
        }
        if let Error::Taken { .. } = error {
            let email = error.field() == Some(Field::Email);
            // Under another name it can come back all the same.
            if deed == Deed::Restore && !email && !late && self.layers.is_empty() {
                let mut question = Question::of(deed, org);
                question.refused(error);
                self.layers.push(Layer::Question(question));
                return Vec::new();
            }
            if email {
                "it can come back once that admin has another e-mail".clone_into(&mut said.help);
            }
        }
        self.say(if late { Mood::Unread } else { Mood::Bad }, said);
        Vec::new()
    }

    /// What was read again of an organization: whoever is asked about it sees it as it is now.
    pub(super) fn question_follows(&mut self, org: &Org, holds: Statistics) -> Vec<Effect> {
        let at = self.question_at(org.id);
        let back = self.keymap.how(Command::Back);
        let Some(question) = self.question(at) else { return Vec::new() };
        question.statistics = Some(holds);
        if question.submitting.is_waiting() {
            // It may be this very deed that changed it.
            return Vec::new();
        }
        match (question.deed.shelf(), org.in_trash()) {
            (Shelf::Live, Some(_)) => {
                return self.overtaken(org.id, &Error::InTrash(org.name.clone()));
            }
            (Shelf::Trash, None) => {
                return self.overtaken(org.id, &Error::NotInTrash(org.name.clone()));
            }
            (Shelf::Live, None) | (Shelf::Trash, Some(_)) => {}
        }
        let recount = question.deed.counts() && question.org.revision != org.revision;
        question.org.as_mut().clone_from(org);
        if std::mem::take(&mut question.stale) {
            question.sure = Sure::Unasked;
            let help = format!("repeat what is still wanted, or leave it with {back}");
            question.problem = Some(Said::changed_to(org, &help));
        }
        if recount { self.count_admins(org.id) } else { Vec::new() }
    }

    /// An organization is no longer where it was: whatever was asked about it is settled.
    pub(super) fn overtaken(&mut self, org: ObjectId, error: &Error) -> Vec<Effect> {
        if let Some(at) = self.question_at(org) {
            self.layers.truncate(at);
        }
        let effects = self.refresh();
        self.say(Mood::Bad, Said::from(error));
        effects
    }

    /// What an organization is called that a question is about and nothing is being done to.
    pub(super) fn asked_about(&mut self, org: ObjectId) -> Option<StoredText> {
        let at = self.question_at(org);
        self.question(at).filter(|q| !q.submitting.is_waiting()).map(|q| q.org.name.clone())
    }

    /// Whether anybody waits for the end of this deed on this organization, or did.
    pub(super) fn awaits(&mut self, generation: Generation, org: ObjectId) -> bool {
        let at = self.question_at(org);
        self.abandoned.contains(&generation)
            || self.question(at).is_some_and(|question| question.submitting.awaits(generation))
    }

    /// Whose holdings the question waits for while nothing reads them.
    pub(super) fn uncounted(&self) -> Option<ObjectId> {
        let reading = self.detail.loading.is_waiting() || self.detail.problem.is_some();
        let waits = |q: &&Question| q.deed.counts() && q.statistics.is_none();
        let mut questions = self.layers.iter().filter_map(Layer::question).filter(|_| !reading);
        questions.find(waits).map(|question| question.org.id)
    }

    fn question_at(&self, org: ObjectId) -> Option<usize> {
        let about = |layer: &Layer| matches!(layer, Layer::Question(q) if q.org.id == org);
        self.layers.iter().position(about)
    }

    fn question(&mut self, at: Option<usize>) -> Option<&mut Question> {
        let Layer::Question(question) = self.layers.get_mut(at?)? else { return None };
        Some(question)
    }
}

/// Ends the login that is over with a deed on this organization, if it is one.
pub(super) fn end_login(login: &mut Option<Session>, deed: Deed, org: &Org) -> Option<Effect> {
    let ends_all = matches!(deed, Deed::Trash | Deed::Delete | Deed::Purge | Deed::Suspend);
    let over = |session: &mut Session| match deed {
        Deed::RemoveAdmin(admin) => session.admin_id == admin,
        Deed::Trash
        | Deed::Delete
        | Deed::Purge
        | Deed::Restore
        | Deed::Rename
        | Deed::Suspend
        | Deed::Reactivate
        | Deed::IssueCode(_) => ends_all && session.organization_id == org.id,
    };
    login.take_if(over).map(Effect::Logout)
}
