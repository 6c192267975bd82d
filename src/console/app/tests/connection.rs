//! A database that goes away while the console is open, and comes back.

use super::*;
use crate::store::UpgradePlan;

fn unreachable() -> Error {
    let (address, problem) = ("db1".to_owned(), "connection refused".to_owned());
    Error::Store(StoreError::Unreachable { address, problem })
}

/// A console that shows some rows and watches its database, and the generation of that.
fn watching() -> (App, Generation) {
    let (mut app, effects) = App::new(place(), SystemTime::UNIX_EPOCH);
    let generation = generation!(effects, Connect);
    app.update(Message::Resize(120, 40));
    let effects = app.update(Message::Connected(generation, Ok(connected())));
    assert!(effects.iter().any(|effect| matches!(effect, Effect::Watch(_, false))), "{effects:?}");
    app.update(Message::Page(generation!(effects, LoadPage), Ok(page(orgs(3), false, false))));
    (app, generation!(effects, Watch))
}

#[test]
fn a_database_that_goes_away_is_watched_until_it_is_back_and_all_is_read_again() {
    let (mut app, first) = watching();
    assert!(app.lost.is_none());
    let effects = app.update(Message::Link(first, Some(unreachable())));
    assert_eq!(app.lost.as_ref().unwrap().said.what, "cannot reach db1: connection refused");
    assert_eq!(app.unread.len(), 1);
    let [Effect::Watch(second, true)] = effects[..] else { panic!("{effects:?}") };
    assert!(app.update(Message::Link(first, None)).is_empty(), "late");
    assert!(app.lost.is_some());

    // A list that could not be read meanwhile says so, until it is read again.
    let reading = press(&mut app, KeyCode::Char('r'));
    app.update(Message::Page(generation!(reading, LoadPage), Err(unreachable())));
    let effects = app.update(Message::Link(second, None));
    assert!(app.lost.is_none() && app.unread.is_empty());
    assert_eq!(app.notice.as_ref().unwrap().1.what, "reconnected to the database");
    generation!(effects, LoadPage);
    generation!(effects, Count);
    generation!(effects, LoadDetail);
    assert!(effects.iter().any(|effect| matches!(effect, Effect::Watch(_, false))), "{effects:?}");
}

#[test]
fn what_is_typed_stays_while_the_database_is_away_and_when_it_is_back() {
    let (mut app, first) = watching();
    press(&mut app, KeyCode::Char('n'));
    type_text(&mut app, "globex");
    let effects = app.update(Message::Link(first, Some(unreachable())));
    app.update(Message::Link(generation!(effects, Watch), None));
    assert_eq!(top_form(&app).text(Asked::Name), "globex");
}

#[test]
fn nothing_moves_on_the_screen_while_it_is_away() {
    let (mut app, first) = watching();
    let waited: Vec<_> = app.detail.loading.stop().into_iter().collect();
    assert_eq!(waited.len(), 1);
    app.update(Message::Link(first, Some(unreachable())));
    assert_eq!(app.next_tick(), None);
}

#[test]
fn records_of_an_earlier_version_are_offered_an_upgrade_that_is_not_required() {
    let (mut app, effects) = App::new(place(), SystemTime::UNIX_EPOCH);
    app.update(Message::Resize(80, 24));
    let place = Place { kind: PlaceKind::Mongo, ..place() };
    let connected = Connected { place, ..connected() };
    let effects = app.update(Message::Connected(generation!(effects, Connect), Ok(connected)));
    let looking = generation!(effects, LookForUpgrade);
    let plan = UpgradePlan { organizations: 7, ..UpgradePlan::nothing() };
    app.update(Message::Upgradable(looking, Ok(Some(plan))));
    // It is said, nothing is in the way, and everything can be written.
    let (severity, said) = app.notice.clone().unwrap();
    assert_eq!(severity, Severity::Warning);
    assert_eq!(said.what, "7 records are not indexed for search yet");
    assert!(said.help.contains(":upgrade"), "{said:?}");
    assert!(app.layers.is_empty() && app.read_only().is_none());
    // What comes again is no second offer.
    app.notice = None;
    app.update(Message::Upgradable(looking, Ok(Some(UpgradePlan::nothing()))));
    assert_eq!(app.notice, None);
    press(&mut app, KeyCode::Char(':'));
    type_text(&mut app, "upgrade");
    press(&mut app, KeyCode::Enter);
    assert!(matches!(app.layers.last(), Some(Layer::Upgrade)));
    let effects = press(&mut app, KeyCode::Enter);
    assert!(matches!(effects[..], [Effect::Upgrade(_)]), "{effects:?}");
}
