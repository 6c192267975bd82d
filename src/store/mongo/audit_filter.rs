//! A filter of the audit log as the server is asked: it may find more than [`AuditFilter::admits`] lets through,
//! and never fewer. The server takes a list for each of its elements, and some types for text; the entries it
//! finds are looked at once more.
//!
//! No index is made for it: a database is looked at without writing to it, and every entry would have to be
//! written to each index for a question that is seldom asked. The server goes through the log in the order of its
//! numbers until so many match, at a million entries in one second to four, and gives up after the time that every
//! read has. A time range does not shorten that, since a clock may be wrong.

use mongodb::bson::{Bson, Document, doc};

use crate::{
    org::OperationKind,
    store::{AuditFilter, DOCUMENT_MOST_BYTES, Outcome, Part, WHO},
};

/// What the server is asked; none where nothing can match.
pub(super) fn asked(filter: &AuditFilter) -> Option<Document> {
    let AuditFilter { of, operator: _, actions, outcomes, since, until, parts } = filter;
    let mut all: Vec<Document> = Vec::new();
    if let Some((id, name)) = of {
        let id = id.map(|id| doc! { "organization_id": id });
        let name = Some(name).filter(|name| !name.is_empty());
        let name = name.map(|name| doc! { "organization_name": name });
        // No name is no organization.
        all.push(any(id.into_iter().chain(name).collect())?);
    }
    if let Some(names) = filter.operators() {
        let is_one = |field: &&str| doc! { *field: { "$in": names.as_slice() } };
        all.extend(any(WHO.iter().map(is_one).collect()));
    }
    if !actions.is_empty() {
        let codes: Vec<&str> = actions.iter().map(OperationKind::code).collect();
        all.push(doc! { "deed": { "$in": codes } });
    }
    if !outcomes.is_empty() {
        all.extend(any(outcomes.iter().map(|outcome| is_outcome(*outcome)).collect()));
    }
    let mut at = Document::new();
    at.extend(since.map(|since| ("$gte".to_owned(), Bson::from(since))));
    at.extend(until.map(|until| ("$lt".to_owned(), Bson::from(until))));
    if !at.is_empty() {
        all.push(doc! { "at": at });
    }
    all.extend(parts.iter().filter_map(has_part));
    Some(if all.is_empty() {
        doc! {}
    } else {
        doc! { "$and": all }
    })
}

/// That one of them is so; none where there are none.
fn any(mut some: Vec<Document>) -> Option<Document> {
    if some.len() < 2 { some.pop() } else { Some(doc! { "$or": some }) }
}

fn is_outcome(outcome: Outcome) -> Document {
    if outcome != Outcome::Foreign {
        return doc! { "outcome": outcome.word() };
    }
    let ours = Outcome::ALL.into_iter().filter(|outcome| *outcome != Outcome::Foreign);
    let ours: Vec<&str> = ours.map(Outcome::word).collect();
    // A list in which one of the words is has a type of its own. What is too large is not read.
    let large = doc! { "$gt": [{ "$bsonSize": "$$ROOT" }, i64::from(DOCUMENT_MOST_BYTES)] };
    doc! { "$or": [
        { "outcome": { "$nin": ours } },
        { "$expr": { "$ne": [{ "$type": "$outcome" }, "string"] } },
        { "$expr": large },
    ] }
}

/// That a text is in one of its fields; none where any text is.
fn has_part(part: &Part) -> Option<Document> {
    let pattern = pattern(part);
    let test = if pattern.is_empty() {
        doc! { "$type": "string" }
    } else {
        doc! { "$regex": pattern }
    };
    let in_field = |field: &&str| doc! { *field: test.clone() };
    let mut fields: Vec<Document> = part.fields().iter().map(in_field).collect();
    let codes: Vec<&str> = part.actions().iter().map(OperationKind::code).collect();
    if !codes.is_empty() {
        fields.push(doc! { "deed": { "$in": codes } });
    }
    any(fields)
}

/// A pattern of exactly these letters. Each is written as a number, so that none of them means anything.
fn pattern(part: &Part) -> String {
    let letter = |cases: &[char; 3]| {
        let mut cases = cases.to_vec();
        cases.sort_unstable();
        cases.dedup();
        let cases = cases.iter().map(|case| format!("\\x{{{:x}}}", u32::from(*case)));
        format!("[{}]", cases.collect::<String>())
    };
    part.letters().iter().map(letter).collect()
}
