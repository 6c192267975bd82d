//! Organizations as archives over HTTP: streamed, and there as a whole or not at all.

use std::{
    fs,
    io::{Read as _, Write as _},
    net::TcpStream,
    thread,
    time::{Duration, Instant},
};

use rustix::process::Signal;
use serde_json::{Value, json};

use crate::{
    client::{Answer, Request},
    serve::{PASSWORD, Plan},
    support::{access::OwnDatabase, mongod},
    world::{OPS, World, id},
};

const IMPORT: &str = "/v1/organizations/import";

/// An organization with documents that take megabytes, also compressed, for the operator.
struct Large {
    world: World,
    token: String,
    place: String,
}

impl Large {
    fn of(world: World) -> Self {
        let token = world.token(OPS);
        let acme = id(&world.create(&token, "acme", "ada@acme.com"));
        let large = Self { place: format!("/v1/organizations/{acme}"), world, token };
        for seed in 1..=2_u64 {
            let mut random = seed;
            let mut letter = || {
                // An xorshift generator.
                random ^= random << 13;
                random ^= random >> 7;
                random ^= random << 17;
                char::from(b"abcdefghijklmnopqrstuvwxyz0123456789"[(random % 36) as usize])
            };
            let text: String = (0..8_000_000).map(|_| letter()).collect();
            let insert = Request::new("POST", &format!("{}/documents", large.place));
            large.send(insert.json(&json!({ "_id": seed, "text": text }))).expect(201);
        }
        large
    }

    fn send(&self, request: Request) -> Answer {
        self.world.send(&request.bearer(&self.token))
    }

    fn export(&self) -> Vec<u8> {
        let exported = self.send(Request::get(&format!("{}/export", self.place)));
        assert_eq!(exported.status, 200);
        assert_eq!(exported.header("content-type"), Some("application/zstd"));
        assert_eq!(exported.header("cache-control"), Some("no-store"));
        exported.body
    }

    fn import(&self, query: &str, archive: &[u8]) -> Answer {
        self.send(Request::new("POST", &format!("{IMPORT}{query}")).body(archive))
    }

    /// Waits until the audit log has this many entries like these.
    fn recorded(&self, query: &str, many: usize) -> Vec<Value> {
        let began = Instant::now();
        loop {
            let page = self.send(Request::get(&format!("/v1/audit?{query}"))).expect(200);
            let entries = page["entries"].as_array().unwrap();
            if entries.len() >= many {
                return entries.clone();
            }
            assert!(began.elapsed() < Duration::from_secs(20), "{query}: {page}");
            thread::sleep(Duration::from_millis(10));
        }
    }

    fn names(&self) -> Vec<String> {
        let page = self.send(Request::get("/v1/organizations")).expect(200);
        let names = page["organizations"].as_array().unwrap().iter();
        names.map(|org| org["organization_name"].as_str().unwrap().to_owned()).collect()
    }
}

#[tokio::test]
async fn an_organization_goes_and_comes_back_as_a_stream() {
    for world in World::each("archives").await {
        let large = Large::of(world);
        let archive = large.export();
        assert!(archive.len() > 8_000_000, "{}", archive.len());
        // It is what the command writes, and verifies.
        let file = large.world.home.path().join("acme.tar.zst");
        fs::write(&file, &archive).unwrap();
        let verified = large.world.command(&["org", "verify", file.to_str().unwrap()]);
        assert_eq!(verified["documents"], 3, "{verified}");

        // Beside the original it needs another name, and other e-mail addresses.
        large.import("", &archive).expect(409);
        large.import("?organization_name=again", &archive).expect(409);
        let query = "?organization_name=again&without_admins=true&email=bob%40again.com";
        let imported = large.import(query, &archive);
        let place = imported.header("location").unwrap().to_owned();
        let again = imported.expect(201);
        assert_eq!((&again["documents"], &again["admins"]), (&json!(3), &json!(1)));
        assert_eq!(
            (&again["kept_id"], &again["organization_name"]),
            (&json!(false), &json!("again"))
        );
        let first = large.send(Request::get(&format!("{}/documents/1", large.place))).expect(200);
        assert_eq!(large.send(Request::get(&format!("{place}/documents/1"))).expect(200), first);
        let redeem =
            json!({ "email": "bob@again.com", "code": again["code"], "password": PASSWORD });
        large.world.send(&Request::new("POST", "/v1/redeem").json(&redeem)).expect(200);

        // Where the original is gone, all of it comes back, with who could log in.
        large.send(Request::new("DELETE", &large.place)).expect(200);
        large.send(
            Request::new("POST", &format!("{}/purge", large.place))
                .json(&json!({ "confirm": "acme" })),
        );
        let back = large.import("", &archive).expect(201);
        assert_eq!((&back["kept_id"], &back["code"]), (&json!(true), &Value::Null));
        large.world.login("ada@acme.com");
        let exports = large.recorded("action=export", 1);
        assert_eq!((&exports[0]["account"], &exports[0]["result"]), (&json!(OPS), &json!("done")));
    }
}

#[tokio::test]
async fn what_is_cut_off_leaves_nothing() {
    for world in World::each("cut_off").await {
        let large = Large::of(world);
        let archive = large.export();
        let query = "?organization_name=half&without_admins=true&email=bob%40half.com";
        let request = Request::new("POST", &format!("{IMPORT}{query}")).bearer(&large.token);
        // A client that goes in the middle.
        let bytes = request.clone().body(&archive).bytes();
        let mut stream = TcpStream::connect(large.world.serve.address).unwrap();
        stream.write_all(&bytes[..bytes.len() / 2]).unwrap();
        drop(stream);
        let failed = large.recorded("action=import&result=refused", 1);
        assert!(
            failed[0]["problem"].as_str().unwrap().contains("could not be imported"),
            "{failed:?}"
        );
        // One that sends half of it as if that were all, and one that sends something else.
        large.import(query, &archive[..archive.len() / 2]).expect(422);
        let mut damaged = archive.clone();
        damaged[archive.len() / 2] ^= 1;
        large.import(query, &damaged).expect(422);
        large.import(query, b"no archive").expect(422);
        large.import(query, b"").expect(422);
        assert_eq!(large.names(), ["acme"]);
        let found = large.send(Request::get("/v1/doctor")).expect(200);
        assert_eq!(found, json!({ "findings": [] }));

        // A client that takes only the beginning of an export.
        let export = Request::get(&format!("{}/export", large.place)).bearer(&large.token);
        let mut stream = TcpStream::connect(large.world.serve.address).unwrap();
        stream.write_all(&export.bytes()).unwrap();
        stream.read_exact(&mut [0; 1000]).unwrap();
        drop(stream);
        let failed = large.recorded("action=export&result=failed", 1);
        assert!(
            failed[0]["problem"].as_str().unwrap().contains("could not be written"),
            "{failed:?}"
        );
    }
}

#[tokio::test]
async fn an_instance_that_is_killed_in_the_middle_of_an_import_leaves_nothing() {
    let own = OwnDatabase::on(mongod::standalone(), "killed_import").await;
    let plan = Plan::on(&own.uri, own.name()).with("FAILPOINTS_PATIENCE", "200");
    let (large, other) = (Large::of(World::on(own, &plan)), plan.start());
    let archive = large.export();
    let query = "?organization_name=half&without_admins=true&email=bob%40half.com";
    let import = Request::new("POST", &format!("{IMPORT}{query}")).bearer(&large.token);
    let import = import.body(&archive);
    let bytes = import.bytes();
    let mut stream = TcpStream::connect(large.world.serve.address).unwrap();
    // It takes no more than it has read.
    stream.write_all(&bytes[..bytes.len() / 2]).unwrap();
    large.world.serve.signal(Signal::KILL);

    let names = || {
        let list = Request::get("/v1/organizations").bearer(&large.token);
        let list = list.send(other.address).expect(200);
        let all = list["organizations"].as_array().unwrap().iter();
        all.map(|org| org["organization_name"].as_str().unwrap().to_owned()).collect::<Vec<_>>()
    };
    assert_eq!(names(), ["acme"]);
    let began = Instant::now();
    let imported = loop {
        let answer = import.send(other.address);
        // Until what was killed is settled, it has the name.
        if answer.status != 409 {
            break answer.expect(201);
        }
        assert!(began.elapsed() < Duration::from_secs(30), "{answer:?}");
    };
    assert_eq!(imported["documents"], 3);
    assert_eq!(names(), ["acme", "half"]);
}

#[test]
fn who_may_export_and_import() {
    let world = World::new();
    let ops = world.token(OPS);
    let acme = id(&world.create(&ops, "acme", "ada@acme.com"));
    world.create(&ops, "globex", "dan@globex.com");
    let place = format!("/v1/organizations/{acme}/export");
    let archive = world.send(&Request::get(&place).bearer(&ops)).body;
    let (viewer, operator) = (world.operator("viewer"), world.operator("operator"));
    let (reads, writes) = (world.key("viewer"), world.key("manager"));
    let (ada, dan) = (world.token("ada@acme.com"), world.token("dan@globex.com"));
    let bare = format!("{place}?without_admins=true");
    let import = format!("{IMPORT}?organization_name=two&without_admins=true&email=x%40two.com");
    // With the password hashes of its admins, without them, and back.
    for (token, whole, without, back) in [
        (&viewer, 403, 403, 403),
        (&operator, 403, 200, 403),
        (&reads, 403, 403, 403),
        (&writes, 403, 200, 403),
        (&ada, 403, 200, 403),
        (&dan, 403, 403, 403),
        (&ops, 200, 200, 201),
    ] {
        let send = |request: Request| world.send(&request.bearer(token)).status;
        assert_eq!(send(Request::get(&place)), whole);
        assert_eq!(send(Request::get(&bare)), without);
        assert_eq!(send(Request::new("POST", &import).body(&archive)), back);
    }
    world.send(&Request::get(&place)).expect(401);
    world.send(&Request::new("POST", &import).body(&archive)).expect(401);
    let forged = format!("{}x", &ops[..ops.len() - 1]);
    world.send(&Request::new("POST", &import).bearer(&forged).body(&archive)).expect(401);
    let huge = Request::new("POST", &import).body(&vec![0; 70_000]);
    assert_eq!(huge.head_then_read(world.serve.address).status, 413);
    let send = |request: Request| world.send(&request.bearer(&ops)).status;
    assert_eq!(send(Request::new("HEAD", &place)), 405);
    assert_eq!(send(Request::get(&format!("{place}?admins=no"))), 422);
    assert_eq!(send(Request::new("POST", &format!("{IMPORT}?name=x")).body(&archive)), 422);
    assert_eq!(send(Request::get("/v1/organizations/000000000000000000000000/export")), 404);
    assert!(!world.audit().contains(PASSWORD));
}
