//! The service before this one, step by step: it fills a collection before it writes the record.
//! And what connecting did about that once.

use crate::{
    search::Next,
    state::{LEGACY, Legacy, Life, NAMES, State, bit, bits},
    trace::Event,
    wrong::Wrong,
};

/// The number by which the old service goes in a trace.
pub const OLD_SERVICE: usize = 2;

impl State {
    pub fn old_service(&self, next: &mut Next) {
        let mut after = *self;
        let has = |name: u8| self.orgs.iter().any(|org| org.life == Life::Live && org.name == name);
        after.legacy = match self.legacy {
            Legacy::Absent => return,
            Legacy::Create { step: 0, name } if has(name) => Legacy::Absent,
            Legacy::Create { step: 1, name } => {
                // Into what is there; what it does to others by that is its own.
                if self.uuid_at(name) == 0 {
                    let uuid = after.new_collection(name);
                    after.documents[usize::from(uuid)] = bit(LEGACY);
                }
                Legacy::Create { step: 2, name }
            }
            Legacy::Create { step: 2, name } => {
                let record = &mut after.orgs[usize::from(LEGACY)];
                (record.life, record.name) = (Life::Live, name);
                Legacy::Absent
            }
            Legacy::Create { step, name } => Legacy::Create { step: step + 1, name },
            Legacy::Rename { step: 0, .. } if self.org(0).life != Life::Live => Legacy::Absent,
            Legacy::Rename { step: 0, to, .. } if has(to) => Legacy::Absent,
            Legacy::Rename { step: 0, to, .. } => {
                Legacy::Rename { step: 1, from: self.org(0).name, to }
            }
            Legacy::Rename { step: 1, from, to } => {
                let copied = self.documents_of(self.uuid_at(from));
                if self.uuid_at(to) == 0 && copied != 0 {
                    let uuid = after.new_collection(to);
                    after.documents[usize::from(uuid)] = copied;
                }
                Legacy::Rename { step: 2, from, to }
            }
            Legacy::Rename { step: 2, from, to } => {
                if self.org(0).life != Life::Absent {
                    after.orgs[0].name = to;
                }
                Legacy::Rename { step: 3, from, to }
            }
            Legacy::Rename { from, .. } => {
                after.places[usize::from(from)] = 0;
                Legacy::Absent
            }
        };
        next.add(OLD_SERVICE, Event::StepResult(self.legacy), after);
    }

    /// Moves what is under a former name to the organization that once had it.
    pub fn connect(&self, who: usize, next: &mut Next) {
        for name in 0..NAMES {
            let there = self.uuid_at(name);
            let once = (0..).zip(&self.orgs).find(|(_, org)| org.former & bit(name) != 0);
            let claimed = self.orgs.iter().any(|org| org.claims(name));
            if let Some((owner, _)) = once
                && there != 0
                && !claimed
            {
                let mut after = *self;
                after.places[usize::from(name)] = 0;
                if bits(self.documents_of(there)).any(|other| other != owner) {
                    after.truth.broken = Some(Wrong::ForeignMoved);
                }
                next.add(who, Event::Connected(name), after);
            }
        }
    }
}
