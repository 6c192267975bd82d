//! The one table of commands: what each does, its keys, and where it works. Key handling, the footer
//! and the help are all made from it.

use crossterm::event::{KeyCode, KeyEvent, KeyEventKind, KeyModifiers};

/// Where the keys go.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
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
    /// The help.
    Help,
}

impl Place {
    /// Whether letters are text there.
    #[must_use]
    pub fn takes_text(self) -> bool {
        matches!(self, Self::Filter | Self::Form | Self::Question | Self::Login)
    }
}

use Place::{
    Admins, Code, Detail, Filter, Form, Help, List, Login, Question, Trash, Trashed, Unconnected,
};

const EVERYWHERE: &[Place] =
    &[Unconnected, List, Filter, Detail, Admins, Trash, Trashed, Form, Question, Login, Code, Help];
const BROWSING: &[Place] = &[List, Detail, Admins, Trash, Trashed];
/// Where organizations are that are not in the trash.
const LIVE: &[Place] = &[List, Detail, Admins];
/// Where what is selected is one of them.
const ONE: &[Place] = &[List, Detail];
const IN_TRASH: &[Place] = &[Trash, Trashed];
const MOVING: &[Place] = &[List, Detail, Admins, Trash, Trashed, Help];

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
        )
    }
}

/// A row of the table.
#[derive(Debug)]
pub struct Row {
    /// What it is.
    pub command: Command,
    /// Its keys, as people write them; the first is the one the footer shows.
    pub keys: &'static [Key],
    /// Where it works.
    pub places: &'static [Place],
    /// The word in the footer; none for what everybody knows or seldom needs.
    pub hint: Option<&'static str>,
    /// What it does, in the help.
    pub does: &'static str,
}

/// A key with its modifiers.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Key {
    code: KeyCode,
    control: bool,
}

const fn key(code: KeyCode) -> Key {
    Key { code, control: false }
}

const fn letter(character: char) -> Key {
    key(KeyCode::Char(character))
}

const fn control(character: char) -> Key {
    Key { code: KeyCode::Char(character), control: true }
}

impl Key {
    /// Whether an event is this key. A letter's shift is in its case already.
    fn is(self, event: &KeyEvent) -> bool {
        let control = event.modifiers.contains(KeyModifiers::CONTROL);
        // Esc and ^c in one read arrive as one key with Alt; ^c ends the console all the same.
        let alt = event.modifiers.intersects(KeyModifiers::ALT | KeyModifiers::META);
        event.code == self.code && control == self.control && (control || !alt)
    }

    /// How people write it: `^d`, `enter`, `↓`.
    #[must_use]
    pub fn words(self) -> String {
        let name = match self.code {
            KeyCode::Char(' ') => "space".to_owned(),
            KeyCode::Char(character) => character.to_string(),
            KeyCode::Up => "↑".to_owned(),
            KeyCode::Down => "↓".to_owned(),
            KeyCode::Left => "←".to_owned(),
            KeyCode::Right => "→".to_owned(),
            KeyCode::PageUp => "PgUp".to_owned(),
            KeyCode::PageDown => "PgDn".to_owned(),
            KeyCode::BackTab => "shift-tab".to_owned(),
            other => format!("{other:?}").to_lowercase(),
        };
        if self.control { format!("^{name}") } else { name }
    }
}

macro_rules! row {
    ($command:ident, $keys:expr, $places:expr, $hint:expr, $does:expr) => {
        Row { command: Command::$command, keys: &$keys, places: $places, hint: $hint, does: $does }
    };
}

/// All commands, in the order of footer and help: what changes something first, how to move last, since
/// everybody finds that and a small screen shows the first rows only.
pub const COMMANDS: &[Row] = &[
    row!(
        Retry,
        [letter('r'), key(KeyCode::Enter)],
        &[Unconnected],
        Some("try again"),
        "connect to the database again"
    ),
    row!(
        AddAdmin,
        [letter('a')],
        &[Admins],
        Some("add"),
        "add an admin with a one-time code (needs an owner's login)"
    ),
    row!(
        EditAdmin,
        [letter('e')],
        &[Admins],
        Some("edit"),
        "change the admin's e-mail or role, or your own password"
    ),
    row!(
        IssueCode,
        [letter('c')],
        &[Admins],
        Some("code"),
        "issue a one-time code: the admin sets a new password with it"
    ),
    row!(
        RemoveAdmin,
        [letter('x'), letter('d')],
        &[Admins],
        Some("remove"),
        "remove the admin (needs an owner's login)"
    ),
    row!(New, [letter('n')], LIVE, Some("new"), "make an organization"),
    row!(Edit, [letter('e')], ONE, Some("edit"), "change its name, its admin's e-mail or password"),
    row!(
        Trash,
        [letter('d')],
        ONE,
        Some("delete"),
        "move it to the trash (needs an owner's login)"
    ),
    row!(Delete, [letter('D')], ONE, None, "delete it for good (needs an owner's login)"),
    row!(Restore, [letter('R')], IN_TRASH, Some("restore"), "bring it back with everything it had"),
    row!(
        Purge,
        [letter('d'), letter('D')],
        IN_TRASH,
        Some("purge"),
        "delete it for good (needs an owner's login)"
    ),
    row!(
        Filter,
        [letter('/')],
        BROWSING,
        Some("filter"),
        "show only organizations whose name or e-mail has …"
    ),
    row!(Sort, [letter('o')], BROWSING, Some("sort"), "sort by name, age, e-mail"),
    row!(Reverse, [letter('O')], BROWSING, None, "sort the other way round"),
    row!(Open, [key(KeyCode::Enter)], &[List, Trash], Some("open"), "look into the organization"),
    row!(
        Shelf,
        [letter('t')],
        BROWSING,
        Some("trash"),
        "show the trash, or the organizations again"
    ),
    row!(
        Suspend,
        [letter('s')],
        LIVE,
        Some("suspend"),
        "suspend it: nobody can log in; or reactivate it"
    ),
    row!(Login, [letter('L')], LIVE, Some("log in"), "log in as an admin, or out"),
    row!(NextPane, [key(KeyCode::Tab)], BROWSING, None, "to the other pane"),
    row!(
        NextTab,
        [key(KeyCode::Right), letter('l')],
        BROWSING,
        None,
        "the next tab of the details"
    ),
    row!(
        PreviousTab,
        [key(KeyCode::Left), letter('h')],
        BROWSING,
        None,
        "the previous tab of the details"
    ),
    row!(Refresh, [letter('r')], BROWSING, None, "read everything again"),
    row!(
        Accept,
        [key(KeyCode::Enter)],
        &[Filter],
        Some("keep"),
        "keep the filter and go back to the list"
    ),
    row!(Down, [key(KeyCode::Down)], &[Filter], None, "down"),
    row!(Up, [key(KeyCode::Up)], &[Filter], None, "up"),
    row!(
        Accept,
        [key(KeyCode::Enter)],
        &[Form, Login, Question],
        Some("next"),
        "the next field; at the last one, do it"
    ),
    row!(Submit, [control('s')], &[Form, Login, Question], Some("do it"), "do it"),
    row!(
        NextField,
        [key(KeyCode::Tab), key(KeyCode::Down)],
        &[Form, Login, Question],
        None,
        "to the next field"
    ),
    row!(
        PreviousField,
        [key(KeyCode::BackTab), key(KeyCode::Up)],
        &[Form, Login, Question],
        None,
        "to the previous field"
    ),
    row!(
        Generate,
        [control('g')],
        &[Form],
        Some("make a password"),
        "make a strong password and show it once"
    ),
    row!(
        Reveal,
        [control('r')],
        &[Form, Login, Question],
        Some("show"),
        "show or hide the password"
    ),
    row!(
        UseCode,
        [control('o')],
        &[Login],
        Some("use a code"),
        "set a new password with a one-time code"
    ),
    row!(
        Back,
        [key(KeyCode::Enter)],
        &[Code],
        Some("done"),
        "leave the code, which is not shown again"
    ),
    row!(
        Back,
        [key(KeyCode::Esc)],
        EVERYWHERE,
        Some("back"),
        "stop waiting; leave what is on top, filter, trash"
    ),
    row!(
        Help,
        [letter('?')],
        &[Unconnected, List, Detail, Admins, Trash, Trashed, Help],
        Some("help"),
        "show or leave this help"
    ),
    row!(
        Quit,
        [letter('q')],
        &[Unconnected, List, Detail, Admins, Trash, Trashed],
        Some("quit"),
        "leave"
    ),
    row!(Back, [letter('q')], &[Help], None, "leave the help"),
    row!(Down, [letter('j'), key(KeyCode::Down)], MOVING, None, "down"),
    row!(Up, [letter('k'), key(KeyCode::Up)], MOVING, None, "up"),
    row!(PageDown, [key(KeyCode::PageDown), control('d')], MOVING, None, "a screen down"),
    row!(PageUp, [key(KeyCode::PageUp), control('u')], MOVING, None, "a screen up"),
    row!(First, [letter('g'), key(KeyCode::Home)], MOVING, None, "to the beginning"),
    row!(Last, [letter('G'), key(KeyCode::End)], MOVING, None, "to the end"),
    row!(Quit, [control('c')], EVERYWHERE, None, "leave, from anywhere"),
    row!(Shell, [control('z')], EVERYWHERE, None, "to the shell; fg comes back"),
];

/// What a key means in a place; none when it is text, or nothing.
#[must_use]
pub fn command(place: Place, event: &KeyEvent) -> Option<Command> {
    if event.kind == KeyEventKind::Release {
        return None;
    }
    rows(place).find(|row| row.keys.iter().any(|key| key.is(event))).map(|row| row.command)
}

/// The commands that work in a place.
pub fn rows(place: Place) -> impl Iterator<Item = &'static Row> {
    COMMANDS.iter().filter(move |row| row.places.contains(&place))
}

#[cfg(test)]
mod tests;
