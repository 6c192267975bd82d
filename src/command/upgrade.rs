//! `tenantry upgrade`: what it would add, whether that is agreed to, and how far it is.

use std::{collections::BTreeMap, fmt::Write as _};

use serde::Serialize;

use super::{
    Answer, Failure,
    ask::agree,
    terminal::{Telling, Terminal},
};
use crate::{org::counted, store::UpgradePlan, tenancy::Tenancy};

pub(super) async fn answer(tenancy: &Tenancy, dry_run: bool, yes: bool) -> Result<Answer, Failure> {
    let plan = tenancy.upgrade_plan().await?;
    if dry_run {
        return Ok(Answer::Upgrade { plan, left: None });
    }
    if plan.asks && !yes {
        let Some(terminal) = Terminal::open() else {
            return Err(Failure::usage(
                "no terminal to confirm the upgrade on",
                "preview it with --dry-run, or add --yes to skip the confirmation",
            ));
        };
        terminal.show(&planned(&plan))?;
        agree(&terminal, "Upgrade this database?").await?;
    }
    let telling = Telling::default();
    let left = tenancy.upgrade(&telling.progress()).await?;
    Ok(Answer::Upgrade { plan, left: Some(left.records()) })
}

#[derive(Serialize)]
pub(super) struct UpgradeFields<'a> {
    upgraded: bool,
    /// How many are to be given fields, or were.
    organizations: u64,
    admins: u64,
    fields: BTreeMap<&'a str, &'a [String]>,
    indexes: BTreeMap<&'a str, &'a [String]>,
    /// Of an embedded database in an older format, that and the one it is brought to.
    #[serde(skip_serializing_if = "Option::is_none")]
    formats: Option<(i32, i32)>,
    /// How many records clash, and were left as they are.
    #[serde(skip_serializing_if = "Option::is_none")]
    held_back: Option<u64>,
}

impl<'a> UpgradeFields<'a> {
    pub(super) fn from_plan(plan: &'a UpgradePlan, left: Option<u64>) -> Self {
        let by_name = |all: &'a [(String, Vec<String>)]| {
            all.iter().map(|(name, all)| (name.as_str(), all.as_slice())).collect()
        };
        Self {
            upgraded: !plan.empty && (left.is_some() || !(plan.asks || plan.formats.is_some())),
            organizations: plan.organizations,
            admins: plan.admins,
            fields: by_name(&plan.fields),
            indexes: by_name(&plan.indexes),
            formats: plan.formats,
            held_back: left,
        }
    }
}

/// What it came to, or would come to. `left` is how many records were held back, once it is done.
pub(super) fn table(plan: &UpgradePlan, left: Option<u64>) -> String {
    if plan.empty {
        return "this database is empty: nothing to upgrade\n  → check its name; a new database needs no upgrade\n"
            .to_owned();
    }
    if *plan == UpgradePlan::nothing() {
        return "the database is up to date\n".to_owned();
    }
    let Some(left) = left else { return planned(plan) };
    if let Some((older, ours)) = plan.formats {
        return format!("upgraded the file from format {older} to {ours}\n");
    }
    let mut text = format!(
        "upgraded {} and {}, and added {}\n",
        counted(plan.organizations, "organization"),
        counted(plan.admins, "admin"),
        match plan.missing_indexes() {
            1 => "1 index".to_owned(),
            more => format!("{more} indexes"),
        },
    );
    if left > 0 {
        let left = counted(left, "record");
        // Writing to a string cannot fail.
        let _ = write!(
            text,
            "left {left} unchanged because of conflicts\n  → run `tenantry doctor` to see which, and how \
             to resolve them\n"
        );
    }
    text
}

fn planned(plan: &UpgradePlan) -> String {
    if let Some((older, ours)) = plan.formats {
        return format!(
            "The upgrade, or the first change, converts the file from format {older} to {ours}.\n"
        );
    }
    let mut text = format!(
        "The upgrade only adds; the program that wrote this database keeps working.\n  adds fields to {} \
         and {}\n",
        counted(plan.organizations, "organization"),
        counted(plan.admins, "admin")
    );
    for (what, all) in [("fields", &plan.fields), ("indexes", &plan.indexes)] {
        for (collection, names) in all {
            // Writing to a string cannot fail.
            let _ = writeln!(text, "  {what} of {collection}: {}", names.join(" · "));
        }
    }
    text
}
