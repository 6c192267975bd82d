//! Two changed versions of a document, and what they were before, as one: where that loses nothing of either.
//!
//! What both changed must not overlap: neither path is the beginning of the other. The same change on both sides is no
//! conflict. Where it is not certain, it is a conflict: an array in which elements were inserted or removed on one side
//! and anything was changed on the other, an order of keys that both changed or that one changed while the other added
//! keys, keys that stand there twice once there are more or less of them.

use std::collections::{HashMap, HashSet};

use bson::{RawDocument, RawDocumentBuf, spec::ElementType};

use super::{
    DEPTH_MOST,
    align::{Aligned, align},
    difference::{Name, names},
    element::{Elements, Malformed},
    fields::Fields,
    line::{ConflictLine, versions},
    path::{Path, Side, Step},
    raw_value::RawValue,
};

/// What two changed versions come to.
#[derive(Clone, Debug, PartialEq)]
pub enum Merged<'a> {
    /// One document with the changes of both. Its keys stand in the order of theirs; what only mine added stands
    /// behind the same key as in mine.
    Clean(RawDocumentBuf),
    /// Both changed the same.
    Conflicts {
        /// What that is, from the beginning of the document to the end.
        conflicts: Vec<Conflict<'a>>,
        /// The document with the changes of both, and of what both changed, mine.
        with_mine: RawDocumentBuf,
    },
}

/// A value that both changed, or whose place is not certain.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Conflict<'a> {
    /// Where it is. The numbers in arrays are the same in all three.
    pub path: Path,
    /// What it was before; none where it was not there.
    pub original: Option<RawValue<'a>>,
    /// What it is in mine.
    pub mine: Option<RawValue<'a>>,
    /// What it is in theirs.
    pub theirs: Option<RawValue<'a>>,
}

impl Conflict<'_> {
    /// As text, with at most so many characters for each value.
    #[must_use]
    pub fn line(&self, most: usize) -> ConflictLine {
        let [original, mine, theirs] = versions([self.original, self.mine, self.theirs], most);
        ConflictLine { path: self.path.text(Side::After), original, mine, theirs }
    }
}

/// Merges two changed versions of a document.
///
/// # Errors
/// When the bytes of one of them are not BSON.
pub fn merge<'a>(
    original: &'a RawDocument,
    mine: &'a RawDocument,
    theirs: &'a RawDocument,
) -> Result<Merged<'a>, Malformed> {
    let all = [original, mine, theirs];
    let mut merge = Merge { bytes: all.map(RawDocument::as_bytes), conflicts: Vec::new() };
    let [o, m, t] = merge.bytes;
    let mut out = Vec::new();
    if let Some(side) = decided(&o, &m, &t) {
        out.extend_from_slice(if side == Version::Mine { m } else { t });
    } else {
        let kind = ElementType::EmbeddedDocument;
        let elements = [original, mine, theirs].map(Elements::root);
        let [o, m, t] = elements;
        merge.fields(&Path::root(), kind, [o?, m?, t?], 1, &mut out)?;
    }
    let malformed = |_| Malformed { at: 0, what: IMPOSSIBLE };
    let merged = RawDocumentBuf::from_bytes(out).map_err(malformed)?;
    Ok(match merge.conflicts {
        conflicts if conflicts.is_empty() => Merged::Clean(merged),
        conflicts => Merged::Conflicts { conflicts, with_mine: merged },
    })
}

const IMPOSSIBLE: &str = "an impossible length";

#[derive(Clone, Copy, PartialEq, Eq)]
enum Version {
    Mine,
    Theirs,
}

/// Which version is right as a whole: the only one that was changed, or either where both are the same.
fn decided<T: PartialEq>(original: &T, mine: &T, theirs: &T) -> Option<Version> {
    if mine == theirs || mine == original {
        Some(Version::Theirs)
    } else {
        (theirs == original).then_some(Version::Mine)
    }
}

struct Merge<'a> {
    bytes: [&'a [u8]; 3],
    conflicts: Vec<Conflict<'a>>,
}

/// The original, mine and theirs.
type Three<T> = [T; 3];

impl<'a> Merge<'a> {
    fn conflict(&mut self, path: Path, values: Three<Option<RawValue<'a>>>) {
        let [original, mine, theirs] = values;
        self.conflicts.push(Conflict { path, original, mine, theirs });
    }

    fn all_fields(&self, elements: Three<Elements<'a>>) -> Result<Three<Fields<'a>>, Malformed> {
        let ([o, m, t], [of_o, of_m, of_t]) = (elements, self.bytes);
        Ok([Fields::new(of_o, o)?, Fields::new(of_m, m)?, Fields::new(of_t, t)?])
    }

    /// Writes an element: its key, and of its values what they come to. No document is deeper than this follows, so
    /// it may call itself.
    fn element(
        &mut self,
        path: &dyn Fn() -> Path,
        fields: &Three<Fields<'a>>,
        places: Three<usize>,
        depth: usize,
        out: &mut Vec<u8>,
    ) -> Result<(), Malformed> {
        let ([o, m, t], [at_o, at_m, at_t]) = (fields, places);
        let raw = [o.raw(at_o), m.raw(at_m), t.raw(at_t)];
        match decided(&raw[0], &raw[1], &raw[2]) {
            Some(Version::Mine) => {
                out.extend_from_slice(m.bytes(at_m));
                return Ok(());
            }
            Some(Version::Theirs) => {
                out.extend_from_slice(t.bytes(at_t));
                return Ok(());
            }
            None => {}
        }
        let path = path();
        let kind = raw[0].kind();
        let children =
            [o.value(at_o)?, m.value(at_m)?, t.value(at_t)?].map(|value| value.children());
        let start = out.len();
        out.push(kind as u8);
        out.extend_from_slice(t.key(at_t));
        out.push(0);
        if depth < DEPTH_MOST
            && raw.iter().all(|value| value.kind() == kind)
            && let [Some(o), Some(m), Some(t)] = children
        {
            let is_numbered =
                |elements: &Elements| kind == ElementType::Array && elements.are_numbered();
            let numbered = is_numbered(&o);
            if is_numbered(&m) == numbered && is_numbered(&t) == numbered {
                return if numbered {
                    self.array(&path, raw, [o, m, t], depth + 1, out)
                } else {
                    self.fields(&path, kind, [o, m, t], depth + 1, out)
                };
            }
        }
        self.conflict(path, raw.map(Some));
        out.truncate(start);
        out.extend_from_slice(m.bytes(at_m));
        Ok(())
    }

    /// Arrays in which elements changed, but none came or went.
    fn array(
        &mut self,
        path: &Path,
        whole: Three<RawValue<'a>>,
        elements: Three<Elements<'a>>,
        depth: usize,
        out: &mut Vec<u8>,
    ) -> Result<(), Malformed> {
        let fields = self.all_fields(elements)?;
        let [o, m, t] = &fields;
        for changed in [m, t] {
            let alignment = align(o, changed)?;
            let in_place = |aligned: &Aligned| match aligned {
                Aligned::Pair { before, after } => before == after,
                Aligned::Removed { .. } | Aligned::Added { .. } => false,
            };
            if alignment.by_number || !alignment.told.iter().all(in_place) {
                self.conflict(path.clone(), whole.map(Some));
                out.extend_from_slice(whole[1].bytes());
                return Ok(());
            }
        }
        let start = open(out);
        for at in 0..o.len() {
            let path = || path.join(Step::index(at));
            self.element(&path, &fields, [at; 3], depth, out)?;
        }
        close(out, start)
    }

    fn fields(
        &mut self,
        path: &Path,
        kind: ElementType,
        elements: Three<Elements<'a>>,
        depth: usize,
        out: &mut Vec<u8>,
    ) -> Result<(), Malformed> {
        let whole = [&elements[0], &elements[1], &elements[2]]
            .map(|elements| RawValue::new(kind, elements.document()));
        let fields = self.all_fields(elements)?;
        let [o, m, t] = &fields;
        let named = Named([o, m, t].map(|fields| names(fields).zip(0..).collect()));
        let Some(order) = order([o, m, t], &named) else {
            self.conflict(path.clone(), whole.map(Some));
            out.extend_from_slice(whole[1].bytes());
            return Ok(());
        };
        let start = open(out);
        for name in order {
            let path = || path.join(Step::Key { key: name.0.into(), occurrence: name.1 });
            let places = named.places(name);
            let raw = || {
                let of = |fields: &Fields<'a>, place: Option<usize>| place.map(|at| fields.raw(at));
                [of(o, places[0]), of(m, places[1]), of(t, places[2])]
            };
            match places {
                [Some(o), Some(m), Some(t)] => {
                    self.element(&path, &fields, [o, m, t], depth, out)?;
                }
                // One removed it: the other must have left it as it was. Both added it: as the same.
                [Some(_), ..] | [None, Some(_), Some(_)] => match (raw(), places) {
                    ([o, m, t], _) if o.is_some() && (o == m || o == t) => {}
                    ([_, m, t], [_, _, Some(at)]) if m == t => {
                        out.extend_from_slice(fields[2].bytes(at));
                    }
                    ([_, None, None], _) => {}
                    (raw, [_, mine, _]) => {
                        self.conflict(path(), raw);
                        out.extend_from_slice(mine.map(|at| m.bytes(at)).unwrap_or_default());
                    }
                },
                [None, Some(at), None] => out.extend_from_slice(m.bytes(at)),
                [None, None, Some(at)] => out.extend_from_slice(t.bytes(at)),
                [None, None, None] => {}
            }
        }
        close(out, start)
    }
}

/// Where the fields of a name are in the three versions.
struct Named<'a>(Three<HashMap<Name<'a>, usize>>);

impl<'a> Named<'a> {
    fn places(&self, name: Name<'a>) -> Three<Option<usize>> {
        let [o, m, t] = &self.0;
        [o.get(&name).copied(), m.get(&name).copied(), t.get(&name).copied()]
    }
}

/// The names of all fields of the three in the order of what they come to, those that are gone among them; none where
/// it is not certain.
fn order<'a>(fields: Three<&Fields<'a>>, named: &Named<'a>) -> Option<Vec<Name<'a>>> {
    let [old, mine, theirs]: Three<Vec<Name>> = fields.map(|fields| names(fields).collect());
    // The second of two equal keys is another field once the first is gone.
    let repeated = [&old, &mine, &theirs].into_iter().flatten().filter(|(_, count)| *count > 0);
    for name in repeated {
        if named.places(*name).contains(&None) {
            return None;
        }
    }
    let reordered =
        |names: &[Name<'a>]| !names.iter().filter_map(|name| named.0[0].get(name)).is_sorted();
    let adds = |names: &[Name<'a>]| names.iter().any(|name| !named.0[0].contains_key(name));
    let (base, other) = match (reordered(&mine), reordered(&theirs)) {
        (false, false) => (theirs, mine),
        (false, true) if !adds(&mine) => (theirs, mine),
        (true, false) if !adds(&theirs) => (mine, theirs),
        (true, true) if !adds(&mine) && !adds(&theirs) => {
            let common = |names: &[Name<'a>]| -> Vec<Name<'a>> {
                let all = |name: &&Name<'a>| !named.places(**name).contains(&None);
                names.iter().filter(all).copied().collect()
            };
            if common(&mine) != common(&theirs) {
                return None;
            }
            (theirs, mine)
        }
        (false | true, true) | (true, false) => return None,
    };
    // What the other added stands behind the same field; what the base removed is told once, at the end.
    let in_base: HashSet<Name> = base.iter().copied().collect();
    let mut behind: HashMap<Option<Name>, Vec<Name>> = HashMap::new();
    let mut gone = Vec::new();
    let mut last = None;
    for name in other {
        if in_base.contains(&name) {
            last = Some(name);
        } else if named.0[0].contains_key(&name) {
            gone.push(name);
        } else {
            behind.entry(last).or_default().push(name);
        }
    }
    let mut order = behind.remove(&None).unwrap_or_default();
    for name in base {
        order.push(name);
        order.append(&mut behind.remove(&Some(name)).unwrap_or_default());
    }
    order.append(&mut gone);
    Some(order)
}

fn open(out: &mut Vec<u8>) -> usize {
    out.extend_from_slice(&[0; 4]);
    out.len() - 4
}

fn close(out: &mut Vec<u8>, start: usize) -> Result<(), Malformed> {
    out.push(0);
    let length = i32::try_from(out.len() - start);
    let length = length.map_err(|_| Malformed { at: start, what: IMPOSSIBLE })?;
    if let Some(place) = out.get_mut(start..start + 4) {
        place.copy_from_slice(&length.to_le_bytes());
    }
    Ok(())
}
