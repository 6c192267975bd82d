//! What must be true, whatever happens.

use crate::{
    mends::Mend,
    search::{Model, Next},
    state::{
        ADMINS, At, Kind, LEGACY, Legacy, Life, NAMES, ORGS, Org, PLACEHOLDER, State, bit, bits,
        trash_name,
    },
    wrong::Wrong,
};

impl Model {
    /// What is wrong in a state.
    pub fn wrong(&self, state: &State) -> Option<Wrong> {
        let truth = &state.truth;
        if truth.broken.is_some() {
            return truth.broken;
        }
        if truth.told_done & !truth.done != 0 {
            return Some(Wrong::SaidDone);
        }
        if truth.told_not_done & truth.done != 0 {
            return Some(Wrong::SaidNotDone);
        }
        self.wrong_collection(state).or_else(|| {
            let admins = 0..if self.admins { ADMINS as u8 } else { 0 };
            admins.into_iter().find_map(|number| self.wrong_admin(state, number))
        })
    }

    fn wrong_collection(&self, state: &State) -> Option<Wrong> {
        if !self.colls || self.legacy != Legacy::Absent {
            return None;
        }
        let mut orgs = (0..).zip(&state.orgs).filter(|(org, _)| *org != LEGACY);
        orgs.find_map(|(number, org)| lost_documents(state, number, org))
            .or_else(|| (0..NAMES + ORGS as u8).find_map(|name| foreign_documents(state, name)))
    }

    fn wrong_admin(&self, state: &State, number: u8) -> Option<Wrong> {
        let admin = state.admin(number);
        let org = state.org(admin.org);
        let listed = admin.exists && org.listed & bit(number) != 0;
        let lists = |org: &Org| org.listed & bit(number) != 0;
        if !admin.exists {
            let missed = |org: &Org| lists(org) && org.pending.is_none();
            return state.orgs.iter().any(missed).then_some(Wrong::AdminGone);
        }
        let removed = state.truth.removed & bit(number) != 0;
        let valid = org.life == Life::Live && (listed || !self.mends.has(Mend::RecordLists));
        if valid && removed {
            return Some(Wrong::RemovedIsValid);
        }
        if !admin.hidden && !listed {
            return Some(Wrong::UnlistedIsSeen);
        }
        if org.pending.is_some() {
            return None;
        }
        if !listed {
            // What still says that it is joining goes by itself.
            return (!admin.joining).then_some(Wrong::UnlistedStays);
        }
        match org.life {
            Life::Live if admin.hidden && !admin.joining => Some(Wrong::LivingIsHidden),
            Life::Trashed if !admin.hidden => Some(Wrong::TrashedIsSeen),
            _ if admin.password != state.truth.passwords[usize::from(number)] => {
                Some(Wrong::OldPassword)
            }
            _ => None,
        }
    }

    /// Whether one console that is left alone settles everything that is under way.
    pub fn recovers(&self, state: &State) -> bool {
        let alone = Self { leases: [0, 5], takes_over: [false, true], ..*self };
        let mut state = *state;
        let console = &mut state.consoles[1];
        (console.operations, console.may_be_late, console.late) = (0, false, None);
        if console.at == At::Lost {
            state.rest(1);
        }
        let mut next = Next::default();
        for _ in 0..LONG {
            alone.console(&state, 1, &mut next);
            let Some(after) = next.first() else { break };
            state = after;
        }
        let under_way = state.orgs.iter().any(|org| org.pending.is_some());
        !under_way || !alone.has_lease(&state, 1)
    }
}

/// More steps than settling all that is under way ever takes.
const LONG: u32 = 200;

/// Documents of an organization that are not where its record says.
fn lost_documents(state: &State, number: u8, org: &Org) -> Option<Wrong> {
    let is_at = |name: u8| state.documents_of(state.uuid_at(name)) == bit(number);
    let kind = org.pending.map(|pending| pending.kind);
    let there = match (org.life, kind) {
        (Life::Absent | Life::Creating, _) | (_, Some(Kind::Delete)) => true,
        (Life::Live, None) => is_at(org.name),
        (Life::Trashed, None) => is_at(trash_name(number)),
        (_, Some(_)) => (0..).take(state.places.len()).any(is_at),
    };
    (!there).then_some(Wrong::NotWhereRecorded)
}

/// Documents at a name that the record of their organization does not have.
fn foreign_documents(state: &State, name: u8) -> Option<Wrong> {
    let there = state.uuid_at(name);
    let may_be = |owner: u8| {
        if name < NAMES { state.org(owner).claims(name) } else { name == trash_name(owner) }
    };
    if there == PLACEHOLDER {
        return Some(Wrong::PlaceholderInPlace);
    }
    let all = bits(state.documents_of(there)).all(may_be);
    (!all).then_some(Wrong::ForeignName)
}
