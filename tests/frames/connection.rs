//! The database as the screen shows it: opened, upgraded, only read, lost and back.

use std::fmt::Write as _;

use crossterm::event::KeyCode;
use tenantry::{
    console::app::{Effect, Message},
    org::OrgState,
    store::{News, Place, PlaceKind, Seen, StoreError, Upgrade, UpgradePlan},
    tenancy::Error,
    theme::Theme,
};

use crate::{
    dump::{self, looks_like},
    pretend::{Console, customers, embedded, org, wide},
};

#[test]
fn opening() {
    let mut console = Console::opening(80, 24, embedded(), Vec::new());
    looks_like!(console, "opening_at_once");
    console.wait(250);
    looks_like!(console, "opening");
}

#[test]
fn an_upgrade_is_asked_for_and_runs_behind_the_open_console() {
    let place = Place {
        kind: PlaceKind::Mongo,
        address: "db1.example:27017".into(),
        database: "master_organization_db".into(),
    };
    let mut console = Console::opening(80, 24, place, customers());
    console.connected.read_only = Some(StoreError::NeedsUpgrade.to_string());
    console.connected.upgrade = Some(UpgradePlan {
        empty: false,
        asks: true,
        organizations: 1_204,
        admins: 1_311,
        fields: vec![
            ("organizations".into(), vec!["name_key".into(), "claims".into(), "seen".into()]),
            ("admins".into(), vec!["email_key".into(), "seen".into()]),
        ],
        indexes: vec![("organizations".into(), vec!["claims".into(), "name_key".into()])],
        formats: None,
    });
    console.answer_all();
    looks_like!(console, "upgrade_asked");
    console.press(KeyCode::Esc);
    console.press(KeyCode::Char('n'));
    assert!(console.app.layers.is_empty(), "nobody fills in what would be refused");
    looks_like!(console, "upgrade_refused");

    // Asked again from the palette, it runs behind the list.
    console.press(KeyCode::Char(':'));
    console.type_text("upgrade");
    console.press(KeyCode::Enter);
    console.press(KeyCode::Enter);
    let Some(Effect::Upgrade(running)) = console.pending.pop() else { panic!("nothing runs") };
    console.send(Message::Upgrading(running, Upgrade { records: 2_515, percent: 34 }));
    looks_like!(console, "upgrade_running");
    console.press(KeyCode::Char('n'));
    assert!(!console.app.layers.is_empty(), "what is agreed to can be written");
    console.press(KeyCode::Esc);
    let nothing = UpgradePlan::nothing();
    console.send(Message::Upgraded(running, Ok(UpgradePlan { organizations: 2, ..nothing })));
    console.answer_all();
    looks_like!(console, "upgrade_done");
}

#[test]
fn failed() {
    let place = Place {
        kind: PlaceKind::Mongo,
        address: "db1.example:27017".into(),
        database: "master_organization_db".into(),
    };
    let mut console = Console::opening(80, 24, place, Vec::new());
    console.answer(|effect| match effect {
        Effect::Connect(generation) => Some(Message::Connected(
            *generation,
            Err(Error::Store(StoreError::Unreachable {
                address: "db1.example:27017".into(),
                problem: "no server answered within 5 s (connection refused)".into(),
            })),
        )),
        _ => None,
    });
    looks_like!(console, "failed");
}

#[test]
fn lost() {
    let mut console = wide();
    let error = Error::Store(StoreError::Unreachable {
        address: "db1.example:27017".into(),
        problem: "connection refused".into(),
    });
    console.send(Message::Link(console.watched, Some(error)));
    console.answer_all();
    looks_like!(console, "lost");
    console.send(Message::Link(console.watched, None));
    console.answer_all();
    looks_like!(console, "lost_and_back");
}

/// A console that follows changes of a database that tells of them, or does not.
fn following(width: u16, height: u16, told: bool) -> Console {
    let mut console = Console::following(width, height, customers());
    let follow = console.followed;
    let news = News { seen: Seen::up_to(0, told), orgs: None };
    console.send(Message::Changed(follow, Ok(news)));
    console.answer_all();
    console
}

#[test]
fn the_title_says_how_it_is_connected() {
    let mut titles = String::new();
    for width in [40, 60, 80, 120] {
        let mut console = following(width, 24, true);
        let title = |console: &Console| dump::text(&console.drawn(&Theme::sixteen()).0);
        let mut note = |console: &Console| {
            let _ = writeln!(titles, "{}", title(console).lines().next().unwrap_or_default());
        };
        note(&console);
        note(&following(width, 24, false));
        let error = Error::Store(StoreError::Unreachable {
            address: "db1.example:27017".into(),
            problem: "connection refused".into(),
        });
        console.send(Message::Link(console.watched, Some(error)));
        note(&console);
    }
    insta::with_settings!({ prepend_module_to_snapshot => false, omit_expression => true, snapshot_path => "../snapshots" }, {
        insta::assert_snapshot!("title_connected", titles);
    });
    looks_like!(following(80, 24, false), "polling");
}

#[test]
fn what_others_have_changed_is_marked() {
    for (width, height) in [(80, 24), (120, 32)] {
        let mut console = following(width, height, true);
        console.orgs[2].state = OrgState::Suspended;
        console.orgs[2].revision += 1;
        console.orgs[0].revision += 1;
        console.orgs.insert(4, org(99, "Brand New", "new@example.com", 60));
        let orgs = Some(vec![console.orgs[2].id]);
        let news = News { seen: Seen::up_to(1, true), orgs };
        console.send(Message::Changed(console.followed, Ok(news)));
        console.answer_all();
        looks_like!(console, format!("marked_{width}x{height}"));
        looks_like!(console, format!("marked_{width}x{height}_no_color"), &Theme::colourless());
        console.wait(6_000);
        assert!(!dump::text(&console.drawn(&Theme::sixteen()).0).contains('•'));
    }
}

#[test]
fn read_only() {
    let mut console = Console::opening(80, 24, embedded(), customers());
    console.connected.read_only = Some("read-only mode".into());
    console.connected.read_only_asked = true;
    console.answer_all();
    looks_like!(console, "read_only");
    console.press(KeyCode::Char('d'));
    looks_like!(console, "read_only_refused");
}

#[test]
fn a_database_that_can_only_be_read_says_why_at_once() {
    let mut console = Console::opening(80, 24, embedded(), customers());
    console.connected.read_only = Some(
        "records in it clash: the name “acme” of 6b03591144a42dd288929a01 and \
         6b03591144a42dd288929a02; rename or remove one of each with the program that made them, \
         then open it again"
            .into(),
    );
    console.answer_all();
    looks_like!(console, "read_only_clash");
}

#[test]
fn an_upgrade_with_more_to_add_than_the_screen_names_says_how_much() {
    let place = Place {
        kind: PlaceKind::Mongo,
        address: "db1.example:27017".into(),
        database: "master_organization_db".into(),
    };
    let names = |of: &str, count: usize| {
        (of.to_owned(), (0..count).map(|number| format!("{of}_field_{number}")).collect())
    };
    let mut console = Console::opening(80, 24, place, customers());
    console.connected.read_only = Some(StoreError::NeedsUpgrade.to_string());
    console.connected.upgrade = Some(UpgradePlan {
        empty: false,
        asks: true,
        organizations: 1_204,
        admins: 1_311,
        fields: vec![names("organizations", 19), names("admins", 9)],
        indexes: vec![names("organizations", 25), names("audit_log", 3)],
        formats: None,
    });
    console.answer_all();
    looks_like!(console, "upgrade_asked_much");
}
