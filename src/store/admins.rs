//! The admins of organizations.

use async_trait::async_trait;
use bson::oid::ObjectId;

use super::Result;
use crate::org::{Admin, Org, SecondFactor};

/// Admins, found. They are changed by an operation on their organization: a new password takes the one-time
/// code away, unless another code comes with it, and a new code takes the place of the one before. The admins of
/// an organization in the trash keep their e-mails, and are found by nothing but
/// [`Admins::admins`] and [`Admins::admin_in_trash`].
#[async_trait]
pub trait Admins: Send + Sync {
    /// The organization's admins, also of one in the trash: the one its record names first, then the
    /// others in the order in which they were added.
    async fn admins(&self, org: &Org) -> Result<Vec<Admin>>;

    /// The organization this admin belongs to; none when that is in the trash.
    async fn org_of_admin(&self, admin: &Admin) -> Result<Option<Org>>;

    /// The admin with this e-mail, compared by [`crate::org::email_key`].
    async fn admin_with_email(&self, email: &str) -> Result<Option<Admin>>;

    /// The admin with this identity.
    async fn admin(&self, id: ObjectId) -> Result<Option<Admin>>;

    /// The admin with this e-mail among those of an organization in the trash.
    async fn admin_in_trash(&self, org: &Org, email: &str) -> Result<Option<Admin>>;

    /// Replaces the admin's second factor by `spent`, the same with a code used up; false where it is no longer the
    /// one that was read, or the admin gone.
    async fn spend_second_factor(&self, admin: &Admin, spent: &SecondFactor) -> Result<bool>;

    /// The identities of those of these organizations whose records name an admin that does not exist.
    async fn without_admin(&self, orgs: &[Org]) -> Result<Vec<ObjectId>>;
}
