//! As users who may do less: each action in the manual's roles is needed, the error says which one is
//! missing, and whatever it left half-done is settled once it is granted.

use bson::{Bson, DateTime, Document, doc, oid::ObjectId};
use tenantry::store::traits::*;
use tenantry::{
    org::{Claim, CollectionName, Email, Org, OrgName, PasswordHash, ResetCode, Role},
    store::{
        AdminChange, AdminEdit, AttemptResult, AuditAt, AuditFilter, AuditQuery, Change, Entry,
        Examination, ListScope, NewAdmin, Operation, PageAt, PageQuery, Patience, Repair,
        StoreError, Verification, mongo::MongoStore,
    },
};

use crate::support::{hash, mongod, operations::Operations as _};
use crate::{
    fixture::{Scratch, all, first_page, new_org},
    support::access::{ALL, READING, actions},
};

/// What each of the prepared organizations is there for.
const LIVE: [&str; 11] = [
    "looked at",
    "renamed",
    "edited",
    "suspended",
    "reactivated",
    "trashed",
    "deleted",
    "moved",
    "bare",
    "manned",
    "unmanned",
];
const IN_TRASH: [&str; 2] = ["restored", "purged"];

/// Every refusal of an operation, in words.
#[derive(Default)]
struct Refusals(Vec<String>);

impl Refusals {
    /// Notes it if the operation was refused.
    fn of<T>(&mut self, operation: Result<T, StoreError>) -> Option<T> {
        match operation {
            Ok(done) => Some(done),
            Err(error @ StoreError::Refused { .. }) => {
                self.0.push(error.to_string());
                None
            }
            // It was begun, and goes on once the right is there.
            Err(StoreError::OutcomeUnknown(why)) => self.of(Err(*why)),
            // By an earlier try.
            Err(StoreError::Taken { .. }) => None,
            Err(error) => panic!("{error}"),
        }
    }

    /// Each names this action, and no other.
    #[track_caller]
    fn assert_name(&self, action: &str) {
        assert!(!self.0.is_empty(), "nothing needs {action}");
        for words in &self.0 {
            assert!(words.contains(&format!("may not do “{action}” on t_")), "{action}: {words}");
        }
    }
}

fn named(name: &str) -> Change {
    let name = OrgName::parse(name).unwrap();
    Change {
        collection: Some(CollectionName::from_name(&name)),
        name: Some(name),
        ..Change::default()
    }
}

/// A database in which there is something for every operation, made by a user who may do all.
async fn prepared(test: &str) -> Scratch {
    let scratch = Scratch::new(test).await;
    let store = scratch.open().await;
    for name in LIVE.into_iter().chain(IN_TRASH) {
        let email = format!("{}@example.com", name.replace(' ', "."));
        let org = store.create(&new_org(name, &email)).await.unwrap();
        let documents = scratch.collection::<Document>(org.collection.raw());
        documents.insert_one(doc! { "_id": "own", "of": name }).await.unwrap();
        match name {
            "reactivated" => drop(store.suspend(&org, true).await.unwrap()),
            "restored" | "purged" => drop(store.trash(&org, 30).await.unwrap()),
            "moved" => {
                store.update(&org, &named("moved away")).await.unwrap();
                // By a writer that has not heard of it.
                documents.insert_one(doc! { "_id": "late" }).await.unwrap();
            }
            "bare" => documents.drop().await.unwrap(),
            "unmanned" => drop(add_admin(&store, &org).await.unwrap()),
            _ => {}
        }
    }
    scratch.collection("org_lost").insert_one(doc! { "_id": "lost" }).await.unwrap();
    let lost = doc! { "_id": ObjectId::new(), "email": "lost@example.com", "password": "x" };
    scratch.collection("admins").insert_one(lost).await.unwrap();
    // The lost admin has our fields.
    scratch.open().await;
    scratch
}

/// Adds an owner.
async fn add_admin(store: &MongoStore, org: &Org) -> Result<Org, StoreError> {
    let new = NewAdmin {
        email: Email::parse(&format!("{}.too@example.com", org.name.raw())).unwrap(),
        role: Role::Owner,
        password: PasswordHash::nobodys(),
        reset: ResetCode { hash: "c0de".into(), until: DateTime::now() },
        created_at: DateTime::now(),
    };
    let what = AdminEdit::Add(new);
    change_admin(store, org, AdminChange { admin: ObjectId::new(), what, successor: None }).await
}

async fn change_admin(
    store: &MongoStore,
    org: &Org,
    change: AdminChange,
) -> Result<Org, StoreError> {
    let operation = Operation::Admin(Box::new(org.clone()), Box::new(change));
    store.perform(&operation, &store.entry("change admin", org)).await.map(|org| org.unwrap())
}

/// Reads all there is to read.
async fn read(store: &MongoStore, refusals: &mut Refusals) {
    for scope in [ListScope::Live, ListScope::Trash] {
        for at in [PageAt::First, PageAt::Last] {
            for search in [None, Some("re".to_owned())] {
                let query = PageQuery { scope, search, at: at.clone(), ..first_page() };
                refusals.of(store.page(&query).await);
                refusals.of(store.count(scope, query.search.as_deref(), 1_000).await);
            }
        }
    }
    refusals.of(store.holder(&Claim::Collection("org_nobodys".into())).await);
    refusals.of(store.examine("tester@here", false).await);
    let admin = refusals.of(store.admin_with_email("looked.at@example.com").await).flatten();
    if let Some(admin) = admin {
        refusals.of(store.admin(admin.id).await);
        refusals.of(store.org_of_admin(&admin).await);
    }
    if let Some(org) = refusals.of(store.org_named("looked at", ListScope::Live).await).flatten() {
        refusals.of(store.org(org.id).await);
        refusals.of(store.statistics(&org).await);
        refusals.of(store.sizes(std::slice::from_ref(&org)).await);
        refusals.of(store.admins(&org).await);
        let filter = AuditFilter::of(Some(org.id), "looked at");
        let query = AuditQuery { filter, at: AuditAt::Newest, limit: 50 };
        refusals.of(store.entries(&query).await);
        refusals.of(store.first_documents(&org, 50).await);
    }
    if let Some(org) = refusals.of(store.org_named("purged", ListScope::Trash).await).flatten() {
        refusals.of(store.admin_in_trash(&org, "purged@example.com").await);
    }
}

/// Does everything once.
async fn do_everything(store: &MongoStore, refusals: &mut Refusals) {
    let found = refusals.of(store.examine("tester@here", false).await).unwrap_or_default();
    let mut names = ["org_lost", "lost@example.com"].map(str::to_owned).to_vec();
    names.retain(|name| found.iter().any(|found| found.inconsistency.is_called(name)));
    let wanted = Examination { quarantine: &names, ..Examination::plain(true) };
    for finding in refusals.of(store.go_through("tester@here", &wanted).await).into_iter().flatten()
    {
        if let Repair::Failed(why) = finding.repair
            && why.contains("refuses")
        {
            refusals.0.push(why);
        }
    }
    refusals.of(store.recover("tester@here").await);
    refusals.of(store.purge_expired("tester@here", true).await);
    read(store, refusals).await;
    refusals.of(store.create(&new_org("created", "created@example.com")).await);
    refusals.of(store.append(&Entry::new("tester@here", "log in")).await);
    refusals.of(store.attempt("nobody@example.com", None).await);
    let place = bson::oid::ObjectId::new();
    refusals.of(store.answer_attempt("nobody@example.com", place, AttemptResult::Wrong).await);
    refusals.of(store.forget_attempts("nobody@example.com").await);
    let credentials = Change {
        email: Some(Email::parse("new@example.com").unwrap()),
        password: Some(PasswordHash::stored(hash("new"))),
        ..Change::default()
    };
    for name in LIVE.into_iter().chain(IN_TRASH) {
        let scope = if IN_TRASH.contains(&name) { ListScope::Trash } else { ListScope::Live };
        // What an earlier try has done is done.
        let Some(org) = refusals.of(store.org_named(name, scope).await).flatten() else { continue };
        match name {
            "renamed" => drop(refusals.of(store.update(&org, &named("reborn")).await)),
            "edited" => drop(refusals.of(store.update(&org, &credentials).await)),
            "suspended" => drop(refusals.of(store.suspend(&org, true).await)),
            "reactivated" => drop(refusals.of(store.suspend(&org, false).await)),
            "trashed" => drop(refusals.of(store.trash(&org, 30).await)),
            "restored" => drop(refusals.of(store.restore(&org, &Change::default()).await)),
            "deleted" | "purged" => drop(refusals.of(store.delete(&org).await)),
            "manned" | "unmanned" => {
                let admins = refusals.of(store.admins(&org).await).unwrap_or_default();
                match (name, &admins[..]) {
                    ("manned", [_]) => drop(refusals.of(add_admin(store, &org).await)),
                    ("unmanned", [first, successor]) => {
                        let (what, successor) = (AdminEdit::Remove, Some(successor.clone()));
                        let change = AdminChange { admin: first.id, what, successor };
                        refusals.of(change_admin(store, &org, change).await);
                    }
                    _ => {}
                }
            }
            _ => {}
        }
    }
}

async fn try_to_open(scratch: &Scratch, read_only: bool) -> Result<MongoStore, StoreError> {
    let store = MongoStore::open(&scratch.uri, scratch.name(), read_only).await?;
    if !read_only {
        store.upgrade("tester@here", &tenantry::store::no_progress).await?;
    }
    Ok(store.with_patience(Patience::NONE))
}

/// Nothing is half-done, every organization has what it had, and nothing was lost.
async fn assert_whole(scratch: &Scratch, store: &MongoStore, at: &str) {
    let orgs: Vec<Org> = all(store).await;
    let trashed = PageQuery { scope: ListScope::Trash, ..first_page() };
    let trashed = store.page(&trashed).await.unwrap().orgs;
    let mut admins = 0;
    for org in orgs.iter().chain(&trashed) {
        admins += store.admins(org).await.unwrap().len();
        assert_eq!(org.under_way, None, "{at}: {org:?}");
        let found = scratch.documents(&held_in(org)).await;
        let own = doc! { "_id": "own", "of": match org.name.raw() {
            "reborn" => "renamed",
            "moved away" => "moved",
            name => name,
        } };
        let has = |document: &Document| found.contains(document);
        match org.name.raw() {
            "bare" => assert_eq!(found, Vec::<Document>::new(), "{at}"),
            "created" => assert_eq!(found.len(), 1, "{at}: {found:?}"),
            name => assert!(found.len() == 2 && has(&own), "{at}: {name} has {found:?}"),
        }
        let admin = match org.in_trash() {
            None => store.admin_with_email(org.admin_email.raw()).await.unwrap(),
            Some(_) => store.admin_in_trash(org, org.admin_email.raw()).await.unwrap(),
        };
        assert_eq!(
            admin.unwrap_or_else(|| panic!("{at}: {org:?}")).id.to_hex(),
            org.admin_id.raw(),
            "{at}: {org:?}"
        );
    }
    for record in scratch.documents("organizations").await {
        assert!(!record.contains_key("pending"), "{at}: {record}");
    }
    assert_eq!(store.examine("tester@here", false).await, Ok(vec![]), "{at}");
    let lost = scratch.documents("quarantine_org_lost").await;
    assert_eq!(lost, [doc! { "_id": "lost" }], "{at}");
    let lost = scratch.documents("quarantine_admins").await;
    assert_eq!(lost[0].get_str("email").unwrap(), "lost@example.com", "{at}");
    let late = scratch.documents("quarantine_org_moved").await;
    assert_eq!(late, [doc! { "_id": "late" }], "{at}");
    assert_eq!(scratch.documents("admins").await.len(), admins, "{at}");
    let mut verification = Verification::default();
    for entry in scratch.documents("audit_log").await {
        verification.next(&entry).unwrap_or_else(|error| panic!("{at}: {error}"));
    }
    let of_orgs = [
        "organizations",
        "admins",
        "quarantine_org_lost",
        "quarantine_org_moved",
        "quarantine_admins",
    ]
    .len();
    let collections = scratch.collections().await;
    assert_eq!(collections.len(), of_orgs + orgs.len() + trashed.len(), "{at}: {collections:?}");
}

fn held_in(org: &Org) -> String {
    match org.in_trash() {
        None => org.collection.raw().to_owned(),
        Some(_) => format!("trash_{}", org.id.to_hex()),
    }
}

/// The one action that nothing needs: it only makes the changes of others show sooner.
const SOONER: &str = "changeStream";

/// Without it, the server is asked now and then.
#[tokio::test]
async fn changes_are_told_without_the_right_to_the_servers_stream() {
    let scratch = Scratch::on(mongod::replica_set().await, "no_stream").await;
    for ours in [ALL, READING] {
        let writer = scratch.open().await;
        let mut rest = actions(ours);
        rest.retain(|action| action != SOONER);
        let acme = writer.create(&new_org(ours, &format!("{ours}@example.com"))).await.unwrap();
        scratch.grant(&rest).await;
        let store = try_to_open(&scratch, true).await.unwrap();
        let seen = store.changed(None).await.unwrap().seen;
        assert!(!seen.is_told());
        scratch.grant(&actions(ALL)).await;
        writer.suspend(&acme, true).await.unwrap();
        scratch.grant(&rest).await;
        let news = store.changed(Some(seen)).await.unwrap();
        assert_eq!(news.orgs, Some(vec![acme.id]));
        scratch.grant(&actions(ALL)).await;
    }
}

#[tokio::test]
async fn each_action_of_the_role_is_needed_named_when_it_is_missing_and_enough_once_granted() {
    for missing in actions(ALL).into_iter().filter(|action| action != SOONER) {
        let mut rest = actions(ALL);
        rest.retain(|action| *action != missing);
        let mut refusals = Refusals::default();

        let fresh = Scratch::new("lacking_fresh").await;
        fresh.grant(&rest).await;
        if let Some(store) = refusals.of(try_to_open(&fresh, false).await) {
            refusals.of(store.create(&new_org("acme", "ada@acme.com")).await);
        }
        let legacy = Scratch::new("lacking_legacy").await;
        legacy.add_legacy("acme", "org_acme", "ada@acme.com").await;
        legacy.grant(&rest).await;
        if let Some(store) = refusals.of(try_to_open(&legacy, false).await) {
            refusals.of(store.recover("tester@here").await);
        }
        let full = prepared("lacking").await;
        full.grant(&rest).await;
        if let Some(store) = refusals.of(try_to_open(&full, false).await) {
            do_everything(&store, &mut refusals).await;
        }
        refusals.assert_name(&missing);

        for scratch in [&fresh, &legacy, &full] {
            scratch.grant(&actions(ALL)).await;
        }
        for scratch in [&fresh, &legacy] {
            let store = scratch.open_impatiently().await;
            store.recover("tester@here").await.unwrap();
            assert_eq!(store.examine("tester@here", false).await, Ok(vec![]), "{missing}");
        }
        let store = full.open_impatiently().await;
        store.recover("tester@here").await.unwrap();
        let mut none = Refusals::default();
        do_everything(&store, &mut none).await;
        assert_whole(&full, &store, &format!("after {missing}")).await;
        // And all that was refused can be done.
        let mut none = Refusals::default();
        do_everything(&store, &mut none).await;
        assert_eq!(none.0, Vec::<String>::new(), "{missing}");
        assert_whole(&full, &store, &format!("all, after {missing}")).await;
        let names: Vec<String> =
            all(&store).await.iter().map(|org| org.name.raw().to_owned()).collect();
        let expected = [
            "bare",
            "created",
            "edited",
            "looked at",
            "manned",
            "moved away",
            "reactivated",
            "reborn",
            "restored",
            "suspended",
            "unmanned",
        ];
        for (name, email, admins) in
            [("manned", "manned@example.com", 2), ("unmanned", "unmanned.too@example.com", 1)]
        {
            let org = store.org_named(name, ListScope::Live).await.unwrap().unwrap();
            assert_eq!(org.admin_email.raw(), email, "{missing}");
            assert_eq!(store.admins(&org).await.unwrap().len(), admins, "{missing}");
        }
        assert_eq!(names, expected, "{missing}");
    }
}

#[tokio::test]
async fn the_role_for_reading_reads_everything_and_each_of_its_actions_is_needed() {
    let scratch = prepared("reading").await;
    let before = scratch.dump().await;
    let reading = actions(READING);
    assert!(reading.iter().all(|action| actions(ALL).contains(action)), "{reading:?}");
    scratch.grant(&reading).await;
    let mut refusals = Refusals::default();
    read(&try_to_open(&scratch, true).await.unwrap(), &mut refusals).await;
    assert_eq!(refusals.0, Vec::<String>::new());
    for missing in reading.iter().filter(|action| *action != SOONER) {
        let mut rest = reading.clone();
        rest.retain(|action| action != missing);
        scratch.grant(&rest).await;
        let mut refusals = Refusals::default();
        if let Some(store) = refusals.of(try_to_open(&scratch, true).await) {
            read(&store, &mut refusals).await;
        }
        refusals.assert_name(missing);
    }
    assert_eq!(scratch.dump().await, before);
}

#[tokio::test]
async fn the_built_in_roles_have_what_the_roles_of_the_readme_have() {
    let scratch = Scratch::new("built_in").await;
    for (built_in, ours) in [("readWrite", ALL), ("read", READING)] {
        let role = doc! { "role": built_in, "db": scratch.name() };
        let question = doc! { "rolesInfo": role, "showPrivileges": true };
        let answer = scratch.run_command(question).await.unwrap();
        let roles = answer.get_array("roles").unwrap()[0].as_document().unwrap();
        let privileges = roles.get_array("privileges").unwrap();
        let everywhere = doc! { "db": scratch.name(), "collection": "" };
        let privilege = privileges.iter().filter_map(Bson::as_document).find(|privilege| {
            privilege.get_document("resource").is_ok_and(|resource| *resource == everywhere)
        });
        let theirs = privilege.unwrap().get_array("actions").unwrap();
        for action in actions(ours) {
            assert!(theirs.contains(&action.as_str().into()), "{built_in} has no {action}");
        }
    }
}
