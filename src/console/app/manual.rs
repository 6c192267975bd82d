//! The manual in the console: the list of its topics, searched as it is typed, and a page that scrolls.

use super::{App, Effect, Layer, TextField};
use crate::{
    keymap::{Command, Motion, Place},
    manual::{Line, TOPICS, Topic, lines},
};

/// The most columns of a page: longer lines are hard to read.
const WIDEST: u16 = 100;

/// What is looked at in the manual.
#[derive(Debug, Default)]
pub struct Manual {
    /// What is searched for.
    pub search: TextField,
    /// Whether that is being typed.
    pub typing: bool,
    /// Which of the topics is selected.
    pub selected: usize,
    /// The first of them on the screen.
    pub scroll: usize,
    /// The page that is open, and its first line on the screen.
    pub page: Option<(&'static Topic, usize)>,
}

impl Manual {
    /// The words that are searched for.
    fn words(&self) -> Vec<String> {
        self.search.text().split_whitespace().map(str::to_lowercase).collect()
    }

    /// The topics with every word of the search, in their name, what they answer, or their page.
    #[must_use]
    pub fn found(&self) -> Vec<&'static Topic> {
        let words = self.words();
        let has = |topic: &&Topic| {
            let all = format!("{} {} {}", topic.name, topic.answers, topic.text).to_lowercase();
            words.iter().all(|word| places(&all, word).next().is_some())
        };
        TOPICS.iter().filter(has).collect()
    }

    /// Where a line has a word of the search, in bytes of its text.
    #[must_use]
    pub fn marks(&self, text: &str) -> Vec<(usize, usize)> {
        let lower = text.to_lowercase();
        // Where case changes how long a text is, there is no place to show.
        if lower.len() != text.len() {
            return Vec::new();
        }
        let found = |word: &String| {
            places(&lower, word).map(|at| (at, at + word.len())).collect::<Vec<_>>()
        };
        self.words().iter().flat_map(found).collect()
    }
}

/// Where a word, or what one begins with, stands in a text.
fn places<'a>(text: &'a str, word: &'a str) -> impl Iterator<Item = usize> + 'a {
    let begins = |at: &usize| !text[..*at].ends_with(char::is_alphanumeric);
    text.match_indices(word).map(|(at, _)| at).filter(begins)
}

/// A line as text alone.
#[must_use]
pub fn text_of(line: &Line) -> String {
    line.iter().map(|span| span.text.as_str()).collect()
}

/// How many characters of a line there are at every width.
fn letters(line: &Line) -> usize {
    text_of(line).chars().filter(|c| !c.is_whitespace()).count()
}

impl App {
    /// A page as it shows on this screen.
    #[must_use]
    pub fn page_of(&self, topic: &Topic) -> Vec<Line> {
        let width = self.areas().map_or(0, |areas| areas.layer().width.saturating_sub(2));
        lines(topic.text, usize::from(width.min(WIDEST)), false)
    }

    /// The lines of the open page with a match of the search: with all its words, or else with one.
    #[must_use]
    pub fn matches(&self) -> Vec<usize> {
        let Some(Layer::Manual(manual)) = self.layers.last() else { return Vec::new() };
        let Some((topic, _)) = manual.page else { return Vec::new() };
        let page = self.page_of(topic);
        let texts: Vec<_> = page.iter().map(|line| text_of(line).to_lowercase()).collect();
        let words = manual.words();
        let has = |text: &String, word: &String| places(text, word).next().is_some();
        let lines = |wanted: &dyn Fn(&String) -> bool| {
            (0..texts.len()).filter(|line| wanted(&texts[*line])).collect::<Vec<_>>()
        };
        let any = lines(&|text| words.iter().any(|word| has(text, word)));
        let all = lines(&|text| words.iter().all(|word| has(text, word)));
        if any.is_empty() || all.is_empty() { any } else { all }
    }

    /// Shows the topics.
    pub(super) fn show_manual(&mut self) -> Vec<Effect> {
        self.layers.push(Layer::Manual(Manual::default()));
        Vec::new()
    }

    /// Types what is searched for: in the topics, also from a page.
    pub(super) fn search_manual(&mut self) {
        if let Some(Layer::Manual(manual)) = self.layers.last_mut() {
            manual.typing = true;
            manual.page = None;
        }
    }

    /// Another search: the first topic is selected.
    pub(super) fn manual_searched(&mut self) {
        if let Some(Layer::Manual(manual)) = self.layers.last_mut() {
            (manual.selected, manual.scroll) = (0, 0);
        }
    }

    /// Leaves the page, or the search; whether there was one.
    pub(super) fn back_in_manual(&mut self) -> bool {
        let Some(Layer::Manual(manual)) = self.layers.last_mut() else { return false };
        if manual.page.take().is_some() {
            return true;
        }
        let searched = manual.typing || !manual.search.text().is_empty();
        if searched {
            let selected = manual.found().get(manual.selected).map(|topic| topic.name);
            manual.typing = false;
            manual.search = TextField::default();
            let at = TOPICS.iter().position(|topic| Some(topic.name) == selected);
            manual.selected = at.unwrap_or(0);
            self.move_in_topics(0);
        }
        searched
    }

    pub(super) fn manual_command(&mut self, command: Command) -> Vec<Effect> {
        let height = self.areas().map_or(1, |areas| areas.help_rows());
        let reads = self.focus() == Place::Manual;
        if let Command::Move(motion) = command {
            if reads {
                self.scroll_page(motion, height);
            } else {
                self.move_in_topics(self.steps(motion, height));
            }
        } else if command == Command::Run && reads {
            self.next_match();
        } else if command == Command::Run {
            self.open_topic();
        }
        Vec::new()
    }

    /// Opens the selected topic, at the first match.
    pub(super) fn open_topic(&mut self) {
        if let Some(Layer::Manual(manual)) = self.layers.last_mut()
            && let Some(topic) = manual.found().get(manual.selected)
        {
            manual.typing = false;
            manual.page = Some((topic, 0));
            if let Some(line) = self.matches().first() {
                self.show_line(*line);
            }
        }
    }

    /// Goes to the first match below the top, or from the last to the first.
    fn next_match(&mut self) {
        let Some(Layer::Manual(Manual { page: Some((_, top)), .. })) = self.layers.last() else {
            return;
        };
        let (top, matches) = (*top, self.matches());
        let next = matches.iter().find(|line| self.top_for(**line) > top).or(matches.first());
        if let Some(line) = next.copied() {
            self.show_line(line);
        }
    }

    /// The first line on the screen that shows a line as far up as the end of the page allows.
    fn top_for(&self, line: usize) -> usize {
        let Some(Layer::Manual(Manual { page: Some((topic, _)), .. })) = self.layers.last() else {
            return 0;
        };
        let height = self.areas().map_or(1, |areas| areas.help_rows());
        line.min(self.page_of(topic).len().saturating_sub(height))
    }

    fn show_line(&mut self, line: usize) {
        let to = self.top_for(line);
        if let Some(Layer::Manual(Manual { page: Some((_, top)), .. })) = self.layers.last_mut() {
            *top = to;
        }
    }

    /// How many letters of the open page are above the screen.
    pub(super) fn letters_above(&self) -> usize {
        let Some(Layer::Manual(Manual { page: Some((topic, top)), .. })) = self.layers.last()
        else {
            return 0;
        };
        self.page_of(topic).iter().take(*top).map(letters).sum()
    }

    /// Scrolls the open page to the line that has this letter: lines are others at another width.
    pub(super) fn go_to_letter(&mut self, wanted: usize) {
        let Some(Layer::Manual(Manual { page: Some((topic, _)), .. })) = self.layers.last() else {
            return;
        };
        let page = self.page_of(topic);
        let mut read = 0;
        let above = page.iter().take_while(|line| {
            read += letters(line);
            read <= wanted
        });
        self.show_line(above.count());
    }

    fn scroll_page(&mut self, motion: Motion, height: usize) {
        let Some(Layer::Manual(Manual { page: Some((_, top)), .. })) = self.layers.last() else {
            return;
        };
        // What is further down than the last screenful was before the screen grew.
        let from = self.top_for(*top);
        self.show_line(from.saturating_add_signed(self.steps(motion, height)));
    }

    /// Moves the selection, and the lines with it.
    fn move_in_topics(&mut self, by: isize) {
        let Some(height) = self.areas().map(|areas| areas.help_rows()) else { return };
        let Some(Layer::Manual(manual)) = self.layers.last_mut() else { return };
        let count = manual.found().len();
        manual.selected = manual.selected.saturating_add_signed(by).min(count.saturating_sub(1));
        let least = (manual.selected + 1).saturating_sub(height);
        manual.scroll = manual.scroll.clamp(least, manual.selected.max(least));
    }
}
