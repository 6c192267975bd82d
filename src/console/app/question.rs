//! What is done to one organization as it is: most of it after a question, some of it at once. To the
//! trash and back, for good, suspended and active again: one shape for all of them.

use bson::oid::ObjectId;

use super::{
    App, Effect, Generation, Layer, Severity, Sure, cancel,
    field::{Notice, Request, TextField},
    org_action::{Given, OrgAction},
};
use crate::{
    keymap::Command,
    org::{Admin, Field, Org, OrgState, StoredText},
    store::{ListScope, Statistics},
    tenancy::{Error, Result},
};

/// The question before an operation.
#[derive(Debug)]
pub struct Question {
    /// What is to be done.
    pub action: OrgAction,
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
    /// What has to be typed.
    pub asks: Vec<Field>,
    /// What is typed.
    pub fields: Vec<TextField>,
    /// Which one is being typed in.
    pub focus: usize,
    /// What is wrong.
    pub problem: Option<Notice>,
    /// Whether the session allows it.
    pub authorizing: Request,
    /// The operation that is waited for.
    pub submitting: Request,
    /// The operation that is no longer waited for and has not ended yet.
    pub left: Option<Generation>,
    /// Whether someone else changed the organization, and it is being read again.
    pub stale: bool,
    /// Whether it is meant, in production.
    pub sure: Sure,
    /// Whether it would be refused whatever is answered, as `problem` says.
    pub refused: bool,
}

impl Question {
    /// The question whether to do this to this organization.
    #[must_use]
    pub fn new(action: OrgAction, org: &Org) -> Self {
        let field = |field: &Field| match field {
            Field::Name if action == OrgAction::Restore => TextField::with(org.name.raw()),
            Field::Name | Field::Reason => TextField::default(),
            Field::Email => TextField::with(org.admin_email.raw()),
            Field::Password | Field::Code => TextField::secret(),
        };
        let asks = action.asks_for().to_vec();
        let fields: Vec<_> = asks.iter().map(field).collect();
        Self {
            action,
            org: Box::new(org.clone()),
            admin: None,
            statistics: None,
            admins: None,
            counting: Request::default(),
            // What is known already need not be typed.
            focus: first_to_fill(&asks, &fields),
            asks,
            fields,
            problem: None,
            authorizing: Request::default(),
            submitting: Request::default(),
            left: None,
            stale: false,
            sure: Sure::default(),
            refused: false,
        }
    }

    /// The same for an operator, who is logged in already: an owner's login is not asked for.
    pub(super) fn of_operator(action: OrgAction, org: &Org) -> Self {
        let mut question = Self::new(action, org);
        if question.asks.contains(&Field::Email) {
            question.asks = vec![Field::Reason, Field::Name];
            question.fields = vec![TextField::default(), TextField::default()];
            question.focus = first_to_fill(&question.asks, &question.fields);
        }
        question
    }

    /// Whether it is this operation that it waits for, or did.
    pub(super) fn awaits(&self, generation: Generation) -> bool {
        self.submitting.awaits(generation) || self.left == Some(generation)
    }

    fn field(&self, field: Field) -> Option<&TextField> {
        let at = self.asks.iter().position(|other| *other == field)?;
        self.fields.get(at)
    }

    fn given(&self) -> Given {
        let text = |field| self.field(field).map(TextField::text);
        let same = self.action == OrgAction::Restore
            && self.field(Field::Name).is_some_and(|name| name.holds(self.org.name.raw()));
        Given {
            name: text(Field::Name).filter(|_| !same).map(str::to_owned),
            email: match &self.admin {
                Some(admin) => admin.raw().to_owned(),
                None => text(Field::Email).unwrap_or_default().to_owned(),
            },
            password: self.field(Field::Password).map(TextField::as_secret).unwrap_or_default(),
            code: self.field(Field::Code).map(TextField::as_secret),
            before: None,
            reason: text(Field::Reason).unwrap_or_default().to_owned(),
        }
    }

    /// Puts what was refused beside the field it is about; a wrong password has to be typed anew.
    pub(super) fn refused(&mut self, error: &Error) {
        if *error == Error::CodeRequired
            && !self.asks.contains(&Field::Code)
            && let Some(password) = self.asks.iter().position(|field| *field == Field::Password)
        {
            self.focus = password + 1;
            self.asks.insert(self.focus, Field::Code);
            self.fields.insert(self.focus, TextField::default());
            return;
        }
        let about = match error {
            Error::WrongAuthenticationCode => Some(Field::Code),
            Error::WrongLogin | Error::Waiting(_) => Some(Field::Password),
            Error::NotAllowed(_) => Some(Field::Email),
            Error::NotConfirmed => Some(Field::Name),
            error => error.field(),
        };
        let at = about.and_then(|about| self.asks.iter().position(|field| *field == about));
        match at.and_then(|at| Some((at, self.fields.get_mut(at)?))) {
            Some((at, field)) => {
                if matches!(about, Some(Field::Password | Field::Code)) {
                    field.clear();
                }
                field.problem = Some(Notice::from(error));
                self.focus = at;
            }
            None => self.problem = Some(Notice::from(error)),
        }
    }
}

/// The first field that has to be filled in and is not. A reason is optional, unless the database says otherwise.
fn first_to_fill(asks: &[Field], fields: &[TextField]) -> usize {
    let empty =
        |(asked, field): (&Field, &TextField)| *asked != Field::Reason && field.text().is_empty();
    asks.iter().zip(fields).position(empty).unwrap_or(0)
}

/// An operation that needs no question, while it is waited for.
#[derive(Debug)]
pub struct AtOnce {
    /// What is done.
    pub action: OrgAction,
    /// To which organization.
    pub org: ObjectId,
    /// The answer.
    pub waiting: Request,
}

impl App {
    /// Asks whether to do this to the organization that is looked at.
    pub(super) fn ask(&mut self, action: OrgAction) -> Vec<Effect> {
        let Some(org) = self.chosen().cloned() else { return Vec::new() };
        let question = if self.is_operator() { Question::of_operator } else { Question::new };
        let question = question(action, &org);
        self.layers.push(Layer::Question(question));
        self.begin_with_reason();
        let mut effects = Vec::new();
        if action.counts() {
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
            Some(OrgState::Suspended) => self.do_at_once(OrgAction::Reactivate),
            Some(OrgState::Active | OrgState::InTrash(_)) | None => self.ask(OrgAction::Suspend),
        }
    }

    /// Does without asking what one key undoes.
    pub(super) fn do_at_once(&mut self, action: OrgAction) -> Vec<Effect> {
        let Some(org) = self.chosen().cloned() else { return Vec::new() };
        self.begin_if_sure(action, org, Given::default())
    }

    /// Asks how many admins go along.
    pub(super) fn count_admins(&mut self, org: ObjectId) -> Vec<Effect> {
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
                if let (Some(email), Ok(admins)) = (&question.admin, result)
                    && !admins.iter().any(|admin| admin.email == *email)
                {
                    let (email, organization) = (email.clone(), question.org.name.clone());
                    let gone = Error::NoSuchAdmin { email, organization };
                    (question.refused, question.problem) = (true, Some(Notice::from(&gone)));
                }
                return true;
            }
        }
        false
    }

    /// Asks whether what the question on top is about can be done, and whether the session allows it.
    pub(super) fn authorize(&mut self) -> Vec<Effect> {
        let generation = self.next();
        let Some(Layer::Question(question)) = self.layers.last_mut() else { return Vec::new() };
        if !question.action.is_checked_first() {
            return Vec::new();
        }
        question.refused = false;
        let mut effects = cancel(question.authorizing.begin(generation, self.now));
        let (action, org, admin) = (question.action, question.org.clone(), question.admin.clone());
        effects.push(Effect::Authorize(generation, action, org, admin, self.session.clone()));
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
                return self.ask_to_log_in(&org, &refusal);
            }
            Err(error) => {
                question.refused = !matches!(error, Error::Store(_));
                question.problem = Some(Notice::from(&error));
            }
        }
        Vec::new()
    }

    /// Whether the question on top would be refused whatever is answered.
    #[must_use]
    pub fn is_refused(&self) -> bool {
        self.layers.last().and_then(Layer::question).is_some_and(|question| question.refused)
    }

    /// Does what the question on top asks.
    pub(super) fn answer(&mut self, generation: Generation) -> Vec<Effect> {
        let Some(Layer::Question(question)) = self.layers.last_mut() else { return Vec::new() };
        question.problem = None;
        question.left = None;
        let (action, org, given) = (question.action, question.org.clone(), question.given());
        let mut effects = cancel(question.submitting.begin(generation, self.now));
        effects.push(Effect::Do(generation, action, org, given, self.session.clone()));
        effects
    }

    /// What was read again of an organization: whoever is asked about it sees it as it is now.
    pub(super) fn question_follows(&mut self, org: &Org, holds: Statistics) -> Vec<Effect> {
        let at = self.question_at(org.id);
        let back = self.keymap.how(Command::Back);
        let Some(question) = self.question(at) else { return Vec::new() };
        question.statistics = Some(holds);
        if question.submitting.is_waiting() {
            // It may be this very operation that changed it.
            return Vec::new();
        }
        match (question.action.scope(), org.in_trash()) {
            (ListScope::Live, Some(_)) => {
                return self.asked_in_vain(org.id, &Error::InTrash(org.name.clone()));
            }
            (ListScope::Trash, None) => {
                return self.asked_in_vain(org.id, &Error::NotInTrash(org.name.clone()));
            }
            (ListScope::Live, None) | (ListScope::Trash, Some(_)) => {}
        }
        let recount = question.action.counts() && question.org.revision != org.revision;
        question.org.as_mut().clone_from(org);
        if std::mem::take(&mut question.stale) {
            question.sure = Sure::Unasked;
            let help =
                format!("repeat your change if you still want it, or press {back} to cancel");
            question.problem = Some(Notice::changed_to(org, &help));
        }
        if recount { self.count_admins(org.id) } else { Vec::new() }
    }

    /// An organization is no longer where it was while something is asked about it. The question stays until it is left:
    /// what is being typed into it must not run as commands on another one.
    pub(super) fn asked_in_vain(&mut self, org: ObjectId, error: &Error) -> Vec<Effect> {
        let said = Some(Notice::from(error));
        let at = self.question_at(org);
        let Some(question) = self.question(at) else { return Vec::new() };
        if question.refused && question.problem == said {
            return Vec::new();
        }
        (question.refused, question.problem) = (true, said);
        self.refresh()
    }

    /// An organization is no longer where it was, as what was to be done to it has found out: that is settled.
    pub(super) fn overtaken(&mut self, org: ObjectId, error: &Error) -> Vec<Effect> {
        if let Some(at) = self.question_at(org) {
            self.layers.truncate(at);
        }
        let effects = self.refresh();
        self.say(Severity::Error, Notice::from(error));
        effects
    }

    /// What an organization is called that a question is about and nothing is being done to.
    pub(super) fn asked_about(&mut self, org: ObjectId) -> Option<StoredText> {
        let at = self.question_at(org);
        self.question(at).filter(|q| !q.submitting.is_waiting()).map(|q| q.org.name.clone())
    }

    /// Whether anybody waits for the end of this operation on this organization, or did.
    pub(super) fn awaits(&mut self, generation: Generation, org: ObjectId) -> bool {
        let at = self.question_at(org);
        self.abandoned.contains(&generation)
            || self.question(at).is_some_and(|question| question.submitting.awaits(generation))
    }

    /// Whose holdings the question waits for while nothing reads them.
    pub(super) fn uncounted(&self) -> Option<ObjectId> {
        let reading = self.detail.loading.is_waiting() || self.detail.problem.is_some();
        // Where it is gone, there is nothing to count.
        let waits = |q: &&Question| q.action.counts() && q.statistics.is_none() && !q.refused;
        let mut questions = self.layers.iter().filter_map(Layer::question).filter(|_| !reading);
        questions.find(waits).map(|question| question.org.id)
    }

    pub(super) fn question_at(&self, org: ObjectId) -> Option<usize> {
        let about = |layer: &Layer| matches!(layer, Layer::Question(q) if q.org.id == org);
        self.layers.iter().position(about)
    }

    pub(super) fn question(&mut self, at: Option<usize>) -> Option<&mut Question> {
        let Layer::Question(question) = self.layers.get_mut(at?)? else { return None };
        Some(question)
    }
}
