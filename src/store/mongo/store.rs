//! What a store is asked, handed to what does it. Each read ends where the server says nothing any more.

use std::sync::{Arc, OnceLock};

use async_trait::async_trait;
use mongodb::bson::{Bson, DateTime, Document, RawDocumentBuf, oid::ObjectId};

use super::{MongoStore, import};
use crate::store::{
    Admins, Attempt, AttemptResult, Attempts, AuditLog, AuditQuery, Changes, Count, Directory,
    DocumentPage, DocumentQuery, DocumentSink, DocumentSource, DocumentWrite, Documents, Entry,
    Examination, Exported, Exports, Finding, Holder, Imports, Line, ListScope, Maintenance, News,
    OpenFiles, Operation, Operators, Organizations, Page, PageQuery, Place, Progress, Purge,
    Result, Seen, Settled, ShortLived, Size, Sizes, SortField, Statistics, StoreError, UpgradePlan,
    of_imports,
};
use crate::{
    archive::Collection,
    document::filter::Filter,
    org::{Admin, Claim, Org, SecondFactor},
};

#[async_trait]
impl Organizations for MongoStore {
    async fn page(&self, query: &PageQuery) -> Result<Page> {
        self.inner.answered(self.inner.page(query)).await
    }

    async fn count(&self, of: ListScope, search: Option<&str>, most: u64) -> Result<Count> {
        self.inner.answered(self.inner.count(of, search, most)).await
    }

    async fn org(&self, id: ObjectId) -> Result<Option<Org>> {
        self.inner.answered(self.inner.org(id)).await
    }

    async fn present(&self, ids: &[ObjectId], on: ListScope) -> Result<Vec<ObjectId>> {
        self.inner.answered(self.inner.present(ids, on)).await
    }

    async fn org_named(&self, name: &str, from: ListScope) -> Result<Option<Org>> {
        self.inner.answered(self.inner.org_named(name, from)).await
    }

    async fn holder(&self, claim: &Claim) -> Result<Option<Holder>> {
        self.inner.answered(Box::pin(self.inner.holder(claim))).await
    }

    async fn ensure_movable(&self, org: &Org) -> Result<()> {
        self.inner.answered(self.inner.ensure_movable(org)).await
    }

    async fn perform(&self, operation: &Operation, entry: &Entry) -> Result<Option<Org>> {
        let (inner, operation, entry) = (Arc::clone(&self.inner), operation.clone(), entry.clone());
        // A cancelled request has either begun already, or never begins.
        let settled = Arc::new(OnceLock::new());
        let begins = Arc::clone(&settled);
        let performing = self.whole(async move {
            inner.ensure_prepared(entry.operator.raw()).await?;
            if *begins.get_or_init(|| true) {
                inner.perform(operation, &entry).await
            } else {
                Err(inner.errors.silent())
            }
        });
        match self.inner.in_time(Box::pin(performing)).await {
            Some(done) => done,
            None if *settled.get_or_init(|| false) => {
                Err(StoreError::unknown(self.inner.errors.silent()))
            }
            None => Err(self.inner.errors.silent()),
        }
    }

    async fn outcome(&self, org: ObjectId, entry: ObjectId) -> Result<Settled> {
        self.inner.answered(self.inner.settled(org, entry)).await
    }
}

#[async_trait]
impl Admins for MongoStore {
    async fn admins(&self, org: &Org) -> Result<Vec<Admin>> {
        self.inner.answered(self.inner.admins(org)).await
    }

    async fn org_of_admin(&self, admin: &Admin) -> Result<Option<Org>> {
        self.inner.answered(self.inner.org_of_admin(admin)).await
    }

    async fn admin_with_email(&self, email: &str) -> Result<Option<Admin>> {
        self.inner.answered(self.inner.admin_with_email(email)).await
    }

    async fn admin(&self, id: ObjectId) -> Result<Option<Admin>> {
        self.inner.answered(self.inner.admin(id)).await
    }

    async fn admin_in_trash(&self, org: &Org, email: &str) -> Result<Option<Admin>> {
        self.inner.answered(self.inner.admin_in_trash(org, email)).await
    }

    async fn spend_second_factor(&self, admin: &Admin, spent: &SecondFactor) -> Result<bool> {
        self.inner.answered(self.inner.spend_second_factor(admin, spent)).await
    }

    async fn without_admin(&self, orgs: &[Org]) -> Result<Vec<ObjectId>> {
        self.inner.answered(self.inner.without_admin(orgs)).await
    }
}

#[async_trait]
impl Documents for MongoStore {
    async fn documents(&self, org: &Org, query: &DocumentQuery) -> Result<DocumentPage> {
        self.inner.answered(self.inner.documents(org, query)).await
    }

    async fn sort_fields(&self, org: &Org) -> Result<Vec<SortField>> {
        self.inner.answered(self.inner.sort_fields(org)).await
    }

    async fn document(&self, org: &Org, id: &Bson) -> Result<Option<RawDocumentBuf>> {
        self.inner.answered(self.inner.document(org, id)).await
    }

    async fn count_documents(&self, org: &Org, filter: &Filter, most: u64) -> Result<u64> {
        self.inner.answered(self.inner.count_documents(org, filter, most)).await
    }

    async fn write_document(
        &self,
        org: ObjectId,
        write: &DocumentWrite,
        entry: &Entry,
    ) -> Result<()> {
        let (inner, write, entry) = (Arc::clone(&self.inner), write.clone(), entry.clone());
        let writing = self.whole(async move {
            inner.ensure_prepared(entry.operator.raw()).await?;
            inner.write_document(org, &write, &entry).await
        });
        match self.inner.in_time(Box::pin(writing)).await {
            Some(done) => done,
            None => Err(StoreError::unknown(self.inner.errors.silent())),
        }
    }

    async fn statistics(&self, org: &Org) -> Result<Statistics> {
        self.inner.answered(self.inner.statistics(org)).await
    }
}

#[async_trait]
impl Sizes for MongoStore {
    async fn sizes(&self, orgs: &[Org]) -> Result<Vec<Option<Size>>> {
        self.inner.answered(self.inner.sizes(orgs)).await
    }

    async fn open_files(&self) -> Result<Option<OpenFiles>> {
        self.inner.answered(self.inner.open_files()).await
    }
}

#[async_trait]
impl Exports for MongoStore {
    async fn export(&self, org: ObjectId, documents: DocumentSink) -> Result<Exported> {
        self.inner.answered(Box::pin(self.inner.export(org, documents))).await
    }
}

#[async_trait]
impl Imports for MongoStore {
    fn cannot_have(&self, collection: &Collection) -> Vec<String> {
        import::cannot_have(collection)
    }

    async fn taken_ids(&self, ids: &[ObjectId]) -> Result<Vec<ObjectId>> {
        self.inner.answered(self.inner.taken_ids(ids)).await
    }

    async fn stage(
        &self,
        staged: ObjectId,
        collection: &Collection,
        documents: DocumentSource,
    ) -> Result<u64> {
        self.inner.answered(Box::pin(self.inner.stage(staged, collection, documents))).await
    }

    async fn discard(&self, staged: ObjectId) -> Result<()> {
        self.inner.answered(Box::pin(self.inner.discard(staged))).await
    }
}

#[async_trait]
impl AuditLog for MongoStore {
    async fn append(&self, entry: &Entry) -> Result<()> {
        let (inner, entry) = (Arc::clone(&self.inner), entry.clone());
        let appending = self.whole(async move {
            inner.ready(entry.operator.raw()).await?;
            inner.append(&entry).await
        });
        self.inner.answered(Box::pin(appending)).await
    }

    async fn entries(&self, query: &AuditQuery) -> Result<Vec<Document>> {
        self.inner.answered(self.inner.entries(query)).await
    }
}

#[async_trait]
impl Attempts for MongoStore {
    async fn attempt(&self, email: &str, line: Option<Line>) -> Result<Attempt> {
        self.inner.answered(Box::pin(self.inner.attempt(email, line))).await
    }

    async fn answer_attempt(
        &self,
        email: &str,
        granted: ObjectId,
        result: AttemptResult,
    ) -> Result<u64> {
        self.inner.answered(Box::pin(self.inner.answer_attempt(email, granted, result))).await
    }

    async fn forget_attempts(&self, email: &str) -> Result<u64> {
        self.inner.answered(Box::pin(self.inner.forget_attempts(email))).await
    }
}

#[async_trait]
impl Operators for MongoStore {
    async fn directory(&self) -> Result<Directory> {
        self.inner.answered(self.inner.directory()).await
    }

    async fn write_directory(&self, directory: &Directory, entry: &Entry) -> Result<()> {
        self.inner.answered(Box::pin(self.inner.write_directory(directory, entry))).await
    }

    async fn note_key_use(&self, key: ObjectId, at: DateTime) -> Result<()> {
        self.inner.answered(self.inner.note_key_use(key, at)).await
    }
}

#[async_trait]
impl ShortLived for MongoStore {
    async fn claim(
        &self,
        key: &str,
        value: &Document,
        expires_at: DateTime,
    ) -> Result<Option<Document>> {
        self.inner.answered(Box::pin(self.inner.claim(key, value, expires_at))).await
    }

    async fn kept(&self, key: &str) -> Result<Option<Document>> {
        self.inner.answered(self.inner.kept(key)).await
    }

    async fn replace(
        &self,
        key: &str,
        before: &Document,
        after: &Document,
        expires_at: DateTime,
    ) -> Result<bool> {
        self.inner.answered(Box::pin(self.inner.replace(key, before, after, expires_at))).await
    }

    async fn forget(&self, key: &str) -> Result<()> {
        self.inner.answered(Box::pin(self.inner.forget_record(key))).await
    }
}

#[async_trait]
impl Changes for MongoStore {
    async fn changed(&self, seen: Option<Seen>) -> Result<News> {
        self.inner.changed(seen).await
    }
}

#[async_trait]
impl Maintenance for MongoStore {
    fn place(&self) -> &Place {
        &self.inner.place
    }

    fn only_readable_because(&self) -> Option<&str> {
        self.inner.only_readable_because()
    }

    async fn is_there(&self) -> Result<bool> {
        let inner = &self.inner;
        let records = inner.listed_at(inner.orgs.name());
        Ok(inner.answered(records).await?.is_some())
    }

    async fn prepare(&self, operator: &str) -> Result<()> {
        let (inner, operator) = (Arc::clone(&self.inner), operator.to_owned());
        let prepared = self.whole(async move { inner.prepare(&operator).await });
        self.inner.answered(Box::pin(prepared)).await
    }

    async fn needs_upgrade(&self) -> Result<bool> {
        self.inner.answered(Box::pin(self.inner.needs_upgrade())).await
    }

    async fn upgrade_plan(&self) -> Result<UpgradePlan> {
        self.inner.answered(Box::pin(self.inner.upgrade_plan())).await
    }

    async fn upgrade(&self, operator: &str, told: &Progress) -> Result<()> {
        self.inner.answered(Box::pin(self.inner.upgrade(operator, told))).await
    }

    async fn link_changed(&self, lost: bool) -> Option<StoreError> {
        self.inner.link_changed(lost).await
    }

    async fn recover(&self, operator: &str) -> Result<u64> {
        let (inner, operator) = (Arc::clone(&self.inner), operator.to_owned());
        let recovery = self.whole(async move { inner.recover(&operator).await });
        self.inner.answered(Box::pin(recovery)).await
    }

    async fn purge_expired(&self, operator: &str, believed: bool) -> Result<Purge> {
        let (inner, operator) = (Arc::clone(&self.inner), operator.to_owned());
        let purging = self.whole(async move {
            let purge = inner.purge_expired(&operator, believed).await?;
            // What is left of these only takes room.
            let _ = inner.sweep_placeholders().await;
            Ok(purge)
        });
        self.inner.answered(Box::pin(purging)).await
    }

    async fn catch_up(&self, operator: &str) -> Result<u64> {
        self.inner.answered(Box::pin(self.inner.catch_up(operator))).await
    }

    async fn go_through(
        &self,
        operator: &str,
        examination: &Examination<'_>,
    ) -> Result<Vec<Finding>> {
        let left = self.inner.left_by_imports().await?;
        let mut found = self.examination(operator, examination).await?;
        let after = if examination.fix && !left.is_empty() {
            Some(self.inner.left_by_imports().await?)
        } else {
            None
        };
        found.extend(of_imports(left, after.as_deref()));
        if examination.fix {
            found.extend(self.purge_expired(operator, false).await?.findings);
        } else {
            found.extend(self.inner.kept_by_the_clock().await?);
        }
        Ok(found)
    }
}
