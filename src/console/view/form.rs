//! The form that makes or changes an organization.

use ratatui::{
    buffer::Buffer,
    layout::{Position, Rect},
};

use super::{Theme, heading, sheet::Sheet};
use crate::{
    console::app::{App, FORM_FIELDS, Form},
    org::{CollectionName, Field, OrgName},
};

pub(super) fn draw(
    app: &App,
    form: &Form,
    theme: &Theme,
    buffer: &mut Buffer,
    area: Rect,
) -> Option<Position> {
    let words = match &form.org {
        None => "New organization".to_owned(),
        Some(org) => format!("Edit {}", org.name),
    };
    let area = heading(buffer, area, theme, &words, "");
    let mut sheet = Sheet::new(theme, area);
    let waiting = form.submitting.is_waiting();
    for (at, (kind, field)) in FORM_FIELDS.iter().zip(&form.fields).enumerate() {
        sheet.gap();
        let focused = at == form.focus && !waiting;
        sheet.field(app, label(*kind, form), field, focused, &hint(*kind, form));
    }
    if let Some(said) = &form.problem {
        sheet.gap();
        sheet.problem(said);
    }
    sheet.gap();
    let doing = if form.org.is_none() { "creating" } else { "saving" };
    sheet.wait_or_leave(app, &form.submitting, doing);
    sheet.draw(buffer, area)
}

fn label(field: Field, form: &Form) -> &'static str {
    match field {
        Field::Name => "name",
        Field::Email => "admin e-mail",
        Field::Password if form.org.is_some() => "new password",
        Field::Password => "password",
    }
}

/// What helps while a field is typed in and nothing is wrong with it.
fn hint(field: Field, form: &Form) -> String {
    match (field, &form.org) {
        (Field::Name, None) => OrgName::parse(form.text(Field::Name))
            .map(|name| format!("collection {}", CollectionName::of(&name).as_str()))
            .unwrap_or_default(),
        (Field::Name, Some(_)) => String::new(),
        (Field::Email, None) => "who logs in for this organization".to_owned(),
        (Field::Email, Some(_)) => "a new one needs the admin's login".to_owned(),
        (Field::Password, org) => {
            let [.., password] = &form.fields;
            match (password.text().is_empty(), org) {
                (false, _) if password.revealed => "keep it: it is shown only here".to_owned(),
                (false, _) => "^r shows it".to_owned(),
                (true, None) => "^g makes a strong one".to_owned(),
                (true, Some(_)) => "empty leaves it as it is; ^g makes a strong one".to_owned(),
            }
        }
    }
}
