//! What came of an operation that was done to an organization as it is: in the list, in the question that
//! asked for it, and in what is said.

use super::{
    App, Effect, Generation, Layer, Notice, OrgAction, Pane, Question, Severity,
    org_action::notice_of,
};
use crate::{
    org::{Field, Org},
    store::ListScope,
    tenancy::{Error, Result, Session},
};

impl App {
    /// The end of an operation.
    pub(super) fn done(
        &mut self,
        generation: Generation,
        action: OrgAction,
        org: &Org,
        result: Result<Option<Org>>,
    ) -> Vec<Effect> {
        if let Some(effects) = self.job_stepped(generation, org, &result) {
            return effects;
        }
        let at_once = self.at_once.take_if(|begun| begun.waiting.answered(generation)).is_some();
        let late = self.was_abandoned(generation);
        // A login may have opened above it meanwhile.
        let at = self.question_at(org.id);
        let mut answered = false;
        if let Some(question) = self.question(at) {
            answered = question.submitting.answered(generation);
            if (late || answered) && question.action == action && !question.submitting.is_waiting()
            {
                question.problem = None;
            }
        }
        if !(at_once || late || answered) {
            return Vec::new();
        }
        if let Err(error) = &result {
            self.undo_failed(action, org.id, error);
        }
        match result {
            Ok(now) => self.did(action, org, now),
            Err(error @ (Error::Gone(_) | Error::InTrash(_) | Error::NotInTrash(_))) => {
                self.overtaken(org.id, &error)
            }
            Err(error) if answered => self.not_done(org, &error, at),
            Err(error) => self.not_done_at_once(action, org, &error, late),
        }
    }

    fn did(&mut self, action: OrgAction, before: &Org, now: Option<Org>) -> Vec<Effect> {
        let mut effects = Vec::new();
        if action.admin().is_none() && action != OrgAction::Rename {
            self.list.selection.remove(before.id);
        }
        self.demo_follows(action, before);
        self.can_undo(action, before, now.as_ref());
        let admin = action.admin().and_then(|admin| self.admin_called(admin));
        if let (OrgAction::RemoveAdmin(_), Some(email)) = (action, &admin) {
            self.demo_is_over_for(email);
        }
        let said = notice_of(action, before, now.as_ref(), admin.as_ref(), &self.keymap);
        effects.extend(end_login(&mut self.session, action, before));
        if let Some(at) = self.question_at(before.id)
            // Whatever was asked about it where it was is settled too; what an admin was asked for anew
            // is not.
            && self.question(Some(at)).is_some_and(|q| {
                action.settles_all()
                    || q.action == action && (action.admin().is_none() || !q.submitting.is_waiting())
            })
        {
            self.layers.truncate(at);
        }
        if action.moves() && self.chosen().is_some_and(|org| org.id == before.id) {
            self.pane = Pane::List;
        }
        match (action, now) {
            (OrgAction::Rename, Some(org)) => effects.extend(self.show(&org)),
            (OrgAction::Restore, Some(org)) => {
                effects.extend(self.show(&org));
                if self.list.scope == ListScope::Trash {
                    effects.extend(self.refresh());
                }
            }
            (OrgAction::Suspend | OrgAction::Reactivate, Some(org)) => {
                self.list.replace(&org);
                effects.extend(self.forget_detail());
            }
            (OrgAction::RemoveAdmin(_) | OrgAction::IssueCode(_), Some(org)) => {
                effects.extend(self.now_is(&org));
            }
            (OrgAction::Export(_), _) => {}
            (OrgAction::Trash | OrgAction::Delete | OrgAction::Purge, _)
            | (
                OrgAction::Rename
                | OrgAction::Restore
                | OrgAction::Suspend
                | OrgAction::Reactivate
                | OrgAction::RemoveAdmin(_)
                | OrgAction::IssueCode(_),
                None,
            ) => effects.extend(self.refresh()),
        }
        self.say(Severity::Success, said);
        effects
    }

    /// An operation was refused, and its question is still open.
    fn not_done(&mut self, org: &Org, error: &Error, at: Option<usize>) -> Vec<Effect> {
        let here = self.question(at).is_some_and(|q| q.asks.contains(&Field::Password));
        // Where the login is part of the question, that is where it was refused.
        if let (Error::NotAllowed(refusal), false) = (error, here) {
            // The question whether it is allowed may have opened the login already.
            if matches!(self.layers.last(), Some(Layer::Question(_))) {
                return self.ask_to_log_in(org, refusal);
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

    /// An operation without a question, or an abandoned one, was refused.
    fn not_done_at_once(
        &mut self,
        action: OrgAction,
        org: &Org,
        error: &Error,
        late: bool,
    ) -> Vec<Effect> {
        let mut said = Notice::from(error);
        if let Error::Changed(_) = error {
            "it was reloaded: repeat your change if you still want it".clone_into(&mut said.help);
            let effects = self.refresh();
            self.say(if late { Severity::Alert } else { Severity::Error }, said);
            return effects;
        }
        if let Error::Taken { .. } = error {
            let email = error.field() == Some(Field::Email);
            // Under another name it can come back all the same.
            if action == OrgAction::Restore && !email && !late && self.layers.is_empty() {
                let mut question = Question::new(action, org);
                question.refused(error);
                self.layers.push(Layer::Question(question));
                return Vec::new();
            }
            if email {
                "give that admin another e-mail, then restore it".clone_into(&mut said.help);
            }
        }
        self.say(if late { Severity::Alert } else { Severity::Error }, said);
        Vec::new()
    }
}

/// Ends the login that is over with an operation on this organization, if it is one.
pub(super) fn end_login(
    login: &mut Option<Session>,
    action: OrgAction,
    org: &Org,
) -> Option<Effect> {
    let over = |session: &mut Session| match action {
        OrgAction::RemoveAdmin(admin) => session.account.is_admin(admin),
        OrgAction::Trash
        | OrgAction::Delete
        | OrgAction::Purge
        | OrgAction::Restore
        | OrgAction::Rename
        | OrgAction::Suspend
        | OrgAction::Reactivate
        | OrgAction::Export(_)
        | OrgAction::IssueCode(_) => action.ends_logins() && session.account.is_admin_of(org.id),
    };
    login.take_if(over).map(Effect::Logout)
}
