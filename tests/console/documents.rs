//! A document edited in a real terminal: in the console's own editor, and in the person's.

use std::{fs, os::unix::fs::PermissionsExt as _, path::Path};

use crate::support::pty::Console;

const DOWN: &str = "\x1b[B";
const ENTER: &str = "\r";
const SAVE: &str = "\x13";

/// The documents of the first organization of a demo, with this as the person's editor.
fn documents(home: &Path, editor: &str) -> Console {
    let program = Path::new(env!("CARGO_BIN_EXE_tenantry"));
    let variables = [("EDITOR", editor), ("TMPDIR", home.to_str().unwrap())];
    let mut console = Console::run(program, &["--demo"], &variables, (100, 30), home);
    console.see("name ↑");
    console.see("▌");
    console.send(ENTER);
    console.see("back");
    console.send("]]");
    console.see("browse");
    console.send(ENTER);
    console.see("1 of 1,248");
    console
}

/// A program that edits the file it is given.
fn editor(home: &Path, script: &str) -> String {
    let path = home.join("editor");
    fs::write(&path, format!("#!/bin/sh\nset -e\n{script}\n")).unwrap();
    fs::set_permissions(&path, fs::Permissions::from_mode(0o700)).unwrap();
    path.to_str().unwrap().to_owned()
}

#[test]
fn a_document_is_edited_saved_and_undone() {
    let home = tempfile::tempdir().unwrap();
    let mut console = documents(home.path(), "false");
    console.send("e");
    console.see("^s save");
    console.send(&DOWN.repeat(2));
    console.send("note: \"ok\", ");
    console.see("note: \"ok\",   number:");
    console.send(SAVE);
    console.see("1 change");
    console.see("+ \"ok\"");
    console.send(ENTER);
    console.see("Saved the document");
    console.see("note: \"ok\"");
    console.send("u");
    console.see("Undid the edit");
    console.see_no_more("note: \"ok\"");
}

#[test]
fn the_persons_own_editor_has_the_terminal_until_it_ends() {
    let home = tempfile::tempdir().unwrap();
    // It sees the keys that are typed meanwhile, and the file is the person's alone.
    let script = "ls -l \"$2\" | cut -c1-10 > mode; printf 'type: '; read -r word; \
                  sed -i \"s/currency: \\\"EUR\\\"/currency: \\\"$word\\\"/\" \"$2\"";
    let own = format!("{} --wait", editor(home.path(), script));
    let mut console = documents(home.path(), &own);
    console.send("E");
    console.see("type: ");
    console.send("CHF\r");
    console.see("1 change");
    console.see("+ \"CHF\"");
    console.send(ENTER);
    console.see("Saved the document");
    assert_eq!(fs::read_to_string(home.path().join("mode")).unwrap(), "-rw-------\n");
    let left = fs::read_dir(home.path()).unwrap().flatten();
    let left = left.filter(|file| file.file_name().to_string_lossy().starts_with("tenantry-"));
    assert_eq!(left.count(), 0, "the temporary file stays");
    // The keys are the console's again.
    console.send("?");
    console.see("Keys among the documents");
}

#[test]
fn an_editor_that_fails_or_saves_nonsense_loses_nothing() {
    let home = tempfile::tempdir().unwrap();
    let mut console = documents(home.path(), "false");
    console.send("E");
    console.see("nothing was changed");
    console.see("1 of 1,248");
    let own = editor(home.path(), "echo '{ number: oops' > \"$1\"");
    let mut console = documents(home.path(), &own);
    console.send("E");
    // It can be corrected here.
    console.see("Line 1, column");
    console.see("{ number: oops");
    console.send("\x1b");
    console.see("not saved");
    let mut console = documents(home.path(), "true");
    console.send("E");
    console.see("No changes to save");
    let mut console = documents(home.path(), "/no/such/editor");
    console.send("E");
    console.see("Cannot start /no/such/editor");
}
