//! Archives, written, read and damaged.

mod damaged;
mod foreign;
mod round_trip;
mod tools;

use std::io::Read as _;

use bson::{DateTime, RawDocumentBuf, Timestamp, oid::ObjectId, rawdoc};

use super::{
    Collection, Consistency, Front, Identity, LeftOut, Manifest, PROGRAM_VERSION, ReadError,
    Reader, Source, SourceKind, Spool, Summary,
    tar::{self, BLOCK, Found},
};

/// What stands in front of a few documents.
fn front() -> Front {
    Front {
        manifest: Manifest {
            program_version: PROGRAM_VERSION.into(),
            created_at: DateTime::from_millis(1_764_000_000_123),
            source: Source { kind: SourceKind::Mongodb, server_version: Some("6.0.5".into()) },
            organization: Identity {
                id: ObjectId::from_bytes([7; 12]),
                name: "Acme & Söhne".into(),
            },
            consistency: Consistency::Snapshot {
                cluster_time: Timestamp { time: 1_764_000_000, increment: 3 },
            },
            left_out: vec![LeftOut::SecondFactors, LeftOut::Sessions],
        },
        organization: rawdoc! { "_id": ObjectId::from_bytes([7; 12]), "organization_name": "Acme" },
        admins: Some(vec![rawdoc! { "email": "a@acme.com" }, rawdoc! { "email": "b@acme.com" }]),
        collection: Collection {
            name: "org_acme".into(),
            uuid: Some(bson::Uuid::from_bytes([0x5a; 16])),
            options: rawdoc! { "validator": { "n": { "$gt": 1_i64 } } },
            indexes: vec![rawdoc! { "v": 2, "key": { "_id": 1 }, "name": "_id_" }],
        },
    }
}

fn documents() -> Vec<RawDocumentBuf> {
    (0..5).map(|n| rawdoc! { "_id": n, "text": "some text ".repeat(3), "n": 1_i64 << n }).collect()
}

/// An archive, and what writing it said.
fn written(front: &Front, documents: &[RawDocumentBuf]) -> (Vec<u8>, Summary) {
    let directory = tempfile::tempdir().unwrap();
    let mut spool = Spool::new(directory.path()).unwrap();
    for document in documents {
        spool.push(document).unwrap();
    }
    let mut archive = Vec::new();
    let summary = spool.finish(front, &mut archive).unwrap();
    assert_eq!(directory.path().read_dir().unwrap().count(), 0);
    (archive, summary)
}

fn small() -> Vec<u8> {
    written(&front(), &documents()).0
}

/// Everything in an archive.
fn read(archive: &[u8]) -> Result<(Front, Vec<RawDocumentBuf>, Summary), ReadError> {
    let mut reader = Reader::open(archive)?;
    let mut documents = Vec::new();
    while let Some(document) = reader.next_document()? {
        documents.push(document);
    }
    let front = reader.front().clone();
    Ok((front, documents, reader.finish()?))
}

/// A tar file without its compression.
fn decompressed(archive: &[u8]) -> Vec<u8> {
    let mut tar = Vec::new();
    zstd::Decoder::new(archive).unwrap().read_to_end(&mut tar).unwrap();
    tar
}

fn compressed(tar: &[u8]) -> Vec<u8> {
    zstd::encode_all(tar, 1).unwrap()
}

/// One member of a tar file: its header and its content.
#[derive(Clone)]
struct Packed {
    header: [u8; BLOCK],
    bytes: Vec<u8>,
}

impl Packed {
    fn new(name: &str, bytes: &[u8]) -> Self {
        let bytes = bytes.to_vec();
        Self { header: tar::header(name, bytes.len() as u64, 0), bytes }
    }
}

fn unpacked(archive: &[u8]) -> Vec<Packed> {
    let tar = decompressed(archive);
    let (mut members, mut at) = (Vec::new(), 0);
    loop {
        let header: [u8; BLOCK] = tar[at..at + BLOCK].try_into().unwrap();
        let Found::Header(read) = tar::read(&header) else { return members };
        let size = usize::try_from(read.size).unwrap();
        at += BLOCK;
        members.push(Packed { header, bytes: tar[at..at + size].to_vec() });
        at += size + tar::padding(read.size);
    }
}

fn packed(members: &[Packed]) -> Vec<u8> {
    let mut tar = Vec::new();
    for member in members {
        tar.extend_from_slice(&member.header);
        tar.extend_from_slice(&member.bytes);
        tar.resize(tar.len() + tar::padding(member.bytes.len() as u64), 0);
    }
    tar.resize(tar.len() + 2 * BLOCK, 0);
    compressed(&tar)
}
