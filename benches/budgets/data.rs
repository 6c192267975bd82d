//! Databases with very many organizations, filled in bulk: what is measured is the console, not how
//! long a million bcrypt hashes take.
//!
//! Names are in no order of `_id`, as in life, so a page of the list is rows from all over the file.

use std::{
    path::Path,
    time::{Duration, Instant},
};
use tenantry::store::traits::*;

use mongodb::{
    Client, IndexModel,
    bson::{DateTime, Document, doc, oid::ObjectId},
};
use rusqlite::Connection;
use tenantry::org::{grams, name_order, searchable};
use tenantry::store::sqlite::SqliteStore;

/// A prime that divides neither count: multiples of it go through all numbers, out of order.
const STRIDE: u32 = 7_919;
const FIRST_SECOND: i64 = 1_600_000_000;
const BATCH: u32 = 5_000;
const HASH: &str = "$2b$12$Qm9keU5vYm9keU5vYm9keO5fDgS0rS9bnp3kYz2lO7vQvXhC1mGxK";

/// The name of the first organization of every such list.
pub const FIRST: &str = "tenant 0000000";

/// A file with so many organizations, each with its admin, claims, collection and a document.
pub fn file(path: &Path, count: u32) {
    let begun = Instant::now();
    let runtime = tokio::runtime::Runtime::new().expect("an event loop");
    let store = SqliteStore::open(path, false).expect("a new file");
    runtime.block_on(store.prepare("tester@here")).expect("its tables");
    drop(store);
    let connection = Connection::open(path).expect("the file");
    let document = doc! { "initialized": true, "note": "Org data goes here" };
    let document = document.to_vec().expect("BSON");
    connection.execute_batch("CREATE TEMP TABLE first (bson)").expect("a table");
    connection.execute("INSERT INTO first VALUES (?)", [&document]).expect("a row");
    let settings =
        "PRAGMA synchronous = OFF; PRAGMA foreign_keys = OFF; PRAGMA cache_size = -500000";
    connection.execute_batch(settings).expect("settings");
    connection
        .execute_batch(
            "BEGIN; CREATE TEMP TABLE n (x INTEGER PRIMARY KEY, word, name_order, searchable)",
        )
        .expect("a table");
    {
        let mut insert =
            connection.prepare("INSERT INTO n VALUES (?, ?, ?, ?)").expect("a statement");
        for x in 1..=count {
            let word = format!("{:07}", u64::from(x) * u64::from(STRIDE) % u64::from(count));
            let (name, email) = (format!("tenant {word}"), format!("{word}@example.com"));
            let text = searchable(&name, &format!("org_tenant_{word}"), [email.as_str()]);
            insert.execute((x, word, name_order(&name), text)).expect("a row");
        }
    }
    let fill = format!(
        "INSERT INTO admins (id, email, email_key, password, created_at)
             SELECT CAST(printf('a%011d', x) AS BLOB), word || '@example.com',
                    word || '@example.com', '{HASH}', ({FIRST_SECOND} + x) * 1000 FROM n;
         INSERT INTO organizations (row, id, name, name_key, collection, admin_id, admin_email,
                                    email_key, created_at, database, revision, name_order, searchable)
             SELECT x, CAST(printf('o%011d', x) AS BLOB), 'tenant ' || word, 'tenant ' || word,
                    'org_tenant_' || word, CAST(printf('a%011d', x) AS BLOB),
                    word || '@example.com', word || '@example.com', ({FIRST_SECOND} + x) * 1000,
                    'master_organization_db', 0, name_order, searchable FROM n;
         INSERT INTO claims SELECT 'collection:org_tenant_' || word, x FROM n ORDER BY word;
         INSERT INTO claims SELECT 'email:' || word || '@example.com', x FROM n ORDER BY word;
         INSERT INTO looks SELECT 'tenant ' || word, x FROM n ORDER BY word;
         INSERT INTO claims SELECT 'name:tenant ' || word, x FROM n ORDER BY word;
         INSERT INTO collections (row, name, documents, bytes)
             SELECT x, 'org_tenant_' || word, 1, {} FROM n;
         INSERT INTO documents (collection, key, bson)
             SELECT x, CAST(x'07' || printf('%012d', x) AS BLOB), bson FROM n, first;
         COMMIT; PRAGMA wal_checkpoint (TRUNCATE);",
        document.len()
    );
    connection.execute_batch(&fill).expect("the file is filled");
    eprintln!("  a file with {count} organizations took {:.1?}", begun.elapsed());
}

/// Adds so many documents to an organization's collection in the file.
pub fn add_documents(path: &Path, collection: &str, count: u32) {
    let mut connection = Connection::open(path).expect("the file");
    let tx = connection.transaction().expect("a transaction");
    let row: i64 = tx
        .query_row("SELECT row FROM collections WHERE name = ?", [collection], |row| row.get(0))
        .expect("the collection");
    let mut insert = tx
        .prepare("INSERT INTO documents (collection, key, bson) VALUES (?, ?, ?)")
        .expect("a statement");
    let mut bytes = 0;
    for n in 0..count {
        let id = ObjectId::new();
        let bson = doc! { "_id": id, "n": n, "text": "as much as a small document has" };
        let bson = bson.to_vec().expect("BSON");
        let key = [&[7_u8][..], &id.bytes()].concat();
        insert.execute((row, key, &bson)).expect("a row");
        bytes += bson.len();
    }
    drop(insert);
    tx.execute(
        "UPDATE collections SET documents = documents + ?, bytes = bytes + ? WHERE row = ?",
        (count, bytes, row),
    )
    .expect("the count");
    tx.commit().expect("a commit");
}

/// The same list on a server, without admins and collections, which a list never reads. The indexes
/// are made when a console opens it.
pub async fn server(uri: &str, database: &str, count: u32) {
    let begun = Instant::now();
    let client = Client::with_uri_str(uri).await.expect("the server's URI parses");
    let orgs = client.database(database).collection::<Document>("organizations");
    for from in (1..=count).step_by(BATCH as usize) {
        let batch = (from..=count.min(from + BATCH - 1)).map(|x| {
            let word = format!("{:07}", u64::from(x) * u64::from(STRIDE) % u64::from(count));
            let name = format!("tenant {word}");
            let collection = format!("org_tenant_{word}");
            let email = format!("{word}@example.com");
            let created_at = DateTime::from_millis((FIRST_SECOND + i64::from(x)) * 1000);
            let text = searchable(&name, &collection, [email.as_str()]);
            doc! {
                "organization_name": &name,
                "collection_name": &collection,
                "admin_id": ObjectId::new().to_hex(),
                "admin_email": &email,
                "created_at": created_at,
                "connection_details": { "database": database, "collection": &collection },
                "name_key": &name,
                "look": &name,
                "look_as_typed": &name,
                "email_key": &email,
                "created_key": created_at,
                "seen": {
                    "organization_name": &name,
                    "collection_name": &collection,
                    "admin_email": &email,
                },
                "listing": {
                    "key": name_order(&name), "text": &text, "grams": grams(&text),
                },
                "revision": 0_i64,
                "claims": [
                    format!("name:{name}"), format!("look:{name}"),
                    format!("collection:{collection}"), format!("email:{email}"),
                ],
            }
        });
        orgs.insert_many(batch).ordered(false).await.expect("the server takes them");
    }
    eprintln!("  a server with {count} organizations took {:.1?}", begun.elapsed());
}

/// So many organizations and their admins as the service before this program wrote them. How long the
/// server took for them.
pub async fn service(uri: &str, database: &str, count: u32) -> Duration {
    let client = Client::with_uri_str(uri).await.expect("the server's URI parses");
    let database = client.database(database);
    let [orgs, admins] =
        ["organizations", "admins"].map(|name| database.collection::<Document>(name));
    let mut took = Duration::ZERO;
    for from in (1..=count).step_by(BATCH as usize) {
        let (mut some_orgs, mut some_admins) = (Vec::new(), Vec::new());
        for x in from..=count.min(from + BATCH - 1) {
            let (name, admin) = (format!("Tenant_{x:07}"), ObjectId::new());
            let (collection, email) = (format!("org_{name}"), format!("{x:07}@example.com"));
            let created_at = DateTime::from_millis((FIRST_SECOND + i64::from(x)) * 1000);
            some_admins.push(doc! {
                "_id": admin, "email": &email, "password": HASH, "created_at": created_at,
            });
            some_orgs.push(doc! {
                "organization_name": &name,
                "collection_name": &collection,
                "admin_id": admin.to_hex(),
                "admin_email": &email,
                "created_at": created_at,
                "connection_details": { "database": database.name(), "collection": &collection },
            });
        }
        let begun = Instant::now();
        admins.insert_many(some_admins).await.expect("the server takes them");
        orgs.insert_many(some_orgs).await.expect("the server takes them");
        took += begun.elapsed();
    }
    took
}

/// An index on the names, which the service before this program did not make.
pub async fn index_names(uri: &str, database: &str) {
    let client = Client::with_uri_str(uri).await.expect("the server's URI parses");
    let orgs = client.database(database).collection::<Document>("organizations");
    let by_name = IndexModel::builder().keys(doc! { "organization_name": 1 }).build();
    orgs.create_index(by_name).await.expect("an index");
}

/// Adds so many documents to a collection on a server.
pub async fn add_documents_on_server(uri: &str, database: &str, collection: &str, count: u32) {
    let client = Client::with_uri_str(uri).await.expect("the server's URI parses");
    let documents = client.database(database).collection::<Document>(collection);
    for from in (0..count).step_by(BATCH as usize) {
        let batch = (from..count.min(from + BATCH))
            .map(|n| doc! { "n": n, "text": "as much as a small document has" });
        documents.insert_many(batch).ordered(false).await.expect("the server takes them");
    }
}
