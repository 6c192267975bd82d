//! Who somebody is: an e-mail and a password, looked at no more often than the count of attempts allows.

use std::{sync::Arc, time::Duration};

use bson::oid::ObjectId;
use tokio::time::{Instant, sleep};

use crate::{
    org::{Invalid, Org, PasswordHash, Secret, email_as_stored, email_forms},
    store::{Attempt, AttemptResult, Line},
    tenancy::{
        Error, Result, Tenancy,
        admins::{admin_in_trash, admin_with_email},
        hashing::Place,
        session::Actor,
    },
};

/// How long somebody waits in line before they are told to come back.
const PATIENCE: Duration = Duration::from_secs(30);

/// How long until whoever is in line asks again: the first time, and later.
const ASKS: (Duration, Duration) = (Duration::from_millis(20), Duration::from_millis(250));

impl Tenancy {
    /// The operator with this e-mail, or else the admin, among those of `trashed` where that is given, if the password
    /// is right, and the code where the account has a second factor; and how many wrong ones there were since the last
    /// right one. The code is not used up here. Takes as long, and says the same, whether there is such an account or
    /// not. The place is one in the queue of hashes. Whoever stops waiting leaves the line; a password that is being
    /// looked at is answered for all the same.
    pub(in crate::tenancy) async fn verified(
        &self,
        place: Place,
        email: &str,
        trashed: Option<&Org>,
        password: &Secret,
        code: Option<&Secret>,
    ) -> Result<(Actor, u64)> {
        // What an empty one opens is open to everybody: it is a slip, and no attempt.
        if password.is_empty() {
            return Err(Invalid::PasswordEmpty.into());
        }
        // Whichever spelling is typed, it is one account's attempt.
        let account = email_as_stored(email);
        let (granted, place) = self.in_line(place, &account).await?;
        let (store, email) = (Arc::clone(&self.store), email.to_owned());
        let (trashed, password, code) = (trashed.cloned(), password.clone(), code.cloned());
        let key = self.shared.factor_key.clone();
        let answered = tokio::spawn(async move {
            let directory = store.directory().await?;
            let forms = email_forms(&email);
            let operator = forms.iter().find_map(|form| directory.with_email(form)).cloned();
            let admin = match &trashed {
                None => admin_with_email(&*store, &email).await?,
                Some(org) => admin_in_trash(&*store, org, &email).await?,
            };
            let actor = operator.map(Actor::Operator).or(admin.map(Actor::Admin));
            let hash = actor.as_ref().map_or_else(PasswordHash::nobodys, |a| a.password().clone());
            let right = place.run(move || hash.verify(&password)).await?;
            let proven = actor.filter(|_| right).ok_or(Error::WrongLogin).and_then(|actor| {
                actor.spend(code.as_ref(), key.as_deref())?;
                Ok(actor)
            });
            let result = match &proven {
                Ok(_) => AttemptResult::Right,
                Err(Error::CodeRequired | Error::FactorUnreadable(_)) => AttemptResult::Unfinished,
                Err(_) => AttemptResult::Wrong,
            };
            let failures = store.answer_attempt(&account, granted, result).await?;
            Ok((proven?, failures))
        });
        answered.await.map_err(|error| Error::Machine(error.to_string()))?
    }

    /// Waits until its password may be looked at; gives the identity of the attempt, and the place it has then. Whoever only waits in line holds none: many who try one e-mail keep nobody else out.
    async fn in_line(&self, place: Place, email: &str) -> Result<(ObjectId, Place)> {
        let began = Instant::now();
        let (mut pause, longest) = ASKS;
        let mut line: Option<Line> = None;
        let mut entered = Ok(place);
        loop {
            match entered {
                Err(full) if began.elapsed() > PATIENCE => return Err(full),
                // It is in line already, and asks again.
                Err(_) => {}
                Ok(place) => match self.store.attempt(email, line).await? {
                    Attempt::Granted(granted) => return Ok((granted, place)),
                    Attempt::Wait(left) => return Err(Error::Waiting(left)),
                    Attempt::InLine(Line { left, .. }) if began.elapsed() > PATIENCE => {
                        return Err(Error::Waiting(left));
                    }
                    // What it was put in line with the first time is what counts.
                    Attempt::InLine(place) => line = line.or(Some(place)),
                },
            }
            sleep(pause).await;
            pause = (pause * 2).min(longest);
            entered = self.shared.hashing.enter();
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::{
        store::{FREE_ATTEMPTS, Target},
        tenancy::{Caller, NewOrganization, Opened, Rules, open},
    };

    #[tokio::test(flavor = "multi_thread")]
    async fn a_crowd_in_line_for_one_email_keeps_nobody_else_out() {
        let caller = Caller::new("ada@here");
        let Opened { tenancy, demo } =
            open(&Target::Demo, &caller, Rules::default()).await.unwrap();
        let demo = demo.unwrap();
        let password = Secret::from("violet-harbor-42-lantern");
        let (name, email) = ("Initech".to_owned(), "pat@initech.com".to_owned());
        let new = NewOrganization { name, email: email.clone(), password: password.clone() };
        tenancy.create(&new).await.unwrap();
        // Logins that were killed in the middle: whoever comes next waits in line for seconds.
        for _ in 0..FREE_ATTEMPTS {
            tenancy.store.attempt(&demo.email, None).await.unwrap();
        }
        let crowd: Vec<_> = (0..400)
            .map(|_| {
                let (tenancy, email) = (tenancy.clone(), demo.email.clone());
                tokio::spawn(async move { tenancy.login(&email, &Secret::from("wrong")).await })
            })
            .collect();
        // More than there are places: once one is turned away, all are there.
        let full = async {
            while !crowd.iter().any(tokio::task::JoinHandle::is_finished) {
                sleep(ASKS.0).await;
            }
        };
        let _ = tokio::time::timeout(Duration::from_secs(2), full).await;
        let other = async {
            while let Err(error) = tenancy.login(&email, &password).await {
                assert_eq!(error, Error::Overloaded);
                sleep(ASKS.0).await;
            }
        };
        tokio::time::timeout(Duration::from_secs(6), other).await.unwrap();
        crowd.iter().for_each(tokio::task::JoinHandle::abort);
    }
}
