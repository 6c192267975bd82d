//! The order in which people read names: CLDR's root collation, with digits read as numbers.
//!
//! Databases differ in how they sort a language. So the order is a key that is computed here; both databases
//! store it and sort by its bytes. The format of a database stands for the version of its keys.

use std::sync::LazyLock;

use icu_collator::{
    Collator, CollatorBorrowed, CollatorPreferences,
    options::{CollatorOptions, Strength},
    preferences::CollationNumericOrdering,
};

/// How many characters of a name count: more than any valid name has.
const ORDER_MOST: usize = 128;

static ROOT: LazyLock<CollatorBorrowed<'static>> = LazyLock::new(|| {
    let mut preferences = CollatorPreferences::default();
    preferences.numeric_ordering = Some(CollationNumericOrdering::True);
    let mut options = CollatorOptions::default();
    options.strength = Some(Strength::Tertiary);
    #[expect(
        clippy::expect_used,
        reason = "the root collation is part of the program; every test that sorts needs it"
    )]
    Collator::try_new(preferences, options).expect("the root collation")
});

/// The sort key of a name, in hexadecimal digits: keys sorted by bytes are names as people read them. Only the
/// first 128 characters count.
#[must_use]
pub fn name_order(name: &str) -> String {
    let (name, mut key) = (name.trim(), Vec::with_capacity(64));
    let end = name.char_indices().nth(ORDER_MOST).map_or(name.len(), |(at, _)| at);
    // Writing to a vector cannot fail.
    let Ok(()) = ROOT.write_sort_key_to(name.get(..end).unwrap_or(name), &mut key);
    hex::encode(key)
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;

    #[test]
    fn names_are_in_the_order_of_a_dictionary() {
        let sorted = [
            "7-Eleven",
            "42 Labs",
            "Äcker",
            "acme",
            "Acme",
            "ACME 2",
            "acme 10",
            "Bäckerei",
            "Backhaus",
            "Backofen",
            "Müller",
            "Muller Ltd",
            "Öresund",
            "Zephyr",
            "Ωmega",
            "Альфа",
            "株式会社",
        ];
        let mut by_key = sorted;
        by_key.sort_by_key(|name| name_order(name));
        assert_eq!(by_key, sorted);
    }

    #[test]
    fn stored_keys_are_still_right() {
        // If this fails after an update of the collation's data, stored keys are out of date: the formats of both
        // databases have to go up, so that all keys are computed again.
        let keys = ["Acme 12", "Müller", "北京", "Łódź"].map(name_order);
        insta::assert_debug_snapshot!(keys);
    }

    proptest! {
        #[test]
        fn every_text_has_a_key_that_is_not_too_long(name in "\\PC{0,200}") {
            let key = name_order(&name);
            prop_assert!(key.len() <= 128 * 64, "{}", key.len());
        }
    }
}
