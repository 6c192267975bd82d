//! Purging the trash by a clock that anybody may set, and that nobody else checks.

use bson::DateTime;
use rusqlite::{Connection, OptionalExtension, Transaction};

use super::{SqliteStore, error::Attempt, examine, logged, read, write};
use crate::{
    org::{OperationKind, Org},
    store::{Entry, Finding, Jump, Purge, Result},
};

/// What the trash has too long at one moment.
struct Due {
    orgs: Vec<Org>,
    /// Why they stay there.
    jump: Option<Jump>,
    /// How far the audit log was looked at.
    number: i64,
}

impl SqliteStore {
    pub(super) async fn purge(&self, operator: &str, believed: bool) -> Result<Purge> {
        let mut purge = Purge::default();
        // Writing begins only where there is something to write: every console comes by here.
        if self.read_only.is_some() {
            return Ok(purge);
        }
        let now = DateTime::now().timestamp_millis();
        let due = self.read(move |tx| due(tx, now)).await?;
        if due.orgs.is_empty() {
            return Ok(purge);
        }
        if let Some(jump) = due.jump.filter(|_| !believed) {
            purge.findings.push(jump.finding(due.orgs.len()));
            return Ok(purge);
        }
        // Nothing goes for good, and unasked, out of a file that somebody may have to save things from.
        self.read(|tx| examine::sound(tx)).await?;
        let number = due.number;
        self.write(move |tx| believe(tx, number, now)).await?;
        // Each by itself: other consoles wait for one of them, and not for all.
        for org in due.orgs {
            let mut entry = Entry::about(operator, OperationKind::Purge, &org);
            entry.reason = "its time in the trash had expired".into();
            let gone = org.clone();
            let done = self.write(move |tx| logged(tx, &entry, write::delete(tx, &gone))).await;
            purge.note(&org, done);
        }
        self.forget_log().await;
        Ok(purge)
    }

    /// What is to be said of the trash where nothing is written.
    pub(super) async fn kept_by_the_clock(&self) -> Result<Option<Finding>> {
        let now = DateTime::now().timestamp_millis();
        let due = self.read(move |tx| due(tx, now)).await?;
        Ok(due.jump.filter(|_| !due.orgs.is_empty()).map(|jump| jump.finding(due.orgs.len())))
    }
}

fn due(tx: &Transaction, now: i64) -> Attempt<Due> {
    let orgs = read::expired(tx, now)?;
    if orgs.is_empty() {
        return Ok(Due { orgs, jump: None, number: 0 });
    }
    let (jump, number) = alibi(tx, now)?;
    Ok(Due { orgs, jump, number })
}

/// Goes through the audit log from where the clock was last believed until now: where the clock jumped,
/// if it did, the last time; and the last entry.
///
/// Not only the last entry: the first thing that is done by a wrong clock would be its alibi.
fn alibi(tx: &Connection, now: i64) -> Attempt<(Option<Jump>, i64)> {
    let believed: Option<(i64, Option<i64>)> = tx
        .prepare_cached("SELECT number, at FROM clock")?
        .query_row([], |row| Ok((row.get(0)?, row.get(1)?)))
        .optional()?;
    let (mut number, mut last) = believed.unwrap_or((0, None));
    let mut jump = None;
    let between = |from, to| Jump::between(DateTime::from_millis(from), DateTime::from_millis(to));
    let mut entries = tx.prepare_cached(
        "SELECT number, at FROM audit_log WHERE number > ? AND at IS NOT NULL ORDER BY number",
    )?;
    let mut entries = entries.query([number])?;
    while let Some(entry) = entries.next()? {
        let at = entry.get(1)?;
        jump = last.and_then(|last| between(last, at)).or(jump);
        number = entry.get(0)?;
        last = Some(at);
    }
    // Where nothing was ever done, nothing speaks for the clock.
    jump = between(last.unwrap_or(0), now).or(jump);
    Ok((jump, number))
}

/// From here on the clock is believed up to this entry of the audit log.
fn believe(tx: &Connection, number: i64, now: i64) -> Attempt<()> {
    tx.execute("DELETE FROM clock", [])?;
    tx.execute("INSERT INTO clock (number, at) VALUES (?, ?)", (number, now))?;
    Ok(())
}
