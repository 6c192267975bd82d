//! The columns of how much organizations hold: when that is asked, and what becomes of the answers.

use super::*;
use crate::{keymap::Column, store::Size, store::StoreError};

fn size(documents: u64) -> Size {
    let held = Statistics { documents, bytes: documents * 100, indexes: 1 };
    Size { held, newest: Some(DateTime::from_millis(0)) }
}

/// About whom it is asked, where it is.
fn asked(effects: &[Effect]) -> Option<(Generation, Vec<ObjectId>)> {
    effects.iter().find_map(|effect| match effect {
        Effect::LoadSizes(generation, orgs) => {
            Some((*generation, orgs.iter().map(|org| org.id).collect()))
        }
        _ => None,
    })
}

fn ids(of: &[Org]) -> Vec<ObjectId> {
    of.iter().map(|org| org.id).collect()
}

/// A list of a hundred with a column of sizes; and the question that it asks.
fn sized() -> (App, Generation) {
    let mut app = console(page(orgs(100), false, false));
    app.kept.shown = vec![Column::Size];
    let effects = app.update(Message::Clock(app.now));
    let (generation, orgs) = asked(&effects).unwrap();
    assert_eq!(orgs, ids(&app.list.rows[..app.areas().unwrap().list_rows()]), "the rows in sight");
    (app, generation)
}

#[test]
fn nothing_is_asked_where_no_column_shows_it() {
    let mut app = console_sized(page(orgs(5), false, false), 200, 40);
    assert_eq!(asked(&app.update(Message::Clock(app.now))), None);
    // Nor below what covers the list.
    app.kept.shown = Column::SIZES.to_vec();
    app.size = (80, 24);
    app.layers.push(Layer::Log(0));
    assert_eq!(asked(&app.update(Message::Clock(app.now))), None);
    app.layers.clear();
    assert!(asked(&app.update(Message::Clock(app.now))).is_some());
}

#[test]
fn one_question_is_asked_at_a_time_about_what_shows_then() {
    let (mut app, generation) = sized();
    let rows = app.areas().unwrap().list_rows();
    for _ in 0..60 {
        assert_eq!(asked(&press(&mut app, KeyCode::Char('j'))), None, "while one is waited for");
    }
    let sizes = (0..rows as u64).map(|at| Some(size(at))).collect();
    let effects = app.update(Message::Sizes(generation, Ok(sizes)));
    assert_eq!(app.sizes.of(app.list.rows[3].id).unwrap().size, Some(size(3)));
    let (generation, orgs) = asked(&effects).unwrap();
    assert_eq!(orgs, ids(&app.list.rows[app.list.top..app.list.top + rows]));
    // A late answer changes nothing.
    app.update(Message::Sizes(generation - 1, Ok(vec![Some(size(9)); rows])));
    assert_eq!(app.sizes.of(orgs[0]), None);
    let effects = app.update(Message::Sizes(generation, Ok(vec![None; rows])));
    assert_eq!(asked(&effects), None);
    assert_eq!(app.sizes.of(orgs[0]).unwrap().size, None);
}

#[test]
fn an_answer_is_believed_for_a_while() {
    let (mut app, generation) = sized();
    let rows = app.areas().unwrap().list_rows();
    app.update(Message::Sizes(generation, Ok(vec![Some(size(1)); rows])));
    let later = |app: &App, seconds| Message::Clock(app.now + Duration::from_secs(seconds));
    assert_eq!(asked(&app.update(later(&app, 299))), None);
    let (generation, orgs) = asked(&app.update(later(&app, 1))).unwrap();
    assert_eq!(orgs.len(), rows);
    // What was known shows until then.
    assert_eq!(app.sizes.of(orgs[0]).unwrap().size, Some(size(1)));
    app.update(Message::Sizes(generation, Ok(vec![Some(size(2)); rows])));
    assert_eq!(app.sizes.of(orgs[0]).unwrap().size, Some(size(2)));

    let effects = press(&mut app, KeyCode::Char('r'));
    assert_eq!(asked(&effects).unwrap().1.len(), rows, "refreshed");
}

#[test]
fn what_was_changed_here_is_asked_about_again() {
    let (mut app, generation) = sized();
    let rows = app.areas().unwrap().list_rows();
    app.update(Message::Sizes(generation, Ok(vec![Some(size(1)); rows])));
    let changed = Box::new(app.list.rows[2].clone());
    let write = crate::store::DocumentWrite::Delete(bson::rawdoc! { "_id": 1 });
    let effects = app.update(Message::DocumentWritten(0, changed.clone(), Ok(write)));
    assert_eq!(asked(&effects).unwrap().1, [changed.id]);
}

#[test]
fn what_cannot_be_asked_is_said_once() {
    let (mut app, generation) = sized();
    let refused = || StoreError::Refused { problem: "you may not".into(), help: "ask" };
    let effects = app.update(Message::Sizes(generation, Err(Error::Store(refused()))));
    assert_eq!(asked(&effects), None);
    assert_eq!(app.notice.as_ref().unwrap().1.what, "the database refused: you may not");
    assert_eq!(asked(&press(&mut app, KeyCode::Char('j'))), None);
    assert!(asked(&press(&mut app, KeyCode::Char('r'))).is_some());
}
