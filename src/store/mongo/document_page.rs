//! Pages of an organization's documents, by their `_id`s or by a field with an index.
//!
//! An index of a field has equal values in no order that can be asked for. So a page by a field is read in up to three
//! parts: what has the value that the last page ended with and comes behind it; what has another value, by the index; and
//! what has the last of those again, by its `_id`s, since the index may have ended among them. Each takes an index, and none
//! reads more than the page and the documents with one value.

use mongodb::{
    Collection,
    bson::{Bson, Document, RawDocumentBuf, doc},
};

use super::{
    Inner, READ,
    connect::{read_command, read_cursor},
    document_sort::{Side, beside},
    documents::is_missing,
    record,
};
use crate::{
    document::filter::{self, Filter},
    org::Org,
    store::{
        DOCUMENT_MOST_BYTES, DocumentAt, DocumentPage, DocumentQuery, Result, SORTED_BY, SortField,
        SortRefusal, TOO_LARGE, leader,
    },
};

/// The documents of a query.
struct Reading<'q> {
    collection: Collection<RawDocumentBuf>,
    query: &'q DocumentQuery,
    /// Of values and `_id`s, as the server has it.
    direction: i32,
}

type Read = mongodb::error::Result<Vec<RawDocumentBuf>>;

impl Reading<'_> {
    /// So many of those that meet these conditions, sorted first by these, and then the first ones by others.
    async fn found(&self, conditions: Vec<Document>, sorts: &[&[&str]], most: usize) -> Read {
        let filter = self.query.filter.as_ref().map(Filter::to_document);
        let mut pipeline: Vec<Document> = conditions
            .into_iter()
            .chain(filter)
            .map(|matches| doc! { "$match": matches })
            .collect();
        let sort = |fields: &&[&str]| {
            let fields = fields.iter().map(|field| ((*field).to_owned(), self.direction.into()));
            doc! { "$sort": fields.collect::<Document>() }
        };
        let mut sorts = sorts.iter().map(sort);
        pipeline.extend(sorts.next());
        pipeline.push(doc! { "$limit": i64::try_from(most).unwrap_or(i64::MAX) });
        pipeline.extend(sorts);
        pipeline.extend((!self.query.whole).then(|| self.without_large()));
        let found = self.collection.aggregate(pipeline).max_time(READ);
        let mut cursor = match found.with_type::<RawDocumentBuf>().await {
            Err(error) if is_missing(&error) => return Ok(Vec::new()),
            found => found?,
        };
        let mut documents = Vec::new();
        while cursor.advance().await? {
            documents.push(cursor.current().to_owned());
        }
        Ok(documents)
    }

    /// The server leaves out what is large, so that it is not even sent.
    fn without_large(&self) -> Document {
        let (field, errors) = TOO_LARGE;
        let most = i64::from(DOCUMENT_MOST_BYTES);
        let bytes = doc! { "$bsonSize": "$$ROOT" };
        let mut instead = doc! {
            "_id": "$_id",
            field: { "$concat": [{ "$toString": &bytes }, errors] },
        };
        if let Some(by) = self.query.order.field() {
            let value = format!("${by}");
            let is_large = doc! { "$gt": [{ "$bsonSize": { "value": &value } }, most] };
            instead.insert(SORTED_BY, doc! { "$cond": [is_large, "$$REMOVE", [value]] });
        }
        let large = doc! { "$gt": [bytes, most] };
        doc! { "$replaceWith": { "$cond": [large, instead, "$$ROOT"] } }
    }

    /// What is beside a value in the direction in which is read.
    fn beyond(&self) -> Side {
        if self.direction < 0 { Side::Before } else { Side::After }
    }

    fn beyond_id(&self, id: &Bson) -> Document {
        // As an expression it compares values of any types, as the order does.
        let than = if self.direction < 0 { "$lt" } else { "$gt" };
        doc! { "$expr": { than: ["$_id", { "$literal": id }] } }
    }

    async fn by_id(&self, most: usize) -> Read {
        let beyond = self.query.from().map(|place| self.beyond_id(&place.id));
        self.found(beyond.into_iter().collect(), &[&["_id"]], most).await
    }

    async fn by_field(&self, field: &str, most: usize) -> Read {
        let (mut found, mut conditions) = (Vec::new(), Vec::new());
        if let Some(place) = self.query.from() {
            let equal = beside(field, Side::Equal, &place.value);
            found = self.found(vec![equal, self.beyond_id(&place.id)], &[&["_id"]], most).await?;
            conditions.push(beside(field, self.beyond(), &place.value));
        }
        let left = most - found.len().min(most);
        if left == 0 {
            return Ok(found);
        }
        let sorts: &[&[&str]] = &[&[field], &[field, "_id"]];
        let mut others = self.found(conditions, sorts, left).await?;
        if others.len() == left
            && let Some(last) = others.last()
            // What it cannot be placed by is said when the page is shown.
            && let Ok(last) = self.query.order.place(last)
        {
            let is_last = |document: &RawDocumentBuf| {
                let place = self.query.order.place(document);
                place.is_ok_and(|place| filter::are_equal(&place.value, &last.value) == Some(true))
            };
            let kept =
                others.iter().rposition(|document| !is_last(document)).map_or(0, |at| at + 1);
            others.truncate(kept);
            let equal = beside(field, Side::Equal, &last.value);
            others.extend(self.found(vec![equal], &[&["_id"]], left - kept).await?);
        }
        found.extend(others);
        Ok(found)
    }
}

impl Inner {
    pub(super) async fn documents(&self, org: &Org, query: &DocumentQuery) -> Result<DocumentPage> {
        // A limit of zero would mean none to the server.
        let Some(collection) = record::held_in(org).filter(|_| query.limit > 0) else {
            return Ok(DocumentPage::default());
        };
        let first = matches!(query.at, DocumentAt::First | DocumentAt::Last);
        let filter = query.filter.as_ref().filter(|_| first);
        let reads_all = self.reads_all(&collection, filter);
        let collection = self.db.collection::<RawDocumentBuf>(&collection);
        let direction = if query.is_against_values() { -1 } else { 1 };
        let reading = Reading { collection, query, direction };
        let most = usize::try_from(query.limit).unwrap_or(usize::MAX).saturating_add(1);
        let found = async {
            match query.order.field() {
                None => reading.by_id(most).await,
                Some(field) => reading.by_field(field, most).await,
            }
        };
        let (found, reads_all) = futures_util::future::join(found, reads_all).await;
        let documents = found.map_err(|error| self.errors.translate(&error))?;
        Ok(DocumentPage { reads_all, ..DocumentPage::from_read(documents, query) })
    }

    /// Whether the server would read every document to find what matches. Without their order: for that it may go through
    /// the index of the identities, and read each document all the same. What it does not say is not so.
    async fn reads_all(&self, collection: &str, filter: Option<&Filter>) -> bool {
        let Some(filter) = filter else { return false };
        let find = doc! { "find": collection, "filter": filter.to_document() };
        let plan = self.plan(find).await;
        plan.is_ok_and(|plan| {
            has_stage(
                &plan,
                &|stage| stage.get_str("stage").is_ok_and(|stage| stage == "COLLSCAN"),
                0,
            )
        })
    }

    /// How the server would do this.
    async fn plan(&self, command: Document) -> mongodb::error::Result<Document> {
        let explain = doc! {
            "explain": command,
            "verbosity": "queryPlanner",
            "maxTimeMS": i64::try_from(READ.as_millis()).unwrap_or(i64::MAX),
        };
        let mut answer = read_command(&self.db, explain).await?;
        let planner = answer.remove("queryPlanner");
        let plan = planner.as_ref().and_then(Bson::as_document);
        let plan = plan.and_then(|plan| plan.get_document("winningPlan").ok());
        Ok(plan.cloned().unwrap_or_default())
    }

    pub(super) async fn sort_fields(&self, org: &Org) -> Result<Vec<SortField>> {
        let Some(collection) = record::held_in(org) else { return Ok(Vec::new()) };
        match self.fields_with_index(&collection).await {
            Err(error) if is_missing(&error) => Ok(Vec::new()),
            found => found.map_err(|error| self.errors.translate(&error)),
        }
    }

    async fn fields_with_index(&self, collection: &str) -> mongodb::error::Result<Vec<SortField>> {
        let mut indexes = read_cursor(&self.db, doc! { "listIndexes": collection }).await?;
        let mut fields: Vec<SortField> = Vec::new();
        // Where the collection has a collation, `_id`s have its order, and no index has that of values.
        let mut collated = false;
        while indexes.advance().await? {
            let index = indexes.deserialize_current()?;
            collated |= index.get_str("name").is_ok_and(|name| name == "_id_")
                && index.contains_key("collation");
            let Some(mut led) = leader(&index) else { continue };
            if led.refused.is_none() && self.has_arrays(collection, &index, &led.field).await? {
                led.refused = Some(SortRefusal::Arrays);
            }
            match fields.iter_mut().find(|known| known.field == led.field) {
                Some(known) if led.refused.is_none() => known.refused = None,
                Some(_) => {}
                None => fields.push(led),
            }
        }
        if collated {
            for led in &mut fields {
                led.refused = Some(SortRefusal::Collation);
            }
        }
        Ok(fields)
    }

    /// Whether a document is in this index more than once, which is only known to who asks how it would be used.
    async fn has_arrays(
        &self,
        collection: &str,
        index: &Document,
        field: &str,
    ) -> mongodb::error::Result<bool> {
        let name = index.get_str("name").unwrap_or_default();
        let find = doc! { "find": collection, "sort": { field: 1 }, "hint": name };
        let is_multikey = |stage: &Document| stage.get_bool("isMultiKey").unwrap_or(false);
        Ok(has_stage(&self.plan(find).await?, &is_multikey, 0))
    }
}

/// How far plans are looked into.
const DEEPEST_PLAN: u32 = 50;

/// Whether a plan has such a stage.
fn has_stage(plan: &Document, is_wanted: &dyn Fn(&Document) -> bool, depth: u32) -> bool {
    let within = |value: &Bson| match value {
        Bson::Document(inner) => has_stage(inner, is_wanted, depth + 1),
        Bson::Array(inner) => inner
            .iter()
            .filter_map(Bson::as_document)
            .any(|inner| has_stage(inner, is_wanted, depth + 1)),
        _ => false,
    };
    is_wanted(plan) || depth < DEEPEST_PLAN && plan.values().any(within)
}
