//! Whatever is pressed, pasted or answered, in whatever order and at whatever size: nothing panics, and
//! the way out is open.

use std::time::Duration;

use crossterm::event::{KeyCode, KeyEvent, KeyModifiers, MouseButton, MouseEvent, MouseEventKind};
use proptest::prelude::*;
use ratatui::buffer::Cell;
use tenantry::{
    console::app::{Effect, Layer, Message},
    org::{ClaimKind, Invalid, Role},
    store::{ListScope, Page, StoreError},
    tenancy::{Error, Refusal},
};

use crate::{
    looks::themes,
    people::{CODE, admin, others},
    pretend::{Console, DAY, customers, org, with_trash},
};

/// The first group of a code, which stands nowhere else.
const CODE_BEGINS: &str = CODE.split_at(6).0;

#[derive(Clone, Debug)]
enum Step {
    Key(KeyCode, KeyModifiers),
    Paste(String),
    Resize(u16, u16),
    Wait(u64),
    Mouse(MouseEventKind, u16, u16),
    /// The pending request of this number is answered, well or with the error of this number.
    Answer(usize, usize),
    /// The same answer once more, late.
    Late(usize),
    /// Keys that lead somewhere, `!` for an answer to all that is asked.
    Walk(&'static str),
}

fn steps() -> impl Strategy<Value = Vec<Step>> {
    let codes = prop_oneof![
        6 => prop::sample::select("nedDtsRojkgGLrqOhl/?xac é日:uym[]ic".chars().collect::<Vec<_>>())
            .prop_map(KeyCode::Char),
        1 => any::<char>().prop_map(KeyCode::Char),
        6 => prop::sample::select(vec![
            KeyCode::Enter, KeyCode::Esc, KeyCode::Tab, KeyCode::BackTab, KeyCode::Up, KeyCode::Down,
            KeyCode::Left, KeyCode::Right, KeyCode::PageUp, KeyCode::PageDown, KeyCode::Home,
            KeyCode::End, KeyCode::Backspace, KeyCode::Delete, KeyCode::F(1), KeyCode::Null,
        ]),
    ];
    let key = codes.prop_map(|code| Step::Key(code, KeyModifiers::NONE));
    let control = prop::sample::select("sgrudkwaheo".chars().collect::<Vec<_>>())
        .prop_map(|letter| Step::Key(KeyCode::Char(letter), KeyModifiers::CONTROL));
    let step = prop_oneof![
        12 => key,
        3 => control,
        1 => ".{0,30}".prop_map(Step::Paste),
        2 => (1_u16..=200, 1_u16..=60).prop_map(|(width, height)| Step::Resize(width, height)),
        4 => (mouse(), 0_u16..=210, 0_u16..=70).prop_map(|(kind, x, y)| Step::Mouse(kind, x, y)),
        2 => (0_u64..3_000_000).prop_map(Step::Wait),
        8 => (0_usize..8, 0_usize..30).prop_map(|(which, how)| Step::Answer(which, how)),
        1 => (0_usize..8).prop_map(Step::Late),
        3 => prop::sample::select(vec![
            "!t!", "!t!R", "!t!d!", "!t!d!\r\r", "t!jR!", "!\x1b\x1bd!", "d!\r!\r", "L\r!d\r",
            "D!\r!\r", "\r]!", "\r]!a", "\r]!a\r\r", "\r]!jx!\r", "\r]!c\r!", "\r]!jc\r", "\r]!je", "\r[!",
            "L\x0f", "\x1b\x1b\r]!L\r!", "s", "s\r", "s\r!s", "\x1b\x1b\x1b!",
            "s\r!u!u", "L\r!d!\ru!", "eX\x13!u!", ":new\r", "?Gk\r", ":\r:", "yj!", "m", "l", "?/q",
            "   s\r!\x1b!", "  s\r!!u\r!", " j s\r\x1b\x1b", "!t!  R\r!", "  yj", "  d\x1b",
        ])
        .prop_map(Step::Walk),
    ];
    prop::collection::vec(step, 0..60)
}

fn mouse() -> impl Strategy<Value = MouseEventKind> {
    use MouseEventKind::{Down, Drag, Moved, ScrollDown, ScrollUp, Up};
    let left = MouseButton::Left;
    prop::sample::select(vec![
        Down(left),
        Down(left),
        Down(left),
        Down(MouseButton::Right),
        Drag(left),
        Up(left),
        Moved,
        ScrollDown,
        ScrollUp,
    ])
}

fn errors() -> Vec<Error> {
    vec![
        Error::Invalid(Invalid::NameEmpty),
        Error::Taken {
            what: ClaimKind::Email,
            wanted: "a".into(),
            by: Some("\u{1b}[2J".into()),
            in_trash: false,
        },
        Error::WrongLogin,
        Error::NotAllowed(Refusal::NoSession("x".into())),
        Error::NotAllowed(Refusal::Expired),
        Error::NotAllowed(Refusal::Suspended("acme_industries".into())),
        Error::NotConfirmed,
        Error::Changed("x".into()),
        Error::Gone("x".into()),
        Error::InTrash("x".into()),
        Error::NotInTrash("x".into()),
        Error::Taken {
            what: ClaimKind::Name,
            wanted: "x".into(),
            by: Some("X".into()),
            in_trash: true,
        },
        Error::Waiting(Duration::from_secs(8)),
        Error::WrongCode,
        Error::NoSuchAdmin { email: "\u{202e}x".into(), organization: "x".into() },
        Error::LastOwner { email: "a".into(), organization: "x".into() },
        Error::OneAtATime,
        Error::NotAllowed(Refusal::OwnersOnly("x".into())),
        Error::Store(StoreError::Other("the words of a database, ".repeat(40))),
    ]
}

/// The same answer, failed.
fn failed(message: Message, error: Error) -> Message {
    match message {
        Message::Connected(generation, _) => Message::Connected(generation, Err(error)),
        Message::CaughtUp(generation, ..) => {
            Message::CaughtUp(generation, Err(error), Some("records in it clash".into()))
        }
        Message::Page(generation, _) => Message::Page(generation, Err(error)),
        Message::Counted(generation, _) => Message::Counted(generation, Err(error)),
        Message::Detail(generation, _) => Message::Detail(generation, Err(error)),
        Message::Documents(generation, _) => Message::Documents(generation, Err(error)),
        Message::Admins(generation, _) => Message::Admins(generation, Err(error)),
        Message::Activity(generation, _) => Message::Activity(generation, Err(error)),
        Message::Added(generation, email, _) => Message::Added(generation, email, Err(error)),
        Message::Transferred(generation, email, _) => {
            Message::Transferred(generation, email, Err(error))
        }
        Message::Redeemed(generation, email, _) => Message::Redeemed(generation, email, Err(error)),
        Message::Coded(generation, action, org, email, _) => {
            Message::Coded(generation, action, org, email, Err(error))
        }
        Message::Checked(generation, field, _) => Message::Checked(generation, field, Err(error)),
        Message::Judged(generation, _) => Message::Judged(generation, Err(error)),
        Message::Generated(_) => Message::Generated(Err(error)),
        Message::Authorized(generation, _) => Message::Authorized(generation, Err(error)),
        Message::LoggedIn(generation, _) => Message::LoggedIn(generation, Err(error)),
        Message::Created(generation, _) => Message::Created(generation, Err(error)),
        Message::Updated(generation, _) => Message::Updated(generation, Err(error)),
        Message::Done(generation, action, org, _) => {
            Message::Done(generation, action, org, Err(error))
        }
        other => other,
    }
}

fn take(console: &mut Console, step: &Step) {
    match step {
        Step::Key(code, modifiers) => {
            console.send(Message::Key(KeyEvent::new(*code, *modifiers)));
        }
        Step::Paste(text) => console.send(Message::Paste(text.clone().into())),
        Step::Resize(width, height) => console.send(Message::Resize(*width, *height)),
        Step::Wait(milliseconds) => console.wait(*milliseconds),
        Step::Mouse(kind, column, row) => {
            let modifiers = KeyModifiers::NONE;
            console.send(Message::Mouse(MouseEvent {
                kind: *kind,
                column: *column,
                row: *row,
                modifiers,
            }));
        }
        Step::Answer(which, how) => {
            if console.pending.is_empty() {
                return;
            }
            let effect = console.pending.remove(which % console.pending.len());
            let Some(message) = console.fine(&effect) else { return };
            console.send(match (errors().into_iter().nth(*how), message) {
                (Some(error), message) => failed(message, error),
                // A page in the middle of a long list.
                (None, Message::Page(generation, Ok(page))) if *how == 19 => {
                    let page = Page { more_before: true, more_after: true, ..page };
                    Message::Page(generation, Ok(page))
                }
                (None, Message::Page(generation, _)) if *how == 20 => {
                    Message::Page(generation, Ok(Page::default()))
                }
                (None, Message::Detail(generation, _)) if *how == 21 => {
                    Message::Detail(generation, Ok(None))
                }
                (None, message) => message,
            });
        }
        Step::Walk(keys) => {
            for key in keys.chars() {
                match key {
                    '!' => console.answer_all(),
                    '\x0f' => console.control('o'),
                    '\x13' => console.control('s'),
                    '\r' => console.press(KeyCode::Enter),
                    '\x1b' => console.press(KeyCode::Esc),
                    letter => console.press(KeyCode::Char(letter)),
                }
            }
        }
        Step::Late(which) => {
            if *which >= console.pending.len() {
                return;
            }
            let effect = console.pending.remove(*which);
            let answer = console.fine(&effect);
            console.pending.insert(*which, effect);
            if let Some(message) = answer {
                console.send(message);
            }
        }
    }
}

proptest! {
    #![proptest_config(ProptestConfig { cases: 96, failure_persistence: None, ..ProptestConfig::default() })]

    #[test]
    fn nothing_panics_and_ctrl_c_always_leaves(
        steps in steps(),
        connected in prop::bool::weighted(0.8),
        size in (1_u16..=200, 1_u16..=60),
        theme in prop::sample::select(themes()),
        mouse in any::<bool>(),
    ) {
        let mut orgs = with_trash();
        orgs.push(org(90, "\u{1b}[2J\u{202e}\n", "e\u{301}👍🏽@日本.example", DAY));
        let mut console = Console::with(size.0, size.1, orgs);
        if !connected {
            let place = console.connected.place.clone();
            console = Console::opening(size.0, size.1, place, customers());
        }
        console.others = others();
        console.others.push(admin(220, "\u{1b}[2J\u{202e}", Role::Owner, DAY));
        console.app.mouse = mouse;
        let (_, theme) = theme;
        console.app.plain = theme.plain;
        for step in &steps {
            take(&mut console, step);
            let (buffer, _) = console.drawn(&theme);
            prop_assert!(!theme.ascii || buffer.content().iter().all(|cell| cell.symbol().is_ascii()));
            let app = &console.app;
            prop_assert_eq!(app.aside.is_some(), app.list.scope == ListScope::Trash);
            let shows_code = matches!(app.layers.last(), Some(Layer::Code(_)));
            let text = |line: &[Cell]| line.iter().map(Cell::symbol).collect::<String>();
            let has_code =
                buffer.content().chunks(buffer.area.width.into()).any(|l| text(l).contains(CODE_BEGINS));
            // On a screen that is too small for anything else it is not shown either.
            prop_assert!(shows_code || !has_code);
            let debug = format!("{app:?}");
            prop_assert!(!debug.contains(CODE_BEGINS), "{debug}");
            prop_assert!(app.at_once.as_ref().is_none_or(|begun| begun.waiting.is_waiting()));
        }
        let leave = KeyEvent::new(KeyCode::Char('c'), KeyModifiers::CONTROL);
        let mut effects = console.app.update(Message::Key(leave));
        if effects.is_empty() {
            // A job is running, or a document is not saved: that is asked about, once.
            let running = console.app.jobs.iter().any(tenantry::console::app::Job::is_running);
            let typed = |layer: &Layer| matches!(layer, Layer::Edit(_) | Layer::Documents(_));
            prop_assert!(running || console.app.layers.iter().any(typed));
            effects = console.app.update(Message::Key(leave));
        }
        prop_assert!(matches!(effects[..], [Effect::Quit]), "{effects:?}");
    }
}
