//! What works without a login, and what does not.

use serde_json::json;

use crate::{
    client::Request,
    serve::{OTHER_PASSWORD, PASSWORD, Plan, Serve},
};

fn create(name: &str, email: &str) -> Request {
    let body = json!({ "organization_name": name, "email": email, "password": PASSWORD });
    Request::new("POST", "/org/create").json(&body)
}

fn login(serve: &Serve, email: &str) -> String {
    let body = json!({ "email": email, "password": PASSWORD });
    let answer = Request::new("POST", "/admin/login").json(&body).send(serve.address);
    answer.expect(200)["access_token"].as_str().unwrap().to_owned()
}

fn update(body: &serde_json::Value) -> Request {
    Request::new("PUT", "/org/update").json(body)
}

#[test]
fn an_update_needs_the_login_of_that_organizations_admin() {
    let file = tempfile::tempdir().unwrap();
    let serve = Plan::file(&file.path().join("tenantry.db")).start();
    create("acme", "ada@acme.com").send(serve.address).expect(200);
    create("globex", "dan@globex.com").send(serve.address).expect(200);
    let (ada, dan) = (login(&serve, "ada@acme.com"), login(&serve, "dan@globex.com"));
    let rename = json!({ "organization_name": "acme", "new_organization_name": "acme labs" });
    let password = json!({ "organization_name": "acme", "password": OTHER_PASSWORD });
    for change in [&rename, &password] {
        update(change).send(serve.address).expect(401);
        update(change).bearer("x").send(serve.address).expect(401);
        update(change).bearer(&dan).send(serve.address).expect(403);
    }
    update(&rename).bearer(&ada).send(serve.address).expect(200);
    let password = json!({ "organization_name": "acme labs", "password": OTHER_PASSWORD });
    update(&password).bearer(&ada).send(serve.address).expect(200);
    // The password was changed: the session has ended.
    let back = json!({ "organization_name": "acme labs", "new_organization_name": "acme" });
    update(&back).bearer(&ada).send(serve.address).expect(401);
}

#[test]
fn renaming_can_be_opened_and_credentials_cannot() {
    let file = tempfile::tempdir().unwrap();
    let plan = Plan::file(&file.path().join("tenantry.db"));
    let serve = plan.serving("open = [\"create\", \"get\", \"update-name\"]").start();
    create("acme", "ada@acme.com").send(serve.address).expect(200);
    let rename = json!({ "organization_name": "acme", "new_organization_name": "acme labs" });
    update(&rename).send(serve.address).expect(200);
    let both = json!({
        "organization_name": "acme labs", "new_organization_name": "acme", "email": "eve@acme.com",
    });
    update(&both).send(serve.address).expect(401);
}

#[test]
fn what_is_closed_needs_a_login() {
    let file = tempfile::tempdir().unwrap();
    let path = file.path().join("tenantry.db");
    let open = Plan::file(&path).start();
    create("acme", "ada@acme.com").send(open.address).expect(200);
    create("globex", "dan@globex.com").send(open.address).expect(200);
    drop(open);
    let serve = Plan::file(&path).serving("open = []").start();
    let get = |name: &str| Request::get(&format!("/org/get?organization_name={name}"));
    get("acme").send(serve.address).expect(401);
    create("other", "eve@other.com").send(serve.address).expect(401);
    let ada = login(&serve, "ada@acme.com");
    get("acme").bearer(&ada).send(serve.address).expect(200);
    // Nothing tells an admin which other organizations there are.
    let other = get("globex").bearer(&ada).send(serve.address);
    let none = get("nobody").bearer(&ada).send(serve.address);
    assert_eq!((other.expect(403), none.status), (none.expect(403), 403));
    create("other", "eve@other.com").bearer(&ada).send(serve.address).expect(403);
}

#[test]
fn our_rules_hold_and_are_told_where_they_are_broken() {
    let serve = Plan::demo().start();
    let refused = |body: serde_json::Value| {
        let answer = Request::new("POST", "/org/create").json(&body).send(serve.address);
        let fault = answer.expect(422)["detail"][0].clone();
        let text = String::from_utf8(answer.body).unwrap();
        assert!(!text.contains("hunter2"), "what was sent is not repeated: {text}");
        (fault["loc"][1].as_str().unwrap().to_owned(), fault["msg"].as_str().unwrap().to_owned())
    };
    let with = |name: &str, email: &str, password: &str| json!({ "organization_name": name, "email": email, "password": password });
    let (field, said) = refused(with("a\u{202e}b", "ada@acme.com", PASSWORD));
    assert!(field == "organization_name" && said.starts_with("Value error, "), "{said}");
    let (field, said) = refused(with("acme", "nonsense", PASSWORD));
    assert!(field == "email" && said.contains("e-mail"), "{said}");
    let (field, said) = refused(with("acme", "ada@acme.com", "hunter2"));
    assert!(field == "password" && said.contains("15 characters"), "{said}");
    // Nor by what FastAPI would repeat.
    let (field, _) = refused(json!({ "email": "ada@acme.com", "password": "hunter2" }));
    assert_eq!(field, "organization_name");
}

#[test]
fn a_wrong_login_waits_after_a_few() {
    let serve = Plan::demo().start();
    let body = json!({ "email": "nobody@example.com", "password": OTHER_PASSWORD });
    let wrong = Request::new("POST", "/admin/login").json(&body);
    let mut statuses = Vec::new();
    let answer = loop {
        let answer = wrong.send(serve.address);
        statuses.push(answer.status);
        if answer.status != 401 {
            break answer;
        }
    };
    assert_eq!(statuses, [401, 401, 401, 401, 401, 429]);
    let seconds: u64 = answer.header("retry-after").unwrap().parse().unwrap();
    assert!((1..=2).contains(&seconds), "{seconds}");
}
