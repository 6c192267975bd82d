//! Deeds on a store, with an entry for the record that says who did them.

use tenantry::org::Org;
use tenantry::store::{Change, Deed, Entry, NewOrg, Result, Store};

/// What `tenancy` does with a store, without its rules.
#[allow(dead_code, reason = "not every test target does everything")]
pub trait Deeds: Store {
    async fn create(&self, new: &NewOrg) -> Result<Org> {
        let mut entry = Entry::new(self.operator(), "create").called(new.name.as_str());
        entry.organization = Some(new.id);
        self.perform(&Deed::Create(Box::new(new.clone())), &entry).await.map(|org| org.unwrap())
    }

    async fn update(&self, org: &Org, change: &Change) -> Result<Org> {
        let deed = Deed::Update(Box::new(org.clone()), change.clone());
        self.perform(&deed, &self.entry("update", org)).await.map(|org| org.unwrap())
    }

    async fn delete(&self, org: &Org) -> Result<()> {
        let deed = Deed::Delete(Box::new(org.clone()));
        self.perform(&deed, &self.entry("delete", org)).await.map(|gone| assert_eq!(gone, None))
    }

    async fn trash(&self, org: &Org, days: u32) -> Result<Org> {
        let deed = Deed::Trash(Box::new(org.clone()), days);
        self.perform(&deed, &self.entry("trash", org)).await.map(|org| org.unwrap())
    }

    async fn restore(&self, org: &Org, change: &Change) -> Result<Org> {
        let deed = Deed::Restore(Box::new(org.clone()), change.clone());
        self.perform(&deed, &self.entry("restore", org)).await.map(|org| org.unwrap())
    }

    async fn suspend(&self, org: &Org, suspended: bool) -> Result<Org> {
        let deed = Deed::Suspend(Box::new(org.clone()), suspended);
        self.perform(&deed, &self.entry("suspend", org)).await.map(|org| org.unwrap())
    }

    fn entry(&self, deed: &str, org: &Org) -> Entry {
        Entry::about(self.operator(), deed, org)
    }
}

impl<S: Store + ?Sized> Deeds for S {}
