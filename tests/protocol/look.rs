//! What a console makes of what it sees.

use crate::{
    mends::Mend,
    search::Model,
    state::{At, Console, Kind, Life, Org, PLACEHOLDER, State, bit, bits, lease_name, op_bit},
};

impl Model {
    /// Looks at the server.
    pub fn look(&self, state: &mut State, who: usize) {
        let console = state.consoles[who];
        let entry = op_bit(console.entry);
        match console.at {
            At::FirstUuid => {
                let there = state.uuid_at(lease_name(console.lease));
                if there == 0 || there == PLACEHOLDER {
                    state.put(who, self.question());
                } else {
                    state.consoles[who].uuid = there;
                    self.go_on(state, who, At::FirstUuid);
                }
            }
            At::ReadAdmins => {
                state.read_marks(self.mends, who);
                self.write_next(state, who);
            }
            At::FenceLook => {
                let name = lease_name(console.fences.newest());
                let there = state.uuid_at(name);
                let is_own = there != 0
                    && there != PLACEHOLDER
                    && (console.kind == Some(Kind::Create) || there == console.uuid);
                let own = state.uuid_at(lease_name(console.lease));
                let extra = console.kind == Some(Kind::Create)
                    && own != 0
                    && own != PLACEHOLDER
                    && self.mends.has(Mend::ExtraDropped);
                if there == 0 && self.mends.has(Mend::Placeholder) {
                    // It has just gone: that is no fence.
                    state.put(who, At::Fence);
                } else if is_own {
                    state.consoles[who].uuid = there;
                    state.put(who, if extra { At::FenceDrop } else { At::FenceMove });
                } else {
                    self.fenced(state, who);
                }
            }
            At::ReadMarks if !self.mends.has(Mend::AdminMarks) => {
                state.read_marks(self.mends, who);
                state.put(who, At::Decide);
            }
            At::ReadMarks => {
                state.read_marks(self.mends, who);
                let console = &mut state.consoles[who];
                let marks = console.marks;
                let others = |number: &u8| marks[usize::from(*number)] != console.lease;
                console.todo = bits(console.found).filter(others).map(bit).sum();
                self.marked(state, who);
            }
            At::Decide => self.decide(state, who),
            At::BackLook => self.look_back(state, who),
            At::AskRecord => {
                let record = state.org(console.org);
                let (lease, back) = match record.pending {
                    Some(pending) if pending.entry == console.entry => {
                        (pending.lease, pending.back)
                    }
                    _ if !console.own => return state.rest(who),
                    // What has not begun is never carried out.
                    _ if !console.began && self.mends.has(Mend::NeverSentNotDone) => {
                        state.tell(who, false);
                        return state.rest(who);
                    }
                    _ if !self.mends.has(Mend::AnswerByLog) => {
                        let done = looks_done(record, &console);
                        state.tell(who, done);
                        return state.rest(who);
                    }
                    _ if !self.mends.has(Mend::RecordBeforeLog) => {
                        state.tell(who, true);
                        return state.rest(who);
                    }
                    _ => return state.put(who, At::AskLog),
                };
                if lease != console.lease {
                    // Another console is at work on it.
                    return state.rest(who);
                }
                state.consoles[who].back = back;
                self.mark_next(state, who);
            }
            At::AskLog => {
                let done = state.log & entry != 0 && state.log_back & entry == 0;
                if done && !self.mends.has(Mend::RecordBeforeLog) {
                    return state.put(who, At::AskRecord);
                }
                state.tell(who, done);
                state.rest(who);
            }
            _ => {}
        }
    }

    /// Where to go on, after a look at the audit log and at where the collection is.
    fn decide(&self, state: &mut State, who: usize) {
        let console = state.consoles[who];
        if console.back {
            return state.put(who, At::BackLook);
        }
        if state.log & op_bit(console.entry) == 0 {
            let onward = !self.mends.has(Mend::OnlyBegun);
            return state.put(who, if onward { At::Entry } else { self.way_back() });
        }
        let own = state.uuid_at(lease_name(console.lease));
        if console.kind == Some(Kind::Create) {
            let goal = state.uuid_at(console.to);
            let has_own = own != 0 && own != PLACEHOLDER;
            let is_there = state.documents_of(goal) & bit(console.org) != 0;
            if has_own && is_there && self.mends.has(Mend::ExtraDropped) {
                state.consoles[who].uuid = own;
                return state.put(who, At::DropExtra);
            }
            state.consoles[who].then = if has_own {
                state.consoles[who].uuid = own;
                At::In
            } else if is_there {
                state.consoles[who].uuid = goal;
                At::Settle
            } else {
                At::First
            };
            return self.admins_next(state, who);
        }
        let moves = self.colls
            && console.uuid != 0
            && matches!(
                console.kind,
                Some(Kind::Rename | Kind::Trash | Kind::Restore | Kind::Delete)
            );
        let deletes = console.kind == Some(Kind::Delete);
        if moves && own == console.uuid {
            state.put(who, if deletes { At::Drop } else { At::In });
        } else if moves && state.uuid_at(console.from) == console.uuid {
            self.go_on(state, who, At::Entry);
        } else {
            self.admins_next(state, who);
        }
    }

    /// Where the collection is that is to go back.
    fn look_back(&self, state: &mut State, who: usize) {
        let Console { kind, lease, to, uuid, org, .. } = state.consoles[who];
        let own = state.uuid_at(lease_name(lease));
        let goal = state.uuid_at(to);
        let at = match kind {
            _ if !self.colls || (uuid == 0 && kind != Some(Kind::Create)) => None,
            Some(Kind::Create) if own != 0 && own != PLACEHOLDER => {
                state.consoles[who].uuid = own;
                Some(At::BackDrop)
            }
            Some(Kind::Create) if goal != 0 && state.documents_of(goal) == bit(org) => {
                state.consoles[who].uuid = goal;
                Some(At::BackOut)
            }
            Some(Kind::Rename | Kind::Trash | Kind::Restore) if own == uuid => Some(At::BackMove),
            Some(kind @ (Kind::Rename | Kind::Trash | Kind::Restore)) if goal == uuid => {
                Some(if self.moves_at_once(kind) { At::BackMove } else { At::BackOut })
            }
            _ => None,
        };
        match at {
            Some(at) => state.put(who, at),
            None => self.go_on(state, who, At::BackLook),
        }
    }
}

/// What the program went by before: whether the organization is as the operation leaves it.
fn looks_done(record: &Org, console: &Console) -> bool {
    match console.kind {
        Some(Kind::Create) => record.life == Life::Live && record.name == console.to,
        Some(Kind::Rename) => {
            record.life == Life::Live
                && record.name == console.to
                && record.revision > console.revision
        }
        Some(Kind::Trash) => record.life == Life::Trashed,
        Some(Kind::Restore) => record.life == Life::Live,
        Some(Kind::Delete) => record.life == Life::Absent,
        _ => record.revision > console.revision,
    }
}
