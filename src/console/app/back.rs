//! What esc does: it stops waiting, leaves what is on top, or undoes the last narrowing of the view, one step at a time.

use super::{
    App, Code, Connection, Effect, Layer, Notice, Pane, Severity, cancel,
    layer_keys::{let_go, stop_submitting},
};
use crate::{
    keymap::{Command, Place},
    store::ListScope,
};

impl App {
    /// Stops waiting, or leaves what is on top, or undoes the last narrowing of the view.
    pub(super) fn back(&mut self) -> Vec<Effect> {
        if matches!(self.layers.last(), Some(Layer::Job(_) | Layer::Jobs(_))) {
            return self.leave_job();
        }
        if self.back_in_manual() {
            return Vec::new();
        }
        let on_top = self.back_in_edit().or_else(|| self.back_in_documents());
        let on_top = on_top.or_else(|| self.back_in_dashboard()).or_else(|| self.back_in_code());
        if let Some(effects) = on_top.or_else(|| self.back_in_audit()) {
            return effects;
        }
        if let Some(layer) = self.layers.last_mut() {
            // Of a question about several nothing is done yet.
            let asks = matches!(layer, Layer::Bulk(_));
            if !asks && let Some(effects) = stop_submitting(layer, &mut self.abandoned) {
                return effects;
            }
            if let Layer::Form(form) = layer
                && !form.may_leave()
            {
                self.ask_to_discard();
                return Vec::new();
            }
            let mut effects = Vec::new();
            for request in layer.requests() {
                effects.extend(cancel(request.stop()));
            }
            let refused = matches!(layer, Layer::Login(login) if login.wanted.is_some());
            self.layers.pop();
            // Without the login, the question that needs it is left too; a form is kept.
            if refused && matches!(self.layers.last(), Some(Layer::Question(_))) {
                self.layers.pop();
            }
            return effects;
        }
        if let Some(generation) = self.connecting.stop() {
            self.connection = Connection::Failed(Notice {
                what: "cancelled".to_owned(),
                help: format!("press {} to connect again", self.keymap.how(Command::Retry)),
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
            self.say(Severity::Error, let_go("the result will be shown here"));
            return Vec::new();
        }
        if self.list.loading.shown_wait(self.now).is_some() {
            self.list.problem = Some(Notice::plain("cancelled"));
            self.say(
                Severity::Error,
                Notice {
                    what: "cancelled".to_owned(),
                    help: format!("press {} to retry", self.keymap.how(Command::Refresh)),
                },
            );
            return cancel(self.list.loading.stop());
        }
        if self.detail.loading.shown_wait(self.now).is_some()
            || self.detail.reading.shown_wait(self.now).is_some()
        {
            let again = self.keymap.how(Command::Refresh);
            let stopped = Notice::plain(format!("cancelled; press {again} to retry"));
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
        if self.list.leave_selection() {
            return Vec::new();
        }
        if self.list.search().is_none() && self.list.scope == ListScope::Trash {
            return self.switch_scope();
        }
        self.drop_filter()
    }

    /// Leaves codes that are shown nowhere else only when the person means to.
    fn back_in_code(&mut self) -> Option<Vec<Effect>> {
        let Some(Layer::Code(code)) = self.layers.last_mut() else { return None };
        match code {
            Code::Recovery { may_leave, .. } => {
                if std::mem::replace(may_leave, true) {
                    return None;
                }
                let what = "the recovery codes are not shown again".to_owned();
                let close = self.keymap.how_in(Place::Code, Command::Back);
                let help = format!("press {close} to close them");
                self.say(Severity::Warning, Notice { what, help });
            }
            Code::OneTime { sending, .. } => {
                self.abandoned.push(sending.stop()?);
                self.say(Severity::Warning, let_go("the code stays here until you close it"));
            }
        }
        Some(Vec::new())
    }
}
