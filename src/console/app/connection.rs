//! The database: opened, watched while it is open, and looked after when it comes back.

use super::{App, Arrival, Connected, Effect, Generation, Mood, Said, Select, cancel};
use crate::{org::PasswordPolicy, store::PageAt, tenancy};

/// Whether there is a database.
#[derive(Debug)]
pub enum Connection {
    /// It is being opened.
    Opening,
    /// It could not be opened.
    Failed(Said),
    /// It answered.
    Ready(Box<Connected>),
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
                    self.say(Mood::Bad, Said::from(&error));
                }
                self.connection = Connection::Ready(Box::new(connected));
                let mut effects = self.load(Arrival::Replace(Select::First), PageAt::First);
                effects.extend(self.count());
                effects.extend(self.watch());
                effects
            }
            Err(error) => {
                self.connection = Connection::Failed(Said::from(&error));
                Vec::new()
            }
        }
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
            let help = "the screen may be out of date; the console keeps trying to reconnect";
            let said = Said { what: error.to_string(), help: help.to_owned() };
            self.say(Mood::Unread, said.clone());
            self.lost = Some(said);
        } else {
            let lost = self.lost.take();
            self.unread.retain(|said| Some(said) != lost.as_ref());
            effects.extend(self.refresh());
            // After what is no longer true was taken away.
            self.say(Mood::Good, Said::plain("connected to the database again"));
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
            self.say(Mood::Unread, Said::from(&tenancy::Error::ReadOnly(reason)));
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
