//! Setting up the second factor of the account that is logged in.

use super::{App, Code, Effect, Form, Generation, Layer, Notice, Severity};
use crate::{
    keymap::Command,
    org::{NewSecondFactor, Secret},
    tenancy::{Error, Result, Session},
};

impl App {
    pub(super) fn begin_second_factor(&mut self) -> Vec<Effect> {
        if self.session.is_some() {
            return vec![Effect::NewSecondFactor];
        }
        let what = "a second factor is for your own account".to_owned();
        let help = format!("press {} to log in", self.keymap.how(Command::Login));
        self.say(Severity::Error, Notice { what, help });
        Vec::new()
    }

    /// Shows the secret, and asks for the first code.
    pub(super) fn ask_for_second_factor(&mut self, new: Result<NewSecondFactor>) -> Vec<Effect> {
        match new {
            Ok(new) => self.layers.push(Layer::Form(Form::second_factor(new))),
            Err(error) => self.say(Severity::Error, Notice::from(&error)),
        }
        Vec::new()
    }

    /// It was set up, or not.
    pub(super) fn second_factor(
        &mut self,
        generation: Generation,
        result: Result<(Session, Vec<Secret>)>,
    ) -> Vec<Effect> {
        let Some(open) = self.form_awaits(generation) else { return Vec::new() };
        match result {
            Ok((session, codes)) => {
                if open {
                    self.layers.pop();
                }
                // The one before has ended by that.
                self.session = Some(session);
                self.layers.push(Layer::Code(Code::Recovery { codes, may_leave: false }));
                // The heading says what was done, and the codes need the room.
                self.notice = None;
                self.first_look()
            }
            Err(error) => {
                let effects = self.form_refused(&error, open);
                if error == Error::WrongFirstCode
                    && let Some(Layer::Form(form)) = self.layers.last_mut().filter(|_| open)
                    && let Some(code) = form.fields.first_mut()
                {
                    code.clear();
                }
                effects
            }
        }
    }
}
