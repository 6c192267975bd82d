//! Everything that can be done in a place: to read, to search, to do.

use nucleo_matcher::{
    Config, Matcher, Utf32Str,
    pattern::{CaseMatching, Normalization, Pattern},
};

use super::{App, Effect, Layer, TextField, browsing::steps};
use crate::{
    config::Profile,
    keymap::{Bound, Command, Place},
    org::escaped,
};

/// Something to choose in the help.
#[derive(Clone, Copy, Debug)]
pub enum Choice<'a> {
    /// A command.
    Command(&'a Bound),
    /// Another profile.
    Profile(&'a Profile),
}

impl Choice<'_> {
    /// What it is called.
    #[must_use]
    pub fn name(&self) -> String {
        match self {
            Self::Command(bound) => bound.row.name.to_owned(),
            Self::Profile(profile) => format!("profile {}", profile.name),
        }
    }

    /// What it does.
    #[must_use]
    pub fn does(&self) -> String {
        match self {
            Self::Command(bound) => bound.row.does.to_owned(),
            Self::Profile(profile) => format!("go to the profile {}", escaped(&profile.name)),
        }
    }

    /// Its keys in words.
    #[must_use]
    pub fn keys(&self) -> String {
        match self {
            Self::Command(bound) => bound.words(),
            Self::Profile(_) => String::new(),
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
    /// The first line on the screen.
    pub scroll: usize,
}

impl App {
    /// What the help shows: the commands in the order of the table, then the other profiles; while a
    /// search is typed, those that fit it, best first, or those done last first as long as nothing is.
    #[must_use]
    pub fn found(&self, help: &Help) -> Vec<Choice<'_>> {
        // What hardly any database needs is named where it does.
        let is_needed = |command| command != Command::Upgrade || self.upgrade.is_some();
        let commands = self.keymap.rows(help.about).filter(|row| is_needed(row.row.command));
        let commands = commands.map(Choice::Command);
        let others = self.profiles.iter().filter(|profile| Some(*profile) != self.profile.as_ref());
        // Where text is typed something would be lost.
        let others = others.filter(|_| !help.about.takes_text()).map(Choice::Profile);
        let all = commands.chain(others);
        let search = help.search.text().trim();
        if search.is_empty() {
            let mut all: Vec<_> = all.collect();
            if help.typing {
                let last = |choice: &Choice| {
                    let name = choice.name();
                    self.recent.iter().rev().position(|recent| *recent == name)
                };
                all.sort_by_cached_key(|choice| last(choice).unwrap_or(usize::MAX));
            }
            return all;
        }
        let pattern = Pattern::parse(search, CaseMatching::Ignore, Normalization::Smart);
        let mut matcher = Matcher::new(Config::DEFAULT);
        let mut score = |text: &str| {
            pattern.score(Utf32Str::new(text, &mut Vec::new()), &mut matcher).unwrap_or(0)
        };
        let mut found: Vec<(u32, Choice)> = all
            .filter_map(|choice| {
                let name = choice.name();
                // What it is called counts more than what is said of it.
                let named = score(&name).max(score(&name.replace('-', " ")));
                let best = (named * 2).max(score(&choice.does()));
                let key = choice.keys().split(' ').any(|key| key == search);
                (best > 0 || key).then_some((if key { u32::MAX } else { best }, choice))
            })
            .collect();
        found.sort_by_key(|(score, _)| std::cmp::Reverse(*score));
        // What has the letters only here and there was not meant.
        let best = found.iter().map(|(score, _)| *score).find(|score| *score < u32::MAX);
        found.retain(|(score, _)| best.is_none_or(|best| score.saturating_mul(3) >= best));
        found.into_iter().map(|(_, choice)| choice).collect()
    }

    /// Shows everything that can be done in a place; or leaves that.
    pub(super) fn help(&mut self, about: Place, typing: bool) -> Vec<Effect> {
        match self.layers.last_mut() {
            Some(Layer::Help(help)) if typing => {
                help.typing = true;
                help.selected = 0;
            }
            Some(Layer::Help(_)) => {
                self.layers.pop();
            }
            _ => self.layers.push(Layer::Help(Help {
                about,
                search: TextField::default(),
                typing,
                selected: 0,
                scroll: 0,
            })),
        }
        self.keep_help_in_sight(0);
        Vec::new()
    }

    pub(super) fn help_command(&mut self, command: Command) -> Vec<Effect> {
        if command == Command::Run {
            return self.run_selected();
        }
        let height = self.areas().map_or(1, |areas| areas.help_rows());
        self.keep_help_in_sight(steps(command, isize::try_from(height).unwrap_or(isize::MAX)));
        Vec::new()
    }

    /// Another search: the best match is selected.
    pub(super) fn help_searched(&mut self) {
        if let Some(Layer::Help(help)) = self.layers.last_mut() {
            help.selected = 0;
            help.scroll = 0;
        }
    }

    /// Moves the selection, and the lines with it.
    fn keep_help_in_sight(&mut self, by: isize) {
        let Some(height) = self.areas().map(|areas| areas.help_rows()) else { return };
        let Some(Layer::Help(help)) = self.layers.last() else { return };
        let count = self.found(help).len();
        if let Some(Layer::Help(help)) = self.layers.last_mut() {
            help.selected = help.selected.saturating_add_signed(by).min(count.saturating_sub(1));
            let least = (help.selected + 1).saturating_sub(height);
            help.scroll = help.scroll.clamp(least, help.selected.max(least));
        }
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
        };
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
