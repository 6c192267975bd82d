//! What keys do: which command of the table each means here, where that is carried out, and what is typed.

use crossterm::event::{KeyCode, KeyEvent, KeyModifiers};

use super::{
    App, Connection, Effect, Layer, Mood, Pane, Said, cancel,
    layer_keys::{let_go, stop_submitting},
};
use crate::{
    keymap::{self, Command},
    store::Shelf,
    tenancy,
};

const IGNORED_PASTE: &str = "the paste was ignored: nothing is being typed here";

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
        let effects = self.meant(place, event);
        if !confirms {
            self.asked_by = Some(key).filter(|_| self.is_to_confirm());
        }
        effects
    }

    fn meant(&mut self, place: keymap::Place, event: KeyEvent) -> Vec<Effect> {
        match self.keymap.command(place, &event) {
            Some(command) => self.command(place, command),
            None if self.is_for_the_list(place, &event) => Vec::new(),
            None => self.typed(event),
        }
    }

    /// Whether a key means something in the list and nothing in the tab that is looked at; that is said.
    fn is_for_the_list(&mut self, place: keymap::Place, event: &KeyEvent) -> bool {
        let list = match self.list.shelf {
            Shelf::Live => keymap::Place::List,
            Shelf::Trash => keymap::Place::Trash,
        };
        let key = self.keymap.meant(list, event).filter(|_| place.is_tab());
        let Some(key) = key else { return false };
        let what = format!("{key} does not work in the {} tab", self.detail.tab.word());
        let back = self.keymap.how_in(place, Command::Back);
        let help = format!("it acts on organizations: {back} goes back to the list");
        self.say(Mood::Warning, Said { what, help });
        true
    }

    /// Does what a key, the palette or the mouse asks for.
    pub(super) fn command(&mut self, place: keymap::Place, command: Command) -> Vec<Effect> {
        if matches!(self.notice, Some((Mood::Good | Mood::Warning, _))) {
            self.notice = None;
        }
        if !matches!(command, Command::Accept | Command::Submit) {
            self.no_longer_sure();
        }
        match command {
            Command::Quit => vec![Effect::Quit],
            Command::Shell => vec![Effect::Shell],
            Command::Redraw => vec![Effect::Redraw],
            Command::Help => self.help(place, false),
            Command::Palette => self.help(place, true),
            Command::Log => self.show_log(),
            Command::Back if place == keymap::Place::Production => {
                self.leave_production();
                Vec::new()
            }
            Command::Back => self.back(),
            Command::Confirm => self.confirm(),
            Command::Retry => match self.connection {
                Connection::Failed(_) => self.connect(),
                Connection::Opening | Connection::Ready(_) => Vec::new(),
            },
            _ => match place {
                keymap::Place::Form | keymap::Place::Question | keymap::Place::Login => {
                    self.layer_command(command)
                }
                keymap::Place::Help | keymap::Place::Palette => self.help_command(command),
                keymap::Place::Copying => self.copy(command),
                keymap::Place::Log => {
                    self.scroll_log(command);
                    Vec::new()
                }
                keymap::Place::Upgrade if command == Command::Accept => {
                    self.start_or_stop_upgrade()
                }
                keymap::Place::Code if command == Command::CopyCode => self.copy_code(),
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
            },
        }
    }

    pub(super) fn paste(&mut self, text: &str) -> Vec<Effect> {
        if self.is_to_confirm() {
            self.say(Mood::Warning, Said::plain(IGNORED_PASTE));
            return Vec::new();
        }
        self.no_longer_sure();
        if let Some(layer) = self.layers.last_mut() {
            let searching = matches!(layer, Layer::Help(_));
            if let Some(field) = layer.focused() {
                field.paste(text);
                if searching {
                    self.help_searched();
                }
                return Vec::new();
            }
            if searching || !layer.place().takes_text() {
                self.say(Mood::Warning, Said::plain(IGNORED_PASTE));
            }
            return Vec::new();
        }
        if self.focus() == keymap::Place::Filter {
            self.list.filter.paste(text);
            return self.refilter();
        }
        self.say(Mood::Warning, Said::plain(IGNORED_PASTE));
        Vec::new()
    }

    /// A key that is no command: text, where text is typed.
    fn typed(&mut self, event: KeyEvent) -> Vec<Effect> {
        if self.is_to_confirm() {
            return Vec::new();
        }
        self.no_longer_sure();
        if let Some(layer) = self.layers.last_mut() {
            let searching = matches!(layer, Layer::Help(_));
            if layer.focused().is_some_and(|field| field.key(event)) && searching {
                self.help_searched();
            }
            return Vec::new();
        }
        if self.focus() == keymap::Place::Filter && self.list.filter.key(event) {
            return self.refilter();
        }
        Vec::new()
    }

    /// Why nothing can be written, where that is so.
    pub(super) fn read_only(&self) -> Option<Said> {
        let Connection::Ready(connected) = &self.connection else { return None };
        let reason = connected.read_only.clone()?;
        let said = Said::from(&tenancy::Error::ReadOnly(reason));
        if self.upgrade.is_none() {
            return Some(said);
        }
        let how = self.keymap.how(Command::Upgrade);
        Some(Said { help: format!("{how} asks again whether to upgrade it"), ..said })
    }

    /// Stops waiting, or leaves what is on top, or undoes the last narrowing of the view.
    fn back(&mut self) -> Vec<Effect> {
        if let Some(Layer::Several(_)) = self.layers.last() {
            return self.stop_or_leave_several();
        }
        if let Some(layer) = self.layers.last_mut() {
            if let Some(effects) = stop_submitting(layer, &mut self.abandoned) {
                return effects;
            }
            let mut effects = Vec::new();
            for request in layer.requests() {
                effects.extend(cancel(request.stop()));
            }
            let refused = matches!(layer, Layer::Login(login) if login.wanted.is_some());
            self.layers.pop();
            // What nobody logs in for is not asked about either; a form is kept.
            if refused && matches!(self.layers.last(), Some(Layer::Question(_))) {
                self.layers.pop();
            }
            return effects;
        }
        if let Some(generation) = self.connecting.stop() {
            self.connection = Connection::Failed(Said {
                what: "you stopped waiting for the database".to_owned(),
                help: format!("{} connects again", self.keymap.how(Command::Retry)),
            });
            return vec![Effect::Cancel(generation)];
        }
        if self.list.filtering {
            self.list.filtering = false;
            return self.drop_filter();
        }
        if let Some(begun) =
            self.at_once.take_if(|begun| begun.waiting.shown_wait(self.now).is_some())
        {
            let mut waiting = begun.waiting;
            self.abandoned.extend(waiting.stop());
            self.say(Mood::Bad, let_go("how it ends will be said here"));
            return Vec::new();
        }
        if self.list.loading.shown_wait(self.now).is_some() {
            self.list.problem = Some(Said::plain("reading the list was stopped"));
            self.say(
                Mood::Bad,
                Said {
                    what: "reading the list was stopped".to_owned(),
                    help: format!("{} reads it again", self.keymap.how(Command::Refresh)),
                },
            );
            return cancel(self.list.loading.stop());
        }
        if self.detail.loading.shown_wait(self.now).is_some()
            || self.detail.reading.shown_wait(self.now).is_some()
        {
            let again = self.keymap.how(Command::Refresh);
            let stopped = Said::plain(format!("reading was stopped; {again} reads again"));
            let loading = self.detail.loading.stop();
            let reading = self.detail.reading.stop();
            self.detail.problem = loading.map(|_| stopped.clone());
            self.detail.unreadable = reading.map(|_| stopped);
            return cancel(loading).into_iter().chain(cancel(reading)).collect();
        }
        if self.read() {
            return Vec::new();
        }
        if self.pane == Pane::Detail {
            self.pane = Pane::List;
            return Vec::new();
        }
        if !self.list.marked.is_empty() {
            self.list.marked.clear();
            return Vec::new();
        }
        if self.list.search().is_none() && self.list.shelf == Shelf::Trash {
            return self.switch_shelf();
        }
        self.drop_filter()
    }
}
