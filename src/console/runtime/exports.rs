//! Exports, from the directory that was typed to the file that is there.

use std::{
    path::PathBuf,
    sync::{Arc, Mutex, PoisonError},
    time::{Duration, Instant},
};

use crate::{
    console::app::{ExportTo, Generation, Message, OrgAction},
    org::Org,
    tenancy::{Error, ExportTarget, Session, Tenancy},
};

/// How long it is at least from one word of how far an export is to the next.
const BETWEEN: Duration = Duration::from_millis(100);

/// Exports an organization, and says in between how far that is.
pub(super) async fn exported(
    tenancy: Arc<Tenancy>,
    generation: Generation,
    (action, org): (OrgAction, Box<Org>),
    to: ExportTo,
    session: Option<Session>,
    tell: impl Fn(Message) + Send + Sync + 'static,
) -> Message {
    let tenancy = tenancy.in_session(session.as_ref().map(Session::token));
    let tell = Arc::new(tell);
    let watching = Arc::clone(&tell);
    let told = Mutex::new(None::<Instant>);
    let watch = move |progress| {
        let mut told = told.lock().unwrap_or_else(PoisonError::into_inner);
        if told.is_none_or(|told| told.elapsed() >= BETWEEN) {
            *told = Some(Instant::now());
            watching(Message::Exporting(generation, progress));
        }
    };
    let target = ExportTarget::Directory { path: directory(&to.directory), text: false };
    let result = tenancy.export(&org, target, to.admins, Arc::new(watch)).await;
    if let Ok(file) = result.as_ref().map(|export| export.file.as_deref())
        && let Some(Ok(file)) = file.map(std::path::absolute)
    {
        tell(Message::ExportedTo(generation, file));
    }
    Message::Done(generation, action, org, result.map(|export| Some(export.org)))
}

/// Whether the directory that was typed can be exported to.
pub(super) async fn directory_checked(generation: Generation, typed: String) -> Message {
    let target = ExportTarget::Directory { path: directory(&typed), text: false };
    let checked = tokio::task::spawn_blocking(move || target.check()).await;
    let checked = checked.unwrap_or_else(|error| Err(Error::Machine(error.to_string())));
    Message::DirectoryChecked(generation, checked)
}

/// The directory that was typed; `~/` is one's own.
fn directory(typed: &str) -> PathBuf {
    match (typed.strip_prefix("~/"), std::env::home_dir()) {
        (Some(rest), Some(home)) => home.join(rest),
        _ => PathBuf::from(typed),
    }
}
