//! What can be copied of an organization, as text on the way to the clipboard.

use super::{App, Connection, Effect, Layer, Mood, Said};
use crate::{
    console::keymap::Command,
    org::{Org, OrgFields, json_text},
};

/// What can be copied, in the order it is shown.
pub const COPIED: [Command; 5] = [
    Command::CopyName,
    Command::CopyId,
    Command::CopyEmail,
    Command::CopyJson,
    Command::CopyConnection,
];

impl App {
    /// Asks what to copy of the organization that is selected.
    pub(super) fn ask_what_to_copy(&mut self) -> Vec<Effect> {
        if let Some(org) = self.chosen().cloned() {
            self.layers.push(Layer::Copy(Box::new(org)));
        }
        Vec::new()
    }

    /// What one of the commands copies: what that is called, and the text.
    #[must_use]
    pub fn copied(&self, command: Command, org: &Org) -> Option<(&'static str, String)> {
        Some(match command {
            Command::CopyName => ("the name", org.name.raw().to_owned()),
            Command::CopyId => ("the id", org.id.to_hex()),
            Command::CopyEmail => ("the e-mail", org.admin_email.raw().to_owned()),
            Command::CopyJson => {
                let json = json_text(&OrgFields::with_connection(org)).ok()?;
                ("the JSON", json.trim_end().to_owned())
            }
            Command::CopyConnection => match &self.connection {
                Connection::Ready(connected) => {
                    ("the connection string", connected.connection.clone())
                }
                Connection::Opening(_) | Connection::Failed(_) => return None,
            },
            _ => return None,
        })
    }

    pub(super) fn copy(&mut self, command: Command) -> Vec<Effect> {
        let Some(Layer::Copy(org)) = self.layers.last() else { return Vec::new() };
        let Some((what, text)) = self.copied(command, org) else { return Vec::new() };
        self.layers.pop();
        vec![Effect::Copy(what, text)]
    }

    /// The terminal was given a text for its clipboard, or it could not be.
    pub(super) fn was_copied(&mut self, what: &str, refused: Option<String>) {
        match refused {
            None => self.say(Mood::Good, Said::plain(format!("copied {what}"))),
            Some(why) => {
                let leaves = self.keymap.how(Command::Mouse);
                let what = format!("{what} was not copied: {why}");
                let help =
                    format!("select it with the mouse ({leaves} leaves that to the terminal)");
                self.say(Mood::Bad, Said { what, help });
            }
        }
    }
}
