//! The program: command line in, console or command out, errors to a person.

use std::{
    env,
    io::{self, Write},
    process::ExitCode,
};

use clap::Parser;
use tenantry::{
    command::{self, CommandLine, Failure},
    config::Settings,
    org::escaped,
};

fn main() -> ExitCode {
    // Only for what nobody expected: a panic says where it was.
    if let Err(error) = color_eyre::install() {
        say(&command::report(&error.to_string(), "report this"));
    }
    let line = match CommandLine::try_parse() {
        Ok(line) => line,
        Err(error) => return misused(&error),
    };
    match run(line) {
        Ok(()) => ExitCode::SUCCESS,
        Err(failure) => {
            say(&failure.lines());
            ExitCode::from(failure.code())
        }
    }
}

fn run(line: CommandLine) -> Result<(), Failure> {
    let settings = Settings::new(&line.flags, env::var_os)?;
    match line.deed {
        Some(deed) => command::run(&settings, deed),
        // The console opens here.
        None => Err(Failure::Usage { what: "no command was given".into(), help: "try --help" }),
    }
}

/// Help and version go to standard output; a wrong command line is said in our own way, and without
/// the password somebody may have typed where none belongs.
fn misused(error: &clap::Error) -> ExitCode {
    if !error.use_stderr() {
        // A closed pipe has read enough.
        let _ = error.print();
        return ExitCode::SUCCESS;
    }
    let said = error.to_string();
    let said = said.strip_prefix("error: ").unwrap_or(&said);
    let lines: Vec<_> = said.lines().map(|line| escaped(line).into_owned()).collect();
    say(&without_passwords(&format!("tenantry: {}\n", lines.join("\n"))));
    ExitCode::from(2)
}

/// Takes user and password out of whatever looks like a connection string.
fn without_passwords(text: &str) -> String {
    let mut parts = text.split("://");
    let mut out = parts.next().unwrap_or_default().to_owned();
    for part in parts {
        let end = part.find([' ', '\'', '\n']).unwrap_or(part.len());
        let host = part[..end].rfind('@').map_or(0, |at| at + 1);
        out.push_str("://");
        out.push_str(&part[host..]);
    }
    out
}

fn say(text: &str) {
    // Nobody can be told when standard error is closed.
    let _ = io::stderr().write_all(text.as_bytes());
}
