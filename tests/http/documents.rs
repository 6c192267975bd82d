//! The documents of an organization over HTTP.

use serde_json::{Value, json};

use crate::{
    client::Request,
    serve::Plan,
    world::{OPS, World, id},
};

/// acme's documents, for the operator.
struct Documents {
    world: World,
    token: String,
    place: String,
}

impl Documents {
    fn of(world: World) -> Self {
        let token = world.token(OPS);
        let acme = id(&world.create(&token, "acme", "ada@acme.com"));
        Self { place: format!("/v1/organizations/{acme}/documents"), world, token }
    }

    fn send(&self, request: Request) -> crate::client::Answer {
        self.world.send(&request.bearer(&self.token))
    }

    fn get(&self, rest: &str) -> crate::client::Answer {
        self.send(Request::get(&format!("{}{rest}", self.place)))
    }

    fn insert(&self, document: &Value) -> crate::client::Answer {
        self.send(Request::new("POST", &self.place).json(document))
    }

    fn request(&self, method: &str, id: &str) -> Request {
        Request::new(method, &format!("{}/{id}", self.place))
    }
}

#[tokio::test]
async fn a_document_lives_and_is_changed_only_as_it_was_read() {
    for world in World::each("documents").await {
        let documents = Documents::of(world);
        let total =
            json!({ "number": "INV-1", "total": { "$numberDecimal": "120.50" }, "paid": false });
        let inserted = documents.insert(&total);
        let place = inserted.header("location").unwrap().to_owned();
        let tag = inserted.header("etag").unwrap().to_owned();
        assert_eq!(inserted.header("cache-control"), Some("no-store"));
        let document = inserted.expect(201);
        let id = document["_id"]["$oid"].as_str().unwrap();
        assert_eq!(place, format!("{}/{id}", documents.place));
        let shown = documents.send(Request::get(&place));
        assert_eq!(shown.header("etag"), Some(&*tag));
        assert_eq!(shown.expect(200), document);
        assert_eq!(documents.get("/count").expect(200), json!({ "documents": 2 }));
        assert_eq!(documents.get("/count?filter=number:INV-*").expect(200)["documents"], 1);

        // Single fields: a bare number keeps its type, and what is not there is made.
        let change = json!({ "set": { "total": 99, "address.city": "Oslo", "paid": true } });
        let changed = documents.send(Request::new("PATCH", &place).json(&change));
        let now = changed.expect(200);
        let paths: Vec<_> = now.as_object().unwrap().keys().collect();
        assert_eq!(paths.len(), 5, "{now}");
        assert_eq!(now["total"], json!({ "$numberDecimal": "99" }));
        assert_eq!((&now["address"]["city"], &now["paid"]), (&json!("Oslo"), &json!(true)));
        let canonical = documents.send(Request::get(&format!("{place}?format=canonical")));
        assert_eq!(canonical.header("etag"), changed.header("etag"));
        let drop = json!({ "unset": ["address"] });
        let stale = Request::new("PATCH", &place).json(&drop).header("If-Match", &tag);
        documents.send(stale).expect(412);
        let fresh = Request::new("PATCH", &place).json(&drop);
        let dropped = documents.send(fresh.header("If-Match", changed.header("etag").unwrap()));
        assert_eq!(dropped.expect(200)["address"], Value::Null);

        // Another one in its place keeps the _id.
        let put = Request::new("PUT", &place).json(&json!({ "number": "INV-2", "n": 5 }));
        documents.send(put.clone().header("If-Match", &tag)).expect(412);
        let put = documents.send(put.header("If-Match", dropped.header("etag").unwrap()));
        assert_eq!(put.expect(200), json!({ "_id": { "$oid": id }, "number": "INV-2", "n": 5 }));
        let other = Request::new("PUT", &place).json(&json!({ "_id": 7 }));
        documents.send(other).expect(422);

        documents.send(Request::new("DELETE", &place).header("If-Match", &tag)).expect(412);
        assert_eq!(documents.send(Request::new("DELETE", &place)).status, 204);
        for gone in ["GET", "DELETE"] {
            documents.send(Request::new(gone, &place)).expect(404);
        }
        documents.send(Request::new("PUT", &place).json(&json!({}))).expect(404);
        let said = documents.world.audit();
        for action in ["insert-document", "change-document", "delete-document"] {
            assert!(said.contains(action), "{action}: {said}");
        }
        assert!(said.contains("total") && !said.contains("INV-1") && !said.contains("Oslo"));
    }
}

#[tokio::test]
async fn documents_are_read_page_by_page_filtered_and_sorted() {
    for world in World::each("pages").await {
        let documents = Documents::of(world);
        for n in 0..25 {
            documents.insert(&json!({ "_id": n, "n": n, "even": n % 2 == 0 })).expect(201);
        }
        let read = |query: &str| {
            let (mut all, mut after) = (Vec::new(), String::new());
            loop {
                let page = documents.get(&format!("?limit=7&{query}{after}")).expect(200);
                let some = page["documents"].as_array().unwrap();
                assert!(some.len() <= 7);
                all.extend(some.iter().map(|one| one["n"].as_i64().unwrap()));
                let Some(next) = page["next"].as_str() else { break all };
                after = format!(
                    "&after={}",
                    form_urlencoded::byte_serialize(next.as_bytes()).collect::<String>()
                );
            }
        };
        assert_eq!(read("filter=n%3E%3D0"), (0..25).collect::<Vec<_>>());
        assert_eq!(read("filter=n%3E%3D0&sort=-_id"), (0..25).rev().collect::<Vec<_>>());
        assert_eq!(read("filter=%7Beven:true%7D"), (0..25).step_by(2).collect::<Vec<_>>());
        let canonical = documents.get("?filter=n:3&format=canonical").expect(200);
        assert_eq!(canonical["documents"][0]["n"], json!({ "$numberInt": "3" }));
        assert_eq!(canonical["next"], Value::Null);
        for wrong in [
            "limit=0",
            "limit=1001",
            "limit=x",
            "filter=%7B%24where:1%7D",
            "filter=%7B",
            "sort=n",
            "format=shell",
            "fitler=n:1",
            "limit=1&limit=2",
        ] {
            let refused = documents.get(&format!("?{wrong}")).expect(422);
            assert!(refused["detail"].is_string() && refused["help"].is_string(), "{refused}");
        }
    }
}

#[test]
fn an_id_of_any_type_is_found() {
    let documents = Documents::of(World::new());
    for (value, typed) in [
        (json!("a/b?c#d %41\u{202e}"), None),
        (json!("count"), None),
        (json!(7), Some("7")),
        (json!("7"), Some("%227%22")),
        (json!("6b03591144a42dd288929a18"), Some("6b03591144a42dd288929a18")),
        (json!({ "a": 1, "b": "x" }), None),
        (json!({ "$numberLong": "9007199254740993" }), None),
        (json!({ "$date": "2026-11-20T10:30:00Z" }), None),
        (json!(true), Some("true")),
        (json!("plain"), Some("plain")),
        (json!(".."), Some("%2E%2E")),
    ] {
        let inserted = documents.insert(&json!({ "_id": value, "x": 1 }));
        let place = inserted.header("location").unwrap().to_owned();
        let document = inserted.expect(201);
        assert!(place.is_ascii() && !place.contains(['?', '#', ' ']), "{place}");
        assert_eq!(documents.send(Request::get(&place)).expect(200), document);
        if let Some(typed) = typed {
            assert_eq!(documents.get(&format!("/{typed}")).expect(200), document, "{typed}");
        }
        documents.insert(&json!({ "_id": value })).expect(409);
        assert_eq!(documents.send(Request::new("DELETE", &place)).status, 204);
    }
    for nothing in ["%00", "%7B", "%22", "nothing", "ObjectId(%22x%22)", &"x".repeat(4000)] {
        documents.get(&format!("/{nothing}")).expect(404);
    }
    assert!(documents.get("/%ff").status >= 400);
}

#[test]
fn what_is_no_document_or_no_change_is_refused() {
    let documents = Documents::of(World::new());
    let inserted = documents.insert(&json!({ "_id": 1, "a": [1, 2], "n": 5 }));
    inserted.expect(201);
    let json = |request: Request, body: &str| {
        documents.send(request.header("Content-Type", "application/json").body(body.as_bytes()))
    };
    let post = || Request::new("POST", &documents.place);
    for wrong in [
        "",
        "[]",
        "7",
        "{",
        "{\"a\": 1} {\"a\": 2}",
        "{\"a\": {\"$oid\": \"x\"}}",
        "{\"_id\": [1]}",
        "{\"_id\": 1, \"_id\": 2}",
    ] {
        let refused = json(post(), wrong).expect(422);
        assert!(refused["detail"].is_string(), "{wrong}: {refused}");
    }
    documents
        .send(post().header("Content-Type", "application/json").body(b"{\"a\": \"\xff\"}"))
        .expect(422);
    documents.send(post().body(b"{}")).expect(415);
    let deep = format!("{{\"a\": {}{}}}", "[".repeat(5000), "]".repeat(5000));
    json(post(), &deep).expect(422);

    let patch = || documents.request("PATCH", "1");
    for wrong in [
        "{}",
        "{\"set\": {}}",
        "{\"set\": {\"a\": }}",
        "{\"set\": [1]}",
        "{\"sett\": {}}",
        "{\"unset\": [\"b\"]}",
        "{\"set\": {\"a.x\": 1}}",
        "{\"set\": {\"\": 1}}",
        "{\"set\": {\"_id\": 2}}",
        "{\"set\": {\"b\": {\"$oid\": \"x\"}}}",
    ] {
        let answer = json(patch(), wrong);
        assert!([400, 422].contains(&answer.status), "{wrong}: {answer:?}");
    }
    let many: Vec<String> = (0..101).map(|n| format!("\"f{n}\": 1")).collect();
    json(patch(), &format!("{{\"set\": {{{}}}}}", many.join(","))).expect(422);
    let unchanged = documents.get("/1").expect(200);
    assert_eq!(unchanged, json!({ "_id": 1, "a": [1, 2], "n": 5 }));
    let element = json(patch(), "{\"set\": {\"a[1]\": \"7\", \"b\": null}}").expect(200);
    assert_eq!(element, json!({ "_id": 1, "a": [1, "7"], "n": 5, "b": null }));
}

#[test]
fn who_may_read_and_write_documents() {
    let documents = Documents::of(World::new());
    let world = &documents.world;
    documents.insert(&json!({ "_id": 1 })).expect(201);
    world.create(&documents.token, "globex", "dan@globex.com");
    let viewer = world.operator("viewer");
    let operator = world.operator("operator");
    let (reads, writes) = (world.key("viewer"), world.key("operator"));
    let (ada, dan) = (world.token("ada@acme.com"), world.token("dan@globex.com"));
    for (token, read, write) in [
        (&viewer, 200, 403),
        (&operator, 200, 201),
        (&reads, 200, 403),
        (&writes, 200, 201),
        (&ada, 200, 201),
        (&dan, 403, 403),
    ] {
        let send = |request: Request| world.send(&request.bearer(token)).status;
        for target in ["", "/count", "/1"] {
            assert_eq!(send(Request::get(&format!("{}{target}", documents.place))), read);
        }
        let insert = Request::new("POST", &documents.place).json(&json!({}));
        let written = send(insert);
        // Somebody else's organization cannot even be seen.
        let expected = if read == 401 { 401 } else { write };
        assert_eq!(written, expected);
        let change = documents.request("PATCH", "1").json(&json!({ "set": { "n": 1 } }));
        assert_eq!(send(change) == 200, write == 201);
        let put = documents.request("PUT", "1").json(&json!({}));
        assert_eq!(send(put) == 200, write == 201);
    }
    for request in [
        Request::get(&documents.place),
        Request::get(&format!("{}/1", documents.place)),
        Request::new("POST", &documents.place).json(&json!({})),
        documents.request("DELETE", "1"),
    ] {
        world.send(&request).expect(401);
    }
    // In the trash there are none for anybody.
    let org = documents.place.trim_end_matches("/documents");
    documents.send(Request::new("DELETE", org)).expect(200);
    documents.get("").expect(404);
    documents.insert(&json!({})).expect(404);
}

#[test]
fn a_large_document_is_read_from_whoever_is_known() {
    let documents = Documents::of(World::new());
    let large = json!({ "_id": 1, "text": "x".repeat(15_000_000) }).to_string();
    let post = |place: &str| {
        Request::new("POST", place)
            .header("Content-Type", "application/json")
            .body(large.as_bytes())
    };
    let world = &documents.world;
    documents.send(post(&documents.place)).expect(201);
    let listed = documents.get("").expect(200);
    assert!(listed["documents"].as_array().unwrap().len() <= 2);
    assert_eq!(documents.get("/1").expect(200)["text"].as_str().unwrap().len(), 15_000_000);
    // Nobody else sends as much, nor anywhere else, nor more.
    for refused in [
        post(&documents.place),
        post("/v1/organizations").bearer(&documents.token),
        post("/org/create").bearer(&documents.token),
    ] {
        assert_eq!(refused_early(world, &refused), 413);
    }
    let forged = format!("{}x", &documents.token[..documents.token.len() - 1]);
    assert_eq!(refused_early(world, &post(&documents.place).bearer(&forged)), 401);
    let huge = vec![b' '; 18 * 1024 * 1024];
    let huge = Request::new("POST", &documents.place).body(&huge).bearer(&documents.token);
    assert_eq!(refused_early(world, &huge), 413);
}

/// The status of a request that may be refused before all of it was sent.
fn refused_early(world: &World, request: &Request) -> u16 {
    request.head_then_read(world.serve.address).status
}

#[test]
fn a_service_that_only_reads_shows_documents() {
    let documents = Documents::of(World::new());
    documents.insert(&json!({ "_id": 1 })).expect(201);
    let key = documents.world.key("operator");
    let reads = Plan::file(&documents.world.file()).flags(&["--read-only"]).start();
    let send = |request: Request| request.bearer(&key).send(reads.address);
    send(documents.request("GET", "1")).expect(200);
    send(documents.request("PUT", "1").json(&json!({}))).expect(503);
}

#[tokio::test]
async fn of_many_changes_at_once_of_what_was_read_one_is_done() {
    for world in World::each("at_once").await {
        let documents = Documents::of(world);
        let inserted = documents.insert(&json!({ "_id": 1, "n": 0 }));
        let tag = inserted.header("etag").unwrap().to_owned();
        let statuses: Vec<u16> = std::thread::scope(|scope| {
            let change = |n: i32| {
                let change = json!({ "set": { "n": n } });
                let change = documents.request("PATCH", "1").json(&change);
                documents.send(change.header("If-Match", &tag)).status
            };
            let all: Vec<_> = (1..=8).map(|n| scope.spawn(move || change(n))).collect();
            all.into_iter().map(|one| one.join().unwrap()).collect()
        });
        // Some read it after it was changed, and some write it after that.
        assert_eq!(statuses.iter().filter(|status| **status == 200).count(), 1, "{statuses:?}");
        assert!(statuses.iter().all(|status| [200, 409, 412].contains(status)), "{statuses:?}");
    }
}
