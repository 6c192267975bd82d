//! The audit log on a screen of its own.

use crossterm::event::KeyCode;
use tenantry::{
    console::app::{Effect, Message},
    store::{Entry, News, Outcome, Seen, StoreError},
    tenancy::{Error, NumberedEntry},
    theme::Theme,
};

use crate::{
    dump::{LEAST, looks_like, looks_like_at},
    people::{HASH, recorded},
    pretend::{Console, customers},
};

/// The sizes that it is to look right at.
const SIZES: &[(u16, u16)] = &[LEAST, (80, 24), (100, 30), (140, 40)];

/// What was done to some organizations, by an operator with an account among others.
fn log() -> Vec<NumberedEntry> {
    let orgs = customers();
    let mut entries: Vec<Entry> =
        orgs.iter().take(4).flat_map(recorded).map(|recorded| recorded.entry).collect();
    for entry in entries.iter_mut().step_by(3) {
        *entry = entry.clone().of_operator("ops@example.com");
    }
    entries.sort_by_key(|entry| std::cmp::Reverse(entry.at));
    let numbers = (1201..).take(entries.len()).collect::<Vec<i64>>().into_iter().rev();
    let numbered = |(number, entry)| NumberedEntry { number, hash: HASH.into(), entry };
    numbers.zip(entries).map(numbered).collect()
}

fn opened(entries: Vec<NumberedEntry>) -> Console {
    let mut console = Console::with(80, 24, customers());
    console.entries = Some(entries);
    console.press(KeyCode::Char('A'));
    console.answer_all();
    console
}

#[test]
fn the_log_shows_every_entry_and_the_head() {
    looks_like_at(&mut opened(log()), "audit", SIZES);
    let mut console = opened(log());
    console.press(KeyCode::Char('j'));
    looks_like!(console, "audit_no_color", &Theme::colourless());
    looks_like_at(&mut opened(Vec::new()), "audit_empty", &[LEAST, (80, 24)]);
}

#[test]
fn new_entries_are_counted_where_they_do_not_show() {
    let mut console = Console::following(80, 24, customers());
    let told = |console: &mut Console, head| {
        let news = News { seen: Seen::up_to(head, true), orgs: Some(Vec::new()) };
        console.send(Message::Changed(console.followed, Ok(news)));
        console.answer_all();
    };
    let entries = log();
    let newest = entries[0].number;
    console.entries = Some(entries);
    told(&mut console, newest);
    console.press(KeyCode::Char('A'));
    console.answer_all();
    console.press(KeyCode::Char('j'));
    told(&mut console, newest + 3);
    looks_like_at(&mut console, "audit_new", &[LEAST, (80, 24)]);
}

#[test]
fn a_filter_shows_what_it_finds_or_why_nothing() {
    let mut console = opened(log());
    console.press(KeyCode::Char('/'));
    looks_like_at(&mut console, "audit_filter_begun", &[LEAST, (80, 24)]);
    console.type_text("operator:ops result:refused");
    console.wait(200);
    looks_like!(console, "audit_reading");
    console.answer_all();
    looks_like_at(&mut console, "audit_filtered", SIZES);
    console.type_text(" nothing");
    console.answer_all();
    looks_like_at(&mut console, "audit_no_match", &[LEAST, (80, 24)]);
    console.control('u');
    console.type_text("action:supsend");
    looks_like_at(&mut console, "audit_fault", &[LEAST, (80, 24)]);
}

#[test]
fn what_cannot_be_read_says_why() {
    let mut console = opened(log());
    console.press(KeyCode::Char('/'));
    console.type_text("acme");
    let address = "db1.example:27017".to_owned();
    console.answer(|effect| match effect {
        Effect::LoadAudit(generation, _) => {
            let gone =
                StoreError::Unreachable { address: address.clone(), problem: "closed".into() };
            Some(Message::Audit(*generation, Err(Error::from(gone))))
        }
        _ => None,
    });
    looks_like!(console, "audit_unreadable");
}

#[test]
fn an_entry_is_shown_in_full() {
    let mut console = opened(log());
    while !matches!(console.app.layers.last(), Some(tenantry::console::app::Layer::Audit(audit))
        if audit.rows[audit.selected].entry.changes.len() > 1)
    {
        console.press(KeyCode::Char('j'));
    }
    console.press(KeyCode::Enter);
    looks_like_at(&mut console, "audit_entry", SIZES);
}

#[test]
fn hostile_text_in_the_log_is_written_out() {
    let evil = "\u{1b}]0;owned\u{7}\u{202e}\u{0}eve@\u{9b}31m.example";
    let entry = Entry::new(evil, evil).of_admin(evil).of_operator(evil).called(evil);
    let entry = entry.with(evil, evil, "東京\u{200b}ソフト").ended(Outcome::Refused, evil);
    let long = Entry { action: "change admin".into(), ..entry.clone() }.called(&"長い".repeat(400));
    let entries = [(i64::MAX, entry), (-3, long)].map(|(number, entry)| NumberedEntry {
        number,
        hash: evil.into(),
        entry: Entry { at: bson::DateTime::MIN, ..entry },
    });
    let mut console = opened(entries.to_vec());
    looks_like_at(&mut console, "audit_hostile", SIZES);
    console.press(KeyCode::Enter);
    looks_like_at(&mut console, "audit_hostile_entry", &[LEAST, (80, 24)]);
}

#[test]
fn the_keys_of_the_log_are_in_its_help() {
    let mut console = opened(log());
    console.press(KeyCode::Char('?'));
    looks_like!(console, "audit_help");
}
