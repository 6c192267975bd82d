//! The queries that only look.

use mongodb::bson::{DateTime, Document, oid::ObjectId};
use rusqlite::{Connection, OptionalExtension, Row, ToSql, params_from_iter, types::Value};

use super::{
    document::shown,
    error::{Attempt, Fault},
};
use crate::org::{Claim, Connection as Details, InTrash, Org, OrgState, email_key, name_key};
use crate::store::{
    Count, Cursor, CursorKey, Holder, Page, PageAt, PageQuery, Shelf, SortKey, Statistics,
    page::other_order,
};

/// What [`org`] reads, in its order.
pub(super) const ORG: &str = "id, name, collection, admin_id, admin_email, created_at, database, revision, \
     suspended, trashed_at, trash_days, login_epoch";

/// One page: `limit` rows and one more, to know whether there are others, and one look back.
pub(super) fn page(connection: &Connection, query: &PageQuery) -> Attempt<Page> {
    let descending = query.sort.descending;
    // Towards the end of the list the way it is sorted, towards its beginning backwards.
    let (cursor, backwards) = match &query.at {
        PageAt::First => (None, false),
        PageAt::After(cursor) => (Some(cursor), false),
        PageAt::Last => (None, true),
        PageAt::Before(cursor) => (Some(cursor), true),
    };
    let walk = Walk {
        shelf: query.shelf,
        key: query.sort.key,
        search: query.search.as_deref(),
        descending: descending != backwards,
        from: cursor.map(|cursor| (cursor, false)),
    };
    let limit = usize::try_from(query.limit).unwrap_or(usize::MAX);
    let (sql, mut values) = walk.sql(ORG)?;
    values.push(Value::Integer(i64::from(query.limit) + 1));
    let mut orgs: Vec<Org> = connection
        .prepare_cached(&sql)?
        .query_map(params_from_iter(values), org)?
        .collect::<Result<_, _>>()?;
    let more_ahead = orgs.len() > limit;
    orgs.truncate(limit);

    let more_behind = match cursor {
        None => false,
        Some(cursor) => {
            let (sql, mut values) =
                Walk { descending: !walk.descending, from: Some((cursor, true)), ..walk }
                    .sql("1")?;
            values.push(Value::Integer(1));
            connection.prepare_cached(&sql)?.exists(params_from_iter(values))?
        }
    };
    if backwards {
        orgs.reverse();
        return Ok(Page { orgs, more_before: more_ahead, more_after: more_behind });
    }
    Ok(Page { orgs, more_before: more_behind, more_after: more_ahead })
}

/// A walk along one of the list's indexes.
struct Walk<'a> {
    shelf: Shelf,
    key: SortKey,
    search: Option<&'a str>,
    descending: bool,
    /// Where it begins, and whether that place belongs to it.
    from: Option<(&'a Cursor, bool)>,
}

impl Walk<'_> {
    /// The statement and its values, but for the last: the limit.
    fn sql(&self, columns: &str) -> Attempt<(String, Vec<Value>)> {
        let (column, index) = match (self.shelf, self.key) {
            (Shelf::Live, SortKey::Name) => ("name_key", "organizations_by_name"),
            (Shelf::Live, SortKey::Created) => ("created_at", "organizations_by_created"),
            (Shelf::Live, SortKey::Email) => ("email_key", "organizations_by_email"),
            (Shelf::Trash, SortKey::Name) => ("name_key", "trash_by_name"),
            (Shelf::Trash, SortKey::Created) => ("trashed_at", "trash_by_created"),
            (Shelf::Trash, SortKey::Email) => ("email_key", "trash_by_email"),
        };
        let mut conditions = vec![on(self.shelf).to_owned()];
        let mut values = Vec::new();
        if let Some((cursor, included)) = self.from {
            values.push(match (&cursor.key, self.key) {
                (CursorKey::Time(time), SortKey::Created) => time.timestamp_millis().into(),
                (CursorKey::Text(text), SortKey::Name | SortKey::Email) => text.clone().into(),
                (CursorKey::Time(_), SortKey::Name | SortKey::Email)
                | (CursorKey::Text(_), SortKey::Created) => return Err(other_order().into()),
            });
            values.push(cursor.id.bytes().to_vec().into());
            let comparison = match (self.descending, included) {
                (false, false) => ">",
                (false, true) => ">=",
                (true, false) => "<",
                (true, true) => "<=",
            };
            conditions.push(format!("({column}, id) {comparison} (?, ?)"));
        }
        if let Some(search) = self.search {
            conditions.push(SEARCHED.to_owned());
            values.extend(searched_for(search));
        }
        let condition = conditions.join(" AND ");
        let direction = if self.descending { "DESC" } else { "ASC" };
        let sql = format!(
            "SELECT {columns} FROM organizations INDEXED BY {index} WHERE {condition} \
             ORDER BY {column} {direction}, id {direction} LIMIT ?"
        );
        Ok((sql, values))
    }
}

/// What is true of the organizations on a shelf.
fn on(shelf: Shelf) -> &'static str {
    match shelf {
        Shelf::Live => "trashed_at IS NULL",
        Shelf::Trash => "trashed_at IS NOT NULL",
    }
}

/// A literal part of a string: no pattern, so nothing to escape.
const SEARCHED: &str = "(instr(name_key, ?) OR instr(email_key, ?))";

fn searched_for(search: &str) -> [Value; 2] {
    [name_key(search).into(), email_key(search).into()]
}

/// How many match, by an index and never further than `most`.
pub(super) fn count(
    connection: &Connection,
    shelf: Shelf,
    search: Option<&str>,
    most: u64,
) -> Attempt<Count> {
    let (condition, mut values) = match search {
        None => (String::new(), Vec::new()),
        Some(search) => (format!("AND {SEARCHED}"), searched_for(search).to_vec()),
    };
    let index = match shelf {
        Shelf::Live => "organizations_by_name",
        Shelf::Trash => "trash_by_name",
    };
    values.push(i64::try_from(most).unwrap_or(i64::MAX).saturating_add(1).into());
    let sql = format!(
        "SELECT count(*) FROM (SELECT 1 FROM organizations INDEXED BY {index} \
         WHERE {} {condition} LIMIT ?)",
        on(shelf)
    );
    let found: u64 =
        connection.prepare_cached(&sql)?.query_row(params_from_iter(values), |row| row.get(0))?;
    Ok(Count { counted: found.min(most), or_more: found > most, about: false })
}

/// The organization that meets a condition at most one can meet.
pub(super) fn org_where(
    connection: &Connection,
    condition: &str,
    value: impl ToSql,
) -> Attempt<Option<Org>> {
    let sql = format!("SELECT {ORG} FROM organizations WHERE {condition}");
    Ok(connection.prepare_cached(&sql)?.query_row([value], org).optional()?)
}

/// The organization with this name on a shelf. No two have the same key here, so the one with exactly
/// this name is the one.
pub(super) fn org_named(connection: &Connection, name: &str, shelf: Shelf) -> Attempt<Option<Org>> {
    org_where(connection, &format!("name_key = ? AND {}", on(shelf)), name_key(name))
}

/// Those whose time in the trash is over at `now`, in milliseconds since 1970.
pub(super) fn expired(connection: &Connection, now: i64) -> Attempt<Vec<Org>> {
    let sql = format!(
        "SELECT {ORG} FROM organizations INDEXED BY trash_by_created \
         WHERE trashed_at IS NOT NULL AND trash_days >= 0 AND trashed_at + trash_days * {DAY} <= ?"
    );
    Ok(connection.prepare(&sql)?.query_map([now], org)?.collect::<Result<_, _>>()?)
}

/// A day in milliseconds.
const DAY: i64 = 24 * 60 * 60 * 1000;

/// Who holds a claim; a collection is held as soon as it exists.
pub(super) fn holder(connection: &Connection, claim: &Claim) -> Attempt<Option<Holder>> {
    let (sql, value) = match claim {
        // The older one, where two have the same look.
        Claim::Look(look) => (
            "SELECT id, name, trashed_at IS NOT NULL FROM looks JOIN organizations ON row = org \
             WHERE look = ? ORDER BY row LIMIT 1",
            look.clone(),
        ),
        Claim::Name(_) | Claim::Collection(_) | Claim::Email(_) => (
            "SELECT id, name, trashed_at IS NOT NULL FROM claims JOIN organizations ON row = org \
             WHERE claim = ?",
            claim.to_string(),
        ),
    };
    let held = connection
        .prepare_cached(sql)?
        .query_row([value], |row| {
            Ok(Holder {
                org: Some(object_id(row, 0)?),
                name: Some(row.get::<_, String>(1)?.into()),
                in_trash: row.get(2)?,
            })
        })
        .optional()?;
    match claim {
        Claim::Collection(name) if held.is_none() => {
            let mut ownerless =
                connection.prepare_cached("SELECT 1 FROM collections WHERE name = ?")?;
            let holder = Holder { org: None, name: None, in_trash: false };
            Ok(ownerless.exists([name])?.then_some(holder))
        }
        Claim::Name(_) | Claim::Look(_) | Claim::Collection(_) | Claim::Email(_) => Ok(held),
    }
}

/// How much is in a collection.
pub(super) fn statistics(connection: &Connection, collection: &str) -> Attempt<Statistics> {
    Ok(connection
        .prepare_cached("SELECT documents, bytes FROM collections WHERE name = ?")?
        .query_row([collection], |row| {
            Ok(Statistics {
                documents: row.get(0)?,
                bytes: row.get(1)?,
                // The one on `_id`, as every collection has.
                indexes: 1,
            })
        })
        .optional()?
        .unwrap_or_default())
}

/// The first documents of a collection, by `_id`.
pub(super) fn documents(
    connection: &Connection,
    collection: &str,
    most: u32,
) -> Attempt<Vec<Document>> {
    let mut statement = connection.prepare_cached(
        "SELECT bson FROM documents \
         WHERE collection = (SELECT row FROM collections WHERE name = ?) ORDER BY key LIMIT ?",
    )?;
    let mut rows = statement.query((collection, most))?;
    let mut documents = Vec::new();
    while let Some(row) = rows.next()? {
        documents.push(shown(row.get_ref(0)?.as_blob().map_err(|_| Fault::Garbage)?)?);
    }
    Ok(documents)
}

/// The organization in a row of [`ORG`].
pub(super) fn org(row: &Row) -> rusqlite::Result<Org> {
    let collection: String = row.get(2)?;
    let state = match (row.get::<_, Option<i64>>(9)?, row.get::<_, bool>(8)?) {
        (Some(since), _) => {
            // How long is not known where another program wrote it: nothing goes for good then.
            let days = row.get::<_, Option<i64>>(10)?.filter(|days| *days >= 0);
            let until = since.saturating_add(days.unwrap_or(i64::MAX).saturating_mul(DAY));
            OrgState::InTrash(InTrash {
                since: DateTime::from_millis(since),
                until: DateTime::from_millis(until),
            })
        }
        (None, true) => OrgState::Suspended,
        (None, false) => OrgState::Active,
    };
    Ok(Org {
        id: object_id(row, 0)?,
        name: row.get::<_, String>(1)?.into(),
        collection: collection.clone().into(),
        admin_id: object_id(row, 3)?.to_hex().into(),
        admin_email: row.get::<_, String>(4)?.into(),
        created_at: DateTime::from_millis(row.get(5)?),
        connection: Details {
            database: row.get::<_, String>(6)?.into(),
            collection: collection.into(),
        },
        state,
        // A change is one transaction: nobody ever sees one under way.
        under_way: None,
        revision: row.get(7)?,
        admin_gone: false,
        login_epoch: row.get(11)?,
    })
}

pub(super) fn object_id(row: &Row, column: usize) -> rusqlite::Result<ObjectId> {
    Ok(ObjectId::from_bytes(row.get(column)?))
}

#[cfg(test)]
mod tests {
    use rusqlite::StatementStatus;

    use super::*;
    use crate::store::{StoreError, sqlite::schema};

    const KEYS: [SortKey; 3] = [SortKey::Name, SortKey::Created, SortKey::Email];

    /// As many organizations as a big list has; three moments of creation, so that there are ties.
    fn many(count: u32) -> Connection {
        let Ok(connection) = schema::in_memory() else { panic!("no database") };
        connection
            .execute_batch(&format!(
                "PRAGMA foreign_keys = OFF;
                 WITH RECURSIVE n (x) AS (SELECT 0 UNION ALL SELECT x + 1 FROM n WHERE x < {count} - 1)
                 INSERT INTO organizations (id, name, name_key, collection, admin_id, admin_email,
                                            email_key, created_at, database, revision)
                 SELECT CAST(printf('%012d', x) AS BLOB), x, printf('%07d', x), x,
                        CAST(printf('%012d', x) AS BLOB), x, printf('%07d@x', x), x % 3, '', 0 FROM n;"
            ))
            .unwrap();
        connection
    }

    fn cursor(key: SortKey, at: u32) -> Cursor {
        let id = ObjectId::from_bytes(format!("{at:012}").into_bytes().try_into().unwrap());
        let key = match key {
            SortKey::Name => CursorKey::Text(format!("{at:07}")),
            SortKey::Created => CursorKey::Time(DateTime::from_millis(i64::from(at % 3))),
            SortKey::Email => CursorKey::Text(format!("{at:07}@x")),
        };
        Cursor { key, id }
    }

    fn prepared(walk: &Walk) -> (String, Vec<Value>) {
        let Ok((sql, mut values)) = walk.sql(ORG) else { panic!("no query") };
        values.push(Value::Integer(51));
        (sql, values)
    }

    #[test]
    fn every_page_walks_its_index_and_sorts_nothing() {
        let connection = many(10);
        for key in KEYS {
            let here = cursor(key, 5);
            for (shelf, search) in [
                (Shelf::Live, None),
                (Shelf::Live, Some("acme")),
                (Shelf::Trash, None),
                (Shelf::Trash, Some("acme")),
            ] {
                for descending in [false, true] {
                    for from in [None, Some((&here, false)), Some((&here, true))] {
                        let (sql, values) =
                            prepared(&Walk { shelf, key, search, descending, from });
                        let plan: Vec<String> = connection
                            .prepare(&format!("EXPLAIN QUERY PLAN {sql}"))
                            .unwrap()
                            .query_map(params_from_iter(values), |row| row.get(3))
                            .unwrap()
                            .map(Result::unwrap)
                            .collect();
                        let [step] = &plan[..] else { panic!("{plan:?}") };
                        // An index that is sorted by what makes the shelf is searched for it.
                        let by_shelf = (shelf, key) == (Shelf::Trash, SortKey::Created);
                        let way = if from.is_some() || by_shelf { "SEARCH" } else { "SCAN" };
                        assert!(step.starts_with(way), "{sql}: {step}");
                        let index = match shelf {
                            Shelf::Live => "INDEX organizations_by_",
                            Shelf::Trash => "INDEX trash_by_",
                        };
                        assert!(step.contains(index), "{sql}: {step}");
                    }
                }
            }
        }
    }

    #[test]
    fn a_page_costs_the_same_at_any_depth_of_a_hundred_thousand() {
        let connection = many(100_000);
        for key in KEYS {
            let steps = |at| {
                let here = cursor(key, at);
                let walk = Walk {
                    shelf: Shelf::Live,
                    key,
                    search: None,
                    descending: false,
                    from: Some((&here, false)),
                };
                let (sql, values) = prepared(&walk);
                let mut statement = connection.prepare(&sql).unwrap();
                let rows = statement.query_map(params_from_iter(values), org).unwrap();
                assert_eq!(rows.map(Result::unwrap).count(), 51);
                statement.get_status(StatementStatus::VmStep)
            };
            let (first, deep) = (steps(0), steps(90_000));
            assert!((deep - first).abs() <= first / 10, "{key:?}: {first} steps, {deep} deep");
        }
    }

    #[test]
    fn a_cursor_of_another_order_is_refused() {
        let connection = many(10);
        let query = PageQuery {
            shelf: Shelf::Live,
            search: None,
            sort: crate::store::Sort::default(),
            at: PageAt::After(cursor(SortKey::Created, 5)),
            limit: 10,
        };
        assert!(matches!(
            page(&connection, &query),
            Err(Fault::Answer(StoreError::Misconfigured { .. }))
        ));
    }
}
