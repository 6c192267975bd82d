//! What somebody sends who wants to get in, or to bring it down.

use std::{net::TcpStream, thread};

use base64::{Engine as _, engine::general_purpose::URL_SAFE_NO_PAD};
use hmac::{Hmac, KeyInit as _, Mac as _};
use percent_encoding::{NON_ALPHANUMERIC, utf8_percent_encode};
use proptest::{
    collection::vec,
    prelude::*,
    test_runner::{Config, TestRunner},
};
use serde_json::{Map, Value, json};
use sha2::Sha256;

use crate::{
    client::Request,
    openapi::{operations, resolved},
    serve::{Plan, SECRET_KEY},
    world::{OPS, World, id},
};

fn part(value: &Value) -> String {
    URL_SAFE_NO_PAD.encode(value.to_string())
}

/// A token with this header and these claims, signed with HMAC by this key.
fn signed(header: &Value, claims: &Value, key: &[u8]) -> String {
    let text = format!("{}.{}", part(header), part(claims));
    let mut mac = Hmac::<Sha256>::new_from_slice(key).unwrap();
    mac.update(text.as_bytes());
    format!("{text}.{}", URL_SAFE_NO_PAD.encode(mac.finalize().into_bytes()))
}

fn decoded(token: &str, part: usize) -> Value {
    let text = URL_SAFE_NO_PAD.decode(token.split('.').nth(part).unwrap()).unwrap();
    serde_json::from_slice(&text).unwrap()
}

#[test]
fn a_token_is_good_only_as_it_was_issued() {
    let world = World::new();
    let token = world.token(OPS);
    let list = |token: &str| world.send(&Request::get("/v1/organizations").bearer(token)).status;
    assert_eq!(list(&token), 200);
    let (header, claims) = (decoded(&token, 0), decoded(&token, 1));
    let key = SECRET_KEY.as_bytes();
    // What this test signs is what the service signs.
    assert_eq!(list(&signed(&header, &claims, key)), 200);

    let with = |change: &dyn Fn(&mut Map<String, Value>), of: &Value| {
        let mut changed = of.clone();
        change(changed.as_object_mut().unwrap());
        changed
    };
    let headers = [
        json!({ "alg": "none", "typ": "JWT" }),
        json!({ "alg": "None", "typ": "JWT" }),
        json!({ "alg": "HS384", "typ": "JWT" }),
        json!({ "alg": "RS256", "typ": "JWT" }),
        json!({ "alg": "ES256", "typ": "JWT" }),
        json!({ "typ": "JWT" }),
        json!({ "alg": ["HS256"], "typ": "JWT" }),
    ];
    for header in &headers {
        assert_eq!(list(&signed(header, &claims, key)), 401, "{header}");
        let unsigned = format!("{}.{}.", part(header), part(&claims));
        assert_eq!(list(&unsigned), 401, "{header}");
    }
    // A key that the token itself names or brings along.
    for (name, value) in [
        ("jku", json!("http://127.0.0.1:1/keys")),
        ("jwk", json!({ "kty": "oct", "k": "AAAA" })),
        ("kid", json!("../../../dev/null")),
    ] {
        let header = with(&|header| drop(header.insert(name.to_owned(), value.clone())), &header);
        assert_eq!(list(&signed(&header, &claims, b"")), 401, "{name}");
    }
    let foreign: [(&str, Value); 6] = [
        ("iss", json!("somebody else")),
        ("aud", json!("another service")),
        ("exp", json!(1)),
        ("exp", json!("never")),
        ("operator_id", json!("ffffffffffffffffffffffff")),
        ("password", json!("")),
    ];
    for (claim, value) in foreign {
        let claims = with(&|claims| drop(claims.insert(claim.to_owned(), value.clone())), &claims);
        assert_eq!(list(&signed(&header, &claims, key)), 401, "{claim}");
    }
    for claim in ["exp", "iss", "aud", "sub", "password", "jti", "iat"] {
        let claims = with(&|claims| drop(claims.remove(claim)), &claims);
        assert_eq!(list(&signed(&header, &claims, key)), 401, "without {claim}");
    }
    for key in [&b""[..], b"secret", b"your-secret-key", &key[..key.len() - 1]] {
        assert_eq!(list(&signed(&header, &claims, key)), 401);
    }
    for broken in [&token[..token.len() - 4], &format!("{token}.{token}"), "..", "a.b.c"] {
        assert_eq!(list(broken), 401, "{broken}");
    }
}

#[test]
fn while_many_guess_at_once_others_are_answered() {
    let world = World::new();
    let token = world.token(OPS);
    let guess = |n: usize| {
        let body =
            json!({ "email": format!("nobody{n}@example.com"), "password": "wrong, all of it" });
        world.send(&Request::new("POST", "/admin/login").json(&body)).status
    };
    let list = Request::get("/v1/organizations").bearer(&token);
    thread::scope(|scope| {
        let guessing: Vec<_> = (0..200).map(|n| scope.spawn(move || guess(n))).collect();
        while guessing.iter().any(|guess| !guess.is_finished()) {
            world.send(&list).expect(200);
        }
        let mut refused = 0;
        for guess in guessing {
            let status = guess.join().unwrap();
            assert!([401, 429, 503].contains(&status), "{status}");
            refused += usize::from(status != 401);
        }
        // All of them come from one address.
        assert!(refused >= 100, "{refused} of 200 were turned away");
    });
}

#[test]
fn connections_that_say_nothing_are_in_nobodys_way() {
    let serve = Plan::demo().start();
    let idle: Vec<TcpStream> =
        (0..1_000).map(|_| TcpStream::connect(serve.address).unwrap()).collect();
    Request::get("/healthz").send(serve.address).expect(200);
    drop(idle);
    Request::get("/healthz").send(serve.address).expect(200);
}

/// What is sent as a password, a code or a token.
const SECRET: &str = "unspeakable-7f3a9c";

/// Any JSON, not large.
fn json() -> impl Strategy<Value = Value> {
    let leaf = prop_oneof![
        Just(Value::Null),
        any::<bool>().prop_map(Value::from),
        any::<i64>().prop_map(Value::from),
        any::<f64>().prop_map(Value::from),
        text().prop_map(Value::from),
    ];
    leaf.prop_recursive(3, 16, 4, |inner| {
        prop_oneof![
            vec(inner.clone(), 0..4).prop_map(Value::from),
            vec((text(), inner), 0..4)
                .prop_map(|fields| Value::Object(fields.into_iter().collect())),
        ]
    })
}

/// What people and attackers type.
fn text() -> impl Strategy<Value = String> {
    prop_oneof![
        any::<String>(),
        "[a-z]{1,12}",
        "[a-z]{1,8}@[a-z]{1,8}\\.com",
        Just("{\"$gt\": \"\"}".to_owned()),
        Just("\u{0}\u{1b}[2J\r\nSet-Cookie: x=1".to_owned()),
        Just("' OR 1=1; --".to_owned()),
        Just("../../etc/passwd".to_owned()),
        Just("a".repeat(20_000)),
    ]
}

/// What is sent to one of the calls.
#[derive(Clone, Debug)]
struct Sent {
    call: usize,
    /// In the place of the body, or of its fields.
    values: Vec<Value>,
    as_fields: bool,
    parameter: String,
    is_known: bool,
    cut: bool,
}

fn sent() -> impl Strategy<Value = Sent> {
    let values = vec(json(), 6);
    (0..1_000_usize, values, any::<bool>(), text(), any::<bool>(), prop::bool::weighted(0.1))
        .prop_map(|(call, values, as_fields, parameter, is_known, cut)| Sent {
            call,
            values,
            as_fields,
            parameter,
            is_known,
            cut,
        })
}

/// A text as a part of an address.
fn encoded(text: &str) -> String {
    let some: String = text.chars().take(1_000).collect();
    utf8_percent_encode(&some, NON_ALPHANUMERIC).to_string()
}

#[test]
fn whatever_is_sent_nothing_fails() {
    let world = World::new();
    let token = world.token(OPS);
    let org = world.create(&token, "acme", "ada@acme.com");
    let document = world.send(&Request::get("/openapi.json")).expect(200);
    let calls = operations(&document);
    let ends = ["/v1/logout"];
    let calls: Vec<_> =
        calls.iter().filter(|(_, path, _)| !ends.contains(&path.as_str())).collect();
    let config = Config { cases: 400, failure_persistence: None, ..Config::default() };
    let done = TestRunner::new(config).run(&sent(), |sent| {
        let (method, path, about) = calls[sent.call % calls.len()];
        let mut target = path.replace("{id}", &id(&org));
        while let (Some(from), Some(to)) = (target.find('{'), target.find('}')) {
            target.replace_range(from..=to, &encoded(&sent.parameter));
        }
        let parameters = about["parameters"].as_array().into_iter().flatten();
        let query: Vec<String> = parameters
            .filter(|parameter| parameter["in"] == "query")
            .filter(|_| sent.as_fields)
            .map(|parameter| {
                format!("{}={}", parameter["name"].as_str().unwrap(), encoded(&sent.parameter))
            })
            .collect();
        if !query.is_empty() {
            target = format!("{target}?{}", query.join("&"));
        }
        let schema = about["requestBody"]["content"].as_object();
        let schema = schema
            .and_then(|content| Some(resolved(&document, &content.values().next()?["schema"])));
        let names = schema.and_then(|schema| schema["properties"].as_object());
        let body = match names {
            Some(names) if sent.as_fields => {
                let fields = names.iter().zip(&sent.values).map(|((name, schema), value)| {
                    let is_secret = resolved(&document, schema)["format"] == "password";
                    let value = if is_secret { json!(SECRET) } else { value.clone() };
                    (name.clone(), value)
                });
                Value::Object(fields.collect())
            }
            Some(_) | None => sent.values[0].clone(),
        };
        let mut bytes = body.to_string().into_bytes();
        if sent.cut {
            bytes.truncate(bytes.len() / 2);
        }
        let mut request = Request::new(method, &target);
        // A call without a body refuses one, before anything else.
        if method != "GET" && (names.is_some() || !sent.as_fields) {
            request = request.header("Content-Type", "application/json").body(&bytes);
        }
        if sent.is_known {
            request = request.bearer(&token);
        }
        let answer = world.send(&request);
        // Busy is a fair answer; a failure is none.
        prop_assert!(answer.status < 500 || answer.status == 503, "{request:?}\n{answer:?}");
        let shown = String::from_utf8_lossy(&answer.body).into_owned();
        prop_assert!(!shown.contains(SECRET), "{request:?}\n{answer:?}");
        Ok(())
    });
    done.unwrap();
    assert!(!world.serve.log().iter().any(|line| line.contains(SECRET)));
}
