//! What can be copied of an organization, as text on the way to the clipboard.

use zeroize::Zeroizing;

use super::{App, Arrived, Asked, Code, Connection, Effect, Layer, Notice, Severity};
use crate::{
    keymap::{Command, OrgPart},
    org::{Org, OrgFields, json_text},
};

/// What they are called.
const RECOVERY_CODES: &str = "the recovery codes";

impl App {
    /// Asks what to copy of the organization under the cursor, or of those that are selected.
    pub(super) fn ask_what_to_copy(&mut self) -> Vec<Effect> {
        let orgs: Vec<_> = if !self.has_selection() {
            self.chosen().cloned().into_iter().collect()
        } else if self.list.selection.filtered().is_none() {
            self.list.selection.iter().cloned().collect()
        } else if self.list.more_before || self.list.more_after {
            let what = "cannot copy from organizations that are not loaded".to_owned();
            let help = "narrow the filter, or select fewer".to_owned();
            self.say(Severity::Warning, Notice { what, help });
            return Vec::new();
        } else {
            let all = self.list.rows.iter();
            all.filter(|org| self.list.selection.contains(org.id)).cloned().collect()
        };
        if !orgs.is_empty() {
            self.layers.push(Layer::Copy(orgs));
        }
        Vec::new()
    }

    /// What a part of organizations is called, and its text. Of several organizations a
    /// line for each, or one JSON array.
    #[must_use]
    pub fn copied(&self, part: OrgPart, orgs: &[Org]) -> Option<(&'static str, String)> {
        let bulk = orgs.len() > 1;
        let lines = |of: fn(&Org) -> String| orgs.iter().map(of).collect::<Vec<_>>().join("\n");
        let called = |one, more| if bulk { more } else { one };
        Some(match part {
            OrgPart::Name => {
                (called("the name", "the names"), lines(|org| org.name.raw().to_owned()))
            }
            OrgPart::Id => (called("the id", "the ids"), lines(|org| org.id.to_hex())),
            OrgPart::Email => {
                (called("the e-mail", "the e-mails"), lines(|org| org.admin_email.raw().to_owned()))
            }
            OrgPart::Json => {
                let fields: Vec<_> = orgs.iter().map(OrgFields::with_connection).collect();
                let json = match &fields[..] {
                    [one] => json_text(one),
                    all => json_text(&all),
                };
                ("the JSON", json.ok()?.trim_end().to_owned())
            }
            OrgPart::Connection => match &self.connection {
                Connection::Ready(connected) => {
                    ("the connection string", connected.connection.clone())
                }
                Connection::Opening | Connection::Failed(_) => return None,
            },
        })
    }

    pub(super) fn copy(&mut self, part: OrgPart) -> Vec<Effect> {
        let Some(Layer::Copy(orgs)) = self.layers.last() else { return Vec::new() };
        let Some((what, text)) = self.copied(part, orgs) else { return Vec::new() };
        self.layers.pop();
        vec![Effect::Copy(what, text.into())]
    }

    /// Copies the e-mail of the admin that is selected.
    pub(super) fn copy_admin(&self) -> Vec<Effect> {
        let email = self.detail.admin().map(|admin| admin.email.raw().to_owned());
        email.map(|email| Effect::Copy("the e-mail", email.into())).into_iter().collect()
    }

    /// Copies the one-time code that is shown, or the recovery codes.
    pub(super) fn copy_code(&self) -> Vec<Effect> {
        let Some(Layer::Code(shown)) = self.layers.last() else { return Vec::new() };
        match shown {
            Code::OneTime { issued, .. } => vec![Effect::Copy("the code", issued.code.clone())],
            Code::Recovery { codes, .. } => {
                let mut lines = Zeroizing::new(String::new());
                for code in codes {
                    lines.push_str(code.reveal());
                    lines.push('\n');
                }
                vec![Effect::Copy(RECOVERY_CODES, lines.as_str().into())]
            }
        }
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
        let by_hand = format!("select it with the mouse ({leaves} toggles mouse capture)");
        match sent {
            Ok(Arrived::Known) => {
                if let Some(Layer::Code(Code::Recovery { may_leave, .. })) = self.layers.last_mut()
                {
                    *may_leave |= what == RECOVERY_CODES;
                }
                self.say(Severity::Success, Notice::plain(format!("copied {what}")));
            }
            Ok(Arrived::Unknown) => {
                let what = format!("sent {what} to the terminal's clipboard");
                let help =
                    format!("terminals do not report whether they accept it; if not, {by_hand}");
                self.say(Severity::Success, Notice { what, help });
            }
            Err(why) => {
                let what = format!("cannot copy {what}: {why}");
                self.say(Severity::Error, Notice { what, help: by_hand });
            }
        }
    }
}
