//! What can be read on what, and which theme comes of which surroundings.

use super::{
    palette::{
        CONTRAST_DARK, CONTRAST_LIGHT, DARK, LIGHT, Palette, Rgb, indexed, luminance, nearest,
    },
    *,
};

/// Black, Catppuccin, One Dark, Solarized dark, Gruvbox dark.
const DARK_ONES: [Rgb; 5] = [(0, 0, 0), (30, 30, 46), (40, 44, 52), (0, 43, 54), (40, 40, 40)];
/// White, Solarized light, xterm's old grey, Gruvbox light.
const LIGHT_ONES: [Rgb; 4] = [(255, 255, 255), (253, 246, 227), (238, 238, 238), (251, 241, 199)];

/// As WCAG 2 has it, from 1 to 21.
fn contrast(one: Rgb, other: Rgb) -> f32 {
    let (a, b) = (luminance(one), luminance(other));
    (a.max(b) + 0.05) / (a.min(b) + 0.05)
}

#[test]
fn everything_can_be_read_on_every_usual_background() {
    let check = |palette: &Palette, backgrounds: &[Rgb], least: f32| {
        for background in backgrounds {
            for color in [palette.faint, palette.accent, palette.bad] {
                for shown in [color, indexed(nearest(color))] {
                    let contrast = contrast(shown, *background);
                    assert!(contrast >= least, "{shown:?} on {background:?}: {contrast:.2}");
                }
            }
        }
    };
    check(&DARK, &DARK_ONES, 4.5);
    check(&LIGHT, &LIGHT_ONES, 4.5);
    check(&CONTRAST_DARK, &DARK_ONES, 7.0);
    check(&CONTRAST_LIGHT, &LIGHT_ONES, 7.0);
}

fn surroundings(variables: &[(&str, &str)]) -> Surroundings {
    Surroundings::new(|name| {
        variables.iter().find(|(known, _)| *known == name).map(|(_, value)| value.into())
    })
}

fn foreground(
    variables: &[(&str, &str)],
    looks: ThemeSettings,
    told: Option<Background>,
) -> Option<Color> {
    surroundings(variables).theme(looks, told).accent.fg
}

const TRUE: [(&str, &str); 2] = [("TERM", "xterm-256color"), ("COLORTERM", "truecolor")];
const INDEXED: [(&str, &str); 1] = [("TERM", "screen-256color")];
const SIXTEEN: [(&str, &str); 1] = [("TERM", "xterm")];

#[test]
fn true_colour_falls_back_to_256_and_to_the_terminals_own() {
    let auto = ThemeSettings::default();
    for (background, palette) in [(Background::Dark, &DARK), (Background::Light, &LIGHT)] {
        let (red, green, blue) = palette.accent;
        let told = Some(background);
        assert_eq!(foreground(&TRUE, auto, told), Some(Color::Rgb(red, green, blue)));
        let near = Color::Indexed(nearest(palette.accent));
        assert_eq!(foreground(&INDEXED, auto, told), Some(near));
        assert_eq!(foreground(&SIXTEEN, auto, told), Some(Color::Cyan));
        let chosen = ThemeSettings { colors: Depth::True, ..auto };
        assert_eq!(foreground(&SIXTEEN, chosen, told), Some(Color::Rgb(red, green, blue)));
        let chosen = ThemeSettings { colors: Depth::Sixteen, ..auto };
        assert_eq!(foreground(&TRUE, chosen, told), Some(Color::Cyan));
    }
    // On what nothing is known of, what its owner chose.
    assert_eq!(foreground(&TRUE, auto, None), Some(Color::Cyan));
    let hint = [TRUE[0], TRUE[1], ("COLORFGBG", "0;default;15")];
    assert_eq!(foreground(&hint, auto, None), LIGHT.theme(false).accent.fg);
}

#[test]
fn no_colour_means_none_unless_a_theme_is_named() {
    let variables = [TRUE[0], TRUE[1], ("NO_COLOR", "1")];
    let here = surroundings(&variables);
    let auto = ThemeSettings::default();
    let unicode = ThemeSettings { marks: Marks::Unicode, ..auto };
    assert_eq!(here.theme(unicode, Some(Background::Dark)), Theme::colourless());
    assert!(!here.asks(auto));
    let dark = ThemeSettings { theme: ThemeChoice::Dark, ..auto };
    assert!(here.theme(dark, None).accent.fg.is_some());
    let none = ThemeSettings { theme: ThemeChoice::None, ..unicode };
    assert_eq!(surroundings(&TRUE).theme(none, None), Theme::colourless());
    assert!(surroundings(&[TRUE[0], ("NO_COLOR", "")]).theme(unicode, None).accent.fg.is_some());
}

#[test]
fn in_high_contrast_nothing_is_faint_and_the_selection_is_reversed() {
    let wish = ThemeSettings { theme: ThemeChoice::Contrast, ..ThemeSettings::default() };
    for variables in [&TRUE[..], &INDEXED, &SIXTEEN] {
        for told in [None, Some(Background::Dark), Some(Background::Light)] {
            let theme = surroundings(variables).theme(wish, told);
            assert!(!theme.faint.add_modifier.contains(Modifier::DIM));
            assert!(theme.selected.add_modifier.contains(Modifier::REVERSED));
            assert_ne!(theme.bad, theme.faint);
        }
    }
}

#[test]
fn marks_follow_the_locale() {
    let auto = ThemeSettings::default();
    for (variables, ascii) in [
        (&[("LANG", "en_US.UTF-8")][..], false),
        (&[("LANG", "de_AT.utf8")], false),
        (&[("LC_ALL", "C"), ("LANG", "en_US.UTF-8")], true),
        (&[("LC_ALL", ""), ("LC_CTYPE", "C.UTF-8"), ("LANG", "C")], false),
        (&[("LANG", "en_US.ISO-8859-1")], true),
        (&[], true),
    ] {
        assert_eq!(surroundings(variables).theme(auto, None).ascii, ascii, "{variables:?}");
        let unicode = ThemeSettings { marks: Marks::Unicode, ..auto };
        assert!(!surroundings(variables).theme(unicode, None).ascii);
        let ascii = ThemeSettings { marks: Marks::Ascii, ..auto };
        assert!(surroundings(variables).theme(ascii, None).ascii);
    }
}

#[test]
fn only_who_can_answer_is_asked_and_only_where_it_matters() {
    let auto = ThemeSettings::default();
    assert!(surroundings(&TRUE).asks(auto));
    assert!(!surroundings(&SIXTEEN).asks(auto));
    assert!(!surroundings(&INDEXED).asks(auto), "screen drops it");
    assert!(surroundings(&[INDEXED[0], ("TMUX", "/tmp/x,1,0")]).asks(auto));
    for theme in [ThemeChoice::Dark, ThemeChoice::Light, ThemeChoice::None] {
        assert!(!surroundings(&TRUE).asks(ThemeSettings { theme, ..auto }));
    }
    assert!(surroundings(&[]).dumb() && surroundings(&[("TERM", "dumb")]).dumb());
    assert!(!surroundings(&SIXTEEN).dumb());
}
