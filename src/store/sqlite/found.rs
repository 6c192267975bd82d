//! The conditions of a search, and where what meets them is looked for.

use rusqlite::types::Value;

use super::read::on;
use crate::{
    org::{IdRange, Search},
    store::{ListScope, search::Ranks},
};

/// The index of the whole list; it has the searchable texts.
pub(super) const LIST: &str = "INDEXED BY organizations_by_name";

/// Conditions, all of which are met, and the values in them.
pub(super) struct Found {
    scope: ListScope,
    conditions: Vec<String>,
    pub(super) values: Vec<Value>,
}

impl Found {
    /// The filters of a search.
    pub(super) fn new(scope: ListScope, search: &Search) -> Self {
        let mut found = Self { scope, conditions: vec![on(scope).to_owned()], values: Vec::new() };
        let filter = search.filter();
        if let Some(ids) = filter.ids {
            found.that("id BETWEEN ? AND ?", both(ids));
        }
        if let Some(suspended) = filter.suspended {
            // Trashed organizations are neither.
            let is = if suspended { "suspended = 1" } else { "suspended = 0" };
            found.that(format!("{is} AND trashed_at IS NULL"), []);
        }
        if let Some(from) = filter.from {
            found.that("created_at >= ?", [from.timestamp_millis().into()]);
        }
        if let Some(before) = filter.before {
            found.that("created_at < ?", [before.timestamp_millis().into()]);
        }
        for part in &filter.emails {
            // E-mails follow this character.
            let emails = "substr(searchable, instr(searchable, char(1)))";
            found.that(format!("instr({emails}, ?)"), [part.clone().into()]);
        }
        found
    }

    pub(super) fn that(
        &mut self,
        condition: impl Into<String>,
        values: impl IntoIterator<Item = Value>,
    ) {
        self.conditions.push(condition.into());
        self.values.extend(values);
    }

    /// As many admins as are wanted. `few` where nothing else narrows what is looked through: who has none or several is
    /// looked up then, and otherwise each is counted on the way.
    pub(super) fn counted(&mut self, search: &Search, few: bool) {
        let Some(admins) = &search.filter().admins else { return };
        let condition = match has_few(search) {
            // And no number where none is wanted.
            true if few && *admins.end() == 0 => {
                "? <= ? AND id IN (SELECT o.id FROM organizations AS o WHERE NOT EXISTS \
                 (SELECT 1 FROM admins AS a WHERE a.organization = o.id))"
            }
            true if few => {
                "id IN (SELECT organization FROM admins WHERE organization IS NOT NULL \
                 GROUP BY organization HAVING count(*) BETWEEN ? AND ?)"
            }
            true | false => {
                "(SELECT count(*) FROM admins AS a WHERE a.organization = organizations.id) \
                 BETWEEN ? AND ?"
            }
        };
        self.that(condition, [(*admins.start()).into(), (*admins.end()).into()]);
    }

    /// Adds the ranks that are wanted.
    pub(super) fn ranked(&mut self, search: &Search, ranks: Ranks) {
        let (worst, but_not) = ranks.within();
        for (rank, is) in [(worst, "ifnull"), (but_not, "NOT ifnull")] {
            let Some(rank) = rank else { continue };
            let needles = search.needles(rank);
            let mut any = Vec::with_capacity(needles.len());
            let mut values: Vec<Value> = Vec::new();
            for needle in needles {
                any.push("instr(searchable, ?)");
                values.push(needle.clone().into());
            }
            let mut condition = any.join(" AND ");
            if let Some(ids) = search.ids_at(rank) {
                condition = format!("({condition}) OR id BETWEEN ? AND ?");
                values.extend(both(ids));
            }
            if !condition.is_empty() {
                self.that(format!("{is}({condition}, 0)"), values);
            }
        }
    }

    /// The index to look for a few matches in: by time or state if there is such a filter, by id where a filter names a
    /// few, otherwise by name, whose index has the searchable text.
    pub(super) fn index(&self, search: &Search) -> &'static str {
        let filter = search.filter();
        let by_time = filter.from.is_some() || filter.before.is_some();
        match self.scope {
            ListScope::Live if filter.ids.is_some() || has_few(search) => "",
            ListScope::Live if filter.suspended == Some(true) => {
                "INDEXED BY organizations_suspended"
            }
            ListScope::Live if by_time => "INDEXED BY organizations_by_created",
            ListScope::Live => LIST,
            ListScope::Trash => "INDEXED BY trash_by_name",
        }
    }

    /// The table, and the index to look for a few matches in.
    pub(super) fn from(&mut self, search: &Search) -> String {
        self.counted(search, true);
        format!("organizations {}", self.index(search))
    }

    /// The table, of which only some rows are looked at, one by one.
    pub(super) fn among(&mut self, rows: &[i64], search: &Search) -> String {
        self.counted(search, false);
        let rows: Vec<String> = rows.iter().map(i64::to_string).collect();
        self.values.insert(0, format!("[{}]", rows.join(",")).into());
        "(SELECT value FROM json_each(?)) AS candidate CROSS JOIN organizations ON row = value"
            .to_owned()
    }

    pub(super) fn condition(&self) -> String {
        self.conditions.join(" AND ")
    }
}

/// Whether few organizations have as many admins as are wanted: nearly all have one.
fn has_few(search: &Search) -> bool {
    search.filter().admins.as_ref().is_some_and(|admins| !admins.contains(&1))
}

fn both(ids: IdRange) -> [Value; 2] {
    [ids.first.bytes().to_vec().into(), ids.last.bytes().to_vec().into()]
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::store::sqlite::{schema, tests::plan_of};

    #[test]
    fn who_has_none_or_several_admins_is_looked_up_by_indexes_alone() {
        let Ok(connection) = schema::in_memory() else { panic!("no database") };
        for search in ["admins:0", "admins:>1", "admins:2"] {
            let search = Search::parse(search);
            let mut found = Found::new(ListScope::Live, &search);
            let from = found.from(&search);
            let sql = format!("SELECT id FROM {from} WHERE {}", found.condition());
            let plan = plan_of(&connection, &sql, found.values);
            assert!(plan[0].starts_with("SEARCH organizations USING INDEX"), "{plan:?}");
            for step in &plan[1..] {
                let by_index = step.contains("COVERING INDEX") || step.starts_with("LIST SUBQUERY");
                let by_index = by_index || step.starts_with("CORRELATED");
                assert!(by_index, "{plan:?}");
            }
        }
    }
}
