//! What commands do in list and details, where nothing is above them.

use super::{App, Arrival, Deed, Effect, Form, Layer, Mood, Pane, Said, Select, Tab};
use crate::{
    console::view::{self, Extent},
    keymap::Command,
    store::PageAt,
};

impl App {
    pub(super) fn browse(&mut self, command: Command) -> Vec<Effect> {
        if let Some(refused) = self.read_only().filter(|_| command.writes()) {
            // Refuse before a form is filled in, not after.
            self.say(Mood::Bad, refused);
            return Vec::new();
        }
        if self.ask_about_marked(command) {
            return Vec::new();
        }
        match command {
            Command::Mark => {
                self.mark();
                Vec::new()
            }
            Command::Filter => {
                self.list.filtering = true;
                self.pane = Pane::List;
                Vec::new()
            }
            Command::Accept => {
                self.list.filtering = false;
                Vec::new()
            }
            Command::Sort | Command::Reverse => {
                if command == Command::Sort {
                    self.list.sort_by_next();
                } else {
                    self.list.sort.descending = !self.list.sort.descending;
                }
                self.load(Arrival::Replace(Select::First), PageAt::First)
            }
            Command::Open => {
                if self.list.selected().is_some() {
                    self.pane = Pane::Detail;
                }
                Vec::new()
            }
            Command::NextPane => {
                self.pane = match self.pane {
                    Pane::List if self.list.selected().is_some() => Pane::Detail,
                    Pane::List | Pane::Detail => Pane::List,
                };
                Vec::new()
            }
            Command::NextTab => self.turn_to(self.detail.tab.moved(1)),
            Command::PreviousTab => self.turn_to(self.detail.tab.moved(Tab::ALL.len() - 1)),
            Command::AddAdmin => self.add_admin(),
            Command::EditAdmin => self.edit_admin(),
            Command::RemoveAdmin => self.ask_about_admin(Deed::RemoveAdmin),
            Command::IssueCode => self.ask_about_admin(Deed::IssueCode),
            Command::New => {
                self.layers.push(Layer::Form(Form::new()));
                Vec::new()
            }
            Command::Edit => {
                if let Some(form) = self.chosen().map(Form::edit) {
                    self.layers.push(Layer::Form(form));
                }
                Vec::new()
            }
            Command::Trash => self.ask(Deed::Trash),
            Command::Delete => self.ask(Deed::Delete),
            Command::Purge => self.ask(Deed::Purge),
            Command::Restore => self.do_at_once(Deed::Restore),
            Command::Suspend => self.suspend_or_reactivate(),
            Command::Upgrade => {
                self.ask_to_upgrade();
                Vec::new()
            }
            Command::Shelf => self.switch_shelf(),
            Command::Login => self.log_in_or_out(),
            Command::Undo => self.take_back(),
            Command::Copy => self.ask_what_to_copy(),
            Command::CopyAdmin => self.copy_admin(),
            Command::Mouse => self.give_or_take_mouse(),
            Command::Refresh => self.refresh(),
            Command::First if self.pane == Pane::List && self.list.more_before => {
                self.load(Arrival::Replace(Select::First), PageAt::First)
            }
            Command::Last if self.pane == Pane::List && self.list.more_after => {
                self.load(Arrival::Replace(Select::Last), PageAt::Last)
            }
            _ => {
                self.move_in_pane(command);
                Vec::new()
            }
        }
    }

    pub(super) fn move_in_pane(&mut self, command: Command) {
        let Some(areas) = self.areas() else { return };
        if self.pane == Pane::List {
            let screen = isize::try_from(areas.list_rows()).unwrap_or(isize::MAX);
            self.list.move_by(steps(command, screen));
        } else {
            let Extent { lines, rows, last } = view::detail_extent(self);
            let screen = isize::try_from(rows).unwrap_or(isize::MAX);
            let steps = steps(command, screen);
            if self.detail.tab == Tab::Admins {
                let last = lines.saturating_sub(1);
                let selected = self.detail.selected();
                self.detail.selected = selected.saturating_add_signed(steps).min(last);
            } else {
                self.detail.scroll = self.detail.scroll.saturating_add_signed(steps).min(last);
            }
        }
    }

    pub(super) fn log_in_or_out(&mut self) -> Vec<Effect> {
        if let Some(session) = self.session.take() {
            self.say(Mood::Good, Said::plain(format!("{} is logged out", session.admin_email)));
            return vec![Effect::Logout(session)];
        }
        if let Some(refused) = self.read_only() {
            // Attempts cannot be counted there, so logging in is impossible.
            self.say(Mood::Bad, refused);
            return Vec::new();
        }
        let usable = self.chosen().filter(|org| !org.admin_gone);
        let email = usable.map(|org| org.admin_email.clone()).unwrap_or_default();
        self.layers.push(Layer::Login(self.login_of(&email, None)));
        Vec::new()
    }

    pub(super) fn give_or_take_mouse(&mut self) -> Vec<Effect> {
        self.mouse = !self.mouse;
        let said = if self.mouse {
            "the mouse is the console's: click, double-click, turn the wheel, drag the line"
        } else {
            "the mouse is the terminal's: it selects text"
        };
        self.say(Mood::Good, Said::plain(said));
        vec![Effect::Mouse(self.mouse)]
    }
}

pub(super) fn steps(command: Command, screen: isize) -> isize {
    match command {
        Command::Down => 1,
        Command::Up => -1,
        Command::PageDown => screen,
        Command::PageUp => -screen,
        Command::First => isize::MIN,
        Command::Last => isize::MAX,
        _ => 0,
    }
}
