//! The admins of the organizations that are not there, and what was recorded about them.

use std::time::Duration;

use bson::{DateTime, oid::ObjectId};
use tenantry::{
    console::app::{Effect, Message, NewOwner, OrgAction},
    org::{Admin, Org, PasswordHash, ResetCode, Role},
    store::{AuditAt, AuditQuery, Entry, Head, Outcome},
    tenancy::{AuditPage, Error, IssuedCode, NumberedEntry, Refusal, Result, Session},
};

use crate::{
    pretend::{Console, DAY, HOUR, admin_of, now},
    pretend_sizes,
};

/// An admin of an organization, added so long ago.
pub fn admin(number: u8, email: &str, role: Role, age: u64) -> Admin {
    Admin {
        id: ObjectId::from_bytes([number; 12]),
        email: email.into(),
        password: PasswordHash::stored(String::new()),
        created_at: DateTime::from_system_time(now() - Duration::from_secs(age)),
        role,
        organization: None,
        reset: None,
        second_factor: None,
    }
}

/// Another one with a code that is good for so many more minutes.
pub fn with_code(admin: Admin, minutes: u64) -> Admin {
    let until = DateTime::from_system_time(now() + Duration::from_mins(minutes));
    Admin { reset: Some(ResetCode { hash: String::new(), until }), ..admin }
}

/// Some admins beside the one the record names, one of whom has not chosen a password yet.
pub fn others() -> Vec<Admin> {
    vec![
        admin(201, "grace.hopper@acme.example", Role::Owner, 40 * DAY),
        with_code(admin(202, "linus@acme.example", Role::Admin, HOUR / 2), 30),
        admin(203, "margaret@acme.example", Role::Admin, 3 * DAY),
    ]
}

/// What was recorded about an organization, the newest first.
pub fn recorded(org: &Org) -> Vec<NumberedEntry> {
    let about = |action: &str| Entry::about("ops@bastion", action, org);
    let ada = org.admin_email.raw();
    let entries = [
        about("log in").of_admin(ada),
        about("log in").of_admin(ada).ended(
            Outcome::Refused,
            &Error::from(Refusal::Suspended(org.name.clone())).to_string(),
        ),
        about("update").with("name", "acme", org.name.raw()),
        about("update")
            .of_admin(ada)
            .with("e-mail", "ada@old.example", ada)
            .with("password", "", ""),
        about("add admin")
            .of_admin(ada)
            .with("admin", "", "linus@acme.example")
            .with("role", "", "admin"),
        about("remove admin").of_admin(ada).with("admin", "eve@acme.example", ""),
        about("change admin")
            .of_admin(ada)
            .with("admin", "grace.hopper@acme.example", "grace.hopper@acme.example")
            .with("role", "admin", "owner"),
        about("issue code").with("admin", "linus@acme.example", "linus@acme.example"),
        about("use code").of_admin("linus@acme.example").with("password", "", ""),
        about("delete").ended(
            Outcome::Refused,
            &Error::from(Refusal::NoSession(org.name.clone())).to_string(),
        ),
        about("update").ended(Outcome::TakenBack, "the server went away"),
        about("suspend").ended(Outcome::Failed, "no server answered within 5 s"),
        about("suspend"),
        about("reactivate"),
        about("create").with("admin", "", ada),
    ];
    let dated = |(at, entry): (usize, Entry)| {
        let ago = Duration::from_secs(u64::try_from(at * at).unwrap() * HOUR);
        let number = i64::try_from(15 - at).unwrap();
        let at = DateTime::from_system_time(now() - ago);
        NumberedEntry { number, hash: HASH.into(), entry: Entry { at, ..entry } }
    };
    entries.into_iter().enumerate().map(dated).collect()
}

/// The hash of every entry.
pub const HASH: &str = "5f70bf18a086007016e948b04aed3b82103a36bea41755b6cddfaf10ace3c6ef";

pub const CODE: &str = "4t7zqm-9kx2hd-w3nvb8-c5r1fp-y6";

impl Console {
    /// The answer of a database without troubles to what is about admins, or what was recorded.
    pub fn fine_about_admins(&mut self, effect: &Effect) -> Option<Message> {
        Some(match effect {
            Effect::Survey(at, _) => {
                pretend_sizes::parts(self, *at, usize::MAX);
                Message::SurveyEnded(*at, Ok(()))
            }
            Effect::Export(generation, action, org, ..) => {
                Message::Done(*generation, *action, org.clone(), Ok(Some((**org).clone())))
            }
            Effect::LoadAdmins(generation, org) => {
                let first = Admin { created_at: org.created_at, ..admin_of(org) };
                let admins = std::iter::once(first).chain(self.others.iter().cloned());
                Message::Admins(*generation, Ok(admins.collect()))
            }
            Effect::LoadActivity(generation, org) => {
                let entries = self.entries.clone().unwrap_or_else(|| recorded(org));
                Message::Activity(*generation, Ok(entries))
            }
            Effect::LoadAudit(generation, AuditQuery { filter, at, limit }) => {
                let all = || self.entries.clone().unwrap_or_default().into_iter();
                let head = all().next().map(|newest| Head {
                    number: newest.number,
                    hash: newest.hash.raw().to_owned(),
                });
                let mut entries: Vec<_> =
                    all().filter(|one| filter.admits(&one.entry.to_document())).collect();
                match at {
                    AuditAt::Newest => {}
                    AuditAt::Before(number) => entries.retain(|one| one.number < *number),
                    AuditAt::After(number) => {
                        entries.retain(|one| one.number > *number);
                        entries.reverse();
                    }
                }
                let more = entries.len() > *limit as usize;
                entries.truncate(*limit as usize);
                Message::Audit(*generation, Ok((AuditPage { entries, more }, head)))
            }
            Effect::AddAdmin(generation, org, email, role, session) => {
                let added = self.owned(org, session.as_ref()).map(|org| {
                    let added = with_code(admin(210, email, *role, 0), 60);
                    self.others.push(added);
                    (org, issued(email))
                });
                Message::Added(*generation, email.as_str().into(), added)
            }
            Effect::Transfer(generation, org, NewOwner { email, removes, .. }, session) => {
                let done = self.owned(org, session.as_ref());
                let (owner, known) = (
                    org.admin_email.clone(),
                    self.others.iter().position(|a| a.email.raw() == email),
                );
                let done = done.map(|org| {
                    self.others.retain(|admin| !removes || admin.role != Role::Owner);
                    for other in &mut self.others {
                        other.role = Role::Admin;
                    }
                    let taken = self.others.iter().position(|admin| admin.email.raw() == email);
                    if let Some(at) = taken {
                        self.others.remove(at);
                    }
                    if !removes {
                        self.others.push(admin(211, owner.raw(), Role::Admin, 60 * DAY));
                    }
                    let stored = self.orgs.iter_mut().find(|stored| stored.id == org.id).unwrap();
                    stored.admin_email = email.as_str().into();
                    (stored.clone(), known.is_none().then(|| issued(email)))
                });
                Message::Transferred(*generation, email.as_str().into(), done)
            }
            Effect::UpdateAdmin(generation, org, email, changes, session) => {
                let updated = self.owned(org, session.as_ref());
                let found = self.others.iter_mut().find(|admin| admin.email == *email);
                if let (Ok(_), Some(admin)) = (&updated, found) {
                    admin.role = changes.role.unwrap_or(admin.role);
                    if let Some(email) = &changes.email {
                        admin.email = email.as_str().into();
                    }
                }
                Message::Updated(*generation, updated)
            }
            Effect::Redeem(generation, email, ..) => {
                let org = self.orgs.iter().find(|org| org.admin_email.raw() == email).cloned();
                let org = org.ok_or(Error::WrongCode).and_then(|org| self.changed(&org));
                Message::Redeemed(*generation, email.as_str().into(), org)
            }
            Effect::Do(generation, action @ OrgAction::IssueCode(_), org, given, _) => {
                let issued = self.changed(org).map(|org| (org, issued(&given.email)));
                Message::Coded(
                    *generation,
                    *action,
                    org.clone(),
                    given.email.as_str().into(),
                    issued,
                )
            }
            effect => return fine_elsewhere(effect),
        })
    }

    /// The organization as it is after one more change, as long as it is what it was.
    fn changed(&mut self, org: &Org) -> Result<Org> {
        let same = |stored: &&mut Org| (stored.id, stored.revision) == (org.id, org.revision);
        let stored = self.orgs.iter_mut().find(same).ok_or(Error::Changed(org.name.clone()))?;
        stored.revision += 1;
        Ok(stored.clone())
    }

    /// The same, for whoever is logged in to it.
    fn owned(&mut self, org: &Org, session: Option<&Session>) -> Result<Org> {
        if session.is_none_or(|session| !session.account.is_for(org.id)) {
            return Err(Refusal::NoSession(org.name.clone()).into());
        }
        self.changed(org)
    }
}

fn issued(email: &str) -> IssuedCode {
    let until = DateTime::from_system_time(now() + Duration::from_secs(HOUR));
    IssuedCode { email: email.into(), code: CODE.into(), until }
}

/// What the mail server and the disk answer.
fn fine_elsewhere(effect: &Effect) -> Option<Message> {
    match effect {
        Effect::CheckDirectory(at, _) => Some(Message::DirectoryChecked(*at, Ok(()))),
        Effect::MailCode(at, _, IssuedCode { email, .. }, _) => {
            Some(Message::Mailed(*at, email.clone(), Ok(())))
        }
        _ => None,
    }
}
