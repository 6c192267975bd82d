//! What only a terminal shows: the mouse, pastes, the clipboard, tmux.

use std::{path::Path, process::Command, time::Duration};

use crate::support::pty::Console;

fn demo(size: (u16, u16), variables: &[(&str, &str)], home: &Path) -> Console {
    let program = Path::new(env!("CARGO_BIN_EXE_tenantry"));
    let console = Console::run(program, &["--demo"], variables, size, home);
    console.see("name ↑");
    console.see("▌");
    console
}

/// A press and a release of the left button, as terminals report them; columns and rows from 1.
fn click(console: &mut Console, column: u16, row: u16) {
    console.send(&format!("\x1b[<0;{column};{row}M\x1b[<0;{column};{row}m"));
}

fn row_of(console: &Console, words: &str) -> (u16, u16) {
    let screen = console.screen();
    let mut rows = screen.lines().zip(1..);
    let (line, row) =
        rows.find(|(line, _)| line.contains(words)).unwrap_or_else(|| panic!("{screen}"));
    let before = &line[..line.find(words).unwrap()];
    (u16::try_from(before.chars().count()).unwrap() + 1, row)
}

fn has(console: &Console, sequence: &str) -> bool {
    let bytes = console.bytes();
    bytes.windows(sequence.len()).any(|window| window == sequence.as_bytes())
}

#[test]
fn rows_tabs_and_the_line_between_are_worked_with_the_mouse() {
    let home = tempfile::tempdir().unwrap();
    let mut console = demo((120, 32), &[], home.path());
    let (column, row) = row_of(&console, "Meridian Freight");
    click(&mut console, column, row);
    console.see("▌Meridian Freight");
    let (column, row) = row_of(&console, "Documents");
    click(&mut console, column, row);
    console.see("_id: ObjectId(");
    // The wheel over the list.
    console.send("\x1b[<65;5;10M");
    console.see_no_more("▌Meridian Freight");
    // The line is taken hold of and dragged.
    console.send("\x1b[<0;61;10M\x1b[<32;71;10M\x1b[<0;71;10m");
    console.wait_until("the line at column 70", |received| {
        let screen = received.screen();
        screen.lines().nth(1).is_some_and(|rule| rule.chars().nth(70) == Some('┬'))
    });
    // Left to the terminal it is not reported any more.
    console.send("m");
    console.see("Mouse off");
    assert!(has(&console, "\x1b[?1000l"));
    console.send("m");
    console.see("Mouse on");
    console.send("q");
    console.end();
    console.is_given_back();
}

#[test]
fn what_is_selected_is_suspended_together_and_undone_together() {
    let home = tempfile::tempdir().unwrap();
    let mut console = demo((120, 32), &[], home.path());
    console.send("   ");
    console.see("3 selected");
    console.send("s");
    console.see("Suspend 3 organizations?");
    console.send("\r");
    console.see("Suspended 3 organizations");
    let suspended = |console: &Console| console.screen().matches('◌').count();
    // The first three, and those that the demo has suspended already.
    let before = suspended(&console);
    assert!(before >= 3, "{}", console.screen());
    console.send("u");
    console.see("Reactivate 3 organizations?");
    console.send("\r");
    console.see("Reactivated 3 organizations");
    console.wait_until("three fewer that are suspended", |received| {
        received.screen().matches('◌').count() == before - 3
    });
    console.send("q");
    assert_eq!(console.end().0, 0);
}

#[test]
fn a_paste_is_text_where_text_is_typed_and_nothing_elsewhere() {
    let home = tempfile::tempdir().unwrap();
    let mut console = demo((80, 24), &[], home.path());
    console.send("\x1b[200~ddq\r:quit\r\x1b[201~");
    console.see("Paste ignored");
    console.send("n");
    console.see("New organization");
    console.send("\x1b[200~Pasted & Co.\r\n\x1b[201~");
    console.see("Pasted & Co.");
    console.see("New organization");
    console.send("\x1b");
    console.see("What you typed is not saved");
    console.send("\x1b");
    console.see_no_more("New organization");
    console.send("q");
    assert_eq!(console.end().0, 0);
}

fn copies_the_email(console: &mut Console, column: &str) {
    console.send("y");
    console.see("Copy from");
    console.send(column);
    console.see_no_more("Copy from");
}

#[test]
fn what_is_copied_goes_to_the_clipboard_of_the_terminal() {
    let home = tempfile::tempdir().unwrap();
    let mut console = demo((80, 24), &[], home.path());
    let (_, row) = row_of(&console, "▌");
    let screen = console.screen();
    let line = screen.lines().nth(usize::from(row) - 1).unwrap();
    let name = line.trim_start_matches('▌').split("  ").next().unwrap().to_owned();
    copies_the_email(&mut console, "n");
    console.see("Sent the name to the terminal's clipboard");
    let expected = format!("\x1b]52;c;{}\x1b\\", base64(&name));
    assert!(has(&console, &expected), "{expected:?}");
    console.send("q");
    console.end();
}

fn base64(text: &str) -> String {
    use std::io::Write as _;
    let mut child = Command::new("base64")
        .arg("-w0")
        .stdin(std::process::Stdio::piped())
        .stdout(std::process::Stdio::piped())
        .spawn()
        .unwrap();
    child.stdin.take().unwrap().write_all(text.as_bytes()).unwrap();
    String::from_utf8(child.wait_with_output().unwrap().stdout).unwrap()
}

#[test]
fn a_terminal_without_a_clipboard_is_said_to_have_none() {
    let home = tempfile::tempdir().unwrap();
    let mut console = demo((80, 24), &[("TERM", "linux")], home.path());
    copies_the_email(&mut console, "i");
    console.see("the Linux console has no clipboard");
    assert!(!has(&console, "\x1b]52"));
    console.send("q");
    console.end();
}

/// tmux with a socket of its own, which ends with this.
struct Tmux<'a>(&'a Path);

impl Tmux<'_> {
    fn run(&self, arguments: &[&str]) -> String {
        let socket = self.0.join("tmux");
        let mut command = Command::new("tmux");
        command.env_remove("TMUX").env("LC_ALL", "C.UTF-8").env("HOME", self.0);
        let output = command.arg("-S").arg(socket).args(["-f", "/dev/null"]).args(arguments);
        let output = output.output().expect("tmux is there");
        String::from_utf8_lossy(&output.stdout).into_owned()
    }

    fn see(&self, words: &str) -> String {
        let start = std::time::Instant::now();
        loop {
            let screen = self.run(&["capture-pane", "-p"]);
            if screen.contains(words) {
                return screen;
            }
            assert!(start.elapsed() < Duration::from_secs(20), "no “{words}” on\n{screen}");
            std::thread::sleep(Duration::from_millis(20));
        }
    }
}

impl Drop for Tmux<'_> {
    fn drop(&mut self) {
        self.run(&["kill-server"]);
    }
}

#[test]
fn in_tmux_it_is_copied_where_tmux_lets_it_and_otherwise_said() {
    let home = tempfile::tempdir().unwrap();
    let tmux = Tmux(home.path());
    let program = env!("CARGO_BIN_EXE_tenantry");
    tmux.run(&["new-session", "-d", "-x", "80", "-y", "24", program, "--demo"]);
    tmux.run(&["set", "-s", "set-clipboard", "on"]);
    tmux.see("▌");
    tmux.run(&["send-keys", "y"]);
    tmux.see("Copy from");
    tmux.run(&["send-keys", "e"]);
    tmux.see("Copied the e-mail");
    let copied = tmux.run(&["show-buffer"]);
    assert!(copied.contains('@'), "{copied}");
    tmux.run(&["set", "-s", "set-clipboard", "off"]);
    tmux.run(&["send-keys", "y"]);
    tmux.see("Copy from");
    tmux.run(&["send-keys", "e"]);
    tmux.see("tmux blocks it");
    // The mouse too: a click on a row.
    let screen = tmux.see("/ filter");
    assert!(screen.contains("organizations"), "{screen}");
    tmux.run(&["send-keys", "q"]);
}
