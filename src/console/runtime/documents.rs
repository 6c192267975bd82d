//! What is asked of an organization's documents, as lines for their own screen.

use std::{fmt, sync::Arc};

use bson::{Bson, RawDocument, RawDocumentBuf, doc};

use crate::{
    console::app::{
        DocumentRow, DocumentRows, DocumentsAnswer, DocumentsAsked, Generation, Message,
    },
    document,
    org::Org,
    store::DocumentPage,
    tenancy::{Error, Result, Tenancy},
};

/// The beginning of a text, which takes no more when it is long enough.
struct Begin(String);

impl fmt::Write for Begin {
    fn write_str(&mut self, text: &str) -> fmt::Result {
        let room = LINE_MOST.saturating_sub(self.0.len());
        self.0.push_str(&text[..text.floor_char_boundary(room)]);
        if text.len() < room { Ok(()) } else { Err(fmt::Error) }
    }
}

/// So many bytes of a document's line are enough in the list: more than a screen is wide.
const LINE_MOST: usize = 500;

/// What is asked of an organization's documents.
pub(super) async fn browsed(
    tenancy: Arc<Tenancy>,
    at: Generation,
    org: Box<Org>,
    asked: DocumentsAsked,
) -> Message {
    let answer = match asked {
        DocumentsAsked::Page(query) => {
            let page = tenancy.document_page(&org, &query).await;
            DocumentsAnswer::Page(page.and_then(|page| rows(&page)))
        }
        DocumentsAsked::Count(filter) => {
            DocumentsAnswer::Count(tenancy.count_documents(&org, filter.as_ref()).await)
        }
        DocumentsAsked::One(id) => DocumentsAnswer::One(match tenancy.document(&org, &id).await {
            Ok(document) => whole(document).await,
            Err(error) => Err(error),
        }),
    };
    Message::Browsed(at, answer)
}

/// Documents as lines.
fn rows(page: &DocumentPage) -> Result<DocumentRows> {
    let rows = page.documents.iter().map(|raw| row(raw)).collect::<Result<_>>()?;
    Ok(DocumentRows { rows, more: page.more })
}

fn row(raw: &RawDocument) -> Result<DocumentRow> {
    let id = raw.get("_id").ok().flatten().and_then(|id| Bson::try_from(id).ok());
    let id = id.unwrap_or(Bson::Null);
    let alone = RawDocumentBuf::try_from(&doc! { "_id": &id });
    let alone = alone.map_err(|error| Error::Machine(error.to_string()))?;
    let (whole, alone) = (begin_of(raw)?, begin_of(&alone)?);
    // Both begin with the `_id`, where that comes first, as it almost always does.
    let alone = alone.strip_suffix(" }").unwrap_or(&alone);
    let rest = whole.strip_prefix(alone).map(|rest| rest.strip_prefix(", ").unwrap_or(""));
    let line = rest.map_or(&*whole, |rest| rest.strip_suffix(" }").unwrap_or(rest));
    let name = match &id {
        Bson::ObjectId(id) => id.to_hex(),
        _ => alone.strip_prefix("{ _id: ").unwrap_or(alone).to_owned(),
    };
    Ok(DocumentRow { name, line: line.to_owned(), id })
}

/// The beginning of a document on one line.
fn begin_of(raw: &RawDocument) -> Result<String> {
    let mut line = Begin(String::new());
    let written = document::one_line(raw, &mut line);
    if line.0.len() + 4 < LINE_MOST {
        // It is complete, unless it could not be written.
        written.map_err(|error| Error::Machine(error.to_string()))?;
    }
    Ok(line.0)
}

/// All lines of a document: of a large one they take a while.
async fn whole(document: RawDocumentBuf) -> Result<Vec<String>> {
    let lines = tokio::task::spawn_blocking(move || {
        let mut text = String::new();
        document::pretty(&document, &mut text)?;
        Ok::<_, document::WriteError>(text.lines().map(str::to_owned).collect())
    });
    let lines = lines.await.map_err(|error| Error::Machine(error.to_string()))?;
    lines.map_err(|error| Error::Machine(error.to_string()))
}

#[cfg(test)]
mod tests {
    use bson::oid::ObjectId;

    use super::*;

    #[test]
    fn a_document_in_the_list_is_its_id_and_the_rest_in_one_line() {
        let of = |document: bson::Document| {
            let DocumentRow { name, line, .. } =
                row(&RawDocumentBuf::try_from(&document).unwrap()).unwrap();
            (name, line)
        };
        let pair = |name: &str, line: &str| (name.to_owned(), line.to_owned());
        let id = ObjectId::from_bytes([7; 12]);
        let nested = doc! { "_id": id, "a": { "b": 1 } };
        assert_eq!(of(nested), pair("070707070707070707070707", "a: { b: 1 }"));
        assert_eq!(of(doc! { "_id": "x, y" }), pair("\"x, y\"", ""));
        // One whose `_id` is not the first is shown whole.
        assert_eq!(of(doc! { "a": 1, "_id": 7 }), pair("7", "{ a: 1, _id: 7 }"));
        let (_, line) = of(doc! { "_id": 1, "long": "é".repeat(100_000) });
        assert!(line.starts_with("long: \"éé") && line.len() <= LINE_MOST);
    }
}
