//! The documents of an organization, in place of those of a database.

use bson::{Bson, RawDocument, RawDocumentBuf};
use tenantry::{
    console::app::{
        Changes, DocumentRow, DocumentRows, DocumentsAnswer, DocumentsAsked, Effect, Fetch,
        Fetched, Merge, Message, ReadText,
    },
    document::{self, Line, Merged, Tree},
    org::Org,
    store::{DocumentAt, DocumentWrite, SortField, SortRefusal},
};

/// How many documents an organization has on its own screen.
const DOCUMENTS: i64 = 1204;

/// The fields of one as the table shows them.
fn cells(n: i64) -> Vec<(String, String)> {
    let mut cells = vec![
        ("invoice", format!("\"2026-{n:04}\"")),
        ("paid", (n % 3 == 0).to_string()),
        (
            "customer",
            "{ name: \"Ada Lovelace\", address: { street: \"12 St James’s Square\" } }".to_owned(),
        ),
        ("due", "ISODate(\"2026-12-24T00:00:00Z\")".to_owned()),
        ("items", "[{ sku: \"北京-001\", quantity: 1 }]".to_owned()),
    ];
    if n % 4 == 1 {
        cells.insert(1, ("\"odd \\u202e name\"", "\"\\u001b[31m\"".to_owned()));
        cells.push(("deleted", "null".to_owned()));
    }
    cells.into_iter().map(|(key, value)| (key.to_owned(), value)).collect()
}

/// What is asked of them. Every third one is paid, and those match any filter.
pub fn browsed(asked: &DocumentsAsked) -> DocumentsAnswer {
    let id = |id: &Bson| id.as_i64().unwrap();
    let line = |n: i64| format!("invoice: \"2026-{n:04}\", paid: {}", n % 3 == 0);
    let name = |n: i64| format!("Long(\"{n}\")");
    match asked {
        DocumentsAsked::Page(query) => {
            let (from, to, backwards) = match &query.at {
                DocumentAt::First => (0, DOCUMENTS, false),
                DocumentAt::Last => (0, DOCUMENTS, true),
                DocumentAt::After(last) => (id(&last.id) + 1, DOCUMENTS, false),
                DocumentAt::Before(first) => (0, id(&first.id), true),
            };
            let matches = |n: &i64| query.filter.is_none() || n % 3 == 0;
            let all: Vec<i64> = (from..to).filter(matches).collect();
            let limit = usize::try_from(query.limit).unwrap();
            let paths =
                ["_id", "customer", "customer.address.city", "customer.name", "items.sku", "paid"];
            let paths = paths.map(str::to_owned).to_vec();
            let more = all.len() > limit;
            let skip = if backwards { all.len().saturating_sub(limit) } else { 0 };
            let rows = all.into_iter().skip(skip).take(limit);
            let rows = rows
                .map(|n| DocumentRow {
                    id: n.into(),
                    name: name(n),
                    line: line(n),
                    cells: cells(n),
                    ..DocumentRow::default()
                })
                .collect();
            DocumentsAnswer::Page(Ok(DocumentRows { rows, more, paths, ..DocumentRows::default() }))
        }
        DocumentsAsked::SortFields => {
            let led = |field: &str, refused| SortField { field: field.to_owned(), refused };
            DocumentsAnswer::SortFields(Ok(vec![
                led("invoice", None),
                led("items.sku", Some(SortRefusal::Arrays)),
            ]))
        }
        DocumentsAsked::Count(filter) => {
            let all = u64::try_from(DOCUMENTS).unwrap();
            DocumentsAnswer::Count(Ok(if filter.is_some() { all.div_ceil(3) } else { all }))
        }
        DocumentsAsked::One(one, folds) => {
            let tree = Tree::new(invoice(id(one))).unwrap();
            let tree = folds.as_ref().map(|folds| tree.clone().folded_like(folds)).unwrap_or(tree);
            DocumentsAnswer::One(Ok(Box::new(tree)))
        }
        DocumentsAsked::Change { before, path, value } => {
            let after = document::replace_value(before, path, value.as_raw()).unwrap();
            DocumentsAnswer::Change(Ok(changes(before, after)))
        }
        DocumentsAsked::Fetch(one, fetch) => {
            let document = edited(id(one));
            let text = match fetch {
                Fetch::Edit | Fetch::EditOutside => Some(pretty(&document)),
                Fetch::Duplicate => Some(pretty(&document::unset(&document, "_id").unwrap())),
                Fetch::Delete => None,
            };
            DocumentsAnswer::Fetched(*fetch, Ok(Fetched { document, text }))
        }
        DocumentsAsked::Read { before, text } => DocumentsAnswer::Read(read(before.as_ref(), text)),
        // Someone else has made it more, and paid.
        DocumentsAsked::Merge { original, mine } => {
            let value = |text| document::parse_value(text).unwrap();
            let theirs = document::set(original, "paid", value("true").as_raw()).unwrap();
            let theirs = document::set(&theirs, "total", value("200").as_raw()).unwrap();
            let (merged, conflicts) =
                match mine.as_ref().map(|mine| document::merge(original, mine, &theirs).unwrap()) {
                    None => (None, Vec::new()),
                    Some(Merged::Clean(merged)) => (Some(merged), Vec::new()),
                    Some(Merged::Conflicts { conflicts, with_mine }) => {
                        (Some(with_mine), conflicts.iter().map(|one| one.line(60)).collect())
                    }
                };
            let text = merged.as_ref().map(|merged| pretty(merged)).unwrap_or_default();
            let changes = if let Some(merged) = merged {
                changes(&theirs, merged)
            } else {
                let lines = difference(original, &theirs);
                Changes { write: DocumentWrite::Delete(theirs.clone()), lines, top: 0 }
            };
            DocumentsAnswer::Merged(Ok(Merge { theirs, changes, text, conflicts }))
        }
    }
}

/// They take whatever is written.
pub fn written(at: u64, org: &Org, write: &DocumentWrite) -> Message {
    Message::DocumentWritten(at, Box::new(org.clone()), Ok(write.clone()))
}

/// The answer to a request for one document: this one.
pub fn one_read(effect: &Effect, text: &str) -> Option<Message> {
    let Effect::Browse(generation, _, DocumentsAsked::One(..)) = effect else { return None };
    let tree = Tree::new(document::parse(text).unwrap()).unwrap();
    Some(Message::Browsed(*generation, DocumentsAnswer::One(Ok(Box::new(tree)))))
}

/// A document that has something of everything.
fn invoice(number: i64) -> RawDocumentBuf {
    let item =
        |n: i64| format!("{{ sku: 'A-{n:03}', quantity: {n}, price: Decimal128('{n}.90') }}");
    let items: Vec<String> = (1..=24).map(item).collect();
    let text = format!(
        "{{ _id: Long({number}), invoice: '2026-{number:04}', due: ISODate('2026-12-24'), paid: {},
            customer: {{ name: 'Ada Lovelace', address: {{ street: '12 St James\\u2019s Square', city: 'London' }},
                         tags: ['new', 'large'] }},
            note: 'Deliver to the back door.\\nRing twice, then wait for the caretaker, who takes a while.',
            items: [{}], history: [], deleted: null, total: 812.5 }}",
        number % 3 == 0,
        items.join(", "),
    );
    document::parse(&text).unwrap()
}

/// A short one, to be edited.
fn edited(number: i64) -> RawDocumentBuf {
    let text = format!(
        "{{ _id: Long(\"{number}\"), invoice: \"2026-{number:04}\", paid: {}, total: 120.5, \
         address: {{ city: \"Oslo\", lines: [ \"Storgata 1\", \"北京\" ] }}, due: ISODate(\"2026-12-24T00:00:00Z\") }}",
        number % 3 == 0
    );
    document::parse(&text).unwrap()
}

fn pretty(document: &RawDocument) -> String {
    let mut text = String::new();
    document::pretty(document, &mut text).unwrap();
    text
}

fn difference(before: &RawDocument, after: &RawDocument) -> Vec<Line> {
    document::lines(&document::difference(before, after).unwrap(), 60)
}

fn changes(before: &RawDocument, after: RawDocumentBuf) -> Changes {
    let lines = difference(before, &after);
    Changes { write: DocumentWrite::Replace { before: before.to_owned(), after }, lines, top: 0 }
}

fn read(before: Option<&RawDocumentBuf>, text: &str) -> ReadText {
    match (document::parse(text), before) {
        (Err(fault), _) => ReadText::Fault(fault),
        (Ok(after), Some(before)) if after == *before => ReadText::Unchanged,
        (Ok(after), Some(before)) => ReadText::Changed(changes(before, after)),
        (Ok(after), None) => {
            let write = DocumentWrite::Insert(after);
            ReadText::Changed(Changes { write, lines: Vec::new(), top: 0 })
        }
    }
}
