//! The forms: what each asks for, and what helps to fill it in.

use ratatui::{
    buffer::Buffer,
    layout::{Position, Rect},
};

use super::{Theme, below, heading, second_factor, sheet::Sheet};
use crate::{
    console::app::{App, Asked, Drawn, Form, Purpose},
    keymap::Command,
    org::{CollectionName, OrgName, PasswordFault, Role, Strength},
};

pub(super) fn draw(
    app: &App,
    form: &Form,
    theme: &Theme,
    buffer: &mut Buffer,
    area: Rect,
    drawn: &mut Drawn,
) -> Option<Position> {
    let words = match &form.purpose {
        Purpose::Create => "New organization".to_owned(),
        Purpose::Edit(org) => format!("Edit {}", org.name),
        Purpose::AddAdmin(org) => format!("New admin of {}", org.name),
        Purpose::EditAdmin(_, admin) => format!("Edit {}", admin.email),
        Purpose::Transfer(org) => format!("Transfer {} to another owner", org.name),
        Purpose::UseCode => "Set a new password with a one-time code".to_owned(),
        Purpose::SecondFactor(_) => "Set up a second factor".to_owned(),
    };
    let area = heading(buffer, area, theme, &words, "");
    let sheet = sheet(app, form, theme, area);
    if let Purpose::SecondFactor(new) = &form.purpose {
        second_factor::draw_qr(app, new, theme, buffer, below(area, sheet.height()));
    }
    sheet.draw_fields(buffer, area, drawn)
}

/// What is below the heading.
fn sheet<'a>(app: &App, form: &Form, theme: &'a Theme, area: Rect) -> Sheet<'a> {
    let mut sheet = Sheet::new(theme, area);
    sheet.confirms = app.is_to_confirm();
    let waiting = form.submitting.is_waiting();
    if let Purpose::SecondFactor(new) = &form.purpose {
        second_factor::instructions(app, new, theme, &mut sheet);
    }
    for (at, (asked, field)) in form.asked().iter().zip(&form.fields).enumerate() {
        sheet.gap();
        let focused = at == form.focus && !waiting;
        sheet.field(app, label(*asked, form), field, focused, &hint(app, *asked, form));
    }
    if let Some(said) = &form.problem {
        sheet.gap();
        sheet.problem(said);
    }
    sheet.gap();
    let doing = match form.purpose {
        Purpose::Create => "creating",
        Purpose::AddAdmin(_) => "adding",
        Purpose::Transfer(_) => "transferring",
        Purpose::Edit(_) | Purpose::EditAdmin(..) | Purpose::UseCode | Purpose::SecondFactor(_) => {
            "saving"
        }
    };
    sheet.wait_or_leave(app, &form.submitting, doing);
    sheet
}

fn label(asked: Asked, form: &Form) -> &'static str {
    match (asked, &form.purpose) {
        (Asked::Name, _) => "name",
        (Asked::Email, Purpose::Create | Purpose::Edit(_)) => "admin e-mail",
        (Asked::Email, Purpose::Transfer(_)) => "new owner",
        (Asked::Email, _) => "e-mail",
        (Asked::Role, _) => "role",
        (Asked::Owners, _) => "owners now",
        (Asked::Code, _) => "code",
        (Asked::Reason, _) => "reason",
        (Asked::Password, Purpose::Create) => "password",
        (Asked::Password, _) => "new password",
    }
}

/// What helps while a field is typed in and nothing is wrong with it.
fn hint(app: &App, asked: Asked, form: &Form) -> String {
    let how = |command| app.keymap.how(command);
    let field = form.at(asked).and_then(|at| form.fields.get(at));
    let revealed = field.is_some_and(|field| field.revealed);
    let hint = match (asked, &form.purpose) {
        (Asked::Name, Purpose::Create) => {
            return OrgName::parse(form.text(Asked::Name))
                // If other letters lead to it as well, one of them gets a suffix.
                .map(|name| format!("usual collection: {}", CollectionName::from_name(&name)))
                .unwrap_or_default();
        }
        (Asked::Name, _) | (Asked::Email, Purpose::UseCode | Purpose::SecondFactor(_)) => "",
        (Asked::Email, Purpose::Create) => "the first owner logs in with it",
        (Asked::Email, Purpose::Edit(_)) => "changing it requires an owner's login",
        (Asked::Email, Purpose::Transfer(_)) => {
            "one of its admins, or someone new, who gets a one-time code"
        }
        (Asked::Email, Purpose::AddAdmin(_)) => "sets a password with a one-time code",
        (Asked::Email, Purpose::EditAdmin(..)) => "changing it requires their login or an owner's",
        (Asked::Role, _) if form.role() == Role::Owner => "manages all admins; space to switch",
        (Asked::Role, _) => "manages only their own login; space to switch",
        (Asked::Reason, _) => app.reason_hint(),
        (Asked::Owners, _) if form.removes_owners() => "can no longer log in; space to switch",
        (Asked::Owners, _) => "manage only their own login from then on; space to switch",
        (Asked::Code, Purpose::SecondFactor(_)) => "that the app shows now",
        (Asked::Code, _) => {
            return format!("case and dashes are ignored; {} to show it", how(Command::Reveal));
        }
        (Asked::Password, _) if !form.text(asked).is_empty() => {
            let next = if revealed {
                format!("copy it now ({}): it is not shown again", how(Command::CopyPassword))
            } else {
                format!("{} to show it", how(Command::Reveal))
            };
            return match field.and_then(|field| field.strength.as_ref()) {
                Some(strength) => format!("{}; {next}", judged(strength)),
                None => next,
            };
        }
        (Asked::Password, purpose) => {
            let empty = match purpose {
                Purpose::Create | Purpose::UseCode | Purpose::SecondFactor(_) => "",
                Purpose::Edit(_)
                | Purpose::AddAdmin(_)
                | Purpose::EditAdmin(..)
                | Purpose::Transfer(_) => "leave empty to keep it; a new one: ",
            };
            let (rules, generates) = (app.passwords(), how(Command::Generate));
            return format!("{empty}{rules}; {generates} to generate one");
        }
    };
    hint.to_owned()
}

/// How good a password is, and all that is still wrong with it.
fn judged(strength: &Strength) -> String {
    let (full, best) = (usize::from(strength.score), usize::from(Strength::BEST));
    let meter = "●".repeat(full) + &"○".repeat(best.saturating_sub(full));
    if strength.faults.is_empty() {
        return format!("{meter} {}", strength.word());
    }
    let faults = PasswordFault::together(strength.faults.iter().map(ToString::to_string));
    format!("{meter} {faults}")
}
