//! Forms: what each asks for, what was typed, and the wish that is made of it.

use super::{
    field::{Notice, Request, TextField},
    message::{Check, Generation, NewOwner, NewPassword},
    profile::Sure,
};
use crate::{
    org::{Admin, Field, NewSecondFactor, Org, OrgState, Role, Secret, StoredText},
    tenancy::{AdminChanges, Edit, NewOrganization},
};

/// What a form asks for.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Asked {
    /// The organization's name.
    Name,
    /// An admin's e-mail.
    Email,
    /// What the admin may do.
    Role,
    /// What becomes of the owners before.
    Owners,
    /// A one-time code.
    Code,
    /// Why it is done.
    Reason,
    /// A new password.
    Password,
}

impl From<Field> for Asked {
    fn from(field: Field) -> Self {
        match field {
            Field::Name => Self::Name,
            Field::Email => Self::Email,
            Field::Password => Self::Password,
            Field::Code => Self::Code,
            Field::Reason => Self::Reason,
        }
    }
}

/// What becomes of the owners before, when an organization is transferred.
pub const DEMOTED: &str = "demoted";
/// What becomes of them otherwise.
pub const REMOVED: &str = "removed";

/// What a form is for.
#[derive(Clone, Debug)]
pub enum Purpose {
    /// To create an organization.
    Create,
    /// To change one, and its first admin.
    Edit(Box<Org>),
    /// To add an admin to one.
    AddAdmin(Box<Org>),
    /// To change an admin of one.
    EditAdmin(Box<Org>, Box<Admin>),
    /// To transfer one to another owner.
    Transfer(Box<Org>),
    /// To set a password with a one-time code.
    UseCode,
    /// To set up a second factor for the logins of who is logged in.
    SecondFactor(NewSecondFactor),
}

/// A form.
#[derive(Debug)]
pub struct Form {
    /// What it is for.
    pub purpose: Purpose,
    /// In the order of [`Form::asked`].
    pub fields: Vec<TextField>,
    /// Which one is being typed in.
    pub focus: usize,
    /// What is wrong with the whole.
    pub problem: Option<Notice>,
    /// The operation that is waited for.
    pub submitting: Request,
    /// Whether someone else changed the organization, and it is being read again.
    pub stale: bool,
    /// Whether it is meant, in production.
    pub sure: Sure,
    /// What was in its fields when it was opened.
    initial: Vec<Secret>,
    /// Whether the next esc discards what was typed.
    pub leaving: bool,
    /// The operation that is no longer waited for and has not ended yet, with what was typed for it.
    pub left: Option<(Generation, Vec<Secret>)>,
}

impl Form {
    fn with_fields(purpose: Purpose, fields: Vec<TextField>) -> Self {
        let submitting = Request::default();
        let initial = fields.iter().map(TextField::as_secret).collect();
        Self {
            purpose,
            initial,
            leaving: false,
            fields,
            focus: 0,
            problem: None,
            submitting,
            stale: false,
            sure: Sure::default(),
            left: None,
        }
    }

    /// To create an organization.
    #[must_use]
    pub fn new() -> Self {
        let fields = vec![TextField::default(), TextField::default(), TextField::secret()];
        Self::with_fields(Purpose::Create, fields)
    }

    /// To change one.
    #[must_use]
    pub fn edit(org: &Org) -> Self {
        let fields = vec![
            TextField::with(org.name.raw()),
            TextField::with(org.admin_email.raw()),
            TextField::secret(),
        ];
        Self::with_fields(Purpose::Edit(Box::new(org.clone())), fields)
    }

    /// To add an admin to one. Who decides about the others is the exception.
    #[must_use]
    pub fn add_admin(org: &Org, role: Role) -> Self {
        let fields = vec![TextField::default(), TextField::role(role)];
        Self::with_fields(Purpose::AddAdmin(Box::new(org.clone())), fields)
    }

    /// To change an admin of one; the password only where it is one's `own`.
    #[must_use]
    pub fn edit_admin(org: &Org, admin: &Admin, own: bool) -> Self {
        let mut fields = vec![TextField::with(admin.email.raw()), TextField::role(admin.role)];
        fields.extend(own.then(TextField::secret));
        let purpose = Purpose::EditAdmin(Box::new(org.clone()), Box::new(admin.clone()));
        Self::with_fields(purpose, fields)
    }

    /// To transfer one to another owner: to an admin of it, if one is suggested.
    #[must_use]
    pub fn transfer(org: &Org, to: Option<&Admin>) -> Self {
        let email = to.map_or("", |admin| admin.email.raw());
        let owners = TextField::choice(&[DEMOTED, REMOVED], DEMOTED);
        let fields = vec![TextField::with(email), owners, TextField::default()];
        Self::with_fields(Purpose::Transfer(Box::new(org.clone())), fields)
    }

    /// To set a password with a one-time code.
    #[must_use]
    pub fn use_code(email: &str) -> Self {
        let fields = vec![TextField::with(email), TextField::secret(), TextField::secret()];
        let focus = usize::from(!email.is_empty());
        Self { focus, ..Self::with_fields(Purpose::UseCode, fields) }
    }

    /// To set up a second factor.
    #[must_use]
    pub fn second_factor(new: NewSecondFactor) -> Self {
        Self::with_fields(Purpose::SecondFactor(new), vec![TextField::default()])
    }

    /// What it asks for, one for each field.
    #[must_use]
    pub fn asked(&self) -> &'static [Asked] {
        let all: &[Asked] = match self.purpose {
            Purpose::Create | Purpose::Edit(_) => &[Asked::Name, Asked::Email, Asked::Password],
            Purpose::AddAdmin(_) | Purpose::EditAdmin(..) => {
                &[Asked::Email, Asked::Role, Asked::Password]
            }
            Purpose::Transfer(_) => &[Asked::Email, Asked::Owners, Asked::Reason],
            Purpose::UseCode => &[Asked::Email, Asked::Code, Asked::Password],
            Purpose::SecondFactor(_) => &[Asked::Code],
        };
        &all[..self.fields.len().min(all.len())]
    }

    /// Which field is about this.
    #[must_use]
    pub fn at(&self, asked: impl Into<Asked>) -> Option<usize> {
        let asked = asked.into();
        self.asked().iter().position(|other| *other == asked)
    }

    /// The organization it is about; none while there is none.
    #[must_use]
    pub fn org(&self) -> Option<&Org> {
        match &self.purpose {
            Purpose::Create | Purpose::UseCode | Purpose::SecondFactor(_) => None,
            Purpose::Edit(org)
            | Purpose::AddAdmin(org)
            | Purpose::EditAdmin(org, _)
            | Purpose::Transfer(org) => Some(org),
        }
    }

    /// Goes on from what the organization is now, if that is the one it is about. What it was.
    pub fn replace(&mut self, now: &Org) -> Option<Org> {
        match &mut self.purpose {
            Purpose::Edit(org)
            | Purpose::AddAdmin(org)
            | Purpose::EditAdmin(org, _)
            | Purpose::Transfer(org)
                if org.id == now.id =>
            {
                Some(std::mem::replace(org.as_mut(), now.clone()))
            }
            Purpose::Create
            | Purpose::Edit(_)
            | Purpose::AddAdmin(_)
            | Purpose::EditAdmin(..)
            | Purpose::Transfer(_)
            | Purpose::UseCode
            | Purpose::SecondFactor(_) => None,
        }
    }

    /// The text of a field.
    #[must_use]
    pub fn text(&self, asked: impl Into<Asked>) -> &str {
        self.at(asked).and_then(|at| self.fields.get(at)).map_or("", TextField::text)
    }

    /// The role that is chosen.
    #[must_use]
    pub fn role(&self) -> Role {
        Role::parse(self.text(Asked::Role)).unwrap_or(Role::Admin)
    }

    /// Whether the owners before are removed.
    #[must_use]
    pub fn removes_owners(&self) -> bool {
        self.text(Asked::Owners) == REMOVED
    }

    /// Who is to own it.
    #[must_use]
    pub fn new_owner(&self) -> NewOwner {
        NewOwner {
            email: self.text(Asked::Email).trim().to_owned(),
            removes: self.removes_owners(),
            reason: self.text(Asked::Reason).to_owned(),
        }
    }

    /// What is typed in all fields.
    #[must_use]
    pub fn typed(&self) -> Vec<Secret> {
        self.fields.iter().map(TextField::as_secret).collect()
    }

    /// Whether it may be left, though what was typed is discarded then: the second time, that is meant. What was submitted is
    /// no longer only here.
    pub(super) fn may_leave(&mut self) -> bool {
        let typed = self.typed();
        let submitted = self.left.as_ref().is_some_and(|(_, submitted)| *submitted == typed);
        if self.leaving || submitted || typed == self.initial {
            return true;
        }
        self.leaving = true;
        false
    }

    /// What an organization is to be made of.
    #[must_use]
    pub fn new_organization(&self) -> NewOrganization {
        NewOrganization {
            name: self.text(Asked::Name).to_owned(),
            email: self.text(Asked::Email).to_owned(),
            password: self.text(Asked::Password).into(),
        }
    }

    /// What is to be different about an organization. An empty password stays as it is.
    #[must_use]
    pub fn edited(&self) -> Edit {
        Edit {
            name: Some(self.meant(Asked::Name).to_owned()),
            email: Some(self.meant(Asked::Email).to_owned()),
            password: self.password(),
        }
    }

    /// What is to be different about an admin; none when nothing is.
    #[must_use]
    pub fn admin_changes(&self, admin: &Admin) -> Option<AdminChanges> {
        let email = self.meant(Asked::Email);
        let changes = AdminChanges {
            role: Some(self.role()).filter(|role| *role != admin.role),
            email: (email != admin.email.raw()).then(|| email.to_owned()),
            password: self.password(),
            resets_second_factor: false,
        };
        let some = changes.role.is_some() || changes.email.is_some() || changes.password.is_some();
        some.then_some(changes)
    }

    fn password(&self) -> Option<Secret> {
        Some(self.text(Asked::Password)).filter(|text| !text.is_empty()).map(Secret::from)
    }

    /// Goes on from what someone else made of the organization: what was typed stays, and where nothing
    /// was, their change does.
    pub fn rebase(&mut self, org: &Org) {
        let edits = matches!(self.purpose, Purpose::Edit(_));
        if let Some(old) = self.replace(org).filter(|_| edits) {
            let stored = [(&old.name, &org.name), (&old.admin_email, &org.admin_email)];
            let fields = self.fields.iter_mut().zip(&mut self.initial);
            for ((field, initial), (old, new)) in fields.zip(stored) {
                if field.holds(old.raw()) && old != new {
                    field.set(new.raw());
                    *initial = field.as_secret();
                }
            }
        }
        self.stale = false;
        self.sure = Sure::Unasked;
        self.problem = Some(match org.state {
            OrgState::Active | OrgState::Suspended => {
                let help = if edits {
                    "save again to overwrite it, or press esc to cancel"
                } else {
                    "submit again if you still want it, or press esc to cancel"
                };
                Notice::changed_to(org, help)
            }
            OrgState::InTrash(_) => Notice {
                what: format!("someone else moved “{}” to the trash", org.name),
                help: "restore it there before you save; what you typed stays here".to_owned(),
            },
        });
    }

    /// The e-mail of the admin that is edited, as it was.
    pub(super) fn email_before(&self) -> Option<StoredText> {
        match &self.purpose {
            Purpose::Edit(org) => Some(org.admin_email.clone()),
            Purpose::EditAdmin(_, admin) => Some(admin.email.clone()),
            Purpose::Create
            | Purpose::AddAdmin(_)
            | Purpose::Transfer(_)
            | Purpose::UseCode
            | Purpose::SecondFactor(_) => None,
        }
    }

    /// What is stored of what a field asks for.
    fn stored(&self, asked: Asked) -> Option<&str> {
        match (&self.purpose, asked) {
            (Purpose::Edit(org), Asked::Name) => Some(org.name.raw()),
            (Purpose::Edit(org), Asked::Email) => Some(org.admin_email.raw()),
            (Purpose::EditAdmin(_, admin), Asked::Email) => Some(admin.email.raw()),
            (Purpose::EditAdmin(..), Asked::Name)
            | (
                Purpose::Create
                | Purpose::AddAdmin(_)
                | Purpose::Transfer(_)
                | Purpose::UseCode
                | Purpose::SecondFactor(_),
                _,
            )
            | (_, Asked::Role | Asked::Owners | Asked::Code | Asked::Reason | Asked::Password) => {
                None
            }
        }
    }

    /// The text a field stands for: what is stored, as long as it still shows as much of that as
    /// there is room for.
    fn meant(&self, asked: Asked) -> &str {
        let field = self.at(asked).and_then(|at| self.fields.get(at));
        let same = |stored: &&str| field.is_some_and(|field| field.holds(stored));
        self.stored(asked).filter(same).unwrap_or_else(|| self.text(asked))
    }

    /// What to ask about the field that is being left; none when there is nothing to ask.
    #[must_use]
    pub fn check(&self) -> Option<Check> {
        let asked = *self.asked().get(self.focus)?;
        let text = self.text(asked);
        if self.fields[self.focus].asked.as_ref().is_some_and(|asked| asked.reveal() == text) {
            return None;
        }
        let meant = self.meant(asked).to_owned();
        let stays = matches!(self.purpose, Purpose::Edit(_) | Purpose::EditAdmin(..));
        match (asked, &self.purpose) {
            (Asked::Role | Asked::Owners | Asked::Code | Asked::Reason, _)
            | (Asked::Email, Purpose::UseCode) => None,
            (Asked::Name, Purpose::Edit(org)) => Some(Check::Name(meant, Some(org.clone()))),
            (Asked::Name, _) => Some(Check::Name(meant, None)),
            (Asked::Email, Purpose::EditAdmin(_, admin)) if meant == admin.email.raw() => None,
            // Who is an admin of it already can become its owner.
            (
                Asked::Email,
                Purpose::Edit(org) | Purpose::EditAdmin(org, _) | Purpose::Transfer(org),
            ) => Some(Check::Email(meant, Some(org.clone()))),
            (Asked::Email, _) => Some(Check::Email(meant, None)),
            (Asked::Password, _) if text.is_empty() && stays => None,
            (Asked::Password, _) => Some(Check::Password(self.new_password())),
        }
    }

    /// The password that is being typed, where it was not judged yet as it is now.
    #[must_use]
    pub fn unjudged(&self) -> Option<NewPassword> {
        let at = self.at(Asked::Password)?;
        let typing = at == self.focus && !self.submitting.is_waiting();
        let field = self.fields.get(at).filter(|field| typing && !field.text().is_empty())?;
        let changes = self.new_password();
        (field.judged.as_ref() != Some(&changes)).then_some(changes)
    }

    fn new_password(&self) -> NewPassword {
        let (name, email) = self.whose_password();
        NewPassword { password: self.text(Asked::Password).into(), name, email }
    }

    /// The name and the e-mail that the password is for, as far as they are known here.
    #[must_use]
    pub fn whose_password(&self) -> (String, String) {
        let name = match &self.purpose {
            Purpose::EditAdmin(org, _) => org.name.raw(),
            Purpose::Create
            | Purpose::Edit(_)
            | Purpose::AddAdmin(_)
            | Purpose::Transfer(_)
            | Purpose::UseCode
            | Purpose::SecondFactor(_) => self.text(Asked::Name),
        };
        (name.to_owned(), self.text(Asked::Email).to_owned())
    }
}

impl Default for Form {
    fn default() -> Self {
        Self::new()
    }
}
