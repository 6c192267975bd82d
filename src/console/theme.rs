//! How things look. Every style on the screen has its name here.

use ratatui::style::{Color, Modifier, Style};

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
