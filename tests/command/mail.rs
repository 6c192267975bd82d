//! One-time codes that are mailed to their admins.

use std::{fs, net::TcpListener, os::unix::fs::PermissionsExt as _, process::Stdio};

use serde_json::Value;

use crate::{
    support::smtp::{MAIL_PASSWORD, MAIL_USER, MailServer},
    tool::{Home, PASSWORD},
};

const FILE: &str = ".config/tenantry/config.toml";

/// A user whose configuration says this of mail, with the password beside it.
fn home_with(mail: &str) -> Home {
    let home = Home::new();
    let directory = home.path(".config/tenantry");
    fs::create_dir_all(&directory).unwrap();
    let file = directory.join("mail-password");
    fs::write(&file, format!("{MAIL_PASSWORD}\n")).unwrap();
    fs::set_permissions(&file, fs::Permissions::from_mode(0o600)).unwrap();
    fs::write(home.path(FILE), format!("[mail]\n{mail}")).unwrap();
    home
}

/// The mail server, and a user who sends by it.
fn mailing(more: &str) -> (MailServer, Home) {
    let server = MailServer::start();
    let home = home_with(&format!(
        "server = \"{}\"\ntls = \"none\"\nfrom = \"Tenantry <tenantry@example.com>\"\n{more}",
        server.address
    ));
    home.create("Acme & Söhne", "ada@acme.com");
    (server, home)
}

fn code_of(said: &Value) -> String {
    said["code"].as_str().unwrap().to_owned()
}

/// What the audit log says of codes, the newest first: the outcome, and where it was mailed to.
fn audited(home: &Home) -> Vec<(String, Option<String>)> {
    let told = home.run(&["audit", "list", "--action", "issue-code"]).json();
    let entries = told["entries"].as_array().unwrap().iter();
    let mailed = |entry: &Value| {
        let changes = entry["changes"].as_array().unwrap();
        let mailed = changes.iter().find(|change| change["field"] == "mailed to")?;
        Some(mailed["to"].as_str().unwrap().to_owned())
    };
    entries.map(|entry| (entry["result"].as_str().unwrap().to_owned(), mailed(entry))).collect()
}

#[test]
fn a_code_is_mailed_to_its_admin_and_works() {
    let login = format!("user = \"{MAIL_USER}\"\npassword_file = \"mail-password\"\n");
    let url = "redeem_url = \"https://tenantry.example/redeem\"\n";
    let (server, home) = mailing(&(login + url));
    // Nothing is sent where that is not asked for.
    let said = home.run(&["admin", "code", "acme & söhne", "ada@acme.com"]).json();
    assert_eq!((said.get("sent"), server.count()), (None, 0));

    let said = home.run(&["admin", "code", "acme & söhne", "ADA@acme.com", "--send"]).json();
    assert_eq!((&said["sent"], server.count()), (&Value::Bool(true), 1));
    let (mail, code) = (server.mail(), code_of(&said));
    for part in [
        "From: Tenantry <tenantry@example.com>\n",
        "To: ada@acme.com\n",
        "You are an admin of “Acme & Söhne”.",
        &format!("\n    {code}\n"),
        "\n    https://tenantry.example/redeem?email=ada%40acme.com\n",
        "for one hour, until 2",
        "If you did not expect this, ignore it",
    ] {
        assert!(mail.contains(part), "{part:?} is not in\n{mail}");
    }
    // base64 of \0user\0password
    let auth = base64::Engine::encode(
        &base64::engine::general_purpose::STANDARD,
        format!("\0{MAIL_USER}\0{MAIL_PASSWORD}"),
    );
    assert!(server.lines().contains(&format!("AUTH PLAIN {auth}")), "{:?}", server.lines());
    let redeem = ["admin", "redeem", "ada@acme.com", "--stdin"];
    assert_eq!(home.run_with(&redeem, &format!("{code}\n{PASSWORD}\n")).code, 0);
    let mailed = ("done".to_owned(), Some("ada@acme.com".to_owned()));
    assert_eq!(audited(&home)[..2], [mailed, ("done".to_owned(), None)]);

    // A new admin's, and a new owner's.
    let ada = ["--as", "ada@acme.com", "--password-stdin", "--send", "--yes"];
    let add = [&["admin", "add", "acme & söhne", "bob@acme.com"], &ada[..]].concat();
    let said = home.run_with(&add, PASSWORD).json();
    assert!(server.mail().contains(&code_of(&said)) && server.mail().contains("To: bob@acme.com"));
    let give = [&["admin", "transfer", "acme & söhne", "eve@acme.com"], &ada[..]].concat();
    let said = home.run_with(&give, PASSWORD).json();
    assert!(server.mail().contains(&code_of(&said)) && server.mail().contains("To: eve@acme.com"));
    assert_eq!(server.count(), 3);
    // For people.
    let table = ["admin", "code", "acme & söhne", "bob@acme.com", "--send", "--output", "table"];
    assert!(home.run(&table).out.contains("\n  → it was mailed to that address\n"));
}

#[test]
fn a_mail_that_is_not_taken_is_an_error_and_the_code_is_good_all_the_same() {
    let (server, home) = mailing("");
    let ada = ["--as", "ada@acme.com", "--password-stdin"];
    let add = [&["admin", "add", "acme & söhne", "nobody@acme.com"], &ada[..]].concat();
    home.run_with(&add, PASSWORD).json();
    let said = home.run(&["admin", "code", "acme & söhne", "nobody@acme.com", "--send"]);
    assert_eq!((said.code, server.count()), (1, 0), "{said:?}");
    assert!(said.err.contains("was issued, but not mailed: 127.0.0.1:"), "{said:?}");
    assert!(said.err.contains("no such mailbox\n  → hand the code over yourself"), "{said:?}");
    let shown: Value = serde_json::from_str(&said.out).unwrap();
    assert_eq!(shown["sent"], false);
    let redeem = ["admin", "redeem", "nobody@acme.com", "--stdin"];
    let redeemed = home.run_with(&redeem, &format!("{}\n{PASSWORD}\n", code_of(&shown)));
    assert_eq!(redeemed.code, 0, "{redeemed:?}");
    let failed = ("failed".to_owned(), Some("nobody@acme.com".to_owned()));
    assert_eq!(audited(&home)[0], failed);
    // The code is in no log.
    assert!(!home.all_rows().iter().any(|row| row.contains(&code_of(&shown))));
}

#[test]
fn without_a_mail_server_nothing_is_issued() {
    let home = Home::new();
    home.create("acme", "ada@acme.com");
    let send = ["admin", "code", "acme", "ada@acme.com", "--send"];
    home.run(&send).fails(2, "mail is not set up");
    assert_eq!(audited(&home), []);
    // The samples of a demo have addresses of others.
    let (server, home) = mailing("");
    let demo = ["--demo", "admin", "code", "acme_corp", "ada@acme.com", "--send"];
    home.run(&demo).fails(2, "mail is not set up");
    assert_eq!(server.count(), 0);
    // Nothing listens there.
    let home = home_with("server = \"127.0.0.1:1\"\ntls = \"none\"\nfrom = \"a@b.example\"\n");
    home.create("acme", "ada@acme.com");
    let said = home.run(&send);
    assert_eq!(said.code, 1, "{said:?}");
    assert!(said.err.contains("127.0.0.1:1 did not take the mail"), "{said:?}");
}

#[test]
fn whoever_ends_the_wait_for_a_mail_server_has_the_code() {
    let silent = TcpListener::bind("127.0.0.1:0").unwrap();
    let address = silent.local_addr().unwrap();
    let from = "from = \"tenantry@example.com\"\n";
    let home = home_with(&format!("server = \"{address}\"\ntls = \"none\"\n{from}"));
    home.create("Acme", "ada@acme.com");
    for output in ["json", "table"] {
        let line = ["admin", "code", "acme", "ada@acme.com", "--send", "--output", output];
        let mut sending = home.command(&line);
        sending.stdout(Stdio::piped()).stderr(Stdio::piped());
        let sending = sending.spawn().unwrap();
        let _held = silent.accept().unwrap();
        let pid = rustix::process::Pid::from_child(&sending);
        rustix::process::kill_process(pid, rustix::process::Signal::INT).unwrap();
        let ended = sending.wait_with_output().unwrap();
        let said = String::from_utf8(ended.stdout).unwrap();
        assert_eq!(ended.status.code(), Some(130), "{said}");
        let code = if output == "json" {
            let said: Value = serde_json::from_str(&said).unwrap();
            assert_eq!(said["sent"], Value::Null);
            code_of(&said)
        } else {
            assert!(said.contains("it may have been mailed"), "{said}");
            let line = said.lines().find_map(|line| line.strip_prefix("code")).unwrap();
            line.trim().to_owned()
        };
        let redeem = ["admin", "redeem", "ada@acme.com", "--stdin"];
        let redeemed = home.run_with(&redeem, &format!("{code}\n{PASSWORD}\n"));
        assert_eq!(redeemed.code, 0, "{redeemed:?}");
    }
}

#[test]
fn a_server_without_tls_gets_neither_password_nor_mail() {
    for tls in ["starttls", "implicit"] {
        let server = MailServer::start();
        let home = home_with(&format!(
            "server = \"{}\"\ntls = \"{tls}\"\nfrom = \"a@b.example\"\nuser = \"{MAIL_USER}\"\n\
             password_file = \"mail-password\"\n",
            server.address
        ));
        home.create("acme", "ada@acme.com");
        let said = home.run(&["admin", "code", "acme", "ada@acme.com", "--send"]);
        assert_eq!(said.code, 1, "{said:?}");
        let lines = server.lines();
        let sent = |word: &str| lines.iter().any(|line| line.starts_with(word));
        assert!(!sent("AUTH") && !sent("MAIL") && !sent("DATA"), "{tls}: {lines:?}");
    }
}

#[test]
fn what_is_wrong_with_mail_is_reported() {
    let server = "server = \"mail.example:587\"\nfrom = \"a@b.example\"\n";
    home_with(server).run(&["config", "check"]).json();
    let login = "user = \"x\"\npassword_file = \"mail-password\"\n";
    home_with(&format!("{server}{login}")).run(&["config", "check"]).json();
    for (mail, why) in [
        ("server = \"mail.example:587\"\n".to_owned(), "missing field `from`"),
        ("server = \"mail.example\"\nfrom = \"a@b.example\"\n".to_owned(), "a host and a port"),
        (format!("{server}tls = \"none\"\n"), ":4:7: mail and password would cross the network"),
        (format!("{server}tls = \"tls\"\n"), "unknown variant `tls`"),
        (format!("{server}user = \"x\"\n"), ":4:8: a login needs user and password_file"),
        (format!("{server}password = \"x\"\n"), "unknown field `password`"),
        (
            format!("{server}redeem_url = \"http://x.example/\"\n"),
            "https://tenantry.example/redeem",
        ),
        (
            format!("{server}{}", login.replace("mail-password", "none")),
            "cannot read the password for the mail server in",
        ),
    ] {
        let said = home_with(&mail).run(&["config", "check"]);
        assert_eq!(said.code, 2, "{said:?}");
        assert!(said.err.contains(why), "{why:?} is not in {}", said.err);
    }
    // Others may read it.
    let home = home_with(&format!("{server}{login}"));
    let file = home.path(".config/tenantry/mail-password");
    fs::set_permissions(file, fs::Permissions::from_mode(0o644)).unwrap();
    home.run(&["config", "check"]).fails(2, "other users can read or write it");
}
