//! One-time codes that are mailed to their admins. A code is issued first, and shown, whatever comes of the mail.

use super::{Error, IssuedCode, Result, Tenancy, admins::name_admin, audit::typed_email};
use crate::{
    mail::{self, CodeMail},
    org::{OperationKind, Org},
};

impl Tenancy {
    /// Whether one-time codes can be mailed.
    #[must_use]
    pub fn mails(&self) -> bool {
        self.shared.rules.mail.is_some()
    }

    /// Refuses where they cannot, before a code is issued that was to be mailed.
    ///
    /// # Errors
    /// [`Error::NoMail`].
    pub fn ensure_mails(&self) -> Result<()> {
        if self.mails() { Ok(()) } else { Err(Error::NoMail) }
    }

    /// Mails a one-time code to its admin, at the e-mail that is stored. That it was mailed, or not, is in the audit log.
    /// The code is good either way.
    ///
    /// # Errors
    /// [`Error::NoMail`], [`Error::Unmailed`], [`Error::NoSuchAdmin`], [`Error::ReadOnly`], or the database's.
    pub async fn mail_code(&self, org: &Org, issued: &IssuedCode) -> Result<()> {
        let IssuedCode { email, code, until } = issued;
        let (email, until) = (email.raw(), *until);
        let typed = typed_email(email);
        let mut entry =
            self.entry(OperationKind::IssueCode, Some(org)).await.with("admin", typed, typed);
        let done = async {
            let settings = self.shared.rules.mail.as_ref().ok_or(Error::NoMail)?;
            self.may_change(&entry.action, org).await?;
            let admin = self.admin_of(org, email).await?;
            name_admin(&mut entry, &admin, admin.email.raw());
            entry = entry.clone().with("mailed to", "", admin.email.raw());
            let (to, organization) = (admin.email.raw(), &org.name);
            let sent = mail::send(settings, &CodeMail { to, organization, code, until }).await;
            sent.map_err(|why| Error::Unmailed { to: admin.email.clone(), why })?;
            self.store.append(&entry).await?;
            Ok(())
        }
        .await;
        self.recorded(&entry, done).await
    }
}
