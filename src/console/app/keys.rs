//! What keys do: the commands of the table, each changing the state.

use crossterm::event::{KeyCode, KeyEvent, KeyModifiers};

use super::{
    App, Arrival, Asked, Connection, Deed, Effect, Form, Layer, Mood, Pane, Said, Select, Tab,
    cancel,
};
use crate::{
    console::{
        keymap::{self, Command},
        view::{self, Extent},
    },
    store::{PageAt, Shelf},
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
                _ => Vec::new(),
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

    fn browse(&mut self, command: Command) -> Vec<Effect> {
        if let Some(refused) = self.read_only().filter(|_| command.writes()) {
            // It would be refused in the end: nobody is to fill in a form for that.
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
                    _ => Pane::List,
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

    fn log_in_or_out(&mut self) -> Vec<Effect> {
        if let Some(session) = self.session.take() {
            self.say(Mood::Good, Said::plain(format!("{} is logged out", session.admin_email)));
            return vec![Effect::Logout(session)];
        }
        if let Some(refused) = self.read_only() {
            // Attempts cannot be counted there, so that nobody can log in.
            self.say(Mood::Bad, refused);
            return Vec::new();
        }
        let usable = self.chosen().filter(|org| !org.admin_gone);
        let email = usable.map(|org| org.admin_email.clone()).unwrap_or_default();
        self.layers.push(Layer::Login(self.login_of(&email, None)));
        Vec::new()
    }

    fn layer_command(&mut self, command: Command) -> Vec<Effect> {
        match command {
            Command::NextField => self.leave_field(1),
            Command::PreviousField => self.leave_field(-1),
            Command::Accept => {
                let last = match self.layers.last() {
                    Some(Layer::Form(form)) => form.focus + 1 == form.fields.len(),
                    Some(Layer::Login(login)) => login.focus + 1 == login.fields.len(),
                    Some(Layer::Question(question)) => question.focus + 1 >= question.fields.len(),
                    _ => true,
                };
                if last { self.submit() } else { self.leave_field(1) }
            }
            Command::Submit => self.submit(),
            Command::Generate => match self.layers.last() {
                Some(Layer::Form(form)) if form.at(Asked::Password).is_some() => {
                    let (name, email) = form.whose_password();
                    vec![Effect::Generate { name, email }]
                }
                _ => Vec::new(),
            },
            Command::UseCode => self.use_code(),
            Command::CopyPassword => self.copy_password(),
            Command::Reveal => {
                let (fields, focus) = match self.layers.last_mut() {
                    Some(Layer::Form(form)) => (&mut form.fields[..], form.focus),
                    Some(Layer::Question(question)) => (&mut question.fields[..], question.focus),
                    Some(Layer::Login(login)) => (&mut login.fields[..], login.focus),
                    Some(
                        Layer::Several(_)
                        | Layer::Upgrade
                        | Layer::Code(_)
                        | Layer::Help(_)
                        | Layer::Copy(_)
                        | Layer::Log(_),
                    )
                    | None => {
                        return Vec::new();
                    }
                };
                // The one that is typed in; from any other field, the last, which is the password.
                let here = fields.get(focus).is_some_and(|field| field.secret);
                let at = if here { Some(focus) } else { fields.iter().rposition(|f| f.secret) };
                if let Some(field) = at.and_then(|at| fields.get_mut(at)) {
                    field.revealed = !field.revealed;
                }
                Vec::new()
            }
            _ => Vec::new(),
        }
    }

    /// Moves on between fields, asking about the one that is left.
    pub(super) fn leave_field(&mut self, by: isize) -> Vec<Effect> {
        let generation = self.next();
        let now = self.now;
        let mut effects = Vec::new();
        match self.layers.last_mut() {
            Some(Layer::Form(form)) if !form.submitting.is_waiting() => {
                if let Some(check) = form.check() {
                    let field = &mut form.fields[form.focus];
                    field.asked = Some(field.as_secret());
                    effects = cancel(field.checking.begin(generation, now));
                    effects.push(Effect::Check(generation, check));
                }
                form.focus = moved(form.focus, by, form.fields.len());
            }
            Some(Layer::Login(login)) if !login.submitting.is_waiting() => {
                login.focus = moved(login.focus, by, login.fields.len());
            }
            Some(Layer::Question(question)) if !question.submitting.is_waiting() => {
                question.focus = moved(question.focus, by, question.fields.len());
            }
            _ => {}
        }
        effects
    }

    /// Shows all that was said; or leaves that.
    fn show_log(&mut self) -> Vec<Effect> {
        if matches!(self.layers.last(), Some(Layer::Log(_))) {
            self.layers.pop();
        } else {
            // Whoever looks at the log reads what is said.
            self.read();
            self.layers.push(Layer::Log(0));
        }
        Vec::new()
    }

    fn scroll_log(&mut self, command: Command) {
        let (lines, rows) = view::log_lines(self);
        let screen = isize::try_from(rows).unwrap_or(isize::MAX);
        if let Some(Layer::Log(below)) = self.layers.last_mut() {
            let up = steps(command, screen).saturating_neg();
            *below = below.saturating_add_signed(up).min(lines.saturating_sub(rows));
        }
    }

    fn give_or_take_mouse(&mut self) -> Vec<Effect> {
        self.mouse = !self.mouse;
        let said = if self.mouse {
            "the mouse is the console's: click, double-click, turn the wheel, drag the line"
        } else {
            "the mouse is the terminal's: it selects text"
        };
        self.say(Mood::Good, Said::plain(said));
        vec![Effect::Mouse(self.mouse)]
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

/// Lets go of the deed a layer waits for, if it does. The deed itself goes on, and reports.
fn stop_submitting(layer: &mut Layer, abandoned: &mut Vec<u64>) -> Option<Vec<Effect>> {
    let mut left = None;
    let (submitting, problem, writes) = match &mut *layer {
        Layer::Form(form) => (&mut form.submitting, &mut form.problem, true),
        Layer::Question(question) => (&mut question.submitting, &mut question.problem, true),
        Layer::Login(login) => (&mut login.submitting, &mut login.problem, false),
        Layer::Several(_)
        | Layer::Upgrade
        | Layer::Code(_)
        | Layer::Help(_)
        | Layer::Copy(_)
        | Layer::Log(_) => {
            return None;
        }
    };
    let generation = submitting.stop()?;
    if writes {
        left = Some(generation);
        abandoned.push(generation);
        *problem = Some(let_go("how it ends will be said below"));
    } else {
        *problem = Some(Said::plain("you stopped waiting for the login"));
    }
    match (layer, left) {
        (Layer::Form(form), Some(generation)) => form.left = Some((generation, form.typed())),
        (Layer::Question(question), left) => question.left = left,
        _ => {}
    }
    Some(vec![Effect::Cancel(generation)])
}

/// What is said of a deed that is no longer waited for.
pub(super) fn let_go(help: &str) -> Said {
    Said {
        what: "you stopped waiting; it may still be carried out".to_owned(),
        help: help.to_owned(),
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

fn moved(from: usize, by: isize, of: usize) -> usize {
    (from + of).saturating_add_signed(by) % of.max(1)
}
