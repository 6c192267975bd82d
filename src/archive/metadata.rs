//! The collection's options and indexes, as mongodump writes them, so that mongorestore makes them again.
//!
//! Extended JSON has no words for everything that BSON holds. Where reading it would not give the very options and
//! indexes that were written, their bytes are in a field of ours as well, which mongorestore ignores.

use bson::{RawArrayBuf, RawBsonRef, RawDocument, RawDocumentBuf, Uuid, raw::cstr};
use serde::{Deserialize, Serialize};

use super::{INDEXES_MOST, Member, WriteError};
use crate::{
    document::{self, Malformed, canonical},
    org::StoredText,
};

/// What a collection is besides its documents.
#[derive(Clone, Debug, PartialEq)]
pub struct Collection {
    /// Its name, as stored.
    pub name: StoredText,
    /// Its UUID on a MongoDB server.
    pub uuid: Option<Uuid>,
    /// Its options, as `listCollections` has them: a validator, a collation.
    pub options: RawDocumentBuf,
    /// Its index specifications, as `listIndexes` has them, that of `_id` included.
    pub indexes: Vec<RawDocumentBuf>,
}

/// What is no BSON in the fields of the metadata.
#[derive(Serialize, Deserialize)]
#[serde(rename_all = "camelCase")]
struct Plain {
    #[serde(default, skip_serializing_if = "Option::is_none")]
    uuid: Option<String>,
    collection_name: StoredText,
    #[serde(rename = "type")]
    kind: String,
    /// The options and indexes as BSON, in hexadecimal digits.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    tenantry_bson: Option<String>,
}

/// What it is called when it is a collection, and neither a view nor a time series.
const COLLECTION: &str = "collection";

impl Collection {
    /// The metadata's text.
    pub(super) fn write(&self) -> Result<Vec<u8>, WriteError> {
        let exact = self.exact()?;
        let json = self.json(None)?;
        let comes_back = document::parse(&json).is_ok_and(|read| parts(&read) == parts(&exact));
        if comes_back {
            return Ok(json.into_bytes());
        }
        Ok(self.json(Some(hex::encode(exact.as_bytes())))?.into_bytes())
    }

    fn json(&self, tenantry_bson: Option<String>) -> Result<String, WriteError> {
        let mut json = r#"{"options":"#.to_owned();
        text(&self.options, &mut json)?;
        json.push_str(r#","indexes":["#);
        for (at, index) in self.indexes.iter().enumerate() {
            if at > 0 {
                json.push(',');
            }
            text(index, &mut json)?;
        }
        json.push(']');
        let uuid = self.uuid.map(|uuid| hex::encode(uuid.bytes()));
        let collection_name = self.name.clone();
        let plain = Plain { uuid, collection_name, kind: COLLECTION.to_owned(), tenantry_bson };
        // Four strings become JSON, always.
        let plain = serde_json::to_string(&plain).unwrap_or_default();
        json.push(',');
        json.push_str(plain.strip_prefix('{').unwrap_or_default());
        Ok(json)
    }

    /// Options and indexes in one document.
    fn exact(&self) -> Result<RawDocumentBuf, WriteError> {
        let count = self.indexes.len();
        if count > INDEXES_MOST {
            return Err(WriteError::TooMany {
                member: Member::Metadata,
                count,
                most: INDEXES_MOST,
            });
        }
        let mut indexes = RawArrayBuf::new();
        for index in &self.indexes {
            document::check(index).map_err(WriteError::Metadata)?;
            indexes.push(index.clone());
        }
        document::check(&self.options).map_err(WriteError::Metadata)?;
        let mut exact = RawDocumentBuf::new();
        exact.append(cstr!("options"), self.options.clone());
        exact.append(cstr!("indexes"), indexes);
        Ok(exact)
    }

    /// Reads the metadata; otherwise what is wrong with it.
    pub(super) fn read(json: &[u8]) -> Result<Self, String> {
        let json = str::from_utf8(json).map_err(|_| "it is not UTF-8".to_owned())?;
        let plain: Plain = serde_json::from_str(json).map_err(|error| error.to_string())?;
        if plain.kind != COLLECTION {
            return Err(format!("it is of type {}", crate::org::escaped_short(&plain.kind, 40)));
        }
        let exact = match plain.tenantry_bson {
            None => document::parse(json).map_err(|error| error.to_string())?,
            Some(bytes) => {
                let bytes = hex::decode(bytes).map_err(|error| error.to_string())?;
                RawDocumentBuf::from_bytes(bytes).map_err(|error| error.to_string())?
            }
        };
        let (options, indexes) = parts(&exact).ok_or("options or indexes are missing")?;
        if indexes.len() > INDEXES_MOST {
            return Err(format!("it holds more than {INDEXES_MOST} indexes"));
        }
        let uuid = match plain.uuid {
            None => None,
            Some(uuid) => Some(Uuid::parse_str(uuid).map_err(|_| "the uuid is none")?),
        };
        let indexes = indexes.into_iter().map(RawDocument::to_owned).collect();
        Ok(Self { name: plain.collection_name, uuid, options: options.to_owned(), indexes })
    }

    /// Whether a server could read options and indexes; otherwise what it could not.
    pub(super) fn check(&self) -> Result<(), String> {
        document::check(&self.options).map_err(|error| format!("the options are {error}"))?;
        for (index, number) in self.indexes.iter().zip(1..) {
            document::check(index).map_err(|error| format!("index {number} is {error}"))?;
            if !matches!(index.get("key"), Ok(Some(RawBsonRef::Document(_)))) {
                return Err(format!("index {number} has no key"));
            }
            if !matches!(index.get("name"), Ok(Some(RawBsonRef::String(_)))) {
                return Err(format!("index {number} has no name"));
            }
        }
        Ok(())
    }
}

fn text(document: &RawDocument, json: &mut String) -> Result<(), WriteError> {
    // A string takes everything, so that only a document can be at fault; those were checked.
    canonical(document, json)
        .map_err(|_| WriteError::Metadata(Malformed { at: 0, what: "it has no text" }))
}

/// Options and indexes; none where one of them is missing, or an index is no document.
fn parts(exact: &RawDocument) -> Option<(&RawDocument, Vec<&RawDocument>)> {
    let options = match exact.get("options").ok()? {
        Some(RawBsonRef::Document(options)) => options,
        // mongodump leaves out what is empty.
        None => RawDocument::from_bytes(&[5, 0, 0, 0, 0]).ok()?,
        Some(_) => return None,
    };
    let indexes = exact.get_array("indexes").ok()?;
    let indexes = indexes.into_iter().map(|index| index.ok()?.as_document());
    Some((options, indexes.collect::<Option<_>>()?))
}
