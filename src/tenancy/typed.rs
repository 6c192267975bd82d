//! Documents, orders and places as they are typed: the same in a command line and in the address of a call.

use bson::{Bson, Document, RawDocumentBuf, doc, oid::ObjectId};

use super::{Error, Result, Tenancy};
use crate::{
    document::{self, Path, Step},
    org::Org,
    store::{DocumentOrder, DocumentPlace},
};

impl Tenancy {
    /// The document with this `_id`, as it was typed: 24 hex digits, a value in shell syntax, or text.
    ///
    /// # Errors
    /// [`Error::NoSuchDocument`], or the database's.
    pub async fn document_typed(&self, org: &Org, typed: &str) -> Result<RawDocumentBuf> {
        match self.document(org, &id_of(typed)).await {
            // What looks like an ObjectId may be stored as text.
            Err(Error::NoSuchDocument(_)) => self.document(org, &typed.into()).await,
            found => found,
        }
    }

    /// The order of the organization's documents by what was typed: a field, with `-` in front for descending.
    ///
    /// # Errors
    /// As [`Tenancy::document_order`].
    pub async fn order_typed(&self, org: &Org, typed: &str) -> Result<DocumentOrder> {
        let field = typed.strip_prefix('-');
        self.document_order(org, field.unwrap_or(typed), field.is_some()).await
    }

    /// What was typed as a place: an `_id`, or the end of a page. By a field, the document with an `_id` says where that
    /// is.
    ///
    /// # Errors
    /// [`Error::NoSuchDocument`], or the database's.
    pub async fn place_typed(
        &self,
        org: &Org,
        order: &DocumentOrder,
        typed: &str,
    ) -> Result<DocumentPlace> {
        let Some(field) = order.field() else { return Ok(id_of(typed).into()) };
        if let Ok(both) = document::parse(typed)
            && let Ok(both) = Document::try_from(&*both)
            && both.keys().eq([field, "_id"])
        {
            let of = |key: &str| both.get(key).cloned().unwrap_or(Bson::Null);
            return Ok(DocumentPlace { value: of(field), id: of("_id") });
        }
        let document = self.document_typed(org, typed).await?;
        Ok(order.place(&document)?)
    }
}

/// What was typed as an `_id`: 24 hex digits are an `ObjectId`, what is a value in shell syntax is that, and anything
/// else is text.
fn id_of(typed: &str) -> Bson {
    if let Ok(id) = ObjectId::parse_str(typed) {
        return id.into();
    }
    let parsed = document::parse_value(typed).ok();
    parsed.and_then(|value| value.to_bson()).unwrap_or_else(|| typed.into())
}

/// An `_id` as it can be typed.
///
/// # Errors
/// [`Error::InvalidDocument`] for what is no value of a document.
pub fn id_text(id: &Bson) -> Result<String> {
    if let Bson::ObjectId(id) = id {
        return Ok(id.to_hex());
    }
    let alone = RawDocumentBuf::try_from(&doc! { "_id": id }).map_err(|error| invalid(&error))?;
    let path = Path::from([Step::key("_id")]);
    let value = document::value_at(&alone, &path).map_err(|error| invalid(&error))?;
    let mut text = String::new();
    if let Some(value) = value {
        value.one_line(&mut text).map_err(|error| invalid(&error))?;
    }
    Ok(text)
}

/// A place as it can be typed: by a field, its value and the `_id`, as a document.
///
/// # Errors
/// As [`id_text`].
pub fn place_text(order: &DocumentOrder, place: &DocumentPlace) -> Result<String> {
    let Some(field) = order.field() else { return id_text(&place.id) };
    let both = RawDocumentBuf::try_from(&doc! { field: &place.value, "_id": &place.id });
    let mut text = String::new();
    document::one_line(&both.map_err(|error| invalid(&error))?, &mut text)
        .map_err(|error| invalid(&error))?;
    Ok(text)
}

fn invalid(problem: &impl ToString) -> Error {
    Error::InvalidDocument(problem.to_string())
}
