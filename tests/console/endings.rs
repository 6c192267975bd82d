//! However the console ends, it ends within a second and gives the terminal back.

use std::time::Duration;

use rustix::process::{Pid, Signal};

use crate::support::pty::Console;

const A_SECOND: Duration = Duration::from_secs(1);

fn opened(home: &tempfile::TempDir) -> Console {
    let console = Console::start(&[], (80, 24), home.path());
    console.see("n new");
    console
}

#[test]
fn quitting_gives_the_terminal_back() {
    for keys in ["q", "\x03"] {
        let home = tempfile::tempdir().unwrap();
        let mut console = opened(&home);
        console.send(keys);
        assert_eq!(console.ends_within(A_SECOND), 0);
        console.is_given_back();
    }
}

#[test]
fn control_c_quits_from_the_middle_of_a_form() {
    let home = tempfile::tempdir().unwrap();
    let mut console = opened(&home);
    console.send("nacme");
    console.see("acme");
    console.send("\x03");
    assert_eq!(console.ends_within(A_SECOND), 0);
    console.is_given_back();
}

#[test]
fn signals_end_it_and_give_the_terminal_back() {
    for signal in [
        Signal::TERM,
        Signal::INT,
        Signal::HUP,
        Signal::QUIT,
        Signal::USR1,
        Signal::USR2,
        Signal::ALARM,
        Signal::XCPU,
    ] {
        let home = tempfile::tempdir().unwrap();
        let console = opened(&home);
        console.signal(signal);
        assert_eq!(console.ends_within(A_SECOND), 128 + signal.as_raw());
        console.is_given_back();
    }
}

#[test]
fn a_terminal_that_takes_nothing_does_not_keep_it_alive() {
    let home = tempfile::tempdir().unwrap();
    let mut console = Console::start(&["--demo"], (300, 100), home.path());
    console.see("n new");
    console.stuck(|console| {
        // More frames than a pseudo-terminal holds.
        for _ in 0..20 {
            console.send("?");
        }
        console.signal(Signal::TERM);
        assert_eq!(console.ends_within(A_SECOND), 143);
    });
}

#[test]
fn a_closed_terminal_ends_it() {
    let home = tempfile::tempdir().unwrap();
    let mut console = opened(&home);
    console.hang_up();
    console.ends_within(A_SECOND);
}

#[test]
fn a_closed_terminal_ends_it_even_when_hang_ups_are_ignored() {
    let home = tempfile::tempdir().unwrap();
    let arguments = ["-c", "trap '' HUP; exec \"$0\"", env!("CARGO_BIN_EXE_tenantry")];
    let mut console = Console::run("sh".as_ref(), &arguments, &[], (80, 24), home.path());
    console.see("n new");
    console.hang_up();
    console.ends_within(A_SECOND);
}

#[test]
fn control_z_stops_the_job_and_fg_repaints() {
    let home = tempfile::tempdir().unwrap();
    let arguments = ["--norc", "--noprofile", "-i"];
    let variables = [("PS1", "shell$ ")];
    let mut console = Console::run("bash".as_ref(), &arguments, &variables, (80, 24), home.path());
    console.see("shell$");
    console.send(&format!("{} --demo\n", env!("CARGO_BIN_EXE_tenantry")));
    console.see("n new");
    console.send("\x1a");
    console.see("Stopped");
    console.send("echo back in the $((1+1))nd shell\n");
    console.see("back in the 2nd shell");
    console.send("fg\n");
    console.see("n new");
    assert!(!console.screen().contains("shell$"), "the console has the whole screen again");
    console.send("?");
    console.see("Keys in the list");
    console.send("\x1bq");
    console.wait_until("the shell's prompt", |received| {
        received.screen().contains("2nd shell") && received.screen().trim_end().ends_with("shell$")
    });
    console.send("exit\n");
    // The shell's own end, which promises nothing.
    console.ends_within(A_SECOND * 20);
}

/// The program that a shell runs.
fn child(shell: Pid) -> Pid {
    let shell = shell.as_raw_pid();
    let children = std::fs::read_to_string(format!("/proc/{shell}/task/{shell}/children")).unwrap();
    children.split_whitespace().next().and_then(|id| Pid::from_raw(id.parse().ok()?)).unwrap()
}

#[test]
fn stopped_from_outside_it_leaves_a_clean_terminal_and_comes_back() {
    for signal in [Signal::TSTP, Signal::STOP] {
        let home = tempfile::tempdir().unwrap();
        let arguments = ["--norc", "--noprofile", "-i"];
        let variables = [("PS1", "shell$ ")];
        let mut console =
            Console::run("bash".as_ref(), &arguments, &variables, (80, 24), home.path());
        console.see("shell$");
        console.send(&format!("{} --demo\n", env!("CARGO_BIN_EXE_tenantry")));
        console.see("n new");
        rustix::process::kill_process(child(console.pid), signal).unwrap();
        console.see("Stopped");
        if signal == Signal::TSTP {
            let received = console.settled();
            assert!(!received.terminal().alternate_screen() && received.cursor_shows());
        }
        console.send("fg\n");
        console.wait_until("the whole screen", |received| {
            let screen = received.screen();
            screen.contains("n new") && screen.contains("tenantry") && !screen.contains("shell$")
        });
        console.send("q");
        console.wait_until("the shell's prompt", |received| {
            !received.terminal().alternate_screen()
                && received.screen().trim_end().ends_with("shell$")
        });
        console.send("exit\n");
        console.ends_within(A_SECOND * 20);
    }
}

/// Not a test of its own: [`a_panic_gives_the_terminal_back`] runs it in a pseudo-terminal.
#[test]
fn panics_with_the_terminal_taken() {
    if std::env::var_os("TENANTRY_TEST_PANIC").is_none() {
        return;
    }
    tenantry::console::give_the_terminal_back_on_panic();
    let _terminal = tenantry::console::terminal::Terminal::take().unwrap();
    panic!("on purpose");
}

#[test]
fn a_panic_gives_the_terminal_back() {
    let home = tempfile::tempdir().unwrap();
    let arguments = ["--exact", "endings::panics_with_the_terminal_taken", "--nocapture"];
    let variables = [("TENANTRY_TEST_PANIC", "1")];
    let program = std::env::current_exe().unwrap();
    let console = Console::run(&program, &arguments, &variables, (80, 24), home.path());
    console.see("on purpose");
    console.ends_within(A_SECOND * 5);
    let bytes = console.bytes();
    let at = |needle: &[u8]| bytes.windows(needle.len()).position(|window| window == needle);
    assert!(at(b"\x1b[?1049h") < at(b"\x1b[?1049l"), "the alternate screen was taken and left");
    assert!(at(b"\x1b[?1049l") < at(b"on purpose"), "the words are on the ordinary screen");
    assert!(at(b"\x1b[?2004l").is_some() && at(b"\x1b[?25h").is_some());
}
