//! The colours themselves, and what becomes of them where there are fewer.

use ratatui::style::{Color, Modifier, Style};

use super::{Background, Theme};

/// Red, green and blue.
pub(super) type Rgb = (u8, u8, u8);

/// The colours of a theme. The text and what is behind it stay the terminal's own.
pub(super) struct Palette {
    /// No text: it may be as faint as it likes.
    pub line: Rgb,
    pub faint: Rgb,
    pub accent: Rgb,
    pub bad: Rgb,
    /// Whether the selected row is reversed, and nothing is only a little different.
    pub contrast: bool,
}

pub(super) const DARK: Palette = Palette {
    line: (0x4a, 0x52, 0x5f),
    faint: (0x8f, 0x98, 0xa8),
    accent: (0x56, 0xc8, 0xd8),
    bad: (0xf2, 0x7a, 0x80),
    contrast: false,
};
pub(super) const LIGHT: Palette = Palette {
    line: (0xc2, 0xc6, 0xcd),
    faint: (0x62, 0x69, 0x77),
    accent: (0x0a, 0x68, 0x7a),
    bad: (0xb8, 0x24, 0x2a),
    contrast: false,
};
pub(super) const CONTRAST_DARK: Palette = Palette {
    line: (0xe0, 0xe4, 0xea),
    faint: (0xe0, 0xe4, 0xea),
    accent: (0x7d, 0xf0, 0xff),
    bad: (0xff, 0xb0, 0xb0),
    contrast: true,
};
pub(super) const CONTRAST_LIGHT: Palette = Palette {
    line: (0x2e, 0x33, 0x3b),
    faint: (0x2e, 0x33, 0x3b),
    accent: (0x00, 0x2b, 0x66),
    bad: (0x7d, 0x00, 0x0a),
    contrast: true,
};

impl Palette {
    /// The one for a background, of high contrast or not.
    pub(super) fn for_background(background: Background, contrast: bool) -> &'static Self {
        match (background, contrast) {
            (Background::Dark, false) => &DARK,
            (Background::Light, false) => &LIGHT,
            (Background::Dark, true) => &CONTRAST_DARK,
            (Background::Light, true) => &CONTRAST_LIGHT,
        }
    }

    /// As styles, of true colours or of the nearest of the 256.
    pub(super) fn theme(&self, indexed: bool) -> Theme {
        let color = |rgb: Rgb| match (indexed, rgb) {
            (true, _) => Color::Indexed(nearest(rgb)),
            (false, (red, green, blue)) => Color::Rgb(red, green, blue),
        };
        let strong = Style::new().add_modifier(Modifier::BOLD);
        let accent = Style::new().fg(color(self.accent));
        let weight = if self.contrast { Modifier::BOLD } else { Modifier::empty() };
        Theme {
            line: Style::new().fg(color(self.line)),
            faint: Style::new().fg(color(self.faint)),
            strong,
            accent: accent.add_modifier(weight),
            bad: Style::new().fg(color(self.bad)).add_modifier(weight),
            selected: if self.contrast {
                accent.add_modifier(Modifier::BOLD | Modifier::REVERSED)
            } else {
                accent.add_modifier(Modifier::BOLD)
            },
            ascii: false,
            plain: false,
        }
    }
}

/// The six steps of each colour in xterm's cube.
const STEPS: [u8; 6] = [0, 95, 135, 175, 215, 255];

/// What xterm's 256 colours are, from the 17th on. Those before are whatever their owner made of them.
pub(super) fn indexed(index: u8) -> Rgb {
    if let Some(grey) = index.checked_sub(232) {
        let level = 8 + 10 * grey;
        return (level, level, level);
    }
    let at = index.saturating_sub(16);
    let step = |divisor: u8| STEPS[usize::from(at / divisor % 6)];
    (step(36), step(6), step(1))
}

/// The one of xterm's 256 that is nearest.
pub(super) fn nearest(rgb: Rgb) -> u8 {
    let distance = |index: &u8| {
        let other = indexed(*index);
        let square = |a: u8, b: u8| u32::from(a.abs_diff(b)).pow(2);
        square(rgb.0, other.0) + square(rgb.1, other.1) + square(rgb.2, other.2)
    };
    (16..=255).min_by_key(distance).unwrap_or(255)
}

/// How much light a colour gives, as WCAG 2 has it: from 0 to 1.
pub(super) fn luminance((red, green, blue): Rgb) -> f32 {
    let linear = |channel: u8| {
        let value = f32::from(channel) / 255.0;
        if value <= 0.04045 { value / 12.92 } else { ((value + 0.055) / 1.055).powf(2.4) }
    };
    0.2126 * linear(red) + 0.7152 * linear(green) + 0.0722 * linear(blue)
}
