//! The page on which an admin sets a password with a one-time code, as a browser has it.

use std::process::Command;

use serde_json::json;

use crate::{
    client::{Answer, Request},
    serve::{OTHER_PASSWORD, PASSWORD, Plan, Serve},
};

fn form(fields: &[(&str, &str)]) -> Request {
    let mut body = form_urlencoded::Serializer::new(String::new());
    for (name, value) in fields {
        body.append_pair(name, value);
    }
    Request::new("POST", "/redeem")
        .header("Content-Type", "application/x-www-form-urlencoded")
        .body(body.finish().as_bytes())
}

fn text(answer: &Answer) -> String {
    String::from_utf8(answer.body.clone()).unwrap()
}

/// A service with acme, whose admin ada was issued a code.
fn with_code() -> (tempfile::TempDir, Serve, String) {
    let home = tempfile::tempdir().unwrap();
    let file = home.path().join("tenantry.db");
    let serve = Plan::file(&file).start();
    let body =
        json!({ "organization_name": "A & B", "email": "ada@acme.com", "password": PASSWORD });
    Request::new("POST", "/org/create").json(&body).send(serve.address).expect(200);
    let issued = Command::new(env!("CARGO_BIN_EXE_tenantry"))
        .args(["--output", "json", "admin", "code", "A & B", "ada@acme.com", "--file"])
        .arg(&file)
        .env_clear()
        .env("HOME", home.path())
        .output()
        .unwrap();
    let said: serde_json::Value = serde_json::from_slice(&issued.stdout).unwrap();
    let code = said["code"].as_str().unwrap().to_owned();
    (home, serve, code)
}

fn login(serve: &Serve, password: &str) -> u16 {
    let body = json!({ "email": "ada@acme.com", "password": password });
    Request::new("POST", "/admin/login").json(&body).send(serve.address).status
}

#[test]
fn an_admin_sets_a_password_in_a_browser() {
    let (_home, serve, code) = with_code();
    let page = Request::get("/redeem?email=ada%40acme.com").send(serve.address);
    let shown = text(&page);
    assert_eq!(page.status, 200);
    assert!(
        shown.contains("value=\"ada@acme.com\"") && shown.contains("At least 15 characters"),
        "{shown}"
    );
    assert!(!shown.contains("<script"), "{shown}");

    // Passwords that differ, then one that is too easy: nothing but the passwords is lost.
    let filled = |password, again| {
        form(&[
            ("email", "ada@acme.com"),
            ("code", &code),
            ("password", password),
            ("again", again),
        ])
        .send(serve.address)
    };
    for (password, again, why) in [
        (OTHER_PASSWORD, PASSWORD, "The passwords do not match"),
        ("short", "short", "15 characters"),
    ] {
        let refused = filled(password, again);
        let shown = text(&refused);
        assert_eq!(refused.status, 422);
        assert!(shown.contains("role=\"alert\"") && shown.contains(why), "{shown}");
        assert!(shown.contains(&format!("value=\"{code}\"")), "{shown}");
        assert!(!shown.contains(OTHER_PASSWORD) && !shown.contains("value=\"short\""), "{shown}");
    }
    let set = filled(OTHER_PASSWORD, OTHER_PASSWORD);
    assert_eq!(set.status, 200);
    assert!(text(&set).contains("<strong>A &amp; B</strong>"), "{}", text(&set));
    assert_eq!((login(&serve, OTHER_PASSWORD), login(&serve, PASSWORD)), (200, 401));
    // A code is used once.
    let again = filled(PASSWORD, PASSWORD);
    assert_eq!(again.status, 401);
    assert!(text(&again).contains("invalid or expired code"), "{}", text(&again));
}

#[test]
fn what_was_typed_is_never_markup() {
    let serve = Plan::demo().start();
    let hostile = "\"><script>alert('1')</script>&\u{202e}";
    let answer = form(&[("email", hostile), ("code", hostile), ("password", "a"), ("again", "b")])
        .send(serve.address);
    let shown = text(&answer);
    assert!(!shown.contains("<script") && !shown.contains('\u{202e}'), "{shown}");
    assert!(shown.contains("&quot;&gt;&lt;script&gt;alert(&#39;1&#39;)"), "{shown}");
    let query = form_urlencoded::byte_serialize(hostile.as_bytes()).collect::<String>();
    let shown = text(&Request::get(&format!("/redeem?email={query}")).send(serve.address));
    assert!(!shown.contains("<script"), "{shown}");
    for answer in [Request::get("/redeem").send(serve.address), answer] {
        let policy = answer.header("content-security-policy").unwrap();
        assert!(
            policy.starts_with("default-src 'none'") && policy.contains("frame-ancestors 'none'")
        );
        assert_eq!(answer.header("cache-control"), Some("no-store"));
        assert_eq!(answer.header("referrer-policy"), Some("no-referrer"));
    }
}

#[test]
fn codes_cannot_be_tried_one_after_the_other() {
    let serve = Plan::demo().serving("limits = { redeem = 3 }").start();
    let wrong = form(&[
        ("email", "ada@acme.com"),
        ("code", "abcd"),
        ("password", PASSWORD),
        ("again", PASSWORD),
    ]);
    let statuses: Vec<u16> = (0..4).map(|_| wrong.send(serve.address).status).collect();
    assert_eq!(statuses, [401, 401, 401, 429]);
    let refused = wrong.send(serve.address);
    assert!(refused.header("retry-after").is_some());
    assert!(text(&refused).contains("Too many attempts"), "{}", text(&refused));
    // Looking at the page is not limited.
    assert_eq!(Request::get("/redeem").send(serve.address).status, 200);
}

#[test]
fn a_form_that_is_none_is_said_in_the_page() {
    let serve = Plan::demo().start();
    let broken = Request::new("POST", "/redeem").header("Content-Type", "text/plain").body(b"x");
    let answer = broken.send(serve.address);
    assert_eq!(answer.status, 415);
    assert!(text(&answer).contains("could not be read"));
}
