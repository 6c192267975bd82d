//! The list: its pages, and how many match.

use bson::oid::ObjectId;
use rusqlite::{Connection, Row, params_from_iter, types::Value};

use super::{
    error::{Attempt, Fault},
    found::{Found, LIST},
    read::{ORG, object_id, org},
    search::{Candidates, candidates},
};
use crate::org::{Org, Rank, Search};
use crate::store::{
    Count, Cursor, CursorKey, ListScope, Page, PageQuery, SortKey,
    page::other_order,
    search::{self, Ranks, Rows, SORTED_MOST, Side, Walk},
};

/// One page.
pub(super) fn page(connection: &Connection, query: &PageQuery) -> Attempt<Page> {
    let (side, search) = (Side::from_query(query)?, query.parsed());
    let most = usize::try_from(query.limit).unwrap_or(usize::MAX).saturating_add(1);
    let rows = List { connection };
    let near = search::near(&rows, query, &search, &side, most);
    // It never has to wait: every query is synchronous.
    let (near, beyond) = futures_util::FutureExt::now_or_never(near).ok_or(Fault::Garbage)??;
    Ok(side.page(query, near, beyond))
}

/// How many match, never counting further than `most`.
pub(super) fn count(
    connection: &Connection,
    scope: ListScope,
    search: Option<&str>,
    most: u64,
) -> Attempt<Count> {
    let search = Search::parse(search.unwrap_or_default());
    if search.fault().is_some() {
        return Ok(Count::default());
    }
    let ranks = if search.has_words() { Ranks::UpTo(Rank::Anywhere) } else { Ranks::All };
    let mut found = Found::new(scope, &search);
    found.ranked(&search, ranks);
    let from = match candidates(connection, &search, ranks)? {
        Candidates::Rows(rows) => found.among(&rows, &search),
        Candidates::TooMany | Candidates::Unknown => found.from(&search),
    };
    let limit = i64::try_from(most).unwrap_or(i64::MAX).saturating_add(1);
    let sql = format!(
        "SELECT count(*) FROM (SELECT 1 FROM {from} WHERE {} LIMIT {limit})",
        found.condition(),
    );
    let found: u64 = connection
        .prepare_cached(&sql)?
        .query_row(params_from_iter(found.values), |row| row.get(0))?;
    Ok(Count { counted: found.min(most), or_more: found > most, about: false })
}

struct List<'a> {
    connection: &'a Connection,
}

impl Rows for List<'_> {
    type Error = Fault;

    async fn all(
        &self,
        query: &PageQuery,
        search: &Search,
        ranks: Ranks,
    ) -> Attempt<Option<Vec<(Cursor, String)>>> {
        let mut found = Found::new(query.scope, search);
        found.ranked(search, ranks);
        let (from, most) = match candidates(self.connection, search, ranks)? {
            Candidates::Rows(rows) => (found.among(&rows, search), rows.len()),
            // To read the list itself is what the walk does.
            Candidates::TooMany if found.index(search) == LIST => return Ok(None),
            Candidates::TooMany | Candidates::Unknown => (found.from(search), SORTED_MOST),
        };
        let sql = format!(
            "SELECT id, searchable, {} AS listed FROM {from} WHERE {} LIMIT {}",
            column(query.scope, query.sort.key),
            found.condition(),
            most.saturating_add(1),
        );
        let key = query.sort.key;
        let found_at = |row: &Row| Ok((place(row, key)?, row.get(1)?));
        let all: Vec<_> = self
            .connection
            .prepare_cached(&sql)?
            .query_map(params_from_iter(found.values), found_at)?
            .collect::<Result<_, _>>()?;
        Ok((all.len() <= most).then_some(all))
    }

    async fn walk(&self, walk: Walk<'_>) -> Attempt<Vec<(Cursor, Org)>> {
        let (sql, values) = walked(&walk)?;
        let mut statement = self.connection.prepare_cached(&sql)?;
        let key = walk.query.sort.key;
        let listed = |row: &Row| Ok((place(row, key)?, org(row)?));
        Ok(statement.query_map(params_from_iter(values), listed)?.collect::<Result<_, _>>()?)
    }

    async fn orgs(&self, ids: &[ObjectId]) -> Attempt<Vec<Org>> {
        let sql = format!("SELECT {ORG} FROM organizations WHERE id = ?");
        let mut statement = self.connection.prepare_cached(&sql)?;
        let mut orgs = Vec::with_capacity(ids.len());
        for id in ids {
            orgs.extend(statement.query_map([id.bytes()], org)?.next().transpose()?);
        }
        Ok(orgs)
    }
}

/// What the column is called in which a row's place is.
const LISTED: &str = "listed";

/// The place of a row, whose first column is the identity.
fn place(row: &Row, key: SortKey) -> rusqlite::Result<Cursor> {
    let key = match key {
        SortKey::Name | SortKey::Email => CursorKey::Text(row.get(LISTED)?),
        SortKey::Created => CursorKey::Time(bson::DateTime::from_millis(row.get(LISTED)?)),
    };
    Ok(Cursor { rank: None, key, id: object_id(row, 0)? })
}

/// What a list is sorted by.
fn column(scope: ListScope, key: SortKey) -> &'static str {
    match (scope, key) {
        (ListScope::Live | ListScope::Trash, SortKey::Name) => "name_order",
        (ListScope::Live, SortKey::Created) => "created_at",
        (ListScope::Trash, SortKey::Created) => "trashed_at",
        (ListScope::Live | ListScope::Trash, SortKey::Email) => "email_key",
    }
}

/// The statement of a walk, and its values.
fn walked(walk: &Walk) -> Attempt<(String, Vec<Value>)> {
    let (scope, key) = (walk.query.scope, walk.query.sort.key);
    let column = column(scope, key);
    let index = match (scope, key) {
        (ListScope::Live, SortKey::Name) => "organizations_by_name",
        (ListScope::Live, SortKey::Created) => "organizations_by_created",
        (ListScope::Live, SortKey::Email) => "organizations_by_email",
        (ListScope::Trash, SortKey::Name) => "trash_by_name",
        (ListScope::Trash, SortKey::Created) => "trash_by_created",
        (ListScope::Trash, SortKey::Email) => "trash_by_email",
    };
    let mut found = Found::new(scope, walk.search);
    if let Some((cursor, included)) = walk.from {
        let value: Value = match (&cursor.key, key) {
            (CursorKey::Time(time), SortKey::Created) => time.timestamp_millis().into(),
            (CursorKey::Text(text), SortKey::Name | SortKey::Email) => text.clone().into(),
            (CursorKey::Time(_), SortKey::Name | SortKey::Email)
            | (CursorKey::Text(_), SortKey::Created) => return Err(other_order().into()),
        };
        let comparison = match (walk.up, included) {
            (true, false) => ">",
            (true, true) => ">=",
            (false, false) => "<",
            (false, true) => "<=",
        };
        found.that(
            format!("({column}, id) {comparison} (?, ?)"),
            [value, cursor.id.bytes().to_vec().into()],
        );
    }
    found.ranked(walk.search, walk.ranks);
    found.counted(walk.search, false);
    let direction = if walk.up { "ASC" } else { "DESC" };
    let sql = format!(
        "SELECT {ORG}, {column} AS listed FROM organizations INDEXED BY {index} WHERE {} \
         ORDER BY {column} {direction}, id {direction} LIMIT {}",
        found.condition(),
        walk.most,
    );
    Ok((sql, found.values))
}

#[cfg(test)]
mod tests {
    use rusqlite::StatementStatus;

    use super::*;
    use crate::store::{
        PageAt, StoreError,
        sqlite::{schema, tests::plan_of},
    };
    use bson::DateTime;

    const KEYS: [SortKey; 3] = [SortKey::Name, SortKey::Created, SortKey::Email];

    /// As many organizations as a big list has; three moments of creation, so that there are ties.
    fn many(count: u32) -> Connection {
        let Ok(connection) = schema::in_memory() else { panic!("no database") };
        connection
            .execute_batch(&format!(
                "PRAGMA foreign_keys = OFF;
                 WITH RECURSIVE n (x) AS (SELECT 0 UNION ALL SELECT x + 1 FROM n WHERE x < {count} - 1)
                 INSERT INTO organizations (id, name, name_key, name_order, searchable, collection, admin_id,
                                            admin_email, email_key, created_at, database, revision)
                 SELECT CAST(printf('%012d', x) AS BLOB), x, x, printf('%07d', x), x, x,
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
        Cursor { rank: None, key, id }
    }

    fn query(scope: ListScope, key: SortKey) -> PageQuery {
        PageQuery {
            scope,
            search: None,
            best_first: false,
            sort: crate::store::Sort { key, descending: false },
            at: PageAt::First,
            limit: 50,
        }
    }

    fn statement(walk: &Walk) -> (String, Vec<Value>) {
        let Ok(statement) = walked(walk) else { panic!("no query") };
        statement
    }

    #[test]
    fn every_page_walks_its_index_and_sorts_nothing() {
        let connection = many(10);
        for key in KEYS {
            let here = cursor(key, 5);
            for (scope, search) in [
                (ListScope::Live, ""),
                (ListScope::Live, "acme"),
                (ListScope::Live, "state:active"),
                (ListScope::Trash, ""),
                (ListScope::Trash, "acme"),
            ] {
                let search = Search::parse(search);
                let ranks = if search.has_words() { Ranks::Only(Rank::Words) } else { Ranks::All };
                for up in [false, true] {
                    for from in [None, Some((&here, false)), Some((&here, true))] {
                        let (query, search) = (&query(scope, key), &search);
                        let (sql, values) =
                            statement(&Walk { query, search, ranks, up, from, most: 51 });
                        let plan = plan_of(&connection, &sql, values);
                        // The others are the e-mails of those that are shown.
                        let step = &plan[0];
                        assert!(!plan.iter().any(|step| step.starts_with("USE TEMP")), "{plan:?}");
                        // An index that is sorted by what makes the shelf is searched for it.
                        let by_shelf = (scope, key) == (ListScope::Trash, SortKey::Created);
                        let way = if from.is_some() || by_shelf { "SEARCH" } else { "SCAN" };
                        assert!(step.starts_with(way), "{sql}: {step}");
                        let index = match scope {
                            ListScope::Live => "INDEX organizations_by_",
                            ListScope::Trash => "INDEX trash_by_",
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
                    query: &query(ListScope::Live, key),
                    search: &Search::default(),
                    ranks: Ranks::All,
                    up: true,
                    from: Some((&here, false)),
                    most: 51,
                };
                let (sql, values) = statement(&walk);
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
            at: PageAt::After(cursor(SortKey::Created, 5)),
            ..query(ListScope::Live, SortKey::Name)
        };
        assert!(matches!(
            page(&connection, &query),
            Err(crate::store::sqlite::error::Fault::Answer(StoreError::Misconfigured { .. }))
        ));
    }
}
