//! The database: opened, watched while it is open, and looked after when it comes back.

use std::time::SystemTime;

use super::{App, Arrival, Connected, Effect, Generation, Notice, Select, Severity, cancel};
use crate::{
    keymap::Command,
    org::{PasswordPolicy, escaped},
    store::{PageAt, Place, PlaceKind, Required},
    tenancy::{self, Refusal},
};

/// Whether there is a database.
#[derive(Debug)]
pub enum Connection {
    /// It is being opened.
    Opening,
    /// It could not be opened.
    Failed(Notice),
    /// It answered.
    Ready(Box<Connected>),
}

/// A database that cannot be reached any more.
#[derive(Clone, Debug)]
pub struct Lost {
    /// Why, as it was said.
    pub said: Notice,
    /// Since when.
    pub since: SystemTime,
}

impl App {
    pub(super) fn connect(&mut self) -> Vec<Effect> {
        self.connection = Connection::Opening;
        let generation = self.next();
        let mut effects = cancel(self.connecting.begin(generation, self.now));
        effects.push(Effect::Connect(generation));
        effects
    }

    pub(super) fn connected(
        &mut self,
        generation: Generation,
        result: tenancy::Result<Connected>,
    ) -> Vec<Effect> {
        if !self.connecting.answered(generation) {
            return Vec::new();
        }
        match result {
            Ok(connected) => {
                self.place = connected.place.clone();
                self.catches_up = connected.read_only.is_none();
                if let Some(plan) = connected.upgrade.clone() {
                    self.upgrade_is_awaited(plan);
                } else if let (Some(reason), false) =
                    (&connected.read_only, connected.read_only_asked)
                {
                    let error = tenancy::Error::ReadOnly(reason.clone());
                    self.say(Severity::Error, Notice::from(&error));
                }
                let looks =
                    connected.read_only.is_none() && connected.place.kind == PlaceKind::Mongo;
                let required = connected.required;
                self.connection = Connection::Ready(Box::new(connected));
                self.help_is_about_the_list();
                let mut effects = Vec::new();
                if required == Required::Nothing || self.session.is_some() {
                    effects.extend(self.first_page());
                } else {
                    if required < Required::Everything {
                        effects.extend(self.first_page());
                    }
                    if required == Required::Everything {
                        let login = self.keymap.how(Command::Login);
                        let said = Refusal::OperatorsRequired.to_string();
                        let help = format!("press {login} to log in");
                        self.list.problem = Some(Notice { what: said, help });
                    }
                    effects.extend(self.ask_operator_to_log_in(&Refusal::OperatorsRequired));
                }
                effects.extend(self.watch());
                effects.extend(self.follow_another());
                effects.extend(self.follow());
                if looks {
                    let generation = self.next();
                    effects.extend(cancel(self.looking_for_upgrade.begin(generation, self.now)));
                    effects.push(Effect::LookForUpgrade(generation));
                }
                effects
            }
            Err(error) => {
                self.connection = Connection::Failed(Notice::from(&error));
                Vec::new()
            }
        }
    }

    /// Reads the list from its beginning.
    pub(super) fn first_page(&mut self) -> Vec<Effect> {
        let mut effects = self.load(Arrival::Replace(Select::First), PageAt::First);
        effects.extend(self.count());
        effects
    }

    /// Watches whether the database can be reached.
    pub(super) fn watch(&mut self) -> Vec<Effect> {
        let generation = self.next();
        let mut effects = cancel(self.watching.begin(generation, self.now));
        effects.push(Effect::Watch(generation, self.lost.is_some()));
        effects
    }

    /// The database cannot be reached any more, or it can be again: then all that is shown is read anew.
    pub(super) fn linked(
        &mut self,
        generation: Generation,
        why: Option<&tenancy::Error>,
    ) -> Vec<Effect> {
        if !self.watching.answered(generation) {
            return Vec::new();
        }
        let mut effects = Vec::new();
        if let Some(error) = why {
            let help = "what you see may be out of date; reconnecting";
            let said = Notice { what: error.to_string(), help: help.to_owned() };
            self.say(Severity::Alert, said.clone());
            self.lost = Some(Lost { said, since: self.now });
        } else {
            let lost = self.lost.take();
            self.unread.retain(|said| lost.as_ref().is_none_or(|lost| *said != lost.said));
            effects.extend(self.follow_again());
            effects.extend(self.refresh());
            effects.extend(self.refresh_audit());
            effects.extend(self.refresh_documents());
            // After what is no longer true was taken away.
            self.say(Severity::Success, Notice::plain("reconnected to the database"));
        }
        effects.extend(self.watch());
        effects
    }

    /// Another program's changes were looked for. A failure is no news: whatever is asked next meets it.
    pub(super) fn caught_up(
        &mut self,
        generation: Generation,
        result: &tenancy::Result<u64>,
        read_only: Option<String>,
    ) -> Vec<Effect> {
        if !self.catching_up.answered(generation) {
            return Vec::new();
        }
        if let (Connection::Ready(connected), Some(reason)) = (&mut self.connection, read_only)
            && connected.read_only.is_none()
        {
            connected.read_only = Some(reason.clone());
            self.say(Severity::Alert, Notice::from(&tenancy::Error::ReadOnly(reason)));
        }
        match result {
            Ok(0) | Err(_) => Vec::new(),
            Ok(_) => self.refresh(),
        }
    }

    /// What a new password must be like.
    #[must_use]
    pub fn passwords(&self) -> PasswordPolicy {
        match &self.connection {
            Connection::Ready(connected) => connected.passwords,
            Connection::Opening | Connection::Failed(_) => PasswordPolicy::default(),
        }
    }
}

/// What a database is called in one line.
#[must_use]
pub fn database_label(place: &Place) -> String {
    let address = escaped(&place.address);
    match place.kind {
        PlaceKind::Mongo if place.database.is_empty() => address.into_owned(),
        PlaceKind::Mongo => format!("{address}/{}", escaped(&place.database)),
        PlaceKind::Embedded => format!("embedded  {address}"),
        PlaceKind::Demo => "demo  deleted on exit".to_owned(),
    }
}
