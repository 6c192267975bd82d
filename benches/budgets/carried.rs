//! What is carried away and brought back: exports and imports of the real program, beside what the plain driver reads and
//! writes on the same server, one after the other.

use std::{
    fs,
    path::Path,
    process::{Command, Stdio},
    time::{Duration, Instant},
};

use mongodb::{
    Client,
    bson::{Document, RawDocumentBuf, doc},
};
use tenantry::store::mongo::MongoStore;

use crate::support::{operations::Operations as _, orgs::new_org};
use crate::table::Table;

const PROGRAM: &str = env!("CARGO_BIN_EXE_tenantry");
const HASH: &str = "$2b$12$Qm9keU5vYm9keU5vYm9keO5fDgS0rS9bnp3kYz2lO7vQvXhC1mGxK";
const BATCH: i32 = 10_000;
/// Of what the plain driver does.
const SHARE: f64 = 0.7;
/// In megabytes.
const PEAK: u64 = 100;

/// Exports and imports an organization with so many documents on a server.
pub async fn archives(table: &mut Table, what: &str, uri: &str, count: i32) {
    let home = tempfile::tempdir().expect("a directory");
    let client = Client::with_uri_str(uri).await.expect("the server");
    let store = MongoStore::open(uri, "carried", false).await.expect("it opens");
    store.create(&new_org("big", "big@example.com", HASH)).await.expect("an organization");
    let collection = client.database("carried").collection::<Document>("org_big");
    let document =
        |n: i32| doc! { "_id": n, "n": n, "text": "x".repeat(180), "who": { "name": "Ada" } };
    for from in (0..count).step_by(BATCH.unsigned_abs() as usize) {
        let some = (from..from + BATCH).map(document);
        collection.insert_many(some).ordered(false).await.expect("documents");
    }

    // Once before, so that all of it is in the server's memory for both.
    let _ = read(&client, "carried", "org_big").await;
    let (documents, plain) = read(&client, "carried", "org_big").await;
    let bytes: usize = documents.iter().map(|document| document.as_bytes().len()).sum();
    let archive = home.path().join("big.tar.zst");
    let named = archive.to_str().expect("a path");
    let (exported, peak) =
        run(&["--database", "carried", "org", "export", "big", "--to", named], uri, home.path());
    say(table, &format!("export of {what}"), bytes, (exported, plain), peak);

    let into = client.database("plain").collection::<RawDocumentBuf>("org_big");
    let begun = Instant::now();
    for some in documents.chunks(BATCH.unsigned_abs() as usize) {
        into.insert_many(some).ordered(true).await.expect("documents");
    }
    let plain = begun.elapsed();
    let (imported, peak) =
        run(&["--database", "imported", "org", "import", named], uri, home.path());
    say(table, &format!("import of {what}"), bytes, (imported, plain), peak);
    for name in ["carried", "plain", "imported"] {
        client.database(name).drop().await.expect("gone");
    }
}

/// Every document, as fast as the driver reads them.
async fn read(
    client: &Client,
    database: &str,
    collection: &str,
) -> (Vec<RawDocumentBuf>, Duration) {
    let collection = client.database(database).collection::<RawDocumentBuf>(collection);
    let (begun, mut documents) = (Instant::now(), Vec::new());
    let mut found = collection.find(doc! {}).batch_size(4_000).await.expect("a cursor");
    while found.advance().await.expect("a document") {
        documents.push(found.current().to_owned());
    }
    (documents, begun.elapsed())
}

/// How long a command takes, and the most memory that it has meanwhile, in kilobytes.
fn run(arguments: &[&str], uri: &str, home: &Path) -> (Duration, u64) {
    let begun = Instant::now();
    let mut child = Command::new(PROGRAM)
        .args(arguments)
        .env("HOME", home)
        .env("MONGODB_URI", uri)
        .stdout(Stdio::null())
        .spawn()
        .expect("it starts");
    let status = format!("/proc/{}/status", child.id());
    let mut peak = 0;
    loop {
        let text = fs::read_to_string(&status).unwrap_or_default();
        let most = text.lines().find_map(|line| line.strip_prefix("VmHWM:"));
        let most = most.and_then(|most| most.split_whitespace().next()?.parse().ok());
        peak = peak.max(most.unwrap_or(0));
        if let Some(ended) = child.try_wait().expect("a child") {
            assert!(ended.success(), "{arguments:?}");
            return (begun.elapsed(), peak);
        }
        std::thread::sleep(Duration::from_millis(5));
    }
}

fn say(table: &mut Table, what: &str, bytes: usize, (own, plain): (Duration, Duration), peak: u64) {
    #[expect(clippy::cast_precision_loss, reason = "they are shown with two digits")]
    let rate = |time: Duration| bytes as f64 / 1e6 / time.as_secs_f64();
    let share = plain.as_secs_f64() / own.as_secs_f64();
    let megabytes = peak * 1_024 / 1_000_000;
    let measured = format!(
        "{:.0} MB/s, {:.0} % of the driver's {:.0} MB/s, peak {megabytes} MB",
        rate(own),
        share * 100.0,
        rate(plain)
    );
    let budget = format!("{:.0} % of the plain driver, below {PEAK} MB", SHARE * 100.0);
    table.row(what, &budget, &measured, share >= SHARE && megabytes < PEAK);
}
