//! The tree, beside one that is made of all rows.

use std::{collections::HashSet, time::Instant};

use bson::{RawDocumentBuf, spec::ElementType};
use proptest::{collection::vec, prelude::*, sample::Index};

use super::{
    super::{Fold, Path, Row, Tree, parse, parse_value, value_at},
    arbitrary::{Any, any_document},
    edits::raw,
};

fn tree(text: &str) -> Tree {
    Tree::new(parse(text).unwrap()).unwrap()
}

/// The rows as text.
fn shown(tree: &Tree) -> Vec<String> {
    let text = |row: Row| {
        let sign = match row.fold {
            Fold::Leaf => ' ',
            Fold::Folded => '+',
            Fold::Unfolded => '-',
        };
        let Row { depth, key, value, children, .. } = row;
        format!("{:1$}{sign}{key}: {value} {children}", "", 2 * depth)
    };
    tree.rows(0, usize::MAX, 30).into_iter().map(text).collect()
}

#[test]
fn rows_fold() {
    let mut tree =
        tree("{ a: 1, 'b.c': { d: [1, [2]], e: {} }, f: ArrayWithKeys({ x: 1 }), g: [] }");
    let all = [
        " a: 1 0",
        "-\"b.c\": { d: [1, [2]], e: {} } 2",
        "  -d: [1, [2]] 2",
        "     [0]: 1 0",
        "    -[1]: [2] 1",
        "       [0]: 2 0",
        "   e: {} 0",
        "-f: ArrayWithKeys({ x: 1 }) 1",
        "   x: 1 0",
        " g: [] 0",
    ];
    assert_eq!(shown(&tree), all);
    assert_eq!(tree.path(5).unwrap().to_string(), "[\"b.c\"].d[1][0]");
    assert_eq!(tree.path(8).unwrap().to_string(), "f.x");
    assert_eq!((tree.path(10), tree.value(10)), (None, None));
    assert!(!tree.toggle(0) && !tree.toggle(6) && !tree.toggle(99));
    assert!(tree.toggle(2));
    assert_eq!(
        shown(&tree)[1..4],
        ["-\"b.c\": { d: [1, [2]], e: {} } 2", "  +d: [1, [2]] 2", "   e: {} 0"]
    );
    tree.fold_all();
    assert_eq!(tree.len(), 4);
    tree.unfold_all();
    assert_eq!(tree.len(), all.len());
    assert_eq!(
        tree.rows(4, 2, 2).iter().map(|row| row.value.as_str()).collect::<Vec<_>>(),
        ["[…", "2"]
    );
}

#[test]
fn what_is_unfolded_stays_so_when_a_value_is_replaced() {
    let mut tree = tree("{ a: { x: [1], y: 2 }, b: { z: 3 } }");
    tree.fold_all();
    assert!(tree.toggle(1) && tree.toggle(0));
    assert_eq!(tree.len(), 5);
    let value = parse_value("'some text'").unwrap();
    let replaced = tree.replace_value(1, value.as_raw()).unwrap();
    let expected = [
        "-a: { x: \"some text\", y: 2 } 2",
        "   x: \"some text\" 0",
        "   y: 2 0",
        "-b: { z: 3 } 1",
        "   z: 3 0",
    ];
    assert_eq!(shown(&replaced), expected);
    assert!(tree.replace_value(9, value.as_raw()).is_err());
}

#[test]
fn another_version_of_a_document_is_unfolded_as_far_as_it_has_the_same() {
    let mut before =
        tree("{ a: { x: [1], y: 2 }, b: { z: 3 }, b: { z: [4] }, gone: { c: 1 }, s: [{ t: 1 }] }");
    before.fold_all();
    for row in [4, 3, 2, 0] {
        assert!(before.toggle(row));
    }
    let path = |tree: &Tree, row: usize| tree.path(row).unwrap();
    assert_eq!(before.len(), 10);
    let after = parse("{ new: [0], a: { x: [1], y: 2 }, b: 7, b: { z: [4, 5] }, s: [{ t: 1 }] }");
    let after = Tree::new(after.unwrap()).unwrap().folded_like(&before.folds());
    let expected = [
        "+new: [0] 1",
        "-a: { x: [1], y: 2 } 2",
        "  +x: [1] 1",
        "   y: 2 0",
        " b: 7 0",
        "-b: { z: [4, 5] } 1",
        "  +z: [4, 5] 2",
        "-s: [{ t: 1 }] 1",
        "  +[0]: { t: 1 } 1",
    ];
    assert_eq!(shown(&after), expected);
    // What is there has its row, what is not the one around it.
    let rows = [(1, Some(2)), (5, Some(6)), (7, None), (9, Some(8))];
    for (row, expected) in rows {
        assert_eq!(after.row(&path(&before, row)), expected, "{}", path(&before, row));
    }
    before.unfold_all();
    let element = path(&before, 2);
    assert_eq!(element.to_string(), "a.x[0]");
    assert_eq!(after.row(&element), Some(2), "folded away");
    assert_eq!((after.parent(2), after.parent(1), after.parent(99)), (Some(1), None, None));
    assert_eq!(after.row(&Path::root()), None);
}

/// All rows of a document, each with where its value begins and whether it folds.
fn all_rows(fields: &[(Vec<u8>, Any)], above: &[usize], all: &mut Vec<(Vec<usize>, bool)>) {
    for (_, value) in fields {
        let own = all.len();
        let inside: Vec<(Vec<u8>, Any)> = match value {
            Any::Document(fields) | Any::ArrayWithKeys(fields) => fields.clone(),
            Any::Array(values) => values.iter().map(|value| (vec![], value.clone())).collect(),
            Any::Plain(..) | Any::CodeWithScope(..) => vec![],
        };
        all.push((above.to_vec(), !inside.is_empty()));
        all_rows(&inside, &[above, &[own]].concat(), all);
    }
}

/// Folds and unfolds, and looks at what is visible each time.
fn folds(document: &RawDocumentBuf, keys: &[(u8, Index)]) -> Result<(), TestCaseError> {
    let mut all = Vec::new();
    all_rows(&super::edits::decoded(document), &[], &mut all);
    let mut tree = Tree::new(document.clone()).unwrap();
    let unfolded = |all: &[(Vec<usize>, bool)]| (0..all.len()).filter(|row| all[*row].1).collect();
    let mut open: HashSet<usize> = if all.len() <= 200 { unfolded(&all) } else { HashSet::new() };
    for (key, at) in keys {
        let visible: Vec<usize> = (0..all.len())
            .filter(|row| all[*row].0.iter().all(|above| open.contains(above)))
            .collect();
        prop_assert_eq!(tree.len(), visible.len());
        if visible.is_empty() {
            return Ok(());
        }
        let rows = tree.rows(0, usize::MAX, 12);
        prop_assert_eq!(rows.len(), visible.len());
        let number = at.index(visible.len());
        for (row, number) in rows.iter().zip(&visible) {
            prop_assert_eq!(row.depth, all[*number].0.len());
            prop_assert_eq!(row.fold != Fold::Leaf, all[*number].1);
            prop_assert_eq!(row.fold == Fold::Unfolded, open.contains(number));
        }
        prop_assert_eq!(&tree.rows(number, 3, 12), &rows[number..rows.len().min(number + 3)]);
        let path = tree.path(number).unwrap();
        prop_assert_eq!(value_at(document, &path).unwrap(), tree.value(number));
        prop_assert_eq!(tree.row(&path), Some(number));
        let above = all[visible[number]].0.last();
        let parent = above.map(|above| visible.iter().position(|row| row == above).unwrap());
        prop_assert_eq!(tree.parent(number), parent);
        let again = Tree::new(document.clone()).unwrap().folded_like(&tree.folds());
        prop_assert_eq!(again.rows(0, usize::MAX, 12), rows);
        match key {
            0 => {
                tree.unfold_all();
                open = unfolded(&all);
            }
            1 => {
                tree.fold_all();
                open.clear();
            }
            _ => {
                let row = visible[number];
                prop_assert_eq!(tree.toggle(number), all[row].1);
                if all[row].1 && !open.remove(&row) {
                    open.insert(row);
                }
            }
        }
    }
    Ok(())
}

fn int(number: i32) -> Any {
    Any::Plain(ElementType::Int32, number.to_le_bytes().to_vec())
}

/// Documents of many elements, at several depths.
fn large() -> RawDocumentBuf {
    let field = |key: &str, value: Any| (key.as_bytes().to_vec(), value);
    let small = |at: i32| {
        Any::Document(vec![field("a", int(at)), field("b", Any::Array(vec![int(1), int(2)]))])
    };
    let small = |count: i32| Any::Array((0..count).map(small).collect());
    let deep = (0..30)
        .fold(small(100), |inside, _| Any::Document(vec![field("d", inside), field("e", int(1))]));
    raw(&[
        field("one", small(700)),
        field("two", Any::Document(vec![field("n", small(900)), field("x", int(1))])),
        field("deep", deep),
        field("last", int(9)),
    ])
}

proptest! {
    #![proptest_config(ProptestConfig::with_cases(128))]

    #[test]
    fn what_is_visible_is_what_is_not_folded(document in any_document(), keys in vec((0..9_u8, any::<Index>()), 1..12)) {
        folds(&document, &keys)?;
    }
}

proptest! {
    #![proptest_config(ProptestConfig::with_cases(128))]

    #[test]
    fn any_other_version_has_a_row_for_what_is_left((before, after) in super::edits::edited(), rows in vec(any::<Index>(), 1..6)) {
        let mut before = Tree::new(before).unwrap();
        let after = Tree::new(after).unwrap();
        for row in rows {
            before.toggle(row.index(before.len().max(1)));
        }
        let like = after.clone().folded_like(&before.folds());
        for (number, row) in before.rows(0, usize::MAX, 9).iter().enumerate() {
            let path = before.path(number).unwrap();
            let Some(found) = like.row(&path).and_then(|row| like.rows(row, 1, 9).pop()) else { continue };
            prop_assert!(found.depth <= row.depth);
            if like.path(like.row(&path).unwrap()) == Some(path) && row.fold != Fold::Leaf && found.fold != Fold::Leaf {
                prop_assert_eq!(found.fold, row.fold);
            }
        }
    }
}

proptest! {
    #![proptest_config(ProptestConfig::with_cases(8))]

    #[test]
    fn many_elements_fold_as_few_do(keys in vec((0..20_u8, any::<Index>()), 1..16)) {
        folds(&large(), &keys)?;
    }
}

#[test]
fn a_row_costs_nothing_that_is_not_shown() {
    let numbers = Any::Array((0..300_000).map(int).collect());
    let text = Any::Plain(ElementType::String, super::arbitrary::string(&vec![b'x'; 4_000_000]));
    let mut tree = Tree::new(raw(&[(b"a".to_vec(), numbers), (b"b".to_vec(), text)])).unwrap();
    let started = Instant::now();
    for round in 0..50 {
        assert!(tree.toggle(0));
        assert_eq!(tree.len(), if round % 2 == 0 { 300_002 } else { 2 });
        assert_eq!(tree.rows(tree.len() - 1, 50, 80)[0].key, "b");
    }
    // What reads all of it takes tens of milliseconds each time.
    assert!(started.elapsed().as_millis() < 500, "{:?}", started.elapsed());
    tree.unfold_all();
    let path: Path = tree.path(200_001).unwrap();
    assert_eq!(path.to_string(), "a[200000]");
}
