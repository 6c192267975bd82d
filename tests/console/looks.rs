//! How the console fits the terminal it runs in: what only a terminal can show.

use std::path::Path;

use crate::support::pty::{Console, Received};

fn demo(variables: &[(&str, &str)], arguments: &[&str], home: &Path) -> Console {
    let program = Path::new(env!("CARGO_BIN_EXE_tenantry"));
    Console::run(program, &[&["--demo"], arguments].concat(), variables, (100, 24), home)
}

fn has(console: &Console, bytes: &[u8]) -> bool {
    console.bytes().windows(bytes.len()).any(|window| window == bytes)
}

const TRUE: (&str, &str) = ("COLORTERM", "truecolor");
const QUESTION: &[u8] = b"\x1b]11;?\x1b\\";
/// The accents of the two themes, as a terminal is told them.
const ON_DARK: &[u8] = b"38;2;86;200;216";
const ON_LIGHT: &[u8] = b"38;2;10;104;122";

#[test]
fn a_terminal_that_says_it_is_light_or_dark_gets_colours_for_that() {
    for (answer, accent, other) in [
        ("\x1b]11;rgb:fdfd/f6f6/e3e3\x1b\\", ON_LIGHT, ON_DARK),
        ("\x1b]11;rgb:1e1e/1e1e/2e2e\x07", ON_DARK, ON_LIGHT),
    ] {
        let home = tempfile::tempdir().unwrap();
        let mut console = demo(&[TRUE], &[], home.path());
        console.see("▌");
        assert!(has(&console, QUESTION));
        assert!(!has(&console, ON_DARK) && !has(&console, ON_LIGHT), "nothing is known yet");
        console.send(answer);
        console.wait_until("the accent", |received| {
            received.bytes.windows(accent.len()).any(|window| window == accent)
        });
        assert!(!has(&console, other));
        // None of its letters was a command: no form, no question, no filter.
        console.see("n new");
        console.send("q");
        assert_eq!(console.end().0, 0);
        console.is_given_back();
    }
}

#[test]
fn whoever_names_a_theme_gets_it_without_a_question() {
    let home = tempfile::tempdir().unwrap();
    let mut console = demo(&[TRUE, ("NO_COLOR", "1")], &["--theme", "light"], home.path());
    console.see("▌");
    assert!(has(&console, ON_LIGHT) && !has(&console, QUESTION));
    console.send("q");
    assert_eq!(console.end().0, 0);
}

#[test]
fn without_colours_there_are_none_and_nobody_is_asked() {
    let home = tempfile::tempdir().unwrap();
    let mut console = demo(&[TRUE, ("NO_COLOR", "1")], &[], home.path());
    console.see("▌");
    console.send("j?");
    console.see("Keys in the list");
    for colour in [&b"\x1b[3"[..], b";3", b"38;", b"48;"] {
        // 38 and 48 are colours, and so is every 3x; 39 takes one back.
        let bytes = console.bytes();
        let mut found = bytes.windows(colour.len() + 2).filter(|window| window.starts_with(colour));
        let set =
            found.find(|window| window[colour.len()] != b'9' && window[colour.len() + 1] == b'm');
        assert_eq!(set, None);
    }
    assert!(!has(&console, QUESTION));
    console.send("q\x03");
    assert_eq!(console.end().0, 0);
}

#[test]
fn where_the_locale_is_not_utf_8_every_byte_is_ascii() {
    let home = tempfile::tempdir().unwrap();
    let mut console = demo(&[("LC_ALL", "C")], &[], home.path());
    console.see(">");
    console.see("Cafe Ole");
    console.see("index");
    console.send("?");
    console.see("Keys in the list");
    console.send("\x1b");
    console.see("n new");
    console.send("d");
    // The question gives way to the login that it needs.
    console.see("Log in as an admin of");
    console.send("\x1b");
    console.see("n new");
    console.send("q");
    assert_eq!(console.end().0, 0);
    let other = console.bytes().into_iter().find(|byte| !byte.is_ascii());
    assert_eq!(other, None, "{}", console.screen());
}

#[test]
fn for_a_screen_reader_the_cursor_is_where_the_selection_is() {
    let home = tempfile::tempdir().unwrap();
    let mut console = demo(&[], &["--plain"], home.path());
    console.see(">acme_corp");
    let cursor = |console: &Console| {
        console.wait_until("the cursor at the selection", |received| {
            let (row, column) = received.cursor();
            received.cursor_shows()
                && received
                    .screen()
                    .lines()
                    .nth(row.into())
                    .is_some_and(|line| line.starts_with('>'))
                && column == 0
        })
    };
    cursor(&console);
    console.send("j");
    console.see(">acme_industries");
    cursor(&console);
    for line in ["─", "│", "▌"] {
        assert!(!console.screen().contains(line));
    }
    console.send("q");
    assert_eq!(console.end().0, 0);
}

#[test]
fn a_terminal_that_can_only_print_is_told_so() {
    for term in ["dumb", ""] {
        let home = tempfile::tempdir().unwrap();
        let console = demo(&[("TERM", term)], &[], home.path());
        let (code, screen) = console.end();
        assert_eq!(code, 2);
        assert!(screen.contains("TERM says this one cannot"), "{screen}");
        assert!(screen.contains("→ set TERM to the type"), "{screen}");
        assert!(!has(&console, b"\x1b["), "nothing but text was sent");
    }
}

#[test]
fn colours_are_as_many_as_the_terminal_has() {
    let home = tempfile::tempdir().unwrap();
    let console = demo(&[], &["--theme", "light"], home.path());
    console.see("▌");
    assert!(has(&console, b"38;5;24") && !has(&console, b"38;2;"), "it has 256");
    let console = demo(&[("TERM", "xterm")], &["--theme", "light"], home.path());
    console.see("▌");
    // The terminal's own, called as any terminal knows it.
    assert!(has(&console, b"\x1b[36;") && !has(&console, b"38;5;"), "it has 16");
}

#[test]
fn keys_typed_before_the_answer_are_keys_and_the_answer_is_none() {
    let home = tempfile::tempdir().unwrap();
    let mut console = demo(&[TRUE], &[], home.path());
    console.see("▌");
    // As one terminal's slow answer comes in the middle of what is typed.
    console.send("/x\x1b]11;rgb:ffff/ffff/ffff\x1b\\y");
    console.see("/ xy");
    console.send("\x1b\x1b");
    console.see("/ filter");
    assert!(has(&console, ON_LIGHT));
    console.send("q");
    assert_eq!(console.end().0, 0);
}

#[test]
fn letters_that_come_in_pieces_are_shown_whole() {
    let bytes = "\u{1b}[17;2HŁódź Textiles 北京 👩‍🌾".as_bytes();
    let seen = |pieces: &[&[u8]]| {
        let mut received = Received::new(24, 80);
        for piece in pieces {
            received.take(piece);
        }
        received.screen()
    };
    for at in 0..bytes.len() {
        assert_eq!(seen(&[&bytes[..at], &bytes[at..]]), seen(&[bytes]), "cut at {at}");
    }
    let one_by_one: Vec<_> = bytes.chunks(1).collect();
    assert_eq!(seen(&one_by_one), seen(&[bytes]));
}
