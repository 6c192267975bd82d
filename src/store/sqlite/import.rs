//! Staging the documents of an import: in a collection under a name that no organization can have, in batches, so that
//! other consoles can write in between.
//!
//! A row in `imports` says that a console is at it, and since when; it is renewed with each batch. Whoever finds one whose
//! time is over removes what was staged, in batches as well.

use std::time::Duration;

use bson::{Bson, DateTime, RawDocument, oid::ObjectId};
use rusqlite::{Connection, OptionalExtension, ffi};

use super::{
    DATABASE, SqliteStore,
    claims::{insert_claims, none_taken},
    document::key,
    error::{Attempt, Fault},
    listed,
    row::made,
};
use crate::{
    archive::Collection,
    org::{Org, Role, email_key, name_key},
    store::{
        DocumentSource, ImportedAdmin, ImportedOrg, Imports, Inconsistency, Result, StoreError,
        documents_in,
        import::{BATCH, twice, unstaged},
    },
};

/// After so many milliseconds without a batch, whoever staged it is taken for dead.
const STAGED_FOR: i64 = 60_000;

/// So often the row of an import is renewed.
const RENEWED: Duration = Duration::from_secs(20);

/// As many documents are removed in one transaction.
const REMOVED_AT_ONCE: i64 = 10_000;

/// What the collection is called.
fn name_of(staged: ObjectId) -> String {
    format!("import_{}", staged.to_hex())
}

#[async_trait::async_trait]
impl Imports for SqliteStore {
    /// Documents are all that there is here.
    fn cannot_have(&self, collection: &Collection) -> Vec<String> {
        let mut cannot = Vec::new();
        for option in &collection.options {
            match option {
                Ok((name, _)) => cannot.push(format!("option {}", shown(name.as_str()))),
                Err(_) => return vec!["options that are damaged".to_owned()],
            }
        }
        for index in &collection.indexes {
            let name = index.get_str("name").unwrap_or_default();
            if name != "_id_" {
                cannot.push(format!("index {}", shown(name)));
            }
        }
        cannot
    }

    async fn taken_ids(&self, ids: &[ObjectId]) -> Result<Vec<ObjectId>> {
        let ids = ids.to_vec();
        self.read(move |tx| {
            let mut taken = Vec::new();
            let mut there = tx.prepare(
                "SELECT EXISTS (SELECT 1 FROM organizations WHERE id = ?1) \
                 OR EXISTS (SELECT 1 FROM admins WHERE id = ?1)",
            )?;
            for id in &ids {
                if there.query_row([id.bytes()], |row| row.get(0))? {
                    taken.push(*id);
                }
            }
            Ok(taken)
        })
        .await
    }

    async fn stage(
        &self,
        staged: ObjectId,
        collection: &Collection,
        documents: DocumentSource,
    ) -> Result<u64> {
        if let [one, ..] = &self.cannot_have(collection)[..] {
            return Err(StoreError::InTheWay {
                problem: format!("the embedded database cannot have this: {one}"),
                help: "import the documents alone, with --documents-only",
            });
        }
        // Also while it waits for a slow pipe.
        let done = tokio::select! {
            done = self.fill(staged, documents) => done,
            lost = self.keep_staging(staged) => Err(lost),
        };
        if done.is_err() {
            let _ = self.discard(staged).await;
        }
        done
    }

    async fn discard(&self, staged: ObjectId) -> Result<()> {
        let name = name_of(staged);
        let row = self.read(move |tx| staged_row(tx, &name)).await?;
        match row {
            Some(row) => self.remove_staged(row).await,
            None => Ok(()),
        }
    }
}

impl SqliteStore {
    async fn fill(&self, staged: ObjectId, mut documents: DocumentSource) -> Result<u64> {
        let name = name_of(staged);
        let now = || DateTime::now().timestamp_millis();
        let row = self
            .write(move |tx| {
                tx.execute(
                    "INSERT INTO collections (name, documents, bytes) VALUES (?, 0, 0)",
                    [&name],
                )?;
                let row = tx.last_insert_rowid();
                tx.execute("INSERT INTO imports (collection, at) VALUES (?, ?)", (row, now()))?;
                Ok(row)
            })
            .await?;
        let mut written = 0;
        while let Some(batch) = documents.next_batch(BATCH).await {
            written += self.write(move |tx| insert(tx, row, &batch, now())).await?;
        }
        Ok(written)
    }

    /// Renews its row again and again. Ends only where that cannot be.
    async fn keep_staging(&self, staged: ObjectId) -> StoreError {
        loop {
            tokio::time::sleep(RENEWED).await;
            let (name, now) = (name_of(staged), DateTime::now().timestamp_millis());
            let renewed = self.write(move |tx| {
                let sql = "UPDATE imports SET at = ? WHERE collection = \
                           (SELECT row FROM collections WHERE name = ?)";
                Ok(tx.execute(sql, (now, name))?)
            });
            match renewed.await {
                Ok(0) => return unstaged(),
                Ok(_) => {}
                Err(why) => return why,
            }
        }
    }

    /// Removes the documents in a collection that was staged, and the collection after them.
    async fn remove_staged(&self, row: i64) -> Result<()> {
        while self.write(move |tx| remove(tx, row)).await? {}
        self.forget_log().await;
        Ok(())
    }

    /// What consoles that were killed have staged.
    pub(super) async fn left_by_imports(&self) -> Result<Vec<Inconsistency>> {
        self.read(|tx| {
            let mut held = tx.prepare("SELECT name, documents FROM collections WHERE row = ?")?;
            let left = over(tx)?.into_iter().map(|row| {
                Ok(held.query_row([row], |row| {
                    let name: String = row.get(0)?;
                    let documents: i64 = row.get(1)?;
                    Ok(Inconsistency::Staged {
                        collection: name.into(),
                        documents: documents.try_into().unwrap_or_default(),
                    })
                })?)
            });
            left.collect()
        })
        .await
    }

    /// Removes what consoles that were killed have staged: of how many those were.
    pub(super) async fn settle_imports(&self) -> Result<u64> {
        let over = self.read(over).await?;
        for row in &over {
            self.remove_staged(*row).await?;
        }
        Ok(over.len() as u64)
    }
}

/// The collections of imports that nobody goes on with.
fn over(tx: &rusqlite::Transaction) -> Attempt<Vec<i64>> {
    let there: bool = tx.query_row(
        "SELECT EXISTS (SELECT 1 FROM sqlite_schema WHERE name = 'imports')",
        [],
        |row| row.get(0),
    )?;
    if !there {
        return Ok(Vec::new());
    }
    let now = DateTime::now().timestamp_millis();
    let (from, to) = (now.saturating_sub(STAGED_FOR), now.saturating_add(STAGED_FOR));
    // A clock that was put back is no reason to keep it for ever.
    let mut found = tx.prepare("SELECT collection FROM imports WHERE at NOT BETWEEN ? AND ?")?;
    let rows = found.query_map((from, to), |row| row.get(0))?;
    Ok(rows.collect::<rusqlite::Result<_>>()?)
}

fn staged_row(tx: &Connection, name: &str) -> Attempt<Option<i64>> {
    Ok(tx
        .prepare_cached(
            "SELECT row FROM collections JOIN imports ON collection = row WHERE name = ?",
        )?
        .query_row([name], |row| row.get(0))
        .optional()?)
}

/// Writes a batch. An error where somebody has taken this console for dead.
fn insert(tx: &Connection, row: i64, batch: &[u8], now: i64) -> Attempt<u64> {
    if tx.execute("UPDATE imports SET at = ? WHERE collection = ?", (now, row))? == 0 {
        return Err(unstaged().into());
    }
    let mut insert =
        tx.prepare_cached("INSERT INTO documents (collection, key, bson) VALUES (?, ?, ?)")?;
    let (mut count, mut bytes) = (0_u64, 0_u64);
    for document in documents_in(batch) {
        let key = key(&id_of(document)?)?;
        match insert.execute((row, key, document.as_bytes())) {
            Err(rusqlite::Error::SqliteFailure(ffi::Error { extended_code, .. }, _))
                if extended_code == ffi::SQLITE_CONSTRAINT_UNIQUE =>
            {
                return Err(twice().into());
            }
            done => done?,
        };
        count += 1;
        bytes += document.as_bytes().len() as u64;
    }
    tx.prepare_cached(
        "UPDATE collections SET documents = documents + ?, bytes = bytes + ? WHERE row = ?",
    )?
    .execute((count, bytes, row))?;
    Ok(count)
}

fn id_of(document: &RawDocument) -> Attempt<Bson> {
    let id = document.get("_id").ok().flatten().and_then(|id| Bson::try_from(id).ok());
    let refused = || StoreError::InTheWay {
        problem: "one of the documents has no _id that can be read".into(),
        help: "change it where it comes from, then export and import again",
    };
    Ok(id.ok_or_else(refused)?)
}

/// Removes some of what was staged; false once nothing is left of it, or an organization has it.
fn remove(tx: &Connection, row: i64) -> Attempt<bool> {
    // From now on it is nobody else's to go on with.
    if tx.execute("UPDATE imports SET at = 0 WHERE collection = ?", [row])? == 0 {
        return Ok(false);
    }
    let removed = tx.execute(
        "DELETE FROM documents WHERE rowid IN \
         (SELECT rowid FROM documents WHERE collection = ? LIMIT ?)",
        (row, REMOVED_AT_ONCE),
    )?;
    if removed > 0 {
        return Ok(true);
    }
    tx.execute("DELETE FROM imports WHERE collection = ?", [row])?;
    tx.execute("DELETE FROM collections WHERE row = ?", [row])?;
    Ok(false)
}

/// Makes the organization, whose collection is what was staged.
pub(super) fn import(tx: &Connection, new: &ImportedOrg) -> Attempt<Org> {
    let claims = new.claims();
    none_taken(tx, &claims, None)?;
    let staged = staged_row(tx, &name_of(new.staged))?.ok_or_else(unstaged)?;
    for admin in new.admins() {
        add(tx, new, admin)?;
    }
    let (name, email) = (new.name.as_str(), new.first.email.as_str());
    let collection = new.collection.as_str();
    tx.prepare_cached(
        "INSERT INTO organizations (id, name, name_key, collection, admin_id, admin_email, \
         email_key, created_at, database, revision, suspended) \
         VALUES (?, ?, ?, ?, ?, ?, ?, ?, ?, 0, ?)",
    )?
    .execute((
        new.id.bytes(),
        name,
        name_key(name),
        collection,
        new.first.id.bytes(),
        email,
        email_key(email),
        new.created_at.timestamp_millis(),
        DATABASE,
        new.suspended,
    ))?;
    let row = tx.last_insert_rowid();
    insert_claims(tx, &claims, row)?;
    listed::update(tx, row)?;
    // Another one of that name is nobody's, and has its claim.
    tx.execute("UPDATE collections SET name = ? WHERE row = ?", (collection, staged))?;
    tx.execute("DELETE FROM imports WHERE collection = ?", [staged])?;
    made(tx, new.id.bytes())
}

fn add(tx: &Connection, org: &ImportedOrg, admin: &ImportedAdmin) -> Attempt<()> {
    let (code, until) = match &admin.reset {
        Some(reset) => (Some(&reset.hash), Some(reset.until.timestamp_millis())),
        None => (None, None),
    };
    let added = tx
        .prepare_cached(
            "INSERT INTO admins (id, email, email_key, password, created_at, organization, owner, \
             reset_code, reset_until) VALUES (?, ?, ?, ?, ?, ?, ?, ?, ?) ON CONFLICT DO NOTHING",
        )?
        .execute((
            admin.id.bytes(),
            admin.email.as_str(),
            email_key(admin.email.as_str()),
            admin.password.as_str(),
            admin.created_at.timestamp_millis(),
            org.id.bytes(),
            admin.role == Role::Owner,
            code,
            until,
        ))?;
    // Someone else's admin has got the identity meanwhile.
    if added == 0 { Err(Fault::from(StoreError::Changed)) } else { Ok(()) }
}

fn shown(name: &str) -> crate::org::StoredText {
    name.into()
}
