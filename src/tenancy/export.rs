//! Exporting an organization: everything of it, into an archive.
//!
//! It is read by the store and compressed on a thread of its own. Nothing is written to the target before all of it
//! was read and the export is in the audit log, and a file has its name only once it is whole. Text is written from the
//! archive, read back. A cancelled export leaves nothing.

use std::{
    path::{Path, PathBuf},
    sync::Arc,
};

use bson::DateTime;
use tokio::{sync::oneshot, task::JoinHandle};

use super::{
    Error, ExportTarget, Refusal, Result, Tenancy, blocking,
    export_target::{GivesUp, Paths, Target},
    session::Actor,
};
use crate::{
    archive::{
        FileError, Front, Identity, LeftOut, Lines, LinesError, Manifest, PROGRAM_VERSION, Spool,
        Summary, WriteError, help_for,
    },
    org::{OperationKind, OperatorRole, Org, thousands},
    store::{
        DocumentSource, Entry, Exported, Outcome, Piece, Required, Statistics, document_channel,
        documents_in,
    },
};

/// How far an export is.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct ArchiveProgress {
    /// How many documents were read.
    pub documents: u64,
    /// How many bytes of BSON those have.
    pub bytes: u64,
    /// How much the organization had before: about as much as there is to read.
    pub of: Statistics,
}

/// Is told how far an export is, again and again, on another thread; less far than before where it began again.
pub type ArchiveWatch = dyn Fn(ArchiveProgress) + Send + Sync;

/// An organization that was exported.
#[derive(Clone, Debug)]
pub struct Export {
    /// As it was.
    pub org: Org,
    /// The file that it is in; none for a pipe.
    pub file: Option<PathBuf>,
    /// What the archive says of itself.
    pub manifest: Manifest,
    /// How much is in it.
    pub summary: Summary,
    /// The file with the documents as text, and what was written to it; none where it was not asked for.
    pub text: Option<(PathBuf, Lines)>,
}

/// Everything was read; the thread waits to be told what stands in front of the documents.
struct Ready {
    exported: Exported,
    paths: Paths,
    front: oneshot::Sender<(Front, u64)>,
    writing: JoinHandle<std::result::Result<Written, Unwritten>>,
    _target: GivesUp,
}

/// What the thread wrote: the archive, and its documents as text.
type Written = (Summary, Option<Lines>);

impl Tenancy {
    /// Writes an archive of the organization, which may be in the trash. It is in the audit log with how much was
    /// exported, and before anything of it can be had. Dropped, it leaves nothing.
    ///
    /// # Errors
    /// [`Error::NotAllowed`]: where operators are required, and to an operator who is logged in, it takes the role of an
    /// operator, and with the admins, whose password hashes are in it, that of a manager. [`Error::Unwritten`],
    /// [`Error::Gone`], [`Error::Busy`], [`Error::ReadOnly`], since it could not be recorded, or the database's.
    pub async fn export(
        &self,
        org: &Org,
        target: ExportTarget,
        admins: bool,
        watch: Arc<ArchiveWatch>,
    ) -> Result<Export> {
        let said = if admins { "included" } else { "left out" };
        let mut entry = self.entry(OperationKind::Export, Some(org)).await.with("admins", "", said);
        let read = self.read_for_export(org, target, admins, watch, &mut entry).await;
        let ready = self.recorded(&entry, read).await?;
        let front = front_of(&ready.exported, admins);
        let (manifest, documents) = (front.manifest.clone(), ready.exported.documents);
        // Where the thread has ended, it says why.
        let _ = ready.front.send((front, documents));
        let written = match ready.writing.await {
            Ok(written) => written.map_err(Error::from),
            Err(error) => Err(Error::Machine(error.to_string())),
        };
        match written {
            Ok((summary, text)) => {
                let (org, paths) = (ready.exported.org, ready.paths);
                let text = paths.text.zip(text);
                Ok(Export { org, file: paths.archive, manifest, summary, text })
            }
            Err(error) => {
                let failed = entry.followed(Outcome::Failed, UNWRITTEN);
                // That it was not done after all is said in any case.
                let _ = self.store.append(&failed).await;
                Err(error)
            }
        }
    }

    /// Refuses an export that would be refused, and records nothing: to look ahead.
    ///
    /// # Errors
    /// [`Error::NotAllowed`], [`Error::ReadOnly`], or the database's.
    pub async fn ensure_exportable(&self, org: &Org, admins: bool) -> Result<()> {
        self.writable()?;
        let least = OperatorRole::Manager;
        match self.ensure_may(&OperationKind::Export, Some(org)).await {
            Err(Error::NotAllowed(Refusal::Role { role, .. })) if admins => {
                return Err(Refusal::Role { role, least }.into());
            }
            done => done?,
        }
        if !admins {
            return Ok(());
        }
        self.ensure_no_key()?;
        if self.is_in_operators_session().await {
            return match self.permitted(&OperationKind::Export, org).await? {
                Actor::Operator(operator) if operator.role < least => {
                    Err(Refusal::Role { role: operator.role, least }.into())
                }
                Actor::Operator(_) | Actor::Admin(_) => Ok(()),
            };
        }
        match self.store.directory().await?.required.max(self.caller.required()) {
            Required::Nothing => Ok(()),
            Required::Writes | Required::Everything => Err(Refusal::ManagersOnly.into()),
        }
    }

    async fn read_for_export(
        &self,
        org: &Org,
        target: ExportTarget,
        admins: bool,
        watch: Arc<ArchiveWatch>,
        entry: &mut Entry,
    ) -> Result<Ready> {
        self.writable()?;
        // Nothing is purged first: what is exported may be overdue in the trash.
        self.store.prepare(&self.caller.operator).await?;
        self.ensure_exportable(org, admins).await?;
        let of = self.store.statistics(org).await?;
        // Made before any file, so that an interruption at whatever moment removes it.
        let gives_up = GivesUp::default();
        let (target, directory) = {
            let (org, shared) = (org.clone(), gives_up.shared());
            blocking(move || Target::open(target, &org, shared)).await??
        };
        let paths = target.paths.clone();
        let (documents, source) = document_channel();
        let (front, whole) = oneshot::channel();
        let writing = tokio::task::spawn_blocking(move || {
            write(source, &directory, target, whole, &|documents, bytes| {
                watch(ArchiveProgress { documents, bytes, of });
            })
        });
        match self.store.export(org.id, documents).await {
            Ok(exported) => {
                *entry = entry.clone().with("documents", "", &exported.documents.to_string());
                // Nothing of it can be had before this is there.
                self.store.append(entry).await?;
                Ok(Ready { exported, paths, front, writing, _target: gives_up })
            }
            Err(why) => {
                drop(front);
                // Where the thread ended first, it knows why.
                match writing.await {
                    Ok(Err(
                        unwritten @ (Unwritten::Archive(_)
                        | Unwritten::File(_)
                        | Unwritten::Text(_)),
                    )) => Err(unwritten.into()),
                    Ok(Ok(_) | Err(Unwritten::GivenUp | Unwritten::Incomplete { .. })) | Err(_) => {
                        Err(Error::of_store(why, &org.name, |_| org.name.clone()))
                    }
                }
            }
        }
    }
}

/// What the audit log says where an archive was not written. Why may name a path that was typed.
pub(super) const UNWRITTEN: &str = "the archive could not be written";

/// What stands in front of the documents.
fn front_of(exported: &Exported, admins: bool) -> Front {
    let org = &exported.org;
    Front {
        manifest: Manifest {
            program_version: PROGRAM_VERSION.into(),
            created_at: DateTime::now(),
            source: exported.source.clone(),
            organization: Identity { id: org.id, name: org.name.clone() },
            consistency: exported.consistency,
            left_out: vec![
                LeftOut::SecondFactors,
                LeftOut::RecoveryCodes,
                LeftOut::OneTimeCodes,
                LeftOut::Sessions,
                LeftOut::ApiKeys,
                LeftOut::AuditLog,
            ],
        },
        organization: exported.organization.clone(),
        admins: admins.then(|| exported.admins.clone()),
        collection: exported.collection.clone(),
    }
}

/// Takes the documents, and writes the archive once it is told what stands in front of them.
fn write(
    mut source: DocumentSource,
    directory: &Path,
    mut target: Target,
    whole: oneshot::Receiver<(Front, u64)>,
    watch: &dyn Fn(u64, u64),
) -> std::result::Result<Written, Unwritten> {
    let mut spool = Spool::new(directory)?;
    while let Some(piece) = source.next_piece() {
        match piece {
            Piece::Begin => spool = Spool::new(directory)?,
            Piece::Documents(bytes) => {
                for document in documents_in(&bytes) {
                    spool.push(document)?;
                }
            }
        }
        watch(spool.count().count, spool.count().bytes);
    }
    let Ok((front, there)) = whole.blocking_recv() else { return Err(Unwritten::GivenUp) };
    let read = spool.count().count;
    if read != there {
        return Err(Unwritten::Incomplete { read, there });
    }
    let summary = spool.finish(&front, &mut target)?;
    let text = target.write_text()?;
    target.finish()?;
    Ok((summary, text))
}

/// Why an archive was not written.
pub(super) enum Unwritten {
    Archive(WriteError),
    Text(LinesError),
    File(FileError),
    /// A piece held something else than documents.
    Incomplete {
        read: u64,
        there: u64,
    },
    /// It was cancelled.
    GivenUp,
}

impl From<WriteError> for Unwritten {
    fn from(error: WriteError) -> Self {
        Self::Archive(error)
    }
}

impl From<LinesError> for Unwritten {
    fn from(error: LinesError) -> Self {
        Self::Text(error)
    }
}

impl From<FileError> for Unwritten {
    fn from(error: FileError) -> Self {
        Self::File(error)
    }
}

impl From<Unwritten> for Error {
    fn from(unwritten: Unwritten) -> Self {
        let again = "try again";
        let (problem, help) = match unwritten {
            Unwritten::Archive(error) => {
                let help = match &error {
                    WriteError::Spool(why) | WriteError::Target(why) => help_for(why),
                    WriteError::TooLarge { .. } | WriteError::TooMany { .. } => {
                        "remove some of it, then try again"
                    }
                    WriteError::Json(_) | WriteError::Metadata(_) => again,
                };
                (error.to_string(), help)
            }
            Unwritten::Text(error) => {
                let help = match &error {
                    LinesError::Target(why) => help_for(why),
                    LinesError::Document { .. } => "export it without the text",
                    LinesError::Archive(_) => "check the disk, then try again",
                };
                (error.to_string(), help)
            }
            Unwritten::File(error) => (error.to_string(), error.help()),
            Unwritten::Incomplete { read, there } => {
                let problem = format!(
                    "the export is not complete: {} of {} documents can be read",
                    thousands(read),
                    thousands(there)
                );
                (problem, "check the database, then try again")
            }
            Unwritten::GivenUp => ("the export was cancelled".to_owned(), again),
        };
        Self::Unwritten { problem, help }
    }
}
