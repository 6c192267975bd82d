//! What can only be seen from within: a read that is given up, and a disk that is full.

use std::time::Duration;

use super::*;

#[tokio::test]
async fn a_read_nobody_waits_for_does_not_hold_up_the_next_call() {
    let store = SqliteStore::in_memory().unwrap();
    let endless = store.read(|tx| {
        let sql =
            "WITH RECURSIVE n (x) AS (SELECT 0 UNION ALL SELECT x FROM n) SELECT max(x) FROM n";
        Ok(tx.query_row(sql, [], |row| row.get::<_, i64>(0))?)
    });
    assert!(tokio::time::timeout(Duration::from_millis(50), endless).await.is_err());
    assert_eq!(store.count(Shelf::Live, None, 10).await, Ok(Count::default()));
}

#[tokio::test]
async fn a_write_nobody_waits_for_is_never_half_done() {
    let store = SqliteStore::in_memory().unwrap();
    let documents = vec![mongodb::bson::doc! { "a": 1 }; 5000];
    let insert = store.insert_documents("org_acme", &documents);
    assert!(tokio::time::timeout(Duration::ZERO, insert).await.is_err());
    let count = store.read(|tx| read::statistics(tx, "org_acme")).await.unwrap().documents;
    assert!([0, 5000].contains(&count), "{count}");
}
