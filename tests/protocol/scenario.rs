//! What is searched: where it starts, who may do what, and how far.

use std::slice;

use crate::{
    mends::Mends,
    search::Model,
    state::{Admin, Kind, Legacy, Life, Org, SECOND, State, bit, trash_name},
    wrong::Wrong,
};

const COLLECTIONS: &[Kind] =
    &[Kind::Create, Kind::Rename, Kind::Trash, Kind::Restore, Kind::Delete];
const ADMINS: &[Kind] = &[
    Kind::Password,
    Kind::AddAdmin,
    Kind::RemoveAdmin,
    Kind::Trash,
    Kind::Restore,
    Kind::Delete,
    Kind::Suspend,
];

/// How far the two consoles go.
#[derive(Clone, Copy)]
pub struct Bounds {
    /// How many operations each begins.
    pub operations: [u8; 2],
    /// Whether one command of each may be late.
    pub late: [bool; 2],
    /// Whether each takes over what the other left.
    pub takes_over: [bool; 2],
    /// How many leases each can have, with those of its own operations.
    pub leases: [u8; 2],
}

/// One late command of A, which B takes over; then B begins any two operations.
pub const FOLLOWED: Bounds =
    Bounds { operations: [1, 2], late: [true, false], takes_over: [false, true], leases: [2, 4] };
/// One late command of each, each taking over from the other.
pub const RIVALS: Bounds =
    Bounds { operations: [1, 0], late: [true, true], takes_over: [true, true], leases: [2, 2] };
/// As these, but further.
pub const FURTHER: [Bounds; 3] = [
    Bounds { operations: [1, 1], late: [true, true], takes_over: [false, true], leases: [2, 3] },
    Bounds { operations: [1, 0], late: [true, true], takes_over: [true, true], leases: [3, 3] },
    Bounds { operations: [1, 1], late: [false, true], takes_over: [true, true], leases: [3, 3] },
];

/// What A begins, and with which organization.
#[derive(Clone, Copy, Debug)]
pub struct Scenario {
    pub kind: Kind,
    pub life: Life,
    /// Whether collections are looked at, or else admins.
    pub collections: bool,
    /// Whether the organization has a second admin.
    pub second: bool,
    pub legacy: Legacy,
}

impl Scenario {
    pub const fn collections(kind: Kind, life: Life) -> Self {
        Self { kind, life, collections: true, second: false, legacy: Legacy::Absent }
    }

    pub const fn admins(kind: Kind, life: Life) -> Self {
        let second = matches!(kind, Kind::RemoveAdmin);
        Self { kind, life, collections: false, second, legacy: Legacy::Absent }
    }

    /// All there are about collections, or about admins.
    pub fn all(collections: bool) -> Vec<Self> {
        let mut all = Vec::new();
        for &kind in if collections { COLLECTIONS } else { ADMINS } {
            for life in [Life::Live, Life::Trashed] {
                let fits = match life {
                    Life::Trashed => matches!(kind, Kind::Restore | Kind::Delete),
                    _ => kind != Kind::Restore,
                };
                if !fits {
                    continue;
                }
                if collections {
                    all.push(Self::collections(kind, life));
                    continue;
                }
                let one = Self::admins(kind, life);
                all.push(one);
                if !matches!(kind, Kind::AddAdmin | Kind::RemoveAdmin) {
                    all.push(Self { second: true, ..one });
                }
            }
        }
        all
    }

    pub fn model(self, mends: Mends, bounds: Bounds, wanted: Option<Wrong>) -> Model {
        let Self { kind, collections, legacy, .. } = self;
        let kinds = if collections { COLLECTIONS } else { ADMINS };
        let own = kinds.iter().find(|one| **one == kind).map_or(&[][..], slice::from_ref);
        Model {
            mends,
            kinds: [own, kinds],
            takes_over: bounds.takes_over,
            leases: bounds.leases,
            colls: collections,
            // A creation makes both.
            admins: !collections || (kind == Kind::Create && legacy == Legacy::Absent),
            legacy,
            wanted,
            by_late_command: false,
            start: self.start(bounds),
        }
    }

    fn start(self, bounds: Bounds) -> State {
        let Self { life, legacy, .. } = self;
        let mut state = State { legacy, ..State::default() };
        let hidden = life == Life::Trashed;
        let name = if hidden { trash_name(0) } else { 0 };
        state.orgs[0] = Org { life, listed: bit(0), ..Org::default() };
        state.places[usize::from(name)] = 1;
        state.documents[1] = bit(0);
        state.admins[0] = Admin { exists: true, hidden, ..Admin::default() };
        if self.second {
            state.orgs[0].listed |= bit(SECOND);
            state.truth.created |= bit(SECOND);
            state.admins[usize::from(SECOND)] = state.admins[0];
        }
        match legacy {
            // Where it creates one, organization 0 once had the name.
            Legacy::Create { name, .. } => state.orgs[0].former = bit(name),
            // Where it renames one, another once had the name. That lives outside of the names here.
            Legacy::Rename { to, .. } => {
                let name = trash_name(1);
                state.orgs[1] = Org { life: Life::Live, name, former: bit(to), ..Org::default() };
                state.places[usize::from(name)] = 2;
                state.documents[2] = bit(1);
                state.truth.created |= bit(1);
            }
            Legacy::Absent => {}
        }
        for (who, console) in state.consoles.iter_mut().enumerate() {
            console.operations = bounds.operations[who];
            console.may_be_late = bounds.late[who];
        }
        state
    }
}
