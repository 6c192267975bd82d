//! Hostile strings in every stored field, on the screen: the terminal is told nothing that the console
//! does not tell it by itself.

use rusqlite::Connection;
use tenantry::store::sqlite::SqliteStore;
use tenantry::store::traits::*;

use crate::support::{
    corpus::{hostile, plant},
    pty::Console,
};

/// What the console tells a terminal: where and in which style, to clear, and which modes. Nothing else
/// that begins with an escape, and no control character.
fn is_ours(bytes: &[u8]) -> Result<(), String> {
    let text = std::str::from_utf8(bytes).map_err(|error| error.to_string())?;
    // Once, before anything that is stored is known, it is put into order and asked what is drawn on.
    let ordered = text.replacen("\x1b(B\x0f\x1b[m\x1b[r", "", 1);
    let asked = ordered.replacen("\x1b]11;?\x1b\\", "", 1);
    let mut rest = asked.as_str();
    while let Some(at) = rest.find(|c: char| c.is_control()) {
        let from = &rest[at..];
        let short: String = from.chars().take(30).collect();
        if from.starts_with('\r') || from.starts_with('\n') {
            rest = &from[1..];
            continue;
        }
        let Some(sequence) = from.strip_prefix("\x1b[") else {
            return Err(format!("{short:?}"));
        };
        let end = sequence.find(|c: char| ('@'..='~').contains(&c)).ok_or("no end")?;
        let (parameters, last) = (&sequence[..end], &sequence[end..=end]);
        let styles = |allowed: &[&str]| parameters.split(';').all(|word| allowed.contains(&word));
        let fine = match last {
            // Neither blinking (5) nor hidden (8).
            "m" => {
                !parameters.split(';').any(|word| word == "5" || word == "8")
                    || parameters.contains("38;5")
                    || parameters.contains("48;5")
            }
            "H" | "G" | "A" | "B" | "C" | "D" | "J" | "K" => true,
            "h" | "l" => styles(&["?1049", "?25", "?2004", "?2026", "?1000", "?1002", "?1006"]),
            "u" => parameters == ">1" || parameters == "<1",
            _ => false,
        };
        if !fine {
            return Err(format!("{short:?}"));
        }
        rest = &sequence[end + 1..];
    }
    Ok(())
}

#[test]
fn no_stored_string_does_anything_to_the_terminal() {
    let home = tempfile::tempdir().unwrap();
    let file = home.path().join("hostile.db");
    let arguments = ["--file", file.to_str().unwrap()];
    {
        let mut console = Console::start(&arguments, (80, 24), home.path());
        console.see("No organizations.");
        console.send("q");
        console.end();
    }
    let made = tokio::runtime::Builder::new_current_thread().build().unwrap();
    made.block_on(SqliteStore::open(&file, false).unwrap().prepare("tester@here")).unwrap();
    let database = Connection::open(&file).unwrap();
    let corpus = hostile();
    for (text, number) in corpus.iter().zip(100..) {
        plant(&database, number, text);
    }
    for size in [(80, 24), (140, 40)] {
        let mut console = Console::start(&arguments, size, home.path());
        console.see("organizations");
        console.see("name ↑");
        let live = corpus.len() - corpus.len() / 3;
        for number in 0..live {
            // Its details, its admins, its documents, what was done to it; and its form.
            console.send("\r");
            for tab in ["collection ", "code until", "No documents.", "time (UTC)"] {
                console.see(tab);
                console.send("\x1b[C");
            }
            // Round, to where the next one begins.
            console.see("collection ");
            console.send("\x1b");
            console.see("/ filter");
            if number % 5 == 0 {
                console.send("e");
                console.see("Edit ");
                console.send("\x1b");
                console.see_no_more("Edit ");
            }
            console.send("j");
        }
        console.send("t");
        console.see("in the trash");
        for _ in 0..corpus.len() / 3 {
            console.send("\r\x1b[C\x1b[C\x1b[C\x1bj");
        }
        console.send("?");
        console.see("Keys");
        console.send("\x1bq");
        let (code, _) = console.end();
        assert_eq!(code, 0);
        assert_eq!(is_ours(&console.bytes()), Ok(()));
        assert!(console.bytes().len() > 20_000, "much of it was shown");
    }
}
