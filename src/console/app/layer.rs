//! What lies above list and details: forms, questions, the login, the help.

use super::{
    audit_window::Audit,
    bulk::Bulk,
    document_edit::DocumentEdit,
    document_tree::OpenDocument,
    document_window::Documents,
    field::{Notice, Request, TextField},
    form::Form,
    help::Help,
    job::JobNumber,
    manual::Manual,
    question::Question,
    session::Login,
};
use crate::{
    keymap,
    org::{Org, Secret},
    tenancy::IssuedCode,
};

/// One thing above the others; the topmost takes the keys.
#[derive(Debug)]
pub enum Layer {
    /// A form.
    Form(Form),
    /// A question before something is done to an organization.
    Question(Question),
    /// The same, before it is done to several.
    Bulk(Bulk),
    /// The login.
    Login(Login),
    /// The question whether the database is to be upgraded; and how far that is.
    Upgrade,
    /// A one-time code, or recovery codes.
    Code(Code),
    /// The help.
    Help(Help),
    /// The manual.
    Manual(Manual),
    /// What to copy of an organization, or of several.
    Copy(Vec<Org>),
    /// All that was said; how many lines of it are below the screen.
    Log(usize),
    /// The audit log.
    Audit(Box<Audit>),
    /// The documents of an organization.
    Documents(Box<Documents>),
    /// A document that is being changed.
    Edit(Box<DocumentEdit>),
    /// The dashboard, which is kept in [`super::App::dashboard`].
    Dashboard,
    /// The bulk operations of this session; which of them is selected, the newest first.
    Jobs(usize),
    /// One of them.
    Job(JobNumber),
}

impl Layer {
    /// Where its keys are in the table of commands.
    #[must_use]
    pub fn place(&self) -> keymap::Place {
        match self {
            Self::Form(_) => keymap::Place::Form,
            Self::Question(_) | Self::Bulk(_) => keymap::Place::Question,
            Self::Login(_) => keymap::Place::Login,
            Self::Upgrade => keymap::Place::Upgrade,
            Self::Code(_) => keymap::Place::Code,
            Self::Help(help) if help.typing => keymap::Place::Palette,
            Self::Help(_) => keymap::Place::Help,
            Self::Manual(manual) if manual.typing => keymap::Place::TopicSearch,
            Self::Manual(manual) if manual.page.is_some() => keymap::Place::Manual,
            Self::Manual(_) => keymap::Place::Topics,
            Self::Copy(_) => keymap::Place::Copying,
            Self::Log(_) => keymap::Place::Log,
            Self::Audit(audit) => audit.place(),
            Self::Documents(documents) => documents.place(),
            Self::Edit(edit) => edit.place(),
            Self::Dashboard => keymap::Place::Dashboard,
            Self::Jobs(_) => keymap::Place::Jobs,
            Self::Job(_) => keymap::Place::Job,
        }
    }

    /// Whether it is the dashboard.
    #[must_use]
    pub fn is_dashboard(&self) -> bool {
        matches!(self, Self::Dashboard)
    }

    /// The question before something is done to an organization, where it is one.
    #[must_use]
    pub fn question(&self) -> Option<&Question> {
        if let Self::Question(question) = self { Some(question) } else { None }
    }

    /// Whether it is a list that shows anything.
    #[must_use]
    pub fn has_rows(&self) -> bool {
        self.listed().is_some_and(|(has_rows, _)| has_rows)
    }

    /// Whether it is a list that is filtered.
    #[must_use]
    pub fn is_filtered(&self) -> bool {
        self.listed().is_some_and(|(_, is_filtered)| is_filtered)
    }

    /// Of a list that can be filtered: whether it shows anything, and whether it is filtered.
    fn listed(&self) -> Option<(bool, bool)> {
        match self {
            Self::Audit(audit) => Some((!audit.rows.is_empty(), audit.is_filtered())),
            Self::Documents(all) => Some((!all.rows.is_empty(), all.is_filtered())),
            Self::Edit(_)
            | Self::Form(_)
            | Self::Question(_)
            | Self::Bulk(_)
            | Self::Login(_)
            | Self::Upgrade
            | Self::Code(_)
            | Self::Help(_)
            | Self::Manual(_)
            | Self::Copy(_)
            | Self::Log(_)
            | Self::Dashboard
            | Self::Jobs(_)
            | Self::Job(_) => None,
        }
    }

    /// What there is to type in, of a form, a question or the login.
    pub(super) fn typing(&mut self) -> Option<Typing<'_>> {
        let (fields, focus, submitting, problem) = match self {
            Self::Form(Form { fields, focus, submitting, problem, .. })
            | Self::Question(Question { fields, focus, submitting, problem, .. })
            | Self::Login(Login { fields, focus, submitting, problem, .. }) => {
                (&mut fields[..], focus, submitting, problem)
            }
            Self::Bulk(Bulk { fields, focus, reading, checking, problem, .. }) => {
                let submitting = if checking.is_waiting() { checking } else { reading };
                (&mut fields[..], focus, submitting, problem)
            }
            Self::Upgrade
            | Self::Code(_)
            | Self::Help(_)
            | Self::Copy(_)
            | Self::Manual(_)
            | Self::Log(_)
            | Self::Dashboard
            | Self::Audit(_)
            | Self::Documents(_)
            | Self::Edit(_)
            | Self::Jobs(_)
            | Self::Job(_) => return None,
        };
        Some(Typing { fields, focus, submitting, problem })
    }

    /// The field that is being typed in.
    pub fn focused(&mut self) -> Option<&mut TextField> {
        if let Self::Help(help) = self {
            return help.typing.then_some(&mut help.search);
        }
        if let Self::Manual(manual) = self {
            return manual.typing.then_some(&mut manual.search);
        }
        if let Self::Audit(audit) = self {
            return audit.typing.then_some(&mut audit.filter);
        }
        if let Self::Documents(documents) = self {
            if let Some(open) = &mut documents.open {
                let change = open.change.as_mut().filter(|change| !change.checking.is_waiting());
                return change.map(|change| &mut change.field);
            }
            return documents.typing.then_some(&mut documents.filter);
        }
        let Typing { fields, focus, submitting, .. } = self.typing()?;
        if submitting.is_waiting() { None } else { fields.get_mut(*focus) }
    }

    /// Whether what was submitted is waited for.
    #[must_use]
    pub fn is_submitting(&self) -> bool {
        match self {
            Self::Form(Form { submitting, .. })
            | Self::Question(Question { submitting, .. })
            | Self::Login(Login { submitting, .. }) => submitting.is_waiting(),
            Self::Bulk(bulk) => bulk.reading.is_waiting() || bulk.checking.is_waiting(),
            Self::Upgrade
            | Self::Code(_)
            | Self::Help(_)
            | Self::Copy(_)
            | Self::Manual(_)
            | Self::Log(_)
            | Self::Dashboard
            | Self::Audit(_)
            | Self::Documents(_)
            | Self::Edit(_)
            | Self::Jobs(_)
            | Self::Job(_) => false,
        }
    }

    /// Whether something is waited for that shows.
    #[must_use]
    pub fn is_waiting(&self) -> bool {
        let besides = match self {
            Self::Form(form) => form.fields.iter().any(|field| field.checking.is_waiting()),
            Self::Question(question) => {
                question.authorizing.is_waiting() || question.counting.is_waiting()
            }
            Self::Audit(audit) => audit.loading.is_waiting(),
            Self::Documents(documents) => {
                let open = documents.open.as_ref();
                documents.loading.is_waiting()
                    || documents.fetching.is_waiting()
                    || documents.sorting.is_waiting()
                    || open.is_some_and(OpenDocument::is_waiting)
            }
            Self::Edit(edit) => edit.checking.is_waiting() || edit.writing.is_waiting(),
            Self::Bulk(bulk) => bulk.counting.is_waiting(),
            Self::Code(Code::OneTime { sending, .. }) => sending.is_waiting(),
            Self::Login(_)
            | Self::Upgrade
            | Self::Code(Code::Recovery { .. })
            | Self::Help(_)
            | Self::Copy(_)
            | Self::Manual(_)
            | Self::Log(_)
            | Self::Dashboard
            | Self::Jobs(_)
            | Self::Job(_) => false,
        };
        besides || self.is_submitting()
    }

    /// Every request it may be waiting for.
    pub fn requests(&mut self) -> Vec<&mut Request> {
        match self {
            Self::Form(form) => {
                let mut requests = vec![&mut form.submitting];
                for TextField { checking, judging, .. } in &mut form.fields {
                    requests.extend([checking, judging]);
                }
                requests
            }
            Self::Question(question) => {
                vec![&mut question.submitting, &mut question.authorizing, &mut question.counting]
            }
            Self::Bulk(bulk) => vec![&mut bulk.reading, &mut bulk.checking, &mut bulk.counting],
            Self::Login(login) => vec![&mut login.submitting],
            Self::Audit(audit) => vec![&mut audit.loading],
            Self::Documents(documents) => {
                let mut requests = vec![
                    &mut documents.loading,
                    &mut documents.counting,
                    &mut documents.fetching,
                    &mut documents.sorting,
                ];
                requests.extend(documents.open.iter_mut().flat_map(OpenDocument::requests));
                requests
            }
            Self::Edit(edit) => edit.requests(),
            Self::Upgrade
            | Self::Code(_)
            | Self::Help(_)
            | Self::Copy(_)
            | Self::Manual(_)
            | Self::Log(_)
            | Self::Dashboard
            | Self::Jobs(_)
            | Self::Job(_) => Vec::new(),
        }
    }
}

/// What there is to type in, and what came of it.
pub(super) struct Typing<'a> {
    /// The fields.
    pub(super) fields: &'a mut [TextField],
    /// Which one is being typed in.
    pub(super) focus: &'a mut usize,
    /// What is waited for once it was submitted.
    pub(super) submitting: &'a mut Request,
    /// What is wrong with the whole.
    pub(super) problem: &'a mut Option<Notice>,
}

/// Codes, shown until they are left: they are kept nowhere else.
#[derive(Debug)]
pub enum Code {
    /// A one-time code.
    OneTime {
        /// The code, and whose.
        issued: IssuedCode,
        /// Of which organization.
        org: Box<Org>,
        /// Whether it is being mailed.
        sending: Request,
    },
    /// The recovery codes of a second factor, which cannot be had again.
    Recovery {
        /// The codes.
        codes: Vec<Secret>,
        /// Whether they may be left: they are in the clipboard, or that was asked for already.
        may_leave: bool,
    },
}
