//! What organizations keep for themselves alone.

use rusqlite::Connection;

use super::{error::Attempt, read};
use crate::org::{Claim, Org};
use crate::store::admit;

/// The first of the claims that somebody other than `own` holds is the error.
pub(super) fn none_taken<'a>(
    tx: &Connection,
    claims: impl IntoIterator<Item = &'a Claim>,
    own: Option<&Org>,
) -> Attempt<()> {
    for claim in claims {
        admit::unclaimed(claim, read::holder(tx, claim)?, own.map(|org| org.id))?;
    }
    Ok(())
}

pub(super) fn insert_claims(tx: &Connection, claims: &[Claim], row: i64) -> Attempt<()> {
    let mut insert = tx.prepare_cached("INSERT INTO claims (claim, org) VALUES (?, ?)")?;
    let mut look = tx.prepare_cached("INSERT INTO looks (look, org) VALUES (?, ?)")?;
    for claim in claims {
        match claim {
            Claim::Look(seen) => look.execute((seen, row))?,
            Claim::Name(_) | Claim::Collection(_) | Claim::Email(_) => {
                insert.execute((claim.to_string(), row))?
            }
        };
    }
    Ok(())
}
