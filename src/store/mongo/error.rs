//! What the driver reports, in words for a person. Never repeats a command, which may hold a hash, nor
//! a connection string, which may hold a password.

use std::{collections::HashSet, sync::Arc};

use mongodb::{
    bson::Bson,
    error::{Error, ErrorKind, WriteFailure},
    event::{EventHandler, sdam::SdamEvent},
    options::SelectionCriteria,
};
use tokio::sync::watch;

use super::privileges::Privileges;
use crate::{
    org::escaped_short,
    store::{Place, StoreError},
};

/// The server's codes that decide something here.
pub(super) mod code {
    /// A command without the right to it.
    pub(in super::super) const UNAUTHORIZED: i32 = 13;
    /// Wrong user or password.
    pub(in super::super) const AUTHENTICATION_FAILED: i32 = 18;
    /// The collection does not exist.
    pub(in super::super) const NAMESPACE_NOT_FOUND: i32 = 26;
    /// The collection exists already.
    pub(in super::super) const NAMESPACE_EXISTS: i32 = 48;
    /// A read took longer than it may.
    pub(in super::super) const MAX_TIME_EXPIRED: i32 = 50;
    /// A write did not reach the majority in time.
    pub(in super::super) const WRITE_CONCERN_TIMEOUT: i32 = 64;
    /// A name no collection can have.
    pub(in super::super) const INVALID_NAMESPACE: i32 = 73;
    /// A document that the collection's validator refuses.
    pub(in super::super) const DOCUMENT_REFUSED: i32 = 121;
    /// The collection of that name is not the one that is meant.
    pub(in super::super) const COLLECTION_UUID_MISMATCH: i32 = 361;
    /// What is asked for is a view.
    pub(in super::super) const NOT_ON_A_VIEW: i32 = 166;
    /// The server does not keep a snapshot any more, or the collection was moved or dropped: `CursorNotFound`,
    /// `QueryPlanKilled`, `CursorKilled`, `SnapshotTooOld`, `SnapshotUnavailable`.
    pub(in super::super) const OUTDATED: [i32; 5] = [43, 175, 237, 239, 246];
    /// The server is no primary, or shuts down.
    pub(in super::super) const NO_PRIMARY: [i32; 8] =
        [91, 189, 10058, 10107, 11600, 11602, 13435, 13436];
    /// A unique index has it already.
    pub(in super::super) const DUPLICATE_KEY: i32 = 11000;
}

const UNCONFIRMED: &str =
    "a majority of the replica set did not confirm the write in time; it may still happen";

const UNKNOWN_HOST: &str = "host not found in DNS";

const TLS_FAILED: &str =
    "the TLS handshake failed; does the server expect TLS? Otherwise leave out tls=true";

/// What the server answered, if it did: its code and its sentence. Of many inserts, about the first
/// that failed for more than being there already.
fn answer_of(error: &Error) -> Option<(i32, &str)> {
    match error.kind.as_ref() {
        ErrorKind::Command(command) => Some((command.code, &command.message)),
        ErrorKind::Write(WriteFailure::WriteError(write)) => Some((write.code, &write.message)),
        ErrorKind::Write(WriteFailure::WriteConcernError(concern)) => {
            Some((concern.code, &concern.message))
        }
        ErrorKind::InsertMany(many) => {
            let mut each = many.write_errors.iter().flatten();
            let failed = each.find(|one| one.code != code::DUPLICATE_KEY);
            let concern =
                || many.write_concern_error.as_ref().map(|c| (c.code, c.message.as_str()));
            failed.map(|one| (one.code, one.message.as_str())).or_else(concern)
        }
        _ => None,
    }
}

/// The server's code in an error, if the server answered at all.
pub(super) fn code_of(error: &Error) -> Option<i32> {
    answer_of(error).map(|(code, _)| code)
}

/// A command was done, but no majority confirmed it.
pub(super) struct Unconfirmed;

/// Turns the driver's errors into ours, remembering why the server did not answer the driver's own
/// heartbeat: what an operation reports later is only that it found no server.
#[derive(Clone, Debug)]
pub(super) struct ErrorTranslator {
    place: Place,
    tls: bool,
    privileges: Privileges,
    /// The replica set that the connection string names.
    set: Option<String>,
    heard: Arc<watch::Sender<Heard>>,
}

/// What came of the driver's heartbeats.
#[derive(Debug, Default)]
struct Heard {
    /// The last failure since the last answer, and whose it was.
    last: Option<(String, Error)>,
    /// The servers that refuse connections.
    refusing: HashSet<String>,
    /// The replica set of the last server that answered; none where it is in none.
    set: Option<String>,
    /// Whether a secondary answered.
    secondary: bool,
    /// Whether there is no server to read from.
    away: bool,
    /// Whether one that seems to be there did not answer a question, nor anything since.
    silent: bool,
    /// Whether any server ever answered: then a closed connection is no question of TLS.
    answered: bool,
}

impl ErrorTranslator {
    /// Words about one place.
    pub(super) fn new(place: Place, tls: bool) -> Self {
        Self { place, tls, privileges: Privileges::default(), set: None, heard: Arc::default() }
    }

    /// The same, where the connection string names a replica set.
    pub(super) fn expecting(self, set: Option<String>) -> Self {
        Self { set, ..self }
    }

    /// The same, once the server has said what its user may do.
    pub(super) fn with_privileges(self, privileges: Privileges) -> Self {
        Self { privileges, ..self }
    }

    /// Which place they are about.
    pub(super) fn place(&self) -> &Place {
        &self.place
    }

    /// What the driver is to call with its events.
    /// `criteria` say which server is read from.
    pub(super) fn listener(&self, criteria: Option<SelectionCriteria>) -> EventHandler<SdamEvent> {
        let heard = Arc::clone(&self.heard);
        EventHandler::callback(move |event| {
            let (server, failure) = match event {
                SdamEvent::ServerHeartbeatFailed(event) => {
                    (event.server_address, Some(event.failure))
                }
                SdamEvent::ServerHeartbeatSucceeded(event) => {
                    heard.send_modify(|heard| {
                        heard.set = event.reply.get_str("setName").ok().map(str::to_owned);
                        heard.secondary |= event.reply.get_bool("secondary").unwrap_or(false);
                    });
                    (event.server_address, None)
                }
                SdamEvent::TopologyDescriptionChanged(event) => {
                    let away = !event.new_description.has_readable_server(criteria.clone());
                    return heard.send_modify(|heard| heard.away = away);
                }
                _ => return,
            };
            let server = server.to_string();
            heard.send_modify(|heard| {
                if failure.as_ref().is_some_and(is_refusal) {
                    heard.refusing.insert(server.clone());
                } else {
                    heard.refusing.remove(&server);
                }
                heard.answered |= failure.is_none();
                heard.silent &= failure.is_some();
                heard.last = failure.map(|failure| (server, failure));
            });
        })
    }

    /// Ends once each of these servers refuses connections: what the driver goes on waiting for, a
    /// person would rather know at once.
    pub(super) async fn refused_by_all(&self, servers: &[String]) -> StoreError {
        let all = |heard: &Heard| servers.iter().all(|server| heard.refusing.contains(server));
        if self.heard.subscribe().wait_for(all).await.is_err() {
            // Never: its sender is part of this.
            std::future::pending::<()>().await;
        }
        self.unreachable(&self.why_no_server())
    }

    /// One error in words.
    pub(super) fn translate(&self, error: &Error) -> StoreError {
        match code_of(error) {
            Some(code::AUTHENTICATION_FAILED) => return wrong_password(),
            Some(code::UNAUTHORIZED) => {
                let command = match error.kind.as_ref() {
                    ErrorKind::InsertMany(_) => "insert",
                    _ => "",
                };
                return self.refused(answer_of(error).unwrap_or_default().1, command);
            }
            Some(code::MAX_TIME_EXPIRED) => return self.too_slow(),
            Some(code::WRITE_CONCERN_TIMEOUT) => return self.unreachable(UNCONFIRMED),
            Some(code::DOCUMENT_REFUSED) => return refused_by_validator(),
            _ if error.get_custom::<Unconfirmed>().is_some() => {
                return self.unreachable(UNCONFIRMED);
            }
            Some(code) if code::NO_PRIMARY.contains(&code) => {
                return self
                    .unreachable("the server has just stopped being the primary; try again");
            }
            _ => {}
        }
        match error.kind.as_ref() {
            ErrorKind::Authentication { .. } => wrong_password(),
            ErrorKind::ServerSelection { .. } => self.unreachable(&self.why_no_server()),
            ErrorKind::Io(_) | ErrorKind::DnsResolve { .. } => {
                let answered = self.heard.borrow().answered;
                self.unreachable(&self.cause(error, answered))
            }
            ErrorKind::ConnectionPoolCleared { .. } => self.unreachable("the connection was lost"),
            ErrorKind::InvalidTlsConfig { message, .. } => StoreError::Misconfigured {
                problem: format!("invalid TLS settings: {}", escaped_short(message, 300)),
                help: "correct tls, tlsCAFile and tlsCertificateKeyFile in the connection string",
            },
            ErrorKind::Shutdown => self.unreachable("the connection was closed"),
            _ => StoreError::Other(escaped_short(&message_of(error), 300)),
        }
    }

    /// Updates of a bulk that were refused for want of a right; none when that is not why they failed.
    pub(super) fn of_updates(&self, errors: &[Bson]) -> Option<StoreError> {
        let mut errors = errors.iter().filter_map(Bson::as_document);
        let refused = errors
            .find(|error| error.get_i32("code").is_ok_and(|code| code == code::UNAUTHORIZED))?;
        Some(self.refused(refused.get_str("errmsg").unwrap_or_default(), "update"))
    }

    fn refused(&self, sentence: &str, command: &str) -> StoreError {
        self.privileges.refused(sentence, command, &self.place.database)
    }

    /// What was asked took longer than a read may.
    pub(super) fn too_slow(&self) -> StoreError {
        self.unreachable("the query took longer than 30 s and was cancelled")
    }

    /// No answer to anything at all.
    pub(super) fn silent(&self) -> StoreError {
        self.heard.send_modify(|heard| heard.silent = true);
        self.no_server()
    }

    /// A question was answered.
    pub(super) fn heard(&self) {
        self.heard.send_if_modified(|heard| std::mem::take(&mut heard.silent));
    }

    /// Ends once there is no server that answers.
    pub(super) async fn lost(&self) {
        let lost = |heard: &Heard| heard.away || heard.silent;
        if self.heard.subscribe().wait_for(lost).await.is_err() {
            // Never: its sender is part of this.
            std::future::pending::<()>().await;
        }
    }

    /// No server answers, and why.
    pub(super) fn no_server(&self) -> StoreError {
        if self.heard.borrow().silent {
            return self.unreachable("timed out: no response");
        }
        self.unreachable(&self.why_no_server())
    }

    /// No answer, and why.
    pub(super) fn unreachable(&self, problem: &str) -> StoreError {
        StoreError::Unreachable {
            address: self.place.address.clone(),
            problem: escaped_short(problem, 300),
        }
    }

    fn why_no_server(&self) -> String {
        let heard = self.heard.borrow();
        match &heard.last {
            Some((address, error)) => {
                let cause = self.cause(error, heard.answered);
                if *address == self.place.address { cause } else { format!("{address}: {cause}") }
            }
            None if heard.answered && self.set.is_some() && self.set != heard.set => {
                let named = escaped_short(self.set.as_deref().unwrap_or_default(), 60);
                match &heard.set {
                    Some(set) => format!(
                        "its replica set is “{}”, and the connection string names “{named}”",
                        escaped_short(set, 60)
                    ),
                    None => format!("it is in no replica set, and the connection string names “{named}”"),
                }
            }
            None if heard.secondary => "no server there takes writes (timed out waiting for a \
                 primary); --read-only with readPreference=secondaryPreferred in the connection string \
                 reads from a secondary"
                .into(),
            None => "no server there takes writes (timed out waiting for a primary)".into(),
        }
    }

    fn cause(&self, error: &Error, answered: bool) -> String {
        use std::io::ErrorKind as Io;
        let io = match error.kind.as_ref() {
            ErrorKind::DnsResolve { .. } => return UNKNOWN_HOST.into(),
            ErrorKind::Io(io) => io,
            _ => return message_of(error),
        };
        let tls = io.get_ref().and_then(|inner| inner.downcast_ref::<rustls::Error>());
        let closed = matches!(
            io.kind(),
            Io::UnexpectedEof | Io::ConnectionReset | Io::ConnectionAborted | Io::BrokenPipe
        );
        let why = match tls {
            _ if is_refusal(error) => "connection refused",
            _ if io.kind() == Io::TimedOut => "timed out: no response",
            Some(rustls::Error::InvalidCertificate(_)) => {
                return format!(
                    "the TLS certificate was rejected ({io}); set its CA with tlsCAFile="
                );
            }
            _ if answered && closed => "the connection was lost",
            Some(_) => TLS_FAILED,
            None if self.tls && closed => TLS_FAILED,
            None if closed => {
                "the server closed the connection at once; does it expect TLS? Then add tls=true"
            }
            None if is_unknown_host(io) => UNKNOWN_HOST,
            None => return io.to_string(),
        };
        why.into()
    }
}

/// The server does not say which.
fn refused_by_validator() -> StoreError {
    StoreError::InTheWay {
        problem: "the validator of a collection refuses what Tenantry writes to it".into(),
        help: "run `tenantry doctor`: it names the collection and the fields to allow",
    }
}

fn wrong_password() -> StoreError {
    StoreError::Refused {
        problem: "wrong user or password, or the wrong authSource".into(),
        help: "check the connection string",
    }
}

fn is_refusal(error: &Error) -> bool {
    matches!(error.kind.as_ref(), ErrorKind::Io(io)
        if io.kind() == std::io::ErrorKind::ConnectionRefused)
}

/// The standard library has no kind for it: its own words, in front of those of the system, are all
/// there is.
fn is_unknown_host(error: &std::io::Error) -> bool {
    error.to_string().starts_with("failed to lookup address information")
}

/// The server's sentence, without documents a derived text would repeat.
fn message_of(error: &Error) -> String {
    match answer_of(error) {
        Some((code, sentence)) => format!("{sentence} ({code})"),
        None => error.kind.to_string(),
    }
}

#[cfg(test)]
mod tests {
    use mongodb::{
        bson::{deserialize_from_document, doc},
        error::InsertManyError,
    };

    use std::io;

    use super::*;

    /// Sentences change from one release to the next, and from one system to the next.
    #[test]
    fn why_there_is_no_answer_does_not_depend_on_the_wording() {
        let cause = |error: io::Error, answered| {
            let error = Error::from(ErrorKind::Io(Arc::new(error)));
            ErrorTranslator::new(super::super::place("mongodb://h", "tenants"), true)
                .cause(&error, answered)
        };
        let worded = |kind| io::Error::new(kind, "in other words");
        assert_eq!(cause(worded(io::ErrorKind::TimedOut), false), "timed out: no response");
        for kind in [
            io::ErrorKind::UnexpectedEof,
            io::ErrorKind::ConnectionReset,
            io::ErrorKind::ConnectionAborted,
            io::ErrorKind::BrokenPipe,
        ] {
            assert!(cause(worded(kind), false).contains("TLS handshake failed"), "{kind:?}");
            assert_eq!(cause(worded(kind), true), "the connection was lost");
        }
        let tls = |error| io::Error::new(io::ErrorKind::InvalidData, error);
        let untrusted = rustls::CertificateError::UnknownIssuer;
        let said = cause(tls(rustls::Error::InvalidCertificate(untrusted)), false);
        assert!(said.contains("certificate was rejected"), "{said}");
        let said = cause(tls(rustls::Error::General("in other words".into())), false);
        assert!(said.contains("TLS handshake failed"), "{said}");
        // A host may be called anything.
        let said = cause(worded(io::ErrorKind::HostUnreachable), false);
        assert_eq!(said, "in other words");
    }

    fn translator() -> ErrorTranslator {
        ErrorTranslator::new(super::super::place("mongodb://h", "tenants"), false)
    }

    #[test]
    fn a_right_that_is_missing_in_a_bulk_of_writes_is_named() {
        let sentence = "not authorized on tenants to execute command { insert: \"org_acme\" }";
        let there = doc! { "index": 0, "code": 11000, "errmsg": "E11000 duplicate key" };
        for sentence in [sentence, "not authorized"] {
            let refused = doc! { "index": 1, "code": 13, "errmsg": sentence };
            let many: InsertManyError =
                deserialize_from_document(doc! { "writeErrors": [&there, &refused] }).unwrap();
            let said = translator().translate(&ErrorKind::InsertMany(many).into());
            assert!(
                matches!(&said, StoreError::Refused { problem, .. }
                if problem.ends_with("may not do “insert” on tenants")),
                "{said:?}"
            );
            let refused = [there.clone().into(), refused.into()];
            let said = translator().of_updates(&refused);
            assert!(matches!(&said, Some(StoreError::Refused { .. })), "{said:?}");
            assert_eq!(translator().of_updates(&refused[..1]), None);
        }
    }
}
