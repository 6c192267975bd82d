//! The README's tables of keys, held to the one table of commands.

use std::{fmt::Write as _, path::Path};

use tenantry::keymap::{COMMANDS, Place};

/// The rows of everything that works in one of these places and is not in `without`.
fn table(places: &[Place], without: &[Place]) -> String {
    let mut out = "| key | what it does |\n|---|---|\n".to_owned();
    let anywhere = |row: &[Place], of: &[Place]| of.iter().any(|place| row.contains(place));
    for row in COMMANDS {
        // What has no key is in the palette only.
        let has_keys = !row.keys.is_empty();
        if has_keys && anywhere(row.places, places) && !anywhere(row.places, without) {
            let keys: Vec<_> = row.keys.iter().map(|key| format!("`{}`", key.words())).collect();
            let _ = writeln!(out, "| {} | {} |", keys.join(" "), row.does);
        }
    }
    out
}

#[test]
fn the_readme_has_every_key_and_no_other() {
    let readme = Path::new(env!("CARGO_MANIFEST_DIR")).join("README.md");
    let readme = std::fs::read_to_string(readme).unwrap();
    let browsing = [Place::List, Place::Detail];
    for wanted in [
        table(&browsing, &[]),
        table(&[Place::Admins], &browsing),
        table(&[Place::Trash, Place::Trashed], &browsing),
        table(&[Place::Form, Place::Login, Place::Question], &browsing),
        table(&[Place::Copying], &browsing),
        table(&[Place::Help, Place::Palette, Place::Log], &browsing),
    ] {
        // What follows is an empty line: no row that means nothing.
        assert!(readme.contains(&format!("\n{wanted}\n")), "README.md lacks this:\n\n{wanted}");
    }
}
