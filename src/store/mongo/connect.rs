//! From a connection string to a client that has answered once.

use std::time::Duration;

use mongodb::{
    Client, Cursor, Database,
    bson::{Document, RawDocumentBuf, cstr, doc},
    error::ErrorKind,
    options::{
        Acknowledgment, ClientOptions, ReadConcern, ReadPreference, SelectionCriteria, WriteConcern,
    },
};

use super::{
    error::{ErrorTranslator, Unconfirmed, code, code_of},
    privileges::Privileges,
};
use crate::{
    org::{ConnectionString, escaped_short, is_hidden, is_parsable},
    store::{Place, PlaceKind, Result, StoreError},
};

/// How long a server is looked for: a person is told within five seconds.
const SELECTION: Duration = Duration::from_millis(4_500);

/// How long one attempt to connect takes at most: less than [`SELECTION`], so that its failure is
/// known by then.
const CONNECT: Duration = Duration::from_secs(4);

/// How long a majority may take to confirm a write before the outcome is called unknown.
const CONFIRMATION: Duration = Duration::from_secs(10);

const EXAMPLE: &str = "write one like mongodb://user:password@db1.example:27017/?authSource=admin";

/// The wire version of MongoDB 6.0, the first that has `collectionUUID`.
const FENCES: i32 = 17;

/// Connects and asks the server for a sign of life: what its user may do, and why nothing can be
/// written to it, if so.
pub(super) async fn connect(
    uri: &str,
    database: &str,
    read_only: bool,
) -> Result<(Database, ErrorTranslator, Option<String>)> {
    check_database(database)?;
    let place = place(uri, database);
    let mut options = parse(uri, &place).await?;
    keeps_promises(&options)?;
    let tls = matches!(options.tls, Some(mongodb::options::Tls::Enabled(_)));
    let errors = ErrorTranslator::new(place, tls).expecting(options.repl_set_name.clone());
    // Whoever only reads may read from a secondary; whoever writes has to see what was written.
    let asked = options.selection_criteria.take().filter(|_| read_only);
    let reads = asked.unwrap_or(SelectionCriteria::ReadPreference(ReadPreference::Primary));
    options.app_name = Some("tenantry".into());
    options.server_selection_timeout = Some(stricter(options.server_selection_timeout, SELECTION));
    options.connect_timeout = Some(stricter(options.connect_timeout, CONNECT));
    options.max_pool_size = Some(options.max_pool_size.unwrap_or(8).min(8));
    options.min_pool_size = None;
    options.retry_reads = Some(true);
    options.retry_writes = Some(true);
    options.read_concern = Some(ReadConcern::majority());
    options.write_concern = Some(write_concern());
    options.selection_criteria = Some(reads.clone());
    options.sdam_event_handler = Some(errors.listener(Some(reads.clone())));
    #[cfg(feature = "failpoints")]
    {
        options.command_event_handler = Some(crate::failpoint::around_commands(database));
    }
    let servers: Vec<String> = options.hosts.iter().map(ToString::to_string).collect();
    let client = Client::with_options(options).map_err(|error| errors.translate(&error))?;
    let database = client.database(database);
    let answer = tokio::select! {
        answer = read_command(&database, Privileges::question()) => {
            answer.map_err(|error| errors.translate(&error))?
        }
        refused = errors.refused_by_all(&servers) => return Err(refused),
    };
    let privileges = Privileges::from_status(&answer, database.name());
    let errors = errors.with_privileges(privileges);
    let hello =
        read_command(&database, doc! { "hello": 1 }).await.map_err(|e| errors.translate(&e))?;
    let only_readable = only_readable_because(&hello).filter(|_| !read_only);
    Ok((database, errors, only_readable))
}

/// Runs a command that reads, where the driver would otherwise ask the primary whatever is set.
pub(super) async fn read_command(
    database: &Database,
    command: Document,
) -> mongodb::error::Result<Document> {
    let action = database.run_command(command);
    match database.selection_criteria() {
        Some(criteria) => action.selection_criteria(criteria.clone()).await,
        None => action.await,
    }
}

/// As [`read_command`], of a command that is answered by a cursor.
pub(super) async fn read_cursor(
    database: &Database,
    command: Document,
) -> mongodb::error::Result<Cursor<Document>> {
    let ask = async || {
        let action = database.run_cursor_command(command.clone());
        match database.selection_criteria() {
            Some(criteria) => action.selection_criteria(criteria.clone()).await,
            None => action.await,
        }
    };
    match ask().await {
        // As the driver does with reads that it knows: the connection may only have been cut.
        Err(error) if may_be_asked_again(&error) => ask().await,
        answer => answer,
    }
}

/// What has these names, or everything, as `listCollections` describes it.
pub(super) async fn list_collections(
    database: &Database,
    filter: Document,
) -> mongodb::error::Result<Vec<Document>> {
    let command = doc! { "listCollections": 1, "filter": filter };
    let mut found = read_cursor(database, command).await?;
    let mut all = Vec::new();
    while found.advance().await? {
        all.push(found.deserialize_current()?);
    }
    Ok(all)
}

fn may_be_asked_again(error: &mongodb::error::Error) -> bool {
    let is_cut =
        matches!(error.kind.as_ref(), ErrorKind::Io(_) | ErrorKind::ConnectionPoolCleared { .. });
    is_cut || code_of(error).is_some_and(|code| code::NO_PRIMARY.contains(&code))
}

/// Refuses a connection string that would have writes be lost, or reads see what may be undone.
fn keeps_promises(options: &ClientOptions) -> Result<()> {
    let (option, help) = match (&options.write_concern, &options.read_concern) {
        (Some(WriteConcern { w: Some(w), .. }), _) if *w != Acknowledgment::Majority => {
            ("w", "leave out w: every write waits for a majority of the servers")
        }
        (Some(WriteConcern { journal: Some(false), .. }), _) => {
            ("journal", "leave out journal: every write waits for the journal")
        }
        (_, Some(concern)) if *concern != ReadConcern::majority() => {
            ("readConcernLevel", "leave out readConcernLevel: what is read is what a majority has")
        }
        _ => return Ok(()),
    };
    let problem = format!("the connection string sets {option} to less than Tenantry promises");
    Err(StoreError::Misconfigured { problem, help })
}

/// Refuses options that would be ignored, or that the driver is not built with.
fn is_supported(uri: &str) -> Result<()> {
    let Some(uri) = ConnectionString::split(uri) else { return Ok(()) };
    for option in uri.option_names() {
        let help = match option.to_ascii_lowercase().as_str() {
            "compressors" | "zlibcompressionlevel" => "leave it out: nothing is compressed",
            "tlscertificatekeyfilepassword" => {
                "leave it out, and name a key file that is not encrypted"
            }
            "proxyhost" | "proxyport" | "proxyusername" | "proxypassword" => {
                "leave it out, and reach the server without a SOCKS5 proxy"
            }
            _ => continue,
        };
        let problem = format!(
            "the option {} of a connection string is not supported here",
            escaped_short(option, 40)
        );
        return Err(StoreError::Misconfigured { problem, help });
    }
    Ok(())
}

/// Why nothing can be written to a server safely, if so.
fn only_readable_because(hello: &Document) -> Option<String> {
    if hello.get_bool("secondary").unwrap_or(false) {
        let set = escaped_short(hello.get_str("setName").unwrap_or_default(), 60);
        let primary = hello.get_str("primary").map_or_else(
            |_| "it has no primary now".to_owned(),
            |primary| format!("its primary is {}", escaped_short(primary, 100)),
        );
        return Some(format!(
            "the server is a secondary of the replica set “{set}”, which takes no writes ({primary}); \
             leave out directConnection to find the primary"
        ));
    }
    match hello.get_i32("maxWireVersion") {
        Ok(version) if version >= FENCES => None,
        _ => Some(
            "the server is older than MongoDB 6.0, which cannot keep a command that comes too late \
             from the wrong collection; upgrade it to 6.0 or later"
                .to_owned(),
        ),
    }
}

/// What every write waits for, commands that make, rename and drop collections included: without it
/// an acknowledged rename is lost when the server is killed.
pub(super) fn write_concern() -> WriteConcern {
    WriteConcern::builder()
        .w(Acknowledgment::Majority)
        .journal(true)
        .w_timeout(CONFIRMATION)
        .build()
}

/// [`write_concern`] for a command that is written out.
fn concern() -> Document {
    let WriteConcern { w_timeout, journal, .. } = write_concern();
    let millis = w_timeout.and_then(|timeout| i64::try_from(timeout.as_millis()).ok());
    doc! { "w": "majority", "j": journal, "wtimeout": millis }
}

/// Runs a command that writes. The driver does not look whether one it does not know reached the
/// majority.
pub(super) async fn write_command(
    database: &Database,
    mut command: Document,
) -> mongodb::error::Result<Document> {
    command.insert("writeConcern", concern());
    confirmed(database.run_command(command).await?)
}

/// As [`write_command`], of a command with bytes that are not to be touched.
pub(super) async fn write_raw_command(
    database: &Database,
    mut command: RawDocumentBuf,
) -> mongodb::error::Result<Document> {
    command.append(cstr!("writeConcern"), RawDocumentBuf::try_from(&concern())?);
    confirmed(database.run_raw_command(command).await?)
}

fn confirmed(answer: Document) -> mongodb::error::Result<Document> {
    if answer.contains_key("writeConcernError") {
        return Err(mongodb::error::Error::custom(Unconfirmed));
    }
    Ok(answer)
}

fn stricter(asked: Option<Duration>, most: Duration) -> Duration {
    asked.map_or(most, |asked| asked.min(most))
}

/// What is wrong with most user names and passwords that the driver refuses.
const ESCAPES: &str = "in a user name or password, the characters : / ? # [ ] @ % must be written as \
                       %3A %2F %3F %23 %5B %5D %40 %25";

async fn parse(uri: &str, place: &Place) -> Result<ClientOptions> {
    is_supported(uri)?;
    if !is_parsable(uri) {
        return Err(StoreError::Misconfigured {
            problem: format!("invalid connection string: {ESCAPES}"),
            help: EXAMPLE,
        });
    }
    let errors = ErrorTranslator::new(place.clone(), false);
    // A mongodb+srv:// string asks the DNS while it is parsed.
    let Ok(parsed) = tokio::time::timeout(SELECTION, ClientOptions::parse(uri)).await else {
        return Err(errors.unreachable("timed out asking the DNS for its servers"));
    };
    let Err(error) = parsed else { return parsed.map_err(|error| errors.translate(&error)) };
    if matches!(error.kind.as_ref(), mongodb::error::ErrorKind::DnsResolve { .. }) {
        return Err(errors.unreachable("the DNS knows no MongoDB servers by that name"));
    }
    // The driver's sentence may quote the string it could not parse, so it is only repeated for a
    // string without user and password.
    let bare = ConnectionString::split(uri).map(|uri| uri.without_credentials());
    let problem = match (bare.unwrap_or_else(|| uri.to_owned()), uri.contains('@')) {
        (bare, false) if bare == uri => words_of_parser(&error),
        (bare, _) => match mongodb::options::ConnectionString::parse(bare) {
            Err(error) => words_of_parser(&error),
            Ok(_) => ESCAPES.into(),
        },
    };
    Err(StoreError::Misconfigured {
        problem: format!("invalid connection string: {problem}"),
        help: EXAMPLE,
    })
}

fn words_of_parser(error: &mongodb::error::Error) -> String {
    let text = match error.kind.as_ref() {
        mongodb::error::ErrorKind::InvalidArgument { message, .. } => message.clone(),
        kind => kind.to_string(),
    };
    escaped_short(text.trim_end_matches('.'), 200)
}

/// What the database is called before it was ever reached; never with user or password.
pub(in crate::store) fn place(uri: &str, database: &str) -> Place {
    Place { kind: PlaceKind::Mongo, address: address(uri), database: database.to_owned() }
}

/// Host and port as the person wrote them.
fn address(uri: &str) -> String {
    escaped_short(ConnectionString::split(uri).map_or("", |uri| uri.hosts()), 200)
}

fn check_database(name: &str) -> Result<()> {
    let problem = if name.is_empty() {
        "is empty"
    } else if name.len() > 63 {
        "has more than 63 bytes"
    } else if name.chars().any(|c| is_hidden(c) || "/\\. \"$*<>:|?".contains(c)) {
        "has a character that database names cannot have"
    } else if ["admin", "local", "config"].contains(&name) {
        "belongs to the server itself"
    } else {
        return Ok(());
    };
    Err(StoreError::Misconfigured {
        problem: format!("the database name “{}” {problem}", escaped_short(name, 80)),
        help: "take one like master_organization_db; that of the user belongs in ?authSource=",
    })
}

#[cfg(test)]
mod tests {
    use super::*;

    #[tokio::test]
    async fn a_bad_connection_string_is_explained_without_the_password() {
        for uri in [
            "nonsense",
            "http://db1",
            "mongodb://",
            "mongodb://ada:s3cret@db1:port",
            "mongodb://ada:s3@cret@db1",
            "mongodb://ada:s3/cret@db1",
            "mongodb://ada:s3%cret@db1",
            "mongodb://ada:s3cret@db1/?tls=perhaps",
            "mongodb://ada:s3cret@",
        ] {
            let Err(StoreError::Misconfigured { problem: text, help }) =
                connect(uri, "db", false).await
            else {
                panic!("{uri} was taken");
            };
            assert!(!text.contains("s3") && !text.contains("cret"), "{uri}: {text}");
            assert!(help.contains("like mongodb://"), "{help}");
        }
    }

    #[test]
    fn a_server_that_cannot_fence_is_only_read() {
        assert_eq!(only_readable_because(&doc! { "maxWireVersion": 17 }), None);
        for old in [doc! { "maxWireVersion": 13 }, doc! {}] {
            assert!(only_readable_because(&old).is_some_and(|why| why.contains("6.0 or later")));
        }
    }

    #[tokio::test]
    async fn what_weakens_promises_or_is_not_supported_is_refused_by_name() {
        for (option, named) in [
            ("w=0", "sets w "),
            ("w=1", "sets w "),
            ("journal=false", "sets journal "),
            ("readConcernLevel=local", "sets readConcernLevel "),
            ("compressors=zlib", "option compressors "),
            ("tls=true&tlsCertificateKeyFilePassword=s3cret", "tlsCertificateKeyFilePassword "),
            ("proxyHost=p&proxyPort=1", "option proxyHost "),
        ] {
            let refused = connect(&format!("mongodb://127.0.0.1:1/?{option}"), "db", true).await;
            let Err(StoreError::Misconfigured { problem, .. }) = refused else {
                panic!("{option} was taken");
            };
            assert!(problem.contains(named) && !problem.contains("s3cret"), "{problem}");
        }
        // What is promised anyway may be said, and is not what keeps this from connecting.
        let said = "w=majority&journal=true&readConcernLevel=majority&retryWrites=false";
        let refused = connect(&format!("mongodb://127.0.0.1:1/?{said}"), "db", false).await;
        assert!(matches!(refused, Err(StoreError::Unreachable { .. })));
    }

    #[tokio::test]
    async fn a_database_name_is_checked_before_anything_is_asked() {
        for name in ["", "a b", "a.b", "a$", "a\0", "a\u{202e}", "admin", &"x".repeat(64)] {
            let refused = connect("mongodb://127.0.0.1:1", name, false).await;
            assert!(matches!(refused, Err(StoreError::Misconfigured { .. })), "{name:?}");
        }
    }
}
