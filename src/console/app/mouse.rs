//! What the mouse does: whatever is clicked is where the keys go, a second click opens it.

use std::time::{Duration, SystemTime};

use crossterm::event::{KeyModifiers, MouseButton, MouseEvent, MouseEventKind};

use super::{App, Effect, Help, HitTarget, Layer, Manual, Pane};
use crate::keymap::{Command, DocumentCommand, Motion, Place};

/// How soon a second click makes a double-click of the first.
const DOUBLE: Duration = Duration::from_millis(500);
/// How many lines a notch of the wheel is.
const NOTCH: usize = 3;

/// What the mouse has begun.
#[derive(Debug, Default)]
pub struct Pointer {
    /// What was clicked last, and when.
    clicked: Option<(HitTarget, SystemTime)>,
    /// Whether the line between list and details is being dragged.
    dragging: bool,
}

impl App {
    pub(super) fn mouse(&mut self, event: MouseEvent) -> Vec<Effect> {
        if !self.mouse {
            // What the terminal had sent before it was told.
            return Vec::new();
        }
        let target = self.pointed_at(event.column, event.row);
        self.list.owed = 0;
        self.list.to_select = 0;
        match event.kind {
            MouseEventKind::ScrollDown => self.wheel(target, Motion::Down),
            MouseEventKind::ScrollUp => self.wheel(target, Motion::Up),
            MouseEventKind::Down(MouseButton::Left) => {
                let Some(target) = target else { return Vec::new() };
                if event.modifiers.contains(KeyModifiers::SHIFT) && self.layers.is_empty() {
                    return self.shift_click(target);
                }
                let before = self.pointer.clicked.replace((target, self.now));
                let again = before.is_some_and(|(last, at)| {
                    last == target && self.now.duration_since(at).is_ok_and(|since| since < DOUBLE)
                });
                if again {
                    self.pointer.clicked = None;
                }
                self.click(target, again)
            }
            MouseEventKind::Drag(MouseButton::Left) if self.pointer.dragging => {
                self.kept.divider = Some(event.column);
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
    fn wheel(&mut self, target: Option<HitTarget>, motion: Motion) -> Vec<Effect> {
        let pane = match target {
            Some(
                HitTarget::Row(_) | HitTarget::List | HitTarget::Filter | HitTarget::Header(_),
            ) => Pane::List,
            Some(HitTarget::Detail | HitTarget::Tab(_) | HitTarget::Admin(_)) => Pane::Detail,
            Some(
                HitTarget::Layer
                | HitTarget::Choice(_)
                | HitTarget::Field(_)
                | HitTarget::Entry(_)
                | HitTarget::Document(_)
                | HitTarget::TreeRow(_)
                | HitTarget::TreeMarker(_),
            ) => {
                let place = self.focus();
                // In a form the wheel would go from field to field.
                if !matches!(
                    self.layers.last(),
                    Some(
                        Layer::Help(_)
                            | Layer::Manual(_)
                            | Layer::Log(_)
                            | Layer::Dashboard
                            | Layer::Audit(_)
                            | Layer::Documents(_)
                            | Layer::Edit(_)
                            | Layer::Jobs(_)
                            | Layer::Job(_)
                    )
                ) {
                    return Vec::new();
                }
                let scroll = Command::Move(motion);
                return (0..NOTCH).flat_map(|_| self.command(place, scroll)).collect();
            }
            Some(HitTarget::Divider | HitTarget::Hint(_) | HitTarget::Notice) | None => {
                return Vec::new();
            }
        };
        let before = std::mem::replace(&mut self.pane, pane);
        for _ in 0..NOTCH {
            self.move_in_pane(motion);
        }
        self.pane = before;
        Vec::new()
    }

    fn click(&mut self, target: HitTarget, again: bool) -> Vec<Effect> {
        let place = self.focus();
        if place == Place::Production && !matches!(target, HitTarget::Hint(_) | HitTarget::Notice) {
            return Vec::new();
        }
        match target {
            HitTarget::Hint(command) => self.command(place, command),
            HitTarget::Notice => {
                self.read();
                Vec::new()
            }
            HitTarget::Divider => {
                self.pointer.dragging = true;
                Vec::new()
            }
            HitTarget::Choice(number) => {
                if let Some(
                    Layer::Help(Help { selected, .. }) | Layer::Manual(Manual { selected, .. }),
                ) = self.layers.last_mut()
                {
                    *selected = number;
                }
                if let Some(Layer::Jobs(selected)) = self.layers.last_mut() {
                    *selected = number;
                }
                if place == Place::Dashboard {
                    self.dashboard.selected = number;
                }
                if again { self.command(place, Command::Run) } else { Vec::new() }
            }
            HitTarget::Field(number) => self.go_to_field(number),
            HitTarget::Entry(number) => {
                let opens = self.select_entry(number) && again;
                if opens { self.audit_command(Command::Open) } else { Vec::new() }
            }
            HitTarget::Document(row) => {
                let opens = self.select_document(row) && again;
                if opens { self.documents_command(Command::Open) } else { Vec::new() }
            }
            HitTarget::TreeRow(row) => {
                let opens = self.select_row(row) && again;
                if opens { self.documents_command(Command::Open) } else { Vec::new() }
            }
            HitTarget::TreeMarker(row) => {
                let toggle = Command::Document(DocumentCommand::Toggle);
                if self.select_row(row) { self.documents_command(toggle) } else { Vec::new() }
            }
            HitTarget::Layer => Vec::new(),
            HitTarget::Filter => {
                self.pane = Pane::List;
                self.list.filtering = true;
                Vec::new()
            }
            HitTarget::Row(id) => {
                if let Some(at) = self.list.rows.iter().position(|org| org.id == id) {
                    self.list.filtering = false;
                    self.pane = Pane::List;
                    self.list.release_range();
                    self.list.selected = at;
                    if again {
                        return self.open();
                    }
                }
                Vec::new()
            }
            HitTarget::Header(key) => {
                if self.list.sort.key == key {
                    self.list.sort.descending = !self.list.sort.descending;
                } else {
                    self.list.sort_by(key);
                }
                self.resort()
            }
            HitTarget::List => {
                self.pane = Pane::List;
                Vec::new()
            }
            HitTarget::Tab(tab) => {
                self.go_to_details();
                self.turn_to(tab)
            }
            HitTarget::Admin(id) => {
                self.go_to_details();
                let mut admins = self.detail.admins.iter().flatten();
                if let Some(at) = admins.position(|admin| admin.id == id) {
                    self.detail.selected = at;
                }
                Vec::new()
            }
            HitTarget::Detail => {
                self.go_to_details();
                Vec::new()
            }
        }
    }

    /// Selects all from the cursor to a row.
    fn shift_click(&mut self, target: HitTarget) -> Vec<Effect> {
        if let HitTarget::Row(id) = target
            && let Some(at) = self.list.rows.iter().position(|org| org.id == id)
        {
            self.list.filtering = false;
            self.pane = Pane::List;
            self.list.extend_range_to(at);
        }
        Vec::new()
    }

    /// Goes to a field of what is on top, as the keys would: what is left is judged.
    fn go_to_field(&mut self, number: usize) -> Vec<Effect> {
        let focus = match self.layers.last() {
            Some(Layer::Form(form)) => form.focus,
            Some(Layer::Question(question)) => question.focus,
            Some(Layer::Login(login)) => login.focus,
            Some(
                Layer::Bulk(_)
                | Layer::Upgrade
                | Layer::Code(_)
                | Layer::Help(_)
                | Layer::Copy(_)
                | Layer::Manual(_)
                | Layer::Log(_)
                | Layer::Dashboard
                | Layer::Audit(_)
                | Layer::Documents(_)
                | Layer::Edit(_)
                | Layer::Jobs(_)
                | Layer::Job(_),
            )
            | None => return Vec::new(),
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
