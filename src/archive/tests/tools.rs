//! Other programs read an archive, not only this one.

use std::{
    fs,
    io::Write as _,
    process::{Command, Stdio},
};

use bson::RawDocumentBuf;

use super::{decompressed, documents, front, small};

#[test]
fn tar_extracts_it() {
    let directory = tempfile::tempdir().unwrap();
    let mut tar = Command::new("tar")
        .args(["-xvpf", "-"])
        .current_dir(directory.path())
        .stdin(Stdio::piped())
        .stdout(Stdio::piped())
        .stderr(Stdio::piped())
        .spawn()
        .unwrap();
    tar.stdin.take().unwrap().write_all(&decompressed(&small())).unwrap();
    let output = tar.wait_with_output().unwrap();
    assert!(output.status.success(), "{output:?}");
    // BSD's tar says on stderr what it extracts.
    let said = String::from_utf8([output.stdout, output.stderr].concat()).unwrap();
    let names: Vec<&str> = said.lines().map(|line| line.trim_start_matches("x ")).collect();
    let wanted = [
        "manifest.json",
        "organization.bson",
        "admins.bson",
        "documents.metadata.json",
        "documents.bson",
        "digests.json",
    ];
    assert_eq!(names, wanted);

    let file = |name| fs::read(directory.path().join(name)).unwrap();
    let bytes: Vec<u8> = documents().into_iter().flat_map(RawDocumentBuf::into_bytes).collect();
    assert_eq!(file("documents.bson"), bytes);
    assert_eq!(file("organization.bson"), front().organization.as_bytes());
    let manifest: serde_json::Value = serde_json::from_slice(&file("manifest.json")).unwrap();
    assert_eq!(
        manifest,
        serde_json::json!({
            "format": "tenantry-organization",
            "version": 1,
            "program_version": env!("CARGO_PKG_VERSION"),
            "created_at": "2025-11-24T16:00:00.123Z",
            "source": { "kind": "mongodb", "server_version": "6.0.5" },
            "organization": { "id": "070707070707070707070707", "name": "Acme & Söhne" },
            "consistency": {
                "kind": "snapshot",
                "cluster_time": { "$timestamp": { "t": 1_764_000_000, "i": 3 } },
            },
            "left_out": ["second_factors", "sessions"],
            "admins": { "count": 2, "bytes": 54 },
            "documents": { "count": 5, "bytes": bytes.len() },
        })
    );
    let digests: serde_json::Value = serde_json::from_slice(&file("digests.json")).unwrap();
    assert_eq!(digests["complete"], true);
    assert_eq!(digests["members"][4]["name"], "documents.bson");
    assert_eq!(digests["members"][4]["bytes"], bytes.len());
}
