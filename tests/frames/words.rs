//! What a person reads: the table of commands, every committed screen, the README and the manual keep to standard
//! words.

use std::{fs, path::Path};

use tenantry::keymap::COMMANDS;

/// Words of our own for things that have a standard one. Kept short: each was on the screen once.
const BANNED: [&str; 16] = [
    "deed",           // operation
    " marked",        // selected
    "unmark",         // clear the selection
    "look into",      // open
    "look only",      // read-only
    "take back",      // undo
    "takes it back",  // press u to undo
    "for good",       // permanently, purge
    "nobody",         // say what is so instead
    "somebody",       // the same
    "stop waiting",   // cancel
    "stops waiting",  // the same
    "you stopped",    // cancelled
    "what was said",  // messages
    "reads it again", // press r to retry
    "what to do?",    // type a command
];

/// The banned words that a text has.
fn banned(text: &str) -> Vec<&'static str> {
    let text = text.to_lowercase();
    BANNED.into_iter().filter(|word| text.contains(word)).collect()
}

#[test]
fn the_table_of_commands_keeps_to_standard_words() {
    for row in COMMANDS {
        for text in [Some(row.name), row.hint, Some(row.does)].into_iter().flatten() {
            assert!(banned(text).is_empty(), "{text}: {:?}", banned(text));
            assert_eq!(text.trim(), text, "{text}: spaces around it");
            assert!(!text.ends_with('.'), "{text}: it is no sentence");
            let begins = text.chars().next().unwrap();
            assert!(begins.is_lowercase() || text.starts_with("JSON"), "{text}: a capital letter");
        }
        let name = |c: char| c.is_ascii_lowercase() || c == '-';
        assert!(row.name.chars().all(name), "{}: what is typed in a configuration", row.name);
        let hint = row.hint.unwrap_or_default();
        assert!(hint.split(' ').count() <= 3, "{hint}: too long for a footer");
    }
}

#[test]
fn every_committed_screen_keeps_to_standard_words() {
    let directory = Path::new(env!("CARGO_MANIFEST_DIR")).join("tests/snapshots");
    let mut screens = 0;
    for entry in fs::read_dir(directory).unwrap() {
        let path = entry.unwrap().path();
        let screen = fs::read_to_string(&path).unwrap();
        assert!(banned(&screen).is_empty(), "{}: {:?}", path.display(), banned(&screen));
        screens += 1;
    }
    assert!(screens > 100, "{screens} screens");
}

#[test]
fn the_readme_and_the_manual_keep_to_standard_words() {
    for (path, text) in crate::manual::pages() {
        // A field of JSON that programs read keeps its name.
        let text = text.replace("`deed`", "");
        assert!(banned(&text).is_empty(), "{}: {:?}", path.display(), banned(&text));
    }
}
