//! Flags and environment through the real binary, and what it does with a reader that goes away.

use std::{path::Path, process::Stdio};

use crate::tool::{Home, URI_PASSWORD};

#[test]
fn an_explicit_file_beats_a_server_named_in_the_environment() {
    let home =
        Home::new().with("MONGODB_URI", &format!("mongodb://ada:{URI_PASSWORD}@127.0.0.1:1"));
    let file = home.path("mine.db").display().to_string();
    let create =
        ["--file", &file, "org", "create", "acme", "--email", "a@x.com", "--password-stdin"];
    assert_eq!(home.run_with(&create, crate::tool::PASSWORD).code, 0);
    assert!(home.run(&["--file", &file, "org", "list"]).json()["next"].is_null());
    assert!(home.run(&["--demo", "org", "get", "acme_corp"]).json().is_object());
}

#[test]
fn two_databases_at_once_are_refused() {
    let home = Home::new();
    let uri = format!("mongodb://ada:{URI_PASSWORD}@127.0.0.1:1");
    home.run(&["--uri", &uri, "--file", "x.db", "org", "list"]).fails(2, "--uri and --file");
    home.run(&["--demo", "--file", "x.db", "org", "list"]).fails(2, "--file and --demo");
    home.run(&["--demo", "--uri", &uri, "org", "list"]).fails(2, "--uri and --demo");
    let home = home.with("MONGODB_URI", &uri).with("TENANTRY_FILE", "x.db");
    home.run(&["org", "list"]).fails(2, "MONGODB_URI and TENANTRY_FILE are both set");
    assert!(!home.path("x.db").exists());
}

#[test]
fn secrets_that_are_wrong_or_misplaced_are_not_repeated() {
    let home = Home::new().with("SECRET_KEY", URI_PASSWORD);
    home.run(&["org", "list"]).fails(2, "SECRET_KEY has 15 bytes; at least 32 are needed");
    // A connection string where a command belongs.
    let said = Home::new().run(&[&format!("mongodb://ada:{URI_PASSWORD}@db.example/x")]);
    assert_eq!(said.code, 2, "{said:?}");
    assert!(said.err.contains("db.example"), "{said:?}");
}

#[test]
fn a_password_typed_as_an_argument_is_not_repeated() {
    let home = Home::new();
    for stray in [URI_PASSWORD, &format!("-{URI_PASSWORD}"), &format!("--password={URI_PASSWORD}")]
    {
        let said = home.run(&["admin", "login", "ada@acme.com", stray]);
        assert_eq!(said.code, 2, "{said:?}");
        assert!(said.err.contains("unexpected argument"), "{said:?}");
    }
}

#[test]
fn where_nobody_looks_on_only_what_creates_begins_an_embedded_database() {
    let home = Home::new();
    let file = home.database().display().to_string();
    for line in [
        &["org", "list"][..],
        &["org", "get", "acme"],
        &["org", "suspend", "acme"],
        &["admin", "list", "acme"],
        &["audit", "list"],
        &["doctor"],
        &["doctor", "--fix"],
    ] {
        let said = home.run(line);
        said.fails(2, &format!("no database at {file}"));
        assert!(said.err.contains("MONGODB_URI"), "{said:?}");
        assert!(!home.database().exists() && !home.path("data").exists(), "{line:?}");
    }
    home.create("acme", "ada@x.com");
    assert!(home.run(&["org", "get", "acme"]).json().is_object());
}

#[cfg(target_os = "linux")]
#[test]
fn no_core_dump_has_what_is_in_memory() {
    use std::io::Write;
    // Waits for its password.
    let home = Home::new();
    home.create("acme", "ada@x.com");
    let line = ["admin", "login", "ada@x.com", "--password-stdin"];
    let mut child = home.command(&line).stdin(Stdio::piped()).spawn().unwrap();
    let limits = format!("/proc/{}/limits", child.id());
    let none = |limits: &str| {
        let core = limits.lines().find(|line| line.starts_with("Max core file size")).unwrap();
        core.split_whitespace().nth(4) == Some("0")
    };
    let until = std::time::Instant::now() + std::time::Duration::from_secs(20);
    while !none(&std::fs::read_to_string(&limits).unwrap()) {
        assert!(std::time::Instant::now() < until, "its core is dumped");
        std::thread::yield_now();
    }
    child.stdin.take().unwrap().write_all(b"x\n").unwrap();
    assert_eq!(child.wait_with_output().unwrap().status.code(), Some(5));
}

#[test]
fn help_says_how_without_saying_what_is_set() {
    let home = Home::new().with("MONGODB_URI", &format!("mongodb://ada:{URI_PASSWORD}@h"));
    for line in [&["--help"][..], &["-h"], &["org", "--help"], &["org", "update", "--help"]] {
        let said = home.run(line);
        assert_eq!((said.code, said.err.as_str()), (0, ""), "{line:?}");
        assert!(said.out.contains("Usage: tenantry"), "{}", said.out);
    }
    let help = home.run(&["--help"]).out;
    for word in ["MONGODB_URI", "SECRET_KEY", "TENANTRY_FILE", "Examples:", "Exit codes:"] {
        assert!(help.contains(word), "{word} is not in {help}");
    }
    assert!(home.run(&["--version"]).out.starts_with("tenantry 0."));
}

#[test]
fn limits_of_passwords_can_be_set() {
    let home = Home::new().with("TENANTRY_PASSWORD_LENGTH", "30");
    let create = ["org", "create", "acme", "--email", "ada@x.com", "--password-stdin"];
    home.run_with(&create, crate::tool::PASSWORD)
        .fails(6, "too short: 24 of at least 30 characters");
    let home = home.with("TENANTRY_PASSWORD_LENGTH", "nine");
    home.run(&["org", "list"]).fails(2, "TENANTRY_PASSWORD_LENGTH is not a number from 8 to 72");
}

#[test]
fn a_reader_that_goes_away_is_no_error() {
    let home = Home::new();
    for line in [&["--demo", "org", "list", "--limit", "1000"][..], &["--help"]] {
        let mut child = home.command(line).stdout(Stdio::piped()).spawn().unwrap();
        drop(child.stdout.take());
        let output = child.wait_with_output().unwrap();
        assert_eq!(output.status.code(), Some(0), "{line:?}");
        assert_eq!(String::from_utf8_lossy(&output.stderr), "", "{line:?}");
    }
}

#[test]
fn a_closed_standard_error_is_no_panic() {
    let mut child = Home::new().command(&["--demo", "org", "get", "nobody"]).spawn().unwrap();
    drop(child.stderr.take());
    assert_eq!(child.wait_with_output().unwrap().status.code(), Some(3));
}

#[test]
fn command_lines_are_completed_in_a_real_shell() {
    let home = Home::new();
    let script = home.path("tenantry.bash");
    std::fs::write(&script, home.run(&["completions", "bash"]).out).unwrap();
    for name in ["Acme, Inc.", "acme_labs", "O'Brien & Sons (UK)", "Zürich"] {
        home.create(name, &format!("{}@example.com", name.len()));
    }
    let config = home.path(".config/tenantry/config.toml");
    std::fs::create_dir_all(config.parent().unwrap()).unwrap();
    std::fs::write(
        &config,
        format!(
            "[profiles.staging]\ndemo = true\n[profiles.store]\nfile = {:?}\n",
            home.database()
        ),
    )
    .unwrap();
    let bin = Path::new(env!("CARGO_BIN_EXE_tenantry")).parent().unwrap();
    let complete = |words: &str| {
        let shell = format!(
            "source {}; COMP_WORDS=({words}); COMP_CWORD=$((${{#COMP_WORDS[@]}} - 1)); \
             _clap_complete_tenantry tenantry \"${{COMP_WORDS[-1]}}\" \"${{COMP_WORDS[-2]}}\"; \
             printf '%s|' \"${{COMPREPLY[@]}}\"",
            script.display()
        );
        let mut bash = home.other("bash", &["-c", &shell]);
        let path = std::env::var("PATH").unwrap();
        bash.env("PATH", format!("{}:{path}", bin.display()));
        let output = bash.output().unwrap();
        assert_eq!(String::from_utf8_lossy(&output.stderr), "");
        String::from_utf8(output.stdout).unwrap().trim_end_matches('|').to_owned()
    };
    assert_eq!(complete("tenantry org re"), "restore|reactivate");
    assert_eq!(complete("tenantry --the"), "--theme");
    assert_eq!(complete("tenantry --theme ''"), "auto|dark|light|contrast|none");
    assert_eq!(complete("tenantry config c"), "check");
    // Names are asked of the database, and stand as the shell reads them back.
    assert_eq!(complete("tenantry org get ac"), "acme_labs");
    assert_eq!(complete("tenantry org get Ac"), "Acme,\\ Inc.");
    assert_eq!(complete("tenantry org get zü"), "Zürich", "in another case");
    assert_eq!(complete("tenantry org update 'O\\'"), "O\\'Brien\\ \\&\\ Sons\\ \\(UK\\)");
    assert_eq!(complete("tenantry admin list Z"), "Zürich");
    assert_eq!(complete("tenantry org restore ac"), "", "it is not in the trash");
    assert_eq!(complete("tenantry org create ac"), "");
    assert_eq!(complete("tenantry --profile st"), "staging|store");
    assert_eq!(complete("tenantry --profile store org trash acme_"), "acme_labs");
    assert_eq!(complete("tenantry help se"), "serve|search|security");
    assert_eq!(complete("tenantry help aud"), "audit|audit-log");
    // Nothing is said where there is no database, and nothing is made.
    let none = home.path("none.db");
    assert_eq!(complete(&format!("tenantry --file {} org get a", none.display())), "");
    assert!(!none.exists());
    let dead = "tenantry --uri mongodb://127.0.0.1:1 org get a";
    let began = std::time::Instant::now();
    assert_eq!(complete(dead), "");
    assert!(began.elapsed() < std::time::Duration::from_secs(3));
    assert_eq!(complete("tenantry admin add --role ''"), "owner|admin");
    assert_eq!(complete("tenantry org list --sort cr"), "created");
    for shell in ["zsh", "fish"] {
        let script = home.run(&["completions", shell]).out;
        let asks = script.replace('"', "").contains(&format!("TENANTRY_COMPLETE={shell}"));
        assert!(asks, "{script}");
    }
    // They quote by themselves, and show whose organization it is.
    let home = home.with("TENANTRY_COMPLETE", "fish");
    let asked = home.run(&["--", "tenantry", "org", "get", "Ac"]);
    assert_eq!(asked.out.trim_end(), "Acme, Inc.\t10@example.com");
    let home = home.with("TENANTRY_COMPLETE", "zsh").with("_CLAP_COMPLETE_INDEX", "3");
    let asked = home.run(&["--", "tenantry", "org", "get", "Ac"]);
    assert_eq!(asked.out.trim_end(), "Acme, Inc.:10@example.com");
}

#[test]
fn there_is_a_manual_page_for_each_command() {
    let home = Home::new();
    let page = home.run(&["man"]).out;
    for word in [".TH", "MONGODB_URI", "Exit codes"] {
        assert!(page.contains(word), "{word} is not in {page}");
    }
    assert!(page.contains("\n.SH EXAMPLES\n"), "{page}");
    let pages = home.path("man1");
    assert_eq!(home.run(&["man", "--into", pages.to_str().unwrap()]).code, 0);
    for page in ["tenantry.1", "tenantry-org-create.1", "tenantry-config-check.1"] {
        let text = std::fs::read_to_string(pages.join(page)).unwrap();
        assert!(text.contains(".TH"), "{page}: {text}");
    }
    let text = std::fs::read_to_string(pages.join("tenantry-org-create.1")).unwrap();
    let (_, examples) = text.split_once("\n.SH EXAMPLES\n").unwrap();
    assert!(
        examples.contains("tenantry org create acme_corp \\-\\-email ada@acme.com\n"),
        "{text}"
    );
    assert!(!text.contains("Examples:"), "they are in that section only: {text}");
    assert!(text.contains("tenantry\\-org\\-create"), "{text}");
    home.run(&["man", "--into", "/dev/null/man1"]).fails(1, "/dev/null/man1");
}

#[test]
fn help_groups_its_options() {
    let help = Home::new().run(&["org", "list", "--help"]).out;
    let at = |heading: &str| help.find(heading).unwrap_or_else(|| panic!("{heading}: {help}"));
    assert!(at("\nOptions:") < at("\nDatabase:"), "{help}");
    let database = &help[at("\nDatabase:")..at("\nConfiguration and output:")];
    for flag in ["--uri", "--file", "--demo", "--profile", "--read-only"] {
        assert!(database.contains(flag), "{flag}: {help}");
    }
}

#[test]
fn the_version_says_which_build_it_is() {
    let said = Home::new().run(&["--version"]);
    let version = env!("CARGO_PKG_VERSION");
    let build = said.out.strip_prefix(&format!("tenantry {version}")).unwrap().trim();
    assert!(build.starts_with('(') && build.ends_with(')'), "{said:?}");
    assert_eq!(Home::new().run(&["-V"]).out, format!("tenantry {version}\n"));
}
