//! The program: command line in, console or command out, errors to a person.

use std::{
    io::{self, Write},
    process::ExitCode,
};

use clap::error::{ContextKind, ContextValue, ErrorKind};
#[cfg(target_os = "linux")]
use rustix::process::{DumpableBehavior, set_dumpable_behavior};
use rustix::process::{Resource, Rlimit, getrlimit, setrlimit};
use tenantry::{
    command::{self, Command, CommandLine, Failure},
    config::{self, Settings},
    console, http,
    org::{escaped, without_credentials},
};

fn main() -> ExitCode {
    keep_memory_off_the_disk();
    #[cfg(feature = "failpoints")]
    let _failpoints = tenantry::failpoint::from_environment();
    // Only for what nobody expected: a panic says where it was.
    if let Err(error) = color_eyre::install() {
        say(&command::report(&error.to_string(), "report this"));
    }
    command::answer_shell();
    let line = match CommandLine::read(std::env::args_os()) {
        Ok(line) => line,
        Err(error) => return misused(error),
    };
    match run(line) {
        Ok(code) => ExitCode::from(code),
        Err(Ended { said, code }) => {
            say(&said);
            ExitCode::from(code)
        }
    }
}

/// Passwords and keys are in this memory: no core dump has them, nor that of a program started here.
fn keep_memory_off_the_disk() {
    // Where one fails the other still holds, and there is nothing a person could do about it.
    #[cfg(target_os = "linux")]
    let _ = set_dumpable_behavior(DumpableBehavior::NotDumpable);
    let none = Rlimit { current: Some(0), maximum: getrlimit(Resource::Core).maximum };
    let _ = setrlimit(Resource::Core, none);
}

/// What is said at the end of a run that failed, and its exit code.
struct Ended {
    said: String,
    code: u8,
}

impl From<console::Error> for Ended {
    fn from(error: console::Error) -> Self {
        let code = if matches!(error, console::Error::Terminal(_)) { 1 } else { 2 };
        Self { said: command::report(&error.to_string(), error.help()), code }
    }
}

impl From<http::Error> for Ended {
    fn from(error: http::Error) -> Self {
        Self { said: command::report(&error.to_string(), error.help()), code: error.code() }
    }
}

fn run(line: CommandLine) -> Result<u8, Ended> {
    let environment = config::from_process;
    let output = line.flags.output;
    let failed = |failure: Failure| Ended { said: failure.said(output), code: failure.exit_code() };
    let settings = || Settings::new(&line.flags, environment).map_err(|e| failed(e.into()));
    match line.command {
        Some(Command::Local(local)) => {
            let done = command::local(&line.flags, environment, &local, http::check);
            done.map_err(failed).map(|()| 0)
        }
        Some(Command::Database(command)) => {
            command::run(&settings()?, command, line.login).map_err(failed)
        }
        Some(Command::Serve(flags)) => {
            let settings = settings()?;
            let serving = settings.serving(&flags, environment);
            let serving = serving.map_err(|error| failed(error.into()))?;
            Ok(http::run(&settings, &serving).map(|()| 0)?)
        }
        None if line.login.account.is_some() || line.login.password_stdin => {
            let what = "--as and --password-stdin need a command";
            Err(failed(Failure::usage(what, "in the console, press L to log in")))
        }
        None => Ok(console::run(settings()?)?.code()),
    }
}

/// Help and version go to standard output; a wrong command line is said in our own way, and without
/// the password somebody may have typed where none belongs.
fn misused(mut error: clap::Error) -> ExitCode {
    if !error.use_stderr() {
        return match error.print() {
            // A closed pipe has read enough.
            Err(failed) if failed.kind() != io::ErrorKind::BrokenPipe => {
                let failure = Failure::io("cannot write the output", &failed);
                say(&failure.said(None));
                ExitCode::from(failure.exit_code())
            }
            Ok(()) | Err(_) => ExitCode::SUCCESS,
        };
    }
    if error.kind() == ErrorKind::DisplayHelpOnMissingArgumentOrSubcommand {
        // The help is no sentence about what is wrong.
        let _ = error.print();
        return ExitCode::from(2);
    }
    // Where no argument belongs, people type passwords; what looks like a flag is one.
    if let (ErrorKind::UnknownArgument, Some(ContextValue::String(typed))) =
        (error.kind(), error.get(ContextKind::InvalidArg))
        && !typed.starts_with("--")
    {
        let hidden = ContextValue::String("…".to_owned());
        error.insert(ContextKind::InvalidArg, hidden);
        error.remove(ContextKind::Suggested);
    }
    let said = error.to_string();
    let said = said.strip_prefix("error: ").unwrap_or(&said);
    if wants_json() {
        say(&command::usage_json(&without_credentials(said.trim())));
        return ExitCode::from(2);
    }
    let lines: Vec<_> = said.lines().map(|line| escaped(line).into_owned()).collect();
    say(&without_credentials(&format!("tenantry: {}\n", lines.join("\n"))));
    ExitCode::from(2)
}

/// Whether a command line that makes no sense asks for JSON all the same.
fn wants_json() -> bool {
    let words: Vec<_> = std::env::args_os().collect();
    words.iter().any(|word| word == "--output=json")
        || words.windows(2).any(|pair| pair[0] == "--output" && pair[1] == "json")
}

fn say(text: &str) {
    // Nobody can be told when standard error is closed.
    let _ = io::stderr().write_all(text.as_bytes());
}
