//! What the server refuses to the user of the connection string, in the actions a role has to have.
//!
//! All refusals have one code, and only the server's sentence has the command, as it was sent: that is
//! the one thing read in it. Which actions a command takes is said here; which of them the user lacks,
//! and whether there is a user at all, the server says when a console connects.

use std::collections::HashSet;

use mongodb::bson::{Bson, Document, doc};

use crate::{org::escaped_short, store::StoreError};

/// The actions that reading takes: without one of them, `--read-only` is no way out.
const READING: [&str; 4] = ["find", "listCollections", "collStats", "changeStream"];

const GRANT: &str = "grant it that; `tenantry help mongodb` has the role";

const GRANT_OR_READ: &str =
    "grant it that (`tenantry help mongodb` has the role), or open it with --read-only";

/// Who is logged in, as far as the server has said it.
#[derive(Clone, Debug, Default)]
pub(super) struct Privileges {
    /// What the user may do with every collection of the database.
    actions: HashSet<String>,
    /// Whether there is no user.
    anonymous: bool,
}

impl Privileges {
    /// The question.
    pub(super) fn question() -> Document {
        doc! { "connectionStatus": 1, "showPrivileges": true }
    }

    /// Reads the answer.
    pub(super) fn from_status(answer: &Document, database: &str) -> Self {
        let everywhere = |privilege: &&Document| {
            privilege.get_document("resource").is_ok_and(|resource| {
                let is = |field, wanted: &[&str]| {
                    resource.get_str(field).is_ok_and(|text| wanted.contains(&text))
                };
                resource.get_bool("anyResource").unwrap_or(false)
                    || (is("db", &["", database]) && is("collection", &[""]))
            })
        };
        let said = |field| answer.get_document("authInfo").and_then(|info| info.get_array(field));
        let actions = said("authenticatedUserPrivileges")
            .into_iter()
            .flatten()
            .filter_map(Bson::as_document)
            .filter(everywhere)
            .filter_map(|privilege| privilege.get_array("actions").ok())
            .flatten();
        Self {
            actions: actions.filter_map(Bson::as_str).map(str::to_owned).collect(),
            anonymous: said("authenticatedUsers").is_ok_and(Vec::is_empty),
        }
    }

    /// A refused command in words: what may not be done, where, and what to do about it. `command` is
    /// what it was where the sentence has none.
    pub(super) fn refused(&self, sentence: &str, command: &str, database: &str) -> StoreError {
        if self.anonymous {
            return StoreError::Refused {
                problem: "the server requires a login".into(),
                help: "add the user and the password to the connection string",
            };
        }
        let said = sentence
            .split_once("execute command {")
            .and_then(|(_, rest)| rest.split_once(':'))
            .map_or(command, |(name, _)| name.trim());
        let needed = needed(said, sentence);
        let mut lacking: Vec<&str> =
            needed.iter().copied().filter(|action| !self.actions.contains(*action)).collect();
        let mut and = "” and “";
        if lacking.is_empty() {
            // It has them for some collections only, or lost one since the console connected.
            (lacking, and) = (needed.to_vec(), "” or “");
        }
        let what = match &lacking[..] {
            [] if said.is_empty() => "all it needs to do".to_owned(),
            [] => format!("the command “{}”", escaped_short(said, 40)),
            _ => format!("“{}”", lacking.join(and)),
        };
        let reading = !lacking.is_empty() && lacking.iter().all(|action| READING.contains(action));
        StoreError::Refused {
            problem: format!(
                "the user in the connection string may not do {what} on {}",
                escaped_short(database, 80)
            ),
            help: if reading { GRANT } else { GRANT_OR_READ },
        }
    }
}

/// The actions that a command of ours takes; what tells two of one name apart is in the command that the
/// sentence repeats.
fn needed(command: &str, sentence: &str) -> &'static [&'static str] {
    match command {
        "aggregate" if sentence.contains("pipeline: [ { $collStats: ") => &["collStats"],
        "find" | "count" | "aggregate" | "dataSize" | "getMore" => &["find"],
        "update" if sentence.contains("upsert: true") => &["insert", "update"],
        "update" => &["update"],
        "findAndModify" if sentence.contains("upsert: true") => &["find", "insert", "update"],
        "findAndModify" if sentence.contains("remove: true") => &["find", "remove"],
        "findAndModify" => &["find", "update"],
        // Whoever may insert makes collections by it, and so may make an empty one.
        "insert" | "create" => &["insert"],
        "delete" => &["remove"],
        "createIndexes" => &["createIndex"],
        "listIndexes" => &["listIndexes"],
        "listCollections" => &["listCollections"],
        "drop" => &["dropCollection"],
        // Or `renameCollectionSameDB`, which nothing else here takes.
        "renameCollection" => &["find", "insert", "createIndex", "dropCollection"],
        _ => &[],
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn privileges(resource: Document) -> Privileges {
        let privilege = doc! { "resource": resource, "actions": ["find", "insert"] };
        let answer = doc! { "authInfo": { "authenticatedUserPrivileges": [privilege] } };
        Privileges::from_status(&answer, "tenants")
    }

    fn problem(privileges: &Privileges, command: &str) -> String {
        let sentence =
            format!("not authorized on tenants to execute command {{ {command}, x: 1 }}");
        privileges.refused(&sentence, "", "tenants").to_string()
    }

    #[test]
    fn what_is_lacking_is_named_and_nothing_that_is_there() {
        let upsert = "update: \"organizations\", updates: [ { q: {}, u: {}, upsert: true } ]";
        for resource in [
            doc! { "db": "tenants", "collection": "" },
            doc! { "db": "", "collection": "" },
            doc! { "anyResource": true },
        ] {
            let said = problem(&privileges(resource), upsert);
            assert!(said.ends_with("may not do “update” on tenants"), "{said}");
        }
        // What it may do elsewhere, or with some collections, does not count.
        for resource in [
            doc! { "db": "other", "collection": "" },
            doc! { "db": "tenants", "collection": "admins" },
            doc! { "cluster": true },
        ] {
            let said = problem(&privileges(resource), upsert);
            assert!(said.ends_with("may not do “insert” and “update” on tenants"), "{said}");
        }
    }

    #[test]
    fn what_cannot_be_known_is_not_left_out() {
        let privileges = privileges(doc! { "db": "tenants", "collection": "" });
        // It had this when the console connected.
        let said = problem(&privileges, "find: \"organizations\"");
        assert!(said.ends_with("may not do “find” on tenants"), "{said}");
        let all = Privileges {
            actions: ["insert", "update"].map(str::to_owned).into(),
            ..Privileges::default()
        };
        let said = problem(&all, "update: \"organizations\", updates: [ { upsert: true } ]");
        assert!(said.ends_with("may not do “insert” or “update” on tenants"), "{said}");
        let said = problem(&privileges, "findAndModify: \"organizations\"");
        assert!(said.ends_with("may not do “update” on tenants"), "{said}");
        let said = problem(&privileges, "renameCollection: \"tenants.org_acme\"");
        assert!(
            said.ends_with("may not do “createIndex” and “dropCollection” on tenants"),
            "{said}"
        );
        let said = problem(&privileges, "newCommand: 1");
        assert!(said.ends_with("may not do the command “newCommand” on tenants"), "{said}");
    }

    #[test]
    fn who_is_not_logged_in_is_told_to_log_in_whatever_the_server_says() {
        let refused = |users: Vec<Bson>| {
            let answer = doc! { "authInfo": { "authenticatedUsers": users } };
            let privileges = Privileges::from_status(&answer, "tenants");
            privileges.refused("in other words", "", "tenants").help()
        };
        assert!(refused(vec![]).contains("the user and the password"));
        assert!(!refused(vec![doc! { "user": "ada", "db": "admin" }.into()]).contains("password"));
    }

    #[test]
    fn who_may_not_read_is_not_told_to_only_read() {
        let help = |command: &str| {
            let sentence = format!("not authorized on x to execute command {{ {command} }}");
            Privileges::default().refused(&sentence, "", "x").help()
        };
        assert!(!help("find: \"organizations\"").contains("--read-only"));
        assert!(
            !help("aggregate: \"x\", pipeline: [ { $collStats: {} } ]").contains("--read-only")
        );
        assert!(help("insert: \"organizations\"").contains("--read-only"));
        let manual = include_str!("../../../assets/manual/mongodb.md");
        assert!(manual.contains(&format!("actions: {READING:?}")));
    }
}
