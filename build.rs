//! What `tenantry --version` says of the build, in release builds: the commit and its day. Other
//! builds would be made anew after each commit for it.

use std::{path::Path, process::Command};

fn main() {
    let release = std::env::var("PROFILE").is_ok_and(|profile| profile == "release");
    let build = if release { commit().unwrap_or_default() } else { " (debug build)".to_owned() };
    println!("cargo::rustc-env=TENANTRY_BUILD={build}");
    println!("cargo::rerun-if-changed=build.rs");
    if release {
        for watched in ["Cargo.lock", "Cargo.toml", "src", "assets"] {
            println!("cargo::rerun-if-changed={watched}");
        }
        // What the commit hangs on; an archive has none of these.
        for watched in [".git/HEAD", ".git/index", ".git/logs/HEAD"] {
            if Path::new(watched).exists() {
                println!("cargo::rerun-if-changed={watched}");
            }
        }
    }
}

/// The commit that this was built from, its day, and whether anything was changed since.
fn commit() -> Option<String> {
    // In an archive below somebody else's repository, git would tell of that one.
    Path::new(".git").exists().then_some(())?;
    let commit = git(&["log", "-1", "--format=%h %cs", "--abbrev=9"])?;
    let changed = git(&["status", "--porcelain", "--untracked-files=no"])?;
    let changed = if changed.is_empty() { "" } else { ", changed since" };
    Some(format!(" ({commit}{changed})"))
}

fn git(arguments: &[&str]) -> Option<String> {
    let output = Command::new("git").args(arguments).output().ok()?;
    let text = String::from_utf8(output.stdout).ok()?;
    output.status.success().then(|| text.trim().to_owned())
}
