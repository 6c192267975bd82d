//! The index of trigrams: which organizations a search can match, before any of their texts is read.
//!
//! It keeps no positions, so it only narrows the search: the caller checks the texts. Files of an earlier format have
//! no such index. A text is looked up by a few of its rarest trigrams, since going along the frequent ones takes long and
//! leaves nothing out.

use std::ops::RangeInclusive;

use rusqlite::{Connection, OptionalExtension, Params, params};

use super::error::Attempt;
use crate::{
    org::{IdRange, Search},
    store::search::Ranks,
};

/// The most organizations that are read one by one: as long as to read so many takes at the most to go along the
/// list. In a small file that is a small part of them.
const CANDIDATES: RangeInclusive<i64> = 1_000..=10_000;
const CANDIDATES_OF: i64 = 25;

/// By so many trigrams a text is looked up at the most.
const GRAMS_MOST: usize = 4;

/// By where its hundredth organization is, a trigram is told to be rare or frequent.
const SAMPLE: i64 = 100;

/// A trigram that is so many times as frequent as the rarest leaves out little of what that finds.
const AS_FREQUENT: i64 = 4;

/// What the index says of a search.
pub(super) enum Candidates {
    /// Whatever matches is in one of these rows.
    Rows(Vec<i64>),
    /// More rows than are worth reading one by one.
    TooMany,
    /// Nothing: there is no index, or the search has no text.
    Unknown,
}

/// What can match a search at these ranks.
pub(super) fn candidates(
    connection: &Connection,
    search: &Search,
    ranks: Ranks,
) -> Attempt<Candidates> {
    let worst = ranks.within().0;
    let mut texts: Vec<&str> = worst
        .map(|rank| search.needles(rank))
        .into_iter()
        .flatten()
        .chain(&search.filter().emails)
        .map(String::as_str)
        .collect();
    // Where all are shorter than a trigram, the longest is the best.
    texts.sort_by_key(|text| std::cmp::Reverse(text.len()));
    if texts.is_empty() || !is_there(connection)? {
        return Ok(Candidates::Unknown);
    }
    let index = Index { connection, most: most(connection)? };
    let Some(mut rows) = index.containing(&texts)? else { return Ok(Candidates::TooMany) };
    if let Some(ids) = worst.and_then(|rank| search.ids_at(rank)) {
        let Some(more) = index.within(ids)? else { return Ok(Candidates::TooMany) };
        rows.extend(more);
    }
    rows.sort_unstable();
    rows.dedup();
    Ok(Candidates::Rows(rows))
}

fn is_there(connection: &Connection) -> Attempt<bool> {
    let sql = "SELECT 1 FROM sqlite_schema WHERE name = 'organizations_search'";
    Ok(connection.prepare_cached(sql)?.exists([])?)
}

/// How many rows are worth reading one by one.
fn most(connection: &Connection) -> Attempt<i64> {
    let sql = "SELECT ifnull(max(row), 0) FROM organizations";
    let rows: i64 = connection.prepare_cached(sql)?.query_row([], |row| row.get(0))?;
    Ok((rows / CANDIDATES_OF).clamp(*CANDIDATES.start(), *CANDIDATES.end()))
}

struct Index<'a> {
    connection: &'a Connection,
    most: i64,
}

impl Index<'_> {
    /// The rows that may contain all of these texts, the longest of them first; none if they are too many.
    fn containing(&self, texts: &[&str]) -> Attempt<Option<Vec<i64>>> {
        let mut grams: Vec<&str> = texts.iter().flat_map(|text| trigrams(text)).collect();
        grams.sort_unstable();
        grams.dedup();
        if grams.is_empty() {
            // One that few contain is enough.
            for text in texts {
                let rows = self.beginning(text)?;
                if rows.is_some() {
                    return Ok(rows);
                }
            }
            return Ok(None);
        }
        let grams: Vec<String> = self.rarest(grams)?.into_iter().map(quoted).collect();
        let sql =
            "SELECT rowid FROM organizations_search WHERE organizations_search MATCH ? LIMIT ?";
        self.few(sql, params![grams.join(" AND "), self.most + 1])
    }

    /// The rows with a trigram that begins with these one or two characters.
    fn beginning(&self, text: &str) -> Attempt<Option<Vec<i64>>> {
        let sql = "SELECT doc FROM organizations_grams WHERE term >= ? AND term < ? LIMIT ?";
        self.few(sql, params![text, format!("{text}{}", char::MAX), self.most + 1])
    }

    fn within(&self, ids: IdRange) -> Attempt<Option<Vec<i64>>> {
        let sql = "SELECT row FROM organizations WHERE id BETWEEN ? AND ? LIMIT ?";
        self.few(sql, params![ids.first.bytes(), ids.last.bytes(), self.most + 1])
    }

    /// The rows that a query finds, at most one more than are worth reading; none if they are too many.
    fn few(&self, sql: &str, values: impl Params) -> Attempt<Option<Vec<i64>>> {
        let mut statement = self.connection.prepare_cached(sql)?;
        let rows: Vec<i64> =
            statement.query_map(values, |row| row.get(0))?.collect::<Result<_, _>>()?;
        let few = i64::try_from(rows.len()).is_ok_and(|count| count <= self.most);
        Ok(few.then_some(rows))
    }

    /// The trigrams that are worth looking up: the rarest, and those that are not much more frequent.
    fn rarest<'a>(&self, grams: Vec<&'a str>) -> Attempt<Vec<&'a str>> {
        let mut sampled = Vec::with_capacity(grams.len());
        for gram in grams {
            sampled.push((self.sample(gram)?, gram));
        }
        sampled.sort_unstable_by(|a, b| b.cmp(a));
        let rarest = sampled.first().map_or(0, |(at, _)| *at);
        sampled.retain(|(at, _)| *at >= rarest / AS_FREQUENT);
        Ok(sampled.into_iter().take(GRAMS_MOST).map(|(_, gram)| gram).collect())
    }

    /// The row of the hundredth organization with a trigram: the later it is, the rarer the trigram.
    fn sample(&self, gram: &str) -> Attempt<i64> {
        let sql = "SELECT rowid FROM organizations_search WHERE organizations_search MATCH ? \
                   LIMIT 1 OFFSET ?";
        let row = self
            .connection
            .prepare_cached(sql)?
            .query_row(params![quoted(gram), SAMPLE - 1], |row| row.get(0))
            .optional()?;
        Ok(row.unwrap_or(i64::MAX))
    }
}

fn trigrams(text: &str) -> impl Iterator<Item = &str> {
    let starts = text.char_indices().map(|(at, _)| at);
    let ends = text.char_indices().skip(3).map(|(at, _)| at).chain([text.len()]);
    let whole = text.chars().nth(2).is_some();
    starts.zip(ends).filter(move |_| whole).filter_map(|(from, to)| text.get(from..to))
}

/// A string of the index's own query language, in which nothing else means anything.
fn quoted(gram: &str) -> String {
    format!("\"{}\"", gram.replace('"', "\"\""))
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;
    use crate::{
        org::{Rank, searchable},
        store::sqlite::schema,
    };

    /// Organizations with these searchable texts, numbered from one.
    fn with<S: AsRef<str>>(texts: impl IntoIterator<Item = S>) -> Connection {
        let Ok(connection) = schema::in_memory() else { panic!("no database") };
        connection.execute_batch("PRAGMA foreign_keys = OFF; BEGIN").unwrap();
        for (at, text) in texts.into_iter().enumerate() {
            add(&connection, at + 1, text.as_ref());
        }
        connection.execute_batch("COMMIT").unwrap();
        connection
    }

    fn add(connection: &Connection, row: usize, text: &str) {
        connection
            .prepare_cached(
                "INSERT INTO organizations (row, id, name, name_key, searchable, collection, admin_id,
                     admin_email, email_key, created_at, database, revision)
                 VALUES (?1, CAST(printf('%012d', ?1) AS BLOB), ?1, ?1, ?2, ?1,
                     CAST(printf('%012d', ?1) AS BLOB), ?1, ?1, 0, '', 0)",
            )
            .unwrap()
            .execute((row, text))
            .unwrap();
    }

    fn rows(connection: &Connection, search: &str, rank: Rank) -> Option<Vec<i64>> {
        match candidates(connection, &search.into(), Ranks::UpTo(rank)) {
            Ok(Candidates::Rows(rows)) => Some(rows),
            Ok(Candidates::TooMany) => None,
            Ok(Candidates::Unknown) | Err(_) => panic!("{search}"),
        }
    }

    #[test]
    fn a_text_leads_to_those_that_contain_it() {
        let text = |name: &str, email: &str| searchable(name, &format!("org_{name}"), [email]);
        let all = [text("acme", "a@one.co"), text("Äcker", "b@two.com"), text("北京", "q@q.xyz")];
        let connection = with(all);
        let found = |search: &str| rows(&connection, search, Rank::Anywhere).unwrap();
        for (search, wanted) in [
            ("acme", vec![1]),
            ("acker", vec![2]),
            ("ac", vec![1, 2]),
            ("z", vec![3]),
            ("co", vec![1, 2]),
            ("m co", vec![1, 2]),
            ("京", vec![3]),
            ("北京", vec![3]),
            ("zebra", vec![]),
            ("zq", vec![]),
            ("one zebra", vec![]),
        ] {
            assert_eq!(found(search), wanted, "{search}");
        }
        assert_eq!(rows(&connection, "acme", Rank::Whole).unwrap(), [1]);
        assert_eq!(rows(&connection, "acm", Rank::Whole).unwrap(), Vec::<i64>::new());
        assert_eq!(rows(&connection, "a", Rank::Whole).unwrap(), Vec::<i64>::new());
        assert_eq!(rows(&connection, "q", Rank::Words).unwrap(), [3]);

        // It follows every change.
        connection
            .execute("UPDATE organizations SET searchable = ? WHERE row = 1", [text("zq", "c@d.e")])
            .unwrap();
        connection.execute("DELETE FROM organizations WHERE row = 2", []).unwrap();
        assert_eq!(rows(&connection, "ac", Rank::Anywhere).unwrap(), Vec::<i64>::new());
        assert_eq!(rows(&connection, "zq", Rank::Anywhere).unwrap(), [1]);
    }

    #[test]
    fn what_many_contain_is_said_to_be_too_many() {
        let texts = (0..=*CANDIDATES.start()).map(|at| format!("\n tenant {at}\n\n"));
        let connection = with(texts.chain(["\n zebra tenant\n\n".to_owned()]));
        for search in ["tenant", "te", "t"] {
            assert_eq!(rows(&connection, search, Rank::Anywhere), None, "{search}");
        }
        // The rare ones of many trigrams are enough.
        let last = CANDIDATES.start() + 2;
        assert_eq!(rows(&connection, "tenant zebra", Rank::Anywhere), Some(vec![last]));
        assert_eq!(rows(&connection, "t zq", Rank::Anywhere), Some(vec![]));
    }

    #[test]
    fn what_is_deleted_leaves_no_trigram() {
        let connection = with([searchable("Zanzibar", "org_zanzibar", ["x@y.z"])]);
        connection.execute("DELETE FROM organizations", []).unwrap();
        let left: Vec<Vec<u8>> = connection
            .prepare("SELECT block FROM organizations_search_data")
            .unwrap()
            .query_map([], |row| row.get(0))
            .unwrap()
            .map(Result::unwrap)
            .collect();
        for gram in [&b"zan"[..], b"nzi", b"bar"] {
            assert!(!left.iter().any(|block| block.windows(3).any(|some| some == gram)));
        }
    }

    proptest! {
        #![proptest_config(ProptestConfig { cases: 40, ..ProptestConfig::default() })]

        /// Whatever matches is a candidate, at every rank.
        #[test]
        fn nothing_that_matches_is_left_out(
            names in prop::collection::vec("[abŁé京 .]{1,6}", 1..12),
            search in "[abŁé京 .\"*]{1,5}",
        ) {
            let texts: Vec<String> =
                names.iter().map(|name| searchable(name, "org_ab", ["b@a.ab"])).collect();
            let connection = with(&texts);
            let parsed = Search::parse(&search);
            for rank in Rank::ALL {
                let needles = parsed.needles(rank);
                let matching = (1_i64..).zip(&texts).filter(|(_, text)| {
                    needles.iter().all(|needle| text.contains(needle.as_str()))
                });
                if parsed.has_words() {
                    let rows = rows(&connection, &search, rank).unwrap();
                    for (row, text) in matching {
                        prop_assert!(rows.contains(&row), "{:?} {:?}", rank, text);
                    }
                }
            }
        }
    }
}
