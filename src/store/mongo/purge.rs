//! Purging the trash by the server's clock; the audit log, in which every console writes by its own, has
//! to agree with it.

use mongodb::bson::{Bson, DateTime, Document, doc};

use super::{Inner, READ, record, shape};
use crate::{
    org::{OperationKind, Org},
    store::{Entry, Finding, Jump, Operation, Purge, Result},
};

/// The longest that anything is kept in the trash, in days. Whatever says more, or is no number, was not
/// written by us, and nothing goes for it.
const LONGEST: i64 = 36_500;

impl Inner {
    /// Removes what has been in the trash for longer than it was to be kept.
    pub(super) async fn purge_expired(&self, operator: &str, believed: bool) -> Result<Purge> {
        let mut purge = Purge::default();
        if self.only_readable_because().is_some() {
            return Ok(purge);
        }
        let expired = self.expired_orgs().await?;
        if expired.is_empty() {
            return Ok(purge);
        }
        if let Some(jump) = self.jump().await?.filter(|_| !believed) {
            purge.findings.push(jump.finding(expired.len()));
            return Ok(purge);
        }
        for org in &expired {
            let mut entry = Entry::about(operator, OperationKind::Purge, org);
            entry.reason = "its time in the trash had expired".into();
            let done = match self.ensure_prepared(operator).await {
                Ok(()) => {
                    self.perform(Operation::Delete(Box::new(org.clone())), &entry).await.map(|_| ())
                }
                Err(error) => Err(error),
            };
            purge.note(org, done);
        }
        Ok(purge)
    }

    /// What is to be said of the trash where nothing is written.
    pub(super) async fn kept_by_the_clock(&self) -> Result<Option<Finding>> {
        let expired = self.expired_orgs().await?;
        if expired.is_empty() {
            return Ok(None);
        }
        Ok(self.jump().await?.map(|jump| jump.finding(expired.len())))
    }

    async fn expired_orgs(&self) -> Result<Vec<Org>> {
        // Each by itself has to be a number of days: an error in one would be one in all.
        let days = doc! { "$cond": [{ "$isNumber": "$trash.days" }, "$trash.days", -1] };
        let known = doc! { "$and": [{ "$gte": ["$$days", 0] }, { "$lte": ["$$days", LONGEST] }] };
        let until = doc! { "$add": ["$trash.at", { "$multiply": ["$$days", record::DAY] }] };
        let over = doc! { "$cond": [known, { "$lte": [until, "$$NOW"] }, false] };
        // Another program may keep something else in a field of that name.
        let mut filter = shape::is_in_trash();
        filter.extend(doc! {
            "pending": { "$exists": false },
            "$expr": { "$let": { "vars": { "days": days }, "in": over } },
        });
        let found = self.orgs.find(filter).max_time(READ).await;
        self.orgs_in(found.map_err(|error| self.errors.translate(&error))?).await
    }

    /// Where the newest entry of the audit log is in the future of the server's clock, or long ago.
    async fn jump(&self) -> Result<Option<Jump>> {
        let say = |error| self.errors.translate(&error);
        let pipeline = [
            doc! { "$match": { "_id": { "$type": "long" }, "at": { "$type": "date" } } },
            doc! { "$sort": { "_id": -1 } },
            doc! { "$limit": 1 },
            doc! { "$project": { "at": 1, "now": "$$NOW" } },
        ];
        let found = self.audit.entries.aggregate(pipeline).max_time(READ).await;
        let mut found = found.map_err(say)?.with_type::<Document>();
        if !found.advance().await.map_err(say)? {
            // Where nothing was ever done, nothing speaks for the clock.
            return Ok(Jump::between(DateTime::from_millis(0), DateTime::MAX));
        }
        let newest = found.deserialize_current().map_err(say)?;
        let time = |field| newest.get(field).and_then(Bson::as_datetime).copied();
        Ok(time("at").zip(time("now")).and_then(|(at, now)| Jump::between(at, now)))
    }
}
