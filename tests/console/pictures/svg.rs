//! Screens of a terminal as SVG: one, or several after each other.

use std::{collections::BTreeMap, fmt::Write as _};

use unicode_width::UnicodeWidthStr;
use vt100::Color;

const WIDTH: f32 = 8.4;
const HEIGHT: f32 = 19.0;
const MARGIN: f32 = 16.0;

/// What a terminal of this kind is coloured.
#[derive(Clone, Copy)]
pub struct Paper {
    pub background: &'static str,
    pub text: &'static str,
}

pub const DARK: Paper = Paper { background: "#16181d", text: "#d7dae0" };
pub const LIGHT: Paper = Paper { background: "#fbfaf7", text: "#23262d" };

/// One cell that something begins in.
#[derive(Clone, Debug, PartialEq)]
pub struct Cell {
    pub symbol: String,
    color: Color,
    bold: bool,
    dim: bool,
    inverse: bool,
}

/// A screen at one moment.
#[derive(Clone)]
pub struct Picture {
    /// Each cell of each row; the second one of a wide character is empty.
    pub rows: Vec<Vec<Cell>>,
    pub cursor: Option<(u16, u16)>,
}

impl Picture {
    pub fn of(screen: &vt100::Screen) -> Self {
        let (rows, columns) = screen.size();
        let cell = |row, column| {
            let cell = screen.cell(row, column).expect("a cell of the screen");
            let symbol = match cell.contents() {
                "" if cell.is_wide_continuation() => "",
                "" => " ",
                contents => contents,
            };
            Cell {
                symbol: symbol.to_owned(),
                color: cell.fgcolor(),
                bold: cell.bold(),
                dim: cell.dim(),
                inverse: cell.inverse(),
            }
        };
        let row = |row| (0..columns).map(|column| cell(row, column)).collect();
        let (y, x) = screen.cursor_position();
        let cursor = (!screen.hide_cursor()).then_some((x, y));
        Self { rows: (0..rows).map(row).collect(), cursor }
    }

    fn size(&self) -> (f32, f32) {
        let columns = self.rows.first().map_or(0, Vec::len);
        (at(columns, WIDTH) + MARGIN, at(self.rows.len(), HEIGHT) + MARGIN)
    }
}

fn at(cells: usize, size: f32) -> f32 {
    f32::from(u16::try_from(cells).unwrap_or(u16::MAX)).mul_add(size, MARGIN)
}

fn head(width: f32, height: f32, paper: Paper) -> String {
    format!(
        "<svg xmlns=\"http://www.w3.org/2000/svg\" viewBox=\"0 0 {width:.0} {height:.0}\" \
         font-family=\"ui-monospace, 'SF Mono', 'Cascadia Mono', Menlo, Consolas, 'DejaVu Sans Mono', \
         monospace\" font-size=\"14\" fill=\"{}\" xml:space=\"preserve\">\n\
         <rect width=\"100%\" height=\"100%\" rx=\"8\" fill=\"{}\"/>\n",
        paper.text, paper.background
    )
}

/// One screen.
pub fn still(picture: &Picture, paper: Paper) -> String {
    let (width, height) = picture.size();
    let mut out = head(width, height, paper);
    for (y, row) in picture.rows.iter().enumerate() {
        out.push_str(&drawn(row, at(y, HEIGHT), paper));
    }
    out.push_str(&cursor(picture, paper));
    out.push_str("</svg>\n");
    out
}

/// Several after each other, for ever: each with the words below it, and for how many seconds. Whoever
/// does not want things to move sees the first.
pub fn moving(frames: &[(Picture, String, f32)], paper: Paper) -> String {
    let (width, height) = frames.first().map_or((0.0, 0.0), |(picture, ..)| picture.size());
    let mut out = head(width, height + 2.0 * HEIGHT, paper);
    let whole: f32 = frames.iter().map(|(.., seconds)| seconds).sum();
    let mut style = String::from("<style>.f{visibility:hidden}#f0{visibility:visible}\n");
    let mut from = 0.0;
    for (number, (.., seconds)) in frames.iter().enumerate() {
        let share = |seconds: f32| seconds / whole * 100.0;
        let (begin, end) = (share(from), share(from + seconds));
        let before = if number == 0 { "" } else { "0%{visibility:hidden}" };
        let _ = writeln!(
            style,
            "@keyframes k{number}{{{before}{begin:.2}%{{visibility:visible}}{end:.2}%{{visibility:hidden}}\
             100%{{visibility:hidden}}}}#f{number}{{animation:k{number} {whole:.1}s step-end infinite}}"
        );
        from += seconds;
    }
    style.push_str(
        "@media (prefers-reduced-motion: reduce){.f{animation:none!important}}</style>\n",
    );
    out.push_str(&style);
    // Most rows are the same on many screens: each is drawn once.
    let mut rows: BTreeMap<String, usize> = BTreeMap::new();
    let mut defined = String::from("<defs>\n");
    let mut shown = String::new();
    for (number, (picture, words, _)) in frames.iter().enumerate() {
        let _ = write!(shown, "<g class=\"f\" id=\"f{number}\">");
        for (y, row) in picture.rows.iter().enumerate() {
            let svg = drawn(row, 0.0, paper);
            if svg.is_empty() {
                continue;
            }
            let known = rows.len();
            let row = *rows.entry(svg.clone()).or_insert_with(|| {
                let _ = write!(defined, "<g id=\"r{known}\">\n{svg}</g>\n");
                known
            });
            let _ = write!(shown, "<use href=\"#r{row}\" y=\"{:.0}\"/>", at(y, HEIGHT));
        }
        shown.push_str(&cursor(picture, paper));
        let base = height + HEIGHT;
        let words = safe(words);
        let _ = writeln!(
            shown,
            "<text x=\"{:.0}\" y=\"{base:.0}\" text-anchor=\"middle\" opacity=\"0.8\">{words}</text></g>",
            width / 2.0
        );
    }
    defined.push_str("</defs>\n");
    out + &defined + &shown + "</svg>\n"
}

fn cursor(picture: &Picture, paper: Paper) -> String {
    let Some((x, y)) = picture.cursor else { return String::new() };
    let (x, y) = (at(x.into(), WIDTH), at(y.into(), HEIGHT) + 1.0);
    format!(
        "<rect x=\"{x:.1}\" y=\"{y:.1}\" width=\"{WIDTH}\" height=\"17\" fill=\"{}\"/>\n",
        paper.text
    )
}

fn safe(text: &str) -> String {
    text.replace('&', "&amp;").replace('<', "&lt;").replace('>', "&gt;")
}

fn rule(symbol: &str) -> bool {
    "─━│┬┴▌▏".contains(symbol)
}

/// One row whose upper edge is there.
fn drawn(row: &[Cell], top: f32, paper: Paper) -> String {
    let mut out = String::new();
    let mut from = 0;
    while from < row.len() {
        let cell = &row[from];
        let wide = cell.symbol.width() > 1;
        let mut to = from + cell.symbol.width().max(1);
        // Ends stay where they are whatever font is there: a run is as wide as its cells.
        let runs_on = |next: &Cell| {
            let alike = (next.color, next.bold, next.dim, next.inverse)
                == (cell.color, cell.bold, cell.dim, cell.inverse);
            let rules = rule(&cell.symbol) || rule(&next.symbol);
            alike && next.symbol.width() == 1 && (!rules || next.symbol == cell.symbol)
        };
        while !wide && to < row.len() && runs_on(&row[to]) {
            to += 1;
        }
        run(&mut out, row, from, to.min(row.len()), top, paper);
        from = to;
    }
    out
}

fn run(out: &mut String, row: &[Cell], from: usize, to: usize, top: f32, paper: Paper) {
    let cell = &row[from];
    let own = match cell.color {
        Color::Rgb(red, green, blue) => format!("#{red:02x}{green:02x}{blue:02x}"),
        Color::Default => paper.text.to_owned(),
        Color::Idx(index) => panic!("a picture of one of the 16 colours: {index}"),
    };
    let (left, right) = (at(from, WIDTH), at(to, WIDTH));
    let bottom = top + HEIGHT;
    let color = if cell.inverse {
        let (width, height) = (right - left, HEIGHT);
        let _ = writeln!(
            out,
            "<rect x=\"{left:.1}\" y=\"{top:.1}\" width=\"{width:.1}\" height=\"{height}\" fill=\"{own}\"/>"
        );
        paper.background.to_owned()
    } else {
        own
    };
    let text: String = row[from..to].iter().map(|cell| cell.symbol.as_str()).collect();
    if text.trim().is_empty() {
        return;
    }
    let faint = if cell.dim { " opacity=\"0.5\"" } else { "" };
    let (across, down) = (f32::midpoint(left, right), f32::midpoint(top, bottom));
    let mut line = |path: String, thick: f32| {
        let _ = writeln!(
            out,
            "<path d=\"{path}\" stroke=\"{color}\" stroke-width=\"{thick}\"{faint}/>"
        );
    };
    let level = format!("M{left:.1} {down:.1}H{right:.1}");
    match cell.symbol.as_str() {
        "─" => line(level, 1.0),
        "━" => line(level, 2.0),
        "│" => line(format!("M{across:.1} {top:.1}V{bottom:.1}"), 1.0),
        "┬" => line(format!("{level}M{across:.1} {down:.1}V{bottom:.1}"), 1.0),
        "┴" => line(format!("{level}M{across:.1} {top:.1}V{down:.1}"), 1.0),
        "▏" => line(format!("M{:.1} {:.1}V{:.1}", left + 1.5, top + 1.0, bottom - 1.0), 1.5),
        "▌" => line(format!("M{:.1} {top:.1}V{bottom:.1}", left + WIDTH / 4.0), WIDTH / 2.0),
        _ => {
            let bold = if cell.bold { " font-weight=\"700\"" } else { "" };
            let fill =
                if color == paper.text { String::new() } else { format!(" fill=\"{color}\"") };
            // Blanks at the ends are not drawn, and so need not be as wide as they are.
            let blank = text.len() - text.trim_start().len();
            let text = text.trim();
            let (left, base) = (left + at(blank, WIDTH) - MARGIN, bottom - 5.0);
            let length = at(text.width(), WIDTH) - MARGIN;
            let _ = writeln!(
                out,
                "<text x=\"{left:.1}\" y=\"{base:.1}\" textLength=\"{length:.1}\" \
                 lengthAdjust=\"spacingAndGlyphs\"{fill}{faint}{bold}>{}</text>",
                safe(text)
            );
        }
    }
}
