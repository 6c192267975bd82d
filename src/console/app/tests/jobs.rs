//! Jobs: bulk operations that go on while something else is looked at, and what is reported of them.

use super::{
    operators::operators_session,
    selection::selection,
    trash::{begun, done, notice, trashed},
    *,
};
use crate::org::OperatorRole;

fn job(app: &App) -> &Job {
    app.jobs.last().expect("nothing was begun")
}

/// A console with a job that suspends this many, and its first effects.
fn suspending(count: u8) -> (App, Vec<Effect>) {
    let mut app = console(page(orgs(count), false, false));
    type_text(&mut app, &format!("{count} s"));
    let effects = press(&mut app, KeyCode::Enter);
    (app, effects)
}

fn succeed(app: &mut App, effects: &[Effect]) -> Vec<Effect> {
    let (generation, action, org) = begun(effects);
    let now = Org { state: OrgState::Suspended, revision: org.revision + 1, ..org.clone() };
    done(app, (generation, action, org), Ok(Some(now)))
}

#[test]
fn a_job_goes_on_in_the_background_and_is_come_back_to() {
    let (mut app, first) = suspending(3);
    assert!(matches!(app.layers[..], [Layer::Job(_)]));
    press(&mut app, KeyCode::Esc);
    assert!(app.layers.is_empty());
    assert_eq!(notice(&app).what, "suspending 0/3 in the background");
    assert_eq!(notice(&app).help, "J shows the jobs");
    assert_eq!(app.next_tick(), None, "nothing moves that shows");
    // Something else is looked at meanwhile.
    press(&mut app, KeyCode::Char('n'));
    let second = succeed(&mut app, &first);
    assert!(matches!(app.layers[..], [Layer::Form(_)]));
    press(&mut app, KeyCode::Esc);
    press(&mut app, KeyCode::Char('J'));
    assert!(app.next_tick().is_some());
    press(&mut app, KeyCode::Enter);
    assert!(matches!(app.layers[..], [Layer::Jobs(0), Layer::Job(_)]));
    let third = succeed(&mut app, &second);
    assert_eq!(job(&app).progress(), "suspending 2/3");
    press(&mut app, KeyCode::Char('q'));
    press(&mut app, KeyCode::Esc);
    assert!(app.layers.is_empty());
    succeed(&mut app, &third);
    assert_eq!(notice(&app).what, "suspended 3 organizations");
    assert!(!job(&app).is_running());
    // It stays in the list.
    press(&mut app, KeyCode::Char('J'));
    assert_eq!(app.job_shown().unwrap().outcome(), "suspended 3 organizations");
    press(&mut app, KeyCode::Char('J'));
    assert!(app.layers.is_empty());
}

#[test]
fn from_a_job_the_same_key_shows_all_of_them_and_enter_opens_it_again() {
    let (mut app, first) = suspending(1);
    assert!(matches!(app.layers[..], [Layer::Job(_)]));
    press(&mut app, KeyCode::Char('J'));
    assert!(matches!(app.layers[..], [Layer::Jobs(0)]));
    press(&mut app, KeyCode::Enter);
    assert!(matches!(app.layers[..], [Layer::Jobs(0), Layer::Job(_)]));
    press(&mut app, KeyCode::Char('J'));
    press(&mut app, KeyCode::Char('J'));
    assert!(app.layers.is_empty());
    succeed(&mut app, &first);
}

#[test]
fn after_a_job_what_is_selected_is_looked_for() {
    let (mut app, first) = suspending(2);
    press(&mut app, KeyCode::Esc);
    let error = Error::Changed("org000".into());
    let second = done(&mut app, begun(&first), Err(error));
    let effects = succeed(&mut app, &second);
    assert_eq!(selection(&app), ["org000"]);
    app.update(Message::Gone(generation!(effects, FindGone), Ok(vec![org(0, "").id])));
    assert!(selection(&app).is_empty());
}

#[test]
fn the_rate_and_the_time_left_are_of_what_was_done_since_it_began() {
    let (mut app, mut effects) = suspending(20);
    assert_eq!(job(&app).rate(app.now), None);
    for _ in 0..4 {
        later(&mut app, Duration::from_millis(500));
        effects = succeed(&mut app, &effects);
    }
    assert_eq!(job(&app).rate(app.now), Some(2.0));
    assert_eq!(job(&app).time_left(app.now), Some(Duration::from_secs(8)));
}

#[test]
fn a_job_of_a_thousand_with_twenty_that_cannot_be_reports_exactly_those() {
    let named = |n: u16| {
        let mut bytes = [0; 12];
        bytes[..2].copy_from_slice(&n.to_be_bytes());
        Org { id: ObjectId::from_bytes(bytes), ..org(1, &format!("org{n:04}")) }
    };
    let all: Vec<Org> = (0..1000).map(named).collect();
    let mut app = console(page(all[..100].to_vec(), false, true));
    app.session = Some(operators_session(&app, OperatorRole::Operator));
    control(&mut app, 'a');
    let effects = press(&mut app, KeyCode::Char('d'));
    let read = generation!(effects, LoadPage);
    app.update(Message::Page(read, Ok(page(all.clone(), false, false))));
    type_text(&mut app, "1,000");
    let mut effects = press(&mut app, KeyCode::Enter);
    press(&mut app, KeyCode::Esc);
    let cannot_be = |org: &Org| org.name.raw().ends_with("49") || org.name.raw().ends_with("99");
    let mut stopped_once = false;
    for (number, next) in all.iter().enumerate() {
        let (generation, action, org) = begun(&effects);
        assert_eq!(org.id, next.id, "one after the other");
        // The database goes away in the middle, and it goes on where it was.
        if number == 500 && !stopped_once {
            stopped_once = true;
            let gone = StoreError::Unreachable { address: "db1".into(), problem: "gone".into() };
            done(&mut app, (generation, action, org), Err(gone.into()));
            assert_eq!(
                app.unread.last().unwrap().what.split(':').next().unwrap(),
                "trashed 490 of 1,000; 10 failed; stopped, 500 unchanged"
            );
            press(&mut app, KeyCode::Char('J'));
            press(&mut app, KeyCode::Enter);
            effects = press(&mut app, KeyCode::Enter);
            let (generation, action, org) = begun(&effects);
            let now = Org { state: trashed(0, "").state, ..org.clone() };
            effects = done(&mut app, (generation, action, org), Ok(Some(now)));
            continue;
        }
        let result = if cannot_be(&org) {
            Err(Error::Changed(org.name.clone()))
        } else {
            Ok(Some(Org { state: trashed(0, "").state, ..org.clone() }))
        };
        effects = done(&mut app, (generation, action, org), result);
    }
    let wrong: Vec<_> = all.iter().filter(|org| cannot_be(org)).collect();
    let failed: Vec<_> = job(&app).failed.iter().map(|failure| &failure.org).collect();
    assert_eq!((job(&app).done_count(), failed), (980, wrong.clone()));
    assert_eq!(job(&app).outcome(), "trashed 980 of 1,000; 20 failed");
    let report = job(&app).report();
    assert_eq!(report.lines().count(), 21, "{report}");
    for org in &wrong {
        assert!(report.contains(&format!("{}\t{}\t", org.name, org.id.to_hex())), "{report}");
    }
    // Exactly those are selected again, and copied.
    assert_eq!(selection(&app).len(), 20);
    let effects = press(&mut app, KeyCode::Char('y'));
    assert!(matches!(&effects[..], [Effect::Copy("the report", text)] if text.reveal() == report));
    let effects = press(&mut app, KeyCode::Enter);
    assert_eq!(begun(&effects).2.id, wrong[0].id, "and tried again");
}

#[test]
fn what_was_not_done_is_selected_again_wherever_one_is_by_then() {
    let (mut app, first) = suspending(3);
    let (generation, action, org) = begun(&first);
    let second = done(&mut app, (generation, action, org), Err(Error::Changed("org000".into())));
    let (generation, action, org) = begun(&second);
    let third = done(&mut app, (generation, action, org), Err(Error::Gone("org001".into())));
    succeed(&mut app, &third);
    assert_eq!(selection(&app), ["org000"], "what is gone is not");
    press(&mut app, KeyCode::Esc);
    press(&mut app, KeyCode::Esc);
    assert!(selection(&app).is_empty());
    press(&mut app, KeyCode::Char('t'));
    press(&mut app, KeyCode::Char('J'));
    let effects = press(&mut app, KeyCode::Char(' '));
    assert!(app.layers.is_empty());
    assert_eq!((app.list.scope, selection(&app)), (crate::store::ListScope::Live, vec!["org000"]));
    generation!(effects, LoadPage);
}

#[test]
fn an_end_in_the_background_that_is_not_all_stays_said() {
    let (mut app, first) = suspending(2);
    press(&mut app, KeyCode::Esc);
    let (generation, action, org) = begun(&first);
    let second = done(&mut app, (generation, action, org), Err(Error::Changed("org000".into())));
    succeed(&mut app, &second);
    let said = app.unread.last().unwrap();
    assert_eq!(said.what, "suspended 1 of 2; 1 failed");
    assert_eq!(said.help, "J shows the jobs");
    press(&mut app, KeyCode::Char('J'));
    assert!(app.unread.is_empty(), "it is read");
}

#[test]
fn a_login_that_ended_ends_the_job_for_all_of_them_and_not_one_by_one() {
    let (mut app, first) = suspending(3);
    let (generation, action, org) = begun(&first);
    let refused = Err(Error::NotAllowed(Refusal::OperatorsRequired));
    let effects = done(&mut app, (generation, action, org), refused);
    assert!(!effects.iter().any(|effect| matches!(effect, Effect::Do(..))));
    assert_eq!((job(&app).left.len(), job(&app).failed.len()), (3, 0));
    assert!(job(&app).problem.is_some());
}

/// What is wrong with one organization is no reason to leave out the others.
#[test]
fn what_the_database_refuses_of_one_organization_is_reported_and_the_job_goes_on() {
    let (mut app, effects) = suspending(3);
    let first = begun(&effects);
    let view = StoreError::InTheWay { problem: "org_org000 is a view".into(), help: "drop it" };
    let second = done(&mut app, first, Err(view.into()));
    let third = succeed(&mut app, &second);
    succeed(&mut app, &third);
    assert_eq!(job(&app).outcome(), "suspended 2 of 3; 1 failed");
    assert!(job(&app).failed[0].why.what.contains("org_org000 is a view"));
}

#[test]
fn quitting_while_a_job_is_running_asks_first() {
    let (mut app, first) = suspending(2);
    press(&mut app, KeyCode::Esc);
    assert!(press(&mut app, KeyCode::Char('q')).is_empty());
    assert_eq!(notice(&app).what, "still suspending 0/2");
    // Anything else is no answer to that.
    press(&mut app, KeyCode::Char('j'));
    assert!(control(&mut app, 'c').is_empty());
    assert!(matches!(control(&mut app, 'c')[..], [Effect::Quit]));
    assert!(app.messages.iter().any(|entry| entry.said.what == "quit while suspending 0/2"));
    let second = succeed(&mut app, &first);
    succeed(&mut app, &second);
    assert!(matches!(press(&mut app, KeyCode::Char('q'))[..], [Effect::Quit]));
}

#[test]
fn several_jobs_run_beside_each_other_and_each_is_cancelled_on_its_own() {
    let mut app = console(page(orgs(6), false, false));
    type_text(&mut app, "3 s");
    let first = press(&mut app, KeyCode::Enter);
    press(&mut app, KeyCode::Esc);
    type_text(&mut app, "3 s");
    let second = press(&mut app, KeyCode::Enter);
    press(&mut app, KeyCode::Esc);
    assert_eq!(app.jobs.len(), 2);
    press(&mut app, KeyCode::Char('J'));
    press(&mut app, KeyCode::Char('j'));
    press(&mut app, KeyCode::Char('x'));
    assert_eq!((app.jobs[0].stopping, app.jobs[1].stopping), (true, false));
    succeed(&mut app, &first);
    assert!(!app.jobs[0].is_running() && app.jobs[1].is_running());
    let next = succeed(&mut app, &second);
    assert_eq!(begun(&next).2.name.raw(), "org004");
}

#[test]
fn the_oldest_jobs_that_ended_are_forgotten() {
    let mut app = console(page(orgs(1), false, false));
    for _ in 0..25 {
        type_text(&mut app, "g1 s");
        let effects = press(&mut app, KeyCode::Enter);
        let (generation, action, org) = begun(&effects);
        done(&mut app, (generation, action, org.clone()), Ok(Some(org)));
    }
    assert_eq!(app.jobs.len(), 20);
}

#[test]
fn what_a_job_moves_leaves_the_list_as_it_goes_and_the_cursor_stays_on_its_row() {
    let mut app = console(page(orgs(30), false, false));
    app.session = Some(operators_session(&app, OperatorRole::Operator));
    type_text(&mut app, "10 5j");
    let on = app.list.selected().unwrap().id;
    press(&mut app, KeyCode::Char('d'));
    type_text(&mut app, "10");
    let mut effects = press(&mut app, KeyCode::Enter);
    press(&mut app, KeyCode::Esc);
    for gone in 1..10 {
        let (generation, action, org) = begun(&effects);
        let now = Org { state: trashed(0, "").state, ..org.clone() };
        effects = done(&mut app, (generation, action, org), Ok(Some(now)));
        assert_eq!((app.list.rows.len(), app.list.selected().unwrap().id), (30 - gone, on));
    }
    // Rows to choose from stay as they are meanwhile.
    press(&mut app, KeyCode::Char('v'));
    let (generation, action, org) = begun(&effects);
    done(&mut app, (generation, action, org.clone()), Ok(Some(org)));
    assert_eq!(app.list.rows.len(), 21);
}
