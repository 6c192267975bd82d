//! Who somebody is: an e-mail and a password, looked at no more often than the count of attempts allows.

use std::{sync::Arc, time::Duration};

use mongodb::bson::oid::ObjectId;
use tokio::time::{Instant, sleep};

use super::{Error, Result, Tenancy, blocking};
use crate::{
    org::{Admin, Invalid, Org, PasswordHash, Secret},
    store::{Attempt, Line},
};

/// How long somebody waits in line before they are told to come back.
const PATIENCE: Duration = Duration::from_secs(30);

/// How long until whoever is in line asks again: the first time, and later.
const ASKS: (Duration, Duration) = (Duration::from_millis(20), Duration::from_millis(250));

impl Tenancy {
    /// The admin with this e-mail, among those of `trashed` where that is given, if the password is
    /// right; and how many wrong ones there were since the last right one. Takes as long, and says the
    /// same, whether there is such an admin or not. Whoever stops waiting leaves the line; a password
    /// that is being looked at is answered for all the same.
    pub(super) async fn verified(
        &self,
        email: &str,
        trashed: Option<&Org>,
        password: &Secret,
    ) -> Result<(Admin, u64)> {
        // What an empty one opens is open to everybody: it is a slip, and no attempt.
        if password.is_empty() {
            return Err(Invalid::PasswordEmpty.into());
        }
        let granted = self.in_line(email).await?;
        let (store, email) = (Arc::clone(&self.store), email.to_owned());
        let (trashed, password) = (trashed.cloned(), password.clone());
        let answered = tokio::spawn(async move {
            let admin = match &trashed {
                None => store.admin_with_email(&email).await?,
                Some(org) => store.admin_in_trash(org, &email).await?,
            };
            let hash = admin.as_ref().map_or_else(PasswordHash::nobodys, |a| a.password.clone());
            let right = blocking(move || hash.verify(&password)).await?;
            let admin = admin.filter(|_| right);
            let failures = store.answer_attempt(&email, granted, admin.is_some()).await?;
            admin.map(|admin| (admin, failures)).ok_or(Error::WrongLogin)
        });
        answered.await.map_err(|error| Error::Machine(error.to_string()))?
    }

    /// Waits for a place among those whose passwords are looked at; gives its identity.
    async fn in_line(&self, email: &str) -> Result<ObjectId> {
        let began = Instant::now();
        let (mut pause, longest) = ASKS;
        let mut line: Option<Line> = None;
        loop {
            match self.store.attempt(email, line).await? {
                Attempt::Granted(place) => return Ok(place),
                Attempt::Wait(left) => return Err(Error::Waiting(left)),
                Attempt::InLine(Line { left, .. }) if began.elapsed() > PATIENCE => {
                    return Err(Error::Waiting(left));
                }
                // What it was put in line with the first time is what counts.
                Attempt::InLine(place) => line = line.or(Some(place)),
            }
            sleep(pause).await;
            pause = (pause * 2).min(longest);
        }
    }
}
