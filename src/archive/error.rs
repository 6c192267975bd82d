//! Why an archive is not written or not read.

use std::{fmt, io};

use super::Member;
use crate::org::escaped_short;

/// How much of a name that stands in a foreign archive is shown.
const NAME_SHOWN: usize = 60;

/// How much of what is wrong with it.
const WHAT_SHOWN: usize = 300;

/// Why an archive is not written.
#[derive(Debug, thiserror::Error)]
pub enum WriteError {
    /// The temporary file cannot be made, written or read back.
    #[error("the temporary file for the documents failed: {0}")]
    Spool(#[source] io::Error),
    /// The archive cannot be written to where it should go.
    #[error("the archive cannot be written: {0}")]
    Target(#[source] io::Error),
    /// A part in front of the documents is larger than any reader takes.
    #[error("{} would have {bytes} bytes; an archive holds at most {most}", .member.name())]
    TooLarge {
        /// Which part.
        member: Member,
        /// How many bytes it would have.
        bytes: u64,
        /// How many it may have.
        most: u64,
    },
    /// There are more admins or indexes than any reader takes.
    #[error("{} would hold {count}; an archive holds at most {most}", .member.name())]
    TooMany {
        /// Which part.
        member: Member,
        /// How many there are.
        count: usize,
        /// How many there may be.
        most: usize,
    },
    /// The time in the manifest is not one that JSON can say.
    #[error("the manifest cannot be written: {0}")]
    Json(#[source] serde_json::Error),
    /// Options or an index of the collection are not BSON.
    #[error("the collection's options or indexes are damaged: {0}")]
    Metadata(#[source] crate::document::Malformed),
}

/// Why an archive is not read any further.
#[derive(Debug, thiserror::Error)]
pub enum ReadError {
    /// It is something else.
    #[error("this is not an organization exported by Tenantry: {0}")]
    NotAnArchive(String),
    /// A newer version of the program wrote it.
    #[error(
        "this archive has format {found}; this version of Tenantry reads formats up to {}",
        super::FORMAT_VERSION
    )]
    NewerFormat {
        /// The number it has.
        found: u64,
    },
    /// It ends too early.
    #[error("the archive is cut off {at}")]
    CutOff {
        /// Where it ends.
        at: Place,
    },
    /// It is not what was written.
    #[error("the archive is damaged {at}: {}", escaped_short(.what, WHAT_SHOWN))]
    Damaged {
        /// Where.
        at: Place,
        /// What is wrong; it may quote what stands there, so show the whole error instead.
        what: String,
    },
    /// It holds a file, a link or a folder that does not belong into it, or not there.
    #[error("unexpected {kind} {} in the archive; {expected} should be here", shown(.name))]
    UnexpectedMember {
        /// What it is.
        kind: &'static str,
        /// What it is called there: whatever another program wrote.
        name: String,
        /// What should be in its place.
        expected: &'static str,
    },
    /// It cannot be read from where it is.
    #[error("the archive cannot be read: {0}")]
    Source(#[source] io::Error),
}

impl ReadError {
    /// What the person can do about it.
    #[must_use]
    pub fn help(&self) -> &'static str {
        match self {
            Self::NewerFormat { .. } => "use a newer version of Tenantry",
            Self::NotAnArchive(_) => "check which file it is",
            Self::Source(_) => "check the disk or the program it comes from",
            Self::CutOff { .. } | Self::Damaged { .. } | Self::UnexpectedMember { .. } => {
                "use another copy of it: nothing in this one can be relied on"
            }
        }
    }
}

/// A name from an archive, safe to be shown.
pub(super) fn shown(name: &str) -> String {
    format!("“{}”", escaped_short(name, NAME_SHOWN))
}

/// Where in an archive.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Place {
    /// In what announces a member.
    Header(Member),
    /// In a member.
    Byte {
        /// Which one.
        member: Member,
        /// Counted from its beginning.
        at: u64,
    },
    /// In one document of a member.
    Document {
        /// Which member.
        member: Member,
        /// Which document of it, counted from 1.
        number: u64,
        /// Where in the member it begins.
        at: u64,
    },
    /// In a whole member.
    Member(Member),
    /// Behind the last member.
    End,
}

impl fmt::Display for Place {
    fn fmt(&self, f: &mut fmt::Formatter) -> fmt::Result {
        match self {
            Self::Header(member) => write!(f, "in the tar header of {}", member.name()),
            Self::Byte { member, at } => write!(f, "in {} at byte {at}", member.name()),
            Self::Document { member, number, at } => {
                write!(f, "in {}, document {number} at byte {at}", member.name())
            }
            Self::Member(member) => write!(f, "in {}", member.name()),
            Self::End => f.write_str("at its end"),
        }
    }
}
