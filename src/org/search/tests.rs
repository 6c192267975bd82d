//! What is found, how well, and where it is marked.

use proptest::prelude::*;

use super::*;

fn found(name: &str, search: &str) -> Option<Rank> {
    let text = searchable(name, &format!("org_{}", super::super::slug(name)), ["ada@example.com"]);
    Search::parse(search).rank(ObjectId::from_bytes([7; 12]), &text)
}

#[test]
fn case_accents_width_and_composition_make_no_difference() {
    for (name, search) in [
        ("Müller", "muller"),
        ("Muller", "MÜLLER"),
        ("Mu\u{308}ller", "müller"),
        ("İstanbul A.Ş.", "istanbul"),
        ("İstanbul A.Ş.", "ISTANBUL"),
        ("ırmak", "irmak"),
        ("IRMAK", "ırmak"),
        ("Łódź", "lodz"),
        ("Ærøskøbing", "aeroskobing"),
        ("Straße", "STRASSE"),
        ("ＡＣＭＥ", "acme"),
        ("L’Oréal", "loreal"),
        ("L'Oreal", "l’oréal"),
        ("Ὀδυσσεύς", "οδυσσευς"),
        ("Ёлка", "елка"),
        ("東京", "東京"),
        ("Москва", "moskva"),
        ("Acme, Inc.", "acme inc"),
        ("acme_corp", "Acme Corp"),
        ("acme corp", "acme_corp"),
        ("dental south", "south dental"),
        ("AT&T", "at&t"),
        ("हिन्दी", "हिन्दी"),
    ] {
        assert!(found(name, search).is_some(), "{search} does not find {name}");
    }
    assert_eq!(found("acme", "acne"), None);
    assert_eq!(found("हिन्दी", "हन्दी"), None, "a vowel is no accent");
}

#[test]
fn the_better_it_matches_the_better_it_ranks() {
    for (name, rank) in [
        ("Dental", Rank::Whole),
        ("Dental South", Rank::Beginning),
        ("South Dental", Rank::Words),
        ("Accidental", Rank::Anywhere),
    ] {
        assert_eq!(found(name, "dental"), Some(rank), "{name}");
    }
    assert_eq!(found("Acme", "ada@example.com"), Some(Rank::Whole), "an e-mail");
    assert_eq!(found("Acme", "org_acme"), Some(Rank::Words), "a collection");
    assert_eq!(found("Acme", &"07".repeat(12)), Some(Rank::Whole), "an id");
    assert_eq!(found("Acme", "070707"), Some(Rank::Beginning), "the beginning of an id");
    assert_eq!(found("Acme", "0707"), None, "too little of an id");
    assert_eq!(found("Acme", "070708"), None);
}

#[test]
fn a_key_narrows_and_what_has_no_meaning_is_said() {
    let ok = |text: &str| {
        let search = Search::parse(text);
        assert_eq!(search.fault(), None, "{text}");
        search.filter().clone()
    };
    let day = |text: &str| earlier(text, DateTime::MIN);
    assert_eq!(ok("state:suspended dental").suspended, Some(true));
    assert_eq!(ok("STATE:active").suspended, Some(false));
    assert_eq!(ok("email:Ada@").emails, ["ada"]);
    assert_eq!(ok("created:2026-01-31").before, day("2026-02-01"));
    assert_eq!(ok("created:>2026-01-31").from, day("2026-02-01"));
    assert_eq!(ok("created:>=2026-01-31").from, day("2026-01-31"));
    assert_eq!(ok("created:<2026-01-31").before, day("2026-01-31"));
    assert_eq!(ok("created:<=2026-01-31").before, day("2026-02-01"));
    let both = ok("created:>=2026-01-01 created:<2026-02-01");
    assert_eq!((both.from, both.before), (day("2026-01-01"), day("2026-02-01")));
    assert_eq!(ok("admins:2").admins, Some(2..=2));
    assert_eq!(ok("admins:=0").admins, Some(0..=0));
    assert_eq!(ok("admins:>1 acme").admins, Some(2..=u32::MAX));
    assert_eq!(ok("admins:>=1").admins, Some(1..=u32::MAX));
    assert_eq!(ok("admins:<2").admins, Some(0..=1));
    assert_eq!(ok("Admins:<=2").admins, Some(0..=2));
    assert_eq!(ok("admins:>1 admins:<5 admins:<=3").admins, Some(2..=3));
    for none in ["admins:<0", "admins:>4294967295", "admins:1 admins:2"] {
        assert!(ok(none).admins.is_some_and(|admins| admins.is_empty()), "{none}");
    }
    assert_eq!(Search::parse("tenant:7").needles(Rank::Anywhere), ["tenant 7"], "no key of ours");
    for (text, fault) in [
        ("state:gone", SearchFault::State),
        ("created:soon", SearchFault::Created),
        ("created:>2026-02-30", SearchFault::Created),
        ("id:xyz", SearchFault::Id),
        ("email:@", SearchFault::Email),
        ("admins:many", SearchFault::Admins),
        ("admins:-1", SearchFault::Admins),
        ("admins:+1", SearchFault::Admins),
        ("admins:1.5", SearchFault::Admins),
        ("admins:>", SearchFault::Admins),
        ("admins:4294967296", SearchFault::Admins),
        // A key alone never matches everything.
        ("state:", SearchFault::State),
        ("state: acme", SearchFault::State),
        ("created:", SearchFault::Created),
        ("id:", SearchFault::Id),
        ("email:", SearchFault::Email),
        ("admins:", SearchFault::Admins),
        ("& %", SearchFault::Punctuation),
    ] {
        assert_eq!(Search::parse(text).fault(), Some(fault), "{text}");
    }
}

#[test]
fn what_was_found_is_marked_where_it_is_shown() {
    let marks = |shown: &str, search: &str| -> Vec<String> {
        let marks = Search::parse(search).marks(shown);
        marks.into_iter().map(|mark| shown[mark].to_owned()).collect()
    };
    assert_eq!(marks("Grüße aus İstanbul", "istan"), ["İstan"]);
    assert_eq!(marks("Mu\u{308}ller & Söhne", "sohne mull"), ["Mu\u{308}ll", "Söhne"]);
    assert_eq!(marks("Straße", "stras"), ["Straß"]);
    assert_eq!(marks("aaaa", "aa"), ["aaaa"]);
    assert_eq!(marks("Acme, Inc.", "acme_inc"), ["Acme, Inc"]);
    assert_eq!(marks("acme", "zebra"), Vec::<String>::new());
}

#[test]
fn a_letter_whose_decomposition_folds_once_more_is_folded_to_the_end() {
    assert_eq!(fold(&fold("𐞶")), fold("𐞶"));
}

proptest! {
    #[test]
    fn what_is_folded_stays_as_it_is(text in "\\PC{0,40}") {
        let once = fold(&text);
        prop_assert_eq!(fold(&once), once.clone());
        prop_assert!(!once.contains([FIELD, EMAILS, '\t']));
    }

    #[test]
    fn marks_are_within_the_text_and_apart(text in "\\PC{0,30}", search in "\\PC{0,5}") {
        let mut last = 0;
        for mark in Search::parse(&search).marks(&text) {
            prop_assert!(mark.start >= last && text.get(mark.clone()).is_some(), "{mark:?}");
            last = mark.end;
        }
    }

    #[test]
    fn a_worse_rank_finds_what_a_better_one_does(name in "[ab]{1,3}( [ab]{1,3}){0,2}", search in "[ab]{1,3}( [ab]{1,2}){0,1}") {
        let text = searchable(&name, "org_x", []);
        let search = Search::parse(&search);
        let contained = Rank::ALL.map(|rank| {
            search.needles(rank).iter().all(|needle| text.contains(needle.as_str()))
        });
        prop_assert!(contained.is_sorted(), "{contained:?}");
    }

    #[test]
    fn every_part_has_grams_among_those_of_the_whole(name in "\\PC{0,20}", from in 0_usize..30, length in 1_usize..9) {
        let text = searchable(&name, "org_x", ["a@b.c"]);
        let part: String = text.chars().skip(from).take(length).collect();
        let of: std::collections::BTreeSet<_> = grams(&text).into_iter().collect();
        let length = part.chars().count();
        if length >= 3 {
            prop_assert!(grams(&part).iter().filter(|gram| gram.chars().count() == 3).all(|gram| of.contains(gram)));
        } else if length > 0 && from + length <= text.chars().count() {
            prop_assert!(of.iter().any(|gram| gram.starts_with(&part)) || text.ends_with(&part));
        }
    }
}
