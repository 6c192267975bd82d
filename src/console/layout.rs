//! Where things are on a screen of a given size. State needs it to know how far a screen scrolls, the
//! view to draw; it is the same arithmetic, once.

use ratatui::layout::Rect;

/// From this width on, list and details stand side by side.
pub const WIDE: u16 = 100;
/// The smallest screen that anything but a sentence fits on.
pub const LEAST: (u16, u16) = (40, 10);

/// The parts of the screen.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Areas {
    /// The title bar.
    pub title: Rect,
    /// The rule below it.
    pub rule: Rect,
    /// The list with its filter line and header; empty when only the details show.
    pub list: Rect,
    /// The line between list and details; empty when only one shows.
    pub divider: Rect,
    /// The details; empty when only the list shows.
    pub detail: Rect,
    /// The rule above the bottom.
    pub lower_rule: Rect,
    /// What is said; empty when nothing is.
    pub notice: Rect,
    /// Session and keys.
    pub footer: Rect,
}

/// The parts of a screen of `width` by `height`; none when it is too small. `detail_focused` decides
/// what shows where only one fits; `notice` is how many lines are said; `split` is the column that
/// somebody wants the two parted at; `whole` shows only one of them, however wide it is.
#[must_use]
pub fn areas(
    (width, height): (u16, u16),
    detail_focused: bool,
    notice: u16,
    split: Option<u16>,
    whole: bool,
) -> Option<Areas> {
    if width < LEAST.0 || height < LEAST.1 {
        return None;
    }
    let row = |y, rows| Rect::new(0, y, width, rows);
    let notice = notice.min(height - LEAST.1 + 2);
    let body_height = height - 4 - notice;
    let body = row(2, body_height);
    let (list, divider, detail) = if width >= WIDE && !whole {
        // Half: a name and an e-mail want as much room as what is said about them.
        let list_width = split.unwrap_or((width / 2).min(100)).clamp(LEAST.0, width - LEAST.0 - 2);
        let list = Rect { width: list_width, ..body };
        let divider = Rect { x: list_width, width: 1, ..body };
        let detail = Rect { x: list_width + 2, width: width - list_width - 2, ..body };
        (list, divider, detail)
    } else if detail_focused {
        (Rect::ZERO, Rect::ZERO, Rect { x: 1, width: width - 1, ..body })
    } else {
        (body, Rect::ZERO, Rect::ZERO)
    };
    Some(Areas {
        title: row(0, 1),
        rule: row(1, 1),
        list,
        divider,
        detail,
        lower_rule: row(2 + body_height, 1),
        notice: row(3 + body_height, notice),
        footer: row(height - 1, 1),
    })
}

/// How many columns of a screen of `width` what is said at the bottom takes: all but its mark and the
/// margins.
#[must_use]
pub fn notice_width(width: u16) -> usize {
    usize::from(width.saturating_sub(4))
}

impl Areas {
    /// How many organizations the list shows at once: all but its filter line and its header.
    #[must_use]
    pub fn list_rows(&self) -> usize {
        usize::from(self.list.height.saturating_sub(2))
    }

    /// How many lines of a tab the details show at once: all but the name, the tabs and the rule.
    #[must_use]
    pub fn detail_rows(&self) -> usize {
        usize::from(self.detail.height.saturating_sub(3))
    }

    /// Where what is on top is drawn: in the place of the details, or of the list where only that shows.
    #[must_use]
    pub fn layer(&self) -> Rect {
        if self.detail.area() > 0 {
            return self.detail;
        }
        Rect { x: self.list.x + 1, width: self.list.width.saturating_sub(1), ..self.list }
    }

    /// How many lines of the help show at once: all but its heading and the rule.
    #[must_use]
    pub fn help_rows(&self) -> usize {
        usize::from(self.layer().height.saturating_sub(2))
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn every_part_lies_on_the_screen_and_none_on_another() {
        for width in [40, 80, 99, 100, 120, 300] {
            for height in [10, 24, 60] {
                for focused in [false, true] {
                    for (notice, split) in [(0, None), (1, Some(0)), (2, Some(60)), (20, Some(999))]
                    {
                        let a =
                            areas((width, height), focused, notice, split, focused && notice == 2)
                                .unwrap();
                        let screen = Rect::new(0, 0, width, height);
                        let all = [
                            a.title,
                            a.rule,
                            a.list,
                            a.divider,
                            a.detail,
                            a.lower_rule,
                            a.notice,
                            a.footer,
                        ];
                        for (at, part) in all.iter().enumerate() {
                            assert_eq!(part.intersection(screen), *part, "{part:?} in {screen:?}");
                            for other in &all[at + 1..] {
                                assert_eq!(
                                    part.intersection(*other).area(),
                                    0,
                                    "{part:?} {other:?}"
                                );
                            }
                        }
                    }
                }
            }
        }
    }

    #[test]
    fn a_tiny_screen_has_no_parts() {
        assert_eq!(areas((39, 24), false, 0, None, false), None);
        assert_eq!(areas((80, 9), false, 0, None, false), None);
        assert_eq!(areas((0, 0), true, 9, None, false), None);
    }
}
