//! The embedded database's file as version 6 of it was, without the index of trigrams, and as version 7, without
//! operators, and as version 10, without records that end by themselves.

use rusqlite::Connection;

/// Stops what keeps the index.
pub const WITHOUT_TRIGGERS: &str = "
    DROP TRIGGER organizations_search_insert;
    DROP TRIGGER organizations_search_delete;
    DROP TRIGGER organizations_search_update;";

const WITHOUT_OPERATORS: &str = "
    DROP TABLE short_lived;
    DROP TABLE imports;
    DROP TABLE second_factors;
    DROP TABLE operators;
    PRAGMA user_version = 7;";

const WITHOUT_INDEX: &str = "
    DROP TABLE short_lived;
    DROP TABLE imports;
    DROP TABLE second_factors;
    DROP TABLE operators;
    DROP TABLE organizations_grams;
    DROP TABLE organizations_search;
    DROP VIEW organizations_searched;
    PRAGMA user_version = 6;";

/// Makes a file of today one of version 10.
#[allow(dead_code, reason = "not every test target has one")]
pub fn downgrade_to_10(file: &Connection) {
    file.execute_batch("DROP TABLE short_lived; PRAGMA user_version = 10;").unwrap();
}

/// Makes a file of today one of version 7.
pub fn downgrade_to_7(file: &Connection) {
    file.execute_batch(WITHOUT_OPERATORS).unwrap();
}

/// Makes a file of today one of version 6.
pub fn downgrade(file: &Connection) {
    file.execute_batch(&format!("{WITHOUT_TRIGGERS}{WITHOUT_INDEX}")).unwrap();
}

/// The same, where [`WITHOUT_TRIGGERS`] was run.
pub fn drop_index(file: &Connection) {
    file.execute_batch(WITHOUT_INDEX).unwrap();
}
