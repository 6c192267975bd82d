//! Everything that can be done in a place: to read, to search, to do.

use super::{App, Effect, Layer, Notice, Severity, TextField, fit::Fit};
use crate::{
    config::Profile,
    keymap::{Bound, Command, EVERYWHERE, Group, Place},
    org::{OperatorRole, escaped},
    tenancy::rights,
};

/// Something to choose in the help.
#[derive(Clone, Copy, Debug)]
pub enum Choice<'a> {
    /// A command.
    Command(&'a Bound),
    /// Another profile.
    Profile(&'a Profile),
    /// A command that works only in another place.
    Elsewhere(&'a Bound, Place),
    /// Nothing to do: what operators of a role may.
    Right(OperatorRole, &'static str),
}

impl Choice<'_> {
    /// What it is called.
    #[must_use]
    pub fn name(&self) -> String {
        match self {
            Self::Command(bound) | Self::Elsewhere(bound, _) => bound.row.name.to_owned(),
            Self::Profile(profile) => format!("profile {}", profile.name),
            Self::Right(..) => String::new(),
        }
    }

    /// What it does.
    #[must_use]
    pub fn does(&self) -> String {
        match self {
            Self::Command(bound) => bound.row.does.to_owned(),
            Self::Profile(profile) => format!("switch to profile {}", escaped(&profile.name)),
            Self::Elsewhere(bound, place) => {
                format!("works {}: {}", place.words(), bound.row.does)
            }
            Self::Right(_, right) => (*right).to_owned(),
        }
    }

    /// Its keys in words; none where they do not work. Of a right, whose it is.
    #[must_use]
    pub fn keys(&self) -> String {
        match self {
            Self::Command(bound) => bound.words(),
            Self::Right(role, _) => role.word().to_owned(),
            Self::Profile(_) | Self::Elsewhere(..) => String::new(),
        }
    }

    /// Which section of the help it stands in.
    #[must_use]
    pub fn group(&self) -> Group {
        match self {
            Self::Command(bound) | Self::Elsewhere(bound, _) => bound.row.group,
            Self::Profile(_) => Group::Program,
            Self::Right(..) => Group::Roles,
        }
    }

    /// Whether it takes an organization or an admin away.
    #[must_use]
    pub fn is_dangerous(&self) -> bool {
        match self {
            Self::Command(bound) => bound.row.command.is_dangerous(),
            Self::Profile(_) | Self::Elsewhere(..) | Self::Right(..) => false,
        }
    }

    /// How well a search fits it; none where it does not.
    fn fit(&self, search: &str) -> Option<Fit> {
        match self {
            Self::Command(bound) if bound.keys.iter().any(|key| key.words() == search) => {
                Some(Fit::Whole)
            }
            Self::Command(_) | Self::Profile(_) => Fit::find(&self.name(), &self.does(), search),
            Self::Right(..) => None,
            // A command of another place is offered only if it was clearly named.
            Self::Elsewhere(..) => Fit::find(&self.name(), "", search).filter(|fit| fit.is_clear()),
        }
    }
}

/// How many of the commands that were done last stand first in the palette.
const RECENT: usize = 20;

/// The help for a place, and the palette, which is the help being searched.
#[derive(Debug)]
pub struct Help {
    /// The place it is about.
    pub about: Place,
    /// What is searched for.
    pub search: TextField,
    /// Whether that is being typed.
    pub typing: bool,
    /// Which of the commands is selected.
    pub selected: usize,
    /// Whether that was chosen, and not only found first.
    pub moved: bool,
    /// The first line on the screen.
    pub scroll: usize,
}

/// A line of the help.
#[derive(Clone, Copy, Debug)]
pub enum HelpLine<'a> {
    /// The heading of a section.
    Heading(Group),
    /// Something to choose, and which of all that is.
    Choice(usize, Choice<'a>),
}

impl App {
    /// What the help shows: the commands by section, then the other profiles; while a search is typed,
    /// those that fit it, best first, or those done last first as long as nothing is.
    #[must_use]
    pub fn found(&self, help: &Help) -> Vec<Choice<'_>> {
        let search = help.search.text().trim();
        if !search.is_empty() {
            return self
                .fitting(help.about, search)
                .into_iter()
                .map(|(_, choice)| choice)
                .collect();
        }
        let mut all: Vec<_> = self.choices(help.about).collect();
        if help.typing {
            let last = |choice: &Choice| {
                let name = choice.name();
                self.recent.iter().rev().position(|recent| *recent == name)
            };
            all.sort_by_cached_key(|choice| last(choice).unwrap_or(usize::MAX));
        } else {
            all.extend(self.roles(help.about));
            all.sort_by_key(Choice::group);
        }
        all
    }

    /// What operators may do, where one can log in.
    fn roles(&self, about: Place) -> impl Iterator<Item = Choice<'_>> {
        let logs_in = self.keymap.rows(about).any(|row| row.row.command == Command::Login);
        let roles = OperatorRole::ALL.into_iter().filter(move |_| logs_in);
        roles.flat_map(|role| rights(role).into_iter().map(move |right| Choice::Right(role, right)))
    }

    /// What can be done in a place.
    fn choices(&self, about: Place) -> impl Iterator<Item = Choice<'_>> {
        // What hardly any database needs is named where it does.
        let is_needed = |command| command != Command::Upgrade || self.upgrade.is_some();
        let commands = self.keymap.rows(about).filter(move |row| is_needed(row.row.command));
        let others = self.profiles.iter().filter(|profile| Some(*profile) != self.profile.as_ref());
        // Where text is typed something would be lost.
        let others = others.filter(move |_| !about.takes_text());
        commands.map(Choice::Command).chain(others.map(Choice::Profile))
    }

    /// What fits a search, the best first, and what works in another place last.
    fn fitting(&self, about: Place, search: &str) -> Vec<(Fit, Choice<'_>)> {
        let here = |bound: &Bound| {
            self.keymap.rows(about).any(|other| other.row.command == bound.row.command)
        };
        let elsewhere = self.keymap.all().iter().filter(|bound| !here(bound)).filter_map(|bound| {
            let place = *EVERYWHERE.iter().find(|place| bound.row.places.contains(place))?;
            Some(Choice::Elsewhere(bound, place))
        });
        let all = self.choices(about).chain(elsewhere);
        let mut found: Vec<_> =
            all.filter_map(|choice| Some((choice.fit(search)?, choice))).collect();
        found.sort_by_key(|(fit, choice)| (matches!(choice, Choice::Elsewhere(..)), *fit));
        found
    }

    /// Whether what is selected is what was asked for: it was moved to, it is the only one that clearly
    /// fits, or the search is its whole name.
    fn is_clear(&self, help: &Help) -> bool {
        let search = help.search.text().trim();
        if help.moved || !help.typing && search.is_empty() {
            return true;
        }
        let found = self.fitting(help.about, search);
        let Some(((first, _), others)) = found.split_first() else { return false };
        // The whole name of a command of another place means that one.
        let other = others.iter().any(|(fit, choice)| match choice {
            Choice::Elsewhere(..) => *fit == Fit::Whole,
            Choice::Command(_) | Choice::Profile(_) | Choice::Right(..) => {
                fit.tier() == first.tier()
            }
        });
        // One letter is the beginning of too much.
        let long = search.chars().nth(1).is_some();
        *first == Fit::Whole || long && first.is_clear() && !other
    }

    /// Shows everything that can be done in a place; or leaves that.
    pub(super) fn help(&mut self, about: Place, typing: bool) -> Vec<Effect> {
        match self.layers.last_mut() {
            Some(Layer::Manual(_)) => self.search_manual(),
            Some(Layer::Help(help)) if typing => {
                help.typing = true;
                help.selected = 0;
                help.moved = false;
            }
            Some(Layer::Help(_)) => {
                self.layers.pop();
            }
            Some(
                Layer::Form(_)
                | Layer::Question(_)
                | Layer::Bulk(_)
                | Layer::Login(_)
                | Layer::Upgrade
                | Layer::Code(_)
                | Layer::Copy(_)
                | Layer::Log(_)
                | Layer::Dashboard
                | Layer::Audit(_)
                | Layer::Documents(_)
                | Layer::Edit(_)
                | Layer::Jobs(_)
                | Layer::Job(_),
            )
            | None => self.layers.push(Layer::Help(Help {
                about,
                search: TextField::default(),
                typing,
                selected: 0,
                moved: false,
                scroll: 0,
            })),
        }
        self.keep_help_in_sight(0);
        Vec::new()
    }

    /// The database is open now: a help that was opened before shows what can be done in the list.
    pub(super) fn help_is_about_the_list(&mut self) {
        if let Some(Layer::Help(help)) = self.layers.last_mut()
            && help.about == Place::Unconnected
        {
            help.about = Place::List;
        }
        self.searched();
    }

    pub(super) fn help_command(&mut self, command: Command) -> Vec<Effect> {
        if command == Command::Run {
            return self.run_selected();
        }
        if let Command::Move(motion) = command {
            let height = self.areas().map_or(1, |areas| areas.help_rows());
            self.keep_help_in_sight(self.steps(motion, height));
            if let Some(Layer::Help(help)) = self.layers.last_mut() {
                help.moved = true;
            }
        }
        Vec::new()
    }

    /// Another search: the best match is selected.
    pub(super) fn searched(&mut self) {
        if let Some(Layer::Help(help)) = self.layers.last_mut() {
            help.selected = 0;
            help.scroll = 0;
            help.moved = false;
        }
        self.manual_searched();
    }

    /// Moves the selection, and the lines with it.
    fn keep_help_in_sight(&mut self, by: isize) {
        let Some(height) = self.areas().map(|areas| areas.help_rows()) else { return };
        let Some(Layer::Help(help)) = self.layers.last() else { return };
        let last = self.found(help).len().saturating_sub(1);
        let selected = help.selected.saturating_add_signed(by).min(last);
        let lines = self.help_lines(help);
        let line = lines
            .iter()
            .position(|line| matches!(line, HelpLine::Choice(at, _) if *at == selected));
        let line = line.unwrap_or_default();
        // Its heading shows with the first of a section.
        let above =
            line.checked_sub(1).filter(|above| matches!(lines[*above], HelpLine::Heading(_)));
        let scroll = help.scroll.clamp((line + 1).saturating_sub(height), above.unwrap_or(line));
        if let Some(Layer::Help(help)) = self.layers.last_mut() {
            (help.selected, help.scroll) = (selected, scroll);
        }
    }

    /// The lines of the help: what is found, and above each section its heading. What was searched for
    /// stands in its own order, without them.
    #[must_use]
    pub fn help_lines(&self, help: &Help) -> Vec<HelpLine<'_>> {
        let sorted = !help.typing && help.search.text().trim().is_empty();
        let mut lines = Vec::new();
        let mut section = None;
        for (at, choice) in self.found(help).into_iter().enumerate() {
            let group = choice.group();
            if sorted && section != Some(group) {
                lines.push(HelpLine::Heading(group));
                section = Some(group);
            }
            lines.push(HelpLine::Choice(at, choice));
        }
        lines
    }

    /// Does what is selected, in the place below.
    fn run_selected(&mut self) -> Vec<Effect> {
        let Some(Layer::Help(help)) = self.layers.last() else { return Vec::new() };
        let about = help.about;
        let Some(choice) = self.found(help).get(help.selected).copied() else { return Vec::new() };
        let name = choice.name();
        let run = match choice {
            Choice::Command(bound) => Ok(bound.row.command),
            Choice::Profile(profile) => Err(profile.name.clone()),
            Choice::Right(..) => return Vec::new(),
            Choice::Elsewhere(_, place) => {
                let what = format!("“{name}” does not work {}", about.words());
                let help = format!("it works {}", place.words());
                self.say(Severity::Warning, Notice { what, help });
                return Vec::new();
            }
        };
        if !self.is_clear(help) {
            let what = if help.search.text().trim().is_empty() {
                "no command was typed".to_owned()
            } else {
                format!("“{}” could mean another command", escaped(help.search.text().trim()))
            };
            let run = self.keymap.how_in(Place::Palette, Command::Run);
            let help = format!("press {run} again to run “{}”, or type more", escaped(&name));
            if let Some(Layer::Help(help)) = self.layers.last_mut() {
                help.moved = true;
            }
            self.say(Severity::Warning, Notice { what, help });
            return Vec::new();
        }
        self.layers.pop();
        self.recent.retain(|recent| *recent != name);
        self.recent.push(name);
        if self.recent.len() > RECENT {
            self.recent.remove(0);
        }
        match run {
            Ok(command) => self.command(about, command),
            Err(profile) => self.switch(&profile),
        }
    }
}
