//! Where in a tree a value is, and how what is unfolded is kept when the document was read again.

use std::sync::Arc;

use bson::{RawDocument, RawDocumentBuf};

use super::{Folds, Tree};
use crate::document::{
    element::{Elements, Malformed, Value},
    path::{Path, Step},
    replace::find,
};

/// What is unfolded of a document.
#[derive(Clone, Debug, PartialEq)]
pub struct TreeFolds {
    document: Arc<RawDocumentBuf>,
    folds: Folds,
}

impl Tree {
    /// What is unfolded.
    #[must_use]
    pub fn folds(&self) -> TreeFolds {
        TreeFolds { document: Arc::clone(&self.document), folds: self.folds.clone() }
    }

    /// The same document with everything unfolded that was unfolded in another version of it, as far as it is still
    /// there. Takes as long as it takes to find those values.
    #[must_use]
    pub fn folded_like(mut self, other: &TreeFolds) -> Self {
        let TreeFolds { document, folds } = other;
        self.folds = Folds { unfolded: folds.unfolded, ..Folds::default() };
        if self.document == *document {
            self.folds = folds.clone();
        } else {
            for node in folds.others.keys() {
                // The bytes were BSON when the trees were made.
                let Ok(Some(path)) = path_of(document, *node) else { continue };
                if let Ok(Some(found)) = find(&self.document, &path) {
                    self.folds.others.insert(found.start, found.end);
                }
            }
        }
        self.count_again(0..usize::MAX);
        self
    }

    /// The row of a value. Of one that is folded away, the row of what it is in; of one that is not there, that of the
    /// innermost document or array on the way to it.
    #[must_use]
    pub fn row(&self, path: &Path) -> Option<usize> {
        let mut steps: Vec<Step> = path.steps().into_iter().cloned().collect();
        while !steps.is_empty() {
            if let Ok(Some(found)) = find(&self.document, &Path::from(steps.iter().cloned())) {
                return self.row_at(found.start);
            }
            steps.pop();
        }
        None
    }

    /// The row of the document or array that a row is in; none where that is the whole document.
    #[must_use]
    pub fn parent(&self, row: usize) -> Option<usize> {
        let (cursor, _, fold) = self.at(row)?;
        let node = cursor.levels.get(cursor.depth(fold))?.node;
        if node == 0 { None } else { self.row_at(node) }
    }

    /// The last row that begins no later than this: where the element there is not visible, the one it is in.
    fn row_at(&self, node: usize) -> Option<usize> {
        let at = self.blocks.partition_point(|block| block.bytes.start <= node).checked_sub(1)?;
        let before: usize = self.blocks.iter().take(at).map(|block| block.visible).sum();
        let mut cursor = self.cursor(self.blocks.get(at)?);
        let mut count = 0;
        while let Some((seen, _)) = cursor.next_visible(&self.folds)
            && seen.at <= node
        {
            count += 1;
        }
        (before + count).checked_sub(1)
    }
}

/// The path of the element that begins at a byte of the document.
fn path_of(document: &RawDocument, node: usize) -> Result<Option<Path>, Malformed> {
    let mut inside = Elements::root(document)?;
    let mut numbered = false;
    let mut path = Path::root();
    loop {
        let siblings = inside.clone();
        let mut number = 0;
        let (at, element) = loop {
            let at = inside.at();
            let Some(element) = inside.next() else { return Ok(None) };
            let element = element?;
            if node < inside.at() {
                break (at, element);
            }
            number += 1;
        };
        path = path.join(if numbered {
            Step::index(number)
        } else {
            let before = siblings.take(number).filter_map(Result::ok);
            let occurrence = before.filter(|other| other.key == element.key).count();
            Step::Key { key: element.key.into(), occurrence }
        });
        if at == node {
            return Ok(Some(path));
        }
        numbered = matches!(&element.value, Value::Array(elements) if elements.are_numbered());
        let Some(children) = element.value.children() else { return Ok(None) };
        inside = children;
    }
}
