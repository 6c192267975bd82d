//! The dashboard: when it is read, what comes of the parts, and where it leads.

use super::*;
use crate::{
    store::{Count, Size, SizeKey},
    tenancy::{Counts, FailedLogins, SurveyPart},
};

fn size(bytes: u64) -> Size {
    let held = Statistics { documents: 1, bytes, indexes: 1 };
    Size { held, newest: Some(DateTime::from_millis(i64::try_from(bytes).unwrap())) }
}

fn counts(live: u64) -> SurveyPart {
    let live = Count { counted: live, ..Count::default() };
    SurveyPart::Counts(Counts { live, ..Counts::default() })
}

/// The dashboard above a list of so many, of which as many parts were read; and what it waits for.
fn read(of: u8, parts: impl IntoIterator<Item = SurveyPart>) -> (App, Generation) {
    let mut app = console(page(orgs(of), false, false));
    let effects = press(&mut app, KeyCode::Char('S'));
    let at = generation!(effects, Survey);
    for part in parts {
        assert!(app.update(Message::Surveyed(at, part)).is_empty());
    }
    (app, at)
}

fn sized(range: std::ops::Range<u8>) -> SurveyPart {
    let some = orgs(range.end).split_off(range.start.into());
    SurveyPart::Orgs(some.into_iter().zip(range).map(|(o, n)| (o, Some(size(n.into())))).collect())
}

fn selected(app: &App) -> String {
    let survey = app.dashboard.survey.as_ref().unwrap();
    survey.named(app.dashboard.by)[app.dashboard.selected()].org.name.to_string()
}

#[test]
fn it_is_read_once_and_again_when_that_is_asked_for() {
    let (mut app, at) = read(5, [counts(5), sized(0..5)]);
    app.update(Message::SurveyEnded(at, Ok(())));
    assert!(!app.dashboard.loading.is_waiting() && !app.dashboard.cut_off);
    press(&mut app, KeyCode::Char('S'));
    assert!(app.layers.is_empty());
    assert_eq!(app.focus(), keymap::Place::List);
    // As it was read.
    let effects = press(&mut app, KeyCode::Char('S'));
    assert!(!effects.iter().any(|effect| matches!(effect, Effect::Survey(..))), "{effects:?}");
    assert_eq!(app.dashboard.survey.as_ref().unwrap().read, 5);
    let effects = press(&mut app, KeyCode::Char('r'));
    let again = generation!(effects, Survey);
    assert!(again > at && app.dashboard.survey.as_ref().unwrap().read == 0);
    // What is late is dropped.
    app.update(Message::Surveyed(at, sized(0..5)));
    assert_eq!(app.dashboard.survey.as_ref().unwrap().read, 0);
}

#[test]
fn its_age_goes_on_while_it_shows() {
    let (mut app, at) = read(5, [counts(5), sized(0..5)]);
    app.update(Message::SurveyEnded(at, Ok(())));
    assert_eq!(app.next_tick(), Some(Duration::from_mins(1)));
    press(&mut app, KeyCode::Esc);
    assert_eq!(app.next_tick(), None);
}

#[test]
fn esc_cancels_and_then_leaves() {
    let (mut app, at) = read(5, [counts(5), sized(0..2)]);
    let effects = press(&mut app, KeyCode::Esc);
    assert!(matches!(effects[..], [Effect::Cancel(cancelled)] if cancelled == at), "{effects:?}");
    assert!(app.dashboard.cut_off && app.layers.len() == 1);
    app.update(Message::Surveyed(at, sized(2..5)));
    assert_eq!(app.dashboard.survey.as_ref().unwrap().read, 2);
    press(&mut app, KeyCode::Esc);
    assert!(app.layers.is_empty());
}

#[test]
fn leaving_it_stops_reading() {
    let (mut app, at) = read(5, [sized(0..2)]);
    let effects = press(&mut app, KeyCode::Char('S'));
    assert!(matches!(effects[..], [Effect::Cancel(cancelled)] if cancelled == at), "{effects:?}");
    assert!(app.layers.is_empty() && app.dashboard.cut_off);
}

#[test]
fn what_is_selected_stays_so_while_others_come_before_it() {
    let (mut app, at) = read(60, [sized(0..5)]);
    for _ in 0..2 {
        press(&mut app, KeyCode::Char('j'));
    }
    assert_eq!(selected(&app), "org002");
    app.update(Message::Surveyed(at, sized(5..8)));
    assert_eq!(selected(&app), "org002");
    assert_eq!(app.dashboard.selected(), 5);
    // Pushed out of the largest, it is still among the others.
    app.update(Message::Surveyed(at, sized(8..60)));
    assert_eq!(selected(&app), "org002");
    press(&mut app, KeyCode::Char('G'));
    assert_eq!(app.dashboard.selected(), 19);
    press(&mut app, KeyCode::Char('g'));
    assert_eq!(selected(&app), "org059");
}

#[test]
fn the_largest_are_ranked_by_each_part_of_a_size() {
    let sized = |(number, (documents, indexes, newest)): (u8, (u64, u64, Option<i64>))| {
        let held = Statistics { documents, bytes: u64::from(number) + 1, indexes };
        let size = Size { held, newest: newest.map(DateTime::from_millis) };
        (org(number, &format!("org{number:03}")), Some(size))
    };
    let all = [(5, 1, Some(20)), (0, 9, None), (7, 3, Some(10))];
    let all = (0..3).zip(all).map(sized).collect();
    let (mut app, _) = read(3, [SurveyPart::Orgs(all)]);
    let names = |app: &App| -> Vec<String> {
        let survey = app.dashboard.survey.as_ref().unwrap();
        survey.largest(app.dashboard.by).iter().map(|named| named.org.name.to_string()).collect()
    };
    assert_eq!(names(&app), ["org002", "org001", "org000"]);
    press(&mut app, KeyCode::Char('j'));
    press(&mut app, KeyCode::Char('j'));
    assert_eq!(selected(&app), "org000");
    press(&mut app, KeyCode::Char('o'));
    // One with nothing of it is not among those with the most.
    assert_eq!(names(&app), ["org002", "org000"]);
    assert_eq!(selected(&app), "org000", "what is selected stays so");
    press(&mut app, KeyCode::Char('o'));
    assert_eq!(names(&app), ["org001", "org002", "org000"]);
    press(&mut app, KeyCode::Char('o'));
    assert_eq!(names(&app), ["org000", "org002"]);
    press(&mut app, KeyCode::Char('o'));
    assert_eq!(app.dashboard.by, SizeKey::Bytes);
    // What is read anew is in the order that was chosen.
    press(&mut app, KeyCode::Char('o'));
    press(&mut app, KeyCode::Char('r'));
    assert_eq!(app.dashboard.by, SizeKey::Documents);
}

#[test]
fn enter_opens_the_organization_once_the_list_shows_it() {
    let (mut app, at) = read(5, [sized(0..5)]);
    app.update(Message::SurveyEnded(at, Ok(())));
    press(&mut app, KeyCode::Char('j'));
    assert_eq!(selected(&app), "org003");
    let effects = press(&mut app, KeyCode::Enter);
    assert!(app.layers.is_empty());
    assert_eq!(app.pane, Pane::List, "keys must not act on another one meanwhile");
    app.update(Message::Page(generation!(effects, LoadPage), Ok(page(orgs(5), false, false))));
    assert_eq!(app.list.selected().unwrap().name.raw(), "org003");
    assert_eq!(app.pane, Pane::Detail);

    // One that is gone by now is not opened.
    press(&mut app, KeyCode::Esc);
    press(&mut app, KeyCode::Char('S'));
    let effects = press(&mut app, KeyCode::Enter);
    let left = page(orgs(2), false, false);
    app.update(Message::Page(generation!(effects, LoadPage), Ok(left)));
    assert_eq!(app.pane, Pane::List);
    assert!(app.notice.as_ref().unwrap().1.what.contains("no longer in the list"));
}

#[test]
fn from_the_trash_it_leads_to_the_list() {
    let mut app = console(page(orgs(5), false, false));
    press(&mut app, KeyCode::Char('t'));
    let effects = press(&mut app, KeyCode::Char('S'));
    let at = generation!(effects, Survey);
    app.update(Message::Surveyed(at, sized(0..5)));
    let effects = press(&mut app, KeyCode::Enter);
    assert_eq!(app.list.scope, ListScope::Live);
    app.update(Message::Page(generation!(effects, LoadPage), Ok(page(orgs(5), false, false))));
    assert_eq!((app.list.selected().unwrap().name.raw(), app.pane), ("org004", Pane::Detail));
}

#[test]
fn an_error_is_said_and_what_was_read_stays() {
    let (mut app, at) = read(5, [counts(5), sized(0..2)]);
    let gone = StoreError::Refused { problem: "you may not".into(), help: "ask" };
    app.update(Message::SurveyEnded(at, Err(Error::Store(gone))));
    assert!(app.dashboard.cut_off);
    let said = &app.notice.as_ref().unwrap().1;
    assert!(
        said.what.contains("you may not") && said.help.contains("press r to retry"),
        "{said:?}"
    );
    assert_eq!(app.dashboard.survey.as_ref().unwrap().read, 2);
}

#[test]
fn what_it_has_read_the_columns_need_not_ask() {
    let failed = SurveyPart::FailedLogins(FailedLogins::default());
    let (mut app, at) = read(5, [failed, sized(0..5)]);
    app.update(Message::SurveyEnded(at, Ok(())));
    app.kept.shown = keymap::Column::SIZES.to_vec();
    let effects = press(&mut app, KeyCode::Esc);
    assert!(!effects.iter().any(|effect| matches!(effect, Effect::LoadSizes(..))), "{effects:?}");
    assert_eq!(app.sizes.of(app.list.rows[2].id).unwrap().size, Some(size(2)));
}

#[test]
fn a_dashboard_from_before_a_change_is_read_again() {
    let mut app = console(page(orgs(3), false, false));
    let effects = press(&mut app, KeyCode::Char('S'));
    let at = generation!(effects, Survey);
    app.update(Message::SurveyEnded(at, Ok(())));
    press(&mut app, KeyCode::Esc);
    let again = press(&mut app, KeyCode::Char('S'));
    assert!(!again.iter().any(|effect| matches!(effect, Effect::Survey(..))), "{again:?}");
    press(&mut app, KeyCode::Esc);
    let org = orgs(3)[0].clone();
    let done = Ok(Some(org.clone()));
    app.update(Message::Done(99, OrgAction::Suspend, Box::new(org), done));
    let again = press(&mut app, KeyCode::Char('S'));
    assert!(again.iter().any(|effect| matches!(effect, Effect::Survey(..))), "{again:?}");
}
