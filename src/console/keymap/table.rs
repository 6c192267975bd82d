//! The one table of commands: what each is called, what it does in words, its keys when nobody chose
//! others, and where it works.

use crossterm::event::KeyCode;

use super::key::{Key, control, key, letter};

/// Where the keys go.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub enum Place {
    /// No database yet, or it was lost at the start.
    Unconnected,
    /// The list of organizations.
    List,
    /// The filter above the list, being typed.
    Filter,
    /// The details of one organization.
    Detail,
    /// The admins among its details, one of them selected.
    Admins,
    /// The list of what is in the trash.
    Trash,
    /// The details of one organization in the trash.
    Trashed,
    /// A form.
    Form,
    /// A question before something is done to an organization.
    Question,
    /// The login.
    Login,
    /// A one-time code, shown once.
    Code,
    /// The help: what can be done in the place below it.
    Help,
    /// The same, being searched.
    Palette,
    /// What to copy.
    Copying,
    /// All that was said.
    Log,
}

impl Place {
    /// Whether letters are text there.
    #[must_use]
    pub fn takes_text(self) -> bool {
        matches!(self, Self::Filter | Self::Form | Self::Question | Self::Login | Self::Palette)
    }
}

use Place::{
    Admins, Code, Copying, Detail, Filter, Form, Help, List, Log, Login, Palette, Question, Trash,
    Trashed, Unconnected,
};

/// Every place there is.
pub const EVERYWHERE: &[Place] = &[
    Unconnected,
    List,
    Filter,
    Detail,
    Admins,
    Trash,
    Trashed,
    Form,
    Question,
    Login,
    Code,
    Help,
    Palette,
    Copying,
    Log,
];
const BROWSING: &[Place] = &[List, Detail, Admins, Trash, Trashed];
/// Where organizations are that are not in the trash.
const LIVE: &[Place] = &[List, Detail, Admins];
/// Where what is selected is one of them.
const ONE: &[Place] = &[List, Detail];
const IN_TRASH: &[Place] = &[Trash, Trashed];
const MOVING: &[Place] = &[List, Detail, Admins, Trash, Trashed, Help, Log];
const FIELDS: &[Place] = &[Form, Login, Question];
/// Where everything that can be done can be looked up.
const OPEN: &[Place] = &[Unconnected, List, Detail, Admins, Trash, Trashed];

/// What a key can mean. The words for each are in [`COMMANDS`].
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub enum Command {
    /// One down.
    Down,
    /// One up.
    Up,
    /// A screen down.
    PageDown,
    /// A screen up.
    PageUp,
    /// To the beginning.
    First,
    /// To the end.
    Last,
    /// Begin to filter.
    Filter,
    /// Sort by something else.
    Sort,
    /// Sort the other way round.
    Reverse,
    /// Look into the organization.
    Open,
    /// To the other pane.
    NextPane,
    /// The next tab of the details.
    NextTab,
    /// The previous tab of the details.
    PreviousTab,
    /// Make an organization.
    New,
    /// Change the organization.
    Edit,
    /// Add an admin.
    AddAdmin,
    /// Change the admin.
    EditAdmin,
    /// Issue a one-time code for the admin.
    IssueCode,
    /// Remove the admin.
    RemoveAdmin,
    /// Set a password with a one-time code.
    UseCode,
    /// Move the organization to the trash.
    Trash,
    /// Remove it at once, past the trash.
    Delete,
    /// Suspend the organization, or reactivate it.
    Suspend,
    /// Show the trash, or the organizations again.
    Shelf,
    /// Bring the organization back from the trash.
    Restore,
    /// Remove it from the trash, for good.
    Purge,
    /// Log in, or out.
    Login,
    /// Read everything again.
    Refresh,
    /// Connect again.
    Retry,
    /// To the next field.
    NextField,
    /// To the previous field.
    PreviousField,
    /// On: the next field, or at the last one what [`Command::Submit`] does.
    Accept,
    /// Do what the form or question is for.
    Submit,
    /// Make a strong password.
    Generate,
    /// Show or hide the password.
    Reveal,
    /// Show or leave the help.
    Help,
    /// Look for a command by what it is called.
    Palette,
    /// Do what is selected.
    Run,
    /// Ask what to copy.
    Copy,
    /// Copy the name.
    CopyName,
    /// Copy the id.
    CopyId,
    /// Copy the admin's e-mail.
    CopyEmail,
    /// Copy everything that is known of it.
    CopyJson,
    /// Copy how to connect to it.
    CopyConnection,
    /// Take back what was done last.
    Undo,
    /// Show or leave what was said.
    Log,
    /// Give the mouse to the terminal, or take it again.
    Mouse,
    /// Leave what is on top, or stop waiting.
    Back,
    /// Leave to the shell for a while.
    Shell,
    /// Leave.
    Quit,
}

impl Command {
    /// Whether it ends in writing something: where only reading is possible it is refused at once.
    #[must_use]
    pub fn writes(self) -> bool {
        matches!(
            self,
            Self::New
                | Self::Edit
                | Self::Trash
                | Self::Delete
                | Self::Suspend
                | Self::Restore
                | Self::Purge
                | Self::AddAdmin
                | Self::EditAdmin
                | Self::IssueCode
                | Self::RemoveAdmin
                | Self::Undo
        )
    }
}

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
    row!("new", New, [letter('n')], LIVE, Some("new"), "make an organization"),
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
        BROWSING,
        Some("filter"),
        "show only organizations whose name or e-mail has …"
    ),
    row!("sort", Sort, [letter('o')], BROWSING, Some("sort"), "sort by name, age, e-mail"),
    row!("reverse", Reverse, [letter('O')], BROWSING, None, "sort the other way round"),
    row!(
        "open",
        Open,
        [key(KeyCode::Enter)],
        &[List, Trash],
        Some("open"),
        "look into the organization"
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
        LIVE,
        Some("suspend"),
        "suspend it: nobody can log in; or reactivate it"
    ),
    row!("login", Login, [letter('L')], LIVE, Some("log in"), "log in as an admin, or out"),
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
        BROWSING,
        Some("copy"),
        "copy its name, id, e-mail, JSON or connection string"
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
    row!(
        "generate",
        Generate,
        [control('g')],
        &[Form],
        Some("make a password"),
        "make a strong password and show it once"
    ),
    row!("reveal", Reveal, [control('r')], FIELDS, Some("show"), "show or hide the password"),
    row!(
        "use-code",
        UseCode,
        [control('o')],
        &[Login],
        Some("use a code"),
        "set a new password with a one-time code"
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
        "stop waiting; leave what is on top, filter, trash"
    ),
    row!(
        "help",
        Help,
        [letter('?')],
        &[Unconnected, List, Detail, Admins, Trash, Trashed, Help],
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
        &[Filter, Form, Question, Login, Code],
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
        [key(KeyCode::PageDown), control('d')],
        MOVING,
        None,
        "a screen down"
    ),
    row!("page-up", PageUp, [key(KeyCode::PageUp), control('u')], MOVING, None, "a screen up"),
    row!("first", First, [letter('g'), key(KeyCode::Home)], MOVING, None, "to the beginning"),
    row!("last", Last, [letter('G'), key(KeyCode::End)], MOVING, None, "to the end"),
    row!("leave", Quit, [control('c')], EVERYWHERE, None, "leave, from anywhere"),
    row!("shell", Shell, [control('z')], EVERYWHERE, None, "to the shell; fg comes back"),
];
