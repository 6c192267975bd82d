//! Why something is done: asked for, required, and read again.

use crossterm::event::KeyCode;
use tenantry::{console::app::Connection, org::Reason, store::Entry, tenancy::NumberedEntry};

use crate::{
    dump::{LEAST, NARROW, WIDE, looks_like_at},
    people::HASH,
    pretend::{Console, customers},
};

#[test]
fn a_reason_that_is_required_is_asked_for_beside_its_field() {
    let mut console = Console::with(80, 24, customers());
    let Connection::Ready(connected) = &mut console.app.connection else { panic!() };
    connected.reason_required = true;
    console.press(KeyCode::Char('L'));
    console.type_text("not looked at");
    console.press(KeyCode::Enter);
    console.answer_all();
    console.press(KeyCode::Char('D'));
    console.answer_all();
    looks_like_at(&mut console, "reason_required", &[LEAST, NARROW, WIDE]);
    console.press(KeyCode::Tab);
    console.type_text("acme_corp");
    console.press(KeyCode::Enter);
    looks_like_at(&mut console, "reason_missing", &[LEAST, NARROW]);
    assert!(console.pending.is_empty(), "nothing was sent");
}

#[test]
fn a_hostile_reason_is_written_out_wherever_it_is_read() {
    let org = customers().remove(0);
    let reason = Reason::parse("left us \u{1b}[2J\u{202e}, ticket 4711").unwrap();
    let entry = Entry { at: bson::DateTime::MIN, ..Entry::about("ops@bastion", "transfer", &org) };
    let entry = entry.of_admin("ada@acme.example").with("owner", "", "eve@acme.example");
    let entry = entry.because(&reason);
    let mut console = Console::with(120, 32, customers());
    console.entries = Some(vec![NumberedEntry { number: 7, hash: HASH.into(), entry }]);
    console.press(KeyCode::Enter);
    for _ in 0..3 {
        console.press(KeyCode::Right);
    }
    console.answer_all();
    looks_like_at(&mut console, "reason_activity", &[LEAST, NARROW, WIDE]);
    console.press(KeyCode::Char('A'));
    console.answer_all();
    looks_like_at(&mut console, "reason_audit", &[WIDE]);
    console.press(KeyCode::Enter);
    looks_like_at(&mut console, "reason_entry", &[NARROW]);
}
