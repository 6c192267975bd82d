//! The README and the manual, held to what they describe: the tables of keys, commands, flags and findings, the
//! commands they name, and their links.

use std::{
    fmt::Write as _,
    fs,
    path::{Path, PathBuf},
};

use clap::{Command, CommandFactory as _};
use tenantry::{
    command::CommandLine,
    keymap::{COMMANDS, Place},
    manual::{TOPICS, Topic},
    org::OperatorRole,
    tenancy::rights,
};

fn root() -> &'static Path {
    Path::new(env!("CARGO_MANIFEST_DIR"))
}

/// A page of the manual.
fn page(name: &str) -> String {
    fs::read_to_string(root().join("assets/manual").join(name)).unwrap()
}

/// The README and every page, and what is in them.
pub fn pages() -> Vec<(PathBuf, String)> {
    let pages = fs::read_dir(root().join("assets/manual")).unwrap();
    let pages = pages.map(|entry| entry.unwrap().path());
    let mut all: Vec<PathBuf> = pages.chain([root().join("README.md")]).collect();
    all.sort();
    all.into_iter().map(|path| (path.clone(), fs::read_to_string(path).unwrap())).collect()
}

/// The text of a page outside its blocks of commands and their output.
fn prose(text: &str) -> String {
    text.split("\n```").step_by(2).collect()
}

/// The rows of everything that works in one of these places and is not in `without`.
fn table(places: &[Place], without: &[Place]) -> String {
    let mut out = "| key | what it does |\n|---|---|\n".to_owned();
    let anywhere = |row: &[Place], of: &[Place]| of.iter().any(|place| row.contains(place));
    for row in COMMANDS {
        // What has no key is in the palette only.
        let has_keys = !row.keys.is_empty();
        if has_keys && anywhere(row.places, places) && !anywhere(row.places, without) {
            let keys: Vec<_> = row.keys.iter().map(|key| format!("`{}`", key.words())).collect();
            let _ = writeln!(out, "| {} | {} |", keys.join(" "), row.does);
        }
    }
    out
}

#[test]
fn the_manual_has_every_key_and_no_other() {
    let keys = page("keys.md");
    let browsing = [Place::List, Place::Detail];
    for wanted in [
        table(&browsing, &[]),
        table(&[Place::Admins], &browsing),
        table(&[Place::Documents], &browsing),
        table(&[Place::Trash, Place::Trashed], &browsing),
        table(&[Place::Form, Place::Login, Place::Question], &browsing),
        table(&[Place::Copying], &browsing),
        table(&[Place::Jobs, Place::Job], &browsing),
        table(&[Place::Help, Place::Palette, Place::Log], &browsing),
        table(&[Place::Dashboard], &browsing),
        table(&[Place::AuditLog, Place::AuditFilter, Place::AuditEntry], &browsing),
        table(
            &[Place::AllDocuments, Place::DocumentFilter, Place::OneDocument, Place::DocumentValue],
            &browsing,
        ),
        table(&[Place::DocumentEditor, Place::DocumentChange, Place::DocumentConflict], &browsing),
        table(&[Place::Topics, Place::TopicSearch, Place::Manual], &browsing),
    ] {
        // What follows is an empty line, or the end: no row that means nothing.
        assert!(
            format!("{keys}\n").contains(&format!("\n{wanted}\n")),
            "keys.md lacks:\n\n{wanted}"
        );
    }
}

#[test]
fn the_manual_says_what_each_role_may() {
    let mut wanted = "| role | may |\n|---|---|\n".to_owned();
    for role in OperatorRole::ALL {
        let _ = writeln!(wanted, "| {role} | {} |", rights(role).join(", "));
    }
    let page = page("operators.md");
    assert!(page.contains(&format!("\n{wanted}\n")), "operators.md lacks:\n\n{wanted}");
}

/// A row for each command below this one that does something: how it is typed, and what it does.
fn rows(command: &Command, typed: &str, rows: &mut String) {
    for command in command.get_subcommands() {
        let mut typed = format!("{typed} {}", command.get_name());
        if command.has_subcommands() {
            self::rows(command, &typed, rows);
            continue;
        }
        for argument in command.get_arguments().filter(|argument| argument.is_required_set()) {
            let names = argument.get_value_names().unwrap_or_default();
            let value = names.first().map_or("", |name| name.as_str());
            match argument.get_long() {
                Some(flag) => write!(typed, " --{flag} {value}").unwrap(),
                None => write!(typed, " {value}").unwrap(),
            }
        }
        let does = command.get_about().unwrap();
        writeln!(rows, "| `{typed}` | {does} |").unwrap();
    }
}

#[test]
fn the_manual_has_every_command_and_flag_and_no_other() {
    let page = page("commands.md");
    let mut program = CommandLine::command();
    program.build();
    let mut wanted = "| command | what it does |\n|---|---|\n".to_owned();
    rows(&program, "tenantry", &mut wanted);
    assert!(page.contains(&format!("\n{wanted}\n")), "commands.md lacks:\n\n{wanted}");
    let mut wanted = "| flag | what it does |\n|---|---|\n".to_owned();
    for flag in program.get_arguments().filter(|argument| argument.is_global_set()) {
        let Some(long) = flag.get_long() else { continue };
        let takes = flag.get_action().takes_values();
        let names = flag.get_value_names().filter(|_| takes).unwrap_or_default();
        let value = names.first().map(|name| format!(" {name}")).unwrap_or_default();
        let does = flag.get_help().unwrap();
        writeln!(wanted, "| `--{long}{value}` | {does} |").unwrap();
    }
    assert!(page.contains(&format!("\n{wanted}\n")), "commands.md lacks:\n\n{wanted}");
}

#[test]
fn a_command_that_is_named_exists() {
    let mut program = CommandLine::command();
    program.build();
    let mut count = 0;
    for (path, text) in pages() {
        let prose = prose(&text).replace('\n', " ");
        for named in prose.split('`').skip(1).step_by(2) {
            let Some(line) = named.strip_prefix("tenantry ") else { continue };
            let mut command = &program;
            for word in line.split_whitespace() {
                if let Some(flag) = word.strip_prefix("--") {
                    let flags = command.get_arguments().chain(program.get_arguments());
                    let known = flags.filter_map(clap::Arg::get_long).any(|known| known == flag);
                    assert!(known, "{}: `{named}`: no --{flag}", path.display());
                    continue;
                }
                if let Some(sub) = command.find_subcommand(word) {
                    command = sub;
                    count += 1;
                } else if command.has_subcommands() && word.chars().all(char::is_lowercase) {
                    assert!(line.starts_with("--"), "{}: `{named}`: no “{word}”", path.display());
                }
            }
        }
    }
    assert!(count > 30, "{count} commands are named");
}

#[test]
fn the_manual_has_every_finding_of_the_doctor() {
    let source = fs::read_to_string(root().join("src/store/inconsistency.rs")).unwrap();
    let (_, codes) = source.split_once("fn code(").unwrap();
    let codes: Vec<&str> =
        codes.split("=> \"").skip(1).filter_map(|rest| rest.split('"').next()).collect();
    assert!(codes.len() > 20, "{codes:?}");
    let page = page("repair.md");
    let rows: Vec<&str> = page.lines().filter(|line| line.starts_with("| `")).collect();
    let named: Vec<&str> = rows
        .iter()
        .filter_map(|row| row.split('|').nth(1))
        .flat_map(|cell| cell.split('`').skip(1).step_by(2))
        .collect();
    for code in &codes {
        assert!(named.contains(code), "repair.md lacks {code}");
    }
    assert_eq!(named.len(), codes.len(), "{named:?}");
}

#[test]
fn every_link_leads_somewhere_and_every_page_is_linked() {
    let mut linked = Vec::new();
    for (path, text) in pages() {
        let prose = prose(&text);
        for link in prose.split("](").skip(1).filter_map(|rest| rest.split(')').next()) {
            if link.contains("://") {
                continue;
            }
            let to = path.parent().unwrap().join(link);
            let to = to.canonicalize().unwrap_or_else(|_| panic!("{}: {link}", path.display()));
            if path.ends_with("README.md") {
                linked.push(to);
            }
        }
    }
    for (path, _) in pages() {
        assert!(
            path.ends_with("README.md") || linked.contains(&path),
            "{} is not in the README",
            path.display()
        );
    }
}

#[test]
fn the_readme_lists_every_topic_in_the_order_of_help() {
    let mut wanted = "| page | what it answers |\n|---|---|\n".to_owned();
    for topic in TOPICS {
        let Topic { name, answers, .. } = topic;
        writeln!(wanted, "| [{}](assets/manual/{name}.md) | {answers} |", topic.title()).unwrap();
    }
    let readme = fs::read_to_string(root().join("README.md")).unwrap();
    assert!(readme.contains(&format!("\n{wanted}\n")), "README.md lacks:\n\n{wanted}");
    assert_eq!(TOPICS.len() + 1, pages().len(), "every page is a topic");
}

#[test]
fn the_readme_is_one_page() {
    let readme = fs::read_to_string(root().join("README.md")).unwrap();
    let lines = readme.lines().count();
    assert!(lines <= 120, "{lines} lines");
}
