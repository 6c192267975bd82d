//! The collection an organization's data lives in: `org_` and a slug of its name.

use std::fmt;

use sha2::{Digest, Sha256};

/// The longest slug, in bytes.
pub const SLUG_MOST: usize = 63;

/// The digits of the suffix that tells collections with equal slugs apart.
const HASH: usize = 8;

/// What every organization's collection begins with, and nothing else in the database does.
pub const COLLECTION_PREFIX: &str = "org_";

/// The name of a collection that belongs to a new or renamed organization: `org_` and [`slug`],
/// or one it has had.
#[derive(Clone, Debug, PartialEq, Eq, Hash)]
pub struct CollectionName(String);

impl CollectionName {
    /// The collection for a name.
    #[must_use]
    pub fn from_name(name: &super::OrgName) -> Self {
        Self(format!("{COLLECTION_PREFIX}{}", slug(name.as_str())))
    }

    /// The collection for a name if another name, with different letters, has [`CollectionName::from_name`]: with a
    /// suffix of 8 hexadecimal digits, from the SHA-256 of [`super::name_letters`]. Always the same for a name.
    #[must_use]
    pub fn beside(name: &super::OrgName) -> Self {
        let hash = hex::encode(Sha256::digest(super::name_letters(name.as_str())));
        let hash: String = hash.chars().take(HASH).collect();
        let mut slug = slug(name.as_str());
        slug.truncate(SLUG_MOST - HASH - 1);
        Self(format!("{COLLECTION_PREFIX}{}_{hash}", slug.trim_end_matches('_')))
    }

    /// The collection that an organization had, which another program may have named by a rule of its own.
    #[must_use]
    pub fn had_by(org: &super::Org) -> Self {
        Self(org.collection.raw().to_owned())
    }

    /// The collection's name in the database.
    #[must_use]
    pub fn as_str(&self) -> &str {
        &self.0
    }
}

impl fmt::Display for CollectionName {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        formatter.pad(&self.0)
    }
}

/// Transliterated to ASCII, lower case, everything but letters and digits as `_`, runs collapsed, ends
/// trimmed, at most 63 bytes. Never empty: what has no transliteration becomes its code points in hex.
#[must_use]
pub fn slug(name: &str) -> String {
    let mut slug = joined(&deunicode::deunicode_with_tofu(name, ""));
    if slug.is_empty() {
        let points: Vec<String> = name.chars().map(|c| format!("u{:x}", u32::from(c))).collect();
        slug = if points.is_empty() { "unnamed".to_owned() } else { points.join("_") };
    }
    slug.truncate(SLUG_MOST);
    slug.trim_end_matches('_').to_owned()
}

fn joined(ascii: &str) -> String {
    ascii
        .split(|c: char| !c.is_ascii_alphanumeric())
        .filter(|run| !run.is_empty())
        .map(str::to_ascii_lowercase)
        .collect::<Vec<_>>()
        .join("_")
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;
    use crate::org::OrgName;

    fn collection(name: &str) -> String {
        CollectionName::from_name(&OrgName::parse(name).unwrap()).0
    }

    #[test]
    fn plain_names_keep_their_shape() {
        assert_eq!(collection("acme_corp"), "org_acme_corp");
        assert_eq!(collection("Acme Corp"), "org_acme_corp");
        assert_eq!(collection("acme-corp"), "org_acme_corp");
        assert_eq!(collection("--Acme & Söhne. 2"), "org_acme_sohne_2");
    }

    #[test]
    fn other_scripts_are_transliterated() {
        assert_eq!(collection("Москва"), "org_moskva");
        assert_eq!(collection("北京"), "org_bei_jing");
    }

    #[test]
    fn a_name_without_transliteration_still_has_a_slug() {
        assert_eq!(slug("\u{1e9c0}"), "u1e9c0");
        assert_eq!(slug(""), "unnamed");
    }

    proptest! {
        #[test]
        fn a_slug_is_plain_ascii_never_empty_and_never_long(name in "\\PC{0,80}") {
            let slug = slug(&name);
            prop_assert!((1..=SLUG_MOST).contains(&slug.len()));
            prop_assert!(slug.bytes().all(|b| matches!(b, b'a'..=b'z' | b'0'..=b'9' | b'_')));
            prop_assert!(!slug.starts_with('_') && !slug.ends_with('_') && !slug.contains("__"));
        }

        #[test]
        fn a_slug_is_its_own_slug(name in "\\PC{0,80}") {
            let once = slug(&name);
            prop_assert_eq!(slug(&once), once);
        }
    }
}
