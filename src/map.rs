//! Holds the map in the crate's documentation to the sources: the arrows, and the files that it names.

use std::{
    collections::{BTreeMap, BTreeSet},
    fs,
    path::{Path, PathBuf},
};

/// Each room, and what it may use.
const ROOMS: [(&str, &[&str]); 15] = [
    ("org", &["failpoint"]),
    ("failpoint.rs", &[]),
    ("document", &["org"]),
    ("archive", &["org", "document"]),
    ("store", &["org", "document", "archive", "failpoint"]),
    ("secret_file.rs", &["org"]),
    ("mail", &["org", "secret_file"]),
    ("tenancy", &["org", "document", "archive", "store", "mail"]),
    ("keymap", &["org"]),
    ("manual", &["org"]),
    ("theme", &[]),
    ("config", &["org", "secret_file", "mail", "store", "tenancy", "keymap", "theme"]),
    (
        "command",
        &["org", "document", "archive", "store", "tenancy", "keymap", "manual", "theme", "config"],
    ),
    ("http", &["org", "document", "store", "tenancy", "config"]),
    ("console", &["org", "document", "store", "tenancy", "keymap", "manual", "theme", "config"]),
];

/// The files in a room, and what is in them.
fn files(of: &Path) -> Vec<(PathBuf, String)> {
    if of.is_file() {
        return vec![(of.to_owned(), fs::read_to_string(of).unwrap())];
    }
    let inside = fs::read_dir(of).unwrap().map(|entry| entry.unwrap().path());
    inside.flat_map(|path| files(&path)).collect()
}

/// A source without its comments, in one line.
fn code(source: &str) -> String {
    let code = source.lines().map(str::trim_start).filter(|line| !line.starts_with("//"));
    code.collect::<Vec<_>>().join(" ")
}

/// The paths that begin here, each branch of a group on its own, and what follows them.
fn paths<'a>(text: &'a str, before: &[&'a str], all: &mut Vec<Vec<String>>) -> &'a str {
    let mut path = before.to_vec();
    let mut rest = text.trim_start();
    loop {
        if let Some(mut group) = rest.strip_prefix('{') {
            loop {
                group = paths(group, &path, all).trim_start();
                let Some(next) = group.strip_prefix(',').map(str::trim_start) else { break };
                group = next;
                if group.starts_with('}') {
                    break;
                }
            }
            return group.strip_prefix('}').unwrap_or(group);
        }
        let end = rest.find(|c: char| !c.is_alphanumeric() && c != '_').unwrap_or(rest.len());
        path.push(&rest[..end]);
        rest = &rest[end..];
        let Some(next) = rest.strip_prefix("::") else { break };
        rest = next.trim_start();
    }
    all.push(path.into_iter().map(str::to_owned).collect());
    rest.strip_prefix('*').unwrap_or(rest).trim_start()
}

/// Where a source leads: what it names behind `crate::`, or behind `super::` as seen from its module.
fn named(source: &str, module: &[&str]) -> Vec<Vec<String>> {
    let code = code(source);
    let mut all = Vec::new();
    for (at, _) in code.match_indices("crate::") {
        paths(&code[at + "crate::".len()..], &[], &mut all);
    }
    for (at, _) in code.match_indices("super::") {
        if code[..at].ends_with("super::") {
            continue;
        }
        let behind = code[at..].trim_start_matches("super::");
        let up = (code.len() - at - behind.len()) / "super::".len();
        if let Some(parent) = module.len().checked_sub(up) {
            paths(behind, &module[..parent], &mut all);
        }
    }
    all
}

/// The rooms that a source names behind `crate::`.
fn used(source: &str) -> BTreeSet<String> {
    named(source, &[]).into_iter().filter_map(|path| path.into_iter().next()).collect()
}

#[test]
fn the_arrows_between_the_rooms_point_one_way() {
    let source = Path::new(env!("CARGO_MANIFEST_DIR")).join("src");
    let rooms: BTreeSet<String> =
        ROOMS.iter().map(|(room, _)| room.trim_end_matches(".rs").to_owned()).collect();
    for (room, may) in ROOMS {
        let own = room.trim_end_matches(".rs");
        let files = files(&source.join(room));
        let used: BTreeSet<String> = files.iter().flat_map(|(_, text)| used(text)).collect();
        let wrong: Vec<&String> = used
            .intersection(&rooms)
            .filter(|used| *used != own && !may.contains(&used.as_str()))
            .collect();
        assert!(wrong.is_empty(), "{room} uses {wrong:?}");
    }
    let there = fs::read_dir(&source).unwrap().map(|entry| entry.unwrap().file_name());
    let there: BTreeSet<String> = there
        .map(|name| name.to_string_lossy().trim_end_matches(".rs").to_owned())
        .filter(|name| !["lib", "main", "map"].contains(&name.as_str()))
        .collect();
    assert_eq!(there, rooms, "the table above names every room");
}

/// What each part of the console must not know: the state neither how it is drawn nor what runs it.
const ABOVE: [(&str, &[&str]); 4] = [
    ("app", &["view", "runtime", "terminal"]),
    ("view", &["runtime", "terminal"]),
    ("layout.rs", &["app", "view", "runtime", "terminal"]),
    ("text.rs", &["app", "view", "runtime", "terminal"]),
];

#[test]
fn the_arrows_inside_the_console_point_one_way() {
    let console = Path::new(env!("CARGO_MANIFEST_DIR")).join("src/console");
    for (part, above) in ABOVE {
        let mut count = 0;
        for (path, source) in files(&console.join(part)) {
            // Tests play the runtime.
            if path.components().any(|part| part.as_os_str() == "tests") {
                continue;
            }
            let inside = path.strip_prefix(&console).unwrap().with_extension("");
            let module: Vec<&str> = ["console"]
                .into_iter()
                .chain(inside.iter().map(|part| part.to_str().unwrap()))
                .filter(|part| *part != "mod")
                .collect();
            for path in named(&source, &module) {
                let [room, part, ..] = &path[..] else { continue };
                let wrong = room == "console" && above.contains(&part.as_str());
                assert!(!wrong, "{} uses {}", inside.display(), path.join("::"));
            }
            count += 1;
        }
        assert!(count > 0, "{part} is there");
    }
}

/// Which modules of a folder below `src` use which others of it. What tests use makes no circle.
fn arrows(folder: &str) -> BTreeMap<String, BTreeSet<String>> {
    let parents: Vec<&str> = folder.split('/').collect();
    let folder = Path::new(env!("CARGO_MANIFEST_DIR")).join("src").join(folder);
    let mut arrows: BTreeMap<String, BTreeSet<String>> = BTreeMap::new();
    for (path, source) in files(&folder) {
        let inside = path.strip_prefix(&folder).unwrap().with_extension("");
        let inside: Vec<&str> = inside.iter().map(|part| part.to_str().unwrap()).collect();
        if inside.contains(&"tests") || inside == ["mod"] {
            continue;
        }
        let inside = inside.into_iter().filter(|part| *part != "mod");
        let module: Vec<&str> = parents.iter().copied().chain(inside).collect();
        let source = source.split("\nmod tests {").next().unwrap();
        let used = arrows.entry(module[parents.len()].to_owned()).or_default();
        for path in named(source, &module) {
            if path.len() > parents.len() && path.iter().zip(&parents).all(|(a, b)| a == b) {
                used.insert(path[parents.len()].clone());
            }
        }
    }
    let modules: BTreeSet<String> = arrows.keys().cloned().collect();
    for (module, used) in &mut arrows {
        used.retain(|used| modules.contains(used) && used != module);
    }
    arrows
}

/// The modules that use each other in a circle; none where there is none.
fn circle(arrows: &BTreeMap<String, BTreeSet<String>>) -> BTreeSet<String> {
    let mut left = arrows.clone();
    // Whatever uses nothing that is left is in no circle.
    loop {
        let done: BTreeSet<String> = left
            .iter()
            .filter(|(_, used)| used.iter().all(|used| !left.contains_key(used)))
            .map(|(module, _)| module.clone())
            .collect();
        if done.is_empty() {
            return left.into_keys().collect();
        }
        left.retain(|module, _| !done.contains(module));
    }
}

#[test]
fn there_is_no_circle_within_a_store() {
    for folder in ["store/mongo", "store/mongo/operation", "store/sqlite"] {
        let arrows = arrows(folder);
        let count: usize = arrows.values().map(BTreeSet::len).sum();
        assert!(count > 20, "{folder}: {count} arrows are found");
        let circle = circle(&arrows);
        assert!(circle.is_empty(), "{folder}: {circle:?}: {arrows:?}");
    }
}

#[test]
fn a_circle_is_seen() {
    let arrows = |all: &[(&str, &[&str])]| -> BTreeMap<String, BTreeSet<String>> {
        let set = |used: &[&str]| used.iter().map(ToString::to_string).collect();
        all.iter().map(|(module, used)| ((*module).to_owned(), set(used))).collect()
    };
    let row = arrows(&[("a", &["b", "c"]), ("b", &["c"]), ("c", &[])]);
    assert_eq!(circle(&row), BTreeSet::new());
    let round = arrows(&[("a", &["b"]), ("b", &["c"]), ("c", &["b"])]);
    assert!(circle(&round).contains("b"));
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

#[test]
fn a_path_is_read_from_where_it_stands() {
    let source = "use super::{App, super_user};\nuse crate::console::{app::{App, Tab}, text};\n\
                  fn f() { super::super::view::draw(); }";
    let named = named(source, &["console", "app", "mouse"]);
    let named: Vec<String> = named.iter().map(|path| path.join("::")).collect();
    let wanted = [
        "console::app::App",
        "console::app::Tab",
        "console::text",
        "console::app::App",
        "console::app::super_user",
        "console::view::draw",
    ];
    assert_eq!(named, wanted);
}

#[test]
fn only_its_own_store_takes_documents_from_the_driver() {
    let root = Path::new(env!("CARGO_MANIFEST_DIR")).join("src");
    let names =
        |(_, source): &&(PathBuf, String)| code(source).contains(concat!("mongodb::", "bson"));
    let own = files(&root.join("store/mongo")).iter().filter(names).count();
    assert!(own > 10, "{own} sources do");
    assert_eq!(files(&root).iter().filter(names).count(), own);
}
