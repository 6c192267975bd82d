//! Archives that are written and read again.

use bson::{RawDocumentBuf, Timestamp, rawdoc, spec::ElementType};
use proptest::{collection::vec, option, prelude::*};

use super::{documents, front, read, written};
use crate::{
    archive::{
        Collection, Consistency, Count, DOCUMENT_MOST, Front, LeftOut, Member, NewFile, NoSnapshot,
        Reader, Spool, WriteError, verify,
    },
    document::{
        DEPTH_MOST, canonical, parse,
        tests::arbitrary::{any_document, one, string},
    },
};

fn any_front() -> impl Strategy<Value = Front> {
    let admins = option::of(vec(any_document(), 0..3));
    let consistency = prop_oneof![
        any::<(u32, u32)>().prop_map(|(time, increment)| Consistency::Snapshot {
            cluster_time: Timestamp { time, increment }
        }),
        Just(Consistency::Transaction),
        Just(Consistency::None { reason: NoSnapshot::Expired }),
    ];
    let collection = (any::<String>(), option::of(any::<[u8; 16]>()));
    (any_document(), admins, any_document(), vec(any_document(), 0..3), consistency, collection)
        .prop_map(|(organization, admins, options, indexes, consistency, (name, uuid))| {
            let mut manifest = front().manifest;
            manifest.consistency = consistency;
            manifest.organization.name = name.clone().into();
            if admins.is_none() {
                manifest.left_out.push(LeftOut::Admins);
            }
            let uuid = uuid.map(bson::Uuid::from_bytes);
            let collection = Collection { name: name.into(), uuid, options, indexes };
            Front { manifest, organization, admins, collection }
        })
}

proptest! {
    // Each is several documents.
    #![proptest_config(ProptestConfig::with_cases(48))]

    #[test]
    fn any_archive_is_read_byte_for_byte(
        front in any_front(),
        documents in vec(any_document(), 0..6),
    ) {
        let (archive, summary) = written(&front, &documents);
        let (read_front, read_documents, read_summary) = read(&archive).unwrap();
        prop_assert_eq!(read_front, front);
        prop_assert_eq!(read_documents, documents);
        prop_assert_eq!(read_summary, summary);
    }
}

#[test]
fn a_summary_counts() {
    let (archive, summary) = written(&front(), &documents());
    assert_eq!(summary.archive_bytes, archive.len() as u64);
    let bytes = documents().iter().map(|document| document.as_bytes().len() as u64).sum();
    assert_eq!(summary.contents.documents, Count { count: 5, bytes });
    assert_eq!(summary.contents.admins.unwrap().count, 2);
    let (front_read, verified) = verify(&archive[..], true).unwrap();
    assert_eq!((front_read, verified), (front(), summary));
}

#[test]
fn admins_that_are_left_out_are_named() {
    let mut front = front();
    front.admins = None;
    let (archive, _) = written(&front, &[]);
    let (read, summary) = verify(&archive[..], true).unwrap();
    assert_eq!(read.admins, None);
    assert_eq!(read.manifest.left_out.last(), Some(&LeftOut::Admins));
    assert_eq!(summary.contents.admins, None);
}

#[test]
fn documents_of_any_size_go_through() {
    let of = |size: usize| one(ElementType::String, &string(&vec![b'x'; size]));
    let mut documents: Vec<RawDocumentBuf> =
        [1, 60_000, 70_000, 300_000, DOCUMENT_MOST - 13].map(of).to_vec();
    assert_eq!(documents[4].as_bytes().len(), DOCUMENT_MOST);
    documents.extend(super::documents());
    let (archive, _) = written(&front(), &documents);
    let (_, read, _) = read(&archive).unwrap();
    assert!(read == documents);

    let mut spool = Spool::new(&std::env::temp_dir()).unwrap();
    let error = spool.push(&of(DOCUMENT_MOST - 12)).unwrap_err();
    assert_eq!(
        error.to_string(),
        "documents.bson would have 16793601 bytes; an archive holds at most 16793600"
    );
}

#[test]
fn a_source_may_hand_out_one_byte_at_a_time() {
    struct Slow<'a>(&'a [u8]);
    impl std::io::Read for Slow<'_> {
        fn read(&mut self, buffer: &mut [u8]) -> std::io::Result<usize> {
            let most = buffer.len().min(1);
            std::io::Read::read(&mut self.0, &mut buffer[..most])
        }
    }
    let (archive, summary) = written(&front(), &documents());
    assert_eq!(verify(Slow(&archive), true).unwrap().1, summary);
}

#[test]
fn nothing_is_written_when_a_part_is_too_large() {
    let mut front = front();
    front.admins = Some(vec![one(ElementType::String, &string(&vec![b'x'; 1 << 24]))]);
    let mut target = Vec::new();
    let spool = Spool::new(&std::env::temp_dir()).unwrap();
    let error = spool.finish(&front, &mut target).unwrap_err();
    assert!(matches!(error, WriteError::TooLarge { member: Member::Admins, .. }), "{error}");
    assert_eq!(target, b"");
}

#[test]
fn a_target_that_takes_no_more_is_named() {
    struct Full;
    impl std::io::Write for Full {
        fn write(&mut self, _: &[u8]) -> std::io::Result<usize> {
            Err(std::io::ErrorKind::StorageFull.into())
        }
        fn flush(&mut self) -> std::io::Result<()> {
            Ok(())
        }
    }
    let spool = Spool::new(&std::env::temp_dir()).unwrap();
    let error = spool.finish(&front(), &mut Full).unwrap_err();
    assert!(matches!(error, WriteError::Target(_)), "{error}");
    let error = Spool::new(std::path::Path::new("/nowhere")).err().unwrap();
    assert!(matches!(error, WriteError::Spool(_)), "{error}");
}

#[test]
fn metadata_is_as_mongodump_writes_it() {
    let json = String::from_utf8(front().collection.write().unwrap()).unwrap();
    assert_eq!(
        json,
        r#"{"options":{"validator":{"n":{"$gt":{"$numberLong":"1"}}}},"#.to_owned()
            + r#""indexes":[{"v":{"$numberInt":"2"},"key":{"_id":{"$numberInt":"1"}},"name":"_id_"}],"#
            + r#""uuid":"5a5a5a5a5a5a5a5a5a5a5a5a5a5a5a5a","collectionName":"org_acme","type":"collection"}"#
    );
    let of_mongodump = r#"{"indexes":[],"uuid":"","collectionName":"a","type":"collection"}"#;
    assert!(Collection::read(of_mongodump.as_bytes()).is_err());
    let of_mongodump = r#"{"indexes":[],"collectionName":"a","type":"collection"}"#;
    assert_eq!(Collection::read(of_mongodump.as_bytes()).unwrap().options, rawdoc! {});
}

#[test]
fn what_extended_json_cannot_say_is_in_the_metadata_as_bytes() {
    let mut collection = front().collection;
    collection.indexes.push(rawdoc! {
        "key": { "a": 1 }, "name": "a", "partialFilterExpression": { "a": { "$oid": 1 } }
    });
    let json = String::from_utf8(collection.write().unwrap()).unwrap();
    assert!(json.contains(r#""tenantryBson":"#), "{json}");
    assert!(parse(&json).is_err());
    assert_eq!(Collection::read(json.as_bytes()).unwrap(), collection);
    let mut text = String::new();
    canonical(&collection.indexes[1], &mut text).unwrap();
    assert!(json.contains(&text), "for mongorestore, as well as it goes: {json}");
}

#[test]
fn both_ends_go_into_another_thread() {
    fn goes<T: Send>() {}
    goes::<Spool>();
    goes::<Reader<std::fs::File>>();
    goes::<NewFile>();
}

#[test]
fn as_many_levels_as_a_server_stores_are_carried_and_one_more_is_named() {
    let nested = |levels| (1..levels).fold(rawdoc! {}, |inside, _| rawdoc! { "a": inside });
    let documents = [nested(DEPTH_MOST)];
    let (archive, _) = written(&front(), &documents);
    assert_eq!(read(&archive).unwrap().1, documents);
    verify(&archive[..], true).unwrap();

    let (archive, _) = written(&front(), &[nested(DEPTH_MOST + 1)]);
    verify(&archive[..], false).unwrap();
    let error = verify(&archive[..], true).unwrap_err().to_string();
    assert!(error.contains("more levels than a server stores"), "{error}");
}
