//! What the table of commands keeps to, and what can be chosen.

use crossterm::event::{KeyCode, KeyEvent, KeyModifiers};
use proptest::prelude::*;

use super::*;

fn key(text: &str) -> Key {
    text.parse().unwrap_or_else(|_| panic!("{text} is a key"))
}

fn press(character: char, modifiers: KeyModifiers) -> KeyEvent {
    KeyEvent::new(KeyCode::Char(character), modifiers)
}

fn chosen(choices: &[(&str, &[&str])]) -> Result<Keymap, Vec<(usize, Misbound)>> {
    let choices: Vec<_> = choices
        .iter()
        .map(|(name, keys)| ((*name).to_owned(), keys.iter().map(|text| key(text)).collect()))
        .collect();
    Keymap::with(&choices)
}

fn refused(choices: &[(&str, &[&str])]) -> Vec<String> {
    chosen(choices).unwrap_err().iter().map(|(at, why)| format!("{at}: {why}")).collect()
}

#[test]
fn no_key_means_two_things_in_one_place() {
    let keymap = Keymap::default();
    for place in EVERYWHERE {
        let keys: Vec<_> = keymap.rows(*place).flat_map(|bound| &bound.keys).collect();
        for (at, key) in keys.iter().enumerate() {
            assert!(!keys[..at].contains(key), "{} in {place:?}", key.words());
        }
    }
}

#[test]
fn where_text_is_typed_no_letter_is_a_command() {
    let keymap = Keymap::default();
    for place in EVERYWHERE.iter().filter(|place| place.takes_text()) {
        for key in keymap.rows(*place).flat_map(|bound| &bound.keys) {
            assert!(!key.types(), "{} in {place:?}", key.words());
        }
    }
}

#[test]
fn every_command_has_a_name_of_its_own() {
    for (at, row) in COMMANDS.iter().enumerate() {
        assert!(COMMANDS[..at].iter().all(|other| other.name != row.name), "{}", row.name);
        assert!(row.name.chars().all(|c| c.is_ascii_lowercase() || c == '-'), "{}", row.name);
    }
}

#[test]
fn keys_are_written_as_people_say_them() {
    for (text, words) in [
        ("ctrl-d", "^d"),
        ("^D", "^d"),
        ("Enter", "enter"),
        ("ESC", "esc"),
        ("shift-tab", "shift-tab"),
        ("page-down", "PgDn"),
        ("shift-up", "shift-↑"),
        ("Shift-Home", "shift-home"),
        ("up", "↑"),
        ("space", "space"),
        ("d", "d"),
        ("D", "D"),
        ("ß", "ß"),
        ("^", "^"),
        ("-", "-"),
        ("F5", "F5"),
        ("alt-x", "alt-x"),
        ("ctrl-alt-x", "^alt-x"),
        ("^space", "^space"),
    ] {
        assert_eq!(key(text).words(), words, "{text}");
    }
    for text in ["shift-x", "shift-", "shift-shift-up", "shift-^x"] {
        assert_eq!(text.parse::<Key>(), Err(NoKey), "{text:?}");
    }
    for text in ["", " ", "dd", "ctrl-", "ctrl-ctrl-d", "f13", "f0", "hyper-x", "\n", "\u{1b}"] {
        assert_eq!(text.parse::<Key>(), Err(NoKey), "{text:?}");
    }
}

#[test]
fn a_chosen_key_takes_the_place_of_all_the_command_had() {
    let keymap = chosen(&[("down", &["ctrl-n", "down"]), ("edit", &[])]).unwrap();
    let list = |event| keymap.command(Place::List, &event);
    assert_eq!(list(press('n', KeyModifiers::CONTROL)), Some(Command::Move(Motion::Down)));
    assert_eq!(list(press('j', KeyModifiers::NONE)), None);
    assert_eq!(list(press('e', KeyModifiers::NONE)), None);
    // It is in the palette still.
    assert!(keymap.rows(Place::List).any(|bound| bound.row.name == "edit"));
}

#[test]
fn keys_can_change_places() {
    let keymap = chosen(&[("sort", &["O"]), ("reverse", &["o"])]).unwrap();
    let list = |letter| keymap.command(Place::List, &press(letter, KeyModifiers::NONE));
    assert_eq!((list('O'), list('o')), (Some(Command::Sort), Some(Command::Reverse)));
}

#[test]
fn what_cannot_be_chosen_is_told_with_what_is_in_the_way() {
    assert_eq!(
        refused(&[("sort", &["o"]), ("suspnd", &["S"]), ("xyzzy", &["S"])]),
        ["1: unknown command “suspnd”; did you mean “suspend”?", "2: unknown command “xyzzy”"]
    );
    assert_eq!(refused(&[("sort", &["n"])]), ["0: n is also bound to “new” in the same place"]);
    assert_eq!(
        refused(&[("sort", &["Z"]), ("new", &["Z"])]),
        ["1: Z is also bound to “sort” in the same place"]
    );
    assert_eq!(
        refused(&[("submit", &["x"])]),
        ["0: “submit” works in text fields, where x has to stay text"]
    );
    assert_eq!(
        refused(&[("back", &[]), ("leave", &[])]),
        [
            "0: “back” needs a key: it is the only way out",
            "1: “leave” needs a key: it is the only way out"
        ]
    );
}

#[test]
fn shift_makes_another_key_of_an_arrow_only_where_that_is_one() {
    let keymap = Keymap::default();
    let shifted = |code| KeyEvent::new(code, KeyModifiers::SHIFT);
    let list = |event| keymap.command(Place::List, &event);
    assert_eq!(list(shifted(KeyCode::Down)), Some(Command::Extend(Motion::Down)));
    assert_eq!(list(KeyCode::Down.into()), Some(Command::Move(Motion::Down)));
    assert_eq!(list(shifted(KeyCode::PageDown)), Some(Command::Move(Motion::PageDown)));
    assert_eq!(
        keymap.command(Place::Help, &shifted(KeyCode::Down)),
        Some(Command::Move(Motion::Down))
    );
}

#[test]
fn one_key_in_two_places_is_no_clash() {
    assert!(chosen(&[("restore", &["n"])]).is_ok());
}

#[test]
fn keys_of_other_keyboards_are_the_keys_in_their_places() {
    let keymap = Keymap::default();
    let list = |c: char| keymap.command(Place::List, &press(c, KeyModifiers::NONE));
    // й is on q, о on j, Т is N's and В is D's; ν on n, ק on e.
    assert_eq!(list('й'), Some(Command::Quit));
    assert_eq!(list('о'), Some(Command::Move(Motion::Down)));
    assert_eq!(list('В'), Some(Command::Delete));
    assert_eq!(list('ν'), Some(Command::New));
    assert_eq!(list('ק'), Some(Command::Edit));
    assert_eq!(list('ㅂ'), Some(Command::Quit));
    assert_eq!(list('漢'), None);
    // With control where text is typed too; without, it is text.
    let control = |c| press(c, KeyModifiers::CONTROL);
    assert_eq!(keymap.command(Place::Form, &control('ы')), Some(Command::Submit));
    assert_eq!(keymap.command(Place::Form, &control('с')), Some(Command::Quit));
    assert_eq!(keymap.command(Place::Form, &press('й', KeyModifiers::NONE)), None);
}

#[test]
fn who_chose_a_letter_of_another_keyboard_gets_it() {
    let keymap = chosen(&[("refresh", &["й"])]).unwrap();
    let pressed = press('й', KeyModifiers::NONE);
    assert_eq!(keymap.command(Place::List, &pressed), Some(Command::Refresh));
}

proptest! {
    #[test]
    fn what_is_written_is_read_again(text in "(ctrl-)?(alt-)?([!-~]|enter|esc|tab|(shift-)?home|f[1-9]|page-up|(shift-)?down)") {
        let Ok(read) = text.parse::<Key>() else { return Ok(()) };
        let words = read.words();
        prop_assert_eq!(words.parse::<Key>(), Ok(read), "{}", words);
    }

    #[test]
    fn any_choice_is_taken_whole_or_refused(
        choices in prop::collection::vec(
            (prop::sample::select(COMMANDS.iter().map(|row| row.name).collect::<Vec<_>>()),
             prop::collection::vec("[a-zA-Z]|ctrl-[a-z]|f[1-9]", 0..3)),
            0..6,
        )
    ) {
        let choices: Vec<_> = choices
            .into_iter()
            .map(|(name, keys)| (name.to_owned(), keys.iter().map(|text| key(text)).collect::<Vec<_>>()))
            .collect();
        if let Ok(keymap) = Keymap::with(&choices) {
            for place in EVERYWHERE {
                let keys: Vec<_> = keymap.rows(*place).flat_map(|bound| {
                    bound.keys.iter().map(move |key| (key, bound.row.name))
                }).collect();
                for (at, (key, name)) in keys.iter().enumerate() {
                    prop_assert!(
                        !keys[..at].iter().any(|(other, by)| other == key && by != name),
                        "{} in {:?}", key.words(), place
                    );
                    prop_assert!(!place.takes_text() || !key.types());
                }
                let leaves = keymap.rows(*place).any(|b| b.row.command == Command::Quit && !b.keys.is_empty());
                prop_assert!(leaves, "{place:?}");
            }
        }
    }
}

#[test]
fn an_old_name_in_the_configuration_still_works() {
    for (old, command) in [("mark", Command::Select), ("delete", Command::Delete)] {
        let keymap = Keymap::with(&[(old.to_owned(), vec!["f7".parse().unwrap()])]).unwrap();
        let event = KeyEvent::new(KeyCode::F(7), KeyModifiers::NONE);
        assert_eq!(keymap.command(Place::List, &event), Some(command), "{old}");
        assert!(COMMANDS.iter().all(|row| row.name != old), "{old} is not advertised");
    }
}

#[test]
fn every_tab_can_be_moved_in_left_refreshed_and_asked_for_help() {
    for place in EVERYWHERE.iter().copied().filter(|place| place.is_tab()) {
        let works = |command| {
            COMMANDS.iter().any(|row| row.command == command && row.places.contains(&place))
        };
        for command in [
            Command::Move(Motion::Down),
            Command::NextTab,
            Command::Back,
            Command::Refresh,
            Command::Help,
            Command::Palette,
            Command::Quit,
        ] {
            assert!(works(command), "{command:?} in {place:?}");
        }
    }
}
