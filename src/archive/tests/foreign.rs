//! What is no archive of this program, or tries to be more than one.

use sha2::{Digest as _, Sha256};

use super::{Packed, compressed, decompressed, front, packed, read, small, unpacked, written};
use crate::archive::{
    LeftOut, Member, ReadError,
    tar::{BLOCK, header},
};

fn said(bytes: &[u8]) -> String {
    read(bytes).unwrap_err().to_string()
}

#[test]
fn another_file_is_named_for_what_it_is() {
    const NOT: &str = "this is not an organization exported by Tenantry: ";
    let tar = decompressed(&small());
    let foreign = packed(&[Packed::new("notes.txt", b"hello")]);
    for (bytes, why) in [
        (&b""[..], "it is empty"),
        (b"some text", "it is not compressed with zstd"),
        (b"PK\x03\x04 and more", "it is a ZIP file"),
        (b"\x1f\x8b\x08 and more", "it is compressed with gzip"),
        (&tar, "it is a tar file that is not compressed with zstd"),
        (&compressed(b"text"), "it holds no tar file"),
        (&compressed(&[7; 4096]), "this is no tar header"),
        (&compressed(&[0; 1024]), "no member is here"),
        (&foreign, "it begins with the file “notes.txt”"),
        (
            &packed(&[Packed::new("manifest.json", br#"{"name":"an app","version":"1"}"#)]),
            "its manifest.json is of something else",
        ),
    ] {
        assert_eq!(said(bytes), format!("{NOT}{why}"));
    }
}

#[test]
fn a_newer_format_is_refused_with_its_number() {
    let manifest = |text: &str| packed(&[Packed::new("manifest.json", text.as_bytes())]);
    let newer = manifest(r#"{"format":"tenantry-organization","version":2,"all":"else"}"#);
    assert_eq!(
        said(&newer),
        "this archive has format 2; this version of Tenantry reads formats up to 1"
    );
    let none = manifest(r#"{"format":"tenantry-organization","version":0}"#);
    assert!(said(&none).ends_with("there is no format 0"), "{}", said(&none));
}

#[test]
fn what_a_later_version_says_in_this_format_is_passed_over() {
    let mut members = unpacked(&small());
    let text = |member: &Packed| String::from_utf8(member.bytes.clone()).unwrap();
    let manifest = text(&members[0]);
    let later =
        manifest.replace("\"left_out\": [", "\"new\": { \"a\": 1 }, \"left_out\": [\"pets\",");
    let digest = |text: &str| hex::encode(Sha256::digest(text));
    let digests = text(&members[5]).replace(&digest(&manifest), &digest(&later)).replacen(
        &format!("\"bytes\": {}", manifest.len()),
        &format!("\"bytes\": {}", later.len()),
        1,
    );
    members[0] = Packed::new("manifest.json", later.as_bytes());
    members[5] = Packed::new("digests.json", digests.as_bytes());
    let (read, ..) = read(&packed(&members)).unwrap();
    assert_eq!(read.manifest.left_out[0], LeftOut::Other("pets".into()));
    let mut manifest = read.manifest;
    manifest.left_out.remove(0);
    assert_eq!(manifest, front().manifest);
}

fn order(change: impl FnOnce(&mut Vec<Packed>)) -> String {
    let mut members = unpacked(&small());
    change(&mut members);
    said(&packed(&members))
}

#[test]
fn members_have_their_order_and_stand_there_once() {
    let unexpected = |name: &str, expected: &str| {
        format!("unexpected file “{name}” in the archive; {expected} should be here")
    };
    assert_eq!(order(|m| m.swap(1, 2)), unexpected("admins.bson", "organization.bson"));
    assert_eq!(order(|m| m.swap(3, 4)), unexpected("documents.bson", "documents.metadata.json"));
    assert_eq!(
        order(|m| m.insert(1, m[0].clone())),
        unexpected("manifest.json", "organization.bson")
    );
    assert_eq!(order(|m| m.insert(5, m[4].clone())), unexpected("documents.bson", "digests.json"));
    assert_eq!(order(|m| drop(m.remove(2))), unexpected("documents.metadata.json", "admins.bson"));
    assert_eq!(
        order(|m| drop(m.remove(5))),
        "the archive is damaged in the tar header of digests.json: no member is here"
    );
    assert_eq!(
        order(|m| m.push(m[5].clone())),
        "the archive is damaged at its end: something follows the last member"
    );
    let mut front = front();
    front.admins = None;
    let mut members = unpacked(&written(&front, &[]).0);
    members.insert(2, Packed::new("admins.bson", b""));
    let error = said(&packed(&members));
    assert_eq!(error, unexpected("admins.bson", "documents.metadata.json"));
}

#[test]
fn no_path_and_no_link_is_followed() {
    for name in ["../admins.bson", "/etc/passwd", "./admins.bson", "a/admins.bson", "\u{1b}[2J"] {
        let error = order(|members| members[2] = Packed::new(name, b""));
        assert!(error.starts_with("unexpected file “"), "{error}");
        assert!(!error.contains('\u{1b}'), "{error}");
    }
    for (kind, word) in
        [(b'2', "symbolic link"), (b'1', "hard link"), (b'5', "folder"), (b'x', "PAX")]
    {
        let error = order(|members| {
            let block = &mut members[2].header;
            let (old, new) = (u32::from(block[156]), u32::from(kind));
            block[156] = kind;
            let sum = u32::from_str_radix(str::from_utf8(&block[148..154]).unwrap(), 8).unwrap();
            block[148..154].copy_from_slice(format!("{:06o}", sum + new - old).as_bytes());
        });
        assert!(error.starts_with(&format!("unexpected {word}")), "{error}");
    }
}

#[test]
fn what_is_announced_takes_no_memory() {
    // Documents of an exabyte, the first of them 16 MB; a manifest of a gigabyte.
    let mut members = unpacked(&small());
    let manifest = String::from_utf8(members[0].bytes.clone()).unwrap();
    let bytes = members[4].bytes.len();
    let manifest =
        manifest.replace(&format!("\"bytes\": {bytes}"), &format!("\"bytes\": {}", 1_u64 << 60));
    members[0] = Packed::new("manifest.json", manifest.as_bytes());
    members[4].header = header("documents.bson", 1 << 60, 0);
    members[4].bytes = [&(1_i32 << 24).to_le_bytes()[..], &[1; 100]].concat();
    members.truncate(5);
    let mut tar = decompressed(&packed(&members));
    // What was added as padding and end is no part of it here.
    let at = tar.len() - 2 * BLOCK - (BLOCK - 104);
    tar.truncate(at);
    assert_eq!(said(&compressed(&tar)), "the archive is cut off in documents.bson at byte 104");

    for member in [Member::Manifest, Member::Organization, Member::Admins, Member::Digests] {
        let error = order(|members| {
            members[member as usize].header = header(member.name(), 1 << 30, 0);
        });
        assert!(error.contains("it says 1073741824 bytes; at most"), "{error}");
    }
}

#[test]
fn a_window_of_zstd_may_not_be_any_size() {
    let tar = decompressed(&small());
    let mut encoder = zstd::Encoder::new(Vec::new(), 1).unwrap();
    encoder.window_log(27).unwrap();
    std::io::Write::write_all(&mut encoder, &tar).unwrap();
    let error = read(&encoder.finish().unwrap()).unwrap_err();
    assert!(matches!(error, ReadError::Damaged { .. }), "{error}");
    let best = zstd::encode_all(&tar[..], 19).unwrap();
    read(&best).unwrap();
}
