//! What the service does not let itself be made to do, and how it begins and ends.

use std::{
    io::{Read, Write},
    net::TcpStream,
    time::{Duration, Instant},
};

use rustix::process::Signal;
use serde_json::json;

use crate::{
    client::{Answer, Request},
    serve::Plan,
    support::{access::OwnDatabase, mongod},
};

/// The exit code and what is said of a service that does not start.
fn refused(plan: &Plan) -> (i32, String) {
    let (mut command, _home) = plan.command();
    let output = command.output().unwrap();
    (output.status.code().unwrap(), String::from_utf8(output.stderr).unwrap())
}

#[test]
fn it_does_not_start_without_a_key_or_open_to_the_network() {
    let file = tempfile::tempdir().unwrap();
    let plan = || Plan::file(&file.path().join("tenantry.db"));
    let (code, said) = refused(&plan().without("SECRET_KEY"));
    assert!(code == 2 && said.contains("SECRET_KEY is not set"), "{code} {said}");
    let (code, said) = refused(&plan().with("SECRET_KEY", "short"));
    assert!(code == 2 && said.contains("at least 32"), "{code} {said}");
    let (code, said) = refused(&plan().flags(&["--listen", "0.0.0.0:0"]));
    assert!(code == 2 && said.contains("without TLS and without a proxy"), "{code} {said}");
    let (code, said) = refused(&plan().flags(&["--tls-cert", "cert.pem"]));
    assert!(code == 2 && said.contains("only one of them"), "{code} {said}");
    let (code, said) = refused(&plan().serving("open = [\"delete\"]"));
    assert!(code == 2 && said.contains("delete"), "{code} {said}");
    // Samples have nothing to protect.
    let _started = Plan::demo().without("SECRET_KEY").start();
    assert!(!file.path().join("tenantry.db").exists(), "nothing was made");
}

#[test]
fn it_answers_how_it_is() {
    let serve = Plan::demo().start();
    assert_eq!(Request::get("/healthz").send(serve.address).expect(200)["status"], "ok");
    assert_eq!(Request::get("/readyz").send(serve.address).expect(200)["status"], "ready");
    let serve = Plan::demo().flags(&["--read-only"]).start();
    let ready = Request::get("/readyz").send(serve.address).expect(503);
    assert_eq!(ready["problems"], json!(["read-only mode"]));
    let body = json!({ "organization_name": "x", "email": "x@x.com", "password": "violet-harbor-42-lantern" });
    Request::new("POST", "/org/create").json(&body).send(serve.address).expect(503);
}

#[test]
fn what_is_too_large_is_refused() {
    let serve = Plan::demo().start();
    let huge = vec![b' '; 64 * 1024 + 1];
    let create = Request::new("POST", "/org/create").header("Content-Type", "application/json");
    let answer = create.body(&huge).send(serve.address);
    assert_eq!(answer.status, 413);
    let long = "x".repeat(20_000);
    let answer = Request::get(&format!("/org/get?organization_name={long}")).send(serve.address);
    assert!([414, 431].contains(&answer.status), "{}", answer.status);
    let answer = Request::get("/healthz").header("X-Long", &long).send(serve.address);
    assert_eq!(answer.status, 431);
    assert_eq!(Request::get("/healthz").send(serve.address).status, 200);
}

#[test]
fn a_request_that_could_be_two_is_refused() {
    let serve = Plan::demo().start();
    for head in [
        "POST /org/create HTTP/1.1\r\nHost: x\r\nContent-Length: 4\r\nTransfer-Encoding: chunked\r\n\r\n0\r\n\r\n",
        "POST /org/create HTTP/1.1\r\nHost: x\r\nContent-Length: 4\r\nContent-Length: 5\r\n\r\nabcde",
        "POST /org/create HTTP/1.1\r\nHost: x\r\nContent-Length: +4\r\n\r\nabcd",
        "GET /healthz HTTP/1.1\r\nHost: x\r\nBad Header: x\r\n\r\n",
        "GET /healthz HTTP/1.1\nHost: x\n folded\n\n",
        "\x16\x03\x01\x02\x00\x01\x00\x01\u{fc}\x03\x03",
    ] {
        let mut stream = TcpStream::connect(serve.address).unwrap();
        stream.set_read_timeout(Some(Duration::from_secs(20))).unwrap();
        stream.write_all(head.as_bytes()).unwrap();
        let mut said = Vec::new();
        stream.read_to_end(&mut said).unwrap();
        let said = String::from_utf8_lossy(&said);
        let answers = said.matches("HTTP/1.1 ").count();
        let refused = said.starts_with("HTTP/1.1 4") || said.is_empty();
        assert!(answers <= 1 && refused, "{head:?}: {said}");
    }
}

#[test]
fn a_slow_client_is_let_go_and_holds_up_nobody() {
    let serve = Plan::demo().start();
    let began = Instant::now();
    let mut slow: Vec<TcpStream> =
        (0..300).map(|_| TcpStream::connect(serve.address).unwrap()).collect();
    for (at, stream) in slow.iter_mut().enumerate() {
        // Some say nothing, some do not finish, and some have been answered and keep the connection.
        let text = match at % 3 {
            0 => "",
            1 => "GET /healthz HT",
            _ => "GET /healthz HTTP/1.1\r\nHost: x\r\n\r\n",
        };
        stream.write_all(text.as_bytes()).unwrap();
    }
    assert_eq!(Request::get("/healthz").send(serve.address).status, 200);
    for stream in &mut slow {
        stream.set_read_timeout(Some(Duration::from_secs(30))).unwrap();
        let mut rest = Vec::new();
        stream.read_to_end(&mut rest).unwrap();
    }
    assert!(began.elapsed() < Duration::from_secs(25), "{:?}", began.elapsed());
}

#[tokio::test]
async fn clients_that_hang_up_keep_nobody_waiting() {
    let database = OwnDatabase::on(mongod::standalone(), "hang_up").await;
    let serve = Plan::on(&database.uri, database.name()).start();
    let get = Request::get("/org/get?organization_name=nobody");
    get.send(serve.address).expect(404);
    // Hundreds ask, and are gone before they are answered.
    for _ in 0..5 {
        let asked: Vec<TcpStream> = (0..100)
            .map(|_| {
                let mut stream = TcpStream::connect(serve.address).unwrap();
                let head = "GET /org/get?organization_name=nobody HTTP/1.1\r\nHost: x\r\n\r\n";
                stream.write_all(head.as_bytes()).unwrap();
                stream
            })
            .collect();
        drop(asked);
    }
    let began = Instant::now();
    let answer = get.send(serve.address);
    assert!([404, 503].contains(&answer.status), "{answer:?}");
    assert!(began.elapsed() < Duration::from_secs(3), "{:?}", began.elapsed());
    // What they asked was done to its end, and says so.
    serve.wait_for_line_with(&["\"status\":404", "\"gone\":true"]);
}

#[test]
fn a_signal_ends_it_and_what_is_under_way_is_answered() {
    let serve = Plan::demo().start();
    let mut stream = TcpStream::connect(serve.address).unwrap();
    let body = json!({ "email": "nobody@example.com", "password": "violet-harbor-42-lantern" });
    let body = body.to_string();
    let head = format!(
        "POST /admin/login HTTP/1.1\r\nHost: x\r\nContent-Type: application/json\r\nContent-Length: {}\r\n\
         Expect: 100-continue\r\n\r\n",
        body.len()
    );
    stream.write_all(head.as_bytes()).unwrap();
    // It wants the body: the request is under way.
    let mut wanted = [0; 25];
    stream.read_exact(&mut wanted).unwrap();
    assert_eq!(&wanted, b"HTTP/1.1 100 Continue\r\n\r\n");
    stream.write_all(&body.as_bytes()[..body.len() - 1]).unwrap();
    serve.signal(Signal::TERM);
    serve.wait_for_line("draining");
    stream.write_all(&body.as_bytes()[body.len() - 1..]).unwrap();
    assert_eq!(Answer::read(&stream, false).status, 401);
    let (status, log) = serve.ended();
    assert!(status.success(), "{status} {log:?}");
    assert!(log.last().unwrap().contains("ended"), "{log:?}");
}
