//! What keys mean. Everything is in one [table](COMMANDS): key handling, the footer, the help, the
//! palette and the manual's list are made from it. The configuration can give a command other keys.

mod command;
mod key;
mod place;
mod row;
mod table;

use crossterm::event::{KeyCode, KeyEvent, KeyEventKind, KeyModifiers};

pub use self::{
    command::{Column, Command, DocumentCommand, Motion, OrgPart, TableCommand},
    key::{Key, NoKey},
    place::{EVERYWHERE, Place},
    row::{Group, Row},
    table::COMMANDS,
};

/// A command and its keys.
#[derive(Clone, Debug)]
pub struct Bound {
    /// What it is.
    pub row: &'static Row,
    /// Its keys; the first is the one the footer shows. None: it is in the palette only.
    pub keys: Vec<Key>,
    /// Whether arrows are written as words.
    spelled: bool,
}

impl Bound {
    /// Its keys as people write them.
    #[must_use]
    pub fn words(&self) -> String {
        self.keys.iter().map(|key| self.word(*key)).collect::<Vec<_>>().join(" ")
    }

    /// Its first key.
    #[must_use]
    pub fn first(&self) -> Option<String> {
        self.keys.first().map(|key| self.word(*key))
    }

    fn word(&self, key: Key) -> String {
        if self.spelled { key.spelled() } else { key.words() }
    }
}

/// The keys of all commands.
#[derive(Clone, Debug)]
pub struct Keymap(Vec<Bound>);

impl Default for Keymap {
    fn default() -> Self {
        let bound = |row: &'static Row| Bound { row, keys: row.keys.to_vec(), spelled: false };
        Self(COMMANDS.iter().map(bound).collect())
    }
}

/// What commands were called before, and what they are called now: configuration that has the old name
/// goes on working.
const OLD_NAMES: [(&str, &str); 2] = [("mark", "select"), ("delete", "purge-now")];

/// Why a command cannot have a key.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
pub enum Misbound {
    /// There is no such command.
    #[error("unknown command “{name}”{}", alike(name))]
    Unknown {
        /// What was written.
        name: String,
    },
    /// It has that key with another command.
    #[error("{} is also bound to “{other}” in the same place", key.words())]
    Clash {
        /// The key.
        key: Key,
        /// The command that has it too.
        other: &'static str,
    },
    /// Where it works text is typed, so that the key would type.
    #[error("“{name}” works in text fields, where {} has to stay text", key.words())]
    Types {
        /// The command.
        name: &'static str,
        /// The key.
        key: Key,
    },
    /// Without it nobody gets out.
    #[error("“{name}” needs a key: it is the only way out")]
    NoWayOut {
        /// The command.
        name: &'static str,
    },
}

impl Misbound {
    /// What the person can do about it.
    #[must_use]
    pub fn help(&self) -> &'static str {
        match self {
            Self::Unknown { .. } => "`tenantry config init` lists all commands",
            Self::Clash { .. } => "choose another key for one of them",
            Self::Types { .. } => "choose a key with ^ or alt-, or f1 … f12",
            Self::NoWayOut { .. } => "give it a key, or remove the line",
        }
    }
}

fn alike(name: &str) -> String {
    let near = COMMANDS.iter().map(|row| (strsim::levenshtein(row.name, name), row.name)).min();
    match near {
        Some((distance, near)) if distance <= 3 => format!("; did you mean “{near}”?"),
        _ => String::new(),
    }
}

impl Keymap {
    /// The keys of the table, and instead of them those that were chosen for some commands: the
    /// command's name, and all of its keys.
    ///
    /// # Errors
    /// What cannot be, each with the number of the choice it is about.
    pub fn with(chosen: &[(String, Vec<Key>)]) -> Result<Self, Vec<(usize, Misbound)>> {
        let mut keymap = Self::default();
        let mut problems = Vec::new();
        let mut chosen_for = vec![None; COMMANDS.len()];
        for (number, (name, keys)) in chosen.iter().enumerate() {
            let now = OLD_NAMES.iter().find(|(old, _)| old == name).map_or(&**name, |(_, now)| now);
            let Some(at) = COMMANDS.iter().position(|row| row.name == now) else {
                problems.push((number, Misbound::Unknown { name: name.clone() }));
                continue;
            };
            let row = &COMMANDS[at];
            let types = keys.iter().find(|key| key.types());
            if let Some(key) = types.filter(|_| row.places.iter().any(|place| place.takes_text())) {
                problems.push((number, Misbound::Types { name: row.name, key: *key }));
            }
            if keys.is_empty() && matches!(row.name, "back" | "leave") {
                problems.push((number, Misbound::NoWayOut { name: row.name }));
            }
            keymap.0[at].keys.clone_from(keys);
            chosen_for[at] = Some(number);
        }
        for (at, number) in chosen_for.iter().enumerate().filter_map(|(at, n)| Some((at, (*n)?))) {
            let bound = &keymap.0[at];
            for (other_at, other) in keymap.0.iter().enumerate() {
                // Of two that were chosen, the later one is told.
                let told = chosen_for[other_at].is_none_or(|other| other < number);
                let together = bound.row.places.iter().any(|p| other.row.places.contains(p));
                if other_at == at || !told || !together {
                    continue;
                }
                let shared = bound.keys.iter().filter(|key| other.keys.contains(key));
                let clash = |key: &Key| Misbound::Clash { key: *key, other: other.row.name };
                problems.extend(shared.map(|key| (number, clash(key))));
            }
        }
        if problems.is_empty() { Ok(keymap) } else { Err(problems) }
    }

    /// The same, with arrows in words: for screens that show none, and for screen readers.
    #[must_use]
    pub fn spelled(mut self) -> Self {
        for bound in &mut self.0 {
            bound.spelled = true;
        }
        self
    }

    /// What a key means in a place; none when it is text, or nothing.
    #[must_use]
    pub fn command(&self, place: Place, event: &KeyEvent) -> Option<Command> {
        self.bound(place, event).map(|(bound, _)| bound.row.command)
    }

    /// A key in words, if it means something in a place.
    #[must_use]
    pub fn meant(&self, place: Place, event: &KeyEvent) -> Option<String> {
        self.bound(place, event).map(|(bound, key)| bound.word(key))
    }

    fn bound(&self, place: Place, event: &KeyEvent) -> Option<(&Bound, Key)> {
        if event.kind == KeyEventKind::Release {
            return None;
        }
        let find = |event: &KeyEvent| {
            let all =
                self.rows(place).flat_map(|bound| bound.keys.iter().map(move |key| (bound, *key)));
            let mut all = all.filter(|(_, key)| key.is(event));
            let first = all.next()?;
            if first.1.is_shifted() {
                return Some(first);
            }
            Some(all.find(|(_, key)| key.is_shifted()).unwrap_or(first))
        };
        // Where text is typed a letter of another keyboard is text, but not with control.
        let elsewhere = || {
            let latin = key::on_latin(event)?;
            find(&latin)
                .filter(|_| !place.takes_text() || event.modifiers.contains(KeyModifiers::CONTROL))
        };
        find(event).or_else(elsewhere)
    }

    /// The digit that a key adds to a count, as in `10j`: where a count means something, and the digit
    /// itself does not.
    #[must_use]
    pub fn digit(&self, place: Place, event: &KeyEvent) -> Option<u32> {
        let KeyCode::Char(character) = event.code else { return None };
        let plain = event.modifiers.is_empty() && event.kind != KeyEventKind::Release;
        let moves = || self.rows(place).any(|bound| matches!(bound.row.command, Command::Move(_)));
        let free = plain && !place.takes_text() && self.command(place, event).is_none();
        character.to_digit(10).filter(|_| free && moves())
    }

    /// The commands that work in a place.
    pub fn rows(&self, place: Place) -> impl Iterator<Item = &Bound> {
        self.0.iter().filter(move |bound| bound.row.places.contains(&place))
    }

    /// How a command is asked for, in words: the first key it has in most places, or its name where it
    /// has none.
    #[must_use]
    pub fn how(&self, command: Command) -> String {
        let bound = self.0.iter().filter(|bound| bound.row.command == command);
        asked_for(bound.max_by_key(|bound| (!bound.keys.is_empty(), bound.row.places.len())))
    }

    /// The same, in one place.
    #[must_use]
    pub fn how_in(&self, place: Place, command: Command) -> String {
        let mut bound = self.rows(place).filter(|bound| bound.row.command == command);
        asked_for(bound.next())
    }

    /// All of them.
    #[must_use]
    pub fn all(&self) -> &[Bound] {
        &self.0
    }
}

fn asked_for(bound: Option<&Bound>) -> String {
    bound.map_or_else(String::new, |bound| {
        bound.first().unwrap_or_else(|| format!(":{}", bound.row.name))
    })
}

#[cfg(test)]
mod tests;
