//! The last member of an archive: what it takes to know that the others are whole.

use serde::{Deserialize, Serialize};
use sha2::{Digest as _, Sha256};

use super::{Contents, Member};

/// Sizes and digests of members, in their order, as they are written or read.
#[derive(Debug, Default)]
pub(super) struct Digests(Vec<Digest>);

#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
struct Digest {
    name: String,
    bytes: u64,
    sha256: String,
}

/// All of it as JSON. Unknown fields are ignored.
#[derive(Serialize, Deserialize)]
struct Stored {
    members: Vec<Digest>,
    #[serde(flatten)]
    contents: Contents,
    /// Written last and never false.
    complete: bool,
}

impl Digests {
    /// Adds a member.
    pub fn add(&mut self, member: Member, bytes: u64, digest: Sha256) -> [u8; 32] {
        let sha256: [u8; 32] = digest.finalize().into();
        let name = member.name().to_owned();
        self.0.push(Digest { name, bytes, sha256: hex::encode(sha256) });
        sha256
    }

    /// The member's text.
    pub fn write(self, contents: Contents) -> serde_json::Result<Vec<u8>> {
        serde_json::to_vec_pretty(&Stored { members: self.0, contents, complete: true })
    }

    /// Compares what was read with what the archive says was written; otherwise what is different, and in which
    /// member if it is one.
    pub fn compare(&self, json: &[u8], contents: Contents) -> Result<(), (Option<Member>, String)> {
        let stored: Stored =
            serde_json::from_slice(json).map_err(|error| (None, error.to_string()))?;
        if !stored.complete {
            return Err((None, "it says that the archive is not complete".to_owned()));
        }
        let names = |digests: &[Digest]| -> Vec<String> {
            digests.iter().map(|digest| digest.name.clone()).collect()
        };
        if names(&stored.members) != names(&self.0) {
            return Err((None, "it is of other members".to_owned()));
        }
        for (read, written) in self.0.iter().zip(&stored.members) {
            let member = Member::ALL.into_iter().find(|member| member.name() == read.name);
            if read.bytes != written.bytes {
                let what = format!("{} bytes were read and {} written", read.bytes, written.bytes);
                return Err((member, what));
            }
            if read.sha256 != written.sha256 {
                return Err((member, "its SHA-256 is not the one in digests.json".to_owned()));
            }
        }
        if stored.contents != contents {
            return Err((None, "its counts are not what was read".to_owned()));
        }
        Ok(())
    }
}
