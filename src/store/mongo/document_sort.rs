//! What is beside a value in the order of an index, as the server can be asked.

use mongodb::bson::{Bson, Document, doc};

/// On which side of a value.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Side {
    Before,
    Equal,
    After,
}

/// A condition that is met where the field is on this side of the value. As an expression it compares values of any types
/// by the index. An expression takes what is missing for less than `null`, and an index takes it for `null`; and an
/// `undefined` has no index in an expression.
pub(super) fn beside(field: &str, side: Side, value: &Bson) -> Document {
    let of_types = |types: &[&str]| doc! { field: { "$type": types } };
    let not_of_types = |types: &[&str]| doc! { field: { "$not": { "$type": types } } };
    let than = match side {
        Side::Before => "$lt",
        Side::Equal => "$eq",
        Side::After => "$gt",
    };
    match (value, side) {
        (Bson::MinKey, Side::Before) => doc! { "_id": { "$in": [] } },
        (Bson::MinKey, Side::After) => not_of_types(&["minKey"]),
        (Bson::Undefined, Side::Before) => of_types(&["minKey"]),
        (Bson::Undefined, Side::Equal) => of_types(&["undefined"]),
        (Bson::Undefined, Side::After) => not_of_types(&["minKey", "undefined"]),
        (Bson::Null, Side::Before) => of_types(&["minKey", "undefined"]),
        (Bson::Null, Side::Equal) => {
            doc! { "$and": [{ field: Bson::Null }, not_of_types(&["undefined"])] }
        }
        (value, _) => doc! { "$expr": { than: [format!("${field}"), { "$literal": value }] } },
    }
}
