//! How things look. Every style on the screen has its name here.

use ratatui::style::{Color, Modifier, Style};

/// Which theme is wished for.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, clap::ValueEnum, serde::Deserialize)]
#[serde(rename_all = "lowercase")]
pub enum Wish {
    /// The one that fits the terminal, as it says itself.
    #[default]
    Auto,
    /// For a dark terminal.
    Dark,
    /// For a light one.
    Light,
    /// Dark or light with nothing faint in it.
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
pub struct Looks {
    /// Which theme.
    pub theme: Wish,
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
    /// Rules, labels, hints: there, but not in the way.
    pub faint: Style,
    /// What a pane is about.
    pub strong: Style,
    /// The one colour: where the keys go, what is alive.
    pub accent: Style,
    /// What went wrong.
    pub bad: Style,
    /// The name of the selected row while the list has the keys.
    pub selected: Style,
}

impl Theme {
    /// The theme the environment asks for.
    #[must_use]
    pub fn new(no_color: bool) -> Self {
        if no_color { Self::colourless() } else { Self::dark() }
    }

    /// The default. Only the terminal's own colours, and none behind text, so that it reads on light
    /// terminals too.
    #[must_use]
    pub fn dark() -> Self {
        let style = Style::new();
        Self {
            faint: style.add_modifier(Modifier::DIM),
            strong: style.add_modifier(Modifier::BOLD),
            accent: style.fg(Color::Cyan),
            bad: style.fg(Color::Red),
            selected: style.fg(Color::Cyan).add_modifier(Modifier::BOLD),
        }
    }

    /// For `NO_COLOR`: modifiers only.
    #[must_use]
    pub fn colourless() -> Self {
        let style = Style::new();
        Self {
            faint: style.add_modifier(Modifier::DIM),
            strong: style.add_modifier(Modifier::BOLD),
            accent: style.add_modifier(Modifier::BOLD),
            bad: style.add_modifier(Modifier::BOLD),
            selected: style.add_modifier(Modifier::REVERSED),
        }
    }
}
