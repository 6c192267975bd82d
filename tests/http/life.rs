//! A whole life, by a client script as old clients have it: unchanged, it runs against either service.

use std::path::Path;

use crate::{
    fastapi::{FastApi, python},
    serve::{OTHER_PASSWORD, PASSWORD, Plan, Serve},
    support::{access::OwnDatabase, mongod},
};

fn lives(url: &str) {
    let script = Path::new(env!("CARGO_MANIFEST_DIR")).join("tests/http/client.py");
    let output = python().arg(script).args([url, PASSWORD, OTHER_PASSWORD]).output().unwrap();
    let said = String::from_utf8_lossy(&output.stdout);
    let error = String::from_utf8_lossy(&output.stderr);
    assert!(output.status.success() && said == "done\n", "{said}{error}");
}

fn url(serve: &Serve) -> String {
    format!("http://{}", serve.address)
}

#[tokio::test]
async fn an_old_client_lives_with_the_service_it_was_written_for() {
    let database = OwnDatabase::on(mongod::standalone(), "life").await;
    let there = FastApi::on(&database.uri, database.name());
    lives(&format!("http://{}", there.address));
}

#[tokio::test]
async fn an_old_client_lives_with_ours_on_every_database() {
    let file = tempfile::tempdir().unwrap();
    let mut plans = vec![Plan::file(&file.path().join("tenantry.db"))];
    let standalone = OwnDatabase::on(mongod::standalone(), "life").await;
    let replica_set = OwnDatabase::on(mongod::replica_set().await, "life").await;
    plans.extend([&standalone, &replica_set].map(|own| Plan::on(&own.uri, own.name())));
    for plan in plans {
        lives(&url(&plan.serving("open = [\"create\", \"get\", \"update-name\"]").start()));
    }
}
