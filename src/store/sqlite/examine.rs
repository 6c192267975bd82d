//! Going through everything: what does not belong together, and the repair.
//!
//! Nothing here comes about by itself, since every operation is one transaction: it takes another program,
//! or a damaged disk.

use std::collections::{HashMap, HashSet};

use rusqlite::Connection;

use super::{
    claims::insert_claims,
    error::{Attempt, Fault},
    listed,
    read::{self, ORG},
    row::held_in,
    write,
};
use crate::{
    org::{COLLECTION_PREFIX, Claim, Org, PasswordHash, StoredText, email_key, name_key},
    store::{
        Finding, Inconsistency, Repair,
        finding::{NEW_PASSWORD, WHICH_ADMIN},
    },
};

/// What an examination is not to be lengthened by: a damaged database has more to say than anybody
/// reads.
const DAMAGES: u32 = 20;

const RESTORE: &str = "stop every console, put back a copy of the file, and take away the files \
                       beside it that end with -wal and -shm";

const SET_OWNER: &str = "set `owner` of this row in `admins` to 1 for an owner, or to 0";

/// What does not belong together in a file that is not damaged.
pub(super) fn examine(tx: &Connection, fix: bool) -> Attempt<Vec<Finding>> {
    let mut findings = miscounted(tx, fix)?;
    for (name, documents) in collections_of_nobody(tx)? {
        let repair = repaired(fix, || {
            let new = free_name(tx, &name)?;
            tx.execute("UPDATE collections SET name = ? WHERE name = ?", (&new, &name))?;
            Ok(format!("renamed to {}", StoredText::from(new)))
        })?;
        let inconsistency =
            Inconsistency::CollectionOfNobody { collection: name.into(), documents };
        findings.push(Finding { inconsistency, repair });
    }
    findings.extend(unknown_roles(tx)?);
    findings.extend(unusable_passwords(tx)?);
    for (id, email) in admins_of_nobody(tx)? {
        let repair = repaired(fix, || {
            tx.execute_batch(QUARANTINE_ADMINS)?;
            tx.execute(
                "INSERT INTO quarantine_admins (id, email, email_key, password, created_at) \
                 SELECT id, email, email_key, password, created_at FROM admins WHERE id = ?",
                [&id],
            )?;
            tx.execute("DELETE FROM admins WHERE id = ?", [&id])?;
            Ok("moved to the table quarantine_admins".to_owned())
        })?;
        findings.push(Finding {
            inconsistency: Inconsistency::AdminOfNobody { email: email.into() },
            repair,
        });
    }
    let swapped = swapped_admins(tx)?;
    findings.extend(swapped.findings);
    for (row, org) in orgs(tx)? {
        if !exists(tx, "SELECT 1 FROM collections WHERE name = ?", &held_in(&org))? {
            let repair = repaired(fix, || {
                write::insert_documents(tx, &held_in(&org), Vec::new())?;
                Ok("created an empty one".to_owned())
            })?;
            let (org, collection) = (org.name.clone(), org.collection.clone());
            findings.push(Finding {
                inconsistency: Inconsistency::NoCollection { org, collection },
                repair,
            });
        }
        // The record does not say what the e-mail of somebody else's admin is.
        if !swapped.rows.contains(&row) && is_stale(tx, row, &org)? {
            let repair = renewed(tx, row, &org, fix)?;
            findings.push(Finding {
                inconsistency: Inconsistency::Stale { org: org.name.clone() },
                repair,
            });
        }
    }
    Ok(findings)
}

const QUARANTINE_ADMINS: &str = "CREATE TABLE IF NOT EXISTS quarantine_admins (id BLOB, email TEXT, \
                           email_key TEXT, password TEXT, created_at INTEGER) STRICT";

fn repaired(fix: bool, repair: impl FnOnce() -> Attempt<String>) -> Attempt<Repair> {
    if fix { Ok(Repair::Done(repair()?)) } else { Ok(Repair::Possible) }
}

/// Refuses a file that is damaged.
pub(super) fn sound(tx: &Connection) -> Attempt<()> {
    let said: String = tx.query_row("PRAGMA quick_check(1)", [], |row| row.get(0))?;
    if said == "ok" { Ok(()) } else { Err(Fault::Garbage) }
}

/// Collections that hold something else than is counted.
fn miscounted(tx: &Connection, fix: bool) -> Attempt<Vec<Finding>> {
    let wrong: Vec<(i64, String, u64, u64, u64)> = tx
        .prepare(
            "SELECT row, name, documents, held, size FROM collections LEFT JOIN \
             (SELECT collection, count(*) AS held, sum(length(bson)) AS size FROM documents \
             GROUP BY collection) ON collection = row \
             WHERE documents <> ifnull(held, 0) OR bytes <> ifnull(size, 0) ORDER BY name",
        )?
        .query_map([], |row| {
            let held = row.get::<_, Option<u64>>(3)?.unwrap_or(0);
            let size = row.get::<_, Option<u64>>(4)?.unwrap_or(0);
            Ok((row.get(0)?, row.get(1)?, row.get(2)?, held, size))
        })?
        .collect::<Result<_, _>>()?;
    let found = wrong.into_iter().map(|(row, name, documents, held, size)| {
        let repair = repaired(fix, || {
            let sql = "UPDATE collections SET documents = ?, bytes = ? WHERE row = ?";
            tx.execute(sql, (held, size, row))?;
            Ok(format!("it holds {held}"))
        })?;
        let inconsistency = Inconsistency::Miscounted { collection: name.into(), documents };
        Ok(Finding { inconsistency, repair })
    });
    found.collect()
}

/// What SQLite says of a damaged file.
pub(super) fn damages(tx: &Connection) -> Attempt<Vec<Finding>> {
    let mut check = tx.prepare(&format!("PRAGMA integrity_check({DAMAGES})"))?;
    let mut said = Vec::new();
    for line in check.query_map([], |row| row.get::<_, String>(0))? {
        match line {
            Ok(line) if line == "ok" => {}
            Ok(line) => said.push(line),
            // The check itself stumbles over what it has just said.
            Err(_) if !said.is_empty() => break,
            Err(error) => return Err(error.into()),
        }
    }
    // What does not even add up cannot be followed any further.
    if said.is_empty() {
        said = tx
            .prepare("SELECT \"table\", parent FROM pragma_foreign_key_check LIMIT ?")?
            .query_map([DAMAGES], |row| {
                let (table, parent): (String, String) = (row.get(0)?, row.get(1)?);
                Ok(format!("a row of {table} refers to a missing row of {parent}"))
            })?
            .collect::<Result<_, _>>()?;
    }
    let damage = |line: String| Finding {
        inconsistency: Inconsistency::Damage(line.into()),
        repair: Repair::ByHand(RESTORE),
    };
    Ok(said.into_iter().map(damage).collect())
}

fn collections_of_nobody(tx: &Connection) -> Attempt<Vec<(String, u64)>> {
    Ok(tx
        .prepare(
            // The organizations are gone through once, and not for each collection.
            "SELECT name, documents FROM collections WHERE substr(name, 1, ?1) = ?2 AND name NOT IN \
             (SELECT collection FROM organizations) ORDER BY name",
        )?
        .query_map((COLLECTION_PREFIX.len(), COLLECTION_PREFIX), |row| {
            Ok((row.get(0)?, row.get(1)?))
        })?
        .collect::<Result<_, _>>()?)
}

/// A condition: an admin belongs to no organization.
const OF_NOBODY: &str = "NOT EXISTS (SELECT 1 FROM organizations WHERE admin_id = admins.id) \
                         AND NOT EXISTS (SELECT 1 FROM organizations AS o WHERE o.id = organization)";

fn admins_of_nobody(tx: &Connection) -> Attempt<Vec<(Vec<u8>, String)>> {
    Ok(tx
        .prepare(&format!("SELECT id, email FROM admins WHERE {OF_NOBODY}"))?
        .query_map([], |row| Ok((row.get(0)?, row.get(1)?)))?
        .collect::<Result<_, _>>()?)
}

/// The admins of whom it is not marked whether they are owners.
fn unknown_roles(tx: &Connection) -> Attempt<Vec<Finding>> {
    let found = tx
        .prepare("SELECT email, owner FROM admins WHERE owner NOT IN (0, 1) ORDER BY id")?
        .query_map([], |row| Ok((row.get::<_, String>(0)?, row.get::<_, i64>(1)?)))?
        .map(|row| {
            let (email, role) = row?;
            let (email, role) = (email.into(), role.to_string().into());
            let repair = Repair::ByHand(SET_OWNER);
            Ok(Finding { inconsistency: Inconsistency::UnknownRole { email, role }, repair })
        })
        .collect::<Result<_, rusqlite::Error>>()?;
    Ok(found)
}

/// The admins who cannot log in with any password. Who belongs to nobody has nobody to issue a code.
fn unusable_passwords(tx: &Connection) -> Attempt<Vec<Finding>> {
    let mut found = Vec::new();
    let mut admins = tx.prepare(&format!(
        "SELECT email, password FROM admins WHERE NOT ({OF_NOBODY}) ORDER BY id"
    ))?;
    let mut admins = admins.query([])?;
    while let Some(admin) = admins.next()? {
        if !PasswordHash::stored(admin.get(1)?).is_usable() {
            let inconsistency =
                Inconsistency::UnusablePassword { email: admin.get::<_, String>(0)?.into() };
            found.push(Finding { inconsistency, repair: Repair::ByHand(NEW_PASSWORD) });
        }
    }
    Ok(found)
}

/// Organizations that name each other's admin.
#[derive(Default)]
struct Swapped {
    rows: HashSet<i64>,
    findings: Vec<Finding>,
}

fn swapped_admins(tx: &Connection) -> Attempt<Swapped> {
    let mut swapped = Swapped::default();
    // By the e-mail of the record and that of the admin whom it names.
    let mut unlike: HashMap<(String, String), (i64, String)> = HashMap::new();
    let mut found = tx.prepare(
        "SELECT row, name, admin_email, a.email FROM organizations \
         JOIN admins AS a ON a.id = admin_id WHERE a.email <> admin_email ORDER BY row",
    )?;
    let mut found = found.query([])?;
    while let Some(org) = found.next()? {
        let (row, other): (i64, String) = (org.get(0)?, org.get(1)?);
        let in_record = email_key(&org.get::<_, String>(2)?);
        let in_admin = email_key(&org.get::<_, String>(3)?);
        let Some((one_row, one)) = unlike.remove(&(in_admin.clone(), in_record.clone())) else {
            unlike.insert((in_record, in_admin), (row, other));
            continue;
        };
        swapped.rows.extend([one_row, row]);
        let inconsistency = Inconsistency::SwappedAdmins { one: one.into(), other: other.into() };
        swapped.findings.push(Finding { inconsistency, repair: Repair::ByHand(WHICH_ADMIN) });
    }
    Ok(swapped)
}

fn orgs(tx: &Connection) -> Attempt<Vec<(i64, Org)>> {
    Ok(tx
        .prepare(&format!("SELECT {ORG}, row FROM organizations ORDER BY row"))?
        .query_map([], |row| Ok((row.get("row")?, read::org(row)?)))?
        .collect::<Result<_, _>>()?)
}

/// Its admins, in the order of their identities: the e-mail, what it is compared by, and whether it is
/// of the one whom the record names.
fn admins(tx: &Connection, org: &Org) -> Attempt<Vec<(String, String, bool)>> {
    Ok(tx
        .prepare_cached(
            "SELECT a.email, a.email_key, a.id = admin_id FROM organizations AS o \
             JOIN admins AS a ON a.organization = o.id WHERE o.id = ? ORDER BY a.id",
        )?
        .query_map([org.id.bytes()], |row| Ok((row.get(0)?, row.get(1)?, row.get(2)?)))?
        .collect::<Result<_, _>>()?)
}

/// What it is to hold. The record decides what the e-mail of the admin is whom it names.
fn claims(org: &Org, admins: &[(String, String, bool)]) -> Vec<Claim> {
    if org.in_trash().is_some_and(|trash| trash.released) {
        return Vec::new();
    }
    let mut claims = Claim::of_name(org.name.raw(), org.collection.raw());
    claims.push(Claim::of_email(org.admin_email.raw()));
    let others = admins.iter().filter(|(.., first)| !first);
    claims.extend(others.map(|(email, ..)| Claim::of_email(email)));
    claims.sort_by_cached_key(Claim::to_string);
    claims
}

/// Whether what is searched, sorted and kept unique is something else than the record says.
fn is_stale(tx: &Connection, row: i64, org: &Org) -> Attempt<bool> {
    let held: Vec<String> = tx
        .prepare_cached(
            "SELECT claim FROM claims WHERE org = ?1 UNION ALL \
             SELECT 'look:' || look FROM looks WHERE org = ?1 ORDER BY 1",
        )?
        .query_map([row], |row| row.get(0))?
        .collect::<Result<_, _>>()?;
    let keys: [String; 2] = tx
        .prepare_cached("SELECT name_key, email_key FROM organizations WHERE row = ?")?
        .query_row([row], |row| Ok([row.get(0)?, row.get(1)?]))?;
    let admins = admins(tx, org)?;
    let first = admins.iter().find(|(.., first)| *first).map(|(email, ..)| email.as_str());
    let claims: Vec<String> = claims(org, &admins).iter().map(Claim::to_string).collect();
    Ok(held != claims
        || keys != [name_key(org.name.raw()), email_key(org.admin_email.raw())]
        || listed::is_stale(tx, row, org)?
        || first != Some(org.admin_email.raw())
        || admins.iter().any(|(email, key, _)| *key != email_key(email)))
}

fn renewed(tx: &Connection, row: i64, org: &Org, fix: bool) -> Attempt<Repair> {
    let claims = claims(org, &admins(tx, org)?);
    if claims.windows(2).any(|pair| pair[0] == pair[1]) {
        return Ok(Repair::ByHand("two of its admins have the same e-mail: change one of them"));
    }
    for claim in &claims {
        let mut held = tx.prepare_cached("SELECT 1 FROM claims WHERE claim = ? AND org <> ?")?;
        if held.exists((claim.to_string(), row))? {
            return Ok(Repair::ByHand(
                "another organization has the same name, collection or e-mail: rename one of them",
            ));
        }
    }
    repaired(fix, || {
        tx.execute("DELETE FROM claims WHERE org = ?", [row])?;
        tx.execute("DELETE FROM looks WHERE org = ?", [row])?;
        insert_claims(tx, &claims, row)?;
        let (name, email) = (name_key(org.name.raw()), email_key(org.admin_email.raw()));
        tx.execute(
            "UPDATE organizations SET name_key = ?, email_key = ? WHERE row = ?",
            (name, &email, row),
        )?;
        tx.execute(
            "UPDATE admins SET email = ?, organization = ? \
             WHERE id = (SELECT admin_id FROM organizations WHERE row = ?)",
            (org.admin_email.raw(), org.id.bytes(), row),
        )?;
        for (email, ..) in admins(tx, org)? {
            tx.execute(
                "UPDATE admins SET email_key = ? WHERE email = ? AND organization = ?",
                (email_key(&email), &email, org.id.bytes()),
            )?;
        }
        listed::update(tx, row)?;
        Ok("brought up to date".to_owned())
    })
}

/// `quarantine_…`, with a number where that is somebody's.
fn free_name(tx: &Connection, name: &str) -> Attempt<String> {
    let mut free = format!("quarantine_{name}");
    let mut number = 1_u32;
    while exists(tx, "SELECT 1 FROM collections WHERE name = ?", &free)? {
        number += 1;
        free = format!("quarantine_{name}_{number}");
    }
    Ok(free)
}

fn exists(tx: &Connection, sql: &str, value: &str) -> Attempt<bool> {
    Ok(tx.prepare_cached(sql)?.exists([value])?)
}

#[cfg(test)]
mod tests {
    use std::sync::{
        Arc,
        atomic::{AtomicU32, Ordering},
    };

    use super::*;
    use crate::store::sqlite::schema;

    /// How many hundreds of steps SQLite takes for an examination of so many organizations.
    fn steps(count: u32) -> u32 {
        let Ok(mut connection) = schema::in_memory() else { panic!("no database") };
        connection
            .execute_batch(&format!(
                "PRAGMA foreign_keys = OFF;
                 CREATE TEMP TABLE n AS
                     WITH RECURSIVE c (x) AS (SELECT 1 UNION ALL SELECT x + 1 FROM c WHERE x < {count})
                     SELECT x, CAST(printf('%012d', x) AS BLOB) AS id FROM c;
                 INSERT INTO organizations (row, id, name, name_key, collection, admin_id, admin_email,
                                            email_key, created_at, database, revision)
                     SELECT x, id, x, x, 'org_' || x, id, x || '@x', x || '@x', 0, '', 0 FROM n;
                 INSERT INTO admins (id, email, email_key, password, created_at, organization)
                     SELECT id, x || '@x', x || '@x', '', 0, id FROM n;
                 INSERT INTO collections (name, documents, bytes) SELECT 'org_' || x, 0, 0 FROM n;"
            ))
            .unwrap();
        let steps = Arc::new(AtomicU32::new(0));
        let counted = steps.clone();
        let handler = move || {
            counted.fetch_add(1, Ordering::Relaxed);
            false
        };
        connection.progress_handler(100, Some(handler)).unwrap();
        assert!(examine(&connection, false).is_ok());
        steps.load(Ordering::Relaxed)
    }

    #[test]
    fn twice_as_many_organizations_are_twice_as_much_work() {
        let (few, many) = (steps(1_000), steps(2_000));
        assert!(many < few * 5 / 2, "{few} hundred steps, and {many}");
    }
}
