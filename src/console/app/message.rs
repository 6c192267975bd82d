//! What goes into [`super::App`] and what comes out of it.

use std::{path::PathBuf, sync::Arc, time::SystemTime};

use bson::{Bson, RawDocumentBuf, oid::ObjectId};
use crossterm::event::{KeyEvent, MouseEvent};

use super::{
    document_edit::Changes,
    document_window::{DocumentRows, Fetch},
    field::Notice,
    job::ExportTo,
    org_action::{Given, OrgAction},
};
use crate::{
    document::{ConflictLine, Path, RawValueBuf, SyntaxError, Tree, TreeFolds, filter::Filter},
    org::{Admin, Field, NewSecondFactor, Org, PasswordPolicy, Role, Secret, StoredText, Strength},
    store::{
        AuditQuery, Count, DocumentQuery, DocumentWrite, Entry, Head, ListScope, News, Page,
        PageQuery, Place, Required, Seen, Settled, Size, SortField, Statistics, Upgrade,
        UpgradePlan,
    },
    tenancy::{
        AdminChanges, ArchiveProgress, AuditPage, Edit, Error, IssuedCode, NewOrganization,
        NumberedEntry, Result, Session, SurveyPart,
    },
};

/// The number of a request. Only the newest of its kind is waited for; an answer with an older one is
/// late and is dropped.
pub type Generation = u64;

/// Something that happened outside.
#[derive(Debug)]
pub enum Message {
    /// What time it is: before every batch of messages, and whenever [`super::App::next_tick`] asked.
    Clock(SystemTime),
    /// A key.
    Key(KeyEvent),
    /// The mouse.
    Mouse(MouseEvent),
    /// A paste: text, whatever is in it, perhaps a password.
    Paste(Secret),
    /// The terminal's size in columns and rows: before the first frame and after each change.
    Resize(u16, u16),
    /// The database answered, or not.
    Connected(Generation, Result<Connected>),
    /// An upgrade that can be offered, if there is one.
    Upgradable(Generation, Result<Option<UpgradePlan>>),
    /// How far an upgrade is.
    Upgrading(Generation, Upgrade),
    /// Its end, with what is left to be done.
    Upgraded(Generation, Result<UpgradePlan>),
    /// How many organizations another program had changed; and why nothing may be written from now
    /// on, where that showed it.
    CaughtUp(Generation, Result<u64>, Option<String>),
    /// The database cannot be reached any more, and why; or it can be again.
    Link(Generation, Option<Error>),
    /// The database changed; or why changes cannot be followed.
    Changed(Generation, Result<News>),
    /// A page of the list.
    Page(Generation, Result<Page>),
    /// Which of the selected organizations have left the list.
    Gone(Generation, Result<Vec<ObjectId>>),
    /// How many match.
    Counted(Generation, Result<Count>),
    /// How much each organization holds that was asked about, in their order.
    Sizes(Generation, Result<Vec<Option<Size>>>),
    /// A part of what the dashboard shows.
    Surveyed(Generation, SurveyPart),
    /// That is all; or why it ended before.
    SurveyEnded(Generation, Result<()>),
    /// Whether a directory can be exported to.
    DirectoryChecked(Generation, Result<()>),
    /// How far an export is.
    Exporting(Generation, ArchiveProgress),
    /// Where the archive of an export is.
    ExportedTo(Generation, PathBuf),
    /// What several organizations hold together.
    Measured(Generation, Result<Statistics>),
    /// The organization that is looked at, read again; none when it is gone.
    Detail(Generation, Result<Option<(Org, Statistics)>>),
    /// Its first documents, each as lines of escaped text.
    Documents(Generation, Result<Vec<String>>),
    /// What was asked of the documents on their own screen.
    Browsed(Generation, DocumentsAnswer),
    /// What was to be copied went to the terminal; or why not.
    Copied(&'static str, std::result::Result<Arrived, String>),
    /// Why the log file is not written any more.
    Unlogged(String),
    /// Its admins.
    Admins(Generation, Result<Vec<Admin>>),
    /// The newest of what was recorded about it, the newest first.
    Activity(Generation, Result<Vec<NumberedEntry>>),
    /// A page of the audit log; with its last entry, where that was to be read too.
    Audit(Generation, Result<(AuditPage, Option<Head>)>),
    /// Whether a field's content will do.
    Checked(Generation, Field, Result<()>),
    /// How good the password is that is being typed.
    Judged(Generation, Result<Strength>),
    /// A made password.
    Generated(Result<Secret>),
    /// Whether the session allows what only an admin may.
    Authorized(Generation, Result<()>),
    /// A login.
    LoggedIn(Generation, Result<Session>),
    /// Whether a session still counts.
    SessionChecked(Session, Result<()>),
    /// A second factor that can be set up.
    NewSecondFactor(Result<NewSecondFactor>),
    /// A second factor was set up, or not: the session that goes on, and the recovery codes.
    SecondFactor(Generation, Result<(Session, Vec<Secret>)>),
    /// An organization was made, or not.
    Created(Generation, Result<Org>),
    /// An organization, or an admin of it, was changed, or not.
    Updated(Generation, Result<Org>),
    /// The admin with this e-mail was added, or not; with the code to choose a password with.
    Added(Generation, StoredText, Result<(Org, IssuedCode)>),
    /// An organization was transferred to the admin with this e-mail, or not; with the code to choose a password
    /// with, if that is a new one.
    Transferred(Generation, StoredText, Result<(Org, Option<IssuedCode>)>),
    /// A one-time code was issued for the admin with this e-mail, or not.
    Coded(Generation, OrgAction, Box<Org>, StoredText, Result<(Org, IssuedCode)>),
    /// The one-time code of the admin with this e-mail was mailed, or not.
    Mailed(Generation, StoredText, Result<()>),
    /// The admin with this e-mail has set a password with a one-time code, or not.
    Redeemed(Generation, StoredText, Result<Org>),
    /// Something was done to an organization, or not; with what it is now, where it still is.
    Done(Generation, OrgAction, Box<Org>, Result<Option<Org>>),
    /// A document of an organization was written, or not.
    DocumentWritten(Generation, Box<Org>, Result<DocumentWrite>),
    /// What the person's own editor made of a text; or why nothing.
    EditedOutside(std::result::Result<String, String>),
    /// What came of an operation whose outcome was unknown, by what was recorded of it.
    FoundOut(Box<Entry>, Settled),
}

impl Message {
    /// Which organization was changed: from then on, more may be written.
    pub(super) fn written(&self) -> Option<ObjectId> {
        self.of_a_write()?.ok()
    }

    /// What was recorded of the operation whose outcome this says is unknown.
    pub(super) fn unknown(&self) -> Option<Box<Entry>> {
        self.of_a_write()?.err()?.to_find_out().cloned().map(Box::new)
    }

    /// What came of something that changes an organization; none where nothing was to be changed.
    fn of_a_write(&self) -> Option<std::result::Result<ObjectId, &Error>> {
        match self {
            Self::Created(_, result) | Self::Updated(_, result) | Self::Redeemed(_, _, result) => {
                Some(result.as_ref().map(|org| org.id))
            }
            Self::Added(_, _, result) | Self::Coded(_, _, _, _, result) => {
                Some(result.as_ref().map(|(org, _)| org.id))
            }
            Self::Transferred(_, _, result) => Some(result.as_ref().map(|(org, _)| org.id)),
            Self::Done(_, _, org, result) => Some(result.as_ref().map(|_| org.id)),
            Self::DocumentWritten(_, org, result) => Some(result.as_ref().map(|_| org.id)),
            Self::Clock(_)
            | Self::Key(_)
            | Self::Mouse(_)
            | Self::Paste(_)
            | Self::Resize(..)
            | Self::Connected(..)
            | Self::Upgradable(..)
            | Self::Upgrading(..)
            | Self::Upgraded(..)
            | Self::CaughtUp(..)
            | Self::Link(..)
            | Self::Changed(..)
            | Self::Page(..)
            | Self::Gone(..)
            | Self::Counted(..)
            | Self::DirectoryChecked(..)
            | Self::Exporting(..)
            | Self::ExportedTo(..)
            | Self::Measured(..)
            | Self::Sizes(..)
            | Self::Surveyed(..)
            | Self::SurveyEnded(..)
            | Self::Detail(..)
            | Self::Documents(..)
            | Self::Browsed(..)
            | Self::Copied(..)
            | Self::Unlogged(_)
            | Self::Admins(..)
            | Self::Activity(..)
            | Self::Audit(..)
            | Self::Checked(..)
            | Self::Judged(..)
            | Self::Generated(_)
            | Self::Authorized(..)
            | Self::Mailed(..)
            | Self::LoggedIn(..)
            | Self::SessionChecked(..)
            | Self::NewSecondFactor(_)
            | Self::SecondFactor(..)
            | Self::EditedOutside(_)
            | Self::FoundOut(..) => None,
        }
    }
}

/// Whether what was sent is known to be in the clipboard.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Arrived {
    /// It is: what keeps it says that it takes such a thing.
    Known,
    /// The terminal does not acknowledge the copy.
    Unknown,
}

/// A database that answered.
#[derive(Clone, Debug)]
pub struct Connected {
    /// What it is called.
    pub place: Place,
    /// Why it can only be read, in a sentence.
    pub read_only: Option<String>,
    /// Whether the operator asked for that, and so knows.
    pub read_only_asked: bool,
    /// What has to be agreed to before anything can be written.
    pub upgrade: Option<UpgradePlan>,
    /// For what an operator's account is required.
    pub required: Required,
    /// Whether there is any such account.
    pub has_operators: bool,
    /// How long the trash keeps what is moved there, in days.
    pub trash_days: u32,
    /// Whether trashing, purging and transferring have to say why.
    pub reason_required: bool,
    /// Whether one-time codes can be mailed.
    pub mails: bool,
    /// How to connect to it, without any secret.
    pub connection: String,
    /// What a new password must be like.
    pub passwords: PasswordPolicy,
    /// Whom to log in as, in a demo.
    pub demo: Option<(StoredText, Secret)>,
}

/// Something that should happen outside.
#[derive(Debug)]
pub enum Effect {
    /// Open the database.
    Connect(Generation),
    /// Open the database of this profile instead.
    Switch(Generation, String),
    /// See what another program has changed meanwhile.
    CatchUp(Generation),
    /// See whether an upgrade is worth offering.
    LookForUpgrade(Generation),
    /// Upgrade the database: the operator agreed.
    Upgrade(Generation),
    /// Say when the database cannot be reached any more; or where it is lost, when it can be again.
    Watch(Generation, bool),
    /// Say when something was changed after what was seen.
    Follow(Generation, Option<Seen>),
    /// Read a page of the list.
    LoadPage(Generation, PageQuery),
    /// Find out which of these organizations have left the list.
    FindGone(Generation, ListScope, Vec<ObjectId>),
    /// Count what matches, no further than the number says.
    Count(Generation, ListScope, Option<String>, u64),
    /// Find out how much each of these holds.
    LoadSizes(Generation, Vec<Org>),
    /// Go through all organizations for the dashboard; what was asked at which time.
    Survey(Generation, SystemTime),
    /// Count what several organizations hold together.
    Measure(Generation, Vec<Org>),
    /// Read one organization and what it holds.
    LoadDetail(Generation, ObjectId),
    /// Read its first documents.
    LoadDocuments(Generation, Box<Org>),
    /// Ask something of its documents, for their own screen.
    Browse(Generation, Box<Org>, DocumentsAsked),
    /// Read its admins.
    LoadAdmins(Generation, Box<Org>),
    /// Read the newest of what was recorded about it.
    LoadActivity(Generation, Box<Org>),
    /// Read a page of the audit log.
    LoadAudit(Generation, AuditQuery),
    /// Ask whether a field's content will do.
    Check(Generation, Check),
    /// Ask how good a password is, while it is typed.
    Judge(Generation, NewPassword),
    /// Make a password.
    Generate {
        /// The organization's name, as far as it is known.
        name: String,
        /// The admin's e-mail.
        email: String,
    },
    /// Ask whether this can be done to the organization, or to its admin with this e-mail, before anybody
    /// confirms it; and whether the session allows it.
    Authorize(Generation, OrgAction, Box<Org>, Option<StoredText>, Option<Session>),
    /// Open a session; with a code, where the account has a second factor.
    Login(Generation, String, Secret, Option<Secret>),
    /// Ask whether a session still counts.
    CheckSession(Generation, Session),
    /// Make a second factor that can be set up.
    NewSecondFactor,
    /// Set it up for who is logged in, with a code of it.
    SetUpSecondFactor(Generation, NewSecondFactor, Secret, Option<Session>),
    /// End a session.
    Logout(Session),
    /// Make an organization.
    Create(Generation, NewOrganization),
    /// Change one.
    Update(Generation, Box<Org>, Edit, Option<Session>),
    /// Add an admin to one.
    AddAdmin(Generation, Box<Org>, String, Role, Option<Session>),
    /// Change the admin of one that has this e-mail.
    UpdateAdmin(Generation, Box<Org>, StoredText, AdminChanges, Option<Session>),
    /// Transfer one to another owner.
    Transfer(Generation, Box<Org>, NewOwner, Option<Session>),
    /// Mail a one-time code to the admin with this e-mail.
    MailCode(Generation, Box<Org>, IssuedCode, Option<Session>),
    /// Set the password of the admin with this e-mail, with a one-time code.
    Redeem(Generation, String, Secret, Secret),
    /// Do something to one as it is.
    Do(Generation, OrgAction, Box<Org>, Given, Option<Session>),
    /// Ask whether this directory, as it was typed, can be exported to.
    CheckDirectory(Generation, String),
    /// Export an organization: cancelled, it leaves nothing.
    Export(Generation, OrgAction, Box<Org>, ExportTo, Option<Session>),
    /// Write a document of one.
    WriteDocument(Generation, Box<Org>, Box<DocumentWrite>),
    /// Find out what came of an operation, by what was recorded of it, once the database answers again.
    FindOut(Generation, Box<Entry>),
    /// Nobody waits for this any more: stop reading for it. What writes goes on to its end.
    Cancel(Generation),
    /// Give the terminal a text for its clipboard; what that is called.
    Copy(&'static str, Secret),
    /// Let the person edit a text in their own editor.
    EditOutside(String),
    /// Take the mouse, or leave it to the terminal.
    Mouse(bool),
    /// Draw the whole screen anew, whatever else has written on it.
    Redraw,
    /// Leave to the shell, and repaint when back.
    Shell,
    /// End.
    Quit,
}

/// To whom an organization is transferred.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct NewOwner {
    /// The e-mail.
    pub email: String,
    /// Whether the owners before are removed.
    pub removes: bool,
    /// Why; empty where that was not said.
    pub reason: String,
}

/// A field's content and what it is judged with.
#[derive(Clone, Debug)]
pub enum Check {
    /// A name, and the organization that is to have it.
    Name(String, Option<Box<Org>>),
    /// An e-mail, and the organization whose admin is to have it.
    Email(String, Option<Box<Org>>),
    /// A password.
    Password(NewPassword),
}

/// A wish for a password, and what it is judged with.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct NewPassword {
    /// The password.
    pub password: Secret,
    /// The name of the organization it is for, as far as that is known.
    pub name: String,
    /// The e-mail of the admin it is for.
    pub email: String,
}

impl Check {
    /// The field.
    #[must_use]
    pub fn field(&self) -> Field {
        match self {
            Self::Name(..) => Field::Name,
            Self::Email(..) => Field::Email,
            Self::Password(_) => Field::Password,
        }
    }
}

/// What is asked of an organization's documents.
#[derive(Clone, Debug, PartialEq)]
pub enum DocumentsAsked {
    /// A page of them.
    Page(DocumentQuery),
    /// How many there are, or match.
    Count(Option<Filter>),
    /// What they can be sorted by.
    SortFields,
    /// The one with this `_id`, in full; with what was unfolded of it, where it is read again.
    One(Bson, Option<Box<TreeFolds>>),
    /// The same, to do something with it.
    Fetch(Bson, Fetch),
    /// What another value comes to in a document.
    Change {
        /// The document, as it was read.
        before: Arc<RawDocumentBuf>,
        /// Where the value is.
        path: Path,
        /// The new value.
        value: RawValueBuf,
    },
    /// What a text comes to that was typed for a document.
    Read {
        /// As it was read; none where it is a new one.
        before: Option<RawDocumentBuf>,
        /// What was typed.
        text: String,
    },
    /// What a change comes to, together with what someone else made of the document meanwhile.
    Merge {
        /// As it was read.
        original: RawDocumentBuf,
        /// As it was to be; none where it was to be deleted.
        mine: Option<RawDocumentBuf>,
    },
}

/// What came of that.
#[derive(Debug)]
pub enum DocumentsAnswer {
    /// A page of them.
    Page(Result<DocumentRows>),
    /// How many there are, or match.
    Count(Result<u64>),
    /// How many documents were looked at so far for a page.
    LookedAt(u64),
    /// What they can be sorted by.
    SortFields(Result<Vec<SortField>>),
    /// One in full.
    One(Result<Box<Tree>>),
    /// One to do this with.
    Fetched(Fetch, Result<Fetched>),
    /// What another value comes to, or why it cannot be there.
    Change(std::result::Result<Changes, Notice>),
    /// What a text comes to.
    Read(ReadText),
    /// What two changes come to.
    Merged(Result<Merge>),
}

/// A document, to do something with it.
#[derive(Clone, Debug, PartialEq)]
pub struct Fetched {
    /// Byte for byte.
    pub document: RawDocumentBuf,
    /// As text to be edited; none where it is too large for that, or not asked for.
    pub text: Option<String>,
}

/// What a text comes to that was typed for a document.
#[derive(Debug)]
pub enum ReadText {
    /// It is no document: why, and where.
    Fault(SyntaxError),
    /// It is the document as it was read.
    Unchanged,
    /// It is another one.
    Changed(Changes),
    /// It could not be found out.
    Failed(Error),
}

/// A change, together with what someone else made of the document meanwhile.
#[derive(Debug)]
pub struct Merge {
    /// What someone else made of it.
    pub theirs: RawDocumentBuf,
    /// What would be written, and what it changes of theirs.
    pub changes: Changes,
    /// The same as text to be edited.
    pub text: String,
    /// What both changed; in the change it is mine.
    pub conflicts: Vec<ConflictLine>,
}
