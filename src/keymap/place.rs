//! Where the keys go.

/// The places, and the list of all of them, which no place is missing from.
macro_rules! places {
    ($($(#[$doc:meta])* $name:ident,)*) => {
        /// Where the keys go.
        #[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
        pub enum Place {
            $($(#[$doc])* $name,)*
        }

        /// Every place there is.
        pub const EVERYWHERE: &[Place] = &[$(Place::$name,)*];
    };
}

places! {
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
    /// The documents among its details.
    Documents,
    /// What was done to it, among its details.
    Activity,
    /// The list of what is in the trash.
    Trash,
    /// The details of one organization in the trash.
    Trashed,
    /// The admins among the details of one in the trash: they stay as they are there.
    TrashedAdmins,
    /// A form.
    Form,
    /// A question before something is done to an organization.
    Question,
    /// The login.
    Login,
    /// The question whether the database is to be upgraded.
    Upgrade,
    /// A one-time code, shown once.
    Code,
    /// What is to be done is done to people who depend on it: it is confirmed with a key of its own.
    Production,
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
    /// Whether it is a tab of an organization's details.
    #[must_use]
    pub fn is_tab(self) -> bool {
        matches!(
            self,
            Self::Detail
                | Self::Admins
                | Self::Documents
                | Self::Activity
                | Self::Trashed
                | Self::TrashedAdmins
        )
    }

    /// Whether letters are text there.
    #[must_use]
    pub fn takes_text(self) -> bool {
        matches!(self, Self::Filter | Self::Form | Self::Question | Self::Login | Self::Palette)
    }
}
