//! `tenantry upgrade`: what it would add, whether that is agreed to, and how far it is.

use std::{collections::BTreeMap, fmt::Write as _};

use serde::Serialize;

use super::{
    Answer, Failure, agree, counted,
    terminal::{Telling, Terminal},
};
use crate::{store::UpgradePlan, tenancy::Tenancy};

pub(super) async fn answer(tenancy: &Tenancy, dry_run: bool, yes: bool) -> Result<Answer, Failure> {
    let plan = tenancy.upgrade_plan().await?;
    if dry_run {
        return Ok(Answer::Upgrade { plan, done: false });
    }
    if plan.asks && !yes {
        let Some(terminal) = Terminal::open() else {
            return Err(Failure::usage(
                "there is no terminal to confirm the upgrade on",
                "look at it with --dry-run, and add --yes to do it without being asked",
            ));
        };
        terminal.show(&planned(&plan))?;
        agree(&terminal, "Upgrade this database?").await?;
    }
    let telling = Telling::default();
    let plan = tenancy.upgrade(&telling.progress()).await?;
    Ok(Answer::Upgrade { plan, done: true })
}

#[derive(Serialize)]
pub(super) struct UpgradeFields<'a> {
    upgraded: bool,
    /// How many lack fields: to be upgraded, or held back.
    organizations: u64,
    admins: u64,
    fields: BTreeMap<&'a str, &'a [String]>,
    indexes: BTreeMap<&'a str, &'a [String]>,
    /// Of an embedded database in an older format, that and the one it is brought to.
    #[serde(skip_serializing_if = "Option::is_none")]
    formats: Option<(i32, i32)>,
}

impl<'a> UpgradeFields<'a> {
    pub(super) fn of(plan: &'a UpgradePlan, done: bool) -> Self {
        let by_name = |all: &'a [(String, Vec<String>)]| {
            all.iter().map(|(name, all)| (name.as_str(), all.as_slice())).collect()
        };
        Self {
            upgraded: done || !(plan.asks || plan.formats.is_some()),
            organizations: plan.organizations,
            admins: plan.admins,
            fields: by_name(&plan.fields),
            indexes: by_name(&plan.indexes),
            formats: plan.formats,
        }
    }
}

/// What it came to, or would come to.
pub(super) fn table(plan: &UpgradePlan, done: bool) -> String {
    match (done, plan.records()) {
        (true, 0) => "the database is up to date\n".to_owned(),
        (true, records) => format!(
            "upgraded; {} left as they are, because they clash\n  → run `tenantry doctor` to see \
             which, and what resolves it\n",
            counted(records, "record")
        ),
        (false, _) if *plan == UpgradePlan::nothing() => "the database is up to date\n".to_owned(),
        (false, _) => planned(plan),
    }
}

fn planned(plan: &UpgradePlan) -> String {
    if let Some((older, ours)) = plan.formats {
        return format!(
            "The upgrade, or the first change, brings the file from format {older} to {ours}.\n"
        );
    }
    let mut text = format!(
        "The upgrade only adds; the program that wrote this database goes on working.\n  {} and {} \
         get fields\n",
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
