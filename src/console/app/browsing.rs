//! What commands do in list and details, where nothing is above them.

use super::{
    App, Arrival, Effect, Extent, Form, Layer, Notice, OrgAction, Pane, Select, Severity, Tab,
};
use crate::{
    console::layout,
    keymap::{Column, Command, Motion, Place},
    store::PageAt,
};

/// By how many columns a key moves the line between list and details.
const DIVIDER_STEP: i16 = 4;

impl App {
    pub(super) fn browse(&mut self, command: Command) -> Vec<Effect> {
        if let Some(refused) = self.read_only().filter(|_| command.writes()) {
            // Refuse before a form is filled in, not after.
            self.say(Severity::Error, refused);
            return Vec::new();
        }
        if command.operation().is_some() || command == Command::Copy {
            self.list.keep_range();
        }
        self.ask_about_selection(command).unwrap_or_else(|| self.browse_one(command))
    }

    /// The same, where nothing else is to be said about it first.
    fn browse_one(&mut self, command: Command) -> Vec<Effect> {
        match command {
            Command::Select
            | Command::SelectRange
            | Command::Extend(_)
            | Command::SelectAll
            | Command::InvertSelection => {
                self.select_by(command);
                Vec::new()
            }
            Command::Filter => self.begin_filter(),
            Command::Accept => {
                self.list.filtering = false;
                self.take_nearest()
            }
            Command::Sort | Command::Reverse => {
                if command == Command::Sort {
                    self.list.sort_by_next();
                } else {
                    self.list.sort.descending = !self.list.sort.descending;
                }
                self.resort()
            }
            Command::Open if self.list.rows.is_empty() => self.take_nearest(),
            Command::Open => self.open(),
            Command::NextPane => {
                self.pane = match self.pane {
                    Pane::List if self.list.selected().is_some() => Pane::Detail,
                    Pane::List | Pane::Detail => Pane::List,
                };
                Vec::new()
            }
            Command::NarrowList => self.move_divider(-DIVIDER_STEP),
            Command::WidenList => self.move_divider(DIVIDER_STEP),
            Command::ToggleColumn(column) => self.toggle_column(column),
            Command::NextTab => self.turn_to(self.detail.tab.moved(1)),
            Command::PreviousTab => self.turn_to(self.detail.tab.moved(Tab::ALL.len() - 1)),
            Command::AddAdmin => self.add_admin(),
            Command::EditAdmin => self.edit_admin(),
            Command::Transfer => self.transfer(),
            Command::RemoveAdmin => self.ask_about_admin(OrgAction::RemoveAdmin),
            Command::IssueCode => self.ask_about_admin(OrgAction::IssueCode),
            Command::New => {
                self.layers.push(Layer::Form(Form::new()));
                Vec::new()
            }
            Command::Edit => self.edit_chosen(),
            Command::Trash => self.ask(OrgAction::Trash),
            Command::Delete => self.ask(OrgAction::Delete),
            Command::Purge => self.ask(OrgAction::Purge),
            Command::Restore => self.do_at_once(OrgAction::Restore),
            Command::Suspend => self.suspend_or_reactivate(),
            Command::Export => self.ask_to_export(),
            Command::Upgrade => {
                self.ask_to_upgrade();
                Vec::new()
            }
            Command::ToggleTrash => self.switch_scope(),
            Command::Login => self.log_in_or_out(),
            Command::SecondFactor => self.begin_second_factor(),
            Command::Undo => self.undo_last(),
            Command::Copy => self.ask_what_to_copy(),
            Command::CopyAdmin => self.copy_admin(),
            Command::Mouse => self.give_or_take_mouse(),
            Command::Refresh => self.refresh(),
            Command::AuditLog => self.show_audit_log(),
            Command::Dashboard => self.show_dashboard(),
            Command::BrowseDocuments => self.browse_documents(),
            Command::Move(motion) => self.go(motion),
            // What works everywhere is done already; the rest is of what lies above.
            Command::Retry
            | Command::NextField
            | Command::PreviousField
            | Command::Submit
            | Command::Confirm
            | Command::Generate
            | Command::Reveal
            | Command::UseCode
            | Command::ExportFirst
            | Command::Help
            | Command::Manual
            | Command::Palette
            | Command::Run
            | Command::CopyPart(_)
            | Command::CopyCode
            | Command::SendCode
            | Command::CopyPassword
            | Command::Log
            | Command::CopyEntry
            | Command::Document(_)
            | Command::Jobs
            | Command::CancelJob
            | Command::Back
            | Command::Redraw
            | Command::Shell
            | Command::Quit => Vec::new(),
        }
    }

    /// Types in the filter of the documents, where these show, or else of the list.
    fn begin_filter(&mut self) -> Vec<Effect> {
        if self.focus() == Place::Documents {
            return self.filter_all_documents();
        }
        self.list.filtering = true;
        self.pane = Pane::List;
        Vec::new()
    }

    fn edit_chosen(&mut self) -> Vec<Effect> {
        if let Some(form) = self.chosen().map(Form::edit) {
            self.layers.push(Layer::Form(form));
        }
        Vec::new()
    }

    /// Moves the line between list and details by some columns.
    fn move_divider(&mut self, by: i16) -> Vec<Effect> {
        let Some(divider) = self.areas().map(|areas| areas.divider).filter(|line| line.width > 0)
        else {
            let what =
                format!("list and details share the screen from {} columns on", layout::WIDE);
            self.say(Severity::Warning, Notice::plain(what));
            return Vec::new();
        };
        self.kept.divider = Some(divider.x.saturating_add_signed(by));
        Vec::new()
    }

    /// Hides a column of the list that shows, and shows one that does not, where there is room.
    fn toggle_column(&mut self, column: Column) -> Vec<Effect> {
        let (word, list) = (column.word(), self.areas().map_or(0, |areas| areas.list.width));
        if self.columns(list).shows(column) {
            if Column::SIZES.contains(&column) {
                self.kept.shown.retain(|shown| *shown != column);
            } else {
                self.kept.hidden.push(column);
            }
            let help = format!("{} shows it again", self.keymap.how(Command::ToggleColumn(column)));
            let what = format!("the {word} column is hidden");
            self.say(Severity::Success, Notice { what, help });
            return Vec::new();
        }
        self.kept.hidden.retain(|hidden| *hidden != column);
        if Column::SIZES.contains(&column) && !self.kept.shown.contains(&column) {
            self.kept.shown.push(column);
        }
        if !self.columns(list).shows(column) {
            let needed = (list..=u16::MAX).find(|width| self.columns(*width).shows(column));
            let what = match needed {
                Some(needed) => format!(
                    "the {word} column shows in a list of {needed} columns or more; this one has {list}"
                ),
                None => format!("the {word} column does not show here"),
            };
            self.say(Severity::Warning, Notice::plain(what));
        }
        Vec::new()
    }

    /// Opens the organization under the cursor. Where its details did not show beside the list, that is the
    /// overview, where all that can be done to it works; beside the list it is the tab that shows.
    pub(super) fn open(&mut self) -> Vec<Effect> {
        if self.list.selected().is_none() {
            return Vec::new();
        }
        let shows = self.areas().is_some_and(|areas| areas.detail.area() > 0);
        self.pane = Pane::Detail;
        if shows { Vec::new() } else { self.turn_to(Tab::Overview) }
    }

    /// Moves in list or details; to an end of the list that is not loaded, that is read.
    fn go(&mut self, motion: Motion) -> Vec<Effect> {
        let list = self.pane == Pane::List;
        let (arrival, at, more) = match motion {
            Motion::First => (Select::First, PageAt::First, list && self.list.more_before),
            Motion::Last => (Select::Last, PageAt::Last, list && self.list.more_after),
            Motion::Down | Motion::Up | Motion::PageDown | Motion::PageUp => {
                (Select::First, PageAt::First, false)
            }
        };
        if more && self.list.range.is_some() {
            self.say_range_ends();
        } else if more {
            return self.load(Arrival::Replace(arrival), at);
        } else {
            self.move_in_pane(motion);
        }
        Vec::new()
    }

    pub(super) fn move_in_pane(&mut self, motion: Motion) {
        let Some(areas) = self.areas() else { return };
        if self.pane == Pane::List {
            self.list.release_range();
            self.list.move_by(self.steps(motion, areas.list_rows()));
        } else {
            let Extent { rows, last, .. } = self.drawn.extent(self.detail.tab);
            let steps = self.steps(motion, rows);
            if self.detail.tab == Tab::Admins {
                let admins = self.detail.admins.as_ref().map_or(0, Vec::len);
                let last = admins.saturating_sub(1);
                let selected = self.detail.selected();
                self.detail.selected = selected.saturating_add_signed(steps).min(last);
            } else {
                self.drawn.turned |= motion.turns_page();
                let scroll = self.detail.scroll.min(last);
                self.detail.scroll = scroll.saturating_add_signed(steps).min(last);
            }
        }
    }

    pub(super) fn give_or_take_mouse(&mut self) -> Vec<Effect> {
        self.mouse = !self.mouse;
        let said = if self.mouse {
            "mouse on: click, double-click, scroll, drag the divider"
        } else {
            "mouse off: the terminal selects text"
        };
        self.say(Severity::Success, Notice::plain(said));
        vec![Effect::Mouse(self.mouse)]
    }
}
