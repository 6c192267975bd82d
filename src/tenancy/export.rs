//! Exporting an organization: everything of it, into an archive.
//!
//! It is read by the store and compressed on a thread of its own. Nothing is written to the target before all of it
//! was read and the export is in the audit log, and a file has its name only once it is whole. A cancelled export
//! leaves nothing.

use std::{
    io::{self, Write},
    path::{Path, PathBuf},
    sync::{
        Arc, Mutex, MutexGuard, PoisonError,
        atomic::{AtomicBool, Ordering},
    },
};

use bson::DateTime;
use tokio::{sync::oneshot, task::JoinHandle};

use super::{Error, Refusal, Result, Tenancy, blocking, session::Actor};
use crate::{
    archive::{
        FileError, Front, Identity, LeftOut, Manifest, NewFile, PROGRAM_VERSION, Spool, Summary,
        WriteError, help_for,
    },
    org::{COLLECTION_PREFIX, OperationKind, OperatorRole, Org, rfc3339, slug, thousands},
    store::{
        DocumentSource, Entry, Exported, Outcome, Piece, Required, Statistics, document_channel,
        documents_in,
    },
};

/// Where an archive goes.
pub enum ExportTarget {
    /// To a new file. The directory that it is in has to have room for the documents once more, compressed.
    File(PathBuf),
    /// To a new file in this directory, with a name made of the organization's and the time, to which a number is added
    /// where it is taken. Empty for the current one.
    Directory(PathBuf),
    /// To something that is only written to: a pipe. Flushed at the end.
    Stream(Box<dyn Write + Send>),
}

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
}

/// Everything was read; the thread waits to be told what stands in front of the documents.
struct Ready {
    exported: Exported,
    file: Option<PathBuf>,
    front: oneshot::Sender<(Front, u64)>,
    writing: JoinHandle<std::result::Result<Summary, Unwritten>>,
    _target: GivesUp,
}

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
            Ok(summary) => {
                let (org, file) = (ready.exported.org, ready.file);
                Ok(Export { org, file, manifest, summary })
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
        let (target, directory) = {
            let org = org.clone();
            blocking(move || Target::open(target, &org)).await??
        };
        let file = target.path.clone();
        let gives_up = GivesUp(Arc::clone(&target.shared));
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
                Ok(Ready { exported, file, front, writing, _target: gives_up })
            }
            Err(why) => {
                drop(front);
                // Where the thread ended first, it knows why.
                match writing.await {
                    Ok(Err(unwritten @ (Unwritten::Archive(_) | Unwritten::File(_)))) => {
                        Err(unwritten.into())
                    }
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
) -> std::result::Result<Summary, Unwritten> {
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
    target.finish()?;
    Ok(summary)
}

/// What a file is called behind its organization and the time.
const ENDING: &str = ".tenantry.tar.zst";

/// The last number that is added to a name.
const NUMBERS_MOST: u32 = 1000;

/// Begins the file of an archive if only a directory is named, or none: a number is added to a name that is taken, or is
/// being written by another run. Nothing is replaced.
fn begin_file(
    org: &Org,
    now: DateTime,
    directory: &Path,
) -> std::result::Result<NewFile, FileError> {
    let name = file_name(org, now);
    let mut number = 1;
    loop {
        let file = match number {
            1 => format!("{name}{ENDING}"),
            _ => format!("{name}-{number}{ENDING}"),
        };
        let begun = NewFile::create(&directory.join(file));
        match &begun {
            Err(FileError::Exists(_) | FileError::Busy(_) | FileError::Leftover(_))
                if number < NUMBERS_MOST =>
            {
                number += 1;
            }
            Ok(_)
            | Err(
                FileError::Exists(_)
                | FileError::Busy(_)
                | FileError::Leftover(_)
                | FileError::NoFile(_)
                | FileError::NoDirectory(_)
                | FileError::Io { .. },
            ) => return begun,
        }
    }
}

/// What a file is called where no other name is given, without its ending: nothing of it is as another program stored it.
fn file_name(org: &Org, now: DateTime) -> String {
    let collection = org.collection.raw();
    let slug = slug(collection.strip_prefix(COLLECTION_PREFIX).unwrap_or(collection));
    let now = rfc3339(now).unwrap_or_default();
    let digits: String = now.chars().filter(char::is_ascii_digit).take(14).collect();
    let (day, time) = digits.split_at_checked(8).unwrap_or((&digits, ""));
    format!("{slug}-{day}-{time}")
}

/// Why an archive was not written.
enum Unwritten {
    Archive(WriteError),
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

/// What is written to.
struct Target {
    shared: Arc<Shared>,
    /// Where the file is once it is whole.
    path: Option<PathBuf>,
    /// None where it is the shared file.
    stream: Option<Box<dyn Write + Send>>,
}

/// What may be taken away from the thread that writes.
#[derive(Default)]
struct Shared {
    given_up: AtomicBool,
    file: Mutex<Option<NewFile>>,
}

impl Shared {
    fn file(&self) -> MutexGuard<'_, Option<NewFile>> {
        self.file.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

impl Target {
    /// And where its temporary file goes.
    fn open(target: ExportTarget, org: &Org) -> Result<(Self, PathBuf)> {
        let begun = match target {
            ExportTarget::File(path) => NewFile::create(&path),
            ExportTarget::Directory(directory) => begin_file(org, DateTime::now(), &directory),
            ExportTarget::Stream(stream) => {
                let (shared, stream) = (Arc::default(), Some(stream));
                return Ok((Self { shared, path: None, stream }, std::env::temp_dir()));
            }
        };
        let file = begun.map_err(Unwritten::File)?;
        let path = file.path().to_owned();
        let above = path.parent().filter(|above| !above.as_os_str().is_empty());
        let directory = above.unwrap_or(Path::new(".")).to_owned();
        let shared = Arc::new(Shared { file: Mutex::new(Some(file)), ..Shared::default() });
        Ok((Self { shared, path: Some(path), stream: None }, directory))
    }

    /// Gives a file its name. Who would take it away meanwhile comes too late, and waits.
    fn finish(mut self) -> std::result::Result<(), Unwritten> {
        if let Some(stream) = &mut self.stream {
            return Ok(stream.flush().map_err(WriteError::Target)?);
        }
        let mut file = self.shared.file();
        match file.take() {
            Some(whole) => Ok(whole.finish()?),
            None => Err(Unwritten::GivenUp),
        }
    }
}

impl Write for Target {
    fn write(&mut self, bytes: &[u8]) -> io::Result<usize> {
        if self.shared.given_up.load(Ordering::Relaxed) {
            return Err(io::Error::other("the export was cancelled"));
        }
        if let Some(stream) = &mut self.stream {
            return stream.write(bytes);
        }
        match &mut *self.shared.file() {
            Some(file) => file.write(bytes),
            None => Err(io::Error::other("the export was cancelled")),
        }
    }

    fn flush(&mut self) -> io::Result<()> {
        Ok(())
    }
}

/// Takes the target away when it is dropped. A file that is not whole is removed with it, even where the process ends
/// before the thread that writes it; a pipe gets no more, and is not waited for.
struct GivesUp(Arc<Shared>);

impl Drop for GivesUp {
    fn drop(&mut self) {
        self.0.given_up.store(true, Ordering::Relaxed);
        drop(self.0.file().take());
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::orgs::org;

    #[test]
    fn a_file_has_a_safe_name_whatever_the_collection_is_called() {
        let now = DateTime::from_millis(1_795_882_368_123);
        let mut acme = org(1, "Acme & Söhne", "ada@acme.com");
        assert_eq!(file_name(&acme, now), "acme_sohne-20261128-161248");
        acme.collection = "../../etc/\u{1b}[2J".into();
        assert_eq!(file_name(&acme, now), "etc_2j-20261128-161248");
        acme.collection = "".into();
        assert_eq!(file_name(&acme, now), "unnamed-20261128-161248");
    }

    #[test]
    fn a_name_that_is_taken_or_being_written_gets_a_number() {
        let home = tempfile::tempdir().unwrap();
        let (now, acme) = (DateTime::from_millis(1_795_882_368_123), org(1, "acme", "a@b.example"));
        let begin = || begin_file(&acme, now, home.path()).unwrap();
        let ends = |file: &NewFile, end: &str| file.path() == home.path().join(end);
        // Two that are written at once, and one that an earlier run left half written.
        let (one, two) = (begin(), begin());
        assert!(ends(&one, "acme-20261128-161248.tenantry.tar.zst"));
        assert!(ends(&two, "acme-20261128-161248-2.tenantry.tar.zst"));
        let third = home.path().join("acme-20261128-161248-3.tenantry.tar.zst.partial");
        std::fs::write(third, "").unwrap();
        // A link that leads nowhere is there as well.
        let fourth = home.path().join("acme-20261128-161248-4.tenantry.tar.zst");
        std::os::unix::fs::symlink("nowhere", fourth).unwrap();
        assert!(ends(&begin(), "acme-20261128-161248-5.tenantry.tar.zst"));
        one.finish().unwrap();
        drop(two);
        assert!(ends(&begin(), "acme-20261128-161248-2.tenantry.tar.zst"));
    }
}
