//! What an examination is to do, how careful it is, and what became of what it found.

use std::{fmt, time::Duration};

use super::Inconsistency;
use crate::org::StoredText;

/// What an examination is to do.
pub struct Examination<'a> {
    /// Whether what can be repaired is repaired.
    pub fix: bool,
    /// What is to go to the quarantine although it may be another program's: names of collections, and
    /// e-mails of admins.
    pub quarantine: &'a [String],
    /// Is told how long the wait before a repair still takes.
    pub told: &'a Watching,
}

impl Examination<'_> {
    /// One that nobody looks on at and that nothing is named to.
    #[must_use]
    pub fn plain(fix: bool) -> Self {
        Examination { fix, quarantine: &[], told: &no_watch }
    }
}

/// How long what is to be repaired is still watched.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Watch {
    /// How many things are watched.
    pub things: usize,
    /// For how long yet.
    pub left: Duration,
}

/// Is told of the wait, again and again.
pub type Watching = dyn Fn(Watch) + Send + Sync;

/// Nobody looks on.
pub fn no_watch(_: Watch) {}

/// How careful repairs are with what another program may be at.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Patience {
    /// How long a thing is watched before it is repaired: what changes or is written to meanwhile is left
    /// alone.
    pub watch: Duration,
    /// What is younger than this is left alone.
    pub age: Duration,
}

impl Patience {
    /// None at all: for a database that nobody else uses.
    pub const NONE: Self = Self { watch: Duration::ZERO, age: Duration::ZERO };
}

impl Default for Patience {
    fn default() -> Self {
        let usual = Self { watch: Duration::from_mins(2), age: Duration::from_mins(10) };
        #[cfg(feature = "failpoints")]
        {
            crate::failpoint::patience().map_or(usual, |watch| Self { watch, age: watch })
        }
        #[cfg(not(feature = "failpoints"))]
        usual
    }
}

/// One thing an examination found.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Finding {
    /// What is wrong.
    pub inconsistency: Inconsistency,
    /// What was, or can be, done about it.
    pub repair: Repair,
}

/// What there is to do where a stored password cannot be used.
pub(super) const NEW_PASSWORD: &str =
    "issue a one-time code for this admin: `tenantry admin code ORGANIZATION E-MAIL`";

/// What there is to say when an organization and its admin do not agree on who that is.
pub(super) const WHICH_ADMIN: &str =
    "find out which is right, and correct the record with the program that wrote it";

/// What became of a finding.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Repair {
    /// It was repaired; how, in a sentence.
    Done(String),
    /// It can be repaired (`tenantry doctor --fix`).
    Possible,
    /// It may be another program's, so it is only moved when it is named
    /// (`tenantry doctor --fix --quarantine NAME`). This is its name.
    ByName(StoredText),
    /// Only a person can: what to do, in a sentence.
    ByHand(&'static str),
    /// The repair failed, or had to wait: why, in a sentence.
    Failed(String),
}

impl Repair {
    /// Whether nothing is left to do.
    #[must_use]
    pub fn is_done(&self) -> bool {
        matches!(self, Self::Done(_))
    }
}

/// What killed imports have left: to be removed, or where it was `before`, whether that was done.
pub(super) fn of_imports(
    before: Vec<Inconsistency>,
    after: Option<&[Inconsistency]>,
) -> Vec<Finding> {
    let finding = |inconsistency| {
        let repair = match after {
            None => Repair::Possible,
            Some(after) if after.contains(&inconsistency) => {
                Repair::Failed("it could not be removed; try again".to_owned())
            }
            Some(_) => Repair::Done("removed".to_owned()),
        };
        Finding { inconsistency, repair }
    };
    before.into_iter().map(finding).collect()
}

/// What was done, or what to do, in a sentence.
impl fmt::Display for Repair {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Done(how) => write!(formatter, "repaired: {how}"),
            Self::ByName(name) => write!(
                formatter,
                "`tenantry doctor --fix --quarantine '{name}'` moves it to quarantine; leave it if \
                 another program uses it"
            ),
            Self::Possible => formatter.write_str("`tenantry doctor --fix` repairs it"),
            Self::ByHand(help) => formatter.write_str(help),
            Self::Failed(why) => write!(formatter, "not repaired: {why}"),
        }
    }
}
