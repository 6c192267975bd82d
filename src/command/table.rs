//! Text in aligned columns, measured as a terminal measures it.

use crate::org::{self, width};

/// What stands between two columns.
const GAP: usize = 2;
/// The width of a table if the terminal's width is unknown.
pub(super) const UNKNOWN_WIDTH: usize = 200;
/// No column is cut below this.
const LEAST: usize = 8;

/// A heading and its rows. If they are wider than `room`, the widest columns are cut.
pub(super) fn columns<const N: usize>(
    heading: &[&str; N],
    rows: &[[String; N]],
    room: usize,
) -> String {
    let mut widths = heading.map(width);
    for row in rows {
        for (wide, cell) in widths.iter_mut().zip(row) {
            *wide = width(cell).max(*wide);
        }
    }
    shrink(&mut widths, room);
    let mut text = line(heading, &widths);
    for row in rows {
        text.push_str(&line(row, &widths));
    }
    text
}

/// What something is, and below each other; whole where no `room` is given.
pub(super) fn pairs(rows: &[(&str, String)], room: Option<usize>) -> String {
    let first = rows.iter().map(|(key, _)| width(key)).max().unwrap_or(0);
    let longest = rows.iter().map(|(_, value)| width(value)).max().unwrap_or(0);
    let room = room.map_or(longest, |room| room.saturating_sub(first + GAP).max(LEAST));
    rows.iter().map(|(key, value)| line(&[*key, value.as_str()], &[first, room])).collect()
}

/// Takes from the widest, until all fit or none can give any more.
fn shrink(widths: &mut [usize], room: usize) {
    let gaps = GAP * widths.len().saturating_sub(1);
    while widths.iter().sum::<usize>() + gaps > room {
        match widths.iter_mut().max() {
            Some(widest) if *widest > LEAST => *widest -= 1,
            _ => return,
        }
    }
}

fn line<T: AsRef<str>>(cells: &[T], widths: &[usize]) -> String {
    let mut text = String::new();
    let mut owed = 0;
    for (cell, wide) in cells.iter().zip(widths) {
        let cell = org::fit(cell.as_ref(), *wide);
        text.extend(std::iter::repeat_n(' ', owed));
        owed = wide.saturating_sub(width(&cell)) + GAP;
        text.push_str(&cell);
    }
    text.push('\n');
    text
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn columns_line_up_by_width_and_lines_do_not_end_in_spaces() {
        let rows = [["北京", "a@b.cn"], ["acme", "ada@acme.com"]].map(|row| row.map(String::from));
        assert_eq!(
            columns(&["name", "admin"], &rows, UNKNOWN_WIDTH),
            "name  admin\n北京  a@b.cn\nacme  ada@acme.com\n"
        );
    }

    #[test]
    fn the_widest_column_gives_when_there_is_too_little_room() {
        let rows = [["a name that goes on and on".to_owned(), "short".to_owned()]];
        let text = columns(&["name", "admin"], &rows, 20);
        assert_eq!(text, "name           admin\na name that …  short\n");
        assert!(text.lines().all(|line| org::width(line) <= 20));
    }

    #[test]
    fn where_the_width_is_unknown_one_long_name_does_not_stretch_every_line() {
        let names = ["x".repeat(3000), "acme".to_owned()];
        let rows = names.map(|name| [name, "ada@acme.com".to_owned()]);
        let text = columns(&["name", "admin"], &rows, UNKNOWN_WIDTH);
        assert!(text.lines().all(|line| org::width(line) <= UNKNOWN_WIDTH), "{text}");
        let text = pairs(&[("name", "x".repeat(3000))], Some(UNKNOWN_WIDTH));
        assert!(text.lines().all(|line| org::width(line) <= UNKNOWN_WIDTH), "{text}");
    }

    #[test]
    fn a_character_of_several_parts_is_cut_whole_and_counted_once() {
        let rows = [["👩‍👩‍👧‍👦 and their children".to_owned()], ["e\u{301}".repeat(12)]];
        let text = columns(&["name"], &rows, 8);
        assert_eq!(text, format!("name\n👩‍👩‍👧‍👦 and …\n{}…\n", "e\u{301}".repeat(7)));
    }
}
