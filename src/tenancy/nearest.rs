//! The nearest names to one that does not exist.

use super::{Result, Tenancy};
use crate::{
    org::{Org, fold},
    store::{ListScope, PageQuery},
};

/// How many candidates each part of a mistyped name yields.
const CANDIDATES: u32 = 200;

/// How many names are offered.
const OFFERED: usize = 3;

/// The longest text, in characters, that counts as a mistyped name.
const LONGEST: usize = 64;

impl Tenancy {
    /// The organizations with names near to the text, nearest first: a few letters are changed, missing, added or
    /// swapped. Empty if there are none.
    ///
    /// # Errors
    /// The database's.
    pub async fn nearest(&self, typed: &str, among: ListScope) -> Result<Vec<Org>> {
        let typed: Vec<char> = fold(typed).chars().collect();
        if !(3..=LONGEST).contains(&typed.len()) {
            return Ok(Vec::new());
        }
        let mut near: Vec<(usize, Org)> = Vec::new();
        for part in parts(&typed) {
            let query = PageQuery::first(among, Some(part), CANDIDATES);
            for org in self.store.page(&query).await?.orgs {
                let distance = distance(&typed, org.name.raw());
                if distance <= typed.len().div_ceil(4) && near.iter().all(|(_, n)| n.id != org.id) {
                    near.push((distance, org));
                }
            }
        }
        near.sort_by_cached_key(|(distance, org)| (*distance, org.name.raw().to_owned()));
        Ok(near.into_iter().take(OFFERED).map(|(_, org)| org).collect())
    }
}

/// Parts of the text. At least one of them is correct unless most of the text is wrong.
fn parts(typed: &[char]) -> Vec<String> {
    let middle = typed.len() / 2;
    let most = typed.len().min(4);
    let three = typed.len().min(3);
    let mut parts: Vec<String> = [
        typed.get(..most),
        typed.get(..2),
        typed.get(typed.len() - most..),
        typed.get(middle.saturating_sub(1)..(middle + 2).min(typed.len())),
        typed.get(1..three + 1),
        typed.get(typed.len() - three..),
    ]
    .into_iter()
    .flatten()
    .map(|part| part.iter().collect::<String>().trim().to_owned())
    .filter(|part| !part.is_empty())
    .collect();
    parts.dedup();
    parts
}

/// The edit distance to a name, or to the beginning of a longer one.
fn distance(typed: &[char], name: &str) -> usize {
    let (typed, name): (String, String) = (typed.iter().collect(), fold(name));
    let beginning: String = name.chars().take(typed.chars().count()).collect();
    let whole = strsim::osa_distance(&typed, &name);
    // A whole name is nearer than the beginning of one.
    whole.min(strsim::osa_distance(&typed, &beginning) + 1)
}

#[cfg(test)]
mod tests {
    use super::*;

    fn far(typed: &str, name: &str) -> usize {
        let typed: Vec<char> = fold(typed).chars().collect();
        distance(&typed, name)
    }

    #[test]
    fn swapped_missing_and_other_letters_are_near() {
        assert_eq!(far("glboex", "Globex"), 1);
        assert_eq!(far("muler", "Müller"), 1);
        assert_eq!(far("acme", "Acme"), 0);
        assert_eq!(far("acne", "Acme Industries"), 2);
        assert!(far("zebra", "Acme") > 3);
    }

    #[tokio::test]
    async fn the_nearest_names_are_offered_for_words_that_match_nothing_and_for_nothing_else() {
        let store = crate::store::sqlite::SqliteStore::in_memory().unwrap();
        let caller = crate::tenancy::Caller::new("tester@here");
        let rules = crate::tenancy::Rules::default();
        let tenancy = Tenancy::new(std::sync::Arc::new(store), rules, caller).unwrap();
        for (name, email) in [("Globex", "a@example.com"), ("State Suspended", "b@example.com")] {
            let password = crate::org::Secret::from("violet harbor lantern 42".to_owned());
            let (name, email) = (name.to_owned(), email.to_owned());
            let new = crate::tenancy::NewOrganization { name, email, password };
            tenancy.create(&new).await.unwrap();
        }
        let offered = async |search: &str| -> Vec<String> {
            let query = PageQuery::first(ListScope::Live, Some(search.to_owned()), 10);
            let page = tenancy.page(&query).await.unwrap();
            assert_eq!(page.orgs, [], "{search}");
            page.nearest.iter().map(|org| org.name.to_string()).collect()
        };
        assert_eq!(offered("glboex").await, ["Globex"]);
        assert_eq!(offered("unlike").await, [""; 0]);
        for filter in ["state:suspended", "state:suspende", "globxe state:suspended", "."] {
            assert_eq!(offered(filter).await, [""; 0], "{filter}");
        }
    }

    #[test]
    fn some_part_of_a_mistyped_name_is_right() {
        for typed in ["glboex", "lgobex", "globxe", "xlobex", "globez", "abc"] {
            let letters: Vec<char> = typed.chars().collect();
            let parts = parts(&letters);
            let right = |part: &String| "globex".contains(part.as_str());
            assert!(typed == "abc" || parts.iter().any(right), "{typed}: {parts:?}");
        }
    }
}
