//! What is done to an organization, what must be there before and after it, and the look at everything
//! that is stored which tells which of the two it is.

use std::{collections::BTreeMap, sync::LazyLock, time::Duration};
use tenantry::store::traits::*;

use mongodb::{
    Client, Database, IndexModel,
    bson::{DateTime, Document, RawDocumentBuf, doc, oid::ObjectId, rawdoc},
    options::IndexOptions,
};
use tenantry::{
    archive::{Collection, Consistency, Front, Identity, Manifest, Source, SourceKind, Spool},
    org::{Claim, CollectionName, Email, Org, OrgName, OrgState, PasswordHash, ResetCode, Role},
    store::{
        AdminChange, AdminEdit, Change, DocumentWrite, Entry, ImportedAdmin, ImportedOrg,
        ListScope, NewAdmin, NewOrg, Outcome, Result, Store, Transfer, Verification,
        document_channel, first_document, mongo::MongoStore,
    },
};

use crate::support::hash;
use crate::support::operations::Operations as _;
use crate::{
    server::Server,
    support::{mongod, orgs},
    world::is_joining,
};

/// Documents of the organization beside its first.
pub const DOCUMENTS: i32 = 40;
/// What the admin logs in with.
pub const PASSWORD: &str = "violet-harbor-42-lantern";
/// At the lowest cost: what is tested here is no hashing.
static HASH: LazyLock<String> = LazyLock::new(|| bcrypt::hash(PASSWORD, 4).unwrap());
/// For how long a console is left alone before another one settles what it began.
const LEASE: Duration = Duration::from_secs(10);

/// A database, and the address at which the console under test finds it.
pub struct Place {
    pub uri: String,
    pub db: Database,
}

impl Place {
    /// A new one; what is looked at past the console goes straight to the server.
    pub async fn new(uri: &str, server: &Server) -> Self {
        let client = Client::with_uri_str(server.uri()).await.expect("the test's own URI parses");
        // Servers end with their tests: only what happens side by side must be kept apart.
        let name = format!("crash_{}", ObjectId::new().to_hex());
        Self { uri: uri.to_owned(), db: client.database(&name) }
    }

    pub async fn console(&self) -> Result<MongoStore> {
        open(&self.uri, self.db.name(), Patience::OfConsoles).await
    }

    /// One that does not wait for anybody's lease.
    pub async fn impatient(&self) -> Result<MongoStore> {
        open(&self.uri, self.db.name(), Patience::None).await
    }

    /// Empties it for the next case. Making its indexes again would take longer than all else.
    pub async fn clear(&self) {
        self.clear_all_but("").await;
    }

    /// The same, but for one collection that stays.
    pub async fn clear_all_but(&self, stays: &str) {
        for name in self.db.list_collection_names().await.unwrap() {
            let collection = self.db.collection::<Document>(&name);
            // What was agreed to is agreed to for all cases.
            if name == stays || name == "tenantry" {
                continue;
            }
            if OWN.contains(&name.as_str()) {
                collection.delete_many(doc! {}).await.unwrap();
            } else {
                collection.drop().await.unwrap();
            }
        }
    }

    /// Every document of a collection, byte for byte.
    async fn raw(&self, collection: &str) -> Vec<RawDocumentBuf> {
        let raw = self.db.collection::<RawDocumentBuf>(collection);
        let mut found = raw.find(doc! {}).sort(doc! { "_id": 1 }).await.unwrap();
        let mut documents = Vec::new();
        while found.advance().await.unwrap() {
            documents.push(found.current().to_owned());
        }
        documents
    }

    /// What is in a collection, and how it was made.
    pub async fn holdings(&self, collection: &str) -> Holdings {
        let listed = doc! { "listCollections": 1, "filter": { "name": collection } };
        let listed = self.first_batch(listed).await;
        let [listed] = &listed[..] else { panic!("{collection} is not there") };
        Holdings {
            documents: self.raw(collection).await,
            indexes: self.first_batch(doc! { "listIndexes": collection }).await,
            options: listed.get_document("options").unwrap().clone(),
        }
    }

    async fn first_batch(&self, command: Document) -> Vec<Document> {
        let answer = self.db.run_command(command).await.unwrap();
        let batch = answer.get_document("cursor").unwrap().get_array("firstBatch").unwrap();
        batch.iter().map(|one| one.as_document().unwrap().clone()).collect()
    }
}

/// What the name begins with that a collection has under one lease only; one that took it over leaves an
/// empty placeholder there.
pub const OF_A_LEASE: &str = "lease_";

/// The collections that belong to no organization.
pub const OWN: [&str; 6] =
    ["organizations", "admins", "audit_log", "login_attempts", "short_lived", "tenantry"];

/// How long a console leaves alone what another one began.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Patience {
    OfConsoles,
    None,
}

/// A console on a database.
pub async fn open(uri: &str, database: &str, patience: Patience) -> Result<MongoStore> {
    let lease = match patience {
        Patience::OfConsoles => LEASE,
        Patience::None => Duration::ZERO,
    };
    let store = MongoStore::open_with_lease(uri, database, false, lease).await?;
    store.upgrade("tester@here", &tenantry::store::no_progress).await?;
    Ok(store)
}

/// All that belongs to a collection.
#[derive(Clone, Debug, PartialEq)]
pub struct Holdings {
    pub documents: Vec<RawDocumentBuf>,
    pub indexes: Vec<Document>,
    pub options: Document,
}

/// What is there: an organization in this shape, or none.
#[derive(Clone, Copy, Debug, PartialEq)]
pub struct Shape {
    pub name: &'static str,
    pub email: &'static str,
    pub password: &'static str,
    pub state: State,
    /// Whether there is another admin beside the one of that e-mail.
    pub second: bool,
    /// Whether its first document is another one.
    pub edited: bool,
}

#[derive(Clone, Copy, Debug, PartialEq)]
pub enum State {
    Active,
    Suspended,
    Trash,
    /// In the trash, without claims.
    Released,
}

const ACME: Shape = Shape {
    name: "Acme Corp",
    email: "ada@acme.com",
    password: "first",
    state: State::Active,
    second: false,
    edited: false,
};
const REBORN: &str = "Acme Reborn";
const EVE: &str = "eve@acme.com";
const BOB: &str = "bob@acme.com";

#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Sample {
    Create,
    Rename,
    Credentials,
    Everything,
    Delete,
    Trash,
    /// To the trash, without its claims.
    Release,
    Restore,
    RestoreRenamed,
    /// Of one that has no claims.
    RestoreReleased,
    Purge,
    Suspend,
    Reactivate,
    AddAdmin,
    /// The one that the record names, with a successor.
    RemoveFirst,
    /// To a new owner, in the place of the one before.
    Transfer,
    /// One of its documents.
    EditDocument,
    /// Of an archive, with two admins.
    Import,
}

pub const SAMPLES: [Sample; 18] = [
    Sample::Create,
    Sample::Rename,
    Sample::Credentials,
    Sample::Everything,
    Sample::Delete,
    Sample::Trash,
    Sample::Release,
    Sample::Restore,
    Sample::RestoreRenamed,
    Sample::RestoreReleased,
    Sample::Purge,
    Sample::Suspend,
    Sample::Reactivate,
    Sample::AddAdmin,
    Sample::RemoveFirst,
    Sample::Transfer,
    Sample::EditDocument,
    Sample::Import,
];

/// Those that take every step there is; the others take a part of them.
pub const CORE: [Sample; 10] = [
    Sample::Create,
    Sample::Everything,
    Sample::Delete,
    Sample::Trash,
    Sample::RestoreRenamed,
    Sample::Purge,
    Sample::AddAdmin,
    Sample::RemoveFirst,
    Sample::EditDocument,
    Sample::Import,
];

impl Sample {
    /// What is there before it.
    pub fn before(self) -> Option<Shape> {
        match self {
            Self::Create | Self::Import => None,
            Self::Restore | Self::RestoreRenamed | Self::Purge => {
                Some(Shape { state: State::Trash, ..ACME })
            }
            Self::RestoreReleased => Some(Shape { state: State::Released, ..ACME }),
            Self::Reactivate => Some(Shape { state: State::Suspended, ..ACME }),
            Self::RemoveFirst => Some(Shape { second: true, ..ACME }),
            _ => Some(ACME),
        }
    }

    /// What is there after it.
    pub fn after(self) -> Option<Shape> {
        match self {
            Self::Create | Self::Restore | Self::RestoreReleased | Self::Reactivate => Some(ACME),
            Self::Rename | Self::RestoreRenamed => Some(Shape { name: REBORN, ..ACME }),
            Self::Credentials => Some(Shape { email: EVE, password: "second", ..ACME }),
            Self::Everything => {
                Some(Shape { name: REBORN, email: EVE, password: "second", ..ACME })
            }
            Self::Delete | Self::Purge => None,
            Self::Trash => Some(Shape { state: State::Trash, ..ACME }),
            Self::Release => Some(Shape { state: State::Released, ..ACME }),
            Self::Suspend => Some(Shape { state: State::Suspended, ..ACME }),
            Self::AddAdmin | Self::Import => Some(Shape { second: true, ..ACME }),
            Self::RemoveFirst => Some(Shape { email: BOB, ..ACME }),
            // It has a password that opens nothing.
            Self::Transfer => Some(Shape { email: BOB, password: "second", ..ACME }),
            Self::EditDocument => Some(Shape { edited: true, ..ACME }),
        }
    }

    /// Whether it is brought to its end by whoever finds it, once it has begun. What is written to a document is not: it
    /// was there in one write, or is given up.
    pub fn goes_on(self) -> bool {
        self != Self::EditDocument
    }

    /// Whether there is no organization before it.
    pub fn makes(self) -> bool {
        self.before().is_none()
    }

    /// How many operations prepare it.
    fn prepared(self) -> usize {
        match self {
            Self::Create | Self::Import => 0,
            Self::Restore
            | Self::RestoreRenamed
            | Self::RestoreReleased
            | Self::Purge
            | Self::Reactivate
            | Self::RemoveFirst => 2,
            Self::Rename
            | Self::Credentials
            | Self::Everything
            | Self::Delete
            | Self::Trash
            | Self::Release
            | Self::Suspend
            | Self::AddAdmin
            | Self::Transfer
            | Self::EditDocument => 1,
        }
    }

    fn change(self) -> Change {
        let (renames, rewrites) = match self {
            Self::Rename | Self::RestoreRenamed => (true, false),
            Self::Credentials => (false, true),
            Self::Everything => (true, true),
            _ => (false, false),
        };
        let name = renames.then(|| OrgName::parse(REBORN).unwrap());
        Change {
            collection: name.as_ref().map(CollectionName::from_name),
            name,
            email: rewrites.then(|| Email::parse(EVE).unwrap()),
            password: rewrites.then(|| PasswordHash::stored(hash("second"))),
            undoes: false,
        }
    }

    /// Makes what it is done to, and looks at what that holds.
    pub async fn prepare(
        self,
        place: &Place,
        store: &dyn Store,
    ) -> (NewOrg, Option<Org>, Holdings) {
        let new = new_org();
        if self.makes() {
            let options = Document::new();
            return (new, None, Holdings { documents: Vec::new(), indexes: Vec::new(), options });
        }
        let org = store.create(&new).await.unwrap();
        let collection = place.db.collection::<Document>("org_acme_corp");
        collection.insert_many((0..DOCUMENTS).map(|n| doc! { "_id": n, "n": n })).await.unwrap();
        let options = IndexOptions::builder().unique(true).sparse(true).build();
        let index = IndexModel::builder().keys(doc! { "n": 1 }).options(options).build();
        collection.create_index(index).await.unwrap();
        // Without a write concern it would be lost with the server.
        let validator = doc! {
            "collMod": "org_acme_corp",
            "validator": { "n": { "$ne": -1 } },
            "writeConcern": { "w": "majority", "j": true },
        };
        place.db.run_command(validator).await.unwrap();
        let had = place.holdings("org_acme_corp").await;
        let org = match self {
            Self::Restore | Self::RestoreRenamed | Self::Purge => store.trash(&org, 30).await,
            Self::RestoreReleased => store.trash_and_release(&org).await,
            Self::Reactivate => store.suspend(&org, true).await,
            Self::RemoveFirst => change_admin(store, &org, add_bob()).await,
            _ => Ok(org),
        };
        (new, Some(org.unwrap()), had)
    }

    /// Does it. A creation makes another organization of the same name and e-mail for each console.
    pub async fn run(self, store: &dyn Store, new: &NewOrg, org: Option<&Org>) -> Result<()> {
        let (store, Some(org)) = (store, org) else {
            return match self {
                Self::Import => import(store, new).await,
                _ => store.create(new).await.map(|_| ()),
            };
        };
        match self {
            Self::Create | Self::Import => unreachable!("there is no organization yet"),
            Self::Rename | Self::Credentials | Self::Everything => {
                store.update(org, &self.change()).await.map(|_| ())
            }
            Self::Delete | Self::Purge => store.delete(org).await,
            Self::Trash => store.trash(org, 30).await.map(|_| ()),
            Self::Release => store.trash_and_release(org).await.map(|_| ()),
            Self::Restore | Self::RestoreRenamed | Self::RestoreReleased => {
                store.restore(org, &self.change()).await.map(|_| ())
            }
            Self::Suspend => store.suspend(org, true).await.map(|_| ()),
            Self::Reactivate => store.suspend(org, false).await.map(|_| ()),
            Self::AddAdmin => change_admin(store, org, add_bob()).await.map(|_| ()),
            Self::EditDocument => {
                let [before, after] = first_documents();
                let write = DocumentWrite::Replace { before, after };
                let entry = store.entry("change document", org);
                store.write_document(org.id, &write, &entry).await
            }
            Self::Transfer => {
                let owner = ObjectId::parse_str(org.admin_id.raw()).unwrap();
                let new = NewAdmin { password: PasswordHash::nobodys(), ..bob() };
                let (to, new, owners) = (ObjectId::new(), Some(new), vec![owner]);
                let transfer = Transfer { to, new, owners, removes: true };
                let operation =
                    tenantry::store::Operation::Transfer(Box::new(org.clone()), Box::new(transfer));
                store.perform(&operation, &store.entry("transfer", org)).await.map(|_| ())
            }
            Self::RemoveFirst => {
                let successor = store.admin_with_email(BOB).await?;
                let admin = ObjectId::parse_str(org.admin_id.raw()).unwrap();
                let change = AdminChange { admin, what: AdminEdit::Remove, successor };
                change_admin(store, org, change).await.map(|_| ())
            }
        }
    }
}

/// Makes the organization of what is staged first, with two admins.
async fn import(store: &dyn Store, new: &NewOrg) -> Result<()> {
    let (mut sink, documents) = document_channel();
    let first = RawDocumentBuf::try_from(&first_document(new.created_at)).unwrap();
    let sending = tokio::task::spawn_blocking(move || {
        sink.push_blocking(first.as_bytes()).and_then(|()| sink.flush_blocking())
    });
    let staged = ObjectId::new();
    let collection = Collection {
        name: new.collection.as_str().into(),
        uuid: None,
        options: rawdoc! { "validator": { "n": { "$ne": -1 } } },
        indexes: vec![
            rawdoc! { "v": 2, "key": { "n": 1 }, "name": "n_1" },
            rawdoc! { "v": 2, "key": { "at": 1 }, "name": "at_1", "expireAfterSeconds": 3600 },
        ],
    };
    let written = store.stage(staged, &collection, documents).await;
    // Where nothing takes it, that is why.
    let _ = sending.await.unwrap();
    let bob = bob();
    let admin = |id, email: &Email, password: &PasswordHash| ImportedAdmin {
        id,
        email: email.clone(),
        role: Role::Owner,
        password: password.clone(),
        reset: None,
        created_at: new.created_at,
    };
    let imported = ImportedOrg {
        staged,
        documents: written?,
        id: new.id,
        name: new.name.clone(),
        collection: new.collection.clone(),
        created_at: new.created_at,
        suspended: false,
        first: admin(new.admin_id, &new.email, &new.password),
        others: vec![admin(ObjectId::new(), &bob.email, &bob.password)],
    };
    let mut entry = Entry::new("tester@here", "import").called(new.name.as_str());
    entry.organization = Some(new.id);
    let operation = tenantry::store::Operation::Import(Box::new(imported));
    let done = store.perform(&operation, &entry).await.map(|_| ());
    if done.is_err() {
        let _ = store.discard(staged).await;
    }
    done
}

/// An archive of such an organization.
pub fn archive() -> Vec<u8> {
    let new = new_org();
    let mut spool = Spool::new(&std::env::temp_dir()).unwrap();
    let first = RawDocumentBuf::try_from(&first_document(new.created_at)).unwrap();
    spool.push(&first).unwrap();
    let admin = |id: ObjectId, email: &str| {
        let created_at = new.created_at;
        let role = Role::Owner.word();
        let admin = doc! {
            "_id": id, "email": email, "password": &*HASH, "created_at": created_at, "role": role,
        };
        RawDocumentBuf::try_from(&admin).unwrap()
    };
    let organization = doc! {
        "_id": new.id, "organization_name": ACME.name, "admin_id": new.admin_id.to_hex(),
        "admin_email": ACME.email, "created_at": new.created_at,
    };
    let front = Front {
        manifest: Manifest {
            program_version: "0".into(),
            created_at: new.created_at,
            source: Source { kind: SourceKind::Embedded, server_version: None },
            organization: Identity { id: new.id, name: ACME.name.into() },
            consistency: Consistency::Transaction,
            left_out: Vec::new(),
        },
        organization: RawDocumentBuf::try_from(&organization).unwrap(),
        admins: Some(vec![admin(new.admin_id, ACME.email), admin(ObjectId::new(), BOB)]),
        collection: Collection {
            name: new.collection.as_str().into(),
            uuid: None,
            options: rawdoc! {},
            indexes: Vec::new(),
        },
    };
    let mut archive = Vec::new();
    spool.finish(&front, &mut archive).unwrap();
    archive
}

/// The first document, and what is made of it.
fn first_documents() -> [RawDocumentBuf; 2] {
    [doc! { "_id": 0, "n": 0 }, doc! { "_id": 0, "n": "edited" }]
        .map(|document| RawDocumentBuf::try_from(&document).unwrap())
}

/// One more owner.
fn bob() -> NewAdmin {
    NewAdmin {
        email: Email::parse(BOB).unwrap(),
        role: Role::Owner,
        password: PasswordHash::stored(HASH.clone()),
        reset: ResetCode { hash: "c0de".into(), until: DateTime::now() },
        created_at: DateTime::now(),
    }
}

fn add_bob() -> AdminChange {
    AdminChange { admin: ObjectId::new(), what: AdminEdit::Add(bob()), successor: None }
}

async fn change_admin(store: &dyn Store, org: &Org, change: AdminChange) -> Result<Org> {
    let operation = tenantry::store::Operation::Admin(Box::new(org.clone()), Box::new(change));
    let done = store.perform(&operation, &store.entry("change admin", org)).await;
    done.map(|org| org.unwrap())
}

/// The audit log is as it was written, and tells of exactly what happened: the preparation, and the operation
/// or not.
pub async fn assert_recorded(place: &Place, sample: Sample, happened: bool, at: &str) {
    let words = last_words(place, at).await;
    let told = words.iter().filter(|outcome| **outcome == Outcome::Done).count();
    assert_eq!(told, sample.prepared() + usize::from(happened), "{at}: {words:?}");
}

/// Whether the audit log has the operation, as done or as begun: then whoever comes by brings it to its end, and
/// otherwise gives it up.
pub async fn has_begun(place: &Place, sample: Sample, at: &str) -> bool {
    let words = last_words(place, at).await;
    let lasting = |outcome: &&Outcome| matches!(outcome, Outcome::Done | Outcome::Unknown);
    let begun = words.iter().filter(lasting).count() - sample.prepared();
    assert!(begun <= 1, "{at}: {words:?}");
    begun == 1
}

/// The last word about each operation, of an audit log that is as it was written.
async fn last_words(place: &Place, at: &str) -> Vec<Outcome> {
    let mut verification = Verification::default();
    let mut words = BTreeMap::new();
    for document in mongod::documents(&place.db, "audit_log").await {
        verification.next(&document).unwrap_or_else(|error| panic!("{at}: {error}"));
        let entry = Entry::from_document(&document);
        if entry.action.code() != "log in" {
            words.insert(entry.of.unwrap_or(entry.id), entry.outcome);
        }
    }
    words.into_values().collect()
}

pub fn new_org() -> NewOrg {
    orgs::new_org(ACME.name, ACME.email, &HASH)
}

/// Which shape is there, after checking that it is whole, that nothing is beside it, and that every
/// name and e-mail is as free or taken as that says.
pub async fn look(place: &Place, store: &dyn Store, had: &Holdings, at: &str) -> Option<Shape> {
    let records = mongod::documents(&place.db, "organizations").await;
    let mut admins = mongod::documents(&place.db, "admins").await;
    admins.retain(|admin| !is_joining(admin));
    let mut collections = place.db.list_collection_names().await.unwrap();
    collections.retain(|name| !OWN.contains(&name.as_str()));
    for placeholder in collections.extract_if(.., |name| name.starts_with(OF_A_LEASE)) {
        let found = mongod::documents(&place.db, &placeholder).await;
        assert_eq!(found, Vec::<Document>::new(), "{at}: {placeholder}");
    }
    assert_eq!(store.examine("tester@here", false).await.unwrap(), vec![], "{at}");
    let [record] = &records[..] else {
        assert_eq!((records.len(), admins.len()), (0, 0), "{at}: {records:?} {admins:?}");
        assert!(collections.is_empty(), "{at}: {collections:?}");
        for name in [ACME.name, REBORN] {
            for scope in [ListScope::Live, ListScope::Trash] {
                assert_eq!(store.org_named(name, scope).await.unwrap(), None, "{at}");
            }
        }
        return None;
    };
    let id = record.get_object_id("_id").unwrap();
    let org = store.org(id).await.unwrap().unwrap_or_else(|| panic!("{at}: {record}"));
    assert_eq!(org.under_way, None, "{at}");
    assert!(!record.contains_key("pending"), "{at}: {record}");
    let second = admins.len() == 2;
    let claims = record.get_array("claims").map(Vec::len).unwrap_or_default();
    // Its name, collection and e-mail, and what the name looks like.
    let looks = Claim::looks_of(org.name.raw()).len();
    let released = org.in_trash().is_some_and(|trash| trash.released);
    let wanted = if released { 0 } else { 3 + looks + usize::from(second) };
    assert_eq!(claims, wanted, "{at}: {record}");
    let name = [ACME.name, REBORN].into_iter().find(|name| *name == org.name.raw()).unwrap();
    let email = [ACME.email, EVE, BOB].into_iter().find(|email| *email == org.admin_email.raw());
    let email = email.unwrap();
    let state = match org.state {
        OrgState::Active => State::Active,
        OrgState::Suspended => State::Suspended,
        OrgState::InTrash(_) if released => State::Released,
        OrgState::InTrash(_) => State::Trash,
    };
    let in_trash = matches!(state, State::Trash | State::Released);
    let own = if name == REBORN { "org_acme_reborn" } else { "org_acme_corp" };
    assert_eq!((org.collection.raw(), org.connection.collection.raw()), (own, own), "{at}");
    let held = if in_trash { format!("trash_{id}") } else { own.to_owned() };
    assert_eq!(collections, [held.as_str()], "{at}");
    let known = store.admins(&org).await.unwrap();
    assert_eq!(known.len(), admins.len(), "{at}: {admins:?}");
    assert_eq!((known[0].id.to_hex().as_str(), known[0].email.raw()), (org.admin_id.raw(), email));
    let others: Vec<&str> = known[1..].iter().map(|admin| admin.email.raw()).collect();
    assert_eq!(others, if second { vec![BOB] } else { vec![] }, "{at}");
    for other in &known[1..] {
        assert_eq!(store.org_of_admin(other).await.unwrap(), Some(org.clone()), "{at}");
    }
    let is_first = |admin: &&Document| admin.get_object_id("_id").unwrap() == known[0].id;
    let admin = admins.iter().find(is_first).unwrap();
    if in_trash {
        assert_eq!(store.admin_with_email(email).await.unwrap(), None, "{at}");
        assert!(store.admin_in_trash(&org, email).await.unwrap().is_some(), "{at}");
    } else {
        let found = store.admin_with_email(email).await.unwrap();
        let found = found.unwrap_or_else(|| panic!("{at}: {admin}"));
        assert_eq!(store.org_of_admin(&found).await.unwrap(), Some(org.clone()), "{at}");
        assert_eq!(admin.get_str("email").unwrap(), email, "{at}");
    }
    let mut holdings = place.holdings(&held).await;
    let [first, after] = first_documents();
    let edited = holdings.documents.iter_mut().find(|document| **document == after);
    let edited = edited.map(|document| *document = first).is_some();
    let left = doc! { "_id": { "$regex": "^(document|import):" } };
    let left = place.db.collection::<Document>("tenantry").count_documents(left).await.unwrap();
    assert_eq!(left, 0, "{at}: what was written down of a write stays");
    if had.documents.is_empty() {
        // A new one.
        assert_eq!(holdings.documents.len(), 1, "{at}");
        assert!(holdings.documents[0].get_bool("initialized").unwrap(), "{at}");
    } else {
        assert_eq!(&holdings, had, "{at}");
    }
    // A creation by the program makes a hash of its own.
    let first = had.documents.is_empty() || known[0].password.as_str() == *HASH;
    Some(Shape {
        name,
        email,
        password: if first { "first" } else { "second" },
        state,
        second,
        edited,
    })
}
