//! Documents sorted by a field that an index begins with: each once, in the server's order, in both directions.

use mongodb::bson::{Bson, Document, RawDocumentBuf, doc};
use tenantry::{
    document::{self, filter::Filter},
    store::{
        DocumentAt, DocumentOrder, DocumentQuery, SortField, SortRefusal, mongo::MongoStore,
        traits::*,
    },
};

use crate::fixture::{Scratch, new_org};
use crate::support::operations::Operations as _;

async fn acme(name: &str) -> (Scratch, MongoStore, tenantry::org::Org) {
    let scratch = Scratch::new(name).await;
    let store = scratch.open().await;
    let acme = store.create(&new_org("acme", "ada@acme.com")).await.unwrap();
    (scratch, store, acme)
}

async fn index(scratch: &Scratch, index: Document) {
    let command = doc! { "createIndexes": "org_acme", "indexes": [index] };
    scratch.run_command(command).await.unwrap();
}

fn id(document: &RawDocumentBuf) -> Bson {
    Bson::try_from(document.get("_id").unwrap().unwrap()).unwrap()
}

async fn ordered(
    store: &MongoStore,
    org: &tenantry::org::Org,
    field: &str,
    descending: bool,
) -> DocumentOrder {
    let fields = store.sort_fields(org).await.unwrap();
    let field = fields.iter().find(|one| one.field == field).unwrap();
    field.order(descending).unwrap_or_else(|| panic!("{field:?}"))
}

#[tokio::test]
async fn each_document_comes_once_in_the_servers_order_in_both_directions() {
    let (scratch, store, acme) = acme("sorted").await;
    index(&scratch, doc! { "key": { "a.b": 1 }, "name": "single" }).await;
    index(&scratch, doc! { "key": { "n": -1, "a.b": 1 }, "name": "compound" }).await;
    let values = [
        Bson::MinKey,
        Bson::Undefined,
        Bson::Null,
        5.into(),
        5.0.into(),
        Bson::Int64(5),
        5.5.into(),
        f64::NAN.into(),
        "5".into(),
        "".into(),
        doc! { "x": 1 }.into(),
        true.into(),
        bson::DateTime::from_millis(5).into(),
        Bson::MaxKey,
    ];
    let mut documents = vec![doc! { "_id": "missing" }, doc! { "_id": "no document", "a": 5 }];
    for round in 0..5_i64 {
        for (at, value) in (0_i64..).zip(&values) {
            let id = format!("{} {round}", (at * 7 + round * 3) % 11);
            let large = if round == 3 { "x".repeat(140_000) } else { String::new() };
            documents.push(doc! {
                "_id": { "id": id, "at": at },
                "a": { "b": value }, "n": round, "large": large,
            });
        }
    }
    scratch.collection("org_acme").insert_many(documents).await.unwrap();
    let large = doc! { "_id": "large value", "a": { "b": 7, "x": "y".repeat(200_000) } };
    scratch.collection("org_acme").insert_one(large).await.unwrap();
    for (field, filter) in
        [("a.b", None), ("n", None), ("a.b", Some("n>1")), ("n", Some("{ 'a.b': { $lte: 5 } }"))]
    {
        let filter = filter.map(|typed| Filter::parse(typed, document::parse).unwrap());
        let wanted = filter.as_ref().map(Filter::to_document).unwrap_or_default();
        for descending in [false, true] {
            let way = if descending { -1 } else { 1 };
            let collection = scratch.db.collection::<RawDocumentBuf>("org_acme");
            let find = collection.find(wanted.clone()).sort(doc! { field: way, "_id": way });
            let mut cursor = find.await.unwrap();
            let mut all = Vec::new();
            while cursor.advance().await.unwrap() {
                all.push(id(&cursor.current().to_owned()));
            }
            assert!(all.len() > 10, "{field} {filter:?}");
            let order = ordered(&store, &acme, field, descending).await;
            for (backwards, limit) in [(false, 1), (true, 1), (false, 3), (true, 7), (false, 100)] {
                let at = if backwards { DocumentAt::Last } else { DocumentAt::First };
                let (filter, order) = (filter.clone(), order.clone());
                let mut query =
                    DocumentQuery { filter, order, at, limit, ..DocumentQuery::default() };
                let mut walked: Vec<Bson> = Vec::new();
                loop {
                    let page = store.documents(&acme, &query).await.unwrap();
                    let ids = page.documents.iter().map(id);
                    if backwards {
                        walked.splice(0..0, ids);
                    } else {
                        walked.extend(ids);
                    }
                    if !page.more {
                        break;
                    }
                    let place = |document: &RawDocumentBuf| query.order.place(document).unwrap();
                    query.at = if backwards {
                        DocumentAt::Before(place(page.documents.first().unwrap()))
                    } else {
                        DocumentAt::After(place(page.documents.last().unwrap()))
                    };
                }
                assert_eq!(walked, all, "{field} {descending} {backwards} {limit}");
            }
        }
    }
}

#[tokio::test]
async fn what_an_index_does_not_sort_by_is_named_with_its_reason() {
    let (scratch, store, acme) = acme("unsorted").await;
    for wanted in [
        doc! { "key": { "total": 1 }, "name": "a" },
        doc! { "key": { "total": "hashed" }, "name": "b" },
        doc! { "key": { "tags": 1 }, "name": "c" },
        doc! { "key": { "sparse": 1 }, "name": "d", "sparse": true },
        doc! { "key": { "partial": 1 }, "name": "e", "partialFilterExpression": { "total": { "$gt": 5 } } },
        doc! { "key": { "hashed": "hashed" }, "name": "f" },
        doc! { "key": { "words": "text" }, "name": "g" },
        doc! { "key": { "$**": 1 }, "name": "h" },
        doc! { "key": { "city": 1 }, "name": "i", "collation": { "locale": "fr" } },
        doc! { "key": { "_id": 1, "total": 1 }, "name": "j" },
        doc! { "key": { "number": 1, "tags": 1 }, "name": "k", "unique": true },
    ] {
        index(&scratch, wanted).await;
    }
    scratch.collection("org_acme").insert_one(doc! { "tags": ["a", "b"] }).await.unwrap();
    let led = |field: &str, refused| SortField { field: field.to_owned(), refused };
    assert_eq!(
        store.sort_fields(&acme).await.unwrap(),
        [
            led("total", None),
            led("tags", Some(SortRefusal::Arrays)),
            led("sparse", Some(SortRefusal::Partial)),
            led("partial", Some(SortRefusal::Partial)),
            led("hashed", Some(SortRefusal::Unordered)),
            led("city", Some(SortRefusal::Collation)),
            led("number", Some(SortRefusal::Arrays)),
        ]
    );
    // Where the collection is gone there are none.
    scratch.collection::<Document>("org_acme").drop().await.unwrap();
    assert_eq!(store.sort_fields(&acme).await.unwrap(), []);
}

#[tokio::test]
async fn a_page_by_a_field_reads_no_more_than_itself_at_any_depth() {
    let (scratch, store, acme) = acme("sorted_cost").await;
    index(&scratch, doc! { "key": { "n": 1 }, "name": "n" }).await;
    let documents: Vec<Document> =
        (0..10_000_i64).map(|n| doc! { "_id": (n * 7) % 10_000, "n": n / 4 }).collect();
    scratch.collection("org_acme").insert_many(documents).await.unwrap();
    let order = ordered(&store, &acme, "n", false).await;
    let middle = RawDocumentBuf::try_from(&doc! { "_id": 7_i64, "n": 1250_i64 }).unwrap();
    let place = order.place(&middle).unwrap();
    scratch.run_command(doc! { "profile": 2 }).await.unwrap();
    for at in [
        DocumentAt::First,
        DocumentAt::Last,
        DocumentAt::After(place.clone()),
        DocumentAt::Before(place),
    ] {
        let query =
            DocumentQuery { order: order.clone(), at, limit: 20, ..DocumentQuery::default() };
        let page = store.documents(&acme, &query).await.unwrap();
        assert_eq!(page.documents.len(), 20);
    }
    let profile = scratch.db.collection::<Document>("system.profile");
    let mut cursor =
        profile.find(doc! { "op": "command", "command.aggregate": "org_acme" }).await.unwrap();
    let mut seen = 0;
    while cursor.advance().await.unwrap() {
        let looked = cursor.deserialize_current().unwrap();
        let most = looked
            .get_i32("docsExamined")
            .unwrap_or(0)
            .max(looked.get_i32("keysExamined").unwrap_or(0));
        assert!(most <= 25, "{looked}");
        seen += 1;
    }
    assert!(seen >= 4);
}
