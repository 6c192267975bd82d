//! What can be wrong with flags, environment and configuration file.

use std::{net::SocketAddr, path::PathBuf};

use super::{KEY, Problems};
use crate::tenancy::SECRET_KEY_LEAST_BYTES;

/// What is wrong with a flag or a variable. Values of secrets are never repeated.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
pub enum Error {
    /// Two flags name a database each.
    #[error("{0} and {1} are mutually exclusive")]
    TwoFlags(&'static str, &'static str),
    /// Two variables name a database each, and no flag decides.
    #[error("{0} and {1} are both set, and each names a database")]
    TwoVariables(&'static str, &'static str),
    /// `--database` where there is none to choose.
    #[error("--database needs a MongoDB, and none is given")]
    DatabaseWithoutServer,
    /// Two databases on one MongoDB.
    #[error("{by} names the database “{name}”, and the connection string names “{path}”")]
    OtherDatabase {
        /// What names the one.
        by: &'static str,
        /// The one.
        name: String,
        /// The one in the connection string.
        path: String,
    },
    /// A variable that a profile names has no connection string.
    #[error("${0} must hold the connection string, and is not set")]
    VariableUnset(String),
    /// A flag with nothing in it.
    #[error("{0} is empty")]
    Empty(&'static str),
    /// A variable that is no text.
    #[error("{0} is not valid UTF-8")]
    NotText(&'static str),
    /// A variable that is no number, or one too small or too large.
    #[error("{0} is not a number from {1} to {2}")]
    NoNumber(&'static str, u32, u32),
    /// The signing key could be guessed.
    #[error("{KEY} has {0} bytes; at least {SECRET_KEY_LEAST_BYTES} are needed")]
    KeyTooShort(usize),
    /// Nowhere to keep or look for files.
    #[error("the home directory is unknown")]
    NoHome,
    /// The configuration has no such profile.
    #[error("unknown profile “{name}”{}", among(known))]
    NoProfile {
        /// What was asked for.
        name: String,
        /// All there are.
        known: Vec<String>,
    },
    /// The configuration file cannot be read.
    #[error("cannot read {}: {why}", path.display())]
    Unreadable {
        /// The file.
        path: PathBuf,
        /// Why.
        why: String,
    },
    /// The configuration file is world-writable, or is owned by another user.
    #[error("other users can write {}, which decides which database is opened and which commands run", .0.display())]
    OthersWrite(PathBuf),
    /// A certificate without its key, or a key without its certificate.
    #[error("TLS needs a certificate and its key, and only one of them is given")]
    HalfOfTls,
    /// Passwords and tokens would cross the network in the clear.
    #[error("{0} can be reached from other machines, without TLS and without a proxy")]
    Exposed(SocketAddr),
    /// A file that the service needs cannot be used.
    #[error("{what} {}: {why}", path.display())]
    Unusable {
        /// What it was for.
        what: &'static str,
        /// The file.
        path: PathBuf,
        /// Why not.
        why: String,
    },
    /// The configuration file is wrong.
    #[error("{0}")]
    File(Problems),
}

impl Error {
    /// What the person can do about it.
    #[must_use]
    pub fn help(&self) -> &'static str {
        match self {
            Self::TwoFlags(..) => "keep one of them",
            Self::TwoVariables(..) => {
                "unset one of them, or decide with --uri, --file or --profile"
            }
            Self::DatabaseWithoutServer => "name the server with --uri or MONGODB_URI",
            Self::OtherDatabase { .. } => {
                "keep one; the database that holds the users belongs in ?authSource="
            }
            Self::VariableUnset(_) => "set it before starting Tenantry",
            Self::OthersWrite(_) => "fix it with `chown` and `chmod o-w`",
            Self::Empty(_) => "give it a value, or omit it",
            Self::NotText(_) | Self::NoNumber(..) => "correct it, or unset it",
            Self::KeyTooShort(_) => "generate one with `openssl rand -hex 32`, or unset it",
            Self::NoHome => "set HOME, or use --file and --config",
            Self::NoProfile { .. } => "add it to the file that `tenantry config path` prints",
            Self::Unreadable { .. } => "fix it, or use another file with --config",
            Self::HalfOfTls => {
                "use --tls-cert and --tls-key together, or tls_cert and tls_key in [serve]"
            }
            Self::Unusable { .. } => "check the path, what is in it, and who may read it",
            Self::Exposed(_) => {
                "add --tls-cert and --tls-key, or name the proxy in front of it with --behind-proxy"
            }
            Self::File(_) => "`tenantry config check` lists all problems",
        }
    }
}

fn among(known: &[String]) -> String {
    if known.is_empty() { String::new() } else { format!(": there are {}", known.join(", ")) }
}
