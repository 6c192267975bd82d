//! Requests that are repeated with the same `Idempotency-Key`, since their answer was lost.

use std::{fs, path::Path, thread};

use serde_json::{Value, json};

use crate::{
    client::{Answer, Request},
    serve::PASSWORD,
    world::{OPS, World, id},
};

const KEY: &str = "3f1c9a52-7d60-4b1e-9c3e-5d0a6b7f8e21";

fn creation(token: &str, key: &str, name: &str) -> Request {
    let email = format!("{name}@example.com");
    let body = json!({ "organization_name": name, "email": email, "password": PASSWORD });
    Request::new("POST", "/v1/organizations")
        .json(&body)
        .bearer(token)
        .header("Idempotency-Key", key)
}

fn is_replayed(answer: &Answer) -> bool {
    answer.header("idempotency-replayed") == Some("true")
}

fn names(world: &World, token: &str) -> Vec<Value> {
    let list = world.send(&Request::get("/v1/organizations").bearer(token)).expect(200);
    let all = list["organizations"].as_array().unwrap();
    all.iter().map(|org| org["organization_name"].clone()).collect()
}

#[test]
fn a_repeated_request_is_done_once_and_answered_again() {
    let world = World::new();
    let token = world.token(OPS);
    let first = world.send(&creation(&token, KEY, "acme"));
    let org = first.expect(201);
    assert!(!is_replayed(&first), "{first:?}");
    // Also after another login: it is the same operator.
    for token in [token.clone(), world.token(OPS)] {
        let again = world.send(&creation(&token, KEY, "acme"));
        assert_eq!(again.expect(201), org);
        assert!(is_replayed(&again), "{again:?}");
        assert_eq!(again.header("location"), first.header("location"));
    }
    assert_eq!(names(&world, &token), ["acme"]);
    // It is answered as it is now.
    let place = format!("/v1/organizations/{}", id(&org));
    let rename = json!({ "organization_name": "acme two" });
    world.send(&Request::new("PATCH", &place).json(&rename).bearer(&token)).expect(200);
    let again = world.send(&creation(&token, KEY, "acme")).expect(201);
    assert_eq!(again["organization_name"], "acme two");
    // What has no body is answered without one.
    let removal = Request::new("DELETE", &place).bearer(&token).header("Idempotency-Key", "2");
    assert_eq!(world.send(&removal).status, 200);
    let purge = Request::new("POST", &format!("{place}/purge"))
        .json(&json!({ "confirm": "acme two" }))
        .bearer(&token)
        .header("Idempotency-Key", "3");
    assert_eq!(world.send(&purge).status, 204);
    let again = world.send(&purge);
    assert!(again.status == 204 && is_replayed(&again), "{again:?}");
}

#[test]
fn a_key_is_for_one_request_of_one_caller() {
    let world = World::new();
    let token = world.token(OPS);
    world.send(&creation(&token, KEY, "acme")).expect(201);
    let other = world.send(&creation(&token, KEY, "globex")).expect(422);
    assert!(other["detail"].as_str().unwrap().contains("another request"), "{other}");
    // Somebody else's keys are others.
    let eve = world.operator("operator");
    world.send(&creation(&eve, KEY, "initech")).expect(201);
    // What was refused can be sent again with the mistake corrected.
    let refused = world.send(&creation(&token, "mistake", "acme")).expect(409);
    assert!(refused["detail"].as_str().unwrap().contains("acme"), "{refused}");
    world.send(&creation(&token, "mistake", "umbrella")).expect(201);
    for useless in ["", " ", &"k".repeat(256), "smörgås"] {
        world.send(&creation(&token, useless, "hooli")).expect(400);
    }
    // Without a login, a key is worth nothing.
    world.send(&creation("none", KEY, "acme")).expect(401);
    assert_eq!(names(&world, &token), ["acme", "initech", "umbrella"]);
}

#[test]
fn of_many_that_are_sent_at_once_one_is_done() {
    let world = World::new();
    let token = world.token(OPS);
    let answers: Vec<Answer> = thread::scope(|scope| {
        let senders: Vec<_> =
            (0..8).map(|_| scope.spawn(|| world.send(&creation(&token, KEY, "acme")))).collect();
        senders.into_iter().map(|sender| sender.join().unwrap()).collect()
    });
    let done: Vec<&Answer> = answers.iter().filter(|answer| answer.status == 201).collect();
    assert_eq!(done.iter().filter(|answer| !is_replayed(answer)).count(), 1, "{answers:?}");
    for waits in answers.iter().filter(|answer| answer.status != 201) {
        assert_eq!(waits.status, 409, "{waits:?}");
        assert!(waits.header("retry-after").is_some(), "{waits:?}");
    }
    assert_eq!(names(&world, &token), ["acme"]);
}

/// Everything in a directory.
fn bytes(of: &Path) -> Vec<u8> {
    let files = fs::read_dir(of).unwrap().map(|file| file.unwrap().path());
    files.filter(|file| file.is_file()).flat_map(|file| fs::read(file).unwrap()).collect()
}

#[test]
fn a_code_is_shown_once_and_neither_it_nor_the_key_is_kept() {
    let world = World::new();
    let token = world.token(OPS);
    let org = world.create(&token, "acme", "ada@acme.com");
    let addition = Request::new("POST", &format!("/v1/organizations/{}/admins", id(&org)))
        .json(&json!({ "email": "bob@acme.com" }))
        .bearer(&token)
        .header("Idempotency-Key", KEY);
    let code = world.send(&addition).expect(201)["code"].as_str().unwrap().to_owned();
    let again = world.send(&addition);
    assert!(again.status == 201 && is_replayed(&again), "{again:?}");
    assert!(again.body.is_empty(), "{again:?}");
    let stored = bytes(world.home.path());
    let holds = |what: &str| stored.windows(what.len()).any(|part| part == what.as_bytes());
    assert!(holds("bob@acme.com"));
    for secret in [code.as_str(), KEY, PASSWORD] {
        assert!(!holds(secret), "{secret}");
    }
}
