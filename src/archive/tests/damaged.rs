//! An archive that is not as it was written.

use bson::{RawDocumentBuf, rawdoc};

use super::{Packed, compressed, decompressed, documents, front, packed, read, small, unpacked};
use crate::archive::{Front, Member, Place, ReadError, Spool, tar::BLOCK, verify};

/// Reads it, and says whether it was taken for whole. Then it is what was written.
fn accepted(archive: &[u8], what: &str) -> bool {
    match read(archive) {
        Ok((read_front, read_documents, _)) => {
            assert_eq!(read_front, front(), "{what}");
            assert_eq!(read_documents, documents(), "{what}");
            true
        }
        Err(error) => {
            assert!(!error.to_string().is_empty());
            false
        }
    }
}

#[test]
fn a_cut_is_seen_wherever_it_is() {
    let archive = small();
    assert!(accepted(&archive, "whole"));
    for end in 0..archive.len() {
        assert!(!accepted(&archive[..end], "cut"), "{end} of {}", archive.len());
    }
    let tar = decompressed(&archive);
    for end in (0..tar.len()).step_by(7) {
        let error = read(&compressed(&tar[..end])).unwrap_err();
        let cut = matches!(error, ReadError::CutOff { .. });
        assert!(cut || end == 0, "{end}: {error}");
    }
}

#[test]
fn another_byte_is_never_taken_for_the_right_one() {
    let archive = small();
    let mut equal = 0;
    for at in 0..archive.len() {
        for mask in [1, 0x80, 0xff] {
            let mut damaged = archive.clone();
            damaged[at] ^= mask;
            equal += u32::from(accepted(&damaged, &format!("byte {at}")));
        }
    }
    // Bits that zstd does not use.
    assert!(equal < 20, "{equal}");
}

#[test]
fn another_byte_behind_a_right_checksum_is_seen_as_well() {
    let tar = decompressed(&small());
    let mut equal = 0;
    for at in (0..tar.len()).step_by(3) {
        let mut damaged = tar.clone();
        damaged[at] ^= 0x10;
        equal += u32::from(accepted(&compressed(&damaged), &format!("byte {at}")));
    }
    // A space for a zero in front of a header's checksum.
    assert!(equal <= 6, "{equal}");
}

#[test]
fn what_follows_is_refused() {
    let archive = small();
    for more in [&b"\0"[..], b"xxxx", b"a longer piece of text", &archive, &compressed(b"x")] {
        assert!(!accepted(&[&archive[..], more].concat(), "more"), "{more:?}");
    }
    let tar = decompressed(&archive);
    // As `tar` fills up its last record.
    for blocks in [1, 2, 19] {
        let filled = [&tar[..], &vec![0; blocks * BLOCK]].concat();
        assert!(accepted(&compressed(&filled), "filled up"), "{blocks}");
    }
    let filled = [&tar[..], &[0; BLOCK], b"x"].concat();
    assert!(read(&compressed(&filled)).is_err());
    assert!(read(&compressed(&[&tar[..], &vec![0; 2 << 20]].concat())).is_err());
    let error = read(&compressed(&[&tar[..], b"\0"].concat())).unwrap_err();
    assert_eq!(error.to_string(), "the archive is damaged at its end: something follows");
}

/// An archive whose members were changed, and what is said of it.
fn changed(change: impl FnOnce(&mut Vec<Packed>)) -> String {
    let mut members = unpacked(&small());
    change(&mut members);
    read(&packed(&members)).unwrap_err().to_string()
}

fn replaced(member: Member, with: &[u8]) -> String {
    changed(|members| members[member as usize] = Packed::new(member.name(), with))
}

#[test]
fn an_error_says_where_and_what() {
    let archive = small();
    let error = read(&archive[..archive.len() - 20]).unwrap_err();
    assert!(error.to_string().starts_with("the archive is cut off "), "{error}");

    let all: Vec<u8> = documents().into_iter().flat_map(RawDocumentBuf::into_bytes).collect();
    let mut other = all.clone();
    other[80] ^= 1;
    assert_eq!(
        replaced(Member::Documents, &other),
        "the archive is damaged in documents.bson: its SHA-256 is not the one in digests.json"
    );
    other = all.clone();
    other[66] = 255;
    other[67] = 1;
    assert_eq!(
        replaced(Member::Documents, &other),
        "the archive is damaged in documents.bson, document 2 at byte 66: its length is 511, \
         and the member ends before that"
    );
    other = all.clone();
    other[69] = 0x7f;
    assert_eq!(
        replaced(Member::Documents, &other),
        "the archive is damaged in documents.bson, document 2 at byte 66: its length is \
         2130706498; 5 to 16793600 are possible"
    );
    other = all.clone();
    other[131] = 1;
    assert!(replaced(Member::Documents, &other).contains("document 2 at byte 66"));
    assert_eq!(
        replaced(Member::Documents, &all[66..]),
        "the archive is damaged in the tar header of documents.bson: it has another size than in \
         manifest.json"
    );
    assert_eq!(
        replaced(Member::Organization, b""),
        "the archive is damaged in organization.bson: it is empty"
    );
    assert_eq!(
        replaced(Member::Organization, &all),
        "the archive is damaged in organization.bson: it holds more than one document"
    );
    assert_eq!(
        replaced(Member::Admins, &all),
        "the archive is damaged in admins.bson: 5 were read; manifest.json says 2"
    );
    let two = rawdoc! { "email": "x@acme.com" }.into_bytes();
    assert_eq!(
        replaced(Member::Admins, &[&two[..], &two].concat()),
        "the archive is damaged in admins.bson: its SHA-256 is not the one in digests.json"
    );
    assert!(replaced(Member::Metadata, b"{}").contains("documents.metadata.json: missing field"));
    assert!(replaced(Member::Digests, b"{}").contains("digests.json: missing field"));
}

#[test]
fn an_archive_that_was_not_completed_is_refused() {
    let error = changed(|members| {
        let digests = String::from_utf8(members[5].bytes.clone()).unwrap();
        let digests = digests.replace(r#""complete": true"#, r#""complete": false"#);
        members[5] = Packed::new("digests.json", digests.as_bytes());
    });
    assert!(error.ends_with("it says that the archive is not complete"), "{error}");
}

#[test]
fn what_an_archive_says_reaches_no_terminal_as_it_is() {
    let error = changed(|members| {
        let manifest = String::from_utf8(members[0].bytes.clone()).unwrap();
        let manifest = manifest.replace("\"snapshot\"", "\"\\u001b[2J\"");
        members[0] = Packed::new("manifest.json", manifest.as_bytes());
    });
    assert!(error.contains("unknown variant") && error.contains("\\u{1b}[2J"), "{error}");
}

#[test]
fn more_admins_or_indexes_than_memory_holds_are_refused() {
    let mut front = front();
    front.admins = Some(vec![rawdoc! {}; 50_001]);
    let directory = std::env::temp_dir();
    let refused = |front: &Front| {
        let spool = Spool::new(&directory).unwrap();
        spool.finish(front, &mut std::io::sink()).unwrap_err().to_string()
    };
    assert_eq!(refused(&front), "admins.bson would hold 50001; an archive holds at most 50000");
    front.admins = None;
    front.collection.indexes = vec![rawdoc! {}; 1001];
    let wanted = "documents.metadata.json would hold 1001; an archive holds at most 1000";
    assert_eq!(refused(&front), wanted);

    let admins = rawdoc! {}.into_bytes().repeat(50_001);
    let wanted = "the archive is damaged in admins.bson: it holds more than 50000";
    assert_eq!(replaced(Member::Admins, &admins), wanted);
    let indexes = format!(
        r#"{{"indexes":[{}],"collectionName":"a","type":"collection"}}"#,
        vec!["{}"; 1001].join(",")
    );
    let error = replaced(Member::Metadata, indexes.as_bytes());
    assert!(error.ends_with("it holds more than 1000 indexes"), "{error}");
}

#[test]
fn a_source_that_fails_is_not_called_damaged() {
    struct Broken<'a>(&'a [u8]);
    impl std::io::Read for Broken<'_> {
        fn read(&mut self, buffer: &mut [u8]) -> std::io::Result<usize> {
            match self.0.len() {
                0 => Err(std::io::ErrorKind::ConnectionReset.into()),
                _ => std::io::Read::read(&mut self.0, buffer),
            }
        }
    }
    let archive = small();
    for end in [0, 2, 600, archive.len() - 1] {
        let error = verify(Broken(&archive[..end]), false).unwrap_err();
        assert!(matches!(error, ReadError::Source(_)), "{error}");
    }
}

#[test]
fn only_a_deep_look_sees_a_value_that_cannot_be_read() {
    let mut documents = documents();
    // A boolean field's type becomes a number's.
    let mut bytes = rawdoc! { "a": true }.into_bytes();
    bytes[4] = 0x12;
    documents.push(RawDocumentBuf::from_bytes(bytes).unwrap());
    let (archive, _) = super::written(&front(), &documents);
    verify(&archive[..], false).unwrap();
    let error = verify(&archive[..], true).unwrap_err();
    let ReadError::Damaged { at, what } = error else { panic!("{error}") };
    assert_eq!(at, Place::Document { member: Member::Documents, number: 6, at: 330 });
    assert_eq!(what, "not a BSON document: more announced than there is at byte 7");

    for (index, missing) in [
        (rawdoc! { "key": { "a": 1 } }, "index 2 has no name"),
        (rawdoc! { "key": 1, "name": "a" }, "index 2 has no key"),
    ] {
        let mut front = front();
        front.collection.indexes.push(index);
        let (archive, _) = super::written(&front, &[]);
        verify(&archive[..], false).unwrap();
        let error = verify(&archive[..], true).unwrap_err().to_string();
        let wanted = format!("the archive is damaged in documents.metadata.json: {missing}");
        assert_eq!(error, wanted);
    }
}
