//! The subtle cases, each of which a server of version 6.0 was asked about.

use bson::{Bson, Decimal128, Document, RawDocumentBuf, doc};

use super::{Filter, FilterError, FilterProblem};

mod refused;
mod rules;
mod typed;

fn filter(query: &Document) -> Result<Filter, FilterError> {
    Filter::from_document(&RawDocumentBuf::try_from(query).unwrap())
}

fn read(query: &Document) -> Filter {
    filter(query).unwrap_or_else(|wrong| panic!("{query}: {wrong}"))
}

fn passes(query: &Document, document: &Document) -> bool {
    let read = read(query);
    assert_eq!(filter(&read.to_document()), Ok(read.clone()), "{query}");
    read.matches(&RawDocumentBuf::try_from(document).unwrap()).unwrap()
}

fn decimal(text: &str) -> Bson {
    Bson::Decimal128(text.parse::<Decimal128>().unwrap())
}
