//! `tenantry org …`.

use super::{
    Answer, Failure, OrgCommand, Working,
    ask::{LogIn, agree, ask_new, ask_password, asked, confirm},
    bulk::{self, BulkOperation, each},
    copy, export, import,
    line::{ListSort, Sure},
    sizes::PageSizes,
    terminal::{Terminal, line_of_stdin},
    verify,
};
use crate::{
    config::{Database, Output},
    org::{OperationKind, OrgState, Search, Secret, counted},
    store::{Count, Cursor, ListScope, PageAt, PageQuery, Sort},
    tenancy::{Edit, NewOrganization, Tenancy},
};

/// How many organizations a terminal is shown where nothing else is said.
pub(super) const PAGE: u32 = 50;

/// How far matches are counted, so that it costs little.
const COUNT_MOST: u64 = 1000;

/// Whether it writes.
pub(super) fn writes(command: &OrgCommand) -> bool {
    match command {
        OrgCommand::Get { .. } | OrgCommand::List { .. } | OrgCommand::Count { .. } | OrgCommand::Verify { .. } => false,
        OrgCommand::Create { .. }
        | OrgCommand::Import(_)
        | OrgCommand::Copy(_)
        | OrgCommand::Update { .. }
        | OrgCommand::Trash { .. }
        | OrgCommand::Restore { .. }
        | OrgCommand::Purge { .. }
        | OrgCommand::Suspend { .. }
        | OrgCommand::Reactivate { .. }
        // It is in the audit log.
        | OrgCommand::Export(_) => true,
    }
}

/// Checks the command line before a database is opened, and returns whether the command asks for a password.
pub(super) fn check(command: &OrgCommand, login: &LogIn) -> Result<bool, Failure> {
    match command {
        OrgCommand::Get { .. }
        | OrgCommand::Verify { .. }
        | OrgCommand::Purge { expired: true, .. } => Ok(false),
        OrgCommand::Export(wanted) => export::check(wanted).map(|()| false),
        OrgCommand::Import(wanted) => import::check(wanted).map(|()| false),
        OrgCommand::Copy(wanted) => copy::check(wanted, login),
        OrgCommand::Restore { names, new_name, sure } => {
            if new_name.is_some() && names.single().is_none() {
                let help = "restore one organization at a time with --name";
                return Err(Failure::usage("--name is for one organization", help));
            }
            bulk::check(BulkOperation::Restore, names, sure)?;
            Ok(false)
        }
        OrgCommand::Suspend { names, sure } => {
            bulk::check(BulkOperation::Suspend, names, sure)?;
            Ok(false)
        }
        OrgCommand::Reactivate { names, sure } => {
            bulk::check(BulkOperation::Reactivate, names, sure)?;
            Ok(false)
        }
        OrgCommand::List { search, trash, sort, limit, after, .. } => {
            if let (Some(ListSort::Size(_)), Some(_)) = (sort, after) {
                let help = "use --limit for the first of them";
                return Err(Failure::usage("a list sorted by size has no further pages", help));
            }
            let (limit, sort) = (limit.unwrap_or(PAGE), sort.and_then(ListSort::stored));
            page_of(*trash, search.clone(), sort, limit, after.as_deref())?;
            Ok(false)
        }
        OrgCommand::Count { search, trash } => {
            page_of(*trash, search.clone(), None, PAGE, None)?;
            Ok(false)
        }
        OrgCommand::Update { new_name, email, new_password_stdin, .. } => {
            if new_name.is_none() && email.is_none() && !new_password_stdin {
                let help = "add --name, --email or --new-password-stdin";
                return Err(Failure::usage("nothing to change", help));
            }
            Ok(false)
        }
        OrgCommand::Trash { names, sure, .. } | OrgCommand::Purge { names, sure, .. } => {
            login.is_needed("name one of its owners, or an operator, with --as E-MAIL")?;
            bulk::check(BulkOperation::Trash, names, sure)?;
            Ok(true)
        }
        OrgCommand::Create { .. } => Ok(true),
    }
}

pub(super) async fn answer(
    tenancy: &Tenancy,
    command: OrgCommand,
    (profiles, working): (&[Database], &Working),
    output: Output,
    login: &mut LogIn,
) -> Result<Answer, Failure> {
    match command {
        OrgCommand::Create { name, email, .. } => create(tenancy, name, email).await,
        OrgCommand::Get { name } => {
            let org = tenancy.named(&name).await?;
            // Read again as it is shown: with whether its admin is still there.
            let org = tenancy.org(org.id).await?.unwrap_or(org);
            let size = tenancy.size(&org).await?;
            Ok(Answer::Shown(org, size))
        }
        OrgCommand::Export(wanted) => export::answer(tenancy, &wanted, output).await,
        OrgCommand::Import(wanted) => import::answer(tenancy, wanted, output).await,
        OrgCommand::Copy(wanted) => {
            copy::answer(tenancy, wanted, (profiles, working), login, output).await
        }
        OrgCommand::Verify { file, deep } => verify::answer(&file, deep, output).await,
        OrgCommand::Count { search, trash } => {
            let of = if trash { ListScope::Trash } else { ListScope::Live };
            Ok(Answer::Counted(tenancy.count(of, search.as_deref(), u64::MAX).await?))
        }
        OrgCommand::List { search, trash, sort, limit, after, sizes, .. } => {
            let (limit, sort) = (limit.unwrap_or(PAGE), sort.and_then(ListSort::stored));
            let query = page_of(trash, search, sort, limit, after.as_deref())?;
            list(tenancy, query, output, sizes).await
        }
        OrgCommand::Update { name, new_name, email, new_password_stdin, .. } => {
            let edit = Edit { name: new_name, email, password: None };
            update(tenancy, &name, edit, new_password_stdin, login).await
        }
        OrgCommand::Trash { names, now, release, sure, .. } => {
            let operation = match (now, release) {
                (true, _) => BulkOperation::Delete,
                (false, true) => BulkOperation::TrashAndRelease,
                (false, false) => BulkOperation::Trash,
            };
            if let Some(name) = names.single() {
                return delete(tenancy, name, login, operation, &sure).await;
            }
            each(tenancy, operation, &names, &sure, output, login).await
        }
        OrgCommand::Restore { names, new_name, sure } => match names.single() {
            Some(name) => {
                let org = tenancy.named_in_trash(name).await?;
                let restored = tenancy.restore(&org, new_name.as_deref()).await;
                Ok(Answer::Changed(restored.map_err(Failure::Restore)?))
            }
            None => each(tenancy, BulkOperation::Restore, &names, &sure, output, login).await,
        },
        OrgCommand::Purge { expired: true, .. } => {
            let tenancy = login.session_of(tenancy).await?;
            Ok(Answer::Purged(tenancy.purge_expired().await?))
        }
        OrgCommand::Purge { names, expired: false, sure, .. } => match names.single() {
            Some(name) => purge(tenancy, name, login, &sure).await,
            None => each(tenancy, BulkOperation::Purge, &names, &sure, output, login).await,
        },
        OrgCommand::Suspend { names, sure } => match names.single() {
            Some(name) => {
                Ok(Answer::Changed(tenancy.suspend(&tenancy.named_to_change(name).await?).await?))
            }
            None => each(tenancy, BulkOperation::Suspend, &names, &sure, output, login).await,
        },
        OrgCommand::Reactivate { names, sure } => match names.single() {
            Some(name) => {
                let org = tenancy.named_to_change(name).await?;
                Ok(Answer::Changed(tenancy.reactivate(&org).await?))
            }
            None => each(tenancy, BulkOperation::Reactivate, &names, &sure, output, login).await,
        },
    }
}

async fn create(tenancy: &Tenancy, name: String, email: String) -> Result<Answer, Failure> {
    let password = match Terminal::open() {
        Some(terminal) => {
            // What would be refused is refused before asking for a password.
            tenancy.ensure_may(&OperationKind::Create, None).await?;
            tenancy.check_name(&name, None).await?;
            tenancy.check_email(&email, None).await?;
            ask_new(&terminal, tenancy, &name, &email).await?
        }
        None => line_of_stdin("the password").await?,
    };
    let changes = NewOrganization { name, email, password };
    Ok(Answer::Changed(tenancy.create(&changes).await?))
}

/// Which page is asked for.
pub(super) fn page_of(
    trash: bool,
    search: Option<String>,
    sort: Option<Sort>,
    limit: u32,
    after: Option<&str>,
) -> Result<PageQuery, Failure> {
    let scope = if trash { ListScope::Trash } else { ListScope::Live };
    if let Some(fault) = Search::parse(search.as_deref().unwrap_or_default()).fault() {
        return Err(Failure::usage(fault.to_string(), "see `tenantry org list --help`"));
    }
    let mut query = PageQuery {
        scope,
        search,
        best_first: sort.is_none(),
        sort: sort.unwrap_or_default(),
        at: PageAt::First,
        limit,
    };
    if let Some(word) = after {
        let cursor = Cursor::decode(word, &query).ok_or_else(|| {
            Failure::usage(
                "--after is not a “next” cursor of this list",
                "use the same --search, --sort and --trash as for the page it came from",
            )
        })?;
        query.at = PageAt::After(cursor);
    }
    Ok(query)
}

async fn list(
    tenancy: &Tenancy,
    query: PageQuery,
    output: Output,
    with_sizes: bool,
) -> Result<Answer, Failure> {
    let page = tenancy.page(&query).await?;
    let sizes = PageSizes::read(tenancy, &page.orgs, with_sizes).await?;
    let next = page.places.last().filter(|_| page.more_after).cloned();
    let total = if output != Output::Table {
        None
    } else if query.at == PageAt::First && next.is_none() {
        Some(Count {
            counted: u64::try_from(page.orgs.len()).unwrap_or(u64::MAX),
            ..Count::default()
        })
    } else {
        let most = if query.search.is_some() { COUNT_MOST } else { u64::MAX };
        Some(tenancy.count(query.scope, query.search.as_deref(), most).await?)
    };
    let place = tenancy.place().clone();
    Ok(Answer::Listed { orgs: page.orgs, sizes, next, query, total, nearest: page.nearest, place })
}

async fn update(
    tenancy: &Tenancy,
    name: &str,
    mut edit: Edit,
    new_password: bool,
    login: &mut LogIn,
) -> Result<Answer, Failure> {
    let org = tenancy.named_to_change(name).await?;
    // Refuse what is impossible before asking for a login.
    if let Some(name) = &edit.name {
        tenancy.check_name(name, Some(&org)).await?;
    }
    if let Some(email) = &edit.email {
        tenancy.check_email(email, Some(&org)).await?;
    }
    let tenancy = &login.session_of(tenancy).await?;
    if new_password {
        // Before a new one is asked for: whether there is any use in it.
        tenancy.authorize(&org).await?;
        edit.password = Some(match Terminal::open() {
            Some(terminal) => {
                let name = edit.name.as_deref().unwrap_or(org.name.raw());
                let email = edit.email.as_deref().unwrap_or(org.admin_email.raw());
                ask_new(&terminal, tenancy, name, email).await?
            }
            None => line_of_stdin("the new password").await?,
        });
    }
    Ok(Answer::Changed(tenancy.update(&org, &edit).await?))
}

async fn delete(
    tenancy: &Tenancy,
    name: &str,
    login: &mut LogIn,
    operation: BulkOperation,
    sure: &Sure,
) -> Result<Answer, Failure> {
    let org = tenancy.named_to_change(name).await?;
    tenancy.ensure_deletable(&org).await?;
    let tenancy = &login.session_of(tenancy).await?;
    tenancy.authorize(&org).await?;
    let terminal = asked(sure, Terminal::open())?;
    if operation == BulkOperation::Delete {
        let confirmation = confirm(tenancy, &org, terminal.as_ref()).await?;
        tenancy.delete(&org, &confirmation).await?;
        return Ok(Answer::Deleted(org));
    }
    if let Some(terminal) = terminal {
        let days = counted(u64::from(tenancy.trash_days()), "day");
        let name = &org.name;
        let question = format!("Move “{name}” to the trash, where it can be restored for {days}?");
        agree(&terminal, &question).await?;
    }
    Ok(Answer::Deleted(if operation == BulkOperation::TrashAndRelease {
        tenancy.trash_and_release(&org).await?
    } else {
        tenancy.trash(&org).await?
    }))
}

async fn purge(
    tenancy: &Tenancy,
    name: &str,
    login: &mut LogIn,
    sure: &Sure,
) -> Result<Answer, Failure> {
    let email = login.email().unwrap_or_default().to_owned();
    let mut org = tenancy.named_in_trash(name).await?;
    tenancy.ensure_deletable(&org).await?;
    // Operators log in; the admins of what is in the trash cannot, and give their password with it.
    let (tenancy, password) = if tenancy.is_operators(&email).await? {
        (login.session_of(tenancy).await?, Secret::default())
    } else {
        (tenancy.clone(), ask_password(&email).await?)
    };
    let terminal = asked(sure, Terminal::open())?;
    let confirmation = confirm(&tenancy, &org, terminal.as_ref()).await?;
    let purge = async |code: Option<&Secret>| {
        tenancy.purge(&org, &confirmation, &email, &password, code).await
    };
    if login.has_session() {
        purge(None).await?;
    } else {
        login.with_code(&email, purge).await?;
    }
    // It is nowhere any more.
    org.state = OrgState::Active;
    Ok(Answer::Deleted(org))
}
