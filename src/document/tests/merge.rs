//! Three versions of a document.

use bson::{RawDocument, RawDocumentBuf};
use proptest::prelude::*;

use super::{
    super::{Change, Merged, ShownValue, Step, What, difference, merge, one_line, parse, value_at},
    edits::{decoded, edited, three},
    written,
};

fn read(text: &str) -> RawDocumentBuf {
    parse(text).unwrap_or_else(|error| panic!("{text}: {error}"))
}

/// What the three come to: the document, or the paths in conflict.
fn merged(original: &str, mine: &str, theirs: &str) -> Result<String, Vec<String>> {
    let (original, mine, theirs) = (read(original), read(mine), read(theirs));
    match merge(&original, &mine, &theirs).unwrap() {
        Merged::Clean(document) => Ok(written(&document, one_line)),
        Merged::Conflicts { conflicts, .. } => {
            let text = |value: Option<ShownValue>| match value {
                Some(ShownValue { text, kind: Some(kind) }) => format!("{text} ({kind})"),
                Some(ShownValue { text, kind: None }) => text,
                None => "none".to_owned(),
            };
            let line = |conflict: &super::super::Conflict| {
                let line = conflict.line(40);
                let values = [line.original, line.mine, line.theirs].map(text);
                format!("{}: {}", line.path, values.join(" | "))
            };
            Err(conflicts.iter().map(line).collect())
        }
    }
}

#[test]
fn what_does_not_overlap_is_merged() {
    for (original, mine, theirs, expected) in [
        ("{ a: 1, b: 2 }", "{ a: 5, b: 2 }", "{ a: 1, b: 6 }", "{ a: 5, b: 6 }"),
        ("{ a: { b: 1, c: 2 } }", "{ a: { b: 1 } }", "{ a: { b: 3, c: 2 } }", "{ a: { b: 3 } }"),
        (
            "{ a: 1, b: 2 }",
            "{ a: 1, x: 1, b: 2 }",
            "{ a: 1, y: 2, b: 2 }",
            "{ a: 1, x: 1, y: 2, b: 2 }",
        ),
        ("{ a: 1 }", "{ x: 1, a: 1 }", "{ b: 2 }", "{ x: 1, b: 2 }"),
        ("{ a: 1 }", "{ a: 2 }", "{ a: 2, b: 1 }", "{ a: 2, b: 1 }"),
        (
            "{ a: [{ p: 1 }, { p: 2 }] }",
            "{ a: [{ p: 5 }, { p: 2 }] }",
            "{ a: [{ p: 1 }, { p: 6 }] }",
            "{ a: [{ p: 5 }, { p: 6 }] }",
        ),
        ("{ a: 1, b: 2 }", "{ b: 2, a: 1 }", "{ a: 7, b: 2 }", "{ b: 2, a: 7 }"),
        ("{ a: [1], b: 1 }", "{ a: [1, 2], b: 1 }", "{ a: [1], b: 2 }", "{ a: [1, 2], b: 2 }"),
        ("{ a: 1, a: 2 }", "{ a: 5, a: 2 }", "{ a: 1, a: 6 }", "{ a: 5, a: 6 }"),
    ] {
        let found = merged(original, mine, theirs);
        assert_eq!(found.as_deref(), Ok(expected), "{original} {mine} {theirs}");
    }
}

#[test]
fn what_overlaps_or_is_not_certain_is_a_conflict() {
    for (original, mine, theirs, expected) in [
        ("{ a: 1 }", "{ a: 2 }", "{ a: 3 }", &["a: 1 | 2 | 3"][..]),
        ("{ a: 1 }", "{ a: 1.0 }", "{ a: Long(1) }", &["a: 1 (int) | 1.0 (double) | Long(\"1\")"]),
        ("{ a: 1, b: 1 }", "{ a: 2 }", "{ a: 3, b: 2 }", &["a: 1 | 2 | 3", "b: 1 | none | 2"]),
        ("{}", "{ a: 1 }", "{ a: 2 }", &["a: none | 1 | 2"]),
        ("{ a: { b: 1 } }", "{}", "{ a: { b: 2 } }", &["a: { b: 1 } | none | { b: 2 }"]),
        ("{ a: { b: 1 } }", "{ a: 5 }", "{ a: { b: 2 } }", &["a: { b: 1 } | 5 (int) | { b: 2 }"]),
        ("{ a: [1, 2] }", "{ a: [1, 2, 3] }", "{ a: [5, 2] }", &["a: [1, 2] | [1, 2, 3] | [5, 2]"]),
        // The same length, and still other elements.
        (
            "{ a: [1, 2, 2, 3] }",
            "{ a: [2, 2, 3, 4] }",
            "{ a: [1, 9, 2, 3] }",
            &["a: [1, 2, 2, 3] | [2, 2, 3, 4] | [1, 9, 2, 3]"],
        ),
        (
            "{ a: 1, b: 2 }",
            "{ b: 2, a: 1 }",
            "{ a: 1, x: 0, b: 2 }",
            &["(document): { a: 1, b: 2 } | { b: 2, a: 1 } | { a: 1, x: 0, b: 2 }"],
        ),
        (
            "{ a: 1, a: 2 }",
            "{ a: 2 }",
            "{ a: 1, a: 3 }",
            &["(document): { a: 1, a: 2 } | { a: 2 } | { a: 1, a: 3 }"],
        ),
    ] {
        let found = merged(original, mine, theirs).unwrap_err();
        assert_eq!(found, expected, "{original} {mine} {theirs}");
    }
}

#[test]
fn many_elements_that_stay_in_their_places_are_merged() {
    let of = |changed: i32, to: i32| {
        let value = |at: i32| if at % 7 == changed { to - at } else { at };
        let items: Vec<String> = (0..6000).map(|at| value(at).to_string()).collect();
        format!("{{ a: [{}] }}", items.join(", "))
    };
    let both = read(&of(1, -1));
    let Merged::Clean(document) = merge(&read(&of(9, 0)), &both, &read(&of(2, -20_000))).unwrap()
    else {
        panic!("a conflict")
    };
    assert_eq!(difference(&both, &document).unwrap().len(), 857);
}

/// Each change of a version is in the merged document.
fn has_all(merged: &RawDocument, changes: &[Change]) -> Result<(), TestCaseError> {
    for Change { path, what } in changes {
        // The numbers are those of the merged document.
        let steps = path.steps().into_iter().cloned();
        let path = steps
            .map(|step| match step {
                Step::Index { after, .. } => Step::index(after),
                key @ Step::Key { .. } => key,
            })
            .collect::<Vec<_>>();
        let last = path.last().cloned();
        let found = value_at(merged, &path.into()).unwrap();
        match (what, last) {
            (What::Added { value, .. } | What::Changed { after: value, .. }, _) => {
                prop_assert_eq!(found, Some(*value));
            }
            (What::Removed { .. }, Some(Step::Key { .. })) => prop_assert_eq!(found, None),
            (What::Removed { .. } | What::Reordered { .. }, _) => {}
        }
    }
    Ok(())
}

proptest! {
    #![proptest_config(ProptestConfig::with_cases(128))]

    #[test]
    fn a_version_that_was_not_changed_gives_way((one, two) in edited()) {
        let clean = |document: &RawDocumentBuf| Merged::Clean(document.clone());
        prop_assert_eq!(merge(&one, &one, &two).unwrap(), clean(&two));
        prop_assert_eq!(merge(&one, &two, &one).unwrap(), clean(&two));
        prop_assert_eq!(merge(&one, &two, &two).unwrap(), clean(&two));
    }

    #[test]
    fn a_clean_merge_loses_nothing_and_is_the_same_from_both_sides([o, m, t] in three()) {
        let (one, two) = (merge(&o, &m, &t).unwrap(), merge(&o, &t, &m).unwrap());
        let (Merged::Clean(one), Merged::Clean(two)) = (&one, &two) else {
            let conflicts = |merged: &Merged| match merged {
                Merged::Clean(_) => None,
                Merged::Conflicts { conflicts, .. } => Some(conflicts.len()),
            };
            prop_assert_eq!(conflicts(&one), conflicts(&two));
            return Ok(());
        };
        has_all(one, &difference(&o, &m).unwrap())?;
        has_all(one, &difference(&o, &t).unwrap())?;
        // Nothing else is in it, and only the order of what was added may be another one.
        let changes = difference(one, two).unwrap();
        let order = |change: &Change| matches!(change.what, What::Reordered { .. });
        prop_assert!(changes.iter().all(order), "{:?}", changes);
        decoded(one);
    }
}

#[test]
fn of_what_both_changed_mine_stands_beside_their_other_changes() {
    let original = read("{ a: 1, b: 1, l: [ 1, 2 ], n: { x: 1 }, gone: 1 }");
    let mine = read("{ a: 2, b: 1, l: [ 1 ], n: { x: 2 }, new: 1 }");
    let theirs = read("{ a: 3, b: 9, l: [ 1, 2, 3 ], n: \"t\", gone: 2 }");
    let Merged::Conflicts { conflicts, with_mine } = merge(&original, &mine, &theirs).unwrap()
    else {
        panic!("no conflict")
    };
    let paths: Vec<String> = conflicts.iter().map(|conflict| conflict.path.to_string()).collect();
    assert_eq!(paths, ["a", "l", "n", "gone"]);
    assert_eq!(written(&with_mine, one_line), "{ a: 2, b: 9, l: [1], n: { x: 2 }, new: 1 }");
}
