//! The life of an admin from the keyboard: added, given a one-time code, logged in with a password of
//! their own, and removed by an owner at another console.

use std::time::Duration;

use crate::support::pty::Console;

const SIZE: (u16, u16) = (80, 24);
const ADAS: &str = "violet harbor lantern 42";
const EVES: &str = "copper meadow trumpet 58";
/// Empties the field that is being typed in.
const CLEAR: &str = "\x15";
const SUBMIT: &str = "\x13";
const USE_CODE: &str = "\x0f";
const RIGHT: &str = "\x1b[C";

/// The one-time code on the screen.
fn code(console: &Console) -> String {
    let groups = |line: &str| line.trim().split('-').map(str::len).collect::<Vec<_>>();
    let screen = console.screen();
    let line = screen.lines().find(|line| groups(line) == [6, 6, 6, 6, 2]);
    line.unwrap_or_else(|| panic!("no code in\n{screen}")).trim().to_owned()
}

/// Looks at the admins of the only organization there is.
fn among_admins(console: &mut Console) {
    console.see("▌acme");
    console.send("\r");
    console.see("org_acme");
    console.send(RIGHT);
    console.see("code until");
    console.see("▌ada@acme.com");
}

#[test]
fn the_life_of_an_admin_on_the_embedded_database() {
    let home = tempfile::tempdir().unwrap();
    let mut console = Console::start(&[], SIZE, home.path());
    console.see("No organizations.");
    console.send("nacme\rada@acme.com\r");
    console.send(&format!("{ADAS}\r"));
    console.see("Created “acme”");
    among_admins(&mut console);

    console.send("aeve@acme.com\r");
    console.see("● admin");
    console.send("\r");
    console.see("Log in as an admin of acme");
    console.see("This requires logging in");
    console.send(&format!("{ADAS}\r"));
    console.see("One-time code for eve@acme.com");
    console.see("tenantry admin redeem eve@acme.com");
    let code = code(&console);
    console.send("\r");
    console.see("▌eve@acme.com");
    console.see_no_more(&code);

    // Without a password nobody logs in; with the code there is one.
    console.send("L");
    console.see("Logged out ada@acme.com");
    console.send("L");
    console.see("redeem a code");
    console.send(&format!("\x1b[Z{CLEAR}eve@acme.com\r"));
    console.send(&format!("{EVES}\r"));
    console.see("Wrong e-mail or password");
    console.send(USE_CODE);
    console.see("Set a new password with a one-time code");
    console.send(&format!("{}x\t{EVES}\r", &code[1..]));
    console.see("Wrong e-mail, or invalid or expired code");
    console.send(&format!("{CLEAR}{}", code.to_uppercase()));
    console.send(SUBMIT);
    console.see("Set a new password for eve@acme.com");
    console.send(&format!("{EVES}\r"));
    console.see("Logged in as eve@acme.com");

    // The code is used up.
    console.send("L");
    console.see("Logged out eve@acme.com");
    console.send("L");
    console.see("redeem a code");
    console.send(&format!("\x1b[Z{CLEAR}eve@acme.com"));
    console.send(&format!("{USE_CODE}{code}\t{ADAS}\r"));
    console.see("Wrong e-mail, or invalid or expired code");
    console.send("\x1b");
    console.see("What you typed is not saved");
    console.send("\x1b");
    console.see_no_more("Set a new password");
    console.send(&format!("\t{EVES}\r"));
    console.see("Logged in as eve@acme.com");

    removed_elsewhere(&home);

    // Who was removed is logged out here too, and gone from the list.
    console.see("The admin was removed, or changed how they log in");
    console.see_no_more("▌eve@acme.com");
    console.see("▌ada@acme.com");

    console.send("q");
    assert_eq!(console.ends_within(Duration::from_secs(1)), 0);
    let bytes = console.bytes();
    for secret in [ADAS, EVES] {
        let shown = bytes.windows(secret.len()).any(|window| window == secret.as_bytes());
        assert!(!shown, "no password was ever on the screen");
    }
}

/// The owner removes Eve at another console, where the audit log says what happened.
fn removed_elsewhere(home: &tempfile::TempDir) {
    let mut console = Console::start(&[], SIZE, home.path());
    among_admins(&mut console);
    console.send("j");
    console.see("▌eve@acme.com");
    console.send("x");
    console.see("This requires logging in");
    console.send(&format!("{ADAS}\r"));
    console.see("Remove eve@acme.com?");
    console.send("\r");
    console.see("Removed eve@acme.com from “acme”");
    console.see("▌ada@acme.com");
    console.send(&format!("{RIGHT}{RIGHT}"));
    console.see("removed admin eve@acme.com");
    console.see("redeemed one-time code");
    console.see("added admin eve@acme.com, role admin");
    console.send("G");
    console.see("created with admin ada@acme.com");
    console.send("q");
    assert_eq!(console.ends_within(Duration::from_secs(1)), 0);
}
