//! What a console keeps of how it was set up, for the next one.

use std::{fs, os::unix::fs::PermissionsExt, path::Path};

use crate::support::pty::Console;

fn started(home: &Path) -> Console {
    let console = Console::start(&["--demo"], (140, 40), home);
    console.see("name ↑");
    console.see("▌");
    console
}

/// The column that list and details are parted at.
fn parted_at(console: &Console, column: usize) {
    console.wait_until(&format!("the line at column {column}"), |received| {
        let screen = received.screen();
        screen.lines().nth(1).is_some_and(|rule| rule.chars().nth(column) == Some('┬'))
    });
}

fn quit(mut console: Console) {
    console.send("q");
    assert_eq!(console.end().0, 0);
}

#[test]
fn the_divider_and_the_columns_are_as_they_were_left() {
    let home = tempfile::tempdir().unwrap();
    let file = home.path().join(".local/state/tenantry/console.json");
    // Who changes nothing leaves nothing.
    quit(started(home.path()));
    assert!(!file.exists());

    let mut console = started(home.path());
    parted_at(&console, 70);
    console.send(">>>");
    parted_at(&console, 82);
    console.send(":column-email\r");
    console.see("The e-mail column is hidden");
    console.see("admins    age");
    quit(console);
    assert_eq!(fs::metadata(&file).unwrap().permissions().mode() & 0o777, 0o600);
    let text = fs::read_to_string(&file).unwrap();
    assert_eq!(text, "{\n  \"divider\": 82,\n  \"hidden_columns\": [\n    \"e-mail\"\n  ]\n}\n");

    let console = started(home.path());
    parted_at(&console, 82);
    console.see("state ");
    console.see("admins    age");
    quit(console);
}

#[test]
fn a_file_that_is_not_ours_or_cannot_be_written_matters_to_nobody() {
    let home = tempfile::tempdir().unwrap();
    let directory = home.path().join(".local/state/tenantry");
    fs::create_dir_all(&directory).unwrap();
    fs::write(directory.join("console.json"), "\x1b[2J not ours").unwrap();
    let console = started(home.path());
    parted_at(&console, 70);
    quit(console);

    // No directory can be where a file is.
    fs::remove_dir_all(home.path().join(".local")).unwrap();
    fs::write(home.path().join(".local"), "").unwrap();
    let mut console = started(home.path());
    console.send(">");
    parted_at(&console, 74);
    quit(console);
}
