//! Tenantry: a console for the people who run many organizations on one MongoDB.
//!
//! # Rooms
//! Arrows point one way: what is further down uses what is above it, never the other way round. A test
//! reads the `use` lines.
//!
//! | room | what is in it | what it uses |
//! |---|---|---|
//! | [`org`] | what things are: names, e-mails, passwords, roles, as types that cannot be wrong | |
//! | [`store`] | where organizations are kept: one trait, its two databases ([`store::mongo`], [`store::sqlite`]), the audit log's entries | `org` |
//! | [`tenancy`] | what can be done, and by whom: every rule, once | `org`, `store` |
//! | [`keymap`] | the table of the console's commands and their keys | |
//! | [`theme`] | the console's colours and marks | |
//! | [`config`] | flags, environment and configuration file become one value | all above |
//! | [`command`] | the operations without a screen | all above |
//! | [`console`] | the operations on a screen | all above but `command` |
//!
//! `main` chooses between the last two. `failpoint` is where tests kill the program.
//!
//! # From a key to the database and back
//! `console::input` makes keys of the terminal's bytes; `console::runtime` hands them to the state,
//! `console::app`, as messages. The state asks [`keymap`] which command a key is where one is, changes,
//! and answers with effects. `console::runtime` runs each effect as a task on [`tenancy`], which checks
//! the rules and calls the [`store::Store`]. What comes back is a message again. After all messages that
//! have queued up, `console::view` draws the state once, and `console::terminal` writes what is different.
//!
//! # What to touch
//! The compiler names each place that is still missing, unless it says otherwise.
//!
//! - **A key or a command of the console**: a variant in `keymap/command.rs`, its row in
//!   `keymap/table.rs`, what it does in `console/app/browsing.rs`, or in `console/app/layer_keys.rs` for
//!   something above the list. Footer, help, palette and configuration follow from the row.
//! - **An operation**: its variant of [`store::Deed`] and of [`store::Action`] (code and words); its rule in
//!   `tenancy`; in `store/sqlite/write.rs` one transaction; in `store/mongo/journal.rs` its step, what
//!   reserves it in `store/mongo/lifecycle.rs`, what goes forward in `store/mongo/steps.rs` and back in
//!   `store/mongo/undo.rs`; its words in `command/line/org.rs` and what runs them in `command/mod.rs`; in
//!   the console its row in the key table. The conformance suite and the crash matrix
//!   (`tests/crash/operation.rs`) have a list each.
//! - **A stored field**: `store/mongo/record.rs` (and `store/mongo/adopt.rs` where it is derived from the
//!   FastAPI service's fields, `store/mongo/shape.rs` where another program may have one of that name),
//!   `store/sqlite/schema.rs` with a new format, and `store/mongo/read.rs` and `store/sqlite/read.rs`. The
//!   corpus of older databases is in `tests/support/corpus.rs`.
//! - **A rule**: `tenancy` alone, and its [`tenancy::Error`] or [`tenancy::Refusal`] with what to do.
//! - **A tab**: a variant of `Tab` in `console/app/detail.rs`, which loads what it shows, its place in
//!   `keymap/place.rs`, and a file in `console/view`.

#[cfg(test)]
extern crate self as tenantry;

pub mod command;
pub mod config;
pub mod console;
#[cfg(feature = "failpoints")]
pub mod failpoint;
pub mod keymap;
pub mod org;
pub mod store;
pub mod tenancy;
pub mod theme;

#[cfg(test)]
mod tests {
    use std::{collections::BTreeSet, fs, path::Path};

    /// Each room, and what it may use.
    const ROOMS: [(&str, &[&str]); 9] = [
        ("org", &[]),
        ("failpoint.rs", &[]),
        ("store", &["org", "failpoint"]),
        ("tenancy", &["org", "store"]),
        ("keymap", &[]),
        ("theme", &[]),
        ("config", &["org", "store", "tenancy", "keymap", "theme"]),
        ("command", &["org", "store", "tenancy", "keymap", "theme", "config"]),
        ("console", &["org", "store", "tenancy", "keymap", "theme", "config"]),
    ];

    fn sources(of: &Path) -> Vec<String> {
        if of.is_file() {
            return vec![fs::read_to_string(of).unwrap()];
        }
        let inside = fs::read_dir(of).unwrap().map(|entry| entry.unwrap().path());
        inside.flat_map(|path| sources(&path)).collect()
    }

    /// The rooms that a source names behind `crate::`.
    fn used(source: &str) -> BTreeSet<String> {
        let code = source.lines().map(str::trim_start).filter(|line| !line.starts_with("//"));
        let code: String = code.collect::<Vec<_>>().join(" ");
        let word = |text: &str| -> String {
            text.trim_start().chars().take_while(|c| c.is_alphanumeric() || *c == '_').collect()
        };
        let mut all = BTreeSet::new();
        for (at, _) in code.match_indices("crate::") {
            let rest = &code[at + "crate::".len()..];
            let Some(group) = rest.strip_prefix('{') else {
                all.insert(word(rest));
                continue;
            };
            // The first word of each branch of the group.
            let (mut depth, mut begins) = (0, true);
            for (at, character) in group.char_indices() {
                match character {
                    '}' if depth == 0 => break,
                    '{' => depth += 1,
                    '}' => depth -= 1,
                    ',' if depth == 0 => begins = true,
                    ' ' => {}
                    _ if begins && depth == 0 => {
                        all.insert(word(&group[at..]));
                        begins = false;
                    }
                    _ => {}
                }
            }
        }
        all
    }

    #[test]
    fn the_arrows_between_the_rooms_point_one_way() {
        let source = Path::new(env!("CARGO_MANIFEST_DIR")).join("src");
        let rooms: BTreeSet<String> =
            ROOMS.iter().map(|(room, _)| room.trim_end_matches(".rs").to_owned()).collect();
        for (room, may) in ROOMS {
            let own = room.trim_end_matches(".rs");
            let sources = sources(&source.join(room));
            let used: BTreeSet<String> = sources.iter().flat_map(|source| used(source)).collect();
            let wrong: Vec<&String> = used
                .intersection(&rooms)
                .filter(|used| *used != own && !may.contains(&used.as_str()))
                .collect();
            assert!(wrong.is_empty(), "{room} uses {wrong:?}");
        }
        let there = fs::read_dir(&source).unwrap().map(|entry| entry.unwrap().file_name());
        let there: BTreeSet<String> = there
            .map(|name| name.to_string_lossy().trim_end_matches(".rs").to_owned())
            .filter(|name| !["lib", "main"].contains(&name.as_str()))
            .collect();
        assert_eq!(there, rooms, "the table above names every room");
    }

    #[test]
    fn what_the_map_names_is_there() {
        let root = Path::new(env!("CARGO_MANIFEST_DIR"));
        let map = include_str!("lib.rs").lines().take_while(|line| line.starts_with("//!"));
        let map: String = map.collect::<Vec<_>>().join(" ");
        let named = map.split('`').skip(1).step_by(2).filter(|text| text.contains('/'));
        let mut count = 0;
        for named in named {
            let place = if named.starts_with("tests/") { root.into() } else { root.join("src") };
            assert!(place.join(named).exists(), "{named}");
            count += 1;
        }
        assert!(count > 10, "{count} places are named");
    }

    #[test]
    fn a_group_is_read_as_its_branches() {
        let source = "use crate::{\n    org::{Email, Org},\n    store::Store,\n};\n// crate::console\n\
                      fn f() { crate::tenancy::open() }";
        let used: Vec<String> = used(source).into_iter().collect();
        assert_eq!(used, ["org", "store", "tenancy"]);
    }
}
