//! What happened, in words.

use std::fmt;

use crate::{
    state::{At, Command, Kind, Legacy, NAMES, Reply, lease_name, trash_name},
    wrong::Wrong,
};

/// Something that happened.
#[derive(Clone, Copy, Debug)]
pub enum Event {
    Began(Kind, u8, u8),
    FoundExpired(u8),
    FoundJoining(u8),
    Looked(At),
    Sent(Command, Reply),
    Held(Command),
    Arrived(Command, Reply),
    GaveUp,
    NewLease,
    TriesAgain,
    CleanedUp,
    Connected(u8),
    StepResult(Legacy),
}

/// And who did it.
#[derive(Clone, Copy, Debug)]
pub struct Label {
    pub who: u8,
    pub event: Event,
}

/// The shortest way to something wrong.
pub struct Found {
    pub wrong: Wrong,
    pub way: Vec<Label>,
}

impl fmt::Display for Found {
    fn fmt(&self, to: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(to, "{:?}", self.wrong)?;
        self.way.iter().try_for_each(|label| write!(to, "\n    {label}"))
    }
}

impl fmt::Display for Label {
    fn fmt(&self, to: &mut fmt::Formatter<'_>) -> fmt::Result {
        let who = ["A", "B", "The old service"][usize::from(self.who)];
        write!(to, "{who} ")?;
        match self.event {
            Event::Began(kind, org, name) => {
                write!(to, "begins {kind:?} of organization {org} ({})", Name(name))
            }
            Event::FoundExpired(org) => {
                write!(to, "finds that the lease on organization {org} has run out")
            }
            Event::FoundJoining(admin) => write!(to, "finds that admin {admin} is still joining"),
            Event::Looked(at) => write!(to, "looks ({at:?})"),
            Event::Sent(command, reply) => write!(to, "sends: {command} -> {reply:?}"),
            Event::Held(command) => write!(to, "sends, and it is HELD UP: {command}"),
            Event::Arrived(command, reply) => {
                write!(to, "is long past it, when ITS COMMAND ARRIVES: {command} -> {reply:?}")
            }
            Event::GaveUp => write!(to, "gives up or dies"),
            Event::NewLease => write!(to, "goes on with a new lease"),
            Event::TriesAgain => write!(to, "tries again in the same lease"),
            Event::CleanedUp => write!(to, "drops the placeholders"),
            Event::Connected(name) => write!(to, "connects and moves what is at {}", Name(name)),
            Event::StepResult(step) => write!(to, "is at {step:?}"),
        }
    }
}

struct Name(u8);

impl fmt::Display for Name {
    fn fmt(&self, to: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self.0 {
            name if name < NAMES => write!(to, "org_{name}"),
            name if name < lease_name(1) => write!(to, "trash_{}", name - trash_name(0)),
            name => write!(to, "lease_{}", name - lease_name(0)),
        }
    }
}

impl fmt::Display for Command {
    fn fmt(&self, to: &mut fmt::Formatter<'_>) -> fmt::Result {
        let of = |uuid: u8| if uuid == 0 { String::new() } else { format!(", UUID {uuid}") };
        match *self {
            Self::Reserve { org, pending, .. } => {
                let (kind, lease) = (pending.kind, pending.lease);
                write!(to, "reserve {kind:?} of organization {org}, lease {lease}")
            }
            Self::Entry(entry) => write!(to, "append entry {entry}"),
            Self::TakenBack(entry) => write!(to, "append “taken back” of entry {entry}"),
            Self::Insert { into, org } => {
                write!(to, "insert the first document of organization {org} into {}", Name(into))
            }
            Self::Move { uuid, from, to: goal, .. } => {
                write!(to, "rename {} to {}{}", Name(from), Name(goal), of(uuid))
            }
            Self::Drop { uuid, name, .. } => write!(to, "drop {}{}", Name(name), of(uuid)),
            Self::Placeholder(lease) => write!(to, "create the placeholder lease_{lease}"),
            Self::Admin { admin, read, lease, write, .. } => {
                write!(to, "{write:?} admin {admin}, where its mark is {read}: {lease}")
            }
            Self::Take { org, old, new } => {
                write!(to, "take over organization {org}: lease {old} becomes {new}")
            }
            Self::Confirm { org, lease } => write!(to, "renew lease {lease} of {org}"),
            Self::NoteBack { org, lease } => {
                write!(to, "note in {org} that lease {lease} goes back")
            }
            Self::Settle { org, lease } => write!(to, "settle lease {lease} of {org}"),
            Self::Unset { org, lease } => write!(to, "unset lease {lease} of {org}"),
        }
    }
}
