//! A document as rows that fold, for a screen. However large it is, what a key costs depends on what is shown.
//!
//! The document is read once, and cut into blocks of a thousand elements. Each block knows how many of its elements
//! are visible, so that a row is found by adding up those of the blocks before it. Whether a document or an array is
//! unfolded is kept only where that is not the default.

use std::{
    collections::{BTreeMap, HashMap, HashSet},
    ops::Range,
    sync::Arc,
};

use bson::{RawDocumentBuf, spec::ElementType};

use cursor::{Cursor, Folds, Level, Seen};

pub use cursor::Fold;
pub use place::TreeFolds;

use super::{
    brief::brief_key,
    element::{Element, Elements, Malformed, is_number},
    path::{Path, Step},
    raw_value::RawValue,
    replace::{ReplaceError, replace_value},
};

mod cursor;
mod place;

/// How many elements are in a block.
const BLOCK: usize = 1024;
/// Of how many elements on the number is kept.
const MANY: usize = 64;
/// Up to how many rows a document is unfolded as a whole at first.
const UNFOLDED_MOST: usize = 200;

/// See the top of this file.
#[derive(Clone, Debug)]
pub struct Tree {
    document: Arc<RawDocumentBuf>,
    blocks: Vec<Block>,
    /// How many elements those have that have many, by where they begin.
    counts: HashMap<usize, usize>,
    /// The arrays whose keys are not 0, 1, 2…, by where they begin.
    keyed: HashSet<usize>,
    folds: Folds,
    /// How many rows are visible.
    visible: usize,
}

/// A visible row.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Row {
    /// How many documents and arrays it is in, the whole document not among them.
    pub depth: usize,
    /// Its key as the shell writes it, or its number in brackets.
    pub key: String,
    /// Its value on one line, cut.
    pub value: String,
    /// The type of its value.
    pub kind: ElementType,
    /// Whether it folds.
    pub fold: Fold,
    /// How many fields or elements its value has.
    pub children: usize,
}

/// Some elements that follow each other in the bytes.
#[derive(Clone, Debug)]
struct Block {
    bytes: Range<usize>,
    elements: usize,
    /// How deep its elements are at least, and how many are no deeper.
    depth: usize,
    at_depth: usize,
    visible: usize,
    /// What its first element is in, from the whole document on.
    levels: Box<[Level]>,
}

impl Tree {
    /// Makes the tree of a document: its own fields unfolded, and all it holds if that is not much. Reads all of it.
    ///
    /// # Errors
    /// When its bytes are not BSON.
    pub fn new(document: RawDocumentBuf) -> Result<Self, Malformed> {
        let mut blocks: Vec<Block> = Vec::new();
        let (mut counts, mut keyed) = (HashMap::new(), HashSet::new());
        let mut cursor = Cursor::new(&document)?;
        loop {
            while let Some(level) = cursor.leave() {
                if level.number >= MANY {
                    counts.insert(level.node, level.number);
                }
            }
            let Some(level) = cursor.levels.last().copied() else { break };
            let full = blocks.last().is_none_or(|block| block.elements == BLOCK);
            if full {
                if let Some(last) = blocks.last_mut() {
                    last.bytes.end = level.at;
                }
                blocks.push(Block {
                    bytes: level.at..document.as_bytes().len(),
                    elements: 0,
                    depth: usize::MAX,
                    at_depth: 0,
                    visible: 0,
                    levels: cursor.levels.clone().into(),
                });
            }
            let Some(seen) = cursor.read() else { break };
            let seen = seen?;
            if level.array && !is_number(seen.element.key, level.number) {
                keyed.insert(level.node);
            }
            if let Some(block) = blocks.last_mut() {
                let depth = cursor.levels.len() - 1;
                block.elements += 1;
                if depth < block.depth {
                    (block.depth, block.at_depth) = (depth, 0);
                }
                block.at_depth += usize::from(depth == block.depth);
            }
            if let Some(children) = cursor.children(&seen) {
                cursor.enter(&seen, &children);
            }
        }
        let elements: usize = blocks.iter().map(|block| block.elements).sum();
        let folds = Folds { unfolded: elements <= UNFOLDED_MOST, others: BTreeMap::new() };
        let document = Arc::new(document);
        let mut tree = Self { document, blocks, counts, keyed, folds, visible: 0 };
        tree.count_again(0..usize::MAX);
        Ok(tree)
    }

    /// The document.
    #[must_use]
    pub fn document(&self) -> &RawDocumentBuf {
        &self.document
    }

    /// The document, for a thread of its own: without a copy of it.
    #[must_use]
    pub fn shared_document(&self) -> Arc<RawDocumentBuf> {
        Arc::clone(&self.document)
    }

    /// How many rows are visible.
    #[must_use]
    pub fn len(&self) -> usize {
        self.visible
    }

    /// Whether no row is: the document has no fields.
    #[must_use]
    pub fn is_empty(&self) -> bool {
        self.visible == 0
    }

    /// Shows all documents and arrays with what they hold.
    pub fn unfold_all(&mut self) {
        self.folds = Folds { unfolded: true, others: BTreeMap::new() };
        self.count_again(0..usize::MAX);
    }

    /// Shows only the fields of the document itself.
    pub fn fold_all(&mut self) {
        self.folds = Folds::default();
        self.count_again(0..usize::MAX);
    }

    /// Folds what is unfolded, or the other way; whether the row is one that folds.
    pub fn toggle(&mut self, row: usize) -> bool {
        let Some((_, seen, fold)) = self.at(row) else { return false };
        let bytes = seen.at..seen.end;
        if fold == Fold::Leaf {
            return false;
        }
        if self.folds.others.remove(&bytes.start).is_none() {
            self.folds.others.insert(bytes.start, bytes.end);
        }
        self.count_again(bytes);
        true
    }

    /// The visible rows from one on, with at most so many characters for each key and each value.
    #[must_use]
    pub fn rows(&self, top: usize, height: usize, width: usize) -> Vec<Row> {
        let Some(mut cursor) = self.before(top) else { return Vec::new() };
        let mut rows = Vec::new();
        while rows.len() < height
            && let Some((seen, fold)) = cursor.next_visible(&self.folds)
        {
            let depth = cursor.depth(fold);
            let parent = cursor.levels.get(depth);
            let key = match parent {
                Some(level) if self.is_numbered(level) => format!("[{}]", level.number - 1),
                Some(_) | None => brief_key(seen.element.key, width),
            };
            let Element { value, raw, .. } = &seen.element;
            let children = value.children().map_or(0, |children| {
                let counted = self.counts.get(&seen.at).copied();
                counted.unwrap_or_else(|| children.take(MANY).count())
            });
            rows.push(Row {
                depth,
                key,
                value: raw.brief(width),
                kind: raw.kind(),
                fold,
                children,
            });
        }
        rows
    }

    /// The path of a visible row.
    #[must_use]
    pub fn path(&self, row: usize) -> Option<Path> {
        let (cursor, seen, fold) = self.at(row)?;
        let around = cursor.levels.get(..=cursor.depth(fold))?;
        let nodes = around.iter().skip(1).map(|level| level.node).chain([seen.at]);
        let mut path = Path::root();
        for (level, node) in around.iter().zip(nodes) {
            path = path.join(self.step(level, node)?);
        }
        Some(path)
    }

    /// The value of a visible row.
    #[must_use]
    pub fn value(&self, row: usize) -> Option<RawValue<'_>> {
        self.at(row).map(|(_, seen, _)| seen.element.raw)
    }

    /// The tree of a document that has another value in a visible row; what was unfolded stays so.
    ///
    /// # Errors
    /// See [`replace_value`]. A row that is not there has the path of the document itself.
    pub fn replace_value(&self, row: usize, value: RawValue) -> Result<Self, ReplaceError> {
        let path = self.path(row).unwrap_or_default();
        let mut tree = Self::new(replace_value(&self.document, &path, value)?)?;
        let Some((_, seen, _)) = self.at(row) else { return Ok(tree) };
        let moved =
            |at: usize| at + tree.document.as_bytes().len() - self.document.as_bytes().len();
        let others = self.folds.others.iter().filter_map(|(&start, &end)| {
            if end <= seen.at {
                Some((start, end))
            } else if start < seen.at {
                Some((start, moved(end)))
            } else {
                // What was in the old value is gone.
                (start >= seen.end).then(|| (moved(start), moved(end)))
            }
        });
        tree.folds = Folds { unfolded: self.folds.unfolded, others: others.collect() };
        tree.count_again(0..usize::MAX);
        Ok(tree)
    }

    fn is_numbered(&self, level: &Level) -> bool {
        level.array && !self.keyed.contains(&level.node)
    }

    /// The step from a level to the last element that was read in it.
    fn step(&self, level: &Level, node: usize) -> Option<Step> {
        if self.is_numbered(level) {
            return Some(Step::index(level.number - 1));
        }
        let bytes = self.document.as_bytes();
        let key = Elements::resumed(bytes, node, level.end).next()?.ok()?.key;
        let start = if level.node == 0 {
            Elements::root(&self.document).ok()?
        } else {
            let holder = Elements::resumed(bytes, level.node, level.end + 1).next()?.ok()?;
            holder.value.children()?
        };
        let before = start.take(level.number - 1).filter_map(Result::ok);
        let occurrence = before.filter(|element| element.key == key).count();
        Some(Step::Key { key: key.into(), occurrence })
    }

    /// A cursor that comes to a visible row next.
    fn before(&self, row: usize) -> Option<Cursor<'_>> {
        let mut left = row;
        for block in &self.blocks {
            if left < block.visible {
                let mut cursor = self.cursor(block);
                for _ in 0..left {
                    cursor.next_visible(&self.folds)?;
                }
                return Some(cursor);
            }
            left -= block.visible;
        }
        None
    }

    /// A visible row, and the cursor that has just seen it.
    fn at(&self, row: usize) -> Option<(Cursor<'_>, Seen<'_>, Fold)> {
        let mut cursor = self.before(row)?;
        let (seen, fold) = cursor.next_visible(&self.folds)?;
        Some((cursor, seen, fold))
    }

    /// A cursor at the beginning of a block, outside of what is folded around it.
    fn cursor(&self, block: &Block) -> Cursor<'_> {
        let levels = block.levels.get(..self.open(block)).unwrap_or_default();
        Cursor { bytes: self.document.as_bytes(), levels: levels.to_vec() }
    }

    /// How many of the levels around the beginning of a block are unfolded, from the whole document on.
    fn open(&self, block: &Block) -> usize {
        let unfolded = |level: &&Level| level.node == 0 || self.folds.is_unfolded(level.node);
        block.levels.iter().take_while(unfolded).count()
    }

    /// Counts what is visible in the blocks that have some of these bytes.
    fn count_again(&mut self, bytes: Range<usize>) {
        let mut blocks = std::mem::take(&mut self.blocks);
        for block in &mut blocks {
            if block.bytes.start < bytes.end && bytes.start < block.bytes.end {
                block.visible = self.count(block);
            }
        }
        self.visible = blocks.iter().map(|block| block.visible).sum();
        self.blocks = blocks;
    }

    fn count(&self, block: &Block) -> usize {
        let open = self.open(block);
        // The levels that all of the block is in are one more than its elements are deep.
        if open <= block.depth {
            return 0;
        }
        if self.folds.others.range(block.bytes.clone()).next().is_none() {
            if self.folds.unfolded && open == block.levels.len() {
                return block.elements;
            }
            if !self.folds.unfolded && open == block.depth + 1 {
                return block.at_depth;
            }
        }
        let mut cursor = self.cursor(block);
        let mut count = 0;
        while let Some((seen, _)) = cursor.next_visible(&self.folds)
            && seen.at < block.bytes.end
        {
            count += 1;
        }
        count
    }
}
