//! The doctor: it looks, repairs, and looks again. What it no longer finds was repaired, what is still
//! there was not.
//!
//! Another program may be at anything that it finds: the service before this one fills a collection
//! before it writes the record, and copies one while it renames. So nothing is done to what is younger
//! than a while, or what changes or is written to while it is watched, and each thing is looked at once
//! more right before its repair. Nothing is deleted by a repair: what nobody owns is given a name that
//! says so. Without being named it is touched only where it can be nobody's but ours: a collection with
//! nothing but the document that makes it, one with a name that an organization's had or with a name
//! that only we give, an admin that we added to an organization that is gone.

use std::{
    collections::{HashMap, HashSet},
    sync::Arc,
};

use mongodb::bson::{Binary, Document, doc, oid::ObjectId, spec::BinarySubtype};

use super::{
    Inner, MongoStore,
    collection::{Renamed, lease_collection},
    connect::write_command,
    found::{Found, What},
    named::Candidate,
    quarantine::{RESTARTED, Watched},
    watch::{Activity, Mended, Server, Unmended},
};
use crate::{
    org::email_key,
    store::{Examination, Finding, Inconsistency, Patience, Repair, Result, StoreError},
};

/// Another doctor, or the program whose it is, was quicker.
const GONE: &str = "it no longer exists";

/// Everything that is watched before a repair.
struct Vigil {
    server: Server,
    patience: Patience,
    things: Vec<(Found, Option<Activity>)>,
}

impl MongoStore {
    pub(super) async fn examination(
        &self,
        operator: &str,
        wanted: &Examination<'_>,
    ) -> Result<Vec<Finding>> {
        if !wanted.fix {
            let found = self.inner.look_around(self.patience).await?;
            return Ok(found.into_iter().map(|found| found.finding(None)).collect());
        }
        self.inner.may_be_made_ready().await?;
        let before = self.inner.look_around(self.patience).await?;
        for name in wanted.quarantine {
            if !before.iter().any(|found| found.is_called(name)) {
                return Err(StoreError::nothing_to_quarantine(name));
            }
        }
        let (inner, operator) = (Arc::clone(&self.inner), operator.to_owned());
        let catching_up = async move { Ok(inner.catch_up_with_all(&operator).await) };
        let mut failed = self.whole(catching_up).await?;
        let wanted_of = |found: &Found| found.is_wanted(wanted.quarantine);
        let mut causes = HashMap::new();
        if self.inner.only_readable_because().is_none() {
            let vigil = self.inner.begin_to_watch(wanted_of, self.patience).await?;
            if !vigil.things.is_empty() {
                // Whoever stops waiting here has had nothing done.
                self.inner.wait(vigil.things.len(), self.patience, wanted.told).await;
                let inner = Arc::clone(&self.inner);
                causes = self.whole(async move { Ok(inner.mend(vigil).await) }).await??;
            }
        }
        let after = self.inner.look_around(self.patience).await?;
        let mut findings = Vec::new();
        let known: HashSet<String> = before.iter().map(Found::key).collect();
        let left: HashSet<String> = after.iter().map(Found::key).collect();
        for found in before {
            let tried = causes.remove(&found.key());
            if left.contains(&found.key()) {
                let why = match tried {
                    Some(Err(why)) => why.to_string(),
                    Some(Ok(_)) | None => {
                        failed.take().map_or_else(String::new, |failed| failed.to_string())
                    }
                };
                let tried = wanted_of(&found).then_some(why);
                findings.push(found.finding(tried));
            } else {
                let how = tried.and_then(Mended::ok).flatten();
                let how = how.unwrap_or_else(|| found.inconsistency.settled().to_owned());
                findings.push(Finding {
                    inconsistency: found.inconsistency,
                    repair: Repair::Done(how),
                });
            }
        }
        // What has come since is said as well.
        for found in after {
            if !known.contains(&found.key()) {
                findings.push(found.finding(None));
            }
        }
        Ok(findings)
    }
}

/// By what they are about: there may be very many.
fn by_key(found: &[Found]) -> HashMap<String, Vec<&Found>> {
    let mut by_key: HashMap<String, Vec<&Found>> = HashMap::new();
    for found in found {
        by_key.entry(found.key()).or_default().push(found);
    }
    by_key
}

/// What came of each repair, by its [`Found::key`]: how it was done, where there is something to
/// say.
type Causes = HashMap<String, Mended<Option<String>>>;

impl Inner {
    /// What any console does when it connects. Each goes on without the other; the first that failed is
    /// answered.
    async fn catch_up_with_all(&self, operator: &str) -> Option<StoreError> {
        let caught_up = self.catch_up(operator).await.err();
        let recovered = self.recover(operator).await.err();
        caught_up.or(recovered)
    }

    /// The first look at all that is to be repaired.
    async fn begin_to_watch(
        &self,
        wanted: impl Fn(&Found) -> bool,
        patience: Patience,
    ) -> Result<Vigil> {
        let server = self.server().await?;
        let mut things = Vec::new();
        for found in self.look_around(patience).await?.into_iter().filter(Found::is_watched) {
            if !wanted(&found) {
                continue;
            }
            let activity = match &found.what {
                What::Collection {
                    candidate: Candidate { collection: Some(name), .. }, ..
                } => self.activity(name).await?,
                What::OnConnecting
                | What::Collection { .. }
                | What::NoCollection { .. }
                | What::Admin { .. }
                | What::OtherEmails(_)
                | What::Copied(_)
                | What::ByHand(_) => None,
            };
            things.push((found, activity));
        }
        Ok(Vigil { server, patience, things })
    }

    /// The second look, and the repairs: one that fails keeps no other from being done.
    async fn mend(&self, vigil: Vigil) -> Result<Causes> {
        // Whatever another program was at is unknown where the server was not there all the time.
        let same_server = self.server().await?.is_still(&vigil.server);
        let still = self.look_around(vigil.patience).await?;
        let still = by_key(&still);
        let mut causes = HashMap::new();
        for (found, activity) in &vigil.things {
            let done = if !same_server {
                Err(Unmended::LeftAlone(RESTARTED))
            } else if still
                .get(&found.key())
                .is_some_and(|all| all.iter().any(|still| still.is(found)))
            {
                self.repair(found, activity.as_ref(), &vigil).await
            } else {
                Err(Unmended::LeftAlone("it changed while it was being watched; try again later"))
            };
            causes.insert(found.key(), done);
        }
        Ok(causes)
    }

    /// How; none where that is done without anything of its own.
    async fn repair(
        &self,
        found: &Found,
        before: Option<&Activity>,
        vigil: &Vigil,
    ) -> Mended<Option<String>> {
        let (server, patience) = (&vigil.server, vigil.patience);
        match &found.what {
            What::OnConnecting | What::ByHand(_) => Ok(None),
            What::Collection { candidate, .. } => {
                let Some(before) = before else {
                    return Err(Unmended::LeftAlone(GONE));
                };
                let watched = Watched { before, server, patience };
                self.quarantine_collection(candidate, &watched).await.map(Some)
            }
            What::NoCollection { record, collection } => {
                self.make_missing(record, collection).await.map(Some)
            }
            What::Admin { candidate, admin, .. } => {
                let now = self.server().await?;
                self.quarantine_admin(candidate, admin, &now, patience).await.map(Some)
            }
            What::Copied(database) => self.bring_home(database).await.map(Some),
            What::OtherEmails(org) => Ok(self.renew_other_emails(*org).await.map(|()| None)?),
        }
    }

    /// An empty collection for a record that still is the one that was read. It is made under a name that
    /// nobody else has, as a creation does it: a command that comes late takes no name from anybody.
    async fn make_missing(&self, record: &Document, collection: &str) -> Mended<String> {
        let own = lease_collection(ObjectId::new());
        // Nothing is there yet: it only shows whether both may be done, so that nothing is left behind.
        let nothing = Binary { subtype: BinarySubtype::Uuid, bytes: vec![0; 16] };
        self.rename_collection(&own, collection, &nothing).await?;
        self.drop_collection(&own, &nothing).await?;
        write_command(&self.db, doc! { "create": &own })
            .await
            .map_err(|error| self.errors.translate(&error))?;
        let Some(uuid) = self.uuid_of(&own).await? else { return Err(Unmended::LeftAlone(GONE)) };
        let made = self.move_missing(record, (&own, collection), &uuid).await;
        if !matches!(made, Ok(Renamed::Done)) {
            self.drop_collection(&own, &uuid).await?;
        }
        match made? {
            // Or somebody else has made it.
            Renamed::Done | Renamed::Taken => Ok("created an empty one".to_owned()),
            Renamed::Missing => Err(Unmended::LeftAlone(GONE)),
        }
    }

    async fn move_missing(
        &self,
        record: &Document,
        (own, collection): (&str, &str),
        uuid: &Binary,
    ) -> Mended<Renamed> {
        let itself = doc! { "_id": record.get("_id").cloned() };
        if self.find_one(&self.orgs, itself).await?.as_ref() != Some(record) {
            return Err(Unmended::LeftAlone("its record changed in the meantime"));
        }
        Ok(self.rename_collection(own, collection, uuid).await?)
    }
}

impl Found {
    /// What it is about, however many documents that has by now.
    fn key(&self) -> String {
        match &self.what {
            What::Collection { candidate: Candidate { collection: Some(name), .. }, .. } => {
                format!("collection {name}")
            }
            What::OnConnecting
            | What::Collection { .. }
            | What::NoCollection { .. }
            | What::Admin { .. }
            | What::OtherEmails(_)
            | What::Copied(_)
            | What::ByHand(_) => self.inconsistency.to_string(),
        }
    }

    /// Whether it is still the same. Of a collection the count of its writes says that.
    fn is(&self, before: &Self) -> bool {
        match self.what {
            What::Collection { .. } => self.what == before.what && self.key() == before.key(),
            What::OnConnecting
            | What::NoCollection { .. }
            | What::Admin { .. }
            | What::OtherEmails(_)
            | What::Copied(_)
            | What::ByHand(_) => self == before,
        }
    }

    /// Whether it is watched before it is repaired.
    fn is_watched(&self) -> bool {
        match self.what {
            What::OnConnecting | What::ByHand(_) => false,
            What::Collection { .. }
            | What::NoCollection { .. }
            | What::Admin { .. }
            | What::OtherEmails(_)
            | What::Copied(_) => true,
        }
    }

    /// Whether it is repaired, where these are named.
    fn is_wanted(&self, names: &[String]) -> bool {
        match &self.what {
            What::Collection { sure, .. } | What::Admin { sure, .. } => {
                *sure || names.iter().any(|name| self.is_called(name))
            }
            What::OnConnecting
            | What::NoCollection { .. }
            | What::OtherEmails(_)
            | What::Copied(_)
            | What::ByHand(_) => true,
        }
    }

    /// Whether this is the name that it is put into the quarantine by.
    fn is_called(&self, name: &str) -> bool {
        match &self.what {
            What::Collection { candidate, .. } => candidate.collection.as_deref() == Some(name),
            What::Admin { candidate, .. } => candidate.email.as_ref() == Some(&email_key(name)),
            What::OnConnecting
            | What::NoCollection { .. }
            | What::OtherEmails(_)
            | What::Copied(_)
            | What::ByHand(_) => false,
        }
    }

    /// One that is there, and why it still is where a repair was tried.
    fn finding(self, tried: Option<String>) -> Finding {
        let by_name = match self.what {
            What::Collection { sure: false, .. } | What::Admin { sure: false, .. } => {
                self.inconsistency.quarantined_as().cloned()
            }
            What::OnConnecting
            | What::Collection { .. }
            | What::NoCollection { .. }
            | What::Admin { .. }
            | What::OtherEmails(_)
            | What::Copied(_)
            | What::ByHand(_) => None,
        };
        let repair = match (&self.what, &self.inconsistency, tried) {
            (What::ByHand(help), ..) => Repair::ByHand(help),
            (_, Inconsistency::HalfDone { .. }, Some(why)) if why.is_empty() => {
                Repair::Failed("it may still be in progress: try again in ten seconds".to_owned())
            }
            (_, _, Some(why)) if why.is_empty() => Repair::Failed("try again".to_owned()),
            (_, _, Some(why)) => Repair::Failed(why),
            (_, _, None) => by_name.map_or(Repair::Possible, Repair::ByName),
        };
        Finding { inconsistency: self.inconsistency, repair }
    }
}
