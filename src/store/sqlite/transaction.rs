//! Transactions: one change, whole or not at all.

use rusqlite::{Connection, Transaction, TransactionBehavior};

use super::{error::Attempt, place};

/// One change, whole or not at all.
pub(super) fn whole<T>(
    connection: &mut Connection,
    work: impl FnOnce(&Transaction) -> Attempt<T>,
) -> Attempt<T> {
    #[cfg(feature = "failpoints")]
    connection.progress_handler(
        1,
        Some(|| {
            crate::failpoint::step();
            false
        }),
    )?;
    let tx = connection.transaction_with_behavior(TransactionBehavior::Immediate)?;
    let done = work(&tx)?;
    place::is_in_place(&tx)?;
    tx.commit()?;
    #[cfg(feature = "failpoints")]
    crate::failpoint::reached(crate::failpoint::SQLITE_COMMITTED);
    Ok(done)
}
