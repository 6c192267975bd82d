//! The first member of an archive, as JSON: what it is, where it is from and how much is in it.

use bson::{DateTime, Timestamp, oid::ObjectId};
use serde::{Deserialize, Serialize};

use super::{Contents, FORMAT, FORMAT_VERSION, Place, ReadError};
use crate::org::StoredText;

/// Where an archive is from and what it leaves out. It names no host, no path and no user.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub struct Manifest {
    /// The version of the program that wrote it: [`super::PROGRAM_VERSION`].
    pub program_version: StoredText,
    /// When it was written.
    #[serde(with = "time")]
    pub created_at: DateTime,
    /// The database that it was read from.
    pub source: Source,
    /// The organization.
    pub organization: Identity,
    /// What holds between any two documents in it.
    pub consistency: Consistency,
    /// What belongs to the organization and is not in it. [`LeftOut::Admins`] is added where there are none.
    pub left_out: Vec<LeftOut>,
}

/// A database that an organization was read from.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Source {
    /// Which one.
    pub kind: SourceKind,
    /// The version of the server, where there is one.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub server_version: Option<StoredText>,
}

/// Which kind of database.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum SourceKind {
    /// A MongoDB server.
    Mongodb,
    /// The embedded database.
    Embedded,
}

/// Which organization it is.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Identity {
    /// The `_id` of its record.
    #[serde(with = "hexadecimal")]
    pub id: ObjectId,
    /// Its name, as stored.
    pub name: StoredText,
}

/// What holds between any two parts of an archive.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(tag = "kind", rename_all = "snake_case")]
pub enum Consistency {
    /// Everything is as it was at one time of a replica set or a sharded cluster.
    Snapshot {
        /// That time.
        cluster_time: Timestamp,
    },
    /// Everything was read in one transaction.
    Transaction,
    /// What was written while it was read may be in it or not.
    None {
        /// Why.
        reason: NoSnapshot,
    },
}

/// Why there was no snapshot to read from.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum NoSnapshot {
    /// The server stands alone: it has none.
    Standalone,
    /// The server's version reads none outside a transaction.
    Unsupported,
    /// Reading took longer than the server keeps one, twice.
    Expired,
}

/// What is not in an archive.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum LeftOut {
    /// The admins.
    Admins,
    /// Second factors of admins.
    SecondFactors,
    /// Their recovery codes.
    RecoveryCodes,
    /// One-time codes to set a password.
    OneTimeCodes,
    /// Sessions.
    Sessions,
    /// API keys.
    ApiKeys,
    /// The entries of the audit log.
    AuditLog,
    /// What a later version of the program leaves out.
    #[serde(untagged)]
    Other(StoredText),
}

/// All of the manifest.
#[derive(Debug, PartialEq, Serialize, Deserialize)]
struct Stored {
    format: String,
    version: u64,
    #[serde(flatten)]
    manifest: Manifest,
    #[serde(flatten)]
    contents: Contents,
}

/// What every version of the manifest has.
#[derive(Deserialize)]
struct Version {
    format: String,
    version: u64,
}

/// The manifest's text.
pub(super) fn write(manifest: &Manifest, contents: Contents) -> serde_json::Result<Vec<u8>> {
    let mut manifest = manifest.clone();
    manifest.left_out.retain(|left_out| *left_out != LeftOut::Admins);
    if contents.admins.is_none() {
        manifest.left_out.push(LeftOut::Admins);
    }
    let stored = Stored { format: FORMAT.to_owned(), version: FORMAT_VERSION, manifest, contents };
    serde_json::to_vec_pretty(&stored)
}

/// Reads the manifest. Unknown fields are ignored; one that must not be comes with a new format number.
pub(super) fn read(json: &[u8]) -> Result<(Manifest, Contents), ReadError> {
    let foreign = || ReadError::NotAnArchive("its manifest.json is of something else".to_owned());
    let version: Version = serde_json::from_slice(json).map_err(|_| foreign())?;
    if version.format != FORMAT {
        return Err(foreign());
    }
    if version.version > FORMAT_VERSION {
        return Err(ReadError::NewerFormat { found: version.version });
    }
    let damaged = |what: String| {
        let at = Place::Member(super::Member::Manifest);
        ReadError::Damaged { at, what }
    };
    if version.version == 0 {
        return Err(damaged("there is no format 0".to_owned()));
    }
    let read: Stored = serde_json::from_slice(json).map_err(|error| damaged(error.to_string()))?;
    Ok((read.manifest, read.contents))
}

/// A time as text.
mod time {
    use bson::DateTime;
    use serde::{Deserialize as _, Deserializer, Serializer, de, ser};

    #[expect(clippy::trivially_copy_pass_by_ref, reason = "serde hands over a reference")]
    pub fn serialize<S: Serializer>(time: &DateTime, to: S) -> Result<S::Ok, S::Error> {
        let text = crate::org::rfc3339(*time).ok_or_else(|| ser::Error::custom("a time before 0"));
        to.serialize_str(&text?)
    }

    pub fn deserialize<'de, D: Deserializer<'de>>(from: D) -> Result<DateTime, D::Error> {
        let text = String::deserialize(from)?;
        DateTime::parse_rfc3339_str(text).map_err(|_| de::Error::custom("created_at is no time"))
    }
}

/// An id as text.
mod hexadecimal {
    use bson::oid::ObjectId;
    use serde::{Deserialize as _, Deserializer, Serializer, de};

    pub fn serialize<S: Serializer>(id: &ObjectId, to: S) -> Result<S::Ok, S::Error> {
        to.serialize_str(&id.to_hex())
    }

    pub fn deserialize<'de, D: Deserializer<'de>>(from: D) -> Result<ObjectId, D::Error> {
        let text = String::deserialize(from)?;
        ObjectId::parse_str(text).map_err(|_| de::Error::custom("the organization's id is no id"))
    }
}
