//! The trash and suspension, as they are meant to look: every question, answer and refusal.

use crossterm::event::KeyCode;
use tenantry::{
    console::app::{Effect, Message},
    org::{ClaimKind, Org, OrgState},
    store::StoreError,
    tenancy::Error,
    theme::Theme,
};

use crate::{
    dump::{LEAST, NARROW, WIDE, looks_like, looks_like_at},
    pretend::{Console, DAY, customers, org, with_trash},
};

/// The operation under way is refused.
fn refuse(console: &mut Console, error: impl Fn(&Org) -> Error) {
    console.answer(|effect| match effect {
        Effect::Do(generation, action, org, ..) => {
            Some(Message::Done(*generation, *action, org.clone(), Err(error(org))))
        }
        _ => None,
    });
}

#[test]
fn to_the_trash() {
    let mut console = Console::with(120, 32, customers());
    console.log_in();
    console.press(KeyCode::Char('d'));
    console.answer_all();
    looks_like_at(&mut console, "trash_asking", &[LEAST, NARROW, WIDE]);
    console.press(KeyCode::Enter);
    console.wait(200);
    looks_like!(console, "trash_moving");
    refuse(&mut console, |_| {
        Error::Store(StoreError::Unreachable {
            address: "db1.example:27017".into(),
            problem: "no server answered within 5 s (connection refused)".into(),
        })
    });
    looks_like_at(&mut console, "trash_refused", &[LEAST, NARROW, WIDE]);
    console.press(KeyCode::Enter);
    console.answer_all();
    looks_like_at(&mut console, "trash_moved", &[NARROW, WIDE]);
}

/// A console that shows the trash.
fn in_trash(size: (u16, u16)) -> Console {
    let mut console = Console::with(size.0, size.1, with_trash());
    console.press(KeyCode::Char('t'));
    console.answer_all();
    console
}

#[test]
fn the_trash() {
    looks_like_at(&mut in_trash(WIDE), "in_trash", &[LEAST, NARROW, WIDE]);
    looks_like!(in_trash(WIDE), "in_trash_no_color", &Theme::colourless());
    let mut console = in_trash(NARROW);
    console.press(KeyCode::Char('/'));
    console.type_text("granite");
    console.answer_all();
    looks_like!(console, "in_trash_filtered");
    console.press(KeyCode::Enter);
    console.press(KeyCode::Enter);
    console.answer_all();
    looks_like!(console, "in_trash_detail");
    console.press(KeyCode::Char('?'));
    looks_like!(console, "in_trash_help");
    let mut console = Console::with(80, 24, customers());
    console.press(KeyCode::Char('t'));
    console.answer_all();
    looks_like_at(&mut console, "in_trash_empty", &[NARROW, WIDE]);
}

#[test]
fn restore() {
    let mut console = in_trash(WIDE);
    console.press(KeyCode::Char('R'));
    console.wait(200);
    looks_like!(console, "restoring");
    console.press(KeyCode::Esc);
    looks_like!(console, "restoring_left");
    console.answer_all();
    looks_like!(console, "restored");
    console.press(KeyCode::Char('R'));
    refuse(&mut console, |org| Error::Taken {
        what: ClaimKind::Name,
        wanted: org.name.clone(),
        by: Some("東京ソフト".into()),
        in_trash: false,
    });
    looks_like_at(&mut console, "restore_taken", &[LEAST, NARROW, WIDE]);
}

#[test]
fn purge() {
    let mut console = in_trash(WIDE);
    console.press(KeyCode::Char('d'));
    console.answer_all();
    console.type_text("a wrong password");
    looks_like_at(&mut console, "purge_asking", &[LEAST, NARROW, WIDE]);
    console.press(KeyCode::Enter);
    console.type_text("Sable Studio");
    looks_like_at(&mut console, "purge_typed", &[LEAST]);
    console.press(KeyCode::Enter);
    refuse(&mut console, |_| Error::WrongLogin);
    looks_like_at(&mut console, "purge_refused", &[LEAST, NARROW, WIDE]);
}

#[test]
fn suspend() {
    let mut console = Console::with(80, 24, customers());
    console.log_in();
    console.press(KeyCode::Char('s'));
    looks_like_at(&mut console, "suspend_asking", &[LEAST, NARROW, WIDE]);
    console.press(KeyCode::Enter);
    console.answer_all();
    looks_like_at(&mut console, "suspended", &[LEAST, NARROW, WIDE]);
    looks_like!(console, "suspended_no_color", &Theme::colourless());
    console.press(KeyCode::Char('d'));
    looks_like_at(&mut console, "suspended_to_the_trash", &[LEAST, WIDE]);
    console.press(KeyCode::Esc);
    console.press(KeyCode::Char('s'));
    console.wait(200);
    looks_like!(console, "reactivating");
    console.answer_all();
    looks_like!(console, "reactivated");
}

#[test]
fn what_is_suspended_is_seen_also_behind_long_and_wide_names() {
    let mut orgs = vec![
        org(1, &"long ".repeat(60), &"x".repeat(300), DAY),
        org(2, "株式会社東京ソフトウェア開発研究所本社と支社の皆さん", "日本@例え.example", DAY),
        org(3, "株式会社東京ソフトウェア開発研究所本社と支社の皆さん株", "日本@例え.example", DAY),
        org(4, "", "", DAY),
        org(5, "acme", "ada@acme.example", DAY),
    ];
    for org in &mut orgs[..4] {
        org.state = OrgState::Suspended;
    }
    let mut console = Console::with(121, 20, orgs);
    console.select(1);
    looks_like_at(&mut console, "suspended_names", &[LEAST, NARROW, (121, 20)]);
}
