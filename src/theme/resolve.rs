//! What a wish comes to in an environment.

use std::ffi::OsString;

use super::{Background, Depth, Marks, Theme, ThemeChoice, ThemeSettings, palette::Palette};

/// What the environment says about the terminal.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Surroundings {
    /// `NO_COLOR` is set, and not empty.
    no_color: bool,
    /// How many colours there are.
    depth: Depth,
    /// Whether the locale is UTF-8.
    unicode: bool,
    /// Whether it answers questions, as far as is known.
    answers: bool,
    /// Whether it can do anything but print.
    dumb: bool,
    /// What `COLORFGBG` says.
    hint: Option<Background>,
}

impl Surroundings {
    /// From the variables that `environment` answers.
    #[must_use]
    pub fn new(environment: impl Fn(&str) -> Option<OsString>) -> Self {
        let text = |name: &str| {
            environment(name).and_then(|value| value.into_string().ok()).unwrap_or_default()
        };
        let term = text("TERM");
        let truecolor = matches!(text("COLORTERM").as_str(), "truecolor" | "24bit");
        let depth = if truecolor || term.ends_with("-direct") {
            Depth::True
        } else if term.contains("256color") || term == "xterm-kitty" || term == "alacritty" {
            Depth::Indexed
        } else {
            Depth::Sixteen
        };
        // POSIX: the first of these that is set and not empty; none is the C locale.
        let locale = ["LC_ALL", "LC_CTYPE", "LANG"].map(text);
        let locale = locale.iter().find(|value| !value.is_empty()).map_or("", String::as_str);
        let locale = locale.to_ascii_lowercase();
        let screen = term.starts_with("screen") && text("TMUX").is_empty();
        Self {
            // As no-color.org has it.
            no_color: environment("NO_COLOR").is_some_and(|value| !value.is_empty()),
            depth,
            unicode: locale.contains("utf-8") || locale.contains("utf8"),
            answers: !screen && !matches!(term.as_str(), "linux" | "cons25" | "vt52" | "eterm"),
            dumb: matches!(term.as_str(), "" | "dumb"),
            hint: hint(&text("COLORFGBG")),
        }
    }

    /// Whether the locale is UTF-8.
    #[must_use]
    pub fn unicode(self) -> bool {
        self.unicode
    }

    /// Whether nothing can be drawn on it.
    #[must_use]
    pub fn dumb(self) -> bool {
        self.dumb
    }

    /// Whether the terminal is to be asked what is behind its text.
    #[must_use]
    pub fn asks(self, looks: ThemeSettings) -> bool {
        let depends = match looks.theme {
            ThemeChoice::Auto => !self.no_color,
            ThemeChoice::Contrast => true,
            ThemeChoice::Dark | ThemeChoice::Light | ThemeChoice::None => false,
        };
        depends && self.depth(looks) != Depth::Sixteen && self.answers
    }

    fn depth(self, looks: ThemeSettings) -> Depth {
        if looks.colors == Depth::Auto { self.depth } else { looks.colors }
    }

    /// The theme, with what the terminal told of its background, if it did.
    #[must_use]
    pub fn theme(self, looks: ThemeSettings, told: Option<Background>) -> Theme {
        let background = match looks.theme {
            ThemeChoice::Dark => Some(Background::Dark),
            ThemeChoice::Light => Some(Background::Light),
            ThemeChoice::Auto | ThemeChoice::Contrast | ThemeChoice::None => told.or(self.hint),
        };
        let contrast = looks.theme == ThemeChoice::Contrast;
        // Whoever names a theme wants its colours, whatever NO_COLOR says for all programs.
        let colours = looks.theme != ThemeChoice::None
            && !(looks.theme == ThemeChoice::Auto && self.no_color);
        let depth = self.depth(looks);
        let theme = match (background, colours) {
            (_, false) => Theme::colourless(),
            // The terminal's own sixteen are as strong as their owner made them.
            _ if contrast && depth == Depth::Sixteen => Theme::plain_contrast(),
            _ if depth == Depth::Sixteen => Theme::sixteen(),
            (Some(background), _) => {
                Palette::for_background(background, contrast).theme(depth == Depth::Indexed)
            }
            // On what nothing is known of, the terminal's own colours are those that can be read.
            (None, _) if contrast => Theme::plain_contrast(),
            (None, _) => Theme::sixteen(),
        };
        Theme {
            ascii: match looks.marks {
                Marks::Auto => !self.unicode,
                Marks::Unicode => false,
                Marks::Ascii => true,
            },
            plain: looks.plain,
            faint: if looks.plain { ratatui::style::Style::new() } else { theme.faint },
            ..theme
        }
    }
}

/// rxvt and Konsole: `15;0`, `0;default;15`, the last of them the background.
fn hint(text: &str) -> Option<Background> {
    let number: u8 = text.rsplit(';').next()?.parse().ok()?;
    match number {
        0..=6 | 8 => Some(Background::Dark),
        7 | 9..=15 => Some(Background::Light),
        _ => None,
    }
}
