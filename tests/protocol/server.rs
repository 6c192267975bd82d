//! What the server does with a command, whenever it arrives.

use crate::{
    mends::{Mend, Mends},
    state::{
        Admin, Command, Console, Kind, Life, Org, PLACEHOLDER, Pending, Reply, State, Write, bit,
        bits, is_lease_name, lease_name, op_bit,
    },
    wrong::Wrong,
};

impl State {
    /// Carries a command out.
    pub fn apply(&mut self, mends: Mends, command: Command) -> Reply {
        match command {
            Command::Reserve { .. } => self.reserve(command),
            Command::Entry(entry) => {
                let there = self.log & op_bit(entry) != 0;
                self.log |= op_bit(entry);
                if there { Reply::Exists } else { Reply::Done }
            }
            Command::TakenBack(entry) => {
                self.log_back |= op_bit(entry);
                Reply::Done
            }
            Command::Insert { into, org } => self.insert(mends, into, org),
            Command::Move { uuid, from, to, org, kind } => self.rename(uuid, from, to, org, kind),
            Command::Drop { uuid, name, org } => self.drop_collection(mends, uuid, name, org),
            Command::Placeholder(lease) => {
                let place = &mut self.places[usize::from(lease_name(lease))];
                if *place != 0 {
                    return Reply::Exists;
                }
                *place = PLACEHOLDER;
                Reply::Done
            }
            Command::Admin { admin, org, read, lease, write } => {
                self.write_admin(mends, admin, org, (read, lease), write)
            }
            Command::Take { org, old, new } => self.journal(org, old, |pending| {
                pending.lease = new;
                pending.earlier = pending.earlier.with(old);
            }),
            Command::Confirm { org, lease } => self.journal(org, lease, |_| {}),
            Command::NoteBack { org, lease } => {
                self.journal(org, lease, |pending| pending.back = true)
            }
            Command::Settle { org, lease } => self.settle(org, lease),
            Command::Unset { org, lease } => self.unset(org, lease),
        }
    }

    fn reserve(&mut self, command: Command) -> Reply {
        let Command::Reserve { org, revision, pending } = command else { return Reply::Refused };
        let wanted = match pending.kind {
            Kind::Create | Kind::Rename => Some(pending.to),
            _ => None,
        };
        // The unique index over the claims.
        let taken = wanted.is_some_and(|name| {
            let others = self.orgs.iter().enumerate().filter(|(other, _)| *other != org.into());
            others.into_iter().any(|(_, other)| other.claims(name))
        });
        if taken {
            return Reply::Exists;
        }
        // The old service changes a record without a new revision.
        let renamed = match pending.kind {
            Kind::Rename | Kind::Trash => self.org(org).name != pending.from,
            _ => false,
        };
        let record = &mut self.orgs[usize::from(org)];
        if pending.kind == Kind::Create {
            record.life = Life::Creating;
            record.name = pending.to;
            self.truth.created |= bit(org);
        } else if record.pending.is_some()
            || record.revision != revision
            || renamed
            || record.life == Life::Absent
        {
            return Reply::Refused;
        }
        record.pending = Some(pending);
        Reply::Done
    }

    /// Changes the journal while the operation has this lease.
    fn journal(&mut self, org: u8, lease: u8, change: impl FnOnce(&mut Pending)) -> Reply {
        match &mut self.orgs[usize::from(org)].pending {
            Some(pending) if pending.lease == lease => {
                change(pending);
                Reply::Done
            }
            _ => Reply::Refused,
        }
    }

    /// The first document, which makes the collection.
    fn insert(&mut self, mends: Mends, into: u8, org: u8) -> Reply {
        let there = self.uuid_at(into);
        if there == PLACEHOLDER {
            if !mends.has(Mend::Validator) {
                self.truth.broken = Some(Wrong::WrittenIntoPlaceholder);
            }
            return Reply::Refused;
        }
        let uuid = if there == 0 { self.new_collection(into) } else { there };
        self.documents[usize::from(uuid)] |= bit(org);
        Reply::Done
    }

    pub fn new_collection(&mut self, name: u8) -> u8 {
        let free = (1..8).find(|uuid| !self.places.contains(uuid) && self.is_unused(*uuid));
        // The bounds of a scenario keep them from running out.
        let uuid = free.expect("a UUID is left");
        self.places[usize::from(name)] = uuid;
        self.documents[usize::from(uuid)] = 0;
        uuid
    }

    /// Whether nobody remembers this UUID.
    fn is_unused(&self, uuid: u8) -> bool {
        let in_journal = |org: &Org| org.pending.is_some_and(|pending| pending.uuid == uuid);
        let in_console = |console: &Console| {
            console.uuid == uuid
                || match console.late {
                    Some(Command::Move { uuid: named, .. } | Command::Drop { uuid: named, .. }) => {
                        named == uuid
                    }
                    Some(Command::Reserve { pending, .. }) => pending.uuid == uuid,
                    _ => false,
                }
        };
        !self.orgs.iter().any(in_journal) && !self.consoles.iter().any(in_console)
    }

    fn rename(&mut self, uuid: u8, from: u8, to: u8, org: u8, kind: Kind) -> Reply {
        let there = self.uuid_at(from);
        if there == 0 || (uuid != 0 && there != uuid) {
            return Reply::Refused;
        }
        if self.uuid_at(to) != 0 {
            return Reply::Exists;
        }
        if self.documents_of(there) & !bit(org) != 0 {
            self.truth.broken = Some(Wrong::ForeignMoved);
        }
        self.places[usize::from(from)] = 0;
        self.places[usize::from(to)] = there;
        if kind == Kind::Delete && is_lease_name(to) {
            self.truth.going |= bit(org);
        }
        Reply::Done
    }

    fn drop_collection(&mut self, mends: Mends, uuid: u8, name: u8, org: u8) -> Reply {
        let there = self.uuid_at(name);
        if there == 0 || (uuid != 0 && there != uuid) {
            return Reply::Refused;
        }
        for owner in bits(self.documents_of(there)) {
            let kind = self.org(owner).pending.map(|pending| pending.kind);
            let may_go = self.truth.going & bit(owner) != 0
                || kind == Some(Kind::Create)
                || (kind == Some(Kind::Delete) && !mends.has(Mend::DropByLease));
            if owner != org {
                self.truth.broken = Some(Wrong::ForeignDropped);
            } else if !may_go {
                self.truth.broken = Some(Wrong::DroppedTooSoon);
            }
        }
        self.places[usize::from(name)] = 0;
        if let Some(documents) = self.documents.get_mut(usize::from(there)) {
            *documents = 0;
        }
        Reply::Done
    }

    fn write_admin(
        &mut self,
        mends: Mends,
        admin: u8,
        org: u8,
        (read, lease): (u8, u8),
        write: Write,
    ) -> Reply {
        let hidden = mends.has(Mend::HiddenUntilSettled);
        let document = &mut self.admins[usize::from(admin)];
        if write == Write::Insert {
            if document.exists {
                return Reply::Exists;
            }
            *document = Admin {
                exists: true,
                org,
                hidden,
                joining: hidden,
                password: lease,
                operation: lease,
            };
            return Reply::Done;
        }
        let is_as_read = document.operation == read || !mends.has(Mend::AdminMarks);
        if !document.exists || !is_as_read || (write == Write::Show && !document.joining) {
            return Reply::Refused;
        }
        document.operation = lease;
        match write {
            Write::Hide => {
                document.hidden = true;
                document.joining &= !mends.has(Mend::TrashEndsJoining);
            }
            Write::Unhide => document.hidden = false,
            Write::Show => (document.hidden, document.joining) = (false, false),
            Write::Password(password) => document.password = password,
            Write::Delete => *document = Admin::default(),
            Write::Mark | Write::Insert => {}
        }
        Reply::Done
    }

    /// The write that decides.
    fn settle(&mut self, org: u8, lease: u8) -> Reply {
        let record = &mut self.orgs[usize::from(org)];
        let Some(pending) = record.pending.filter(|pending| pending.lease == lease) else {
            return Reply::Refused;
        };
        record.pending = None;
        record.revision += 1;
        let admin = usize::from(pending.admin);
        match pending.kind {
            Kind::Create => {
                record.life = Life::Live;
                record.listed = bit(org);
                self.truth.passwords[usize::from(org)] = self.admins[usize::from(org)].password;
            }
            Kind::Rename => {
                record.former |= bit(record.name);
                record.name = pending.to;
            }
            Kind::Trash => {
                record.former |= bit(record.name);
                record.life = Life::Trashed;
            }
            Kind::Restore => record.life = Life::Live,
            Kind::Delete => *record = Org::default(),
            Kind::Password => self.truth.passwords[admin] = pending.entry,
            Kind::AddAdmin => {
                record.listed |= bit(pending.admin);
                self.truth.passwords[admin] = self.admins[admin].password;
            }
            Kind::RemoveAdmin => {
                record.listed &= !bit(pending.admin);
                self.truth.removed |= bit(pending.admin);
            }
            Kind::Suspend => record.suspended = !record.suspended,
        }
        self.truth.done |= op_bit(pending.entry);
        Reply::Done
    }

    fn unset(&mut self, org: u8, lease: u8) -> Reply {
        let going = self.truth.going & bit(org) != 0;
        let record = &mut self.orgs[usize::from(org)];
        let Some(pending) = record.pending.filter(|pending| pending.lease == lease) else {
            return Reply::Refused;
        };
        record.pending = None;
        if pending.kind == Kind::Create {
            *record = Org::default();
        } else if pending.kind == Kind::Delete && going {
            self.truth.broken = Some(Wrong::BackTooLate);
        }
        Reply::Done
    }
}
