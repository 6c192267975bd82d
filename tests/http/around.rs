//! What stands around the service: proxies, browsers, and what watches it.

use serde_json::json;

use crate::{
    client::Request,
    serve::{PASSWORD, Plan},
};

fn login(email: &str) -> Request {
    Request::new("POST", "/admin/login").json(&json!({ "email": email, "password": PASSWORD }))
}

#[test]
fn an_address_is_limited_and_a_proxy_says_which_one_it_is() {
    let limited = "limits = { login = 2 }";
    // Nobody is believed who is no proxy.
    let serve = Plan::demo().serving(limited).start();
    let from = |serve: &crate::serve::Serve, address: &str, at: u32| {
        let login = login(&format!("nobody{at}@example.com"));
        login.header("X-Forwarded-For", address).send(serve.address).status
    };
    let statuses = [1, 2, 3].map(|at| from(&serve, &format!("192.0.2.{at}"), at));
    assert_eq!(statuses, [401, 401, 429]);
    let serve = Plan::demo().serving(&format!("{limited}\nbehind_proxy = [\"127.0.0.1\"]")).start();
    let statuses = [1, 2, 3].map(|at| from(&serve, &format!("192.0.2.{at}"), at));
    assert_eq!(statuses, [401, 401, 401]);
    let statuses = [4, 5, 6].map(|at| from(&serve, &format!("192.0.2.{at}, 198.51.100.1"), at));
    assert_eq!(statuses, [401, 401, 429], "what the client itself wrote does not count");
    let clients: Vec<_> = serve.log().into_iter().filter(|l| l.contains("198.51.100.1")).collect();
    assert_eq!(clients.len(), 3, "{:?}", serve.log());
}

#[test]
fn a_browser_may_call_it_from_the_pages_that_are_named() {
    let preflight = |origin: &str| {
        Request::new("OPTIONS", "/org/create")
            .header("Origin", origin)
            .header("Access-Control-Request-Method", "POST")
            .header("Access-Control-Request-Headers", "content-type")
    };
    let closed = Plan::demo().start();
    let answer = preflight("https://app.example").send(closed.address);
    assert_eq!((answer.status, answer.header("access-control-allow-origin")), (405, None));
    let serve = Plan::demo().serving("cors = [\"https://app.example\"]").start();
    let answer = preflight("https://app.example").send(serve.address);
    let allowed = answer.header("access-control-allow-origin");
    assert_eq!((answer.status, allowed), (200, Some("https://app.example")));
    let answer = preflight("https://evil.example").send(serve.address);
    assert_eq!(answer.header("access-control-allow-origin"), None);
    // A refusal can be read too.
    let origin = |request: Request| request.header("Origin", "https://app.example");
    let refused = origin(Request::get("/org/get?organization_name=nobody")).send(serve.address);
    assert_eq!(refused.status, 404);
    assert_eq!(refused.header("access-control-allow-origin"), Some("https://app.example"));
}

#[test]
fn what_it_does_is_counted_and_named_by_nothing_a_client_chose() {
    let serve = Plan::demo().start();
    Request::get("/org/get?organization_name=s3cret-name").send(serve.address).expect(404);
    Request::get("/s3cret-path").send(serve.address).expect(404);
    Request::new("S3CRET", "/org/get").send(serve.address);
    login("nobody@example.com").send(serve.address).expect(401);
    let metrics = Request::get("/metrics").send(serve.address);
    let text = String::from_utf8(metrics.body).unwrap();
    let has = |line: &str| assert!(text.lines().any(|own| own == line), "{line}:\n{text}");
    has("tenantry_http_requests_total{method=\"GET\",route=\"/org/get\",status=\"404\"} 1");
    has("tenantry_http_requests_total{method=\"GET\",route=\"-\",status=\"404\"} 1");
    has("tenantry_http_requests_total{method=\"-\",route=\"/org/get\",status=\"405\"} 1");
    has("tenantry_logins_total{result=\"wrong\"} 1");
    has("tenantry_http_requests_in_flight 1");
    has("tenantry_passwords_hashing 0");
    has("# EOF");
    assert!(text.contains(
        "tenantry_http_request_duration_seconds_bucket{le=\"0.001\",route=\"/org/get\"}"
    ));
    let said = text + &serve.log().join("\n");
    assert!(!said.to_lowercase().contains("s3cret"), "{said}");
}
