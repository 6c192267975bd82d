//! What records name. Nothing that any record names, in any type and any field, is an orphan: before
//! anything is called one, and again right before it is moved, every record is gone through to its
//! last field.

use std::borrow::Cow;

use mongodb::bson::{Bson, Document, oid::ObjectId};

use super::{Inner, record, shape};
use crate::{
    org::{StoredText, email_key},
    store::Result,
};

/// Something that seems to be nobody's, and what a record would name it by.
#[derive(Clone, Debug, Default, PartialEq)]
pub(super) struct Candidate {
    /// The name of a collection.
    pub(super) collection: Option<String>,
    /// The identity of an admin, or the one in the collection's name.
    pub(super) id: Option<ObjectId>,
    /// The e-mail of an admin, as it is compared.
    pub(super) email: Option<String>,
    /// Whether the collection has a name that an organization's had before: then its own past, and that
    /// of others, does not name it.
    pub(super) is_past: bool,
}

impl Candidate {
    /// Whether a record names it.
    fn is_named_by(&self, record: &Document) -> bool {
        if !self.is_past {
            return self.is_in(record);
        }
        let mut record = Cow::Borrowed(record);
        // While something is under way, every name may be needed to go back.
        if shape::pending(&record).is_none() && !shape::former(&record).is_empty() {
            let own = self.collection.as_deref();
            let was_here = shape::former(&record).iter().any(|name| Some(*name) == own);
            let record = record.to_mut();
            record.remove("former");
            // In the trash, its collection has another name, and needs this one again.
            let trashed = record::org(record).filter(|org| org.in_trash().is_some());
            if was_here && trashed.is_some_and(|org| record::is_ours(org.collection.raw())) {
                for field in ["trash", "claims"] {
                    record.remove(field);
                }
            }
        }
        self.is_in(&record)
    }

    fn is_in(&self, document: &Document) -> bool {
        document.iter().any(|(field, value)| self.is_text(field) || self.is_value(value))
    }

    fn is_value(&self, value: &Bson) -> bool {
        match value {
            Bson::String(text) | Bson::Symbol(text) | Bson::JavaScriptCode(text) => {
                self.is_text(text)
            }
            Bson::ObjectId(id) => self.id == Some(*id),
            Bson::Document(document) => self.is_in(document),
            Bson::Array(values) => values.iter().any(|value| self.is_value(value)),
            Bson::Binary(binary) => self.id.is_some_and(|id| binary.bytes == id.bytes()),
            Bson::DbPointer(_) => true,
            Bson::JavaScriptCodeWithScope(code) => self.is_text(&code.code),
            Bson::RegularExpression(regex) => self.is_text(regex.pattern.as_str()),
            _ => false,
        }
    }

    fn is_text(&self, text: &str) -> bool {
        // A claim of ours has its kind in front.
        let claimed = text.split_once(':').map(|(_, claimed)| claimed);
        [Some(text), claimed].into_iter().flatten().any(|text| {
            self.collection.as_deref() == Some(text)
                || self.id.is_some_and(|id| text.trim().eq_ignore_ascii_case(&id.to_hex()))
                || self.email.as_ref().is_some_and(|email| email_key(text) == *email)
        })
    }
}

impl Inner {
    /// Which record names each of these: what that is called; none where no record does.
    pub(super) async fn who_names(
        &self,
        candidates: &[Candidate],
    ) -> Result<Vec<Option<StoredText>>> {
        let mut named = vec![None; candidates.len()];
        if candidates.is_empty() {
            return Ok(named);
        }
        self.each(&self.orgs, Document::new(), |record| {
            for (candidate, by) in candidates.iter().zip(&mut named) {
                if by.is_none() && candidate.is_named_by(&record) {
                    *by = Some(record::called(&record));
                }
            }
        })
        .await?;
        Ok(named)
    }
}

#[cfg(test)]
mod tests {
    use mongodb::bson::{Binary, DateTime, doc, spec::BinarySubtype};

    use super::*;

    #[test]
    fn whatever_names_it_in_any_type_and_any_field_counts() {
        let id = ObjectId::new();
        let admin =
            Candidate { id: Some(id), email: Some("ada@acme.com".into()), ..Candidate::default() };
        let bytes = Binary { subtype: BinarySubtype::Generic, bytes: id.bytes().to_vec() };
        for record in [
            doc! { "_id": "a string", "admin_id": id },
            doc! { "admin_id": id.to_hex() },
            doc! { "owner": id.to_hex().to_uppercase() },
            doc! { "x": Bson::Binary(bytes) },
            doc! { "x": Bson::Symbol(id.to_hex()) },
            doc! { "pending": { "admin": id } },
            doc! { "trash": [{ "deep": [id] }] },
            doc! { "admin_email": "ADA@acme.com " },
            doc! { "claims": ["email:ada@acme.com"] },
        ] {
            assert!(admin.is_named_by(&record), "{record}");
        }
        assert!(!admin.is_named_by(&doc! { "admin_id": ObjectId::new().to_hex() }));

        let collection = Candidate { collection: Some("org_acme".into()), ..Candidate::default() };
        for record in [
            doc! { "_id": 7, "collection_name": "org_acme" },
            doc! { "connection_details": { "collection": "org_acme" } },
            doc! { "pending": { "to": "org_acme" } },
            doc! { "former": ["org_acme"] },
            doc! { "claims": ["collection:org_acme"] },
            doc! { "org_acme": true },
        ] {
            assert!(collection.is_named_by(&record), "{record}");
        }
        assert!(!collection.is_named_by(&doc! { "collection_name": "org_acme_2" }));
    }

    #[test]
    fn a_name_of_the_past_counts_where_somebody_has_it_or_may_have_it_again() {
        let past = Candidate {
            collection: Some("org_acme".into()),
            is_past: true,
            ..Candidate::default()
        };
        let id = ObjectId::new();
        let now = DateTime::now();
        let pending = doc! { "id": id, "at": now, "kind": "update", "from": "org_new" };
        let trash = doc! {
            "at": now, "by": "x", "days": 3_i64,
            "organization_name": "acme", "collection_name": "org_acme",
        };
        for (record, named) in [
            (doc! { "_id": id, "collection_name": "org_new", "former": ["org_acme"] }, false),
            (doc! { "_id": id, "collection_name": "org_acme", "former": ["org_acme"] }, true),
            (doc! { "_id": id, "former": ["org_acme"], "pending": &pending }, true),
            (doc! { "_id": id, "former": "org_acme" }, true),
            (
                doc! { "_id": id, "former": ["org_acme"], "trash": &trash,
                "claims": ["collection:org_acme"] },
                false,
            ),
            (doc! { "_id": id, "former": ["org_other"], "trash": &trash }, true),
        ] {
            assert_eq!(past.is_named_by(&record), named, "{record}");
        }
    }
}
