//! What a question is about, when something else happens to it meanwhile.

use super::trash::{begun, done, in_trash, notice, question, read_again, suspended, trashed};
use super::*;

#[test]
fn an_organization_that_changed_under_a_question_is_shown_as_it_is_now() {
    let mut app = console(page(orgs(3), false, false));
    log_in(&mut app, &org(0, "org000"));
    let effects = press(&mut app, KeyCode::Char('d'));
    read_again(&mut app, &effects, org(0, "org000"));
    let first = begun(&press(&mut app, KeyCode::Enter));
    let effects = done(&mut app, first, Err(Error::Changed("org000".into())));
    read_again(&mut app, &effects, Org { revision: 5, ..org(0, "theirs") });
    assert_eq!(question(&app).org.name.raw(), "theirs");
    let said = question(&app).problem.as_ref().unwrap();
    assert!(said.what.contains("it is now “theirs”"), "{said:?}");
    let (_, _, of) = begun(&press(&mut app, KeyCode::Enter));
    assert_eq!(of.revision, 5);
}

#[test]
fn a_question_about_what_is_no_longer_there_is_left_and_the_list_is_read_again() {
    type End = fn(&mut App, Vec<Effect>) -> Vec<Effect>;
    let ends: [End; 2] = [
        |app, _| {
            let begun = begun(&press(app, KeyCode::Enter));
            done(app, begun, Err(Error::Gone("org000".into())))
        },
        |app, _| {
            let begun = begun(&press(app, KeyCode::Enter));
            done(app, begun, Err(Error::InTrash("org000".into())))
        },
    ];
    for (end, word) in ends.iter().zip(["deleted", "in the trash"]) {
        let mut app = console(page(orgs(3), false, false));
        log_in(&mut app, &org(0, "org000"));
        let effects = press(&mut app, KeyCode::Char('d'));
        let effects = end(&mut app, effects);
        assert!(app.layers.is_empty(), "{word}");
        generation!(effects, LoadPage);
        assert!(notice(&app).what.contains(word), "{:?}", notice(&app));
    }
    let mut app = in_trash(vec![trashed(7, "old")]);
    let begun = begun(&press(&mut app, KeyCode::Char('R')));
    let effects = done(&mut app, begun, Err(Error::NotInTrash("old".into())));
    generation!(effects, LoadPage);
    assert!(notice(&app).what.contains("“old” is not in the trash"));
}

/// What is typed into a question never runs as commands on another organization.
#[test]
fn a_question_about_what_someone_else_took_away_stays_until_it_is_left() {
    type Taken = fn(&mut App, Vec<Effect>) -> Vec<Effect>;
    let taken: [(Taken, &str); 2] = [
        (|app, effects| read_again(app, &effects, trashed(0, "org000")), "in the trash"),
        (
            |app, effects| app.update(Message::Detail(generation!(effects, LoadDetail), Ok(None))),
            "deleted",
        ),
    ];
    for (take, word) in taken {
        let mut app = console(page(orgs(3), false, false));
        log_in(&mut app, &org(0, "org000"));
        let effects = press(&mut app, KeyCode::Char('d'));
        type_text(&mut app, "asked ");
        let effects = take(&mut app, effects);
        generation!(effects, LoadPage);
        let effects = type_text(&mut app, "sd for it");
        assert!(effects.is_empty(), "{effects:?}");
        assert_eq!(question(&app).fields[0].text(), "asked sd for it");
        assert!(app.is_refused());
        let said = question(&app).problem.as_ref().unwrap();
        assert!(said.what.contains(word), "{said:?}");
        press(&mut app, KeyCode::Esc);
        assert!(app.layers.is_empty());
    }
}

#[test]
fn what_it_did_itself_does_not_overtake_a_question() {
    let mut app = console(page(orgs(3), false, false));
    log_in(&mut app, &org(0, "org000"));
    let effects = press(&mut app, KeyCode::Char('d'));
    let first = begun(&press(&mut app, KeyCode::Enter));
    read_again(&mut app, &effects, trashed(0, "org000"));
    assert!(app.notice.is_none() && !app.layers.is_empty());
    done(&mut app, first, Ok(Some(trashed(0, "org000"))));
    assert!(app.layers.is_empty());
}

#[test]
fn an_operation_left_with_esc_reports_and_takes_every_question_it_settles() {
    let mut app = console(page(orgs(3), false, false));
    log_in(&mut app, &org(0, "org000"));
    press(&mut app, KeyCode::Char('d'));
    let first = begun(&press(&mut app, KeyCode::Enter));
    press(&mut app, KeyCode::Esc);
    assert!(question(&app).problem.as_ref().unwrap().what.contains("cancelled"));
    press(&mut app, KeyCode::Esc);
    press(&mut app, KeyCode::Char('D'));
    type_text(&mut app, "org0");
    done(&mut app, first, Ok(Some(trashed(0, "org000"))));
    assert!(app.layers.is_empty(), "what is in the trash is not deleted past it");
    assert!(app.session.is_none());

    let mut app = console(page(orgs(3), false, false));
    press(&mut app, KeyCode::Char('s'));
    let first = begun(&press(&mut app, KeyCode::Enter));
    press(&mut app, KeyCode::Esc);
    press(&mut app, KeyCode::Esc);
    press(&mut app, KeyCode::Char('D'));
    type_text(&mut app, "org0");
    done(&mut app, first, Ok(Some(suspended(0, "org000"))));
    assert_eq!(question(&app).fields[1].text(), "org0", "nothing typed is lost");
}

#[test]
fn a_question_counts_again_when_the_end_of_another_operation_stopped_it() {
    let mut app = console(page(orgs(3), false, false));
    press(&mut app, KeyCode::Char('s'));
    let first = begun(&press(&mut app, KeyCode::Enter));
    press(&mut app, KeyCode::Esc);
    press(&mut app, KeyCode::Esc);
    press(&mut app, KeyCode::Char('j'));
    press(&mut app, KeyCode::Char('d'));
    let effects = done(&mut app, first, Err(Error::Changed("org000".into())));
    assert!(
        effects.iter().any(|e| matches!(e, Effect::LoadDetail(_, id) if *id == orgs(2)[1].id)),
        "{effects:?}"
    );
}
