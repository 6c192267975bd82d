//! Operators, their API keys, and one's own account over HTTP.

use serde_json::{Value, json};

use crate::{
    client::{Answer, Request},
    serve::{OTHER_PASSWORD, PASSWORD, Plan},
    support::totp,
    world::{OPS, World},
};

const BOB: &str = "bob@example.com";
const BOBS: &str = "/v1/operators/bob%40example.com";

fn post(target: &str, body: &Value) -> Request {
    Request::new("POST", target).json(body)
}

fn patch(target: &str, body: &Value) -> Request {
    Request::new("PATCH", target).json(body)
}

fn login(world: &World, email: &str, password: &str, code: Option<&str>) -> Answer {
    let body = json!({ "email": email, "password": password, "code": code });
    world.send(&post("/v1/login", &body))
}

#[tokio::test]
async fn a_manager_manages_operators() {
    for world in World::each("operators").await {
        let token = world.token(OPS);
        let send = |request: Request| world.send(&request.bearer(&token));
        let bob = json!({ "email": BOB, "role": "viewer", "password": PASSWORD });
        let added = send(post("/v1/operators", &bob));
        assert_eq!(added.header("location"), Some(BOBS));
        let shown = added.expect(201);
        assert_eq!((&shown["role"], &shown["disabled"]), (&json!("viewer"), &json!(false)));
        assert!(!shown.to_string().contains("$2b$"), "{shown}");
        assert_eq!(send(Request::get(BOBS)).expect(200), shown);
        let listed = send(Request::get("/v1/operators")).expect(200);
        assert_eq!(listed["operators"].as_array().unwrap().len(), 2);
        assert_eq!(
            (&listed["required"], &listed["second_factor_from"]),
            (&json!("off"), &Value::Null)
        );
        send(post("/v1/operators", &bob)).expect(409);

        // What changes about him holds for his session at once.
        let his = world.token(BOB);
        let create =
            json!({ "organization_name": "acme", "email": "ada@acme.com", "password": PASSWORD });
        let creates = || world.send(&post("/v1/organizations", &create).bearer(&his)).status;
        assert_eq!(creates(), 403);
        let promoted = send(patch(BOBS, &json!({ "role": "operator" })));
        assert_eq!(promoted.expect(200)["role"], "operator");
        assert_eq!(creates(), 201);
        send(patch(BOBS, &json!({ "disabled": true }))).expect(200);
        assert_eq!(creates(), 401);
        login(&world, BOB, PASSWORD, None).expect(403);
        send(patch(BOBS, &json!({ "disabled": false }))).expect(200);
        send(patch(BOBS, &json!({ "reset_second_factor": true }))).expect(404);

        // One manager stays.
        let own = "/v1/operators/ops%40example.com";
        send(patch(own, &json!({ "role": "viewer" }))).expect(409);
        send(Request::new("DELETE", own)).expect(409);
        let set = |what: &str, body: Value| {
            send(Request::new("PUT", &format!("/v1/operators/{what}")).json(&body))
        };
        assert_eq!(set("required", json!({ "required": "all" })).expect(200)["required"], "all");
        assert_eq!(set("required", json!({ "required": "off" })).expect(200)["required"], "off");
        let asked = set("second-factor", json!({ "from": "operator" }));
        assert_eq!(asked.status, 204, "the manager has none yet");
        let lacking = world.send(&Request::get("/v1/operators").bearer(&token)).expect(403);
        assert!(lacking["detail"].as_str().unwrap().contains("second factor"), "{lacking}");
        assert_eq!(
            world.send(&Request::get("/v1/me").bearer(&token)).expect(200)["second_factor"]["is_missing"],
            true
        );
        world.command(&["operator", "recover", OPS, "--yes", "--password-stdin"]);
    }
}

#[test]
fn who_may_not_manage_operators() {
    let world = World::new();
    let ops = world.token(OPS);
    world.create(&ops, "acme", "ada@acme.com");
    let (viewer, operator) = (world.operator("viewer"), world.operator("operator"));
    let (key, ada) = (world.key("manager"), world.token("ada@acme.com"));
    let bob = json!({ "email": BOB, "role": "manager", "password": PASSWORD });
    let own = "/v1/operators/viewer%40example.com";
    for request in [
        post("/v1/operators", &bob),
        patch(own, &json!({ "role": "manager" })),
        Request::new("DELETE", "/v1/operators/ops%40example.com"),
        Request::new("PUT", "/v1/operators/required").json(&json!({ "required": "all" })),
        Request::new("PUT", "/v1/operators/second-factor").json(&json!({ "from": null })),
    ] {
        for token in [&viewer, &operator, &key, &ada] {
            let refused = world.send(&request.clone().bearer(token)).expect(403);
            assert!(!refused.to_string().contains(PASSWORD), "{refused}");
        }
        world.send(&request).expect(401);
    }
    for (token, status) in [(&viewer, 200), (&key, 200), (&ada, 403)] {
        assert_eq!(world.send(&Request::get("/v1/operators").bearer(token)).status, status);
    }
    let send = |request: Request| world.send(&request.bearer(&ops));
    for (body, status) in [
        (json!({ "email": "ada@acme.com", "password": PASSWORD }), 409),
        (json!({ "email": "nobody", "password": PASSWORD }), 422),
        (json!({ "email": BOB, "password": "short" }), 422),
        (json!({ "email": BOB, "password": PASSWORD, "role": "owner" }), 422),
        (json!({ "email": BOB, "password": PASSWORD, "admin": true }), 422),
    ] {
        send(post("/v1/operators", &body)).expect(status);
    }
    for (body, status) in
        [(json!({}), 422), (json!({ "role": null }), 422), (json!({ "password": PASSWORD }), 422)]
    {
        send(patch(own, &body)).expect(status);
    }
    for hostile in ["%00", "%1b%5b2J", "x%40y.z", "%e2%80%ae"] {
        let unknown = send(Request::get(&format!("/v1/operators/{hostile}")));
        assert!(
            unknown.body.is_ascii() || !String::from_utf8_lossy(&unknown.body).contains('\u{202e}')
        );
        unknown.expect(404);
    }
    assert!(send(Request::get("/v1/operators/%ff")).status >= 400);
}

#[test]
fn nobody_becomes_a_manager_by_being_the_first_to_ask() {
    let home = tempfile::tempdir().unwrap();
    let serve = Plan::file(&home.path().join("tenantry.db")).start();
    let create =
        json!({ "organization_name": "acme", "email": "ada@acme.com", "password": PASSWORD });
    post("/org/create", &create).send(serve.address).expect(200);
    let body = json!({ "email": "ada@acme.com", "password": PASSWORD });
    let ada = post("/v1/login", &body).send(serve.address).expect(200);
    let ada = ada["access_token"].as_str().unwrap();
    let bob = json!({ "email": BOB, "password": PASSWORD });
    post("/v1/operators", &bob).bearer(ada).send(serve.address).expect(403);
    post("/v1/operators", &bob).send(serve.address).expect(401);
    let body = json!({ "email": BOB, "password": PASSWORD });
    post("/v1/login", &body).send(serve.address).expect(401);
}

#[test]
fn an_operator_creates_keys_and_revokes_them() {
    let world = World::new();
    let ops = world.token(OPS);
    let viewer = world.operator("viewer");
    let send = |request: Request| world.send(&request.bearer(&ops));
    let made = send(post("/v1/keys", &json!({ "name": "sync", "role": "operator", "days": 7 })));
    assert_eq!(made.header("cache-control"), Some("no-store"));
    let made = made.expect(201);
    let key = made["key"].as_str().unwrap();
    assert_eq!((&made["name"], &made["operator"]), (&json!("sync"), &json!(OPS)));
    let me = world.send(&Request::get("/v1/me").bearer(key)).expect(200);
    assert_eq!((&me["key"], &me["role"]), (&json!("sync"), &json!("operator")));
    assert_eq!(me["expires_at"], made["expires_at"]);

    // It is shown once, and the viewer sees only their own.
    let listed = send(Request::get("/v1/keys")).expect(200);
    assert_eq!(listed["keys"][0]["key_id"], made["key_id"]);
    assert!(!listed.to_string().contains(key), "{listed}");
    let none = world.send(&Request::get("/v1/keys").bearer(&viewer)).expect(200);
    assert_eq!(none, json!({ "keys": [] }));
    world
        .send(&post("/v1/keys", &json!({ "name": "up", "role": "manager" })).bearer(&viewer))
        .expect(403);
    let lasting = post("/v1/keys", &json!({ "name": "low", "role": "viewer", "no_expiry": true }));
    assert_eq!(world.send(&lasting.bearer(&viewer)).expect(201)["expires_at"], Value::Null);
    let theirs = "/v1/keys/sync";
    world.send(&Request::new("DELETE", theirs).bearer(&viewer)).expect(404);

    // No key makes or revokes one, nor an admin.
    world.create(&ops, "acme", "ada@acme.com");
    let ada = world.token("ada@acme.com");
    for token in [key, &ada] {
        for request in [
            post("/v1/keys", &json!({ "name": "more", "role": "viewer" })),
            Request::get("/v1/keys"),
            Request::new("DELETE", theirs),
        ] {
            world.send(&request.bearer(token)).expect(403);
        }
    }
    for (body, status) in [
        (json!({ "name": "SYNC", "role": "viewer" }), 409),
        (json!({ "name": "a b", "role": "viewer" }), 422),
        (json!({ "name": "x", "role": "owner" }), 422),
        (json!({ "name": "x", "role": "viewer", "days": 0 }), 422),
        (json!({ "name": "x", "role": "viewer", "days": 3651 }), 422),
        (json!({ "name": "x", "role": "viewer", "days": 1, "no_expiry": true }), 422),
        (json!({ "name": "x" }), 422),
    ] {
        send(post("/v1/keys", &body)).expect(status);
    }
    assert_eq!(send(Request::new("DELETE", theirs)).status, 204);
    world.send(&Request::get("/v1/me").bearer(key)).expect(401);
    send(Request::new("DELETE", theirs)).expect(404);
    // A manager revokes anybody's, by its id.
    let listed = send(Request::get("/v1/keys")).expect(200);
    let low = listed["keys"][0]["key_id"].as_str().unwrap();
    assert_eq!(send(Request::new("DELETE", &format!("/v1/keys/{low}"))).status, 204);
    let said = world.audit();
    assert!(said.contains("revoke-key") && !said.contains(key), "{said}");
    assert!(!world.serve.log().join("\n").contains(key));
}

#[tokio::test]
async fn a_password_is_changed_by_whoever_knows_it() {
    for world in World::each("password").await {
        let ops = world.token(OPS);
        world.create(&ops, "acme", "ada@acme.com");
        for email in [OPS, "ada@acme.com"] {
            let token = world.token(email);
            let change = |old: &str, new: &str| {
                let body = json!({ "password": old, "new_password": new });
                world.send(&post("/v1/password", &body).bearer(&token))
            };
            let limit = change(OTHER_PASSWORD, OTHER_PASSWORD);
            assert!(limit.header("ratelimit").unwrap().starts_with("\"login\""));
            limit.expect(401);
            let short = change(PASSWORD, "short").expect(422);
            assert_eq!(short["field"], "password");
            assert_eq!(change(PASSWORD, OTHER_PASSWORD).status, 204);
            // Every session ends, and only the new one opens another.
            world.send(&Request::get("/v1/me").bearer(&token)).expect(401);
            login(&world, email, PASSWORD, None).expect(401);
            login(&world, email, OTHER_PASSWORD, None).expect(200);
        }
        let again = json!({ "password": PASSWORD, "new_password": OTHER_PASSWORD });
        world.send(&post("/v1/password", &again)).expect(401);
    }
}

#[test]
fn a_key_changes_no_password_and_no_second_factor() {
    let world = World::new();
    let key = world.key("manager");
    let body = json!({ "password": PASSWORD, "new_password": OTHER_PASSWORD });
    for request in [
        post("/v1/password", &body),
        post("/v1/totp", &json!({})),
        post("/v1/totp/confirm", &json!({ "secret": "x", "code": "000000" })),
        Request::new("DELETE", "/v1/totp"),
    ] {
        world.send(&request.clone().bearer(&key)).expect(403);
        world.send(&request).expect(401);
    }
    login(&world, OPS, PASSWORD, None).expect(200);
    let extra = json!({ "password": PASSWORD, "new_password": OTHER_PASSWORD, "email": OPS });
    world.send(&post("/v1/password", &extra).bearer(&world.token(OPS))).expect(422);
}

#[tokio::test]
async fn a_second_factor_is_set_up_used_and_removed() {
    for world in World::each("totp").await {
        let ops = world.token(OPS);
        world.create(&ops, "acme", "ada@acme.com");
        for (email, others) in [(OPS, ops.clone()), ("ada@acme.com", world.token("ada@acme.com"))] {
            let token = world.token(email);
            let send = |request: Request| world.send(&request.bearer(&token));
            let state = send(Request::get("/v1/totp")).expect(200);
            assert_eq!((&state["is_set_up"], &state["since"]), (&json!(false), &Value::Null));
            send(Request::new("DELETE", "/v1/totp")).expect(404);
            let begun = send(post("/v1/totp", &json!({})));
            assert_eq!(begun.header("cache-control"), Some("no-store"));
            let begun = begun.expect(200);
            let secret = begun["secret"].as_str().unwrap();
            let uri = begun["uri"].as_str().unwrap();
            assert!(
                uri.starts_with("otpauth://totp/Tenantry:")
                    && uri.contains(&secret.replace(' ', ""))
            );
            let confirm = |secret: &str, code: &str| {
                send(post("/v1/totp/confirm", &json!({ "secret": secret, "code": code })))
            };
            // Nothing is set up before a right code.
            confirm(secret, "000000x").expect(401);
            for weak in ["", "AAAA", "%%", &"A".repeat(64)] {
                confirm(weak, &totp::code(secret, 0)).expect(422);
            }
            login(&world, email, PASSWORD, None).expect(200);
            let done = confirm(secret, &totp::code(secret, 0));
            assert_eq!(done.header("cache-control"), Some("no-store"));
            let done = done.expect(200);
            let codes = done["recovery_codes"].as_array().unwrap();
            assert_eq!(codes.len(), 10);
            // The sessions before have ended, and the new one goes on.
            send(Request::get("/v1/me")).expect(401);
            world.send(&Request::get("/v1/me").bearer(&others)).expect(401);
            let now = done["access_token"].as_str().unwrap();
            let state = world.send(&Request::get("/v1/totp").bearer(now)).expect(200);
            assert_eq!((&state["is_set_up"], &state["recovery_codes"]), (&json!(true), &json!(10)));
            login(&world, email, PASSWORD, None).expect(401);
            let recovery = codes[0].as_str().unwrap();
            login(&world, email, PASSWORD, Some(recovery)).expect(200);
            login(&world, email, PASSWORD, Some(recovery)).expect(401);
            // A new password takes a code as well.
            let change = |code: Option<&str>| {
                let body =
                    json!({ "password": PASSWORD, "code": code, "new_password": OTHER_PASSWORD });
                world.send(&post("/v1/password", &body).bearer(now))
            };
            change(None).expect(401);
            assert_eq!(change(codes[1].as_str()).status, 204);
            let opened = login(&world, email, OTHER_PASSWORD, codes[2].as_str()).expect(200);
            let opened = opened["access_token"].as_str().unwrap();
            let removed = world.send(&Request::new("DELETE", "/v1/totp").bearer(opened));
            assert_eq!(removed.status, 204);
            login(&world, email, OTHER_PASSWORD, None).expect(200);
            let log = world.serve.log().join("\n");
            assert!(!log.contains(recovery) && !log.contains(&secret.replace(' ', "")), "{log}");
        }
    }
}

#[test]
fn trying_codes_is_limited_as_trying_passwords_is() {
    let world = World::serving("[serve.limits]\nlogin = 3");
    let token = world.token(OPS);
    let tried = |target: &str, body: &Value| world.send(&post(target, body).bearer(&token)).status;
    let confirm = json!({ "secret": "x", "code": "000000" });
    let change = json!({ "password": OTHER_PASSWORD, "new_password": OTHER_PASSWORD });
    let statuses = [
        tried("/v1/totp/confirm", &confirm),
        tried("/v1/password", &change),
        tried("/v1/totp", &json!({})),
        tried("/v1/password", &change),
    ];
    assert_eq!(statuses, [422, 401, 429, 429]);
}

#[test]
fn everybody_sees_who_they_are() {
    let world = World::new();
    let ops = world.token(OPS);
    let acme = world.create(&ops, "acme", "ada@acme.com");
    let me = |token: &str| world.send(&Request::get("/v1/me").bearer(token)).expect(200);
    let operator = me(&ops);
    assert_eq!((&operator["kind"], &operator["role"]), (&json!("operator"), &json!("manager")));
    assert!(operator["operator_id"].is_string() && operator["expires_at"].is_string());
    let ada = me(&world.token("ada@acme.com"));
    assert_eq!((&ada["kind"], &ada["role"]), (&json!("admin"), &json!("owner")));
    assert_eq!(ada["organization_id"], acme["organization_id"]);
    assert_eq!(
        (&ada["email"], &ada["organization_name"]),
        (&json!("ada@acme.com"), &json!("acme"))
    );
    world.send(&Request::get("/v1/me")).expect(401);
    world.send(&Request::get("/v1/me").bearer("x")).expect(401);
}
