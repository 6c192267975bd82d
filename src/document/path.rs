//! Where in a document a value is.

use std::{fmt, sync::Arc};

use super::{brief::brief_key, shell::is_identifier};

/// The longest key that is written in a path.
const KEY_MOST: usize = 120;

/// The keys and numbers that lead from a document to one of its values. The empty one leads to the document itself.
/// Paths share their beginnings, so that a million of them take little.
#[derive(Clone, Default, PartialEq, Eq, Hash)]
pub struct Path(Option<Arc<Node>>);

#[derive(PartialEq, Eq, Hash)]
struct Node {
    parent: Path,
    step: Step,
}

/// One step of a path.
#[derive(Clone, Debug, PartialEq, Eq, Hash)]
pub enum Step {
    /// Into a document, or an array whose keys are not 0, 1, 2…
    Key {
        /// The bytes of the key, which may be any but zero.
        key: Box<[u8]>,
        /// How many fields before it have the same key.
        occurrence: usize,
    },
    /// Into an array. What was inserted or removed before an element gives it another number.
    Index {
        /// The number in the older of two documents: where the element is, or where it would be.
        before: usize,
        /// The number in the newer of two documents.
        after: usize,
    },
}

/// Which of two documents a path is about.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Side {
    /// The older one.
    Before,
    /// The newer one.
    After,
}

impl Step {
    /// The first field with this key.
    #[must_use]
    pub fn key(key: impl AsRef<[u8]>) -> Self {
        Self::Key { key: key.as_ref().into(), occurrence: 0 }
    }

    /// An element of an array.
    #[must_use]
    pub fn index(number: usize) -> Self {
        Self::Index { before: number, after: number }
    }
}

impl Path {
    /// The document itself.
    #[must_use]
    pub fn root() -> Self {
        Self(None)
    }

    /// One step further.
    #[must_use]
    pub fn join(&self, step: Step) -> Self {
        Self(Some(Arc::new(Node { parent: self.clone(), step })))
    }

    /// The steps, from the document on.
    #[must_use]
    pub fn steps(&self) -> Vec<&Step> {
        let mut steps = Vec::new();
        let mut left = self;
        while let Some(node) = &left.0 {
            steps.push(&node.step);
            left = &node.parent;
        }
        steps.reverse();
        steps
    }

    /// In the syntax of the shell: `items[2].price`, `["a.b"].c`, and `a#2` for the second field that is called so.
    /// The root is `(document)`.
    #[must_use]
    pub fn text(&self, side: Side) -> String {
        let mut text = String::new();
        // Writing into a string cannot fail.
        let _ = self.write(side, &mut text);
        text
    }

    fn write(&self, side: Side, out: &mut dyn fmt::Write) -> fmt::Result {
        let steps = self.steps();
        if steps.is_empty() {
            return out.write_str("(document)");
        }
        for (number, step) in steps.into_iter().enumerate() {
            match step {
                Step::Key { key, occurrence } => {
                    let shown = brief_key(key, KEY_MOST);
                    if shown.starts_with('[') {
                        out.write_str(&shown)?;
                    } else if str::from_utf8(key).is_ok_and(is_identifier) {
                        let dot = if number > 0 { "." } else { "" };
                        write!(out, "{dot}{shown}")?;
                    } else {
                        write!(out, "[{shown}]")?;
                    }
                    if *occurrence > 0 {
                        write!(out, "#{}", occurrence + 1)?;
                    }
                }
                Step::Index { before, after } => {
                    let number = match side {
                        Side::Before => before,
                        Side::After => after,
                    };
                    write!(out, "[{number}]")?;
                }
            }
        }
        Ok(())
    }
}

impl<S: IntoIterator<Item = Step>> From<S> for Path {
    fn from(steps: S) -> Self {
        steps.into_iter().fold(Self::root(), |path, step| path.join(step))
    }
}

impl fmt::Display for Path {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        self.write(Side::After, f)
    }
}

impl fmt::Debug for Path {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        self.write(Side::After, f)
    }
}
