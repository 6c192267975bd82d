//! What the mouse does: whatever is clicked is where the keys go, a second click opens it.

use std::time::{Duration, SystemTime};

use crossterm::event::{MouseButton, MouseEvent, MouseEventKind};

use super::{App, Arrival, Effect, Layer, Pane, Select};
use crate::{
    console::view::{self, Spot},
    keymap::{Command, Place},
    store::PageAt,
};

/// How soon a second click makes a double-click of the first.
const DOUBLE: Duration = Duration::from_millis(500);
/// How many lines a notch of the wheel is.
const NOTCH: usize = 3;

/// What the mouse has begun.
#[derive(Debug, Default)]
pub struct Pointer {
    /// What was clicked last, and when.
    clicked: Option<(Spot, SystemTime)>,
    /// Whether the line between list and details is being dragged.
    dragging: bool,
}

impl App {
    pub(super) fn mouse(&mut self, event: MouseEvent) -> Vec<Effect> {
        if !self.mouse {
            // What the terminal had sent before it was told.
            return Vec::new();
        }
        let spot = view::spot(self, event.column, event.row);
        match event.kind {
            MouseEventKind::ScrollDown => self.wheel(spot, Command::Down),
            MouseEventKind::ScrollUp => self.wheel(spot, Command::Up),
            MouseEventKind::Down(MouseButton::Left) => {
                let Some(spot) = spot else { return Vec::new() };
                let before = self.pointer.clicked.replace((spot, self.now));
                let again = before.is_some_and(|(last, at)| {
                    last == spot && self.now.duration_since(at).is_ok_and(|since| since < DOUBLE)
                });
                if again {
                    self.pointer.clicked = None;
                }
                self.click(spot, again)
            }
            MouseEventKind::Drag(MouseButton::Left) if self.pointer.dragging => {
                self.split = Some(event.column);
                Vec::new()
            }
            MouseEventKind::Up(_) => {
                self.pointer.dragging = false;
                Vec::new()
            }
            _ => Vec::new(),
        }
    }

    /// Scrolls what the mouse points at, wherever the keys go.
    fn wheel(&mut self, spot: Option<Spot>, command: Command) -> Vec<Effect> {
        let pane = match spot {
            Some(Spot::Row(_) | Spot::List | Spot::Filter | Spot::Header(_)) => Pane::List,
            Some(Spot::Detail | Spot::Tab(_) | Spot::Admin(_)) => Pane::Detail,
            Some(Spot::Layer | Spot::Choice(_) | Spot::Field(_)) => {
                let place = self.focus();
                // In a form the wheel would go from field to field.
                if !matches!(self.layers.last(), Some(Layer::Help(_) | Layer::Log(_))) {
                    return Vec::new();
                }
                return (0..NOTCH).flat_map(|_| self.command(place, command)).collect();
            }
            _ => return Vec::new(),
        };
        let before = std::mem::replace(&mut self.pane, pane);
        for _ in 0..NOTCH {
            self.move_in_pane(command);
        }
        self.pane = before;
        Vec::new()
    }

    fn click(&mut self, spot: Spot, again: bool) -> Vec<Effect> {
        let place = self.focus();
        if place == Place::Production && !matches!(spot, Spot::Hint(_) | Spot::Notice) {
            return Vec::new();
        }
        match spot {
            Spot::Hint(command) => self.command(place, command),
            Spot::Notice => {
                self.read();
                Vec::new()
            }
            Spot::Divider => {
                self.pointer.dragging = true;
                Vec::new()
            }
            Spot::Choice(number) => {
                if let Some(Layer::Help(help)) = self.layers.last_mut() {
                    help.selected = number;
                }
                if again { self.command(place, Command::Run) } else { Vec::new() }
            }
            Spot::Field(number) => self.go_to_field(number),
            Spot::Layer => Vec::new(),
            Spot::Filter => {
                self.pane = Pane::List;
                self.list.filtering = true;
                Vec::new()
            }
            Spot::Row(number) => {
                self.list.filtering = false;
                self.pane = if again { Pane::Detail } else { Pane::List };
                self.list.selected = number;
                Vec::new()
            }
            Spot::Header(key) => {
                if self.list.sort.key == key {
                    self.list.sort.descending = !self.list.sort.descending;
                } else {
                    self.list.sort_by(key);
                }
                self.load(Arrival::Replace(Select::First), PageAt::First)
            }
            Spot::List => {
                self.pane = Pane::List;
                Vec::new()
            }
            Spot::Tab(tab) => {
                self.go_to_details();
                self.turn_to(tab)
            }
            Spot::Admin(number) => {
                self.go_to_details();
                self.detail.selected = number;
                Vec::new()
            }
            Spot::Detail => {
                self.go_to_details();
                Vec::new()
            }
        }
    }

    /// Goes to a field of what is on top, as the keys would: what is left is judged.
    fn go_to_field(&mut self, number: usize) -> Vec<Effect> {
        let focus = match self.layers.last() {
            Some(Layer::Form(form)) => form.focus,
            Some(Layer::Question(question)) => question.focus,
            Some(Layer::Login(login)) => login.focus,
            _ => return Vec::new(),
        };
        let by = number.cast_signed() - focus.cast_signed();
        if by == 0 { Vec::new() } else { self.leave_field(by) }
    }

    fn go_to_details(&mut self) {
        if self.list.selected().is_some() {
            self.list.filtering = false;
            self.pane = Pane::Detail;
        }
    }
}
