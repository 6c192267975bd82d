//! The documents of an organization: looked at by everyone who may look at the organization, and changed by everyone
//! who may change its name.

use bson::{Bson, RawDocument, RawDocumentBuf, oid::ObjectId, spec::ElementType};

use super::{Error, Result, Tenancy};
use crate::{
    document::{self, Malformed, RawValue, RawValueBuf, filter::Filter, ids},
    org::{Org, StoredText, escaped},
    store::{
        DocumentOrder, DocumentPage, DocumentQuery, DocumentWrite, Entry, SortField, StoreError,
    },
};

/// So many of the fields that a change is about are named in the audit log; of the others, how many there are.
const FIELDS_MOST: usize = 20;

/// So many characters of an `_id` are in the audit log.
const ID_MOST: usize = 100;

impl Tenancy {
    /// An organization that was shown, as it is now. It may have been renamed since, and then its documents are elsewhere;
    /// or moved to the trash or purged, and then another organization may have its place.
    ///
    /// # Errors
    /// [`Error::InTrash`] where it was not there when it was shown, [`Error::Gone`], or the database's.
    pub async fn current(&self, shown: &Org) -> Result<Org> {
        match self.org(shown.id).await? {
            Some(now) if now.in_trash().is_some() && shown.in_trash().is_none() => {
                Err(Error::InTrash(now.name))
            }
            Some(now) => Ok(now),
            None => Err(Error::Gone(shown.name.clone())),
        }
    }

    /// A page of the organization's documents, in the order that is asked for.
    ///
    /// # Errors
    /// The database's.
    pub async fn document_page(&self, org: &Org, query: &DocumentQuery) -> Result<DocumentPage> {
        self.reading_of(Some(org.id)).await?;
        Ok(self.store.documents(org, query).await?)
    }

    /// The fields that lead an index of the organization's documents: what these can be sorted by beside their `_id`s, and
    /// what not although there is an index.
    ///
    /// # Errors
    /// The database's.
    pub async fn sort_fields(&self, org: &Org) -> Result<Vec<SortField>> {
        self.reading_of(Some(org.id)).await?;
        Ok(self.store.sort_fields(org).await?)
    }

    /// The order of the organization's documents by `_id` or by another field.
    ///
    /// # Errors
    /// [`Error::CannotSort`] where no index leads with the field, or one that does not have all documents in the order of
    /// its values; or the database's.
    pub async fn document_order(
        &self,
        org: &Org,
        field: &str,
        descending: bool,
    ) -> Result<DocumentOrder> {
        if field == "_id" {
            return Ok(DocumentOrder::by_id(descending));
        }
        let fields = self.sort_fields(org).await?;
        let asked = fields.iter().find(|one| one.field == field);
        if let Some(order) = asked.and_then(|one| one.order(descending)) {
            return Ok(order);
        }
        let why = asked.and_then(|one| one.refused);
        let why = why.map_or_else(|| "no index begins with it".to_owned(), |why| why.to_string());
        let can: Vec<String> = fields
            .iter()
            .filter(|one| one.refused.is_none())
            .map(|one| escaped(&one.field).into_owned())
            .collect();
        let can = if can.is_empty() {
            String::new()
        } else {
            format!("; possible: _id, {}", can.join(", "))
        };
        Err(Error::CannotSort(format!("cannot sort by {}: {why}{can}", escaped(field))))
    }

    /// The document with this `_id`, byte for byte as it is stored.
    ///
    /// # Errors
    /// [`Error::NoSuchDocument`], or the database's.
    pub async fn document(&self, org: &Org, id: &Bson) -> Result<RawDocumentBuf> {
        self.reading_of(Some(org.id)).await?;
        self.store.document(org, id).await?.ok_or_else(|| Error::NoSuchDocument(org.name.clone()))
    }

    /// How many documents the organization has, or how many of them match a filter.
    ///
    /// # Errors
    /// The database's.
    pub async fn count_documents(&self, org: &Org, filter: Option<&Filter>) -> Result<u64> {
        match filter {
            None => Ok(self.statistics(org).await?.documents),
            Some(filter) => {
                self.reading_of(Some(org.id)).await?;
                Ok(self.store.count_documents(org, filter, u64::MAX).await?)
            }
        }
    }

    /// Writes a document, where it is as it was read. What was written: a document gets an `_id` where it has none, and
    /// that comes first. The audit log has the `_id` and the names of the fields, and never a value.
    ///
    /// # Errors
    /// [`Error::InvalidDocument`] for what no database could keep, [`Error::DocumentChanged`],
    /// [`Error::NoSuchDocument`] or [`Error::DocumentExists`] where it is not as it was read, [`Error::InTrash`],
    /// [`Error::NotAllowed`], [`Error::ReadOnly`], or the database's.
    pub async fn write_document(&self, org: &Org, write: &DocumentWrite) -> Result<DocumentWrite> {
        let mut entry = self.entry(write.kind(), Some(org)).await;
        let done = async {
            self.writing(&entry.action, Some(org)).await?;
            if org.in_trash().is_some() {
                return Err(Error::InTrash(org.name.clone()));
            }
            let write = kept(write, self.caller.new_id())?;
            entry = described(entry.clone(), &write)?;
            let done = self.store.write_document(org.id, &write, &entry).await;
            done.map_err(|error| of_document(error, &org.name))?;
            Ok(write)
        }
        .await;
        self.recorded(&entry, done).await
    }
}

/// What a store says of a document, in the words for an organization.
fn of_document(error: StoreError, name: &StoredText) -> Error {
    match error {
        StoreError::DocumentChanged => Error::DocumentChanged(name.clone()),
        StoreError::DocumentGone => Error::NoSuchDocument(name.clone()),
        StoreError::DocumentExists => Error::DocumentExists(name.clone()),
        error => Error::of_store(error, name, |_| name.clone()),
    }
}

/// The write as a database keeps it; refuses what none could keep.
fn kept(write: &DocumentWrite, new_id: Option<ObjectId>) -> Result<DocumentWrite> {
    Ok(match write {
        DocumentWrite::Insert(document) => {
            let new_id = new_id.map(RawValueBuf::from_object_id);
            let id = new_id.as_ref().map(RawValueBuf::as_raw);
            DocumentWrite::Insert(storable(document, None, id)?)
        }
        DocumentWrite::Replace { before, after } => {
            let after = storable(after, Some(before), None)?;
            DocumentWrite::Replace { before: before.clone(), after }
        }
        DocumentWrite::Delete(before) => DocumentWrite::Delete(before.clone()),
    })
}

fn storable(
    document: &RawDocument,
    before: Option<&RawDocument>,
    new_id: Option<RawValue>,
) -> Result<RawDocumentBuf> {
    let invalid = |problem: &str| Error::InvalidDocument(problem.to_owned());
    let own = before.map(ids).transpose().map_err(|problem| malformed(&problem))?;
    let own = own.and_then(|ids| ids.into_iter().next());
    match ids(document).map_err(|problem| malformed(&problem))?[..] {
        [] => {}
        [id] if own.is_some_and(|own| own != id) => {
            return Err(invalid("the _id of a document cannot be changed: insert another one"));
        }
        [id] => {
            let refused = [
                (ElementType::Array, "an array"),
                (ElementType::RegularExpression, "a regular expression"),
                (ElementType::Undefined, "undefined"),
            ];
            if let Some((_, what)) = refused.iter().find(|(kind, _)| *kind == id.kind()) {
                return Err(Error::InvalidDocument(format!("the _id cannot be {what}")));
            }
            if has_dollar_key_inside(id) {
                return Err(invalid("the _id cannot have a field that begins with $"));
            }
        }
        [..] => return Err(invalid("a document has one _id")),
    }
    let stored =
        document::with_id_first(document, own.or(new_id)).map_err(|problem| malformed(&problem))?;
    if stored.as_bytes().len() > document::SIZE_MOST {
        return Err(invalid("too large: a document has at most 16 MB (16,777,216 bytes) of BSON"));
    }
    Ok(stored)
}

/// Whether it is a document with such a key, which MongoDB refuses as an `_id`.
fn has_dollar_key_inside(id: RawValue) -> bool {
    let inside = RawDocument::from_bytes(id.bytes());
    id.kind() == ElementType::EmbeddedDocument
        && inside.is_ok_and(|inside| document::has_dollar_key(inside).unwrap_or(true))
}

fn malformed(problem: &Malformed) -> Error {
    Error::InvalidDocument(problem.to_string())
}

/// The entry with the `_id`, and of a change the fields that are different.
fn described(entry: Entry, write: &DocumentWrite) -> Result<Entry> {
    let (DocumentWrite::Insert(document)
    | DocumentWrite::Replace { after: document, .. }
    | DocumentWrite::Delete(document)) = write;
    let id =
        ids(document).map_err(|problem| malformed(&problem))?.first().map(|id| id.brief(ID_MOST));
    let mut entry = entry.with("_id", "", &id.unwrap_or_default());
    if let DocumentWrite::Replace { before, after } = write {
        let changes = document::difference(before, after).map_err(|problem| malformed(&problem))?;
        for change in changes.iter().take(FIELDS_MOST) {
            entry = entry.with(&change.path_text(), "", "");
        }
        if let Some(more) = changes.len().checked_sub(FIELDS_MOST).filter(|more| *more > 0) {
            entry = entry.with(&format!("{more} more"), "", "");
        }
    }
    Ok(entry)
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::{document::parse, orgs::org};

    fn text(document: &RawDocument) -> String {
        let mut text = String::new();
        document::one_line(document, &mut text).unwrap();
        text
    }

    #[test]
    fn a_document_keeps_its_id_in_front() {
        let before = parse("{ _id: 7, a: 1 }").unwrap();
        for (typed, kept) in [
            ("{ a: 2 }", Ok("{ _id: 7, a: 2 }")),
            ("{ a: 2, _id: 7 }", Ok("{ _id: 7, a: 2 }")),
            ("{ _id: Long(\"7\") }", Err("the _id of a document cannot be changed")),
            ("{ _id: 7, _id: 7 }", Err("a document has one _id")),
        ] {
            let stored = storable(&parse(typed).unwrap(), Some(&before), None);
            match (stored, kept) {
                (Ok(stored), Ok(kept)) => assert_eq!(text(&stored), kept),
                (Err(error), Err(said)) => assert!(error.to_string().contains(said), "{error}"),
                (stored, _) => panic!("{typed}: {stored:?}"),
            }
        }
        for refused in
            ["{ _id: [ 1 ] }", "{ _id: /a/ }", "{ _id: undefined }", "{ _id: { $a: 1 } }"]
        {
            let stored = storable(&parse(refused).unwrap(), None, None);
            assert!(matches!(stored, Err(Error::InvalidDocument(_))), "{refused}");
        }
        assert!(
            storable(&parse("{ a: 1 }").unwrap(), None, None)
                .is_ok_and(|made| ids(&made).unwrap().len() == 1)
        );
    }

    #[test]
    fn the_audit_log_has_the_fields_and_no_value() {
        let acme = org(1, "acme", "ada@acme.com");
        let entry = |write: &DocumentWrite| {
            let entry = Entry::about("ada@here", write.kind(), &acme);
            described(entry, write).unwrap().came_to()
        };
        let before = parse("{ _id: 7, secret: \"old\", at: { b: [ 1, 2 ] }, gone: 1 }").unwrap();
        let after = parse("{ _id: 7, secret: \"new\", at: { b: [ 1, 3 ] }, more: 1 }").unwrap();
        let change = DocumentWrite::Replace { before: before.clone(), after };
        assert_eq!(
            entry(&change),
            "_id 7, secret changed, at.b[1] changed, more changed, gone changed"
        );
        assert_eq!(entry(&DocumentWrite::Delete(before)), "_id 7");
        let many = |n: i32| {
            let fields: Vec<String> = (0..50).map(|field| format!("f{field}: {n}")).collect();
            parse(&format!("{{ _id: 7, {} }}", fields.join(", "))).unwrap()
        };
        let change = DocumentWrite::Replace { before: many(1), after: many(2) };
        assert!(entry(&change).ends_with("f19 changed, 30 more changed"), "{}", entry(&change));
    }
}
