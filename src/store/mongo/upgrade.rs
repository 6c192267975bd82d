//! What is done before the first write, and whether it may be: reading, and connecting, write nothing at
//! all, so whatever a write stands on is made here.
//!
//! - A database in which there is nothing yet is given its indexes without a question.
//! - One of the old service is brought up to date by adding only, and only after a person agreed to that:
//!   [`Inner::upgrade`]. That they did is kept in the database, once for all consoles and for all later
//!   versions. Until then every write is refused, and all reads work.
//! - One that was agreed to has what was left half-done in it settled, and what the old service added since
//!   brought along.
//! - One that a newer version has changed is only read.

use std::{sync::PoisonError, time::Instant};

use mongodb::bson::{DateTime, Document, doc};

use super::{
    Inner,
    error::{code, code_of},
    migrate::Kind,
};
use crate::store::{Progress, Result, StoreError, UpgradePlan};

/// What this version makes of a database.
const VERSION: i32 = 4;

/// Where it is kept that somebody agreed: this document of a collection of ours.
pub(super) const COLLECTION: &str = "tenantry";
const SCHEMA: &str = "schema";

/// What there is before the first write.
enum Standing {
    /// Nothing at all.
    Fresh,
    /// What another program wrote, which nobody has agreed to bring up to date.
    Foreign,
    /// What was brought up to date before, by this version or an earlier one.
    Ours,
    /// What a newer version has changed.
    Newer(i32),
}

impl Inner {
    /// Only reads where a newer version has changed the database.
    pub(super) async fn look_for_newer(&self) -> Result<()> {
        if let Some(Standing::Newer(version)) = self.agreed().await? {
            self.only_readable(newer(version));
        }
        Ok(())
    }

    /// Makes ready what every write needs, the first time; and settles what was left half-done until then.
    pub(super) async fn ready(&self, operator: &str) -> Result<()> {
        self.may_write()?;
        let made = self.ready.get_or_try_init(async || match self.standing().await? {
            Standing::Foreign => Err(StoreError::NeedsUpgrade),
            Standing::Newer(version) => Err(StoreError::only_readable(&newer(version))),
            Standing::Fresh | Standing::Ours => self.make_ready(operator).await,
        });
        made.await.copied()
    }

    /// Refuses what [`Inner::ready`] would refuse, and does nothing else.
    pub(super) async fn may_be_made_ready(&self) -> Result<()> {
        self.may_write()?;
        match self.standing().await? {
            Standing::Foreign => Err(StoreError::NeedsUpgrade),
            Standing::Newer(version) => Err(StoreError::only_readable(&newer(version))),
            Standing::Fresh | Standing::Ours => Ok(()),
        }
    }

    async fn make_ready(&self, operator: &str) -> Result<()> {
        self.agree(operator).await?;
        self.index().await?;
        self.settle_expired().await?;
        // Neither an outcome that nobody learns of nor what only takes room keeps anything from being written.
        for settled in [
            self.settle_writes().await.map(drop),
            self.settle_imports().await.map(drop),
            self.settle_unknown().await,
        ] {
            if let Err(gone @ StoreError::Unreachable { .. }) = settled {
                return Err(gone);
            }
        }
        Ok(())
    }

    /// Before any operation: nothing half-done and nothing unclaimed is left, so far as that can be.
    pub(super) async fn prepare(&self, operator: &str) -> Result<()> {
        let began = Instant::now();
        self.prepare_now(operator).await?;
        *self.prepared.lock().unwrap_or_else(PoisonError::into_inner) = Some(began);
        Ok(())
    }

    /// As [`Inner::prepare`]; nothing where whoever has rules to check before an operation did that a moment
    /// ago, and nobody has begun another one since. What is left half-done is left alone for longer anyway.
    pub(super) async fn ensure_prepared(&self, operator: &str) -> Result<()> {
        self.may_write()?;
        let prepared = self.prepared.lock().unwrap_or_else(PoisonError::into_inner).take();
        match prepared {
            Some(since) if since.elapsed() < self.lease / 2 => Ok(()),
            Some(_) | None => self.prepare_now(operator).await,
        }
    }

    async fn prepare_now(&self, operator: &str) -> Result<()> {
        let was_ready = self.ready.initialized();
        self.ready(operator).await?;
        let settled = async { if was_ready { self.settle_expired().await } else { Ok(()) } };
        let (brought, looks) = (self.bring_some_along(), self.complete_looks());
        futures_util::future::try_join3(settled, brought, looks).await.map(|_| ())
    }

    /// Somebody agreed: from now on it may be written, and all of it is brought up to date.
    pub(super) async fn upgrade(&self, operator: &str, told: &Progress) -> Result<()> {
        self.may_write()?;
        if let Some(Standing::Newer(version)) = self.agreed().await? {
            return Err(StoreError::only_readable(&newer(version)));
        }
        self.ready.get_or_try_init(|| self.make_ready(operator)).await?;
        self.catch_up(operator).await?;
        self.bring_along(told).await
    }

    /// Whether nobody has agreed yet.
    pub(super) async fn needs_upgrade(&self) -> Result<bool> {
        Ok(!self.ready.initialized() && matches!(self.standing().await?, Standing::Foreign))
    }

    /// What an upgrade would add.
    pub(super) async fn upgrade_plan(&self) -> Result<UpgradePlan> {
        let (standing, [organizations, admins], listings, indexes) =
            futures_util::future::try_join4(
                self.standing(),
                self.how_many_lack(),
                self.how_many_lack_listings(),
                self.missing_indexes(),
            )
            .await?;
        if matches!(standing, Standing::Fresh) {
            return Ok(UpgradePlan { empty: true, ..UpgradePlan::nothing() });
        }
        let fields = [(Kind::Orgs, organizations), (Kind::Admins, admins)];
        let fields = fields.into_iter().filter(|(_, lack)| *lack > 0).map(|(kind, _)| {
            let fields = kind.added().iter().map(|field| (*field).to_owned()).collect();
            (self.collection(kind).name().to_owned(), fields)
        });
        let mut fields: Vec<(String, Vec<String>)> = fields.collect();
        if listings > 0 && organizations == 0 {
            fields.push((self.orgs.name().to_owned(), vec!["listing".to_owned()]));
        }
        let (asks, organizations) =
            (matches!(standing, Standing::Foreign), organizations + listings);
        Ok(UpgradePlan {
            empty: false,
            asks,
            organizations,
            admins,
            fields,
            indexes,
            formats: None,
        })
    }

    /// Notes that it may be written, and by which version it was.
    async fn agree(&self, operator: &str) -> Result<()> {
        let now = doc! { "_id": SCHEMA, "version": { "$gte": VERSION } };
        if self.find_one(&self.schema, now).await?.is_some() {
            return Ok(());
        }
        let update = doc! {
            // An earlier version does not keep what this one does, and only reads from now on.
            "$max": { "version": VERSION },
            "$setOnInsert": { "agreed_by": operator, "agreed_at": DateTime::now() },
        };
        match self.schema.update_one(doc! { "_id": SCHEMA }, update).upsert(true).await {
            // Two consoles at once.
            Err(error) if code_of(&error) != Some(code::DUPLICATE_KEY) => {
                Err(self.errors.translate(&error))
            }
            _ => Ok(()),
        }
    }

    /// What was agreed to; none where nothing was.
    async fn agreed(&self) -> Result<Option<Standing>> {
        let schema = self.find_one(&self.schema, doc! { "_id": SCHEMA }).await?;
        Ok(schema.map(|schema| match schema.get_i32("version") {
            Ok(version) if version <= VERSION => Standing::Ours,
            Ok(version) => Standing::Newer(version),
            // Whatever that is, this version did not write it.
            Err(_) => Standing::Newer(i32::MAX),
        }))
    }

    async fn standing(&self) -> Result<Standing> {
        if let Some(agreed) = self.agreed().await? {
            return Ok(agreed);
        }
        // Versions before this one kept no such document; whoever opened a database with them agreed.
        let ours = doc! { "claims": { "$type": "string" } };
        let (ours, org, admin) = futures_util::future::try_join3(
            self.find_one(&self.orgs, ours),
            self.find_one(&self.orgs, Document::new()),
            self.find_one(&self.admins, Document::new()),
        )
        .await?;
        Ok(match (ours, org.or(admin)) {
            (Some(_), _) => Standing::Ours,
            (None, Some(_)) => Standing::Foreign,
            (None, None) => Standing::Fresh,
        })
    }
}

fn newer(version: i32) -> String {
    format!(
        "a newer Tenantry has changed this database (format {version}; this one knows {VERSION}); update \
         this one"
    )
}
