//! Operations on a store, with an entry for the audit log that says who did them.

use tenantry::org::Org;
use tenantry::store::{Change, Entry, NewOrg, Operation, Result, Store, TrashTerms};

/// What `tenancy` does with a store, without its rules.
#[allow(dead_code, reason = "not every test target does everything")]
pub trait Operations: Store {
    async fn create(&self, new: &NewOrg) -> Result<Org> {
        let mut entry = Entry::new("tester@here", "create").called(new.name.as_str());
        entry.organization = Some(new.id);
        self.perform(&Operation::Create(Box::new(new.clone())), &entry)
            .await
            .map(|org| org.unwrap())
    }

    async fn update(&self, org: &Org, change: &Change) -> Result<Org> {
        let operation = Operation::Update(Box::new(org.clone()), change.clone());
        self.perform(&operation, &self.entry("update", org)).await.map(|org| org.unwrap())
    }

    async fn delete(&self, org: &Org) -> Result<()> {
        let operation = Operation::Delete(Box::new(org.clone()));
        self.perform(&operation, &self.entry("delete", org))
            .await
            .map(|gone| assert_eq!(gone, None))
    }

    async fn trash(&self, org: &Org, days: u32) -> Result<Org> {
        let operation = Operation::Trash(Box::new(org.clone()), TrashTerms::reserved(days));
        self.perform(&operation, &self.entry("trash", org)).await.map(|org| org.unwrap())
    }

    async fn trash_and_release(&self, org: &Org) -> Result<Org> {
        let terms = TrashTerms { days: 30, releases: true };
        let operation = Operation::Trash(Box::new(org.clone()), terms);
        self.perform(&operation, &self.entry("trash", org)).await.map(|org| org.unwrap())
    }

    async fn restore(&self, org: &Org, change: &Change) -> Result<Org> {
        let operation = Operation::Restore(Box::new(org.clone()), change.clone());
        self.perform(&operation, &self.entry("restore", org)).await.map(|org| org.unwrap())
    }

    async fn suspend(&self, org: &Org, suspended: bool) -> Result<Org> {
        let operation = Operation::Suspend(Box::new(org.clone()), suspended);
        self.perform(&operation, &self.entry("suspend", org)).await.map(|org| org.unwrap())
    }

    fn entry(&self, operation: &str, org: &Org) -> Entry {
        Entry::about("tester@here", operation, org)
    }
}

impl<S: Store + ?Sized> Operations for S {}
