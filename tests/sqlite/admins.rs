//! Several admins in one file: what an older version kept of them, and what an examination mends.

use std::path::Path;
use tenantry::store::traits::*;

use rusqlite::{Connection, types::Value};
use tenantry::org::Role;
use tenantry::store::{
    AdminChange, AdminEdit, Entry, Inconsistency, ListScope, Operation, Repair, StoreError,
    no_progress,
};

use crate::cases::{sql, trashed, version_1, version_2, wait, with_three};
use crate::fixture::{assert_sound, audit_log, file, new_org, open, view};
use crate::support::operations::Operations as _;

/// Every table, column and index there is.
fn layout(path: &Path) -> Vec<String> {
    let raw = Connection::open(path).unwrap();
    let mut statement = raw
        .prepare(
            "SELECT m.type, m.name, m.tbl_name, c.name, c.type, c.\"notnull\", c.dflt_value, c.pk \
             FROM sqlite_schema AS m LEFT JOIN pragma_table_xinfo(m.name) AS c \
             UNION ALL SELECT m.type, m.name, m.tbl_name, c.name, c.\"desc\", c.cid, c.key, 0 \
             FROM sqlite_schema AS m JOIN pragma_index_xinfo(m.name) AS c ORDER BY 1, 2, 3, 4, 6, 7",
        )
        .unwrap();
    let rows = statement.query_map([], |row| {
        let cells: Vec<Value> = (0..8).map(|column| row.get_unwrap(column)).collect();
        Ok(format!("{cells:?}"))
    });
    rows.unwrap().map(Result::unwrap).collect()
}

#[test]
fn a_file_of_an_older_version_keeps_everything_and_is_like_a_new_one() {
    for (version, begin) in [(1, version_1 as fn(&Path)), (2, version_2)] {
        let (_directory, path) = file();
        begin(&path);
        // The same as a file that was made by this version.
        let wanted = path.with_extension("made");
        wait(async {
            let store = open(&path).unwrap();
            assert_eq!(store.examine("tester@here", false).await, Ok(vec![]), "{version}");
            assert_eq!(audit_log(&store).await, [], "{version}");
            for (name, email) in [("acme corp", "ada@acme.com"), ("globex", "bob@globex.com")] {
                let mut org = store.org_named(name, ListScope::Live).await.unwrap();
                if org.is_none() {
                    org = store.org_named(name, ListScope::Trash).await.unwrap();
                }
                let org = org.unwrap();
                let [admin] = &store.admins(&org).await.unwrap()[..] else { panic!("{name}") };
                assert_eq!((admin.email.raw(), admin.role), (email, Role::Owner));
                assert_eq!((admin.organization, admin.reset.clone()), (Some(org.id), None));
            }
        });
        wait(async { open(&path).unwrap().upgrade("tester@here", &no_progress).await.unwrap() });
        assert_eq!(view(&path), view(&wanted), "{version}");
        assert_eq!(layout(&path), layout(&wanted), "{version}");
        assert_sound(&path);
    }
}

#[test]
fn a_file_whose_admins_belong_to_nobody_is_brought_up_to_date_all_the_same() {
    let (_directory, path) = file();
    version_1(&path);
    sql(
        &path,
        "INSERT INTO admins VALUES (x'0102030405060708090a0b0c', 'no@body.com', 'x', '-', 0)",
    );
    let found = wait(async { open(&path).unwrap().examine("tester@here", true).await.unwrap() });
    let [found] = &found[..] else { panic!("{found:?}") };
    assert_eq!(found.inconsistency, Inconsistency::AdminOfNobody { email: "no@body.com".into() });
    assert!(found.repair.is_done());
    assert_sound(&path);
}

#[test]
fn what_does_not_belong_together_of_several_admins_is_found_and_mended() {
    let stale = || Inconsistency::Stale { org: "Acme Corp".into() };
    for (sabotage, inconsistency) in [
        ("UPDATE admins SET email_key = 'old' WHERE email = 'eve@acme.com'", stale()),
        ("UPDATE admins SET email_key = 'old' WHERE email = 'ada@acme.com'", stale()),
        ("UPDATE admins SET organization = NULL WHERE email = 'ada@acme.com'", stale()),
        ("UPDATE admins SET email = 'old@acme.com' WHERE email = 'ada@acme.com'", stale()),
        ("DELETE FROM claims WHERE claim = 'email:eve@acme.com'", stale()),
        ("DELETE FROM claims WHERE claim = 'email:ada@acme.com'", stale()),
        (
            "INSERT INTO claims SELECT 'email:old@acme.com', row FROM organizations
             WHERE name = 'Acme Corp'",
            stale(),
        ),
    ] {
        let (_directory, path) = file();
        with_three(&path);
        let wanted = view(&path);
        sql(&path, sabotage);
        let (found, left) = wait(async {
            let store = open(&path).unwrap();
            (
                store.examine("tester@here", true).await.unwrap(),
                store.examine("tester@here", false).await.unwrap(),
            )
        });
        let [found] = &found[..] else { panic!("{sabotage}: {found:?}") };
        assert_eq!(found.inconsistency, inconsistency, "{sabotage}");
        assert!(found.repair.is_done(), "{sabotage}");
        assert_eq!(left, [], "{sabotage}");
        assert_eq!(view(&path), wanted, "{sabotage}");
        assert_sound(&path);
    }
}

#[test]
fn an_admin_of_what_is_gone_is_put_aside_and_two_with_one_email_are_left_to_a_person() {
    let (_directory, path) = file();
    with_three(&path);
    sql(
        &path,
        "UPDATE admins SET organization = x'00' WHERE email = 'eve@acme.com';
         DELETE FROM claims WHERE claim = 'email:eve@acme.com';",
    );
    let found = wait(async { open(&path).unwrap().examine("tester@here", true).await.unwrap() });
    // Nor is Acme found any more by the e-mail that was hers.
    let [found, stale] = &found[..] else { panic!("{found:?}") };
    assert_eq!(found.inconsistency, Inconsistency::AdminOfNobody { email: "eve@acme.com".into() });
    assert_eq!(stale.inconsistency, Inconsistency::Stale { org: "Acme Corp".into() });
    assert_sound(&path);

    sql(&path, "UPDATE admins SET email = 'ADA@acme.com' WHERE email = 'bob@acme.com'");
    let before = view(&path);
    let found = wait(async { open(&path).unwrap().examine("tester@here", true).await.unwrap() });
    let [found] = &found[..] else { panic!("{found:?}") };
    assert_eq!(found.inconsistency, Inconsistency::Stale { org: "Acme Corp".into() });
    let Repair::ByHand(help) = found.repair else { panic!("{found:?}") };
    assert!(help.contains("two of its admins have the same e-mail"), "{help}");
    assert_eq!(view(&path), before);
}

#[test]
fn an_admin_of_another_organization_is_changed_by_no_deed_on_this_one() {
    let (_directory, path) = file();
    with_three(&path);
    let before = view(&path);
    wait(async {
        let store = open(&path).unwrap();
        let globex = store.org_named("globex", ListScope::Live).await.unwrap().unwrap();
        let eve = store.admin_with_email("eve@acme.com").await.unwrap().unwrap();
        let bob = store.admin_with_email("bob@globex.com").await.unwrap().unwrap();
        let role = Some(Role::Owner);
        let set = AdminEdit::Set { role, email: None, password: None, reset: None };
        for change in [
            AdminChange { admin: eve.id, what: set.clone(), successor: None },
            AdminChange { admin: eve.id, what: AdminEdit::Remove, successor: None },
            AdminChange { admin: bob.id, what: set, successor: Some(eve) },
        ] {
            let entry = Entry::about("tester@here", "change admin", &globex);
            let operation = Operation::Admin(Box::new(globex.clone()), Box::new(change));
            assert_eq!(store.perform(&operation, &entry).await, Err(StoreError::Changed));
        }
    });
    assert_eq!(view(&path), before);
}

#[test]
fn whatever_else_stands_where_an_owner_is_marked_is_the_least_there_is_and_is_found() {
    for odd in ["2", "-1", "9223372036854775807", "256"] {
        let (_directory, path) = file();
        with_three(&path);
        sql(&path, &format!("UPDATE admins SET owner = {odd} WHERE email = 'bob@acme.com'"));
        wait(async {
            let store = open(&path).unwrap();
            let bob = store.admin_with_email("bob@acme.com").await.unwrap().unwrap();
            assert_eq!(bob.role, Role::Admin, "{odd}");
            for fix in [false, true] {
                let found = store.examine("tester@here", fix).await.unwrap();
                let [found] = &found[..] else { panic!("{odd}: {found:?}") };
                let (email, role) = ("bob@acme.com".into(), odd.into());
                assert_eq!(found.inconsistency, Inconsistency::UnknownRole { email, role });
                assert!(matches!(found.repair, Repair::ByHand(_)), "{odd}");
            }
        });
    }
}

#[test]
fn an_organization_in_the_trash_whose_days_nobody_knows_stays_there() {
    let ago = "trashed_at = trashed_at - 86400000 * 40";
    for odd in ["NULL", "-1", "-9223372036854775808", "9223372036854775807"] {
        let (_directory, path) = file();
        trashed(&path);
        sql(&path, &format!("UPDATE organizations SET trash_days = {odd}, {ago}"));
        wait(async {
            let store = open(&path).unwrap();
            store.purge_expired("tester@here", true).await.unwrap();
            store.examine("tester@here", true).await.unwrap();
            let org = store.org_named("acme corp", ListScope::Trash).await.unwrap();
            assert!(org.unwrap().in_trash().is_some(), "{odd}");
        });
    }
}

#[tokio::test]
async fn no_two_organizations_can_name_one_admin() {
    let (_directory, path) = file();
    let store = open(&path).unwrap();
    for name in ["acme", "globex"] {
        store.create(&new_org(name)).await.unwrap();
    }
    let raw = Connection::open(&path).unwrap();
    raw.pragma_update(None, "foreign_keys", false).unwrap();
    let share = "UPDATE organizations SET admin_id = (SELECT max(admin_id) FROM organizations)";
    let refused = raw.execute(share, ()).unwrap_err().to_string();
    assert!(refused.contains("UNIQUE constraint failed: organizations.admin_id"), "{refused}");
}
