//! What a key can mean.

use crate::org::{Authority, OperationKind};

/// What a key can mean. The words for each are in [`super::COMMANDS`].
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub enum Command {
    /// Move in what is shown.
    Move(Motion),
    /// Begin to filter.
    Filter,
    /// Sort by something else.
    Sort,
    /// Reverse the order.
    Reverse,
    /// Open the organization.
    Open,
    /// To the other pane.
    NextPane,
    /// Make the list narrower, and the details wider.
    NarrowList,
    /// Make the list wider.
    WidenList,
    /// Show or hide a column of the list.
    ToggleColumn(Column),
    /// The next tab of the details.
    NextTab,
    /// The previous tab of the details.
    PreviousTab,
    /// Create an organization.
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
    /// Transfer the organization to another owner.
    Transfer,
    /// Set a password with a one-time code.
    UseCode,
    /// Move the organization to the trash.
    Trash,
    /// Purge it, skipping the trash.
    Delete,
    /// Select it for what is done to several, or deselect it.
    Select,
    /// Select the rows from the cursor to wherever it moves, or keep them selected.
    SelectRange,
    /// Move, and select what is passed.
    Extend(Motion),
    /// Select all that match the filter.
    SelectAll,
    /// Select what is not selected, and deselect what is.
    InvertSelection,
    /// Suspend the organization, or reactivate it.
    Suspend,
    /// Export the organization to an archive.
    Export,
    /// Export what is about to be purged.
    ExportFirst,
    /// Show the trash, or the organizations again.
    ToggleTrash,
    /// Restore the organization from the trash.
    Restore,
    /// Purge it: delete it permanently, from the trash.
    Purge,
    /// Log in, or out.
    Login,
    /// Set up a second factor for one's logins.
    SecondFactor,
    /// Refresh.
    Refresh,
    /// Connect again.
    Retry,
    /// To the next field.
    NextField,
    /// To the previous field.
    PreviousField,
    /// The next field, or on the last one what [`Command::Submit`] does.
    Accept,
    /// Submit the form, or answer the question.
    Submit,
    /// Confirm it in production.
    Confirm,
    /// Generate a strong password.
    Generate,
    /// Show or hide the password.
    Reveal,
    /// Show or leave the help.
    Help,
    /// Show the manual.
    Manual,
    /// Find a command by its name.
    Palette,
    /// Run the selected command.
    Run,
    /// Ask what to copy.
    Copy,
    /// Copy something of the organization.
    CopyPart(OrgPart),
    /// Copy the e-mail of the admin that is selected.
    CopyAdmin,
    /// Copy the one-time code.
    CopyCode,
    /// Mail the one-time code.
    SendCode,
    /// Copy the password.
    CopyPassword,
    /// Undo what was done last.
    Undo,
    /// Show or close the messages.
    Log,
    /// Show or close the audit log.
    AuditLog,
    /// Show or close the dashboard.
    Dashboard,
    /// Open the documents of the organization on a screen of their own.
    BrowseDocuments,
    /// Do something with a document of the organization.
    Document(DocumentCommand),
    /// Copy the entry of the audit log.
    CopyEntry,
    /// Show or close the jobs.
    Jobs,
    /// End a job after the organization that is waited for.
    CancelJob,
    /// Upgrade the database, or see how far that is.
    Upgrade,
    /// Toggle mouse capture.
    Mouse,
    /// Cancel, close or leave.
    Back,
    /// Draw the whole screen anew.
    Redraw,
    /// Suspend to the shell.
    Shell,
    /// Quit.
    Quit,
}

/// What can be done with a document.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub enum DocumentCommand {
    /// Begin a new one.
    New,
    /// Edit it.
    Edit,
    /// Edit it in the person's own editor.
    EditOutside,
    /// Begin a new one with what is in it.
    Duplicate,
    /// Delete it.
    Delete,
    /// Copy it.
    Copy,
    /// Show the value that is selected in it whole, or no longer.
    View,
    /// Copy the value that is selected in it.
    CopyValue,
    /// Copy where that is.
    CopyPath,
    /// Unfold the document or array that is selected in it, or fold it.
    Toggle,
    /// Unfold that, or go into it.
    Unfold,
    /// Fold that, or go to what it is in.
    Fold,
    /// Unfold everything in it.
    UnfoldAll,
    /// Fold everything in it.
    FoldAll,
    /// Show documents as a table or as a list, or set up the columns of that table.
    Table(TableCommand),
}

/// What can be done with the table of documents.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub enum TableCommand {
    /// Show the table, or the list.
    Toggle,
    /// Select the next column.
    Next,
    /// Select the previous column.
    Previous,
    /// Move the column to the left.
    MoveLeft,
    /// Move the column to the right.
    MoveRight,
    /// Make the column narrower.
    Narrow,
    /// Make the column wider.
    Widen,
    /// Hide the column.
    Hide,
    /// Show all columns again, as they come.
    Reset,
}

impl DocumentCommand {
    /// Which operation it begins; none where it begins none.
    #[must_use]
    pub fn operation(self) -> Option<OperationKind> {
        match self {
            Self::New | Self::Duplicate => Some(OperationKind::InsertDocument),
            Self::Edit | Self::EditOutside => Some(OperationKind::ChangeDocument),
            Self::Delete => Some(OperationKind::DeleteDocument),
            Self::Copy
            | Self::View
            | Self::CopyValue
            | Self::CopyPath
            | Self::Toggle
            | Self::Unfold
            | Self::Fold
            | Self::UnfoldAll
            | Self::FoldAll
            | Self::Table(_) => None,
        }
    }
}

/// A column of the list that can be hidden. The name always shows.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub enum Column {
    /// Whether it is active or suspended.
    State,
    /// The e-mail of the first admin.
    Email,
    /// How many admins there are.
    Admins,
    /// How many documents it has.
    Documents,
    /// How many bytes those have.
    Size,
    /// How old the newest of them is.
    Newest,
    /// How old it is, or since when it is in the trash.
    Age,
}

impl Column {
    /// All of them, from left to right.
    pub const ALL: [Self; 7] = [
        Self::State,
        Self::Email,
        Self::Admins,
        Self::Documents,
        Self::Size,
        Self::Newest,
        Self::Age,
    ];

    /// Those that show only where they were asked for: the database is asked about each organization for them.
    pub const SIZES: [Self; 3] = [Self::Documents, Self::Size, Self::Newest];

    /// What it is called, where the choice is kept and in words.
    #[must_use]
    pub fn word(self) -> &'static str {
        match self {
            Self::State => "state",
            Self::Email => "e-mail",
            Self::Admins => "admins",
            Self::Documents => "documents",
            Self::Size => "size",
            Self::Newest => "newest",
            Self::Age => "age",
        }
    }
}

/// What can be copied of an organization.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub enum OrgPart {
    /// The name.
    Name,
    /// The id.
    Id,
    /// The admin's e-mail.
    Email,
    /// Everything that is known of it.
    Json,
    /// How to connect to it.
    Connection,
}

/// Where a command moves to in what is shown.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub enum Motion {
    /// One down.
    Down,
    /// One up.
    Up,
    /// A page down.
    PageDown,
    /// A page up.
    PageUp,
    /// To the top.
    First,
    /// To the bottom.
    Last,
}

impl Motion {
    /// Whether it goes by as many lines as show.
    #[must_use]
    pub fn turns_page(self) -> bool {
        match self {
            Self::PageDown | Self::PageUp => true,
            Self::Down | Self::Up | Self::First | Self::Last => false,
        }
    }

    /// By how many lines, where so many show at once.
    #[must_use]
    pub fn steps(self, screen: usize) -> isize {
        let screen = isize::try_from(screen).unwrap_or(isize::MAX);
        match self {
            Self::Down => 1,
            Self::Up => -1,
            Self::PageDown => screen,
            Self::PageUp => -screen,
            Self::First => isize::MIN,
            Self::Last => isize::MAX,
        }
    }
}

impl Command {
    /// Which operation it begins; none where it begins none, or one that depends on what was done last.
    #[must_use]
    pub fn operation(self) -> Option<OperationKind> {
        match self {
            Self::New => Some(OperationKind::Create),
            Self::Edit => Some(OperationKind::Update),
            Self::AddAdmin => Some(OperationKind::AddAdmin),
            Self::EditAdmin => Some(OperationKind::ChangeAdmin),
            Self::IssueCode => Some(OperationKind::IssueCode),
            Self::RemoveAdmin => Some(OperationKind::RemoveAdmin),
            Self::Transfer => Some(OperationKind::Transfer),
            Self::UseCode => Some(OperationKind::RedeemCode),
            Self::Trash => Some(OperationKind::Trash),
            Self::Delete => Some(OperationKind::Delete),
            Self::Suspend => Some(OperationKind::Suspend),
            Self::Export | Self::ExportFirst => Some(OperationKind::Export),
            Self::Restore => Some(OperationKind::Restore),
            Self::Purge => Some(OperationKind::Purge),
            Self::Login => Some(OperationKind::LogIn),
            Self::SecondFactor => Some(OperationKind::ChangeOperator),
            Self::Upgrade => Some(OperationKind::Upgrade),
            Self::Document(command) => command.operation(),
            Self::Move(_)
            | Self::Filter
            | Self::Sort
            | Self::Reverse
            | Self::Open
            | Self::NextPane
            | Self::NarrowList
            | Self::WidenList
            | Self::ToggleColumn(_)
            | Self::NextTab
            | Self::PreviousTab
            | Self::Select
            | Self::SelectRange
            | Self::Extend(_)
            | Self::SelectAll
            | Self::InvertSelection
            | Self::Jobs
            | Self::CancelJob
            | Self::ToggleTrash
            | Self::Refresh
            | Self::Retry
            | Self::NextField
            | Self::PreviousField
            | Self::Accept
            | Self::Submit
            | Self::Confirm
            | Self::Generate
            | Self::Reveal
            | Self::Help
            | Self::Manual
            | Self::Palette
            | Self::Run
            | Self::Copy
            | Self::CopyPart(_)
            | Self::CopyAdmin
            | Self::CopyCode
            | Self::SendCode
            | Self::CopyPassword
            | Self::Undo
            | Self::Log
            | Self::AuditLog
            | Self::Dashboard
            | Self::BrowseDocuments
            | Self::CopyEntry
            | Self::Mouse
            | Self::Back
            | Self::Redraw
            | Self::Shell
            | Self::Quit => None,
        }
    }

    /// Whether it is only ever done to one organization, since it needs a login of its own for each, or
    /// what is typed.
    #[must_use]
    pub fn is_for_one(self) -> bool {
        match self {
            Self::Edit => true,
            // What is done to an admin is done to the one that is selected, whatever else is.
            Self::AddAdmin
            | Self::RemoveAdmin
            | Self::Transfer
            | Self::EditAdmin
            | Self::UseCode
            | Self::Login
            | Self::SecondFactor => false,
            command => command.operation().is_some_and(|operation| match operation.authority() {
                Authority::Owner
                | Authority::Manager
                | Authority::Account
                | Authority::Password => true,
                Authority::Operator | Authority::Admin | Authority::Code => false,
            }),
        }
    }

    /// Whether it takes an organization, an admin or a document away.
    #[must_use]
    pub fn is_dangerous(self) -> bool {
        self.operation().is_some_and(|operation| operation.is_dangerous())
    }

    /// Whether it ends in writing something: where only reading is possible it is refused at once.
    #[must_use]
    pub fn writes(self) -> bool {
        match self {
            Self::Undo => true,
            // These say by themselves why they cannot be.
            Self::Login | Self::SecondFactor | Self::UseCode | Self::Upgrade => false,
            command => command.operation().is_some_and(|operation| operation.writes()),
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::keymap::COMMANDS;

    #[test]
    fn whatever_begins_an_operation_that_writes_is_refused_where_only_reading_is_possible() {
        let refused: Vec<Command> =
            COMMANDS.iter().map(|row| row.command).filter(|command| command.writes()).collect();
        for command in [
            Command::New,
            Command::Edit,
            Command::Trash,
            Command::Delete,
            Command::Suspend,
            Command::Restore,
            Command::Purge,
            Command::AddAdmin,
            Command::EditAdmin,
            Command::IssueCode,
            Command::RemoveAdmin,
            Command::Transfer,
            Command::Export,
            Command::ExportFirst,
            Command::Undo,
        ] {
            assert!(refused.contains(&command), "{command:?}");
        }
        assert_eq!(refused.len(), 22, "{refused:?}");
    }

    #[test]
    fn what_needs_a_login_or_what_is_typed_is_for_one() {
        let for_one: Vec<Command> =
            COMMANDS.iter().map(|row| row.command).filter(|command| command.is_for_one()).collect();
        assert_eq!(for_one.len(), 4, "{for_one:?}");
        for command in [Command::Edit, Command::Trash, Command::Delete, Command::Purge] {
            assert!(for_one.contains(&command), "{command:?}");
        }
    }
}
