//! The description of all calls, and the page that shows it.

use std::{collections::BTreeSet, fs};

use serde_json::{Map, Value};

use crate::{
    client::{Answer, Request},
    serve::Plan,
    world::{OPS, World},
};

/// The operations of the document: method and path, with what it says about them.
pub fn operations(document: &Value) -> Vec<(String, String, Value)> {
    let paths = document["paths"].as_object().unwrap().iter();
    let all = paths.flat_map(|(path, item)| {
        let item = item.as_object().unwrap().iter();
        item.map(move |(method, operation)| {
            (method.to_uppercase(), path.clone(), operation.clone())
        })
    });
    all.collect()
}

/// What a reference in the document is to.
pub fn resolved<'a>(document: &'a Value, schema: &'a Value) -> &'a Value {
    match schema["$ref"].as_str() {
        Some(at) => resolved(document, document.pointer(at.trim_start_matches('#')).unwrap()),
        None => schema,
    }
}

/// Why a value is not as a schema says, if it is not. Knows the words that the document uses.
fn fault(document: &Value, schema: &Value, value: &Value) -> Option<String> {
    let schema = resolved(document, schema);
    let all = |word: &str| schema[word].as_array().into_iter().flatten();
    if let Some(fault) = all("allOf").find_map(|part| fault(document, part, value)) {
        return Some(fault);
    }
    if schema["oneOf"].is_array()
        && all("oneOf").filter(|one| fault(document, one, value).is_none()).count() != 1
    {
        return Some(format!("{value} is not one of {schema}"));
    }
    let is = |name: &str| match name {
        "null" => value.is_null(),
        "string" => value.is_string(),
        "boolean" => value.is_boolean(),
        "integer" => value.is_i64() || value.is_u64(),
        "number" => value.is_number(),
        "array" => value.is_array(),
        "object" => value.is_object(),
        other => panic!("a type of the document that this test does not know: {other}"),
    };
    let fits = match &schema["type"] {
        Value::String(name) => is(name),
        Value::Array(names) => names.iter().any(|name| is(name.as_str().unwrap())),
        _ => true,
    };
    if !fits {
        return Some(format!("{value} is not of the type of {schema}"));
    }
    if schema["enum"].is_array() && !all("enum").any(|one| one == value) {
        return Some(format!("{value} is not in {schema}"));
    }
    let none = Map::new();
    let fields = value.as_object().unwrap_or(&none);
    if let Some(missing) = all("required")
        .find(|name| value.is_object() && !fields.contains_key(name.as_str().unwrap()))
    {
        return Some(format!("{value} has no {missing}"));
    }
    let properties = schema["properties"].as_object();
    let mut known = properties.into_iter().flatten();
    let items = value.as_array().into_iter().flatten();
    known.find_map(|(name, schema)| fault(document, schema, fields.get(name)?)).or_else(|| {
        let items_schema = schema.get("items")?;
        items.clone().find_map(|item| fault(document, items_schema, item))
    })
}

/// An answer is what the document says.
pub fn is_described(document: &Value, (method, path): (&str, &str), answer: &Answer) {
    let responses = &document["paths"][path][method.to_lowercase()]["responses"];
    let said = match responses.get(answer.status.to_string()) {
        Some(said) => said,
        None if answer.status >= 400 => &responses["default"],
        None => panic!("{method} {path} answers {answer:?}"),
    };
    let Some(content) = said["content"].as_object() else {
        assert!(answer.body.is_empty(), "{method} {path} answers {answer:?}");
        return;
    };
    let schema = &content.values().next().unwrap()["schema"];
    let fault = fault(document, schema, &answer.json());
    assert_eq!(fault, None, "{method} {path} answers {answer:?}");
}

#[test]
fn every_call_is_described_and_every_description_is_a_call() {
    let world = World::new();
    let document = world.send(&Request::get("/openapi.json")).expect(200);
    assert_eq!(document["openapi"], "3.1.0");
    let operations = operations(&document);
    let ids: BTreeSet<_> =
        operations.iter().map(|(.., about)| about["operationId"].to_string()).collect();
    assert_eq!(ids.len(), operations.len(), "each has an id of its own");
    let manual = fs::read_to_string(concat!(env!("CARGO_MANIFEST_DIR"), "/assets/manual/http.md"));
    let manual = manual.unwrap();
    for (method, path, about) in &operations {
        assert!(!about["summary"].as_str().unwrap().is_empty(), "{method} {path}");
        assert!(manual.contains(path.split('{').next().unwrap()), "{path} is not in the manual");
        let target = path.replace("{id}", "000000000000000000000000").replace(['{', '}'], "x");
        let answer = world.send(&Request::new(method, &target));
        // Nobody has logged in.
        assert!([400, 401, 415, 422].contains(&answer.status), "{method} {path}: {answer:?}");
        is_described(&document, (method, path), &answer);
    }
    // The calls of the FastAPI service are all there.
    for path in ["/org/create", "/org/get", "/org/update", "/org/delete", "/admin/login"] {
        assert!(document["paths"][path].is_object(), "{path}");
    }
}

#[test]
fn what_is_answered_is_what_is_described() {
    let world = World::new();
    let document = world.send(&Request::get("/openapi.json")).expect(200);
    let token = world.token(OPS);
    let org = world.create(&token, "acme", "ada@acme.com");
    let id = org["organization_id"].as_str().unwrap();
    // Everything that is read without a parameter but an id.
    let mut read = 0;
    for (method, path, about) in operations(&document) {
        let parameters = about["parameters"].as_array().into_iter().flatten();
        let needed: Vec<_> = parameters
            .filter(|parameter| parameter["required"] == true)
            .map(|parameter| parameter["name"].as_str().unwrap())
            .collect();
        if method != "GET" || !needed.iter().all(|name| *name == "id") {
            continue;
        }
        let answer = world.send(&Request::get(&path.replace("{id}", id)).bearer(&token));
        if answer.header("content-type") == Some("application/json") {
            assert_eq!(answer.status, 200, "{path}: {answer:?}");
            is_described(&document, (&method, &path), &answer);
            read += 1;
        }
    }
    assert!(read >= 3, "{read} calls only read");
    let get = Request::get("/org/get?organization_name=acme").bearer(&token);
    is_described(&document, ("GET", "/org/get"), &world.send(&get));
    let login = serde_json::json!({ "email": OPS, "password": crate::serve::PASSWORD });
    for path in ["/v1/login", "/admin/login"] {
        let answer = world.send(&Request::new("POST", path).json(&login));
        assert_eq!(answer.status, 200, "{answer:?}");
        is_described(&document, ("POST", path), &answer);
    }
}

#[test]
fn the_manual_explains_each_code_of_an_error() {
    let world = World::new();
    let document = world.send(&Request::get("/openapi.json")).expect(200);
    let schema = &document["components"]["schemas"]["ErrorCode"];
    // Each has a comment, and so a schema of its own.
    let listed = schema["enum"].as_array().cloned().unwrap_or_else(|| {
        let each = schema["oneOf"].as_array().unwrap().iter();
        each.map(|one| one["enum"][0].clone()).collect()
    });
    let mut codes: BTreeSet<_> = listed.iter().map(|code| code.as_str().unwrap()).collect();
    assert!(codes.contains("wrong_login") && codes.len() > 20, "{schema}");
    // What only a command can meet.
    codes.extend(["usage", "interrupted"]);
    let page = concat!(env!("CARGO_MANIFEST_DIR"), "/assets/manual/scripts.md");
    let manual = fs::read_to_string(page).unwrap();
    let (_, table) = manual.split_once("## Codes of errors").unwrap();
    let rows = table.lines().filter_map(|line| line.strip_prefix("| `"));
    let cells = rows.map(|row| row.split('|').next().unwrap());
    let told: BTreeSet<_> =
        cells.flat_map(|cell| cell.split(',')).map(|cell| cell.trim_matches([' ', '`'])).collect();
    assert_eq!(told, codes);
}

#[test]
fn a_program_tells_errors_apart_by_their_codes() {
    let world = World::new();
    let (ops, login) = (world.token(OPS), |email: &str, password: &str| {
        let body = serde_json::json!({ "email": email, "password": password });
        world.send(&Request::new("POST", "/v1/login").json(&body))
    });
    world.create(&ops, "acme", "ada@acme.com");
    let again = serde_json::json!({
        "organization_name": "acme", "email": "eve@acme.com", "password": crate::serve::PASSWORD,
    });
    let nothing = "/v1/organizations/000000000000000000000000";
    for (status, code, answer) in [
        (401, "wrong_login", login(OPS, "violet-harbor-42-wrong")),
        (401, "login_required", world.send(&Request::get("/v1/me"))),
        (401, "session_ended", world.send(&Request::get("/v1/me").bearer("x"))),
        (401, "key_not_valid", world.send(&Request::get("/v1/me").bearer("tnt_x"))),
        (404, "not_found", world.send(&Request::get(nothing).bearer(&ops))),
        (404, "not_found", world.send(&Request::get("/v1/nothing"))),
        (405, "invalid", world.send(&Request::new("PUT", "/v1/login"))),
        (409, "taken", {
            let create = Request::new("POST", "/v1/organizations").json(&again);
            world.send(&create.bearer(&ops))
        }),
    ] {
        assert_eq!(answer.expect(status)["code"], code);
    }
}

#[test]
fn the_page_loads_nothing_from_elsewhere() {
    let serve = Plan::demo().start();
    let page = |path: &str| Request::get(path).send(serve.address);
    let leads = page("/docs");
    assert_eq!((leads.status, leads.header("location")), (303, Some("/docs/")));
    let front = page("/docs/");
    let policy = front.header("content-security-policy").unwrap();
    assert!(
        policy.contains("default-src 'none'") && policy.contains("script-src 'self'"),
        "{policy}"
    );
    assert_eq!(front.header("content-encoding"), Some("gzip"));
    for file in ["swagger-ui.css", "swagger-ui-bundle.js", "swagger-initializer.js"] {
        let answer = page(&format!("/docs/{file}"));
        assert_eq!(answer.status, 200, "{file}");
        assert!(!answer.body.is_empty(), "{file}");
    }
    assert_eq!(page("/docs/none").status, 404);
}
