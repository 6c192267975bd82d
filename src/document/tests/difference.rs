//! Differences, how they are shown, and that they say everything.

use std::time::{Duration, Instant};

use bson::{RawDocumentBuf, spec::ElementType};
use proptest::prelude::*;

use super::{
    super::{Change, ChangeKind, Step, What, difference, lines, parse},
    arbitrary::{Any, any_document, document},
    edits::{decoded, decoded_value, edited, raw},
};
use crate::org::is_hidden;

fn read(text: &str) -> RawDocumentBuf {
    parse(text).unwrap_or_else(|error| panic!("{text}: {error}"))
}

/// The changes as text, a line each.
fn told(before: &str, after: &str) -> Vec<String> {
    let (before, after) = (read(before), read(after));
    let lines = lines(&difference(&before, &after).unwrap(), 40);
    lines
        .into_iter()
        .map(|line| {
            let sign = match line.kind {
                ChangeKind::Added => '+',
                ChangeKind::Removed => '-',
                ChangeKind::Changed => '~',
                ChangeKind::Reordered => '^',
            };
            let values = [line.removed, line.added].into_iter().flatten().map(|shown| {
                let kind = shown.kind.map(|kind| format!(" ({kind})")).unwrap_or_default();
                shown.text + &kind
            });
            format!("{sign} {}: {}", line.path, values.collect::<Vec<_>>().join(" → "))
        })
        .collect()
}

#[test]
fn changes_are_told_by_path_and_type() {
    for (before, after, expected) in [
        ("{ a: 1 }", "{ a: 1 }", &[][..]),
        ("{ a: 1 }", "{ a: 2 }", &["~ a: 1 → 2"]),
        ("{ a: 1 }", "{ a: Long(1) }", &["~ a: 1 (int) → Long(\"1\")"]),
        ("{ a: 1 }", "{ a: 1.0 }", &["~ a: 1 (int) → 1.0 (double)"]),
        ("{ a: 0.0 }", "{ a: -0.0 }", &["~ a: 0.0 → -0.0"]),
        (
            "{ a: NaN }",
            "{ a: DoubleBits('7ff8000000000001') }",
            &["~ a: NaN → DoubleBits(\"7ff8000000000001\")"],
        ),
        (
            "{ a: { b: { c: 1, d: 2 } } }",
            "{ a: { b: { c: 1, d: 'x' } } }",
            &["~ a.b.d: 2 (int) → \"x\""],
        ),
        ("{ a: 1 }", "{ b: 1, a: 1 }", &["+ b: 1"]),
        ("{ a: 1, b: { c: 1 }, d: 4 }", "{ a: 1, d: 5 }", &["- b: { c: 1 }", "~ d: 4 → 5"]),
        ("{ a: 1, b: 2, c: 3 }", "{ c: 3, a: 1, b: 2 }", &["^ (document): a, b, c → c, a, b"]),
        (
            "{ x: { a: 1, b: 2 } }",
            "{ x: { b: 3, n: 0, a: 1 } }",
            &["^ x: a, b → b, n, a", "~ x.b: 2 → 3", "+ x.n: 0"],
        ),
        (
            "{ 'a.b': 1, 'a b': { '': 1 } }",
            "{ 'a.b': 2, 'a b': { '': 2 } }",
            &["~ [\"a.b\"]: 1 → 2", "~ [\"a b\"][\"\"]: 1 → 2"],
        ),
        (
            "{ ['$oid']: 1, [InvalidUtf8('a\\xff')]: 1 }",
            "{}",
            &["- [\"$oid\"]: 1", "- [InvalidUtf8(\"a\\xff\")]: 1"],
        ),
        ("{ a: 1, a: 2, a: 3 }", "{ a: 1, a: 5 }", &["~ a#2: 2 → 5", "- a#3: 3"]),
        ("{ a: {} }", "{ a: [] }", &["~ a: {} → []"]),
        ("{ a: 'x\\u202e' }", "{ a: '\\u001b' }", &["~ a: \"x\\u202e\" → \"\\u001b\""]),
    ] {
        assert_eq!(told(before, after), expected, "{before} {after}");
    }
}

#[test]
fn an_element_that_came_or_went_is_one_change() {
    for (before, after, expected) in [
        ("[1, 2, 3, 4]", "[1, 2, 9, 3, 4]", &["+ a[2]: 9"][..]),
        ("[1, 2, 3, 4]", "[2, 3, 4]", &["- a[0]: 1"]),
        ("[1, 2, 3, 4]", "[0, 1, 3, 4, 5]", &["+ a[0]: 0", "- a[1]: 2", "+ a[4]: 5"]),
        ("[1, 2, 3]", "[1, 5, 3]", &["~ a[1]: 2 → 5"]),
        ("[[1, 2], [3]]", "[[0], [1, 2], [3, 4]]", &["+ a[0]: [0]", "+ a[2][1]: 4"]),
        (
            "[{ n: 'x', p: 1 }, { n: 'y', p: 2 }, { n: 'z', p: 3 }]",
            "[{ n: 'x', p: 1 }, { n: 'new', p: 0 }, { n: 'y', p: 5 }, { n: 'z', p: 3 }]",
            &["+ a[1]: { n: \"new\", p: 0 }", "~ a[2].p: 2 → 5"],
        ),
        ("[1, 2]", "ArrayWithKeys({ x: 1 })", &["~ a: [1, 2] → ArrayWithKeys({ x: 1 })"]),
        ("ArrayWithKeys({ x: 1 })", "ArrayWithKeys({ x: 2 })", &["~ a.x: 1 → 2"]),
    ] {
        let of = |array: &str| format!("{{ a: {array} }}");
        assert_eq!(told(&of(before), &of(after)), expected, "{before} {after}");
    }
}

#[test]
fn long_texts_show_where_they_differ() {
    let long = |end: &str| format!("{{ a: '{}{end}' }}", "é".repeat(100));
    let text = told(&long("one"), &long("two"));
    assert_eq!(text, ["~ a: …\"éééééone\" → …\"ééééétwo\""]);
    let keys = |end: &str| {
        let keys: Vec<String> = (0..50).map(|number| format!("k{number}: 1")).collect();
        format!("{{ {}, {end} }}", keys.join(", "))
    };
    let order = told(&keys("x: 1, y: 1"), &keys("y: 1, x: 1"));
    assert_eq!(order, ["^ (document): …, k49, x, y → …, k49, y, x"]);
}

#[test]
fn an_array_of_another_length_is_compared_by_number_where_too_much_changed() {
    let of = |numbers: std::ops::Range<i32>| {
        let int = |number: i32| Any::Plain(ElementType::Int32, number.to_le_bytes().to_vec());
        raw(&[(b"a".to_vec(), Any::Array(numbers.map(int).collect()))])
    };
    let (before, after) = (of(0..3000), of(10_000..13_001));
    let started = Instant::now();
    assert_eq!(difference(&before, &after).unwrap().len(), 3001);
    assert!(started.elapsed() < Duration::from_secs(2), "{:?}", started.elapsed());
}

#[test]
fn many_changes_in_a_long_array_are_told_apart() {
    let of = |numbers: &mut dyn Iterator<Item = i32>| {
        let int = |number: i32| Any::Plain(ElementType::Int32, number.to_le_bytes().to_vec());
        raw(&[(b"a".to_vec(), Any::Array(numbers.map(int).collect()))])
    };
    let before = of(&mut (0..6000));
    // Every tenth is gone, and behind every fifteenth is a new one.
    let after = of(&mut (0..6000)
        .filter(|at| at % 10 != 3)
        .flat_map(|at| std::iter::once(at).chain((at % 15 == 10).then_some(-at))));
    let changes = difference(&before, &after).unwrap();
    let added = changes.iter().filter(|change| matches!(change.what, What::Added { .. })).count();
    assert_eq!((added, changes.len()), (400, 1000));
    // What is nearly all the same has no short way either, and ends all the same.
    let mut same = (0..40_000).map(|at| i32::from(at % 50 == 0) * (at % 7));
    let mut other = (0..40_001).map(|at| i32::from(at % 50 == 1) * (at % 11));
    let started = Instant::now();
    assert!(!difference(&of(&mut same), &of(&mut other)).unwrap().is_empty());
    assert!(started.elapsed() < Duration::from_secs(5), "{:?}", started.elapsed());
}

/// What becomes of fields or elements.
fn applied(mut value: Any, changes: &[(&[&Step], &What)]) -> Any {
    let mut reordered = None;
    for (steps, what) in changes {
        match what {
            What::Changed { after, .. } if steps.is_empty() => {
                return decoded_value(after.kind(), after.bytes());
            }
            What::Reordered { after, .. } if steps.is_empty() => reordered = Some(*after),
            _ => {}
        }
    }
    let whole = |fields: &[(Vec<u8>, Any)]| -> Vec<Step> {
        let name = |at: usize, key: &[u8]| Step::Key {
            key: key.into(),
            occurrence: fields[..at].iter().filter(|(other, _)| other == key).count(),
        };
        fields.iter().enumerate().map(|(at, (key, _))| name(at, key)).collect()
    };
    let mut kept: Vec<(Step, Vec<u8>, Any)> = match &value {
        Any::Document(fields) | Any::ArrayWithKeys(fields) => {
            let names = whole(fields).into_iter().zip(fields);
            names.map(|(name, (key, value))| (name, key.clone(), value.clone())).collect()
        }
        Any::Array(values) => {
            let numbered = values.iter().enumerate();
            numbered.map(|(at, value)| (Step::index(at), vec![], value.clone())).collect()
        }
        other => return other.clone(),
    };
    let leads = |step: &Step, to: &Step| match (step, to) {
        (Step::Index { before, .. }, Step::Index { before: number, .. }) => before == number,
        (step, to) => step == to,
    };
    let added =
        |(steps, what): &(&[&Step], &What)| steps.len() == 1 && matches!(what, What::Added { .. });
    kept.retain_mut(|(name, _, value)| {
        let inside: Vec<(&[&Step], &What)> = changes
            .iter()
            .filter(|change| change.0.first().is_some_and(|step| leads(step, name)))
            .filter(|change| !added(change))
            .map(|(steps, what)| (&steps[1..], *what))
            .collect();
        if inside
            .iter()
            .any(|(steps, what)| steps.is_empty() && matches!(what, What::Removed { .. }))
        {
            return false;
        }
        *value = applied(value.clone(), &inside);
        true
    });
    if let Some(after) = reordered {
        let (Any::Document(fields) | Any::ArrayWithKeys(fields)) =
            decoded_value(after.kind(), after.bytes())
        else {
            panic!("only documents have an order of keys")
        };
        let order = whole(&fields);
        kept.sort_by_key(|(name, ..)| order.iter().position(|other| other == name));
    }
    for (steps, what) in changes.iter().filter(|change| added(change)) {
        let What::Added { value, position } = what else { continue };
        let key = match steps[0] {
            Step::Key { key, .. } => key.to_vec(),
            Step::Index { .. } => vec![],
        };
        let value = decoded_value(value.kind(), value.bytes());
        kept.insert(*position, (steps[0].clone(), key, value));
    }
    match &mut value {
        Any::Document(fields) | Any::ArrayWithKeys(fields) => {
            *fields = kept.into_iter().map(|(_, key, value)| (key, value)).collect();
        }
        Any::Array(values) => *values = kept.into_iter().map(|(.., value)| value).collect(),
        Any::Plain(..) | Any::CodeWithScope(..) => {}
    }
    value
}

fn says_everything(before: &RawDocumentBuf, after: &RawDocumentBuf) -> Result<(), TestCaseError> {
    let changes: Vec<Change> = difference(before, after).unwrap();
    let steps: Vec<Vec<&Step>> = changes.iter().map(|change| change.path.steps()).collect();
    let all: Vec<(&[&Step], &What)> =
        steps.iter().zip(&changes).map(|(steps, change)| (&steps[..], &change.what)).collect();
    let Any::Document(fields) = applied(Any::Document(decoded(before)), &all) else {
        return Err(TestCaseError::fail("no document"));
    };
    prop_assert_eq!(document(&fields), after.as_bytes(), "{:?}", &changes);
    prop_assert_eq!(changes.is_empty(), before.as_bytes() == after.as_bytes());
    for line in lines(&changes, 30) {
        for shown in [line.removed, line.added].into_iter().flatten() {
            prop_assert!(shown.text.chars().count() <= 30, "{}", shown.text);
            prop_assert!(!shown.text.chars().any(is_hidden), "{}", shown.text);
        }
        prop_assert!(!line.path.chars().any(is_hidden), "{}", line.path);
    }
    Ok(())
}

proptest! {
    #![proptest_config(ProptestConfig::with_cases(128))]

    #[test]
    fn a_difference_says_everything((before, after) in edited()) {
        says_everything(&before, &after)?;
        says_everything(&after, &before)?;
    }

    #[test]
    fn a_difference_of_any_two_says_everything(before in any_document(), after in any_document()) {
        says_everything(&before, &after)?;
    }
}
