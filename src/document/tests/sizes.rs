//! The largest and the deepest.

use std::time::{Duration, Instant};

use bson::{RawDocumentBuf, spec::ElementType};

use super::{
    super::{
        DEPTH_MOST, Merged, SIZE_MOST, Tree, canonical, difference, merge, one_line, parse, pretty,
    },
    arbitrary::{Any, document, one, string},
    written,
};

/// A document of so many levels.
fn deep(levels: usize, inside: Any) -> RawDocumentBuf {
    let nested = (1..levels).fold(inside, |inside, level| {
        if level % 2 == 0 {
            Any::Array(vec![inside])
        } else {
            Any::Document(vec![(b"a".to_vec(), inside)])
        }
    });
    RawDocumentBuf::from_bytes(document(&[(b"a".to_vec(), nested)])).unwrap()
}

#[test]
fn as_many_levels_as_a_server_stores_are_read_and_one_more_is_refused() {
    let id = || Any::Plain(ElementType::ObjectId, vec![1; 12]);
    let most = deep(DEPTH_MOST, id());
    for text in [written(&most, pretty), written(&most, one_line), written(&most, canonical)] {
        assert_eq!(parse(&text).unwrap().as_bytes(), most.as_bytes());
    }
    for inside in [id(), Any::Plain(ElementType::Null, vec![])] {
        let more = deep(DEPTH_MOST + 1, inside);
        for text in [written(&more, pretty), written(&more, one_line), written(&more, canonical)] {
            let error = parse(&text).unwrap_err();
            assert_eq!(error.message, "too many levels: a document has at most 180");
        }
    }
    // A scope is a level, whatever it is written as.
    for (levels, read) in [(DEPTH_MOST - 1, true), (DEPTH_MOST, false)] {
        let scope = deep(levels, Any::CodeWithScope(b"f".to_vec(), vec![(b"x".to_vec(), id())]));
        for text in [written(&scope, one_line), written(&scope, canonical)] {
            assert_eq!(parse(&text).is_ok(), read, "{text}");
        }
    }
}

#[test]
fn text_of_any_depth_is_refused_and_not_followed() {
    for open in ["{a:", "[", "Long(", "{$date:", "{a:Code('',"] {
        let error = parse(&format!("{{a:{}", open.repeat(100_000))).unwrap_err();
        assert!(error.message.contains("levels"), "{error}");
    }
}

/// Documents inside documents, as bytes right away: to build them level by level would be quadratic.
fn of_levels(levels: usize) -> RawDocumentBuf {
    let mut bytes = Vec::new();
    for level in (1..=levels).rev() {
        bytes.extend_from_slice(&u32::try_from(level * 8 - 3).unwrap().to_le_bytes());
        if level > 1 {
            bytes.extend_from_slice(b"\x03a\0");
        }
    }
    bytes.resize(bytes.len() + levels, 0);
    RawDocumentBuf::from_bytes(bytes).unwrap()
}

#[test]
fn changes_are_followed_as_deep_as_a_server_stores() {
    let of = |number: i32| {
        deep(DEPTH_MOST, Any::Plain(ElementType::Int32, number.to_le_bytes().to_vec()))
    };
    let (original, mine, theirs) = (of(1), of(2), of(3));
    let changes = difference(&original, &mine).unwrap();
    assert_eq!((changes.len(), changes[0].path.steps().len()), (1, DEPTH_MOST));
    let Merged::Conflicts { conflicts, .. } = merge(&original, &mine, &theirs).unwrap() else {
        panic!("merged")
    };
    assert_eq!(conflicts[0].path, changes[0].path);
    let mut tree = Tree::new(original.clone()).unwrap();
    tree.unfold_all();
    assert_eq!(tree.path(tree.len() - 1).as_ref(), Some(&changes[0].path));
    // What is deeper is one value.
    let [original, mine, theirs] = [50_000, 40_000, 30_000].map(of_levels);
    let changes = difference(&original, &mine).unwrap();
    assert_eq!((changes.len(), changes[0].path.steps().len()), (1, DEPTH_MOST));
    assert!(changes[0].line(40).path.starts_with("a.a.a."));
    assert!(matches!(merge(&original, &mine, &theirs), Ok(Merged::Conflicts { .. })));
    assert_eq!(Tree::new(original).unwrap().len(), DEPTH_MOST);
}

#[test]
fn a_document_deeper_than_allowed_is_still_written() {
    let levels = 50_000_usize;
    let document = of_levels(levels);
    let started = Instant::now();
    assert_eq!(written(&document, one_line).matches('{').count(), levels);
    assert_eq!(written(&document, pretty).matches('{').count(), levels);
    assert!(started.elapsed() < Duration::from_secs(5), "{:?}", started.elapsed());
}

#[test]
fn the_largest_document_is_read_and_one_byte_more_is_refused() {
    let largest = SIZE_MOST - one(ElementType::String, &string(b"")).as_bytes().len();
    let of = |size: usize| one(ElementType::String, &string(&vec![b'x'; size]));
    let most = of(largest);
    assert_eq!(most.as_bytes().len(), SIZE_MOST);
    assert!(parse(&written(&most, pretty)).unwrap().as_bytes() == most.as_bytes());
    let error = parse(&written(&of(largest + 1), one_line)).unwrap_err();
    assert_eq!(error.message, "too large: a document has at most 16 MB (16,777,216 bytes) of BSON");
    // Base64 is longer than what it stands for.
    let data = vec![7; largest - 1];
    let length = i32::try_from(data.len()).unwrap().to_le_bytes();
    let binary = one(ElementType::Binary, &[&length[..], &[0], &data].concat());
    assert!(parse(&written(&binary, canonical)).unwrap().as_bytes() == binary.as_bytes());
}

#[test]
fn many_values_take_time_in_proportion() {
    let int = |number: i32| Any::Plain(ElementType::Int32, number.to_le_bytes().to_vec());
    let of = |count: i32| {
        let values = (0..count).map(int).collect();
        RawDocumentBuf::from_bytes(document(&[(b"a".to_vec(), Any::Array(values))])).unwrap()
    };
    let took = |count| {
        let document = of(count);
        let started = Instant::now();
        let text = written(&document, pretty);
        assert!(parse(&text).unwrap().as_bytes() == document.as_bytes());
        started.elapsed()
    };
    let (few, many) = (took(2_000), took(64_000));
    // 32 times as many, with much room for a busy machine; what is quadratic takes 1,024 times as long.
    assert!(many < few * 200 + Duration::from_millis(50), "{few:?}, {many:?}");
}
