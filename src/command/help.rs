//! `tenantry help`: the help of a command, or a page of the manual.

use std::{
    fmt::Write as _,
    io::{self, IsTerminal as _},
};

use clap::{CommandFactory as _, builder::styling::Style};

use super::{CommandLine, Failure, ascii, configuration::say};
use crate::{
    manual::{self, Kind, Span, TOPICS, Topic},
    org::escaped_short,
};

/// The columns of a page where the terminal's are not known, and the most it takes: longer lines are hard to read.
const UNKNOWN_WIDTH: usize = 80;
const WIDEST: usize = 100;

/// How many letters of a mistyped word may be wrong.
const NEAR: usize = 2;
/// How many characters of it are repeated.
const SHOWN: usize = 64;

/// Shows what the words name: a command, or else a topic; without words, all there are.
///
/// # Errors
/// They name neither.
pub(super) fn show(words: &[String]) -> Result<(), Failure> {
    if is_command(words) {
        let line = ["tenantry"].into_iter().chain(words.iter().map(String::as_str));
        // What clap answers with is no error.
        if let Err(help) = CommandLine::read(line.chain(["--help"])) {
            let help = help.render();
            let styled = io::stdout().is_terminal();
            let text = if styled { help.ansi().to_string() } else { help.to_string() };
            return say(text.as_bytes());
        }
    }
    let name = words.join("-").to_lowercase();
    let Some(topic) = Topic::named(&name) else { return Err(unknown(&words.join(" "), &name)) };
    say(ascii::for_locale(page(topic)).as_bytes())
}

/// The page as the terminal shows it; without styles where there is none.
fn page(topic: &Topic) -> String {
    let stdout = io::stdout();
    let columns = rustix::termios::tcgetwinsize(&stdout).map_or(0, |size| usize::from(size.ws_col));
    let width = if columns == 0 { UNKNOWN_WIDTH } else { columns.min(WIDEST) };
    let styled = stdout.is_terminal();
    let style = |kind| if styled { style_of(kind) } else { Style::new() };
    let mut text = String::new();
    for line in manual::lines(topic.text, width, !styled) {
        for Span { text: part, kind } in line {
            let style = style(kind);
            // Writing to a string cannot fail.
            let _ = write!(text, "{style}{part}{style:#}");
        }
        text.push('\n');
    }
    text
}

/// Weight alone, which every terminal has, whatever its colours.
fn style_of(kind: Kind) -> Style {
    match kind {
        Kind::Text => Style::new(),
        Kind::Heading => Style::new().bold().underline(),
        Kind::Strong | Kind::Code => Style::new().bold(),
    }
}

/// Whether the words lead to a command.
fn is_command(words: &[String]) -> bool {
    let program = CommandLine::command();
    let mut command = Some(&program);
    for word in words {
        command = command.and_then(|command| command.find_subcommand(word));
    }
    command.is_some()
}

fn unknown(typed: &str, name: &str) -> Failure {
    let program = CommandLine::command();
    let commands = program.get_subcommands().map(clap::Command::get_name);
    let near = TOPICS
        .iter()
        .map(|topic| topic.name)
        .chain(commands)
        .map(|known| (strsim::osa_distance(known, name), known))
        .filter(|(distance, _)| *distance <= NEAR)
        .min();
    let what = format!("no command or topic “{}”", escaped_short(typed, SHOWN));
    let what = match near {
        Some((_, near)) => format!("{what}; did you mean “{near}”?"),
        None => what,
    };
    Failure::usage(what, "list them with `tenantry help`")
}

#[cfg(test)]
mod tests {
    use super::*;

    fn words(line: &str) -> Vec<String> {
        line.split_whitespace().map(str::to_owned).collect()
    }

    #[test]
    fn no_topic_is_hidden_by_a_command() {
        for topic in TOPICS {
            assert!(!is_command(&words(topic.name)), "{}", topic.name);
        }
        for command in ["", "org", "org list", "org ls", "help", "admin redeem"] {
            assert!(is_command(&words(command)), "{command}");
        }
        assert!(!is_command(&words("org search")));
    }

    #[test]
    fn a_word_that_is_nearly_right_is_offered() {
        let said = |line: &str| unknown(line, line).to_string();
        assert_eq!(said("serach"), "no command or topic “serach”; did you mean “search”?");
        assert_eq!(said("doctro"), "no command or topic “doctro”; did you mean “doctor”?");
        assert_eq!(said("x\u{7}yzzy"), "no command or topic “x\\u{7}yzzy”");
    }
}
