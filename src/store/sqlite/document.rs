//! Documents as rows: their bytes exactly as a MongoDB server would keep them, and a key that sorts
//! as `_id` does there.

use bson::{Bson, DateTime, Document, RawBsonRef, RawDocument, RawDocumentBuf, oid::ObjectId};
use rusqlite::Connection;

use super::error::{Attempt, Fault};
use crate::store::{DOCUMENT_MOST_BYTES, DocumentPage, DocumentQuery, StoreError, TOO_LARGE};

/// How far documents may be in documents on a MongoDB server.
const DEEPEST: usize = 200;

/// What the key of an `ObjectId` begins with.
const OBJECT_ID: u8 = 7;

/// A document ready to be kept.
pub(super) struct Row {
    pub(super) key: Vec<u8>,
    pub(super) bson: Vec<u8>,
}

impl Row {
    /// The row of a document; one without `_id` is given one, in front.
    pub(super) fn from_document(mut document: Document) -> Attempt<Self> {
        if !document.contains_key("_id") {
            let rest = std::mem::take(&mut document);
            document.insert("_id", ObjectId::new());
            document.extend(rest);
        }
        let key = key(document.get("_id").unwrap_or(&Bson::Null))?;
        Ok(Self { key, bson: encoded(&document)? })
    }
}

/// One page of a collection's documents, by their keys.
pub(super) fn page(
    connection: &Connection,
    collection: &str,
    query: &DocumentQuery,
) -> Attempt<DocumentPage> {
    let from = query.from().map(|place| key(&place.id)).transpose()?;
    let (than, direction) = if query.is_against_values() { ("<", "DESC") } else { (">", "ASC") };
    let mut statement = connection.prepare_cached(&format!(
        "SELECT bson FROM documents \
         WHERE collection = (SELECT row FROM collections WHERE name = ?1) \
         AND (?2 IS NULL OR key {than} ?2) ORDER BY key {direction} LIMIT ?3"
    ))?;
    let mut rows = statement.query((collection, from, i64::from(query.limit) + 1))?;
    let mut documents = Vec::new();
    while let Some(row) = rows.next()? {
        let bson = row.get_ref(0)?.as_blob().map_err(|_| Fault::Garbage)?;
        documents.push(stored(bson, query.whole)?);
    }
    Ok(DocumentPage::from_read(documents, query))
}

/// The document of a collection with this `_id`.
pub(super) fn one(
    connection: &Connection,
    collection: &str,
    id: &Bson,
) -> Attempt<Option<RawDocumentBuf>> {
    let mut statement = connection.prepare_cached(
        "SELECT bson FROM documents \
         WHERE collection = (SELECT row FROM collections WHERE name = ?1) AND key = ?2",
    )?;
    let mut rows = statement.query((collection, key(id)?))?;
    let Some(row) = rows.next()? else { return Ok(None) };
    let bson = row.get_ref(0)?.as_blob().map_err(|_| Fault::Garbage)?;
    stored(bson, true).map(Some)
}

/// The document in a row; of one that is too large to be looked into, its `_id`, unless all of it is wanted.
pub(super) fn stored(bson: &[u8], whole: bool) -> Attempt<RawDocumentBuf> {
    if whole || is_small(bson) {
        if !whole {
            // Whoever looks into it is not to find out later that it is none.
            decoded(bson)?;
        }
        return RawDocumentBuf::from_bytes(bson.to_vec()).map_err(|_| Fault::Garbage);
    }
    let named = named(bson)?;
    RawDocumentBuf::try_from(&named).map_err(|_| Fault::Garbage)
}

/// What a document is called that is too large to be looked into.
fn named(bson: &[u8]) -> Attempt<Document> {
    let raw = RawDocument::from_bytes(bson).map_err(|_| Fault::Garbage)?;
    let id = raw.get("_id").ok().flatten().ok_or(Fault::Garbage)?;
    if within(&id).is_some_and(is_too_deep) {
        return Err(Fault::Garbage);
    }
    let mut document = Document::new();
    document.insert("_id", Bson::try_from(id).map_err(|_| Fault::Garbage)?);
    document.insert(TOO_LARGE.0, format!("{}{}", bson.len(), TOO_LARGE.1));
    Ok(document)
}

/// Whether a document is looked into.
pub(super) fn is_small(bson: &[u8]) -> bool {
    bson.len() <= DOCUMENT_MOST_BYTES as usize && !is_too_deep(bson)
}

/// Whether there are documents in documents, further than a MongoDB server takes them. Whoever looks
/// into them needs room on a thread for each.
fn is_too_deep(bson: &[u8]) -> bool {
    let mut left = vec![(bson, 0)];
    while let Some((bson, depth)) = left.pop() {
        if depth > DEEPEST {
            return true;
        }
        // As far as anybody would get with it.
        let Ok(document) = RawDocument::from_bytes(bson) else { continue };
        let values = document.iter().map_while(Result::ok);
        left.extend(values.filter_map(|(_, value)| Some((within(&value)?, depth + 1))));
    }
    false
}

/// What is in a value that can hold others.
fn within<'a>(value: &RawBsonRef<'a>) -> Option<&'a [u8]> {
    match value {
        RawBsonRef::Document(document) => Some(document.as_bytes()),
        RawBsonRef::Array(array) => Some(array.as_bytes()),
        RawBsonRef::JavaScriptCodeWithScope(code) => Some(code.scope.as_bytes()),
        _ => None,
    }
}

fn decoded(bson: &[u8]) -> Attempt<Document> {
    Document::from_reader(bson).map_err(|_| Fault::Garbage)
}

fn encoded(document: &Document) -> Attempt<Vec<u8>> {
    document.to_vec().map_err(|problem| StoreError::Other(problem.to_string()).into())
}

/// Bytes that compare as the values do on a MongoDB server: first by type, then by value, with equal
/// numbers of different types equal. Decimals and nested values, which hardly anybody uses as `_id`,
/// come in an order of their own among themselves.
pub(super) fn key(id: &Bson) -> Attempt<Vec<u8>> {
    let (rank, value): (u8, Vec<u8>) = match id {
        Bson::MinKey => (0, Vec::new()),
        Bson::Null | Bson::Undefined => (1, Vec::new()),
        Bson::Double(number) => (2, number_key(*number, 0).to_vec()),
        Bson::Int32(number) => (2, integer_key(i64::from(*number)).to_vec()),
        Bson::Int64(number) => (2, integer_key(*number).to_vec()),
        Bson::Decimal128(number) => (3, number.bytes().to_vec()),
        Bson::String(text) | Bson::Symbol(text) => (4, text.clone().into_bytes()),
        Bson::Document(document) => (5, encoded(document)?),
        Bson::Binary(binary) => {
            let mut value = (binary.bytes.len() as u64).to_be_bytes().to_vec();
            value.push(binary.subtype.into());
            value.extend(&binary.bytes);
            (6, value)
        }
        Bson::ObjectId(id) => (OBJECT_ID, id.bytes().to_vec()),
        Bson::Boolean(truth) => (8, vec![u8::from(*truth)]),
        Bson::DateTime(time) => (9, signed(time.timestamp_millis()).to_vec()),
        Bson::Timestamp(stamp) => {
            (10, [stamp.time.to_be_bytes(), stamp.increment.to_be_bytes()].concat())
        }
        Bson::MaxKey => (255, Vec::new()),
        other => {
            let mut alone = Document::new();
            alone.insert("", other.clone());
            (11, encoded(&alone)?)
        }
    };
    Ok([vec![rank], value].concat())
}

/// The time of the `ObjectId` that a key is made of; none where it is made of anything else.
pub(super) fn time_in_key(key: &[u8]) -> Option<DateTime> {
    let id = key.strip_prefix(&[OBJECT_ID])?;
    Some(ObjectId::from_bytes(id.try_into().ok()?).timestamp())
}

/// The nearest floating-point number, then how far it is off.
#[expect(
    clippy::cast_precision_loss,
    clippy::cast_possible_truncation,
    reason = "what is lost is what the second half of the key says"
)]
fn integer_key(number: i64) -> [u8; 16] {
    let nearest = number as f64;
    number_key(nearest, (i128::from(number) - nearest as i128) as i64)
}

fn number_key(number: f64, off: i64) -> [u8; 16] {
    // Adding zero makes -0.0 the same as 0.0. NaN comes first, as on a server.
    let bits = (number + 0.0).to_bits();
    let ordered = match number {
        _ if number.is_nan() => 0,
        _ if bits >> 63 == 1 => !bits,
        _ => bits | 1 << 63,
    };
    let mut key = [0; 16];
    key[..8].copy_from_slice(&ordered.to_be_bytes());
    key[8..].copy_from_slice(&signed(off));
    key
}

fn signed(number: i64) -> [u8; 8] {
    (number.cast_unsigned() ^ 1 << 63).to_be_bytes()
}

#[cfg(test)]
mod tests {
    use bson::{DateTime, doc};
    use proptest::prelude::*;

    use super::*;

    fn key_of(id: impl Into<Bson>) -> Vec<u8> {
        let Ok(key) = key(&id.into()) else { panic!("no key") };
        key
    }

    #[test]
    fn keys_sort_by_type_and_then_by_value() {
        let sorted = [
            Bson::MinKey,
            Bson::Null,
            f64::NAN.into(),
            f64::NEG_INFINITY.into(),
            i64::MIN.into(),
            (-1).into(),
            0.into(),
            0.5.into(),
            1.into(),
            ((1_i64 << 53) + 1).into(),
            ((1_i64 << 53) + 2).into(),
            i64::MAX.into(),
            f64::INFINITY.into(),
            "".into(),
            "a".into(),
            "b".into(),
            doc! {}.into(),
            ObjectId::from_bytes([0; 12]).into(),
            ObjectId::from_bytes([1; 12]).into(),
            false.into(),
            true.into(),
            DateTime::from_millis(-1).into(),
            DateTime::from_millis(1).into(),
            Bson::MaxKey,
        ];
        for pair in sorted.windows(2) {
            assert!(key_of(pair[0].clone()) < key_of(pair[1].clone()), "{pair:?}");
        }
    }

    #[test]
    fn equal_numbers_are_one_key_whatever_their_type() {
        assert_eq!(key_of(7_i32), key_of(7_i64));
        assert_eq!(key_of(7_i32), key_of(7.0));
        assert_eq!(key_of(-0.0), key_of(0.0));
    }

    fn shown(bson: &[u8]) -> Attempt<Document> {
        stored(bson, false).and_then(|raw| decoded(raw.as_bytes()))
    }

    #[test]
    fn a_document_that_is_too_deep_is_named_and_not_looked_into() {
        let nested = |depth| {
            (0..depth).fold(doc! { "_id": 7 }, |document, _| doc! { "_id": 7, "in": document })
        };
        let Ok(whole) = shown(&nested(200).to_vec().unwrap()) else { panic!("no document") };
        assert_eq!(whole, nested(200));
        // One that nobody could even make with what reads it.
        let mut bson = doc! {}.to_vec().unwrap();
        for _ in 0..15_000 {
            let length = i32::try_from(bson.len() + 8).unwrap().to_le_bytes();
            bson = [&length[..], b"\x03a\0", &bson, b"\0"].concat();
        }
        let deep = |field: &[u8]| {
            let (before, after) = (b"\x10_id\0\x07\0\0\0\x03", b"\0");
            let length = 4 + before.len() + field.len() + bson.len() + after.len();
            let length = i32::try_from(length).unwrap().to_le_bytes();
            [&length[..], before, field, &bson, after].concat()
        };
        let Ok(named) = shown(&deep(b"in\0")) else { panic!("no document") };
        assert_eq!(named.keys().collect::<Vec<_>>(), ["_id", TOO_LARGE.0]);
        assert_eq!(named["_id"], Bson::Int32(7));
        // Where its name is what is deep, it has none that could be said.
        let mut nameless = deep(b"_id\0");
        nameless[5..8].copy_from_slice(b"id_");
        assert!(matches!(shown(&nameless), Err(Fault::Garbage)));
    }

    #[test]
    fn a_document_without_identity_gets_one_in_front() {
        let Ok(row) = Row::from_document(doc! { "a": 1 }) else { panic!("no row") };
        let Ok(document) = decoded(&row.bson) else { panic!("no document") };
        assert_eq!(document.keys().collect::<Vec<_>>(), ["_id", "a"]);
    }

    proptest! {
        #[test]
        fn integers_sort_as_integers(a in any::<i64>(), b in any::<i64>()) {
            prop_assert_eq!(key_of(a).cmp(&key_of(b)), a.cmp(&b));
        }

        #[test]
        fn numbers_sort_as_numbers(a in any::<i32>(), b in -1e12..1e12_f64) {
            prop_assert_eq!(Some(key_of(a).cmp(&key_of(b))), f64::from(a).partial_cmp(&b));
        }

        #[test]
        fn garbage_is_no_panic(bytes in proptest::collection::vec(any::<u8>(), 0..200)) {
            let _ = decoded(&bytes);
        }
    }
}
