//! Any BSON at all, for the tests of everything that reads what other programs wrote.

use bson::{
    Binary, Bson, DateTime, Decimal128, Document, JavaScriptCodeWithScope, Regex, Timestamp, cstr,
    oid, spec::BinarySubtype,
};
use proptest::{prelude::*, sample::select};

/// A value of any type, with the extremes of each.
pub(super) fn any_bson() -> impl Strategy<Value = Bson> {
    let text = prop_oneof!["\\PC{0,12}", Just("\u{0}\u{1b}[2J\u{202e}".to_owned())];
    let leaf = prop_oneof![
        text.prop_map(Bson::String),
        any::<f64>().prop_map(Bson::Double),
        any::<bool>().prop_map(Bson::Boolean),
        any::<i32>().prop_map(Bson::Int32),
        any::<i64>().prop_map(Bson::Int64),
        any::<i64>().prop_map(|millis| Bson::DateTime(DateTime::from_millis(millis))),
        any::<[u8; 12]>().prop_map(|id| Bson::ObjectId(oid::ObjectId::from_bytes(id))),
        any::<[u8; 16]>().prop_map(|bytes| Bson::Decimal128(Decimal128::from_bytes(bytes))),
        (any::<u32>(), any::<u32>())
            .prop_map(|(time, increment)| Bson::Timestamp(Timestamp { time, increment })),
        proptest::collection::vec(any::<u8>(), 0..20)
            .prop_map(|bytes| Bson::Binary(Binary { subtype: BinarySubtype::Uuid, bytes })),
        select(vec![
            Bson::Null,
            Bson::Undefined,
            Bson::MinKey,
            Bson::MaxKey,
            Bson::DateTime(DateTime::MAX),
            Bson::DateTime(DateTime::MIN),
            Bson::Int64(i64::MIN),
            Bson::Double(f64::NAN),
            Bson::Symbol("owner".to_owned()),
            Bson::JavaScriptCode("x".to_owned()),
            Bson::JavaScriptCodeWithScope(JavaScriptCodeWithScope {
                code: "x".to_owned(),
                scope: Document::new(),
            }),
            Bson::RegularExpression(Regex {
                pattern: cstr!(".*").into(),
                options: cstr!("i").into(),
            }),
        ]),
    ];
    leaf.prop_recursive(3, 24, 6, |inner| {
        prop_oneof![
            proptest::collection::vec(inner.clone(), 0..6).prop_map(Bson::Array),
            proptest::collection::vec(("[a-z_.$]{0,9}", inner), 0..6)
                .prop_map(|fields| Bson::Document(fields.into_iter().collect())),
        ]
    })
}

/// A document with any of these fields, each with a value of any type or one of `likely`.
pub(super) fn any_document(
    fields: &'static [&'static str],
    likely: &'static [&'static str],
) -> impl Strategy<Value = Document> {
    let value = prop_oneof![
        3 => any_bson(),
        1 => select(likely).prop_map(|word| Bson::String(word.to_owned())),
    ];
    let nested = proptest::collection::vec((select(fields), value.clone()), 0..8)
        .prop_map(|fields| Bson::Document(named(fields)));
    let value = prop_oneof![4 => value, 1 => nested];
    proptest::collection::vec((select(fields), value), 0..fields.len()).prop_map(named)
}

fn named(fields: Vec<(&str, Bson)>) -> Document {
    fields.into_iter().map(|(name, value)| (name.to_owned(), value)).collect()
}
