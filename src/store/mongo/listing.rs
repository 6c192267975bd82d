//! The fields that a record has for lists: `listing.key`, the sort key of its name, `listing.text`, its searchable
//! text ([`crate::org::searchable`]), and `listing.grams`, the indexed trigrams of that text. A trashed
//! organization has them in `trash.listing`.

use mongodb::bson::{Document, doc};

use crate::{
    org::{grams, name_order, searchable},
    store::{ListScope, SortKey},
};

/// The listing of an organization with this name, collection and these e-mails.
pub(super) fn listing<'a>(
    name: &str,
    collection: &str,
    emails: impl IntoIterator<Item = &'a str>,
) -> Document {
    let text = searchable(name, collection, emails);
    doc! { "key": name_order(name), "grams": grams(&text), "text": text }
}

/// The field a list is sorted by.
pub(super) fn sorted(scope: ListScope, key: SortKey) -> &'static str {
    match (scope, key) {
        (ListScope::Live, SortKey::Name) => "listing.key",
        (ListScope::Live, SortKey::Created) => "created_key",
        (ListScope::Live, SortKey::Email) => "email_key",
        (ListScope::Trash, SortKey::Name) => "trash.listing.key",
        (ListScope::Trash, SortKey::Created) => "trash.at",
        (ListScope::Trash, SortKey::Email) => "trash.email_key",
    }
}

/// The field with the searchable text.
pub(super) fn text_of(scope: ListScope) -> &'static str {
    match scope {
        ListScope::Live => "listing.text",
        ListScope::Trash => "trash.listing.text",
    }
}
