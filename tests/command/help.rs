//! `tenantry help`: commands as clap shows them, and the manual.

use tenantry::manual::TOPICS;

use crate::tool::{Home, Outcome};

/// What a run prints that goes well and says nothing else.
fn out(home: &Home, line: &[&str]) -> String {
    let Outcome { code, out, err } = home.run(line);
    assert_eq!((code, err.as_str()), (0, ""), "{line:?}");
    out
}

#[test]
fn help_of_a_command_is_its_own() {
    let home = Home::new();
    for command in [&["org"][..], &["org", "list"], &["admin", "redeem"], &["help"], &[]] {
        let help = out(&home, &[&["help"], command].concat());
        assert_eq!(help, out(&home, &[command, &["--help"]].concat()), "{command:?}");
    }
    assert_eq!(out(&home, &["help", "org", "ls"]), out(&home, &["help", "org", "list"]));
}

#[test]
fn help_lists_every_topic_and_shows_each() {
    let home = Home::new();
    let (long, short) = (out(&home, &["help"]), out(&home, &["-h"]));
    for topic in TOPICS {
        let line = |text: &str| text.lines().any(|line| line.contains(topic.answers));
        assert!(line(&long) && line(&short), "{}", topic.name);
        assert!(out(&home, &["help", topic.name]).contains(topic.title()), "{}", topic.name);
    }
    assert_eq!(out(&home, &["help", "First", "steps"]), out(&home, &["help", "first-steps"]));
    assert!(out(&home, &["man"]).contains("first\\-steps"), "the manual page names the topics");
}

#[test]
fn help_of_anything_else_is_refused() {
    let home = Home::new();
    home.run(&["help", "serach"]).fails(2, "did you mean “search”?");
    home.run(&["help", "org", "serach"]).fails(2, "no command or topic “org serach”");
}
