//! Which command of an operation is meant.

use bson::{Bson, Document};

use crate::proxy::Command;

pub fn settles(command: &Command) -> bool {
    let clears = |update: &Bson| match update {
        Bson::Document(update) => {
            update.get_document("$unset").is_ok_and(|unset| unset.contains_key("pending"))
        }
        _ => false,
    };
    command.is("findAndModify", "organizations")
        && command.content.get("update").is_some_and(clears)
}

pub fn takes_over(command: &Command) -> bool {
    let gives_a_lease = |update: &Document| {
        update.get_document("$push").is_ok_and(|push| push.contains_key("pending.earlier"))
    };
    command.is("findAndModify", "organizations")
        && command.content.get_document("update").is_ok_and(gives_a_lease)
}

pub fn writes_to_a_record(command: &Command, operator: &str, field: &str) -> bool {
    let writes = |update: &Bson| {
        let update = update.as_document().and_then(|one| one.get_document("u").ok());
        let fields = update.and_then(|update| update.get_document(operator).ok());
        fields.is_some_and(|fields| fields.contains_key(field))
    };
    command.is("update", "organizations")
        && command.content.get_array("updates").is_ok_and(|all| all.iter().any(writes))
}

pub fn reserves(command: &Command) -> bool {
    writes_to_a_record(command, "$set", "pending.kind")
}

/// Says in the record that it goes back.
pub fn notes_back(command: &Command) -> bool {
    writes_to_a_record(command, "$set", "pending.taken_back")
}

/// The end of going back.
pub fn unsets(command: &Command) -> bool {
    writes_to_a_record(command, "$unset", "pending")
}

pub fn appends(command: &Command) -> bool {
    command.is("insert", "audit_log")
}

/// Reads one admin by its identity, as who is about to mark it does.
pub fn reads_the_mark(command: &Command) -> bool {
    let id = command.content.get_document("filter").ok().and_then(|filter| filter.get("_id"));
    command.is("find", "admins") && matches!(id, Some(Bson::ObjectId(_)))
}

/// Looks where the collection of a creation is.
pub fn looks_for_both(command: &Command) -> bool {
    looked_for(command).contains(&"org_acme_corp".to_owned())
}

/// The collections of which it asks whether they are there.
pub fn looked_for(command: &Command) -> Vec<String> {
    let name =
        command.content.get_document("filter").and_then(|filter| filter.get_document("name"));
    let names = name.and_then(|name| name.get_array("$in")).into_iter().flatten();
    names.filter_map(Bson::as_str).map(str::to_owned).collect()
}
