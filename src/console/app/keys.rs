//! What keys do: which command of the table each means here, where that is carried out, and what is typed.

use crossterm::event::{KeyCode, KeyEvent, KeyModifiers};

use super::{App, Connection, Effect, Layer, Notice, Severity};
use crate::{
    keymap::{self, Command, Motion},
    store::ListScope,
    tenancy,
};

/// What was typed before a motion.
#[derive(Debug, Default)]
pub struct Count {
    /// The digits so far.
    pub typed: Option<u32>,
    /// Whether the key before went to a row by its number.
    went_to: bool,
    /// How many times the motion is done that is being done; zero where no count was typed.
    pub(super) times: u32,
}

impl Count {
    /// More rows than this are gone to with a filter.
    const MOST: u32 = 9_999;
}

const IGNORED_PASTE: &str = "paste ignored: no text field is active";

impl App {
    pub(super) fn key(&mut self, event: KeyEvent) -> Vec<Effect> {
        let place = self.focus();
        // Esc and a key right after it arrive as one with Alt, most of all over a slow line. Where
        // text is typed, Alt is more likely meant, and leaving would lose what was typed.
        let shift = event.modifiers & KeyModifiers::SHIFT;
        if event.modifiers == KeyModifiers::ALT | shift && !place.takes_text() {
            let mut effects = self.key(KeyEvent::new(KeyCode::Esc, KeyModifiers::NONE));
            effects.extend(self.key(KeyEvent { modifiers: shift, ..event }));
            return effects;
        }
        let confirms = place == keymap::Place::Production;
        let key = (event.code, event.modifiers);
        if confirms && self.asked_by == Some(key) {
            // It is held down.
            return Vec::new();
        }
        let effects = self.take_count(place, event);
        if !confirms {
            self.asked_by = Some(key).filter(|_| self.is_to_confirm());
        }
        effects
    }

    /// Takes digits as a count for the motion that follows, as vim does.
    fn take_count(&mut self, place: keymap::Place, event: KeyEvent) -> Vec<Effect> {
        self.list.owed = 0;
        self.list.to_select = 0;
        let went_to = std::mem::take(&mut self.count.went_to);
        let before = self.count.typed.take();
        if let Some(digit) = self.keymap.digit(place, &event)
            && (digit, before) != (0, None)
        {
            let typed = before.unwrap_or(0) * 10 + digit;
            self.count.typed = Some(typed.min(Count::MOST));
            return Vec::new();
        }
        match (self.keymap.command(place, &event), before) {
            (Some(Command::Back), Some(_)) => Vec::new(),
            (Some(Command::Move(motion)), Some(count)) => self.repeat(place, motion, count),
            (Some(command @ (Command::Select | Command::Extend(_))), Some(count)) => {
                self.count.times = count;
                let effects = self.command(place, command);
                self.count.times = 0;
                effects
            }
            // The second g of 10gg.
            (Some(Command::Move(Motion::First)), None) if went_to => Vec::new(),
            (command, _) => self.meant(place, command, event),
        }
    }

    /// Moves so many times; to the top or the bottom with a count is to that row.
    fn repeat(&mut self, place: keymap::Place, motion: Motion, count: u32) -> Vec<Effect> {
        let mut effects = Vec::new();
        let (motion, times) = match motion {
            Motion::First | Motion::Last => {
                self.count.went_to = motion == Motion::First;
                effects.extend(self.command(place, Command::Move(Motion::First)));
                (Motion::Down, count.saturating_sub(1))
            }
            Motion::Down | Motion::Up | Motion::PageDown | Motion::PageUp => (motion, count),
        };
        if !effects.is_empty() {
            // The first page is on its way; the row is counted from there.
            let owed = isize::try_from(times).unwrap_or(isize::MAX);
            match self.layers.last_mut() {
                Some(Layer::Audit(audit)) => audit.owed = owed,
                Some(Layer::Documents(documents)) => documents.owed = owed,
                Some(_) | None => self.list.owed = owed,
            }
            return effects;
        }
        if times > 0 {
            self.count.times = times;
            effects.extend(self.command(place, Command::Move(motion)));
            self.count.times = 0;
        }
        effects
    }

    /// By how many lines a motion goes, where so many show at once.
    pub(super) fn steps(&self, motion: Motion, screen: usize) -> isize {
        let times = isize::try_from(self.count.times.max(1)).unwrap_or(isize::MAX);
        motion.steps(screen).saturating_mul(times)
    }

    fn meant(
        &mut self,
        place: keymap::Place,
        command: Option<Command>,
        event: KeyEvent,
    ) -> Vec<Effect> {
        match command {
            Some(command) => self.command(place, command),
            None if self.is_for_the_list(place, &event) => Vec::new(),
            None => self.typed(event),
        }
    }

    /// Whether a key means something in the list and nothing in the tab that is looked at; that is said.
    fn is_for_the_list(&mut self, place: keymap::Place, event: &KeyEvent) -> bool {
        let list = match self.list.scope {
            ListScope::Live => keymap::Place::List,
            ListScope::Trash => keymap::Place::Trash,
        };
        // What opens an organization needs no word where one is open.
        let opens = place.is_tab() && self.keymap.command(list, event) == Some(Command::Open);
        let key = self.keymap.meant(list, event).filter(|_| place.is_tab() && !opens);
        let Some(key) = key else { return opens };
        let what = format!("“{key}” does not work in the {} tab", self.detail.tab.word());
        let back = self.keymap.how_in(place, Command::Back);
        let help = format!("it acts on organizations: press {back} to go back to the list");
        self.say(Severity::Warning, Notice { what, help });
        true
    }

    /// Does what a key, the palette or the mouse asks for.
    pub(super) fn command(&mut self, place: keymap::Place, command: Command) -> Vec<Effect> {
        if matches!(self.notice, Some((Severity::Success | Severity::Warning, _))) {
            self.notice = None;
        }
        if !matches!(command, Command::Accept | Command::Submit) {
            self.no_longer_sure();
        }
        if command != Command::Back {
            self.stay();
        }
        self.quitting &= command == Command::Quit;
        match command {
            Command::Quit => self.quit(place),
            Command::Shell => vec![Effect::Shell],
            Command::Redraw => vec![Effect::Redraw],
            Command::Help => self.help(place, false),
            Command::Palette => self.help(place, true),
            Command::Manual => self.show_manual(),
            Command::Log => self.show_log(),
            Command::Jobs => self.show_jobs(),
            Command::Back if place == keymap::Place::Production => self.leave_production(),
            Command::Back => self.back(),
            Command::Confirm => self.confirm(),
            Command::Retry => match self.connection {
                Connection::Failed(_) => self.connect(),
                Connection::Opening | Connection::Ready(_) => Vec::new(),
            },
            Command::Move(_)
            | Command::Filter
            | Command::Sort
            | Command::Reverse
            | Command::Open
            | Command::NextPane
            | Command::NarrowList
            | Command::WidenList
            | Command::ToggleColumn(_)
            | Command::NextTab
            | Command::PreviousTab
            | Command::New
            | Command::Edit
            | Command::AddAdmin
            | Command::EditAdmin
            | Command::IssueCode
            | Command::RemoveAdmin
            | Command::Transfer
            | Command::UseCode
            | Command::ExportFirst
            | Command::Trash
            | Command::Delete
            | Command::Select
            | Command::SelectRange
            | Command::Extend(_)
            | Command::SelectAll
            | Command::InvertSelection
            | Command::CancelJob
            | Command::Suspend
            | Command::Export
            | Command::ToggleTrash
            | Command::Restore
            | Command::Purge
            | Command::Login
            | Command::SecondFactor
            | Command::Refresh
            | Command::NextField
            | Command::PreviousField
            | Command::Accept
            | Command::Submit
            | Command::Generate
            | Command::Reveal
            | Command::Run
            | Command::Copy
            | Command::CopyPart(_)
            | Command::CopyAdmin
            | Command::CopyCode
            | Command::SendCode
            | Command::CopyPassword
            | Command::Undo
            | Command::Upgrade
            | Command::AuditLog
            | Command::Dashboard
            | Command::BrowseDocuments
            | Command::CopyEntry
            | Command::Document(_)
            | Command::Mouse => self.command_of(place, command),
        }
    }

    /// Does what is of the place; each says what it does not know.
    fn command_of(&mut self, place: keymap::Place, command: Command) -> Vec<Effect> {
        match place {
            keymap::Place::Form | keymap::Place::Question | keymap::Place::Login => {
                self.layer_command(command)
            }
            keymap::Place::Help | keymap::Place::Palette => self.help_command(command),
            keymap::Place::Topics | keymap::Place::TopicSearch | keymap::Place::Manual => {
                self.manual_command(command)
            }
            keymap::Place::AuditLog | keymap::Place::AuditFilter | keymap::Place::AuditEntry => {
                self.audit_command(command)
            }
            keymap::Place::AllDocuments
            | keymap::Place::DocumentFilter
            | keymap::Place::OneDocument
            | keymap::Place::DocumentValue => self.documents_command(command),
            keymap::Place::DocumentEditor
            | keymap::Place::DocumentChange
            | keymap::Place::DocumentConflict => self.edit_command(command),
            keymap::Place::Copying => {
                if let Command::CopyPart(part) = command {
                    self.copy(part)
                } else {
                    Vec::new()
                }
            }
            keymap::Place::Log => {
                if let Command::Move(motion) = command {
                    self.scroll_log(motion);
                }
                Vec::new()
            }
            keymap::Place::Dashboard => self.dashboard_command(command),
            keymap::Place::Jobs | keymap::Place::Job => self.job_command(command),
            keymap::Place::Upgrade if command == Command::Accept => self.start_or_stop_upgrade(),
            keymap::Place::Code if command == Command::CopyCode => self.copy_code(),
            keymap::Place::Code if command == Command::SendCode => self.send_code(),
            keymap::Place::Unconnected
            | keymap::Place::Code
            | keymap::Place::Production
            | keymap::Place::Upgrade => Vec::new(),
            keymap::Place::List
            | keymap::Place::Filter
            | keymap::Place::Detail
            | keymap::Place::Admins
            | keymap::Place::Documents
            | keymap::Place::Activity
            | keymap::Place::Trash
            | keymap::Place::Trashed
            | keymap::Place::TrashedAdmins => self.browse(command),
        }
    }

    pub(super) fn paste(&mut self, text: &str) -> Vec<Effect> {
        if self.is_to_confirm() {
            self.say(Severity::Warning, Notice::plain(IGNORED_PASTE));
            return Vec::new();
        }
        self.no_longer_sure();
        self.stay();
        self.quitting = false;
        if self.focus() == keymap::Place::DocumentEditor {
            self.paste_in_editor(text);
            return Vec::new();
        }
        if let Some(layer) = self.layers.last_mut() {
            let searching = matches!(layer, Layer::Help(_) | Layer::Manual(_));
            let filters = matches!(layer, Layer::Audit(_));
            if let Some(field) = layer.focused() {
                field.paste(text);
                if searching {
                    self.searched();
                }
                return if filters { self.refilter_audit() } else { Vec::new() };
            }
            if searching || !layer.place().takes_text() {
                self.say(Severity::Warning, Notice::plain(IGNORED_PASTE));
            }
            return Vec::new();
        }
        if self.focus() == keymap::Place::Filter {
            self.list.filter.paste(text);
            return self.refilter();
        }
        self.say(Severity::Warning, Notice::plain(IGNORED_PASTE));
        Vec::new()
    }

    /// A key that is no command: text, where text is typed.
    fn typed(&mut self, event: KeyEvent) -> Vec<Effect> {
        if self.is_to_confirm() {
            return Vec::new();
        }
        self.no_longer_sure();
        self.stay();
        self.quitting = false;
        if self.focus() == keymap::Place::DocumentEditor {
            self.type_in_editor(|editor| editor.key(event));
            return Vec::new();
        }
        if let Some(layer) = self.layers.last_mut() {
            let searching = matches!(layer, Layer::Help(_) | Layer::Manual(_));
            let filters = matches!(layer, Layer::Audit(_));
            let changed = layer.focused().is_some_and(|field| field.key(event));
            if changed && searching {
                self.searched();
            }
            if changed && let Some(Layer::Documents(documents)) = self.layers.last_mut() {
                documents.fault = None;
            }
            return if changed && filters { self.refilter_audit() } else { Vec::new() };
        }
        if self.focus() == keymap::Place::Filter && self.list.filter.key(event) {
            return self.refilter();
        }
        Vec::new()
    }

    /// Why nothing can be written, where that is so.
    pub(super) fn read_only(&self) -> Option<Notice> {
        let Connection::Ready(connected) = &self.connection else { return None };
        let reason = connected.read_only.clone()?;
        let said = Notice::from(&tenancy::Error::ReadOnly(reason));
        if self.upgrade.is_none() {
            return Some(said);
        }
        let how = self.keymap.how(Command::Upgrade);
        Some(Notice { help: format!("use {how} to upgrade it"), ..said })
    }
}
