//! `tenantry org copy`: an organization in another database, which a profile names.

use std::{fmt::Write as _, sync::Arc};

use serde::Serialize;

use super::{
    Answer, Failure, Working, ascii,
    ask::{LogIn, sure_of},
    bulk::say,
    import,
    line::Copy as Wanted,
    records,
    terminal::Telling,
};
use crate::{
    config::{self, Database, Output},
    org::{StoredText, escaped, json_text},
    store::Required,
    tenancy::{Copied, CopyError, CopyWatch, CopyWish, ImportWish, Tenancy},
};

/// Checks the command line before a database is opened.
pub(super) fn check(wanted: &Wanted, login: &LogIn) -> Result<bool, Failure> {
    import::needs_an_owner(wanted.without_admins, wanted.email.as_deref())?;
    if !wanted.moves {
        return Ok(false);
    }
    login.is_needed(
        "name one of its owners, or an operator, with --as E-MAIL: it goes to the trash",
    )?;
    Ok(true)
}

/// The database of the profile.
pub(super) fn target<'a>(
    wanted: &Wanted,
    profiles: &'a [Database],
) -> Result<&'a Database, Failure> {
    let name = |one: &'a Database| one.profile.as_ref().map(|profile| profile.name.as_str());
    profiles.iter().find(|one| name(one) == Some(&wanted.to)).ok_or_else(|| {
        let known = profiles.iter().filter_map(name).map(str::to_owned).collect();
        config::Error::NoProfile { name: escaped(&wanted.to).into_owned(), known }.into()
    })
}

/// Copies it, or moves it.
pub(super) async fn answer(
    tenancy: &Tenancy,
    wanted: Wanted,
    (profiles, working): (&[Database], &Working),
    login: &mut LogIn,
    output: Output,
) -> Result<Answer, Failure> {
    let database = target(&wanted, profiles)?;
    sure_of(database, Some(&wanted.sure)).await?;
    let org = tenancy.named_to_change(&wanted.name).await?;
    let there = |error| Failure::Elsewhere { profile: wanted.to.clone(), error };
    let target = database.open().await.map_err(there)?.0.tenancy;
    working.on(&target);
    if target.place() == tenancy.place() && wanted.moves {
        let help = "rename it with `tenantry org update NAME --name NEW`";
        return Err(Failure::usage("it is in that database already", help));
    }
    target.ensure_upgraded().await.map_err(there)?;
    let needs_login = target.required().await.map_err(there)?.0 >= Required::Writes;
    let mut again = login.again();
    let target = if needs_login { again.session_of(&target).await? } else { target };
    let wish = CopyWish {
        import: ImportWish {
            name: wanted.new_name,
            email: wanted.email,
            without_admins: wanted.without_admins,
            documents_only: wanted.documents_only,
            suspended: None,
        },
        moves: wanted.moves,
    };
    let telling = Telling::default();
    let export = Arc::new(telling.archiving(&org.name));
    let written = StoredText::from(format!("{} → {}", org.name, wanted.to));
    let import = Arc::new(telling.archiving(&written));
    let copied = tenancy.copy(&org, &target, &wish, CopyWatch { export, import }).await;
    drop(telling);
    let copied = copied.map_err(|error| match error {
        CopyError::Source(error) => Failure::Tenancy(error),
        CopyError::Target(error) => there(error),
        error @ (CopyError::Differs | CopyError::Stays(_)) => {
            Failure::Copied { profile: wanted.to.clone(), error }
        }
    })?;
    let text = match output {
        Output::Table => ascii::for_locale(sentence(&copied, &wanted.to)),
        output => {
            let text = json_text(&Fields::new(&copied, &wanted.to));
            let text = text.map_err(|error| Failure::Io(error.to_string()))?;
            if output == Output::Json { text } else { records::one_line(&text) }
        }
    };
    say(&text)?;
    Ok(Answer::Told(0))
}

/// What was copied, for people.
fn sentence(copied: &Copied, profile: &str) -> String {
    let done = format!("copied to “{}” as", escaped(profile));
    let mut text = import::sentence(&copied.import, &done);
    if let Some(trashed) = &copied.trashed {
        // Writing to a string cannot fail.
        let _ =
            writeln!(text, "  → the original, “{}”, is in the trash of its database", trashed.name);
    }
    if let Some(why) = super::export::not_of_one_time(copied.export.manifest.consistency)
        && copied.trashed.is_none()
    {
        let _ = writeln!(text, "  → {why}");
    }
    text
}

#[derive(Serialize)]
struct Fields<'a> {
    profile: &'a str,
    #[serde(flatten)]
    import: import::Fields<'a>,
    consistency: crate::archive::Consistency,
    /// Whether it is in the trash of this database now.
    trashed: bool,
}

impl<'a> Fields<'a> {
    fn new(copied: &'a Copied, profile: &'a str) -> Self {
        Self {
            profile,
            import: import::Fields::new(&copied.import),
            consistency: copied.export.manifest.consistency,
            trashed: copied.trashed.is_some(),
        }
    }
}
