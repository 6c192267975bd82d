//! Changes and conflicts as what a screen or a command draws: text that is safe to show, and short.

use bson::spec::ElementType;

use super::{
    brief::brief_keys,
    difference::{Change, What},
    element::Value,
    raw_value::RawValue,
};

/// One change, for eyes.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Line {
    /// Where: `items[2].price`.
    pub path: String,
    /// What happened.
    pub kind: ChangeKind,
    /// What was there before.
    pub removed: Option<ShownValue>,
    /// What is there now.
    pub added: Option<ShownValue>,
}

/// A value that two versions changed, for eyes. None where it is not there.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct ConflictLine {
    /// Where: `items[2].price`.
    pub path: String,
    /// What it was before both.
    pub original: Option<ShownValue>,
    /// What it is in mine.
    pub mine: Option<ShownValue>,
    /// What it is in theirs.
    pub theirs: Option<ShownValue>,
}

/// What happened to a value.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum ChangeKind {
    /// It is new.
    Added,
    /// It is gone.
    Removed,
    /// It is another.
    Changed,
    /// Its keys stand in another order. The values are the keys, one after the other.
    Reordered,
}

/// A value, for eyes.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct ShownValue {
    /// In shell syntax, perhaps cut.
    pub text: String,
    /// The type as `$type` names it, where it matters and the text does not say it.
    pub kind: Option<&'static str>,
}

impl Change<'_> {
    /// As a line with at most so many characters for each value.
    #[must_use]
    pub fn line(&self, most: usize) -> Line {
        let plain = |value: RawValue| ShownValue { text: value.brief(most), kind: None };
        let (kind, removed, added) = match self.what {
            What::Added { value, .. } => (ChangeKind::Added, None, Some(plain(value))),
            What::Removed { value } => (ChangeKind::Removed, Some(plain(value)), None),
            What::Changed { before, after } => {
                let (before, after) = both(before, after, most);
                (ChangeKind::Changed, Some(before), Some(after))
            }
            What::Reordered { before, after } => {
                let [before, after] = orders(before, after, most);
                (ChangeKind::Reordered, Some(before), Some(after))
            }
        };
        Line { path: self.path_text(), kind, removed, added }
    }
}

/// One line for each change, with at most so many characters for each value.
#[must_use]
pub fn lines(changes: &[Change], most: usize) -> Vec<Line> {
    changes.iter().map(|change| change.line(most)).collect()
}

/// Two values that are not the same, in such a way that they do not look the same.
fn both(before: RawValue, after: RawValue, most: usize) -> (ShownValue, ShownValue) {
    let of_another_type = before.kind() != after.kind();
    let shown = |value: RawValue, text: String| {
        let kind = of_another_type.then(|| type_name_if_unsaid(value.kind())).flatten();
        ShownValue { text, kind }
    };
    let (mut old, mut new) = (before.brief(most), after.brief(most));
    if old == new
        && let (Ok(Value::String(one)), Ok(Value::String(two))) = (before.read(), after.read())
    {
        // What is different stands behind what is shown.
        let same = one.iter().zip(two).take_while(|(one, two)| one == two).count();
        let from = (0..=same.saturating_sub(most / 4)).rev();
        let boundary = |at: &usize| one.get(*at).is_none_or(|byte| byte & 0xc0 != 0x80);
        let from = from.into_iter().find(boundary).unwrap_or(0);
        (old, new) = (behind(one, from, most), behind(two, from, most));
    }
    (shown(before, old), shown(after, new))
}

/// Text from one place on, with an ellipsis before it.
fn behind(text: &[u8], from: usize, most: usize) -> String {
    let rest = text.get(from..).unwrap_or_default();
    let length = i32::try_from(rest.len() + 1).unwrap_or(i32::MAX).to_le_bytes();
    let bytes = [&length[..], rest, &[0]].concat();
    format!("…{}", RawValue::new(ElementType::String, &bytes).brief(most.saturating_sub(1)))
}

/// The keys of two documents that have another order, from the first on, or from just before where they differ.
fn orders(before: RawValue, after: RawValue, most: usize) -> [ShownValue; 2] {
    let from = |skip: usize| [before, after].map(|value| brief_keys(value, skip, most));
    let [mut old, mut new] = from(0);
    if old == new
        && let (Ok(one), Ok(two)) = (before.read(), after.read())
        && let (Some(one), Some(two)) = (one.children(), two.children())
    {
        let keys = one.flatten().zip(two.flatten());
        let same = keys.take_while(|(one, two)| one.key == two.key).count();
        [old, new] = from(same.saturating_sub(1));
    }
    [old, new].map(|text| ShownValue { text, kind: None })
}

/// Versions of a value, with their types where these are not all the same.
pub(super) fn versions<const MANY: usize>(
    versions: [Option<RawValue>; MANY],
    most: usize,
) -> [Option<ShownValue>; MANY] {
    let mut kinds = versions.iter().flatten().map(|value| value.kind());
    let first = kinds.next();
    let of_other_types = kinds.any(|kind| Some(kind) != first);
    versions.map(|value| {
        value.map(|value| {
            let kind = of_other_types.then(|| type_name_if_unsaid(value.kind())).flatten();
            ShownValue { text: value.brief(most), kind }
        })
    })
}

/// The name of a type whose values are bare numbers. All others have a name or a form of their own in the text.
fn type_name_if_unsaid(kind: ElementType) -> Option<&'static str> {
    match kind {
        ElementType::Double => Some("double"),
        ElementType::Int32 => Some("int"),
        ElementType::String
        | ElementType::EmbeddedDocument
        | ElementType::Array
        | ElementType::Binary
        | ElementType::Undefined
        | ElementType::ObjectId
        | ElementType::Boolean
        | ElementType::DateTime
        | ElementType::Null
        | ElementType::RegularExpression
        | ElementType::DbPointer
        | ElementType::JavaScriptCode
        | ElementType::Symbol
        | ElementType::JavaScriptCodeWithScope
        | ElementType::Timestamp
        | ElementType::Int64
        | ElementType::Decimal128
        | ElementType::MaxKey
        | ElementType::MinKey => None,
    }
}
