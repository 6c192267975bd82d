//! What the table of commands keeps to.

use super::*;

#[test]
fn no_key_means_two_things_in_one_place() {
    for place in EVERYWHERE {
        let keys: Vec<_> = rows(*place).flat_map(|row| row.keys).collect();
        for (at, key) in keys.iter().enumerate() {
            assert!(!keys[..at].contains(key), "{} in {place:?}", key.words());
        }
    }
}

#[test]
fn where_text_is_typed_no_letter_is_a_command() {
    for place in EVERYWHERE.iter().filter(|place| place.takes_text()) {
        for row in rows(*place) {
            for key in row.keys {
                assert!(
                    key.control || !matches!(key.code, KeyCode::Char(_)),
                    "{} in {place:?}",
                    key.words()
                );
            }
        }
    }
}

#[test]
fn keys_are_written_as_people_say_them() {
    assert_eq!(control('d').words(), "^d");
    assert_eq!(key(KeyCode::Enter).words(), "enter");
    assert_eq!(key(KeyCode::Esc).words(), "esc");
    assert_eq!(key(KeyCode::BackTab).words(), "shift-tab");
}
