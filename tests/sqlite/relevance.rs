//! What is found first: searches among five thousand organizations whose names are in thirty scripts. The expected
//! results are written by hand in `relevance.txt`; here the rest is made up.

use std::collections::BTreeSet;

use bson::oid::ObjectId;
use rusqlite::Connection;
use tenantry::org::{CollectionName, OrgName, name_key, name_order, searchable};
use tenantry::store::{ListScope, PageQuery, traits::*};

use crate::cases::wait;
use crate::fixture::{file, open};

const TABLE: &str = include_str!("relevance.txt");

const ORGANIZATIONS: usize = 5_000;

/// Where the letters of a script are. Of Latin only those that no search in the table is made of.
const SCRIPTS: [(u32, u32); 30] = [
    (0x76, 0x7a),     // Latin
    (0x3b1, 0x3c9),   // Greek
    (0x430, 0x44f),   // Cyrillic
    (0x561, 0x586),   // Armenian
    (0x10d0, 0x10f0), // Georgian
    (0x5d0, 0x5ea),   // Hebrew
    (0x621, 0x63a),   // Arabic
    (0x710, 0x72f),   // Syriac
    (0x780, 0x7a5),   // Thaana
    (0x905, 0x939),   // Devanagari
    (0x985, 0x9b9),   // Bengali
    (0xa05, 0xa39),   // Gurmukhi
    (0xa85, 0xab9),   // Gujarati
    (0xb05, 0xb39),   // Odia
    (0xb85, 0xbb9),   // Tamil
    (0xc05, 0xc39),   // Telugu
    (0xc85, 0xcb9),   // Kannada
    (0xd05, 0xd39),   // Malayalam
    (0xd85, 0xdc6),   // Sinhala
    (0xe01, 0xe2e),   // Thai
    (0xe81, 0xeae),   // Lao
    (0xf40, 0xf6c),   // Tibetan
    (0x1000, 0x1021), // Burmese
    (0x1780, 0x17a2), // Khmer
    (0x1200, 0x1357), // Ethiopic
    (0x13a0, 0x13f4), // Cherokee
    (0xac00, 0xd7a3), // Hangul
    (0x3041, 0x3096), // Hiragana
    (0x30a1, 0x30fa), // Katakana
    (0x4e00, 0x9fa5), // Han
];

/// Numbers that are the same in every run.
struct Seeded(u64);

impl Seeded {
    fn below(&mut self, end: u32) -> u32 {
        self.0 = self.0.wrapping_mul(6_364_136_223_846_793_005).wrapping_add(1);
        u32::try_from(self.0 >> 33).unwrap() % end
    }

    /// Two words in one script, of four to seven letters each.
    fn name(&mut self) -> String {
        let (first, last) = SCRIPTS[self.below(30) as usize];
        let mut name = String::new();
        for word in 0..2 {
            name.extend((word > 0).then_some(' '));
            for _ in 0..4 + self.below(4) {
                let letter = char::from_u32(first + self.below(last - first + 1));
                name.extend(letter.filter(|letter| letter.is_alphabetic()));
            }
        }
        name
    }
}

/// The names and e-mails of the table, and the others.
fn organizations() -> Vec<(String, Vec<String>)> {
    let lines = TABLE.lines().filter_map(|line| line.split_once(" | "));
    let mut all: Vec<(String, Vec<String>)> = lines
        .map(|(name, emails)| (name.to_owned(), emails.split(' ').map(str::to_owned).collect()))
        .collect();
    let mut keys: BTreeSet<String> = all.iter().map(|(name, _)| name_key(name)).collect();
    let mut seeded = Seeded(14);
    while all.len() < ORGANIZATIONS {
        let name = seeded.name();
        if OrgName::parse(&name).is_ok() && keys.insert(name_key(&name)) {
            let email = format!("w{}@vvv.example", all.len());
            all.push((name, vec![email]));
        }
    }
    all
}

fn fill(file: &mut Connection) {
    let tx = file.transaction().unwrap();
    tx.execute_batch("PRAGMA defer_foreign_keys = ON").unwrap();
    let insert_admin =
        "INSERT INTO admins (id, email, email_key, password, created_at, organization)
                        VALUES (?1, ?2, ?2, '', 0, ?3)";
    let insert_org =
        "INSERT INTO organizations (id, name, name_key, name_order, searchable, collection,
                          admin_id, admin_email, email_key, created_at, database, revision)
                      VALUES (?1, ?2, ?3, ?4, ?5, ?6, ?7, ?8, ?8, 1700000000000, '', 0)";
    for (number, (name, emails)) in (1_u32..).zip(organizations()) {
        let name = OrgName::parse(&name).unwrap();
        let collection = CollectionName::from_name(&name);
        let name = name.as_str();
        let id = |suffix: u32| {
            let mut bytes = [0; 12];
            bytes[..4].copy_from_slice(&suffix.to_be_bytes());
            bytes[8..].copy_from_slice(&number.to_be_bytes());
            ObjectId::from_bytes(bytes).bytes()
        };
        let admins: Vec<_> = (1_u32..).map(id).take(emails.len()).collect();
        for (admin, email) in admins.iter().zip(&emails) {
            tx.prepare_cached(insert_admin).unwrap().execute((admin, email, id(0))).unwrap();
        }
        let text = searchable(name, collection.as_str(), emails.iter().map(String::as_str));
        tx.prepare_cached(insert_org)
            .unwrap()
            .execute((
                id(0),
                name,
                name_key(name),
                name_order(name),
                text,
                collection.as_str(),
                admins[0],
                &emails[0],
            ))
            .unwrap();
    }
    tx.commit().unwrap();
}

#[test]
fn the_best_match_is_found_in_every_script() {
    let (_directory, path) = file();
    wait(async { open(&path).unwrap().prepare("tester@here").await.unwrap() });
    fill(&mut Connection::open(&path).unwrap());
    let store = open(&path).unwrap();
    let searches: Vec<(&str, Vec<String>)> = TABLE
        .lines()
        .filter_map(|line| line.split_once(" =>"))
        .map(|(search, names)| {
            let names = names.split("; ").map(str::trim).filter(|name| !name.is_empty());
            // As a name is stored.
            (search, names.map(|name| OrgName::parse(name).unwrap().to_string()).collect())
        })
        .collect();
    assert!(searches.len() >= 200, "{}", searches.len());
    let mut wrong = Vec::new();
    for (search, wanted) in searches {
        let query = PageQuery::first(ListScope::Live, Some(search.to_owned()), 10);
        let page = wait(store.page(&query)).unwrap();
        let mut found: Vec<&str> = page.orgs.iter().map(|org| org.name.raw()).collect();
        if !wanted.is_empty() {
            found.truncate(wanted.len());
        }
        if found != wanted {
            wrong.push(format!("{search}: {found:?} instead of {wanted:?}"));
        }
    }
    assert!(wrong.is_empty(), "{}", wrong.join("\n"));
}
