//! Importing an organization from an archive, whole or not at all.
//!
//! Its documents are staged where no list shows them while the archive is read, on a thread of its own. Only when all of it
//! was read and found undamaged does the organization appear, with its record, its admins and its documents at once. A
//! cancelled import leaves nothing.

use std::{
    collections::HashSet,
    io::Read,
    sync::{Arc, PoisonError},
};

use bson::{Document, oid::ObjectId};

use super::{
    ArchiveProgress, ArchiveWatch, Error, IssuedCode, Result, Tenancy, admins::new_code, blocking,
};
use crate::{
    archive::{Collection, Front, Manifest, ReadError, Reader, Summary},
    org::{
        Claim, ClaimKind, CollectionName, Email, OperationKind, Org, OrgName, PasswordHash, Role,
        StoredText,
    },
    store::{
        DocumentSink, Entry, ImportedAdmin, ImportedOrg, Operation, Statistics, document_channel,
    },
};

/// After so many documents the watch is told how far the import is.
const TOLD_EVERY: u64 = 256;

/// Who is told of more of what is left out than these is told how many those are.
const NAMED_MOST: usize = 5;

/// What the audit log says where an archive was not imported. Why may quote what is in the file, whichever that was.
pub(super) const NOT_IMPORTED: &str = "the archive could not be imported";

/// How an archive is to be imported.
#[derive(Clone, Debug, Default)]
pub struct ImportWish {
    /// Another name than the archive's.
    pub name: Option<String>,
    /// Another e-mail for the owner whom its record names; without admins, the e-mail of its only one.
    pub email: Option<String>,
    /// Whether its admins are left out: then one with the e-mail above is made, and chooses a password with a one-time
    /// code.
    pub without_admins: bool,
    /// Whether the collection's options and indexes are left out.
    pub documents_only: bool,
    /// Whether it is suspended; `None` leaves it as the archive says.
    pub suspended: Option<bool>,
}

/// An organization that was imported.
#[derive(Debug)]
pub struct Import {
    /// As it is now.
    pub org: Org,
    /// What the archive says of itself.
    pub manifest: Manifest,
    /// How much was in it.
    pub summary: Summary,
    /// Whether it has the id that it had.
    pub kept_id: bool,
    /// How many admins got another id, since theirs is another's here.
    pub new_admin_ids: u64,
    /// How many admins it has.
    pub admins: u64,
    /// What of its collection was left out, as was wished.
    pub left_out: Vec<String>,
    /// The one-time code of its only admin, shown once and stored nowhere; none where its admins came with it.
    pub code: Option<IssuedCode>,
}

/// An organization as an archive has it.
struct Wanted {
    new: ImportedOrg,
    collection: Collection,
    kept_id: bool,
    new_admin_ids: u64,
    left_out: Vec<String>,
    code: Option<IssuedCode>,
}

impl Tenancy {
    /// Makes an organization from an archive, which may come from a pipe. Its ids stay where they are free.
    ///
    /// # Errors
    /// [`Error::NotImported`] where the archive is damaged or has what cannot be had here, [`Error::Invalid`],
    /// [`Error::Taken`]; [`Error::NotAllowed`]: where operators are required, and to an operator who is logged in, it
    /// takes the role of a manager. [`Error::ReadOnly`], or the database's. Nothing was imported.
    pub async fn import(
        &self,
        source: impl Read + Send + 'static,
        wish: &ImportWish,
        watch: Arc<ArchiveWatch>,
    ) -> Result<Import> {
        let mut entry = self.entry(OperationKind::Import, None).await;
        let done = self.import_recorded(source, wish, watch, &mut entry).await;
        self.recorded(&entry, done).await
    }

    async fn import_recorded(
        &self,
        source: impl Read + Send + 'static,
        wish: &ImportWish,
        watch: Arc<ArchiveWatch>,
        entry: &mut Entry,
    ) -> Result<Import> {
        self.writable()?;
        // Before anything is read that may come from far.
        self.ensure_may(&entry.action, None).await?;
        let reader = blocking(move || Reader::open(source)).await??;
        let front = reader.front().clone();
        self.writing(&entry.action, None).await?;
        let mut wanted = self.wanted(&front, wish).await?;
        *entry = entry.clone().called(wanted.new.name.as_str());
        entry.organization = Some(wanted.new.id);
        let admins = wanted.new.admins().count() as u64;
        *entry = entry.clone().with("admins", "", &admins.to_string());

        let staging = Staging::new(self, wanted.new.staged);
        let (sink, documents) = document_channel();
        let reading = tokio::task::spawn_blocking(move || pump(reader, sink, &*watch));
        let staged = self.store.stage(wanted.new.staged, &wanted.collection, documents).await;
        let read = reading.await.map_err(|error| Error::Machine(error.to_string()))?;
        let done = async {
            // Where the archive is damaged, that is why there were no more documents.
            let summary = read?;
            wanted.new.documents = staged?;
            let summary = summary.ok_or_else(cancelled)?;
            if wanted.new.documents != summary.contents.documents.count {
                return Err(Error::NotImported {
                    problem: format!(
                        "only {} of {} documents were written",
                        wanted.new.documents, summary.contents.documents.count
                    ),
                    help: "try again",
                });
            }
            *entry = entry.clone().with("documents", "", &wanted.new.documents.to_string());
            let (name, email) = (wanted.new.name.clone(), wanted.new.first.email.clone());
            let operation = Operation::Import(Box::new(wanted.new.clone()));
            let org = self.perform(operation, entry).await.map_err(|error| {
                Error::of_store(error, &name.as_str().into(), |what| match what {
                    ClaimKind::Email => email.as_str().into(),
                    ClaimKind::Name | ClaimKind::Look | ClaimKind::Collection => {
                        name.as_str().into()
                    }
                })
            })?;
            Ok((org, summary))
        }
        .await;
        let (org, summary) = match done {
            Ok(done) => done,
            Err(why) => {
                staging.end().await;
                return Err(why);
            }
        };
        staging.has_become_an_organization();
        Ok(Import {
            org,
            manifest: front.manifest,
            summary,
            kept_id: wanted.kept_id,
            new_admin_ids: wanted.new_admin_ids,
            admins,
            left_out: wanted.left_out,
            code: wanted.code,
        })
    }

    /// What is to be made from an archive. Refuses what would be refused in the end, before anything is written.
    async fn wanted(&self, front: &Front, wish: &ImportWish) -> Result<Wanted> {
        let record = readable(&front.organization)?;
        let name = match &wish.name {
            Some(name) => OrgName::parse(name)?,
            None => OrgName::parse(record.get_str("organization_name").unwrap_or_default())
                .map_err(|invalid| Error::NotImported {
                    problem: format!(
                        "its name “{}” cannot be used here: {invalid}",
                        front.manifest.organization.name
                    ),
                    help: "give it another one with --name NEW",
                })?,
        };
        let collection = self.collection_for(&name, None).await?;
        let collection = collection.unwrap_or_else(|| CollectionName::from_name(&name));
        let claims = Claim::of_name(name.as_str(), collection.as_str());
        self.ensure_unclaimed(&claims, None, name.as_str()).await?;
        let email = wish.email.as_deref().map(Email::parse).transpose()?;
        let (admins, code) = admins_of(front, &record, wish, email)?;
        for admin in &admins {
            let claims = Claim::of_spellings(&admin.email);
            self.ensure_unclaimed(&claims, None, admin.email.as_str()).await?;
        }
        let had: Vec<ObjectId> = record
            .get_object_id("_id")
            .ok()
            .into_iter()
            .chain(admins.iter().map(|admin| admin.id))
            .collect();
        let taken: HashSet<_> = self.store.taken_ids(&had).await?.into_iter().collect();
        let kept = record.get_object_id("_id").ok().filter(|id| !taken.contains(id));
        let (mut new_admin_ids, mut used) = (0, taken);
        let mut admins = admins.into_iter().map(|mut admin| {
            if !used.insert(admin.id) {
                admin.id = ObjectId::new();
                new_admin_ids += 1;
            }
            admin
        });
        let first = admins.next().ok_or_else(no_owner)?;
        let others: Vec<_> = admins.collect();
        let id = kept.unwrap_or_default();
        let (collection_there, left_out) = self.collection_here(front, wish)?;
        Ok(Wanted {
            new: ImportedOrg {
                staged: ObjectId::new(),
                documents: 0,
                id,
                name,
                collection,
                created_at: record
                    .get_datetime("created_at")
                    .copied()
                    .unwrap_or_else(|_| id.timestamp()),
                suspended: wish
                    .suspended
                    .unwrap_or_else(|| record.get_bool("suspended").unwrap_or_default()),
                first,
                others,
            },
            collection: collection_there,
            kept_id: kept.is_some(),
            new_admin_ids,
            left_out,
            code,
        })
    }

    /// The collection as it can be had here, and what is left out of it.
    fn collection_here(
        &self,
        front: &Front,
        wish: &ImportWish,
    ) -> Result<(Collection, Vec<String>)> {
        let cannot = self.store.cannot_have(&front.collection);
        if !wish.documents_only {
            if cannot.is_empty() {
                return Ok((front.collection.clone(), Vec::new()));
            }
            let more = cannot.len().saturating_sub(NAMED_MOST);
            let mut named: Vec<_> = cannot.into_iter().take(NAMED_MOST).collect();
            if more > 0 {
                named.push(format!("and {more} more"));
            }
            return Err(Error::NotImported {
                problem: format!(
                    "this database cannot have what its collection has: {}",
                    named.join(", ")
                ),
                help: "import the documents without that, with --documents-only",
            });
        }
        let bare = Collection {
            options: bson::rawdoc! {},
            indexes: Vec::new(),
            ..front.collection.clone()
        };
        let options = front.collection.options.iter().flatten().map(|(name, _)| name.as_str());
        let indexes =
            front.collection.indexes.iter().map(|index| index.get_str("name").unwrap_or_default());
        let left_out = options
            .map(|name| format!("option {}", StoredText::from(name)))
            .chain(
                indexes
                    .filter(|name| *name != "_id_")
                    .map(|name| format!("index {}", StoredText::from(name))),
            )
            .collect();
        Ok((bare, left_out))
    }
}

/// The admins that it is to have, the one first whom its record is to name; with the code of one who had none before.
fn admins_of(
    front: &Front,
    record: &Document,
    wish: &ImportWish,
    email: Option<Email>,
) -> Result<(Vec<ImportedAdmin>, Option<IssuedCode>)> {
    let archived = front.admins.as_ref().filter(|_| !wish.without_admins);
    let Some(archived) = archived else {
        let email = email.ok_or_else(|| Error::NotImported {
            problem: "without its admins, the organization needs an owner".to_owned(),
            help: "name one with --email E-MAIL, who gets a one-time code to choose a password with",
        })?;
        let (issued, reset) = new_code(email.as_str())?;
        let owner = ImportedAdmin {
            id: ObjectId::new(),
            email,
            role: Role::Owner,
            password: PasswordHash::nobodys(),
            reset: Some(reset),
            created_at: bson::DateTime::now(),
        };
        return Ok((vec![owner], Some(issued)));
    };
    let mut admins = Vec::with_capacity(archived.len());
    for archived in archived {
        admins.push(readable(archived)?);
    }
    let named = record.get_str("admin_id").ok().and_then(|id| ObjectId::parse_str(id).ok());
    let is_owner = |admin: &Document| match admin.get("role") {
        None => true,
        Some(role) => role.as_str().and_then(Role::parse) == Some(Role::Owner),
    };
    // The one whom its record names; where that is no owner, the first who is one.
    let first = admins
        .iter()
        .position(|admin| is_owner(admin) && admin.get_object_id("_id").ok() == named)
        .or_else(|| admins.iter().position(is_owner))
        .ok_or_else(no_owner)?;
    admins.swap(0, first);
    let mut imported = Vec::with_capacity(admins.len());
    for (at, admin) in admins.iter().enumerate() {
        let own = admin.get_str("email").unwrap_or_default();
        let email = match &email {
            Some(email) if at == 0 => email.clone(),
            Some(_) | None => Email::parse(own).map_err(|invalid| Error::NotImported {
                problem: format!(
                    "the e-mail {} of one of its admins cannot be used: {invalid}",
                    StoredText::from(own)
                ),
                help: "import it with --without-admins and --email E-MAIL",
            })?,
        };
        imported.push(ImportedAdmin {
            id: admin.get_object_id("_id").unwrap_or_default(),
            email,
            role: if is_owner(admin) { Role::Owner } else { Role::Admin },
            password: PasswordHash::stored(
                admin.get_str("password").unwrap_or_default().to_owned(),
            ),
            reset: None,
            created_at: admin
                .get_datetime("created_at")
                .copied()
                .unwrap_or_else(|_| bson::DateTime::now()),
        });
    }
    Ok((imported, None))
}

/// A document in front of the others, in which what is no UTF-8 is replaced.
fn readable(document: &bson::RawDocument) -> Result<Document> {
    let read = bson::deserialize_from_slice::<bson::Utf8Lossy<Document>>(document.as_bytes());
    read.map(|read| read.0).map_err(|error| Error::NotImported {
        problem: format!("the archive is damaged: {error}"),
        help: "use another copy of it: nothing in this one can be relied on",
    })
}

/// Reads every document of an archive, and all that follows; none where they are no longer taken.
fn pump<R: Read>(
    mut reader: Reader<R>,
    mut sink: DocumentSink,
    watch: &ArchiveWatch,
) -> std::result::Result<Option<Summary>, ReadError> {
    let announced = reader.announced().documents;
    let of = Statistics { documents: announced.count, bytes: announced.bytes, indexes: 0 };
    while let Some(document) = reader.next_valid_document()? {
        if sink.push_blocking(document.as_bytes()).is_err() {
            return Ok(None);
        }
        let count = reader.count();
        if count.count.is_multiple_of(TOLD_EVERY) || count == announced {
            watch(ArchiveProgress { documents: count.count, bytes: count.bytes, of });
        }
    }
    if sink.flush_blocking().is_err() {
        return Ok(None);
    }
    drop(sink);
    reader.finish().map(Some)
}

fn no_owner() -> Error {
    Error::NotImported {
        problem: "none of the admins in the archive is an owner".to_owned(),
        help: "name one with --without-admins and --email E-MAIL",
    }
}

fn cancelled() -> Error {
    Error::NotImported { problem: "the import was cancelled".to_owned(), help: "try again" }
}

/// What is staged, until an organization has it. Dropped before that, where the import was cancelled, it is removed
/// behind it ([`Tenancy::cleaned_up`]).
struct Staging {
    tenancy: Option<Tenancy>,
    staged: ObjectId,
}

impl Staging {
    fn new(tenancy: &Tenancy, staged: ObjectId) -> Self {
        Self { tenancy: Some(tenancy.clone()), staged }
    }

    fn has_become_an_organization(mut self) {
        self.tenancy = None;
    }

    async fn end(mut self) {
        if let Some(tenancy) = self.tenancy.take() {
            // Where that cannot be, the next recovery does it.
            let _ = tenancy.store.discard(self.staged).await;
        }
    }
}

impl Drop for Staging {
    fn drop(&mut self) {
        let (Some(Tenancy { store, shared, .. }), staged) = (self.tenancy.take(), self.staged)
        else {
            return;
        };
        if let Ok(runtime) = tokio::runtime::Handle::try_current() {
            let mut behind = shared.behind.lock().unwrap_or_else(PoisonError::into_inner);
            behind.spawn_on(async move { drop(store.discard(staged).await) }, &runtime);
        }
    }
}
