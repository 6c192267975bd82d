//! The audit log. An entry is appended in the transaction of the operation it tells of, and its number and what
//! it follows are read there: both or neither, and never a gap.

use bson::{Document, doc, oid::ObjectId};
use rusqlite::{
    Connection, OptionalExtension, Row, params_from_iter,
    types::{Value, ValueRef},
};

use super::{
    document::is_small,
    error::{Attempt, Fault},
};
use crate::{
    org::OperationKind,
    store::{AuditAt, AuditFilter, AuditQuery, Entry, Head, Outcome, Settled, StoreError},
};

/// The columns by which entries are found; the document is behind them.
const SEARCHED: [&str; 5] = ["number", "entry", "organization", "name", "at"];

/// Puts an entry at the end, unless it is there already.
pub(super) fn append(tx: &Connection, entry: &Entry) -> Attempt<()> {
    let there =
        tx.prepare_cached("SELECT 1 FROM audit_log WHERE entry = ?")?.exists([entry.id.bytes()])?;
    if there {
        return Ok(());
    }
    let head = tx
        .prepare_cached(&format!("{} ORDER BY number DESC LIMIT 1", select()))?
        .query_row([], stored)
        .optional()?
        .map_or_else(Head::default, |last| Head::from_document(&last));
    if head.number == i64::MAX {
        // Nothing can follow what somebody wrote there.
        return Err(Fault::Garbage);
    }
    let document = head.followed_by(entry)?;
    let bson = document.to_vec().map_err(|problem| StoreError::Other(problem.to_string()))?;
    let values = columns(&document).into_iter().chain([bson.into()]);
    tx.prepare_cached("INSERT INTO audit_log VALUES (?, ?, ?, ?, ?, ?)")?
        .execute(params_from_iter(values))?;
    Ok(())
}

/// The number of the last entry; 0 where there is none.
pub(super) fn last_number(connection: &mut Connection) -> Attempt<i64> {
    let last = connection
        .prepare_cached("SELECT max(number) FROM audit_log")?
        .query_row([], |row| row.get::<_, Option<i64>>(0))?;
    Ok(last.unwrap_or(0))
}

/// What came of an operation. Nothing is ever half-done here: its entry is there with what it did.
pub(super) fn outcome(connection: &Connection, entry: ObjectId) -> Attempt<Settled> {
    let there = connection
        .prepare_cached("SELECT 1 FROM audit_log WHERE entry = ?")?
        .exists([entry.bytes()])?;
    Ok(if there { Settled::Done } else { Settled::NotBegun })
}

fn select() -> String {
    format!("SELECT {}, bson FROM audit_log", SEARCHED.join(", "))
}

/// Entries as they are stored. What has no column is looked for in each document, until so many match: a
/// search through all of a log is interrupted like any other read, and no column or index is added for a question that
/// is seldom asked.
pub(super) fn entries(connection: &Connection, query: &AuditQuery) -> Attempt<Vec<Document>> {
    let (sql, values) = select_of(query);
    let mut statement = connection.prepare_cached(&sql)?;
    let found = statement.query_map(params_from_iter(values), stored)?;
    let admitted = found.filter(|entry| entry.as_ref().map_or(true, |e| query.filter.admits(e)));
    let most = usize::try_from(query.limit).unwrap_or(usize::MAX);
    Ok(admitted.take(most).collect::<Result<_, _>>()?)
}

/// The texts of which an entry has one, for each filter that is for whole texts: without them in its bytes, it need
/// not be decoded.
fn whole_texts(filter: &AuditFilter) -> Vec<Vec<Value>> {
    let blobs = |texts: &mut dyn Iterator<Item = &str>| {
        texts.map(|text| Value::from(text.as_bytes().to_vec())).collect::<Vec<_>>()
    };
    let mut all = vec![blobs(&mut filter.actions.iter().map(OperationKind::code))];
    if let Some(names) = filter.operators() {
        all.push(blobs(&mut names.iter().map(String::as_str)));
    }
    // An entry that cannot be read says nothing of the kind.
    if !filter.outcomes.contains(&Outcome::Foreign) {
        all.push(blobs(&mut filter.outcomes.iter().map(|outcome| outcome.word())));
    }
    all.retain(|texts| !texts.is_empty());
    all
}

fn select_of(query: &AuditQuery) -> (String, Vec<Value>) {
    let mut conditions = vec!["TRUE".to_owned()];
    let mut values: Vec<Value> = Vec::new();
    if let Some((id, name)) = &query.filter.of {
        let name = Some(name).filter(|name| !name.is_empty());
        let condition = match (id, name) {
            (Some(_), Some(_)) => "(organization = ? OR name = ?)",
            (Some(_), None) => "organization = ?",
            (None, Some(_)) => "name = ?",
            (None, None) => "FALSE",
        };
        conditions.push(condition.to_owned());
        values.extend(id.map(|id| id.bytes().to_vec().into()));
        values.extend(name.map(|name| name.clone().into()));
    }
    for (time, condition) in [(query.filter.since, "at >= ?"), (query.filter.until, "at < ?")] {
        if let Some(time) = time {
            conditions.push(condition.to_owned());
            values.push(time.timestamp_millis().into());
        }
    }
    for texts in whole_texts(&query.filter) {
        let one = vec!["instr(bson, ?) > 0"; texts.len()];
        conditions.push(format!("({})", one.join(" OR ")));
        values.extend(texts);
    }
    let direction = match query.at {
        // From the very first there is: also one that somebody put in front of the first.
        AuditAt::After(..=0) => "ASC",
        AuditAt::After(number) => {
            conditions.push("number > ?".to_owned());
            values.push(number.into());
            "ASC"
        }
        AuditAt::Before(number) => {
            conditions.push("number < ?".to_owned());
            values.push(number.into());
            "DESC"
        }
        AuditAt::Newest => "DESC",
    };
    let conditions = conditions.join(" AND ");
    (format!("{} WHERE {conditions} ORDER BY number {direction}", select()), values)
}

/// The document in a row; nothing but its number where that is none, or where the row says something
/// else than the document: a verification takes it for edited then.
fn stored(row: &Row) -> rusqlite::Result<Document> {
    let number: i64 = row.get(0)?;
    let document = decoded(row.get_ref(SEARCHED.len())?.as_bytes().unwrap_or_default());
    if let Some(document) = document {
        let mut agrees = true;
        for (column, value) in columns(&document).iter().enumerate() {
            agrees &= row.get_ref(column)? == ValueRef::from(value);
        }
        if agrees {
            return Ok(document);
        }
    }
    Ok(doc! { "_id": number })
}

/// The document that exactly these bytes are. One that is not small is none of ours.
fn decoded(bson: &[u8]) -> Option<Document> {
    let document = Document::from_reader(is_small(bson).then_some(bson)?).ok()?;
    (document.to_vec().ok()? == bson).then_some(document)
}

/// What a row says of its document.
fn columns(document: &Document) -> [Value; SEARCHED.len()] {
    let id = |field| document.get_object_id(field).ok().map(|id| id.bytes().to_vec());
    [
        document.get_i64("_id").ok().into(),
        id("entry").into(),
        id("organization_id").into(),
        document.get_str("organization_name").ok().map(str::to_owned).into(),
        document.get_datetime("at").ok().map(|at| at.timestamp_millis()).into(),
    ]
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::store::sqlite::{schema, tests::plan_of};

    #[test]
    fn an_organizations_entries_and_those_from_a_number_on_are_found_without_looking_at_all() {
        let Ok(connection) = schema::in_memory() else { panic!("no database") };
        let org = AuditFilter::of(Some(ObjectId::new()), "");
        for (filter, index) in
            [(AuditFilter::ALL, "PRIMARY KEY"), (org, "audit_log_by_organization")]
        {
            for at in [AuditAt::After(5), AuditAt::Before(5), AuditAt::Newest] {
                let query = AuditQuery { filter: filter.clone(), at, limit: 50 };
                let (sql, values) = select_of(&query);
                let plan = plan_of(&connection, &sql, values);
                let [step] = &plan[..] else { panic!("{plan:?}") };
                // From the end of the table it is as much of it as is asked for.
                let whole = filter.is_empty() && at == AuditAt::Newest;
                assert!(whole || step.contains(index), "{sql}: {step}");
            }
        }
    }
}
