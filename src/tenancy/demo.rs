//! The sample organizations of `--demo`: the same ones every time, made at once, gone at exit.

use bson::{Binary, Bson, DateTime, Decimal128, Document, doc, oid::ObjectId, spec::BinarySubtype};

use super::{Error, Result, blocking};
use crate::{
    org::{
        CollectionName, Email, OperationKind, OrgName, Password, PasswordHash, PasswordPolicy,
        Secret,
    },
    store::{Entry, NewOrg, Operation, sqlite::SqliteStore, traits::*},
};

/// What every admin of a demonstration logs in with. No secret: it is on the screen.
const PASSWORD: &str = "walnut-harbor-58-lantern";

/// An admin to log in as, shown where the demonstration begins.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct DemoAdmin {
    /// The organization.
    pub organization: String,
    /// The e-mail.
    pub email: String,
    /// The password; all sample organizations have the same.
    pub password: String,
}

/// What an organization keeps in its collection.
#[derive(Clone, Copy)]
enum Kind {
    Invoices,
    Users,
    Events,
    Readings,
}

use Kind::{Events, Invoices, Readings, Users};

/// Name, e-mail, age in hours, documents, and what they are. The first is the one to log in to.
const ORGANIZATIONS: [(&str, &str, i64, u32, Kind); 36] = [
    ("acme_corp", "ada@acme.example", 52, 1_248, Invoices),
    ("acme_industries", "bob@acme-industries.example", 341, 86, Events),
    ("acme_labs", "eve@acmelabs.example", 2_190, 164, Readings),
    ("Northwind Traders", "nancy.davolio@northwind.example", 4_020, 332, Invoices),
    ("Bäckerei Sonnenschein", "k.huber@sonnenschein.example", 3_311, 57, Invoices),
    ("Café Olé", "reservas@cafe-ole.example", 1_733, 85, Users),
    ("O'Brien & Daughters Brewing Co.", "maeve@obrien-brewing.example", 2_877, 66, Invoices),
    ("Seventh Street Books", "hello@7thstreet.example", 908, 128, Users),
    ("Blue Heron Veterinary Clinic", "frontdesk@blueheron.example", 3_702, 256, Users),
    ("北京书店", "li.wei@beijing-books.example", 1_204, 53, Invoices),
    ("さくら電機", "tanaka@sakura-denki.example", 2_450, 2_017, Readings),
    ("한빛 소프트웨어", "minji.kim@hanbit.example", 611, 95, Events),
    ("Москва Логистика", "o.petrova@moslog.example", 3_940, 150, Events),
    ("Ελληνικά Τρόφιμα", "nikos@trofima.example", 2_012, 48, Invoices),
    ("हिमालय चाय", "priya@himalaya-chai.example", 1_468, 71, Invoices),
    ("Łódź Textiles", "agnieszka@lodz-textiles.example", 3_055, 75, Invoices),
    ("Smørrebrød & Sons", "freja@smorrebrod.example", 774, 34, Users),
    ("Instituto de Investigación Pesquera del Litoral", "datos@iipl.example", 4_301, 256, Readings),
    ("Greater Manchester Community Choirs Federation", "jo@gmccf.example", 3_619, 103, Users),
    ("Zephyr", "ops@zephyr.example", 19, 12, Events),
    ("Quarry Hill Primary School", "office@quarryhill.example", 4_190, 199, Users),
    ("Kaikoura Whale Watch", "tama@kaikoura-whales.example", 2_654, 121, Readings),
    ("Nguyễn Electronics", "linh@nguyen-electronics.example", 1_090, 48, Invoices),
    ("Tromsø Havn", "kai@tromsohavn.example", 2_301, 142, Events),
    ("Pão de Açúcar 24", "gerente@pda24.example", 437, 63, Invoices),
    ("Harbour Street Dental", "reception@harbourdental.example", 3_480, 90, Users),
    ("Meridian Freight", "dispatch@meridian-freight.example", 1_902, 280, Events),
    ("Kowalski i Synowie", "marek@kowalski.example", 3_209, 44, Invoices),
    ("Solar Cooperative Valle Verde", "admin@valleverde.example", 1_337, 378, Readings),
    ("Tiny Robots", "sam@tinyrobots.example", 7, 5, Users),
    ("The Long Now Allotment Society", "secretary@longnow-allotments.example", 4_377, 29, Users),
    ("Öresund Ferries", "crew@oresund.example", 2_760, 205, Events),
    ("Red Kite Analytics", "dana@redkite.example", 963, 70, Events),
    ("Fjord & Fell Outfitters", "ingrid@fjordandfell.example", 1_588, 95, Invoices),
    ("Umoja Water Trust", "amina@umoja-water.example", 2_123, 167, Readings),
    ("Wattle Creek Winery", "bruce@wattlecreek.example", 3_871, 60, Invoices),
];

/// Of which organization, and which of its documents, the total is a text among numbers: something to find and to mend.
const WRONG: (u32, u32) = (0, 617);

/// Fills an empty store, as seen at `now`. Takes as long as one bcrypt hash and a little more.
pub(super) async fn seed(store: &SqliteStore, operator: &str, now: DateTime) -> Result<DemoAdmin> {
    // No invoice is issued at a fraction of a second.
    let now = DateTime::from_millis(now.timestamp_millis() / 1000 * 1000);
    let hash = blocking(|| {
        let password = Secret::from(PASSWORD);
        let judged = Password::judge(&password, PasswordPolicy::default(), &[])?;
        judged.hash().map_err(|error| Error::Machine(error.to_string()))
    });
    // The hash takes a thread of its own; meanwhile this one makes the documents.
    let (hash, documents) = tokio::join!(hash, async { documents(now) });
    let hash = hash??;
    let mut all: Vec<_> = (0..).zip(documents).collect();
    // In the order of time, as the audit log is written.
    all.sort_by_key(|(_, (created_at, _))| *created_at);
    for (number, (created_at, documents)) in all {
        let new = organization(number, created_at, &hash)?;
        let (id, email) = (new.id, new.email.as_str().to_owned());
        let collection = new.collection.to_string();
        let past = |action, minutes: i64| {
            let mut entry = Entry::new(operator, action).called(new.name.as_str());
            entry.organization = Some(id);
            entry.at = DateTime::from_millis(created_at.timestamp_millis() + minutes * 60_000);
            entry
        };
        let create = past(OperationKind::Create, 0).with("admin", "", &email);
        let login = past(OperationKind::LogIn, 4).of_admin(&email);
        store.perform(&Operation::Create(Box::new(new)), &create).await?;
        store.append(&login).await?;
        store.insert_documents(&collection, &documents).await?;
    }
    let (organization, email, ..) = ORGANIZATIONS[0];
    Ok(DemoAdmin {
        organization: organization.to_owned(),
        email: email.to_owned(),
        password: PASSWORD.to_owned(),
    })
}

/// When each organization was created, and its documents from then until `now`, evenly spread. The
/// first document every collection is made with is not among them.
fn documents(now: DateTime) -> Vec<(DateTime, Vec<Document>)> {
    let now = now.timestamp_millis();
    (0..)
        .zip(&ORGANIZATIONS)
        .map(|(number, (_, _, hours, documents, kind))| {
            // Not all at the same minute of an hour.
            let created_at = now - hours * 3_600_000 - i64::from(number) * 421_000;
            let step = (now - created_at) / (i64::from(*documents) + 1);
            let mut dice = Dice(u64::from(number) + 1);
            let made = (1..*documents).map(|count| {
                let at = DateTime::from_millis(created_at + i64::from(count) * step);
                let mut document = doc! { "_id": id(at, number, 2 + count) };
                document.extend(kind.document(count, at, &mut dice));
                if (number, count) == WRONG
                    && let Some(total) = document.get_mut("total")
                {
                    *total = Bson::String(total.to_string());
                }
                document
            });
            (DateTime::from_millis(created_at), made.collect())
        })
        .collect()
}

fn organization(number: u32, created_at: DateTime, password: &PasswordHash) -> Result<NewOrg> {
    let (name, email, ..) = ORGANIZATIONS[number as usize];
    let name = OrgName::parse(name)?;
    Ok(NewOrg {
        id: id(created_at, number, 0),
        collection: CollectionName::from_name(&name),
        name,
        admin_id: id(created_at, number, 1),
        email: Email::parse(email)?,
        password: password.clone(),
        created_at,
    })
}

/// An `_id` made at `at`: as a driver makes them, only that chance is replaced by two numbers.
fn id(at: DateTime, organization: u32, count: u32) -> ObjectId {
    let seconds = u32::try_from(at.timestamp_millis() / 1000).unwrap_or(u32::MAX);
    let mut bytes = [0; 12];
    bytes[..4].copy_from_slice(&seconds.to_be_bytes());
    bytes[4..8].copy_from_slice(&(organization + 0x5eed_0000).to_be_bytes());
    bytes[8..].copy_from_slice(&count.to_be_bytes());
    ObjectId::from_bytes(bytes)
}

impl Kind {
    fn document(self, count: u32, at: DateTime, dice: &mut Dice) -> Document {
        match self {
            Invoices => invoice(count, at, dice),
            Users => user(count, at, dice),
            Events => event(at, dice),
            Readings => reading(at, dice),
        }
    }
}

const CITIES: [&str; 8] =
    ["Lisbon", "Kraków", "Osaka", "Nairobi", "Montréal", "Galway", "Oaxaca", "Tallinn"];
const FIRST: [&str; 8] = ["Amara", "Björn", "Chloé", "Dmitri", "Elif", "Farah", "Günter", "Hana"];
const LAST: [&str; 8] = ["Okafor", "Lindqvist", "Moreau", "Sato", "Yılmaz", "Silva", "Novák", "Wu"];
const GOODS: [&str; 6] = ["oak shelf", "tea, 250 g", "labels", "M8 bolts", "hosting", "repair"];

fn invoice(count: u32, at: DateTime, dice: &mut Dice) -> Document {
    let lines: Vec<Document> = (0..=dice.roll(3))
        .map(|_| {
            doc! {
                "article": dice.pick(&GOODS),
                "quantity": dice.number(40) + 1,
                "price": dice.money(),
            }
        })
        .collect();
    let paid = if dice.roll(4) > 0 { Bson::DateTime(at) } else { Bson::Null };
    doc! {
        "number": format!("R-{:05}", 10_000 + count),
        "customer": { "name": dice.name(), "city": dice.pick(&CITIES) },
        "issued_at": at,
        "paid_at": paid,
        "lines": lines,
        "total": dice.money(),
        "currency": "EUR",
    }
}

fn user(count: u32, at: DateTime, dice: &mut Dice) -> Document {
    doc! {
        "email": format!("member{count}@mail.example"),
        "name": dice.name(),
        "active": dice.roll(10) > 0,
        "roles": if dice.roll(8) == 0 { vec!["editor", "member"] } else { vec!["member"] },
        "logins": i64::from(dice.number(4_000)),
        "joined_at": at,
        "preferences": { "newsletter": dice.roll(2) == 0, "language": dice.pick(&["en", "pt", "ja"]) },
    }
}

fn event(at: DateTime, dice: &mut Dice) -> Document {
    let request = (0..16).map(|_| u8::try_from(dice.roll(256)).unwrap_or(0)).collect();
    doc! {
        "kind": dice.pick(&["order.placed", "order.shipped", "user.joined", "payment.failed"]),
        "at": at,
        "actor": dice.name(),
        "request": Bson::Binary(Binary { subtype: BinarySubtype::Uuid, bytes: request }),
        "took_ms": dice.number(900),
        "retried": dice.roll(12) == 0,
    }
}

fn reading(at: DateTime, dice: &mut Dice) -> Document {
    doc! {
        "sensor": format!("s-{:02}", dice.roll(24)),
        "at": at,
        "value": f64::from(dice.number(40_000)) / 1_000.0,
        "unit": dice.pick(&["°C", "kWh", "dB", "mm"]),
        "position": [f64::from(dice.number(180)) - 90.0, f64::from(dice.number(360)) - 180.0],
        "flags": Bson::Null,
    }
}

/// Numbers that look like chance and are the same every time (`SplitMix64`).
struct Dice(u64);

impl Dice {
    /// One of `0..sides`.
    fn roll(&mut self, sides: u32) -> u32 {
        self.0 = self.0.wrapping_add(0x9e37_79b9_7f4a_7c15);
        let mut mixed = self.0;
        mixed = (mixed ^ (mixed >> 30)).wrapping_mul(0xbf58_476d_1ce4_e5b9);
        mixed = (mixed ^ (mixed >> 27)).wrapping_mul(0x94d0_49bb_1331_11eb);
        let high = u32::try_from((mixed ^ (mixed >> 31)) >> 32).unwrap_or(0);
        high % sides
    }

    fn number(&mut self, below: u32) -> i32 {
        i32::try_from(self.roll(below)).unwrap_or(0)
    }

    fn pick(&mut self, words: &[&'static str]) -> &'static str {
        words[self.roll(u32::try_from(words.len()).unwrap_or(1)) as usize]
    }

    fn name(&mut self) -> String {
        format!("{} {}", self.pick(&FIRST), self.pick(&LAST))
    }

    fn money(&mut self) -> Bson {
        let cents = self.roll(90_000) + 100;
        let written = format!("{}.{:02}", cents / 100, cents % 100);
        written.parse::<Decimal128>().map_or(Bson::Null, Bson::Decimal128)
    }
}

#[cfg(test)]
mod tests {
    use std::sync::Arc;

    use bson::RawDocumentBuf;

    use super::*;
    use crate::document::filter::Filter;
    use crate::tenancy::Account;
    use crate::{
        store::{PageAt, PageQuery, Sort},
        tenancy::{Caller, Rules, Tenancy},
    };

    fn now() -> DateTime {
        DateTime::from_millis(1_790_000_000_000)
    }

    async fn seeded() -> (SqliteStore, DemoAdmin) {
        let store = blocking(SqliteStore::in_memory).await.unwrap().unwrap();
        let admin = seed(&store, "demo@here", now()).await.unwrap();
        (store, admin)
    }

    #[test]
    fn the_login_that_is_offered_is_for_what_is_selected_first() {
        let first = ORGANIZATIONS.iter().min_by_key(|(name, ..)| crate::org::name_key(name));
        assert_eq!(first.map(|(name, ..)| *name), Some(ORGANIZATIONS[0].0));
    }

    #[tokio::test]
    async fn the_samples_are_the_same_every_time_and_hold_what_they_say() {
        let (one, admin) = seeded().await;
        let (other, _) = seeded().await;
        let query = PageQuery {
            scope: crate::store::ListScope::Live,
            search: None,
            best_first: false,
            sort: Sort::default(),
            at: PageAt::First,
            limit: 100,
        };
        let page = one.page(&query).await.unwrap();
        assert_eq!(page, other.page(&query).await.unwrap());
        assert_eq!(page.orgs.len(), ORGANIZATIONS.len());
        for (name, _, hours, documents, _) in ORGANIZATIONS {
            let org = one.org_named(name, crate::store::ListScope::Live).await.unwrap().unwrap();
            let age = now().timestamp_millis() - org.created_at.timestamp_millis();
            assert!((hours..hours + 5).contains(&(age / 3_600_000)), "{name}: {age}");
            let statistics = one.statistics(&org).await.unwrap();
            assert_eq!(statistics.documents, u64::from(documents), "{name}");
            let first = one.first_documents(&org, 3).await.unwrap();
            let again = other.first_documents(&org, 3).await.unwrap();
            assert_eq!(first, again, "{name}");
        }
        let acme =
            one.org_named("acme_corp", crate::store::ListScope::Live).await.unwrap().unwrap();
        let total_is = async |kind: &str| {
            let query = RawDocumentBuf::try_from(&doc! { "total": { "$type": kind } }).unwrap();
            let filter = Filter::from_document(&query).unwrap();
            one.count_documents(&acme, &filter, u64::MAX).await.unwrap()
        };
        // One is wrong, to be found; the first document of all has none.
        assert_eq!((total_is("string").await, total_is("decimal").await), (1, 1_246));
        let tenancy =
            Tenancy::new(Arc::new(one), Rules::default(), Caller::new("tester@here")).unwrap();
        // Each has a past, told in the order of time.
        for org in &page.orgs {
            let past = tenancy.activity(org, 10).await.unwrap();
            let operations: Vec<_> = past.iter().map(|told| told.entry.action.clone()).collect();
            assert_eq!(operations, [OperationKind::LogIn, OperationKind::Create], "{}", org.name);
            assert_eq!(past[1].entry.at, org.created_at, "{}", org.name);
        }
        let session = tenancy.login(&admin.email, &Secret::from(admin.password)).await.unwrap();
        let named = matches!(
            &session.account,
            Account::Admin { organization_name, .. } if organization_name.raw() == admin.organization
        );
        assert!(named, "{session:?}");
    }
}
