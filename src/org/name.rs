//! What an organization may be called, and when two names are the same or look it.

use std::fmt;

use unicode_normalization::UnicodeNormalization;
use unicode_properties::{GeneralCategory, GeneralCategoryGroup, UnicodeGeneralCategory};
use unicode_security::confusable_detection::skeleton;

use super::{Invalid, Org, text};

/// The longest name, in characters after normalization.
pub const NAME_MOST: usize = 63;

/// How many characters of a stored string make its key: far more than any name or e-mail has.
pub(super) const KEY_MOST: usize = 1024;

/// The punctuation that company names have. Other symbols are refused: they are hard to type, to quote or to
/// tell apart.
const PUNCTUATION: &str = "_-.,&'’()/+#!";

/// What words of other scripts are joined by, as the hyphen and the apostrophe join ours (UAX #31, table 3): in
/// Catalan, Armenian, Hebrew, Tibetan and Japanese, and the hyphens of Unicode itself.
const JOINERS: &str = "·֊׳״་‐‧゠・";

/// The most combining marks in a row. No script needs more, and more would overlap the lines above and below.
const MARKS_MOST: usize = 4;

/// A name an organization can be given: NFKC, trimmed, one space between words, 1 to 63 characters; letters
/// (each with up to four combining marks) and digits of any script, space, `_ - . , & ' ’ ( ) / + # !`, and
/// what joins words in other scripts; at least one letter or digit. Or one it has had.
#[derive(Clone, Debug, PartialEq, Eq, Hash)]
pub struct OrgName(String);

impl OrgName {
    /// Normalizes and checks.
    ///
    /// # Errors
    /// One of the name variants of [`Invalid`], which says the first thing that is wrong.
    pub fn parse(input: &str) -> Result<Self, Invalid> {
        let normal: String = input.nfkc().collect();
        // Several spaces look like one.
        let words: Vec<_> = normal.split(' ').filter(|word| !word.is_empty()).collect();
        let name = words.join(" ");
        if name.is_empty() {
            return Err(Invalid::NameEmpty);
        }
        let mut after_letter = false;
        let mut marks = 0;
        let mut speaks = false;
        for character in name.chars() {
            let group = character.general_category_group();
            let letter = group == GeneralCategoryGroup::Letter;
            let digit = character.general_category() == GeneralCategory::DecimalNumber;
            // Many scripts cannot be written without marks; alone they would hang on nothing.
            marks = if group == GeneralCategoryGroup::Mark { marks + 1 } else { 0 };
            let mark = (1..=MARKS_MOST).contains(&marks) && after_letter;
            let punctuation =
                character == ' ' || PUNCTUATION.contains(character) || JOINERS.contains(character);
            let allowed = (letter || digit || mark || punctuation) && !text::is_hidden(character);
            if !allowed {
                return Err(Invalid::NameCharacter(character));
            }
            speaks |= letter || digit;
            after_letter = letter || digit || mark;
        }
        if !speaks {
            return Err(Invalid::NameWithoutLetter);
        }
        if name.chars().count() > NAME_MOST {
            return Err(Invalid::NameTooLong(name.chars().count()));
        }
        Ok(Self(name))
    }

    /// The name that an organization had, whatever it is: another program may have given it one that is
    /// refused today, and whoever undoes a rename wants just that.
    #[must_use]
    pub fn had_by(org: &Org) -> Self {
        Self(org.name.raw().to_owned())
    }

    /// The name as it is stored and shown.
    #[must_use]
    pub fn as_str(&self) -> &str {
        &self.0
    }
}

impl fmt::Display for OrgName {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        formatter.pad(&self.0)
    }
}

/// The identity of a name: two names are the same organization's when their keys are equal.
///
/// NFKC, full case folding, NFKC again (Unicode 3.13, D146), for any stored string, valid or not; of
/// one with more than 1,024 characters, its beginning: with a key as long as the string, the
/// record of a name of megabytes could not be written back.
#[must_use]
pub fn name_key(name: &str) -> String {
    let normal: String = name.chars().take(KEY_MOST).nfkc().collect();
    let folded = caseless::default_case_fold_str(&normal);
    let key: String = folded.nfkc().collect();
    key.trim_matches(' ').to_owned()
}

/// The letters and digits of a name as they are compared, separated by one space. Names with equal letters count
/// as one name: “C++” and “C#”.
#[must_use]
pub fn name_letters(name: &str) -> String {
    let seen: String = name.chars().filter(|character| !text::is_hidden(*character)).collect();
    let key = name_key(&seen);
    let is_letter = |character: char| {
        let is_mark = character.general_category_group() == GeneralCategoryGroup::Mark;
        character.is_alphanumeric() || is_mark
    };
    let runs = key.split(|character| !is_letter(character)).filter(|run| !run.is_empty());
    runs.collect::<Vec<_>>().join(" ")
}

/// What the eye makes of the letters of a name, whatever stands between them ([`name_letters`]).
#[must_use]
pub fn letters_look(name: &str) -> String {
    skeleton(&name_letters(name)).collect()
}

/// What the eye makes of a name in whatever case: two names that look alike have equal values
/// (UTS #39 skeleton of the [`name_key`]).
#[must_use]
pub fn name_look(name: &str) -> String {
    skeleton(&name_key(name)).collect()
}

/// What the eye makes of a name as it is typed: some letters look alike in one case only, as “I” and “l”.
#[must_use]
pub fn look_as_typed(name: &str) -> String {
    let normal: String = name.chars().take(KEY_MOST).nfkc().collect();
    skeleton(normal.trim_matches(' ')).collect()
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;

    #[test]
    fn names_of_many_scripts_are_taken_as_they_are() {
        for name in [
            "acme_corp",
            "Acme & Söhne",
            "O'Brien-Smith Ltd.",
            "株式会社",
            "हिन्दी",
            "7",
            "Col·lectiu",
            "Հայ֊Բանկ",
            "צה״ל",
            "བོད་ལྗོངས",
            "ジョン・スミス商会",
        ] {
            assert_eq!(OrgName::parse(name).map(|n| n.0), Ok(name.to_owned()));
        }
    }

    #[test]
    fn spaces_around_and_compatibility_forms_are_normalized_away() {
        assert_eq!(OrgName::parse("  ＡＣＭＥ\u{a0}").map(|n| n.0), Ok("ACME".to_owned()));
        for spaces in ["  ", " \u{a0} ", "\u{3000}\u{2003}"] {
            let name = OrgName::parse(&format!("acme{spaces}corp")).map(|n| n.0);
            assert_eq!(name, Ok("acme corp".to_owned()), "{spaces:?}");
        }
    }

    #[test]
    fn what_nobody_can_read_is_refused_with_the_reason() {
        assert_eq!(OrgName::parse(""), Err(Invalid::NameEmpty));
        assert_eq!(OrgName::parse(" \u{3000} "), Err(Invalid::NameEmpty));
        assert_eq!(OrgName::parse("a\nb"), Err(Invalid::NameCharacter('\n')));
        assert_eq!(OrgName::parse("a\n"), Err(Invalid::NameCharacter('\n')));
        assert_eq!(OrgName::parse("a\u{202e}b"), Err(Invalid::NameCharacter('\u{202e}')));
        assert_eq!(OrgName::parse("a\u{200b}b"), Err(Invalid::NameCharacter('\u{200b}')));
        assert_eq!(OrgName::parse("a\u{3164}"), Err(Invalid::NameCharacter('\u{1160}')));
        assert_eq!(OrgName::parse("\u{301}a"), Err(Invalid::NameCharacter('\u{301}')));
        assert_eq!(OrgName::parse("🦀"), Err(Invalid::NameCharacter('🦀')));
        assert_eq!(OrgName::parse("a\"b"), Err(Invalid::NameCharacter('"')));
        assert_eq!(OrgName::parse("a$b"), Err(Invalid::NameCharacter('$')));
        let marks = |count: usize| OrgName::parse(&format!("x{}", "\u{335}".repeat(count)));
        assert!(marks(MARKS_MOST).is_ok());
        assert_eq!(marks(MARKS_MOST + 1), Err(Invalid::NameCharacter('\u{335}')));
        assert_eq!(OrgName::parse("_-."), Err(Invalid::NameWithoutLetter));
        assert_eq!(OrgName::parse(&"x".repeat(64)), Err(Invalid::NameTooLong(64)));
        assert!(OrgName::parse(&"é".repeat(63)).is_ok());
    }

    #[test]
    fn companies_are_called_what_they_are_called() {
        for name in
            ["Acme, Inc.", "Foo (UK) Ltd", "Møller A/S", "C++", "C#", "L’Oréal", "AT&T", "Yahoo!"]
        {
            assert_eq!(OrgName::parse(name).map(|n| n.0), Ok(name.to_owned()));
        }
        assert_eq!(OrgName::parse("7-Eleven №5").map(|n| n.0), Ok("7-Eleven No5".to_owned()));
    }

    #[test]
    fn names_that_differ_only_in_what_is_between_the_letters_have_the_same_letters() {
        assert_eq!(name_letters("C++"), name_letters("c#"));
        assert_eq!(name_letters("Acme, Inc."), name_letters("acme_inc"));
        assert_ne!(name_letters("Müller"), name_letters("Muller"));
        assert_ne!(name_letters("a b"), name_letters("ab"));
        assert_ne!(name_letters("北京"), name_letters("背景"));
    }

    #[test]
    fn the_same_name_in_another_case_has_the_same_key() {
        assert_eq!(name_key("STRASSE"), name_key("straße"));
        assert_eq!(name_key("ΣΊΣΥΦΟΣ"), name_key("σίσυφος"));
        assert_ne!(name_key("acme corp"), name_key("acme_corp"));
    }

    #[test]
    fn a_cyrillic_look_alike_has_another_key_but_the_same_look() {
        assert_ne!(name_key("acme"), name_key("аcme"));
        assert_eq!(name_look("Acme"), name_look("аcme"));
        assert_ne!(name_look("acme"), name_look("acne"));
    }

    #[test]
    fn a_look_alike_in_one_case_looks_the_same_as_it_is_typed() {
        assert_ne!(name_look("PaypaI"), name_look("Paypal"));
        assert_eq!(look_as_typed("PaypaI"), look_as_typed("Paypal"));
        assert_ne!(look_as_typed("IBM"), look_as_typed("LBM"));
    }

    proptest! {
        #[test]
        fn parsing_is_idempotent(input in "\\PC{0,80}") {
            if let Ok(name) = OrgName::parse(&input) {
                prop_assert_eq!(OrgName::parse(name.as_str()), Ok(name.clone()));
                prop_assert!((1..=NAME_MOST).contains(&name.as_str().chars().count()));
                prop_assert!(!name.as_str().chars().any(text::is_hidden));
            }
        }

        #[test]
        fn a_key_is_its_own_key(input in "\\PC{0,40}") {
            let key = name_key(&input);
            prop_assert_eq!(name_key(&key), key);
        }
    }
}
