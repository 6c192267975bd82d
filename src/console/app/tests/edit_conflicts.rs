//! What an edit leaves behind: another console's change under a form, and the session after a change.

use super::*;

/// Who is logged in, and of which organization they are an admin.
fn logged_in(session: &tenancy::Session) -> (&str, &str) {
    match &session.account {
        Account::Admin { email, organization_name, .. } => (email.raw(), organization_name.raw()),
        Account::Operator { .. } => panic!("{session:?}"),
    }
}

/// A form on the first organization, saved; the generation of the update.
fn saved(app: &mut App, name: &str, password: &str) -> Generation {
    press(app, KeyCode::Char('e'));
    control(app, 'u');
    type_text(app, name);
    press(app, KeyCode::Tab);
    press(app, KeyCode::Tab);
    type_text(app, password);
    let effects = control(app, 's');
    generation!(effects, Update)
}

#[test]
fn a_form_goes_on_from_what_someone_else_changed() {
    let mut app = console(page(orgs(3), false, false));
    let generation = saved(&mut app, "mine", "");
    let error = Error::Changed("org000".into());
    let effects = app.update(Message::Updated(generation, Err(error)));
    let theirs = Org { revision: 2, admin_email: "their@example.com".into(), ..org(0, "theirs") };
    let held = crate::store::Statistics { documents: 1, bytes: 1, indexes: 1 };
    let answer = Message::Detail(generation!(effects, LoadDetail), Ok(Some((theirs, held))));
    app.update(answer);
    let form = top_form(&app);
    assert_eq!(form.text(Field::Name), "mine", "nothing typed is lost");
    assert_eq!(form.text(Field::Email), "their@example.com", "nor is their change");
    assert!(form.problem.as_ref().is_some_and(|said| said.what.contains("“theirs”")));
    let effects = control(&mut app, 's');
    let [Effect::Update(_, base, ..)] = &effects[..] else { panic!("{effects:?}") };
    assert_eq!(base.revision, 2);
}

#[test]
fn a_form_on_what_someone_else_moved_to_the_trash_does_not_offer_to_overwrite_it() {
    let mut app = console(page(orgs(3), false, false));
    press(&mut app, KeyCode::Char('e'));
    control(&mut app, 'u');
    type_text(&mut app, "mine");
    let trashed = OrgState::InTrash(crate::org::InTrash {
        since: bson::DateTime::now(),
        until: bson::DateTime::now(),
        released: false,
    });
    let theirs = Org { revision: 2, state: trashed, ..org(0, "org000") };
    let held = crate::store::Statistics { documents: 1, bytes: 1, indexes: 1 };
    let effects = app.load_detail(theirs.id);
    app.update(Message::Detail(generation!(effects, LoadDetail), Ok(Some((theirs, held)))));
    let form = top_form(&app);
    assert_eq!(form.text(Field::Name), "mine");
    let said = form.problem.as_ref().unwrap();
    assert_eq!(said.what, "someone else moved “org000” to the trash");
    assert!(!said.help.contains("overwrite"), "{said:?}");
}

/// What is read again may be what the form itself has just written, before its answer comes.
#[test]
fn what_a_form_did_itself_does_not_overtake_it() {
    let mut app = console(page(orgs(3), false, false));
    press(&mut app, KeyCode::Char('e'));
    control(&mut app, 'u');
    type_text(&mut app, "mine");
    let read = app.load_detail(org(0, "org000").id);
    let effects = control(&mut app, 's');
    let generation = generation!(effects, Update);
    let mine = Org { revision: 2, ..org(0, "mine") };
    let held = crate::store::Statistics { documents: 1, bytes: 1, indexes: 1 };
    let answer = Message::Detail(generation!(read, LoadDetail), Ok(Some((mine.clone(), held))));
    app.update(answer);
    assert!(top_form(&app).problem.is_none());
    app.update(Message::Updated(generation, Ok(mine)));
    assert_eq!(app.notice.as_ref().unwrap().1.what, "renamed “org000” to “mine”");
}

#[test]
fn a_session_follows_a_new_name_and_ends_with_a_new_password() {
    let mut app = console(page(orgs(3), false, false));
    log_in(&mut app, &org(0, "org000"));
    let generation = saved(&mut app, "renamed", "");
    let renamed = Org { revision: 2, admin_email: "new@example.com".into(), ..org(0, "renamed") };
    app.update(Message::Updated(generation, Ok(renamed)));
    let session = app.session.as_ref().unwrap();
    assert_eq!(logged_in(session), ("new@example.com", "renamed"));

    let generation = saved(&mut app, "renamed", "walnut-harbor-58-lantern");
    let effects = app.update(Message::Updated(generation, Ok(org(0, "renamed"))));
    assert!(effects.iter().any(|effect| matches!(effect, Effect::Logout(_))));
    assert!(app.session.is_none());
}

#[test]
fn a_session_of_another_organization_stays() {
    let mut app = console(page(orgs(3), false, false));
    log_in(&mut app, &org(1, "org001"));
    let generation = saved(&mut app, "renamed", "walnut-harbor-58-lantern");
    app.update(Message::Updated(generation, Ok(org(0, "renamed"))));
    assert_eq!(logged_in(&app.session.unwrap()).1, "org001");
}

#[test]
fn a_form_on_what_is_no_longer_there_says_so_keeps_what_was_typed_and_reads_the_list_again() {
    for error in [Error::Gone("org000".into()), Error::InTrash("org000".into())] {
        let mut app = console(page(orgs(3), false, false));
        let generation = saved(&mut app, "mine", "");
        let effects = app.update(Message::Updated(generation, Err(error.clone())));
        generation!(effects, LoadPage);
        let form = top_form(&app);
        assert_eq!(form.text(Field::Name), "mine");
        assert_eq!(form.problem.as_ref().map(|said| &said.what), Some(&error.to_string()));
    }
}

#[test]
fn a_suspension_by_someone_else_is_said_under_a_question() {
    let mut app = console(page(orgs(3), false, false));
    press(&mut app, KeyCode::Char('s'));
    let effects = press(&mut app, KeyCode::Enter);
    let [Effect::Do(generation, action, of, ..)] = &effects[..] else { panic!("{effects:?}") };
    let changed = Err(Error::Changed("org000".into()));
    let effects = app.update(Message::Done(*generation, *action, of.clone(), changed));
    let theirs = Org { revision: 2, state: OrgState::Suspended, ..org(0, "org000") };
    let held = Statistics { documents: 1, bytes: 1, indexes: 1 };
    app.update(Message::Detail(generation!(effects, LoadDetail), Ok(Some((theirs, held)))));
    let Some(Layer::Question(question)) = app.layers.last() else { panic!("{:?}", app.layers) };
    let said = question.problem.as_ref().unwrap();
    assert!(said.what.ends_with("it is now “org000” of org000@example.com, suspended"), "{said:?}");
}

#[test]
fn what_another_program_changed_is_looked_for_with_the_first_change_and_never_before() {
    let (mut app, effects) = App::new(place(), SystemTime::UNIX_EPOCH);
    app.update(Message::Resize(80, 24));
    let effects = app.update(Message::Connected(generation!(effects, Connect), Ok(connected())));
    let writes = effects.iter().any(|effect| matches!(effect, Effect::CatchUp(_)));
    assert!(!writes, "looking changes nothing: {effects:?}");
    app.update(Message::Page(generation!(effects, LoadPage), Ok(page(orgs(3), false, false))));
    let generation = saved(&mut app, "renamed", "");
    let effects = app.update(Message::Updated(generation, Ok(org(0, "renamed"))));
    let looked = generation!(effects, CatchUp);
    let effects = app.update(Message::CaughtUp(looked, Ok(2), None));
    generation!(effects, LoadPage);
    assert!(app.update(Message::CaughtUp(looked, Ok(2), None)).is_empty(), "once is enough");
    let generation = saved(&mut app, "again", "");
    let effects = app.update(Message::Updated(generation, Ok(org(0, "again"))));
    assert!(!effects.iter().any(|effect| matches!(effect, Effect::CatchUp(_))), "{effects:?}");
}
