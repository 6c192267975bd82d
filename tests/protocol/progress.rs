//! What a console makes of an answer: where it goes on.

use crate::{
    mends::{Mend, Mends},
    search::{Model, Next},
    state::{ADMINS, At, Command, Console, Earlier, Kind, LEASES, Reply, State, bit, bits, op_bit},
    trace::Event,
};

impl State {
    pub fn next_lease(&self, who: usize) -> u8 {
        LEASES[who].start() + self.consoles[who].leases
    }

    /// The admins that the operation may write to.
    pub fn concerned(&self, mends: Mends, console: &Console) -> u8 {
        match console.kind {
            Some(Kind::Create | Kind::Password | Kind::AddAdmin | Kind::RemoveAdmin) => {
                bit(console.admin)
            }
            // Of those that the record does not list, none is ever shown.
            Some(Kind::Restore) if mends.has(Mend::ListedRestored) => self.org(console.org).listed,
            Some(kind @ (Kind::Trash | Kind::Restore | Kind::Delete)) => {
                let listed = self.org(console.org).listed;
                // What came too late is hidden as it is, and goes by itself.
                let is_left = |number: u8| self.admin(number).hidden && listed & bit(number) == 0;
                let own = |number: &u8| {
                    self.admin(*number).org == console.org
                        && !(kind == Kind::Trash && is_left(*number))
                };
                (0..ADMINS as u8).filter(own).map(bit).sum()
            }
            _ => 0,
        }
    }

    /// Reads the marks of the operation's admins.
    pub fn read_marks(&mut self, mends: Mends, who: usize) {
        let concerned = self.concerned(mends, &self.consoles[who]);
        let admins = self.admins;
        let console = &mut self.consoles[who];
        (console.found, console.marks) = (0, [0; ADMINS]);
        for number in bits(concerned) {
            let admin = &admins[usize::from(number)];
            if admin.exists {
                console.found |= bit(number);
                console.marks[usize::from(number)] = admin.operation;
            }
        }
    }

    pub fn put(&mut self, who: usize, at: At) {
        self.consoles[who].at = at;
    }

    /// Nobody works on anything here any more.
    pub fn rest(&mut self, who: usize) {
        let console = &mut self.consoles[who];
        let Console { leases, operations, may_be_late, late, .. } = *console;
        *console = Console { leases, operations, may_be_late, late, ..Console::default() };
    }

    pub fn tell(&mut self, who: usize, done: bool) {
        let Console { own, entry, .. } = self.consoles[who];
        if own && done {
            self.truth.told_done |= op_bit(entry);
        } else if own {
            self.truth.told_not_done |= op_bit(entry);
        }
    }
}

impl Model {
    pub fn has_lease(&self, state: &State, who: usize) -> bool {
        state.consoles[who].leases < self.leases[who]
    }

    /// Whether a collection moves in one step.
    pub fn moves_at_once(&self, kind: Kind) -> bool {
        kind != Kind::Delete && !self.mends.has(Mend::TwoRenames)
    }

    /// Sends a command: it arrives and is answered, or is held up.
    pub fn send(&self, state: &State, who: usize, command: Command, next: &mut Next) {
        let mut after = *state;
        if matches!(command, Command::Take { .. }) {
            after.consoles[who].leases += 1;
        } else if after.consoles[who].at == At::Entry {
            after.consoles[who].began = true;
        }
        let mut held = after;
        let reply = after.apply(self.mends, command);
        self.answered(&mut after, who, command, reply);
        next.add(who, Event::Sent(command, reply), after);
        let console = &mut held.consoles[who];
        if console.may_be_late {
            console.may_be_late = false;
            console.late = Some(command);
            if !self.mends.has(Mend::NewLease) {
                console.then = console.at;
            }
            console.at = At::Lost;
            next.add(who, Event::Held(command), held);
        }
    }

    /// The answer was lost.
    pub fn lost(&self, state: &State, who: usize, next: &mut Next) {
        let mut gone = *state;
        gone.rest(who);
        next.add(who, Event::GaveUp, gone);
        let console = &state.consoles[who];
        if console.kind.is_none() && !matches!(console.late, Some(Command::Take { .. })) {
            return;
        }
        let mut again = *state;
        if !self.mends.has(Mend::NewLease) {
            again.put(who, console.then);
            next.add(who, Event::TriesAgain, again);
        } else if self.has_lease(state, who) {
            again.put(who, At::Take);
            next.add(who, Event::NewLease, again);
        }
    }

    fn answered(&self, state: &mut State, who: usize, command: Command, reply: Reply) {
        let console = &mut state.consoles[who];
        let at = console.at;
        let done = reply == Reply::Done;
        match at {
            At::Reserve if done => console.at = At::Entry,
            At::Reserve => {
                state.tell(who, false);
                state.rest(who);
            }
            At::Entry if console.entry == console.lease => self.go_on(state, who, at),
            At::Entry => console.at = At::Decide,
            At::Show | At::ShowFound => state.rest(who),
            At::In if reply == Reply::Exists => console.at = self.way_back(),
            At::First | At::Out | At::In | At::Drop if done => self.go_on(state, who, at),
            At::WriteAdmin | At::BackAdmin if done => {
                let admin = console.todo.trailing_zeros() as u8;
                console.todo &= !bit(admin);
                console.marks[usize::from(admin)] = console.lease;
                if console.todo == 0 {
                    self.go_on(state, who, at);
                }
            }
            At::Settle if done => {
                state.tell(who, true);
                self.go_on(state, who, at);
            }
            At::Take if done => self.took(state, who, command),
            At::Take if !console.own => state.rest(who),
            At::Fence if reply == Reply::Exists => console.at = At::FenceLook,
            At::Fence => self.fenced(state, who),
            At::FenceDrop => console.at = At::Fence,
            At::FenceMove if reply != Reply::Exists && self.mends.has(Mend::Placeholder) => {
                console.at = At::Fence;
            }
            At::FenceMove if reply != Reply::Exists => self.fenced(state, who),
            At::Mark if done => {
                let admin = console.todo.trailing_zeros() as u8;
                console.todo &= !bit(admin);
                console.marks[usize::from(admin)] = console.lease;
                self.marked(state, who);
            }
            At::Mark => console.at = At::ReadMarks,
            At::Confirm | At::DropExtra if done => console.at = At::Decide,
            At::NoteBack | At::BackMove | At::BackOut | At::BackDrop if done => {
                console.at = At::BackLook;
            }
            At::BackEntry => console.at = At::BackNote,
            At::BackNote => console.at = At::BackSettle,
            At::BackSettle if done => {
                state.tell(who, false);
                state.rest(who);
            }
            // Something is not as it should be: has somebody taken it over?
            _ => console.at = self.question(),
        }
    }

    pub fn question(&self) -> At {
        if self.mends.has(Mend::RecordBeforeLog) { At::AskRecord } else { At::AskLog }
    }

    pub fn way_back(&self) -> At {
        if self.mends.has(Mend::NoteBeforeBack) { At::NoteBack } else { At::BackLook }
    }

    /// The operation has a new lease, of this console.
    fn took(&self, state: &mut State, who: usize, command: Command) {
        let Command::Take { org, new, .. } = command else { return };
        let Some(pending) = state.org(org).pending else { return };
        let log = state.log;
        let console = &mut state.consoles[who];
        console.lease = new;
        (console.kind, console.entry, console.admin) =
            (Some(pending.kind), pending.entry, pending.admin);
        (console.from, console.to, console.back) = (pending.from, pending.to, pending.back);
        console.uuid = pending.uuid;
        console.fences = pending.earlier;
        (console.found, console.marks) = (0, [0; ADMINS]);
        if log & op_bit(pending.entry) == 0 && !self.mends.has(Mend::FenceGivingUp) {
            console.fences = Earlier::default();
            console.at = self.way_back();
        } else {
            console.at = At::Fence;
            self.skip_fences(state, who);
        }
    }

    /// Without placeholders whoever takes over only looks at the earlier names.
    fn skip_fences(&self, state: &mut State, who: usize) {
        if !self.colls {
            state.consoles[who].fences = Earlier::default();
            self.mark_next(state, who);
        } else if !self.mends.has(Mend::Placeholder) {
            state.put(who, At::FenceLook);
        }
    }

    pub fn fenced(&self, state: &mut State, who: usize) {
        let console = &mut state.consoles[who];
        console.fences = console.fences.others();
        console.at = At::Fence;
        if console.fences.is_empty() {
            self.mark_next(state, who);
        } else {
            self.skip_fences(state, who);
        }
    }

    pub fn mark_next(&self, state: &mut State, who: usize) {
        state.put(who, if self.admins { At::ReadMarks } else { At::Decide });
    }

    pub fn marked(&self, state: &mut State, who: usize) {
        let held = self.mends.has(Mend::HeldAfterMarks);
        let console = &mut state.consoles[who];
        console.at = match console.todo {
            0 if held && console.found != 0 => At::Confirm,
            0 => At::Decide,
            _ => At::Mark,
        };
    }

    /// The next step after one that is done.
    pub fn go_on(&self, state: &mut State, who: usize, after: At) {
        let console = &mut state.consoles[who];
        let kind = console.kind.unwrap_or(Kind::Suspend);
        let by_name = kind == Kind::Delete && !self.mends.has(Mend::DropByLease);
        match (after, kind) {
            (At::Entry, Kind::Rename | Kind::Trash | Kind::Restore | Kind::Delete)
                if self.colls && console.uuid != 0 =>
            {
                console.at = if by_name { At::Drop } else { At::Out };
            }
            (At::Out, Kind::Delete) => console.at = At::Drop,
            (At::Out, _) if !self.moves_at_once(kind) => console.at = At::In,
            (At::Out | At::In, Kind::Create) => console.at = At::Settle,
            (At::Entry | At::Drop | At::Out | At::In, _) => self.admins_next(state, who),
            (At::First, _) if !self.mends.has(Mend::FirstInLease) => console.at = At::Settle,
            (At::First, _) => console.at = At::FirstUuid,
            (At::FirstUuid, _) => console.at = At::In,
            (At::WriteAdmin, Kind::Create) if self.colls => console.at = console.then,
            (At::WriteAdmin, _) => console.at = At::Settle,
            (At::Settle, Kind::Create | Kind::AddAdmin) if self.admins => console.at = At::Show,
            (At::Settle, _) => state.rest(who),
            (At::BackLook, _) => {
                let admins = if self.admins { console.found } else { 0 };
                let marks = console.marks;
                let ours = |number: &u8| marks[usize::from(*number)] == console.lease;
                let written = matches!(kind, Kind::Create | Kind::AddAdmin | Kind::Restore);
                console.todo = bits(admins).filter(ours).map(bit).sum();
                console.at = At::BackAdmin;
                if !written || console.todo == 0 {
                    console.todo = 0;
                    console.at = At::BackEntry;
                }
            }
            (At::BackAdmin, _) => console.at = At::BackEntry,
            _ => {}
        }
    }

    pub fn admins_next(&self, state: &mut State, who: usize) {
        let console = &state.consoles[who];
        let fresh = console.lease == console.entry;
        if !self.admins || console.kind == Some(Kind::Rename) {
            self.go_on(state, who, At::WriteAdmin);
        } else if fresh && !self.mends.has(Mend::HeldAfterMarks) {
            state.put(who, At::ReadAdmins);
        } else {
            self.write_next(state, who);
        }
    }

    /// Which admins are to be written to.
    pub fn write_next(&self, state: &mut State, who: usize) {
        let concerned = state.concerned(self.mends, &state.consoles[who]);
        let console = &mut state.consoles[who];
        console.todo = match console.kind {
            Some(Kind::Create | Kind::AddAdmin) => concerned & !console.found,
            _ => console.found,
        };
        console.found |= console.todo;
        console.at = At::WriteAdmin;
        if console.todo == 0 {
            self.go_on(state, who, At::WriteAdmin);
        }
    }
}
