//! Attempts to log in: counted, and made to wait, in one write.

use std::time::Duration;

use rusqlite::{Connection, OptionalExtension};
use sha2::{Digest, Sha256};

use super::error::Attempt;
use crate::{
    org::email_key,
    store::{Attempt as LoginAttempt, wait_after},
};

/// After how many milliseconds an account that nobody tried any more is forgotten.
const KEPT: i64 = 30 * 24 * 60 * 60 * 1000;

/// Counts an attempt at `now`, in milliseconds since 1970.
pub(super) fn count(tx: &Connection, email: &str, now: i64) -> Attempt<LoginAttempt> {
    tx.prepare_cached("DELETE FROM login_attempts WHERE at < ?")?.execute([now - KEPT])?;
    let account = account(email);
    let (failures, looked_at, until): (i64, i64, i64) = tx
        .prepare_cached("SELECT failures, looked_at, until FROM login_attempts WHERE account = ?")?
        .query_row([account], |row| Ok((row.get(0)?, row.get(1)?, row.get(2)?)))
        .optional()?
        .unwrap_or((0, 0, now));
    // A clock that was put back since makes nobody wait longer than the last attempt did.
    let until = until.min(after(now, looked_at));
    let left = u64::try_from(until - now).unwrap_or(0);
    let (answer, looked_at, until) = if left > 0 {
        (LoginAttempt::Wait(Duration::from_millis(left)), looked_at, until)
    } else {
        let looked_at = looked_at.saturating_add(1);
        (LoginAttempt::Granted, looked_at, after(now, looked_at))
    };
    tx.prepare_cached(
        "INSERT OR REPLACE INTO login_attempts (account, failures, looked_at, until, at) \
         VALUES (?, ?, ?, ?, ?)",
    )?
    .execute((account, failures.saturating_add(1), looked_at, until, now))?;
    Ok(answer)
}

/// Forgets an account's attempts; how many there were.
pub(super) fn forget(tx: &Connection, email: &str) -> Attempt<u64> {
    let failures: Option<i64> = tx
        .prepare_cached("DELETE FROM login_attempts WHERE account = ? RETURNING failures")?
        .query_row([account(email)], |row| row.get(0))
        .optional()?;
    Ok(failures.and_then(|failures| failures.try_into().ok()).unwrap_or(0))
}

/// Until when an account waits that was looked at so often, and last at `now`.
fn after(now: i64, looked_at: i64) -> i64 {
    let wait = wait_after(looked_at).as_millis();
    now.saturating_add(wait.try_into().unwrap_or(i64::MAX))
}

/// People type passwords where their e-mail belongs: nothing of it can be read here.
fn account(email: &str) -> [u8; 32] {
    Sha256::digest(email_key(email)).into()
}
