//! How things look. Every style on the screen has its name here; which ones there are follows from what
//! is wished for, from the environment, and from the background that the terminal tells.

mod background;
mod palette;
mod resolve;
#[cfg(test)]
mod tests;

use ratatui::style::{Color, Modifier, Style};

pub(super) use self::background::background;
pub use self::{
    background::{Background, QUESTION},
    resolve::Surroundings,
};

/// Which theme is wished for.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, clap::ValueEnum, serde::Deserialize)]
#[serde(rename_all = "lowercase")]
pub enum ThemeChoice {
    /// The one that fits the terminal, as it says itself.
    #[default]
    Auto,
    /// For a dark terminal.
    Dark,
    /// For a light one.
    Light,
    /// High contrast, on a dark or a light terminal.
    Contrast,
    /// No colours, only weight.
    None,
}

/// How many colours there are.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, clap::ValueEnum, serde::Deserialize)]
pub enum Depth {
    /// As many as the terminal has, as far as it says so.
    #[default]
    #[serde(rename = "auto")]
    #[value(name = "auto")]
    Auto,
    /// Sixteen million.
    #[serde(rename = "true")]
    #[value(name = "true")]
    True,
    /// The 256 of xterm.
    #[serde(rename = "256")]
    #[value(name = "256")]
    Indexed,
    /// The terminal's own sixteen, as its owner chose them.
    #[serde(rename = "16")]
    #[value(name = "16")]
    Sixteen,
}

/// What lines and marks are made of.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, clap::ValueEnum, serde::Deserialize)]
#[serde(rename_all = "lowercase")]
pub enum Marks {
    /// What the locale has.
    #[default]
    Auto,
    /// Box-drawing characters and the like.
    Unicode,
    /// Nothing but ASCII.
    Ascii,
}

/// What is wished for, in all.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct ThemeSettings {
    /// Which theme.
    pub theme: ThemeChoice,
    /// How many colours.
    pub colors: Depth,
    /// What lines and marks are made of.
    pub marks: Marks,
    /// Whether it is for a screen reader: one column, words instead of marks.
    pub plain: bool,
}

/// The styles, each by what it is for. What has none is the terminal's own text.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Theme {
    /// The lines that part the screen: seen without being looked at.
    pub line: Style,
    /// Labels, hints: there, but not in the way.
    pub faint: Style,
    /// What a pane is about.
    pub strong: Style,
    /// The one colour: where the keys go, what is alive.
    pub accent: Style,
    /// What went wrong.
    pub bad: Style,
    /// The name of the selected row while the list has the keys.
    pub selected: Style,
    /// Whether everything is shown in ASCII.
    pub ascii: bool,
    /// Whether a screen reader reads it: no lines, no marks, and the cursor where the selection is.
    pub plain: bool,
}

impl Theme {
    /// Only the terminal's own colours, and none behind text, so that it reads on light terminals too.
    #[must_use]
    pub fn sixteen() -> Self {
        let style = Style::new();
        Self {
            line: style.add_modifier(Modifier::DIM),
            faint: style.add_modifier(Modifier::DIM),
            strong: style.add_modifier(Modifier::BOLD),
            accent: style.fg(Color::Cyan),
            bad: style.fg(Color::Red),
            selected: style.fg(Color::Cyan).add_modifier(Modifier::BOLD),
            ascii: false,
            plain: false,
        }
    }

    /// For `NO_COLOR`: modifiers only.
    #[must_use]
    pub fn colourless() -> Self {
        let style = Style::new();
        Self {
            line: style.add_modifier(Modifier::DIM),
            faint: style.add_modifier(Modifier::DIM),
            strong: style.add_modifier(Modifier::BOLD),
            accent: style.add_modifier(Modifier::BOLD),
            bad: style.add_modifier(Modifier::BOLD),
            selected: style.add_modifier(Modifier::REVERSED),
            ascii: false,
            plain: false,
        }
    }

    /// High contrast on a terminal of which nothing is known: no colours, and nothing faint.
    #[must_use]
    fn plain_contrast() -> Self {
        let selected = Style::new().add_modifier(Modifier::REVERSED | Modifier::BOLD);
        let bad = Style::new().add_modifier(Modifier::BOLD | Modifier::UNDERLINED);
        Self { line: Style::new(), faint: Style::new(), selected, bad, ..Self::colourless() }
    }
}
