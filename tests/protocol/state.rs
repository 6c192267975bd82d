//! What there is: one server with records, collections, admins and the audit log, two consoles, the
//! service before this one, and what really happened, against which the rest is held.
//!
//! Everything is small and `Copy`, since millions of these are looked at.

use crate::wrong::Wrong;

/// Organization 0 is there from the start, 1 and 2 are created by the consoles, 3 by the old service.
pub const ORGS: usize = 4;
pub const LEGACY: u8 = 3;
/// The first admin of an organization has its number; this one is another admin of organization 0.
pub const SECOND: u8 = 4;
pub const ADMINS: usize = 5;
/// How many names a customer can want.
pub const NAMES: u8 = 2;
/// Leases 1 to 3 are the first console's, the others the second's.
pub const LEASES: [std::ops::RangeInclusive<u8>; 2] = [1..=3, 4..=8];
const PLACES: usize = 2 + ORGS + 8;
/// The UUID that stands for those of all placeholders: nobody ever names one.
pub const PLACEHOLDER: u8 = 15;

/// A name that a collection can have.
pub const fn trash_name(org: u8) -> u8 {
    NAMES + org
}

/// The name that only this lease has.
pub const fn lease_name(lease: u8) -> u8 {
    NAMES + 3 + lease
}

/// Whether a lease has this name.
pub const fn is_lease_name(name: u8) -> bool {
    name >= lease_name(1)
}

pub const fn bit(number: u8) -> u8 {
    1 << number
}

/// The numbers of the bits that are set.
pub fn bits(mask: u8) -> impl Iterator<Item = u8> {
    (0..8).filter(move |number| mask & bit(*number) != 0)
}

#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub enum Kind {
    Create,
    Rename,
    Trash,
    Restore,
    Delete,
    Password,
    AddAdmin,
    RemoveAdmin,
    Suspend,
}

#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Hash)]
pub enum Life {
    #[default]
    Absent,
    Creating,
    Live,
    Trashed,
}

/// The journal in a record.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub struct Pending {
    pub lease: u8,
    /// Names the operation: the lease that it was reserved with.
    pub entry: u8,
    pub kind: Kind,
    /// From which name to which the collection goes.
    pub from: u8,
    pub to: u8,
    pub admin: u8,
    /// The UUID of the collection; 0 where a creation does not know it yet.
    pub uuid: u8,
    pub back: bool,
    pub earlier: Earlier,
}

/// The leases that an operation had before, four bits each, the newest lowest.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Hash)]
pub struct Earlier(u32);

impl Earlier {
    pub const fn with(self, lease: u8) -> Self {
        Self(self.0 << 4 | lease as u32)
    }

    pub const fn is_empty(self) -> bool {
        self.0 == 0
    }

    pub const fn newest(self) -> u8 {
        (self.0 & 15) as u8
    }

    pub const fn others(self) -> Self {
        Self(self.0 >> 4)
    }
}

/// A record in `organizations`.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Hash)]
pub struct Org {
    pub life: Life,
    /// The one to go back to, while it is in the trash.
    pub name: u8,
    pub revision: u8,
    pub suspended: bool,
    /// A bit for each admin that the record lists.
    pub listed: u8,
    /// A bit for each name it once had.
    pub former: u8,
    pub pending: Option<Pending>,
}

impl Org {
    pub fn claims(&self, name: u8) -> bool {
        self.life != Life::Absent
            && (self.name == name
                || self
                    .pending
                    .is_some_and(|p| p.kind == Kind::Rename && (p.from == name || p.to == name)))
    }
}

/// A document in `admins`.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Hash)]
pub struct Admin {
    pub exists: bool,
    pub org: u8,
    pub hidden: bool,
    pub joining: bool,
    /// Which operation set it.
    pub password: u8,
    /// Which lease last wrote to it.
    pub operation: u8,
}

/// What a console is about to do.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Hash)]
pub enum At {
    #[default]
    Idle,
    Reserve,
    Entry,
    First,
    FirstUuid,
    Out,
    In,
    Drop,
    ReadAdmins,
    WriteAdmin,
    Settle,
    Show,
    Lost,
    Take,
    Fence,
    FenceLook,
    FenceMove,
    FenceDrop,
    DropExtra,
    ReadMarks,
    Mark,
    Confirm,
    Decide,
    NoteBack,
    BackLook,
    BackMove,
    BackOut,
    BackDrop,
    BackAdmin,
    BackEntry,
    BackNote,
    BackSettle,
    AskRecord,
    AskLog,
    /// A repair of somebody's admin that is still joining.
    ShowFound,
}

/// A write on its way to the server.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub enum Command {
    Reserve { org: u8, revision: u8, pending: Pending },
    Entry(u8),
    TakenBack(u8),
    Insert { into: u8, org: u8 },
    Move { uuid: u8, from: u8, to: u8, org: u8, kind: Kind },
    Drop { uuid: u8, name: u8, org: u8 },
    Placeholder(u8),
    Admin { admin: u8, org: u8, read: u8, lease: u8, write: Write },
    Take { org: u8, old: u8, new: u8 },
    Confirm { org: u8, lease: u8 },
    NoteBack { org: u8, lease: u8 },
    Settle { org: u8, lease: u8 },
    Unset { org: u8, lease: u8 },
}

/// What a write does to an admin.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub enum Write {
    Insert,
    Hide,
    Unhide,
    Password(u8),
    Delete,
    Mark,
    Show,
}

#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub enum Reply {
    Done,
    /// No document or collection is as the command wants it.
    Refused,
    /// Something is already there.
    Exists,
}

#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Hash)]
pub struct Console {
    pub at: At,
    pub kind: Option<Kind>,
    /// Whether somebody waits here for the answer.
    pub own: bool,
    pub org: u8,
    pub admin: u8,
    pub from: u8,
    pub to: u8,
    pub entry: u8,
    pub lease: u8,
    pub revision: u8,
    pub uuid: u8,
    pub back: bool,
    /// Whether it has sent the operation's entry itself.
    pub began: bool,
    /// The leases still to be fenced.
    pub fences: Earlier,
    /// The admins still to be written to, a bit each.
    pub todo: u8,
    /// Where a creation goes on after its admin.
    pub then: At,
    /// The operation's admins that were found, a bit each, and the mark that each had.
    pub found: u8,
    pub marks: [u8; ADMINS],
    pub leases: u8,
    pub operations: u8,
    pub may_be_late: bool,
    pub late: Option<Command>,
}

/// What the service before this one is doing.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Hash)]
pub enum Legacy {
    #[default]
    Absent,
    Create {
        step: u8,
        name: u8,
    },
    Rename {
        step: u8,
        from: u8,
        to: u8,
    },
}

/// What really happened, a bit for each operation, admin or organization.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Hash)]
pub struct Truth {
    pub done: u8,
    pub told_done: u8,
    pub told_not_done: u8,
    /// Organizations whose own deletion has passed its point of no return.
    pub going: u8,
    pub created: u8,
    pub removed: u8,
    /// Which operation, of those settled, was the last to set the password.
    pub passwords: [u8; ADMINS],
    /// What a command did that must never be.
    pub broken: Option<Wrong>,
}

#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Hash)]
pub struct State {
    pub orgs: [Org; ORGS],
    /// The UUID of the collection with each name; 0 where there is none.
    pub places: [u8; PLACES],
    /// Whose documents are in each collection, a bit for each organization.
    pub documents: [u8; 8],
    pub admins: [Admin; ADMINS],
    /// Entries in the audit log, and those that say “taken back”: a bit for each operation.
    pub log: u8,
    pub log_back: u8,
    pub consoles: [Console; 2],
    pub legacy: Legacy,
    pub truth: Truth,
}

/// Operations are numbered by their leases, from 1 on.
pub const fn op_bit(entry: u8) -> u8 {
    bit(entry - 1)
}

impl State {
    pub fn uuid_at(&self, name: u8) -> u8 {
        self.places[usize::from(name)]
    }

    pub fn org(&self, org: u8) -> &Org {
        &self.orgs[usize::from(org)]
    }

    pub fn admin(&self, admin: u8) -> &Admin {
        &self.admins[usize::from(admin)]
    }

    /// Whose documents a collection has; none for a placeholder.
    pub fn documents_of(&self, uuid: u8) -> u8 {
        self.documents.get(usize::from(uuid)).copied().unwrap_or(0)
    }

    /// From where to where an operation that begins now moves the collection.
    pub fn way(&self, org: u8, kind: Kind, to: u8) -> (u8, u8) {
        let name = self.org(org).name;
        match kind {
            Kind::Create => (to, to),
            Kind::Rename => (name, to),
            Kind::Trash => (name, trash_name(org)),
            Kind::Restore => (trash_name(org), name),
            _ if self.org(org).life == Life::Trashed => (trash_name(org), trash_name(org)),
            _ => (name, name),
        }
    }
}
