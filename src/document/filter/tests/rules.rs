//! Which documents pass.

use bson::{DateTime, RawDocument, Regex, cstr, oid::ObjectId, rawdoc};

use super::*;

/// Each query with documents that pass and documents that do not.
fn check(rows: &[(Document, &[Document], &[Document])]) {
    for (query, pass, fail) in rows {
        for document in *pass {
            assert!(passes(query, document), "{query} lets {document} through");
        }
        for document in *fail {
            assert!(!passes(query, document), "{query} keeps {document} back");
        }
    }
}

#[test]
fn what_is_missing_or_undefined_is_null() {
    let undefined = doc! { "a": Bson::Undefined };
    check(&[
        (doc! { "a": null }, &[doc! {}, doc! { "a": null }, undefined.clone()], &[doc! { "a": 0 }]),
        (
            doc! { "a": { "$in": [null, 7] } },
            &[doc! {}, undefined.clone(), doc! { "a": [null] }],
            &[doc! { "a": [] }],
        ),
        (doc! { "a": { "$ne": null } }, &[doc! { "a": [] }], &[doc! {}, doc! { "a": [1, null] }]),
        (doc! { "a": { "$gte": null } }, &[doc! {}, undefined.clone()], &[doc! { "a": 1 }]),
        (doc! { "a": { "$gt": null } }, &[], &[doc! {}, doc! { "a": null }]),
        (
            doc! { "a.b": null },
            &[doc! { "a": 1 }, doc! { "a": [{ "b": 1 }, {}] }],
            &[doc! { "a": [] }, doc! { "a": [1] }],
        ),
        (
            doc! { "a": { "$exists": true } },
            &[doc! { "a": null }, undefined.clone(), doc! { "a": [] }],
            &[doc! {}],
        ),
        (
            doc! { "a.b": { "$exists": false } },
            &[doc! { "a": [1] }, doc! { "a": 1 }],
            &[doc! { "a": [{ "b": 1 }, {}] }],
        ),
        (doc! { "a": { "$type": "null" } }, &[doc! { "a": null }], &[doc! {}, undefined]),
    ]);
}

#[test]
fn a_condition_holds_for_any_element_or_for_the_whole_array() {
    check(&[
        (doc! { "a": 1 }, &[doc! { "a": [2, 1] }], &[doc! { "a": [[1]] }]),
        (doc! { "a": [1] }, &[doc! { "a": [1] }, doc! { "a": [[1], 2] }], &[doc! { "a": [1, 2] }]),
        (doc! { "a": { "$gt": 5, "$lt": 3 } }, &[doc! { "a": [1, 9] }], &[doc! { "a": [4] }]),
        (
            doc! { "a": { "$elemMatch": { "$gt": 5, "$lt": 8 } } },
            &[doc! { "a": [1, 6] }],
            &[doc! { "a": [1, 9] }, doc! { "a": 6 }, doc! { "a": [[6]] }],
        ),
        (doc! { "a": { "$ne": 1 } }, &[doc! { "a": [2] }, doc! {}], &[doc! { "a": [2, 1] }]),
        (
            doc! { "a": { "$not": { "$gt": 5 } } },
            &[doc! { "a": [1, 2] }, doc! { "a": "x" }, doc! {}],
            &[doc! { "a": [1, 9] }],
        ),
        (doc! { "a": { "$nin": [1, 2] } }, &[doc! { "a": [3] }, doc! {}], &[doc! { "a": [3, 2] }]),
        (
            doc! { "a": { "$elemMatch": { "$ne": 1 } } },
            &[doc! { "a": [1, 2] }],
            &[doc! { "a": [1] }, doc! { "a": 2 }],
        ),
        (
            doc! { "a": { "$size": 2 } },
            &[doc! { "a": [1, [2]] }],
            &[doc! { "a": [[1, 2]] }, doc! { "a": "xx" }],
        ),
        (doc! { "a": { "$all": [1, 2] } }, &[doc! { "a": [2, 1, 3] }], &[doc! { "a": [1] }]),
        (doc! { "a": { "$all": [1] } }, &[doc! { "a": 1 }], &[doc! { "a": [] }]),
        (
            doc! { "a": { "$all": [[1]] } },
            &[doc! { "a": [1] }, doc! { "a": [[1]] }],
            &[doc! { "a": 1 }],
        ),
        (doc! { "a": { "$all": [] } }, &[], &[doc! { "a": [] }, doc! {}]),
        (
            doc! { "a": { "$all": [{ "$elemMatch": { "b": 1 } }, { "$elemMatch": { "b": 2 } }] } },
            &[doc! { "a": [{ "b": 2 }, { "b": 1 }] }],
            &[doc! { "a": [{ "b": 1 }] }],
        ),
        (doc! { "a": { "$type": "array" } }, &[doc! { "a": [] }], &[doc! { "a": 1 }]),
        (
            doc! { "a": { "$type": ["int", "string"] } },
            &[doc! { "a": [1.5, 1] }],
            &[doc! { "a": [1.5] }],
        ),
        (doc! { "a": { "$in": [] } }, &[], &[doc! {}]),
    ]);
}

#[test]
fn a_number_in_a_path_is_an_index_and_a_key() {
    check(&[
        (
            doc! { "a.0": 1 },
            &[doc! { "a": [1, 2] }, doc! { "a": { "0": 1 } }, doc! { "a": [2, { "0": 1 }] }],
            &[doc! { "a": [2, 1] }, doc! { "a": [[1]] }],
        ),
        (doc! { "a.0.0": 1 }, &[doc! { "a": [[1]] }], &[doc! { "a": [[[1]]] }]),
        (
            doc! { "a.0.b": 1 },
            &[doc! { "a": [{ "b": 1 }] }, doc! { "a": [{ "b": [1] }] }],
            &[doc! { "a": [0, { "b": 1 }] }],
        ),
        (doc! { "a.00": 1 }, &[], &[doc! { "a": [1] }]),
        (
            doc! { "a": { "$elemMatch": { "0": 1 } } },
            &[doc! { "a": [[1]] }, doc! { "a": [{ "0": 1 }] }],
            &[doc! { "a": [1] }],
        ),
        (doc! { "a.b": 1 }, &[doc! { "a": [{ "b": [1] }] }], &[doc! { "a": [[{ "b": 1 }]] }]),
    ]);
}

#[test]
fn values_are_compared_within_their_class() {
    let id = |byte| ObjectId::from_bytes([byte; 12]);
    let at = DateTime::from_millis;
    check(&[
        (
            doc! { "a": { "$gt": 5 } },
            &[doc! { "a": 5.5 }, doc! { "a": decimal("5.0001") }, doc! { "a": f64::INFINITY }],
            &[doc! { "a": "9" }, doc! { "a": f64::NAN }, doc! { "a": true }, doc! { "a": at(9) }],
        ),
        (doc! { "a": 0.1 }, &[doc! { "a": 0.1 }], &[doc! { "a": decimal("0.1") }]),
        (
            doc! { "a": 9_007_199_254_740_993_i64 },
            &[doc! { "a": decimal("9007199254740993") }],
            &[doc! { "a": 9_007_199_254_740_992.0 }],
        ),
        (doc! { "a": f64::NAN }, &[doc! { "a": decimal("NaN") }], &[doc! { "a": 1 }, doc! {}]),
        (doc! { "a": { "$gte": f64::NAN } }, &[doc! { "a": f64::NAN }], &[doc! { "a": 1 }]),
        (
            doc! { "a": { "$lt": "b" } },
            &[doc! { "a": "B" }, doc! { "a": Bson::Symbol("a".into()) }],
            &[doc! { "a": 1 }, doc! { "a": "b" }],
        ),
        (
            doc! { "a": { "$lt": at(0) } },
            &[doc! { "a": at(-1) }],
            &[doc! { "a": Bson::Timestamp(bson::Timestamp { time: 0, increment: 0 }) }],
        ),
        (doc! { "a": { "$gt": id(1) } }, &[doc! { "a": id(200) }], &[doc! { "a": "zz" }]),
        (
            doc! { "a": { "b": 1, "c": 2 } },
            &[doc! { "a": { "b": 1.0, "c": 2_i64 } }],
            &[doc! { "a": { "c": 2, "b": 1 } }, doc! { "a": { "b": 1 } }],
        ),
        (
            doc! { "a": { "$gt": { "b": 1 } } },
            &[doc! { "a": { "b": 2 } }, doc! { "a": { "c": 0 } }, doc! { "a": { "a": "" } }],
            &[doc! { "a": { "a": 2 } }],
        ),
        (
            doc! { "a": { "$gt": [1, 2] } },
            &[doc! { "a": [1, 3] }, doc! { "a": [1, 2, 0] }],
            &[doc! { "a": [1] }, doc! { "a": 9 }],
        ),
        (
            doc! { "a": { "$gt": Bson::MinKey } },
            &[doc! {}, doc! { "a": 1 }, doc! { "a": Bson::MaxKey }],
            &[doc! { "a": Bson::MinKey }],
        ),
        (doc! { "a": { "$lte": Bson::MaxKey } }, &[doc! {}, doc! { "a": null }], &[]),
        (doc! { "a": false }, &[doc! { "a": false }], &[doc! { "a": 0 }, doc! {}]),
        (doc! { "a": { "$type": "number" } }, &[doc! { "a": decimal("1") }], &[doc! { "a": "1" }]),
        (doc! { "a": { "$type": -1 } }, &[doc! { "a": Bson::MinKey }], &[doc! { "a": -1 }]),
    ]);
}

#[test]
fn a_regular_expression_is_found_in_texts_and_in_itself() {
    let stored = |pattern, options| {
        let (pattern, options) = if options { (pattern, cstr!("i")) } else { (pattern, cstr!("")) };
        Bson::RegularExpression(Regex { pattern, options: options.into() })
    };
    let own = |options| stored(cstr!("^b").into(), options);
    check(&[
        (
            doc! { "a": own(false) },
            &[doc! { "a": ["x", "bc"] }, doc! { "a": own(false) }],
            &[doc! { "a": "abc" }, doc! { "a": own(true) }, doc! {}],
        ),
        (doc! { "a": { "$eq": own(false) } }, &[doc! { "a": own(false) }], &[doc! { "a": "bc" }]),
        (
            doc! { "a": { "$in": [1, own(true)] } },
            &[doc! { "a": "Bc" }, doc! { "a": 1 }],
            &[doc! { "a": "c" }],
        ),
        (
            doc! { "a": { "$all": [own(false), "x"] } },
            &[doc! { "a": ["x", "b"] }],
            &[doc! { "a": "b" }],
        ),
        (
            doc! { "a": { "$not": own(false) } },
            &[doc! {}, doc! { "a": "c" }],
            &[doc! { "a": ["c", "b"] }],
        ),
        (
            doc! { "a": { "$regex": "B$", "$options": "i" } },
            &[doc! { "a": "b" }, doc! { "a": "b\n" }],
            &[doc! { "a": "b\n\n" }],
        ),
        (
            doc! { "a": { "$regex": "\\d\\b" } },
            &[doc! { "a": "1é" }],
            &[doc! { "a": "٣" }, doc! { "a": "1a" }],
        ),
        (
            doc! { "a": { "$regex": "^\\w$", "$options": "i" } },
            &[doc! { "a": "s" }],
            &[doc! { "a": "ſ" }, doc! { "a": "é" }],
        ),
    ]);
}

#[test]
fn conditions_are_joined() {
    let either = [doc! { "a": 1 }, doc! { "b": 1 }];
    check(&[
        (doc! {}, &[doc! {}], &[]),
        (doc! { "$or": &either[..] }, &[doc! { "b": 1 }], &[doc! { "b": 2 }]),
        (doc! { "$nor": &either[..] }, &[doc! {}], &[doc! { "a": 1 }]),
        (doc! { "$and": &either[..] }, &[doc! { "a": 1, "b": 1 }], &[doc! { "a": 1 }]),
        (
            doc! { "a": { "$elemMatch": { "$or": &either[..] } } },
            &[doc! { "a": [{ "b": 1 }] }],
            &[doc! { "a": { "b": 1 } }],
        ),
    ]);
}

#[test]
fn what_is_not_utf_8_is_compared_by_its_bytes() {
    let mut bytes = RawDocumentBuf::try_from(&doc! { "a": "?" }).unwrap().into_bytes();
    let at = bytes.iter().position(|byte| *byte == b'?').unwrap();
    bytes[at] = 0xff;
    let raw = RawDocument::from_bytes(&bytes).unwrap();
    let matches = |query: Document| read(&query).matches(raw).unwrap();
    assert!(matches(doc! { "a": { "$gt": "z" } }));
    assert!(!matches(doc! { "a": { "$regex": "" } }) && matches(doc! { "a": { "$type": 2 } }));
}

#[test]
fn the_first_of_two_fields_with_one_name_counts() {
    let mut raw = RawDocumentBuf::new();
    raw.append(cstr!("a"), 1);
    raw.append(cstr!("a"), 2);
    assert!(read(&doc! { "a": 1 }).matches(&raw).unwrap());
    assert!(!read(&doc! { "a": 2 }).matches(&raw).unwrap());
}

#[test]
fn what_is_no_bson_is_an_error() {
    for damaged in [
        &[13, 0, 0, 0, 2, b'a', 0, 9, 0, 0, 0, b'x', 0][..],
        &[8, 0, 0, 0, 0x42, b'a', 0, 0],
        &[8, 0, 0, 0, 16, b'a', 0, 0],
        &[7, 0, 0, 0, 10, b'a', 0],
        &[12, 0, 0, 0, 2, b'a', 0, 0xff, 0xff, 0xff, 0xff, 0],
        &[13, 0, 0, 0, 3, b'a', 0, 5, 0, 0, 0, 1, 0],
    ] {
        let raw = RawDocument::from_bytes(damaged).unwrap();
        assert!(read(&doc! { "a.b": "x", "c": 1 }).matches(raw).is_err(), "{damaged:?}");
    }
}

#[test]
fn a_document_may_be_nested_as_deeply_as_it_wants() {
    let raw = (0..500).fold(rawdoc! {}, |inner, _| rawdoc! { "a": [inner] });
    let path = vec!["a"; 100].join(".");
    assert!(read(&doc! { path: { "$exists": true } }).matches(&raw).unwrap());
}

#[test]
fn the_fields_are_named_as_an_index_has_them() {
    let query = doc! {
        "z": 1, "$or": [{ "b.c": { "$not": { "$gt": 1 } } }, { "z": 2 }],
        "e": { "$elemMatch": { "f": 1, "g": { "$elemMatch": { "$gt": 1 } } } },
        "h": { "$all": [{ "$elemMatch": {} }] },
    };
    assert_eq!(read(&query).fields(), ["b.c", "e.f", "e.g", "h", "z"]);
}
