//! How many files the server has open, of how many.

use tenantry::store::{mongo::MongoStore, traits::*};

use crate::{fixture::Scratch, support::mongod};

#[tokio::test]
async fn whoever_may_ask_is_told_how_many_files_the_server_has_open() {
    let scratch = Scratch::new("files").await;
    // A user of the manual's role may not: that is no fault.
    assert_eq!(scratch.look().await.open_files().await.unwrap(), None);
    let almighty = MongoStore::open(&mongod::standalone(), scratch.name(), true).await.unwrap();
    let files = almighty.open_files().await.unwrap().unwrap();
    // The catalog, the sizes and the log are always there.
    assert!(files.open > 3 && files.open < files.most, "{files:?}");
    assert!(!files.are_nearly_all(), "{files:?}");
}
