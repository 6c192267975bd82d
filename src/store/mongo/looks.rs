//! What names look like: in whatever case (`look`), and as they are typed (`look_as_typed`), since some
//! letters look alike in one case only. Records of an older version lack the second; they are compared all
//! the same, and get it before the next write. None is ever refused for what it looks like already.

use mongodb::bson::{Bson, Document, doc};

use super::{
    Inner, READ, connect::write_command, error::code, exact, field::text, read::holder_in, shape,
};
use crate::{
    org::{Claim, look_as_typed, name_look},
    store::{Holder, Result, StoreError},
};

/// How many records are written at once.
const BATCH: i64 = 1_000;

/// Finds the records of an older version.
fn lacking() -> Document {
    // What is in the trash is sorted by other fields, and has none of these.
    let mut filter = doc! { "look_as_typed": { "$exists": false }, "name_key": { "$gte": "" } };
    filter.extend(shape::is_idle());
    filter
}

impl Inner {
    /// Who looks so, whether it is claimed or not.
    pub(super) async fn look_holder(&self, look: &str, except: &Bson) -> Result<Option<Holder>> {
        let has = [doc! { "look": look }, doc! { "look_as_typed": look }];
        let filter = doc! { "$or": has.to_vec(), "_id": { "$ne": except } };
        if let Some(record) = self.find_one(&self.orgs, filter).await? {
            return Ok(Some(holder_in(&record)));
        }
        let mut filter = lacking();
        filter.insert("_id", doc! { "$ne": except });
        let same = |record: &Document| look_as_typed(text(record, "organization_name")) == look;
        self.find_map(&self.orgs, filter, |record| same(record).then(|| holder_in(record))).await
    }

    /// Gives the records of an older version what they look like as they are typed, and the claim to it,
    /// where nobody has that: of two that look the same the older one.
    pub(super) async fn complete_looks(&self) -> Result<()> {
        loop {
            let batch = self.some_lacking().await?;
            let updates: Vec<_> = batch.iter().map(|record| completed(record, true)).collect();
            let Some(refused) = self.complete(&updates).await? else { return Ok(()) };
            let unclaimed = refused.iter().filter_map(|at| batch.get(*at));
            let updates: Vec<_> = unclaimed.map(|record| completed(record, false)).collect();
            self.complete(&updates).await?;
            if batch.len() < usize::try_from(BATCH).unwrap_or(usize::MAX) {
                return Ok(());
            }
        }
    }

    async fn some_lacking(&self) -> Result<Vec<Document>> {
        let say = |error| self.errors.translate(&error);
        let found = self.orgs.find(lacking()).sort(doc! { "_id": 1 }).limit(BATCH).max_time(READ);
        let (mut found, mut batch) = (found.await.map_err(say)?, Vec::new());
        while found.advance().await.map_err(say)? {
            batch.extend(found.deserialize_current().ok().map(|record| record.0));
        }
        Ok(batch)
    }

    /// Which of these updates were refused for what somebody else claims; none where a validator refuses the
    /// fields, which are then compared as they are read.
    async fn complete(&self, updates: &[Document]) -> Result<Option<Vec<usize>>> {
        if updates.is_empty() {
            return Ok(Some(Vec::new()));
        }
        let command = doc! { "update": self.orgs.name(), "updates": updates, "ordered": false };
        let answer =
            write_command(&self.db, command).await.map_err(|e| self.errors.translate(&e))?;
        let mut refused = Vec::new();
        let errors = answer.get_array("writeErrors").into_iter().flatten();
        for error in errors.filter_map(Bson::as_document) {
            match error.get_i32("code") {
                Ok(code::DUPLICATE_KEY) => {}
                Ok(code::DOCUMENT_REFUSED) => return Ok(None),
                _ => return Err(StoreError::Other(text(error, "errmsg").to_owned())),
            }
            refused.extend(error.get_i32("index").ok().and_then(|at| usize::try_from(at).ok()));
        }
        Ok(Some(refused))
    }
}

/// The update of a record that is still called what it was called.
fn completed(record: &Document, claims: bool) -> Document {
    let name = text(record, "organization_name");
    let (folded, typed) = (name_look(name), look_as_typed(name));
    let mut filter = lacking();
    filter.insert("_id", record.get("_id"));
    // What was not UTF-8 reads as U+FFFD and cannot be compared.
    if let Some(value) = record.get("organization_name").filter(|_| !name.contains('\u{fffd}')) {
        filter.insert("organization_name", doc! { "$eq": value.clone() });
    }
    let mut update = doc! { "$set": { "look_as_typed": &typed } };
    if claims && !typed.is_empty() && typed != folded {
        update.insert("$addToSet", doc! { "claims": Claim::Look(typed).to_string() });
    }
    exact::update(filter, update)
}
