//! One-time codes that are mailed where a client asks for it.

use serde_json::json;

use crate::{
    client::Request,
    serve::{OTHER_PASSWORD, PASSWORD, Plan, Serve},
    support::smtp::MailServer,
};

/// An organization with its owner, logged in: where its admins are, and the token.
fn owned(serve: &Serve) -> (String, String) {
    let body =
        json!({ "organization_name": "acme", "email": "ada@acme.com", "password": PASSWORD });
    Request::new("POST", "/org/create").json(&body).send(serve.address).expect(200);
    let login = json!({ "email": "ada@acme.com", "password": PASSWORD });
    let login = Request::new("POST", "/v1/login").json(&login).send(serve.address).expect(200);
    let admins = format!(
        "/v1/organizations/{}/admins",
        login["account"]["organization_id"].as_str().unwrap()
    );
    (admins, login["access_token"].as_str().unwrap().to_owned())
}

#[test]
fn a_code_is_mailed_where_that_is_asked_for() {
    let file = tempfile::tempdir().unwrap();
    let mail = MailServer::start();
    let lines =
        format!("[mail]\nserver = \"{}\"\ntls = \"none\"\nfrom = \"t@b.example\"\n", mail.address);
    let serve = Plan::file(&file.path().join("tenantry.db")).serving(&lines).start();
    let (admins, token) = owned(&serve);
    let post = |target: &str, body| {
        Request::new("POST", target).json(&body).bearer(&token).send(serve.address)
    };
    let added = post(&admins, json!({ "email": "bob@acme.com" })).expect(201);
    assert_eq!((added.get("sent"), mail.count()), (None, 0));
    let code = format!("{admins}/BOB@acme.com/code");
    post(&format!("{code}?sent=true"), json!({})).expect(422);
    let sent = post(&format!("{code}?send=true"), json!({})).expect(200);
    assert_eq!((&sent["sent"], sent.get("mail_problem")), (&json!(true), None));
    assert_eq!(sent["email"], "bob@acme.com", "as it is stored");
    assert!(mail.mail().contains(sent["code"].as_str().unwrap()), "{}", mail.mail());
    // To the minute, as people read it.
    let until = sent["valid_until"].as_str().unwrap()[..16].replace('T', " ");
    assert!(mail.mail().contains(&format!("until {until} UTC")), "{until}: {}", mail.mail());

    // It is shown, and good, whatever comes of the mail.
    let added = json!({ "email": "nobody@acme.com", "send": true });
    let added = post(&admins, added).expect(201);
    assert_eq!(added["sent"], false);
    assert!(added["mail_problem"].as_str().unwrap().contains("no such mailbox"), "{added}");
    let redeem = json!({
        "email": "nobody@acme.com", "code": added["code"], "password": OTHER_PASSWORD,
    });
    Request::new("POST", "/v1/redeem").json(&redeem).send(serve.address).expect(200);
    assert_eq!(mail.count(), 1);
}

#[test]
fn without_a_mail_server_no_code_is_issued_that_was_to_be_mailed() {
    let file = tempfile::tempdir().unwrap();
    let serve = Plan::file(&file.path().join("tenantry.db")).start();
    let (admins, token) = owned(&serve);
    let add = json!({ "email": "bob@acme.com", "send": true });
    let add = Request::new("POST", &admins).json(&add).bearer(&token).send(serve.address);
    assert_eq!(add.expect(501)["detail"], "mail is not set up");
    let listed = Request::get(&admins).bearer(&token).send(serve.address).expect(200);
    assert_eq!(listed["admins"].as_array().unwrap().len(), 1);
}
