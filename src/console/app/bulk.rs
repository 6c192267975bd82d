//! The question before something is done to several organizations at once: to which of them, what they hold, and
//! which are left out and why.

use std::collections::HashSet;

use bson::oid::ObjectId;

use super::{
    App, Connection, Effect, ExportTo, Generation, Layer, Notice, OrgAction, Request, Severity,
    Sure, TextField, cancel, selection::Filtered,
};
use crate::{
    keymap::Command,
    org::{ListScope, OperationKind, OperatorRole, Org, OrgState, thousands},
    store::{Page, PageAt, PageQuery, Required, Statistics},
    tenancy::{Account, Error, Refusal, Result, may_as},
};

/// At most so many are done at once: all of them are kept in memory, as they were when the question opened.
pub const BULK_MOST: usize = 25_000;
/// How many are read at once of those that match a filter.
const READ: u32 = 1000;
/// How many are counted at once.
const COUNTED: usize = 100;
/// The directory that the program was started in.
const HERE: &str = ".";

/// The question before it.
#[derive(Debug)]
pub struct Bulk {
    /// What is done.
    pub action: OrgAction,
    /// To which it is to be done, as they are now.
    pub orgs: Vec<Org>,
    /// To which it is not, and why.
    pub skipped: Vec<(Org, String)>,
    /// The filter whose matches are still being read, and what is left out of them.
    filter: Option<(PageQuery, HashSet<ObjectId>)>,
    /// The page of them that is waited for.
    pub reading: Request,
    /// Whether the directory can be written to, where it is an export.
    pub checking: Request,
    /// How many were counted, and what those hold together.
    pub held: (usize, Statistics),
    /// The next of them that are being counted.
    pub counting: Request,
    /// The reason, and then the number to type, where it takes them away.
    pub fields: Vec<TextField>,
    /// Which one is being typed in.
    pub focus: usize,
    /// What is wrong, or that it is done in production.
    pub problem: Option<Notice>,
    /// Whether it is meant, in production.
    pub sure: Sure,
}

impl Bulk {
    /// The question whether to do this to these.
    #[must_use]
    pub fn new(action: OrgAction, orgs: Vec<Org>) -> Self {
        let mut bulk = Self {
            action,
            orgs,
            skipped: Vec::new(),
            filter: None,
            reading: Request::default(),
            checking: Request::default(),
            held: (0, Statistics::default()),
            counting: Request::default(),
            fields: if action.counts() {
                vec![TextField::default(), TextField::default()]
            } else if let OrgAction::Export(_) = action {
                vec![TextField::with(HERE)]
            } else {
                Vec::new()
            },
            focus: usize::from(action.counts()),
            problem: None,
            sure: Sure::default(),
        };
        bulk.leave_out();
        bulk
    }

    /// How many there are in all, without those that are left out.
    #[must_use]
    pub fn count(&self) -> usize {
        self.orgs.len()
    }

    /// Leaves out those that it cannot be done to.
    fn leave_out(&mut self) {
        // Where none is active, all are to be active again.
        if self.action == OrgAction::Suspend
            && !self.orgs.iter().any(|org| org.state == OrgState::Active)
        {
            self.action = OrgAction::Reactivate;
        }
        let (mut orgs, mut skipped) = (Vec::new(), Vec::new());
        for org in self.orgs.drain(..) {
            match refused(self.action, &org) {
                Some(why) => skipped.push((org, why)),
                None => orgs.push(org),
            }
        }
        (self.orgs, self.skipped) = (orgs, skipped);
    }

    /// Takes the next page of what matches; where the one after it begins.
    fn take(&mut self, page: Page) -> Option<PageAt> {
        let (_, without) = self.filter.as_mut()?;
        let last = page.places.last().cloned();
        // What is renamed meanwhile may come twice.
        self.orgs.extend(page.orgs.into_iter().filter(|org| without.insert(org.id)));
        last.filter(|_| page.more_after).map(PageAt::After)
    }

    /// Why it is done, as it is typed; none where it is not asked for.
    #[must_use]
    pub fn reason(&self) -> Option<&str> {
        if let [reason, _] = &self.fields[..] { Some(reason.text()) } else { None }
    }

    /// The directory that they are exported to, as it is typed; none where it is not asked for.
    #[must_use]
    pub fn directory(&self) -> Option<&TextField> {
        match self.action {
            OrgAction::Export(_) => self.fields.first(),
            OrgAction::Trash
            | OrgAction::Delete
            | OrgAction::Purge
            | OrgAction::Restore
            | OrgAction::Rename
            | OrgAction::Suspend
            | OrgAction::Reactivate
            | OrgAction::RemoveAdmin(_)
            | OrgAction::IssueCode(_) => None,
        }
    }

    /// Whether what is typed is how many there are.
    fn is_number_typed(&self) -> bool {
        if self.directory().is_some() {
            return true;
        }
        let typed = self.fields.last().map(|field| field.text().replace([',', ' ', '.'], ""));
        typed.is_none_or(|typed| typed.parse() == Ok(self.count()))
    }
}

/// Why it cannot be done to this one.
fn refused(action: OrgAction, org: &Org) -> Option<String> {
    if let Some(under_way) = org.under_way {
        return Some(under_way.to_string());
    }
    match (action.scope(), org.state) {
        (ListScope::Live, OrgState::InTrash(_)) => Some("in the trash".to_owned()),
        (ListScope::Trash, OrgState::Active | OrgState::Suspended) => {
            Some("not in the trash".to_owned())
        }
        (ListScope::Live, OrgState::Suspended) if action == OrgAction::Suspend => {
            Some("already suspended".to_owned())
        }
        (ListScope::Live, OrgState::Active) if action == OrgAction::Reactivate => {
            Some("not suspended".to_owned())
        }
        (ListScope::Live, OrgState::Active | OrgState::Suspended)
        | (ListScope::Trash, OrgState::InTrash(_)) => None,
    }
}

impl App {
    /// What a command does to the selected organizations; none where nothing is, or where it is about something
    /// else.
    #[must_use]
    pub fn action_for_selection(&self, command: Command) -> Option<OrgAction> {
        let operation = command.operation().filter(|_| self.has_selection())?;
        match operation {
            // What is read only later decides for itself.
            OperationKind::Suspend if self.list.selects_active() => Some(OrgAction::Suspend),
            OperationKind::Suspend | OperationKind::Reactivate => Some(OrgAction::Reactivate),
            OperationKind::Restore => Some(OrgAction::Restore),
            OperationKind::Export => Some(OrgAction::Export(self.list.scope)),
            // One login is enough for all of them.
            OperationKind::Trash if self.is_operator() => Some(OrgAction::Trash),
            OperationKind::Purge if self.is_operator() => Some(OrgAction::Purge),
            OperationKind::Delete if self.is_operator() => Some(OrgAction::Delete),
            OperationKind::Create
            | OperationKind::Update
            | OperationKind::Trash
            | OperationKind::Purge
            | OperationKind::Delete
            | OperationKind::AddAdmin
            | OperationKind::AppointOwner
            | OperationKind::RemoveAdmin
            | OperationKind::ChangeAdmin
            | OperationKind::Transfer
            | OperationKind::IssueCode
            | OperationKind::RedeemCode
            | OperationKind::LogIn
            | OperationKind::Authorize
            | OperationKind::Repair
            | OperationKind::AddOperator
            | OperationKind::ChangeOperator
            | OperationKind::RemoveOperator
            | OperationKind::RequireOperators
            | OperationKind::RecoverOperators
            | OperationKind::CreateKey
            | OperationKind::RevokeKey
            | OperationKind::InsertDocument
            | OperationKind::ChangeDocument
            | OperationKind::DeleteDocument
            | OperationKind::Import
            | OperationKind::Upgrade
            | OperationKind::Foreign(_) => None,
        }
    }

    /// Asks whether to do it to the selected organizations; none where the command is not for them.
    pub(super) fn ask_about_selection(&mut self, command: Command) -> Option<Vec<Effect>> {
        if let Some(action) = self.action_for_selection(command) {
            if let Some(refusal) = self.role_refuses(action) {
                self.say(Severity::Error, Notice::from(&Error::NotAllowed(refusal)));
                return Some(Vec::new());
            }
            return Some(match self.list.selection.filtered() {
                Some(filtered) => self.ask_about_filtered(action, filtered),
                None => self.ask_about(action, self.list.selection.iter().cloned().collect()),
            });
        }
        let refused = command.is_for_one() && self.has_selection();
        if refused {
            let what = "this works on one organization at a time".to_owned();
            let help = format!("press {} to clear the selection", self.keymap.how(Command::Back));
            self.say(Severity::Error, Notice { what, help });
        }
        refused.then(Vec::new)
    }

    /// Why the role of the operator who is logged in does not allow it.
    fn role_refuses(&self, action: OrgAction) -> Option<Refusal> {
        let Account::Operator { role, .. } = &self.session.as_ref()?.account else { return None };
        may_as(*role, &action.kind()).err()
    }

    /// The same of what a command does.
    pub(super) fn role_forbids(&self, command: Command) -> Option<Notice> {
        let Account::Operator { role, .. } = &self.session.as_ref()?.account else { return None };
        let refusal = may_as(*role, &command.operation()?).err()?;
        Some(Notice::from(&Error::NotAllowed(refusal)))
    }

    /// Asks where to export the chosen organization to.
    pub(super) fn ask_to_export(&mut self) -> Vec<Effect> {
        if let Some(refused) = self.role_forbids(Command::Export) {
            self.say(Severity::Error, refused);
            return Vec::new();
        }
        let Some(org) = self.chosen().cloned() else { return Vec::new() };
        self.ask_about(OrgAction::Export(self.list.scope), vec![org])
    }

    /// Asks where to export what the question on top would purge; comes back to the question afterwards.
    pub(super) fn export_first(&mut self) -> Vec<Effect> {
        match self.purged_first() {
            Some((scope, orgs)) => self.ask_about(OrgAction::Export(scope), orgs),
            None => Vec::new(),
        }
    }

    /// What the question on top would purge, and from where; none where it is about something else.
    #[must_use]
    pub fn purged_first(&self) -> Option<(ListScope, Vec<Org>)> {
        let (action, orgs) = if let Some(Layer::Question(question)) = self.layers.last() {
            (question.action, vec![(*question.org).clone()])
        } else if let Some(Layer::Bulk(bulk)) = self.layers.last() {
            (bulk.action, bulk.orgs.clone())
        } else {
            return None;
        };
        let purges = matches!(action, OrgAction::Delete | OrgAction::Purge);
        (purges && !orgs.is_empty()).then(|| (action.scope(), orgs))
    }

    /// Whether an export has the admins in it: to an operator below a manager they are not handed out.
    #[must_use]
    pub fn exports_admins(&self) -> bool {
        match self.session.as_ref().map(|session| &session.account) {
            Some(Account::Operator { role, .. }) => *role >= OperatorRole::Manager,
            Some(Account::Admin { .. }) | None => {
                let Connection::Ready(connected) = &self.connection else { return true };
                connected.required == Required::Nothing
            }
        }
    }

    /// Asks whether to do this to these.
    pub(super) fn ask_about(&mut self, action: OrgAction, orgs: Vec<Org>) -> Vec<Effect> {
        self.layers.push(Layer::Bulk(Bulk::new(action, orgs)));
        self.begin_with_reason();
        self.count_next()
    }

    /// The same, to what matches a filter now: that is read first.
    fn ask_about_filtered(&mut self, action: OrgAction, filtered: Filtered) -> Vec<Effect> {
        let mut bulk = Bulk::new(action, Vec::new());
        bulk.action = action;
        let query = PageQuery { limit: READ, ..self.list.query(PageAt::First) };
        bulk.filter = Some((query, filtered.without));
        self.layers.push(Layer::Bulk(bulk));
        self.begin_with_reason();
        self.read_next(PageAt::First)
    }

    fn read_next(&mut self, at: PageAt) -> Vec<Effect> {
        let (generation, now) = (self.next(), self.now);
        let Some(Layer::Bulk(bulk)) = self.bulk_mut() else { return Vec::new() };
        let Some((query, _)) = &bulk.filter else { return Vec::new() };
        let query = PageQuery { at, ..query.clone() };
        let mut effects = cancel(bulk.reading.begin(generation, now));
        effects.push(Effect::LoadPage(generation, query));
        effects
    }

    /// The question that is open, also below the help.
    fn bulk_mut(&mut self) -> Option<&mut Layer> {
        self.layers.iter_mut().find(|layer| matches!(layer, Layer::Bulk(_)))
    }

    /// A page of what matches has come; none where it is a page of the list.
    pub(super) fn bulk_page(
        &mut self,
        generation: Generation,
        result: Result<Page>,
    ) -> std::result::Result<Vec<Effect>, Result<Page>> {
        let Some(Layer::Bulk(bulk)) = self.bulk_mut() else { return Err(result) };
        if !bulk.reading.answered(generation) {
            return Err(result);
        }
        match result {
            Ok(page) => {
                let next = bulk.take(page);
                if bulk.orgs.len() > BULK_MOST {
                    bulk.orgs.clear();
                    let what = format!("more than {} match", thousands(BULK_MOST as u64));
                    let help = "narrow the filter: no more than that are done at once".to_owned();
                    bulk.problem = Some(Notice { what, help });
                    return Ok(Vec::new());
                }
                if let Some(at) = next {
                    return Ok(self.read_next(at));
                }
                bulk.filter = None;
                bulk.leave_out();
                Ok(self.count_next())
            }
            Err(error) => {
                bulk.orgs.clear();
                bulk.problem = Some(Notice::from(&error));
                Ok(Vec::new())
            }
        }
    }

    /// Counts what the next of them hold, where it takes them away.
    fn count_next(&mut self) -> Vec<Effect> {
        let (generation, now) = (self.next(), self.now);
        let Some(Layer::Bulk(bulk)) = self.bulk_mut() else { return Vec::new() };
        let from = bulk.held.0.min(bulk.orgs.len());
        let some: Vec<Org> = bulk.orgs[from..].iter().take(COUNTED).cloned().collect();
        if !bulk.action.counts() || some.is_empty() {
            return Vec::new();
        }
        let mut effects = cancel(bulk.counting.begin(generation, now));
        effects.push(Effect::Measure(generation, some));
        effects
    }

    /// What some of them hold.
    pub(super) fn measured(
        &mut self,
        generation: Generation,
        result: &Result<Statistics>,
    ) -> Vec<Effect> {
        let Some(Layer::Bulk(bulk)) = self.bulk_mut() else { return Vec::new() };
        // What cannot be counted is not known; that is no reason not to do it.
        let (true, Ok(more)) = (bulk.counting.answered(generation), result) else {
            return Vec::new();
        };
        let (counted, held) = &mut bulk.held;
        *counted = (*counted + COUNTED).min(bulk.orgs.len());
        held.documents = held.documents.saturating_add(more.documents);
        held.bytes = held.bytes.saturating_add(more.bytes);
        self.count_next()
    }

    /// Begins what the question on top asks, where the right number is typed.
    pub(super) fn answer_bulk(&mut self) -> Vec<Effect> {
        let Some(Layer::Bulk(bulk)) = self.layers.last_mut() else { return Vec::new() };
        if bulk.reading.is_waiting() || bulk.checking.is_waiting() {
            return Vec::new();
        }
        if bulk.orgs.is_empty() {
            if bulk.problem.is_none() {
                bulk.problem = Some(Notice::plain("there is nothing to do"));
            }
            return Vec::new();
        }
        bulk.problem = None;
        let wrong = !bulk.is_number_typed();
        if let Some(field) = bulk.fields.last_mut() {
            field.problem = wrong.then(|| Notice::plain("the number does not match"));
        }
        if wrong || !self.sure_of_layer() {
            return Vec::new();
        }
        let (generation, now) = (self.next(), self.now);
        if let Some(Layer::Bulk(bulk)) = self.layers.last_mut()
            && let Some(directory) = bulk.directory().map(directory)
        {
            let mut effects = cancel(bulk.checking.begin(generation, now));
            effects.push(Effect::CheckDirectory(generation, directory));
            return effects;
        }
        let Some(Layer::Bulk(bulk)) = self.layers.pop() else { return Vec::new() };
        self.begin_bulk(bulk)
    }

    /// Whether the directory can be written to that the question names: it begins then.
    pub(super) fn directory_checked(
        &mut self,
        generation: Generation,
        result: &Result<()>,
    ) -> Vec<Effect> {
        let asks =
            |layer: &Layer| matches!(layer, Layer::Bulk(bulk) if bulk.checking.awaits(generation));
        let Some(at) = self.layers.iter().position(asks) else { return Vec::new() };
        if let Some(Layer::Bulk(bulk)) = self.layers.get_mut(at) {
            let _ = bulk.checking.stop();
            if let Err(error) = result {
                if let Some(field) = bulk.fields.last_mut() {
                    field.problem = Some(Notice::from(error));
                }
                return Vec::new();
            }
        }
        let Layer::Bulk(bulk) = self.layers.remove(at) else { return Vec::new() };
        self.begin_bulk(bulk)
    }

    fn begin_bulk(&mut self, mut bulk: Bulk) -> Vec<Effect> {
        if self.list.selection.filtered().is_some() {
            self.list.clear_selection();
        }
        let mut effects = cancel(bulk.counting.stop());
        let reason = bulk.reason().unwrap_or_default().to_owned();
        let to = bulk
            .directory()
            .map(|typed| ExportTo { directory: directory(typed), admins: self.exports_admins() });
        effects.extend(self.begin_job(bulk.action, bulk.orgs, bulk.skipped, (reason, to)));
        effects
    }
}

/// The directory that is typed, or this one.
fn directory(typed: &TextField) -> String {
    match typed.text().trim() {
        "" => HERE.to_owned(),
        typed => typed.to_owned(),
    }
}
