//! Connections that fail, and what a person is told then.

use std::{
    net::TcpListener,
    time::{Duration, Instant},
};
use tenantry::store::traits::*;

use mongodb::{Client, bson::doc};
use tenantry::org::Claim;
use tenantry::store::{ListScope, PlaceKind, StoreError, UpgradePlan, mongo::MongoStore};

use crate::support::operations::Operations as _;
use crate::{
    fixture::{Scratch, new_org},
    support::{
        LESS_THAN_A_WAIT, LESS_THAN_TWO_WAITS, Stopwatch,
        access::USER_PASSWORD,
        mongod::{Mongod, free_port, standalone},
        until,
    },
};

/// Opens what cannot be opened, in five seconds at most.
async fn refused(uri: &str) -> StoreError {
    refused_on(uri, "tenantry_test").await
}

async fn refused_on(uri: &str, database: &str) -> StoreError {
    let begun = Stopwatch::started();
    let opened = MongoStore::open(uri, database, false).await;
    assert!(begun.elapsed() < LESS_THAN_TWO_WAITS, "{:?}", begun.elapsed());
    match opened {
        Ok(_) => panic!("{uri} was opened"),
        Err(error) => error,
    }
}

fn assert_says(error: &StoreError, parts: &[&str]) {
    let text = format!("{error}\n{}", error.help());
    for part in parts {
        assert!(text.contains(part), "{part:?} is not in {text:?}");
    }
}

#[tokio::test]
async fn servers_that_refuse_are_reported_at_once() {
    let address = format!("127.0.0.1:{}", free_port());
    let begun = Stopwatch::started();
    let error = refused(&format!("mongodb://ada:s3cret@{address}")).await;
    assert!(begun.elapsed() < LESS_THAN_A_WAIT, "{:?}", begun.elapsed());
    assert!(matches!(error, StoreError::Unreachable { .. }), "{error:?}");
    assert_says(&error, &[&address, "connection refused"]);
    assert!(!error.to_string().contains("s3cret"));

    let addresses = format!("{address},127.0.0.1:{}", free_port());
    let begun = Stopwatch::started();
    let error = refused(&format!("mongodb://{addresses}/?replicaSet=rs0")).await;
    assert!(begun.elapsed() < LESS_THAN_A_WAIT, "{:?}", begun.elapsed());
    assert_says(&error, &[&addresses, "connection refused"]);
}

/// Some of a replica set may be down: the others are waited for.
#[tokio::test]
async fn a_server_that_refuses_does_not_speak_for_the_others() {
    let silent = TcpListener::bind("127.0.0.1:0").unwrap();
    let silent = format!("{},127.0.0.1:{}", silent.local_addr().unwrap(), free_port());
    let begun = Instant::now();
    let error = refused(&format!("mongodb://{silent}/?replicaSet=rs0")).await;
    assert!(begun.elapsed() > Duration::from_secs(3), "{:?}", begun.elapsed());
    assert!(matches!(error, StoreError::Unreachable { .. }), "{error:?}");
}

#[tokio::test]
async fn a_host_that_does_not_exist_is_reported_within_five_seconds() {
    let error = refused("mongodb://no-such-host.invalid/").await;
    assert!(matches!(error, StoreError::Unreachable { .. }), "{error:?}");
    assert_says(&error, &["no-such-host.invalid", "host not found in DNS"]);
}

#[tokio::test]
async fn a_server_that_says_nothing_is_reported_within_five_seconds() {
    // Accepts connections, as the kernel does by itself, and never answers.
    let silent = TcpListener::bind("127.0.0.1:0").unwrap();
    let address = silent.local_addr().unwrap().to_string();
    let error = refused(&format!("mongodb://{address}")).await;
    assert!(matches!(error, StoreError::Unreachable { .. }), "{error:?}");
    assert_says(&error, &[&address, "timed out"]);
}

#[tokio::test]
async fn a_server_that_goes_away_later_is_reported_as_well() {
    let mut server = Mongod::start(&[]);
    let scratch = Scratch::on(server.uri(), "gone").await;
    let store = scratch.open().await;
    server.kill();
    let error = store.create(&new_org("acme", "ada@acme.com")).await.unwrap_err();
    assert!(matches!(error, StoreError::Unreachable { .. }), "{error:?}");
    assert_says(&error, &[&server.address()]);
    // The same store works again once the server does.
    server.restart();
    store.create(&new_org("acme", "ada@acme.com")).await.unwrap();
}

#[tokio::test]
async fn a_place_is_named_without_user_and_password() {
    let scratch = Scratch::new("place").await;
    let store = scratch.open().await;
    let place = store.place();
    assert_eq!(place.kind, PlaceKind::Mongo);
    assert!(scratch.uri.contains(&format!("@{}/?", place.address)), "{place:?}");
    assert!(!format!("{place:?}").contains(USER_PASSWORD), "{place:?}");
    assert_eq!(place.database, scratch.name());
}

#[tokio::test]
async fn a_wrong_password_and_a_missing_role_are_two_things() {
    let server = Mongod::start(&["--auth"]);
    // While there is no user yet, the server lets one in from its own machine.
    let admin = Client::with_uri_str(server.uri()).await.unwrap().database("admin");
    admin
        .run_command(doc! { "createUser": "root", "pwd": "r00t", "roles": ["root"] })
        .await
        .unwrap();
    let at = |who: &str| format!("mongodb://{who}@{}/?authSource=admin", server.address());
    let admin = Client::with_uri_str(at("root:r00t")).await.unwrap().database("admin");
    for (user, role) in [("reader", "read"), ("writer", "readWrite")] {
        let roles = [doc! { "role": role, "db": "tenants" }];
        admin
            .run_command(doc! { "createUser": user, "pwd": "p4ss", "roles": roles.to_vec() })
            .await
            .unwrap();
    }

    let error = refused_on(&at("root:s3cret"), "tenants").await;
    assert!(matches!(error, StoreError::Refused { .. }), "{error:?}");
    assert_says(&error, &["wrong user or password"]);
    assert!(!error.to_string().contains("s3cret"));

    let error = refused_on(&server.uri(), "tenants").await;
    assert!(matches!(error, StoreError::Refused { .. }), "{error:?}");
    assert_says(&error, &["requires a login", "add the user and the password"]);

    // Whoever may only read can look, without having to promise to write nothing.
    let store = MongoStore::open(&at("reader:p4ss"), "tenants", false).await.unwrap();
    let error = store.create(&new_org("acme", "ada@acme.com")).await.unwrap_err();
    assert!(matches!(error, StoreError::Refused { .. }), "{error:?}");
    assert_says(&error, &["may not do “insert” and “update” on tenants", "--read-only"]);
    assert_eq!(store.org_named("acme", ListScope::Live).await.unwrap(), None);

    let store = MongoStore::open(&at("writer:p4ss"), "tenants", false).await.unwrap();
    let org = store.create(&new_org("acme", "ada@acme.com")).await.unwrap();
    let name = tenantry::org::OrgName::parse("acme two").unwrap();
    let rename = tenantry::store::Change {
        collection: Some(tenantry::org::CollectionName::from_name(&name)),
        name: Some(name),
        ..Default::default()
    };
    let org = store.update(&org, &rename).await.unwrap();
    assert_eq!(store.statistics(&org).await.unwrap().documents, 1);
    store.delete(&org).await.unwrap();
}

#[tokio::test]
async fn tls_works_and_its_absence_is_put_in_words() {
    let directory = tempfile::tempdir().unwrap();
    let (authority, pem) = certificates();
    let (authority_file, pem_file) =
        (directory.path().join("ca.pem"), directory.path().join("server.pem"));
    std::fs::write(&authority_file, authority).unwrap();
    std::fs::write(&pem_file, pem).unwrap();
    let (authority_file, pem_file) = (authority_file.to_str().unwrap(), pem_file.to_str().unwrap());
    let server = Mongod::start(&[
        "--tlsMode",
        "requireTLS",
        "--tlsCertificateKeyFile",
        pem_file,
        "--tlsCAFile",
        authority_file,
        "--tlsAllowConnectionsWithoutCertificates",
    ]);

    let uri = format!("{}/?tls=true&tlsCAFile={authority_file}", server.uri());
    let store = MongoStore::open(&uri, "tenants", false).await.unwrap();
    store.create(&new_org("acme", "ada@acme.com")).await.unwrap();

    let error = refused(&server.uri()).await;
    assert!(matches!(error, StoreError::Unreachable { .. }), "{error:?}");
    assert_says(&error, &[&server.address(), "does it expect TLS", "tls=true"]);

    let error = refused(&format!("{}/?tls=true", server.uri())).await;
    assert_says(&error, &["certificate", "tlsCAFile="]);

    let error = refused(&format!("{}&tls=true", standalone())).await;
    assert_says(&error, &["does the server expect TLS"]);
}

/// An authority's certificate, and a server's with its key, for 127.0.0.1.
fn certificates() -> (String, String) {
    use rcgen::{BasicConstraints, CertificateParams, IsCa, Issuer, KeyPair};
    let key = KeyPair::generate().unwrap();
    let mut params = CertificateParams::new([]).unwrap();
    params.is_ca = IsCa::Ca(BasicConstraints::Unconstrained);
    params.distinguished_name.push(rcgen::DnType::CommonName, "test authority");
    let authority = params.self_signed(&key).unwrap();
    let issuer = Issuer::new(params, key);
    let server_key = KeyPair::generate().unwrap();
    let mut params =
        CertificateParams::new(["127.0.0.1".to_owned(), "localhost".to_owned()]).unwrap();
    params.distinguished_name.push(rcgen::DnType::CommonName, "test server");
    let server = params.signed_by(&server_key, &issuer).unwrap();
    (authority.pem(), format!("{}{}", server.pem(), server_key.serialize_pem()))
}

/// Waits until a server says of itself what it is.
async fn is(server: &Mongod, what: &str) {
    let uri = format!("{}/?directConnection=true", server.uri());
    let admin = Client::with_uri_str(uri).await.unwrap().database("admin");
    let hello = async || admin.run_command(doc! { "hello": 1 }).await.unwrap();
    until(what, async || hello().await.get_bool(what).unwrap_or(false)).await;
}

#[tokio::test]
async fn a_secondary_is_enough_to_read_and_is_called_what_it_is() {
    let mut first = Mongod::start(&["--replSet", "rs0"]);
    let second = Mongod::start(&["--replSet", "rs0", "--setParameter", "enableTestCommands=1"]);
    let uri = format!("{}/?directConnection=true", first.uri());
    let admin = Client::with_uri_str(uri).await.unwrap().database("admin");
    let members = [
        doc! { "_id": 0, "host": first.address() },
        doc! { "_id": 1, "host": second.address(), "priority": 0 },
    ];
    let config = doc! { "_id": "rs0", "members": members.to_vec() };
    admin.run_command(doc! { "replSetInitiate": config }).await.unwrap();
    is(&first, "isWritablePrimary").await;
    is(&second, "secondary").await;
    let both = format!("mongodb://{},{}", first.address(), second.address());
    let open = async |options: &str, read_only| {
        let uri = format!("{both}/?{options}");
        MongoStore::open(&uri, "tenants", read_only).await
    };
    let store = open("replicaSet=rs0&readPreference=secondary", false).await.unwrap();
    store.create(&new_org("acme", "ada@acme.com")).await.unwrap();
    let seen = store.org_named("acme", ListScope::Live).await.unwrap();
    assert!(seen.is_some(), "whoever writes reads from the primary, whatever is preferred");

    let direct = format!("{}/?directConnection=true", second.uri());
    let store = MongoStore::open(&direct, "tenants", false).await.unwrap();
    let because = store.only_readable_because().unwrap();
    for part in ["secondary", "rs0", &first.address(), "directConnection"] {
        assert!(because.contains(part), "{part}: {because}");
    }
    let org = store.org_named("acme", ListScope::Live).await.unwrap().unwrap();
    assert_eq!(store.statistics(&org).await.unwrap().documents, 1);

    let error = refused(&format!("{both}/?replicaSet=rs1")).await;
    assert_says(&error, &["“rs0”", "“rs1”"]);
    let error = refused(&format!("{}&replicaSet=rs1", standalone())).await;
    assert_says(&error, &["in no replica set", "“rs1”"]);

    first.kill();
    let error = refused(&format!("{both}/?replicaSet=rs0")).await;
    assert!(matches!(error, StoreError::Unreachable { .. }), "{error:?}");
    let store = open("replicaSet=rs0&readPreference=secondaryPreferred", true).await.unwrap();
    let org = store.org_named("acme", ListScope::Live).await.unwrap().unwrap();
    assert_eq!(store.statistics(&org).await.unwrap().documents, 1);
    assert_eq!(store.first_documents(&org, 5).await.unwrap().len(), 1);
    assert_eq!(store.admins(&org).await.unwrap().len(), 1);
    // And so is it to examine everything, to see what an upgrade would add, …
    assert_eq!(store.examine("tester@here", false).await.unwrap(), []);
    assert_eq!(store.upgrade_plan().await.unwrap(), UpgradePlan::nothing());
    assert!(store.holder(&Claim::Collection("org_acme".into())).await.unwrap().is_some());
    // … and to wait for an answer for as long as it says anything at all.
    let slow = doc! {
        "configureFailPoint": "failCommand",
        "mode": { "times": 1 },
        "data": { "failCommands": ["find"], "blockConnection": true, "blockTimeMS": 6_000 },
    };
    let admin = Client::with_uri_str(&direct).await.unwrap().database("admin");
    admin.run_command(slow).await.unwrap();
    assert!(store.org_named("acme", ListScope::Live).await.unwrap().is_some());
}
