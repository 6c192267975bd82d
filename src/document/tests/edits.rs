//! Documents that were changed in a few places.

use bson::{RawDocument, RawDocumentBuf, spec::ElementType};
use proptest::{collection::vec, prelude::*, sample::Index};

use super::{
    super::element::{Elements, Value},
    arbitrary::{Any, any_field, any_fields, document},
};

type Field = (Vec<u8>, Any);

/// A change somewhere in a document.
#[derive(Clone, Debug)]
pub struct Edit {
    way: Vec<Index>,
    what: u8,
    at: (Index, Index),
    field: Field,
}

pub fn edits() -> impl Strategy<Value = Vec<Edit>> {
    let at = (any::<Index>(), any::<Index>());
    let edit = (vec(any::<Index>(), 0..4), 0..5_u8, at, any_field());
    vec(edit.prop_map(|(way, what, at, field)| Edit { way, what, at, field }), 0..5)
}

/// A document before and after some edits.
pub fn edited() -> impl Strategy<Value = (RawDocumentBuf, RawDocumentBuf)> {
    (any_fields(), edits()).prop_map(|(fields, edits)| (raw(&fields), raw(&with(&fields, &edits))))
}

/// A document, and two that became of it.
pub fn three() -> impl Strategy<Value = [RawDocumentBuf; 3]> {
    (any_fields(), edits(), edits()).prop_map(|(fields, mine, theirs)| {
        [raw(&fields), raw(&with(&fields, &mine)), raw(&with(&fields, &theirs))]
    })
}

pub fn raw(fields: &[Field]) -> RawDocumentBuf {
    RawDocumentBuf::from_bytes(document(fields)).unwrap()
}

fn with(fields: &[Field], edits: &[Edit]) -> Vec<Field> {
    let mut fields = fields.to_vec();
    for edit in edits {
        edit.apply(&mut fields, &edit.way);
    }
    fields
}

impl Edit {
    fn apply(&self, fields: &mut Vec<Field>, way: &[Index]) {
        if let Some((first, rest)) = way.split_first()
            && !fields.is_empty()
        {
            let at = first.index(fields.len());
            match &mut fields[at].1 {
                Any::Document(inside) | Any::ArrayWithKeys(inside) => {
                    return self.apply(inside, rest);
                }
                Any::Array(values) => {
                    let mut inside: Vec<Field> =
                        values.drain(..).map(|value| (b"x".to_vec(), value)).collect();
                    self.apply(&mut inside, rest);
                    values.extend(inside.into_iter().map(|(_, value)| value));
                    return;
                }
                Any::Plain(..) | Any::CodeWithScope(..) => {}
            }
        }
        self.here(fields);
    }

    fn here(&self, fields: &mut Vec<Field>) {
        let place = self.at.0.index(fields.len() + 1);
        if fields.is_empty() || self.what == 0 {
            fields.insert(place, self.field.clone());
            return;
        }
        let (one, two) = (self.at.0.index(fields.len()), self.at.1.index(fields.len()));
        match self.what {
            1 => drop(fields.remove(one)),
            2 => fields[one].1 = self.field.1.clone(),
            3 => fields.swap(one, two),
            _ => fields.insert(two, fields[one].clone()),
        }
    }
}

/// A document before it was bytes. Code with its scope is one value here.
pub fn decoded(document: &RawDocument) -> Vec<Field> {
    fields_of(Elements::root(document).unwrap())
}

/// A value before it was bytes.
pub fn decoded_value(kind: ElementType, bytes: &[u8]) -> Any {
    match Elements::value_of(kind, bytes).unwrap() {
        Value::Document(elements) => Any::Document(fields_of(elements)),
        Value::Array(elements) if elements.are_numbered() => {
            Any::Array(fields_of(elements).into_iter().map(|(_, value)| value).collect())
        }
        Value::Array(elements) => Any::ArrayWithKeys(fields_of(elements)),
        _ => Any::Plain(kind, bytes.to_vec()),
    }
}

fn fields_of(elements: Elements) -> Vec<Field> {
    let fields = elements.map(Result::unwrap);
    fields
        .map(|field| (field.key.to_vec(), decoded_value(field.raw.kind(), field.raw.bytes())))
        .collect()
}
