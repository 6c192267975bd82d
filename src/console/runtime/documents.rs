//! What is asked of an organization's documents, as lines for their own screen.

use std::{collections::BTreeSet, fmt, pin::pin, sync::Arc, time::Duration};

use bson::{Bson, RawDocument, RawDocumentBuf, doc};
use tokio::time::timeout;

use crate::{
    console::app::{
        Changes, DocumentRow, DocumentRows, DocumentsAnswer, DocumentsAsked, EDITED_MOST, Fetch,
        Fetched, Generation, Merge, Message, Notice, ReadText,
    },
    document::{self, Merged, Path, RawValueBuf, Tree, TreeFolds},
    org::{Org, byte_size, escaped},
    store::{
        DocumentOrder, DocumentPage, DocumentPlace, DocumentWrite, LookedAt, bytes_if_too_large,
    },
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

/// So many fields of a document, and so many characters of each, are enough in the table.
const CELLS_MOST: usize = 60;
const CELL_MOST: usize = 80;

/// So many lines are typed in the editor.
const LINES_MOST: usize = 50_000;

/// How long it is from one word of how far a page is to the next.
const BETWEEN: Duration = Duration::from_millis(200);

/// How many characters of a value are shown in a difference.
const SHOWN: usize = 200;

/// What is asked of an organization's documents.
pub(super) async fn browsed(
    tenancy: Arc<Tenancy>,
    at: Generation,
    org: Box<Org>,
    asked: DocumentsAsked,
    tell: impl Fn(Message),
) -> Message {
    let answer = match asked {
        DocumentsAsked::Page(query) => {
            let told = |number| tell(Message::Browsed(at, DocumentsAnswer::LookedAt(number)));
            let reading = async {
                let org = tenancy.current(&org).await?;
                tenancy.document_page(&org, &query).await
            };
            let page = watched(reading, &query.looked_at, told).await;
            DocumentsAnswer::Page(page.and_then(|page| rows(&page, &query.order)))
        }
        DocumentsAsked::Count(filter) => {
            let counting = async {
                let org = tenancy.current(&org).await?;
                tenancy.count_documents(&org, filter.as_ref()).await
            };
            DocumentsAnswer::Count(counting.await)
        }
        DocumentsAsked::SortFields => {
            let asking = async {
                let org = tenancy.current(&org).await?;
                tenancy.sort_fields(&org).await
            };
            DocumentsAnswer::SortFields(asking.await)
        }
        DocumentsAsked::One(id, folds) => {
            DocumentsAnswer::One(tree(&tenancy, &org, &id, folds).await)
        }
        DocumentsAsked::Change { before, path, value } => {
            let changed = blocking(move || changed(&before, &path, &value)).await;
            DocumentsAnswer::Change(changed.unwrap_or_else(|error| Err(Notice::from(&error))))
        }
        DocumentsAsked::Fetch(id, fetch) => {
            DocumentsAnswer::Fetched(fetch, fetched(&tenancy, &org, &id, fetch).await)
        }
        DocumentsAsked::Read { before, text } => {
            let read = blocking(move || read_text(before, &text)).await;
            DocumentsAnswer::Read(read.unwrap_or_else(ReadText::Failed))
        }
        DocumentsAsked::Merge { original, mine } => {
            DocumentsAnswer::Merged(merged(&tenancy, &org, original, mine).await)
        }
    };
    Message::Browsed(at, answer)
}

/// Waits for a page, and says in between how many documents were looked at for it.
async fn watched<T>(work: impl Future<Output = T>, looked_at: &LookedAt, tell: impl Fn(u64)) -> T {
    let mut work = pin!(work);
    let mut told = 0;
    loop {
        if let Ok(done) = timeout(BETWEEN, &mut work).await {
            return done;
        }
        let number = looked_at.number();
        if number != told {
            told = number;
            tell(number);
        }
    }
}

/// Writes a document.
pub(super) async fn written(
    tenancy: Arc<Tenancy>,
    at: Generation,
    org: Box<Org>,
    write: Box<DocumentWrite>,
) -> Message {
    let writing = async {
        let org = tenancy.current(&org).await?;
        tenancy.write_document(&org, &write).await
    };
    let done = writing.await;
    Message::DocumentWritten(at, org, done)
}

/// The document with this `_id` as a tree, unfolded as it was.
async fn tree(
    tenancy: &Tenancy,
    org: &Org,
    id: &Bson,
    folds: Option<Box<TreeFolds>>,
) -> Result<Box<Tree>> {
    let document = tenancy.document(&tenancy.current(org).await?, id).await?;
    blocking(move || {
        let tree = Tree::new(document).map_err(machine)?;
        Ok(Box::new(match folds {
            Some(folds) => tree.folded_like(&folds),
            None => tree,
        }))
    })
    .await?
}

/// A document with another value at a path.
fn changed(
    before: &RawDocumentBuf,
    path: &Path,
    value: &RawValueBuf,
) -> std::result::Result<Changes, Notice> {
    let after = document::replace_value(before, path, value.as_raw())
        .map_err(|error| Notice::plain(error.to_string()))?;
    changes(Some(before.clone()), after).map_err(|error| Notice::from(&error))
}

/// The document with this `_id`, with its text where that is to be edited.
async fn fetched(tenancy: &Tenancy, org: &Org, id: &Bson, fetch: Fetch) -> Result<Fetched> {
    let document = tenancy.document(&tenancy.current(org).await?, id).await?;
    blocking(move || {
        let text = match fetch {
            Fetch::Edit => editable(&document)?,
            Fetch::EditOutside => Some(text_of(&document)?),
            Fetch::Duplicate => editable(&document::unset(&document, "_id").map_err(machine)?)?,
            Fetch::Delete => None,
        };
        Ok(Fetched { document, text })
    })
    .await?
}

/// A document as text, where the editor can take it.
fn editable(document: &RawDocument) -> Result<Option<String>> {
    if document.as_bytes().len() > EDITED_MOST {
        return Ok(None);
    }
    let text = text_of(document)?;
    let fits = text.len() <= EDITED_MOST * 2 && text.lines().count() <= LINES_MOST;
    Ok(Some(text).filter(|_| fits))
}

fn text_of(document: &RawDocument) -> Result<String> {
    let mut text = String::new();
    document::pretty(document, &mut text).map_err(machine)?;
    Ok(text)
}

/// What a text comes to, beside the document as it was read.
fn read_text(before: Option<RawDocumentBuf>, text: &str) -> ReadText {
    let after = match document::parse(text) {
        Ok(after) => after,
        Err(fault) => return ReadText::Fault(fault),
    };
    if before.as_ref() == Some(&after) {
        return ReadText::Unchanged;
    }
    match changes(before, after) {
        Ok(changes) => ReadText::Changed(changes),
        Err(error) => ReadText::Failed(error),
    }
}

fn changes(before: Option<RawDocumentBuf>, after: RawDocumentBuf) -> Result<Changes> {
    let Some(before) = before else {
        return Ok(Changes { write: DocumentWrite::Insert(after), lines: Vec::new(), top: 0 });
    };
    let lines = document::lines(&document::difference(&before, &after).map_err(machine)?, SHOWN);
    Ok(Changes { write: DocumentWrite::Replace { before, after }, lines, top: 0 })
}

/// What a change comes to, together with what someone else made of the document meanwhile.
async fn merged(
    tenancy: &Tenancy,
    org: &Org,
    original: RawDocumentBuf,
    mine: Option<RawDocumentBuf>,
) -> Result<Merge> {
    let id = DocumentWrite::Delete(original.clone()).id()?;
    let theirs = tenancy.document(&tenancy.current(org).await?, &id).await?;
    blocking(move || {
        let Some(mine) = mine else {
            let write = DocumentWrite::Delete(theirs.clone());
            let lines = document::difference(&original, &theirs).map_err(machine)?;
            let changes = Changes { write, lines: document::lines(&lines, SHOWN), top: 0 };
            return Ok(Merge { theirs, changes, text: String::new(), conflicts: Vec::new() });
        };
        let (merged, conflicts) =
            match document::merge(&original, &mine, &theirs).map_err(machine)? {
                Merged::Clean(merged) => (merged, Vec::new()),
                Merged::Conflicts { conflicts, with_mine } => {
                    (with_mine, conflicts.iter().map(|conflict| conflict.line(SHOWN)).collect())
                }
            };
        let text = text_of(&merged)?;
        let changes = changes(Some(theirs.clone()), merged)?;
        Ok(Merge { theirs, changes, text, conflicts })
    })
    .await?
}

fn machine(error: impl fmt::Display) -> Error {
    Error::Machine(error.to_string())
}

async fn blocking<T: Send + 'static>(work: impl FnOnce() -> T + Send + 'static) -> Result<T> {
    tokio::task::spawn_blocking(work).await.map_err(machine)
}

/// Documents as lines.
fn rows(page: &DocumentPage, order: &DocumentOrder) -> Result<DocumentRows> {
    let rows = page.documents.iter().map(|raw| row(raw, order)).collect::<Result<_>>()?;
    let mut paths = BTreeSet::new();
    for raw in &page.documents {
        if bytes_if_too_large(raw).is_none() {
            document::add_paths(raw, &mut paths).map_err(machine)?;
        }
    }
    let paths = paths.into_iter().collect();
    Ok(DocumentRows { rows, more: page.more, reads_all: page.reads_all, paths })
}

fn row(raw: &RawDocument, order: &DocumentOrder) -> Result<DocumentRow> {
    let DocumentPlace { value, id } = match order.field() {
        Some(_) => order.place(raw)?,
        // One whose `_id` cannot be read is shown as well.
        None => order.place(raw).unwrap_or_else(|_| Bson::Null.into()),
    };
    let alone = RawDocumentBuf::try_from(&doc! { "_id": &id });
    let alone = alone.map_err(machine)?;
    let (whole, alone) = (begin_of(raw)?, begin_of(&alone)?);
    // Both begin with the `_id`, where that comes first, as it almost always does.
    let alone = alone.strip_suffix(" }").unwrap_or(&alone);
    let rest = whole.strip_prefix(alone).map(|rest| rest.strip_prefix(", ").unwrap_or(""));
    let line = rest.map_or(&*whole, |rest| rest.strip_suffix(" }").unwrap_or(rest));
    let name = match &id {
        Bson::ObjectId(id) => id.to_hex(),
        _ => alone.strip_prefix("{ _id: ").unwrap_or(alone).to_owned(),
    };
    let line = match bytes_if_too_large(raw) {
        Some(bytes) => format!("({}: too large for the list)", byte_size(bytes)),
        None => line.to_owned(),
    };
    let cells = cells(raw, order, &value)?;
    Ok(DocumentRow { id, value, name, cells, line })
}

/// The fields of a document for the table, the one in front that it is sorted by and that is in a document of its own.
fn cells(raw: &RawDocument, order: &DocumentOrder, value: &Bson) -> Result<Vec<(String, String)>> {
    if bytes_if_too_large(raw).is_some() {
        return Ok(Vec::new());
    }
    let mut cells = document::brief_fields(raw, CELLS_MOST, CELL_MOST).map_err(machine)?;
    if let Some(nested) = order.field().filter(|field| field.contains('.')) {
        let alone = RawDocumentBuf::try_from(&doc! { "": value }).map_err(machine)?;
        let alone = document::brief_fields(&alone, 1, CELL_MOST).map_err(machine)?;
        let alone = alone.into_iter().map(|(_, value)| (escaped(nested).into_owned(), value));
        cells.splice(0..0, alone);
    }
    Ok(cells)
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

#[cfg(test)]
mod tests {
    use bson::oid::ObjectId;

    use super::*;
    use crate::{
        store::{DocumentQuery, Target},
        tenancy::{Caller, Confirmation, Edit, Opened, Rules, open},
    };

    #[test]
    fn a_document_in_the_list_is_its_id_and_the_rest_in_one_line() {
        let of = |document: bson::Document| {
            let DocumentRow { name, line, .. } =
                row(&RawDocumentBuf::try_from(&document).unwrap(), &DocumentOrder::default())
                    .unwrap();
            (name, line)
        };
        let pair = |name: &str, line: &str| (name.to_owned(), line.to_owned());
        let id = ObjectId::from_bytes([7; 12]);
        let nested = doc! { "_id": id, "a": { "b": 1 } };
        assert_eq!(of(nested), pair("070707070707070707070707", "a: { b: 1 }"));
        assert_eq!(of(doc! { "_id": "x, y" }), pair("\"x, y\"", ""));
        // One whose `_id` is not the first is shown whole.
        assert_eq!(of(doc! { "a": 1, "_id": 7 }), pair("7", "{ a: 1, _id: 7 }"));
        let large = doc! { "_id": 1, "…": "3000000 bytes: too large to show" };
        assert_eq!(of(large), pair("1", "(3.0 MB: too large for the list)"));
        let (_, line) = of(doc! { "_id": 1, "long": "é".repeat(100_000) });
        assert!(line.starts_with("long: \"éé") && line.len() <= LINE_MOST);
    }

    /// What the console shows may be minutes old: what became of the organization since is seen, and said.
    #[tokio::test]
    async fn documents_are_read_where_they_are_by_now() {
        let opened = open(&Target::Demo, &Caller::new("ada@here"), Rules::default()).await;
        let Opened { tenancy, demo } = opened.unwrap();
        let (tenancy, demo) = (Arc::new(tenancy), demo.unwrap());
        let password = demo.password.into();
        let session = tenancy.login(&demo.email, &password).await.unwrap();
        let own = tenancy.in_session(Some(session.token()));
        let shown = tenancy.named("acme_corp").await.unwrap();
        let page = async || {
            let asked =
                DocumentsAsked::Page(DocumentQuery { limit: 5, ..DocumentQuery::default() });
            let org = Box::new(shown.clone());
            match browsed(Arc::clone(&tenancy), 1, org, asked, |_| ()).await {
                Message::Browsed(_, DocumentsAnswer::Page(page)) => page.map(|page| page.rows),
                other => panic!("{other:?}"),
            }
        };
        let before = page().await.unwrap();
        assert_eq!(before.len(), 5);
        let edit = Edit { name: Some("Acme Two".to_owned()), ..Edit::default() };
        let now = own.update(&shown, &edit).await.unwrap();
        assert_eq!(page().await.unwrap(), before, "renamed elsewhere");
        let trashed = own.trash(&now).await.unwrap();
        assert_eq!(page().await.err(), Some(Error::InTrash("Acme Two".into())));
        let insertion = bson::rawdoc! { "_id": "late" };
        let write = Box::new(DocumentWrite::Insert(insertion));
        let written = written(Arc::clone(&tenancy), 1, Box::new(shown.clone()), write).await;
        let Message::DocumentWritten(_, _, done) = written else { panic!("{written:?}") };
        assert_eq!(done.err(), Some(Error::InTrash("Acme Two".into())));
        let again = tenancy.restore(&trashed, None).await.unwrap();
        assert_eq!(page().await.unwrap(), before);
        // A session ends with the trash.
        let session = tenancy.login(&demo.email, &password).await.unwrap();
        let own = tenancy.in_session(Some(session.token()));
        own.delete(&again, &Confirmation::Given).await.unwrap();
        assert_eq!(page().await.err(), Some(Error::Gone(shown.name.clone())));
    }
}
