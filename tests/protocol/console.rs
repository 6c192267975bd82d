//! A console at work: what it begins, and how an operation goes forward.
//!
//! Every step is one command, or one look at the server. Between any two anything else may happen.

use crate::{
    mends::Mend,
    search::{Model, Next},
    state::{
        ADMINS, At, Command, Console, Earlier, Kind, LEGACY, Life, NAMES, ORGS, PLACEHOLDER,
        Pending, SECOND, State, Write, bit, lease_name,
    },
    trace::Event,
};

impl Model {
    /// Everything that a console may do now.
    pub fn console(&self, state: &State, who: usize, next: &mut Next) {
        let console = &state.consoles[who];
        match console.at {
            At::Idle => self.idle(state, who, next),
            At::Lost => self.lost(state, who, next),
            at => {
                if let Some(command) = self.command(state, who) {
                    self.send(state, who, command, next);
                } else {
                    let mut after = *state;
                    self.look(&mut after, who);
                    next.add(who, Event::Looked(at), after);
                }
            }
        }
        if let Some(command) = console.late {
            let mut after = *state;
            after.consoles[who].late = None;
            let reply = after.apply(self.mends, command);
            next.add(who, Event::Arrived(command, reply), after);
        }
    }

    fn idle(&self, state: &State, who: usize, next: &mut Next) {
        let has_lease = self.has_lease(state, who);
        for (number, org) in (0..).zip(&state.orgs) {
            if let Some(pending) = org.pending
                && has_lease
                && self.takes_over[who]
            {
                let mut after = *state;
                let console = &mut after.consoles[who];
                (console.at, console.org) = (At::Take, number);
                (console.lease, console.entry) = (pending.lease, pending.entry);
                next.add(who, Event::FoundExpired(number), after);
            }
        }
        if !self.mends.has(Mend::PlaceholdersStay) && state.places.contains(&PLACEHOLDER) {
            let mut after = *state;
            for place in &mut after.places {
                *place = if *place == PLACEHOLDER { 0 } else { *place };
            }
            next.add(who, Event::CleanedUp, after);
        }
        if self.admins {
            for number in 0..ADMINS as u8 {
                let admin = state.admin(number);
                let org = state.org(admin.org);
                let listed = org.listed & bit(number) != 0 && org.pending.is_none();
                if admin.exists && admin.joining && listed {
                    let mut after = *state;
                    let console = &mut after.consoles[who];
                    (console.at, console.admin, console.org) = (At::ShowFound, number, admin.org);
                    console.lease = admin.operation;
                    next.add(who, Event::FoundJoining(number), after);
                }
            }
        }
        if state.consoles[who].operations == 0 || !has_lease {
            return;
        }
        for &kind in self.kinds[who] {
            for org in 0..ORGS as u8 {
                for to in 0..NAMES {
                    self.begin(state, who, (kind, org, to), next);
                }
            }
        }
        if !self.mends.has(Mend::NothingOnConnecting) {
            state.connect(who, next);
        }
    }

    /// Begins an operation, if what is read there now allows it.
    fn begin(&self, state: &State, who: usize, op: (Kind, u8, u8), next: &mut Next) {
        let (kind, org, to) = op;
        let record = state.org(org);
        let nobodys = !state.orgs.iter().any(|org| org.claims(to));
        let shared = (0..).zip(&state.orgs).any(|(other, one)| {
            other != org && one.claims(record.name) && self.mends.has(Mend::OneRecordEach)
        });
        let goes_to_a_name = matches!(kind, Kind::Create | Kind::Rename);
        let listed = |admin: u8| record.listed & bit(admin) != 0;
        let live = record.life == Life::Live;
        let admin = match kind {
            Kind::AddAdmin | Kind::RemoveAdmin => SECOND,
            _ => org,
        };
        let possible = match kind {
            Kind::Create => {
                usize::from(org) == who + 1 && state.truth.created & bit(org) == 0 && nobodys
            }
            Kind::Rename => live && nobodys && !shared,
            Kind::Trash => live && !shared && record.name < NAMES,
            Kind::Suspend => live,
            Kind::Restore => record.life == Life::Trashed,
            Kind::Delete => matches!(record.life, Life::Live | Life::Trashed) && !shared,
            Kind::Password => live && listed(admin),
            Kind::AddAdmin => live && org == 0 && state.truth.created & bit(admin) == 0,
            Kind::RemoveAdmin => live && org == 0 && listed(admin),
        };
        if !possible || record.pending.is_some() || org == LEGACY || (!goes_to_a_name && to != 0) {
            return;
        }
        let mut after = *state;
        let (from, to) = state.way(org, kind, to);
        if kind == Kind::Create {
            after.truth.created |= bit(org);
        } else if kind == Kind::AddAdmin {
            after.truth.created |= bit(admin);
        }
        let lease = state.next_lease(who);
        let console = &mut after.consoles[who];
        console.operations -= 1;
        console.leases += 1;
        console.at = At::Reserve;
        (console.kind, console.own) = (Some(kind), true);
        (console.org, console.admin) = (org, admin);
        (console.from, console.to) = (from, to);
        (console.entry, console.lease) = (lease, lease);
        console.revision = record.revision;
        console.then = if kind == Kind::Create { At::First } else { At::Idle };
        console.uuid = if kind == Kind::Create { 0 } else { state.uuid_at(from) };
        if self.mends.has(Mend::HeldAfterMarks) {
            after.read_marks(self.mends, who);
        }
        next.add(who, Event::Began(kind, org, to), after);
    }

    /// The write that comes next; none where the next thing is to look.
    fn command(&self, state: &State, who: usize) -> Option<Command> {
        let Console { org, admin, lease, entry, from, to, uuid, .. } = state.consoles[who];
        let console = &state.consoles[who];
        let named = if self.mends.has(Mend::Uuid) { uuid } else { 0 };
        let kind = console.kind.unwrap_or(Kind::Suspend);
        let own = lease_name(lease);
        let first = console.todo.trailing_zeros() as u8;
        let rename = |from, to| Command::Move { uuid: named, from, to, org, kind };
        let write = |admin: u8, write| {
            let read = console.marks[usize::from(admin)];
            Command::Admin { admin, org, read, lease, write }
        };
        Some(match console.at {
            At::Reserve => {
                let (back, earlier) = (false, Earlier::default());
                let pending = Pending { lease, entry, kind, from, to, admin, uuid, back, earlier };
                Command::Reserve { org, revision: console.revision, pending }
            }
            At::Entry | At::BackEntry => Command::Entry(entry),
            At::First if self.mends.has(Mend::FirstInLease) => Command::Insert { into: own, org },
            At::First => Command::Insert { into: to, org },
            At::Out if self.moves_at_once(kind) => rename(from, to),
            At::Out => rename(from, own),
            At::In => rename(own, to),
            At::Drop if self.mends.has(Mend::DropByLease) => {
                Command::Drop { uuid: named, name: own, org }
            }
            At::Drop => Command::Drop { uuid: 0, name: from, org },
            At::WriteAdmin => match kind {
                Kind::Create | Kind::AddAdmin => write(first, Write::Insert),
                Kind::Trash => write(first, Write::Hide),
                Kind::Restore => write(first, Write::Unhide),
                Kind::Password => write(first, Write::Password(entry)),
                _ => write(first, Write::Delete),
            },
            At::BackAdmin if kind == Kind::Restore => write(first, Write::Hide),
            At::BackAdmin => write(first, Write::Delete),
            At::Mark => write(first, Write::Mark),
            At::Show | At::ShowFound => {
                Command::Admin { admin, org, read: lease, lease, write: Write::Show }
            }
            At::Settle => Command::Settle { org, lease },
            At::Take => Command::Take { org, old: lease, new: state.next_lease(who) },
            At::Fence => Command::Placeholder(console.fences.newest()),
            At::FenceMove => rename(lease_name(console.fences.newest()), own),
            At::FenceDrop => {
                Command::Drop { uuid: named, name: lease_name(console.fences.newest()), org }
            }
            At::Confirm => Command::Confirm { org, lease },
            At::NoteBack => Command::NoteBack { org, lease },
            At::BackMove if self.moves_at_once(kind) => rename(to, from),
            At::BackMove => rename(own, from),
            At::BackOut => rename(to, own),
            At::DropExtra | At::BackDrop => Command::Drop { uuid: named, name: own, org },
            At::BackNote => Command::TakenBack(entry),
            At::BackSettle => Command::Unset { org, lease },
            At::Idle
            | At::Lost
            | At::FirstUuid
            | At::ReadAdmins
            | At::FenceLook
            | At::ReadMarks
            | At::Decide
            | At::BackLook
            | At::AskRecord
            | At::AskLog => return None,
        })
    }
}
