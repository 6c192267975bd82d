//! What is different between two documents: by path, and byte for byte.
//!
//! Documents and arrays are compared by what they hold, as deep as a server stores them; what is deeper is one value.
//! Code with a scope is one value as well.

use std::collections::HashMap;

use bson::{RawDocument, spec::ElementType};

use super::{
    DEPTH_MOST,
    align::{Aligned, align},
    element::{Elements, Malformed},
    fields::Fields,
    path::{Path, Side, Step},
    raw_value::RawValue,
};

/// One thing that is different.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Change<'a> {
    /// Where. A [`Step::Index`] has the numbers in both documents.
    pub path: Path,
    /// What happened there.
    pub what: What<'a>,
}

/// What happened to a value.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum What<'a> {
    /// Only the newer document has it.
    Added {
        /// The value.
        value: RawValue<'a>,
        /// How many fields or elements stand before it in the newer document.
        position: usize,
    },
    /// Only the older document has it.
    Removed {
        /// The value.
        value: RawValue<'a>,
    },
    /// Its bytes are others, or its type.
    Changed {
        /// The value in the older document.
        before: RawValue<'a>,
        /// The value in the newer one.
        after: RawValue<'a>,
    },
    /// The fields that both documents have stand in another order. What else is different in it is told as well.
    Reordered {
        /// The document in the older one.
        before: RawValue<'a>,
        /// The document in the newer one.
        after: RawValue<'a>,
    },
}

impl Change<'_> {
    /// The path as text: in the older document for what was removed, otherwise in the newer one.
    #[must_use]
    pub fn path_text(&self) -> String {
        self.path.text(match self.what {
            What::Removed { .. } => Side::Before,
            What::Added { .. } | What::Changed { .. } | What::Reordered { .. } => Side::After,
        })
    }
}

/// What is different, from the beginning of the documents to the end. Empty only if their bytes are the same.
///
/// # Errors
/// When the bytes of one of them are not BSON; what is the same in both is not looked at.
pub fn difference<'a>(
    before: &'a RawDocument,
    after: &'a RawDocument,
) -> Result<Vec<Change<'a>>, Malformed> {
    let mut walk = Walk { before: before.as_bytes(), after: after.as_bytes(), changes: Vec::new() };
    if before.as_bytes() != after.as_bytes() {
        let root = ElementType::EmbeddedDocument;
        let (one, two) = (Elements::root(before)?, Elements::root(after)?);
        walk.fields(&Path::root(), root, (one, two), 1)?;
    }
    Ok(walk.changes)
}

struct Walk<'a> {
    before: &'a [u8],
    after: &'a [u8],
    changes: Vec<Change<'a>>,
}

impl<'a> Walk<'a> {
    /// What is different between two documents, or arrays with other keys than 0, 1, 2….
    fn fields(
        &mut self,
        path: &Path,
        kind: ElementType,
        (before, after): (Elements<'a>, Elements<'a>),
        depth: usize,
    ) -> Result<(), Malformed> {
        let whole = [&before, &after].map(|elements| RawValue::new(kind, elements.document()));
        let (before, after) = (Fields::new(self.before, before)?, Fields::new(self.after, after)?);
        let old: HashMap<Name, usize> = names(&before).zip(0..).collect();
        let pairs: Vec<(Name, Option<usize>)> =
            names(&after).map(|name| (name, old.get(&name).copied())).collect();
        let kept: Vec<usize> = pairs.iter().filter_map(|(_, place)| *place).collect();
        if !kept.is_sorted() {
            let [before, after] = whole;
            self.push(path.clone(), What::Reordered { before, after });
        }
        let mut stays = vec![false; before.len()];
        for place in kept {
            if let Some(stays) = stays.get_mut(place) {
                *stays = true;
            }
        }
        let mut removed = names(&before).zip(0..).zip(stays).filter(|(_, stays)| !stays).peekable();
        let name = |(key, occurrence): Name| Step::Key { key: key.into(), occurrence };
        let mut flush = |walk: &mut Self, up_to: usize| {
            while let Some(((gone, place), _)) = removed.next_if(|((_, place), _)| *place < up_to) {
                let value = before.raw(place);
                walk.push(path.join(name(gone)), What::Removed { value });
            }
        };
        for (position, (field, place)) in pairs.into_iter().enumerate() {
            let Some(place) = place else {
                let value = after.raw(position);
                self.push(path.join(name(field)), What::Added { value, position });
                continue;
            };
            flush(self, place);
            if before.raw(place) != after.raw(position) {
                let path = path.join(name(field));
                self.value(path, (&before, place), (&after, position), depth)?;
            }
        }
        flush(self, usize::MAX);
        Ok(())
    }

    fn array(
        &mut self,
        path: &Path,
        (before, after): (Elements<'a>, Elements<'a>),
        depth: usize,
    ) -> Result<(), Malformed> {
        let (old, new) = (Fields::new(self.before, before)?, Fields::new(self.after, after)?);
        for aligned in align(&old, &new)?.told {
            match aligned {
                Aligned::Pair { before, after } => {
                    let path = path.join(Step::Index { before, after });
                    self.value(path, (&old, before), (&new, after), depth)?;
                }
                Aligned::Removed { before, after } => {
                    let path = path.join(Step::Index { before, after });
                    self.push(path, What::Removed { value: old.raw(before) });
                }
                Aligned::Added { before, after } => {
                    let path = path.join(Step::Index { before, after });
                    let value = new.raw(after);
                    self.push(path, What::Added { value, position: after });
                }
            }
        }
        Ok(())
    }

    /// Two values that are not the same. No document is deeper than this follows, so it may call itself.
    fn value(
        &mut self,
        path: Path,
        before: (&Fields<'a>, usize),
        after: (&Fields<'a>, usize),
        depth: usize,
    ) -> Result<(), Malformed> {
        let (old, new) = (before.0.value(before.1)?, after.0.value(after.1)?);
        let (before, after) = (before.0.raw(before.1), after.0.raw(after.1));
        let kind = before.kind();
        if depth < DEPTH_MOST
            && kind == after.kind()
            && let (Some(old), Some(new)) = (old.children(), new.children())
        {
            let is_numbered =
                |elements: &Elements| kind == ElementType::Array && elements.are_numbered();
            match (is_numbered(&old), is_numbered(&new)) {
                (true, true) => return self.array(&path, (old, new), depth + 1),
                (false, false) => return self.fields(&path, kind, (old, new), depth + 1),
                // It became something else.
                (true, false) | (false, true) => {}
            }
        }
        self.push(path, What::Changed { before, after });
        Ok(())
    }

    fn push(&mut self, path: Path, what: What<'a>) {
        self.changes.push(Change { path, what });
    }
}

/// A key, and how many fields before it have the same.
pub(super) type Name<'a> = (&'a [u8], usize);

/// The names of fields.
pub(super) fn names<'f, 'a>(
    fields: &'f Fields<'a>,
) -> impl Iterator<Item = Name<'a>> + use<'f, 'a> {
    let mut seen: HashMap<&[u8], usize> = HashMap::new();
    (0..fields.len()).map(move |place| {
        let key = fields.key(place);
        let count = seen.entry(key).or_default();
        *count += 1;
        (key, *count - 1)
    })
}
