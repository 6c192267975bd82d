//! The way through a document from one element to the next, past what is folded.

use std::collections::BTreeMap;

use bson::{RawDocumentBuf, spec::ElementType};

use crate::document::{
    DEPTH_MOST,
    element::{Element, Elements, Malformed},
};

/// Whether a row folds.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Fold {
    /// There is nothing in it to be shown in rows of its own.
    Leaf,
    /// What it holds is not shown.
    Folded,
    /// What it holds is shown below it.
    Unfolded,
}

/// Which documents and arrays are unfolded.
#[derive(Clone, Debug, Default, PartialEq)]
pub(super) struct Folds {
    pub unfolded: bool,
    /// For which it is otherwise, by where they begin, with where they end.
    pub others: BTreeMap<usize, usize>,
}

impl Folds {
    pub fn is_unfolded(&self, node: usize) -> bool {
        self.unfolded != self.others.contains_key(&node)
    }
}

/// A document or an array, and how far it was read.
#[derive(Clone, Copy, Debug)]
pub(super) struct Level {
    /// Where its element begins; for the whole document 0, where no element is.
    pub node: usize,
    /// Where its next element begins.
    pub at: usize,
    pub end: usize,
    /// The number of its next element.
    pub number: usize,
    pub array: bool,
}

/// Goes through the elements of a document in their order.
pub(super) struct Cursor<'a> {
    pub bytes: &'a [u8],
    pub levels: Vec<Level>,
}

/// An element on the way.
pub(super) struct Seen<'a> {
    pub at: usize,
    pub end: usize,
    pub element: Element<'a>,
}

impl<'a> Cursor<'a> {
    pub fn new(document: &'a RawDocumentBuf) -> Result<Self, Malformed> {
        let bytes = document.as_bytes();
        let root = Elements::root(document)?;
        let level = Level { node: 0, at: root.at(), end: root.end(), number: 0, array: false };
        Ok(Self { bytes, levels: vec![level] })
    }

    /// Leaves the innermost level, if nothing more is in it.
    pub fn leave(&mut self) -> Option<Level> {
        self.levels.pop_if(|level| level.at >= level.end)
    }

    /// The next element of the innermost level.
    pub fn read(&mut self) -> Option<Result<Seen<'a>, Malformed>> {
        let level = self.levels.last_mut()?;
        let mut elements = Elements::resumed(self.bytes, level.at, level.end);
        let element = match elements.next()? {
            Ok(element) => element,
            Err(malformed) => return Some(Err(malformed)),
        };
        let seen = Seen { at: level.at, end: elements.at(), element };
        level.at = seen.end;
        level.number += 1;
        Some(Ok(seen))
    }

    /// What an element holds that can be shown in rows of its own.
    pub fn children(&self, seen: &Seen<'a>) -> Option<Elements<'a>> {
        let deep = self.levels.len() >= DEPTH_MOST;
        seen.element.value.children().filter(|children| !deep && !children.is_empty())
    }

    pub fn enter(&mut self, seen: &Seen<'a>, children: &Elements<'a>) {
        let array = seen.element.raw.kind() == ElementType::Array;
        let (at, end) = (children.at(), children.end());
        self.levels.push(Level { node: seen.at, at, end, number: 0, array });
    }

    /// The next element that is visible. What is not BSON was found when the tree was made.
    pub fn next_visible(&mut self, folds: &Folds) -> Option<(Seen<'a>, Fold)> {
        while self.leave().is_some() {}
        let seen = self.read()?.ok()?;
        let fold = match self.children(&seen) {
            None => Fold::Leaf,
            Some(children) if folds.is_unfolded(seen.at) => {
                self.enter(&seen, &children);
                Fold::Unfolded
            }
            Some(_) => Fold::Folded,
        };
        Some((seen, fold))
    }

    /// The depth of the element that was seen last.
    pub fn depth(&self, fold: Fold) -> usize {
        let inside = match fold {
            Fold::Unfolded => 1,
            Fold::Leaf | Fold::Folded => 0,
        };
        (self.levels.len() - 1).saturating_sub(inside)
    }
}
