//! What lies above list and details: forms, questions, the login, the help.

use super::{
    field::{Request, Said, TextField},
    message::{Check, Generation},
    question::Question,
};
use crate::{
    console::keymap,
    org::{Field, Org, Secret, StoredText},
    tenancy::{Edit, NewOrganization},
};

/// One thing above the others; the topmost takes the keys.
#[derive(Debug)]
pub enum Layer {
    /// A form that makes or changes an organization.
    Form(Form),
    /// A question before something is done to an organization.
    Question(Question),
    /// The login.
    Login(Login),
    /// The help.
    Help(Help),
}

impl Layer {
    /// Where its keys are in the table of commands.
    #[must_use]
    pub fn place(&self) -> keymap::Place {
        match self {
            Self::Form(_) => keymap::Place::Form,
            Self::Question(_) => keymap::Place::Question,
            Self::Login(_) => keymap::Place::Login,
            Self::Help(_) => keymap::Place::Help,
        }
    }

    /// The field that is being typed in.
    pub fn focused(&mut self) -> Option<&mut TextField> {
        match self {
            Self::Form(form) if !form.submitting.is_waiting() => form.fields.get_mut(form.focus),
            Self::Question(question) if !question.submitting.is_waiting() => {
                question.fields.get_mut(question.focus)
            }
            Self::Login(login) if !login.submitting.is_waiting() => {
                login.fields.get_mut(login.focus)
            }
            _ => None,
        }
    }

    /// Every request it may be waiting for.
    pub fn requests(&mut self) -> Vec<&mut Request> {
        match self {
            Self::Form(form) => {
                let mut requests = vec![&mut form.submitting];
                requests.extend(form.fields.iter_mut().map(|field| &mut field.checking));
                requests
            }
            Self::Question(question) => vec![&mut question.submitting, &mut question.authorizing],
            Self::Login(login) => vec![&mut login.submitting],
            Self::Help(_) => Vec::new(),
        }
    }
}

/// The fields of a form, in their order.
pub const FORM_FIELDS: [Field; 3] = [Field::Name, Field::Email, Field::Password];

/// A form that makes or changes an organization.
#[derive(Debug)]
pub struct Form {
    /// The organization to change; none to make one.
    pub org: Option<Box<Org>>,
    /// In the order of [`FORM_FIELDS`].
    pub fields: [TextField; 3],
    /// Which one is being typed in.
    pub focus: usize,
    /// What is wrong with the whole.
    pub problem: Option<Said>,
    /// The deed that is waited for.
    pub submitting: Request,
    /// Whether someone else changed the organization, and it is being read again.
    pub stale: bool,
    /// The deed that is no longer waited for and has not ended yet, with what was typed for it.
    pub left: Option<(Generation, Box<[Secret; 3]>)>,
}

impl Form {
    /// To make an organization.
    #[must_use]
    pub fn new() -> Self {
        let fields = [TextField::default(), TextField::default(), TextField::secret()];
        let submitting = Request::default();
        Self { org: None, fields, focus: 0, problem: None, submitting, stale: false, left: None }
    }

    /// To change one.
    #[must_use]
    pub fn edit(org: &Org) -> Self {
        let fields = [
            TextField::with(org.name.raw()),
            TextField::with(org.admin_email.raw()),
            TextField::secret(),
        ];
        Self { org: Some(Box::new(org.clone())), fields, ..Self::new() }
    }

    /// The text of a field.
    #[must_use]
    pub fn text(&self, field: Field) -> &str {
        let at = FORM_FIELDS.iter().position(|other| *other == field);
        at.and_then(|at| self.fields.get(at)).map_or("", TextField::text)
    }

    /// What is typed in all fields.
    #[must_use]
    pub fn typed(&self) -> [Secret; 3] {
        self.fields.each_ref().map(TextField::as_secret)
    }

    /// What an organization is to be made of.
    #[must_use]
    pub fn wish(&self) -> NewOrganization {
        NewOrganization {
            name: self.text(Field::Name).to_owned(),
            email: self.text(Field::Email).to_owned(),
            password: self.text(Field::Password).into(),
        }
    }

    /// What is to be different. An empty password stays as it is.
    #[must_use]
    pub fn edited(&self) -> Edit {
        let password = self.text(Field::Password);
        Edit {
            name: Some(self.meant(Field::Name).to_owned()),
            email: Some(self.meant(Field::Email).to_owned()),
            password: (!password.is_empty()).then(|| password.into()),
        }
    }

    /// Goes on from what someone else made of the organization: what was typed stays, and where nothing
    /// was, their change does.
    pub fn rebase(&mut self, org: &Org) {
        if let Some(old) = self.org.replace(Box::new(org.clone())) {
            let [name, email, _] = &mut self.fields;
            for (field, old, new) in
                [(name, &old.name, &org.name), (email, &old.admin_email, &org.admin_email)]
            {
                if field.holds(old.raw()) && old != new {
                    field.set(new.raw());
                }
            }
        }
        self.stale = false;
        self.problem =
            Some(Said::changed_to(org, "save again to change that, or leave it with esc"));
    }

    /// The text a field stands for: what is stored, as long as it still shows as much of that as
    /// there is room for.
    fn meant(&self, field: Field) -> &str {
        let [name, email, _] = &self.fields;
        match (&self.org, field) {
            (Some(org), Field::Name) if name.holds(org.name.raw()) => org.name.raw(),
            (Some(org), Field::Email) if email.holds(org.admin_email.raw()) => {
                org.admin_email.raw()
            }
            _ => self.text(field),
        }
    }

    /// What to ask about the field that is being left; none when there is nothing to ask.
    #[must_use]
    pub fn check(&self) -> Option<Check> {
        let field = FORM_FIELDS.get(self.focus)?;
        let text = self.text(*field);
        if self.fields[self.focus].asked.as_ref().is_some_and(|asked| asked.reveal() == text) {
            return None;
        }
        match field {
            Field::Name => Some(Check::Name(self.meant(*field).to_owned(), self.org.clone())),
            Field::Email => Some(Check::Email(self.meant(*field).to_owned(), self.org.clone())),
            Field::Password if text.is_empty() && self.org.is_some() => None,
            Field::Password => Some(Check::Password {
                password: text.into(),
                name: self.text(Field::Name).to_owned(),
                email: self.text(Field::Email).to_owned(),
            }),
        }
    }
}

impl Default for Form {
    fn default() -> Self {
        Self::new()
    }
}

/// The login.
#[derive(Debug)]
pub struct Login {
    /// E-mail and password.
    pub fields: [TextField; 2],
    /// Which one is being typed in.
    pub focus: usize,
    /// Why it opened, or what is wrong.
    pub problem: Option<Said>,
    /// Whether something below goes on once it is done.
    pub wanted: Option<StoredText>,
    /// The login that is waited for.
    pub submitting: Request,
}

impl Login {
    /// A login, suggesting an e-mail; `wanted` names the organization something needs it for.
    #[must_use]
    pub fn new(email: &str, wanted: Option<StoredText>) -> Self {
        let fields = [TextField::with(email), TextField::secret()];
        let focus = usize::from(!email.is_empty());
        Self { fields, focus, problem: None, wanted, submitting: Request::default() }
    }
}

/// The help for a place.
#[derive(Debug)]
pub struct Help {
    /// The place it is about.
    pub about: keymap::Place,
    /// The first line on the screen.
    pub scroll: usize,
}
