//! The one table of commands: what each is called, what it does in words, its keys when nobody chose
//! others, and where it works.

use crossterm::event::KeyCode;

use super::{
    command::{Column, Command, Motion, OrgPart},
    key::{control, key, letter, shifted},
    place::{EVERYWHERE, Place},
    row::{Group, Row},
};

use Place::{
    Activity, Admins, AllDocuments, AuditEntry, AuditFilter, AuditLog, Code, Copying, Detail,
    DocumentFilter, Documents, Filter, Form, Help, Job, List, Log, Login, Manual, OneDocument,
    Palette, Production, Question, TopicSearch, Topics, Trash, Trashed, TrashedAdmins, Unconnected,
};

const TABS: &[Place] = &[Detail, Admins, Documents, Activity, Trashed, TrashedAdmins];
const BROWSING: &[Place] = &joined::<8>(LISTS, TABS);
/// Where several organizations are.
const LISTS: &[Place] = &[List, Trash];
/// Where what is selected is an organization.
const ONE: &[Place] = &[List, Detail];
/// The same in the trash.
const IN_TRASH: &[Place] = &[Trash, Trashed];
const MOVING: &[Place] = &joined::<17>(
    BROWSING,
    &[Help, Log, Topics, Manual, AuditLog, AuditEntry, AllDocuments, OneDocument, Place::Jobs],
);
/// The audit log, where nothing is typed.
const AUDIT: &[Place] = &[AuditLog, AuditEntry];
/// Where something is filtered as one types.
const FILTERS: &[Place] = &[Filter, AuditFilter, DocumentFilter];
/// The documents, where nothing is typed.
const BROWSED: &[Place] = &[AllDocuments, OneDocument];
/// Where the jobs are.
const JOBS: &[Place] = &[Place::Jobs, Job];
const FIELDS: &[Place] = &[Form, Login, Question];
/// Where everything that can be done can be looked up.
const OPEN: &[Place] = &joined::<9>(&[Unconnected], BROWSING);
/// The same, and the audit log.
const COMMANDED: &[Place] = &joined::<13>(&joined::<11>(OPEN, AUDIT), BROWSED);
/// The same, and where it is being looked up.
const HELPED: &[Place] = &joined::<14>(COMMANDED, &[Help]);

/// Both in one list; their number is checked when this is compiled.
const fn joined<const COUNT: usize>(some: &[Place], more: &[Place]) -> [Place; COUNT] {
    assert!(some.len() + more.len() == COUNT);
    let mut all = [Unconnected; COUNT];
    let mut at = 0;
    while at < COUNT {
        all[at] = if at < some.len() { some[at] } else { more[at - some.len()] };
        at += 1;
    }
    all
}

macro_rules! row {
    ($group:ident, $name:expr, $command:ident $(($of:expr))?, $keys:expr, $places:expr, $hint:expr, $does:expr) => {
        Row {
            group: Group::$group,
            name: $name,
            command: Command::$command $(($of))?,
            keys: &$keys,
            places: $places,
            hint: $hint,
            does: $does,
        }
    };
}

/// All commands, in the order of footer and help: what changes something first, how to move last, since
/// everybody finds that and a small screen shows the first rows only.
// One row a line: it is read as a table.
#[rustfmt::skip]
pub const COMMANDS: &[Row] = &[
    row!(Program, "retry", Retry, [letter('r'), key(KeyCode::Enter)], &[Unconnected], Some("retry"),
        "connect to the database again"),
    row!(Admin, "add-admin", AddAdmin, [letter('a')], &[Admins], Some("add"),
        "add an admin with a one-time code (needs a login)"),
    row!(Admin, "edit-admin", EditAdmin, [letter('e')], &[Admins], Some("edit"),
        "change the admin's e-mail or role, or your own password"),
    row!(Admin, "issue-code", IssueCode, [letter('c')], &[Admins], Some("code"),
        "issue a one-time code: the admin sets a new password with it"),
    row!(Admin, "remove-admin", RemoveAdmin, [letter('x'), letter('d')], &[Admins], Some("remove"),
        "remove the admin (needs a login)"),
    row!(Admin, "transfer", Transfer, [letter('T')], &[Admins], Some("transfer"),
        "transfer the organization to another owner (needs a login)"),
    row!(Organization, "new", New, [letter('n')], ONE, Some("new"), "create an organization"),
    row!(Organization, "edit", Edit, [letter('e')], ONE, Some("edit"),
        "change its name, its admin's e-mail or password"),
    row!(Organization, "trash", Trash, [letter('d')], ONE, Some("trash"),
        "move it to the trash (needs a login)"),
    row!(Organization, "purge-now", Delete, [letter('D')], ONE, None,
        "purge it (delete permanently), skipping the trash (needs a login)"),
    row!(Organization, "restore", Restore, [letter('R')], IN_TRASH, Some("restore"),
        "restore it with all its data"),
    row!(Organization, "purge", Purge, [letter('d'), letter('D')], IN_TRASH, Some("purge"),
        "purge it (delete permanently; needs a login)"),
    row!(View, "filter", Filter, [letter('/')], LISTS, Some("filter"),
        "filter by name, e-mail, id or collection"),
    row!(View, "sort", Sort, [letter('o')], LISTS, Some("sort"), "sort by name, age or e-mail"),
    row!(View, "reverse", Reverse, [letter('O')], LISTS, None, "reverse sort order"),
    row!(Navigate, "open", Open, [key(KeyCode::Enter), letter('l')], LISTS, Some("open"),
        "open the organization"),
    row!(Organization, "select", Select, [letter(' ')], LISTS, None,
        "select it for a bulk operation; 15 space selects 15"),
    row!(Organization, "select-range", SelectRange, [letter('v')], LISTS, None,
        "select a range: move, then v again"),
    row!(Organization, "select-all", SelectAll, [control('a')], LISTS, None,
        "select all that match the filter"),
    row!(View, "show-trash", ToggleTrash, [letter('t')], BROWSING, Some("show trash"),
        "show the trash, or go back to the organizations"),
    row!(Organization, "suspend", Suspend, [letter('s')], ONE, Some("suspend"),
        "suspend it (its admins cannot log in), or reactivate it"),
    row!(Program, "login", Login, [letter('L')], &[List, Detail, Admins], Some("log in"),
        "log in as an operator or admin, or log out"),
    row!(Program, "second-factor", SecondFactor, [], BROWSING, None,
        "set up a second factor for your logins"),
    row!(Organization, "undo", Undo, [letter('u')], BROWSING, Some("undo"),
        "undo the last trash, suspend, reactivate or rename"),
    row!(Organization, "copy", Copy, [letter('y')], &[List, Detail, Trash, Trashed], Some("copy"),
        "copy its name, id, e-mail, JSON or connection string"),
    row!(Admin, "copy-admin", CopyAdmin, [letter('y')], &[Admins, TrashedAdmins], Some("copy"),
        "copy the admin's e-mail"),
    row!(Navigate, "next-pane", NextPane, [key(KeyCode::Tab)], BROWSING, None, "go to the other pane"),
    row!(Navigate, "to-list", NextPane, [letter('h')], TABS, None, "go back to the list"),
    row!(Navigate, "next-tab", NextTab, [key(KeyCode::Right), letter(']')], BROWSING, None, "next tab"),
    row!(Navigate, "previous-tab", PreviousTab, [key(KeyCode::Left), letter('[')], BROWSING, None,
        "previous tab"),
    row!(View, "narrow-list", NarrowList, [letter('<')], BROWSING, None, "make the list narrower"),
    row!(View, "widen-list", WidenList, [letter('>')], BROWSING, None, "make the list wider"),
    row!(View, "refresh", Refresh, [letter('r')], &joined::<11>(BROWSING, &[AuditLog, AllDocuments, OneDocument]), None, "refresh"),
    row!(Navigate, "browse-documents", BrowseDocuments, [key(KeyCode::Enter)], &[Documents], Some("browse"),
        "browse and filter all documents"),
    row!(View, "filter-documents", Filter, [letter('/')], &[AllDocuments], Some("filter"),
        "filter by fields, or with a query"),
    row!(Navigate, "open-document", Open, [key(KeyCode::Enter), letter('l')], &[AllDocuments], Some("open"),
        "open the document"),
    row!(View, "copy-document", CopyDocument, [letter('y')], &[OneDocument], Some("copy"), "copy the document"),
    row!(View, "audit-log", AuditLog, [letter('A')], BROWSING, None, "show the audit log"),
    row!(View, "filter-audit-log", Filter, [letter('/')], &[AuditLog], Some("filter"),
        "filter by operator, action, result, time or organization"),
    row!(Navigate, "open-entry", Open, [key(KeyCode::Enter), letter('l')], &[AuditLog], Some("open"),
        "open the entry"),
    row!(View, "copy-entry", CopyEntry, [letter('y')], AUDIT, Some("copy"), "copy the entry"),
    row!(View, "close-audit-log", AuditLog, [letter('A')], AUDIT, None, "close the audit log"),
    row!(Fields, "keep-filter", Accept, [key(KeyCode::Enter)], &[Filter, AuditFilter], Some("keep"),
        "keep the filter and return to the list"),
    row!(Fields, "apply-filter", Accept, [key(KeyCode::Enter)], &[DocumentFilter], Some("filter"),
        "show what matches"),
    row!(Navigate, "filter-down", Move(Motion::Down), [key(KeyCode::Down)], FILTERS, None, "down"),
    row!(Navigate, "filter-up", Move(Motion::Up), [key(KeyCode::Up)], FILTERS, None, "up"),
    row!(Fields, "accept", Accept, [key(KeyCode::Enter)], FIELDS, Some("next"),
        "next field; on the last one, submit"),
    row!(Fields, "submit", Submit, [control('s')], FIELDS, Some("submit"), "submit"),
    row!(Fields, "next-field", NextField, [key(KeyCode::Tab), key(KeyCode::Down)], FIELDS, None,
        "next field"),
    row!(Fields, "previous-field", PreviousField, [key(KeyCode::BackTab), key(KeyCode::Up)], FIELDS, None,
        "previous field"),
    row!(Fields, "confirm", Confirm, [letter('y')], &[Production], Some("confirm"),
        "confirm the change in production"),
    row!(Fields, "generate", Generate, [control('g')], &[Form], Some("generate a password"),
        "generate a strong password and show it once"),
    row!(Fields, "copy-password", CopyPassword, [control('y')], &[Form], None, "copy the password"),
    row!(Fields, "reveal", Reveal, [control('r')], FIELDS, Some("show"), "show or hide the password"),
    row!(Fields, "use-code", UseCode, [control('o')], &[Login], Some("redeem a code"),
        "redeem a one-time code and set a new password"),
    row!(Fields, "copy-code", CopyCode, [letter('y')], &[Code], Some("copy"), "copy the code"),
    row!(Fields, "start-upgrade", Accept, [key(KeyCode::Enter)], &[Place::Upgrade], Some("upgrade"),
        "start the upgrade, or stop it"),
    row!(Fields, "close-code", Back, [key(KeyCode::Enter)], &[Code], Some("done"),
        "close; the code is not shown again"),
    row!(Navigate, "back", Back, [key(KeyCode::Esc)], EVERYWHERE, Some("back"),
        "cancel; close or leave; clear the selection or the filter"),
    row!(Program, "help", Help, [letter('?')], HELPED, Some("help"), "show or close this help"),
    row!(Program, "palette", Palette, [letter(':')], COMMANDED, Some("command"), "type a command"),
    row!(View, "search", Palette, [letter('/'), letter(':')], &[Help], Some("search"), "search the commands"),
    row!(Fields, "run", Run, [key(KeyCode::Enter)], &[Help, Palette], Some("run"),
        "run the selected command"),
    row!(Program, "manual", Manual, [], OPEN, None, "read the manual"),
    row!(Program, "open-manual", Manual, [letter('m')], &[Help], Some("manual"), "read the manual"),
    row!(View, "search-manual", Palette, [letter('/')], &[Topics, Manual], Some("search"),
        "search the manual"),
    row!(Navigate, "open-topic", Run, [key(KeyCode::Enter)], &[Topics, TopicSearch], Some("open"),
        "open the page"),
    row!(Navigate, "next-match", Run, [key(KeyCode::Enter), letter('n')], &[Manual], Some("next match"),
        "go to the next match of the search"),
    row!(Navigate, "palette-down", Move(Motion::Down), [key(KeyCode::Down), control('n'), key(KeyCode::Tab)], &[Palette, TopicSearch], None,
        "down"),
    row!(Navigate, "palette-up", Move(Motion::Up), [key(KeyCode::Up), control('p'), key(KeyCode::BackTab)], &[Palette, TopicSearch], None,
        "up"),
    row!(Fields, "copy-name", CopyPart(OrgPart::Name), [letter('n')], &[Copying], Some("name"),
        "copy its name"),
    row!(Fields, "copy-id", CopyPart(OrgPart::Id), [letter('i')], &[Copying], Some("id"), "copy its id"),
    row!(Fields, "copy-email", CopyPart(OrgPart::Email), [letter('e')], &[Copying], Some("e-mail"),
        "copy the admin's e-mail"),
    row!(Fields, "copy-json", CopyPart(OrgPart::Json), [letter('j')], &[Copying], Some("JSON"),
        "copy its details as JSON"),
    row!(Fields, "copy-connection", CopyPart(OrgPart::Connection), [letter('c')], &[Copying], Some("connection"),
        "copy the connection string, without its password"),
    row!(Program, "upgrade", Upgrade, [], BROWSING, None,
        "upgrade a database of the FastAPI service, or show the progress"),
    row!(View, "log", Log, [letter('M')], OPEN, None, "show all messages since the start"),
    row!(View, "close-log", Log, [letter('M')], &[Log], None, "close the messages"),
    row!(Organization, "invert-selection", InvertSelection, [letter('i')], LISTS, None,
        "invert the selection among all that match the filter"),
    row!(View, "jobs", Jobs, [letter('J')], BROWSING, None, "show the bulk operations of this session"),
    row!(Navigate, "open-job", Run, [key(KeyCode::Enter)], &[Place::Jobs], Some("open"), "open the job"),
    row!(Fields, "continue-job", Accept, [key(KeyCode::Enter)], &[Job], Some("try again"),
        "try again what was not done"),
    row!(Fields, "cancel-job", CancelJob, [letter('x')], JOBS, Some("cancel"),
        "cancel the job after the current organization"),
    row!(Fields, "select-again", Select, [letter(' ')], JOBS, Some("select again"),
        "select what was not done"),
    row!(Fields, "copy-report", Copy, [letter('y')], JOBS, Some("copy report"),
        "copy what was not done, and why"),
    row!(View, "close-jobs", Jobs, [letter('J')], JOBS, None, "show all jobs, or close them"),
    row!(View, "mouse", Mouse, [letter('m')], BROWSING, None,
        "toggle mouse capture (off: the terminal selects text)"),
    row!(Program, "help-while-typing", Help, [key(KeyCode::F(1))], &[Filter, AuditFilter, DocumentFilter, Form, Question, Login, Place::Upgrade, Code, Production], None,
        "show the keys"),
    row!(Program, "quit", Quit, [letter('q')], OPEN, Some("quit"), "quit"),
    row!(Program, "close", Back, [letter('q')], &[Help, Topics, Manual, Copying, Log, AuditLog, AuditEntry, AllDocuments, OneDocument, Place::Jobs, Job], None, "close"),
    row!(Navigate, "down", Move(Motion::Down), [letter('j'), key(KeyCode::Down)], MOVING, None,
        "down; 10j moves ten rows"),
    row!(Navigate, "up", Move(Motion::Up), [letter('k'), key(KeyCode::Up)], MOVING, None, "up"),
    row!(Navigate, "select-down", Extend(Motion::Down), [shifted(KeyCode::Down)], LISTS, None,
        "extend the selection down"),
    row!(Navigate, "select-up", Extend(Motion::Up), [shifted(KeyCode::Up)], LISTS, None,
        "extend the selection up"),
    row!(Navigate, "page-down", Move(Motion::PageDown), [key(KeyCode::PageDown), control('d'), control('f')], MOVING, None,
        "page down"),
    row!(Navigate, "page-up", Move(Motion::PageUp), [key(KeyCode::PageUp), control('u'), control('b')], MOVING, None,
        "page up"),
    row!(Navigate, "first", Move(Motion::First), [letter('g'), key(KeyCode::Home)], MOVING, None,
        "top; 10g goes to row 10"),
    row!(Navigate, "last", Move(Motion::Last), [letter('G'), key(KeyCode::End)], MOVING, None, "bottom"),
    row!(View, "redraw", Redraw, [control('l')], EVERYWHERE, None, "redraw the screen"),
    row!(View, "column-state", ToggleColumn(Column::State), [], LISTS, None,
        "show or hide the state, where there is room"),
    row!(View, "column-email", ToggleColumn(Column::Email), [], LISTS, None,
        "show or hide the first admin's e-mail"),
    row!(View, "column-admins", ToggleColumn(Column::Admins), [], LISTS, None,
        "show or hide the number of admins, where there is room"),
    row!(View, "column-age", ToggleColumn(Column::Age), [], LISTS, None, "show or hide the age"),
    row!(Program, "leave", Quit, [control('c')], EVERYWHERE, None, "quit, from anywhere"),
    row!(Program, "shell", Shell, [control('z')], EVERYWHERE, None, "go to the shell; fg returns"),
];
