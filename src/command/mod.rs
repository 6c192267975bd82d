//! The deeds without a screen: `tenantry org …` and `tenantry admin …`. Every rule is in `tenancy`;
//! here is only what is asked for, and how the answer is written.

mod admin;
mod answer;
mod ascii;
mod ask;
mod audit;
mod configuration;
mod failure;
mod line;
mod manual;
mod stream;
mod table;
mod terminal;
mod upgrade;

use std::{
    ffi::OsString,
    io::{self, ErrorKind, IsTerminal, Write},
};

use tokio::signal::unix::{SignalKind, signal};

pub use failure::{Failure, report, report_json};
pub use line::{AdminDeed, Aside, AuditDeed, CommandLine, ConfigDeed, Deed, OrgDeed, Wanted};

use answer::Answer;
use ask::{agree, ask_new, ask_password, asked, believes, confirm, log_in, sure_in_production};
use configuration::Configured;
use line::{Login, Sure};
use terminal::{Telling, Terminal, line_of_stdin};

use crate::{
    config::{self, Database, Flags, Output, Settings, Source},
    org::OrgState,
    store::{Cursor, Examination, PageAt, PageQuery, Shelf, Sort, Target},
    tenancy::{Believe, Edit, NewOrganization, Session, Tenancy},
};

/// How many organizations a terminal is shown where nothing else is said.
const PAGE: u32 = 50;

/// Does what needs no database, and writes its answer to standard output.
///
/// # Errors
/// Everything that can go wrong.
pub fn aside(
    flags: &Flags,
    environment: impl Fn(&str) -> Option<OsString>,
    aside: &Aside,
) -> Result<(), Failure> {
    match aside {
        Aside::Config(ConfigDeed::Check) => {
            let problems = config::problems(flags, &environment);
            if !problems.is_empty() {
                return Err(Failure::Configuration(problems));
            }
            let settings = Settings::new(flags, environment)?;
            write(&Answer::Configured(Configured::of(&settings)), settings.output)
        }
        Aside::Config(ConfigDeed::Init { force }) => {
            configuration::init(&config::path(flags, environment)?, *force)
        }
        Aside::Config(ConfigDeed::Path) => {
            configuration::say_path(&config::path(flags, environment)?)
        }
        Aside::Completions { shell } => manual::completions(*shell),
        Aside::Man { into } => manual::pages(into.as_deref()),
    }
}

/// Does one deed and writes its answer to standard output. Returns the exit code: 1 where an
/// examination found something that is not mended, otherwise 0.
///
/// # Errors
/// Everything that can go wrong; nothing was changed then, except where the error says otherwise.
pub fn run(settings: &Settings, deed: Deed) -> Result<u8, Failure> {
    let runtime = tokio::runtime::Builder::new_current_thread()
        .enable_all()
        .build()
        .map_err(|error| Failure::io("this machine gives no event loop", &error))?;
    let done = runtime.block_on(async {
        // Whoever drops the deed half-way has the terminal show again what is typed.
        tokio::select! {
            answer = answer(settings, deed) => answer,
            failure = ended() => Err(failure),
        }
    });
    // A thread that still waits for somebody to type must not keep the process.
    runtime.shutdown_background();
    let answer = done?;
    write(&answer, settings.output)?;
    Ok(answer.code())
}

async fn answer(settings: &Settings, deed: Deed) -> Result<Answer, Failure> {
    // What is wrong with the command line is said before any database is asked.
    check(&deed)?;
    let database = &settings.database;
    there(database, &deed)?;
    sure_in_production(database, &deed).await?;
    let tenancy = database.open().await?.0.tenancy;
    if writes(&deed) {
        tenancy.ensure_upgraded().await?;
    }
    match deed {
        Deed::Org(OrgDeed::List { search, trash, sort, limit: None, after })
            if !io::stdout().is_terminal() =>
        {
            let query = page_of(trash, search, sort, stream::AT_ONCE, after.as_deref())?;
            stream::all(&tenancy, query, settings.output).await?;
            Ok(Answer::Written)
        }
        Deed::Org(deed) => org(&tenancy, deed).await,
        Deed::Admin(deed) => admin::answer(&tenancy, deed).await,
        Deed::Audit(deed) => audit::answer(&tenancy, deed).await,
        Deed::Doctor { fix, all, quarantine, .. } => {
            let telling = Telling::default();
            let told = telling.watching();
            let wanted = Examination { fix, quarantine: &quarantine, told: &told };
            let believe: &Believe = &|doubted| Box::pin(believes(doubted.to_string()));
            let findings = tenancy.examine(&wanted, believe).await?;
            Ok(Answer::Examined { findings, all })
        }
        Deed::Upgrade { dry_run, yes } => upgrade::answer(&tenancy, dry_run, yes).await,
    }
}

/// Without a terminal, only a command that creates something may create the embedded database.
/// Otherwise a missing `MONGODB_URI` would look like an empty list.
fn there(database: &Database, deed: &Deed) -> Result<(), Failure> {
    let Source::Known(Target::File(file)) = &database.source else { return Ok(()) };
    let begins = matches!(deed, Deed::Org(OrgDeed::Create { .. }));
    if begins || file.exists() || Terminal::open().is_some() {
        return Ok(());
    }
    Err(Failure::usage(
        format!("there is no database {}", file.display()),
        "name a server with MONGODB_URI or --uri, or another file with --file; \
         `tenantry org create` begins a new one",
    ))
}

/// Whether it may only be done to a database that is brought up to date.
fn writes(deed: &Deed) -> bool {
    match deed {
        Deed::Org(OrgDeed::Get { .. } | OrgDeed::List { .. })
        | Deed::Admin(AdminDeed::List { .. })
        | Deed::Audit(_)
        | Deed::Upgrade { .. } => false,
        Deed::Doctor { fix, .. } => *fix,
        Deed::Org(
            OrgDeed::Create { .. }
            | OrgDeed::Update { .. }
            | OrgDeed::Delete { .. }
            | OrgDeed::Restore { .. }
            | OrgDeed::Purge { .. }
            | OrgDeed::Suspend { .. }
            | OrgDeed::Reactivate { .. },
        )
        | Deed::Admin(
            AdminDeed::Login { .. }
            | AdminDeed::Add { .. }
            | AdminDeed::Update { .. }
            | AdminDeed::Remove { .. }
            | AdminDeed::Code { .. }
            | AdminDeed::Redeem { .. },
        ) => true,
    }
}

async fn org(tenancy: &Tenancy, deed: OrgDeed) -> Result<Answer, Failure> {
    match deed {
        OrgDeed::Create { name, email, .. } => create(tenancy, name, email).await,
        OrgDeed::Get { name } => {
            let org = tenancy.named(&name).await?;
            // Read again as it is shown: with whether its admin is still there.
            Ok(Answer::Shown(tenancy.org(org.id).await?.unwrap_or(org)))
        }
        OrgDeed::List { search, trash, sort, limit, after } => {
            let limit = limit.unwrap_or(PAGE);
            list(tenancy, page_of(trash, search, sort, limit, after.as_deref())?).await
        }
        OrgDeed::Update { name, new_name, email, new_password_stdin, login, .. } => {
            let edit = Edit { name: new_name, email, password: None };
            update(tenancy, &name, edit, new_password_stdin, login.as_deref()).await
        }
        OrgDeed::Delete { name, login, now, sure } => {
            delete(tenancy, &name, &login.login, now, &sure).await
        }
        OrgDeed::Restore { name, new_name, .. } => {
            let org = tenancy.named_in_trash(&name).await?;
            let restored = tenancy.restore(&org, new_name.as_deref()).await;
            Ok(Answer::Changed(restored.map_err(Failure::Restore)?))
        }
        OrgDeed::Purge { name, login, sure, .. } => purge(tenancy, &name, &login, &sure).await,
        OrgDeed::Suspend { name, .. } => {
            Ok(Answer::Changed(tenancy.suspend(&tenancy.named(&name).await?).await?))
        }
        OrgDeed::Reactivate { name, .. } => {
            Ok(Answer::Changed(tenancy.reactivate(&tenancy.named(&name).await?).await?))
        }
    }
}

/// Refuses what no database is needed to refuse: wishes for nothing, contradictions, and questions
/// that nobody is there to answer.
fn check(deed: &Deed) -> Result<(), Failure> {
    let asks = match deed {
        Deed::Org(
            OrgDeed::Get { .. }
            | OrgDeed::Restore { .. }
            | OrgDeed::Suspend { .. }
            | OrgDeed::Reactivate { .. },
        )
        | Deed::Admin(AdminDeed::List { .. } | AdminDeed::Code { .. })
        | Deed::Audit(_)
        | Deed::Upgrade { .. }
        | Deed::Doctor { .. } => false,
        Deed::Org(OrgDeed::List { search, trash, sort, limit, after }) => {
            page_of(*trash, search.clone(), *sort, limit.unwrap_or(PAGE), after.as_deref())?;
            false
        }
        Deed::Org(OrgDeed::Update {
            new_name,
            email,
            new_password_stdin,
            login,
            password_stdin,
            ..
        }) => {
            if new_name.is_none() && email.is_none() && !new_password_stdin {
                return Err(Failure::usage(
                    "there is nothing to change",
                    "add --name, --email or --new-password-stdin",
                ));
            }
            login.is_some() && !password_stdin
        }
        Deed::Org(
            OrgDeed::Delete { login: Login { password_stdin, .. }, sure, .. }
            | OrgDeed::Purge { password_stdin, sure, .. },
        )
        | Deed::Admin(AdminDeed::Remove { login: Login { password_stdin, .. }, sure, .. }) => {
            asked(sure, Terminal::open())?;
            !password_stdin
        }
        Deed::Admin(AdminDeed::Update { role, new_email, new_password_stdin, login, .. }) => {
            if role.is_none() && new_email.is_none() && !new_password_stdin {
                return Err(Failure::usage(
                    "there is nothing to change",
                    "add --role, --email or --new-password-stdin",
                ));
            }
            !login.password_stdin
        }
        Deed::Admin(AdminDeed::Add { login, password_stdin, .. }) => {
            login.is_some() && !password_stdin
        }
        Deed::Org(OrgDeed::Create { password_stdin, .. })
        | Deed::Admin(
            AdminDeed::Login { password_stdin, .. }
            | AdminDeed::Redeem { stdin: password_stdin, .. },
        ) => !password_stdin,
    };
    if asks && Terminal::open().is_none() {
        return Err(Failure::usage(
            "there is no terminal to ask for the password on",
            match deed {
                Deed::Admin(AdminDeed::Redeem { .. }) => {
                    "add --stdin and give the code and the new password on standard input"
                }
                Deed::Org(_)
                | Deed::Admin(_)
                | Deed::Audit(_)
                | Deed::Doctor { .. }
                | Deed::Upgrade { .. } => {
                    "add --password-stdin and give the password on standard input"
                }
            },
        ));
    }
    Ok(())
}

async fn create(tenancy: &Tenancy, name: String, email: String) -> Result<Answer, Failure> {
    let password = match Terminal::open() {
        Some(terminal) => {
            // Nobody should think of a password for a name that cannot be.
            tenancy.check_name(&name, None).await?;
            tenancy.check_email(&email, None).await?;
            ask_new(&terminal, tenancy).await?
        }
        None => line_of_stdin("the password").await?,
    };
    let wish = NewOrganization { name, email, password };
    Ok(Answer::Changed(tenancy.create(&wish).await?))
}

/// Which page is asked for.
fn page_of(
    trash: bool,
    search: Option<String>,
    sort: Sort,
    limit: u32,
    after: Option<&str>,
) -> Result<PageQuery, Failure> {
    let shelf = if trash { Shelf::Trash } else { Shelf::Live };
    let mut query = PageQuery { shelf, search, sort, at: PageAt::First, limit };
    if let Some(word) = after {
        let cursor = Cursor::decode(word, &query).ok_or_else(|| {
            Failure::usage(
                "that --after is not the “next” of a page of this list",
                "repeat --search, --sort and --trash of the page it came from",
            )
        })?;
        query.at = PageAt::After(cursor);
    }
    Ok(query)
}

async fn list(tenancy: &Tenancy, query: PageQuery) -> Result<Answer, Failure> {
    let page = tenancy.page(&query).await?;
    Ok(Answer::Listed { orgs: page.orgs, more: page.more_after, query })
}

async fn update(
    tenancy: &Tenancy,
    name: &str,
    mut edit: Edit,
    new_password: bool,
    login: Option<&str>,
) -> Result<Answer, Failure> {
    let org = tenancy.named(name).await?;
    // Refuse what is impossible before asking for a login.
    if let Some(name) = &edit.name {
        tenancy.check_name(name, Some(&org)).await?;
    }
    if let Some(email) = &edit.email {
        tenancy.check_email(email, Some(&org)).await?;
    }
    let session = match login {
        Some(email) => Some(log_in(tenancy, email).await?),
        None => None,
    };
    let token = session.as_ref().map(Session::token);
    if new_password {
        // Before a new one is asked for: whether there is any use in it.
        tenancy.authorize(&org, token).await?;
        edit.password = Some(match Terminal::open() {
            Some(terminal) => ask_new(&terminal, tenancy).await?,
            None => line_of_stdin("the new password").await?,
        });
    }
    Ok(Answer::Changed(tenancy.update(&org, &edit, token).await?))
}

async fn delete(
    tenancy: &Tenancy,
    name: &str,
    login: &str,
    now: bool,
    sure: &Sure,
) -> Result<Answer, Failure> {
    let org = tenancy.named(name).await?;
    tenancy.ensure_deletable(&org).await?;
    let session = log_in(tenancy, login).await?;
    let token = Some(session.token());
    tenancy.authorize(&org, token).await?;
    let terminal = asked(sure, Terminal::open())?;
    if now {
        let confirmation = confirm(tenancy, &org, terminal.as_ref()).await?;
        tenancy.delete(&org, &confirmation, token).await?;
        return Ok(Answer::Deleted(org));
    }
    if let Some(terminal) = terminal {
        let days = counted(u64::from(tenancy.trash_days()), "day");
        let name = &org.name;
        let question = format!("Move “{name}” to the trash, where it can be restored for {days}?");
        agree(&terminal, &question).await?;
    }
    Ok(Answer::Deleted(tenancy.trash(&org, token).await?))
}

async fn purge(tenancy: &Tenancy, name: &str, login: &str, sure: &Sure) -> Result<Answer, Failure> {
    let mut org = tenancy.named_in_trash(name).await?;
    tenancy.ensure_deletable(&org).await?;
    let password = ask_password(login).await?;
    let terminal = asked(sure, Terminal::open())?;
    let confirmation = confirm(tenancy, &org, terminal.as_ref()).await?;
    tenancy.purge(&org, &confirmation, login, &password).await?;
    // It is nowhere any more.
    org.state = OrgState::Active;
    Ok(Answer::Deleted(org))
}

fn counted(number: u64, noun: &str) -> String {
    format!("{number} {noun}{}", if number == 1 { "" } else { "s" })
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
        Err(error) => Failure::io("this machine gives no signals", &error),
    }
}

fn write(answer: &Answer, output: Option<Output>) -> Result<(), Failure> {
    let mut stdout = io::stdout();
    let terminal = stdout.is_terminal();
    let output = output.unwrap_or(if terminal { Output::Table } else { Output::Json });
    let width = rustix::termios::tcgetwinsize(&stdout).ok().map(|size| usize::from(size.ws_col));
    let text = answer.render(output, width.filter(|width| terminal && *width > 0));
    let text = text.map_err(|error| Failure::Io(error.to_string()))?;
    let text = if output == Output::Table { ascii::for_locale(text) } else { text };
    match stdout.write_all(text.as_bytes()).and_then(|()| stdout.flush()) {
        // The reader closed the pipe: `tenantry org list | head -1`.
        Err(error) if error.kind() == ErrorKind::BrokenPipe => Ok(()),
        Err(error) => Err(Failure::io("the answer cannot be written", &error)),
        Ok(()) => Ok(()),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn nobody_is_asked_only_where_that_was_said_beforehand() {
        assert!(matches!(asked(&Sure { yes: false }, Some(())), Ok(Some(()))));
        assert!(matches!(asked(&Sure { yes: true }, Some(())), Ok(None)));
        assert!(matches!(asked::<()>(&Sure { yes: true }, None), Ok(None)));
        assert!(asked::<()>(&Sure { yes: false }, None).is_err());
    }
}
