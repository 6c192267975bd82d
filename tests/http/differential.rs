//! Generated requests to the FastAPI service and to ours, each on a database of its own: the answers are the same, but
//! for what the manual lists.

use std::{
    collections::HashMap,
    net::SocketAddr,
    sync::atomic::{AtomicU32, Ordering},
};

use proptest::{prelude::*, test_runner::TestRunner};
use serde_json::{Map, Value, json};

use crate::{
    client::{Answer, Request},
    fastapi::FastApi,
    serve::{OTHER_PASSWORD, PASSWORD, Plan},
    support::{access::OwnDatabase, mongod},
};

/// What FastAPI itself says; anything else is the service's own text, and ours is another.
const WORDS: [&str; 4] =
    ["Not Found", "Method Not Allowed", "Not authenticated", "There was an error parsing the body"];

/// One call, with numbers instead of names.
#[derive(Clone, Debug)]
enum Step {
    Create { org: u8, email: u8, spoiled: Spoiled },
    Get { org: u8, query: Query },
    Rename { org: u8, to: u8, spoiled: Spoiled },
    Credentials { org: u8, password: bool, spoiled: Spoiled },
    Delete { org: u8, token: Token, spoiled: Spoiled },
    Login { org: u8, spoiled: Spoiled },
    LoginUnknown,
    Method { path: u8, method: u8 },
    Slash { path: u8, slashes: u8 },
}

/// What is wrong with a body.
#[derive(Clone, Debug)]
enum Spoiled {
    No,
    Missing(u8),
    Other(u8, Value),
    More,
    Whole(Value),
    Nothing,
    Broken(&'static str),
    Bytes(&'static [u8]),
    Type(Option<&'static str>),
}

/// How the name of a wanted organization is sent.
#[derive(Clone, Debug)]
enum Query {
    Usual,
    None,
    Other,
    Twice,
    Empty,
    Escaped,
    Bytes,
}

/// Whose token is sent.
#[derive(Clone, Debug)]
enum Token {
    Own,
    Of(u8),
    None,
    Empty,
    Other,
    Wrong,
}

fn spoiled() -> impl Strategy<Value = Spoiled> {
    let value = || {
        prop_oneof![
            Just(Value::Null),
            Just(json!(5)),
            Just(json!(1e300)),
            Just(json!(true)),
            Just(json!(["x"])),
            Just(json!({ "a": { "b": [] } })),
        ]
    };
    prop_oneof![
        6 => Just(Spoiled::No),
        1 => (0..4_u8).prop_map(Spoiled::Missing),
        1 => (0..4_u8, value()).prop_map(|(at, value)| Spoiled::Other(at, value)),
        1 => Just(Spoiled::More),
        1 => prop_oneof![value(), Just(json!("text")), Just(json!([{}]))].prop_map(Spoiled::Whole),
        1 => Just(Spoiled::Nothing),
        1 => prop_oneof![
            Just("{"), Just("{\"a\": tru}"), Just("{} x"), Just("[1,"), Just("{\"a\" 1}"), Just("x"), Just(" "),
            Just("{\"a\": \"\\x\"}"), Just("{'a': 1}"), Just("\n\n {\"ä\": }"),
        ]
        .prop_map(Spoiled::Broken),
        1 => prop_oneof![Just(&b"{\"organization_name\": \"\xff\"}"[..]), Just(&b"\xc3("[..])]
            .prop_map(Spoiled::Bytes),
        1 => prop_oneof![
            Just(None),
            Just(Some("text/plain")),
            Just(Some("application/x-www-form-urlencoded")),
            Just(Some("application/json; charset=utf-8")),
            Just(Some("APPLICATION/JSON")),
            Just(Some("application/vnd.api+json")),
            Just(Some("application/jsonx")),
            Just(Some("text/json")),
        ]
        .prop_map(Spoiled::Type),
    ]
}

fn step() -> impl Strategy<Value = Step> {
    let org = || 0..4_u8;
    let query = prop_oneof![
        4 => Just(Query::Usual),
        1 => Just(Query::None),
        1 => Just(Query::Other),
        1 => Just(Query::Twice),
        1 => Just(Query::Empty),
        1 => Just(Query::Escaped),
        1 => Just(Query::Bytes),
    ];
    let token = prop_oneof![
        4 => Just(Token::Own),
        1 => (0..4_u8).prop_map(Token::Of),
        1 => Just(Token::None),
        1 => Just(Token::Empty),
        1 => Just(Token::Other),
        1 => Just(Token::Wrong),
    ];
    prop_oneof![
        5 => (org(), 0..4_u8, spoiled())
            .prop_map(|(org, email, spoiled)| Step::Create { org, email, spoiled }),
        3 => (org(), query).prop_map(|(org, query)| Step::Get { org, query }),
        2 => (org(), 0..4_u8, spoiled()).prop_map(|(org, to, spoiled)| Step::Rename { org, to, spoiled }),
        2 => (org(), any::<bool>(), spoiled())
            .prop_map(|(org, password, spoiled)| Step::Credentials { org, password, spoiled }),
        3 => (org(), token, spoiled()).prop_map(|(org, token, spoiled)| Step::Delete { org, token, spoiled }),
        2 => (org(), spoiled()).prop_map(|(org, spoiled)| Step::Login { org, spoiled }),
        1 => Just(Step::LoginUnknown),
        1 => (0..6_u8, 0..7_u8).prop_map(|(path, method)| Step::Method { path, method }),
        1 => (0..6_u8, 1..3_u8).prop_map(|(path, slashes)| Step::Slash { path, slashes }),
    ]
}

const PATHS: [&str; 6] =
    ["/org/create", "/org/get", "/org/update", "/org/delete", "/admin/login", "/nothing"];
const METHODS: [&str; 7] = ["GET", "POST", "PUT", "DELETE", "PATCH", "HEAD", "OPTIONS"];

/// Both services, and what a client of them knows.
struct Both {
    theirs: SocketAddr,
    ours: SocketAddr,
    /// The names and e-mails of one case are its own.
    case: u32,
    /// By organization: its e-mail and password.
    known: HashMap<u8, (String, &'static str)>,
    fresh: u32,
}

impl Both {
    fn name(&self, org: u8) -> String {
        format!("org{}_{org}", self.case)
    }

    /// Sends it to both, and compares the answers.
    fn ask(&self, request: &Request) -> (Answer, Answer) {
        self.ask_as(request, None)
    }

    fn ask_as(&self, request: &Request, tokens: Option<&(String, String)>) -> (Answer, Answer) {
        let as_one = |token: Option<&String>| {
            token.map_or_else(|| request.clone(), |token| request.clone().bearer(token))
        };
        let theirs = as_one(tokens.map(|tokens| &tokens.0)).send(self.theirs);
        let ours = as_one(tokens.map(|tokens| &tokens.1)).send(self.ours);
        compare(request, &theirs, &ours);
        (theirs, ours)
    }

    fn login(&self, org: u8) -> Option<(String, String)> {
        let (email, password) = self.known.get(&org)?;
        let body = json!({ "email": email, "password": password });
        let (theirs, ours) = self.ask(&Request::new("POST", "/admin/login").json(&body));
        let token = |answer: &Answer| answer.json()["access_token"].as_str().map(str::to_owned);
        Some((token(&theirs)?, token(&ours)?))
    }

    fn step(&mut self, step: &Step) {
        match step {
            Step::Create { org, email, spoiled } => {
                let email = format!("admin{}_{email}@example.com", self.case);
                let body = json!({
                    "organization_name": self.name(*org), "email": email, "password": PASSWORD,
                });
                let (theirs, _) = self.ask(&request("POST", "/org/create", body, spoiled));
                if theirs.status == 200 {
                    self.known.insert(*org, (email, PASSWORD));
                }
            }
            Step::Get { org, query } => {
                let name = self.name(*org);
                let query = match query {
                    Query::Usual => format!("?organization_name={name}"),
                    Query::None => String::new(),
                    Query::Other => format!("?name={name}&x"),
                    Query::Twice => format!("?organization_name=x&organization_name={name}"),
                    Query::Empty => "?organization_name=".to_owned(),
                    Query::Escaped => format!("?organization%5Fname={}", name.replace('_', "%5F")),
                    Query::Bytes => "?organization_name=%ff%fe+x".to_owned(),
                };
                self.ask(&Request::get(&format!("/org/get{query}")));
            }
            Step::Rename { org, to, spoiled } => {
                let body = json!({
                    "organization_name": self.name(*org), "new_organization_name": self.name(*to),
                });
                let (theirs, _) = self.ask(&request("PUT", "/org/update", body, spoiled));
                if theirs.status == 200
                    && theirs.json()["data"]["organization_name"] == self.name(*to)
                    && let Some(known) = self.known.remove(org)
                {
                    self.known.insert(*to, known);
                }
            }
            Step::Credentials { org, password, spoiled } => {
                let Some(tokens) = self.login(*org) else { return };
                self.fresh += 1;
                let email = format!("fresh{}_{}@example.com", self.case, self.fresh);
                let mut body = json!({ "organization_name": self.name(*org), "email": email });
                if *password {
                    body["password"] = OTHER_PASSWORD.into();
                }
                let request = request("PUT", "/org/update", body, spoiled);
                let (theirs, _) = self.ask_as(&request, Some(&tokens));
                if theirs.status == 200 {
                    let sent: Value = serde_json::from_slice(&request.body).unwrap();
                    let known = self.known.get_mut(org).unwrap();
                    if let Some(email) = sent["email"].as_str() {
                        email.clone_into(&mut known.0);
                    }
                    if sent["password"].is_string() {
                        known.1 = OTHER_PASSWORD;
                    }
                }
            }
            Step::Delete { org, token, spoiled } => {
                let body = json!({ "organization_name": self.name(*org) });
                let request = request("DELETE", "/org/delete", body, spoiled);
                let (request, tokens) = match token {
                    Token::Own => (request, self.login(*org)),
                    Token::Of(other) => (request, self.login(*other)),
                    Token::None => (request, None),
                    Token::Empty => (request.header("Authorization", "Bearer"), None),
                    Token::Other => (request.header("Authorization", "Basic eDp5"), None),
                    Token::Wrong => (request.bearer("a.b.c"), None),
                };
                let (theirs, _) = self.ask_as(&request, tokens.as_ref());
                if theirs.status == 200 {
                    self.known.remove(org);
                }
            }
            Step::Login { org, spoiled } => {
                let Some((email, password)) = self.known.get(org) else { return };
                let body = json!({ "email": email, "password": password });
                self.ask(&request("POST", "/admin/login", body, spoiled));
            }
            Step::LoginUnknown => {
                self.fresh += 1;
                let email = format!("nobody{}_{}@example.com", self.case, self.fresh);
                let body = json!({ "email": email, "password": PASSWORD });
                self.ask(&Request::new("POST", "/admin/login").json(&body));
            }
            Step::Method { path, method } => {
                let (path, method) = (PATHS[usize::from(*path)], METHODS[usize::from(*method)]);
                self.ask(&Request::new(method, path));
            }
            Step::Slash { path, slashes } => {
                let slashes = "/".repeat(usize::from(*slashes));
                let path = PATHS[usize::from(*path)];
                self.ask(&Request::get(&format!("{path}{slashes}?a=%20b&c")));
            }
        }
    }
}

/// A request with a body that is as it should be, or not.
fn request(method: &str, path: &str, body: Value, spoiled: &Spoiled) -> Request {
    let request = Request::new(method, path);
    let Value::Object(mut fields) = body else { panic!("{body}") };
    let field = |fields: &Map<String, Value>, at: &u8| {
        let names = ["organization_name", "email", "password", "new_organization_name"];
        let name = names[usize::from(*at)];
        fields.contains_key(name).then(|| name.to_owned())
    };
    match spoiled {
        Spoiled::No => {}
        Spoiled::Missing(at) => {
            if let Some(field) = field(&fields, at) {
                fields.remove(&field);
            }
        }
        Spoiled::Other(at, value) => {
            if let Some(field) = field(&fields, at) {
                fields.insert(field, value.clone());
            }
        }
        Spoiled::More => {
            fields.insert("more".to_owned(), json!({ "x": [1] }));
        }
        Spoiled::Whole(value) => return request.json(value),
        Spoiled::Nothing => return request.header("Content-Type", "application/json"),
        Spoiled::Broken(text) => {
            return request.header("Content-Type", "application/json").body(text.as_bytes());
        }
        Spoiled::Bytes(bytes) => {
            return request.header("Content-Type", "application/json").body(bytes);
        }
        Spoiled::Type(kind) => {
            let request =
                kind.iter().fold(request, |request, kind| request.header("Content-Type", kind));
            return request.body(Value::Object(fields).to_string().as_bytes());
        }
    }
    request.json(&Value::Object(fields))
}

fn compare(request: &Request, theirs: &Answer, ours: &Answer) {
    let both = || format!("{request:?}\ntheirs: {theirs:?}\nours: {ours:?}");
    assert_eq!(theirs.status, ours.status, "{}", both());
    for name in ["content-type", "allow"] {
        assert_eq!(theirs.header(name), ours.header(name), "{name}: {}", both());
    }
    // Ours says it of each token that it refuses, as RFC 6750 asks for.
    if let Some(challenge) = theirs.header("www-authenticate") {
        assert_eq!(ours.header("www-authenticate"), Some(challenge), "{}", both());
    }
    // Ours names no host: what a client sends as that is not repeated.
    let place = |answer: &Answer| {
        let location = answer.header("location")?;
        let behind = location.split_once("://").map_or(location, |(_, rest)| rest);
        Some(behind[behind.find('/').unwrap()..].to_owned())
    };
    assert_eq!(place(theirs), place(ours), "{}", both());
    if theirs.body.is_empty() || ours.body.is_empty() {
        assert_eq!(theirs.body, ours.body, "{}", both());
        return;
    }
    assert_eq!(comparable(theirs.json()), comparable(ours.json()), "{}", both());
}

/// What the two have in common: identities, times and tokens become what they look like, texts that the service had of
/// its own become one, and of what was sent nothing is repeated.
fn comparable(mut body: Value) -> Value {
    match &mut body["detail"] {
        Value::String(text) if !WORDS.contains(&text.as_str()) => "…".clone_into(text),
        Value::Array(faults) => {
            for fault in faults.iter_mut().filter_map(Value::as_object_mut) {
                fault.remove("input");
                fault.remove("ctx");
                if fault["type"] == "json_invalid" {
                    // Where the text stops being JSON is a matter of opinion.
                    fault["loc"][1] = "…".into();
                }
            }
        }
        _ => {
            if let Some(fields) = body.as_object_mut() {
                fields.remove("detail");
            }
        }
    }
    shape(&mut body);
    body
}

fn shape(value: &mut Value) {
    let Some(fields) = value.as_object_mut() else { return };
    for (name, value) in fields {
        let text = value.as_str().unwrap_or_default();
        let shaped = match name.as_str() {
            "organization_id" | "admin_id" => {
                text.len() == 24 && text.chars().all(|c| c.is_ascii_hexdigit())
            }
            "created_at" => {
                let digits: Vec<usize> = text
                    .split(['-', 'T', ':', '.'])
                    .map(|part| if part.parse::<u32>().is_ok() { part.len() } else { 0 })
                    .collect();
                digits == [4, 2, 2, 2, 2, 2, 6] || digits == [4, 2, 2, 2, 2, 2]
            }
            "access_token" => text.split('.').count() == 3,
            "database" => !text.is_empty(),
            _ => {
                shape(value);
                continue;
            }
        };
        assert!(shaped, "{name}: {value}");
        *value = "…".into();
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn both_answer_the_same() {
    let theirs = OwnDatabase::on(mongod::standalone(), "theirs").await;
    let ours = OwnDatabase::on(mongod::standalone(), "ours").await;
    let there = FastApi::on(&theirs.uri, theirs.name());
    let plan = Plan::on(&ours.uri, ours.name());
    let here = plan
        .serving(
            "open = [\"create\", \"get\", \"update-name\"]\nlimits = { create = 0, login = 0 }",
        )
        .start();
    let cases = AtomicU32::new(0);
    tokio::task::block_in_place(|| {
        let mut runner = TestRunner::new(ProptestConfig {
            cases: 48,
            failure_persistence: None,
            ..ProptestConfig::default()
        });
        let steps = prop::collection::vec(step(), 1..16);
        runner
            .run(&steps, |steps| {
                let mut both = Both {
                    theirs: there.address,
                    ours: here.address,
                    case: cases.fetch_add(1, Ordering::Relaxed),
                    known: HashMap::new(),
                    fresh: 0,
                };
                for step in &steps {
                    both.step(step);
                }
                Ok(())
            })
            .unwrap_or_else(|error| panic!("{error}"));
    });
}
