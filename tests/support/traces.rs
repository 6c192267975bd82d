//! The most dangerous ways in which the protocol that fences an operation could go wrong. The model
//! (`tests/protocol`) finds each where what keeps it off is taken out, and the real server is led each
//! of them (`tests/crash/traces.rs`). Neither compiles where one of them is left out.

#![allow(dead_code)] // The model needs no words.

/// One way after the other: which operation, which command of it is held up, what happens meanwhile,
/// and what must not be when it arrives.
macro_rules! traces {
    ($($name:ident: $operation:literal, $held:literal, $meanwhile:literal, $wrong:literal;)*) => {
        /// A way that begins with an operation of A, of which one command is held up. “B” is another
        /// console that finds the lease run out, unless A goes on with a new lease, which comes to the
        /// same.
        #[derive(Clone, Copy, Debug, PartialEq, Eq)]
        pub enum Trace {
            $(
                #[doc = concat!($operation, " | ", $held, " | ", $meanwhile, " | ", $wrong)]
                $name,
            )*
        }

        impl Trace {
            pub const ALL: &[Self] = &[$(Self::$name),*];

            /// It in words.
            pub fn words(self) -> &'static str {
                match self {
                    $(
                        Self::$name => concat!(
                            $operation, ": ", $held, " is held up; ", $meanwhile, "; then ", $wrong
                        ),
                    )*
                }
            }
        }
    };
}

traces! {
    DropAfterNewCustomer: "delete, purge", "drop",
        "B finishes, a new customer of the same name is created", "its collection is gone";
    DeletionAfterSameName: "delete, purge", "rename to the lease",
        "B finishes or takes back, same name again", "any collection at that name moves";
    DropOfPlaceholder: "delete, purge", "drop",
        "B has moved the collection on to its own lease", "the placeholder is gone";
    RenameAfterSameName: "rename", "first rename",
        "B finishes, same name again, ours goes to the trash", "the new customer's collection moves";
    RenameAfterBack: "rename", "first rename",
        "B finishes, renamed back (same UUID)", "the living collection moves";
    SecondRename: "rename", "second rename",
        "B takes over and finishes or takes back", "a placeholder, or the collection, is at `to`";
    SettlingAfterBack: "rename", "settling write",
        "B settles, renamed back", "the record has the name again";
    TrashGivenUp: "trash", "first rename",
        "B gives up (not begun when B looked, begun when A acts)", "the living collection moves";
    TrashAfterRestore: "trash", "first or second rename",
        "B finishes, restored (same UUID)", "the documents are in the trash";
    HidingAfterRestore: "trash", "hiding the admin",
        "B finishes, restored", "a living organization's admin is hidden";
    TrashAsleep: "trash", "nothing, but A sleeps before it reads the mark: it",
        "B finishes, restored", "the admin is hidden, by the mark of the restoration";
    RestoreAfterTrash: "restore", "first rename",
        "B finishes, to the trash again", "the documents are out of the trash";
    ShowingAfterTrash: "restore", "showing the admin",
        "B finishes, to the trash again", "the old service finds the admin";
    FirstDocumentFinished: "create", "first document",
        "B takes over and finishes", "a second collection, or a document in the customer's";
    FirstDocumentTakenBack: "create", "first document",
        "B takes back, same name by another", "a foreign first document";
    CreationMoves: "create", "second rename",
        "B takes back, same name by another", "a placeholder or foreign first document at the name";
    TwoCollections: "create", "first document (it arrives before B fences)",
        "A, slow, has a second lease and B a third", "one collection is left at a name without record";
    NewAdminTakenBack: "create", "inserting the admin",
        "B takes back", "the old service finds it";
    RemovedAdminInserted: "admin add", "inserting the admin",
        "B finishes, the admin is removed", "it is valid, or the old service finds it";
    GivenUpAdminRestored: "admin add", "inserting the admin",
        "B takes back, to the trash, restored", "the restoration shows it";
    ShowingAfterSettling: "admin add", "showing the admin",
        "settled, removed, or to the trash", "the old service finds it";
    RemovalTakenBack: "admin remove", "deleting the admin",
        "B takes back", "a listed admin is gone";
    OlderPassword: "password", "the update",
        "B finishes, a second password", "the first one holds";
    PasswordAsleep: "password", "nothing, but A sleeps before it reads the mark: it",
        "B finishes, a second password", "the first one holds";
    Reservation: "any", "reservation",
        "A asks, it arrives, B gives it up", "A says “done”";
    Entry: "any", "entry in the audit log",
        "B gives up (also: and stops half-way)", "it is carried out, or A says “done”";
    TakingOver: "any", "taking over",
        "another takes over", "both act";
    AnswerOfSettling: "any", "settling write, or its answer only,",
        "B finds it done", "A says “not done”";
}
