//! What can be copied of an organization, as text on the way to the clipboard.

use super::{App, Arrived, Asked, Connection, Effect, Layer, Mood, Said};
use crate::{
    keymap::Command,
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
    /// Asks what to copy of the organization that is selected, or of those that are marked.
    pub(super) fn ask_what_to_copy(&mut self) -> Vec<Effect> {
        let orgs = match self.marked() {
            [] => self.chosen().cloned().into_iter().collect(),
            marked => marked.to_vec(),
        };
        if !orgs.is_empty() {
            self.layers.push(Layer::Copy(orgs));
        }
        Vec::new()
    }

    /// What one of the commands copies: what that is called, and the text. Of several organizations a
    /// line for each, or one JSON array.
    #[must_use]
    pub fn copied(&self, command: Command, orgs: &[Org]) -> Option<(&'static str, String)> {
        let several = orgs.len() > 1;
        let lines = |of: fn(&Org) -> String| orgs.iter().map(of).collect::<Vec<_>>().join("\n");
        let called = |one, more| if several { more } else { one };
        Some(match command {
            Command::CopyName => {
                (called("the name", "the names"), lines(|org| org.name.raw().to_owned()))
            }
            Command::CopyId => (called("the id", "the ids"), lines(|org| org.id.to_hex())),
            Command::CopyEmail => {
                (called("the e-mail", "the e-mails"), lines(|org| org.admin_email.raw().to_owned()))
            }
            Command::CopyJson => {
                let fields: Vec<_> = orgs.iter().map(OrgFields::with_connection).collect();
                let json = match &fields[..] {
                    [one] => json_text(one),
                    all => json_text(&all),
                };
                ("the JSON", json.ok()?.trim_end().to_owned())
            }
            Command::CopyConnection => match &self.connection {
                Connection::Ready(connected) => {
                    ("the connection string", connected.connection.clone())
                }
                Connection::Opening | Connection::Failed(_) => return None,
            },
            _ => return None,
        })
    }

    pub(super) fn copy(&mut self, command: Command) -> Vec<Effect> {
        let Some(Layer::Copy(orgs)) = self.layers.last() else { return Vec::new() };
        let Some((what, text)) = self.copied(command, orgs) else { return Vec::new() };
        self.layers.pop();
        vec![Effect::Copy(what, text.into())]
    }

    /// Copies the e-mail of the admin that is selected.
    pub(super) fn copy_admin(&self) -> Vec<Effect> {
        let email = self.detail.admin().map(|admin| admin.email.raw().to_owned());
        email.map(|email| Effect::Copy("the e-mail", email.into())).into_iter().collect()
    }

    /// Copies the one-time code that is shown.
    pub(super) fn copy_code(&self) -> Vec<Effect> {
        let Some(Layer::Code(shown)) = self.layers.last() else { return Vec::new() };
        vec![Effect::Copy("the code", shown.code.clone())]
    }

    /// Copies the password of the form on top: one that was generated is shown nowhere else.
    pub(super) fn copy_password(&self) -> Vec<Effect> {
        let Some(Layer::Form(form)) = self.layers.last() else { return Vec::new() };
        let password = Some(form.text(Asked::Password)).filter(|password| !password.is_empty());
        password.map(|p| Effect::Copy("the password", p.into())).into_iter().collect()
    }

    /// The terminal was given a text for its clipboard, or it could not be.
    pub(super) fn was_copied(&mut self, what: &str, sent: Result<Arrived, String>) {
        let leaves = self.keymap.how(Command::Mouse);
        let by_hand = format!("select it with the mouse ({leaves} leaves that to the terminal)");
        match sent {
            Ok(Arrived::Known) => self.say(Mood::Good, Said::plain(format!("copied {what}"))),
            Ok(Arrived::Unknown) => {
                let what = format!("sent {what} to the terminal's clipboard");
                let help = format!("terminals do not say whether they take it; if not, {by_hand}");
                self.say(Mood::Good, Said { what, help });
            }
            Err(why) => {
                let what = format!("{what} was not copied: {why}");
                self.say(Mood::Bad, Said { what, help: by_hand });
            }
        }
    }
}
