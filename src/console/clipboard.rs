//! The clipboard of the terminal one sits at, by OSC 52: the one way that also works over SSH.
//!
//! Nothing is answered to that sequence, so that what is known to refuse it is told from what is around
//! the program, and tmux is asked.

use std::{env, process::Command};

use crossterm::{Command as _, clipboard::CopyToClipboard};

/// The most bytes of text: more than this is more than xterm and others take (100,000 of base64).
const MOST: usize = 74_994;

/// What the sequence passes on its way.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Way {
    Plain,
    Tmux,
    Screen,
}

/// The bytes that bring a text to the clipboard; or why that cannot be. Asks tmux, and so may wait.
pub(super) fn sequence(text: &str) -> Result<Vec<u8>, String> {
    let is = |name: &str, wanted: &str| env::var(name).is_ok_and(|value| value == wanted);
    if env::var_os("TMUX").is_some_and(|value| !value.is_empty()) {
        tmux_takes_it()?;
        return wrapped(text, Way::Tmux);
    }
    if is("TERM", "linux") {
        return Err("the Linux console has no clipboard".to_owned());
    }
    if is("TERM_PROGRAM", "Apple_Terminal") {
        return Err("this terminal does not let programs copy".to_owned());
    }
    let screen = env::var_os("STY").is_some_and(|value| !value.is_empty());
    wrapped(text, if screen { Way::Screen } else { Way::Plain })
}

/// tmux drops the sequence unless it was told not to: then it would be lost without a word.
fn tmux_takes_it() -> Result<(), String> {
    let option = |arguments: &[&str]| {
        let answer = Command::new("tmux").arg("show-options").args(arguments).output().ok()?;
        let text = String::from_utf8_lossy(&answer.stdout).trim().to_owned();
        answer.status.success().then_some(text)
    };
    let takes = option(&["-sv", "set-clipboard"]);
    let passes = option(&["-Apv", "allow-passthrough"]);
    let yes = |value: &Option<String>| value.as_deref().is_none_or(|v| v == "on" || v == "all");
    // Where it does not answer, it may be on another machine: then it is tried.
    if yes(&takes) || passes.is_some() && yes(&passes) {
        Ok(())
    } else {
        Err("tmux keeps it; `tmux set -s set-clipboard on` lets it through".to_owned())
    }
}

fn wrapped(text: &str, way: Way) -> Result<Vec<u8>, String> {
    if text.len() > MOST {
        return Err(format!("it has {} bytes, and terminals take {MOST}", text.len()));
    }
    let mut plain = String::new();
    // Writing to a string cannot fail.
    let _ = CopyToClipboard::to_clipboard_from(text).write_ansi(&mut plain);
    Ok(match way {
        Way::Plain => plain,
        Way::Screen => format!("\x1bP{plain}\x1b\\"),
        // As it is for a tmux that takes it itself, and wrapped for one that passes it on.
        Way::Tmux => {
            let doubled = plain.replace('\x1b', "\x1b\x1b");
            format!("{plain}\x1bPtmux;{doubled}\x1b\\")
        }
    }
    .into_bytes())
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_text_is_wrapped_for_what_it_passes() {
        let text = |way| String::from_utf8(wrapped("acme", way).unwrap()).unwrap();
        assert_eq!(text(Way::Plain), "\x1b]52;c;YWNtZQ==\x1b\\");
        assert_eq!(text(Way::Screen), "\x1bP\x1b]52;c;YWNtZQ==\x1b\\\x1b\\");
        assert_eq!(
            text(Way::Tmux),
            "\x1b]52;c;YWNtZQ==\x1b\\\x1bPtmux;\x1b\x1b]52;c;YWNtZQ==\x1b\x1b\\\x1b\\"
        );
    }

    #[test]
    fn what_no_terminal_takes_is_refused_and_not_cut() {
        assert!(wrapped(&"x".repeat(MOST), Way::Plain).is_ok());
        let refused = wrapped(&"x".repeat(MOST + 1), Way::Plain).unwrap_err();
        assert!(refused.contains("74995"), "{refused}");
    }
}
