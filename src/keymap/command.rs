//! What a key can mean.

/// What a key can mean. The words for each are in [`super::COMMANDS`].
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
    /// Mark it, or take its mark away.
    Mark,
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
    /// Do it in production too.
    Confirm,
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
    /// Copy the e-mail of the admin that is selected.
    CopyAdmin,
    /// Copy the one-time code.
    CopyCode,
    /// Copy the password.
    CopyPassword,
    /// Copy everything that is known of it.
    CopyJson,
    /// Copy how to connect to it.
    CopyConnection,
    /// Take back what was done last.
    Undo,
    /// Show or leave what was said.
    Log,
    /// Upgrade the database, or see how far that is.
    Upgrade,
    /// Give the mouse to the terminal, or take it again.
    Mouse,
    /// Leave what is on top, or stop waiting.
    Back,
    /// Draw the whole screen anew.
    Redraw,
    /// Leave to the shell for a while.
    Shell,
    /// Leave.
    Quit,
}

impl Command {
    /// Whether it is only ever done to one organization, since it needs a login of its own for each, or
    /// what is typed.
    #[must_use]
    pub fn is_for_one(self) -> bool {
        matches!(self, Self::Edit | Self::Trash | Self::Delete | Self::Purge)
    }

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
