//! Secrets that are in files of their own.

use std::{fs, os::unix::fs::MetadataExt as _, path::Path};

use zeroize::Zeroizing;

use crate::org::Secret;

/// The secret in a file, which only its owner may read, without the spaces and line ends around it. Blocks on the disk.
///
/// # Errors
/// Why it cannot be used.
pub fn read(path: &Path) -> Result<Secret, String> {
    let metadata = fs::metadata(path).map_err(|error| error.to_string())?;
    if metadata.mode() & 0o077 != 0 {
        return Err("other users can read or write it; run `chmod 600` on it".to_owned());
    }
    let text = Zeroizing::new(fs::read_to_string(path).map_err(|error| error.to_string())?);
    Ok(Secret::from(text.trim().to_owned()))
}
