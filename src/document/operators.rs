//! A change as MongoDB's `$set` and `$unset`, for documents that cannot be replaced as a whole.

use bson::{RawDocument, RawDocumentBuf, spec::ElementType};

use super::{
    difference::{What, difference},
    element::{Elements, Malformed},
    fields::Fields,
    path::{Path, Side, Step},
    raw_value::{RawValue, RawValueBuf},
    replace::value_at,
    update::{set, unset},
};

/// What is to be set and what is to be removed, by dotted paths.
#[derive(Clone, Debug, Default, PartialEq)]
pub struct Operators {
    /// The paths that get these values, in the order in which a server sets them.
    pub set: Vec<(String, RawValueBuf)>,
    /// The paths that are removed.
    pub unset: Vec<String>,
}

impl Operators {
    /// `{ $set: { … }, $unset: { … } }`.
    ///
    /// # Errors
    /// When they are too large to be one document.
    pub fn to_document(&self) -> Result<RawDocumentBuf, Malformed> {
        let mut all = Vec::new();
        if !self.set.is_empty() {
            let fields = self.set.iter().map(|(path, value)| element(path, value.as_raw()));
            all.push(("$set", fields.collect::<Vec<_>>().concat()));
        }
        if !self.unset.is_empty() {
            let fields = self.unset.iter().map(|path| element(path, NOTHING));
            all.push(("$unset", fields.collect::<Vec<_>>().concat()));
        }
        let mut elements = Vec::new();
        for (operator, fields) in all {
            let inner = wrapped(&fields)?;
            elements
                .extend(element(operator, RawValue::new(ElementType::EmbeddedDocument, &inner)));
        }
        let malformed = |_| Malformed { at: 0, what: "an impossible length" };
        RawDocumentBuf::from_bytes(wrapped(&elements)?).map_err(malformed)
    }
}

/// What stands beside a path that is removed.
const NOTHING: RawValue = RawValue::new(ElementType::Null, &[]);

fn element(key: &str, value: RawValue) -> Vec<u8> {
    [&[value.kind() as u8], key.as_bytes(), b"\0", value.bytes()].concat()
}

fn wrapped(elements: &[u8]) -> Result<Vec<u8>, Malformed> {
    let size = i32::try_from(elements.len() + 5);
    let size = size.map_err(|_| Malformed { at: 0, what: "an impossible length" })?;
    Ok([&size.to_le_bytes(), elements, &[0]].concat())
}

/// What makes `after` of `before`, byte for byte; none where operators cannot: where keys change their order or cannot
/// be named, or elements come or go.
///
/// # Errors
/// When the bytes of one of them are not BSON.
pub fn operators(
    before: &RawDocument,
    after: &RawDocument,
) -> Result<Option<Operators>, Malformed> {
    let mut operators = Operators::default();
    let mut paths = Vec::new();
    for change in difference(before, after)? {
        let Some(dotted) = dotted(before, &change.path)? else { return Ok(None) };
        match change.what {
            What::Changed { after: value, .. } | What::Added { value, .. } => {
                paths.push((change.path.text(Side::After), Some(value)));
                operators.set.push((dotted, value.to_buf()));
            }
            What::Removed { .. } => {
                paths.push((change.path.text(Side::Before), None));
                operators.unset.push(dotted);
            }
            What::Reordered { .. } => return Ok(None),
        }
    }
    // As a server does: new fields come last, in the order of their names.
    operators.set.sort_by(|one, other| one.0.cmp(&other.0));
    paths.sort_by(|one, other| one.0.cmp(&other.0));
    let made = applied(before, &paths);
    Ok(made.filter(|made| made.as_bytes() == after.as_bytes()).map(|_| operators))
}

fn applied(before: &RawDocument, paths: &[(String, Option<RawValue>)]) -> Option<RawDocumentBuf> {
    paths.iter().try_fold(before.to_owned(), |document, (path, value)| match value {
        Some(value) => set(&document, path, *value).ok(),
        None => unset(&document, path).ok(),
    })
}

/// A path as a server reads it; none where it could mean something else there.
fn dotted(document: &RawDocument, path: &Path) -> Result<Option<String>, Malformed> {
    let mut parent = Path::root();
    let mut parts: Vec<String> = Vec::new();
    for step in path.steps() {
        match step {
            Step::Key { key, occurrence: 0 } => {
                let Ok(key) = str::from_utf8(key) else { return Ok(None) };
                let named = !key.is_empty() && !key.contains('.') && !key.starts_with('$');
                if !named || is_repeated(document, &parent, key.as_bytes())? {
                    return Ok(None);
                }
                parts.push(key.to_owned());
            }
            Step::Index { before, after } if before == after => parts.push(before.to_string()),
            Step::Key { .. } | Step::Index { .. } => return Ok(None),
        }
        parent = parent.join(step.clone());
    }
    Ok(Some(parts.join(".")).filter(|dotted| !dotted.is_empty()))
}

/// Whether more than one field of a document has this key.
fn is_repeated(document: &RawDocument, parent: &Path, key: &[u8]) -> Result<bool, Malformed> {
    let Some(value) = value_at(document, parent)? else { return Ok(false) };
    let fields = Fields::new(value.bytes(), Elements::from_bytes(value.bytes())?)?;
    Ok((0..fields.len()).filter(|place| fields.key(*place) == key).count() > 1)
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::document::parse;

    fn of(before: &str, after: &str) -> Option<(Vec<String>, Vec<String>)> {
        let made = operators(&parse(before).unwrap(), &parse(after).unwrap()).unwrap()?;
        Some((made.set.into_iter().map(|(path, _)| path).collect(), made.unset))
    }

    #[test]
    fn they_are_written_with_every_byte_of_the_values() {
        let before = parse("{ a: 1, t: 0, gone: 1 }").unwrap();
        let after = parse("{ a: { x: 1, x: 2 }, t: InvalidUtf8(\"a\\xff\") }").unwrap();
        let made = operators(&before, &after).unwrap().unwrap().to_document().unwrap();
        let wanted =
            "{ $set: { a: { x: 1, x: 2 }, t: InvalidUtf8(\"a\\xff\") }, $unset: { gone: null } }";
        assert_eq!(made, parse(wanted).unwrap());
    }

    fn both(set: &[&str], unset: &[&str]) -> (Vec<String>, Vec<String>) {
        let all = |paths: &[&str]| paths.iter().map(|path| (*path).to_owned()).collect();
        (all(set), all(unset))
    }

    #[test]
    fn a_change_is_told_by_what_is_set_and_removed() {
        let before = "{ a: 1, b: { c: [ 1, { d: 2 } ] }, gone: 1 }";
        assert_eq!(
            of(before, "{ a: 2, b: { c: [ 1, { d: 3, e: 4 } ] } }"),
            Some(both(&["a", "b.c.1.d", "b.c.1.e"], &["gone"]))
        );
        assert_eq!(of("{ a: 1 }", "{ a: 1, x: 1, y: 2 }"), Some(both(&["x", "y"], &[])));
        // Also beside what a replacement could not have.
        let odd = "{ $x: 1, r: 1, r: 2, a: 1, t: Timestamp(0, 0) }";
        let after = "{ $x: 1, r: 1, r: 2, a: 2, t: Timestamp(0, 0) }";
        assert_eq!(of(odd, after), Some(both(&["a"], &[])));
    }

    #[test]
    fn what_operators_cannot_do_is_none() {
        for (before, after) in [
            ("{ a: 1 }", "{ y: 1, a: 1 }"),
            ("{ a: 1 }", "{ a: 1, y: 1, x: 1 }"),
            ("{ a: 1, b: 2 }", "{ b: 2, a: 1 }"),
            ("{ a: [ 1, 2 ] }", "{ a: [ 1 ] }"),
            ("{ a: [ 1, 2 ] }", "{ a: [ 0, 1, 2 ] }"),
            ("{ \"a.b\": 1 }", "{ \"a.b\": 2 }"),
            ("{ $a: 1 }", "{ $a: 2 }"),
            ("{ a: 1, a: 2 }", "{ a: 3, a: 2 }"),
            ("{ a: 1, a: 2 }", "{ a: 1, a: 3 }"),
        ] {
            assert_eq!(of(before, after), None, "{before} → {after}");
        }
    }
}
