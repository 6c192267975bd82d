//! The one table of commands: what each is called, what it does in words, its keys when nobody chose
//! others, and where it works.

use crossterm::event::KeyCode;

use super::{
    command::Command,
    key::{Key, control, key, letter},
    place::{EVERYWHERE, Place},
};

use Place::{
    Activity, Admins, Code, Copying, Detail, Documents, Filter, Form, Help, List, Log, Login,
    Palette, Production, Question, Trash, Trashed, TrashedAdmins, Unconnected,
};

const BROWSING: &[Place] =
    &[List, Detail, Admins, Documents, Activity, Trash, Trashed, TrashedAdmins];
/// Where several organizations are.
const LISTS: &[Place] = &[List, Trash];
/// Where what is selected is an organization.
const ONE: &[Place] = &[List, Detail];
/// The same in the trash.
const IN_TRASH: &[Place] = &[Trash, Trashed];
const MOVING: &[Place] =
    &[List, Detail, Admins, Documents, Activity, Trash, Trashed, TrashedAdmins, Help, Log];
const FIELDS: &[Place] = &[Form, Login, Question];
/// Where everything that can be done can be looked up.
const OPEN: &[Place] =
    &[Unconnected, List, Detail, Admins, Documents, Activity, Trash, Trashed, TrashedAdmins];

/// A row of the table.
#[derive(Debug)]
pub struct Row {
    /// What it is called in the configuration and the palette.
    pub name: &'static str,
    /// What it is.
    pub command: Command,
    /// Its keys when nobody chose others; the first is the one the footer shows.
    pub keys: &'static [Key],
    /// Where it works.
    pub places: &'static [Place],
    /// The word in the footer; none for what everybody knows or seldom needs.
    pub hint: Option<&'static str>,
    /// What it does, in the help.
    pub does: &'static str,
}

macro_rules! row {
    ($name:expr, $command:ident, $keys:expr, $places:expr, $hint:expr, $does:expr) => {
        Row {
            name: $name,
            command: Command::$command,
            keys: &$keys,
            places: $places,
            hint: $hint,
            does: $does,
        }
    };
}

/// All commands, in the order of footer and help: what changes something first, how to move last, since
/// everybody finds that and a small screen shows the first rows only.
pub const COMMANDS: &[Row] = &[
    row!(
        "retry",
        Retry,
        [letter('r'), key(KeyCode::Enter)],
        &[Unconnected],
        Some("try again"),
        "connect to the database again"
    ),
    row!(
        "add-admin",
        AddAdmin,
        [letter('a')],
        &[Admins],
        Some("add"),
        "add an admin with a one-time code (needs an owner's login)"
    ),
    row!(
        "edit-admin",
        EditAdmin,
        [letter('e')],
        &[Admins],
        Some("edit"),
        "change the admin's e-mail or role, or your own password"
    ),
    row!(
        "issue-code",
        IssueCode,
        [letter('c')],
        &[Admins],
        Some("code"),
        "issue a one-time code: the admin sets a new password with it"
    ),
    row!(
        "remove-admin",
        RemoveAdmin,
        [letter('x'), letter('d')],
        &[Admins],
        Some("remove"),
        "remove the admin (needs an owner's login)"
    ),
    row!("new", New, [letter('n')], ONE, Some("new"), "make an organization"),
    row!(
        "edit",
        Edit,
        [letter('e')],
        ONE,
        Some("edit"),
        "change its name, its admin's e-mail or password"
    ),
    row!(
        "trash",
        Trash,
        [letter('d')],
        ONE,
        Some("delete"),
        "move it to the trash (needs an owner's login)"
    ),
    row!("delete", Delete, [letter('D')], ONE, None, "delete it for good (needs an owner's login)"),
    row!(
        "restore",
        Restore,
        [letter('R')],
        IN_TRASH,
        Some("restore"),
        "bring it back with everything it had"
    ),
    row!(
        "purge",
        Purge,
        [letter('d'), letter('D')],
        IN_TRASH,
        Some("purge"),
        "delete it for good (needs an owner's login)"
    ),
    row!(
        "filter",
        Filter,
        [letter('/')],
        LISTS,
        Some("filter"),
        "show only those with a text in their name or e-mail"
    ),
    row!("sort", Sort, [letter('o')], LISTS, Some("sort"), "sort by name, age, e-mail"),
    row!("reverse", Reverse, [letter('O')], LISTS, None, "sort the other way round"),
    row!("open", Open, [key(KeyCode::Enter)], LISTS, Some("open"), "look into the organization"),
    row!(
        "mark",
        Mark,
        [letter(' ')],
        LISTS,
        None,
        "mark it: what is marked is suspended, restored or copied together"
    ),
    row!(
        "show-trash",
        Shelf,
        [letter('t')],
        BROWSING,
        Some("trash"),
        "show the trash, or the organizations again"
    ),
    row!(
        "suspend",
        Suspend,
        [letter('s')],
        ONE,
        Some("suspend"),
        "suspend it: nobody can log in; or reactivate it"
    ),
    row!(
        "login",
        Login,
        [letter('L')],
        &[List, Detail, Admins],
        Some("log in"),
        "log in as an admin, or out"
    ),
    row!(
        "undo",
        Undo,
        [letter('u')],
        BROWSING,
        Some("undo"),
        "take back the last move to the trash, suspension or rename"
    ),
    row!(
        "copy",
        Copy,
        [letter('y')],
        &[List, Detail, Trash, Trashed],
        Some("copy"),
        "copy its name, id, e-mail, JSON or connection string"
    ),
    row!(
        "copy-admin",
        CopyAdmin,
        [letter('y')],
        &[Admins, TrashedAdmins],
        Some("copy"),
        "copy the admin's e-mail"
    ),
    row!("next-pane", NextPane, [key(KeyCode::Tab)], BROWSING, None, "to the other pane"),
    row!(
        "next-tab",
        NextTab,
        [key(KeyCode::Right), letter(']')],
        BROWSING,
        None,
        "the next tab of the details"
    ),
    row!(
        "previous-tab",
        PreviousTab,
        [key(KeyCode::Left), letter('[')],
        BROWSING,
        None,
        "the previous tab of the details"
    ),
    row!("refresh", Refresh, [letter('r')], BROWSING, None, "read everything again"),
    row!(
        "keep-filter",
        Accept,
        [key(KeyCode::Enter)],
        &[Filter],
        Some("keep"),
        "keep the filter and go back to the list"
    ),
    row!("filter-down", Down, [key(KeyCode::Down)], &[Filter], None, "down"),
    row!("filter-up", Up, [key(KeyCode::Up)], &[Filter], None, "up"),
    row!(
        "accept",
        Accept,
        [key(KeyCode::Enter)],
        FIELDS,
        Some("next"),
        "the next field; at the last one, do it"
    ),
    row!("submit", Submit, [control('s')], FIELDS, Some("do it"), "do it"),
    row!(
        "next-field",
        NextField,
        [key(KeyCode::Tab), key(KeyCode::Down)],
        FIELDS,
        None,
        "to the next field"
    ),
    row!(
        "previous-field",
        PreviousField,
        [key(KeyCode::BackTab), key(KeyCode::Up)],
        FIELDS,
        None,
        "to the previous field"
    ),
    row!("confirm", Confirm, [letter('y')], &[Production], Some("do it"), "do it, in production"),
    row!(
        "generate",
        Generate,
        [control('g')],
        &[Form],
        Some("make a password"),
        "make a strong password and show it once"
    ),
    row!("copy-password", CopyPassword, [control('y')], &[Form], None, "copy the password"),
    row!("reveal", Reveal, [control('r')], FIELDS, Some("show"), "show or hide the password"),
    row!(
        "use-code",
        UseCode,
        [control('o')],
        &[Login],
        Some("use a code"),
        "set a new password with a one-time code"
    ),
    row!("copy-code", CopyCode, [letter('y')], &[Code], Some("copy"), "copy the code"),
    row!(
        "start-upgrade",
        Accept,
        [key(KeyCode::Enter)],
        &[Place::Upgrade],
        Some("upgrade"),
        "upgrade the database, or stop that"
    ),
    row!(
        "close-code",
        Back,
        [key(KeyCode::Enter)],
        &[Code],
        Some("done"),
        "leave the code, which is not shown again"
    ),
    row!(
        "back",
        Back,
        [key(KeyCode::Esc)],
        EVERYWHERE,
        Some("back"),
        "stop waiting; leave what is on top, marks, filter, trash"
    ),
    row!(
        "help",
        Help,
        [letter('?')],
        &[
            Unconnected,
            List,
            Detail,
            Admins,
            Documents,
            Activity,
            Trash,
            Trashed,
            TrashedAdmins,
            Help,
        ],
        Some("help"),
        "show or leave this help"
    ),
    row!(
        "palette",
        Palette,
        [letter(':')],
        OPEN,
        Some("do"),
        "look for a command by its name, and do it"
    ),
    row!(
        "search",
        Palette,
        [letter('/'), letter(':')],
        &[Help],
        Some("search"),
        "search for a command"
    ),
    row!("run", Run, [key(KeyCode::Enter)], &[Help, Palette], Some("do it"), "do what is selected"),
    row!(
        "palette-down",
        Down,
        [key(KeyCode::Down), control('n'), key(KeyCode::Tab)],
        &[Palette],
        None,
        "down"
    ),
    row!(
        "palette-up",
        Up,
        [key(KeyCode::Up), control('p'), key(KeyCode::BackTab)],
        &[Palette],
        None,
        "up"
    ),
    row!("copy-name", CopyName, [letter('n')], &[Copying], Some("name"), "copy its name"),
    row!("copy-id", CopyId, [letter('i')], &[Copying], Some("id"), "copy its id"),
    row!(
        "copy-email",
        CopyEmail,
        [letter('e')],
        &[Copying],
        Some("e-mail"),
        "copy the admin's e-mail"
    ),
    row!(
        "copy-json",
        CopyJson,
        [letter('j')],
        &[Copying],
        Some("JSON"),
        "copy what is known of it, as JSON"
    ),
    row!(
        "copy-connection",
        CopyConnection,
        [letter('c')],
        &[Copying],
        Some("connection"),
        "copy the connection string, without its password"
    ),
    row!(
        "upgrade",
        Upgrade,
        [],
        BROWSING,
        None,
        "upgrade a database of another program, or see how far that is"
    ),
    row!("log", Log, [letter('l')], OPEN, None, "show all that was said since the start"),
    row!("close-log", Log, [letter('l')], &[Log], None, "leave it"),
    row!(
        "mouse",
        Mouse,
        [letter('m')],
        BROWSING,
        None,
        "leave the mouse to the terminal, to select text with it; or take it"
    ),
    row!(
        "help-while-typing",
        Help,
        [key(KeyCode::F(1))],
        &[Filter, Form, Question, Login, Place::Upgrade, Code, Production],
        None,
        "show the keys here"
    ),
    row!("quit", Quit, [letter('q')], OPEN, Some("quit"), "leave"),
    row!("close", Back, [letter('q')], &[Help, Copying, Log], None, "leave it"),
    row!("down", Down, [letter('j'), key(KeyCode::Down)], MOVING, None, "down"),
    row!("up", Up, [letter('k'), key(KeyCode::Up)], MOVING, None, "up"),
    row!(
        "page-down",
        PageDown,
        [key(KeyCode::PageDown), control('d'), control('f')],
        MOVING,
        None,
        "a screen down"
    ),
    row!(
        "page-up",
        PageUp,
        [key(KeyCode::PageUp), control('u'), control('b')],
        MOVING,
        None,
        "a screen up"
    ),
    row!("first", First, [letter('g'), key(KeyCode::Home)], MOVING, None, "to the beginning"),
    row!("last", Last, [letter('G'), key(KeyCode::End)], MOVING, None, "to the end"),
    row!("redraw", Redraw, [control('l')], EVERYWHERE, None, "redraw the screen"),
    row!("leave", Quit, [control('c')], EVERYWHERE, None, "leave, from anywhere"),
    row!("shell", Shell, [control('z')], EVERYWHERE, None, "to the shell; fg comes back"),
];
