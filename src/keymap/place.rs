//! Where the keys go.

/// The places, what is said of each in “Keys in …”, and the list of all of them, which no place is
/// missing from.
macro_rules! places {
    ($($(#[$doc:meta])* $name:ident: $words:literal,)*) => {
        /// Where the keys go.
        #[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
        pub enum Place {
            $($(#[$doc])* $name,)*
        }

        /// Every place there is.
        pub const EVERYWHERE: &[Place] = &[$(Place::$name,)*];

        impl Place {
            /// Where that is, as in “Keys in the list”.
            #[must_use]
            pub fn words(self) -> &'static str {
                match self {
                    $(Self::$name => $words,)*
                }
            }
        }
    };
}

places! {
    /// No database yet, or it was lost at the start.
    Unconnected: "without a database",
    /// The list of organizations.
    List: "in the list",
    /// The filter above the list, being typed.
    Filter: "in the filter",
    /// The details of one organization.
    Detail: "in the details",
    /// The admins among its details, one of them selected.
    Admins: "in the Admins tab",
    /// The documents among its details.
    Documents: "in the Documents tab",
    /// What was done to it, among its details.
    Activity: "in the Activity tab",
    /// The list of what is in the trash.
    Trash: "in the trash",
    /// The details of one organization in the trash.
    Trashed: "in the details, in the trash",
    /// The admins among the details of one in the trash: they stay as they are there.
    TrashedAdmins: "in the Admins tab, in the trash",
    /// A form.
    Form: "in the form",
    /// A question before something is done to an organization.
    Question: "in the question",
    /// The login.
    Login: "in the login",
    /// The question whether the database is to be upgraded.
    Upgrade: "in the upgrade",
    /// A one-time code, shown once.
    Code: "in the one-time code",
    /// What is to be done is done to people who depend on it: it is confirmed with a key of its own.
    Production: "before a change in production",
    /// The help: what can be done in the place below it.
    Help: "in the help",
    /// The same, being searched.
    Palette: "in the help",
    /// The topics of the manual.
    Topics: "in the manual",
    /// The same, being searched.
    TopicSearch: "in the manual",
    /// A page of it.
    Manual: "in the manual",
    /// What to copy.
    Copying: "while copying",
    /// All that was said.
    Log: "in the messages",
    /// The audit log.
    AuditLog: "in the audit log",
    /// Its filter, being typed.
    AuditFilter: "in the filter of the audit log",
    /// An entry of it, in full.
    AuditEntry: "in an entry of the audit log",
    /// The documents of an organization, on a screen of their own.
    AllDocuments: "among the documents",
    /// Their filter, being typed.
    DocumentFilter: "in the filter of the documents",
    /// One of them, in full.
    OneDocument: "in a document",
    /// One value of it, being typed.
    DocumentValue: "while a value is changed",
    /// The text of a document, being typed.
    DocumentEditor: "in the document editor",
    /// What a change of a document comes to, before it is written.
    DocumentChange: "before a document is saved",
    /// What someone else changed in it as well.
    DocumentConflict: "in a conflict of documents",
    /// The dashboard.
    Dashboard: "in the dashboard",
    /// The bulk operations of this session.
    Jobs: "in the jobs",
    /// One of them.
    Job: "in the job",
}

impl Place {
    /// Whether it is a tab of an organization's details.
    #[must_use]
    pub fn is_tab(self) -> bool {
        match self {
            Self::Detail
            | Self::Admins
            | Self::Documents
            | Self::Activity
            | Self::Trashed
            | Self::TrashedAdmins => true,
            Self::Unconnected
            | Self::List
            | Self::Filter
            | Self::Trash
            | Self::Form
            | Self::Question
            | Self::Login
            | Self::Upgrade
            | Self::Code
            | Self::Production
            | Self::Help
            | Self::Palette
            | Self::Topics
            | Self::TopicSearch
            | Self::Manual
            | Self::Copying
            | Self::Log
            | Self::AuditLog
            | Self::AuditFilter
            | Self::AuditEntry
            | Self::AllDocuments
            | Self::DocumentFilter
            | Self::OneDocument
            | Self::DocumentValue
            | Self::DocumentEditor
            | Self::DocumentChange
            | Self::DocumentConflict
            | Self::Dashboard
            | Self::Jobs
            | Self::Job => false,
        }
    }

    /// Whether letters are text there.
    #[must_use]
    pub fn takes_text(self) -> bool {
        match self {
            Self::Filter
            | Self::Form
            | Self::Question
            | Self::Login
            | Self::Palette
            | Self::TopicSearch
            | Self::AuditFilter
            | Self::DocumentFilter
            | Self::DocumentValue
            | Self::DocumentEditor => true,
            Self::Unconnected
            | Self::List
            | Self::Detail
            | Self::Admins
            | Self::Documents
            | Self::Activity
            | Self::Trash
            | Self::Trashed
            | Self::TrashedAdmins
            | Self::Upgrade
            | Self::Code
            | Self::Production
            | Self::Help
            | Self::Topics
            | Self::Manual
            | Self::Copying
            | Self::Log
            | Self::AuditLog
            | Self::AuditEntry
            | Self::AllDocuments
            | Self::OneDocument
            | Self::DocumentChange
            | Self::DocumentConflict
            | Self::Dashboard
            | Self::Jobs
            | Self::Job => false,
        }
    }
}
