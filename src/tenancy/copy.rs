//! Copying an organization to another database, or moving it there: an export and an import, with an archive between
//! them that has no name and is gone at the end.
//!
//! A moved organization is suspended while it is copied. It goes to the trash only where what is in the other database
//! is what is in this one, document for document.

use std::{
    fs::File,
    io::{BufReader, Seek as _, SeekFrom},
    sync::Arc,
};

use bson::oid::ObjectId;
use sha2::{Digest as _, Sha256};

use super::{
    ArchiveWatch, Error, Export, ExportTarget, Import, ImportWish, Result, Tenancy, blocking,
};
use crate::{
    org::{OperationKind, Org, OrgState},
    store::{Operation, Piece, TrashTerms, document_channel, documents_in},
};

/// How an organization is to be copied.
#[derive(Clone, Debug, Default)]
pub struct CopyWish {
    /// As what it is made in the other database.
    pub import: ImportWish,
    /// Whether it leaves this one for the trash.
    pub moves: bool,
}

/// Who is told how far a copy is.
pub struct CopyWatch {
    /// How far it is read.
    pub export: Arc<ArchiveWatch>,
    /// How far it is written.
    pub import: Arc<ArchiveWatch>,
}

/// An organization that was copied.
#[derive(Debug)]
pub struct Copied {
    /// What was read.
    pub export: Export,
    /// What was made of it.
    pub import: Import,
    /// As it is in the trash, where it was moved.
    pub trashed: Option<Org>,
}

/// Why an organization was not copied, or not moved.
#[derive(Debug, thiserror::Error)]
pub enum CopyError {
    /// It cannot be read, or suspended, or put into the trash, where it is.
    #[error(transparent)]
    Source(#[from] Error),
    /// It cannot be made where it is to be.
    #[error(transparent)]
    Target(Error),
    /// The copy is there, and is not what is here by now: nothing was put into the trash.
    #[error(
        "it was copied, and its documents were changed meanwhile: it was not moved to the trash"
    )]
    Differs,
    /// The copy is there, and the organization could not be put into the trash.
    #[error("it was copied, and could not be moved to the trash: {0}")]
    Stays(Error),
}

/// What tells two sets of documents apart, whichever order they are in.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
struct Fingerprint {
    count: u64,
    /// The sum of the digests of all.
    sum: [u64; 4],
}

impl Fingerprint {
    fn add(&mut self, document: &[u8]) {
        self.count += 1;
        let digest = Sha256::digest(document);
        let (parts, _) = digest.as_chunks::<8>();
        let mut carry = false;
        for (own, part) in self.sum.iter_mut().zip(parts) {
            let (sum, over) = own.overflowing_add(u64::from_le_bytes(*part));
            let (sum, one_more) = sum.overflowing_add(u64::from(carry));
            (*own, carry) = (sum, over || one_more);
        }
    }
}

impl Tenancy {
    /// Copies the organization to another database, which needs the rights of an export here and of an import there. To
    /// move it also needs those of the trash, which are asked for before anything is done.
    ///
    /// # Errors
    /// See [`CopyError`]. Except where it says otherwise, nothing is in the other database, and the organization is as
    /// it was.
    pub async fn copy(
        &self,
        org: &Org,
        target: &Self,
        wish: &CopyWish,
        watch: CopyWatch,
    ) -> std::result::Result<Copied, CopyError> {
        let with_admins = !wish.import.without_admins;
        self.ensure_exportable(org, with_admins).await?;
        target.ensure_free(self, org, &wish.import).await.map_err(CopyError::Target)?;
        if !wish.moves {
            let (export, import) = self.copied(org, target, &wish.import, watch).await?;
            return Ok(Copied { export, import, trashed: None });
        }
        self.ensure_deletable(org).await?;
        let mut entry = self.entry(OperationKind::Trash, Some(org)).await;
        let permitted = async {
            self.say_why(&mut entry)?;
            entry.admin = self.permitted(&entry.action, org).await?.admin_email();
            Ok(())
        }
        .await;
        self.recorded(&entry, permitted).await?;
        let was_suspended = org.state == OrgState::Suspended;
        let org = if was_suspended { org.clone() } else { self.suspend(org).await? };
        let wish = ImportWish { suspended: Some(was_suspended), ..wish.import.clone() };
        let copied = async {
            let (export, import) = self.copied(&org, target, &wish, watch).await?;
            let there = target.fingerprint(import.org.id).await.map_err(CopyError::Target)?;
            if self.fingerprint(org.id).await? == there {
                Ok((export, import))
            } else {
                Err(CopyError::Differs)
            }
        }
        .await;
        let (export, import) = match copied {
            Ok(copied) => copied,
            Err(why) => {
                if !was_suspended {
                    // Where that cannot be, it stays suspended, and an operator reactivates it.
                    let _ = self.reactivate(&org).await;
                }
                return Err(why);
            }
        };
        let terms = TrashTerms::reserved(self.shared.rules.trash_days);
        let done = self.perform(Operation::Trash(Box::new(org.clone()), terms), &entry).await;
        let done = done.map_err(|error| Error::of_store(error, &org.name, |_| org.name.clone()));
        match self.recorded(&entry, done).await {
            Ok(trashed) => Ok(Copied { export, import, trashed: Some(trashed) }),
            Err(why) => Err(CopyError::Stays(why)),
        }
    }

    async fn copied(
        &self,
        org: &Org,
        target: &Self,
        wish: &ImportWish,
        watch: CopyWatch,
    ) -> std::result::Result<(Export, Import), CopyError> {
        let (file, to) = blocking(|| {
            let file = tempfile::tempfile().map_err(|error| cannot_write(&error))?;
            let to = file.try_clone().map_err(|error| cannot_write(&error))?;
            Ok::<_, Error>((file, to))
        })
        .await??;
        let to = ExportTarget::Stream(Box::new(to));
        let export = self.export(org, to, !wish.without_admins, watch.export).await?;
        let archive = blocking(move || rewound(file)).await??;
        let import = target.import(archive, wish, watch.import).await;
        Ok((export, import.map_err(CopyError::Target)?))
    }

    /// Refuses what an import would refuse after everything was read.
    async fn ensure_free(&self, source: &Self, org: &Org, wish: &ImportWish) -> Result<()> {
        self.writable()?;
        self.check_name(wish.name.as_deref().unwrap_or(org.name.raw()), None).await?;
        let mut emails: Vec<String> = wish.email.clone().into_iter().collect();
        if !wish.without_admins {
            let admins = source.store.admins(org).await?.into_iter();
            let admins = admins.skip(usize::from(wish.email.is_some()));
            emails.extend(admins.map(|admin| admin.email.raw().to_owned()));
        }
        for email in emails {
            self.check_email(&email, None).await?;
        }
        Ok(())
    }

    /// What its documents are now.
    async fn fingerprint(&self, org: ObjectId) -> Result<Fingerprint> {
        let (sink, mut source) = document_channel();
        let reading = tokio::task::spawn_blocking(move || {
            let mut fingerprint = Fingerprint::default();
            while let Some(piece) = source.next_piece() {
                match piece {
                    Piece::Begin => fingerprint = Fingerprint::default(),
                    Piece::Documents(bytes) => {
                        documents_in(&bytes).for_each(|one| fingerprint.add(one.as_bytes()));
                    }
                }
            }
            fingerprint
        });
        self.store.export(org, sink).await?;
        reading.await.map_err(|error| Error::Machine(error.to_string()))
    }
}

/// What was written, to be read from its beginning.
fn rewound(mut file: File) -> Result<BufReader<File>> {
    file.seek(SeekFrom::Start(0)).map_err(|error| cannot_write(&error))?;
    Ok(BufReader::new(file))
}

fn cannot_write(error: &std::io::Error) -> Error {
    Error::Unwritten {
        problem: format!("the copy needs a temporary file: {error}"),
        help: "make room for temporary files, or name another directory with TMPDIR",
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn fingerprint(documents: &[&str]) -> Fingerprint {
        let mut all = Fingerprint::default();
        for document in documents {
            all.add(document.as_bytes());
        }
        all
    }

    #[test]
    fn the_order_of_documents_does_not_matter_and_everything_else_does() {
        assert_eq!(fingerprint(&["a", "b", "c"]), fingerprint(&["c", "a", "b"]));
        assert_ne!(fingerprint(&["a", "b"]), fingerprint(&["a", "c"]));
        assert_ne!(fingerprint(&["a"]), fingerprint(&["a", "a"]));
        assert_ne!(fingerprint(&["ab"]), fingerprint(&["a", "b"]));
        assert_ne!(fingerprint(&[]), fingerprint(&[""]));
    }
}
