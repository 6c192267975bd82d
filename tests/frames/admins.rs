//! Who runs an organization and what was recorded about it, as it is meant to look: the tabs, the forms
//! and questions among the admins, a one-time code and how it is used.

use std::time::Duration;

use bson::DateTime;
use crossterm::event::KeyCode;
use tenantry::{
    console::app::{Connection, Effect, Message},
    org::{NewSecondFactor, Role, StoredText},
    store::{Entry, Outcome, StoreError},
    tenancy::{Error, NumberedEntry, Refusal},
    theme::Theme,
};

use crate::{
    dump::{self, LEAST, NARROW, WIDE, looks_like, looks_like_at},
    people::{HASH, admin, others, recorded, with_code},
    pretend::{Console, DAY, customers, session},
};

/// The first of the customers with some admins, its tab of this number looked at.
fn looking_at(tab: usize, (width, height): (u16, u16)) -> Console {
    let mut console = Console::with(width, height, customers());
    console.others = others();
    console.press(KeyCode::Enter);
    for _ in 0..tab {
        console.press(KeyCode::Right);
    }
    console.answer_all();
    console
}

const ADMINS: usize = 1;
const ACTIVITY: usize = 3;

/// Logged in as the admin whom the record names.
fn logged_in(mut console: Console) -> Console {
    console.press(KeyCode::Char('L'));
    console.type_text("not looked at");
    console.press(KeyCode::Enter);
    console.answer_all();
    console
}

#[test]
fn the_admins() {
    let mut console = looking_at(ADMINS, NARROW);
    console.press(KeyCode::Char('j'));
    looks_like_at(&mut console, "admins", &[LEAST, NARROW, (100, 24), WIDE]);
    looks_like!(console, "admins_no_color", &Theme::colourless());
    console.press(KeyCode::Char('?'));
    looks_like_at(&mut console, "admins_help", &[NARROW]);
    console.press(KeyCode::Esc);
    for number in 1..40 {
        let email = format!("admin{number}@acme.example");
        console.others.push(admin(number, &email, Role::Admin, 60));
    }
    console.press(KeyCode::Char('r'));
    console.answer_all();
    console.press(KeyCode::Char('G'));
    looks_like_at(&mut console, "admins_many", &[LEAST, NARROW]);

    let mut console = looking_at(ADMINS, NARROW);
    console.press(KeyCode::Char('r'));
    console.wait(200);
    looks_like!(console, "admins_reading");
    console.answer(|effect| match effect {
        Effect::LoadAdmins(generation, _) => {
            let gone = StoreError::Unreachable { address: "db1".into(), problem: "closed".into() };
            Some(Message::Admins(*generation, Err(gone.into())))
        }
        _ => None,
    });
    console.answer_all();
    looks_like!(console, "admins_unreadable");
}

/// Where a message leaves no room for a single line, nothing is said of which lines show.
#[test]
fn who_has_a_second_factor_is_shown_where_anyone_has() {
    let mut console = looking_at(ADMINS, NARROW);
    // RFC 6238, appendix B: the code of the 59th second.
    let new = NewSecondFactor::with_secret("GEZDGNBVGY3TQOJQGEZDGNBVGY3TQOJQ".into());
    let (at, id) = (DateTime::from_millis(59_000), console.others[0].id);
    let confirmed = new.confirm(&"287082".into(), at, id, None).unwrap();
    console.others[0].second_factor = confirmed.map(|(factor, _)| factor);
    assert!(console.others[0].second_factor.is_some());
    console.press(KeyCode::Char('r'));
    console.answer_all();
    looks_like_at(&mut console, "admins_second_factor", &[LEAST, NARROW, WIDE]);
}

#[test]
fn a_range_of_no_lines_is_not_shown() {
    for lines in 0..6 {
        let mut console = looking_at(ADMINS, LEAST);
        for number in 0..lines {
            console.send(Message::Unlogged(format!("disk {number} is full")));
        }
        let (buffer, _) = console.drawn(&Theme::colourless());
        let text = dump::text(&buffer);
        for range in text.split_whitespace().filter_map(|word| word.split_once('–')) {
            let number = |text: &str| text.split('/').next().unwrap().parse::<usize>().ok();
            if let (Some(from), Some(to)) = (number(range.0), number(range.1)) {
                assert!(from <= to, "{text}");
            }
        }
    }
}

#[test]
fn an_admin_is_added() {
    let mut console = logged_in(looking_at(ADMINS, WIDE));
    console.press(KeyCode::Char('a'));
    console.type_text("eve@acme.example");
    console.press(KeyCode::Tab);
    looks_like_at(&mut console, "admin_new", &[LEAST, NARROW, WIDE]);
    console.press(KeyCode::Char(' '));
    looks_like!(console, "admin_new_owner");
    console.press(KeyCode::Enter);
    console.answer_all();
    looks_like_at(&mut console, "code", &[LEAST, NARROW, WIDE]);
    let Connection::Ready(connected) = &mut console.app.connection else { panic!() };
    connected.mails = true;
    looks_like_at(&mut console, "code_mails", &[LEAST, NARROW, WIDE]);
    console.press(KeyCode::Char('s'));
    console.answer_all();
    looks_like!(console, "code_mailed");
    console.press(KeyCode::Esc);
    console.answer_all();
    looks_like_at(&mut console, "admin_added", &[NARROW, WIDE]);
}

#[test]
fn an_organization_is_transferred() {
    let mut console = logged_in(looking_at(ADMINS, WIDE));
    console.press(KeyCode::Char('T'));
    console.type_text("eve@acme.example");
    looks_like_at(&mut console, "transfer", &[LEAST, NARROW, WIDE]);
    console.press(KeyCode::Tab);
    console.press(KeyCode::Char(' '));
    console.press(KeyCode::Enter);
    console.type_text("sold, ticket 4711");
    looks_like_at(&mut console, "transfer_removing", &[LEAST, NARROW]);
    console.press(KeyCode::Enter);
    console.answer_all();
    looks_like_at(&mut console, "transfer_code", &[NARROW]);
    console.press(KeyCode::Esc);
    console.answer_all();
    looks_like_at(&mut console, "transfer_done", &[NARROW, WIDE]);

    // To an admin of it, who needs no code.
    let mut console = logged_in(looking_at(ADMINS, WIDE));
    console.press(KeyCode::Char('G'));
    console.press(KeyCode::Char('T'));
    console.control('s');
    console.answer_all();
    looks_like_at(&mut console, "transfer_to_admin", &[NARROW, WIDE]);
}

#[test]
fn an_admin_without_a_login_is_asked_for_one() {
    let mut console = looking_at(ADMINS, NARROW);
    console.press(KeyCode::Char('x'));
    console.answer_all();
    looks_like!(console, "admin_remove_login");
    console.type_text("not looked at");
    console.press(KeyCode::Enter);
    console.answer_all();
    looks_like_at(&mut console, "admin_remove_self", &[LEAST, NARROW]);
}

#[test]
fn an_admin_is_removed() {
    let mut console = logged_in(looking_at(ADMINS, WIDE));
    console.press(KeyCode::Char('j'));
    console.press(KeyCode::Char('x'));
    console.answer_all();
    looks_like_at(&mut console, "admin_remove", &[LEAST, NARROW, WIDE]);
    console.press(KeyCode::Enter);
    console.answer(|effect| match effect {
        Effect::Do(generation, action, org, ..) => {
            let last = Error::LastOwner {
                email: "grace.hopper@acme.example".into(),
                organization: org.name.clone(),
            };
            Some(Message::Done(*generation, *action, org.clone(), Err(last)))
        }
        _ => None,
    });
    looks_like_at(&mut console, "admin_remove_refused", &[LEAST, NARROW]);
    console.press(KeyCode::Enter);
    console.answer_all();
    looks_like_at(&mut console, "admin_removed", &[NARROW, WIDE]);
}

#[test]
fn all_admins_go_with_their_organization() {
    let mut console = looking_at(0, NARROW);
    console.press(KeyCode::Char('D'));
    console.answer_all();
    console.type_text("not looked at");
    console.press(KeyCode::Enter);
    console.answer_all();
    looks_like!(console, "delete_with_admins");
}

#[test]
fn an_admin_is_changed() {
    let mut console = logged_in(looking_at(ADMINS, NARROW));
    console.press(KeyCode::Char('j'));
    console.press(KeyCode::Char('e'));
    console.press(KeyCode::Tab);
    console.press(KeyCode::Char(' '));
    console.press(KeyCode::Enter);
    console.answer(|effect| match effect {
        Effect::UpdateAdmin(generation, org, ..) => {
            let refused = Refusal::OwnersOnly(org.name.clone());
            Some(Message::Updated(*generation, Err(refused.into())))
        }
        _ => None,
    });
    looks_like!(console, "admin_edit_login");
    console.press(KeyCode::Esc);
    looks_like_at(&mut console, "admin_edit", &[LEAST, NARROW, WIDE]);
    console.press(KeyCode::Esc);
    console.press(KeyCode::Esc);
    // One's own has a password.
    console.press(KeyCode::Char('k'));
    console.press(KeyCode::Char('e'));
    console.control('g');
    console.answer_all();
    looks_like_at(&mut console, "admin_edit_own", &[LEAST, NARROW]);
}

#[test]
fn a_code_is_issued() {
    let mut console = looking_at(ADMINS, WIDE);
    console.press(KeyCode::Char('G'));
    console.press(KeyCode::Char('c'));
    looks_like_at(&mut console, "code_asking", &[LEAST, NARROW, WIDE]);
    console.press(KeyCode::Enter);
    console.wait(200);
    looks_like!(console, "code_waiting");
    console.press(KeyCode::Esc);
    console.press(KeyCode::Esc);
    console.answer_all();
    looks_like!(console, "code_nobody_waits");
}

#[test]
fn a_code_is_used() {
    let mut console = looking_at(ADMINS, NARROW);
    console.press(KeyCode::Char('x'));
    console.answer_all();
    console.control('o');
    console.type_text("4t7zqm-9kx2hd");
    looks_like_at(&mut console, "code_use", &[LEAST, NARROW, WIDE]);
    console.press(KeyCode::Tab);
    console.control('g');
    console.answer_all();
    console.press(KeyCode::Enter);
    console.answer(|effect| match effect {
        Effect::Redeem(generation, email, ..) => {
            let email: StoredText = email.as_str().into();
            Some(Message::Redeemed(*generation, email, Err(Error::WrongCode)))
        }
        _ => None,
    });
    looks_like_at(&mut console, "code_wrong", &[LEAST, NARROW]);
    console.press(KeyCode::Tab);
    console.press(KeyCode::Enter);
    console.answer_all();
    looks_like!(console, "code_used");
}

#[test]
fn what_happened_to_logins_before_is_noticed() {
    let mut console = Console::with(80, 24, customers());
    console.press(KeyCode::Char('L'));
    console.type_text("guessed");
    console.press(KeyCode::Enter);
    console.answer(|effect| match effect {
        Effect::Login(generation, ..) => {
            let waiting = Error::Waiting(Duration::from_secs(64));
            Some(Message::LoggedIn(*generation, Err(waiting)))
        }
        _ => None,
    });
    looks_like!(console, "login_has_to_wait");
    console.type_text("right");
    console.press(KeyCode::Enter);
    let own = customers().remove(0);
    console.answer(|effect| match effect {
        Effect::Login(generation, ..) => {
            let mut session = session(&own, Duration::from_mins(30));
            session.failures = 3;
            Some(Message::LoggedIn(*generation, Ok(session)))
        }
        _ => None,
    });
    looks_like_at(&mut console, "login_after_failures", &[LEAST, NARROW]);
    console.press(KeyCode::Char('j'));
    looks_like!(console, "login_after_failures_still");
    console.press(KeyCode::Esc);
    assert!(console.app.unread.is_empty());
}

#[test]
fn the_audit_log() {
    let mut console = looking_at(ACTIVITY, NARROW);
    looks_like_at(&mut console, "activity", &[LEAST, NARROW, (100, 24), (200, 50)]);
    looks_like!(console, "activity_no_color", &Theme::colourless());
    let org = customers().remove(0);
    console.entries = Some((0..14).flat_map(|_| recorded(&org)).take(200).collect());
    console.press(KeyCode::Char('r'));
    console.answer_all();
    console.press(KeyCode::Char('G'));
    looks_like_at(&mut console, "activity_end", &[LEAST, NARROW]);
    console.entries = Some(Vec::new());
    console.press(KeyCode::Char('r'));
    console.answer_all();
    looks_like_at(&mut console, "activity_empty", &[LEAST, NARROW]);
}

#[test]
fn the_admins_of_what_is_in_the_trash_can_only_be_looked_at() {
    let mut console = Console::with(80, 24, crate::pretend::with_trash());
    console.others = others();
    console.press(KeyCode::Char('t'));
    console.answer_all();
    console.press(KeyCode::Enter);
    console.press(KeyCode::Right);
    console.answer_all();
    for key in ['a', 'e', 'x', 'c'] {
        console.press(KeyCode::Char(key));
    }
    assert!(console.app.layers.is_empty() && console.pending.is_empty());
    console.press(KeyCode::Char('j'));
    looks_like!(console, "admins_in_trash");
}

#[test]
fn hostile_text_among_the_admins_and_in_the_audit_log_is_written_out() {
    let evil = "\u{1b}]0;owned\u{7}\u{202e}\u{0}eve@\u{9b}31m.example";
    let mut console = Console::with(120, 32, customers());
    console.others = vec![
        admin(1, evil, Role::Owner, DAY),
        with_code(admin(2, &"x".repeat(1 << 20), Role::Admin, 0), 9),
    ];
    let entry = Entry::new(evil, evil)
        .of_admin(evil)
        .with("admin", "", evil)
        .with(evil, evil, evil)
        .with("name", evil, "東京\u{200b}ソフト");
    let failed = entry.ended(Outcome::Refused, evil);
    let known = Entry { action: "change admin".into(), ..entry.clone() };
    let entries = [entry, failed, known].into_iter().zip(1..);
    let entries = entries.map(|(entry, number)| NumberedEntry { number, hash: HASH.into(), entry });
    console.entries = Some(
        entries
            .map(|r| NumberedEntry { entry: Entry { at: bson::DateTime::MIN, ..r.entry }, ..r })
            .collect(),
    );
    console.press(KeyCode::Enter);
    console.press(KeyCode::Right);
    console.answer_all();
    console.press(KeyCode::Char('j'));
    looks_like_at(&mut console, "admins_hostile", &[LEAST, WIDE]);
    console.press(KeyCode::Char('x'));
    console.answer_all();
    console.press(KeyCode::Esc);
    console.press(KeyCode::Char('c'));
    looks_like!(console, "code_asking_hostile");
    console.press(KeyCode::Enter);
    console.answer_all();
    looks_like_at(&mut console, "code_hostile", &[LEAST, WIDE]);
    console.press(KeyCode::Enter);
    console.press(KeyCode::Right);
    console.press(KeyCode::Right);
    console.answer_all();
    looks_like_at(&mut console, "activity_hostile", &[LEAST, (200, 30)]);
}
