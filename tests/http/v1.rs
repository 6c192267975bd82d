//! The API of our own: sessions and keys, organizations and their admins, and what is refused how.

use std::{fs, os::unix::fs::PermissionsExt as _};

use serde_json::{Value, json};

use crate::{
    client::Request,
    serve::{OTHER_PASSWORD, PASSWORD, Plan},
    world::{OPS, World, id},
};

#[test]
fn an_operator_runs_organizations_over_http() {
    let world = World::new();
    let token = world.token(OPS);
    let as_ops = |request: Request| world.send(&request.bearer(&token));
    let acme = world.create(&token, "acme", "ada@acme.com");
    let place = format!("/v1/organizations/{}", id(&acme));

    // It is shown with what tells its state from another, and changed only as it was read.
    let shown = as_ops(Request::get(&place));
    let tag = shown.header("etag").unwrap().to_owned();
    assert_eq!(shown.expect(200)["organization_name"], "acme");
    let rename =
        |name: &str| Request::new("PATCH", &place).json(&json!({ "organization_name": name }));
    let renamed = as_ops(rename("acme labs").header("If-Match", &tag));
    assert_eq!(renamed.expect(200)["collection_name"], "org_acme_labs");
    let stale = as_ops(rename("acme").header("If-Match", &tag));
    assert_eq!(stale.expect(412)["status"], 412);
    as_ops(rename("acme").header("If-Match", renamed.header("etag").unwrap())).expect(200);

    // Suspended and back, trashed and back, purged.
    let post = |what: &str, body: Value| {
        as_ops(Request::new("POST", &format!("{place}/{what}")).json(&body))
    };
    assert_eq!(post("suspend", json!({})).expect(200)["state"], "suspended");
    post("reactivate", json!({})).expect(200);
    let trashed = as_ops(Request::new("DELETE", &format!("{place}?reason=ticket+4711")));
    assert_eq!(trashed.expect(200)["state"], "in_trash");
    assert_eq!(as_ops(Request::get(&place)).expect(200)["state"], "in_trash");
    as_ops(rename("other")).expect(404);
    post("restore", json!({})).expect(200);
    as_ops(Request::new("DELETE", &place)).expect(200);
    post("purge", json!({ "confirm": "another" })).expect(422);
    assert_eq!(post("purge", json!({ "confirm": "acme" })).status, 204);
    as_ops(Request::get(&place)).expect(404);
    let entries = world.command(&["audit", "list", "--as", OPS, "--password-stdin"]).to_string();
    assert!(entries.contains("ticket 4711") && entries.contains("http@127.0.0.1"), "{entries}");
}

#[test]
fn a_list_is_read_page_by_page() {
    let world = World::new();
    let token = world.token(OPS);
    for n in 0..7 {
        world.create(&token, &format!("org {n}"), &format!("a{n}@example.com"));
    }
    let get = |target: &str| world.send(&Request::get(target).bearer(&token));
    let (mut names, mut after) = (Vec::new(), String::new());
    loop {
        let page =
            get(&format!("/v1/organizations?limit=3&sort=-name&fields=organization_name{after}"));
        let page = page.expect(200);
        for org in page["organizations"].as_array().unwrap() {
            assert_eq!(org.as_object().unwrap().len(), 1, "{org}");
            names.push(org["organization_name"].as_str().unwrap().to_owned());
        }
        let Some(next) = page["next"].as_str() else { break };
        after = format!("&after={next}");
    }
    let wanted: Vec<String> = (0..7).rev().map(|n| format!("org {n}")).collect();
    assert_eq!(names, wanted);
    let found = get("/v1/organizations?search=a3%40").expect(200);
    assert_eq!(found["organizations"][0]["organization_name"], "org 3");
    for wrong in ["sort=size", "limit=0", "limit=1001", "after=x", "seach=x", "search=created:x"] {
        let refused = get(&format!("/v1/organizations?{wrong}")).expect(422);
        assert!(refused["detail"].is_string() && refused["help"].is_string(), "{refused}");
    }
}

#[test]
fn an_organizations_admins_see_it_and_no_other() {
    let world = World::new();
    let ops = world.token(OPS);
    let acme = id(&world.create(&ops, "acme", "ada@acme.com"));
    let globex = id(&world.create(&ops, "globex", "dan@globex.com"));
    let ada = world.token("ada@acme.com");
    let send = |request: Request| world.send(&request.bearer(&ada));
    let place = |org: &str| format!("/v1/organizations/{org}");
    send(Request::get(&place(&acme))).expect(200);
    send(Request::get(&place(&globex))).expect(403);
    send(Request::get("/v1/organizations")).expect(403);
    let body = json!({ "organization_name": "third", "email": "x@x.com", "password": PASSWORD });
    send(Request::new("POST", "/v1/organizations").json(&body)).expect(403);
    send(Request::new("DELETE", &place(&globex))).expect(403);

    // She adds bob, who sets a password with his code, and is removed again.
    let admins = format!("{}/admins", place(&acme));
    let bob = json!({ "email": "bob@acme.com" });
    let code = send(Request::new("POST", &admins).json(&bob)).expect(201);
    let redeem = json!({ "email": "bob@acme.com", "code": code["code"], "password": PASSWORD });
    world.send(&Request::new("POST", "/v1/redeem").json(&redeem)).expect(200);
    let bob = world.token("bob@acme.com");
    let listed = world.send(&Request::get(&admins).bearer(&bob)).expect(200);
    assert_eq!(listed["admins"].as_array().unwrap().len(), 2);
    world.send(&Request::new("DELETE", &place(&acme)).bearer(&bob)).expect(403);
    let removed = send(Request::new("DELETE", &format!("{admins}/bob%40acme.com")));
    assert_eq!(removed.status, 204);
    world.send(&Request::get(&admins).bearer(&bob)).expect(401);
    // An owner trashes it, which ends every session; and purges it with the password.
    send(Request::new("DELETE", &place(&acme))).expect(200);
    send(Request::get(&place(&acme))).expect(403);
}

#[test]
fn a_login_goes_on_and_ends() {
    let world = World::new();
    let login = world.login(OPS);
    assert_eq!(
        (&login["token_type"], &login["account"]["kind"]),
        (&json!("bearer"), &json!("operator"))
    );
    let refresh = |token: &Value| {
        world.send(&Request::new("POST", "/v1/refresh").json(&json!({ "refresh_token": token })))
    };
    let second = refresh(&login["refresh_token"]).expect(200);
    let third = refresh(&second["refresh_token"]).expect(200);
    let list = |login: &Value| {
        let token = login["access_token"].as_str().unwrap();
        world.send(&Request::get("/v1/organizations").bearer(token)).status
    };
    assert_eq!([&login, &second, &third].map(list), [200; 3]);
    // The first was used before the last: somebody else has it.
    refresh(&login["refresh_token"]).expect(401);
    assert_eq!([&login, &second, &third].map(list), [401; 3]);
    refresh(&third["refresh_token"]).expect(401);

    let login = world.login(OPS);
    let token = login["access_token"].as_str().unwrap();
    assert_eq!(world.send(&Request::new("POST", "/v1/logout").bearer(token)).status, 204);
    assert_eq!(list(&login), 401);
    refresh(&login["refresh_token"]).expect(401);
}

#[test]
fn what_one_instance_ended_another_refuses() {
    let world = World::new();
    let other = Plan::file(&world.file()).start();
    let login = world.login(OPS);
    let token = login["access_token"].as_str().unwrap();
    let list = Request::get("/v1/organizations").bearer(token);
    list.send(other.address).expect(200);
    world.send(&Request::new("POST", "/v1/logout").bearer(token));
    list.send(other.address).expect(401);
}

#[test]
fn a_key_acts_for_an_operator_and_not_for_what_needs_a_login() {
    let world = World::new();
    let made = world.command(&[
        "key",
        "create",
        "sync",
        "--role",
        "manager",
        "--as",
        OPS,
        "--password-stdin",
    ]);
    let key = made["key"].as_str().unwrap().to_owned();
    let acme = world.create(&key, "acme", "ada@acme.com");
    let place = format!("/v1/organizations/{}", id(&acme));
    let refused = world.send(&Request::new("DELETE", &place).bearer(&key)).expect(403);
    assert!(refused["detail"].as_str().unwrap().contains("key"), "{refused}");
    let forged = format!("{}x", &key[..key.len() - 1]);
    world.send(&Request::get("/v1/organizations").bearer(&forged)).expect(401);
    world.command(&["key", "revoke", "sync", "--as", OPS, "--password-stdin"]);
    world.send(&Request::get("/v1/organizations").bearer(&key)).expect(401);
    let entries = world.command(&["audit", "list", "--as", OPS, "--password-stdin"]).to_string();
    assert!(entries.contains("sync") && !entries.contains(&key), "{entries}");
}

#[test]
fn open_calls_are_the_services_own_where_operators_must_log_in() {
    let world = World::new();
    let as_ops = ["--as", OPS, "--password-stdin"];
    let made = [&["key", "create", "service", "--role", "operator"][..], &as_ops].concat();
    let key = world.command(&made)["key"].as_str().unwrap().to_owned();
    world.command(&[&["operator", "require", "on"][..], &as_ops].concat());
    let create = |name: &str, email: &str| {
        let body = json!({ "organization_name": name, "email": email, "password": PASSWORD });
        Request::new("POST", "/org/create").json(&body)
    };
    world.send(&create("acme", "ada@acme.com")).expect(401);
    let ready = world.send(&Request::get("/readyz")).expect(503);
    assert!(ready["problems"].to_string().contains("key_file"), "{ready}");

    let file = world.home.path().join("service.key");
    fs::write(&file, &key).unwrap();
    let plan = Plan::file(&world.file()).serving(&format!("key_file = {file:?}"));
    fs::set_permissions(&file, fs::Permissions::from_mode(0o640)).unwrap();
    let (mut command, _home) = plan.command();
    let refused = command.output().unwrap();
    let said = String::from_utf8(refused.stderr).unwrap();
    assert!(refused.status.code() == Some(2) && said.contains("chmod 600"), "{said}");
    assert!(!said.contains(&key), "{said}");
    fs::set_permissions(&file, fs::Permissions::from_mode(0o600)).unwrap();
    let serve = plan.start();
    create("acme", "ada@acme.com").send(serve.address).expect(200);
    Request::get("/readyz").send(serve.address).expect(200);
    let entries = world.command(&[&["audit", "list"][..], &as_ops].concat()).to_string();
    assert!(entries.contains("service"), "{entries}");
    assert!(!serve.log().join("\n").contains(&key));
}

#[test]
fn what_would_not_be_done_is_refused() {
    let world = World::new();
    let ops = world.token(OPS);
    let acme = id(&world.create(&ops, "acme", "ada@acme.com"));
    let place = format!("/v1/organizations/{acme}");
    let send = |request: Request| world.send(&request.bearer(&ops));
    // What this asks for belongs into the address.
    let trash = Request::new("DELETE", &place).json(&json!({ "release": true }));
    let refused = send(trash).expect(422);
    assert_eq!(refused["detail"], "this call takes no body");
    for (method, target, body, said) in [
        ("PATCH", &place[..], json!({ "name": "x" }), "unknown field `name`"),
        (
            "POST",
            "/v1/organizations",
            json!({ "email": "x@x.com" }),
            "missing field `organization_name`",
        ),
        ("POST", "/v1/organizations", json!({ "organization_name": 7 }), "not of the right kind"),
    ] {
        let refused = send(Request::new(method, target).json(&body)).expect(422);
        assert!(refused["detail"].as_str().unwrap().contains(said), "{refused}");
    }
    let unknown = ["?trash=maybe", "?fields=bogus", "?bogus=1", "?limit=0"];
    for query in unknown {
        send(Request::get(&format!("/v1/organizations{query}"))).expect(422);
    }
    let nothing = send(Request::get("/v1/nothing")).expect(404);
    assert_eq!(nothing["status"], 404);
    // A body that says nothing is none.
    send(Request::new("DELETE", &place).json(&json!({}))).expect(200);
    send(Request::new("POST", &format!("{place}/restore"))).expect(200);
}

#[test]
fn what_is_refused_says_what_happened_and_what_to_do() {
    let world = World::new();
    let refused = world.send(&Request::get("/v1/organizations")).expect(401);
    assert_eq!(
        (&refused["title"], &refused["type"]),
        (&json!("Unauthorized"), &json!("about:blank"))
    );
    let ops = world.token(OPS);
    let post = |body: &Value| Request::new("POST", "/v1/organizations").json(body).bearer(&ops);
    let short =
        json!({ "organization_name": "acme", "email": "ada@acme.com", "password": "hunter2" });
    let answer = world.send(&post(&short).header("Accept", "application/problem+json"));
    assert_eq!(answer.header("content-type"), Some("application/problem+json"));
    let problem = answer.expect(422);
    assert_eq!(problem["field"], "password");
    assert!(!problem.to_string().contains("hunter2"), "{problem}");
    for (body, status) in [
        (json!({ "organization_name": "acme" }), 422),
        (
            json!({ "organization_name": "acme", "email": "a@b.co", "password": OTHER_PASSWORD, "x": 1 }),
            422,
        ),
        (json!({ "organization_name": 5, "email": "a@b.co", "password": "hunter2" }), 422),
        (json!([]), 422),
    ] {
        let problem = world.send(&post(&body)).expect(status);
        assert!(!problem.to_string().contains("hunter2"), "{problem}");
    }
    let broken = Request::new("POST", "/v1/organizations").bearer(&ops);
    let json = broken.clone().header("Content-Type", "application/json");
    world.send(&json.body(b"{\"organization_name\"")).expect(400);
    world.send(&broken.body(b"x")).expect(415);
    world.send(&Request::get("/v1/organizations/nothing").bearer(&ops)).expect(404);
    world.send(&Request::get("/v1/nothing").bearer(&ops)).expect(404);
    let other = world.send(&Request::new("PUT", "/v1/organizations").json(&json!({})));
    assert_eq!(other.header("allow"), Some("GET,HEAD,POST"));
    assert_eq!(other.expect(405)["title"], "Method Not Allowed");
}
