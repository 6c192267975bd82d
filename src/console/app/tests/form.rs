//! The form: filled in field by field, judged while it is typed, and kept when something fails.

use super::*;

#[test]
fn an_organization_is_made_field_by_field() {
    let mut app = console(page(orgs(2), false, false));
    press(&mut app, KeyCode::Char('n'));
    type_text(&mut app, "q");
    let effects = press(&mut app, KeyCode::Enter);
    let [Effect::Check(generation, Check::Name(name, None))] = &effects[..] else {
        panic!("{effects:?}")
    };
    assert_eq!(name, "q");
    let taken = Error::Taken {
        what: ClaimKind::Name,
        wanted: "q".into(),
        by: Some("Q".into()),
        in_trash: false,
    };
    app.update(Message::Checked(*generation, Field::Name, Err(taken)));
    let said = top_form(&app).fields[0].problem.clone().unwrap();
    assert_eq!(said.what, "name “q” is taken by “Q”");
    assert_eq!(top_form(&app).focus, 1, "typing goes on in the next field");

    type_text(&mut app, "ada@example.com");
    press(&mut app, KeyCode::Tab);
    type_text(&mut app, "violet harbor lantern 42");
    let effects = press(&mut app, KeyCode::Enter);
    let Effect::Create(generation, changes) = &effects[0] else { panic!("{effects:?}") };
    assert_eq!((changes.name.as_str(), changes.email.as_str()), ("q", "ada@example.com"));
    assert_eq!(changes.password.reveal(), "violet harbor lantern 42");

    assert!(type_text(&mut app, "x").is_empty());
    assert_eq!(top_form(&app).text(Field::Name), "q", "while it waits nothing is typed");
    let made = org(9, "q");
    let effects = app.update(Message::Created(*generation, Ok(made.clone())));
    assert!(app.layers.is_empty());
    let generation = generation!(effects, LoadPage);
    let mut rows = orgs(2);
    rows.push(made.clone());
    app.update(Message::Page(generation, Ok(page(rows, false, false))));
    assert_eq!(app.list.selected(), Some(&made), "it is selected");
}

#[test]
fn nothing_typed_is_lost_when_the_database_refuses_or_goes_away() {
    let mut app = console(page(orgs(2), false, false));
    press(&mut app, KeyCode::Char('n'));
    type_text(&mut app, "acme");
    press(&mut app, KeyCode::Tab);
    type_text(&mut app, "ada@acme.com");
    let gone = StoreError::Unreachable { address: "db1".into(), problem: "closed".into() };
    let generation = generation!(control(&mut app, 's'), Create);
    app.update(Message::Created(generation, Err(gone.into())));
    let form = top_form(&app);
    assert_eq!(form.text(Field::Name), "acme");
    assert_eq!(form.text(Field::Email), "ada@acme.com");
    assert!(form.problem.as_ref().unwrap().what.contains("cannot reach db1"));

    let generation = generation!(control(&mut app, 's'), Create);
    let short =
        Error::Invalid(Invalid::Password(vec![PasswordFault::TooShort { is: 0, least: 15 }]));
    app.update(Message::Created(generation, Err(short)));
    let form = top_form(&app);
    assert_eq!(form.focus, 2, "the field it is about is the one to type in");
    assert!(form.fields[2].problem.is_some());
    assert_eq!(form.problem, None);
}

#[test]
fn esc_asks_before_it_discards_what_was_typed() {
    let mut app = console(page(orgs(2), false, false));
    for (key, typed) in [('n', "acme"), ('e', "x")] {
        // Nothing was typed: it is left at once.
        press(&mut app, KeyCode::Char(key));
        press(&mut app, KeyCode::Tab);
        press(&mut app, KeyCode::Esc);
        assert!(app.layers.is_empty(), "{key}");

        press(&mut app, KeyCode::Char(key));
        type_text(&mut app, typed);
        press(&mut app, KeyCode::Esc);
        let asked = |app: &App| app.notice.as_ref().map(|(_, said)| said.what.clone());
        assert_eq!(asked(&app).as_deref(), Some("what you typed is not saved"));
        // Whatever else is done, it is not discarded.
        let text = top_form(&app).text(Field::Name).to_owned();
        for stays in [KeyCode::Tab, KeyCode::BackTab, KeyCode::Char('y'), KeyCode::Left] {
            press(&mut app, stays);
            assert_eq!(asked(&app), None, "{stays:?}");
            press(&mut app, KeyCode::Esc);
            assert!(asked(&app).is_some(), "{stays:?}");
        }
        app.update(Message::Paste("z".into()));
        press(&mut app, KeyCode::Esc);
        assert!(top_form(&app).text(Field::Name).len() > text.len());
        press(&mut app, KeyCode::Esc);
        assert!(app.layers.is_empty() && asked(&app).is_none(), "{key}");

        // What was typed and removed again is nothing.
        press(&mut app, KeyCode::Char(key));
        type_text(&mut app, "x");
        press(&mut app, KeyCode::Backspace);
        press(&mut app, KeyCode::Esc);
        assert!(app.layers.is_empty(), "{key}");
    }
}

#[test]
fn a_made_password_is_shown_until_it_is_changed() {
    let mut app = console(page(orgs(2), false, false));
    press(&mut app, KeyCode::Char('n'));
    type_text(&mut app, "acme");
    press(&mut app, KeyCode::Tab);
    type_text(&mut app, "ada@acme.com");
    let effects = control(&mut app, 'g');
    let [Effect::Generate { name, email }] = &effects[..] else { panic!("{effects:?}") };
    assert_eq!((name.as_str(), email.as_str()), ("acme", "ada@acme.com"));
    let effects = app.update(Message::Generated(Ok(Secret::from("abcde-fghjk"))));
    generation!(effects, Check);
    assert!(top_form(&app).fields[2].revealed);
    assert_eq!(top_form(&app).focus, 2);
    type_text(&mut app, "x");
    assert!(!top_form(&app).fields[2].revealed);
    control(&mut app, 'r');
    assert!(top_form(&app).fields[2].revealed);
}

#[test]
fn a_password_is_judged_with_each_key_and_anew_when_whom_it_is_for_changes() {
    let mut app = console(page(orgs(2), false, false));
    press(&mut app, KeyCode::Char('n'));
    assert!(judged(&press(&mut app, KeyCode::Char('a'))).is_none(), "that is a name");
    press(&mut app, KeyCode::Tab);
    press(&mut app, KeyCode::Tab);
    let effects = press(&mut app, KeyCode::Char('v'));
    let (first, changes) = judged(&effects).unwrap();
    assert_eq!((changes.password.reveal(), changes.name.as_str()), ("v", "a"));
    assert!(judged(&press(&mut app, KeyCode::Left)).is_none(), "no changes to save");
    let (second, _) = judged(&press(&mut app, KeyCode::Char('i'))).unwrap();
    let strength = |score| Strength { score, faults: vec![PasswordFault::Guessable] };
    app.update(Message::Judged(first, Ok(strength(1))));
    assert_eq!(top_form(&app).fields[2].strength, None, "of what is no longer there");
    app.update(Message::Judged(second, Ok(strength(3))));
    assert_eq!(top_form(&app).fields[2].strength, Some(strength(3)));
    assert_eq!(
        top_form(&app).fields[2].problem,
        None,
        "a password is not refused while it is typed"
    );

    app.layers.iter_mut().for_each(|layer| {
        if let Layer::Form(form) = layer {
            form.focus = 0;
        }
    });
    assert!(judged(&press(&mut app, KeyCode::Char('b'))).is_none());
    press(&mut app, KeyCode::Tab);
    let (_, changes) = judged(&press(&mut app, KeyCode::Tab)).unwrap();
    assert_eq!(changes.name.len(), 2);
    let printed = format!("{effects:?} {:?}", top_form(&app));
    assert!(!printed.contains("\"v"), "{printed}");
}

fn judged(effects: &[Effect]) -> Option<(u64, NewPassword)> {
    effects.iter().find_map(|effect| match effect {
        Effect::Judge(generation, changes) => Some((*generation, changes.clone())),
        _ => None,
    })
}
