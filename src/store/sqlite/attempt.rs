//! Attempts to log in: counted, and made to wait, in one write.

use std::time::Duration;

use bson::{DateTime, oid::ObjectId};
use rusqlite::{Connection, OptionalExtension};
use sha2::{Digest, Sha256};

use super::error::Attempt;
use crate::{
    org::email_key,
    store::{
        Attempt as LoginAttempt, AttemptResult, FREE_ATTEMPTS, LONGEST_WAIT, Line, hold_of,
        wait_after,
    },
};

/// After how many milliseconds an account that nobody tried any more is forgotten.
const KEPT: i64 = 30 * 24 * 60 * 60 * 1000;

/// An attempt that is not answered yet, and until when it has its place.
type Place = (ObjectId, i64);

/// What is kept of an account.
struct Account {
    failures: i64,
    looked_at: i64,
    until: i64,
    places: Vec<Place>,
}

/// Counts an attempt at `now`, in milliseconds since 1970; `line` where it has waited in line.
pub(super) fn count(
    tx: &Connection,
    email: &str,
    line: Option<Line>,
    now: i64,
) -> Attempt<LoginAttempt> {
    tx.prepare_cached("DELETE FROM login_attempts WHERE at < ?")?.execute([now - KEPT])?;
    let mut account = Account::read(tx, email, now)?;
    account.expire(now);
    let overtaken = line.is_some_and(|line| account.until > line.waited.timestamp_millis());
    if account.until > now || overtaken {
        account.failures = account.failures.saturating_add(1);
        account.write(tx, email, now)?;
        // Whoever was in line has at least a moment to wait.
        let left = u64::try_from(account.until - now).unwrap_or(0).max(1);
        return Ok(LoginAttempt::Wait(Duration::from_millis(left)));
    }
    let taken = i64::try_from(account.places.len()).unwrap_or(i64::MAX);
    if taken >= FREE_ATTEMPTS.saturating_sub(account.looked_at).max(1) {
        let first = account.places.iter().map(|(_, until)| until - now).min().unwrap_or(0);
        let left = Duration::from_millis(u64::try_from(first).unwrap_or(0));
        let waited = DateTime::from_millis(account.until);
        return Ok(LoginAttempt::InLine(Line { waited, left }));
    }
    let place = ObjectId::new();
    let number = account.looked_at.saturating_add(taken).saturating_add(1);
    account.places.push((place, after(now, hold_of(number))));
    account.write(tx, email, now)?;
    Ok(LoginAttempt::Granted(place))
}

/// Takes the answer to an attempt: how many failed before it, where it was right.
pub(super) fn answer(
    tx: &Connection,
    email: &str,
    place: ObjectId,
    result: AttemptResult,
    now: i64,
) -> Attempt<u64> {
    if result == AttemptResult::Right {
        return forget(tx, email, Some(place), now);
    }
    let mut account = Account::read(tx, email, now)?;
    let places = account.places.len();
    account.places.retain(|(id, _)| *id != place);
    if result == AttemptResult::Unfinished {
        account.write(tx, email, now)?;
        return Ok(0);
    }
    account.failures = account.failures.saturating_add(1);
    // A place that it had no longer is counted already.
    if account.places.len() < places {
        account.looked_at = account.looked_at.saturating_add(1);
        let wait = wait_after(account.looked_at);
        if wait > Duration::ZERO {
            account.until = after(now, wait);
        }
    }
    account.write(tx, email, now)?;
    Ok(0)
}

/// Forgets an account's failures, and `place`; how many there were. Others who are being answered keep
/// their places.
pub(super) fn forget(
    tx: &Connection,
    email: &str,
    place: Option<ObjectId>,
    now: i64,
) -> Attempt<u64> {
    let mut account = Account::read(tx, email, now)?;
    let failures = u64::try_from(account.failures).unwrap_or(0);
    account.places.retain(|(id, until)| Some(*id) != place && *until > now);
    if account.places.is_empty() {
        tx.prepare_cached("DELETE FROM login_attempts WHERE account = ?")?
            .execute([hash(email)])?;
    } else {
        (account.failures, account.looked_at, account.until) = (0, 0, 0);
        account.write(tx, email, now)?;
    }
    Ok(failures)
}

impl Account {
    fn read(tx: &Connection, email: &str, now: i64) -> Attempt<Self> {
        let found = tx
            .prepare_cached(
                "SELECT failures, looked_at, until, places FROM login_attempts WHERE account = ?",
            )?
            .query_row([hash(email)], |row| {
                Ok(Self {
                    failures: row.get(0)?,
                    // Less than none would be more guesses than there are.
                    looked_at: row.get::<_, i64>(1)?.max(0),
                    until: row.get(2)?,
                    places: places(row.get_ref(3)?.as_bytes().unwrap_or_default()),
                })
            })
            .optional()?;
        let none = || Self { failures: 0, looked_at: 0, until: 0, places: Vec::new() };
        let mut account = found.unwrap_or_else(none);
        // A clock that was put back since makes nobody wait longer than the last attempt did.
        account.until = account.until.min(after(now, wait_after(account.looked_at)));
        for (_, until) in &mut account.places {
            *until = (*until).min(after(now, LONGEST_WAIT));
        }
        Ok(account)
    }

    /// Counts those who never answered.
    fn expire(&mut self, now: i64) {
        let places = self.places.len();
        self.places.retain(|(_, until)| *until > now);
        let expired = i64::try_from(places - self.places.len()).unwrap_or(i64::MAX);
        self.looked_at = self.looked_at.saturating_add(expired);
    }

    fn write(&self, tx: &Connection, email: &str, now: i64) -> Attempt<()> {
        let places = self
            .places
            .iter()
            .flat_map(|(id, until)| id.bytes().into_iter().chain(until.to_be_bytes()));
        tx.prepare_cached(
            "INSERT OR REPLACE INTO login_attempts \
             (account, failures, looked_at, until, at, places) VALUES (?, ?, ?, ?, ?, ?)",
        )?
        .execute((
            hash(email),
            self.failures,
            self.looked_at,
            self.until,
            now,
            places.collect::<Vec<u8>>(),
        ))?;
        Ok(())
    }
}

/// As they are kept: the bytes of each identity, and those of its end.
fn places(bytes: &[u8]) -> Vec<Place> {
    let place = |bytes: &[u8]| {
        let (id, until) = bytes.split_at_checked(12)?;
        let id = ObjectId::from_bytes(id.try_into().ok()?);
        Some((id, i64::from_be_bytes(until.try_into().ok()?)))
    };
    bytes.chunks(20).filter_map(place).collect()
}

fn after(now: i64, time: Duration) -> i64 {
    now.saturating_add(time.as_millis().try_into().unwrap_or(i64::MAX))
}

/// People type passwords where their e-mail belongs: nothing of it can be read here.
fn hash(email: &str) -> [u8; 32] {
    Sha256::digest(email_key(email)).into()
}
