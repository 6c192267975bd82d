//! What can be wrong.

/// A promise that was broken.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub enum Wrong {
    /// Somebody was told “done”, and it was not.
    SaidDone,
    /// Somebody was told “not done”, and it was.
    SaidNotDone,
    /// There is no document of an admin whom a record lists.
    AdminGone,
    /// A removed admin can log in, or use a session or a code.
    RemovedIsValid,
    /// The old service finds an admin whom no record lists.
    UnlistedIsSeen,
    /// An admin whom no record lists stays hidden, and is not taken for what came too late.
    UnlistedStays,
    /// The admin of a living organization is hidden.
    LivingIsHidden,
    /// The old service finds an admin of what is in the trash.
    TrashedIsSeen,
    /// The password is not the last one that was settled.
    OldPassword,
    /// An operation stays under way for ever.
    NeverSettled,
    /// The documents of an organization are not where its record says.
    NotWhereRecorded,
    /// A placeholder is where an organization's documents belong.
    PlaceholderInPlace,
    /// Documents are at a name that the record of their organization does not have.
    ForeignName,
    /// A document was written into a placeholder.
    WrittenIntoPlaceholder,
    /// Another organization's documents were moved.
    ForeignMoved,
    /// Another organization's documents were dropped.
    ForeignDropped,
    /// Documents were dropped before the point of no return of their own deletion.
    DroppedTooSoon,
    /// A deletion was taken back after its point of no return.
    BackTooLate,
}
