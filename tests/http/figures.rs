//! The audit log, the doctor, and what all organizations come to, over HTTP.

use serde_json::{Value, json};

use crate::{
    client::Request,
    serve::PASSWORD,
    world::{OPS, World, id},
};

#[tokio::test]
async fn the_audit_log_is_read_page_by_page_and_filtered() {
    for world in World::each("audit").await {
        let token = world.token(OPS);
        let get = |target: &str| world.send(&Request::get(target).bearer(&token));
        for name in ["acme", "globex"] {
            let org = world.create(&token, name, &format!("ada@{name}.com"));
            let place = format!("/v1/organizations/{}", id(&org));
            let trash = Request::new("DELETE", &format!("{place}?reason=ticket+4711"));
            world.send(&trash.bearer(&token)).expect(200);
        }
        let (mut numbers, mut before) = (Vec::new(), String::new());
        loop {
            let page = get(&format!("/v1/audit?limit=2{before}")).expect(200);
            let entries = page["entries"].as_array().unwrap();
            numbers.extend(entries.iter().map(|entry| entry["number"].as_i64().unwrap()));
            let Some(next) = page["next"].as_i64() else { break };
            before = format!("&before={next}");
        }
        assert_eq!(
            numbers,
            (1..=numbers.last().map_or(0, |_| numbers[0])).rev().collect::<Vec<_>>()
        );
        let entries = |query: &str| {
            let page = get(&format!("/v1/audit?{query}")).expect(200);
            page["entries"].as_array().unwrap().clone()
        };
        let [trashed] = &entries("action=trash&organization=acme")[..] else { panic!() };
        assert_eq!(
            (&trashed["reason"], &trashed["result"]),
            (&json!("ticket 4711"), &json!("done"))
        );
        assert_eq!((&trashed["account"], &trashed["problem"]), (&json!(OPS), &Value::Null));
        assert!(trashed["operator"].as_str().unwrap().starts_with("http@"), "{trashed}");
        assert_eq!(entries("action=log-in&operator=ops%40example.com").len(), 1);
        assert_eq!(entries("since=1h&until=2020-01-01").len(), 0);
        assert_eq!(entries("result=refused").len(), 0);
        for (wrong, status) in [
            ("organization=nobody", 404),
            ("action=supsend", 422),
            ("result=x", 422),
            ("since=x", 422),
            ("limit=0", 422),
            ("limit=1001", 422),
            ("before=x", 422),
            ("name=x", 422),
        ] {
            get(&format!("/v1/audit?{wrong}")).expect(status);
        }
        let verified = get("/v1/audit/verify").expect(200);
        let head = verified["head"].as_str().unwrap();
        assert_eq!((&verified["valid"], &verified["problem"]), (&json!(true), &Value::Null));
        let again = get(&format!("/v1/audit/verify?head={head}")).expect(200);
        assert_eq!(again["valid"], true);
        let forged = format!("1:{}", "0".repeat(64));
        let forged = get(&format!("/v1/audit/verify?head={forged}")).expect(200);
        assert_eq!(forged["valid"], false, "{forged}");
        get("/v1/audit/verify?head=x").expect(422);
    }
}

#[tokio::test]
async fn a_dashboard_says_what_all_come_to() {
    for world in World::each("dashboard").await {
        let token = world.token(OPS);
        let send = |request: Request| world.send(&request.bearer(&token));
        let orgs = ["acme", "globex", "initech"];
        let ids = orgs.map(|name| id(&world.create(&token, name, &format!("ada@{name}.com"))));
        let place = |at: usize| format!("/v1/organizations/{}", ids[at]);
        let text = json!({ "text": "x".repeat(10_000) });
        send(Request::new("POST", &format!("{}/documents", place(1))).json(&text)).expect(201);
        send(Request::new("POST", &format!("{}/suspend", place(0))).json(&json!({}))).expect(200);
        send(Request::new("DELETE", &place(2))).expect(200);
        let wrong = json!({ "email": OPS, "password": "wrong" });
        world.send(&Request::new("POST", "/v1/login").json(&wrong)).expect(401);

        let all = send(Request::get("/v1/dashboard")).expect(200);
        let counts = ["organizations", "suspended", "in_trash", "unknown_sizes"].map(|of| &all[of]);
        assert_eq!(counts, [2, 1, 1, 0].map(|n| json!(n)).each_ref());
        assert_eq!(all["documents"], 3);
        assert_eq!(all["largest"][0]["organization_name"], "globex");
        assert_eq!(all["open_files"], Value::Null, "nobody there may ask");
        assert!(all["largest"][0]["bytes"].as_u64().unwrap() > 10_000, "{all}");
        assert_eq!(all["created_by_month"][11], 2);
        assert_eq!(all["failed_logins_by_hour"][23], 1);
        assert_eq!(all["quietest"].as_array().unwrap().len(), 2);

        let count = |query: &str| {
            let counted =
                send(Request::get(&format!("/v1/organizations/count{query}"))).expect(200);
            counted["organizations"].as_u64().unwrap()
        };
        assert_eq!((count(""), count("?search=glob"), count("?trash=true")), (2, 1, 1));
        send(Request::get("/v1/organizations/count?search=created:x")).expect(422);
        send(Request::get("/v1/organizations/count?x=1")).expect(422);
        let size = send(Request::get(&format!("{}/size", place(1)))).expect(200);
        assert_eq!((&size["documents"], &size["bytes"]), (&json!(2), &all["largest"][0]["bytes"]));
        assert!(size["newest_document_at"].is_string(), "{size}");
        send(Request::get("/v1/organizations/000000000000000000000000/size")).expect(404);
        assert_eq!(send(Request::get("/v1/doctor")).expect(200), json!({ "findings": [] }));
    }
}

#[test]
fn the_doctor_says_what_is_wrong_and_repairs_nothing() {
    let world = World::new();
    let token = world.token(OPS);
    world.create(&token, "acme", "ada@acme.com");
    let file = rusqlite::Connection::open(world.file()).unwrap();
    file.execute("UPDATE admins SET password = 'x'", []).unwrap();
    drop(file);
    let doctor = || world.send(&Request::get("/v1/doctor").bearer(&token)).expect(200);
    let found = doctor();
    assert_eq!(found["findings"][0]["code"], "unusable_password", "{found}");
    assert!(found["findings"][0]["how"].as_str().unwrap().contains("one-time code"), "{found}");
    assert_eq!(doctor(), found);
}

#[test]
fn who_may_see_figures() {
    let world = World::new();
    let ops = world.token(OPS);
    let acme = id(&world.create(&ops, "acme", "ada@acme.com"));
    let globex = id(&world.create(&ops, "globex", "dan@globex.com"));
    let (viewer, key) = (world.operator("viewer"), world.key("viewer"));
    let ada = world.token("ada@acme.com");
    for target in
        ["/v1/audit", "/v1/audit/verify", "/v1/doctor", "/v1/dashboard", "/v1/organizations/count"]
    {
        for (token, status) in [(&viewer, 200), (&key, 200), (&ada, 403)] {
            let answer = world.send(&Request::get(target).bearer(token));
            assert_eq!(answer.status, status, "{target}: {answer:?}");
        }
        world.send(&Request::get(target)).expect(401);
        let other = Request::new("POST", target).json(&json!({})).bearer(&ops);
        world.send(&other).expect(405);
    }
    let size = |org: &str| Request::get(&format!("/v1/organizations/{org}/size")).bearer(&ada);
    world.send(&size(&acme)).expect(200);
    world.send(&size(&globex)).expect(403);
    assert!(!world.audit().contains(PASSWORD));
}
