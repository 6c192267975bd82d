//! Filters of documents beside the server: the same documents pass.

use std::collections::BTreeSet;

use mongodb::{
    Database,
    bson::{Bson, Decimal128, Document, RawDocumentBuf, cstr, doc, raw::CString},
};
use proptest::{collection::vec, prelude::*, sample::select};
use tenantry::{
    document::filter::{Filter, FilterError},
    store::{DocumentQuery, traits::*},
};

use crate::{
    filter_made::{Maker, close_numbers, document, odd_query, query},
    fixture::{Scratch, new_org},
    support::operations::Operations as _,
};

const DOCUMENTS: usize = 400;
const FILTERS: usize = 500;
const PATTERNS: usize = 500;

fn read(query: &Document) -> Result<Filter, FilterError> {
    Filter::from_document(&RawDocumentBuf::try_from(query).unwrap())
}

/// The numbers of the documents that the server finds.
async fn found(db: &Database, query: Document) -> Result<BTreeSet<i32>, String> {
    let collection = db.collection::<Document>("filtered");
    let find = collection.find(query).projection(doc! { "_id": 1 }).batch_size(10_000);
    let mut cursor = find.await.map_err(|error| error.to_string())?;
    let mut ids = BTreeSet::new();
    while cursor.advance().await.map_err(|error| error.to_string())? {
        ids.insert(cursor.current().get_i32("_id").unwrap());
    }
    Ok(ids)
}

fn passing(documents: &[RawDocumentBuf], filter: &Filter) -> BTreeSet<i32> {
    let passes = |raw: &&RawDocumentBuf| filter.matches(raw).unwrap();
    documents.iter().filter(passes).map(|raw| raw.get_i32("_id").unwrap()).collect()
}

/// Compares one query with the server; what is different, if anything is.
async fn difference(
    db: &Database,
    documents: &[RawDocumentBuf],
    query: &Document,
    filter: &Filter,
) -> Option<String> {
    let sent = filter.to_document();
    let context = format!("query {query}\nsent {sent}");
    let ours = passing(documents, filter);
    for (name, asked) in [("the query", query), ("what is sent", &sent)] {
        let theirs = match found(db, asked.clone()).await {
            Ok(theirs) => theirs,
            Err(error) => return Some(format!("{context}\nthe server refuses {name}: {error}")),
        };
        if let Some(id) = ours.symmetric_difference(&theirs).next() {
            let document = &documents[usize::try_from(*id).unwrap()];
            let here = ours.contains(id);
            return Some(format!("{context}\n{name}: passes here: {here}: {document:?}"));
        }
    }
    None
}

/// What is typed for a time that has a length, beside the server: among dates, numbers, texts and arrays of them.
#[tokio::test]
async fn years_months_days_and_minutes_find_the_same() {
    let scratch = Scratch::new("filter").await;
    let at = |text: &str| Bson::DateTime(bson::DateTime::parse_rfc3339_str(text).unwrap());
    let values = [
        at("2025-12-31T23:59:59.999Z"),
        at("2026-01-01T00:00:00Z"),
        at("2026-11-20T10:30:59.999Z"),
        at("2026-11-30T23:59:59.999Z"),
        at("2026-12-01T00:00:00Z"),
        at("2027-01-01T00:00:00Z"),
        Bson::Array(vec![at("2025-01-01T00:00:00Z"), at("2027-06-01T00:00:00Z")]),
        Bson::Int32(2026),
        Bson::Double(2026.5),
        Bson::Int64(2025),
        "2026".into(),
        "2026-11".into(),
        "2026-11-20T10:30".into(),
        Bson::Null,
    ];
    let documents: Vec<_> = values
        .into_iter()
        .enumerate()
        .map(|(id, value)| numbered(id, [("a".to_owned(), value)]))
        .collect();
    insert(&scratch, &documents).await;
    for value in ["2026", "2026-11", "2026-11-20", "2026-11-20T10:30", "9999-12"] {
        for operator in [":", "!=", ">", ">=", "<", "<="] {
            let typed = format!("a{operator}{value}");
            let filter = Filter::parse(&typed, tenantry::document::parse).unwrap();
            let query = filter.to_document();
            let difference = difference(&scratch, &documents, &query, &filter).await;
            assert_eq!(difference, None, "{typed}");
        }
    }
}

async fn insert(db: &Database, documents: &[RawDocumentBuf]) {
    let collection = db.collection::<RawDocumentBuf>("filtered");
    collection.insert_many(documents).await.unwrap();
}

fn numbered(id: usize, fields: impl IntoIterator<Item = (String, Bson)>) -> RawDocumentBuf {
    let mut document = RawDocumentBuf::new();
    document.append(cstr!("_id"), i32::try_from(id).unwrap());
    for (key, value) in fields {
        let alone = RawDocumentBuf::try_from(&doc! { "": value }).unwrap();
        document.append(CString::try_from(key).unwrap(), alone.get("").unwrap().unwrap());
    }
    document
}

/// Compares as many queries as there are; the first few differences end the test.
async fn compare(
    db: &Database,
    documents: &[RawDocumentBuf],
    queries: Vec<Document>,
    seed: [u8; 32],
) {
    let (mut accepted, mut passed, mut differences) = (0, 0, Vec::new());
    for query in queries {
        let Ok(filter) = read(&query) else { continue };
        let again = read(&filter.to_document()).unwrap();
        assert_eq!(again, filter, "{query}");
        accepted += 1;
        passed += passing(documents, &filter).len();
        differences.extend(difference(db, documents, &query, &filter).await);
    }
    let shown: Vec<_> = differences.iter().take(12).map(String::as_str).collect();
    let all = differences.len();
    assert!(all == 0, "{all} differ, with seed {seed:?}:\n\n{}", shown.join("\n\n"));
    assert!(accepted > 50 && passed > accepted, "{accepted} accepted, {passed} passed");
}

#[tokio::test]
async fn the_same_documents_pass_as_on_the_server() {
    let scratch = Scratch::new("filter").await;
    let mut maker = Maker::new();
    let documents = maker.make(DOCUMENTS, &document());
    let documents: Vec<_> =
        documents.into_iter().enumerate().map(|(id, fields)| numbered(id, fields)).collect();
    insert(&scratch, &documents).await;
    let queries = maker.make(FILTERS, &query(2));
    compare(&scratch, &documents, queries, maker.seed).await;
}

#[tokio::test]
async fn what_the_server_refuses_is_refused() {
    let scratch = Scratch::new("filter").await;
    let mut maker = Maker::new();
    let documents = maker.make(50, &document());
    let documents: Vec<_> =
        documents.into_iter().enumerate().map(|(id, fields)| numbered(id, fields)).collect();
    insert(&scratch, &documents).await;
    let queries = maker.make(FILTERS, &odd_query());
    compare(&scratch, &documents, queries, maker.seed).await;
}

/// What patterns are put together of, and texts in which they may be found.
const PARTS: &[&str] = &[
    "a",
    "b",
    "A",
    "é",
    "É",
    "ſ",
    "s",
    "k",
    "\n",
    ".",
    "\\d",
    "\\D",
    "\\w",
    "\\W",
    "\\s",
    "\\S",
    "\\b",
    "\\B",
    "^",
    "$",
    "\\A",
    "\\z",
    "\\Z",
    "[ab]",
    "[^a]",
    "[\\d_]",
    "[\\W]",
    "[^\\w]",
    "[[:alpha:]]",
    "[[:space:]]",
    "[[:^alpha:]]",
    "[:alpha:]",
    "[a-zé]",
    "[^\\n]",
    "[]a]",
    "[a-]",
    "[\\S]",
    "*",
    "+",
    "?",
    "{2}",
    "{1,2}",
    "{,2}",
    "*?",
    "(",
    ")",
    "|",
    "(?:",
    "(?i)",
    "(?i:",
    "(?m:",
    "(?s:",
    "(?x:",
    "(?-i:",
    "(?U)",
    "(?<n>",
    "\\x41",
    "\\x{e9}",
    "\\u0041",
    "\\p{L}",
    "\\n",
    "\\t",
    "\\v",
    "\\.",
    "\\-",
    "\\<",
    "\\ ",
    "#",
    " ",
    "1",
    "_",
    "\u{85}",
    "\u{a0}",
    "\u{2028}",
    "\r",
    "[[:punct:]]",
    "[[:print:]]",
    "[[:cntrl:]]",
    "[[:upper:]]",
    "[[:xdigit:]]",
    "[k-s]",
    "\\f",
    "\\x0B",
    "ǆ",
    "Ω",
    "µ",
    "å",
    "ß",
];

const TEXTS: &[&str] = &[
    "", "\n", "a", "a\n", "a\nb", "b\na\n", "ab", "AB", "é", "É", "aé", "éa", "ſ", "s", "S", "K",
    "k", "K", "1", "a1", "a 1", "a_1", "\t", "\u{b}", "\u{85}", "\u{a0}", "\u{2028}", "\r\n",
    "a\r", "aa", "aaa", "a.b", "-", "]", "\\", "ß", "ẞ", "İ", "ı", "i", "Σ", "ς", "σ", "٣", "a\0b",
    "#", " ", ".", "<", "A a", "x\n\ny", "ǅ", "Ǆ", "ω", "Ω", "μ", "Å", "Å", "\u{c}", "!", "\u{7f}",
    "ſa", "x\n",
];

#[tokio::test]
async fn the_same_texts_are_found_by_a_regular_expression() {
    let scratch = Scratch::new("filter").await;
    let mut texts: Vec<RawDocumentBuf> = TEXTS
        .iter()
        .enumerate()
        .map(|(id, text)| numbered(id, [("a".to_owned(), Bson::from(*text))]))
        .collect();
    let not_utf8 = numbered(texts.len(), [("a".to_owned(), "a?".into())]).into_bytes();
    let not_utf8 = not_utf8.into_iter().map(|byte| if byte == b'?' { 0xff } else { byte });
    texts.push(RawDocumentBuf::from_bytes(not_utf8.collect()).unwrap());
    insert(&scratch, &texts).await;

    let mut maker = Maker::new();
    let pattern = vec(select(PARTS), 1..6).prop_map(|parts| parts.concat());
    let options = select(vec!["", "", "i", "m", "s", "im", "is"]);
    let asked = (pattern, options)
        .prop_filter("a pattern that is read", |(pattern, options)| {
            let query = doc! { "a": { "$regex": pattern, "$options": options } };
            read(&query).is_ok()
        })
        .prop_map(|(pattern, options)| doc! { "a": { "$regex": pattern, "$options": options } });
    let queries = maker.make(PATTERNS, &asked);
    compare(&scratch, &texts, queries, maker.seed).await;
}

#[tokio::test]
async fn what_is_as_deep_as_it_may_be_passes_on_the_server_too() {
    let scratch = Scratch::new("filter").await;
    let nest = |levels: usize, wrap: &dyn Fn(Document) -> Document, inner: Document| {
        (0..levels).fold(inner, |inner, _| wrap(inner))
    };
    let inner = doc! { "$gt": 5 };
    let deepest = [
        (97, doc! { "a": nest(97, &|inner| doc! { "$not": inner }, inner.clone()) }),
        (97, doc! { "a": nest(97, &|inner| doc! { "$elemMatch": inner }, inner.clone()) }),
        (48, nest(48, &|inner| doc! { "$and": [inner] }, doc! { "a": inner.clone() })),
        (48, nest(48, &|inner| doc! { "$or": [inner, {}] }, doc! { "a": inner.clone() })),
        (48, nest(48, &|inner| doc! { "a": { "$elemMatch": inner } }, doc! { "a": inner.clone() })),
        (97, doc! { "a": { "$eq": nest(97, &|inner| doc! { "a": inner }, doc! {}) } }),
    ];
    let path = vec!["a"; 100].join(".");
    let mut deepest = deepest.to_vec();
    deepest.push((1, doc! { path: 1 }));
    let document = nest(98, &|inner| doc! { "a": [inner] }, doc! { "a": 1 });
    let raw = RawDocumentBuf::try_from(&document).unwrap();
    for (levels, query) in deepest {
        let filter = read(&query).unwrap();
        filter.matches(&raw).unwrap();
        let theirs = found(&scratch, filter.to_document()).await;
        assert!(theirs.is_ok(), "{levels}: {theirs:?}: {query}");
    }
}

#[tokio::test]
async fn numbers_have_the_same_order_as_on_the_server() {
    let scratch = Scratch::new("filter").await;
    let mut maker = Maker::new();
    let mut numbers = Vec::new();
    for double in maker.make(25, &any::<f64>()) {
        numbers.extend(close_numbers(double));
    }
    for integer in maker.make(10, &prop_oneof![any::<i64>(), -9..9_i64]) {
        numbers.push(Bson::Int64(integer));
        #[expect(clippy::cast_precision_loss, reason = "the nearest double is what is wanted")]
        numbers.extend(close_numbers(integer as f64));
    }
    for fixed in [5e-324, f64::MAX, f64::MIN, 0.5, 0.1, 1e22, 9.5e15, f64::EPSILON] {
        numbers.extend(close_numbers(fixed));
    }
    let bytes = maker.make(10, &any::<[u8; 16]>());
    numbers.extend(bytes.into_iter().map(|bytes| Bson::Decimal128(Decimal128::from_bytes(bytes))));
    let fields = |(id, number): (usize, &Bson)| numbered(id, [("a".to_owned(), number.clone())]);
    let documents: Vec<_> = numbers.iter().enumerate().map(fields).collect();
    insert(&scratch, &documents).await;
    let asked = |number| ["$gt", "$lte", "$eq"].map(|operator| doc! { "a": { operator: number } });
    let queries = numbers.iter().flat_map(asked).collect();
    compare(&scratch, &documents, queries, maker.seed).await;
}

#[tokio::test]
async fn the_largest_regular_expressions_are_not_too_large_for_the_server() {
    let scratch = Scratch::new("filter").await;
    let patterns: [&dyn Fn(usize) -> String; 5] = [
        &|size| "𝄞".repeat(size),
        &|size| "[a-zé-ü]".repeat(size),
        &|size| format!("(?:[é-ü\\d]x+){{{size}}}"),
        &|size| format!("((?:ab){{0,{size}}}c){{3,}}"),
        &|size| format!("[{}]", "𝄞é-ü\\W".repeat(size)),
    ];
    for pattern in patterns {
        let query = |size| doc! { "a": { "$regex": pattern(size) } };
        let (mut accepted, mut refused) = (1, 40_000);
        while accepted + 1 < refused {
            let size = usize::midpoint(accepted, refused);
            *if read(&query(size)).is_ok() { &mut accepted } else { &mut refused } = size;
        }
        let found = found(&scratch, query(accepted)).await;
        let begin: String = pattern(accepted).chars().take(40).collect();
        assert!(found.is_ok(), "{accepted} of {begin}: {found:?}");
    }
}

#[tokio::test]
async fn whether_an_index_helps_is_what_the_server_says() {
    let scratch = Scratch::new("filter").await;
    let store = scratch.open().await;
    let org = store.create(&new_org("acme_corp", "ada@acme.com")).await.unwrap();
    let index = doc! {
        "createIndexes": "org_acme_corp", "indexes": [{ "key": { "total": 1 }, "name": "by total" }],
    };
    scratch.run_command(index).await.unwrap();
    let reads_all = async |typed: &str| {
        let filter = Some(Filter::parse(typed, tenantry::document::parse).unwrap());
        let query = DocumentQuery { filter, limit: 5, ..DocumentQuery::default() };
        store.documents(&org, &query).await.unwrap().reads_all
    };
    assert!(!reads_all("total>5").await);
    assert!(!reads_all("total>5 other:1").await);
    assert!(!reads_all("_id:1").await);
    assert!(reads_all("other:1").await);
    assert!(reads_all("{ $or: [{ total: 1 }, { other: 1 }] }").await);
    assert!(!reads_all("{ $or: [{ total: 1 }, { _id: 1 }] }").await);
}
