//! Profiles, keys and looks from the configuration file, in the real console.

use std::{fs, path::Path, process::Command};

use crate::support::{hash_cost, pty::Console};

const PASSWORD: &str = "violet-harbor-42-lantern";

fn configured(text: &str) -> tempfile::TempDir {
    let home = tempfile::tempdir().unwrap();
    let directory = home.path().join(".config/tenantry");
    fs::create_dir_all(&directory).unwrap();
    fs::write(directory.join("config.toml"), text).unwrap();
    home
}

/// Makes an organization in a profile, by the command.
fn create(home: &Path, profile: &str, name: &str) {
    use std::io::Write;
    let email = format!("{name}@x.com");
    let mut child = Command::new(env!("CARGO_BIN_EXE_tenantry"))
        .args(["--profile", profile, "org", "create", name, "--email", &email])
        .args(["--password-stdin", "--yes"])
        .env_clear()
        .envs(hash_cost())
        .env("HOME", home)
        .stdin(std::process::Stdio::piped())
        .stdout(std::process::Stdio::null())
        .spawn()
        .unwrap();
    child.stdin.take().unwrap().write_all(PASSWORD.as_bytes()).unwrap();
    assert!(child.wait().unwrap().success());
}

/// Looks a command up by its name and does it.
fn palette(console: &mut Console, words: &str, found: &str) {
    console.send(":");
    console.see("type a command");
    console.send(words);
    console.see(found);
    console.send("\r");
}

#[test]
fn one_goes_from_profile_to_profile_without_starting_again() {
    let home = configured(
        "profile = \"staging\"\n\
         [profiles.staging]\nfile = \"staging.db\"\ncolor = \"yellow\"\n\
         [profiles.live]\nfile = \"live.db\"\nproduction = true\n\
         [profiles.away]\nuri_command = [\"sh\", \"-c\", \"echo locked >&2; exit 4\"]\n",
    );
    create(home.path(), "staging", "sable_studio");
    create(home.path(), "live", "granite_peak");
    let mut console = Console::start(&[], (100, 24), home.path());
    console.see("▌sable_studio");
    console.see("● staging  embedded");
    palette(&mut console, "live", "profile live");
    console.see("▌granite_peak");
    console.see("●  live   embedded");
    console.see_no_more("sable_studio");
    // Production asks for another key.
    console.send("s");
    console.see("Suspend");
    console.send("\r\r\r");
    console.see("“live” is production");
    console.send("y");
    console.see("Suspended");
    // Where nothing can be opened it is said why, and one goes on from there.
    palette(&mut console, "away", "profile away");
    console.see("“sh” failed (exit status: 4): locked");
    console.send("r");
    console.see("“sh” failed (exit status: 4): locked");
    palette(&mut console, "stag", "profile staging");
    console.see("▌sable_studio");
    console.send("mq");
    assert_eq!(console.end().0, 0);
    console.is_given_back();
    // What was said is kept, to the last line.
    let log = fs::read_to_string(home.path().join(".local/state/tenantry/tenantry.log")).unwrap();
    assert!(log.contains("[live] suspended “") && !log.contains('\x1b'), "{log}");
    assert!(log.ends_with("[staging] mouse off: the terminal selects text\n"), "{log}");
}

#[test]
fn keys_are_those_that_were_chosen() {
    let home =
        configured("[keys]\nhelp = [\"f5\", \"ctrl-g\"]\nquit = \"X\"\n[console]\nmouse = false\n");
    let mut console = Console::start(&["--demo"], (100, 24), home.path());
    console.see("▌");
    console.see("F5 help");
    let mouse = b"\x1b[?1000h";
    assert!(!console.bytes().windows(mouse.len()).any(|bytes| bytes == mouse));
    console.send("?");
    console.send("\x07");
    console.see("Keys in the list");
    console.send("\x1b[15~");
    console.see_no_more("Keys in the list");
    console.send("X");
    assert_eq!(console.end().0, 0);
}

#[test]
fn a_configuration_that_is_wrong_is_said_before_the_screen_is_taken() {
    let home = configured("[console]\ntheme = \"drak\"\n");
    let console = Console::start(&["--demo"], (100, 24), home.path());
    let (code, screen) = console.end();
    assert_eq!(code, 2);
    assert!(screen.contains("config.toml:2:9: unknown variant `drak`"), "{screen}");
    assert!(screen.contains("is `dark` meant?"), "{screen}");
    let alternate = b"\x1b[?1049h";
    assert!(!console.bytes().windows(alternate.len()).any(|bytes| bytes == alternate));
}
