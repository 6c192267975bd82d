//! What the protocol does so that nothing is lost. Each can be taken out, and then something is.

#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Mend {
    /// Whoever takes over puts a placeholder at the name of each earlier lease.
    Placeholder,
    /// A creation may have made more than one collection: one too many is dropped.
    ExtraDropped,
    /// A placeholder stays for as long as a command can be late or a console asleep.
    PlaceholdersStay,
    /// A placeholder refuses documents.
    Validator,
    /// Collections move through the name of the lease.
    TwoRenames,
    /// Commands name the collection by its UUID.
    Uuid,
    /// Only what has the name of a lease is dropped.
    DropByLease,
    /// The first document is written under the name of the lease.
    FirstInLease,
    /// A write to an admin needs the mark that was read, and leaves its own.
    AdminMarks,
    /// The lease was held after the marks were read.
    HeldAfterMarks,
    /// A new admin is hidden until its operation is settled.
    HiddenUntilSettled,
    /// Who goes to the trash while joining is shown by the restoration only.
    TrashEndsJoining,
    /// Only whom the record lists comes back from the trash.
    ListedRestored,
    /// A login is valid only if the record lists the admin.
    RecordLists,
    /// Recovery does not carry out what is not in the audit log.
    OnlyBegun,
    /// Who takes over fences also where it gives up.
    FenceGivingUp,
    /// The record says that it goes back, before the audit log does.
    NoteBeforeBack,
    /// After a lost answer a console goes on with a new lease only.
    NewLease,
    /// A console that lost its lease looks into the audit log, not at what the organization is like.
    AnswerByLog,
    /// Whoever never sent an entry says that nothing was done, whatever the audit log says by now.
    NeverSentNotDone,
    /// It reads the record first, and then the audit log.
    RecordBeforeLog,
    /// Nothing moves or goes that another record names as well.
    OneRecordEach,
    /// Connecting moves nothing.
    NothingOnConnecting,
}

/// All of them, but for those taken out.
#[derive(Clone, Copy, Debug, Default)]
pub struct Mends {
    out: u32,
}

impl Mends {
    pub const ALL: Self = Self { out: 0 };

    pub const fn without(mends: &[Mend]) -> Self {
        let (mut out, mut next) = (0, 0);
        while next < mends.len() {
            out |= 1 << mends[next] as u32;
            next += 1;
        }
        Self { out }
    }

    pub const fn has(self, mend: Mend) -> bool {
        self.out & (1 << mend as u32) == 0
    }
}
