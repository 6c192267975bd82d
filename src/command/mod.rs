//! The operations without a screen: `tenantry org …` and `tenantry admin …`. Every rule is in `tenancy`;
//! here is only what is asked for, and how the answer is written.

mod admin;
mod answer;
mod ascii;
mod ask;
mod audit;
mod bulk;
mod code;
mod complete;
mod configuration;
mod copy;
mod doc;
mod doc_write;
mod export;
mod failure;
mod help;
mod import;
mod key;
mod line;
mod manual;
mod measured;
mod operator;
mod org;
mod records;
mod second_factor;
mod sizes;
mod stream;
mod table;
mod terminal;
mod upgrade;
mod verify;

use std::{
    cell::RefCell,
    ffi::OsString,
    io::{self, ErrorKind, IsTerminal, Write},
    time::Duration,
};

use tokio::signal::unix::{SignalKind, signal};

pub use complete::answer_shell;
pub use failure::{Failure, report, usage_json};
pub use line::{
    AdminCommand, AuditCommand, Command, CommandLine, ConfigCommand, DatabaseCommand, DocCommand,
    KeyCommand, ListSort, LocalCommand, Login, OperatorCommand, OrgCommand,
};

use answer::Answer;
use ask::{LogIn, believes, sure_in_production};
use configuration::Configured;
use records::{Columns, Lines};
use terminal::{Telling, Terminal};

use crate::{
    config::{self, Database, Flags, Output, ServeFlags, ServeSettings, Settings, Source},
    store::{Examination, Required, Sort, Target},
    tenancy::{Believe, Tenancy},
};

/// What is left to do when a signal interrupts a command.
#[derive(Default)]
struct Working {
    /// The databases it works on, where it may have to clean up.
    opened: RefCell<Vec<Tenancy>>,
    /// What to print then: it cannot be shown again.
    to_say: RefCell<Option<Answer>>,
}

impl Working {
    /// It works on this database.
    fn on(&self, tenancy: &Tenancy) {
        self.opened.borrow_mut().push(tenancy.clone());
    }

    /// Prints this answer if the command is interrupted from here on.
    fn say_if_interrupted(&self, answer: Answer) {
        *self.to_say.borrow_mut() = Some(answer);
    }
}

/// How long an operation that was cut off by a signal may take to remove what it began.
const CLEAN_UP: Duration = Duration::from_secs(5);

/// Does what needs no database, and writes its answer to standard output.
///
/// # Errors
/// Everything that can go wrong.
pub fn local(
    flags: &Flags,
    environment: impl Fn(&str) -> Option<OsString>,
    local: &LocalCommand,
    serves: impl Fn(&ServeSettings) -> Result<(), config::Error>,
) -> Result<(), Failure> {
    match local {
        LocalCommand::Help { words } => help::show(words),
        LocalCommand::Config(ConfigCommand::Check) => {
            let problems = config::problems(flags, &environment);
            if !problems.is_empty() {
                return Err(Failure::Configuration(problems));
            }
            let settings = Settings::new(flags, &environment)?;
            serves(&settings.serving(&ServeFlags::default(), environment)?)?;
            write(&Answer::Configured(Configured::from_settings(&settings)), settings.output)
        }
        LocalCommand::Config(ConfigCommand::Init { force }) => {
            configuration::init(&config::path(flags, environment)?, *force)
        }
        LocalCommand::Config(ConfigCommand::Path) => {
            configuration::say_path(&config::path(flags, environment)?)
        }
        LocalCommand::Completions { shell } => complete::registration(*shell),
        LocalCommand::Man { into } => manual::pages(into.as_deref()),
    }
}

/// Does one operation and writes its answer to standard output. Returns the exit code: 1 where an
/// examination found something that is not mended, otherwise 0.
///
/// # Errors
/// Everything that can go wrong; nothing was changed then, except where the error says otherwise.
pub fn run(settings: &Settings, command: DatabaseCommand, login: Login) -> Result<u8, Failure> {
    let runtime = tokio::runtime::Builder::new_current_thread()
        .enable_all()
        .build()
        .map_err(|error| Failure::io("cannot start the event loop", &error))?;
    let done = runtime.block_on(async {
        let working = Working::default();
        // Dropping the operation restores the echo of the terminal.
        let done = tokio::select! {
            answer = answer(settings, command, LogIn::new(login), &working) => answer,
            failure = ended() => Err(failure),
        };
        if let Err(Failure::Signal(_)) = &done {
            let all = async {
                for tenancy in working.opened.take() {
                    tenancy.cleaned_up().await;
                }
            };
            let _ = tokio::time::timeout(CLEAN_UP, all).await;
            if let Some(answer) = working.to_say.take() {
                write(&answer, settings.output)?;
            }
        }
        done
    });
    // A thread that still waits for somebody to type must not keep the process.
    runtime.shutdown_background();
    let answer = done?;
    write(&answer, settings.output)?;
    let code = answer.code();
    answer.failure().map_or(Ok(code), Err)
}

/// Refuses an output format that the command does not support.
fn check_output(output: Option<Output>, command: &DatabaseCommand) -> Result<(), Failure> {
    let is_cells = matches!(output, Some(Output::Csv | Output::Tsv));
    let (fields, no_header) = match command {
        DatabaseCommand::Org(OrgCommand::List { fields, no_header, .. }) => {
            if let Some(Output::Canonical | Output::Shell) = output {
                let help = "use --output json, ndjson, csv, tsv, name or table";
                let what = "only `doc list` and `doc get` have this output";
                return Err(Failure::usage(what, help));
            }
            (!fields.is_empty(), *no_header)
        }
        // Says itself which ones it has.
        DatabaseCommand::Doc(DocCommand::List { .. } | DocCommand::Get { .. }) => return Ok(()),
        DatabaseCommand::Org(_)
        | DatabaseCommand::Admin(_)
        | DatabaseCommand::Operator(_)
        | DatabaseCommand::Key(_)
        | DatabaseCommand::Audit(_)
        | DatabaseCommand::Doctor { .. }
        | DatabaseCommand::Upgrade { .. }
        | DatabaseCommand::Doc(
            DocCommand::Count { .. }
            | DocCommand::Insert { .. }
            | DocCommand::Replace { .. }
            | DocCommand::Update { .. }
            | DocCommand::Delete { .. },
        ) => {
            let help = "use --output json, ndjson or table";
            return match output {
                Some(Output::Csv | Output::Tsv | Output::Name) => {
                    Err(Failure::usage("only `org list` has this output", help))
                }
                Some(Output::Canonical | Output::Shell) => {
                    Err(Failure::usage("only `doc list` and `doc get` have this output", help))
                }
                Some(Output::Json | Output::Table | Output::Ndjson) | None => Ok(()),
            };
        }
    };
    if fields && !is_cells && output != Some(Output::Ndjson) {
        let help = "add one of them";
        return Err(Failure::usage("--fields needs --output csv, tsv or ndjson", help));
    }
    if no_header && !is_cells {
        return Err(Failure::usage("--no-header needs --output csv or tsv", "add one of them"));
    }
    Ok(())
}

async fn answer(
    settings: &Settings,
    command: DatabaseCommand,
    mut login: LogIn,
    working: &Working,
) -> Result<Answer, Failure> {
    // What is wrong with the command line is said before any database is asked.
    check(&command, &login)?;
    check_output(settings.output, &command)?;
    if let DatabaseCommand::Doc(command) = &command {
        doc::check(command, settings.output)?;
    }
    if let DatabaseCommand::Org(OrgCommand::Verify { file, deep }) = &command {
        return verify::answer(file, *deep, output_of(settings.output)).await;
    }
    if let DatabaseCommand::Org(OrgCommand::Copy(wanted)) = &command {
        copy::target(wanted, &settings.profiles)?;
    }
    let database = &settings.database;
    there(database, settings.is_named, &command)?;
    if let Some(reason) = command.reason() {
        database.rules.reason(reason)?;
    }
    sure_in_production(database, &command).await?;
    let tenancy = database.open().await?.0.tenancy;
    let tenancy = tenancy.because(command.reason().unwrap_or_default());
    working.on(&tenancy);
    if writes(&command) {
        tenancy.ensure_upgraded().await?;
    }
    let login = &mut login;
    // Others refuse what is impossible before anybody is asked for a password, as far as looking needs none.
    let looks = tenancy.required().await?.0 < Required::Everything;
    let tenancy = if looks && logs_in_itself(&command) {
        tenancy
    } else {
        login.session_of(&tenancy).await?
    };
    match command {
        DatabaseCommand::Org(OrgCommand::List {
            search,
            trash,
            sort: Some(ListSort::Size(sort)),
            limit,
            fields,
            no_header,
            sizes,
            ..
        }) => {
            let query = org::page_of(trash, search, Some(Sort::default()), stream::AT_ONCE, None)?;
            let columns = Columns { fields, sizes, header: !no_header };
            measured::answer(&tenancy, query, sort, limit, (settings.output, columns)).await
        }
        DatabaseCommand::Org(OrgCommand::List {
            search,
            trash,
            sort,
            limit,
            after,
            fields,
            no_header,
            sizes,
        }) if let Some(lines) = settings.output.and_then(Lines::of) => {
            let sort = sort.and_then(ListSort::stored);
            let query = org::page_of(trash, search, sort, stream::AT_ONCE, after.as_deref())?;
            let columns = Columns { fields, sizes, header: !no_header };
            stream::lines(&tenancy, query, lines, &columns, limit).await?;
            Ok(Answer::Written)
        }
        DatabaseCommand::Org(OrgCommand::List {
            search,
            trash,
            sort,
            limit: None,
            after,
            sizes,
            ..
        }) if !io::stdout().is_terminal() => {
            let sort = sort.and_then(ListSort::stored);
            let query = org::page_of(trash, search, sort, stream::AT_ONCE, after.as_deref())?;
            stream::all(&tenancy, query, settings.output, sizes).await?;
            Ok(Answer::Written)
        }
        DatabaseCommand::Org(command) => {
            let output = output_of(settings.output);
            let (profiles, output) = ((&settings.profiles[..], working), output);
            org::answer(&tenancy, command, profiles, output, login).await
        }
        DatabaseCommand::Admin(command) => admin::answer(&tenancy, command, working, login).await,
        DatabaseCommand::Doc(command) => doc::answer(&tenancy, command, settings.output).await,
        DatabaseCommand::Operator(command) => operator::answer(&tenancy, command, login).await,
        DatabaseCommand::Key(command) => key::answer(&tenancy, command, login).await,
        DatabaseCommand::Audit(command) => audit::answer(&tenancy, command).await,
        DatabaseCommand::Doctor { fix, all, quarantine, .. } => {
            let telling = Telling::default();
            let told = telling.watching();
            let wanted = Examination { fix, quarantine: &quarantine, told: &told };
            let believe: &Believe = &|doubted| Box::pin(believes(doubted.to_string()));
            let findings = tenancy.examine(&wanted, believe).await?;
            Ok(Answer::Examined { findings, all })
        }
        DatabaseCommand::Upgrade { dry_run, yes } => upgrade::answer(&tenancy, dry_run, yes).await,
    }
}

/// Refuses invalid command lines before a database is opened: nothing to change, contradictory flags, and prompts
/// without a terminal.
fn check(command: &DatabaseCommand, login: &LogIn) -> Result<(), Failure> {
    let asks = match command {
        DatabaseCommand::Org(command) => org::check(command, login)?,
        DatabaseCommand::Admin(command) => admin::check(command, login)?,
        DatabaseCommand::Operator(command) => operator::check(command, login)?,
        DatabaseCommand::Key(_) => key::check(login)?,
        DatabaseCommand::Doc(_)
        | DatabaseCommand::Audit(_)
        | DatabaseCommand::Upgrade { .. }
        | DatabaseCommand::Doctor { .. } => false,
    };
    if login.reads_stdin() && !asks && login.email().is_none() && !reads_new_password(command) {
        let help = "name who logs in with --as E-MAIL; see --help";
        return Err(Failure::usage("--password-stdin needs a login", help));
    }
    let asks = asks || login.email().is_some();
    if !asks || login.reads_stdin() || Terminal::open().is_some() {
        return Ok(());
    }
    let help = match command {
        DatabaseCommand::Admin(AdminCommand::Redeem { .. }) => {
            "add --stdin and give the code and the new password on standard input"
        }
        DatabaseCommand::Org(_)
        | DatabaseCommand::Admin(_)
        | DatabaseCommand::Operator(_)
        | DatabaseCommand::Key(_)
        | DatabaseCommand::Doc(_)
        | DatabaseCommand::Audit(_)
        | DatabaseCommand::Doctor { .. }
        | DatabaseCommand::Upgrade { .. } => {
            "add --password-stdin and give the password on standard input"
        }
    };
    Err(Failure::usage("no terminal to ask for the password on", help))
}

/// Without a terminal, only a command that creates something may create the embedded database.
/// Otherwise a missing `MONGODB_URI` would look like an empty list.
fn there(database: &Database, named: bool, command: &DatabaseCommand) -> Result<(), Failure> {
    let Source::Known(Target::File(file)) = &database.source else { return Ok(()) };
    let begins = matches!(
        command,
        DatabaseCommand::Org(OrgCommand::Create { .. })
            | DatabaseCommand::Operator(OperatorCommand::Add { .. })
    );
    // An archive goes into a new file where that is named: it may be that only the server was not.
    let begins = begins || named && matches!(command, DatabaseCommand::Org(OrgCommand::Import(_)));
    if begins || file.exists() || Terminal::open().is_some() {
        return Ok(());
    }
    Err(Failure::usage(
        format!("no database at {}", file.display()),
        "name a server with MONGODB_URI or --uri, or another file with --file; \
         `tenantry org create` or `tenantry operator add` begins a new one",
    ))
}

/// Whether it may only be done to a database that is brought up to date.
fn writes(command: &DatabaseCommand) -> bool {
    match command {
        DatabaseCommand::Org(command) => org::writes(command),
        DatabaseCommand::Admin(command) => admin::writes(command),
        DatabaseCommand::Operator(command) => operator::writes(command),
        DatabaseCommand::Key(command) => key::writes(command),
        DatabaseCommand::Doc(command) => doc_write::writes(command),
        DatabaseCommand::Audit(_) | DatabaseCommand::Upgrade { .. } => false,
        DatabaseCommand::Doctor { fix, .. } => *fix,
    }
}

/// Whether it reads a new password where it is told to.
fn reads_new_password(command: &DatabaseCommand) -> bool {
    match command {
        DatabaseCommand::Org(OrgCommand::Update { new_password_stdin, .. })
        | DatabaseCommand::Admin(AdminCommand::Update { new_password_stdin, .. }) => {
            *new_password_stdin
        }
        DatabaseCommand::Org(_)
        | DatabaseCommand::Admin(_)
        | DatabaseCommand::Operator(_)
        | DatabaseCommand::Key(_)
        | DatabaseCommand::Doc(_)
        | DatabaseCommand::Audit(_)
        | DatabaseCommand::Doctor { .. }
        | DatabaseCommand::Upgrade { .. } => false,
    }
}

/// Whether it logs in only after looking whether it is possible at all.
fn logs_in_itself(command: &DatabaseCommand) -> bool {
    match command {
        DatabaseCommand::Org(command) => match command {
            OrgCommand::Update { .. } | OrgCommand::Trash { .. } | OrgCommand::Purge { .. } => true,
            OrgCommand::Create { .. }
            | OrgCommand::Get { .. }
            | OrgCommand::List { .. }
            | OrgCommand::Count { .. }
            | OrgCommand::Restore { .. }
            | OrgCommand::Suspend { .. }
            | OrgCommand::Reactivate { .. }
            | OrgCommand::Export(_)
            | OrgCommand::Import(_)
            | OrgCommand::Copy(_)
            | OrgCommand::Verify { .. } => false,
        },
        DatabaseCommand::Admin(command) => match command {
            AdminCommand::Add { .. }
            | AdminCommand::Update { .. }
            | AdminCommand::Transfer { .. }
            | AdminCommand::Remove { .. }
            | AdminCommand::Totp { .. } => true,
            AdminCommand::Login { .. }
            | AdminCommand::List { .. }
            | AdminCommand::Code { .. }
            | AdminCommand::Redeem { .. } => false,
        },
        DatabaseCommand::Operator(_)
        | DatabaseCommand::Key(_)
        | DatabaseCommand::Doc(_)
        | DatabaseCommand::Audit(_)
        | DatabaseCommand::Doctor { .. }
        | DatabaseCommand::Upgrade { .. } => false,
    }
}

/// Waits for a signal that ends programs.
async fn ended() -> Failure {
    let waited = async {
        let mut interrupt = signal(SignalKind::interrupt())?;
        let mut terminate = signal(SignalKind::terminate())?;
        let mut hangup = signal(SignalKind::hangup())?;
        let mut quit = signal(SignalKind::quit())?;
        io::Result::Ok(tokio::select! {
            _ = interrupt.recv() => 2,
            _ = terminate.recv() => 15,
            _ = hangup.recv() => 1,
            _ = quit.recv() => 3,
        })
    };
    match waited.await {
        Ok(number) => Failure::Signal(number),
        Err(error) => Failure::io("cannot handle signals", &error),
    }
}

/// What is chosen, or a table on a terminal and JSON elsewhere.
fn output_of(chosen: Option<Output>) -> Output {
    let terminal = io::stdout().is_terminal();
    chosen.unwrap_or(if terminal { Output::Table } else { Output::Json })
}

fn write(answer: &Answer, output: Option<Output>) -> Result<(), Failure> {
    let mut stdout = io::stdout();
    let terminal = stdout.is_terminal();
    let output = output_of(output);
    let width = rustix::termios::tcgetwinsize(&stdout).ok().map(|size| usize::from(size.ws_col));
    let text = answer.render(output, width.filter(|width| terminal && *width > 0));
    let text = text.map_err(|error| Failure::Io(error.to_string()))?;
    let text = if output == Output::Table { ascii::for_locale(text) } else { text };
    match stdout.write_all(text.as_bytes()).and_then(|()| stdout.flush()) {
        // The reader closed the pipe: `tenantry org list | head -1`.
        Err(error) if error.kind() == ErrorKind::BrokenPipe => Ok(()),
        Err(error) => Err(Failure::io("cannot write the output", &error)),
        Ok(()) => Ok(()),
    }
}
