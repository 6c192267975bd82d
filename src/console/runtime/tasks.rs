//! What the effects ask of the rules, each until it is answered.

use std::{sync::Arc, time::Duration};

use bson::oid::ObjectId;

use crate::{
    config::Database,
    console::{
        app::{Check, Connected, Generation, Given, Message, NewOwner, NewPassword, OrgAction},
        documents,
    },
    org::{NewSecondFactor, Org, Role, Secret, StoredText},
    store::{AuditAt, AuditQuery, Entry, Head, Seen, Statistics, StoreError},
    tenancy::{
        Account, AdminChanges, AuditPage, Confirmation, Edit, Error, IssuedCode, Refusal, Result,
        Session, Tenancy,
    },
};

/// How many documents the details show.
const DOCUMENTS: u32 = 50;

/// How many entries of the audit log they show.
pub(super) const ENTRIES: u32 = 200;

/// How long it is until a database that did not answer is asked again what came of an operation.
const BETWEEN_TRIES: Duration = Duration::from_secs(1);

/// Opens a database: what the state is told of it, and what the next tasks ask.
pub(super) async fn opened(database: &Database) -> (Result<Connected>, Option<Arc<Tenancy>>) {
    let (opened, target) = match database.open().await {
        Ok(opened) => opened,
        Err(error) => return (Err(error), None),
    };
    // Read-only until an operator agrees to the upgrade.
    let (upgrade, problem) = match opened.tenancy.awaited_upgrade().await {
        Ok(upgrade) => (upgrade, None),
        Err(error) => (None, Some(format!("{error}; {}", error.help()))),
    };
    let (required, has_operators) = match opened.tenancy.required().await {
        Ok(required) => required,
        Err(error) => return (Err(error), None),
    };
    let unread = upgrade.as_ref().map(|_| StoreError::NeedsUpgrade.to_string());
    let connected = Connected {
        place: opened.tenancy.place().clone(),
        read_only: opened.tenancy.read_only().map(str::to_owned).or(problem).or(unread),
        read_only_asked: database.caller.read_only,
        upgrade,
        connection: target.connection(),
        required,
        has_operators,
        trash_days: opened.tenancy.trash_days(),
        reason_required: opened.tenancy.reason_required(),
        mails: opened.tenancy.mails(),
        passwords: opened.tenancy.password_policy(),
        demo: opened.demo.map(|admin| (admin.email.into(), Secret::from(admin.password))),
    };
    (Ok(connected), Some(Arc::new(opened.tenancy)))
}

/// What another program has changed meanwhile, and whether anything may still be written.
pub(super) async fn catch_up(tenancy: Arc<Tenancy>, generation: Generation) -> Message {
    let changed = tenancy.catch_up().await;
    let read_only = tenancy.read_only().map(str::to_owned);
    Message::CaughtUp(generation, changed, read_only)
}

/// The first documents of an organization, as lines.
pub(super) async fn documents(tenancy: Arc<Tenancy>, at: Generation, org: Box<Org>) -> Message {
    let documents = tenancy.documents(&org, DOCUMENTS).await;
    Message::Documents(at, documents.map(|all| documents::lines(&all, DOCUMENTS)))
}

/// An organization, and what it holds.
pub(super) async fn detail(tenancy: Arc<Tenancy>, at: Generation, id: ObjectId) -> Message {
    Message::Detail(at, read_detail(&tenancy, id).await)
}

/// How much these hold.
pub(super) async fn sizes(tenancy: Arc<Tenancy>, at: Generation, orgs: Vec<Org>) -> Message {
    Message::Sizes(at, tenancy.sizes(&orgs).await)
}

async fn read_detail(tenancy: &Tenancy, id: ObjectId) -> Result<Option<(Org, Statistics)>> {
    let Some(org) = tenancy.org(id).await? else { return Ok(None) };
    let statistics = tenancy.statistics(&org).await?;
    Ok(Some((org, statistics)))
}

/// A page of the audit log; from its end, with the last entry of all.
pub(super) async fn audit(
    tenancy: &Tenancy,
    query: &AuditQuery,
) -> Result<(AuditPage, Option<Head>)> {
    let AuditQuery { filter, at, limit } = query;
    let page = tenancy.audit(None, filter, *at, *limit).await?;
    let head = match at {
        AuditAt::Newest => Some(tenancy.head().await?),
        AuditAt::After(_) | AuditAt::Before(_) => None,
    };
    Ok((page, head))
}

/// How long until changes are waited for again, where that failed.
const BEFORE_FOLLOWING_AGAIN: Duration = Duration::from_secs(5);

/// The next change; where it cannot be waited for, that is said after a while, since it is tried again then.
pub(super) async fn changed(tenancy: &Tenancy, at: Generation, seen: Option<Seen>) -> Message {
    let news = tenancy.changed(seen).await;
    if news.is_err() {
        tokio::time::sleep(BEFORE_FOLLOWING_AGAIN).await;
    }
    Message::Changed(at, news)
}

/// A login.
pub(super) async fn log_in(
    tenancy: Arc<Tenancy>,
    at: Generation,
    email: String,
    password: Secret,
    code: Option<Secret>,
) -> Message {
    Message::LoggedIn(at, tenancy.login_with_code(&email, &password, code.as_ref()).await)
}

/// A new password, set with a one-time code.
pub(super) async fn redeemed(
    tenancy: Arc<Tenancy>,
    at: Generation,
    email: String,
    code: Secret,
    password: Secret,
) -> Message {
    let redeemed = tenancy.redeem(&email, &code, &password).await;
    Message::Redeemed(at, email.into(), redeemed)
}

/// Whether a session still counts.
pub(super) async fn session_checked(tenancy: Arc<Tenancy>, session: Session) -> Message {
    let own = tenancy.in_session(Some(session.token()));
    Message::SessionChecked(session, own.ensure_session().await)
}

/// What several organizations hold together.
pub(super) async fn measured(tenancy: Arc<Tenancy>, at: Generation, orgs: Vec<Org>) -> Message {
    let mut all = Statistics::default();
    for org in &orgs {
        match tenancy.statistics(org).await {
            Ok(one) => {
                all.documents = all.documents.saturating_add(one.documents);
                all.bytes = all.bytes.saturating_add(one.bytes);
            }
            Err(error) => return Message::Measured(at, Err(error)),
        }
    }
    Message::Measured(at, Ok(all))
}

/// Does something to an organization as it is, and what came of it; where it was changed since, as it is now.
pub(super) async fn done(
    tenancy: &Tenancy,
    generation: Generation,
    action: OrgAction,
    org: Box<Org>,
    given: Given,
    session: Option<&Session>,
) -> Message {
    let token = session.map(Session::token);
    let Given { name, email, password, code, before, reason } = given;
    let tenancy = &tenancy.because(&reason);
    let typed = |name: Option<String>| Confirmation::Typed(name.unwrap_or_default());
    let result = match action {
        OrgAction::Trash => tenancy.in_session(token).trash(&org).await.map(Some),
        OrgAction::Restore => tenancy.restore(&org, name.as_deref()).await.map(Some),
        OrgAction::Rename => {
            tenancy.undo_rename(&org, before.as_deref().unwrap_or(&org)).await.map(Some)
        }
        OrgAction::Suspend => tenancy.suspend(&org).await.map(Some),
        OrgAction::Reactivate => tenancy.reactivate(&org).await.map(Some),
        OrgAction::Delete => {
            tenancy.in_session(token).delete(&org, &typed(name)).await.map(|()| None)
        }
        OrgAction::Purge => {
            let tenancy = tenancy.in_session(token);
            let name = typed(name);
            let purged = tenancy.purge(&org, &name, &email, &password, code.as_ref());
            purged.await.map(|()| None)
        }
        OrgAction::RemoveAdmin(_) => {
            tenancy.in_session(token).remove_admin(&org, &email).await.map(Some)
        }
        OrgAction::IssueCode(_) => {
            let issued = tenancy.issue_code(&org, &email).await;
            return Message::Coded(generation, action, org, email.into(), issued);
        }
        // It has an effect of its own.
        OrgAction::Export(_) => Ok(Some((*org).clone())),
    };
    // For another try.
    let now = match &result {
        Err(Error::Changed(_)) => tenancy.org(org.id).await.ok().flatten().map(Box::new),
        Ok(_) | Err(_) => None,
    };
    Message::Done(generation, action, now.unwrap_or(org), result)
}

/// How good a password is that is being typed.
pub(super) async fn judged(
    tenancy: Arc<Tenancy>,
    generation: Generation,
    new: NewPassword,
) -> Message {
    let NewPassword { password, name, email } = new;
    Message::Judged(generation, tenancy.strength(&password, &name, &email).await)
}

/// Mails a one-time code to its admin.
pub(super) async fn mailed(
    tenancy: Arc<Tenancy>,
    generation: Generation,
    org: Box<Org>,
    issued: IssuedCode,
    session: Option<Session>,
) -> Message {
    let tenancy = tenancy.in_session(session.as_ref().map(Session::token));
    let sent = tenancy.mail_code(&org, &issued).await;
    Message::Mailed(generation, issued.email, sent)
}

/// What came of an operation, asked until the database answers.
pub(super) async fn found_out(tenancy: Arc<Tenancy>, entry: Box<Entry>) -> Message {
    loop {
        if let Ok(Some(settled)) = tenancy.outcome(&entry).await {
            return Message::FoundOut(entry, settled);
        }
        tokio::time::sleep(BETWEEN_TRIES).await;
    }
}

/// Whether it can be done to the organization, or to its admin with this e-mail; see [`allowed`].
pub(super) async fn asked_first(
    tenancy: Arc<Tenancy>,
    at: Generation,
    (action, org, admin): (OrgAction, Box<Org>, Option<StoredText>),
    session: Option<Session>,
) -> Message {
    let allowed = allowed(&tenancy, action, &org, admin.as_ref(), session);
    Message::Authorized(at, allowed.await)
}

/// Whether it can be done, as far as looking shows, and whether the session allows it.
async fn allowed(
    tenancy: &Tenancy,
    action: OrgAction,
    org: &Org,
    admin: Option<&StoredText>,
    session: Option<Session>,
) -> Result<()> {
    match (action, admin) {
        (OrgAction::RemoveAdmin(_), Some(admin)) => {
            let token = session.as_ref().map(Session::token);
            tenancy.in_session(token).ensure_removable(org, admin.raw()).await?;
        }
        (OrgAction::Trash | OrgAction::Delete | OrgAction::Purge, _) => {
            tenancy.ensure_deletable(org).await?;
        }
        (
            OrgAction::RemoveAdmin(_)
            | OrgAction::Export(_)
            | OrgAction::Restore
            | OrgAction::Rename
            | OrgAction::Suspend
            | OrgAction::Reactivate
            | OrgAction::IssueCode(_),
            _,
        ) => {}
    }
    if action.wants_session() { authorized(tenancy, org, session).await } else { Ok(()) }
}

/// Whether the session allows what an owner may, or an operator. The login of another organization was not made for this one:
/// that a login of this one is asked for is no attempt, and nothing that an audit has to record.
async fn authorized(tenancy: &Tenancy, org: &Org, session: Option<Session>) -> Result<()> {
    let (own, other) = match session {
        Some(session) if session.account.is_for(org.id) => (Some(session), None),
        other => (None, other),
    };
    let done = tenancy.in_session(own.as_ref().map(Session::token)).authorize(org).await;
    match (done, other.map(|other| other.account)) {
        (
            Err(Error::NotAllowed(Refusal::NoSession(wanted))),
            Some(Account::Admin { email: admin, organization_name: of, .. }),
        ) => Err(Refusal::OtherOrganization { admin, of, wanted }.into()),
        (done, _) => done,
    }
}

/// Refuses what needs a login of this organization where there is none. What such a login allows, the operation
/// says.
async fn logged_in(tenancy: &Tenancy, org: &Org, session: Option<&Session>) -> Result<()> {
    match session {
        Some(session) if session.account.is_for(org.id) => Ok(()),
        other => authorized(tenancy, org, other.cloned()).await,
    }
}

/// The same for what makes an owner: where there is none, it needs no login of this organization.
async fn may_make_owner(tenancy: &Tenancy, org: &Org, session: Option<&Session>) -> Result<()> {
    if tenancy.has_owner(org).await? { logged_in(tenancy, org, session).await } else { Ok(()) }
}

/// Changes an organization.
pub(super) async fn updated(
    tenancy: &Tenancy,
    org: &Org,
    edit: &Edit,
    session: Option<&Session>,
) -> Result<Org> {
    if edit.needs_login(org) {
        logged_in(tenancy, org, session).await?;
    }
    tenancy.in_session(session.map(Session::token)).update(org, edit).await
}

/// Sets up a second factor, and what came of it.
pub(super) async fn set_up(
    tenancy: Arc<Tenancy>,
    at: Generation,
    new: NewSecondFactor,
    code: Secret,
    session: Option<Session>,
) -> Message {
    let own = tenancy.in_session(session.as_ref().map(Session::token));
    Message::SecondFactor(at, own.set_up_second_factor(&new, &code).await)
}

/// Adds an admin to an organization, and what came of it.
pub(super) async fn added(
    tenancy: Arc<Tenancy>,
    at: Generation,
    org: Box<Org>,
    (email, role): (String, Role),
    session: Option<Session>,
) -> Message {
    let added = admin_added(&tenancy, &org, (&email, role), session.as_ref()).await;
    Message::Added(at, email.into(), added)
}

/// Adds an admin to an organization, with a one-time code. If it has no owner, appoints one without a login.
async fn admin_added(
    tenancy: &Tenancy,
    org: &Org,
    (email, role): (&str, Role),
    session: Option<&Session>,
) -> Result<(Org, IssuedCode)> {
    may_make_owner(tenancy, org, session).await?;
    tenancy.in_session(session.map(Session::token)).add_admin(org, email, role).await
}

/// Changes an admin of an organization.
pub(super) async fn admin_updated(
    tenancy: &Tenancy,
    org: &Org,
    (email, changes): (&str, &AdminChanges),
    session: Option<&Session>,
) -> Result<Org> {
    let own = tenancy.in_session(session.map(Session::token));
    // Refuse before the login what would be refused after it.
    own.ensure_changeable(org, email, changes).await?;
    logged_in(tenancy, org, session).await?;
    own.update_admin(org, email, changes).await
}

/// Transfers an organization to another owner. If it has none, no login is needed.
pub(super) async fn transferred(
    tenancy: &Tenancy,
    generation: Generation,
    org: &Org,
    NewOwner { email, removes, reason }: NewOwner,
    session: Option<&Session>,
) -> Message {
    let tenancy = &tenancy.because(&reason);
    let done = async {
        let own = tenancy.in_session(session.map(Session::token));
        // Refuse before the login what would be refused after it.
        own.ensure_transferable(org, &email).await?;
        may_make_owner(tenancy, org, session).await?;
        own.transfer(org, &email, removes).await
    };
    let done = done.await;
    Message::Transferred(generation, email.into(), done)
}

/// Whether a field's content will do.
pub(super) async fn checked(tenancy: &Tenancy, check: Check) -> Result<()> {
    match check {
        Check::Name(name, org) => tenancy.check_name(&name, org.as_deref()).await,
        Check::Email(email, org) => tenancy.check_email(&email, org.as_deref()).await,
        Check::Password(NewPassword { password, name, email }) => {
            tenancy.check_password(&password, &name, &email).await
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::{
        store::Target,
        tenancy::{Caller, DemoAdmin, NewOrganization, Opened, Rules, open},
    };

    /// A demonstration, its admin, and another organization than that admin's.
    async fn demo() -> (Tenancy, DemoAdmin, Org) {
        let opened = open(&Target::Demo, &Caller::new("ada@here"), Rules::default()).await;
        let Opened { tenancy, demo } = opened.unwrap();
        let org = tenancy.named("Zephyr").await.unwrap();
        (tenancy, demo.unwrap(), org)
    }

    async fn recorded(tenancy: &Tenancy, org: &Org) -> usize {
        tenancy.activity(org, ENTRIES).await.unwrap().len()
    }

    #[tokio::test]
    async fn a_form_that_is_sent_without_a_login_is_no_attempt() {
        let (tenancy, demo, org) = demo().await;
        let admin = org.admin_email.raw();
        let before = recorded(&tenancy, &org).await;
        let other = tenancy.login(&demo.email, &demo.password.into()).await.unwrap();
        let email = Some("new@example.com".to_owned());
        let edit = Edit { email: email.clone(), ..Edit::default() };
        let changes = AdminChanges { email, ..AdminChanges::default() };
        for session in [None, Some(&other)] {
            let refused = [
                updated(&tenancy, &org, &edit, session).await.err(),
                admin_added(&tenancy, &org, ("eve@x.com", Role::Admin), session).await.err(),
                admin_updated(&tenancy, &org, (admin, &changes), session).await.err(),
            ];
            for refused in refused {
                let asked = matches!(
                    (&refused, session),
                    (Some(Error::NotAllowed(Refusal::NoSession(_))), None)
                        | (Some(Error::NotAllowed(Refusal::OtherOrganization { .. })), Some(_))
                );
                assert!(asked, "{refused:?}");
            }
            assert_eq!(recorded(&tenancy, &org).await, before);
        }
        // What needs no login asks for none.
        let edit = Edit { name: Some("Zephyr Two".to_owned()), ..Edit::default() };
        assert!(updated(&tenancy, &org, &edit, None).await.is_ok());
    }

    #[tokio::test]
    async fn where_no_owner_is_left_a_new_one_takes_no_login_also_beside_operators() {
        let home = tempfile::tempdir().unwrap();
        let file = home.path().join("tenantry.db");
        let target = Target::File(file.clone());
        let opened = open(&target, &Caller::new("ada@here"), Rules::default()).await;
        let Opened { tenancy, .. } = opened.unwrap();
        let password = Secret::from("violet-harbor-42-lantern");
        tenancy.add_operator("ops@example.com", None, &password).await.unwrap();
        let mut orgs = Vec::new();
        for name in ["Acme", "Zephyr"] {
            let new = NewOrganization {
                name: name.to_owned(),
                email: format!("{name}@example.com"),
                password: password.clone(),
            };
            orgs.push(tenancy.create(&new).await.unwrap());
        }
        let refused = admin_added(&tenancy, &orgs[0], ("eve@x.com", Role::Owner), None).await;
        assert!(
            matches!(refused, Err(Error::NotAllowed(Refusal::NoLogin(_)))),
            "an owner is there: {refused:?}"
        );
        let raw = rusqlite::Connection::open(&file).unwrap();
        assert_eq!(raw.execute("UPDATE admins SET owner = 0", []).unwrap(), 2);
        let added = admin_added(&tenancy, &orgs[0], ("eve@x.com", Role::Owner), None).await;
        assert!(added.is_ok(), "{added:?}");
        let to = NewOwner { email: "kim@x.com".to_owned(), removes: false, reason: String::new() };
        let done = transferred(&tenancy, Generation::default(), &orgs[1], to, None).await;
        assert!(matches!(done, Message::Transferred(_, _, Ok((_, Some(_))))), "{done:?}");
    }
}
