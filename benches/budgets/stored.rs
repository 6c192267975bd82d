//! What depends on how much is stored, asked of a database directly: pages, renames, and what creating
//! and logging in cost beside the one bcrypt hash that has to be.

use std::{
    path::Path,
    sync::Arc,
    time::{Duration, Instant},
};

use bson::{DateTime, oid::ObjectId};
use rusqlite::Connection;
use tenantry::store::{ListScope, sqlite::SqliteStore};
use tenantry::{
    org::{CollectionName, Email, Org, OrgName, Password, PasswordHash, PasswordPolicy, Secret},
    store::{
        Change, Cursor, Maintenance as _, NewOrg, PageAt, PageQuery, Sort, SortKey, Store,
        no_progress,
    },
    tenancy::{Caller, NewOrganization, Rules, Tenancy},
};

use crate::support::{format_6, operations::Operations as _};
use crate::table::{Table, Times, millis};

const PASSWORD: &str = "violet harbor lantern 42";
const HASH: &str = "$2b$12$Qm9keU5vYm9keU5vYm9keO5fDgS0rS9bnp3kYz2lO7vQvXhC1mGxK";

/// A page from anywhere in the list against the first one.
pub async fn pages(table: &mut Table, what: &str, store: &dyn Store, count: u32) {
    const TIMES: usize = 50;
    let mut worst = (0.0, Duration::ZERO, Duration::ZERO);
    for key in [SortKey::Name, SortKey::Created, SortKey::Email] {
        let query = |at| PageQuery {
            scope: ListScope::Live,
            search: None,
            best_first: false,
            sort: Sort { key, descending: false },
            at,
            limit: 100,
        };
        let mut places = vec![query(PageAt::First)];
        for tenths in [1, 5, 9] {
            let name = format!("tenant {:07}", count / 10 * tenths);
            let org = store
                .org_named(&name, ListScope::Live)
                .await
                .expect("an answer")
                .expect("it is there");
            places.push(query(PageAt::After(Cursor::from_org(&org, key))));
        }
        let mut times = vec![Vec::new(); places.len()];
        // The first time brings the rows into memory: it is not counted, wherever the page is.
        for turn in 0..=TIMES {
            for (place, times) in places.iter().zip(&mut times) {
                let time = page(store, place).await;
                if turn > 0 {
                    times.push(time);
                }
            }
        }
        let mut medians = times.into_iter().map(|times| Times::new(times).median());
        let first = medians.next().expect("the first page");
        for deep in medians {
            let ratio = deep.as_secs_f64() / first.as_secs_f64();
            if ratio > worst.0 {
                worst = (ratio, first, deep);
            }
        }
    }
    let (ratio, first, deep) = worst;
    let measured = format!("{ratio:.2}× ({} first, {} deep)", millis(first), millis(deep));
    table.row(what, "1.5×", &measured, ratio <= 1.5);
}

/// What is searched for: frequent, rare and nowhere, of any length, alone and narrowed.
const SEARCHES: [&str; 18] = [
    "tenant",
    "t",
    "te",
    "7",
    "77",
    "tenant 0012345",
    "0012345",
    "345 tenant",
    "0012345@example.com",
    "zebra",
    "zq",
    "q",
    "9999",
    "email:0012345",
    "created:>2000-01-01 zebra",
    "tenant zebra",
    "state:suspended",
    "state:suspended tenant",
];

/// A tenth of a million organizations have an e-mail that begins so, and they are the last in the list.
const LATE: &str = "09";

/// The first page of whatever is searched for, the best matches first: the slowest search, and one whose matches all
/// come late in the list.
pub async fn searches(table: &mut Table, what: &str, store: &dyn Store, budget: Duration) {
    let mut worst = (Duration::ZERO, "");
    for search in SEARCHES {
        let median = searched(store, search).await;
        eprintln!("  {search}: {}", millis(median));
        worst = worst.max((median, search));
    }
    let measured = format!("{} ({})", millis(worst.0), worst.1);
    table.row(what, &millis(budget), &measured, worst.0 <= budget);
    let late = searched(store, LATE).await;
    let what = format!("{what}, late matches");
    table.row(&what, &millis(budget), &millis(late), late <= budget);
}

async fn searched(store: &dyn Store, search: &str) -> Duration {
    const TIMES: usize = 15;
    let query = PageQuery::first(ListScope::Live, Some(search.to_owned()), 100);
    let mut times = Vec::new();
    for turn in 0..=TIMES {
        let begun = Instant::now();
        store.page(&query).await.expect("a page");
        if turn > 0 {
            times.push(begun.elapsed());
        }
    }
    Times::new(times).median()
}

/// What the embedded database's index of trigrams costs: building it when a file of format 6 is upgraded, the room it
/// takes, and keeping it in step at each rename.
pub async fn index(table: &mut Table, what: &str, file: &Path) {
    let raw = Connection::open(file).expect("the file");
    let pages = |sql: &str| raw.query_row(sql, [], |row| row.get::<_, u64>(0)).expect("a number");
    let used = || pages("PRAGMA page_count") - pages("PRAGMA freelist_count");
    let megabytes = |pages: u64| pages * 4_096 / 1_000_000;
    let store = SqliteStore::open(file, false).expect("it opens");
    let mut org = make(&store, "renamed").await;
    let with = renamed_often(&store, &mut org).await;
    raw.execute_batch(format_6::WITHOUT_TRIGGERS).expect("they go");
    let without = renamed_often(&store, &mut org).await;
    drop(store);
    format_6::drop_index(&raw);
    let before = used();
    let begun = Instant::now();
    let store = SqliteStore::open(file, false).expect("it opens");
    store.upgrade("tester@here", &no_progress).await.expect("an upgrade");
    let built = begun.elapsed();
    let measured = format!(
        "built in {built:.1?}, {} MB of {}, a rename takes {} instead of {}",
        megabytes(used() - before),
        megabytes(used()),
        millis(with),
        millis(without)
    );
    table.row(what, "", &measured, true);
}

async fn renamed_often(store: &dyn Store, org: &mut Org) -> Duration {
    let mut times = Vec::new();
    for turn in 0..100 {
        times.push(rename(store, org, &format!("renamed {turn}")).await);
    }
    Times::new(times).median()
}

async fn page(store: &dyn Store, query: &PageQuery) -> Duration {
    let begun = Instant::now();
    let page = store.page(query).await.expect("a page");
    assert_eq!(page.orgs.len(), 100);
    begun.elapsed()
}

/// Bringing the old service's organizations up to date, against inserting them.
pub async fn upgrade(table: &mut Table, store: &dyn Store, inserted: Duration) {
    let begun = Instant::now();
    store.upgrade("tester@here", &no_progress).await.expect("an upgrade");
    let upgraded = begun.elapsed();
    let measured = format!("{upgraded:.1?} ({inserted:.1?} to insert them)");
    let what = "upgrade of 100,000 organizations and admins, MongoDB";
    table.row(what, "3×", &measured, upgraded <= inserted * 3);
}

/// Makes two organizations to rename: one of one document, and one that is to have many.
pub async fn to_rename(store: &dyn Store) -> [Org; 2] {
    [make(store, "small one").await, make(store, "large one").await]
}

async fn make(store: &dyn Store, name: &str) -> Org {
    let name = OrgName::parse(name).expect("a name");
    let new = NewOrg {
        id: ObjectId::new(),
        collection: CollectionName::from_name(&name),
        admin_id: ObjectId::new(),
        email: Email::parse(&format!("{}@rename.example", CollectionName::from_name(&name)))
            .expect("an e-mail"),
        name,
        password: PasswordHash::stored(HASH.to_owned()),
        created_at: DateTime::now(),
    };
    store.create(&new).await.expect("it is made")
}

/// Renames both to and fro.
pub async fn renames(table: &mut Table, what: &str, store: &dyn Store, orgs: [Org; 2]) {
    let [mut small, mut large] = orgs;
    let (mut quick, mut slow) = (Vec::new(), Vec::new());
    for turn in 0..20 {
        quick.push(rename(store, &mut small, &format!("small {turn}")).await);
        slow.push(rename(store, &mut large, &format!("large {turn}")).await);
    }
    let (quick, slow) = (Times::new(quick).median(), Times::new(slow).median());
    let ratio = slow.as_secs_f64() / quick.as_secs_f64();
    let measured = format!("{ratio:.2}× ({} small, {} large)", millis(quick), millis(slow));
    table.row(what, "2×", &measured, ratio <= 2.0);
}

async fn rename(store: &dyn Store, org: &mut Org, name: &str) -> Duration {
    let name = OrgName::parse(name).expect("a name");
    let collection = Some(CollectionName::from_name(&name));
    let change = Change { name: Some(name), collection, ..Change::default() };
    let begun = Instant::now();
    *org = store.update(org, &change).await.expect("it is renamed");
    begun.elapsed()
}

/// Creates and logs in, each beside the hash alone.
pub async fn hashing(table: &mut Table, place: &str, store: Arc<dyn Store>) {
    const TIMES: usize = 30;
    let tenancy = Tenancy::new(store, Rules::default(), Caller::new("tester@here")).expect("a key");
    let (mut hashes, mut creates, mut logins) = (Vec::new(), Vec::new(), Vec::new());
    for turn in 0..TIMES {
        hashes.push(hash().await);
        let wish = NewOrganization {
            name: format!("hashed {turn}"),
            email: format!("h{turn}@hashed.example"),
            password: Secret::from(PASSWORD),
        };
        let begun = Instant::now();
        tenancy.create(&wish).await.expect("it is made");
        creates.push(begun.elapsed());
        let begun = Instant::now();
        tenancy.login(&wish.email, &wish.password).await.expect("it lets in");
        logins.push(begun.elapsed());
    }
    // A hash is forty budgets long, and differs by several from one time to the next on a machine that
    // does other things too: the quickest tenths are what can be compared.
    let quick = |times| Times::new(times).percentile(10);
    let hash = quick(hashes);
    for (operation, times) in [("create", creates), ("login", logins)] {
        let above = quick(times).saturating_sub(hash);
        let measured = format!("{} (hash {})", millis(above), millis(hash));
        let kept = above <= Duration::from_millis(5);
        table.row(&format!("{operation} above one bcrypt hash, {place}"), "5 ms", &measured, kept);
    }
}

/// Whether the time a wrong login takes tells which e-mails there are: one that an admin has against
/// one that nobody has, in turns.
pub async fn guessing(table: &mut Table, place: &str, store: Arc<dyn Store>) {
    const TIMES: usize = 60;
    let tenancy = Tenancy::new(Arc::clone(&store), Rules::default(), Caller::new("tester@here"))
        .expect("a key");
    let known = "guessed@hashed.example";
    let wish = NewOrganization {
        name: "guessed".to_owned(),
        email: known.to_owned(),
        password: Secret::from(PASSWORD),
    };
    tenancy.create(&wish).await.expect("it is made");
    let wrong = Secret::from("violet harbor lantern 43");
    let mut times = [Vec::new(), Vec::new()];
    for turn in 0..TIMES {
        // Whichever comes first does not always have the warmer machine.
        for which in if turn % 2 == 0 { [0, 1] } else { [1, 0] } {
            let email = [known, "nobody@hashed.example"][which];
            let begun = Instant::now();
            tenancy.login(email, &wrong).await.expect_err("it is wrong");
            times[which].push(begun.elapsed());
            // Or the next one would have to wait.
            store.forget_attempts(email).await.expect("they are forgotten");
        }
    }
    let [known, unknown] = times.map(Times::new);
    let apart = known.median().abs_diff(unknown.median());
    let spread = |times: &Times| times.percentile(75).abs_diff(times.percentile(25));
    let spread = spread(&known).max(spread(&unknown));
    let measured = format!(
        "{} apart ({} known, {} unknown, middle half {})",
        millis(apart),
        millis(known.median()),
        millis(unknown.median()),
        millis(spread)
    );
    let what = format!("a wrong login, known against unknown e-mail, {place}");
    table.row(&what, "within the spread", &measured, apart <= spread);
}

/// How long the hash alone takes, where the operations make it too.
async fn hash() -> Duration {
    let password = Password::judge(&Secret::from(PASSWORD), PasswordPolicy::default(), &[]);
    let password = password.expect("a good password");
    let begun = Instant::now();
    let hash = tokio::task::spawn_blocking(move || password.hash()).await.expect("a thread");
    hash.expect("a hash");
    begun.elapsed()
}
