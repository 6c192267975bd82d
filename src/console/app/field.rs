//! The small pieces forms are made of: a line of text being typed, a request being waited for, and
//! words said to the person.

use std::{
    fmt,
    time::{Duration, SystemTime},
};

use crossterm::event::{Event, KeyCode, KeyEvent};
use tui_input::{Input, InputRequest, backend::crossterm::to_input_request};

use super::message::{Generation, NewPassword};
use crate::{
    console::text,
    org::{Org, OrgState, Role, Secret, Strength},
    tenancy,
};

/// How long a wait lasts before it is shown.
pub const WAIT_SHOWN_AFTER: Duration = Duration::from_millis(100);

/// The longest text a field takes, in characters: far beyond any rule, so that the rule speaks, and
/// far below what would make drawing slow.
const FIELD_MOST: usize = 1024;

/// Something said to the person: what happened, and what to do.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Notice {
    /// What happened.
    pub what: String,
    /// What to do; may be empty.
    pub help: String,
}

impl Notice {
    /// Without advice.
    pub fn plain(what: impl Into<String>) -> Self {
        Self { what: what.into(), help: String::new() }
    }

    /// The same, with a word in front that says what kind it is.
    #[must_use]
    pub fn after(&self, kind: &str) -> Self {
        let what = format!("{kind}{}", text::sentence(&self.what));
        Self { what, help: self.help.clone() }
    }

    /// What someone else made of an organization while it was being worked on.
    #[must_use]
    pub fn changed_to(org: &Org, help: &str) -> Self {
        let state = if org.state == OrgState::Suspended { ", suspended" } else { "" };
        let what = format!(
            "someone else changed it: it is now “{}” of {}{state}",
            org.name, org.admin_email
        );
        Self { what, help: help.to_owned() }
    }

    /// Both as sentences, in lines of at most `width` columns: what happened, and what to do.
    #[must_use]
    pub fn lines(&self, width: usize) -> (Vec<String>, Vec<String>) {
        let lines = |words: &str| text::wrap(&text::sentence(words), width);
        (lines(&self.what), if self.help.is_empty() { Vec::new() } else { lines(&self.help) })
    }
}

impl From<&tenancy::Error> for Notice {
    fn from(error: &tenancy::Error) -> Self {
        Self { what: error.to_string(), help: error.help().to_owned() }
    }
}

/// At most one request under way of one kind. A new one makes the answer to an older one late.
#[derive(Debug, Default)]
pub struct Request(Option<(Generation, SystemTime)>);

impl Request {
    /// Waits for `generation` from now on. Answers the request that nobody waits for any more.
    #[must_use]
    pub fn begin(&mut self, generation: Generation, now: SystemTime) -> Option<Generation> {
        self.0.replace((generation, now)).map(|(old, _)| old)
    }

    /// Takes the answer: whether it is the one that is waited for.
    #[must_use]
    pub fn answered(&mut self, generation: Generation) -> bool {
        let awaited = self.awaits(generation);
        if awaited {
            self.0 = None;
        }
        awaited
    }

    /// Waits no longer.
    #[must_use]
    pub fn stop(&mut self) -> Option<Generation> {
        self.0.take().map(|(generation, _)| generation)
    }

    /// Whether something is waited for.
    #[must_use]
    pub fn is_waiting(&self) -> bool {
        self.0.is_some()
    }

    /// Whether this is the answer that is waited for.
    #[must_use]
    pub fn awaits(&self, generation: Generation) -> bool {
        self.0.is_some_and(|(current, _)| current == generation)
    }

    /// How long it has been waited, once that is worth showing.
    #[must_use]
    pub fn shown_wait(&self, now: SystemTime) -> Option<Duration> {
        let waited = now.duration_since(self.0?.1).unwrap_or_default();
        (waited >= WAIT_SHOWN_AFTER).then_some(waited)
    }
}

/// What is being typed and the cursor. It may be a password, also in a field that is for something else:
/// so it does not print, and is wiped when dropped.
#[derive(Default)]
pub struct Typed(Input);

impl Typed {
    fn new(text: &str) -> Self {
        // Room for all of it, so that nothing is left behind where it had to be moved.
        let mut room = String::with_capacity((FIELD_MOST * 4).max(text.len()));
        room.push_str(text);
        Self(Input::new(room))
    }
}

impl std::ops::Deref for Typed {
    type Target = Input;

    fn deref(&self) -> &Input {
        &self.0
    }
}

impl Drop for Typed {
    fn drop(&mut self) {
        let bytes = self.0.value().len();
        let _ = self.0.handle(InputRequest::GoToEnd);
        while self.0.handle(InputRequest::DeletePrevChar).is_some() {}
        // Over what was there: its room is as large as before.
        for _ in 0..bytes {
            let _ = self.0.handle(InputRequest::InsertChar('\0'));
        }
    }
}

impl fmt::Debug for Typed {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        formatter.write_str("Typed(••••)")
    }
}

/// A line of text being typed.
#[derive(Debug, Default)]
pub struct TextField {
    /// The text and the cursor.
    pub input: Typed,
    /// Whether it is shown as dots.
    pub secret: bool,
    /// Whether a secret is shown all the same.
    pub revealed: bool,
    /// What is chosen from with keys instead of being typed; empty where anything can be typed.
    pub choices: Vec<&'static str>,
    /// What is wrong with it, said beside it.
    pub problem: Option<Notice>,
    /// The question whether it will do.
    pub checking: Request,
    /// The text that question was last asked about.
    pub asked: Option<Secret>,
    /// How good it is, where it is a new password.
    pub strength: Option<Strength>,
    /// The question how good it is.
    pub judging: Request,
    /// What that was last asked about.
    pub judged: Option<NewPassword>,
}

impl TextField {
    /// A field with a stored text in it, as much of it as a field takes.
    #[must_use]
    pub fn with(text: &str) -> Self {
        Self { input: Typed::new(&Self::room_for(text)), ..Self::default() }
    }

    /// Whether it still holds just what [`TextField::with`] put there.
    #[must_use]
    pub fn holds(&self, text: &str) -> bool {
        self.text() == Self::room_for(text)
    }

    fn room_for(text: &str) -> String {
        text.chars().take(FIELD_MOST).collect()
    }

    /// A field for a password.
    #[must_use]
    pub fn secret() -> Self {
        Self { secret: true, input: Typed::new(""), ..Self::default() }
    }

    /// A field that holds one of the roles.
    #[must_use]
    pub fn role(role: Role) -> Self {
        Self::choice(&[Role::Owner.word(), Role::Admin.word()], role.word())
    }

    /// A field that holds one of these.
    #[must_use]
    pub fn choice(choices: &[&'static str], chosen: &str) -> Self {
        Self { choices: choices.to_vec(), ..Self::with(chosen) }
    }

    /// The text.
    #[must_use]
    pub fn text(&self) -> &str {
        self.input.value()
    }

    /// The text as a secret.
    #[must_use]
    pub fn as_secret(&self) -> Secret {
        Secret::from(self.text())
    }

    /// Types a key; whether the text is another one now.
    pub fn key(&mut self, event: KeyEvent) -> bool {
        if !self.choices.is_empty() {
            return self.choose(event.code);
        }
        let Some(request) = to_input_request(&Event::Key(event)) else { return false };
        if matches!(request, InputRequest::InsertChar(_))
            && self.text().chars().count() >= FIELD_MOST
        {
            return false;
        }
        let changed = self.input.0.handle(request).is_some_and(|state| state.value);
        if changed {
            self.changed();
        }
        changed
    }

    /// Moves on to the next choice, or back to the one before.
    fn choose(&mut self, key: KeyCode) -> bool {
        let by = match key {
            KeyCode::Char(' ') | KeyCode::Right => 1,
            KeyCode::Left => self.choices.len() - 1,
            _ => return false,
        };
        let at = self.choices.iter().position(|choice| *choice == self.text()).unwrap_or(0);
        self.set(self.choices[(at + by) % self.choices.len()]);
        true
    }

    /// Inserts a paste. Line ends around it are not meant; whatever else is in it stays, so that a
    /// check can say what is wrong with it.
    pub fn paste(&mut self, text: &str) {
        if !self.choices.is_empty() {
            return;
        }
        let room = FIELD_MOST.saturating_sub(self.text().chars().count());
        for character in text.trim_matches(['\r', '\n']).chars().take(room) {
            self.input.0.handle(InputRequest::InsertChar(character));
        }
        self.changed();
    }

    /// Replaces the text.
    pub fn set(&mut self, text: &str) {
        self.input = Typed::new(text);
        self.changed();
    }

    /// Brings the cursor before a character, counted from the first one.
    pub(super) fn go_to(&mut self, character: usize) {
        let _ = self.input.0.handle(InputRequest::SetCursor(character));
    }

    /// Empties it; what is said of it stays.
    pub(super) fn clear(&mut self) {
        self.input = Typed::new("");
    }

    fn changed(&mut self) {
        self.problem = None;
        self.revealed = false;
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_is_typed_does_not_print() {
        let mut field = TextField::secret();
        field.paste("violet-harbor-42");
        field.asked = Some(field.as_secret());
        let plain = TextField::with("violet-harbor-42");
        for printed in [format!("{field:?}"), format!("{plain:?}")] {
            assert!(!printed.contains("violet"), "{printed}");
        }
        let pasted = crate::console::app::Message::Paste("violet-harbor-42".into());
        assert!(!format!("{pasted:?}").contains("violet"));
        assert_eq!(field.text(), "violet-harbor-42");
    }
}
