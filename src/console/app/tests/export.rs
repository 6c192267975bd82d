//! Exports from the console: asked where to, a job that says how far it is, cancelled at once; and before a purge.

use super::{operators::operators_session, selection::selection, trash::notice, *};
use crate::{org::OperatorRole, store::Statistics, tenancy::ArchiveProgress};

/// Answers the question where to, with a directory that can be written to.
fn agree(app: &mut App) -> Vec<Effect> {
    let effects = press(app, KeyCode::Enter);
    assert!(!effects.iter().any(|effect| matches!(effect, Effect::Export(..))), "{effects:?}");
    app.update(Message::DirectoryChecked(generation!(effects, CheckDirectory), Ok(())))
}

/// The export that was begun: its number, of which, and where to.
fn exported(effects: &[Effect]) -> (Generation, OrgAction, Org, ExportTo) {
    let begun = effects.iter().find_map(|effect| match effect {
        Effect::Export(at, action, org, to, _) => Some((*at, *action, (**org).clone(), to.clone())),
        _ => None,
    });
    begun.unwrap_or_else(|| panic!("no export was begun: {effects:?}"))
}

fn succeed(app: &mut App, effects: &[Effect]) -> Vec<Effect> {
    let (at, action, org, _) = exported(effects);
    app.update(Message::Done(at, action, Box::new(org.clone()), Ok(Some(org))))
}

#[test]
fn an_organization_is_exported_to_the_directory_that_is_typed() {
    let mut app = console(page(orgs(3), false, false));
    press(&mut app, KeyCode::Char('x'));
    let Some(Layer::Bulk(bulk)) = app.layers.last() else { panic!("{:?}", app.layers) };
    assert_eq!((bulk.count(), bulk.directory().unwrap().text()), (1, "."));
    type_text(&mut app, "/backups");
    let effects = agree(&mut app);
    let (at, action, org, to) = exported(&effects);
    assert_eq!(action, OrgAction::Export(ListScope::Live));
    assert_eq!(to, ExportTo { directory: "./backups".into(), admins: true });
    assert_eq!(org.id, orgs(3)[0].id);
    // How far it is.
    let of = Statistics { documents: 1_000, bytes: 4_000_000, indexes: 1 };
    let told = |documents, bytes| ArchiveProgress { documents, bytes, of };
    app.update(Message::Exporting(at, told(1, 4_000)));
    app.update(Message::Clock(app.now + Duration::from_secs(2)));
    app.update(Message::Exporting(at, told(250, 1_000_000)));
    let job = app.job_shown().unwrap();
    assert_eq!(job.progress(), "exporting 0/1 · 250 of 1,000 documents");
    assert_eq!(job.pace_within(app.now), Some((500_000, Duration::from_secs(6))));
    assert!(succeed(&mut app, &effects).iter().all(|effect| !matches!(effect, Effect::Do(..))));
    assert_eq!(notice(&app).what, format!("exported “{}” to ./backups", org.name));
    // Once the file is known, it is named.
    type_text(&mut app, "x");
    let effects = agree(&mut app);
    let (at, ..) = exported(&effects);
    app.update(Message::ExportedTo(at, "/home/ada/org-20261128-220000.tar.zst".into()));
    succeed(&mut app, &effects);
    let file = "/home/ada/org-20261128-220000.tar.zst";
    assert_eq!(notice(&app).what, format!("exported “{}” to {file}", org.name));
    assert!(app.layers.is_empty());
    // A word that comes late is of nothing.
    app.update(Message::Exporting(at, told(1, 1)));
    assert!(app.jobs.iter().all(|job| job.within.is_none()));
}

#[test]
fn selected_ones_are_exported_one_after_the_other_and_cancelled_at_once() {
    let mut app = console(page(orgs(3), false, false));
    type_text(&mut app, "3 x");
    let first = agree(&mut app);
    let second = succeed(&mut app, &first);
    let (at, _, org, _) = exported(&second);
    assert_eq!(org.id, orgs(3)[1].id);
    let effects = press(&mut app, KeyCode::Char('x'));
    assert!(matches!(effects[0], Effect::Cancel(cancelled) if cancelled == at), "{effects:?}");
    let job = app.job_shown().unwrap();
    assert!(!job.is_running());
    assert_eq!(job.outcome(), "exported 1 of 3; stopped, 2 unchanged");
    assert_eq!(selection(&app).len(), 2);
    // And it goes on where it ended.
    let third = press(&mut app, KeyCode::Enter);
    assert_eq!(exported(&third).2.id, orgs(3)[1].id);
}

#[test]
fn a_directory_that_cannot_be_written_to_is_said_where_it_is_typed() {
    let mut app = console(page(orgs(3), false, false));
    type_text(&mut app, "3 x/nowhere");
    let effects = press(&mut app, KeyCode::Enter);
    let [.., Effect::CheckDirectory(at, directory)] = &effects[..] else { panic!("{effects:?}") };
    assert_eq!(directory, "./nowhere");
    // It is not asked twice, nor changed meanwhile.
    assert!(press(&mut app, KeyCode::Enter).is_empty());
    type_text(&mut app, "!");
    let nowhere = || Error::Unwritten {
        problem: "the directory ./nowhere does not exist".into(),
        help: "create it",
    };
    assert!(app.update(Message::DirectoryChecked(*at, Err(nowhere()))).is_empty());
    let Some(Layer::Bulk(bulk)) = app.layers.last() else { panic!("{:?}", app.layers) };
    let field = bulk.directory().unwrap();
    assert_eq!(field.text(), "./nowhere");
    assert!(field.problem.as_ref().unwrap().what.contains("does not exist"), "{field:?}");
    // Nothing was begun, and all of them are still selected.
    assert!(app.jobs.is_empty());
    assert_eq!(selection(&app).len(), 3);
    // Another one will do.
    press(&mut app, KeyCode::Backspace);
    let effects = agree(&mut app);
    assert_eq!(exported(&effects).3.directory, "./nowher");
    // An answer that arrives late starts nothing.
    let mut app = console(page(orgs(3), false, false));
    press(&mut app, KeyCode::Char('x'));
    let effects = press(&mut app, KeyCode::Enter);
    let at = generation!(effects, CheckDirectory);
    let left = press(&mut app, KeyCode::Esc);
    assert!(
        left.iter().any(|effect| matches!(effect, Effect::Cancel(of) if *of == at)),
        "{left:?}"
    );
    assert!(app.update(Message::DirectoryChecked(at, Ok(()))).is_empty());
}

#[test]
fn a_directory_that_cannot_be_written_to_ends_it_for_all() {
    let mut app = console(page(orgs(3), false, false));
    type_text(&mut app, "3 x");
    let first = agree(&mut app);
    let (at, action, org, _) = exported(&first);
    let full = Err(Error::Unwritten {
        problem: "x cannot be written: no space left".into(),
        help: "make room",
    });
    let next = app.update(Message::Done(at, action, Box::new(org), full));
    assert!(!next.iter().any(|effect| matches!(effect, Effect::Export(..))), "{next:?}");
    let job = app.job_shown().unwrap();
    assert_eq!((job.left.len(), job.failed.len()), (3, 0));
    assert!(job.problem.as_ref().unwrap().what.contains("no space left"));
}

#[test]
fn what_was_done_before_an_export_can_still_be_undone() {
    let mut app = console(page(orgs(3), false, false));
    app.can_undo_all(OrgAction::Suspend, vec![orgs(3)[0].clone()]);
    press(&mut app, KeyCode::Char('x'));
    let effects = agree(&mut app);
    succeed(&mut app, &effects);
    assert!(app.undo.is_some());
}

#[test]
fn what_is_about_to_be_purged_is_exported_first() {
    let mut app = console(page(orgs(3), false, false));
    press(&mut app, KeyCode::Char('D'));
    // Whatever is typed: its name, or in a bulk its number.
    app.layers.truncate(0);
    let question = Question::new(OrgAction::Delete, &orgs(3)[0]);
    app.layers.push(Layer::Question(question));
    app.update(Message::Key(KeyEvent::new(KeyCode::Char('x'), KeyModifiers::CONTROL)));
    assert!(matches!(app.layers[..], [Layer::Question(_), Layer::Bulk(_)]), "{:?}", app.layers);
    let effects = agree(&mut app);
    succeed(&mut app, &effects);
    assert!(matches!(app.layers[..], [Layer::Question(_)]), "{:?}", app.layers);
    // A question about anything else has nothing to export.
    app.layers.truncate(0);
    app.layers.push(Layer::Question(Question::new(OrgAction::Suspend, &orgs(3)[0])));
    app.update(Message::Key(KeyEvent::new(KeyCode::Char('x'), KeyModifiers::CONTROL)));
    assert!(matches!(app.layers[..], [Layer::Question(_)]));
}

#[test]
fn an_operator_exports_without_the_admins_and_a_viewer_not_at_all() {
    for (role, admins) in [(OperatorRole::Manager, true), (OperatorRole::Operator, false)] {
        let mut app = console(page(orgs(3), false, false));
        app.session = Some(operators_session(&app, role));
        press(&mut app, KeyCode::Char('x'));
        let effects = agree(&mut app);
        assert_eq!(exported(&effects).3.admins, admins, "{role}");
    }
    let mut app = console(page(orgs(3), false, false));
    app.session = Some(operators_session(&app, OperatorRole::Viewer));
    press(&mut app, KeyCode::Char('x'));
    assert!(app.layers.is_empty());
    assert!(notice(&app).what.contains("viewer"), "{}", notice(&app).what);
}
